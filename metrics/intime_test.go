package metrics

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"qgan/metrics/spikes"
)

// lagCovarianceByDefinition collects the pairs of bins, subtracts means and
// multiplies.
func lagCovarianceByDefinition(r *spikes.Raster, lag int) [][]float64 {
	var first, second [][]float64
	vector := func(rep, b int) []float64 {
		v := make([]float64, r.Neurons)
		for i := range v {
			v[i] = bit(r, rep, b, i)
		}
		return v
	}
	for rep := range r.Repeats {
		for b := 0; b+lag < r.Bins; b++ {
			first, second = append(first, vector(rep, b)), append(second, vector(rep, b+lag))
		}
	}
	mean := func(vs [][]float64, i int) (m float64) {
		for _, v := range vs {
			m += v[i] / float64(len(vs))
		}
		return m
	}
	c := make([][]float64, r.Neurons)
	for i := range c {
		c[i] = make([]float64, r.Neurons)
		for j := range c[i] {
			mi, mj := mean(first, i), mean(second, j)
			for k := range first {
				c[i][j] += (first[k][i] - mi) * (second[k][j] - mj) / float64(max(1, len(first)-1))
			}
		}
	}
	return c
}

// spanByDefinition visits every window.
func spanByDefinition(w spikes.Windows) (counts, bursts []float64) {
	counts, bursts = make([]float64, w.Neurons*w.T+1), make([]float64, w.T+1)
	windows, all := 0.0, 0.0
	for rep := range w.Repeats {
		for start := 0; start+w.T <= w.Bins; start++ {
			k := 0
			for b := start; b < start+w.T; b++ {
				k += w.Active(rep, b)
			}
			counts[k]++
			windows++
			for b := start; b < start+w.T; b++ {
				if w.Active(rep, b) == 0 || b > start && w.Active(rep, b-1) > 0 {
					continue
				}
				end := b
				for end < start+w.T && w.Active(rep, end) > 0 {
					end++
				}
				bursts[end-b]++
				all++
			}
		}
	}
	for k := range counts {
		counts[k] /= windows
	}
	if all == 0 {
		return counts, nil
	}
	for k := range bursts {
		bursts[k] /= all
	}
	return counts, bursts
}

// The statistics in time are what their definitions say.
func TestStatisticsInTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		bins := rapid.IntRange(1, 25).Draw(t, "bins")
		steps := rapid.IntRange(1, bins).Draw(t, "timesteps")
		n := rapid.SampledFrom([]int{1, 3, 33, 65}).Draw(t, "neurons")
		p := rapid.SampledFrom([]float64{0, 0.02, 0.3, 1}).Draw(t, "p")
		lag := rapid.IntRange(0, 12).Draw(t, "lag")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		w, err := randomRaster(rng, 3, bins, n, p).Windows(steps)
		if err != nil {
			t.Fatal(err)
		}
		same := func(what string, want, got any) {
			if d := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-12)); d != "" {
				t.Fatalf("%s (-want +got):\n%s", what, d)
			}
		}
		same("lag covariance", lagCovarianceByDefinition(w.Raster, lag), LagCovariance(w.Raster, lag))
		same("lag 0", Covariance(w.Raster), LagCovariance(w.Raster, 0))
		counts, bursts := spanByDefinition(w)
		same("spike counts", counts, SpikeCountPDF(w))
		same("burst lengths", bursts, BurstLengthPDF(w))
		same("silent windows", PSilent(w), SpikeCountPDF(w)[0])

		s := SummarizeTime(w)
		same("autocorrelogram", Autocorrelogram(w, AutocorrelogramLags), s.Autocorrelogram)
		for l, got := range s.PSilent {
			same("P(silent) by length", PSilent(spikes.Windows{Raster: w.Raster, T: l + 1}), got)
		}
		same("length of it", steps, len(s.PSilent))
		same("lags", min(bins, AutocorrelogramLags+1), len(s.LagAutocovariance))
		for l := range s.LagAutocovariance {
			own, pairs := 0.0, 0.0
			for i, row := range lagCovarianceByDefinition(w.Raster, l) {
				for j, v := range row {
					if i == j {
						own += v / float64(n)
					} else {
						pairs += v / float64(n*(n-1))
					}
				}
			}
			same("mean over neurons", own, s.LagAutocovariance[l])
			same("mean over pairs", pairs, s.LagCovariance[l])
		}
		if k := len(s.SpikeCounts); k > 1 && s.SpikeCounts[k-1] == 0 {
			t.Fatal("spike counts end with 0")
		}
		if _, err := json.Marshal(s); err != nil {
			t.Fatal(err)
		}
	})
}

