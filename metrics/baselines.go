package metrics

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"qgan/metrics/spikes"
)

// baseline is one row of the table of models; the command line, the reports and
// the tests range over it.
type baseline struct {
	name    string
	maxBits int // largest n·t, 0: any
	fit     func(*States) (Model, error)
}

var baselines = []baseline{
	{"silent", 0, func(*States) (Model, error) { return Silent{}, nil }},
	{"uniform", 0, func(s *States) (Model, error) { return Uniform{s.Neurons}, nil }},
	{"independent", 0, func(s *States) (Model, error) { return FitIndependent(s), nil }},
	{"independent-in-time", 0, func(s *States) (Model, error) { return FitIndependentInTime(s), nil }},
	{"markov", 0, func(s *States) (Model, error) { return FitMarkov(s), nil }},
	// Longer windows than a table has are fitted by Monte Carlo.
	{"ising", MaxEntBits, func(s *States) (Model, error) { return modelOf(FitIsing(s)) }},
	{"k-pairwise", MaxEntBits, func(s *States) (Model, error) { return modelOf(FitKPairwise(s)) }},
}

// gaussianDraws is the number of windows drawn for the law of a dichotomised
// Gaussian, fewer where one takes more than so many multiplications together.
const (
	gaussianDraws = 1 << 20
	gaussianWork  = 1 << 31
)

// splitHalfName is the last row: no model but the data's own floor.
const splitHalfName = "split-half"

// modelOf keeps a nil *MaxEnt from becoming a non-nil Model.
func modelOf(m *MaxEnt, err error) (Model, error) {
	if err != nil {
		return nil, err
	}
	return m, nil
}

// BaselineNames lists the baselines in the order of their results.
func BaselineNames() []string {
	var names []string
	for _, b := range baselines {
		names = append(names, b.name)
	}
	return append(names, gaussianName, splitHalfName)
}

// Fit fits the named model to a law: see [BaselineNames], without split-half, and
// without dichotomised-gaussian, whose law is known by draws only. It fails for an unknown name and where the model has no fit for n·t.
func Fit(name string, s *States) (Model, error) {
	for _, b := range baselines {
		if b.name == name {
			return b.fit(s)
		}
	}
	return nil, fmt.Errorf("no baseline model is called %q", name)
}

// BaselineOptions say which baselines are computed. The zero value is all of them.
type BaselineOptions struct {
	Models    []string // names, in any order; nil: all
	NoHeldOut bool     // leave JSHeldOut absent, which saves half of the fits
	// Rand draws from the models whose law is known by draws only, and for the Monte
	// Carlo fits of windows of more than [MaxEntBits]; without it they have no figures.
	Rand *rand.Rand
	// Begin is told of each model before it is fitted, and that it is the kth of n; nil:
	// nobody.
	Begin func(name string, k, n int)

	effort mcEffort // of the Monte Carlo fits; zero: the default
}

// BaselineResult is one baseline's distance to the data. A figure that is absent is nil
// and Note says why.
type BaselineResult struct {
	Name       string `json:"name"`
	Parameters int    `json:"parameters"`
	// JS is the distance of the empirical law of all repeats to the model fitted
	// to them, in sample; for split-half, of the odd repeats to the even ones.
	JS *float64 `json:"js_nats"`
	// JSHeldOut is the distance of the even repeats to the model fitted to the
	// odd ones (the 1st, 3rd ...).
	JSHeldOut *float64 `json:"js_heldout_nats"`
	// LogLikelihoodHeldOut is the mean ln of the probability that the model fitted
	// to the odd repeats gives to the windows of the even ones, in nats a bin; nil
	// too where it is -Inf, as of a table that lacks one of the windows.
	LogLikelihoodHeldOut *float64 `json:"loglik_heldout_nats"`
	// StdErr is the standard error of JS where the law's normalisation is known by
	// Monte Carlo only.
	StdErr *float64 `json:"js_stderr,omitempty"`
	// Residual is the largest moment error of a maximum-entropy fit, of the two
	// fits if there are two.
	Residual *float64 `json:"residual,omitempty"`
	// Samples is the number of windows drawn of a model whose law is known by draws
	// only; its distances are larger than the law's by about what Null says, the
	// distance of as many draws of the data's law from it.
	Samples int      `json:"samples,omitempty"`
	Null    *float64 `json:"null_floor_nats,omitempty"`
	Note    string   `json:"note,omitempty"`
}

