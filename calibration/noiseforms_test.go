package calibration

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"qgan/ir"
)

// Channels against their transfer matrices, worked out by hand: rows and columns I, X, Y, Z.
func TestTransfersByHand(t *testing.T) {
	diagonal := func(x, y, z float64) []float64 { return []float64{1, 0, 0, 0, 0, x, 0, 0, 0, 0, y, 0, 0, 0, 0, z} }
	over := func(axis string, angle float64) *Channel {
		c, err := Over(axis, angle)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	resets := &Channel{Qubits: 1, Mixture: []Branch{{0.5, "I"}, {0.125, "0"}, {0.25, "1"}, {0.125, "Y"}}}
	cos, sin := math.Cos(0.3), math.Sin(0.3)
	for _, k := range []struct {
		name string
		c    *Channel
		want []float64
	}{
		{"depolarizing", Depolarizing(1, 0.25), diagonal(0.75, 0.75, 0.75)},
		{"phase damping", PhaseDamping(0.75), diagonal(0.5, 0.5, 1)},
		{"amplitude damping", AmplitudeDamping(0.75, 0.25), []float64{1, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0.5, 0, 0.75 * (0.75 - 0.25), 0, 0, 0.25}},
		{"amplitude damping, excited", AmplitudeDamping(0.75, 1), []float64{1, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0.5, 0, -0.75, 0, 0, 0.25}},
		// A turn about z by 0.3 takes X to cos X + sin Y.
		{"over z", over("Z", 0.3), []float64{1, 0, 0, 0, 0, cos, -sin, 0, 0, sin, cos, 0, 0, 0, 0, 1}},
		{"over x", over("X", 0.3), []float64{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, cos, -sin, 0, 0, sin, cos}},
		{"over y", over("Y", 0.3), []float64{1, 0, 0, 0, 0, cos, 0, sin, 0, 0, 1, 0, 0, -sin, 0, cos}},
		{"resets", resets, []float64{1, 0, 0, 0, 0, 0.5 - 0.125, 0, 0, 0, 0, 0.5 + 0.125, 0, 0.125 - 0.25, 0, 0, 0.5 - 0.125}},
	} {
		if got := k.c.Transfer(); largest(got, k.want) > 1e-15 {
			t.Errorf("%s: %v, want %v", k.name, got, k.want)
		}
		checkForms(t, k.name, k.c)
		// The superoperator does the same to the four matrix units, columns one below the other.
		s := k.c.Superoperator()
		for j := range 4 {
			rho := ir.NewMatrix(2)
			rho.A[j%2*2+j/2] = 1 // vec has the element of row j%2 and column j/2 at j
			image := ir.NewMatrix(2)
			for _, op := range k.c.Kraus() {
				for i, x := range op.Mul(rho).Mul(op.Adjoint()).A {
					image.A[i] += x
				}
			}
			for i := range 4 {
				if d := s.At(i, j) - image.At(i%2, i/2); math.Hypot(real(d), imag(d)) > 1e-15 {
					t.Errorf("%s: superoperator %v at %d, %d, want %v", k.name, s.At(i, j), i, j, image.At(i%2, i/2))
				}
			}
		}
	}
	// The first letter is the most significant: XZ commutes with XI, not with ZI nor IX.
	c := &Channel{Qubits: 2, Mixture: []Branch{{0.75, "II"}, {0.25, "XZ"}}}
	for i, s := range paulis(2) {
		want := 1.0
		if (s[0] == 'Y' || s[0] == 'Z') != (s[1] == 'X' || s[1] == 'Y') {
			want = 0.5
		}
		if got := c.Transfer()[i*16+i]; got != want {
			t.Errorf("%s shrinks to %v, want %v", s, got, want)
		}
	}
	// 1 minus the average fidelity of a Pauli channel is d/(d+1) of what is not the identity.
	if got := c.Infidelity(); math.Abs(got-0.25*4/5) > 1e-15 {
		t.Errorf("infidelity %v", got)
	}
	// Where lambda is 4^k/(4^k-1) the identity has no part left.
	if c := Depolarizing(2, 16.0/15); c.Mixture[0] != (Branch{0, "II"}) || math.Abs(c.Mixture[15].P-1.0/15) > 1e-16 || c.Mixture[15].Steps != "ZZ" {
		t.Errorf("%v", c.Mixture)
	}
	if m := Relaxation(1, 2, 2, 0.25).Mixture; len(m) != 4 || m[1].P != 0 || math.Abs(m[3].P/m[2].P-1.0/3) > 1e-15 || math.Abs(m[0].P-math.Exp(-0.5)) > 1e-15 {
		t.Errorf("T2 = T1 mixes %v", m)
	}
	if c := Relaxation(1, 2, 2.1, 0); c.Mixture != nil {
		t.Errorf("T2 above T1 mixes %v", c.Mixture)
	}
}

func TestPauliChannels(t *testing.T) {
	c, err := Pauli(map[string]float64{"II": 0.625, "XZ": 0.25, "YI": 0.125})
	if err != nil || c.Name != "pauli XZ 0.25, YI 0.125" || !slices.Equal(c.Mixture, []Branch{{0.625, "II"}, {0.25, "XZ"}, {0.125, "YI"}}) {
		t.Errorf("%v, %v", c, err)
	}
	c, err = Pauli(map[string]float64{"X": 0.75, "Z": 0.25 + 5e-10})
	if err != nil || c.Mixture[0].P != 0 || math.Abs(c.Mixture[1].P+c.Mixture[2].P-1) > 1e-15 {
		t.Errorf("above 1 by rounding: %v, %v", c, err)
	}
	if _, err = Pauli(map[string]float64{"I": 0.5 + 5e-10, "X": 0.5}); err != nil {
		t.Errorf("above 1 by rounding, with the identity: %v", err)
	}
	for _, k := range []struct {
		p    map[string]float64
		want string
	}{
		{map[string]float64{}, "no Pauli string is given"},
		{map[string]float64{"": 1}, `"" is no string of the letters I, X, Y and Z`},
		{map[string]float64{"XQ": 1}, `"XQ" is no string of the letters I, X, Y and Z`},
		{map[string]float64{"XXXX": 1}, `"XXXX" acts on 4 qubits, at most 3 are read`},
		{map[string]float64{"X": 0.5, "ZZ": 0.5}, `"ZZ" acts on 2 qubits, another string on 1`},
		{map[string]float64{"X": -0.5}, "the probability -0.5 of X is none"},
		{map[string]float64{"X": 1.5}, "the probability 1.5 of X is none"},
		{map[string]float64{"X": math.NaN()}, "the probability NaN of X is none"},
		{map[string]float64{"I": 0.25, "X": 0.5}, "the probabilities add up to 0.75, not to 1"},
		{map[string]float64{"I": 0.75, "X": 0.5}, "the probabilities add up to 1.25, not to 1"},
		{map[string]float64{"Z": 0.75, "X": 0.5}, "the probabilities add up to 1.25, which is more than 1"},
	} {
		if _, err := Pauli(k.p); err == nil || err.Error() != k.want {
			t.Errorf("%v: %v, want %q", k.p, err, k.want)
		}
	}
	one, two := ir.Identity(2), ir.Identity(4)
	for _, k := range []struct {
		kraus []ir.Matrix
		want  string
	}{
		{nil, "test has no operators"},
		{[]ir.Matrix{ir.Identity(1)}, "test: an operator of order 1, it can be 2, 4 or 8"},
		{[]ir.Matrix{ir.Identity(16)}, "test: an operator of order 16, it can be 2, 4 or 8"},
		{[]ir.Matrix{one, two}, "test: operators of different orders"},
		{[]ir.Matrix{one, {Dim: 3, A: make([]complex128, 9)}}, "test: operators of different orders"},
		{[]ir.Matrix{one, one}, "test does not keep the trace: the sum of K†K differs from the unit matrix by 1, at most 1e-09 is taken for rounding"},
	} {
		if _, err := Operators("test", k.kraus); err == nil || err.Error() != k.want {
			t.Errorf("%v, want %q", err, k.want)
		}
	}
	if c, err := Operators("test", []ir.Matrix{ir.Identity(8)}); err != nil || c.Qubits != 3 || c.Mixture != nil {
		t.Errorf("%v, %v", c, err)
	}
	// Operators mix Pauli strings only where they are without any coherent part: that is told
	// from their transfer matrix, however small it is.
	half := complex(math.Sqrt(0.5), 0)
	for angle, mixes := range map[float64]bool{0: true, 1e-4: false, 1e-9: false} {
		u := ir.Matrix{Dim: 2, A: []complex128{complex(math.Cos(angle), 0), complex(0, -math.Sin(angle)), complex(0, -math.Sin(angle)), complex(math.Cos(angle), 0)}}
		z := ir.Matrix{Dim: 2, A: []complex128{1, 0, 0, -1}}
		c, err := Operators("test", []ir.Matrix{u.Scale(half), z.Scale(half)})
		if err != nil || (c.Mixture != nil) != mixes {
			t.Errorf("rotated by %g: a mixture %v, %v", angle, c.Mixture, err)
		}
		if mixes && (math.Abs(c.Mixture[0].P-0.5) > 1e-15 || math.Abs(c.Mixture[3].P-0.5) > 1e-15 || c.Mixture[1].P != 0 || c.Mixture[2].P != 0) {
			t.Errorf("the mixture %v", c.Mixture)
		}
	}
	for _, angle := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if _, err := Over("X", angle); err == nil || !strings.Contains(err.Error(), "is no number") {
			t.Errorf("by %v: %v", angle, err)
		}
	}
	for _, axis := range []string{"", "II", "XXXX", "Q"} {
		if _, err := Over(axis, 1); err == nil || !strings.Contains(err.Error(), "it is one to 3 of the letters I, X, Y and Z, not all of them I") {
			t.Errorf("about %q: %v", axis, err)
		}
	}
	if c, err := Over("IXZ", 1); err != nil || c.Qubits != 3 {
		t.Errorf("%v, %v", c, err)
	}
}

