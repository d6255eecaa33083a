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

// figureOf and figuresOf give the figures in time a form for the verdict.
type figureOf struct {
	name  string
	value *float64
}

func figuresOf(figures []metrics.TimeFigure) []figureOf {
	var out []figureOf
	for _, f := range figures {
		out = append(out, figureOf{f.Name, f.Value})
	}
	return out
}

// TrainingPoint holds the figures of one training step.
type TrainingPoint struct {
	Step                           int
	Critic, Generator, Wasserstein float64  // losses, and the critic's estimate of the distance
	Count                          float64  // spikes of a window
	PSilent                        *float64 // probability of a silent window, where it was looked at
	// Score is what chooses the best parameters, in nats, where it was looked at: -ln p a bin,
	// or a divergence, on the repeats held out where there are any.
	Score *float64
}

// trainingFigure draws the losses, the critic's estimate, the number of spikes and
// silence against the training step.
func (in *Input) trainingFigure() *figure {
	f := &figure{name: "training", title: "Training", height: 400}
	points := 0
	for _, c := range in.Training {
		points += len(c)
	}
	if points == 0 {
		f.missing = "No figures of training were kept."
		return f
	}
	for i, c := range in.Training {
		if len(c) > 0 && i < len(in.Models) {
			f.legend = append(f.legend, entry{text: in.Models[i].Name, mark: markLine, color: modelColor(i)})
		}
	}
	f.legend = append(f.legend, entry{text: "recording", mark: markLine, color: black, dashes: []vg.Length{4, 2.5}})
	f.caption = "Losses of the critic and of the generator, the critic's own estimate of the distance (real minus generated), the generator's mean number of spikes in a window, and its probability of a silent window. Stages without a critic have no loss of one."
	meanCount := math.NaN()
	if in.Data.Windows > 0 {
		meanCount = 0
		for _, m := range in.Data.MeanPerBin {
			meanCount += m * float64(in.Data.Timesteps)
		}
	}
	silent := math.NaN()
	if in.Data.Windows > 0 {
		silent = in.Data.PSilent
	}
	seen := func(x *float64) float64 {
		if x == nil {
			return math.NaN()
		}
		return *x
	}
	type trainingPanel struct {
		title, unit string
		level       float64
		of          func(TrainingPoint) float64
	}
	panels := []trainingPanel{
		{"a  critic's loss", "loss", math.NaN(), func(p TrainingPoint) float64 { return p.Critic }},
		{"b  generator's loss", "loss", math.NaN(), func(p TrainingPoint) float64 { return p.Generator }},
		{"c  critic's estimate of the distance", "real − generated", math.NaN(), func(p TrainingPoint) float64 { return p.Wasserstein }},
		{"d  spikes in a window", "spikes/window", meanCount, func(p TrainingPoint) float64 { return p.Count }},
		{"e  P(silent window)", "probability", silent, func(p TrainingPoint) float64 { return seen(p.PSilent) }},
	}
	if in.anyPoint(func(p TrainingPoint) bool { return p.Score != nil }) {
		panels = append(panels, trainingPanel{"f  score by which the best are kept", "nats", math.NaN(), func(p TrainingPoint) float64 { return seen(p.Score) }})
		f.caption += " The score is -ln p of a bin, or a divergence, on the repeats held out where there are any."
	}
	critic := in.anyPoint(func(p TrainingPoint) bool { return p.Critic != 0 || p.Wasserstein != 0 })
	plots := make([][]*plot.Plot, 3)
	for i, p := range panels {
		q := in.trainingPlot(p.level, p.of)
		q.Y.Label.Text = p.unit
		if !critic && (i == 0 || i == 2) {
			q = message("there is no critic")
		}
		plots[i/2] = append(plots[i/2], q)
	}
	if len(panels)%2 == 1 {
		plots[2] = append(plots[2], nil)
	}
	f.height = 560
	f.draw = func(c draw.Canvas) { drawTiles(c, plots, func(i int) (string, string) { return "", panels[i].title }) }
	return f
}

// anyPoint reports whether a figure of training is so.
func (in *Input) anyPoint(is func(TrainingPoint) bool) bool {
	return slices.ContainsFunc(in.Training, func(points []TrainingPoint) bool { return slices.ContainsFunc(points, is) })
}

