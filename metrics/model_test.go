package metrics

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// tableOf is a model's law over all states.
func tableOf(m Model, neurons, timesteps int) []float64 {
	p := make([]float64, 1<<(neurons*timesteps))
	words := make([]uint32, timesteps)
	for x := range p {
		for k := range words {
			words[k] = uint32(x>>(neurons*(timesteps-1-k))) & (1<<neurons - 1)
		}
		p[x] = math.Exp(m.LogProb(words))
	}
	return p
}

// Every model of the table is a law: non-negative, of sum 1.
func TestModelsAreLaws(t *testing.T) {
	t.Parallel()
	for _, b := range baselines {
		t.Run(b.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				s := drawStates(t, 6)
				m, err := Fit(b.name, s)
				if err != nil {
					t.Fatal(err)
				}
				if m.Name() != b.name || m.Parameters() < 0 {
					t.Fatalf("model %q of %d parameters", m.Name(), m.Parameters())
				}
				var sum float64
				for _, p := range tableOf(m, s.Neurons, s.Timesteps) {
					if !(p >= 0) {
						t.Fatalf("probability %g", p)
					}
					sum += p
				}
				if math.Abs(sum-1) > 1e-9 {
					t.Fatalf("sum %.12g", sum)
				}
			})
		})
	}
}

// The fits keep what they are made of: rates, laws of a step, laws of a pair of
// steps.
func TestFitsKeepMarginals(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(4, 1))
	w, err := randomRaster(rng, 40, 9, 2, 0.3).Windows(3)
	if err != nil {
		t.Fatal(err)
	}
	s, err := CountStates(w)
	if err != nil {
		t.Fatal(err)
	}
	data, err := s.Table()
	if err != nil {
		t.Fatal(err)
	}
	// Marginal over the bits of mask.
	marginal := func(p []float64, mask int) []float64 {
		out := make([]float64, len(p))
		for x, v := range p {
			out[x&mask] += v
		}
		return out
	}
	check := func(m Model, masks ...int) {
		p := tableOf(m, 2, 3)
		for _, mask := range masks {
			if js := JS(marginal(data, mask), marginal(p, mask)); js > 1e-15 {
				t.Errorf("%s: marginal %06b differs by %g nats", m.Name(), mask, js)
			}
		}
	}
	check(FitIndependent(s), 1, 2, 4, 8, 16, 32)
	check(FitIndependentInTime(s), 0b110000, 0b001100, 0b000011)
	check(FitMarkov(s), 0b110000)
	if js := s.JSSeen(ProbSeen(FitMarkov(s), s)); !(js > 0 && js < 0.1) {
		t.Errorf("markov at t=3: %g", js)
	}
	if r := FitIndependent(s).Rate(1, 0); math.Abs(r-marginal(data, 1<<3)[1<<3]) > 1e-12 {
		t.Errorf("rate of neuron 0 at timestep 1: %g", r)
	}
}

// A window of one bin has no transitions, one of two bins nothing else.
func TestMarkovShortWindows(t *testing.T) {
	t.Parallel()
	for _, y := range []struct{ n, t int }{{4, 1}, {2, 2}, {4, 2}} {
		all, _, _ := loadFixture(t, y.n, y.t)
		m := FitMarkov(all)
		if js := all.JSSeen(ProbSeen(m, all)); js > 1e-15 {
			t.Errorf("n=%d,t=%d: %g", y.n, y.t, js)
		}
		if want := 1<<(y.n*y.t) - 1; m.Parameters() != want {
			t.Errorf("n=%d,t=%d: %d parameters, want %d", y.n, y.t, m.Parameters(), want)
		}
	}
}

// A word seen at the end of windows only is followed by all words alike.
func TestMarkovLastWordOnly(t *testing.T) {
	t.Parallel()
	s, err := NewStates(1, 3, []uint32{0, 0, 1}, []int{7})
	if err != nil {
		t.Fatal(err)
	}
	got := tableOf(FitMarkov(s), 1, 3)
	// 0 is followed by 0 and by 1 once each, 1 by nothing.
	for x, want := range []float64{0.25, 0.25, 0.25, 0.25, 0, 0, 0, 0} {
		near(t, fmt.Sprintf("P(%03b)", x), got[x], want, 1e-12, 0)
	}
	// Of two neurons 3 is followed by each of the four words.
	if s, err = NewStates(2, 3, []uint32{0, 0, 3}, []int{7}); err != nil {
		t.Fatal(err)
	}
	got = tableOf(FitMarkov(s), 2, 3)
	for x, p := range got {
		want := map[int]float64{0b000000: 0.25, 0b000011: 0.25, 0b001100: 0.125, 0b001101: 0.125, 0b001110: 0.125, 0b001111: 0.125}[x]
		near(t, fmt.Sprintf("P(%06b)", x), p, want, 1e-12, 0)
	}
}

// A table of transitions has 4^n - 1 entries as long as that is an int, and the largest int
// for more.
func TestMarkovParameters(t *testing.T) {
	for _, k := range []struct {
		neurons, timesteps int
		want               int64
	}{
		{3, 1, 7}, {3, 2, 63}, {3, 9, 63}, {30, 2, 1<<60 - 1}, {31, 2, 1<<62 - 1}, {32, 2, math.MaxInt64}, {32, 1, 1<<32 - 1},
	} {
		want := int(min(k.want, math.MaxInt))
		if got := (&Markov{neurons: k.neurons, timesteps: k.timesteps}).Parameters(); got != want {
			t.Errorf("%d neurons, windows of %d bins: %d parameters, want %d", k.neurons, k.timesteps, got, want)
		}
	}
}
