package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"qgan/internal/durable"
	"qgan/internal/words"
)

// ErrLimit says that jobs would cost more than a limit allows. Nothing is sent.
var ErrLimit = errors.New("over the spending limit")

// ErrStopped says that a job was cancelled or abandoned before it was sent.
var ErrStopped = errors.New("the job was cancelled")

// Limits bound money in US dollars; nil: no bound.
type Limits struct {
	PerCommand, PerDay *float64
	// Unpriced lets jobs be sent whose price is not known.
	Unpriced bool
	// Before is what the same command has sent and planned already.
	Before float64
}

// check refuses bounds that are none.
func (l Limits) check() error {
	for _, x := range []*float64{l.PerCommand, l.PerDay} {
		if x != nil && !(*x >= 0) {
			return fmt.Errorf("%w: %v is no limit: it takes US dollars, 0 or above", ErrLimit, *x)
		}
	}
	return nil
}

// allow says whether jobs may be sent after what was spent today.
func (l Limits) allow(jobs []Job, today float64) error {
	if err := l.check(); err != nil {
		return err
	}
	sum := 0.0
	for _, j := range jobs {
		if j.Estimate == nil {
			if !l.Unpriced {
				return fmt.Errorf("%w: no price is known for %s at %s", ErrLimit, j.Device, j.Service)
			}
			continue
		}
		sum += *j.Estimate
	}
	after := ""
	if l.Before > 0 {
		after = fmt.Sprintf(" (after jobs of $%.2f of the same command)", l.Before)
	}
	if l.PerCommand != nil && over(l.Before+sum, *l.PerCommand) {
		return fmt.Errorf("%w: %s would cost $%.2f, the limit of a command is $%.2f%s", ErrLimit, count(len(jobs)), sum, *l.PerCommand, after)
	}
	if l.PerDay != nil && over(today+sum, *l.PerDay) {
		return fmt.Errorf("%w: %s would cost $%.2f, $%.2f were spent today, the limit of a day is $%.2f", ErrLimit, count(len(jobs)), sum, today, *l.PerDay)
	}
	return nil
}

// over says that a sum is above a limit by more than the rounding of its terms.
func over(sum, limit float64) bool { return !(sum <= limit+1e-9*(1+limit)) }

func count(jobs int) string {
	if jobs == 1 {
		return "a job"
	}
	return words.Count(jobs, "job")
}

// SpentSince is what was sent since a time and may cost: what services said, or else
// estimates, those of attempts that were never found too.
func SpentSince(jobs []Job, since time.Time) float64 {
	sum := 0.0
	for _, j := range jobs {
		for _, c := range j.Charges {
			if c.USD != nil && !c.At.Before(since) {
				sum += *c.USD
			}
		}
	}
	return sum
}

// planned is the estimate of the jobs of a day that are to be sent.
func planned(jobs []Job, since time.Time) float64 {
	sum := 0.0
	for _, j := range jobs {
		if j.State == Planned && j.Estimate != nil && !j.Created.Before(since) {
			sum += *j.Estimate
		}
	}
	return sum
}

// startOfDay is the last midnight, UTC.
func startOfDay(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// lockWait is how long planning waits for the lock of the spending total.
const lockWait = 20 * time.Second

// spending takes the lock of the spending total.
func (l *Ledger) spending(ctx context.Context) (unlock func() error, err error) {
	unlock, err = l.lock(ctx, "spending.lock", lockWait, nil)
	if err != nil {
		err = fmt.Errorf("lock the spending total: %w", err)
	}
	return unlock, err
}

// lock waits for a lock of the folder, for so long at most; 0 is for ever. waits is called
// once where it is held.
func (l *Ledger) lock(ctx context.Context, name string, most time.Duration, waits func()) (unlock func() error, err error) {
	begin := time.Now()
	for wait := time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		unlock, err = durable.Lock(filepath.Join(l.dir, name))
		if !errors.Is(err, durable.ErrLocked) || most > 0 && time.Since(begin) > most {
			return unlock, err
		}
		if waits != nil {
			waits()
			waits = nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
		}
	}
}

