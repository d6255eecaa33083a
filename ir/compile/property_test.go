package compile

import (
	"context"
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"qgan/backends/sim"
	"qgan/calibration"
	"qgan/ir"
)

// drawMeasured draws a circuit that also measures in the middle, into any bit and into one
// more than once, resets, and waits.
func drawMeasured(t *rapid.T, maxQubits, maxGates int) *ir.Circuit {
	c := drawCircuit(t, maxQubits, maxGates)
	n := c.Qubits
	c.Bits = rapid.IntRange(1, 4).Draw(t, "bits")
	c.BitRegs = []ir.Register{{Name: "c", Indices: upTo(c.Bits)}}
	qubit, bit := rapid.IntRange(0, n-1), rapid.IntRange(0, c.Bits-1)
	for range rapid.IntRange(0, 4).Draw(t, "others") {
		var op ir.Op
		switch q := qubit.Draw(t, "qubit"); rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0:
			op = &ir.Reset{Qubit: q}
		case 1:
			op = &ir.Delay{Duration: 100, Unit: "ns", Qubits: []int{q}}
		case 2:
			op = &ir.Barrier{Qubits: upTo(n)}
		case 6, 7:
			op = drawBlock(t, c, 2)
		case 8:
			op = &ir.Assign{Bits: []int{bit.Draw(t, "bit")}, Values: []ir.Cond{drawCond(t, c)}}
		default:
			op = &ir.Measure{Qubit: q, Bit: bit.Draw(t, "bit")}
		}
		c.Ops = slices.Insert(c.Ops, rapid.IntRange(n, len(c.Ops)).Draw(t, "place"), op)
	}
	order := rapid.Permutation(upTo(n))
	for range rapid.IntRange(0, 3).Draw(t, "tail") { // what can be done to outcomes
		g := rapid.SampledFrom([]ir.Gate{ir.X, ir.CX, ir.Swap, ir.CZ, ir.T}).Draw(t, "last")
		if q := order.Draw(t, "operands"); g.Info().Qubits <= n {
			c.Gate(g, q[:g.Info().Qubits])
		}
	}
	for range rapid.IntRange(0, n+1).Draw(t, "measurements") {
		c.Measure(qubit.Draw(t, "qubit"), bit.Draw(t, "bit"))
	}
	return c
}

// drawCond draws a condition on the bits of a circuit.
func drawCond(t *rapid.T, c *ir.Circuit) ir.Cond {
	bits := rapid.Permutation(upTo(c.Bits)).Draw(t, "bits")
	cond := ir.Cond(ir.Compare{Bits: bits, Rel: rapid.SampledFrom([]ir.Relation{ir.Equal, ir.Less, ir.NotEqual}).Draw(t, "relation"), Value: big.NewInt(int64(rapid.IntRange(0, 3).Draw(t, "value")))})
	if rapid.Bool().Draw(t, "one bit") {
		cond = ir.Any{ir.BitSet(bits[0]), ir.All{cond, ir.Not{Cond: ir.BitSet(bits[c.Bits-1])}}}
	}
	return cond
}

// drawBlock draws an if, a switch or a while that ends, with others in it down to a depth.
func drawBlock(t *rapid.T, c *ir.Circuit, depth int) ir.Op {
	body := func() (ops []ir.Op) {
		for range rapid.IntRange(0, 3).Draw(t, "inside") {
			q := rapid.Permutation(upTo(c.Qubits)).Draw(t, "operands")
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0:
				ops = append(ops, &ir.Measure{Qubit: q[0], Bit: rapid.IntRange(0, c.Bits-1).Draw(t, "bit")})
			case 1:
				ops = append(ops, &ir.Reset{Qubit: q[0]})
			case 2:
				if depth > 0 {
					ops = append(ops, drawBlock(t, c, depth-1))
				}
			case 3:
				ops = append(ops, &ir.Apply{Gate: ir.H, Qubits: q[:1]})
			case 4:
				ops = append(ops, &ir.Apply{Gate: ir.RZ, Qubits: q[:1], Angles: ir.Consts(rapid.Float64Range(-3, 3).Draw(t, "angle"))})
			default:
				if c.Qubits > 1 {
					ops = append(ops, &ir.Apply{Gate: rapid.SampledFrom([]ir.Gate{ir.CX, ir.Swap, ir.CH}).Draw(t, "gate"), Qubits: q[:2]})
				}
			}
		}
		return ops
	}
	switch rapid.IntRange(0, 3).Draw(t, "block") {
	case 0:
		return &ir.Switch{Bits: upTo(c.Bits), Cases: []ir.Case{{Values: []*big.Int{big.NewInt(0), big.NewInt(3)}, Body: body()}, {Values: []*big.Int{big.NewInt(1)}, Body: body()}}, Default: body()}
	case 1: // it clears its own bit at the end
		b := rapid.IntRange(0, c.Bits-1).Draw(t, "bit")
		return &ir.While{Cond: ir.BitSet(b), Body: append(body(), &ir.Assign{Bits: []int{b}, Values: []ir.Cond{ir.Any{}}})}
	}
	return &ir.If{Cond: drawCond(t, c), Then: body(), Else: body()}
}

