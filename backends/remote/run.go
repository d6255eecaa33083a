package remote

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"

	"qgan/backends"
	"qgan/backends/ledger"
	"qgan/backends/service"
	"qgan/internal/words"
)

// Run is a Runner: the lanes of all requests in as few jobs as the service takes. Circuits
// are compiled for the device; Compiled does that. The ledger is asked first for
// jobs of the same circuits, shots and seeds, so that a run that was stopped goes on
// where it was and pays nothing twice; a job that failed is made anew. A process that runs
// the same at the same time is waited for, and its results are taken.
func (r *Remote) Run(ctx context.Context, requests []backends.Request) ([]backends.Result, error) {
	programs, err := programsOf(requests)
	if err != nil {
		return nil, err
	}
	key := sha256.New()
	fmt.Fprintln(key, r.Service.Service(), r.Service.Device(), r.Service.Endpoint())
	if m := r.manner(); m != "" {
		fmt.Fprintln(key, m)
	}
	left := programs
	for _, q := range requests {
		for range q.Bindings.Len() {
			fmt.Fprintln(key, q.Seed, left[0].Shots, left[0].Circuit.String())
			left = left[1:]
		}
	}
	group := hex.EncodeToString(key.Sum(nil)[:16])
	release, err := r.claim(ctx, group)
	if err != nil {
		return nil, err
	}
	defer release()
	found, err := r.obtain(ctx, programs, group)
	if err != nil {
		return nil, err
	}
	return r.results(requests, found), nil
}

// obtained is the outcome of a program, and the job that it comes from.
type obtained struct {
	backends.Outcome
	job ledger.Job
}

// repeats is how often circuits are run again that failed alone of a job that is done.
const repeats = 2

// obtain has programs run and returns the outcome of each. Those that failed while others
// of their job did not are run again, by themselves.
func (r *Remote) obtain(ctx context.Context, programs []service.Program, group string) ([]obtained, error) {
	out := make([]obtained, len(programs))
	left := make([]int, len(programs)) // that are without an outcome
	for i := range left {
		left[i] = i
	}
	for round := 0; ; round++ {
		name := group
		if round > 0 {
			name = fmt.Sprintf("%s+%d", group, round)
		}
		parts := make([]service.Program, len(left))
		for k, i := range left {
			parts[k] = programs[i]
		}
		found, err := r.once(ctx, parts, name)
		if err != nil {
			return nil, err
		}
		var failed []int
		for k, i := range left {
			if out[i] = found[k]; out[i].Failure != "" {
				failed = append(failed, i)
			}
		}
		if len(failed) == 0 {
			return out, nil
		}
		first := out[failed[0]]
		if round == repeats {
			return nil, &service.RemoteError{Service: first.job.Service, Err: fmt.Errorf("job %s (%s): %s", first.job.ID, first.job.Remote, first.Failure)}
		}
		r.report(first.job, fmt.Sprintf("%s failed, the other results are kept: %s", words.Count(len(failed), "circuit"), first.Failure))
		left = failed
	}
}

// once has programs run as jobs of a group.
func (r *Remote) once(ctx context.Context, programs []service.Program, group string) ([]obtained, error) {
	jobs, err := r.group(ctx, programs, group)
	if err != nil {
		return nil, err
	}
	if err := r.Complete(ctx, jobs); err != nil {
		return nil, err
	}
	return r.collect(jobs)
}

// Complete is Finish with the jobs that are still to be sent in one batch, where that is asked
// for.
func (r *Remote) Complete(ctx context.Context, ids []string) error {
	end, err := r.together(ctx, ids)
	if err != nil {
		return err
	}
	defer end()
	return r.Finish(ctx, ids)
}

// claim waits until no other process works on a group, so that of two that ask the same the
// second finds what the first has made. Who sends nothing waits for nobody.
func (r *Remote) claim(ctx context.Context, group string) (release func() error, err error) {
	if r.Dry {
		return func() error { return nil }, nil
	}
	return r.Ledger.Claim(ctx, group, func() {
		r.report(ledger.Job{ID: "group " + group, Group: group}, "another process asks the same: waiting for its results")
	})
}

