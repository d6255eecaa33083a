package workload

import (
	"context"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/calibration"
	"qgan/internal/named"
	"qgan/internal/stream"
	"qgan/ir"
)

// numbers is the stream that a workload's numbers come from.
func numbers() *rand.Rand { return stream.New(7, "bench") }

// normals draws rows of standard normal numbers.
func normals(rng *rand.Rand, rows, width int) [][]float64 {
	out := make([][]float64, rows)
	for i := range out {
		out[i] = make([]float64, width)
		for j := range out[i] {
			out[i][j] = rng.NormFloat64()
		}
	}
	return out
}

// norm is the Euclidean norm.
func norm(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v * v
	}
	return math.Sqrt(sum)
}

// generator is the paper's: five layers of encodings, 8n trained angles between them.
func generator(neurons int) *ir.Circuit {
	return ir.Ansatz{Neurons: neurons, Layers: 4, Closing: true, FinalChain: true, Latent: ir.LatentScale{Value: 1}}.Circuit()
}

// lanes are the generator prepared for expectations, with an angle vector a timestep and
// a latent vector a lane.
type lanes struct {
	d      backends.Differentiable
	b      backends.Bindings
	values []float64
	rng    *rand.Rand
}

func newLanes(s Sizes, o Options) (*lanes, error) {
	d, err := (&sim.Simulator{Kernel: o.Kernel}).Differentiate(generator(s.Neurons), backends.ExpectationZ)
	if err != nil {
		return nil, err
	}
	rng := numbers()
	b := backends.Bindings{Trained: normals(rng, s.Timesteps, 8*s.Neurons), Data: normals(rng, s.Batch, s.Neurons)}
	return &lanes{d, b, make([]float64, b.Len()*s.Neurons), rng}, nil
}

// prepareForward computes <Z> of each neuron; the checksum is the norm of all.
func prepareForward(s Sizes, o Options) (*Prepared, error) {
	l, err := newLanes(s, o)
	if err != nil {
		return nil, err
	}
	run := func(ctx context.Context) (float64, error) {
		err := l.d.Values(ctx, l.b, l.values)
		return norm(l.values), err
	}
	return &Prepared{Circuits: l.b.Len(), Run: run}, nil
}

// prepareVJP computes <Z> of each neuron and the gradient of a random linear function of
// all; the checksum is the gradient's norm.
func prepareVJP(s Sizes, o Options) (*Prepared, error) {
	l, err := newLanes(s, o)
	if err != nil {
		return nil, err
	}
	upstream := normals(l.rng, 1, len(l.values))[0]
	grad := make([]float64, s.Timesteps*8*s.Neurons)
	run := func(ctx context.Context) (float64, error) {
		clear(grad)
		if err := l.d.Forward(ctx, l.b, l.values); err != nil {
			return 0, err
		}
		err := l.d.Backward(ctx, upstream, grad, nil)
		return norm(grad), err
	}
	return &Prepared{Circuits: l.b.Len(), Run: run}, nil
}

// prepareState runs layers of RY and RZ by random angles on each qubit and a chain of CX.
func prepareState(s Sizes, o Options) (*Prepared, error) {
	rng := numbers()
	c := ir.New(s.Qubits, 0)
	for range s.Layers {
		for q := range s.Qubits {
			c.Gate(ir.RY, []int{q}, ir.Const(6*rng.Float64()))
			c.Gate(ir.RZ, []int{q}, ir.Const(6*rng.Float64()))
		}
		for q := range s.Qubits - 1 {
			c.Gate(ir.CX, []int{q, q + 1})
		}
	}
	return amplitudes(o, c)
}

// prepareGradient computes <Z> of each qubit of prepareState's circuit and the gradient of a
// random linear function of them by all angles; the checksum is the gradient's norm.
func prepareGradient(s Sizes, o Options) (*Prepared, error) {
	rng := numbers()
	c := ir.New(s.Qubits, 0)
	angle := func() ir.Angle { return ir.Trained(1, c.TrainedSymbol(fmt.Sprintf("a%d", len(c.Trained)))) }
	for range s.Layers {
		for q := range s.Qubits {
			c.Gate(ir.RY, []int{q}, angle())
			c.Gate(ir.RZ, []int{q}, angle())
		}
		for q := range s.Qubits - 1 {
			c.Gate(ir.CX, []int{q, q + 1})
		}
	}
	d, err := (&sim.Simulator{Kernel: o.Kernel}).Differentiate(c, backends.ExpectationZ)
	if err != nil {
		return nil, err
	}
	b := backends.Bindings{Trained: normals(rng, 1, len(c.Trained))}
	upstream := normals(rng, 1, s.Qubits)[0]
	values, grad := make([]float64, s.Qubits), make([]float64, len(c.Trained))
	run := func(ctx context.Context) (float64, error) {
		clear(grad)
		if err := d.Forward(ctx, b, values); err != nil {
			return 0, err
		}
		err := d.Backward(ctx, upstream, grad, nil)
		return norm(grad), err
	}
	return &Prepared{Circuits: 1, Run: run}, nil
}

