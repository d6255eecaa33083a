package report_test

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"qgan/metrics"
	"qgan/metrics/report"
	"qgan/metrics/spikes"
)

// irregular is an input of three neurons and two models in windows of two bins whose
// numbers are all different, so that none can stand in for another.
func irregular(t testing.TB, bins int) report.Input {
	t.Helper()
	rng := rand.New(rand.NewPCG(17, 4))
	many := func(n int, lo, hi float64) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = lo + (hi-lo)*rng.Float64()
		}
		return out
	}
	raster := func(repeats, bins int) *spikes.Raster {
		r := spikes.NewRaster(repeats, bins, 3, 0.02)
		for rep := range repeats {
			for b := range bins {
				for n := range 3 {
					r.Set(rep, b, n, rng.Float64() < 0.1+0.2*float64(n))
				}
			}
		}
		return r
	}
	summary := func() metrics.Summary {
		s := metrics.Summary{
			Neurons: 3, Timesteps: bins, Bins: 100, Windows: 90, BinWidth: 0.02,
			RatesHz: many(3, 1, 9), MeanPerBin: many(3, 0.02, 0.18), KProbability: many(4, 0.01, 0.9),
			Autocorrelogram: many(21, 0.1, 0.9), PSilent: rng.Float64(),
		}
		for range 3 {
			s.Covariance = append(s.Covariance, many(3, -0.03, 0.04))
		}
		return s
	}
	inTime := func() *metrics.TimeSummary {
		return &metrics.TimeSummary{
			Timesteps: bins, Windows: 90, Autocorrelogram: many(21, 0.1, 0.9), LagAutocovariance: many(6, -0.03, 0.04), LagCovariance: many(6, -0.03, 0.04),
			PSilent: many(bins, 0.1, 0.9), SpikeCounts: many(5, 0.01, 0.4), BurstLengths: append([]float64{0}, many(bins, 0.1, 0.9)...),
		}
	}
	data := raster(3, 40)
	w, err := data.Windows(bins)
	if err != nil {
		t.Fatal(err)
	}
	in := report.Input{
		Title: "A report", DataWindows: w, Data: summary(), DataTime: inTime(), BinWidth: 0.02, Floor: &many(1, 0.002, 0.003)[0],
		References: []metrics.TimeResult{{Name: "old", Summary: inTime()}, {Name: "older", Summary: inTime()}},
	}
	if in.States, err = metrics.CountStates(w); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"silent", "independent", "markov"} {
		x := many(3, 0.002, 0.4)
		in.Baselines = append(in.Baselines, metrics.BaselineResult{Name: name, Parameters: 3 + rng.IntN(90), JS: &x[0], JSHeldOut: &x[1], LogLikelihoodHeldOut: &x[2]})
	}
	for i, name := range []string{"first", "second"} {
		in.Models = append(in.Models, report.Model{
			Name: name, Summary: summary(), Time: metrics.TimeResult{Summary: inTime()}, Seen: many(in.States.Len(), 0.01, 0.3), Samples: raster(7+i, 2*bins),
			JSNats: 0.01 + 0.1*rng.Float64(), JSStdErr: 0.001 + 0.002*rng.Float64(), JSValid: true, Null: 0.002 * rng.Float64(), Parameters: 40 + rng.IntN(100),
		})
		var points []report.TrainingPoint
		var curve []report.CurvePoint
		for k := range 5 {
			x := many(6, 0.1, 0.9)
			step := 10*k + rng.IntN(10)
			points = append(points, report.TrainingPoint{Step: step, Critic: x[0], Generator: x[1], Wasserstein: x[2], Count: x[3], PSilent: &x[4]})
			curve = append(curve, report.CurvePoint{Step: step, JS: x[5]})
		}
		in.Training, in.Curves = append(in.Training, points), append(in.Curves, curve)
	}
	half := summary()
	in.Half, in.HalfName = &half, "other repeats"
	in.Populations = []report.Population{{Name: "free", KProbability: many(4, 0.01, 0.9)}, {Name: "bound", KProbability: many(4, 0.01, 0.9)}}
	for _, name := range []string{"flat", "steep"} {
		in.Parameters = append(in.Parameters, report.ParameterLine{Name: name, Neurons: []int{1, 3, 4, 9}, Count: many(4, 10, 900)})
	}
	return in
}

