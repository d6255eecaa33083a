package report

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"io"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

const (
	figureWidth = 576 * vg.Length(1) // 8 inches
	margin      = 9 * vg.Length(1)
	dpi         = 200
	// grid is the height of a figure in whole steps, so that it is a whole number
	// of pixels: 9 pt are 25 px.
	grid = 9 * vg.Length(1)
)

// The palette of Okabe and Ito, which people with any colour vision tell apart
// (Color Universal Design, 2008); black is the recording's.
var (
	black  = color.NRGBA{A: 255}
	grey   = color.NRGBA{R: 96, G: 96, B: 96, A: 255}
	pale   = color.NRGBA{R: 225, G: 225, B: 225, A: 255}
	shade  = color.NRGBA{R: 240, G: 240, B: 240, A: 255}
	orange = color.NRGBA{R: 0xE6, G: 0x9F, B: 0x00, A: 255}
	sky    = color.NRGBA{R: 0x56, G: 0xB4, B: 0xE9, A: 255}
	models = [MaxModels]color.NRGBA{
		{R: 0xD5, G: 0x5E, B: 0x00, A: 255}, // vermilion
		{R: 0x00, G: 0x72, B: 0xB2, A: 255}, // blue
		{R: 0x00, G: 0x9E, B: 0x73, A: 255}, // bluish green
		{R: 0xCC, G: 0x79, B: 0xA7, A: 255}, // reddish purple
	}
	glyphs = [MaxModels]draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, diamond{}}
)

// modelColor is the colour of model i; curves beyond the models are grey.
func modelColor(i int) color.Color {
	if i < len(models) {
		return models[i]
	}
	return grey
}

// diamond is a filled square on its corner.
type diamond struct{}

func (diamond) DrawGlyph(c *draw.Canvas, sty draw.GlyphStyle, pt vg.Point) {
	r := sty.Radius * 1.2
	c.FillPolygon(sty.Color, []vg.Point{{X: pt.X - r, Y: pt.Y}, {X: pt.X, Y: pt.Y - r}, {X: pt.X + r, Y: pt.Y}, {X: pt.X, Y: pt.Y + r}})
}

// sans is the style of all words, of a size in points.
func sans(size float64, clr color.Color) text.Style {
	return style(font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Length(size)}, clr)
}

// bold is that of titles.
func bold(size float64) text.Style {
	s := sans(size, black)
	s.Font.Weight = 3 // bold, in the words of golang.org/x/image/font
	return s
}

// mono is that of bit strings.
func mono(size float64) text.Style {
	return style(font.Font{Typeface: "Liberation", Variant: "Mono", Size: vg.Length(size)}, black)
}

func style(f font.Font, clr color.Color) text.Style {
	return text.Style{Color: clr, Font: f, Handler: handler(), YAlign: text.YCenter}
}

// handler draws all texts.
func handler() text.Handler { return raised{text.Plain{Fonts: font.DefaultCache}} }

// shorten cuts a text that is too wide and ends it with an ellipsis.
func shorten(s text.Style, txt string, width vg.Length) string {
	if s.Width(txt) <= width {
		return txt
	}
	r := []rune(txt)
	for len(r) > 0 && s.Width(string(r)+"…") > width {
		r = r[:len(r)-1]
	}
	return strings.TrimRight(string(r), " ,") + "…"
}

