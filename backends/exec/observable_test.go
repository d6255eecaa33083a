package exec

import (
	"math"
	"strings"
	"testing"

	"qgan/backends"
	"qgan/calibration"
	"qgan/ir"
)

// chained turns each qubit and entangles neighbours.
func chained(qubits int) *ir.Circuit {
	c := ir.New(qubits, 0)
	for q := range qubits {
		c.Gate(ir.RY, []int{q}, ir.Const(0.3+0.4*float64(q%5)))
		c.Gate(ir.RX, []int{q}, ir.Const(1.1-0.2*float64(q%3)))
	}
	for q := range qubits - 1 {
		c.Gate(ir.CX, []int{q, q + 1})
	}
	return c
}

// ghz is (|0…0> + |1…1>)/√2.
func ghz(qubits int) *ir.Circuit {
	c := ir.New(qubits, 0)
	c.Gate(ir.H, []int{0})
	for q := range qubits - 1 {
		c.Gate(ir.CX, []int{q, q + 1})
	}
	return c
}

// Expectation values of all methods are those of the state vector; those of shots lie within
// five standard errors, which are as large as they should be.
func TestExpectation(t *testing.T) {
	const text = "Z0 Z1 - 0.5 X2 + 2 Y0 Y3 + 3 - Z3"
	sum, err := backends.ParsePauliSum(text)
	if err != nil {
		t.Fatal(err)
	}
	c := chained(4)
	state, err := AmplitudesOf(c)
	if err != nil {
		t.Fatal(err)
	}
	want := 3.0
	for _, x := range sum {
		if len(x.String) == 0 {
			continue
		}
		var a [16]complex128
		for i := range a {
			v := state.Amplitudes[backends.Bits(uint64(i), 4)]
			a[i] = complex(v[0], v[1])
		}
		b := append([]complex128(nil), a[:]...)
		for _, f := range x.String {
			ir.ApplyMatrix(b, 4, map[byte]ir.Gate{'X': ir.X, 'Y': ir.Y, 'Z': ir.Z}[f.Letter].Info().Matrix(nil), []int{f.Qubit})
		}
		for i := range a {
			want += x.Coefficient * real(complex(real(a[i]), -imag(a[i]))*b[i])
		}
	}
	measured := *c
	measured.MeasureAll()
	quiet, err := calibration.ReadNoiseModel(calibration.File{Name: "quiet.json", Data: []byte(`{"name": "quiet", "readout": [{"qubits": [0], "p1_given_0": 0, "p0_given_1": 0}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	for name, k := range map[string]struct {
		m      Measurement
		c      *ir.Circuit
		groups int
		se     [2]float64
	}{
		"exact":          {m: Measurement{}, c: c, groups: 2},
		"measured":       {m: Measurement{}, c: &measured, groups: 2},
		"noisy law":      {m: Measurement{Model: quiet}, c: c, groups: 2},
		"shots":          {m: Measurement{Shots: 20000, Seed: 1}, c: c, groups: 2, se: [2]float64{0.005, 0.03}},
		"shots of mps":   {m: Measurement{Shots: 20000, Seed: 2, Method: MethodMPS}, c: c, groups: 2, se: [2]float64{0.005, 0.03}},
		"shots of noise": {m: Measurement{Shots: 20000, Seed: 3, Model: quiet}, c: c, groups: 2, se: [2]float64{0.005, 0.03}},
	} {
		e, err := k.m.Expectation(t.Context(), k.c, sum, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if e.StdErr == nil || *e.StdErr < k.se[0] || *e.StdErr > k.se[1] || e.Groups != k.groups || len(e.Terms) != len(sum) {
			t.Errorf("%s: %+v", name, e)
			continue
		}
		if math.Abs(e.Value-want) > 5**e.StdErr+1e-9 {
			t.Errorf("%s: %v ± %v, want %v", name, e.Value, *e.StdErr, want)
		}
		all := 0.0
		for _, x := range e.Terms {
			all += x.Coefficient * x.Value
		}
		if math.Abs(all-e.Value) > 1e-9 {
			t.Errorf("%s: the terms add up to %v, not to %v", name, all, e.Value)
		}
	}
	one, err := Measurement{Shots: 1}.Expectation(t.Context(), c, sum, nil)
	if err != nil || one.StdErr != nil {
		t.Errorf("one shot: %+v, %v", one, err)
	}
	if _, err := (Measurement{}).Expectation(t.Context(), chained(3), sum, nil); err == nil || !strings.Contains(err.Error(), "it names qubit 3, the circuit has 3, counted from 0") {
		t.Errorf("error %v", err)
	}
}

// Measurements in the middle, and what depends on them, stay: a coin that decides on a flip,
// and is measured again.
func TestExpectationInTheMiddle(t *testing.T) {
	c := ir.New(2, 1)
	c.Gate(ir.RY, []int{0}, ir.Const(2*math.Acos(math.Sqrt(0.8)))) // 1 with probability 0.2
	c.Measure(0, 0)
	c.Ops = append(c.Ops, &ir.If{Cond: ir.BitSet(0), Then: []ir.Op{&ir.Apply{Gate: ir.X, Qubits: []int{1}}}})
	sum, err := backends.ParsePauliSum("Z0 + 10 Z1 + 100 Z0 Z1 + 1000 X0")
	if err != nil {
		t.Fatal(err)
	}
	e, err := Measurement{}.Expectation(t.Context(), c, sum, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0.6, 0.6, 1, 0} {
		if got := e.Terms[i].Value; math.Abs(got-want) > 1e-9 {
			t.Errorf("%s is %v, want %v", e.Terms[i].Paulis, got, want)
		}
	}
	if math.Abs(e.Value-106.6) > 1e-7 {
		t.Errorf("the sum is %v", e.Value)
	}
}

// The errors of sums take in how the terms of a group hang together: of Z0 + Z1 of a pair
// that is always equal it is twice that of each.
func TestExpectationErrors(t *testing.T) {
	sum, err := backends.ParsePauliSum("Z0 + Z1")
	if err != nil {
		t.Fatal(err)
	}
	e, err := Measurement{Shots: 10001, Seed: 5}.Expectation(t.Context(), ghz(2), sum, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := *e.StdErr / *e.Terms[0].StdErr; d < 1.999 || d > 2.001 {
		t.Errorf("the error of the sum is %v times that of a term", d)
	}
	if got, want := *e.Terms[0].StdErr, 0.01; math.Abs(got-want) > 1e-4 {
		t.Errorf("the error of a term is %v, want %v", got, want)
	}
}

// Of circuits that no state vector holds the method is chosen by what they are.
func TestMethodIsChosen(t *testing.T) {
	long := ghz(40)
	long.MeasureAll()
	tangled := chained(40)
	tangled.Gate(ir.CRY, []int{0, 2}, ir.Const(0.4))
	tangled.MeasureAll()
	side := chained(40)
	side.MeasureAll()
	small := ghz(3)
	small.MeasureAll()
	many := ir.New(2, 70)
	for b := range 70 {
		many.Gate(ir.RY, []int{0}, ir.Const(0.1))
		many.Measure(0, b)
	}
	for name, k := range map[string]struct {
		m       Measurement
		c       *ir.Circuit
		method  string
		bond    int
		refused string
	}{
		"small":                  {Measurement{Shots: 9}, small, "", 0, ""},
		"small, asked":           {Measurement{Shots: 9, Method: MethodStabilizer}, small, "stabilizer", 0, ""},
		"Clifford":               {Measurement{Shots: 9}, long, "stabilizer", 0, ""},
		"Clifford law":           {Measurement{}, long, "stabilizer", 0, ""},
		"little entanglement":    {Measurement{Shots: 9}, tangled, "mps", 4, ""},
		"seen from the side":     {Measurement{Shots: 9}, side, "", 0, ""},
		"many bits":              {Measurement{Shots: 9}, many, "mps", 1, ""},
		"not Clifford":           {Measurement{Shots: 9, Method: MethodStabilizer}, tangled, "", 0, "ry is no Clifford gate"},
		"no law":                 {Measurement{Method: MethodMPS}, small, "", 0, "method mps draws words and has no exact law"},
		"too large a law":        {Measurement{}, tangled, "", 0, "the circuit uses 40 qubits, the simulator holds at most 26"},
		"of noise":               {Measurement{Shots: 9, Method: MethodDensity}, small, "", 0, `method density: without noise it can be "auto", "state", "stabilizer" or "mps"`},
		"more bits than a state": {Measurement{Shots: 9, Method: MethodState}, many, "", 0, "the circuit has 70 bits"},
	} {
		r, err := k.m.Of(t.Context(), k.c)
		if k.refused != "" {
			if err == nil || !strings.Contains(err.Error(), k.refused) {
				t.Errorf("%s: error %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if r.Method != k.method || (r.Truncation != nil) != (k.method == "mps") || r.Truncation != nil && r.Truncation.Bond != k.bond {
			t.Errorf("%s: method %q, %+v", name, r.Method, r.Truncation)
		}
		n := 0
		for w, k := range r.Counts {
			n += k
			if len(w) == 0 {
				t.Errorf("%s: an empty word", name)
			}
		}
		if n != k.m.Shots {
			t.Errorf("%s: %d shots", name, n)
		}
	}
	// What no method holds as a law has exact expectation values.
	sum, _ := backends.ParsePauliSum("Z0 Z39 + X0")
	for name, c := range map[string]*ir.Circuit{"stabilizer": ghz(40), "mps": tangled} {
		e, err := Measurement{}.Expectation(t.Context(), c, sum, nil)
		if err != nil || e.Method != name || *e.StdErr != 0 {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
		if name == "stabilizer" && e.Value != 1 {
			t.Errorf("Z0 Z39 + X0 of a GHZ state is %v", e.Value)
		}
	}
}

// The memory holds the words of the counts, in the order of the shots.
func TestMemory(t *testing.T) {
	c := ghz(3)
	c.MeasureAll()
	for _, method := range []Method{MethodState, MethodStabilizer, MethodMPS} {
		r, err := Measurement{Shots: 50, Method: method, KeepOrder: true}.Of(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		counts := map[string]int{}
		changes := 0
		for i, w := range r.Memory {
			counts[w]++
			if i > 0 && w != r.Memory[i-1] {
				changes++
			}
		}
		if len(r.Memory) != 50 || counts["000"] != r.Counts["000"] || counts["111"] != r.Counts["111"] || changes < 10 {
			t.Errorf("%s: %v of %v, %d changes", method, counts, r.Counts, changes)
		}
	}
}
