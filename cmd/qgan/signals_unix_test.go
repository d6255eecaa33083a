//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// The first signal cancels the verb's context, the second ends the program; both
// give exit code 130.
func TestSignals(t *testing.T) {
	for _, kind := range []string{"wait", "stubborn"} {
		for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
			cmd := exec.Command(os.Args[0])
			cmd.Args = []string{"qganprobe", "probe", "fail", kind}
			cmd.Dir = t.TempDir()
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(stdout)
			want := map[string]int{"wait": 1, "stubborn": 2}[kind]
			for range want {
				if !lines.Scan() {
					t.Fatalf("%s: no line on stdout, stderr %q", kind, stderr.String())
				}
				if err := cmd.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
			}
			err = cmd.Wait()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
				t.Errorf("%s, %v: ended with %v, stderr %q", kind, sig, err, stderr.String())
			}
			if kind == "wait" && stderr.String() != "qgan: interrupted\n" {
				t.Errorf("%s, %v: stderr %q", kind, sig, stderr.String())
			}
		}
	}
}

// A verb that only computes is ended soon after the first signal, with a word, whatever it does.
func TestComputingIsEnded(t *testing.T) {
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		cmd := exec.Command(os.Args[0])
		cmd.Args = []string{"qganprobe", "probe", "fail", "stubborn"}
		cmd.Dir = t.TempDir()
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if lines := bufio.NewScanner(stdout); !lines.Scan() {
			t.Fatalf("no line on stdout, stderr %q", stderr.String())
		}
		begin := time.Now()
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		err = cmd.Wait()
		var exit *exec.ExitError
		if took := time.Since(begin); !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted || stderr.String() != "qgan: interrupted\n" || took < grace || took > 10*grace {
			t.Errorf("%v: ended with %v after %v, stderr %q", sig, err, took, stderr.String())
		}
	}
}

// Verbs that finish a step or speak to services are not ended from without, nor is one that
// sends jobs.
func TestLastingVerbs(t *testing.T) {
	for _, k := range []struct {
		hasty, interrupted bool
		want               bool
	}{{true, true, true}, {false, true, false}, {true, false, false}} {
		ctx, cancel := context.WithCancelCause(t.Context())
		if k.interrupted {
			cancel(errTerminated)
		} else {
			cancel(nil)
		}
		a := testApp()
		a.hasty.Store(k.hasty)
		ended := false
		synctest.Test(t, func(*testing.T) { a.hurry(ctx, nil, func() { ended = true }) })
		if ended != k.want {
			t.Errorf("%+v: ended from without %v", k, ended)
		}
	}
	root := newRootCmd(testApp())
	for _, verb := range lasting {
		if cmd, _, err := root.Find([]string{verb}); err != nil || cmd == root {
			t.Errorf("there is no verb %s", verb)
		}
	}
}
