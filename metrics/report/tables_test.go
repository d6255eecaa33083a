package report_test

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"math"
	"regexp"
	"strings"
	"testing"

	"qgan/metrics"
	"qgan/metrics/report"
)

// pageTable is a table of a page: its cells by the row's name and the column's.
type pageTable map[string]map[string]string

var (
	tablePart = regexp.MustCompile(`(?s)<caption>(.*?)</caption>(.*?)</table>`)
	rowPart   = regexp.MustCompile(`(?s)<tr>(.*?)</tr>`)
	cellPart  = regexp.MustCompile(`(?s)<t[hd][^>]*>(.*?)</t[hd]>`)
	tagPart   = regexp.MustCompile(`<[^>]*>`)
)

// tablesOf reads the tables of a page by their captions.
func tablesOf(page []byte) map[string]pageTable {
	out := map[string]pageTable{}
	for _, m := range tablePart.FindAllStringSubmatch(string(page), -1) {
		t := pageTable{}
		var head []string
		for i, r := range rowPart.FindAllStringSubmatch(m[2], -1) {
			var cells []string
			for _, c := range cellPart.FindAllStringSubmatch(r[1], -1) {
				cells = append(cells, html.UnescapeString(tagPart.ReplaceAllString(c[1], "")))
			}
			if i == 0 {
				head = cells
				continue
			}
			t[cells[0]] = map[string]string{}
			for k, c := range cells[1:] {
				t[cells[0]][head[k+1]] = c
			}
		}
		out[html.UnescapeString(m[1])] = t
	}
	return out
}

var plain = strings.NewReplacer("⁰", "0", "¹", "1", "²", "2", "³", "3", "⁴", "4", "⁵", "5", "⁶", "6", "⁷", "7", "⁸", "8", "⁹", "9", "⁻", "−", "(", "", ")", "")

// cellNumbers reads a cell with its error, which is 0 where none is given:
// (1.23 ± 0.04)·10⁻³.
func cellNumbers(text string) (value, err float64, ok bool) {
	text = strings.ReplaceAll(plain.Replace(text), "·10", "·10^")
	body, power, scaled := strings.Cut(text, "·")
	scale := 1.0
	if scaled {
		if scale, ok = valueOf(power); !ok {
			return 0, 0, false
		}
	}
	a, b, two := strings.Cut(body, " ± ")
	if value, ok = valueOf(a); !ok {
		return 0, 0, false
	}
	if two {
		if err, ok = valueOf(b); !ok {
			return 0, 0, false
		}
	}
	return value * scale, err * scale, true
}

// Each number of the input stands in its row and its column, in the column's unit.
func TestTables(t *testing.T) {
	t.Parallel()
	in := irregular(t, 2)
	x := 0.1
	figures := func() []metrics.TimeFigure {
		next := func() *float64 { x *= 1.13; v := x; return &v }
		return []metrics.TimeFigure{
			{Name: "rate-error", Value: next(), StdErr: next()}, {Name: "lag-covariance-error", Lag: 2, Value: next(), StdErr: next()},
			{Name: "lag-covariance-error", Lag: 4, Value: next()}, {Name: "p-silent", Bins: 2, Value: next(), Data: next()},
		}
	}
	for i := range in.Models {
		in.Models[i].Time.Figures = figures()
	}
	for i := range in.References {
		in.References[i].Figures = figures()
	}
	in.Baselines[1].Null = &x
	tables := tablesOf(writtenText(t, in)["index.html"])

	type want struct {
		table, row, column string
		value, err         float64
	}
	var all []want
	add := func(table, row, column string, value float64, err ...float64) {
		all = append(all, want{table, row, column, value, append(err, 0)[0]})
	}
	const distance, baselines = "Distance to the recording", "Baselines"
	for _, m := range in.Models {
		add(distance, m.Name, "parameters", float64(m.Parameters))
		add(distance, m.Name, "JS (nats)", m.JSNats, m.JSStdErr)
		add(distance, m.Name, "JS (bits)", m.JSNats/math.Ln2, m.JSStdErr/math.Ln2)
		add(distance, m.Name, "JS / halves", m.JSNats / *in.Floor)
		add(distance, m.Name, "as many draws", m.Null)
		add(distance, m.Name, "P(silent)", m.Summary.PSilent)
	}
	const floor = "the recording's halves"
	add(distance, floor, "JS (nats)", *in.Floor)
	add(distance, floor, "JS (bits)", *in.Floor/math.Ln2)
	add(distance, floor, "P(silent)", in.Data.PSilent)
	for _, b := range in.Baselines {
		add(baselines, b.Name, "parameters", float64(b.Parameters))
		add(baselines, b.Name, "JS (nats)", *b.JS)
		add(baselines, b.Name, "JS / halves", *b.JS / *in.Floor)
		add(baselines, b.Name, "JS held out (nats)", *b.JSHeldOut)
		add(baselines, b.Name, "ln p held out (nats/bin)", *b.LogLikelihoodHeldOut)
	}
	add(baselines, in.Baselines[1].Name, "as many draws", x)
	for i := range 3 {
		row := fmt.Sprint(i)
		add("Firing rates (spikes/s)", row, "recording", in.Data.RatesHz[i])
		for _, m := range in.Models {
			add("Firing rates (spikes/s)", row, m.Name, m.Summary.RatesHz[i])
		}
	}
	columns := map[string][]metrics.TimeFigure{
		"first": in.Models[0].Time.Figures, "second": in.Models[1].Time.Figures, "old": in.References[0].Figures, "older": in.References[1].Figures,
	}
	const inTime = "Statistics in time"
	for name, f := range columns {
		add(inTime, "rate-error", name, *f[0].Value, *f[0].StdErr)
		add(inTime, "lag-covariance-error, lag 2", name, *f[1].Value, *f[1].StdErr)
		add(inTime, "p-silent, windows of 2 bins", name, *f[3].Value)
	}
	add(inTime, "p-silent, windows of 2 bins", "recording", *in.Models[0].Time.Figures[3].Data)
	checkCells(t, tables, func(yield func(table, row, column string, value, err float64)) {
		for _, w := range all {
			yield(w.table, w.row, w.column, w.value, w.err)
		}
	})
	if _, ok := tables[inTime]["lag-covariance-error, lag 4"]; ok {
		t.Error("the table has lag 4, which only the figure has")
	}
}

