package ir

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
)

// everything holds each kind of operation, in blocks too.
func everything() *Circuit {
	c := New(3, 2)
	c.Name = "all"
	a, b, x := c.TrainedSymbol("a"), c.TrainedSymbol("b"), c.DataSymbol("x")
	c.Phase = Trained(0.5, b).Plus(1)
	big5 := []*big.Int{big.NewInt(1), big.NewInt(5)}
	c.Gate(U, []int{0}, Trained(-1, a), Data(1, x).Plus(2), Product(3, b, x))
	c.Ops = append(c.Ops,
		&Apply{Gate: RX, Angles: []Angle{Data(2, x)}, Qubits: []int{2, 1, 0}, Controls: 2, Open: 0b10},
		&Apply{Gate: X, Qubits: []int{2, 1}, Controls: 1, Open: 1},
		&Unitary{"w", Identity(4), []int{1, 0}}, &Reset{2}, &Barrier{[]int{0, 2}}, &Delay{2.5, "us", []int{1}},
		&Measure{0, 1}, &Measure{1, -1}, &Opaque{"cal", "play", []int{0, 1}},
		&If{All{BitSet(0), Not{Any{BitSet(1), Compare{[]int{0, 1}, Less, big.NewInt(3)}}}},
			[]Op{&Apply{Gate: RY, Angles: []Angle{Trained(1, a)}, Qubits: []int{0}}, &While{BitSet(1), []Op{&Apply{Gate: RZ, Angles: []Angle{Trained(1, b)}, Qubits: []int{1}}}}}, []Op{&Reset{0}}},
		&If{BitSet(0), []Op{&Reset{1}}, nil},
		&Switch{[]int{1, 0}, []Case{{big5, []Op{&Apply{Gate: RX, Angles: []Angle{Trained(1, a)}, Qubits: []int{2}}}}, {nil, nil}}, []Op{&Apply{Gate: RX, Angles: []Angle{Data(1, x)}, Qubits: []int{1}}}})
	return c
}

func sameText(t *testing.T, what, got, want string) {
	t.Helper()
	if got = strings.TrimSpace(got); got != strings.TrimSpace(want) {
		t.Errorf("%s is\n%s\nwant\n%s", what, got, strings.TrimSpace(want))
	}
}

// The text of each operation, and of the same circuit with values for either kind of symbol.
func TestTextOfACircuit(t *testing.T) {
	c := everything()
	if err := Verify(c); err != nil {
		t.Fatal(err)
	}
	const text = `
circuit "all": 3 qubits, 2 bits
trained a b
data x
phase 1 + 0.5*b
U(-a, 2 + x, 3*b*x) q0
ctrl @ negctrl @ rx(2*x) q2 q1 q0
negctrl @ x q2 q1
unitary "w" q1 q0
reset q2
barrier q0 q2
delay 2.5us q1
measure q0 -> c1
measure q1
opaque cal q0 q1 "play"
if ({c0} == 1 && !({c1} == 1 || {c0 c1} < 3)) {
  ry(a) q0
  while {c1} == 1 {
    rz(b) q1
  }
}
else {
  reset q0
}
if {c0} == 1 {
  reset q1
}
switch c1 c0
case 1 5 {
  rx(a) q2
}
case  {
}
default {
  rx(x) q1
}`
	sameText(t, "the circuit", c.String(), text)
	trained, err := c.Bind([]float64{4, 8}, nil)
	if err != nil {
		t.Fatal(err)
	}
	sameText(t, "with trained values", trained.String(), strings.NewReplacer("trained a b\n", "", "1 + 0.5*b", "5", "-a, 2 + x, 3*b*x", "-4, 2 + x, 24*x", "ry(a)", "ry(4)", "rz(b)", "rz(8)", "rx(a)", "rx(4)").Replace(text))
	data, err := c.Bind(nil, []float64{16})
	if err != nil {
		t.Fatal(err)
	}
	sameText(t, "with data", data.String(), strings.NewReplacer("data x\n", "", "-a, 2 + x, 3*b*x", "-a, 18, 48*b", "rx(2*x)", "rx(32)", "rx(x)", "rx(16)").Replace(text))
	sameText(t, "the circuit that was bound", c.String(), text)
	if none, err := c.Bind(nil, nil); err != nil || none.String() != c.String() {
		t.Errorf("bound to nothing: %v, %v", none, err)
	}
	for _, k := range []struct {
		trained, data []float64
		want          string
	}{
		{[]float64{1}, nil, "binding 1 trained values to a circuit of 2 trained symbols"},
		{nil, []float64{1, 2}, "binding 2 data values to a circuit of 1 data symbols"},
		{[]float64{}, nil, "binding 0 trained values to a circuit of 2 trained symbols"},
	} {
		if _, err := c.Bind(k.trained, k.data); err == nil || err.Error() != k.want {
			t.Errorf("%v, want %q", err, k.want)
		}
	}
	// Every operation is visited once, a block before what it holds, until an error.
	var kinds []string
	walk := func(op Op) error {
		kinds = append(kinds, strings.TrimPrefix(fmt.Sprintf("%T", op), "*ir."))
		return nil
	}
	if err := Walk(c.Ops, walk); err != nil {
		t.Error(err)
	}
	sameText(t, "the walk", strings.Join(kinds, " "), "Apply Apply Apply Unitary Reset Barrier Delay Measure Measure Opaque If Apply While Apply Reset If Reset Switch Apply Apply")
	stop, seen := errors.New("stop"), 0
	if err := Walk(c.Ops, func(op Op) error {
		if seen++; seen == 14 { // within the while
			return stop
		}
		return nil
	}); err != stop || seen != 14 {
		t.Errorf("%v after %d", err, seen)
	}
}

