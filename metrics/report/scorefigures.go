package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"qgan/metrics/score"
	"qgan/metrics/spikes"
)

const (
	panelWidth  = 288 * vg.Length(1) // 4 inches: on a narrow screen one fills it
	panelHeight = 160 * vg.Length(1)

	maxCells  = 12  // with a PSTH of their own
	maxPairs  = 6   // with a cross-correlogram of their own
	maxPoints = 300 // of a scatter plot over pairs
	psthBins  = 120 // points of a PSTH, about
)

// part is a section of the page before it is drawn.
type part struct {
	name, title, text string
	panels            []*figure
}

// parts are all sections with figures.
func (s *Scores) parts() []part {
	out := []part{s.population(), s.levels(), s.intervals(), s.lagged(), s.correlograms(), s.stimulus(), s.histograms(), s.rasters()}
	for i := range out {
		for _, f := range out[i].panels {
			f.width = panelWidth
		}
	}
	return out
}

// recordingLook is that of the judging half, otherLook that of the training half, which
// lies under all else.
var (
	recordingLook = curveLook{line: draw.LineStyle{Color: black, Width: 1}, glyph: draw.RingGlyph{}}
	otherLook     = curveLook{line: draw.LineStyle{Color: grey, Width: 0.8, Dashes: []vg.Length{1.2, 1.8}}, glyph: draw.CrossGlyph{}}
)

// subjectLook is that of a subject.
func subjectLook(i int) *curveLook {
	return &curveLook{line: draw.LineStyle{Color: models[i], Width: 1.3}, glyph: glyphs[i]}
}

// thin is a look without points.
func thin(l curveLook) *curveLook {
	l.glyph = nil
	return &l
}

// lean is a look without points, unless there are too few values for a line to show.
func lean(l curveLook, ys []float64) *curveLook {
	n := 0
	for _, y := range ys {
		if y > 0 {
			n++
		}
	}
	if n < 3 {
		return &l
	}
	return thin(l)
}

// drawn is a profile with its name and look.
type drawn struct {
	name string
	of   *score.Profile
	look *curveLook
}

// drawn are those of the training half, the subjects and last the judging half, as far as
// they are known, of one group.
func (s *Scores) drawn() []drawn {
	var out []drawn
	first := s.Subjects[0]
	if o := s.Other; o != nil && o.Sample != nil && s.sameShape(*o) {
		out = append(out, drawn{"other half", o.Sample, &otherLook})
	}
	for _, x := range slices.Backward(s.Subjects) { // the first one on top
		if x.Sample != nil && s.sameShape(x) {
			out = append(out, drawn{x.Score.Name, x.Sample, subjectLook(x.place)})
		}
	}
	if first.Recording != nil {
		out = append(out, drawn{"recording", first.Recording, &recordingLook})
	}
	return out
}

// sameShape reports whether a subject was judged as the first one was.
func (s *Scores) sameShape(x Judged) bool {
	first := s.Subjects[0].Score
	return x.Score == nil || x.Score.Bins == first.Bins && x.Score.Aligned == first.Aligned
}

// width is that of a bin in seconds, 0 where it is not known.
func (s *Scores) width() float64 {
	if s.Judge != nil && finite(s.Judge.BinWidth) && s.Judge.BinWidth > 0 {
		return s.Judge.BinWidth
	}
	return 0
}

// inBins is the unit of lags and windows.
func (s *Scores) inBins() string {
	if w := s.width(); w > 0 {
		return fmt.Sprintf("bins of %.3g ms", 1000*w)
	}
	return "bins"
}

// perSecond turns spikes a bin to a rate with its unit.
func (s *Scores) perSecond() (factor float64, unit string) {
	if w := s.width(); w > 0 {
		return 1 / w, "spikes/s"
	}
	return 1, "spikes/bin"
}

// cell is the name of a cell.
func (s *Scores) cell(i int) string {
	if s.Judge != nil && i < s.Judge.Neurons {
		return s.Judge.Labels()[i]
	}
	return fmt.Sprint(i)
}

// panel is a small figure; without points it says so.
func panel(f XY) *figure {
	f.width, f.height, f.upward = panelWidth, panelHeight, true
	out := f.figure()
	if out.missing != "" {
		out.missing = "there is nothing to draw."
	}
	return out
}

// count numbers values from a first x on.
func count(first int, n int) []float64 {
	xs := make([]float64, n)
	for i := range xs {
		xs[i] = float64(first + i)
	}
	return xs
}

