package remote

import (
	"context"
	"errors"
	"fmt"
	"time"

	"qgan/backends/ledger"
	"qgan/backends/service"
	"qgan/internal/words"
)

// ErrUnknown says that it is not known whether the service has a job.
var ErrUnknown = errors.New("it is not known whether the service has the job")

// ErrDry ends a run that was asked to send nothing.
var ErrDry = errors.New("nothing was sent")

// Send brings a job to the service, whatever was done about it before: a planned one is
// sent, one whose answer was lost looked up. It waits for another process that is at work
// on the job. It returns the job as it then stands; where it stays unknown the error wraps
// ErrUnknown.
func (r *Remote) Send(ctx context.Context, id string) (ledger.Job, error) {
	j, err := r.Ledger.Job(id)
	if err != nil {
		return j, err
	}
	if r.swept.Do(func() { err = r.sweep(ctx) }); err != nil {
		return j, err
	}
	unlock, err := r.Ledger.Hold(ctx, j.ID, func() { r.report(j, "another process is at work on it: waiting") })
	if err != nil {
		return j, err
	}
	defer unlock()
	r.inHand.take(j.ID)
	if j, err = r.Ledger.Job(j.ID); err != nil { // under the lock: another process may have sent it
		return j, err
	}
	if j.Session() { // whoever had it is gone
		return r.end(ctx, j)
	}
	s := &sending{Remote: r, Patience: r.filled()}
	switch j.State {
	case ledger.Planned:
		return s.submit(ctx, j)
	case ledger.Sending, ledger.Unknown:
		return s.reconcile(ctx, j)
	}
	return j, nil
}

// sending is the work of one call of Send on a job.
type sending struct {
	*Remote
	Patience
	again  int  // answers that were lost here
	same   bool // the service takes the body for the one before
	resent bool // it was sent again though it may be there
	denied bool // other credentials were taken
}

// record keeps what a job has become.
func (r *Remote) record(j *ledger.Job, u ledger.Update) error {
	u.Job = j.ID
	u.Reason = words.Plain(u.Reason) // of a service, or a result of its
	if u.Attempt == 0 {
		u.Attempt = j.Attempt
	}
	if err := r.Ledger.Record(u); err != nil {
		return err
	}
	j.State, j.Attempt, j.Reason, j.Updated = u.State, u.Attempt, u.Reason, r.Ledger.Now()
	if u.Remote != "" {
		j.Remote = u.Remote
	}
	return nil
}

// begin waits for the job's turn among the submissions that its service takes in a minute,
// those of all processes, and records it as sending, if that is still wanted and within the
// limits.
func (s *sending) begin(ctx context.Context, j ledger.Job) (ledger.Job, error) {
	done := func() error { return nil }
	for perMinute := s.perMinute(ctx); perMinute > 0; {
		wait, unlock, err := s.Ledger.Turn(ctx, j.Service, j.Endpoint, perMinute)
		if err != nil {
			return j, err
		}
		if wait == 0 {
			done = unlock
			break
		}
		if wait > time.Second {
			s.report(j, fmt.Sprintf("waits %v: %s takes %d jobs a minute", wait.Round(time.Second), j.Service, perMinute))
		}
		if err := s.rest(ctx, j, wait); err != nil {
			return j, err
		}
	}
	if err := ctx.Err(); err != nil { // a job that is not begun is not lost
		return j, errors.Join(err, done())
	}
	limits := s.Limits
	limits.Before = s.purse.total(j.ID)
	now, err := s.Ledger.Begin(ctx, j.ID, limits, s.same)
	if e := done(); err == nil {
		err = e
	}
	if err == nil && !s.same {
		s.purse.send(now)
	}
	if err == nil {
		j = now
	}
	return j, err
}

// rest waits, and ends with ledger.ErrStopped where the job is cancelled meanwhile.
func (r *Remote) rest(ctx context.Context, j ledger.Job, d time.Duration) error {
	const look = 2 * time.Second
	for ; d > 0; d -= look {
		if err := pause(ctx, min(d, look)); err != nil {
			return err
		}
		now, err := r.Ledger.Job(j.ID)
		if err != nil {
			return err
		}
		if now.State.Final() || r.Ledger.Stopped(j.ID) {
			return fmt.Errorf("job %s: %w", j.ID, ledger.ErrStopped)
		}
	}
	return nil
}

