package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"qgan/calibration"
	"qgan/internal/durable"
	"qgan/internal/words"
	"qgan/ir/compile"
)

// newCalibrationCmd makes `calibration`.
func newCalibrationCmd(a *app) *cobra.Command {
	cmd := newGroupCmd(&cobra.Command{Use: "calibration", Short: "Read calibration data of quantum processors"})
	cmd.AddCommand(newCalibrationShowCmd(a), newCalibrationDiffCmd(a), newCalibrationScoreCmd(a))
	return cmd
}

// calibrationReport is the object of `calibration show --json`.
type calibrationReport struct {
	Schema   string                `json:"schema"`
	SHA256   string                `json:"sha256"`
	Oldest   *time.Time            `json:"oldest"`
	Newest   *time.Time            `json:"newest"`
	Figures  []calibration.Figure  `json:"figures"`
	Snapshot *calibration.Snapshot `json:"snapshot"`
}

func newCalibrationShowCmd(a *app) *cobra.Command {
	var asJSON bool
	var out string
	cmd := &cobra.Command{
		Use:   "show DEVICE",
		Short: "Print a snapshot's figures",
		Long: `Print the figures of a calibration snapshot: how many qubits and gates have each,
the least, the median and the greatest, how old they are, and what is odd.
DEVICE is a file as ` + "`qgan devices show`" + ` takes it; --out writes the program's own snapshot.`,
		Example: `  qgan calibration show props_torino.json
  qgan calibration show props_torino.json --out torino.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := a.devices().Snapshot(args[0])
			if err != nil {
				return err
			}
			if out != "" {
				if err := durable.WriteFile(a.fs, out, s.Write); err != nil {
					return err
				}
			}
			r, err := newCalibrationReport(s)
			if err != nil {
				return err
			}
			return show(a, asJSON, r, a.printCalibration)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	cmd.Flags().StringVar(&out, "out", "", "also write the snapshot to this file, in the program's own form")
	return cmd
}

func newCalibrationReport(s *calibration.Snapshot) (calibrationReport, error) {
	hash, err := s.Hash()
	r := calibrationReport{Schema: "qgan.calibration/v1", SHA256: hash, Figures: s.Figures(), Snapshot: s}
	if oldest, newest := s.Dates(); !oldest.IsZero() {
		r.Oldest, r.Newest = &oldest, &newest
	}
	return r, err
}

func (a *app) printCalibration(r calibrationReport) error {
	s := r.Snapshot
	fmt.Fprintf(a.out, "%s (%s) %s, %d qubits, snapshot %.12s\n", s.Name, s.Service, s.Version, len(s.Qubits), r.SHA256)
	if !s.Taken.IsZero() {
		fmt.Fprintf(a.out, "taken %s, %s ago\n", s.Taken.Format("2006-01-02 15:04 Z07:00"), words.Age(a.now().Sub(s.Taken)))
	}
	if r.Oldest != nil {
		fmt.Fprintf(a.out, "figures measured from %s to %s: the oldest %s ago\n", r.Oldest.Format("2006-01-02 15:04"), r.Newest.Format("2006-01-02 15:04"), words.Age(a.now().Sub(*r.Oldest)))
	}
	fmt.Fprintln(a.out)
	t := newTable(a.out)
	t.Row("figure", "known", "least", "median", "greatest")
	for _, f := range r.Figures {
		t.Row(f.Name, fmt.Sprint(f.Known), f.Text(f.Min), f.Text(f.Median), f.Text(f.Max))
	}
	for _, w := range s.Warnings {
		a.warn("%s", w)
	}
	return t.Flush()
}

// scoreReport is the object of `calibration score --json`.
type scoreReport struct {
	Schema string               `json:"schema"`
	Device string               `json:"device"`
	SHA256 string               `json:"sha256"`
	Qubits int                  `json:"qubits"`
	Layers int                  `json:"layers"`
	Chains []compile.NamedChain `json:"chains"`
}

func newCalibrationScoreCmd(a *app) *cobra.Command {
	var qubits, layers, count int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "score DEVICE",
		Short: "Find the best chains of qubits",
		Long: `Find the chains of coupled qubits that carry the generator's circuit best. A chain's
fidelity is the product of those of its parts: for each layer a two-qubit gate on
each pair and four pulses on each qubit, and a readout of each qubit at the end.
Faulty parts are left out. A chain and its reverse are one.`,
		Example: `  qgan calibration score props_torino.json --qubits 8`,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if qubits < 1 || layers < 1 || count < 1 {
				return usagef("--qubits, --layers and --count take numbers from 1")
			}
			_, t, err := a.target(args[0])
			if err != nil {
				return err
			}
			chains, err := compile.BestChains(t, qubits, count, compile.LayerWeights(layers))
			if err != nil {
				return usagef("%w", err)
			}
			r := scoreReport{"qgan.score/v1", t.Name, t.Snapshot, qubits, layers, chains}
			if asJSON {
				return a.printJSON(r)
			}
			table := newTable(a.out)
			table.Row("fidelity", "qubits")
			for _, c := range r.Chains {
				table.Row(fmt.Sprintf("%.4f", c.Fidelity), fmt.Sprint(c.Qubits))
			}
			return table.Flush()
		},
	}
	cmd.Flags().IntVar(&qubits, "qubits", 8, "length of the chains")
	cmd.Flags().IntVar(&layers, "layers", 5, "layers of the circuit")
	cmd.Flags().IntVar(&count, "count", 5, "how many chains")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return cmd
}
