package main

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
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
	neurons, timesteps, batch, qubits, shots, repeats int
	kernel                                            string
	asJSON, batchGiven                                bool
}

// benchWork prepares a piece of work and returns what runs it once.
type benchWork struct {
	name, short string
	prepare     func(f benchFlags) (run func() (checksum float64, err error), circuits, shots int, err error)
}

var benchWorks = []benchWork{
	{"vjp", "values and gradients of the paper's generator for all timesteps and latent vectors", benchVJP(true)},
	{"forward", "the same without gradients", benchVJP(false)},
	{"shift", "all circuits of the parameter-shift rule of the paper's generator, shots drawn for each", benchShift},
	{"sample", "shots drawn from a random state, its running sum made each time", benchSample},
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
	p.IntVar(&f.batch, "batch", 64, "latent vectors (shift: 8)")
	p.IntVar(&f.qubits, "qubits", 20, "qubits of the random state of sample")
	p.IntVar(&f.shots, "shots", 0, "shots of sample, or of each circuit of shift (none: 1000000 and 1000)")
	p.IntVar(&f.repeats, "repeats", 7, "timed runs")
	p.StringVar(&f.kernel, "kernel", "auto", "kernel of the simulator: auto, go or avx2")
	p.BoolVar(&f.asJSON, "json", false, "print a JSON object")
	for _, w := range benchWorks {
		group.AddCommand(&cobra.Command{
			Use: w.name, Short: "Time " + w.short, Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				f.batchGiven = cmd.Flags().Changed("batch")
				return a.bench(w, f)
			},
		})
	}
	return group
}

func (a *app) bench(w benchWork, f benchFlags) error {
	if f.shots == 0 {
		f.shots = map[string]int{"sample": 1000000, "shift": 1000}[w.name]
	}
	if w.name == "shift" && !f.batchGiven {
		f.batch = 8
	}
	if f.shots == 0 {
		f.shots = 1 // not used
	}
	for _, k := range []struct {
		name        string
		value, most int
	}{{"neurons", f.neurons, 14}, {"timesteps", f.timesteps, 1000}, {"batch", f.batch, 100000}, {"qubits", f.qubits, sim.MaxQubits}, {"shots", f.shots, 1 << 30}, {"repeats", f.repeats, 1000}} {
		if k.value < 1 || k.value > k.most {
			return usagef("--%s %d: it can be 1 to %d", k.name, k.value, k.most)
		}
	}
	if f.kernel != "auto" && !slices.Contains(sim.Kernels(), f.kernel) {
		return usagef("--kernel %s: this machine has %s", f.kernel, strings.Join(sim.Kernels(), " and "))
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
				if err := d.Values(b, values); err != nil {
					return 0, err
				}
				return norm(values), nil
			}
			clear(grad)
			if err := d.Forward(b, values); err != nil {
				return 0, err
			}
			if err := d.Backward(upstream, grad, nil); err != nil {
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

// benchShift runs, for every timestep and latent vector, the circuits with each
// of the 8n angles shifted by ±π/2, draws the shots of each, and takes the mean
// of Z of each neuron.
func benchShift(f benchFlags) (func() (float64, error), int, int, error) {
	n := f.neurons
	a := ir.Ansatz{Neurons: n, Layers: 4, Closing: true, FinalChain: true, Latent: ir.LatentScale{Value: 1}}
	d, err := (&sim.Simulator{Kernel: f.kernel}).Differentiate(a.Circuit(), backends.Probabilities)
	if err != nil {
		return nil, 0, 0, err
	}
	rng := stream.New(7, "bench")
	angles, latents := normals(rng, f.timesteps, 8*n), normals(rng, f.batch, n)
	rows := make([][]float64, 16*n)
	b := backends.Bindings{Trained: rows, Data: latents}
	words := 1 << n
	laws := make([]float64, b.Len()*words)
	workers := runtime.GOMAXPROCS(0)
	round := uint64(0)
	run := func() (float64, error) {
		round++
		total := make([]float64, workers)
		for t, theta := range angles {
			for i := range rows {
				rows[i] = slices.Clone(theta)
				rows[i][i/2] += math.Pi / 2 * float64(1-2*(i%2))
			}
			if err := d.Values(b, laws); err != nil {
				return 0, err
			}
			var wg sync.WaitGroup
			for w := range workers {
				wg.Go(func() {
					counts := make([]int, words)
					for lane := w; lane < b.Len(); lane += workers {
						clear(counts)
						sim.Sample(laws[lane*words:][:words], f.shots, stream.New(7, "shift", round, uint64(t), uint64(lane)), counts)
						for x, c := range counts {
							total[w] += float64(c) * float64(n-2*bits.OnesCount(uint(x)))
						}
					}
				})
			}
			wg.Wait()
		}
		sum := 0.0
		for _, x := range total {
			sum += x
		}
		return sum / float64(f.shots), nil
	}
	circuits := b.Len() * f.timesteps
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
