package qasm

import (
	"fmt"
	"strconv"
	"strings"

	"qgan/ir"
)

// encoding is a lowered circuit on its way to a form that is no OpenQASM.
type encoding struct {
	circuit *ir.Circuit
	ops     []ir.Op
	native  bool // all gates are the device's
	qubits  []string
	bits    []register
}

// ionqName is the name of a gate in the gate set qis of ionq.circuit.v1.
func ionqName(g *ir.Info) string {
	return map[string]string{
		"x": "x", "y": "y", "z": "z", "h": "h", "s": "s", "sdg": "si", "t": "t", "tdg": "ti", "sx": "v", "sxdg": "vi",
		"rx": "rx", "ry": "ry", "rz": "rz", "cx": "cnot", "swap": "swap", "rxx": "xx", "ryy": "yy", "rzz": "zz",
	}[g.Name]
}

// IonQGate is one gate of ionq.circuit.v1: angles in radians (qis) or turns
// (native).
type IonQGate struct {
	Gate     string    `json:"gate"`
	Control  *int      `json:"control,omitempty"`
	Target   *int      `json:"target,omitempty"`
	Targets  []int     `json:"targets,omitempty"`
	Rotation *float64  `json:"rotation,omitempty"`
	Phase    *float64  `json:"phase,omitempty"`
	Phases   []float64 `json:"phases,omitempty"`
	Angle    *float64  `json:"angle,omitempty"`
}

// IonQJob is the body of a job of one circuit (API v0.4, "ionq.circuit.v1").
type IonQJob struct {
	Type  string    `json:"type"`
	Input IonQInput `json:"input"`
	// Metadata says which qubit each bit of the circuit is, -1 for none: the
	// service measures all qubits at the end and knows no bits.
	Metadata map[string]string `json:"metadata,omitempty"`
}

// IonQInput is a circuit of a job; its gate set is qis or native.
type IonQInput struct {
	Qubits  int        `json:"qubits"`
	Gateset string     `json:"gateset"`
	Circuit []IonQGate `json:"circuit"`
}

// encodeIonQ makes an *IonQJob.
func encodeIonQ(e *encoding) (any, error) {
	job := &IonQJob{"ionq.circuit.v1", IonQInput{e.circuit.Qubits, "qis", []IonQGate{}}, nil}
	if e.native {
		job.Input.Gateset = "native"
	}
	from := make([]string, e.circuit.Bits)
	for i := range from {
		from[i] = "-1"
	}
	for _, op := range e.ops {
		switch op := op.(type) {
		case *ir.Measure:
			if op.Bit < len(from) {
				from[op.Bit] = strconv.Itoa(op.Qubit)
			}
		case *ir.Apply:
			job.Input.Circuit = append(job.Input.Circuit, ionqGateOf(op, e.native))
		}
	}
	if len(from) > 0 {
		job.Metadata = map[string]string{"qubit_of_bit": "[" + strings.Join(from, ",") + "]"}
	}
	return job, nil
}

func ionqGateOf(op *ir.Apply, native bool) IonQGate {
	g := IonQGate{Gate: op.Gate.String()}
	switch q := op.Qubits; {
	case !native && op.Gate == ir.CX:
		g.Control, g.Target = &q[0], &q[1]
	case len(q) == 1:
		g.Target = &q[0]
	default:
		g.Targets = q
	}
	angle := func(i int) *float64 { return &op.Angles[i].Const }
	switch {
	case !native:
		g.Gate = ionqName(op.Gate.Info())
		if len(op.Angles) > 0 {
			g.Rotation = angle(0)
		}
	case op.Gate == ir.MS:
		g.Phases, g.Angle = []float64{*angle(0), *angle(1)}, angle(2)
	case op.Gate == ir.ZZ:
		g.Angle = angle(0)
	default:
		g.Phase = angle(0)
	}
	return g
}

// IQMInstruction is one operation of IQM's circuit; angles in radians, times in
// seconds.
type IQMInstruction struct {
	Name           string         `json:"name"`
	Locus          []string       `json:"locus"`
	Args           map[string]any `json:"args"`
	Implementation *string        `json:"implementation"`
}

// IQMCircuit is a circuit of a job request (api/v1, "circuits").
type IQMCircuit struct {
	Name         string           `json:"name"`
	Instructions []IQMInstruction `json:"instructions"`
	Metadata     *struct{}        `json:"metadata"`
}

// encodeIQM makes an *IQMCircuit. A bit of a register is measured with the key
// register_length_index_bit.
func encodeIQM(e *encoding) (any, error) {
	out := &IQMCircuit{Name: e.circuit.Name, Instructions: []IQMInstruction{}}
	if out.Name == "" {
		out.Name = "circuit"
	}
	locus := func(qubits []int) []string {
		names := make([]string, len(qubits))
		for i, q := range qubits {
			names[i] = e.qubits[q]
		}
		return names
	}
	for _, op := range e.ops {
		k := IQMInstruction{Args: map[string]any{}}
		switch op := op.(type) {
		case *ir.Apply:
			k.Name, k.Locus = op.Gate.String(), locus(op.Qubits)
			if op.Gate == ir.PRX {
				k.Args["angle"], k.Args["phase"] = op.Angles[0].Const, op.Angles[1].Const
			}
		case *ir.Measure:
			k.Name, k.Locus = "measure", locus([]int{op.Qubit})
			k.Args["key"] = measureKey(e.bits, op.Bit)
		case *ir.Reset:
			k.Name, k.Locus = "reset", locus([]int{op.Qubit})
		case *ir.Barrier:
			k.Name, k.Locus = "barrier", locus(op.Qubits)
		case *ir.Delay:
			duration, ok := op.Seconds(0)
			if !ok {
				return nil, &Refusal{Dialect: "iqm-json", Where: "circuit", Construct: "a delay in dt", Hint: "give it in ns"}
			}
			k.Name, k.Locus = "delay", locus(op.Qubits)
			k.Args["duration"] = duration
		}
		out.Instructions = append(out.Instructions, k)
	}
	return out, nil
}

func measureKey(regs []register, bit int) string {
	for i, r := range regs {
		if bit >= r.first && bit < r.first+r.size {
			return fmt.Sprintf("%s_%d_%d_%d", r.name, r.size, i, bit-r.first)
		}
	}
	return fmt.Sprintf("bit_%d", bit)
}
