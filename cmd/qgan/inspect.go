package main

import (
	"github.com/spf13/cobra"

	"qgan/ir/draw"
	"qgan/qasm"
)

// newInspectCmd makes `inspect`.
func newInspectCmd(a *app) *cobra.Command {
	var asJSON, syntaxOnly bool
	var picture, out string
	var params []string
	cmd := &cobra.Command{
		Use:   "inspect FILE.qasm",
		Short: "Read an OpenQASM program and report on it",
		Long: `Read an OpenQASM 3 or 2.0 program and say what it holds: qubits, bits, gates,
depth, inputs, and whether it is a circuit that can be run, compiled and exported.
Mistakes are listed with file, line and column, at most ten. - is stdin.
With --draw the circuit is drawn instead, as text or as a picture.`,
		Example: `  qgan inspect bell.qasm
  qgan inspect bell.qasm --json
  qgan inspect bell.qasm --draw
  qgan inspect bell.qasm --draw=svg --out bell.svg
  qgan inspect program.qasm --syntax`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if picture != "" && (asJSON || syntaxOnly) {
				return usagef("--draw draws and does nothing else: leave out --json and --syntax")
			}
			if picture != "" {
				return a.draw(args[0], params, picture, out)
			}
			if syntaxOnly {
				return a.inspectSyntax(args[0], asJSON)
			}
			doc, err := a.readProgram(args[0], params)
			if err != nil {
				return err
			}
			i := doc.Inspect()
			i.Path = args[0]
			return a.tell(asJSON, &i)
		},
	}
	addParams(cmd.Flags(), &params)
	cmd.Flags().BoolVar(&syntaxOnly, "syntax", false, "check the grammar alone")
	cmd.Flags().StringVar(&picture, "draw", "", "draw the circuit instead, as text (folded at the terminal's width) or as a picture")
	cmd.Flags().Lookup("draw").NoOptDefVal = "text"
	cmd.Flags().StringVar(&out, "out", "-", "file to write with --draw; - is standard output")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// draw writes a picture of a program's circuit.
func (a *app) draw(path string, params []string, picture, out string) error {
	c, err := a.circuitOf(path, params, false)
	if err != nil {
		return err
	}
	switch picture {
	case "text":
		return a.writeCompiled(out, []string{draw.Text(c, a.width())})
	case "svg":
		return a.writeCompiled(out, []string{draw.SVG(c)})
	}
	return usagef("--draw=%s: it takes text or svg", picture)
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
