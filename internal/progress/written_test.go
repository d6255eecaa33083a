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

// A line's figures have their digits; the time that is left is rounded, and not told where the
// whole is not known.
func TestDigitsOfALine(t *testing.T) {
	for _, k := range []struct {
		spent       time.Duration
		done, total int
		form        Form
		want        string
	}{
		{8 * time.Second, 10, 12, Lines, "x 10/12 (83%)  js 0.1235  1.25 steps/s  2s left"}, // 1.6 s
		{8 * time.Second, 10, 0, Lines, "x 10  js 0.1235  1.25 steps/s"},
		{7 * time.Second, 9, 1000, Lines, "x 9/1000 (0%)  js 0.1235  1.29 steps/s  12m51s left"},
		{time.Millisecond, 999, 1000, Lines, "x 999/1000 (99%)  js 0.1235  9.99e+05 steps/s  0s left"},
		{8 * time.Second, 0, 12, Lines, "x 0/12 (0%)  js 0.1235"},
		{8 * time.Second, 10, 0, Objects, `{"event":"progress","task":"x","unit":"steps","done":10,"total":0,"rate_per_s":1.25,"seconds":8,"js":0.123456789}`},
		{8 * time.Second, 0, 12, Objects, `{"event":"progress","task":"x","unit":"steps","done":0,"total":12,"rate_per_s":0,"seconds":8,"js":0.123456789}`},
		{8 * time.Second, 10, 12, Objects, `{"event":"progress","task":"x","unit":"steps","done":10,"total":12,"rate_per_s":1.25,"seconds":8,"js":0.123456789,"seconds_left":1.6}`},
	} {
		var out bytes.Buffer
		clock := time.Unix(0, 0)
		p := New(&out, func() time.Time { return clock }, k.form, "x", "steps", 0)
		clock = clock.Add(k.spent)
		p.Update(k.done, k.total, Field{"js", 0.123456789})
		if out.String() != k.want+"\n" {
			t.Errorf("%d of %d after %v: %s, want %s", k.done, k.total, k.spent, out.String(), k.want)
		}
	}
	var out bytes.Buffer
	New(&out, time.Now, Objects, "x", "steps", 0).Message("%d of %s", 3, "a")
	if want := `{"event":"message","task":"x","text":"3 of a"}` + "\n"; out.String() != want {
		t.Errorf("%s, want %s", out.String(), want)
	}
}
