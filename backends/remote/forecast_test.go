package remote

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"qgan/backends"
	"qgan/backends/ledger"
	"qgan/backends/service"
)

// Of ten steps the first sends a calibration more than the others: 3 + 9 x 2 programs in
// jobs of two, at a cent a program.
func TestForecast(t *testing.T) {
	s := newFake()
	s.limits = service.Limits{Programs: 2, PerMinute: 4}
	r := &Rehearsal{Service: s, Answer: zeros{}}
	calls := 0
	f, err := r.Forecast(10, func() error {
		n := 2
		if calls++; calls == 1 {
			n = 3
		}
		_, err := r.Run(t.Context(), []backends.Request{requestOf(n, 10)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := &Forecast{Steps: 10, Jobs: 2 + 9, Circuits: 3 + 18, Shots: 210, StepJobs: 1, StepRounds: 1, USD: 0.21, PerMinute: 4, Least: 165 * time.Second}
	if d := cmp.Diff(want, f, cmp.Comparer(func(a, b float64) bool { return a-b < 1e-12 && b-a < 1e-12 })); d != "" {
		t.Errorf("forecast (-want +got):\n%s", d)
	}
	for limit, ok := range map[float64]bool{0.2: false, 0.22: true} {
		if err := f.Within(ledger.Limits{PerCommand: &limit}, "it"); (err == nil) != ok || err != nil && !errors.Is(err, ledger.ErrLimit) {
			t.Errorf("within $%v: error %v", limit, err)
		}
	}
	if err := f.Within(ledger.Limits{}, "it"); err != nil {
		t.Errorf("without a limit: %v", err)
	}
	boom := errors.New("boom")
	if _, err := r.Forecast(2, func() error { return boom }); !errors.Is(err, boom) {
		t.Errorf("error %v", err)
	}
}

// The words of a forecast, whichever of its figures are there.
func TestForecastInWords(t *testing.T) {
	const begin = "1 step left: at most 1 job with 2 circuits and 300 shots in all; a step has 2 jobs with 1 round of them, one after the other"
	one := Forecast{Steps: 1, Jobs: 1, Circuits: 2, Shots: 300, StepJobs: 2, StepRounds: 1, USD: 1.239}
	for _, c := range []struct {
		change func(*Forecast)
		want   string
	}{
		{func(*Forecast) {}, "; at most $1.24"},
		{func(f *Forecast) { f.Unpriced = true }, "; no price is known"},
		{func(f *Forecast) { f.Free, f.Unpriced = true, true }, "; jobs on this machine cost nothing"},
		{func(f *Forecast) { f.PerMinute, f.Least = 4, 119*time.Minute }, "; 4 submissions a minute are taken, so it lasts 119 min at least and the queue beside; at most $1.24"},
		{func(f *Forecast) { f.PerMinute, f.Least = 4, 150*time.Minute }, "; 4 submissions a minute are taken, so it lasts 2.5 h at least and the queue beside; at most $1.24"},
	} {
		f := one
		c.change(&f)
		if got := f.String(); got != begin+c.want {
			t.Errorf("%s, want %s", got, begin+c.want)
		}
	}
	for _, want := range []bool{false, true} {
		r := &Rehearsal{Service: placed{newFake(), want}, Answer: zeros{}}
		f, err := r.Forecast(1, func() error { return nil })
		if err != nil || f.Free != want {
			t.Errorf("on this machine %v: free %v, error %v", want, f.Free, err)
		}
	}
}

// placed is a service that is on this machine, or is not.
type placed struct {
	*fakeService
	local bool
}

func (s placed) Local() bool { return s.local }
