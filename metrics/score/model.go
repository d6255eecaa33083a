package score

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/spikes"
)

// Model is a process that is drawn as repeats.
type Model interface {
	Name() string
	Parameters() int // free real numbers
	// Sample draws repeats of so many bins. A model of a stimulus draws whole repeats as
	// they are, and shorter ones from starts drawn anew for each.
	Sample(rng *rand.Rand, repeats, bins int) *spikes.Raster
}

// Likely is a model of which the likelihood is known.
type Likely interface {
	Model
	// LogLikelihoods are ln p of each repeat of a raster, the bins given those before
	// them in the repeat, in nats; -Inf where the model can't give it.
	LogLikelihoods(r *spikes.Raster) []float64
}

// Lawful is a model of which the exact law of a bin's word is at hand, of all bins
// together.
type Lawful interface {
	Model
	// WordLaw is that of at most ten cells, the first the most significant bit.
	WordLaw(cells []int) []float64
}

// ErrNoFit says that there is no model of that kind for such a recording.
var ErrNoFit = errors.New("there is no such model of this recording")

// noFit is ErrNoFit with its reason.
func noFit(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrNoFit, fmt.Sprintf(format, args...))
}

// training is what baselines are fitted to.
type training struct {
	*spikes.Raster
	aligned bool // repeats of one stimulus
	workers int
	rng     *rand.Rand
}

// baseline is one row of the table of simple models.
type baseline struct {
	name, text string
	lacks      string // what it has none of by construction, whatever it is fitted to
	fit        func(t training) (Model, error)
}

var baselines = []baseline{
	{"independent", "each cell at its own rate", "correlations, history or stimulus", func(t training) (Model, error) { return FitIndependent(t.Raster), nil }},
	{"psth", "each bin of each cell on its own, at the rate that repeats have there", "history, and no noise correlations", func(t training) (Model, error) {
		return t.onlyRepeats(func() (Model, error) { return FitPSTH(t.Raster) })
	}},
	{"shuffled", "the training half's repeats, shuffled for each cell by itself: all but noise correlations", "noise correlations", func(t training) (Model, error) {
		return t.onlyRepeats(func() (Model, error) { return NewShuffled(t.Raster), nil })
	}},
	{"glm", "a point-process GLM: history and coupling of all cells over 8 bins and, where there are repeats, the PSTH as drive", "correlations within a bin beyond those of stimulus and history", func(t training) (Model, error) {
		return FitGLM(t.Raster, t.aligned, t.workers)
	}},
	{"markov", "the words of neighbouring bins", "memory beyond one bin, and no stimulus", func(t training) (Model, error) {
		if t.Neurons > wordCells {
			return nil, noFit("%d cells, the words of at most %d are counted", t.Neurons, wordCells)
		}
		c, err := metrics.FitChain(t.Raster, 1)
		return chain{c, t.BinWidth}, err
	}},
	{"ising", "the pairs of a bin", "history or stimulus", func(t training) (Model, error) { return fitWords(t, false) }},
	{"k-pairwise", "the pairs of a bin and how many fire", "history or stimulus", func(t training) (Model, error) { return fitWords(t, true) }},
	{"dichotomised-gaussian", "rates and pairs to lag 10, of more than 18 cells to a smaller one, by a Gaussian above a threshold", "stimulus", func(t training) (Model, error) {
		if t.Neurons > gaussianCells {
			return nil, noFit("%d cells, at most %d take part in a fit", t.Neurons, gaussianCells)
		}
		g, err := metrics.FitDichotomisedGaussian(t.Raster, metrics.GaussianLags(t.Neurons, t.Bins))
		return gaussian{g, t.BinWidth}, err
	}},
}

const (
	wordCells     = 32  // of words that are counted
	gaussianCells = 200 // times lags, of a dichotomised Gaussian
)

