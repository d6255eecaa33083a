package words

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"
)

// Table writes rows in aligned columns.
type Table struct {
	// Width is what rows are cut to, at the end of the last column that would be wider; 0:
	// they are as wide as they are.
	Width int

	w    io.Writer
	rows [][]string
}

// NewTable begins a table, which Flush writes.
func NewTable(w io.Writer) *Table { return &Table{w: w} }

// Row adds a row of cells, whose texts may be others'.
func (t *Table) Row(cells ...string) {
	cells = slices.Clone(cells)
	for i := range cells {
		cells[i] = Plain(cells[i])
	}
	t.rows = append(t.rows, cells)
}

// Flush writes the rows and returns the first error.
func (t *Table) Flush() error {
	w := tabwriter.NewWriter(t.w, 0, 0, gap, ' ', 0)
	room := t.room()
	for _, cells := range t.rows {
		if last := len(cells) - 1; last >= 0 && room > 0 {
			cells[last] = Cut(cells[last], room)
		}
		if _, err := fmt.Fprintln(w, strings.Join(cells, "\t")); err != nil {
			return err
		}
	}
	t.rows = nil
	return w.Flush()
}

// gap is the space between columns.
const gap = 2

// room is how wide the last column may be; 0: any width. It has a letter at least.
func (t *Table) room() int {
	if t.Width == 0 || len(t.rows) == 0 {
		return 0
	}
	before := 0
	for i := range len(t.rows[0]) - 1 {
		widest := 0
		for _, cells := range t.rows {
			if i < len(cells) {
				widest = max(widest, utf8.RuneCountInString(cells[i]))
			}
		}
		before += widest + gap
	}
	return max(1, t.Width-before)
}

// Cut is a text of so many letters at most; one that is longer ends in "…".
func Cut(text string, most int) string {
	letters := []rune(text)
	if len(letters) <= most {
		return text
	}
	return string(letters[:max(0, most-1)]) + "…"
}
