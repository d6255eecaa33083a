package compile

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"qgan/ir"
)

// matrixOf multiplies steps on two qubits.
func matrixOf(t testing.TB, steps []ir.Step) ir.Matrix {
	c := ir.New(2, 0)
	for _, s := range steps {
		c.Gate(s.Gate, s.Qubits, s.Angles...)
	}
	m, err := ir.UnitaryOf(c, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// upToPhase is the distance of two unitaries, global phase aside.
func upToPhase(a, b ir.Matrix) float64 { return apart(a.A, b.A) }

// Each row of the table of entanglers makes a cx, and a z rotation leaves it where
// the row says.
func TestEntanglers(t *testing.T) {
	cx := ir.CX.Info().Matrix(nil)
	for _, row := range entanglers {
		if d := upToPhase(matrixOf(t, row.cx), cx); d > 1e-12 {
			t.Errorf("%s: its cx is %g from cx", row.gate, d)
		}
		uses := 0
		for _, s := range row.cx {
			if len(s.Qubits) == 2 {
				uses++
			}
		}
		if uses != row.uses {
			t.Errorf("%s: %d in a cx, the row says %d", row.gate, uses, row.uses)
		}
		facts := factsOf(row.gate)
		if row.gate != ir.MS && facts.symmetric != row.symmetric {
			t.Errorf("%s: symmetric is %v", row.gate, facts.symmetric)
		}
		angles := row.angles
		if angles == nil {
			angles = ir.Consts(make([]float64, len(row.gate.Info().Params))...)
		}
		native := ir.Step{Gate: row.gate, Qubits: []int{0, 1}, Angles: angles}
		const a = 0.83
		for i, f := range row.z {
			before := matrixOf(t, []ir.Step{step(ir.RZ, []int{i}, a), native})
			if !f.passes {
				for to := range 2 {
					for _, sign := range []float64{1, -1} {
						if upToPhase(before, matrixOf(t, []ir.Step{native, step(ir.RZ, []int{to}, sign*a)})) < 1e-9 {
							t.Errorf("%s: a z rotation of operand %d passes, the row says no", row.gate, i)
						}
					}
				}
				continue
			}
			shifted := native
			if f.phase >= 0 {
				shifted.Angles = slices.Clone(angles)
				shifted.Angles[f.phase] = shifted.Angles[f.phase].Plus(-a / (2 * math.Pi))
			}
			if d := upToPhase(before, matrixOf(t, []ir.Step{shifted, step(ir.RZ, []int{f.to}, f.sign*a)})); d > 1e-12 {
				t.Errorf("%s: the flow of operand %d is wrong by %g", row.gate, i, d)
			}
		}
		if row.rotation != absent {
			x := 0.77
			if row.perTurn {
				x /= 2 * math.Pi
			}
			got, want := row.rotation.Info().Matrix([]float64{x}), ir.RZZ.Info().Matrix([]float64{0.77})
			if d := upToPhase(got, want); d > 1e-12 {
				t.Errorf("%s: its rotation is %g from rzz", row.gate, d)
			}
		}
	}
}

// Every one-qubit gate set of the table is tried by a family of the tests.
func TestEveryRowHasAFamily(t *testing.T) {
	pulses, gates := map[string]bool{}, map[ir.Gate]bool{}
	for _, f := range families {
		target := f.target(t, 2, line(2))
		pulses[target.Pulses()] = true
		gates[target.Edges[[2]int{0, 1}].Gate] = true
	}
	for _, p := range pulseSets {
		if !pulses[p.name] {
			t.Errorf("no family has the pulses %s", p.name)
		}
	}
	for _, e := range entanglers {
		if !gates[e.gate] {
			t.Errorf("no family has %s", e.gate)
		}
	}
}

// Quaternions multiply as matrices, and Euler angles give them back.
func TestQuaternions(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		draw := func(name string) (quaternion, ir.Matrix) {
			p := make([]float64, 3)
			for i := range p {
				p[i] = rapid.OneOf(rapid.SampledFrom([]float64{0, math.Pi / 2, math.Pi, -math.Pi}), rapid.Float64Range(-7, 7)).Draw(r, name)
			}
			m := ir.U3.Info().Matrix(p)
			return quaternionOf(m), m
		}
		a, ma := draw("a")
		b, mb := draw("b")
		same := func(x, y quaternion) float64 {
			return 1 - math.Abs(x.w*y.w+x.x*y.x+x.y*y.y+x.z*y.z)
		}
		if d := same(a.mul(b), quaternionOf(ma.Mul(mb))); d > 1e-12 {
			r.Fatalf("product is %g off", d)
		}
		theta, phi, lambda := a.euler()
		if theta < 0 || theta > math.Pi+1e-12 {
			r.Fatalf("theta is %g", theta)
		}
		back := rotation(axisZ, phi).mul(rotation(axisY, theta)).mul(rotation(axisZ, lambda))
		if d := same(a, back); d > 1e-12 {
			r.Fatalf("Euler angles are %g off", d)
		}
	})
}

