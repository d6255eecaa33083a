package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"qgan/backends/sim"
	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/spikes"
	"qgan/training"
	"qgan/training/runs"
)

// ran is how a command line ended.
type ran struct {
	code     int
	out, err string
}

// command runs a command line in the process, with an environment of its own.
func command(t *testing.T, env map[string]string, args ...string) ran {
	t.Helper()
	var out, errs bytes.Buffer
	home := t.TempDir()
	a := newApp(strings.NewReader(""), &out, &errs, func(name string) string {
		if value, ok := env[name]; ok || name != "HOME" {
			return value
		}
		return home
	})
	a.noPage = true // scripts look at pages
	code := a.run(t.Context(), args)
	return ran{code, out.String(), errs.String()}
}

// object runs a command line with --json and returns what it printed.
func object(t *testing.T, env map[string]string, args ...string) map[string]any {
	t.Helper()
	r := command(t, env, append(args, "--json")...)
	if r.code != exitOK {
		t.Fatalf("qgan %s: exit code %d: %s", strings.Join(args, " "), r.code, r.err)
	}
	var o map[string]any
	if err := json.Unmarshal([]byte(r.out), &o); err != nil {
		t.Fatalf("qgan %s: %v in %s", strings.Join(args, " "), err, r.out)
	}
	documented(t, args, o)
	return o
}

// values are fields of an object, by their path (states.0.drawn), and what they are.
type values map[string]any

// free stands for a field whose value no test knows: a time, a version.
type free struct{}

// same holds an object against its values. Every field of the object has to be among
// them, so that a new one is not without a test.
func same(t *testing.T, o map[string]any, want values) {
	t.Helper()
	known := map[string]bool{}
	for _, path := range sortedKeys(want) {
		top, _, _ := strings.Cut(path, ".")
		known[top] = true
		got, ok := fieldOf(o, path)
		if !ok {
			t.Errorf("%s: there is no such field", path)
			continue
		}
		if _, ok := want[path].(free); ok {
			continue
		}
		data, err := json.Marshal(want[path])
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		var x any
		if err := json.Unmarshal(data, &x); err != nil {
			t.Fatal(err)
		}
		if d := gocmp.Diff(x, got, cmpopts.EquateApprox(1e-9, 1e-15)); d != "" {
			t.Errorf("%s: -want +got:\n%s", path, d)
		}
	}
	for _, k := range sortedKeys(o) {
		if !known[k] {
			t.Errorf("no test knows the field %s", k)
		}
	}
}

// fieldOf finds a field of an object, or an entry of a list, by its path.
func fieldOf(o any, path string) (any, bool) {
	for _, key := range strings.Split(path, ".") {
		switch k := o.(type) {
		case map[string]any:
			x, ok := k[key]
			if !ok {
				return nil, false
			}
			o = x
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(k) {
				return nil, false
			}
			o = k[i]
		default:
			return nil, false
		}
	}
	return o, true
}

