package words

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Table writes rows in aligned columns.
type Table struct {
	w   *tabwriter.Writer
	err error
}

// NewTable begins a table, which Flush writes.
func NewTable(w io.Writer) *Table {
	return &Table{w: tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
}

// Row adds a row of cells, whose texts may be others'.
func (t *Table) Row(cells ...string) {
	cells = slices.Clone(cells)
	for i := range cells {
		cells[i] = Plain(cells[i])
	}
	if _, err := fmt.Fprintln(t.w, strings.Join(cells, "\t")); t.err == nil {
		t.err = err
	}
}

// Flush writes the rows and returns the first error.
func (t *Table) Flush() error {
	if err := t.w.Flush(); t.err == nil {
		t.err = err
	}
	return t.err
}
