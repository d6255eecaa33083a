package training

import (
	"math/rand/v2"
	"slices"

	"qgan/metrics/spikes"
)

// scenes are what decides the law of a word, a lane each: the bin of the repeat and what the
// memory keeps of the bins before.
type scenes struct {
	lanes  int
	bins   []int
	traces []float64 // lanes x traces: the cells of the first decay, then of the next
	recent []uint64  // lanes x own bits x stride, the last bin first
	silent []int     // the last bins without any spike, up to longestSilence
}

func (g *Population) newScenes(lanes int) *scenes {
	return &scenes{lanes, make([]int, lanes), make([]float64, lanes*g.traceCount), make([]uint64, lanes*g.config.OwnBits*g.stride), make([]int, lanes)}
}

// longestSilence is the longest silence that the memory tells from shorter ones.
const longestSilence = 20

// silences counts the silentRuns that a silence is as long as.
func silences(bins int) int {
	k := 0
	for k < len(silentRuns) && bins >= silentRuns[k] {
		k++
	}
	return k
}

// silentAfter is a silence that has gone on by a bin.
func silentAfter(before int, row []uint64) int {
	for _, w := range row {
		if w != 0 {
			return 0
		}
	}
	return min(before+1, longestSilence)
}

// first are the first scenes alone.
func (of *scenes) first(lanes int) *scenes {
	out := *of
	out.lanes = min(lanes, of.lanes)
	return &out
}

// trail is what the memory keeps of a sample that goes on bin by bin.
type trail struct {
	traces []float64
	recent []uint64
	silent int
}

func (g *Population) newTrail() *trail {
	return &trail{make([]float64, g.traceCount), make([]uint64, g.config.OwnBits*g.stride), 0}
}

// copyOf is a trail that goes on by itself.
func (t *trail) copyOf() *trail {
	return &trail{slices.Clone(t.traces), slices.Clone(t.recent), t.silent}
}

// push goes on by a bin.
func (g *Population) push(t *trail, row []uint64) {
	advance(t.traces, g.decays, row)
	t.silent = silentAfter(t.silent, row)
	if len(t.recent) > 0 {
		copy(t.recent[g.stride:], t.recent)
		copy(t.recent, row)
	}
}

// advance lets traces decay and adds the spikes of a bin.
func advance(traces, decays []float64, row []uint64) {
	n := len(traces) / max(1, len(decays))
	for d, decay := range decays {
		part := traces[d*n:][:n]
		for q := range part {
			part[q] *= decay
		}
		eachSpike(row, func(q int) { part[q]++ })
	}
}

// see makes a lane's scene of a bin of what the memory keeps.
func (g *Population) see(t *trail, bin int, of *scenes, lane int) {
	of.bins[lane] = bin
	copy(of.traces[lane*g.traceCount:], t.traces)
	copy(of.recent[lane*len(t.recent):], t.recent)
	of.silent[lane] = t.silent
}

// markEvery is how many bins lie between kept traces of a recording: those between are made
// of the ones before by the steps of a sample that goes on, and so are the same numbers.
const markEvery = 32

// populationSource is a recording from which scenes and words are taken.
type populationSource struct {
	gen    *Population
	raster *spikes.Raster // cells in the order of the qubits
	marks  []float64      // repeats x marks x traces
	each   int            // marks of a repeat
}

// source prepares a recording.
func (g *Population) source(r *spikes.Raster) *populationSource {
	s := &populationSource{gen: g, raster: g.chained(r), each: (r.Bins + markEvery - 1) / markEvery}
	if g.outputs == 0 {
		return s
	}
	s.marks = make([]float64, r.Repeats*s.each*g.traceCount)
	eachLane(r.Repeats, func(rep int) {
		traces := make([]float64, g.traceCount)
		for b := range r.Bins {
			if b%markEvery == 0 {
				copy(s.mark(rep, b), traces)
			}
			advance(traces, g.decays, s.raster.Row(rep, b))
		}
	})
	return s
}

func (s *populationSource) mark(rep, bin int) []float64 {
	k := s.gen.traceCount
	return s.marks[(rep*s.each+bin/markEvery)*k:][:k]
}

// place is a bin of a repeat of a recording.
type place struct{ rep, bin int }

// see writes the scenes before the bins at these places and the words in them.
func (s *populationSource) see(places []place, of *scenes, words []uint64) {
	g := s.gen
	own, stride := g.config.OwnBits, g.stride
	eachLane(len(places), func(i int) {
		rep, bin := places[i].rep, places[i].bin
		of.bins[i] = bin
		copy(words[i*stride:][:stride], s.raster.Row(rep, bin))
		if g.outputs == 0 {
			return
		}
		traces := of.traces[i*g.traceCount:][:g.traceCount]
		copy(traces, s.mark(rep, bin))
		for b := bin - bin%markEvery; b < bin; b++ {
			advance(traces, g.decays, s.raster.Row(rep, b))
		}
		for back := range own {
			to := of.recent[(i*own+back)*stride:][:stride]
			clear(to)
			if b := bin - 1 - back; b >= 0 {
				copy(to, s.raster.Row(rep, b))
			}
		}
		silent := 0
		for b := max(0, bin-longestSilence); b < bin; b++ {
			silent = silentAfter(silent, s.raster.Row(rep, b))
		}
		of.silent[i] = silent
	})
}

// draw draws so many places.
func (s *populationSource) draw(count int, rng *rand.Rand) []place {
	out := make([]place, count)
	for i := range out {
		out[i] = place{rng.IntN(s.raster.Repeats), rng.IntN(s.raster.Bins)}
	}
	return out
}

// spread are places that lie evenly over the recording, at most so many, from which so many
// bins follow.
func (s *populationSource) spread(count, bins int) []place {
	each := s.raster.Bins - bins + 1
	all := each * s.raster.Repeats
	out := make([]place, min(count, all))
	for i := range out {
		at := int(int64(i) * int64(all) / int64(len(out)))
		out[i] = place{at / each, at % each}
	}
	return out
}