// prepareQFT runs RY(0.1·(q+1)) on each qubit q and the Fourier transform.
func prepareQFT(s Sizes, o Options) (*Prepared, error) {
	c := ir.New(s.Qubits, 0)
	for q := range s.Qubits {
		c.Gate(ir.RY, []int{q}, ir.Const(0.1*float64(q+1)))
	}
	for q := range s.Qubits {
		c.Gate(ir.H, []int{q})
		for j := q + 1; j < s.Qubits; j++ {
			c.Gate(ir.CP, []int{q, j}, ir.Const(math.Pi/math.Ldexp(1, j-q)))
		}
	}
	for q := range s.Qubits / 2 {
		c.Gate(ir.Swap, []int{q, s.Qubits - 1 - q})
	}
	return amplitudes(o, c)
}

// amplitudes runs a circuit to its state; the checksum is the probability of |0...0>.
func amplitudes(o Options, c *ir.Circuit) (*Prepared, error) {
	state, err := (&sim.Simulator{Kernel: o.Kernel}).State(c, nil, nil)
	if err != nil {
		return nil, err
	}
	run := func(ctx context.Context) (float64, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if err := state.Run(c, nil, nil); err != nil {
			return 0, err
		}
		a := state.Amplitude(0)
		return real(a)*real(a) + imag(a)*imag(a), nil
	}
	return &Prepared{Circuits: 1, Run: run}, nil
}

// prepareShift runs, for every timestep and latent vector, the circuits with each of the
// 8n angles shifted by ±π/2 and draws the shots of each; the checksum is the sum of all
// circuits' means of the sum of Z.
func prepareShift(s Sizes, o Options) (*Prepared, error) {
	n := s.Neurons
	circuit, places, err := ir.Occurrences(generator(n))
	if err != nil {
		return nil, err
	}
	circuit.MeasureAll()
	rng := numbers()
	angles, latents := normals(rng, s.Timesteps, 8*n), normals(rng, s.Batch, n)
	simulator := &sim.Simulator{Kernel: o.Kernel}
	sums := make([]float64, s.Batch*16*n) // a lane each: the same sum for any number of workers
	round := uint64(0)
	run := func(ctx context.Context) (float64, error) {
		round++
		total := 0.0
		for t, theta := range angles {
			var rows [][]float64
			for _, z := range latents {
				rows = append(rows, shifted(places, theta, z)...)
			}
			clear(sums)
			ok, err := simulator.Tally(ctx, backends.Request{
				Circuit: circuit, Bindings: backends.Bindings{Trained: rows}, Shots: []int{s.Shots}, Seed: round<<32 + uint64(t),
			}, func(lane int, words []uint64, counts []int) {
				for i, w := range words {
					sums[lane] += float64(counts[i]) * float64(n-2*bits.OnesCount64(w))
				}
			})
			switch {
			case err != nil:
				return 0, err
			case !ok:
				return 0, named.Inputf("{neurons} %d: shift takes at most 12", n)
			}
			for _, x := range sums {
				total += x
			}
		}
		return total / float64(s.Shots), nil
	}
	circuits := s.Timesteps * s.Batch * 16 * n
	return &Prepared{Circuits: circuits, Shots: circuits * s.Shots, Run: run}, nil
}

// shifted returns the angles of all places, for each place of a trained angle as often as
// its rule has terms.
func shifted(places []ir.Occurrence, trained, data []float64) [][]float64 {
	base := make([]float64, len(places))
	for k, p := range places {
		base[k] = p.Angle.Value(trained, data)
	}
	var rows [][]float64
	for k, p := range places {
		if !slices.ContainsFunc(p.Angle.Terms, func(t ir.Term) bool { return t.Trained != ir.None }) {
			continue
		}
		for _, term := range p.Terms() {
			row := slices.Clone(base)
			row[k] += term.Shift
			rows = append(rows, row)
		}
	}
	return rows
}

// noise is the noise of the workload "noisy".
const noise = `
[[noise]]
gates = ["rx", "ry", "rz"]
channel = "depolarizing"
probability = 1e-3
[[noise]]
gates = ["cx"]
channel = "depolarizing"
probability = 1e-2
[[readout]]
p1_given_0 = 0.02
p0_given_1 = 0.02
`

