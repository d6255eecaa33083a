package score

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/spikes"
)

// drawn is a raster whose cells follow a common rhythm, a drive of their own and each
// other, so that no figure is trivial.
func drawn(repeats, bins, neurons int, rng *rand.Rand) *spikes.Raster {
	r := spikes.NewRaster(repeats, bins, neurons, 0.02)
	for rep := range repeats {
		gain := 0.7 + 0.6*rng.Float64()
		for b := range bins {
			for i := range neurons {
				p := gain * (0.15 + 0.12*math.Sin(float64(b*(i+1))/5))
				if i > 0 && r.At(rep, b, i-1) {
					p += 0.2
				}
				if b > 0 && r.At(rep, b-1, i) {
					p *= 0.3
				}
				r.Set(rep, b, i, rng.Float64() < p)
			}
		}
	}
	return r
}

// viewOf is a raster as figures see it, for repeats of one stimulus.
func viewOf(r *spikes.Raster) *view {
	l := newLayout(r.Neurons, r.Bins, r.BinWidth, true, 1)
	units := l.units(r, 1)
	return l.sumOf(units, slices.Repeat([]float64{1}, len(units)))
}

// TestViewIsElephants holds what figures are made of against the statistics of metrics,
// which are held against Elephant.
func TestViewIsElephants(t *testing.T) {
	for _, size := range [][3]int{{6, 70, 5}, {3, 64, 1}, {250, 11, 3}, {2, 130, 14}} {
		r := drawn(size[0], size[1], size[2], stream.New(7, "elephants"))
		v := viewOf(r)
		n := r.Neurons
		near := func(what string, got, want float64) {
			t.Helper()
			if !(math.Abs(got-want) <= 1e-6*max(1e-3, math.Abs(want))) {
				t.Errorf("%s of %v: %v, want %v", what, size, got, want)
			}
		}
		for lag := range v.lags {
			want := metrics.LagCovariance(r, lag)
			for i := range n {
				for j := range n {
					near("covariance", v.covariance(lag, i, j), want[i][j])
				}
			}
		}
		correlation, _ := metrics.CorrelationCoefficient(r)
		for i := range n {
			for j := range n {
				near("correlation", v.correlations()[i*n+j], correlation[i][j])
			}
			near("rate", v.rate(i)/r.BinWidth, metrics.MeanFiringRate(r)[i])
		}
		whole := spikes.Windows{Raster: r, T: r.Bins}
		for i, x := range metrics.ISI(whole) {
			m, d := v.interval(i)
			near("mean interval", m, x.Mean)
			near("coefficient of variation", d/m, x.CV)
		}
		fano, _ := metrics.FanoFactor(whole)
		for i := range n {
			x := at(v.sum, v.whole)[2*i:]
			got := fanoOf(v.repeatCount(), x[0], x[1])
			near("Fano factor", got*(v.repeatCount()-1)/v.repeatCount(), fano[i])
		}
		for k, p := range metrics.ComplexityPDF(r) {
			near("P(K)", v.law(v.active)[k], p)
		}
		for k, p := range metrics.SpikeCountPDF(spikes.Windows{Raster: r, T: countWindow}) {
			near("P(K) of windows", v.law(v.counts)[k], p)
		}
		for k, length := range silences {
			if length <= r.Bins {
				w := spikes.Windows{Raster: r, T: length}
				near("silence", at(v.sum, v.silent)[k]/float64(w.Len()), metrics.PSilent(w))
			}
		}
		for l, p := range metrics.BurstLengthPDF(whole) {
			if l < maxBurst {
				near("bursts", v.law(v.bursts)[l], p)
			}
		}
		total := 0.0
		for i := range n {
			for _, m := range v.mean(i) {
				total += m
			}
		}
		near("PSTH", total*v.repeatCount(), float64(r.Spikes()))
		for g, cells := range v.groups {
			some, err := r.Select(cells)
			if err != nil {
				t.Fatal(err)
			}
			law, err := metrics.CountStates(spikes.Windows{Raster: some, T: 1})
			if err != nil {
				t.Fatal(err)
			}
			table, err := law.Table()
			if err != nil {
				t.Fatal(err)
			}
			for w, p := range table {
				near("law of a group", v.law(v.words[g])[w], p)
			}
		}
	}
}

