package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"qgan/internal/durable"
)

// ErrDamaged says that a ledger holds lines that can't be read. What is there can be listed,
// and nothing is sent until Repair.
var ErrDamaged = errors.New("the ledger is damaged")

// Garbled is a line of a log that is no event.
type Garbled struct {
	File string `json:"file"` // its name in the ledger's folder
	Line int    `json:"line"` // from 1
	Text string `json:"text"`
	Err  error  `json:"-"`
}

func (g Garbled) place() string { return g.File + ":" + strconv.Itoa(g.Line) }

// Damage is what of a ledger can't be read: lines, and the ids of jobs of which it is known
// what happened to them and not what they are.
type Damage struct {
	Lines   []Garbled
	Orphans []string
}

// Damage looks for what can't be read.
func (l *Ledger) Damage() (Damage, error) {
	l.known.Lock()
	defer l.known.Unlock()
	if err := l.read(); err != nil {
		return Damage{}, err
	}
	return Damage{slices.Clone(l.lines), l.orphans()}, nil
}

// whole refuses to go on with a ledger that is damaged.
func (l *Ledger) whole() error {
	d, err := l.Damage()
	switch {
	case err != nil:
		return err
	case len(d.Lines) > 0:
		g := d.Lines[0]
		return fmt.Errorf("%w: %s:%d is no event of a ledger: %v", ErrDamaged, filepath.Join(l.dir, g.File), g.Line, g.Err)
	case len(d.Orphans) > 0:
		return fmt.Errorf("%w: %s knows what happened to job %s and not what it is: a file of events is missing", ErrDamaged, l.dir, d.Orphans[0])
	}
	return nil
}

// read brings what is known of the jobs up to date: logs only grow, so of each only
// what is new since the last time is read. The caller holds the lock.
func (l *Ledger) read() error {
	if err := l.scan(); err != nil {
		return err
	}
	// A job may have been planned in a log that had been read, and sent in one that had not
	// been yet. Its plan was on the disk by then, so a second look finds it.
	if len(l.orphans()) > 0 {
		return l.scan()
	}
	return nil
}

// orphans are jobs that something happened to and whose plans were not read.
func (l *Ledger) orphans() (ids []string) {
	for id, m := range l.jobs {
		if m.plan == nil && !l.aside[id] {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// scan reads what is new in the logs. A line that is no event is remembered and hides no
// other.
func (l *Ledger) scan() error {
	entries, err := l.fsys.ReadDir(l.dir)
	if err != nil {
		return fmt.Errorf("read the ledger: %w", err)
	}
	for _, e := range entries {
		name := e.Name()
		if name == asideName {
			if err := l.readAside(); err != nil {
				return err
			}
		}
		if !strings.HasPrefix(name, "events-") || !strings.HasSuffix(name, ".jsonl") {
			continue
		}
		path := filepath.Join(l.dir, name)
		if info, err := e.Info(); err == nil && info.Size() == l.seen[path].bytes {
			continue
		}
		lines, _, err := durable.ReadLines(l.fsys, path) // a torn tail was never acknowledged
		if err != nil {
			return err
		}
		at := l.seen[path]
		for ; at.lines < len(lines); at.lines++ {
			at.bytes += int64(len(lines[at.lines]) + 1)
			var e event
			if err := json.Unmarshal(lines[at.lines], &e); err != nil || e.Job == "" {
				if err == nil {
					err = errors.New("it names no job")
				}
				if g := (Garbled{name, at.lines + 1, string(lines[at.lines]), err}); !l.aside[g.place()] {
					l.lines = append(l.lines, g)
				}
				continue
			}
			m := l.jobs[e.Job]
			if m == nil {
				m = &merged{}
				l.jobs[e.Job] = m
			}
			m.add(e)
		}
		l.seen[path] = at
	}
	return nil
}

// asideName is the file of what was set aside.
const asideName = "aside.jsonl"

// setAside is a line of it: a garbled line, or a job whose plan is lost.
type setAside struct {
	Garbled
	Job string `json:"job,omitempty"`
}

// readAside reads what was set aside, by this process or another.
func (l *Ledger) readAside() error {
	lines, _, err := durable.ReadLines(l.fsys, filepath.Join(l.dir, asideName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, line := range lines {
		var s setAside
		if json.Unmarshal(line, &s) != nil {
			continue
		}
		l.aside[s.place()] = true
		if s.Job != "" {
			l.aside[s.Job] = true
		}
	}
	l.lines = slices.DeleteFunc(l.lines, func(g Garbled) bool { return l.aside[g.place()] })
	return nil
}

// Repair is what was done to a damaged ledger.
type Repair struct {
	Damage
	// Unknown are planned jobs that a garbled line may have said to be sent: what it may have
	// cost is counted, and they are looked up before they are sent.
	Unknown []string
}

// WriteText tells what was set aside, for people.
func (r *Repair) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, g := range r.Lines {
		text := strings.ToValidUTF8(g.Text, "?")
		fmt.Fprintf(&b, "%s is set aside: %q\n", g.place(), text[:min(80, len(text))])
	}
	for _, id := range r.Orphans {
		fmt.Fprintf(&b, "job %s is set aside: what it was is lost\n", id)
	}
	for _, id := range r.Unknown {
		fmt.Fprintf(&b, "job %s is unknown now: it may have been sent\n", id)
	}
	if b.Len() == 0 {
		b.WriteString("all of the ledger can be read\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// idText finds ids of jobs in a line that is no event.
var idText = regexp.MustCompile(`qgan-[0-9]{14}-[a-z0-9]{16}`)

// Repair sets aside what can't be read, in the file aside.jsonl, so that the rest is a
// ledger again. What a garbled line may have said is taken at its worst: a planned job that
// it names, or each planned job where it names none, may have been sent.
func (l *Ledger) Repair(ctx context.Context) (Repair, error) {
	unlock, err := l.spending(ctx)
	if err != nil {
		return Repair{}, err
	}
	defer unlock()
	d, err := l.Damage()
	if err != nil || len(d.Lines)+len(d.Orphans) == 0 {
		return Repair{}, err
	}
	jobs, err := l.Jobs()
	if err != nil {
		return Repair{}, err
	}
	named, all := map[string]bool{}, false
	for _, g := range d.Lines {
		ids := idText.FindAllString(g.Text, -1)
		for _, id := range ids {
			named[id] = true
		}
		all = all || len(ids) == 0
	}
	r := Repair{Damage: d}
	var events []event
	for _, j := range jobs {
		if j.State == Planned && (all || named[j.ID]) {
			r.Unknown = append(r.Unknown, j.ID)
			e := event{Job: j.ID, At: l.now(), State: Sending, Attempt: j.Attempt + 1}
			events = append(events, e)
			e.State, e.Reason = Unknown, "a line of the ledger was lost: it may have been sent"
			events = append(events, e)
		}
	}
	// First what is taken at its worst, then the lines aside: a crash between the two repeats
	// the first.
	if len(events) > 0 {
		if err := l.append(events...); err != nil {
			return Repair{}, err
		}
	}
	log, err := durable.Append(l.fsys, filepath.Join(l.dir, asideName))
	if err != nil {
		return Repair{}, err
	}
	defer log.Close()
	var lines []setAside
	for _, g := range d.Lines {
		lines = append(lines, setAside{Garbled: g})
	}
	for _, id := range d.Orphans {
		lines = append(lines, setAside{Job: id})
	}
	for _, s := range lines {
		text, err := json.Marshal(s)
		if err != nil {
			return Repair{}, err
		}
		if err := log.Append(text); err != nil {
			return Repair{}, err
		}
	}
	return r, log.Sync()
}
