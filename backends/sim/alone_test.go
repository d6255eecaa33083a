package sim

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"qgan/backends"
	"qgan/ir"
)

// aloneCase is a circuit whose frame moves both ways, with flips and swaps, a trained row and
// some data rows.
func aloneCase(n, layers, lanes int, rng *rand.Rand) (*ir.Circuit, backends.Bindings) {
	c := ir.Ansatz{Neurons: n, Layers: layers, Closing: true, FinalChain: true, Latent: ir.LatentScale{Trained: true, Value: 1}}.Circuit()
	for q := range n - 1 {
		c.Gate(ir.CX, []int{n - 1 - q, n - 2 - q})
		c.Gate(ir.RX, []int{(q * 7) % n}, ir.Trained(1, q))
		c.Gate(ir.X, []int{(q * 3) % n})
		if q%3 == 1 {
			c.Gate(ir.Swap, []int{q, q + 1})
		}
	}
	return c, backends.Bindings{Trained: normal(rng, 1, len(c.Trained)), Data: normal(rng, lanes, len(c.Data))}
}

func normal(rng *rand.Rand, rows, width int) [][]float64 {
	out := make([][]float64, rows)
	for i := range out {
		for range width {
			out[i] = append(out[i], 2*rng.NormFloat64())
		}
	}
	return out
}

// aloneOf prepares a circuit for one lane at a time, whatever its size.
func aloneOf(t testing.TB, c *ir.Circuit, o backends.Observable, kernel string, workers int) *alone {
	t.Helper()
	k, err := kernelNamed(kernel)
	if err != nil {
		t.Fatal(err)
	}
	p, err := compile(c)
	if err != nil {
		t.Fatal(err)
	}
	return newAlone(p, o, k.block, workers)
}

// A lane at a time gives the values and the gradients that lanes side by side do.
func TestAloneAgainstLanes(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for _, kernel := range Kernels() {
		for n := 2; n <= 12; n++ {
			for _, o := range []backends.Observable{backends.ExpectationZ, backends.Probabilities} {
				c, b := aloneCase(n, 3, 2, rng)
				width := b.Len() * o.Width(n)
				up := normal(rng, 1, width)[0]
				var got, want struct{ values, trained, data []float64 }
				for _, r := range []*struct{ values, trained, data []float64 }{&got, &want} {
					r.values, r.trained, r.data = make([]float64, width), make([]float64, len(c.Trained)), make([]float64, b.Len()*len(c.Data))
				}
				d, err := (&Simulator{Kernel: kernel}).Differentiate(c, o)
				if err != nil {
					t.Fatal(err)
				}
				a := aloneOf(t, c, o, kernel, 2)
				if err := errors.Join(
					d.Forward(t.Context(), b, want.values), d.Backward(t.Context(), up, want.trained, want.data),
					a.values(t.Context(), b, got.values), a.backward(t.Context(), up, got.trained, got.data),
				); err != nil {
					t.Fatal(err)
				}
				for name, k := range map[string][2][]float64{"values": {got.values, want.values}, "trained": {got.trained, want.trained}, "data": {got.data, want.data}} {
					largest := 1.0
					for _, x := range k[1] {
						largest = max(largest, math.Abs(x))
					}
					if off := maxDiff(t, k[0], k[1]); off > 1e-12*largest || math.IsNaN(off) {
						t.Errorf("%s, n = %d, observable %d: %s off by %.2g, the largest is %.2g", kernel, n, o, name, off, largest)
					}
				}
			}
		}
	}
}

