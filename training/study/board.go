package study

import (
	"context"
	"errors"
	"time"
)

// Board holds a plan and what became of its tasks. Its methods may be called by several
// goroutines.
type Board interface {
	Plan() Plan
	// Lease is how long a worker may be silent before its task is given to another.
	Lease() time.Duration
	// Take leases a task that is open and that nobody works on; it waits while others work
	// on all that are open. ErrFinished: none is open.
	Take(ctx context.Context, worker string) (Lease, error)
	// Outcomes returns what became of the tasks so far, by name.
	Outcomes(ctx context.Context) (map[string]Outcome, error)
}

// Lease is a task that was taken.
type Lease interface {
	Task() Task
	// Begun counts how often the task was taken, this time included.
	Begun() int
	// Keep says that it is still worked on. Called often enough, nobody else takes it.
	Keep() error
	// Finish writes down what became of it, unless that is known already, and gives the
	// lease back.
	Finish(Outcome) error
	// Drop gives the lease back, undone.
	Drop() error
}

// ErrFinished says that no task is open.
var ErrFinished = errors.New("no task is open")

// LeaseTime is how long a worker may be silent before its task is given to another.
const LeaseTime = 30 * time.Second

// maxBegun is how often a task is begun before it is said to have failed: what kills every
// worker that takes it would otherwise go round for ever.
const maxBegun = 10
