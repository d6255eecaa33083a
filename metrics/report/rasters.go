package report

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"qgan/metrics/spikes"
)

const (
	rasterBins  = 150 // bins of a panel, about
	rasterTitle = 15 * vg.Length(1)
)

// strip is one panel of the raster figure: bins of windows one after the other.
type strip struct {
	name, rest string // of the title
	xlabel     string
	color      int // of the model, -1: the recording's
	neurons    int
	window     int      // bins of a window, for the borders; 0: no borders
	fired      [][]bool // [bin][neuron]
	spikes     int
}

// take adds bins of the raster to the strip.
func (s *strip) take(r *spikes.Raster, repeat, from, bins int) {
	for b := from; b < from+bins; b++ {
		row := make([]bool, s.neurons)
		for n := range row {
			row[n] = r.At(repeat, b, n)
			if row[n] {
				s.spikes++
			}
		}
		s.fired = append(s.fired, row)
	}
}

// stretch takes so many bins from the middle of a repeat, without a break.
func (s *strip) stretch(r *spikes.Raster, repeat, bins int, unit string) {
	from := (r.Bins - bins) / 2
	s.take(r, repeat, from, bins)
	s.rest, s.xlabel = fmt.Sprintf(", repeat %d, bins %d to %d", repeat+1, from+1, from+bins), "time, "+unit
}

// sampleWindows counts windows of t bins, none overlapping another.
func sampleWindows(r *spikes.Raster, t int) int { return r.Repeats * (r.Bins / t) }

// takeSample adds window k of such.
func (s *strip) takeSample(r *spikes.Raster, k, t int) {
	per := r.Bins / t
	s.take(r, k/per, k%per*t, t)
}

// strips chooses equal numbers of bins of the recording and of each model. None
// of it is random: the recording's are the middle of the middle repeat; a model's are that of
// its first draw where it runs on, or its first draws side by side. Where a model has whole
// repeats, they are whole ones, or the middle of long ones.
func (in *Input) strips() []strip {
	n, t := in.shape()
	if n == 0 || t == 0 {
		return nil
	}
	most := float64(rasterBins)
	if len(in.whole()) > 0 {
		most = wholeBins
	}
	windows := max(1, int(math.Round(most/float64(t))))
	data := in.DataWindows
	hasData := data.Raster != nil && data.Len() > 0
	if hasData {
		windows = max(1, min(windows, data.Bins/t))
	}
	for _, m := range in.Models {
		if m.Samples != nil && !m.Whole && sampleWindows(m.Samples, t) > 0 {
			windows = min(windows, sampleWindows(m.Samples, t))
		}
	}
	var out []strip
	if hasData {
		s := strip{color: -1, neurons: n, name: "recording"}
		s.stretch(data.Raster, data.Repeats/2, min(windows*t, data.Bins), in.binText())
		out = append(out, s)
	}
	for i, m := range in.Models {
		if m.Samples == nil || sampleWindows(m.Samples, t) == 0 {
			continue
		}
		s := strip{name: m.Name, color: i, neurons: n}
		if m.Whole {
			s.stretch(m.Samples, m.Samples.Repeats/2, min(windows*t, m.Samples.Bins), in.binText())
			out = append(out, s)
			continue
		}
		if t > 1 && m.Samples.Bins >= windows*t { // it runs on
			s.stretch(m.Samples, 0, windows*t, in.binText())
			out = append(out, s)
			continue
		}
		for k := range windows {
			s.takeSample(m.Samples, k, t)
		}
		if t == 1 {
			s.rest = fmt.Sprintf(", %d independent draws", windows)
			s.xlabel = "draw, in no order of time"
		} else {
			s.window = t
			s.rest = fmt.Sprintf(", %d draws", windows)
			s.xlabel = fmt.Sprintf("draws of %d %s", t, in.binText())
		}
		out = append(out, s)
	}
	return out
}

