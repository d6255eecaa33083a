package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"qgan/qasm"
)

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
			return show(a, asJSON, doc.Inspect(), func(i qasm.Inspection) error { return a.printInspection(args[0], i) })
		},
	}
	cmd.Flags().BoolVar(&syntaxOnly, "syntax", false, "parse only: nothing but the grammar is checked")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func (a *app) printInspection(path string, i qasm.Inspection) error {
	t := newTable(a.out)
	t.Row("program", path)
	t.Row("version", i.Version)
	t.Row("qubits", strconv.Itoa(i.Qubits))
	t.Row("bits", strconv.Itoa(i.Bits))
	gates := make([]string, 0, len(i.Gates))
	for _, g := range sortedKeys(i.Gates) {
		gates = append(gates, fmt.Sprintf("%s %d", g, i.Gates[g]))
	}
	t.Row("gates", strings.Join(gates, ", "))
	t.Row("depth", strconv.Itoa(i.Depth))
	t.Row("two-qubit gates", strconv.Itoa(i.TwoQubitGates))
	t.Row("parameters", strings.Join(i.Parameters, ", "))
	t.Row("runnable", strconv.FormatBool(i.Runnable))
	if err := t.Flush(); err != nil {
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
	g, err := qasm.CheckGrammar(name, text)
	if err != nil {
		return err
	}
	if asJSON {
		return a.printJSON(g)
	}
	_, err = fmt.Fprintf(a.out, "%s: OpenQASM %s, %d statements\n", path, g.Version, g.Statements)
	return err
}
