package training

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"qgan/metrics/spikes"
)

// The gradient is the slope of a random linear function of the laws.
func TestFullyConnectedGradient(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	g := NewFullyConnected(3, 2, 5)
	params := make([]float64, g.Parameters())
	g.Init(params, rng)
	for i := range params {
		params[i] += 0.1 * rng.NormFloat64()
	}
	latents := make([][]float64, 4)
	for j := range latents {
		latents[j] = []float64{rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()}
	}
	laws, up := make([]float64, 2*4*8), make([]float64, 2*4*8)
	for i := range up {
		up[i] = rng.NormFloat64()
	}
	value := func(p []float64) float64 {
		if err := g.Forward(t.Context(), p, latents, laws); err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for i, x := range laws {
			sum += up[i] * x
		}
		return sum
	}
	value(params)
	for i := 0; i < len(laws); i += 8 {
		sum := 0.0
		for _, p := range laws[i : i+8] {
			sum += p
		}
		if math.Abs(sum-1) > 1e-12 {
			t.Fatalf("a law adds up to %g", sum)
		}
	}
	grad := make([]float64, len(params))
	if err := g.Backward(t.Context(), up, grad); err != nil {
		t.Fatal(err)
	}
	const h = 1e-6
	for i := range params {
		p := append([]float64(nil), params...)
		p[i] += h
		a := value(p)
		p[i] -= 2 * h
		if want := (a - value(p)) / (2 * h); math.Abs(grad[i]-want) > 1e-7 {
			t.Errorf("parameter %d: %g, want %g", i, grad[i], want)
		}
	}
}

// Trained by the same steps as the circuits it learns a law that independent bins can't
// have, and the same seed gives the same numbers.
func TestFullyConnectedLearns(t *testing.T) {
	r := spikes.NewRaster(4, 400, 2, 0.02)
	rng := rand.New(rand.NewPCG(3, 1))
	for rep := range r.Repeats {
		for b := range r.Bins {
			if rng.Float64() < 0.3 { // both fire, or none does
				r.SetWord(rep, b, 3)
			}
		}
	}
	c, err := ClassicalConfig(2, 1, 5)
	if err != nil {
		t.Fatal(err)
	}
	c.Iterations = 1500
	var js [2]float64
	for i := range js {
		x, err := ClassicalResult(t.Context(), c, 16, r, nil)
		if err != nil {
			t.Fatal(err)
		}
		js[i] = *x.JS
		if x.Parameters != 3*16+17*2 {
			t.Errorf("%d parameters", x.Parameters)
		}
	}
	// Independent bins are at 0.093 nats.
	if js[0] != js[1] || !(js[0] < 0.03) {
		t.Errorf("JS %g and %g", js[0], js[1])
	}
}

func TestClassicalHidden(t *testing.T) {
	for _, k := range []struct{ n, t, factor int }{{2, 1, 1}, {4, 1, 4}, {10, 1, 16}, {4, 5, 4}} {
		h := ClassicalHidden(k.n, k.t, k.factor)
		want := 8 * k.factor * k.n * k.t
		if p := NewFullyConnected(k.n, k.t, h).Parameters(); math.Abs(float64(p-want)) > float64(k.n*(1+k.t)+1) {
			t.Errorf("%v: %d hidden units have %d parameters, want about %d", k, h, p, want)
		}
	}
}

func TestNewWithRefuses(t *testing.T) {
	d, err := NewData(spikes.NewRaster(1, 5, 2, 0.02), 1)
	if err != nil {
		t.Fatal(err)
	}
	c, err := ClassicalConfig(2, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewWith(c, d, NewFullyConnected(3, 1, 4)); err == nil {
		t.Error("a generator of other neurons was taken")
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := ClassicalResult(stopped, c, 4, d.Windows.Raster, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
