package ionq

import (
	"context"
	"errors"
	"fmt"

	"qgan/backends/service"
)

// Row is the service's row of a table of services.
func Row() service.Row {
	return service.Row{Name: serviceName, Dialect: "ionq", Open: open, Credentials: credentials,
		Reader: func(device string) service.Service { return Reader(device) }}
}

// serviceName is the name in tables, ledgers and snapshots.
const serviceName = "ionq"

func open(_ context.Context, s service.Surroundings, device string, o service.Options) (service.Client, error) {
	account, err := FindAccount(s.Getenv)
	if err != nil {
		return nil, &service.AccountError{Err: err}
	}
	return New(account, device, o)
}

func credentials(_ context.Context, s service.Surroundings) ([]service.Credential, error) {
	account, err := FindAccount(s.Getenv)
	if err != nil {
		return nil, err
	}
	return []service.Credential{{What: "API key", Where: account.Source}}, nil
}

// Account is what it takes to use the service, and where it was found.
type Account struct {
	Key    string
	Source string
}

// String never tells the key.
func (a Account) String() string { return fmt.Sprintf("IonQ account of %s", a.Source) }

// GoString never tells the key.
func (a Account) GoString() string { return a.String() }

// keys are the variables that IonQ's clients read, in their order.
var keys = []string{"IONQ_API_KEY", "IONQ_API_TOKEN"}

// ErrNoAccount says that no credentials were found.
var ErrNoAccount = errors.New("no API key of IonQ was found: set IONQ_API_KEY")

// FindAccount looks where IonQ's clients keep credentials.
func FindAccount(getenv func(string) string) (Account, error) {
	for _, name := range keys {
		if key := getenv(name); key != "" {
			return Account{key, name}, nil
		}
	}
	return Account{}, ErrNoAccount
}
