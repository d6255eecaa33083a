package remote

import (
	"context"
	"errors"
	"fmt"

	"qgan/backends"
	"qgan/backends/ledger"
	"qgan/backends/service"
)

// Cancel ends a job for good: nothing of it is sent any more, whoever holds it, and one that
// the service has is asked to be stopped there, unless it is done. One whose answer was lost
// is looked up first; where it stays unknown the error wraps ErrUnknown. What has ended is
// refused.
func (r *Remote) Cancel(ctx context.Context, id string) (ledger.Job, error) {
	j, err := r.stop(ctx, id, "cancelled before it was sent")
	if err != nil || j.State == ledger.Cancelled {
		return j, err
	}
	if j.State.Lost() {
		if found, ok := r.look(ctx, j); ok {
			return r.adopt(ctx, j, found) // and cancels it there
		}
		return j, &service.RemoteError{Service: j.Service, Err: fmt.Errorf("job %s is %s and is not sent again: %w", j.ID, j.State, ErrUnknown)}
	}
	s, err := r.Service.Poll(ctx, j.Remote) // some services take back what is done
	if err == nil && s.State != service.Completed {
		err = r.Service.Cancel(ctx, j.Remote)
	}
	if err != nil {
		return j, &service.RemoteError{Service: j.Service, Err: err}
	}
	return j, nil
}

// stop ends the sending of a job that has not ended.
func (r *Remote) stop(ctx context.Context, id, reason string) (ledger.Job, error) {
	j, err := r.Ledger.Job(id)
	if err != nil {
		return j, err
	}
	if j.State.Final() && j.State != ledger.Unreadable {
		return j, backends.Refuse("job %s is %s already", j.ID, j.State)
	}
	return r.Ledger.Stop(ctx, j.ID, reason)
}

// Abandon gives a job up: nothing of it is sent any more, nobody follows it, and the command
// that it was for makes it anew. What it may have cost counts on. The service is not asked,
// so a job that it has goes on there.
func (r *Remote) Abandon(ctx context.Context, id string) (ledger.Job, error) {
	j, err := r.stop(ctx, id, "abandoned before it was sent")
	if err != nil || j.State == ledger.Cancelled {
		return j, err
	}
	if j.State == ledger.Unreadable { // its result is kept, and ranks above what else may be said of this attempt
		j.Attempt++
	}
	return j, r.record(&j, ledger.Update{State: ledger.Abandoned, Attempt: max(1, j.Attempt), Remote: j.Remote, Reason: "abandoned by hand, was " + string(j.State)})
}

// Settle asks the service what a job cost that has ended, where it has not said so yet, and
// keeps it.
func (r *Remote) Settle(ctx context.Context, id string) (ledger.Job, error) {
	j, err := r.Ledger.Job(id)
	if err != nil || !j.Unsettled() {
		return j, err
	}
	s, err := r.Service.Poll(ctx, j.Remote)
	if err != nil {
		return j, service.Broken(r.Service, err)
	}
	if s.Cost == nil && s.Amount == nil {
		return j, nil
	}
	if err := r.record(&j, after(j.State, j, s, j.Reason)); err != nil {
		return j, err
	}
	return r.Ledger.Job(j.ID)
}

// Adopt takes a job of the service by its id there for one of the ledger: the one whose tag
// it carries or, where it tells none, the one that is named; "" is none.
func (r *Remote) Adopt(ctx context.Context, remote, as string) (ledger.Job, error) {
	tag := as
	if tag == "" {
		t, ok := r.Service.(service.Tagged)
		if !ok {
			return ledger.Job{}, backends.Refuse("%s doesn't tell whose job %s is", r.Service.Service(), remote)
		}
		var err error
		if tag, err = t.Tag(ctx, remote); err != nil {
			return ledger.Job{}, service.Broken(r.Service, err)
		}
		if tag == "" {
			return ledger.Job{}, backends.Refuse("job %s of %s carries no tag of ours", remote, r.Service.Service())
		}
	} else if _, err := r.Service.Poll(ctx, remote); err != nil {
		return ledger.Job{}, service.Broken(r.Service, err)
	}
	j, err := r.Ledger.Job(tag)
	switch {
	case errors.Is(err, ledger.ErrNoJob):
		return j, &backends.Refusal{Err: fmt.Errorf("job %s of %s: %w", remote, r.Service.Service(), err)}
	case err != nil:
		return j, err
	case j.Service != r.Service.Service():
		return j, backends.Refuse("job %s is one of %s", j.ID, j.Service)
	case j.Remote == remote && !j.State.Ended() && !j.State.Lost():
		return j, nil // it is known
	case j.State == ledger.Done || j.State == ledger.Unreadable || j.State == ledger.Submitted:
		return j, backends.Refuse("job %s is %s as %s", j.ID, j.State, j.Remote)
	}
	u := ledger.Update{State: ledger.Submitted, Attempt: max(1, j.Attempt), Remote: remote, Reason: "adopted by hand"}
	if j.State.Final() { // what was given up is taken up again
		u.Attempt++
	}
	return j, r.record(&j, u)
}
