package training_test

import (
	"context"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"qgan/training"
	"qgan/training/internal/traintest"
)

// The losses of a step against references that are written from their formulas alone. Where
// a step draws, the recording or the law leaves it one choice, or a few that can be listed.

// bitsOf is a window as the critic sees it, neuron 0 the most significant bit of a word.
func bitsOf(n int, words ...uint32) []float64 {
	var out []float64
	for _, w := range words {
		for j := range n {
			out = append(out, float64(w>>(n-1-j)&1))
		}
	}
	return out
}

// fixed is a generator whose laws are a table, one for every latent vector and timestep; it
// keeps what its last Backward was told.
type fixed struct {
	neurons, timesteps int
	law                func(z []float64, k int) []float64
	seen               [][]float64 // the latent vectors of all calls
	upstream           []float64
}

func (g *fixed) Neurons() int               { return g.neurons }
func (g *fixed) Timesteps() int             { return g.timesteps }
func (g *fixed) Parameters() int            { return 1 }
func (g *fixed) Init([]float64, *rand.Rand) {}
func (g *fixed) Laws(_ context.Context, _ []float64, latents [][]float64, laws []float64) error {
	for _, z := range latents {
		g.seen = append(g.seen, slices.Clone(z))
	}
	for k := range g.timesteps {
		for _, z := range latents {
			laws = laws[copy(laws, g.law(z, k)):]
		}
	}
	return nil
}
func (g *fixed) Forward(ctx context.Context, p []float64, latents [][]float64, laws []float64) error {
	return g.Laws(ctx, p, latents, laws)
}
func (g *fixed) Backward(_ context.Context, upstream, grad []float64) error {
	g.upstream = slices.Clone(upstream)
	grad[0] = 1
	return nil
}

// sure is the law of one word.
func sure(n int, word uint32) []float64 {
	law := make([]float64, 1<<n)
	law[word] = 1
	return law
}

