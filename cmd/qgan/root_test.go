package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"qgan/backends/ledger"
	"qgan/backends/service"
	"qgan/backends/sim"
	"qgan/internal/checkup"
	"qgan/internal/durable"
	"qgan/metrics"
	"qgan/training/study"
)

// testApp is an app that touches nothing of the machine's.
func testApp() *app {
	return newApp(strings.NewReader(""), new(strings.Builder), new(strings.Builder), func(string) string { return "" })
}

// leaves returns the commands of a tree that have no commands below them, and those
// that do work beside holding others.
func leaves(cmd *cobra.Command) []*cobra.Command {
	var out []*cobra.Command
	for _, c := range cmd.Commands() {
		if c.Runnable() && c.Annotations[configGroup] == "" {
			out = append(out, c)
		}
		out = append(out, leaves(c)...)
	}
	return out
}

// Every verb says in a line what it does, describes each flag, and leaves the hooks
// to the root.
func TestVerbsAreDescribed(t *testing.T) {
	root := newRootCmd(testApp())
	for _, cmd := range leaves(root) {
		path := cmd.CommandPath()
		if cmd.Short == "" {
			t.Errorf("%s has no short description", path)
		}
		if cmd.PersistentPreRunE != nil || cmd.PersistentPreRun != nil {
			t.Errorf("%s has a PersistentPreRun, which would keep the configuration from it", path)
		}
		if cmd.Args == nil && cmd.Name() != "help" {
			t.Errorf("%s doesn't check its arguments", path)
		}
		for _, f := range gather(cmd.Flags().VisitAll) {
			if f.Usage == "" {
				t.Errorf("%s --%s has no description", path, f.Name)
			}
		}
	}
}

func TestExitCode(t *testing.T) {
	stopped, cancel := context.WithCancelCause(t.Context())
	cancel(errInterrupted)
	timedOut, cancel2 := context.WithCancel(t.Context())
	cancel2()
	for _, c := range []struct {
		name string
		ctx  context.Context
		err  error
		want int
	}{
		{"nothing", t.Context(), nil, exitOK},
		{"plain", t.Context(), errors.New("x"), exitFailure},
		{"usage, wrapped", t.Context(), fmt.Errorf("y: %w", usagef("x")), exitUsage},
		{"bad input, wrapped", t.Context(), fmt.Errorf("y: %w", rejected{errors.New("x")}), exitUsage},
		{"refused", t.Context(), exitf(exitRefused, "x"), exitRefused},
		{"spending limit, wrapped", t.Context(), fmt.Errorf("y: %w", ledger.ErrLimit), exitRefused},
		{"service", t.Context(), fmt.Errorf("y: %w", &service.RemoteError{Service: "ibm", Err: errors.New("x")}), exitRemote},
		{"service, of an input", t.Context(), &service.RemoteError{Service: "ibm", Err: rejected{errors.New("x")}}, exitRemote},
		{"board of a study", t.Context(), fmt.Errorf("y: %w", &study.BoardError{Err: errors.New("x")}), exitRemote},
		{"signal at a board", stopped, &study.BoardError{Err: errInterrupted}, exitInterrupted},
		{"disk full", t.Context(), fmt.Errorf("write x: %w", durable.ErrFull), exitUsage},
		{"signal", stopped, fmt.Errorf("step 7: %w", context.Canceled), exitInterrupted},
		{"signal's cause", stopped, errInterrupted, exitInterrupted},
		{"signal, but the disk was full", stopped, fmt.Errorf("write x: %w", durable.ErrFull), exitUsage},
		{"signal, but something failed", stopped, errors.New("x"), exitFailure},
		{"cancelled without a signal", timedOut, context.Canceled, exitFailure},
	} {
		if got := exitCode(c.ctx, c.err); got != c.want {
			t.Errorf("%s: exit code %d, want %d", c.name, got, c.want)
		}
	}
}

