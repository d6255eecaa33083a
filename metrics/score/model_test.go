package score

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/spikes"
)

// TestBaselines: every baseline is fitted, draws repeats and windows of the shape that is
// asked for with the rates of the recording, and has a likelihood that adds up.
func TestBaselines(t *testing.T) {
	split, err := ParseSplit("")
	if err != nil {
		t.Fatal(err)
	}
	recording := drawn(120, 40, 4, stream.New(12, "baselines"))
	r, err := New(recording, split, Options{Resamples: -1})
	if err != nil {
		t.Fatal(err)
	}
	want := viewOf(r.Train()).rates()
	likelihood := map[string]float64{}
	for _, name := range Baselines() {
		if BaselineText(name) == "" {
			t.Errorf("%s has no text", name)
		}
		m, err := r.Fit(name)
		if err != nil {
			t.Fatal(err)
		}
		if m.Name() != name || m.Parameters() < 1 {
			t.Errorf("%s is called %s and has %d parameters", name, m.Name(), m.Parameters())
		}
		for _, bins := range []int{7, 40, 55} {
			x := m.Sample(stream.New(13, name), 2400/bins, bins)
			if x.Repeats != 2400/bins || x.Bins != bins || x.Neurons != 4 || x.BinWidth != recording.BinWidth || x.Source.Path != name && name != "markov" {
				t.Errorf("%s: %d x %d x %d, %q", name, x.Repeats, x.Bins, x.Neurons, x.Source.Path)
			}
			if bins == 55 && !slices.Contains([]string{"independent", "ising", "k-pairwise", "glm"}, name) {
				continue // a stimulus that begins again has other rates
			}
			for i, n := range spikesOf(x) {
				if got := float64(n) / float64(x.Repeats*bins); math.Abs(got-want[i]) > 0.04 {
					t.Errorf("%s, repeats of %d bins: cell %d at %.3f, want %.3f", name, bins, i, got, want[i])
				}
			}
		}
		s, err := r.ScoreModel(m, 0, stream.New(14, name))
		if err != nil {
			t.Fatal(err)
		}
		if l := s.Values[0]; l.Value != nil {
			likelihood[name] = *l.Value
		} else if _, ok := m.(Likely); ok && !strings.Contains(l.Missing, "no probability") {
			t.Errorf("%s: %+v", name, l)
		}
		// A model's exact law is that of many of its samples.
		if l, ok := m.(Lawful); ok {
			cells := []int{2, 0, 3}
			some, err := m.Sample(stream.New(15, name), 3000, 40).Select(cells)
			if err != nil {
				t.Fatal(err)
			}
			law, total := l.WordLaw(cells), 0.0
			for _, p := range law {
				total += p
			}
			v := viewOf(some)
			if js := metrics.JS(law, v.law(v.words[0])); js > 2e-4 || math.Abs(total-1) > 1e-9 {
				t.Errorf("%s: law adds up to %g, divergence from samples %g", name, total, js)
			}
		}
	}
	// The recording has a rhythm, a memory and pairs, in the order of their weight.
	order := []string{"independent", "ising", "psth", "glm"}
	for k, name := range order[1:] {
		if !(likelihood[name] > likelihood[order[k]]+0.01) {
			t.Errorf("ln p of %s %.4f, of %s %.4f", name, likelihood[name], order[k], likelihood[order[k]])
		}
	}
	if _, err := r.Fit("oracle"); err == nil || !strings.Contains(err.Error(), `"oracle"`) {
		t.Errorf("an unknown baseline: %v", err)
	}
}

