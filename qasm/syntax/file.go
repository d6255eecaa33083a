package syntax

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Pos is a byte offset in a file.
type Pos int32

// MaxBytes bounds the files that are read.
const MaxBytes = 1 << 30

// File is a named text.
type File struct {
	Name  string
	Text  string
	lines []Pos // offsets of the lines' beginnings, made when first asked for
}

// Position is a place in a file as people count it: lines and columns from 1,
// columns in characters.
type Position struct {
	File   string
	Line   int
	Column int
}

// String writes file:line:column.
func (p Position) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// line returns the index of the line that holds an offset.
func (f *File) line(pos Pos) int {
	if f.lines == nil {
		f.lines = append(f.lines, 0)
		for i := range len(f.Text) {
			if f.Text[i] == '\n' {
				f.lines = append(f.lines, Pos(i+1))
			}
		}
	}
	i, found := slices.BinarySearch(f.lines, pos)
	if !found {
		i--
	}
	return i
}

// Position returns where an offset is.
func (f *File) Position(pos Pos) Position {
	i := f.line(pos)
	pos = min(pos, Pos(len(f.Text)))
	return Position{f.Name, i + 1, utf8.RuneCountInString(f.Text[f.lines[i]:pos]) + 1}
}

// maxShown bounds the part of a line that an error shows, in characters.
const maxShown = 120

// excerpt returns the line that holds an offset, shortened around it, and the
// column of the offset within what is returned, in characters.
func (f *File) excerpt(pos Pos) (line string, column int) {
	i := f.line(pos)
	pos = min(pos, Pos(len(f.Text)))
	first, last := int(f.lines[i]), len(f.Text)
	if i+1 < len(f.lines) {
		last = int(f.lines[i+1]) - 1
	}
	if int(pos)-first > maxShown/2 { // long lines: what is around the place
		first = int(pos) - maxShown/2
		for first < int(pos) && !utf8.RuneStart(f.Text[first]) {
			first++
		}
	}
	if last-first > maxShown {
		last = first + maxShown
		for last > int(pos) && !utf8.RuneStart(f.Text[last]) {
			last--
		}
	}
	clean := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f || r == utf8.RuneError {
				return ' '
			}
			return r
		}, s)
	}
	return strings.TrimRight(clean(f.Text[first:last]), " "), utf8.RuneCountInString(f.Text[first:pos])
}
