// Package ledger is the durable record of a user's remote jobs and of what they cost.
// A job is in it before the first byte of it is sent to a service, and every answer is
// on the disk before the next step is taken, so that a crash at any point leaves a job
// whose state says what has to be found out.
//
// A ledger is a folder. Each process appends what happens to a log of its own, one event
// a line, synced; reading merges the logs, whatever the order in which they were written.
// What is sent and what comes back are files of the job's folder. One lock guards the
// spending total, one the pace of submissions, one lock a job its sending, one a group of
// jobs the work on it.
//
//	events-*.jsonl   planned, sending, submitted, … (one file a process)
//	aside.jsonl      lines of them that were garbled
//	jobs/ID/         request.json, result.json, lock
//	groups/, works/  locks of groups, calibration data of works
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
	lines []Garbled        // that are no events and were not set aside
	aside map[string]bool  // what was: places of lines, ids of jobs
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
	return &Ledger{fsys: fsys, dir: dir, now: now, jobs: map[string]*merged{}, seen: map[string]place{}, aside: map[string]bool{}}, nil
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

// Newest are the ids of the last n jobs, the newest first; none where the ledger can't be read.
func (l *Ledger) Newest(n int) []string {
	jobs, err := l.Jobs()
	if err != nil {
		return nil
	}
	var ids []string
	for _, j := range slices.Backward(jobs) {
		if len(ids) == n {
			break
		}
		ids = append(ids, j.ID)
	}
	return ids
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
		if m.plan != nil {
			out = append(out, m.job())
		}
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
	if m := l.jobs[id]; m != nil && m.plan != nil {
		return m.job(), nil
	}
	var found, there []string
	for name, m := range l.jobs {
		switch {
		case m.plan == nil:
		case m.remote.Remote == id && id != "":
			there = append(there, name)
		case len(id) >= 4 && (strings.HasPrefix(name, id) || strings.HasSuffix(name, id)):
			found = append(found, name)
		}
	}
	if len(there) > 0 { // the service's whole id comes before letters of ours
		found = there
	}
	switch len(found) {
	case 0:
		return Job{}, fmt.Errorf("%s: %w", id, ErrNoJob)
	case 1:
		return l.jobs[found[0]].job(), nil
	}
	slices.Sort(found)
	return Job{}, fmt.Errorf("%s: %d jobs of the ledger are called so: %s", id, len(found), strings.Join(found[:min(5, len(found))], ", "))
}

// Like finds the job that is named, or where none is, "", the newest of a service whose
// answer was lost or which was given up, or any: it tells device and address.
func (l *Ledger) Like(service, name string) (Job, error) {
	if name != "" {
		return l.Job(name)
	}
	jobs, err := l.Jobs()
	if err != nil {
		return Job{}, err
	}
	var any *Job
	for i := range slices.Backward(jobs) {
		switch j := &jobs[i]; {
		case j.Service != service:
		case j.State.Lost() || j.State.Ended():
			return *j, nil
		case any == nil:
			any = j
		}
	}
	if any == nil {
		return Job{}, fmt.Errorf("a job of %s: %w", service, ErrNoJob)
	}
	return *any, nil
}

// Record appends what a job has become; the time is now.
func (l *Ledger) Record(u Update) error {
	if err := u.check(); err != nil {
		return err
	}
	return l.append(event{
		Job: u.Job, At: l.now(), State: u.State, Attempt: u.Attempt, Remote: u.Remote, Reason: u.Reason, Cost: u.Cost, Amount: u.Amount, Seconds: u.Seconds,
		Same: u.Same, Unmade: u.Unmade,
	})
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

// Hold waits for the lock of a job; waits is called once where another holds it.
func (l *Ledger) Hold(ctx context.Context, id string, waits func()) (unlock func() error, err error) {
	return l.lock(ctx, filepath.Join("jobs", id, "lock"), 0, waits)
}

// Claim waits for the lock of a group of jobs or another name of letters and digits, which
// one process holds at a time; waits is called once where another holds it.
func (l *Ledger) Claim(ctx context.Context, name string, waits func()) (unlock func() error, err error) {
	if err := l.fsys.MkdirAll(filepath.Join(l.dir, "groups")); err != nil {
		return nil, err
	}
	return l.lock(ctx, filepath.Join("groups", name+".lock"), 0, waits)
}

// Request returns the body that a job sends.
func (l *Ledger) Request(id string) ([]byte, error) {
	return l.fsys.ReadFile(l.path(id, "request.json"))
}

// SaveResult keeps what a service answered, before anything is made of it.
func (l *Ledger) SaveResult(id string, write func(io.Writer) error) error {
	return durable.WriteFile(l.fsys, l.path(id, "result.json"), write)
}

// ResultPath is the file of what a service answered.
func (l *Ledger) ResultPath(id string) string { return l.path(id, "result.json") }

// Result opens what a service answered; an error that wraps fs.ErrNotExist where there
// is none yet.
func (l *Ledger) Result(id string) (io.ReadCloser, error) {
	return l.fsys.Open(l.path(id, "result.json"))
}

// Missing reports an error of a result that is not there yet.
func Missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
