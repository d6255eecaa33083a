package training

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"qgan/backends"
	"qgan/internal/named"
	"qgan/internal/parallel"
	"qgan/ir"
	"qgan/metrics/spikes"
)

// Population is the generator of many cells over whole repeats: a law of the next word
// given the words before it in the repeat and, with StimulusRepeat, the bin of the repeat. It
// knows the probability of a word and draws words, but never the law over all of them, so it
// takes dozens of cells. One circuit makes all bins. Its inputs are computed before each:
//
//	y_q  = 2 arcsin √(1/(1 + exp(-eta_q)))         of the last RY
//	eta_q = b_q + g_q D_q(bin) + B tanh(raw_q/B)   the cell's log-odds of a spike, B = 3
//	t_q  = w_q 2 sin(y_q/2) sin(y_(q+1)/2)         of the pair rotations
//	e_lq = A tanh(raw_lq/A)                        of the encodings, A = π/2
//
// so that a cell that no pair ties fires with probability 1/(1 + exp(-eta)), and a pair is
// tied where both cells are driven and free in silence. raw is the memory,
//
//	raw = sum over j, d of W_jd (T_jd - C_jd(bin)) + sum over m of v_m x_q(k-m) + sum over i of u_i S_i,
//	T_jd(k) = sum over m of d^(m-1) x_j(k-m),      d in the decays,
//
// of leaky traces of all cells' bits, less what they are in that bin if all cells fire as the
// stimulus says (C, 0 without a stimulus), of a cell's own bits, and of silences: S_i is 1
// where the last silentRuns[i] bins had no spike of any cell. All begin at 0 with the repeat
// or the sample. D is the stimulus (see stimulusOdds), at first the recording's PSTH.
//
// Cells lie along the qubits in the order of [Config.Chain]: rows of this type's own code are
// in the order of the qubits, rasters and words of others in that of the recording.
type Population struct {
	ansatz     ir.Ansatz
	config     Config
	order      []int // the cell at each qubit
	outputs    int   // numbers that the memory gives
	parts      populationParts
	words      backends.WordEvaluator
	stride     int // of a row
	decays     []float64
	traceCount int      // a decay and cell each
	judge      struct { // what chooses the best parameters
		of     *spikes.Raster
		source *populationSource
	}

	// The lanes of the last run.
	params []float64
	of     *scenes
	traces []float64 // lanes x traces: T - C
	raw    []float64 // lanes x outputs: e, then what the memory adds to eta
	inputs []float64 // lanes x inputs
	rows   [][]float64
	grads  struct{ trained, data, raw, centre []float64 }
	centre centre
}

// traceDecays are the decays a bin of the memory's traces, of which the last is for a memory
// that has no stimulus beside it, silentRuns the silences that it sees, in bins.
var (
	traceDecays = [...]float64{0.5, 0.9, 0.97}
	silentRuns  = [...]int{1, 3, 7, longestSilence}
)

// decays are the decays of the traces of a population.
func (c Config) decays() []float64 {
	if c.Stimulus == StimulusNone {
		return traceDecays[:]
	}
	return traceDecays[:2]
}

// oddsBound is B.
const oddsBound = 3

// populationParts are the places where the parts of the parameters begin, in this order.
type populationParts struct {
	angles, base, weights, own, silence, gains, drive, pairs, end int
}

// populationRates are the parts' learning rates, in those of the angles.
var populationRates = struct{ base, weights, own, gains, drive, pairs float64 }{base: 1, weights: 1, own: 3, gains: 1, drive: 1, pairs: 1}

// NewPopulation prepares the generator on a simulator of words; it fails with [ErrIntractable]
// on what gives laws alone.
func NewPopulation(c Config, on backends.Solver) (*Population, error) {
	solver, ok := on.(backends.WordSolver)
	if !ok {
		return nil, fmt.Errorf("%w: a population's words are known on the ideal simulator alone", ErrIntractable)
	}
	g := newPopulation(c)
	err := g.ansatz.Check()
	if err == nil {
		g.order, err = parseChain(c.Chain, c.Neurons)
	}
	if err != nil {
		return nil, err
	}
	g.words, err = solver.Words(g.ansatz.Circuit())
	return g, err
}

