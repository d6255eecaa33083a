package score

import (
	"fmt"
	"math"
	"slices"

	"qgan/metrics/spikes"
)

// Profile is what figures are made of, in curves and lists for pages to draw. What a cell
// or a pair does not have is NaN.
type Profile struct {
	Rates        []float64   // spikes a bin of each cell
	RateErrors   []float64   // standard errors of Rates over repeats; nil: there is a single one
	KProbability []float64   // share of bins with k active cells
	KErrors      []float64   // the same of KProbability
	Silent       []float64   // share of windows of SilentBins bins in which no cell fires
	SilentBins   []int       // as far as they fit a repeat
	Bursts       []float64   // share of runs of so many bins with a spike, the last for all that are longer
	MeanISI      []float64   // seconds, by cell
	DeviationISI []float64   // the same, ddof 0
	ISI          []float64   // share of the inter-spike intervals of all cells that are of so many bins
	Fano         [][]float64 // by cell, for windows of FanoBins bins
	FanoBins     []int
	WholeFano    []float64   // by cell, over whole repeats
	PSTH         [][]float64 // share of repeats with a spike, by cell and bin; nil where bins have no meaning
	Autocov      [][]float64 // by cell, lags 0 to 20
	Pairs        []PairProfile
}

// PairProfile is what two cells have in common.
type PairProfile struct {
	I, J          int
	Correlation   float64   // Pearson's, of single bins
	Noise, Signal float64   // NaN where bins of a repeat have no meaning
	Covariance    []float64 // I's bin with J's, lags -20 to 20
}

// Profiles returns those of samples and of the judging half, brought to one shape as for
// [Referee.Score]. It fails as that does.
func (r *Referee) Profiles(samples *spikes.Raster) (sample, recording *Profile, err error) {
	samples, s, _, err := r.fit(samples)
	if err != nil {
		return nil, nil, fmt.Errorf("profile of samples: %w", err)
	}
	b := r.bench(s)
	units := b.units(samples, 1)
	p := b.pair(units, nil, nil)
	sample, recording = p.sample.profile(samples), p.judge.profile(r.judge.Cut(s.bins))
	for half, rows := range map[*Profile][][]float32{sample: units, recording: b.judge} {
		half.RateErrors, half.KErrors = b.errors(rows, b.lags[0].first), b.errors(rows, b.active)
	}
	return sample, recording, nil
}

// errors are the standard errors of a section's counts a bin, which are ratios of sums
// over units: with x_u a unit's counts, n_u its bins and p = sum x_u / sum n_u,
//
//	sqrt(U/(U-1) sum (x_u - p n_u)²) / sum n_u.
//
// There are none of a single unit.
func (l *layout) errors(units [][]float32, s section) []float64 {
	if len(units) < 2 {
		return nil
	}
	out := make([]float64, s.to-s.from)
	for k := range out {
		sum, bins, squares := 0.0, 0.0, 0.0
		for _, row := range units {
			sum += float64(at(row, s)[k])
			bins += float64(row[l.total.from])
		}
		for _, row := range units {
			d := float64(at(row, s)[k]) - sum/bins*float64(row[l.total.from])
			squares += d * d
		}
		n := float64(len(units))
		out[k] = math.Sqrt(n/(n-1)*squares) / bins
	}
	return out
}

// profile is that of a view, and of the raster that it is of.
func (v *view) profile(r *spikes.Raster) *Profile {
	n := v.neurons
	p := &Profile{
		Rates: v.rates(), KProbability: v.law(v.active), Bursts: v.law(v.bursts), ISI: intervalLaw(r),
		MeanISI: make([]float64, n), DeviationISI: make([]float64, n), WholeFano: v.fanoFactors(v.repeatCount(), at(v.sum, v.whole)),
		Fano: make([][]float64, n), Autocov: make([][]float64, n),
	}
	for k, length := range silences {
		if length <= v.bins {
			p.SilentBins = append(p.SilentBins, length)
			p.Silent = append(p.Silent, v.silentShare(k))
		}
	}
	p.FanoBins = slices.Clone(fanoBins[:len(v.fano)])
	for _, s := range v.fano {
		x := at(v.sum, s)
		for i, f := range v.fanoFactors(x[0], x[1:]) {
			p.Fano[i] = append(p.Fano[i], f)
		}
	}
	for i := range n {
		p.MeanISI[i], p.DeviationISI[i] = v.interval(i)
		for lag := range v.lags {
			p.Autocov[i] = append(p.Autocov[i], v.covariance(lag, i, i))
		}
		if v.aligned {
			p.PSTH = append(p.PSTH, v.mean(i))
		}
		for j := i + 1; j < n; j++ {
			p.Pairs = append(p.Pairs, v.pairProfile(i, j))
		}
	}
	return p
}

func (v *view) pairProfile(i, j int) PairProfile {
	p := PairProfile{I: i, J: j, Correlation: v.correlations()[i*v.neurons+j], Noise: math.NaN(), Signal: math.NaN()}
	if v.aligned {
		p.Noise, p.Signal = v.noise()[i*v.neurons+j], v.signal()[i*v.neurons+j]
	}
	for lag := len(v.lags) - 1; lag > 0; lag-- {
		p.Covariance = append(p.Covariance, v.covariance(lag, j, i))
	}
	for lag := range v.lags {
		p.Covariance = append(p.Covariance, v.covariance(lag, i, j))
	}
	return p
}

// intervalLaw are the shares of the inter-spike intervals of all cells within repeats, by
// their bins; nil where there is none.
func intervalLaw(r *spikes.Raster) []float64 {
	counts, total := make([]float64, r.Bins), 0.0
	t := newTrains(r.Neurons, r.Bins)
	longest := 0
	for rep := range r.Repeats {
		t.read(r, rep)
		for i := range r.Neurons {
			last := -1
			t.each(i, func(b int) {
				if last >= 0 {
					counts[b-last]++
					total++
					longest = max(longest, b-last)
				}
				last = b
			})
		}
	}
	if total == 0 {
		return nil
	}
	counts = counts[:longest+1]
	for k := range counts {
		counts[k] /= total
	}
	return counts
}
