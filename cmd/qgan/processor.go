package main

import (
	"context"

	"github.com/spf13/pflag"

	"qgan/backends"
	"qgan/backends/remote"
	"qgan/backends/service"
	"qgan/calibration"
	"qgan/training/lab"
)

// lab is the library's laboratory with this program's surroundings: files, clock, devices
// that were fetched, and services, whose jobs are for a verb.
func (a *app) lab(f *remoteFlags, verb string) *lab.Lab {
	var chosen remote.Choice
	return &lab.Lab{
		FS: a.fs, Now: a.now, NoPage: a.noPage, Devices: a.devices(),
		Choose: func(ctx context.Context, backend string, qubits int, asked string, s lab.Settings) (string, error) {
			own, err := f.with(s)
			if err == nil {
				backend, chosen, err = own.choose(ctx, a, backend, qubits, asked)
			}
			return backend, err
		},
		Sender: func(ctx context.Context, backend string, s lab.Settings) (*remote.Remote, error) {
			own, err := f.with(s)
			if err != nil {
				return nil, err
			}
			client, err := own.open(ctx, a, backend)
			if err != nil {
				return nil, err
			}
			l, err := a.openLedger()
			if err != nil {
				return nil, err
			}
			r, err := own.remote(a, l, client, verb)
			if err != nil {
				l.Close()
				return nil, err
			}
			r.Choice = chosen.Name
			return r, nil
		},
	}
}

// addNoise adds the flags that name a noise model.
func addNoise(f *pflag.FlagSet) {
	f.String("device", "", "the processor whose noise is simulated: a file of calibration data, or the name of a device that was fetched")
	f.String("noise-model", "", "a noise model instead of a device, a file of TOML or JSON")
	f.String("device-noise", "", "factors by which the device's errors are multiplied (none: 1 each)")
	f.String("readout-error", string(calibration.AsymmetricReadout), "which readout errors of the device are simulated")
}

// addMitigation adds the flags that say how readout errors are taken out.
func addMitigation(f *pflag.FlagSet) {
	f.String("mitigate", string(backends.MitigateNone), "how readout errors are taken out of what was measured")
	f.Int("calibration-shots", 0, "shots that measure the readout errors first, shared by all circuits (0: the device's figures; as many as --shots for twirl)")
	f.Int("m3-distance", 0, "of m3: in how many bits words that are mistaken for each other may differ; -1 for any (0: 3)")
}

// addBackend adds the flags that say where circuits run.
func addBackend(f *pflag.FlagSet) {
	f.String("backend", "ideal", "where circuits run: on the ideal or the noisy simulator, or on a processor, as SERVICE:DEVICE")
	addNoise(f)
	addMitigation(f)
}

// processorFlags say how a generator's circuits are sampled, and what may be sent.
type processorFlags struct {
	latents   int
	perLatent int
	remote    remoteFlags
}

func (p *processorFlags) add(f *pflag.FlagSet) {
	addBackend(f)
	f.IntVar(&p.latents, "latents", 0, "with noise: latent vectors, each with circuits of its own (0: as many as the samples need)")
	f.IntVar(&p.perLatent, "shots-per-latent", 100, "with noise: samples that share a latent vector")
}

// addSending adds the flags of verbs that send jobs.
func (p *processorFlags) addSending(f *pflag.FlagSet) {
	p.remote.addSending(f)
	p.remote.addJob(f)
	f.BoolVar(&p.remote.dry, "dry-run", false, "at a service: say what would be sent and what it may cost, and send nothing")
}

// open returns the processor that the flags name; nil for the ideal simulator, where the
// flags that speak of one are refused. verb is what jobs are for.
// asked says the rest of what is asked.
func (p *processorFlags) open(ctx context.Context, a *app, verb string, f *pflag.FlagSet, shots int, seed uint64, qubits int, asked string) (*lab.Processor, error) {
	s := given(f)
	switch {
	case backendOf(s) == "ideal":
		for _, name := range []string{"latents", "shots-per-latent"} {
			if f.Changed(name) {
				return nil, usagef("--%s needs --backend noisy", name)
			}
		}
	case p.latents < 0:
		return nil, usagef("--latents %d: at least 1 is needed", p.latents)
	case p.perLatent < 1 || p.perLatent > lab.MaxShots:
		return nil, usagef("--shots-per-latent %d: it can be 1 to %d", p.perLatent, lab.MaxShots)
	}
	return a.lab(&p.remote, verb).Processor(ctx, lab.Where{Settings: s, Shots: shots, Seed: seed, Qubits: qubits, Asked: asked, Dry: p.remote.dry})
}

// defaultBackend sets the backend, where nobody has, to the processor that the scheduler of a
// cluster gave.
func (a *app) defaultBackend(f *pflag.FlagSet) error {
	if f.Changed("backend") {
		return nil
	}
	backend, err := service.Granted(a.getenv, services)
	if err != nil || backend == "" {
		return err
	}
	a.note("circuits run on %s, which the scheduler gave (--backend ideal: on this machine)", backend)
	return f.Set("backend", backend)
}

// backendOf is where circuits run.
func backendOf(s lab.Settings) string {
	if b, ok := s["backend"]; ok {
		return b
	}
	return "ideal"
}
