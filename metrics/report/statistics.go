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

// statisticsFigure draws rates and covariances of each model against the
// recording's, k-probability and autocorrelogram over them.
func (in *Input) statisticsFigure() *figure {
	f := &figure{name: "statistics", title: "Statistics", height: 450}
	if in.Data.Neurons == 0 {
		f.missing = "The recording's statistics are not known."
		return f
	}
	f.legend = []entry{{text: "recording", mark: markGlyph, color: black, glyph: draw.RingGlyph{}}}
	var with []int // models with statistics
	for i, m := range in.Models {
		if m.Summary.Neurons > 0 {
			with = append(with, i)
			f.legend = append(f.legend, entry{text: fmt.Sprintf("%s (%d draws)", m.Name, m.Summary.Windows), mark: markGlyph, color: modelColor(i), glyph: glyphs[i]})
		}
	}
	f.caption = "Above: each neuron's rate and each pair's covariance, model against recording; on the dashed line both are equal. Below: share of bins with k active neurons, and the autocorrelogram over windows of equal length, without lag 0, up to the longest that a window has."
	f.legend = append(f.legend, in.besideLegend()...)
	if in.Half != nil {
		f.caption += " Crosses: the same of the " + in.HalfName + ", against the recording: how far they are off the line is chance."
	}
	plots := [][]*plot.Plot{
		{in.ratePlot(with), in.covariancePlot(with)},
		{in.kPlot(with), in.autocorrelogramPlot(with)},
	}
	titles := []string{"a  firing rate", "b  pairwise covariance", "c  k-probability", "d  autocorrelogram"}
	f.draw = func(c draw.Canvas) { drawTiles(c, plots, func(i int) (string, string) { return "", titles[i] }) }
	return f
}

// halfLine is the line of other repeats of the recording.
var halfLine = draw.LineStyle{Color: grey, Width: 0.9, Dashes: []vg.Length{1.2, 1.8}}

// populations are the simple models whose P(k) there is room for.
func (in *Input) populations() []Population {
	return in.Populations[:min(len(in.Populations), MaxReferences)]
}

// besideLegend is the legend of what stands beside recording and models: other repeats and
// simple models.
func (in *Input) besideLegend() []entry {
	var out []entry
	if in.Half != nil {
		out = append(out, entry{text: in.HalfName, mark: markGlyph, color: grey, dashes: halfLine.Dashes, glyph: draw.CrossGlyph{}})
	}
	for i, p := range in.populations() {
		out = append(out, entry{text: p.Name, mark: markLine, color: referenceStyles[i].Color, dashes: referenceStyles[i].Dashes})
	}
	return out
}

// pairs is a set of points, data on x and model on y; model -1 are other repeats of the
// recording.
type pairs struct {
	model int
	x, y  []float64
}

// manyPoints are so many that they are drawn at half the size.
const manyPoints = 100

// scatter draws points and the line of equal values; both axes have the same
// range, 0 in it.
func scatter(sets []pairs, xlabel, ylabel string) *plot.Plot {
	lo, hi := 0.0, 0.0
	for _, s := range sets {
		for i := range s.x {
			lo, hi = min(lo, s.x[i], s.y[i]), max(hi, s.x[i], s.y[i])
		}
	}
	if hi-lo == 0 {
		hi = 1
	}
	pad := (hi - lo) * 0.06
	if lo < 0 {
		lo -= pad
	}
	hi += pad
	p := newPlot()
	p.X.Label.Text, p.Y.Label.Text = xlabel, ylabel
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = lo, hi, lo, hi
	p.Add(plotFunc(func(c draw.Canvas, p *plot.Plot) {
		tx, ty := p.Transforms(&c)
		c.StrokeLine2(draw.LineStyle{Color: grey, Width: 0.8, Dashes: []vg.Length{4, 3}}, tx(lo), ty(lo), tx(hi), ty(hi))
		for _, s := range sets {
			sty := draw.GlyphStyle{Color: grey, Radius: 2.4, Shape: draw.CrossGlyph{}}
			if s.model >= 0 {
				sty = draw.GlyphStyle{Color: modelColor(s.model), Radius: 2.8, Shape: glyphs[s.model]}
			}
			if len(s.x) > manyPoints {
				sty.Radius /= 2
			}
			for i := range s.x {
				c.DrawGlyph(sty, vg.Point{X: tx(s.x[i]), Y: ty(s.y[i])})
			}
		}
	}))
	return p
}

