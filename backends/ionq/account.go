package ionq

import (
	"errors"
	"fmt"
)

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