// wordLaw is the law of the words of a circuit with numbers, corrected where the readout
// was folded.
func wordLaw(t rapid.TB, c *ir.Circuit, readout *Affine) []float64 {
	t.Helper()
	model, err := calibration.ReadNoiseModel(calibration.File{Name: "none.toml"})
	if err != nil {
		t.Fatal(err)
	}
	running := *c // delays do nothing
	running.Ops = slices.DeleteFunc(slices.Clone(c.Ops), func(op ir.Op) bool {
		_, ok := op.(*ir.Delay)
		return ok
	})
	law, err := (&sim.Noisy{Model: model, Workers: 1}).Law(context.Background(), &running, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float64, 1<<c.Bits)
	for i, w := range law.Words {
		if readout != nil {
			w = readout.Word(w)
		}
		out[w] += law.P[i]
	}
	return out
}

// stage is where a circuit is between two passes.
type stage struct {
	circuit *ir.Circuit
	place   []int // of each logical qubit at the circuit's end
	readout *Affine
}

func stageOf(s *state, logical int) stage {
	c := *s.circuit
	c.Ops = slices.Clone(c.Ops)
	place := upTo(logical)
	if s.wires != nil {
		place = slices.Clone(s.wires[:logical])
	}
	if s.final != nil {
		place = slices.Clone(s.final[:logical])
	}
	return stage{&c, place, s.readout}
}

// logical is the final state of the logical qubits of a circuit with numbers. All others must be in |0>.
func (a stage) logical(t rapid.TB) []complex128 {
	t.Helper()
	c := a.circuit
	state := idealState(t, c)
	out := make([]complex128, 1<<len(a.place))
	for x, amplitude := range state {
		y := 0
		for i, q := range a.place {
			bit := x >> (c.Qubits - 1 - q) & 1
			y |= bit << (len(a.place) - 1 - i)
			x &^= bit << (c.Qubits - 1 - q)
		}
		if x == 0 {
			out[y] = amplitude
		} else if abs2(amplitude) > 1e-18 {
			t.Fatalf("amplitude %v on a qubit beside the circuit's", amplitude)
		}
	}
	return out
}

// costInCX counts two-qubit gates as cx.
func costInCX(ops []ir.Op) (n int) {
	for _, op := range ops {
		if a, ok := op.(*ir.Apply); ok && len(a.Qubits) == 2 {
			n += costOf(a.Gate)
		}
	}
	return n
}

// lowered reports a gate that lowering leaves nothing of.
func lowered(t rapid.TB, target *Target, ops []ir.Op) {
	t.Helper()
	for _, op := range ops {
		switch op := op.(type) {
		case *ir.Apply:
			pair := op.Gate == ir.CX || op.Gate == ir.Swap || op.Gate == ir.RZZ && target.rotations()
			if op.Controls > 0 || len(op.Qubits) != 1 && !pair {
				t.Fatalf("%s on %v with %d controls is left", op.Gate, op.Qubits, op.Controls)
			}
		case *ir.Unitary:
			t.Fatalf("the unitary %s is left", op.Name)
		}
	}
}

// coupled reports a two-qubit gate on qubits that are not neighbours.
func coupled(t rapid.TB, target *Target, ops []ir.Op) {
	t.Helper()
	for _, op := range ops {
		if a, ok := op.(*ir.Apply); ok && len(a.Qubits) == 2 {
			if e, ok := target.Edge(a.Qubits[0], a.Qubits[1]); !ok || e.Faulty {
				t.Fatalf("%s on %v, which are not coupled", a.Gate, a.Qubits)
			}
		}
	}
}

