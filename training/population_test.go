package training

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/internal/stream"
	"qgan/ir"
	"qgan/metrics"
	"qgan/metrics/spikes"
)

// populationRuns are the shapes of populations that tests range over.
var populationRuns = map[string]map[string]string{
	"movie and pairs":          {"stimulus": "repeat", "entangler": "pair", "own-bits": "2"},
	"movie alone":              {"stimulus": "repeat", "memory": "none", "entangler": "cnot", "layers": "2"},
	"movie of rank 1, trained": {"stimulus": "repeat", "stimulus-rank": "1", "stimulus-trained": "true", "own-bits": "1"},
	"movie trained":            {"stimulus": "repeat", "stimulus-trained": "true", "entangler": "pair", "own-bits": "0"},
	"product":                  {"stimulus": "repeat", "entangler": "pair", "product": "true"},
	"memory in ry":             {"memory-in": "ry", "entangler": "cnot", "layers": "2", "own-bits": "2"},
	"memory in both, chains":   {"memory-in": "both", "entangler": "cnot", "layers": "2", "own-bits": "1"},
	"memory in rx, movie":      {"memory-in": "rx", "stimulus": "repeat", "layers": "2", "own-bits": "1"},
	"pairs without a movie":    {"entangler": "pair", "chain": "1,2,0"},
}

// movie is a small recording whose repeats have something in common: cells 0 and 2 fire
// together where bin%3 is 0, cell 1 tends to fire after cell 0.
func movie(repeats, bins int, seed uint64) *spikes.Raster {
	rng := stream.New(seed, "movie")
	r := spikes.NewRaster(repeats, bins, 3, 0.02)
	for rep := range repeats {
		for b := range bins {
			if b%3 == 0 {
				both := rng.Float64() < 0.5
				r.Set(rep, b, 0, both)
				r.Set(rep, b, 2, both != (rng.Float64() < 0.1))
			}
			p := 0.1
			if b > 0 && r.At(rep, b-1, 0) {
				p = 0.6
			}
			r.Set(rep, b, 1, rng.Float64() < p)
		}
	}
	return r
}

