package study

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// server is as much of JetStream as a board asks for, in memory. The one of natstest is
// real; this one shows what was put where.
type server struct {
	jetstream.JetStream
	buckets map[string]*bucket
	stream  jetstream.StreamConfig
	workers jetstream.ConsumerConfig
	offered map[string]bool // message ids
	queue   []*message
	told    []string // what became of messages
}

func newServer() *server { return &server{buckets: map[string]*bucket{}, offered: map[string]bool{}} }

func (s *server) CreateOrUpdateKeyValue(_ context.Context, c jetstream.KeyValueConfig) (jetstream.KeyValue, error) {
	if s.buckets[c.Bucket] == nil {
		s.buckets[c.Bucket] = &bucket{config: c, entries: map[string][]byte{}}
	}
	return s.buckets[c.Bucket], nil
}

func (s *server) KeyValue(_ context.Context, name string) (jetstream.KeyValue, error) {
	if s.buckets[name] == nil {
		return nil, jetstream.ErrBucketNotFound
	}
	return s.buckets[name], nil
}

func (s *server) KeyValueStoreNames(context.Context) jetstream.KeyValueNamesLister {
	names := make(chan string, len(s.buckets))
	for name := range s.buckets {
		names <- name
	}
	close(names)
	return lister{names}
}

type lister struct{ names chan string }

func (l lister) Name() <-chan string { return l.names }
func (l lister) Error() error        { return nil }

func (s *server) CreateOrUpdateStream(_ context.Context, c jetstream.StreamConfig) (jetstream.Stream, error) {
	s.stream = c
	return tasks{server: s}, nil
}

type tasks struct {
	jetstream.Stream
	server *server
}

func (s tasks) CreateOrUpdateConsumer(_ context.Context, c jetstream.ConsumerConfig) (jetstream.Consumer, error) {
	s.server.workers = c
	return nil, nil
}

func (s *server) Consumer(_ context.Context, stream, name string) (jetstream.Consumer, error) {
	if stream != s.stream.Name || name != s.workers.Durable {
		return nil, jetstream.ErrConsumerNotFound
	}
	return consumer{server: s}, nil
}

func (s *server) PublishMsg(_ context.Context, m *nats.Msg, _ ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	if !slices.Contains(s.stream.Subjects, m.Subject) {
		return nil, jetstream.ErrNoStreamResponse
	}
	if id := m.Header.Get(jetstream.MsgIDHeader); id == "" || !s.offered[id] {
		s.offered[id] = true
		s.queue = append(s.queue, &message{server: s, data: m.Data})
	}
	return &jetstream.PubAck{}, nil
}

type consumer struct {
	jetstream.Consumer
	server *server
}

func (c consumer) Next(...jetstream.FetchOpt) (jetstream.Msg, error) {
	if len(c.server.queue) == 0 {
		return nil, nats.ErrTimeout
	}
	m := c.server.queue[0]
	c.server.queue = c.server.queue[1:]
	m.delivered++
	return m, nil
}

// message is a task that is open; what is done with it, server.told says.
type message struct {
	jetstream.Msg
	server    *server
	data      []byte
	delivered uint64
}

func (m *message) Data() []byte { return m.data }
func (m *message) Metadata() (*jetstream.MsgMetadata, error) {
	return &jetstream.MsgMetadata{NumDelivered: m.delivered}, nil
}
func (m *message) is(what string) error {
	m.server.told = append(m.server.told, what)
	return nil
}
func (m *message) Ack() error                      { return m.is("ack") }
func (m *message) DoubleAck(context.Context) error { return m.is("double ack") }
func (m *message) InProgress() error               { return m.is("in progress") }
func (m *message) Term() error                     { return m.is("term") }
func (m *message) Nak() error {
	m.server.queue = append(m.server.queue, m)
	return m.is("nak")
}