// group returns the jobs of programs: those of the ledger, or new ones in place of those that
// have ended without a result. One that was gone is asked for once more before it is made
// anew.
func (r *Remote) group(ctx context.Context, programs []service.Program, group string) ([]string, error) {
	limits, err := r.ServiceLimits(ctx)
	if err != nil {
		return nil, err
	}
	parts, err := Split(programs, limits)
	if err != nil {
		return nil, err
	}
	known, err := r.Ledger.Jobs()
	if err != nil {
		return nil, err
	}
	ids, gone := make([]string, len(parts)), map[int]ledger.Job{}
	for _, j := range known {
		switch {
		case j.Group != group || j.Index >= len(ids) || j.Circuits != len(parts[j.Index]):
		case j.State == ledger.Gone:
			gone[j.Index] = j
		case !j.State.Ended():
			ids[j.Index] = j.ID
		}
	}
	for i, j := range gone {
		if ids[i] != "" {
			continue
		}
		back, err := r.known(ctx, j)
		if err != nil {
			return nil, err
		}
		if back {
			ids[i] = j.ID
		}
	}
	var missing [][]service.Program
	var places []int
	for i, id := range ids {
		if id == "" {
			missing, places = append(missing, parts[i]), append(places, i)
		}
	}
	if len(missing) == 0 {
		return ids, nil
	}
	if r.Dry {
		return nil, r.dry(ctx, missing)
	}
	planned, err := r.plan(ctx, missing, group, places)
	if err != nil {
		return nil, err
	}
	for k, j := range planned {
		ids[places[k]] = j.ID
	}
	return ids, nil
}

// dry reports what would be sent.
func (r *Remote) dry(ctx context.Context, jobs [][]service.Program) error {
	usd, priced, circuits, shots := 0.0, true, 0, 0
	for _, programs := range jobs {
		p, ok := r.Service.Price(ctx, programs)
		usd, priced, circuits = usd+p.USD, priced && ok, circuits+len(programs)
		for _, q := range programs {
			shots += q.Shots
		}
	}
	if _, session, ok := asked(r.Service); ok {
		usd, priced = usd+session.Price.USD, priced && session.Priced
	}
	cost := "no price is known"
	if priced {
		cost = fmt.Sprintf("at most $%.2f", usd)
	}
	return fmt.Errorf("%w: it would be %s of %s and %s at %s:%s, %s", ErrDry,
		words.Count(len(jobs), "job"), words.Count(circuits, "circuit"), words.Count(shots, "shot"), r.Service.Service(), r.Service.Device(), cost)
}

// waiting is how many jobs are polled side by side; they share one pool of connections.
const waiting = 16

// Finish sends jobs and waits for all of them. A job that stays unknown or fails is
// told of, when the others are done.
func (r *Remote) Finish(ctx context.Context, ids []string) error {
	for _, id := range ids {
		r.inHand.take(id)
	}
	errs := make([]error, len(ids))
	slots := make(chan struct{}, waiting)
	var wait sync.WaitGroup
	for i, id := range ids {
		j, err := r.Send(ctx, id)
		if err != nil {
			errs[i] = err
			if ctx.Err() != nil {
				break
			}
			continue
		}
		if j.State.Final() && j.State != ledger.Unreadable {
			errs[i] = Ended(j)
			continue
		}
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			j, err := r.Wait(ctx, id)
			if err == nil {
				err = Ended(j)
			}
			errs[i] = err
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Ended is the error of a final job that has no result; nil of one that is done.
func Ended(j ledger.Job) error {
	if j.State == ledger.Done {
		return nil
	}
	return &service.RemoteError{Service: j.Service, Err: fmt.Errorf("job %s (%s) %s: %s", j.ID, j.Remote, j.State, cmp.Or(j.Reason, "no reason is told"))}
}

// collect puts the outcomes of jobs together.
func (r *Remote) collect(ids []string) (out []obtained, err error) {
	for _, id := range ids {
		found, err := r.Outcomes(id)
		if err != nil {
			return nil, err
		}
		j, err := r.Ledger.Job(id)
		if err != nil {
			return nil, err
		}
		for _, o := range found {
			out = append(out, obtained{o, j})
		}
	}
	return out, nil
}

// results are outcomes as the results of requests.
func (r *Remote) results(requests []backends.Request, found []obtained) []backends.Result {
	results := make([]backends.Result, len(requests))
	for i, q := range requests {
		res := backends.Result{Bits: q.Circuit.Bits, Provenance: backends.Provenance{Backend: r.Service.Service() + ":" + r.Service.Device()}}
		for range q.Bindings.Len() {
			o := found[0]
			if !q.KeepOrder {
				o.Words = nil
			}
			res.Outcomes = append(res.Outcomes, o.Outcome)
			if n := len(res.Provenance.Jobs); n == 0 || res.Provenance.Jobs[n-1] != o.job.ID {
				res.Provenance.Jobs = append(res.Provenance.Jobs, o.job.ID)
				res.Provenance.Snapshot = o.job.Snapshot
			}
			found = found[1:]
		}
		results[i] = res
	}
	return results
}
