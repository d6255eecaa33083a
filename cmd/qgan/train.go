package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"qgan/backends/sim"
	"qgan/internal/machine"
	"qgan/internal/progress"
	"qgan/metrics"
	"qgan/metrics/spikes"
	"qgan/training"
	"qgan/training/assess"
	"qgan/training/runs"
)

// trainFlags are the flags of `train` that are not of the data.
type trainFlags struct {
	data      dataFlags
	settings  settingFlags
	preset    string
	timesteps int
	where     processorFlags
	kernel    string
	resume    bool
	log       string
	asJSON    bool
}

// newTrainCmd makes `train`.
func newTrainCmd(a *app) *cobra.Command {
	cmd, _ := a.train()
	return cmd
}

// train makes the verb, and the flags that it reads.
func (a *app) train() (*cobra.Command, *trainFlags) {
	f := &trainFlags{settings: settingFlags{}}
	cmd := &cobra.Command{
		Use:   "train [RUNDIR]",
		Short: "Train a generator on a recording",
		Long: `Train a quantum generator against a recording and write a run directory: its
manifest, metrics, checkpoints and a first report. The path of the directory is
printed on stdout. Without --data the built-in recording is used.

Settings that are not given are the preset's: "deep" trains well, "paper" is the
text of Hernandes & Greplova (2025).

Gradients are exact on the ideal simulator. With --gradient parameter-shift, and on
every other backend, laws and gradients are estimated from shots of the generator's
circuits, compiled for the device: unbiased, and told with their error. On a
service (SERVICE:DEVICE) jobs, time and price of the whole training are told before
the first job; a training that was stopped takes up its jobs from the ledger.`,
		Example: `  qgan train
  qgan train runs/retina --data recording.mat --repeat-bins 953 --neurons 6
  qgan train runs/retina --resume
  qgan train --neurons 4 --gradient parameter-shift --shots 1000
  qgan train --neurons 4 --backend noisy --device props_torino.json --mitigate m3
  qgan train --neurons 4 --iterations 20 --backend ibm:ibm_torino --max-cost 50`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := ""
			if len(args) == 1 {
				dir = args[0]
			}
			return f.run(cmd, a, dir)
		},
	}
	f.data.add(cmd, true)
	s := cmd.Flags()
	s.StringVar(&f.preset, "preset", "deep", "settings to start from: deep or paper")
	s.IntVar(&f.timesteps, "timesteps", 1, "time bins of a window")
	f.where.addWhere(s)
	f.where.addSending(s)
	f.settings.add(s)
	addKernel(s, &f.kernel)
	s.BoolVar(&f.resume, "resume", false, "go on with the run in RUNDIR")
	s.StringVar(&f.log, "log", "text", "progress on stderr: text or jsonl")
	s.BoolVar(&f.asJSON, "json", false, "print a JSON object instead of the path")
	return cmd, f
}

func (f *trainFlags) run(cmd *cobra.Command, a *app, dir string) error {
	r, err := f.work(cmd, a, dir)
	switch {
	case err != nil || r == nil:
		return err
	case f.asJSON:
		return a.printJSON(r)
	}
	a.note("JS %s ± %s nats to the recording (split half %s), P(silent) %.4f; the report is in %s",
		text(r.JS, "%.3g"), text(r.StdErr, "%.1g"), text(r.Floor, "%.3g"), r.PSilent, filepath.Join(r.Run, "report"))
	fmt.Fprintln(a.out, r.Run)
	return nil
}

