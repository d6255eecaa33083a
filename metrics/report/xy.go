package report

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// XY is a figure of curves over one quantity.
type XY struct {
	Name, Title, Caption string // the name is that of the files
	X, Y                 string // what the axes show, with units
	LogX, LogY           bool
	Series               []Series

	width, height vg.Length // of the paper and of the panel; 0: those of a study
	ticks         []int     // of the axis of X; nil: round numbers
	least         float64   // of a logarithmic axis of Y: what is below is as good as never; 0: all is shown
	upward        bool      // the legend begins with the curve that is drawn last
	share         bool      // Y are shares: a logarithmic axis ends at 1
	equal         bool      // X and Y are one quantity: equal axes, with the line of equal values
}

// Series is one curve.
type Series struct {
	Name string
	X, Y []float64
	// Low and High are the ends of the error bars; nil: none.
	Low, High []float64
	Line      bool // a line through the points; always of series without error bars that have no points of their own
	Reference bool // a law or a floor, drawn dashed in grey without points
	Own       bool // of a reference: it belongs to the curve before it and has its colour

	left, right []float64  // ends of the error bars of X; nil: none
	look        *curveLook // nil: by its place
}

// curveLook is what a curve looks like: its line, and its points, of which there are
// none without a glyph.
type curveLook struct {
	line   draw.LineStyle
	glyph  draw.GlyphDrawer
	radius vg.Length // of points; 0: the usual
}

// curveLooks are what tells curves of a study apart: models' looks, and two colours more
// of the palette; dashed where there are more curves.
var curveLooks = [...]struct {
	color color.Color
	glyph draw.GlyphDrawer
}{
	{models[0], glyphs[0]}, {models[1], glyphs[1]}, {models[2], glyphs[2]}, {models[3], glyphs[3]},
	{orange, draw.RingGlyph{}}, {sky, draw.SquareGlyph{}},
}

// drawable says whether a point can be shown.
func (f *XY) drawable(x, y float64) bool {
	return finite(x) && finite(y) && !(f.LogX && x <= 0) && !(f.LogY && (y <= 0 || y < f.least))
}

// padding is the room that a linear axis has beyond its values.
func padding(lo, hi, share float64) float64 {
	if hi > lo {
		return share * (hi - lo)
	}
	return max(0.5, share*math.Abs(hi))
}

// span is the range of values of an axis.
type span struct {
	lo, hi float64
	whole  bool // all are whole numbers
}

func (s *span) include(v float64) {
	s.lo, s.hi = min(s.lo, v), max(s.hi, v)
	s.whole = s.whole && v == math.Trunc(v)
}

// spans are the ranges of both axes.
func (f *XY) spans() (x, y span) {
	x, y = span{math.Inf(1), math.Inf(-1), true}, span{math.Inf(1), math.Inf(-1), true}
	include := func(a, b float64) {
		if f.drawable(a, b) {
			x.include(a)
			y.include(b)
		}
	}
	for _, s := range f.Series {
		for i, a := range s.X {
			include(a, s.Y[i])
			if s.Low != nil {
				include(a, s.Low[i])
				include(a, s.High[i])
			}
			if s.left != nil {
				include(s.left[i], s.Y[i])
				include(s.right[i], s.Y[i])
			}
		}
	}
	return x, y
}

// axis sets up an axis: room beyond the values, and whole numbers where there are no others.
func (s span) axis(a *plot.Axis, log bool, share, factor float64) {
	if log {
		lo, hi := logRange(s.lo, s.hi, factor)
		logAxis(a, lo, hi)
		a.Tick.Marker = logTicks{whole: s.whole}
		return
	}
	pad := padding(s.lo, s.hi, share)
	a.Min, a.Max = s.lo-pad, s.hi+pad
	a.Tick.Marker = linearTicks{count: 6, integer: s.whole}
}

