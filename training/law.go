package training

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"

	"gonum.org/v1/gonum/stat/distuv"

	"qgan/backends"
	"qgan/internal/parallel"
	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/spikes"
)

// LawEstimate is the generator's law at the windows of a recording, averaged
// over fresh latent vectors: exact given each of them, so its only error is
// that of the average over the latent vectors.
type LawEstimate struct {
	metrics.LawFigures
	// JSStdErr is the standard error of JSNats over the latent vectors (delta
	// method); 0 where the generator ignores its latent vector.
	JSStdErr float64
	// Latents is the number of latent vectors, or pasts, averaged; 1 stands for a
	// generator that ignores them.
	Latents int
	// Seen is the probability of each of the recording's windows.
	Seen []float64
}

// ErrIntractable says that the law at the recording's windows costs too much: the error of
// those who give laws.
var ErrIntractable = backends.ErrIntractable

// maxLawWork bounds windows x timesteps x latent vectors of an estimate, and
// maxLawCircuits the circuits; both are a matter of minutes.
const (
	maxLawWork     = 4e10
	maxLawCircuits = 4 << 20
)

// groups is the number of equal parts of the latent stream whose spread gives
// the standard error.
const groups = 64

// EstimateLaw averages the conditional law over so many latent vectors of the
// stream named "evaluation" (rounded up to a multiple of 64).
func EstimateLaw(ctx context.Context, c Config, g Generator, params []float64, s *metrics.States, latents int, seed uint64) (*LawEstimate, error) {
	per, parts := (latents+groups-1)/groups, groups
	var all [][]float64
	if n := c.latentCount(); n > 0 {
		all = newLatents(c, n)
		per, parts = n, 1
	}
	if work := float64(s.Len()) * float64(c.Timesteps) * float64(per*parts); work > maxLawWork || c.Timesteps*per*parts > maxLawCircuits {
		return nil, fmt.Errorf("%w: %d distinct windows of %d timesteps for %d latent vectors", ErrIntractable, s.Len(), c.Timesteps, per*parts)
	}
	e := &LawEstimate{Seen: make([]float64, s.Len()), Latents: parts * per}
	means := make([][]float64, parts)
	n, t := c.Neurons, c.Timesteps
	words := 1 << n
	sub := min(per, max(1, (1<<20)/(t*words))) // latent vectors at a time
	laws := make([]float64, t*sub*words)
	silent := 0.0
	for part := range means {
		mean := make([]float64, s.Len())
		points := all
		if points == nil {
			points = spreadLatents(c, per, stream.New(seed, "evaluation", uint64(part)))
		}
		for done := 0; done < per; {
			z := points[done:min(done+sub, per)]
			part := laws[:t*len(z)*words]
			if err := g.Laws(ctx, params, z, part); err != nil {
				return nil, err
			}
			for i := 0; i < len(part); i += words {
				c.Readout.drawn(part[i:][:words], n)
			}
			parallel.Each(s.Len(), runtime.GOMAXPROCS(0), func(i, _ int) {
				w, sum := s.Window(i), mean[i]
				for j := range z {
					p := 1.0
					for k, x := range w {
						p *= part[(k*len(z)+j)*words+int(x)]
					}
					sum += p / float64(per)
				}
				mean[i] = sum // once: its neighbours are other tasks'
			})
			for j := range z {
				p := 1.0
				for k := range t {
					p *= part[(k*len(z)+j)*words]
				}
				silent += p / float64(per*parts)
			}
			done += len(z)
		}
		means[part] = mean
		for i, p := range mean {
			e.Seen[i] += p / float64(parts)
		}
	}
	if err := e.fill(s, means, silent); err != nil {
		return nil, err
	}
	return e, nil
}

