package report

import (
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg/draw"
)

// GridCell is what a grid of runs has for one number of neurons and timesteps: the
// input of its own report, and where that lies, from the grid's page on.
type GridCell struct {
	Input
	Link string
}

// maxColumns is the number of window lengths side by side, as in the paper's Figure 3.
const maxColumns = 4

// WriteGrid writes the page index.html and the figure figure3 (PNG and SVG) about runs of
// several sizes into the folder dir: a table with a row a run, the statistics of the
// largest number of neurons for up to four window lengths side by side (covariances,
// k-probability, rates, autocorrelogram: the panels A to P), and the rasters of each. It
// returns the paths written. write is that of [Write].
func WriteGrid(dir, title string, lines []string, cells []GridCell, write func(path string, f func(io.Writer) error) error) ([]string, error) {
	cells = slices.Clone(cells)
	for i := range cells {
		if err := cells[i].check(); err != nil {
			return nil, fmt.Errorf("report of %s: %w", cells[i].Link, err)
		}
		cells[i].Input = cells[i].cleaned()
	}
	slices.SortStableFunc(cells, func(a, b GridCell) int {
		n, t := a.shape()
		m, u := b.shape()
		if n != m {
			return n - m
		}
		return t - u
	})
	figs := []*figure{gridFigure(cells)}
	for _, c := range columns(cells) {
		f := c.rasterFigure()
		n, t := c.shape()
		f.name, f.title = fmt.Sprintf("rasters_n%d_t%d", n, t), fmt.Sprintf("Rasters, n = %d, t = %d", n, t)
		figs = append(figs, f)
	}
	head := &heading{title: clean(title)}
	for _, l := range lines {
		head.lines = append(head.lines, clean(l))
	}
	page := content{Title: head.title, Facts: head.lines, Tables: []table{gridTable(cells)}}
	for i := range cells {
		c := &cells[i]
		for k := range c.Models {
			page.Shows = append(page.Shows, c.sizeText()+": "+c.lawVerdict(&c.Models[k]))
		}
	}
	page.Not = []string{
		"Whether larger is better: divergences of windows of different sizes are not on one scale; compare each with its own halves and baselines.",
		"An effect of the model where windows differ in length: the autocorrelogram of windows is lowered by their ends, of model and recording alike. Each column compares windows of one length.",
	}
	return writeAll(dir, head, figs, func(w io.Writer) error { return page.write(w, figs) }, write)
}

func (c *GridCell) sizeText() string {
	n, t := c.shape()
	return fmt.Sprintf("n = %d, t = %d", n, t)
}

// columns are the cells of the figure: of the number of neurons with most window
// lengths, the largest of these, up to four lengths from the shortest to the longest.
func columns(cells []GridCell) []GridCell {
	count := map[int]int{}
	for i := range cells {
		n, _ := cells[i].shape()
		count[n]++
	}
	best := 0
	for n, c := range count {
		if c > count[best] || c == count[best] && n > best {
			best = n
		}
	}
	var out []GridCell
	for _, c := range cells {
		if n, _ := c.shape(); n == best {
			out = append(out, c)
		}
	}
	for len(out) > maxColumns { // the ends stay
		out = slices.Delete(out, len(out)/2, len(out)/2+1)
	}
	return out
}

