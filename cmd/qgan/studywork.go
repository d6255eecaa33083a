package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"path/filepath"
	"slices"
	"strings"

	"qgan/metrics/spikes"
	"qgan/training/assess"
	"qgan/training/study"
)

// works are what tasks of a study can be.
func (a *app) works() map[string]study.Work {
	return map[string]study.Work{
		"gradient": study.Gradient,
		"plateau":  study.Plateau,
		"metric-error": study.MetricError(func(t study.Task) (*spikes.Raster, error) {
			d := dataFlags{neurons: study.SettingText(t.Settings["neurons"])}
			for name, to := range map[string]*string{"data": &d.path, "var": &d.variable, "axes": &d.axes, "train-repeats": &d.trainRepeats} {
				*to = study.SettingText(t.Settings[name])
			}
			if _, ok := t.Settings["repeat-bins"]; ok {
				n, err := t.Int("repeat-bins", 1)
				if err != nil {
					return nil, err
				}
				d.repeatBins = n
			}
			rec, err := d.load(a, nil)
			if err != nil {
				return nil, err
			}
			return rec.Train, nil
		}),
		"train":    a.trainTask,
		"baseline": a.baselineTask,
		"device":   a.deviceTask,
		"transfer": a.transferTask,
	}
}

// verb runs a verb of the program in this process and reads the object that it prints.
func (a *app) verb(ctx context.Context, into any, args ...string) error {
	var out, messages bytes.Buffer
	own := *a
	own.out, own.err, own.stdin = &out, &messages, strings.NewReader("")
	own.terminal = func(any) bool { return false }
	own.extra, own.cfg, own.cfgErr, own.started = nil, nil, nil, false
	root := newRootCmd(&own)
	root.SetArgs(append(args, "--json"))
	if err := root.ExecuteContext(ctx); err != nil {
		var e *exitError
		if errors.As(err, &e) && e.hint != "" {
			return fmt.Errorf("qgan %s: %w (%s)", args[0], err, e.hint)
		}
		return fmt.Errorf("qgan %s: %w", args[0], err)
	}
	return json.Unmarshal(out.Bytes(), into)
}

// trainRun trains the run of a task, or goes on with it, with these settings as flags.
func (a *app) trainRun(ctx context.Context, dir string, settings map[string]any) (string, trainResult, error) {
	run := filepath.Join(dir, "run")
	args := []string{"train", run}
	if _, err := a.fs.Stat(filepath.Join(run, "manifest.json")); err == nil {
		args = append(args, "--resume")
	} else {
		for _, name := range sortedKeys(settings) {
			args = append(args, "--"+name+"="+study.SettingText(settings[name]))
		}
	}
	var res trainResult
	err := a.verb(ctx, &res, args...)
	return run, res, err
}

// row takes the figures of a training.
func (r trainResult) row() study.Row {
	row := study.Row{"p_silent": r.PSilent, "iterations": float64(r.Iterations), "parameters": float64(r.Parameters.Angles + r.Parameters.LatentScales + r.Parameters.Memory)}
	for name, x := range map[string]*float64{"js_nats": r.JS, "js_stderr": r.StdErr, "js_heldout_nats": r.HeldOut, "floor_nats": r.Floor, "latent_js_nats": r.LatentJS} {
		if x != nil {
			row.Set(name, *x)
		}
	}
	if r.Shots > 0 {
		row["total_shots"], row["total_circuits"] = float64(r.Shots), float64(r.Circuits)
	}
	return row
}

// trainTask trains; with the setting evaluate.samples windows are drawn and evaluated as
// well, beside the files of evaluate.compare, a list with commas.
func (a *app) trainTask(ctx context.Context, t study.Task, dir string) (study.Row, error) {
	settings := map[string]any{}
	for k, v := range t.Settings {
		if !strings.HasPrefix(k, "evaluate.") {
			settings[k] = v
		}
	}
	run, res, err := a.trainRun(ctx, dir, settings)
	if err != nil {
		return nil, err
	}
	row := res.row()
	samples, ok := t.Settings["evaluate.samples"]
	if !ok {
		return row, nil
	}
	args := []string{"evaluate", run, "--samples=" + study.SettingText(samples)}
	if files, ok := t.Settings["evaluate.compare"]; ok {
		for _, file := range strings.Split(study.SettingText(files), ",") {
			args = append(args, "--compare="+file)
		}
	}
	var e assess.Evaluation
	if err := a.verb(ctx, &e, args...); err != nil {
		return nil, err
	}
	evaluationRow(&e, row)
	return row, nil
}