// must is a value without its error.
func must[T any](t *testing.T) func(T, error) T {
	return func(x T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
}

// An example for these tests: repeats are odd in number and differ in their rates, so that
// halves are told apart; neurons and bins differ in number and fire at rates of their own.
const (
	exampleRepeats = 7
	exampleBins    = 40
	exampleNeurons = 3
	exampleWidth   = 0.01 // seconds
)

// writeExample writes spike trains like no others of another seed and returns their file.
func writeExample(t *testing.T, name string, repeats int, seed uint64) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 20))
	r := spikes.NewRaster(repeats, exampleBins, exampleNeurons, exampleWidth)
	for repeat := range repeats {
		for bin := range exampleBins {
			for neuron := range exampleNeurons {
				p := 0.05 + 0.1*float64(neuron) + 0.03*float64(repeat)
				if repeat%2 == 0 {
					p += 0.2
				}
				if bin > 0 && r.At(repeat, bin-1, neuron) {
					p /= 3
				}
				r.Set(repeat, bin, neuron, rng.Float64() < p)
			}
		}
	}
	path := filepath.Join(t.TempDir(), name)
	var b bytes.Buffer
	format := must[spikes.Format](t)(spikes.FormatOf(path))
	if err := spikes.Write(&b, r, format, spikes.Meta{BinWidth: exampleWidth}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func fileHash(t *testing.T, path string) string {
	t.Helper()
	return fmt.Sprintf("%x", sha256.Sum256(must[[]byte](t)(os.ReadFile(path))))
}

// split is a recording as a verb should see it.
type split struct{ all, train, held, odd, even *spikes.Raster }

// splits are choices of repeats, with the repeats they take and leave.
var splits = []struct {
	flag        string
	taken, left []int
}{
	{"", []int{0, 1, 2, 3, 4, 5, 6}, nil},
	{"odd", []int{0, 2, 4, 6}, []int{1, 3, 5}},
	{"even", []int{1, 3, 5}, []int{0, 2, 4, 6}},
	{"2:5", []int{2, 3, 4}, []int{0, 1, 5, 6}},
}

// splitOf loads a recording and takes neurons and repeats of it.
func splitOf(t *testing.T, path string, neurons, taken, left []int) split {
	t.Helper()
	raster := must[*spikes.Raster](t)
	whole := raster(spikes.Load(path, spikes.LoadOptions{BinWidth: exampleWidth}))
	s := split{all: raster(whole.Select(neurons))}
	s.train = raster(s.all.SelectRepeats(taken, ""))
	if left != nil {
		s.held = raster(s.all.SelectRepeats(left, ""))
	}
	s.odd = raster(s.all.SelectRepeats([]int{0, 2, 4, 6}, ""))
	s.even = raster(s.all.SelectRepeats([]int{1, 3, 5}, ""))
	return s
}

func windowsOf(t *testing.T, r *spikes.Raster, timesteps int) (spikes.Windows, *metrics.States) {
	t.Helper()
	w := must[spikes.Windows](t)(r.Windows(timesteps))
	return w, must[*metrics.States](t)(metrics.CountStates(w))
}

// drawnJS is the plug-in divergence between the windows of a recording and drawn ones;
// nil where there is no recording.
func drawnJS(t *testing.T, r *spikes.Raster, timesteps int, drawn *metrics.States) *float64 {
	t.Helper()
	if r == nil {
		return nil
	}
	_, s := windowsOf(t, r, timesteps)
	js := must[float64](t)(metrics.JSStates(s, drawn))
	return &js
}

// perfectOf are what a perfect model is expected to score that is known by so many draws.
func perfectOf(t *testing.T, s split, timesteps int, draws float64) values {
	t.Helper()
	rec := must[*metrics.Recording](t)(metrics.NewRecording(s.all, ""))
	rec.Train, rec.Held = s.train, s.held
	v := values{"perfect_nats": must[float64](t)(rec.Perfect(metrics.Trained, timesteps, draws)), "perfect_heldout_nats": nil}
	if s.held != nil {
		v["perfect_heldout_nats"] = must[float64](t)(rec.Perfect(metrics.HeldOut, timesteps, draws))
	}
	return v
}

// statisticsOf are the values of evaluate that every drawn sample has, law or not.
func statisticsOf(t *testing.T, s split, drawn *spikes.Raster, what string, timesteps int, seed uint64) values {
	t.Helper()
	w, states := windowsOf(t, s.train, timesteps)
	dw, ds := windowsOf(t, drawn, timesteps)
	sum := metrics.Summarize(dw)
	v := values{
		"schema": "qgan.evaluate/v1", "what": what, "seed": seed,
		"rates_hz": sum.RatesHz, "covariance": sum.Covariance, "k_probability": sum.KProbability,
		"autocorrelogram": sum.Autocorrelogram, "undefined": sum.Undefined, "drawn": ds.Total,
		"recording":        metrics.Summarize(w),
		"spiking":          map[string]any{"drawn": metrics.SummarizeSpiking(dw), "recording": metrics.SummarizeSpiking(w)},
		"spike_gan_errors": must[metrics.SpikeGANErrors](t)(metrics.CompareSpikeGAN(s.train, drawn, timesteps)),
		"estimate":         must[metrics.SampleEstimate](t)(metrics.EstimateJS(states, ds, stream.New(seed, "estimate"), 40)),
		"floor_nats":       must[float64](t)(metrics.SplitHalf(must[spikes.Windows](t)(s.all.Windows(timesteps)))),
	}
	names := []string{"silent", "independent", "ising", "split-half"}
	if timesteps > 1 {
		names = append(names, "independent-in-time")
	}
	options := metrics.BaselineOptions{Models: names}
	if s.held == nil {
		v["baselines"] = must[[]metrics.BaselineResult](t)(metrics.Baselines(w, options))
	} else {
		_, held := windowsOf(t, s.held, timesteps)
		v["baselines"] = must[[]metrics.BaselineResult](t)(metrics.BaselinesOf(states, states, held, options))
	}
	order := make([]int, states.Len())
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(states.Counts[b], states.Counts[a]) })
	for i, at := range order[:min(8, len(order))] {
		word, path := "", fmt.Sprintf("states.%d.", i)
		for k, x := range states.Window(at) {
			if k > 0 {
				word += "|"
			}
			word += fmt.Sprintf("%0*b", s.train.Neurons, x)
		}
		p := 0.0
		if k := ds.Find(states.Window(at)); k >= 0 {
			p = ds.Prob(k)
		}
		v[path+"window"], v[path+"recording"], v[path+"drawn"] = word, states.Prob(at), p
	}
	v["standing"], v["score"], v["verdict"], v["whole_repeats"] = free{}, free{}, free{}, free{} // known to the tests of assess and score
	// In time it is the repeats held out that count, where there are some.
	against, data := "the repeats trained on", s.train
	if s.held != nil {
		against, data = "the repeats held out", s.held
	}
	windows := []int{timesteps}
	for _, n := range []int{10, 30} {
		if n <= drawn.Bins && n != timesteps {
			windows = append(windows, n)
		}
	}
	comparer := must[*metrics.TimeComparer](t)(metrics.NewTimeComparer(data, windows))
	own := must[metrics.TimeResult](t)(comparer.Measure(what, drawn, stream.New(seed, "time", 0)))
	v["time.against"], v["time.windows"], v["time.recording"] = against, windows, comparer.Data()
	v["time.results.0.name"], v["time.results.0.figures"], v["time.results.0.summary"] = what, own.Figures, own.Summary
	for i, r := range must[[]metrics.TimeResult](t)(comparer.TimeBaselines(s.train, stream.New(seed, "time", 1))) {
		v[fmt.Sprintf("time.results.%d", 1+i)] = r
	}
	return v
}

