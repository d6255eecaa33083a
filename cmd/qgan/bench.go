package main

import (
	"context"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/internal/stream"
	"qgan/ir"
)

// benchReport is the object of `bench --json`.
type benchReport struct {
	Schema   string       `json:"schema"`
	Name     string       `json:"name"`
	Kernel   string       `json:"kernel"`
	Circuits int          `json:"circuits"`
	Shots    int          `json:"shots"`
	Checksum float64      `json:"checksum"`
	Seconds  benchSeconds `json:"seconds"`
}

type benchSeconds struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// benchFlags are the sizes of the work.
type benchFlags struct {
	neurons, timesteps, batch, qubits, layers, shots, repeats int
	kernel, method                                            string
	asJSON                                                    bool
}

// benchWork prepares a piece of work and returns what runs it once.
type benchWork struct {
	name, short string
	// batch, qubits and shots are what the flags stand for where not given.
	batch, qubits, shots int
	prepare              func(f benchFlags) (run func() (checksum float64, err error), circuits, shots int, err error)
}

var benchWorks = []benchWork{
	{name: "vjp", short: "values and gradients of the paper's generator for all timesteps and latent vectors", batch: 64, prepare: benchVJP(true)},
	{name: "forward", short: "the same without gradients", batch: 64, prepare: benchVJP(false)},
	{name: "state", short: "layers of RY, RZ and a chain of CX on a large state, from |0...0>", qubits: 24, prepare: benchState},
	{name: "qft", short: "the quantum Fourier transform, swaps included, of a product state", qubits: 24, prepare: benchQFT},
	{name: "shift", short: "all circuits of the parameter-shift rule of the paper's generator, shots drawn for each", batch: 8, shots: 1000, prepare: benchShift},
	{name: "noisy", short: "shots of the paper's generator with depolarising noise after each gate and readout errors", shots: 10000, prepare: benchNoisy},
	{name: "sample", short: "shots drawn from a random state, its running sum made each time", qubits: 20, shots: 1000000, prepare: benchSample},
}

// newBenchCmd makes `bench`.
func newBenchCmd(a *app) *cobra.Command {
	var f benchFlags
	group := newGroupCmd(&cobra.Command{
		Use:   "bench",
		Short: "Time the simulator on fixed work",
		Long: `Time the simulator on fixed work, after a warm-up. Times of one machine at one hour
mean little: compare with another program in the same run.`,
	})
	p := group.PersistentFlags()
	p.IntVar(&f.neurons, "neurons", 8, "neurons of the generator")
	p.IntVar(&f.timesteps, "timesteps", 10, "timesteps of the generator")
	p.IntVar(&f.batch, "batch", 0, "latent vectors (0: 64, shift 8)")
	p.IntVar(&f.qubits, "qubits", 0, "qubits of state, qft and sample (0: 24, sample 20)")
	p.IntVar(&f.layers, "layers", 3, "layers of state")
	p.IntVar(&f.shots, "shots", 0, "shots of sample and noisy, or of each circuit of shift (0: 1000000, 10000 and 1000)")
	p.IntVar(&f.repeats, "repeats", 7, "timed runs")
	p.StringVar(&f.method, "method", string(sim.AutoMethod), "how noisy simulates: auto, density or trajectories")
	addKernel(p, &f.kernel)
	p.BoolVar(&f.asJSON, "json", false, "print a JSON object")
	for _, w := range benchWorks {
		group.AddCommand(&cobra.Command{
			Use: w.name, Short: "Time " + w.short, Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error { return a.bench(w, f) },
		})
	}
	return group
}

