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
	c.Gate(ir.X, []int{0})
	if _, err := new(Simulator).Law(t.Context(), c, nil, nil); !errors.Is(err, ErrNotTerminal) {
		t.Errorf("a gate after a measurement: error %v", err)
	}
}
