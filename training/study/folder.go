package study

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"qgan/internal/durable"
)

// Folder is a Board in a folder, which machines may share:
//
//	plan.json             the plan
//	tasks/NAME/           a task's folder: what its work writes, begun (how often),
//	                      result.json when it is done, failed.json when it failed
//	leases/NAME           who works on it
type Folder struct {
	dir   string
	fs    durable.FS
	plan  Plan
	lease time.Duration

	mu   sync.Mutex
	next int // where to look first
}

// planFile is the schema of plan.json.
type planFile struct {
	Schema string        `json:"schema"`
	Hash   string        `json:"hash"`
	Lease  time.Duration `json:"lease_ns"` // how long a worker may be silent
	Plan
}

const planSchema = "qgan.study/v1"

// CreateFolder makes a board of a plan whose workers may be silent for the time of a lease
// (0: LeaseTime). A folder that holds the same plan goes on, with the lease that it has; one
// with another is refused. A nil file system is the machine's own.
func CreateFolder(fsys durable.FS, dir string, p Plan, lease time.Duration) (*Folder, error) {
	fsys = durable.Or(fsys)
	f, err := OpenFolder(fsys, dir)
	switch {
	case err == nil && f.plan.Hash() != p.Hash():
		return nil, &PlanError{fmt.Sprintf("%s holds another study (%s, %d tasks): name another folder", dir, f.plan.Name, len(f.plan.Tasks))}
	case err == nil || !errors.Is(err, fs.ErrNotExist):
		return f, err
	}
	for _, sub := range []string{"tasks", "leases"} {
		if err := fsys.MkdirAll(filepath.Join(dir, sub)); err != nil {
			return nil, fmt.Errorf("making the folder of the study: %w", err)
		}
	}
	err = durable.WriteFile(fsys, filepath.Join(dir, "plan.json"), func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		return e.Encode(planFile{planSchema, p.Hash(), cmp.Or(lease, LeaseTime), p})
	})
	if err != nil {
		return nil, err
	}
	return OpenFolder(fsys, dir)
}

// OpenFolder opens a board that is there. A nil file system is the machine's own.
func OpenFolder(fsys durable.FS, dir string) (*Folder, error) {
	fsys = durable.Or(fsys)
	path := filepath.Join(dir, "plan.json")
	raw, err := fsys.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("study %s: %w", dir, err)
	}
	var p planFile
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, &PlanError{fmt.Sprintf("%s is damaged: %v", path, err)}
	}
	if p.Schema != planSchema {
		return nil, &PlanError{fmt.Sprintf("%s is of another version: its schema is %q, this program reads %q", path, p.Schema, planSchema)}
	}
	if p.Hash != p.Plan.Hash() {
		return nil, &PlanError{fmt.Sprintf("%s was changed: its tasks have the hash %s, it says %s", path, p.Plan.Hash(), p.Hash)}
	}
	return &Folder{dir: dir, fs: fsys, plan: p.Plan, lease: cmp.Or(p.Lease, LeaseTime)}, nil
}

// Lease is how long a worker may be silent.
func (f *Folder) Lease() time.Duration { return f.lease }

// Plan returns the plan.
func (f *Folder) Plan() Plan { return f.plan }

// TaskFolder makes and names the folder of a task.
func (f *Folder) TaskFolder(t Task) (string, error) {
	dir := filepath.Join(f.dir, "tasks", t.Name())
	return dir, f.fs.MkdirAll(dir)
}

// outcomeFiles are where the folder of a task keeps what became of it: a row, or why there
// is none.
var outcomeFiles = [2]string{"result.json", "failed.json"}

// outcome reads what became of a task; ok is false while it is open.
func (f *Folder) outcome(name string) (out Outcome, ok bool, err error) {
	for _, file := range outcomeFiles {
		path := filepath.Join(f.dir, "tasks", name, file)
		raw, err := f.fs.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return out, false, err
		}
		if err := json.Unmarshal(raw, &out); err != nil {
			return out, false, &PlanError{fmt.Sprintf("%s is damaged: %v; remove it and the task is done again", path, err)}
		}
		return out, true, nil
	}
	return out, false, nil
}

