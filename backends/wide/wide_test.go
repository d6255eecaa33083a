package wide

import (
	"context"
	"errors"
	"math"
	"math/cmplx"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/internal/stream"
	"qgan/ir"
)

// drawn gives random circuits: gates that pick lists, and measurements, resets and classical
// control where they are asked for.
type drawn struct {
	qubits, bits int
	gates        []ir.Gate
	quarter      bool // angles are multiples of a quarter turn
	middle       bool // measurements and resets before the end
	control      bool
}

func (d drawn) circuit(t *rapid.T) *ir.Circuit {
	c := ir.New(d.qubits, d.bits)
	c.Ops = d.ops(t, rapid.IntRange(1, 24).Draw(t, "ops"), true)
	for b := range d.bits {
		if rapid.Bool().Draw(t, "measured at the end") {
			c.Measure(rapid.IntRange(0, d.qubits-1).Draw(t, "qubit"), b)
		}
	}
	if !c.Measures() {
		c.Measure(0, 0)
	}
	return c
}

func (d drawn) ops(t *rapid.T, n int, outside bool) (ops []ir.Op) {
	for range n {
		kind := rapid.IntRange(0, 9).Draw(t, "kind")
		q := rapid.Permutation(identity(d.qubits)).Draw(t, "qubits")
		switch {
		case kind == 0 && d.middle:
			ops = append(ops, &ir.Measure{Qubit: q[0], Bit: rapid.IntRange(-1, d.bits-1).Draw(t, "bit")})
		case kind == 1 && d.middle:
			ops = append(ops, &ir.Reset{Qubit: q[0]})
		case kind == 2 && d.control && outside:
			ops = append(ops, &ir.If{Cond: ir.BitSet(rapid.IntRange(0, d.bits-1).Draw(t, "bit")), Then: d.ops(t, 2, false), Else: d.ops(t, 1, false)})
		default:
			fits := func(g ir.Gate) bool { return g.Info().Qubits <= d.qubits }
			g := rapid.SampledFrom(slices.DeleteFunc(slices.Clone(d.gates), func(g ir.Gate) bool { return !fits(g) })).Draw(t, "gate")
			angles := make([]ir.Angle, len(g.Info().Params))
			for i := range angles {
				turns := 0.0
				if d.quarter {
					turns = float64(rapid.IntRange(-4, 4).Draw(t, "quarters")) / 4
				} else {
					turns = rapid.Float64Range(-1, 1).Draw(t, "turns")
				}
				if !g.Info().Turns {
					turns *= 2 * math.Pi
				}
				angles[i] = ir.Const(turns)
			}
			ops = append(ops, &ir.Apply{Gate: g, Angles: angles, Qubits: q[:g.Info().Qubits]})
		}
	}
	return ops
}

func identity(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// cliffordGates are gates that are Clifford for angles of quarter turns.
var cliffordGates = []ir.Gate{
	ir.ID, ir.X, ir.Y, ir.Z, ir.H, ir.S, ir.SDG, ir.SX, ir.SXDG, ir.P, ir.RX, ir.RY, ir.RZ, ir.U, ir.U2, ir.U3, ir.PRX, ir.GPI, ir.GPI2,
	ir.CX, ir.CY, ir.CZ, ir.Swap, ir.ISwap, ir.ECR, ir.RXX, ir.RYY, ir.RZZ, ir.RZX,
}

// near compares two laws.
func near(t interface{ Fatalf(string, ...any) }, got, want *backends.Law, tol float64) {
	p := map[uint64]float64{}
	for i, w := range want.Words {
		p[w] += want.P[i]
	}
	for i, w := range got.Words {
		p[w] -= got.P[i]
	}
	for w, d := range p {
		if math.Abs(d) > tol {
			t.Fatalf("P(%0*b) differs by %v: %v, want %v", want.Bits, w, d, got, want)
		}
	}
}

// The stabilizer law of random Clifford circuits with measurements and resets anywhere is
// that of the state vector.
func TestStabilizerLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn{qubits: rapid.IntRange(1, 6).Draw(t, "n"), bits: 4, gates: cliffordGates, quarter: true, middle: true}
		c := d.circuit(t)
		if err := new(Stabilizer).Clifford(c, nil, nil); err != nil {
			t.Fatal(err)
		}
		got, err := new(Stabilizer).Law(context.Background(), c, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		want, err := new(sim.Simulator).Law(context.Background(), c, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		near(t, got, want, 1e-9)
	})
}

