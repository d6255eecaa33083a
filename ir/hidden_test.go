package ir

import (
	"strings"
	"testing"
)

// A bit is measured for another at once where nothing needs what that one was, and hidden bits
// that nothing reads are gone.
func TestCoalesce(t *testing.T) {
	t.Parallel()
	copyOf := func(x, y int) *Assign { return &Assign{[]int{x}, []Cond{BitSet(y)}} }
	for name, k := range map[string]struct {
		ops  []Op
		want string
	}{
		"a result":             {[]Op{&Measure{0, 2}, copyOf(0, 2)}, "measure q0 -> c0\n"},
		"two copies":           {[]Op{&Measure{0, 2}, &Assign{[]int{0, 1}, []Cond{BitSet(2), BitSet(2)}}}, "measure q0 -> c2\nassign c0 c1 = {c2} == 1, {c2} == 1\n"},
		"measured anew":        {[]Op{&Measure{0, 0}, copyOf(1, 0), &Measure{0, 0}}, "measure q0 -> c1\nmeasure q0 -> c0\n"},
		"the old value":        {[]Op{&Measure{0, 0}, &Measure{0, 2}, &Assign{[]int{0, 1}, []Cond{BitSet(2), BitSet(0)}}}, "measure q0 -> c0\nmeasure q0 -> c2\nassign c0 c1 = {c2} == 1, {c0} == 1\n"},
		"read in between":      {[]Op{&Measure{0, 2}, &If{Cond: BitSet(0)}, copyOf(0, 2)}, "measure q0 -> c2\nif {c0} == 1 {\n}\nassign c0 = {c2} == 1\n"},
		"read behind a change": {[]Op{&Measure{0, 2}, copyOf(0, 2), &If{Cond: BitSet(1), Then: []Op{&Measure{0, 0}, copyOf(1, 2)}}}, "measure q0 -> c2\nassign c0 = {c2} == 1\nif {c1} == 1 {\n  measure q0 -> c0\n  assign c1 = {c2} == 1\n}\n"},
		"nothing reads it":     {[]Op{&Measure{0, 2}, copyOf(3, 2)}, "measure q0\n"},
		"a visible bit stays":  {[]Op{&Measure{0, 0}, copyOf(1, 0)}, "measure q0 -> c0\nassign c1 = {c0} == 1\n"},
	} {
		c := &Circuit{Qubits: 1, Bits: 2, Hidden: 2, Ops: k.ops}
		c.Coalesce()
		c.DropUnread()
		_, got, _ := strings.Cut(c.String(), "\n")
		if got != k.want {
			t.Errorf("%s: got\n%swant\n%s", name, got, k.want)
		}
	}
}
