package words

import (
	"strings"
	"testing"
)

// A table that is too wide is folded: the first column stands in every block, and a block has
// a column at least, however wide.
func TestFold(t *testing.T) {
	for _, c := range []struct {
		name string
		fold int
		rows [][]string
		want string
	}{
		{"fits", 10, [][]string{{"a", "bbb", "cc"}, {"1", "2", "3"}}, "a  bbb  cc\n1  2    3\n"},
		{"a letter too wide", 9, [][]string{{"a", "bbb", "cc"}, {"1", "2", "3"}}, "a  bbb\n1  2\n\na  cc\n1  3\n"},
		{"a column wider than all", 4, [][]string{{"a", "bbbbbb", "c"}, {"1", "2", "3"}}, "a  bbbbbb\n1  2\n\na  c\n1  3\n"},
		{"letters, not bytes", 7, [][]string{{"é", "ü", "–"}}, "é  ü  –\n"},
		{"nothing in a block", 6, [][]string{{"a", "bbb", ""}, {"1", "2", "ccc"}, {"4", "5"}}, "a  bbb\n1  2\n4  5\n\n1  ccc\n"},
		{"one column", 3, [][]string{{"aaaaaa"}}, "aaaaaa\n"},
		{"any width", 0, [][]string{{"aaaaaa", "bbbbbb"}}, "aaaaaa  bbbbbb\n"},
	} {
		var b strings.Builder
		table := Table{w: &b, Fold: c.fold}
		for _, r := range c.rows {
			table.Row(r...)
		}
		if err := table.Flush(); err != nil || b.String() != c.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", c.name, err, b.String(), c.want)
		}
	}
}