// With classical control, and of matrix product states with it, the words drawn follow the
// exact law.
func TestShotsFollowTheLaw(t *testing.T) {
	anyGates := append(slices.Clone(cliffordGates), ir.T, ir.CP, ir.CRY, ir.CCX, ir.XXMinusYY)
	for name, k := range map[string]struct {
		d      drawn
		runner backends.Runner
	}{
		"stabilizer": {drawn{qubits: 4, bits: 3, gates: []ir.Gate{ir.H, ir.S, ir.CX, ir.X, ir.CZ, ir.SX}, middle: true, control: true}, new(Stabilizer)},
		"mps":        {drawn{qubits: 4, bits: 3, gates: anyGates, middle: true, control: true}, new(MPS)},
		"mps at end": {drawn{qubits: 5, bits: 4, gates: anyGates}, new(MPS)},
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				c := k.d.circuit(t)
				want, err := new(sim.Simulator).Law(context.Background(), c, nil, nil)
				if err != nil {
					t.Fatal(err)
				}
				const shots = 300
				res, err := k.runner.Run(context.Background(), []backends.Request{{Circuit: c, Shots: []int{shots}, Seed: rapid.Uint64().Draw(t, "seed")}})
				if err != nil {
					t.Fatal(err)
				}
				p := map[uint64]float64{}
				for i, w := range want.Words {
					p[w] = want.P[i]
				}
				n := 0
				for _, o := range res[0].Outcomes[0].Counts {
					n += o.N
					mean := shots * p[o.Word]
					if sd := math.Sqrt(mean * (1 - p[o.Word])); math.Abs(float64(o.N)-mean) > 6*sd+3 {
						t.Fatalf("word %b %d times of %d, expected %v; %v", o.Word, o.N, shots, mean, c)
					}
				}
				if n != shots {
					t.Fatalf("%d shots", n)
				}
			})
		})
	}
}

// amplitude returns the amplitude of a basis state, qubit 0 the most significant bit.
func (p *product) amplitude(state int) complex128 {
	left := []complex128{1}
	for site, t := range p.sites {
		s := state >> (len(p.sites) - 1 - p.at[site]) & 1
		next := make([]complex128, t.right)
		for r := range next {
			next[r] = weighted(left, t.a[t.left*(s+2*r):][:t.left])
		}
		left = next
	}
	return left[0]
}