// bars are the ends of error bars, nil without errors.
func bars(ys, errors []float64) (low, high []float64) {
	if len(errors) != len(ys) {
		return nil, nil
	}
	for i, y := range ys {
		low, high = append(low, y-errors[i]), append(high, y+errors[i])
	}
	return low, high
}

// scaledBy multiplies.
func scaledBy(factor float64, xs []float64) []float64 {
	out := make([]float64, len(xs))
	for i, x := range xs {
		out[i] = factor * x
	}
	return out
}

// rarest is the least positive number; 0 if none is.
func rarest(xs []float64) float64 {
	least := math.Inf(1)
	for _, x := range xs {
		if x > 0 {
			least = min(least, x)
		}
	}
	if math.IsInf(least, 1) {
		return 0
	}
	return least
}

// population is P(k), with the baselines beside.
func (s *Scores) population() part {
	p := part{name: "population", title: "Active cells of a bin", text: "Share of bins with k active cells; error bars: standard error over repeats. Dashed: simple models fitted to the other half. Bursts: runs of bins with a spike; the longest length stands for all that are longer."}
	f := XY{Name: "k", Title: "P(k)", X: "k, active cells of a bin", Y: "P(k)", LogY: true, share: true}
	rest := 0
	for i, b := range s.Baselines {
		switch {
		case b.Sample == nil:
		case i < MaxReferences:
			line := referenceStyles[i]
			line.Width = 1
			f.Series = append(f.Series, Series{Name: b.Score.Name, X: count(0, len(b.Sample.KProbability)), Y: b.Sample.KProbability, Line: true, look: &curveLook{line: line}})
		default:
			rest++
		}
	}
	if rest > 0 {
		p.text += fmt.Sprintf(" %d more are in the table only.", rest)
	}
	for _, d := range s.drawn() {
		x := Series{Name: d.name, X: count(0, len(d.of.KProbability)), Y: d.of.KProbability, Line: true, look: d.look}
		x.Low, x.High = bars(x.Y, d.of.KErrors)
		f.Series = append(f.Series, x)
		f.least = rarest(d.of.KProbability) / 100 // the recording is the last
	}
	p.panels = append(p.panels, panel(f))

	silent := XY{Name: "silent", Title: "Silent windows", X: "window (" + s.inBins() + ")", Y: "P(silent)", LogX: true, LogY: true, share: true}
	bursts := XY{Name: "bursts", Title: "Bursts", X: "length (" + s.inBins() + ")", Y: "P(length)", LogX: true, LogY: true, share: true}
	for _, d := range s.drawn() {
		silent.Series = append(silent.Series, Series{Name: d.name, X: floats(d.of.SilentBins), Y: d.of.Silent, Line: true, look: d.look})
		silent.ticks = d.of.SilentBins
		bursts.Series = append(bursts.Series, Series{Name: d.name, X: count(0, len(d.of.Bursts)), Y: d.of.Bursts, Line: true, look: lean(*d.look, d.of.Bursts)})
	}
	p.panels = append(p.panels, panel(silent), panel(bursts))
	return p
}

func floats(xs []int) []float64 {
	out := make([]float64, len(xs))
	for i, x := range xs {
		out[i] = float64(x)
	}
	return out
}

// against draws samples against the recording, point for point, with the other half.
func (s *Scores) against(f XY, of func(*score.Profile) (values, errors []float64)) *figure {
	all := s.drawn()
	if len(all) == 0 || all[len(all)-1].name != "recording" {
		return &figure{name: f.Name, title: f.Title, missing: "there is nothing to draw."}
	}
	data, errors := of(all[len(all)-1].of)
	radius := vg.Length(2.4)
	if len(data) > 60 {
		radius, errors = 1.5, nil
	}
	f.equal = true
	for _, d := range all[:len(all)-1] {
		ys, own := of(d.of)
		look := *d.look
		look.radius = radius
		x := Series{Name: d.name, X: data, Y: ys, look: &look}
		if d.look != &otherLook && errors != nil { // under all else, and its errors are the recording's
			x.left, x.right = bars(data, errors)
			x.Low, x.High = bars(ys, own)
		}
		f.Series = append(f.Series, x)
	}
	return panel(f)
}

// againstPairs is the same of pairs' correlations.
func (s *Scores) againstPairs(name, title string, of func(score.PairProfile) float64) *figure {
	return s.against(XY{Name: name, Title: title, X: "recording (Pearson's r)", Y: "samples (Pearson's r)"}, func(q *score.Profile) (values, errors []float64) {
		for _, pair := range chosen(q.Pairs) {
			values = append(values, of(pair))
		}
		return values, nil
	})
}

