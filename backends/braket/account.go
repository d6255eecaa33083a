package braket

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"qgan/backends/service"
)

// Row is the service's row of a table of services. Its settings say where results are put
// (bucket, prefix) and which region is asked.
func Row() service.Row {
	return service.Row{Name: serviceName, Dialect: "braket", Labels: true, Settings: []string{"bucket", "prefix", "region"}, Open: open, Credentials: credentials,
		Reader: func(device string) service.Service { return Reader(device) }}
}

// serviceName is the name in tables, ledgers and snapshots.
const serviceName = "braket"

// findAWS is how long credentials are looked for: some places answer over the network.
const findAWS = 10 * time.Second

func accountIn(ctx context.Context, s service.Surroundings) (Account, error) {
	ctx, cancel := context.WithTimeout(ctx, findAWS)
	defer cancel()
	account, err := FindAccount(ctx)
	account.Bucket, account.Prefix = s.Setting("bucket"), s.Setting("prefix")
	account.Region = cmp.Or(s.Setting("region"), account.Region)
	return account, err
}

func open(ctx context.Context, s service.Surroundings, device string, o service.Options) (service.Client, error) {
	account, err := accountIn(ctx, s)
	if err != nil {
		return nil, &service.AccountError{Err: err}
	}
	return New(account, device, o)
}

func credentials(ctx context.Context, s service.Surroundings) ([]service.Credential, error) {
	account, err := accountIn(ctx, s)
	if err != nil {
		return nil, err
	}
	return []service.Credential{{What: "access key", Where: account.Source}, {What: "region", Where: cmp.Or(account.Region, "none: the device's")},
		{What: "bucket", Where: cmp.Or(account.Bucket, "the account's own")}}, nil
}

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
