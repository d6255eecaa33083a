package azure

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"qgan/backends/service"
)

// Row is the service's row of a table of services. Its settings stand for the variables of
// the workspace.
func Row() service.Row {
	return service.Row{Name: serviceName, Dialect: "qasm2-legacy", Settings: settings(), Open: open, Credentials: credentials,
		Reader: func(device string) service.Service { return Reader(device) }}
}

// serviceName is the name in tables, ledgers and snapshots.
const serviceName = "azure"

// parts are what names a workspace: the variable that Microsoft's client reads, the setting
// that stands for it, the key of a connection string.
var parts = []struct{ variable, setting, key string }{
	{"AZURE_QUANTUM_SUBSCRIPTION_ID", "subscription", "SubscriptionId"},
	{"AZURE_QUANTUM_WORKSPACE_RG", "resource_group", "ResourceGroupName"},
	{"AZURE_QUANTUM_WORKSPACE_NAME", "workspace", "WorkspaceName"},
	{"AZURE_QUANTUM_WORKSPACE_LOCATION", "location", "QuantumEndpoint"},
}

func settings() (names []string) {
	for _, p := range parts {
		names = append(names, p.setting)
	}
	return names
}

func open(_ context.Context, s service.Surroundings, device string, o service.Options) (service.Client, error) {
	account, err := FindAccount(s)
	if err != nil {
		return nil, &service.AccountError{Err: err}
	}
	return New(account, device, o)
}

func credentials(_ context.Context, s service.Surroundings) ([]service.Credential, error) {
	account, err := FindAccount(s)
	if err != nil {
		return nil, err
	}
	what := "API key"
	if account.Key == "" {
		what = "login"
	}
	return []service.Credential{{What: what, Where: account.Source}, {What: "workspace", Where: account.Workspace}}, nil
}

// Account is a workspace and what it takes to use it, and where it was found.
type Account struct {
	Subscription, Group, Workspace string
	Server                         string // the address of the workspace's region
	Key                            string // "": Token is asked
	Token                          func(ctx context.Context) (string, error)
	Source                         string
}

// String never tells the key.
func (a Account) String() string {
	return fmt.Sprintf("workspace %s of Azure Quantum, %s", a.Workspace, a.Source)
}

// GoString never tells the key.
func (a Account) GoString() string { return a.String() }

// path is where a workspace's jobs are.
func (a Account) path() string {
	return "/subscriptions/" + url.PathEscape(a.Subscription) + "/resourceGroups/" + url.PathEscape(a.Group) + "/providers/Microsoft.Quantum/workspaces/" + url.PathEscape(a.Workspace)
}

// ErrNoAccount says that no workspace was found.
var ErrNoAccount = errors.New("no workspace of Azure Quantum was found: set AZURE_QUANTUM_CONNECTION_STRING, or AZURE_QUANTUM_SUBSCRIPTION_ID, AZURE_QUANTUM_WORKSPACE_RG, AZURE_QUANTUM_WORKSPACE_NAME and AZURE_QUANTUM_WORKSPACE_LOCATION")

// The addresses that a key may be sent to, and what names a region.
var (
	servers = regexp.MustCompile(`^https://[a-zA-Z0-9-]+\.quantum(-test)?\.azure\.com/?$`)
	regions = regexp.MustCompile(`^[a-z0-9-]+$`)
)

// FindAccount looks where Microsoft's client does: a connection string with its key, or the
// variables of a workspace with a key or with a login. The login is that of the environment
// (AZURE_TENANT_ID, AZURE_CLIENT_ID and a secret or certificate), of a workload or managed
// identity, or of the CLI (az login), in this order; it is first asked for with a request.
func FindAccount(s service.Surroundings) (Account, error) {
	const connection = "AZURE_QUANTUM_CONNECTION_STRING"
	values := map[string]string{}
	from := connection
	text := s.Getenv(connection)
	if text == "" {
		from = parts[0].variable
		for _, p := range parts {
			values[p.key] = s.GetenvOr(p.variable, p.setting)(p.variable)
		}
	}
	for _, field := range strings.Split(text, ";") {
		if key, value, ok := strings.Cut(field, "="); ok {
			values[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	a := Account{Subscription: values["SubscriptionId"], Group: values["ResourceGroupName"], Workspace: values["WorkspaceName"], Key: values["ApiKey"], Server: values["QuantumEndpoint"], Source: connection}
	var missing []string
	for _, p := range parts {
		if values[p.key] == "" {
			name := p.variable
			if text != "" {
				name = p.key
			}
			missing = append(missing, name)
		}
	}
	switch {
	case text == "" && len(missing) == len(parts):
		return a, ErrNoAccount
	case len(missing) > 0:
		return a, fmt.Errorf("%s: %s is missing", from, strings.Join(missing, ", "))
	case text != "" && a.Key == "":
		return a, fmt.Errorf("%s: ApiKey is missing", connection)
	case text != "" && !servers.MatchString(a.Server):
		return a, fmt.Errorf("%s: %q is no address of Azure Quantum, such as https://eastus.quantum.azure.com/", connection, service.Shown(a.Server))
	case text != "":
		return a, nil
	}
	region := strings.ToLower(strings.ReplaceAll(a.Server, " ", ""))
	if !regions.MatchString(region) {
		return a, fmt.Errorf("%s: %q is no location, such as eastus", parts[3].variable, a.Server)
	}
	a.Server = "https://" + region + ".quantum.azure.com"
	if a.Key = s.Getenv("AZURE_QUANTUM_API_KEY"); a.Key != "" {
		a.Source = "AZURE_QUANTUM_API_KEY"
		return a, nil
	}
	a.Source, a.Token = "the environment, a managed identity or az login, when it is asked for", login()
	return a, nil
}

// scope is what tokens are asked for.
const scope = "https://quantum.microsoft.com/.default"

// login asks for tokens where Microsoft's tools find credentials; they are kept until they
// expire.
func login() func(ctx context.Context) (string, error) {
	found := sync.OnceValues(func() (*azidentity.DefaultAzureCredential, error) { return azidentity.NewDefaultAzureCredential(nil) })
	return func(ctx context.Context) (string, error) {
		from, err := found()
		if err != nil {
			return "", fmt.Errorf("no login of Azure was found: %w", err)
		}
		var ask azidentity.AuthenticationRequiredError // its field has the type of what is asked
		ask.TokenRequestOptions.Scopes = []string{scope}
		token, err := from.GetToken(ctx, ask.TokenRequestOptions)
		if err != nil {
			return "", fmt.Errorf("Azure gave no token: %w", err)
		}
		return token.Token, nil
	}
}
