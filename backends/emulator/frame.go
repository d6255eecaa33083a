package emulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"qgan/calibration"
	"qgan/internal/stream"
)

// kind is what an emulator tells the frame of its service.
type kind struct {
	name    string // as in "IonQ"
	builtin func() []calibration.File
	needs   string           // a native gate of its devices; "": any device is taken
	words   map[phase]string // the states on the wire
}

// frame is what the emulators share: a device, jobs, faults, and how requests about them
// are answered.
type frame struct {
	options Options
	device  *device
	faults  *faultPlan
	words   map[phase]string
	newID   func(n int) string // of the n-th job
	// deny and missing refuse a request without good credentials, and one about a job that
	// is not there.
	deny, missing http.HandlerFunc

	mu     sync.Mutex
	jobs   []*job
	byID   map[string]*job
	counts Counts
}

func newFrame(o Options, k kind) (*frame, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Files == nil {
		o.Files = k.builtin()
	}
	d, err := newDevice(o.Files)
	if err != nil {
		return nil, fmt.Errorf("the emulator's device: %w", err)
	}
	if k.needs != "" && d.snapshot.Find(k.needs, 0) == nil {
		return nil, fmt.Errorf("the emulator's device %s has no gate %s: it is not one of %s's", d.name, k.needs, k.name)
	}
	plan, err := newFaultPlan(o.Faults, o.Seed)
	if err != nil {
		return nil, err
	}
	s := &frame{options: o, device: d, faults: plan, words: k.words, byID: map[string]*job{}, counts: Counts{ByTag: map[string]int{}}}
	s.newID = s.uuid
	return s, nil
}

// built are the calibration files of a built-in device.
func built(s *calibration.Snapshot) []calibration.File {
	raw, _ := s.Encode() // numbers and names
	return []calibration.File{{Name: s.Name + ".json", Data: raw}}
}

// shortID is an id of twenty letters and digits.
func (s *frame) shortID(n int) string {
	const letters = "0123456789abcdefghijklmnopqrstuv"
	rng := stream.New(s.options.Seed, "job id", uint64(n))
	id := []byte("d")
	for range 19 {
		id = append(id, letters[rng.IntN(len(letters))])
	}
	return string(id)
}

// uuid is an id in the form of a UUID.
func (s *frame) uuid(n int) string {
	rng := stream.New(s.options.Seed, "job id", uint64(n))
	a, b := rng.Uint64(), rng.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0xfff, b&0xffffffffffff)
}

// Counts returns what was asked so far.
func (s *frame) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.counts
	c.Faults = s.faults.count()
	c.ByTag = map[string]int{}
	for k, v := range s.counts.ByTag {
		c.ByTag[k] = v
	}
	return c
}

// accept takes a job; its id is its client's, or a function of seed and number.
func (s *frame) accept(j *job) *job {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts.Accepted++
	for _, t := range j.tags {
		s.counts.ByTag[t]++
	}
	if j.created = s.options.Now(); j.id == "" {
		j.id = s.newID(len(s.jobs))
	}
	s.jobs = append(s.jobs, j)
	s.byID[j.id] = j
	return j
}

// all are the jobs that were taken, the oldest first.
func (s *frame) all() []*job {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.jobs)
}

// authorized lets requests through whose credentials are good.
func (s *frame) authorized(good func(*http.Request) bool, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, bad := s.faults.next(r, BadToken); bad || !good(r) {
			s.deny(w, r)
			return
		}
		next(w, r)
	}
}

// about hands over the job that a request names in its path, as {id}.
func (s *frame) about(next func(w http.ResponseWriter, r *http.Request, j *job)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		j := s.byID[r.PathValue("id")]
		s.mu.Unlock()
		if j == nil {
			s.missing(w, r)
			return
		}
		next(w, r, j)
	}
}

// shown is where a job stands, or where it stood before.
func (s *frame) shown(r *http.Request, j *job) phase {
	p := s.phaseOf(j)
	if _, back := s.faults.next(r, StateBack); back {
		return queued
	}
	return p
}

// ready reports whether the results of a job are there.
func (s *frame) ready(r *http.Request, j *job) bool {
	_, early := s.faults.next(r, NotReady)
	return s.phaseOf(j) == completed && !early
}

// listed are the jobs that a list shows, which may lag behind.
func (s *frame) listed(r *http.Request, newestFirst bool) []*job {
	late := time.Duration(0)
	if f, ok := s.faults.next(r, LateListing); ok {
		late = time.Duration(f.Seconds * float64(time.Second))
	}
	now := s.options.Now()
	jobs := slices.DeleteFunc(s.all(), func(j *job) bool { return now.Sub(j.created) < late })
	if newestFirst {
		slices.Reverse(jobs)
	}
	return jobs
}

// page is a part of a list, at most so many from a place on, and the place of the next
// part as text; nil where there is none.
func page[T any](list []T, from, most int) (part []T, next any) {
	from = max(0, min(from, len(list)))
	last := min(len(list), from+max(1, most))
	if last < len(list) {
		next = strconv.Itoa(last)
	}
	return list[from:last], next
}

// number reads a count of a query; ok is false for a text that is none.
func number(q url.Values, name string, otherwise int) (n int, ok bool) {
	text := q.Get(name)
	if text == "" {
		return otherwise, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0
}

// raw writes JSON that is there already.
func raw(w http.ResponseWriter, text json.RawMessage) {
	w.Header().Set("Content-Type", "application/json")
	w.Write(text)
}