// zip pairs the values at equal places, those that can be drawn.
func zip(model int, x, y []float64, scale float64) pairs {
	s := pairs{model: model}
	for i := range min(len(x), len(y)) {
		if finite(x[i]) && finite(y[i]) {
			s.x, s.y = append(s.x, scale*x[i]), append(s.y, scale*y[i])
		}
	}
	return s
}

func (in *Input) ratePlot(with []int) *plot.Plot {
	if len(with) == 0 {
		return message("no samples of a model")
	}
	unit := "spikes/s"
	of := func(s *metrics.Summary) []float64 { return s.RatesHz }
	known := in.Data.RatesHz != nil
	for _, i := range with {
		known = known && in.Models[i].Summary.RatesHz != nil
	}
	if !known {
		unit = "spikes/bin"
		of = func(s *metrics.Summary) []float64 { return s.MeanPerBin }
	}
	var sets []pairs
	if in.Half != nil {
		sets = append(sets, zip(-1, of(&in.Data), of(in.Half), 1))
	}
	for _, i := range with {
		sets = append(sets, zip(i, of(&in.Data), of(&in.Models[i].Summary), 1))
	}
	return scatter(sets, "rate of the recording ("+unit+")", "rate of the model ("+unit+")")
}

// offDiagonal lists the entries over the diagonal.
func offDiagonal(m [][]float64) []float64 {
	var out []float64
	for i := range m {
		for j := i + 1; j < len(m[i]); j++ {
			out = append(out, m[i][j])
		}
	}
	return out
}

// covarianceUnit is a unit in which the largest covariance has one digit before the point,
// and the factor from spikes²/bin² to it.
func covarianceUnit(largest float64) (factor float64, unit string) {
	factor, unit = 1, "spikes²/bin²"
	if largest > 0 && largest < 0.1 {
		e := int(math.Floor(math.Log10(largest)))
		factor, unit = math.Pow10(-e), pow10(e)+" "+unit
	}
	return factor, unit
}

func (in *Input) covariancePlot(with []int) *plot.Plot {
	data := offDiagonal(in.Data.Covariance)
	switch {
	case in.Data.Neurons == 1:
		return message("a single neuron has no pairs")
	case len(with) == 0:
		return message("no samples of a model")
	case len(data) == 0:
		return message("the recording's covariances are not known")
	}
	largest := 0.0
	var all [][]float64
	for _, i := range with {
		all = append(all, offDiagonal(in.Models[i].Summary.Covariance))
	}
	for _, set := range append(all, data) {
		for _, v := range set {
			if finite(v) {
				largest = max(largest, math.Abs(v))
			}
		}
	}
	scale, unit := covarianceUnit(largest)
	var sets []pairs
	if in.Half != nil {
		sets = append(sets, zip(-1, data, offDiagonal(in.Half.Covariance), scale))
	}
	for k, i := range with {
		sets = append(sets, zip(i, data, all[k], scale))
	}
	return scatter(sets, "cov. of the recording ("+unit+")", "cov. of the model ("+unit+")")
}

// overlay is one curve of a lower panel; model -1 is the recording.
type overlay struct {
	model int
	ys    []float64
}

// overlays are the recording's curve, drawn last, and the models'.
func (in *Input) overlays(with []int, of func(*metrics.Summary) []float64) []overlay {
	var out []overlay
	for _, i := range with {
		out = append(out, overlay{i, of(&in.Models[i].Summary)})
	}
	return append(out, overlay{-1, of(&in.Data)})
}

