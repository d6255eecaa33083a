package sim

import (
	"errors"
	"math"
	"testing"

	"qgan/backends"
	"qgan/ir"
)

// Both simulators mean the same by a law: that of the circuit's bits, of which one may be
// overwritten and one may never be read.
func TestLawsOfBothSimulators(t *testing.T) {
	c := ir.New(3, 3)
	c.Gate(ir.RY, []int{0}, ir.Const(2*math.Asin(math.Sqrt(0.2)))) // P(1) = 0.2
	c.Gate(ir.X, []int{2})
	c.Measure(2, 1) // overwritten
	c.Measure(0, 1)
	c.Measure(2, 0)
	want := map[uint64]float64{0b100: 0.8, 0b110: 0.2}
	for name, solve := range map[string]func() (*backends.Law, error){
		"ideal": func() (*backends.Law, error) { return new(Simulator).Law(t.Context(), c, nil, nil) },
		"noisy": func() (*backends.Law, error) {
			return (&Noisy{Model: noiseFile(t, "")}).Law(t.Context(), c, nil, nil)
		},
	} {
		law, err := solve()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := map[uint64]float64{}
		for i, w := range law.Words {
			if law.P[i] > 1e-12 {
				got[w] = law.P[i]
			}
		}
		if law.Bits != 3 || len(got) != len(want) {
			t.Errorf("%s: %d bits, %v, want 3 and %v", name, law.Bits, got, want)
		}
		for w, p := range want {
			if math.Abs(got[w]-p) > 1e-12 {
				t.Errorf("%s: P(%03b) is %v, want %v", name, w, got[w], p)
			}
		}
	}
}

// The law of a circuit that measures, resets and branches before its end is the one that is
// worked out by hand, and the one that shots follow.
func TestLawInTheMiddle(t *testing.T) {
	teleported := ir.New(3, 3)
	teleported.Gate(ir.RY, []int{0}, ir.Const(2*math.Acos(math.Sqrt(0.3)))) // 1 with probability 0.7
	teleported.Gate(ir.H, []int{1})
	teleported.Gate(ir.CX, []int{1, 2})
	teleported.Gate(ir.CX, []int{0, 1})
	teleported.Gate(ir.H, []int{0})
	teleported.Measure(0, 0)
	teleported.Measure(1, 1)
	x, z := &ir.Apply{Gate: ir.X, Qubits: []int{2}}, &ir.Apply{Gate: ir.Z, Qubits: []int{2}}
	teleported.Ops = append(teleported.Ops, &ir.If{Cond: ir.BitSet(1), Then: []ir.Op{x}}, &ir.If{Cond: ir.BitSet(0), Then: []ir.Op{z}})
	teleported.Measure(2, 2)

	// A coin is thrown until it shows 0, and each throw of 1 flips the qubit that is read.
	thrown := ir.New(2, 2)
	toss := []ir.Op{&ir.Apply{Gate: ir.X, Qubits: []int{1}}, &ir.Reset{Qubit: 0}, &ir.Apply{Gate: ir.H, Qubits: []int{0}}, &ir.Measure{Qubit: 0, Bit: 0}}
	thrown.Ops = append(thrown.Ops, toss...)
	thrown.Ops = append(thrown.Ops, &ir.While{Cond: ir.BitSet(0), Body: toss})
	thrown.Measure(1, 1)

	again := ir.New(1, 1)
	again.Measure(0, 0)
	again.Gate(ir.X, []int{0})
	for name, k := range map[string]struct {
		c    *ir.Circuit
		want map[string]float64
	}{
		"teleported": {teleported, map[string]float64{"000": 0.075, "001": 0.175, "010": 0.075, "011": 0.175, "100": 0.075, "101": 0.175, "110": 0.075, "111": 0.175}},
		// 1, 3, 5 … throws: 1/2 + 1/8 + … = 2/3.
		"thrown":                     {thrown, map[string]float64{"01": 2.0 / 3, "00": 1.0 / 3}},
		"a gate after a measurement": {again, map[string]float64{"0": 1}},
	} {
		law, err := new(Simulator).Law(t.Context(), k.c, nil, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := law.ByBits()
		if len(got) != len(k.want) {
			t.Errorf("%s: %v", name, got)
		}
		for w, p := range k.want {
			if math.Abs(got[w]-p) > 1e-9 {
				t.Errorf("%s: P(%s) is %v, want %v", name, w, got[w], p)
			}
		}
	}
	many := ir.New(1, 17)
	for b := range 17 {
		many.Gate(ir.H, []int{0})
		many.Measure(0, b)
	}
	many.Gate(ir.H, []int{0})
	if _, err := new(Simulator).Law(t.Context(), many, nil, nil); !errors.Is(err, backends.ErrIntractable) {
		t.Errorf("2^17 ways: error %v", err)
	}
}
