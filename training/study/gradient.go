package study

import (
	"context"
	"fmt"
	"math"
	"math/bits"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/internal/stream"
	"qgan/ir"
	"qgan/training"
	"qgan/training/shots"
)

// The room of the simulator is what these studies run on.
func simulator() *sim.Simulator { return &sim.Simulator{Workers: 1} }

// Gradient is the work of kind gradient: the error of gradients by the parameter-shift
// rule of the paper's circuit (ir.Ansatz, with the latent vector's angles drawn anew for
// each estimate), of a random function of the outcome, f ~ N(0, 1) for each word, at random
// angles. Settings: neurons, layers, shots a circuit, latents a gradient, repeats and seed.
// Figures, means over the symbols:
//
//	variance       of the estimates over the repeats, with variance_se, its standard error
//	shot_part      of what an estimate tells of its variance: due to shots
//	latent_part    due to the latent vectors
//	square         of the derivative, less the variance of its mean
//	snr            square root of square/variance
func Gradient(ctx context.Context, t Task, _ string) (Row, error) {
	var n, layers, count, latents, repeats int
	var seed float64
	var err error
	for _, k := range []struct {
		to    *int
		name  string
		least int
	}{{&n, "neurons", 1}, {&layers, "layers", 1}, {&count, "shots", 1}, {&latents, "latents", 1}, {&repeats, "repeats", 2}} {
		if *k.to, err = t.Int(k.name, k.least); err != nil {
			return nil, err
		}
	}
	if seed, err = t.Number("seed"); err != nil {
		return nil, err
	}
	if n > training.MaxNeurons {
		return nil, fmt.Errorf("neurons %d: at most %d", n, training.MaxNeurons)
	}
	a := ir.Ansatz{Neurons: n, Layers: layers, FinalChain: true, Latent: ir.LatentScale{Value: 1}}
	rng := stream.New(uint64(seed), "gradient study")
	theta, f := make([]float64, a.Angles()), make([]float64, 1<<n)
	for i := range theta {
		theta[i] = (2*rng.Float64() - 1) * math.Pi
	}
	for i := range f {
		f[i] = rng.NormFloat64() / float64(latents)
	}
	upstream := make([]float64, 0, latents<<n)
	for range latents {
		upstream = append(upstream, f...)
	}
	e := &shots.Estimator{Runner: simulator(), Gradient: training.GradientShift, Shots: count}
	d, err := e.Differentiate(a.Circuit(), backends.Probabilities)
	if err != nil {
		return nil, err
	}
	sums := make([]moments, len(theta))
	shotPart, latentPart := 0.0, 0.0
	law := make([]float64, len(upstream))
	for r := range repeats {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rng := stream.New(uint64(seed), "latents", uint64(r))
		z := make([][]float64, latents)
		for i := range z {
			z[i] = make([]float64, a.Qubits())
			for q := range z[i] {
				z[i][q] = rng.NormFloat64()
			}
		}
		e.Seed = stream.New(uint64(seed), "shots", uint64(r)).Uint64()
		if err := d.Forward(ctx, backends.Bindings{Trained: [][]float64{theta}, Data: z}, law); err != nil {
			return nil, err
		}
		if err := d.Backward(ctx, upstream, make([]float64, len(theta)), nil); err != nil {
			return nil, err
		}
		g := e.Last()
		for i, x := range g.Value {
			sums[i].add(x)
			shotPart += g.ShotVariance[i] / float64(repeats*len(theta))
			latentPart += g.LatentVariance[i] / float64(repeats*len(theta))
		}
	}
	row := Row{"shot_part": shotPart, "latent_part": latentPart}
	variance, square, se := 0.0, 0.0, 0.0
	for i := range sums {
		v := sums[i].variance()
		variance += v / float64(len(sums))
		square += (sums[i].mean*sums[i].mean - v/float64(repeats)) / float64(len(sums))
		se += 2 * v * v / float64(repeats-1) / float64(len(sums)*len(sums)) // of normal estimates, symbols independent
	}
	row["variance"], row["variance_se"], row["square"] = variance, math.Sqrt(se), square
	if variance > 0 && square > 0 {
		row.Set("snr", math.Sqrt(square/variance))
	}
	return row, nil
}

// moments is a running mean and sum of squares (Welford 1962).
type moments struct {
	n          int
	mean, rest float64
}

