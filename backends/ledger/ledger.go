// Package ledger is the durable record of a user's remote jobs and of what they cost.
// A job is in it before the first byte of it is sent to a service, and every answer is
// on the disk before the next step is taken, so that a crash at any point leaves a job
// whose state says what has to be found out.
//
// A ledger is a folder. Each process appends what happens to a log of its own, one event
// a line, synced; reading merges the logs, whatever the order in which they were written.
// What is sent and what comes back are files of the job's folder. One lock guards the
// spending total, one the pace of submissions, one lock a job its sending.
//
//	events-*.jsonl   planned, sending, submitted, … (one file a process)
//	jobs/ID/         request.json, result.json, lock
//	spending.lock, pace.lock
//
// Credentials never enter a ledger: it takes the body of a request, not its headers.
package ledger

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"qgan/internal/durable"
)

// Ledger is a folder of jobs. It may be used by several goroutines.
type Ledger struct {
	fsys durable.FS
	dir  string
	now  func() time.Time

	mu  sync.Mutex
	log *durable.Log // of this process; opened with its first event

	known sync.Mutex
	jobs  map[string]*merged
	seen  map[string]place // of each log, by its path
}

// place is how much of a log was read.
type place struct {
	lines int
	bytes int64
}

// Open opens the ledger in a folder, which it makes where it is not there. A nil file
// system is the machine's own, a nil clock too.
func Open(fsys durable.FS, dir string, now func() time.Time) (*Ledger, error) {
	fsys = durable.Private(fsys) // what is in it are others' programs, and money
	if now == nil {
		now = time.Now
	}
	for _, d := range []string{dir, filepath.Join(dir, "jobs")} {
		if err := fsys.MkdirAll(d); err != nil {
			return nil, fmt.Errorf("open the ledger: %w", err)
		}
	}
	return &Ledger{fsys: fsys, dir: dir, now: now, jobs: map[string]*merged{}, seen: map[string]place{}}, nil
}

// Now is the ledger's clock.
func (l *Ledger) Now() time.Time { return l.now() }

// Dir is the ledger's folder.
func (l *Ledger) Dir() string { return l.dir }

// Close closes the log of this process.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.log == nil {
		return nil
	}
	err := l.log.Close()
	l.log = nil
	return err
}

