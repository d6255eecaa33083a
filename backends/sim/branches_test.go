package sim

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"qgan/backends"
	"qgan/calibration"
	"qgan/ir"
)

// branch is a state vector that is not normalised, and the bits that led to it.
type branch struct {
	state []complex128
	bits  []bool
}

// runBranches runs operations in their order on every branch: a measurement parts a branch
// in two, a reset as well. It knows no noise and moves nothing.
func runBranches(t rapid.TB, n int, ops []ir.Op, list []branch) []branch {
	for _, op := range ops {
		var next []branch
		for _, b := range list {
			switch op := op.(type) {
			case *ir.Apply:
				ir.ApplyMatrix(b.state, n, op.MatrixOf(nil, nil), op.Qubits)
				next = append(next, b)
			case *ir.Measure, *ir.Reset:
				for value := range 2 {
					next = append(next, b.project(n, op, value))
				}
			case *ir.If:
				body := op.Else
				if op.Cond.Holds(b.bits) {
					body = op.Then
				}
				next = append(next, runBranches(t, n, body, []branch{b})...)
			case *ir.Switch:
				next = append(next, runBranches(t, n, op.Pick(b.bits), []branch{b})...)
			case *ir.While:
				if !op.Cond.Holds(b.bits) {
					next = append(next, b)
					continue
				}
				next = append(next, runBranches(t, n, append(slices.Clone(op.Body), op), []branch{b})...)
			case *ir.Barrier, *ir.Delay:
				next = append(next, b)
			default:
				t.Fatalf("%T", op)
			}
		}
		list = slices.DeleteFunc(next, func(b branch) bool { return b.weight() < 1e-14 })
	}
	return list
}

func (b branch) weight() (w float64) {
	for _, x := range b.state {
		w += real(x)*real(x) + imag(x)*imag(x)
	}
	return w
}

// project keeps the part in which a qubit has a value, and records or resets it.
func (b branch) project(n int, op ir.Op, value int) branch {
	out := branch{make([]complex128, len(b.state)), slices.Clone(b.bits)}
	q, reset := ir.ActsOn(op)[0], 0
	if m, ok := op.(*ir.Measure); !ok {
		reset = value << (n - 1 - q)
	} else if m.Bit >= 0 {
		out.bits[m.Bit] = value == 1
	}
	for x, a := range b.state {
		if x>>(n-1-q)&1 == value {
			out.state[x^reset] = a
		}
	}
	return out
}

// branchLaw is the law of a circuit's words.
func branchLaw(t rapid.TB, c *ir.Circuit) []float64 {
	start := branch{make([]complex128, 1<<c.Qubits), make([]bool, c.Bits)}
	start.state[0] = 1
	law := make([]float64, 1<<c.Bits)
	for _, b := range runBranches(t, c.Qubits, c.Ops, []branch{start}) {
		word := 0
		for _, one := range b.bits {
			if word <<= 1; one {
				word |= 1
			}
		}
		law[word] += b.weight()
	}
	return law
}

// wordsOf is a law without the words that cannot occur.
func wordsOf(bits int, dense []float64) *backends.Law {
	out := &backends.Law{Bits: bits}
	for w, p := range dense {
		if p > 1e-12 {
			out.Words, out.P = append(out.Words, uint64(w)), append(out.P, p)
		}
	}
	return out
}

// checkLaws holds the exact law and the shots of both methods against a law.
func checkLaws(t *testing.T, m *calibration.NoiseModel, c *ir.Circuit, want []float64) {
	t.Helper()
	if d := largestDifference(spread(lawOf(t, &Noisy{Model: m}, c)), want); d > 1e-12 {
		t.Errorf("the exact law differs by %.2g", d)
	}
	for _, method := range []Method{DensityMethod, TrajectoriesMethod} {
		if z := fit(outcomesOf(t, &Noisy{Model: m, Method: method}, c, 4000, 3), wordsOf(c.Bits, want)); z > 6 {
			t.Errorf("%s: chi² is %.2f standard deviations above its mean", method, z)
		}
	}
}