// populationOf prepares a population with parameters that are all away from their start.
func populationOf(t *testing.T, shape string, r *spikes.Raster) (*Population, []float64) {
	t.Helper()
	c, err := Resolve("deep", r.Neurons, 1, populationRuns[shape])
	if err != nil {
		t.Fatal(err)
	}
	rec, err := metrics.NewRecording(r, "")
	if err != nil {
		t.Fatal(err)
	}
	c = c.For(rec)
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	g, err := NewPopulation(c, &sim.Simulator{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	params, rng := make([]float64, g.Parameters()), stream.New(3, "population")
	g.Init(params, startWidth(c.Init), r, rng)
	for i := range params {
		params[i] += 0.1 * rng.NormFloat64()
	}
	return g, params
}

// The gradient of a population's likelihood is its derivative, by every parameter that is
// trained; what stays as it was has none.
func TestPopulationGradients(t *testing.T) {
	for shape := range populationRuns {
		t.Run(shape, func(t *testing.T) {
			r := movie(3, 7, 1)
			g, params := populationOf(t, shape, r)
			d, err := NewData(r, 1)
			if err != nil {
				t.Fatal(err)
			}
			round, rates := newWordLikelihood(g, d, 12), g.rates()
			streams := func() update { return streamsOf(params, 5, 3, 1) }
			var out Losses
			grad, scratch := make([]float64, len(params)), make([]float64, len(params))
			if err := round.generator(t.Context(), streams(), grad, &out); err != nil {
				t.Fatal(err)
			}
			value := func() float64 {
				if err := round.generator(t.Context(), streams(), scratch, &out); err != nil {
					t.Fatal(err)
				}
				return out.Generator
			}
			moved := 0
			for i := range params {
				want := differentiate(value, &params[i])
				if rates[i] == 0 {
					want = 0
				}
				if math.Abs(grad[i]-want) > 1e-6*(1+math.Abs(want)) {
					t.Errorf("derivative by parameter %d: %g, want %g", i, grad[i], want)
				}
				if grad[i] != 0 {
					moved++
				}
			}
			if moved < len(params)/4 {
				t.Errorf("%d of %d parameters have a derivative", moved, len(params))
			}
		})
	}
}

// The probability of a word after its past is what the exported circuit with the inputs of
// that past gives, measured cell by cell; all words together have probability 1.
func TestPopulationIsItsCircuit(t *testing.T) {
	for shape := range populationRuns {
		r := movie(1, 5, 2)
		g, params := populationOf(t, shape, r)
		for bin := range r.Bins {
			var past [][]uint64
			for b := range bin {
				past = append(past, r.Row(0, b))
			}
			inputs, err := g.Inputs(params, bin, past)
			if err != nil {
				t.Fatal(err)
			}
			c, err := g.Circuit(params, bin)
			if err != nil {
				t.Fatal(err)
			}
			g.Measure(c)
			law, err := (&sim.Simulator{}).Law(t.Context(), c, nil, inputs)
			if err != nil {
				t.Fatal(err)
			}
			sum := 0.0
			for word := range uint32(8) {
				one := spikes.NewRaster(1, bin+1, 3, 0)
				for b := range bin {
					one.SetRow(0, b, r.Row(0, b))
				}
				one.SetWord(0, bin, word)
				s := g.source(one)
				p, err := g.meanLog(t.Context(), params, s, []place{{0, bin}})
				if err != nil {
					t.Fatal(err)
				}
				want := 0.0
				if i := slices.Index(law.Words, uint64(word)); i >= 0 {
					want = law.P[i]
				}
				if sum += math.Exp(p); math.Abs(math.Exp(p)-want) > 1e-12 {
					t.Errorf("%s: word %03b of bin %d has %g, its circuit says %g", shape, word, bin, math.Exp(p), want)
				}
			}
			if math.Abs(sum-1) > 1e-12 {
				t.Errorf("%s: the words of bin %d have %g together", shape, bin, sum)
			}
		}
	}
}

// A recording's likelihood is the product along each repeat, whichever bins kept traces lie
// at, and the law of windows that of drawn ones.
func TestPopulationTraces(t *testing.T) {
	r := movie(2, 3*markEvery+5, 4)
	g, _ := populationOf(t, "memory in ry", r)
	s := g.source(r)
	trail := g.newTrail()
	of, words := g.newScenes(1), make([]uint64, 1)
	for b := range r.Bins {
		s.see([]place{{1, b}}, of, words)
		if !slices.Equal(of.traces, trail.traces) || !slices.Equal(of.recent, trail.recent) || of.silent[0] != trail.silent {
			t.Fatalf("bin %d: %v, %v and %v, a sample that goes on has %v, %v and %v", b, of.traces, of.recent, of.silent, trail.traces, trail.recent, trail.silent)
		}
		g.push(trail, s.raster.Row(1, b))
	}
}

// Samples are those of a longer draw, whatever the number of workers, and follow the law:
// that of words counted over 3,000 repeats is within 5 standard errors of the exact one.
func TestPopulationDraws(t *testing.T) {
	r := movie(40, 6, 6)
	for _, shape := range []string{"movie and pairs", "pairs without a movie", "memory in both, chains"} {
		g, params := populationOf(t, shape, r)
		draw := func(samples, workers int) *spikes.Raster {
			g.words, _ = (&sim.Simulator{Workers: workers}).Words(g.ansatz.Circuit())
			out, err := g.Draw(t.Context(), params, samples, 6, 0.02, 9)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		const samples = 3000
		many, few := draw(samples, 2), draw(5, 1)
		for rep := range few.Repeats {
			for b := range few.Bins {
				if few.Word(rep, b) != many.Word(rep, b) {
					t.Fatalf("%s: sample %d differs in a shorter draw", shape, rep)
				}
			}
		}
		all, err := metrics.NewStates(3, 1, []uint32{0, 1, 2, 3, 4, 5, 6, 7}, []int{1, 1, 1, 1, 1, 1, 1, 1})
		if err != nil {
			t.Fatal(err)
		}
		e, err := g.EstimateLaw(t.Context(), params, all, 2000, 1)
		if err != nil {
			t.Fatal(err)
		}
		counts, sum := make([]float64, 8), 0.0
		for rep := range many.Repeats {
			for b := range many.Bins {
				counts[many.Word(rep, b)] += 1 / float64(samples*many.Bins)
			}
		}
		for w, p := range e.Seen {
			// Bins of a sample depend on each other: as if a third of them were independent.
			if sum += p; math.Abs(counts[w]-p) > 5*math.Sqrt(p*(1-p)/(samples*2))+3*math.Sqrt(p/float64(e.Latents)) {
				t.Errorf("%s: word %03b is drawn in %.4f of the bins, its law says %.4f", shape, w, counts[w], p)
			}
		}
		if math.Abs(sum-1) > 1e-12 || math.Abs(e.PSilent-e.Seen[0]) > 1e-12 {
			t.Errorf("%s: the law adds up to %g; silence %g and %g", shape, sum, e.PSilent, e.Seen[0])
		}
	}
}

// Windows of several bins have the probability of their bins one after the other.
func TestPopulationWindows(t *testing.T) {
	r := movie(30, 4, 7)
	g, params := populationOf(t, "movie and pairs", r)
	words, once := make([]uint32, 0, 128), make([]int, 64)
	for w := range uint32(64) {
		words, once[w] = append(words, w>>3, w&7), 1
	}
	s, err := metrics.NewStates(3, 2, words, once)
	if err != nil {
		t.Fatal(err)
	}
	e, err := g.EstimateLaw(t.Context(), params, s, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sumOf(e.Seen); math.Abs(sum-1) > 1e-12 || e.Latents != 3*groups {
		t.Errorf("the law of windows adds up to %g, of %d bins and pasts", sum, e.Latents)
	}
	d, err := NewData(r, 2)
	if err != nil {
		t.Fatal(err)
	}
	look, err := g.Monitor(t.Context(), params, d, 0)
	if err != nil {
		t.Fatal(err)
	}
	mean, err := g.LogLikelihood(t.Context(), params, r)
	if err != nil {
		t.Fatal(err)
	}
	if look.JS != nil || math.Abs(*look.Score+mean) > 1e-12 || math.Abs(look.PSilent-e.PSilent) > 0.05 {
		t.Errorf("at a monitored step %v and %g; the likelihood is %g, silence %g", look.Score, look.PSilent, mean, e.PSilent)
	}
}

// Cells lie along the chain in their order and come back in the recording's: drawn, by shots
// and in words.
func TestPopulationChain(t *testing.T) {
	r := spikes.NewRaster(6, 4, 3, 0.02) // cell b fires in bin b of every repeat, none in the last
	for rep := range r.Repeats {
		for b := range 3 {
			r.Set(rep, b, b, true)
		}
	}
	c, err := Resolve("deep", 3, 1, map[string]string{"stimulus": "repeat", "chain": "2,0,1", "stimulus-bins": "4"})
	if err != nil {
		t.Fatal(err)
	}
	g, err := NewPopulation(c, &sim.Simulator{})
	if err != nil {
		t.Fatal(err)
	}
	params := make([]float64, g.Parameters())
	g.Init(params, 0, r, rand.New(rand.NewPCG(1, 1)))
	mean, err := g.LogLikelihood(t.Context(), params, r)
	if err != nil {
		t.Fatal(err)
	}
	rates := func(r *spikes.Raster, from int) {
		t.Helper()
		for b := range r.Bins {
			for q := range 3 {
				fired := 0
				for rep := range r.Repeats {
					if r.At(rep, b, q) {
						fired++
					}
				}
				if want := b+from == q; want != (2*fired > r.Repeats) {
					t.Errorf("cell %d fires in %d of %d samples of bin %d", q, fired, r.Repeats, b+from)
				}
			}
		}
	}
	drawn, err := g.Draw(t.Context(), params, 200, 4, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	rates(drawn, 0)
	if drawn, err = g.DrawFrom(t.Context(), params, Sampling{Samples: 200, Bins: 2, From: 1}); err != nil {
		t.Fatal(err)
	}
	rates(drawn, 1)
	if drawn, err = g.DrawShots(t.Context(), params, exactSampler{}, Sampling{Samples: 200, Bins: 4}); err != nil {
		t.Fatal(err)
	}
	rates(drawn, 0)
	if mean < -0.7 {
		t.Errorf("ln p a bin is %g", mean)
	}
	if _, err := g.DrawFrom(t.Context(), params, Sampling{Samples: 1, Bins: 2, From: 3}); err == nil || !strings.Contains(err.Error(), "bins 3 to 4 of a repeat: the generator knows the stimulus of bins 0 to 3") {
		t.Errorf("beyond the repeat: %v", err)
	}
}

// exactSampler draws each lane's words from its exact law.
type exactSampler struct{}

func (exactSampler) Words(ctx context.Context, c *ir.Circuit, b backends.Bindings, shots []int, seed uint64) ([][]uint64, error) {
	out := make([][]uint64, b.Len())
	for i := range out {
		trained, data := b.Row(i)
		law, err := (&sim.Simulator{}).Law(ctx, c, trained, data)
		if err != nil {
			return nil, err
		}
		rng := stream.New(seed, "lane", uint64(i))
		for range shots[i] {
			u, k := rng.Float64(), 0
			for ; k < len(law.P)-1 && u >= law.P[k]; k++ {
				u -= law.P[k]
			}
			out[i] = append(out[i], law.Words[k])
		}
	}
	return out, nil
}

// A stimulus of full rank is the PSTH's angles; of a lower one the mean of each cell stays.
func TestLowRank(t *testing.T) {
	odds := stimulusOdds(movie(20, 9, 8))
	for rank := 1; rank <= 3; rank++ {
		out := make([]float64, 3+rank*(9+3))
		lowRank(odds, 9, 3, rank, out)
		worst, mean := 0.0, [3]float64{}
		for i, want := range odds {
			b, q := i/3, i%3
			x := out[q]
			for k := range rank {
				x += out[3+b*rank+k] * out[3+9*rank+k*3+q]
			}
			worst, mean[q] = max(worst, math.Abs(x-want)), mean[q]+(x-want)/9
		}
		if (worst < 1e-12) != (rank == 3) || math.Abs(mean[0]) > 1e-12 {
			t.Errorf("rank %d is off by %g at most, in the mean by %v", rank, worst, mean)
		}
	}
}

// The smoothed PSTH, by hand: two bins, of which the second is empty; a cell that never
// fires could.
func TestStimulusOdds(t *testing.T) {
	r := spikes.NewRaster(3, 2, 2, 0)
	r.Set(0, 0, 0, true)
	r.Set(1, 0, 0, true)
	w := math.Exp(-2) // of the next bin
	want := []float64{(2/(1+w) + 0.2/3) / 3.2, 0.2 * 0.5 / 2 / 3 / 3.2, (2*w/(1+w) + 0.2/3) / 3.2, 0.2 * 0.5 / 2 / 3 / 3.2}
	for i, odds := range stimulusOdds(r) {
		if p := chance(odds); math.Abs(p-want[i]) > 1e-15 {
			t.Errorf("entry %d is %g, want %g", i, p, want[i])
		}
	}
}

// Cells that fire together, or together beyond what the bin says, become neighbours.
func TestOrderedChain(t *testing.T) {
	rng := stream.New(1, "chain")
	r := spikes.NewRaster(200, 12, 6, 0) // 0-3 and 4-1 by chance, 2-5 by the bin
	for rep := range r.Repeats {
		for b := range r.Bins {
			pairs := [3]bool{rng.Float64() < 0.3, rng.Float64() < 0.3, b%4 == 0}
			for q, k := range []int{0, 1, 2, 0, 1, 2} {
				r.Set(rep, b, q, pairs[k] != (rng.Float64() < 0.1))
			}
		}
	}
	beside := func(order []int, i, j int) bool {
		d := slices.Index(order, i) - slices.Index(order, j)
		return d == 1 || d == -1
	}
	for _, k := range []struct {
		by     ChainOrder
		driven bool
	}{{ChainCorrelation, true}, {ChainNoise, false}} {
		order := orderedChain(r, k.by)
		if !beside(order, 0, 3) || !beside(order, 1, 4) || k.driven && !beside(order, 2, 5) {
			t.Errorf("by %s: %v", k.by, order)
		}
		sorted := slices.Clone(order)
		slices.Sort(sorted)
		if !slices.Equal(sorted, []int{0, 1, 2, 3, 4, 5}) {
			t.Errorf("by %s: %v is not all cells", k.by, order)
		}
		if back, err := parseChain(chainText(order), 6); err != nil || !slices.Equal(back, order) {
			t.Errorf("%v comes back as %v, %v", order, back, err)
		}
	}
	for _, wrong := range []string{"0,1", "0,1,1", "0,1,3", "a,b,c"} {
		if _, err := parseChain(wrong, 3); err == nil {
			t.Errorf("the chain %s of 3 cells is taken", wrong)
		}
	}
}

// A training on a movie finds the pair that fires together beyond the bin, which the same
// without pair rotations can't; the best parameters are kept, and what is not trained stays.
func TestPopulationTraining(t *testing.T) {
	rec, err := metrics.NewRecording(movie(60, 12, 10), "odd")
	if err != nil {
		t.Fatal(err)
	}
	ends := map[string]float64{}
	for _, product := range []string{"false", "true"} {
		c, err := Resolve("deep", 3, 1, map[string]string{"stimulus": "repeat", "entangler": "pair", "product": product, "iterations": "150", "batch": "256", "chain": "0,2,1", "seed": "4"})
		if err != nil {
			t.Fatal(err)
		}
		trained, err := Train(t.Context(), rec, c, Options{On: &sim.Simulator{}})
		if err != nil {
			t.Fatal(err)
		}
		g := trained.Model.(*Population)
		if ends[product], err = g.LogLikelihood(t.Context(), trained.Params, rec.Held); err != nil {
			t.Fatal(err)
		}
		want := stimulusOdds(g.chained(rec.Train))
		if got := trained.Params[g.parts.drive:g.parts.pairs]; !nearAll(got, want) {
			t.Errorf("the stimulus has moved")
		}
		if trained.State.Best.Step == 0 || !trained.State.Best.HeldOut {
			t.Errorf("the best parameters: %+v", trained.State.Best.Step)
		}
	}
	if ends["false"] < ends["true"]+0.02 {
		t.Errorf("ln p a bin with pair rotations %g, without %g", ends["false"], ends["true"])
	}
}

func nearAll(a, b []float64) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(x float64) bool { return math.IsNaN(x) }) &&
		func() bool {
			for i := range a {
				if math.Abs(a[i]-b[i]) > 1e-12 {
					return false
				}
			}
			return true
		}()
}

// The memory's weights between cells shrink, those of a cell's own traces don't.
func TestShrink(t *testing.T) {
	g, params := populationOf(t, "memory in both, chains", movie(2, 4, 1))
	g.config.Shrink = 2
	before := slices.Clone(params)
	g.shrink(params, 0.5)
	keep := 1 - 0.5*populationRates.weights*2
	for i, x := range params {
		want := before[i]
		if i >= g.parts.weights && i < g.parts.own {
			if o, s := (i-g.parts.weights)/g.traceCount, (i-g.parts.weights)%g.traceCount; o%3 != s%3 {
				want *= keep
			}
		}
		if x != want {
			t.Fatalf("parameter %d is %g, want %g", i, x, want)
		}
	}
}

// Fifty and 160 cells: more than a word of 32 bits, and more than one of 64.
func TestManyCells(t *testing.T) {
	for _, n := range []int{50, 160} {
		r, rng := spikes.NewRaster(40, 8, n, 0.02), stream.New(1, "many", uint64(n))
		for rep := range r.Repeats {
			for b := range r.Bins {
				for q := range n {
					r.Set(rep, b, q, rng.Float64() < 0.2+0.6*float64(b/4))
				}
			}
		}
		rec, err := metrics.NewRecording(r, "odd")
		if err != nil {
			t.Fatal(err)
		}
		c, err := Resolve("deep", n, 1, map[string]string{"stimulus": "repeat", "chain-order": "correlation", "iterations": "3", "batch": "32"})
		if err != nil {
			t.Fatal(err)
		}
		trained, err := Train(t.Context(), rec, c, Options{On: &sim.Simulator{}})
		if err != nil {
			t.Fatal(err)
		}
		drawn, err := trained.Model.Draw(t.Context(), trained.Params, 20, 8, 0.02, 1)
		if err != nil {
			t.Fatal(err)
		}
		for b := range drawn.Bins {
			share := 0.0
			for rep := range drawn.Repeats {
				share += float64(drawn.Active(rep, b)) / float64(drawn.Repeats*n)
			}
			if want := 0.2 + 0.6*float64(b/4); b%4 != 3 && b != 4 && math.Abs(share-want) > 0.06 {
				t.Errorf("%d cells: %.2f of them fire in bin %d, want %.2f", n, share, b, want)
			}
		}
	}
}

// What can't stand together is refused by the setting to change.
func TestPopulationRules(t *testing.T) {
	for want, given := range map[string]map[string]string{
		"past 20: ":           {"stimulus": "repeat", "past": "20"},
		"tied false: ":        {"memory-in": "ry", "tied": "false"},
		"objective wgan: ":    {"entangler": "pair", "objective": "wgan"},
		"objective statistic": {"stimulus": "repeat", "memory": "none", "objective": "statistics"},
		"objective staged: ":  {"stimulus": "repeat", "memory": "none", "objective": "staged"},
		"k-loss abs: ":        {"stimulus": "repeat", "k-loss": "abs"},
		"expectation exact: ": {"entangler": "pair", "expectation": "exact"},
		"latent-qubits 1: ":   {"stimulus": "repeat", "latent-qubits": "1"},
		"memory bits: ":       {"stimulus": "repeat", "memory": "bits", "own-bits": "0"},
		"memory none: ":       {"entangler": "pair", "memory": "none"},
		"stimulus-rank 2: ":   {"memory-in": "ry", "stimulus-rank": "2"},
		"closing true: ":      {"stimulus": "repeat", "closing": "true"},
		"final-chain true: ":  {"stimulus": "repeat", "final-chain": "true"},
		"chain 0,1: ":         {"stimulus": "repeat", "chain": "0,1"},
		"shrink 0.1: ":        {"shrink": "0.1"},
		"layers 2: ":          {"entangler": "pair", "layers": "2"},
		"memory-in both: ":    {"entangler": "pair", "memory-in": "both"},
		"own-bits 65: ":       {"stimulus": "repeat", "own-bits": "65"},
		`stimulus "movie": `:  {"stimulus": "movie"},
		"neurons 257: ":       {"stimulus": "repeat"},
		"neurons 15: ":        {"stimulus": "none"},
		"gradient parameter":  {"stimulus": "repeat", "gradient": "parameter-shift"},
	} {
		n := 4
		if _, err := fmt.Sscanf(want, "neurons %d", &n); err != nil {
			n = 4
		}
		preset := "deep"
		if n == 15 {
			preset = "paper"
		}
		_, err := Resolve(preset, n, 1, given)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v: %v, want %s…", given, err, want)
		}
	}
	for _, k := range []struct {
		given map[string]string
		own   int
		order ChainOrder
		after []int
	}{
		{map[string]string{"memory-in": "ry"}, 10, ChainPast, nil},
		{map[string]string{"memory-in": "ry", "objective": "statistics"}, 10, ChainPast, []int{800}},
		{map[string]string{"stimulus": "repeat", "objective": "statistics", "iterations": "90"}, 5, ChainNoise, []int{60}},
		{map[string]string{"stimulus": "repeat", "objective": "staged", "k-loss": "abs", "iterations": "30"}, 5, ChainNoise, []int{20}},
		{map[string]string{"memory-in": "both"}, 10, ChainFile, nil},
	} {
		c, err := Resolve("deep", 4, 1, k.given)
		if err != nil || c.OwnBits != k.own || c.ChainOrder != k.order || !slices.Equal(c.Stages(), k.after) {
			t.Errorf("%v: own bits of %d bins, order %q, stages after %v, %v", k.given, c.OwnBits, c.ChainOrder, c.Stages(), err)
		}
	}
	if c, err := Resolve("deep", 50, 1, nil); err != nil || !c.Populates() {
		t.Errorf("50 neurons: %v", err)
	}
}
