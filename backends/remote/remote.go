package remote

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"qgan/backends"
	"qgan/backends/ledger"
	"qgan/backends/service"
	"qgan/internal/words"
)

// Remote sends jobs to a service so that none is lost and none paid for twice. A job is
// planned in the ledger with its body, its price held against the limits; then marked as
// sending, on the disk, before the first byte leaves. An answer that is lost leaves it
// unknown: it is looked up by its tag and adopted, and sent again only where Resubmit
// says so or the service knows the body by its token. Any process can take over at any
// point.
type Remote struct {
	Service service.Service
	Ledger  *ledger.Ledger
	Limits  ledger.Limits
	Command string // what the jobs are for, for people
	// Dry makes Run end with ErrDry, after a report of what it would send.
	Dry bool
	// Resubmit sends a job again that was looked up and not found.
	Resubmit bool
	Snapshot string // hash of the calibration data that circuits were compiled for
	// PerMinute is how many submissions the service takes in a minute, 0 any number; nil: its
	// limits tell.
	PerMinute *int
	Patience
	// Report is told what happens to a job; nil: nobody.
	Report func(j ledger.Job, what string)

	planned float64 // estimates of all jobs planned so far, in US dollars
	asked   sync.Mutex
	told    *service.Limits // what the service told once
	read    sync.Mutex
	decoded map[string][]backends.Outcome // results that were decoded when they came, until they are taken
}

// ServiceLimits are the limits of service and device, which are asked for once.
func (r *Remote) ServiceLimits(ctx context.Context) (service.Limits, error) {
	r.asked.Lock()
	defer r.asked.Unlock()
	if r.told == nil {
		l, err := r.Service.Limits(ctx)
		if err != nil {
			return l, err
		}
		r.told = &l
	}
	return *r.told, nil
}

// perMinute is how many submissions are taken in a minute. Who can't tell may take any
// number.
func (r *Remote) perMinute(ctx context.Context) int {
	if r.PerMinute != nil {
		return *r.PerMinute
	}
	l, err := r.ServiceLimits(ctx)
	if err != nil {
		return 0
	}
	return l.PerMinute
}

// Patience says how long is waited for what.
type Patience struct {
	Looks     int           // times that a lost job is looked up; 0: 4
	LookEvery time.Duration // between them; 0: 40 s, so that they span 2 minutes
	PollMin   time.Duration // first wait for a job; 0: 1 s
	PollMax   time.Duration // longest; 0: 15 s
	Later     time.Duration // how long a service may say "later" to a submission; 0: 10 min
}

func (p Patience) filled() Patience {
	p.Looks = cmp.Or(p.Looks, 4)
	p.LookEvery = cmp.Or(p.LookEvery, 40*time.Second)
	p.PollMin = cmp.Or(p.PollMin, time.Second)
	p.PollMax = cmp.Or(p.PollMax, 15*time.Second)
	p.Later = cmp.Or(p.Later, 10*time.Minute)
	return p
}

