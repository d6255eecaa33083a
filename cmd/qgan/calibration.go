package main

import (
	"github.com/spf13/cobra"

	"qgan/calibration"
	"qgan/internal/durable"
	"qgan/ir/compile"
)

// newCalibrationCmd makes `calibration`.
func newCalibrationCmd(a *app) *cobra.Command {
	cmd := newGroupCmd(&cobra.Command{Use: "calibration", Short: "Read calibration data of quantum processors"})
	cmd.AddCommand(newCalibrationShowCmd(a), newCalibrationDiffCmd(a), newCalibrationScoreCmd(a))
	return cmd
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
			r, err := s.Report(a.now())
			if err != nil {
				return err
			}
			return a.tell(asJSON, r)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	cmd.Flags().StringVarP(&out, "out", "o", "", "also write the snapshot into this file, in the program's own form")
	return cmd
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
			return a.tell(asJSON, &compile.ChainReport{Schema: "qgan.score/v1", Device: t.Name, SHA256: t.Snapshot, Qubits: qubits, Layers: layers, Chains: chains})
		},
	}
	cmd.Flags().IntVar(&qubits, "qubits", 8, "length of the chains, in qubits")
	cmd.Flags().IntVar(&layers, "layers", 5, "layers of the circuit that would run on them")
	cmd.Flags().IntVar(&count, "count", 5, "how many chains to list")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
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
			drift, err := compile.CompareSnapshots(old, now, before, after, limits, qubits, compile.LayerWeights(layers))
			if err != nil {
				return err
			}
			return a.tell(asJSON, drift)
		},
	}
	cmd.Flags().IntVar(&qubits, "qubits", 8, "length of the chains that are compared, in qubits")
	cmd.Flags().IntVar(&layers, "layers", 5, "layers of the circuit that would run on them")
	cmd.Flags().Float64Var(&limits.StdErrs, "sigma", 3, "by how many standard errors a figure must differ to have moved")
	cmd.Flags().Float64Var(&limits.Ratio, "ratio", 1.5, "by which factor a figure must differ to have moved")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}