func (m *moments) add(x float64) {
	m.n++
	d := x - m.mean
	m.mean += d / float64(m.n)
	m.rest += d * (x - m.mean)
}

// variance is the unbiased estimate.
func (m *moments) variance() float64 {
	if m.n < 2 {
		return 0
	}
	return m.rest / float64(m.n-1)
}

// se is the standard error of the mean.
func (m *moments) se() float64 { return math.Sqrt(m.variance() / float64(m.n)) }

// observables are the functions of a word whose gradients are compared; bit 0 is the most
// significant. A random critic is drawn anew for each draw of the angles.
var observables = map[string]func(n int) func(x int) float64{
	"Z_0":    func(n int) func(int) float64 { return func(x int) float64 { return float64(1 - 2*(x>>(n-1)&1)) } },
	"Z_last": func(n int) func(int) float64 { return func(x int) float64 { return float64(1 - 2*(x&1)) } },
	"parity": func(n int) func(int) float64 {
		return func(x int) float64 { return float64(1 - 2*(bits.OnesCount(uint(x))&1)) }
	},
	"silence": func(n int) func(int) float64 {
		return func(x int) float64 {
			if x == 0 {
				return 1
			}
			return 0
		}
	},
	"rate": func(n int) func(int) float64 {
		return func(x int) float64 { return float64(bits.OnesCount(uint(x))) / float64(n) }
	},
	"critic": nil,
}

// Plateau is the work of kind plateau: how the derivative by the RY of neuron 0 in the
// middle layer, floor((layers-1)/2), shrinks with the circuit, all angles drawn from
// U(0, 2π) (McClean et al. 2018). Settings: neurons, layers, observable (Z_0, Z_last,
// parity, silence, rate or critic: N(0, 1) for each word), draws and seed. Figures:
//
//	variance       of the derivative over the draws, with variance_se, its standard error
//	shot_variance  mean over the draws of the derivative's variance with a single shot of
//	               each shifted circuit
//	shots          of each shifted circuit at which error and derivative are as large:
//	               shot_variance/variance, with shots_se
func Plateau(ctx context.Context, t Task, _ string) (Row, error) {
	var n, layers, draws int
	var err error
	for _, k := range []struct {
		to    *int
		name  string
		least int
	}{{&n, "neurons", 1}, {&layers, "layers", 1}, {&draws, "draws", 2}} {
		if *k.to, err = t.Int(k.name, k.least); err != nil {
			return nil, err
		}
	}
	seed, err := t.Number("seed")
	if err != nil {
		return nil, err
	}
	name, err := t.Text("observable")
	if err != nil {
		return nil, err
	}
	make1, ok := observables[name]
	if !ok {
		return nil, fmt.Errorf("observable %q: there are Z_0, Z_last, parity, silence, rate and critic", name)
	}
	if n > training.MaxNeurons {
		return nil, fmt.Errorf("neurons %d: at most %d", n, training.MaxNeurons)
	}
	a := ir.Ansatz{Neurons: n, Layers: layers, FinalChain: true, Latent: ir.LatentScale{Value: 1}}
	symbol := 2 * ((layers - 1) / 2 * a.Qubits())
	rule, err := shots.NewShiftRule(a.Circuit(), simulator(), symbol)
	if err != nil {
		return nil, err
	}
	f := make([]float64, 1<<n)
	theta, z := make([]float64, a.Angles()), make([]float64, a.Qubits())
	var value, square, shot moments
	for draw := range draws {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rng := stream.New(uint64(seed), "plateau", uint64(draw))
		for _, angles := range [][]float64{theta, z} {
			for i := range angles {
				angles[i] = 2 * math.Pi * rng.Float64()
			}
		}
		for x := range f {
			if make1 == nil {
				f[x] = rng.NormFloat64()
			} else if draw == 0 {
				f[x] = make1(n)(x)
			}
		}
		d, err := rule.Derivatives(ctx, theta, z, f)
		if err != nil {
			return nil, err
		}
		g := d[0][symbol]
		value.add(g.Value)
		square.add(g.Value * g.Value)
		shot.add(g.Variance)
	}
	row := Row{"variance": value.variance(), "variance_se": square.se(), "shot_variance": shot.mean}
	if v := value.variance(); v > 0 {
		needed := shot.mean / v
		row.Set("shots", needed)
		row.Set("shots_se", needed*math.Hypot(shot.se()/shot.mean, square.se()/v))
	}
	return row, nil
}
