package assess_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/internal/durable"
	"qgan/internal/stream"
	"qgan/ir"
	"qgan/metrics"
	"qgan/metrics/report"
	"qgan/metrics/spikes"
	"qgan/training"
	"qgan/training/assess"
	"qgan/training/runs"
)

// estimates is a model whose law has an error that falls with the square root of the
// draws, and that is out of reach beyond most draws.
type estimates struct {
	training.CircuitModel
	first float64 // standard error with one draw
	most  int
	asked *[]int
	seeds map[uint64]bool
	seen  float64 // probability of each window
}

func (e estimates) EstimateLaw(_ context.Context, _ []float64, s *metrics.States, draws int, seed uint64) (*training.LawEstimate, error) {
	*e.asked = append(*e.asked, draws)
	e.seeds[seed] = true
	if draws > e.most {
		return nil, fmt.Errorf("so many: %w", training.ErrIntractable)
	}
	out := &training.LawEstimate{JSStdErr: e.first / math.Sqrt(float64(draws)), Latents: draws, Seen: make([]float64, s.Len())}
	for i := range out.Seen {
		out.Seen[i] = e.seen
	}
	return out, nil
}

// A law is averaged over twice as many latent vectors until its error is a tenth of the
// floor: from 2^16 on, of what runs on from 2^10 pasts on, to 2^20 or as far as it goes.
func TestLawUntilItIsKnown(t *testing.T) {
	rec, one := uneven(t, 6, 60, 2, 3, ""), uneven(t, 1, 60, 2, 3, "")
	floor := must(rec.Floor(1))
	enough := func(draws int) float64 { return floor / 10 * math.Sqrt(float64(draws)) * (1 - 1e-9) }
	for _, k := range []struct {
		name  string
		first float64
		most  int
		past  int
		on    *metrics.Recording
		asked []int
		note  string
	}{
		{"at once", enough(1 << 16), 1 << 30, 0, rec, []int{1 << 16}, ""},
		{"at the third", enough(1 << 18), 1 << 30, 0, rec, []int{1 << 16, 1 << 17, 1 << 18}, ""},
		{"never", enough(1 << 22), 1 << 30, 0, rec, []int{1 << 16, 1 << 17, 1 << 18, 1 << 19, 1 << 20}, "the standard error is above a tenth of the halves' divergence after 1048576 latent vectors"},
		{"as far as it goes", enough(1 << 22), 1 << 17, 0, rec, []int{1 << 16, 1 << 17, 1 << 18}, "the standard error is above a tenth of the halves' divergence after 131072 latent vectors"},
		{"not at all", enough(1 << 22), 1 << 10, 0, rec, []int{1 << 16}, "so many: " + training.ErrIntractable.Error()},
		{"pasts", enough(1 << 12), 1 << 30, 5, rec, []int{1 << 10, 1 << 11, 1 << 12}, ""},
		{"no floor", 1e9, 1 << 30, 0, one, []int{1 << 16}, ""},
	} {
		t.Run(k.name, func(t *testing.T) {
			g := untrained(t, k.on, 1, nil)
			var asked []int
			seeds := map[uint64]bool{}
			g.Model, g.Config.Past = estimates{g.Model, k.first, k.most, &asked, seeds, 0.25}, k.past
			got, err := g.Law(t.Context(), k.on, 77)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(asked, k.asked) || got.Note != k.note || !seeds[77] || len(seeds) != 1 {
				t.Errorf("asked for %v with seeds %v, note %q; want %v, %q", asked, seeds, got.Note, k.asked, k.note)
			}
			if none := k.name == "not at all"; none != (got.Method == "none") || none != (got.JS == nil) || !none && got.Latents > k.most {
				t.Errorf("method %s of %d latent vectors", got.Method, got.Latents)
			}
		})
	}
	// A window that is never drawn has no logarithm, which JSON has not either.
	g := untrained(t, rec, 1, nil)
	g.Model = estimates{g.Model, 0, 1 << 30, new([]int), map[uint64]bool{}, 0}
	if got := must(g.Law(t.Context(), rec, 1)); got.LogLikelihood != nil || math.Abs(*got.JS-math.Ln2) > 1e-12 || math.Abs(*got.JSBits-1) > 1e-12 {
		t.Errorf("a law elsewhere: %v nats, %v bits, likelihood %v", *got.JS, *got.JSBits, got.LogLikelihood)
	}
}

