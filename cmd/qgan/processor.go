package main

import (
	"context"
	"strings"

	"github.com/spf13/pflag"

	"qgan/backends/exec"
	"qgan/backends/ledger"
	"qgan/backends/service"
	"qgan/calibration"
	"qgan/ir/compile"
)

// processorFlags say where a generator's circuits run, and how they are measured.
type processorFlags struct {
	backend   string
	noise     noiseFlags
	mitigate  mitigateFlags
	latents   int
	perLatent int
	remote    remoteFlags
	dry       bool
	kept      string // file of a service's calibration data; empty: those of now
}

func (p *processorFlags) add(f *pflag.FlagSet) {
	p.addWhere(f)
	f.IntVar(&p.latents, "latents", 0, "by shots: latent vectors, each with circuits of its own (0: as many as the samples need)")
	f.IntVar(&p.perLatent, "shots-per-latent", 100, "by shots: samples that share a latent vector")
}

// addWhere adds the flags that name a processor.
func (p *processorFlags) addWhere(f *pflag.FlagSet) {
	p.perLatent = 1
	f.StringVar(&p.backend, "backend", "ideal", "where circuits run: ideal, noisy or SERVICE:DEVICE")
	p.noise.add(f)
	p.mitigate.add(f)
}

// addSending adds the flags of verbs that send jobs.
func (p *processorFlags) addSending(f *pflag.FlagSet) {
	p.remote.addSending(f)
	f.BoolVar(&p.dry, "dry-run", false, "of a service: say what would be sent and may be spent, send nothing")
}

// open returns the processor that the flags name; nil for the ideal simulator, where
// the flags that speak of one are refused. verb is what jobs are for; changed tells which
// flags were given.
func (p *processorFlags) open(ctx context.Context, a *app, verb string, changed func(string) bool, shots int, seed uint64) (*processor, error) {
	if err := p.mitigate.check(p.backend, false, false, changed); err != nil {
		return nil, err
	}
	switch p.backend {
	case "ideal":
		for _, name := range []string{"device", "latents", "shots-per-latent"} {
			if changed(name) {
				return nil, usagef("--%s needs --backend noisy", name)
			}
		}
		return nil, p.noise.unused(changed)
	case "noisy":
	default:
		if !strings.Contains(p.backend, ":") {
			return nil, usagef("--backend %s: it can be ideal, noisy or SERVICE:DEVICE", p.backend)
		}
	}
	switch {
	case p.latents < 0:
		return nil, usagef("--latents %d: at least 1 is needed", p.latents)
	case p.perLatent < 1 || p.perLatent > maxShots:
		return nil, usagef("--shots-per-latent %d: it can be 1 to %d", p.perLatent, maxShots)
	}
	if p.backend != "noisy" {
		return p.openService(ctx, a, verb, changed, shots, seed)
	}
	model, err := a.noise(p.noise, changed)
	if err != nil {
		return nil, err
	}
	var target *compile.Target
	if p.noise.device != "" {
		if _, target, err = a.target(p.noise.device); err != nil {
			return nil, err
		}
	}
	on := exec.Simulated(model, target, p.mitigate.correction(shots, seed))
	return &processor{Processor: on, sampled: on.Simulator()}, nil
}

// openService returns a cloud processor.
func (p *processorFlags) openService(ctx context.Context, a *app, verb string, changed func(string) bool, shots int, seed uint64) (*processor, error) {
	for _, name := range []string{"device", "noise-model", "device-noise", "readout-error"} {
		if changed(name) {
			return nil, usagef("--%s is for --backend noisy; %s has its own", name, p.backend)
		}
	}
	client, err := p.remote.open(ctx, a, p.backend)
	if err != nil {
		return nil, err
	}
	snapshot, err := p.calibration(ctx, a, client)
	if err != nil {
		return nil, err
	}
	on, err := exec.Device(p.backend, snapshot, p.mitigate.correction(shots, seed))
	if err != nil {
		return nil, usagef("device %s: %w", p.backend, err)
	}
	l, err := a.openLedger()
	if err != nil {
		return nil, err
	}
	sender, err := p.remote.remote(a, l, client, verb)
	if err != nil {
		l.Close()
		return nil, err
	}
	sender.Snapshot, sender.Dry = on.Snapshot, p.dry
	return &processor{Processor: on, sampled: on.Over(sender), service: client, calibration: snapshot, ledger: l}, nil
}

// calibration returns the device's calibration data: those that were kept, so that work
// that goes on has the same circuits, or those of now.
func (p *processorFlags) calibration(ctx context.Context, a *app, client service.Service) (*calibration.Snapshot, error) {
	if p.kept != "" {
		if _, err := a.fs.Stat(p.kept); err == nil {
			return a.snapshot(p.kept)
		}
	}
	s, err := client.Snapshot(ctx)
	if err != nil {
		return nil, remoteError(client, err)
	}
	return s, nil
}

// processor is where a generator's circuits run.
type processor struct {
	*exec.Processor
	sampled *exec.Compiled
	// Of a service alone.
	service     service.Service
	calibration *calibration.Snapshot
	ledger      *ledger.Ledger
}

// shots is what draws words.
func (p *processor) shots() *exec.Sampler {
	return &exec.Sampler{Runner: p.sampled, Mitigation: p.Correction.Method}
}

// release closes what a processor holds.
func (p *processor) release() {
	if p != nil && p.ledger != nil {
		p.ledger.Close()
	}
}