// Baselines fits the baseline models to the windows and measures each. It fails
// for windows that cannot be counted and for unknown names; a model that has no
// figure for these windows is a result with a note, not an error.
func Baselines(w spikes.Windows, opt BaselineOptions) ([]BaselineResult, error) {
	all, err := CountStates(w)
	if err != nil {
		return nil, err
	}
	if w.Repeats < 2 {
		return BaselinesOf(all, nil, nil, opt)
	}
	odd, even, err := countHalves(w)
	if err != nil {
		return nil, err
	}
	return BaselinesOf(all, odd, even, opt)
}

func countHalves(w spikes.Windows) (odd, even *States, err error) {
	o, e := w.Halves()
	if odd, err = CountStates(spikes.Windows{Raster: o, T: w.T}); err != nil {
		return nil, nil, fmt.Errorf("odd repeats: %w", err)
	}
	if even, err = CountStates(spikes.Windows{Raster: e, T: w.T}); err != nil {
		return nil, nil, fmt.Errorf("even repeats: %w", err)
	}
	return odd, even, nil
}

// SplitHalf is the Jensen-Shannon divergence in nats between the laws of the odd
// and of the even repeats: the floor that the recording's own variability sets
// for any model fitted to one half and compared with the other. It fails for
// fewer than two repeats.
func SplitHalf(w spikes.Windows) (float64, error) {
	if w.Raster == nil || w.Repeats < 2 {
		return 0, fmt.Errorf("split half: %s", oneRepeat)
	}
	odd, even, err := countHalves(w)
	if err != nil {
		return 0, fmt.Errorf("split half: %w", err)
	}
	return JSStates(odd, even)
}

const (
	oneRepeat  = "a single repeat has no halves"
	notHeldOut = "held out: " + oneRepeat
)

// Remark is the note of a row in a table of several, in which the row of the split half
// says alone that a single repeat has no halves.
func (r BaselineResult) Remark() string {
	return strings.TrimSuffix(strings.TrimSuffix(r.Note, notHeldOut), "; ")
}

// BaselinesOf is [Baselines] of laws that are already counted: all repeats, and
// the odd and the even ones, or nil where there are no halves.
func BaselinesOf(all, odd, even *States, opt BaselineOptions) ([]BaselineResult, error) {
	names := BaselineNames()
	for _, n := range opt.Models {
		if !slices.Contains(names, n) {
			return nil, fmt.Errorf("no baseline is called %q; there are %v", n, names)
		}
	}
	halves := odd != nil && even != nil
	if halves {
		for _, h := range []*States{odd, even} {
			if err := sameShape(all, h); err != nil {
				return nil, fmt.Errorf("baselines: halves differ from the whole: %w", err)
			}
		}
	}
	if opt.Models != nil {
		names = slices.DeleteFunc(names, func(name string) bool { return !slices.Contains(opt.Models, name) })
	}
	wanted := func(name string) bool {
		k := slices.Index(names, name)
		if k >= 0 && opt.Begin != nil {
			opt.Begin(name, k+1, len(names))
		}
		return k >= 0
	}

	var results []BaselineResult
	for _, b := range baselines {
		if !wanted(b.name) {
			continue
		}
		r, err := b.measure(all, odd, even, halves, opt)
		if err != nil {
			return nil, err
		}
		results = append(results, r)
	}
	if wanted(gaussianName) {
		r, err := gaussianResult(all, odd, even, opt)
		if err != nil {
			return nil, err
		}
		results = append(results, r)
	}
	if wanted(splitHalfName) {
		r := BaselineResult{Name: splitHalfName, Note: oneRepeat}
		if halves {
			js, err := JSStates(odd, even)
			if err != nil {
				return nil, err
			}
			r = BaselineResult{Name: splitHalfName, Parameters: tableParameters(all.Bits()), JS: &js}
			if !opt.NoHeldOut {
				held := js
				r.JSHeldOut = &held
			}
		}
		results = append(results, r)
	}
	return results, nil
}

// drawsOfGaussian is the number of windows of so many bits that a law is drawn by.
func drawsOfGaussian(bits int) int {
	return int(min(gaussianDraws, gaussianWork/int64(bits*bits)))
}

