package lab

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"qgan/backends/exec"
	"qgan/metrics"
	"qgan/metrics/spikes"
	"qgan/training"
	"qgan/training/runs"
)

// A processor goes on as the manifest has it; what is given of the sending of jobs stands.
func TestOfManifest(t *testing.T) {
	full := runs.Manifest{
		Config: training.Config{Backend: "noisy", Mitigation: "m3"},
		Processor: &runs.Processor{
			Device: "/a/props.json", DeviceNoise: "gates=2", ReadoutError: "symmetric", CalibrationShots: 500, M3Distance: 2, Endpoint: []string{"ibm=http://a", "iqm=http://b"},
		},
	}
	sold := runs.Manifest{Config: training.Config{Backend: "ibm:x"}, Processor: &runs.Processor{Job: map[string]string{"ibm-dd": "XY4", "ibm-twirl": "measure"}}}
	model := runs.Manifest{Config: training.Config{Backend: "noisy", Mitigation: "none"}, Processor: &runs.Processor{NoiseModel: "a.toml", ReadoutError: "asymmetric", M3Distance: -1}}
	for _, k := range []struct {
		name        string
		m           runs.Manifest
		given, want Settings
	}{
		{"ideal", runs.Manifest{Config: training.Config{Backend: "ideal"}}, nil, Settings{"backend": "ideal"}},
		{"all of it", full, Settings{"layers": "3", "neurons": "2"}, Settings{
			"backend": "noisy", "mitigate": "m3", "device": "/a/props.json", "device-noise": "gates=2", "readout-error": "symmetric",
			"calibration-shots": "500", "m3-distance": "2", "endpoint": "ibm=http://a,iqm=http://b",
		}},
		{"sent elsewhere", full, Settings{"endpoint": "ibm=http://c", "max-cost": "3", "unpriced": "true", "resubmit-unknown": "true"}, Settings{
			"backend": "noisy", "mitigate": "m3", "device": "/a/props.json", "device-noise": "gates=2", "readout-error": "symmetric",
			"calibration-shots": "500", "m3-distance": "2", "endpoint": "ibm=http://c", "max-cost": "3", "unpriced": "true", "resubmit-unknown": "true",
		}},
		{"options of jobs", sold, Settings{"ibm-twirl": "gates", "max-execution-time": "9s"}, Settings{"backend": "ibm:x", "ibm-dd": "XY4", "ibm-twirl": "gates", "max-execution-time": "9s"}},
		{"a noise model", model, nil, Settings{"backend": "noisy", "noise-model": "a.toml", "m3-distance": "-1"}},
	} {
		if diff := cmp.Diff(k.want, ofManifest(k.m, k.given)); diff != "" {
			t.Errorf("%s: %s", k.name, diff)
		}
	}
}