// gridFigure is the paper's Figure 3: a column a window length.
func gridFigure(all []GridCell) *figure {
	f := &figure{name: "figure3", title: "Statistics by window length, as in the paper's Figure 3", height: 560}
	cells := columns(all)
	if len(cells) == 0 {
		f.missing = "There are no runs."
		return f
	}
	f.legend = []entry{{text: "recording", mark: markGlyph, color: black, glyph: draw.RingGlyph{}}}
	for i, m := range cells[0].Models {
		f.legend = append(f.legend, entry{text: m.Name, mark: markGlyph, color: modelColor(i), glyph: glyphs[i]})
	}
	f.legend = append(f.legend, cells[0].besideLegend()...)
	n, _ := cells[0].shape()
	f.caption = fmt.Sprintf("%d neurons; a column for each length of windows. From above: covariances of pairs and k-probability, firing rates, model against recording, and autocorrelogram over windows of that length. Dashed: model and recording equal. Colours are by place in each column.", n)
	rows := []struct {
		name string
		plot func(*Input, []int) *plot.Plot
	}{
		{"covariance", (*Input).covariancePlot}, {"k-probability", (*Input).kPlot}, {"rate", (*Input).ratePlot}, {"autocorr.", (*Input).autocorrelogramPlot},
	}
	plots := make([][]*plot.Plot, len(rows))
	var titles []string
	for r, row := range rows {
		for i := range cells {
			c := &cells[i]
			var with []int
			for k, m := range c.Models {
				if m.Summary.Neurons > 0 {
					with = append(with, k)
				}
			}
			p := row.plot(&c.Input, with)
			switch _, unit, _ := strings.Cut(p.X.Label.Text, " ("); {
			case unit == "" && r != 1: // a message
			case r == 0 || r == 2:
				p.X.Label.Text, p.Y.Label.Text = "recording ("+unit, "model (same unit)"
			case r == 1:
				p.X.Label.Text = "k, active neurons"
			case r == 3:
				p.X.Label.Text, p.Y.Label.Text = "lag (bins)", "coinc. per spike"
			}
			if i > 0 {
				p.Y.Label.Text = ""
			}
			for _, a := range []*plot.Axis{&p.X, &p.Y} {
				a.Tick.Label.Font.Size, a.Label.TextStyle.Font.Size = 6.5, 8
				if ticks, linear := a.Tick.Marker.(linearTicks); linear {
					a.Tick.Marker = linearTicks{count: 3, integer: ticks.integer}
				}
			}
			_, t := c.shape()
			plots[r] = append(plots[r], p)
			titles = append(titles, fmt.Sprintf("%c  %s, t = %d", 'A'+len(titles), row.name, t))
		}
	}
	f.draw = func(c draw.Canvas) { drawTiles(c, plots, func(i int) (string, string) { return titles[i], "" }) }
	return f
}

// gridTable has a row for each run.
func gridTable(cells []GridCell) table {
	t := table{
		Caption: "Runs",
		Head: append(numbers("neurons", "timesteps"), append(words("model"),
			numbers("parameters", "JS (nats)", "halves", "JS / halves", "independent", "ising", "silent", "P(silent)", "recording")...)...),
		Note: "JS: Jensen-Shannon divergence of the law of windows, ± its standard error; halves: that of the recording's odd and even repeats, a reference that a model can pass; independent, ising, silent: those of models fitted to the same windows.",
	}
	for i := range cells {
		c := &cells[i]
		n, steps := c.shape()
		halves := optional(c.Floor)
		for k := range c.Models {
			m := &c.Models[k]
			js, ratio, parameters := none, none, none
			if m.JSValid {
				js = withError(m.JSNats, m.JSStdErr)
				if c.Floor != nil && *c.Floor > 0 {
					ratio = number(m.JSNats / *c.Floor)
				}
			}
			if m.Parameters > 0 {
				parameters = fmt.Sprint(m.Parameters)
			}
			t.Rows = append(t.Rows, append(numbers(fmt.Sprint(n), fmt.Sprint(steps)), append([]cell{{Text: m.Name, Word: true, Link: template.URL(c.Link)}},
				numbers(parameters, js, halves, ratio, optional(c.baseline("independent")), optional(c.baseline("ising")), optional(c.baseline("silent")), silent(&m.Summary), silent(&c.Data))...)...))
		}
	}
	if slices.ContainsFunc(cells, func(c GridCell) bool { return c.HeldOut }) {
		t.Note += " Held out: to the repeats that were not trained on."
		t.Head = slices.Insert(t.Head, 3, cell{Text: "JS held out (nats)"})
		row := 0
		for i := range cells {
			for k := range cells[i].Models {
				t.Rows[row] = slices.Insert(t.Rows[row], 3, cell{Text: optional(cells[i].Models[k].HeldOutNats)})
				row++
			}
		}
	}
	return t
}
