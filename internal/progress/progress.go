// Package progress tells how far a long task is: a line that is written over on a terminal,
// lines every few seconds elsewhere, or an object a line for programs, with rates, the time
// that is left and the task's own figures.
package progress

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"qgan/internal/words"
)

// Form is how progress is written.
type Form int

// The forms.
const (
	Lines    Form = iota // a line every 5 s
	Terminal             // one line that is written over, every 0.1 s
	Objects              // a JSON object a line, every 5 s
)

// FormOf is the form for people: Terminal on one, unless NO_COLOR, CI or TERM=dumb ask for
// Lines.
func FormOf(terminal bool, getenv func(string) string) Form {
	if terminal && getenv("NO_COLOR") == "" && getenv("CI") == "" && getenv("TERM") != "dumb" {
		return Terminal
	}
	return Lines
}

// every is the time between two lines of a form.
func (f Form) every() time.Duration {
	if f == Terminal {
		return 100 * time.Millisecond
	}
	return 5 * time.Second
}

// Field is one named figure of a progress line, such as {"js_nats", 1.6e-5}.
type Field struct {
	Name  string
	Value any
}

// Bar is the progress of one task. A nil Bar says nothing. Its methods may be called from
// several goroutines.
type Bar struct {
	mu      sync.Mutex
	w       io.Writer
	now     func() time.Time
	form    Form
	name    string
	unit    string
	start   time.Time
	first   int // of the work, where a resumed task began
	stages  []int
	part    part
	last    time.Time
	width   int // of the line on the terminal
	wrote   bool
	columns int    // that the line on the terminal may have, 0: any
	latest  string // the newest line, if it was held back
}

// New begins the progress of a task whose work is counted in units from first on.
func New(w io.Writer, now func() time.Time, form Form, name, unit string, first int) *Bar {
	begin := now()
	return &Bar{w: w, now: now, form: form, name: name, unit: unit, first: first, start: begin, part: part{first: first, start: begin, seen: begin}}
}

// Columns bounds the line on a terminal: figures are left out, the first ones first, until it
// fits, and at last its end. 0 is no bound.
func (p *Bar) Columns(most int) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.columns = most
}

// part is the stretch of work that rates are taken over.
type part struct {
	stage int       // counted from 0
	first int       // of the work
	start time.Time // when it began
	seen  time.Time // the last update
}

// Stages says after how many units each further stage of the work begins, whose units take
// another time than those before: rates and the time left are then those of the stage.
func (p *Bar) Stages(after ...int) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stages = after
	p.part.stage = p.stageOf(p.first + 1)
}

// stageOf is the stage, from 0, of a unit of the work, counted from 1.
func (p *Bar) stageOf(unit int) int {
	n := 0
	for n < len(p.stages) && p.stages[n] < unit {
		n++
	}
	return n
}

// enter begins a stage anew where done units reach into it.
func (p *Bar) enter(now time.Time, done int) {
	if n := p.stageOf(done); n > p.part.stage {
		p.part = part{stage: n, first: p.stages[n-1], start: p.part.seen}
	}
	p.part.seen = now
}

// Update says that done of total units are done; a total of 0 is not known. Most
// calls write nothing, so it may be called at every step.
func (p *Bar) Update(done, total int, fields ...Field) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	p.enter(now, done)
	line := p.line(now, done, total, fields)
	if p.wrote && now.Sub(p.last) < p.form.every() {
		p.latest = line
		return
	}
	p.last, p.wrote = now, true
	p.write(line)
}

// Finish writes the newest line if it was held back and leaves the cursor at the
// beginning of a line.
func (p *Bar) Finish() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.latest != "" {
		p.write(p.latest)
	}
	if p.width > 0 {
		fmt.Fprintln(p.w)
		p.width = 0
	}
}

// Message writes a line of its own, above the one that is written over.
func (p *Bar) Message(format string, args ...any) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	text := fmt.Sprintf(format, args...)
	if p.form == Objects {
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
func (p *Bar) write(line string) {
	p.latest = ""
	if p.form != Terminal {
		fmt.Fprintln(p.w, line)
		return
	}
	n := utf8.RuneCountInString(line)
	fmt.Fprintf(p.w, "\r%s%s", line, strings.Repeat(" ", max(0, p.width-n)))
	p.width = n
}

// line makes the text or the object of one state of the work.
func (p *Bar) line(now time.Time, done, total int, fields []Field) string {
	rate, left, end := 0.0, time.Duration(-1), total
	if p.part.stage < len(p.stages) {
		end = p.stages[p.part.stage]
	}
	if steps, spent := done-p.part.first, now.Sub(p.part.start); steps > 0 && spent > 0 {
		rate = float64(steps) / spent.Seconds()
		if end > 0 {
			left = time.Duration(float64(max(0, end-done)) / rate * float64(time.Second))
		}
	}
	if p.form == Objects {
		return p.object(done, total, rate, now.Sub(p.start), left, fields)
	}
	text := p.text(done, total, rate, left, fields)
	if p.form != Terminal || p.columns == 0 {
		return text
	}
	for len(fields) > 0 && utf8.RuneCountInString(text) >= p.columns {
		fields = fields[1:]
		text = p.text(done, total, rate, left, fields)
	}
	return words.Cut(text, p.columns-1) // in the last column some terminals begin a new line
}

// text is the line for people.
func (p *Bar) text(done, total int, rate float64, left time.Duration, fields []Field) string {
	var b strings.Builder
	b.WriteString(p.name)
	if total > 0 {
		fmt.Fprintf(&b, " %d/%d (%d%%)", done, total, 100*done/total)
	} else {
		fmt.Fprintf(&b, " %d", done)
	}
	for _, f := range fields {
		fmt.Fprintf(&b, "  %s %s", f.Name, figure(f.Value))
	}
	if rate > 0 {
		fmt.Fprintf(&b, "  %s %s/s", strconv.FormatFloat(rate, 'g', 3, 64), p.unit)
	}
	if left >= 0 {
		fmt.Fprintf(&b, "  %s left", left.Round(time.Second))
		if p.part.stage < len(p.stages) {
			fmt.Fprintf(&b, " of stage %d of %d", p.part.stage+1, len(p.stages)+1)
		}
	}
	return b.String()
}

// object makes a JSON object of one state of the work. Its keys keep their order, and figures that
// are no numbers (NaN, infinity) are null, as JSON has none.
func (p *Bar) object(done, total int, rate float64, spent, left time.Duration, fields []Field) string {
	all := append([]Field{
		{"event", "progress"}, {"task", p.name}, {"unit", p.unit}, {"done", done}, {"total", total},
		{"rate_per_s", rate}, {"seconds", spent.Seconds()},
	}, fields...)
	if len(p.stages) > 0 {
		all = append(all, Field{"stage", p.part.stage + 1}, Field{"stages", len(p.stages) + 1})
	}
	switch {
	case left < 0:
	case p.part.stage < len(p.stages):
		all = append(all, Field{"stage_seconds_left", left.Seconds()})
	default:
		all = append(all, Field{"seconds_left", left.Seconds()})
	}
	var b strings.Builder
	b.WriteByte('{')
	for i, f := range all {
		if i > 0 {
			b.WriteByte(',')
		}
		value, err := json.Marshal(f.Value)
		if err != nil {
			value = []byte("null")
		}
		fmt.Fprintf(&b, "%q:%s", f.Name, value)
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