// Method says how words are computed (see [backends.WordEvaluator]).
func (g *Population) Method() string { return g.words.Method() }

// newPopulation lays the generator's parameters out, without what runs its circuit.
func newPopulation(c Config) *Population {
	a := c.Ansatz()
	n := c.Neurons
	g := &Population{ansatz: a, config: c, decays: c.decays(), stride: backends.WordStride(n), traceCount: len(c.decays()) * n}
	if c.Memory != MemoryNone {
		if a.Memory {
			g.outputs += a.Encodings() * n
		}
		if c.MemoryIn != MemoryRX {
			g.outputs += n
		}
	}
	p := &g.parts
	at := 0
	place := func(to *int, size int) {
		*to = at
		at += size
	}
	stimulus := 0
	if c.Stimulus == StimulusRepeat {
		stimulus = 1
	}
	pairs := 0
	if a.Pairs {
		pairs = n - 1
	}
	base := 0
	if a.Drive {
		base = n
	}
	place(&p.angles, a.Angles())
	place(&p.base, base)
	place(&p.weights, g.outputs*g.traceCount)
	place(&p.own, g.outputs*c.OwnBits)
	place(&p.silence, g.outputs*len(silentRuns))
	place(&p.gains, stimulus*n)
	place(&p.drive, stimulus*driveSize(c))
	place(&p.pairs, pairs)
	p.end = at
	return g
}

// driveSize counts the numbers of the stimulus.
func driveSize(c Config) int {
	if r := c.StimulusRank; r > 0 {
		return c.Neurons + r*(c.StimulusBins+c.Neurons)
	}
	return c.StimulusBins * c.Neurons
}

// Parameters counts the numbers of the generator, those of a stimulus that stays as it was
// among them.
func (g *Population) Parameters() int { return g.parts.end }

func (g *Population) counts() Counts {
	p := g.parts
	return Counts{Angles: p.base, Rates: p.weights - p.base, Memory: p.gains - p.weights, Stimulus: p.pairs - p.gains, Pairs: p.end - p.pairs}
}

// rates are the learning rates of all parameters, in those of the angles.
func (g *Population) rates() []float64 {
	out := make([]float64, g.parts.end)
	fill := func(from, to int, rate float64) {
		for i := from; i < to; i++ {
			out[i] = rate
		}
	}
	p, r := g.parts, populationRates
	fill(p.angles, p.base, 1)
	fill(p.base, p.weights, r.base)
	fill(p.weights, p.own, r.weights)
	fill(p.own, p.gains, r.own)
	fill(p.gains, p.drive, r.gains)
	if g.config.StimulusTrained {
		fill(p.drive, p.pairs, r.drive)
	}
	fill(p.pairs, p.end, r.pairs)
	return out
}

// shrink draws the weights between cells a little towards 0, as a step at a learning rate
// does: held-out likelihood asks for it, where there are thousands.
func (g *Population) shrink(params []float64, rate float64) {
	keep := 1 - rate*populationRates.weights*g.config.Shrink
	n := g.config.Neurons
	weights := params[g.parts.weights:g.parts.own]
	for i := range weights {
		if o, s := i/g.traceCount, i%g.traceCount; o%n != s%n {
			weights[i] *= keep
		}
	}
}

