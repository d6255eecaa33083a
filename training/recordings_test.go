package training_test

import (
	"testing"

	"qgan/backends/sim"
	"qgan/metrics"
	"qgan/metrics/spikes"
	"qgan/training"
	"qgan/training/internal/traintest"
)

// Trained as it is by default on half of the repeats, a generator of several bins is no
// further from the other half than an Ising model of the same repeats, whatever ties the
// bins together: a stimulus, or bursts.
func TestDefaultBesideIsing(t *testing.T) {
	for name, r := range map[string]*spikes.Raster{
		"rate-modulated": traintest.Modulated(1, 80, 250, 3),
		"bursty":         traintest.Bursty(1, 80, 250, 3),
	} {
		t.Run(name, func(t *testing.T) {
			rec, err := metrics.NewRecording(r, "odd")
			if err != nil {
				t.Fatal(err)
			}
			c, err := training.Resolve("deep", 3, 3, map[string]string{"iterations": "600"})
			if err != nil {
				t.Fatal(err)
			}
			trained, err := training.Train(t.Context(), rec, c, training.Options{On: &sim.Simulator{}})
			if err != nil {
				t.Fatal(err)
			}
			train, held := law(t, rec, metrics.Trained), law(t, rec, metrics.HeldOut)
			e, err := trained.Model.EstimateLaw(t.Context(), trained.Params, held, 1, 0)
			if err != nil {
				t.Fatal(err)
			}
			js := map[string]float64{}
			for _, model := range []string{"independent", "ising"} {
				m, err := metrics.Fit(model, train)
				if err != nil {
					t.Fatal(err)
				}
				js[model] = held.JSSeen(metrics.ProbSeen(m, held))
			}
			t.Logf("held out %.3g, Ising %.3g, independent cells %.3g", e.JSNats, js["ising"], js["independent"])
			if e.JSNats > 1.1*js["ising"] || e.JSNats > js["independent"] {
				t.Errorf("the generator is at %.4g nats of the repeats held out, an Ising model at %.4g, independent cells at %.4g", e.JSNats, js["ising"], js["independent"])
			}
		})
	}
}

// law is that of windows of three bins.
func law(t *testing.T, rec *metrics.Recording, p metrics.Part) *metrics.States {
	t.Helper()
	s, err := rec.Law(p, 3)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
