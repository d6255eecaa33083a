package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
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