// Evaluating a file of spike trains: every figure is that of the library, for every choice
// of repeats.
func TestEvaluateFileValues(t *testing.T) {
	data, file, other := writeExample(t, "data.npy", exampleRepeats, 1), writeExample(t, "drawn.npy", 9, 2), writeExample(t, "other.npy", 5, 3)
	raster := must[*spikes.Raster](t)
	drawn := raster(spikes.Load(file, spikes.LoadOptions{Fallback: exampleWidth}))
	beside := raster(spikes.Load(other, spikes.LoadOptions{Fallback: exampleWidth}))
	for _, c := range splits {
		t.Run("repeats "+c.flag, func(t *testing.T) {
			const timesteps, seed = 2, 5
			s := splitOf(t, data, []int{0, 1, 2}, c.taken, c.left)
			want := statisticsOf(t, s, drawn, file, timesteps, seed)
			_, states := windowsOf(t, s.train, timesteps)
			_, ds := windowsOf(t, drawn, timesteps)
			bw, bs := windowsOf(t, beside, timesteps)
			js := must[float64](t)(metrics.JSStates(states, ds))
			x := must[metrics.SampleEstimate](t)(metrics.EstimateJS(states, ds, stream.New(seed, "estimate"), 40))
			compareJS := must[float64](t)(metrics.JSStates(states, bs))
			for path, value := range (values{
				"data": data, "data_sha256": fileHash(t, data), "neurons": []int{0, 1, 2}, "method": "plugin", "samples": ds.Total,
				"js_nats": js, "js_bits": metrics.Bits(js), "js_stderr": x.StdErr, "null_floor_nats": x.NullFloor, "p_silent": ds.PSilent(),
				"js_heldout_nats": drawnJS(t, s.held, timesteps, ds), "js_odd_nats": drawnJS(t, s.odd, timesteps, ds), "js_even_nats": drawnJS(t, s.even, timesteps, ds),
				"latent_js_nats": nil, "compare": metrics.Summarize(bw), "compare_js_nats": compareJS,
				"compared": []map[string]any{{"file": other, "js_nats": compareJS, "summary": metrics.Summarize(bw)}},
			}) {
				want[path] = value
			}
			maps.Copy(want, perfectOf(t, s, timesteps, float64(ds.Total)))
			args := []string{"evaluate", file, "--data", data, "--bin-width", fmt.Sprint(exampleWidth), "--timesteps", "2", "--seed", "5", "--compare", other}
			if c.flag != "" {
				args = append(args, "--train-repeats", c.flag)
			}
			same(t, object(t, nil, args...), want)
		})
	}
}

