package assess

import (
	"math"
	"strings"
	"testing"

	"qgan/metrics"
	"qgan/metrics/spikes"
)

// pairs is a recording in three of whose repeats two cells fire
// together, in the fourth one of them alone.
func pairs(t *testing.T, choice string) *metrics.Recording {
	t.Helper()
	r := spikes.NewRaster(4, 20, 2, 0.02)
	for rep := range 4 {
		for b := range 20 {
			if b%4 == 0 {
				r.SetWord(rep, b, uint32(3-2*(rep/3)))
			}
		}
	}
	rec, err := metrics.NewRecording(r, choice)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

// What decides is the divergence where it says something, else the likelihood, else the
// figures in time, on the repeats held out where there are any.
func TestStanding(t *testing.T) {
	models := func(independent, ising, heldIndependent, heldIsing float64) []metrics.BaselineResult {
		return []metrics.BaselineResult{
			{Name: "silent", JS: new(9.)},
			{Name: "independent", JS: &independent, JSHeldOut: &heldIndependent},
			{Name: "ising", JS: &ising, JSHeldOut: &heldIsing},
		}
	}
	both := models(0.4, 0.2, 0.8, 0.6)
	figures := func(values ...float64) []metrics.TimeFigure {
		var out []metrics.TimeFigure
		for _, v := range values {
			out = append(out, metrics.TimeFigure{Value: &v})
		}
		return out
	}
	silent := metrics.TimeFigure{Value: new(0.5), Data: new(0.4)}
	silentIndependent := metrics.TimeFigure{Value: new(0.2), Data: new(0.4)}
	independent := []metrics.TimeResult{{Name: "split-half", Figures: figures(0, 0, 0)}, {Name: "independent-in-time", Figures: append(figures(1, 1), silentIndependent)}}
	for name, k := range map[string]struct {
		choice     string
		law        Law
		baselines  []metrics.BaselineResult
		own        metrics.TimeResult
		references []metrics.TimeResult
		by, want   string
	}{
		"nearer": {"", Law{JS: new(0.1)}, both, metrics.TimeResult{}, nil, "js",
			"JS 0.1 nats on the repeats trained on: better than independent cells (0.4) and an Ising model (0.2)"},
		"between": {"", Law{JS: new(0.3)}, both, metrics.TimeResult{}, nil, "js",
			"JS 0.3 nats on the repeats trained on: better than independent cells (0.4), not better than an Ising model (0.2)"},
		"further": {"", Law{JS: new(0.5)}, both, metrics.TimeResult{}, nil, "js",
			"JS 0.5 nats on the repeats trained on: not better than independent cells (0.4) and an Ising model (0.2)"},
		"equal": {"", Law{JS: new(0.2)}, both, metrics.TimeResult{}, nil, "js",
			"JS 0.2 nats on the repeats trained on: better than independent cells (0.4), not better than an Ising model (0.2)"},
		"held out": {"1:4", Law{JS: new(0.1), HeldOut: new(0.7)}, both, metrics.TimeResult{LogLikelihood: new(-1.)}, nil, "js",
			"JS 0.7 nats on the repeats held out: better than independent cells (0.8), not better than an Ising model (0.6)"},
		"within its error": {"", Law{JS: new(0.19), StdErr: new(0.006)}, both, metrics.TimeResult{}, nil, "js",
			"JS 0.19 nats on the repeats trained on: better than independent cells (0.4), better or not than an Ising model (0.2), which the errors don't tell"},
		"of draws": {"", Law{JS: new(0.45), Null: new(0.1)}, both, metrics.TimeResult{}, nil, "js",
			"JS 0.45 nats on the repeats trained on: not better than an Ising model (0.2), better or not than independent cells (0.4), which the errors don't tell"},
		"a high floor": {"", Law{JS: new(0.1), Floor: new(0.21)}, both, metrics.TimeResult{LogLikelihood: new(-0.3)}, nil, "loglik",
			"ln p of a bin -0.3 nats on the repeats trained on: better than independent cells (-1.06), better than"},
		"too few draws": {"", Law{JS: new(0.1), Null: new(0.21)}, both, metrics.TimeResult{LogLikelihood: new(-9.)}, nil, "loglik",
			"ln p of a bin -9 nats on the repeats trained on: not better than independent cells ("},
		"no law": {"1:4", Law{}, both, metrics.TimeResult{LogLikelihood: new(-0.3)}, nil, "loglik",
			"ln p of a bin -0.3 nats on the repeats held out: better than"},
		"a law of windows alone": {"1:3", Law{JS: new(0.1), HeldOut: new(0.1), Floor: new(0.5), LogLikelihood: new(-9.), LogLikelihoodHeldOut: new(-0.2)}, both, metrics.TimeResult{}, nil, "loglik",
			"ln p of a bin -0.2 nats on the repeats held out: better than"},
		"no Ising": {"", Law{JS: new(0.1)}, both[:2], metrics.TimeResult{Figures: append(figures(0.5, 2), silent)}, independent, "time",
			"better than independent bins: nearer to the repeats trained on in 2 of 3 figures in time"},
		"worse in time": {"1:3", Law{}, nil, metrics.TimeResult{Figures: figures(2, 2, 0)}, independent, "time",
			"not better than independent bins: nearer to the repeats held out in 1 of 3 figures in time"},
		"nothing": {"", Law{}, nil, metrics.TimeResult{}, nil, "", "nothing here says whether it is better than independent cells"},
	} {
		got, err := standing(pairs(t, k.choice), &k.law, k.baselines, k.own, k.references)
		if err != nil {
			t.Fatal(err)
		}
		if got.By != k.by {
			t.Errorf("%s: by %q, want %q", name, got.By, k.by)
		}
		if whole := k.by == "js" || k.by == "time"; whole && got.Sentence != k.want || !strings.HasPrefix(got.Sentence, strings.TrimSuffix(k.want, " (-1.06), better than")) {
			t.Errorf("%s: %s\nwant %s", name, got.Sentence, k.want)
		}
	}
}

// The likelihoods compared with are those of models of single bins, fitted to the repeats
// trained on and taken of those held out.
func TestStandingByLikelihood(t *testing.T) {
	const p = 0.25 // of a cell in the repeats trained on; together as above
	for _, k := range []struct {
		choice string
		want   float64 // of independent cells
	}{
		{"0:3", p*(math.Log(p)+math.Log(1-p)) + (1-p)*2*math.Log(1-p)}, // the fourth alone is held out
		{"1:3", p*(math.Log(p)+math.Log(1-p))/2 + p*2*math.Log(p)/2 + (1-p)*2*math.Log(1-p)},
	} {
		got, err := standing(pairs(t, k.choice), &Law{}, nil, metrics.TimeResult{LogLikelihood: new(k.want + 1e-9)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if x := got.Models[0]; x.Name != "independent" || math.Abs(x.Value-k.want) > 1e-12 || !*x.Beaten {
			t.Errorf("%s: %+v, want %v and beaten", k.choice, x, k.want)
		}
	}
	got, err := standing(pairs(t, ""), &Law{}, nil, metrics.TimeResult{LogLikelihood: new(-0.9)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ising := got.Models[1] // of two cells, their own law: words 3, 1 and 0
	if want := 3./16*math.Log(3./16) + 1./16*math.Log(1./16) + 3./4*math.Log(3./4); ising.Name != "ising" || math.Abs(ising.Value-want) > 1e-6 || *ising.Beaten {
		t.Errorf("%+v, want %v and not beaten", ising, want)
	}
}

// The lines of parameters reach to 20 neurons, and further where the recording has more.
func TestParameterLinesReach(t *testing.T) {
	for neurons, want := range map[int]int{2: 20, 20: 20, 21: 21, 70: 70} {
		r := spikes.NewRaster(1, 4, neurons, 0)
		s := &Subjects{Recording: &metrics.Recording{All: r, Train: r}, Timesteps: 2}
		for _, l := range s.parameterLines() {
			if len(l.Neurons) != want || len(l.Count) != want || l.Neurons[want-1] != want {
				t.Errorf("%d neurons: the line %q has %v", neurons, l.Name, l.Neurons)
			}
		}
		if paper := s.parameterLines()[0]; paper.Count[want-1] != float64(16*want) {
			t.Errorf("%d neurons: %s ends at %g", neurons, paper.Name, paper.Count[want-1])
		}
	}
}
