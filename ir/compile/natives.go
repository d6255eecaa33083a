package compile

import (
	"math"

	"qgan/ir"
)

// pulses is a row of the table of one-qubit gate sets. Every set makes any
// one-qubit gate of z rotations and of turns about X; z rotations are virtual:
// either the gate rz, which a control system does in software, or a phase of the
// gates that follow.
type pulses struct {
	name  string
	needs []string // names of native gates that must all be there
	lacks []string // names of which none may be there
	// half is a quarter turn about X, full half a turn (left out: two halves),
	// turn one of any angle (left out: none).
	half, full, turn pulse
	// framed: z rotations become phases of the pulses. Otherwise rz is native.
	framed bool
}

// pulse is a gate that turns about an axis in the X-Y plane: with a frame f, the
// rotations Rz(f) still to be done, about the axis at angle -f.
type pulse struct {
	gate  ir.Gate
	angle float64 // of a gate that takes its angle as a parameter
}

func (p pulse) there() bool { return p.gate != absent }

// absent is the gate of a field that is left out; gphase is no pulse.
const absent = ir.GPhase

// pulseSets is the table; the first row that fits a device is taken.
//
// Sources: IBM, native gates of Heron and Eagle processors (rz, sx, x and the
// fractional rx); IonQ, "Getting started with native gates"; IQM, gate prx;
// Rigetti, rx in quarter turns; AQT, gates r and rz.
var pulseSets = []pulses{
	{name: "rz, sx, x, rx", needs: []string{"rz", "sx", "rx"}, half: pulse{gate: ir.SX}, full: pulse{gate: ir.X}, turn: pulse{gate: ir.RX}},
	{name: "rz, sx, x", needs: []string{"rz", "sx", "x"}, half: pulse{gate: ir.SX}, full: pulse{gate: ir.X}},
	{name: "rz, sx", needs: []string{"rz", "sx"}, half: pulse{gate: ir.SX}},
	{name: "rz, prx", needs: []string{"rz", "prx"}, half: pulse{ir.PRX, math.Pi / 2}, full: pulse{ir.PRX, math.Pi}, turn: pulse{gate: ir.PRX}},
	{name: "prx", needs: []string{"prx"}, half: pulse{ir.PRX, math.Pi / 2}, full: pulse{ir.PRX, math.Pi}, turn: pulse{gate: ir.PRX}, framed: true},
	{name: "gpi, gpi2", needs: []string{"gpi", "gpi2"}, half: pulse{gate: ir.GPI2}, full: pulse{gate: ir.GPI}, framed: true},
	{name: "rz, rx, ry", needs: []string{"rz", "rx", "ry"}, half: pulse{ir.RX, math.Pi / 2}, full: pulse{ir.RX, math.Pi}, turn: pulse{gate: ir.RX}},
	{name: "rz, rx in quarter turns", needs: []string{"rz", "rx"}, lacks: []string{"sx"}, half: pulse{ir.RX, math.Pi / 2}, full: pulse{ir.RX, math.Pi}},
}

// flow tells what a z rotation before one operand of a two-qubit gate becomes
// behind it.
type flow struct {
	passes bool
	to     int     // the operand on which it comes out
	sign   float64 // of its angle there
	// phase is the parameter of the gate that takes the angle up on the way, in
	// turns and with a minus; -1 for none.
	phase int
}

// through is the flow of most gates: the rotation comes out where it went in.
func through(operand int) flow { return flow{true, operand, 1, -1} }

// entangler is a row of the table of two-qubit gates: how a cx is made of it.
type entangler struct {
	gate   ir.Gate
	angles []ir.Angle
	// symmetric: the operands may be exchanged.
	symmetric bool
	// uses counts the two-qubit gates of a cx.
	uses int
	// cx equals cx(0, 1), up to global phase; on a gate that is not symmetric the
	// operands stand in the native order.
	cx []ir.Step
	z  [2]flow
	// rotation is the native gate of a continuous angle, exp(-i·a/2·Z⊗Z) with
	// a counted in turns where perTurn is set.
	rotation ir.Gate
	perTurn  bool
}

func step(g ir.Gate, qubits []int, angles ...float64) ir.Step {
	return ir.Step{Gate: g, Qubits: qubits, Angles: ir.Consts(angles...)}
}

const quarter = math.Pi / 2

var (
	control = []int{0}
	other   = []int{1}
	both    = []int{0, 1}
)

// entanglers is the table. The identities follow from
//
//	cx = e^{iπ/4}·Rz(π/2)⊗Rx(π/2)·exp(iπ/4 Z⊗X), ecr = X⊗1·exp(-iπ/4 Z⊗X);
//
// tests hold every row against the matrices.
var entanglers = []entangler{
	{gate: ir.CX, uses: 1, cx: []ir.Step{step(ir.CX, both)},
		z: [2]flow{through(0), {}}},
	{gate: ir.CZ, symmetric: true, uses: 1,
		cx: []ir.Step{step(ir.H, other), step(ir.CZ, both), step(ir.H, other)},
		z:  [2]flow{through(0), through(1)}},
	{gate: ir.ECR, uses: 1,
		cx: []ir.Step{step(ir.RX, other, -quarter), step(ir.ECR, both), step(ir.X, control), step(ir.RZ, control, -quarter)},
		z:  [2]flow{{true, 0, -1, -1}, {}}},
	{gate: ir.RZZ, angles: ir.Consts(quarter), symmetric: true, uses: 1,
		cx: []ir.Step{step(ir.H, other), step(ir.RZZ, both, quarter), step(ir.H, other), step(ir.RX, other, -quarter), step(ir.RZ, control, -quarter)},
		z:  [2]flow{through(0), through(1)}, rotation: ir.RZZ},
	{gate: ir.ZZ, angles: ir.Consts(0.25), symmetric: true, uses: 1,
		cx: []ir.Step{step(ir.H, other), step(ir.ZZ, both, 0.25), step(ir.H, other), step(ir.RX, other, -quarter), step(ir.RZ, control, -quarter)},
		z:  [2]flow{through(0), through(1)}, rotation: ir.ZZ, perTurn: true},
	{gate: ir.MS, angles: ir.Consts(0, 0, 0.25), symmetric: true, uses: 1,
		cx: []ir.Step{step(ir.RY, control, quarter), step(ir.MS, both, 0, 0, 0.25), step(ir.RY, control, -quarter), step(ir.RX, other, -quarter), step(ir.RZ, control, -quarter)},
		z:  [2]flow{{true, 0, 1, 0}, {true, 1, 1, 1}}},
	{gate: ir.RXX, angles: ir.Consts(quarter), symmetric: true, uses: 1,
		cx: []ir.Step{step(ir.RY, control, quarter), step(ir.RXX, both, quarter), step(ir.RY, control, -quarter), step(ir.RX, other, -quarter), step(ir.RZ, control, -quarter)}},
	{gate: ir.ISwap, symmetric: true, uses: 2,
		cx: []ir.Step{step(ir.RZ, other, -quarter), step(ir.ISwap, both), step(ir.RX, control, quarter), step(ir.ISwap, both),
			step(ir.RZ, control, quarter), step(ir.RZ, other, -quarter), step(ir.RX, other, -quarter)},
		z: [2]flow{{true, 1, 1, -1}, {true, 0, 1, -1}}},
}

// entanglerOf returns the row of a native two-qubit gate, or nil.
func entanglerOf(g ir.Gate) *entangler {
	for i := range entanglers {
		if entanglers[i].gate == g {
			return &entanglers[i]
		}
	}
	return nil
}
