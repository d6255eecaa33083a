package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"qgan/metrics"
)

//go:embed page.html
var pageText string

// cell is one cell of a table.
type cell struct {
	Text string
	Word bool         // words stand to the left, numbers to the right
	Link template.URL // a page within the report; empty: none
}

// table is one table of the page.
type table struct {
	Caption string
	Head    []cell
	Rows    [][]cell
	Note    string
}

// pageFigure is a figure on the page: its SVG, or why there is none.
type pageFigure struct {
	Name, Title, Caption, Missing string
	SVG                           template.HTML
}

// content is what the page is made of.
type content struct {
	Title      string
	Facts      []string
	Verdict    []string // of figures that are held out
	Shows, Not []string // in words
	Tables     []table
	Figures    []pageFigure
	Sections   []section // of a judgement
	Rest       []pageFigure
	Below      []table
}

// judgedFigures are those in place of which a page has the sections of a judgement, rasters and
// histograms only where they do not show whole repeats, and
// restFigures those that stand after the sections. They lie beside the page in any case.
var judgedFigures, restFigures = []string{"rasters", "statistics", "psth"}, []string{"time", "training", "parameters"}

// page writes the HTML page.
func (in *Input) page(w io.Writer, figs []*figure) error {
	c := content{Title: in.Title, Facts: in.Lines, Tables: []table{in.modelTable(), in.baselineTable()}, Below: []table{in.timeTable(), in.rateTable()}}
	c.Shows, c.Not = in.verdict()
	s := in.Scores
	if s == nil {
		if in.Unjudged != "" {
			c.Facts = append(slices.Clone(c.Facts), "no judgement by repeats that models were not fitted to: "+in.Unjudged)
		}
		return c.write(w, figs)
	}
	var err error
	if c.Sections, err = s.sections(); err != nil {
		return err
	}
	for i := range c.Sections {
		c.Sections[i].Name = "judged-" + c.Sections[i].Name
	}
	c.Verdict, c.Facts = s.Verdict, slices.Concat(c.Facts, s.facts())
	c.Below = slices.Concat([]table{s.table()}, c.Below, s.below())
	whole := len(in.whole()) > 0
	var first, rest []*figure
	for _, f := range figs {
		switch {
		case slices.Contains(restFigures, f.name):
			rest = append(rest, f)
		case whole && f.name != "statistics" || !slices.Contains(judgedFigures, f.name):
			first = append(first, f)
		}
	}
	if c.Rest, err = pageFigures(rest); err != nil {
		return err
	}
	return c.write(w, first)
}

// write writes the page with figures that were not yet drawn.
func (c content) write(w io.Writer, figs []*figure) error {
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		return fmt.Errorf("page: %w", err)
	}
	if c.Title == "" {
		c.Title = "Report"
	}
	if c.Figures, err = pageFigures(figs); err != nil {
		return err
	}
	if err := t.Execute(w, c); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	return nil
}

// pageFigures puts figures in the form of a page.
func pageFigures(figs []*figure) (out []pageFigure, err error) {
	for _, f := range figs {
		p := pageFigure{Name: f.name, Title: f.title, Caption: f.caption, Missing: f.missing}
		if f.missing == "" {
			var b bytes.Buffer
			if err := f.svg(&b, nil); err != nil {
				return nil, err
			}
			p.SVG = inline(b.String(), f.caption)
		}
		out = append(out, p)
	}
	return out, nil
}

// inline makes an SVG file an element of an HTML page: no XML declaration, no
// namespaces, its size left to the page. All its texts were escaped when they
// were drawn.
func inline(svg, label string) template.HTML {
	start := strings.Index(svg, "<svg")
	end := start + strings.Index(svg[start:], ">")
	box := svg[start:end]
	if i := strings.Index(box, "viewBox="); i >= 0 {
		box = box[i:]
		box = box[:strings.Index(box[len(`viewBox="`):], `"`)+len(`viewBox="`)+1]
	}
	return template.HTML(`<svg role="img" aria-label="` + template.HTMLEscapeString(label) + `" ` + box + svg[end:])
}

func words(texts ...string) []cell {
	cells := make([]cell, len(texts))
	for i, t := range texts {
		cells[i] = cell{Text: t, Word: true}
	}
	return cells
}

func numbers(texts ...string) []cell {
	cells := make([]cell, len(texts))
	for i, t := range texts {
		cells[i] = cell{Text: t}
	}
	return cells
}

const none = "–"

// optional writes a number that may be absent.
func optional(x *float64) string {
	if x == nil || !finite(*x) {
		return none
	}
	return number(*x)
}

