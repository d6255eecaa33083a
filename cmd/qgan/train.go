package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"qgan/internal/machine"
	"qgan/internal/progress"
	"qgan/metrics/spikes"
	"qgan/training"
	"qgan/training/assess"
	"qgan/training/lab"
	"qgan/training/runs"
)

// trainFlags are the flags of `train` that are no settings.
type trainFlags struct {
	sending processorFlags
	kernel  string
	resume  bool
	log     string
	asJSON  bool
}

// newTrainCmd makes `train`.
func newTrainCmd(a *app) *cobra.Command {
	var f trainFlags
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
	addData(cmd, true)
	s := cmd.Flags()
	s.String("preset", "deep", "settings to start from: deep trains well, paper is the text of Hernandes & Greplova (2025)")
	s.Int("timesteps", 1, "length of a window in bins")
	addBackend(s)
	f.sending.addSending(s)
	addSettings(s)
	addKernel(s, &f.kernel)
	s.BoolVar(&f.resume, "resume", false, "go on with the run in RUNDIR")
	s.StringVar(&f.log, "log", "text", "form of the progress on standard error")
	s.BoolVar(&f.asJSON, "json", false, "print one JSON object instead of the path")
	return cmd
}

func (f *trainFlags) run(cmd *cobra.Command, a *app, dir string) error {
	if _, err := a.newProgress(f.log, "", "", 0); err != nil {
		return err // before anything is written
	}
	if err := checkKernel(f.kernel); err != nil {
		return err
	}
	t, err := f.open(cmd, a, dir)
	if err != nil {
		return err
	}
	defer t.Close()
	for _, w := range t.Warnings {
		a.warn("%s", spikes.Spelled(w, asFlag))
	}
	if f.sending.remote.dry && (t.Run != nil || !t.Remote()) {
		return usagef("--dry-run is for a new training at a service")
	}
	if t.Run == nil {
		if t.Remote() {
			sends, err := t.Afford(cmd.Context())
			if sends != nil {
				a.note("%v", sends)
			}
			if err != nil || f.sending.remote.dry {
				return err
			}
		}
		if dir == "" {
			dir = t.FreeDir("runs")
		}
		if err := t.Begin(dir); err != nil {
			return err
		}
	}
	r, err := f.train(cmd.Context(), a, t)
	switch {
	case err != nil:
		return err
	case f.asJSON:
		return a.printJSON(r)
	}
	for _, line := range r.Sentences(assess.Reported(t.Recording)) {
		a.note("%s", line)
	}
	fmt.Fprintln(a.out, r.Run)
	return nil
}

// open prepares a new training, or a run to be gone on with.
func (f *trainFlags) open(cmd *cobra.Command, a *app, dir string) (*lab.Training, error) {
	l := a.lab(&f.sending.remote, "train")
	l.Kernel, l.Build, l.CommandLine = f.kernel, buildOf(), slices.Clone(os.Args)
	s := given(cmd.Flags())
	if f.resume {
		if dir == "" {
			return nil, usagef("--resume: name the run directory").withHint("%s", helpHint(cmd))
		}
		return l.Resume(cmd.Context(), dir, s)
	}
	// A directory that can't be used is found before the recording is read.
	if dir != "" {
		if _, err := a.fs.Stat(filepath.Join(dir, "manifest.json")); err == nil {
			return nil, &runs.Error{Path: dir, Err: errors.New("there is a run already"), Hint: "continue it with --resume, or name another directory"}
		}
	}
	return l.New(cmd.Context(), s)
}

// buildOf says for a manifest which program runs where.
func buildOf() runs.Build {
	b := machine.ReadBuild(version, commit)
	return runs.Build{Version: b.Version, Commit: b.Commit, Go: b.Go, OS: b.OS, Arch: b.Arch, CPU: machine.Read().CPU}
}

// train takes the steps that are left, and shows how it goes.
func (f *trainFlags) train(ctx context.Context, a *app, t *lab.Training) (*assess.Result, error) {
	c, state := t.Config, t.Trainer.State
	if latest, err := t.Run.Latest(); err != nil {
		return nil, err
	} else if latest != nil {
		state = latest
	}
	bar, err := a.newProgress(f.log, "step", "steps", state.Step)
	if err != nil {
		return nil, err
	}
	bar.Stages(c.Stages()...)
	bar.Message("%s: %s x %s, %s; %s", t.Run.Path, plural(c.Neurons, "neuron"), plural(c.Timesteps, "timestep"), assess.Size(c), t.Gradients())
	js, silent, score := any("–"), any("–"), any("–")
	r, err := t.Train(ctx, func(r training.Row) {
		if r.JSNats != nil {
			js = *r.JSNats
		}
		if r.PSilent != nil {
			silent = *r.PSilent
		}
		if r.Score != nil {
			score = *r.Score
		}
		bar.Update(r.Step, c.Iterations, progress.Field{Name: "critic", Value: r.CriticLoss}, progress.Field{Name: "generator", Value: r.Generator},
			progress.Field{Name: "score_nats", Value: score}, progress.Field{Name: "p_silent", Value: silent}, progress.Field{Name: "js_nats", Value: js})
		if r.Step == c.Iterations {
			bar.Finish()
		}
	})
	bar.Finish()
	if err != nil && ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		a.warn("stopped after step %d of %d with a checkpoint; go on with `qgan train %s --resume`", t.Trainer.State.Step, c.Iterations, t.Run.Path)
	}
	return r, err
}