// rasterFigure draws the strips as event plots, two side by side.
func (in *Input) rasterFigure() *figure {
	f := &figure{name: "rasters", title: "Rasters"}
	strips := in.strips()
	if len(strips) == 0 {
		f.missing = "There are neither a recording nor samples to draw."
		return f
	}
	names := in.neuronNames()
	cols := min(2, len(strips))
	if len(in.whole()) > 0 {
		cols = 1
	}
	rows := (len(strips) + cols - 1) / cols
	tile := min(300, max(70, 13*vg.Length(len(names)))) + 48
	f.height = tile * vg.Length(rows)
	f.caption = "Spikes of the recording and of the model's draws, equal numbers of bins."
	if _, t := in.shape(); cols == 1 && len(in.whole()) > 0 {
		f.caption += " Of whole repeats the middle one, over the same bins as the recording's."
	} else if t > 1 {
		f.caption += " Windows of a model that can't run on are draws of their own, side by side; alternate ones are shaded."
	} else {
		f.caption += " A model of one bin has no order in time: its bins are independent draws."
	}
	f.draw = func(c draw.Canvas) {
		plots := make([][]*plot.Plot, rows)
		for r := range plots {
			plots[r] = make([]*plot.Plot, cols)
			for k := range cols {
				if i := r*cols + k; i < len(strips) {
					plots[r][k] = strips[i].plot(names)
				}
			}
		}
		drawTiles(c, plots, func(i int) (string, string) {
			s := strips[i]
			return s.name, s.rest
		})
	}
	return f
}

// drawTiles draws plots with their data areas in line, each under its title.
func drawTiles(c draw.Canvas, plots [][]*plot.Plot, title func(i int) (name, rest string)) {
	cols := len(plots[0])
	tiles := draw.Tiles{Rows: len(plots), Cols: cols, PadX: 16, PadY: rasterTitle + 6, PadTop: rasterTitle}
	canvases := plot.Align(plots, tiles, c)
	for r, row := range plots {
		for k, p := range row {
			if p == nil {
				continue
			}
			p.Draw(canvases[r][k])
			name, rest := title(r*cols + k)
			drawTitle(canvases[r][k], p, name, rest)
		}
	}
}

// plot draws one strip.
func (s *strip) plot(names []string) *plot.Plot {
	p := newPlot()
	p.X.Label.Text, p.Y.Label.Text = fmt.Sprintf("%s; %d spikes", s.xlabel, s.spikes), "neuron"
	p.X.Min, p.X.Max = 0, float64(len(s.fired))
	p.Y.Min, p.Y.Max = -float64(s.neurons)+0.5-0.1, 0.5+0.1
	p.X.Padding, p.Y.Padding = 0, 0
	p.X.Tick.Marker = linearTicks{count: 6, integer: true}
	if s.window > 0 {
		// Windows are counted, not bins.
		p.X.Tick.Marker = windowTicks{s.window}
	}
	each := 1 + (s.neurons-1)/16
	var ticks []plot.Tick
	for i, n := range names {
		if i%each == 0 {
			ticks = append(ticks, plot.Tick{Value: -float64(i), Label: n})
		}
	}
	p.Y.Tick.Marker = plot.ConstantTicks(ticks)
	p.Y.Tick.Length = 0
	p.Add(plotFunc(func(c draw.Canvas, p *plot.Plot) {
		tx, ty := p.Transforms(&c)
		rect := func(clr draw.LineStyle, x0, x1, y0, y1 vg.Length) {
			c.FillPolygon(clr.Color, []vg.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}})
		}
		if s.window > 0 {
			for b := s.window; b < len(s.fired); b += s.window {
				x := tx(float64(b))
				if b/s.window%2 == 1 {
					rect(draw.LineStyle{Color: shade}, x, tx(float64(min(b+s.window, len(s.fired)))), c.Min.Y, c.Max.Y)
				}
				c.StrokeLine2(draw.LineStyle{Color: pale, Width: 0.4}, x, c.Min.Y, x, c.Max.Y)
			}
		}
		clr := draw.LineStyle{Color: black}
		if s.color >= 0 {
			clr.Color = modelColor(s.color)
		}
		slot := tx(1) - tx(0)
		width := min(max(slot*0.7, 0.9), 2)
		half := (ty(0) - ty(-1)) * 0.38
		for b, row := range s.fired {
			x := tx(float64(b)+0.5) - width/2
			for n, fired := range row {
				if fired {
					y := ty(-float64(n))
					rect(clr, x, x+width, y-half, y+half)
				}
			}
		}
		box := draw.LineStyle{Color: black, Width: 0.6}
		c.StrokeLines(box, []vg.Point{{X: c.Min.X, Y: c.Max.Y}, {X: c.Max.X, Y: c.Max.Y}, {X: c.Max.X, Y: c.Min.Y}})
	}))
	return p
}

// windowTicks count windows on an axis of bins.
type windowTicks struct{ bins int }

func (t windowTicks) Ticks(lo, hi float64) []plot.Tick {
	ticks := linearTicks{count: 6, integer: true}.Ticks(lo, hi/float64(t.bins))
	for i := range ticks {
		ticks[i].Value *= float64(t.bins)
	}
	return ticks
}