// trained is a run that a test trained, read by the library.
type trained struct {
	config training.Config
	model  training.Model
	params []float64
	chosen values // which of its parameters they are
}

func openTrained(t *testing.T, dir string) trained {
	t.Helper()
	run := must[*runs.Dir](t)(runs.Open(nil, dir))
	state := must[*training.State](t)(run.Latest())
	c := run.Manifest.Config
	m := trained{config: c, model: must[training.CircuitModel](t)(training.NewModel(c, &sim.Simulator{})), params: state.Best.Params}
	// The best are those of the monitored step with the smallest score.
	best := training.Row{}
	for _, row := range must[[]training.Row](t)(run.Rows()) {
		if row.Score != nil && (best.Score == nil || *row.Score < *best.Score) {
			best = row
		}
	}
	by, repeats := "divergence", "trained on"
	if c.Memory != training.MemoryNone {
		by = "mean -ln p a bin"
	}
	if run.Manifest.Data.Repeats != "" {
		repeats = "held out"
	}
	m.chosen = values{"chosen.parameters": "best", "chosen.step": best.Step, "chosen.score_nats": best.Score, "chosen.by": by, "chosen.repeats": repeats}
	return m
}

// lawOf are the values of train and evaluate that speak of an exact law over so many
// latent vectors.
func (m trained) lawOf(t *testing.T, s split, latents int, seed uint64) values {
	t.Helper()
	n := m.config.Timesteps
	_, all := windowsOf(t, s.all, n)
	_, states := windowsOf(t, s.train, n)
	law := must[*training.LawEstimate](t)(m.model.EstimateLaw(t.Context(), m.params, all, max(latents, 2), seed))
	at := func(part *metrics.States) []float64 {
		q := make([]float64, part.Len())
		for i := range q {
			q[i] = law.Seen[all.Find(part.Window(i))]
		}
		return q
	}
	js := states.JSSeen(at(states))
	v := values{
		"js_nats": js, "js_bits": metrics.Bits(js), "js_stderr": law.JSStdErr, "method": "exact", "latents": law.Latents, "p_silent": law.PSilent,
		"loglik_nats": states.LogLikelihoodSeen(at(states)), "js_heldout_nats": nil, "null_floor_nats": nil,
		"floor_nats": must[float64](t)(metrics.SplitHalf(must[spikes.Windows](t)(s.all.Windows(n)))),
	}
	maps.Copy(v, perfectOf(t, s, n, math.Inf(1)))
	for _, k := range []struct {
		name string
		part *spikes.Raster
	}{{"heldout", s.held}, {"odd", s.odd}, {"even", s.even}} {
		if k.part == nil {
			continue
		}
		_, part := windowsOf(t, k.part, n)
		v["js_"+k.name+"_nats"] = part.JSSeen(at(part))
		if k.name == "heldout" {
			v["loglik_heldout_nats"] = part.LogLikelihoodSeen(at(part))
		}
	}
	v["latent_js_nats"] = 0.0
	if m.config.LatentTrained {
		g := must[*training.Patch](t)(training.NewPatch(m.config, &sim.Simulator{}))
		js, _, err := training.LatentDistance(t.Context(), m.config, g, m.params, seed)
		if err != nil {
			t.Fatal(err)
		}
		v["latent_js_nats"] = js
	}
	return v
}

