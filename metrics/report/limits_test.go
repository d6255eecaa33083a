package report

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"

	"qgan/metrics"
	"qgan/metrics/spikes"
)

// near compares within rounding.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(a), math.Abs(b)) }

// ends compares the ends of an axis, worked out by hand.
func ends(t *testing.T, what string, a *plot.Axis, lo, hi float64) {
	t.Helper()
	if !near(a.Min, lo) || !near(a.Max, hi) {
		t.Errorf("%s: the axis runs from %g to %g, want %g to %g", what, a.Min, a.Max, lo, hi)
	}
}

// The axis of steps begins at 0 where a step is 0, at the first step elsewhere; it is
// logarithmic from two decades on, where step 0 has its place half below the first.
func TestStepAxis(t *testing.T) {
	t.Parallel()
	for _, k := range []struct {
		first, last int
		zero        bool
		lo, hi      float64
		log         bool
		ticks       string
	}{
		{math.MaxInt, 0, true, -1, 1, false, "−1 0 1"},
		{7, 7, false, 0, 14, false, "0 5 10"},
		{7, 7, true, 0, 14, false, "0 5 10"},
		{10, 999, false, 10, 999, false, "200 400 600 800"},
		{10, 999, true, 0, 999, false, "0 200 400 600 800"},
		{10, 1000, false, 10, 1000, true, "10 100 1000"},
		{10, 1000, true, 5, 1000, true, "0 10 100 1000"},
	} {
		var a plot.Axis
		stepAxis(&a, k.first, k.last, k.zero)
		what := fmt.Sprintf("steps %d to %d, 0 too: %t", k.first, k.last, k.zero)
		ends(t, what, &a, k.lo, k.hi)
		if _, log := a.Scale.(plot.LogScale); log != k.log {
			t.Errorf("%s: logarithmic %t", what, log)
		}
		if got := strings.Join(labelled(a.Tick.Marker.Ticks(a.Min, a.Max)), " "); got != k.ticks {
			t.Errorf("%s: ticks %s, want %s", what, got, k.ticks)
		}
	}
}

// A logarithmic axis is wider than its values and at least a decade.
func TestRanges(t *testing.T) {
	t.Parallel()
	for _, k := range []struct{ lo, hi, pad, a, b float64 }{
		{1, 100, 1.5, 1 / 1.5, 150},
		{2, 8, 2, 1, 16},
		{4, 4, 1.5, 4 / math.Sqrt(10), 4 * math.Sqrt(10)},
		{1, 4, 1.25, 2 / math.Sqrt(10), 2 * math.Sqrt(10)},
	} {
		if a, b := logRange(k.lo, k.hi, k.pad); !near(a, k.a) || !near(b, k.b) {
			t.Errorf("[%g, %g] by %g: [%g, %g], want [%g, %g]", k.lo, k.hi, k.pad, a, b, k.a, k.b)
		}
	}
	for _, k := range []struct{ lo, hi, share, want float64 }{{1, 3, 0.25, 0.5}, {3, 3, 0.5, 1.5}, {-3, -3, 0.5, 1.5}, {0, 0, 0.5, 0.5}} {
		if got := padding(k.lo, k.hi, k.share); !near(got, k.want) {
			t.Errorf("beyond [%g, %g]: %g, want %g", k.lo, k.hi, got, k.want)
		}
	}
}