// cancelled reports gates one after the other that undo each other.
func cancelled(t rapid.TB, before, after []ir.Op) {
	t.Helper()
	if len(after) > len(before) {
		t.Fatalf("%d operations became %d", len(before), len(after))
	}
	last := map[int]int{} // by qubit
	for i, op := range after {
		a, ok := op.(*ir.Apply)
		if ok && len(a.Qubits) > 0 {
			at, known := last[a.Qubits[0]]
			for _, q := range a.Qubits {
				k, seen := last[q]
				known = known && seen && k == at
			}
			if known {
				if b, ok := after[at].(*ir.Apply); ok && slices.Equal(a.Qubits, b.Qubits) && constant(a.Angles) && constant(b.Angles) {
					m := a.MatrixOf(nil, nil).Mul(b.MatrixOf(nil, nil))
					if len(a.Angles)+len(b.Angles) == 0 && upToPhase(m, ir.Identity(m.Dim)) < 1e-12 {
						t.Fatalf("%s and %s on %v undo each other and are left", b.Gate, a.Gate, a.Qubits)
					}
				}
			}
		}
		for _, q := range qubitsOf(op) {
			last[q] = i
		}
	}
}

// consolidated reports a circuit that takes more cx than it did before, stretches of gates
// of numbers on one pair counting as three where they were more.
func consolidated(t rapid.TB, before, after []ir.Op) {
	t.Helper()
	partner, spent, most := map[int]int{}, map[int]int{}, 0
	end := func(q int) {
		if p, ok := partner[q]; ok {
			most += min(3, spent[q])
			delete(partner, p)
			delete(partner, q)
		}
	}
	for _, op := range before {
		a, ok := op.(*ir.Apply)
		switch {
		case ok && len(a.Qubits) == 1 && constant(a.Angles):
		case ok && len(a.Qubits) == 2 && a.Gate != ir.RZZ:
			x, y := a.Qubits[0], a.Qubits[1]
			if p, ok := partner[x]; !ok || p != y {
				end(x)
				end(y)
				partner[x], partner[y], spent[x], spent[y] = y, x, 0, 0
			}
			spent[x] += costOf(a.Gate)
			spent[y] = spent[x]
		default:
			for _, q := range qubitsOf(op) {
				end(q)
			}
			most += costInCX([]ir.Op{op})
		}
	}
	for q := range partner {
		end(q)
	}
	if n := costInCX(after); n > most {
		t.Fatalf("%d cx, at most %d are needed\n%v\n%v", n, most, &ir.Circuit{Ops: before}, &ir.Circuit{Ops: after})
	}
}

// distinct reports qubits that are out of range or taken twice.
func distinct(t rapid.TB, what string, list []int, n int) {
	t.Helper()
	for i, q := range list {
		if q < 0 || q >= n || slices.Contains(list[:i], q) {
			t.Fatalf("%s %v on %d qubits", what, list, n)
		}
	}
}

// native reports what the device can't do as it stands.
func native(t rapid.TB, target *Target, ops []ir.Op) {
	t.Helper()
	for i, op := range ops {
		if err := target.Native(op); err != nil {
			t.Fatalf("op %d: %v", i, err)
		}
	}
}

// noGap reports qubits that wait between their first and their last operation without a
// delay, on the way back from the end: those of one operation were all busy for as long.
func noGap(t rapid.TB, target *Target, ops []ir.Op) {
	t.Helper()
	const bits = 1 << 20       // the wires from here on
	later := map[int]float64{} // seconds from the last operation of a wire on to the end
	for i, op := range slices.Backward(ops) {
		wires := ir.Wires(op, bits)
		seconds, err := target.durationOf(op)
		if err != nil {
			t.Fatal(err)
		}
		end := 0.0
		for _, q := range wires {
			end = max(end, later[q])
		}
		for _, q := range wires {
			if s, busy := later[q]; busy && q < bits && math.Abs(end-s) > 1e-12 {
				t.Fatalf("op %d: qubit %d waits %g s without a delay", i, q, end-s)
			}
			later[q] = end + seconds
		}
	}
}

