package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/pflag"

	"qgan/training/assess"
	"qgan/training/study"
)

// works are what tasks of a study can be.
func (a *app) works() map[string]study.Work {
	lab := &study.Lab{FS: a.fs, Train: a.trainTask, Noise: a.noiseOf}
	return lab.Works()
}

// trainTask trains the run of a task, or goes on with it: what the verb does, with the
// settings of the task as its flags, and without a word.
func (a *app) trainTask(ctx context.Context, dir string, settings map[string]any) (*assess.Result, error) {
	quiet := *a
	quiet.out, quiet.err = io.Discard, io.Discard
	quiet.terminal = func(any) bool { return false }
	cmd, f := quiet.train()
	cmd.SetContext(ctx)
	fail := func(err error) (*assess.Result, error) {
		err = fmt.Errorf("qgan train: %w", err)
		if hint := hintOf(err); hint != "" {
			err = fmt.Errorf("%w (%s)", err, hint)
		}
		return nil, err
	}
	if _, err := a.fs.Stat(filepath.Join(dir, "manifest.json")); err == nil {
		f.resume = true
	} else if err := setFlags(cmd.Flags(), settings); err != nil {
		return fail(err)
	}
	if a.cfg != nil {
		if _, err := a.cfg.applyAs("train", cmd); err != nil {
			return fail(err)
		}
	}
	r, err := f.work(cmd, &quiet, dir)
	switch {
	case err != nil:
		return fail(err)
	case r == nil:
		return fail(errors.New("dry-run: nothing was trained"))
	}
	return r, nil
}

// noiseOf opens the processor that the settings of a task name.
func (a *app) noiseOf(ctx context.Context, settings map[string]any, samples int, seed uint64) (*assess.Noise, error) {
	var where processorFlags
	flags := pflag.NewFlagSet("evaluate", pflag.ContinueOnError)
	where.add(flags)
	if err := setFlags(flags, settings); err != nil {
		return nil, err
	}
	if err := flags.Set("backend", "noisy"); err != nil {
		return nil, err
	}
	on, err := where.open(ctx, a, "evaluate", flags.Changed, samples, seed)
	if err != nil {
		return nil, err
	}
	return on.known(where.latents, where.perLatent), nil
}

// setFlags sets flags to the settings of their names.
func setFlags(f *pflag.FlagSet, settings map[string]any) error {
	for _, name := range sortedKeys(settings) {
		if err := f.Set(name, study.SettingText(settings[name])); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
