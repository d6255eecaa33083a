package report

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"qgan/metrics"
	"qgan/metrics/score"
	"qgan/metrics/spikes"
)

// wholeBins is the longest stretch of a repeat that a raster of whole repeats shows.
const wholeBins = 1200

// whole are the models whose samples are whole repeats, bin for bin those of the recording.
func (in *Input) whole() []int {
	var out []int
	for i, m := range in.Models {
		if m.Whole && m.Samples != nil {
			out = append(out, i)
		}
	}
	return out
}

// checkWhole refuses whole repeats that are not as long as the recording's.
func (in *Input) checkWhole() error {
	for _, i := range in.whole() {
		if r := in.DataWindows.Raster; r == nil || in.Models[i].Samples.Bins != r.Bins {
			return fmt.Errorf("model %d (%q): its samples are not whole repeats of the recording", i+1, in.Models[i].Name)
		}
	}
	return nil
}

// repeatFigures are those of whole repeats; none where no model has them.
func (in *Input) repeatFigures() []*figure {
	if len(in.whole()) == 0 {
		return nil
	}
	return []*figure{in.cellFigure(), in.pairFigure()}
}

// timeAxis is the time in a repeat: the width of a bin on it, and its label.
func (in *Input) timeAxis() (width float64, label string) {
	if in.BinWidth > 0 {
		return in.BinWidth, "time in a repeat (s)"
	}
	return 1, "time in a repeat (bins)"
}

// histogram is the mean rate of all neurons in each bin of a model's repeats, in the
// recording's unit.
func (in *Input) histogram(r *spikes.Raster) []float64 {
	width := r.BinWidth
	if !(width > 0) {
		width = 1
	}
	ys := metrics.TimeHistogram(r)
	if in.BinWidth > 0 {
		width /= in.BinWidth
	}
	for i := range ys {
		ys[i] *= width
	}
	return ys
}

const (
	rowPoints  = 240 // of a cell's rate in a row, about
	rowHeight  = 24 * vg.Length(1)
	leastRow   = 4 * vg.Length(1)
	rowsHeight = 620 * vg.Length(1) // that the rows share
	rowLabel   = 8.5 * vg.Length(1) // that a row's name needs
)

// cellRates are the rates of each neuron over the time in a repeat, in spikes a bin, means of
// so many bins and over repeats.
func cellRates(r *spikes.Raster, merge int) [][]float64 {
	out := make([][]float64, r.Neurons)
	for n := range out {
		out[n] = make([]float64, r.Bins/merge)
	}
	for rep := range r.Repeats {
		for b := range r.Bins / merge * merge {
			for n := range out {
				if r.At(rep, b, n) {
					out[n][b/merge] += 1 / float64(r.Repeats*merge)
				}
			}
		}
	}
	return out
}

// cellFigure draws the rate of each neuron over the time in a repeat, a row a neuron: the
// recording's as an area, the models' as lines.
func (in *Input) cellFigure() *figure {
	f := &figure{name: "psth_cells", title: "Rate of each neuron over the time in a repeat"}
	r := in.DataWindows.Raster
	merge := max(1, r.Bins/rowPoints)
	rates := [][][]float64{cellRates(r, merge)}
	fill := color.NRGBA{R: 190, G: 190, B: 190, A: 255}
	f.legend = []entry{{text: fmt.Sprintf("recording, %d repeats", r.Repeats), mark: markBox, color: fill}}
	shown := in.whole()
	for _, i := range shown {
		m := &in.Models[i]
		rates = append(rates, cellRates(m.Samples, merge))
		f.legend = append(f.legend, entry{text: fmt.Sprintf("%s, %d repeats", m.Name, m.Samples.Repeats), mark: markLine, color: modelColor(i)})
	}
	factor, unit := 1.0, "spikes a bin"
	if in.BinWidth > 0 {
		factor, unit = 1/in.BinWidth, "spikes/s"
	}
	f.caption = fmt.Sprintf("Each neuron's rate over the time in a repeat, mean over repeats. A row is as high as the largest rate in it, which stands at its right in %s.", unit)
	if merge > 1 {
		f.caption += fmt.Sprintf(" A point is the mean of %d bins.", merge)
	}
	row := max(leastRow, min(rowHeight, rowsHeight/vg.Length(r.Neurons)))
	f.height = row*vg.Length(r.Neurons) + 44
	each := int(math.Ceil(float64(rowLabel / row)))
	width, label := in.timeAxis()
	names := in.neuronNames()
	p := newPlot()
	p.X.Label.Text, p.Y.Label.Text = label, "neuron"
	p.X.Min, p.X.Max = 0, float64(r.Bins)*width
	p.Y.Min, p.Y.Max = 0, float64(r.Neurons)
	p.X.Padding, p.Y.Padding, p.Y.Tick.Length = 2, 0, 0
	var ticks []plot.Tick
	for n := 0; n < len(names); n += each {
		ticks = append(ticks, plot.Tick{Value: float64(r.Neurons-n) - 0.6, Label: names[n]})
	}
	p.Y.Tick.Marker = plot.ConstantTicks(ticks)
	p.Add(plotFunc(func(c draw.Canvas, p *plot.Plot) {
		tx, ty := p.Transforms(&c)
		row, small := ty(1)-ty(0), sans(min(7, float64(row*vg.Length(each))-1), grey)
		for n := range r.Neurons {
			foot, top := ty(float64(r.Neurons-n-1)), 0.0
			for _, of := range rates {
				top = max(top, slices.Max(of[n]))
			}
			c.StrokeLine2(draw.LineStyle{Color: pale, Width: 0.4}, c.Min.X, foot, c.Max.X, foot)
			if n%each == 0 {
				c.FillText(small, vg.Point{X: c.Max.X + 4, Y: foot + row*0.4}, number(top*factor))
			}
			if top == 0 {
				continue
			}
			line := func(ys []float64) []vg.Point {
				out := make([]vg.Point, len(ys))
				for b, y := range ys {
					out[b] = vg.Point{X: tx((float64(b) + 0.5) * float64(merge) * width), Y: foot + 0.92*row*vg.Length(y/top)}
				}
				return out
			}
			area := line(rates[0][n])
			area = append(area, vg.Point{X: area[len(area)-1].X, Y: foot}, vg.Point{X: area[0].X, Y: foot})
			c.FillPolygon(fill, area)
			for k, i := range shown {
				c.StrokeLines(draw.LineStyle{Color: modelColor(i), Width: 0.7}, line(rates[1+k][n]))
			}
		}
	}))
	f.draw = func(c draw.Canvas) { p.Draw(draw.Crop(c, 0, -36, 0, -4)) }
	return f
}

