package training

import (
	"testing"

	"qgan/backends/sim"
)

// A step in the steady state reuses its memory: what is left are a few closures,
// whatever the size of the model.
func TestStepKeepsItsMemory(t *testing.T) {
	for _, k := range []struct {
		preset       string
		neurons, bin int
	}{{"deep", 6, 1}, {"deep", 2, 2}, {"paper", 5, 4}} {
		c, err := Preset(k.preset, k.neurons, k.bin)
		if err != nil {
			t.Fatal(err)
		}
		c = c.WithMemory(MemoryNone)
		tr, err := New(c, testData(t, k.neurons, k.bin), &sim.Simulator{Workers: 1}, nil)
		if err != nil {
			t.Fatal(err)
		}
		step := func() {
			if _, err := tr.Step(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		step()
		if n := testing.AllocsPerRun(20, step); n > 20 {
			t.Errorf("%s, %d neurons, %d bins: %v allocations a step", k.preset, k.neurons, k.bin, n)
		}
	}
}
