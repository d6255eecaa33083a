package score

import (
	"math"
	"math/rand/v2"
	"slices"

	"qgan/internal/parallel"
	"qgan/metrics/spikes"
)

// boxes are the ranges of lags in bins over which spikes are counted.
var boxes = [][2]int{{1, 1}, {2, 2}, {3, 4}, {5, 8}}

const (
	glmReach = 8 // bins, the last of the boxes
	glmBurn  = 50
	// driveRidge and ownRidge hold the drive's coefficient near 1 and a cell's own
	// history near 0: loosely, since most cells have a refractory time.
	driveRidge = 1
	ownRidge   = 1
	glmCells   = 6 // that the penalty is chosen by
)

// penalties are the ridges of coupling that are tried.
var penalties = []float64{3, 30, 100, 300, 1000}

// GLM is a point process in bins (Pillow et al., Nature 454, 995, 2008, with a logistic
// link): given the past, the cells fire independently with
//
//	logit p_i(b) = β_i + g_i d_i(b) + sum over cells j and boxes k of w_ijk n_jk(b),
//
// n_jk(b) the spikes of cell j in the bins b-8 to b-5, b-4 to b-3, b-2 and b-1, the cell
// itself among them. Where there are repeats of one stimulus, the drive d_i is the logit
// of the [PSTH]. The past of a repeat begins with silence.
type GLM struct {
	Penalty float64 // chosen ridge of coupling

	neurons int
	bins    int // of the drive; 0: there is none
	width   float64
	bias    []float64
	drive   []float64 // g_i d_i, [bin*neurons+cell]
	weights []float64 // [(lag-1)*neurons+from)*neurons+to]
	counted int
}

// FitGLM fits by penalised maximum likelihood, each cell by itself (IRLS): Gaussian priors
// around 0 for history and coupling and around 1 for g. The precision of the former is
// chosen for couplings by repeats that are held out, of up to six cells, and small for own history. It fails for a raster without
// bins. A single repeat, and repeats of different stimuli, give no drive.
func FitGLM(r *spikes.Raster, aligned bool, workers int) (*GLM, error) {
	if r.Repeats*r.Bins == 0 || r.Neurons == 0 {
		return nil, noFit("the recording has no bins")
	}
	aligned = aligned && r.Repeats > 1
	cells := make([]int, r.Neurons)
	for i := range cells {
		cells[i] = i
	}
	penalty := penalties[len(penalties)/2]
	if r.Repeats >= smoothFolds {
		var fit, held []int
		for rep := range r.Repeats {
			if rep%smoothFolds == smoothFolds-1 {
				held = append(held, rep)
			} else {
				fit = append(fit, rep)
			}
		}
		some, err := r.SelectRepeats(fit, "")
		if err != nil {
			return nil, err
		}
		rest, err := r.SelectRepeats(held, "")
		if err != nil {
			return nil, err
		}
		few := cells
		if len(cells) > glmCells {
			few = make([]int, glmCells)
			for k := range few {
				few[k] = k * len(cells) / glmCells
			}
		}
		best := math.Inf(-1)
		for _, p := range penalties {
			m, err := fitGLM(some, aligned, few, p, workers)
			if err != nil {
				return nil, err
			}
			sum := 0.0
			m.likelihood(rest, few, func(_ int, x float64) { sum += x })
			if sum > best {
				best, penalty = sum, p
			}
		}
	}
	return fitGLM(r, aligned, cells, penalty, workers)
}

// fitGLM fits some of the cells, with all of them in their past.
func fitGLM(r *spikes.Raster, aligned bool, cells []int, penalty float64, workers int) (*GLM, error) {
	n := r.Neurons
	m := &GLM{Penalty: penalty, neurons: n, width: r.BinWidth, bias: make([]float64, n), weights: make([]float64, glmReach*n*n)}
	var psth *PSTH
	if aligned {
		var err error
		if psth, err = FitPSTH(r); err != nil {
			return nil, err
		}
		m.bins = r.Bins
		m.drive = make([]float64, n*r.Bins)
		m.counted = psth.Parameters() + n
	}
	m.counted += n + n*n*len(boxes)
	x, fired := pastOf(r)
	rates := FitIndependent(r).rate
	size := 2 + n*len(boxes)
	ridge := make([]float64, size)
	for k := range ridge {
		ridge[k] = penalty
	}
	ridge[0], ridge[1] = 0, driveRidge
	parallel.Each(len(cells), workers, func(c, _ int) {
		i := cells[c]
		prior := make([]float64, size)
		ridge := slices.Clone(ridge)
		for k := range boxes {
			ridge[2+i*len(boxes)+k] = ownRidge
		}
		fit := logistic{x: x, y: fired[i], skip: -1, ridge: ridge, prior: prior}
		if psth == nil {
			prior[0] = logit(rates[i])
		} else {
			prior[1] = 1
			fit.drive = make([]float64, x.rows())
			for row := range fit.drive {
				fit.drive[row] = logit(psth.Chance(i, row%r.Bins))
			}
		}
		beta := fit.fit()
		m.bias[i] = beta[0]
		for b := range m.bins {
			m.drive[b*n+i] = beta[1] * logit(psth.Chance(i, b))
		}
		for k, box := range boxes {
			for lag := box[0]; lag <= box[1]; lag++ {
				for j := range n {
					m.weights[((lag-1)*n+j)*n+i] = beta[2+j*len(boxes)+k]
				}
			}
		}
	})
	return m, nil
}

