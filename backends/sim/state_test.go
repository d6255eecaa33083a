package sim

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"math/cmplx"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"qgan/backends"
	"qgan/ir"
)

// drawAny draws a circuit over the whole gate table, with controls and dense
// operators, without symbols.
func drawAny(t *rapid.T, n, depth int) *ir.Circuit {
	c := ir.New(n, 0)
	c.Phase = ir.Const(rapid.Float64Range(-3, 3).Draw(t, "phase"))
	for range depth {
		c.Ops = append(c.Ops, drawOp(t, n)...)
	}
	return c
}

func drawOp(t *rapid.T, n int) []ir.Op {
	order := rapid.Permutation(operands(n)).Draw(t, "qubits")
	if n > 0 && rapid.IntRange(0, 9).Draw(t, "unitary") == 0 {
		k := rapid.IntRange(1, min(3, n)).Draw(t, "width")
		seed := rapid.Uint64().Draw(t, "seed")
		return []ir.Op{&ir.Unitary{Name: "u", Matrix: ir.RandomUnitary(1<<k, rand.New(rand.NewPCG(seed, 1))), Qubits: order[:k]}}
	}
	g := rapid.SampledFrom(ir.Gates()).Draw(t, "gate")
	info := g.Info()
	if info.Qubits > n {
		return nil
	}
	controls := 0
	if rapid.Bool().Draw(t, "controlled") {
		controls = rapid.IntRange(0, min(6, n-info.Qubits)).Draw(t, "controls")
	}
	op := &ir.Apply{Gate: g, Qubits: order[:controls+info.Qubits], Controls: controls}
	if controls > 0 {
		op.Open = rapid.Uint64Range(0, 1<<controls-1).Draw(t, "open")
	}
	for range info.Params {
		op.Angles = append(op.Angles, ir.Const(rapid.Float64Range(-4, 4).Draw(t, "angle")))
	}
	return []ir.Op{op}
}

func largest(a, b []complex128) float64 {
	d := 0.0
	for i := range a {
		d = max(d, cmplx.Abs(a[i]-b[i]))
	}
	return d
}

// The passes give the interpreter's amplitudes, global phase included, for any
// circuit of gates.
func TestStateEqualsInterpreter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 10).Draw(t, "n")
		c := drawAny(t, n, rapid.IntRange(0, 20).Draw(t, "depth"))
		want, err := Interpret(c, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		state, err := drawSimulator(t).State(c, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if d := largest(state.Amplitudes(), want); d > 1e-12 {
			t.Fatalf("amplitudes off by %.2g\n%s", d, c)
		}
		for x, p := range state.Probabilities() {
			if d := cmplx.Abs(state.Amplitude(uint64(x)) - want[x]); d > 1e-12 {
				t.Fatalf("amplitude of state %d off by %.2g", x, d)
			}
			if w := real(want[x])*real(want[x]) + imag(want[x])*imag(want[x]); math.Abs(p-w) > 1e-12 {
				t.Fatalf("state %d: probability %v, interpreter %v", x, p, w)
			}
		}
	})
}

