package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"qgan/backends"
	"qgan/ir"
)

// reference is one case of the vectors w1ref_N.json (see testdata/vectors).
type reference struct {
	N        int `json:"n"`
	T        int `json:"t"`
	B        int `json:"b"`
	Z, Th, G []float64
	Ez, Gr   []float64
}

func rows(flat []float64, width int) [][]float64 {
	out := make([][]float64, 0, len(flat)/width)
	for ; len(flat) >= width; flat = flat[width:] {
		out = append(out, flat[:width])
	}
	return out
}

func maxDiff(t *testing.T, a, b []float64) float64 {
	t.Helper()
	if len(a) != len(b) {
		t.Fatalf("%d values against %d", len(a), len(b))
	}
	d := 0.0
	for i := range a {
		d = max(d, math.Abs(a[i]-b[i]))
	}
	return d
}

func checkReference(t *testing.T, kernel string, r reference, tol float64) {
	t.Helper()
	a := ir.Ansatz{Neurons: r.N, Layers: 4, Closing: true, FinalChain: true, Latent: ir.LatentScale{Value: 1}}
	b := backends.Bindings{Trained: rows(r.Th, 8*r.N), Data: rows(r.Z, r.N)}
	if len(b.Trained) != r.T || len(b.Data) != r.B {
		t.Fatalf("%d and %d rows", len(b.Trained), len(b.Data))
	}
	d, err := (&Simulator{Kernel: kernel}).Differentiate(a.Circuit(), backends.ExpectationZ)
	if err != nil {
		t.Fatal(err)
	}
	values := make([]float64, b.Len()*r.N)
	if err := d.Forward(t.Context(), b, values); err != nil {
		t.Fatal(err)
	}
	dv := maxDiff(t, values, r.Ez)
	if dv > tol {
		t.Errorf("%s, n = %d: values off by %.2g", kernel, r.N, dv)
	}
	if r.G == nil {
		t.Logf("%s, n = %d: values within %.2g", kernel, r.N, dv)
		return
	}
	grad := make([]float64, len(r.Th))
	if err := d.Backward(t.Context(), r.G, grad, nil); err != nil {
		t.Fatal(err)
	}
	dg := maxDiff(t, grad, r.Gr)
	if dg > tol {
		t.Errorf("%s, n = %d: gradients off by %.2g", kernel, r.N, dg)
	}
	t.Logf("%s, n = %d: values within %.2g, gradients within %.2g", kernel, r.N, dv, dg)
}

// Expectations and gradients of the paper's circuit against other simulators.
func TestReferenceVectors(t *testing.T) {
	raw, err := os.ReadFile("../../testdata/vectors/w1ref.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []reference }
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) != 4 {
		t.Fatalf("%d cases", len(file.Cases))
	}
	for _, r := range file.Cases {
		for _, kernel := range Kernels() {
			checkReference(t, kernel, r, 1e-12)
		}
	}
}

func TestReferenceVectorsWhole(t *testing.T) {
	shared := os.Getenv("QGAN_SHARED")
	if shared == "" {
		t.Skip("QGAN_SHARED is not set")
	}
	for _, n := range []int{2, 4, 8, 10} {
		raw, err := os.ReadFile(filepath.Join(shared, "vectors", fmt.Sprintf("w1ref_%d.json", n)))
		if err != nil {
			t.Fatal(err)
		}
		r := reference{T: 10, B: 64}
		if err := json.Unmarshal(raw, &r); err != nil {
			t.Fatal(err)
		}
		for _, kernel := range Kernels() {
			checkReference(t, kernel, r, 1e-12)
		}
	}
}

// drawCircuit draws a circuit over the whole gate table with trained and data
// symbols, some used more than once and with coefficients.
func drawCircuit(t *rapid.T, n, depth int) *ir.Circuit {
	c := ir.New(n, 0)
	for i := range 3 {
		c.TrainedSymbol(fmt.Sprintf("t%d", i))
		c.DataSymbol(fmt.Sprintf("d%d", i))
	}
	gates := ir.Gates()
	for range depth {
		g := rapid.SampledFrom(gates).Draw(t, "gate")
		info := g.Info()
		if info.Qubits > n {
			continue
		}
		order := make([]int, n)
		for i := range order {
			order[i] = i
		}
		qubits := rapid.Permutation(order).Draw(t, "qubits")[:info.Qubits]
		angles := make([]ir.Angle, len(info.Params))
		for i := range angles {
			a := ir.Const(rapid.Float64Range(-3, 3).Draw(t, "const"))
			coef := rapid.Float64Range(-2, 2).Draw(t, "coef")
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 1:
				a = a.Add(ir.Trained(coef, rapid.IntRange(0, 2).Draw(t, "trained")))
			case 2:
				a = a.Add(ir.Data(coef, rapid.IntRange(0, 2).Draw(t, "data")))
			case 3:
				a = a.Add(ir.Product(coef, rapid.IntRange(0, 2).Draw(t, "trained"), rapid.IntRange(0, 2).Draw(t, "data")))
			}
			angles[i] = a
		}
		c.Gate(g, qubits, angles...)
	}
	return c
}

