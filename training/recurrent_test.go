package training

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"qgan/backends/sim"
	"qgan/internal/stream"
	"qgan/metrics"
)

// memoryRuns are the shapes of generators with memory that tests range over.
var memoryRuns = map[string]func(*Config){
	"leaky":        func(c *Config) { *c = c.WithMemory(MemoryLeaky) },
	"leaky untied": func(c *Config) { *c = c.WithMemory(MemoryLeaky); c.Tied = false },
	"leaky runs on": func(c *Config) {
		*c = c.WithMemory(MemoryLeaky)
		c.Past, c.Expectation, c.OwnBits = 6, Batch, 3
	},
	"leaky with own bits":       func(c *Config) { *c = c.WithMemory(MemoryLeaky); c.OwnBits = 1 },
	"leaky with a latent qubit": func(c *Config) { *c = c.WithMemory(MemoryLeaky); c.LatentQubits = 1 },
	"bits":                      func(c *Config) { *c = c.WithMemory(MemoryBits) },
	"bits closing":              func(c *Config) { *c = c.WithMemory(MemoryBits); c.Closing = true },
}

func memoryConfig(t *testing.T, shape string, n, steps int) Config {
	t.Helper()
	c := testConfig(t, n, steps)
	memoryRuns[shape](&c)
	c.Layers, c.Batch = 2, 5
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	return c
}

func testRecurrent(t *testing.T, c Config) (*Recurrent, []float64) {
	t.Helper()
	g, err := NewRecurrent(c, &sim.Simulator{})
	if err != nil {
		t.Fatal(err)
	}
	params := make([]float64, g.Parameters())
	rng := stream.New(c.Seed, "init")
	g.Init(params, math.Pi, []float64{0.1, 0.3, 0.2}[:c.Neurons], rng)
	for i := range params { // weights large enough that the squash bends
		params[i] += 0.5 * rng.NormFloat64()
	}
	return g, params
}

// The traces and angles of a past are those of their definition, and the derivative
// is that of finite differences.
func TestMemoryMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &memoryMap{
			kind: rapid.SampledFrom([]Memory{MemoryBits, MemoryLeaky}).Draw(t, "kind"), encodings: rapid.IntRange(1, 3).Draw(t, "encodings"),
			neurons: rapid.IntRange(1, 3).Draw(t, "neurons"), depth: rapid.IntRange(1, 5).Draw(t, "depth"),
		}
		if m.kind == MemoryBits {
			m.depth = 1
		} else {
			m.own = rapid.IntRange(0, m.depth).Draw(t, "own bits")
		}
		m.qubits = m.neurons + rapid.IntRange(0, 1).Draw(t, "latent qubits")
		past := rapid.SliceOfN(rapid.Uint32Range(0, 1<<m.neurons-1), 0, 7).Draw(t, "past")
		params := rapid.SliceOfN(rapid.Float64Range(-3, 3), m.parameters(), m.parameters()).Draw(t, "parameters")
		upstream := rapid.SliceOfN(rapid.Float64Range(-1, 1), m.angles(), m.angles()).Draw(t, "upstream")
		traces, angles := make([]float64, m.traces()), make([]float64, m.angles())
		value := func() float64 {
			m.prepare(params)
			m.forward(params, past, traces, angles)
			return dot(upstream, angles)
		}
		value()
		bit := func(j, back int) float64 {
			if back > len(past) || back > m.depth {
				return 0
			}
			return float64(past[len(past)-back] >> (m.neurons - 1 - j) & 1)
		}
		for l := range m.encodings {
			for q := range m.qubits {
				want := 0.0
				for j := range m.neurons {
					if m.kind == MemoryBits {
						if j == q {
							want = params[l*m.neurons+j] * bit(j, 1)
						}
						continue
					}
					d := 1 / (1 + math.Exp(-params[l*m.neurons+j]))
					for back := 1; back <= m.depth; back++ {
						want += params[m.traces()+(l*m.qubits+q)*m.neurons+j] * math.Pow(d, float64(back-1)) * bit(j, back)
					}
				}
				for back := 1; back <= m.own && q < m.neurons; back++ {
					want += params[m.traces()+m.angles()*m.neurons+((back-1)*m.encodings+l)*m.neurons+q] * bit(q, back)
				}
				if m.kind == MemoryLeaky {
					want = math.Pi / 2 * math.Tanh(want/(math.Pi/2))
				}
				if got := angles[l*m.qubits+q]; math.Abs(got-want) > 1e-12 {
					t.Errorf("angle of encoding %d and qubit %d: %g, want %g", l, q, got, want)
				}
			}
		}
		grad := make([]float64, len(params))
		m.backward(params, past, traces, angles, upstream, grad)
		for i := range params {
			if want := differentiate(value, &params[i]); math.Abs(grad[i]-want) > 1e-6 {
				t.Errorf("derivative by parameter %d: %g, want %g", i, grad[i], want)
			}
		}
	})
}

