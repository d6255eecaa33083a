package training

import (
	"fmt"
	"math"

	"qgan/metrics"
)

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

// aims are the statistics of a recording, each bin of its repeats by its share in cover, and the weights
// of being off: of each statistic the reciprocal of the variance of its mean, as the repeats show
// it, shared out so that each part counts as much as another.
type aims struct {
	mean, weight []float64
	ends         [momentParts + 1]int // of the parts
}

func (m *moments) aims(s *populationSource, cover []float64) (*aims, error) {
	a := &aims{make([]float64, m.size), make([]float64, m.size), [...]int{0, m.pairs, m.traces, m.own, m.counts, m.quiet, m.size}}
	squares, one := make([]float64, m.size), make([]float64, m.size)
	repeats := float64(s.raster.Repeats)
	var places []place
	for b, share := range cover {
		if share > 0 {
			places = append(places, place{bin: b})
		}
	}
	for rep := range s.raster.Repeats {
		for i := range places {
			places[i].rep = rep
		}
		clear(one)
		err := s.at(places, func(_ int, of *scenes, words []uint64) error {
			for i := range of.lanes {
				share := cover[of.bins[i]]
				m.each(of, i, words[i*m.gen.stride:][:m.gen.stride], func(k int, x float64) { one[k] += x * share })
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
	all := float64(len(places)) * repeats
	for part, from := range a.ends[:momentParts] {
		to := a.ends[part+1]
		for k := from; k < to; k++ {
			variance := (squares[k] - a.mean[k]*a.mean[k]) / max(1, repeats-1)
			least := (a.mean[k] + 1/all) / all // of spikes that come by chance
			a.weight[k] = 1 / (max(variance, least) * float64(to-from))
		}
	}
	return a, nil
}

// Misfit is how far statistics of samples that run freely are from a recording's, in standard
// errors of the recording's, as its repeats show them: of each part the root of the mean
// square over its statistics.
type Misfit struct {
	Rates    float64 `json:"rates"`
	Pairs    float64 `json:"pairs"`    // spikes of two cells in a bin
	Traces   float64 `json:"traces"`   // spikes of each cell after those of all
	Own      float64 `json:"own"`      // a cell's spikes after its own, at short lags
	Counts   float64 `json:"counts"`   // bins with so many spikes
	Silences float64 `json:"silences"` // that go on
}

// parts are the parts, in their order.
func (m *Misfit) parts() [momentParts]*float64 {
	return [...]*float64{&m.Rates, &m.Pairs, &m.Traces, &m.Own, &m.Counts, &m.Silences}
}

// String says the parts in words.
func (m Misfit) String() string {
	return fmt.Sprintf("rates %.3g, pairs %.3g, traces %.3g, own lags %.3g, counts %.3g, silences %.3g", m.Rates, m.Pairs, m.Traces, m.Own, m.Counts, m.Silences)
}

// Total is the root of the mean square of the parts.
func (m Misfit) Total() float64 {
	sum := 0.0
	for _, x := range m.parts() {
		sum += *x * *x
	}
	return math.Sqrt(sum / momentParts)
}

// leastGain is what part of the misfit before it a stage must come below to be kept: by chance
// alone the nearest of its steps is nearer by some hundredths.
const leastGain = 0.95

// Helps says whether a stage that ends with the misfit is kept, given the one before it.
func (m Misfit) Helps(before Misfit) bool { return m.Total() < leastGain*before.Total() }

// misfit is that of mean statistics.
func (a *aims) misfit(mean []float64) (m Misfit) {
	for part, to := range m.parts() {
		for k := a.ends[part]; k < a.ends[part+1]; k++ {
			*to += a.weight[k] * (mean[k] - a.mean[k]) * (mean[k] - a.mean[k])
		}
		*to = math.Sqrt(*to)
	}
	return m
}

// orNil is a pointer to a misfit that JSON has numbers for.
func (m Misfit) orNil() *Misfit {
	if metrics.FiniteOrNil(m.Total()) == nil {
		return nil
	}
	return &m
}
