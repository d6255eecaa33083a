package score

import (
	"math"
	"slices"
	"testing"

	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/spikes"
)

// Words are told apart in populations of more than 256 cells too, and the rate of a cell has
// half a spike more, of one bin more.
func TestWordsOfTheRest(t *testing.T) {
	r := spikes.NewRaster(1, 9, 300, 0)
	for bin, cell := range []int{0, 256, 299, 43, 0, 0} {
		r.Set(0, bin, cell, true)
	}
	words, counts := distinct(r)
	if words.rows() != 5 || !slices.Equal(counts, []float64{3, 1, 1, 1, 3}) {
		t.Errorf("%d words, %v times", words.rows(), counts)
	}
	x := fitRest(drawnBy(1, 9, 2, func(bin, cell int) bool { return cell == 0 && bin < 3 }), 1)
	for cell, want := range []float64{math.Log(3.5 / 6.5), math.Log(0.5 / 9.5)} {
		if math.Abs(x.rate[cell]-want) > 1e-12 {
			t.Errorf("logit of cell %d: %v, want %v", cell, x.rate[cell], want)
		}
	}
}

// drawnBy is a raster of which each repeat fires by a rule.
func drawnBy(repeats, bins, neurons int, fires func(bin, cell int) bool) *spikes.Raster {
	r := spikes.NewRaster(repeats, bins, neurons, 0.02)
	for rep := range repeats {
		for b := range bins {
			for i := range neurons {
				r.Set(rep, b, i, fires(b, i))
			}
		}
	}
	return r
}

// A cell that fires whenever it has been silent for eight bins fires at once where a repeat
// begins as the stimulus does, and where it would be by then elsewhere: each 9th bin from 50
// bins before on.
func TestGLMPast(t *testing.T) {
	for _, k := range []struct{ stimulus, bins, first int }{{3, 3, 0}, {3, 4, 0}, {12, 12, 0}, {6, 5, 4}, {0, 5, 4}, {0, 30, 4}} {
		m := &GLM{neurons: 1, bins: k.stimulus, bias: []float64{100}, drive: make([]float64, k.stimulus), weights: slices.Repeat([]float64{-1000}, glmReach)}
		r := m.Sample(stream.New(1, "past"), 2, k.bins)
		for rep := range 2 {
			for b := range k.bins {
				if want := b >= k.first && (b-k.first)%9 == 0; r.At(rep, b, 0) != want {
					t.Errorf("%d of %d bins: repeat %d fires in bin %d: %v", k.bins, k.stimulus, rep, b, !want)
				}
			}
		}
	}
}

// Couplings are held loosely where held out repeats have them, and tightly where they are none.
func TestGLMPenalty(t *testing.T) {
	rng := stream.New(33, "penalty")
	for _, k := range []struct {
		coupling    float64
		least, most float64
	}{{3, 0, 30}, {0, 300, 1000}} {
		r := spikes.NewRaster(25, 200, 3, 0)
		for rep := range r.Repeats {
			for b := range r.Bins {
				for i := range 3 {
					eta := -2.5
					if b > 0 && r.At(rep, b-1, (i+1)%3) {
						eta += k.coupling
					}
					r.Set(rep, b, i, rng.Float64() < sigmoid(eta))
				}
			}
		}
		m, err := FitGLM(r, false, 1)
		if err != nil || m.Penalty < k.least || m.Penalty > k.most {
			t.Errorf("coupling %g: penalty %g, want %g to %g (%v)", k.coupling, m.Penalty, k.least, k.most, err)
		}
	}
}

// The prior of a cell's own past is the loose one, that of the others' the penalty: with a
// penalty that allows nothing only own history is left.
func TestGLMPriors(t *testing.T) {
	r := drawn(20, 60, 3, stream.New(34, "priors"))
	m, err := fitGLM(r, false, []int{0, 1, 2}, 1e12, 1)
	if err != nil {
		t.Fatal(err)
	}
	for k, w := range m.weights {
		from, to := k/3%3, k%3
		if own := from == to; own != (math.Abs(w) > 1e-3) {
			t.Errorf("lag %d from %d to %d: %g", k/9+1, from, to, w)
		}
	}
}

