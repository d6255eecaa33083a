package study_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
	for name, want := range map[string]string{"table.csv": "three is too much", "table.jsonl": `"square":16`, "index.html": "<html"} {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s lacks %q (%v)", name, want, err)
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
