package training

import "math"

// moments are statistics of samples that run freely, each the mean over all bins of a
// number that a bin's word and what the memory keeps of the bins before it decide. With
// x the word, T the memory's traces and K the number of spikes of a bin they are, in this
// order,
//
//	x_q                        rates
//	x_q x_j                    pairs in a bin
//	x_q T_jd                   spikes after spikes, of all pairs at all lags
//	x_q(k) x_q(k-m)            a cell's own, at the lags of its own bits
//	K = 0 … n                  counts
//	S_i and K = 0              silences that go on
//
// so that no lag of a pair is on its own: of cells that fire rarely these are mostly noise.
type moments struct {
	gen                               *Population
	pairs, traces, own, counts, quiet int // where the parts begin, after the rates
	size                              int
}

// momentParts is how many parts there are.
const momentParts = 6

func newMoments(g *Population) *moments {
	n := g.config.Neurons
	m := &moments{gen: g, pairs: n}
	m.traces = m.pairs + n*(n-1)/2
	m.own = m.traces + n*g.traceCount
	m.counts = m.own + n*g.config.OwnBits
	m.quiet = m.counts + n + 1
	m.size = m.quiet + len(silentRuns)
	return m
}

// each calls f for the statistics that are not 0 of a word after a lane's scene.
func (m *moments) each(of *scenes, lane int, word []uint64, f func(k int, x float64)) {
	g := m.gen
	n, count := g.config.Neurons, 0
	traces := of.traces[lane*g.traceCount:][:g.traceCount]
	eachSpike(word, func(q int) {
		count++
		f(q, 1)
		eachSpike(word, func(j int) {
			if j < q {
				f(m.pairs+q*(q-1)/2+j, 1)
			}
		})
		for k, x := range traces {
			if x != 0 {
				f(m.traces+q*g.traceCount+k, x)
			}
		}
	})
	g.eachOwn(of, lane, func(back, q int) {
		if word[q/64]>>(63-q%64)&1 == 1 {
			f(m.own+back*n+q, 1)
		}
	})
	f(m.counts+count, 1)
	if count == 0 {
		for i := range silences(of.silent[lane]) {
			f(m.quiet+i, 1)
		}
	}
}

// aims are the statistics of a recording's bins from one on and the weights of being off: of each statistic the
// reciprocal of the variance of its mean, as the repeats show it, shared out so that each part
// counts as much as another.
type aims struct{ mean, weight []float64 }

func (m *moments) aims(s *populationSource, from int) (*aims, error) {
	a := &aims{make([]float64, m.size), make([]float64, m.size)}
	squares, one := make([]float64, m.size), make([]float64, m.size)
	repeats, bins := float64(s.raster.Repeats), float64(s.raster.Bins-from)
	places := make([]place, s.raster.Bins-from)
	for rep := range s.raster.Repeats {
		for b := range places {
			places[b] = place{rep, from + b}
		}
		clear(one)
		err := s.at(places, func(_ int, of *scenes, words []uint64) error {
			for i := range of.lanes {
				m.each(of, i, words[i*m.gen.stride:][:m.gen.stride], func(k int, x float64) { one[k] += x / bins })
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		for k, x := range one {
			a.mean[k] += x / repeats
			squares[k] += x * x / repeats
		}
	}
	ends := [momentParts + 1]int{0, m.pairs, m.traces, m.own, m.counts, m.quiet, m.size}
	for part, from := range ends[:len(ends)-1] {
		to := ends[part+1]
		for k := from; k < to; k++ {
			variance := (squares[k] - a.mean[k]*a.mean[k]) / max(1, repeats-1)
			least := (a.mean[k] + 1/(bins*repeats)) / (bins * repeats) // of spikes that come by chance
			a.weight[k] = 1 / (max(variance, least) * float64(to-from))
		}
	}
	return a, nil
}

// distance is the root of the weighted mean square of what statistics are off by, in
// standard errors of the recording's.
func (a *aims) distance(mean []float64) float64 {
	sum := 0.0
	for k, x := range mean {
		sum += a.weight[k] * (x - a.mean[k]) * (x - a.mean[k])
	}
	return math.Sqrt(sum / momentParts)
}
