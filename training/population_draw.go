package training

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"qgan/backends"
	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/spikes"
)

// Draw draws samples of so many bins from the beginning of the repeat; see DrawFrom.
func (g *Population) Draw(ctx context.Context, params []float64, samples, bins int, binWidth float64, seed uint64) (*spikes.Raster, error) {
	return g.DrawFrom(ctx, params, Sampling{Samples: samples, Bins: bins, BinWidth: binWidth, Seed: seed})
}

// DrawFrom draws samples of so many bins that begin at a bin of the repeat, each on its
// own. With a stimulus the first bin of the repeat has no past, as in the recording, and
// later ones begin with up to 30 bins that are left out; without one every sample begins
// with as many as its slowest trace takes ([Config.Warm]).
// Sample i has the stream ("generate", i/1024).
func (g *Population) DrawFrom(ctx context.Context, params []float64, s Sampling) (*spikes.Raster, error) {
	first, warm, err := g.start(s)
	if err != nil {
		return nil, err
	}
	n := g.config.Neurons
	out := spikes.NewRaster(s.Samples, s.Bins, n, s.BinWidth)
	const chunk = 1024 // streams are named by it, so a shorter draw is a prefix of a longer one
	for from := 0; from < s.Samples; from += chunk {
		rng := stream.New(s.Seed, "generate", uint64(from/chunk))
		count := min(chunk, s.Samples-from)
		trails := make([]*trail, count)
		for i := range trails {
			trails[i] = g.newTrail()
		}
		of, words, uniforms := g.newScenes(count), make([]uint64, count*g.stride), make([]float64, chunk*n)
		for k := range warm + s.Bins {
			for i := range uniforms { // those of samples not asked for too
				uniforms[i] = rng.Float64()
			}
			eachLane(count, func(i int) { g.see(trails[i], first+k, of, i) })
			if err := g.words.Draw(ctx, g.bind(params, of), uniforms[:count*n], words); err != nil {
				return nil, err
			}
			eachLane(count, func(i int) { g.push(trails[i], words[i*g.stride:][:g.stride]) })
			for i := range count {
				if k >= warm {
					out.SetRow(from+i, k-warm, words[i*g.stride:][:g.stride])
				}
			}
		}
	}
	return g.unchained(out), nil
}

// start is the bin of the repeat that samples begin at, and how many of their first bins are
// left out.
func (g *Population) start(s Sampling) (first, warm int, err error) {
	if g.config.Stimulus == StimulusRepeat {
		warm = min(BurnIn, s.From)
		return s.From - warm, warm, g.checkBins(s.From, s.Bins)
	}
	if s.From != 0 {
		return 0, 0, fmt.Errorf("samples from bin %d: without a stimulus all bins are alike", s.From)
	}
	return 0, g.config.Warm(), nil
}

// unchained is a raster in the order of the qubits with its cells as the recording has them.
func (g *Population) unchained(r *spikes.Raster) *spikes.Raster {
	at := make([]int, len(g.order))
	for q, cell := range g.order {
		at[cell] = q
	}
	out, err := r.Select(at)
	if err != nil {
		panic(fmt.Sprintf("training: cells of a chain: %v", err))
	}
	out.Source = spikes.Source{}
	return out
}

// mostShotNeurons bounds the cells of words that are measured: an outcome is one number.
const mostShotNeurons = 64

// DrawShots draws samples bin after bin. Those with the same history share a circuit, which
// is bound with the inputs that these measured words give.
func (g *Population) DrawShots(ctx context.Context, params []float64, on Sampler, s Sampling) (*spikes.Raster, error) {
	n := g.config.Neurons
	if n > mostShotNeurons {
		return nil, backends.Refuse("samples of %d neurons by shots: words of at most %d are measured", n, mostShotNeurons)
	}
	first, warm, err := g.start(s)
	if err != nil {
		return nil, err
	}
	circuit := g.ansatz.Circuit()
	g.Measure(circuit)
	out := spikes.NewRaster(s.Samples, s.Bins, n, s.BinWidth)
	trails, lane := make([]*trail, s.Samples), make([]int, s.Samples)
	for i := range trails {
		trails[i] = g.newTrail()
	}
	row := make([]uint64, g.stride)
	for k := range warm + s.Bins {
		lanes := map[string]int{}
		var shots []int
		var different []*trail
		for i, t := range trails {
			key := trailKey(t)
			at, ok := lanes[key]
			if !ok {
				at = len(shots)
				lanes[key] = at
				shots, different = append(shots, 0), append(different, t)
			}
			lane[i] = at
			shots[at]++
		}
		of := g.newScenes(len(shots))
		for at, t := range different {
			g.see(t, first+k, of, at)
		}
		words, err := on.Words(ctx, circuit, g.bind(params, of), shots, stream.New(s.Seed, "bin of shots", uint64(k)).Uint64())
		if err != nil {
			return nil, err
		}
		for i, at := range lane {
			w := words[at][0] << (64 - n) // cells as the recording has them
			words[at] = words[at][1:]
			clear(row)
			for q, cell := range g.order {
				row[q/64] |= w >> (63 - cell) & 1 << (63 - q%64)
			}
			g.push(trails[i], row)
			if k >= warm {
				out.SetRow(i, k-warm, []uint64{w})
			}
		}
	}
	return out, nil
}