func TestConfusionCheck(t *testing.T) {
	good := [][]float64{{1, 0}, {0, 1}}
	for _, k := range []struct {
		groups []ConfusionGroup
		want   string
	}{
		{[]ConfusionGroup{{[]int{0}, good}, {[]int{1}, good}}, ""},
		{[]ConfusionGroup{{[]int{0}, good}, {[]int{0}, good}}, "bit 0 is in two groups or not among 2"},
		{[]ConfusionGroup{{[]int{2}, good}}, "bit 2 is in two groups or not among 2"},
		{[]ConfusionGroup{{[]int{-1}, good}}, "bit -1 is in two groups or not among 2"},
		{[]ConfusionGroup{{[]int{0, 1}, good}}, "2 rows for 2 bits, 4 are needed"},
		{[]ConfusionGroup{{[]int{0}, [][]float64{{1, 0}, {0}}}}, "row 2 has 1 numbers, 2 are needed"},
		{[]ConfusionGroup{{[]int{0}, [][]float64{{1, -0.5}, {0, 1.5}}}}, "row 1, column 2 is -0.5, which is no probability"},
		{[]ConfusionGroup{{[]int{0}, [][]float64{{1.5, 0}, {-0.5, 1}}}}, "row 1, column 1 is 1.5, which is no probability"},
		{[]ConfusionGroup{{[]int{0}, [][]float64{{0.5, 0}, {0.25, 1}}}}, "column 1 adds up to 0.75, not to 1: rows are what was measured, columns what was prepared"},
		{[]ConfusionGroup{{[]int{0}, [][]float64{{1, 1}, {0, 0.25}}}}, "column 2 adds up to 1.25, not to 1: rows are what was measured, columns what was prepared"},
	} {
		if err := (Confusion{2, k.groups}).Check(); (err == nil) != (k.want == "") || err != nil && err.Error() != k.want {
			t.Errorf("%v: %v, want %q", k.groups, err, k.want)
		}
	}
}

