package remote

import (
	"context"
	"fmt"

	"qgan/backends"
	"qgan/backends/service"
)

// Rehearsal is a Runner that sends nothing: it cuts circuits into jobs as Remote does, adds
// up what they would be, and lets another Runner answer. A course of work whose circuits'
// number does not depend on their outcomes is counted and priced that way before its first
// job.
type Rehearsal struct {
	Service service.Service
	Answer  backends.Runner
	// What the calls of Run came to.
	Rounds, Jobs, Circuits, Shots int
	USD                           float64
	Unpriced                      bool            // no price is known for some of them
	Bytes                         int             // of the largest body
	Limits                        *service.Limits // of service and device; nil: they are asked for, once
}

// Since returns what came after an earlier state of the same rehearsal.
func (r Rehearsal) Since(before Rehearsal) Rehearsal {
	r.Rounds -= before.Rounds
	r.Jobs -= before.Jobs
	r.Circuits -= before.Circuits
	r.Shots -= before.Shots
	r.USD -= before.USD
	return r
}

// Run counts the lanes of all requests.
func (r *Rehearsal) Run(ctx context.Context, requests []backends.Request) ([]backends.Result, error) {
	if r.Limits == nil {
		l, err := r.Service.Limits(ctx)
		if err != nil {
			return nil, err
		}
		r.Limits = &l
	}
	programs, err := programsOf(requests)
	if err != nil {
		return nil, err
	}
	jobs, err := Split(programs, *r.Limits)
	if err != nil {
		return nil, err
	}
	r.Rounds++
	r.Jobs += len(jobs)
	r.Circuits += len(programs)
	for _, job := range jobs {
		price, ok := r.Service.Price(ctx, job)
		r.USD, r.Unpriced = r.USD+price.USD, r.Unpriced || !ok
		for _, p := range job {
			r.Shots += p.Shots
		}
	}
	// The first job's body, since rules of the service are checked with it.
	if len(jobs) > 0 {
		body, err := r.Service.Body(ctx, jobs[0], "rehearsal")
		if err != nil {
			return nil, err
		}
		r.Bytes = max(r.Bytes, len(body))
	}
	return r.Answer.Run(ctx, requests)
}

// programsOf binds the lanes of requests.
func programsOf(requests []backends.Request) (programs []service.Program, err error) {
	for i, q := range requests {
		if err := q.Check(); err != nil {
			return nil, backends.Refuse("request %d: %v", i, err)
		}
		if q.Mitigation != "" && q.Mitigation != backends.MitigateNone {
			return nil, backends.Refuse("request %d: mitigation %q: a service returns what was read", i, q.Mitigation)
		}
		for lane := range q.Bindings.Len() {
			c, err := q.Circuit.Bind(q.Bindings.Row(lane))
			if err != nil {
				return nil, fmt.Errorf("request %d: %w", i, err)
			}
			programs = append(programs, service.Program{Circuit: c, Shots: q.ShotsOf(lane)})
		}
	}
	return programs, nil
}
