package ir

import "testing"

func TestPhysical(t *testing.T) {
	c := New(2, 0)
	if p, err := Physical(c); err != nil || p != c {
		t.Errorf("a circuit without physical names is another: %v", err)
	}
	c.QubitRegs = []Register{{"$2", []int{0}}, {"$7", []int{1}}}
	c.Gate(CX, []int{1, 0})
	p, err := Physical(c)
	if err != nil || p.Qubits != 8 {
		t.Fatalf("%v, %v", p, err)
	}
	if q := p.Ops[0].(*Apply).Qubits; q[0] != 7 || q[1] != 2 {
		t.Errorf("cx on %v", q)
	}
	c.QubitRegs = []Register{{"q", []int{0}}, {"$0", []int{1}}}
	if _, err := Physical(c); err == nil {
		t.Error("two qubits are one")
	}
}
