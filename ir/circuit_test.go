package ir

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func drawAngle(t *rapid.T, label string) Angle {
	a := Const(rapid.Float64Range(-4, 4).Draw(t, label))
	for range rapid.IntRange(0, 3).Draw(t, label+" terms") {
		k := Angle{Terms: []Term{{
			rapid.Float64Range(-2, 2).Draw(t, "coef"),
			int32(rapid.IntRange(-1, 2).Draw(t, "trained")),
			int32(rapid.IntRange(-1, 2).Draw(t, "data")),
		}}}
		a = a.Add(k)
	}
	return a
}

// Angles are closed under their operations: each agrees with the same operation
// on values, whichever kind of symbol is bound first.
func TestAngleAlgebra(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawAngle(t, "a"), drawAngle(t, "b")
		k := rapid.Float64Range(-3, 3).Draw(t, "k")
		values := rapid.SliceOfN(rapid.Float64Range(-2, 2), 6, 6).Draw(t, "values")
		trained, data := values[:3], values[3:]
		same := func(what string, got Angle, want float64) {
			t.Helper()
			if v := got.Value(trained, data); math.Abs(v-want) > 1e-12 {
				t.Fatalf("%s: %v = %v, want %v", what, got, v, want)
			}
			for i, x := range got.Terms {
				if x.Coef == 0 || (x.Trained == None && x.Data == None) {
					t.Fatalf("%s: term %d of %v is not canonical", what, i, got)
				}
				if i > 0 {
					p := got.Terms[i-1]
					if p.Trained > x.Trained || p.Trained == x.Trained && p.Data >= x.Data {
						t.Fatalf("%s: terms of %v are out of order", what, got)
					}
				}
			}
		}
		va, vb := a.Value(trained, data), b.Value(trained, data)
		same("sum", a.Add(b), va+vb)
		same("difference", a.Sub(b), va-vb)
		same("scaled", a.Scale(k), k*va)
		same("shifted", a.Plus(k), va+k)
		same("trained bound", a.BindTrained(trained), va)
		same("data bound", a.BindData(data), va)
		both := a.BindTrained(trained).BindData(data)
		same("bound", both, va)
		if !both.IsConst() {
			t.Fatalf("%v is not constant after binding both kinds", both)
		}
		if !a.Sub(a).IsZero() {
			t.Fatalf("%v - itself = %v", a, a.Sub(a))
		}
	})
}

func TestAngleFormat(t *testing.T) {
	for _, k := range []struct {
		angle Angle
		want  string
	}{
		{Angle{}, "0"},
		{Const(-0.5), "-0.5"},
		{Trained(1, 0), "a"},
		{Data(-1, 1).Plus(0.25), "0.25 - y"},
		{Product(2, 1, 0).Add(Trained(-3, 0)), "-3*a + 2*b*x"},
	} {
		if got := k.angle.Format([]string{"a", "b"}, []string{"x", "y"}); got != k.want {
			t.Errorf("got %q, want %q", got, k.want)
		}
	}
}

// Both ways of building the paper's circuit count as its text says.
func TestAnsatzCounts(t *testing.T) {
	for n := 2; n <= 10; n += 2 {
		paper := Ansatz{Neurons: n, Layers: 4, Closing: true, FinalChain: true, Latent: LatentScale{Value: 1}}
		c := paper.Circuit()
		if err := Verify(c); err != nil {
			t.Fatal(err)
		}
		count := c.Count()
		if got := len(c.Trained); got != 8*n {
			t.Errorf("n = %d: %d trained angles, want %d", n, got, 8*n)
		}
		if got := count["rx"] + count["ry"] + count["rz"]; got != 13*n {
			t.Errorf("n = %d: %d rotations, want %d", n, got, 13*n)
		}
		if got := count["cx"]; got != 5*(n-1) {
			t.Errorf("n = %d: %d CNOTs, want %d", n, got, 5*(n-1))
		}
		full := Ansatz{Neurons: n, Layers: 5, FinalChain: true, Latent: LatentScale{Value: 1}}
		if got := len(full.Circuit().Trained); got != 10*n {
			t.Errorf("n = %d: %d angles in 5 full layers, want %d", n, got, 10*n)
		}
		deep := Ansatz{Neurons: n, Layers: 9, Latent: LatentScale{Trained: true, Value: 1}}
		if got := len(deep.Circuit().Trained); got != 18*n+9*n {
			t.Errorf("n = %d: %d trained symbols, want %d", n, got, 27*n)
		}
		if err := Verify(deep.Circuit()); err != nil {
			t.Error(err)
		}
	}
}

