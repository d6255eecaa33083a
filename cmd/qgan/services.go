package main

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"qgan/backends/azure"
	"qgan/backends/braket"
	"qgan/backends/emulator"
	"qgan/backends/ibm"
	"qgan/backends/ionq"
	"qgan/backends/iqm"
	"qgan/backends/ledger"
	"qgan/backends/remote"
	"qgan/backends/service"
	"qgan/calibration"
	"qgan/internal/conffile"
	"qgan/internal/named"
	"qgan/training/lab"
)

// services is the table of services. Every verb that speaks to one reads it.
var services = []service.Row{ibm.Row(), ionq.Row(), braket.Row(), iqm.Row(), azure.Row()}

func serviceNames() (names []string) {
	for _, s := range services {
		names = append(names, s.Name)
	}
	return names
}

func serviceOf(name string) (*service.Row, error) {
	i := slices.IndexFunc(services, func(s service.Row) bool { return s.Name == name })
	if i < 0 {
		return nil, usagef("service %q: there is %s", name, named.OneOf(serviceNames()))
	}
	return &services[i], nil
}

// surroundings are where a service finds the account for a device, "" for any: the environment,
// what a scheduler gave, files, and its table of the configuration.
func (a *app) surroundings(s *service.Row, device string) (service.Surroundings, error) {
	given, err := service.Grants(a.getenv, services)
	return service.Surroundings{
		Grant:  service.GrantOf(given, s.Name, device),
		Getenv: a.getenv, ReadFile: a.fs.ReadFile, Note: func(text string) { a.note("%s", text) },
		Setting: func(key string) string {
			if a.cfg == nil {
				return ""
			}
			value, _, _ := a.cfg.Files.Table(s.Name).Text(key)
			return value
		},
	}, err
}

// remoteFlags are the flags of verbs that speak to a service.
type remoteFlags struct {
	endpoint []string
	maxCost  conffile.Dollars
	unpriced bool
	resubmit bool
	job      map[string]*string // options of jobs
	label    service.Label
	granted  bool // by the scheduler of a cluster, which pays
	dry      bool // nothing is sent
}

func (f *remoteFlags) addEndpoint(s *pflag.FlagSet) {
	s.StringArrayVar(&f.endpoint, "endpoint", nil, "another address of a service (can be repeated)")
}

func (f *remoteFlags) addSending(s *pflag.FlagSet) {
	f.addEndpoint(s)
	s.Var(&f.maxCost, "max-cost", "the most that this command may cost, in US dollars (none: the configuration's limits.per_command)")
	s.BoolVar(&f.unpriced, "unpriced", false, "send jobs though no price is known")
	s.BoolVar(&f.resubmit, "resubmit-unknown", false, "send a job again whose answer was lost, where the service lists no such job")
}

// addJob adds what jobs are called, and what a service does with one on request.
func (f *remoteFlags) addJob(s *pflag.FlagSet) {
	s.StringVar(&f.label.Name, "name", "", "name of the jobs, for lists")
	s.StringSliceVar(&f.label.Tags, "tag", nil, "tag of the jobs, a word or KEY=VALUE (can be repeated)")
	f.job = map[string]*string{}
	for _, o := range service.JobOptions() {
		f.job[o.Name] = s.String(o.Name, "", o.Usage)
	}
}

// options are those of jobs that are given.
func (f *remoteFlags) options() map[string]string {
	given := map[string]string{}
	for name, text := range f.job {
		if *text != "" {
			given[name] = *text
		}
	}
	return given
}

// with are the flags with what settings say.
func (f remoteFlags) with(s lab.Settings) (remoteFlags, error) {
	if text := s["endpoint"]; text != "" {
		f.endpoint = strings.Split(text, ",")
	}
	if text, ok := s["max-cost"]; ok {
		if err := f.maxCost.Set(text); err != nil {
			return f, usagef("--max-cost %s: %w", text, err)
		}
	}
	if text, ok := s["name"]; ok {
		f.label.Name = text
	}
	if text := s["tag"]; text != "" {
		f.label.Tags = strings.Split(text, ",")
	}
	own := map[string]*string{}
	for _, o := range service.JobOptions() {
		if text, ok := s[o.Name]; ok {
			own[o.Name] = &text
		}
	}
	f.job = own
	f.unpriced = f.unpriced || s["unpriced"] == "true"
	f.resubmit = f.resubmit || s["resubmit-unknown"] == "true"
	return f, nil
}

