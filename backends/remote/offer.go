package remote

import (
	"context"
	"fmt"
	"slices"

	"qgan/backends"
	"qgan/backends/ledger"
	"qgan/backends/service"
	"qgan/ir"
	"qgan/ir/compile"
)

// Offer is a job before it is in the ledger: a circuit that is compiled by the device's
// calibration data of now and held against its limits, with its price.
type Offer struct {
	Compiled *compile.Result
	Limits   service.Limits
	Price    service.Price
	Priced   bool // a price is known

	remote   *Remote
	programs []service.Program
	group    string
}

// Prepare makes the offer of one circuit. Nothing is sent. Jobs that are planned from here
// on carry the hash of the calibration data, which are those of the job before where the
// ledger has one of the same circuit, shots and options.
func (r *Remote) Prepare(ctx context.Context, c *ir.Circuit, shots int, options compile.Options) (*Offer, error) {
	asked := []string{"one circuit", c.String(), fmt.Sprint(shots), fmt.Sprint(options.Level, options.Layout, options.FoldReadout, options.Schedule, options.Decoupling, options.Seed)}
	snapshot, err := r.Calibration(ctx, asked...)
	if err != nil {
		return nil, service.Broken(r.Service, err)
	}
	limits, err := r.ServiceLimits(ctx)
	if err != nil {
		return nil, service.Broken(r.Service, err)
	}
	t, err := compile.NewTarget(snapshot)
	if err != nil {
		return nil, &backends.Refusal{What: "device " + r.Service.Service() + ":" + r.Service.Device(), Err: err}
	}
	compiled, err := compile.Compile(c, t, options)
	if err != nil {
		return nil, &backends.Refusal{Err: err}
	}
	r.Snapshot = t.Snapshot
	o := &Offer{group: r.nameOf(append(asked, "group")...), Compiled: compiled, Limits: limits, remote: r, programs: []service.Program{{Circuit: compiled.Circuit, Shots: shots}}}
	o.Price, o.Priced = r.Service.Price(ctx, o.programs)
	_, err = Split(o.programs, limits)
	return o, err
}

// Session is the session that is asked for beside the job; ok is false where none is.
func (o *Offer) Session() (s service.Session, ok bool) {
	_, s, ok = asked(o.remote.Service)
	return s, ok
}

// Body is what would be sent, under a tag of no job.
func (o *Offer) Body(ctx context.Context) ([]byte, error) {
	return o.remote.Service.Body(ctx, o.programs, "qgan-dry-run")
}

// Send plans the job within the limits and sends it, see Remote.Send. Where the ledger has a
// job of the same question that counts it is taken up, unless Remote.Anew asks for another.
func (o *Offer) Send(ctx context.Context) (ledger.Job, error) {
	release, err := o.remote.claim(ctx, o.group)
	if err != nil {
		return ledger.Job{}, err
	}
	defer release()
	var ids []string
	if o.remote.Anew {
		jobs, err := o.remote.Plan(ctx, [][]service.Program{o.programs}, o.group)
		if err != nil {
			return ledger.Job{}, err
		}
		ids = []string{jobs[0].ID}
	} else if ids, err = o.remote.group(ctx, o.programs, o.group); err != nil {
		return ledger.Job{}, err
	}
	j, err := o.remote.Ledger.Job(ids[0])
	if err == nil && (j.Attempt > 0 || j.State != ledger.Planned) {
		o.remote.report(j, "the ledger has this job, "+string(j.State)+": it is taken up")
	}
	return o.remote.Send(ctx, ids[0])
}

// Warnings are what may go wrong with the job: of the compilation, and of the service.
func (o *Offer) Warnings() []string {
	out := slices.Clone(o.Compiled.Warnings)
	if o.Limits.Maintenance != "" {
		out = append(out, fmt.Sprintf("%s:%s is %s: a job may be refused, or wait", o.remote.Service.Service(), o.remote.Service.Device(), o.Limits.Maintenance))
	}
	return out
}

// String says what the job would be and cost.
func (o *Offer) String() string {
	cost := "no price is known"
	if a := o.Price.Amount; a != nil {
		cost = fmt.Sprintf("it may cost %g %s (%s), and no price in dollars is known", a.Value, a.Unit, o.Price.Basis)
	}
	if o.Priced {
		cost = fmt.Sprintf("it may cost $%.2f (%s)", o.Price.USD, o.Price.Basis)
	}
	if s, ok := o.Session(); ok && s.Priced {
		cost += fmt.Sprintf(", and its session at most $%.2f (%s)", s.Price.USD, s.Price.Basis)
	}
	if left := o.Limits.Left; left != nil {
		cost += fmt.Sprintf("; the account's limit at the service leaves $%.2f", *left)
	}
	return fmt.Sprintf("%d two-qubit gates, estimated fidelity %s; %s", o.Compiled.Stats.TwoQubitGates, o.Compiled.Stats.Estimate(), cost)
}