// pairPanels are what the figure of pairs compares: a number of each pair, in samples and in
// the recording.
var pairPanels = []struct {
	title, axis string
	lag         int // of a covariance; -1: of is a correlation
	of          func(score.PairProfile) float64
}{
	{"a  signal correlations", "signal correlation", -1, func(q score.PairProfile) float64 { return q.Signal }},
	{"b  noise correlations", "noise correlation", -1, func(q score.PairProfile) float64 { return q.Noise }},
	{"c  covariances at lag 1", "covariance", 1, nil},
	{"d  covariances at lag 5", "covariance", 5, nil},
}

// noiseFigure is the figure that says how like the recording's noise correlations are.
const noiseFigure = "noise_correlation_r"

// pairFigure draws what pairs of neurons have in common, models against the repeats that
// judge them.
func (in *Input) pairFigure() *figure {
	f := &figure{name: "pairs", title: "Pairs of neurons in whole repeats", height: 470}
	s := in.Scores
	if s == nil || s.Subjects[0].Recording == nil || len(s.Subjects[0].Recording.Pairs) == 0 {
		f.missing = "Without a judgement, or with a single neuron, there are no pairs to compare."
		return f
	}
	group := s.byLength()[0]
	data := group.Subjects[0].Recording.Pairs
	var sets []drawn
	for _, d := range group.drawn() {
		if d.look != &recordingLook {
			sets = append(sets, d)
		}
	}
	model := func(d drawn) int {
		return slices.IndexFunc(s.Subjects, func(x Judged) bool { return x.Sample == d.of })
	}
	f.caption = "A point a pair of neurons: the model against the repeats that judge it; on the dashed line both are equal. Crosses: the recording's other half, whose distance from the line is chance. Signal correlations are those of the rates over the time in a repeat, noise correlations those of bins less that rate. Covariances are of a neuron's bin with another's so many bins later."
	if len(data) > maxPoints {
		f.caption += fmt.Sprintf(" %d of the %d pairs are drawn, evenly chosen.", maxPoints, len(data))
	}
	for _, d := range slices.Backward(sets) {
		e := entry{text: d.name, mark: markGlyph, color: grey, glyph: draw.CrossGlyph{}}
		r := value(s.Subjects[0].Score, noiseFigure).Floor
		if i := model(d); i >= 0 {
			e.color, e.glyph = modelColor(i), glyphs[i]
			r = value(s.Subjects[i].Score, noiseFigure).Value
		}
		if r != nil {
			e.text += ", noise correlations r = " + minus(fmt.Sprintf("%.2f", *r))
		}
		f.legend = append(f.legend, e)
	}
	plots := make([][]*plot.Plot, (len(pairPanels)+1)/2)
	for k, panel := range pairPanels {
		of, unit, scale := panel.of, "Pearson's r", 1.0
		if panel.lag >= 0 {
			of = func(q score.PairProfile) float64 {
				if at := len(q.Covariance)/2 + panel.lag; at < len(q.Covariance) {
					return q.Covariance[at]
				}
				return math.NaN()
			}
			largest := 0.0
			for _, q := range data {
				if x := of(q); finite(x) {
					largest = max(largest, math.Abs(x))
				}
			}
			scale, unit = covarianceUnit(largest)
		}
		values := func(all []score.PairProfile) []float64 {
			var out []float64
			for _, q := range chosen(all) {
				out = append(out, of(q))
			}
			return out
		}
		var points []pairs
		for _, d := range sets {
			points = append(points, zip(model(d), values(data), values(d.of.Pairs), scale))
		}
		plots[k/2] = append(plots[k/2], scatter(points, "recording, "+panel.axis+" ("+unit+")", "model ("+unit+")"))
	}
	f.draw = func(c draw.Canvas) {
		drawTiles(c, plots, func(i int) (string, string) { return "", pairPanels[i].title })
	}
	return f
}
