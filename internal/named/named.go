// Package named writes messages that name settings. A library says in them which setting
// is meant ("memory leaky"); a program that has a spelling of its own for settings, such as
// flags with dashes, puts it in ("--memory leaky") without looking for words in a text.
//
// In a format a setting stands in braces: "it needs a memory; add {memory} leaky". One that
// is known when the program runs is an argument of type [Setting].
package named

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Setting is the name of a setting.
type Setting string

// Error is an error whose text names settings.
type Error struct {
	format string
	args   []any
	cause  error
	input  bool
	hint   string
}

// Errorf makes an error from a format with settings in braces. %w wraps, as in fmt.Errorf.
func Errorf(format string, args ...any) *Error {
	return &Error{format: format, args: args, cause: errors.Unwrap(fmt.Errorf(format, args...))}
}

// Inputf is Errorf of what the user gave.
func Inputf(format string, args ...any) *Error {
	e := Errorf(format, args...)
	e.input = true
	return e
}

// BadInput reports whether the fault is in what the user gave.
func (e *Error) BadInput() bool { return e.input }

// Hinted adds what to do next, a sentence with settings in braces.
func (e *Error) Hinted(hint string) *Error {
	e.hint = hint
	return e
}

// Hint is what to do next, with each setting as show spells it; empty where nobody knows.
func (e *Error) Hint(show func(name string) string) string { return spelled(e.hint, show) }

// Error is the text with the settings' own names.
func (e *Error) Error() string { return e.Named(func(name string) string { return name }) }

// Unwrap returns what was wrapped.
func (e *Error) Unwrap() error { return e.cause }

var setting = regexp.MustCompile(`\{([a-z][a-z0-9-]*)\}`)

// spelled is a text with the settings in braces as show spells them.
func spelled(text string, show func(name string) string) string {
	return setting.ReplaceAllStringFunc(text, func(s string) string { return show(s[1 : len(s)-1]) })
}

// Named is the text with each setting as show spells it.
func (e *Error) Named(show func(name string) string) string {
	format := spelled(e.format, func(name string) string { return strings.ReplaceAll(show(name), "%", "%%") })
	args := slices.Clone(e.args)
	for i, a := range args {
		if name, ok := a.(Setting); ok {
			args[i] = show(string(name))
		}
	}
	return fmt.Errorf(format, args...).Error()
}

// Text is an error's text in which the errors of its tree that name settings (those with a
// method Named) spell them as show does.
func Text(err error, show func(name string) string) string {
	text := err.Error()
	var walk func(error)
	walk = func(err error) {
		if e, ok := err.(interface {
			error
			Named(func(string) string) string
		}); ok {
			text = strings.ReplaceAll(text, e.Error(), e.Named(show))
			return
		}
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			if inner := e.Unwrap(); inner != nil {
				walk(inner)
			}
		case interface{ Unwrap() []error }:
			for _, inner := range e.Unwrap() {
				walk(inner)
			}
		}
	}
	walk(err)
	return text
}
