package traintest

import (
	"math"

	"qgan/internal/stream"
	"qgan/metrics/spikes"
)

// Modulated is a recording whose cells follow a stimulus: the logarithm of each cell's rate
// is a slow wave, the same in all repeats but for a little shift, and nothing else ties the
// cells together. The seed decides the cells and every spike.
func Modulated(seed uint64, repeats, bins, neurons int) *spikes.Raster {
	r := spikes.NewRaster(repeats, bins, neurons, 0.02)
	r.Source.Path = "rate-modulated"
	cells := stream.New(seed, "modulated cells")
	mean, depth, period, phase := make([]float64, neurons), make([]float64, neurons), make([]float64, neurons), make([]float64, neurons)
	for i := range neurons {
		mean[i] = math.Log(0.04 + 0.08*cells.Float64())
		depth[i] = 0.5 + cells.Float64()
		period[i] = 20 + 40*cells.Float64() // bins
		phase[i] = 2 * math.Pi * cells.Float64()
	}
	for rep := range repeats {
		rng := stream.New(seed, "modulated", uint64(rep))
		shift := 3 * rng.NormFloat64()
		for b := range bins {
			for i := range neurons {
				wave := math.Sin(2*math.Pi*(float64(b)+shift)/period[i] + phase[i])
				r.Set(rep, b, i, rng.Float64() < math.Exp(mean[i]+depth[i]*wave))
			}
		}
	}
	return r
}

// Bursty is a recording of cells that fire in bursts: all follow one state of the network,
// up or down, which lasts for some bins; a cell fires with a probability of its own in the
// up state, seldom in the other, more often where it fired two bins before, and hardly in
// the bin after a spike. The seed decides the cells and every spike.
func Bursty(seed uint64, repeats, bins, neurons int) *spikes.Raster {
	r := spikes.NewRaster(repeats, bins, neurons, 0.02)
	r.Source.Path = "bursty"
	cells := stream.New(seed, "bursty cells")
	active := make([]float64, neurons)
	for i := range active {
		active[i] = 0.15 + 0.25*cells.Float64()
	}
	for rep := range repeats {
		rng := stream.New(seed, "bursty", uint64(rep))
		up := false
		for b := range bins {
			switch x := rng.Float64(); {
			case up:
				up = x > 1./8 // 8 bins in the mean
			default:
				up = x < 1./30
			}
			for i := range neurons {
				p := 0.01
				if up {
					p = active[i]
				}
				switch {
				case b > 0 && r.At(rep, b-1, i):
					p *= 0.2
				case b > 1 && r.At(rep, b-2, i):
					p = min(0.6, 2*p)
				}
				r.Set(rep, b, i, rng.Float64() < p)
			}
		}
	}
	return r
}
