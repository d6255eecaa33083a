package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"qgan/metrics/report"
	"qgan/metrics/score"
	"qgan/metrics/spikes"
)

// scored is a page's input of three cells whose numbers are all different: a subject, the
// other half and a baseline.
func scored(t testing.TB) report.Scores {
	t.Helper()
	rng := rand.New(rand.NewPCG(5, 11))
	many := func(n int, lo, hi float64) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = lo + (hi-lo)*rng.Float64()
		}
		return out
	}
	profile := func() *score.Profile {
		p := &score.Profile{
			Rates: many(3, 0.02, 0.2), RateErrors: many(3, 0.002, 0.004), KProbability: many(4, 0.01, 0.9), KErrors: many(4, 0.002, 0.004),
			Silent: many(3, 0.1, 0.9), SilentBins: []int{1, 2, 5}, Bursts: append([]float64{0}, many(6, 0.01, 0.5)...), ISI: append([]float64{0}, many(8, 0.01, 0.4)...),
			FanoBins: []int{2, 5, 10}, MeanISI: many(3, 0, 1), DeviationISI: many(3, 0, 1), WholeFano: many(3, 0, 1),
		}
		for i := range 3 {
			p.Fano, p.PSTH, p.Autocov = append(p.Fano, many(3, 0.5, 3)), append(p.PSTH, many(8, 0, 1)), append(p.Autocov, many(5, -0.03, 0.08))
			for j := i + 1; j < 3; j++ {
				x := many(3, -0.2, 0.6)
				p.Pairs = append(p.Pairs, score.PairProfile{I: i, J: j, Correlation: x[0], Noise: x[1], Signal: x[2], Covariance: many(9, -0.02, 0.05)})
			}
		}
		return p
	}
	recording := profile()
	judged := func(name string) report.Judged {
		x := &score.Score{Name: name, Repeats: 6, Bins: 8, Aligned: true, Parameters: rng.IntN(90) + 3}
		for _, f := range score.Figures() {
			v := many(6, 0.1, 0.9)
			value := score.Value{Name: f.Name, Value: &v[0], Interval: v[1:3], Floor: &v[3], Perfect: &score.Range{Low: v[4], High: v[5]}}
			if f.Better == score.Nearer {
				value.Recording = &many(1, 0.1, 0.9)[0]
			}
			x.Values = append(x.Values, value)
		}
		r := spikes.NewRaster(6, 8, 3, 0.02)
		for b := range 6 * 8 {
			r.Set(b/8, b%8, rng.IntN(3), true)
		}
		return report.Judged{Score: x, Sample: profile(), Recording: recording, Samples: r}
	}
	other := judged("not shown")
	return report.Scores{
		Title: "A <score>", Lines: []string{"recording: a & b"}, Verdict: []string{"It is < perfect."}, Judge: judged("").Samples, Other: &other,
		Subjects: []report.Judged{judged("mine"), judged("theirs")}, Baselines: []report.Judged{judged("simple"), judged("plain")},
	}
}