// figure draws the curves.
func (f *XY) figure() *figure {
	out := &figure{name: f.Name, title: clean(f.Title), caption: clean(f.Caption), height: 260, width: f.width}
	if f.height > 0 {
		out.height = f.height
	}
	x, y := f.spans()
	if math.IsInf(x.lo, 1) {
		out.missing = "There is nothing to draw: no task has given these figures."
		return out
	}
	if f.equal {
		x = span{min(x.lo, y.lo), max(x.hi, y.hi), x.whole && y.whole}
		y = x
	}
	p := newPlot()
	p.X.Label.Text, p.Y.Label.Text = clean(f.X), clean(f.Y)
	x.axis(&p.X, f.LogX, 0.04, 1.2)
	y.axis(&p.Y, f.LogY, 0.06, 1.4)
	if most := 1.1; f.share && f.LogY && p.Y.Max > most {
		p.Y.Min, p.Y.Max = min(p.Y.Min*most/p.Y.Max, y.lo/1.4), most
	}
	if f.equal {
		p.X.Min, p.X.Max = p.Y.Min, p.Y.Max
	}
	if f.ticks != nil {
		p.X.Tick.Marker = marked(f.ticks)
	}
	looks := f.looks(out)
	switch {
	case f.LogY:
		p.Add(decadeLines{})
	case f.equal:
		p.Add(plotFunc(func(c draw.Canvas, p *plot.Plot) {
			tx, ty := p.Transforms(&c)
			c.StrokeLine2(draw.LineStyle{Color: grey, Width: 0.8, Dashes: []vg.Length{4, 3}}, tx(p.X.Min), ty(p.X.Min), tx(p.X.Max), ty(p.X.Max))
		}))
	}
	p.Add(plotFunc(func(c draw.Canvas, p *plot.Plot) {
		for i, s := range f.Series {
			f.drawBars(c, p, s, looks[i].line.Color)
			f.drawSeries(c, p, s, looks[i])
		}
	}))
	out.draw = func(c draw.Canvas) { p.Draw(draw.Crop(c, 0, -12, 0, -6)) }
	return out
}

// marked are ticks at these numbers.
func marked(at []int) plot.ConstantTicks {
	var ticks plot.ConstantTicks
	for _, v := range at {
		ticks = append(ticks, plot.Tick{Value: float64(v), Label: whole(float64(v))})
	}
	return ticks
}

// looks are those of all curves, which are entered in the legend too.
func (f *XY) looks(out *figure) []curveLook {
	at := 0
	looks := make([]curveLook, len(f.Series))
	for i, s := range f.Series {
		switch {
		case s.look != nil:
			looks[i] = *s.look
		case s.Reference:
			looks[i].line = draw.LineStyle{Color: grey, Width: 1, Dashes: []vg.Length{4, 2.5}}
			if s.Own && i > 0 {
				looks[i].line.Color = looks[i-1].line.Color
			}
		default:
			k := at % len(curveLooks)
			looks[i] = curveLook{line: draw.LineStyle{Color: curveLooks[k].color, Width: 1.5}, glyph: curveLooks[k].glyph}
			if at >= len(curveLooks) {
				looks[i].line.Dashes = []vg.Length{6, 2}
			}
			at++
		}
		l := looks[i]
		e := entry{text: clean(s.Name), mark: markGlyph, color: l.line.Color, glyph: l.glyph, dashes: l.line.Dashes}
		if l.glyph == nil {
			e.mark = markLine
		}
		out.legend = append(out.legend, e)
	}
	if f.upward {
		slices.Reverse(out.legend)
	}
	return looks
}

// drawBars draws the error bars of a curve.
func (f *XY) drawBars(c draw.Canvas, p *plot.Plot, s Series, clr color.Color) {
	tx, ty := p.Transforms(&c)
	bar := draw.LineStyle{Color: clr, Width: 0.9}
	for k := range s.Low {
		low, high := s.Low[k], s.High[k]
		if f.LogY {
			low = max(low, p.Y.Min)
		}
		if f.drawable(s.X[k], low) && f.drawable(s.X[k], high) {
			c.StrokeLine2(bar, tx(s.X[k]), ty(low), tx(s.X[k]), ty(high))
		}
	}
	for k := range s.left {
		if f.drawable(s.left[k], s.Y[k]) && f.drawable(s.right[k], s.Y[k]) {
			c.StrokeLine2(bar, tx(s.left[k]), ty(s.Y[k]), tx(s.right[k]), ty(s.Y[k]))
		}
	}
}

// drawSeries draws a curve's line and points.
func (f *XY) drawSeries(c draw.Canvas, p *plot.Plot, s Series, l curveLook) {
	line := l.line
	if !s.Line && !s.Reference {
		line.Width = 0
	}
	ys := make([]float64, len(s.Y))
	for k, y := range s.Y {
		if ys[k] = y; !f.drawable(s.X[k], y) {
			ys[k] = math.NaN()
		}
	}
	polyline(c, p, s.X, ys, line, nil)
	if l.glyph == nil {
		return
	}
	if l.radius == 0 {
		l.radius = 2.6
	}
	tx, ty := p.Transforms(&c)
	for k, x := range s.X {
		if f.drawable(x, s.Y[k]) {
			c.DrawGlyph(draw.GlyphStyle{Color: l.line.Color, Radius: l.radius, Shape: l.glyph}, vg.Point{X: tx(x), Y: ty(s.Y[k])})
		}
	}
}
