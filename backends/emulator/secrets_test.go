package emulator

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"qgan/backends/azure"
	"qgan/backends/braket"
	"qgan/backends/ibm"
	"qgan/backends/ionq"
	"qgan/backends/iqm"
	"qgan/backends/ledger"
	"qgan/backends/remote"
	"qgan/backends/service"
)

// The credentials of these tests: long enough to be found wherever they are.
const (
	secretKey   = "s3cret-key-that-nobody-may-see"
	secretToken = "s3ssion-token-that-nobody-may-see"
)

// guarded are the services with credentials of our own: the requests that they got, a
// client, and what submissions and polls are called in a plan of faults.
var guarded = map[string]func(t *testing.T, faults []Fault) (*spy, service.Service){
	"ibm": func(t *testing.T, faults []Fault) (*spy, service.Service) {
		e, err := NewIBM(Options{Key: secretKey, Faults: faults})
		if err != nil {
			t.Fatal(err)
		}
		s, url := watch(t, e)
		key, instance := e.Credentials()
		c, err := ibm.New(ibm.Account{Key: key, KeySource: "a test", Instance: instance}, e.Device(), service.Options{Endpoint: url, REST: soon})
		if err != nil {
			t.Fatal(err)
		}
		return s, c
	},
	"ionq": func(t *testing.T, faults []Fault) (*spy, service.Service) {
		e, err := NewIonQ(Options{Key: secretKey, Faults: faults})
		if err != nil {
			t.Fatal(err)
		}
		s, url := watch(t, e)
		c, err := ionq.New(ionq.Account{Key: e.Credentials(), Source: "a test"}, "simulator", service.Options{Endpoint: url, REST: soon})
		if err != nil {
			t.Fatal(err)
		}
		return s, c
	},
	"braket": func(t *testing.T, faults []Fault) (*spy, service.Service) {
		e, err := NewBraket(Options{Key: secretKey, Faults: faults})
		if err != nil {
			t.Fatal(err)
		}
		s, url := watch(t, e)
		key, secret := e.Credentials()
		awsKeys(t, key, secret)
		t.Setenv("AWS_SESSION_TOKEN", secretToken)
		a, err := braket.FindAccount(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		c, err := braket.New(a, e.Device(), service.Options{Endpoint: url, REST: soon})
		if err != nil {
			t.Fatal(err)
		}
		return s, c
	},
	"azure": func(t *testing.T, faults []Fault) (*spy, service.Service) {
		e, err := NewAzure(Options{Key: secretKey, Faults: faults})
		if err != nil {
			t.Fatal(err)
		}
		s, url := watch(t, e)
		login := azure.Account{Subscription: "s", Group: "g", Workspace: "w", Source: "a test", Token: func(context.Context) (string, error) { return e.Credentials(), nil }}
		c, err := azure.New(login, e.Device(), service.Options{Endpoint: url, REST: soon})
		if err != nil {
			t.Fatal(err)
		}
		return s, c
	},
	"iqm": func(t *testing.T, faults []Fault) (*spy, service.Service) {
		e, err := NewIQM(Options{Key: secretKey, Faults: faults})
		if err != nil {
			t.Fatal(err)
		}
		s, url := watch(t, e)
		a, err := iqm.FindAccount(func(n string) string { return map[string]string{"IQM_TOKEN": e.Credentials()}[n] }, nil)
		if err != nil {
			t.Fatal(err)
		}
		c, err := iqm.New(a, e.Device(), service.Options{Endpoint: url, REST: soon})
		if err != nil {
			t.Fatal(err)
		}
		return s, c
	},
}

// posts are the submissions of the services.
var posts = map[string]string{"ibm": "POST /jobs", "ionq": "POST /jobs", "braket": "POST /quantum-task", "azure": "PUT /jobs/*", "iqm": "POST /jobs/*/circuit"}

// Under every kind of fault no credential is in the ledger, in a report or in an error: not
// the key, not what was made of it for a request.
func TestNoSecretIsWritten(t *testing.T) {
	for service, open := range guarded {
		_, calm := open(t, nil)
		p := one(t, calm, 10)
		for _, kind := range Kinds() {
			t.Run(service+"/"+kind, func(t *testing.T) {
				// After the submission, and for it: what can go wrong with a job.
				faults := []Fault{{On: posts[service], Kind: kind, Status: 401, Times: 1}, {Kind: kind, Status: 403, Skip: 6, Times: 3, Seconds: 0.01}}
				s, c := open(t, faults)
				dir := t.TempDir()
				var said []string
				r := &remote.Remote{Service: c, Ledger: openLedger(t, dir), Patience: hasty, Report: func(j ledger.Job, what string) { said = append(said, fmt.Sprintf("%+v %s", j, what)) }}
				r.Limits.Unpriced = true
				note := func(err error) {
					if err != nil {
						said = append(said, fmt.Sprintf("%v\n%+v\n%#v", err, err, err))
					}
				}
				note(attempt(t, c, r, p))
				_, err := c.Snapshot(t.Context())
				note(err)
				_, err = c.Submit(t.Context(), []byte("{}"))
				note(err)
				_, err = c.Poll(t.Context(), "nothing")
				note(err)
				said = append(said, fmt.Sprintf("%v %+v", c, r.Limits))
				note(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
					if err != nil || d.IsDir() {
						return err
					}
					text, err := os.ReadFile(path)
					said = append(said, path+"\n"+string(text))
					return err
				}))
				if len(said) < 4 {
					t.Fatalf("%d texts: nothing was looked at", len(said))
				}
				secrets := map[string]bool{secretKey: true, secretToken: true}
				for _, q := range s.requests {
					if h := q.Header.Get("Authorization"); h != "" {
						secrets[h] = true
						secrets[h[strings.LastIndexAny(h, " =")+1:]] = true // a token, a signature
					}
					if signature := q.URL.Query().Get("sig"); signature != "" {
						secrets[signature] = true
					}
				}
				if len(secrets) < 3 {
					t.Fatal("no request was authorised")
				}
				for secret := range secrets {
					for _, text := range said {
						if strings.Contains(text, secret) {
							t.Errorf("%.12s… is in %.300s", secret, text)
						}
					}
				}
			})
		}
	}
}

// attempt sends a job as well as the faults allow.
func attempt(t *testing.T, c service.Service, r *remote.Remote, p service.Program) error {
	t.Helper()
	for range 5 { // the device's data may be what the faults are about
		if _, err := c.Snapshot(t.Context()); err == nil {
			break
		}
	}
	jobs, err := r.Plan(t.Context(), [][]service.Program{{p}}, "")
	if err != nil {
		return err
	}
	return r.Finish(t.Context(), []string{jobs[0].ID})
}

// credentials are what keys and tokens of the services look like.
var credentials = regexp.MustCompile(`(?i)Bearer [\w.-]{8}|apiKey [\w-]{6}|AWS4-HMAC-SHA256|\bA[KS]IA[0-9A-Z]{16}\b|eyJ[\w-]{10,}\.eyJ|aws_secret_access_key *=`)

// No fixture of the project holds a credential.
func TestNoSecretInFixtures(t *testing.T) {
	files := 0
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "bin" || d.Name() == "dist") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.Contains(filepath.ToSlash(path), "/testdata/") {
			return nil
		}
		text, err := os.ReadFile(path)
		if found := credentials.Find(text); found != nil && !strings.HasSuffix(path, ".txtar") {
			t.Errorf("%s holds %.20q…", path, found)
		}
		files++
		return err
	})
	if err != nil || files < 10 {
		t.Errorf("%d files, %v", files, err)
	}
}