// Likelihoods and errors of a law are those of its parts, at their own windows.
func TestLawFigures(t *testing.T) {
	rec := uneven(t, 7, 60, 3, 3, "1:3") // few repeats: parts with different windows
	g := untrained(t, rec, 2, func(c *training.Config) {
		*c = c.WithMemory(training.MemoryNone)
		c.LatentScale, c.Layers = 1, 2
	})
	got, err := g.Law(t.Context(), rec, 5)
	if err != nil {
		t.Fatal(err)
	}
	all := must(rec.Law(metrics.All, 2))
	e := must(g.Model.EstimateLaw(t.Context(), g.Params, all, got.Latents, 5))
	for part, have := range map[metrics.Part][2]*float64{
		metrics.Trained: {got.JS, got.LogLikelihood}, metrics.HeldOut: {got.HeldOut, got.LogLikelihoodHeldOut}, metrics.Odd: {got.Odd}, metrics.Even: {got.Even},
	} {
		s := must(rec.Law(part, 2))
		q := make([]float64, s.Len())
		for i := range q {
			q[i] = e.Seen[all.Find(s.Window(i))]
		}
		if *have[0] != s.JSSeen(q) || have[1] != nil && *have[1] != s.LogLikelihoodSeen(q) {
			t.Errorf("%s: JS %v, want %v", part, *have[0], s.JSSeen(q))
		}
	}
	p := must(training.NewPatch(g.Config, &sim.Simulator{}))
	pair, _, err := training.LatentDistance(t.Context(), g.Config, p, g.Params, 5)
	if err != nil || *got.LatentJS != pair || pair == 0 {
		t.Errorf("latent vectors are %v apart, want %v (%v)", *got.LatentJS, pair, err)
	}
	if *got.StdErr != e.JSStdErr || got.PSilent != e.PSilent || *got.JSBits != *got.JS/math.Ln2 || got.Estimate == nil {
		t.Errorf("error %v, P(silent) %v, %v bits", *got.StdErr, got.PSilent, *got.JSBits)
	}
	if without := must(untrained(t, rec, 2, nil).Law(t.Context(), rec, 5)); without.LatentJS == nil || *without.LatentJS != 0 {
		t.Errorf("without a latent vector: %v", without.LatentJS)
	}
	pairOfRepeats := uneven(t, 2, 60, 3, 3, "").All
	for _, choice := range []string{"", "0:1"} { // the halves are those of all repeats
		if l := must(g.Law(t.Context(), must(metrics.NewRecording(pairOfRepeats, choice)), 5)); l.Odd == nil || l.Even == nil || l.Floor == nil {
			t.Errorf("trained on %q: no halves", choice)
		}
	}
}

