package braket

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
)

// Account is what it takes to use the service, and where it was found.
type Account struct {
	// Region is that of devices without one of their own, the simulators; "": none is set.
	Region string
	Source string // of the credentials
	Key    string // the id of the access key, which is no secret

	// Bucket and Prefix say where results are put; "": the account's own bucket
	// amazon-braket-REGION-ACCOUNT, and qgan.
	Bucket, Prefix string

	credentials aws.CredentialsProvider // kept fresh by the provider
}

// String never tells the secret.
func (a Account) String() string { return fmt.Sprintf("AWS account of %s", a.Source) }

// GoString never tells the secret.
func (a Account) GoString() string { return a.String() }

// ErrNoAccount says that no credentials were found.
var ErrNoAccount = errors.New("no credentials of AWS were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE to a profile of ~/.aws/config")

// sources are the words of the chain of credentials.
var sources = map[string]string{"EnvConfigCredentials": "the environment"}

// FindAccount looks where the AWS tools keep credentials: the environment, the shared
// credentials and config files with their profiles, single sign-on, assumed roles,
// containers and instances.
func FindAccount(ctx context.Context) (Account, error) {
	c, err := config.LoadDefaultConfig(ctx, func(o *config.LoadOptions) error {
		o.Logger = mute(o.Logger)
		return nil
	})
	if err != nil {
		return Account{}, fmt.Errorf("the configuration of AWS: %w", err)
	}
	a := Account{Region: c.Region, credentials: c.Credentials}
	found, err := a.credentials.Retrieve(ctx)
	if err != nil {
		// The reason of the last place in the chain, an instance's, says nothing to who
		// is not on one.
		if strings.Contains(err.Error(), "EC2 IMDS") || errors.Is(err, context.DeadlineExceeded) {
			return a, ErrNoAccount
		}
		return a, fmt.Errorf("%w (%w)", ErrNoAccount, err)
	}
	a.Key, a.Source = found.AccessKeyID, found.Source
	for word, text := range sources {
		if a.Source == word {
			a.Source = text
		}
	}
	return a, nil
}

// quiet drops what the SDK would write to standard error. Its type parameter is a type of a
// module that only the SDK depends on: mute infers it.
type quiet[C ~string] struct{}

func (quiet[C]) Logf(C, string, ...any) {}

func mute[C ~string](interface{ Logf(C, string, ...any) }) quiet[C] { return quiet[C]{} }
