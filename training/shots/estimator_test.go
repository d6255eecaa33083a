package shots

import (
	"encoding/json"
	"math"
	"math/bits"
	"os"
	"slices"
	"testing"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/internal/stream"
	"qgan/ir"
	"qgan/metrics/spikes"
	"qgan/training"
)

// gradientCase is a circuit of testdata/gradients.json.
type gradientCase struct {
	Name     string
	N        int
	Ops      []gradientOp
	Theta    []float64
	F        []float64
	Gradient []float64 `json:"gradient"`
	Variance []float64 `json:"single_shot_variance_sum_c2_Var"`
	Circuits int       `json:"n_circuits"`
}

// gradientOp is a gate: its name, qubits, parameter (nil: none) and coefficient.
type gradientOp struct {
	G     string
	Q     []int
	Param *int
	Coeff *float64
}

func (o *gradientOp) UnmarshalJSON(raw []byte) error {
	return json.Unmarshal(raw, &[]any{&o.G, &o.Q, &o.Param, &o.Coeff})
}

func gradientCases(t *testing.T) []gradientCase {
	t.Helper()
	raw, err := os.ReadFile("testdata/gradients.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []gradientCase }
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) != 8 {
		t.Fatalf("%d cases, 8 were written", len(file.Cases))
	}
	return file.Cases
}

// circuit returns the case's circuit and its function by our state index, qubit 0 the
// most significant bit.
func (k gradientCase) circuit(t *testing.T) (*ir.Circuit, []float64) {
	t.Helper()
	c := ir.New(k.N, 0)
	c.Name = k.Name
	for range k.Theta {
		c.TrainedSymbol("theta")
	}
	gates := map[string]ir.Gate{"rx": ir.RX, "ry": ir.RY, "rz": ir.RZ, "cx": ir.CX, "h": ir.H, "crx": ir.CRX, "crz": ir.CRZ, "rzz": ir.RZZ, "rxx": ir.RXX}
	for _, op := range k.Ops {
		g, ok := gates[op.G]
		if !ok {
			t.Fatalf("gate %q", op.G)
		}
		var angles []ir.Angle
		if op.Param != nil {
			angles = []ir.Angle{ir.Trained(*op.Coeff, *op.Param)}
		}
		c.Gate(g, op.Q, angles...)
	}
	f := make([]float64, len(k.F))
	for x, v := range k.F {
		f[bits.Reverse(uint(x))>>(bits.UintSize-k.N)] = v
	}
	return c, f
}

// Every place of a symbol is shifted on its own, by its gate's own rule.
func TestShiftRule(t *testing.T) {
	for _, k := range gradientCases(t) {
		c, f := k.circuit(t)
		rule, err := NewShiftRule(c, &sim.Simulator{})
		if err != nil {
			t.Fatal(err)
		}
		if rule.Circuits() != k.Circuits {
			t.Errorf("%s: %d shifted circuits, want %d", k.Name, rule.Circuits(), k.Circuits)
		}
		got, err := rule.Derivatives(t.Context(), k.Theta, nil, f)
		if err != nil {
			t.Fatal(err)
		}
		for i, d := range got[0] {
			if math.Abs(d.Value-k.Gradient[i]) > 1e-10 || math.Abs(d.Variance-k.Variance[i]) > 1e-10 {
				t.Errorf("%s: derivative %d is %v with variance %v, want %v and %v", k.Name, i, d.Value, d.Variance, k.Gradient[i], k.Variance[i])
			}
		}
	}
}

// testConfig is a small model without memory.
func testConfig(t *testing.T, n, steps int) training.Config {
	t.Helper()
	c, err := training.Preset("deep", n, steps)
	if err != nil {
		t.Fatal(err)
	}
	if c = c.WithObjective(training.ObjectiveWGAN); steps > 1 {
		c = c.WithMemory(training.MemoryNone)
	}
	c.Layers, c.Hidden, c.Batch = 2, 6, 5
	return c
}

