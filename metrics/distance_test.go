package metrics

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawLaw draws a law over so many states, some of them impossible.
func drawLaw(t *rapid.T, label string, states int) []float64 {
	w := rapid.SliceOfN(rapid.OneOf(rapid.Just(0), rapid.IntRange(0, 1000), rapid.IntRange(0, 1000000)), states, states).Draw(t, label)
	w[rapid.IntRange(0, states-1).Draw(t, label+" certain")]++
	sum := 0
	for _, v := range w {
		sum += v
	}
	p := make([]float64, states)
	for i, v := range w {
		p[i] = float64(v) / float64(sum)
	}
	return p
}

// jsByDefinition is the formula as it stands in the papers.
func jsByDefinition(p, q []float64) float64 {
	m := make([]float64, len(p))
	for i := range m {
		m[i] = (p[i] + q[i]) / 2
	}
	return (KL(p, m) + KL(q, m)) / 2
}

func TestJSProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 64).Draw(t, "states")
		p, q := drawLaw(t, "p", n), drawLaw(t, "q", n)
		js := JS(p, q)
		if js != JS(q, p) {
			t.Fatalf("not symmetric: %g, %g", js, JS(q, p))
		}
		if js < 0 || js > math.Ln2+1e-15 {
			t.Fatalf("%g is not in 0..ln 2", js)
		}
		if JS(p, p) != 0 {
			t.Fatalf("JS of a law to itself is %g", JS(p, p))
		}
		if want := jsByDefinition(p, q); math.Abs(js-want) > 1e-14 {
			t.Fatalf("%.17g, by definition %.17g", js, want)
		}
		// Bounds by total variation: TV²/2 (Pinsker) <= JS <= TV ln 2 (Lin).
		tv := TotalVariation(p, q)
		if js > tv*math.Ln2+1e-15 || js < tv*tv/2-1e-15 {
			t.Fatalf("JS %g does not fit TV %g", js, tv)
		}
	})
}

func TestJSValues(t *testing.T) {
	t.Parallel()
	near(t, "disjoint laws", JS([]float64{1, 0}, []float64{0, 1}), math.Ln2, 1e-15, 0)
	near(t, "disjoint laws in bits", Bits(JS([]float64{1, 0}, []float64{0, 1})), 1, 1e-15, 0)
	// ½ [ln(4/3) + ½ ln(2/3) + ½ ln 2]
	near(t, "certain to fair", JS([]float64{1, 0}, []float64{0.5, 0.5}), 0.75*math.Log(4./3), 1e-14, 0)
	near(t, "KL certain to fair", KL([]float64{1, 0}, []float64{0.5, 0.5}), math.Ln2, 1e-15, 0)
	if kl := KL([]float64{0.5, 0.5}, []float64{1, 0}); !math.IsInf(kl, 1) {
		t.Errorf("KL fair to certain: %g", kl)
	}
	near(t, "TV", TotalVariation([]float64{1, 0}, []float64{0.5, 0.5}), 0.5, 0, 0)
	// Close laws: JS = e²/2 for (½+e, ½-e) to fair, to leading order: e = 1e-9
	// is far below what the two logarithms alone resolve.
	near(t, "close laws", JS([]float64{0.5 + 1e-9, 0.5 - 1e-9}, []float64{0.5, 0.5}), 0.5e-18, 1e-6, 0)
	// The series and the logarithms meet at d² = 0.01.
	near(t, "at the seam", jsTerm(0.55*(1+1e-12), 0.45*(1-1e-12)), jsTerm(0.55*(1-1e-12), 0.45*(1+1e-12)), 1e-10, 0)
}

// For a law with a full table, the identities over seen states are the
// distances over all states.
func TestSeenIdentities(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawStates(t, 8)
		p, err := s.Table()
		if err != nil {
			t.Fatal(err)
		}
		model := drawLaw(t, "model", len(p))
		q := make([]float64, s.Len())
		for i := range q {
			q[i] = model[s.Index(i)]
		}
		if got, want := s.JSSeen(q), JS(p, model); math.Abs(got-want) > 1e-14 {
			t.Fatalf("JS %.17g over seen states, %.17g over all", got, want)
		}
		if got, want := s.TVSeen(q), TotalVariation(p, model); math.Abs(got-want) > 1e-14 {
			t.Fatalf("TV %.17g over seen states, %.17g over all", got, want)
		}
		if got, want := s.KLSeen(q), KL(p, model); got != want && math.Abs(got-want) > 1e-13 {
			t.Fatalf("KL %.17g over seen states, %.17g over all", got, want)
		}

		b := s.Sample(50, rand.New(rand.NewPCG(3, 3)))
		pb, err := b.Table()
		if err != nil {
			t.Fatal(err)
		}
		for _, pair := range [][2]*States{{s, b}, {b, s}} {
			got, err := JSStates(pair[0], pair[1])
			if err != nil {
				t.Fatal(err)
			}
			if want := JS(p, pb); math.Abs(got-want) > 1e-14 {
				t.Fatalf("JS of two samples %.17g, %.17g over all states", got, want)
			}
		}
	})
}

func TestJSStatesShape(t *testing.T) {
	t.Parallel()
	a := &States{Neurons: 2, Timesteps: 1, Words: []uint32{0}, Counts: []int{1}, Total: 1}
	b := &States{Neurons: 1, Timesteps: 2, Words: []uint32{0, 0}, Counts: []int{1}, Total: 1}
	if _, err := JSStates(a, b); err == nil {
		t.Error("no error for windows of two shapes")
	}
}