// Axes hold their values, with the room that is said of each.
func TestEndsOfAxes(t *testing.T) {
	t.Parallel()
	// Two models and the recording: covariances below 0 are the largest in size.
	in := Input{
		Data:   metrics.Summary{Neurons: 2, Timesteps: 3, RatesHz: []float64{4, 2}, MeanPerBin: []float64{0.1, 0.2}, Covariance: [][]float64{{9, -0.05}, {-0.05, 9}}, KProbability: []float64{0.7, 0.2, 0.04}, Autocorrelogram: []float64{0.3, 0, 0.3}},
		Models: []Model{{Name: "none"}, {Name: "a", Summary: metrics.Summary{Neurons: 2, RatesHz: []float64{8, 1}, MeanPerBin: []float64{0.5, 0.3}, Covariance: [][]float64{{9, 0.002}, {0.002, 9}}, KProbability: []float64{0.9, 1e-9, 0, 0.01}, Autocorrelogram: []float64{0.5, 7, 0.5}}}},
	}
	with := []int{1}
	p := in.ratePlot(with)
	ends(t, "rates", &p.X, 0, 8*1.06)
	ends(t, "rates", &p.Y, 0, 8*1.06)
	if p.X.Label.Text != "rate of the recording (spikes/s)" || p.Y.Label.Text != "rate of the model (spikes/s)" {
		t.Errorf("axes %q and %q", p.X.Label.Text, p.Y.Label.Text)
	}
	p = in.covariancePlot(with) // in 10⁻²: -5 and 0.2
	ends(t, "covariances", &p.X, -5-0.06*5.2, 0.2+0.06*5.2)
	ends(t, "covariances", &p.Y, -5-0.06*5.2, 0.2+0.06*5.2)
	if want := "cov. of the recording (10⁻² spikes²/bin²)"; p.X.Label.Text != want {
		t.Errorf("axis %q, want %q", p.X.Label.Text, want)
	}
	p = in.kPlot(with) // a hundredth of 0.04, halved; numbers up to 3
	ends(t, "k", &p.Y, 0.0002, 1.5)
	ends(t, "k", &p.X, -0.3, 3.3)
	p = in.autocorrelogramPlot(with)
	ends(t, "lags", &p.X, -1.3, 1.3)
	ends(t, "coincidences", &p.Y, -0.03*0.5, 0.5*1.08)
	in.Data.Covariance[0][1], in.Models[1].Summary.Covariance[0][1] = 0.2, 0.1
	if p = in.covariancePlot(with); p.X.Label.Text != "cov. of the recording (spikes²/bin²)" {
		t.Errorf("axis %q", p.X.Label.Text)
	}
	ends(t, "large covariances", &p.Y, 0, 0.2*1.06)
	in.Data.KProbability, in.Models[1].Summary.KProbability = []float64{0.7, 0.3}, []float64{1}
	p = in.kPlot(with)
	ends(t, "k, common", &p.Y, 0.09, 1.5)
	ends(t, "k, common", &p.X, -0.3, 1.3)
	over := in.overlays(with, func(s *metrics.Summary) []float64 { return s.KProbability })
	if len(over) != 2 || over[0].model != 1 || over[1].model != -1 || over[1].ys[1] != 0.3 {
		t.Errorf("the recording is not drawn last: %v", over)
	}
	// One model without rates in Hz has all of them by bin, whatever the last one has.
	in.Models = append(in.Models, in.Models[1])
	in.Models[1].Summary.RatesHz = nil
	p = in.ratePlot([]int{1, 2})
	ends(t, "rates by bin", &p.X, 0, 0.5*1.06)
	if !strings.HasSuffix(p.Y.Label.Text, "(spikes/bin)") {
		t.Errorf("axis %q", p.Y.Label.Text)
	}
}

