package metrics

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"qgan/metrics/spikes"
)

// process is one that spike trains are drawn from, whose law of windows is known: a hidden
// state, loud or quiet, that keeps to itself with the given probabilities; cells fire on
// their own given the state, cell i by a chance that grows with i.
type process struct {
	n, t                int
	stayQuiet, stayLoud float64
	quietRate, loudRate float64
	repeats, bins       int
}

func (p process) rate(state, cell int) float64 {
	base := [...]float64{p.quietRate, p.loudRate}[state]
	return base * (0.5 + float64(cell)/float64(p.n))
}

func (p process) stay() [2]float64 { return [2]float64{p.stayQuiet, p.stayLoud} }

// loud is the stationary probability of the loud state.
func (p process) loud() float64 { return (1 - p.stayQuiet) / (2 - p.stayQuiet - p.stayLoud) }

func (p process) draw(rng *rand.Rand) *spikes.Raster {
	r := spikes.NewRaster(p.repeats, p.bins, p.n, 0.02)
	for rep := range p.repeats {
		state := 0
		if rng.Float64() < p.loud() {
			state = 1
		}
		for b := range p.bins {
			for i := range p.n {
				r.Set(rep, b, i, rng.Float64() < p.rate(state, i))
			}
			if rng.Float64() >= p.stay()[state] {
				state = 1 - state
			}
		}
	}
	return r
}

// prob is the law of windows, by the forward algorithm.
func (p process) prob(window []uint32) float64 {
	v := [2]float64{1 - p.loud(), p.loud()}
	for k, w := range window {
		if k > 0 {
			s := p.stay()
			v = [2]float64{v[0]*s[0] + v[1]*(1-s[1]), v[0]*(1-s[0]) + v[1]*s[1]}
		}
		for state := range v {
			for i := range p.n {
				x := p.rate(state, i)
				if w>>(p.n-1-i)&1 == 0 {
					x = 1 - x
				}
				v[state] *= x
			}
		}
	}
	return v[0] + v[1]
}

// What a perfect model is expected to score is what the true law does score, on average, on
// the repeats of one half: where all windows were seen often, where most were seen once, and
// between. The halves differ by more.
func TestPerfectScores(t *testing.T) {
	for _, p := range []process{
		{n: 6, t: 1, stayQuiet: 0.98, stayLoud: 0.8, quietRate: 0.05, loudRate: 0.4, repeats: 60, bins: 200},
		{n: 4, t: 5, stayQuiet: 0.5, stayLoud: 0.5, quietRate: 0.05, loudRate: 0.05, repeats: 60, bins: 200},
		{n: 10, t: 2, stayQuiet: 0.95, stayLoud: 0.7, quietRate: 0.02, loudRate: 0.2, repeats: 30, bins: 150},
		{n: 4, t: 5, stayQuiet: 0.9, stayLoud: 0.8, quietRate: 0.05, loudRate: 0.5, repeats: 60, bins: 100},
	} {
		t.Run(fmt.Sprintf("%d,%d,%g", p.n, p.t, p.loudRate), func(t *testing.T) {
			t.Parallel()
			var truth, expected, drawn, floor running
			const draws = 2000
			for seed := range uint64(24) {
				rng := rand.New(rand.NewPCG(seed, 7))
				rec, err := NewRecording(p.draw(rng), "odd")
				if err != nil {
					t.Fatal(err)
				}
				held, err := rec.Law(HeldOut, p.t)
				if err != nil {
					t.Fatal(err)
				}
				q := make([]float64, held.Len())
				for i := range q {
					q[i] = p.prob(held.Window(i))
				}
				truth.add(held.JSSeen(q))
				x, err := rec.Floor(p.t)
				if err != nil {
					t.Fatal(err)
				}
				floor.add(x)
				if seed >= 6 {
					continue
				}
				if x, err = rec.Perfect(HeldOut, p.t, math.Inf(1)); err != nil {
					t.Fatal(err)
				}
				expected.add(x)
				if x, err = rec.Perfect(HeldOut, p.t, draws); err != nil {
					t.Fatal(err)
				}
				drawn.add(x)
			}
			if r := expected.mean / truth.mean; r < 0.85 || r > 1.15 {
				t.Errorf("expected %.3g, the truth scores %.3g (%.2f)", expected.mean, truth.mean, r)
			}
			if floor.mean <= truth.mean {
				t.Errorf("halves differ by %.3g, the truth scores %.3g", floor.mean, truth.mean)
			}
			if drawn.mean <= expected.mean {
				t.Errorf("%d draws score %.3g, the law itself %.3g", draws, drawn.mean, expected.mean)
			}
			t.Logf("truth %.3g, expected %.3g, halves %.3g, of %d draws %.3g", truth.mean, expected.mean, floor.mean, draws, drawn.mean)
		})
	}
}

// The abundances of a law whose probabilities are few: number and total are found, and the
// expected distance of draws is that of the sums over all counts.
func TestAbundances(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, c := range []struct {
		neurons int // all windows of a bin are equally likely
		draws   int
	}{{8, 2000}, {12, 3000}, {14, 4000}} {
		k := 1 << c.neurons
		r := spikes.NewRaster(1, c.draws, c.neurons, 0.02)
		for b := range c.draws {
			r.SetWord(0, b, uint32(rng.IntN(k)))
		}
		w, err := r.Windows(1)
		if err != nil {
			t.Fatal(err)
		}
		s, err := CountStates(w)
		if err != nil {
			t.Fatal(err)
		}
		a := FitAbundances(s.Counts)
		number, mass := 0.0, 0.0
		for _, x := range a.states {
			number, mass = number+x.number, mass+x.number*x.rate/float64(c.draws)
		}
		// Of states that are hardly ever drawn twice the number is open, their share is not.
		if open := c.draws < k/2; !open && math.Abs(number/float64(k)-1) > 0.1 || math.Abs(mass-1) > 0.01 {
			t.Errorf("%d windows, %d draws: %.1f windows of probability %.4f in all are found", k, c.draws, number, mass)
		}
		// The law itself against n draws, in closed form.
		want := 0.0
		p, n := 1/float64(k), float64(c.draws)
		for j, chance := 0, math.Exp(-n*p); j < 200; j++ {
			want += float64(k) * chance * jsTerm(p, float64(j)/n)
			chance *= n * p / float64(j+1)
		}
		if got := a.ExpectedJS(n, math.Inf(1)); math.Abs(got/want-1) > 0.05 {
			t.Errorf("%d windows, %d draws: the law is expected at %.4g, %.4g in closed form", k, c.draws, got, want)
		}
		if x, y := a.ExpectedJS(n, 500), a.ExpectedJS(500, n); math.Abs(x/y-1) > 1e-9 {
			t.Errorf("not symmetric: %g and %g", x, y)
		}
	}
}

// What was drawn more than 120 times is taken as seen, with the rate that it was drawn at;
// what was drawn 120 times has one of the rates of the mixture, which are a seventh apart.
func TestAbundancesSeenOften(t *testing.T) {
	t.Parallel()
	for count, seen := range map[int]bool{119: false, 120: false, 121: true, 500: true} {
		a := FitAbundances([]int{0, count})
		number, rate := 0.0, 0.0
		for _, x := range a.states {
			number, rate = number+x.number, rate+x.number*x.rate
		}
		if exact := len(a.states) == 1 && a.states[0] == (abundance{1, float64(count)}); exact != seen || math.Abs(number-1) > 1e-6 || math.Abs(rate/float64(count)-1) > 0.07 {
			t.Errorf("drawn %d times: %v", count, a.states)
		}
	}
}
