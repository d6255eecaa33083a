package report

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"qgan/metrics"
)

// MaxReferences is the number of references that the figure of statistics in time
// draws; the table has all.
const MaxReferences = len(referenceStyles)

// referenceStyles are the lines of what stands beside the models: dashed, in the
// colours of Okabe and Ito that models don't have.
var referenceStyles = [...]draw.LineStyle{
	{Color: grey, Dashes: []vg.Length{5, 2.5}},
	{Color: grey, Dashes: []vg.Length{1.2, 1.8}},
	{Color: orange, Dashes: []vg.Length{5, 1.5}},
	{Color: sky, Dashes: []vg.Length{5, 1.5}},
	{Color: orange, Dashes: []vg.Length{1.2, 1.8}},
	{Color: sky, Dashes: []vg.Length{1.2, 1.8}},
}

// timeCurve is what the figure draws of one sample.
type timeCurve struct {
	summary *metrics.TimeSummary
	lags    int // the number of lags, from 0, that are drawn; 0: all
	line    draw.LineStyle
	glyph   draw.GlyphDrawer
}

// timePanel is one panel: a statistic against lags, bins or spikes.
type timePanel struct {
	title, xlabel, ylabel string
	first                 int  // the x of the first value
	log, lags             bool // the y axis is logarithmic; the x axis has lags
	of                    func(*metrics.TimeSummary) []float64
}

// timeFigure draws the statistics in time of the recording, of the models and of
// what they are held against.
func (in *Input) timeFigure() *figure {
	f := &figure{name: "time", title: "Statistics in time", height: 640}
	switch {
	case in.DataTime == nil:
		f.missing = "The recording's statistics in time are not known."
		return f
	case in.DataTime.Timesteps < 2:
		f.missing = "Windows of one bin have no structure in time."
		return f
	}
	var curves []timeCurve
	add := func(name string, s *metrics.TimeSummary, c timeCurve, m mark) {
		if s == nil || s.Timesteps != in.DataTime.Timesteps {
			return
		}
		c.summary = s
		curves = append(curves, c)
		f.legend = append(f.legend, entry{text: name, mark: m, color: c.line.Color, dashes: c.line.Dashes, glyph: c.glyph})
	}
	for i, r := range drawable(in.References) {
		if i < MaxReferences {
			line := referenceStyles[i]
			line.Width = 1.1
			name := r.Name
			if r.Lags > 0 {
				name += fmt.Sprintf(" (fitted to lag %d)", r.Lags-1)
			}
			add(name, r.Summary, timeCurve{line: line, lags: r.Lags}, markLine)
		}
	}
	for i := range in.Models {
		m := &in.Models[i]
		add(m.Name, m.Time.Summary, timeCurve{line: draw.LineStyle{Color: modelColor(i), Width: 1.3}, glyph: glyphs[i]}, markGlyph)
	}
	add("recording", in.DataTime, timeCurve{line: draw.LineStyle{Color: black, Width: 1}, glyph: draw.RingGlyph{}}, markGlyph)
	f.caption = "Above: coincidences of a neuron's own spikes, and covariances of a bin with a later one, mean over neurons and over pairs. Middle: the latter, and the number of spikes in a window. Below: share of silent windows by their length, and the length of bursts, runs of bins with a spike, cut by the window's ends. Covariances are those within repeats, all else within windows of equal length."

	lag := "lag (" + in.binText() + ")"
	panels := []timePanel{
		{"a  autocorrelogram", lag, "coincidences per spike", 1, false, true, func(s *metrics.TimeSummary) []float64 {
			// A window has no pairs at its own length or beyond.
			half := len(s.Autocorrelogram) / 2
			return later(s.Autocorrelogram[half:min(half+s.Timesteps, len(s.Autocorrelogram))])
		}},
		{"b  lag autocovariance, mean over neurons", lag, "spikes²/bin²", 1, false, true, func(s *metrics.TimeSummary) []float64 { return later(s.LagAutocovariance) }},
		{"c  lag covariance, mean over pairs", lag, "spikes²/bin²", 0, false, true, func(s *metrics.TimeSummary) []float64 { return s.LagCovariance }},
		{"d  spikes in a window", fmt.Sprintf("K, spikes in %d bins", in.DataTime.Timesteps), "P(K)", 0, true, false, func(s *metrics.TimeSummary) []float64 { return s.SpikeCounts }},
		{"e  silent windows", "length (" + in.binText() + ")", "P(silent)", 1, true, false, func(s *metrics.TimeSummary) []float64 { return s.PSilent }},
		{"f  length of bursts", "length (" + in.binText() + ")", "P(length)", 1, true, false, func(s *metrics.TimeSummary) []float64 { return later(s.BurstLengths) }},
	}
	plots := make([][]*plot.Plot, len(panels)/2)
	for i, p := range panels {
		plots[i/2] = append(plots[i/2], p.plot(curves))
	}
	f.draw = func(c draw.Canvas) { drawTiles(c, plots, func(i int) (string, string) { return "", panels[i].title }) }
	return f
}