// Of a generator that always makes one window beside a recording of one window, every
// expectation is one value:
//
//	L_C = ½ (C(fake) - C(real)) + lambda · penalty
//	L_G = -C(fake) + K term
//
// The penalty is known where both windows are the same.
func TestLossesOfOneWindow(t *testing.T) {
	const n, steps, hidden = 2, 2, 3
	real := []uint32{0b10, 0b01}
	for _, fake := range [][]uint32{{0b10, 0b01}, {0b11, 0b01}, {0b00, 0b00}, {0b11, 0b11}} {
		for _, e := range []training.Expectation{training.Exact, training.Batch} {
			for _, readout := range []training.Readout{training.Born, training.Prob, training.Threshold} {
				for _, penalty := range []training.Penalty{training.PenaltyZero, training.PenaltyOne, training.PenaltyClip} {
					for _, kLoss := range []training.KLoss{training.KOff, training.KAbs, training.KSquare, training.KPrinted} {
						if e == training.Exact && readout != training.Born {
							continue
						}
						c := traintest.Small(t, n, steps)
						c.Expectation, c.Readout, c.Penalty, c.KLoss, c.K = e, readout, penalty, kLoss, 0.7
						c.LatentTrained, c.LatentScale, c.CriticSteps, c.PenaltyWeight = false, 0, 1, 0.6
						same := slices.Equal(fake, real)
						if !same && penalty != training.PenaltyClip {
							c.PenaltyWeight = 0
						}
						g := &fixed{neurons: n, timesteps: steps, law: func(_ []float64, k int) []float64 { return sure(n, fake[k]) }}
						tr, err := training.NewWith(c, traintest.Recording(t, n, steps, real), g)
						if err != nil {
							t.Fatal(err)
						}
						name := strings.Join([]string{string(e), string(readout), string(penalty), string(kLoss)}, " ")
						was := slices.Clone(tr.State.Critic)
						f := traintest.Step(t, tr)
						onReal, slope := traintest.Score(was, bitsOf(n, real...), hidden)
						onFake, _ := traintest.Score(was, bitsOf(n, fake...), hidden)
						size := 0.0
						for _, x := range slope {
							size += x * x
						}
						want := 0.5 * (onFake - onReal)
						if same {
							switch penalty {
							case training.PenaltyZero:
								want += 0.6 * size
							case training.PenaltyOne:
								want += 0.6 * (math.Sqrt(size) - 1) * (math.Sqrt(size) - 1)
							}
						}
						if !traintest.Near(f.Critic, want, 1e-12) || !traintest.Near(f.Wasserstein, onReal-onFake, 1e-12) {
							t.Errorf("%s, fake %v: L_C %g and W %g, want %g and %g", name, fake, f.Critic, f.Wasserstein, want, onReal-onFake)
						}
						// The generator is scored by the critic that has just moved.
						now, count := 0.0, float64(bits.OnesCount32(fake[0])+bits.OnesCount32(fake[1]))
						now, _ = traintest.Score(tr.State.Critic, bitsOf(n, fake...), hidden)
						d, term, by := count-2, 0.0, 0.0
						switch kLoss {
						case training.KAbs:
							term, by = 0.7*math.Abs(d), 0.7*float64(sgn(d))
						case training.KSquare:
							term, by = 0.7*d*d, 2*0.7*d
						case training.KPrinted:
							term, by = -0.7*d, -0.7
						}
						if !traintest.Near(f.Generator, -now+term, 1e-12) || !traintest.Near(f.Count, count, 1e-12) {
							t.Errorf("%s, fake %v: L_G %g and %g spikes, want %g and %g", name, fake, f.Generator, f.Count, -now+term, count)
						}
						// The derivative by the law of a word: minus the critic's value of it, the
						// other timestep as it is, or the sum of the critic's slopes by its bits.
						_, slope = traintest.Score(tr.State.Critic, bitsOf(n, fake...), hidden)
						for k := range steps {
							for x := range uint32(1 << n) {
								words := slices.Clone(fake)
								words[k] = x
								value, _ := traintest.Score(tr.State.Critic, bitsOf(n, words...), hidden)
								if readout != training.Born {
									value = 0
									for j, b := range bitsOf(n, x) {
										value += slope[k*n+j] * b
									}
								}
								want := -value + by*float64(bits.OnesCount32(x))
								if got := g.upstream[k<<n+int(x)]; !traintest.Near(got, want, 1e-12) {
									t.Errorf("%s, fake %v: derivative by word %d of timestep %d is %g, want %g", name, fake, x, k, got, want)
								}
							}
						}
					}
				}
			}
		}
	}
}

