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
	// Fold is how wide a line may be before the columns that don't fit go to further blocks,
	// each with the first column again; 0: any width. A block has a column beside the first at
	// least. Tables that are folded are not cut.
	Fold int

	w    io.Writer
	rows [][]string
}

// NewTable begins a table, which Flush writes.
func NewTable(w io.Writer) *Table { return &Table{w: w} }

// Folded begins a table whose lines fit a usual terminal, of 80 letters.
func Folded(w io.Writer) *Table { return &Table{w: w, Fold: 80} }

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
	rows := t.rows
	t.rows = nil
	for k, b := range t.blocks(rows) {
		if k > 0 {
			if _, err := fmt.Fprintln(t.w); err != nil {
				return err
			}
		}
		if err := t.write(b); err != nil {
			return err
		}
	}
	return nil
}

// write writes rows in aligned columns.
func (t *Table) write(rows [][]string) error {
	w := tabwriter.NewWriter(t.w, 0, 0, gap, ' ', 0)
	room := t.room(rows)
	for _, cells := range rows {
		if last := len(cells) - 1; last >= 0 && room > 0 {
			cells[last] = Cut(cells[last], room)
		}
		if _, err := fmt.Fprintln(w, strings.Join(cells, "\t")); err != nil {
			return err
		}
	}
	return w.Flush()
}

// blocks are the rows, or where they are to be folded those of each block: the first column
// and the next ones that fit. Rows that have nothing in a block are not in it.
func (t *Table) blocks(rows [][]string) [][][]string {
	wide := widths(rows)
	if t.Fold == 0 || len(wide) < 2 || sum(wide) <= t.Fold {
		return [][][]string{rows}
	}
	var blocks [][][]string
	for from, to := 1, 1; from < len(wide); from = to {
		width := wide[0]
		for to = from; to < len(wide) && (to == from || width+gap+wide[to] <= t.Fold); to++ {
			width += gap + wide[to]
		}
		var block [][]string
		for _, cells := range rows {
			if beside := cells[min(from, len(cells)):min(to, len(cells))]; strings.Join(beside, "") != "" {
				block = append(block, append([]string{cells[0]}, beside...))
			}
		}
		blocks = append(blocks, block)
	}
	return blocks
}

// widths are those of the columns in letters.
func widths(rows [][]string) []int {
	var wide []int
	for _, cells := range rows {
		for i, cell := range cells {
			if i == len(wide) {
				wide = append(wide, 0)
			}
			wide[i] = max(wide[i], utf8.RuneCountInString(cell))
		}
	}
	return wide
}

// sum is the width of a line of such columns.
func sum(wide []int) int {
	width := gap * (len(wide) - 1)
	for _, n := range wide {
		width += n
	}
	return width
}

// gap is the space between columns.
const gap = 2

// room is how wide the last of the first row's columns may be; 0: any width. It has a letter
// at least.
func (t *Table) room(rows [][]string) int {
	if t.Width == 0 || len(rows) == 0 {
		return 0
	}
	before := 0
	for _, n := range widths(rows)[:max(0, len(rows[0])-1)] {
		before += n + gap
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