// Training, evaluating and drawing: what the verbs print of a run are the library's figures
// of its checkpoint.
func TestRunValues(t *testing.T) {
	data := writeExample(t, "data.npy", exampleRepeats, 1)
	for _, c := range []struct {
		name, settings string
		repeats        int // of splits
		neurons        []int
		timesteps      int
		seed           uint64
	}{
		{"no latent", "--neurons 3", 0, []int{0, 1, 2}, 1, 0},
		{"latent", "--neurons 2,0 --timesteps 2 --memory none --layers 1 --train-repeats odd --seed 4", 1, []int{2, 0}, 2, 4},
		{"memory", "--neurons 1,2 --timesteps 3 --memory leaky --layers 1 --train-repeats even --seed 6", 2, []int{1, 2}, 3, 6},
		{"shots", "--neurons 1, --layers 1 --train-repeats 2:5 --gradient parameter-shift --shots 30 --critic-steps 1", 3, []int{1}, 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "run")
			args := append([]string{"train", dir, "--data", data, "--bin-width", fmt.Sprint(exampleWidth), "--iterations", "3"}, strings.Fields(c.settings)...)
			o := object(t, nil, args...)
			m := openTrained(t, dir)
			s := splitOf(t, data, c.neurons, splits[c.repeats].taken, splits[c.repeats].left)
			latents, _ := o["latents"].(float64)
			law := m.lawOf(t, s, int(latents), c.seed)
			want := values{
				"schema": "qgan.train/v1", "run": dir, "parameters": training.CountParameters(m.config), "iterations": 3, "seconds": free{}, "seed": c.seed,
				"latent_scale": free{}, "data_sha256": fileHash(t, data), "neurons": c.neurons, "gradient": m.config.Gradient, "standing": free{}, "verdict": free{},
			}
			for path, value := range m.chosen {
				law[path] = value
			}
			maps.Copy(want, law)
			if m.config.Measured() {
				rows := must[[]training.Row](t)(must[*runs.Dir](t)(runs.Open(nil, dir)).Rows())
				circuits := 3 * rows[0].Circuits // each step has as many
				if shots := 3 * rows[0].Shots; circuits == 0 || shots != 30*circuits {
					t.Errorf("three steps have %d circuits and %d shots, 30 a circuit are asked for", circuits, shots)
				}
				want["total_circuits"], want["total_shots"] = circuits, 30*circuits
			}
			if note, ok := o["note"]; ok {
				want["note"] = note
			}
			same(t, o, want)

			// Evaluating: the same law, and statistics of windows that are drawn.
			const samples = 500
			drawn := must[*spikes.Raster](t)(m.model.Draw(t.Context(), m.params, samples, c.timesteps, exampleWidth, c.seed))
			if m.config.Past > 0 {
				t.Fatal("this test is of windows")
			}
			want = statisticsOf(t, s, drawn, dir, c.timesteps, c.seed)
			for path, value := range law {
				want[path] = value
			}
			want["neurons"] = c.neurons
			want["data"], want["data_sha256"], want["parameters"], want["latent_scale"] = data, fileHash(t, data), training.CountParameters(m.config), free{}
			o = object(t, nil, "evaluate", dir, "--samples", fmt.Sprint(samples), "--exact")
			if note, ok := o["note"]; ok {
				want["note"] = note
			}
			same(t, o, want)

			// Without a law they are what is left.
			_, ds := windowsOf(t, drawn, c.timesteps)
			o = object(t, nil, "evaluate", dir, "--samples", fmt.Sprint(samples))
			for path, value := range (values{
				"method": "plugin", "samples": samples, "js_nats": *drawnJS(t, s.train, c.timesteps, ds), "p_silent": ds.PSilent(),
				"js_odd_nats": *drawnJS(t, s.odd, c.timesteps, ds), "js_even_nats": *drawnJS(t, s.even, c.timesteps, ds),
				"perfect_nats": perfectOf(t, s, c.timesteps, samples)["perfect_nats"],
			}) {
				got, _ := fieldOf(o, path)
				if d := gocmp.Diff(fmt.Sprint(value), fmt.Sprint(got)); d != "" {
					t.Errorf("drawn alone: %s: -want +got:\n%s", path, d)
				}
			}

			// Drawing: samples, bins and seed are what is asked for.
			out := filepath.Join(t.TempDir(), "trains.npy")
			if r := command(t, nil, "generate", dir, "--samples", "11", "--seed", "8", "--out", out); r.code != exitOK {
				t.Fatal(r.err)
			}
			got := must[*spikes.Raster](t)(spikes.Load(out, spikes.LoadOptions{}))
			sameTrains(t, got, must[*spikes.Raster](t)(m.model.Draw(t.Context(), m.params, 11, c.timesteps, exampleWidth, 8)))
			// Where nothing is said the seed is the run's; with --bins samples run on.
			for bins, more := range map[int][]string{c.timesteps: nil, 9: {"--bins", "9"}} {
				if more != nil && !m.config.Tied {
					continue
				}
				other := filepath.Join(t.TempDir(), "other.npy")
				if r := command(t, nil, append([]string{"generate", dir, "--samples", "11", "--out", other}, more...)...); r.code != exitOK {
					t.Fatal(r.err)
				}
				sameTrains(t, must[*spikes.Raster](t)(spikes.Load(other, spikes.LoadOptions{})), must[*spikes.Raster](t)(m.model.Draw(t.Context(), m.params, 11, bins, exampleWidth, c.seed)))
			}
			var about map[string]any
			if err := json.Unmarshal(must[[]byte](t)(os.ReadFile(spikes.SidecarPath(out))), &about); err != nil {
				t.Fatal(err)
			}
			for path, value := range map[string]any{"seed": 8., "bin_width_s": exampleWidth, "extra.data_sha256": fileHash(t, data), "extra.step": float64(m.chosen["chosen.step"].(int)), "extra.parameters": "best", "extra.run_seed": float64(c.seed)} {
				if got, _ := fieldOf(about, path); got != value {
					t.Errorf("the description says %s %v, want %v", path, got, value)
				}
			}
		})
	}
}

