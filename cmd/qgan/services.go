package main

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"qgan/backends/braket"
	"qgan/backends/emulator"
	"qgan/backends/ibm"
	"qgan/backends/ionq"
	"qgan/backends/iqm"
	"qgan/backends/ledger"
	"qgan/backends/remote"
	"qgan/backends/service"
	"qgan/internal/named"
)

// serviceRow is a service of cloud processors.
type serviceRow struct {
	name     string
	endpoint string // the variable that names another address
	// open returns the client of a device, where an endpoint is given at that address.
	open func(a *app, device, endpoint string) (service.Service, error)
	// reader returns a client that only decodes results, without credentials.
	reader func(device string) service.Service
	// auth says which credentials were found where.
	auth func(a *app) (found []credential, err error)
	// emulate returns the service on the simulator.
	emulate func(o emulator.Options) (emulated, error)
}

// emulated is a service on loopback.
type emulated interface {
	http.Handler
	Device() string
}

// credential is what was found, and where.
type credential struct{ What, Where string }

// services is the table of services. Every verb that speaks to one reads it.
var services = []serviceRow{
	{name: "ibm", endpoint: "QGAN_IBM_URL", open: openIBM, auth: authIBM, reader: func(d string) service.Service { return ibm.Reader(d) }, emulate: func(o emulator.Options) (emulated, error) { return emulator.NewIBM(o) }},
	{name: "ionq", endpoint: "QGAN_IONQ_URL", open: openIonQ, auth: authIonQ, reader: func(d string) service.Service { return ionq.Reader(d) }, emulate: func(o emulator.Options) (emulated, error) { return emulator.NewIonQ(o) }},
	{name: "braket", endpoint: "QGAN_BRAKET_URL", open: openBraket, auth: authBraket, reader: func(d string) service.Service { return braket.Reader(d) }, emulate: func(o emulator.Options) (emulated, error) { return emulator.NewBraket(o) }},
	{name: "iqm", endpoint: "QGAN_IQM_URL", open: openIQM, auth: authIQM, reader: func(d string) service.Service { return iqm.Reader(d) }, emulate: func(o emulator.Options) (emulated, error) { return emulator.NewIQM(o) }},
}

func serviceNames() (names []string) {
	for _, s := range services {
		names = append(names, s.name)
	}
	return names
}

func serviceOf(name string) (*serviceRow, error) {
	i := slices.IndexFunc(services, func(s serviceRow) bool { return s.name == name })
	if i < 0 {
		return nil, usagef("service %q: there is %s", name, named.OneOf(serviceNames()))
	}
	return &services[i], nil
}

func (a *app) ibmAccount() (ibm.Account, error) {
	getenv := func(name string) string {
		value := a.getenv(name)
		if name == "QISKIT_IBM_INSTANCE" && value == "" && a.cfg != nil {
			value, _, _ = a.cfg.setting("ibm", "instance")
		}
		return value
	}
	return ibm.FindAccount(getenv, a.fs.ReadFile)
}

// findInstance is how long the instances of a key are looked up.
const findInstance = 30 * time.Second

func openIBM(a *app, device, endpoint string) (service.Service, error) {
	account, err := a.ibmAccount()
	options := service.Options{Endpoint: endpoint, Now: a.now}
	if errors.Is(err, ibm.ErrNoInstance) {
		ctx, cancel := context.WithTimeout(context.Background(), findInstance)
		defer cancel()
		if account, err = account.Discover(ctx, options); err == nil {
			a.note("IBM instance %s (%s)", account.Instance, account.InstanceSource)
		} else if service.StatusOf(err) != 0 {
			return nil, &service.RemoteError{Service: "ibm", Err: err}
		}
	}
	if err != nil {
		return nil, usagef("%w", err)
	}
	return ibm.New(account, device, options)
}

func authIBM(a *app) ([]credential, error) {
	account, err := a.ibmAccount()
	var found []credential
	if account.KeySource != "" {
		found = append(found, credential{"API key", account.KeySource})
	}
	if account.InstanceSource != "" {
		found = append(found, credential{"instance", account.InstanceSource})
	}
	return found, err
}

func openIonQ(a *app, device, endpoint string) (service.Service, error) {
	account, err := ionq.FindAccount(a.getenv)
	if err != nil {
		return nil, usagef("%w", err)
	}
	return ionq.New(account, device, service.Options{Endpoint: endpoint})
}

func authIonQ(a *app) ([]credential, error) {
	account, err := ionq.FindAccount(a.getenv)
	if err != nil {
		return nil, err
	}
	return []credential{{"API key", account.Source}}, nil
}

// findAWS is how long credentials of AWS are looked for: some places answer over the
// network.
const findAWS = 10 * time.Second

func (a *app) braketAccount() (braket.Account, error) {
	ctx, cancel := context.WithTimeout(context.Background(), findAWS)
	defer cancel()
	account, err := braket.FindAccount(ctx)
	if a.cfg != nil {
		account.Bucket, _, _ = a.cfg.setting("braket", "bucket")
		account.Prefix, _, _ = a.cfg.setting("braket", "prefix")
		if region, _, ok := a.cfg.setting("braket", "region"); ok {
			account.Region = region
		}
	}
	return account, err
}

