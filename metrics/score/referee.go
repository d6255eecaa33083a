package score

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"qgan/internal/parallel"
	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/spikes"
)

// Options say how a [Referee] judges. The zero value works.
type Options struct {
	Resamples int    // of the bootstrap and of random halves; 0: 200, below 0: none
	Seed      uint64 // of groups, parities, resamples and random halves
	Workers   int    // that count side by side; 0: as many as there are processors. Results don't depend on it.
	// Brief leaves the intervals of models out, which take as long as all else.
	Brief bool
}

// Referee judges samples by a recording that is cut in two. It is safe for use by
// several goroutines.
type Referee struct {
	train, judge *spikes.Raster
	aligned      bool
	opt          Options

	mu      sync.Mutex
	benches map[shape]*bench
}

// New prepares the judgement of samples by a recording. It fails where the split does,
// and for a recording without neurons.
func New(recording *spikes.Raster, split Split, opt Options) (*Referee, error) {
	if recording.Neurons == 0 {
		return nil, fmt.Errorf("judging by %s: it has no neurons", recording.Source.Path)
	}
	train, judge, err := split.Halves(recording)
	if err != nil {
		return nil, err
	}
	if opt.Resamples == 0 {
		opt.Resamples = 200
	}
	if opt.Workers <= 0 {
		opt.Workers = runtime.GOMAXPROCS(0)
	}
	return &Referee{train: train, judge: judge, aligned: !split.inTime, opt: opt, benches: map[shape]*bench{}}, nil
}

// Train is the half that models are fitted to.
func (r *Referee) Train() *spikes.Raster { return r.train }

// Judge is the half that samples are held against.
func (r *Referee) Judge() *spikes.Raster { return r.judge }

// Aligned reports whether the halves hold repeats of one stimulus.
func (r *Referee) Aligned() bool { return r.aligned }

// Subject is what is judged.
type Subject struct {
	Name    string
	Samples *spikes.Raster
	// LogLikelihoods are ln p of each repeat of [Referee.Judge] under the model that the
	// samples are of, in nats; nil: not known.
	LogLikelihoods []float64
	// WordLaw is the model's exact law of a bin's word of at most ten cells, of which the
	// first is the most significant bit; nil: not at hand.
	WordLaw func(cells []int) []float64
}

// Score is what a subject scores, one value for each of [Figures].
type Score struct {
	Name    string `json:"name"`
	Repeats int    `json:"repeats"` // of the samples, as they were judged
	Bins    int    `json:"bins"`    // of a repeat
	Aligned bool   `json:"aligned"` // bins of a repeat are held against the same bins of the recording's
	// Parameters are the free numbers of a model; 0: samples alone are known.
	Parameters int          `json:"parameters,omitempty"`
	Values     []Value      `json:"figures"`
	Groups     []GroupValue `json:"groups"` // of Values
	// Notes say what was done to samples and recording to bring them to one shape.
	Notes []string `json:"notes,omitempty"`
}

// Value is a figure of a subject. All numbers are finite.
type Value struct {
	Name string `json:"name"`
	// Value is nil where the figure does not exist, and Missing says why.
	Value   *float64 `json:"value"`
	Missing string   `json:"missing,omitempty"`
	// Recording is the judging half's own level of a figure that is perfect there.
	Recording *float64 `json:"recording,omitempty"`
	// Interval holds, with 95 %, the value that is expected of so many repeats, by the
	// bootstrap over the units (repeats, or neighbouring ones together) of sample and
	// judging half. A resampled distance or agreement has the noise twice and is worse
	// than the true one, so the interval is made of the deviations of resampled values
	// from their own mean, around Value. nil: there is a single unit.
	Interval []float64 `json:"interval,omitempty"`
	// Floor is the value of the training half as a sample: what the recording's own
	// repeats score.
	Floor *float64 `json:"floor"`
	// Perfect says what the samples of a perfect model score, as many as there are
	// (at most as many as the training half has), nil where it is not known.
	Perfect *Range `json:"perfect,omitempty"`
	// Excess is how much worse than Perfect's mean the value is, in the distance between
	// that and the bound that 2.5 % of perfect samples pass; of a distance the logarithms
	// are taken, since distances scatter upwards. A defect is [Value.Seen] above 2.5,
	// which random halves of a recording don't reach in any figure. It is at most 1000.
	Excess *float64 `json:"excess,omitempty"`
}