// promises says of each pass what its output is besides being the same circuit. Every pass
// of the table has a row.
var promises = map[string]func(t rapid.TB, s *state, before, after stage){
	"fold-readout": func(t rapid.TB, s *state, before, after stage) {
		if after.readout == nil {
			if len(after.circuit.Ops) != len(before.circuit.Ops) {
				t.Fatal("operations are gone and no outcome is corrected")
			}
			return
		}
		if _, err := after.readout.Inverse(); err != nil {
			t.Fatal(err)
		}
		if len(after.circuit.Ops) >= len(before.circuit.Ops) {
			t.Fatal("outcomes are corrected for nothing")
		}
		again := &state{target: s.target, options: s.options, circuit: stageOf(s, 0).circuit}
		if err := foldReadout(again); err != nil || again.readout != nil {
			t.Fatalf("something to fold is left (%v)", err)
		}
	},
	"lower": func(t rapid.TB, s *state, before, after stage) { lowered(t, s.target, after.circuit.Ops) },
	"elide": func(t rapid.TB, s *state, before, after stage) {
		distinct(t, "wires", s.wires, after.circuit.Qubits)
		for _, op := range after.circuit.Ops { // those within blocks stay
			if a, ok := op.(*ir.Apply); ok && a.Gate == ir.Swap {
				t.Fatal("a swap is left")
			}
		}
	},
	"cancel": func(t rapid.TB, s *state, before, after stage) {
		lowered(t, s.target, after.circuit.Ops)
		cancelled(t, before.circuit.Ops, after.circuit.Ops)
	},
	"shorten": func(t rapid.TB, s *state, before, after stage) {
		lowered(t, s.target, after.circuit.Ops)
		if x, y := costInCX(before.circuit.Ops), costInCX(after.circuit.Ops); y > x {
			t.Fatalf("%d cx became %d", x, y)
		}
	},
	"consolidate": func(t rapid.TB, s *state, before, after stage) {
		lowered(t, s.target, after.circuit.Ops)
		consolidated(t, before.circuit.Ops, after.circuit.Ops)
	},
	"layout": func(t rapid.TB, s *state, before, after stage) {
		distinct(t, "the layout", s.layout, len(s.target.Qubits))
		if before.circuit.String() != after.circuit.String() {
			t.Fatal("a layout changes no operation")
		}
	},
	"route": func(t rapid.TB, s *state, before, after stage) {
		distinct(t, "the final layout", s.final, len(s.target.Qubits))
		lowered(t, s.target, after.circuit.Ops)
		coupled(t, s.target, after.circuit.Ops)
		if a, b := costInCX(after.circuit.Ops), costInCX(before.circuit.Ops)+3*after.circuit.Count()["swap"]; a > b {
			t.Fatalf("%d cx, %d with the swaps are explained", a, b)
		}
	},
	"cancel-routed": func(t rapid.TB, s *state, before, after stage) {
		coupled(t, s.target, after.circuit.Ops)
		cancelled(t, before.circuit.Ops, after.circuit.Ops)
	},
	"consolidate-routed": func(t rapid.TB, s *state, before, after stage) {
		coupled(t, s.target, after.circuit.Ops)
		consolidated(t, before.circuit.Ops, after.circuit.Ops)
	},
	"native": func(t rapid.TB, s *state, before, after stage) {
		for _, op := range after.circuit.Ops {
			if a, ok := op.(*ir.Apply); ok && len(a.Qubits) == 2 && constant(a.Angles) {
				e, _ := s.target.EdgeOf(a)
				if e.Gate != a.Gate || !entanglerOf(e.Gate).symmetric && e.Qubits != [2]int(a.Qubits) {
					t.Fatalf("%s on %v: the pair has %s on %v", a.Gate, a.Qubits, e.Gate, e.Qubits)
				}
			}
		}
	},
	"synthesize": func(t rapid.TB, s *state, before, after stage) { native(t, s.target, after.circuit.Ops) },
	"schedule": func(t rapid.TB, s *state, before, after stage) {
		native(t, s.target, after.circuit.Ops)
		noGap(t, s.target, after.circuit.Ops)
		if b, a := s.target.measure(before.circuit).Duration, s.target.measure(after.circuit).Duration; math.Abs(a-b) > 1e-12 {
			t.Fatalf("%g s became %g s\n%v\n%v", b, a, before.circuit, after.circuit)
		}
	},
}

