package main

import (
	"context"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"qgan/training"
)

// trainRun trains as the verb does and does not judge what that ends with: the judgement and
// its page take most of a short training's time, and many tests look at the generator alone.
func trainRun(ctx context.Context, dir string, flags ...string) error {
	a := testApp()
	cmd := newTrainCmd(a)
	if err := cmd.ParseFlags(flags); err != nil {
		return err
	}
	t, err := a.lab(nil, "train").New(ctx, given(cmd.Flags()))
	if err != nil {
		return err
	}
	defer t.Close()
	if err := t.Begin(dir); err != nil {
		return err
	}
	return t.Run.Train(ctx, t.Trainer, nil, func(training.Row) {})
}

// trainedRun is a run of those settings, for the rest of the test.
func trainedRun(t *testing.T, settings string) string {
	t.Helper()
	dir := t.TempDir() + "/run"
	if err := trainRun(t.Context(), dir, strings.Fields(settings)...); err != nil {
		t.Fatal(err)
	}
	return dir
}

// trains is the command `trains RUN [FLAG]…`: trainRun on the built-in recording.
func trains(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: trains RUN [FLAG]...")
	}
	ts.Check(trainRun(context.Background(), ts.MkAbs(args[0]), args[1:]...))
}