// Circuits that measure in the middle, into any bit and into one more than once, have the
// law of their operations one after the other, and so do the shots of each simulator.
func TestBitsOverwritten(t *testing.T) {
	free := noiseFile(t, "")
	one := func(bit int) ir.Op {
		return &ir.If{Cond: ir.BitSet(bit), Then: []ir.Op{&ir.Apply{Gate: ir.X, Qubits: []int{2}}}}
	}
	gate := func(g ir.Gate, q ...int) ir.Op { return &ir.Apply{Gate: g, Qubits: q} }
	read := func(q, b int) ir.Op { return &ir.Measure{Qubit: q, Bit: b} }
	for name, ops := range map[string][]ir.Op{
		"by a later qubit":                    {read(0, 0), read(1, 0)},
		"by an earlier qubit":                 {read(1, 0), read(0, 0)},
		"then more happens to the first":      {read(0, 0), read(1, 0), gate(ir.H, 0), read(0, 1)},
		"after a gate on the first":           {read(0, 0), gate(ir.X, 0), read(1, 0), read(0, 1)},
		"by the same qubit":                   {read(0, 0), gate(ir.X, 0), read(0, 0)},
		"by the same qubit at once":           {read(0, 0), read(0, 0)},
		"a qubit twice":                       {read(0, 0), read(0, 1)},
		"between, and read":                   {read(0, 0), one(0), read(1, 0), read(2, 1)},
		"and read":                            {read(0, 0), read(1, 0), one(0), read(2, 1)},
		"in a branch":                         {read(0, 0), &ir.If{Cond: ir.BitSet(0), Then: []ir.Op{read(1, 0)}}},
		"in a branch, then after":             {read(0, 1), &ir.If{Cond: ir.BitSet(1), Then: []ir.Op{read(1, 0)}}, read(2, 0)},
		"after a reset":                       {read(0, 0), &ir.Reset{Qubit: 0}, read(0, 1), read(1, 0)},
		"three times":                         {read(0, 1), read(1, 1), read(2, 1), read(0, 0)},
		"with what is thrown away in between": {read(0, 0), read(0, -1), read(1, -1), read(1, 0)},
		"by a switch":                         {read(0, 0), &ir.Switch{Bits: []int{0}, Cases: []ir.Case{{Values: []*big.Int{big.NewInt(0)}}}, Default: []ir.Op{read(1, 0)}}, read(2, 1)},
		"never, and a switch reads":           {read(0, 0), &ir.Switch{Bits: []int{0}, Cases: []ir.Case{{Values: []*big.Int{big.NewInt(1)}}}, Default: []ir.Op{gate(ir.X, 2)}}, read(2, 1)},
		"never, and a loop reads":             {read(0, 0), &ir.While{Cond: ir.All{ir.BitSet(0), ir.Not{Cond: ir.BitSet(1)}}, Body: []ir.Op{gate(ir.X, 2), read(2, 1)}}},
	} {
		t.Run(name, func(t *testing.T) {
			c := ir.New(3, 2)
			for q := range 3 { // three qubits that nothing takes for each other
				c.Gate(ir.RY, []int{q}, ir.Const(0.5+0.6*float64(q)))
			}
			c.Gate(ir.CX, []int{0, 1})
			c.Ops = append(c.Ops, ops...)
			want := branchLaw(t, c)
			checkLaws(t, free, c, want)
			for _, lanes := range []int{1, laneShots} { // alone, and side by side
				bind := backends.Bindings{Trained: [][]float64{nil}, Data: make([][]float64, lanes)}
				res, err := new(Simulator).Run(context.Background(), []backends.Request{{Circuit: c, Bindings: bind, Shots: []int{4000}, Seed: 3}})
				if err != nil {
					t.Fatal(err)
				}
				for _, o := range res[0].Outcomes {
					if z := fit(o, wordsOf(c.Bits, want)); z > 6 {
						t.Errorf("the ideal simulator: chi² is %.2f standard deviations above its mean", z)
					}
				}
			}
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		c := drawNoisy(t, 3, true)
		c.Ops = c.Ops[:len(c.Ops)-3] // it reads what is drawn here
		for range rapid.IntRange(0, 3).Draw(t, "measurements") {
			c.Measure(rapid.IntRange(0, 2).Draw(t, "qubit"), rapid.IntRange(0, 2).Draw(t, "bit"))
		}
		if d := largestDifference(spread(lawOf(t, &Noisy{Model: free}, c)), branchLaw(t, c)); d > 1e-12 {
			t.Errorf("the law differs by %.2g\n%s", d, c)
		}
	})
}

// Readout errors go to the bits that were read, whichever those are, in whichever order
// the qubits of a group stand, and where other bits are read before the end or never.
func TestReadoutPlaces(t *testing.T) {
	// Qubit 3 is read 1 for 0 with a half, qubit 1 with an eighth; 0 and 2 are one group, in
	// which 01 is read as 10 with 0.4 and 11 as 00 with 0.3.
	m := noiseFile(t, `
[[readout]]
qubits = [3]
p1_given_0 = 0.5
p0_given_1 = 0.25
[[readout]]
qubits = [1]
p1_given_0 = 0.125
p0_given_1 = 0
[[readout]]
qubits = [0, 2]
matrix = [[1, 0, 0, 0.3], [0, 0.6, 0, 0], [0, 0.4, 1, 0], [0, 0, 0, 0.7]]
`)
	type way struct{ qubit, bit int }
	for name, k := range map[string]struct {
		bits  int
		ones  []int // qubits that are 1
		reads []way
		want  map[uint64]float64 // bit 0 the most significant
	}{
		"one bit of three":        {3, nil, []way{{3, 1}}, map[uint64]float64{0b000: 0.5, 0b010: 0.5}},
		"the last of three":       {3, []int{3}, []way{{3, 2}}, map[uint64]float64{0b000: 0.25, 0b001: 0.75}},
		"two of four":             {4, []int{3}, []way{{3, 1}, {1, 3}}, map[uint64]float64{0b0000: 0.25 * 0.875, 0b0001: 0.25 * 0.125, 0b0100: 0.75 * 0.875, 0b0101: 0.75 * 0.125}},
		"two of four, exchanged":  {4, []int{3}, []way{{1, 1}, {3, 3}}, map[uint64]float64{0b0000: 0.25 * 0.875, 0b0100: 0.25 * 0.125, 0b0001: 0.75 * 0.875, 0b0101: 0.75 * 0.125}},
		"a group":                 {3, []int{2}, []way{{0, 1}, {2, 2}}, map[uint64]float64{0b001: 0.6, 0b010: 0.4}},
		"a group, exchanged":      {3, []int{2}, []way{{2, 0}, {0, 2}}, map[uint64]float64{0b100: 0.6, 0b001: 0.4}},
		"a group of ones":         {4, []int{0, 2}, []way{{2, 1}, {0, 3}}, map[uint64]float64{0b0000: 0.3, 0b0101: 0.7}},
		"a group around another":  {5, []int{2, 1}, []way{{0, 1}, {1, 2}, {2, 4}}, map[uint64]float64{0b00101: 0.6, 0b01100: 0.4}},
		"one in the middle":       {3, []int{1}, []way{{1, 2}, {1, 1}}, map[uint64]float64{0b011: 1}},
		"twice":                   {3, nil, []way{{1, 2}, {1, 1}}, map[uint64]float64{0b000: 0.765625, 0b001: 0.109375, 0b010: 0.109375, 0b011: 0.015625}},
		"one overwritten":         {2, []int{3}, []way{{3, 1}, {1, 1}}, map[uint64]float64{0b00: 0.875, 0b01: 0.125}},
		"the overwriting is read": {3, nil, []way{{1, 2}, {3, 2}}, map[uint64]float64{0b000: 0.5, 0b001: 0.5}},
	} {
		want := make([]float64, 1<<k.bits)
		for w, p := range k.want {
			want[w] = p
		}
		for _, tree := range []bool{false, true} { // shots by patterns, and as paths
			t.Run(fmt.Sprintf("%s, paths %v", name, tree), func(t *testing.T) {
				c := ir.New(4, k.bits)
				if tree {
					c.Ops = append(c.Ops, &ir.Reset{Qubit: 0})
				}
				for _, q := range k.ones {
					c.Gate(ir.X, []int{q})
				}
				for _, r := range k.reads {
					c.Measure(r.qubit, r.bit)
				}
				checkLaws(t, m, c, want)
			})
		}
	}
}

// What happens for certain happens to every shot, and what never happens to none.
func TestCertainNoise(t *testing.T) {
	channel := func(text string) string { return "[[noise]]\ngates = [\"id\"]\n" + text + "\n" }
	for name, k := range map[string]struct {
		noise string
		one   float64 // P(1) after the channel, of a qubit that is 1 before it
	}{
		"bit flip":             {channel("channel = \"bit-flip\"\nprobability = 1"), 0},
		"no bit flip":          {channel("channel = \"bit-flip\"\nprobability = 0"), 1},
		"phase flip":           {channel("channel = \"pauli\"\nprobabilities = {Z = 1}"), 1},
		"y":                    {channel("channel = \"pauli\"\nprobabilities = {Y = 1}"), 0},
		"some pauli":           {channel("channel = \"pauli\"\nprobabilities = {X = 0.25, Z = 0.75}"), 0.75},
		"a half":               {channel("channel = \"bit-flip\"\nprobability = 0.5"), 0.5},
		"nearly certain":       {channel("channel = \"bit-flip\"\nprobability = 0.999"), 0.001},
		"depolarizing":         {channel("channel = \"depolarizing\"\nprobability = 1"), 0.5},
		"damping":              {channel("channel = \"amplitude-damping\"\nprobability = 1"), 0},
		"damping to a half":    {channel("channel = \"amplitude-damping\"\nprobability = 1\nexcited = 0.5"), 0.5},
		"no damping":           {channel("channel = \"amplitude-damping\"\nprobability = 0"), 1},
		"phase damping":        {channel("channel = \"phase-damping\"\nprobability = 1"), 1},
		"a kraus operator":     {channel("channel = \"kraus\"\noperators = [[[0, 1], [1, 0]]]"), 0},
		"twice":                {channel("channel = \"bit-flip\"\nprobability = 1") + channel("channel = \"bit-flip\"\nprobability = 1"), 1},
		"after a rare one":     {channel("channel = \"bit-flip\"\nprobability = 0.25") + channel("channel = \"bit-flip\"\nprobability = 1"), 0.25},
		"readout that is sure": {"[[readout]]\np1_given_0 = 1\np0_given_1 = 1\n", 0},
	} {
		t.Run(name, func(t *testing.T) {
			done := make(chan bool)
			go func() { // a shot without an end is a failure and no standstill
				defer close(done)
				for _, middle := range []bool{false, true} {
					c := ir.New(1, 1)
					c.Gate(ir.X, []int{0})
					if middle { // as paths
						c.Measure(0, -1)
					}
					c.Gate(ir.ID, []int{0})
					c.Measure(0, 0)
					checkLaws(t, noiseFile(t, k.noise), c, []float64{1 - k.one, k.one})
				}
			}()
			select {
			case <-done:
			case <-time.After(30 * time.Second):
				t.Fatal("the shots have no end")
			}
		})
	}
}
