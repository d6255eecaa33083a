package assess

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	"qgan/metrics"
	"qgan/metrics/spikes"
)

// Standing says whether a generator, or samples, come nearer to the recording than simple
// models fitted to the repeats trained on: on the repeats held out, where there are any.
type Standing struct {
	// By is what decides: js (of the law of windows, in nats), loglik (the mean ln p of a
	// bin given those before, in nats) or time (figures in time that are nearer than those
	// of independent bins, in all Figures); empty: nothing does.
	By      string   `json:"by"`
	Repeats string   `json:"repeats"` // held out, or trained on
	Own     *float64 `json:"own"`
	Figures int      `json:"figures,omitempty"`
	Models  []Rival  `json:"models"`
	// Sentence says all that in words.
	Sentence string `json:"sentence"`
}

// Rival is a model that something is compared with.
type Rival struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	// Beaten says whether the model is further from the recording; nil: the errors don't
	// tell.
	Beaten *bool `json:"beaten"`
}

// rivals are the models compared with, in words.
var rivals = []struct{ name, words string }{{"independent", "independent cells"}, {"ising", "an Ising model"}}

// mostOfIndependent is the part of the independent model's divergence that the recording's
// own halves, and so many draws of its law, may have for divergences to say something.
const mostOfIndependent = 0.5

// standing compares by the law, or the likelihood, or the figures in time, the first that
// says something. own is the comparison in time of what is compared.
func standing(rec *metrics.Recording, law *Law, baselines []metrics.BaselineResult, own metrics.TimeResult, references []metrics.TimeResult) (Standing, error) {
	s := Standing{Repeats: "trained on", Models: []Rival{}}
	if rec.Held != nil {
		s.Repeats = "held out"
	}
	// Of a generator that doesn't run on, the likelihood is that of whole windows.
	likelihood := cmp.Or(own.LogLikelihood, s.of(law.LogLikelihood, law.LogLikelihoodHeldOut))
	switch {
	case s.byLaw(law, baselines):
	case likelihood != nil:
		if err := s.byLikelihood(rec, *likelihood); err != nil {
			return s, err
		}
	default:
		s.byTime(own, references)
	}
	s.Sentence = s.words()
	return s, nil
}

// of is the figure of the repeats that it is about.
func (s *Standing) of(trained, heldOut *float64) *float64 {
	if s.Repeats == "held out" {
		return heldOut
	}
	return trained
}

// byLaw compares divergences, and says whether they say something.
func (s *Standing) byLaw(law *Law, baselines []metrics.BaselineResult) bool {
	own, found := s.of(law.JS, law.HeldOut), map[string]float64{}
	for _, b := range baselines {
		if js := s.of(b.JS, b.JSHeldOut); js != nil {
			found[b.Name] = *js
		}
	}
	most, ok := found["independent"]
	most *= mostOfIndependent
	if _, ising := found["ising"]; own == nil || !ok || !ising || value(law.Floor) > most || value(law.Null) > most {
		return false
	}
	s.By, s.Own = "js", own
	high := *own + 2*value(law.StdErr)
	low := *own - 2*value(law.StdErr) - value(law.Null)
	for _, r := range rivals {
		js := found[r.name]
		x := Rival{Name: r.name, Value: js}
		if beaten := high < js; beaten || low >= js {
			x.Beaten = &beaten
		}
		s.Models = append(s.Models, x)
	}
	return true
}

// value is a figure, or 0 where it is absent.
func value(x *float64) float64 {
	if x == nil {
		return 0
	}
	return *x
}

