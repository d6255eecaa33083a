package training

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"qgan/metrics"
	"qgan/metrics/spikes"
)

// Data is the recording as training sees it: its windows and their law.
type Data struct {
	Windows spikes.Windows
	States  *metrics.States
	// MeanCount is the mean number of spikes of a window.
	MeanCount float64
}

// NewData prepares a recording whose neurons are already chosen.
func NewData(r *spikes.Raster, timesteps int) (*Data, error) {
	w, err := r.Windows(timesteps)
	if err != nil {
		return nil, err
	}
	if w.Len() == 0 {
		return nil, fmt.Errorf("%s has no repeats left", r.Source.Path)
	}
	s, err := metrics.CountStates(w)
	if err != nil {
		return nil, err
	}
	d := &Data{Windows: w, States: s}
	for i := range s.Len() {
		for _, word := range s.Window(i) {
			d.MeanCount += float64(popcount(word)) * s.Prob(i)
		}
	}
	return d, nil
}

// words writes window i of the recording.
func (d *Data) words(i int, out []uint32) {
	rep, bin := d.Windows.Locate(i)
	for k := range out {
		out[k] = d.Windows.Word(rep, bin+k)
	}
}

// sampler draws indices of a table by its running sum.
type sampler struct{ sums []float64 }

func (s *sampler) set(table []float64) {
	s.sums = s.sums[:0]
	sum := 0.0
	for _, p := range table {
		sum += max(p, 0) // of signed weights those above 0 are drawn from
		s.sums = append(s.sums, sum)
	}
}

func (s *sampler) draw(rng *rand.Rand) int {
	u := rng.Float64() * s.sums[len(s.sums)-1]
	i, _ := slices.BinarySearchFunc(s.sums, u, func(sum, u float64) int {
		if sum <= u {
			return -1
		}
		return 1
	})
	return min(i, len(s.sums)-1)
}

// rates are the neurons' mean spikes a bin.
func (d *Data) rates() []float64 {
	r := d.Windows.Raster
	out := make([]float64, r.Neurons)
	for rep := range r.Repeats {
		for b := range r.Bins {
			for j := range out {
				if r.At(rep, b, j) {
					out[j] += 1 / float64(r.Repeats*r.Bins)
				}
			}
		}
	}
	return out
}
