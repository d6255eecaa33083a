package main

import (
	"fmt"
	"io"

	"qgan/internal/progress"
	"qgan/internal/words"
)

// printJSON prints v on stdout as one object. Objects carry a field "schema" and
// are only ever extended.
func (a *app) printJSON(v any) error {
	text, err := words.JSON(v)
	if err == nil {
		_, err = a.out.Write(text)
	}
	return err
}

// show prints a verb's report, as one object or for people.
func show[R any](a *app, asJSON bool, report R, print func(R) error) error {
	if asJSON {
		return a.printJSON(report)
	}
	return print(report)
}

// tell prints a report of a library: as one object, or for people, with what it says beside
// its text on stderr.
func (a *app) tell(asJSON bool, report interface{ WriteText(io.Writer) error }) error {
	if asJSON {
		return a.printJSON(report)
	}
	if err := report.WriteText(a.out); err != nil {
		return err
	}
	if r, ok := report.(interface{ Oddities() []string }); ok {
		for _, text := range r.Oddities() {
			a.warn("%s", text)
		}
	}
	if r, ok := report.(interface{ Remarks() []string }); ok {
		for _, text := range r.Remarks() {
			a.note("%s", text)
		}
	}
	return nil
}

// warn writes a warning on stderr.
func (a *app) warn(format string, args ...any) {
	fmt.Fprintf(a.err, "qgan: warning: %s\n", words.Lines(fmt.Sprintf(format, args...)))
}

// note writes a message on stderr.
func (a *app) note(format string, args ...any) {
	fmt.Fprintf(a.err, "qgan: %s\n", words.Lines(fmt.Sprintf(format, args...)))
}

// plural counts things: "1 neuron", "2 neurons".
func plural(n int, thing string) string { return words.Count(n, thing) }

// newProgress begins the progress of a task on stderr; mode is the value of --log: "jsonl",
// or "text", which is one line on a terminal unless NO_COLOR, CI or TERM=dumb ask for plain
// text.
func (a *app) newProgress(mode, name, unit string, first int) (*progress.Bar, error) {
	form := progress.FormOf(a.terminal(a.err), a.getenv)
	switch mode {
	case "text":
	case "jsonl":
		form = progress.Objects
	default:
		return nil, usagef("--log: %q is neither text nor jsonl", mode)
	}
	bar := progress.New(a.err, a.now, form, name, unit, first)
	bar.Columns(columnsOf(a.err))
	return bar, nil
}
