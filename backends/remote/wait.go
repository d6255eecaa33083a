package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"qgan/backends"
	"qgan/backends/ledger"
	"qgan/backends/service"
)

// Wait polls a submitted job until it is final and keeps its result. It lives through
// faults of the connection and of the service for Patience.GiveUp; credentials that are
// refused and answers that stay what they are end it sooner, with the cause, and the job
// stays as it is. One that the service does not know any more is gone, one whose result
// can't be read unreadable: its result is read and asked for once more each time that it is
// waited for.
func (r *Remote) Wait(ctx context.Context, id string) (ledger.Job, error) {
	j, err := r.Ledger.Job(id)
	switch {
	case err != nil:
		return j, err
	case j.State == ledger.Unreadable:
		return r.reread(ctx, j)
	case j.State.Final():
		return j, nil
	case j.State != ledger.Submitted:
		return j, fmt.Errorf("job %s is %s, not submitted", j.ID, j.State)
	}
	r.inHand.take(j.ID)
	w := &watch{Remote: r, Patience: r.filled(), job: j, useful: r.Ledger.Now()}
	wait := w.PollMin
	for {
		if ended, err := w.look(ctx); ended || err != nil {
			return w.job, err
		}
		err := r.rest(ctx, w.job, wait+service.Jitter(r.Ledger.Now(), wait/4))
		if errors.Is(err, ledger.ErrStopped) {
			// A job that was cancelled is followed to its end; one that is final is not.
			if now, e := r.Ledger.Job(j.ID); e != nil || now.State.Final() {
				return now, e
			}
			err = pause(ctx, wait)
		}
		if err != nil {
			return w.job, err
		}
		wait = min(wait*3/2, w.PollMax)
	}
}

// watch is the work of one call of Wait.
type watch struct {
	*Remote
	Patience
	job    ledger.Job
	last   string    // word of the service
	useful time.Time // when there was an answer to go on with
	// How often an answer was refused and a result was not to be had, and the last result
	// that can't be read.
	refusals, denials int
	raw               []byte
	same              int // how often it came
}

const (
	// maxRefusals is how often a job may be refused or not be known: a new one may not be
	// listed yet, a token may have been taken back. A quarter of a minute with the usual waits.
	maxRefusals = 5
	// maxDenials is how often a finished job's result may be refused, missing or no result:
	// three minutes with the usual waits.
	maxDenials = 15
	// maxSame is how often the same bytes may come that can't be read: no fault on the way does
	// that.
	maxSame = 3
)

// look asks once where the job stands, and does what follows from it.
func (w *watch) look(ctx context.Context) (ended bool, err error) {
	s, err := w.Service.Poll(ctx, w.job.Remote)
	switch {
	case ctx.Err() != nil:
		return true, ctx.Err()
	case err != nil:
		return w.unanswered(err)
	}
	w.refusals = 0
	switch s.State {
	case service.Completed:
		return w.completed(ctx, s)
	case service.Failed, service.Cancelled:
		state := ledger.Failed
		if s.State == service.Cancelled {
			state = ledger.Cancelled
		}
		err := w.record(&w.job, after(state, w.job, s, s.Reason))
		w.report(w.job, string(state)+": "+s.Reason)
		return true, err
	}
	w.useful = w.Ledger.Now()
	word := s.Word
	if s.State == service.Queued && s.Ahead > 0 {
		word += fmt.Sprintf(", %d ahead", s.Ahead)
	}
	if word != w.last {
		w.report(w.job, word)
		w.last = word
	}
	return false, nil
}

// after is what a job has become by a status of the service.
func after(state ledger.State, j ledger.Job, s service.Status, reason string) ledger.Update {
	return ledger.Update{State: state, Remote: j.Remote, Reason: reason, Cost: s.Cost, Amount: (*ledger.Amount)(s.Amount), Seconds: s.Seconds}
}

// failed is an error that leaves the job as it is.
func (w *watch) failed(what string, err error) (bool, error) {
	return true, &service.RemoteError{Service: w.job.Service, Err: fmt.Errorf("%sjob %s (%s): %w", what, w.job.ID, w.job.Remote, err)}
}

