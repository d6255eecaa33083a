package ibm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"qgan/backends/service"
)

// Row is the service's row of a table of services. Its setting instance stands for
// QISKIT_IBM_INSTANCE.
func Row() service.Row {
	return service.Row{Name: serviceName, Dialect: "ibm", Settings: []string{"instance"}, Grants: grants, Open: open, Credentials: credentials,
		Reader: func(device string) service.Service { return Reader(device) }}
}

// serviceName is the name in tables, ledgers and snapshots.
const serviceName = "ibm"

func accountIn(s service.Surroundings) (Account, error) {
	if s.Grant != nil {
		return granted(s.Grant)
	}
	return FindAccount(s.GetenvOr("QISKIT_IBM_INSTANCE", "instance"), s.ReadFile)
}

// findInstance is how long the instances of a key are looked up.
const findInstance = 30 * time.Second

// open looks the instance up where none is set.
func open(ctx context.Context, s service.Surroundings, device string, o service.Options) (service.Client, error) {
	account, err := accountIn(s)
	if s.Grant != nil && err == nil {
		o = account.asGranted(s.Grant, o)
		if o.Endpoint != account.gateway {
			account.beside = ""
		}
		s.Note(fmt.Sprintf("%s is the scheduler's (%s)", s.Grant, account.KeySource))
	}
	if errors.Is(err, ErrNoInstance) {
		ctx, cancel := context.WithTimeout(ctx, findInstance)
		defer cancel()
		if account, err = account.Discover(ctx, o); err == nil {
			s.Note(fmt.Sprintf("IBM instance %s (%s)", account.Instance, account.InstanceSource))
		} else if service.StatusOf(err) != 0 {
			return nil, &service.RemoteError{Service: serviceName, Err: err}
		}
	}
	if err != nil {
		return nil, &service.AccountError{Err: err}
	}
	return New(account, device, o)
}

func credentials(_ context.Context, s service.Surroundings) (found []service.Credential, err error) {
	account, err := accountIn(s)
	for _, c := range []service.Credential{{What: "API key", Where: account.KeySource}, {What: "instance", Where: account.InstanceSource}} {
		if c.Where != "" {
			found = append(found, c)
		}
	}
	return found, err
}

// Account is what it takes to use the service, and where it was found.
type Account struct {
	Key      string
	Instance string // cloud resource name (CRN)
	URL      string // of the quantum service; empty: the instance's region
	IAM      string // of the token service
	// Sources tell where key and instance were found, for people.
	KeySource, InstanceSource string
	// Private says that IBM's private addresses are asked, from within its network.
	Private bool

	// Of a processor that a cluster's scheduler gave: an address in place of the service's, the
	// token service that stands beside it, and the session that the scheduler opened.
	gateway, beside, session string

	proxies map[string]*url.URL // by the scheme of what is asked; they may hold passwords
}

// String never tells the key.
func (a Account) String() string { return fmt.Sprintf("IBM account of %s", a.KeySource) }

// GoString never tells the key.
func (a Account) GoString() string { return a.String() }

// ErrNoAccount says that no credentials were found.
var ErrNoAccount = errors.New("no API key of IBM Quantum was found: set QISKIT_IBM_TOKEN, or save an account with Qiskit, which keeps it in ~/.qiskit/qiskit-ibm.json")

// savedAccount is an entry of Qiskit's file.
type savedAccount struct {
	Channel  string `json:"channel"`
	Token    string `json:"token"`
	URL      string `json:"url"`
	Instance string `json:"instance"`
	Private  bool   `json:"private_endpoint"`
	Default  bool   `json:"is_default_account"`
	Proxies  struct {
		URLs map[string]string `json:"urls"`
		NTLM string            `json:"username_ntlm"`
	} `json:"proxies"`
}

// proxied reads the proxies of an account; an error shows no password.
func (s *savedAccount) proxied(where string) (map[string]*url.URL, error) {
	if s.Proxies.NTLM != "" {
		return nil, fmt.Errorf("%s: its proxy asks for NTLM, which is not spoken here: go through a local one that does", where)
	}
	out := map[string]*url.URL{}
	for scheme, text := range s.Proxies.URLs {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5" {
			return nil, fmt.Errorf("%s: its proxy for %q is no address of one, such as http://host:3128", where, scheme)
		}
		out[scheme] = u
	}
	return out, nil
}

// through are options that go through the account's proxies, but for this machine's own
// addresses.
func (a Account) through(o service.RESTOptions) service.RESTOptions {
	if o.Transport == nil && len(a.proxies) > 0 {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxIdleConnsPerHost = 16
		t.Proxy = func(r *http.Request) (*url.URL, error) {
			if service.Loopback(r.URL) {
				return nil, nil
			}
			return a.proxies[r.URL.Scheme], nil
		}
		o.Transport = t
	}
	return o
}