// later leaves the first value out.
func later(ys []float64) []float64 { return ys[min(1, len(ys)):] }

// drawable are the results that have statistics to draw.
func drawable(results []metrics.TimeResult) []metrics.TimeResult {
	var out []metrics.TimeResult
	for _, r := range results {
		if r.Summary != nil {
			out = append(out, r)
		}
	}
	return out
}

// maxGlyphs is the number of points beyond which a panel shows lines alone.
const maxGlyphs = 45

// values are those of a curve, of lags as far as the curve is drawn.
func (t timePanel) values(c timeCurve) []float64 {
	ys := t.of(c.summary)
	if t.lags && c.lags > 0 {
		ys = ys[:min(len(ys), c.lags-t.first)]
	}
	return ys
}

// plot draws the panel; the last curve is the recording's.
func (t timePanel) plot(curves []timeCurve) *plot.Plot {
	lo, hi, last := math.Inf(1), math.Inf(-1), 0
	for _, c := range curves {
		for k, v := range t.values(c) {
			if !finite(v) || t.log && v <= 0 {
				continue
			}
			lo, hi, last = min(lo, v), max(hi, v), max(last, k)
		}
	}
	if hi < lo {
		return message("nothing to show")
	}
	p := newPlot()
	p.X.Label.Text, p.Y.Label.Text = t.xlabel, t.ylabel
	if !t.lags { // of lags only those that windows have
		last = max(1, last)
	}
	p.X.Min, p.X.Max = float64(t.first)-0.3, float64(t.first+last)+0.3
	p.X.Tick.Marker = linearTicks{count: 8, integer: true}
	if t.log {
		// Rarer than a hundredth of what is rarest in the recording is as good as
		// never.
		rarest := math.Inf(1)
		for _, v := range t.of(curves[len(curves)-1].summary) {
			if finite(v) && v > 0 {
				rarest = min(rarest, v)
			}
		}
		if finite(rarest) {
			lo = max(lo, min(rarest/100, hi))
		}
		lo, hi = logRange(lo, hi, 1.5)
		if most := 1.1; hi > most { // probabilities
			lo, hi = lo*most/hi, most
		}
		logAxis(&p.Y, lo, hi)
		p.Add(decadeLines{})
	} else {
		lo, hi = min(lo, 0), max(hi, 0)
		pad := 0.06 * (hi - lo)
		if pad == 0 {
			pad = 1
		}
		p.Y.Min, p.Y.Max = lo-pad, hi+pad
	}
	p.Add(plotFunc(func(c draw.Canvas, p *plot.Plot) {
		for _, curve := range curves {
			ys := t.values(curve)
			xs := make([]float64, len(ys))
			for k := range xs {
				xs[k] = float64(t.first + k)
			}
			glyph := curve.glyph
			if last > maxGlyphs {
				glyph = nil
			}
			polyline(c, p, xs, ys, curve.line, glyph)
		}
	}))
	return p
}

// tableLags are the lags whose covariances the table shows; the figure has all.
var tableLags = [...]int{1, 2, 3, 5, 10}

// timeTable lists the figures that compare samples with the recording in time.
func (in *Input) timeTable() table {
	t := table{
		Caption: "Statistics in time",
		Head:    append(words("figure"), numbers("recording")...),
		Note:    "± is the standard error by resampling the sample's repeats; split-half is one half of the recording against the other, a reference that a model can pass. Errors are relative, distances are sums of absolute differences, 0 where sample and recording agree; p-silent is the share of silent windows.",
	}
	var columns []metrics.TimeResult
	for i := range in.Models {
		if m := &in.Models[i]; m.Time.Figures != nil {
			r := m.Time
			r.Name = m.Name
			columns = append(columns, r)
		}
	}
	for _, r := range append(columns, in.References...) {
		t.Head = append(t.Head, cell{Text: r.Name})
		i := -1
		for _, f := range r.Figures {
			if f.Lag > 0 && !slices.Contains(tableLags[:], f.Lag) {
				continue
			}
			if i++; i == len(t.Rows) {
				t.Rows = append(t.Rows, append(words(f.String()), numbers(optional(f.Data))...))
			}
			t.Rows[i] = append(t.Rows[i], cell{Text: figureText(f)})
		}
	}
	t.Rows = keepRows(t.Rows, 2)
	if len(t.Rows) == 0 {
		t.Note = "No statistics in time were compared."
	}
	return t
}

func figureText(f metrics.TimeFigure) string {
	switch {
	case f.Value == nil || !finite(*f.Value):
		return none
	case f.StdErr == nil:
		return number(*f.Value)
	}
	return withError(*f.Value, *f.StdErr)
}

// keepRows drops the rows that have nothing beyond their first cells.
func keepRows(rows [][]cell, first int) [][]cell {
	var kept [][]cell
	for _, r := range rows {
		for _, c := range r[first:] {
			if c.Text != none {
				kept = append(kept, r)
				break
			}
		}
	}
	return kept
}
