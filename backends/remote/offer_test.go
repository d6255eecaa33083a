package remote

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"qgan/backends/ledger"
	"qgan/backends/service"
	"qgan/calibration"
	"qgan/ir/compile"
)

// measured is a service whose device has calibration data.
type measured struct {
	*fakeService
	snapshot *calibration.Snapshot
}

func (s measured) Snapshot(context.Context) (*calibration.Snapshot, error) { return s.snapshot, nil }

// one is a device of one qubit.
const one = `{"backend_name": "line", "backend_version": "1", "last_update_date": "2026-04-15T09:15:15+02:00",
 "qubits": [[{"name": "T1", "unit": "us", "value": 100}, {"name": "T2", "unit": "us", "value": 100}]],
 "gates": [
  {"gate": "sx", "qubits": [0], "parameters": [{"name": "gate_error", "unit": "", "value": 0.001}]},
  {"gate": "x", "qubits": [0], "parameters": [{"name": "gate_error", "unit": "", "value": 0.001}]},
  {"gate": "rz", "qubits": [0], "parameters": [{"name": "gate_error", "unit": "", "value": 0}]}],
 "general": []}`

func TestOffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		snapshot, err := calibration.Read(calibration.File{Name: "line", Data: []byte(one)})
		if err != nil {
			t.Fatal(err)
		}
		s := measured{newFake(), snapshot}
		s.limits = service.Limits{MaxShots: 100}
		r := &Remote{Service: s, Ledger: openLedger(t, t.TempDir())}
		c := requestOf(1, 10).Circuit
		for want, k := range map[string]struct {
			r     *Remote
			shots int
			o     compile.Options
		}{
			"fake: none":            {&Remote{Service: s.fakeService}, 10, compile.Options{}},
			"device fake:line: ":    {&Remote{Service: measured{s.fakeService, &calibration.Snapshot{}}}, 10, compile.Options{}},
			"at most 100 are taken": {r, 101, compile.Options{}},
			"7":                     {r, 10, compile.Options{Layout: []int{7}}},
		} {
			if _, err := k.r.Prepare(t.Context(), c, k.shots, k.o); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %q", err, want)
			}
		}
		offer, err := r.Prepare(t.Context(), c, 10, compile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		body, err := offer.Body(t.Context())
		if err != nil || !strings.Contains(string(body), "qgan-dry-run") || !offer.Priced || offer.Price.USD != 0.01 || s.posts != 0 {
			t.Errorf("body %s (%v), $%v, %d posts", body, err, offer.Price.USD, s.posts)
		}
		j, err := offer.Send(t.Context())
		if err != nil || j.State != ledger.Submitted || j.Snapshot == "" || s.posts != 1 {
			t.Errorf("%+v: %v", j, err)
		}
		if again, err := offer.Send(t.Context()); err != nil || again.ID != j.ID || s.posts != 1 {
			t.Errorf("the same again is job %s, %d posts: %v", again.ID, s.posts, err)
		}
		r.Anew = true
		none := 0.0
		r.Limits.PerCommand = &none
		if _, err := offer.Send(t.Context()); !errors.Is(err, ledger.ErrLimit) {
			t.Errorf("over the limit: %v", err)
		}
	})
}