// sameTrains holds spike trains against others, bin by bin.
func sameTrains(t *testing.T, got, want *spikes.Raster) {
	t.Helper()
	if got.Repeats != want.Repeats || got.Bins != want.Bins || got.Neurons != want.Neurons {
		t.Fatalf("%d x %d x %d, want %d x %d x %d", got.Repeats, got.Bins, got.Neurons, want.Repeats, want.Bins, want.Neurons)
	}
	for r := range want.Repeats {
		for b := range want.Bins {
			if got.Word(r, b) != want.Word(r, b) {
				t.Fatalf("repeat %d, bin %d: %b, want %b", r, b, got.Word(r, b), want.Word(r, b))
			}
		}
	}
}

// A row of a study's table is what train and evaluate print with the same settings, as an
// object and as a line of the table's columns.
func TestStudyValues(t *testing.T) {
	data := writeExample(t, "data.npy", exampleRepeats, 1)
	beside := writeExample(t, "beside.npy", 5, 3)
	dir := t.TempDir()
	file, out := filepath.Join(dir, "sweep.toml"), filepath.Join(dir, "study")
	text := fmt.Sprintf("seeds = [4]\n[settings]\ndata = %q\nneurons = 3\niterations = 2\nlayers = 1\ntrain-repeats = \"odd\"\nbin-width = %v\n\"evaluate.samples\" = 60\n\"evaluate.compare\" = %q\n[grid]\ntimesteps = [1, 2]\n", data, exampleWidth, beside)
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	if r := command(t, nil, "study", file, "--out", out); r.code != exitOK {
		t.Fatal(r.err)
	}
	lines := strings.Split(strings.TrimSpace(string(must[[]byte](t)(os.ReadFile(filepath.Join(out, "table.csv"))))), "\n")
	header := strings.Split(lines[0], ",")
	rows := strings.Split(strings.TrimSpace(string(must[[]byte](t)(os.ReadFile(filepath.Join(out, "table.jsonl"))))), "\n")
	if len(lines) != 3 || len(rows) != 2 {
		t.Fatalf("%d lines of CSV and %d of JSON for two tasks", len(lines), len(rows))
	}
	for i, line := range rows {
		var task struct {
			Settings map[string]any
			Row      map[string]float64
		}
		if err := json.Unmarshal([]byte(line), &task); err != nil {
			t.Fatal(err)
		}
		run := filepath.Join(t.TempDir(), "run")
		trained := object(t, nil, "train", run, "--data", data, "--neurons", "3", "--iterations", "2", "--layers", "1", "--train-repeats", "odd", "--bin-width", fmt.Sprint(exampleWidth), "--seed", "4", "--timesteps", fmt.Sprint(task.Settings["timesteps"]))
		drawn := object(t, nil, "evaluate", run, "--samples", "60", "--compare", beside)
		want := map[string]any{
			"drawn_js_nats": drawn["js_nats"], "null_floor_nats": drawn["null_floor_nats"], "p_silent": drawn["p_silent"],
			"parameters": float64(training.CountParameters(openTrained(t, run).config).Angles + training.CountParameters(openTrained(t, run).config).Memory), "iterations": 2.,
		}
		for _, k := range []string{"js_nats", "js_stderr", "js_heldout_nats", "floor_nats", "latent_js_nats"} {
			want[k] = trained[k]
		}
		want["p_silent_recording"], _ = fieldOf(drawn, "recording.p_silent")
		want["compared_beside"], _ = fieldOf(drawn, "compare_js_nats")
		for k, name := range []string{"silent", "independent"} {
			want["baseline_"+name], _ = fieldOf(drawn, fmt.Sprintf("baselines.%d.js_nats", k))
		}
		results, _ := fieldOf(drawn, "time.results")
		for at, r := range results.([]any) {
			result := r.(map[string]any)
			for _, f := range result["figures"].([]any) {
				figure := f.(map[string]any)
				if figure["name"] != "covariance-error" || figure["value"] == nil {
					continue
				}
				switch name := result["name"].(string); {
				case at == 0:
					want["covariance_error"] = figure["value"]
				case name == beside:
					want["compared_beside_covariance_error"] = figure["value"]
				default:
					want["covariance_error_"+strings.ReplaceAll(name, "-", "_")] = figure["value"]
				}
			}
		}
		cells := strings.Split(lines[1+i], ",")
		for k, x := range want {
			got, ok := task.Row[k]
			if !ok || got != x {
				t.Errorf("%s: %v, want %v", k, got, x)
			}
			if cell := cells[slices.Index(header, k)]; cell != strconv.FormatFloat(x.(float64), 'g', -1, 64) {
				t.Errorf("%s: the table has %s, want %v", k, cell, x)
			}
		}
		if cell := cells[slices.Index(header, "timesteps")]; cell != fmt.Sprint(task.Settings["timesteps"]) {
			t.Errorf("the table's timesteps are %s, the task's %v", cell, task.Settings["timesteps"])
		}
	}
}

// Simple models are fitted to the repeats that are chosen.
func TestBaselineValues(t *testing.T) {
	data := writeExample(t, "data.npy", exampleRepeats, 1)
	for _, c := range splits {
		s := splitOf(t, data, []int{2, 1}, c.taken, c.left)
		w, states := windowsOf(t, s.train, 3)
		args := []string{"baseline", "--data", data, "--neurons", "2,1", "--timesteps", "3", "--seed", "9"}
		if c.flag != "" {
			args = append(args, "--train-repeats", c.flag)
		}
		same(t, object(t, nil, args...), values{
			"schema": "qgan.baseline/v1", "data": data, "data_sha256": fileHash(t, data), "neurons": []int{2, 1}, "timesteps": 3,
			"windows": states.Total, "states_seen": states.Len(), "p_silent": metrics.PSilent(w),
			"models": must[[]metrics.BaselineResult](t)(metrics.Baselines(w, metrics.BaselineOptions{Rand: stream.New(9, "baseline")})),
		})
	}
}

// sortedKeys returns a map's keys in order.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
