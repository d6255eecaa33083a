package study_test

import (
	"context"
	"errors"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/ir"
	"qgan/metrics"
	"qgan/metrics/spikes"
	"qgan/training"
	"qgan/training/assess"
	"qgan/training/runs"
	"qgan/training/study"
)

// trainer trains two neurons of the built-in recording for a few steps, whatever the
// settings, which it keeps.
type trainer struct{ settings map[string]any }

func (k *trainer) train(ctx context.Context, dir string, settings map[string]any) (*assess.Result, error) {
	k.settings = settings
	rec, err := metrics.ReadRecording("", metrics.RecordingOptions{Neurons: "2", Repeats: "odd"})
	if err != nil {
		return nil, err
	}
	c, err := training.Preset("deep", 2, 1)
	if err != nil {
		return nil, err
	}
	c.Iterations, c.Layers = 3, 2
	d, err := training.DataOf(rec, 1)
	if err != nil {
		return nil, err
	}
	t, err := training.New(c, d, &sim.Simulator{}, nil)
	if err != nil {
		return nil, err
	}
	run, err := runs.Create(nil, dir, runs.Manifest{Config: c, Data: runs.DataInfo{Source: rec.Train.Source, BinWidth: rec.Train.BinWidth}})
	if err != nil {
		return nil, err
	}
	unlock, err := run.Lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := run.Train(ctx, t, time.Now, func(training.Row) {}); err != nil {
		return nil, err
	}
	return assess.Finish(ctx, nil, run, t.State, rec, assess.Ended{})
}

// silence draws nothing but silent words.
type silence struct{}

func (silence) Words(_ context.Context, _ *ir.Circuit, _ backends.Bindings, shots []int, _ uint64) ([][]uint64, error) {
	out := make([][]uint64, len(shots))
	for i, n := range shots {
		out[i] = make([]uint64, n)
	}
	return out, nil
}

// Tasks that train hand on their settings, and their figures are those of the run.
func TestLab(t *testing.T) {
	for _, k := range []struct {
		name     string
		task     study.Task
		settings map[string]any // of the training
		noise    map[string]any // of the processor
		figures  []string       // beside those of every training
	}{
		{"train", study.Task{Kind: "train", Settings: map[string]any{"layers": 2, "seed": 1}}, map[string]any{"layers": 2, "seed": 1}, nil, nil},
		{"evaluated", study.Task{Kind: "train", Settings: map[string]any{"layers": 2, "evaluate.samples": 200}}, map[string]any{"layers": 2}, nil,
			[]string{"drawn_js_nats", "null_floor_nats", "p_silent_recording", "baseline_ising", "baseline_split_half", "covariance_error", "covariance_error_split_half"}},
		{"device", study.Task{Kind: "device", Settings: map[string]any{"layers": 2, "device": "d", "device-noise": "gates=2", "mitigate": "m3", "samples": 50}},
			map[string]any{"layers": 2}, map[string]any{"device": "d", "device-noise": "gates=2", "mitigate": "m3"},
			[]string{"ideal", "noisy", "noisy-without-readout-errors", "read", "read_null", "mitigated", "mitigated_null"}},
		{"from the ideal", study.Task{Kind: "transfer", Settings: map[string]any{"train-device": "ideal", "run-device": "b", "shots": 20}},
			map[string]any{"gradient": "parameter-shift", "shots": 20}, map[string]any{"device": "b"}, []string{"ideal", "noisy", "read"}},
		{"from a device", study.Task{Kind: "transfer", Settings: map[string]any{"train-device": "a", "run-device": "b"}},
			map[string]any{"backend": "noisy", "device": "a"}, map[string]any{"device": "b"}, []string{"ideal", "noisy", "read"}},
	} {
		t.Run(k.name, func(t *testing.T) {
			var trained trainer
			var noise map[string]any
			lab := &study.Lab{Train: trained.train, Noise: func(_ context.Context, settings map[string]any, samples int, seed uint64) (*assess.Noise, error) {
				noise = settings
				mitigation := backends.MitigateNone
				if settings["mitigate"] != nil {
					mitigation = backends.Mitigation(study.SettingText(settings["mitigate"]))
				}
				shots := func(backends.Mitigation) training.Sampler { return silence{} }
				return &assess.Noise{Processor: assess.Processor{Mitigation: mitigation, Shots: shots}, Laws: &sim.Simulator{}, WithoutReadout: &sim.Simulator{}, PerLatent: 100}, nil
			}}
			dir := t.TempDir()
			row, err := lab.Works()[k.task.Kind](t.Context(), k.task, dir)
			if err != nil {
				t.Fatal(err)
			}
			if !maps.Equal(trained.settings, k.settings) || !maps.Equal(noise, k.noise) {
				t.Errorf("trained with %v, want %v; under %v, want %v", trained.settings, k.settings, noise, k.noise)
			}
			run, err := runs.Open(nil, dir+"/run")
			if err != nil {
				t.Fatal(err)
			}
			g, err := assess.Open(run)
			if err != nil {
				t.Fatal(err)
			}
			rec, err := g.Recording()
			if err != nil {
				t.Fatal(err)
			}
			law, err := g.Law(t.Context(), rec, 0)
			if err != nil {
				t.Fatal(err)
			}
			if row["js_nats"] != *law.JS || row["js_heldout_nats"] != *law.HeldOut || row["floor_nats"] != *law.Floor || row["iterations"] != 3 {
				t.Errorf("row %v, law %v, %v, %v", row, *law.JS, *law.HeldOut, *law.Floor)
			}
			for _, name := range k.figures {
				if _, ok := row[name]; !ok {
					t.Errorf("no figure %s among %v", name, slices.Sorted(maps.Keys(row)))
				}
			}
			if k.noise != nil {
				s, _ := rec.Law(metrics.Trained, 1)
				q := make([]float64, s.Len())
				q[0] = 1
				if want := s.JSSeen(q); math.Abs(row["read"]-want) > 1e-12 {
					t.Errorf("read %v, silence is %v away", row["read"], want)
				}
				if null := row["read_null"]; null <= 0 || null >= row["read"] {
					t.Errorf("null floor %v of what is read, %v away", null, row["read"])
				}
			}
		})
	}
}