// The axes of panels in time: probabilities reach a hundredth below the recording's rarest,
// and not much over 1; others have 0 on them.
func TestEndsInTime(t *testing.T) {
	t.Parallel()
	curves := func(model, recording []float64) []timeCurve {
		return []timeCurve{{summary: &metrics.TimeSummary{PSilent: model}}, {summary: &metrics.TimeSummary{PSilent: recording}}}
	}
	of := func(s *metrics.TimeSummary) []float64 { return s.PSilent }
	for _, k := range []struct {
		name             string
		panel            timePanel
		model, recording []float64
		x0, x1, y0, y1   float64
	}{
		{"rare", timePanel{first: 1, log: true, of: of}, []float64{0.4, 1e-9, 0, 0}, []float64{0.3, 0.02}, 0.7, 2.3, 0.0002 / 1.5, 0.6},
		{"sure", timePanel{first: 0, log: true, of: of}, []float64{1, 0.001}, []float64{0.5, 0.01, 0.01}, -0.3, 2.3, 0.001 / 1.5 * 1.1 / 1.5, 1.1},
		{"above", timePanel{first: 1, of: of}, []float64{0.4, 0.2, 0.2}, []float64{0.3, 0.1}, 0.7, 3.3, -0.06 * 0.4, 1.06 * 0.4},
		{"below", timePanel{first: 0, of: of}, []float64{-0.4}, []float64{-0.1}, -0.3, 1.3, -1.06 * 0.4, 0.06 * 0.4},
		{"nothing", timePanel{first: 0, of: of}, []float64{0}, []float64{0}, -0.3, 1.3, -1, 1},
		{"no number", timePanel{first: 0, of: of}, []float64{math.NaN(), 2}, []float64{1}, -0.3, 1.3, -0.12, 2.12},
	} {
		p := k.panel.plot(curves(k.model, k.recording))
		ends(t, k.name, &p.X, k.x0, k.x1)
		ends(t, k.name, &p.Y, k.y0, k.y1)
	}
}

// The axis of training leaves out the hundredth part at both ends of each curve, and holds
// the level.
func TestEndsOfTraining(t *testing.T) {
	t.Parallel()
	var in Input
	var many []TrainingPoint
	for i := range 200 {
		many = append(many, TrainingPoint{Step: 5 * i, Critic: float64(i)})
	}
	of := func(p TrainingPoint) float64 { return p.Critic }
	in.Training = [][]TrainingPoint{many}
	p := in.trainingPlot(math.NaN(), of)
	ends(t, "steps", &p.X, 0, 995)
	ends(t, "losses", &p.Y, 2-0.06*195, 197+0.06*195)
	p = in.trainingPlot(-3, of)
	ends(t, "losses and a level", &p.Y, -3-0.06*200, 197+0.06*200)
	p = in.trainingPlot(400, of)
	ends(t, "losses and a level above", &p.Y, 2-0.06*398, 400+0.06*398)
	in.Training = [][]TrainingPoint{many[:1], {{Step: 3, Critic: 0}}}
	p = in.trainingPlot(math.NaN(), of)
	ends(t, "zero", &p.Y, -1e-3, 1e-3)
	in.Training = [][]TrainingPoint{{{Step: 3, Critic: -4}}}
	p = in.trainingPlot(math.NaN(), of)
	ends(t, "a number", &p.Y, -4.4, -3.6)
	in.Curves = [][]CurvePoint{{{0, 0.5}, {70, 0.02}}, {{30, 0.1}, {90, 0}, {20, math.NaN()}}}
	p = in.lossPlot()
	ends(t, "steps of the divergence", &p.X, 0, 70)
	ends(t, "divergence", &p.Y, 0.02/1.3, 0.5*1.3)
}

// Few points have glyphs, since no line would show; a panel of many has lines alone.
func TestGlyphs(t *testing.T) {
	t.Parallel()
	for points, want := range map[int]bool{0: true, 1: true, 2: true, 3: false, 100: false} {
		if got := lonely(points) != nil; got != want {
			t.Errorf("%d points have glyphs: %t", points, got)
		}
	}
}

