package assess_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/spikes"
	"qgan/training"
	"qgan/training/assess"
)

// same compares figures with those that the rooms below give.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// law counts the windows of a raster.
func law(t *testing.T, r *spikes.Raster, steps int) (spikes.Windows, *metrics.States) {
	t.Helper()
	w, err := r.Windows(steps)
	if err != nil {
		t.Fatal(err)
	}
	s, err := metrics.CountStates(w)
	if err != nil {
		t.Fatal(err)
	}
	return w, s
}

// must is x where there is no error.
func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// Each figure of an evaluation of samples is the one of its name: of the samples or of
// the recording, of the repeats that it says, in the order that it says.
func TestEvaluateSamples(t *testing.T) {
	const steps, seed = 2, 7
	rec := uneven(t, 7, 60, 2, 3, "1:5")
	rec.Train.Source.SHA256, rec.Train.BinWidth = "feed", 0.005
	drawn := uneven(t, 5, 50, 2, 9, "").All
	drawn.BinWidth = 0
	other, third := uneven(t, 4, 40, 2, 11, "").All, uneven(t, 3, 40, 2, 12, "").All
	o := assess.Options{Seed: seed, Compare: []assess.Sample{{Name: "b/other.npz", Raster: other}, {Name: "c/third.npz", Raster: third}}}
	e, err := assess.EvaluateSamples(t.Context(), assess.Sample{Name: "a/drawn.npz", Raster: drawn}, rec, steps, o)
	if err != nil {
		t.Fatal(err)
	}
	w, data := law(t, rec.Train, steps)
	dw, dlaw := law(t, drawn, steps)
	sum := metrics.Summarize(dw)
	estimate := must(metrics.EstimateJS(data, dlaw, stream.New(seed, "estimate"), 40))
	same(t, "what", e.What+" "+e.Schema, "a/drawn.npz qgan.evaluate/v1")
	same(t, "recording", e.Data+" "+e.DataSHA256, "made feed")
	same(t, "seed, steps, windows", []int{int(e.Seed), e.Timesteps, e.Drawn, e.Samples}, []int{seed, steps, 5 * 49, 5 * 49})
	same(t, "bins as wide as the recording's", drawn.BinWidth, rec.Train.BinWidth)
	same(t, "statistics", []any{e.RatesHz, e.Covariance, e.KProbability, e.Autocorrelogram, e.Undefined}, []any{sum.RatesHz, sum.Covariance, sum.KProbability, sum.Autocorrelogram, sum.Undefined})
	same(t, "the recording's", e.Recording, metrics.Summarize(w))
	same(t, "entropy", e.Entropy, data.Entropy())
	same(t, "spiking", []any{e.Spiking.Drawn, e.Spiking.Recording}, []any{metrics.SummarizeSpiking(dw), metrics.SummarizeSpiking(w)})
	same(t, "errors", e.Errors, must(metrics.CompareSpikeGAN(rec.Train, drawn, steps)))
	same(t, "estimate", e.Estimate, estimate)
	same(t, "JS and its error", []any{*e.JS, *e.JSBits, *e.StdErr, *e.Null, e.PSilent, e.Method}, []any{estimate.JSNats, estimate.JSNats / math.Ln2, estimate.StdErr, estimate.NullFloor, dlaw.PSilent(), "plugin"})
	for part, got := range map[metrics.Part]*float64{metrics.HeldOut: e.HeldOut, metrics.Odd: e.Odd, metrics.Even: e.Even} {
		same(t, part.String(), *got, must(metrics.JSStates(must(rec.Law(part, steps)), dlaw)))
	}
	same(t, "floor", *e.Floor, must(rec.Floor(steps)))
	same(t, "baselines", e.Baselines, must(rec.Baselines(steps, metrics.BaselineOptions{Models: []string{"silent", "independent", "ising", "split-half", "independent-in-time"}})))
	var compared []assess.Compared
	for _, s := range o.Compare {
		w, l := law(t, s.Raster, steps)
		compared = append(compared, assess.Compared{File: s.Name, JS: must(metrics.JSStates(data, l)), Summary: metrics.Summarize(w)})
	}
	same(t, "beside", e.Compared, compared)
	same(t, "first beside", []any{*e.Compare, *e.CompareJS}, []any{compared[0].Summary, compared[0].JS})

	// Errors by hand, of what differs on both sides of the recording.
	pair := math.Abs(e.Covariance[1][0] - e.Recording.Covariance[1][0])
	lags := 0.0
	for i, x := range e.Autocorrelogram {
		lags += math.Abs(x - e.Recording.Autocorrelogram[i])
	}
	same(t, "errors of one pair and of lags", []float64{e.CovarianceError(), e.AutocorrelogramError()}, []float64{pair, lags})

	// Two repeats have halves, whichever is trained on; one has none.
	for _, k := range []struct {
		repeats int
		choice  string
		halves  bool
	}{{1, "", false}, {2, "", true}, {2, "0:1", true}} {
		rec := uneven(t, k.repeats, 80, 2, 3, k.choice)
		e, err := assess.EvaluateSamples(t.Context(), assess.Sample{Raster: drawn}, rec, 1, assess.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Floor != nil && e.Odd != nil && e.Even != nil; got != k.halves || (e.HeldOut != nil) != (k.choice != "") || e.Compare != nil {
			t.Errorf("%d repeats, trained on %q: halves %v, held out %v", k.repeats, k.choice, got, e.HeldOut)
		}
	}
	_, err = assess.EvaluateSamples(t.Context(), assess.Sample{Raster: drawn}, rec, 1, assess.Options{Compare: []assess.Sample{{Name: "short.npz", Raster: spikes.NewRaster(1, 0, 2, 1)}}})
	if err == nil || !strings.HasPrefix(err.Error(), "short.npz: timesteps: ") {
		t.Errorf("no windows to compare: %v", err)
	}
}

// The largest error of a covariance and the sum over lags, in figures made by hand.
func TestErrorsByHand(t *testing.T) {
	e := &assess.Evaluation{
		Covariance:      [][]float64{{9, 1, 5}, {1, 9, 3}, {5, 3, 9}},
		Autocorrelogram: []float64{1, 5, 2},
	}
	e.Recording = metrics.Summary{
		Covariance:      [][]float64{{0, 2, 9}, {2, 0, 0}, {9, 0, 0}}, // pairs differ by -1, -4 and 3
		Autocorrelogram: []float64{3, 4, 2},
	}
	if got := fmt.Sprint(e.CovarianceError(), e.AutocorrelogramError()); got != "4 3" {
		t.Errorf("errors %s, want 4 and 3", got)
	}
	for _, k := range []struct{ bins, most, want int }{{20, 99, 20}, {31, 99, 30}, {99, 30, 30}, {99, 7, 7}} {
		if got := assess.TimestepsOf(spikes.NewRaster(1, k.bins, 1, 1), k.most); got != k.want {
			t.Errorf("%d bins, at most %d: windows of %d, want %d", k.bins, k.most, got, k.want)
		}
	}
}

// The recording's windows are listed with the most frequent first, each with its own
// probabilities: timesteps apart, neuron 0 first.
func TestListedWindows(t *testing.T) {
	r := spikes.NewRaster(2, 100, 3, 0.02) // windows of one bin: bin b holds the bits of b mod 8 in its own share
	for rep := range 2 {
		for b := range 100 {
			word := 0
			for word < 7 && b >= 20*(word+1) {
				word++
			}
			if rep == 0 && word == 4 {
				word = 5 // 4 is seen in the repeat held out alone
			}
			for n := range 3 {
				r.Set(rep, b, n, word>>(2-n)&1 == 1)
			}
		}
		for b := range rep + 3 {
			r.Set(rep, b, 2, true) // fewer silent bins, more of the word 001
		}
	}
	rec, err := metrics.NewRecording(r, "0:1")
	if err != nil {
		t.Fatal(err)
	}
	g := untrained(t, rec, 1, nil)
	e, err := g.Evaluate(t.Context(), "made", rec, assess.Options{Windows: 500, Law: assess.WithinReach, Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	p, err := g.Law(t.Context(), rec, 2)
	if err != nil {
		t.Fatal(err)
	}
	all, err := rec.Law(metrics.All, 1)
	if err != nil {
		t.Fatal(err)
	}
	drawn := must(g.Sample(t.Context(), nil, training.Sampling{Samples: 500, Seed: 2}))
	_, dlaw := law(t, drawn, 1)
	var names []string
	for _, s := range e.States {
		var word uint32
		fmt.Sscanf(s.Window, "%b", &word)
		names = append(names, fmt.Sprintf("%s %.2f", s.Window, s.Recording))
		want := 0.0
		if k := dlaw.Find([]uint32{word}); k >= 0 {
			want = dlaw.Prob(k)
		}
		if s.Drawn != want || *s.Law != p.Estimate.Seen[all.Find([]uint32{word})] {
			t.Errorf("%s: drawn %v, law %v", s.Window, s.Drawn, *s.Law)
		}
	}
	if got, want := strings.Join(names, ", "), "001 0.23, 010 0.20, 011 0.20, 101 0.20, 000 0.17"; got != want {
		t.Errorf("windows %s, want %s", got, want)
	}

	// Windows of two bins, of which no more than 64 are listed.
	long := uneven(t, 40, 100, 4, 5, "")
	far, err := assess.EvaluateSamples(t.Context(), assess.Sample{Raster: long.All}, long, 2, assess.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(far.States) != 64 || far.States[0].Window != "0000|0000" || len(far.States[63].Window) != 9 {
		t.Errorf("%d windows, the first %s", len(far.States), far.States[0].Window)
	}
}

// A generator is drawn from with the seed that is asked for, in windows of its own length.
func TestEvaluateGenerator(t *testing.T) {
	rec := uneven(t, 6, 60, 2, 3, "odd")
	g := untrained(t, rec, 2, func(c *training.Config) {
		*c = c.WithMemory(training.MemoryBits)
		c.Tied, c.Past, c.Expectation, c.Layers = true, 2, training.Batch, 1
	})
	e, err := g.Evaluate(t.Context(), "the run", rec, assess.Options{Windows: 450, Seed: 3, Law: assess.Drawn})
	if err != nil {
		t.Fatal(err)
	}
	drawn := must(g.Sample(t.Context(), nil, training.Sampling{Samples: 450, Seed: 3}))
	if drawn.Repeats != 3 || drawn.Bins != 202 { // 201 windows in each repeat of 202 bins: 2.2 of them
		t.Errorf("%d repeats of %d bins", drawn.Repeats, drawn.Bins)
	}
	drawn.BinWidth = rec.Train.BinWidth
	w, _ := law(t, drawn, 2)
	same(t, "rates", e.RatesHz, metrics.Summarize(w).RatesHz)
	same(t, "length", []int{e.Timesteps, e.Drawn}, []int{2, 3 * 201})
	same(t, "likelihood of the repeats held out", *e.Time.Results[0].LogLikelihood, must(g.Likelihood()(t.Context(), rec.Held)))
	n := training.CountParameters(g.Config)
	same(t, "parameters", *e.Parameters, n)
	same(t, "name", []string{e.What, e.Latent, e.Size}, []string{"the run", assess.Latent(g.Config), assess.Size(g.Config)})

	// Without what takes whole repeats the figures of windows are the same.
	less, err := g.Evaluate(t.Context(), "the run", rec, assess.Options{Windows: 450, Seed: 3, Law: assess.Drawn, Windowed: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Verdict) == 0 || len(less.Verdict) > 0 || less.Score != nil || less.Unjudged != "" || less.Time.Results[0].LogLikelihood != nil {
		t.Errorf("windows alone: verdict %q, score %v, unjudged %q, likelihood %v", less.Verdict, less.Score, less.Unjudged, less.Time.Results[0].LogLikelihood)
	}
	same(t, "distance", []*float64{less.JS, less.Null}, []*float64{e.JS, e.Null})
	same(t, "statistics in time", less.Time.Results[0].Figures, e.Time.Results[0].Figures)

	// Likelihood is that of the parameters, and there is none where samples don't run on.
	zero := *g
	zero.Params = make([]float64, len(g.Params))
	if must(zero.Likelihood()(t.Context(), rec.Held)) == must(g.Likelihood()(t.Context(), rec.Held)) {
		t.Error("the likelihood does not depend on the parameters")
	}
	for name, change := range map[string]func(*training.Config){
		"no memory": func(c *training.Config) { *c = c.WithMemory(training.MemoryNone) },
		"not tied":  func(c *training.Config) { *c = c.WithMemory(training.MemoryBits); c.Tied = false },
	} {
		if untrained(t, rec, 2, change).Likelihood() != nil {
			t.Errorf("%s: there is a likelihood", name)
		}
	}

	// Out of reach, what is known of the law stays: the reason, and what the latent vector does.
	long := uneven(t, 4, 90, 1, 3, "")
	far := untrained(t, long, 65, func(c *training.Config) {
		*c = c.WithMemory(training.MemoryNone)
		c.LatentScale, c.Expectation = 1, training.Batch
	})
	out, err := far.Evaluate(t.Context(), "far", long, assess.Options{Windows: 50, Law: assess.WithinReach, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	l := must(far.Law(t.Context(), long, 3))
	if l.Method != "none" || l.Note == "" || out.Note != l.Note || !reflect.DeepEqual(out.LatentJS, l.LatentJS) {
		t.Errorf("note %q, latent %v; want %q, %v", out.Note, out.LatentJS, l.Note, l.LatentJS)
	}
}

// What is compared in time, and with what.
func TestInTime(t *testing.T) {
	bins := func(n int) *spikes.Raster { return uneven(t, 3, n, 2, uint64(n), "").All }
	for _, k := range []struct {
		steps, data int
		samples     []int
		want        []int
	}{
		{1, 60, []int{60}, []int{1, 10, 30}},
		{20, 60, []int{60}, []int{10, 20, 30}},
		{10, 60, []int{60}, []int{10, 30}},
		{1, 30, []int{30}, []int{1, 10, 30}},
		{1, 29, []int{60}, []int{1, 10}},
		{1, 60, []int{9, 60}, []int{1}},
		{1, 60, []int{60, 29}, []int{1, 10}},
	} {
		var samples []assess.Sample
		for _, n := range k.samples {
			samples = append(samples, assess.Sample{Name: "s", Raster: bins(n)})
		}
		got, err := assess.InTime(t.Context(), uneven(t, 4, k.data, 2, 3, ""), k.steps, 1, samples, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Windows, k.want) || got.Against != "the repeats trained on" {
			t.Errorf("%d steps, %d bins, samples %v: windows %v against %s, want %v", k.steps, k.data, k.samples, got.Windows, got.Against, k.want)
		}
	}

	rec := uneven(t, 6, 60, 2, 3, "odd")
	s, beside := assess.Sample{Name: "first", Raster: bins(50)}, assess.Sample{Name: "last", Raster: bins(40)}
	got, err := assess.InTime(t.Context(), rec, 1, 5, []assess.Sample{s, s}, []assess.Sample{beside})
	if err != nil {
		t.Fatal(err)
	}
	c, err := metrics.NewTimeComparer(rec.Held, []int{1, 10, 30})
	if err != nil {
		t.Fatal(err)
	}
	want := []metrics.TimeResult{
		must(c.Measure("first", s.Raster, stream.New(5, "time", 0))),
		must(c.Measure("first", s.Raster, stream.New(5, "time", 1))),
	}
	want = append(want, must(c.TimeBaselines(rec.Train, stream.New(5, "time", 2)))...)
	want = append(want, must(c.Measure("last", beside.Raster, stream.New(5, "time", uint64(len(want))))))
	same(t, "results", got.Results, want)
	same(t, "recording", got.Recording, c.Data())
	if got.Against != "the repeats held out" {
		t.Error(got.Against)
	}
}

// Files that stand beside have the recording's shape, and its bins where they don't say.
func TestReadBeside(t *testing.T) {
	rec, err := metrics.ReadRecording("", metrics.RecordingOptions{Neurons: "1,3"})
	if err != nil {
		t.Fatal(err)
	}
	rec.All.BinWidth = 0.005
	path := filepath.Join(t.TempDir(), "beside.npy")
	eight := uneven(t, 1, 4*rec.All.Bins, rec.Neurons, 5, "").All
	eight.BinWidth = 0
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(spikes.Write(f, eight, spikes.NPY, spikes.Meta{}), f.Close()); err != nil {
		t.Fatal(err)
	}
	got, err := assess.ReadBeside(rec, path)
	if err != nil {
		t.Fatal(err)
	}
	r := got[0].Raster
	if len(got) != 1 || got[0].Name != path || r.Neurons != 2 || r.Repeats != 4 || r.BinWidth != 0.005 {
		t.Errorf("%s: %d repeats of %d neurons, bins of %v s", got[0].Name, r.Repeats, r.Neurons, r.BinWidth)
	}
	// A file that says how wide its bins are is taken at its word, and others are refused.
	for _, width := range []float64{0.005, 0.04} {
		said := filepath.Join(t.TempDir(), "said.npz")
		if err := assess.WriteSamples(nil, said, eight, spikes.NPZ, spikes.Meta{BinWidth: width}); err != nil {
			t.Fatal(err)
		}
		if got, err := assess.ReadBeside(rec, said); (err == nil) != (width == 0.005) || err == nil && got[0].Raster.BinWidth != width {
			t.Errorf("bins of %v s: %v", width, err)
		}
	}
	if _, err := assess.ReadBeside(rec, path, filepath.Join(t.TempDir(), "none.npy")); err == nil {
		t.Error("a file that is not there was read")
	}
}

func TestHow(t *testing.T) {
	floor := 0.01234
	latent, memory := &training.Counts{LatentScales: 2}, &training.Counts{Memory: 3}
	for want, e := range map[string]assess.Evaluation{
		"exact, 65536 latent vectors":                                      {Parameters: latent, Law: assess.Law{Method: "exact", Latents: 65536}},
		"exact, 1024 pasts":                                                {Parameters: memory, Law: assess.Law{Method: "exact", Latents: 1024}},
		"exact; the latent vector is not used":                             {Parameters: latent, Law: assess.Law{Method: "exact", Latents: 1}},
		"exact; the memory begins anew with each window":                   {Parameters: memory, Law: assess.Law{Method: "exact", Latents: 1}},
		"of 300 drawn windows; as many of the recording's own law: 0.0123": {Law: assess.Law{Method: "plugin", Samples: 300, Null: &floor}},
		"of 7 drawn windows; as many of the recording's own law: –":        {Parameters: memory, Law: assess.Law{Method: "plugin", Samples: 7}},
	} {
		if got := e.How(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
