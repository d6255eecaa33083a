package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// level is a baseline's distance as a horizontal line.
type level struct {
	name string
	js   float64
}

// levels returns the lines of the curve figure, the highest first. The uniform
// law is so far off that it would press all else together.
func (in *Input) levels() []level {
	var out []level
	half := false
	for _, b := range in.Baselines {
		if b.Name == "uniform" || b.JS == nil || !finite(*b.JS) || *b.JS < 1e-12 {
			continue
		}
		name := clean(b.Name)
		if b.Name == "split-half" {
			name, half = "split half", true
		}
		out = append(out, level{name, *b.JS})
	}
	if !half && in.Floor != nil {
		out = append(out, level{"split half", *in.Floor})
	}
	slices.SortStableFunc(out, func(a, b level) int {
		switch {
		case a.js > b.js:
			return -1
		case a.js < b.js:
			return 1
		}
		return 0
	})
	return out
}

// curveFigure draws the distance against the training step.
func (in *Input) curveFigure() *figure {
	f := &figure{name: "js_curve", title: "Distance over training", height: 250}
	type curve struct{ xs, ys []float64 }
	var curves []curve
	lo, hi := math.Inf(1), 0.0
	first, last := math.MaxInt, 0 // steps above 0
	zero := false
	for _, points := range in.Curves {
		var c curve
		points = slices.Clone(points)
		slices.SortStableFunc(points, func(a, b CurvePoint) int { return a.Step - b.Step })
		for _, p := range points {
			if !finite(p.JS) || p.JS <= 0 || p.Step < 0 {
				continue
			}
			c.xs, c.ys = append(c.xs, float64(p.Step)), append(c.ys, p.JS)
			lo, hi = min(lo, p.JS), max(hi, p.JS)
			if p.Step == 0 {
				zero = true
			} else {
				first = min(first, p.Step)
			}
			last = max(last, p.Step)
		}
		curves = append(curves, c)
	}
	if hi == 0 {
		f.missing = "No distance was recorded over training."
		return f
	}

	// The axis holds the curves, the floor, and what lies not far below them.
	lines := in.levels()
	for _, l := range lines {
		if l.name == "split half" && l.js > 0 {
			lo = min(lo, l.js)
		}
	}
	least := lo / 10
	var drawn []level
	var below []string
	for _, l := range lines {
		if l.js < least || l.js <= 0 {
			below = append(below, l.name+" "+number(l.js))
			continue
		}
		lo, hi = min(lo, l.js), max(hi, l.js)
		drawn = append(drawn, l)
	}
	lo, hi = logRange(lo, hi, 1.4)

	p := newPlot()
	p.X.Label.Text = "training step"
	p.Y.Label.Text = "JS (nats)"
	logAxis(&p.Y, lo, hi)
	stepAxis(&p.X, first, last, zero)
	for i, c := range curves {
		if len(c.xs) == 0 {
			continue
		}
		k := len(c.xs) - 1
		name := fmt.Sprintf("run %d", i+1)
		if i < len(in.Models) {
			name = in.Models[i].Name
		}
		f.legend = append(f.legend, entry{
			text: fmt.Sprintf("%s (step %.0f: %s)", name, c.xs[k], number(c.ys[k])), mark: markLine, color: modelColor(i),
		})
	}
	if len(below) > 0 {
		f.legend = append(f.legend, entry{text: "below the axis: " + strings.Join(below, ", ")})
	}
	f.caption = "Jensen-Shannon divergence between the model's law of windows and the recording's against the training step. Dashed: models fitted to the recording, and the divergence between its halves."

	label := sans(8, grey)
	texts := make([]string, len(drawn))
	right := vg.Length(0)
	for i, l := range drawn {
		texts[i] = l.name + " " + number(l.js)
		right = max(right, label.Width(texts[i]))
	}
	if right > 0 {
		right += 20
	}
	p.Add(decadeLines{}, plotFunc(func(c draw.Canvas, p *plot.Plot) {
		_, ty := p.Transforms(&c)
		ys := make([]vg.Length, len(drawn))
		for i, l := range drawn {
			ys[i] = ty(l.js)
			sty := draw.LineStyle{Color: grey, Width: 0.9, Dashes: []vg.Length{4, 2.5}}
			if l.name == "split half" {
				sty.Dashes = []vg.Length{1, 1.5}
			}
			c.StrokeLine2(sty, c.Min.X, ys[i], c.Max.X, ys[i])
		}
		for i, y := range spread(ys, 10, c.Min.Y, c.Max.Y) {
			c.StrokeLine2(draw.LineStyle{Color: grey, Width: 0.5}, c.Max.X+2, ys[i], c.Max.X+12, y)
			c.FillText(label, vg.Point{X: c.Max.X + 15, Y: y}, texts[i])
		}
		for i, cv := range curves {
			xs := slices.Clone(cv.xs)
			for k := range xs {
				xs[k] = max(xs[k], p.X.Min)
			}
			polyline(c, p, xs, cv.ys, draw.LineStyle{Color: modelColor(i), Width: 1.5}, lonely(len(xs)))
		}
	}))
	f.draw = func(c draw.Canvas) { p.Draw(draw.Crop(c, 0, -right, 0, -6)) }
	return f
}

// lonely marks the points of a curve that has too few for a line to show.
func lonely(points int) draw.GlyphDrawer {
	if points < 3 {
		return draw.CircleGlyph{}
	}
	return nil
}

// stepAxis is logarithmic where steps span two decades; step 0 then has its place
// at the left end.
func stepAxis(a *plot.Axis, first, last int, zero bool) {
	a.Tick.Marker = linearTicks{count: 6, integer: true}
	switch {
	case last == 0:
		a.Min, a.Max = -1, 1
	case first == last:
		a.Min, a.Max = 0, float64(2*last)
	case last/first < 100:
		a.Min, a.Max = float64(first), float64(last)
		if zero {
			a.Min = 0
		}
	default:
		a.Scale = plot.LogScale{}
		a.Tick.Marker = logTicks{whole: true}
		a.Min, a.Max = float64(first), float64(last)
		if zero {
			a.Min = float64(first) / 2
			a.Tick.Marker = zeroTicks{float64(first)}
		}
	}
}

// zeroTicks are logarithmic ticks of an axis whose left end stands for 0.
type zeroTicks struct{ first float64 }

func (t zeroTicks) Ticks(lo, hi float64) []plot.Tick {
	return append([]plot.Tick{{Value: lo, Label: "0"}}, logTicks{whole: true}.Ticks(t.first, hi)...)
}

// spread moves labels at the heights ys, in falling order, apart to at least gap
// and into [lo, hi] where there is room, each as little as those above it allow.
func spread(ys []vg.Length, gap, lo, hi vg.Length) []vg.Length {
	out := slices.Clone(ys)
	for i := range out {
		out[i] = min(out[i], hi)
		if i > 0 {
			out[i] = min(out[i], out[i-1]-gap)
		}
	}
	for i := len(out) - 1; i >= 0; i-- {
		low := lo
		if i < len(out)-1 {
			low = out[i+1] + gap
		}
		out[i] = max(out[i], low)
	}
	return out
}