// row adds the figures of an evaluation: of what was drawn, of simple models and of the
// files beside, which are named as they are without folder and ending.
func evaluationRow(e *assess.Evaluation, row study.Row) {
	row.Set("p_silent", e.PSilent)
	row.Set("p_silent_recording", e.Recording.PSilent)
	for name, x := range map[string]*float64{"drawn_js_nats": e.JS, "null_floor_nats": e.Null} {
		if x != nil {
			row.Set(name, *x)
		}
	}
	if _, exact := row["js_nats"]; !exact && e.JS != nil {
		row.Set("js_nats", *e.JS)
	}
	for _, k := range e.Baselines {
		if k.JS != nil {
			row.Set("baseline_"+study.FigureName(k.Name), *k.JS)
		}
	}
	files := map[string]bool{}
	for _, c := range e.Compared {
		files[c.File] = true
		row.Set(study.ComparedFigure(c.File), c.JS)
	}
	for i, r := range e.Time.Results {
		for _, f := range r.Figures {
			switch {
			case f.Name != "covariance-error" || f.Value == nil:
			case i == 0: // what was drawn
				row.Set("covariance_error", *f.Value)
			case files[r.Name]:
				row.Set(study.ComparedFigure(r.Name)+"_covariance_error", *f.Value)
			default:
				row.Set("covariance_error_"+study.FigureName(r.Name), *f.Value)
			}
		}
	}
}

// baselineTask fits the simple models, and trains the fully connected generators, of a
// recording. Figures: js_ and parameters_ of each model by its name.
func (a *app) baselineTask(ctx context.Context, t study.Task, _ string) (study.Row, error) {
	args := []string{"baseline", "--classical"}
	for _, name := range sortedKeys(t.Settings) {
		args = append(args, "--"+name+"="+study.SettingText(t.Settings[name]))
	}
	var res assess.Baselines
	if err := a.verb(ctx, &res, args...); err != nil {
		return nil, err
	}
	row := study.Row{}
	for _, m := range res.Models {
		name := strings.ReplaceAll(m.Name, "-", "_")
		row["parameters_"+name] = float64(m.Parameters)
		if m.JS != nil {
			row.Set("js_"+name, *m.JS)
		}
	}
	return row, nil
}

// noisyRow evaluates a run under a device's noise.
func (a *app) noisyRow(ctx context.Context, run string, row study.Row, args ...string) error {
	var e assess.Evaluation
	if err := a.verb(ctx, &e, append([]string{"evaluate", run, "--backend=noisy"}, args...)...); err != nil {
		return err
	}
	if e.Noise == nil {
		return errors.New("the evaluation says nothing of noise")
	}
	for _, l := range e.Noise.Laws {
		if l.JS != nil {
			row.Set(l.Name, *l.JS)
		}
		if l.Null != nil {
			row.Set(l.Name+"_null", *l.Null)
		}
	}
	return nil
}

// without returns the settings but some.
func without(settings map[string]any, names ...string) map[string]any {
	out := map[string]any{}
	for k, v := range settings {
		if !slices.Contains(names, k) {
			out[k] = v
		}
	}
	return out
}

// deviceTask trains without noise and judges the generator under a device's, scaled.
func (a *app) deviceTask(ctx context.Context, t study.Task, dir string) (study.Row, error) {
	run, res, err := a.trainRun(ctx, dir, without(t.Settings, "device", "device-noise", "samples", "mitigate"))
	if err != nil {
		return nil, err
	}
	row := res.row()
	text := func(name string) string { return "--" + name + "=" + study.SettingText(t.Settings[name]) }
	return row, a.noisyRow(ctx, run, row, text("device"), text("device-noise"), text("mitigate"), text("samples"))
}

// transferTask trains with the noise of one device (ideal: without) and judges the
// generator under another's.
func (a *app) transferTask(ctx context.Context, t study.Task, dir string) (study.Row, error) {
	settings := without(t.Settings, "train-device", "run-device")
	from, err := t.Text("train-device")
	if err != nil {
		return nil, err
	}
	to, err := t.Text("run-device")
	if err != nil {
		return nil, err
	}
	if from == "ideal" {
		settings["gradient"] = "parameter-shift"
	} else {
		settings["backend"], settings["device"] = "noisy", from
	}
	run, res, err := a.trainRun(ctx, dir, settings)
	if err != nil {
		return nil, err
	}
	row := res.row()
	return row, a.noisyRow(ctx, run, row, "--device="+to, "--samples=1000")
}