// bucket is a key-value bucket.
type bucket struct {
	jetstream.KeyValue
	config  jetstream.KeyValueConfig
	entries map[string][]byte
}

func (b *bucket) Create(_ context.Context, key string, value []byte, _ ...jetstream.KVCreateOpt) (uint64, error) {
	if _, ok := b.entries[key]; ok {
		return 0, jetstream.ErrKeyExists
	}
	b.entries[key] = value
	return 1, nil
}

func (b *bucket) Get(_ context.Context, key string) (jetstream.KeyValueEntry, error) {
	value, ok := b.entries[key]
	if !ok {
		return nil, jetstream.ErrKeyNotFound
	}
	return entry{key: key, value: value}, nil
}

func (b *bucket) Watch(_ context.Context, keys string, _ ...jetstream.WatchOpt) (jetstream.KeyWatcher, error) {
	w := watcher{make(chan jetstream.KeyValueEntry, len(b.entries)+1)}
	for key, value := range b.entries {
		if strings.HasPrefix(key, strings.TrimSuffix(keys, "*")) {
			w.updates <- entry{key: key, value: value}
		}
	}
	w.updates <- nil
	return w, nil
}

type watcher struct{ updates chan jetstream.KeyValueEntry }

func (w watcher) Updates() <-chan jetstream.KeyValueEntry { return w.updates }
func (w watcher) Stop() error                             { return nil }
func (w watcher) Error() error                            { return nil }

type entry struct {
	jetstream.KeyValueEntry
	key   string
	value []byte
}

func (e entry) Key() string   { return e.key }
func (e entry) Value() []byte { return e.value }

// What a study puts on a server, and under which names.
func TestNATSLayout(t *testing.T) {
	s, p := newServer(), squares(4)
	b := &NATS{js: s}
	if err := b.create(t.Context(), p, 0); err != nil {
		t.Fatal(err)
	}
	hash := p.Hash()
	kv := s.buckets["qgan-"+hash]
	if kv == nil || kv.config.Description != "study squares" {
		t.Fatalf("buckets %v", s.buckets)
	}
	var kept planFile
	if err := json.Unmarshal(kv.entries["plan"], &kept); err != nil || kept.Schema != planSchema || kept.Hash != hash || kept.Lease != LeaseTime || len(kept.Tasks) != 4 {
		t.Errorf("plan %+v, %v", kept, err)
	}
	if s.stream.Name != "QGAN-"+hash || !slices.Equal(s.stream.Subjects, []string{"qgan." + hash}) || s.stream.Retention != jetstream.WorkQueuePolicy || s.stream.Duplicates != time.Hour {
		t.Errorf("stream %+v", s.stream)
	}
	if s.workers.Durable != "workers" || s.workers.AckPolicy != jetstream.AckExplicitPolicy || s.workers.AckWait != LeaseTime || s.workers.MaxAckPending != 10_000 {
		t.Errorf("consumer %+v", s.workers)
	}
	if len(s.queue) != 4 || b.Lease() != LeaseTime || b.Plan().Hash() != hash || b.Plan().Name != "squares" {
		t.Errorf("%d tasks are open, lease %s", len(s.queue), b.Lease())
	}
	// The coordinator comes again, with another lease in mind: the plan that is there stays,
	// and what is offered already or done is not offered again.
	if err := (&NATS{js: s}).create(t.Context(), p, time.Hour); err != nil {
		t.Fatal(err)
	}
	if len(s.queue) != 4 {
		t.Errorf("%d tasks are open after the coordinator came again", len(s.queue))
	}
	s.offered, s.queue = map[string]bool{}, nil // an hour later
	kv.entries["row."+p.Tasks[2].Name()] = []byte(`{"row":{"square":4}}`)
	again := &NATS{js: s}
	if err := again.create(t.Context(), p, 0); err != nil {
		t.Fatal(err)
	}
	var open []any
	for _, m := range s.queue {
		var k Task
		if err := json.Unmarshal(m.data, &k); err != nil {
			t.Fatal(err)
		}
		open = append(open, k.Settings["i"])
	}
	if fmt.Sprint(open) != "[0 1 3]" || again.Lease() != LeaseTime {
		t.Errorf("open %v, lease %s", open, again.Lease())
	}
	if other := (&NATS{js: newServer()}); other.create(t.Context(), p, 7*time.Second) != nil || other.Lease() != 7*time.Second || other.js.(*server).workers.AckWait != 7*time.Second {
		t.Errorf("lease %s", other.Lease())
	}
}

