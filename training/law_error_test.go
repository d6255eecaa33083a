package training_test

import (
	"math"
	"slices"
	"testing"

	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/training"
	"qgan/training/internal/traintest"
)

// The standard error of the divergence by its definition: 64 parts of the latent vectors, the
// slope of the divergence times each part's mean law, and of these 64 numbers the standard
// deviation (with 63) of their mean.
func TestErrorOfALaw(t *testing.T) {
	const parts, per = 64, 8
	for _, latent := range []string{"normal", "uniform"} {
		c := traintest.Small(t, 1, 2)
		c.Latent = training.Latent(latent)
		d := traintest.Builtin(t, 1, 2)
		p := func(z []float64, k int) float64 { return 0.03 + 0.2/(1+math.Exp(float64(k)-z[0])) }
		g := &fixed{neurons: 1, timesteps: 2, law: func(z []float64, k int) []float64 { return []float64{1 - p(z, k), p(z, k)} }}
		e, err := training.EstimateLaw(t.Context(), c, g, []float64{0}, d.States, parts*per-3, 5)
		if err != nil {
			t.Fatal(err)
		}
		if e.Latents != parts*per || len(g.seen) != parts*per {
			t.Fatalf("%d latent vectors, %d asked for", e.Latents, len(g.seen))
		}
		at := func(z []float64, words []uint32) float64 {
			product := 1.0
			for k, w := range words {
				q := p(z, k)
				if w == 0 {
					q = 1 - q
				}
				product *= q
			}
			return product
		}
		law, silent := make([]float64, d.States.Len()), 0.0
		for _, z := range g.seen {
			silent += at(z, []uint32{0, 0}) / (parts * per)
			for i := range law {
				law[i] += at(z, d.States.Window(i)) / (parts * per)
			}
		}
		for i, q := range law {
			if !traintest.Near(e.Seen[i], q, 1e-12) {
				t.Errorf("%s: window %d has probability %g, want %g", latent, i, e.Seen[i], q)
			}
		}
		if js := d.States.JSSeen(law); !traintest.Near(e.JSNats, js, 1e-12) || !traintest.Near(e.PSilent, silent, 1e-12) {
			t.Errorf("%s: JS %g and P(silent) %g, want %g and %g", latent, e.JSNats, e.PSilent, js, silent)
		}
		var each []float64
		for part := range parts {
			sum := 0.0
			for i := range law {
				gradient := slope(law, i, func() float64 { return d.States.JSSeen(law) })
				for _, z := range g.seen[part*per:][:per] {
					sum += gradient * at(z, d.States.Window(i)) / per
				}
			}
			each = append(each, sum)
		}
		mean, square := 0.0, 0.0
		for _, x := range each {
			mean += x / parts
		}
		for _, x := range each {
			square += (x - mean) * (x - mean)
		}
		if want := math.Sqrt(square / (parts - 1) / parts); math.Abs(e.JSStdErr/want-1) > 1e-4 {
			t.Errorf("%s: standard error %g, want %g", latent, e.JSStdErr, want)
		}
	}
}

// Bits are listed where there are few, and a law over all of them has no error; so has that
// of a generator that ignores its latent vector.
func TestLawWithoutError(t *testing.T) {
	for name, k := range map[string]struct {
		change func(*training.Config)
		want   [][]float64
	}{
		"bits":    {func(c *training.Config) { c.Latent = "bit" }, [][]float64{{0, 0}, {0, 1}, {1, 0}, {1, 1}}},
		"ignored": {func(c *training.Config) { c.LatentTrained, c.LatentScale = false, 0 }, [][]float64{{0, 0}}},
	} {
		c := traintest.Small(t, 2, 1)
		k.change(&c)
		g := &fixed{neurons: 2, timesteps: 1, law: func(z []float64, _ int) []float64 {
			return []float64{0.7, 0.1 + 0.1*z[0], 0.1, 0.1 - 0.1*z[0]}
		}}
		e, err := training.EstimateLaw(t.Context(), c, g, []float64{0}, traintest.Builtin(t, 2, 1).States, 1000, 1)
		if err != nil {
			t.Fatal(err)
		}
		if e.JSStdErr != 0 || e.Latents != len(k.want) || !slices.EqualFunc(g.seen, k.want, slices.Equal) {
			t.Errorf("%s: error %g of %d latent vectors %v", name, e.JSStdErr, e.Latents, g.seen)
		}
	}
}