// The gradient of a sum over laws is that of finite differences, whatever the
// memory.
func TestRecurrentGradient(t *testing.T) {
	for name := range memoryRuns {
		t.Run(name, func(t *testing.T) {
			c := memoryConfig(t, name, 2, 3)
			g, params := testRecurrent(t, c)
			of := []history{{nil, 0}, {[]uint32{1}, g.circuit(1)}, {[]uint32{3, 2}, g.circuit(2)}, {[]uint32{0, 0}, g.circuit(2)}, {[]uint32{2, 1}, g.circuit(2)}}
			rng := rand.New(rand.NewPCG(3, 0))
			upstream, laws := make([]float64, len(of)*g.words()), make([]float64, len(of)*g.words())
			for i := range upstream {
				upstream[i] = rng.NormFloat64()
			}
			value := func() float64 {
				if err := g.laws(t.Context(), params, of, laws); err != nil {
					t.Fatal(err)
				}
				return dot(upstream, laws)
			}
			if err := g.forward(t.Context(), params, of, laws); err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(laws); i += g.words() {
				if sum := sumOf(laws[i:][:g.words()]); math.Abs(sum-1) > 1e-12 {
					t.Errorf("law %d adds up to %g", i/g.words(), sum)
				}
			}
			grad := make([]float64, len(params))
			if err := g.backward(t.Context(), upstream, grad); err != nil {
				t.Fatal(err)
			}
			for i := range params {
				if want := differentiate(value, &params[i]); math.Abs(grad[i]-want) > 1e-6 {
					t.Errorf("derivative by parameter %d of %d: %g, want %g", i, len(params), grad[i], want)
				}
			}
		})
	}
}

func sumOf(values []float64) float64 {
	sum := 0.0
	for _, x := range values {
		sum += x
	}
	return sum
}

// roundOf makes a round, its critic and parameters.
func roundOf(t *testing.T, c Config, o Objective) (round, *Critic, []float64) {
	t.Helper()
	g, params := testRecurrent(t, c)
	net := NewCritic(c.Neurons*c.Timesteps, c.Hidden)
	net.Init(stream.New(4, "critic"))
	r, err := newMemoryRound(c, o, g, net, testData(t, c.Neurons, c.Timesteps))
	if err != nil {
		t.Fatal(err)
	}
	return r, net, params
}

// streamsOf is an update with streams of its own, so that several live side by side.
func streamsOf(params []float64, seed uint64, step, index int) update {
	name := func(label string) *rand.Rand { return stream.New(seed, label, uint64(step), uint64(index)) }
	return update{params: params, index: index, draw: draw{fake: name("fake"), real: name("real"), mix: name("mix")}}
}