// open returns the client of SERVICE:DEVICE.
func (f *remoteFlags) open(ctx context.Context, a *app, backend string) (service.Service, error) {
	name, device, ok := strings.Cut(backend, ":")
	if !ok || device == "" {
		return nil, usagef("--backend %s: it is SERVICE:DEVICE, such as ibm:ibm_torino", backend)
	}
	s, err := serviceOf(name)
	if err != nil {
		return nil, err
	}
	return f.client(ctx, a, s, device, service.Options{Job: f.options(), Label: f.label})
}

// choose names the device of a backend that is SERVICE:least-busy, of so many qubits at least;
// others stay as they are. asked says what for, so that the same has the same device; none is
// for nothing that is kept.
func (f *remoteFlags) choose(ctx context.Context, a *app, backend string, qubits int, asked ...string) (string, remote.Choice, error) {
	name, device, _ := strings.Cut(backend, ":")
	if device != service.LeastBusy {
		return backend, remote.Choice{}, nil
	}
	row, err := serviceOf(name)
	if err != nil {
		return "", remote.Choice{}, err
	}
	c, err := f.client(ctx, a, row, "", service.Options{})
	if err != nil {
		return "", remote.Choice{}, err
	}
	var l *ledger.Ledger
	if len(asked) > 0 {
		if l, err = a.openLedger(); err != nil {
			return "", remote.Choice{}, err
		}
		defer l.Close()
	}
	chosen, err := remote.Choose(ctx, l, c, qubits, asked...)
	if err != nil {
		return "", chosen, err
	}
	a.note("%s is %s:%s", backend, name, chosen.Told)
	return name + ":" + chosen.Device, chosen, nil
}

// client returns the client of a device of a service; "" is none. An address that the command
// line or the environment names stands for the one of the options.
func (f *remoteFlags) client(ctx context.Context, a *app, s *service.Row, device string, o service.Options) (service.Client, error) {
	other, err := service.Address(s.Name, f.endpoint, a.getenv, serviceNames())
	if err != nil {
		return nil, err
	}
	around, err := a.surroundings(s, device)
	if err != nil {
		return nil, err
	}
	if _, ok := calibration.InventedDevice(device); ok {
		if !f.dry {
			return nil, usagef("%s:%s is invented: nothing can be sent to it", s.Name, device).withHint("--dry-run says what would be sent; `qgan emulate %s --device %s` runs it on this machine", s.Name, device)
		}
		files, err := a.devices().Read(device)
		if err != nil {
			return nil, err
		}
		staged, address, getenv, err := emulator.Stage(ctx, s.Name, emulator.Options{Files: files, Now: a.now})
		if err != nil {
			return nil, usagef("%w", err)
		}
		around.Getenv, o.Endpoint, o.Now = getenv, address, a.now
		return s.Open(ctx, around, staged.Device(), o)
	}
	f.granted = around.Grant != nil
	o.Endpoint, o.Now = cmp.Or(other, o.Endpoint), a.now
	return s.Open(ctx, around, device, o)
}

// openLedger opens the user's ledger: QGAN_LEDGER, or below the state folder.
func (a *app) openLedger() (*ledger.Ledger, error) {
	dir := a.ledgerDir()
	if dir == "" {
		return nil, usagef("there is no home folder for the ledger").withHint("set QGAN_LEDGER to a folder")
	}
	return ledger.Open(a.fs, dir, a.now)
}

// ledgerDir is the ledger's folder; "" where there is no home folder.
func (a *app) ledgerDir() string {
	if state := a.stateDir(); state != "" {
		return cmp.Or(a.getenv("QGAN_LEDGER"), state+"/ledger")
	}
	return a.getenv("QGAN_LEDGER")
}

// limits are the command line's and the configuration's.
func (f *remoteFlags) limits(a *app) (ledger.Limits, error) {
	t := a.cfg.Files.Table("limits")
	l := ledger.Limits{Unpriced: f.unpriced || f.granted, PerCommand: t.Dollars("per_command"), PerDay: t.Dollars("per_day")}
	if f.maxCost.USD != nil {
		l.PerCommand = f.maxCost.USD
	}
	return l, t.Err()
}

// patience are the waits of the configuration.
func (a *app) patience() (remote.Patience, error) {
	t := a.cfg.Files.Table("remote")
	return remote.Patience{LookEvery: t.Duration("look_every"), PollMin: t.Duration("poll_min"), PollMax: t.Duration("poll_max"), GiveUp: t.Duration("give_up")}, t.Err()
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
	r := &remote.Remote{
		Service: s, Ledger: l, Limits: limits, Command: command, Resubmit: f.resubmit, Patience: patience,
		Report: func(j ledger.Job, what string) { a.note("%s: %s", j.ID, what) },
	}
	a.senders = append(a.senders, r)
	a.hasty.Store(false)
	return r, nil
}
