package lab_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"qgan/backends"
	"qgan/metrics"
	"qgan/training"
	"qgan/training/lab"
	"qgan/training/runs"
)

// begin prepares a training and makes its directory.
func begin(t *testing.T, l *lab.Lab, s lab.Settings) *lab.Training {
	t.Helper()
	job, err := l.New(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(job.Close)
	if err := job.Begin(filepath.Join(t.TempDir(), "run")); err != nil {
		t.Fatal(err)
	}
	return job
}

// Settings reach the recording, the configuration and the manifest, and what is not given
// follows.
func TestNew(t *testing.T) {
	device := pairDevice(t)
	for _, k := range []struct {
		name     string
		settings lab.Settings
		neurons  int
		repeats  string
		config   map[string]string // by setting
		on       *runs.Processor   // but for its snapshot
	}{
		{"nothing", lab.Settings{}, 8, "", map[string]string{"layers": "9", "iterations": "3000", "gradient": "adjoint"}, nil},
		{"longer windows", lab.Settings{"timesteps": "2"}, 4, "", map[string]string{"memory": "leaky"}, nil},
		{"chosen", lab.Settings{"neurons": "0,2", "train-repeats": "odd", "preset": "paper", "seed": "7"}, 2, "odd", map[string]string{"layers": "4", "seed": "7"}, nil},
		{"shots", lab.Settings{"neurons": "2", "gradient": "spsa", "shots": "30"}, 2, "", map[string]string{"gradient": "spsa", "shots": "30"}, nil},
		{"noise", lab.Settings{"neurons": "2", "backend": "noisy", "device": device}, 2, "", map[string]string{"gradient": "parameter-shift", "shots": "1000"},
			&runs.Processor{Device: device, ReadoutError: "asymmetric"}},
		{"all of it", lab.Settings{"neurons": "2", "backend": "noisy", "device": device, "device-noise": "gates=2,readout=0.5", "readout-error": "symmetric", "mitigate": "m3", "m3-distance": "2", "calibration-shots": "500"},
			2, "", map[string]string{"mitigate": "m3"},
			&runs.Processor{Device: device, ReadoutError: "symmetric", DeviceNoise: "gates=2,readout=0.5", CalibrationShots: 500, M3Distance: 2}},
	} {
		t.Run(k.name, func(t *testing.T) {
			job := begin(t, new(lab.Lab), k.settings)
			run, err := runs.Open(nil, job.Run.Path)
			if err != nil {
				t.Fatal(err)
			}
			m := run.Manifest
			if m.Config.Neurons != k.neurons || m.Data.Repeats != k.repeats || m.Config != job.Config {
				t.Errorf("%d neurons, repeats %q; %+v", m.Config.Neurons, m.Data.Repeats, m.Config)
			}
			for name, want := range k.config {
				s, _ := training.SettingNamed(name)
				if got := s.Text(m.Config); got != want {
					t.Errorf("%s is %s, want %s", name, got, want)
				}
			}
			if m.Processor != nil {
				if len(m.Processor.Snapshot) != 64 {
					t.Errorf("the snapshot's hash is %q", m.Processor.Snapshot)
				}
				m.Processor.Snapshot = ""
			}
			if diff := cmp.Diff(k.on, m.Processor); diff != "" {
				t.Errorf("processor (-want +got):\n%s", diff)
			}
		})
	}
}

// What can't be is refused before anything is written, by the setting's name.
func TestRefused(t *testing.T) {
	device := pairDevice(t)
	noisy := func(pairs ...string) lab.Settings {
		s := lab.Settings{"neurons": "2", "backend": "noisy", "device": device}
		for i := 0; i < len(pairs); i += 2 {
			s[pairs[i]] = pairs[i+1]
		}
		return s
	}
	for want, s := range map[string]lab.Settings{
		"layer 2: there is no such setting":                                         {"layer": "2"},
		"neurons 99: ":                                                              {"neurons": "99"},
		"timesteps 0: at least 1 is needed":                                         {"timesteps": "0"},
		"bin-width wide: it is a time in seconds":                                   {"bin-width": "wide"},
		"sampling-rate high: it is a number of samples a second":                    {"sampling-rate": "high"},
		"max-gap wide: it is a time in seconds":                                     {"max-gap": "wide"},
		"layers 0: it is a whole number of at least 1":                              {"neurons": "2", "layers": "0"},
		"ibm-dd is for jobs at a service; backend ideal runs on this machine":       {"neurons": "2", "ibm-dd": "XX"},
		"iqm-timeslot is for jobs at a service; backend noisy runs on this machine": {"neurons": "2", "backend": "noisy", "iqm-timeslot": "true"},
		"tag is for jobs at a service":                                              {"neurons": "2", "tag": "paper"},
		"resubmit-unknown is for jobs at a service":                                 {"neurons": "2", "resubmit-unknown": "true"},
		"noise-model needs backend noisy":                                           {"neurons": "2", "noise-model": "a.toml"},
		"device needs backend noisy":                                                {"neurons": "2", "device": device},
		"backend noisy needs device or noise-model":                                 {"neurons": "2", "backend": "noisy"},
		"device and noise-model: give one of them":                                  noisy("noise-model", "a.toml"),
		"device nowhere.json: there is no such file":                                noisy("device", "nowhere.json"),
		"mitigate half: it can be none, full, tensored, m3 or twirl":                noisy("mitigate", "half"),
		"calibration-shots needs mitigate":                                          noisy("calibration-shots", "5"),
		"m3-distance needs mitigate m3":                                             noisy("mitigate", "full", "m3-distance", "2"),
		"calibration-shots -1: it can be 0 to 100000000":                            noisy("mitigate", "full", "calibration-shots", "-1"),
		"m3-distance 65: it can be 0 to 64, or -1 for any":                          noisy("mitigate", "m3", "m3-distance", "65"),
		"device-noise gates: it is a list of gates=X":                               noisy("device-noise", "gates"),
		"device-noise gates=1,gates=2: it is a list":                                noisy("device-noise", "gates=1,gates=2"),
		"noise model nowhere.toml: there is no such file":                           {"neurons": "2", "backend": "noisy", "noise-model": "nowhere.toml"},
		"readout-error changes a device's figures":                                  {"neurons": "2", "backend": "noisy", "noise-model": "a.toml", "readout-error": "none"},
		"backend cloud: it can be ideal, noisy or SERVICE:DEVICE":                   {"neurons": "2", "backend": "cloud"},
		"backend ibm:ibm_torino: nothing here speaks to services":                   {"neurons": "2", "backend": "ibm:ibm_torino"},
		"device is for backend noisy; ibm:ibm_torino has its own":                   {"neurons": "2", "backend": "ibm:ibm_torino", "device": device},
		"gradient adjoint: noisy has no adjoint sweep; use gradient par":            noisy("gradient", "adjoint"),
	} {
		_, err := new(lab.Lab).New(t.Context(), s)
		var bad interface{ BadInput() bool }
		if err == nil || !strings.HasPrefix(err.Error(), want) || !errors.As(err, &bad) || !bad.BadInput() {
			t.Errorf("%v: %v, want %s", s, err, want)
		}
	}
}

// A training that is stopped and gone on with ends as an undisturbed one, on noise too; a
// run keeps its settings, its recording and its calibration data.
func TestResume(t *testing.T) {
	device := pairDevice(t)
	for name, s := range map[string]lab.Settings{
		"ideal":      {"neurons": "2", "iterations": "12", "train-repeats": "odd", "layers": "2"},
		"population": {"neurons": "2", "iterations": "12", "train-repeats": "odd", "stimulus": "repeat", "stimulus-trained": "true", "chain-order": "noise", "shrink": "1", "batch": "16"},
		"noise":      {"neurons": "2", "iterations": "4", "layers": "1", "backend": "noisy", "device": device, "gradient": "spsa", "shots": "20", "mitigate": "full"},
	} {
		t.Run(name, func(t *testing.T) {
			whole := begin(t, new(lab.Lab), s)
			want, err := whole.Train(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			job := begin(t, new(lab.Lab), s)
			ctx, stop := context.WithCancel(t.Context())
			if _, err := job.Train(ctx, func(r training.Row) {
				if r.Step == 2 {
					stop()
				}
			}); !errors.Is(err, context.Canceled) {
				t.Fatalf("stopped: %v", err)
			}
			again, err := new(lab.Lab).Resume(t.Context(), job.Run.Path, maps.Clone(s))
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			var steps []int
			got, err := again.Train(t.Context(), func(r training.Row) { steps = append(steps, r.Step) })
			if err != nil {
				t.Fatal(err)
			}
			if steps[0] != 3 || !slices.Equal(whole.Trainer.State.Params, again.Trainer.State.Params) || *got.JS != *want.JS {
				t.Errorf("steps %v; JS %g, want %g", steps, *got.JS, *want.JS)
			}
			if _, err := os.Stat(filepath.Join(job.Run.Path, "report", "index.html")); err != nil {
				t.Error(err)
			}
		})
	}
	job := begin(t, new(lab.Lab), lab.Settings{"neurons": "2", "iterations": "3", "k-loss": "square", "k": "0.5", "backend": "noisy", "device": device, "gradient": "spsa"})
	dir := job.Run.Path
	resume := func(s lab.Settings) error {
		again, err := new(lab.Lab).Resume(t.Context(), dir, s)
		if err == nil {
			again.Close()
		}
		return err
	}
	for _, same := range []lab.Settings{nil, {"k-loss": "square"}, {"neurons": "2"}, {"neurons": "0,1", "iterations": "3"}, {"timesteps": "1", "preset": "deep"}} {
		if err := resume(same); err != nil {
			t.Errorf("%v: %v", same, err)
		}
	}
	for _, other := range []lab.Settings{{"neurons": "3"}, {"iterations": "4"}, {"k": "0.2"}, {"timesteps": "2"}, {"preset": "paper"}, {"seed": "1"}} {
		if err := resume(other); err == nil || !strings.Contains(err.Error(), "a run keeps its settings") {
			t.Errorf("%v: %v", other, err)
		}
	}
	raw, err := os.ReadFile(device)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(device, []byte(strings.Replace(string(raw), "0.", "0.0", 1)), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := resume(nil); err == nil || !strings.Contains(err.Error(), "the calibration data of ") {
		t.Errorf("other calibration data: %v", err)
	}
}

// A run goes on with its own recording: one that has changed is told, and may be given
// from another place.
func TestResumeRecording(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	text := strings.Repeat("0,1\n1,0\n0,0\n1,1\n0,0\n", 20)
	first := write("first.csv", text)
	job := begin(t, new(lab.Lab), lab.Settings{"data": first, "neurons": "2", "repeat-bins": "10", "iterations": "2", "train-repeats": "even"})
	if job.Recording.Train.Bins != 10 || job.Recording.Train.Neurons != 2 {
		t.Fatalf("%d bins of %d neurons", job.Recording.Train.Bins, job.Recording.Train.Neurons)
	}
	moved := write("moved.csv", text)
	write("first.csv", text+"1,1\n")
	l := new(lab.Lab)
	var changed *runs.Error
	if _, err := l.Resume(t.Context(), job.Run.Path, nil); !errors.As(err, &changed) || !strings.Contains(err.Error(), "has changed") {
		t.Errorf("a changed recording: %v", err)
	}
	again, err := l.Resume(t.Context(), job.Run.Path, lab.Settings{"data": moved, "repeat-bins": "10"})
	if err != nil {
		t.Fatal(err)
	}
	if again.Recording.Train.Source.Repeats != "even" {
		t.Errorf("trained on %q", again.Recording.Train.Source.Repeats)
	}
}

// A free directory is named after what it would hold.
func TestFreeDir(t *testing.T) {
	parent := t.TempDir()
	job, err := new(lab.Lab).New(t.Context(), lab.Settings{"neurons": "2", "seed": "5"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"built-in-n2-t1-deep-seed5", "built-in-n2-t1-deep-seed5-2", "built-in-n2-t1-deep-seed5-3"} {
		dir := job.FreeDir(parent)
		if filepath.Base(dir) != want || filepath.Dir(dir) != parent {
			t.Errorf("%s, want %s", dir, want)
		}
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
}

// A processor draws words with its correction, and its noise is known with and without
// readout errors.
func TestProcessor(t *testing.T) {
	p, err := new(lab.Lab).Processor(t.Context(), lab.Where{Settings: lab.Settings{"backend": "noisy", "device": pairDevice(t), "mitigate": "twirl"}, Shots: 77, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if c := p.Correction; c.Method != backends.MitigateTwirl || c.Shots != 77 || c.Seed != 3 || p.Words().Mitigation != backends.MitigateTwirl || p.Target == nil || p.Remote != nil {
		t.Errorf("%+v", p)
	}
	if a := p.Assessed(); a.Name != p.Name || a.Snapshot != p.Snapshot || a.Mitigation != backends.MitigateTwirl {
		t.Errorf("%+v", a)
	}
	n := p.Noise(3, 9)
	if n.Latents != 3 || n.PerLatent != 9 || n.Laws == nil || n.WithoutReadout == nil {
		t.Errorf("%+v", n)
	}
	if ideal, err := new(lab.Lab).Processor(t.Context(), lab.Where{}); ideal != nil || err != nil {
		t.Errorf("the ideal simulator is %v, %v", ideal, err)
	}
}

// LikeRun takes the recording of a run, and what is given before it.
func TestLikeRun(t *testing.T) {
	m := runs.Manifest{}
	m.Data.File, m.Data.Variable, m.Data.RepeatBins, m.Data.BinWidth, m.Data.Repeats = "a.mat", "bint", 953, 0.02, "odd"
	for _, k := range []struct{ given, want lab.Settings }{
		{nil, lab.Settings{"data": "a.mat", "var": "bint", "axes": "", "repeat-bins": "953", "bin-width": "0.02", "train-repeats": "odd"}},
		{lab.Settings{"var": "other", "train-repeats": "even", "layers": "3"}, lab.Settings{"data": "a.mat", "var": "other", "axes": "", "repeat-bins": "953", "bin-width": "0.02", "train-repeats": "even"}},
		{lab.Settings{"data": "b.npz"}, lab.Settings{"data": "b.npz", "train-repeats": "odd"}},
	} {
		if diff := cmp.Diff(k.want, k.given.LikeRun(m)); diff != "" {
			t.Errorf("%v: %s", k.given, diff)
		}
	}
	m.Data.SamplingRate, m.Data.Trials, m.Data.MaxGap = 30000, "epochs", 0.5
	got := lab.Settings(nil).LikeRun(m)
	for name, want := range map[string]string{"sampling-rate": "30000", "trials": "epochs", "max-gap": "0.5"} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	var all *metrics.Recording
	if all, _ = (lab.Settings{}).Recording(metrics.RecordingOptions{AtMost: 3}); all == nil || all.Train.Neurons != 3 {
		t.Errorf("%v", all)
	}
}
