package sim

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"qgan/backends"
	"qgan/internal/stream"
	"qgan/ir"
)

// sideCase is a circuit that is seen from the side.
type sideCase struct {
	name    string
	circuit *ir.Circuit
}

// pairGate appends the rotation of a pair by the angle 2t.
func pairGate(c *ir.Circuit, q int, angle ir.Angle) {
	c.Gate(ir.XXMinusYY, []int{q, q + 1}, angle, ir.Const(math.Pi/2))
}

// sideCases are all shapes of the generator's circuit, and what else is of the form.
func sideCases() []sideCase {
	scaled := ir.LatentScale{Trained: true}
	cases := []sideCase{
		{"deep", ir.Ansatz{Neurons: 6, Layers: 5, Memory: true}.Circuit()},
		{"paper", ir.Ansatz{Neurons: 7, Layers: 4, Closing: true, FinalChain: true, Latent: ir.LatentScale{Value: 1}}.Circuit()},
		{"closing", ir.Ansatz{Neurons: 5, Layers: 3, Closing: true, Latent: scaled}.Circuit()},
		{"final chain", ir.Ansatz{Neurons: 5, Layers: 2, FinalChain: true, Memory: true}.Circuit()},
		{"product", ir.Ansatz{Neurons: 12, Layers: 2, Product: true, Memory: true}.Circuit()},
		{"rotations about Y", ir.Ansatz{Neurons: 1, Layers: 1, Latent: scaled}.Circuit()},
		{"one layer", ir.Ansatz{Neurons: 9, Layers: 1, Latent: scaled}.Circuit()},
		{"two qubits", ir.Ansatz{Neurons: 2, Layers: 5, FinalChain: true, Latent: scaled}.Circuit()},
		{"nine chains", ir.Ansatz{Neurons: 4, Layers: 10, Memory: true}.Circuit()},
	}
	for _, n := range []int{2, 3, 8, 11} {
		cases = append(cases, sideCase{fmt.Sprintf("brick on %d", n), bricked(n, nil)})
	}
	for _, n := range []int{1, 2, 3, 4, 9, 12} {
		cases = append(cases, sideCase{fmt.Sprintf("brick in front on %d", n), fronted(n, nil)})
	}
	cases = append(cases, sideCase{"half a brick in front", fronted(7, func(q int) bool { return q == 1 || q == 4 })})
	cases = append(cases, sideCase{"half a brick", bricked(7, func(q int) bool { return q == 1 || q == 4 })})
	for _, n := range []int{2, 5, 6} {
		c := ir.Ansatz{Neurons: n, Layers: 3, Memory: true}.Circuit()
		for _, from := range []int{0, 1} {
			for q := from; q+1 < n; q += 2 {
				pairGate(c, q, ir.Product(0.7, q, n+q).Plus(0.3))
			}
		}
		cases = append(cases, sideCase{fmt.Sprintf("chains and a brick on %d", n), c})
	}
	other := ir.New(4, 0) // the other way round
	for q := range 4 {
		other.Gate(ir.RY, []int{q}, ir.Data(1, other.DataSymbol("y")))
	}
	other.Gate(ir.XXMinusYY, []int{3, 2}, ir.Data(1, 0), ir.Const(-math.Pi/2))
	other.Gate(ir.XXMinusYY, []int{1, 2}, ir.Data(1, 1), ir.Const(math.Pi/2))
	cases = append(cases, sideCase{"pairs the other way round", other})
	any := ir.New(4, 0) // gates of other names, in any order that has the form
	any.TrainedSymbol("a")
	any.DataSymbol("b")
	any.Gate(ir.H, []int{3})
	any.Gate(ir.U3, []int{0}, ir.Trained(2, 0), ir.Data(1, 0), ir.Product(1, 0, 0))
	any.Gate(ir.CX, []int{0, 1})
	any.Gate(ir.SX, []int{0})
	any.Gate(ir.X, []int{2})
	any.Gate(ir.CX, []int{1, 2})
	any.Gate(ir.CX, []int{0, 1})
	any.Gate(ir.GPhase, nil, ir.Trained(1, 0))
	any.Gate(ir.CX, []int{2, 3})
	any.Gate(ir.RZ, []int{1}, ir.Data(1, 0))
	any.Ops[len(any.Ops)-1] = &ir.Barrier{Qubits: []int{1}}
	any.Gate(ir.T, []int{3})
	any.Gate(ir.CX, []int{1, 2})
	any.Gate(ir.CX, []int{2, 3})
	any.Gate(ir.RY, []int{2}, ir.Trained(1, 0).Add(ir.Data(-1, 0)))
	return append(cases, sideCase{"any gates", any})
}

