package qasm

import (
	"fmt"
	"slices"
	"strings"

	"qgan/internal/words"
	"qgan/ir"
)

// keeping says what a dialect does with an operation that has no effect on an
// ideal machine.
type keeping uint8

const (
	keep   keeping = iota // write it
	drop                  // leave it out and say so in a comment
	refuse                // an error
)

// dialect is one row of the table of dialects.
type dialect struct {
	name    string
	version string // of the first line
	include string // the library of gates, empty for none

	// spell returns the name of a gate that the reader knows without a
	// definition, or nothing.
	spell func(*ir.Info) string
	// lowered lists gates that are not used although the reader knows a gate
	// of that name.
	lowered []ir.Gate
	// define writes a gate definition for what has no spelling; otherwise its
	// decomposition is written in place.
	define bool
	// native are the gates of a device, where the dialect speaks of one. With
	// only, others are refused; without, a circuit that holds nothing else is
	// written with their own names, without the library.
	native []ir.Gate
	only   bool
	// encode makes the value of a form that is JSON and no OpenQASM.
	encode func(e *encoding) (any, error)
	// assemble writes a text that is no OpenQASM, with bits that are one memory of this name,
	// or registers without one.
	assemble func(a *assembly)
	memory   string
	words    []string // that are no names there, beside those that are nowhere

	controls    bool // ctrl @ and negctrl @, otherwise written out
	piFractions bool // k*pi/n where that is the same number
	gphase      bool // global phase is written, otherwise left out with a comment
	inputs      bool // free symbols become inputs, otherwise they must be bound
	inputType   string
	unicode     bool // names of inputs beyond ASCII
	radians     bool // gates of the table that count in turns count in radians
	physical    bool // the qubits $n of a circuit keep their names
	hardware    bool // every qubit is $n
	barrier     keeping
	delay       keeping
	box         bool    // any box, otherwise none but those of verbatim
	verbatim    bool    // what is native already is put into a box that is run as it is written
	blocks      bool    // if, else and while
	assigns     bool    // bits are given values, and conditions compute
	conditional bool    // if(c==n) before a single operation
	oneRegister bool    // at most one register of each kind
	rewrite     bool    // a bit may be measured into more than once
	middle      keeping // measurement and reset before the end
	measured    bool    // bits that nothing is measured into are left out
}

func stdGates(g *ir.Info) string { return g.Spelling.StdGates }

// legacyGates names a gate as the known texts of qelib1.inc do. Their p and u
// are the paper's u1 and u3.
func legacyGates(g *ir.Info) string {
	if g.Spelling.QELib1 == "" && qelib1[g.Spelling.Qiskit] && g.Spelling.Qiskit != "u" {
		return g.Spelling.Qiskit
	}
	return g.Spelling.QELib1
}

// own names a gate as the table does.
func own(g *ir.Info) string { return g.Name }

// dialects is the table. A row states what was tried on the readers that it
// names (see the package comment); referee/ tries the rows on those readers.
var dialects = []dialect{
	{
		name: "generic", version: "3.0", include: "stdgates.inc",
		// The four-parameter cu and the names phase and cphase are missing in
		// Cirq or pyqasm.
		spell: stdGates, lowered: []ir.Gate{ir.CU, ir.GPhase},
		inputs: true, inputType: "float[64]", barrier: drop, delay: drop, oneRegister: true,
	},
	{
		name: "qiskit", version: "3.0", include: "stdgates.inc",
		// Qiskit's U, u2 and u3 differ from the specification's in global phase.
		spell: stdGates, lowered: []ir.Gate{ir.U, ir.U2, ir.U3},
		define: true, controls: true, piFractions: true, gphase: true, inputs: true, inputType: "float[64]", unicode: true,
		physical: true, barrier: keep, delay: keep, box: true, blocks: true, rewrite: true,
	},
	{
		// A program of the Qiskit Runtime service: gates and qubits of the device.
		// Its importer refuses ecr and rzz without a definition.
		name: "ibm", version: "3.0", include: "stdgates.inc",
		spell: stdGates, define: true, only: true,
		native: []ir.Gate{ir.ID, ir.X, ir.SX, ir.RZ, ir.RX, ir.CX, ir.CZ, ir.ECR, ir.RZZ},
		inputs: true, inputType: "float[64]", hardware: true, barrier: keep, delay: keep, blocks: true, assigns: true, rewrite: true,
	},
	{
		// The language as its specification has it ("Classical instructions"): conditions
		// that compute and assignments to bits, which no reader tried here knows in full.
		name: "spec", version: "3.1", include: "stdgates.inc",
		spell: stdGates, define: true, controls: true, gphase: true, inputs: true, inputType: "float[64]", unicode: true,
		physical: true, barrier: keep, delay: keep, box: true, blocks: true, assigns: true, rewrite: true,
	},
	{
		// Amazon Braket ("Supported OpenQASM features"): own names, no include,
		// one register of each kind, or physical qubits; boxes are verbatim.
		name: "braket", version: "3.0",
		spell:  func(g *ir.Info) string { return g.Spelling.Braket },
		inputs: true, inputType: "float", unicode: true, radians: true, physical: true, verbatim: true, barrier: drop, delay: drop, oneRegister: true,
	},
	{
		// IonQ's OpenQASM 3 subset: no control flow; native gates in turns and
		// without the library.
		name: "ionq", version: "3.0", include: "stdgates.inc",
		spell: stdGates, lowered: []ir.Gate{ir.U, ir.U2, ir.U3, ir.CU, ir.GPhase, ir.ID},
		native: []ir.Gate{ir.GPI, ir.GPI2, ir.MS, ir.ZZ}, barrier: drop, delay: drop, oneRegister: true,
	},
	{
		// OpenQASM 2.0 with the gates of its paper's qelib1.inc.
		name: "qasm2", version: "2.0", include: "qelib1.inc",
		spell: func(g *ir.Info) string { return g.Spelling.QELib1 }, barrier: keep, delay: drop, conditional: true, rewrite: true,
	},
	{
		// OpenQASM 2.0 with the gates of Qiskit's text of qelib1.inc as well.
		name: "qasm2-legacy", version: "2.0", include: "qelib1.inc",
		spell: legacyGates, barrier: keep, delay: drop, conditional: true, rewrite: true,
	},
	{
		// The body of a job of the type ionq.circuit.v1.
		name: "ionq-json", spell: ionqName, native: []ir.Gate{ir.GPI, ir.GPI2, ir.MS, ir.ZZ}, encode: encodeIonQ,
		barrier: drop, delay: drop, oneRegister: true, rewrite: true, middle: refuse,
	},
	{
		// A circuit of IQM's job request.
		name: "iqm-json", spell: own, native: []ir.Gate{ir.PRX, ir.CZ}, only: true, encode: encodeIQM,
		physical: true, barrier: keep, delay: keep, oneRegister: true, rewrite: true,
	},
	{
		// The base profile of QIR: gates, and then measurements.
		name: "qir", spell: qirNames, assemble: (*assembly).qir, physical: true, barrier: drop, delay: drop, rewrite: true, middle: refuse, measured: true,
	},
	{
		// Quil, for Rigetti's compiler and simulators.
		name: "quil", spell: quilNames, assemble: (*assembly).quil, memory: "ro", words: []string{"i", "cis"},
		inputs: true, physical: true, barrier: keep, delay: keep, blocks: true, assigns: true, rewrite: true,
	},
}