// levels compares cells and pairs one by one.
func (s *Scores) levels() part {
	p := part{name: "levels", title: "Cells and pairs", text: "Samples against the recording, a point a cell or a pair; on the dashed line both are equal. Crosses: the recording's other half, whose distance from the line is chance. Error bars: standard error over repeats."}
	factor, unit := s.perSecond()
	p.panels = append(p.panels, s.against(XY{Name: "rates", Title: "Firing rates", X: "recording (" + unit + ")", Y: "samples (" + unit + ")"}, func(q *score.Profile) (values, errors []float64) {
		return scaledBy(factor, q.Rates), scaledBy(factor, q.RateErrors)
	}))
	if first := s.Subjects[0].Recording; first != nil && len(first.Pairs) > maxPoints {
		p.text += fmt.Sprintf(" %d of the %d pairs are drawn, evenly chosen.", maxPoints, len(first.Pairs))
	}
	p.panels = append(p.panels, s.againstPairs("correlations", "Correlations of single bins", func(q score.PairProfile) float64 { return q.Correlation }))
	return p
}

// chosen are so many pairs that a scatter plot can show, evenly spaced.
func chosen(pairs []score.PairProfile) []score.PairProfile {
	n := len(pairs)
	if n <= maxPoints {
		return pairs
	}
	var out []score.PairProfile
	for k := range maxPoints {
		out = append(out, pairs[k*n/maxPoints])
	}
	return out
}

// intervals are inter-spike intervals and Fano factors.
func (s *Scores) intervals() part {
	p := part{name: "intervals", title: "Intervals and counts", text: "Share of the inter-spike intervals (ISI) of all cells, within repeats, by their length. Fano factor: variance of the spikes in a window over their mean, median over cells; bars: quartiles of the cells."}
	isi := XY{Name: "isi", Title: "ISI histogram", X: "interval (bins)", Y: "share", LogX: true, LogY: true, share: true}
	step := 1.0
	if w := s.width(); w > 0 {
		step, isi.X = 1000*w, "interval (ms)"
	}
	fano := XY{Name: "fano", Title: "Fano factor against window", X: "window (" + s.inBins() + ")", Y: "Fano factor", LogX: true}
	for _, d := range s.drawn() {
		xs, ys := scaledBy(step, count(0, len(d.of.ISI))), d.of.ISI
		isi.Series = append(isi.Series, Series{Name: d.name, X: xs, Y: ys, Line: true, look: lean(*d.look, ys)})
		isi.least = rarest(ys) / 2 // the recording is the last
		x := Series{Name: d.name, X: floats(d.of.FanoBins), Line: true, look: d.look}
		for k := range d.of.FanoBins {
			var factors []float64
			for _, cell := range d.of.Fano {
				if finite(cell[k]) {
					factors = append(factors, cell[k])
				}
			}
			low, median, high := quartilesOf(factors)
			x.Y, x.Low, x.High = append(x.Y, median), append(x.Low, low), append(x.High, high)
		}
		fano.Series, fano.ticks = append(fano.Series, x), d.of.FanoBins
	}
	p.panels = append(p.panels, panel(isi), panel(fano))
	return p
}

// quartilesOf are NaN of nothing.
func quartilesOf(xs []float64) (low, median, high float64) {
	if len(xs) == 0 {
		return math.NaN(), math.NaN(), math.NaN()
	}
	slices.Sort(xs)
	at := func(q float64) float64 {
		k := q * float64(len(xs)-1)
		i := int(k)
		if i+1 == len(xs) {
			return xs[i]
		}
		return xs[i] + (k-float64(i))*(xs[i+1]-xs[i])
	}
	return at(0.25), at(0.5), at(0.75)
}

