package main

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"qgan/backends/sim"
	"qgan/backends/sim/workload"
)

// benchFlags are the sizes of the work; 0 stands for a workload's own.
type benchFlags struct {
	workload.Sizes
	repeats        int
	kernel, method string
	asJSON         bool
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
	p.IntVar(&f.Neurons, "neurons", 8, "neurons of the generator")
	p.IntVar(&f.Timesteps, "timesteps", 10, "timesteps of the generator")
	p.IntVar(&f.Batch, "batch", 0, "latent vectors, or lanes of words and pairs (0: 64; 8 for shift; 1024 for words and pairs)")
	p.IntVar(&f.Qubits, "qubits", 0, "qubits of state, gradient, qft, sample, words and pairs (0: 24; 20 for sample; 50 for words and pairs)")
	p.IntVar(&f.Layers, "layers", 0, "layers of state, gradient, words and pairs (0: 3; 5 for words; 1 for pairs)")
	p.IntVar(&f.Shots, "shots", 0, "shots of sample and noisy, or of each circuit of shift (0: 1000000; 10000 for noisy; 1000 for shift)")
	p.IntVar(&f.repeats, "repeats", 7, "how often the work is timed")
	p.StringVar(&f.method, "method", string(sim.AutoMethod), "how the work noisy is simulated")
	addKernel(p, &f.kernel)
	p.BoolVar(&f.asJSON, "json", false, "print one JSON object")
	for _, w := range workload.All() {
		group.AddCommand(&cobra.Command{
			Use: w.Name, Short: "Time " + w.Short, Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				for _, flag := range flagsOf(cmd) {
					if flag.set && a.origins[flag.name] == "" && !w.Takes(flag.name) {
						return usagef("--%s: the work %s has none", flag.name, w.Name)
					}
				}
				return a.bench(cmd.Context(), w, f)
			},
		})
	}
	return group
}

func (a *app) bench(ctx context.Context, w workload.Workload, f benchFlags) error {
	const most = 1000
	if f.repeats < 1 || f.repeats > most {
		return usagef("--repeats %d: it can be 1 to %d", f.repeats, most)
	}
	if err := checkKernel(f.kernel); err != nil {
		return err
	}
	sizes := f.Sizes
	sizes.Batch, sizes.Qubits = cmp.Or(f.Batch, w.Sizes.Batch), cmp.Or(f.Qubits, w.Sizes.Qubits)
	sizes.Layers, sizes.Shots = cmp.Or(f.Layers, w.Sizes.Layers), cmp.Or(f.Shots, w.Sizes.Shots)
	work, err := w.Prepare(sizes, workload.Options{Kernel: f.kernel, Method: sim.Method(f.method)})
	if err != nil {
		return err
	}
	r := &workload.Report{
		Schema: "qgan.bench/v1", Name: w.Name, Kernel: (&sim.Simulator{Kernel: f.kernel}).KernelName(), Method: work.Method, Circuits: work.Circuits, Shots: work.Shots,
	}
	if r.Seconds, r.Checksum, err = work.Time(ctx, f.repeats); err != nil {
		return err
	}
	return a.tell(f.asJSON, r)
}
