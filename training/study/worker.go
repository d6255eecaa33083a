package study

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Work does a task. What it writes goes into a folder of the task's own, in which it may
// find what an earlier attempt left.
type Work func(ctx context.Context, t Task, dir string) (Row, error)

// Crew works on a board.
type Crew struct {
	Board   Board
	Works   map[string]Work
	Workers int
	Name    string // of this process; nobody else's
	// Folder names the folder of a task.
	Folder func(t Task) (string, error)
	// Done is told of each task that this crew finished; nil: nobody. One call at a time.
	Done func(Outcome)
}

// Run works until no task is open. Tasks that fail are no error of it.
func (c *Crew) Run(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var wait sync.WaitGroup
	var told sync.Mutex
	for i := range max(1, c.Workers) {
		wait.Go(func() {
			for {
				lease, err := c.Board.Take(ctx, fmt.Sprintf("%s-%d", c.Name, i))
				if errors.Is(err, ErrFinished) {
					return
				}
				var out Outcome
				if err == nil {
					out, err = c.do(ctx, lease)
				}
				if err != nil {
					stop(err)
					return
				}
				if c.Done != nil {
					told.Lock()
					c.Done(out)
					told.Unlock()
				}
			}
		})
	}
	wait.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return nil
}

// do does one task. Its error is one of the board, or the end of the context.
func (c *Crew) do(ctx context.Context, l Lease) (Outcome, error) {
	t := l.Task()
	out := Outcome{Task: t, Worker: c.Name, Begun: l.Begun()}
	if l.Begun() > maxBegun {
		out.Failed = fmt.Sprintf("it was begun %d times and never finished: whatever takes it dies", maxBegun)
		return out, l.Finish(out)
	}
	kept, over := context.WithCancel(ctx)
	var wait sync.WaitGroup
	wait.Go(func() {
		tick := time.NewTicker(c.Board.Lease() / 4)
		defer tick.Stop()
		for {
			select {
			case <-kept.Done():
				return
			case <-tick.C:
				l.Keep() // where it is lost another does the task as well, and the first result stays
			}
		}
	})
	begin := time.Now()
	row, err := c.work(ctx, t)
	over()
	wait.Wait()
	if ctx.Err() != nil {
		return out, errors.Join(context.Cause(ctx), l.Drop())
	}
	out.Row, out.Seconds = row, time.Since(begin).Seconds()
	if err != nil {
		out.Row, out.Failed = nil, err.Error()
	}
	return out, l.Finish(out)
}

// work calls the task's Work; a panic is that task's failure and not the study's.
func (c *Crew) work(ctx context.Context, t Task) (row Row, err error) {
	work := c.Works[t.Kind]
	if work == nil {
		return nil, fmt.Errorf("there is no work of kind %q", t.Kind)
	}
	dir, err := c.Folder(t)
	if err != nil {
		return nil, err
	}
	defer func() {
		if r := recover(); r != nil {
			row, err = nil, fmt.Errorf("panic: %v", r)
		}
	}()
	return work(ctx, t, dir)
}
