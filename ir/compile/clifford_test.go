package compile

import (
	"fmt"
	"testing"

	"qgan/ir"
)

// tableau holds the images of Z_q of each qubit under a Clifford circuit, as
// products of Paulis with a sign (Aaronson and Gottesman 2004): from |0…0> two
// circuits make the same state where these generate the same group.
type tableau struct {
	n    int
	x, z [][]bool
	sign []bool
}

func newTableau(n int) *tableau {
	t := &tableau{n: n, x: make([][]bool, n), z: make([][]bool, n), sign: make([]bool, n)}
	for i := range n {
		t.x[i], t.z[i] = make([]bool, n), make([]bool, n)
		t.z[i][i] = true
	}
	return t
}

func (t *tableau) h(q int) {
	for i := range t.n {
		t.sign[i] = t.sign[i] != (t.x[i][q] && t.z[i][q])
		t.x[i][q], t.z[i][q] = t.z[i][q], t.x[i][q]
	}
}

func (t *tableau) s(q int) {
	for i := range t.n {
		t.sign[i] = t.sign[i] != (t.x[i][q] && t.z[i][q])
		t.z[i][q] = t.z[i][q] != t.x[i][q]
	}
}

func (t *tableau) cx(a, b int) {
	for i := range t.n {
		t.sign[i] = t.sign[i] != (t.x[i][a] && t.z[i][b] && t.x[i][b] == t.z[i][a])
		t.x[i][b] = t.x[i][b] != t.x[i][a]
		t.z[i][a] = t.z[i][a] != t.z[i][b]
	}
}

// apply runs a gate that occurs in Clifford circuits and their compiled forms.
func (t *tableau) apply(op ir.Op) error {
	a, ok := op.(*ir.Apply)
	if !ok {
		return nil
	}
	quarters := func(times int, q int) {
		for range (times%4 + 4) % 4 {
			t.s(q)
		}
	}
	q := a.Qubits
	switch a.Gate {
	case ir.H:
		t.h(q[0])
	case ir.S:
		t.s(q[0])
	case ir.X:
		t.h(q[0])
		quarters(2, q[0])
		t.h(q[0])
	case ir.SX:
		t.h(q[0])
		t.s(q[0])
		t.h(q[0])
	case ir.CX:
		t.cx(q[0], q[1])
	case ir.CZ:
		t.h(q[1])
		t.cx(q[0], q[1])
		t.h(q[1])
	case ir.RZ:
		k := a.Angles[0].Const / quarter
		times := int(k + 8.5)
		if d := k + 8 - float64(times); d > 1e-6 || d < -1e-6 {
			return fmt.Errorf("rz(%v) is no Clifford gate", a.Angles[0].Const)
		}
		quarters(times, q[0])
	default:
		return fmt.Errorf("%s", a.Gate)
	}
	return nil
}

// canonical lists generators of the stabiliser group in reduced echelon form, which
// is the same for equal states.
func (t *tableau) canonical() []string {
	// Gaussian elimination over the 2n columns, signs carried along.
	column := func(row, c int) bool {
		if c < t.n {
			return t.x[row][c]
		}
		return t.z[row][c-t.n]
	}
	done := 0
	for c := range 2 * t.n {
		pivot := -1
		for row := done; row < t.n; row++ {
			if column(row, c) {
				pivot = row
				break
			}
		}
		if pivot < 0 {
			continue
		}
		t.x[done], t.x[pivot] = t.x[pivot], t.x[done]
		t.z[done], t.z[pivot] = t.z[pivot], t.z[done]
		t.sign[done], t.sign[pivot] = t.sign[pivot], t.sign[done]
		for row := range t.n {
			if row != done && column(row, c) {
				t.multiply(row, done)
			}
		}
		done++
	}
	out := make([]string, t.n)
	for i := range out {
		out[i] = fmt.Sprint(t.sign[i], t.x[i], t.z[i])
	}
	return out
}

// multiply sets row i to row i times row j.
func (t *tableau) multiply(i, j int) {
	phase := 0 // power of i
	for q := range t.n {
		x1, z1, x2, z2 := t.x[j][q], t.z[j][q], t.x[i][q], t.z[i][q]
		switch {
		case x1 && z1:
			phase += toInt(z2) - toInt(x2)
		case x1:
			phase += toInt(z2) * (2*toInt(x2) - 1)
		case z1:
			phase += toInt(x2) * (1 - 2*toInt(z2))
		}
		t.x[i][q], t.z[i][q] = x1 != x2, z1 != z2
	}
	total := phase + 2*toInt(t.sign[i]) + 2*toInt(t.sign[j])
	t.sign[i] = (total%4+4)%4 == 2
}

func toInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Clifford circuits of 40 qubits stay what they are, routed over a grid and on a
// path.
func TestCliffordCircuits(t *testing.T) {
	const n = 40
	target := families[0].target(t, 48, grid(6, 8))
	for seed := range uint64(4) {
		rng := testStream(seed)
		c := ir.New(n, 0)
		chain := seed%2 == 0
		for range 160 {
			a := rng.IntN(n)
			switch rng.IntN(4) {
			case 0:
				c.Gate(ir.H, []int{a})
			case 1:
				c.Gate(ir.S, []int{a})
			case 2:
				c.Gate(ir.X, []int{a})
			default:
				b := (a + 1 + rng.IntN(3)) % n
				if chain {
					a = rng.IntN(n - 1)
					b = a + 1
				}
				c.Gate(ir.CX, []int{a, b})
			}
		}
		r, err := Compile(c, target, Options{Seed: seed, Level: Light})
		if err != nil {
			t.Fatal(err)
		}
		ops, m := compact(r)
		want, got := newTableau(m), newTableau(m)
		for _, op := range c.Ops {
			if err := want.apply(op); err != nil {
				t.Fatal(err)
			}
		}
		for _, op := range ops {
			if err := got.apply(op); err != nil {
				t.Fatal(err)
			}
		}
		a, b := want.canonical(), got.canonical()
		for i := range a {
			if a[i] != b[i] {
				t.Fatalf("seed %d: stabiliser %d differs", seed, i)
			}
		}
	}
}