func (in *Input) trainingPlot(level float64, of func(TrainingPoint) float64) *plot.Plot {
	lo, hi, last := math.Inf(1), math.Inf(-1), 1
	type curve struct{ xs, ys []float64 }
	var curves []curve
	for _, points := range in.Training {
		var c curve
		for _, p := range points {
			if v := of(p); finite(v) {
				c.xs, c.ys = append(c.xs, float64(p.Step)), append(c.ys, v)
				last = max(last, p.Step)
			}
		}
		// A few values of the start would press all else together.
		if sorted := slices.Sorted(slices.Values(c.ys)); len(sorted) > 0 {
			k := len(sorted) / 100
			lo, hi = min(lo, sorted[k]), max(hi, sorted[len(sorted)-1-k])
		}
		curves = append(curves, c)
	}
	if lo > hi {
		return message("not recorded")
	}
	if finite(level) {
		lo, hi = min(lo, level), max(hi, level)
	}
	pad := 0.06 * (hi - lo)
	if pad == 0 {
		pad = max(math.Abs(hi)*0.1, 1e-3)
	}
	p := newPlot()
	p.X.Label.Text = "training step"
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, float64(last), lo-pad, hi+pad
	p.X.Tick.Marker = linearTicks{count: 4, integer: true}
	p.Add(plotFunc(func(c draw.Canvas, p *plot.Plot) {
		_, ty := p.Transforms(&c)
		for i, cv := range curves {
			polyline(c, p, cv.xs, cv.ys, draw.LineStyle{Color: modelColor(i), Width: 1}, lonely(len(cv.xs)))
		}
		if finite(level) {
			c.StrokeLine2(draw.LineStyle{Color: black, Width: 0.9, Dashes: []vg.Length{4, 2.5}}, c.Min.X, ty(level), c.Max.X, ty(level))
		}
	}))
	return p
}

// psthFigure draws the recording's rate against the time in a repeat, and the models'
// mean rates.
func (in *Input) psthFigure() *figure {
	f := &figure{name: "psth", title: "Peristimulus time histogram", height: 190}
	r := in.DataWindows.Raster
	if r == nil || r.Repeats < 2 || r.Bins < 2 {
		f.missing = "A histogram over repeats takes a recording of several."
		return f
	}
	ys := metrics.TimeHistogram(r)
	width, xlabel := in.timeAxis()
	unit := "spikes/bin"
	if in.BinWidth > 0 {
		unit = "spikes/s"
	}
	f.legend = []entry{{text: fmt.Sprintf("recording, %d repeats", r.Repeats), mark: markLine, color: black}}
	f.caption = "Rate of the recording in each bin of a repeat, mean over repeats and neurons, and the models' mean rates. The models are not told the time in the stimulus: theirs is flat by construction."
	whole := in.whole()
	if len(whole) > 0 {
		f.caption = "Rate in each bin of a repeat, mean over repeats and neurons, of the recording and of models whose samples are whole repeats; of others the mean rate."
	}
	top := 0.0
	xs := make([]float64, len(ys))
	for i, y := range ys {
		xs[i] = (float64(i) + 0.5) * width
		top = max(top, y)
	}
	levels, curves := make([]float64, len(in.Models)), make([][]float64, len(in.Models))
	for i, m := range in.Models {
		levels[i] = math.NaN()
		if slices.Contains(whole, i) {
			curves[i] = in.histogram(m.Samples)
			top = max(top, slices.Max(curves[i]))
			f.legend = append(f.legend, entry{text: fmt.Sprintf("%s, %d repeats", m.Name, m.Samples.Repeats), mark: markLine, color: modelColor(i)})
			continue
		}
		rates := m.Summary.RatesHz
		if in.BinWidth <= 0 {
			rates = m.Summary.MeanPerBin
		}
		if len(rates) > 0 {
			levels[i] = 0
			for _, x := range rates {
				levels[i] += x / float64(len(rates))
			}
			top = max(top, levels[i])
			f.legend = append(f.legend, entry{text: m.Name + ", mean", mark: markLine, color: modelColor(i), dashes: []vg.Length{5, 2}})
		}
	}
	p := newPlot()
	p.X.Label.Text, p.Y.Label.Text = xlabel, "rate ("+unit+")"
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, float64(len(ys))*width, 0, max(top*1.06, 1e-9)
	p.X.Padding, p.Y.Padding = 0, 0
	p.Add(plotFunc(func(c draw.Canvas, p *plot.Plot) {
		_, ty := p.Transforms(&c)
		polyline(c, p, xs, ys, draw.LineStyle{Color: black, Width: 0.7}, nil)
		for i, y := range levels {
			if curves[i] != nil {
				polyline(c, p, xs, curves[i], draw.LineStyle{Color: modelColor(i), Width: 0.6}, nil)
			}
			if finite(y) {
				c.StrokeLine2(draw.LineStyle{Color: modelColor(i), Width: 1.4, Dashes: []vg.Length{5, 2}}, c.Min.X, ty(y), c.Max.X, ty(y))
			}
		}
	}))
	f.draw = func(c draw.Canvas) { p.Draw(draw.Crop(c, 0, -6, 0, -6)) }
	return f
}

