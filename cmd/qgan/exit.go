package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"qgan/backends/ledger"
	"qgan/backends/service"
	"qgan/internal/durable"
	"qgan/internal/named"
	"qgan/training/study"
)

// The exit codes of every verb (docs/cli.md).
const (
	exitOK          = 0
	exitFailure     = 1   // something failed that is no fault of the input
	exitUsage       = 2   // command line, configuration or input is wrong
	exitStudy       = 3   // a study ended with failed tasks
	exitRemote      = 4   // a remote service failed, or a job stays unknown
	exitRefused     = 5   // refused by a spending limit
	exitUnfinished  = 6   // not finished yet
	exitInterrupted = 130 // interrupted by a signal
)

// exitError is an error that decides the exit code and may say what to do next.
type exitError struct {
	code int
	err  error
	hint string
}

func (e *exitError) Error() string { return e.err.Error() }

func (e *exitError) Unwrap() error { return e.err }

// exitf makes an error with an exit code.
func exitf(code int, format string, args ...any) *exitError {
	return &exitError{code: code, err: fmt.Errorf(format, args...)}
}

// usagef makes an error of the command line, the configuration or the input.
func usagef(format string, args ...any) *exitError { return exitf(exitUsage, format, args...) }

// withHint adds what to do next, a sentence in its own line.
func (e *exitError) withHint(format string, args ...any) *exitError {
	e.hint = fmt.Sprintf(format, args...)
	return e
}

// badInput is what errors about files that users gave implement.
type badInput interface{ BadInput() bool }

// dashed is an error's text in which settings are spelled as flags.
func dashed(err error) string {
	return named.Text(err, asFlag)
}

// asFlag spells a setting.
func asFlag(name string) string { return "--" + name }

// hintOf is what to do next about an error, where somebody knows.
func hintOf(err error) string {
	var e *exitError
	var told interface {
		Hint(show func(string) string) string
	}
	switch {
	case errors.As(err, &e) && e.hint != "":
		return e.hint
	case errors.As(err, &told) && told.Hint(asFlag) != "":
		return told.Hint(asFlag)
	case errors.Is(err, ledger.ErrNoJob):
		return "`qgan jobs list` lists them"
	case errors.Is(err, ledger.ErrDamaged):
		return "`qgan jobs repair` sets aside what can't be read"
	case errors.Is(err, durable.ErrFull) && !strings.HasPrefix(err.Error(), "write /dev/stdout:"):
		return "make room on the disk; what was written before is whole, and a run goes on with --resume"
	}
	return ""
}

// exitCode is the one place where an error becomes an exit code.
func exitCode(ctx context.Context, err error) int {
	var e *exitError
	var bad badInput
	var board *study.BoardError
	var remote *service.RemoteError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &e):
		return e.code
	case errors.Is(err, errInterrupted),
		errors.Is(err, context.Canceled) && errors.Is(context.Cause(ctx), errInterrupted):
		return exitInterrupted
	case errors.Is(err, ledger.ErrLimit):
		return exitRefused
	case errors.As(err, &remote):
		return exitRemote
	case errors.As(err, &bad) && bad.BadInput(), errors.Is(err, ledger.ErrNoJob), errors.Is(err, durable.ErrFull):
		return exitUsage
	case errors.As(err, &board):
		return exitRemote
	}
	return exitFailure
}

// helpHint points to the help of a command.
func helpHint(cmd *cobra.Command) string {
	return fmt.Sprintf("see `%s --help`", cmd.CommandPath())
}

// commandLineError gives an error from before the verb's work exit code 2 and a
// hint. Cobra's own errors are plain, so here is where they get their form.
func commandLineError(cmd *cobra.Command, args []string, err error) error {
	var e *exitError
	if errors.As(err, &e) {
		return err
	}
	root := cmd.Root()
	if _, rest, ferr := root.Find(args); ferr != nil {
		for _, arg := range rest {
			if !strings.HasPrefix(arg, "-") {
				return unknownVerb(root, arg)
			}
		}
	}
	if strings.Contains(err.Error(), "arg(s)") { // cobra's words for too few or too many
		return usagef("%s given, it is: %s", plural(cmd.Flags().NArg(), "argument"), strings.TrimSuffix(cmd.UseLine(), " [flags]")).withHint("%s", helpHint(cmd))
	}
	return usagef("%w", err).withHint("%s", helpHint(cmd))
}

// unknownVerb is the error for a word that should have been a verb of cmd.
func unknownVerb(cmd *cobra.Command, word string) error {
	cmd.SuggestionsMinimumDistance = 2
	text := fmt.Sprintf("unknown verb %q", word)
	if cmd.HasParent() {
		text += " of " + cmd.CommandPath()
	}
	text += named.DidYouMean(cmd.SuggestionsFor(word))
	return usagef("%s", text).withHint("%s", helpHint(cmd))
}

// flagError gives a mistake in a flag its form: what is wrong, what is near, and
// where the help is.
func flagError(cmd *cobra.Command, err error) error {
	text := err.Error()
	// "strconv.ParseInt: parsing "x": invalid syntax" tells a user nothing more
	// than that the value is none.
	if i := strings.Index(text, ": strconv."); i >= 0 {
		reason := text[strings.LastIndex(text, ": "):]
		text = text[:i] + reason
	}
	var unknown interface{ GetSpecifiedName() string }
	if errors.As(err, &unknown) {
		near := named.Nearest(unknown.GetSpecifiedName(), flagNames(cmd))
		for i := range near {
			near[i] = "--" + near[i]
		}
		text += named.DidYouMean(near)
		if unknown.GetSpecifiedName() == "v" {
			return usagef("%s", text).withHint("`qgan --version` prints the version; what verbs do is told without a flag")
		}
	}
	return usagef("%s", text).withHint("%s", helpHint(cmd))
}
