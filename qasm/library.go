package qasm

import (
	"math"
	"strings"

	"qgan/ir"
	"qgan/qasm/syntax"
)

// gate is what a gate's name stands for: a gate of the table, perhaps with
// controls, or a definition.
type gate struct {
	name     string
	params   int // -1: any
	qubits   int
	table    ir.Gate
	controls int
	// adapt turns the arguments into those of the table's gate, where they differ.
	adapt  func([]ir.Angle) []ir.Angle
	def    *syntax.Gate // nil for a gate of the table
	scope  *scope       // where def stands
	file   *syntax.File
	v2     bool
	opaque bool
	broken bool // its definition has a mistake, which is told
	size   int  // operations and calls of its definition, written out
}

// libraries are the standard libraries that need no file; true for those that
// are taken as the first of several.
var libraries = map[string]bool{"stdgates.inc": true, "qelib1.inc": true, "stdgates.qasm": false}

func tableGate(name string, g ir.Gate) *gate {
	info := g.Info()
	return &gate{name: name, params: len(info.Params), qubits: info.Qubits, table: g}
}

// aliasesOf are the names of gates beside those of the table's spellings.
var aliasesOf = map[string]ir.Gate{
	"phase": ir.P, "cphase": ir.CP, "u1": ir.P, "cu1": ir.CP, "CX": ir.CX, "cnot": ir.CX, "ccnot": ir.CCX, "toffoli": ir.CCX, "fredkin": ir.CSwap,
	"phaseshift": ir.P, "cphaseshift": ir.CP, "si": ir.SDG, "ti": ir.TDG, "v": ir.SX, "vi": ir.SXDG, "i": ir.ID, "cv": ir.CSX,
	"xx": ir.RXX, "yy": ir.RYY, "cs": ir.CP, "csdg": ir.CP,
}

// known are all gates that have a meaning without a definition, in version 3
// and in version 2, whose U, u and u2, u3 are elements of SU(2).
var known3, known2 = knownGates(false), knownGates(true)

func knownGates(v2 bool) map[string]*gate {
	m := map[string]*gate{}
	for _, g := range ir.Gates() {
		m[g.String()] = tableGate(g.String(), g)
	}
	for name, g := range aliasesOf {
		m[name] = tableGate(name, g)
	}
	fixed := func(name string, g ir.Gate, a float64) {
		k := tableGate(name, g)
		k.params = 0
		k.adapt = func([]ir.Angle) []ir.Angle { return []ir.Angle{ir.Const(a)} }
		m[name] = k
	}
	fixed("cs", ir.CP, math.Pi/2)
	fixed("csdg", ir.CP, -math.Pi/2)
	controlled := func(name string, g ir.Gate, n int) {
		k := tableGate(name, g)
		k.controls, k.qubits = n, k.qubits+n
		m[name] = k
	}
	controlled("c3x", ir.X, 3)
	controlled("c4x", ir.X, 4)
	controlled("c3sqrtx", ir.SX, 3)
	controlled("c3sx", ir.SX, 3)
	cu3 := tableGate("cu3", ir.CU)
	cu3.params = 3
	cu3.adapt = func(p []ir.Angle) []ir.Angle { return []ir.Angle{p[0], p[1], p[2], {}} }
	m["cu3"] = cu3
	u0 := tableGate("u0", ir.ID)
	u0.params = 1
	u0.adapt = func([]ir.Angle) []ir.Angle { return nil }
	m["u0"] = u0
	if v2 {
		m["U"], m["u"] = tableGate("U", ir.U3), tableGate("u", ir.U3)
	}
	scope := newScope(nil)
	file := &syntax.File{Name: "qelib1.inc", Text: definitions}
	p := syntax.NewParser(file)
	for s := p.Next(); s != nil; s = p.Next() {
		def := s.(*syntax.Gate)
		m[def.Name.Text] = &gate{name: def.Name.Text, params: len(def.Params), qubits: len(def.Qubits), def: def, scope: scope, file: file}
	}
	return m
}

// definitions are the gates of qelib1.inc that the table does not hold: Toffoli
// gates up to relative phases (Maslov 2016, figures 3 and 4).
const definitions = `
gate rccx a, b, c {
  h c; t c; cx b, c; tdg c; cx a, c; t c; cx b, c; tdg c; h c;
}
gate rc3x a, b, c, d {
  h d; t d; cx c, d; tdg d; h d; cx a, d; t d; cx b, d; tdg d; cx a, d; t d; cx b, d; tdg d;
  h d; t d; cx c, d; tdg d; h d;
}
`

// braketGates are the names that Amazon Braket gives another meaning: its
// native gates of IonQ count in radians, and zz is a rotation.
var braketGates = map[string]*gate{
	"gpi": inTurns("gpi", ir.GPI), "gpi2": inTurns("gpi2", ir.GPI2), "ms": inTurns("ms", ir.MS), "zz": tableGate("zz", ir.RZZ), "U": tableGate("U", ir.UQ),
}

func inTurns(name string, g ir.Gate) *gate {
	k := tableGate(name, g)
	k.adapt = func(p []ir.Angle) []ir.Angle {
		out := make([]ir.Angle, len(p))
		for i, a := range p {
			out[i] = quotient(a, 2*math.Pi)
		}
		return out
	}
	return k
}

// qelib1 are the names of all known texts of qelib1.inc.
var qelib1 = nameSet(`u3 u2 u1 cx id x y z h s sdg t tdg rx ry rz cz cy ch ccx crz cu1 cu3
	u0 u p sx sxdg swap cswap crx cry cp csx cu rxx rzz rccx rc3x c3x c3sqrtx c4x`)

var stdGatesNames = nameSet(`p x y z h s sdg t tdg sx rx ry rz cx cy cz cp crx cry crz ch cu swap ccx cswap CX phase cphase id u1 u2 u3`)

func nameSet(list string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(list) {
		m[w] = true
	}
	return m
}

// libraryGate returns a gate of a standard library by its name.
func libraryGate(library, name string) (*gate, bool) {
	names := stdGatesNames
	if library == "qelib1.inc" {
		names = qelib1
	}
	if !names[name] {
		return nil, false
	}
	return known3[name], true
}

// gateNamed finds a gate that needs no definition.
func (r *reader) gateNamed(name string) (*gate, bool) {
	m := known3
	if r.v2 {
		m = known2
	}
	if g, ok := braketGates[name]; ok && r.braket {
		return g, true
	}
	g, ok := m[name]
	return g, ok
}

// included reports whether a standard library of the program, or the language,
// holds a gate.
func (r *reader) provided(name string) bool {
	switch name {
	case "U", "CX", "gphase":
		return true
	}
	if r.library == nil {
		return false
	}
	_, ok := libraryGate(r.library.name, name)
	return ok
}
