package study

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"qgan/metrics"
	"qgan/metrics/spikes"
	"qgan/training/assess"
	"qgan/training/lab"
	"qgan/training/runs"
)

// Lab is what tasks need of their surroundings. The zero value trains on the ideal
// simulator and on noise.
type Lab struct {
	// Lab trains runs, and opens processors; nil: the zero one.
	Lab *lab.Lab
	// Train, where it is not nil, trains a run in a directory with these settings in its
	// place, or goes on with the one that is there.
	Train func(ctx context.Context, dir string, settings map[string]any) (*assess.Result, error)
	// Noise, where it is not nil, opens the processor that settings name (device,
	// device-noise, mitigate) for so many samples.
	Noise func(ctx context.Context, settings map[string]any, samples int, seed uint64) (*assess.Noise, error)
}

// lab is what trains.
func (l *Lab) lab() *lab.Lab {
	if l.Lab == nil {
		return new(lab.Lab)
	}
	return l.Lab
}

// Works are what tasks can be, by their kinds.
func (l *Lab) Works() map[string]Work {
	return map[string]Work{
		"gradient": Gradient,
		"plateau":  Plateau,
		"metric-error": MetricError(func(t Task) (*spikes.Raster, error) {
			rec, err := t.Recording(0)
			if err != nil {
				return nil, err
			}
			return rec.Train, nil
		}),
		"train":    l.train,
		"baseline": Baseline,
		"device":   l.device,
		"transfer": l.transfer,
	}
}

// Recording reads the recording that a task's settings name ([lab.OfRecording]), of at most
// so many neurons where none says which (0: of all).
func (t Task) Recording(atMost int) (*metrics.Recording, error) {
	o := metrics.RecordingOptions{
		LoadOptions: spikes.LoadOptions{Variable: SettingText(t.Settings["var"]), Axes: SettingText(t.Settings["axes"]), Trials: SettingText(t.Settings["trials"])},
		Neurons:     SettingText(t.Settings["neurons"]), AtMost: atMost, Repeats: SettingText(t.Settings["train-repeats"]),
	}
	var err error
	if o.RepeatBins, err = t.intOr("repeat-bins", 1, 0); err != nil {
		return nil, err
	}
	for _, k := range []struct {
		name string
		to   *float64
	}{{"bin-width", &o.BinWidth}, {"sampling-rate", &o.SamplingRate}, {"max-gap", &o.MaxGap}} {
		if t.Settings[k.name] == nil {
			continue
		}
		if *k.to, err = t.Number(k.name); err != nil {
			return nil, err
		}
	}
	return metrics.ReadRecording(SettingText(t.Settings["data"]), o)
}

// intOr is Int, or another number where the setting is absent.
func (t Task) intOr(name string, least, otherwise int) (int, error) {
	if t.Settings[name] == nil {
		return otherwise, nil
	}
	return t.Int(name, least)
}

// Baseline is the work of kind baseline: it fits the simple models, and trains the fully
// connected generators, of a recording. Settings: timesteps (1), iterations (3000), seed
// (0) and those of the recording (4 neurons, or as many as it has). Figures: js_ and parameters_ of each model
// by its name.
func Baseline(ctx context.Context, t Task, _ string) (Row, error) {
	steps, err := t.intOr("timesteps", 1, 1)
	if err != nil {
		return nil, err
	}
	iterations, err := t.intOr("iterations", 1, 3000)
	if err != nil {
		return nil, err
	}
	seed, err := t.intOr("seed", 0, 0)
	if err != nil {
		return nil, err
	}
	rec, err := t.Recording(4)
	if err != nil {
		return nil, err
	}
	b, err := assess.MeasureBaselines(ctx, rec, steps, assess.BaselineOptions{Seed: uint64(seed), Classical: true, Iterations: iterations})
	if err != nil {
		return nil, err
	}
	row := Row{}
	for _, m := range b.Models {
		name := FigureName(m.Name)
		row["parameters_"+name] = float64(m.Parameters)
		if m.JS != nil {
			row.Set("js_"+name, *m.JS)
		}
	}
	return row, nil
}

// trainRun trains the run of a task, or goes on with it, with the settings but some.
func (l *Lab) trainRun(ctx context.Context, dir string, settings map[string]any) (*assess.Generator, Row, error) {
	path, train := filepath.Join(dir, "run"), l.Train
	if train == nil {
		train = l.trainOwn
	}
	r, err := train(ctx, path, settings)
	if err != nil {
		return nil, nil, err
	}
	run, err := runs.Open(l.lab().FS, path)
	if err != nil {
		return nil, nil, err
	}
	g, err := assess.Open(run)
	if err != nil {
		return nil, nil, err
	}
	return g, resultRow(r), nil
}

// texts are settings as a lab reads them.
func texts(settings map[string]any) lab.Settings {
	s := lab.Settings{}
	for name, v := range settings {
		s[name] = SettingText(v)
	}
	return s
}

// trainOwn trains a run, or goes on with it.
func (l *Lab) trainOwn(ctx context.Context, dir string, settings map[string]any) (*assess.Result, error) {
	begun := true
	t, err := l.lab().Resume(ctx, dir, nil)
	if errors.Is(err, runs.ErrNone) {
		begun = false
		t, err = l.lab().New(ctx, texts(settings))
	}
	if err != nil {
		return nil, err
	}
	defer t.Close()
	if !begun {
		if t.Remote() {
			if _, err := t.Afford(ctx); err != nil {
				return nil, err
			}
		}
		if err := t.Begin(dir); err != nil {
			return nil, err
		}
	}
	return t.Train(ctx, nil)
}

