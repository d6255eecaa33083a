package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"qgan/calibration"
	"qgan/ir/compile"
)

// diffReport is the object of `calibration diff --json`.
type diffReport struct {
	Schema  string                  `json:"schema"`
	Device  string                  `json:"device"`
	Changes []calibration.ChangeRow `json:"changes"`
	Qubits  int                     `json:"qubits"`
	compile.Relayout
}

func newCalibrationDiffCmd(a *app) *cobra.Command {
	var qubits, layers int
	var limits calibration.Thresholds
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Say what moved between two snapshots",
		Long: `Say what moved between two snapshots of one device: figures that differ by more than
their errors allow or by a factor, parts that failed or were repaired, the largest
changes first; and whether another chain of qubits is now better than the one that
was the best before.`,
		Example: `  qgan calibration diff monday.json tuesday.json --qubits 8`,
		Args:    cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			if qubits < 1 || layers < 1 {
				return usagef("--qubits and --layers take numbers from 1")
			}
			if limits.StdErrs <= 0 || limits.Ratio <= 1 {
				return usagef("--sigma takes a number above 0 and --ratio one above 1")
			}
			old, before, err := a.target(args[0])
			if err != nil {
				return err
			}
			now, after, err := a.target(args[1])
			if err != nil {
				return err
			}
			changes, err := calibration.Diff(old, now, limits)
			if err != nil {
				return err
			}
			r := diffReport{Schema: "qgan.drift/v1", Device: now.Name, Changes: []calibration.ChangeRow{}, Qubits: qubits, Relayout: compile.CompareChains(before, after, qubits, compile.LayerWeights(layers))}
			for _, c := range changes {
				r.Changes = append(r.Changes, c.Row())
			}
			return show(a, asJSON, r, a.printDiff)
		},
	}
	cmd.Flags().IntVar(&qubits, "qubits", 8, "length of the chains that are compared")
	cmd.Flags().IntVar(&layers, "layers", 5, "layers of the circuit on them")
	cmd.Flags().Float64Var(&limits.StdErrs, "sigma", 3, "standard errors from which on a figure has moved")
	cmd.Flags().Float64Var(&limits.Ratio, "ratio", 1.5, "factor from which on a figure has moved")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return cmd
}

func (a *app) printDiff(r diffReport) error {
	t := newTable(a.out)
	t.Row("figure", "old", "new", "ratio", "standard errors", "")
	for _, c := range r.Changes {
		t.Row(c.What, text(c.Old, "%.4g"), text(c.New, "%.4g"), text(c.Ratio, "%.2f"), text(c.StdErrs, "%.1f"), c.Event)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if r.Before != nil && r.After != nil {
		fmt.Fprintf(a.out, "\nbest chain of %d before: %v, fidelity now %.4f\nbest chain of %d now:    %v, fidelity %.4f\n",
			r.Qubits, r.Before.Qubits, r.Before.Fidelity, r.Qubits, r.After.Qubits, r.After.Fidelity)
	}
	if r.Better {
		a.note("another chain is better by more than %g: choose the layout anew", compile.RelayoutGain)
	}
	return nil
}
