package shots

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"qgan/backends"
	"qgan/internal/stream"
	"qgan/ir"
	"qgan/training"
)

// Estimator takes laws and gradients from shots: a Differentiator whose laws are the
// frequencies of measured words, or the signed weights that readout mitigation gives, and
// whose derivatives are those of the linear function that Backward is told of. What
// Backward measures is independent of what Forward measured, so a function that was made
// from the frequencies of Forward leaves the derivative unbiased.
//
// Words are a function of the seed, the step and the number of the call within it, so
// that a step that is taken again asks for the same shots.
type Estimator struct {
	Runner     backends.Runner
	Mitigation backends.Mitigation
	Gradient   training.Gradient
	// Shots of each circuit. Where MaxShots is larger, the shots of shifted circuits are
	// allocated between the two from the variances measured so far (see allocate), and
	// laws take MaxShots.
	Shots, MaxShots int
	// Perturbation of SPSA, in radians, at step 0; 0: 0.2. It falls with the step to the
	// power 0.101 (Spall 1998).
	Perturbation float64
	// Share of the symbols that training.GradientGuided shifts; 0: a quarter.
	Share float64
	Seed  uint64

	step, call uint64
	moments    *training.Moments // nil: nobody keeps them
	jobs       []string
	used       training.Usage
	last       *GradientEstimate
}

// NewEstimator measures what a configuration asks for.
func NewEstimator(c training.Config, on backends.Runner) *Estimator {
	return &Estimator{
		Runner: on, Mitigation: c.Mitigation, Gradient: c.Gradient,
		Shots: c.Shots, MaxShots: c.MaxShots, Perturbation: c.Perturbation, Seed: c.Seed,
	}
}

// Begin starts a step.
func (e *Estimator) Begin(step int, m *training.Moments) {
	e.step, e.call, e.moments = uint64(step), 0, m
	e.used, e.jobs, e.last = training.Usage{}, nil, nil
}

// Measured tells what the step has measured so far.
func (e *Estimator) Measured() training.MeasuredRow {
	row := training.MeasuredRow{Circuits: e.used.Circuits, Shots: e.used.Shots}
	if e.last != nil {
		row.Gradient, row.ShotError, row.LatentError = e.last.Norms()
	}
	return row
}

// Last returns the gradient of the last Backward; nil before.
func (e *Estimator) Last() *GradientEstimate { return e.last }

// GradientEstimate is a gradient with its error. Values are those of trained rows x
// symbols of the circuit, one row after the other.
type GradientEstimate struct {
	Value []float64
	// ShotVariance is the part of each value's variance that is due to shots, Latents that
	// due to the lanes (latent vectors) that were drawn: none where there is only one.
	ShotVariance, LatentVariance []float64
}

// Norms returns the length of the gradient and the standard deviations of its error, from
// shots and from latent vectors: the square roots of the summed variances.
func (g *GradientEstimate) Norms() (gradient, shots, latents float64) {
	for i, x := range g.Value {
		gradient += x * x
		shots += g.ShotVariance[i]
		latents += g.LatentVariance[i]
	}
	return math.Sqrt(gradient), math.Sqrt(shots), math.Sqrt(latents)
}

// Differentiate prepares a circuit without measurements to be measured whole.
func (e *Estimator) Differentiate(c *ir.Circuit, o backends.Observable) (backends.Differentiable, error) {
	if o != backends.Probabilities {
		return nil, errors.New("shots estimate probabilities; expectation values are linear in them")
	}
	if c.Qubits > training.MaxNeurons {
		return nil, fmt.Errorf("circuit %q has %d qubits, frequencies are kept of at most %d", c.Name, c.Qubits, training.MaxNeurons)
	}
	open, places, err := ir.Occurrences(c)
	if err != nil {
		return nil, err
	}
	open.MeasureAll()
	return &measuredLaw{Estimator: e, circuit: c, open: open, places: places, width: 1 << c.Qubits}, nil
}

// Evaluator is Differentiate for those who want laws alone.
func (e *Estimator) Evaluator(c *ir.Circuit, o backends.Observable) (backends.Evaluator, error) {
	return e.Differentiate(c, o)
}

