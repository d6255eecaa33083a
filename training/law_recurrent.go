package training

import (
	"context"
	"fmt"
	"math"
	"slices"

	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/spikes"
)

// BurnIn is how many bins a generator that runs on makes from silence before the
// first that counts.
const BurnIn = 30

// maxPrefixWork bounds amplitudes of the circuits of an exact law.
const maxPrefixWork = 4e9

// side is how many samples are made side by side, or histories run at a time.
func (g *Recurrent) side() int { return min(1024, max(1, 1<<22/g.words())) }

// EstimateLaw returns the generator's law at the windows of a recording. Where the
// memory begins anew with each window it is exact, without error; where samples
// run on it is the mean over pasts that the generator made itself, rounded up to
// a multiple of 64, and its error is that of this mean.
func (g *Recurrent) EstimateLaw(ctx context.Context, params []float64, s *metrics.States, pasts int, seed uint64) (*LawEstimate, error) {
	parts, per := 1, 1
	if g.past > 0 {
		parts, per = groups, (pasts+groups-1)/groups
	}
	prefixes := 0
	for k := range s.Timesteps {
		prefixes += len(starts(s, k))
	}
	if work := float64(prefixes) * float64(parts*per) * float64(len(g.memory)*g.words()*g.ansatz.Layers); work > maxPrefixWork {
		return nil, fmt.Errorf("%w: %d beginnings of windows after %d pasts", ErrIntractable, prefixes, parts*per)
	}
	befores := [][]uint32{nil}
	if g.past > 0 {
		var err error
		if befores, err = g.ownPasts(ctx, params, parts*per, seed); err != nil {
			return nil, err
		}
	}
	e := &LawEstimate{Seen: make([]float64, s.Len()), Latents: parts * per}
	means := make([][]float64, parts)
	p := make([]float64, s.Len())
	silent := 0.0
	for part := range means {
		means[part] = make([]float64, s.Len())
		for _, before := range befores[part*per:][:per] {
			if err := g.seenGiven(ctx, params, s, before, p); err != nil {
				return nil, err
			}
			for i, x := range p {
				means[part][i] += x / float64(per)
			}
			x, err := g.silentGiven(ctx, params, s.Timesteps, before)
			if err != nil {
				return nil, err
			}
			silent += x / float64(len(befores))
		}
		for i, x := range means[part] {
			e.Seen[i] += x / float64(parts)
		}
	}
	if err := e.fill(s, means, silent); err != nil {
		return nil, err
	}
	return e, nil
}

// starts lists the windows of a law that are the first to begin as they do with
// their first k words; windows of the same beginning follow each other.
func starts(s *metrics.States, k int) []int {
	var out []int
	for i := range s.Len() {
		if i == 0 || !slices.Equal(s.Window(i)[:k], s.Window(i - 1)[:k]) {
			out = append(out, i)
		}
	}
	return out
}

// seenGiven writes the probability of each seen window after a past.
func (g *Recurrent) seenGiven(ctx context.Context, params []float64, s *metrics.States, before []uint32, p []float64) error {
	for i := range p {
		p[i] = 1
	}
	words := g.words()
	laws := make([]float64, min(s.Len(), g.side())*words)
	for k := range s.Timesteps {
		first := starts(s, k)
		for len(first) > 0 {
			now := first[:min(len(first), g.side())]
			of := make([]history, len(now))
			for j, i := range now {
				of[j] = history{g.seen(slices.Concat(before, s.Window(i)[:k])), g.circuit(k)}
			}
			if err := g.laws(ctx, params, of, laws[:len(of)*words]); err != nil {
				return err
			}
			first = first[len(now):]
			end := s.Len()
			if len(first) > 0 {
				end = first[0]
			}
			for j, i := now[0], -1; j < end; j++ {
				if i+1 < len(now) && now[i+1] == j {
					i++
				}
				p[j] *= laws[i*words+int(s.Window(j)[k])]
			}
		}
	}
	return nil
}

// silentGiven is the probability of a silent window after a past.
func (g *Recurrent) silentGiven(ctx context.Context, params []float64, t int, before []uint32) (float64, error) {
	of := make([]history, t)
	for k := range of {
		of[k] = history{g.seen(slices.Concat(before, make([]uint32, k))), g.circuit(k)}
	}
	laws := make([]float64, t*g.words())
	if err := g.laws(ctx, params, of, laws); err != nil {
		return 0, err
	}
	p := 1.0
	for k := range of {
		p *= laws[k*g.words()]
	}
	return p, nil
}