// lagged are covariances at lags, means over cells and pairs.
func (s *Scores) lagged() part {
	p := part{name: "lags", title: "Covariances at lags", text: "Covariance of bins, of a cell with itself later, mean over cells, and of two cells, mean over ordered pairs."}
	own := XY{Name: "autocovariance", Title: "Autocovariance, mean over cells"}
	cross := XY{Name: "covariance", Title: "Covariance, mean over pairs"}
	var autos, crosses []Series
	for _, d := range s.drawn() {
		auto := Series{Name: d.name, Line: true, look: d.look}
		for lag := 1; len(d.of.Autocov) > 0 && lag < len(d.of.Autocov[0]); lag++ {
			sum := 0.0
			for _, c := range d.of.Autocov {
				sum += c[lag]
			}
			auto.X, auto.Y = append(auto.X, float64(lag)), append(auto.Y, sum/float64(len(d.of.Autocov)))
		}
		autos = append(autos, auto)
		pair := Series{Name: d.name, Line: true, look: d.look}
		for lag := 0; len(d.of.Pairs) > 0 && lag <= len(d.of.Pairs[0].Covariance)/2; lag++ {
			sum := 0.0
			for _, q := range d.of.Pairs {
				middle := len(q.Covariance) / 2
				sum += q.Covariance[middle+lag] + q.Covariance[middle-lag]
			}
			pair.X, pair.Y = append(pair.X, float64(lag)), append(pair.Y, sum/float64(2*len(d.of.Pairs)))
		}
		crosses = append(crosses, pair)
	}
	p.panels = append(p.panels, s.covariances(own, autos), s.covariances(cross, crosses))
	return p
}

// covariances is a panel against lags, in a power of ten that leaves few digits.
func (s *Scores) covariances(f XY, series []Series) *figure {
	largest := 0.0
	for _, x := range series {
		for _, y := range x.Y {
			if finite(y) {
				largest = max(largest, math.Abs(y))
			}
		}
	}
	factor, unit := covarianceUnit(largest)
	f.X, f.Y = "lag ("+s.inBins()+")", "covariance ("+unit+")"
	for _, x := range series {
		x.Y = scaledBy(factor, x.Y)
		f.Series = append(f.Series, x)
	}
	return panel(f)
}

// correlograms are those of the pairs that the recording correlates most.
func (s *Scores) correlograms() part {
	p := part{name: "correlograms", title: "Cross-correlograms", text: "Covariance of a cell's bin with another's so many bins later, of the pairs whose bins the recording correlates most."}
	data := s.Subjects[0].Recording
	if data == nil || len(data.Pairs) == 0 {
		p.text += " There are no pairs."
		return p
	}
	order := make([]int, 0, len(data.Pairs))
	for k, q := range data.Pairs {
		if finite(q.Correlation) {
			order = append(order, k)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(math.Abs(data.Pairs[b].Correlation), math.Abs(data.Pairs[a].Correlation))
	})
	if rest := len(order) - maxPairs; rest > 0 {
		p.text += fmt.Sprintf(" %d further pairs are not shown.", rest)
	}
	for _, k := range order[:min(maxPairs, len(order))] {
		q := data.Pairs[k]
		f := XY{Name: fmt.Sprintf("pair_%d_%d", q.I, q.J), Title: fmt.Sprintf("Cells %s and %s, r = %s", s.cell(q.I), s.cell(q.J), minus(fmt.Sprintf("%.2f", q.Correlation)))}
		var series []Series
		for _, d := range s.drawn() {
			if k < len(d.of.Pairs) && d.look != &otherLook {
				ys := d.of.Pairs[k].Covariance
				series = append(series, Series{Name: d.name, X: count(-(len(ys) / 2), len(ys)), Y: ys, Line: true, look: thin(*d.look)})
			}
		}
		p.panels = append(p.panels, s.covariances(f, series))
	}
	return p
}

// stimulus compares noise with signal correlations.
func (s *Scores) stimulus() part {
	p := part{name: "noise", title: "Signal and noise", text: "Signal correlations: those of the PSTHs. Noise correlations: those of bins less the PSTH of the same repeats. A point a pair."}
	f := XY{Name: "noise", Title: "Noise against signal correlations", X: "signal correlation", Y: "noise correlation"}
	aligned := false
	for _, d := range s.drawn() {
		if d.look == &otherLook {
			continue
		}
		look := *d.look
		look.radius = 2
		x := Series{Name: d.name, look: &look}
		for _, q := range chosen(d.of.Pairs) {
			aligned = aligned || finite(q.Noise)
			x.X, x.Y = append(x.X, q.Signal), append(x.Y, q.Noise)
		}
		f.Series = append(f.Series, x)
	}
	if !aligned {
		p.text += " There are none here: bins of a repeat have no meaning of their own, or there are no pairs."
		return p
	}
	p.panels = append(p.panels, panel(f),
		s.againstPairs("noise_pairs", "Noise correlations", func(q score.PairProfile) float64 { return q.Noise }),
		s.againstPairs("signal_pairs", "Signal correlations", func(q score.PairProfile) float64 { return q.Signal }))
	return p
}