// Init writes the start: earlier angles from U(-width, width), the stimulus that of a
// recording's repeats, so that without layers before it each cell fires as its PSTH says,
// without a stimulus at its rate, no memory yet but in the encodings, which have no slope at
// 0, and pairs that are hardly tied.
func (g *Population) Init(params []float64, width float64, r *spikes.Raster, rng *rand.Rand) {
	c, p, n := g.config, g.parts, g.config.Neurons
	clear(params)
	for i := range p.base {
		params[i] = (2*rng.Float64() - 1) * width
	}
	data := g.source(r).raster
	if c.Stimulus == StimulusNone {
		counts := psthCounts(data)
		for q := range n {
			spikes := 0.0
			for b := range data.Bins {
				spikes += counts[b*n+q]
			}
			rate := min(max(spikes, 0.5)/float64(data.Repeats*data.Bins), 0.999)
			if g.ansatz.Drive {
				params[p.base+q] = math.Log(rate / (1 - rate))
			} else {
				params[2*((c.Layers-1)*n+q)] = 2 * math.Asin(math.Sqrt(rate))
			}
		}
	}
	if g.ansatz.Memory {
		encodings := params[p.weights:][:g.ansatz.Encodings()*n*g.traceCount]
		for i := range encodings {
			encodings[i] = 0.1 * rng.NormFloat64()
		}
	}
	for i := p.pairs; i < p.end; i++ {
		params[i] = firstPair
	}
	if c.Stimulus == StimulusNone {
		return
	}
	for q := range n {
		params[p.gains+q] = 1
	}
	odds := stimulusOdds(data)
	if c.StimulusRank > 0 {
		lowRank(odds, c.StimulusBins, n, c.StimulusRank, params[p.drive:p.pairs])
		return
	}
	copy(params[p.drive:p.pairs], odds)
}

// firstPair is the weight that pair rotations start from.
const firstPair = 0.01

// driveAt is the stimulus of a cell in a bin.
func (g *Population) driveAt(params []float64, bin, q int) float64 {
	n, drive := g.config.Neurons, params[g.parts.drive:g.parts.pairs]
	r := g.config.StimulusRank
	if r == 0 {
		return drive[bin*n+q]
	}
	x, u, v := drive[q], drive[n+bin*r:][:r], drive[n+g.config.StimulusBins*r:]
	for k, a := range u {
		x += a * v[k*n+q]
	}
	return x
}

// addDrive adds the derivative by the stimulus of a cell in a bin.
func (g *Population) addDrive(params, grad []float64, bin, q int, up float64) {
	n := g.config.Neurons
	drive, to := params[g.parts.drive:g.parts.pairs], grad[g.parts.drive:g.parts.pairs]
	r := g.config.StimulusRank
	if r == 0 {
		to[bin*n+q] += up
		return
	}
	to[q] += up
	u, v := n+bin*r, n+g.config.StimulusBins*r
	for k := range r {
		to[u+k] += up * drive[v+k*n+q]
		to[v+k*n+q] += up * drive[u+k]
	}
}

// laneBlocks is how many lanes of inputs are computed as one piece of work.
const laneBlocks = 64

// eachLane calls f for all lanes, on all cores.
func eachLane(lanes int, f func(i int)) {
	parallel.Each((lanes+laneBlocks-1)/laneBlocks, runtime.GOMAXPROCS(0), func(block, _ int) {
		for i := block * laneBlocks; i < min(lanes, (block+1)*laneBlocks); i++ {
			f(i)
		}
	})
}

func dense(rows, columns int, data []float64) blas64.General {
	return blas64.General{Rows: rows, Cols: columns, Stride: max(1, columns), Data: data}
}

// bind computes the inputs of every scene.
func (g *Population) bind(params []float64, of *scenes) backends.Bindings {
	width := g.ansatz.Inputs()
	g.params, g.of = params, of
	g.raw, g.inputs = sized(g.raw, of.lanes*g.outputs), sized(g.inputs, of.lanes*width)
	if g.outputs > 0 && of.lanes > 0 {
		g.deviate(params, of)
		blas64.Gemm(blas.NoTrans, blas.Trans, 1, dense(of.lanes, g.traceCount, g.traces), dense(g.outputs, g.traceCount, params[g.parts.weights:g.parts.own]),
			0, dense(of.lanes, g.outputs, g.raw))
	}
	g.rows = g.rows[:0]
	for i := range of.lanes {
		g.rows = append(g.rows, g.inputs[i*width:][:width])
	}
	eachLane(of.lanes, func(i int) { g.bindLane(params, of, i) })
	return backends.Bindings{Trained: [][]float64{params[:g.parts.base]}, Data: g.rows}
}

// bound is that of the tanh of a number that the memory gives.
func (g *Population) bound(output int) float64 {
	if g.ansatz.Memory && output < g.ansatz.Encodings()*g.config.Neurons {
		return squash
	}
	return oddsBound
}

