package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"qgan/backends"
	"qgan/backends/exec"
	"qgan/backends/remote"
	"qgan/backends/service"
	"qgan/calibration"
	"qgan/internal/durable"
	"qgan/internal/named"
	"qgan/ir/compile"
	"qgan/metrics/spikes"
	"qgan/training"
	"qgan/training/assess"
)

// Processor is where circuits run that are measured: on noise, or at a service.
type Processor struct {
	*exec.Processor
	// Sampled runs circuits there.
	Sampled *exec.Compiled
	// Of a service alone: what sends jobs, and the calibration data that circuits are
	// compiled by.
	Remote      *remote.Remote
	Calibration *calibration.Snapshot
}

// Close closes what the processor holds: a session, and the ledger.
func (p *Processor) Close() {
	if p != nil && p.Remote != nil {
		p.Remote.Close()
		p.Remote.Ledger.Close()
	}
}

// Words is what draws words there.
func (p *Processor) Words() *exec.Sampler {
	return &exec.Sampler{Runner: p.Sampled, Mitigation: p.Correction.Method}
}

// Assessed is the processor as those see it who judge generators.
func (p *Processor) Assessed() assess.Processor {
	return assess.Processor{Name: p.Name, Snapshot: p.Snapshot, Mitigation: p.Correction.Method, Shots: func(with backends.Mitigation) training.Sampler {
		return &exec.Sampler{Runner: p.Sampled, Mitigation: with}
	}}
}

// Draw draws samples of a generator: by shots, or from its exact laws where p is nil. The
// description holds how many circuits were run for how many shots, and the ids of the jobs
// that were sent, if any, as jobs.
func (p *Processor) Draw(ctx context.Context, g *assess.Generator, s training.Sampling) (*spikes.Raster, spikes.Meta, error) {
	if p == nil {
		return g.Draw(ctx, nil, s)
	}
	sampler, on := p.Words(), p.Assessed()
	on.Shots = func(backends.Mitigation) training.Sampler { return sampler }
	r, meta, err := g.Draw(ctx, &on, s)
	if err == nil {
		meta.Extra["circuits"], meta.Extra["shots"] = sampler.Circuits, sampler.Shots
	}
	if err == nil && len(sampler.Jobs) > 0 {
		meta.Extra["jobs"] = sampler.Jobs
	}
	return r, meta, err
}

// Noise is the processor whose noise is known, with so many latent vectors or samples of
// each (see [assess.Noise]).
func (p *Processor) Noise(latents, perLatent int) *assess.Noise {
	return &assess.Noise{
		Processor: p.Assessed(), Latents: latents, PerLatent: perLatent,
		Laws: p.Laws(p.Model), WithoutReadout: p.Laws(p.Model.WithoutReadout()),
	}
}

// Where asks for a processor.
type Where struct {
	Settings
	// Shots of a circuit and Seed are those of the work; a calibration by twirling takes as
	// many.
	Shots int
	Seed  uint64
	// Qubits are how many a device has to have that is chosen.
	Qubits int
	// Kept is a file of calibration data that stand for a service's of now, so that work
	// that goes on has the same circuits; it need not be there.
	Kept string
	// Asked says the rest of what is asked of a service: of the same question its calibration
	// data are those of the jobs before (see [remote.Remote.Calibration]); "": they are those
	// of now. Dry sends nothing.
	Asked string
	Dry   bool
}

// Processor opens what the settings name by backend; nil for the ideal simulator, where
// settings that speak of a processor are refused.
func (l *Lab) Processor(ctx context.Context, w Where) (*Processor, error) {
	backend := w.or("backend", "ideal")
	if leastBusy(backend) {
		if l.Choose == nil {
			return nil, named.Inputf("{backend} %s: nothing here speaks to services", backend)
		}
		chosen, err := l.Choose(ctx, backend, w.Qubits, w.Asked, w.Settings)
		if err != nil {
			return nil, err
		}
		backend, w.Settings = chosen, maps.Clone(w.Settings)
		w.Settings["backend"] = chosen
	}
	correction, err := w.Correction(backend)
	if err != nil {
		return nil, err
	}
	if backend == "ideal" || backend == "noisy" {
		if err := w.withoutJobs(backend); err != nil {
			return nil, err
		}
	}
	switch {
	case backend == "ideal":
		return nil, w.WithoutNoise("device", "noise-model", "device-noise", "readout-error")
	case backend == "noisy":
		return l.noisy(w, correction)
	case !strings.Contains(backend, ":"):
		return nil, named.Inputf("{backend} %s: it can be ideal, noisy or SERVICE:DEVICE", backend)
	}
	return l.sold(ctx, backend, w, correction)
}

// leastBusy says that a backend is a device that is to be chosen.
func leastBusy(backend string) bool { return strings.HasSuffix(backend, ":"+service.LeastBusy) }

// withoutJobs refuses what is asked for jobs where there are none.
func (w Where) withoutJobs(backend string) error {
	for _, name := range append(ofJobs(), "name", "tag", "resubmit-unknown", "unpriced", "endpoint") {
		if w.given(name) {
			return named.Inputf("%s is for jobs at a service; {backend} %s runs on this machine", named.Setting(name), backend)
		}
	}
	if w.Dry {
		return named.Inputf("{dry-run} is for jobs at a service; {backend} %s runs on this machine", backend)
	}
	return nil
}