// A regression without features has the logit that prior and data agree on: the maximum of
// n₁ η - n ln(1 + e^η) - ½ λ (η - m)².
func TestLogisticPrior(t *testing.T) {
	y := []bool{true, false, false, false, true, false, false, false}
	for _, k := range []struct{ ridge, prior float64 }{{0, 0}, {1, 0}, {4, 0}, {4, 2}, {100, -3}} {
		m := logistic{x: &sparse{columns: 0, start: make([]int, len(y)+1)}, y: y, skip: -1, ridge: []float64{k.ridge, 1}, prior: []float64{k.prior, 0}}
		eta := m.fit()[0]
		if slope := 2 - 8*sigmoid(eta) - k.ridge*(eta-k.prior); math.Abs(slope) > 0.02 {
			t.Errorf("ridge %g around %g: %v, where the slope is %g", k.ridge, k.prior, eta, slope)
		}
		value, gradient := m.evaluate([]float64{eta + 0.3, 0}, make([]float64, len(y)))
		further, _ := m.evaluate([]float64{eta + 0.3 + 1e-6, 0}, make([]float64, len(y)))
		if d := (further - value) / 1e-6; math.Abs(d-gradient[0]) > 1e-4 {
			t.Errorf("ridge %g around %g: the gradient is %g, differences say %g", k.ridge, k.prior, gradient[0], d)
		}
	}
}

// A PSTH is smoothed by all of a Gaussian that matters, and has half a spike of a repeat more.
func TestSmoothed(t *testing.T) {
	const bins, repeats = 12, 7.
	c := []float64{0, 3, 0, 0, 7, 1, 0, 0, 0, 0, 2, 0}
	for _, sigma := range []float64{0, 0.3, 1, 2} {
		got := make([]float64, bins)
		smoothed(c, bins, repeats, sigma, got)
		rate := (0.5 + 13) / (repeats*bins + 1)
		for b := range got {
			total, weight := c[b], 1.
			for d := range c {
				if sigma > 0 && d != b {
					g := math.Exp(-float64((b-d)*(b-d)) / (2 * sigma * sigma))
					total, weight = total+g*c[d], weight+g
				}
			}
			if want := (total/weight + rate/2) / (repeats + 0.5); math.Abs(got[b]-want) > 2e-4 {
				t.Errorf("σ = %g, bin %d: %v, want %v", sigma, b, got[b], want)
			}
		}
	}
}

// What is dealt anew has as many units as the sample and the judging half have.
func TestDeal(t *testing.T) {
	recording := drawn(21, 8, 3, stream.New(35, "deal"))
	r, err := New(recording, Splits()[0], Options{Resamples: 4})
	if err != nil {
		t.Fatal(err)
	}
	b := r.bench(shape{8, true})
	for _, units := range []int{3, 11} {
		sample, judge, _ := b.dealt(units)(stream.New(36, "deal"))
		views := b.resampled(sample, judge)
		p := pairing{sample: views[0], judge: views[1]}
		if p.sample.repeatCount() != float64(units) || p.judge.repeatCount() != 10 {
			t.Errorf("%d units of 11: %g and %g repeats are dealt", units, p.sample.repeatCount(), p.judge.repeatCount())
		}
		if units == 11 && p.sample.sum[b.active.from]+p.judge.sum[b.active.from] != float64(recording.Repeats*8-busy(recording)) {
			t.Error("a unit is dealt twice")
		}
	}
	figures := Figures()
	if few, all := r.perfect(b, 3, figures), r.perfect(b, 11, figures); &few[0] == &all[0] {
		t.Error("samples of 3 and of 11 units have one range")
	}
	if all, more := r.perfect(b, 11, figures), r.perfect(b, 500, figures); &all[0] != &more[0] {
		t.Error("more samples than the training half has are dealt anew")
	}
}

// busy counts the bins in which a cell fires.
func busy(r *spikes.Raster) (n int) {
	for rep := range r.Repeats {
		for b := range r.Bins {
			n += min(1, r.Active(rep, b))
		}
	}
	return n
}

