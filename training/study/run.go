package study

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"qgan/internal/durable"
	"qgan/metrics/report"
)

// Study is a plan that is worked on and put into a table.
type Study struct {
	Plan Plan
	Page func(Table) report.Study // what is made of its table; nil: Page
	// Folder keeps the outcomes and holds what is written in the end.
	Folder string
	FS     durable.FS // nil: the machine's own
	// Queue hands out the tasks; empty: the folder does, to workers of this process and of
	// others that see it. A nats:// or tls:// address is a NATS server.
	Queue string
	Lease time.Duration // 0: LeaseTime
	Retry bool          // do tasks again that failed

	Works map[string]Work
	// Workers of this process; 0: it waits until others have done all.
	Workers int
	Name    string // of this process; nobody else's

	// Begun is told how many tasks were done before, Told how many are done and how many
	// of them failed, Done of each task that a worker of this process finished. They may
	// be nil.
	Begun func(done int)
	Told  func(done, failed int)
	Done  func(Outcome)
}

// BoardError is a failure of what hands out tasks.
type BoardError struct{ Err error }

// Error says what failed.
func (e *BoardError) Error() string { return e.Err.Error() }

// Unwrap returns what failed.
func (e *BoardError) Unwrap() error { return e.Err }

// boardError wraps an error of a board, but for the end of a context and what the user
// gave.
func boardError(err error) error {
	var bad interface{ BadInput() bool }
	if err == nil || errors.As(err, &bad) || errors.Is(err, context.Canceled) {
		return err
	}
	return &BoardError{err}
}

// Run works on the study until no task is open and writes its table (table.csv,
// table.jsonl), figures and page into the folder. Tasks that fail are rows with their
// causes and no error. When ctx ends, the table of what is done is written all the same,
// and the cause returned. Its errors are those of the folder, a *PlanError where the
// folder holds another study, and a *BoardError.
func (s *Study) Run(ctx context.Context) (Table, error) {
	var board Board
	if s.Queue != "" {
		b, err := CreateNATS(ctx, s.Queue, s.Plan, s.Lease)
		if err != nil {
			return Table{}, boardError(err)
		}
		defer b.Close()
		board = b
	}
	folder, err := CreateFolder(s.FS, s.Folder, s.Plan, s.Lease)
	if err != nil {
		return Table{}, err
	}
	if s.Retry {
		if err := folder.Retry(); err != nil {
			return Table{}, err
		}
	}
	if board == nil {
		board = folder
	}
	before, err := board.Outcomes(ctx)
	if err != nil {
		return Table{}, boardError(err)
	}
	if s.Begun != nil {
		s.Begun(len(before))
	}
	err = s.WorkOn(ctx, board, folder)
	outcomes, readErr := board.Outcomes(context.WithoutCancel(ctx))
	if readErr != nil {
		return Table{}, errors.Join(err, boardError(readErr))
	}
	t := TableOf(s.Plan, outcomes)
	if werr := t.write(durable.Or(s.FS), s.Folder, s.Page); werr != nil {
		return t, errors.Join(err, werr)
	}
	return t, err
}

// WorkOn works on a board that is there until no task is open; without workers it waits
// until others have done all. Tasks write into folders of theirs below folder.
func (s *Study) WorkOn(ctx context.Context, board Board, folder *Folder) error {
	if s.Workers == 0 {
		return boardError(s.wait(ctx, board))
	}
	crew := &Crew{
		Board: board, Works: s.Works, Workers: s.Workers, Folder: folder.TaskFolder, Name: s.Name,
		Done: func(o Outcome) {
			if s.Done != nil {
				s.Done(o)
			}
			s.tell(ctx, board) // a board that can't be asked is told of when it is worked on
		},
	}
	return boardError(crew.Run(ctx))
}

// wait looks every second whether all tasks are done.
func (s *Study) wait(ctx context.Context, board Board) error {
	for {
		done, err := s.tell(ctx, board)
		if err != nil || done == len(board.Plan().Tasks) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Second):
		}
	}
}

// tell tells how many tasks are done.
func (s *Study) tell(ctx context.Context, board Board) (done int, err error) {
	out, err := board.Outcomes(ctx)
	if err != nil {
		return 0, err
	}
	failed := 0
	for _, o := range out {
		if o.Failed != "" {
			failed++
		}
	}
	if s.Told != nil {
		s.Told(len(out), failed)
	}
	return len(out), nil
}

// ProcessName is a name for a process that no other has, from the host, its id and the
// time.
func ProcessName(now time.Time) string {
	host, _ := os.Hostname()
	host = strings.ReplaceAll(host, string(filepath.Separator), "_")
	return fmt.Sprintf("%s-%d-%x", host, os.Getpid(), now.UnixNano()&0xffffff)
}

// write writes the table, figures and page into a folder.
func (t Table) write(fsys durable.FS, dir string, page func(Table) report.Study) error {
	if page == nil {
		page = Page
	}
	put := func(path string, f func(io.Writer) error) error { return durable.WriteFile(fsys, path, f) }
	if err := put(filepath.Join(dir, "table.csv"), t.WriteCSV); err != nil {
		return err
	}
	if err := put(filepath.Join(dir, "table.jsonl"), t.WriteJSONL); err != nil {
		return err
	}
	t.links = map[string]string{}
	for _, r := range t.Rows {
		for _, file := range outcomeFiles {
			path := filepath.Join("tasks", r.Task.Name(), file)
			if _, err := durable.Or(fsys).ReadFile(filepath.Join(dir, path)); err == nil {
				t.links[r.Task.Name()] = filepath.ToSlash(path)
				break
			}
		}
	}
	_, err := report.WriteStudy(dir, page(t), put)
	return err
}