// Latent vectors have the law that is named, in training as in an estimate: mean, variance
// and range, each number of a vector by itself.
func TestLatentLaws(t *testing.T) {
	const count = 4096
	for name, k := range map[string]struct{ mean, variance, low, high float64 }{
		"normal": {0, 1, -6, 6}, "uniform": {0, math.Pi * math.Pi / 3, -math.Pi, math.Pi}, "bit": {0.5, 0.25, 0, 1},
	} {
		c := traintest.Small(t, 1, 1)
		c.Latent, c.LatentQubits = training.Latent(name), 1
		sets := map[string][][]float64{}
		if name != "bit" {
			g := &fixed{neurons: 1, timesteps: 1, law: func([]float64, int) []float64 { return []float64{0.9, 0.1} }}
			if _, err := training.EstimateLaw(t.Context(), c, g, []float64{0}, traintest.Builtin(t, 1, 1).States, count, 3); err != nil {
				t.Fatal(err)
			}
			sets["an estimate"] = g.seen
		} else {
			c.LatentQubits = 13 // more vectors than are drawn
		}
		sets["training"] = training.DrawLatents(c, count, stream.New(1, "test"))
		for where, z := range sets {
			if len(z) != count || len(z[0]) != 1+c.LatentQubits {
				t.Fatalf("%s, %s: %d vectors of %d", name, where, len(z), len(z[0]))
			}
			product := 0.0
			for i := range 2 {
				mean, square := 0.0, 0.0
				for _, v := range z {
					if v[i] < k.low || v[i] > k.high || name == "bit" && v[i] != 0 && v[i] != 1 {
						t.Fatalf("%s, %s: %g", name, where, v[i])
					}
					mean += v[i] / count
					square += (v[i] - k.mean) * (v[i] - k.mean) / count
				}
				if math.Abs(mean-k.mean) > 5*math.Sqrt(k.variance/count) || math.Abs(square/k.variance-1) > 0.1 {
					t.Errorf("%s, %s: number %d has mean %g and variance %g, want %g and %g", name, where, i, mean, square, k.mean, k.variance)
				}
			}
			for _, v := range z {
				product += (v[0] - k.mean) * (v[1] - k.mean) / k.variance / count
			}
			if math.Abs(product) > 5/math.Sqrt(count) {
				t.Errorf("%s, %s: two numbers of a vector are correlated by %g", name, where, product)
			}
		}
	}
}

// What each readout draws from a law, at probabilities of one half too.
func TestDrawnLaws(t *testing.T) {
	for _, k := range []struct {
		readout   training.Readout
		law, want []float64
	}{
		{training.Born, []float64{0.4, 0.1, 0.2, 0.3}, []float64{0.4, 0.1, 0.2, 0.3}},
		{training.Prob, []float64{0.4, 0.1, 0.2, 0.3}, []float64{0.3, 0.2, 0.3, 0.2}},
		{training.Threshold, []float64{0.4, 0.1, 0.2, 0.3}, []float64{1, 0, 0, 0}}, // marginals 0.5 and 0.4
		{training.Threshold, []float64{0.1, 0.2, 0.3, 0.4}, []float64{0, 0, 0, 1}},
		{training.Threshold, []float64{0.1, 0.2, 0.65, 0.05}, []float64{0, 0, 1, 0}},
	} {
		c := traintest.Small(t, 2, 1)
		c.Expectation, c.Readout, c.LatentTrained, c.LatentScale = training.Batch, k.readout, false, 0
		g := &fixed{neurons: 2, timesteps: 1, law: func([]float64, int) []float64 { return k.law }}
		s := traintest.Recording(t, 2, 1, []uint32{0, 1, 2, 3}).States
		e, err := training.EstimateLaw(t.Context(), c, g, []float64{0}, s, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		for x, want := range k.want {
			if got := e.Seen[s.Find([]uint32{uint32(x)})]; !traintest.Near(got, want, 1e-12) {
				t.Errorf("%s of %v: word %d has probability %g, want %g", k.readout, k.law, x, got, want)
			}
		}
	}
}

// The distance between two latent vectors is that of their laws of windows.
func TestLatentDistanceByHand(t *testing.T) {
	c := traintest.Small(t, 1, 2)
	p := func(z []float64, k int) float64 { return 0.1 + 0.8/(1+math.Exp(float64(k)-z[0])) }
	g := &fixed{neurons: 1, timesteps: 2, law: func(z []float64, k int) []float64 { return []float64{1 - p(z, k), p(z, k)} }}
	js, ok, err := training.LatentDistance(t.Context(), c, g, []float64{0}, 1)
	if err != nil || !ok || len(g.seen) != 2 {
		t.Fatalf("%v %v, %d latent vectors", err, ok, len(g.seen))
	}
	var tables [2][]float64
	for i, z := range g.seen {
		a, b := p(z, 0), p(z, 1)
		tables[i] = []float64{(1 - a) * (1 - b), (1 - a) * b, a * (1 - b), a * b}
	}
	if want := metrics.JS(tables[0], tables[1]); !traintest.Near(js, want, 1e-12) || js == 0 {
		t.Errorf("%g, want %g", js, want)
	}
}
