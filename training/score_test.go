package training

import (
	"math"
	"slices"
	"testing"

	"qgan/backends/sim"
	"qgan/metrics"
	"qgan/metrics/spikes"
)

// halfData are the first neurons of the built-in recording, the odd repeats trained on.
func halfData(t *testing.T, n, steps int) *Data {
	t.Helper()
	r, err := spikes.Builtin().Select([]int{0, 1, 2, 3}[:n])
	if err != nil {
		t.Fatal(err)
	}
	rec, err := metrics.NewRecording(r, "odd")
	if err != nil {
		t.Fatal(err)
	}
	d, err := DataOf(rec, steps)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The best parameters are those with the smallest score since the stage began.
func TestChoose(t *testing.T) {
	type look struct {
		step  int
		score float64 // NaN: none
		since int
	}
	none := math.NaN()
	for name, k := range map[string]struct {
		looks []look
		want  int
	}{
		"none scored":               {[]look{{1, none, 0}, {50, none, 0}}, 0},
		"the smallest":              {[]look{{1, 3, 0}, {50, 1, 0}, {100, 2, 0}}, 50},
		"the first of equals":       {[]look{{1, 1, 0}, {50, 1, 0}}, 1},
		"a look without score":      {[]look{{1, 3, 0}, {50, none, 0}}, 1},
		"a stage begins anew":       {[]look{{50, 1, 0}, {100, 5, 50}, {150, 4, 50}}, 150},
		"the end of a stage is its": {[]look{{50, 2, 0}, {100, 1, 0}, {150, 3, 100}}, 150},
		"a stage without score":     {[]look{{50, 1, 0}, {100, none, 50}}, 0},
	} {
		s := &State{Average: []float64{0}}
		for _, l := range k.looks {
			s.Step, s.Average[0] = l.step, float64(l.step)
			var score *float64
			if l.score == l.score {
				score = &l.score
			}
			s.choose(score, l.since, true)
		}
		params, step := s.Judged()
		if s.Best.Step != k.want || s.Best.HeldOut != (k.want > 0) {
			t.Errorf("%s: the best is that of step %d, want %d", name, s.Best.Step, k.want)
		}
		want := k.want
		if want == 0 {
			want = k.looks[len(k.looks)-1].step
		}
		if step != want || params[0] != float64(want) {
			t.Errorf("%s: judged by the parameters %v of step %d, want those of step %d", name, params, step, want)
		}
	}
}

// A score is of the repeats held out: of a generator with memory the mean -ln p of a bin
// given those before, of others the divergence.
func TestScore(t *testing.T) {
	for name, k := range map[string]struct {
		n, steps int
		change   func(*Config)
	}{
		"one bin":           {3, 1, func(*Config) {}},
		"latent vector":     {2, 2, func(*Config) {}},
		"memory of windows": {2, 3, func(c *Config) { *c = c.WithMemory(MemoryLeaky) }},
		"memory, untied":    {2, 3, func(c *Config) { *c = c.WithMemory(MemoryBits); c.Tied = false }},
		"runs on": {2, 3, func(c *Config) {
			*c = c.WithMemory(MemoryLeaky)
			c.Past, c.Expectation, c.Batch = 4, Batch, 1<<20
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c, d := testConfig(t, k.n, k.steps), halfData(t, k.n, k.steps)
			k.change(&c)
			c.Layers = 2
			tr, err := New(c, d, &sim.Simulator{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			got, err := tr.model.Monitor(t.Context(), tr.State.Average, d, 1)
			if err != nil {
				t.Fatal(err)
			}
			if got.Score == nil || (got.JS == nil) != (c.Past > 0) {
				t.Fatalf("%+v", got)
			}
			law := func(s *metrics.States) *LawEstimate {
				e, err := tr.model.EstimateLaw(t.Context(), tr.State.Average, s, monitorLatents, 1)
				if err != nil {
					t.Fatal(err)
				}
				return e
			}
			want := 0.0
			switch g, memory := tr.model.(*Recurrent); {
			case c.Past > 0:
				want = slowSurprise(t, g, tr.State.Average, d.Held.Windows)
			case memory:
				want = -d.Held.States.LogLikelihoodSeen(law(d.Held.States).Seen)
			default:
				want = law(d.Held.States).JSNats
			}
			if math.Abs(*got.Score-want) > 1e-12*(1+want) {
				t.Errorf("score %.15g, want %.15g", *got.Score, want)
			}
			if got.JS != nil && math.Abs(*got.JS-law(d.States).JSNats) > 1e-12 {
				t.Errorf("divergence %g, that of the repeats trained on is %g", *got.JS, law(d.States).JSNats)
			}
		})
	}
}

// slowSurprise takes the mean -ln p of the bins that have a whole past, one by one.
func slowSurprise(t *testing.T, g *Recurrent, params []float64, w spikes.Windows) float64 {
	t.Helper()
	sum, count := 0.0, 0
	law := make([]float64, g.words())
	for rep := range w.Repeats {
		var past []uint32
		for b := range w.Bins {
			if b >= g.past {
				if err := g.laws(t.Context(), params, []history{{past[b-g.past:], 0}}, law); err != nil {
					t.Fatal(err)
				}
				sum -= math.Log(law[w.Word(rep, b)])
				count++
			}
			past = append(past, w.Word(rep, b))
		}
	}
	return sum / float64(count)
}

// A score that is not summed over all windows is of bins that lie evenly over the
// recording, at each place of a window as often.
func TestSpread(t *testing.T) {
	c := testConfig(t, 2, 3).WithMemory(MemoryLeaky)
	d := testData(t, 2, 3)
	for _, past := range []int{0, 4} {
		c.Past = past
		g := newRecurrent(c)
		p := newPairs(g, d, 330)
		repeats, circuits := map[*uint32]int{}, map[int]int{}
		for _, e := range p.spread() {
			repeats[&e.repeat[0]]++
			circuits[len(e.past)]++
			if !slices.Equal(e.past, e.repeat[e.start:e.bin]) || past > 0 && len(e.past) != past {
				t.Errorf("past %d: %+v", past, e)
			}
		}
		least, most := 330, 0
		for _, n := range repeats {
			least, most = min(least, n), max(most, n)
		}
		if len(repeats) != len(p.repeats) || most-least > 1 {
			t.Errorf("past %d: %d to %d bins of each of %d repeats of %d", past, least, most, len(repeats), len(p.repeats))
		}
		if past == 0 && (circuits[0] != 110 || circuits[1] != 110 || circuits[2] != 110) {
			t.Errorf("bins by their place in the window: %v", circuits)
		}
	}
}

// watcher keeps what a training hands over.
type watcher struct {
	rows  []Row
	state State
}

func (w *watcher) Keep(rows []Row, s *State) error {
	w.rows, w.state = append(w.rows, rows...), *s
	return nil
}

// A training keeps the averaged parameters of the step that scored best, of its last stage.
func TestBestIsKept(t *testing.T) {
	for _, o := range []Objective{ObjectiveWGAN, ObjectiveStaged} {
		t.Run(string(o), func(t *testing.T) {
			c := testConfig(t, 2, 2).WithMemory(MemoryLeaky).WithObjective(o)
			c.Layers, c.Iterations, c.GeneratorLR, c.Average = 1, 600, 0.2, 0.9
			tr, err := New(c, halfData(t, 2, 2), &sim.Simulator{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			since := tr.stages[len(tr.stages)-1].first
			averages := map[int][]float64{}
			w := &watcher{}
			if err := tr.Train(t.Context(), w, nil, func(r Row) { averages[r.Step] = slices.Clone(tr.State.Average) }); err != nil {
				t.Fatal(err)
			}
			best := Row{}
			for _, r := range w.rows {
				if r.Score != nil && r.Step > since && (best.Score == nil || *r.Score < *best.Score) {
					best = r
				}
			}
			b := w.state.Best
			if best.Score == nil || b.Step != best.Step || b.Score != *best.Score || !b.HeldOut || !slices.Equal(b.Params, averages[b.Step]) {
				t.Errorf("kept step %d with score %v (held out %v), the rows say %d with %v", b.Step, b.Score, b.HeldOut, best.Step, *best.Score)
			}
			if o == ObjectiveWGAN && b.Step == c.Iterations {
				t.Error("the last step is the best: it tells nothing")
			}
		})
	}
}
