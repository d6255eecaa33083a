package syntax

import (
	"fmt"
	"strings"
)

// MaxErrors is how many errors of a program are reported.
const MaxErrors = 10

// Error is one mistake in a program.
type Error struct {
	At      Position
	Message string // what is wrong
	Hint    string // what to do instead, where that is known
	Line    string // the line, shortened where it is long
	Column  int    // of the caret within Line, characters from 0
}

// NewError makes an error at a place of a file.
func NewError(f *File, pos Pos, hint, format string, args ...any) *Error {
	line, column := f.excerpt(pos)
	return &Error{f.Position(pos), fmt.Sprintf(format, args...), hint, line, column}
}

// Error writes file:line:column: message, the line, a caret below the place,
// and the hint.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v: %s", e.At, e.Message)
	if strings.TrimSpace(e.Line) != "" {
		fmt.Fprintf(&b, "\n  %s\n  %s^", e.Line, strings.Repeat(" ", e.Column))
	}
	if e.Hint != "" {
		fmt.Fprintf(&b, "\n  hint: %s", e.Hint)
	}
	return b.String()
}

// BadInput reports that the program is at fault.
func (e *Error) BadInput() bool { return true }

// Errors are the mistakes of a program in the order of their discovery.
type Errors []*Error

// Error writes the errors one after the other.
func (l Errors) Error() string {
	lines := make([]string, len(l))
	for i, e := range l {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// BadInput reports that the program is at fault.
func (l Errors) BadInput() bool { return true }

// Full reports whether no more errors are collected.
func (l Errors) Full() bool { return len(l) >= MaxErrors }

// Err returns the errors as an error, nil where there are none.
func (l Errors) Err() error {
	if len(l) == 0 {
		return nil
	}
	return l
}