// modelTable lists the models' distances and the recording's floor.
func (in *Input) modelTable() table {
	t := table{
		Caption: "Distance to the recording",
		Head:    append(words("model"), append(numbers("parameters", "JS (nats)", "perfect", "JS (bits)", "JS / halves", "as many draws", "P(silent)"), words("note")...)...),
		Note:    "JS: Jensen-Shannon divergence between the laws of windows, ± its standard error. Perfect: what a model whose law is the recording's source is expected to score. Halves: the odd against the even repeats, a reference that has the noise of both, so that a model can be nearer. As many draws: what they score of the recording's own law, where JS is that of draws. P(silent): share of windows without a spike, for a model that of its draws.",
	}
	for i := range in.Models {
		m := &in.Models[i]
		nats, bits, ratio, null, parameters, note := none, none, none, none, none, ""
		if m.Parameters > 0 {
			parameters = fmt.Sprint(m.Parameters)
		}
		if m.Null > 0 {
			null = number(m.Null)
		}
		if m.JSValid {
			nats, bits = withError(m.JSNats, m.JSStdErr), withError(metrics.Bits(m.JSNats), metrics.Bits(m.JSStdErr))
			if in.Floor != nil && *in.Floor > 0 {
				ratio = number(m.JSNats / *in.Floor)
			}
		} else if note = m.JSReason; note == "" {
			note = "JS not known"
		}
		t.Rows = append(t.Rows, append(words(m.Name), append(numbers(parameters, nats, optional(m.Perfect), bits, ratio, null, silent(&m.Summary)), words(note)...)...))
	}
	halves, bits, note := none, none, "not known"
	if in.Floor != nil {
		halves, bits, note = number(*in.Floor), number(metrics.Bits(*in.Floor)), "the odd against the even repeats"
	}
	t.Rows = append(t.Rows, append(words("the recording's halves"), append(numbers(none, halves, none, bits, none, none, silent(&in.Data)), words(note)...)...))
	if in.HeldOut { // what was not trained on says most, and stands first
		t.Note += " Held out: to the repeats that were not trained on."
		t.Head = slices.Insert(t.Head, 1, numbers("JS held out (nats)", "perfect held out")...)
		for i := range t.Rows {
			text, perfect := none, none
			if i < len(in.Models) {
				text, perfect = optional(in.Models[i].HeldOutNats), optional(in.Models[i].PerfectHeldOut)
			}
			t.Rows[i] = slices.Insert(t.Rows[i], 1, numbers(text, perfect)...)
		}
	}
	return t
}

func silent(s *metrics.Summary) string {
	if s.Windows == 0 || !finite(s.PSilent) {
		return none
	}
	return number(s.PSilent)
}

// baselineTable lists the models fitted to the recording.
func (in *Input) baselineTable() table {
	t := table{
		Caption: "Baselines",
		Head:    append(words("model"), append(numbers("JS held out (nats)", "ln p held out (nats/bin)", "JS (nats)", "JS / halves", "parameters", "as many draws"), words("note")...)...),
		Note:    "JS: of the recording to the model fitted to it. Held out: of the even repeats to the model fitted to the odd ones. Split half: the even repeats to the odd ones, a reference that a model can pass. A law that is drawn is farther off by about what as many draws of the recording's law are.",
	}
	for _, b := range in.Baselines {
		parameters := fmt.Sprint(b.Parameters)
		if b.Name == "split-half" && b.Parameters > 1e6 {
			// A full table, with one entry for each window there could be.
			parameters = "2ⁿᵗ − 1"
		}
		ratio, likelihood, note := none, none, b.Remark()
		if b.JS != nil && in.Floor != nil && *in.Floor > 0 && b.Name != "split-half" {
			ratio = number(*b.JS / *in.Floor)
		}
		if l := b.LogLikelihoodHeldOut; l != nil && finite(*l) {
			likelihood = minus(fmt.Sprintf("%.5f", *l))
		}
		js := optional(b.JS)
		if b.JS != nil && *b.JS < 1e-12 {
			js, ratio, note = "0", none, strings.TrimPrefix(note+"; the recording's own law", "; ")
		}
		if b.Samples > 0 {
			note = fmt.Sprintf("of %d draws", b.Samples)
		}
		t.Rows = append(t.Rows, append(words(b.Name), append(numbers(optional(b.JSHeldOut), likelihood, js, ratio, parameters, optional(b.Null)), words(note)...)...))
	}
	if len(t.Rows) == 0 {
		t.Note = "No baseline was computed."
	}
	return t
}

// rateTable lists each neuron's rate.
func (in *Input) rateTable() table {
	of := func(s *metrics.Summary) []float64 { return s.RatesHz }
	unit := "spikes/s"
	if in.Data.RatesHz == nil {
		of, unit = func(s *metrics.Summary) []float64 { return s.MeanPerBin }, "spikes/bin"
	}
	t := table{
		Caption: "Firing rates (" + unit + ")",
		Head:    append(words("neuron"), numbers("recording")...),
		Note:    "Neurons are numbered as in the recording, from 0. Rates of a model are those of its draws.",
	}
	if r := in.DataWindows.Raster; r != nil && r.Source.Units != nil {
		t.Note = "Neurons have their names in the recording. Rates of a model are those of its draws."
	}
	for _, m := range in.Models {
		t.Head = append(t.Head, cell{Text: m.Name})
	}
	names := in.neuronNames()
	for i, r := range of(&in.Data) {
		name := fmt.Sprint(i)
		if i < len(names) {
			name = names[i]
		}
		row := append(words(name), numbers(rate(r))...)
		for k := range in.Models {
			text := none
			if rs := of(&in.Models[k].Summary); i < len(rs) {
				text = rate(rs[i])
			}
			row = append(row, cell{Text: text})
		}
		t.Rows = append(t.Rows, row)
	}
	if len(t.Rows) == 0 {
		t.Note = "The recording's rates are not known."
	}
	return t
}

// rate writes a rate; a neuron that never fired has exactly 0.
func rate(x float64) string {
	if !finite(x) {
		return none
	}
	return number(x)
}