// ParameterLine is the number of a model's parameters by the number of neurons.
type ParameterLine struct {
	Name    string
	Neurons []int
	Count   []float64
}

// parametersFigure draws how models grow with the number of neurons.
func (in *Input) parametersFigure() *figure {
	f := &figure{name: "parameters", title: "Parameters", height: 230}
	if len(in.Parameters) == 0 {
		f.missing = "The numbers of parameters are not known."
		return f
	}
	_, t := in.shape()
	steps := fmt.Sprintf("%d timesteps", t)
	if t == 1 {
		steps = "1 timestep"
	}
	f.caption = "Trained parameters against the number of neurons, for windows of " + steps + ". Rings: the models of this report, as trained. The full table has an entry for each window."
	lo, hi, first, last := math.Inf(1), 0.0, math.MaxInt, 0
	styles := []draw.LineStyle{
		{Color: models[0], Width: 1.5}, {Color: models[1], Width: 1.3, Dashes: []vg.Length{6, 2}}, {Color: models[2], Width: 1.3, Dashes: []vg.Length{3, 2}},
		{Color: models[3], Width: 1.3, Dashes: []vg.Length{1.5, 1.5}}, {Color: grey, Width: 1.2, Dashes: []vg.Length{6, 2, 1.5, 2}}, {Color: black, Width: 1},
	}
	for i, l := range in.Parameters {
		s := styles[i%len(styles)]
		f.legend = append(f.legend, entry{text: l.Name, mark: markLine, color: s.Color, dashes: s.Dashes})
		for k, n := range l.Neurons {
			if l.Count[k] > 0 {
				lo, hi = min(lo, l.Count[k]), max(hi, l.Count[k])
			}
			first, last = min(first, n), max(last, n)
		}
	}
	n, _ := in.shape()
	for _, m := range in.Models {
		if m.Parameters > 0 {
			lo, hi = min(lo, float64(m.Parameters)), max(hi, float64(m.Parameters))
		}
	}
	hi = min(hi, 1e7) // the full table leaves the figure
	lo, hi = logRange(lo, hi, 1.5)
	p := newPlot()
	p.X.Label.Text, p.Y.Label.Text = "neurons", "parameters"
	p.X.Min, p.X.Max = float64(first), float64(max(last, first+1))
	p.X.Tick.Marker = linearTicks{count: 10, integer: true}
	logAxis(&p.Y, lo, hi)
	p.Add(decadeLines{}, plotFunc(func(c draw.Canvas, p *plot.Plot) {
		tx, ty := p.Transforms(&c)
		for i, l := range in.Parameters {
			xs := make([]float64, len(l.Neurons))
			for k, x := range l.Neurons {
				xs[k] = float64(x)
			}
			polyline(c, p, xs, l.Count, styles[i%len(styles)], nil)
		}
		for i, m := range in.Models {
			if m.Parameters > 0 && n >= first && n <= last {
				c.DrawGlyph(draw.GlyphStyle{Color: modelColor(i), Radius: 4, Shape: draw.RingGlyph{}}, vg.Point{X: tx(float64(n)), Y: ty(float64(m.Parameters))})
			}
		}
	}))
	f.draw = func(c draw.Canvas) { p.Draw(draw.Crop(c, 0, -6, 0, -6)) }
	return f
}
