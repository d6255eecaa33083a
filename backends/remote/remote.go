package remote

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
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
// says so, a few times in all, or the service knows the body by its token. Each attempt that may cost is
// held against the limits of its moment. Any process can take over at any point.
type Remote struct {
	Service service.Service
	Ledger  *ledger.Ledger
	Limits  ledger.Limits
	Command string // what the jobs are for, for people
	// Dry makes Run end with ErrDry, after a report of what it would send.
	Dry bool
	// Anew makes an Offer another job though the ledger has one of the same question.
	Anew bool
	// Resubmit sends a job again that was looked up and not found, until so many attempts
	// were lost that it is given up.
	Resubmit bool
	Snapshot string // hash of the calibration data that circuits were compiled for
	// PerMinute is how many submissions the service takes in a minute, 0 any number; nil: its
	// limits tell.
	PerMinute *int
	Patience
	// Report is told what happens to a job; nil: nobody.
	Report func(j ledger.Job, what string)

	// Work names what was asked, see Calibration; "": nothing does. Choice names what the
	// device was chosen for, see [ledger.Ledger.Choice]; "": it was not.
	Work, Choice string

	inHand  hands
	purse   purse // what this command has sent and planned
	asked   sync.Mutex
	told    *service.Limits // what the service told once
	read    sync.Mutex
	decoded map[string][]backends.Outcome // results that were decoded when they came, until they are taken
	batch   atomic.Pointer[string]        // that is open
	held    holding                       // its session
	swept   sync.Once
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
	GiveUp    time.Duration // how long a job is polled without a useful answer; 0: 1 h
}

func (p Patience) filled() Patience {
	p.Looks = cmp.Or(p.Looks, 4)
	p.LookEvery = cmp.Or(p.LookEvery, 40*time.Second)
	p.PollMin = cmp.Or(p.PollMin, time.Second)
	p.PollMax = cmp.Or(p.PollMax, 15*time.Second)
	p.Later = cmp.Or(p.Later, 10*time.Minute)
	p.GiveUp = cmp.Or(p.GiveUp, time.Hour)
	return p
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

// called is a service that knows what its jobs are called and what is asked for them.
type called interface {
	Label() service.Label
	Options() map[string]string
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
			Work: r.Work, Choice: r.Choice,
		}
		if p, ok := r.Service.(called); ok {
			j.Name, j.Tags, j.Options = p.Label().Name, p.Label().Tags, p.Options()
		}
		if price, ok := r.Service.Price(ctx, programs); ok {
			j.Estimate = &price.USD
		}
		plans[i] = ledger.Plan{Job: j, Request: body}
	}
	if err := r.leaves(ctx, plans); err != nil {
		return nil, err
	}
	limits := r.Limits
	limits.Before = r.purse.total("")
	out, err := r.Ledger.Plan(ctx, plans, limits)
	if err != nil {
		return nil, err
	}
	for _, j := range out {
		r.purse.plan(j)
	}
	return out, nil
}

// leaves holds jobs against what the account's own limit at the service leaves, which would
// refuse some of them later.
func (r *Remote) leaves(ctx context.Context, plans []ledger.Plan) error {
	l, err := r.ServiceLimits(ctx)
	if err != nil || l.Left == nil {
		return err
	}
	sum := 0.0
	for _, p := range plans {
		if p.Job.Estimate != nil {
			sum += *p.Job.Estimate
		}
	}
	return overLeft(l.Left, sum, words.Count(len(plans), "job"))
}

func overLeft(left *float64, usd float64, what string) error {
	if left == nil || usd <= *left+1e-9 {
		return nil
	}
	return fmt.Errorf("%w: %s would cost $%.2f, the account's limit at the service leaves $%.2f", ledger.ErrLimit, what, usd, *left)
}

// purse is what one command has sent and planned, in US dollars. The zero value is empty.
type purse struct {
	mu      sync.Mutex
	sent    float64
	planned map[string]float64 // by job
}

// total is all of it, but for a job that is planned.
func (p *purse) total(without string) float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	sum := p.sent
	for id, usd := range p.planned {
		if id != without {
			sum += usd
		}
	}
	return sum
}

// plan adds a job that is to be sent.
func (p *purse) plan(j ledger.Job) {
	if j.Estimate == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.planned == nil {
		p.planned = map[string]float64{}
	}
	p.planned[j.ID] = *j.Estimate
}

// send adds an attempt.
func (p *purse) send(j ledger.Job) {
	if j.Estimate == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.planned, j.ID)
	p.sent += *j.Estimate
}

// back takes an attempt back that made nothing.
func (p *purse) back(j ledger.Job) {
	if j.Estimate == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent -= *j.Estimate
}

func (r *Remote) report(j ledger.Job, what string) {
	if r.Report != nil {
		r.Report(j, what)
	}
}
