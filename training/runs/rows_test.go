package runs_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"qgan/backends/sim"
	"qgan/training"
	"qgan/training/internal/traintest"
	"qgan/training/runs"
	"qgan/training/shots"
)

// clock tells a time that goes on by a beat at each look.
type clock struct {
	at   time.Time
	beat time.Duration
}

func (c *clock) now() time.Time {
	c.at = c.at.Add(c.beat)
	return c.at
}

// create makes a run in a new directory.
func create(t *testing.T, c training.Config) *runs.Dir {
	t.Helper()
	r, err := runs.Create(nil, filepath.Join(t.TempDir(), "run"), runs.Manifest{Config: c, Parameters: training.CountParameters(c)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// files lists the checkpoints of a run by their steps.
func files(t *testing.T, r *runs.Dir) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(r.Path, "checkpoints"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, strings.TrimLeft(strings.TrimSuffix(strings.TrimPrefix(e.Name(), "step-"), ".ckpt"), "0"))
	}
	return out
}

// rows reads the rows of a run, without the seconds, which no two runs share.
func rows(t *testing.T, r *runs.Dir) []training.Row {
	t.Helper()
	out, err := r.Rows()
	if err != nil {
		t.Fatal(err)
	}
	for i := range out {
		out[i].Seconds = 0
	}
	return out
}

func stepsOf(rows []training.Row) []int {
	var out []int
	for _, r := range rows {
		out = append(out, r.Step)
	}
	return out
}

// Rows are those of the first step, every tenth and the last; the distance stands in the
// first, every fiftieth and the last. Each holds what its step returned.
func TestRows(t *testing.T) {
	c := traintest.Small(t, 2, 1)
	c.Iterations, c.Batch = 107, 3
	r, tr := create(t, c), traintest.Trainer(t, c, traintest.Builtin(t, 2, 1))
	observed := map[int]training.Row{}
	if err := r.Train(t.Context(), tr, (&clock{beat: time.Millisecond}).now, func(row training.Row) { observed[row.Step] = row }); err != nil {
		t.Fatal(err)
	}
	got := rows(t, r)
	if want := []int{1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 107}; !slices.Equal(stepsOf(got), want) {
		t.Errorf("rows of the steps %v, want %v", stepsOf(got), want)
	}
	twin := traintest.Trainer(t, c, traintest.Builtin(t, 2, 1))
	for i := range 107 {
		f := traintest.Step(t, twin)
		row := observed[i+1]
		if (training.Losses{Critic: row.CriticLoss, Penalty: row.Penalty, Generator: row.Generator, Wasserstein: row.Wasserstein, Count: row.Count}) != f || row.Objective != "wgan" || row.MeasuredRow != nil {
			t.Fatalf("step %d: the row is %+v, the step gave %+v", i+1, row, f)
		}
		if k := slices.IndexFunc(got, func(r training.Row) bool { return r.Step == i+1 }); k >= 0 {
			row.Seconds = 0
			if diff := cmp.Diff(row, got[k]); diff != "" {
				t.Errorf("step %d, observed and written: %s", i+1, diff)
			}
		}
		monitored := slices.Contains([]int{1, 50, 100, 107}, i+1)
		if (row.JSNats != nil) != monitored || (row.PSilent != nil) != monitored {
			t.Errorf("step %d: distance %v, P(silent) %v", i+1, row.JSNats, row.PSilent)
		}
		if monitored { // it is the averaged generator's
			e, err := twin.Model().EstimateLaw(t.Context(), twin.State.Average, twin.Data.States, 1024, c.Seed)
			if err != nil {
				t.Fatal(err)
			}
			if !traintest.Near(*row.JSNats, e.JSNats, 1e-12) || !traintest.Near(*row.PSilent, e.PSilent, 1e-12) {
				t.Errorf("step %d: distance %g, P(silent) %g, want %g and %g", i+1, *row.JSNats, *row.PSilent, e.JSNats, e.PSilent)
			}
		}
	}
}

// Each row names the objective of its step's stage.
func TestRowsOfStages(t *testing.T) {
	c := traintest.Leaky(traintest.Small(t, 1, 2)).WithObjective(training.ObjectiveStaged)
	c.Past, c.Expectation, c.Iterations, c.Batch = 3, training.Batch, 20, 4
	r, tr := create(t, c), traintest.Trainer(t, c, traintest.Builtin(t, 1, 2))
	var got []string
	if err := r.Train(t.Context(), tr, time.Now, func(row training.Row) { got = append(got, row.Objective) }); err != nil {
		t.Fatal(err)
	}
	want := slices.Concat(slices.Repeat([]string{"likelihood"}, 16), slices.Repeat([]string{"conditional"}, 3), []string{"wgan"})
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// Seconds count from the call that trains.
func TestSecondsOfRows(t *testing.T) {
	c := traintest.Small(t, 2, 1)
	c.Iterations = 3
	r, tr := create(t, c), traintest.Trainer(t, c, traintest.Builtin(t, 2, 1))
	at := &clock{at: time.Unix(1000, 0)}
	var got []float64
	err := r.Train(t.Context(), tr, at.now, func(row training.Row) {
		got = append(got, row.Seconds)
		at.at = at.at.Add(2 * time.Second)
	})
	if err != nil || !slices.Equal(got, []float64{0, 2, 4}) {
		t.Errorf("seconds %v, %v", got, err)
	}
}

// Wherever a run is stopped, the resumed one has every row of an undisturbed one, once: a
// row of the checkpoint's own step stays, and those beyond it are written again.
func TestRowsOfAResumedRun(t *testing.T) {
	c := traintest.Small(t, 2, 1)
	c.Iterations = 60
	whole := create(t, c)
	if err := whole.Train(t.Context(), traintest.Trainer(t, c, traintest.Builtin(t, 2, 1)), time.Now, func(training.Row) {}); err != nil {
		t.Fatal(err)
	}
	want := rows(t, whole)
	for _, at := range []int{1, 9, 10, 11, 20, 50, 59} {
		for _, beyond := range []bool{false, true} {
			r := create(t, c)
			stop := errors.New("stop")
			ctx, cancel := context.WithCancelCause(t.Context())
			err := r.Train(ctx, traintest.Trainer(t, c, traintest.Builtin(t, 2, 1)), time.Now, func(row training.Row) {
				if row.Step == at {
					cancel(stop)
				}
			})
			if err != stop {
				t.Fatalf("stopped at %d: %v", at, err)
			}
			if beyond { // rows that were written before the checkpoint that was lost with them
				for _, row := range want {
					if row.Step > at && row.Step <= at+10 {
						appendRow(t, r, row)
					}
				}
			}
			s, err := r.Latest()
			if err != nil || s.Step != at {
				t.Fatalf("the last checkpoint: %v, %v", s, err)
			}
			tr := traintest.Trainer(t, c, traintest.Builtin(t, 2, 1))
			if err := tr.Restore(s); err != nil {
				t.Fatal(err)
			}
			if err := r.Train(t.Context(), tr, time.Now, func(training.Row) {}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, rows(t, r)); diff != "" {
				t.Errorf("stopped at %d, rows beyond %v: %s", at, beyond, diff)
			}
		}
	}
}

func appendRow(t *testing.T, r *runs.Dir, row training.Row) {
	t.Helper()
	raw, err := json.Marshal(row)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(r.Path, "metrics.jsonl"), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(append(raw, '\n')); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// Checkpoints are written at the beginning, every 100 steps, after 30 seconds, where a run is
// stopped and at its end; the last three stay. Where a step waits for a service, each has one.
func TestCheckpoints(t *testing.T) {
	for _, k := range []struct {
		name       string
		iterations int
		beat       time.Duration // of the clock, which is looked at twice a step
		stop       int
		backend    string
		want       []string
	}{
		{"the beginning and the end", 40, 0, 0, "", []string{"", "40"}},
		{"stopped", 40, 0, 7, "", []string{"", "7"}},
		{"every 100", 250, 0, 0, "", []string{"100", "200", "250"}},
		{"every 30 s", 40, 0, 0, "slow", []string{"24", "36", "40"}},
		{"a service", 6, 0, 0, "service:device", []string{"4", "5", "6"}},
		{"measured here", 6, 0, 0, "noisy", []string{"", "6"}},
	} {
		t.Run(k.name, func(t *testing.T) {
			c := traintest.Small(t, 2, 1)
			c.Iterations, c.Batch = k.iterations, 2
			var e training.Measurer
			if k.backend != "" && k.backend != "slow" {
				c.Backend, c.Gradient, c.Shots = k.backend, training.GradientSPSA, 8
				e = shots.NewEstimator(c, &sim.Simulator{Workers: 1})
			}
			tr, err := training.New(c, traintest.Builtin(t, 2, 1), &sim.Simulator{Workers: 1}, e)
			if err != nil {
				t.Fatal(err)
			}
			r := create(t, c)
			at := &clock{at: time.Unix(0, 0)}
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			stop := errors.New("stop")
			err = r.Train(ctx, tr, at.now, func(row training.Row) {
				if k.backend == "slow" {
					at.at = at.at.Add(2500 * time.Millisecond)
				}
				if row.Step == k.stop {
					cancel(stop)
				}
			})
			if k.stop == 0 && err != nil || k.stop > 0 && err != stop {
				t.Fatal(err)
			}
			if got := files(t, r); !slices.Equal(got, k.want) {
				t.Errorf("checkpoints %q, want %q", got, k.want)
			}
			for i, step := range files(t, r) {
				if i > 0 && step == files(t, r)[i-1] {
					t.Errorf("two of step %s", step)
				}
			}
		})
	}
}

// The row of a measured step tells what it measured, and of its gradient's length and errors.
func TestRowsFromShots(t *testing.T) {
	c := traintest.Small(t, 2, 1)
	c.Iterations, c.Batch, c.Gradient, c.Shots = 2, 4, training.GradientShift, 30
	e := shots.NewEstimator(c, &sim.Simulator{Workers: 1})
	tr, err := training.New(c, traintest.Builtin(t, 2, 1), &sim.Simulator{Workers: 1}, e)
	if err != nil {
		t.Fatal(err)
	}
	var before training.Usage
	err = create(t, c).Train(t.Context(), tr, time.Now, func(row training.Row) {
		length, byShots, byLatents := e.Last().Norms()
		used := tr.State.Used
		want := &training.MeasuredRow{Gradient: length, ShotError: byShots, LatentError: byLatents, Circuits: used.Circuits - before.Circuits, Shots: used.Shots - before.Shots}
		if diff := cmp.Diff(want, row.MeasuredRow); diff != "" || row.Circuits == 0 || row.Shots != 30*row.Circuits {
			t.Errorf("step %d: %s", row.Step, diff)
		}
		before = used
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A generator has collapsed when 10 monitored steps in a row saw less than a hundredth of the
// recording's activity; one that was alive between them begins anew.
func TestCollapsedInARow(t *testing.T) {
	c := traintest.Small(t, 1, 1)
	c.Iterations, c.GeneratorLR, c.LatentTrained, c.LatentScale = 520, 1e-12, false, 0
	for _, k := range []struct {
		alive int // the step before whose monitoring it is
		stops int // 0: never
	}{{0, 450}, {100, 0}, {1000, 450}} {
		tr := traintest.Trainer(t, c, traintest.Builtin(t, 1, 1))
		clear(tr.State.Params)
		clear(tr.State.Average)
		last := 0
		err := create(t, c).Train(t.Context(), tr, time.Now, func(row training.Row) {
			last = row.Step
			clear(tr.State.Average)
			if row.Step == k.alive-1 {
				for i := range tr.State.Average {
					tr.State.Average[i] = 1
				}
			}
		})
		if k.stops == 0 && err != nil || k.stops > 0 && (!errors.Is(err, training.ErrCollapsed) || last != k.stops-1) {
			t.Errorf("alive at %d: after step %d: %v", k.alive, last, err)
		}
	}
}

// A measured run that is stopped goes on with the means of what it measured, from which
// shots and shifted symbols are chosen, and ends as an undisturbed one.
func TestResumedFromShots(t *testing.T) {
	for name, change := range map[string]func(*training.Config){
		"allocated": func(c *training.Config) { c.Gradient, c.Shots, c.MaxShots = training.GradientShift, 8, 4000 },
		"guided":    func(c *training.Config) { c.Gradient, c.Shots = training.GradientGuided, 40 },
	} {
		c := traintest.Small(t, 2, 1)
		c.Iterations, c.Batch = 8, 3
		change(&c)
		ends := map[bool]*training.State{}
		for _, stopped := range []bool{false, true} {
			r, stop := create(t, c), errors.New("stop")
			for {
				tr, err := training.New(c, traintest.Builtin(t, 2, 1), &sim.Simulator{Workers: 1}, shots.NewEstimator(c, &sim.Simulator{Workers: 1}))
				if err != nil {
					t.Fatal(err)
				}
				s, err := r.Latest()
				if err != nil {
					t.Fatal(err)
				}
				if s != nil {
					if err := tr.Restore(s); err != nil {
						t.Fatal(err)
					}
				}
				ctx, cancel := context.WithCancelCause(t.Context())
				err = r.Train(ctx, tr, time.Now, func(row training.Row) {
					if stopped && row.Step%3 == 0 {
						cancel(stop)
					}
				})
				cancel(nil)
				if err == nil {
					ends[stopped] = tr.State
					break
				} else if err != stop {
					t.Fatal(err)
				}
			}
		}
		if diff := cmp.Diff(ends[false], ends[true]); diff != "" || len(ends[false].Derivatives) == 0 {
			t.Errorf("%s: the resumed run ends elsewhere: %s", name, diff)
		}
	}
}