// A raster without windows has statistics that can be written.
func TestSummarizeTimeOfNothing(t *testing.T) {
	t.Parallel()
	for _, w := range []spikes.Windows{
		{Raster: spikes.NewRaster(0, 5, 2, 0), T: 3}, {Raster: spikes.NewRaster(2, 5, 2, 0), T: 6},
		{Raster: spikes.NewRaster(2, 0, 2, 0), T: 1}, {Raster: spikes.NewRaster(2, 5, 0, 0), T: 2},
	} {
		s := SummarizeTime(w)
		if _, err := json.Marshal(s); err != nil || len(s.PSilent) != w.T {
			t.Errorf("%d x %d x %d, T=%d: %+v, %v", w.Repeats, w.Bins, w.Neurons, w.T, s, err)
		}
	}
}

// However a raster is cut into parts, their tallies add up to the whole.
func TestTalliesAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		repeats := rapid.SampledFrom([]int{1, 3, 19, 20, 45}).Draw(t, "repeats")
		bins := rapid.SampledFrom([]int{1, 7, 40, 1100}).Draw(t, "bins")
		most := rapid.IntRange(2, 30).Draw(t, "parts")
		r := randomRaster(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)), repeats, bins, 3, 0.2)
		l := &layout{neurons: 3, maxLag: 4, windows: []int{1, 5, 300}, words: map[uint32]int{0: 0, 5: 1}}
		sum := l.newTally()
		in := parts(pack(r), most)
		if len(in) > max(most, repeats) {
			t.Fatalf("%d parts", len(in))
		}
		for _, p := range in {
			sum.add(l.count(pack(r), p))
		}
		if d := cmp.Diff(l.whole(r).sums, sum.sums); d != "" {
			t.Fatal(d)
		}
		if got, want := *sum.lags[0].pairs, repeats*bins; got != want {
			t.Fatalf("%d bins, want %d", got, want)
		}
	})
}