// drawingsOf reads all figures of a report.
func drawingsOf(t testing.TB, in report.Input) map[string]drawing {
	t.Helper()
	out := map[string]drawing{}
	for name, b := range svgs(t, in) {
		out[name] = read(t, b)
	}
	return out
}

// svgs are the figures of a report by name.
func svgs(t testing.TB, in report.Input) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	_, err := report.Write("", in, func(path string, f func(io.Writer) error) error {
		if filepath.Ext(path) != ".svg" {
			return nil
		}
		var b bytes.Buffer
		err := f(&b)
		out[strings.TrimSuffix(path, ".svg")] = b.Bytes()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// hertz and others choose a statistic.
var (
	hertz = func(s *metrics.Summary) []float64 { return s.RatesHz }
	over  = func(s *metrics.Summary) []float64 { // the diagonal
		return []float64{s.Covariance[0][1], s.Covariance[0][2], s.Covariance[1][2]}
	}
	active = func(s *metrics.Summary) []float64 { return s.KProbability }
	lags   = func(s *metrics.Summary) []float64 {
		ys := slices.Clone(s.Autocorrelogram[11-s.Timesteps : 10+s.Timesteps]) // those of a window
		ys[s.Timesteps-1] = math.NaN()
		return ys
	}
)

// Points and curves of the statistics lie where the numbers are, data to the right and
// models up, and are those that the legend names.
func TestStatisticsPositions(t *testing.T) {
	t.Parallel()
	in := irregular(t, 2)
	d := drawingsOf(t, in)["statistics"]
	checkStatistics(t, d, &in, map[string]string{"rate": "a  firing", "covariance": "b  pairwise", "k": "c  k-", "autocorrelogram": "d  auto"})
	if p := d.panel(t, "a"); p.x.label != "rate of the recording (spikes/s)" || p.y.label != "rate of the model (spikes/s)" {
		t.Errorf("axes %q and %q", p.x.label, p.y.label)
	}
	if p := d.panel(t, "b"); p.x.label != "cov. of the recording (10^−2spikes^2/bin^2)" || !strings.HasPrefix(p.y.label, "cov. of the model (10^−2") {
		t.Errorf("axes %q and %q", p.x.label, p.y.label)
	}
	if p := d.panel(t, "d"); p.x.label != "lag (bins of 20 ms)" {
		t.Errorf("axis %q", p.x.label)
	}
	for _, title := range []string{"a", "b"} {
		p := d.panel(t, title)
		if line := p.lines(look{"#606060", "4,3"}); len(line) != 2 || math.Abs(line[0].x-line[0].y) > 0.02 || math.Abs(line[1].x-line[1].y) > 0.02 {
			t.Errorf("%s: the line of equal values runs through %v", title, line)
		}
	}
	// Without a bin width rates are those of a bin.
	in.Data.RatesHz = nil
	if p := drawingsOf(t, in)["statistics"].panel(t, "a"); !strings.HasSuffix(p.x.label, "(spikes/bin)") {
		t.Errorf("axis %q", p.x.label)
	} else {
		p.same(t, "first", p.glyphs("#D55E00"), zip(in.Data.MeanPerBin, in.Models[0].Summary.MeanPerBin))
	}
}

// checkStatistics compares panels of these titles with the numbers of an input.
func checkStatistics(t *testing.T, d drawing, in *report.Input, titles map[string]string) {
	t.Helper()
	recording := d.named(t, "recording")
	for _, m := range in.Models {
		l, s := d.named(t, m.Name), m.Summary
		p := d.panel(t, titles["rate"])
		p.same(t, m.Name, p.glyphs(l.color), zip(hertz(&in.Data), hertz(&s)))
		p = d.panel(t, titles["covariance"])
		p.same(t, m.Name, p.glyphs(l.color), zip(scaled(over(&in.Data), 100), scaled(over(&s), 100)))
		p = d.panel(t, titles["k"])
		p.same(t, m.Name, p.lines(l), zip(from(0, 4), active(&s)))
		p.same(t, m.Name+"'s points", p.glyphs(l.color), zip(from(0, 4), active(&s)))
		p.same(t, "recording", p.lines(recording), zip(from(0, 4), active(&in.Data)))
		if titles["autocorrelogram"] != "" {
			p = d.panel(t, titles["autocorrelogram"])
			xs := from(float64(1-s.Timesteps), 2*s.Timesteps-1)
			p.same(t, m.Name, p.glyphs(l.color), zip(xs, lags(&s)))
			if s.Timesteps > 2 { // else there is a point on either side
				p.same(t, m.Name, p.lines(l), zip(xs, lags(&s)))
				p.same(t, "recording", p.lines(recording), zip(xs, lags(&in.Data)))
			}
			p.same(t, "recording", p.glyphs(recording.color), zip(from(float64(1-s.Timesteps), 2*s.Timesteps-1), lags(&in.Data)))
		}
	}
}

// Other repeats of the recording stand beside the models, as crosses against the recording
// and as a line of P(k), and simple models' P(k) are lines of their own.
func TestBesidePositions(t *testing.T) {
	t.Parallel()
	in := irregular(t, 3)
	figures := drawingsOf(t, in)
	d := figures["statistics"]
	l := d.named(t, "other repeats")
	for title, want := range map[string][]point{
		"a  firing": zip(hertz(&in.Data), hertz(in.Half)), "b  pairwise": zip(scaled(over(&in.Data), 100), scaled(over(in.Half), 100)),
	} {
		p := d.panel(t, title)
		p.same(t, "crosses", p.crosses(l.color), want)
	}
	p := d.panel(t, "c  k-")
	p.same(t, "crosses", p.crosses(l.color), zip(from(0, 4), active(in.Half)))
	p.same(t, "bound", p.lines(d.named(t, "bound")), slices.Concat(zip(from(0, 4), in.Populations[1].KProbability), zip(from(0, 4), active(in.Half))))
	p.same(t, "free", p.lines(d.named(t, "free")), zip(from(0, 4), in.Populations[0].KProbability))
	if got := d.panel(t, "d  auto").x; got.of(got.lo) > -2 || got.of(got.lo) < -2.6 {
		t.Errorf("lags of windows of 3 bins begin at %g", got.of(got.lo))
	}
	// Without them nothing is said of them.
	in.Half, in.Populations = nil, nil
	for name := range drawingsOf(t, in)["statistics"].legend {
		if strings.Contains(name, "repeats") || name == "free" {
			t.Errorf("the legend has %q", name)
		}
	}
}

func scaled(xs []float64, by float64) []float64 {
	out := slices.Clone(xs)
	for i := range out {
		out[i] *= by
	}
	return out
}

// The same of the statistics in time, of references too.
func TestTimePositions(t *testing.T) {
	t.Parallel()
	in := irregular(t, 4)
	d := drawingsOf(t, in)["time"]
	panels := []struct {
		title, x, y string
		first       float64
		of          func(*metrics.TimeSummary) []float64
	}{
		// Lag 0 is left out, and lags that a window does not have.
		{"a  auto", "lag (bins of 20 ms)", "coincidences per spike", 1, func(s *metrics.TimeSummary) []float64 { return s.Autocorrelogram[11:14] }},
		{"b  lag auto", "lag (bins of 20 ms)", "spikes^2/bin^2", 1, func(s *metrics.TimeSummary) []float64 { return s.LagAutocovariance[1:] }},
		{"c  lag cov", "lag (bins of 20 ms)", "spikes^2/bin^2", 0, func(s *metrics.TimeSummary) []float64 { return s.LagCovariance }},
		{"d  spikes", "K, spikes in 4 bins", "P(K)", 0, func(s *metrics.TimeSummary) []float64 { return s.SpikeCounts }},
		{"e  silent", "length (bins of 20 ms)", "P(silent)", 1, func(s *metrics.TimeSummary) []float64 { return s.PSilent }},
		{"f  length", "length (bins of 20 ms)", "P(length)", 1, func(s *metrics.TimeSummary) []float64 { return s.BurstLengths[1:] }},
	}
	curves := map[string]*metrics.TimeSummary{
		"recording": in.DataTime, "first": in.Models[0].Time.Summary, "second": in.Models[1].Time.Summary,
		"old": in.References[0].Summary, "older": in.References[1].Summary,
	}
	// "old" begins "older" too: the legend is asked for the whole word.
	looks := map[string]look{}
	for text, l := range d.legend {
		looks[text] = l
	}
	for _, k := range panels {
		p := d.panel(t, k.title)
		if p.x.label != k.x || p.y.label != k.y {
			t.Errorf("%s: axes %q and %q", k.title, p.x.label, p.y.label)
		}
		for name, s := range curves {
			ys := k.of(s)
			p.same(t, name, p.lines(looks[name]), zip(from(k.first, len(ys)), ys))
		}
	}
}

// The same of training, with the recording's level as a dashed line across.
func TestTrainingPositions(t *testing.T) {
	t.Parallel()
	in := irregular(t, 2)
	d := drawingsOf(t, in)["training"]
	count := 0.0
	for _, m := range in.Data.MeanPerBin {
		count += 2 * m // bins of a window
	}
	for _, k := range []struct {
		title string
		level float64
		of    func(report.TrainingPoint) float64
	}{
		{"a  critic's loss", math.NaN(), func(p report.TrainingPoint) float64 { return p.Critic }},
		{"b  generator's loss", math.NaN(), func(p report.TrainingPoint) float64 { return p.Generator }},
		{"c  critic's estimate", math.NaN(), func(p report.TrainingPoint) float64 { return p.Wasserstein }},
		{"d  spikes", count, func(p report.TrainingPoint) float64 { return p.Count }},
		{"e  P(silent", in.Data.PSilent, func(p report.TrainingPoint) float64 { return *p.PSilent }},
	} {
		p := d.panel(t, k.title)
		for i, m := range in.Models {
			var want []point
			for _, x := range in.Training[i] {
				want = append(want, point{float64(x.Step), k.of(x)})
			}
			p.same(t, m.Name, p.lines(d.named(t, m.Name)), want)
		}
		level := p.lines(d.named(t, "recording"))
		switch {
		case math.IsNaN(k.level) && len(level) > 0:
			t.Errorf("%s has a level at %v", k.title, level)
		case !math.IsNaN(k.level) && len(level) == 2:
			p.same(t, "level", level, []point{{level[0].x, k.level}, {level[1].x, k.level}})
		case !math.IsNaN(k.level):
			t.Errorf("%s: level %v", k.title, level)
		}
	}
}

// The same of distance over training: curves, levels of baselines, and the labels of
// these in their order.
func TestCurvePositions(t *testing.T) {
	t.Parallel()
	in := irregular(t, 2)
	figures := drawingsOf(t, in)
	d := figures["js_curve"]
	p := &d.panels[0]
	small := figures["figure2"].panel(t, "c  divergence")
	for i, m := range in.Models {
		var want []point
		for _, x := range in.Curves[i] {
			want = append(want, point{float64(x.Step), x.JS})
		}
		l := d.named(t, m.Name)
		p.same(t, m.Name, p.lines(l), want)
		small.same(t, m.Name, small.lines(l), want)
		last := in.Curves[i][len(in.Curves[i])-1]
		if text := fmt.Sprintf("%s (step %d: %.3f)", m.Name, last.Step, last.JS); d.legend[text] != l {
			t.Errorf("the legend lacks %q: %v", text, d.legend)
		}
	}
	type level struct {
		name string
		js   float64
	}
	levels := []level{{"split half", *in.Floor}}
	for _, b := range in.Baselines {
		levels = append(levels, level{b.Name, *b.JS})
	}
	slices.SortFunc(levels, func(a, b level) int { return cmp.Compare(b.js, a.js) })
	var at []point
	for _, dashes := range []string{"4,2.5", "1,1.5"} {
		at = append(at, p.lines(look{"#606060", dashes})...)
	}
	slices.SortStableFunc(at, func(a, b point) int { return cmp.Compare(b.y, a.y) })
	labels := slices.DeleteFunc(slices.Clone(p.words), func(w word) bool { return w.size != 8 })
	if len(at) != 2*len(levels) || len(labels) != len(levels) {
		t.Fatalf("levels at %v with labels %v, want %v", at, labels, levels)
	}
	slices.SortStableFunc(labels, func(a, b word) int { return cmp.Compare(b.at.y, a.at.y) })
	for i, l := range levels {
		p.same(t, l.name, at[2*i:2*i+2], []point{{at[2*i].x, l.js}, {at[2*i+1].x, l.js}})
		if !strings.HasPrefix(labels[i].text, l.name+" ") {
			t.Errorf("level %s has the label %q", l.name, labels[i].text)
		}
	}
}

// Bars are as high as the probabilities, in the order of the labels, the recording's
// first.
func TestBarPositions(t *testing.T) {
	t.Parallel()
	in := irregular(t, 1)
	in.Models[0].Seen[2], in.Models[1].Seen[4] = 0, 0 // no bars
	figures := drawingsOf(t, in)
	s := in.States
	order := make([]int, s.Len())
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return s.Counts[b] - s.Counts[a] })
	label := func(i int) string { return fmt.Sprintf("%03b", s.Window(i)[0]) }
	for _, k := range []struct {
		figure, panel string
		states        []int // shown; -1: never seen
		labelled      bool
	}{
		{"state_distribution", "", order, true},
		{"figure2", "a  states", byNumber(s, 8), false},
		{"figure2", "b  zoom", byNumber(s, 4), true},
	} {
		d := figures[k.figure]
		p := &d.panels[0]
		if k.panel != "" {
			p = d.panel(t, k.panel)
		}
		series := map[string]func(int) float64{"recording": s.Prob}
		for _, m := range in.Models {
			series[m.Name] = func(i int) float64 { return m.Seen[i] }
		}
		sides := map[int][]float64{} // of the bars of a state, in the order of the series
		for _, name := range []string{"recording", "first", "second"} {
			bars := p.bars(d.named(t, name).color)
			var want []float64
			var place []int
			for at, i := range k.states {
				if i >= 0 && series[name](i) > 0 {
					want, place = append(want, series[name](i)), append(place, at)
				}
			}
			if len(bars) != len(want) {
				t.Fatalf("%s %s: %d bars of %s, want %d", k.figure, k.panel, len(bars), name, len(want))
			}
			for j, b := range bars {
				if math.Abs(b.top/want[j]-1) > 0.01 {
					t.Errorf("%s %s: bar %d of %s is %g high, want %g", k.figure, k.panel, j, name, b.top, want[j])
				}
				sides[place[j]] = append(sides[place[j]], b.left, b.right)
			}
		}
		for at, x := range sides {
			if !slices.IsSorted(x) {
				t.Errorf("%s %s: the bars of state %d are out of order: %v", k.figure, k.panel, at, x)
			}
			for next, y := range sides {
				if next > at && slices.Max(x) > slices.Min(y) {
					t.Errorf("%s %s: the bars of state %d are not left of those of %d", k.figure, k.panel, at, next)
				}
			}
		}
		if k.panel == "" {
			checkSlots(t, d, in, k.states)
		}
		if !k.labelled {
			continue
		}
		for at, i := range k.states {
			want := fmt.Sprint(at)
			if i >= 0 {
				want = label(i)
			}
			w := p.x.labels[at]
			if x := sides[at]; w.text != want || len(x) > 0 && (w.at.x > slices.Max(x) || w.at.x+20 < slices.Min(x)) {
				t.Errorf("%s %s: the label of state %d is %q at %g, want %q near %v", k.figure, k.panel, at, w.text, w.at.x, want, x)
			}
		}
	}
}