// Levels of baselines are in falling order; the floor is the split half of the baselines, or
// what is handed in; the uniform law and the recording's own are left out.
func TestLevels(t *testing.T) {
	t.Parallel()
	js := func(x float64) *float64 { return &x }
	in := Input{Floor: js(0.02), Baselines: []metrics.BaselineResult{
		{Name: "silent", JS: js(0.1)}, {Name: "uniform", JS: js(0.6)}, {Name: "markov", JS: js(1e-13)}, {Name: "ising"}, {Name: "k\npairwise", JS: js(0.3)}, {Name: "x", JS: js(math.NaN())},
	}}
	text := func() string {
		var out []string
		for _, l := range in.levels() {
			out = append(out, fmt.Sprintf("%s %g", l.name, l.js))
		}
		return strings.Join(out, ", ")
	}
	if got, want := text(), "k pairwise 0.3, silent 0.1, split half 0.02"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	in.Baselines = append(in.Baselines, metrics.BaselineResult{Name: "split-half", JS: js(0.2)})
	if got, want := text(), "k pairwise 0.3, split half 0.2, silent 0.1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// What lies more than ten times below the curves and the floor is named below the axis.
func TestBelowTheAxis(t *testing.T) {
	t.Parallel()
	js := func(x float64) *float64 { return &x }
	in := Input{
		Models: []Model{{Name: "a"}},
		Curves: [][]CurvePoint{{{20, 0.05}, {10, 0.4}}, {{1, 0.2}}, {{5, 0}}},
		Baselines: []metrics.BaselineResult{
			{Name: "one", JS: js(0.0049)}, {Name: "two", JS: js(0.0051)}, {Name: "three", JS: js(0.001)},
		},
	}
	texts := func() string {
		var out []string
		for _, e := range in.curveFigure().legend {
			out = append(out, e.text)
		}
		return strings.Join(out, " | ")
	}
	if got, want := texts(), "a (step 20: 0.0500) | run 2 (step 1: 0.200) | below the axis: one 4.90·10⁻³, three 1.00·10⁻³"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	in.Floor = js(0.02)
	if got, want := texts(), "a (step 20: 0.0500) | run 2 (step 1: 0.200) | below the axis: three 1.00·10⁻³"; got != want {
		t.Errorf("with a floor: %s, want %s", got, want)
	}
}

// The columns of a grid are those of the number of neurons with most lengths, the larger of
// two; of more than four lengths those in the middle are left out.
func TestColumns(t *testing.T) {
	t.Parallel()
	for _, k := range []struct{ sizes, want string }{
		{"2x1 2x2 3x1 3x2", "3x1 3x2"},
		{"2x1 2x2 2x3 3x1 3x2", "2x1 2x2 2x3"},
		{"9x1", "9x1"},
		{"2x1 2x2 2x3 2x4 2x5", "2x1 2x2 2x4 2x5"},
		{"2x1 2x2 2x3 2x4 2x5 2x6 2x7", "2x1 2x2 2x6 2x7"},
	} {
		var cells []GridCell
		for _, s := range strings.Fields(k.sizes) {
			var c GridCell
			fmt.Sscanf(s, "%dx%d", &c.Data.Neurons, &c.Data.Timesteps)
			cells = append(cells, c)
		}
		var got []string
		for _, c := range columns(cells) {
			got = append(got, fmt.Sprintf("%dx%d", c.Data.Neurons, c.Data.Timesteps))
		}
		if s := strings.Join(got, " "); s != k.want {
			t.Errorf("%s: columns %s, want %s", k.sizes, s, k.want)
		}
	}
}

// Of up to sixteen neurons each has its label, of more every second, and so on; windows are
// counted on an axis of bins.
func TestTicksOfRasters(t *testing.T) {
	t.Parallel()
	for neurons, want := range map[int]int{1: 1, 15: 15, 16: 16, 17: 9, 32: 16, 33: 11} {
		s := strip{neurons: neurons, fired: make([][]bool, 6), window: 3, xlabel: "x", spikes: 4}
		var names []string
		for i := range neurons {
			names = append(names, fmt.Sprint(10+i))
		}
		p := s.plot(names)
		ticks := p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max)
		if len(ticks) != want {
			t.Errorf("%d neurons have %d labels, want %d", neurons, len(ticks), want)
		}
		for _, k := range ticks {
			if k.Label != fmt.Sprint(10-int(k.Value)) {
				t.Errorf("the label %q is at %g", k.Label, k.Value)
			}
		}
		ends(t, "neurons", &p.Y, -float64(neurons)+0.4, 0.6)
		ends(t, "bins", &p.X, 0, 6)
		if p.X.Label.Text != "x; 4 spikes" {
			t.Errorf("axis %q", p.X.Label.Text)
		}
		if x := p.X.Tick.Marker.Ticks(0, 6); len(x) != 3 || x[1].Value != 3 || x[1].Label != "1" || x[2].Value != 6 {
			t.Errorf("windows at %v", x)
		}
	}
}

