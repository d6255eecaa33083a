package study

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// NATS is a Board on a NATS server with JetStream. A study has a key-value bucket,
// qgan-HASH, with its plan and what became of each task, and a work-queue stream,
// QGAN-HASH, with the tasks that are open. A row is created under a key that must not
// exist, so of two workers who did the same task the first one's stays.
type NATS struct {
	conn     *nats.Conn
	js       jetstream.JetStream
	bucket   jetstream.KeyValue
	consumer jetstream.Consumer
	plan     planFile // the bucket's entry "plan"
}

const (
	natsBucket = "qgan-"
	natsStream = "QGAN-"
	rowKey     = "row."
)

// connect opens a server with JetStream.
func connect(url string) (*NATS, error) {
	conn, err := nats.Connect(url, nats.Name("qgan study"), nats.MaxReconnects(-1), nats.Timeout(5*time.Second))
	if err != nil {
		return nil, fmt.Errorf("NATS server %s: %w", plainURL(url), err)
	}
	js, err := jetstream.New(conn)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("NATS server %s: %w", plainURL(url), err)
	}
	return &NATS{conn: conn, js: js}, nil
}

// CreateNATS puts a plan on a server, or goes on with it where it is there, and publishes
// the tasks that are open.
func CreateNATS(ctx context.Context, url string, p Plan, lease time.Duration) (*NATS, error) {
	if backend, paid := p.Paid(); paid {
		return nil, &PlanError{fmt.Sprintf("backend %s: what is paid for runs on the queues local and dir:PATH alone, where the ledger lies", backend)}
	}
	b, err := connect(url)
	if err != nil {
		return nil, err
	}
	if err := b.create(ctx, p, lease); err != nil {
		b.Close()
		return nil, fmt.Errorf("NATS server %s: %w", plainURL(url), err)
	}
	return b, nil
}

// create puts a plan on the server, or goes on with the one that is there.
func (b *NATS) create(ctx context.Context, p Plan, lease time.Duration) error {
	hash := p.Hash()
	lease = cmp.Or(lease, LeaseTime)
	bucket, err := b.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: natsBucket + hash, Description: "study " + p.Name})
	if err != nil {
		return err
	}
	raw, err := json.Marshal(planFile{planSchema, hash, lease, p})
	if err != nil {
		return err
	}
	if _, err := bucket.Create(ctx, "plan", raw); err != nil && !errors.Is(err, jetstream.ErrKeyExists) {
		return err
	}
	stream, err := b.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: natsStream + hash, Subjects: []string{"qgan." + hash}, Retention: jetstream.WorkQueuePolicy, Duplicates: time.Hour,
	})
	if err != nil {
		return err
	}
	_, err = stream.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: "workers", AckPolicy: jetstream.AckExplicitPolicy, AckWait: lease, MaxAckPending: 10_000,
	})
	if err != nil {
		return err
	}
	if err := b.open(ctx, hash); err != nil {
		return err
	}
	return b.publish(ctx)
}

// OpenNATS opens a study on a server by its hash; empty: the only one there is.
func OpenNATS(ctx context.Context, url, hash string) (*NATS, error) {
	b, err := connect(url)
	if err != nil {
		return nil, err
	}
	if err := b.find(ctx, hash); err != nil {
		b.Close()
		return nil, fmt.Errorf("NATS server %s: %w", plainURL(url), err)
	}
	return b, nil
}

// find opens the study of a hash; empty: the only one there is.
func (b *NATS) find(ctx context.Context, hash string) error {
	if hash == "" {
		var found []string
		names := b.js.KeyValueStoreNames(ctx)
		for name := range names.Name() {
			if h, ok := strings.CutPrefix(name, natsBucket); ok {
				found = append(found, h)
			}
		}
		if err := names.Error(); err != nil {
			return err
		}
		if len(found) != 1 {
			return fmt.Errorf("it holds %d studies (%s): name one", len(found), strings.Join(found, ", "))
		}
		hash = found[0]
	}
	return b.open(ctx, hash)
}