// TestStimulus holds noise and signal correlations against their definition.
func TestStimulus(t *testing.T) {
	r := drawn(9, 40, 4, stream.New(3, "stimulus"))
	v := viewOf(r)
	n := r.Neurons
	noise, signal := make([]float64, n*n), make([]float64, n*n)
	for i := range n {
		for j := range n {
			a, b := v.mean(i), v.mean(j)
			ma, mb := mean(a), mean(b)
			for bin := range r.Bins {
				signal[i*n+j] += (a[bin] - ma) * (b[bin] - mb)
				for rep := range r.Repeats {
					noise[i*n+j] += (one(r, rep, bin, i) - a[bin]) * (one(r, rep, bin, j) - b[bin])
				}
			}
		}
	}
	noise, signal = normalised(noise, n), normalised(signal, n)
	for k := range noise {
		if math.Abs(noise[k]-v.noise()[k]) > 1e-9 || math.Abs(signal[k]-v.signal()[k]) > 1e-9 {
			t.Errorf("entry %d: noise %v, want %v; signal %v, want %v", k, v.noise()[k], noise[k], v.signal()[k], signal[k])
		}
	}
}

func one(r *spikes.Raster, rep, bin, i int) float64 {
	if r.At(rep, bin, i) {
		return 1
	}
	return 0
}

// TestKernel holds the discrepancy against the sum over all pairs of bins, exactly for
// few cells and within what drawn parities are off for many.
func TestKernel(t *testing.T) {
	for _, c := range []struct {
		neurons   int
		tolerance float64
	}{{1, 1e-9}, {5, 1e-9}, {14, 0.02}} {
		rng := stream.New(11, "kernel")
		a, b := drawn(4, 30, c.neurons, rng), drawn(5, 30, c.neurons, rng)
		x, y := viewOf(a), viewOf(b)
		for k, sigma := range kernelWidths {
			similar := func(a, b *spikes.Raster) float64 {
				sum, pairs := 0.0, 0.0
				for i := range a.Repeats * a.Bins {
					for j := range b.Repeats * b.Bins {
						if a == b && i/a.Bins == j/b.Bins {
							continue
						}
						d := 0.0
						for cell := range a.Neurons {
							if a.At(i/a.Bins, i%a.Bins, cell) != b.At(j/b.Bins, j%b.Bins, cell) {
								d++
							}
						}
						sum += math.Exp(-d / (2 * sigma * sigma))
						pairs++
					}
				}
				return sum / pairs
			}
			want := similar(a, a) + similar(b, b) - 2*similar(a, b)
			if got := mmd(x, y, k); math.Abs(got-want) > c.tolerance {
				t.Errorf("%d cells, σ = %g: %g, want %g", c.neurons, sigma, got, want)
			}
		}
	}
}

// TestKernelIsUnbiased draws both sides from one law: the mean is 0 although the bins of
// a repeat depend on each other.
func TestKernelIsUnbiased(t *testing.T) {
	rng := stream.New(5, "unbiased")
	var x []float64
	for range 300 {
		x = append(x, mmd(viewOf(drawn(4, 12, 3, rng)), viewOf(drawn(3, 12, 3, rng)), 0))
	}
	m, s := mean(x), 0.0
	for _, v := range x {
		s += (v - m) * (v - m)
	}
	if e := math.Sqrt(s) / float64(len(x)); math.Abs(m) > 3*e || e > 0.002 {
		t.Errorf("mean discrepancy of one law with itself: %g ± %g", m, e)
	}
}

// TestUnits: however repeats are put together to units, their sum is the same.
func TestUnits(t *testing.T) {
	r := drawn(450, 6, 3, stream.New(2, "units"))
	l := newLayout(r.Neurons, r.Bins, r.BinWidth, true, 1)
	units := l.units(r, 3)
	if len(units) != 150 || l.sumOf(units, slices.Repeat([]float64{1}, 150)).repeatCount() != 450 {
		t.Fatalf("%d units", len(units))
	}
	weights := bootstrap(150, stream.New(2, "weights"))
	exact, quick := l.sumOf(units, weights).sum, l.resampled([]weighted{{units[:70], weights[:70]}, {units[70:], weights[70:]}})[0].sum
	for k, x := range exact {
		if math.Abs(quick[k]-x) > 1e-6*math.Abs(x) {
			t.Fatalf("entry %d of a resample: %v, want %v", k, quick[k], x)
		}
	}
	if units[7][l.total.from+1] != 3 {
		t.Errorf("a unit of %g repeats, want 3", units[7][l.total.from+1])
	}
	whole := newCounter(l).count(r, 0, r.Repeats)
	sum := l.sumOf(units, slices.Repeat([]float64{1}, 150)).sum
	for k, x := range sum[:l.parity[0].from] {
		if k != l.total.from+2 && x != float64(whole[k]) {
			t.Fatalf("entry %d: %v, want %v", k, x, whole[k])
		}
	}
}

// TestKernelOfWindows: the discrepancy of many cells is the same for repeats that are
// counted one by one and for short ones that fill words together.
func TestKernelOfWindows(t *testing.T) {
	rng := stream.New(12, "windows")
	a := drawn(30, 7, 14, rng)
	l := newLayout(14, 7, 0.02, false, 1)
	c := newCounter(l)
	whole, sum := c.count(a, 0, 30), make([]float32, l.size)
	for rep := range 30 {
		for k, x := range c.count(a, rep, rep+1) {
			sum[k] += x
		}
	}
	for k := range l.kernels {
		s := l.parity[k]
		s.to = (s.from + s.to) / 2 // without the squares
		if !slices.Equal(at(whole, s), at(sum, s)) {
			t.Errorf("kernel %d: parities of windows together %v, one by one %v", k, at(whole, s)[:5], at(sum, s)[:5])
		}
	}
}

