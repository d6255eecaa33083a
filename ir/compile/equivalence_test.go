package compile

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"qgan/ir"
)

// tolerance is that of every comparison of circuits.
const tolerance = 1e-9

// drawCircuit draws a circuit over all gates of the table, with symbols, controls
// and unitaries. It begins with a generic gate on each qubit, so that no gate acts
// on a basis state only.
func drawCircuit(t *rapid.T, maxQubits, maxGates int) *ir.Circuit {
	n := rapid.IntRange(1, maxQubits).Draw(t, "qubits")
	c := ir.New(n, 0)
	angle := rapid.OneOf(rapid.SampledFrom([]float64{0, math.Pi / 4, math.Pi / 2, math.Pi, -math.Pi / 2, 3 * math.Pi}), rapid.Float64Range(-7, 7))
	for i := range 3 {
		c.TrainedSymbol(fmt.Sprint("t", i))
		c.DataSymbol(fmt.Sprint("d", i))
	}
	expression := func() ir.Angle {
		a := ir.Const(angle.Draw(t, "constant"))
		switch rapid.IntRange(0, 5).Draw(t, "symbols") {
		case 0:
			a = a.Add(ir.Trained(rapid.SampledFrom([]float64{1, -1, 0.5}).Draw(t, "coef"), rapid.IntRange(0, 2).Draw(t, "symbol")))
		case 1:
			a = a.Add(ir.Data(1, rapid.IntRange(0, 2).Draw(t, "symbol")))
		case 2:
			a = a.Add(ir.Product(1, rapid.IntRange(0, 2).Draw(t, "symbol"), rapid.IntRange(0, 2).Draw(t, "datum")))
		}
		return a
	}
	for q := range n {
		c.Gate(ir.U3, []int{q}, ir.Consts(0.3+0.7*float64(q), 1.1*float64(q)-0.4, 0.9)...)
	}
	qubits := rapid.Permutation(upTo(n))
	for range rapid.IntRange(0, maxGates).Draw(t, "gates") {
		g := rapid.SampledFrom(ir.Gates()).Draw(t, "gate")
		info := g.Info()
		controls := 0
		if info.Qubits < n && info.Qubits < 3 && rapid.IntRange(0, 9).Draw(t, "controlled") == 0 {
			controls = rapid.IntRange(1, min(2, n-info.Qubits)).Draw(t, "controls")
		}
		if info.Qubits+controls > n {
			continue
		}
		op := &ir.Apply{Gate: g, Controls: controls, Qubits: qubits.Draw(t, "operands")[:info.Qubits+controls]}
		if controls > 0 {
			op.Open = rapid.Uint64Range(0, 1<<controls-1).Draw(t, "open")
		}
		for range info.Params {
			op.Angles = append(op.Angles, expression())
		}
		c.Ops = append(c.Ops, op)
	}
	return c
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// boundTo gives a circuit numbers.
func boundTo(t rapid.TB, c *ir.Circuit, trained, data []float64) *ir.Circuit {
	t.Helper()
	out, err := c.Bind(trained, data)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// values for the symbols of drawCircuit.
var (
	trainedValues = []float64{0.37, -1.92, 2.75}
	dataValues    = []float64{-0.58, 1.43, 0.11}
)

// idealState is the state that a circuit makes.
func idealState(t rapid.TB, c *ir.Circuit) []complex128 {
	state := make([]complex128, 1<<c.Qubits)
	state[0] = 1
	evolve(t, state, c.Qubits, c.Ops)
	return state
}

// couplings that random circuits are compiled to.
func couplings(n int) map[string][][2]int {
	return map[string][][2]int{"line": line(n), "grid": grid(2, (n+1)/2)}
}

// Compiled for any device, bound before or behind, a circuit makes the same state
// in native gates alone.
func TestCompileKeepsState(t *testing.T) {
	t.Parallel()
	for _, f := range families {
		for name, pairs := range couplings(6) {
			target := f.target(t, 6, pairs)
			t.Run(f.name+" "+name, rapid.MakeCheck(func(r *rapid.T) {
				c := drawCircuit(r, 4, 12)
				options := Options{Level: rapid.SampledFrom([]Level{Full, Light, None}).Draw(r, "level"), Verify: true}
				want := idealState(t, boundTo(r, c, trainedValues, dataValues))
				compiled, err := Compile(c, target, options)
				if err != nil {
					r.Fatal(err)
				}
				whole, err := compiled.Bind(trainedValues, dataValues)
				if err != nil {
					r.Fatal(err)
				}
				inTwo, err := compiled.Bind(trainedValues, nil)
				if err != nil {
					r.Fatal(err)
				}
				if inTwo, err = inTwo.Bind(nil, dataValues); err != nil {
					r.Fatal(err)
				}
				before, err := Compile(boundTo(r, c, trainedValues, dataValues), target, options)
				if err != nil {
					r.Fatal(err)
				}
				for way, result := range map[string]*Result{"bound": whole, "bound in two steps": inTwo, "compiled after binding": before} {
					for _, op := range result.Circuit.Ops {
						if err := target.Native(op); err != nil {
							r.Fatalf("%s: %v", way, err)
						}
					}
					if d := apart(want, stateOf(t, result, c.Qubits)); d > tolerance {
						r.Fatalf("%s: %g apart\n%v\n%v", way, d, c, result.Circuit)
					}
				}
			}))
		}
	}
}
