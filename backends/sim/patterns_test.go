package sim

import (
	"context"
	"math"
	"testing"

	"pgregory.net/rapid"

	"qgan/backends"
	"qgan/internal/stream"
	"qgan/ir"
)

// pauliNoise has Pauli channels that tell axes, qubits and places apart.
const pauliNoise = `
[[noise]]
gates = ["rz", "rx", "ry", "h", "x", "id"]
channel = "pauli"
probabilities = {X = 0.1, Y = 0.03, Z = 0.2}
[[noise]]
gates = ["cx", "ecr", "swap", "cz"]
channel = "pauli"
probabilities = {XI = 0.1, IZ = 0.05, YX = 0.2}
[[noise]]
gates = ["cx"]
qubits = [1, 0]
channel = "pauli"
probabilities = {ZX = 0.7}
[[noise]]
gates = ["delay"]
channel = "bit-flip"
probability = 0.25
[[readout]]
p1_given_0 = 0.02
p0_given_1 = 0.07
[[readout]]
qubits = [1, 3]
matrix = [[0.9, 0, 0.2, 0], [0.1, 1, 0, 0], [0, 0, 0.8, 0.1], [0, 0, 0, 0.9]]
`

// Errors that are absorbed by the SU(2)s of lanes have the exact law, wherever
// they happen: between rotations of one axis, before and after CX and SWAP.
func TestPatternsAgainstDensity(t *testing.T) {
	m := noiseFile(t, pauliNoise)
	names := []string{"rz", "rz", "rx", "ry", "h", "x", "id", "cx", "ecr", "swap", "cz", "delay", "barrier"}
	rapid.Check(t, func(t *rapid.T) {
		const n = 4
		c := ir.New(n, n)
		for range rapid.IntRange(0, 25).Draw(t, "length") {
			q := rapid.IntRange(0, n-1).Draw(t, "qubit")
			p := (q + rapid.IntRange(1, n-1).Draw(t, "other")) % n
			switch k := rapid.SampledFrom(names).Draw(t, "gate"); k {
			case "delay":
				c.Ops = append(c.Ops, &ir.Delay{Duration: 1, Unit: "us", Qubits: []int{q, p}})
			case "barrier":
				c.Ops = append(c.Ops, &ir.Barrier{Qubits: []int{q}})
			default:
				g, _ := ir.GateByName(k)
				var angles []ir.Angle
				if len(g.Info().Params) > 0 {
					angles = []ir.Angle{ir.Const(rapid.Float64Range(-3, 3).Draw(t, "angle"))}
				}
				c.Gate(g, []int{q, p}[:g.Info().Qubits], angles...)
			}
		}
		for q := range n {
			c.Measure(q, (q+2)%n)
		}
		s := &Noisy{Model: m, Method: TrajectoriesMethod, Kernel: rapid.SampledFrom(Kernels()).Draw(t, "kernel")}
		p, err := s.prepare(c)
		if err != nil {
			t.Fatal(err)
		}
		job := shotJob{noisyCircuit: p, shots: 4000, seed: 1, kernel: s.Kernel, workers: 2}
		program, err := p.patternProgram()
		if err != nil || program == nil {
			t.Fatalf("the circuit does not run as patterns: %v", err)
		}
		words, err := job.patterns(context.Background(), program)
		if err != nil {
			t.Fatal(err)
		}
		if z := fit(outcomeOf(words, len(words), false), lawOf(t, s, c)); z > 6 {
			t.Errorf("chi² is %.2f standard deviations above its mean", z)
		}
	})
}

// noisyGenerator is the generator's circuit with the noise of the benchmark.
func noisyGenerator(n int) *ir.Circuit {
	c := ir.New(n, n)
	rng := stream.New(7, "bench")
	latent := make([]float64, n)
	for q := range latent {
		latent[q] = 3 * rng.Float64()
	}
	for l := range 5 {
		for q := range n {
			c.Gate(ir.RX, []int{q}, ir.Const(latent[q]))
			if l < 4 {
				c.Gate(ir.RY, []int{q}, ir.Const(3*rng.Float64()))
				c.Gate(ir.RZ, []int{q}, ir.Const(3*rng.Float64()))
			}
		}
		for q := range n - 1 {
			c.Gate(ir.CX, []int{q, q + 1})
		}
	}
	c.MeasureAll()
	return c
}

