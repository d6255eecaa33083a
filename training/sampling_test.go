package training

import (
	"context"
	"math"
	"slices"
	"testing"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/internal/stream"
	"qgan/ir"
	"qgan/metrics"
)

// simulated measures circuits on the ideal simulator and keeps what it was asked for.
type simulated struct {
	lanes, shots []int // of each call
}

func (s *simulated) Words(ctx context.Context, c *ir.Circuit, b backends.Bindings, shots []int, seed uint64) ([][]uint64, error) {
	res, err := new(sim.Simulator).Run(ctx, []backends.Request{{Circuit: c, Bindings: b, Shots: shots, Seed: seed, KeepOrder: true}})
	if err != nil {
		return nil, err
	}
	s.lanes = append(s.lanes, b.Len())
	var out [][]uint64
	all := 0
	for _, o := range res[0].Outcomes {
		out = append(out, o.Words)
		all += o.Shots
	}
	s.shots = append(s.shots, all)
	return out, nil
}

// Windows drawn by shots have the generator's law: chi-square of 20,000 against the
// exact law over all windows, for generators of every kind.
func TestDrawShotsHasTheLaw(t *testing.T) {
	configs := map[string]func(*Config){
		"latent bits": func(c *Config) { c.Latent, c.LatentScale = "bit", 1 },
		"no latent":   func(c *Config) { c.LatentScale, c.LatentTrained = 0, false },
	}
	for _, readout := range []Readout{Prob, Threshold} {
		configs["readout "+string(readout)] = func(c *Config) {
			c.Latent, c.LatentScale, c.Readout, c.Expectation = "bit", 1, readout, Batch
		}
	}
	for name, f := range memoryRuns {
		if name != "leaky runs on" { // its law is no sum
			configs[name] = f
		}
	}
	for name, set := range configs {
		t.Run(name, func(t *testing.T) {
			c := testConfig(t, 2, 2)
			set(&c)
			c.Layers = 2
			m, err := NewModel(c, &sim.Simulator{})
			if err != nil {
				t.Fatal(err)
			}
			params := make([]float64, m.Parameters())
			rng := stream.New(7, "params")
			for i := range params {
				params[i] = rng.NormFloat64()
			}
			const samples = 20000
			r, err := m.DrawShots(t.Context(), params, &simulated{}, Sampling{Samples: samples, Bins: 2, PerLatent: 100, Seed: 3})
			if err != nil {
				t.Fatal(err)
			}
			w, err := r.Windows(2)
			if err != nil {
				t.Fatal(err)
			}
			s, err := metrics.CountStates(w)
			if err != nil {
				t.Fatal(err)
			}
			e, err := m.EstimateLaw(t.Context(), params, s, 1, 0)
			if err != nil {
				t.Fatal(err)
			}
			counts := make([]float64, s.Len())
			for i := range counts {
				counts[i] = float64(s.Counts[i])
			}
			chi, seen := 0.0, 0.0
			for i, p := range e.Seen {
				if d := counts[i] - samples*p; p > 0 {
					chi += d * d / (samples * p)
				} else if counts[i] > 0 {
					t.Fatalf("window %v was drawn and has probability 0", s.Window(i))
				}
				seen += p
			}
			chi += samples * max(0, 1-seen) // windows that were not drawn
			// 15 degrees of freedom: above 37.7 once in a thousand.
			if chi > 37.7 {
				t.Errorf("chi-square %.1f over %d windows", chi, s.Len())
			}
		})
	}
}

// Samples that run on share the circuits of their histories, and the same seed gives
// the same samples.
func TestDrawShotsRunsOn(t *testing.T) {
	c := memoryConfig(t, "leaky runs on", 2, 3)
	g, params := testRecurrent(t, c)
	on := &simulated{}
	plan := Sampling{Samples: 50, Bins: 4, Seed: 5}
	a, err := g.DrawShots(t.Context(), params, on, plan)
	if err != nil {
		t.Fatal(err)
	}
	if len(on.lanes) != BurnIn+4 || on.lanes[0] != 1 || on.lanes[1] > 4 || slices.Max(on.lanes) > 50 {
		t.Errorf("circuits of the bins: %v", on.lanes)
	}
	if slices.Min(on.shots) != 50 || slices.Max(on.shots) != 50 {
		t.Errorf("shots of the bins: %v", on.shots)
	}
	b, err := g.DrawShots(t.Context(), params, on, plan)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		for k := range 4 {
			if a.Word(i, k) != b.Word(i, k) {
				t.Fatalf("sample %d differs in bin %d", i, k)
			}
		}
	}
	// The rate is that of samples drawn from laws.
	exact, err := g.Draw(t.Context(), params, 4000, 4, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	many, err := g.DrawShots(t.Context(), params, on, Sampling{Samples: 4000, Bins: 4, Seed: 6})
	if err != nil {
		t.Fatal(err)
	}
	mean := func(r interface{ Active(int, int) int }) float64 {
		sum := 0
		for i := range 4000 {
			sum += r.Active(i, 3)
		}
		return float64(sum) / 4000
	}
	// A count of 0 to 2 has a deviation of 1 at most: 5 standard errors of the difference.
	if d := math.Abs(mean(exact) - mean(many)); d > 5*math.Sqrt(2.0/4000) {
		t.Errorf("mean counts differ by %.3f", d)
	}
}

// Latent vectors are as many as the samples that share one ask for.
func TestDrawShotsSharesLatents(t *testing.T) {
	c := testConfig(t, 2, 3)
	c.LatentScale, c.LatentTrained = 1, false
	m, err := NewModel(c, &sim.Simulator{})
	if err != nil {
		t.Fatal(err)
	}
	on := &simulated{}
	r, err := m.DrawShots(t.Context(), make([]float64, m.Parameters()), on, Sampling{Samples: 103, Bins: 3, PerLatent: 10})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(on.lanes, []int{33}) || !slices.Equal(on.shots, []int{309}) || r.Repeats != 103 {
		t.Errorf("%v circuits, %v shots, %d samples", on.lanes, on.shots, r.Repeats)
	}
	if _, err := m.DrawShots(t.Context(), make([]float64, m.Parameters()), on, Sampling{Samples: 1, Bins: 4, PerLatent: 1}); err == nil {
		t.Error("windows longer than the generator's were drawn")
	}
}