// stopped is what a job has become that was cancelled while it was held here.
func (r *Remote) stopped(j ledger.Job) (ledger.Job, error) {
	j, err := r.Ledger.Job(j.ID)
	switch {
	case err != nil:
		return j, err
	case j.State.Final():
		r.report(j, string(j.State)+": "+j.Reason)
		return j, Ended(j)
	}
	return j, &service.RemoteError{Service: j.Service, Err: fmt.Errorf("job %s was cancelled and is not sent again: %w", j.ID, ErrUnknown)}
}

// submit sends a job that the service does not have, or knows by its token.
func (s *sending) submit(ctx context.Context, j ledger.Job) (ledger.Job, error) {
	body, err := s.Ledger.Request(j.ID)
	if err != nil {
		return j, err
	}
	deadline := s.Ledger.Now().Add(s.Later)
	for try := 0; ; try++ {
		sent, inSession, err := s.member(ctx, j, body)
		if err != nil {
			return j, err
		}
		begun, err := s.begin(ctx, j)
		if errors.Is(err, ledger.ErrStopped) {
			return s.stopped(j)
		}
		if err != nil {
			return j, err
		}
		j = begun
		s.report(j, "sending")
		remote, err := s.Service.Submit(ctx, sent)
		if err == nil {
			err = s.record(&j, ledger.Update{State: ledger.Submitted, Remote: remote})
			s.report(j, "submitted as "+remote)
			return s.taken(ctx, j, err)
		}
		fate, after := service.FateOf(err)
		switch fate {
		case service.Refused, service.Denied:
			if found, ok := s.look(ctx, j); ok { // an answer of 401 has been seen for a job that was taken
				return s.adopt(ctx, j, found)
			}
			if fate == service.Refused && inSession { // it may have ended, or have all the jobs that it takes
				s.leave(j, err)
				if err := s.unmade(&j); err != nil {
					return j, err
				}
				continue
			}
			if fate == service.Denied && !s.denied {
				s.denied, try = true, -1
				s.report(j, "its credentials were refused, others are asked for: "+err.Error())
				if err := s.unmade(&j); err != nil {
					return j, err
				}
				continue
			}
			return s.refused(j, err, err)
		case service.Lost:
			if e := s.record(&j, ledger.Update{State: ledger.Unknown, Reason: err.Error()}); e != nil {
				return j, e
			}
			s.report(j, "the answer is lost: "+err.Error())
			if ctx.Err() != nil {
				return j, fmt.Errorf("job %s: %w: %w", j.ID, ErrUnknown, err)
			}
			s.again++
			return s.reconcile(ctx, j)
		}
		wait := after
		if wait == 0 {
			wait = min(time.Second<<min(try, 6), time.Minute)
		}
		if s.Ledger.Now().Add(wait).After(deadline) {
			return s.refused(j, err, fmt.Errorf("it takes no job now: %w", err))
		}
		s.report(j, fmt.Sprintf("not taken now, again in %v: %v", wait.Round(time.Second), err))
		if err := s.unmade(&j); err != nil {
			return j, err
		}
		err = s.rest(ctx, j, wait+service.Jitter(s.Ledger.Now(), wait/4))
		if errors.Is(err, ledger.ErrStopped) {
			return s.stopped(j)
		}
		if err != nil {
			return j, err
		}
	}
}

// unmade records that an attempt made nothing: the job is as it was before, whoever goes on
// from here. One that may be there from an attempt before stays unknown.
func (s *sending) unmade(j *ledger.Job) error {
	if !s.same {
		s.purse.back(*j)
		s.purse.plan(*j)
	}
	if s.again > 0 {
		return s.record(j, ledger.Update{State: ledger.Unknown, Unmade: true, Reason: j.Reason})
	}
	return s.record(j, ledger.Update{State: ledger.Planned, Attempt: j.Attempt + 1})
}

// refused ends a job that the service does not take; where an attempt before was lost, it
// is the repetition that is refused.
func (s *sending) refused(j ledger.Job, reason, told error) (ledger.Job, error) {
	if !s.same {
		s.purse.back(j)
	}
	if s.again > 0 || s.resent {
		return s.lost(j, reason, true)
	}
	if e := s.record(&j, ledger.Update{State: ledger.Failed, Reason: reason.Error()}); e != nil {
		return j, e
	}
	return j, &service.RemoteError{Service: j.Service, Err: told}
}

// look asks once for a job's tag.
func (r *Remote) look(ctx context.Context, j ledger.Job) (remote []string, ok bool) {
	remote, err := r.Service.Find(ctx, j.ID, j.Created.Add(-time.Hour)) // clocks differ
	return remote, err == nil && len(remote) > 0
}

