package metrics

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"qgan/metrics/spikes"
)

// randomRaster fires each neuron in each bin with probability p.
func randomRaster(rng *rand.Rand, repeats, bins, neurons int, p float64) *spikes.Raster {
	r := spikes.NewRaster(repeats, bins, neurons, 0.02)
	for rep := range repeats {
		for b := range bins {
			for i := range neurons {
				if rng.Float64() < p {
					r.Set(rep, b, i, true)
				}
			}
		}
	}
	return r
}

// drawStates draws a law of windows of up to maxBits bits.
func drawStates(t *rapid.T, maxBits int) *States {
	n := rapid.IntRange(1, maxBits).Draw(t, "neurons")
	steps := rapid.IntRange(1, maxBits/n).Draw(t, "timesteps")
	k := rapid.IntRange(1, 40).Draw(t, "windows")
	words := rapid.SliceOfN(rapid.Uint32Range(0, 1<<n-1), k*steps, k*steps).Draw(t, "words")
	counts := rapid.SliceOfN(rapid.IntRange(1, 1000), k, k).Draw(t, "counts")
	s, err := NewStates(n, steps, words, counts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Counting agrees with a map keyed by the windows' text.
func TestCountStates(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 32).Draw(t, "neurons")
		bins := rapid.IntRange(1, 30).Draw(t, "bins")
		steps := rapid.IntRange(1, bins).Draw(t, "timesteps")
		repeats := rapid.IntRange(1, 5).Draw(t, "repeats")
		p := rapid.SampledFrom([]float64{0, 0.01, 0.1, 0.5, 1}).Draw(t, "p")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		w, err := randomRaster(rng, repeats, bins, n, p).Windows(steps)
		if err != nil {
			t.Fatal(err)
		}
		s, err := CountStates(w)
		if err != nil {
			t.Fatal(err)
		}

		want := make(map[string]int)
		for i := range w.Len() {
			rep, bin := w.Locate(i)
			var words []uint32
			for k := range steps {
				var word uint32
				for j := range n {
					word <<= 1
					if w.At(rep, bin+k, j) {
						word |= 1
					}
				}
				words = append(words, word)
			}
			want[fmt.Sprint(words)]++
			if k := s.Find(words); k < 0 || !slices.Equal(s.Window(k), words) {
				t.Fatalf("window %v found at %d", words, k)
			}
		}
		got := make(map[string]int)
		for i, c := range s.Counts {
			got[fmt.Sprint(s.Window(i))] = c
			if i > 0 && slices.Compare(s.Window(i-1), s.Window(i)) >= 0 {
				t.Fatalf("windows %d and %d out of order", i-1, i)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
		if s.Total != w.Len() || s.Len() != len(want) || len(s.Words) != s.Len()*steps {
			t.Fatalf("total %d of %d windows, %d distinct, %d words", s.Total, w.Len(), s.Len(), len(s.Words))
		}
		if d := math.Abs(s.PSilent() - PSilent(w)); d > 1e-15 {
			t.Fatalf("P(silent) %g by states, %g by windows", s.PSilent(), PSilent(w))
		}
	})
}

func TestCountStatesErrors(t *testing.T) {
	t.Parallel()
	r := spikes.NewRaster(1, 3, 33, 0)
	for _, w := range []spikes.Windows{{}, {Raster: r, T: 1}, {Raster: spikes.NewRaster(1, 3, 2, 0), T: 4}, {Raster: spikes.NewRaster(1, 3, 2, 0)}, {Raster: spikes.NewRaster(0, 3, 2, 0), T: 1}} {
		if _, err := CountStates(w); err == nil {
			t.Errorf("no error for %+v", w)
		}
	}
}

func TestNewStates(t *testing.T) {
	t.Parallel()
	got, err := NewStates(2, 2, []uint32{1, 0, 0, 3, 1, 0, 2, 2}, []int{2, 1, 3, 0})
	if err != nil {
		t.Fatal(err)
	}
	want := &States{Neurons: 2, Timesteps: 2, Words: []uint32{0, 3, 1, 0}, Counts: []int{1, 5}, Total: 6}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got.Index(0) != 3 || got.Index(1) != 4 || got.Find([]uint32{2, 2}) != -1 || got.PSilent() != 0 {
		t.Errorf("indices %d %d, find %d, P(silent) %g", got.Index(0), got.Index(1), got.Find([]uint32{2, 2}), got.PSilent())
	}
	for _, bad := range []struct {
		neurons, timesteps int
		words              []uint32
		counts             []int
	}{
		{33, 1, []uint32{0}, []int{1}}, {2, 0, nil, []int{1}}, {2, 1, []uint32{0, 1}, []int{1}},
		{2, 1, []uint32{4}, []int{1}}, {2, 1, []uint32{1}, []int{-1}}, {2, 1, []uint32{1}, []int{0}},
	} {
		if _, err := NewStates(bad.neurons, bad.timesteps, bad.words, bad.counts); err == nil {
			t.Errorf("no error for %+v", bad)
		}
	}
}

func TestStatesTable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawStates(t, 10)
		table, err := s.Table()
		if err != nil {
			t.Fatal(err)
		}
		var sum, entropy float64
		for _, p := range table {
			sum += p
			if p > 0 {
				entropy -= p * math.Log(p)
			}
		}
		if math.Abs(sum-1) > 1e-12 || math.Abs(entropy-s.Entropy()) > 1e-12 {
			t.Fatalf("sum %g, entropy %g, %g by states", sum, entropy, s.Entropy())
		}
		for i, p := range s.Probs() {
			if table[s.Index(i)] != p {
				t.Fatalf("state %d: %g in the table, %g", i, table[s.Index(i)], p)
			}
		}
		// The law of a step is a marginal of the table.
		k := rapid.IntRange(0, s.Timesteps-1).Draw(t, "step")
		step, err := s.Step(k).Table()
		if err != nil {
			t.Fatal(err)
		}
		for x, p := range table {
			step[x>>(s.Neurons*(s.Timesteps-1-k))&(1<<s.Neurons-1)] -= p
		}
		for _, rest := range step {
			if math.Abs(rest) > 1e-12 {
				t.Fatalf("step %d is not a marginal: rest %g", k, rest)
			}
		}
	})
	if _, err := (&States{Neurons: 27, Timesteps: 1, Words: []uint32{0}, Counts: []int{1}, Total: 1}).Table(); err == nil {
		t.Error("a table of 2^27 states was made")
	}
}

func TestStatesSample(t *testing.T) {
	t.Parallel()
	s, err := NewStates(2, 1, []uint32{0, 1, 3}, []int{70, 25, 5})
	if err != nil {
		t.Fatal(err)
	}
	const draws = 100000
	got := s.Sample(draws, rand.New(rand.NewPCG(5, 1)))
	if got.Total != draws || got.Len() != 3 {
		t.Fatalf("%d draws of %d states", got.Total, got.Len())
	}
	for i := range got.Len() {
		p := s.Prob(i)
		near(t, fmt.Sprintf("state %d", i), got.Prob(i), p, 0, 4*math.Sqrt(p*(1-p)/draws))
	}
	if few := s.Sample(1, rand.New(rand.NewPCG(5, 1))); few.Len() != 1 || few.Total != 1 {
		t.Errorf("one draw: %+v", few)
	}
}

func BenchmarkCountStates(b *testing.B) {
	w, err := randomRaster(rand.New(rand.NewPCG(1, 1)), 297, 953, 10, 0.034).Windows(30)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := CountStates(w); err != nil {
			b.Fatal(err)
		}
	}
}