// pairDevice has two qubits and what is asked for in tests of its model.
func pairDevice(change func(s *Snapshot)) *Snapshot {
	v := func(x float64) *Value { return &Value{X: x} }
	s := &Snapshot{
		Service: "ibm", Name: "pair", SampleTime: 2e-9, Basis: []string{"sx", "CNOT", "rz"},
		Qubits: []Qubit{{Label: "0", T1: v(1e-3), T2: v(1e-3)}, {Label: "1", T1: v(2e-3), T2: v(1e-3)}},
		Gates: []Gate{{Name: "cnot", Qubits: []int{0, 1}, Error: v(0.01), Duration: v(1e-6)}, {Name: "cz", Qubits: []int{1, 0}, Error: v(0.02)},
			{Name: "reset", Qubits: []int{1}, Duration: v(4e-6), Error: v(0.5)}, {Name: "sx", Qubits: []int{0}, Error: v(0.001)}},
	}
	if change != nil {
		change(s)
	}
	return s
}

func namesOf(sites []Site) (out []string) {
	for _, s := range sites {
		out = append(out, fmt.Sprintf("%s %v", s.Channel.Name, s.Qubits))
	}
	return out
}

// What follows each operation, and what is refused, with its text.
func TestAfterEachOperation(t *testing.T) {
	v := func(x float64) *Value { return &Value{X: x} }
	m := noiseOf(t, pairDevice(nil), NoiseOptions{})
	rz := &ir.Apply{Gate: ir.RZ, Angles: []ir.Angle{ir.Const(1)}, Qubits: []int{1}}
	apply := func(g ir.Gate, q ...int) *ir.Apply { return &ir.Apply{Gate: g, Qubits: q} }
	delay := func(x float64, unit string) *ir.Delay { return &ir.Delay{Duration: x, Unit: unit, Qubits: []int{1}} }
	for _, k := range []struct {
		op   ir.Op
		key  string
		want []string
		err  string
	}{
		{apply(ir.CX, 0, 1), "cx[0 1]", []string{"depolarizing 0.01189 [0 1]", "relaxation for 1000 ns [0]", "relaxation for 1000 ns [1]"}, ""},
		{apply(ir.CX, 1, 0), "cx[1 0]", nil, "cx on qubits 1, 0 is not native on pair"},
		{apply(ir.CZ, 0, 1), "cz[0 1]", []string{"depolarizing 0.02667 [0 1]"}, ""},
		{apply(ir.SX, 0), "sx[0]", []string{"depolarizing 0.002 [0]"}, ""},
		{apply(ir.SX, 1), "sx[1]", nil, "sx on qubit 1 is not native on pair"},
		{apply(ir.SX, 2), "sx[2]", nil, "sx on qubit 2: pair has the qubits 0 to 1"},
		{apply(ir.SX, -1), "sx[-1]", nil, "sx on qubit -1: pair has the qubits 0 to 1"},
		{rz, "rz[1]", nil, ""},
		{apply(ir.GPhase), "gphase[]", nil, ""},
		{&ir.Unitary{Matrix: ir.Identity(2), Qubits: []int{1}}, "unitary[1]", nil, "unitary on qubit 1 is not native on pair"},
		{&ir.Reset{Qubit: 0}, "reset0", nil, ""},
		{&ir.Reset{Qubit: 1}, "reset1", []string{"relaxation for 4000 ns [1]"}, ""},
		{delay(3, "s"), "delay[1]3s", []string{"relaxation for 3e+09 ns [1]"}, ""},
		{delay(3, "ms"), "delay[1]3ms", []string{"relaxation for 3e+06 ns [1]"}, ""},
		{delay(3, "us"), "delay[1]3us", []string{"relaxation for 3000 ns [1]"}, ""},
		{delay(3, "ns"), "delay[1]3ns", []string{"relaxation for 3 ns [1]"}, ""},
		{delay(3, "dt"), "delay[1]3dt", []string{"relaxation for 6 ns [1]"}, ""},
		{delay(0, "dt"), "delay[1]0dt", nil, ""},
		{&ir.Delay{Duration: 1, Unit: "us", Qubits: []int{0, 1}}, "delay[0 1]1us", []string{"relaxation for 1000 ns [0]", "relaxation for 1000 ns [1]"}, ""},
		{&ir.Measure{Qubit: 0}, "", nil, ""},
		{&ir.Delay{Duration: 1, Unit: "us", Qubits: []int{5}}, "delay[5]1us", nil, "delay on qubit 5: pair has the qubits 0 to 1"},
	} {
		sites, err := m.After(k.op)
		if got := namesOf(sites); !slices.Equal(got, k.want) || (err == nil) != (k.err == "") || err != nil && err.Error() != k.err {
			t.Errorf("%s: %q, %v; want %q, %s", k.key, got, err, k.want, k.err)
		}
		if got := strings.ReplaceAll(m.Key(k.op), " ", ""); got != strings.ReplaceAll(k.key, " ", "") {
			t.Errorf("key %q, want %q", got, k.key)
		}
	}
	for _, k := range []struct {
		name   string
		change func(s *Snapshot)
		op     ir.Op
		want   []string
		err    string
	}{
		{"no sample time", func(s *Snapshot) { s.SampleTime = 0 }, delay(3, "dt"), nil, "a delay of 3dt: pair tells no sample time; write delays in s, ms, us or ns, or give the device's configuration too"},
		{"faulty", func(s *Snapshot) { s.Gates[3].Faulty = true }, apply(ir.SX, 0), nil, "sx on qubit 0: the calibration data mark it as not available"},
		{"faulty, no error", func(s *Snapshot) { s.Gates[3].Faulty, s.Gates[3].Error = true, nil }, apply(ir.SX, 0), nil, "sx on qubit 0: the calibration data mark it as not available"},
		{"faulty, error 1", func(s *Snapshot) { s.Gates[3].Faulty, s.Gates[3].Error = true, v(1) }, apply(ir.SX, 0), nil, "sx on qubit 0: the calibration data mark it as not available (error 1)"},
		// The fidelity can't fall below that of the mixed state, 1/2: lambda is then 4/3 of (1/2 - 1/4).
		{"error 0.9", func(s *Snapshot) { s.Gates[3].Error = v(0.9) }, apply(ir.SX, 0), []string{"depolarizing 1.333 [0]"}, ""},
		{"error 0.6", func(s *Snapshot) { s.Gates[3].Error = v(0.6) }, apply(ir.SX, 0), []string{"depolarizing 1.2 [0]"}, ""},
		{"error 0.9 after long relaxation", func(s *Snapshot) { s.Gates[3].Error, s.Gates[3].Duration = v(0.9), v(0.9) }, apply(ir.SX, 0), []string{"depolarizing 1.333 [0]", "relaxation for 9e+08 ns [0]"}, ""},
		{"error below relaxation", func(s *Snapshot) { s.Gates[3].Duration = v(1e-5) }, apply(ir.SX, 0), []string{"relaxation for 1e+04 ns [0]"}, ""},
		{"no times", func(s *Snapshot) { s.Qubits[0].T1, s.Qubits[0].T2 = nil, nil }, apply(ir.CX, 0, 1), []string{"depolarizing 0.01268 [0 1]", "relaxation for 1000 ns [1]"}, ""},
		{"in the basis, without figures, on two qubits", func(s *Snapshot) { s.Gates = s.Gates[3:] }, apply(ir.CX, 0, 1), nil, "cx on qubits 0, 1 is not native on pair"},
	} {
		sites, err := noiseOf(t, pairDevice(k.change), NoiseOptions{}).After(k.op)
		if got := namesOf(sites); !slices.Equal(got, k.want) || (err == nil) != (k.err == "") || err != nil && err.Error() != k.err {
			t.Errorf("%s: %q, %v; want %q, %s", k.name, got, err, k.want, k.err)
		}
	}
	for text, o := range map[string]NoiseOptions{
		"the factor -1 of gates is not 0 or more":                          {Scale: &Scale{-1, 1, 1}},
		"the factor NaN of relaxation is not 0 or more":                    {Scale: &Scale{1, math.NaN(), 1}},
		"the factor +Inf of readout is not 0 or more":                      {Scale: &Scale{1, 1, math.Inf(1)}},
		"the temperature -1 K is not 0 or more":                            {Temperature: -1},
		"the temperature +Inf K is not 0 or more":                          {Temperature: math.Inf(1)},
		`readout errors "some": they can be asymmetric, symmetric or none`: {Readout: "some"},
	} {
		if _, err := NewNoiseModel(pairDevice(nil), o); err == nil || err.Error() != text {
			t.Errorf("%v, want %q", err, text)
		}
	}
	var absent *NotNative
	if _, err := m.After(apply(ir.H, 0)); !errors.As(err, &absent) || !absent.BadInput() || absent.Device != "pair" || absent.Gate != "h" || !slices.Equal(absent.Qubits, []int{0}) {
		t.Errorf("%+v", absent)
	}
}