// Tasks are taken one after the other, kept, given back and finished; the first result
// stays, and a task that is done already is not begun again.
func TestNATSTasks(t *testing.T) {
	s, p := newServer(), squares(3)
	b := &NATS{js: s}
	if err := b.create(t.Context(), p, 0); err != nil {
		t.Fatal(err)
	}
	take := func() Lease {
		t.Helper()
		l, err := b.Take(t.Context(), "w")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	told := func(want ...string) {
		t.Helper()
		if !slices.Equal(s.told, want) {
			t.Errorf("told %v, want %v", s.told, want)
		}
		s.told = nil
	}
	first := take()
	if first.Begun() != 1 || first.Task().Name() != p.Tasks[0].Name() {
		t.Errorf("begun %d times: %v", first.Begun(), first.Task())
	}
	if err := errors.Join(first.Keep(), first.Keep(), first.Drop()); err != nil {
		t.Fatal(err)
	}
	told("in progress", "in progress", "nak")
	second := take()
	if err := second.Finish(Outcome{Task: second.Task(), Row: Row{"square": 1}, Worker: "w"}); err != nil {
		t.Fatal(err)
	}
	if err := second.Finish(Outcome{Task: second.Task(), Row: Row{"square": 99}}); err != nil { // by whom it was given to as well
		t.Fatal(err)
	}
	told("double ack", "double ack")
	third := take()
	if err := third.Finish(Outcome{Task: third.Task(), Failed: "no luck"}); err != nil {
		t.Fatal(err)
	}
	told("double ack")
	again := take() // the first, for the second time
	if again.Begun() != 2 || again.Task().Name() != p.Tasks[0].Name() {
		t.Errorf("begun %d times: %v", again.Begun(), again.Task())
	}
	all, err := b.Outcomes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if o := all[p.Tasks[1].Name()]; len(all) != 2 || o.Row["square"] != 1 || o.Worker != "w" || all[p.Tasks[2].Name()].Failed != "no luck" {
		t.Errorf("outcomes %+v", all)
	}
	// Another finished it while this one's message came once more.
	if err := errors.Join(again.Drop(), again.Finish(Outcome{Task: again.Task(), Row: Row{"square": 0}})); err != nil {
		t.Fatal(err)
	}
	s.told = nil
	if _, err := b.Take(t.Context(), "w"); !errors.Is(err, ErrFinished) {
		t.Errorf("all is done: %v", err)
	}
	told("ack")
	if all, err = b.Outcomes(t.Context()); err != nil || len(all) != 3 {
		t.Errorf("outcomes %v, %v", slices.Collect(maps.Keys(all)), err)
	}

	// Messages and entries that nobody can read.
	s.queue = []*message{{server: s, data: []byte("{")}}
	if _, err := b.Take(t.Context(), "w"); err == nil || !strings.Contains(err.Error(), "a task is damaged") {
		t.Errorf("a damaged task: %v", err)
	}
	told("term")
	b.bucket.(*bucket).entries["row.x"] = []byte("{")
	if _, err := b.Outcomes(t.Context()); err == nil || !strings.Contains(err.Error(), "row.x is damaged") {
		t.Errorf("a damaged row: %v", err)
	}
	ended, stop := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	stop(enough)
	if _, err := b.Take(ended, "w"); !errors.Is(err, enough) {
		t.Errorf("a context that ended: %v", err)
	}
}

// While others work on what is open a worker waits.
func TestNATSWaits(t *testing.T) {
	s := newServer()
	b := &NATS{js: s}
	if err := b.create(t.Context(), squares(2), 0); err != nil {
		t.Fatal(err)
	}
	s.queue = s.queue[:1]
	if _, err := b.Take(t.Context(), "w"); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	if _, err := b.Take(ctx, "w"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("two tasks are open: %v", err)
	}
}

// A study is found by its hash, or without one where there is no other.
func TestNATSFind(t *testing.T) {
	s, p := newServer(), squares(2)
	s.buckets["someone-else"] = &bucket{}
	find := func(hash string) (*NATS, error) {
		b := &NATS{js: s}
		return b, b.find(t.Context(), hash)
	}
	if _, err := find(""); err == nil || err.Error() != "it holds 0 studies (): name one" {
		t.Errorf("none: %v", err)
	}
	if err := (&NATS{js: s}).create(t.Context(), p, 0); err != nil {
		t.Fatal(err)
	}
	for _, hash := range []string{"", p.Hash()} {
		b, err := find(hash)
		if err != nil || b.Plan().Hash() != p.Hash() {
			t.Errorf("%q: %v", hash, err)
		}
	}
	if _, err := find("feed"); !errors.Is(err, jetstream.ErrBucketNotFound) || !strings.HasPrefix(err.Error(), "study feed: ") {
		t.Errorf("another hash: %v", err)
	}
	kv := s.buckets["qgan-"+p.Hash()]
	whole := string(kv.entries["plan"])
	for name, k := range map[string]struct{ text, want string }{
		"cut":     {whole[:20], "its plan is damaged"},
		"version": {strings.Replace(whole, "study/v1", "study/v9", 1), "of another version (qgan.study/v9)"},
		"changed": {strings.Replace(whole, `"i":1`, `"i":2`, 1), "or was changed"},
	} {
		kv.entries["plan"] = []byte(k.text)
		if _, err := find(""); err == nil || !strings.Contains(err.Error(), k.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	delete(kv.entries, "plan")
	if _, err := find(""); !errors.Is(err, jetstream.ErrKeyNotFound) {
		t.Errorf("without a plan: %v", err)
	}
	s.buckets["qgan-second"] = &bucket{}
	if _, err := find(""); err == nil || !strings.HasPrefix(err.Error(), "it holds 2 studies (") {
		t.Errorf("two: %v", err)
	}
}

func TestPlainURL(t *testing.T) {
	for url, want := range map[string]string{
		"nats://host:4222":             "nats://host:4222",
		"tls://user:p@ss@host":         "tls://host",
		"nats://token@queue:4222/path": "nats://queue:4222/path",
	} {
		if got := plainURL(url); got != want {
			t.Errorf("%s: %s, want %s", url, got, want)
		}
	}
	if _, err := CreateNATS(t.Context(), "nats://user:secret@127.0.0.1:1", squares(1), 0); err == nil || !strings.HasPrefix(err.Error(), "NATS server nats://127.0.0.1:1: ") {
		t.Errorf("no server: %v", err)
	}
	if _, err := OpenNATS(t.Context(), "nats://user:secret@127.0.0.1:1", ""); err == nil || !strings.HasPrefix(err.Error(), "NATS server nats://127.0.0.1:1: ") {
		t.Errorf("no server: %v", err)
	}
	paid := Plan{Tasks: []Task{{Kind: "train", Settings: map[string]any{"backend": "ideal"}}, {Kind: "train", Settings: map[string]any{"backend": "ibm:one"}}}}
	var bad *PlanError
	if _, err := CreateNATS(t.Context(), "nats://127.0.0.1:1", paid, 0); !errors.As(err, &bad) || !strings.HasPrefix(err.Error(), "backend ibm:one: ") {
		t.Errorf("a paid task: %v", err)
	}
}
