package report

import (
	"encoding/xml"
	"fmt"
	"image/color"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/recorder"
	"gonum.org/v1/plot/vg/vgsvg"

	"qgan/metrics"
	"qgan/metrics/spikes"
)

// rowsOf are the rows of a table, cells with bars between.
func rowsOf(t table) []string {
	var out []string
	for _, r := range t.Rows {
		var cells []string
		for _, c := range r {
			cells = append(cells, c.Text)
		}
		out = append(out, strings.Join(cells, " | "))
	}
	return out
}

func sameLines(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// number1 points to a number.
func number1(x float64) *float64 { return &x }

// What is not known is a dash in a table, and the note says why.
func TestTableTexts(t *testing.T) {
	t.Parallel()
	in := Input{
		Floor: number1(0.02),
		Data:  metrics.Summary{Windows: 9, PSilent: 0.25, RatesHz: []float64{3.5, 0}},
		Models: []Model{
			{Name: "a", JSValid: true, JSNats: 0.1, JSStdErr: 0.01, Null: 0.004, Perfect: number1(0.05), Parameters: 12, Summary: metrics.Summary{Windows: 5, PSilent: 0.5, RatesHz: []float64{1.5, math.NaN()}}},
			{Name: "b", JSReason: "too large", Summary: metrics.Summary{PSilent: 0.5}},
			{Name: "c"},
		},
		Baselines: []metrics.BaselineResult{
			{Name: "silent", JS: number1(0.1), JSHeldOut: number1(0.2), LogLikelihoodHeldOut: number1(-1.5)},
			{Name: "ising", Parameters: 10, JS: number1(0.01), Null: number1(0.003), Samples: 4000, Note: "not this"},
			{Name: "markov", Parameters: 7, JS: number1(0), LogLikelihoodHeldOut: number1(math.Inf(-1)), Note: "held out: none"},
			{Name: "table", Parameters: 2_000_000, JS: number1(1e-9), Note: "a note"},
			{Name: "split-half", Parameters: 2_000_000, JS: number1(0.02)},
			{Name: "split-half", Parameters: 1_000_000, JS: number1(0.02)},
			{Name: "gone", Note: "n*t is too large"},
		},
	}
	sameLines(t, "distance", rowsOf(in.modelTable()), []string{
		"a | 12 | 0.100 ± 0.010 | 0.0500 | 0.144 ± 0.014 | 5.00 | 4.00·10⁻³ | 0.500 | ",
		"b | – | – | – | – | – | – | – | too large",
		"c | – | – | – | – | – | – | – | JS not known",
		"the recording's halves | – | 0.0200 | – | 0.0289 | – | – | 0.250 | the odd against the even repeats",
	})
	sameLines(t, "baselines", rowsOf(in.baselineTable()), []string{
		"silent | 0.200 | −1.50000 | 0.100 | 5.00 | 0 | – | ",
		"ising | – | – | 0.0100 | 0.500 | 10 | 3.00·10⁻³ | of 4000 draws",
		"markov | – | – | 0 | – | 7 | – | held out: none; the recording's own law",
		"table | – | – | 1.00·10⁻⁹ | 5.00·10⁻⁸ | 2000000 | – | a note",
		"split-half | – | – | 0.0200 | – | 2ⁿᵗ − 1 | – | ",
		"split-half | – | – | 0.0200 | – | 1000000 | – | ",
		"gone | – | – | – | – | 0 | – | n*t is too large",
	})
	sameLines(t, "rates", rowsOf(in.rateTable()), []string{"0 | 3.50 | 1.50 | – | –", "1 | 0 | – | – | –"})
	in.DataWindows = spikes.Windows{Raster: selected(t, 8, 5, 2), T: 1}
	sameLines(t, "rates of some neurons", rowsOf(in.rateTable()), []string{"5 | 3.50 | 1.50 | – | –", "2 | 0 | – | – | –"})
	in.HeldOut, in.Models[0].HeldOutNats, in.Models[0].PerfectHeldOut = true, number1(0.25), number1(0.125)
	k := in.modelTable()
	sameLines(t, "held out", rowsOf(k)[:2], []string{"a | 0.250 | 0.125 | 12 | 0.100 ± 0.010 | 0.0500 | 0.144 ± 0.014 | 5.00 | 4.00·10⁻³ | 0.500 | ", "b | – | – | – | – | – | – | – | – | – | too large"})
	if k.Head[1].Text != "JS held out (nats)" || len(k.Rows[3]) != len(k.Head) {
		t.Errorf("columns %v", k.Head)
	}
	in.HeldOut, in.Floor, in.Baselines = false, nil, nil
	if rows := rowsOf(in.modelTable()); rows[0] != "a | 12 | 0.100 ± 0.010 | 0.0500 | 0.144 ± 0.014 | – | 4.00·10⁻³ | 0.500 | " || rows[3] != "the recording's halves | – | – | – | – | – | – | 0.250 | not known" {
		t.Errorf("without a floor: %q", rows)
	}
	if k := in.baselineTable(); k.Note != "No baseline was computed." || len(k.Rows) != 0 {
		t.Errorf("without baselines: %+v", k)
	}
}

// selected is a raster of some neurons of a recording.
func selected(t *testing.T, neurons int, keep ...int) *spikes.Raster {
	t.Helper()
	r, err := spikes.NewRaster(1, 1, neurons, 0).Select(keep)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The table in time has the lags 1, 2, 3, 5 and 10, and no row without a number.
func TestTimeTableTexts(t *testing.T) {
	t.Parallel()
	var figures []metrics.TimeFigure
	for lag := 1; lag <= 11; lag++ {
		figures = append(figures, metrics.TimeFigure{Name: "lag", Lag: lag, Value: number1(float64(lag)), StdErr: number1(0.5)})
	}
	figures = append(figures, metrics.TimeFigure{Name: "never", Bins: 3}, metrics.TimeFigure{Name: "p-silent", Bins: 4, Value: number1(0.5), Data: number1(0.25)})
	in := Input{Models: []Model{{Name: "a", Time: metrics.TimeResult{Name: "not this", Figures: figures}}}, References: []metrics.TimeResult{{Name: "old", Figures: slices.Clone(figures)}}}
	in.References[0].Figures[1].Value = nil
	k := in.timeTable()
	sameLines(t, "in time", rowsOf(k), []string{
		"lag, lag 1 | – | 1.00 ± 0.50 | 1.00 ± 0.50", "lag, lag 2 | – | 2.00 ± 0.50 | –", "lag, lag 3 | – | 3.00 ± 0.50 | 3.00 ± 0.50",
		"lag, lag 5 | – | 5.00 ± 0.50 | 5.00 ± 0.50", "lag, lag 10 | – | 10.00 ± 0.50 | 10.00 ± 0.50", "p-silent, windows of 4 bins | 0.250 | 0.500 | 0.500",
	})
	if len(k.Head) != 4 || k.Head[2].Text != "a" || k.Head[3].Text != "old" {
		t.Errorf("columns %v", k.Head)
	}
}

// The grid's table has no ratio without a floor, and links each model to its report.
func TestGridTableTexts(t *testing.T) {
	t.Parallel()
	cell := func(floor *float64) GridCell {
		return GridCell{Link: "there/index.html", Input: Input{
			Floor: floor, Data: metrics.Summary{Neurons: 2, Timesteps: 3, Windows: 4, PSilent: 0.75}, Baselines: []metrics.BaselineResult{{Name: "ising", JS: number1(0.3)}, {Name: "independent", JS: number1(0.6)}},
			Models: []Model{{Name: "a", JSValid: true, JSNats: 0.1}, {Name: "b", JSNats: 0.1, Parameters: 3}},
		}}
	}
	k := gridTable([]GridCell{cell(number1(0.2)), cell(nil), cell(number1(0))})
	sameLines(t, "grid", rowsOf(k), []string{
		"2 | 3 | a | – | 0.100 | 0.200 | 0.500 | 0.600 | 0.300 | – | – | 0.750", "2 | 3 | b | 3 | – | 0.200 | – | 0.600 | 0.300 | – | – | 0.750",
		"2 | 3 | a | – | 0.100 | – | – | 0.600 | 0.300 | – | – | 0.750", "2 | 3 | b | 3 | – | – | – | 0.600 | 0.300 | – | – | 0.750",
		"2 | 3 | a | – | 0.100 | 0 | – | 0.600 | 0.300 | – | – | 0.750", "2 | 3 | b | 3 | – | 0 | – | 0.600 | 0.300 | – | – | 0.750",
	})
	if c := k.Rows[1][2]; c.Link != "there/index.html" || !c.Word {
		t.Errorf("model %+v", c)
	}
	held := cell(nil)
	held.HeldOut, held.Models[1].HeldOutNats = true, number1(0.25)
	k = gridTable([]GridCell{cell(nil), held})
	sameLines(t, "held out", rowsOf(k)[1:], []string{
		"2 | 3 | b | – | 3 | – | – | – | 0.600 | 0.300 | – | – | 0.750",
		"2 | 3 | a | – | – | 0.100 | – | – | 0.600 | 0.300 | – | – | 0.750", "2 | 3 | b | 0.250 | 3 | – | – | – | 0.600 | 0.300 | – | – | 0.750",
	})
	if len(k.Head) != 13 || k.Head[3].Text != "JS held out (nats)" {
		t.Errorf("columns %v", k.Head)
	}
}

// Texts become lines fit for XML, names that are none are numbered, and what is no number is
// not known.
func TestCleaned(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"a\tb\nc\u00a0d\u2028e": "a b c d e", "\x00\x1b\x7f": "���", "\ufffe\uffff\xff": "���", "é鼠": "é鼠", "": ""} {
		if got := clean(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	given := Input{
		Title: "a\n", Lines: []string{"b\x01"}, Floor: number1(math.NaN()),
		Models:     []Model{{JSReason: "c\td"}, {Name: "e\x02", JSValid: true, JSNats: math.Inf(1)}},
		References: []metrics.TimeResult{{Name: "f\ng"}},
	}
	in := given.cleaned()
	got := []string{in.Title, in.Lines[0], in.Models[0].Name, in.Models[0].JSReason, in.Models[1].Name, in.Models[1].JSReason, in.References[0].Name, fmt.Sprint(in.Models[1].JSValid, in.Floor == nil)}
	sameLines(t, "cleaned", got, []string{"a ", "b�", "model 1", "c d", "e�", "no finite value", "f g", "false true"})
	if given.Lines[0] != "b\x01" || given.Models[0].Name != "" || given.References[0].Name != "f\ng" {
		t.Error("the caller's input was changed")
	}
}

// Texts of a grid are cleaned as those of a report are, and what is of windows of another length
// than the recording's is not drawn beside it.
func TestTextsThatAreLeftOut(t *testing.T) {
	t.Parallel()
	cells := []GridCell{{Input: Input{Data: metrics.Summary{Neurons: 1, Timesteps: 2}, Models: []Model{{JSReason: "x\x01"}, {Name: "b\nc"}}}}}
	pages := map[string]string{}
	if _, err := WriteGrid("", "t\x02", []string{"l\x03"}, cells, func(path string, f func(io.Writer) error) error {
		var b strings.Builder
		err := f(&b)
		pages[path] = b.String()
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{">model 1<", ">b c<", "t�", "l�", "(x�)"} {
		if !strings.Contains(pages["index.html"], want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if cells[0].Models[0].Name != "" {
		t.Error("the caller's cells were changed")
	}
	of := func(bins int) *metrics.TimeSummary {
		return &metrics.TimeSummary{Timesteps: bins, SpikeCounts: []float64{0.5, 0.5}}
	}
	in := Input{DataTime: of(4), Models: []Model{{Name: "a", Time: metrics.TimeResult{Summary: of(4)}}, {Name: "b", Time: metrics.TimeResult{Summary: of(5)}}, {Name: "c"}}}
	for i := range MaxReferences + 2 {
		in.References = append(in.References, metrics.TimeResult{Name: fmt.Sprint("r", i), Summary: of(4)})
	}
	in.References[0].Summary, in.References[2].Summary, in.References[3].Lags = nil, of(3), 10
	var texts []string
	for _, e := range in.timeFigure().legend {
		texts = append(texts, e.text)
	}
	if got, want := strings.Join(texts, " "), "r1 r3 (fitted to lag 9) r4 r5 r6 a recording"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// Curves of lags end where their model is fitted to, other curves don't.
func TestFittedLags(t *testing.T) {
	t.Parallel()
	many := func(*metrics.TimeSummary) []float64 { return make([]float64, 11) }
	for _, k := range []struct {
		panel      timePanel
		lags, want int
	}{
		{timePanel{first: 0, lags: true}, 0, 11},
		{timePanel{first: 0, lags: true}, 10, 10},
		{timePanel{first: 1, lags: true}, 10, 9},
		{timePanel{first: 1, lags: true}, 1, 0},
		{timePanel{first: 0, lags: true}, 20, 11},
		{timePanel{first: 0}, 10, 11},
	} {
		k.panel.of = many
		if got := len(k.panel.values(timeCurve{lags: k.lags})); got != k.want {
			t.Errorf("%d lags from %d: %d values, want %d", k.lags, k.panel.first, got, k.want)
		}
	}
}

// Legends say what of a law is drawn.
func TestLegendTexts(t *testing.T) {
	t.Parallel()
	s := &metrics.States{Neurons: 6, Timesteps: 1, Total: 1000}
	for i := range 40 {
		s.Words, s.Counts = append(s.Words, uint32(i)), append(s.Counts, 1)
	}
	s.Counts[0], s.Counts[1] = 900, 62
	seen := make([]float64, 40)
	seen[0] = 0.5
	in := Input{States: s, Floor: number1(0.02), Models: []Model{{Name: "a", Seen: seen, JSValid: true, JSNats: 0.1}, {Name: "b", JSReason: "too large"}}}
	texts := func(f *figure) []string {
		var out []string
		for _, e := range f.legend {
			out = append(out, e.text)
		}
		return append(out, f.caption)
	}
	sameLines(t, "law", texts(in.stateFigure()), []string{
		"recording (1000 windows)", "a: JS 0.100 nats", "b: JS not known (too large); law not known", "JS of the recording's halves: 0.0200 nats", "below the axis",
		"The 24 most probable windows of the recording (98.4 % of all its windows) and their probability in each model, on a logarithmic axis.",
	})
	if got := in.paperFigure().caption; !strings.HasPrefix(got, "a: probability of all states in the recording") {
		t.Errorf("of 6 bits: %s", got)
	}
	s.Neurons = 7
	if got := in.paperFigure().caption; !strings.HasPrefix(got, "a: probability of the recording's 32 most frequent states in") {
		t.Errorf("of 7 bits: %s", got)
	}
	// A mark for what is below the axis is there only where something is.
	for i := range seen {
		seen[i] = 1e-4
	}
	if got := texts(in.stateFigure()); slices.Contains(got, "below the axis") {
		t.Errorf("nothing is below: %q", got)
	}
	// It ends at a hundredth of the rarest, 10⁻⁵, halved, at the power of ten below.
	seen[3] = 2e-6
	if got := texts(in.stateFigure()); slices.Contains(got, "below the axis") {
		t.Errorf("the last bar is below: %q", got)
	}
	seen[3], seen[4] = 9e-7, 0.1
	if got := texts(in.stateFigure()); !slices.Contains(got, "below the axis") {
		t.Errorf("a bar is below: %q", got)
	}
	in = Input{Data: metrics.Summary{Neurons: 1, Windows: 70}, Models: []Model{{Name: "a", Summary: metrics.Summary{Neurons: 1, Windows: 90}}, {Name: "b"}}}
	sameLines(t, "statistics", texts(in.statisticsFigure())[:2], []string{"recording", "a (90 draws)"})
	in = Input{Parameters: []ParameterLine{{Name: "x", Neurons: []int{1}, Count: []float64{1}}}, Data: metrics.Summary{Neurons: 1, Timesteps: 1}}
	if got := in.parametersFigure().caption; !strings.Contains(got, "for windows of 1 timestep.") {
		t.Error(got)
	}
	in.Data.Timesteps = 2
	if got := in.parametersFigure().caption; !strings.Contains(got, "for windows of 2 timesteps.") {
		t.Error(got)
	}
}

// Heading and legend are laid out from the top left corner: lines one below the other, entries
// side by side while there is room, each with its mark before it.
func TestLayOut(t *testing.T) {
	t.Parallel()
	const width = figureWidth - 2*margin
	s := sans(8.5, black)
	type place struct {
		text string
		x, y vg.Length
		mark bool
	}
	places := func(f *figure, head *heading) (out []place, height vg.Length) {
		items, height := f.layOut(head)
		for _, it := range items {
			out = append(out, place{it.text, it.x, it.y, it.entry != nil})
		}
		return out, height
	}
	compare := func(what string, f *figure, head *heading, high vg.Length, want ...place) {
		t.Helper()
		got, height := places(f, head)
		if len(got) != len(want) || math.Abs(float64(height-high)) > 1e-9 {
			t.Errorf("%s: %v high with %v, want %v with %v", what, height, got, high, want)
			return
		}
		for i, w := range want {
			if g := got[i]; g.text != w.text || g.mark != w.mark || math.Abs(float64(g.x-w.x)) > 1e-9 || math.Abs(float64(g.y-w.y)) > 1e-9 {
				t.Errorf("%s: %+v, want %+v", what, g, w)
			}
		}
	}
	compare("nothing", &figure{}, nil, 9)
	compare("a title", &figure{}, &heading{title: "T", lines: []string{"one", "two"}}, 9+15+9+9+5,
		place{"T", 9, 16.5, false}, place{"one", 9, 28.5, false}, place{"two", 9, 37.5, false})
	a, b := entry{text: "a", mark: markBox}, entry{text: "b: of no mark"}
	compare("two entries", &figure{legend: []entry{a, b, a}}, nil, 9+12+3,
		place{"a", 9 + 22, 15, true}, place{b.text, 9 + 22 + s.Width("a") + 16, 15, false}, place{"a", 9 + 22 + s.Width("a") + 16 + s.Width(b.text) + 16 + 22, 15, true})
	half := entry{text: strings.Repeat("m", int((width/2-22)/s.Width("m"))), mark: markLine} // two are too wide with the gap
	if w := s.Width(half.text) + 22; 2*w+16 <= width || w > width {
		t.Fatalf("the entry is %v wide", w)
	}
	compare("two rows", &figure{legend: []entry{half, half}}, &heading{}, 9+5+24+3,
		place{half.text, 31, 9 + 5 + 6, true}, place{half.text, 31, 9 + 5 + 12 + 6, true})
	// An entry wider than the page is broken, its lines below each other, with one mark.
	word := strings.Repeat("m", int((width-22)/2/s.Width("m")))
	for s.Width(word+" "+word) <= width-22 {
		word += "i"
	}
	long := entry{text: word + " " + word + " " + word, mark: markGlyph}
	if s.Width(word+" "+word) <= width-22 || s.Width(word+" "+word) > width {
		t.Fatalf("two words are %v wide", s.Width(word+" "+word))
	}
	compare("a long one", &figure{legend: []entry{long, a}}, nil, 9+12+12+12+12+3,
		place{word, 31, 15, true}, place{word, 31, 27, false}, place{word, 31, 39, false}, place{"a", 31, 51, true})
}

// Marks of a legend begin at their place and are as wide as its room less a gap.
func TestMarks(t *testing.T) {
	t.Parallel()
	for _, k := range []struct {
		entry          entry
		x0, x1, y0, y1 vg.Length
	}{
		{entry{mark: markBox}, 100, 117, 45.7, 52.7},
		{entry{mark: markLine}, 100, 117, 49.2, 49.2},
		{entry{mark: markGlyph, glyph: draw.BoxGlyph{}}, 100, 117, 46.7, 51.7},
		{entry{mark: markLack}, 105.5, 111.5, 46.7, 51.8},
	} {
		k.entry.color = black
		var rec recorder.Canvas
		c := draw.NewCanvas(&rec, 300, 300)
		k.entry.draw(&c, vg.Point{X: 100, Y: 50})
		lo, hi := vg.Point{X: 999, Y: 999}, vg.Point{}
		for _, a := range rec.Actions {
			var path vg.Path
			switch a := a.(type) {
			case *recorder.Stroke:
				path = a.Path
			case *recorder.Fill:
				path = a.Path
			}
			for _, p := range path {
				if p.Type == vg.CloseComp {
					continue
				}
				lo.X, hi.X, lo.Y, hi.Y = min(lo.X, p.Pos.X), max(hi.X, p.Pos.X), min(lo.Y, p.Pos.Y), max(hi.Y, p.Pos.Y)
			}
		}
		for i, v := range []vg.Length{lo.X - k.x0, hi.X - k.x1, lo.Y - k.y0, hi.Y - k.y1} {
			if math.Abs(float64(v)) > 0.5 {
				t.Errorf("mark %d: from %v to %v, want %v to %v and %v to %v (%d)", k.entry.mark, lo, hi, k.x0, k.x1, k.y0, k.y1, i)
			}
		}
	}
}

// A line is broken where a point can't be drawn, below the axis, above it or nowhere, and begins
// again after it; a single point has no line.
func TestPolyline(t *testing.T) {
	t.Parallel()
	p := plot.New()
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 10, 0, 1
	for _, k := range []struct {
		ys   []float64
		want string // points of each stroke, and glyphs
	}{
		{[]float64{0, 0.5, 1}, "3; 3"},
		{[]float64{0.1, 0.2, math.NaN(), 0.3, 0.4, 0.5}, "2 3; 5"},
		{[]float64{0.1, -0.01, 0.3, 0.4}, "2; 3"},
		{[]float64{0.1, 0.2, 1.01, 0.4}, "2; 3"},
		{[]float64{0.1, math.Inf(1), 0.2, math.Inf(-1)}, "; 2"},
		{nil, "; 0"},
	} {
		var rec recorder.Canvas
		c := draw.NewCanvas(&rec, 100, 100)
		xs := make([]float64, len(k.ys))
		for i := range xs {
			xs[i] = float64(i)
		}
		polyline(c, p, xs, k.ys, draw.LineStyle{Color: black, Width: 1}, draw.BoxGlyph{})
		var strokes []string
		glyphs := 0
		for _, a := range rec.Actions {
			switch a := a.(type) {
			case *recorder.Stroke:
				strokes = append(strokes, fmt.Sprint(len(a.Path)))
			case *recorder.Fill:
				glyphs++
			}
		}
		if got := fmt.Sprintf("%s; %d", strings.Join(strokes, " "), glyphs); got != k.want {
			t.Errorf("%v: %s, want %s", k.ys, got, k.want)
		}
	}
}

// drawnWord is a text of an SVG with its place.
type drawnWord struct {
	X    float64 `xml:"x,attr"`
	Y    float64 `xml:"y,attr"`
	Size string  `xml:"style,attr"`
	Text string  `xml:",chardata"`
}

// wordsOf draws on a square canvas and returns its texts.
func wordsOf(t *testing.T, size vg.Length, paint func(draw.Canvas)) (out []drawnWord) {
	t.Helper()
	svg := vgsvg.New(size, size)
	paint(draw.New(svg))
	var b strings.Builder
	if _, err := svg.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	dec := xml.NewDecoder(strings.NewReader(b.String()))
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "text" {
			var w drawnWord
			if err := dec.DecodeElement(&w, &e); err != nil {
				t.Fatal(err)
			}
			out = append(out, w)
		}
	}
}

// The lines of a message stand 12 points below each other, each in the middle of the panel, which has 3 points for its axis.
func TestMessageLines(t *testing.T) {
	t.Parallel()
	words := wordsOf(t, 200, func(c draw.Canvas) {
		message("a message of so many words that it takes several lines in so small a panel").Draw(c)
	})
	if len(words) < 2 {
		t.Fatalf("%d lines", len(words))
	}
	s := sans(9, grey)
	for i, w := range words {
		if i > 0 && math.Abs(w.Y-words[i-1].Y-12) > 0.01 {
			t.Errorf("line %d is at %g, the one above at %g", i, w.Y, words[i-1].Y)
		}
		if mid := w.X + float64(s.Width(w.Text))/2; math.Abs(mid-101.5) > 0.1 {
			t.Errorf("the middle of %q is at %g", w.Text, mid)
		}
	}
}

// Superscripts are drawn smaller and higher, each piece where the one before it ends, spaces at
// the ends too; lines stand below each other, upright text along its own.
func TestRaisedPlaces(t *testing.T) {
	t.Parallel()
	s := sans(10, black)
	up := s
	up.Font.Size = 7.2
	at := vg.Point{X: 20, Y: 100}
	words := wordsOf(t, 200, func(c draw.Canvas) { c.FillText(s, at, "10⁻² of  10³ ") })
	var texts []string
	x := 20.0
	for i, w := range words {
		texts = append(texts, w.Text)
		high := 0.0
		width := float64(s.Width(w.Text))
		if i%2 == 1 {
			high, width = 3.6, float64(up.Width(w.Text))
		}
		if i == 2 {
			x += float64(s.Width(" "))
		}
		if math.Abs(w.X-x) > 0.02 || math.Abs(words[0].Y-w.Y-high) > 0.02 {
			t.Errorf("%q is at %g, %g, want %g, %g", w.Text, w.X, w.Y, x, words[0].Y-high)
		}
		x += width
	}
	sameLines(t, "pieces", texts, []string{"10", "−2", "of  10", "3"})
	words = wordsOf(t, 200, func(c draw.Canvas) { c.FillText(s, at, "above\nbelow") })
	if len(words) != 2 || words[0].Text != "above" || math.Abs(words[1].Y-words[0].Y-10) > 0.02 {
		t.Errorf("two lines: %+v", words)
	}
	s.Rotation = math.Pi / 2
	words = wordsOf(t, 200, func(c draw.Canvas) { c.FillText(s, at, "upright") })
	if len(words) != 1 || math.Abs(words[0].X-100) > 0.02 || math.Abs(words[0].Y-20) > 6 {
		t.Errorf("upright: %+v", words) // its own x runs along the paper's y
	}
	if got := runs("x⁰¹²³⁴⁵⁶⁷⁸⁹⁻"); len(got) != 2 || got[1] != (run{"0123456789−", true}) {
		t.Errorf("%v", got)
	}
}

// Models' curves have the colours of their places, and what is beyond them is grey.
func TestColours(t *testing.T) {
	t.Parallel()
	for i, want := range []color.NRGBA{{0xD5, 0x5E, 0x00, 255}, {0x00, 0x72, 0xB2, 255}, {0x00, 0x9E, 0x73, 255}, {0xCC, 0x79, 0xA7, 255}, grey, grey} {
		if got := modelColor(i); got != color.Color(want) {
			t.Errorf("model %d is %v, want %v", i, got, want)
		}
	}
}

// A text that is too wide keeps its beginning.
func TestShortened(t *testing.T) {
	t.Parallel()
	s := sans(8, black)
	if got := shorten(s, "abcdefghij", s.Width("abcde…")); got != "abcde…" {
		t.Errorf("%q", got)
	}
	if got := shorten(s, "abc, defghij", s.Width("abc, …")); got != "abc…" {
		t.Errorf("%q", got)
	}
	if got := shorten(s, "abc", s.Width("abc")); got != "abc" {
		t.Errorf("%q", got)
	}
	for x, want := range map[float64]string{12345: "12345", 99940: "99940", 99999: "1.00·10⁵", 123456: "1.23·10⁵", 0.01: "0.0100", 0.00999: "9.99·10⁻³"} {
		if got := number(x); got != want {
			t.Errorf("%g is written %s, want %s", x, got, want)
		}
	}
}

// A panel in time shows glyphs up to 45 values after the first, and lines alone beyond.
func TestGlyphsOfManyValues(t *testing.T) {
	t.Parallel()
	for values, want := range map[int]int{2: 2, 46: 46, 47: 0} {
		ys := make([]float64, values)
		for i := range ys {
			ys[i] = 0.5
		}
		panel := timePanel{of: func(s *metrics.TimeSummary) []float64 { return s.SpikeCounts }}
		curve := timeCurve{summary: &metrics.TimeSummary{SpikeCounts: ys}, line: draw.LineStyle{Color: orange, Width: 1}, glyph: draw.BoxGlyph{}}
		var rec recorder.Canvas
		panel.plot([]timeCurve{curve}).Draw(draw.NewCanvas(&rec, 500, 300))
		got := 0
		for _, a := range rec.Actions {
			if _, ok := a.(*recorder.Fill); ok {
				got++
			}
		}
		if got != want {
			t.Errorf("%d values have %d glyphs, want %d", values, got, want)
		}
	}
}

// Where a font is not at hand one of the same widths stands in: of bit strings one whose
// letters are all as wide.
func TestFontFallback(t *testing.T) {
	t.Parallel()
	const given = "a{font-family:Liberation Sans;x}b{font-family:Liberation Mono;y}c{font-family:Liberation Serif;z}"
	const want = "a{font-family:'Liberation Sans',Arimo,Arial,Helvetica,sans-serif;x}b{font-family:'Liberation Mono',Cousine,'Courier New',monospace;y}c{font-family:Liberation Serif;z}"
	if got := string(fontFallback([]byte(given))); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// The states of several bins are in the order of their numbers, the first bin the most
// significant.
func TestOrderOfStates(t *testing.T) {
	t.Parallel()
	s := &metrics.States{Neurons: 2, Timesteps: 2, Total: 16}
	for x := range uint32(16) {
		s.Words, s.Counts = append(s.Words, x>>2, x&3), append(s.Counts, 1)
	}
	in := Input{States: s}
	var got []string
	for _, w := range wordsOf(t, 500, in.paperFigure().draw) {
		if strings.Contains(w.Text, "|") {
			got = append(got, w.Text)
		}
	}
	sameLines(t, "the first four states", got, []string{"00|00", "00|01", "00|10", "00|11"})
	// A state that was never seen has its number.
	s.Words, s.Counts = append(s.Words[:2:2], s.Words[4:]...), s.Counts[1:]
	got = nil
	for _, w := range wordsOf(t, 500, in.paperFigure().draw) {
		if strings.Contains(w.Text, "|") {
			got = append(got, w.Text)
		}
	}
	sameLines(t, "without the second", got, []string{"00|00", "00|10", "00|11"})
}

// The axis of probabilities ends a little above the highest bar; long windows are named by their
// spikes.
func TestAxisOfStates(t *testing.T) {
	t.Parallel()
	s := &metrics.States{Neurons: 2, Timesteps: 10, Words: make([]uint32, 20), Counts: []int{3, 1}, Total: 400}
	s.Words[13] = 1
	in := Input{States: s}
	got := map[string]bool{}
	for _, w := range wordsOf(t, 500, in.paperFigure().draw) {
		got[w.Text] = true
	}
	for text, want := range map[string]bool{"silent": true, "1@3": true, "0.000": true, "0.006": true, "1.0": false, "1": true, "0.01": false} {
		if got[text] != want {
			t.Errorf("the figure says %q: %t, of %v", text, got[text], got)
		}
	}
}

// A figure on a page keeps its box and nothing else of its file, and is described in words.
func TestInline(t *testing.T) {
	t.Parallel()
	got := string(inline(`<?xml version="1.0"?><svg width="3pt" height="4pt" viewBox="0 0 3 4" xmlns="http://x"><g/></svg>`, `a "b" <c> & d`))
	if want := `<svg role="img" aria-label="a &#34;b&#34; &lt;c&gt; &amp; d" viewBox="0 0 3 4"><g/></svg>`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A sample has the windows that lie within its repeats; every second window of a strip is
// shaded; a single strip has the whole width.
func TestWindowsOfStrips(t *testing.T) {
	t.Parallel()
	for _, k := range []struct{ repeats, bins, t, want int }{{3, 7, 4, 3}, {3, 8, 4, 6}, {1, 3, 4, 0}, {5, 1, 1, 5}} {
		if got := sampleWindows(spikes.NewRaster(k.repeats, k.bins, 2, 0), k.t); got != k.want {
			t.Errorf("%d repeats of %d bins have %d windows of %d, want %d", k.repeats, k.bins, got, k.t, k.want)
		}
	}
	s := strip{neurons: 1, window: 2, fired: make([][]bool, 9)}
	for i := range s.fired {
		s.fired[i] = []bool{false}
	}
	p := s.plot([]string{"0"})
	var rec recorder.Canvas
	c := draw.NewCanvas(&rec, 300, 200)
	p.Draw(c)
	data := p.DataCanvas(c)
	tx, _ := p.Transforms(&data)
	var got []string
	var clr color.Color
	for _, a := range rec.Actions {
		switch a := a.(type) {
		case *recorder.SetColor:
			clr = a.Color
		case *recorder.Fill:
			if clr == color.Color(shade) {
				got = append(got, fmt.Sprintf("%.1f to %.1f", a.Path[0].Pos.X, a.Path[1].Pos.X))
			}
		}
	}
	sameLines(t, "shaded", got, []string{fmt.Sprintf("%.1f to %.1f", tx(2), tx(4)), fmt.Sprintf("%.1f to %.1f", tx(6), tx(8))})
	in := Input{DataWindows: spikes.Windows{Raster: spikes.NewRaster(2, 50, 2, 0), T: 1}}
	for models, want := range map[int]float64{0: 260, 1: 135} { // beside another one it has half
		in.Models = nil
		for range models {
			in.Models = append(in.Models, Model{Name: "a", Samples: spikes.NewRaster(50, 1, 2, 0)})
		}
		for _, w := range wordsOf(t, 500, in.rasterFigure().draw) {
			if middle := w.X + float64(sans(9, black).Width(w.Text))/2; strings.HasPrefix(w.Text, "time, bins") && math.Abs(middle-want) > 25 {
				t.Errorf("beside %d strips the middle is at %g, want about %g", models, middle, want)
			}
		}
	}
}