// onlyRepeats fits a model of a stimulus, and refuses recordings that repeat none.
func (t training) onlyRepeats(fit func() (Model, error)) (Model, error) {
	if !t.aligned || t.Repeats < 2 {
		return nil, noFit("it needs repeats of one stimulus")
	}
	return fit()
}

// AnyTrained says that one of these names of baselines is of one that is trained, not fitted in
// a moment: none of [Baselines], nor all, none or quick. What follows a = is no part of a name.
func AnyTrained(names []string) bool {
	return slices.ContainsFunc(names, func(text string) bool {
		name, _, _ := strings.Cut(text, "=")
		return name != "all" && name != "none" && name != "quick" && !slices.Contains(Baselines(), name)
	})
}

// Baselines are the names of the simple models that any generator has to beat, in the
// order in which they are shown.
func Baselines() []string {
	var names []string
	for _, b := range baselines {
		names = append(names, b.name)
	}
	return names
}

// BaselineText says in a phrase what a baseline knows; "" for a name that there is not.
func BaselineText(name string) string {
	for _, b := range baselines {
		if b.name == name {
			return b.text
		}
	}
	return ""
}

// Lacks says what a baseline has none of by construction, whatever it is fitted to; "" for a
// name that there is not, and for those that have some of everything.
func Lacks(name string) string {
	if name == Product {
		return "correlations within a bin but those of its past and of a latent vector"
	}
	for _, b := range baselines {
		if b.name == name {
			return b.lacks
		}
	}
	return ""
}

// Fit fits a baseline to the training half. It fails for an unknown name and, with
// [ErrNoFit], where there is no such model of the recording.
func (r *Referee) Fit(name string) (Model, error) {
	for _, b := range baselines {
		if b.name == name {
			m, err := b.fit(training{r.train, r.aligned, r.opt.Workers, stream.New(r.opt.Seed, "score/fit/"+name)})
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			return m, nil
		}
	}
	return nil, fmt.Errorf("no baseline is called %q; there are %v", name, Baselines())
}

// ScoreModel judges samples of a model, repeats of so many bins (0: whole ones) and as
// many of them as the training half holds, and its likelihood where it is known.
func (r *Referee) ScoreModel(m Model, bins int, rng *rand.Rand) (*Score, error) {
	repeats, bins := r.SampleShape(bins)
	s := Subject{Name: m.Name(), Samples: m.Sample(rng, repeats, bins)}
	if l, ok := m.(Likely); ok {
		s.LogLikelihoods = l.LogLikelihoods(r.judge)
	}
	if l, ok := m.(Lawful); ok {
		s.WordLaw = l.WordLaw
	}
	out, err := r.score(s, !r.opt.Brief)
	if err == nil {
		out.Parameters = m.Parameters()
	}
	return out, err
}

// SampleShape is how many repeats of so many bins the training half holds side by side; of
// 0 bins, or more than it has, whole repeats.
func (r *Referee) SampleShape(bins int) (repeats, of int) {
	if bins <= 0 || bins > r.train.Bins {
		bins = r.train.Bins
	}
	return r.train.Repeats * (r.train.Bins / bins), bins
}

// productLaw adds to a law of words that of cells which fire on their own, times a weight.
func productLaw(law []float64, weight float64, chance []float64) {
	p := make([]float64, 1, len(law))
	p[0] = weight
	for _, q := range chance {
		p = p[:2*len(p)]
		for k := len(p)/2 - 1; k >= 0; k-- {
			p[2*k], p[2*k+1] = p[k]*(1-q), p[k]*q
		}
	}
	for w, x := range p {
		law[w] += x
	}
}

// ScoreBaseline fits a baseline and judges it, with draws that are the referee's seed's.
// It fails as [Referee.Fit] does.
func (r *Referee) ScoreBaseline(name string) (*Score, error) {
	m, err := r.Fit(name)
	if err != nil {
		return nil, err
	}
	return r.ScoreModel(m, 0, stream.New(r.opt.Seed, "score/baseline/"+name))
}

