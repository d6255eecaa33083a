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

// Units of a later stage take their own time: a rate is that of its stage, and what is left
// is told of the stage until the last one. A task that goes on in a later stage is in it
// from its first unit.
func TestStages(t *testing.T) {
	run := func(form Form, first int) string {
		var out bytes.Buffer
		clock := time.Unix(0, 0)
		p := New(&out, func() time.Time { return clock }, form, "train", "steps", first)
		p.Stages(4, 6)
		for i := first + 1; i <= 8; i++ {
			each := 6 * time.Second
			if i > 4 {
				each = 60 * time.Second
			}
			clock = clock.Add(each)
			p.Update(i, 8)
		}
		p.Finish()
		return out.String()
	}
	whole := `train 1/8 (12%)  0.167 steps/s  18s left of stage 1 of 3
train 2/8 (25%)  0.167 steps/s  12s left of stage 1 of 3
train 3/8 (37%)  0.167 steps/s  6s left of stage 1 of 3
train 4/8 (50%)  0.167 steps/s  0s left of stage 1 of 3
train 5/8 (62%)  0.0167 steps/s  1m0s left of stage 2 of 3
train 6/8 (75%)  0.0167 steps/s  0s left of stage 2 of 3
train 7/8 (87%)  0.0167 steps/s  1m0s left
train 8/8 (100%)  0.0167 steps/s  0s left
`
	if d := cmp.Diff(whole, run(Lines, 0)); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	for _, first := range []int{4, 5, 6} {
		lines := strings.SplitAfter(whole, "\n")
		if d := cmp.Diff(strings.Join(lines[first:], ""), run(Lines, first)); d != "" {
			t.Errorf("from %d, -want +got:\n%s", first, d)
		}
	}
	objects := strings.Split(run(Objects, 3), "\n")
	for i, want := range []string{`"seconds":6,"stage":1,"stages":3,"stage_seconds_left":0}`, `"seconds":66,"stage":2,"stages":3,"stage_seconds_left":60}`,
		`"seconds":126,"stage":2,"stages":3,"stage_seconds_left":0}`, `"seconds":186,"stage":3,"stages":3,"seconds_left":60}`} {
		if !strings.HasSuffix(objects[i], want) {
			t.Errorf("%s, want …%s", objects[i], want)
		}
	}
	var none *Bar
	none.Stages(1)
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

// On a terminal the line fits its columns: figures go, the first ones first, and at last its end.
func TestColumns(t *testing.T) {
	for columns, want := range map[int]string{
		0:  "step 5/10 (50%)  one 1  two 2  three 3",
		80: "step 5/10 (50%)  one 1  two 2  three 3",
		39: "step 5/10 (50%)  one 1  two 2  three 3",
		38: "step 5/10 (50%)  two 2  three 3",
		30: "step 5/10 (50%)  three 3",
		20: "step 5/10 (50%)",
		9:  "step 5/…",
	} {
		var b strings.Builder
		now := time.Unix(0, 0)
		p := New(&b, func() time.Time { return now }, Terminal, "step", "steps", 0)
		p.Columns(columns)
		p.Update(5, 10, Field{"one", 1}, Field{"two", 2}, Field{"three", 3})
		if got := strings.TrimPrefix(b.String(), "\r"); got != want {
			t.Errorf("%d columns: %q, want %q", columns, got, want)
		}
	}
}