// Correction is how readout errors are taken out of what a backend reads.
func (w Where) Correction(backend string) (c exec.Correction, err error) {
	c = exec.Correction{Method: backends.Mitigation(w.or("mitigate", string(backends.MitigateNone))), Shots: w.Shots, Seed: w.Seed}
	known := []backends.Mitigation{backends.MitigateNone, backends.MitigateFull, backends.MitigateTensored, backends.MitigateM3, backends.MitigateTwirl}
	none := c.Method == backends.MitigateNone
	switch {
	case !slices.Contains(known, c.Method):
		return c, named.Inputf("{mitigate} %s: it can be none, full, tensored, m3 or twirl", c.Method)
	case none && w.given("calibration-shots"):
		return c, named.Inputf("{calibration-shots} needs {mitigate}")
	case c.Method != backends.MitigateM3 && w.given("m3-distance"):
		return c, named.Inputf("{m3-distance} needs {mitigate} m3")
	}
	if c.CalibrationShots, err = w.whole("calibration-shots", 0, MaxShots, "it can be 0 to "+strconv.Itoa(MaxShots)); err != nil {
		return c, err
	}
	if c.Distance, err = w.whole("m3-distance", -1, 64, "it can be 0 to 64, or -1 for any"); err != nil {
		return c, err
	}
	if !none && backend == "ideal" {
		return c, named.Inputf("{mitigate} needs {backend} noisy: the ideal simulator reads without errors")
	}
	return c, nil
}

// MaxShots bounds the shots of a circuit.
const MaxShots = 100_000_000

// noisy opens the noisy simulator.
func (l *Lab) noisy(w Where, c exec.Correction) (*Processor, error) {
	model, err := l.NoiseModel(w.Settings)
	if err != nil {
		return nil, err
	}
	var target *compile.Target
	if device := w.Settings["device"]; device != "" {
		s, err := l.Devices.Snapshot(device)
		if err != nil {
			return nil, err
		}
		if target, err = compile.NewTarget(s); err != nil {
			return nil, named.Inputf("device %s: %w", device, err)
		}
	}
	on := exec.Simulated(model, target, c)
	return &Processor{Processor: on, Sampled: on.Simulator()}, nil
}

// NoiseModel makes the noise model that settings name: of a device (device, device-noise,
// readout-error) or of a file (noise-model).
func (l *Lab) NoiseModel(s Settings) (*calibration.NoiseModel, error) {
	device, file := s["device"], s["noise-model"]
	switch {
	case device == "" && file == "":
		return nil, named.Inputf("{backend} noisy needs {device} or {noise-model}")
	case device != "" && file != "":
		return nil, named.Inputf("{device} and {noise-model}: give one of them")
	case file != "":
		for _, name := range []string{"device-noise", "readout-error"} {
			if s.given(name) {
				return nil, named.Inputf("%s changes a device's figures: a noise model file holds its own", named.Setting(name))
			}
		}
		data, err := durable.Or(l.FS).ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			err = errors.New("there is no such file")
		}
		if err != nil {
			return nil, named.Inputf("noise model %s: %w", file, err)
		}
		return calibration.ReadNoiseModel(calibration.File{Name: file, Data: data})
	}
	snapshot, err := l.Devices.Snapshot(device)
	if err != nil {
		return nil, err
	}
	o := calibration.NoiseOptions{Readout: calibration.ReadoutKind(s.or("readout-error", string(calibration.AsymmetricReadout)))}
	if text := s["device-noise"]; text != "" {
		if o.Scale, err = calibration.ParseScale(text); err != nil {
			return nil, named.Inputf("{device-noise} %s: %w", text, err)
		}
	}
	m, err := calibration.NewNoiseModel(snapshot, o)
	if err != nil {
		return nil, named.Inputf("%w", err)
	}
	return m, nil
}

// sold opens a device of a service.
func (l *Lab) sold(ctx context.Context, backend string, w Where, c exec.Correction) (*Processor, error) {
	for _, name := range []string{"device", "noise-model", "device-noise", "readout-error"} {
		if w.given(name) {
			return nil, named.Inputf("%s is for {backend} noisy; %s has its own", named.Setting(name), backend)
		}
	}
	if l.Sender == nil {
		return nil, named.Inputf("{backend} %s: nothing here speaks to services", backend)
	}
	sender, err := l.Sender(ctx, backend, w.Settings)
	if err != nil {
		return nil, err
	}
	sender.Dry = w.Dry
	snapshot, err := l.calibration(ctx, sender, w, c)
	if err == nil {
		var on *exec.Processor
		if on, err = exec.Device(backend, snapshot, c); err == nil {
			sender.Snapshot = on.Snapshot
			return &Processor{Processor: on, Sampled: on.Over(sender), Remote: sender, Calibration: snapshot}, nil
		}
		err = named.Inputf("device %s: %w", backend, err)
	}
	return nil, errors.Join(err, sender.Ledger.Close())
}

// calibration returns the device's calibration data: those that were kept, or those of
// the jobs of the same question, or those of now.
func (l *Lab) calibration(ctx context.Context, r *remote.Remote, w Where, c exec.Correction) (*calibration.Snapshot, error) {
	if w.Kept != "" {
		if _, err := durable.Or(l.FS).Stat(w.Kept); err == nil {
			return l.Devices.Snapshot(w.Kept)
		}
	}
	ask := r.Service.Snapshot
	if w.Asked != "" {
		ask = func(ctx context.Context) (*calibration.Snapshot, error) {
			return r.Calibration(ctx, w.Asked, fmt.Sprintf("%+v", c))
		}
	}
	s, err := ask(ctx)
	if err != nil {
		return nil, service.Broken(r.Service, err)
	}
	return s, nil
}