// bricked is the product of rotations about Y, trained plus data, with a brick of pairs
// (those that with names, or all) by data.
func bricked(n int, with func(q int) bool) *ir.Circuit {
	c := ir.New(n, 0)
	for q := range n {
		c.Gate(ir.RY, []int{q}, ir.Trained(1, c.TrainedSymbol("y")).Add(ir.Data(1, c.DataSymbol("d"))))
	}
	for _, from := range []int{0, 1} {
		for q := from; q+1 < n; q += 2 {
			if with == nil || with(q) {
				pairGate(c, q, ir.Data(2, c.DataSymbol("t")))
			}
		}
	}
	return c
}

// fronted has the same gates as bricked, the brick first.
func fronted(n int, with func(q int) bool) *ir.Circuit {
	c := bricked(n, with)
	c.Ops = append(slices.Clone(c.Ops[n:]), c.Ops[:n]...)
	return c
}

// sideBindings draws rows for a circuit: some lanes of every pair of rows.
func sideBindings(c *ir.Circuit, rng *rand.Rand, trained, data int) backends.Bindings {
	normals := func(rows, width int) [][]float64 {
		out := make([][]float64, rows)
		for i := range out {
			for range width {
				out[i] = append(out[i], rng.NormFloat64())
			}
		}
		return out
	}
	return backends.Bindings{Trained: normals(trained, len(c.Trained)), Data: normals(data, len(c.Data))}
}

// fromTheSide prepares a circuit for words without regard to what is cheaper.
func fromTheSide(t testing.TB, c *ir.Circuit, kernel string) *carries {
	t.Helper()
	f, err := seenFromTheSide(c)
	if err != nil {
		t.Fatal(err)
	}
	k, err := kernelNamed(kernel)
	if err != nil {
		t.Fatal(err)
	}
	return &carries{sim: &Simulator{Kernel: kernel}, form: f, kern: k.side}
}

// allWords repeats each lane for every word of n qubits.
func allWords(b backends.Bindings, n int) (backends.Bindings, []uint64) {
	out := backends.Bindings{Trained: b.Trained, Data: b.Data}
	var words []uint64
	for lane := range b.Len() {
		for x := range 1 << n {
			out.Lanes = append(out.Lanes, b.Lane(lane))
			words = append(words, uint64(x)<<(64-n))
		}
	}
	return out, words
}

// Probabilities of all words are the interpreter's, and sum to 1.
func TestWordsFromTheSide(t *testing.T) {
	for _, k := range sideCases() {
		for _, kernel := range Kernels() {
			n := k.circuit.Qubits
			rng := stream.New(1, k.name)
			b := sideBindings(k.circuit, rng, 2, 2)
			all, words := allWords(b, n)
			logp := make([]float64, len(words))
			if err := fromTheSide(t, k.circuit, kernel).LogProbabilities(t.Context(), all, words, logp); err != nil {
				t.Fatal(err)
			}
			for lane := range b.Len() {
				trained, data := b.Row(lane)
				state, err := Interpret(k.circuit, trained, data)
				if err != nil {
					t.Fatal(err)
				}
				sum := 0.0
				for x, amp := range state {
					want := real(amp)*real(amp) + imag(amp)*imag(amp)
					got := math.Exp(logp[lane<<n+x])
					sum += got
					if math.Abs(got-want) > 1e-12 {
						t.Fatalf("%s, kernel %s, lane %d, word %0*b: probability %v, want %v", k.name, kernel, lane, n, x, got, want)
					}
				}
				if math.Abs(sum-1) > 1e-12 {
					t.Errorf("%s: probabilities sum to %v", k.name, sum)
				}
			}
		}
	}
}

// gradientsOf returns the gradients of sum of upstream x ln p.
func gradientsOf(t *testing.T, e backends.WordEvaluator, c *ir.Circuit, b backends.Bindings, words []uint64, upstream []float64) (trained, data []float64) {
	t.Helper()
	if err := e.Forward(t.Context(), b, words, make([]float64, b.Len())); err != nil {
		t.Fatal(err)
	}
	trained, data = make([]float64, len(b.Trained)*len(c.Trained)), make([]float64, b.Len()*len(c.Data))
	if err := e.Backward(t.Context(), upstream, trained, data); err != nil {
		t.Fatal(err)
	}
	return trained, data
}

