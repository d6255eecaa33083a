// Package lab trains generators as settings say by name: it reads the recording, resolves
// the configuration, opens the processor that measures, keeps the run in a directory and
// judges it in the end. The program's verb train, tasks of studies and programs of others
// call it.
//
//	l := new(lab.Lab)
//	t, err := l.New(ctx, lab.Settings{"neurons": "6", "iterations": "2000"})
//	err = t.Begin("runs/first")
//	result, err := t.Train(ctx, nil)
package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"qgan/backends/exec"
	"qgan/backends/remote"
	"qgan/backends/service"
	"qgan/backends/sim"
	"qgan/calibration"
	"qgan/internal/durable"
	"qgan/internal/named"
	"qgan/metrics"
	"qgan/metrics/spikes"
	"qgan/training"
	"qgan/training/assess"
	"qgan/training/runs"
	"qgan/training/shots"
)

// Lab is what trainings need of their surroundings. The zero value trains on the ideal
// simulator and on noise, with the files of this machine.
type Lab struct {
	FS      runs.FS           // where runs lie; nil: the machine's own
	Kernel  string            // of the ideal simulator; empty: the best one
	Devices calibration.Shelf // calibration data by file and by name
	// Sender opens what sends jobs to a device, SERVICE:DEVICE; nil: services are refused.
	Sender func(ctx context.Context, backend string, s Settings) (*remote.Remote, error)
	// Choose names the device that SERVICE:least-busy stands for, of so many qubits at least;
	// asked says what for. nil: it is refused.
	Choose func(ctx context.Context, backend string, qubits int, asked string, s Settings) (string, error)
	Now    func() time.Time // nil: the machine's clock
	NoPage bool             // trainings end with their result alone, and no report
	// Build and CommandLine go into manifests.
	Build       runs.Build
	CommandLine []string
}

func (l *Lab) now() time.Time {
	if l.Now == nil {
		return time.Now()
	}
	return l.Now()
}

func (l *Lab) simulator() *sim.Simulator { return &sim.Simulator{Kernel: l.Kernel} }

// Training is one that is prepared: new, or one that goes on.
type Training struct {
	Config    training.Config
	Recording *metrics.Recording
	Trainer   *training.Trainer
	On        *Processor // what measures; nil: the ideal simulator
	Run       *runs.Dir  // where it is kept; nil until Begin
	// Warnings say what is odd and no error, of the recording with its path.
	Warnings []string

	lab      *Lab
	settings Settings
}

// New prepares a training.
func (l *Lab) New(ctx context.Context, s Settings) (*Training, error) {
	for _, name := range slices.Sorted(maps.Keys(s)) {
		if !Known(name) {
			return nil, named.Inputf("%s %s: there is no such setting", named.Setting(name), s[name])
		}
	}
	steps, err := s.timesteps()
	if err != nil {
		return nil, err
	}
	rec, err := s.Recording(metrics.RecordingOptions{AtMost: neurons(steps)})
	if err != nil {
		return nil, err
	}
	c, err := training.Resolve(s.or("preset", "deep"), rec.Train.Neurons, steps, s.ofTraining())
	if err != nil {
		return nil, err
	}
	return l.prepare(ctx, c.For(rec), rec, s, "")
}

// ofTraining are the settings that [training.Settings] lists.
func (s Settings) ofTraining() map[string]string {
	out := map[string]string{}
	for name, text := range s {
		if _, ok := training.SettingNamed(name); ok {
			out[name] = text
		}
	}
	return out
}