// measuredLaw is a circuit prepared by an Estimator.
type measuredLaw struct {
	*Estimator
	circuit *ir.Circuit
	open    *ir.Circuit // its places as symbols, measured
	places  []ir.Occurrence
	width   int
	at      backends.Bindings // of the last Forward
}

// run measures rows of the places' angles.
func (l *measuredLaw) run(ctx context.Context, rows [][]float64, shots []int) ([]backends.Outcome, error) {
	seed := stream.New(l.Seed, "shots", l.step, l.call).Uint64()
	l.call++
	results, err := l.Runner.Run(ctx, []backends.Request{{
		Circuit: l.open, Bindings: backends.Bindings{Trained: rows}, Shots: shots, Seed: seed, Mitigation: l.Mitigation,
	}})
	if err != nil {
		return nil, err
	}
	l.jobs = append(l.jobs, results[0].Provenance.Jobs...)
	l.used.Circuits += len(rows)
	for i := range rows {
		l.used.Shots += shots[min(i, len(shots)-1)]
	}
	return results[0].Outcomes, nil
}

// angles evaluates the places of a lane.
func (l *measuredLaw) angles(trained, data []float64) []float64 {
	out := make([]float64, len(l.places))
	for k, p := range l.places {
		out[k] = p.Angle.Value(trained, data)
	}
	return out
}

// Values writes the frequencies of every lane.
func (l *measuredLaw) Values(ctx context.Context, b backends.Bindings, values []float64) error {
	rows := make([][]float64, b.Len())
	for i := range rows {
		rows[i] = l.angles(b.Row(i))
	}
	outcomes, err := l.run(ctx, rows, []int{max(l.Shots, l.MaxShots)})
	if err != nil {
		return err
	}
	clear(values)
	for i, o := range outcomes {
		law := values[i*l.width:][:l.width]
		for j, c := range o.Counts {
			if o.Weights != nil {
				law[c.Word] = o.Weights[j]
			} else {
				law[c.Word] = float64(c.N) / float64(o.Shots)
			}
		}
	}
	return nil
}

// Forward is Values; Backward measures anew.
func (l *measuredLaw) Forward(ctx context.Context, b backends.Bindings, values []float64) error {
	b = b.Filled()
	l.at = backends.Bindings{Trained: rowsCopy(b.Trained), Data: rowsCopy(b.Data), Lanes: slices.Clone(b.Lanes)}
	return l.Values(ctx, b, values)
}

func rowsCopy(rows [][]float64) [][]float64 {
	out := make([][]float64, len(rows))
	for i, r := range rows {
		out[i] = slices.Clone(r)
	}
	return out
}

// Backward estimates the derivative of the sum over lanes and words of upstream x law.
func (l *measuredLaw) Backward(ctx context.Context, upstream, trained, data []float64) error {
	symbols := len(l.circuit.Trained)
	g := gradients{law: l, upstream: upstream, trained: trained, data: data, byRow: make([]laneSums, len(l.at.Trained)*symbols)}
	var err error
	switch l.Gradient {
	case training.GradientShift:
		err = g.shift(ctx, func(int) bool { return true })
	case training.GradientSPSA, training.GradientGuided:
		if data != nil && len(l.circuit.Data) > 0 {
			return fmt.Errorf("gradient %s: angles that are computed from a memory are shifted one by one; use %s", l.Gradient, training.GradientShift)
		}
		guided := l.guided()
		if len(guided) > 0 {
			err = g.shift(ctx, func(i int) bool { return guided[i] })
		}
		if err == nil {
			err = g.perturb(ctx, guided)
		}
	default:
		err = fmt.Errorf("gradient %q is not taken from shots", l.Gradient)
	}
	if err != nil {
		return err
	}
	e := &GradientEstimate{}
	for _, s := range g.byRow {
		value, shots, latents := s.figures()
		e.Value, e.ShotVariance, e.LatentVariance = append(e.Value, value), append(e.ShotVariance, shots), append(e.LatentVariance, latents)
	}
	l.last = e
	if l.moments != nil {
		training.Remember(&l.moments.Derivatives, e.Value, derivativeMemory)
	}
	return nil
}

// gradients takes one Backward.
type gradients struct {
	law                     *measuredLaw
	upstream, trained, data []float64
	byRow                   []laneSums // trained rows x symbols
}