// samplesPerLatent is how many samples share a latent vector where they are drawn on noise.
const samplesPerLatent = 100

// noise opens the processor that settings name.
func (l *Lab) noise(ctx context.Context, settings map[string]any, samples int, seed uint64) (*assess.Noise, error) {
	if l.Noise != nil {
		return l.Noise(ctx, settings, samples, seed)
	}
	s := texts(settings)
	s["backend"] = "noisy"
	p, err := l.lab().Processor(ctx, lab.Where{Settings: s, Shots: samples, Seed: seed})
	if err != nil {
		return nil, err
	}
	return p.Noise(0, samplesPerLatent), nil
}

// train is the work of kind train: with the setting evaluate.samples windows are drawn and
// evaluated as well, beside the files of evaluate.compare, a list with commas.
func (l *Lab) train(ctx context.Context, t Task, dir string) (Row, error) {
	settings := maps.Clone(t.Settings)
	maps.DeleteFunc(settings, func(name string, _ any) bool { return strings.HasPrefix(name, "evaluate.") })
	g, row, err := l.trainRun(ctx, dir, settings)
	if err != nil || t.Settings["evaluate.samples"] == nil {
		return row, err
	}
	samples, err := t.Int("evaluate.samples", 1)
	if err != nil {
		return nil, err
	}
	rec, err := g.Recording()
	if err != nil {
		return nil, err
	}
	o := assess.Options{Windows: samples, Law: assess.Drawn, Seed: g.Config.Seed, Windowed: true}
	if files := SettingText(t.Settings["evaluate.compare"]); files != "" {
		if o.Compare, err = assess.ReadBeside(rec, strings.Split(files, ",")...); err != nil {
			return nil, err
		}
	}
	e, err := g.Evaluate(ctx, g.Run.Path, rec, o)
	if err != nil {
		return nil, err
	}
	evaluationRow(e, row)
	return row, nil
}

// device is the work of kind device: it trains without noise and judges the generator
// under a device's, scaled. Settings beside those of train: device, device-noise,
// mitigate, samples.
func (l *Lab) device(ctx context.Context, t Task, dir string) (Row, error) {
	own := []string{"device", "device-noise", "mitigate"}
	settings, noise := maps.Clone(t.Settings), map[string]any{}
	maps.DeleteFunc(settings, func(name string, v any) bool {
		if slices.Contains(own, name) {
			noise[name] = v
			return true
		}
		return name == "samples"
	})
	samples, err := t.Int("samples", 1)
	if err != nil {
		return nil, err
	}
	g, row, err := l.trainRun(ctx, dir, settings)
	if err != nil {
		return nil, err
	}
	return row, l.underNoise(ctx, g, noise, samples, row)
}

// transferSamples are drawn of a generator on the device that it is taken to.
const transferSamples = 1000

// transfer is the work of kind transfer: it trains with the noise of one device
// (train-device; ideal: without) and judges the generator under another's (run-device).
func (l *Lab) transfer(ctx context.Context, t Task, dir string) (Row, error) {
	settings := maps.Clone(t.Settings)
	delete(settings, "train-device")
	delete(settings, "run-device")
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
	g, row, err := l.trainRun(ctx, dir, settings)
	if err != nil {
		return nil, err
	}
	return row, l.underNoise(ctx, g, map[string]any{"device": to}, transferSamples, row)
}

// underNoise evaluates a generator under noise and adds the distance of each law.
func (l *Lab) underNoise(ctx context.Context, g *assess.Generator, settings map[string]any, samples int, row Row) error {
	rec, err := g.Recording()
	if err != nil {
		return err
	}
	noise, err := l.noise(ctx, settings, samples, g.Config.Seed)
	if err != nil {
		return err
	}
	e, err := g.Evaluate(ctx, g.Run.Path, rec, assess.Options{Windows: samples, Law: assess.Drawn, Seed: g.Config.Seed, Noise: noise, Windowed: true})
	if err != nil {
		return fmt.Errorf("under noise: %w", err)
	}
	for _, law := range e.Noise.Laws {
		if law.JS != nil {
			row.Set(law.Name, *law.JS)
		}
		if law.Null != nil {
			row.Set(law.Name+"_null", *law.Null)
		}
	}
	return nil
}

// resultRow takes the figures of a training.
func resultRow(r *assess.Result) Row {
	row := Row{"p_silent": r.PSilent, "iterations": float64(r.Iterations), "parameters": float64(r.Parameters.Generator())}
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

// evaluationRow adds the figures of an evaluation: of what was drawn, of simple models and
// of the files beside, which are named as they are without folder and ending.
func evaluationRow(e *assess.Evaluation, row Row) {
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
			row.Set("baseline_"+FigureName(k.Name), *k.JS)
		}
	}
	files := map[string]bool{}
	for _, c := range e.Compared {
		files[c.File] = true
		row.Set(ComparedFigure(c.File), c.JS)
	}
	for i, r := range e.Time.Results {
		for _, f := range r.Figures {
			switch {
			case f.Name != "covariance-error" || f.Value == nil:
			case i == 0: // what was drawn
				row.Set("covariance_error", *f.Value)
			case files[r.Name]:
				row.Set(ComparedFigure(r.Name)+"_covariance_error", *f.Value)
			default:
				row.Set("covariance_error_"+FigureName(r.Name), *f.Value)
			}
		}
	}
}