// FindAccount looks where Qiskit keeps credentials: the environment, then the file
// ~/.qiskit/qiskit-ibm.json (or QISKIT_IBM_ACCOUNT's entry of it), whose default account is the one marked so,
// or the one of the platform's channel.
func FindAccount(getenv func(string) string, readFile func(string) ([]byte, error)) (Account, error) {
	a := Account{Key: getenv("QISKIT_IBM_TOKEN"), Instance: getenv("QISKIT_IBM_INSTANCE"), IAM: getenv("IAM_URL")}
	if a.Key != "" {
		a.KeySource = "QISKIT_IBM_TOKEN"
	}
	if a.Instance != "" {
		a.InstanceSource = "QISKIT_IBM_INSTANCE"
	}
	if a.IAM == "" {
		a.IAM = "https://iam.cloud.ibm.com"
	}
	if a.Key == "" || a.Instance == "" {
		path := filepath.Join(getenv("HOME"), ".qiskit", "qiskit-ibm.json")
		name, saved, err := savedIn(path, getenv("QISKIT_IBM_ACCOUNT"), readFile)
		if err != nil {
			return a, err
		}
		where := fmt.Sprintf("account %q in %s", name, path)
		if a.Key == "" && saved.Token != "" {
			a.Key, a.KeySource = saved.Token, where
		}
		if saved.Token != "" && saved.Token == a.Key {
			a.Private = saved.Private
			if a.proxies, err = saved.proxied(where); err != nil {
				return a, err
			}
			if a.Private && getenv("IAM_URL") == "" {
				a.IAM = "https://private.iam.cloud.ibm.com"
			}
		}
		if a.Instance == "" && saved.Instance != "" && saved.Instance != "auto" && (a.KeySource == where || saved.Token == a.Key) {
			a.Instance, a.InstanceSource = saved.Instance, where
		}
	}
	switch {
	case a.Key == "":
		return a, ErrNoAccount
	case a.Instance == "":
		return a, fmt.Errorf("the API key of %s has no instance: set QISKIT_IBM_INSTANCE to the CRN that the platform's page of instances shows (%w)", a.KeySource, ErrNoInstance)
	case !strings.ContainsAny(a.Instance, ":/"): // a name
		return a, fmt.Errorf("%s: the instance %q is a name and no CRN (%w)", a.InstanceSource, a.Instance, ErrNoInstance)
	}
	base, err := a.baseURL()
	if err != nil {
		return a, fmt.Errorf("%s: %w", a.InstanceSource, err)
	}
	a.URL = base
	return a, nil
}

// savedIn finds an account in Qiskit's file; a file that is not there holds none.
func savedIn(path, name string, readFile func(string) ([]byte, error)) (string, savedAccount, error) {
	data, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", savedAccount{}, nil
	}
	if err != nil {
		return "", savedAccount{}, err
	}
	var all map[string]savedAccount
	if err := json.Unmarshal(data, &all); err != nil {
		return "", savedAccount{}, fmt.Errorf("%s is no JSON object of accounts: fix it, or save the account again", path) // the text may hold a key
	}
	if name != "" {
		a, ok := all[name]
		if !ok {
			return "", savedAccount{}, fmt.Errorf("%s has no account %q", path, name)
		}
		return name, a, nil
	}
	var names []string
	for n, a := range all {
		if a.Channel == "ibm_quantum" || a.Token == "" { // the platform before 2025
			continue
		}
		names = append(names, n)
	}
	slices.Sort(names)
	for _, pick := range []func(n string, a savedAccount) bool{
		func(_ string, a savedAccount) bool { return a.Default },
		func(n string, _ savedAccount) bool { return n == "default-ibm-quantum-platform" },
		func(n string, _ savedAccount) bool { return n == "default-ibm-cloud" },
		func(string, savedAccount) bool { return len(names) == 1 },
	} {
		for _, n := range names {
			if pick(n, all[n]) {
				return n, all[n], nil
			}
		}
	}
	if len(names) > 1 {
		return "", savedAccount{}, fmt.Errorf("%s has the accounts %s and none is the default: set QISKIT_IBM_ACCOUNT to one of them", path, strings.Join(names, ", "))
	}
	return "", savedAccount{}, nil
}

// baseURL is the address of the service for the account's instance.
func (a Account) baseURL() (string, error) {
	base, err := BaseURL(a.Instance)
	if err != nil || !a.Private {
		return base, err
	}
	return "https://private." + strings.Split(a.Instance, ":")[5] + ".quantum.cloud.ibm.com/api/v1", nil
}

// BaseURL is the address of the service in the region of an instance's CRN, such as
// crn:v1:bluemix:public:quantum-computing:us-east:a/ACCOUNT:ID::.
func BaseURL(crn string) (string, error) {
	parts := strings.Split(crn, ":")
	if len(parts) < 8 || parts[0] != "crn" || parts[4] != "quantum-computing" || parts[5] == "" || strings.Trim(parts[5], "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return "", fmt.Errorf("the instance %q is no CRN of quantum-computing: crn:v1:bluemix:public:quantum-computing:us-east:a/ACCOUNT:ID:: is one", crn)
	}
	host := "quantum.cloud.ibm.com"
	if parts[5] != "us-east" {
		host = parts[5] + "." + host
	}
	return "https://" + host + "/api/v1", nil
}
