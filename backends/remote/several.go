package remote

import (
	"context"
	"errors"
	"fmt"

	"qgan/backends/ledger"
)

// Opener opens what sends a job of the ledger, and others of the same place and options.
type Opener func(ctx context.Context, j ledger.Job) (*Remote, error)

// Await waits for jobs of any services: those of one place, command and options together. Of
// those that have ended nobody is asked. The error is that of the first that has no result, when
// all have ended.
func Await(ctx context.Context, l *ledger.Ledger, ids []string, open Opener) error {
	var first []ledger.Job // of each place
	var ended error
	alike := map[string][]string{}
	for _, id := range ids {
		j, err := l.Job(id)
		switch place := fmt.Sprint(j.Service, j.Device, j.Endpoint, j.Command, j.Options); {
		case err != nil:
			return err
		case !j.State.Final() || j.State == ledger.Unreadable:
			if alike[place] == nil {
				first = append(first, j)
			}
			alike[place] = append(alike[place], j.ID)
		case ended == nil:
			ended = Ended(j)
		}
	}
	for _, j := range first {
		r, err := open(ctx, j)
		if err != nil {
			return err
		}
		if err := r.Complete(ctx, alike[fmt.Sprint(j.Service, j.Device, j.Endpoint, j.Command, j.Options)]); err != nil {
			return err
		}
	}
	return ended
}

// Standing says where the first job stands that has not ended, and what waiting again does; ""
// where all have.
func Standing(l *ledger.Ledger, ids []string) (id, says string, err error) {
	for _, id := range ids {
		j, err := l.Job(id)
		switch {
		case err != nil:
			return "", "", err
		case j.State.Final():
		case j.State == ledger.Submitted:
			return j.ID, "it goes on at the service: wait again", nil
		default:
			return j.ID, "it is " + string(j.State) + ": waiting again goes on with it", nil
		}
	}
	return "", "", nil
}

// Reconcile looks up jobs whose answers were lost, those that are named or else all, and tells
// what each is then. The error is that of the last that stays unknown.
func Reconcile(ctx context.Context, l *ledger.Ledger, ids []string, open Opener, tell func(ledger.Job)) error {
	if len(ids) == 0 {
		jobs, err := l.Jobs()
		if err != nil {
			return err
		}
		for _, j := range jobs {
			if j.State.Lost() {
				ids = append(ids, j.ID)
			}
		}
	}
	var failure error
	for _, id := range ids {
		j, err := l.Job(id)
		if err != nil {
			return err
		}
		r, err := open(ctx, j)
		if err != nil {
			return err
		}
		if j.State.Lost() {
			if j, err = r.Send(ctx, j.ID); err != nil {
				failure = err
			}
		}
		tell(j)
	}
	return failure
}

// SettleAll asks the services what jobs cost that have ended, where they have not said so. Of
// each that tells nothing the reason is told.
func SettleAll(ctx context.Context, l *ledger.Ledger, open Opener, tell func(j ledger.Job, why error)) error {
	jobs, err := l.Jobs()
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if !j.Unsettled() {
			continue
		}
		r, err := open(ctx, j)
		if err == nil {
			j, err = r.Settle(ctx, j.ID)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil || j.Unsettled() {
			tell(j, err)
		}
	}
	return nil
}

// Leave says what several senders leave behind, when they have cancelled what has not begun
// where that is asked for.
func Leave(ctx context.Context, senders []*Remote, withdraw bool) (texts []string, err error) {
	var errs []error
	for _, r := range senders {
		if withdraw {
			errs = append(errs, r.Withdraw(ctx))
		}
		left, err := r.Left()
		errs = append(errs, err)
		if text := left.String(); text != "" {
			texts = append(texts, text)
		}
	}
	return texts, errors.Join(errs...)
}