func TestJSSeenGradient(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawStates(t, 8)
		// Any positive q of sum below 1.
		w := rapid.SliceOfN(rapid.Float64Range(0.01, 1), s.Len(), s.Len()).Draw(t, "q")
		rest := rapid.Float64Range(0.05, 1).Draw(t, "unseen")
		for _, v := range w {
			rest += v
		}
		for i := range w {
			w[i] /= rest
		}
		g := s.JSSeenGradient(w)
		for i, v := range w {
			h := 1e-5 * v
			w[i] = v + h
			up := s.JSSeen(w)
			w[i] = v - h
			down := s.JSSeen(w)
			w[i] = v
			if fd := (up - down) / (2 * h); math.Abs(fd-g[i]) > 1e-6*math.Abs(g[i])+1e-10/v {
				t.Fatalf("entry %d: gradient %.10g, finite difference %.10g", i, g[i], fd)
			}
		}
	})
}

// Where the model never shows a seen window the gradient stays finite.
func TestJSSeenGradientAtZero(t *testing.T) {
	t.Parallel()
	s := &States{Neurons: 1, Timesteps: 1, Words: []uint32{0, 1}, Counts: []int{1, 1}, Total: 2}
	if g := s.JSSeenGradient([]float64{1, 0}); !(g[1] < -300 && g[1] > -400) || g[1]*0 != 0 {
		t.Errorf("gradient at 0: %g", g[1])
	}
}

// With latent vectors drawn at random, the delta method's standard error is the
// spread of the JS over repetitions.
func TestDeltaMethod(t *testing.T) {
	t.Parallel()
	s := &States{Neurons: 2, Timesteps: 1, Words: []uint32{0, 1, 2}, Counts: []int{90, 7, 3}, Total: 100}
	rng := rand.New(rand.NewPCG(7, 1))
	const latents, repeats = 200, 2000
	var js, variance []float64
	for range repeats {
		qs := make([][]float64, latents)
		mean := make([]float64, 3)
		for z := range qs {
			a, b := 0.1*rng.Float64(), 0.2*rng.Float64()
			qs[z] = []float64{(1 - a) * (1 - b), (1 - a) * b, a * (1 - b)}
			for i, v := range qs[z] {
				mean[i] += v / latents
			}
		}
		g := s.JSSeenGradient(mean)
		var sum, sum2 float64
		for _, q := range qs {
			f := g[0]*q[0] + g[1]*q[1] + g[2]*q[2]
			sum, sum2 = sum+f, sum2+f*f
		}
		js = append(js, s.JSSeen(mean))
		variance = append(variance, (sum2/latents-sum/latents*sum/latents)/(latents-1))
	}
	var mean, spread, predicted float64
	for i := range js {
		mean += js[i] / repeats
		predicted += variance[i] / repeats
	}
	for _, v := range js {
		spread += (v - mean) * (v - mean) / (repeats - 1)
	}
	near(t, "standard error", math.Sqrt(predicted), math.Sqrt(spread), 0.08, 0)
}

func TestPluginBias(t *testing.T) {
	t.Parallel()
	s, err := NewStates(3, 1, []uint32{0, 1, 2, 3, 4, 5, 6, 7}, []int{30, 20, 10, 10, 10, 10, 5, 5})
	if err != nil {
		t.Fatal(err)
	}
	mean, sd := NullFloor(s, 10000, rand.New(rand.NewPCG(2, 1)), 2000)
	near(t, "floor", mean, JSPluginBias(8, 10000), 0, 4*sd/math.Sqrt(2000))
	// S·JS·8 is a chi-square of 7 degrees of freedom, of deviation √14.
	near(t, "deviation", sd, math.Sqrt(14)/80000, 0.1, 0)
	if JSPluginBias(1, 100) != 0 || JSPluginBias(8, 0) != 0 {
		t.Error("bias without states or samples is not 0")
	}
	if m, sd := NullFloor(s, 0, nil, 5); m != 0 || sd != 0 {
		t.Error("floor without samples is not 0")
	}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	all, _, _ := loadFixture(t, 4, 1)
	f, err := all.Figures(ProbSeen(FitIndependent(all), all))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "JS", f.JSNats, 3.3605e-4, 0.001, 0)
	near(t, "JS in bits", f.JSBits, 4.84817e-4, 0.001, 0)
	near(t, "TV", f.TV, 0.0032857587, 1e-6, 0)
	if f.KLNats == nil || f.Seen != 16 || f.Windows != 283041 || f.Unseen > 1e-15 {
		t.Errorf("%+v", f)
	}
	f, err = all.Figures(ProbSeen(Silent{}, all))
	if err != nil {
		t.Fatal(err)
	}
	if f.KLNats != nil || f.PSilent != 1 {
		t.Errorf("silent model: %+v", f)
	}
	if _, err := json.Marshal(f); err != nil {
		t.Error(err)
	}
	for _, bad := range [][]float64{nil, make([]float64, 15)} {
		if _, err := all.Figures(bad); err == nil {
			t.Errorf("no error for %d probabilities", len(bad))
		}
	}
	for p, good := range map[float64]bool{math.NaN(): false, -1e-3: false, math.Inf(1): false, 1.001: false, 1 + 1e-12: true, 1: true} {
		q := make([]float64, 16)
		q[3] = p
		if _, err := all.Figures(q); (err == nil) != good || err != nil && !strings.HasSuffix(err.Error(), "of window 3") {
			t.Errorf("of a probability of %v: %v", p, err)
		}
	}
}
