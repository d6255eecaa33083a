package compile

import (
	"math"
	"testing"

	"qgan/ir"
)

// A rotation is written as the pair's own where that errs less than cx and the pair has
// one, whatever other pairs have.
func TestRotationByPair(t *testing.T) {
	t.Parallel()
	family := families[len(families)-1] // cz and rzz
	for name, k := range map[string]struct {
		angle, rzz float64 // its error; that of a cz is 4e-3
		pairs      int     // that have a rotation, of 3
		want       map[string]int
	}{
		"both":                   {0.35, 4e-3, 3, map[string]int{"rzz": 1}},
		"one on the others":      {0.35, 4e-3, 2, map[string]int{"rzz": 1}},
		"few have one":           {0.35, 4e-3, 1, map[string]int{"cz": 2}},
		"better than two":        {0.35, 7.9e-3, 3, map[string]int{"rzz": 1}},
		"worse than two":         {0.35, 9e-3, 3, map[string]int{"cz": 2}},
		"a quarter turn":         {math.Pi / 2, 5e-3, 3, map[string]int{"cz": 1}},
		"minus a quarter turn":   {-math.Pi / 2, 5e-3, 3, map[string]int{"cz": 1}},
		"a better quarter turn":  {math.Pi / 2, 3e-3, 3, map[string]int{"rzz": 1}},
		"three quarters":         {3 * math.Pi / 2, 5e-3, 3, map[string]int{"cz": 1}},
		"half a turn":            {math.Pi, 1e-3, 3, map[string]int{}},
		"two turns":              {4 * math.Pi, 1e-3, 3, map[string]int{}},
		"more than the range":    {2.5, 4e-3, 3, map[string]int{"rzz": 1}},
		"below the range, minus": {-0.35, 4e-3, 3, map[string]int{"rzz": 1}},
	} {
		s := family.snapshot(4, line(4))
		kept := s.Gates[:0]
		has := 0
		for _, g := range s.Gates {
			switch g.Name {
			case "cz":
				g.Error = value(4e-3)
			case "rzz":
				if has++; has > k.pairs {
					continue
				}
				g.Error = value(k.rzz)
			}
			kept = append(kept, g)
		}
		s.Gates = kept
		target, err := NewTarget(s)
		if err != nil {
			t.Fatal(err)
		}
		c := ir.New(2, 0)
		for q := range 2 {
			c.Gate(ir.RX, []int{q}, ir.Const(0.4))
		}
		c.Gate(ir.RZZ, []int{0, 1}, ir.Const(k.angle))
		for q := range 2 {
			c.Gate(ir.RX, []int{q}, ir.Const(0.7))
		}
		r, err := Compile(c, target, Options{Unitary: true, Verify: true, Layout: upTo(2)})
		if err != nil {
			t.Fatal(err)
		}
		got := r.Circuit.Count()
		for _, gate := range []string{"cz", "rzz"} {
			if got[gate] != k.want[gate] {
				t.Errorf("%s: %v, want %v", name, got, k.want)
			}
		}
		if d := apart(idealState(t, c), stateOf(t, r, 2)); d > tolerance {
			t.Errorf("%s: %g apart", name, d)
		}
	}
	// The figures of the gate that stands there count.
	target := family.target(t, 2, line(2))
	e := target.Rotations[[2]int{0, 1}]
	e.Error, e.Duration = 0.25, 100e-9
	target.Rotations[[2]int{0, 1}] = e
	c := ir.New(2, 0)
	c.Gate(ir.RZZ, []int{0, 1}, ir.Const(0.3))
	if got := target.measure(c); math.Abs(got.Fidelity-0.75) > 1e-12 || got.Duration != 100e-9 {
		t.Errorf("%+v of a rotation with an error of a quarter", got)
	}
}

// One rotation stands for a gate that is one, with symbols too, and for a stretch of
// gates that comes to one.
func TestRotationsCost(t *testing.T) {
	t.Parallel()
	target := families[len(families)-1].target(t, 4, complete(4))
	for name, k := range map[string]struct {
		build func(c *ir.Circuit, a ir.Angle)
		want  int
	}{
		"cp":    {func(c *ir.Circuit, a ir.Angle) { c.Gate(ir.CP, []int{0, 1}, a) }, 1},
		"crx":   {func(c *ir.Circuit, a ir.Angle) { c.Gate(ir.CRX, []int{0, 1}, a) }, 1},
		"cry":   {func(c *ir.Circuit, a ir.Angle) { c.Gate(ir.CRY, []int{0, 1}, a) }, 1},
		"crz":   {func(c *ir.Circuit, a ir.Angle) { c.Gate(ir.CRZ, []int{0, 1}, a) }, 1},
		"rxx":   {func(c *ir.Circuit, a ir.Angle) { c.Gate(ir.RXX, []int{0, 1}, a) }, 1},
		"rzx":   {func(c *ir.Circuit, a ir.Angle) { c.Gate(ir.RZX, []int{1, 0}, a) }, 1},
		"csx":   {func(c *ir.Circuit, _ ir.Angle) { c.Gate(ir.CSX, []int{0, 1}) }, 1},
		"iswap": {func(c *ir.Circuit, _ ir.Angle) { c.Gate(ir.ISwap, []int{0, 1}) }, 2},
		"qaoa": {func(c *ir.Circuit, a ir.Angle) {
			for q := range 4 {
				for p := range q {
					c.Gate(ir.RZZ, []int{p, q}, a)
				}
			}
		}, 6},
		"cx, rz, cx": {func(c *ir.Circuit, a ir.Angle) {
			if a.IsConst() {
				c.Gate(ir.CX, []int{0, 1})
				c.Gate(ir.RZ, []int{1}, a)
				c.Gate(ir.CX, []int{0, 1})
			} else {
				c.Gate(ir.RZZ, []int{0, 1}, a)
			}
		}, 1},
	} {
		for _, symbolic := range []bool{false, true} {
			c := ir.New(4, 0)
			for q := range 4 {
				c.Gate(ir.U3, []int{q}, ir.Consts(0.3+0.5*float64(q), 1.1, 0.4)...)
			}
			a := ir.Const(0.35)
			if symbolic {
				a = ir.Trained(1, c.TrainedSymbol("a"))
			}
			k.build(c, a)
			r, err := Compile(c, target, Options{Unitary: true, Verify: true})
			if err != nil {
				t.Fatal(err)
			}
			if r.Stats.TwoQubitGates != k.want {
				t.Errorf("%s (with a symbol: %t): %d two-qubit gates, want %d", name, symbolic, r.Stats.TwoQubitGates, k.want)
			}
			if symbolic {
				if r, err = r.Bind([]float64{0.35}, nil); err != nil {
					t.Fatal(err)
				}
				c = boundTo(t, c, []float64{0.35}, nil)
			}
			if d := apart(idealState(t, c), stateOf(t, r, 4)); d > tolerance {
				t.Errorf("%s: %g apart", name, d)
			}
		}
	}
}