// Turn is asked before a job is sent to a service at an endpoint that takes so many a minute,
// whatever process sends them. Where it is the job's turn the wait is 0, and unlock is
// called when the job is recorded as Sending; otherwise there is nothing to unlock, and Turn
// is asked again after the wait.
func (l *Ledger) Turn(ctx context.Context, service, endpoint string, perMinute int) (wait time.Duration, unlock func() error, err error) {
	unlock, err = l.lock(ctx, "pace.lock", lockWait, nil)
	if err != nil {
		return 0, nil, fmt.Errorf("lock the pace of submissions: %w", err)
	}
	l.known.Lock()
	err = l.read()
	now := l.now()
	var sent []time.Time
	for _, m := range l.jobs {
		if m.plan != nil && m.plan.Service == service && m.plan.Endpoint == endpoint && now.Sub(m.sent) < time.Minute {
			sent = append(sent, m.sent)
		}
	}
	l.known.Unlock()
	if err == nil && len(sent) < perMinute {
		return 0, unlock, nil
	}
	if e := unlock(); err == nil {
		err = e
	}
	if err != nil {
		return 0, nil, err
	}
	slices.SortFunc(sent, time.Time.Compare)
	return max(time.Millisecond, sent[len(sent)-perMinute].Add(time.Minute).Sub(now)), nil, nil
}

// Plan adds jobs, their requests first, where the limits allow all of them together,
// beside what was sent today and is planned to be; otherwise none, with an error that wraps
// ErrLimit.
func (l *Ledger) Plan(ctx context.Context, plans []Plan, limits Limits) ([]Job, error) {
	unlock, err := l.spending(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	jobs, err := l.Jobs()
	if err != nil {
		return nil, err
	}
	if err := l.whole(); err != nil {
		return nil, err
	}
	now := l.now()
	asked := make([]Job, len(plans))
	for i, p := range plans {
		asked[i] = p.Job
	}
	today := startOfDay(now)
	if err := limits.allow(asked, SpentSince(jobs, today)+planned(jobs, today)); err != nil {
		return nil, err
	}
	var events []event
	var out []Job
	for _, p := range plans {
		j := p.Job
		if j.ID == "" {
			j.ID = NewID(now)
		}
		j.Created, j.Updated, j.State, j.Attempt = now, now, Planned, 0
		if err := l.fsys.MkdirAll(filepath.Join(l.dir, "jobs", j.ID)); err != nil {
			return nil, err
		}
		err := durable.WriteFile(l.fsys, l.path(j.ID, "request.json"), func(w io.Writer) error { _, err := w.Write(p.Request); return err })
		if err != nil {
			return nil, err
		}
		events = append(events, event{Job: j.ID, At: now, State: Planned, Plan: &j})
		out = append(out, j)
	}
	if err := l.fsys.SyncDir(filepath.Join(l.dir, "jobs")); err != nil {
		return nil, err
	}
	return out, l.append(events...)
}

// Begin records that a job is being sent, its next attempt, and returns the job. It is the
// last look before the first byte leaves: a job that was cancelled meanwhile is ErrStopped,
// and one that the limits of now do not allow ErrLimit. same says that the service takes the
// body for the one that it was sent before, so that nothing more is charged.
func (l *Ledger) Begin(ctx context.Context, id string, limits Limits, same bool) (Job, error) {
	unlock, err := l.spending(ctx)
	if err != nil {
		return Job{}, err
	}
	defer unlock()
	jobs, err := l.Jobs()
	if err != nil {
		return Job{}, err
	}
	if err := l.whole(); err != nil {
		return Job{}, err
	}
	i := slices.IndexFunc(jobs, func(j Job) bool { return j.ID == id })
	if i < 0 {
		return Job{}, fmt.Errorf("%s: %w", id, ErrNoJob)
	}
	j := jobs[i]
	if j.State.Final() || l.Stopped(id) {
		return j, fmt.Errorf("job %s: %w", id, ErrStopped)
	}
	if !same {
		if err := limits.allow([]Job{j}, SpentSince(jobs, startOfDay(l.now()))); err != nil {
			return j, err
		}
	}
	u := Update{Job: id, State: Sending, Attempt: j.Attempt + 1, Same: same}
	if err := l.Record(u); err != nil {
		return j, err
	}
	return l.Job(id)
}

// Stopped says that a job is not to be sent any more, as far as its logs have been read.
func (l *Ledger) Stopped(id string) bool {
	l.known.Lock()
	defer l.known.Unlock()
	m := l.jobs[id]
	return m != nil && m.stop != nil
}

// Stop records that nothing of a job is to be sent any more, whoever holds it, and returns
// what it is then: one that was not sent is Cancelled. What is final already stays so.
func (l *Ledger) Stop(ctx context.Context, id, reason string) (Job, error) {
	unlock, err := l.spending(ctx)
	if err != nil {
		return Job{}, err
	}
	defer unlock()
	j, err := l.Job(id)
	if err != nil || j.State.Final() {
		return j, err
	}
	e := event{Job: j.ID, At: l.now(), Stop: true, Reason: reason}
	if j.State == Planned {
		e.State, e.Attempt = Cancelled, max(1, j.Attempt)
	}
	if err := l.append(e); err != nil {
		return j, err
	}
	return l.Job(j.ID)
}
