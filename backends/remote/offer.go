package remote

import (
	"context"

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
}

// Prepare makes the offer of one circuit. Nothing is sent. Jobs that are planned from here
// on carry the hash of the calibration data.
func (r *Remote) Prepare(ctx context.Context, c *ir.Circuit, shots int, options compile.Options) (*Offer, error) {
	snapshot, err := r.Service.Snapshot(ctx)
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
	o := &Offer{Compiled: compiled, Limits: limits, remote: r, programs: []service.Program{{Circuit: compiled.Circuit, Shots: shots}}}
	o.Price, o.Priced = r.Service.Price(o.programs)
	_, err = Split(o.programs, limits)
	return o, err
}

// Body is what would be sent, under a tag of no job.
func (o *Offer) Body(ctx context.Context) ([]byte, error) {
	return o.remote.Service.Body(ctx, o.programs, "qgan-dry-run")
}

// Send plans the job within the limits and sends it, see Remote.Send.
func (o *Offer) Send(ctx context.Context) (ledger.Job, error) {
	jobs, err := o.remote.Plan(ctx, [][]service.Program{o.programs}, "")
	if err != nil {
		return ledger.Job{}, err
	}
	return o.remote.Send(ctx, jobs[0].ID)
}

// Cancel stops a job: one that was never sent ends in the ledger, one that the service has
// is asked to be stopped there, unless it is done. What is not known to be there, or has
// ended, is refused.
func (r *Remote) Cancel(ctx context.Context, j ledger.Job) error {
	switch {
	case j.State == ledger.Planned:
		return r.Ledger.Record(ledger.Update{Job: j.ID, State: ledger.Cancelled, Attempt: 1, Reason: "cancelled before it was sent"})
	case j.State.Lost():
		return backends.Refuse("job %s is %s", j.ID, j.State)
	case j.State.Final():
		return backends.Refuse("job %s is %s already", j.ID, j.State)
	}
	s, err := r.Service.Poll(ctx, j.Remote) // some services take back what is done
	if err == nil && s.State != service.Completed {
		err = r.Service.Cancel(ctx, j.Remote)
	}
	if err != nil {
		return &service.RemoteError{Service: j.Service, Err: err}
	}
	return nil
}