// The gradients of the rounds whose losses are functions are those of finite
// differences of the losses that they report.
func TestRoundGradients(t *testing.T) {
	for _, k := range []struct {
		shape       string
		objective   Objective
		expectation Expectation
	}{
		{"leaky", ObjectiveLikelihood, Exact},
		{"leaky", ObjectiveLikelihood, Batch},
		{"bits", ObjectiveLikelihood, Exact},
		{"leaky runs on", ObjectiveLikelihood, Batch},
		{"leaky", ObjectiveConditional, Batch},
		{"leaky runs on", ObjectiveConditional, Batch},
		{"leaky untied", ObjectiveWGAN, Exact},
		{"leaky", ObjectiveWGAN, Exact},
	} {
		t.Run(k.shape+" "+string(k.objective)+" "+string(k.expectation), func(t *testing.T) {
			c := memoryConfig(t, k.shape, 2, 3)
			c.Expectation = k.expectation
			r, net, params := roundOf(t, c, k.objective)
			streams := func() update { return streamsOf(params, c.Seed, 3, 1) }
			var out Losses
			grad, scratch := make([]float64, len(params)), make([]float64, len(params))
			if err := r.generator(t.Context(), streams(), grad, &out); err != nil {
				t.Fatal(err)
			}
			value := func() float64 {
				if err := r.generator(t.Context(), streams(), scratch, &out); err != nil {
					t.Fatal(err)
				}
				return out.Generator
			}
			for i := range params {
				if want := differentiate(value, &params[i]); math.Abs(grad[i]-want) > 1e-5*(1+math.Abs(want)) {
					t.Errorf("generator: derivative by parameter %d: %g, want %g", i, grad[i], want)
				}
			}
			if k.objective == ObjectiveLikelihood {
				return
			}
			critGrad, scratch := make([]float64, len(net.Params)), make([]float64, len(net.Params))
			if err := r.critic(t.Context(), streams(), critGrad, &out); err != nil {
				t.Fatal(err)
			}
			value = func() float64 {
				if err := r.critic(t.Context(), streams(), scratch, &out); err != nil {
					t.Fatal(err)
				}
				return out.Critic
			}
			for i := range net.Params {
				if want := differentiate(value, &net.Params[i]); math.Abs(critGrad[i]-want) > 1e-5*(1+math.Abs(want)) {
					t.Errorf("critic: derivative by weight %d: %g, want %g", i, critGrad[i], want)
				}
			}
		})
	}
}

// The score function's gradient is, on average over draws, that of the exact
// expectation over all windows.
func TestRunningGradientOnAverage(t *testing.T) {
	c := memoryConfig(t, "leaky", 2, 2)
	c.Expectation = Exact
	exact, _, params := roundOf(t, c, ObjectiveWGAN)
	c.Expectation, c.Batch = Batch, 512
	drawn, _, _ := roundOf(t, c, ObjectiveWGAN)
	want, mean, square := make([]float64, len(params)), make([]float64, len(params)), make([]float64, len(params))
	var out Losses
	if err := exact.generator(t.Context(), update{params: params}, want, &out); err != nil {
		t.Fatal(err)
	}
	const draws = 200
	one := make([]float64, len(params))
	for i := range draws {
		clear(one)
		if err := drawn.generator(t.Context(), streamsOf(params, c.Seed, i, 0), one, &out); err != nil {
			t.Fatal(err)
		}
		for j, x := range one {
			mean[j] += x / draws
			square[j] += x * x / draws
		}
	}
	for j := range want {
		if err := math.Sqrt(max(0, square[j]-mean[j]*mean[j]) / draws); math.Abs(mean[j]-want[j]) > 5*err+1e-9 {
			t.Errorf("derivative by parameter %d: %g ± %g, want %g", j, mean[j], err, want[j])
		}
	}
}