// laneSums gathers the derivatives that the lanes of one row give for a symbol.
type laneSums struct {
	lanes             int
	sum, square, shot float64
}

func (s *laneSums) add(value, variance float64) {
	s.lanes++
	s.sum += value
	s.square += value * value
	s.shot += variance
}

// figures returns the sum, and the parts of its variance. Lanes are independent, so that
// of the sum is lanes x the variance between them, which holds the shots' as well.
func (s *laneSums) figures() (value, shots, latents float64) {
	if n := float64(s.lanes); n > 1 {
		latents = max(0, n/(n-1)*(s.square-s.sum*s.sum/n)-s.shot)
	}
	return s.sum, s.shot, latents
}

// function returns what lane i is asked the expectation of; ok is false where it is
// constant, as its derivative is then 0.
func (g *gradients) function(lane int) (f []float64, ok bool) {
	f = g.upstream[lane*g.law.width:][:g.law.width]
	return f, slices.Max(f) > slices.Min(f)
}

// expectation returns the mean of f over the shots of an outcome and the variance of the
// mean. With signed weights the variance leaves out that weights are correlated, but for
// their sum.
func expectation(o backends.Outcome, f []float64) (mean, variance float64) {
	if o.Weights != nil {
		for j, c := range o.Counts {
			mean += o.Weights[j] * f[c.Word]
		}
		for j, c := range o.Counts {
			variance += o.Variances[j] * (f[c.Word] - mean) * (f[c.Word] - mean)
		}
		return mean, variance
	}
	n := float64(o.Shots)
	for _, c := range o.Counts {
		mean += float64(c.N) * f[c.Word]
	}
	mean /= n
	for _, c := range o.Counts {
		variance += float64(c.N) * (f[c.Word] - mean) * (f[c.Word] - mean)
	}
	if o.Shots > 1 {
		variance /= n - 1
	}
	return mean, variance / n
}

// shift adds the derivatives by the symbols that are wanted, and by the data.
func (g *gradients) shift(ctx context.Context, want func(symbol int) bool) error {
	l := g.law
	symbols, inputs, places := len(l.circuit.Trained), len(l.circuit.Data), len(l.places)
	shots := l.allocate(len(l.at.Trained))
	type shifted struct{ lane, place, term int }
	var rows [][]float64
	var each []int
	var of []shifted
	terms := make([][]ir.ShiftTerm, places)
	for k, p := range l.places {
		terms[k] = p.Terms()
	}
	counts := func(row, place int) bool {
		for _, t := range l.places[place].Angle.Terms {
			if t.Trained != ir.None && g.trained != nil && want(row*symbols+int(t.Trained)) || t.Data != ir.None && g.data != nil {
				return true
			}
		}
		return false
	}
	for i := range l.at.Len() {
		if _, ok := g.function(i); !ok {
			continue
		}
		at := l.at.Lane(i)
		base := l.angles(l.at.Row(i))
		for k := range l.places {
			if !counts(at.Trained, k) {
				continue
			}
			for r, t := range terms[k] {
				row := slices.Clone(base)
				row[k] += t.Shift
				rows, of, each = append(rows, row), append(of, shifted{i, k, r}), append(each, shots[at.Trained*places+k])
			}
		}
	}
	if len(rows) == 0 {
		return nil
	}
	outcomes, err := l.run(ctx, rows, each)
	if err != nil {
		return err
	}
	variances := newVariances(len(shots))
	values, errors := make([]float64, symbols), make([]float64, symbols) // of a lane
	for n := 0; n < len(of); {
		lane := of[n].lane
		at, f := l.at.Lane(lane), g.upstream[of[n].lane*l.width:][:l.width]
		trained, data := l.at.Trained[at.Trained], l.at.Data[at.Data]
		clear(values)
		clear(errors)
		for n < len(of) && of[n].lane == lane {
			k, slope, variance := of[n].place, 0.0, 0.0
			for ; n < len(of) && of[n].lane == lane && of[n].place == k; n++ {
				coef := terms[k][of[n].term].Coef
				mean, v := expectation(outcomes[n], f)
				slope += coef * mean
				variance += coef * coef * v
				variances.add(at.Trained*places+k, coef*coef*v*float64(each[n]))
			}
			if g.trained != nil {
				for s, by := range factors(l.places[k].Angle, data) {
					values[s] += by * slope
					errors[s] += by * by * variance
				}
			}
			for _, t := range l.places[k].Angle.Terms {
				if t.Data != ir.None && g.data != nil {
					by := t.Coef
					if t.Trained != ir.None {
						by *= trained[t.Trained]
					}
					g.data[lane*inputs+int(t.Data)] += by * slope
				}
			}
		}
		if g.trained == nil {
			continue
		}
		for s, x := range values {
			i := at.Trained*symbols + s
			if want(i) {
				g.trained[i] += x
				g.byRow[i].add(x, errors[s])
			}
		}
	}
	if l.moments != nil {
		training.Remember(&l.moments.ShotVariances, variances.mean(), varianceMemory)
	}
	return nil
}