// TestRest: of two cells of which one follows the other the gain is what the two laws say,
// and of more cells than are predicted it is theirs.
func TestRest(t *testing.T) {
	rng := stream.New(23, "rest")
	r := spikes.NewRaster(20, 500, 2, 0)
	for rep := range r.Repeats {
		for b := range r.Bins {
			x := rng.Float64() < 0.2
			r.Set(rep, b, 0, x)
			r.Set(rep, b, 1, rng.Float64() < map[bool]float64{true: 0.7, false: 0.1}[x])
		}
	}
	// I(X;Y) = H(Y) - H(Y|X), of either cell.
	h := func(p float64) float64 { return -p*math.Log(p) - (1-p)*math.Log(1-p) }
	want := h(0.2*0.7+0.8*0.1) - 0.2*h(0.7) - 0.8*h(0.1)
	if got := mean(fitRest(r, 1).gains(r)) / float64(r.Bins); math.Abs(got-want) > 0.006 {
		t.Errorf("gain %.4f nats a bin, want %.4f", got, want)
	}
	many := drawn(3, 60, 70, rng)
	x := fitRest(many, 2)
	if len(x.cells) != restCells || x.cells[63] != 68 || x.place[68] != 63 || x.place[69] != -1 {
		t.Errorf("cells %v", x.cells)
	}
	for rep, g := range x.gains(many) {
		if metrics.FiniteOrNil(g) == nil || g < 0 {
			t.Errorf("repeat %d: in sample a gain of %g", rep, g)
		}
	}
}

// TestFigures: names are unique, a perfect copy of the judging half has the perfect
// value, and what does not exist says why.
func TestFigures(t *testing.T) {
	r := drawn(6, 60, 3, stream.New(4, "figures"))
	v := viewOf(r)
	p := &pairing{sample: v, judge: v, weights: []float64{1}, binsOf: []float64{360}, likelihood: []float64{-3}, gain: []float64{2}}
	p.laws = [][]float64{v.law(v.words[0])}
	names := map[string]bool{}
	for _, f := range Figures() {
		if names[f.Name] || f.Text == "" || strings.ToLower(f.Name) != f.Name || (f.of == nil) == (f.level == nil) {
			t.Errorf("row %q", f.Name)
		}
		names[f.Name] = true
		got := f.measure(p)
		switch {
		case strings.HasPrefix(f.Name, "mmd2"): // the unbiased one of a law with itself scatters around 0
			if !(got < 0 && got > -0.05) {
				t.Errorf("%s of a copy: %g", f.Name, got)
			}
		case !math.IsNaN(f.Perfect) && math.Abs(got-f.Perfect) > 1e-12:
			t.Errorf("%s of a copy: %g, perfect is %g", f.Name, got, f.Perfect)
		case f.Better == Nearer && f.level(v) != got || math.IsNaN(got):
			t.Errorf("%s of a copy: %g", f.Name, got)
		}
	}
	for _, c := range []struct {
		name, want string
		p          *pairing
	}{
		{"rmse_correlation", "no pairs", alone(drawn(3, 30, 1, stream.New(1, "alone")), true)},
		{"covariance_error_lag_9", "at least 10 bins", alone(drawn(3, 9, 2, stream.New(1, "alone")), true)},
		{"noise_correlation_r", "one stimulus", alone(drawn(3, 9, 2, stream.New(1, "alone")), false)},
		{"fano_relative_error", "two repeats", alone(drawn(1, 9, 2, stream.New(1, "alone")), true)},
		{"log_likelihood", "no likelihood", alone(drawn(3, 9, 2, stream.New(1, "alone")), true)},
	} {
		all := Figures()
		k := slices.IndexFunc(all, func(f Figure) bool { return f.Name == c.name })
		if got := all[k].missing(c.p); !strings.Contains(got, c.want) {
			t.Errorf("%s: missing %q, want %q in it", c.name, got, c.want)
		}
		if !math.IsNaN(all[k].measure(c.p)) {
			t.Errorf("%s has a value", c.name)
		}
	}
}

// alone pairs a raster with itself.
func alone(r *spikes.Raster, aligned bool) *pairing {
	l := newLayout(r.Neurons, r.Bins, r.BinWidth, aligned, 1)
	units := l.units(r, 1)
	v := l.sumOf(units, slices.Repeat([]float64{1}, len(units)))
	return &pairing{sample: v, judge: v}
}
