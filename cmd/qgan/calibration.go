package main

import (
	"fmt"
	"io"
	"slices"
	"time"

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

// figureRow is a row of `calibration show`: the spread of one figure.
type figureRow struct {
	Name   string  `json:"name"`
	Unit   string  `json:"unit"`
	Known  int     `json:"known"`
	Min    float64 `json:"min"`
	Median float64 `json:"median"`
	Max    float64 `json:"max"`
}

// calibrationReport is the object of `calibration show --json`.
type calibrationReport struct {
	Schema   string                `json:"schema"`
	SHA256   string                `json:"sha256"`
	Oldest   *time.Time            `json:"oldest"`
	Newest   *time.Time            `json:"newest"`
	Figures  []figureRow           `json:"figures"`
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
			s, err := a.snapshot(args[0])
			if err != nil {
				return err
			}
			if out != "" {
				data, err := s.Encode()
				if err != nil {
					return err
				}
				if err := durable.WriteFile(a.fs, out, func(w io.Writer) error { _, err := w.Write(data); return err }); err != nil {
					return err
				}
			}
			r, err := newCalibrationReport(s)
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(r)
			}
			return a.printCalibration(r)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	cmd.Flags().StringVar(&out, "out", "", "also write the snapshot to this file, in the program's own form")
	return cmd
}

func newCalibrationReport(s *calibration.Snapshot) (calibrationReport, error) {
	hash, err := s.Hash()
	r := calibrationReport{Schema: "qgan.calibration/v1", SHA256: hash, Snapshot: s}
	if oldest, newest := s.Dates(); !oldest.IsZero() {
		r.Oldest, r.Newest = &oldest, &newest
	}
	r.Figures = figureRows(s)
	return r, err
}

// figureRows gathers the known figures by what they are of.
func figureRows(s *calibration.Snapshot) []figureRow {
	values := map[string][]float64{}
	units := map[string]string{}
	var names []string
	add := func(name, unit string, v *calibration.Value) {
		if v == nil {
			return
		}
		if _, ok := values[name]; !ok {
			names = append(names, name)
			units[name] = unit
		}
		values[name] = append(values[name], v.X)
	}
	for i := range s.Qubits {
		q := &s.Qubits[i]
		add("T1", "s", q.T1)
		add("T2", "s", q.T2)
		add("readout error", "", q.ReadoutError)
		add("P(1|0)", "", q.P1Given0)
		add("P(0|1)", "", q.P0Given1)
		add("readout time", "s", q.ReadoutTime)
		add("frequency", "Hz", q.Frequency)
	}
	for i := range s.Gates {
		if g := &s.Gates[i]; !g.Faulty {
			add(g.Name+" error", "", g.Error)
			add(g.Name+" duration", "s", g.Duration)
		}
	}
	rows := make([]figureRow, 0, len(names))
	for _, name := range names {
		x := values[name]
		slices.Sort(x)
		rows = append(rows, figureRow{name, units[name], len(x), x[0], x[len(x)/2], x[len(x)-1]})
	}
	return rows
}

func (a *app) printCalibration(r calibrationReport) error {
	s := r.Snapshot
	fmt.Fprintf(a.out, "%s (%s) %s, %d qubits, snapshot %.12s\n", s.Name, s.Service, s.Version, len(s.Qubits), r.SHA256)
	if !s.Taken.IsZero() {
		fmt.Fprintf(a.out, "taken %s, %s ago\n", s.Taken.Format("2006-01-02 15:04 Z07:00"), age(a.now().Sub(s.Taken)))
	}
	if r.Oldest != nil {
		fmt.Fprintf(a.out, "figures measured from %s to %s: the oldest %s ago\n", r.Oldest.Format("2006-01-02 15:04"), r.Newest.Format("2006-01-02 15:04"), age(a.now().Sub(*r.Oldest)))
	}
	fmt.Fprintln(a.out)
	t := newTable(a.out)
	t.row("figure", "known", "least", "median", "greatest")
	for _, f := range r.Figures {
		t.row(f.Name, fmt.Sprint(f.Known), quantity(f.Min, f.Unit), quantity(f.Median, f.Unit), quantity(f.Max, f.Unit))
	}
	for _, w := range s.Warnings {
		a.warn("%s", w)
	}
	return t.flush()
}

// quantity writes a figure with its unit.
func quantity(x float64, unit string) string {
	switch {
	case unit == "s" && x > 0 && x < 1e-6:
		return fmt.Sprintf("%.4g ns", x*1e9)
	case unit == "s" && x < 1e-3:
		return fmt.Sprintf("%.4g µs", x*1e6)
	case unit == "Hz":
		return fmt.Sprintf("%.6g GHz", x/1e9)
	case unit == "":
		return fmt.Sprintf("%.3g", x)
	}
	return fmt.Sprintf("%.4g %s", x, unit)
}

// chainRow is a chain of `calibration score` and `diff`.
type chainRow struct {
	Qubits   []string `json:"qubits"`
	Fidelity float64  `json:"fidelity"`
}

// scoreReport is the object of `calibration score --json`.
type scoreReport struct {
	Schema string     `json:"schema"`
	Device string     `json:"device"`
	SHA256 string     `json:"sha256"`
	Qubits int        `json:"qubits"`
	Layers int        `json:"layers"`
	Chains []chainRow `json:"chains"`
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
			chains, err := compile.Chains(t, qubits, 2*count, compile.LayerWeights(layers))
			if err != nil {
				return usagef("%w", err)
			}
			r := scoreReport{"qgan.score/v1", t.Name, t.Snapshot, qubits, layers, chainRows(t, chains, count)}
			if asJSON {
				return a.printJSON(r)
			}
			table := newTable(a.out)
			table.row("fidelity", "qubits")
			for _, c := range r.Chains {
				table.row(fmt.Sprintf("%.4f", c.Fidelity), fmt.Sprint(c.Qubits))
			}
			return table.flush()
		},
	}
	cmd.Flags().IntVar(&qubits, "qubits", 8, "length of the chains")
	cmd.Flags().IntVar(&layers, "layers", 5, "layers of the circuit")
	cmd.Flags().IntVar(&count, "count", 5, "how many chains")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return cmd
}

// chainRows names the qubits; of a chain and its reverse the first one stays.
func chainRows(t *compile.Target, chains []compile.Chain, count int) []chainRow {
	rows := []chainRow{}
	seen := map[string]bool{}
	for _, c := range chains {
		back := slices.Clone(c.Qubits)
		slices.Reverse(back)
		if seen[fmt.Sprint(back)] || len(rows) == count {
			continue
		}
		seen[fmt.Sprint(c.Qubits)] = true
		labels := make([]string, len(c.Qubits))
		for i, q := range c.Qubits {
			labels[i] = t.Labels[q]
		}
		rows = append(rows, chainRow{labels, c.Fidelity})
	}
	return rows
}
