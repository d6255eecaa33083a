package score

import (
	"fmt"
	"math"
	"slices"

	"qgan/metrics"
)

// Group is what several figures are about. Figures of a group tell much the same, as those
// of neighbouring lags do, so a group has one vote where two scores are compared, however
// many figures it has.
type Group struct {
	Name string
	Text string // what it is, in a phrase
	Unit string // of what tables show of it; "": the excess, which has none

	figures func() []Figure
}

// Groups are those of [Figures], in the order in which they are shown.
func Groups() []Group {
	return []Group{
		{likelihoodGroup, "how likely the judging half is under the model", "nats/bin", likelihoods},
		{"rates", "how often each cell fires", "", rates},
		{"population counts", "how many cells fire in a bin, and spikes in windows", "", populations},
		{"silences and bursts", "runs of bins without and with a spike", "", runs},
		{"pair covariances", "what two cells have in common in a bin", "", pairFigures},
		{"lagged covariances", "what a cell tells of another one 1 to 20 bins later", "", func() []Figure { return lagFigures(false) }},
		{"autocovariances", "what a cell tells of itself 1 to 20 bins later", "", func() []Figure { return lagFigures(true) }},
		{"intervals", "inter-spike intervals and the scatter of counts", "", intervals},
		{"stimulus", "PSTHs and their correlations", "", stimuli},
		{"noise correlations", "what cells have in common beyond the stimulus", "", noises},
		{"words", "which cells fire together", "", wordFigures},
	}
}

// Figures is the table of figures, in the order in which they are shown. Those that
// vectors of other programs hold have their names.
func Figures() []Figure {
	var out []Figure
	for _, g := range Groups() {
		for _, f := range g.figures() {
			f.Group = g.Name
			out = append(out, f)
		}
	}
	return out
}

// GroupValue is what a score has of a group. Groups without a value are left out.
type GroupValue struct {
	Name    string `json:"name"`
	Figures int    `json:"figures"` // that have a value
	Seen    int    `json:"seen"`    // those that are [Value.Seen]
	// Excess is the median of those of the figures; nil: none has one.
	Excess *float64 `json:"excess"`
}

// groupValues are those of a score's values.
func groupValues(values []Value) []GroupValue {
	var out []GroupValue
	figures := Figures()
	for _, g := range Groups() {
		x := GroupValue{Name: g.Name}
		var excess []float64
		for k, v := range values {
			if figures[k].Group != g.Name || v.Value == nil {
				continue
			}
			x.Figures++
			if v.Excess != nil {
				excess = append(excess, *v.Excess)
			}
			if v.Seen() {
				x.Seen++
			}
		}
		if len(excess) > 0 {
			slices.Sort(excess)
			x.Excess = metrics.FiniteOrNil(metrics.Quantile(excess, 0.5))
		}
		if x.Figures > 0 {
			out = append(out, x)
		}
	}
	return out
}

// Against says in which groups a baseline is better than a score, in which it is worse, and
// in which neither is. Where both medians of excess are at most 1, as those of perfect
// samples are, neither is; otherwise the smaller one is better. A group without an excess
// goes to the one that is better at more of its figures.
type Against struct {
	Baseline string   `json:"baseline"`
	Better   []string `json:"better"`
	Worse    []string `json:"worse"`
	Even     []string `json:"even"`
	Lacks    string   `json:"lacks,omitempty"` // what the baseline has none of by construction
}

// good is the excess up to which a median is one of perfect samples.
const good = 1

// Against compares a baseline with the score, group by group.
func (s *Score) Against(baseline *Score) Against {
	out := Against{baseline.Name, []string{}, []string{}, []string{}, Lacks(baseline.Name)}
	for _, g := range Groups() {
		place := func(g string, of []GroupValue) int {
			return slices.IndexFunc(of, func(v GroupValue) bool { return v.Name == g })
		}
		i, k := place(g.Name, s.Groups), place(g.Name, baseline.Groups)
		if i < 0 || k < 0 {
			continue
		}
		gap := 0.0 // above 0 where the baseline is better
		switch own, other := s.Groups[i].Excess, baseline.Groups[k].Excess; {
		case own == nil || other == nil:
			wins, losses := baseline.wins(s, g.Name)
			gap = float64(wins - losses)
		case max(*own, *other) > good:
			gap = *own - *other
		}
		switch {
		case gap > 0:
			out.Better = append(out.Better, g.Name)
		case gap < 0:
			out.Worse = append(out.Worse, g.Name)
		default:
			out.Even = append(out.Even, g.Name)
		}
	}
	return out
}

// wins counts the figures of a group at which a score is better and worse than another.
func (s *Score) wins(other *Score, group string) (wins, losses int) {
	for k, f := range Figures() {
		if f.Group != group {
			continue
		}
		a, b := f.badness(s.Values[k]), f.badness(other.Values[k])
		switch {
		case math.IsNaN(a) || math.IsNaN(b):
		case a < b:
			wins++
		case a > b:
			losses++
		}
	}
	return wins, losses
}

// likelihoodGroup has a value in place of an excess.
const likelihoodGroup = "likelihood"

// GroupRow are the median excesses of scores in a group, as a table shows them: of the
// likelihood, which has none, ln p of a bin.
func GroupRow(group string, scores []*Score) []string {
	out := make([]string, len(scores))
	for i, s := range scores {
		out[i] = "–"
		for _, g := range s.Groups {
			if g.Name == group && g.Excess != nil {
				out[i] = fmt.Sprintf("%.1f", *g.Excess)
			}
		}
		for _, v := range s.Values {
			if group == likelihoodGroup && v.Name == logLikelihood && v.Value != nil {
				out[i] = fmt.Sprintf("%.4g", *v.Value)
			}
		}
	}
	return out
}