// The figures of laws under noise: with as many latent vectors as are asked for, the
// solvers in their places, and the null floor of as many windows as were drawn.
func TestNoiseFigures(t *testing.T) {
	rec := uneven(t, 6, 60, 2, 3, "")
	g := untrained(t, rec, 1, func(c *training.Config) { c.LatentScale = 1 })
	data := must(rec.Law(metrics.Trained, 1))
	for _, k := range []struct{ latents, exact, each int }{ // 390 windows of 4 latent vectors, and of 98: 4 each
		{0, 64, 98}, {128, 128, 4},
	} {
		on := &spy{scripted: scripted{0.5}}
		n := &assess.Noise{
			Processor: assess.Processor{Name: "made", Snapshot: "beef", Mitigation: backends.MitigateNone, Shots: func(backends.Mitigation) training.Sampler { return on }},
			Laws:      &sim.Simulator{}, WithoutReadout: failing{}, PerLatent: 100, Latents: k.latents,
		}
		e, err := g.Evaluate(t.Context(), "made", rec, assess.Options{Windows: 390, Seed: 2, Noise: n})
		if err != nil {
			t.Fatal(err)
		}
		laws := e.Noise.Laws
		if e.Noise.Model != "made" || e.Noise.Snapshot != "beef" || e.Noise.Mitigation != "none" || e.Latents != k.exact || e.Estimate.JSNats == 0 {
			t.Errorf("%d latent vectors: %+v, %d, JS %v", k.latents, *e.Noise, e.Latents, e.Estimate.JSNats)
		}
		// The law without readout errors is out of reach, the one under all noise is not.
		if len(laws) != 4 || laws[2].Name != "noisy-without-readout-errors" || laws[2].Method != "none" || !strings.Contains(laws[2].Note, "no circuits here") || e.Method != "exact" || *e.JS != *laws[1].JS {
			t.Errorf("laws %+v", laws)
		}
		ideal := must(g.Law(t.Context(), rec, 2))
		if *laws[0].JS != *ideal.JS || *laws[0].StdErr != *ideal.StdErr || *laws[0].PSilent != ideal.PSilent || *laws[1].StdErr <= *ideal.StdErr {
			t.Errorf("the ideal law: %+v", laws[0])
		}
		floor := must(rec.Floor(1))
		if known := *laws[1].StdErr <= floor/10; known != (laws[1].Note == "") || known != (k.latents > 0) {
			t.Errorf("the law under noise is known to %v of a floor of %v: %q", *laws[1].StdErr, floor, laws[1].Note)
		}
		null, _ := metrics.NullFloor(data, 390, stream.New(2, "null"), 20)
		if read := laws[3]; read.Name != "read" || read.Method != "plugin" || read.Windows != 390 || *read.Null != null || math.Abs(*read.PSilent-0.5) > 0.02 {
			t.Errorf("read: %+v, want the null floor %v", read, null)
		}
		if got := slices.Max(on.shots); got != k.each || on.seed != 2 || e.States[0].Law != nil {
			t.Errorf("%d shots a circuit with seed %d, want %d", got, on.seed, k.each)
		}
		// Exact in any case: the law under all noise is.
		if _, err := g.Evaluate(t.Context(), "made", rec, assess.Options{Windows: 100, Seed: 2, Noise: n, Law: assess.Exact}); err != nil {
			t.Error(err)
		}
		n.Laws = failing{}
		var out *assess.OutOfReach
		if _, err := g.Evaluate(t.Context(), "made", rec, assess.Options{Windows: 100, Seed: 2, Noise: n, Law: assess.Exact}); !errors.As(err, &out) || !strings.Contains(err.Error(), "no circuits here") {
			t.Errorf("exact, out of reach: %v", err)
		}
	}
}

// failing gives no laws.
type failing struct{ backends.Solver }

func (failing) Evaluator(*ir.Circuit, backends.Observable) (backends.Evaluator, error) {
	return nil, fmt.Errorf("no circuits here: %w", training.ErrIntractable)
}

