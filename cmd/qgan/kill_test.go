package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// A run that is killed (kill -9) twenty times at random moments and resumed each
// time ends with the same bytes in its last checkpoint as an undisturbed one,
// without memory and with it, across the stages of its training.
func TestKilledRunsResume(t *testing.T) {
	if testing.Short() {
		t.Skip("kills the program many times: not in short mode")
	}
	for name, settings := range map[string][]string{
		"latent": {"--memory", "none"},
		"memory": {"--past", "5", "--objective", "staged", "--layers", "2", "--batch", "32"},
	} {
		t.Run(name, func(t *testing.T) {
			killAndResume(t, append(settings, "--neurons", "2", "--timesteps", "2", "--iterations", "1500", "--seed", "5"))
		})
	}
}

func killAndResume(t *testing.T, settings []string) {
	dir := t.TempDir()
	train := func(run string, more ...string) *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Args = append([]string{"qganpageless", "train", run, "--log", "jsonl"}, more...) // see TestMain
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+filepath.Join(dir, "config"))
		return cmd
	}
	if out, err := train("undisturbed", settings...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rng := rand.New(rand.NewPCG(20, 20))
	kills, finished := 0, false
	for begun := false; !finished; {
		more := []string{"--resume"}
		if _, err := os.Stat(filepath.Join(dir, "killed", "manifest.json")); err != nil {
			if begun {
				os.RemoveAll(filepath.Join(dir, "killed")) // killed before the manifest was there: no run yet
			}
			more = settings
		}
		begun = true
		cmd := train("killed", more...)
		var log bytes.Buffer
		cmd.Stderr = &log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		wait := time.Duration(rng.IntN(160)) * time.Millisecond
		if kills >= 20 {
			wait = time.Minute
		}
		select {
		case err := <-done:
			if err != nil {
				t.Fatalf("after %d kills: %v\n%s", kills, err, log.Bytes())
			}
			finished = true
		case <-time.After(wait):
			cmd.Process.Kill()
			<-done
			kills++
		}
	}
	if kills < 5 {
		t.Fatalf("only %d kills before the end", kills)
	}
	t.Logf("%d kills", kills)
	const last = "checkpoints/step-00001500.ckpt"
	want, err := os.ReadFile(filepath.Join(dir, "undisturbed", last))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "killed", last))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Error("the killed run ended with other parameters")
	}
}
