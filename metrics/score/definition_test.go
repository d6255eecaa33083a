package score

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/spikes"
)

// defined are the figures of a sample against a recording, written down anew from the texts
// of the table, over the statistics of metrics and over bins.
func defined(s, j *spikes.Raster) map[string]float64 {
	n, out := s.Neurons, map[string]float64{}
	sumGap := func(x, y []float64) (gap, size float64) {
		for k := range x {
			gap, size = gap+math.Abs(x[k]-y[k]), size+math.Abs(y[k])
		}
		return gap, size
	}
	ratio := func(x, y []float64) float64 { gap, size := sumGap(x, y); return gap / size }
	rmsGap := func(x, y []float64) float64 {
		sum := 0.0
		for k := range x {
			sum += (x[k] - y[k]) * (x[k] - y[k])
		}
		return math.Sqrt(sum / float64(len(x)))
	}
	upper := func(m [][]float64) (out []float64) {
		for i := range m {
			out = append(out, m[i][i+1:]...)
		}
		return out
	}
	windows := func(r *spikes.Raster, t int) spikes.Windows { return spikes.Windows{Raster: r, T: t} }

	out["rate_error"] = ratio(metrics.MeanFiringRate(s), metrics.MeanFiringRate(j))
	p, q := metrics.ComplexityPDF(s), metrics.ComplexityPDF(j)
	out["k_probability_distance"], _ = sumGap(p, q)
	for k := range p {
		if p[k] > 0 && q[k] > 0 {
			out["kl_population_count"] += p[k] * math.Log(p[k]/q[k])
		} else {
			out["unseen"] += p[k]
		}
	}
	out["count_distance_10"], _ = sumGap(metrics.SpikeCountPDF(windows(s, 10)), metrics.SpikeCountPDF(windows(j, 10)))
	out["burst_length_distance"], _ = sumGap(metrics.BurstLengthPDF(windows(s, s.Bins)), metrics.BurstLengthPDF(windows(j, j.Bins)))
	for _, length := range []int{1, 2, 5, 10, 20} {
		out[fmt.Sprintf("p_silent_%d", length)] = metrics.PSilent(windows(s, length))
	}
	a, _ := metrics.CorrelationCoefficient(s)
	b, _ := metrics.CorrelationCoefficient(j)
	out["rmse_correlation"] = rmsGap(upper(a), upper(b))
	for k, x := range upper(a) {
		out["max_correlation_error"] = max(out["max_correlation_error"], math.Abs(x-upper(b)[k]))
	}
	for lag := range 21 {
		x, y := metrics.LagCovariance(s, lag), metrics.LagCovariance(j, lag)
		var gap, size [2]float64 // of different cells, of a cell and itself
		for i := range n {
			for k := range n {
				own := 0
				if i == k {
					own = 1
				}
				gap[own] += (x[i][k] - y[i][k]) * (x[i][k] - y[i][k])
				size[own] += y[i][k] * y[i][k]
			}
		}
		out[fmt.Sprintf("covariance_error_lag_%d", lag)] = math.Sqrt(gap[0] / size[0])
		if lag > 0 {
			out[fmt.Sprintf("autocovariance_error_lag_%d", lag)] = math.Sqrt(gap[1] / size[1])
		}
	}
	var mean, deviation, cv [2][]float64
	for half, r := range []*spikes.Raster{s, j} {
		for _, x := range metrics.ISI(windows(r, r.Bins)) {
			mean[half], deviation[half], cv[half] = append(mean[half], x.Mean), append(deviation[half], x.CV*x.Mean), append(cv[half], x.CV)
		}
	}
	out["rmse_mean_isi_s"], out["rmse_std_isi_s"], out["rmse_cv_isi"] = rmsGap(mean[0], mean[1]), rmsGap(deviation[0], deviation[1]), rmsGap(cv[0], cv[1])

	// Spikes in windows side by side, their variance with one degree of freedom less.
	fano := func(r *spikes.Raster, length int) []float64 {
		out := make([]float64, n)
		for i := range out {
			var counts []float64
			for rep := range r.Repeats {
				for from := 0; from+length <= r.Bins; from += length {
					c := 0.0
					for bin := from; bin < from+length; bin++ {
						c += one(r, rep, bin, i)
					}
					counts = append(counts, c)
				}
			}
			out[i] = variance(counts) / average(counts)
		}
		return out
	}
	out["fano_relative_error"] = ratio(fano(s, s.Bins), fano(j, j.Bins))
	var x, y []float64
	for _, length := range []int{2, 5, 10, 20, 50} {
		x, y = append(x, fano(s, length)...), append(y, fano(j, length)...)
	}
	out["fano_window_error"] = ratio(x, y)

	// The PSTH, and what is left of a bin without it.
	type parts struct{ psth, noise, signal [][]float64 }
	split := func(r *spikes.Raster) (of parts) {
		for i := range n {
			m, rest, whole := make([]float64, r.Bins), []float64{}, []float64{}
			for rep := range r.Repeats {
				for bin := range r.Bins {
					m[bin] += one(r, rep, bin, i) / float64(r.Repeats)
				}
			}
			for rep := range r.Repeats {
				for bin := range r.Bins {
					rest, whole = append(rest, one(r, rep, bin, i)-m[bin]), append(whole, m[bin])
				}
			}
			of.psth, of.noise, of.signal = append(of.psth, m), append(of.noise, rest), append(of.signal, whole)
		}
		return of
	}
	pairwise := func(trains [][]float64) (out []float64) {
		for i := range trains {
			for k := i + 1; k < len(trains); k++ {
				out = append(out, correlated(trains[i], trains[k]))
			}
		}
		return out
	}
	own, other := split(s), split(j)
	var r2 []float64
	for i := range n {
		gap, size, m := 0.0, 0.0, average(other.psth[i])
		for bin, v := range other.psth[i] {
			gap, size = gap+(own.psth[i][bin]-v)*(own.psth[i][bin]-v), size+(v-m)*(v-m)
		}
		r2 = append(r2, 1-gap/size)
	}
	slices.Sort(r2)
	out["psth_r2_median"] = (r2[(n-1)/2] + r2[n/2]) / 2
	out["noise_correlation_r"] = correlated(pairwise(own.noise), pairwise(other.noise))
	out["noise_correlation_rms"] = rmsGap(pairwise(own.noise), make([]float64, n*(n-1)/2))
	out["signal_correlation_r"] = correlated(pairwise(own.signal), pairwise(other.signal))
	out["signal_correlation_rmse"] = rmsGap(pairwise(own.signal), pairwise(other.signal))

	words := func(r *spikes.Raster) []float64 {
		law := make([]float64, 1<<n)
		for rep := range r.Repeats {
			for bin := range r.Bins {
				law[r.Word(rep, bin)] += 1 / float64(r.Repeats*r.Bins)
			}
		}
		return law
	}
	out["js_words"] = metrics.JS(words(s), words(j))
	return out
}