// The Cartan decomposition gives a unitary back with no more cx than it needs.
func TestDecompose(t *testing.T) {
	steps := func(gates ...ir.Step) ir.Matrix { return matrixOf(t, gates) }
	cx, xc, swap := step(ir.CX, both), step(ir.CX, []int{1, 0}), step(ir.Swap, both)
	for name, c := range map[string]struct {
		m    ir.Matrix
		want int
	}{
		"identity":  {ir.Identity(4), 0},
		"local":     {steps(step(ir.H, control), step(ir.T, other)), 0},
		"cx":        {steps(cx), 1},
		"cz":        {steps(step(ir.CZ, both)), 1},
		"ecr":       {steps(step(ir.ECR, both)), 1},
		"iswap":     {steps(step(ir.ISwap, both)), 2},
		"cp":        {steps(step(ir.CP, both, 0.3)), 2},
		"two cx":    {steps(cx, step(ir.RY, control, 0.4), xc), 2},
		"swap":      {steps(swap), 3},
		"swap cp":   {steps(swap, step(ir.CP, both, 0.3)), 3},
		"swap cx":   {steps(swap, cx), 2},
		"rxx":       {steps(step(ir.RXX, both, 0.3)), 2},
		"minus rzz": {steps(step(ir.RZZ, both, -math.Pi/2)), 1},
	} {
		checkDecomposition(t, name, c.m, c.want)
	}
	rapid.Check(t, func(r *rapid.T) {
		c := drawCircuit(r, 2, 8)
		if c.Qubits != 2 {
			return
		}
		m, err := ir.UnitaryOf(boundTo(r, c, trainedValues, dataValues), nil, nil)
		if err != nil {
			r.Fatal(err)
		}
		checkDecomposition(r, "random", m, -1)
	})
}

func checkDecomposition(t rapid.TB, name string, m ir.Matrix, want int) {
	t.Helper()
	w, err := decompose(m)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	count := 0
	c := ir.New(2, 0)
	for _, s := range w.steps(false) {
		c.Gate(s.Gate, s.Qubits, s.Angles...)
		if len(s.Qubits) == 2 {
			count++
		}
	}
	got, err := ir.UnitaryOf(c, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := upToPhase(got, m); d > tolerance {
		t.Fatalf("%s: %g from the unitary", name, d)
	}
	if count != w.count() || want >= 0 && count != want || count > 3 {
		t.Fatalf("%s: %d cx, want %d", name, count, want)
	}
}

// A pair rotation takes two gates of a pair: two rotations of half its angle where the device
// has them, else two cx, whether or not its angle is a symbol.
func TestPairRotation(t *testing.T) {
	for _, k := range []struct {
		gates []string
		pair  string
	}{{[]string{"rz", "sx", "x", "rx"}, "rzz"}, {[]string{"rz", "sx", "x"}, "cz"}} {
		target := testFamily{"two", "ibm", k.gates, []string{k.pair}, false}.target(t, 2, line(2))
		c := ir.New(2, 0)
		c.DataSymbol("t")
		c.Gate(ir.RY, []int{0}, ir.Const(0.4))
		c.Gate(ir.RY, []int{1}, ir.Const(1.1))
		c.Gate(ir.XXMinusYY, []int{0, 1}, ir.Data(2, 0), ir.Const(math.Pi/2))
		s := &state{circuit: c, target: target}
		if err := lower(s); err != nil {
			t.Fatal(err)
		}
		two := map[string]int{}
		for _, op := range s.circuit.Ops {
			if a := op.(*ir.Apply); len(a.Qubits) == 2 {
				two[fmt.Sprint(a.Gate, a.Angles)]++
			}
		}
		want := map[string]int{"cx []": 2}
		if k.pair == "rzz" {
			want = map[string]int{"rzz [d0]": 1, "rzz [-d0]": 1}
		}
		if !maps.Equal(two, want) {
			t.Errorf("%s: %v, want %v", k.pair, two, want)
		}
		for _, x := range []float64{0, 0.3, -2} {
			got, err := ir.UnitaryOf(s.circuit, nil, []float64{x})
			if err != nil {
				t.Fatal(err)
			}
			want, err := ir.UnitaryOf(c, nil, []float64{x})
			if err != nil {
				t.Fatal(err)
			}
			if d := upToPhase(got, want); d > 1e-12 {
				t.Errorf("%s at %g: %g from the circuit", k.pair, x, d)
			}
		}
	}
}
