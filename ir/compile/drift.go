package compile

import (
	"fmt"
	"io"

	"qgan/calibration"
	"qgan/internal/words"
)

// Drift tells what moved between two snapshots of a device, and what that means for its best
// chain.
type Drift struct {
	Schema  string                  `json:"schema"`
	Device  string                  `json:"device"`
	Changes []calibration.ChangeRow `json:"changes"`
	Qubits  int                     `json:"qubits"` // of the chain
	Relayout
}

// CompareSnapshots compares two snapshots of one device, and chains of n qubits on their targets.
func CompareSnapshots(old, now *calibration.Snapshot, before, after *Target, limits calibration.Thresholds, n int, w ChainWeights) (*Drift, error) {
	changes, err := calibration.Diff(old, now, limits)
	if err != nil {
		return nil, err
	}
	d := &Drift{Schema: "qgan.drift/v1", Device: now.Name, Changes: []calibration.ChangeRow{}, Qubits: n, Relayout: CompareChains(before, after, n, w)}
	for _, c := range changes {
		d.Changes = append(d.Changes, c.Row())
	}
	return d, nil
}

// WriteText writes the changes as a table, and the best chains before and now.
func (d *Drift) WriteText(w io.Writer) error {
	t := words.NewTable(w)
	t.Row("figure", "old", "new", "ratio", "standard errors", "")
	for _, c := range d.Changes {
		t.Row(c.What, words.Figure(c.Old, "%.4g"), words.Figure(c.New, "%.4g"), words.Figure(c.Ratio, "%.2f"), words.Figure(c.StdErrs, "%.1f"), c.Event)
	}
	if err := t.Flush(); err != nil || d.Before == nil || d.After == nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nbest chain of %d before: %v, fidelity now %.4f\nbest chain of %d now:    %v, fidelity %.4f\n",
		d.Qubits, d.Before.Qubits, d.Before.Fidelity, d.Qubits, d.After.Qubits, d.After.Fidelity)
	return err
}

// Remarks advise a new layout where another chain is better.
func (d *Drift) Remarks() []string {
	if !d.Better {
		return nil
	}
	return []string{fmt.Sprintf("another chain is better by more than %g: choose the layout anew", RelayoutGain)}
}

// ChainReport is the best chains of a device, for people and programs.
type ChainReport struct {
	Schema string       `json:"schema"`
	Device string       `json:"device"`
	SHA256 string       `json:"sha256"` // of its snapshot
	Qubits int          `json:"qubits"`
	Layers int          `json:"layers"`
	Chains []NamedChain `json:"chains"`
}

// WriteText writes the chains as a table.
func (r *ChainReport) WriteText(w io.Writer) error {
	t := words.NewTable(w)
	t.Row("fidelity", "qubits")
	for _, c := range r.Chains {
		t.Row(fmt.Sprintf("%.4f", c.Fidelity), fmt.Sprint(c.Qubits))
	}
	return t.Flush()
}