// The last RZ is dead without the closing encoding: no outcome in the Z basis
// depends on it. With the encoding every angle counts.
func TestLastRZIsDead(t *testing.T) {
	const n = 3
	rng := rand.New(rand.NewPCG(5, 5))
	for _, closing := range []bool{false, true} {
		a := Ansatz{Neurons: n, Layers: 4, Closing: closing, FinalChain: true, Latent: LatentScale{Value: 1}}
		c := a.Circuit()
		theta, z := randomParams(rng, len(c.Trained)), randomParams(rng, n)
		law := func(theta []float64) []float64 {
			u, err := UnitaryOf(c, theta, z)
			if err != nil {
				t.Fatal(err)
			}
			p := make([]float64, 1<<n)
			for i := range p {
				x := u.At(i, 0)
				p[i] = real(x)*real(x) + imag(x)*imag(x)
			}
			return p
		}
		base := law(theta)
		for i := range theta {
			moved := append([]float64(nil), theta...)
			moved[i] += 0.5
			change := 0.0
			for x, p := range law(moved) {
				change = max(change, math.Abs(p-base[x]))
			}
			dead := !closing && i >= 2*n*3 && i%2 == 1
			if dead && change > 1e-14 {
				t.Errorf("closing %v: %s moves an outcome by %.2g", closing, c.Trained[i], change)
			}
			if !dead && change < 1e-4 {
				t.Errorf("closing %v: %s moves no outcome (%.2g)", closing, c.Trained[i], change)
			}
		}
	}
}

func TestVerifyFindsFaults(t *testing.T) {
	good := func() *Circuit {
		c := New(3, 2)
		c.TrainedSymbol("a")
		c.Gate(RX, []int{0}, Trained(1, 0))
		return c
	}
	if err := Verify(good()); err != nil {
		t.Fatal(err)
	}
	for _, k := range []struct {
		name  string
		spoil func(*Circuit)
		want  string
	}{
		{"qubit out of range", func(c *Circuit) { c.Gate(X, []int{3}) }, "qubit 3 is out of range"},
		{"negative qubit", func(c *Circuit) { c.Gate(X, []int{-1}) }, "qubit -1 is out of range"},
		{"qubit twice", func(c *Circuit) { c.Gate(CX, []int{1, 1}) }, "qubit 1 is used twice"},
		{"operands", func(c *Circuit) { c.Gate(CX, []int{1}) }, "1 qubits given, 2 needed"},
		{"angles", func(c *Circuit) { c.Gate(RX, []int{1}) }, "0 angles given, 1 needed"},
		{"symbol", func(c *Circuit) { c.Gate(RX, []int{1}, Trained(1, 1)) }, "trained symbol 1 is out of range"},
		{"data symbol", func(c *Circuit) { c.Gate(RX, []int{1}, Data(1, 0)) }, "data symbol 0 is out of range"},
		{"NaN", func(c *Circuit) { c.Gate(RX, []int{1}, Const(math.NaN())) }, "is not a number"},
		{"gate", func(c *Circuit) { c.Gate(gateCount, nil) }, "unknown gate"},
		{"bit", func(c *Circuit) { c.Measure(0, 2) }, "bit 2 is out of range"},
		{"open controls", func(c *Circuit) {
			c.Ops = append(c.Ops, &Apply{Gate: X, Qubits: []int{0, 1}, Controls: 1, Open: 2})
		}, "open controls"},
		{"unitary", func(c *Circuit) {
			c.Ops = append(c.Ops, &Unitary{"m", NewMatrix(2), []int{0}})
		}, "not unitary"},
		{"unit", func(c *Circuit) { c.Ops = append(c.Ops, &Delay{1, "h", []int{0}}) }, "unit of time"},
		{"nested", func(c *Circuit) {
			c.Ops = append(c.Ops, &If{Cond: BitSet(0), Then: []Op{&Reset{7}}})
		}, "op 1 then 0: qubit 7"},
		{"condition", func(c *Circuit) {
			c.Ops = append(c.Ops, &While{Cond: Compare{[]int{5}, Equal, big.NewInt(0)}})
		}, "bit 5 is out of range"},
		{"register", func(c *Circuit) { c.QubitRegs = append(c.QubitRegs, Register{"q", nil}) }, "declared twice"},
	} {
		c := good()
		k.spoil(c)
		if err := Verify(c); err == nil || !strings.Contains(err.Error(), k.want) {
			t.Errorf("%s: %v, want %q", k.name, err, k.want)
		}
	}
}