// Each kind of operation has a line of the table; what acts on more than three qubits has no
// figure there.
func TestTableOfOperations(t *testing.T) {
	m, err := ReadNoiseModel(File{"n", []byte(`
[[noise]]
gates = ["sx", "reset", "delay", "unitary"]
channel = "bit-flip"
probability = 0.25
[[noise]]
gates = ["sx"]
channel = "phase-flip"
probability = 0.25
`)})
	if err != nil {
		t.Fatal(err)
	}
	if m.Name != "n" {
		t.Errorf("name %q", m.Name)
	}
	if odd := m.Oddities([]int{0}); odd != nil {
		t.Errorf("oddities %q", odd)
	}
	c := ir.New(4, 1)
	c.Ops = append(c.Ops, &ir.Unitary{Matrix: ir.Identity(16), Qubits: []int{0, 1, 2, 3}}, &ir.Unitary{Matrix: ir.Identity(8), Qubits: []int{2, 1, 0}}, &ir.Reset{Qubit: 2},
		&ir.Delay{Duration: 1, Unit: "ns", Qubits: []int{1, 0}}, &ir.If{Then: []ir.Op{&ir.Apply{Gate: ir.SX, Qubits: []int{3}}}}, &ir.Apply{Gate: ir.H, Qubits: []int{3}}, &ir.Reset{Qubit: 2}, &ir.Reset{Qubit: 1})
	table, err := m.Table(c)
	if err != nil {
		t.Fatal(err)
	}
	rows := table.Operations
	// A flip of a qubit with 1/4 keeps the identity with 3/4, of n qubits with (3/4)^n; two flips
	// of one qubit with 9/16. 1 minus the average fidelity is d/(d+1) of what is left.
	flip := "bit flip 0.25"
	is := func(x float64) *float64 { return &x }
	for i, want := range []NoiseRow{
		{"delay", []int{1, 0}, []string{flip, flip}, is(4.0 / 5 * 7 / 16)},
		{"reset", []int{1}, []string{flip}, is(2.0 / 3 / 4)},
		{"reset", []int{2}, []string{flip}, is(2.0 / 3 / 4)},
		{"sx", []int{3}, []string{flip, "phase flip 0.25"}, is(2.0 / 3 * 7 / 16)},
		{"unitary", []int{0, 1, 2, 3}, []string{flip, flip, flip, flip}, nil},
		{"unitary", []int{2, 1, 0}, []string{flip, flip, flip}, is(8.0 / 9 * 37 / 64)},
	} {
		if i >= len(rows) {
			t.Fatalf("%d rows", len(rows))
		}
		got := rows[i]
		if got.Operation != want.Operation || !slices.Equal(got.Qubits, want.Qubits) || !slices.Equal(got.Channels, want.Channels) ||
			(got.Error == nil) != (want.Error == nil) || got.Error != nil && math.Abs(*got.Error-*want.Error) > 1e-14 {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	if len(rows) != 6 {
		t.Errorf("%d rows", len(rows))
	}
	c.Ops = append(c.Ops, &ir.Delay{Duration: 1, Unit: "dt", Qubits: []int{0}})
	if _, err := m.Table(c); err == nil || !strings.Contains(err.Error(), "n tells no sample time") {
		t.Error(err)
	}
}

// Readout errors that are one matrix are those of all of its qubits or of none, and go away
// with the others.
func TestCorrelatedReadout(t *testing.T) {
	m, err := ReadNoiseModel(File{"n", []byte(noiseText)})
	if err != nil {
		t.Fatal(err)
	}
	if c := m.Correlated(); len(c) != 2 || !c[2] || !c[4] {
		t.Errorf("correlated: %v", c)
	}
	if _, err := m.Confusion([]int{2, 0}); err == nil || err.Error() != "the readout errors of qubits 2, 4 are one matrix: measure all of them or none" {
		t.Error(err)
	}
	if _, err := m.Confusion([]int{2, 4, 2}); err == nil || err.Error() != "qubit 2 is measured twice, and its readout error is one with those of qubits 2, 4" {
		t.Error(err)
	}
	c, err := m.Confusion([]int{0, 5})
	if err != nil || len(c.Groups) != 2 || c.Groups[1].A[1][0] != 0 || c.Groups[1].A[0][1] != 0.5 || c.Groups[0].A[1][0] != 0.01 || c.Groups[0].A[0][1] != 0.02 {
		t.Errorf("%v, %v", c, err)
	}
	without := m.WithoutReadout()
	for _, qubits := range [][]int{{2, 4, 0}, {2}, {5}} {
		if c, err := without.Confusion(qubits); err != nil || len(c.Groups) != 0 || c.Bits != len(qubits) {
			t.Errorf("without readout errors: %v, %v", c, err)
		}
	}
	if c, err := m.Confusion([]int{2, 4}); err != nil || len(c.Groups) != 1 {
		t.Errorf("the model itself has changed: %v, %v", c, err)
	}
	// Symmetric readout takes the service's own mean, and either error alone can be above 1.
	v := func(x float64) *Value { return &Value{X: x} }
	s := pairDevice(func(s *Snapshot) {
		s.Qubits[0].P1Given0, s.Qubits[0].P0Given1, s.Qubits[1].P1Given0, s.Qubits[1].P0Given1 = v(0.6), v(0.1), v(0.1), v(0.6)
	})
	for q := range 2 {
		if _, err := noiseOf(t, s, NoiseOptions{Scale: &Scale{1, 1, 2}}).Confusion([]int{q}); err == nil || err.Error() != fmt.Sprintf("the readout errors of qubit %d, scaled by 2, exceed 1: scale the readout less", q) {
			t.Error(err)
		}
	}
}

// A device's noise by hand: gates of one to three qubits have the error that is reported, with
// that of relaxation in it; factors, the temperature and both readout errors have their bounds.
func TestDeviceNoiseByHand(t *testing.T) {
	v := func(x float64) *Value { return &Value{X: x} }
	snapshot := func() *Snapshot {
		s := &Snapshot{Service: "ibm", Name: "three"}
		for i := range 3 {
			f := float64(i + 1)
			s.Qubits = append(s.Qubits, Qubit{Label: fmt.Sprint(i), T1: v(1e-4 * f), T2: v(5e-5 * f), ReadoutError: v(0.3), P1Given0: v(0.1 * f), P0Given1: v(0.6 - 0.1*f), Frequency: v(5e9)})
		}
		s.Gates = []Gate{
			{Name: "ccx", Qubits: []int{0, 1, 2}, Error: v(0.125), Duration: v(2e-6)}, {Name: "cz", Qubits: []int{0, 1}, Error: v(0.0625), Duration: v(1e-6)},
			{Name: "cz", Qubits: []int{0, 2}, Error: v(0.5), Duration: v(1e-6), Faulty: true}, {Name: "id", Qubits: []int{0}, Duration: v(3e-6)}, {Name: "sx", Qubits: []int{2}, Error: v(0.25), Duration: v(1e-7)},
		}
		return s
	}
	infidelity := func(o NoiseOptions, op ir.Op, qubits ...int) float64 {
		t.Helper()
		m, err := NewNoiseModel(snapshot(), o)
		if err != nil {
			t.Fatal(err)
		}
		sites, err := m.After(op)
		if err != nil {
			t.Fatal(err)
		}
		return Compose(sites, qubits).Infidelity()
	}
	ccx := &ir.Apply{Gate: ir.CCX, Qubits: []int{0, 1, 2}}
	cz := &ir.Apply{Gate: ir.CZ, Qubits: []int{1, 0}} // listed the other way round
	sx := &ir.Apply{Gate: ir.SX, Qubits: []int{2}}
	// 1 - (d·Π(1+2·e2+e1)/4 + 1)/(d+1) of relaxation alone.
	relaxed := func(time float64, qubits ...int) float64 {
		f, d := 1.0, float64(int(1)<<len(qubits))
		for _, q := range qubits {
			k := float64(q + 1)
			f *= (1 + 2*math.Exp(-time/(5e-5*k)) + math.Exp(-time/(1e-4*k))) / 4
		}
		return 1 - (d*f+1)/(d+1)
	}
	for _, k := range []struct {
		name      string
		got, want float64
	}{
		{"ccx", infidelity(NoiseOptions{}, ccx, 0, 1, 2), 0.125},
		{"cz", infidelity(NoiseOptions{}, cz, 0, 1), 0.0625},
		{"sx, four times", infidelity(NoiseOptions{Scale: &Scale{4, 0, 1}}, sx, 2), 2. / 3}, // an error of 1, which is as much as there can be
		{"sx, twice", infidelity(NoiseOptions{Scale: &Scale{2, 1, 1}}, sx, 2), 0.5},
		{"ccx, relaxation alone", infidelity(NoiseOptions{Scale: &Scale{0, 1, 1}}, ccx, 0, 1, 2), relaxed(2e-6, 0, 1, 2)},
		{"ccx, relaxing three times as fast", infidelity(NoiseOptions{Scale: &Scale{0, 3, 1}}, ccx, 0, 1, 2), relaxed(6e-6, 0, 1, 2)},
		{"cz, relaxing more than it errs", infidelity(NoiseOptions{Scale: &Scale{1, 20, 1}}, cz, 0, 1), relaxed(20e-6, 0, 1)},
		{"a delay", infidelity(NoiseOptions{}, &ir.Delay{Duration: 3, Unit: "us", Qubits: []int{1}}, 1), relaxed(3e-6, 1)},
		{"no delay", infidelity(NoiseOptions{}, &ir.Delay{Unit: "dt", Qubits: []int{1}}, 1), 0},
	} {
		if math.Abs(k.got-k.want) > 1e-14 {
			t.Errorf("%s: infidelity %v, want %v", k.name, k.got, k.want)
		}
	}
	// What is left of |0> after a long time at a temperature: 1/(1 + exp(hf/kT)) of |1>.
	m, err := NewNoiseModel(snapshot(), NoiseOptions{Temperature: 0.2})
	if err != nil {
		t.Fatal(err)
	}
	sites, err := m.After(&ir.Delay{Duration: 1, Unit: "s", Qubits: []int{1}})
	if err != nil {
		t.Fatal(err)
	}
	const hf, kT = 6.62607015e-34 * 5e9, 1.380649e-23 * 0.2
	if z, want := sites[0].Channel.Transfer()[12], 1-2/(1+math.Exp(hf/kT)); math.Abs(z-want) > 1e-7 {
		t.Errorf("at 0.2 K: Z is %v in the end, want %v", z, want)
	}
	for _, k := range []struct {
		readout float64
		kind    ReadoutKind
		qubit   int
		want    string // P(1|0) and P(0|1), or what is wrong
	}{
		{1, AsymmetricReadout, 0, "0.1 0.5"}, {1, AsymmetricReadout, 2, "0.3 0.3"}, {0.5, AsymmetricReadout, 1, "0.1 0.2"}, {1, SymmetricReadout, 0, "0.3 0.3"},
		{2, AsymmetricReadout, 0, "0.2 1"}, {2.1, AsymmetricReadout, 0, "the readout errors of qubit 0, scaled by 2.1, exceed 1: scale the readout less"},
		{1, AsymmetricReadout, 3, "measure on qubit 3: three has the qubits 0 to 2"},
	} {
		m, err := NewNoiseModel(snapshot(), NoiseOptions{Readout: k.kind, Scale: &Scale{1, 1, k.readout}})
		if err != nil {
			t.Fatal(err)
		}
		c, err := m.Confusion([]int{k.qubit})
		got := fmt.Sprint(err)
		if err == nil {
			got = fmt.Sprintf("%.4g %.4g", c.Groups[0].A[1][0], c.Groups[0].A[0][1])
		}
		if got != k.want {
			t.Errorf("%s readout of %d, scaled by %g: %s, want %s", k.kind, k.qubit, k.readout, got, k.want)
		}
	}
	for _, k := range []struct {
		op   ir.Op
		want string
	}{
		{&ir.Apply{Gate: ir.CZ, Qubits: []int{2, 0}}, "cz on qubits 2, 0: the calibration data mark it as not available"},
		{&ir.Apply{Gate: ir.CZ, Qubits: []int{1, 2}}, "cz on qubits 1, 2 is not native on three"},
		{&ir.Apply{Gate: ir.CCX, Qubits: []int{1, 0, 2}}, "ccx on qubits 1, 0, 2 is not native on three"},
		{&ir.Apply{Gate: ir.SX, Qubits: []int{0}}, "sx on qubit 0 is not native on three"}, // there are figures of it elsewhere
		{&ir.Apply{Gate: ir.SX, Qubits: []int{-1}}, "sx on qubit -1: three has the qubits 0 to 2"},
		{&ir.Delay{Duration: 1, Unit: "dt", Qubits: []int{1}}, "a delay of 1dt: three tells no sample time; write delays in s, ms, us or ns, or give the device's configuration too"},
	} {
		if _, err := m.After(k.op); err == nil || err.Error() != k.want {
			t.Errorf("%v, want %s", err, k.want)
		}
	}
}

// Channels one after the other, each on qubits of its own in its own order, are the product of
// what each does to the strings of all qubits.
func TestComposedChannels(t *testing.T) {
	pauli := func(p map[string]float64) *Channel {
		c, err := Pauli(p)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, k := range []struct {
		name   string
		sites  []Site
		qubits []int
		want   *Channel
	}{
		{"none", nil, []int{4, 7}, pauli(map[string]float64{"II": 1})},
		{"of two, in order", []Site{{pauli(map[string]float64{"XZ": 0.25}), []int{4, 7}}}, []int{4, 7}, pauli(map[string]float64{"XZ": 0.25})},
		{"of two, exchanged", []Site{{pauli(map[string]float64{"XZ": 0.25}), []int{7, 4}}}, []int{4, 7}, pauli(map[string]float64{"ZX": 0.25})},
		{"of three, in turns", []Site{{pauli(map[string]float64{"XYZ": 0.25}), []int{2, 0, 1}}}, []int{0, 1, 2}, pauli(map[string]float64{"YZX": 0.25})},
		{"of two among three", []Site{{pauli(map[string]float64{"XZ": 0.25}), []int{2, 0}}}, []int{0, 1, 2}, pauli(map[string]float64{"ZIX": 0.25})},
		{"one after the other", []Site{{pauli(map[string]float64{"X": 1}), []int{1}}, {pauli(map[string]float64{"ZY": 1}), []int{1, 0}}}, []int{0, 1}, pauli(map[string]float64{"YY": 1})},
		{"a reset and what follows it", []Site{{AmplitudeDamping(1, 0), []int{3}}, {pauli(map[string]float64{"X": 0.25}), []int{3}}}, []int{3}, AmplitudeDamping(1, 0.25)},
		{"a reset of what was flipped", []Site{{pauli(map[string]float64{"X": 0.25}), []int{3}}, {AmplitudeDamping(1, 0), []int{3}}}, []int{3}, AmplitudeDamping(1, 0)},
	} {
		c := Compose(k.sites, k.qubits)
		if d := largest(c.Transfer(), k.want.Transfer()); d > 1e-15 || c.Qubits != len(k.qubits) {
			t.Errorf("%s: it differs by %v", k.name, d)
		}
	}
}

// Operators that never act are left out.
func TestOperatorsThatAct(t *testing.T) {
	for _, k := range []struct {
		c    *Channel
		want int
	}{{PhaseDamping(0), 1}, {PhaseDamping(0.5), 2}, {Depolarizing(2, 0), 1}, {Depolarizing(1, 4./3), 3}} {
		if got := len(k.c.Kraus()); got != k.want {
			t.Errorf("%s has %d operators, want %d", k.c.Name, got, k.want)
		}
	}
}
