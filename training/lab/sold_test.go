package lab_test

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"qgan/backends"
	"qgan/backends/exec"
	"qgan/backends/ledger"
	"qgan/backends/remote"
	"qgan/backends/service"
	"qgan/calibration"
	"qgan/internal/durable"
	"qgan/ir"
	"qgan/training"
	"qgan/training/lab"
	"qgan/training/runs"
)

// jobless is the part of a service that is not asked.
type jobless = service.Service

// market is a service that sells a device by its calibration data, a dollar a circuit, and
// takes no job.
type market struct {
	jobless
	calibration string // file
}

func (m *market) Service() string  { return "ibm" }
func (m *market) Device() string   { return "pair" }
func (m *market) Endpoint() string { return "" }
func (m *market) Local() bool      { return false }

func (m *market) Snapshot(context.Context) (*calibration.Snapshot, error) {
	data, err := os.ReadFile(m.calibration)
	if err != nil {
		return nil, err
	}
	return calibration.Read(calibration.File{Name: m.calibration, Data: data})
}

func (m *market) Limits(context.Context) (service.Limits, error) {
	return service.Limits{Programs: 3}, nil
}

func (m *market) Price(_ context.Context, p []service.Program) (service.Price, bool) {
	return service.Price{USD: float64(len(p))}, true
}

func (m *market) Body(context.Context, []service.Program, string) ([]byte, error) {
	return []byte("{}"), nil
}

// shop is a lab that buys there, and the senders that it has opened.
func shop(t *testing.T, m *market, limit *float64) (*lab.Lab, *[]*remote.Remote) {
	t.Helper()
	dir := t.TempDir()
	var opened []*remote.Remote
	return &lab.Lab{Sender: func(context.Context, string, lab.Settings) (*remote.Remote, error) {
		l, err := ledger.Open(durable.OS{}, dir, time.Now)
		if err != nil {
			return nil, err
		}
		opened = append(opened, &remote.Remote{Service: m, Ledger: l, Limits: ledger.Limits{PerCommand: limit}})
		return opened[len(opened)-1], nil
	}}, &opened
}