func drawRows(t *rapid.T, label string, n int) [][]float64 {
	out := make([][]float64, n)
	for i := range out {
		out[i] = rapid.SliceOfN(rapid.Float64Range(-2, 2), 3, 3).Draw(t, label)
	}
	return out
}

// The program gives the interpreter's law for any circuit of the gate table,
// and for every shape of a table of bindings.
func TestProgramEqualsInterpreter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(t, "n")
		c := drawCircuit(t, n, rapid.IntRange(0, 12).Draw(t, "depth"))
		b := backends.Bindings{
			Trained: drawRows(t, "trained", rapid.IntRange(1, 3).Draw(t, "trained rows")),
			Data:    drawRows(t, "data", rapid.SampledFrom([]int{1, 2, 5, 17}).Draw(t, "data rows")),
		}
		d, err := drawSimulator(t).Differentiate(c, backends.Probabilities)
		if err != nil {
			t.Fatal(err)
		}
		values := make([]float64, b.Len()<<n)
		if err := d.Values(t.Context(), b, values); err != nil {
			t.Fatal(err)
		}
		for lane := range b.Len() {
			at := b.Lane(lane)
			state, err := Interpret(c, b.Trained[at.Trained], b.Data[at.Data])
			if err != nil {
				t.Fatal(err)
			}
			for x, amp := range state {
				want := real(amp)*real(amp) + imag(amp)*imag(amp)
				if got := values[lane<<n+x]; math.Abs(got-want) > 1e-13 {
					t.Fatalf("lane %d, state %d: %v, interpreter %v\n%s", lane, x, got, want, c)
				}
			}
		}
	})
}

// scalar evaluates sum of upstream x values with the interpreter.
func scalar(t *rapid.T, c *ir.Circuit, o backends.Observable, trained, data, upstream []float64) float64 {
	state, err := Interpret(c, trained, data)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for x, amp := range state {
		p := real(amp)*real(amp) + imag(amp)*imag(amp)
		if o == backends.Probabilities {
			sum += upstream[x] * p
			continue
		}
		for q := range c.Qubits {
			if x>>(c.Qubits-1-q)&1 == 1 {
				sum -= upstream[q] * p
			} else {
				sum += upstream[q] * p
			}
		}
	}
	return sum
}

// shifted is the parameter-shift derivative with respect to trained symbol s,
// one occurrence at a time, each with its coefficient and datum.
func shifted(t *rapid.T, c *ir.Circuit, o backends.Observable, s int32, trained, data, upstream []float64) float64 {
	sum := 0.0
	for i, op := range c.Ops {
		apply := op.(*ir.Apply)
		for j, a := range apply.Angles {
			for _, term := range a.Terms {
				if term.Trained != s {
					continue
				}
				inner := term.Coef
				if term.Data != ir.None {
					inner *= data[term.Data]
				}
				for _, k := range apply.Gate.Info().Shifts[j].Terms() {
					moved := *apply
					moved.Angles = append([]ir.Angle(nil), apply.Angles...)
					moved.Angles[j] = a.Plus(k.Shift)
					other := *c
					other.Ops = append([]ir.Op(nil), c.Ops...)
					other.Ops[i] = &moved
					sum += inner * k.Coef * scalar(t, &other, o, trained, data, upstream)
				}
			}
		}
	}
	return sum
}