// checkSlots holds that the bars of a state, with a gap of a twelfth of a bar behind each,
// stand around the middle of its slot, and a triangle at the foot of each that is not there.
func checkSlots(t *testing.T, d drawing, in report.Input, states []int) {
	t.Helper()
	p := &d.panels[0]
	slot := (p.x.hi - p.x.lo) / (float64(len(states)) + 0.2) // a tenth is free at either end
	series := []string{"recording"}
	for _, m := range in.Models {
		series = append(series, m.Name)
	}
	width := 0.8 * slot / float64(len(series))
	for j, name := range series {
		color := d.named(t, name).color
		bars := p.bars(color)
		var marks []shape
		for _, s := range p.shapes {
			if !s.filled && s.color == color && len(s.at) == 4 && s.at[0] == s.at[3] {
				marks = append(marks, s)
			}
		}
		for at, i := range states {
			left := p.x.lo + (float64(at)+0.6)*slot + width*(float64(j)-float64(len(series))/2)
			if j > 0 && in.Models[j-1].Seen[i] == 0 {
				if len(marks) != 1 {
					t.Fatalf("%d marks of %s lie at the foot, want 1", len(marks), name)
				}
				tip, corner := marks[0].at[2], marks[0].at[0]
				if r := min(0.4*width, 3); math.Abs(tip.x-left-width/2) > 0.1 || math.Abs(tip.y-p.y.lo-1) > 0.1 || math.Abs(tip.x-corner.x-r) > 0.1 || math.Abs(corner.y-tip.y-1.7*r) > 0.1 {
					t.Errorf("the mark of %s in slot %d is %v, want its tip at %g, a point above %g", name, at, marks[0].at, left+width/2, p.y.lo)
				}
				continue
			}
			if math.Abs(bars[0].left-left) > 0.1 || math.Abs(bars[0].right-left-0.92*width) > 0.1 {
				t.Errorf("the bar of %s in slot %d is from %g to %g, want %g to %g", name, at, bars[0].left, bars[0].right, left, left+0.92*width)
			}
			bars = bars[1:]
		}
	}
}

