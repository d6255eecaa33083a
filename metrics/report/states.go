package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"qgan/metrics"
)

const (
	shownStates  = 24
	longestLabel = 60 // characters of a bit string; longer windows are named by their spikes
)

// bits writes a window as its bits, neuron 0 first, timesteps apart.
func bits(words []uint32, neurons int) string {
	var b strings.Builder
	for k, w := range words {
		if k > 0 {
			b.WriteByte('|')
		}
		for j := range neurons {
			b.WriteByte('0' + byte(w>>(neurons-1-j)&1))
		}
	}
	return b.String()
}

// spikeList writes a window too long for its bits as its spikes, neuron@timestep,
// both counted from 0.
func spikeList(words []uint32, neurons int) string {
	const most = 6
	var list []string
	total := 0
	for k, w := range words {
		for j := range neurons {
			if w>>(neurons-1-j)&1 == 1 {
				if total++; total <= most {
					list = append(list, fmt.Sprintf("%d@%d", j, k))
				}
			}
		}
	}
	switch {
	case total == 0:
		return "silent"
	case total > most:
		list = append(list, fmt.Sprintf("+%d", total-most))
	}
	return strings.Join(list, " ")
}

// topStates are the most probable windows, the most probable first; windows of
// equal counts in the order of the law.
func topStates(s *metrics.States, count int) []int {
	order := make([]int, s.Len())
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return s.Counts[b] - s.Counts[a] })
	return order[:min(count, len(order))]
}

// stateFigure draws the most probable windows of the recording as bars, one for
// the recording and one for each model.
func (in *Input) stateFigure() *figure {
	f := &figure{name: "state_distribution", title: "Law of windows"}
	s := in.States
	if s == nil || s.Len() == 0 {
		f.missing = "The law of the recording's windows is not known."
		return f
	}
	top := topStates(s, shownStates)
	series := [][]float64{make([]float64, len(top))}
	f.legend = []entry{{text: fmt.Sprintf("recording (%d windows)", s.Total), mark: markBox, color: black}}
	lowest := 1.0
	covered := 0.0
	for k, i := range top {
		series[0][k] = s.Prob(i)
		covered += s.Prob(i)
		lowest = min(lowest, s.Prob(i))
	}
	colors := []int{-1}
	for m, model := range in.Models {
		txt := model.Name + ": JS " + model.jsText()
		if model.Seen == nil {
			f.legend = append(f.legend, entry{text: txt + "; law not known", mark: markNone})
			continue
		}
		q := make([]float64, len(top))
		for k, i := range top {
			q[k] = model.Seen[i]
		}
		series, colors = append(series, q), append(colors, m)
		f.legend = append(f.legend, entry{text: txt, mark: markBox, color: modelColor(m)})
	}
	if in.Floor != nil {
		f.legend = append(f.legend, entry{text: "JS of the recording's halves: " + number(*in.Floor) + " nats"})
	}

	// Two decades below the rarest of the recording's windows are enough to see
	// that a model lacks it; half of the lowest bar's value makes it a bar.
	bottom := lowest
	for _, q := range series[1:] {
		for _, v := range q {
			if v > 0 && finite(v) {
				bottom = min(bottom, v)
			}
		}
	}
	bottom = math.Pow10(int(math.Floor(math.Log10(max(bottom, lowest/100) / 2))))
	below := false
	for _, q := range series {
		for _, v := range q {
			below = below || !(v >= bottom)
		}
	}
	if below {
		f.legend = append(f.legend, entry{text: "below the axis", mark: markLack, color: black})
	}

	labels := make([]string, len(top))
	xlabel := fmt.Sprintf("window: bits of neurons %s", strings.Join(in.neuronNames(), " "))
	if s.Timesteps > 1 {
		xlabel += fmt.Sprintf(", %d timesteps", s.Timesteps)
	}
	list := s.Bits()+s.Timesteps-1 > longestLabel
	for k, i := range top {
		labels[k] = bits(s.Window(i), s.Neurons)
		if list {
			labels[k] = spikeList(s.Window(i), s.Neurons)
		}
	}
	if list {
		xlabel = "window: its spikes as neuron@timestep, counted from 0"
	}
	f.caption = fmt.Sprintf("The %d most probable windows of the recording (%.4g %% of all its windows) and their probability in each model, on a logarithmic axis.", len(top), 100*covered)

	p := newPlot()
	p.Y.Label.Text = "probability"
	p.X.Label.Text = xlabel
	logAxis(&p.Y, bottom, 1)
	p.X.Min, p.X.Max = -0.6, float64(len(top))-0.4
	p.X.Tick.Length, p.X.Padding = 0, 0
	longest := slices.MaxFunc(labels, func(a, b string) int { return len(a) - len(b) })
	slot := (figureWidth - 2*margin - 50) / vg.Length(len(top))
	labelHeight := tickLabels(&p.X, longest, slot)
	ticks := make([]plot.Tick, len(top))
	for k, l := range labels {
		if p.X.Tick.Label.Rotation != 0 {
			l += " " // keeps it off the axis, where it ends
		}
		ticks[k] = plot.Tick{Value: float64(k), Label: l}
	}
	p.X.Tick.Marker = plot.ConstantTicks(ticks)
	p.Add(decadeLines{}, plotFunc(func(c draw.Canvas, p *plot.Plot) {
		tx, ty := p.Transforms(&c)
		width := (tx(1) - tx(0)) * 0.8
		bar := min(width/vg.Length(len(series)), 22)
		for j, q := range series {
			clr := modelColor(max(0, colors[j]))
			if colors[j] < 0 {
				clr = black
			}
			for k, v := range q {
				x := tx(float64(k)) + bar*(vg.Length(j)-vg.Length(len(series))/2)
				if !(v >= bottom) {
					lackMark(&c, x+bar/2, c.Min.Y, bar, draw.LineStyle{Color: clr, Width: 0.8})
					continue
				}
				y := ty(min(v, 1))
				c.FillPolygon(clr, []vg.Point{{X: x, Y: c.Min.Y}, {X: x + bar*0.92, Y: c.Min.Y}, {X: x + bar*0.92, Y: y}, {X: x, Y: y}})
			}
		}
	}))
	f.height = 215 + labelHeight
	f.draw = func(c draw.Canvas) { p.Draw(draw.Crop(c, 0, 0, 0, -4)) }
	return f
}

