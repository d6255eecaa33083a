package metrics

import (
	"fmt"
	"math"

	"qgan/metrics/spikes"
)

// SpikeGANErrors are the errors that Spike-GAN's analysis adds up between a sample
// and data (Molano-Mazon et al., ICLR 2018, arXiv:1803.00338), as means of absolute
// differences per entry where there are many, with Pearson's coefficient between the
// entries of the two beside it (nil where one of them does not vary). Repeats are
// joined in time, as there: one bin of lag crosses from one repeat into the next.
type SpikeGANErrors struct {
	Rate           float64  `json:"rate_error"`           // spikes a bin, mean over neurons
	RateR          *float64 `json:"rate_pearson"`         //
	Covariance     float64  `json:"covariance_error"`     // of one bin, mean over pairs
	CovarianceR    *float64 `json:"covariance_pearson"`   //
	KProbability   float64  `json:"k_probability_error"`  // sum over k
	LagCovariance  float64  `json:"lag_covariance_error"` // one bin later, mean over all n x n
	LagCovarianceR *float64 `json:"lag_covariance_pearson"`
	// Autocorrelogram is the sum over lags -10 to 10 of windows of the length in bins
	// beside it, which do not overlap.
	Autocorrelogram float64 `json:"autocorrelogram_error"`
	Bins            int     `json:"autocorrelogram_bins"`
}

// CompareSpikeGAN computes the errors of a sample, autocorrelograms over windows of
// t bins. It fails for another number of neurons and for windows that are longer than
// the repeats.
func CompareSpikeGAN(data, sample *spikes.Raster, t int) (SpikeGANErrors, error) {
	e := SpikeGANErrors{Bins: t}
	switch {
	case data.Neurons != sample.Neurons:
		return e, fmt.Errorf("comparing as Spike-GAN does: a sample of %d neurons and data of %d", sample.Neurons, data.Neurons)
	case t < 1 || t > data.Bins || t > sample.Bins:
		return e, fmt.Errorf("comparing as Spike-GAN does: windows of %d bins in repeats of %d and %d", t, data.Bins, sample.Bins)
	}
	n := data.Neurons
	a, b := joined(data), joined(sample)
	ja, jb := pack(a).counts(), pack(b).counts()
	var x, y []float64
	for i := range n {
		x, y = append(x, float64(ja[i][i])/float64(a.Bins)), append(y, float64(jb[i][i])/float64(b.Bins))
	}
	e.Rate, e.RateR = meanError(x, y)

	ca, cb := covariance(ja, a.Bins), covariance(jb, b.Bins)
	x, y = nil, nil
	for i := range n {
		for j := range n {
			if i != j {
				x, y = append(x, ca[i][j]), append(y, cb[i][j])
			}
		}
	}
	e.Covariance, e.CovarianceR = meanError(x, y)
	e.KProbability = l1(ComplexityPDF(a), ComplexityPDF(b))

	x, y = nil, nil
	if a.Bins > 1 && b.Bins > 1 {
		la, lb := LagCovariance(a, 1), LagCovariance(b, 1)
		for i := range n {
			x, y = append(x, la[i]...), append(y, lb[i]...)
		}
	}
	e.LagCovariance, e.LagCovarianceR = meanError(x, y)

	wa, wb := spikes.Windows{Raster: data, T: t}, spikes.Windows{Raster: sample, T: t}
	e.Autocorrelogram = l1(AutocorrelogramStride(wa, t, AutocorrelogramLags), AutocorrelogramStride(wb, t, AutocorrelogramLags))
	return e, nil
}

// joined is the raster as one long repeat.
func joined(r *spikes.Raster) *spikes.Raster {
	if r.Repeats == 1 {
		return r
	}
	out := spikes.NewRaster(1, r.Repeats*r.Bins, r.Neurons, r.BinWidth)
	for rep := range r.Repeats {
		for b := range r.Bins {
			for i := range r.Neurons {
				if r.At(rep, b, i) {
					out.Set(0, rep*r.Bins+b, i, true)
				}
			}
		}
	}
	return out
}

// meanError is the mean absolute difference and Pearson's coefficient of two lists.
func meanError(x, y []float64) (mean float64, r *float64) {
	if len(x) == 0 {
		return 0, nil
	}
	var gap, sx, sy, sxx, syy, sxy float64
	for i := range x {
		gap += math.Abs(x[i] - y[i])
		sx += x[i]
		sy += y[i]
	}
	n := float64(len(x))
	for i := range x {
		dx, dy := x[i]-sx/n, y[i]-sy/n
		sxx += dx * dx
		syy += dy * dy
		sxy += dx * dy
	}
	return gap / n, FiniteOrNil(sxy / math.Sqrt(sxx*syy))
}