// TestNoFit: what can't be fitted is refused with ErrNoFit and its reason.
func TestNoFit(t *testing.T) {
	splits := Splits()
	for _, c := range []struct {
		split   Split
		neurons int
		names   []string
	}{
		{splits[2], 2, []string{"psth", "shuffled"}},
		{splits[0], 40, []string{"markov"}},
		{splits[0], 130, []string{"ising", "k-pairwise"}},
		{splits[0], 210, []string{"dichotomised-gaussian"}},
	} {
		r, err := New(spikes.NewRaster(4, 40, c.neurons, 0), c.split, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range c.names {
			if _, err := r.Fit(name); !errors.Is(err, ErrNoFit) || !strings.HasPrefix(err.Error(), name+": ") {
				t.Errorf("%s of %d cells, %s: %v", name, c.neurons, c.split.Name, err)
			}
		}
	}
}

// TestLikelihoodsAddUp: over all repeats of two bins of two cells the probabilities of a
// model add up to 1.
func TestLikelihoodsAddUp(t *testing.T) {
	train := drawn(60, 2, 2, stream.New(16, "adds up"))
	all := spikes.NewRaster(16, 2, 2, 0)
	for rep := range 16 {
		all.SetWord(rep, 0, uint32(rep>>2))
		all.SetWord(rep, 1, uint32(rep&3))
	}
	psth, err := FitPSTH(train)
	if err != nil {
		t.Fatal(err)
	}
	glm, err := FitGLM(train, true, 1)
	if err != nil {
		t.Fatal(err)
	}
	alone, err := FitGLM(train, false, 1)
	if err != nil {
		t.Fatal(err)
	}
	ising, err := fitWords(training{Raster: train}, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []Likely{FitIndependent(train), psth, glm, alone, ising.(Likely)} {
		sum := 0.0
		for _, l := range m.LogLikelihoods(all) {
			sum += math.Exp(l)
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Errorf("%s: probabilities add up to %g", m.Name(), sum)
		}
	}
}

// TestGLMFinds: coupling, refractoriness and drive of a process that is a GLM are found.
func TestGLMFinds(t *testing.T) {
	rng := stream.New(17, "glm")
	r := spikes.NewRaster(60, 200, 3, 0)
	fired := func(rep, b, i int) float64 {
		if b < 0 {
			return 0
		}
		return one(r, rep, b, i)
	}
	for rep := range r.Repeats {
		for b := range r.Bins {
			eta := []float64{-2 - 2*fired(rep, b-1, 0), -2 + 1.5*fired(rep, b-1, 0), -2 + math.Sin(float64(b)/3)}
			for i, e := range eta {
				r.Set(rep, b, i, rng.Float64() < sigmoid(e))
			}
		}
	}
	m, err := FitGLM(r, true, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		lag, from, to int
		want          float64
	}{{1, 0, 0, -2}, {1, 0, 1, 1.5}, {1, 1, 0, 0}, {2, 0, 1, 0}, {3, 2, 2, 0}, {8, 1, 1, 0}} {
		if got := m.weights[((c.lag-1)*3+c.from)*3+c.to]; math.Abs(got-c.want) > 0.4 {
			t.Errorf("from cell %d to cell %d, lag %d: %.2f, want %.2f", c.from, c.to, c.lag, got, c.want)
		}
	}
	low, high := m.bias[2]+m.drive[14*3+2], m.bias[2]+m.drive[5*3+2] // sin(14/3) = -1, sin(5/3) = 1
	if math.Abs(high-low-2) > 0.8 {
		t.Errorf("the drive goes from %.2f to %.2f, want 2 more", low, high)
	}
}

// TestPSTHSmoothing: a slow stimulus is smoothed, one that changes from bin to bin is not.
func TestPSTHSmoothing(t *testing.T) {
	for _, c := range []struct {
		period, least, most float64
	}{{60, 2, 8}, {0.5, 0, 0.4}} {
		r, rng := spikes.NewRaster(40, 120, 2, 0), stream.New(18, "smoothing")
		for rep := range r.Repeats {
			for b := range r.Bins {
				p := 0.2 + 0.15*math.Sin(2*math.Pi*float64(b)/c.period)
				if c.period < 1 {
					p = 0.05 + 0.3*float64(b%2)
				}
				for i := range r.Neurons {
					r.Set(rep, b, i, rng.Float64() < p)
				}
			}
		}
		m, err := FitPSTH(r)
		if err != nil {
			t.Fatal(err)
		}
		if m.Sigma < c.least || m.Sigma > c.most {
			t.Errorf("period %g: σ = %g, want %g to %g", c.period, m.Sigma, c.least, c.most)
		}
	}
}

// TestShuffled: each cell's repeats are all there, and what cells had in common is not.
func TestShuffled(t *testing.T) {
	r, rng := spikes.NewRaster(30, 40, 2, 0), stream.New(19, "shuffled")
	for rep := range r.Repeats {
		for b := range r.Bins {
			x := rng.Float64() < 0.3
			r.Set(rep, b, 0, x)
			r.Set(rep, b, 1, x)
		}
	}
	s := NewShuffled(r).Sample(rng, 30, 40)
	v, w := viewOf(r), viewOf(s)
	for i := range 2 {
		if !slices.Equal(v.mean(i), w.mean(i)) {
			t.Errorf("the PSTH of cell %d is another one", i)
		}
		if a, b := at(v.sum, v.isi), at(w.sum, w.isi); !slices.Equal(a, b) {
			t.Errorf("intervals %v, want %v", b, a)
		}
	}
	if c := w.noise()[1]; v.noise()[1] < 0.999 || math.Abs(c) > 0.2 {
		t.Errorf("noise correlation %g, of the recording %g", c, v.noise()[1])
	}
}

// TestSalamander holds the baselines against what is known of the recording: fitted to
// the odd repeats, judged by the even ones.
func TestSalamander(t *testing.T) {
	for _, c := range []struct {
		neurons        int
		sigma, ln      float64
		low, high      float64 // of samples' JS, words of ten cells
		exact, shuffle float64 // JS of the PSTH's law; of shuffled samples
	}{
		{10, 0.5, -0.6745, 3.9e-4, 5.2e-4, 3.08e-4, 4.7e-4},
		{50, 0.5, -3.792, 5.5e-4, 7.5e-4, 0, 0},
	} {
		r, err := New(shared(t, "recording", c.neurons), Splits()[0], Options{Resamples: -1})
		if err != nil {
			t.Fatal(err)
		}
		m, err := FitPSTH(r.Train())
		if err != nil {
			t.Fatal(err)
		}
		if m.Sigma != c.sigma {
			t.Errorf("%d cells: σ = %g, want %g", c.neurons, m.Sigma, c.sigma)
		}
		b := r.bench(shape{r.Judge().Bins, true})
		judge := func(m Model) *pairing {
			p := b.pair(b.units(m.Sample(stream.New(21, m.Name()), r.Train().Repeats, r.Judge().Bins), 1), nil, nil)
			for _, g := range b.groups {
				p.laws = append(p.laws, m.(Lawful).WordLaw(g))
			}
			return p
		}
		p := judge(m)
		p.likelihood = perUnit(m.LogLikelihoods(r.Judge()), len(b.judge))
		if ln := p.perBin(p.likelihood); math.Abs(ln-c.ln) > 5e-4*math.Abs(c.ln) {
			t.Errorf("%d cells: ln p a bin %.5f, want %g", c.neurons, ln, c.ln)
		}
		value := func(name string, p *pairing) float64 {
			all := Figures()
			return all[slices.IndexFunc(all, func(f Figure) bool { return f.Name == name })].measure(p)
		}
		if js := value(jsWords, p); js < c.low || js > c.high {
			t.Errorf("%d cells: JS of samples %.3g, want %g to %g", c.neurons, js, c.low, c.high)
		}
		if c.exact == 0 {
			continue
		}
		if js := value(jsWordsExact, p); math.Abs(js/c.exact-1) > 0.01 {
			t.Errorf("%d cells: JS of the law %.4g, want %g", c.neurons, js, c.exact)
		}
		if js := value(jsWords, judge(NewShuffled(r.Train()))); math.Abs(js/c.shuffle-1) > 0.15 {
			t.Errorf("%d cells: JS of shuffled repeats %.3g, want %g", c.neurons, js, c.shuffle)
		}
	}
}

// TestFold: the bits of a bin's words are the cells in their order, however many words
// they take.
func TestFold(t *testing.T) {
	for _, c := range []struct {
		neurons, words, bits int
		fired                []int32
		want                 []uint32
	}{
		{21, 1, 21, []int32{0, 20}, []uint32{1<<20 | 1}},
		{50, 2, 25, []int32{0, 24, 25, 49}, []uint32{1<<24 | 1, 1<<24 | 1}},
		{65, 3, 22, []int32{21, 22, 64}, []uint32{1, 1 << 21, 1 << 1}},
	} {
		f, words := fold(c.neurons), make([]uint32, c.words)
		if f.words != c.words || f.bits != c.bits {
			t.Errorf("%d cells: %+v", c.neurons, f)
			continue
		}
		if f.word(c.fired, words); !slices.Equal(words, c.want) {
			t.Errorf("%d cells: %b, want %b", c.neurons, words, c.want)
		}
	}
}

// TestYardstick holds exact divergences of models fitted to the odd repeats from the even
// ones against numbers of another program, the same that metrics is held against.
func TestYardstick(t *testing.T) {
	for _, c := range []struct {
		neurons int
		name    string
		js      float64
	}{
		{4, "independent", 3.37e-4},
		{4, "ising", 2.38e-5},
		{4, "k-pairwise", 2.28e-5},
		{10, "independent", 6.37e-3},
		{10, "ising", 1.20e-3},
		{10, "k-pairwise", 8.80e-4},
	} {
		r, err := New(shared(t, "recording", c.neurons), Splits()[0], Options{Resamples: -1})
		if err != nil {
			t.Fatal(err)
		}
		m, err := r.Fit(c.name)
		if err != nil {
			t.Fatal(err)
		}
		all := make([]int, c.neurons)
		for i := range all {
			all[i] = i
		}
		v := viewOf(r.Judge())
		if js := metrics.JS(m.(Lawful).WordLaw(all), v.law(v.words[0])); math.Abs(js/c.js-1) > 0.005 {
			t.Errorf("%s of %d cells: %.4g, want %.3g", c.name, c.neurons, js, c.js)
		}
	}
}

// TestDegenerate: cells that never fire or always do, silence, single cells, bins and
// repeats give figures or reasons, and no number that is not finite.
func TestDegenerate(t *testing.T) {
	odd := func(repeats, bins, neurons int) *spikes.Raster {
		r := drawn(repeats, bins, neurons, stream.New(24, "degenerate"))
		for rep := range repeats {
			for b := range bins {
				r.Set(rep, b, 0, false)
				if neurons > 1 {
					r.Set(rep, b, 1, true)
				}
			}
		}
		return r
	}
	for _, c := range []struct {
		name               string
		recording, samples *spikes.Raster
	}{
		{"a silent cell and one that always fires", odd(12, 30, 4), odd(5, 30, 4)},
		{"silent samples", drawn(12, 30, 3, stream.New(1, "x")), spikes.NewRaster(6, 30, 3, 0.02)},
		{"a silent recording", spikes.NewRaster(6, 30, 3, 0), drawn(12, 30, 3, stream.New(1, "x"))},
		{"a single cell", odd(8, 30, 1), odd(8, 30, 1)},
		{"two repeats", drawn(2, 30, 2, stream.New(1, "x")), drawn(1, 30, 2, stream.New(2, "x"))},
		{"repeats of one bin", drawn(40, 1, 3, stream.New(1, "x")), drawn(40, 1, 3, stream.New(2, "x"))},
		{"windows of one bin", drawn(40, 9, 3, stream.New(1, "x")), drawn(40, 1, 3, stream.New(2, "x"))},
		{"windows that no repeat holds twice", drawn(40, 9, 3, stream.New(1, "x")), drawn(40, 7, 3, stream.New(2, "x"))},
	} {
		r, err := New(c.recording, Splits()[0], Options{Resamples: 25})
		if err != nil {
			t.Fatal(err)
		}
		scores := []*Score{}
		s, err := r.Score(Subject{Name: c.name, Samples: c.samples})
		if err != nil {
			t.Fatal(err)
		}
		scores = append(scores, s)
		for _, name := range Baselines() {
			s, err := r.ScoreBaseline(name)
			if errors.Is(err, ErrNoFit) {
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			scores = append(scores, s)
		}
		for _, s := range scores {
			if len(s.Values) != len(Figures()) || s.Parameters > 0 && s.Name == c.name {
				t.Errorf("%s: %s has %d figures, %d parameters", c.name, s.Name, len(s.Values), s.Parameters)
			}
			if _, err := json.Marshal(s); err != nil {
				t.Errorf("%s, %s: %v", c.name, s.Name, err)
			}
			for _, v := range s.Values {
				if (v.Value == nil) == (v.Missing == "") {
					t.Errorf("%s, %s: %+v", c.name, s.Name, v)
				}
			}
		}
	}
	if _, err := New(spikes.NewRaster(4, 4, 0, 0), Splits()[0], Options{}); err == nil {
		t.Error("a recording without neurons judges")
	}
}