func TestBaselineTask(t *testing.T) {
	row, err := study.Baseline(t.Context(), study.Task{Kind: "baseline", Settings: map[string]any{"neurons": 2, "timesteps": int64(2), "iterations": 2.0, "seed": 0, "train-repeats": "0:20"}}, "")
	if err != nil {
		t.Fatal(err)
	}
	rec, err := metrics.ReadRecording("", metrics.RecordingOptions{Neurons: "2", Repeats: "0:20"})
	if err != nil {
		t.Fatal(err)
	}
	want, err := assess.MeasureBaselines(t.Context(), rec, 2, assess.BaselineOptions{Classical: true, Iterations: 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range want.Models {
		if name := study.FigureName(m.Name); m.JS == nil || row["js_"+name] != *m.JS || row["parameters_"+name] != float64(m.Parameters) {
			t.Errorf("%s: %v and %v parameters, want %v and %d", name, row["js_"+name], row["parameters_"+name], m.JS, m.Parameters)
		}
	}
	for _, k := range []struct {
		settings map[string]any
		want     string
	}{
		{map[string]any{"neurons": 99}, "neurons 99: "},
		{map[string]any{"timesteps": 0}, "setting timesteps is 0"},
		{map[string]any{"neurons": 2, "timesteps": 999}, "timesteps: a window of 999"},
		{map[string]any{"repeat-bins": "many"}, "setting repeat-bins is many"},
	} {
		_, err := study.Baseline(t.Context(), study.Task{Kind: "baseline", Settings: k.settings}, "")
		if err == nil || !strings.Contains(err.Error(), k.want) {
			t.Errorf("%v: %v, want … %s …", k.settings, err, k.want)
		}
	}
}

// A training that fails is the task's failure, with its own words.
func TestLabFails(t *testing.T) {
	own := errors.New("no such device")
	lab := &study.Lab{Train: func(context.Context, string, map[string]any) (*assess.Result, error) { return nil, own }}
	for _, task := range []study.Task{
		{Kind: "train"}, {Kind: "device", Settings: map[string]any{"samples": 5}},
		{Kind: "transfer", Settings: map[string]any{"train-device": "a", "run-device": "b"}},
	} {
		if _, err := lab.Works()[task.Kind](t.Context(), task, t.TempDir()); !errors.Is(err, own) {
			t.Errorf("%s: %v", task.Kind, err)
		}
	}
}

// A lab of its own trains on the ideal simulator, goes on with a run that is there, and
// says what it does not know.
func TestLabOfItsOwn(t *testing.T) {
	lab, dir := &study.Lab{}, t.TempDir()
	task := study.Task{Kind: "train", Settings: map[string]any{"neurons": 2, "layers": 2, "iterations": 3, "seed": int64(4), "train-repeats": "odd", "k-loss": "abs"}}
	row, err := lab.Works()["train"](t.Context(), task, dir)
	if err != nil {
		t.Fatal(err)
	}
	run, err := runs.Open(nil, dir+"/run")
	if err != nil {
		t.Fatal(err)
	}
	if c := run.Manifest.Config; c.Neurons != 2 || c.Layers != 2 || c.Seed != 4 || c.K != 0.1 || run.Manifest.Data.Repeats != "odd" {
		t.Errorf("trained with %+v on %+v", c, run.Manifest.Data)
	}
	again, err := lab.Works()["train"](t.Context(), task, dir)
	if err != nil || !maps.Equal(row, again) {
		t.Errorf("going on with the run: %v, %v, want %v", again, err, row)
	}
	shots, err := lab.Works()["train"](t.Context(), study.Task{Kind: "train", Settings: map[string]any{"neurons": 2, "layers": 2, "iterations": 2, "gradient": "parameter-shift", "shots": 10}}, t.TempDir())
	if err != nil || shots["total_shots"] == 0 {
		t.Errorf("from shots: %v, %v", shots, err)
	}
	for _, k := range []struct {
		task study.Task
		want string
	}{
		{study.Task{Kind: "train", Settings: map[string]any{"neurons": 2, "layer": 2}}, "layer"},
		{study.Task{Kind: "train", Settings: map[string]any{"neurons": 2, "backend": "noisy"}}, "backend noisy needs device or noise-model"},
		{study.Task{Kind: "transfer", Settings: map[string]any{"neurons": 2, "iterations": 1, "shots": 5, "train-device": "ideal", "run-device": "b"}}, "device b: there is no such file"},
	} {
		if _, err := lab.Works()[k.task.Kind](t.Context(), k.task, t.TempDir()); err == nil || !strings.Contains(err.Error(), k.want) {
			t.Errorf("%v: %v, want … %s …", k.task.Settings, err, k.want)
		}
	}
}

// Files that a task puts beside what it draws are no settings of its training, and each
// has a figure.
func TestLabCompares(t *testing.T) {
	var trained trainer
	lab := &study.Lab{Train: trained.train}
	dir := t.TempDir()
	var files []string
	for _, name := range []string{"one-model.npy", "other.npy"} {
		r := spikes.NewRaster(4, 50, 2, 0.02)
		for bin := range 50 {
			r.Set(1, bin, 0, len(files) == 0 || bin%3 == 0)
		}
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(spikes.Write(f, r, spikes.NPY, spikes.Meta{}), f.Close()); err != nil {
			t.Fatal(err)
		}
		files = append(files, f.Name())
	}
	task := study.Task{Kind: "train", Settings: map[string]any{"layers": 2, "evaluate.samples": 200, "evaluate.compare": strings.Join(files, ",")}}
	row, err := lab.Works()["train"](t.Context(), task, dir)
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(trained.settings, map[string]any{"layers": 2}) {
		t.Errorf("trained with %v", trained.settings)
	}
	for _, name := range []string{"compared_one_model", "compared_other", "compared_one_model_covariance_error"} {
		if row[name] == 0 {
			t.Errorf("no figure %s among %v", name, slices.Sorted(maps.Keys(row)))
		}
	}
	if row["compared_one_model"] == row["compared_other"] || row["drawn_js_nats"] == row["js_nats"] {
		t.Errorf("one file's distance is the other's, or the drawn one the exact one: %v", row)
	}
}

// Without settings of its own a task of simple models is of windows of one bin.
func TestBaselineDefaults(t *testing.T) {
	row, err := study.Baseline(t.Context(), study.Task{Kind: "baseline", Settings: map[string]any{"neurons": 2, "iterations": 1}}, "")
	if err != nil {
		t.Fatal(err)
	}
	if row["parameters_ising"] != 3 || row["js_ising"] == 0 {
		t.Errorf("figures %v", row)
	}
}
