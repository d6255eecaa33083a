package remote

import (
	"io"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"qgan/backends"
	"qgan/backends/ledger"
	"qgan/backends/service"
)

// What the ledger keeps of a job is read by the bits, circuit by circuit.
func TestAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &Remote{Service: newFake(), Ledger: openLedger(t, t.TempDir())}
		if _, err := r.Run(t.Context(), []backends.Request{requestOf(2, 10)}); err != nil {
			t.Fatal(err)
		}
		jobs, err := r.Ledger.Jobs()
		if err != nil || len(jobs) != 1 {
			t.Fatalf("%d jobs: %v", len(jobs), err)
		}
		a, err := r.Answer(jobs[0])
		if err != nil {
			t.Fatal(err)
		}
		var counts []map[string]int
		for _, p := range a.Programs {
			counts = append(counts, p.Counts)
		}
		if d := cmp.Diff([]map[string]int{{"0": 10}, {"1": 10}}, counts); d != "" {
			t.Errorf("counts (-want +got):\n%s", d)
		}
		if a.Job != jobs[0].ID || a.Backend != "fake:line" || a.Counts["0"] != 10 || a.Shots != 10 || a.Estimate == nil {
			t.Errorf("%+v", a)
		}
		jobs[0].ID = "absent"
		if _, err := r.Answer(jobs[0]); err == nil {
			t.Error("a job that is not there has an answer")
		}
	})
}

// fewer is a service that runs fewer shots than it was asked for.
type fewer struct{ *fakeService }

func (s fewer) Decode(shapes []service.Shape, r io.Reader) ([]backends.Outcome, error) {
	out, err := s.fakeService.Decode(shapes, r)
	for i := range out {
		out[i].Shots--
	}
	return out, err
}

// That other shots came than were asked for is told, and kept with the job.
func TestOtherShotsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		r := &Remote{Service: fewer{newFake()}, Ledger: openLedger(t, t.TempDir()), Report: func(_ ledger.Job, what string) { told = append(told, what) }}
		if _, err := r.Run(t.Context(), []backends.Request{requestOf(2, 10)}); err != nil {
			t.Fatal(err)
		}
		jobs, err := r.Ledger.Jobs()
		if want := "circuit 0 has 9 shots, 10 were asked for; and 1 more"; err != nil || jobs[0].State != ledger.Done || jobs[0].Reason != want || told[len(told)-1] != "done: "+want {
			t.Errorf("%+v, %q, %v", jobs, told, err)
		}
	})
}
