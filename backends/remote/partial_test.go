package remote

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"qgan/backends"
	"qgan/backends/ledger"
	"qgan/backends/service"
)

// partial is a service of whose circuits the last of each job fails, so many times.
type partial struct {
	*fakeService
	fails int
}

func (s *partial) Decode(shapes []service.Shape, r io.Reader) ([]backends.Outcome, error) {
	out, err := s.fakeService.Decode(shapes, r)
	if err == nil && s.fails > 0 {
		s.fails--
		out[len(out)-1] = backends.Outcome{Failure: "out of tune"}
	}
	return out, err
}

// Circuits that fail alone are run again alone: what others of their job gave is kept, and
// paid once. Those that fail again and again end the run with the reason.
func TestCircuitsThatFailAlone(t *testing.T) {
	for _, k := range []struct {
		fails, jobs, circuits int
		ends                  bool
	}{{0, 1, 3, true}, {1, 2, 4, true}, {2, 3, 5, true}, {3, 3, 5, false}} {
		synctest.Test(t, func(t *testing.T) {
			s := &partial{newFake(), k.fails}
			var told []string
			r := &Remote{Service: s, Ledger: openLedger(t, t.TempDir()), Report: func(_ ledger.Job, what string) { told = append(told, what) }}
			res, err := r.Run(t.Context(), []backends.Request{requestOf(3, 10)})
			if (err == nil) != k.ends || err != nil && !strings.Contains(err.Error(), "out of tune") {
				t.Fatalf("%d failures: %v", k.fails, err)
			}
			jobs, err := r.Ledger.Jobs()
			circuits := 0
			for _, j := range jobs {
				circuits += j.Circuits
				if j.State != ledger.Done {
					t.Errorf("job %s is %s", j.ID, j.State)
				}
			}
			if err != nil || len(jobs) != k.jobs || circuits != k.circuits {
				t.Errorf("%d failures: %d jobs of %d circuits, want %d of %d; %v", k.fails, len(jobs), circuits, k.jobs, k.circuits, err)
			}
			if k.fails > 0 && (jobs[0].Reason != "circuit 2 failed: out of tune" || !strings.Contains(strings.Join(told, "\n"), "1 circuit failed, the other results are kept: out of tune")) {
				t.Errorf("%q, %q", jobs[0].Reason, told)
			}
			if k.ends {
				for i, o := range res[0].Outcomes {
					if o.Shots != 10 || o.Failure != "" {
						t.Errorf("outcome %d is %+v", i, o)
					}
				}
				if n := len(res[0].Provenance.Jobs); n != min(k.jobs, 2) {
					t.Errorf("the result is of %d jobs", n)
				}
			}
		})
	}
}
