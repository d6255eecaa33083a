package report_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"qgan/metrics"
	"qgan/metrics/report"
	"qgan/metrics/score"
	"qgan/metrics/spikes"
)

// wholeInput is a report about a model of whole repeats beside one of single bins, with a
// judgement of both.
func wholeInput(t testing.TB) report.Input {
	t.Helper()
	in := builtinInput(t, 3, 1, "independent", "silent")
	data, rng := in.DataWindows.Raster, rand.New(rand.NewPCG(3, 9))
	r := spikes.NewRaster(5, data.Bins, 3, data.BinWidth)
	for rep := range r.Repeats {
		for b := range r.Bins {
			for n := range r.Neurons {
				r.Set(rep, b, n, rng.Float64() < 0.05+0.1*float64((b/40+n)%3))
			}
		}
	}
	m := &in.Models[0]
	m.Name, m.Samples, m.Whole = "whole", r, true
	m.Summary = metrics.Summarize(spikes.Windows{Raster: r, T: 1})
	s := scored(t)
	in.Scores = &s
	return in
}

// The figures of whole repeats show each bin of the model's samples over the time in a
// repeat, beside the recording's.
func TestWholeRepeats(t *testing.T) {
	t.Parallel()
	in := wholeInput(t)
	figures := drawingsOf(t, in)
	data, model := in.DataWindows.Raster, in.Models[0].Samples
	vermilion := "#D55E00"

	psth := figures["psth"]
	curve := &psth.panels[0]
	for name, r := range map[string]*spikes.Raster{"recording, 100 repeats": data, "whole, 5 repeats": model} {
		xs := from(0.5, r.Bins)
		curve.same(t, name, curve.lines(psth.named(t, name)), zip(scaled(xs, r.BinWidth), metrics.TimeHistogram(r)))
	}

	raster := figures["rasters"].panel(t, fmt.Sprintf("whole, repeat 3, bins 1 to %d", data.Bins))
	marks := map[[2]int]bool{}
	for _, g := range raster.glyphs(vermilion) {
		marks[[2]int{int(g.x), int(g.y + 0.5)}] = true
	}
	for b := range model.Bins {
		for n := range model.Neurons {
			if model.At(2, b, n) != marks[[2]int{b, n}] {
				t.Errorf("bin %d of neuron %d has a mark: %t", b, n, marks[[2]int{b, n}])
			}
		}
	}

	// A row a neuron, from 0.4 below its name up, as high as the largest rate of both.
	rows := figures["psth_cells"]
	row := &rows.panels[0]
	var want []point
	merge := data.Bins / 240
	rates := func(r *spikes.Raster, n int) (out []float64) {
		for b := 0; b+merge <= r.Bins; b += merge {
			sum := 0.0
			for k := range merge {
				for rep := range r.Repeats {
					if r.At(rep, b+k, n) {
						sum++
					}
				}
			}
			out = append(out, sum/float64(r.Repeats*merge))
		}
		return out
	}
	for n := range 3 {
		own := rates(model, n)
		top := max(slices.Max(own), slices.Max(rates(data, n)))
		for b, y := range own {
			want = append(want, point{(float64(b) + 0.5) * float64(merge) * data.BinWidth, float64(n) + 0.4 - 0.92*y/top})
		}
	}
	got := row.lines(rows.named(t, "whole, 5 repeats"))
	shift := got[0].y - want[0].y // names stand a little lower than where they belong
	if math.Abs(shift) > 0.05 {
		t.Errorf("rows are %.3g off their names", shift)
	}
	for i := range want {
		want[i].y += shift
	}
	row.same(t, "rates", got, want)

	pairs := figures["pairs"]
	for k, of := range []func(score.PairProfile) float64{
		func(q score.PairProfile) float64 { return q.Signal }, func(q score.PairProfile) float64 { return q.Noise },
		func(q score.PairProfile) float64 { return 100 * q.Covariance[5] },
	} {
		p := &pairs.panels[k]
		for i, color := range []string{vermilion, "#0072B2"} {
			s := in.Scores.Subjects[i]
			var want []point
			for j, q := range s.Sample.Pairs {
				want = append(want, point{of(s.Recording.Pairs[j]), of(q)})
			}
			p.same(t, "pairs", p.glyphs(color), want)
		}
	}
	for i, name := range []string{"mine", "theirs"} {
		for _, v := range in.Scores.Subjects[i].Score.Values {
			if v.Name == "noise_correlation_r" {
				pairs.named(t, fmt.Sprintf("%s, noise correlations r = %.2f", name, *v.Value))
			}
		}
	}
}

// The page shows whole repeats in figures of their own, says nothing that is not so of them,
// and takes none that are not as long as the recording's.
func TestPageOfWholeRepeats(t *testing.T) {
	t.Parallel()
	in := wholeInput(t)
	page := string(writtenText(t, in)["index.html"])
	for _, part := range []string{`id="rasters"`, `id="psth"`, `id="psth_cells"`, `id="pairs"`, `id="judged-noise"`, "What another stimulus would do"} {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %s", part)
		}
	}
	for _, not := range []string{`id="statistics"`, "the models are not told its time", "flat by construction", "windows of one bin have no order"} {
		if strings.Contains(page, not) {
			t.Errorf("the page has %s", not)
		}
	}
	// A law that is not known, as of many neurons, leaves the rest.
	in.States, in.Floor, in.Baselines, in.Scores = nil, nil, nil, nil
	for i := range in.Models {
		m := &in.Models[i]
		m.Seen, m.JSValid, m.JSReason = nil, false, "too many to be counted"
	}
	page = string(writtenText(t, in)["index.html"])
	for _, part := range []string{`id="rasters"`, "too many to be counted", "Without a judgement", "No baseline was computed."} {
		if !strings.Contains(page, part) {
			t.Errorf("without a law the page lacks %s", part)
		}
	}
	in.Models[0].Samples = in.Models[0].Samples.Cut(7)
	if _, err := report.Write(t.TempDir(), in, plainFile); err == nil || !strings.Contains(err.Error(), "not whole repeats") {
		t.Errorf("repeats of 7 bins: %v", err)
	}
}

// A training without a critic has no curves of one, and one that was scored shows it.
func TestTrainingWithoutCritic(t *testing.T) {
	t.Parallel()
	in := builtinInput(t, 3, 1, "independent")
	var steps []report.TrainingPoint
	var want []point
	for k := range 5 {
		x := 0.9 - 0.1*float64(k)
		steps = append(steps, report.TrainingPoint{Step: 50 * k, Generator: 1, Count: 2, Score: &x})
		want = append(want, point{float64(50 * k), x})
	}
	in.Training = [][]report.TrainingPoint{steps}
	d := drawingsOf(t, in)["training"]
	p := d.panel(t, "f  score")
	p.same(t, "score", p.lines(d.named(t, "like independent")), want)
	svg := string(svgs(t, in)["training"])
	if n := strings.Count(svg, "there is no critic"); n != 2 {
		t.Errorf("%d panels say that there is no critic", n)
	}
}