func scorePage(t testing.TB, s report.Scores) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.WriteScore(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var panelPart = regexp.MustCompile(`(?s)<figure class="panel">\s*<figcaption class="head">(.*?)</figcaption>\s*(<svg.*?</svg>)`)

// panelsOf reads the panels of a page by their titles.
func panelsOf(t testing.TB, page []byte) map[string]drawing {
	t.Helper()
	out := map[string]drawing{}
	for _, m := range panelPart.FindAllSubmatch(page, -1) {
		out[html.UnescapeString(string(m[1]))] = read(t, m[2])
	}
	return out
}

// Curves and points lie where the numbers of the profiles are, each in the colour of its
// name in the legend.
func TestScorePositions(t *testing.T) {
	t.Parallel()
	s := scored(t)
	panels := panelsOf(t, scorePage(t, s))
	mean := func(rows [][]float64, k int) float64 {
		sum := 0.0
		for _, r := range rows {
			sum += r[k] / float64(len(rows))
		}
		return sum
	}
	pairs := func(p *score.Profile, of func(score.PairProfile) float64) (out []float64) {
		for _, q := range p.Pairs {
			out = append(out, of(q))
		}
		return out
	}
	strongest := 0
	data := s.Subjects[0].Recording
	for k, q := range data.Pairs {
		if math.Abs(q.Correlation) > math.Abs(data.Pairs[strongest].Correlation) {
			strongest = k
		}
	}
	q := data.Pairs[strongest]
	pair := fmt.Sprintf("Cells %d and %d, r = %s", q.I, q.J, strings.Replace(fmt.Sprintf("%.2f", q.Correlation), "-", "−", 1))
	curves := []struct {
		title, x, y string
		points      bool // beside the line
		other       bool // the other half is drawn too
		of          func(p *score.Profile) (xs, ys []float64)
	}{
		{"P(k)", "k, active cells of a bin", "P(k)", true, true, func(p *score.Profile) (xs, ys []float64) { return from(0, 4), p.KProbability }},
		{"Silent windows", "window (bins of 20 ms)", "P(silent)", true, true, func(p *score.Profile) (xs, ys []float64) { return []float64{1, 2, 5}, p.Silent }},
		{"Bursts", "length (bins of 20 ms)", "P(length)", false, true, func(p *score.Profile) (xs, ys []float64) { return from(1, 6), p.Bursts[1:] }},
		{"ISI histogram", "interval (ms)", "share", false, true, func(p *score.Profile) (xs, ys []float64) { return scaled(from(1, 8), 20), p.ISI[1:] }},
		{"Fano factor against window", "window (bins of 20 ms)", "Fano factor", true, true, func(p *score.Profile) (xs, ys []float64) {
			for k := range p.FanoBins {
				a, b, c := p.Fano[0][k], p.Fano[1][k], p.Fano[2][k]
				ys = append(ys, a+b+c-min(a, b, c)-max(a, b, c))
			}
			return []float64{2, 5, 10}, ys
		}},
		{"Autocovariance, mean over cells", "lag (bins of 20 ms)", "covariance (10^−2spikes^2/bin^2)", true, true, func(p *score.Profile) (xs, ys []float64) {
			for lag := 1; lag < 5; lag++ {
				ys = append(ys, 100*mean(p.Autocov, lag))
			}
			return from(1, 4), ys
		}},
		{"Covariance, mean over pairs", "lag (bins of 20 ms)", "covariance (10^−2spikes^2/bin^2)", true, true, func(p *score.Profile) (xs, ys []float64) {
			for lag := range 5 {
				later := pairs(p, func(q score.PairProfile) float64 { return 100 * (q.Covariance[4+lag] + q.Covariance[4-lag]) / 2 })
				ys = append(ys, mean([][]float64{{later[0]}, {later[1]}, {later[2]}}, 0))
			}
			return from(0, 5), ys
		}},
		{pair, "lag (bins of 20 ms)", "covariance (10^−2spikes^2/bin^2)", false, false, func(p *score.Profile) (xs, ys []float64) {
			return from(-4, 9), scaled(p.Pairs[strongest].Covariance, 100)
		}},
		{"Cell 1", "time in a repeat (s)", "rate (spikes/s)", false, false, func(p *score.Profile) (xs, ys []float64) {
			return scaled(from(0.5, 8), 0.02), scaled(p.PSTH[1], 50)
		}},
	}
	profiles := map[string]*score.Profile{"recording": data, "mine": s.Subjects[0].Sample, "theirs": s.Subjects[1].Sample, "other half": s.Other.Sample}
	for _, c := range curves {
		d, ok := panels[c.title]
		if !ok {
			t.Errorf("there is no panel %q", c.title)
			continue
		}
		p := &d.panels[0]
		p.title = c.title
		if p.x.label != c.x || p.y.label != c.y {
			t.Errorf("%s: axes %q and %q", c.title, p.x.label, p.y.label)
		}
		for name, profile := range profiles {
			if name == "other half" && !c.other {
				continue
			}
			l := d.named(t, name)
			xs, ys := c.of(profile)
			line := p.lines(l)
			if c.title == "P(k)" || strings.HasPrefix(c.title, "Fano") { // after the error bars
				line = line[max(0, len(line)-len(ys)):]
			}
			if name != "other half" || !c.points { // of crosses the strokes look like lines
				p.same(t, name, line, zip(xs, ys))
			}
			if c.points && name != "other half" && name != "recording" {
				p.same(t, name+"'s points", p.glyphs(l.color), zip(xs, ys))
			}
		}
	}
	p := &panels["P(k)"].panels[0]
	simple := s.Baselines[0].Sample.KProbability
	p.same(t, "simple", p.lines(panels["P(k)"].named(t, "simple")), zip(from(0, 4), simple))
	mine := p.lines(panels["P(k)"].named(t, "mine"))
	var bars []point
	for k, y := range s.Subjects[0].Sample.KProbability {
		e := s.Subjects[0].Sample.KErrors[k]
		bars = append(bars, point{float64(k), y - e}, point{float64(k), y + e})
	}
	p.same(t, "error bars", mine[:8], bars)

	own := s.Subjects[0].Sample
	rates := panels["Firing rates"]
	bars = nil
	for i, y := range own.Rates {
		bars = append(bars, point{50 * data.Rates[i], 50 * (y - own.RateErrors[i])}, point{50 * data.Rates[i], 50 * (y + own.RateErrors[i])})
	}
	for i, x := range data.Rates {
		bars = append(bars, point{50 * (x - data.RateErrors[i]), 50 * own.Rates[i]}, point{50 * (x + data.RateErrors[i]), 50 * own.Rates[i]})
	}
	p = &rates.panels[0]
	p.same(t, "error bars", p.lines(rates.named(t, "mine")), bars)

	fano := panels["Fano factor against window"]
	bars = nil
	for k, window := range own.FanoBins {
		f := []float64{own.Fano[0][k], own.Fano[1][k], own.Fano[2][k]}
		slices.Sort(f)
		bars = append(bars, point{float64(window), (f[0] + f[1]) / 2}, point{float64(window), (f[1] + f[2]) / 2})
	}
	p = &fano.panels[0]
	p.same(t, "quartiles", p.lines(fano.named(t, "mine"))[:6], bars)

	for _, c := range []struct {
		title, axis string
		x, y        func(p *score.Profile) []float64
	}{
		{"Firing rates", "spikes/s", nil, func(p *score.Profile) []float64 { return scaled(p.Rates, 50) }},
		{"Correlations of single bins", "Pearson's r", nil, func(p *score.Profile) []float64 {
			return pairs(p, func(q score.PairProfile) float64 { return q.Correlation })
		}},
		{"Noise correlations", "Pearson's r", nil, func(p *score.Profile) []float64 {
			return pairs(p, func(q score.PairProfile) float64 { return q.Noise })
		}},
		{"Signal correlations", "Pearson's r", nil, func(p *score.Profile) []float64 {
			return pairs(p, func(q score.PairProfile) float64 { return q.Signal })
		}},
		{"Noise against signal correlations", "", func(p *score.Profile) []float64 {
			return pairs(p, func(q score.PairProfile) float64 { return q.Signal })
		}, func(p *score.Profile) []float64 {
			return pairs(p, func(q score.PairProfile) float64 { return q.Noise })
		}},
	} {
		d, ok := panels[c.title]
		if !ok {
			t.Errorf("there is no panel %q", c.title)
			continue
		}
		p := &d.panels[0]
		p.title = c.title
		if c.axis != "" && (p.x.label != "recording ("+c.axis+")" || p.y.label != "samples ("+c.axis+")") {
			t.Errorf("%s: axes %q and %q", c.title, p.x.label, p.y.label)
		}
		for name, profile := range profiles {
			if name == "recording" || name == "other half" {
				continue
			}
			xs := c.y(data)
			if c.x != nil {
				xs = c.x(profile)
			}
			p.same(t, name, p.glyphs(d.named(t, name).color), zip(xs, c.y(profile)))
		}
	}
}

// Of many cells those that fire most have a PSTH, of many pairs those that are correlated
// most have a correlogram, whatever the sign, and an even choice of them are points.
func TestScoreOfMany(t *testing.T) {
	t.Parallel()
	const n, bins = 26, 250
	s := scored(t)
	s.Subjects, s.Other, s.Judge, s.Baselines = s.Subjects[:1], nil, spikes.NewRaster(2, bins, n, 0.02), nil
	p := &score.Profile{KProbability: []float64{1}}
	for i := range n {
		p.Rates = append(p.Rates, float64(1+i*7%n)/100)
		p.Fano, p.Autocov = append(p.Fano, nil), append(p.Autocov, nil)
		psth := make([]float64, bins)
		for b := range psth {
			psth[b] = float64((i+1)*(b%9)) / 300
		}
		p.PSTH = append(p.PSTH, psth)
		for j := i + 1; j < n; j++ {
			k := float64(len(p.Pairs))
			r := 0.0005 * k
			if k < 3 { // the strongest
				r = -0.9 + 0.1*k
			}
			p.Pairs = append(p.Pairs, score.PairProfile{I: i, J: j, Correlation: r, Noise: -0.001 * k, Signal: 0.002 * k, Covariance: []float64{0, k / 1e4, 0}})
		}
	}
	s.Subjects[0].Recording, s.Subjects[0].Sample = p, p
	page := scorePage(t, s)
	panels := panelsOf(t, page)
	var cells, pairs []string
	for _, m := range panelPart.FindAllSubmatch(page, -1) {
		switch title := string(m[1]); {
		case strings.HasPrefix(title, "Cell "):
			cells = append(cells, strings.TrimPrefix(title, "Cell "))
		case strings.HasPrefix(title, "Cells "):
			name, _, _ := strings.Cut(strings.TrimPrefix(title, "Cells "), ",")
			pairs = append(pairs, name)
		}
	}
	var most []string
	for i, r := range p.Rates {
		if r > 0.145 {
			most = append(most, fmt.Sprint(i))
		}
	}
	if len(most) != 12 || strings.Join(cells, " ") != strings.Join(most, " ") {
		t.Errorf("PSTHs of the cells %v, want %v", cells, most)
	}
	if got, want := strings.Join(pairs, ", "), "0 and 1, 0 and 2, 0 and 3, 24 and 25, 23 and 25, 23 and 24"; got != want {
		t.Errorf("correlograms of %s, want %s", got, want)
	}
	for _, want := range []string{"14 further cells are not shown.", "A point is the mean of 2 bins.", "319 further pairs are not shown.", "300 of the 325 pairs are drawn, evenly chosen."} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("the page doesn't say %q", want)
		}
	}
	d := panels["Cell "+most[3]]
	cell, err := strconv.Atoi(most[3])
	if err != nil {
		t.Fatal(err)
	}
	var want []point
	for b := 0; b < bins; b += 2 {
		want = append(want, point{float64(b+1) * 0.02, 25 * (p.PSTH[cell][b] + p.PSTH[cell][b+1])})
	}
	q := &d.panels[0]
	q.same(t, "mine", q.lines(d.named(t, "mine")), want)

	d = panels["Noise against signal correlations"]
	want = nil
	for k := range 300 {
		pair := p.Pairs[k*325/300]
		want = append(want, point{pair.Signal, pair.Noise})
	}
	q = &d.panels[0]
	q.same(t, "mine", q.glyphs(d.named(t, "mine").color), want)
}