// work trains a run, or goes on with one; without a result nothing was to be done but to
// say what would be.
func (f *trainFlags) work(cmd *cobra.Command, a *app, dir string) (*assess.Result, error) {
	if _, err := a.newProgress(f.log, "", "", 0); err != nil {
		return nil, err // before anything is written
	}
	if err := checkKernel(f.kernel); err != nil {
		return nil, err
	}
	if f.resume {
		return f.goOn(cmd, a, dir)
	}
	if f.data.neurons == "" {
		f.data.neurons = "8"
		if f.timesteps > 1 {
			f.data.neurons = "4"
		}
	}
	// A directory that can't be used is found before the recording is read.
	if dir != "" {
		if _, err := a.fs.Stat(filepath.Join(dir, "manifest.json")); err == nil {
			return nil, &runs.Error{Path: dir, Err: errors.New("there is a run already"), Hint: "continue it with --resume, or name another directory"}
		}
	}
	rec, err := f.data.load(a, nil)
	if err != nil {
		return nil, err
	}
	c, err := training.Resolve(f.preset, rec.Train.Neurons, f.timesteps, f.settings.take(cmd))
	if err != nil {
		return nil, err
	}
	trainer, on, err := f.trainer(cmd, a, c, rec)
	if err != nil {
		return nil, err
	}
	defer on.release()
	if on != nil && on.service != nil {
		err := f.rehearse(cmd.Context(), a, c, trainer.Data, on, c.Iterations)
		if err != nil || f.where.dry {
			return nil, err
		}
	}
	if dir == "" {
		dir = a.freeDir(rec, c)
	}
	m := a.manifest(c, rec, f.kernel)
	m.Processor = f.processorOf(a, on)
	run, err := runs.Create(a.fs, dir, m)
	if err != nil {
		return nil, err
	}
	if on != nil && on.calibration != nil {
		if err := a.keepCalibration(run, on.calibration); err != nil {
			return nil, err
		}
	}
	return f.train(cmd.Context(), a, run, trainer, rec, on)
}

// trainer prepares a training, and what measures it (nil: nothing does).
func (f *trainFlags) trainer(cmd *cobra.Command, a *app, c training.Config, rec *metrics.Recording) (*training.Trainer, *processor, error) {
	data, err := training.DataOf(rec, c.Timesteps)
	if err != nil {
		return nil, nil, usagef("%w", err)
	}
	changed := cmd.Flags().Changed
	if f.resume {
		changed = func(string) bool { return false } // the manifest says it all
	}
	e, on, err := f.estimator(cmd.Context(), a, c, changed)
	if err != nil {
		return nil, nil, err
	}
	t, err := training.New(c, data, &sim.Simulator{Kernel: f.kernel}, e)
	if err != nil {
		on.release()
	}
	return t, on, err
}

// freeDir names a run directory after what it holds.
func (a *app) freeDir(rec *metrics.Recording, c training.Config) string {
	name := spikes.BuiltinName
	if rec.File != "" {
		name = strings.TrimSuffix(filepath.Base(rec.File), filepath.Ext(rec.File))
	}
	base := filepath.Join("runs", fmt.Sprintf("%s-n%d-t%d-%s-seed%d", name, c.Neurons, c.Timesteps, c.Preset, c.Seed))
	dir := base
	for i := 2; ; i++ {
		if _, err := a.fs.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return dir
		}
		dir = fmt.Sprintf("%s-%d", base, i)
	}
}

func (a *app) manifest(c training.Config, rec *metrics.Recording, kernel string) runs.Manifest {
	b, m := machine.ReadBuild(version, commit), machine.Read()
	r := rec.Train
	return runs.Manifest{
		CommandLine: slices.Clone(os.Args),
		Started:     a.now().UTC().Format(time.RFC3339),
		Program:     runs.Build{Version: b.Version, Commit: b.Commit, Go: b.Go, OS: b.OS, Arch: b.Arch, CPU: m.CPU, Kernel: (&sim.Simulator{Kernel: kernel}).KernelName()},
		Config:      c,
		Data:        runs.DataInfo{Source: r.Source, File: rec.File, BinWidth: r.BinWidth, Shape: [3]int{r.Repeats, r.Bins, r.Neurons}},
		Parameters:  training.CountParameters(c),
	}
}

