package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// errInterrupted is the cause of a context that a signal has cancelled.
var errInterrupted = errors.New("interrupted")

// errTerminated is the cause where the signal is SIGTERM: whoever runs the program ends it.
var errTerminated = fmt.Errorf("%w by SIGTERM", errInterrupted)

// withSignals returns a context that the first SIGINT or SIGTERM cancels, with
// errInterrupted or errTerminated as its cause, so that a verb can finish its step and leave its
// files whole. The second calls quit with the exit code at once. The function stop
// gives the signals back.
func withSignals(parent context.Context, quit func(code int)) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		for n := 0; ; n++ {
			select {
			case s := <-signals:
				if n > 0 {
					quit(exitInterrupted)
				}
				if s == syscall.SIGTERM {
					cancel(errTerminated)
				}
				cancel(errInterrupted)
			case <-done:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel(nil)
	}
}

// lasting are the verbs that end by themselves when they are interrupted, since they finish a
// step, speak to services or show progress of their own. Others only compute.
var lasting = []string{"train", "study", "worker", "submit", "jobs", "devices", "emulate", "auth", "completion", "help"}

// grace is how long a verb that only computes has to end by itself.
const grace = 1200 * time.Millisecond

// hurry calls end where an interrupted verb that only computes has not ended after the grace.
func (a *app) hurry(ctx context.Context, ended <-chan struct{}, end func()) {
	select {
	case <-ended:
		return
	case <-ctx.Done():
	}
	select {
	case <-ended:
	case <-time.After(grace):
		if a.hasty.Load() && errors.Is(context.Cause(ctx), errInterrupted) {
			end()
		}
	}
}