// Rasters are unbroken, each spike in its bin and at its cell; repeats that are too short
// to be seen alone stand one behind the other.
func TestScoreRasters(t *testing.T) {
	t.Parallel()
	s := scored(t)
	rng := rand.New(rand.NewPCG(2, 3))
	long := spikes.NewRaster(3, 400, 3, 0.02)
	for b := range 3 * 400 {
		long.Set(b/400, b%400, rng.IntN(3), b%7 < 2)
	}
	s.Judge, s.Subjects[1].Samples = long, spikes.NewRaster(1, 90, 3, 0.02)
	s.Subjects[1].Samples.Set(0, 17, 2, true)
	panels := panelsOf(t, scorePage(t, s))
	for _, c := range []struct {
		title, color string
		r            *spikes.Raster
		at           func(k int) (repeat, bin int)
		bins         int
		unit         float64 // bins of one on the axis
	}{
		{"recording, repeat 2, bins 126 to 275", "#000000", long, func(k int) (repeat, bin int) { return 1, 125 + k }, 150, 1},
		{"mine, 6 windows", "#D55E00", s.Subjects[0].Samples, func(k int) (repeat, bin int) { return k / 8, k % 8 }, 48, 8},
		{"theirs, repeat 1, bins 1 to 90", "#0072B2", s.Subjects[1].Samples, func(k int) (repeat, bin int) { return 0, k }, 90, 1},
	} {
		d, ok := panels[c.title]
		if !ok {
			t.Errorf("there is no panel %q", c.title)
			continue
		}
		p := &d.panels[0]
		row := func(k bar) float64 { return p.y.of(k.bottom) }
		var got, want []string
		for _, k := range p.bars(c.color) {
			got = append(got, fmt.Sprintf("%.0f/%.0f", math.Floor(k.middle*c.unit), math.Round((k.top+row(k))/2)))
		}
		for k := range c.bins {
			repeat, bin := c.at(k)
			for n := range 3 {
				if c.r.At(repeat, bin, n) {
					want = append(want, fmt.Sprintf("%d/%d", k, n))
				}
			}
		}
		if strings.Join(got, " ") != strings.Join(want, " ") || len(want) == 0 {
			t.Errorf("%s: spikes at bin/cell %v, want %v", c.title, got, want)
		}
	}
}