// gaussianResult fits dichotomised Gaussians with as many lags as a window has bins
// and draws their laws.
func gaussianResult(all, odd, even *States, opt BaselineOptions) (BaselineResult, error) {
	n, t := all.Neurons, all.Timesteps
	r := BaselineResult{Name: gaussianName, Parameters: (&DichotomisedGaussian{neurons: n, lags: t}).Parameters()}
	switch {
	case all.Bits() > maxLatent:
		r.Note = fmt.Sprintf("n*t = %d > %d: the fit takes too long", all.Bits(), maxLatent)
		return r, nil
	case opt.Rand == nil:
		r.Note = "its law is known by draws only, and there are none"
		return r, nil
	}
	r.Samples = drawsOfGaussian(all.Bits())
	distance := func(fitted, to *States) (*float64, error) {
		g, err := fitGaussian(fitted.moments())
		if err != nil {
			return nil, err
		}
		drawn, err := CountStates(spikes.Windows{Raster: g.Draw(r.Samples, t, 0, opt.Rand), T: t})
		if err != nil {
			return nil, err
		}
		js, err := JSStates(to, drawn)
		return &js, err
	}
	var err error
	if r.JS, err = distance(all, all); err != nil {
		return r, err
	}
	null, _ := NullFloor(all, r.Samples, opt.Rand, 1)
	r.Null = &null
	r.Note = fmt.Sprintf("of %d draws; as many of the data's own law: %.2g", r.Samples, null)
	switch {
	case opt.NoHeldOut:
	case odd == nil || even == nil:
		r.Note += "; " + notHeldOut
	default:
		r.JSHeldOut, err = distance(odd, even)
	}
	return r, err
}

// tableParameters is 2^bits - 1, the largest int where that has no room.
func tableParameters(bits int) int {
	if bits >= 63 {
		return math.MaxInt
	}
	return 1<<bits - 1
}

func (b baseline) measure(all, odd, even *States, halves bool, opt BaselineOptions) (BaselineResult, error) {
	r := BaselineResult{Name: b.name}
	if b.maxBits > 0 && all.Bits() > b.maxBits {
		r.Parameters = maxEntParameters(b.name, all.Bits())
		switch {
		case all.Bits() > MonteCarloBits:
			r.Note = fmt.Sprintf("n*t = %d > %d: the fit by Monte Carlo takes too long", all.Bits(), MonteCarloBits)
		case opt.Rand == nil:
			r.Note = fmt.Sprintf("n*t = %d > %d: the fit needs a table of all 2^(n*t) states, or draws, and there are none", all.Bits(), b.maxBits)
		default:
			return r, r.monteCarlo(all, odd, even, halves, opt)
		}
		return r, nil
	}
	m, err := b.fit(all)
	if err != nil {
		return r, err
	}
	r.Parameters = m.Parameters()
	js := all.JSSeen(ProbSeen(m, all))
	r.JS = &js
	r.addResidual(m)
	switch {
	case opt.NoHeldOut:
	case !halves:
		r.Note = notHeldOut
	default:
		h, err := b.fit(odd)
		if err != nil {
			return r, err
		}
		q := ProbSeen(h, even)
		js := even.JSSeen(q)
		r.JSHeldOut, r.LogLikelihoodHeldOut = &js, FiniteOrNil(even.LogLikelihoodSeen(q))
		r.addResidual(h)
	}
	if r.Residual != nil && *r.Residual > maxEntTolerance {
		r.Note = fmt.Sprintf("the fit stopped with moments off by up to %.1e", *r.Residual)
	}
	return r, nil
}

// monteCarlo fills in the figures of a maximum-entropy law that has no table.
func (r *BaselineResult) monteCarlo(all, odd, even *States, halves bool, opt BaselineOptions) error {
	counts := r.Name == "k-pairwise"
	effort := cmp.Or(opt.effort, mcDefault)
	m, err := fitMonteCarlo(all, counts, opt.Rand, effort)
	if err != nil {
		r.Note = err.Error()
		return nil
	}
	js, stderr := m.jsSeen(all)
	residual := m.Residual
	r.JS, r.StdErr, r.Residual = &js, &stderr, &residual
	r.Note = fmt.Sprintf("by Monte Carlo: JS ± %.1g, moments off by up to %.1g", stderr, residual)
	switch {
	case opt.NoHeldOut:
	case !halves:
		r.Note += "; " + notHeldOut
	default:
		h, err := fitMonteCarlo(odd, counts, opt.Rand, effort)
		if err != nil {
			r.Note += "; held out: " + err.Error()
			return nil
		}
		q := ProbSeen(h, even)
		js := even.JSSeen(q)
		r.JSHeldOut, r.LogLikelihoodHeldOut = &js, FiniteOrNil(even.LogLikelihoodSeen(q))
	}
	return nil
}

// maxEntParameters counts the parameters of a maximum-entropy model of so many
// bits.
func maxEntParameters(name string, bits int) int {
	p := bits * (bits + 1) / 2
	if name == "k-pairwise" {
		p += max(0, bits-2)
	}
	return p
}

func (r *BaselineResult) addResidual(m Model) {
	if f, ok := m.(*MaxEnt); ok {
		v := f.Residual
		if r.Residual != nil {
			v = max(v, *r.Residual)
		}
		r.Residual = &v
	}
}