// checkGradients holds the adjoint sweep against the parameter-shift rule and
// finite differences, for trained rows and for the data of every lane.
func checkGradients(t *rapid.T, c *ir.Circuit, trainedRows, dataRows [][]float64, o backends.Observable) {
	n := c.Qubits
	b := backends.Bindings{Trained: trainedRows, Data: dataRows}
	if rapid.Bool().Draw(t, "listed lanes") {
		for range rapid.IntRange(1, 20).Draw(t, "lanes") {
			b.Lanes = append(b.Lanes, backends.Lane{
				Trained: rapid.IntRange(0, len(trainedRows)-1).Draw(t, "row"),
				Data:    rapid.IntRange(0, len(dataRows)-1).Draw(t, "row"),
			})
		}
	}
	width := o.Width(n)
	upstream := make([]float64, b.Len()*width)
	rng := rand.New(rand.NewPCG(3, uint64(len(upstream))))
	for i := range upstream {
		upstream[i] = rng.NormFloat64()
	}
	d, err := drawSimulator(t).Differentiate(c, o)
	if err != nil {
		t.Fatal(err)
	}
	values := make([]float64, len(upstream))
	if err := d.Forward(t.Context(), b, values); err != nil {
		t.Fatal(err)
	}
	trained := make([]float64, len(trainedRows)*len(c.Trained))
	data := make([]float64, b.Len()*len(c.Data))
	if err := d.Backward(t.Context(), upstream, trained, data); err != nil {
		t.Fatal(err)
	}
	wantTrained := make([]float64, len(trained))
	for lane := range b.Len() {
		at := b.Lane(lane)
		tr, da, up := trainedRows[at.Trained], dataRows[at.Data], upstream[lane*width:][:width]
		f := func(tr, da []float64) float64 { return scalar(t, c, o, tr, da, up) }
		for s := range c.Trained {
			shift := shifted(t, c, o, int32(s), tr, da, up)
			wantTrained[at.Trained*len(c.Trained)+s] += shift
			if fd := difference(func(x float64) float64 {
				moved := append([]float64(nil), tr...)
				moved[s] = x
				return f(moved, da)
			}, tr[s]); math.Abs(fd-shift) > 1e-6 {
				t.Fatalf("%s: parameter shift %.9g, finite difference %.9g\n%s", c.Trained[s], shift, fd, c)
			}
		}
		for s := range c.Data {
			fd := difference(func(x float64) float64 {
				moved := append([]float64(nil), da...)
				moved[s] = x
				return f(tr, moved)
			}, da[s])
			if got := data[lane*len(c.Data)+s]; math.Abs(fd-got) > 1e-6 {
				t.Fatalf("lane %d %s: adjoint %.9g, finite difference %.9g\n%s", lane, c.Data[s], got, fd, c)
			}
		}
	}
	for i, want := range wantTrained {
		if math.Abs(trained[i]-want) > 1e-11 {
			t.Fatalf("trained value %d: adjoint %.15g, parameter shift %.15g\n%s", i, trained[i], want, c)
		}
	}
}

func difference(f func(float64) float64, x float64) float64 {
	const h = 2e-4 // angles in turns vary fast
	return (8*(f(x+h)-f(x-h)) - (f(x+2*h) - f(x-2*h))) / (12 * h)
}

// drawSimulator draws one of the kernels that this machine has.
func drawSimulator(t *rapid.T) *Simulator {
	return &Simulator{Kernel: rapid.SampledFrom(Kernels()).Draw(t, "kernel")}
}

func drawObservable(t *rapid.T) backends.Observable {
	return rapid.SampledFrom([]backends.Observable{backends.ExpectationZ, backends.Probabilities}).Draw(t, "observable")
}

func TestGradientsOfAnyCircuit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCircuit(t, rapid.IntRange(1, 3).Draw(t, "n"), rapid.IntRange(1, 5).Draw(t, "depth"))
		checkGradients(t, c, drawRows(t, "trained", rapid.IntRange(1, 2).Draw(t, "rows")), drawRows(t, "data", rapid.IntRange(1, 2).Draw(t, "rows")), drawObservable(t))
	})
}

func TestGradientsOfAnsatzVariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := ir.Ansatz{
			Neurons:    rapid.IntRange(1, 3).Draw(t, "neurons"),
			Layers:     rapid.IntRange(1, 3).Draw(t, "layers"),
			Closing:    rapid.Bool().Draw(t, "closing"),
			FinalChain: rapid.Bool().Draw(t, "final chain"),
			Memory:     rapid.Bool().Draw(t, "memory"),
			Drive:      rapid.Bool().Draw(t, "drive"),
			Pairs:      rapid.Bool().Draw(t, "pairs"),
			Latent: ir.LatentScale{
				Trained: rapid.Bool().Draw(t, "trained scale"),
				Value:   rapid.SampledFrom([]float64{0, 0.3, 1}).Draw(t, "scale"),
			},
		}
		if a.Pairs { // they come before a drive alone
			a.Drive, a.Memory, a.Layers = true, false, 1
		}
		if a.Drive || a.Pairs {
			a.Closing, a.FinalChain = false, false
		}
		c := a.Circuit()
		draw := func(label string, n, width int) [][]float64 {
			out := make([][]float64, n)
			for i := range out {
				out[i] = rapid.SliceOfN(rapid.Float64Range(-3, 3), width, width).Draw(t, label)
			}
			return out
		}
		checkGradients(t, c, draw("trained", 1, len(c.Trained)), draw("data", rapid.IntRange(1, 3).Draw(t, "latents"), len(c.Data)), drawObservable(t))
	})
}