// turn waits for the job's turn among the submissions that its service takes in a minute,
// those of all processes; done is called when the job is recorded as sending.
func (r *Remote) turn(ctx context.Context, j ledger.Job) (done func() error, err error) {
	perMinute := r.perMinute(ctx)
	if perMinute < 1 {
		return func() error { return nil }, nil
	}
	for {
		wait, done, err := r.Ledger.Turn(ctx, j.Service, j.Endpoint, perMinute)
		if err != nil || wait == 0 {
			return done, err
		}
		if wait > time.Second {
			r.report(j, fmt.Sprintf("waits %v: %s takes %d jobs a minute", wait.Round(time.Second), j.Service, perMinute))
		}
		if err := pause(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// pause waits.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// load is what of a job's limits its programs use.
type load struct{ programs, shots, gates, bytes int }

func (a load) add(b load) load {
	return load{a.programs + b.programs, a.shots + b.shots, a.gates + b.gates, a.bytes + b.bytes}
}

// within says that a job may hold so much.
func (a load) within(l service.Limits) bool {
	for _, k := range [][2]int{{a.programs, l.Programs}, {a.shots, l.TotalShots}, {a.gates, l.Gates}, {a.bytes, l.Bytes}} {
		if k[1] > 0 && k[0] > k[1] {
			return false
		}
	}
	return true
}

// Split cuts programs into jobs that the limits take, as few as they allow, in order. Bytes
// are reckoned at their most, so a job of one program is not refused for them here.
func Split(programs []service.Program, l service.Limits) ([][]service.Program, error) {
	var out [][]service.Program
	var used load
	for i, p := range programs {
		most := l.MaxShots
		if l.TotalShots > 0 && (most == 0 || l.TotalShots < most) {
			most = l.TotalShots
		}
		own := load{1, p.Shots, p.Gates(), p.Bytes(l.GateBytes)}
		switch {
		case p.Shots < max(1, l.MinShots):
			return nil, backends.Refuse("program %d asks for %d shots, at least %d are taken", i, p.Shots, max(1, l.MinShots))
		case most > 0 && p.Shots > most:
			return nil, backends.Refuse("program %d asks for %d shots, at most %d are taken", i, p.Shots, most)
		case l.Gates > 0 && own.gates > l.Gates:
			return nil, backends.Refuse("program %d has %d gates, a job takes %d at most", i, own.gates, l.Gates)
		}
		last := len(out) - 1
		if last < 0 || !used.add(own).within(l) || l.EqualShots && out[last][0].Shots != p.Shots {
			out = append(out, nil)
			last, used = last+1, load{}
		}
		out[last] = append(out[last], p)
		used = used.add(own)
	}
	return out, nil
}

// Plan writes jobs to the ledger, all or, over the limits, none. Nothing is sent. A group
// names jobs that belong together and are found again by it.
func (r *Remote) Plan(ctx context.Context, jobs [][]service.Program, group string) ([]ledger.Job, error) {
	places := make([]int, len(jobs))
	for i := range places {
		places[i] = i
	}
	return r.plan(ctx, jobs, group, places)
}

func (r *Remote) plan(ctx context.Context, jobs [][]service.Program, group string, places []int) ([]ledger.Job, error) {
	plans := make([]ledger.Plan, len(jobs))
	for i, programs := range jobs {
		id := ledger.NewID(r.Ledger.Now())
		body, err := r.Service.Body(ctx, programs, id)
		if err != nil {
			return nil, err
		}
		shapes := make([]service.Shape, len(programs))
		shots := 0
		named, _ := r.Service.(service.Named)
		for k, p := range programs {
			shapes[k] = service.ShapeOf(p)
			if named != nil {
				shapes[k].Name(named.Names(p.Circuit))
			}
			shots += p.Shots
		}
		encoded, err := json.Marshal(shapes)
		if err != nil {
			return nil, err
		}
		j := ledger.Job{
			ID: id, Service: r.Service.Service(), Device: r.Service.Device(), Endpoint: r.Service.Endpoint(), Command: r.Command, Group: group, Index: places[i],
			Circuits: len(programs), Shots: shots, Programs: encoded, Snapshot: r.Snapshot,
		}
		if price, ok := r.Service.Price(programs); ok {
			j.Estimate = &price.USD
		}
		plans[i] = ledger.Plan{Job: j, Request: body}
	}
	limits := r.Limits
	if limits.PerCommand != nil { // what this command has planned before counts
		left := *limits.PerCommand - r.planned
		limits.PerCommand = &left
	}
	out, err := r.Ledger.Plan(ctx, plans, limits)
	if err != nil {
		if r.planned > 0 {
			err = fmt.Errorf("%w (after jobs of $%.2f of the same command)", err, r.planned)
		}
		return nil, err
	}
	for _, p := range plans {
		if p.Job.Estimate != nil {
			r.planned += *p.Job.Estimate
		}
	}
	return out, nil
}

func (r *Remote) report(j ledger.Job, what string) {
	if r.Report != nil {
		r.Report(j, what)
	}
}

// ErrUnknown says that it is not known whether the service has a job.
var ErrUnknown = errors.New("it is not known whether the service has the job")

// ErrDry ends a run that was asked to send nothing.
var ErrDry = errors.New("nothing was sent")

// Send brings a job to the service, whatever was done about it before: a planned one is
// sent, one whose answer was lost looked up. It returns the job as it then stands; where
// it stays unknown the error wraps ErrUnknown.
func (r *Remote) Send(ctx context.Context, id string) (ledger.Job, error) {
	unlock, err := r.Ledger.Lock(id)
	if err != nil {
		return ledger.Job{}, err
	}
	defer unlock()
	j, err := r.Ledger.Job(id) // under the lock: another process may have sent it
	if err != nil {
		return j, err
	}
	switch j.State {
	case ledger.Planned:
		return r.submit(ctx, j, 0)
	case ledger.Sending, ledger.Unknown:
		return r.reconcile(ctx, j, 0)
	}
	return j, nil
}

// record keeps what a job has become.
func (r *Remote) record(j *ledger.Job, u ledger.Update) error {
	u.Job = j.ID
	u.Reason = words.Plain(u.Reason) // of a service, or a result of its
	u.Attempt = cmp.Or(u.Attempt, j.Attempt)
	if err := r.Ledger.Record(u); err != nil {
		return err
	}
	j.State, j.Attempt, j.Reason, j.Updated = u.State, u.Attempt, u.Reason, r.Ledger.Now()
	if u.Remote != "" {
		j.Remote = u.Remote
	}
	return nil
}

// submit sends a job that the service does not have, or knows by its token; again counts
// how often it was sent here and its answer lost.
func (r *Remote) submit(ctx context.Context, j ledger.Job, again int) (ledger.Job, error) {
	body, err := r.Ledger.Request(j.ID)
	if err != nil {
		return j, err
	}
	patience := r.filled()
	deadline := r.Ledger.Now().Add(patience.Later)
	for try := 0; ; try++ {
		done, err := r.turn(ctx, j)
		if err != nil {
			return j, err
		}
		err = r.record(&j, ledger.Update{State: ledger.Sending, Attempt: j.Attempt + 1})
		if e := done(); err == nil {
			err = e
		}
		if err != nil {
			return j, err
		}
		r.report(j, "sending")
		remote, err := r.Service.Submit(ctx, body)
		if err == nil {
			err = r.record(&j, ledger.Update{State: ledger.Submitted, Remote: remote})
			r.report(j, "submitted as "+remote)
			return j, err
		}
		fate, after := service.FateOf(err)
		switch {
		case fate == service.Refused || fate == service.Denied:
			if found, ok := r.look(ctx, j); ok { // an answer of 401 has been seen for a job that was taken
				return r.adopt(j, found)
			}
			if again > 0 { // what was refused is the repetition
				return r.lost(j, err)
			}
			if e := r.record(&j, ledger.Update{State: ledger.Failed, Reason: err.Error()}); e != nil {
				return j, e
			}
			return j, &service.RemoteError{Service: j.Service, Err: err}
		case fate == service.Lost:
			if e := r.record(&j, ledger.Update{State: ledger.Unknown, Reason: err.Error()}); e != nil {
				return j, e
			}
			r.report(j, "the answer is lost: "+err.Error())
			if ctx.Err() != nil {
				return j, fmt.Errorf("job %s: %w: %w", j.ID, ErrUnknown, err)
			}
			return r.reconcile(ctx, j, again+1)
		}
		wait := cmp.Or(after, min(time.Second<<min(try, 6), time.Minute))
		if r.Ledger.Now().Add(wait).After(deadline) {
			if again > 0 {
				return r.lost(j, err)
			}
			if e := r.record(&j, ledger.Update{State: ledger.Failed, Reason: err.Error()}); e != nil {
				return j, e
			}
			return j, &service.RemoteError{Service: j.Service, Err: fmt.Errorf("it takes no job now: %w", err)}
		}
		r.report(j, fmt.Sprintf("not taken now, again in %v: %v", wait.Round(time.Second), err))
		// It is known that it was not sent, whoever goes on from here.
		if err := r.record(&j, ledger.Update{State: ledger.Planned, Attempt: j.Attempt + 1}); err != nil {
			return j, err
		}
		if err := pause(ctx, wait+service.Jitter(r.Ledger.Now(), wait/4)); err != nil {
			return j, err
		}
	}
}

// look asks once for a job's tag.
func (r *Remote) look(ctx context.Context, j ledger.Job) (remote []string, ok bool) {
	remote, err := r.Service.Find(ctx, j.ID, j.Created.Add(-time.Hour)) // clocks differ
	return remote, err == nil && len(remote) > 0
}

// adopt takes the first of the service's jobs that carry the tag.
func (r *Remote) adopt(j ledger.Job, found []string) (ledger.Job, error) {
	reason := ""
	if len(found) > 1 {
		reason = fmt.Sprintf("the service has %d jobs of this tag, %v: the first is taken", len(found), found)
	}
	err := r.record(&j, ledger.Update{State: ledger.Submitted, Remote: found[0], Reason: reason})
	r.report(j, "found at the service as "+found[0])
	return j, err
}

// reconcile finds out whether the service has a job whose answer was lost. Listings may
// lag behind, so it looks several times before it says no. To a service that knows bodies by
// their tokens it is sent again, several times, with growing waits.
func (r *Remote) reconcile(ctx context.Context, j ledger.Job, again int) (ledger.Job, error) {
	patience := r.filled()
	var failure error
	answered := 0
	// Whatever process asks, at least so long after the job was last touched.
	for look := 0; answered < patience.Looks; look++ {
		found, err := r.Service.Find(ctx, j.ID, j.Created.Add(-time.Hour))
		switch {
		case errors.Is(err, service.ErrIdempotent) && again > resends:
			return r.lost(j, fmt.Errorf("sent %d times without an answer: %s", again, j.Reason))
		case errors.Is(err, service.ErrIdempotent):
			if again > 0 {
				if err := pause(ctx, min(patience.PollMin<<(again-1), patience.PollMax)); err != nil {
					return r.lost(j, err)
				}
			}
			r.report(j, "sending the same body again: the service knows it by its token")
			return r.submit(ctx, j, again)
		case errors.Is(err, service.ErrUnlisted) && r.Resubmit:
			r.report(j, "sending it again, though the service may have it")
			return r.submit(ctx, j, again)
		case errors.Is(err, service.ErrUnlisted):
			return r.lost(j, err)
		case err == nil && len(found) > 0:
			return r.adopt(j, found)
		case err == nil:
			answered++
		default:
			failure = err
			if look >= 10*patience.Looks {
				return r.lost(j, fmt.Errorf("it can't be looked up: %w", failure))
			}
		}
		if answered < patience.Looks {
			r.report(j, fmt.Sprintf("not found at the service yet, look %d of %d", answered, patience.Looks))
			if err := pause(ctx, patience.LookEvery); err != nil {
				return r.lost(j, err)
			}
		}
	}
	if r.Resubmit {
		r.report(j, "not found at the service: sending it again")
		return r.submit(ctx, j, again)
	}
	return r.lost(j, fmt.Errorf("the service doesn't list it, after %d look-ups", answered))
}

// resends is how often a body is sent again that a service knows by its token, until it
// stays unknown: a minute and a half with the usual waits.
const resends = 8

// lost leaves a job unknown.
func (r *Remote) lost(j ledger.Job, why error) (ledger.Job, error) {
	if err := r.record(&j, ledger.Update{State: ledger.Unknown, Attempt: max(1, j.Attempt), Reason: why.Error()}); err != nil {
		return j, err
	}
	return j, &service.RemoteError{Service: j.Service, Err: fmt.Errorf("job %s: %w: %w", j.ID, ErrUnknown, why)}
}

// Wait polls a submitted job until it is final and keeps its result. It lives through
// faults of the connection and of the service until the context ends; a job that is
// gone, or credentials that are refused, end it.
func (r *Remote) Wait(ctx context.Context, id string) (ledger.Job, error) {
	j, err := r.Ledger.Job(id)
	if err != nil || j.State.Final() {
		return j, err
	}
	if j.State != ledger.Submitted {
		return j, fmt.Errorf("job %s is %s, not submitted", j.ID, j.State)
	}
	patience := r.filled()
	wait, refusals, denials, last := patience.PollMin, 0, 0, ""
	for {
		s, err := r.Service.Poll(ctx, j.Remote)
		switch {
		case ctx.Err() != nil:
			return j, ctx.Err()
		case err != nil:
			switch service.StatusOf(err) {
			case 401, 403, 404, 410: // a new job may not be listed yet, a token may have been taken back
				if refusals++; refusals > 5 {
					return j, &service.RemoteError{Service: j.Service, Err: fmt.Errorf("job %s (%s): %w", j.ID, j.Remote, err)}
				}
			}
			r.report(j, "no answer yet: "+err.Error())
		case s.State == service.Completed:
			err := r.fetch(ctx, &j, s)
			if err == nil || ctx.Err() != nil {
				return j, err
			}
			var disk *notKept
			var late *service.JobFailed
			var odd *garbled
			var large *service.TooLarge
			switch {
			case errors.As(err, &disk):
				return j, err
			case errors.As(err, &late):
				err := r.record(&j, ledger.Update{State: ledger.Failed, Remote: j.Remote, Reason: late.Reason, Cost: s.Cost, Seconds: s.Seconds})
				r.report(j, "failed: "+late.Reason)
				return j, err
			case errors.As(err, &large): // it stays at the service; the job is not sent again
				if denials += maxDenials / 3; denials > maxDenials {
					return j, &service.RemoteError{Service: j.Service, Err: fmt.Errorf("the result of job %s (%s): %w", j.ID, j.Remote, err)}
				}
			case errors.As(err, &odd): // cut short, or in a form that we don't know
				if denials++; denials > maxDenials {
					return j, r.giveUp(&j, s, odd)
				}
			case service.StatusOf(err) == 401 || service.StatusOf(err) == 403 || service.StatusOf(err) == 404: // it may be written a little later than it is told
				if denials++; denials > maxDenials {
					return j, &service.RemoteError{Service: j.Service, Err: fmt.Errorf("the result of job %s (%s): %w", j.ID, j.Remote, err)}
				}
			}
			r.report(j, "the result is not there yet: "+err.Error())
		case s.State == service.Failed || s.State == service.Cancelled:
			state := ledger.Failed
			if s.State == service.Cancelled {
				state = ledger.Cancelled
			}
			err := r.record(&j, ledger.Update{State: state, Remote: j.Remote, Reason: s.Reason, Cost: s.Cost, Seconds: s.Seconds})
			r.report(j, string(state)+": "+s.Reason)
			return j, err
		default:
			refusals = 0
			word := s.Word
			if s.State == service.Queued && s.Ahead > 0 {
				word += fmt.Sprintf(", %d ahead", s.Ahead)
			}
			if word != last {
				r.report(j, word)
				last = word
			}
		}
		if err := pause(ctx, wait+service.Jitter(r.Ledger.Now(), wait/4)); err != nil {
			return j, err
		}
		wait = min(wait*3/2, patience.PollMax)
	}
}

// maxDenials is how often a finished job's result may be refused, missing or no result:
// three minutes with the usual waits.
const maxDenials = 15

// garbled is a result that can't be decoded.
type garbled struct {
	error
	raw []byte
}

func (u *garbled) Unwrap() error { return u.error }

// giveUp keeps a result that can't be decoded, for whoever can, and ends the job.
func (r *Remote) giveUp(j *ledger.Job, s service.Status, u *garbled) error {
	if err := r.Ledger.SaveResult(j.ID, func(w io.Writer) error { _, err := w.Write(u.raw); return err }); err != nil {
		return &notKept{err}
	}
	reason := "its result is kept and can't be read: " + u.Error()
	if err := r.record(j, ledger.Update{State: ledger.Failed, Remote: j.Remote, Reason: reason, Cost: s.Cost, Seconds: s.Seconds}); err != nil {
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
		if err := r.Ledger.SaveResult(j.ID, func(w io.Writer) error { _, err := w.Write(b.Bytes()); return err }); err != nil {
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
	if err := r.record(j, ledger.Update{State: ledger.Done, Remote: j.Remote, Reason: odd, Cost: s.Cost, Seconds: s.Seconds}); err != nil {
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