// Outcomes reads what became of all tasks.
func (f *Folder) Outcomes(context.Context) (map[string]Outcome, error) {
	all := map[string]Outcome{}
	for _, t := range f.plan.Tasks {
		out, ok, err := f.outcome(t.Name())
		if err != nil {
			return nil, err
		}
		if ok {
			all[t.Name()] = out
		}
	}
	return all, nil
}

// Retry opens the tasks that failed again.
func (f *Folder) Retry() error {
	for _, t := range f.plan.Tasks {
		for _, file := range []string{"failed.json", "begun"} {
			out, ok, err := f.outcome(t.Name())
			if err != nil {
				return err
			}
			if file == "failed.json" && (!ok || out.Failed == "") {
				break
			}
			if err := f.fs.Remove(filepath.Join(f.dir, "tasks", t.Name(), file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// Take leases the next open task.
func (f *Folder) Take(ctx context.Context, worker string) (Lease, error) {
	for {
		f.mu.Lock()
		first := f.next
		f.mu.Unlock()
		open := false
		for i := range f.plan.Tasks {
			k := (first + i) % len(f.plan.Tasks)
			t := f.plan.Tasks[k]
			name := t.Name()
			if _, ok, err := f.outcome(name); ok || err != nil {
				if err != nil {
					return nil, err
				}
				continue
			}
			open = true
			l, err := durable.Take(filepath.Join(f.dir, "leases", name), worker, f.lease)
			if errors.Is(err, durable.ErrLeased) {
				continue
			} else if err != nil {
				return nil, err
			}
			// It may have been finished between the two looks.
			if _, ok, err := f.outcome(name); ok || err != nil {
				l.GiveBack()
				if err != nil {
					return nil, err
				}
				continue
			}
			begun, err := f.begin(t)
			if err != nil {
				return nil, err
			}
			f.mu.Lock()
			f.next = (k + 1) % len(f.plan.Tasks)
			f.mu.Unlock()
			return &folderLease{f, t, l, begun}, nil
		}
		if !open {
			return nil, ErrFinished
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(max(20*time.Millisecond, min(f.lease/10, time.Second))):
		}
	}
}

// begin counts that a task is begun.
func (f *Folder) begin(t Task) (int, error) {
	dir, err := f.TaskFolder(t)
	if err != nil {
		return 0, err
	}
	path := filepath.Join(dir, "begun")
	raw, err := f.fs.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	n, _ := strconv.Atoi(strings.TrimSpace(string(raw)))
	n++
	return n, durable.WriteFile(f.fs, path, func(w io.Writer) error { _, err := fmt.Fprintln(w, n); return err })
}

// folderLease is a task of a Folder.
type folderLease struct {
	folder *Folder
	task   Task
	lease  *durable.Lease
	begun  int
}

func (l *folderLease) Task() Task  { return l.task }
func (l *folderLease) Begun() int  { return l.begun }
func (l *folderLease) Keep() error { return l.lease.Keep() }
func (l *folderLease) Drop() error { return l.lease.GiveBack() }

func (l *folderLease) Finish(out Outcome) error {
	_, known, err := l.folder.outcome(l.task.Name())
	if err != nil {
		return err
	}
	if !known {
		dir, err := l.folder.TaskFolder(l.task)
		if err != nil {
			return err
		}
		file := outcomeFiles[0]
		if out.Failed != "" {
			file = outcomeFiles[1]
		}
		err = durable.WriteFile(l.folder.fs, filepath.Join(dir, file), func(w io.Writer) error {
			e := json.NewEncoder(w)
			e.SetIndent("", " ")
			return e.Encode(out)
		})
		if err != nil {
			return err
		}
	}
	return l.lease.GiveBack()
}