// unanswered decides what an error of a question about the job means.
func (w *watch) unanswered(err error) (bool, error) {
	if service.Stays(err) {
		w.refusals++
	}
	status := service.StatusOf(err)
	switch {
	case w.refusals > maxRefusals && (status == http.StatusNotFound || status == http.StatusGone):
		reason := "the service does not know it any more: " + err.Error()
		if e := w.record(&w.job, ledger.Update{State: ledger.Gone, Remote: w.job.Remote, Reason: reason}); e != nil {
			return true, e
		}
		w.report(w.job, reason)
		return true, nil
	case w.refusals > maxRefusals:
		return w.failed("", err)
	case w.silent():
		return w.failed(fmt.Sprintf("no useful answer for %v about ", w.GiveUp), err)
	}
	w.report(w.job, "no answer yet: "+err.Error())
	return false, nil
}

// silent says that there was no answer to go on with for too long.
func (w *watch) silent() bool { return w.Ledger.Now().Sub(w.useful) > w.GiveUp }

// completed fetches the result of a job that is done.
func (w *watch) completed(ctx context.Context, s service.Status) (bool, error) {
	if w.job.Session() { // it has no result
		return true, w.record(&w.job, after(ledger.Done, w.job, s, ""))
	}
	err := w.fetch(ctx, &w.job, s)
	if err == nil || ctx.Err() != nil {
		return true, err
	}
	var disk *notKept
	var late *service.JobFailed
	var odd *garbled
	var large *service.TooLarge
	switch {
	case errors.As(err, &disk):
		return true, err
	case errors.As(err, &late):
		err := w.record(&w.job, after(ledger.Failed, w.job, s, late.Reason))
		w.report(w.job, "failed: "+late.Reason)
		return true, err
	case errors.As(err, &odd): // cut short, or in a form that we don't know
		if w.denials++; w.same == 0 || !bytes.Equal(w.raw, odd.raw) {
			w.raw, w.same = odd.raw, 0
		}
		if w.same++; w.same >= maxSame || w.denials > maxDenials {
			return true, w.giveUp(&w.job, s, odd)
		}
	case errors.As(err, &large): // it stays at the service; the job is not sent again
		w.denials += maxDenials / 3
	case service.Stays(err): // it may be written a little later than it is told
		w.denials++
	}
	switch {
	case w.denials > maxDenials:
		return w.failed("the result of ", err)
	case w.silent():
		return w.failed(fmt.Sprintf("no useful answer for %v about the result of ", w.GiveUp), err)
	}
	w.report(w.job, "the result is not there yet: "+err.Error())
	return false, nil
}

// reread tries a result once more that could not be read: as it is kept, and as the service
// has it now, both of which cost nothing.
func (r *Remote) reread(ctx context.Context, j ledger.Job) (ledger.Job, error) {
	done := ledger.Update{State: ledger.Done, Remote: j.Remote}
	if f, err := r.Ledger.Result(j.ID); err == nil {
		out, err := r.decode(j, f)
		if e := f.Close(); err == nil && e == nil {
			r.keep(j.ID, out)
			return j, r.record(&j, done)
		}
	}
	var b bytes.Buffer
	most, err := r.room(j)
	if err == nil {
		err = r.Service.Fetch(ctx, j.Remote, most, &b)
	}
	if err != nil {
		return j, nil // as it was
	}
	out, err := r.decode(j, bytes.NewReader(b.Bytes()))
	if err != nil {
		return j, nil
	}
	if err := r.save(j.ID, b.Bytes()); err != nil {
		return j, err
	}
	r.keep(j.ID, out)
	return j, r.record(&j, done)
}

// save keeps a result.
func (r *Remote) save(id string, raw []byte) error {
	return r.Ledger.SaveResult(id, func(w io.Writer) error { _, err := w.Write(raw); return err })
}

// known asks the service whether it knows a job again that was gone, and takes it up where
// it does. An error leaves that open.
func (r *Remote) known(ctx context.Context, j ledger.Job) (bool, error) {
	_, err := r.Service.Poll(ctx, j.Remote)
	switch status := service.StatusOf(err); {
	case status == http.StatusNotFound || status == http.StatusGone:
		return false, nil
	case err != nil:
		return false, &service.RemoteError{Service: j.Service, Err: fmt.Errorf("job %s (%s), which was gone: %w", j.ID, j.Remote, err)}
	}
	r.report(j, "the service knows it again")
	return true, r.record(&j, ledger.Update{State: ledger.Submitted, Attempt: j.Attempt + 1, Remote: j.Remote})
}

// garbled is a result that can't be decoded.
type garbled struct {
	error
	raw []byte
}

