package remote

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"qgan/backends/ledger"
	"qgan/backends/service"
)

// Jobs are waited for together where place, command and options are the same; those that have
// ended open nothing, and the first without a result is told when all have ended.
func TestSeveral(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openLedger(t, t.TempDir())
		fake := newFake()
		r := &Remote{Service: fake, Ledger: l}
		programs := []service.Program{{Circuit: requestOf(1, 3).Circuit, Shots: 3}}
		var ids []string
		for _, command := range []string{"a", "b", "a", "failed", "lost"} {
			r.Command = command
			jobs, err := r.Plan(t.Context(), [][]service.Program{programs}, "")
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, jobs[0].ID)
		}
		for _, u := range []ledger.Update{
			{Job: ids[3], State: ledger.Failed, Attempt: 1, Reason: "too warm"}, {Job: ids[4], State: ledger.Sending, Attempt: 1}, {Job: ids[4], State: ledger.Unknown, Attempt: 1},
		} {
			if err := l.Record(u); err != nil {
				t.Fatal(err)
			}
		}
		if id, says, err := Standing(l, []string{ids[3], ids[4], ids[0]}); id != ids[4] || says != "it is unknown: waiting again goes on with it" || err != nil {
			t.Errorf("%s: %s, %v", id, says, err)
		}
		var opened []string
		open := func(_ context.Context, j ledger.Job) (*Remote, error) {
			opened = append(opened, j.Command)
			return r, nil
		}
		if err := Await(t.Context(), l, ids[:4], open); err == nil || !strings.Contains(err.Error(), "failed: too warm") || !slices.Equal(opened, []string{"a", "b"}) {
			t.Errorf("opened %v, %v", opened, err)
		}
		for _, id := range ids[:3] {
			if j, err := l.Job(id); err != nil || j.State != ledger.Done {
				t.Errorf("%s is %s, %v", id, j.State, err)
			}
		}
		if id, _, err := Standing(l, ids[:4]); id != "" || err != nil {
			t.Errorf("%s has not ended, %v", id, err)
		}
		if err := Await(t.Context(), l, []string{"nothing"}, open); !errors.Is(err, ledger.ErrNoJob) {
			t.Errorf("%v", err)
		}
		var told []string
		if err := Reconcile(t.Context(), l, nil, open, func(j ledger.Job) { told = append(told, j.ID+" "+string(j.State)) }); !errors.Is(err, ErrUnknown) || !slices.Equal(told, []string{ids[4] + " unknown"}) {
			t.Errorf("told %v, %v", told, err)
		}
		told = nil
		err := SettleAll(t.Context(), l, open, func(j ledger.Job, why error) { told = append(told, j.ID) })
		if slices.Sort(told); err != nil || !slices.Equal(told, slices.Sorted(slices.Values(ids[:3]))) { // the service tells no cost
			t.Errorf("told %v, %v", told, err)
		}
		texts, err := Leave(t.Context(), []*Remote{r, {Service: fake, Ledger: l}}, true)
		if err != nil || len(texts) != 1 || !strings.Contains(texts[0], "not known whether the service has it: "+ids[4]) {
			t.Errorf("%q, %v", texts, err)
		}
	})
}
