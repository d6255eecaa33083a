package progress

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"qgan/internal/words"
)

// Pulse says how long a task has taken whose length is not known, from its third second on and
// until it is stopped. A nil Pulse says nothing. Its methods may be called from several
// goroutines.
type Pulse struct {
	mu      sync.Mutex
	w       io.Writer
	form    Form
	name    string
	stage   string
	start   time.Time
	width   int // of the line that stands on the terminal
	stopped chan struct{}
	once    sync.Once
}

// patience is how long a task takes until something is said of it.
const patience = 3 * time.Second

// NewPulse begins a task: Terminal is a line that is written over each second, any other form a
// line every 5 s.
func NewPulse(w io.Writer, form Form, name string) *Pulse {
	p := &Pulse{w: w, form: form, name: name, start: time.Now(), stopped: make(chan struct{})}
	go p.beat()
	return p
}

func (p *Pulse) beat() {
	every := 5 * time.Second
	if p.form == Terminal {
		every = time.Second
	}
	for wait := patience; ; wait = every {
		select {
		case <-p.stopped:
			return
		case <-time.After(wait):
			p.say()
		}
	}
}

// say writes a line.
func (p *Pulse) say() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.stopped:
		return
	default:
	}
	line := fmt.Sprintf("%s: %v", p.name, time.Since(p.start).Round(time.Second))
	if p.stage != "" {
		line += ", " + p.stage
	}
	if p.form != Terminal {
		fmt.Fprintln(p.w, "qgan: "+line)
		return
	}
	line = words.Cut(line, 79)
	n := utf8.RuneCountInString(line)
	fmt.Fprintf(p.w, "\r%s%s", line, strings.Repeat(" ", max(0, p.width-n)))
	p.width = max(p.width, n)
}

// Stage says what is being done from here on.
func (p *Pulse) Stage(format string, args ...any) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stage = fmt.Sprintf(format, args...)
}

// clear takes the line off the terminal.
func (p *Pulse) clear() {
	if p.width > 0 {
		fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", p.width))
		p.width = 0
	}
}

// Stop ends the task.
func (p *Pulse) Stop() {
	if p == nil {
		return
	}
	p.once.Do(func() { close(p.stopped) })
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

// Before is a writer to the same terminal, or another: the line is taken off before anything is
// written.
func (p *Pulse) Before(w io.Writer) io.Writer { return pulsed{p, w} }

type pulsed struct {
	*Pulse
	w io.Writer
}

// Write writes behind a line that is taken off.
func (b pulsed) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clear()
	return b.w.Write(text)
}