// Strips are of equal numbers of bins: about 150, or what the shortest sample has.
func TestStrips(t *testing.T) {
	t.Parallel()
	data := spikes.NewRaster(5, 400, 2, 0)
	data.Set(2, 125, 1, true) // the first of the middle 150 of the middle repeat
	data.Set(2, 274, 0, true) // the last
	data.Set(2, 124, 0, true)
	data.Set(2, 275, 0, true)
	windows := func(t int) spikes.Windows { return spikes.Windows{Raster: data, T: t} }
	long, short := spikes.NewRaster(2, 200, 2, 0), spikes.NewRaster(1, 20, 2, 0)
	short.Set(0, 0, 1, true)
	short.Set(0, 8, 1, true)
	short.Set(0, 19, 0, true)
	for _, k := range []struct {
		t      int
		models []Model
		want   string // bins, spikes and title of each
	}{
		{1, nil, "150 2 recording, repeat 3, bins 126 to 275"},
		{1, []Model{{Name: "a", Samples: long}, {Name: "b", Samples: short}}, "20 0 recording, repeat 3, bins 191 to 210 | 20 0 a, 20 independent draws | 20 3 b, 20 independent draws"},
		{6, []Model{{Name: "a", Samples: long}}, "150 2 recording, repeat 3, bins 126 to 275 | 150 0 a, repeat 1, bins 26 to 175"},
		{6, []Model{{Name: "b", Samples: short}, {Name: "c"}}, "18 0 recording, repeat 3, bins 192 to 209 | 18 1 b, repeat 1, bins 2 to 19"},
		{6, []Model{{Name: "d", Samples: spikes.NewRaster(30, 6, 2, 0)}}, "150 2 recording, repeat 3, bins 126 to 275 | 150 0 d, 25 draws"},
		{4, nil, "152 4 recording, repeat 3, bins 125 to 276"},
		{400, nil, "400 4 recording, repeat 3, bins 1 to 400"},
	} {
		in := Input{DataWindows: windows(k.t), Models: k.models}
		var got []string
		for _, s := range in.strips() {
			got = append(got, fmt.Sprintf("%d %d %s%s", len(s.fired), s.spikes, s.name, s.rest))
		}
		if s := strings.Join(got, " | "); s != k.want {
			t.Errorf("windows of %d bins: %s, want %s", k.t, s, k.want)
		}
	}
	// A second row is begun by the third strip.
	in := Input{DataWindows: windows(1)}
	one := in.rasterFigure().height
	in.Models = []Model{{Name: "a", Samples: long}}
	two := in.rasterFigure().height
	in.Models = append(in.Models, in.Models[0])
	if three := in.rasterFigure().height; one != two || three != 2*one {
		t.Errorf("heights %v, %v and %v", one, two, three)
	}
}