// Each pass of the table keeps what the circuit computes, the law of its outcomes where it
// measures and its state where it doesn't, and keeps its promise, whichever passes of
// choice come before it.
func TestEachPass(t *testing.T) {
	t.Parallel()
	for _, p := range passes() {
		if promises[p.name] == nil {
			t.Errorf("nothing is said of what the pass %s promises", p.name)
		}
	}
	if t.Failed() {
		return
	}
	runs := map[string]int{}
	rapid.Check(t, func(r *rapid.T) {
		f := rapid.SampledFrom(families).Draw(r, "family")
		n := 5
		target := f.target(r, n, rapid.SampledFrom([][][2]int{line(n), ring(n), grid(2, 2)}).Draw(r, "coupling"))
		var c *ir.Circuit
		measured := rapid.Bool().Draw(r, "measured")
		if measured {
			c = drawMeasured(r, 4, 10)
		} else {
			c = drawCircuit(r, 4, 10)
		}
		if rapid.IntRange(0, 3).Draw(r, "numbers") == 0 { // otherwise symbols keep gates apart
			c = boundTo(r, c, trainedValues, dataValues)
		}
		free := len(c.Trained) > 0
		options := Options{
			Level: rapid.SampledFrom([]Level{Full, Light, None}).Draw(r, "level"), FoldReadout: rapid.Bool().Draw(r, "fold"), Schedule: rapid.Bool().Draw(r, "schedule"),
			Decoupling: rapid.SampledFrom([]Decoupling{NoDecoupling, DecoupleXX, DecoupleXY4}).Draw(r, "decoupling"), Seed: rapid.Uint64().Draw(r, "seed"),
		}
		bound := func(c *ir.Circuit) *ir.Circuit {
			if !free {
				return c
			}
			return boundTo(r, c, trainedValues, dataValues)
		}
		s := &state{target: target, options: options, circuit: c}
		before := stageOf(s, c.Qubits)
		for _, p := range passes() {
			if options.Level > p.level || p.when != nil && !p.when(&options) {
				continue
			}
			if err := p.run(s); err != nil {
				r.Fatalf("%s: %v", p.name, err)
			}
			after := stageOf(s, len(before.place))
			if err := ir.Verify(after.circuit); err != nil {
				r.Fatalf("%s: %v", p.name, err)
			}
			if measured {
				want, got := wordLaw(r, bound(before.circuit), before.readout), wordLaw(r, bound(after.circuit), after.readout)
				for w := range want {
					if math.Abs(got[w]-want[w]) > tolerance {
						r.Fatalf("%s: P(%b) is %g, want %g\n%v\n%v", p.name, w, got[w], want[w], before.circuit, after.circuit)
					}
				}
			} else {
				x, y := before, after
				x.circuit, y.circuit = bound(x.circuit), bound(y.circuit)
				if d := apart(x.logical(r), y.logical(r)); d > tolerance {
					r.Fatalf("%s: %g apart\n%v\n%v", p.name, d, before.circuit, after.circuit)
				}
			}
			promises[p.name](r, s, before, after)
			runs[p.name]++
			before = after
		}
	})
	for _, p := range passes() {
		if runs[p.name] == 0 {
			t.Errorf("the pass %s never ran", p.name)
		}
	}
}

// The last measurement into a bit stays the last, whichever qubits have to move and
// whatever else waits, with the readout folded and not.
func TestOverwrittenBits(t *testing.T) {
	t.Parallel()
	gate := func(g ir.Gate, q ...int) ir.Op { return &ir.Apply{Gate: g, Qubits: q} }
	read := func(q, b int) ir.Op { return &ir.Measure{Qubit: q, Bit: b} }
	for name, ops := range map[string][]ir.Op{
		"by a later qubit":            {read(0, 0), read(1, 0)},
		"by an earlier qubit":         {read(1, 0), read(0, 0)},
		"with something to fold":      {gate(ir.X, 0), gate(ir.CX, 1, 2), read(0, 0), read(1, 0), read(2, 1)},
		"by the qubit itself":         {read(0, 0), gate(ir.X, 0), read(0, 0)},
		"then more happens":           {read(0, 0), read(1, 0), gate(ir.H, 0), read(0, 1)},
		"by what is measured earlier": {read(0, 0), read(0, 1), read(2, 1), read(0, 0), read(2, 0)},
		"across a swap":               {gate(ir.CX, 0, 2), read(0, 0), gate(ir.Swap, 0, 1), read(0, 0), read(3, 1)},
		"by one that has to come":     {gate(ir.CX, 0, 3), gate(ir.CX, 0, 2), read(3, 0), gate(ir.CX, 1, 2), read(2, 0), gate(ir.X, 2), read(2, 1)},
		"before a reset":              {read(0, 0), &ir.Reset{Qubit: 0}, read(1, 0), gate(ir.X, 0), read(0, 1)},
	} {
		c := ir.New(4, 2)
		for q := range 4 {
			c.Gate(ir.RY, []int{q}, ir.Const(0.5+0.6*float64(q)))
		}
		c.Gate(ir.CX, []int{0, 1})
		c.Ops = append(c.Ops, ops...)
		want := wordLaw(t, c, nil)
		for _, level := range []Level{Full, Light, None} {
			for _, fold := range []bool{false, true} {
				r, err := Compile(c, families[0].target(t, 5, line(5)), Options{Level: level, FoldReadout: fold, Layout: []int{0, 1, 2, 3}, Verify: true})
				if err != nil {
					t.Fatal(err)
				}
				got := wordLaw(t, r.Circuit, r.Readout)
				for w := range want {
					if math.Abs(got[w]-want[w]) > tolerance {
						t.Errorf("%s, level %d, folded %v: P(%02b) is %g, want %g", name, level, fold, w, got[w], want[w])
					}
				}
			}
		}
	}
}
