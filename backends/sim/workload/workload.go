// Package workload is fixed work for the simulator, to be timed: gradients of the paper's
// generator, large states, shots with noise. A [Workload] is a row of a table: its name,
// what it computes, and its standard sizes, which are those that other simulators are
// compared at. Numbers that a workload draws come from a stream of its own, so that its
// checksum says whether two programs or kernels have computed the same.
package workload

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"qgan/backends/sim"
	"qgan/internal/named"
)

// Sizes are the sizes of the work. A workload looks at those that it has.
type Sizes struct {
	Neurons   int // of the generator
	Timesteps int // of the generator
	Batch     int // latent vectors
	Qubits    int // of a state
	Layers    int // of gates on it
	Shots     int // in all, or of each circuit
}

// Options say who does the work. The zero value is the best kernel and method.
type Options struct {
	Kernel string     // of the simulator; "" or "auto": the best of this machine
	Method sim.Method // of the noisy simulator
}

// Workload is a row of the table: work that can be prepared at any size.
type Workload struct {
	Name  string
	Short string // what is timed
	Sizes Sizes  // the standard ones; 1 where the work has no such size

	qubits  int // that it can have
	prepare func(Sizes, Options) (*Prepared, error)
}

// Prepared is a workload that is ready to run.
type Prepared struct {
	Circuits int // that a run simulates
	Shots    int // that a run draws, 0 where it draws none
	// Method is how words are found: "carries" or "state"; empty for other work.
	Method string
	// Run does the work once. The checksum of the first run is the same for the same
	// sizes; a workload that draws shots draws others at every run.
	Run func(ctx context.Context) (checksum float64, err error)
}

// standard are sizes with the generator and the layers that others are compared at.
func standard(batch, qubits, shots int) Sizes {
	return Sizes{Neurons: 8, Timesteps: 10, Batch: batch, Qubits: qubits, Layers: 3, Shots: shots}
}

// words are sizes with a generator of many neurons, a word and data a lane.
func words(layers int) Sizes {
	return Sizes{Neurons: 1, Timesteps: 1, Batch: 1024, Qubits: 50, Layers: layers, Shots: 1}
}

// maxWordQubits bounds the qubits of work with words.
const maxWordQubits = 1024

// All returns the table.
func All() []Workload {
	return []Workload{
		{"vjp", "values and gradients of the paper's generator for all timesteps and latent vectors", standard(64, 1, 1), sim.MaxQubits, prepareVJP},
		{"forward", "the same without gradients", standard(64, 1, 1), sim.MaxQubits, prepareForward},
		{"state", "layers of RY, RZ and a chain of CX on a large state, from |0...0>", standard(1, 24, 1), sim.MaxQubits, prepareState},
		{"gradient", "<Z> of each qubit of such a state and the gradient of a weighted sum of them by all angles", standard(1, 24, 1), sim.MaxQubits, prepareGradient},
		{"qft", "the quantum Fourier transform, swaps included, of a product state", standard(1, 24, 1), sim.MaxQubits, prepareQFT},
		{"shift", "all circuits of the parameter-shift rule of the paper's generator, shots drawn for each", standard(8, 1, 1000), sim.MaxQubits, prepareShift},
		{"noisy", "shots of the paper's generator with depolarising noise after each gate and readout errors", standard(1, 1, 10000), sim.MaxQubits, prepareNoisy},
		{"sample", "shots drawn from a random state, its running sum made each time", standard(1, 20, 1000000), sim.MaxQubits, prepareSample},
		{"words", "ln p of a word of each lane, and its gradients, of many qubits with layers and chains", words(5), maxWordQubits, prepareWords},
		{"pairs", "the same of one layer with a brick of pair rotations and no chain", words(1), maxWordQubits, preparePairs},
	}
}

// check refuses sizes that are out of range, and unknown methods.
func (w Workload) check(s Sizes, o Options) error {
	for _, k := range []struct {
		name        string
		value, most int
	}{{"neurons", s.Neurons, 14}, {"timesteps", s.Timesteps, 1000}, {"batch", s.Batch, 100000}, {"qubits", s.Qubits, w.qubits}, {"layers", s.Layers, 1000}, {"shots", s.Shots, 1 << 30}} {
		if k.value < 1 || k.value > k.most {
			return named.Inputf("{"+k.name+"} %d: it can be 1 to %d", k.value, k.most)
		}
	}
	if !slices.Contains([]sim.Method{"", sim.AutoMethod, sim.DensityMethod, sim.TrajectoriesMethod}, o.Method) {
		return named.Inputf("{method} %s: it can be auto, density or trajectories", o.Method)
	}
	return nil
}

// Takes says whether the work has a size of a name, or a method.
func (w Workload) Takes(name string) bool {
	ofGenerator := []string{"vjp", "forward", "shift", "noisy"}
	switch name {
	case "neurons", "timesteps":
		return slices.Contains(ofGenerator, w.Name)
	case "batch":
		return w.Sizes.Batch > 1
	case "qubits":
		return w.Sizes.Qubits > 1
	case "layers":
		return slices.Contains([]string{"state", "gradient", "words", "pairs"}, w.Name)
	case "shots":
		return w.Sizes.Shots > 1
	case "method":
		return w.Name == "noisy"
	}
	return true
}

// Prepare makes circuits, bindings and memory for work of these sizes.
func (w Workload) Prepare(s Sizes, o Options) (*Prepared, error) {
	if err := w.check(s, o); err != nil {
		return nil, err
	}
	return w.prepare(s, o)
}

// warmUp is how long a workload runs before it is timed, at least.
const warmUp = 300 * time.Millisecond

// Timing is what runs took, in seconds.
type Timing struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// Time runs the work, at least 0.3 s and once to warm up and then so many times by the
// clock, and returns the checksum of the first run.
func (p *Prepared) Time(ctx context.Context, repeats int) (t Timing, checksum float64, err error) {
	begin := time.Now()
	if checksum, err = p.Run(ctx); err != nil {
		return t, 0, err
	}
	for time.Since(begin) < warmUp {
		if _, err := p.Run(ctx); err != nil {
			return t, 0, err
		}
	}
	seconds := make([]float64, max(repeats, 1))
	for i := range seconds {
		begin := time.Now()
		if _, err := p.Run(ctx); err != nil {
			return t, 0, err
		}
		seconds[i] = time.Since(begin).Seconds()
	}
	slices.Sort(seconds)
	return Timing{seconds[len(seconds)/2], seconds[0], seconds[len(seconds)-1]}, checksum, nil
}

// Report is what work took, for people and programs.
type Report struct {
	Schema   string  `json:"schema"`
	Name     string  `json:"name"`
	Kernel   string  `json:"kernel"`
	Method   string  `json:"method,omitempty"` // of words
	Circuits int     `json:"circuits"`
	Shots    int     `json:"shots"`
	Checksum float64 `json:"checksum"`
	Seconds  Timing  `json:"seconds"`
}

// WriteText writes a line.
func (r *Report) WriteText(w io.Writer) error {
	by := ""
	if r.Method != "" {
		by = ", method " + r.Method
	}
	_, err := fmt.Fprintf(w, "%s, kernel %s%s: %d circuits, %d shots: median %.4g s (%.4g to %.4g), checksum %.12g\n",
		r.Name, r.Kernel, by, r.Circuits, r.Shots, r.Seconds.Median, r.Seconds.Min, r.Seconds.Max, r.Checksum)
	return err
}
