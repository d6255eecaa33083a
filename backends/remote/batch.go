package remote

import (
	"context"
	"fmt"

	"qgan/backends/ledger"
	"qgan/internal/words"
)

// batcher is a service that runs several jobs together, one right behind the other.
type batcher interface {
	// OpenBatch asks for a batch; "" where none is asked for.
	OpenBatch(ctx context.Context) (id string, err error)
	// InBatch is the body of a job of a batch.
	InBatch(body []byte, id string) []byte
	// CloseBatch takes no more jobs into a batch; those in it are run.
	CloseBatch(ctx context.Context, id string) error
}

// together opens a batch for the jobs that are still to be sent, where there are several and
// the service has batches. Who may not use them is told why, and the jobs go one by one. A
// body in the ledger names no batch: who takes a job up later may have none, or another.
func (r *Remote) together(ctx context.Context, ids []string) (end func(), err error) {
	b, ok := r.Service.(batcher)
	if !ok {
		return func() {}, nil
	}
	var first ledger.Job
	left := 0
	for _, id := range ids {
		j, err := r.Ledger.Job(id)
		if err != nil {
			return nil, err
		}
		if j.State == ledger.Planned {
			if left++; left == 1 {
				first = j
			}
		}
	}
	if left < 2 {
		return func() {}, nil
	}
	id, err := b.OpenBatch(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		r.report(first, "no batch, so the jobs go one by one: "+err.Error())
		return func() {}, nil
	case id == "":
		return func() {}, nil
	}
	r.report(first, fmt.Sprintf("%s in the batch %s", words.Count(left, "job"), id))
	r.batch.Store(&id)
	return func() {
		r.batch.CompareAndSwap(&id, nil)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
		defer cancel()
		if err := b.CloseBatch(ctx, id); err != nil {
			r.report(first, "the batch "+id+" ends by itself: "+err.Error())
		}
	}, nil
}

// batched is a body as it is sent: in the batch that is open.
func (r *Remote) batched(body []byte) []byte {
	if id := r.batch.Load(); id != nil {
		if b, ok := r.Service.(batcher); ok {
			return b.InBatch(body, *id)
		}
	}
	return body
}
