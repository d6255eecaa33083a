package calibration

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"qgan/internal/words"
	"qgan/ir"
)

// NoiseTable is what the operations and the measurements of a circuit suffer from.
type NoiseTable struct {
	Schema     string       `json:"schema"` // qgan.noise-table/v1
	Model      string       `json:"model"`
	Snapshot   string       `json:"snapshot,omitempty"` // hash of the calibration data
	Operations []NoiseRow   `json:"operations"`
	Readout    []ReadoutRow `json:"readout"`
}

// NoiseRow is a line of a table: what an operation is followed by.
type NoiseRow struct {
	Operation string   `json:"operation"`
	Qubits    []int    `json:"qubits"`
	Channels  []string `json:"channels"`
	// Error is 1 minus the average gate fidelity of the channels together; nil where they
	// act on more qubits than that is worked out for.
	Error *float64 `json:"error"`
}

// ReadoutRow is the readout error of a qubit, or of some that are read wrongly together.
type ReadoutRow struct {
	Qubits []int       `json:"qubits"`
	Matrix [][]float64 `json:"matrix"` // [measured][prepared], the first qubit the most significant
}

// Table lists the channels of a circuit's operations, each kind of operation on each tuple
// of qubits once, in order of their names and qubits, and the readout errors of the qubits
// that it measures.
func (m *NoiseModel) Table(c *ir.Circuit) (*NoiseTable, error) {
	t := &NoiseTable{Schema: "qgan.noise-table/v1", Model: m.Name, Snapshot: m.Snapshot, Readout: []ReadoutRow{}}
	var err error
	if t.Operations, err = m.operations(c); err != nil {
		return nil, err
	}
	var measured []int
	ir.Walk(c.Ops, func(op ir.Op) error {
		if k, ok := op.(*ir.Measure); ok && !slices.Contains(measured, k.Qubit) {
			measured = append(measured, k.Qubit)
		}
		return nil
	})
	confusion, err := m.Confusion(measured)
	if err != nil {
		return nil, err
	}
	for _, g := range confusion.Groups {
		qubits := make([]int, len(g.Bits))
		for i, b := range g.Bits {
			qubits[i] = measured[b]
		}
		t.Readout = append(t.Readout, ReadoutRow{qubits, g.A})
	}
	return t, nil
}

// operations are the rows of the circuit's operations.
func (m *NoiseModel) operations(c *ir.Circuit) ([]NoiseRow, error) {
	rows := map[string]NoiseRow{}
	err := ir.Walk(c.Ops, func(op ir.Op) error {
		key := m.Key(op)
		if _, ok := rows[key]; ok || key == "" {
			return nil
		}
		sites, err := m.After(op)
		if err != nil || len(sites) == 0 {
			return err
		}
		var row NoiseRow
		switch op := op.(type) {
		case *ir.Apply:
			row = NoiseRow{Operation: gateName(op), Qubits: op.Qubits}
		case *ir.Unitary:
			row = NoiseRow{Operation: "unitary", Qubits: op.Qubits}
		case *ir.Reset:
			row = NoiseRow{Operation: "reset", Qubits: []int{op.Qubit}}
		case *ir.Delay:
			row = NoiseRow{Operation: "delay", Qubits: op.Qubits}
		}
		for _, s := range sites {
			row.Channels = append(row.Channels, s.Channel.Name)
		}
		if len(row.Qubits) <= maxChannelQubits {
			total := Compose(sites, row.Qubits)
			if x := total.Infidelity(); !math.IsNaN(x) && !math.IsInf(x, 0) {
				row.Error = &x
			}
		}
		rows[key] = row
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := slices.AppendSeq([]NoiseRow{}, maps.Values(rows))
	slices.SortFunc(out, func(a, b NoiseRow) int {
		return cmp.Or(cmp.Compare(a.Operation, b.Operation), slices.Compare(a.Qubits, b.Qubits), slices.Compare(a.Channels, b.Channels))
	})
	return out, nil
}

// WriteText writes the channels and the readout errors as a table.
func (t *NoiseTable) WriteText(w io.Writer) error {
	out := words.NewTable(w)
	out.Row("operation", "qubits", "error", "channels")
	for _, row := range t.Operations {
		out.Row(row.Operation, fmt.Sprint(row.Qubits), words.Figure(row.Error, "%.4g"), strings.Join(row.Channels, "; "))
	}
	for _, row := range t.Readout {
		if len(row.Qubits) == 1 {
			out.Row("measure", fmt.Sprint(row.Qubits), fmt.Sprintf("%.4g", (row.Matrix[1][0]+row.Matrix[0][1])/2),
				fmt.Sprintf("P(1|0) %.4g; P(0|1) %.4g", row.Matrix[1][0], row.Matrix[0][1]))
		} else {
			out.Row("measure", fmt.Sprint(row.Qubits), words.None, fmt.Sprintf("correlated, %d x %d", len(row.Matrix), len(row.Matrix)))
		}
	}
	return out.Flush()
}