// event is a line of a log: what a job has become. A plan is the whole job.
type event struct {
	Job     string    `json:"job"`
	At      time.Time `json:"at"`
	State   State     `json:"state"`
	Attempt int       `json:"attempt,omitempty"`
	Remote  string    `json:"remote,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	Cost    *float64  `json:"cost_usd,omitempty"`
	Seconds float64   `json:"seconds,omitempty"`
	Plan    *Job      `json:"plan,omitempty"`
}

// append writes events to the log of this process and syncs it.
func (l *Ledger) append(events ...event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.log == nil {
		name := fmt.Sprintf("events-%s-%s.jsonl", l.now().UTC().Format("20060102T150405"), strings.ToLower(rand.Text()[:10]))
		log, err := durable.Append(l.fsys, filepath.Join(l.dir, name))
		if err != nil {
			return err
		}
		l.log = log
	}
	for _, e := range events {
		line, err := json.Marshal(e)
		if err != nil {
			return err
		}
		if err := l.log.Append(line); err != nil {
			return err
		}
	}
	return l.log.Sync()
}

// NewID returns a name for a job that no other has and that sorts by time. It serves as
// tag, metadata or client token at a service.
func NewID(now time.Time) string {
	return "qgan-" + now.UTC().Format("20060102150405") + "-" + strings.ToLower(rand.Text()[:16])
}

// read brings what is known of the jobs up to date: logs only grow, so of each only
// what is new since the last time is read. The caller holds the lock.
func (l *Ledger) read() error {
	if err := l.scan(); err != nil {
		return err
	}
	// A job may have been planned in a log that had been read, and sent in one that had not
	// been yet. Its plan was on the disk by then, so a second look finds it.
	if l.orphan() != "" {
		if err := l.scan(); err != nil {
			return err
		}
	}
	if id := l.orphan(); id != "" { // the log of the process that planned it is missing
		return fmt.Errorf("the ledger %s knows what happened to job %s and not what it is: a file of events is missing", l.dir, id)
	}
	return nil
}

// orphan is a job that something happened to and whose plan was not read; "" for none.
func (l *Ledger) orphan() string {
	for id, m := range l.jobs {
		if m.plan == nil {
			return id
		}
	}
	return ""
}

// scan reads what is new in the logs.
func (l *Ledger) scan() error {
	entries, err := l.fsys.ReadDir(l.dir)
	if err != nil {
		return fmt.Errorf("read the ledger: %w", err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "events-") || !strings.HasSuffix(e.Name(), ".jsonl") {
			continue
		}
		path := filepath.Join(l.dir, e.Name())
		if info, err := e.Info(); err == nil && info.Size() == l.seen[path].bytes {
			continue
		}
		lines, _, err := durable.ReadLines(l.fsys, path) // a torn tail was never acknowledged
		if err != nil {
			return err
		}
		at := l.seen[path]
		for ; at.lines < len(lines); at.lines++ {
			var e event
			if err := json.Unmarshal(lines[at.lines], &e); err != nil || e.Job == "" {
				return fmt.Errorf("%s:%d is no event of a ledger: %v", path, at.lines+1, err)
			}
			m := l.jobs[e.Job]
			if m == nil {
				m = &merged{}
				l.jobs[e.Job] = m
			}
			m.add(e)
			at.bytes += int64(len(lines[at.lines]) + 1)
		}
		l.seen[path] = at
	}
	return nil
}

// Jobs returns all jobs in the order in which they were planned, which is that of their
// submission.
func (l *Ledger) Jobs() ([]Job, error) {
	l.known.Lock()
	defer l.known.Unlock()
	if err := l.read(); err != nil {
		return nil, err
	}
	out := make([]Job, 0, len(l.jobs))
	for _, m := range l.jobs {
		out = append(out, m.job())
	}
	// Jobs of one plan have one time; their ids tell it to a second.
	slices.SortFunc(out, func(a, b Job) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Index, b.Index), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

// ErrNoJob says that a ledger has no such job.
var ErrNoJob = errors.New("there is no such job in the ledger")

// Job finds a job by its id, the beginning or the last letters of it that no other has,
// or the service's id.
func (l *Ledger) Job(id string) (Job, error) {
	l.known.Lock()
	defer l.known.Unlock()
	if err := l.read(); err != nil {
		return Job{}, err
	}
	if m := l.jobs[id]; m != nil {
		return m.job(), nil
	}
	var found []Job
	for name, m := range l.jobs {
		if m.remote.Remote == id && id != "" {
			return m.job(), nil
		}
		if len(id) >= 4 && (strings.HasPrefix(name, id) || strings.HasSuffix(name, id)) {
			found = append(found, m.job())
		}
	}
	switch len(found) {
	case 0:
		return Job{}, fmt.Errorf("%s: %w", id, ErrNoJob)
	case 1:
		return found[0], nil
	}
	return Job{}, fmt.Errorf("%s: %d jobs of the ledger are called so", id, len(found))
}

// Record appends what a job has become; the time is now.
func (l *Ledger) Record(u Update) error {
	if err := u.check(); err != nil {
		return err
	}
	return l.append(event{Job: u.Job, At: l.now(), State: u.State, Attempt: u.Attempt, Remote: u.Remote, Reason: u.Reason, Cost: u.Cost, Seconds: u.Seconds})
}

// path is a file of a job.
func (l *Ledger) path(id, name string) string { return filepath.Join(l.dir, "jobs", id, name) }

// ErrBusy says that another process sends or looks up a job.
var ErrBusy = errors.New("another process is at work on the job")

// Lock is held by who sends a job or finds out what became of it; the system frees
// it when the process dies.
func (l *Ledger) Lock(id string) (unlock func() error, err error) {
	unlock, err = durable.Lock(l.path(id, "lock"))
	if errors.Is(err, durable.ErrLocked) {
		return nil, fmt.Errorf("job %s: %w", id, ErrBusy)
	}
	return unlock, err
}

// Request returns the body that a job sends.
func (l *Ledger) Request(id string) ([]byte, error) {
	return l.fsys.ReadFile(l.path(id, "request.json"))
}

// SaveResult keeps what a service answered, before anything is made of it.
func (l *Ledger) SaveResult(id string, write func(io.Writer) error) error {
	return durable.WriteFile(l.fsys, l.path(id, "result.json"), write)
}

// Result opens what a service answered; an error that wraps fs.ErrNotExist where there
// is none yet.
func (l *Ledger) Result(id string) (io.ReadCloser, error) {
	return l.fsys.Open(l.path(id, "result.json"))
}

// lockWait is how long planning waits for the lock of the spending total.
const lockWait = 20 * time.Second

// spending takes the lock of the spending total.
func (l *Ledger) spending(ctx context.Context) (unlock func() error, err error) {
	return l.lock(ctx, "spending.lock")
}

// lock waits for a lock of the folder.
func (l *Ledger) lock(ctx context.Context, name string) (unlock func() error, err error) {
	deadline := time.Now().Add(lockWait)
	for wait := time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		unlock, err = durable.Lock(filepath.Join(l.dir, name))
		if !errors.Is(err, durable.ErrLocked) || time.Now().After(deadline) {
			return unlock, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
		}
	}
}

// Turn is asked before a job is sent to a service at an endpoint that takes so many a minute,
// whatever process sends them. Where it is the job's turn the wait is 0, and unlock is
// called when the job is recorded as Sending; otherwise there is nothing to unlock, and Turn
// is asked again after the wait.
func (l *Ledger) Turn(ctx context.Context, service, endpoint string, perMinute int) (wait time.Duration, unlock func() error, err error) {
	unlock, err = l.lock(ctx, "pace.lock")
	if err != nil {
		return 0, nil, fmt.Errorf("lock the pace of submissions: %w", err)
	}
	l.known.Lock()
	err = l.read()
	now := l.now()
	var sent []time.Time
	for _, m := range l.jobs {
		if m.plan != nil && m.plan.Service == service && m.plan.Endpoint == endpoint && now.Sub(m.sent) < time.Minute {
			sent = append(sent, m.sent)
		}
	}
	l.known.Unlock()
	if err == nil && len(sent) < perMinute {
		return 0, unlock, nil
	}
	if e := unlock(); err == nil {
		err = e
	}
	if err != nil {
		return 0, nil, err
	}
	slices.SortFunc(sent, time.Time.Compare)
	return max(time.Millisecond, sent[len(sent)-perMinute].Add(time.Minute).Sub(now)), nil, nil
}

// Plan adds jobs, their requests first, where the limits allow all of them together;
// otherwise none, with an error that wraps ErrLimit.
func (l *Ledger) Plan(ctx context.Context, plans []Plan, limits Limits) ([]Job, error) {
	unlock, err := l.spending(ctx)
	if err != nil {
		return nil, fmt.Errorf("lock the spending total: %w", err)
	}
	defer unlock()
	jobs, err := l.Jobs()
	if err != nil {
		return nil, err
	}
	now := l.now()
	if err := limits.allow(plans, SpentSince(jobs, startOfDay(now))); err != nil {
		return nil, err
	}
	var events []event
	var out []Job
	for _, p := range plans {
		j := p.Job
		if j.ID == "" {
			j.ID = NewID(now)
		}
		j.Created, j.Updated, j.State, j.Attempt = now, now, Planned, 0
		if err := l.fsys.MkdirAll(filepath.Join(l.dir, "jobs", j.ID)); err != nil {
			return nil, err
		}
		err := durable.WriteFile(l.fsys, l.path(j.ID, "request.json"), func(w io.Writer) error { _, err := w.Write(p.Request); return err })
		if err != nil {
			return nil, err
		}
		events = append(events, event{Job: j.ID, At: now, State: Planned, Plan: &j})
		out = append(out, j)
	}
	if err := l.fsys.SyncDir(filepath.Join(l.dir, "jobs")); err != nil {
		return nil, err
	}
	return out, l.append(events...)
}

// Missing reports an error of a result that is not there yet.
func Missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