// Bit strings have neuron 0 first and stand upright where there is room; long windows are
// named by their spikes, the first six of them.
func TestNamesOfWindows(t *testing.T) {
	t.Parallel()
	words := []uint32{0b100, 0, 0b011}
	if got := bits(words, 3); got != "100|000|011" {
		t.Error(got)
	}
	for _, k := range []struct {
		words []uint32
		want  string
	}{
		{words, "0@0 1@2 2@2"}, {[]uint32{0, 0}, "silent"}, {[]uint32{0b111, 0b111}, "0@0 1@0 2@0 0@1 1@1 2@1"},
		{[]uint32{0b111, 0b111, 0b001}, "0@0 1@0 2@0 0@1 1@1 2@1 +1"}, {[]uint32{0b111, 0b111, 0b101}, "0@0 1@0 2@0 0@1 1@1 2@1 +2"},
	} {
		if got := spikeList(k.words, 3); got != k.want {
			t.Errorf("%s, want %s", got, k.want)
		}
	}
	for longest, want := range map[int]struct {
		size    vg.Length
		rotated bool
	}{4: {8, false}, 20: {8, true}, 30: {8, true}, 31: {6.5, true}} {
		var a plot.Axis
		label := strings.Repeat("0", longest)
		height := tickLabels(&a, label, 40)
		if a.Tick.Label.Font.Size != want.size || (a.Tick.Label.Rotation != 0) != want.rotated {
			t.Errorf("%d bits: size %v, rotated by %g", longest, a.Tick.Label.Font.Size, a.Tick.Label.Rotation)
		}
		if w := mono(float64(want.size)).Width(label) + 4; want.rotated && height != w || !want.rotated && height != 16 {
			t.Errorf("%d bits: %v high, want %v", longest, height, w)
		}
	}
	s := metrics.States{Counts: []int{3, 9, 3, 7}, Words: []uint32{0, 1, 2, 3}, Neurons: 2, Timesteps: 1, Total: 22}
	if got := topStates(&s, 3); !slices.Equal(got, []int{1, 3, 0}) {
		t.Errorf("most frequent: %v", got)
	}
	if got := topStates(&s, 9); !slices.Equal(got, []int{1, 3, 0, 2}) {
		t.Errorf("all: %v", got)
	}
}

// Neurons keep the numbers that they have in the recording.
func TestNeuronNames(t *testing.T) {
	t.Parallel()
	all := spikes.NewRaster(1, 4, 8, 0)
	part, err := all.Select([]int{6, 1, 3})
	if err != nil {
		t.Fatal(err)
	}
	in := Input{DataWindows: spikes.Windows{Raster: part, T: 2}}
	if got := strings.Join(in.neuronNames(), " "); got != "6 1 3" {
		t.Errorf("neurons %s", got)
	}
	in = Input{Data: metrics.Summary{Neurons: 3, Timesteps: 2}}
	if got := strings.Join(in.neuronNames(), " "); got != "0 1 2" {
		t.Errorf("neurons %s", got)
	}
	for width, want := range map[float64]string{0: "bins", 0.02: "bins of 20 ms", 0.0025: "bins of 2.5 ms", -1: "bins", math.Inf(1): "bins"} {
		in.BinWidth = width
		if got := in.binText(); got != want {
			t.Errorf("%g s: %s, want %s", width, got, want)
		}
	}
}

// A law has the look of the curve before it where it is that curve's own; from the seventh curve
// on they are dashed.
func TestLooksOfCurves(t *testing.T) {
	t.Parallel()
	f := XY{}
	for i := range 8 {
		f.Series = append(f.Series, Series{Name: fmt.Sprint(i), X: []float64{1}, Y: []float64{1}}, Series{Name: "own", X: []float64{1}, Y: []float64{1}, Reference: true, Own: true}, Series{Name: "law", X: []float64{1}, Y: []float64{1}, Reference: true})
	}
	legend := f.figure().legend
	for i := range 8 {
		curve, own, law := legend[3*i], legend[3*i+1], legend[3*i+2]
		if want := curveLooks[i%6]; curve.color != want.color || curve.glyph != want.glyph || (curve.dashes != nil) != (i >= 6) {
			t.Errorf("curve %d: %+v", i, curve)
		}
		if own.color != curve.color || own.dashes == nil || own.glyph != nil || law.color != color.Color(grey) || law.dashes == nil {
			t.Errorf("laws beside curve %d: %+v and %+v", i, own, law)
		}
	}
}