// What a training ended with, and what it leaves in its directory.
func TestFinish(t *testing.T) {
	rec := uneven(t, 6, 60, 2, 3, "odd")
	rec.Train.Source.SHA256 = "feed"
	g := untrained(t, rec, 1, func(c *training.Config) { c.Seed, c.Iterations, c.Layers, c.LatentScale = 9, 50, 1, 1 })
	law := must(g.Law(t.Context(), rec, 9))
	state := must(training.New(g.Config, must(training.DataOf(rec, 1)), &sim.Simulator{}, nil)).State
	state.Step, state.Used = 7, training.Usage{Circuits: 5, Shots: 70}
	for _, keep := range []bool{false, true} {
		run := must(runs.Create(nil, filepath.Join(t.TempDir(), "run"), runs.Manifest{Config: g.Config, Data: runs.DataInfo{Source: rec.Train.Source, BinWidth: rec.Train.BinWidth}}))
		got, err := assess.Finish(t.Context(), nil, run, state, rec, assess.Ended{Seconds: 12, PSilent: 0.7, Keep: keep})
		if err != nil {
			t.Fatal(err)
		}
		want := &assess.Result{
			Schema: "qgan.train/v1", Run: run.Path, Parameters: training.CountParameters(g.Config), Iterations: 7, Seconds: 12, Seed: 9,
			Latent: assess.Latent(g.Config), DataSHA256: "feed", Gradient: training.GradientAdjoint, Circuits: 5, Shots: 70, Law: law,
			Chosen: assess.Chosen{Parameters: "last", Step: 7}, Standing: got.Standing, Verdict: got.Verdict,
		}
		if len(got.Verdict) < 2 || !strings.Contains(got.Verdict[1], "baseline") {
			t.Errorf("verdict %q", got.Verdict)
		}
		same(t, "result", got, want)
		if x := got.Standing; x.By != "loglik" || *x.Own != *law.LogLikelihoodHeldOut || len(x.Models) != 2 || x.Sentence == "" {
			t.Errorf("standing %+v", x)
		}
		raw, err := os.ReadFile(filepath.Join(run.Path, "result.json"))
		page, perr := os.ReadFile(filepath.Join(assess.ReportDir(run), "index.html"))
		if keep != (err == nil) || keep != (perr == nil) {
			t.Fatalf("keep %v: result %v, page %v", keep, err, perr)
		}
		if keep {
			var back assess.Result
			if err := json.Unmarshal(raw, &back); err != nil || back.Shots != 70 || *back.JS != *law.JS {
				t.Errorf("kept %s (%v)", raw, err)
			}
			if strings.Count(string(page), "markov") != 1 { // the explanation names it
				t.Error("the page at the end of a training has other models than the few")
			}
		}
	}
	// Out of reach, what was monitored stands.
	long := uneven(t, 4, 90, 1, 3, "")
	far := untrained(t, long, 65, func(c *training.Config) {
		*c = c.WithMemory(training.MemoryNone)
		c.LatentScale, c.Expectation = 1, training.Batch
	})
	state = must(training.New(far.Config, must(training.DataOf(long, 65)), &sim.Simulator{}, nil)).State
	run := must(runs.Create(nil, filepath.Join(t.TempDir(), "run"), runs.Manifest{Config: far.Config}))
	if got := must(assess.Finish(t.Context(), nil, run, state, long, assess.Ended{PSilent: 0.7})); got.Method != "none" || got.PSilent != 0.7 {
		t.Errorf("method %s, P(silent) %v", got.Method, got.PSilent)
	}
}