// byLikelihood compares with models of single bins, whose likelihood is that of a bin
// whatever was before.
func (s *Standing) byLikelihood(rec *metrics.Recording, own float64) error {
	s.By, s.Own = "loglik", &own
	if rec.Train.Neurons > metrics.MaxCounted {
		x := independentLikelihood(rec)
		beaten := own > x
		s.Models = append(s.Models, Rival{rivals[0].name, x, &beaten})
		return nil
	}
	fitted, err := rec.Law(metrics.Trained, 1)
	if err != nil {
		return err
	}
	judge := fitted
	if rec.Held != nil {
		if judge, err = rec.Law(metrics.HeldOut, 1); err != nil {
			return err
		}
	}
	for _, r := range rivals {
		m, err := metrics.Fit(r.name, fitted)
		if err != nil {
			continue // too many neurons for a table
		}
		if x := metrics.FiniteOrNil(judge.LogLikelihoodSeen(metrics.ProbSeen(m, judge))); x != nil {
			beaten := own > *x
			s.Models = append(s.Models, Rival{r.name, *x, &beaten})
		}
	}
	return nil
}

// independentLikelihood is the mean ln p of a bin of cells that fire independently at the
// rates of the repeats trained on, in nats, on the repeats held out where there are any.
func independentLikelihood(rec *metrics.Recording) float64 {
	judge := rec.Train
	if rec.Held != nil {
		judge = rec.Held
	}
	rates := func(r *spikes.Raster) []float64 {
		return metrics.Summarize(spikes.Windows{Raster: r, T: 1}).MeanPerBin
	}
	sum, own := 0.0, rates(judge)
	for i, p := range rates(rec.Train) {
		if own[i] > 0 {
			sum += own[i] * math.Log(p)
		}
		if own[i] < 1 {
			sum += (1 - own[i]) * math.Log1p(-p)
		}
	}
	return sum
}

// byTime counts the figures in time that are nearer than those of independent bins.
func (s *Standing) byTime(own metrics.TimeResult, references []metrics.TimeResult) {
	nearer := 0
	for _, r := range references {
		if r.Name != "independent-in-time" {
			continue
		}
		for i, f := range own.Figures {
			if i >= len(r.Figures) || f.Value == nil || r.Figures[i].Value == nil {
				continue
			}
			s.Figures++
			if off(f) < off(r.Figures[i]) {
				nearer++
			}
		}
	}
	if s.Figures == 0 {
		return
	}
	x, beaten := float64(nearer), 2*nearer > s.Figures
	s.By, s.Own = "time", &x
	s.Models = append(s.Models, Rival{"independent-in-time", float64(s.Figures - nearer), &beaten})
}

// off is how far a figure in time is from the recording.
func off(f metrics.TimeFigure) float64 {
	if f.Data == nil {
		return *f.Value
	}
	return max(*f.Value-*f.Data, *f.Data-*f.Value)
}

// words say how it stands.
func (s *Standing) words() string {
	var better, worse, open []string
	for _, x := range s.Models {
		name := x.Name
		for _, r := range rivals {
			if r.name == name {
				name = r.words
			}
		}
		switch figure := fmt.Sprintf("%s (%.4g)", name, x.Value); {
		case x.Beaten == nil:
			open = append(open, figure)
		case *x.Beaten:
			better = append(better, figure)
		default:
			worse = append(worse, figure)
		}
	}
	var head string
	switch s.By {
	case "js":
		head = fmt.Sprintf("JS %.4g nats on the repeats %s", *s.Own, s.Repeats)
	case "loglik":
		head = fmt.Sprintf("ln p of a bin %.5g nats on the repeats %s", *s.Own, s.Repeats)
	case "time":
		word := "better"
		if !*s.Models[0].Beaten {
			word = "not better"
		}
		return fmt.Sprintf("%s than independent bins: nearer to the repeats %s in %d of %d figures in time", word, s.Repeats, int(*s.Own), s.Figures)
	default:
		return "nothing here says whether it is better than independent cells: there is neither a law of windows nor a likelihood, nor a figure in time"
	}
	var parts []string
	for _, p := range []struct {
		than string
		list []string
		tail string
	}{{"better than", better, ""}, {"not better than", worse, ""}, {"better or not than", open, ", which the errors don't tell"}} {
		if len(p.list) > 0 {
			parts = append(parts, p.than+" "+strings.Join(p.list, " and ")+p.tail)
		}
	}
	if len(parts) == 0 {
		return head + ", with no simple model to compare with"
	}
	text := head + ": " + strings.Join(parts, ", ")
	if s.By == "loglik" {
		text += "; models of single bins"
	}
	return text
}
