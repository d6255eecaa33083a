package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"qgan/metrics"
)

// verdict says in words what the numbers show, and what they don't. It says nothing
// that is not a comparison of numbers of the input.
func (in *Input) verdict() (shows, not []string) {
	_, t := in.shape()
	for i := range in.Models {
		m := &in.Models[i]
		if m.Standing != "" {
			shows = append(shows, m.Name+", "+m.Standing+".")
		}
		shows = append(shows, in.lawVerdict(m))
		if s := in.silenceVerdict(m); s != "" {
			shows = append(shows, s)
		}
		if s := in.timeVerdict(m); s != "" {
			shows = append(shows, s)
		}
	}
	if s := in.baseline("silent"); s != nil && *s < 0.2 {
		not = append(not, fmt.Sprintf("A small divergence alone: a generator that never fires is at %s nats, because spikes are rare. Compare with the models in the table.", number(*s)))
	}
	if t == 1 && !slices.ContainsFunc(in.Models, Model.runsOn) {
		not = append(not, "Anything about time: windows of one bin have no order, and a generator of them draws its bins independently.")
	}
	if in.HeldOut {
		not = append(not, "What was fitted to the repeats trained on is measured against the others where a column says held out; everything else is in sample.")
	} else {
		not = append(not, "How a model does on repeats that it has not seen: models and baselines are compared with the windows that they were fitted to, except in the columns held out. More parameters fit better in sample.")
	}
	if len(in.whole()) > 0 {
		not = append(not, "What another stimulus would do: models of whole repeats know the time in this one, and a rate for each neuron and bin of it.")
	} else if in.DataWindows.Raster != nil && in.DataWindows.Repeats > 1 {
		not = append(not, "What the stimulus does: the recording repeats one, the models are not told its time, and their rate is the same in every bin.")
	}
	not = append(not, "Independent samples: windows of the recording overlap, so that their number is not a sample size. The divergence of the odd from the even repeats says what the recording itself leaves open; a model that smooths can be nearer.")
	return shows, not
}

// runsOn reports whether samples are longer than a bin.
func (m Model) runsOn() bool { return m.Samples != nil && m.Samples.Bins > 1 }

// baseline is the divergence of one of the baselines; nil: not known.
func (in *Input) baseline(name string) *float64 {
	for _, b := range in.Baselines {
		if b.Name == name && b.JS != nil && finite(*b.JS) {
			return b.JS
		}
	}
	return nil
}

// lawVerdict places a model's divergence among the baselines, the recording's halves and what is perfect.
func (in *Input) lawVerdict(m *Model) string {
	if !m.JSValid {
		return fmt.Sprintf("%s: its divergence is %s.", m.Name, m.jsText())
	}
	text := fmt.Sprintf("%s is at %s from the recording's law of windows", m.Name, m.jsText())
	if metrics.Saturated(m.JSNats) {
		text += fmt.Sprintf(", which is saturated: the largest divergence there is is ln 2, %s nats, and so near it says not how far off the model is", number(math.Ln2))
	}
	if m.Null > 0 {
		switch {
		case m.JSNats <= m.Null+2*max(m.JSStdErr, 0):
			text += fmt.Sprintf(", which is what as many draws of the recording's own law score (%s): so many samples can't tell it from the recording", number(m.Null))
		default:
			text += fmt.Sprintf(", of which about %s is due to the number of samples", number(m.Null))
		}
	}
	if x := m.Perfect; x != nil && finite(*x) && *x > 0 {
		text += fmt.Sprintf("; a perfect model is expected to score %s", number(*x))
	}
	if f := in.Floor; f != nil && *f > 0 {
		switch ratio := m.JSNats / *f; {
		case ratio > 0.95 && ratio < 1.05:
			text += fmt.Sprintf("; as far as the recording's halves are from each other, %s nats", number(*f))
		case ratio <= 1:
			text += fmt.Sprintf("; nearer than the recording's halves, which differ by %s nats", number(*f))
		case ratio < 1.995:
			text += fmt.Sprintf("; %.2g times as far as the recording's halves, which differ by %s nats", ratio, number(*f))
		default:
			text += fmt.Sprintf("; %s times as far as the recording's halves, which differ by %s nats", number(ratio), number(*f))
		}
	}
	var nearer, open, farther []string
	for _, b := range in.Baselines {
		// A table with an entry for each window is the recording's law itself.
		if b.JS == nil || !finite(*b.JS) || *b.JS < 1e-12 || b.Name == "split-half" || b.Name == "uniform" {
			continue
		}
		name := strings.ReplaceAll(b.Name, "-", " ")
		switch {
		case m.JSNats < *b.JS:
			nearer = append(nearer, name)
		case m.JSNats-m.Null < *b.JS: // without what the samples add
			open = append(open, name)
		default:
			farther = append(farther, name)
		}
	}
	if len(nearer) > 0 {
		text += "; nearer than " + listed(nearer)
	}
	if len(open) > 0 {
		text += "; nearer or not than " + listed(open) + ", so many samples don't tell"
	}
	if len(farther) > 0 {
		text += "; not nearer than " + listed(farther)
	}
	return text + "."
}

// silenceVerdict compares the probability of a silent window, whose collapse is the
// commonest failure.
func (in *Input) silenceVerdict(m *Model) string {
	p, want := m.Summary.PSilent, in.Data.PSilent
	if m.Summary.Windows == 0 || in.Data.Windows == 0 || !finite(p) || !finite(want) {
		return ""
	}
	// The recording's windows overlap: as many as lie side by side are counted.
	apart := float64(in.Data.Windows) / float64(max(1, in.Data.Timesteps))
	err := math.Sqrt(want * (1 - want) * (1/float64(m.Summary.Windows) + 1/max(1, apart)))
	if math.Abs(p-want) <= 3*err {
		return fmt.Sprintf("%s is silent as often as the recording, as far as the windows tell: %s and %s of them, with a standard error of %s.", m.Name, number(p), number(want), number(err))
	}
	word := "more"
	if p < want {
		word = "less"
	}
	return fmt.Sprintf("%s is silent %s often than the recording: %s and %s of the windows.", m.Name, word, number(p), number(want))
}

// timeVerdict says whether a model carries time, by the autocorrelogram over the
// longest windows, beside independent bins and the floor.
func (in *Input) timeVerdict(m *Model) string {
	const name = "autocorrelogram-distance"
	last := func(figures []figureOf) *float64 {
		var out *float64
		for _, f := range figures {
			if f.name == name && f.value != nil && finite(*f.value) {
				out = f.value
			}
		}
		return out
	}
	own := last(figuresOf(m.Time.Figures))
	if own == nil {
		return ""
	}
	text := fmt.Sprintf("Over time, %s's autocorrelogram differs from the recording's by %s (sum over lags", m.Name, number(*own))
	var independent *float64
	for _, r := range in.References {
		if v := last(figuresOf(r.Figures)); v != nil {
			text += fmt.Sprintf("; %s %s", r.Name, number(*v))
			if r.Name == "independent-in-time" {
				independent = v
			}
		}
	}
	text += ")"
	switch {
	case independent == nil:
		return text + "."
	case *own < *independent/2:
		return text + ": it carries structure in time that independent bins lack."
	}
	return text + ": hardly nearer than independent bins, so it carries little structure in time."
}

// listed joins words as in "a, b and c".
func listed(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