func (a *app) bench(w benchWork, f benchFlags) error {
	for value, standard := range map[*int]int{&f.batch: w.batch, &f.qubits: w.qubits, &f.shots: w.shots} {
		if *value == 0 {
			*value = max(standard, 1) // 1 where the work has no such size
		}
	}
	for _, k := range []struct {
		name        string
		value, most int
	}{{"neurons", f.neurons, 14}, {"timesteps", f.timesteps, 1000}, {"batch", f.batch, 100000}, {"qubits", f.qubits, sim.MaxQubits}, {"layers", f.layers, 1000}, {"shots", f.shots, 1 << 30}, {"repeats", f.repeats, 1000}} {
		if k.value < 1 || k.value > k.most {
			return usagef("--%s %d: it can be 1 to %d", k.name, k.value, k.most)
		}
	}
	if err := checkKernel(f.kernel); err != nil {
		return err
	}
	if m := sim.Method(f.method); m != sim.AutoMethod && m != sim.DensityMethod && m != sim.TrajectoriesMethod {
		return usagef("--method %s: it can be auto, density or trajectories", f.method)
	}
	run, circuits, shots, err := w.prepare(f)
	if err != nil {
		return err
	}
	r := benchReport{Schema: "qgan.bench/v1", Name: w.name, Kernel: (&sim.Simulator{Kernel: f.kernel}).KernelName(), Circuits: circuits, Shots: shots}
	warm := time.Now()
	for time.Since(warm) < 300*time.Millisecond {
		if r.Checksum, err = run(); err != nil {
			return err
		}
	}
	times := make([]float64, f.repeats)
	for i := range times {
		begin := time.Now()
		if _, err := run(); err != nil {
			return err
		}
		times[i] = time.Since(begin).Seconds()
	}
	slices.Sort(times)
	r.Seconds = benchSeconds{times[len(times)/2], times[0], times[len(times)-1]}
	if f.asJSON {
		return a.printJSON(r)
	}
	fmt.Fprintf(a.out, "%s, kernel %s: %d circuits, %d shots: median %.4g s (%.4g to %.4g), checksum %.12g\n",
		r.Name, r.Kernel, r.Circuits, r.Shots, r.Seconds.Median, r.Seconds.Min, r.Seconds.Max, r.Checksum)
	return nil
}

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

func benchVJP(gradient bool) func(benchFlags) (func() (float64, error), int, int, error) {
	return func(f benchFlags) (func() (float64, error), int, int, error) {
		n := f.neurons
		a := ir.Ansatz{Neurons: n, Layers: 4, Closing: true, FinalChain: true, Latent: ir.LatentScale{Value: 1}}
		d, err := (&sim.Simulator{Kernel: f.kernel}).Differentiate(a.Circuit(), backends.ExpectationZ)
		if err != nil {
			return nil, 0, 0, err
		}
		rng := stream.New(7, "bench")
		b := backends.Bindings{Trained: normals(rng, f.timesteps, 8*n), Data: normals(rng, f.batch, n)}
		values := make([]float64, b.Len()*n)
		upstream := normals(rng, 1, len(values))[0]
		grad := make([]float64, f.timesteps*8*n)
		run := func() (float64, error) {
			if !gradient {
				if err := d.Values(context.Background(), b, values); err != nil {
					return 0, err
				}
				return norm(values), nil
			}
			clear(grad)
			if err := d.Forward(context.Background(), b, values); err != nil {
				return 0, err
			}
			if err := d.Backward(context.Background(), upstream, grad, nil); err != nil {
				return 0, err
			}
			return norm(grad), nil
		}
		return run, b.Len(), 0, nil
	}
}

func norm(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v * v
	}
	return math.Sqrt(sum)
}

// benchState runs the circuit of layers and returns the norm of its state.
func benchState(f benchFlags) (func() (float64, error), int, int, error) {
	rng := stream.New(7, "bench")
	c := ir.New(f.qubits, 0)
	for range f.layers {
		for q := range f.qubits {
			c.Gate(ir.RY, []int{q}, ir.Const(6*rng.Float64()))
			c.Gate(ir.RZ, []int{q}, ir.Const(6*rng.Float64()))
		}
		for q := range f.qubits - 1 {
			c.Gate(ir.CX, []int{q, q + 1})
		}
	}
	return runState(f, c), 1, 0, nil
}

