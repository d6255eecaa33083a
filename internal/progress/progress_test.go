package progress

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// shown runs a task of ten steps of a second each and returns what is written.
func shown(form Form) string {
	var out bytes.Buffer
	clock := time.Unix(0, 0)
	p := New(&out, func() time.Time { return clock }, form, "train", "steps", 100)
	for i := 1; i <= 10; i++ {
		clock = clock.Add(time.Second)
		p.Update(100+i, 120, Field{"js_nats", 1.0 / float64(i)}, Field{"state", "ok"})
		if i == 3 {
			p.Message("a warning")
		}
	}
	p.Finish()
	return out.String()
}

func TestLines(t *testing.T) {
	want := `train 101/120 (84%)  js_nats 1  state ok  1 steps/s  19s left
a warning
train 106/120 (88%)  js_nats 0.1667  state ok  1 steps/s  14s left
train 110/120 (91%)  js_nats 0.1  state ok  1 steps/s  10s left
`
	if d := cmp.Diff(want, shown(Lines)); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestTerminal(t *testing.T) {
	got := shown(Terminal)
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

func TestObjects(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(shown(Objects)), "\n")
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

func TestOddValues(t *testing.T) {
	p := &Bar{name: "x", now: time.Now}
	line := p.object(1, 0, 0, 0, -1, []Field{{"loss", math.NaN()}})
	if !json.Valid([]byte(line)) || !strings.Contains(line, `"loss":null`) {
		t.Errorf("NaN: %s", line)
	}
	var none *Bar
	none.Update(1, 2)
	none.Message("x")
	none.Finish()
}
