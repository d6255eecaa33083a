package compile

import (
	"math/rand/v2"
	"testing"

	"qgan/internal/stream"
	"qgan/ir"
)

func testStream(seed uint64) *rand.Rand { return stream.New(seed, "test") }

// Scheduled, all qubits of a gate arrive at it together, and a qubit is never idle
// without a delay between its first and its last operation.
func TestScheduleLeavesNoGap(t *testing.T) {
	target := families[1].target(t, 8, line(8))
	for _, d := range []Decoupling{NoDecoupling, DecoupleXX, DecoupleXY4} {
		r, err := Compile(chainCircuit(6), target, Options{Schedule: true, Decoupling: d})
		if err != nil {
			t.Fatal(err)
		}
		clock := target.clock()
		free := make([]int64, r.Circuit.Qubits)
		delays := 0
		// From the end, at which all qubits are measured together.
		for i := len(r.Circuit.Ops) - 1; i >= 0; i-- {
			op := r.Circuit.Ops[i]
			s, err := target.durationOf(op)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := op.(*ir.Delay); ok {
				delays++
			}
			at := free[qubitsOf(op)[0]]
			for _, q := range qubitsOf(op) {
				if free[q] != at {
					t.Fatalf("%q: op %d: qubit %d waits %d ticks without a delay", d, i, q, at-free[q])
				}
				free[q] = at + clock.ticks(s)
			}
		}
		if delays == 0 {
			t.Errorf("%q: no delay", d)
		}
	}
}

// A decoupled circuit has pulses where the plain one only waits.
func TestDecouplingAddsPulses(t *testing.T) {
	target := families[0].target(t, 12, line(12))
	count := func(d Decoupling) int {
		r, err := Compile(chainCircuit(10), target, Options{Schedule: true, Decoupling: d})
		if err != nil {
			t.Fatal(err)
		}
		return r.Stats.OneQubitGates
	}
	plain, xx, xy4 := count(NoDecoupling), count(DecoupleXX), count(DecoupleXY4)
	if xx <= plain || xy4 <= plain {
		t.Errorf("%d pulses, %d with xx, %d with xy4", plain, xx, xy4)
	}
}