func (g *Population) bindLane(params []float64, of *scenes, i int) {
	n, own := g.config.Neurons, g.config.OwnBits
	raw, in := g.raw[i*g.outputs:][:g.outputs], g.rows[i]
	g.eachOwn(of, i, func(back, q int) {
		for o := q; o < len(raw); o += n {
			raw[o] += params[g.parts.own+o*own+back]
		}
	})
	for o, x := range raw {
		for k := range silences(of.silent[i]) {
			x += params[g.parts.silence+o*len(silentRuns)+k]
		}
		raw[o] = g.bound(o) * math.Tanh(x/g.bound(o))
	}
	encodings := 0
	if g.ansatz.Memory {
		encodings = copy(in, raw[:min(len(raw), g.ansatz.Encodings()*n)])
	}
	if !g.ansatz.Drive {
		return
	}
	y := in[g.ansatz.DriveInput():][:n]
	clear(y)
	copy(y, raw[encodings:])
	for q, eta := range y {
		eta += params[g.parts.base+q]
		if g.config.Stimulus == StimulusRepeat {
			eta += params[g.parts.gains+q] * g.driveAt(params, of.bins[i], q)
		}
		y[q] = 2 * math.Asin(math.Sqrt(chance(eta)))
	}
	if g.ansatz.Pairs {
		t := in[g.ansatz.PairInput():]
		for q := range n - 1 {
			t[q] = params[g.parts.pairs+q] * 2 * math.Sin(y[q]/2) * math.Sin(y[q+1]/2)
		}
	}
}

// chance is the probability of log-odds.
func chance(eta float64) float64 { return 1 / (1 + math.Exp(-eta)) }

// eachOwn calls f for each spike of the last bins: how many bins it lies back, from 0, and
// its qubit.
func (g *Population) eachOwn(of *scenes, i int, f func(back, q int)) {
	if g.outputs == 0 {
		return
	}
	own := g.config.OwnBits
	for back := range own {
		eachSpike(of.recent[(i*own+back)*g.stride:][:g.stride], func(q int) { f(back, q) })
	}
}

// logProbabilities writes ln p of a word of each scene.
func (g *Population) logProbabilities(ctx context.Context, params []float64, of *scenes, words []uint64, logp []float64) error {
	return g.words.LogProbabilities(ctx, g.bind(params, of), words, logp)
}

// forward is logProbabilities, and keeps what one backward needs.
func (g *Population) forward(ctx context.Context, params []float64, of *scenes, words []uint64, logp []float64) error {
	return g.words.Forward(ctx, g.bind(params, of), words, logp)
}

// backward takes the derivative of a scalar by every ln p of the last forward and adds that
// by the parameters to grad.
func (g *Population) backward(ctx context.Context, upstream, grad []float64) error {
	of, width, n := g.of, g.ansatz.Inputs(), g.config.Neurons
	trained := grad[:g.parts.base]
	g.grads.data, g.grads.raw = sized(g.grads.data, of.lanes*width), sized(g.grads.raw, of.lanes*g.outputs)
	clear(g.grads.data)
	clear(g.grads.raw)
	if err := g.words.Backward(ctx, upstream, trained, g.grads.data); err != nil {
		return err
	}
	encodings := 0
	if g.ansatz.Memory {
		encodings = min(g.outputs, g.ansatz.Encodings()*n)
	}
	for i := range of.lanes {
		in, up, raw := g.rows[i], g.grads.data[i*width:][:width], g.grads.raw[i*g.outputs:][:g.outputs]
		copy(raw, up[:encodings])
		g.backPairs(in, up, grad)
		if g.ansatz.Drive {
			y := in[g.ansatz.DriveInput():][:n]
			for q, x := range up[g.ansatz.DriveInput():][:n] {
				x *= math.Sin(y[q]) / 2 // dy/deta = √(p(1-p)), p = sin²(y/2)
				up[g.ansatz.DriveInput()+q] = x
				grad[g.parts.base+q] += x
				if g.config.Stimulus == StimulusRepeat {
					grad[g.parts.gains+q] += x * g.driveAt(g.params, of.bins[i], q)
					if g.config.StimulusTrained {
						g.addDrive(g.params, grad, of.bins[i], q, x*g.params[g.parts.gains+q])
					}
				}
			}
			copy(raw[encodings:], up[g.ansatz.DriveInput():][:n])
		}
		for o, m := range g.raw[i*g.outputs:][:g.outputs] {
			m /= g.bound(o)
			raw[o] *= 1 - m*m
		}
		g.eachOwn(of, i, func(back, q int) {
			for o := q; o < len(raw); o += n {
				grad[g.parts.own+o*g.config.OwnBits+back] += raw[o]
			}
		})
		for k := range silences(of.silent[i]) {
			for o, x := range raw {
				grad[g.parts.silence+o*len(silentRuns)+k] += x
			}
		}
	}
	if g.outputs > 0 && of.lanes > 0 {
		weights := dense(g.outputs, g.traceCount, g.params[g.parts.weights:g.parts.own])
		raw := dense(of.lanes, g.outputs, g.grads.raw)
		blas64.Gemm(blas.Trans, blas.NoTrans, 1, raw, dense(of.lanes, g.traceCount, g.traces),
			1, dense(g.outputs, g.traceCount, grad[g.parts.weights:g.parts.own]))
		if g.config.StimulusTrained {
			g.grads.centre = sized(g.grads.centre, of.lanes*g.traceCount)
			blas64.Gemm(blas.NoTrans, blas.NoTrans, -1, raw, weights, 0, dense(of.lanes, g.traceCount, g.grads.centre))
			g.backCentre(g.grads.centre, grad)
		}
	}
	return nil
}