// newSample is an empty raster of a model.
func newSample(m Model, repeats, bins, neurons int, width float64) *spikes.Raster {
	r := spikes.NewRaster(repeats, bins, neurons, width)
	r.Source.Path = m.Name()
	return r
}

// startOf is the bin of a stimulus of so many bins at which a drawn repeat begins: the
// first of a whole repeat, and a drawn one of a window.
func startOf(rng *rand.Rand, bins, of int) int {
	if bins >= of {
		return 0
	}
	return rng.IntN(of - bins + 1)
}

// Independent lets each cell fire at its own rate, independently of all else.
type Independent struct {
	rate  []float64
	width float64
}

// FitIndependent takes the rates of a raster, half a spike added, so that a cell that
// never fired still may.
func FitIndependent(r *spikes.Raster) *Independent {
	m := &Independent{make([]float64, r.Neurons), r.BinWidth}
	for i, n := range spikesOf(r) {
		m.rate[i] = (float64(n) + 0.5) / (float64(r.Repeats*r.Bins) + 1)
	}
	return m
}

// spikesOf counts the spikes of each cell.
func spikesOf(r *spikes.Raster) []int {
	n, t := make([]int, r.Neurons), newTrains(r.Neurons, r.Bins)
	for rep := range r.Repeats {
		t.read(r, rep)
		for i := range n {
			n[i] += ones(t.of(i))
		}
	}
	return n
}

// Name is independent.
func (*Independent) Name() string { return "independent" }

// Parameters are the rates.
func (m *Independent) Parameters() int { return len(m.rate) }

// Sample draws repeats.
func (m *Independent) Sample(rng *rand.Rand, repeats, bins int) *spikes.Raster {
	r := newSample(m, repeats, bins, len(m.rate), m.width)
	for rep := range repeats {
		for b := range bins {
			for i, p := range m.rate {
				if rng.Float64() < p {
					r.Set(rep, b, i, true)
				}
			}
		}
	}
	return r
}

// LogLikelihoods are ln p of each repeat in nats.
func (m *Independent) LogLikelihoods(r *spikes.Raster) []float64 {
	out, t := make([]float64, r.Repeats), newTrains(r.Neurons, r.Bins)
	for rep := range out {
		t.read(r, rep)
		for i, p := range m.rate {
			n := float64(ones(t.of(i)))
			out[rep] += n*math.Log(p) + (float64(r.Bins)-n)*math.Log1p(-p)
		}
	}
	return out
}

// WordLaw is the product of the cells' laws.
func (m *Independent) WordLaw(cells []int) []float64 {
	law, chance := make([]float64, 1<<len(cells)), make([]float64, len(cells))
	for k, i := range cells {
		chance[k] = m.rate[i]
	}
	productLaw(law, 1, chance)
	return law
}

// chain is the chain of words of package metrics.
type chain struct {
	*metrics.Chain
	width float64
}

// Sample draws repeats.
func (m chain) Sample(rng *rand.Rand, repeats, bins int) *spikes.Raster {
	return m.Draw(repeats, bins, m.width, rng)
}

// LogLikelihoods are ln p of each repeat in nats, -Inf where a pair of words is new.
func (m chain) LogLikelihoods(r *spikes.Raster) []float64 {
	out := make([]float64, r.Repeats)
	for rep := range out {
		one, err := r.SelectRepeats([]int{rep}, "")
		if err != nil {
			panic(err) // a repeat that there is
		}
		perBin, _ := m.LogLikelihood(one)
		out[rep] = perBin * float64(r.Bins)
	}
	return out
}

// gaussian is the dichotomised Gaussian of package metrics.
type gaussian struct {
	*metrics.DichotomisedGaussian
	width float64
}

// Sample draws repeats.
func (m gaussian) Sample(rng *rand.Rand, repeats, bins int) *spikes.Raster {
	return m.Draw(repeats, bins, m.width, rng)
}