// wrap breaks a text into lines of at most that width, at spaces where it can.
func wrap(s text.Style, txt string, width vg.Length) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(txt) {
		joined := word
		if line != "" {
			joined = line + " " + word
		}
		if s.Width(joined) <= width {
			line = joined
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		line = ""
		for _, r := range word {
			if line != "" && s.Width(line+string(r)) > width {
				lines = append(lines, line)
				line = ""
			}
			line += string(r)
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// heading is what stands over a figure: title and facts.
type heading struct {
	title string
	lines []string
}

// mark is what a legend entry shows before its text.
type mark int

const (
	markNone  mark = iota
	markBox        // a bar
	markLine       // a line
	markGlyph      // a point of a scatter and of a line
	markLack       // the triangle for a bar below the axis
)

// entry is one entry of a legend.
type entry struct {
	text   string
	mark   mark
	color  color.Color
	dashes []vg.Length
	glyph  draw.GlyphDrawer
}

// figure is one drawing with its legend.
type figure struct {
	name    string // of its files
	title   string
	caption string    // what is to be seen, for the page and for those who don't see
	missing string    // why there is no figure
	width   vg.Length // of the paper; 0: figureWidth
	legend  []entry
	height  vg.Length // of the panels
	draw    func(draw.Canvas)
}

// item is a piece of text placed from the top left corner.
type item struct {
	x, y  vg.Length // of the left end of the line's middle
	style text.Style
	text  string
	entry *entry // whose mark stands before it
}

const markWidth = 22 * vg.Length(1)

// paper is the figure's width.
func (f *figure) paper() vg.Length {
	if f.width > 0 {
		return f.width
	}
	return figureWidth
}

// layOut places heading and legend and returns their height.
func (f *figure) layOut(head *heading) (items []item, height vg.Length) {
	width := f.paper() - 2*margin
	y := margin
	para := func(s text.Style, txt string, lead vg.Length) {
		for _, l := range wrap(s, txt, width) {
			items = append(items, item{x: margin, y: y + lead/2, style: s, text: l})
			y += lead
		}
	}
	if head != nil {
		if head.title != "" {
			para(bold(11), head.title, 15)
		}
		for _, l := range head.lines {
			para(sans(7, grey), l, 9)
		}
		y += 5
	}
	s := sans(8.5, black)
	x := margin
	const lead, gap = 12, 16
	for i := range f.legend {
		e := &f.legend[i]
		indent := markWidth
		if e.mark == markNone {
			indent = 0
		}
		w := indent + s.Width(e.text)
		if x > margin && x+w > margin+width {
			x, y = margin, y+lead
		}
		for k, l := range wrap(s, e.text, width-indent) {
			if k > 0 {
				y += lead
			}
			it := item{x: x + indent, y: y + lead/2, style: s, text: l}
			if k == 0 && e.mark != markNone {
				it.entry = e
			}
			items = append(items, it)
		}
		x += w + gap
	}
	if len(f.legend) > 0 {
		y += lead + 3
	}
	return items, y
}

// compose draws a figure on a canvas, which is made white and of its size.
func compose[C vg.CanvasSizer](f *figure, head *heading, canvas func(w, h vg.Length) C) C {
	items, top := f.layOut(head)
	height := vg.Length(math.Ceil(float64((top+f.height+margin)/grid))) * grid
	out := canvas(f.paper(), height)
	c := draw.New(out)
	for _, it := range items {
		p := vg.Point{X: it.x, Y: height - it.y}
		c.FillText(it.style, p, it.text)
		if it.entry != nil {
			it.entry.draw(&c, vg.Point{X: it.x - markWidth, Y: p.Y})
		}
	}
	f.draw(draw.Crop(c, margin, -margin, margin, -top))
	return out
}

// draw draws the entry's mark with its left end at p.
func (e *entry) draw(c *draw.Canvas, p vg.Point) {
	end := p.X + markWidth - 5
	p.Y -= 0.8 // the middle of small letters
	switch e.mark {
	case markLack:
		lackMark(c, (p.X+end)/2, p.Y-3.5, 8, draw.LineStyle{Color: e.color, Width: 0.8})
		return
	case markBox:
		c.FillPolygon(e.color, []vg.Point{{X: p.X, Y: p.Y - 3.5}, {X: end, Y: p.Y - 3.5}, {X: end, Y: p.Y + 3.5}, {X: p.X, Y: p.Y + 3.5}})
		return
	}
	c.StrokeLine2(draw.LineStyle{Color: e.color, Width: 1.5, Dashes: e.dashes}, p.X, p.Y, end, p.Y)
	if e.mark == markGlyph {
		c.DrawGlyph(draw.GlyphStyle{Color: e.color, Radius: 2.5, Shape: e.glyph}, vg.Point{X: (p.X + end) / 2, Y: p.Y})
	}
}

// png writes the figure as PNG.
func (f *figure) png(w io.Writer, head *heading) error {
	c := compose(f, head, func(w, h vg.Length) *vgimg.Canvas {
		return vgimg.NewWith(vgimg.UseWH(w, h), vgimg.UseDPI(dpi))
	})
	if err := writePNG(w, c.Image().(*image.RGBA)); err != nil {
		return fmt.Errorf("writing %s as PNG: %w", f.name, err)
	}
	return nil
}

// svg writes the figure as SVG. It names fonts of equal widths where Liberation
// is not at hand.
func (f *figure) svg(w io.Writer, head *heading) error {
	c := compose(f, head, func(w, h vg.Length) *vgsvg.Canvas {
		c := vgsvg.New(w, h)
		c.SetColor(color.White)
		c.Fill(draw.New(c).Rectangle.Path())
		return c
	})
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return fmt.Errorf("writing %s as SVG: %w", f.name, err)
	}
	_, err := w.Write(fontFallback(b.Bytes()))
	return err
}

// fontFallback adds families of the same widths to those that gonum names.
func fontFallback(svg []byte) []byte {
	for _, r := range []struct{ from, to string }{
		{"font-family:Liberation Sans;", "font-family:'Liberation Sans',Arimo,Arial,Helvetica,sans-serif;"},
		{"font-family:Liberation Mono;", "font-family:'Liberation Mono',Cousine,'Courier New',monospace;"},
	} {
		svg = bytes.ReplaceAll(svg, []byte(r.from), []byte(r.to))
	}
	return svg
}

// newPlot is an empty plot in the house's style.
func newPlot() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Label.TextStyle.Font, a.Label.TextStyle.Handler = sans(9, black).Font, handler()
		a.Label.Padding = 3
		a.Tick.Label.Font, a.Tick.Label.Handler = sans(8, black).Font, handler()
		a.Tick.Length = 4
		a.Tick.LineStyle.Width = 0.6
		a.LineStyle.Width = 0.6
		a.Padding = 3
		a.Tick.Marker = linearTicks{count: 6}
	}
	return p
}

