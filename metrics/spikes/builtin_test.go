package spikes

import (
	"math"
	"testing"
	"time"
)

// TestBuiltinGolden pins the built-in recording. Runs and golden files of the
// whole project rest on it: a change of this hash is a change of their data.
func TestBuiltinGolden(t *testing.T) {
	const want = "5877979513a1926bf2e5255ce9b43ead39d06322d42cdeaa616c403469ddcbe9"
	r := Builtin()
	if r.Source.SHA256 != want {
		t.Errorf("hash %s, want %s", r.Source.SHA256, want)
	}
	if r.Repeats != 100 || r.Bins != 400 || r.Neurons != 20 || r.BinWidth != 0.02 || r.Source.Path != BuiltinName {
		t.Errorf("%s of %v s from %q", r.shape(), r.BinWidth, r.Source.Path)
	}
	if n := r.Spikes(); n != 26852 {
		t.Errorf("%d spikes", n)
	}
}

func TestBuiltinIsFast(t *testing.T) {
	best := time.Hour
	for range 5 {
		from := time.Now()
		Builtin()
		best = min(best, time.Since(from))
	}
	if best > 100*time.Millisecond {
		t.Errorf("the built-in recording takes %v, at most 100 ms are meant", best)
	}
}

func TestBuiltinRates(t *testing.T) {
	r := Builtin()
	for n, rate := range rates(r) {
		want := float64(builtinRates[n]) / 1000
		// A count's standard error, and the slack of the tuning.
		if slack := 0.06*want + 4*math.Sqrt(want/(0.02*40000)); math.Abs(rate-want) > slack {
			t.Errorf("neuron %d fires at %.3f Hz, want %.3f within %.3f", n, rate, want, slack)
		}
	}
}

// TestBuiltinLaw checks that the recording has what a model must learn: the
// figures are like those of salamander50.mat (silent 0.77, independent 2.9e-3
// nats, Ising 3.4e-4 nats, both for the first 8 neurons).
func TestBuiltinLaw(t *testing.T) {
	r := Builtin()
	p := law(r, 8)
	within(t, "P(silent) of 8 neurons", p[0], 0.75, 0.80)
	independent, ising := divergence(p, maxent(p, 8, false)), divergence(p, maxent(p, 8, true))
	within(t, "JS of the independent model, nats", independent, 1e-3, 5e-3)
	within(t, "JS of the Ising model, nats", ising, 1e-5, independent/5)
	odd, even := r.Halves()
	within(t, "JS of odd and even repeats, nats", divergence(law(odd, 8), law(even, 8)), 1e-4, independent/2)
}

func TestBuiltinAutocorrelogram(t *testing.T) {
	r := Builtin()
	acf := func(lag int) float64 {
		n := 0
		for rep := range r.Repeats {
			for bin := range r.Bins - lag {
				for i := range r.Neurons {
					if r.At(rep, bin, i) && r.At(rep, bin+lag, i) {
						n++
					}
				}
			}
		}
		return float64(n) / float64(r.Spikes())
	}
	within(t, "autocorrelogram at 1 bin", acf(1), 0.2, 0.4)
	within(t, "autocorrelogram at 4 bins", acf(4), 0.1, 0.3)
	within(t, "autocorrelogram at 10 bins", acf(10), 0.02, 0.08)
	for lag := 1; lag < 10; lag++ {
		if acf(lag+1) >= acf(lag) {
			t.Errorf("the autocorrelogram rises from %d to %d bins: %.3f, %.3f", lag, lag+1, acf(lag), acf(lag+1))
		}
	}
}

func within(t *testing.T, what string, got, low, high float64) {
	t.Helper()
	if !(got >= low && got <= high) {
		t.Errorf("%s is %.4g, want %.4g to %.4g", what, got, low, high)
	}
}

// rates returns each neuron's rate in spikes a second.
func rates(r *Raster) []float64 {
	out := make([]float64, r.Neurons)
	for rep := range r.Repeats {
		for bin := range r.Bins {
			for n := range out {
				if r.At(rep, bin, n) {
					out[n]++
				}
			}
		}
	}
	for n := range out {
		out[n] /= float64(r.Repeats*r.Bins) * r.BinWidth
	}
	return out
}

// law is the distribution of the first n neurons in one bin.
func law(r *Raster, n int) []float64 {
	p := make([]float64, 1<<n)
	for rep := range r.Repeats {
		for bin := range r.Bins {
			p[r.row(rep, bin)[0]>>(64-uint(n))] += 1 / float64(r.Repeats*r.Bins)
		}
	}
	return p
}

// divergence is the Jensen-Shannon divergence in nats.
func divergence(p, q []float64) float64 {
	s := 0.0
	for i := range p {
		m := (p[i] + q[i]) / 2
		if p[i] > 0 {
			s += p[i] / 2 * math.Log(p[i]/m)
		}
		if q[i] > 0 {
			s += q[i] / 2 * math.Log(q[i]/m)
		}
	}
	return s
}

// maxent fits the law of largest entropy with the rates of p, and with its
// pairwise moments where pairs is set, by iterative proportional fitting.
func maxent(p []float64, n int, pairs bool) []float64 {
	var features []int
	for i := range n {
		features = append(features, 1<<i)
		for j := range i {
			if pairs {
				features = append(features, 1<<i|1<<j)
			}
		}
	}
	q := make([]float64, len(p))
	for s := range q {
		q[s] = 1 / float64(len(q))
	}
	for range 400 {
		for _, f := range features {
			want, have := 0.0, 0.0
			for s := range p {
				if s&f == f {
					want += p[s]
					have += q[s]
				}
			}
			for s := range q {
				if s&f == f {
					q[s] *= want / have
				} else {
					q[s] *= (1 - want) / (1 - have)
				}
			}
		}
	}
	return q
}