func logit(p float64) float64 { return math.Log(p) - math.Log1p(-p) }

// pastOf are the spikes in the boxes before each bin, a row a bin, and whether each cell
// fired in it.
func pastOf(r *spikes.Raster) (*sparse, [][]bool) {
	n := r.Neurons
	x := &sparse{columns: n * len(boxes), start: []int{0}}
	fired := make([][]bool, n)
	for i := range fired {
		fired[i] = make([]bool, r.Repeats*r.Bins)
	}
	t := newTrains(n, r.Bins)
	columns, values := make([][]int32, r.Bins), make([][]float64, r.Bins)
	count := make([]float64, r.Bins)
	for rep := range r.Repeats {
		t.read(r, rep)
		for b := range columns {
			columns[b], values[b] = columns[b][:0], values[b][:0]
		}
		for i := range n {
			t.each(i, func(b int) { fired[i][rep*r.Bins+b] = true })
			for k, box := range boxes {
				clear(count)
				t.each(i, func(b int) {
					for lag := box[0]; lag <= box[1] && b+lag < r.Bins; lag++ {
						count[b+lag]++
					}
				})
				for b, c := range count {
					if c > 0 {
						columns[b], values[b] = append(columns[b], int32(i*len(boxes)+k)), append(values[b], c)
					}
				}
			}
		}
		for b := range columns {
			x.column, x.value = append(x.column, columns[b]...), append(x.value, values[b]...)
			x.start = append(x.start, len(x.column))
		}
	}
	return x, fired
}

// Name is glm.
func (*GLM) Name() string { return "glm" }

// Parameters are β, g and w of all cells, with those of the PSTHs.
func (m *GLM) Parameters() int { return m.counted }

// past adds up what spikes do to the logits of the bins after them: bins ahead in a ring.
type past struct {
	m    *GLM
	ring [glmReach + 1][]float64
	at   int
}

func newPast(m *GLM) *past {
	p := &past{m: m}
	for k := range p.ring {
		p.ring[k] = make([]float64, m.neurons)
	}
	return p
}

func (p *past) reset() {
	for _, x := range p.ring {
		clear(x)
	}
}

// fire adds the spike of a cell in this bin.
func (p *past) fire(j int) {
	n := p.m.neurons
	for lag := 1; lag <= glmReach; lag++ {
		to, w := p.ring[(p.at+lag)%len(p.ring)], p.m.weights[((lag-1)*n+j)*n:((lag-1)*n+j+1)*n]
		for i, v := range w {
			to[i] += v
		}
	}
}

// next goes on to the next bin.
func (p *past) next() {
	clear(p.ring[p.at])
	p.at = (p.at + 1) % len(p.ring)
}

// logits fills in those of a bin of the stimulus.
func (p *past) logits(bin int, eta []float64) {
	copy(eta, p.m.bias)
	for i, v := range p.ring[p.at] {
		eta[i] += v
	}
	if p.m.bins > 0 {
		for i, d := range p.m.drive[bin*p.m.neurons : (bin+1)*p.m.neurons] {
			eta[i] += d
		}
	}
}

// Sample draws repeats. Those that are not whole repeats of the stimulus run for 50 bins
// before they begin, so that they have a past.
func (m *GLM) Sample(rng *rand.Rand, repeats, bins int) *spikes.Raster {
	r := newSample(m, repeats, bins, m.neurons, m.width)
	p, eta := newPast(m), make([]float64, m.neurons)
	for rep := range repeats {
		p.reset()
		start, burn := 0, glmBurn
		if m.bins > 0 {
			start = startOf(rng, bins, m.bins)
			if bins >= m.bins {
				burn = 0
			}
		}
		for b := -burn; b < bins; b++ {
			at := 0
			if m.bins > 0 {
				at = max(0, start+b) % m.bins
			}
			p.logits(at, eta)
			for i, e := range eta {
				if rng.Float64() < sigmoid(e) {
					p.fire(i)
					if b >= 0 {
						r.Set(rep, b, i, true)
					}
				}
			}
			p.next()
		}
	}
	return r
}

// LogLikelihoods are ln p of each repeat in nats; NaN for repeats of another length than
// the stimulus.
func (m *GLM) LogLikelihoods(r *spikes.Raster) []float64 {
	cells := make([]int, m.neurons)
	for i := range cells {
		cells[i] = i
	}
	out := make([]float64, r.Repeats)
	m.likelihood(r, cells, func(rep int, x float64) { out[rep] += x })
	return out
}

// likelihood adds ln p of some cells, bin after bin.
func (m *GLM) likelihood(r *spikes.Raster, cells []int, add func(rep int, x float64)) {
	p, eta := newPast(m), make([]float64, m.neurons)
	t, lists := newTrains(r.Neurons, r.Bins), make([][]int32, r.Bins)
	for rep := range r.Repeats {
		if m.bins > 0 && r.Bins != m.bins {
			add(rep, math.NaN())
			continue
		}
		p.reset()
		t.read(r, rep)
		activeIn(t, lists)
		for b, fired := range lists {
			p.logits(b, eta)
			sum := 0.0
			for _, i := range cells {
				s, _ := softplus(eta[i])
				sum -= s
				if t.of(i)[b>>6]>>(b&63)&1 == 1 {
					sum += eta[i]
				}
			}
			add(rep, sum)
			for _, j := range fired {
				p.fire(int(j))
			}
			p.next()
		}
	}
}
