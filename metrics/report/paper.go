package report

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

const (
	zoomStates  = 4  // of the zoom, as in the paper
	barStates   = 32 // of many: the others are too rare for a linear axis
	barWindowed = 6  // n·t up to which all states are drawn in their order
)

// paperFigure is the paper's Figure 2: the law of the states on a linear axis, its
// first four, and the divergence over training of all models.
func (in *Input) paperFigure() *figure {
	f := &figure{name: "figure2", title: "Law of windows and training, as in the paper's Figure 2", height: 420}
	s := in.States
	if s == nil || s.Len() == 0 {
		f.missing = "The law of the recording's windows is not known."
		return f
	}
	// All states in the order of their numbers, or the recording's most frequent.
	all := s.Bits() <= barWindowed
	var order []int
	if all {
		for x := range 1 << s.Bits() {
			words := make([]uint32, s.Timesteps)
			for k := range words {
				words[k] = uint32(x>>(s.Neurons*(s.Timesteps-1-k))) & (1<<s.Neurons - 1)
			}
			order = append(order, s.Find(words))
		}
	} else {
		order = topStates(s, barStates)
	}
	law := func(p func(int) float64) []float64 {
		out := make([]float64, len(order))
		for k, i := range order {
			if i >= 0 {
				out[k] = p(i)
			}
		}
		return out
	}
	series, colors := [][]float64{law(s.Prob)}, []int{-1}
	f.legend = []entry{{text: "recording", mark: markBox, color: black}}
	for m, model := range in.Models {
		if model.Seen != nil {
			series, colors = append(series, law(func(i int) float64 { return model.Seen[i] })), append(colors, m)
			f.legend = append(f.legend, entry{text: model.Name, mark: markBox, color: modelColor(m)})
		}
	}
	xlabel := "state, in the order of its number"
	what := "all states"
	if !all {
		xlabel = "state, the recording's most frequent first"
		what = fmt.Sprintf("the recording's %d most frequent states", len(order))
	}
	f.caption = fmt.Sprintf("a: probability of %s in the recording and in the models. b: the first four of them. c: divergence over training, a curve a model; their names say which spike-count loss each was trained with. States that the recording never shows are 0 in a.", what)
	bars := func(n int, labels []string) *plot.Plot {
		p := newPlot()
		p.X.Label.Text, p.Y.Label.Text = xlabel, "probability"
		p.X.Min, p.X.Max, p.Y.Min = -0.6, float64(n)-0.4, 0
		top := 0.0
		for _, q := range series {
			for _, v := range q[:n] {
				if finite(v) {
					top = max(top, v)
				}
			}
		}
		p.Y.Max = max(top*1.05, 1e-9)
		p.Y.Padding, p.X.Padding = 0, 0
		p.X.Tick.Marker = linearTicks{count: 6, integer: true}
		if labels != nil {
			var ticks []plot.Tick
			for k, l := range labels {
				ticks = append(ticks, plot.Tick{Value: float64(k), Label: l})
			}
			p.X.Tick.Marker = plot.ConstantTicks(ticks)
			size := 7.0
			for _, l := range labels {
				if len(l) > 12 {
					size = 6
				}
			}
			p.X.Tick.Label.Font = mono(size).Font
		}
		p.Add(plotFunc(func(c draw.Canvas, p *plot.Plot) {
			tx, ty := p.Transforms(&c)
			bar := max((tx(1)-tx(0))*0.84/vg.Length(len(series)), 0.35)
			for j, q := range series {
				clr := modelColor(max(0, colors[j]))
				if colors[j] < 0 {
					clr = black
				}
				for k, v := range q[:n] {
					if v <= 0 || !finite(v) {
						continue
					}
					x := tx(float64(k)) + bar*(vg.Length(j)-vg.Length(len(series))/2)
					c.FillPolygon(clr, []vg.Point{{X: x, Y: c.Min.Y}, {X: x + bar, Y: c.Min.Y}, {X: x + bar, Y: ty(v)}, {X: x, Y: ty(v)}})
				}
			}
		}))
		return p
	}
	var labels []string
	for k := range min(zoomStates, len(order)) {
		switch i := order[k]; {
		case i >= 0 && s.Bits()+s.Timesteps-1 <= 14: // as many characters have room
			labels = append(labels, bits(s.Window(i), s.Neurons))
		case i >= 0:
			labels = append(labels, spikeList(s.Window(i), s.Neurons))
		default:
			labels = append(labels, fmt.Sprint(k))
		}
	}
	zoom := bars(len(labels), labels)
	zoom.X.Label.Text = "the first four states"
	plots := [][]*plot.Plot{{bars(len(order), nil)}, {zoom, in.lossPlot()}}
	titles := []string{"a  states", "b  zoom", "c  divergence over training"}
	f.draw = func(c draw.Canvas) {
		mid := c.Min.Y + (c.Max.Y-c.Min.Y)*0.48
		drawTiles(draw.Crop(c, 0, 0, mid-c.Min.Y, 0), plots[:1], func(int) (string, string) { return "", titles[0] })
		drawTiles(draw.Crop(c, 0, 0, 0, mid-c.Max.Y-4), plots[1:], func(i int) (string, string) { return "", titles[1+i] })
	}
	return f
}

// lossPlot is the divergence over training without the baselines.
func (in *Input) lossPlot() *plot.Plot {
	lo, hi, last := math.Inf(1), 0.0, 1
	for _, points := range in.Curves {
		for _, p := range points {
			if finite(p.JS) && p.JS > 0 {
				lo, hi, last = min(lo, p.JS), max(hi, p.JS), max(last, p.Step)
			}
		}
	}
	if hi == 0 {
		return message("no divergence was recorded over training")
	}
	lo, hi = logRange(lo, hi, 1.3)
	p := newPlot()
	p.X.Label.Text, p.Y.Label.Text = "training step", "JS (nats)"
	p.X.Min, p.X.Max = 0, float64(last)
	p.X.Tick.Marker = linearTicks{count: 4, integer: true}
	logAxis(&p.Y, lo, hi)
	p.Add(decadeLines{}, plotFunc(func(c draw.Canvas, p *plot.Plot) {
		for i, points := range in.Curves {
			var xs, ys []float64
			for _, q := range points {
				xs, ys = append(xs, float64(q.Step)), append(ys, q.JS)
			}
			polyline(c, p, xs, ys, draw.LineStyle{Color: modelColor(i), Width: 1.3}, lonely(len(xs)))
		}
	}))
	return p
}
