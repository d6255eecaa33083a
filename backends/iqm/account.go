package iqm

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"qgan/backends/service"
)

// Row is the service's row of a table of services. Its setting server stands for
// IQM_SERVER_URL.
func Row() service.Row {
	return service.Row{Name: serviceName, Dialect: "iqm-json", Labels: true, Settings: []string{"server"}, Grants: []service.GrantKind{{Type: "iqm-server", Prefix: "QRMI_IQM_ISA_"}}, Open: open, Credentials: credentials,
		Reader: func(device string) service.Service { return Reader(device) }}
}

// serviceName is the name in tables, ledgers and snapshots.
const serviceName = "iqm"

func accountIn(s service.Surroundings) (Account, error) {
	if s.Grant != nil {
		return granted(s.Grant)
	}
	return FindAccount(s.GetenvOr("IQM_SERVER_URL", "server"), s.ReadFile)
}

// granted is the account of a processor that a cluster's scheduler gave.
func granted(g *service.Grant) (a Account, err error) {
	server, _, err := g.Need("ENDPOINT")
	if err != nil {
		return a, err
	}
	token, source, err := g.Need("TOKEN")
	a = Account{Server: strings.TrimSuffix(server, "/"), Source: source, Token: func() (string, error) { return token, nil }}
	return a, err
}

func open(_ context.Context, s service.Surroundings, device string, o service.Options) (service.Client, error) {
	account, err := accountIn(s)
	if err != nil {
		return nil, &service.AccountError{Err: err}
	}
	if s.Grant != nil {
		s.Note(fmt.Sprintf("%s is the scheduler's (%s)", s.Grant, account.Source))
		if u, err := service.CheckEndpoint(account.Server); err != nil {
			return nil, &service.AccountError{Err: err}
		} else if service.Loopback(u) && o.Endpoint == "" {
			o.Endpoint = account.Server
		}
	}
	return New(account, device, o)
}

func credentials(_ context.Context, s service.Surroundings) ([]service.Credential, error) {
	account, err := accountIn(s)
	if err != nil {
		return nil, err
	}
	return []service.Credential{{What: "token", Where: account.Source}, {What: "server", Where: service.Shown(account.Server)}}, nil
}

// Resonance is the address of IQM's cloud.
const Resonance = "https://resonance.iqm.tech"

// Account is what it takes to use a server, and where it was found.
type Account struct {
	Server string
	Source string // of the token
	// Token reads the token: a file of tokens is kept fresh by another program.
	Token func() (string, error)
	// Refused is told of a request whose token was refused, where there may be another by
	// now; nil: there is one for good.
	Refused func(*http.Request)
}

// String never tells the token.
func (a Account) String() string { return fmt.Sprintf("IQM account of %s", a.Source) }

// GoString never tells the token.
func (a Account) GoString() string { return a.String() }

// ErrNoAccount says that no credentials were found.
var ErrNoAccount = errors.New("no token of IQM was found: set IQM_TOKEN, or IQM_TOKENS_FILE to the file of iqmauth")

// FindAccount looks where IQM's client keeps credentials: IQM_TOKEN, or the file that
// IQM_TOKENS_FILE names; the server is IQM_SERVER_URL's, or Resonance.
func FindAccount(getenv func(string) string, readFile func(string) ([]byte, error)) (Account, error) {
	a := Account{Server: strings.TrimSuffix(getenv("IQM_SERVER_URL"), "/")}
	if a.Server == "" {
		a.Server = Resonance
	}
	token, path := getenv("IQM_TOKEN"), getenv("IQM_TOKENS_FILE")
	switch {
	case token != "" && path != "":
		return a, errors.New("IQM_TOKEN and IQM_TOKENS_FILE: set one of them")
	case token != "":
		a.Source, a.Token = "IQM_TOKEN", func() (string, error) { return token, nil }
	case path != "":
		a.Source, a.Token = path, func() (string, error) { return tokenIn(path, readFile) }
		a.Refused = func(*http.Request) {} // the file is read anew for each request
		if _, err := a.Token(); err != nil {
			return a, err
		}
	default:
		return a, ErrNoAccount
	}
	return a, nil
}

// tokenIn reads a file of tokens.
func tokenIn(path string, readFile func(string) ([]byte, error)) (string, error) {
	data, err := readFile(path)
	if err != nil {
		return "", fmt.Errorf("IQM_TOKENS_FILE: %w", err)
	}
	var file struct {
		Token string `json:"access_token"`
	}
	if json.Unmarshal(data, &file) != nil || file.Token == "" {
		return "", fmt.Errorf("%s holds no access_token: log in again with iqmauth", path) // the text may hold a token
	}
	return file.Token, nil
}

// expiry is when a token that is a JSON web token expires, in Unix seconds; 0 for others.
func expiry(token string) int64 {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return 0
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	var claims struct {
		Expires int64 `json:"exp"`
	}
	if err != nil || json.Unmarshal(raw, &claims) != nil {
		return 0
	}
	return claims.Expires
}
