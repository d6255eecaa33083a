package progress

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// What is written to a terminal, to the byte: a shorter line covers the longer one before by
// as many spaces as there are characters too few, and the end of the task ends the line once.
func TestWrittenOver(t *testing.T) {
	var out bytes.Buffer
	clock := time.Unix(0, 0)
	p := New(&out, func() time.Time { return clock }, Terminal, "é", "steps", 0)
	for _, k := range []struct {
		step func()
		want string
	}{
		{func() { p.Update(0, 0, Field{"ä", "long"}) }, "\ré 0  ä long"},
		{func() { p.Update(0, 0) }, ""}, // held back
		{func() { clock = clock.Add(100 * time.Millisecond); p.Update(0, 0) }, "\ré 0        "},
		{func() { clock = clock.Add(100 * time.Millisecond); p.Update(0, 0) }, "\ré 0"},
		{func() { p.Message("note") }, "\r   \rnote\n"},
		{func() { p.Message("note") }, "note\n"},
		{func() { clock = clock.Add(100 * time.Millisecond); p.Update(0, 0) }, "\ré 0"},
		{func() { p.Update(0, 0) }, ""},
		{p.Finish, "\ré 0\n"},
		{p.Finish, ""},
	} {
		out.Reset()
		k.step()
		if out.String() != k.want {
			t.Errorf("%q, want %q", out.String(), k.want)
		}
	}
}

// A line that was written is not written again at the end.
func TestWrittenOnce(t *testing.T) {
	var out bytes.Buffer
	clock := time.Unix(0, 0)
	p := New(&out, func() time.Time { return clock }, Lines, "x", "steps", 0)
	p.Update(0, 4)
	p.Update(1, 4)
	clock = clock.Add(5 * time.Second)
	p.Update(2, 4)
	p.Finish()
	p.Finish()
	if want := "x 0/4 (0%)\nx 2/4 (50%)  0.4 steps/s  5s left\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

// The time that is left is none at the end, and past it; that it is none is told.
func TestNothingLeft(t *testing.T) {
	for _, done := range []int{10, 12} {
		var out bytes.Buffer
		clock := time.Unix(0, 0)
		p := New(&out, func() time.Time { return clock }, Objects, "x", "steps", 0)
		clock = clock.Add(time.Second)
		p.Update(done, 10)
		if !strings.Contains(out.String(), `"seconds_left":0}`) {
			t.Errorf("%d of 10: %s", done, out.String())
		}
		if line := (&Bar{name: "x", unit: "steps", start: time.Unix(0, 0)}).line(clock, done, 10, nil); !strings.HasSuffix(line, "steps/s  0s left") {
			t.Errorf("%d of 10: %s", done, line)
		}
	}
}