// byNumber are the places of the windows 0, 1, 2 ... of one bin in the law.
func byNumber(s *metrics.States, n int) []int {
	out := make([]int, n)
	for x := range out {
		out[x] = s.Find([]uint32{uint32(x)})
	}
	return out
}

// Each spike of a raster is a mark in its bin and at its neuron.
func TestRasterPositions(t *testing.T) {
	t.Parallel()
	for _, bins := range []int{1, 3} {
		in := irregular(t, bins)
		d := drawingsOf(t, in)["rasters"]
		// Samples of two windows a repeat, side by side, and as many bins of the recording.
		data := in.DataWindows
		windows := min(14, data.Bins/bins)
		rasters := map[string]func(b, n int) bool{}
		for _, m := range in.Models {
			rasters[m.Name] = func(b, n int) bool { return m.Samples.At(b/(2*bins), b%(2*bins), n) }
		}
		rasters["recording"] = func(b, n int) bool { return data.At(1, (data.Bins-windows*bins)/2+b, n) } // the middle of the middle repeat
		colors := map[string]string{"recording": "#000000", "first": "#D55E00", "second": "#0072B2"}
		for name, fired := range rasters {
			p := d.panel(t, name)
			unit := float64(1)
			if name != "recording" {
				unit = float64(bins) // the axis counts windows
			}
			got := map[[2]int]bool{}
			for _, g := range p.glyphs(colors[name]) {
				got[[2]int{int(math.Floor(g.x * unit)), int(math.Round(g.y))}] = true
				if off := g.x*unit - math.Floor(g.x*unit); math.Abs(off-0.5) > 0.1 || math.Abs(g.y-math.Round(g.y)) > 0.1 {
					t.Errorf("%s: a spike between bins or neurons, at %v", p.title, g)
				}
			}
			count := 0
			for b := range windows * bins {
				for n := range 3 {
					if fired(b, n) {
						count++
					}
					if fired(b, n) != got[[2]int{b, n}] {
						t.Errorf("%s: bin %d of neuron %d has a mark: %t", p.title, b, n, got[[2]int{b, n}])
					}
				}
			}
			if !strings.HasSuffix(p.x.label, fmt.Sprintf("; %d spikes", count)) {
				t.Errorf("%s: %q, %d spikes", p.title, p.x.label, count)
			}
		}
	}
}

