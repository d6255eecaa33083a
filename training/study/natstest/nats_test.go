// Package natstest runs studies over a NATS server that it starts in the test's own
// process. It is a module of its own, so that the program does not depend on the server.
package natstest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"qgan/training/study"
)

// serve starts a server with JetStream on loopback and returns its address.
func serve(t *testing.T) string {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server does not start")
	}
	return s.ClientURL()
}

func plan(n int) study.Plan {
	p := study.Plan{Name: "squares"}
	for i := range n {
		p.Tasks = append(p.Tasks, study.Task{Kind: "square", Settings: map[string]any{"i": i}})
	}
	return p
}

func tables(t *testing.T, b study.Board) string {
	t.Helper()
	out, err := b.Outcomes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	table := study.TableOf(b.Plan(), out)
	if err := errors.Join(table.WriteCSV(&text), table.WriteJSONL(&text)); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// Several workers, one of which falls silent with a task in hand: each task has one row,
// failures are kept, and a coordinator that comes again finds all done.
func TestBoard(t *testing.T) {
	url := serve(t)
	b, err := study.CreateNATS(t.Context(), url, plan(30), 2*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, err := b.Take(t.Context(), "dead"); err != nil { // and never heard of again
		t.Fatal(err)
	}
	var done atomic.Int32
	work := func(_ context.Context, k study.Task, _ string) (study.Row, error) {
		done.Add(1)
		i, err := k.Int("i", 0)
		if i == 7 {
			return nil, errors.New("seven is no good")
		}
		return study.Row{"square": float64(i * i)}, err
	}
	ends := make(chan error, 3)
	for w := range cap(ends) {
		go func() {
			own, err := study.OpenNATS(t.Context(), url, "")
			if err == nil {
				defer own.Close()
				crew := &study.Crew{Board: own, Works: map[string]study.Work{"square": work}, Workers: 2, Name: fmt.Sprint("w", w), Folder: func(study.Task) (string, error) { return t.TempDir(), nil }}
				err = crew.Run(t.Context())
			}
			ends <- err
		}()
	}
	for range cap(ends) {
		if err := <-ends; err != nil {
			t.Fatal(err)
		}
	}
	if n := done.Load(); n < 30 || n > 32 {
		t.Errorf("30 tasks were worked on %d times", n)
	}
	text := tables(t, b)
	if strings.Count(text, "\n") != 1+30+30 || !strings.Contains(text, "seven is no good") {
		t.Errorf("the tables:\n%s", text)
	}
	again, err := study.CreateNATS(t.Context(), url, plan(30), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if _, err := again.Take(t.Context(), "late"); !errors.Is(err, study.ErrFinished) {
		t.Errorf("a finished study hands out a task: %v", err)
	}
}

func TestNoPaidTasks(t *testing.T) {
	p := study.Plan{Tasks: []study.Task{{Kind: "train", Settings: map[string]any{"backend": "ibm:ibm_torino"}}}}
	var bad interface{ BadInput() bool }
	if _, err := study.CreateNATS(t.Context(), "nats://127.0.0.1:1", p, 0); !errors.As(err, &bad) {
		t.Errorf("a paid task was put on a server: %v", err)
	}
}

func TestUnknownStudies(t *testing.T) {
	url := serve(t)
	if _, err := study.OpenNATS(t.Context(), url, ""); err == nil || !strings.Contains(err.Error(), "it holds 0 studies") {
		t.Errorf("an empty server: %v", err)
	}
	if _, err := study.OpenNATS(t.Context(), strings.Replace(url, "nats://", "nats://user:secret@", 1), "feed"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a study that is not there: %v", err)
	}
}

// The program itself: a study of many trainings over a server and four worker processes,
// of which one is killed every few seconds, has the tables of one in process.
func TestKilledWorkers(t *testing.T) {
	tasks, every, iterations, most := 200, 10*time.Second, "2000", math.MaxInt
	if os.Getenv("QGAN_LONG") == "" { // make queues sets it
		// So few kills that no task can be begun more than ten times, however slow the machine.
		tasks, every, iterations, most = 12, time.Second, "150", 8
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "qgan")
	build := exec.Command("go", "build", "-o", program, "./cmd/qgan")
	build.Dir = "../../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var seeds []string
	for i := range tasks / 4 {
		seeds = append(seeds, fmt.Sprint(i))
	}
	file := filepath.Join(dir, "sweep.toml")
	text := "seeds = [" + strings.Join(seeds, ", ") + "]\n[settings]\nneurons = 3\niterations = " + iterations + "\n[grid]\nlayers = [1, 2]\ncritic-steps = [1, 2]\n"
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) *exec.Cmd {
		cmd := exec.Command(program, args...)
		cmd.Dir = dir
		return cmd
	}
	url := serve(t)
	var message bytes.Buffer
	whole := run("study", file, "--queue", url, "--out", "served", "--lease", "3s")
	whole.Stderr = &message
	if err := whole.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- whole.Wait() }()
	worker := func() *exec.Cmd {
		w := run("worker", "--queue", url)
		if err := w.Start(); err != nil {
			t.Fatal(err)
		}
		return w
	}
	time.Sleep(time.Second)
	workers := make([]*exec.Cmd, 4)
	for i := range workers {
		workers[i] = worker()
	}
	defer func() {
		for _, w := range workers {
			w.Process.Kill()
			w.Wait()
		}
	}()
	kills := 0
	tick := time.NewTicker(every)
	defer tick.Stop()
	for over := false; !over; {
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("%v\n%s", err, message.String())
			}
			over = true
		case <-tick.C:
			if kills == most {
				continue
			}
			i := kills % len(workers)
			workers[i].Process.Kill()
			workers[i].Wait()
			workers[i] = worker()
			kills++
		}
	}
	t.Logf("%d tasks, %d workers were killed", tasks, kills)
	if kills == 0 {
		t.Error("no worker was killed")
	}
	if out, err := run("study", file, "--out", "alone").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"table.csv", "table.jsonl"} {
		served, err := os.ReadFile(filepath.Join(dir, "served", name))
		if err != nil {
			t.Fatal(err)
		}
		alone, err := os.ReadFile(filepath.Join(dir, "alone", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(served, alone) {
			t.Errorf("%s of the server is another:\n%s\nalone:\n%s", name, served, alone)
		}
		if name == "table.csv" && bytes.Count(served, []byte("\n")) != tasks+1 {
			t.Errorf("%d rows of %d tasks", bytes.Count(served, []byte("\n"))-1, tasks)
		}
	}
}
