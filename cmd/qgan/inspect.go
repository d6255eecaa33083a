package main

import (
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
			i := doc.Inspect()
			i.Path = args[0]
			return a.tell(asJSON, &i)
		},
	}
	cmd.Flags().BoolVar(&syntaxOnly, "syntax", false, "check the grammar alone")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
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
	g.Path = path
	return a.tell(asJSON, &g)
}