// backPairs adds what the angles of the pair rotations hand on: to their weights and to the
// inputs of the drive.
func (g *Population) backPairs(in, up, grad []float64) {
	if !g.ansatz.Pairs {
		return
	}
	y, to := in[g.ansatz.DriveInput():], up[g.ansatz.DriveInput():]
	for q, x := range up[g.ansatz.PairInput():] {
		s0, c0 := math.Sincos(y[q] / 2)
		s1, c1 := math.Sincos(y[q+1] / 2)
		grad[g.parts.pairs+q] += x * 2 * s0 * s1
		x *= g.params[g.parts.pairs+q]
		to[q] += x * c0 * s1
		to[q+1] += x * s0 * c1
	}
}

// Circuit returns the circuit of all bins, its trained angles bound and its inputs open;
// Inputs gives these.
func (g *Population) Circuit(params []float64, _ int) (*ir.Circuit, error) {
	return g.ansatz.Circuit().Bind(params[:g.parts.base], nil)
}

// Measure adds the measurement of all cells to a circuit of the generator: bit i is cell i,
// wherever it lies along the chain.
func (g *Population) Measure(c *ir.Circuit) { c.MeasureInto(g.order) }

// Inputs returns the inputs of a bin of the repeat after rows of words, the last one just
// before it (see [spikes.Raster.Row]).
func (g *Population) Inputs(params []float64, bin int, past [][]uint64) ([]float64, error) {
	if err := g.checkBins(bin, 1); err != nil {
		return nil, err
	}
	t := g.newTrail()
	r := spikes.NewRaster(1, len(past), g.config.Neurons, 0)
	for b, row := range past {
		r.SetRow(0, b, row)
	}
	chained := g.chained(r)
	for b := range past {
		g.push(t, chained.Row(0, b))
	}
	of := g.newScenes(1)
	g.see(t, bin, of, 0)
	g.bind(params, of)
	return append([]float64(nil), g.inputs...), nil
}

// checkBins reports bins that a repeat does not have.
func (g *Population) checkBins(from, bins int) error {
	if most := g.config.StimulusBins; g.config.Stimulus == StimulusRepeat && (from < 0 || from+bins > most) {
		return named.Inputf("bins %d to %d of a repeat: the generator knows the stimulus of bins 0 to %d", from, from+bins-1, most-1)
	}
	return nil
}

// chained is a raster with its cells in the order of the qubits.
func (g *Population) chained(r *spikes.Raster) *spikes.Raster {
	out, err := r.Select(g.order)
	if err != nil {
		panic(fmt.Sprintf("training: cells of a chain: %v", err))
	}
	return out
}