func sgn(x float64) int {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

// Spike probabilities are what the critic sees under the readouts that do not draw.
func TestLossesOfProbabilities(t *testing.T) {
	const hidden = 3
	for _, readout := range []training.Readout{training.Prob, training.Threshold} {
		c := traintest.Small(t, 2, 1)
		c.Expectation, c.Readout, c.PenaltyWeight, c.CriticSteps = training.Batch, readout, 0, 1
		c.LatentTrained, c.LatentScale = false, 0
		g := &fixed{neurons: 2, timesteps: 1, law: func([]float64, int) []float64 { return []float64{0.4, 0.3, 0.2, 0.1} }}
		tr, err := training.NewWith(c, traintest.Recording(t, 2, 1, []uint32{0b10}), g)
		if err != nil {
			t.Fatal(err)
		}
		onReal, _ := traintest.Score(tr.State.Critic, []float64{1, 0}, hidden)
		onFake, _ := traintest.Score(tr.State.Critic, []float64{0.2 + 0.1, 0.3 + 0.1}, hidden)
		if f := traintest.Step(t, tr); !traintest.Near(f.Wasserstein, onReal-onFake, 1e-12) || !traintest.Near(f.Count, 0.7, 1e-12) {
			t.Errorf("%s: W %g and %g spikes, want %g and 0.7", readout, f.Wasserstein, f.Count, onReal-onFake)
		}
	}
}

// The exact law of windows is the mean over latent vectors of the product of the timesteps',
// and the penalty's points lie evenly on the way between windows.
func TestLossesOfAMixture(t *testing.T) {
	const hidden = 3
	c := traintest.Small(t, 1, 2)
	c.Latent, c.Batch, c.CriticSteps, c.PenaltyWeight = "bit", 4000, 1, 0.8
	laws := map[float64][2]float64{0: {0.2, 0.9}, 1: {0.5, 0.3}} // P(1) of the timesteps
	g := &fixed{neurons: 1, timesteps: 2, law: func(z []float64, k int) []float64 {
		p := laws[z[0]][k]
		return []float64{1 - p, p}
	}}
	rows := []uint32{0, 1, 1, 0, 1} // windows 01, 11, 10, 01
	tr, err := training.NewWith(c, traintest.Recording(t, 1, 2, rows), g)
	if err != nil {
		t.Fatal(err)
	}
	was := slices.Clone(tr.State.Critic)
	f := traintest.Step(t, tr)
	real := []float64{0, 0.5, 0.25, 0.25}
	var fake [4]float64
	for _, p := range laws {
		for x := range fake {
			one, two := p[0], p[1]
			if x < 2 {
				one = 1 - one
			}
			if x%2 == 0 {
				two = 1 - two
			}
			fake[x] += one * two / 2
		}
	}
	distance, penalty := 0.0, 0.0
	for x, p := range real {
		value, _ := traintest.Score(was, bitsOf(1, uint32(x/2), uint32(x%2)), hidden)
		distance += (p - fake[x]) * value
		for y, q := range fake {
			const parts = 2000
			for i := range parts {
				at, e := make([]float64, 2), (float64(i)+0.5)/parts
				for j, b := range bitsOf(1, uint32(y/2), uint32(y%2)) {
					at[j] = e*bitsOf(1, uint32(x/2), uint32(x%2))[j] + (1-e)*b
				}
				_, slope := traintest.Score(was, at, hidden)
				penalty += p * q / parts * (slope[0]*slope[0] + slope[1]*slope[1])
			}
		}
	}
	if !traintest.Near(f.Wasserstein, distance, 1e-12) {
		t.Errorf("W %g, want %g", f.Wasserstein, distance)
	}
	if math.Abs(f.Penalty/penalty-1) > 0.05 {
		t.Errorf("penalty %g, want about %g", f.Penalty, penalty)
	}
	if want := -0.5*distance + 0.8*f.Penalty; !traintest.Near(f.Critic, want, 1e-12) {
		t.Errorf("L_C %g, want %g", f.Critic, want)
	}
}

// neuron is the generator with memory of one neuron and one layer: RX(e), RY(a), RZ leaves
// P(1) = (1 - cos e cos a)/2.
func neuron(e, a float64) float64 { return (1 - math.Cos(e)*math.Cos(a)) / 2 }

// leakyAngle is the angle e that a past gives one neuron with a leaky memory: the decay's
// logit, the weight of its trace, then those of its own bits.
func leakyAngle(memory []float64, past []uint32) float64 {
	d, raw := 1/(1+math.Exp(-memory[0])), 0.0
	for back := 1; back <= len(past); back++ {
		if past[len(past)-back] == 1 {
			raw += memory[1] * math.Pow(d, float64(back-1))
			if back < len(memory)-1 {
				raw += memory[1+back]
			}
		}
	}
	return math.Pi / 2 * math.Tanh(raw/(math.Pi/2))
}

// probability is that of a word after a past, of parameters RY, RZ and the memory's.
func probability(params []float64, word uint32, past ...uint32) float64 {
	p := neuron(leakyAngle(params[2:], past), params[0])
	if word == 0 {
		return 1 - p
	}
	return p
}

// one is the configuration of one neuron with a leaky memory and one layer.
func one(t *testing.T, steps, past, own int) training.Config {
	t.Helper()
	c := traintest.Leaky(traintest.Small(t, 1, max(2, steps)))
	c.Timesteps, c.Layers, c.Batch, c.Past, c.OwnBits = steps, 1, 1, past, own
	c.CriticSteps, c.PenaltyWeight, c.Iterations, c.Schedule = 1, 0, 1000, "constant"
	if past > 0 {
		c.Expectation = training.Batch
	}
	return c
}

// among takes steps from the same parameters and critic, and checks that each step's value
// is one of those that can be and that every one of them comes.
func among(t *testing.T, tr *training.Trainer, value func(training.Losses) float64, want map[string]float64) {
	t.Helper()
	params, critic := slices.Clone(tr.State.Params), slices.Clone(tr.State.Critic)
	came := map[string]bool{}
	for range 60 {
		copy(tr.State.Params, params)
		copy(tr.State.Critic, critic)
		got, known := value(traintest.Step(t, tr)), false
		for name, x := range want {
			if traintest.Near(got, x, 1e-9) {
				came[name], known = true, true
			}
		}
		if !known {
			t.Fatalf("%.10g, want one of %v", got, want)
		}
	}
	if len(came) != len(want) {
		t.Errorf("only %v came of %v", came, want)
	}
}

// Histories of the likelihood: which bins the law of each word is given.
func TestHistories(t *testing.T) {
	// RY, RZ, logit of the decay, weight of the trace, own bits. Irregular numbers, so that
	// each past has a probability of its own.
	runsOn := []float64{0.7, 0.2, 0.4, 0.9, -0.5, 0.35}
	p := func(word uint32, past ...uint32) float64 { return -math.Log(probability(runsOn, word, past...)) }
	begun := func(own int) []float64 { return slices.Concat([]float64{1.1, 0.3}, runsOn[:4+own]) }
	first := func(word uint32) float64 {
		q := neuron(0, 1.1)
		if word == 0 {
			q = 1 - q
		}
		return -math.Log(q)
	}
	for _, k := range []struct {
		name   string
		config training.Config
		params []float64
		rows   [][]uint32
		want   map[string]float64
	}{
		{"one word with its whole past", one(t, 1, 3, 2), runsOn, [][]uint32{{1, 0, 1, 1}}, map[string]float64{"last": p(1, 1, 0, 1)}},
		{"only the past's bins of a longer one", one(t, 1, 3, 2), runsOn, [][]uint32{{1, 1, 0, 1, 0}}, map[string]float64{"4": p(1, 1, 1, 0), "5": p(0, 1, 0, 1)}},
		{"of two repeats", one(t, 1, 3, 2), runsOn, [][]uint32{{1, 0, 1, 1}, {1, 1, 0, 0}}, map[string]float64{"first": p(1, 1, 0, 1), "second": p(0, 1, 1, 0)}},
		{"a repeat shorter than the past", one(t, 1, 7, 2), runsOn, [][]uint32{{1, 0, 1}}, map[string]float64{"last": p(1, 1, 0)}},
		{"windows that run on", one(t, 2, 3, 2), runsOn, [][]uint32{{1, 0, 1, 1, 0}}, map[string]float64{"4": p(1, 1, 0, 1), "5": p(0, 0, 1, 1)}},
		{"windows", with(one(t, 3, 0, 2), func(c *training.Config) { c.Expectation = training.Batch }), begun(2), [][]uint32{{1, 0, 1}}, map[string]float64{"1": first(1), "2": p(0, 1), "3": p(1, 1, 0)}},
		{"windows of a longer one", with(one(t, 2, 0, 1), func(c *training.Config) { c.Expectation = training.Batch }), begun(1), [][]uint32{{1, 0, 0}}, map[string]float64{
			"11": first(1), "12 and 21": first(0),
			"10": -math.Log(probability(runsOn[:5], 0, 1)), "00": -math.Log(probability(runsOn[:5], 0, 0)),
		}},
		// windows 101 and 011, their first beginnings and the words after them
		{"summed over all windows", one(t, 3, 0, 2), begun(2), [][]uint32{{1, 0, 1, 1}}, map[string]float64{
			"mean": (first(1) + first(0) + p(0, 1) + p(1, 0) + p(1, 1, 0) + p(1, 0, 1)) / 6,
		}},
	} {
		t.Run(k.name, func(t *testing.T) {
			c := k.config
			c.Objective = training.ObjectiveLikelihood
			tr := traintest.Trainer(t, c, traintest.Recording(t, 1, c.Timesteps, k.rows...))
			copy(tr.State.Params, k.params)
			if len(tr.State.Params) != len(k.params) {
				t.Fatalf("%d parameters, %d are set", len(tr.State.Params), len(k.params))
			}
			among(t, tr, func(f training.Losses) float64 { return f.Generator }, k.want)
		})
	}
}

func with(c training.Config, change func(*training.Config)) training.Config {
	change(&c)
	return c
}

// Timesteps that are not tied have each a circuit of their own, in the order of time.
func TestUntied(t *testing.T) {
	c := one(t, 3, 0, 0)
	c.Tied, c.Objective = false, training.ObjectiveLikelihood
	tr := traintest.Trainer(t, c, traintest.Recording(t, 1, 3, []uint32{1, 0, 1}))
	copy(tr.State.Params, []float64{1.1, 0, 0.7, 0, 0.4, 0.9, 1.9, 0, -0.6, 0.5})
	if len(tr.State.Params) != 10 {
		t.Fatalf("%d parameters", len(tr.State.Params))
	}
	want := -(math.Log(neuron(0, 1.1)) + math.Log(probability([]float64{0.7, 0, 0.4, 0.9}, 0, 1)) + math.Log(probability([]float64{1.9, 0, -0.6, 0.5}, 1, 1, 0))) / 3
	if f := traintest.Step(t, tr); !traintest.Near(f.Generator, want, 1e-12) {
		t.Errorf("likelihood %g, want %g", f.Generator, want)
	}
}

// The conditional objective: the critic sees the words before as far as the memory does, the
// generator's side is summed over its words.
func TestConditionalLosses(t *testing.T) {
	const hidden = 3
	params := []float64{0.7, 0.2, 0.4, 0.9, -0.5, 0.35}
	for _, k := range []struct {
		name        string
		steps, past int
		row         []uint32
		// For each bin that can be drawn: what of the window stands before it, its past and
		// its word.
		window [][]uint32
		before [][]uint32
		word   []uint32
	}{
		{"window within the past", 2, 3, []uint32{1, 0, 1, 1, 0}, [][]uint32{{1}, {1}}, [][]uint32{{1, 0, 1}, {0, 1, 1}}, []uint32{1, 0}},
		{"a window longer than the past", 3, 1, []uint32{1, 1, 0}, [][]uint32{{0, 0}, {0, 1}, {0, 1}}, [][]uint32{{}, {1}, {1}}, []uint32{1, 1, 0}},
	} {
		t.Run(k.name, func(t *testing.T) {
			own := min(2, k.past)
			c := one(t, k.steps, k.past, own)
			c.Objective, c.CriticLR, c.GeneratorLR, c.Beta1 = training.ObjectiveConditional, 1e-300, 1e-300, 0
			tr := traintest.Trainer(t, c, traintest.Recording(t, 1, k.steps, k.row))
			copy(tr.State.Params, params[:4+own])
			losses, distances, generators, counts := map[string]float64{}, map[string]float64{}, map[string]float64{}, map[string]float64{}
			for i, w := range k.window {
				q := probability(params[:4+own], 1, k.before[i]...)
				on := func(last uint32) float64 {
					x, _ := traintest.Score(tr.State.Critic, bitsOf(1, append(slices.Clone(w), last)...), hidden)
					return x
				}
				fake := (1-q)*on(0) + q*on(1)
				id := string(rune('a' + i))
				losses[id], distances[id], generators[id], counts[id] = 0.5*(fake-on(k.word[i])), on(k.word[i])-fake, -fake, q*float64(k.steps)
			}
			among(t, tr, func(f training.Losses) float64 { return f.Critic }, losses)
			among(t, tr, func(f training.Losses) float64 { return f.Wasserstein }, distances)
			among(t, tr, func(f training.Losses) float64 { return f.Generator }, distinct(generators))
			among(t, tr, func(f training.Losses) float64 { return f.Count }, distinct(counts))
		})
	}
}

// distinct leaves one of each value.
func distinct(m map[string]float64) map[string]float64 {
	out, known := map[string]float64{}, []float64{}
	for name, x := range m {
		if !slices.Contains(known, x) {
			known, out[name] = append(known, x), x
		}
	}
	return out
}

// The tree sums over all windows: here 4, their probabilities written out.
func TestTreeLosses(t *testing.T) {
	const hidden = 3
	c := one(t, 2, 0, 1)
	c.Beta1 = 0
	first, params := 1.1, []float64{0.7, 0.2, 0.4, 0.9, -0.5}
	tr := traintest.Trainer(t, c, traintest.Recording(t, 1, 2, []uint32{1, 0, 0, 1, 0})) // windows 10, 00, 01, 10
	copy(tr.State.Params, append([]float64{first, 0.3}, params...))
	real := []float64{0.25, 0.25, 0.5, 0}
	law := func(p []float64) []float64 {
		q := neuron(0, p[0])
		return []float64{(1 - q) * probability(p[2:], 0, 0), (1 - q) * probability(p[2:], 1, 0), q * probability(p[2:], 0, 1), q * probability(p[2:], 1, 1)}
	}
	generator := func(p, critic []float64) float64 {
		sum := 0.0
		for x, q := range law(p) {
			value, _ := traintest.Score(critic, bitsOf(1, uint32(x/2), uint32(x%2)), hidden)
			sum -= q * value
		}
		return sum
	}
	was, params0 := slices.Clone(tr.State.Critic), slices.Clone(tr.State.Params)
	critic := func(weights []float64) float64 {
		sum := 0.0
		for x, q := range law(params0) {
			value, _ := traintest.Score(weights, bitsOf(1, uint32(x/2), uint32(x%2)), hidden)
			sum += 0.5 * (q - real[x]) * value
		}
		return sum
	}
	f := traintest.Step(t, tr)
	q := law(params0)
	if !traintest.Near(f.Critic, critic(was), 1e-12) || !traintest.Near(f.Wasserstein, -2*critic(was), 1e-12) || !traintest.Near(f.Generator, generator(params0, tr.State.Critic), 1e-12) || !traintest.Near(f.Count, q[1]+q[2]+2*q[3], 1e-12) {
		t.Errorf("%+v, want L_C %g, L_G %g and %g spikes", f, critic(was), generator(params0, tr.State.Critic), q[1]+q[2]+2*q[3])
	}
	// With beta1 = 0 the first moments are the gradients of the step, before it moved.
	for i := range params0 {
		if want := slope(params0, i, func() float64 { return generator(params0, tr.State.Critic) }); !traintest.Near(tr.State.GenAdam.M[i], want, 1e-7) {
			t.Errorf("derivative by parameter %d: %g, want %g", i, tr.State.GenAdam.M[i], want)
		}
	}
	for i := range was {
		if want := slope(was, i, func() float64 { return critic(was) }); !traintest.Near(tr.State.CritAdam.M[i], want, 1e-7) {
			t.Errorf("derivative by the critic's weight %d: %g, want %g", i, tr.State.CritAdam.M[i], want)
		}
	}
}

// slope is the derivative of f by x[i], by differences.
func slope(x []float64, i int, f func() float64) float64 {
	const h = 1e-5
	at := x[i]
	x[i] = at + h
	up := f()
	x[i] = at - h
	down := f()
	x[i] = at
	return (up - down) / (2 * h)
}

// Windows that run freely go on from the words before them. With RX(π x), RY(π) a neuron
// fires where it did not before, and only there, so that what is made is known.
func TestRunningLosses(t *testing.T) {
	const hidden = 3
	c := one(t, 2, 3, 0)
	c.Memory = training.MemoryBits
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	for _, row := range [][]uint32{{1, 1, 0, 1, 1}, {0, 0, 1, 0, 0}} {
		tr := traintest.Trainer(t, c, traintest.Recording(t, 1, 2, row))
		copy(tr.State.Params, []float64{math.Pi, 0, math.Pi})
		if len(tr.State.Params) != 3 {
			t.Fatalf("%d parameters", len(tr.State.Params))
		}
		onFake, _ := traintest.Score(tr.State.Critic, bitsOf(1, 1-row[2], row[2]), hidden)
		onReal, _ := traintest.Score(tr.State.Critic, bitsOf(1, row[3], row[4]), hidden)
		f := traintest.Step(t, tr)
		now, _ := traintest.Score(tr.State.Critic, bitsOf(1, 1-row[2], row[2]), hidden)
		if !traintest.Near(f.Critic, 0.5*(onFake-onReal), 1e-12) || !traintest.Near(f.Wasserstein, onReal-onFake, 1e-12) || !traintest.Near(f.Generator, -now, 1e-12) || !traintest.Near(f.Count, 1, 1e-12) {
			t.Errorf("%v: %+v, want L_C %g, L_G %g and one spike", row, f, 0.5*(onFake-onReal), -now)
		}
	}
}
