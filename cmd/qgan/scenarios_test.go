package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"

	"qgan/backends/emulator"
)

// between is a service some of whose answers are others, as they have been seen; it counts
// what is sent.
type between struct {
	inner http.Handler
	// change answers a request itself, or says that the service may.
	change func(b *between, w http.ResponseWriter, r *http.Request) (answered bool)

	mu   sync.Mutex
	sent int
	seen map[string]int
}

func (b *between) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	if sends(r) {
		b.sent++
	}
	b.mu.Unlock()
	if !b.change(b, w, r) {
		b.inner.ServeHTTP(w, r)
	}
}

// times is how often something was seen, this time with it.
func (b *between) times(what string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.seen == nil {
		b.seen = map[string]int{}
	}
	b.seen[what]++
	return b.seen[what]
}

// sends says that a request is a submission, looks that it asks where a job stands.
func sends(r *http.Request) bool {
	p := strings.TrimSuffix(r.URL.Path, "/")
	return r.Method == http.MethodPut && strings.HasSuffix(path.Dir(p), "/jobs") || r.Method == http.MethodPost && (strings.HasSuffix(p, "/jobs") || strings.HasSuffix(p, "/circuit") || strings.HasSuffix(p, "/quantum-task"))
}

func looks(r *http.Request) bool {
	parts := strings.Split(strings.Trim(r.URL.EscapedPath(), "/"), "/")
	return r.Method == http.MethodGet && len(parts) >= 2 && (parts[len(parts)-2] == "jobs" || parts[len(parts)-2] == "quantum-task")
}

func says(w http.ResponseWriter, status int, text string) bool {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	io.WriteString(w, text)
	return true
}

// What is sent, what the ledger says of it and how the command ends, for answers of the
// services that are wrong in one way each; where two codes stand the command is run twice.
func TestScenarios(t *testing.T) {
	for name, k := range map[string]struct {
		change func(b *between, w http.ResponseWriter, r *http.Request) bool
		flags  string
		want   map[string]string // by service, or "" for the others: sent, states with their charges and the lost ones, exit codes
	}{
		"expired at submission": {func(b *between, w http.ResponseWriter, r *http.Request) bool {
			return sends(r) && b.times("sent") == 1 && says(w, 401, `{"message":"The token has expired"}`)
		}, "", map[string]string{"ibm": "2, done 1, 0", "": "1, failed 0, 4"}},
		"limit reached": {func(_ *between, w http.ResponseWriter, r *http.Request) bool {
			return sends(r) && says(w, 409, `{"message":"usage exceeds the instance's limit"}`)
		}, "", map[string]string{"": "1, failed 0, 4"}},
		"calibrating": {func(b *between, w http.ResponseWriter, r *http.Request) bool {
			if !sends(r) || b.times("sent") > 1 {
				return false
			}
			w.Header().Set("Retry-After", "0.01")
			return says(w, 503, `{"message":"being calibrated","error_code":"calibrating"}`)
		}, "", map[string]string{"": "2, done 1, 0"}},
		"a lost answer": {func(b *between, w http.ResponseWriter, r *http.Request) bool {
			if !sends(r) || b.times("sent") > 1 {
				return false
			}
			b.inner.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}, "", map[string]string{"iqm": "1, unknown 1 1, 4 4", "": "1, done 1, 0 0"}},
		"always lost": {func(b *between, w http.ResponseWriter, r *http.Request) bool {
			if !sends(r) {
				return false
			}
			b.inner.ServeHTTP(httptest.NewRecorder(), r)
			return says(w, 503, `{"message":"unavailable"}`)
		}, "--resubmit-unknown", map[string]string{"iqm": "4, unknown 4 4, 4 4", "": "1, done 1, 0 0"}},
		"gone": {func(_ *between, w http.ResponseWriter, r *http.Request) bool {
			return looks(r) && says(w, 404, `{"message":"Job not found"}`)
		}, "", map[string]string{"": "2, gone 1; gone 1, 4 4"}},
		"a token that ran out": {func(_ *between, w http.ResponseWriter, r *http.Request) bool {
			return looks(r) && says(w, 401, `{"message":"token expired"}`)
		}, "", map[string]string{"": "1, submitted 1, 4 4"}},
		"no JSON": {func(_ *between, w http.ResponseWriter, r *http.Request) bool {
			p := r.URL.Path
			return r.Method == http.MethodGet && (strings.Contains(p, "/results") || strings.HasSuffix(p, "/measurements") || strings.HasSuffix(p, "results.json") || strings.HasSuffix(p, "/rawOutputData")) && says(w, 200, `{"0":NaN`)
		}, "", map[string]string{"": "1, unreadable 1, 4 4"}},
	} {
		for _, on := range onServices {
			t.Run(name+" "+on.backend, func(t *testing.T) {
				service, _, _ := strings.Cut(on.backend, ":")
				b := &between{inner: must[http.Handler](t)(emulator.New(service, emulator.Options{})), change: k.change}
				web := httptest.NewServer(b)
				defer web.Close()
				dir := t.TempDir()
				env := map[string]string{
					"QGAN_LEDGER": dir, addressOf(service): web.URL,
					"XDG_CONFIG_HOME": configured(t, "[remote]\nlook_every = \"1ms\"\npoll_min = \"1ms\"\npoll_max = \"2ms\"\ngive_up = \"10s\"\n"),
				}
				for variable, value := range on.env {
					env[variable] = value
					t.Setenv(variable, value)
				}
				want, ok := k.want[service]
				if !ok {
					want = k.want[""]
				}
				args := append([]string{"submit", writeProgram(t, flips), "--backend", on.backend, "--shots", "20", "--wait"}, strings.Fields(k.flags)...)
				var codes, states, errs []string
				for range len(strings.Fields(want[strings.LastIndex(want, ",")+1:])) {
					r := command(t, env, args...)
					codes, errs = append(codes, fmt.Sprint(r.code)), append(errs, r.err)
				}
				for _, j := range jobsOf(t, dir) {
					lost := 0
					for _, c := range j.Charges {
						if c.Lost {
							lost++
						}
					}
					states = append(states, strings.TrimSuffix(fmt.Sprintf("%s %d %d", j.State, len(j.Charges), lost), " 0"))
				}
				if got := fmt.Sprintf("%d, %s, %s", b.sent, strings.Join(states, "; "), strings.Join(codes, " ")); got != want {
					t.Errorf("%s, want %s\n%s", got, want, strings.Join(errs, "\n"))
				}
			})
		}
	}
}