// Gradients of states of one block, of halves and of blocks that are gathered are the
// differences of the values, which are those of the state; several lanes add theirs.
func TestAloneByDifferences(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	for _, k := range []struct{ n, layers, lanes int }{{11, 2, 1}, {14, 3, 1}, {15, 1, 2}, {17, 2, 1}} {
		for _, o := range []backends.Observable{backends.ExpectationZ, backends.Probabilities} {
			c, b := aloneCase(k.n, k.layers, k.lanes, rng)
			d, err := new(Simulator).Differentiate(c, o)
			if err != nil {
				t.Fatal(err)
			}
			width := k.lanes * o.Width(k.n)
			up, values := make([]float64, width), make([]float64, width)
			if o == backends.Probabilities { // as of data: a few words
				for range 200 {
					up[rng.IntN(width)] = rng.NormFloat64() * float64(int(1)<<k.n)
				}
			} else {
				copy(up, normal(rng, 1, width)[0])
			}
			trained, data := make([]float64, len(c.Trained)), make([]float64, k.lanes*len(c.Data))
			if err := errors.Join(d.Forward(t.Context(), b, values), d.Backward(t.Context(), up, trained, data)); err != nil {
				t.Fatal(err)
			}
			if o == backends.Probabilities {
				state, err := new(Simulator).Probabilities(c, b.Trained[0], b.Data[0])
				if err != nil {
					t.Fatal(err)
				}
				if off := maxDiff(t, values[:len(state)], state); off > 1e-14 {
					t.Errorf("n = %d: law off by %.2g", k.n, off)
				}
			}
			weighted := func() (sum float64) {
				if err := d.Values(t.Context(), b, values); err != nil {
					t.Fatal(err)
				}
				for i, v := range values {
					sum += up[i] * v
				}
				return sum
			}
			const step = 1e-4
			slope := func(x *float64) float64 {
				at := *x
				defer func() { *x = at }()
				var f [4]float64 // at -2, -1, 1, 2 steps
				for i, s := range []float64{-2, -1, 1, 2} {
					*x = at + s*step
					f[i] = weighted()
				}
				return (f[0] - 8*f[1] + 8*f[2] - f[3]) / (12 * step)
			}
			check := func(name string, got, want float64) {
				if math.Abs(got-want) > 1e-8*max(1, math.Abs(want)) {
					t.Errorf("n = %d, observable %d: derivative by %s %v, by differences %v", k.n, o, name, got, want)
				}
			}
			for range 4 {
				i, j := rng.IntN(len(trained)), rng.IntN(len(data))
				check(fmt.Sprint("trained ", i), trained[i], slope(&b.Trained[0][i]))
				check(fmt.Sprint("data ", j), data[j], slope(&b.Data[j/len(c.Data)][j%len(c.Data)]))
			}
		}
	}
}

// The same bits come of any number of workers, and of a second run in the same memory.
func TestAloneWorkers(t *testing.T) {
	c, b := aloneCase(15, 2, 1, rand.New(rand.NewPCG(7, 7)))
	up := normal(rand.New(rand.NewPCG(8, 8)), 1, 15)[0]
	var first []float64
	for _, workers := range []int{1, 3} {
		a := aloneOf(t, c, backends.ExpectationZ, "", workers)
		for range 2 {
			values, grad := make([]float64, 15), make([]float64, len(c.Trained))
			if err := errors.Join(a.values(t.Context(), b, values), a.backward(t.Context(), up, grad, nil)); err != nil {
				t.Fatal(err)
			}
			got := append(values, grad...)
			if first == nil {
				first = got
			}
			for i, x := range got {
				if x != first[i] {
					t.Fatalf("%d workers: number %d is %v, not %v", workers, i, x, first[i])
				}
			}
		}
	}
}

// A gradient takes the memory of two states and little more, and none when it is taken again.
func TestAloneMemory(t *testing.T) {
	const n = 18
	c, b := aloneCase(n, 2, 1, rand.New(rand.NewPCG(9, 9)))
	d, err := (&Simulator{Workers: 2}).Differentiate(c, backends.ExpectationZ)
	if err != nil {
		t.Fatal(err)
	}
	values, grad := make([]float64, n), make([]float64, len(c.Trained))
	used := func() uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := errors.Join(d.Forward(t.Context(), b, values), d.Backward(t.Context(), values, grad, nil)); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	const state, buffers = 16 << n, 2 * 2 * 16 << aloneBits
	if got := used(); got > state+buffers+state/8 { // the other state is there already
		t.Errorf("the first gradient took %d bytes, a state has %d", got, state)
	}
	if got := used(); got > state/8 {
		t.Errorf("the second gradient took %d bytes", got)
	}
}