// The rate against the time in a repeat is the mean over repeats and neurons; models'
// levels are means over neurons.
func TestHistogramPositions(t *testing.T) {
	t.Parallel()
	for _, width := range []float64{0.02, 0} {
		in := irregular(t, 2)
		in.BinWidth, in.DataWindows.BinWidth = width, width
		unit := cmp.Or(width, 1)
		d := drawingsOf(t, in)["psth"]
		p := &d.panels[0]
		r := in.DataWindows.Raster
		var want []point
		for b := range r.Bins {
			spikes := 0.0
			for rep := range r.Repeats {
				for n := range r.Neurons {
					if r.At(rep, b, n) {
						spikes++
					}
				}
			}
			want = append(want, point{(float64(b) + 0.5) * unit, spikes / float64(r.Repeats*r.Neurons) / unit})
		}
		p.same(t, "recording", p.lines(d.named(t, "recording")), want)
		for _, m := range in.Models {
			rates := m.Summary.RatesHz
			if width == 0 {
				rates = m.Summary.MeanPerBin
			}
			mean := (rates[0] + rates[1] + rates[2]) / 3
			l := p.lines(d.named(t, m.Name))
			p.same(t, m.Name, l, []point{{0, mean}, {float64(r.Bins) * unit, mean}})
		}
		if x := map[bool]string{true: "(s)", false: "(bins)"}[width > 0]; !strings.HasSuffix(p.x.label, x) {
			t.Errorf("axis %q", p.x.label)
		}
	}
}

