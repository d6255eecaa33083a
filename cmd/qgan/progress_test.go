package main

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// testProgress runs a task of ten steps of a second each and returns what is shown.
func testProgress(t *testing.T, mode string, terminal bool, env map[string]string) string {
	t.Helper()
	var out bytes.Buffer
	clock := time.Unix(0, 0)
	a := newApp(nil, nil, &out, func(k string) string { return env[k] })
	a.now = func() time.Time { return clock }
	a.terminal = func(any) bool { return terminal }
	p, err := a.newProgress(mode, "train", "steps", 100)
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= 10; i++ {
		clock = clock.Add(time.Second)
		p.update(100+i, 120, field{"js_nats", 1.0 / float64(i)}, field{"state", "ok"})
		if i == 3 {
			p.message("a warning")
		}
	}
	p.finish()
	return out.String()
}

func TestProgressLines(t *testing.T) {
	want := `train 101/120 (84%)  js_nats 1  state ok  1 steps/s  19s left
a warning
train 106/120 (88%)  js_nats 0.1667  state ok  1 steps/s  14s left
train 110/120 (91%)  js_nats 0.1  state ok  1 steps/s  10s left
`
	if d := cmp.Diff(want, testProgress(t, "text", false, nil)); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	for k, v := range map[string]string{"NO_COLOR": "1", "CI": "true", "TERM": "dumb"} {
		if d := cmp.Diff(want, testProgress(t, "text", true, map[string]string{k: v})); d != "" {
			t.Errorf("%s=%s: -want +got:\n%s", k, v, d)
		}
	}
}

func TestProgressTerminal(t *testing.T) {
	got := testProgress(t, "text", true, map[string]string{"TERM": "xterm"})
	if n := strings.Count(got, "\r"); n != 12 { // ten states, and two around the erased line
		t.Errorf("%d carriage returns in %q", n, got)
	}
	// What stays on the screen is the message and the last state.
	var screen []string
	for _, line := range strings.Split(strings.TrimSuffix(got, "\n"), "\n") {
		var cells []rune
		for _, part := range strings.Split(line, "\r") {
			for i, r := range []rune(part) {
				if i < len(cells) {
					cells[i] = r
				} else {
					cells = append(cells, r)
				}
			}
		}
		screen = append(screen, strings.TrimRight(string(cells), " "))
	}
	want := []string{"a warning", "train 110/120 (91%)  js_nats 0.1  state ok  1 steps/s  10s left"}
	if d := cmp.Diff(want, screen); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestProgressJSONL(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(testProgress(t, "jsonl", true, nil)), "\n")
	if len(lines) != 4 {
		t.Fatalf("%d lines: %q", len(lines), lines)
	}
	var last map[string]any
	for _, line := range lines {
		last = nil
		if err := json.Unmarshal([]byte(line), &last); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
	}
	want := map[string]any{
		"event": "progress", "task": "train", "unit": "steps", "done": 110.0, "total": 120.0, "rate_per_s": 1.0,
		"seconds": 10.0, "seconds_left": 10.0, "js_nats": 0.1, "state": "ok",
	}
	if d := cmp.Diff(want, last); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestProgressOddValues(t *testing.T) {
	p := &progress{name: "x", now: time.Now}
	line := p.object(1, 0, 0, 0, -1, []field{{"loss", math.NaN()}})
	if !json.Valid([]byte(line)) || !strings.Contains(line, `"loss":null`) {
		t.Errorf("NaN: %s", line)
	}
	var none *progress
	none.update(1, 2)
	none.message("x")
	none.finish()
	a := newApp(nil, nil, nil, func(string) string { return "" })
	if _, err := a.newProgress("xml", "x", "x", 0); exitCode(t.Context(), err) != exitUsage {
		t.Errorf("mode xml: error %v", err)
	}
}