// seen is the excess from which on a value is no chance.
const seen = 2.5

// mostExcess bounds what is said of values that no perfect sample comes near.
const mostExcess = 1000

// Seen reports that the figure is too bad for the samples of a perfect model.
func (v Value) Seen() bool { return v.Excess != nil && *v.Excess > seen }

// excess is [Value.Excess] of a value.
func (x *Range) excess(value float64, f *Figure) float64 {
	center, low, high := x.Mean, x.Low, x.High
	if f.Better == Smaller && !f.signed && value > 0 && center > 0 && high > center {
		value, center, high = math.Log(value), math.Log(center), math.Log(high)
	}
	worse, bound := value-center, high-center
	if f.Better == Larger || f.Better == Nearer && worse < 0 {
		worse, bound = -worse, center-low
	}
	out := worse / max(bound, 1e-9*math.Abs(center), 1e-12)
	return max(-mostExcess, min(out, mostExcess))
}

// Range is where values lie: their mean, and 2.5 % of them below and above.
type Range struct {
	Mean float64 `json:"mean"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// shape is how samples and recording are cut to be held against each other.
type shape struct {
	bins    int
	aligned bool
}

// bench holds the recording's halves, counted for one shape of samples.
type bench struct {
	*layout
	train, judge [][]float32
	binsOf       []float64       // of the judging half's units
	floor        func() *pairing // the training half against the judging one
	perfect      map[int][]*Range
}

// units are the first repeats of the units that so many repeats are counted in, and
// their number.
func unitStarts(repeats, units int) []int {
	out := make([]int, units+1)
	for u := range out {
		out[u] = u * repeats / units
	}
	return out
}

// perUnit adds up numbers of repeats.
func perUnit(x []float64, units int) []float64 {
	out, starts := make([]float64, units), unitStarts(len(x), units)
	for u := range out {
		for _, v := range x[starts[u]:starts[u+1]] {
			out[u] += v
		}
	}
	return out
}

// bench returns the halves counted for a shape.
func (r *Referee) bench(s shape) *bench {
	r.mu.Lock()
	defer r.mu.Unlock()
	if b := r.benches[s]; b != nil {
		return b
	}
	l := newLayout(r.judge.Neurons, s.bins, r.judge.BinWidth, s.aligned, r.opt.Seed)
	b := &bench{layout: l, perfect: map[int][]*Range{}}
	per := r.judge.Bins / s.bins
	halves := [][][]float32{nil, nil}
	parallel.Each(2, r.opt.Workers, func(i, _ int) {
		raster := []*spikes.Raster{r.train, r.judge}[i]
		halves[i] = l.units(raster.Cut(s.bins), per)
	})
	b.train, b.judge = halves[0], halves[1]
	ones := make([]float64, r.judge.Repeats)
	for i := range ones {
		ones[i] = float64(r.judge.Bins)
	}
	b.binsOf = perUnit(ones, len(b.judge))
	b.floor = sync.OnceValue(func() *pairing {
		return b.pair(b.train, nil, r.gains(r.train, len(b.judge)))
	})
	r.benches[s] = b
	return b
}

// gains are what a logistic regression fitted to samples gains on the judging half's
// units; nil for a single cell.
func (r *Referee) gains(samples *spikes.Raster, units int) []float64 {
	if samples.Neurons < 2 {
		return nil
	}
	return perUnit(fitRest(samples, r.opt.Workers).gains(r.judge), units)
}

// pair holds units of a sample against the whole judging half.
func (b *bench) pair(sample [][]float32, likelihood, gain []float64) *pairing {
	all := func(n int) []float64 { return slices.Repeat([]float64{1}, n) }
	return &pairing{
		sample: b.sumOf(sample, all(len(sample))), judge: b.sumOf(b.judge, all(len(b.judge))),
		likelihood: likelihood, gain: gain, weights: all(len(b.judge)), binsOf: b.binsOf,
	}
}

// fit brings samples to a shape in which they can be held against the recording: whole
// repeats as they are, one long train or longer repeats cut to the recording's, and
// windows held against windows.
func (r *Referee) fit(samples *spikes.Raster) (*spikes.Raster, shape, []string, error) {
	bins := r.judge.Bins
	s := shape{bins, r.aligned}
	switch {
	case samples.Neurons != r.judge.Neurons:
		return nil, s, nil, fmt.Errorf("%d neurons, the recording has %d", samples.Neurons, r.judge.Neurons)
	case samples.Repeats*samples.Bins == 0:
		return nil, s, nil, fmt.Errorf("there are no bins")
	case samples.BinWidth > 0 && r.judge.BinWidth > 0 && math.Abs(samples.BinWidth-r.judge.BinWidth) > 1e-9:
		return nil, s, nil, fmt.Errorf("bins of %g s, the recording's are of %g s", samples.BinWidth, r.judge.BinWidth)
	case samples.Bins == bins:
		return samples, s, nil, nil
	case samples.Bins > bins:
		s.aligned = false
		return samples.Cut(bins), s, []string{fmt.Sprintf("the samples' repeats of %d bins are cut to the recording's %d; bins of a repeat then have no meaning of their own", samples.Bins, bins)}, nil
	}
	return samples, shape{samples.Bins, false}, []string{fmt.Sprintf("the samples are windows of %s, so the recording's repeats of %d are cut to windows side by side", binsText(samples.Bins), bins)}, nil
}

// binsText counts bins.
func binsText(n int) string {
	if n == 1 {
		return "1 bin"
	}
	return fmt.Sprintf("%d bins", n)
}

// Score judges a subject. It fails for samples of other neurons or bins, and for
// likelihoods of another number of repeats than are judged.
func (r *Referee) Score(subject Subject) (*Score, error) { return r.score(subject, true) }

// score judges a subject, with intervals or without.
func (r *Referee) score(subject Subject, intervals bool) (*Score, error) {
	samples, s, notes, err := r.fit(subject.Samples)
	if err == nil && subject.LogLikelihoods != nil && len(subject.LogLikelihoods) != r.judge.Repeats {
		err = fmt.Errorf("likelihoods of %d repeats, %d are judged", len(subject.LogLikelihoods), r.judge.Repeats)
	}
	if err != nil {
		return nil, fmt.Errorf("judging %s: %w", subject.Name, err)
	}
	b := r.bench(s)
	var likelihood []float64
	if subject.LogLikelihoods != nil {
		likelihood = perUnit(subject.LogLikelihoods, len(b.judge))
	}
	units := b.units(samples, 1)
	whole := b.pair(units, likelihood, r.gains(samples, len(b.judge)))
	if subject.WordLaw != nil {
		for _, g := range b.groups {
			whole.laws = append(whole.laws, subject.WordLaw(g))
		}
	}
	figures := Figures()
	floor, perfect := b.floor(), r.perfect(b, len(units), figures)
	resampled := make([][]float64, len(figures))
	if intervals {
		resampled = r.resample(b, units, whole, figures)
	}

	out := &Score{Name: subject.Name, Repeats: samples.Repeats, Bins: s.bins, Aligned: s.aligned, Notes: notes}
	for k, f := range figures {
		v := Value{Name: f.Name, Missing: f.missing(whole), Value: metrics.FiniteOrNil(f.measure(whole)), Floor: metrics.FiniteOrNil(f.measure(floor))}
		switch {
		case v.Value != nil || v.Missing != "":
		case f.needs&model != 0:
			v.Missing = "the model gives some bins of the recording no probability"
		default:
			v.Missing = "nothing in the samples or the recording that it could be computed of"
		}
		if f.level != nil && v.Missing == "" {
			v.Recording = metrics.FiniteOrNil(f.level(whole.judge))
		}
		if v.Value != nil {
			v.Interval = f.interval(*v.Value, resampled[k])
			if v.Perfect = perfect[k]; v.Perfect != nil {
				v.Excess = metrics.FiniteOrNil(v.Perfect.excess(*v.Value, &f))
			}
		}
		out.Values = append(out.Values, v)
	}
	out.Groups = groupValues(out.Values)
	return out, nil
}

// resample returns the figures of resampled samples and judging halves, by figure.
func (r *Referee) resample(b *bench, units [][]float32, whole *pairing, figures []Figure) [][]float64 {
	if len(units) < 2 || len(b.judge) < 2 {
		return make([][]float64, len(figures))
	}
	return r.draws(b, figures, "bootstrap", func(rng *rand.Rand) (x, y []weighted, rest pairing) {
		w := bootstrap(len(b.judge), rng)
		return []weighted{{units, bootstrap(len(units), rng)}}, []weighted{{b.judge, w}},
			pairing{likelihood: whole.likelihood, gain: whole.gain, laws: whole.laws, weights: w, binsOf: b.binsOf}
	})
}

// bootstrap says how often each of n units comes when as many are drawn.
func bootstrap(n int, rng *rand.Rand) []float64 {
	w := make([]float64, n)
	for range n {
		w[rng.IntN(n)]++
	}
	return w
}

// draw draws what a sample and a judging half are made of; rest is what a pairing has
// beside them.
type draw func(rng *rand.Rand) (sample, judge []weighted, rest pairing)

// together is the number of draws that are added up at once, fewer where they would have more
// than togetherLimit numbers.
const (
	together      = 8
	togetherLimit = 1 << 22
)

// draws returns the figures of so many drawn pairings, by figure.
func (r *Referee) draws(b *bench, figures []Figure, label string, draw draw) [][]float64 {
	n := max(0, r.opt.Resamples)
	out := make([][]float64, len(figures))
	for k := range out {
		out[k] = make([]float64, n)
	}
	group := max(1, min(together, togetherLimit/(2*b.size)))
	parallel.Each((n+group-1)/group, r.opt.Workers, func(i, _ int) {
		from, to := i*group, min(i*group+group, n)
		pairings, parts := make([]pairing, to-from), make([][]weighted, 2*(to-from))
		for k := range pairings {
			parts[2*k], parts[2*k+1], pairings[k] = draw(stream.New(r.opt.Seed, "score/"+label, uint64(from+k)))
		}
		views := b.resampled(parts...)
		for k := range pairings {
			p := &pairings[k]
			p.sample, p.judge = views[2*k], views[2*k+1]
			for f := range figures {
				out[f][from+k] = figures[f].measure(p)
			}
			views[2*k], views[2*k+1] = nil, nil // their memory may go
			p.sample, p.judge = nil, nil
		}
	})
	return out
}

// sorted are the finite numbers in order, none where fewer than half are finite.
func sorted(x []float64) []float64 {
	var out []float64
	for _, v := range x {
		if metrics.FiniteOrNil(v) != nil {
			out = append(out, v)
		}
	}
	if 2*len(out) < len(x) {
		return nil
	}
	slices.Sort(out)
	return out
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// interval is that of 95 %: quantiles of the deviations of resampled values from their
// mean, about the value. Distances are not below 0.
func (f *Figure) interval(value float64, resampled []float64) []float64 {
	x := sorted(resampled)
	if len(x) < 20 {
		return nil
	}
	shift := value - mean(x)
	low, high := metrics.Quantile(x, 0.025)+shift, metrics.Quantile(x, 0.975)+shift
	if f.Better == Smaller && !f.signed {
		low, high = max(0, low), max(0, high)
	}
	return []float64{low, high}
}