func average(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// variance has one degree of freedom less than numbers.
func variance(x []float64) float64 {
	m, sum := average(x), 0.0
	for _, v := range x {
		sum += (v - m) * (v - m)
	}
	return sum / float64(len(x)-1)
}

// correlated is Pearson's coefficient.
func correlated(x, y []float64) float64 {
	mx, my, sum := average(x), average(y), 0.0
	for k := range x {
		sum += (x[k] - mx) * (y[k] - my)
	}
	return sum / float64(len(x)-1) / math.Sqrt(variance(x)*variance(y))
}

// TestFiguresByDefinition holds the figures of samples that differ from the recording, in
// number and length of bursts too, against their texts.
func TestFiguresByDefinition(t *testing.T) {
	judge := drawn(6, 70, 5, stream.New(31, "judge"))
	sample := drawn(9, 70, 5, stream.New(32, "sample"))
	for rep := range sample.Repeats { // a word and a number of cells that the recording does not have
		for i := range 5 {
			sample.Set(rep, 11*rep%70, i, true)
		}
	}
	for rep := range judge.Repeats {
		for bin := range judge.Bins {
			if judge.Active(rep, bin) == 5 {
				judge.Set(rep, bin, 2, false)
			}
		}
	}
	want := defined(sample, judge)
	if want["unseen"] == 0 {
		t.Error("the sample has no number of active cells of its own")
	}
	p := &pairing{sample: viewOf(sample), judge: viewOf(judge)}
	elsewhere := []string{"log_likelihood", "predictability_gain", "js_words_exact", "mmd2_sigma_0.6", "mmd2_sigma_1.3"} // TestPerBin, TestRest, TestPerfectWords, TestKernel
	for _, f := range Figures() {
		x, ok := want[f.Name]
		if ok == slices.Contains(elsewhere, f.Name) {
			t.Errorf("%s is written down: %v", f.Name, ok)
		}
		if got := f.measure(p); ok && !(math.Abs(got-x) <= 1e-6*max(1e-3, math.Abs(x))) {
			t.Errorf("%s: %.9g, want %.9g", f.Name, got, x)
		}
		delete(want, f.Name)
	}
	for name := range want {
		t.Errorf("there is no figure %s", name)
	}
}

// TestPerBin: a unit counts as often as it was drawn, in the sum and in the bins.
func TestPerBin(t *testing.T) {
	p := &pairing{weights: []float64{2, 0, 1}, binsOf: []float64{10, 40, 20}}
	if got := p.perBin([]float64{-3, -100, -1}); got != -7./40 {
		t.Errorf("%g a bin, want %g", got, -7./40)
	}
}