// Dialects returns the names of the dialects in the order of the table.
func Dialects() []string {
	names := make([]string, len(dialects))
	for i := range dialects {
		names[i] = dialects[i].name
	}
	return names
}

// lookup finds a dialect; the empty name is the first row.
func lookup(name string) (*dialect, error) {
	if name == "" {
		return &dialects[0], nil
	}
	for i := range dialects {
		if dialects[i].name == name {
			return &dialects[i], nil
		}
	}
	return nil, unknownDialect(name)
}

// unknownDialect is the error of a name that is no dialect.
type unknownDialect string

func (name unknownDialect) Error() string {
	return fmt.Sprintf("unknown dialect %q; the dialects are %s", string(name), strings.Join(Dialects(), ", "))
}

func (unknownDialect) BadInput() bool { return true }

// foreign reports whether the dialect is no OpenQASM, so that Read knows nothing of it.
func (d *dialect) foreign() bool { return d.encode != nil || d.assemble != nil }

// spelling returns the name by which a gate is called without a definition, or
// nothing.
func (d *dialect) spelling(g ir.Gate) string {
	if slices.Contains(d.lowered, g) {
		return ""
	}
	return d.spell(g.Info())
}

// forCircuit returns the row for a circuit: where its gates are all native, the
// row with their own names and without the library.
func (d *dialect) forCircuit(ops []ir.Op) *dialect {
	if len(d.native) == 0 || d.only {
		return d
	}
	gates, native := 0, 0
	ir.Walk(ops, func(op ir.Op) error {
		if a, ok := op.(*ir.Apply); ok {
			gates++
			if a.Controls == 0 && slices.Contains(d.native, a.Gate) {
				native++
			}
		}
		return nil
	})
	if gates == 0 || gates != native {
		return d
	}
	k := *d
	k.include, k.spell, k.lowered, k.only = "", own, nil, true
	return &k
}

// definable reports whether the dialect may define the gate: the name must be
// free, so a gate that the reader knows by another meaning is not.
func (d *dialect) definable(g ir.Gate) bool {
	return d.define && g != ir.GPhase && !reserved[g.String()] && !slices.Contains(d.lowered, g)
}

// direct reports whether a gate may stand in the text as it is.
func (d *dialect) direct(g ir.Gate, controls int) bool {
	if controls > 0 {
		switch g {
		case ir.U, ir.U2, ir.U3:
			return false
		}
	}
	return d.spelling(g) != "" || d.definable(g)
}

// Refusal says that a dialect cannot express part of a circuit. Write joins
// the refusals of a circuit (errors.Join), at most ten of them; those that ask for the same
// are one.
type Refusal struct {
	Dialect   string
	Where     string // as in "op 3 then 0"
	Construct string // as in `the unitary "block"`
	Hint      string // what to do instead
	More      int    // further parts that are refused for the same reason
}

// Error says who refuses what, where, and what to do next.
func (r *Refusal) Error() string {
	s := fmt.Sprintf("dialect %s: %s: %s cannot be written", r.Dialect, r.Where, r.Construct)
	if r.More > 0 {
		s += fmt.Sprintf(", nor %s after it", words.Count(r.More, "other operation"))
	}
	if r.Hint != "" {
		s += "; " + r.Hint
	}
	return s
}

// BadInput reports that another circuit or another dialect has to be asked for.
func (r *Refusal) BadInput() bool { return true }