// perturb adds the derivatives of all symbols but those that were shifted, by SPSA.
func (g *gradients) perturb(ctx context.Context, shifted map[int]bool) error {
	l := g.law
	symbols := len(l.circuit.Trained)
	width := l.Perturbation
	if width == 0 {
		width = 0.2
	}
	width /= math.Pow(float64(l.step)+1, 0.101)
	var rows [][]float64
	var lanes []int
	signs := map[int][]float64{}
	for i := range l.at.Len() {
		if _, ok := g.function(i); !ok {
			continue
		}
		at := l.at.Lane(i)
		rng := stream.New(l.Seed, "spsa", l.step, uint64(i))
		sign, moved := make([]float64, symbols), make([]float64, symbols)
		for s := range sign {
			sign[s] = float64(2*rng.IntN(2) - 1)
			if shifted[at.Trained*symbols+s] {
				sign[s] = 0
			}
		}
		for _, way := range []float64{1, -1} {
			for s, x := range l.at.Trained[at.Trained] {
				moved[s] = x + way*width*sign[s]
			}
			rows = append(rows, l.angles(moved, l.at.Data[at.Data]))
		}
		lanes, signs[i] = append(lanes, i), sign
	}
	if len(rows) == 0 {
		return nil
	}
	outcomes, err := l.run(ctx, rows, []int{max(l.Shots, l.MaxShots)})
	if err != nil {
		return err
	}
	for n, i := range lanes {
		f, at := g.upstream[i*l.width:][:l.width], l.at.Lane(i)
		plus, v := expectation(outcomes[2*n], f)
		minus, w := expectation(outcomes[2*n+1], f)
		slope, variance := (plus-minus)/(2*width), (v+w)/(4*width*width)
		for s, sign := range signs[i] {
			if sign == 0 {
				continue
			}
			g.trained[at.Trained*symbols+s] += slope * sign
			g.byRow[at.Trained*symbols+s].add(slope*sign, variance)
		}
	}
	return nil
}

// guided returns the symbols that training.GradientGuided shifts, indexed by trained row and
// symbol: those with the largest mean derivatives so far.
func (l *measuredLaw) guided() map[int]bool {
	if l.Gradient != training.GradientGuided {
		return nil
	}
	share := l.Share
	if share == 0 {
		share = 0.25
	}
	size := len(l.at.Trained) * len(l.circuit.Trained)
	order := make([]int, size)
	for i := range order {
		order[i] = i
	}
	if known := l.known(func(m *training.Moments) []float64 { return m.Derivatives }, size); known != nil {
		slices.SortStableFunc(order, func(a, b int) int { return cmpDescending(math.Abs(known[a]), math.Abs(known[b])) })
	} else {
		stream.New(l.Seed, "guided").Shuffle(size, func(i, j int) { order[i], order[j] = order[j], order[i] })
	}
	out := map[int]bool{}
	for _, i := range order[:int(math.Ceil(share*float64(size)))] {
		out[i] = true
	}
	return out
}

func cmpDescending(a, b float64) int {
	switch {
	case a > b:
		return -1
	case a < b:
		return 1
	}
	return 0
}

// known returns one of the running means where it fits.
func (l *measuredLaw) known(of func(*training.Moments) []float64, size int) []float64 {
	if l.moments == nil || len(of(l.moments)) != size {
		return nil
	}
	return of(l.moments)
}
