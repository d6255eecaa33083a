package report

import (
	"fmt"
	"html/template"
	"image/color"
	"io"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Study is what a page of a study shows.
type Study struct {
	Title string
	Lines []string // facts under the title: settings, seeds, hash of the plan ...
	// Says are sentences that say what the figures show and what they don't.
	Says    []string
	Figures []XY
	Tables  []Table
}

// XY is a figure of curves over one quantity.
type XY struct {
	Name, Title, Caption string // the name is that of the files
	X, Y                 string // what the axes show, with units
	LogX, LogY           bool
	Series               []Series
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
}

// Table is a table of a page, cells as text.
type Table struct {
	Caption, Note string
	Head          []string
	Rows          [][]string
}

// WriteStudy writes each figure as .png and .svg and the page index.html into the folder
// dir. See Write for the function write. It returns the paths written, in order.
func WriteStudy(dir string, s Study, write func(path string, f func(io.Writer) error) error) ([]string, error) {
	head := &heading{title: clean(s.Title)}
	for _, l := range s.Lines {
		head.lines = append(head.lines, clean(l))
	}
	var figs []*figure
	for i := range s.Figures {
		figs = append(figs, s.Figures[i].figure())
	}
	return writeAll(dir, head, figs, func(w io.Writer) error { return s.page(w, figs) }, write)
}

// studyText is the body of a study's page; head and tables are those of the report's.
const studyText = `<body>
<h1>{{.Title}}</h1>
{{with .Facts}}<ul class="facts">
{{range .}}<li>{{.}}</li>
{{end}}</ul>
{{end}}{{with .Says}}<section id="says">
<h2>What the numbers show</h2>
{{range .}}<p>{{.}}</p>
{{end}}</section>
{{end}}{{range .Figures}}<section id="{{.Name}}">
<h2>{{.Title}}</h2>
{{if .Missing}}<p class="note">{{.Missing}}</p>
{{else}}<figure>
{{.SVG}}
<figcaption>{{.Caption}} Files: {{.Name}}.png, {{.Name}}.svg.</figcaption>
</figure>
{{end}}</section>
{{end}}{{range .Tables}}{{template "table" .}}{{end}}
</body>
</html>
`

// page writes the page with the figures inside.
func (s Study) page(w io.Writer, figs []*figure) error {
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		return fmt.Errorf("page: %w", err)
	}
	if t, err = t.New("study").Parse(pageText[:strings.Index(pageText, "<body>")] + studyText); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	content := struct {
		Title   string
		Facts   []string
		Says    []string
		Tables  []table
		Figures []pageFigure
	}{Title: s.Title, Facts: s.Lines, Says: s.Says}
	if content.Figures, err = pageFigures(figs); err != nil {
		return err
	}
	for _, k := range s.Tables {
		own := table{Caption: k.Caption, Note: k.Note, Head: words(k.Head...)}
		for _, r := range k.Rows {
			own.Rows = append(own.Rows, words(r...))
		}
		content.Tables = append(content.Tables, own)
	}
	if err := t.ExecuteTemplate(w, "study", content); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	return nil
}

// drawable says whether a point can be shown.
func (f *XY) drawable(x, y float64) bool {
	return finite(x) && finite(y) && !(f.LogX && x <= 0) && !(f.LogY && y <= 0)
}

// padding is the room that a linear axis has beyond its values.
func padding(lo, hi, share float64) float64 {
	if hi > lo {
		return share * (hi - lo)
	}
	return max(0.5, share*math.Abs(hi))
}

// figure draws the curves.
func (f *XY) figure() *figure {
	out := &figure{name: f.Name, title: clean(f.Title), caption: clean(f.Caption), height: 260}
	lo, hi := [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	include := func(x, y float64) {
		if f.drawable(x, y) {
			lo[0], hi[0] = min(lo[0], x), max(hi[0], x)
			lo[1], hi[1] = min(lo[1], y), max(hi[1], y)
		}
	}
	for _, s := range f.Series {
		for i, x := range s.X {
			include(x, s.Y[i])
			if s.Low != nil {
				include(x, s.Low[i])
				include(x, s.High[i])
			}
		}
	}
	if math.IsInf(lo[0], 1) {
		out.missing = "There is nothing to draw: no task has given these figures."
		return out
	}
	p := newPlot()
	p.X.Label.Text, p.Y.Label.Text = clean(f.X), clean(f.Y)
	if f.LogX {
		a, b := logRange(lo[0], hi[0], 1.2)
		logAxis(&p.X, a, b)
	} else {
		pad := padding(lo[0], hi[0], 0.04)
		p.X.Min, p.X.Max = lo[0]-pad, hi[0]+pad
	}
	if f.LogY {
		a, b := logRange(lo[1], hi[1], 1.4)
		logAxis(&p.Y, a, b)
	} else {
		pad := padding(lo[1], hi[1], 0.06)
		p.Y.Min, p.Y.Max = lo[1]-pad, hi[1]+pad
	}
	at := 0
	type look struct {
		line  draw.LineStyle
		glyph draw.GlyphDrawer
	}
	looks := make([]look, len(f.Series))
	for i, s := range f.Series {
		e := entry{text: clean(s.Name), mark: markGlyph}
		if s.Reference {
			looks[i].line = draw.LineStyle{Color: grey, Width: 1, Dashes: []vg.Length{4, 2.5}}
			if s.Own && i > 0 {
				looks[i].line.Color = looks[i-1].line.Color
			}
			e.mark, e.color, e.dashes = markLine, looks[i].line.Color, looks[i].line.Dashes
		} else {
			k := at % len(curveLooks)
			looks[i] = look{draw.LineStyle{Color: curveLooks[k].color, Width: 1.5}, curveLooks[k].glyph}
			if at >= len(curveLooks) {
				looks[i].line.Dashes = []vg.Length{6, 2}
			}
			e.color, e.glyph, e.dashes = looks[i].line.Color, looks[i].glyph, looks[i].line.Dashes
			at++
		}
		out.legend = append(out.legend, e)
	}
	if f.LogY {
		p.Add(decadeLines{})
	}
	p.Add(plotFunc(func(c draw.Canvas, _ *plot.Plot) {
		tx, ty := p.Transforms(&c)
		for i, s := range f.Series {
			l := looks[i]
			for k := range s.Low {
				low, high := s.Low[k], s.High[k]
				if f.LogY {
					low = max(low, p.Y.Min)
				}
				if f.drawable(s.X[k], low) && f.drawable(s.X[k], high) {
					bar := draw.LineStyle{Color: l.line.Color, Width: 0.9}
					c.StrokeLine2(bar, tx(s.X[k]), ty(low), tx(s.X[k]), ty(high))
				}
			}
			line := l.line
			if !s.Line && !s.Reference {
				line.Width = 0
			}
			polyline(c, p, s.X, s.Y, line, nil)
			if l.glyph == nil {
				continue
			}
			for k, x := range s.X {
				if f.drawable(x, s.Y[k]) {
					c.DrawGlyph(draw.GlyphStyle{Color: l.line.Color, Radius: 2.6, Shape: l.glyph}, vg.Point{X: tx(x), Y: ty(s.Y[k])})
				}
			}
		}
	}))
	out.draw = func(c draw.Canvas) { p.Draw(draw.Crop(c, 0, -12, 0, -6)) }
	return out
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