// States larger than a block: passes are gathered from the state, and the
// scheduler cuts the circuit into several.
func TestStateOverManyBlocks(t *testing.T) {
	n, rounds := blockBits+3, 4
	if testing.Short() {
		n, rounds = blockBits+1, 1
	}
	rng := rand.New(rand.NewPCG(3, 1))
	gates := ir.Gates()
	for round := range rounds {
		c := ir.New(n, 0)
		for range 60 {
			g := gates[rng.IntN(len(gates))]
			info := g.Info()
			controls := rng.IntN(2) * rng.IntN(5)
			op := &ir.Apply{Gate: g, Controls: controls, Qubits: rng.Perm(n)[:controls+info.Qubits], Open: rng.Uint64N(1 << controls)}
			for range info.Params {
				op.Angles = append(op.Angles, ir.Const(3*rng.NormFloat64()))
			}
			c.Ops = append(c.Ops, op)
		}
		c.Ops = append(c.Ops, &ir.Unitary{Name: "u", Matrix: ir.RandomUnitary(16, rng), Qubits: rng.Perm(n)[:4]})
		want, err := Interpret(c, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, kernel := range Kernels() {
			state, err := (&Simulator{Kernel: kernel}).State(c, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			if d := largest(state.Amplitudes(), want); d > 1e-12 {
				t.Errorf("round %d, kernel %s: amplitudes off by %.2g", round, kernel, d)
			}
		}
	}
}

// layers is the circuit of `bench state`: RY and RZ on each qubit and a chain of
// CX, so many times.
func layers(n, layers int, rng *rand.Rand) *ir.Circuit {
	c := ir.New(n, 0)
	for range layers {
		for q := range n {
			c.Gate(ir.RY, []int{q}, ir.Const(6*rng.Float64()))
			c.Gate(ir.RZ, []int{q}, ir.Const(6*rng.Float64()))
		}
		for q := range n - 1 {
			c.Gate(ir.CX, []int{q, q + 1})
		}
	}
	return c
}

// A state's memory serves again: nothing of the run before is left.
func TestStateRunsAgain(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	first, second := layers(9, 2, rng), layers(9, 1, rng)
	empty := ir.New(9, 0)
	state, err := new(Simulator).State(first, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []*ir.Circuit{second, empty, first} {
		if err := state.Run(c, nil, nil); err != nil {
			t.Fatal(err)
		}
		want, err := Interpret(c, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if d := largest(state.Amplitudes(), want); d > 1e-13 {
			t.Errorf("%d operations: amplitudes off by %.2g", len(c.Ops), d)
		}
	}
	if err := state.Run(ir.New(8, 0), nil, nil); err == nil {
		t.Error("a circuit of another size was run")
	}
}

// The number of passes is what makes large states fast: a chain of three layers
// of 24 qubits and a Fourier transform take few.
func TestPassesOfLargeStates(t *testing.T) {
	fourier := ir.New(24, 0)
	for q := range 24 {
		fourier.Gate(ir.H, []int{q})
		for j := q + 1; j < 24; j++ {
			fourier.Gate(ir.CP, []int{q, j}, ir.Const(math.Pi/float64(int(1)<<(j-q))))
		}
	}
	for name, k := range map[string]struct {
		circuit *ir.Circuit
		most    int
	}{
		"three layers": {layers(24, 3, rand.New(rand.NewPCG(1, 1))), 5},
		"fourier":      {fourier, 3},
	} {
		f := newFrame(24)
		l := newLowering(&f, nil, nil)
		for _, op := range k.circuit.Ops {
			l.apply(op.(*ir.Apply))
		}
		steps := l.finish()
		passes := schedule(steps, 24, blockBits)
		t.Logf("%s: %d steps in %d passes", name, len(steps), len(passes))
		if len(passes) > k.most {
			t.Errorf("%s: %d passes, at most %d", name, len(passes), k.most)
		}
	}
}

// drawBlock draws operations with measurements, resets and conditions.
func drawBlock(t *rapid.T, c *ir.Circuit, depth, length int) (ops []ir.Op) {
	for range length {
		bit := func() int { return rapid.IntRange(0, c.Bits-1).Draw(t, "bit") }
		qubit := func() int { return rapid.IntRange(0, c.Qubits-1).Draw(t, "qubit") }
		kind := rapid.IntRange(0, 7).Draw(t, "kind")
		switch {
		case kind == 0:
			ops = append(ops, &ir.Measure{Qubit: qubit(), Bit: rapid.IntRange(-1, c.Bits-1).Draw(t, "bit")})
		case kind == 1:
			ops = append(ops, &ir.Reset{Qubit: qubit()})
		case kind == 2 && depth > 0:
			ops = append(ops, &ir.If{Cond: ir.BitSet(bit()), Then: drawBlock(t, c, depth-1, 2), Else: drawBlock(t, c, depth-1, 1)})
		case kind == 3 && depth > 0:
			ops = append(ops, &ir.Switch{Bits: []int{0, 1}, Default: drawBlock(t, c, depth-1, 1),
				Cases: []ir.Case{{Values: []*big.Int{big.NewInt(1), big.NewInt(2)}, Body: drawBlock(t, c, depth-1, 2)}}})
		case kind == 4 && depth > 0:
			b := bit()
			body := append(drawBlock(t, c, depth-1, 1), &ir.Reset{Qubit: 0}, &ir.Measure{Qubit: 0, Bit: b})
			ops = append(ops, &ir.While{Cond: ir.BitSet(b), Body: body})
		default:
			ops = append(ops, drawOp(t, c.Qubits)...)
		}
	}
	return ops
}

// Shots that share their past as far as they can follow the same law as shots
// run one by one. The limit is exceeded by chance once in about 10^5 cases.
func TestPathsFollowTheInterpreter(t *testing.T) {
	const shots = 2000
	rapid.Check(t, func(t *rapid.T) {
		c := ir.New(3, 3)
		c.Ops = append(drawBlock(t, c, 2, 8), &ir.Measure{Qubit: 1, Bit: 2})
		seed := rapid.Uint64().Draw(t, "seed")
		r, err := drawSimulator(t).Run(context.Background(), []backends.Request{{
			Circuit: c, Shots: []int{shots}, Seed: seed,
			Bindings: backends.Bindings{Trained: [][]float64{{}}, Data: [][]float64{{}}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		var ours, theirs [8]float64
		for _, k := range r[0].Outcomes[0].Counts {
			ours[k.Word] = float64(k.N)
		}
		rng := rand.New(rand.NewPCG(seed, 2))
		for range shots {
			bits, err := InterpretShot(c, nil, nil, rng)
			if err != nil {
				t.Fatal(err)
			}
			word := 0
			for _, b := range bits {
				word <<= 1
				if b {
					word |= 1
				}
			}
			theirs[word]++
		}
		chi2 := 0.0
		for w := range ours {
			if sum := ours[w] + theirs[w]; sum > 0 {
				chi2 += (ours[w] - theirs[w]) * (ours[w] - theirs[w]) / sum
			}
		}
		if chi2 > 40 { // at most 7 degrees of freedom
			t.Fatalf("chi-squared %.1f: %v against the interpreter's %v\n%s", chi2, ours, theirs, c)
		}
	})
}

// Workers and shots: the same seed gives the same shots for any number of
// workers.
func TestShotsDoNotDependOnWorkers(t *testing.T) {
	c := layers(13, 2, rand.New(rand.NewPCG(2, 2)))
	c.MeasureAll()
	c.Ops = append(c.Ops, &ir.If{Cond: ir.BitSet(3), Then: []ir.Op{&ir.Reset{Qubit: 2}}})
	c.Measure(2, 2)
	var first string
	for _, workers := range []int{1, 2, 5} {
		r, err := (&Simulator{Workers: workers}).Run(context.Background(), []backends.Request{{
			Circuit: c, Shots: []int{50}, Seed: 4, KeepOrder: true,
			Bindings: backends.Bindings{Trained: [][]float64{{}}, Data: [][]float64{{}}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(r[0].Outcomes[0])
		if first == "" {
			first = got
		}
		if got != first {
			t.Errorf("%d workers give other shots", workers)
		}
	}
}