// tickLabels chooses size and rotation of bit strings for slots of that width and
// returns their height.
func tickLabels(a *plot.Axis, longest string, slot vg.Length) vg.Length {
	s := mono(8)
	if s.Width(longest)+4 <= slot {
		a.Tick.Label.Font, a.Tick.Length = s.Font, 4
		return 16
	}
	size := 8.0
	if len(longest) > 30 {
		size = 6.5
	}
	s = mono(size)
	a.Tick.Label.Font = s.Font
	a.Tick.Label.Rotation = math.Pi / 2
	a.Tick.Label.XAlign, a.Tick.Label.YAlign = text.XRight, text.YCenter
	return s.Width(longest) + 4
}

// lackMark is an open triangle at the foot of a bar that is not there.
func lackMark(c *draw.Canvas, x, y, width vg.Length, sty draw.LineStyle) {
	r := min(width*0.4, 3)
	c.StrokeLines(sty, []vg.Point{{X: x - r, Y: y + 1 + 1.7*r}, {X: x + r, Y: y + 1 + 1.7*r}, {X: x, Y: y + 1}, {X: x - r, Y: y + 1 + 1.7*r}})
}

// decadeLines draws pale lines at the labelled y.
type decadeLines struct{}

func (decadeLines) Plot(c draw.Canvas, p *plot.Plot) {
	_, ty := p.Transforms(&c)
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		if t.Label != "" {
			c.StrokeLine2(draw.LineStyle{Color: pale, Width: 0.5}, c.Min.X, ty(t.Value), c.Max.X, ty(t.Value))
		}
	}
}