// Whole numbers are held to their bounds, both of which can be.
func TestWhole(t *testing.T) {
	for text, want := range map[string]int{"2": 2, "3": 3, "7": 7} {
		if got, err := (Settings{"x": text}).whole("x", 2, 7, "2 to 7"); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"1", "8", "x", "", "2.5"} {
		if _, err := (Settings{"x": text}).whole("x", 2, 7, "it can be 2 to 7"); err == nil || err.Error() != "x "+text+": it can be 2 to 7" {
			t.Errorf("%q: %v", text, err)
		}
	}
	if got, err := (Settings{}).whole("x", 2, 7, ""); got != 0 || err != nil {
		t.Errorf("not given: %d, %v", got, err)
	}
	for text, want := range map[string]int{"1": 1, "5": 5} {
		if got, err := (Settings{"timesteps": text}).timesteps(); got != want || err != nil {
			t.Errorf("timesteps %s: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"0", "-1", "two"} {
		if _, err := (Settings{"timesteps": text}).timesteps(); err == nil {
			t.Errorf("timesteps %s are taken", text)
		}
	}
	if got, err := (Settings{}).timesteps(); got != 1 || err != nil {
		t.Errorf("timesteps that are not given: %d, %v", got, err)
	}
}

// The recording is read as the settings say, and as those of a run say again.
func TestRecordingOfSettings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	if err := os.WriteFile(path, []byte(strings.Repeat("0,1,0\n1,0,0\n", 20)), 0o666); err != nil {
		t.Fatal(err)
	}
	rec, err := Settings{"data": path, "repeat-bins": "8", "bin-width": "0.005", "train-repeats": "odd", "neurons": "0,2"}.Recording(metrics.RecordingOptions{AtMost: 3})
	if err != nil {
		t.Fatal(err)
	}
	r := rec.All
	if r.Repeats != 5 || r.Bins != 8 || r.Neurons != 2 || r.BinWidth != 0.005 || rec.Train.Repeats != 3 || rec.Held.Repeats != 2 {
		t.Errorf("%d repeats of %d bins of %g s, %d neurons, %d trained on", r.Repeats, r.Bins, r.BinWidth, r.Neurons, rec.Train.Repeats)
	}
	m := runs.Manifest{Data: runs.DataInfo{Source: rec.Train.Source, File: rec.File, BinWidth: r.BinWidth}}
	again, err := (Settings{}).LikeRun(m).Recording(metrics.RecordingOptions{AtMost: 3, Indices: m.Data.Neurons})
	if err != nil {
		t.Fatal(err)
	}
	if a := again.All; a.Repeats != 5 || a.Bins != 8 || a.Neurons != 2 || a.BinWidth != 0.005 || again.Train.Source.SHA256 != rec.Train.Source.SHA256 {
		t.Errorf("again: %d repeats of %d bins of %g s, %d neurons", a.Repeats, a.Bins, a.BinWidth, a.Neurons)
	}
	times := filepath.Join(t.TempDir(), "times.csv")
	if err := os.WriteFile(times, []byte("unit,time\nb,0\na,30\na,350\nb,390\nc,410\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	rec, err = Settings{"data": times, "bin-width": "0.1", "sampling-rate": "100", "trials": "none", "neurons": "2,0", "repeat-bins": "10"}.Recording(metrics.RecordingOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s := rec.All.Source
	if rec.All.Repeats != 5 || rec.All.Spikes() != 3 || s.SamplingRate != 100 || s.Trials != "none" || s.Axes != "" || len(s.Units) != 2 || s.Units[0] != "c" || s.Units[1] != "a" {
		t.Errorf("%d repeats, %d spikes of %+v", rec.All.Repeats, rec.All.Spikes(), s)
	}
	// Runs of before say axes of spike times, which have none.
	for _, axes := range []string{"", "repeats,bins,neurons"} {
		m = runs.Manifest{Data: runs.DataInfo{Source: s, File: rec.File, BinWidth: rec.All.BinWidth}}
		m.Data.Axes = axes
		again, err := (Settings{}).LikeRun(m).Recording(metrics.RecordingOptions{Indices: m.Data.Neurons})
		if err != nil {
			t.Fatal(err)
		}
		if a := again.All; a.Repeats != 5 || a.Spikes() != 3 || a.Source.SamplingRate != 100 {
			t.Errorf("again: %d repeats, %+v", a.Repeats, a.Source)
		}
	}
	if r, err := (Settings{}).Recording(metrics.RecordingOptions{AtMost: 2, Indices: []int{3, 1, 0}}); err != nil || len(r.All.Source.Neurons) != 3 || r.All.Source.Neurons[0] != 3 || r.All.Source.Path != spikes.BuiltinName && r.File != "" {
		t.Errorf("%v, %v", r, err)
	}
}

// The manifest names files by their whole paths, and devices that were fetched by their
// names.
func TestProcessorOfManifest(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("here.json", []byte("{}"), 0o666); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"here.json": filepath.Join(dir, "here.json"), "ibm_torino": "ibm_torino"} {
		job := &Training{lab: new(Lab), settings: Settings{"device": name, "endpoint": "ibm=http://a,ionq=http://b"}, On: &Processor{Processor: processorOfTest()}}
		p := job.processor()
		if filepath.Base(p.Device) != filepath.Base(want) || filepath.IsAbs(p.Device) != filepath.IsAbs(want) || len(p.Endpoint) != 2 || p.ReadoutError != "asymmetric" || p.Snapshot != "abc" || p.CalibrationShots != 7 {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if (&Training{lab: new(Lab)}).processor() != nil {
		t.Error("the ideal simulator has a processor")
	}
}

// Another commit alone is told as a warning.
func TestOtherCommit(t *testing.T) {
	begun := runs.Build{Version: "v1", Commit: "aaaa", Arch: "amd64"}
	l := &Lab{Build: begun}
	job, err := l.New(t.Context(), Settings{"neurons": "2", "iterations": "1"})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "run")
	if err := job.Begin(dir); err != nil {
		t.Fatal(err)
	}
	for name, now := range map[string]runs.Build{"": begun, "version": {Version: "v2", Commit: "aaaa", Arch: "amd64"}, "commit": {Version: "v1", Commit: "bbbb", Arch: "amd64"}, "machine": {Version: "v1", Commit: "aaaa", Arch: "arm64"}} {
		again, err := (&Lab{Build: now}).Resume(t.Context(), dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		if told := len(again.Warnings) > len(again.Recording.All.Source.Warnings); told != (name != "") {
			t.Errorf("another %q: %q", name, again.Warnings)
		}
	}
}

// processorOfTest is a processor on noise without a device.
func processorOfTest() *exec.Processor {
	return &exec.Processor{Snapshot: "abc", Correction: exec.Correction{CalibrationShots: 7}}
}
