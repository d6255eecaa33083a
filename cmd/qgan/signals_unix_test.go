//go:build unix

package main

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
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