// With bonds that are wide enough the state is the state vector's, whatever the qubits that
// gates act on; the tensors beside the centre are isometries.
func TestProductState(t *testing.T) {
	gates := append(slices.Clone(cliffordGates), ir.T, ir.CU, ir.CCX, ir.CSwap, ir.XXMinusYY, ir.MS)
	rapid.Check(t, func(t *rapid.T) {
		d := drawn{qubits: rapid.IntRange(1, 6).Draw(t, "n"), bits: 1, gates: gates}
		c := ir.New(d.qubits, 0)
		c.Ops = d.ops(t, rapid.IntRange(1, 25).Draw(t, "ops"), true)
		p, err := new(MPS).state(context.Background(), c, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		want, err := sim.Interpret(c, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		for x, a := range want {
			if cmplx.Abs(p.amplitude(x)-a) > 1e-7 {
				t.Fatalf("amplitude %b is %v, want %v", x, p.amplitude(x), a)
			}
		}
		for site, s := range p.sites {
			m := matrix{2 * s.left, s.right, s.a}
			if site > p.center {
				m = matrix{s.left, 2 * s.right, s.a}.adjoint()
			}
			if site != p.center && m.adjointTimes(m).distance() > 1e-11 {
				t.Fatalf("site %d is no isometry", site)
			}
		}
		// Expectation values of the same state.
		strings := []backends.PauliString{nil}
		for range 3 {
			var s backends.PauliString
			for q := range d.qubits {
				if l := rapid.SampledFrom([]byte("IXYZ")).Draw(t, "letter"); l != 'I' {
					s = append(s, backends.PauliFactor{Letter: l, Qubit: q})
				}
			}
			strings = append(strings, s)
		}
		got, _, err := new(MPS).Expectations(context.Background(), c, strings)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range strings {
			if e := expectation(want, d.qubits, s); math.Abs(e-got[i]) > 1e-7 {
				t.Fatalf("<%v> is %v, want %v", s, got[i], e)
			}
		}
		if new(Stabilizer).Clifford(c, nil, nil) == nil {
			got, err := new(Stabilizer).Expectations(context.Background(), c, strings)
			if err != nil {
				t.Fatal(err)
			}
			for i, s := range strings {
				if e := expectation(want, d.qubits, s); math.Abs(e-got[i]) > 1e-9 {
					t.Fatalf("stabilizer: <%v> is %v, want %v", s, got[i], e)
				}
			}
		}
	})
}

// distance is how far a square matrix is from the unit matrix.
func (m matrix) distance() (d float64) {
	for j := range m.cols {
		for i, x := range m.column(j) {
			if i == j {
				x--
			}
			d = max(d, cmplx.Abs(x))
		}
	}
	return d
}

// expectation is <state|P|state> by matrices.
func expectation(state []complex128, n int, s backends.PauliString) float64 {
	turned := slices.Clone(state)
	for _, f := range s {
		g := map[byte]ir.Gate{'X': ir.X, 'Y': ir.Y, 'Z': ir.Z}[f.Letter]
		ir.ApplyMatrix(turned, n, g.Info().Matrix(nil), []int{f.Qubit})
	}
	return real(dot(state, turned))
}

// Where bonds are bounded the state is an approximation, and the error that is told is about
// what is lost: 1 - |<exact|state>|².
func TestTruncationIsTold(t *testing.T) {
	c := ir.New(10, 0)
	rng := stream.New(4, "angles")
	for range 6 {
		for q := range c.Qubits {
			c.Gate(ir.U, []int{q}, ir.Const(rng.Float64()), ir.Const(6*rng.Float64()), ir.Const(6*rng.Float64()))
		}
		for q := range c.Qubits - 1 {
			c.Gate(ir.RZZ, []int{q, q + 1}, ir.Const(0.9))
		}
	}
	exact, err := sim.Interpret(c, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, bond := range []int{3, 6, 9, 32} {
		p, err := (&MPS{MaxBond: bond}).state(t.Context(), c, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		var told backends.Truncation
		add(&told, p)
		overlap, norm := complex128(0), 0.0
		for x, a := range exact {
			b := p.amplitude(x)
			overlap += cmplx.Conj(a) * b
			norm += real(b)*real(b) + imag(b)*imag(b)
		}
		lost := 1 - real(overlap)*real(overlap) - imag(overlap)*imag(overlap)
		if math.Abs(norm-1) > 1e-10 || told.Bond > bond {
			t.Errorf("bond %d: norm %v, bond %d", bond, norm, told.Bond)
		}
		if bond == 32 {
			if lost > 1e-12 || told.Error > 1e-12 {
				t.Errorf("all bonds kept: %v lost, %v told", lost, told.Error)
			}
			continue
		}
		if lost < 1e-12 || told.Error < lost/3 || told.Error > 3*lost {
			t.Errorf("bond %d: %v lost, %v told", bond, lost, told.Error)
		}
	}
}

// A thousand qubits: all equal, both values about as often, and an expectation value of a
// string over all of them.
func TestStabilizerOfThousandQubits(t *testing.T) {
	const n = 1000
	c := ir.New(n, 0)
	c.Gate(ir.H, []int{0})
	for q := range n - 1 {
		c.Gate(ir.CX, []int{q, q + 1})
	}
	all := make(backends.PauliString, n)
	for q := range all {
		all[q] = backends.PauliFactor{Letter: 'X', Qubit: q}
	}
	e, err := new(Stabilizer).Expectations(t.Context(), c, []backends.PauliString{all, {{Letter: 'Z', Qubit: 0}, {Letter: 'Z', Qubit: n - 1}}, {{Letter: 'Z', Qubit: 5}}})
	if err != nil || !slices.Equal(e, []float64{1, 1, 0}) {
		t.Errorf("%v, %v", e, err)
	}
	c.MeasureAll()
	res, err := new(Stabilizer).Run(t.Context(), []backends.Request{{Circuit: c, Shots: []int{1000}, Seed: 3}})
	if err != nil {
		t.Fatal(err)
	}
	counts := res[0].Outcomes[0].ByBits(n)
	zeros := 0
	for w, k := range counts {
		if w[0] == '0' {
			zeros = k
		}
		if strings.Count(w, w[:1]) != n {
			t.Errorf("qubits differ: %s", w)
		}
	}
	if len(counts) != 2 || zeros < 420 || zeros > 580 {
		t.Errorf("%d words, %d zeros of 1000", len(counts), zeros)
	}
}

// What can't be run is refused in the circuit's words.
func TestRefused(t *testing.T) {
	rotated := ir.New(1, 1)
	rotated.Gate(ir.RX, []int{0}, ir.Const(0.1))
	rotated.Measure(0, 0)
	free := ir.New(21, 0)
	for q := range 21 {
		free.Gate(ir.H, []int{q})
	}
	free.MeasureAll()
	branching := ir.New(1, 1)
	branching.Measure(0, 0)
	branching.Ops = append(branching.Ops, &ir.If{Cond: ir.BitSet(0), Then: []ir.Op{&ir.Apply{Gate: ir.X, Qubits: []int{0}}}})
	endless := ir.New(1, 1)
	endless.Gate(ir.X, []int{0})
	endless.Measure(0, 0)
	endless.Ops = append(endless.Ops, &ir.While{Cond: ir.BitSet(0), Body: []ir.Op{&ir.Barrier{Qubits: []int{0}}}})
	run := func(r backends.Runner, c *ir.Circuit) error {
		_, err := r.Run(t.Context(), []backends.Request{{Circuit: c, Shots: []int{2}}})
		return err
	}
	law := func(c *ir.Circuit) error {
		_, err := new(Stabilizer).Law(t.Context(), c, nil, nil)
		return err
	}
	for want, err := range map[string]error{
		"rx is no Clifford gate":        run(new(Stabilizer), rotated),
		"its law has 2^21 words":        law(free),
		"classical control is run shot": law(branching),
		"operations without an end":     run(new(Stabilizer), endless),
		"measures nothing":              run(new(MPS), ir.New(1, 1)),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v", want, err)
		}
	}
	if !errors.Is(law(free), backends.ErrIntractable) {
		t.Error("too many words are not told as intractable")
	}
	if _, err := new(Stabilizer).Expectations(t.Context(), branching, nil); err == nil {
		t.Error("the final state of a circuit that measures")
	}
}