// A training at a service sends its circuits there, marked with the calibration data that
// they were compiled by; its forecast is of all steps, and is held against the limit; and it
// goes on with the calibration data that it was begun with.
func TestSold(t *testing.T) {
	m := &market{calibration: pairDevice(t)}
	limit := 0.0
	l, opened := shop(t, m, &limit)
	settings := lab.Settings{"neurons": "2", "layers": "1", "backend": "ibm:pair", "gradient": "spsa", "shots": "20", "iterations": "7"}
	job, err := l.New(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	defer job.Close()
	sender := (*opened)[0]
	if on := job.On; !job.Remote() || on.Remote != sender || sender.Snapshot == "" || sender.Snapshot != on.Snapshot || on.Calibration == nil {
		t.Errorf("%+v", on)
	}
	if m, ok := job.On.Sampled.Runner.(*exec.Mitigated); !ok || m.Runner != backends.Runner(sender) {
		t.Errorf("circuits run on %T", job.On.Sampled.Runner)
	}
	f, err := job.Forecast(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	one := *f
	if f.Steps != 7 || f.StepJobs < 1 || f.Circuits < 7 || f.Circuits%7 != 0 || f.USD != float64(f.Circuits) || f.Jobs != 7*f.StepJobs || f.Shots != 20*f.Circuits {
		t.Errorf("%+v", one)
	}
	for _, k := range []struct {
		limit float64
		ok    bool
	}{{f.USD, true}, {f.USD - 0.01, false}} {
		limit = k.limit
		got, err := job.Afford(t.Context())
		if (err == nil) != k.ok || err != nil && !errors.Is(err, ledger.ErrLimit) || got == nil || *got != *f {
			t.Errorf("$%v of $%v: %+v, %v", f.USD, k.limit, got, err)
		}
	}
	if err := job.Begin(filepath.Join(t.TempDir(), "run")); err != nil {
		t.Fatal(err)
	}
	// The device is calibrated anew.
	raw, err := os.ReadFile(m.calibration)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(m.calibration, []byte(strings.Replace(string(raw), "0.", "0.0", 1)), 0o666); err != nil {
		t.Fatal(err)
	}
	again, err := l.Resume(t.Context(), job.Run.Path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if again.On.Snapshot != job.On.Snapshot || (*opened)[1].Snapshot != job.On.Snapshot {
		t.Errorf("gone on with %s, begun with %s", again.On.Snapshot, job.On.Snapshot)
	}
	// A twin has the same; once its name is forgotten, since no job was planned, data of now.
	twin, err := l.New(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	defer twin.Close()
	if twin.On.Snapshot != job.On.Snapshot {
		t.Error("the same training at the same time has other calibration data")
	}
	if err := os.RemoveAll(filepath.Join(job.On.Remote.Ledger.Dir(), "works")); err != nil {
		t.Fatal(err)
	}
	fresh, err := l.New(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close()
	if fresh.On.Snapshot == job.On.Snapshot {
		t.Error("a new training has old calibration data")
	}
	if err := os.Remove(filepath.Join(job.Run.Path, "calibration.json")); err != nil {
		t.Fatal(err)
	}
	var changed *runs.Error
	if _, err := l.Resume(t.Context(), job.Run.Path, nil); !errors.As(err, &changed) {
		t.Errorf("without what was kept: %v", err)
	}
}

// A result tells the seconds of its own training, and the manifest what it trained on.
func TestWhatIsTold(t *testing.T) {
	clock := time.Unix(1_800_000_000, 0)
	job := begin(t, &lab.Lab{Now: func() time.Time { return clock }}, lab.Settings{"neurons": "2", "layers": "1", "iterations": "3"})
	if r, shape := job.Recording.Train, job.Run.Manifest.Data.Shape; shape != [3]int{r.Repeats, r.Bins, r.Neurons} || r.Repeats == r.Bins {
		t.Errorf("shape %v", shape)
	}
	res, err := job.Train(t.Context(), func(training.Row) { clock = clock.Add(100 * time.Second) })
	if err != nil || res.Seconds != 300 || res.Iterations != 3 {
		t.Errorf("%+v, %v", res, err)
	}
	// One that has ended is judged again and its result stays as it was written.
	path := filepath.Join(job.Run.Path, "result.json")
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("kept"), 0o666); err != nil {
		t.Fatal(err)
	}
	again, err := job.Train(t.Context(), nil)
	if raw, e := os.ReadFile(path); err != nil || e != nil || string(raw) != "kept" || *again.JS != *res.JS {
		t.Errorf("%s, %v, %v", raw, err, e)
	}
}

// full is a file system where all directories but one are there.
type full struct {
	durable.OS
	free string
}

func (f full) Stat(path string) (fs.FileInfo, error) {
	if filepath.Base(path) == f.free {
		return nil, fs.ErrNotExist
	}
	return nil, nil
}

// What is free is asked of the lab's own file system.
func TestFreeDirOfAFileSystem(t *testing.T) {
	const want = "built-in-n2-t1-deep-seed0-3"
	job, err := (&lab.Lab{FS: full{free: want}}).New(t.Context(), lab.Settings{"neurons": "2", "seed": "0"})
	if err != nil {
		t.Fatal(err)
	}
	if got := job.FreeDir("nowhere"); got != filepath.Join("nowhere", want) {
		t.Errorf("%s, want %s", got, want)
	}
}

// The seed of a training is that of its calibrations, and its noise is the processor's, with
// its readout errors and without.
func TestWhatMeasures(t *testing.T) {
	job, err := new(lab.Lab).New(t.Context(), lab.Settings{"neurons": "2", "seed": "7", "backend": "noisy", "device": pairDevice(t), "mitigate": "m3", "m3-distance": "-1", "gradient": "spsa", "shots": "30"})
	if err != nil {
		t.Fatal(err)
	}
	defer job.Close()
	if c := job.On.Correction; c.Seed != 7 || c.Shots != 30 || c.Distance != -1 {
		t.Errorf("%+v", c)
	}
	if s, ok := job.On.Assessed().Shots(backends.MitigateNone).(*exec.Sampler); !ok || s.Mitigation != backends.MitigateNone {
		t.Errorf("without a correction: %+v", s)
	}
	n := job.On.Noise(1, 1)
	read := func(s backends.Solver) float64 { // how often 0 is read as 1
		e, err := s.Evaluator(ir.New(1, 0), backends.Probabilities)
		if err != nil {
			t.Fatal(err)
		}
		law := make([]float64, 2)
		if err := e.Values(t.Context(), backends.Bindings{}, law); err != nil {
			t.Fatal(err)
		}
		return law[1]
	}
	if with, without := read(n.Laws), read(n.WithoutReadout); !(with > 1e-4) || math.Abs(without) > with/10 {
		t.Errorf("0 is read as 1 with %v, and with %v where readout has no errors", with, without)
	}
	if _, err := (lab.Where{Settings: lab.Settings{"mitigate": "full"}}).Correction("ideal"); err == nil || !strings.Contains(err.Error(), "mitigate") {
		t.Errorf("readout errors are taken out of ideal readout: %v", err)
	}
}