func (u *garbled) Unwrap() error { return u.error }

// giveUp keeps a result that can't be decoded, for whoever can, and ends the job.
func (r *Remote) giveUp(j *ledger.Job, s service.Status, u *garbled) error {
	if err := r.save(j.ID, u.raw); err != nil {
		return &notKept{err}
	}
	reason := fmt.Sprintf("its result is kept and can't be read: %v (%s)", u, r.Ledger.ResultPath(j.ID))
	if err := r.record(j, after(ledger.Unreadable, *j, s, reason)); err != nil {
		return &notKept{err}
	}
	r.report(*j, reason)
	return nil
}

// notKept is a result that could not be written down.
type notKept struct{ error }

func (n *notKept) Unwrap() error { return n.error }

// fetch keeps a result, unless that was done before, and marks the job as done.
func (r *Remote) fetch(ctx context.Context, j *ledger.Job, s service.Status) error {
	odd := "" // about its shots
	f, err := r.Ledger.Result(j.ID)
	switch {
	case err == nil: // a process died between the two steps
		f.Close()
	case ledger.Missing(err):
		var b bytes.Buffer
		most, err := r.room(*j)
		if err == nil {
			err = r.Service.Fetch(ctx, j.Remote, most, &b)
		}
		if err != nil {
			return err
		}
		// What can't be read is asked for again, not kept.
		out, err := r.decode(*j, bytes.NewReader(b.Bytes()))
		if err != nil {
			return &garbled{err, b.Bytes()}
		}
		if err := r.save(j.ID, b.Bytes()); err != nil {
			return &notKept{err}
		}
		r.keep(j.ID, out)
		shapes, err := shapesOf(*j)
		if err != nil {
			return &notKept{err}
		}
		odd = service.OtherShots(shapes, out)
	default:
		return &notKept{err}
	}
	if err := r.record(j, after(ledger.Done, *j, s, odd)); err != nil {
		return &notKept{err}
	}
	r.report(*j, strings.TrimSuffix("done: "+odd, ": "))
	return nil
}

// room is the most bytes that are read of a job's result.
func (r *Remote) room(j ledger.Job) (int64, error) {
	shapes, err := shapesOf(j)
	if err != nil {
		return 0, err
	}
	body, err := r.Ledger.Request(j.ID)
	if err != nil && !ledger.Missing(err) {
		return 0, &notKept{err}
	}
	return service.Room(shapes, len(body)), nil
}

func shapesOf(j ledger.Job) (shapes []service.Shape, err error) {
	if err := json.Unmarshal(j.Programs, &shapes); err != nil {
		return nil, fmt.Errorf("job %s: its programs in the ledger: %w", j.ID, err)
	}
	return shapes, nil
}

func (r *Remote) decode(j ledger.Job, raw io.Reader) ([]backends.Outcome, error) {
	shapes, err := shapesOf(j)
	if err != nil {
		return nil, err
	}
	out, err := r.Service.Decode(shapes, raw)
	if err == nil && len(out) != len(shapes) {
		err = fmt.Errorf("%d results of %d programs", len(out), len(shapes))
	}
	if err != nil {
		return nil, &service.RemoteError{Service: j.Service, Err: fmt.Errorf("job %s: %w", j.ID, err)}
	}
	return out, nil
}

// keep holds the outcomes of a job until they are asked for.
func (r *Remote) keep(id string, out []backends.Outcome) {
	r.read.Lock()
	defer r.read.Unlock()
	if r.decoded == nil {
		r.decoded = map[string][]backends.Outcome{}
	}
	r.decoded[id] = out
}

// take returns the outcomes that were kept of a job, once; nil where there are none.
func (r *Remote) take(id string) []backends.Outcome {
	r.read.Lock()
	defer r.read.Unlock()
	out := r.decoded[id]
	delete(r.decoded, id)
	return out
}

// Outcomes decodes the result of a job that is done.
func (r *Remote) Outcomes(id string) ([]backends.Outcome, error) {
	j, err := r.Ledger.Job(id)
	if err != nil {
		return nil, err
	}
	if j.State != ledger.Done {
		return nil, fmt.Errorf("job %s is %s: %s", j.ID, j.State, j.Reason)
	}
	if out := r.take(j.ID); out != nil {
		return out, nil
	}
	f, err := r.Ledger.Result(j.ID)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return r.decode(j, f)
}
