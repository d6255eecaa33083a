package remote

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"qgan/backends/ledger"
	"qgan/backends/service"
	"qgan/internal/words"
)

// holding is the session of one command: opened with its first job, closed with the command,
// and there once. The zero value is none.
type holding struct {
	mu    sync.Mutex
	tried bool
	over  bool // no job goes into it any more
	job   ledger.Job
	until time.Time // when it ends by itself
	free  func() error
	ctx   context.Context // of the command
}

// closing is how long the end of a batch or a session is tried to be told; without it ends by
// itself.
const closing = 20 * time.Second

// hurried is that of a session whose command was stopped.
const hurried = 2 * time.Second

// asked is the session that a service is asked for; ok is false where none is.
func asked(s service.Service) (of service.Sessions, what service.Session, ok bool) {
	if of, ok = s.(service.Sessions); ok {
		what, ok = of.Session()
	}
	return of, what, ok
}

// member is a body as it is sent: in the session that is asked for, or in the batch that is
// open. A body in the ledger names neither: who takes a job up later may have another.
func (s *sending) member(ctx context.Context, j ledger.Job, body []byte) (sent []byte, inSession bool, err error) {
	of, what, ok := asked(s.Service)
	if !ok {
		return s.batched(body), false, nil
	}
	h := &s.held
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.tried {
		h.tried = true
		if err := s.open(ctx, of, what, j); err != nil {
			h.tried = false
			return nil, false, err
		}
	}
	if !h.over && !s.Ledger.Now().Before(h.until) {
		h.over = true
		s.report(j, "the session's time is over, so the jobs go one by one")
	}
	if h.over {
		return body, false, nil
	}
	id, _ := service.SessionOf(h.job.Remote)
	return of.InSession(body, id), true, nil
}

// leave sends no more jobs into the session, which did not take one.
func (s *sending) leave(j ledger.Job, why error) {
	s.held.mu.Lock()
	s.held.over = true
	s.held.mu.Unlock()
	s.report(j, "not taken in the session, so the jobs go one by one: "+why.Error())
}

// open opens the session. It is in the ledger like a job, without circuits and held against
// the limits by what it may cost at most, before it is asked for; its lock says that a process
// has it. Where the service opens none that is told, and is no error: one whose answer was
// lost has no jobs, costs nothing and ends by itself.
func (r *Remote) open(ctx context.Context, of service.Sessions, what service.Session, first ledger.Job) error {
	h := &r.held
	j := ledger.Job{
		ID: ledger.NewID(r.Ledger.Now()), Service: r.Service.Service(), Device: r.Service.Device(), Endpoint: r.Service.Endpoint(), Command: r.Command, Programs: []byte("[]"),
	}
	if what.Priced {
		j.Estimate = &what.Price.USD
	}
	limits := r.Limits
	limits.Before = r.purse.total("")
	planned, err := r.Ledger.Plan(ctx, []ledger.Plan{{Job: j, Request: what.Body}}, limits)
	if err != nil {
		return fmt.Errorf("the session: %w", err)
	}
	free, err := r.Ledger.Hold(ctx, j.ID, nil)
	if err != nil {
		return err
	}
	if j, err = r.Ledger.Begin(ctx, planned[0].ID, limits, false); err != nil {
		return errors.Join(fmt.Errorf("the session: %w", err), free())
	}
	id, err := of.OpenSession(ctx, what.Body)
	if err != nil {
		h.over = true
		if e := r.record(&j, ledger.Update{State: ledger.Failed, Reason: err.Error()}); e != nil {
			return errors.Join(e, free())
		}
		if ctx.Err() != nil {
			return errors.Join(ctx.Err(), free())
		}
		r.report(first, "no session, so the jobs go one by one: "+err.Error())
		return free()
	}
	r.purse.send(j)
	h.free, h.until, h.ctx = free, r.Ledger.Now().Add(what.Most), ctx
	err = r.record(&j, ledger.Update{State: ledger.Submitted, Remote: service.SessionID(id)})
	h.job = j
	cost := "no price is known"
	if what.Priced {
		cost = fmt.Sprintf("at most $%.2f beside its jobs (%s)", what.Price.USD, what.Price.Basis)
	}
	r.report(j, fmt.Sprintf("the session %s is open for %v at most: %s", id, what.Most, cost))
	return err
}

// Close ends the session of the command, where there is one. The ledger stays open.
func (r *Remote) Close() error {
	h := &r.held
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.free == nil {
		return nil
	}
	most := closing
	if h.ctx.Err() != nil {
		most = hurried
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(h.ctx), most)
	defer cancel()
	_, err := r.end(ctx, h.job)
	err = errors.Join(err, h.free())
	h.free, h.over = nil, true
	return err
}

// end closes a session that nobody sends jobs to any more, and keeps what it cost where the
// service tells that. One that is not closed in time stays as it is: it ends by itself.
func (r *Remote) end(ctx context.Context, j ledger.Job) (ledger.Job, error) {
	switch {
	case j.State.Final():
		return j, nil
	case j.State == ledger.Planned:
		return r.Ledger.Stop(ctx, j.ID, "it was not opened")
	case j.Remote == "":
		return j, r.record(&j, ledger.Update{State: ledger.Failed, Attempt: max(1, j.Attempt), Reason: "its answer was lost; no job is in it"})
	}
	err := r.Service.Cancel(ctx, j.Remote)
	for wait := r.filled().PollMin; err == nil; wait = 2 * wait {
		var s service.Status
		if s, err = r.Service.Poll(ctx, j.Remote); err == nil && s.State == service.Completed {
			if err := r.record(&j, after(ledger.Done, j, s, "")); err != nil {
				return j, err
			}
			told, err := r.Ledger.Job(j.ID)
			r.report(j, "the session is closed: "+words.Plain(told.Spent()))
			return told, err
		}
		if err == nil {
			err = pause(ctx, wait)
		}
	}
	r.report(j, "the session is not known to be closed, and ends by itself: `qgan jobs wait "+j.ID+"` looks again ("+err.Error()+")")
	return j, nil
}

// sweep closes the sessions of the service that a process has left which died.
func (r *Remote) sweep(ctx context.Context) error {
	if _, ok := r.Service.(service.Sessions); !ok {
		return nil
	}
	jobs, err := r.Ledger.Jobs()
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if !j.Session() || j.State.Final() || j.Service != r.Service.Service() || j.Endpoint != r.Service.Endpoint() {
			continue
		}
		free, err := r.Ledger.Lock(j.ID)
		if errors.Is(err, ledger.ErrBusy) {
			continue
		}
		if err != nil {
			return err
		}
		r.report(j, "the session was left open: closing it")
		if j, err = r.Ledger.Job(j.ID); err == nil { // under the lock
			ctx, cancel := context.WithTimeout(ctx, closing)
			_, err = r.end(ctx, j)
			cancel()
		}
		if err = errors.Join(err, free()); err != nil {
			return err
		}
	}
	return nil
}
