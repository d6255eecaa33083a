package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// How often progress is written: a line that is written over, and lines that stay.
const (
	progressTerminal = 100 * time.Millisecond
	progressLines    = 5 * time.Second
)

// field is one named figure of a progress line, such as {"js_nats", 1.6e-5}.
type field struct {
	name  string
	value any
}

// progress tells on stderr how far a long task is. On a terminal it is one line that
// is written over; elsewhere, and where NO_COLOR, CI or TERM=dumb ask for plain text,
// a line every few seconds; with `--log jsonl` an object a line. A nil progress says
// nothing. Its methods may be called from several goroutines.
type progress struct {
	mu     sync.Mutex
	w      io.Writer
	now    func() time.Time
	jsonl  bool
	over   bool // the line is written over
	every  time.Duration
	name   string
	unit   string
	start  time.Time
	first  int // of the work, where a resumed task began
	last   time.Time
	width  int // of the line on the terminal
	wrote  bool
	latest string // the newest line, if it was held back
}

// newProgress begins the progress of a task whose work is counted in units from
// first on; mode is the value of --log: "text" or "jsonl".
func (a *app) newProgress(mode, name, unit string, first int) (*progress, error) {
	p := &progress{w: a.err, now: a.now, name: name, unit: unit, first: first, start: a.now(), every: progressLines}
	switch mode {
	case "jsonl":
		p.jsonl = true
	case "text":
		if a.terminal(a.err) && a.getenv("NO_COLOR") == "" && a.getenv("CI") == "" && a.getenv("TERM") != "dumb" {
			p.over, p.every = true, progressTerminal
		}
	default:
		return nil, usagef("--log: %q is neither text nor jsonl", mode)
	}
	return p, nil
}

// update says that done of total units are done; a total of 0 is not known. Most
// calls write nothing, so it may be called at every step.
func (p *progress) update(done, total int, fields ...field) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	line := p.line(now, done, total, fields)
	if p.wrote && now.Sub(p.last) < p.every {
		p.latest = line
		return
	}
	p.last, p.wrote = now, true
	p.write(line)
}

// finish writes the newest line if it was held back and leaves the cursor at the
// beginning of a line.
func (p *progress) finish() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.latest != "" {
		p.write(p.latest)
	}
	if p.over && p.width > 0 {
		fmt.Fprintln(p.w)
		p.width = 0
	}
}

// message writes a line of its own, above the one that is written over.
func (p *progress) message(format string, args ...any) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	text := fmt.Sprintf(format, args...)
	if p.jsonl {
		b, err := json.Marshal(map[string]string{"event": "message", "task": p.name, "text": text})
		if err == nil {
			fmt.Fprintf(p.w, "%s\n", b)
		}
		return
	}
	if p.width > 0 {
		fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", p.width))
		p.width = 0
	}
	fmt.Fprintln(p.w, text)
}

// write puts a line out. It ignores errors: a task must not fail because nobody
// watches it.
func (p *progress) write(line string) {
	p.latest = ""
	if !p.over {
		fmt.Fprintln(p.w, line)
		return
	}
	n := utf8.RuneCountInString(line)
	fmt.Fprintf(p.w, "\r%s%s", line, strings.Repeat(" ", max(0, p.width-n)))
	p.width = n
}

// line makes the text or the object of one state of the work.
func (p *progress) line(now time.Time, done, total int, fields []field) string {
	spent := now.Sub(p.start)
	rate, left := 0.0, time.Duration(-1)
	if steps := done - p.first; steps > 0 && spent > 0 {
		rate = float64(steps) / spent.Seconds()
		if total > 0 {
			left = time.Duration(float64(max(0, total-done)) / rate * float64(time.Second))
		}
	}
	if p.jsonl {
		return p.object(done, total, rate, spent, left, fields)
	}
	var b strings.Builder
	b.WriteString(p.name)
	if total > 0 {
		fmt.Fprintf(&b, " %d/%d (%d%%)", done, total, 100*done/total)
	} else {
		fmt.Fprintf(&b, " %d", done)
	}
	for _, f := range fields {
		fmt.Fprintf(&b, "  %s %s", f.name, figure(f.value))
	}
	if rate > 0 {
		fmt.Fprintf(&b, "  %s %s/s", strconv.FormatFloat(rate, 'g', 3, 64), p.unit)
	}
	if left >= 0 {
		fmt.Fprintf(&b, "  %s left", left.Round(time.Second))
	}
	return b.String()
}

// object makes one line of `--log jsonl`. Its keys keep their order, and figures that
// are no numbers (NaN, infinity) are null, as JSON has none.
func (p *progress) object(done, total int, rate float64, spent, left time.Duration, fields []field) string {
	all := append([]field{
		{"event", "progress"}, {"task", p.name}, {"unit", p.unit}, {"done", done}, {"total", total},
		{"rate_per_s", rate}, {"seconds", spent.Seconds()},
	}, fields...)
	if left >= 0 {
		all = append(all, field{"seconds_left", left.Seconds()})
	}
	var b strings.Builder
	b.WriteByte('{')
	for i, f := range all {
		if i > 0 {
			b.WriteByte(',')
		}
		value, err := json.Marshal(f.value)
		if err != nil {
			value = []byte("null")
		}
		fmt.Fprintf(&b, "%q:%s", f.name, value)
	}
	b.WriteByte('}')
	return b.String()
}

// figure prints a value of a progress line briefly.
func figure(v any) string {
	if x, ok := v.(float64); ok {
		return strconv.FormatFloat(x, 'g', 4, 64)
	}
	return fmt.Sprint(v)
}
