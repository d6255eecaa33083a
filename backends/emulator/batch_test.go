package emulator

import (
	"context"
	"strings"
	"sync"
	"testing"

	"qgan/backends"
	"qgan/backends/ibm"
	"qgan/backends/ledger"
	"qgan/backends/remote"
	"qgan/backends/service"
)

// single takes a circuit in a job.
type single struct{ *ibm.Client }

func (single) Limits(context.Context) (service.Limits, error) {
	return service.Limits{Programs: 1}, nil
}

// Jobs that are asked for together are in one batch where that is asked for, which ends with
// them; one job alone, or who may have no batch, goes without. A ledger names no batch.
func TestIBMBatch(t *testing.T) {
	for name, k := range map[string]struct {
		asked           string
		circuits        int
		faults          []Fault
		batches, closed int
		told            string
	}{
		"not asked for": {"", 3, nil, 0, 0, ""},
		"three jobs":    {"true", 3, nil, 1, 1, "3 jobs in the batch batch1"},
		"one job":       {"true", 1, nil, 0, 0, ""},
		"not allowed":   {"true", 3, []Fault{{On: "POST /sessions", Kind: WithStatus, Status: 403}}, 0, 0, "no batch, so the jobs go one by one"},
		"not closed":    {"true", 3, []Fault{{On: "PATCH /sessions/*", Kind: WithStatus, Status: 403}}, 1, 0, "the batch batch1 ends by itself"},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := NewIBM(Options{Ideal: true, Faults: k.faults})
			if err != nil {
				t.Fatal(err)
			}
			_, url := watch(t, e)
			key, instance := e.Credentials()
			job := map[string]string{}
			if k.asked != "" {
				job["ibm-batch"] = k.asked
			}
			c, err := ibm.New(ibm.Account{Key: key, KeySource: "a test", Instance: instance}, e.Device(), service.Options{Endpoint: url, REST: soon, Job: job})
			if err != nil {
				t.Fatal(err)
			}
			var mu sync.Mutex // jobs are waited for side by side
			var told []string
			r := &remote.Remote{Service: single{c}, Ledger: openLedger(t, t.TempDir()), Patience: hasty, Report: func(_ ledger.Job, what string) {
				mu.Lock()
				told = append(told, what)
				mu.Unlock()
			}}
			var requests []backends.Request
			for i := range k.circuits {
				requests = append(requests, backends.Request{Circuit: one(t, c, 20).Circuit, Shots: []int{20}, Seed: uint64(i)})
			}
			for range 2 { // the second time all is there
				if _, err := r.Run(t.Context(), requests); err != nil {
					t.Fatal(err)
				}
			}
			closed, in := 0, 0
			for _, b := range e.sessions.all {
				if !b.ended.IsZero() {
					closed++
				}
			}
			for _, j := range e.all() {
				if strings.Contains(string(j.body), `"session_id":"batch1"`) {
					in++
				}
			}
			if len(e.sessions.all) != k.batches || closed != k.closed || in != k.batches*k.circuits || e.Counts().Accepted != k.circuits || k.told != "" && !strings.Contains(strings.Join(told, "\n"), k.told) {
				t.Errorf("%d batches, %d closed, %d of %d jobs in them; %q", len(e.sessions.all), closed, in, e.Counts().Accepted, told)
			}
			jobs, err := r.Ledger.Jobs()
			if err != nil {
				t.Fatal(err)
			}
			if body, err := r.Ledger.Request(jobs[0].ID); err != nil || strings.Contains(string(body), "session_id") {
				t.Errorf("the ledger has %s, %v", body, err)
			}
		})
	}
}