// Each value stands in its figure's row, with its interval, what perfect samples score and
// the best of the baselines; the verdict stands before the table.
func TestScoreTables(t *testing.T) {
	t.Parallel()
	s := scored(t)
	v := &s.Subjects[0].Score.Values[1] // rate error
	*v = score.Value{Name: "rate_error", Value: &[]float64{0.5}[0], Interval: []float64{0.25, 0.75}, Floor: &[]float64{0.125}[0], Perfect: &score.Range{Low: 0.0625, High: 0.375}, Excess: &[]float64{2.6}[0]}
	for i, x := range []float64{0.875, 0.75} {
		s.Baselines[i].Score.Values[1].Value = &x
	}
	r2 := &s.Subjects[0].Score.Values[0]
	*r2 = score.Value{Name: r2.Name, Missing: "samples alone have no likelihood"}
	s.Subjects[0].Score.Groups = []score.GroupValue{{Name: "rates", Figures: 1, Excess: &[]float64{2.6}[0]}, {Name: "words", Figures: 3, Excess: &[]float64{-0.25}[0]}}
	for i, x := range []float64{1.5, 3} {
		b := s.Baselines[i].Score
		b.Bins, b.Groups = s.Subjects[0].Score.Bins, []score.GroupValue{{Name: "rates", Figures: 1, Excess: &x}, {Name: "words", Figures: 3, Excess: &[]float64{0.5}[0]}}
	}
	page := scorePage(t, s)
	tables := tablesOf(page)
	groups := tables["Groups of figures"]
	for _, c := range []struct{ row, column, want string }{
		{"rates", "mine", "2.6"}, {"rates", "simple", "1.5"}, {"rates", "plain", "3.0"}, {"words", "mine", "−0.2"}, {"words", "plain", "0.5"}, {"stimulus", "mine", "–"},
		{"better : worse than mine", "simple", "1 : 0"}, {"better : worse than mine", "plain", "0 : 1"},
	} {
		if got := groups[c.row][c.column]; got != c.want {
			t.Errorf("%s, %s: %q, want %q", c.row, c.column, got, c.want)
		}
	}
	first := tables["Figures on the judging half"]
	for column, want := range map[string]string{"mine": "0.500 [0.250, 0.750] †", "other half": "0.125", "recording": "–", "best baseline": "0.750, plain", "better": "smaller"} {
		if got := first["rate error"][column]; got != want {
			t.Errorf("rate error, %s: %q, want %q", column, got, want)
		}
	}
	if row := first["log likelihood (nats/bin)"]; row["mine"] != "–" || !strings.Contains(string(page), "Without log likelihood (nats/bin): samples alone have no likelihood.") {
		t.Errorf("no likelihood: %v", row)
	}
	if row := first["p silent 5"]; row["recording"] == "–" || row["better"] != "nearer" {
		t.Errorf("silence: %v", row)
	}
	if first["covariance error lag 4"] != nil || first["covariance error lag 5"] == nil || first["covariance error lag 0"] == nil {
		t.Error("other lags than 0, 1, 2, 3, 5 and 10 are rows")
	}
	below := tables["Baselines on the judging half"]
	for name, values := range map[string][2]float64{"psth r2 median": {0.25, 0.125}, "p silent 2": {0.5, 0.125}} { // the larger, the nearer
		for i := range s.Baselines {
			for k := range s.Baselines[i].Score.Values {
				v := &s.Baselines[i].Score.Values[k]
				if strings.ReplaceAll(v.Name, "_", " ") == name {
					v.Value, v.Recording = &values[i], &[]float64{0.6}[0]
				}
			}
		}
	}
	s.Baselines[0].Score.Values[1].Excess = v.Excess
	page = scorePage(t, s)
	again := tablesOf(page)
	for name, want := range map[string]string{"psth r2 median": "0.250, simple", "p silent 2": "0.500, simple"} {
		if got := again["Figures on the judging half"][name]["best baseline"]; got != want {
			t.Errorf("best at %s: %q, want %q", name, got, want)
		}
	}
	if got := again["Baselines on the judging half"]["rate error"]; got["simple"] != "0.875 †" || got["plain"] != "0.750" {
		t.Errorf("what is worse than perfect samples: %v", got)
	}
	if !regexp.MustCompile(`0\.500 \[0\.250, 0\.750\] †</td><td>0\.0625 to 0\.375</td>`).Match(page) {
		t.Error("there is no range of perfect samples beside the value")
	}
	if got := below["rate error"]; got["simple"] != "0.875" || got["plain"] != "0.750" || below["parameters"]["plain"] != fmt.Sprint(s.Baselines[1].Score.Parameters) {
		t.Errorf("baselines: %v, parameters %v", got, below["parameters"])
	}
	if what := tables["What the figures are"]["rate error"]; !strings.HasPrefix(what["what it is"], "sum |r - r'|") {
		t.Errorf("what it is: %v", what)
	}
	text := string(page)
	at := -1
	for _, part := range []string{"A &lt;score&gt;", "It is &lt; perfect.", "Groups of figures", "Figures on the judging half", `id="population"`, "recording: a &amp; b", "mine: 6 repeats of 8 bins", "</html>"} {
		next := strings.Index(text[at+1:], part)
		if next < 0 {
			t.Fatalf("%q does not follow", part)
		}
		at += 1 + next
	}
	for _, from := range []string{"http://", "https://", "<script", "@import", "Files:"} {
		if strings.Contains(text, from) {
			t.Errorf("the page has %q", from)
		}
	}
}