func (b *NATS) open(ctx context.Context, hash string) error {
	var err error
	if b.bucket, err = b.js.KeyValue(ctx, natsBucket+hash); err != nil {
		return fmt.Errorf("study %s: %w", hash, err)
	}
	entry, err := b.bucket.Get(ctx, "plan")
	if err != nil {
		return fmt.Errorf("study %s: %w", hash, err)
	}
	if err := json.Unmarshal(entry.Value(), &b.plan); err != nil {
		return fmt.Errorf("study %s: its plan is damaged: %w", hash, err)
	}
	if b.plan.Schema != planSchema || b.plan.Plan.Hash() != hash {
		return fmt.Errorf("study %s: its plan is of another version (%s), or was changed", hash, b.plan.Schema)
	}
	b.consumer, err = b.js.Consumer(ctx, natsStream+hash, "workers")
	return err
}

// publish offers the tasks that have no row. One that was offered within the last hour is
// not offered twice.
func (b *NATS) publish(ctx context.Context) error {
	known, err := b.Outcomes(ctx)
	if err != nil {
		return err
	}
	for _, t := range b.plan.Tasks {
		if _, ok := known[t.Name()]; ok {
			continue
		}
		raw, err := json.Marshal(t)
		if err != nil {
			return err
		}
		msg := &nats.Msg{Subject: "qgan." + b.plan.Hash, Data: raw, Header: nats.Header{jetstream.MsgIDHeader: {t.Name()}}}
		if _, err := b.js.PublishMsg(ctx, msg); err != nil {
			return err
		}
	}
	return nil
}

// Close ends the connection.
func (b *NATS) Close() { b.conn.Close() }

// Lease is how long a worker may be silent.
func (b *NATS) Lease() time.Duration { return b.plan.Lease }

// Plan returns the plan.
func (b *NATS) Plan() Plan { return b.plan.Plan }

// Outcomes reads what became of all tasks.
func (b *NATS) Outcomes(ctx context.Context) (map[string]Outcome, error) {
	watch, err := b.bucket.Watch(ctx, rowKey+"*", jetstream.IgnoreDeletes())
	if err != nil {
		return nil, err
	}
	defer watch.Stop()
	all := map[string]Outcome{}
	for {
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case entry := <-watch.Updates():
			if entry == nil { // that was all
				return all, nil
			}
			var out Outcome
			if err := json.Unmarshal(entry.Value(), &out); err != nil {
				return nil, fmt.Errorf("%s is damaged: %w", entry.Key(), err)
			}
			all[strings.TrimPrefix(entry.Key(), rowKey)] = out
		}
	}
}

// Take leases the next task.
func (b *NATS) Take(ctx context.Context, _ string) (Lease, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		msg, err := b.consumer.Next(jetstream.FetchMaxWait(time.Second))
		switch {
		case errors.Is(err, nats.ErrTimeout):
			all, err := b.Outcomes(ctx)
			if err != nil {
				return nil, err
			}
			if len(all) == len(b.plan.Tasks) {
				return nil, ErrFinished
			}
			continue
		case err != nil:
			return nil, err
		}
		var t Task
		if err := json.Unmarshal(msg.Data(), &t); err != nil {
			return nil, errors.Join(fmt.Errorf("a task is damaged: %w", err), msg.Term())
		}
		_, err = b.bucket.Get(ctx, rowKey+t.Name())
		if err == nil { // done by a worker whose message was given to a second one
			if err := msg.Ack(); err != nil {
				return nil, err
			}
			continue
		}
		if !errors.Is(err, jetstream.ErrKeyNotFound) {
			return nil, err
		}
		l := &natsLease{board: b, task: t, msg: msg, begun: 1}
		if meta, err := msg.Metadata(); err == nil {
			l.begun = int(meta.NumDelivered)
		}
		return l, nil
	}
}

// natsLease is a task that a server delivered.
type natsLease struct {
	board *NATS
	task  Task
	msg   jetstream.Msg
	begun int
}

func (l *natsLease) Task() Task  { return l.task }
func (l *natsLease) Begun() int  { return l.begun }
func (l *natsLease) Keep() error { return l.msg.InProgress() }
func (l *natsLease) Drop() error { return l.msg.Nak() }

func (l *natsLease) Finish(out Outcome) error {
	raw, err := json.Marshal(out)
	if err != nil {
		return err
	}
	ctx, done := context.WithTimeout(context.Background(), 30*time.Second)
	defer done()
	if _, err := l.board.bucket.Create(ctx, rowKey+l.task.Name(), raw); err != nil && !errors.Is(err, jetstream.ErrKeyExists) {
		return err
	}
	return l.msg.DoubleAck(ctx)
}