// Numbers of parameters, and the models' own as rings.
func TestParameterPositions(t *testing.T) {
	t.Parallel()
	in := irregular(t, 2)
	d := drawingsOf(t, in)["parameters"]
	p := &d.panels[0]
	for _, l := range in.Parameters {
		var want []point
		for i, n := range l.Neurons {
			want = append(want, point{float64(n), l.Count[i]})
		}
		p.same(t, l.Name, p.lines(d.named(t, l.Name)), want)
	}
	for i, color := range []string{"#D55E00", "#0072B2"} {
		p.same(t, in.Models[i].Name, p.glyphs(color), []point{{3, float64(in.Models[i].Parameters)}})
	}
}

// A column of the grid belongs to a length of windows, a row to a statistic.
func TestGridPositions(t *testing.T) {
	t.Parallel()
	var cells []report.GridCell
	for _, bins := range []int{3, 1} {
		in := irregular(t, bins)
		for i, scale := range []float64{0.5 + 0.1*float64(bins), 0.6 + 0.1*float64(bins)} { // columns differ
			in.Models[i].Summary.RatesHz = scaled(in.Models[i].Summary.RatesHz, scale)
			in.Models[i].Summary.KProbability = scaled(in.Models[i].Summary.KProbability, scale)
			for _, row := range in.Models[i].Summary.Covariance {
				for k := range row { // an axis so short has two labels on one side of 0 only
					row[k] = scale * math.Abs(row[k])
				}
			}
		}
		for _, row := range slices.Concat(in.Data.Covariance, in.Half.Covariance) {
			for k := range row {
				row[k] = math.Abs(row[k])
			}
		}
		cells = append(cells, report.GridCell{Input: in, Link: fmt.Sprint(bins)})
	}
	var d drawing
	_, err := report.WriteGrid("", "", nil, cells, func(path string, f func(io.Writer) error) error {
		var b bytes.Buffer
		if path != "figure3.svg" {
			return nil
		}
		err := f(&b)
		d = read(t, b.Bytes())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(d.panels) != 8 {
		t.Fatalf("%d panels", len(d.panels))
	}
	checkStatistics(t, d, &cells[1].Input, map[string]string{"covariance": "A", "k": "C", "rate": "E"})
	checkStatistics(t, d, &cells[0].Input, map[string]string{"covariance": "B", "k": "D", "rate": "F", "autocorrelogram": "H"})
	if p := d.panel(t, "E"); p.x.label != "recording (spikes/s)" || p.y.label != "model (same unit)" {
		t.Errorf("axes %q and %q", p.x.label, p.y.label)
	}
}

// A study's curves: points, error bars from end to end, lines, and laws; on axes of both
// kinds.
func TestStudyPositions(t *testing.T) {
	t.Parallel()
	for _, k := range []struct{ logX, logY bool }{{false, false}, {true, false}, {false, true}, {true, true}} {
		f := report.XY{
			Name: "f", X: "shots", Y: "error", LogX: k.logX, LogY: k.logY, Series: []report.Series{
				{Name: "points", X: []float64{1, 20, 300}, Y: []float64{0.7, 0.2, 0.05}, Low: []float64{0.6, 0.11, 0.02}, High: []float64{0.9, 0.31, 0.06}},
				{Name: "joined", X: []float64{2, 30, 500}, Y: []float64{0.5, 0.4, 0.35}, Line: true},
				{Name: "own law", X: []float64{1, 400}, Y: []float64{0.45, 0.33}, Reference: true, Own: true},
				{Name: "law", X: []float64{1, 500}, Y: []float64{0.8, 0.03}, Reference: true},
				// 0 has no logarithm.
				{Name: "from 0 to 0", X: []float64{0, 4, 90, 200}, Y: []float64{0.3, 0.6, 0.15, 0}, Line: true},
			},
		}
		var d drawing
		if _, err := report.WriteStudy("", report.Study{Figures: []report.XY{f}}, func(path string, w func(io.Writer) error) error {
			if path != "f.svg" {
				return nil
			}
			var b bytes.Buffer
			err := w(&b)
			d = read(t, b.Bytes())
			return err
		}); err != nil {
			t.Fatal(err)
		}
		p := &d.panels[0]
		if p.x.label != "shots" || p.y.label != "error" || p.x.log != k.logX || p.y.log != k.logY {
			t.Errorf("axes %q (log %t) and %q (log %t)", p.x.label, p.x.log, p.y.label, p.y.log)
		}
		if lo, hi := p.y.of(p.y.lo), p.y.of(p.y.hi); min(lo, hi) > 0.02 || max(lo, hi) < 0.9 {
			t.Errorf("the axis runs from %g to %g, error bars from 0.02 to 0.9", lo, hi)
		}
		for i, s := range f.Series {
			l := d.named(t, s.Name)
			want := slices.DeleteFunc(zip(s.X, s.Y), func(at point) bool { return k.logX && at.x == 0 || k.logY && at.y == 0 })
			switch {
			case s.Reference:
				p.same(t, s.Name, p.lines(l), want)
				if got, kind := l.color, d.named(t, f.Series[max(0, i-1)].Name).color; (got == kind) != s.Own {
					t.Errorf("%s has the colour %s beside %s", s.Name, got, kind)
				}
				continue
			case s.Line:
				p.same(t, s.Name, p.lines(l), want)
			default:
				var bars []point
				for i, x := range s.X {
					bars = append(bars, point{x, s.Low[i]}, point{x, s.High[i]})
				}
				p.same(t, s.Name+"' error bars", p.lines(l), bars)
			}
			p.same(t, s.Name, p.glyphs(l.color), want)
		}
	}
}