// ownPasts runs the generator on from silence, side by side, and returns what each
// run's memory then sees.
func (g *Recurrent) ownPasts(ctx context.Context, params []float64, count int, seed uint64) ([][]uint32, error) {
	r, err := g.run(ctx, params, count, BurnIn+g.past, 0, "pasts", seed)
	if err != nil {
		return nil, err
	}
	out := make([][]uint32, count)
	for i := range out {
		for k := BurnIn; k < r.Bins; k++ {
			out[i] = append(out[i], r.Word(i, k))
		}
	}
	return out, nil
}

// Draw draws samples of so many bins. Where the memory begins anew with each
// window these are windows, and bins beyond it see the bins before as the window's
// last bin does; where samples run on, each is a recording begun in silence, its
// first 30 bins left out. Sample i has the stream ("generate", i/1024).
func (g *Recurrent) Draw(ctx context.Context, params []float64, samples, bins int, binWidth float64, seed uint64) (*spikes.Raster, error) {
	skip := 0
	if g.past > 0 {
		skip = BurnIn
	}
	r, err := g.run(ctx, params, samples, skip+bins, binWidth, "generate", seed)
	if err != nil || skip == 0 {
		return r, err
	}
	out := spikes.NewRaster(samples, bins, r.Neurons, binWidth)
	for i := range samples {
		for k := range bins {
			out.SetWord(i, k, r.Word(i, skip+k))
		}
	}
	return out, nil
}

// run makes samples from silence, a group of them side by side.
func (g *Recurrent) run(ctx context.Context, params []float64, samples, bins int, binWidth float64, label string, seed uint64) (*spikes.Raster, error) {
	out := spikes.NewRaster(samples, bins, g.ansatz.Neurons, binWidth)
	const chunk = 1024 // streams are named by it, so a shorter draw is a prefix of a longer one
	for first := 0; first < samples; first += chunk {
		rng := stream.New(seed, label, uint64(first/chunk))
		count := min(chunk, samples-first)
		words := make([][]uint32, count)
		for i := range words {
			words[i] = make([]uint32, 0, bins)
		}
		uniforms := make([]float64, chunk)
		for range bins {
			for i := range uniforms { // those of samples not asked for too
				uniforms[i] = rng.Float64()
			}
			if err := g.next(ctx, params, words, uniforms); err != nil {
				return nil, err
			}
		}
		for i, w := range words {
			for k, x := range w {
				out.SetWord(first+i, k, x)
			}
		}
	}
	return out, nil
}

// next appends to each sample the word that its uniform number picks. The place of
// a word in its sample says which circuit makes it.
func (g *Recurrent) next(ctx context.Context, params []float64, samples [][]uint32, uniforms []float64) error {
	for first := 0; first < len(samples); first += g.side() {
		part := samples[first:min(first+g.side(), len(samples))]
		of := make([]history, len(part))
		for i, w := range part {
			of[i] = history{g.seen(w), g.circuit(len(w))}
		}
		laws := make([]float64, len(part)*g.words())
		if err := g.laws(ctx, params, of, laws); err != nil {
			return err
		}
		for i := range part {
			part[i] = append(part[i], wordAt(laws[i*g.words():][:g.words()], uniforms[first+i]))
		}
	}
	return nil
}

// LogLikelihood is the mean natural logarithm of the probability of each bin of a
// recording given the bins of its repeat before it, in nats a bin. It is exact.
func (g *Recurrent) LogLikelihood(ctx context.Context, params []float64, r *spikes.Raster) (float64, error) {
	if err := checkShape("neurons of a recording", r.Neurons, g.ansatz.Neurons); err != nil {
		return 0, err
	}
	words := make([]uint32, r.Bins)
	laws := make([]float64, min(r.Bins, g.side())*g.words())
	sum := 0.0
	for rep := range r.Repeats {
		for b := range words {
			words[b] = r.Word(rep, b)
		}
		for first := 0; first < r.Bins; first += g.side() {
			of := make([]history, min(g.side(), r.Bins-first))
			for i := range of {
				of[i] = history{g.seen(words[:first+i]), g.circuit(first + i)}
			}
			if err := g.laws(ctx, params, of, laws[:len(of)*g.words()]); err != nil {
				return 0, err
			}
			for i := range of {
				sum += math.Log(laws[i*g.words()+int(words[first+i])])
			}
		}
	}
	return sum / float64(r.Repeats*r.Bins), nil
}
