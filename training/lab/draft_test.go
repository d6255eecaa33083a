package lab_test

import (
	"strings"
	"testing"

	"qgan/training"
	"qgan/training/assess"
	"qgan/training/lab"
)

// What samples send is told before: a round a bin, and one for each bin that is left out
// before they begin, at a dollar for each past that differs.
func TestDraft(t *testing.T) {
	l, opened := shop(t, &market{calibration: pairDevice(t)}, nil)
	on, err := l.Processor(t.Context(), lab.Where{Settings: lab.Settings{"backend": "ibm:pair"}, Shots: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer on.Close()
	generator := func(settings lab.Settings) *assess.Generator {
		settings["neurons"], settings["iterations"], settings["batch"] = "2", "1", "8"
		job, err := (&lab.Lab{}).New(t.Context(), settings)
		if err != nil {
			t.Fatal(err)
		}
		g, err := assess.New(job.Config, job.Trainer.State)
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	movie, runsOn := generator(lab.Settings{"stimulus": "repeat"}), generator(lab.Settings{"memory-in": "ry"})
	for _, c := range []struct {
		name   string
		g      *assess.Generator
		s      training.Sampling
		rounds int
	}{
		{"few bins", movie, training.Sampling{Samples: 1, Bins: 5}, 5},
		{"a whole repeat", movie, training.Sampling{Samples: 1, Bins: 400}, 400},
		{"after the beginning", movie, training.Sampling{Samples: 1, Bins: 20, From: 5}, 25},
		{"late", movie, training.Sampling{Samples: 1, Bins: 1, From: 200}, training.BurnIn + 1},
		{"without a stimulus", runsOn, training.Sampling{Samples: 1, Bins: 1}, runsOn.Config.Warm() + 1},
		{"without a stimulus, long", runsOn, training.Sampling{Samples: 1, Bins: 50}, runsOn.Config.Warm() + 50},
	} {
		got, err := on.Draft(t.Context(), c.g, c.s)
		if err != nil {
			t.Fatal(err)
		}
		if want := (lab.Draft{Rounds: c.rounds, Jobs: c.rounds, Circuits: c.rounds, Shots: c.rounds, USD: float64(c.rounds)}); *got != want {
			t.Errorf("%s: %+v, want %+v", c.name, *got, want)
		}
	}
	// Of many samples the first bin has one circuit, later ones hardly fewer than there are
	// samples; jobs take three.
	got, err := on.Draft(t.Context(), movie, training.Sampling{Samples: 40, Bins: 100})
	if err != nil {
		t.Fatal(err)
	}
	if got.Rounds != 100 || got.Shots != 4000 || got.Circuits < 3500 || got.Circuits > 1+99*40 || 3*got.Jobs < got.Circuits || got.USD != float64(got.Circuits) {
		t.Errorf("%+v", *got)
	}
	if jobs, err := (*opened)[0].Ledger.Jobs(); err != nil || len(jobs) > 0 {
		t.Errorf("%d jobs in the ledger, error %v", len(jobs), err)
	}
}

// A draft in words.
func TestDraftInWords(t *testing.T) {
	const begin = "10 rounds, one after the other, since each bin's circuits follow from the bits before: at most 20 jobs of 30 circuits and 40 shots in all"
	for _, c := range []struct {
		change func(*lab.Draft)
		want   string
	}{
		{func(*lab.Draft) {}, "; at most $1.24"},
		{func(d *lab.Draft) { d.Unpriced = true }, "; no price is known"},
		{func(d *lab.Draft) { d.Free, d.Calibrated = true, true }, ", and what calibrates the readout; jobs on this machine cost nothing"},
	} {
		d := lab.Draft{Rounds: 10, Jobs: 20, Circuits: 30, Shots: 40, USD: 1.239}
		c.change(&d)
		if got, ok := strings.CutPrefix(d.String(), begin); !ok || got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}