// The law of all windows adds up to 1, the drawn windows follow it, and the figures
// of a law over few windows are those of the whole table.
func TestRecurrentLaw(t *testing.T) {
	for name := range memoryRuns {
		t.Run(name, func(t *testing.T) {
			c := memoryConfig(t, name, 2, 3)
			g, params := testRecurrent(t, c)
			const samples = 40000
			r, err := g.Draw(t.Context(), params, samples, c.Timesteps, 0.02, 1)
			if err != nil {
				t.Fatal(err)
			}
			w, err := r.Windows(c.Timesteps)
			if err != nil {
				t.Fatal(err)
			}
			drawn, err := metrics.CountStates(w)
			if err != nil {
				t.Fatal(err)
			}
			e, err := g.EstimateLaw(t.Context(), params, drawn, 2048, 1)
			if err != nil {
				t.Fatal(err)
			}
			if drawn.Len() == 64 {
				if sum := sumOf(e.Seen); math.Abs(sum-1) > 1e-9 {
					t.Errorf("the law adds up to %g", sum)
				}
			}
			// 64 windows from so many draws differ from their law by (64-1)/(8 draws) on
			// average, with a standard deviation of √(2·63)/(8 draws).
			if limit := (63 + 6*math.Sqrt(2*63)) / (8 * samples); e.JSNats > limit {
				t.Errorf("the divergence of the draws from the law is %g, at most %g is chance", e.JSNats, limit)
			}
			if i := drawn.Find(make([]uint32, 3)); i < 0 {
				if e.PSilent > 20./samples {
					t.Errorf("P(silent) is %g, and no silent window was drawn", e.PSilent)
				}
			} else if math.Abs(e.PSilent-e.Seen[i]) > 1e-9 {
				t.Errorf("P(silent) is %g, that of the silent window %g", e.PSilent, e.Seen[i])
			}
		})
	}
}

// A shorter draw is the beginning of a longer one, in samples and in bins, where
// samples run on and where they do not.
func TestRecurrentDrawIsAPrefix(t *testing.T) {
	for _, name := range []string{"leaky", "leaky runs on"} {
		c := memoryConfig(t, name, 2, 3)
		g, params := testRecurrent(t, c)
		long, err := g.Draw(t.Context(), params, 20, 50, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		short, err := g.Draw(t.Context(), params, 7, 20, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		for i := range short.Repeats {
			for k := range short.Bins {
				if short.Word(i, k) != long.Word(i, k) {
					t.Fatalf("%s: sample %d differs at bin %d", name, i, k)
				}
			}
		}
	}
}

// Likelihood drives the generator to the law of a recording with memory: closer
// than any law of independent timesteps.
func TestLikelihoodLearns(t *testing.T) {
	c, err := Preset("deep", 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	c = c.WithObjective(ObjectiveLikelihood)
	c.Layers, c.Iterations = 5, 300
	tr := testTrainer(t, c)
	for range c.Iterations {
		if _, err := tr.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	e, err := tr.Model().EstimateLaw(t.Context(), tr.State.Params, tr.Data.States, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	m := metrics.FitIndependentInTime(tr.Data.States)
	independent := tr.Data.States.JSSeen(metrics.ProbSeen(m, tr.Data.States))
	if e.JSNats > independent/10 {
		t.Errorf("JS %g, independent in time %g", e.JSNats, independent)
	}
}

// A staged training goes through its stages in order, and its steps add up.
func TestStages(t *testing.T) {
	c := memoryConfig(t, "leaky runs on", 2, 3)
	c.Objective, c.Iterations = ObjectiveStaged, 47
	tr := testTrainer(t, c)
	var order []Objective
	for i := range c.Iterations {
		if o := tr.stage(i).objective; len(order) == 0 || order[len(order)-1] != o {
			order = append(order, o)
		}
	}
	if want := []Objective{ObjectiveLikelihood, ObjectiveConditional, ObjectiveWGAN}; !slices.Equal(order, want) {
		t.Errorf("stages %v, want %v", order, want)
	}
	last := tr.stages[len(tr.stages)-1]
	if last.first+last.steps != c.Iterations {
		t.Errorf("the last stage ends at step %d of %d", last.first+last.steps, c.Iterations)
	}
}
