package service

import (
	"context"
	"slices"
	"strings"

	"qgan/internal/named"
)

// Row is what a program has to know of a service to use it: a row of its table of
// services, which the service's own room writes.
type Row struct {
	Name string // as in "ibm"
	// Dialect is that of package qasm in which its devices' circuits are written; Labels
	// says that they call qubits as the device does.
	Dialect string
	Labels  bool
	// Settings are the keys that Surroundings.Setting is asked for.
	Settings []string
	// Grants are the types of processors of a cluster that are devices of the service; the
	// names of today come first.
	Grants []GrantKind
	// Open returns the client of a device; "" is none, to list devices. That no account is
	// found is an AccountError.
	Open func(ctx context.Context, s Surroundings, device string, o Options) (Client, error)
	// Reader returns a client that only decodes results, without credentials.
	Reader func(device string) Service
	// Credentials says which were found where, never their value, and what is missing.
	Credentials func(ctx context.Context, s Surroundings) ([]Credential, error)
}

// Client is a Service that lists its devices.
type Client interface {
	Service
	Devices(ctx context.Context) ([]DeviceInfo, error)
}

// Surroundings are where a service looks for an account.
type Surroundings struct {
	Getenv   func(name string) string
	ReadFile func(path string) ([]byte, error)
	// Setting is one of the row's Settings, "" where it is not set.
	Setting func(key string) string
	// Grant is the device, where the scheduler of a cluster gave it; nil: it did not.
	Grant *Grant
	// Note tells people what was found.
	Note func(text string)
}

// GetenvOr reads variables; the one that is named is a setting where it is empty.
func (s Surroundings) GetenvOr(name, key string) func(string) string {
	return func(asked string) string {
		value := s.Getenv(asked)
		if asked == name && value == "" {
			value = s.Setting(key)
		}
		return value
	}
}

// Credential is what was found, and where.
type Credential struct{ What, Where string }

// AccountError says that an account is missing or can't be used.
type AccountError struct{ Err error }

// Error is what is wrong with the account.
func (e *AccountError) Error() string { return e.Err.Error() }

// Unwrap is what is wrong with the account.
func (e *AccountError) Unwrap() error { return e.Err }

// BadInput reports that the user has to give another account.
func (e *AccountError) BadInput() bool { return true }

// EndpointVariable names the variable that tells another address of a service.
func EndpointVariable(service string) string { return "QGAN_" + strings.ToUpper(service) + "_URL" }

// Address is another address of a service: the last that a list of SERVICE=URL tells, or else its
// variable; "" for none. All of the list is checked, since any of it is kept with a run.
func Address(name string, list []string, getenv func(string) string, services []string) (string, error) {
	address := getenv(EndpointVariable(name))
	for _, e := range list {
		of, url, ok := strings.Cut(e, "=")
		if !ok || url == "" {
			return "", named.Inputf("{endpoint} %s: it is SERVICE=URL", Shown(e))
		}
		if !slices.Contains(services, Shown(of)) {
			return "", named.Inputf("service %q: there is %s", Shown(of), named.OneOf(services))
		}
		if _, err := CheckEndpoint(url); err != nil {
			return "", err
		}
		if of == name {
			address = url
		}
	}
	if address != "" {
		if _, err := CheckEndpoint(address); err != nil {
			return "", err
		}
	}
	return address, nil
}