// drawCircuit draws a circuit of constant gates of the whole table.
func drawCircuit(t *rapid.T, n, depth int) *Circuit {
	c := New(n, 0)
	for range depth {
		g := rapid.SampledFrom(Gates()).Draw(t, "gate")
		info := g.Info()
		controls := rapid.IntRange(0, 1).Draw(t, "controls")
		if info.Qubits+controls > n {
			continue
		}
		qubits := rapid.Permutation(operands(n)).Draw(t, "qubits")[:info.Qubits+controls]
		angles := make([]Angle, len(info.Params))
		for i := range angles {
			angles[i] = Const(rapid.Float64Range(-4, 4).Draw(t, "angle"))
		}
		open := uint64(0)
		if controls > 0 {
			open = uint64(rapid.IntRange(0, 1).Draw(t, "open"))
		}
		c.Ops = append(c.Ops, &Apply{g, angles, qubits, controls, open})
	}
	return c
}

// A circuit followed by its inverse is the identity, phase included.
func TestInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCircuit(t, 4, 6)
		c.Phase = Const(rapid.Float64Range(-3, 3).Draw(t, "phase"))
		inv, err := Inverse(c)
		if err != nil {
			t.Fatal(err)
		}
		both := *c
		both.Ops = append(append([]Op(nil), c.Ops...), inv.Ops...)
		both.Phase = c.Phase.Add(inv.Phase)
		same, err := Equivalent(&both, New(4, 0), 1e-12)
		if err != nil || !same {
			t.Fatalf("not the identity (%v):\n%s", err, &both)
		}
	})
}

func TestEquivalentSeesThePhase(t *testing.T) {
	a, b := New(1, 0), New(1, 0)
	a.Gate(Z, []int{0})
	b.Gate(RZ, []int{0}, Const(math.Pi))
	if same, _ := Equivalent(a, b, 1e-12); same {
		t.Error("z and rz(π) differ by a global phase")
	}
	b.Phase = Const(math.Pi / 2)
	if same, err := Equivalent(a, b, 1e-12); !same {
		t.Errorf("z and rz(π) with phase π/2 are equal (%v)", err)
	}
}

func TestConditions(t *testing.T) {
	bits := []bool{true, false, true} // 5 with bit 0 least significant
	five, nine := big.NewInt(5), big.NewInt(9)
	for _, k := range []struct {
		cond Cond
		want bool
	}{
		{Compare{[]int{0, 1, 2}, Equal, five}, true},
		{Compare{[]int{0, 1, 2}, NotEqual, five}, false},
		{Compare{[]int{0, 1, 2}, Less, nine}, true},
		{Compare{[]int{0, 1, 2}, GreaterEqual, five}, true},
		{Compare{[]int{0, 1}, Greater, big.NewInt(1)}, false},
		{Compare{[]int{1, 0}, LessEqual, big.NewInt(2)}, true},
		{BitSet(1), false},
		{All{BitSet(0), BitSet(2)}, true},
		{Any{BitSet(1), Not{BitSet(0)}}, false},
	} {
		if got := k.cond.Holds(bits); got != k.want {
			t.Errorf("%s = %v", condText(k.cond), got)
		}
	}
}

// A chain in another order is the same circuit with its qubits renamed, and each qubit keeps
// its own angles.
func TestAnsatzChain(t *testing.T) {
	a := Ansatz{Neurons: 3, LatentQubits: 1, Layers: 2, FinalChain: true, Latent: LatentScale{Value: 1}}
	plain := a.Circuit()
	a.Chain = []int{2, 0, 3, 1}
	got := a.Circuit()
	links := 0
	for i, op := range got.Ops {
		g, w := op.(*Apply), plain.Ops[i].(*Apply)
		if g.Gate != w.Gate {
			t.Fatalf("operation %d is %v, not %v", i, g.Gate, w.Gate)
		}
		for k, q := range w.Qubits {
			if g.Gate == CX {
				links++
				q = a.Chain[q]
			}
			if g.Qubits[k] != q {
				t.Errorf("operation %d acts on %v, where the plain chain does on %v", i, g.Qubits, w.Qubits)
			}
		}
	}
	if links != 12 { // two ends of three links, twice
		t.Errorf("%d ends of links", links)
	}
	for _, chain := range [][]int{{0, 1, 2}, {0, 1, 2, 2}, {0, 1, 2, 4}, {0, 1, 2, -1}, {}} {
		a.Chain = chain
		if err := a.Check(); err == nil || !strings.Contains(err.Error(), "it is each of 4 qubits once") {
			t.Errorf("chain %v: %v", chain, err)
		}
	}
	if err := (Ansatz{Neurons: 2, Layers: 1, Drive: true, Pairs: true, Chain: []int{1, 0}}).Check(); err == nil {
		t.Error("pairs in another order")
	}
}