// The number of workers changes nothing, not even the last bit.
func TestSameBitsForAnyWorkers(t *testing.T) {
	a := ir.Ansatz{Neurons: 4, Layers: 3, FinalChain: true, Latent: ir.LatentScale{Trained: true}}
	c := a.Circuit()
	rng := rand.New(rand.NewPCG(9, 9))
	draw := func(n, width int) [][]float64 {
		out := make([][]float64, n)
		for i := range out {
			out[i] = make([]float64, width)
			for j := range out[i] {
				out[i][j] = rng.NormFloat64()
			}
		}
		return out
	}
	b := backends.Bindings{Trained: draw(3, len(c.Trained)), Data: draw(50, len(c.Data))}
	upstream := draw(1, b.Len()*16)[0]
	type result struct{ Values, Trained, Data []float64 }
	run := func(workers int, kernel string) result {
		d, err := (&Simulator{Workers: workers, Kernel: kernel}).Differentiate(c, backends.Probabilities)
		if err != nil {
			t.Fatal(err)
		}
		r := result{make([]float64, len(upstream)), make([]float64, 3*len(c.Trained)), make([]float64, b.Len()*4)}
		if err := d.Forward(t.Context(), b, r.Values); err != nil {
			t.Fatal(err)
		}
		if err := d.Backward(t.Context(), upstream, r.Trained, r.Data); err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, kernel := range Kernels() {
		want := run(1, kernel)
		for _, workers := range []int{2, 3, 7} {
			if diff := cmp.Diff(want, run(workers, kernel)); diff != "" {
				t.Errorf("%s, %d workers:\n%s", kernel, workers, diff)
			}
		}
	}
}

func TestUnknownKernel(t *testing.T) {
	_, err := (&Simulator{Kernel: "sse"}).Differentiate(ir.New(1, 0), backends.ExpectationZ)
	if err == nil || !strings.Contains(err.Error(), "auto, go, avx2 or avx512") {
		t.Errorf("got %v", err)
	}
}

func TestBackwardNeedsForward(t *testing.T) {
	c := ir.New(1, 0)
	d, err := new(Simulator).Differentiate(c, backends.ExpectationZ)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Backward(t.Context(), []float64{1}, nil, nil); err != ErrNoForward {
		t.Errorf("got %v", err)
	}
}

// Pairs counted out for large registers are the pairs listed for small ones.
func TestPairsCountedAsListed(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for range 50 {
		const n = 6
		f := newFrame(n)
		for range 20 {
			a, b := rng.IntN(n), rng.IntN(n)
			switch {
			case a == b:
				f.x(a)
			case rng.IntN(4) == 0:
				f.swap(a, b)
			default:
				f.cx(a, b)
			}
		}
		for q := range n {
			p := pairing{r: f.r[q], v: f.v[q], k: f.k[q]}
			seen := map[uint32]bool{}
			for _, k := range p.pairs(n) {
				if f.value(q, uint64(k.zero)) || !f.value(q, uint64(k.one)) {
					t.Fatalf("qubit %d: roles of %v are wrong", q, k)
				}
				for other := range n {
					if other != q && f.value(other, uint64(k.zero)) != f.value(other, uint64(k.one)) {
						t.Fatalf("a gate on qubit %d moves qubit %d", q, other)
					}
				}
				seen[k.zero], seen[k.one] = true, true
			}
			if len(seen) != 1<<n {
				t.Fatalf("%d of %d states are paired", len(seen), 1<<n)
			}
		}
	}
}

// chi2 is Pearson's statistic of counts against a law.
func chi2(counts []int, law []float64, shots int) float64 {
	sum := 0.0
	for x, p := range law {
		if e := p * float64(shots); e > 0 {
			d := float64(counts[x]) - e
			sum += d * d / e
		}
	}
	return sum
}

func TestSampleFollowsTheLaw(t *testing.T) {
	law := []float64{0, 0.5, 0, 0.2, 0.05, 0.25, 0, 0}
	const shots = 100000
	counts := make([]int, len(law))
	Sample(law, shots, rand.New(rand.NewPCG(1, 1)), counts)
	total := 0
	for x, n := range counts {
		total += n
		if law[x] == 0 && n > 0 {
			t.Errorf("state %d has probability 0 and was drawn %d times", x, n)
		}
	}
	if total != shots {
		t.Errorf("%d outcomes of %d shots", total, shots)
	}
	// 3 degrees of freedom: 16.3 is exceeded once in a thousand seeds.
	if c := chi2(counts, law, shots); c > 16.3 {
		t.Errorf("chi-squared %.1f", c)
	}
}

// A circuit measured at its end and the same circuit forced to run shot by shot
// give the same law; bits keep our order (qubit 0 is not symmetric here).
func TestRunShots(t *testing.T) {
	const shots = 20000
	build := func(middle bool) *ir.Circuit {
		c := ir.New(3, 4)
		c.DataSymbol("a")
		c.Gate(ir.RY, []int{0}, ir.Data(1, 0))
		c.Gate(ir.CX, []int{0, 2})
		c.Gate(ir.RY, []int{1}, ir.Const(0.4))
		for q := range 3 {
			c.Measure(q, q)
		}
		if middle {
			c.Ops = append(c.Ops, &ir.If{Cond: ir.BitSet(0), Then: []ir.Op{&ir.Reset{Qubit: 2}}})
			c.Measure(2, 3)
		}
		return c
	}
	run := func(c *ir.Circuit) backends.Outcome {
		r, err := new(Simulator).Run(context.Background(), []backends.Request{{
			Circuit: c, Seed: 5, Shots: []int{shots}, KeepOrder: true,
			Bindings: backends.Bindings{Trained: [][]float64{{}}, Data: [][]float64{{1.0}}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		return r[0].Outcomes[0]
	}
	p1, p2 := math.Pow(math.Sin(0.5), 2), math.Pow(math.Sin(0.2), 2)
	law := make([]float64, 16) // words q0 q1 q2 0: 1?1 where qubit 0 fired
	law[0b0000], law[0b0100] = (1-p1)*(1-p2), (1-p1)*p2
	law[0b1010], law[0b1110] = p1*(1-p2), p1*p2
	for _, middle := range []bool{false, true} {
		o := run(build(middle))
		if len(o.Words) != shots {
			t.Fatalf("%d words", len(o.Words))
		}
		counts := make([]int, 16)
		for _, c := range o.Counts {
			counts[c.Word] += c.N
		}
		if c := chi2(counts, law, shots); c > 16.3 {
			t.Errorf("middle %v: chi-squared %.1f, counts %v", middle, c, o.Counts)
		}
		if diff := cmp.Diff(o, run(build(middle))); diff != "" {
			t.Errorf("the same seed gives other shots:\n%s", diff)
		}
	}
}

func TestRunRefusesByName(t *testing.T) {
	bind := backends.Bindings{Trained: [][]float64{{}}, Data: [][]float64{{}}}
	endless := ir.New(1, 1)
	endless.Gate(ir.X, []int{0})
	endless.Measure(0, 0)
	endless.Ops = append(endless.Ops, &ir.While{Cond: ir.BitSet(0), Body: []ir.Op{&ir.Barrier{}}})
	for name, r := range map[string]backends.Request{
		"measures nothing": {Circuit: ir.New(1, 0), Bindings: bind, Shots: []int{1}},
		"numbers of shots": {Circuit: endless, Bindings: bind, Shots: []int{1, 2}},
		"without an end":   {Circuit: endless, Bindings: bind, Shots: []int{1}},
		"no readout error": {Circuit: endless, Bindings: bind, Shots: []int{1}, Mitigation: backends.MitigateM3},
	} {
		_, err := new(Simulator).Run(context.Background(), []backends.Request{r})
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