// The law of a perfect model scores the share of its samples' that abundances expect, of as
// many draws as the samples are of the training half, which may be longer than the other.
func TestPerfectLaw(t *testing.T) {
	r, err := New(drawn(25, 40, 4, stream.New(37, "law")), Splits()[1], Options{Resamples: 1})
	if err != nil {
		t.Fatal(err)
	}
	b := r.bench(shape{40, true})
	train, judge := viewOf(r.Train()), viewOf(r.Judge())
	counts := make([]int, 16)
	for k := range counts {
		counts[k] = int(at(train.sum, train.words[0])[k] + at(judge.sum, judge.words[0])[k])
	}
	a := metrics.FitAbundances(counts)
	figures := Figures()
	of := func(name string) int { return slices.IndexFunc(figures, func(f Figure) bool { return f.Name == name }) }
	for _, part := range []float64{0.2, 1} {
		perfect := make([]*Range, len(figures))
		perfect[of(jsWords)] = &Range{3, 2, 5}
		b.perfectLaw(perfect, figures, part, 1)
		share := a.ExpectedJS(math.Inf(1), judge.binCount()) / a.ExpectedJS(part*train.binCount(), judge.binCount())
		got := perfect[of(jsWordsExact)]
		if math.Abs(got.Mean-3*share) > 1e-9 || math.Abs(got.Low-2*share) > 1e-9 || math.Abs(got.High-5*share) > 1e-9 {
			t.Errorf("%g of the training half: %+v, want %g times 3, 2 and 5", part, *got, share)
		}
	}
	if len(b.train) == len(b.judge) {
		t.Error("the halves are equal")
	}
}

// Values of which half or more are finite are put in order, others say nothing.
func TestSorted(t *testing.T) {
	none := math.NaN()
	for _, k := range []struct{ x, want []float64 }{{[]float64{3, 1}, []float64{1, 3}}, {[]float64{none, 2}, []float64{2}}, {[]float64{none, 2, none}, nil}, {[]float64{4, math.Inf(1), 2}, []float64{2, 4}}, {nil, nil}} {
		if got := sorted(k.x); !slices.Equal(got, k.want) {
			t.Errorf("%v: %v, want %v", k.x, got, k.want)
		}
	}
}

// Excess is counted from the mean of perfect samples to the bound on the bad side: above of a
// distance, of which logarithms are taken, below of an agreement, on the value's own side of a
// level.
func TestExcess(t *testing.T) {
	x := &Range{Mean: 4, Low: 3, High: 8}
	for _, k := range []struct {
		better Better
		signed bool
		value  float64
		want   float64
	}{
		{Smaller, false, 8, 1}, {Smaller, false, 16, 2}, {Smaller, false, 4, 0}, {Smaller, false, 2, -1}, {Smaller, true, 8, 1}, {Smaller, true, 16, 3}, {Smaller, false, 0, -1},
		{Larger, false, 3, 1}, {Larger, false, 1, 3}, {Larger, false, 6, -2}, {Nearer, false, 8, 1}, {Nearer, false, 12, 2}, {Nearer, false, 3, 1}, {Nearer, false, 2, 2}, {Larger, false, -1e6, 1000}, {Larger, false, 1e6, -1000},
	} {
		if got := x.excess(k.value, &Figure{Better: k.better, signed: k.signed}); math.Abs(got-k.want) > 1e-12 {
			t.Errorf("%g, %s is better (signed: %v): excess %g, want %g", k.value, k.better, k.signed, got, k.want)
		}
	}
}

// Bursts of 50 bins and more are one entry, whether a silent bin or the repeat ends them.
func TestLongBursts(t *testing.T) {
	for _, k := range []struct{ bins, length, want int }{{60, 49, 49}, {60, 50, 50}, {60, 59, 50}, {60, 60, 50}, {120, 100, 50}, {120, 120, 50}} {
		law := viewOf(drawnBy(2, k.bins, 2, func(bin, cell int) bool { return bin < k.length })).law(viewOf(drawnBy(1, k.bins, 2, func(int, int) bool { return true })).bursts)
		if len(law) != maxBurst+1 || law[k.want] != 1 {
			t.Errorf("a burst of %d of %d bins: %v", k.length, k.bins, law)
		}
	}
}

// A sample is as many repeats as the training half holds side by side.
func TestSampleShape(t *testing.T) {
	r, err := New(drawn(21, 40, 2, stream.New(38, "shape")), Splits()[0], Options{Resamples: -1})
	if err != nil {
		t.Fatal(err)
	}
	for bins, want := range map[int][2]int{0: {11, 40}, 40: {11, 40}, 41: {11, 40}, 20: {22, 20}, 13: {33, 13}, 21: {11, 21}, 1: {440, 1}} {
		if repeats, of := r.SampleShape(bins); repeats != want[0] || of != want[1] {
			t.Errorf("%d bins: %d repeats of %d, want %v", bins, repeats, of, want)
		}
	}
}