// goOn continues a run from its newest checkpoint, or from its manifest.
func (f *trainFlags) goOn(cmd *cobra.Command, a *app, dir string) (*assess.Result, error) {
	if dir == "" {
		return nil, usagef("--resume: name the run directory").withHint("%s", helpHint(cmd))
	}
	run, err := runs.Open(a.fs, dir)
	if err != nil {
		return nil, err
	}
	m := run.Manifest
	neurons := m.Data.Neurons
	if cmd.Flags().Changed("neurons") {
		neurons = nil
	}
	f.data.fromRun(cmd, m)
	rec, err := f.data.load(a, neurons)
	if err != nil {
		return nil, err
	}
	if sum := rec.Train.Source.SHA256; sum != m.Data.SHA256 {
		return nil, &runs.Error{Path: dir, Err: fmt.Errorf("the recording %s has changed: its hash is %s, the run was begun with %s", rec.Train.Source.Path, sum, m.Data.SHA256), Hint: "give the recording of the run with --data"}
	}
	if err := f.same(cmd, m.Config, rec); err != nil {
		return nil, err
	}
	if b := machine.ReadBuild(version, commit); b.Version != m.Program.Version || b.Commit != m.Program.Commit || b.Arch != m.Program.Arch {
		a.warn("%s was begun by %s (%.12s) on %s, this is %s (%.12s) on %s: the parameters may differ in their last bits from an undisturbed run",
			dir, m.Program.Version, m.Program.Commit, m.Program.Arch, b.Version, b.Commit, b.Arch)
	}
	f.fromManifest(m)
	f.where.kept = calibrationPath(run)
	trainer, on, err := f.trainer(cmd, a, m.Config, rec)
	if err != nil {
		return nil, err
	}
	defer on.release()
	if on != nil && m.Processor != nil && on.Snapshot != m.Processor.Snapshot {
		return nil, &runs.Error{Path: dir, Err: fmt.Errorf("the calibration data of %s have changed: their hash is %.12s, the run was begun with %.12s", on.Name, on.Snapshot, m.Processor.Snapshot), Hint: "give back the file, or train into another directory"}
	}
	return f.train(cmd.Context(), a, run, trainer, rec, on)
}

// same reports settings on the command line that are not the run's.
func (f *trainFlags) same(cmd *cobra.Command, c training.Config, rec *metrics.Recording) error {
	want := c
	if cmd.Flags().Changed("preset") {
		want.Preset = f.preset
	}
	if cmd.Flags().Changed("timesteps") {
		want.Timesteps = f.timesteps
	}
	want.Neurons = rec.Train.Neurons
	want, err := want.With(f.settings.take(cmd))
	if err != nil {
		return err
	}
	if !cmd.Flags().Changed("k") {
		want.K = c.K
	}
	if want != c {
		return usagef("--resume: a run keeps its settings, and some given here are others").withHint("leave them out, or train into another directory")
	}
	return nil
}

// train takes the steps that are left and measures what they end with.
func (f *trainFlags) train(ctx context.Context, a *app, run *runs.Dir, t *training.Trainer, rec *metrics.Recording, on *processor) (*assess.Result, error) {
	unlock, err := run.Lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	state, err := run.Latest()
	if err != nil {
		return nil, err
	}
	if state != nil {
		if err := t.Restore(state); err != nil {
			return nil, &runs.Error{Path: run.Path, Err: err}
		}
	}
	c := t.Config
	fresh := t.State.Step < c.Iterations
	bar, err := a.newProgress(f.log, "step", "steps", t.State.Step)
	if err != nil {
		return nil, err
	}
	bar.Message("%s: %s x %s, %s; %s", run.Path, plural(c.Neurons, "neuron"), plural(c.Timesteps, "timestep"), assess.Size(c), gradientText(c, on))
	begin := a.now()
	js, silent := any("–"), any("–")
	var pSilent float64
	err = run.Train(ctx, t, a.now, func(r training.Row) {
		if r.JSNats != nil {
			js = *r.JSNats
		}
		if r.PSilent != nil {
			silent, pSilent = *r.PSilent, *r.PSilent
		}
		bar.Update(r.Step, c.Iterations, progress.Field{Name: "critic", Value: r.CriticLoss}, progress.Field{Name: "generator", Value: r.Generator},
			progress.Field{Name: "js_nats", Value: js}, progress.Field{Name: "p_silent", Value: silent})
	})
	bar.Finish()
	seconds := a.now().Sub(begin).Seconds()
	if err != nil {
		if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
			a.warn("stopped after step %d of %d with a checkpoint; %s; go on with `qgan train %s --resume`", t.State.Step, c.Iterations, a.running(on), run.Path)
		}
		return nil, err
	}
	return assess.Finish(ctx, a.fs, run, t.State, rec, assess.Ended{Seconds: seconds, PSilent: pSilent, Keep: fresh})
}
