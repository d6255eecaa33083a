package workload

import (
	"context"
	"errors"
	"math"
	"testing"

	"qgan/backends/sim"
)

// Sizes that are quick; a prepared workload counts what its run does, and its checksum
// is known by hand, or the same on every kernel.
func TestWorkloads(t *testing.T) {
	small := Sizes{Neurons: 2, Timesteps: 3, Batch: 5, Qubits: 4, Layers: 2, Shots: 1000}
	counts := map[string][2]int{ // circuits, shots
		"vjp": {15, 0}, "forward": {15, 0}, "state": {1, 0}, "gradient": {1, 0}, "qft": {1, 0},
		"shift": {3 * 5 * 32, 3 * 5 * 32 * 1000}, "noisy": {1, 1000}, "sample": {1, 1000}, "words": {5, 0}, "pairs": {5, 0},
	}
	methods := map[string]string{"words": "carries", "pairs": "carries"}
	qft := 1.0 / 16 // P(|0000>) of the transform of a product of RY(θ)|0>: Π (1 + sin θ)/2
	for q := range 4 {
		qft *= 1 + math.Sin(0.1*float64(q+1))
	}
	mean, total, rng := 0.0, 0.0, numbers() // of the law that sample draws from
	for x := range 16 {
		p := rng.ExpFloat64()
		mean, total = mean+p*float64(x)/16, total+p
	}
	within := map[string][2]float64{ // value, tolerance
		"qft": {qft, 1e-12}, "sample": {mean / total, 0.03}, "noisy": {1, 0.6},
	}
	for _, w := range All() {
		var first float64
		for i, kernel := range append([]string{""}, sim.Kernels()...) {
			sizes := small
			if w.Name == "pairs" {
				sizes.Layers = 1
			}
			p, err := w.Prepare(sizes, Options{Kernel: kernel})
			if err != nil {
				t.Fatalf("%s: %v", w.Name, err)
			}
			if got := [2]int{p.Circuits, p.Shots}; got != counts[w.Name] {
				t.Errorf("%s: circuits and shots %d, want %d", w.Name, got, counts[w.Name])
			}
			if p.Method != methods[w.Name] {
				t.Errorf("%s: method %q, want %q", w.Name, p.Method, methods[w.Name])
			}
			sum, err := p.Run(t.Context())
			if err != nil {
				t.Fatalf("%s: %v", w.Name, err)
			}
			if i == 0 {
				first = sum
			}
			if first == 0 || math.Abs(sum-first) > 1e-12*math.Abs(first) {
				t.Errorf("%s: checksum %.15g with kernel %q, %.15g with the best", w.Name, sum, kernel, first)
			}
		}
		if v, ok := within[w.Name]; ok && math.Abs(first-v[0]) > v[1] {
			t.Errorf("%s: checksum %v, want %v within %v", w.Name, first, v[0], v[1])
		}
	}
}

// The norm of the gradient is that of central differences of the values: a workload that
// left the gradient out would have another.
func TestForwardAndVJP(t *testing.T) {
	s := Sizes{Neurons: 2, Timesteps: 1, Batch: 1, Qubits: 1, Layers: 1, Shots: 1}
	l, err := newLanes(s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	upstream := normals(l.rng, 1, len(l.values))[0]
	weighted := func() (sum float64) {
		if err := l.d.Values(t.Context(), l.b, l.values); err != nil {
			t.Fatal(err)
		}
		for i, v := range l.values {
			sum += upstream[i] * v
		}
		return sum
	}
	const step = 1e-5
	var grad []float64
	for k := range l.b.Trained[0] {
		at := l.b.Trained[0][k]
		l.b.Trained[0][k] = at + step
		up := weighted()
		l.b.Trained[0][k] = at - step
		grad = append(grad, (up-weighted())/(2*step))
		l.b.Trained[0][k] = at
	}
	p, err := prepareVJP(s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	sum, err := p.Run(t.Context())
	if err != nil || math.Abs(sum-norm(grad)) > 1e-8 {
		t.Errorf("%v, %v; by differences %v", sum, err, norm(grad))
	}
}

func TestRefusals(t *testing.T) {
	shift, noisy, words := All()[5], All()[6], All()[8]
	for _, c := range []struct {
		w      Workload
		change func(*Sizes, *Options)
		want   string
	}{
		{shift, func(s *Sizes, _ *Options) { s.Neurons = 0 }, "neurons 0: it can be 1 to 14"},
		{words, func(s *Sizes, _ *Options) { s.Qubits = 1025 }, "qubits 1025: it can be 1 to 1024"},
		{shift, func(s *Sizes, _ *Options) { s.Shots = 1<<30 + 1 }, "shots 1073741825: it can be 1 to 1073741824"},
		{noisy, func(_ *Sizes, o *Options) { o.Method = "guess" }, "method guess: it can be auto, density or trajectories"},
		{noisy, func(s *Sizes, o *Options) { s.Neurons, o.Method = 13, sim.DensityMethod }, "neurons 13: a density matrix holds at most 12 qubits"},
	} {
		s, o := c.w.Sizes, Options{}
		c.change(&s, &o)
		_, err := c.w.Prepare(s, o)
		var bad interface{ BadInput() bool }
		if err == nil || err.Error() != c.want || !errors.As(err, &bad) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

// Times are in order, the checksum is the first run's, and what a run can't do ends it.
func TestTime(t *testing.T) {
	runs := 0
	p := &Prepared{Run: func(ctx context.Context) (float64, error) { runs++; return float64(runs), ctx.Err() }}
	timing, sum, err := p.Time(t.Context(), 5)
	if err != nil || sum != 1 || runs < 6 || timing.Min < 0 || timing.Min > timing.Median || timing.Median > timing.Max || timing.Max == 0 {
		t.Errorf("%+v, checksum %v after %d runs, %v", timing, sum, runs, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, _, err := p.Time(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
