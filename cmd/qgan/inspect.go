package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"qgan/qasm"
	"qgan/qasm/syntax"
)

// inspection is the object of `inspect --json`.
type inspection struct {
	Schema        string         `json:"schema"`
	Version       string         `json:"version"`
	Qubits        int            `json:"qubits"`
	Bits          int            `json:"bits"`
	Gates         map[string]int `json:"gates"`
	Depth         int            `json:"depth"`
	TwoQubitGates int            `json:"two_qubit_gates"`
	Parameters    []string       `json:"parameters"`
	Runnable      bool           `json:"runnable"`
	Unsupported   []unsupported  `json:"unsupported"`
	Notes         []string       `json:"notes"`
}

type unsupported struct {
	Construct string `json:"construct"`
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
}

// syntaxReport is the object of `inspect --syntax --json`.
type syntaxReport struct {
	Schema     string `json:"schema"`
	Version    string `json:"version"`
	Statements int    `json:"statements"`
}

// newInspectCmd makes `inspect`.
func newInspectCmd(a *app) *cobra.Command {
	var asJSON, syntaxOnly bool
	cmd := &cobra.Command{
		Use:   "inspect FILE.qasm",
		Short: "Read an OpenQASM program and report on it",
		Long: `Read an OpenQASM 3 or 2.0 program and say what it holds: qubits, bits, gates,
depth, inputs, and whether it is a circuit that can be run, compiled and exported.
Mistakes are listed with file, line and column, at most ten. - is stdin.`,
		Example: `  qgan inspect bell.qasm
  qgan inspect bell.qasm --json
  qgan inspect program.qasm --syntax`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if syntaxOnly {
				return a.inspectSyntax(args[0], asJSON)
			}
			doc, err := a.readProgram(args[0])
			if err != nil {
				return err
			}
			i := inspect(doc)
			if asJSON {
				return a.printJSON(i)
			}
			return a.printInspection(args[0], i)
		},
	}
	cmd.Flags().BoolVar(&syntaxOnly, "syntax", false, "parse only: nothing but the grammar is checked")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func inspect(doc *qasm.Document) inspection {
	c := doc.Understood()
	i := inspection{
		Schema: "qgan.inspect/v1", Version: fmt.Sprintf("%d.%d", doc.Major, doc.Minor),
		Qubits: c.Qubits, Bits: c.Bits, Gates: c.Count(), Depth: c.Depth(), TwoQubitGates: c.TwoQubitGates(),
		Parameters: append([]string{}, c.Data...), Runnable: doc.Runnable(),
		Unsupported: []unsupported{}, Notes: append([]string{}, doc.Notes...),
	}
	for _, u := range doc.Unsupported {
		i.Unsupported = append(i.Unsupported, unsupported{u.Construct, u.At.File, u.At.Line, u.At.Column})
	}
	return i
}

func (a *app) printInspection(path string, i inspection) error {
	t := newTable(a.out)
	t.row("program", path)
	t.row("version", i.Version)
	t.row("qubits", strconv.Itoa(i.Qubits))
	t.row("bits", strconv.Itoa(i.Bits))
	gates := make([]string, 0, len(i.Gates))
	for _, g := range sortedKeys(i.Gates) {
		gates = append(gates, fmt.Sprintf("%s %d", g, i.Gates[g]))
	}
	t.row("gates", strings.Join(gates, ", "))
	t.row("depth", strconv.Itoa(i.Depth))
	t.row("two-qubit gates", strconv.Itoa(i.TwoQubitGates))
	t.row("parameters", strings.Join(i.Parameters, ", "))
	t.row("runnable", strconv.FormatBool(i.Runnable))
	if err := t.flush(); err != nil {
		return err
	}
	for _, u := range i.Unsupported {
		if _, err := fmt.Fprintf(a.out, "no circuit holds: %s (%s:%d:%d)\n", u.Construct, u.File, u.Line, u.Column); err != nil {
			return err
		}
	}
	for _, n := range i.Notes {
		a.note("%s: %s", path, n)
	}
	return nil
}

func (a *app) inspectSyntax(path string, asJSON bool) error {
	name, text, err := a.programText(path)
	if err != nil {
		return err
	}
	p := syntax.NewParser(&syntax.File{Name: name, Text: string(text)})
	n := 0
	for p.Next() != nil {
		n++
		p.Recycle()
	}
	if err := p.Errors().Err(); err != nil {
		return err
	}
	major, minor, _ := p.Version()
	if asJSON {
		return a.printJSON(syntaxReport{"qgan.inspect-syntax/v1", fmt.Sprintf("%d.%d", major, minor), n})
	}
	_, err = fmt.Fprintf(a.out, "%s: OpenQASM %d.%d, %d statements\n", path, major, minor, n)
	return err
}
