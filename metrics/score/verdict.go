package score

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"qgan/metrics"
)

// Product is the name of a generator's own circuit without the gates that entangle, as a
// baseline: what is better than it has its entanglement to thank.
const Product = "product"

// badness is what is smaller where a value is better; NaN: there is no value. A distance that
// is estimated without bias, or over part of a law, can be below 0, which is no better than
// as much above.
func (f *Figure) badness(v Value) float64 {
	switch {
	case v.Value == nil || f.Better == Nearer && v.Recording == nil:
		return math.NaN()
	case f.Better == Larger:
		return -*v.Value
	case f.Better == Nearer:
		return math.Abs(*v.Value - *v.Recording)
	}
	return math.Abs(*v.Value - f.Perfect)
}

// Best is the one of several scores that is best at the figure of that place in
// [Figures]; nil: none has a value.
func Best(figure int, scores []*Score) *Score {
	f := Figures()[figure]
	var best *Score
	least := math.NaN()
	for _, s := range scores {
		if x := f.badness(s.Values[figure]); !math.IsNaN(x) && !(x >= least) {
			best, least = s, x
		}
	}
	return best
}

// namedFigures are as many as are named in a sentence.
const namedFigures = 4

// Verdict says in sentences what a score means: which figures no perfect model's samples
// would have, which baseline is better and in which groups, what the likelihoods are,
// and where a figure says nothing.
func Verdict(s *Score, baselines []*Score) []string {
	out := []string{s.seenText()}
	if text := s.againstText(baselines); text != "" {
		out = append(out, text)
	}
	for k, v := range s.Values {
		if v.Name != logLikelihood || v.Value == nil {
			continue
		}
		text := fmt.Sprintf("A held-out bin has ln p = %.4f nats", *v.Value)
		if best := Best(k, baselines); best != nil {
			text += fmt.Sprintf(", by the best baseline, %s, %.4f", best.Name, *best.Values[k].Value)
		}
		out = append(out, text+".")
	}
	for _, v := range s.Values {
		if (v.Name == jsWords || v.Name == jsWordsExact) && v.Value != nil && metrics.Saturated(*v.Value) {
			out = append(out, fmt.Sprintf("%s is saturated: %.3f of at most ln 2 = %.3f, so that worse samples would score no worse.", v.Name, *v.Value, math.Ln2))
		}
	}
	return out
}

// seenText says which figures are beyond those of a perfect model's samples.
func (s *Score) seenText() string {
	var seen []Value
	known := 0
	for _, v := range s.Values {
		if v.Excess != nil {
			known++
		}
		if v.Seen() {
			seen = append(seen, v)
		}
	}
	if known == 0 {
		return "What a perfect model's samples score is not known here: that takes resamples, and halves of several repeats."
	}
	if len(seen) == 0 {
		return fmt.Sprintf("None of %d figures is worse than a perfect model's samples may score.", known)
	}
	slices.SortStableFunc(seen, func(a, b Value) int { return cmp.Compare(*b.Excess, *a.Excess) })
	var names, groups []string
	for _, v := range seen {
		group := groupOf(v.Name)
		if slices.Contains(groups, group) {
			continue // figures of a group tell much the same
		}
		if groups = append(groups, group); len(names) < namedFigures {
			names = append(names, fmt.Sprintf("%s (excess %.3g)", v.Name, *v.Excess))
		}
	}
	text := strings.Join(names, ", ")
	if len(seen) > len(names) {
		text = "the worst are " + text
	}
	verb := "are"
	if len(seen) == 1 {
		verb = "is"
	}
	return fmt.Sprintf("%d of %d figures, in %s, %s worse than a perfect model's samples score: %s.", len(seen), known, groupsText(len(groups)), verb, text)
}

func groupsText(n int) string {
	if n == 1 {
		return "1 group"
	}
	return fmt.Sprintf("%d groups", n)
}

// groupOf is the group of a figure.
func groupOf(name string) string {
	all := Figures()
	return all[slices.IndexFunc(all, func(f Figure) bool { return f.Name == name })].Group
}

// againstText says which baseline wins: of all the one that is better in most groups more
// than it is worse in.
func (s *Score) againstText(baselines []*Score) string {
	var best Against
	lead, numbers, product := math.MinInt, "", ""
	for _, b := range baselines {
		x := s.Against(b)
		if len(x.Better)+len(x.Worse)+len(x.Even) == 0 {
			continue
		}
		if n := len(x.Better) - len(x.Worse); n > lead {
			best, lead, numbers = x, n, s.numbersText(b)
		}
		if b.Name == Product {
			product = s.entangledText(b)
		}
	}
	if lead == math.MinInt {
		return ""
	}
	text := fmt.Sprintf("No baseline wins: the best of them, %s%s, is", best.Baseline, numbers)
	if lead > 0 {
		text = fmt.Sprintf("The baseline %s%s wins: it is", best.Baseline, numbers)
	}
	groups := len(best.Better) + len(best.Worse) + len(best.Even)
	text += fmt.Sprintf(" better in %d of %s of figures%s and worse in %d%s", len(best.Better), groupsText(groups), listText(best.Better), len(best.Worse), listText(best.Worse))
	if n := len(best.Even); n > 0 {
		text += fmt.Sprintf("; in %d neither is", n)
	}
	if best.Lacks != "" {
		text += ". By construction it has no " + best.Lacks
	}
	return text + "." + product
}

// numbersText says how many free numbers a baseline has, and the model that is judged,
// where that is known.
func (s *Score) numbersText(baseline *Score) string {
	switch {
	case baseline.Parameters == 0:
		return ""
	case s.Parameters == 0:
		return fmt.Sprintf(" (%d numbers)", baseline.Parameters)
	}
	return fmt.Sprintf(" (%d numbers, where the model has %d)", baseline.Parameters, s.Parameters)
}

// listText names some in brackets.
func listText(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " (" + strings.Join(names, ", ") + ")"
}

// entangledText says whether the words of a bin are nearer to the recording's than those
// of the circuit that does not entangle, by more than the interval tells.
func (s *Score) entangledText(product *Score) string {
	value := func(s *Score, name string) *Value {
		k := slices.IndexFunc(s.Values, func(v Value) bool { return v.Name == name && v.Value != nil })
		if k < 0 {
			return nil
		}
		return &s.Values[k]
	}
	for _, name := range []string{jsWordsExact, jsWords} {
		own, without := value(s, name), value(product, name)
		if own == nil || without == nil {
			continue
		}
		text := fmt.Sprintf("%s is %.3g with and %.3g without it (%s)", name, *own.Value, *without.Value, Product)
		bound := *own.Value
		if own.Interval != nil {
			bound = own.Interval[1]
		}
		if *without.Value <= bound {
			return " Entanglement adds nothing that is seen: " + text + "."
		}
		return " Entanglement counts: " + text + "."
	}
	return ""
}