// benchQFT runs RY(0.1·(q+1)) on each qubit q and the Fourier transform.
func benchQFT(f benchFlags) (func() (float64, error), int, int, error) {
	c := ir.New(f.qubits, 0)
	for q := range f.qubits {
		c.Gate(ir.RY, []int{q}, ir.Const(0.1*float64(q+1)))
	}
	for q := range f.qubits {
		c.Gate(ir.H, []int{q})
		for j := q + 1; j < f.qubits; j++ {
			c.Gate(ir.CP, []int{q, j}, ir.Const(math.Pi/float64(int(1)<<(j-q))))
		}
	}
	for q := range f.qubits / 2 {
		c.Gate(ir.Swap, []int{q, f.qubits - 1 - q})
	}
	return runState(f, c), 1, 0, nil
}

// runState returns what runs a circuit to its state; the checksum is the
// probability of |0...0>.
func runState(f benchFlags, c *ir.Circuit) func() (float64, error) {
	state, err := (&sim.Simulator{Kernel: f.kernel}).State(c, nil, nil)
	return func() (float64, error) {
		if err != nil {
			return 0, err
		}
		if err := state.Run(c, nil, nil); err != nil {
			return 0, err
		}
		a := state.Amplitude(0)
		return real(a)*real(a) + imag(a)*imag(a), nil
	}
}

// benchShift runs, for every timestep and latent vector, the circuits with each
// of the 8n angles shifted by ±π/2, draws the shots of each, and takes the mean
// of Z of each neuron.
func benchShift(f benchFlags) (func() (float64, error), int, int, error) {
	n := f.neurons
	a := ir.Ansatz{Neurons: n, Layers: 4, Closing: true, FinalChain: true, Latent: ir.LatentScale{Value: 1}}
	circuit, places, err := ir.Occurrences(a.Circuit())
	if err != nil {
		return nil, 0, 0, err
	}
	circuit.MeasureAll()
	rng := stream.New(7, "bench")
	angles, latents := normals(rng, f.timesteps, 8*n), normals(rng, f.batch, n)
	s := &sim.Simulator{Kernel: f.kernel}
	round, circuits := uint64(0), f.timesteps*f.batch*16*n
	run := func() (float64, error) {
		round++
		sums := make([]float64, f.batch*16*n) // a lane each: the same sum for any number of workers
		total := 0.0
		for t, theta := range angles {
			var rows [][]float64
			for _, z := range latents {
				base := make([]float64, len(places))
				for k, p := range places {
					base[k] = p.Angle.Value(theta, z)
				}
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
			}
			clear(sums)
			ok, err := s.Tally(context.Background(), backends.Request{
				Circuit: circuit, Bindings: backends.Bindings{Trained: rows}, Shots: []int{f.shots}, Seed: round<<32 + uint64(t),
			}, func(lane int, words []uint64, counts []int) {
				for i, w := range words {
					sums[lane] += float64(counts[i]) * float64(n-2*bits.OnesCount64(w))
				}
			})
			switch {
			case err != nil:
				return 0, err
			case !ok:
				return 0, usagef("--neurons %d: shift takes at most 12", n)
			}
			for _, x := range sums {
				total += x
			}
		}
		return total / float64(f.shots), nil
	}
	return run, circuits, circuits * f.shots, nil
}

func benchSample(f benchFlags) (func() (float64, error), int, int, error) {
	rng := stream.New(7, "bench")
	law := make([]float64, 1<<f.qubits)
	for i := range law { // |amplitude|² of a Haar-random state, up to the norm
		law[i] = rng.ExpFloat64()
	}
	counts := make([]int, len(law))
	run := func() (float64, error) {
		clear(counts)
		sim.Sample(law, f.shots, rng, counts)
		sum := 0.0
		for x, n := range counts {
			sum += float64(x) * float64(n)
		}
		return sum / float64(f.shots) / float64(len(law)), nil
	}
	return run, 1, f.shots, nil
}