// trailKey is a text that tells what the memory keeps from anything else.
func trailKey(t *trail) string {
	var b []byte
	for _, x := range t.traces {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
	}
	for _, w := range t.recent {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	b = append(b, byte(t.silent))
	return string(b)
}

// maxWordWork bounds words x cells x layers of an exact law of a population.
const maxWordWork = 1e9

// EstimateLaw returns the generator's law at the windows of a recording: the mean over all
// first bins of the repeat, each after pasts that the generator made itself, a multiple of
// 64 of them; draws counts bins and pasts together. Its error is that of the mean over the
// pasts.
func (g *Population) EstimateLaw(ctx context.Context, params []float64, s *metrics.States, draws int, seed uint64) (*LawEstimate, error) {
	t, starts := s.Timesteps, 1
	if g.config.Stimulus == StimulusRepeat {
		starts = g.config.StimulusBins - t + 1
	}
	per := (draws + groups*starts - 1) / (groups * starts)
	pasts := per * groups
	if work := float64(s.Len()+1) * float64(t*t*starts*pasts) * float64(g.config.Neurons*g.ansatz.Layers); work > maxWordWork {
		return nil, fmt.Errorf("%w: %d windows of %d bins after %d pasts each", ErrIntractable, s.Len(), starts, pasts)
	}
	// The generator's own samples are the pasts of all their bins.
	own, from := Sampling{Samples: pasts, Bins: starts, Seed: seed}, 0
	if g.config.Stimulus == StimulusNone {
		own.Bins = BurnIn
		from = BurnIn - 1 // after those that are left out
	}
	drawn, err := g.DrawFrom(ctx, params, own)
	if err != nil {
		return nil, err
	}
	e := &LawEstimate{Seen: make([]float64, s.Len()), Latents: pasts * starts}
	means := make([][]float64, groups)
	source, silent := g.source(drawn), 0.0
	windows, p := g.chainedWindows(s), make([]float64, s.Len()+1)
	for part := range means {
		clear(p)
		for i := range per {
			for b := range starts {
				if err := g.addWindows(ctx, params, source, place{part*per + i, from + b}, windows, t, p); err != nil {
					return nil, err
				}
			}
		}
		means[part] = make([]float64, s.Len())
		for k := range means[part] {
			means[part][k] = p[k] / float64(per*starts)
			e.Seen[k] += means[part][k] / groups
		}
		silent += p[s.Len()] / float64(pasts*starts)
	}
	return e, e.fill(s, means, silent)
}

// chainedWindows are the rows of all windows in the order of the qubits, and of a silent one.
func (g *Population) chainedWindows(s *metrics.States) []uint64 {
	n := g.config.Neurons
	out := make([]uint64, (s.Len()+1)*s.Timesteps*g.stride)
	for i := range s.Len() {
		for k, w := range s.Window(i) {
			row := out[(i*s.Timesteps+k)*g.stride:][:g.stride]
			for q, cell := range g.order {
				row[q/64] |= uint64(w>>(n-1-cell)&1) << (63 - q%64)
			}
		}
	}
	return out
}

// addWindows adds the probability of each window of t bins that begins at a place of a
// recording.
func (g *Population) addWindows(ctx context.Context, params []float64, s *populationSource, at place, windows []uint64, t int, p []float64) error {
	start := g.trails(s, []place{at})[0]
	logp := make([]float64, len(p))
	if t == 1 { // all words after one past
		of := g.newScenes(1)
		g.see(start, at.bin, of, 0)
		b := g.bind(params, of)
		b.Lanes = make([]backends.Lane, len(p))
		if err := g.words.LogProbabilities(ctx, b, windows, logp); err != nil {
			return err
		}
		for i, x := range logp {
			p[i] += math.Exp(x)
		}
		return nil
	}
	of, trails, sums := g.newScenes(len(p)), make([]*trail, len(p)), make([]float64, len(p))
	for i := range trails {
		trails[i] = start.copyOf()
	}
	words := make([]uint64, len(p)*g.stride)
	for k := range t {
		for i, x := range trails {
			row := windows[(i*t+k)*g.stride:][:g.stride]
			copy(words[i*g.stride:], row)
			g.see(x, at.bin+k, of, i)
			g.push(x, row)
		}
		if err := g.logProbabilities(ctx, params, of, words, logp); err != nil {
			return err
		}
		for i, x := range logp {
			sums[i] += x
		}
	}
	for i, x := range sums {
		p[i] += math.Exp(x)
	}
	return nil
}