// logAxis makes an axis logarithmic.
func logAxis(a *plot.Axis, lo, hi float64) {
	a.Scale = plot.LogScale{}
	a.Tick.Marker = logTicks{}
	a.Min, a.Max = lo, hi
}

// plotFunc is a plotter made of a function.
type plotFunc func(c draw.Canvas, p *plot.Plot)

func (f plotFunc) Plot(c draw.Canvas, p *plot.Plot) { f(c, p) }

// drawTitle writes a panel's title over its data: the name, shortened if it must
// be, and what follows it.
func drawTitle(c draw.Canvas, p *plot.Plot, name, rest string) {
	data := p.DataCanvas(c)
	s := bold(9)
	txt := shorten(s, name, data.Max.X-data.Min.X-s.Width(rest)) + rest
	c.FillText(s, vg.Point{X: data.Min.X, Y: data.Max.Y + 8}, txt)
}

// message is a plot that says why there is nothing to see.
func message(txt string) *plot.Plot {
	p := newPlot()
	p.HideAxes()
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 0, 1
	p.Add(plotFunc(func(c draw.Canvas, _ *plot.Plot) {
		s := sans(9, grey)
		s.XAlign = text.XCenter
		y := c.Center().Y
		for i, l := range wrap(s, txt, c.Max.X-c.Min.X-24) {
			c.FillText(s, vg.Point{X: c.Center().X, Y: y - vg.Length(12*i)}, l)
		}
	}))
	return p
}

// polyline draws points joined by a line, broken where the y is not drawable:
// not finite, or on a logarithmic axis not within it.
func polyline(c draw.Canvas, p *plot.Plot, xs, ys []float64, line draw.LineStyle, glyph draw.GlyphDrawer) {
	tx, ty := p.Transforms(&c)
	var run []vg.Point
	flush := func() {
		if len(run) > 1 {
			c.StrokeLines(line, run)
		}
		run = nil
	}
	for i, y := range ys {
		if !finite(y) || y < p.Y.Min || y > p.Y.Max {
			flush()
			continue
		}
		pt := vg.Point{X: tx(xs[i]), Y: ty(y)}
		run = append(run, pt)
		if glyph != nil {
			c.DrawGlyph(draw.GlyphStyle{Color: line.Color, Radius: 2.2, Shape: glyph}, pt)
		}
	}
	flush()
}
