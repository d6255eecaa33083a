package qasm

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"qgan/internal/words"
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

	// Path is what the program is called for people.
	Path string `json:"-"`
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

	// Path is what the program is called for people.
	Path string `json:"-"`
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

// WriteText writes a line of the program.
func (g *Grammar) WriteText(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%s: OpenQASM %s, %d statements\n", g.Path, g.Version, g.Statements)
	return err
}

// WriteText writes the figures as a table, and what no circuit holds.
func (i *Inspection) WriteText(w io.Writer) error {
	gates := make([]string, 0, len(i.Gates))
	for _, g := range slices.Sorted(maps.Keys(i.Gates)) {
		gates = append(gates, fmt.Sprintf("%s %d", g, i.Gates[g]))
	}
	t := words.NewTable(w)
	t.Row("program", i.Path)
	t.Row("version", i.Version)
	t.Row("qubits", strconv.Itoa(i.Qubits))
	t.Row("bits", strconv.Itoa(i.Bits))
	t.Row("gates", strings.Join(gates, ", "))
	t.Row("depth", strconv.Itoa(i.Depth))
	t.Row("two-qubit gates", strconv.Itoa(i.TwoQubitGates))
	t.Row("parameters", strings.Join(i.Parameters, ", "))
	t.Row("runnable", strconv.FormatBool(i.Runnable))
	if err := t.Flush(); err != nil {
		return err
	}
	for _, u := range i.Unsupported {
		if _, err := fmt.Fprintf(w, "no circuit holds: %s (%s:%d:%d)\n", u.Construct, u.File, u.Line, u.Column); err != nil {
			return err
		}
	}
	return nil
}

// Remarks are the notes of the reader.
func (i *Inspection) Remarks() (out []string) {
	for _, n := range i.Notes {
		out = append(out, i.Path+": "+n)
	}
	return out
}