// Each size of windows has a folder of its own, named by neurons and timesteps, and a cell
// of the page above them.
func TestWriteReport(t *testing.T) {
	about := func(neurons, steps int, seed uint64) *assess.Subjects {
		rec := uneven(t, 3, 40, neurons, seed, "")
		return &assess.Subjects{Recording: rec, Timesteps: steps, Brief: true, Subjects: []assess.Subject{{Path: "s.npz", Samples: uneven(t, 2, 40, neurons, seed+1, "").All}}}
	}
	dir := filepath.Join(t.TempDir(), "all")
	if err := assess.WriteReport(t.Context(), nil, dir, about(1, 2, 1), about(1, 2, 3)); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(dir, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	var links []string
	for _, m := range regexp.MustCompile(`href="([^"]+/index.html)"`).FindAllStringSubmatch(string(page), -1) {
		if !slices.Contains(links, m[1]) {
			links = append(links, m[1])
		}
		if _, err := os.Stat(filepath.Join(dir, m[1])); err != nil {
			t.Error(err)
		}
	}
	slices.Sort(links)
	if got, want := strings.Join(links, " "), "n1-t2-1/index.html n1-t2/index.html"; got != want {
		t.Errorf("links %s, want %s", got, want)
	}
	if names, _ := filepath.Glob(filepath.Join(dir, "n1-t2", "n*")); len(names) > 0 {
		t.Errorf("a single size has folders: %v", names)
	}
	if !strings.Contains(string(page), "Spike trains: 2 sizes of windows") || !strings.Contains(string(page), "recording: made, sha256") {
		t.Error("the page does not say what it is about")
	}
	// A disk that fails after the first files.
	fault := durable.NewFault(durable.OS{})
	fault.Crash(12)
	broken := filepath.Join(t.TempDir(), "broken")
	if err := assess.WriteReport(t.Context(), fault, broken, about(1, 2, 1)); err == nil || !strings.HasPrefix(err.Error(), "writing the report in "+broken) {
		t.Errorf("a disk that fails: %v", err)
	}
	// A name that is taken by a file.
	if err := assess.WriteReport(t.Context(), nil, filepath.Join(dir, "index.html"), about(1, 2, 1)); err == nil {
		t.Error("a report was written into a file")
	}
}

// A page's lines, names, curves and figures of each of its models.
func TestInputOfRuns(t *testing.T) {
	rec := uneven(t, 6, 60, 2, 3, "odd")
	made := func(name string, change func(*training.Config)) *assess.Generator {
		g := untrained(t, rec, 1, func(c *training.Config) { c.Seed = 5; change(c) })
		run := must(runs.Create(nil, filepath.Join(t.TempDir(), name), runs.Manifest{Config: g.Config}))
		g.Run = run
		return g
	}
	first := made("first", func(c *training.Config) { c.LatentScale = 1 })
	second := made("second", func(*training.Config) {})
	third := made("third", func(c *training.Config) { c.KLoss, c.K = training.KSquare, 0.5 })
	js, silent := 0.25, 0.75
	var lines []string
	for _, r := range []training.Row{
		{Step: 10, CriticLoss: 1, Generator: 2, Wasserstein: 3, Count: 4},
		{Step: 20, CriticLoss: 5, Generator: 6, Wasserstein: 7, Count: 8, JSNats: &js, PSilent: &silent},
	} {
		lines = append(lines, string(must(json.Marshal(r))))
	}
	if err := os.WriteFile(filepath.Join(first.Run.Path, "metrics.jsonl"), []byte(strings.Join(lines, "\n")+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	other := uneven(t, 3, 40, 2, 9, "").All
	other.BinWidth = 0
	s := &assess.Subjects{Recording: rec, Timesteps: 1, Seed: 4, Brief: true}
	for _, g := range []*assess.Generator{first, second, third} {
		if err := s.AddGenerator(t.Context(), g.Run.Path, g); err != nil {
			t.Fatal(err)
		}
	}
	s.Subjects = append(s.Subjects, assess.Subject{Path: "a/file.npz", Samples: other})
	in, err := s.Input(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range in.Models {
		names = append(names, m.Name)
	}
	same(t, "names", names, []string{"deep, seed 5, standard loss", "deep, seed 5, standard loss, second", "deep, seed 5, K-loss square", "file.npz"})
	same(t, "curves", in.Curves, [][]report.CurvePoint{{{Step: 20, JS: 0.25}}, nil, nil, nil})
	same(t, "training", in.Training, [][]report.TrainingPoint{
		{{Step: 10, Critic: 1, Generator: 2, Wasserstein: 3, Count: 4}, {Step: 20, Critic: 5, Generator: 6, Wasserstein: 7, Count: 8, PSilent: &silent}}, nil, nil, nil,
	})
	data := must(rec.Law(metrics.Trained, 1))
	all := must(rec.Law(metrics.All, 1))
	for i, g := range []*assess.Generator{first, second, third} {
		law, m := s.Subjects[i].Law, in.Models[i]
		seen := make([]float64, data.Len())
		for j := range seen {
			seen[j] = law.Estimate.Seen[all.Find(data.Window(j))]
		}
		drawn := must(g.Sample(t.Context(), nil, training.Sampling{Samples: 50000, Seed: 5}))
		if m.JSNats != *law.JS || m.JSStdErr != *law.StdErr || m.Null != 0 || m.Parameters != g.Model.Parameters() || !slices.Equal(m.Seen, seen) || !reflect.DeepEqual(m.Samples, drawn) {
			t.Errorf("%s: %v ± %v", m.Name, m.JSNats, m.JSStdErr)
		}
		want := fmt.Sprintf("%s: %s; %s; readout born; JS of two latent vectors %.3g nats; the parameters are those of the last step, 0; JS to the repeats not trained on %.3g nats", m.Name, g.Run.Path, assess.Size(g.Config), *law.LatentJS, *law.HeldOut)
		if s.Subjects[i].Standing.Sentence == "" || m.Standing != s.Subjects[i].Standing.Sentence {
			t.Errorf("%s: standing %q, the subject's %+v", m.Name, m.Standing, s.Subjects[i].Standing)
		}
		if in.Lines[2+i] != want {
			t.Errorf("line %q, want %q", in.Lines[2+i], want)
		}
	}
	_, olaw := law(t, other, 1)
	estimate := must(metrics.EstimateJS(data, olaw, stream.New(4, "estimate"), 20))
	file := in.Models[3]
	if file.JSNats != estimate.JSNats || file.JSStdErr != estimate.StdErr || file.Null != estimate.NullFloor || !file.JSValid || other.BinWidth != rec.Train.BinWidth {
		t.Errorf("%s: %v ± %v, floor %v", file.Name, file.JSNats, file.JSStdErr, file.Null)
	}
	for i, x := range file.Seen {
		want := 0.0
		if k := olaw.Find(data.Window(i)); k >= 0 {
			want = olaw.Prob(k)
		}
		if x != want {
			t.Errorf("window %d has probability %v among samples, want %v", i, x, want)
		}
	}
	if in.Lines[0] != "recording: made, sha256 " || in.Lines[1] != "neurons [0 1], 3 repeats of 60 bins" || in.Lines[5] != "file.npz: 3 samples of 40 bins" {
		t.Errorf("lines %q", in.Lines)
	}
	if in.Title != "Spike trains of 2 neurons, 1 timestep" || !in.HeldOut || *in.Floor != must(rec.Floor(1)) || in.BinWidth != rec.Train.BinWidth {
		t.Errorf("%s: held out %v", in.Title, in.HeldOut)
	}
	for i, m := range in.Models {
		if m.Time.Name != names[i] {
			t.Errorf("in time %s stands for %s", m.Time.Name, names[i])
		}
	}
	if in.References[0].Name != "split-half" {
		t.Errorf("beside in time: %s", in.References[0].Name)
	}
	same(t, "baselines", in.Baselines, must(rec.Baselines(1, metrics.BaselineOptions{Models: []string{"silent", "independent", "ising", "split-half"}})))

	// All models where a person asks for a report, the few where all would take too long.
	for _, k := range []struct {
		neurons, steps int
		all            bool
	}{{2, 2, true}, {4, 4, true}, {1, 17, false}} {
		rec := uneven(t, 3, 40, k.neurons, 3, "")
		s := &assess.Subjects{Recording: rec, Timesteps: k.steps, Seed: 6}
		in, err := s.Input(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := len(in.Baselines) > 6; got != k.all {
			t.Errorf("%d neurons in %d timesteps: %d models", k.neurons, k.steps, len(in.Baselines))
		}
	}
}

// How many parameters there are, by hand: 8nt angles, an Ising model of nt fields and the
// pairs, a table of 2^nt less one, a net of 64 hidden units between n latent numbers and nt
// spikes, and this generator's circuits and memory.
func TestParameterLines(t *testing.T) {
	rec := uneven(t, 3, 40, 2, 3, "")
	g := untrained(t, rec, 2, nil)
	s := &assess.Subjects{Recording: rec, Timesteps: 2, Brief: true, Subjects: []assess.Subject{{Path: "s", Samples: rec.All}, {Path: "g", Generator: g}}}
	in, err := s.Input(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][2]float64{ // of 1 and of 3 neurons
		"the paper's circuits, 8nt":            {16, 48},
		"Ising":                                {3, 21},
		"full table":                           {3, 63},
		"fully connected net, 64 hidden units": {1*64 + 64 + 64*2 + 2, 3*64 + 64 + 64*6 + 6},
		"this generator's settings":            {},
	} {
		i := slices.IndexFunc(in.Parameters, func(l report.ParameterLine) bool { return l.Name == name })
		if i < 0 {
			t.Errorf("no line %q", name)
			continue
		}
		l := in.Parameters[i]
		if name == "this generator's settings" {
			for k, n := range []int{1, 3} {
				c := g.Config
				c.Neurons = n
				p := training.CountParameters(c)
				want[k] = float64(p.Angles + p.LatentScales + p.Memory)
			}
		}
		if len(l.Neurons) != 20 || l.Neurons[0] != 1 || l.Neurons[19] != 20 || l.Count[0] != want[0] || l.Count[2] != want[1] {
			t.Errorf("%s: %v neurons, %v, want %v", name, l.Neurons, l.Count[:3], want)
		}
	}
}

// Of generators out of reach, and of windows that some parts of the recording lack, a page
// has each window's own probability; a generator that runs on tells how likely the data are.
func TestInputByDraws(t *testing.T) {
	long := uneven(t, 4, 90, 1, 3, "1:3")
	far := untrained(t, long, 65, func(c *training.Config) {
		*c = c.WithMemory(training.MemoryNone)
		c.LatentScale, c.Expectation, c.Seed = 1, training.Batch, 6
	})
	s := &assess.Subjects{Recording: long, Timesteps: 65, Seed: 4, Brief: true, Subjects: []assess.Subject{{Path: "far", Generator: far}}}
	in, err := s.Input(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	drawn := must(far.Sample(t.Context(), nil, training.Sampling{Samples: 50000, Seed: 6}))
	_, dlaw := law(t, drawn, 65)
	data := must(long.Law(metrics.Trained, 65))
	e := must(metrics.EstimateJS(data, dlaw, stream.New(6, "estimate"), 20))
	if in.Models[0].Name != "deep, seed 6" {
		t.Errorf("a single generator is called %s", in.Models[0].Name)
	}
	if m := in.Models[0]; m.JSNats != e.JSNats || m.JSStdErr != e.StdErr || m.Null != e.NullFloor {
		t.Errorf("%v ± %v, floor %v; want %v ± %v, %v", m.JSNats, m.JSStdErr, m.Null, e.JSNats, e.StdErr, e.NullFloor)
	}

	// The recording's words 0, 1 and 3; 2 is held out. The samples lack 1.
	r, other := spikes.NewRaster(2, 12, 2, 0.02), spikes.NewRaster(1, 4, 2, 0.02)
	for b := range 12 {
		r.SetWord(0, b, uint32([]int{0, 1, 3}[b%3]))
		r.SetWord(1, b, 2)
	}
	for b, w := range []uint32{0, 2, 3, 3} {
		other.SetWord(0, b, w)
	}
	rec := must(metrics.NewRecording(r, "0:1"))
	g := untrained(t, rec, 1, func(c *training.Config) {
		*c = c.WithMemory(training.MemoryBits)
		c.Tied, c.Past, c.Expectation, c.Layers = true, 1, training.Batch, 1
	})
	s = &assess.Subjects{Recording: rec, Timesteps: 1, Brief: true, Subjects: []assess.Subject{{Path: "o.npz", Samples: other}}}
	if err := s.AddGenerator(t.Context(), "run", g); err != nil {
		t.Fatal(err)
	}
	if in, err = s.Input(t.Context()); err != nil {
		t.Fatal(err)
	}
	if in.Floor == nil {
		t.Error("two repeats, one of which is trained on, have no halves")
	}
	same(t, "among samples", in.Models[0].Seen, []float64{0.25, 0, 0.5})
	q := s.Subjects[1].Law.Estimate.Seen // of 0, 1, 2 and 3
	same(t, "by the law", in.Models[1].Seen, []float64{q[0], q[1], q[3]})
	if l := in.Models[1].Time.LogLikelihood; l == nil || *l != must(g.Likelihood()(t.Context(), rec.Held)) || in.Models[0].Time.LogLikelihood != nil {
		t.Errorf("likelihood %v", l)
	}
}