// A circuit that has every fault has a finding of each, with its place.
func TestFindingsOfVerify(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	many := operands(17)
	many[16] = 3
	c := &Circuit{Qubits: 20, Bits: 2, Trained: []string{"a"}, Data: []string{"x"}, Phase: Const(inf),
		QubitRegs: []Register{{"q", []int{20}}, {"q", []int{1, 1}}}, BitRegs: []Register{{"c", []int{-1}}}}
	no := Compare{[]int{0}, Equal, nil}
	c.Ops = []Op{
		&Apply{Gate: RX, Angles: []Angle{{Terms: []Term{{nan, 0, None}, {inf, 0, None}, {1, None, None}, {1, 1, None}, {1, -2, None}, {1, None, 1}, {1, None, -2}}}}, Qubits: []int{0}},
		&Apply{Gate: X, Qubits: []int{0}, Controls: -1},
		&Apply{Gate: X, Qubits: []int{0}, Controls: 65, Open: 1 << 63},
		&Apply{Gate: X, Qubits: []int{0, 1}, Controls: 1, Open: 0b11},
		&Apply{Gate: X, Qubits: append(operands(20)[:0:0], 0), Open: 1},
		&Unitary{"u", Matrix{Dim: 2}, []int{0, 20}}, &Unitary{"u", Identity(4), []int{0}}, &Unitary{"u", Identity(2).Scale(1 + 1e-8), []int{0}},
		&Measure{20, -2}, &Reset{-1}, &Barrier{many}, &Delay{nan, "s", []int{20}}, &Delay{-1, "S", nil}, &Delay{inf, "dt", nil},
		&If{All{BitSet(2), Any{Not{BitSet(3)}, no}}, []Op{&Reset{21}}, []Op{&Reset{22}}},
		&If{Then: []Op{&If{BitSet(0), nil, []Op{&Reset{23}}}}},
		&Switch{[]int{4, 4}, []Case{{nil, nil}, {nil, []Op{&Reset{24}}}}, []Op{&Reset{25}}},
		&While{BitSet(5), []Op{&Reset{26}}}, &Opaque{"cal", "", []int{27}}, &Apply{Gate: gateCount, Qubits: []int{99}}, nil,
	}
	const want = `
qubit register "q": qubit 20 is out of range, there are 20
qubit register "q": declared twice
qubit register "q": qubit 1 is used twice
bit register "c": bit -1 is out of range, there are 2
global phase: angle +Inf is not a number
op 0 (rx): coefficient NaN is not a number
op 0 (rx): coefficient +Inf is not a number
op 0 (rx): term 2 of the angle has no symbol
op 0 (rx): trained symbol 1 is out of range, there are 1
op 0 (rx): trained symbol -2 is out of range, there are 1
op 0 (rx): data symbol 1 is out of range, there are 1
op 0 (rx): data symbol -2 is out of range, there are 1
op 1 (x): -1 controls, at most 64 are held
op 1 (x): 1 qubits given, 0 needed
op 2 (x): 65 controls, at most 64 are held
op 2 (x): 1 qubits given, 66 needed
op 3 (x): open controls 11 of 1 controls
op 4 (x): open controls 1 of 0 controls
op 5: qubit 20 is out of range, there are 20
op 5: a matrix of 0 elements and order 2 is no operator on qubits
op 6: a matrix of 2 qubits on 1
op 7: the matrix is not unitary
op 8: qubit 20 is out of range, there are 20
op 8: bit -2 is out of range, there are 2
op 9: qubit -1 is out of range, there are 20
op 10: qubit 3 is used twice
op 11: qubit 20 is out of range, there are 20
op 11: a delay of NaN
op 12: a delay of -1
op 12: unit of time "S"
op 13: a delay of +Inf
op 14: bit 2 is out of range, there are 2
op 14: bit 3 is out of range, there are 2
op 14: comparison without a value
op 14 then 0: qubit 21 is out of range, there are 20
op 14 else 0: qubit 22 is out of range, there are 20
op 15: no condition
op 15 then 0 else 0: qubit 23 is out of range, there are 20
op 16: bit 4 is out of range, there are 2
op 16: bit 4 is out of range, there are 2
op 16: bit 4 is used twice
op 16 case 1 0: qubit 24 is out of range, there are 20
op 16 default 0: qubit 25 is out of range, there are 20
op 17: bit 5 is out of range, there are 2
op 17 body 0: qubit 26 is out of range, there are 20
op 18: qubit 27 is out of range, there are 20
op 19: unknown gate GATE
op 20: unknown operation <nil>`
	sameText(t, "what is found", fmt.Sprint(Verify(c)), strings.Replace(want, "GATE", fmt.Sprint(uint8(gateCount)), 1))
	// What is at a bound is right.
	c = New(65, 1)
	c.Ops = []Op{&Apply{Gate: X, Qubits: operands(65), Controls: 64, Open: math.MaxUint64}, &Barrier{operands(17)}, &Barrier{operands(16)}, &Delay{0, "dt", []int{0}}, &Apply{Gate: X, Qubits: []int{0, 1}, Controls: 1, Open: 1}}
	if err := Verify(c); err != nil {
		t.Error(err)
	}
}