const benchNoise = `
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

// Shots by patterns, a million where there is time, have the exact law, and most of them share one.
func TestPatternShots(t *testing.T) {
	m := noiseFile(t, benchNoise)
	c := noisyGenerator(6)
	s := &Noisy{Model: m, Method: TrajectoriesMethod}
	shots := 1_000_000
	if testing.Short() {
		shots = 100_000
	}
	if z := fit(outcomesOf(t, s, c, shots, 2), lawOf(t, s, c)); math.Abs(z) > 4 {
		t.Errorf("chi² is %.2f standard deviations from its mean", z)
	}
	p, err := s.prepare(c)
	if err != nil {
		t.Fatal(err)
	}
	program, err := p.patternProgram()
	if err != nil {
		t.Fatal(err)
	}
	list := program.errors.draw(10000, stream.New(1, "errors"))
	if n := len(list[0].shots); n < 7400 || n > 8400 {
		t.Errorf("%d of 10000 shots are without an error that changes the state", n)
	}
}

// Of many qubits, errors are gates on the paths of shots.
func TestPaulisOnPaths(t *testing.T) {
	m := noiseFile(t, pauliNoise)
	c := ir.New(4, 4)
	for q := range 4 {
		c.Gate(ir.H, []int{q})
		c.Gate(ir.RZ, []int{q}, ir.Const(float64(q)+0.5))
	}
	c.Gate(ir.CX, []int{1, 0})
	c.Gate(ir.ECR, []int{2, 3})
	c.Gate(ir.H, []int{0})
	c.MeasureAll()
	s := &Noisy{Model: m}
	p, err := s.prepare(c)
	if err != nil {
		t.Fatal(err)
	}
	job := shotJob{noisyCircuit: p, shots: 20000, seed: 1, workers: 2}
	words, err := job.tree(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if z := fit(outcomeOf(words, len(words), false), lawOf(t, s, c)); math.Abs(z) > 5 {
		t.Errorf("chi² is %.2f standard deviations from its mean", z)
	}
}

func TestBinomial(t *testing.T) {
	rng := stream.New(5, "binomial")
	for _, k := range []struct {
		n int
		p float64
	}{{1000, 0.003}, {50, 0.3}, {40, 0.8}, {7, 0.5}} {
		const draws = 20000
		sum, squares := 0.0, 0.0
		for range draws {
			x := float64(binomial(k.n, k.p, rng))
			sum, squares = sum+x, squares+x*x
		}
		mean, n := sum/draws, float64(k.n)
		variance := squares/draws - mean*mean
		want := n * k.p * (1 - k.p)
		if math.Abs(mean-n*k.p) > 4*math.Sqrt(want/draws) || math.Abs(variance/want-1) > 0.06 {
			t.Errorf("binomial(%d, %v): mean %v, variance %v, want %v and %v", k.n, k.p, mean, variance, n*k.p, want)
		}
	}
	if binomial(5, 0, rng) != 0 || binomial(5, 1, rng) != 5 || binomial(0, 0.5, rng) != 0 {
		t.Error("binomial of what is certain")
	}
}

func BenchmarkNoisy(b *testing.B) {
	m := noiseFile(b, benchNoise)
	for _, n := range []int{5, 10} {
		c := noisyGenerator(n)
		for _, method := range []Method{DensityMethod, TrajectoriesMethod} {
			b.Run(string(method)+"/"+string(rune('0'+n/10))+string(rune('0'+n%10)), func(b *testing.B) {
				s := &Noisy{Model: m, Method: method}
				for range b.N {
					if _, err := s.Run(context.Background(), []backends.Request{{Circuit: c, Bindings: unbound, Shots: []int{10000}}}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// Shots of more than one part have the law too, and no two parts are alike.
func TestPatternParts(t *testing.T) {
	m := noiseFile(t, "[[noise]]\ngates = [\"h\"]\nchannel = \"phase-flip\"\nprobability = 0.2\n")
	c := ir.New(1, 1)
	c.Gate(ir.H, []int{0})
	c.Gate(ir.H, []int{0})
	c.MeasureAll()
	s := &Noisy{Model: m, Method: TrajectoriesMethod}
	const shots = patternShots + 10000
	o := outcomesOf(t, s, c, shots, 1)
	if z := fit(o, lawOf(t, s, c)); math.Abs(z) > 5 {
		t.Errorf("chi² is %.2f standard deviations from its mean", z)
	}
	same := 0
	for i, w := range o.Words[patternShots:] {
		if w == o.Words[i] {
			same++
		}
	}
	if same > 7200 || same < 6400 { // 0.68 of them by chance
		t.Errorf("%d of 10000 shots of the second part are as in the first", same)
	}
}