// prepareNoisy draws the shots of the generator with noise; the checksum is the mean
// number of spikes of a shot.
func prepareNoisy(s Sizes, o Options) (*Prepared, error) {
	model, err := calibration.ReadNoiseModel(calibration.File{Name: "bench noisy", Data: []byte(noise)})
	if err != nil {
		return nil, err
	}
	if o.Method == sim.DensityMethod && s.Neurons > sim.MaxDensityQubits {
		return nil, named.Inputf("{neurons} %d: a density matrix holds at most %d qubits", s.Neurons, sim.MaxDensityQubits)
	}
	c := generator(s.Neurons)
	c.MeasureAll()
	rng := numbers()
	uniform := func(n int) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = math.Pi * (2*rng.Float64() - 1)
		}
		return out
	}
	b := backends.Bindings{Data: [][]float64{uniform(s.Neurons)}, Trained: [][]float64{uniform(8 * s.Neurons)}}
	simulator := &sim.Noisy{Model: model, Method: o.Method, Kernel: o.Kernel}
	seed := uint64(0)
	run := func(ctx context.Context) (float64, error) {
		seed++
		res, err := simulator.Run(ctx, []backends.Request{{Circuit: c, Bindings: b, Shots: []int{s.Shots}, Seed: seed}})
		if err != nil {
			return 0, err
		}
		spikes := 0
		for _, k := range res[0].Outcomes[0].Counts {
			spikes += k.N * bits.OnesCount64(k.Word)
		}
		return float64(spikes) / float64(s.Shots), nil
	}
	return &Prepared{Circuits: 1, Shots: s.Shots, Run: run}, nil
}

// prepareSample draws from the law of a Haar-random state; the checksum is the mean of
// what is drawn, over 2^n.
func prepareSample(s Sizes, _ Options) (*Prepared, error) {
	rng := numbers()
	law := make([]float64, 1<<s.Qubits)
	for i := range law { // |amplitude|² of a Haar-random state, up to the norm
		law[i] = rng.ExpFloat64()
	}
	counts := make([]int, len(law))
	run := func(ctx context.Context) (float64, error) {
		clear(counts)
		sim.Sample(law, s.Shots, rng, counts)
		sum := 0.0
		for x, n := range counts {
			sum += float64(x) * float64(n)
		}
		return sum / float64(s.Shots) / float64(len(law)), ctx.Err()
	}
	return &Prepared{Circuits: 1, Shots: s.Shots, Run: run}, nil
}

// prepareWords takes the circuit of a generator with memory: encodings by data, layers of
// trained angles with chains between them.
func prepareWords(s Sizes, o Options) (*Prepared, error) {
	return wordsOf(ir.Ansatz{Neurons: s.Qubits, Layers: s.Layers, Memory: true}, s, o)
}

// preparePairs takes one whose last RY are trained plus data, with a brick of pairs.
func preparePairs(s Sizes, o Options) (*Prepared, error) {
	if s.Layers != 1 {
		return nil, named.Inputf("{layers} %d: pair rotations come before a single layer", s.Layers)
	}
	return wordsOf(ir.Ansatz{Neurons: s.Qubits, Layers: 1, Drive: true, Pairs: true}, s, o)
}

// wordsOf computes ln p of a random word of each lane and the gradient of their sum by
// trained values and data; the checksum is the gradient's norm.
func wordsOf(a ir.Ansatz, s Sizes, o Options) (*Prepared, error) {
	c := a.Circuit()
	e, err := (&sim.Simulator{Kernel: o.Kernel}).Words(c)
	if err != nil {
		return nil, err
	}
	rng := numbers()
	b := backends.Bindings{Trained: normals(rng, 1, len(c.Trained)), Data: normals(rng, s.Batch, len(c.Data))}
	words := make([]uint64, s.Batch*backends.WordStride(s.Qubits))
	for i := range words {
		words[i] = rng.Uint64()
		if i%backends.WordStride(s.Qubits) == s.Qubits/64 { // the last of a row: bits of qubits alone
			words[i] &^= ^uint64(0) >> (s.Qubits % 64)
		}
	}
	logp, upstream := make([]float64, s.Batch), slices.Repeat([]float64{1}, s.Batch)
	grad := make([]float64, len(c.Trained)+s.Batch*len(c.Data))
	run := func(ctx context.Context) (float64, error) {
		clear(grad)
		if err := e.Forward(ctx, b, words, logp); err != nil {
			return 0, err
		}
		err := e.Backward(ctx, upstream, grad[:len(c.Trained)], grad[len(c.Trained):])
		return norm(grad), err
	}
	return &Prepared{Circuits: s.Batch, Method: e.Method(), Run: run}, nil
}