// adopt takes the first of the service's jobs that carry the tag.
func (r *Remote) adopt(ctx context.Context, j ledger.Job, found []string) (ledger.Job, error) {
	reason := ""
	if len(found) > 1 {
		reason = fmt.Sprintf("the service has %d jobs of this tag, %v: the first is taken", len(found), found)
	}
	err := r.record(&j, ledger.Update{State: ledger.Submitted, Remote: found[0], Reason: reason})
	r.report(j, "found at the service as "+found[0])
	return r.taken(ctx, j, err)
}

// taken goes on with a job that the service has: one that was cancelled meanwhile is
// cancelled there.
func (r *Remote) taken(ctx context.Context, j ledger.Job, err error) (ledger.Job, error) {
	if err != nil {
		return j, err
	}
	now, err := r.Ledger.Job(j.ID)
	if err != nil || !r.Ledger.Stopped(j.ID) || now.State != ledger.Submitted {
		return j, err
	}
	r.report(j, "it was cancelled: the service is asked to stop it")
	if err := r.Service.Cancel(ctx, j.Remote); err != nil {
		return j, &service.RemoteError{Service: j.Service, Err: err}
	}
	return j, nil
}

const (
	// resends is how often a body is sent again that a service knows by its token, until it
	// stays unknown: a minute and a half with the usual waits.
	resends = 8
	// maxLost is how many attempts at a job may be lost in all, whoever sends it: each may be
	// paid for.
	maxLost = 4
)

// reconcile finds out whether the service has a job whose answer was lost. Listings may
// lag behind, so it looks several times before it says no. To a service that knows bodies by
// their tokens it is sent again, several times, with growing waits.
func (s *sending) reconcile(ctx context.Context, j ledger.Job) (ledger.Job, error) {
	answered := 0
	// Whatever process asks, at least so long after the job was last touched.
	for look := 0; answered < s.Looks; look++ {
		found, err := s.Service.Find(ctx, j.ID, j.Created.Add(-time.Hour))
		switch {
		case errors.Is(err, service.ErrIdempotent) && s.again > resends:
			return s.lost(j, fmt.Errorf("sent %d times without an answer: %s", s.again, j.Reason), false)
		case errors.Is(err, service.ErrIdempotent):
			if s.again > 0 {
				if err := pause(ctx, min(s.PollMin<<(s.again-1), s.PollMax)); err != nil {
					return s.lost(j, err, false)
				}
			}
			s.report(j, "sending the same body again: the service knows it by its token")
			s.same, s.resent = true, true
			return s.submit(ctx, j)
		case errors.Is(err, service.ErrUnlisted):
			return s.resubmit(ctx, j, err, s.LookEvery)
		case err == nil && len(found) > 0:
			return s.adopt(ctx, j, found)
		case err == nil:
			answered++
		case look >= 10*s.Looks:
			return s.lost(j, fmt.Errorf("it can't be looked up: %w", err), false)
		}
		if answered < s.Looks {
			s.report(j, fmt.Sprintf("not found at the service yet, look %d of %d", answered, s.Looks))
			if err := pause(ctx, s.LookEvery); err != nil {
				return s.lost(j, err, false)
			}
		}
	}
	return s.resubmit(ctx, j, fmt.Errorf("the service doesn't list it, after %d look-ups", answered), 0)
}

// resubmit sends a job once more that was not found, where that is asked for: after a wait, a
// few times in all, as one try more that may cost.
func (s *sending) resubmit(ctx context.Context, j ledger.Job, why error, wait time.Duration) (ledger.Job, error) {
	now, err := s.Ledger.Job(j.ID)
	if err != nil {
		return j, err
	}
	lost := 0
	for _, c := range now.Charges {
		if c.Lost {
			lost++
		}
	}
	switch {
	case !s.Resubmit || s.Ledger.Stopped(j.ID):
		return s.lost(j, why, false)
	case lost >= maxLost:
		return s.lost(j, fmt.Errorf("it was sent %d times and never found, which is enough: %w", lost, why), false)
	}
	if err := s.rest(ctx, j, wait); err != nil {
		return s.lost(j, err, false)
	}
	s.report(j, "not found at the service: sending it again, though the service may have it")
	s.resent = true
	return s.submit(ctx, j)
}

// lost leaves a job unknown; unmade says that the last attempt at it made nothing.
func (s *sending) lost(j ledger.Job, why error, unmade bool) (ledger.Job, error) {
	if err := s.record(&j, ledger.Update{State: ledger.Unknown, Attempt: max(1, j.Attempt), Reason: why.Error(), Unmade: unmade}); err != nil {
		return j, err
	}
	return j, &service.RemoteError{Service: j.Service, Err: fmt.Errorf("job %s: %w: %w", j.ID, ErrUnknown, why)}
}
