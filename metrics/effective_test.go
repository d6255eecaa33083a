package metrics

import (
	"math"
	"testing"

	"qgan/internal/stream"
)

// The correlation of groups is what they were drawn with, and the effective size predicts
// the variance of the mean.
func TestEffectiveSamples(t *testing.T) {
	t.Parallel()
	const groups, per, rho = 400, 8, 0.3
	rng := stream.New(1, "groups")
	draw := func() [][]float64 {
		out := make([][]float64, groups)
		for i := range out {
			own := math.Sqrt(rho) * rng.NormFloat64()
			for range per {
				out[i] = append(out[i], own+math.Sqrt(1-rho)*rng.NormFloat64())
			}
		}
		return out
	}
	size, icc := EffectiveSamples(draw())
	if math.Abs(icc-rho) > 0.06 { // about three standard errors
		t.Errorf("correlation %.3f, want %.1f", icc, rho)
	}
	if want := groups * per / (1 + (per-1)*icc); math.Abs(size-want) > 1e-9 {
		t.Errorf("effective size %v, want %v", size, want)
	}
	square := 0.0
	const repeats = 300
	for range repeats {
		mean := 0.0
		for _, g := range draw() {
			for _, x := range g {
				mean += x / (groups * per)
			}
		}
		square += mean * mean / repeats
	}
	if ratio := square * groups * per / (1 + (per-1)*rho); ratio < 0.75 || ratio > 1.3 {
		t.Errorf("the variance of the mean is %.2f times the predicted one", ratio)
	}
}

func TestEffectiveSamplesAtTheEdge(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]struct {
		groups [][]float64
		size   float64
	}{
		"nothing":        {nil, 0},
		"one group":      {[][]float64{{1, 2, 3}}, 3},
		"single samples": {[][]float64{{1}, {2}, {3}}, 3},
		"no variance":    {[][]float64{{1, 1}, {1, 1}}, 4},
		"all alike":      {[][]float64{{1, 1, 1}, {2, 2, 2}, {5, 5, 5}}, 3},
		"opposed":        {[][]float64{{1, -1}, {-1, 1}}, 4},
		"an empty one":   {[][]float64{{1, 1}, {}, {2, 2}}, 2},
	} {
		if size, _ := EffectiveSamples(k.groups); math.Abs(size-k.size) > 1e-9 {
			t.Errorf("%s: %v, want %v", name, size, k.size)
		}
	}
}