// What is not there is said, and what can't be a page is refused.
func TestScoreLimits(t *testing.T) {
	t.Parallel()
	s := scored(t)
	data := *s.Subjects[0].Recording
	data.PSTH = nil
	s.Subjects[0].Recording = &data
	s.Subjects[1].Score.Bins = 4
	s.Subjects[1].Sample, s.Subjects[1].Samples, s.Judge = nil, nil, nil
	page := string(scorePage(t, s))
	for _, want := range []string{"There is none here: bins of a repeat have no meaning", `id="population-2"`, "Active cells of a bin, in repeats of 4 bins", "lag (bins)", "rate", "2 further"} {
		if strings.Contains(page, want) == (want == "2 further") {
			t.Errorf("%q: %t", want, want == "2 further")
		}
	}
	// Who was judged in other repeats is drawn beside a recording in the same, in the same colour.
	long := scored(t)
	short := long.Subjects[1]
	short.Recording, short.Score.Bins = long.Subjects[1].Sample, 1
	all := panelsOf(t, scorePage(t, report.Scores{Subjects: []report.Judged{short}}))
	alone := all["P(k)"]
	d := panelsOf(t, scorePage(t, long))["P(k)"] // the last of two with that title
	for _, name := range []string{"theirs", "recording"} {
		if got, want := len(d.panels[0].lines(d.named(t, name))), len(alone.panels[0].lines(alone.named(t, name))); got != want || got == 0 {
			t.Errorf("%s has %d points of %d", name, got, want)
		}
	}
	if got, want := d.named(t, "theirs").color, "#0072B2"; got != want {
		t.Errorf("theirs is %s, want %s", got, want)
	}
	if strings.Contains(fmt.Sprint(d.legend), "mine") || strings.Contains(fmt.Sprint(d.legend), "other half") {
		t.Errorf("others among %v", d.legend)
	}
	for _, c := range []struct {
		want string
		s    report.Scores
	}{
		{"nothing is judged", report.Scores{}},
		{"5 subjects: at most 4", report.Scores{Subjects: make([]report.Judged, 5)}},
		{"no score of number 1", report.Scores{Subjects: make([]report.Judged, 1)}},
	} {
		if err := report.WriteScore(&bytes.Buffer{}, c.s); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	full := errors.New("the disk is full")
	if err := report.WriteScore(refusing{full}, s); !errors.Is(err, full) {
		t.Errorf("a full disk: %v", err)
	}
}

type refusing struct{ error }

func (r refusing) Write([]byte) (int, error) { return 0, r.error }

// A run's page begins with the verdict on held-out repeats and has the panels of a judgement
// in place of the figures that show less; these lie beside it all the same.
func TestPageWithScores(t *testing.T) {
	t.Parallel()
	in := builtinInput(t, 3, 1, "independent")
	s := scored(t)
	s.Verdict = []string{"It is < perfect."}
	in.Scores = &s
	files := writtenText(t, in)
	for _, name := range []string{"rasters.svg", "statistics.svg", "psth.svg"} {
		if len(files[name]) == 0 {
			t.Errorf("there is no %s beside the page", name)
		}
	}
	page := string(files["index.html"])
	at := -1
	for _, part := range []string{
		`id="judgement"`, "It is &lt; perfect.", `id="verdict"`, "In words", "recording: a &amp; b", "Distance to the recording", `id="figure2"`, `id="js_curve"`, `id="judged-population"`, `id="judged-psth"`,
		`id="judged-rasters"`, `id="training"`, `id="parameters"`, "Figures on the judging half", "Statistics in time", "Baselines on the judging half", "</html>",
	} {
		next := strings.Index(page[at+1:], part)
		if next < 0 {
			t.Fatalf("%q does not follow", part)
		}
		at += 1 + next
	}
	for _, not := range []string{`id="rasters"`, `id="statistics"`, `id="psth"`, "no judgement"} {
		if strings.Contains(page, not) {
			t.Errorf("the page has %s", not)
		}
	}
	in.Scores, in.Unjudged = nil, "too <short"
	page = string(writtenText(t, in)["index.html"])
	for _, part := range []string{`id="rasters"`, `id="statistics"`, `id="psth"`, "no judgement by repeats that models were not fitted to: too &lt;short"} {
		if !strings.Contains(page, part) {
			t.Errorf("without a judgement the page lacks %s", part)
		}
	}
	in.Scores = &report.Scores{}
	if _, err := report.Write(t.TempDir(), in, plainFile); err == nil || !strings.Contains(err.Error(), "nothing is judged") {
		t.Errorf("a judgement of nothing: %v", err)
	}
}

// The axis of shares ends at 1, and a line of too few points has them marked.
func TestScoreShares(t *testing.T) {
	t.Parallel()
	s := scored(t)
	for _, x := range s.Subjects {
		for _, p := range []*score.Profile{x.Sample, x.Recording} {
			p.Silent, p.SilentBins, p.ISI = []float64{0.93, 0.9}, []int{1, 2}, []float64{0, 0.97, 0.03}
		}
	}
	panels := panelsOf(t, scorePage(t, s))
	if y := panels["Silent windows"].panels[0].y; math.Abs(y.of(y.hi)-1.1) > 0.02 || y.of(y.lo) > 0.9/1.4+0.01 {
		t.Errorf("the axis of shares is from %g to %g", y.of(y.lo), y.of(y.hi))
	}
	isi := panels["ISI histogram"]
	if got := isi.panels[0].glyphs(isi.named(t, "mine").color); len(got) != 2 {
		t.Errorf("two kinds of intervals are drawn at %v", got)
	}
}
