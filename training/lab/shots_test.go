package lab_test

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"qgan/backends"
	"qgan/internal/stream"
	"qgan/ir"
	"qgan/metrics"
	"qgan/training"
	"qgan/training/assess"
	"qgan/training/lab"
	"qgan/training/shots"
)

// pairDevice writes the calibration data of the script processor.txtar to a file.
func pairDevice(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("../../cmd/qgan/testdata/script/processor.txtar")
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(raw), "-- props_pair.json --\n")
	if !ok {
		t.Fatal("processor.txtar holds no props_pair.json")
	}
	path := filepath.Join(t.TempDir(), "props_pair.json")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// The parameter-shift rule holds for the noisy law of the compiled circuit: what shots
// give is, within its own error, the derivative of that exact law; and with mitigation
// that of the law without readout errors.
func TestGradientOnNoiseAfterCompilation(t *testing.T) {
	count := 400_000
	if testing.Short() {
		count = 40_000
	}
	for _, mitigate := range []string{"none", "full"} {
		on, err := new(lab.Lab).Processor(t.Context(), lab.Where{Settings: lab.Settings{"backend": "noisy", "device": pairDevice(t), "mitigate": mitigate}, Shots: count, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		e := &shots.Estimator{Runner: on.Sampled, Gradient: training.GradientShift, Shots: count, Mitigation: on.Correction.Method, Seed: 3}
		ansatz := ir.Ansatz{Neurons: 2, Layers: 2, FinalChain: true, Latent: ir.LatentScale{Value: 1, Trained: true}}
		c := ansatz.Circuit()
		rng := stream.New(9, "angles")
		theta, z := make([]float64, len(c.Trained)), [][]float64{{0.7, -1.1}}
		for i := range theta {
			theta[i] = rng.NormFloat64()
		}
		f := []float64{0.3, -1.2, 0.8, 2}
		d, err := e.Differentiate(c, backends.Probabilities)
		if err != nil {
			t.Fatal(err)
		}
		b := backends.Bindings{Trained: [][]float64{theta}, Data: z}
		if err := d.Forward(t.Context(), b, make([]float64, 4)); err != nil {
			t.Fatal(err)
		}
		grad := make([]float64, len(theta))
		if err := d.Backward(t.Context(), f, grad, nil); err != nil {
			t.Fatal(err)
		}
		model := on.Model
		if mitigate != "none" {
			model = model.WithoutReadout()
		}
		exact, err := on.Laws(model).Evaluator(c, backends.Probabilities)
		if err != nil {
			t.Fatal(err)
		}
		mean := func() float64 {
			law := make([]float64, 4)
			if err := exact.Values(t.Context(), b, law); err != nil {
				t.Fatal(err)
			}
			sum := 0.0
			for x, p := range law {
				sum += p * f[x]
			}
			return sum
		}
		moved := 0
		for i := range theta {
			const h = 1e-3
			at := theta[i]
			theta[i] = at + h
			up := mean()
			theta[i] = at - h
			want := (up - mean()) / (2 * h)
			theta[i] = at
			se := math.Sqrt(e.Last().ShotVariance[i])
			if math.Abs(grad[i]-want) > 4.5*se+1e-5 {
				t.Errorf("mitigation %s: derivative by %s is %v ± %v, that of the exact law %v", mitigate, c.Trained[i], grad[i], se, want)
			}
			if math.Abs(want) > 20*se {
				moved++
			}
		}
		if moved < len(theta)/3 {
			t.Errorf("mitigation %s: only %d of %d derivatives are larger than their error", mitigate, moved, len(theta))
		}
	}
}

// From 100 shots a circuit the generator ends nearer to the recording than neurons that
// fire independently of each other do. The bound is that model's distance, and what is
// judged the trained circuit's exact law.
func TestLearnsFromShots(t *testing.T) {
	rec, err := metrics.ReadRecording("", metrics.RecordingOptions{Neurons: "4"})
	if err != nil {
		t.Fatal(err)
	}
	base, err := assess.MeasureBaselines(t.Context(), rec, 1, assess.BaselineOptions{})
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(base.Models, func(m metrics.BaselineResult) bool { return m.Name == "independent" })
	if at < 0 {
		t.Fatal("no independent model")
	}
	job, err := new(lab.Lab).New(t.Context(), lab.Settings{"neurons": "4", "gradient": "parameter-shift", "shots": "100", "generator-lr": "0.005", "seed": "0"})
	if err != nil {
		t.Fatal(err)
	}
	defer job.Close()
	if err := job.Begin(filepath.Join(t.TempDir(), "run")); err != nil {
		t.Fatal(err)
	}
	res, err := job.Train(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.JS == nil {
		t.Fatal("the result has no JS")
	}
	if !(*res.JS < *base.Models[at].JS) {
		t.Errorf("JS %g from %d shots, want less than the independent model's %g", *res.JS, res.Shots, *base.Models[at].JS)
	}
}