func drawOverlays(sets []overlay, first float64) plotFunc {
	return func(c draw.Canvas, p *plot.Plot) {
		for _, s := range sets {
			xs := make([]float64, len(s.ys))
			for i := range xs {
				xs[i] = first + float64(i)
			}
			if s.model < 0 {
				polyline(c, p, xs, s.ys, draw.LineStyle{Color: black, Width: 1}, draw.RingGlyph{})
			} else {
				polyline(c, p, xs, s.ys, draw.LineStyle{Color: modelColor(s.model), Width: 1.2}, glyphs[s.model])
			}
		}
	}
}

func (in *Input) kPlot(with []int) *plot.Plot {
	sets := in.overlays(with, func(s *metrics.Summary) []float64 { return s.KProbability })
	// A hundredth of the recording's rarest number is enough to see a model that
	// has none.
	rarest, lo := math.Inf(1), math.Inf(1)
	for _, v := range in.Data.KProbability {
		if v > 0 {
			rarest = min(rarest, v)
		}
	}
	last := 0
	for _, s := range sets {
		for k, v := range s.ys {
			if v > 0 && finite(v) {
				lo, last = min(lo, v), max(last, k)
			}
		}
	}
	if math.IsInf(lo, 1) {
		return message("no bins to count active neurons in")
	}
	if !math.IsInf(rarest, 1) {
		lo = max(lo, rarest/100)
	}
	p := newPlot()
	p.X.Label.Text, p.Y.Label.Text = "k, active neurons in a bin", "P(k)"
	lo, hi := lo/2, 1.5
	logAxis(&p.Y, min(lo, 0.09), hi)
	p.X.Min, p.X.Max = -0.3, float64(max(1, last))+0.3
	p.X.Tick.Marker = linearTicks{count: 10, integer: true}
	p.Add(decadeLines{}, plotFunc(func(c draw.Canvas, p *plot.Plot) {
		for i, q := range in.populations() {
			line := referenceStyles[i]
			line.Width = 1
			polyline(c, p, count(0, len(q.KProbability)), q.KProbability, line, nil)
		}
		if in.Half != nil {
			polyline(c, p, count(0, len(in.Half.KProbability)), in.Half.KProbability, halfLine, draw.CrossGlyph{})
		}
	}), drawOverlays(sets, 0))
	return p
}

func (in *Input) autocorrelogramPlot(with []int) *plot.Plot {
	if in.Data.Timesteps == 1 {
		return message("windows of one bin have no lags")
	}
	// Lag 0 is 0 by definition; its point would only pull the line down.
	// Windows have no pairs of bins at their own length or beyond.
	sets := in.overlays(with, func(s *metrics.Summary) []float64 {
		half := len(s.Autocorrelogram) / 2
		if half == 0 {
			return nil
		}
		reach := min(half, in.Data.Timesteps-1)
		ys := slices.Clone(s.Autocorrelogram[half-reach : half+reach+1])
		ys[reach] = math.NaN()
		return ys
	})
	lags, top := 0, 0.0
	for _, s := range sets {
		lags = max(lags, len(s.ys)/2)
		for _, v := range s.ys {
			if finite(v) {
				top = max(top, v)
			}
		}
	}
	if lags == 0 {
		return message("the autocorrelogram is not known")
	}
	if top == 0 {
		return message("no two spikes of a neuron in a window")
	}
	p := newPlot()
	p.X.Label.Text, p.Y.Label.Text = "lag ("+in.binText()+")", "coincidences per spike"
	p.X.Min, p.X.Max = -float64(lags)-0.3, float64(lags)+0.3
	p.Y.Min, p.Y.Max = -0.03*top, top*1.08
	p.X.Tick.Marker = linearTicks{count: 6, integer: true}
	p.Add(drawOverlays(sets, -float64(lags)))
	return p
}
