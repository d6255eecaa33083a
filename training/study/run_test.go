package study_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"qgan/training/study"
)

// squares is a study of four tasks, the one of 3 of which fails.
func squares(dir string) *study.Study {
	p, err := study.Parse("kind = \"square\"\n[grid]\nx = [1, 2, 3, 4]\n", "squares.toml")
	if err != nil {
		panic(err)
	}
	return &study.Study{Plan: p, Folder: dir, Workers: 2, Name: "test", Works: map[string]study.Work{"square": func(_ context.Context, t study.Task, _ string) (study.Row, error) {
		x, err := t.Number("x")
		if x == 3 {
			return nil, errors.New("three is too much")
		}
		return study.Row{"square": x * x}, err
	}}}
}

func TestStudyRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "s")
	s := squares(dir)
	begun, last := -1, ""
	causes := map[string]bool{}
	s.Begun = func(done int) { begun = done }
	s.Told = func(done, failed int) { last = fmt.Sprint(done, failed) }
	s.Done = func(o study.Outcome) { causes[o.Failed] = true }
	table, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if begun != 0 || last != "4 1" || !causes["three is too much"] || table.Failed() != 1 || table.Done() != 4 || table.Rows[3].Row["square"] != 16 {
		t.Errorf("begun with %d, told %q last, causes %v, table %+v", begun, last, causes, table.Rows)
	}
	for name, want := range map[string]string{"table.csv": "three is too much", "table.jsonl": `"square":16`, "index.html": "three is too much"} {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s lacks %q (%v)", name, want, err)
		}
	}
	page, err := os.ReadFile(filepath.Join(dir, "index.html"))
	links := regexp.MustCompile(`href="([^"]*)"`).FindAllSubmatch(page, -1)
	if err != nil || len(links) != 4 {
		t.Errorf("%d links of 4 tasks (%v)", len(links), err)
	}
	for i, m := range links { // each to what is kept of its own task
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(string(m[1]))))
		if want := fmt.Sprintf(`"x": %d`, i+1); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("link %d to %s: %v, %s", i, m[1], err, text)
		}
	}

	// Nothing is done again but what failed, where that is asked for.
	for _, retry := range []bool{false, true} {
		var works atomic.Int32
		again := squares(dir)
		again.Retry = retry
		again.Begun = func(done int) { begun = done }
		work := again.Works["square"]
		again.Works["square"] = func(ctx context.Context, t study.Task, dir string) (study.Row, error) {
			works.Add(1)
			return work(ctx, t, dir)
		}
		if _, err := again.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := map[bool]int32{true: 1}[retry]; works.Load() != want || begun != 4-int(want) {
			t.Errorf("retry %v: %d tasks were done, %d before", retry, works.Load(), begun)
		}
	}

	other := squares(dir)
	other.Plan.Tasks = other.Plan.Tasks[:2]
	var wrong *study.PlanError
	if _, err := other.Run(t.Context()); !errors.As(err, &wrong) {
		t.Errorf("a folder of another study: %v", err)
	}
}

// A study without workers waits for those of others, and one that is stopped has its
// table all the same.
func TestStudyWaitsAndStops(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "s")
	stopped := squares(dir)
	ctx, stop := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	stopped.Workers = 1
	stopped.Done = func(o study.Outcome) { stop(enough) }
	table, err := stopped.Run(ctx)
	if !errors.Is(err, enough) || table.Done() != 1 {
		t.Errorf("%d tasks done, error %v", table.Done(), err)
	}
	waiting := squares(dir)
	waiting.Workers = 0
	waiting.Begun = func(int) {
		other := squares(dir)
		if _, err := other.Run(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if table, err := waiting.Run(t.Context()); err != nil || table.Done() != 4 {
		t.Errorf("%d tasks done, error %v", table.Done(), err)
	}
}

func TestStudyBoardFails(t *testing.T) {
	s := squares(t.TempDir())
	s.Queue = "nats://127.0.0.1:1"
	var board *study.BoardError
	if _, err := s.Run(t.Context()); !errors.As(err, &board) {
		t.Errorf("no server: %v", err)
	}
	if a, b := study.ProcessName(time.Unix(0, 1)), study.ProcessName(time.Unix(0, 2)); a == b || strings.ContainsRune(a, filepath.Separator) {
		t.Errorf("names %q and %q", a, b)
	}
}

// A study without workers does nothing itself, tells how far the others are, and ends when
// the last task is done or the context says so.
func TestStudyWaits(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "s")
	var told []int
	waiting := squares(dir)
	waiting.Workers, waiting.Works = 0, nil
	waiting.Told = func(done, failed int) {
		told = append(told, done)
		other := squares(dir)
		other.Workers = 1
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		left := 3 // of the first turn; the second does all
		other.Done = func(study.Outcome) {
			if left--; left == 0 && done == 0 {
				stop()
			}
		}
		if done < 4 {
			other.Run(ctx)
		}
	}
	if table, err := waiting.Run(t.Context()); err != nil || table.Done() != 4 || table.Failed() != 1 || fmt.Sprint(told) != "[0 3 4]" {
		t.Errorf("%d tasks done, %d failed, told %v, error %v", table.Done(), table.Failed(), told, err)
	}

	ctx, stop := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	alone := squares(filepath.Join(t.TempDir(), "s"))
	alone.Workers = 0
	alone.Told = func(int, int) { stop(enough) }
	if _, err := alone.Run(ctx); !errors.Is(err, enough) {
		t.Errorf("stopped while it waits: %v", err)
	}
}

// As many tasks are worked on at a time as there are workers.
func TestStudyWorkers(t *testing.T) {
	s := squares(filepath.Join(t.TempDir(), "s"))
	s.Workers = 4
	all := make(chan struct{})
	var here atomic.Int32
	s.Works["square"] = func(ctx context.Context, _ study.Task, _ string) (study.Row, error) {
		if here.Add(1) == 4 {
			close(all)
		}
		select {
		case <-all:
			return study.Row{"x": 1}, nil
		case <-time.After(10 * time.Second):
			return nil, errors.New("the others don't come")
		}
	}
	if table, err := s.Run(t.Context()); err != nil || table.Failed() > 0 {
		t.Errorf("%d tasks failed, error %v", table.Failed(), err)
	}
}

// A table that can't be written is an error, beside the table.
func TestStudyTableFails(t *testing.T) {
	for _, name := range []string{"table.csv", "table.jsonl", "index.html"} {
		dir := filepath.Join(t.TempDir(), "s")
		if err := os.MkdirAll(filepath.Join(dir, name, "taken"), 0o777); err != nil {
			t.Fatal(err)
		}
		if table, err := squares(dir).Run(t.Context()); err == nil || table.Done() != 4 {
			t.Errorf("%s can't be written: %v, %d tasks done", name, err, table.Done())
		}
	}
}