// prepare puts a training together.
func (l *Lab) prepare(ctx context.Context, c training.Config, rec *metrics.Recording, s Settings, kept string) (*Training, error) {
	data, err := training.DataOf(rec, c.Timesteps)
	if err != nil {
		return nil, named.Inputf("%w", err)
	}
	t := &Training{Config: c, Recording: rec, lab: l, settings: s}
	for _, w := range rec.All.Source.Warnings {
		t.Warnings = append(t.Warnings, rec.All.Source.Path+": "+w)
	}
	if t.On, err = l.Processor(ctx, Where{Settings: s, Shots: c.Shots, Seed: c.Seed, Qubits: c.Ansatz().Qubits(), Kept: kept, Asked: fmt.Sprintf("training %+v %s", c, rec.Train.Source.SHA256)}); err != nil {
		return nil, err
	}
	if leastBusy(c.Backend) { // the run keeps the device that was chosen
		c.Backend = t.On.Name
		t.Config = c
	}
	var m training.Measurer
	switch {
	case !c.Measured():
	case t.On == nil:
		m = shots.NewEstimator(c, l.simulator())
	default:
		m = shots.NewEstimator(c, t.On.Sampled)
	}
	if t.Trainer, err = training.New(c, data, l.simulator(), m); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// Close closes what measures.
func (t *Training) Close() { t.On.Close() }

// Remote says whether steps are jobs at a service.
func (t *Training) Remote() bool { return t.On != nil && t.On.Remote != nil }

// Forecast counts and prices what the training will send, by steps that send nothing.
func (t *Training) Forecast(ctx context.Context) (*remote.Forecast, error) {
	r := &remote.Rehearsal{Service: t.On.Remote.Service, Answer: exec.Idealised{Runner: t.lab.simulator()}}
	rehearsed, err := training.New(t.Config, t.Trainer.Data, t.lab.simulator(), shots.NewEstimator(t.Config, t.On.Over(r)))
	if err != nil {
		return nil, err
	}
	f, err := r.Forecast(t.Config.Iterations, func() error { _, err := rehearsed.Step(ctx); return err })
	if err != nil {
		return nil, service.Broken(t.On.Remote.Service, err)
	}
	return f, nil
}

// Afford is Forecast, and refuses what the limit of a command does not allow: an error that
// is a ledger.ErrLimit, beside the forecast.
func (t *Training) Afford(ctx context.Context) (*remote.Forecast, error) {
	f, err := t.Forecast(ctx)
	if err != nil {
		return nil, err
	}
	return f, f.Within(t.On.Remote.Limits, "the training")
}

// Gradients says in words how gradients are taken.
func (t *Training) Gradients() string {
	c := t.Config
	if !c.Measured() {
		return "exact gradients by an adjoint sweep"
	}
	shots := fmt.Sprintf("%d shots a circuit", c.Shots)
	if c.MaxShots > 0 {
		shots = fmt.Sprintf("%d to %d shots a circuit, allocated by their variances", c.Shots, c.MaxShots)
	}
	text := fmt.Sprintf("gradients by %s from %s on %s", c.Gradient, shots, c.Backend)
	if t.On != nil && t.On.Name != c.Backend {
		text += " (" + t.On.Name + ")"
	}
	if c.Mitigation != "" {
		text += ", readout errors taken out by " + string(c.Mitigation)
	}
	if c.Readout != training.Born {
		text += "; the critic is not linear in the spike probabilities, so its gradients have a bias of the order of 1/shots"
	}
	return text
}

// FreeDir is a directory below parent that is not there, named after what it would hold.
func (t *Training) FreeDir(parent string) string {
	name := spikes.BuiltinName
	if file := t.Recording.File; file != "" {
		name = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	}
	c := t.Config
	base := filepath.Join(parent, fmt.Sprintf("%s-n%d-t%d-%s-seed%d", name, c.Neurons, c.Timesteps, c.Preset, c.Seed))
	dir := base
	for i := 2; ; i++ {
		if _, err := durable.Or(t.lab.FS).Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return dir
		}
		dir = fmt.Sprintf("%s-%d", base, i)
	}
}

// Begin makes the run directory, with its manifest and the calibration data that circuits
// are compiled by.
func (t *Training) Begin(dir string) error {
	r := t.Recording.Train
	m := runs.Manifest{
		CommandLine: t.lab.CommandLine, Started: t.lab.now().UTC().Format(time.RFC3339), Program: t.lab.Build,
		Config: t.Config, Parameters: training.CountParameters(t.Config), Processor: t.processor(),
		Data: runs.DataInfo{Source: r.Source, File: t.Recording.File, BinWidth: r.BinWidth, Shape: [3]int{r.Repeats, r.Bins, r.Neurons}},
	}
	m.Program.Kernel = t.lab.simulator().KernelName()
	if p, ok := t.Trainer.Model().(*training.Population); ok {
		m.Program.Words = p.Method()
	}
	run, err := runs.Create(t.lab.FS, dir, m)
	if err != nil {
		return err
	}
	t.Run = run
	if t.On == nil || t.On.Calibration == nil {
		return nil
	}
	raw, err := t.On.Calibration.Encode()
	if err != nil {
		return err
	}
	return durable.WriteFile(durable.Or(t.lab.FS), keptCalibration(run), func(w io.Writer) error { _, err := w.Write(raw); return err })
}

// keptCalibration is where a run keeps the calibration data of a service.
func keptCalibration(r *runs.Dir) string { return filepath.Join(r.Path, "calibration.json") }

// Train takes the steps that are left, and judges what they end with: the result and a
// report are in the run directory. observe is told the row of each step; nil: nobody. A
// training that ctx stops can be gone on with.
func (t *Training) Train(ctx context.Context, observe func(training.Row)) (*assess.Result, error) {
	unlock, err := t.Run.Lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := t.Run.Resume(t.Trainer); err != nil {
		return nil, err
	}
	fresh := t.Trainer.State.Step < t.Config.Iterations
	begin, silent := t.lab.now(), 0.0
	err = t.Run.Train(ctx, t.Trainer, t.lab.Now, func(r training.Row) {
		if r.PSilent != nil {
			silent = *r.PSilent
		}
		if observe != nil {
			observe(r)
		}
	})
	if err != nil {
		return nil, err
	}
	seconds := t.lab.now().Sub(begin).Seconds()
	return assess.Finish(ctx, t.lab.FS, t.Run, t.Trainer.State, t.Recording, assess.Ended{Seconds: seconds, PSilent: silent, Keep: fresh, NoPage: t.lab.NoPage})
}