// fill takes the figures of the law, and its error from the spread of the equal
// parts whose mean it is.
func (e *LawEstimate) fill(s *metrics.States, parts [][]float64, silent float64) error {
	figures, err := s.Figures(e.Seen)
	if err != nil {
		return err
	}
	e.LawFigures = figures
	e.PSilent = silent
	if len(parts) == 1 {
		return nil
	}
	slope, count := s.JSSeenGradient(e.Seen), float64(len(parts))
	mean, square := 0.0, 0.0
	for _, m := range parts {
		f := 0.0
		for i, p := range m {
			if p != e.Seen[i] { // the slope is infinite where no part saw the window
				f += slope[i] * (p - e.Seen[i])
			}
		}
		mean += f / count
		square += f * f / count
	}
	e.JSStdErr = math.Sqrt(max(0, square-mean*mean) / (count - 1))
	return nil
}

// spreadLatents is DrawLatents with points that lie evenly: a randomised Halton
// sequence, each point of which has the law of a single draw. Averages over it are
// unbiased and have a smaller error; the spread over several independent
// randomisations estimates it.
func spreadLatents(c Config, count int, rng *rand.Rand) [][]float64 {
	out := halton(count, c.Ansatz().Qubits(), rng)
	for i := range out {
		for j, u := range out[i] {
			switch c.Latent {
			case LatentUniform:
				out[i][j] = (2*u - 1) * math.Pi
			case LatentBit:
				out[i][j] = math.Floor(2 * u)
			default:
				out[i][j] = distuv.UnitNormal.Quantile(min(max(u, 0x1p-53), 1-0x1p-53))
			}
		}
	}
	return out
}

// Draw draws windows: a raster of samples repeats of Timesteps bins. Sample i
// has its own latent vector, from the stream ("generate", i/1024).
func Draw(ctx context.Context, c Config, g Generator, params []float64, samples int, binWidth float64, seed uint64) (*spikes.Raster, error) {
	n, t := c.Neurons, c.Timesteps
	out := spikes.NewRaster(samples, t, n, binWidth)
	words := 1 << n
	const chunk = 1024
	laws := make([]float64, t*len(newLatents(c, chunk))*words)
	var sums [][]float64 // of the law of each timestep, where there is one for all samples
	for first := 0; first < samples; first += chunk {
		rng := stream.New(seed, "generate", uint64(first/chunk))
		count := min(chunk, samples-first)
		z := DrawLatents(c, chunk, rng) // whole chunks, so a shorter draw is a prefix of a longer one
		part := laws[:t*len(z)*words]
		if first == 0 || len(z) > 1 {
			if err := g.Laws(ctx, params, z, part); err != nil {
				return nil, err
			}
			for i := 0; i < len(part); i += words {
				c.Readout.drawn(part[i:][:words], n)
			}
			if len(z) == 1 {
				sums = runningSums(part, words)
			}
		}
		for i := range count {
			for k := range t {
				if sums != nil {
					out.SetWord(first+i, k, wordUpTo(sums[k], rng.Float64()))
					continue
				}
				out.SetWord(first+i, k, drawWord(lawOf(part, len(z), words, k, i%len(z)), rng))
			}
		}
	}
	return out, nil
}

// LatentDistance is the Jensen-Shannon divergence in nats between the
// generator's laws for two fixed latent vectors, which a generator that ignores
// its latent vector leaves at 0. ok is false where the table of all windows is
// too large.
func LatentDistance(ctx context.Context, c Config, g Generator, params []float64, seed uint64) (js float64, ok bool, err error) {
	n, t := c.Neurons, c.Timesteps
	if n*t > 20 {
		return 0, false, nil
	}
	z := DrawLatents(c, 2, stream.New(seed, "latent pair"))
	if len(z) == 1 {
		return 0, true, nil
	}
	words := 1 << n
	laws := make([]float64, t*2*words)
	if err := g.Laws(ctx, params, z, laws); err != nil {
		return 0, false, err
	}
	for i := 0; i < len(laws); i += words {
		c.Readout.drawn(laws[i:][:words], n)
	}
	tables := [2][]float64{make([]float64, 1<<(n*t)), make([]float64, 1<<(n*t))}
	for j, table := range tables {
		prefix(laws, 2, words, t, j, table)
	}
	return metrics.JS(tables[0], tables[1]), true, nil
}