// What to do next about an error, whoever knows.
func TestHintOf(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{errors.New("x"), ""},
		{usagef("x"), ""},
		{fmt.Errorf("y: %w", usagef("x").withHint("do %d", 2)), "do 2"},
		{fmt.Errorf("y: %w", &metrics.NeuronsError{}), "choose as many with --neurons"},
		{fmt.Errorf("y: %w", durable.ErrFull), "make room on the disk; what was written before is whole, and a run goes on with --resume"},
		{&fs.PathError{Op: "write", Path: "/dev/stdout", Err: durable.ErrFull}, ""},
		{usagef("%w", told{"settle {this}"}), "--settle it"},
		{usagef("%w", told{"settle {this}"}).withHint("nearer"), "nearer"},
	} {
		if got := hintOf(c.err); got != c.want {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}

// told is an error that knows what to do.
type told struct{ text string }

func (e told) Error() string                      { return e.text }
func (told) Hint(show func(string) string) string { return show("settle") + " it" }

func TestDoctorSelfTest(t *testing.T) {
	a := testApp()
	a.selfTest = func() (string, error) { return "avx2", errors.New("differs from the oracle by 1e-3") }
	r := a.examine()
	if r.OK || r.Kernel != (checkup.Kernel{Name: "avx2", SelfTest: "differs from the oracle by 1e-3"}) {
		t.Errorf("kernel %+v, ok %v", r.Kernel, r.OK)
	}
	a.selfTest = func() (string, error) { return "go", nil }
	r = a.examine()
	if r.Kernel != (checkup.Kernel{Name: "go", SelfTest: "passed"}) {
		t.Errorf("kernel %+v", r.Kernel)
	}
	// Two vectors take twice the memory of one, unless more than that is there for both.
	if s, g := r.Largest.State, r.Largest.Gradient; g != s-1 && s < sim.MaxQubits {
		t.Errorf("states of %d qubits, gradients of %d", s, g)
	}
}

// Output that can't be written is a failure, not silence.
func TestStdoutFails(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"version", "--json"}, {"config", "show"}, {"completion", "bash"}, {"--help"}, {"help"}, {"train", "--help"}, {"--version"}} {
		a := testApp()
		a.out = failing{}
		if code := a.run(t.Context(), args); code != exitFailure {
			t.Errorf("%v: exit code %d", args, code)
		}
	}
}

// failing is a stream that takes nothing.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("nobody listens") }

// Progress is one line on a terminal, unless the environment asks for plain text.
func TestProgressForms(t *testing.T) {
	for _, c := range []struct {
		mode     string
		terminal bool
		env      map[string]string
		want     string
	}{
		{"text", true, map[string]string{"TERM": "xterm"}, "\rtrain 1/2 (50%)\n"},
		{"text", false, nil, "train 1/2 (50%)\n"},
		{"text", true, map[string]string{"NO_COLOR": "1"}, "train 1/2 (50%)\n"},
		{"text", true, map[string]string{"CI": "true"}, "train 1/2 (50%)\n"},
		{"text", true, map[string]string{"TERM": "dumb"}, "train 1/2 (50%)\n"},
		{"jsonl", true, nil, `{"event":"progress","task":"train","unit":"steps","done":1,"total":2,"rate_per_s":0,"seconds":0}` + "\n"},
	} {
		var out strings.Builder
		a := newApp(nil, nil, &out, func(k string) string { return c.env[k] })
		a.now = func() time.Time { return time.Unix(0, 0) }
		a.terminal = func(any) bool { return c.terminal }
		p, err := a.newProgress(c.mode, "train", "steps", 0)
		if err != nil {
			t.Fatal(err)
		}
		p.Update(1, 2)
		p.Finish()
		if out.String() != c.want {
			t.Errorf("%s, terminal %v, %v: %q, want %q", c.mode, c.terminal, c.env, out.String(), c.want)
		}
	}
	if _, err := testApp().newProgress("xml", "x", "x", 0); exitCode(t.Context(), err) != exitUsage {
		t.Errorf("mode xml: error %v", err)
	}
}