func openBraket(a *app, device, endpoint string) (service.Service, error) {
	account, err := a.braketAccount()
	if err != nil {
		return nil, usagef("%w", err)
	}
	return braket.New(account, device, service.Options{Endpoint: endpoint, Now: a.now})
}

func authBraket(a *app) ([]credential, error) {
	account, err := a.braketAccount()
	if err != nil {
		return nil, err
	}
	return []credential{{"access key", account.Source}, {"region", cmp.Or(account.Region, "none: the device's")}, {"bucket", cmp.Or(account.Bucket, "the account's own")}}, nil
}

func (a *app) iqmAccount() (iqm.Account, error) {
	getenv := func(name string) string {
		value := a.getenv(name)
		if name == "IQM_SERVER_URL" && value == "" && a.cfg != nil {
			value, _, _ = a.cfg.setting("iqm", "server")
		}
		return value
	}
	return iqm.FindAccount(getenv, a.fs.ReadFile)
}

func openIQM(a *app, device, endpoint string) (service.Service, error) {
	account, err := a.iqmAccount()
	if err != nil {
		return nil, usagef("%w", err)
	}
	return iqm.New(account, device, service.Options{Endpoint: endpoint, Now: a.now})
}

func authIQM(a *app) ([]credential, error) {
	account, err := a.iqmAccount()
	if err != nil {
		return nil, err
	}
	return []credential{{"token", account.Source}, {"server", account.Server}}, nil
}

// remoteFlags are the flags of verbs that speak to a service.
type remoteFlags struct {
	endpoint []string
	maxCost  float64
	unpriced bool
	resubmit bool
}

func (f *remoteFlags) addEndpoint(s *pflag.FlagSet) {
	s.StringArrayVar(&f.endpoint, "endpoint", nil, "another address of a service, SERVICE=URL (can be repeated)")
}

func (f *remoteFlags) addSending(s *pflag.FlagSet) {
	f.addEndpoint(s)
	s.Float64Var(&f.maxCost, "max-cost", -1, "most that this command may cost, in US dollars (none: the configuration's limits.per_command)")
	s.BoolVar(&f.unpriced, "unpriced", false, "send jobs even where no price is known")
	s.BoolVar(&f.resubmit, "resubmit-unknown", false, "send a job again whose answer was lost and that the service doesn't list")
}

// address is the endpoint of a service: the flag's, or the environment's, or none.
func (f *remoteFlags) address(a *app, s *serviceRow) (string, error) {
	address := a.getenv(s.endpoint)
	for _, e := range f.endpoint {
		name, url, ok := strings.Cut(e, "=")
		if !ok || url == "" {
			return "", usagef("--endpoint %s: it is SERVICE=URL", e)
		}
		if _, err := serviceOf(name); err != nil {
			return "", err
		}
		if name == s.name {
			address = url
		}
	}
	if address == "" {
		return "", nil
	}
	if _, err := service.CheckEndpoint(address); err != nil {
		return "", usagef("%w", err)
	}
	return address, nil
}

// open returns the client of SERVICE:DEVICE.
func (f *remoteFlags) open(a *app, backend string) (service.Service, error) {
	name, device, ok := strings.Cut(backend, ":")
	if !ok || device == "" {
		return nil, usagef("--backend %s: it is SERVICE:DEVICE, such as ibm:ibm_torino", backend)
	}
	s, err := serviceOf(name)
	if err != nil {
		return nil, err
	}
	address, err := f.address(a, s)
	if err != nil {
		return nil, err
	}
	return s.open(a, device, address)
}

// openLedger opens the user's ledger: QGAN_LEDGER, or below the state folder.
func (a *app) openLedger() (*ledger.Ledger, error) {
	dir := a.getenv("QGAN_LEDGER")
	if dir == "" {
		state := a.stateDir()
		if state == "" {
			return nil, usagef("there is no home folder for the ledger").withHint("set QGAN_LEDGER to a folder")
		}
		dir = state + "/ledger"
	}
	return ledger.Open(a.fs, dir, a.now)
}

// limits are the command line's and the configuration's.
func (f *remoteFlags) limits(a *app) (ledger.Limits, error) {
	l := ledger.Limits{Unpriced: f.unpriced}
	for _, k := range []struct {
		key string
		to  **float64
	}{{"per_command", &l.PerCommand}, {"per_day", &l.PerDay}} {
		text, from, ok := a.cfg.setting("limits", k.key)
		if !ok {
			continue
		}
		x, err := parseDollars(text)
		if err != nil {
			return l, usagef("%s: limits.%s %s: %w", from, k.key, text, err)
		}
		*k.to = &x
	}
	if f.maxCost >= 0 {
		l.PerCommand = &f.maxCost
	}
	return l, nil
}

// remote sends jobs of a verb.
func (f *remoteFlags) remote(a *app, l *ledger.Ledger, s service.Service, command string) (*remote.Remote, error) {
	limits, err := f.limits(a)
	if err != nil {
		return nil, err
	}
	patience, err := a.patience()
	if err != nil {
		return nil, err
	}
	return &remote.Remote{
		Service: s, Ledger: l, Limits: limits, Command: command, Resubmit: f.resubmit, Patience: patience,
		Report: func(j ledger.Job, what string) { a.note("%s: %s", j.ID, what) },
	}, nil
}