// The sub-generator's circuits, gate for gate.
func TestAnsatzByHand(t *testing.T) {
	for _, k := range []struct {
		a      Ansatz
		inputs string // data symbols
		scales string // trained symbols after the angles
		latent bool
		gates  string // of two qubits and one layer, or of one qubit
	}{
		{Ansatz{Neurons: 1, LatentQubits: 1, Layers: 1, Closing: true, FinalChain: true, Latent: LatentScale{Value: 0.5}}, "z_0 z_1", "", true,
			"rx(0.5*z_0)0 ry(ry_0_0)0 rz(rz_0_0)0 rx(0.5*z_1)1 ry(ry_0_1)1 rz(rz_0_1)1 cx01 rx(0.5*z_0)0 rx(0.5*z_1)1 cx01"},
		{Ansatz{Neurons: 2, Layers: 1, Closing: true, Latent: LatentScale{Value: 0.5}}, "z_0 z_1", "", true,
			"rx(0.5*z_0)0 ry(ry_0_0)0 rz(rz_0_0)0 rx(0.5*z_1)1 ry(ry_0_1)1 rz(rz_0_1)1 cx01 rx(0.5*z_0)0 rx(0.5*z_1)1"},
		{Ansatz{Neurons: 2, Layers: 1, Closing: true, FinalChain: true, Product: true, Latent: LatentScale{Value: 0.5}}, "z_0 z_1", "", true,
			"rx(0.5*z_0)0 ry(ry_0_0)0 rz(rz_0_0)0 rx(0.5*z_1)1 ry(ry_0_1)1 rz(rz_0_1)1 rx(0.5*z_0)0 rx(0.5*z_1)1"},
		{Ansatz{Neurons: 2, Layers: 1}, "z_0 z_1", "", false, "ry(ry_0_0)0 rz(rz_0_0)0 ry(ry_0_1)1 rz(rz_0_1)1"},
		{Ansatz{Neurons: 1, Layers: 2, Closing: true, Latent: LatentScale{Trained: true}}, "z_0", "s_0_0 s_1_0 s_2_0", true,
			"rx(s_0_0*z_0)0 ry(ry_0_0)0 rz(rz_0_0)0 rx(s_1_0*z_0)0 ry(ry_1_0)0 rz(rz_1_0)0 rx(s_2_0*z_0)0"},
		{Ansatz{Neurons: 1, LatentQubits: 1, Layers: 1, Closing: true, Memory: true, Latent: LatentScale{Trained: true, Value: 2}}, "e_0_0 e_0_1 e_1_0 e_1_1", "", false,
			"rx(e_0_0)0 ry(ry_0_0)0 rz(rz_0_0)0 rx(e_0_1)1 ry(ry_0_1)1 rz(rz_0_1)1 cx01 rx(e_1_0)0 rx(e_1_1)1"},
		{Ansatz{Neurons: 3, Layers: 1, Drive: true, Pairs: true}, "y_0 y_1 y_2 t_0 t_1", "", false,
			"xx_minus_yy(2*t_0,1.5707963267948966)01 xx_minus_yy(2*t_1,1.5707963267948966)12 ry(y_0)0 ry(y_1)1 ry(y_2)2"},
		{Ansatz{Neurons: 2, Layers: 2, Memory: true, Drive: true}, "e_0_0 e_0_1 e_1_0 e_1_1 y_0 y_1", "", false,
			"rx(e_0_0)0 ry(ry_0_0)0 rz(rz_0_0)0 rx(e_0_1)1 ry(ry_0_1)1 rz(rz_0_1)1 cx01 rx(e_1_0)0 ry(y_0)0 rx(e_1_1)1 ry(y_1)1"},
		{Ansatz{Neurons: 4, Layers: 1, Drive: true, Pairs: true, Latent: LatentScale{Trained: true, Value: 2}}, "y_0 y_1 y_2 y_3 t_0 t_1 t_2", "", false,
			"xx_minus_yy(2*t_0,1.5707963267948966)01 xx_minus_yy(2*t_2,1.5707963267948966)23 xx_minus_yy(2*t_1,1.5707963267948966)12 ry(y_0)0 ry(y_1)1 ry(y_2)2 ry(y_3)3"},
	} {
		c := k.a.Circuit()
		if err := errors.Join(Verify(c), k.a.Check()); err != nil {
			t.Error(err)
		}
		var gates []string
		for _, op := range c.Ops {
			a := op.(*Apply)
			s := a.Gate.String()
			var angles []string
			for _, angle := range a.Angles {
				angles = append(angles, angle.Format(c.Trained, c.Data))
			}
			if len(angles) > 0 {
				s += "(" + strings.Join(angles, ",") + ")"
			}
			gates = append(gates, s+strings.ReplaceAll(strings.Trim(fmt.Sprint(a.Qubits), "[]"), " ", ""))
		}
		sameText(t, fmt.Sprintf("%+v", k.a), strings.Join(gates, " "), k.gates)
		sameText(t, "its inputs", strings.Join(c.Data, " "), k.inputs)
		sameText(t, "its scales", strings.Join(c.Trained[k.a.Angles():], " "), k.scales)
		if len(c.Data) != k.a.Inputs() || len(c.Trained) != k.a.Angles()+k.a.Scales() || k.a.UsesLatent() != k.latent || c.Qubits != k.a.Qubits() || c.Bits != 0 || c.Name != "sub_generator" {
			t.Errorf("%+v: %d inputs, %d angles, %d scales, latent %v", k.a, k.a.Inputs(), k.a.Angles(), k.a.Scales(), k.a.UsesLatent())
		}
	}
	for want, a := range map[string]Ansatz{
		"an ansatz of 0 neurons: at least 1 is needed":                                       {Layers: 1},
		"an ansatz of 0 layers: at least 1 is needed":                                        {Neurons: 1},
		"an ansatz of -1 latent qubits: it can't have fewer than 0":                          {Neurons: 1, Layers: 1, LatentQubits: -1},
		"an ansatz with a drive ends with it: it has no closing encoding and no final chain": {Neurons: 1, Layers: 1, Drive: true, FinalChain: true},
		"an ansatz with pairs has one layer, which is its drive, and no encodings":           {Neurons: 2, Layers: 2, Drive: true, Pairs: true},
	} {
		if err := a.Check(); err == nil || err.Error() != want {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// Each relation with a number below, at and above the value; a switch picks by all bits.
func TestRelations(t *testing.T) {
	for rel, want := range map[Relation][3]bool{
		Equal: {false, true, false}, NotEqual: {true, false, true}, Less: {true, false, false}, LessEqual: {true, true, false}, Greater: {false, false, true}, GreaterEqual: {false, true, true},
	} {
		for i, bits := range [][]bool{{true, false}, {false, true}, {true, true}} { // 1, 2, 3 with the least significant first
			if got := (Compare{[]int{0, 1}, rel, big.NewInt(2)}).Holds(bits); got != want[i] {
				t.Errorf("%d %s 2 is %v", i+1, rel, got)
			}
		}
	}
	body := func(n int) []Op { return []Op{&Reset{n}} }
	s := &Switch{Bits: []int{2, 0}, Cases: []Case{{[]*big.Int{big.NewInt(3), big.NewInt(1)}, body(1)}, {[]*big.Int{big.NewInt(2)}, body(2)}}, Default: body(0)}
	for i, bits := range [][]bool{{false, true, false}, {false, true, true}, {true, false, false}, {true, false, true}} { // bit 2 counts 1, bit 0 counts 2
		if got, want := s.Pick(bits)[0].(*Reset).Qubit, []int{0, 1, 2, 1}[i]; got != want {
			t.Errorf("%v picks %d, want %d", bits, got, want)
		}
	}
	for _, k := range []struct {
		unit string
		dt   float64
		s    float64
		ok   bool
	}{{"s", 0, 2, true}, {"ms", 0, 2e-3, true}, {"us", 0, 2e-6, true}, {"ns", 0, 2e-9, true}, {"dt", 4e-9, 8e-9, true}, {"dt", 0, 0, false}, {"h", 4e-9, 0, false}} {
		d := &Delay{Duration: 2, Unit: k.unit}
		if s, ok := d.Seconds(k.dt); ok != k.ok || math.Abs(s-k.s) > 1e-20 {
			t.Errorf("2%s is %v s, %v", k.unit, s, ok)
		}
	}
}

// Registers, symbols and measurements that are added.
func TestBuilding(t *testing.T) {
	if c := New(0, 0); c.QubitRegs != nil || c.BitRegs != nil {
		t.Errorf("%+v", c)
	}
	c := New(2, 3)
	if len(c.QubitRegs) != 1 || c.QubitRegs[0].Name != "q" || !slices.Equal(c.QubitRegs[0].Indices, []int{0, 1}) || len(c.BitRegs) != 1 || c.BitRegs[0].Name != "c" || !slices.Equal(c.BitRegs[0].Indices, []int{0, 1, 2}) {
		t.Errorf("%+v", c)
	}
	for i := range 3 {
		if a, b := c.TrainedSymbol("t"), c.DataSymbol("d"); a != i || b != i {
			t.Errorf("symbols %d and %d, want %d", a, b, i)
		}
	}
	c.Measure(1, 2)
	if m := c.Ops[0].(*Measure); m.Qubit != 1 || m.Bit != 2 {
		t.Errorf("%+v", m)
	}
	measured := func(c *Circuit) (s string) {
		for _, op := range c.Ops {
			s += fmt.Sprintf("%d>%d ", op.(*Measure).Qubit, op.(*Measure).Bit)
		}
		for _, r := range c.BitRegs {
			s += fmt.Sprintf("%s%v ", r.Name, r.Indices)
		}
		return strings.TrimSpace(fmt.Sprintf("%d bits, %s", c.Bits, s))
	}
	for _, k := range []struct {
		bits, first int // first 0: all
		want        string
	}{
		{0, 0, "4 bits, 0>0 1>1 2>2 3>3 c[0 1 2 3]"}, {2, 0, "4 bits, 0>0 1>1 2>2 3>3 c[0 1] c_[2 3]"}, {4, 0, "4 bits, 0>0 1>1 2>2 3>3 c[0 1 2 3]"},
		{5, 0, "5 bits, 0>0 1>1 2>2 3>3 c[0 1 2 3 4]"}, {2, 2, "2 bits, 0>0 1>1 c[0 1]"}, {1, 3, "3 bits, 0>0 1>1 2>2 c[0] c_[1 2]"},
	} {
		c := New(4, k.bits)
		if k.first == 0 {
			c.MeasureAll()
		} else {
			c.MeasureFirst(k.first)
		}
		sameText(t, fmt.Sprint(k.bits, " bits"), measured(c), k.want)
	}
}

// Occurrences take each angle apart, with the rule of its place; what only turns phases that
// nobody sees is bound to 0.
func TestOccurrencesByHand(t *testing.T) {
	c := New(3, 2)
	c.Name = "model"
	c.TrainedSymbol("a")
	c.DataSymbol("x")
	c.Phase = Trained(1, 0)
	c.Gate(RX, []int{0}, Trained(2, 0).Plus(1))
	c.Gate(RZ, []int{0}, Trained(3, 0)) // idle: only diagonal gates follow
	c.Gate(RZ, []int{1}, Data(4, 0))    // an h moves it later
	c.Ops = append(c.Ops, &Apply{Gate: RY, Angles: []Angle{Data(5, 0)}, Qubits: []int{2, 1}, Controls: 1}, &Barrier{[]int{0}})
	c.Gate(RX, []int{1}, Const(0.25))
	c.Gate(H, []int{1})
	c.Gate(RZZ, []int{0, 2}, Trained(6, 0)) // idle as well
	c.Gate(RZZ, []int{1, 2}, Trained(6, 0))
	c.Measure(0, 0)
	out, places, err := Occurrences(c)
	if err != nil {
		t.Fatal(err)
	}
	sameText(t, "the circuit", out.String(), `
circuit "model": 3 qubits, 2 bits
trained a_0 a_1 a_2
rx(a_0) q0
rz(0) q0
rz(a_1) q1
ctrl @ ry(a_2) q2 q1
barrier q0
rx(0.25) q1
h q1
rzz(0) q0 q2
rzz(0) q1 q2
measure q0 -> c0`)
	for i, want := range []struct {
		angle string
		kind  ShiftKind
	}{{"1 + 2*a", ShiftTwo}, {"4*x", ShiftTwo}, {"5*x", ShiftFour}} {
		if got := places[i]; got.Angle.Format(c.Trained, c.Data) != want.angle || got.Rule.Kind != want.kind || got.Rule.Scale != 1 || len(got.Terms()) != len(Shift{want.kind, 1}.Terms()) {
			t.Errorf("place %d: %+v", i, got)
		}
	}
	if len(places) != 3 || len(c.Trained) != 1 || c.Ops[0].(*Apply).Angles[0].Format(c.Trained, c.Data) != "1 + 2*a" {
		t.Errorf("%d places; the circuit that was given: %s", len(places), c)
	}
	// A gate that moves, or a diagonal one on a qubit that moves later, is not idle; nor is
	// anything before a reset.
	for _, k := range []struct {
		last Op
		n    int
	}{{&Reset{2}, 2}, {&Unitary{"u", Identity(2), []int{2}}, 2}, {&Delay{1, "s", []int{0}}, 0}, {&Apply{Gate: H, Qubits: []int{0}}, 2}, {&Apply{Gate: H, Qubits: []int{2}}, 0}, {&Apply{Gate: CX, Qubits: []int{2, 1}}, 2}} {
		c := New(3, 0)
		c.TrainedSymbol("a")
		c.Gate(RZ, []int{0}, Trained(1, 0))
		c.Gate(RZZ, []int{0, 1}, Trained(1, 0))
		c.Ops = append(c.Ops, k.last)
		if _, places, err := Occurrences(c); err != nil || len(places) != k.n {
			t.Errorf("before %T: %d places, want %d, %v", k.last, len(places), k.n, err)
		}
	}
	// In a block a constant angle is taken and a symbol is refused.
	c = New(2, 1)
	c.Name = "model"
	c.TrainedSymbol("a")
	block := &If{Cond: BitSet(0), Then: []Op{&Apply{Gate: RX, Angles: Consts(1), Qubits: []int{0}}}}
	c.Ops = []Op{&Apply{Gate: RX, Angles: []Angle{Trained(1, 0)}, Qubits: []int{0}}, block}
	if out, places, err := Occurrences(c); err != nil || len(places) != 1 || len(out.Ops) != 2 || out.Ops[1] != Op(block) {
		t.Errorf("%v, %v, %v", out, places, err)
	}
	block.Else = []Op{&Apply{Gate: RY, Angles: []Angle{Trained(2, 0)}, Qubits: []int{0}}}
	if _, _, err := Occurrences(c); err == nil || err.Error() != `circuit "model": operation 1: angle 2*a depends on measured bits, so that parts of the shots are chosen: no shift rule differentiates that` {
		t.Error(err)
	}
	for kind, want := range map[ShiftKind]ShiftKind{ShiftNone: ShiftPhase, ShiftTwo: ShiftFour, ShiftPhase: ShiftPhase, ShiftFour: ShiftFour} {
		if got := (Shift{kind, 3}).Controlled(); got.Kind != want || got.Scale != 3 {
			t.Errorf("controlled, %v becomes %v", kind, got)
		}
	}
}

// Unitaries of small circuits, their equivalence and their inverse.
func TestUnitariesByHand(t *testing.T) {
	c := New(2, 0)
	c.Name = "c"
	flip := Matrix{Dim: 2, A: []complex128{0, 1i, 1, 0}}
	c.Ops = []Op{&Unitary{"f", flip, []int{1}}, &Barrier{[]int{0}}, &Delay{1, "s", []int{0}}}
	c.Phase = Const(math.Pi / 2)
	u, err := UnitaryOf(c, nil, nil)
	want := Matrix{Dim: 4, A: []complex128{0, -1, 0, 0, 1i, 0, 0, 0, 0, 0, 0, -1, 0, 0, 1i, 0}}
	if err != nil || u.Distance(want) > 1e-15 {
		t.Errorf("%v, %v", u, err)
	}
	inverse, err := Inverse(c)
	if err != nil || len(inverse.Ops) != 3 || inverse.Ops[2].(*Unitary).Name != "f_inverse" || inverse.Ops[2].(*Unitary).Qubits[0] != 1 || inverse.Ops[0] != c.Ops[2] {
		t.Fatalf("%v, %v", inverse, err)
	}
	if v, err := UnitaryOf(inverse, nil, nil); err != nil || v.Mul(u).Distance(Identity(4)) > 1e-15 {
		t.Errorf("the inverse is %v, %v", v, err)
	}
	// An open control acts where its qubit is 0: bit i is that of the i-th control.
	x := Matrix{Dim: 2, A: []complex128{0, 1, 1, 0}}
	for open := range uint64(4) {
		at := 2 * int(3^(open&1<<1|open>>1)) // the row of the block that x stands in
		want := Identity(8)
		want.A[at*8+at], want.A[(at+1)*8+at+1], want.A[at*8+at+1], want.A[(at+1)*8+at] = 0, 0, 1, 1
		if got := x.ControlledBy(2, open); got.Distance(want) != 0 {
			t.Errorf("open %02b: %v", open, got)
		}
	}
	measured, wide, free, other := New(2, 1), New(MaxUnitaryQubits+1, 0), New(2, 0), New(1, 0)
	measured.Measure(0, 0)
	free.Name = "free"
	free.DataSymbol("x")
	for _, k := range []struct {
		a, b *Circuit
		same bool
		err  string
	}{
		{c, c, true, ""}, {c, other, false, ""}, {c, New(2, 0), false, ""},
		{free, c, false, `circuit "free" has free symbols; bind them first`}, {c, free, false, `circuit "free" has free symbols; bind them first`},
		{measured, c, false, "op 0: a circuit with measure has no unitary"}, {c, measured, false, "op 0: a circuit with measure has no unitary"},
		{wide, wide, false, "the unitary of 13 qubits is too large to write out, at most 12"},
	} {
		if same, err := Equivalent(k.a, k.b, 1e-12); same != k.same || (err == nil) != (k.err == "") || err != nil && err.Error() != k.err {
			t.Errorf("%v, %v; want %v, %q", same, err, k.same, k.err)
		}
	}
	if _, err := Inverse(measured); err == nil || err.Error() != "op 0: measure has no inverse" {
		t.Error(err)
	}
	turned := New(1, 0)
	turned.Gate(RZ, []int{0}, Const(1e-3))
	if same, err := Equivalent(turned, other, 1e-3); err != nil || !same { // 5e-4 apart
		t.Errorf("%v, %v", same, err)
	}
	if same, err := Equivalent(turned, other, 4e-4); err != nil || same {
		t.Errorf("%v, %v", same, err)
	}
}

// Physical numbers that can't be had, and what is left of a circuit's registers.
func TestPhysicalFaults(t *testing.T) {
	c := New(2, 0)
	c.Name = "c"
	for _, k := range []struct {
		regs []Register
		want string // the qubits of a cx, or the error
	}{
		{[]Register{{"q", []int{0, 1}}}, "2 qubits, [0 1], 1 registers"},
		{[]Register{{"$0", []int{0}}, {"$1", []int{1}}}, "2 qubits, [0 1], 2 registers"},
		{[]Register{{"$5", []int{0}}, {"$3", []int{1}}}, "6 qubits, [5 3], 0 registers"},
		{[]Register{{"$1", []int{0}}}, `circuit "c": qubits 0 and 1 are both physical qubit 1: name all by $n or none`},
		{[]Register{{"$0", []int{1}}}, `circuit "c": qubits 0 and 1 are both physical qubit 0: name all by $n or none`},
		{[]Register{{"$3", []int{0, 1}}, {"5", []int{0}}, {"$x", []int{0}}}, "2 qubits, [0 1], 3 registers"},
		{[]Register{{"$-1", []int{0}}}, `circuit "c": physical qubit $-1 is out of range`},
		{[]Register{{"$1048577", []int{0}}}, `circuit "c": physical qubit $1048577 is out of range`},
		{[]Register{{"$1048576", []int{0}}}, "1048577 qubits, [1048576 1], 0 registers"},
	} {
		c.QubitRegs, c.Ops = k.regs, []Op{&Apply{Gate: CX, Qubits: []int{0, 1}}, &Measure{0, -1}}
		got, err := Physical(c)
		text := fmt.Sprint(err)
		if err == nil {
			text = fmt.Sprintf("%d qubits, %v, %d registers", got.Qubits, got.Ops[0].(*Apply).Qubits, len(got.QubitRegs))
		}
		sameText(t, fmt.Sprint(k.regs), text, k.want)
	}
}

// Angles that hold the same in any form are equal, and print as a sum.
func TestAngleForms(t *testing.T) {
	names, data := []string{"a", "b"}, []string{"x"}
	for _, k := range []struct {
		a    Angle
		want string
	}{
		{Trained(1, 1).Add(Trained(1, 0)), "a + b"}, {Trained(-2, 0).Add(Data(-1, 0)), "-x - 2*a"}, {Trained(1, 0).Plus(-1), "-1 + a"},
		{Product(-1, 0, 0).Plus(0.5), "0.5 - a*x"}, {Trained(2, 2), "2*t2"}, {Data(1, 1), "d1"}, {Const(math.Inf(-1)), "-Inf"}, {Const(0), "0"}, {Trained(0, 0), "0"},
		{Trained(1, 0).Sub(Trained(1, 0)).Add(Data(1, 0)), "x"}, {Const(2).Add(Const(3)), "5"}, {Const(2).Sub(Const(3)), "-1"}, {Data(3, 0).Plus(2).Neg(), "-2 - 3*x"},
	} {
		if got := k.a.Format(names, data); got != k.want {
			t.Errorf("%q, want %q", got, k.want)
		}
	}
	a := Trained(1, 0).Plus(2)
	for _, k := range []struct {
		b    Angle
		want bool
	}{{Const(2).Add(Trained(1, 0)), true}, {Trained(1, 0).Plus(3), false}, {Trained(2, 0).Plus(2), false}, {Const(2), false}} {
		if a.Equal(k.b) != k.want || k.b.Equal(a) != k.want {
			t.Errorf("%v and %v: equal is not %v", a, k.b, k.want)
		}
	}
	if z := a.Sub(a); z.Terms != nil || !z.IsZero() {
		t.Errorf("%#v", z)
	}
}

// What the encodings of several layers and qubits read: the latent vector, scales of their own,
// or inputs of their own, by layer and qubit.
func TestEncodingsByPlace(t *testing.T) {
	for name, a := range map[string]Ansatz{
		"s_%d_%d*z_%[2]d": {Neurons: 2, LatentQubits: 1, Layers: 3, Closing: true, Latent: LatentScale{Trained: true}},
		"e_%d_%d":         {Neurons: 2, LatentQubits: 1, Layers: 3, Closing: true, Memory: true},
	} {
		c := a.Circuit()
		n := 0
		for _, op := range c.Ops {
			if g := op.(*Apply); g.Gate == RX {
				if got, want := g.Angles[0].Format(c.Trained, c.Data), fmt.Sprintf(name, n/3, n%3); got != want || g.Qubits[0] != n%3 {
					t.Errorf("encoding %d is %s on %v, want %s", n, got, g.Qubits, want)
				}
				n++
			}
		}
		if n != 12 || a.Memory && a.Inputs() != 12 || !a.Memory && (a.Scales() != 12 || a.Inputs() != 3) {
			t.Errorf("%d encodings, %d inputs, %d scales", n, a.Inputs(), a.Scales())
		}
	}
}

// A gate whose parameters count turns is the same, but for the sign, a whole turn further;
// no other gate is.
func TestTurns(t *testing.T) {
	for _, g := range Gates() {
		info := g.Info()
		for i := range info.Params {
			p := []float64{0.3, 0.4, 0.7, 0.2}[:len(info.Params)]
			a := info.Matrix(p)
			p = slices.Clone(p)
			p[i]++
			b := info.Matrix(p)
			if same := min(a.Distance(b), a.Distance(b.Scale(-1))) < 1e-12; same != info.Turns {
				t.Errorf("parameter %s of %s: the same after 1 is %v", info.Params[i], info.Name, same)
			}
		}
	}
}

// What a vendor's block leaves is all else, in its place.
func TestBlocksWithoutOpaque(t *testing.T) {
	c := everything()
	c.Ops = []Op{&Opaque{"box", "", []int{0}}, &Reset{0}, &Opaque{"endbox", "", []int{0}},
		&If{BitSet(1), []Op{&Opaque{"cal", "", nil}, &Reset{1}}, []Op{&Reset{2}, &Opaque{"pragma", "", nil}}},
		&While{BitSet(0), []Op{&Opaque{"cal", "", nil}, &Measure{0, 0}}},
		&Switch{[]int{1, 0}, []Case{{[]*big.Int{big.NewInt(2)}, []Op{&Opaque{"defcal", "", nil}, &Reset{1}}}}, []Op{&Reset{0}, &Opaque{"cal", "", nil}}}}
	before := c.String()
	out, kinds := c.WithoutOpaque()
	sameText(t, "what is left", out.String(), `
circuit "all": 3 qubits, 2 bits
trained a b
data x
phase 1 + 0.5*b
reset q0
if {c1} == 1 {
  reset q1
}
else {
  reset q2
}
while {c0} == 1 {
  measure q0 -> c0
}
switch c1 c0
case 2 {
  reset q1
}
default {
  reset q0
}`)
	if want := map[string]bool{"box": true, "cal": true, "pragma": true, "defcal": true}; fmt.Sprint(kinds) != fmt.Sprint(want) {
		t.Errorf("kinds %v", kinds)
	}
	sameText(t, "the circuit that was given", c.String(), before)
	// Measurements are found anywhere; those that are added leave the list that was there alone.
	inner := New(3, 2)
	inner.Ops = append(make([]Op, 0, 10), &While{BitSet(0), []Op{&Measure{0, 0}}}, &Reset{2})
	if !inner.Measures() || New(1, 1).Measures() {
		t.Error("measurements within a block")
	}
	ops := inner.Ops
	inner.MeasureUsed()
	if len(inner.Ops) != 4 || *inner.Ops[2].(*Measure) != (Measure{0, 0}) || *inner.Ops[3].(*Measure) != (Measure{2, 1}) || inner.Bits != 2 || inner.BitRegs != nil {
		t.Errorf("%s", inner)
	}
	if spare := ops[:3][2]; spare != nil {
		t.Errorf("the list that was given now has %v behind its end", spare)
	}
}
