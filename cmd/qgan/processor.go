package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/spf13/pflag"

	"qgan/backends"
	"qgan/backends/exec"
	"qgan/backends/ledger"
	"qgan/backends/service"
	"qgan/backends/sim"
	"qgan/calibration"
	"qgan/ir"
	"qgan/ir/compile"
	"qgan/training"
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
	out := &processor{name: model.Name, snapshot: model.Snapshot, model: model, mitigation: backends.Mitigation(p.mitigate.method)}
	if p.noise.device != "" {
		if _, out.target, err = a.target(p.noise.device); err != nil {
			return nil, err
		}
	}
	s := &sim.Noisy{Model: model}
	out.sampled = &exec.Compiled{Runner: p.mitigate.runner(s, shots, seed), Target: out.target, Options: out.options()}
	return out, nil
}

// openService returns a cloud processor.
func (p *processorFlags) openService(ctx context.Context, a *app, verb string, changed func(string) bool, shots int, seed uint64) (*processor, error) {
	for _, name := range []string{"device", "noise-model", "device-noise", "readout-error"} {
		if changed(name) {
			return nil, usagef("--%s is for --backend noisy; %s has its own", name, p.backend)
		}
	}
	client, err := p.remote.open(a, p.backend)
	if err != nil {
		return nil, err
	}
	snapshot, err := p.calibration(ctx, a, client)
	if err != nil {
		return nil, err
	}
	out := &processor{name: p.backend, calibration: snapshot, mitigation: backends.Mitigation(p.mitigate.method)}
	if out.target, err = compile.NewTarget(snapshot); err != nil {
		return nil, usagef("device %s: %w", p.backend, err)
	}
	out.snapshot = out.target.Snapshot
	model, err := calibration.NewNoiseModel(snapshot, calibration.NoiseOptions{})
	if err != nil {
		return nil, usagef("device %s: %w", p.backend, err)
	}
	sender, err := p.remote.remote(a, client, verb)
	if err != nil {
		return nil, err
	}
	sender.Snapshot, sender.Dry = out.snapshot, p.dry
	out.service, out.ledger, out.close = client, sender.Ledger, sender.Ledger.Close
	out.over = func(r backends.Runner) *exec.Compiled {
		return &exec.Compiled{Runner: p.mitigate.over(r, model.Confusion, out.target.Native, shots, seed), Target: out.target, Options: out.options()}
	}
	out.sampled = out.over(sender)
	return out, nil
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

// processor runs a generator's circuits with noise: compiled for the device, scheduled,
// so that waiting qubits decay, and with its last gates folded into the readout. Without
// a device, under a noise model of its own, they run as they are.
type processor struct {
	name       string
	snapshot   string                  // hash of the calibration data
	model      *calibration.NoiseModel // nil: a service, whose noise is its own
	close      func() error            // nil: nothing to close
	target     *compile.Target
	mitigation backends.Mitigation
	sampled    *exec.Compiled
	// Of a service alone.
	service     service.Service
	calibration *calibration.Snapshot
	ledger      *ledger.Ledger
	over        func(backends.Runner) *exec.Compiled // what sampled is, over another runner
}

func (p *processor) options() compile.Options {
	return compile.Options{FoldReadout: true, Schedule: p.target != nil && p.target.Timed()}
}

// shots is what draws words.
func (p *processor) shots() *exec.Sampler {
	return &exec.Sampler{Runner: p.sampled, Mitigation: p.mitigation}
}

// maxNoisyWork bounds the numbers of the density matrices of exact laws, a matter of
// minutes.
const maxNoisyWork = 4e10

// laws returns what gives exact laws under a model: the processor's, or one with less
// noise.
func (p *processor) laws(model *calibration.NoiseModel) *noisyLaws {
	return &noisyLaws{sim: &sim.Noisy{Model: model}, compiled: &exec.Compiled{Target: p.target, Options: p.options()}}
}

// noisyLaws computes the exact laws of circuits with noise, by density matrix.
type noisyLaws struct {
	sim      *sim.Noisy
	compiled *exec.Compiled
	work     atomic.Int64 // that was done
}

// Evaluator prepares the law of all qubits of a circuit.
func (n *noisyLaws) Evaluator(c *ir.Circuit, o backends.Observable) (backends.Evaluator, error) {
	if o != backends.Probabilities {
		return nil, errors.New("noisy laws are probabilities only")
	}
	if c.Qubits > sim.MaxDensityQubits {
		return nil, fmt.Errorf("circuit %q: %w: it has %d qubits, a density matrix holds at most %d", c.Name, training.ErrIntractable, c.Qubits, sim.MaxDensityQubits)
	}
	own := *c
	own.Ops = append([]ir.Op(nil), c.Ops...)
	own.MeasureAll()
	return &noisyLaw{n, &own}, nil
}

type noisyLaw struct {
	*noisyLaws
	circuit *ir.Circuit
}

// Values writes the law of each lane.
func (n *noisyLaw) Values(ctx context.Context, b backends.Bindings, values []float64) error {
	width := backends.Probabilities.Width(n.circuit.Qubits)
	cost := int64(len(n.circuit.Ops)) << (2 * n.circuit.Qubits)
	if n.work.Add(cost*int64(b.Len())) > maxNoisyWork {
		return fmt.Errorf("%w: density matrices of %d qubits for so many circuits", training.ErrIntractable, n.circuit.Qubits)
	}
	solver := *n.sim
	solver.Workers = 1
	if b.Len() == 1 {
		solver.Workers = 0
	}
	var next atomic.Int64
	errs := make([]error, runtime.GOMAXPROCS(0))
	var wait sync.WaitGroup
	for w := range errs {
		wait.Go(func() {
			for lane := int(next.Add(1)) - 1; lane < b.Len() && errs[w] == nil; lane = int(next.Add(1)) - 1 {
				trained, data := b.Row(lane)
				errs[w] = n.law(ctx, &solver, trained, data, values[lane*width:][:width])
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// law writes the law of one lane.
func (n *noisyLaw) law(ctx context.Context, solver *sim.Noisy, trained, data, values []float64) error {
	c, readout, err := n.compiled.Bind(n.circuit, trained, data)
	if err != nil {
		return err
	}
	law, err := solver.Law(ctx, c, nil, nil)
	if err != nil {
		return err
	}
	clear(values)
	for i, w := range law.Words {
		if readout != nil {
			w = readout.Word(w)
		}
		values[w] += law.P[i]
	}
	return nil
}
