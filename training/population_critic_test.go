package training

import (
	"math"
	"testing"

	"qgan/internal/stream"
	"qgan/metrics/spikes"
)

// contestOf prepares the critic's stage on a population of windows of two bins.
func contestOf(t *testing.T, shape string, r *spikes.Raster, given map[string]string) (*contest, []float64) {
	t.Helper()
	g, params := populationOf(t, shape, r)
	g.config.Timesteps, g.config.Hidden, g.config.Batch = 2, 5, 7
	for name, text := range given {
		row, _ := SettingNamed(name)
		if err := row.Set(&g.config, text); err != nil {
			t.Fatal(err)
		}
	}
	d, err := NewData(r, 2)
	if err != nil {
		t.Fatal(err)
	}
	net := NewCritic(2*r.Neurons, g.config.Hidden)
	net.Init(stream.New(4, "critic"))
	return newContest(g.config, g, net, d), params
}

// run lets samples run for a step, as its first update does.
func (r *contest) run(t *testing.T, params []float64) {
	t.Helper()
	if err := r.critic(t.Context(), streamsOf(params, 5, 3, 0), make([]float64, len(r.net.Params)), new(Losses)); err != nil {
		t.Fatal(err)
	}
}

// The critic's gradient is that of its loss, and the scene that is kept of a sample is what
// its bins before make.
func TestContestCritic(t *testing.T) {
	r := movie(6, 9, 4)
	round, params := contestOf(t, "pairs without a movie", r, nil)
	round.run(t, params)
	s := round.samples
	for i := range freeRuns {
		from, k := s.places[i], s.keptAt[i]
		if k < s.skip || k >= s.bins || from.bin+s.bins > r.Bins {
			t.Fatalf("sample %d begins at bin %d and is kept at bin %d of %d", i, from.bin, k, s.bins)
		}
		if got := s.kept.bins[i]; got != from.bin+k {
			t.Fatalf("the scene of sample %d is of bin %d, want %d", i, got, from.bin+k)
		}
		if got, word := s.kept.recent[i*s.gen.config.OwnBits*s.gen.stride], s.word(i, k-1)[0]; got != word {
			t.Fatalf("the scene of sample %d has seen %x, the bin before has %x", i, got, word)
		}
	}
	var out Losses
	later := func() update { return streamsOf(params, 5, 3, 1) } // of the same samples
	grad, scratch := make([]float64, len(round.net.Params)), make([]float64, len(round.net.Params))
	value := func(grad []float64) float64 {
		if err := round.critic(t.Context(), later(), grad, &out); err != nil {
			t.Fatal(err)
		}
		return out.Critic
	}
	value(grad)
	if out.Wasserstein == 0 || out.Penalty == 0 {
		t.Errorf("distance %g, penalty %g", out.Wasserstein, out.Penalty)
	}
	for i := range grad {
		if want := differentiate(func() float64 { return value(scratch) }, &round.net.Params[i]); math.Abs(grad[i]-want) > 1e-7 {
			t.Errorf("derivative by weight %d: %g, want %g", i, grad[i], want)
		}
	}
}

// The generator's gradient is, but for the noise of its draws, the sum over all words of what
// -C of a window that ends in the word makes, and of the K term's part of the word.
func TestContestGenerator(t *testing.T) {
	for _, k := range []struct {
		shape string
		given map[string]string
	}{
		{"pairs without a movie", nil},
		{"movie and pairs", map[string]string{"k-loss": "square", "k": "0.5"}},
	} {
		t.Run(k.shape, func(t *testing.T) {
			round, params := contestOf(t, k.shape, movie(6, 9, 4), k.given)
			g, s, c := round.samples.gen, round.samples, round.config
			round.run(t, params)
			var out Losses
			grad, want := make([]float64, len(params)), make([]float64, len(params))
			if err := round.generator(t.Context(), streamsOf(params, 5, 3, 2), grad, &out); err != nil {
				t.Fatal(err)
			}
			lanes, n := freeRuns*8, c.Neurons
			of, words, logp, up := g.newScenes(lanes), make([]uint64, lanes), make([]float64, lanes), make([]float64, lanes)
			of.repeat(s.kept, 8)
			for i := range words {
				words[i] = uint64(i%8) << 61
			}
			if err := g.forward(t.Context(), params, of, words, logp); err != nil {
				t.Fatal(err)
			}
			loss, slope := c.countLoss(out.Count, round.target)
			mean, x := loss, make([]float64, 2*n)
			for i, w := range words {
				p := math.Exp(logp[i]) / freeRuns
				for q := range n {
					x[q] = float64(s.word(i/8, s.keptAt[i/8]-1)[0] >> (63 - q) & 1)
					x[n+q] = float64(w >> (63 - q) & 1)
				}
				value := round.net.Value(x)
				mean -= p * value
				up[i] = p * (slope*2*(x[n]+x[n+1]+x[n+2]) - value)
			}
			if err := g.backward(t.Context(), up, want); err != nil {
				t.Fatal(err)
			}
			off, size := 0.0, 0.0
			for i := range want {
				off += (grad[i] - want[i]) * (grad[i] - want[i])
				size += want[i] * want[i]
			}
			if size == 0 || off > 0.02*size {
				t.Errorf("gradient off by %g of %g", math.Sqrt(off), math.Sqrt(size))
			}
			if math.Abs(out.Generator-mean) > 0.03 {
				t.Errorf("loss %g, want %g", out.Generator, mean)
			}
			if (slope != 0) != (k.given != nil) {
				t.Errorf("slope of the K term %g", slope)
			}
		})
	}
}

// The stage brings samples whose rates are wrong nearer to the recording, by its own measure.
func TestContestHelps(t *testing.T) {
	r := movie(30, 12, 5)
	round, params := contestOf(t, "pairs without a movie", r, map[string]string{"batch": "256"})
	g, net := round.samples.gen, round.net
	for q := range r.Neurons {
		params[g.parts.base+q] -= 2
	}
	measure := func() Misfit {
		m, err := round.score(t.Context(), params, 1)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	before := measure()
	generator, critic := NewAdam(len(params), 0, 0.9), NewAdam(len(net.Params), 0, 0.9)
	grad, down := make([]float64, len(params)), make([]float64, len(net.Params))
	var out Losses
	for step := range 30 {
		for i := range 2 {
			clear(down)
			if err := round.critic(t.Context(), streamsOf(params, 6, step, i), down, &out); err != nil {
				t.Fatal(err)
			}
			critic.Step(net.Params, down, 0.02)
		}
		clear(grad)
		if err := round.generator(t.Context(), streamsOf(params, 6, step, 2), grad, &out); err != nil {
			t.Fatal(err)
		}
		generator.StepEach(params, grad, 0.1*(1-float64(step)/30), g.rates())
	}
	if after := measure(); after.Total() > before.Total()/2 || after.Rates > before.Rates/2 {
		t.Errorf("off by %.3g (%v), at first by %.3g (%v)", after.Total(), after, before.Total(), before)
	}
}