// drawnWords draws words and upstream derivatives.
func drawnWords(rng *rand.Rand, n, lanes int) (words []uint64, upstream []float64) {
	for range lanes {
		for s := range backends.WordStride(n) {
			w := rng.Uint64()
			if left := n - 64*s; left < 64 {
				w &= ^uint64(0) << (64 - left)
			}
			words = append(words, w)
		}
		upstream = append(upstream, rng.NormFloat64())
	}
	return words, upstream
}

// close compares numbers, relative to the larger of 1 and themselves.
func compare(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	for i := range want {
		if d := math.Abs(got[i] - want[i]); !(d <= tolerance*max(1, math.Abs(want[i]))) {
			t.Fatalf("%s: number %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

// Gradients are those of the adjoint sweep over the whole state.
func TestGradientsFromTheSide(t *testing.T) {
	for _, k := range sideCases() {
		for _, kernel := range Kernels() {
			c := k.circuit
			rng := stream.New(2, k.name)
			b := sideBindings(c, rng, 2, 11)
			words, upstream := drawnWords(rng, c.Qubits, b.Len())
			whole, err := (&Simulator{Kernel: kernel}).laws(c)
			if err != nil {
				t.Fatal(err)
			}
			wantTrained, wantData := gradientsOf(t, whole, c, b, words, upstream)
			trained, data := gradientsOf(t, fromTheSide(t, c, kernel), c, b, words, upstream)
			compare(t, k.name+", kernel "+kernel+", trained", trained, wantTrained, 1e-10)
			compare(t, k.name+", kernel "+kernel+", data", data, wantData, 1e-10)
			alone := make([]float64, len(trained))
			e := fromTheSide(t, c, kernel)
			if err := errors.Join(e.Forward(t.Context(), b, words, make([]float64, b.Len())), e.Backward(t.Context(), upstream, alone, nil)); err != nil {
				t.Fatal(err)
			}
			compare(t, k.name+", trained alone", alone, trained, 1e-12)
		}
	}
}

// Far beyond what a state holds: the gradient at 100 qubits against differences, with a
// word so unlikely that its probability is no number.
func TestGradientsOfManyQubits(t *testing.T) {
	for name, c := range map[string]*ir.Circuit{
		"deep":    ir.Ansatz{Neurons: 100, Layers: 4, Memory: true}.Circuit(),
		"brick":   bricked(101, nil),
		"front":   fronted(101, nil),
		"product": bricked(100, func(int) bool { return false }),
	} {
		rng := stream.New(3, name)
		b := sideBindings(c, rng, 1, 1)
		words, _ := drawnWords(rng, c.Qubits, 1)
		e := fromTheSide(t, c, "")
		trained, data := gradientsOf(t, e, c, b, words, []float64{1})
		at := func(row []float64, i int, x float64) float64 {
			old := row[i]
			row[i] = x
			defer func() { row[i] = old }()
			var logp [1]float64
			if err := e.LogProbabilities(t.Context(), b, words, logp[:]); err != nil {
				t.Fatal(err)
			}
			return logp[0]
		}
		for _, side := range []struct{ row, grad []float64 }{{b.Trained[0], trained}, {b.Data[0], data}} {
			for i := 0; i < len(side.row); i += 7 {
				fd := difference(func(x float64) float64 { return at(side.row, i, x) }, side.row[i])
				if math.Abs(fd-side.grad[i]) > 1e-6*max(1, math.Abs(fd)) {
					t.Errorf("%s: derivative %d is %v, by differences %v", name, i, side.grad[i], fd)
				}
			}
		}
		for i := range b.Trained[0] {
			b.Trained[0][i] = 1e-15
		}
		clear(b.Data[0])
		if logp := at(b.Trained[0], 0, 1e-15); logp > -1400 || math.IsInf(logp, 0) {
			t.Errorf("%s: ln p of an unlikely word is %v", name, logp)
		}
	}
}

// marginalsOf computes marginals from all words.
func marginalsOf(t *testing.T, c *ir.Circuit, b backends.Bindings) []float64 {
	t.Helper()
	out := make([]float64, b.Len()*c.Qubits)
	for lane := range b.Len() {
		trained, data := b.Row(lane)
		state, err := Interpret(c, trained, data)
		if err != nil {
			t.Fatal(err)
		}
		for x, amp := range state {
			for q := range c.Qubits {
				out[lane*c.Qubits+q] += float64(x>>(c.Qubits-1-q)&1) * (real(amp)*real(amp) + imag(amp)*imag(amp))
			}
		}
	}
	return out
}

// Marginals are those of the whole law, and drawn words are the same as the whole law's for
// the same uniforms.
func TestDrawFromTheSide(t *testing.T) {
	for _, k := range sideCases() {
		c := k.circuit
		if k.name == "nine chains" {
			continue // environments of 2^18 amplitudes
		}
		for _, kernel := range Kernels() {
			rng := stream.New(4, k.name)
			b := sideBindings(c, rng, 1, 11)
			e := fromTheSide(t, c, kernel)
			p := make([]float64, b.Len()*c.Qubits)
			if err := e.Marginals(t.Context(), b, p); err != nil {
				t.Fatal(err)
			}
			compare(t, k.name+", marginals", p, marginalsOf(t, c, b), 1e-12)
			whole, err := new(Simulator).laws(c)
			if err != nil {
				t.Fatal(err)
			}
			if err := whole.Marginals(t.Context(), b, p); err != nil {
				t.Fatal(err)
			}
			compare(t, k.name+", marginals of laws", p, marginalsOf(t, c, b), 1e-12)
			uniforms := make([]float64, b.Len()*c.Qubits)
			for range 20 {
				for i := range uniforms {
					uniforms[i] = rng.Float64()
				}
				got, want := make([]uint64, b.Len()), make([]uint64, b.Len())
				if err := errors.Join(e.Draw(t.Context(), b, uniforms, got), whole.Draw(t.Context(), b, uniforms, want)); err != nil {
					t.Fatal(err)
				}
				for i := range want {
					if got[i] != want[i] {
						t.Fatalf("%s, lane %d: drew %0*b, the law %0*b", k.name, i, c.Qubits, got[i]>>(64-c.Qubits), c.Qubits, want[i]>>(64-c.Qubits))
					}
				}
			}
		}
	}
}

// Of words of many qubits, so many that a word's probability is no number, the share of 1 of
// each qubit is its marginal.
func TestDrawManyQubits(t *testing.T) {
	const lanes = 1024
	for name, c := range map[string]*ir.Circuit{
		"chains":     ir.Ansatz{Neurons: 160, Layers: 3, Latent: ir.LatentScale{Trained: true}}.Circuit(),
		"brick":      bricked(160, nil),
		"front":      fronted(160, nil),
		"long chain": ir.Ansatz{Neurons: 1300, Layers: 2, Memory: true}.Circuit(),
		"long brick": bricked(2500, nil),
		"long front": fronted(2500, nil),
	} {
		n, stride := c.Qubits, backends.WordStride(c.Qubits)
		rng := stream.New(5, name)
		b := sideBindings(c, rng, 1, 1)
		p := make([]float64, n)
		e := fromTheSide(t, c, "")
		if err := e.Marginals(t.Context(), b, p); err != nil {
			t.Fatal(err)
		}
		b.Lanes = make([]backends.Lane, lanes)
		uniforms, words := make([]float64, lanes*n), make([]uint64, lanes*backends.WordStride(n))
		for i := range uniforms {
			uniforms[i] = rng.Float64()
		}
		if err := e.Draw(t.Context(), b, uniforms, words); err != nil {
			t.Fatal(err)
		}
		chi2 := 0.0
		for q := range n {
			ones := 0.0
			for i := range lanes {
				ones += float64(backends.WordBit(words[i*stride:], q))
			}
			d := ones - lanes*p[q]
			chi2 += d * d / (lanes * p[q] * (1 - p[q]))
		}
		if z := (chi2 - float64(n)) / math.Sqrt(2*float64(n)); !(math.Abs(z) < 5) {
			t.Errorf("%s: chi-square of the marginals %v standard deviations off", name, z)
		}
	}
}

// What is not of the form says what, and is refused where it is too large for a state.
func TestWordsRefused(t *testing.T) {
	for reason, change := range map[string]func(c *ir.Circuit){
		"cx from a qubit to another than the next one":      func(c *ir.Circuit) { c.Gate(ir.CX, []int{3, 1}) },
		"a chain of cx is not whole":                        func(c *ir.Circuit) { c.Gate(ir.CX, []int{0, 1}) },
		"cx out of the order of a chain":                    func(c *ir.Circuit) { c.Gate(ir.CX, []int{1, 2}) },
		"a one-qubit gate within a chain of cx":             func(c *ir.Circuit) { c.Gate(ir.CX, []int{0, 1}); c.Gate(ir.H, []int{1}) },
		"cz is no rotation of |00> and |11>":                func(c *ir.Circuit) { c.Gate(ir.CZ, []int{0, 1}) },
		"one-qubit gates before and after pair rotations":   func(c *ir.Circuit) { pairGate(c, 0, ir.Const(1)); c.Gate(ir.H, []int{1}) },
		"a second rotation of a pair":                       func(c *ir.Circuit) { pairGate(c, 0, ir.Const(1)); pairGate(c, 0, ir.Const(1)) },
		"the first half of a brick after one of the second": func(c *ir.Circuit) { pairGate(c, 1, ir.Const(1)); pairGate(c, 0, ir.Const(1)) },
		"more than 9 chains of cx": func(c *ir.Circuit) {
			for range 9 {
				for q := range c.Qubits - 1 {
					c.Gate(ir.CX, []int{q, q + 1})
				}
			}
		},
		"a gate with controls":                        func(c *ir.Circuit) { c.Ops = append(c.Ops, &ir.Apply{Gate: ir.X, Qubits: []int{0, 1}, Controls: 1}) },
		"a rotation of a pair that are no neighbours": func(c *ir.Circuit) { c.Gate(ir.XXMinusYY, []int{0, 2}, ir.Const(1), ir.Const(math.Pi/2)) },
		"xx_minus_yy is no rotation of |00> and |11>": func(c *ir.Circuit) { c.Gate(ir.XXMinusYY, []int{0, 1}, ir.Const(1), ir.Const(0)) },
		"pair rotation of the first half of a brick":  func(c *ir.Circuit) { pairGate(c, 1, ir.Const(1)); pairGate(c, 2, ir.Const(1)) },
		"cx after a pair rotation":                    func(c *ir.Circuit) { pairGate(c, 0, ir.Const(1)); c.Gate(ir.CX, []int{0, 1}) },
		"it is no gate of the table":                  func(c *ir.Circuit) { c.Ops = append(c.Ops, &ir.Reset{Qubit: 1}) },
		"after pair rotations there are rotations about Y alone": func(c *ir.Circuit) {
			*c = *fronted(21, nil)
			c.Gate(ir.RX, []int{4}, ir.Const(1))
		},
		"one-qubit gates before and after": func(c *ir.Circuit) {
			*c = *fronted(21, func(q int) bool { return q > 1 })
			pairGate(c, 0, ir.Const(1))
		},
	} {
		c := ir.Ansatz{Neurons: 21, Layers: 2, Memory: true}.Circuit()
		change(c)
		_, err := new(Simulator).Words(c)
		var refusal *backends.Refusal
		if !errors.As(err, &refusal) || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %v", reason, err)
		}
	}
	for _, k := range []struct {
		method string
		a      ir.Ansatz
	}{
		{"state", ir.Ansatz{Neurons: 3, Layers: 10, Memory: true}},
		{"carries", ir.Ansatz{Neurons: 10, Layers: 5, Memory: true}},
		{"carries", ir.Ansatz{Neurons: 2, Layers: 1, Memory: true}},
	} {
		e, err := new(Simulator).Words(k.a.Circuit())
		if err != nil || e.Method() != k.method {
			t.Errorf("%+v: %v %v, want the method %s", k.a, e, err, k.method)
		}
	}
}

// Numbers that do not fit are refused, and Backward needs its Forward.
func TestWordsAreChecked(t *testing.T) {
	c := ir.Ansatz{Neurons: 4, Layers: 2, Memory: true}.Circuit()
	whole, err := new(Simulator).laws(c)
	if err != nil {
		t.Fatal(err)
	}
	b := sideBindings(c, stream.New(6, "check"), 1, 3)
	for _, e := range []backends.WordEvaluator{fromTheSide(t, c, ""), whole} {
		words, logp := make([]uint64, 3), make([]float64, 3)
		if err := e.Backward(t.Context(), logp, nil, nil); !errors.Is(err, ErrNoForward) {
			t.Errorf("%s: %v", e.Method(), err)
		}
		if err := e.Forward(t.Context(), b, words[:2], logp); err == nil || !strings.Contains(err.Error(), "2 numbers of words") {
			t.Errorf("%s: %v", e.Method(), err)
		}
		if err := e.Forward(t.Context(), b, words, logp[:1]); err == nil || !strings.Contains(err.Error(), "1 logarithms") {
			t.Errorf("%s: %v", e.Method(), err)
		}
		if err := e.Forward(t.Context(), b, words, logp); err != nil {
			t.Fatal(err)
		}
		if err := e.Backward(t.Context(), logp[:2], nil, nil); err == nil || !strings.Contains(err.Error(), "2 upstream") {
			t.Errorf("%s: %v", e.Method(), err)
		}
		for what, err := range map[string]error{
			"room for 3 derivatives": e.Backward(t.Context(), logp, make([]float64, 3), nil),
			"room for 5 derivatives": e.Backward(t.Context(), logp, nil, make([]float64, 5)),
			"data row 0 has 1":       e.Draw(t.Context(), backends.Bindings{Trained: b.Trained, Data: [][]float64{{0}}}, make([]float64, 4), words[:1]),
		} {
			if err == nil || !strings.Contains(err.Error(), what) {
				t.Errorf("%s: %v, want %s", e.Method(), err, what)
			}
		}
		for what, between := range map[string]func() error{
			"a second time":     func() error { return e.Backward(t.Context(), logp, nil, nil) },
			"after other words": func() error { return e.LogProbabilities(t.Context(), b, words, logp) },
		} {
			if err := errors.Join(e.Forward(t.Context(), b, words, logp), between()); err != nil {
				t.Fatal(err)
			}
			if err := e.Backward(t.Context(), logp, nil, nil); !errors.Is(err, ErrNoForward) {
				t.Errorf("%s, %s: %v", e.Method(), what, err)
			}
		}
		ended, stop := context.WithCancel(t.Context())
		stop()
		for what, err := range map[string]error{
			"forward": e.Forward(ended, b, words, logp), "draw": e.Draw(ended, b, make([]float64, 12), words), "marginals": e.Marginals(ended, b, make([]float64, 12)),
		} {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s, %s: %v", e.Method(), what, err)
			}
		}
	}
}

// The number of workers changes nothing, and lanes that share a row add up to it.
func TestWordsSameBitsForAnyWorkers(t *testing.T) {
	c := ir.Ansatz{Neurons: 20, Layers: 3, Memory: true}.Circuit()
	rng := stream.New(7, "workers")
	b := sideBindings(c, rng, 2, 21)
	words, upstream := drawnWords(rng, 20, b.Len())
	var first []float64
	for _, workers := range []int{1, 2, 5} {
		e := fromTheSide(t, c, "")
		e.sim.Workers = workers
		trained, data := gradientsOf(t, e, c, b, words, upstream)
		all := append(trained, data...)
		if first == nil {
			first = all
		}
		for i := range all {
			if all[i] != first[i] {
				t.Fatalf("%d workers: number %d differs", workers, i)
			}
		}
	}
}

// A word that can't occur has -Inf and adds nothing to a gradient; its neighbours do.
func TestImpossibleWord(t *testing.T) {
	for name, c := range map[string]*ir.Circuit{
		"complex": ir.Ansatz{Neurons: 4, Layers: 1, Latent: ir.LatentScale{Trained: true}}.Circuit(),
		"product": bricked(4, func(int) bool { return false }),
		"brick":   bricked(4, nil),
		"front":   fronted(4, nil),
	} {
		trained := [][]float64{make([]float64, len(c.Trained)), make([]float64, len(c.Trained))}
		trained[1][0], trained[1][1], trained[1][2], trained[1][3] = 1, 2, 3, 1
		b := backends.Bindings{Trained: trained, Data: [][]float64{make([]float64, len(c.Data))}, Lanes: []backends.Lane{{}, {}, {Trained: 1}}}
		words := []uint64{1 << 63, 0, 0}
		whole, err := new(Simulator).laws(c)
		if err != nil {
			t.Fatal(err)
		}
		evaluators := []backends.WordEvaluator{fromTheSide(t, c, "")}
		if len(c.Data) < 5 { // with a brick the state has 1e-34
			evaluators = append(evaluators, whole)
		}
		for _, e := range evaluators {
			logp := make([]float64, 3)
			if err := e.Forward(t.Context(), b, words, logp); err != nil || !math.IsInf(logp[0], -1) || logp[1] != 0 {
				t.Errorf("%s, %s: ln p %v %v", name, e.Method(), logp, err)
			}
			grad := make([]float64, 2*len(c.Trained))
			if err := e.Backward(t.Context(), []float64{1, 1, 1}, grad, nil); err != nil {
				t.Fatal(err)
			}
			if g := grad[:len(c.Trained)]; slices.ContainsFunc(g, func(x float64) bool { return x != 0 }) {
				t.Errorf("%s, %s: derivatives %v", name, e.Method(), g)
			}
			if g := grad[len(c.Trained):]; !slices.ContainsFunc(g, func(x float64) bool { return x != 0 }) {
				t.Errorf("%s, %s: a possible word has no derivative", name, e.Method())
			}
		}
	}
}

// Lanes do not know of each other: in any order, with rows of their own or of others, and
// after other rows in the same evaluator, each has what it has alone.
func TestLanesOfWordsAlone(t *testing.T) {
	for _, k := range sideCases() {
		c := k.circuit
		e := fromTheSide(t, c, "")
		if e.form.chains > 4 {
			continue
		}
		rng := stream.New(10, k.name)
		for range 2 { // the second time with other values in the rows of the first
			b := sideBindings(c, rng, 2, 2)
			for _, rows := range [][2]int{{0, 1}, {0, 0}, {-1, -1}, {0, 0}, {1, 0}, {1, 1}, {1, 1}, {0, 1}} {
				for i := range sideLanes {
					l := backends.Lane{Trained: rows[0], Data: rows[1]}
					if rows[0] < 0 {
						l = backends.Lane{Trained: i % 2, Data: i / 2 % 2}
					}
					b.Lanes = append(b.Lanes, l)
				}
			}
			words, upstream := drawnWords(rng, c.Qubits, b.Len())
			uniforms := make([]float64, b.Len()*c.Qubits)
			for i := range uniforms {
				uniforms[i] = rng.Float64()
			}
			logp, drawn := make([]float64, b.Len()), make([]uint64, b.Len())
			marginals := make([]float64, len(uniforms))
			e.sim.Workers = 1
			if err := errors.Join(e.Draw(t.Context(), b, uniforms, drawn), e.Marginals(t.Context(), b, marginals), e.LogProbabilities(t.Context(), b, words, logp)); err != nil {
				t.Fatal(err)
			}
			trained, data := gradientsOf(t, e, c, b, words, upstream)
			sum := make([]float64, len(trained))
			for i := range b.Len() {
				one := backends.Bindings{Trained: b.Trained, Data: b.Data, Lanes: b.Lanes[i : i+1]}
				var l [1]float64
				var w [1]uint64
				p := make([]float64, c.Qubits)
				alone := fromTheSide(t, c, "")
				if err := errors.Join(alone.LogProbabilities(t.Context(), one, words[i:i+1], l[:]), alone.Draw(t.Context(), one, uniforms[i*c.Qubits:][:c.Qubits], w[:]),
					alone.Marginals(t.Context(), one, p)); err != nil {
					t.Fatal(err)
				}
				gt, gd := gradientsOf(t, alone, c, one, words[i:i+1], upstream[i:i+1])
				for j, g := range gt {
					sum[j] += g
				}
				if l[0] != logp[i] || w[0] != drawn[i] || !slices.Equal(p, marginals[i*c.Qubits:][:c.Qubits]) || !slices.Equal(gd, data[i*len(gd):][:len(gd)]) {
					t.Fatalf("%s: lane %d is another alone", k.name, i)
				}
			}
			compare(t, k.name+", trained", trained, sum, 1e-11)
		}
	}
}

// Environments that are not all kept are made again: the words are the same.
func TestDrawWithFewEnvironments(t *testing.T) {
	for _, k := range sideCases() {
		c := k.circuit
		f := fromTheSide(t, c, "")
		if f.form.real || f.form.chains > 4 {
			continue
		}
		for stretch := 2; stretch <= 6; stretch += 2 {
			rng := stream.New(8, k.name)
			b := sideBindings(c, rng, 1, 8)
			uniforms := make([]float64, b.Len()*c.Qubits)
			for i := range uniforms {
				uniforms[i] = rng.Float64()
			}
			var words [2][]uint64
			var marginals [2][]float64
			for i := range words {
				e := fromTheSide(t, c, "")
				e.sim.Workers = 1
				e.spaces = []*sideSpace{e.form.newSpace(e.kern)}
				if i == 1 {
					e.spaces[0].env = e.spaces[0].environmentsOf(stretch)
				}
				words[i], marginals[i] = make([]uint64, b.Len()), make([]float64, len(uniforms))
				if err := errors.Join(e.Draw(t.Context(), b, uniforms, words[i]), e.Marginals(t.Context(), b, marginals[i])); err != nil {
					t.Fatal(err)
				}
			}
			if !slices.Equal(words[0], words[1]) || !slices.Equal(marginals[0], marginals[1]) {
				t.Errorf("%s: other words with an environment each %d qubits", k.name, stretch)
			}
		}
	}
}

// Shots of more qubits than a state holds are words drawn from the side, with bits where
// the circuit reads them: in counts up to 64 bits, in rows beyond.
func TestRunManyQubits(t *testing.T) {
	const n, shots = 70, 2000
	rng := stream.New(9, "run")
	gates := ir.Ansatz{Neurons: n, Layers: 2, Memory: true}.Circuit()
	b := sideBindings(gates, rng, 1, 2)
	p := make([]float64, 2*n)
	if err := fromTheSide(t, gates, "").Marginals(t.Context(), b, p); err != nil {
		t.Fatal(err)
	}
	for _, bits := range []int{11, 64, 69} {
		c := *gates
		c.Ops = slices.Clone(gates.Ops)
		c.Bits = bits
		for bit := range bits {
			c.Measure((bit*3+5)%n, bit)
		}
		run := func(workers int) []backends.Outcome {
			r, err := (&Simulator{Workers: workers}).Run(t.Context(), []backends.Request{{Circuit: &c, Bindings: b, Shots: []int{shots}, Seed: 4, KeepOrder: true}})
			if err != nil {
				t.Fatal(err)
			}
			return r[0].Outcomes
		}
		outcomes := run(1)
		if diff := cmp.Diff(outcomes, run(3)); diff != "" {
			t.Errorf("%d bits: workers change the shots: %s", bits, diff)
		}
		chi2 := 0.0
		for lane, o := range outcomes {
			for bit := range bits {
				ones := 0.0
				if bits > 64 {
					for i := range o.Shots {
						ones += float64(o.Rows[i*9+bit/8] >> (7 - bit%8) & 1)
					}
				} else {
					for _, k := range o.Counts {
						ones += float64(k.Word>>(bits-1-bit)&1) * float64(k.N)
					}
				}
				q := p[lane*n+(bit*3+5)%n]
				chi2 += (ones - shots*q) * (ones - shots*q) / (shots * q * (1 - q))
			}
		}
		dof := float64(2 * bits)
		if z := (chi2 - dof) / math.Sqrt(2*dof); math.Abs(z) > 4 {
			t.Errorf("%d bits: chi-square of the marginals %v standard deviations off", bits, z)
		}
	}
	middle := *gates
	middle.Ops = append([]ir.Op{&ir.Measure{Qubit: 0, Bit: 0}}, gates.Ops...)
	middle.Bits = 1
	for want, c := range map[string]*ir.Circuit{"takes gates, then measurements": &middle} {
		_, err := new(Simulator).Run(t.Context(), []backends.Request{{Circuit: c, Bindings: b, Shots: []int{1}}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// Laws that don't fit the memory at a time are computed in pieces; and where environments
// would be more work than the law, a circuit seen from the side draws from that.
func TestLawsOfWords(t *testing.T) {
	c := ir.Ansatz{Neurons: 16, Layers: 2, Memory: true}.Circuit()
	rng := stream.New(11, "pieces")
	b := sideBindings(c, rng, 1, lawPiece>>16+3)
	words, upstream := drawnWords(rng, 16, b.Len())
	whole, err := new(Simulator).laws(c)
	if err != nil {
		t.Fatal(err)
	}
	side := fromTheSide(t, c, "")
	trained, data := gradientsOf(t, whole, c, b, words, upstream)
	wantTrained, wantData := gradientsOf(t, side, c, b, words, upstream)
	compare(t, "trained", trained, wantTrained, 1e-9)
	compare(t, "data", data, wantData, 1e-9)
	if err := whole.Forward(t.Context(), b, words, make([]float64, b.Len())); err != nil {
		t.Fatal(err)
	}
	clear(words) // they were the caller's
	clear(trained)
	if err := whole.Backward(t.Context(), upstream, trained, nil); err != nil {
		t.Fatal(err)
	}
	compare(t, "trained alone", trained, wantTrained, 1e-9)
	got, want := make([]float64, b.Len()*16), make([]float64, b.Len()*16)
	if err := errors.Join(whole.Marginals(t.Context(), b, got), side.Marginals(t.Context(), b, want)); err != nil {
		t.Fatal(err)
	}
	compare(t, "marginals", got, want, 1e-12)

	for _, k := range []struct {
		layers int
		whole  bool
	}{{3, false}, {7, true}} {
		e, err := new(Simulator).Words(ir.Ansatz{Neurons: 10, Layers: k.layers, Memory: true}.Circuit())
		if err != nil || e.Method() != "carries" || (e.(*carries).laws != nil) != k.whole {
			t.Errorf("%d layers: method %v, %v", k.layers, e, err)
		}
	}
}