// histograms are the PSTHs of the cells that fire most.
func (s *Scores) histograms() part {
	p := part{name: "psth", title: "PSTH of each cell", text: "Rate against the time in a repeat."}
	data := s.Subjects[0].Recording
	if data == nil || data.PSTH == nil {
		p.text += " There is none here: bins of a repeat have no meaning of their own."
		return p
	}
	order := make([]int, len(data.Rates))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(data.Rates[b], data.Rates[a]) })
	if rest := len(order) - maxCells; rest > 0 {
		order = order[:maxCells]
		p.text = fmt.Sprintf("Rate against the time in a repeat, of the %d cells that fire most; %d further cells are not shown.", maxCells, rest)
	}
	slices.Sort(order)
	factor, unit := s.perSecond()
	step, xunit := 1.0, "bins"
	if w := s.width(); w > 0 {
		step, xunit = w, "s"
	}
	merge := 1
	if len(data.PSTH) > 0 {
		merge = max(1, len(data.PSTH[0])/psthBins)
	}
	if merge > 1 {
		p.text += fmt.Sprintf(" A point is the mean of %d bins.", merge)
	}
	for _, i := range order {
		f := XY{Name: fmt.Sprintf("psth_%d", i), Title: "Cell " + s.cell(i), X: "time in a repeat (" + xunit + ")", Y: "rate (" + unit + ")"}
		for _, d := range s.drawn() {
			if d.look == &otherLook || i >= len(d.of.PSTH) {
				continue
			}
			x := Series{Name: d.name, Line: true, look: thin(*d.look)}
			if x.look.line.Width = 1; d.look == &recordingLook { // it is seen where both are the same
				x.look.line.Width = 2
			}
			for b := 0; b+merge <= len(d.of.PSTH[i]); b += merge {
				sum := 0.0
				for _, v := range d.of.PSTH[i][b : b+merge] {
					sum += v
				}
				x.X, x.Y = append(x.X, (float64(b)+float64(merge)/2)*step), append(x.Y, factor*sum/float64(merge))
			}
			f.Series = append(f.Series, x)
		}
		if n := len(f.Series); n > 0 && f.Series[n-1].look.line.Width > 1 {
			f.Series = slices.Concat(f.Series[n-1:], f.Series[:n-1]) // the recording below
		}
		p.panels = append(p.panels, panel(f))
	}
	return p
}

// rasters are continuous stretches of the recording and of samples: the same bins where
// these are of the same stimulus.
func (s *Scores) rasters() part {
	p := part{name: "rasters", title: "Rasters", text: fmt.Sprintf("%d bins of one repeat without a break; of repeats or windows that are shorter as many as fit, alternate ones shaded.", rasterBins)}
	names := func(r *spikes.Raster) []string {
		if s.Judge != nil && s.Judge.Neurons == r.Neurons {
			return s.Judge.Labels()
		}
		return r.Labels()
	}
	add := func(name string, color int, r *spikes.Raster, aligned bool) {
		if r == nil || r.Repeats == 0 || r.Bins == 0 || r.Neurons == 0 {
			return
		}
		bins := min(rasterBins, r.Bins)
		from := 0
		if aligned {
			from = (r.Bins - bins) / 2
		}
		x := strip{color: color, neurons: r.Neurons, xlabel: "time, " + s.inBins()}
		title := fmt.Sprintf("%s, repeat %d, bins %d to %d", name, r.Repeats/2+1, from+1, from+bins)
		if windows := min(r.Repeats, rasterBins/r.Bins); windows > 1 { // too short to be seen alone
			word := "windows"
			if aligned {
				word = "repeats"
			}
			x.window, x.xlabel = r.Bins, fmt.Sprintf("%s of %d %s", word, r.Bins, s.inBins())
			title = fmt.Sprintf("%s, %d %s", name, windows, word)
			for k := range windows {
				x.take(r, k, 0, r.Bins)
			}
		} else {
			x.take(r, r.Repeats/2, from, bins)
		}
		plot := x.plot(names(r))
		p.panels = append(p.panels, &figure{
			name: "raster", title: title,
			height: min(300, max(70, 9*vg.Length(r.Neurons))) + 40,
			draw:   func(c draw.Canvas) { plot.Draw(draw.Crop(c, 0, -8, 0, -4)) },
		})
	}
	add("recording", -1, s.Judge, true)
	for _, x := range s.Subjects {
		add(x.Score.Name, x.place, x.Samples, s.Judge != nil && x.Samples != nil && x.Samples.Bins == s.Judge.Bins)
	}
	return p
}