// checkCells holds cells against numbers, to three digits.
func checkCells(t *testing.T, tables map[string]pageTable, each func(func(table, row, column string, value, err float64))) {
	t.Helper()
	each(func(table, row, column string, value, stderr float64) {
		t.Helper()
		cell, ok := tables[table][row][column]
		if !ok {
			t.Errorf("%s has no %q of %q", table, column, row)
			return
		}
		v, e, ok := cellNumbers(cell)
		if !ok || math.Abs(v-value) > 0.006*math.Abs(value) || math.Abs(e-stderr) > 0.06*stderr {
			t.Errorf("%s: %q of %q is %q, want %.4g ± %.2g", table, column, row, cell, value, stderr)
		}
	})
}

// The grid's table has a run's own numbers in its row.
func TestGridTable(t *testing.T) {
	t.Parallel()
	in := irregular(t, 1)
	in.Baselines[2].Name = "ising"
	var page bytes.Buffer
	in.Models = in.Models[:1]
	if _, err := report.WriteGrid("", "", nil, []report.GridCell{{Input: in}}, func(path string, f func(io.Writer) error) error {
		if path == "index.html" {
			return f(&page)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	m := in.Models[0]
	checkCells(t, tablesOf(page.Bytes()), func(yield func(table, row, column string, value, err float64)) {
		row := func(column string, value, err float64) { yield("Runs", "3", column, value, err) }
		row("timesteps", 1, 0)
		row("parameters", float64(m.Parameters), 0)
		row("JS (nats)", m.JSNats, m.JSStdErr)
		row("halves", *in.Floor, 0)
		row("JS / halves", m.JSNats / *in.Floor, 0)
		row("silent", *in.Baselines[0].JS, 0)
		row("independent", *in.Baselines[1].JS, 0)
		row("ising", *in.Baselines[2].JS, 0)
		row("P(silent)", m.Summary.PSilent, 0)
		row("recording", in.Data.PSilent, 0)
	})
}

// swap is a pair of inputs that change places.
type swap struct {
	name    string
	change  func(*report.Input)
	figures []string // that change; all others stay
}

// Each pair of inputs that change places changes the figures that show them, and no
// others.
func TestSwappedInputs(t *testing.T) {
	t.Parallel()
	type point = report.TrainingPoint
	points := func(f func(*point)) func(*report.Input) {
		return func(in *report.Input) {
			for i := range in.Training {
				for k := range in.Training[i] {
					f(&in.Training[i][k])
				}
			}
		}
	}
	models := func(f func(a, b *report.Model)) func(*report.Input) {
		return func(in *report.Input) { f(&in.Models[0], &in.Models[1]) }
	}
	inTime := func(f func(s *metrics.TimeSummary)) func(*report.Input) {
		return func(in *report.Input) { f(in.DataTime) }
	}
	before := svgs(t, irregular(t, 2))
	for _, k := range []swap{
		{"critic and generator", points(func(p *point) { p.Critic, p.Generator = p.Generator, p.Critic }), []string{"training"}},
		{"generator and estimate", points(func(p *point) { p.Wasserstein, p.Generator = p.Generator, p.Wasserstein }), []string{"training"}},
		{"spikes and silence", points(func(p *point) { p.Count, *p.PSilent = *p.PSilent, p.Count }), []string{"training"}},
		{"training of models", func(in *report.Input) { in.Training[0], in.Training[1] = in.Training[1], in.Training[0] }, []string{"training"}},
		{"curves", func(in *report.Input) { in.Curves[0], in.Curves[1] = in.Curves[1], in.Curves[0] }, []string{"figure2", "js_curve"}},
		{"rates of models", models(func(a, b *report.Model) { a.Summary.RatesHz, b.Summary.RatesHz = b.Summary.RatesHz, a.Summary.RatesHz }), []string{"psth", "statistics"}},
		{"rates of recording and model", func(in *report.Input) {
			in.Data.RatesHz, in.Models[0].Summary.RatesHz = in.Models[0].Summary.RatesHz, in.Data.RatesHz
		}, []string{"psth", "statistics"}},
		{"covariances", func(in *report.Input) {
			in.Data.Covariance, in.Models[0].Summary.Covariance = in.Models[0].Summary.Covariance, in.Data.Covariance
		}, []string{"statistics"}},
		{"k-probabilities", func(in *report.Input) {
			in.Data.KProbability, in.Models[1].Summary.KProbability = in.Models[1].Summary.KProbability, in.Data.KProbability
		}, []string{"statistics"}},
		{"autocorrelograms", models(func(a, b *report.Model) {
			a.Summary.Autocorrelogram, b.Summary.Autocorrelogram = b.Summary.Autocorrelogram, a.Summary.Autocorrelogram
		}), []string{"statistics"}},
		{"laws", models(func(a, b *report.Model) { a.Seen, b.Seen = b.Seen, a.Seen }), []string{"figure2", "state_distribution"}},
		{"divergences", models(func(a, b *report.Model) { a.JSNats, b.JSNats = b.JSNats, a.JSNats }), []string{"state_distribution"}},
		{"samples", models(func(a, b *report.Model) { a.Samples, b.Samples = b.Samples, a.Samples }), []string{"rasters"}},
		{"numbers of parameters", models(func(a, b *report.Model) { a.Parameters, b.Parameters = b.Parameters, a.Parameters }), []string{"parameters"}},
		{"lines of parameters", func(in *report.Input) {
			in.Parameters[0].Count, in.Parameters[1].Count = in.Parameters[1].Count, in.Parameters[0].Count
		}, []string{"parameters"}},
		{"models in time", models(func(a, b *report.Model) { a.Time.Summary, b.Time.Summary = b.Time.Summary, a.Time.Summary }), []string{"time"}},
		{"references", func(in *report.Input) {
			in.References[0].Summary, in.References[1].Summary = in.References[1].Summary, in.References[0].Summary
		}, []string{"time"}},
		{"covariances and autocovariances", inTime(func(s *metrics.TimeSummary) {
			s.LagCovariance, s.LagAutocovariance = s.LagAutocovariance, s.LagCovariance
		}), []string{"time"}},
		{"counts and bursts", inTime(func(s *metrics.TimeSummary) { s.SpikeCounts, s.BurstLengths = s.BurstLengths, s.SpikeCounts }), []string{"time"}},
		{"baselines", func(in *report.Input) {
			in.Baselines[0].JS, in.Baselines[1].JS = in.Baselines[1].JS, in.Baselines[0].JS
		}, []string{"js_curve"}},
		{"baseline and floor", func(in *report.Input) { in.Baselines[0].JS, in.Floor = in.Floor, in.Baselines[0].JS }, []string{"js_curve", "state_distribution"}},
		{"silence of the recording", func(in *report.Input) { in.Data.PSilent = 1 - in.Data.PSilent }, []string{"training"}},
	} {
		in := irregular(t, 2)
		k.change(&in)
		after := svgs(t, in)
		for _, stem := range stems {
			changed := !bytes.Equal(before[stem], after[stem])
			if should := strings.Contains(" "+strings.Join(k.figures, " ")+" ", " "+stem+" "); changed != should {
				t.Errorf("%s change places: %s changes: %t", k.name, stem, changed)
			}
		}
	}
}
