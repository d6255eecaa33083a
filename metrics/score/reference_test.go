package score

import (
	"math"
	"testing"

	"qgan/metrics/spikes"
)

// reference are figures against the even repeats of the salamander recording (Marre et
// al. 2017, doi:10.15479/AT:ISTA:61), computed with NumPy by the definitions of the table:
// of the odd repeats, and of the first 296 x 953 bins of the samples that were published
// with Spike-GAN (Molano-Mazón et al. 2018), whose repeats are not the movie's. noise_correlation_rms_even
// is the even repeats' own.
var referenceNames = []string{
	"kl_population_count", "unseen", "rmse_correlation", "rmse_mean_isi_s", "rmse_std_isi_s", "noise_correlation_r", "noise_correlation_rms", "noise_correlation_rms_even", "psth_r2_median", "fano_relative_error",
}

var reference = []struct {
	neurons int
	samples string
	want    []float64 // in the order of the names, as far as they exist
}{
	{10, "odd repeats", []float64{
		2.896145325757071e-05, 0.0, 0.004450112484895492, 0.027071523784577042, 0.04363490651113258, 0.28479574819510733, 0.005495250407282197, 0.005130505440675438, 0.9760021896192668, 0.1078127716301271,
	}},
	{10, "dichotomised gaussian", []float64{
		1.3243676619634116e-05, 3.5449930518136186e-06, 0.0026852619600453505, 0.029146608846066104, 0.08319667836764708,
	}},
	{10, "k-pairwise", []float64{
		8.713843441078881e-05, 0.0, 0.0029721125935997755, 0.3016273766359871, 0.4029298847612845,
	}},
	{50, "odd repeats", []float64{
		0.00012207728781375214, 0.0, 0.004678308223833465, 0.10384565336328896, 0.10347367094147342, 0.7360023950550687, 0.007954968458799071, 0.007658108930353282, 0.9686390586591699, 0.1209309807028283,
	}},
	{50, "dichotomised gaussian", []float64{
		0.00013048077756633306, 1.0634979155440856e-05, 0.0035860454147650387, 0.09037407874104512, 0.08915032246539878,
	}},
	{50, "k-pairwise", []float64{
		0.00015701715481742772, 0.0, 0.0036294966684467696, 0.36992865095127403, 0.45176354035864436,
	}},
}

// TestReference holds the figures against numbers that another program computed.
func TestReference(t *testing.T) {
	split, err := ParseSplit("")
	if err != nil {
		t.Fatal(err)
	}
	referees := map[int]*Referee{}
	for _, row := range reference {
		n, name := row.neurons, row.samples
		if referees[n] == nil {
			if referees[n], err = New(shared(t, "recording", n), split, Options{Resamples: -1}); err != nil {
				t.Fatal(err)
			}
		}
		r := referees[n]
		samples := r.Train()
		if name != "odd repeats" {
			samples = firstRepeats(t, shared(t, name, n), 296)
		}
		samples, shape, _, err := r.fit(samples)
		if err != nil {
			t.Fatal(err)
		}
		b := r.bench(shape)
		p := b.pair(b.units(samples, 1), nil, nil)
		values := map[string]float64{}
		for _, f := range Figures() {
			values[f.Name] = f.measure(p)
			if f.level != nil && f.missing(p) == "" {
				values[f.Name+"_even"] = f.level(p.judge)
			}
		}
		for k, want := range row.want {
			if x, ok := values[referenceNames[k]]; !ok || !(math.Abs(x-want) <= 1e-6*math.Abs(want)) {
				t.Errorf("%s of %s, %d cells: %.12g, want %.12g", referenceNames[k], name, n, x, want)
			}
		}
	}
}

func firstRepeats(t *testing.T, r *spikes.Raster, n int) *spikes.Raster {
	t.Helper()
	var first []int
	for i := range min(n, r.Repeats) {
		first = append(first, i)
	}
	out, err := r.SelectRepeats(first, "")
	if err != nil {
		t.Fatal(err)
	}
	return out
}
