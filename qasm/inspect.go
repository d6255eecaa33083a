package qasm

import (
	"fmt"

	"qgan/qasm/syntax"
)

// Inspection says what a program holds.
type Inspection struct {
	Schema        string         `json:"schema"` // qgan.inspect/v1
	Version       string         `json:"version"`
	Qubits        int            `json:"qubits"`
	Bits          int            `json:"bits"`
	Gates         map[string]int `json:"gates"` // by name
	Depth         int            `json:"depth"`
	TwoQubitGates int            `json:"two_qubit_gates"`
	Parameters    []string       `json:"parameters"` // its inputs
	Runnable      bool           `json:"runnable"`
	Unsupported   []Unsupported  `json:"unsupported"`
	Notes         []string       `json:"notes"`
}

// Unsupported is a construct that no circuit holds, and its place.
type Unsupported struct {
	Construct string `json:"construct"`
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
}

// Inspect counts what the part of the program holds that is a circuit.
func (d *Document) Inspect() Inspection {
	c := d.circuit
	i := Inspection{
		Schema: "qgan.inspect/v1", Version: fmt.Sprintf("%d.%d", d.Major, d.Minor),
		Qubits: c.Qubits, Bits: c.Bits, Gates: c.Count(), Depth: c.Depth(), TwoQubitGates: c.TwoQubitGates(),
		Parameters: append([]string{}, c.Data...), Runnable: d.Runnable(),
		Unsupported: []Unsupported{}, Notes: append([]string{}, d.Notes...),
	}
	for _, u := range d.Unsupported {
		i.Unsupported = append(i.Unsupported, Unsupported{u.Construct, u.At.File, u.At.Line, u.At.Column})
	}
	return i
}

// Grammar says what a program is by its grammar alone.
type Grammar struct {
	Schema     string `json:"schema"` // qgan.inspect-syntax/v1
	Version    string `json:"version"`
	Statements int    `json:"statements"` // at the top
}

// CheckGrammar parses a program and keeps nothing of it. Mistakes are an error of type
// syntax.Errors.
func CheckGrammar(name string, text []byte) (Grammar, error) {
	p := syntax.NewParser(&syntax.File{Name: name, Text: string(text)})
	g := Grammar{Schema: "qgan.inspect-syntax/v1"}
	for p.Next() != nil {
		g.Statements++
		p.Recycle()
	}
	major, minor, _ := p.Version()
	g.Version = fmt.Sprintf("%d.%d", major, minor)
	return g, p.Errors().Err()
}