// testData is the first cells of the built-in recording.
func testData(t *testing.T, n, steps int) *training.Data {
	t.Helper()
	indices := make([]int, n)
	for i := range indices {
		indices[i] = i
	}
	r, err := spikes.Builtin().Select(indices)
	if err != nil {
		t.Fatal(err)
	}
	d, err := training.NewData(r, steps)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func sumOf(values []float64) float64 {
	sum := 0.0
	for _, x := range values {
		sum += x
	}
	return sum
}

// rowsOf cuts values into rows.
func rowsOf(flat []float64, width int) [][]float64 { return slices.Collect(slices.Chunk(flat, width)) }

// repeated measures the derivatives of a case so many times, independently: a row a time.
func (k gradientCase) repeated(t *testing.T, e *Estimator, times int) [][]float64 {
	t.Helper()
	c, f := k.circuit(t)
	d, err := e.Differentiate(c, backends.Probabilities)
	if err != nil {
		t.Fatal(err)
	}
	b := backends.Bindings{Trained: slices.Repeat([][]float64{k.Theta}, times)}
	law := make([]float64, times*len(f))
	e.Shots = max(e.Shots, 1)
	if err := d.Forward(t.Context(), b, law); err != nil {
		t.Fatal(err)
	}
	trained := make([]float64, times*len(k.Theta))
	if err := d.Backward(t.Context(), slices.Repeat(f, times), trained, nil); err != nil {
		t.Fatal(err)
	}
	for i, x := range e.last.Value {
		if x != trained[i] {
			t.Fatalf("%s: the estimate's value %d is %v, what Backward added %v", k.Name, i, x, trained[i])
		}
	}
	return rowsOf(trained, len(k.Theta))
}

// moments returns mean, variance and the fourth central moment.
func moments(rows [][]float64, i int) (mean, variance, fourth float64) {
	n := float64(len(rows))
	for _, r := range rows {
		mean += r[i] / n
	}
	for _, r := range rows {
		d := r[i] - mean
		variance += d * d / (n - 1)
		fourth += d * d * d * d / n
	}
	return mean, variance, fourth
}

// What is measured has the derivative as its mean and the predicted variance, within 4
// standard errors of 10,000 repetitions.
func TestShotsAreUnbiased(t *testing.T) {
	times, shots := 10_000, 16
	if testing.Short() {
		times = 1000
	}
	for i, k := range gradientCases(t) {
		e := &Estimator{Runner: &sim.Simulator{}, Gradient: training.GradientShift, Shots: shots, Seed: uint64(i)}
		rows := k.repeated(t, e, times)
		for p := range k.Theta {
			mean, variance, fourth := moments(rows, p)
			want := k.Variance[p] / float64(shots)
			if off, se := math.Abs(mean-k.Gradient[p]), math.Sqrt(variance/float64(times)); off > 4*se+1e-12 {
				t.Errorf("%s: derivative %d is %v on average, want %v ± %v", k.Name, p, mean, k.Gradient[p], se)
			}
			if off, se := math.Abs(variance-want), math.Sqrt(max(0, fourth-variance*variance)/float64(times)); off > 4*se+1e-12 {
				t.Errorf("%s: the variance of derivative %d is %v, want %v ± %v", k.Name, p, variance, want, se)
			}
			// The error that a single estimate tells of is right on average.
			told := 0.0
			for r := range times {
				told += e.last.ShotVariance[r*len(k.Theta)+p] / float64(times)
			}
			if math.Abs(told-want) > 5*want/math.Sqrt(float64(times))+1e-12 {
				t.Errorf("%s: the error told of derivative %d has variance %v on average, want %v", k.Name, p, told, want)
			}
		}
	}
}

// SPSA is unbiased up to the square of the perturbation, guided or not.
func TestPerturbationOnAverage(t *testing.T) {
	const times = 8_000
	k := gradientCases(t)[7]
	for _, way := range []training.Gradient{training.GradientSPSA, training.GradientGuided} {
		e := &Estimator{Runner: &sim.Simulator{}, Gradient: way, Shots: 64, Perturbation: 0.1, Seed: 3}
		rows := k.repeated(t, e, times)
		for p, want := range k.Gradient {
			mean, variance, _ := moments(rows, p)
			if se := math.Sqrt(variance / times); math.Abs(mean-want) > 4*se+0.02*math.Abs(want)+1e-3 {
				t.Errorf("%s: derivative %d is %v on average, want %v ± %v", way, p, mean, want, se)
			}
		}
	}
}

// A generator's lanes: the variance between latent vectors is told apart from that of
// shots, and both together are the variance that repetitions show.
func TestErrorOfALatentBatch(t *testing.T) {
	const repetitions, latents, shots = 400, 16, 200
	a := ir.Ansatz{Neurons: 3, Layers: 2, Latent: ir.LatentScale{Value: 1}}
	e := &Estimator{Runner: &sim.Simulator{}, Gradient: training.GradientShift, Shots: shots}
	d, err := e.Differentiate(a.Circuit(), backends.Probabilities)
	if err != nil {
		t.Fatal(err)
	}
	rng := stream.New(5, "angles")
	theta, f := make([]float64, a.Angles()), make([]float64, 8)
	for i := range theta {
		theta[i] = rng.NormFloat64()
	}
	for i := range f {
		f[i] = rng.NormFloat64() / latents
	}
	var values [][]float64
	told, ofShots := make([]float64, len(theta)), make([]float64, len(theta))
	for r := range repetitions {
		rng := stream.New(5, "latents", uint64(r))
		z := rowsOf(make([]float64, latents*3), 3)
		for _, row := range z {
			for i := range row {
				row[i] = rng.NormFloat64()
			}
		}
		e.Seed = uint64(r)
		e.Begin(0, &training.Moments{})
		if err := d.Forward(t.Context(), backends.Bindings{Trained: [][]float64{theta}, Data: z}, make([]float64, latents*8)); err != nil {
			t.Fatal(err)
		}
		grad := make([]float64, len(theta))
		if err := d.Backward(t.Context(), slices.Repeat(f, latents), grad, nil); err != nil {
			t.Fatal(err)
		}
		values = append(values, grad)
		for i := range theta {
			told[i] += (e.last.ShotVariance[i] + e.last.LatentVariance[i]) / repetitions
			ofShots[i] += e.last.ShotVariance[i] / repetitions
		}
	}
	apart := 0
	for i := range theta {
		_, variance, _ := moments(values, i)
		if variance == 0 {
			continue
		}
		if ratio := told[i] / variance; ratio < 0.75 || ratio > 1.3 {
			t.Errorf("derivative %d: variance %v told, %v seen", i, told[i], variance)
		}
		if ofShots[i] < told[i]/2 {
			apart++
		}
	}
	if apart == 0 {
		t.Error("no derivative has more of its error from latent vectors than from shots")
	}
}

// Variance falls with the shots to the power -1: the slope's interval holds -1 and is
// narrower than 0.05.
func TestVarianceAgainstShots(t *testing.T) {
	const times = 3000
	k := gradientCases(t)[2]
	var xs, ys []float64
	for shots := 8; shots <= 2048; shots *= 2 {
		e := &Estimator{Runner: &sim.Simulator{}, Gradient: training.GradientShift, Shots: shots, Seed: uint64(shots)}
		_, variance, _ := moments(k.repeated(t, e, times), 0)
		xs, ys = append(xs, math.Log(float64(shots))), append(ys, math.Log(variance))
	}
	slope, se := line(xs, ys)
	if half := 2.36 * se; math.Abs(slope+1) > half || 2*half > 0.05 {
		t.Errorf("slope %v ± %v", slope, half)
	}
}

// line fits a straight line and returns its slope with the standard error.
func line(xs, ys []float64) (slope, se float64) {
	n := float64(len(xs))
	mx, my := sumOf(xs)/n, sumOf(ys)/n
	sxx, sxy := 0.0, 0.0
	for i, x := range xs {
		sxx += (x - mx) * (x - mx)
		sxy += (x - mx) * (ys[i] - my)
	}
	slope = sxy / sxx
	rest := 0.0
	for i, x := range xs {
		d := ys[i] - my - slope*(x-mx)
		rest += d * d
	}
	return slope, math.Sqrt(rest / (n - 2) / sxx)
}

// A training step from shots asks for the same shots when it is taken again, and goes
// where an exact one goes.
func TestStepsFromShots(t *testing.T) {
	for _, k := range []struct {
		name   string
		t      int
		change func(*training.Config)
	}{
		{"one bin", 1, func(*training.Config) {}},
		{"two bins, a shared latent vector", 2, func(*training.Config) {}},
		{"drawn windows", 2, func(c *training.Config) { c.Expectation, c.Batch = training.Batch, 10 }},
		{"spike probabilities", 1, func(c *training.Config) { c.Expectation, c.Readout, c.Batch = training.Batch, training.Prob, 40 }},
		{"square of the count", 1, func(c *training.Config) { c.KLoss, c.K = training.KSquare, 0.1 }},
		{"allocated", 1, func(c *training.Config) {}},
		{"memory", 2, func(c *training.Config) { *c = c.WithMemory(training.MemoryLeaky); c.Layers, c.Batch = 2, 16 }},
		{"memory, conditional", 2, func(c *training.Config) {
			*c = c.WithMemory(training.MemoryLeaky).WithObjective(training.ObjectiveConditional)
			c.Layers, c.Batch = 2, 16
		}},
	} {
		t.Run(k.name, func(t *testing.T) {
			c := testConfig(t, 2, k.t)
			k.change(&c)
			exact, err := training.New(c, testData(t, 2, k.t), &sim.Simulator{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			c.Gradient = training.GradientShift
			c.Shots = 20000
			if k.name == "allocated" {
				c.Shots, c.MaxShots = 500, 20000
			}
			var ends [][]float64
			for range 2 {
				e := NewEstimator(c, &sim.Simulator{})
				tr, err := training.New(c, testData(t, 2, k.t), &sim.Simulator{}, e)
				if err != nil {
					t.Fatal(err)
				}
				for range 3 {
					if _, err := tr.Step(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				if m := e.Measured(); m.Circuits == 0 || m.Shots < m.Circuits*c.Shots {
					t.Errorf("%+v measured in a step", m)
				}
				ends = append(ends, slices.Clone(tr.State.Params))
			}
			if !slices.Equal(ends[0], ends[1]) {
				t.Error("the same steps ended at other parameters")
			}
			for range 3 {
				if _, err := exact.Step(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			// Adam's first steps have the size of the rate whatever the gradient, so most
			// parameters are where the exact ones are; a sign that noise turned is two rates off.
			near := 0
			for i, x := range ends[0] {
				if math.Abs(x-exact.State.Params[i]) < 2*c.GeneratorLR {
					near++
				}
			}
			if near < len(ends[0])*2/3 {
				t.Errorf("%d of %d parameters are near the exact ones", near, len(ends[0]))
			}
		})
	}
}

// What can't be unbiased is refused, with the reason.
func TestRefusedFromShots(t *testing.T) {
	for name, change := range map[string]func(*training.Config){
		"k-loss": func(c *training.Config) { c.KLoss, c.K = training.KAbs, 0.1 },
		"objective": func(c *training.Config) {
			*c = c.WithMemory(training.MemoryLeaky).WithObjective(training.ObjectiveLikelihood)
		},
		"perturbed memory":     func(c *training.Config) { *c = c.WithMemory(training.MemoryLeaky); c.Gradient = training.GradientSPSA },
		"no shots":             func(c *training.Config) { c.Shots = 0 },
		"shots and an adjoint": func(c *training.Config) { c.Gradient = training.GradientAdjoint },
		"a processor's adjoint": func(c *training.Config) {
			c.Gradient, c.Shots, c.Backend = training.GradientAdjoint, 0, "noisy"
		},
	} {
		c := testConfig(t, 2, 2)
		c.Gradient, c.Shots = training.GradientShift, 100
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
		change(&c)
		if err := c.Check(); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// A condition on measured bits with an angle inside picks shots: no rule holds.
func TestPostSelectionIsRefused(t *testing.T) {
	c := ir.New(2, 1)
	c.Gate(ir.RY, []int{0}, ir.Trained(1, c.TrainedSymbol("a")))
	c.Measure(0, 0)
	c.Ops = append(c.Ops, &ir.If{Cond: ir.BitSet(0), Then: []ir.Op{&ir.Apply{Gate: ir.RY, Qubits: []int{1}, Angles: []ir.Angle{ir.Trained(1, 0)}}}})
	if _, err := (&Estimator{}).Differentiate(c, backends.Probabilities); err == nil {
		t.Error("a circuit that chooses among its shots was taken")
	}
}