// A raster compared with itself has no errors, and one of half as many spikes has
// those that follow from the definitions.
func TestCompareKnown(t *testing.T) {
	t.Parallel()
	r := spikes.NewRaster(30, 4, 2, 0)
	half := spikes.NewRaster(30, 4, 2, 0)
	for rep := range 30 {
		r.Set(rep, 0, 0, true)
		r.Set(rep, 1, 0, true)
		half.Set(rep, 0, 0, true)
	}
	c, err := NewTimeComparer(r, []int{2, 1, 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []struct {
		sample *spikes.Raster
		want   map[string]float64
	}{
		{r, map[string]float64{"rate": 0, "dPk": 0, "js1": 0, "d1": 0, "ps1": 0.5, "ps2": 1. / 3, "K1": 0, "K2": 0, "ac2": 0, "burst2": 0}},
		// Rates 1/2 and 1/4 of neuron 0; P(k) 1/2, 1/2 and 3/4, 1/4. Windows of two
		// bins have 2, 1, 0 spikes and 1, 0, 0. Of the former's windows two hold a
		// burst, of lengths 2 and 1, and there are two pairs among three spikes' six
		// neighbours; the latter have a burst of length 1 and no pair.
		{half, map[string]float64{"rate": 0.5, "dPk": 0.5, "ps1": 0.75, "ps2": 2. / 3, "K2": 2. / 3, "ac2": 2. / 3, "burst2": 1}},
	} {
		figures, err := c.Compare(k.sample, rand.New(rand.NewPCG(2, 1)))
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		for _, f := range figures {
			if want, ok := k.want[f.column()]; ok {
				seen++
				near(t, f.column(), *f.Value, want, 0, 1e-12)
			}
			// All repeats are alike, so resampling changes nothing.
			if f.Value != nil && !(*f.StdErr <= 1e-12) {
				t.Errorf("%s: standard error %g", f.column(), *f.StdErr)
			}
			// One neuron is silent: there are no covariances of pairs. Bins two apart
			// don't vary together, bins four apart are not in a repeat.
			absent := f.Name == "covariance-error" || f.Name == "lag-covariance-error" || f.Lag >= 2
			absent = absent || f.Bins == 1 && (f.Name == "autocorrelogram-distance" || f.Name == "burst-length-distance")
			if absent != (f.Value == nil) {
				t.Errorf("%s: %v", f.column(), f.Value)
			}
			if (f.Name == "p-silent") != (f.Data != nil) {
				t.Errorf("%s: data's value %v", f.column(), f.Data)
			}
		}
		if seen != len(k.want) {
			t.Errorf("%d of %d figures", seen, len(k.want))
		}
		if _, err := json.Marshal(figures); err != nil {
			t.Error(err)
		}
	}
}

// The words' divergence is that of their laws, unseen words too.
func TestCompareWords(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 1))
	data, sample := randomRaster(rng, 4, 30, 5, 0.1), randomRaster(rng, 3, 20, 5, 0.3)
	c, err := NewTimeComparer(data, []int{1})
	if err != nil {
		t.Fatal(err)
	}
	figures, err := c.Compare(sample, rng)
	if err != nil {
		t.Fatal(err)
	}
	law := func(r *spikes.Raster) *States {
		s, err := CountStates(spikes.Windows{Raster: r, T: 1})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	want, err := JSStates(law(data), law(sample))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range figures {
		if f.Name == "word-js" {
			near(t, "word-js", *f.Value, want, 1e-12, 0)
			return
		}
	}
	t.Error("no figure of the words")
}

// The bootstrap's error is what figures of samples drawn anew differ by, whether
// a sample has many repeats or a single long one.
func TestCompareStandardErrors(t *testing.T) {
	t.Parallel()
	chain, err := FitChain(firstNeurons(t, spikes.Builtin(), 4), 1)
	if err != nil {
		t.Fatal(err)
	}
	data := chain.Draw(400, 200, 0, rand.New(rand.NewPCG(4, 0)))
	c, err := NewTimeComparer(data, []int{5})
	if err != nil {
		t.Fatal(err)
	}
	for _, shape := range []struct{ repeats, bins int }{{100, 100}, {1, 10000}} {
		values, errs := map[string]*running{}, map[string]*running{}
		for i := range uint64(40) {
			figures, err := c.Compare(chain.Draw(shape.repeats, shape.bins, 0, rand.New(rand.NewPCG(4, 1+i))), rand.New(rand.NewPCG(5, i)))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range figures {
				if values[f.column()] == nil {
					values[f.column()], errs[f.column()] = &running{}, &running{}
				}
				values[f.column()].add(*f.Value)
				errs[f.column()].add(*f.StdErr)
			}
		}
		// The others are distances near 0, whose bootstrap is known to be biased.
		if got, want := errs["ps5"].mean, values["ps5"].deviation(); got < want/1.5 || got > want*1.5 {
			t.Errorf("%v: standard error %g, draws differ by %g", shape, got, want)
		}
	}
}

func TestCompareRefused(t *testing.T) {
	t.Parallel()
	r := spikes.NewRaster(2, 10, 3, 0)
	for what, f := range map[string]func() error{
		"windows longer than the data": func() error { _, err := NewTimeComparer(r, []int{11}); return err },
		"windows of no bin":            func() error { _, err := NewTimeComparer(r, []int{0}); return err },
		"no window":                    func() error { _, err := NewTimeComparer(r, nil); return err },
		"no neurons":                   func() error { _, err := NewTimeComparer(spikes.NewRaster(2, 10, 0, 0), []int{1}); return err },
		"no repeats":                   func() error { _, err := NewTimeComparer(spikes.NewRaster(0, 10, 3, 0), []int{1}); return err },
		"other neurons": func() error {
			c, err := NewTimeComparer(r, []int{1})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Compare(spikes.NewRaster(2, 10, 4, 0), rand.New(rand.NewPCG(1, 1)))
			return err
		},
		"order 2":       func() error { _, err := FitChain(r, 2); return err },
		"chain of none": func() error { _, err := FitChain(spikes.NewRaster(0, 3, 3, 0), 1); return err },
		"wide chain":    func() error { _, err := FitChain(spikes.NewRaster(1, 3, 33, 0), 1); return err },
	} {
		if f() == nil {
			t.Errorf("%s: no error", what)
		}
	}
}

// Samples that are silent, empty or shorter than the windows have figures where
// these mean something.
func TestCompareDegenerate(t *testing.T) {
	t.Parallel()
	c, err := NewTimeComparer(randomRaster(rand.New(rand.NewPCG(6, 1)), 30, 20, 40, 0.1), []int{3, 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []*spikes.Raster{
		spikes.NewRaster(0, 20, 40, 0), spikes.NewRaster(1, 0, 40, 0), spikes.NewRaster(1, 1, 40, 0),
		spikes.NewRaster(500, 3, 40, 0), spikes.NewRaster(1, 20, 40, 0),
	} {
		figures, err := c.Compare(r, rand.New(rand.NewPCG(6, 2)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range figures {
			want := r.Repeats > 0 && r.Bins > f.Lag && r.Bins >= f.Bins && f.Name != "word-js" // of 40 neurons
			switch f.Name {
			case "burst-length-distance":
				want = false // a silent sample has no bursts
			case "covariance-error", "lag-covariance-error", "lag-autocovariance-error":
				want = want && (r.Bins-f.Lag)*r.Repeats > 1
			}
			if want != (f.Value != nil) {
				t.Errorf("%d x %d: %s is %v", r.Repeats, r.Bins, f.column(), f.Value)
			}
			if f.Name == "p-silent" && want && *f.Value != 1 {
				t.Errorf("%s %g of a silent sample", f.column(), *f.Value)
			}
		}
	}
}

// A chain keeps what it is made of, and its likelihood is that of its draws.
func TestChain(t *testing.T) {
	t.Parallel()
	data := firstNeurons(t, spikes.Builtin(), 3)
	rng := rand.New(rand.NewPCG(7, 1))
	w2, err := data.Windows(2)
	if err != nil {
		t.Fatal(err)
	}
	pairs, err := CountStates(w2)
	if err != nil {
		t.Fatal(err)
	}
	for order, name := range []string{"independent-in-time", "markov"} {
		c, err := FitChain(data, order)
		if err != nil {
			t.Fatal(err)
		}
		if c.Name() != name {
			t.Errorf("order %d is called %s", order, c.Name())
		}
		drawn, err := CountStates(spikes.Windows{Raster: c.Draw(100, 2000, 0.02, rng), T: 2})
		if err != nil {
			t.Fatal(err)
		}
		model := Model(FitMarkov(pairs))
		if order == 0 {
			model = FitIndependentInTime(pairs)
		}
		js := drawn.JSSeen(ProbSeen(model, drawn))
		if bias := JSPluginBias(drawn.Len(), drawn.Total); js > 5*bias {
			t.Errorf("%s: draws are %g nats from the law, %g is expected", name, js, bias)
		}
		// The mean log-likelihood of the data is that of their conditional words.
		got, impossible := c.LogLikelihood(data)
		want := -pairs.Step(0).Entropy()
		if order == 1 {
			want -= pairs.Entropy() - 2*pairs.Step(0).Entropy()
		}
		near(t, name+" log-likelihood", got, want, 0.01, 0)
		if impossible != 0 {
			t.Errorf("%s: %g of its own data are impossible", name, impossible)
		}
	}
}

// By hand: words 0 0 1, and 0 1 0 to be judged.
func TestChainByHand(t *testing.T) {
	t.Parallel()
	r := spikes.NewRaster(1, 3, 1, 0)
	r.Set(0, 2, 0, true)
	c, err := FitChain(r, 1)
	if err != nil {
		t.Fatal(err)
	}
	other := spikes.NewRaster(1, 3, 1, 0)
	other.Set(0, 1, 0, true)
	// 0 with 2/3, then 1 with 1/2; nothing followed a 1, so 0 has 2/3 again.
	got, _ := c.LogLikelihood(other)
	near(t, "log-likelihood", got, (math.Log(2./3)+math.Log(1./2)+math.Log(2./3))/3, 1e-12, 0)
	if c.Parameters() != 2 {
		t.Errorf("%d entries", c.Parameters())
	}

	// Words never met, and pairs never met, are counted.
	silent, err := FitChain(spikes.NewRaster(1, 3, 1, 0), 1)
	if err != nil {
		t.Fatal(err)
	}
	if l, lost := silent.LogLikelihood(other); !math.IsInf(l, -1) || math.Abs(lost-1./3) > 1e-15 {
		t.Errorf("log-likelihood %g, %g impossible", l, lost)
	}
}

func TestTimeBaselines(t *testing.T) {
	t.Parallel()
	all := firstNeurons(t, spikes.Builtin(), 3)
	odd, even := all.Halves()
	single, err := all.SelectRepeats([]int{0}, "0:1")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name         string
		data, fitted *spikes.Raster
		floor        bool
	}{{"in sample", all, all, true}, {"held out", even, odd, true}, {"one repeat", single, single, false}} {
		comparer, err := NewTimeComparer(c.data, []int{3, 10})
		if err != nil {
			t.Fatal(err)
		}
		results, err := comparer.TimeBaselines(c.fitted, rand.New(rand.NewPCG(8, 1)))
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range []string{"split-half", "independent-in-time", "markov", "dichotomised-gaussian"} {
			r := results[i]
			if r.Name != name || len(r.Figures) != len(results[0].Figures) {
				t.Fatalf("%s: %s with %d figures", c.name, r.Name, len(r.Figures))
			}
			if (r.Figures[0].Value != nil) != (i > 0 || c.floor) || (r.Summary != nil) != (i > 0) {
				t.Errorf("%s: %+v", c.name, r)
			}
		}
		if !c.floor {
			continue
		}
		// The same halves in both cases.
		halves, err := NewTimeComparer(even, []int{3, 10})
		if err != nil {
			t.Fatal(err)
		}
		want, err := halves.Compare(odd, rand.New(rand.NewPCG(8, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, results[0].Figures); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}

func BenchmarkCompareInTime(b *testing.B) {
	r := randomRaster(rand.New(rand.NewPCG(1, 1)), 297, 953, 10, 0.034)
	c, err := NewTimeComparer(r, []int{10, 30})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := c.Compare(r, rand.New(rand.NewPCG(1, 1))); err != nil {
			b.Fatal(err)
		}
	}
}
