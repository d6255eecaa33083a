package training

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"

	"qgan/backends/sim"
	"qgan/internal/stream"
	"qgan/metrics/spikes"
)

// testConfig is a small model for the given sizes.
func testConfig(t *testing.T, n, steps int) Config {
	t.Helper()
	c, err := Preset("deep", n, steps)
	if err != nil {
		t.Fatal(err)
	}
	if c = c.WithObjective(ObjectiveWGAN); steps > 1 {
		c = c.WithMemory(MemoryNone)
	}
	c.Layers, c.Hidden, c.Batch = 2, 6, 5
	return c
}

func testData(t testing.TB, n, steps int) *Data {
	t.Helper()
	all := spikes.Builtin()
	indices := make([]int, n)
	for i := range indices {
		indices[i] = i
	}
	r, err := all.Select(indices)
	if err != nil {
		t.Fatal(err)
	}
	d, err := NewData(r, steps)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func randomLaws(rng *rand.Rand, count, words int) []float64 {
	out := make([]float64, count*words)
	for i := 0; i < len(out); i += words {
		sum := 0.0
		for x := range words {
			out[i+x] = rng.ExpFloat64()
			sum += out[i+x]
		}
		for x := range words {
			out[i+x] /= sum
		}
	}
	return out
}

// brute is the mean over latent vectors of sum over windows of table x law.
func brute(table, laws []float64, latents, words, t int) float64 {
	sum := 0.0
	for z := range latents {
		for x, c := range table {
			p := 1.0
			for k, rest := t-1, x; k >= 0; k, rest = k-1, rest/words {
				p *= lawOf(laws, latents, words, k, z)[rest%words]
			}
			sum += c * p / float64(latents)
		}
	}
	return sum
}

// contract is the derivative of the expectation by every law, and mixture the
// law that the expectation is taken over.
func TestContract(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, k := range []struct{ words, t, latents int }{{2, 1, 3}, {4, 1, 1}, {4, 2, 3}, {2, 5, 2}, {4, 3, 2}} {
		size := int(math.Pow(float64(k.words), float64(k.t)))
		table := make([]float64, size)
		for i := range table {
			table[i] = rng.NormFloat64()
		}
		laws := randomLaws(rng, k.t*k.latents, k.words)
		law, scratch := make([]float64, size), make([]float64, size)
		mixture(laws, k.latents, k.words, k.t, law, scratch)
		want, got, total := brute(table, laws, k.latents, k.words, k.t), 0.0, 0.0
		for x, p := range law {
			got += p * table[x]
			total += p
		}
		if math.Abs(got-want) > 1e-12 || math.Abs(total-1) > 1e-12 {
			t.Errorf("%+v: expectation %v by the mixture, %v directly; the law sums to %v", k, got, want, total)
		}
		up := make([]float64, len(laws))
		space := newContraction(size, k.t)
		for z := range k.latents {
			space.contract(table, laws, k.latents, k.words, z, 1/float64(k.latents), up)
		}
		for i := range laws {
			fd := differentiate(func() float64 { return brute(table, laws, k.latents, k.words, k.t) }, &laws[i])
			if math.Abs(up[i]-fd) > 1e-8 {
				t.Errorf("%+v: derivative %d is %v, finite difference %v", k, i, up[i], fd)
			}
		}
	}
}

// The exact objective's gradients are the derivatives of its losses, for the
// critic and, through the circuits, for every generator parameter.
func TestExactGradients(t *testing.T) {
	c := testConfig(t, 2, 2)
	c.KLoss, c.K = KSquare, 0.3
	d := testData(t, 2, 2)
	tr, err := New(c, d, &sim.Simulator{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := tr.stages[0].round.(*whole)
	o, gen := r.cube, r.gen
	z := DrawLatents(c, c.Batch, stream.New(1, "z"))
	streams := func() draw {
		return draw{fake: stream.New(1, "fake"), real: stream.New(1, "real"), mix: stream.New(1, "mix")}
	}
	laws := make([]float64, len(r.laws))
	if err := gen.Forward(t.Context(), tr.State.Params, z, laws); err != nil {
		t.Fatal(err)
	}
	var out Losses
	grad := make([]float64, len(tr.State.Critic))
	o.critic(laws, len(z), streams(), grad, &out)
	for _, i := range []int{0, 3, 7, 13, 20, 24, 30, 31, 35, len(grad) - 1} {
		fd := differentiate(func() float64 {
			var out Losses
			o.critic(laws, len(z), streams(), make([]float64, len(grad)), &out)
			return out.Critic
		}, &tr.State.Critic[i])
		if math.Abs(grad[i]-fd) > 1e-7 {
			t.Errorf("critic weight %d: %v, finite difference %v", i, grad[i], fd)
		}
	}
	loss := func() float64 {
		laws := make([]float64, len(laws))
		if err := gen.Laws(t.Context(), tr.State.Params, z, laws); err != nil {
			t.Fatal(err)
		}
		mean := o.generator(laws, len(z), make([]float64, len(laws)))
		_, k := countTerm(c, laws, len(z), d.MeanCount, make([]float64, len(laws)))
		return -mean + k
	}
	up, got := make([]float64, len(laws)), make([]float64, len(tr.State.Params))
	o.generator(laws, len(z), up)
	countTerm(c, laws, len(z), d.MeanCount, up)
	if err := gen.Backward(t.Context(), up, got); err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if fd := differentiate(loss, &tr.State.Params[i]); math.Abs(got[i]-fd) > 1e-7 {
			t.Errorf("generator parameter %d: %v, finite difference %v", i, got[i], fd)
		}
	}
}

// The batch objective's upstream derivative is unbiased: its mean over many
// draws is the exact one, to within five standard errors.
func TestBatchIsUnbiased(t *testing.T) {
	c := testConfig(t, 2, 2)
	d := testData(t, 2, 2)
	critic, rng := randomCritic(4, c.Hidden, 9)
	table, err := d.States.Table()
	if err != nil {
		t.Fatal(err)
	}
	laws := randomLaws(rng, 2*c.Batch, 4)
	exact, batch := newCubeObjective(c, critic, table), newBatchObjective(c, critic, d)
	want := make([]float64, len(laws))
	mean := exact.generator(laws, c.Batch, want)
	const rounds = 4000
	sum, square := make([]float64, len(laws)+1), make([]float64, len(laws)+1)
	for r := range uint64(rounds) {
		up := make([]float64, len(laws)+1)
		m := batch.generator(laws, c.Batch, stream.New(r, "fake"), up[:len(laws)])
		up[len(laws)] = m
		for i, x := range up {
			sum[i] += x / rounds
			square[i] += x * x / rounds
		}
	}
	for i, w := range append(want, mean) {
		se := math.Sqrt(max(0, square[i]-sum[i]*sum[i]) / rounds)
		if math.Abs(sum[i]-w) > 5*se+1e-12 {
			t.Errorf("value %d: mean %v ± %v, exact %v", i, sum[i], se, w)
		}
	}
}

// The readouts' gradient with respect to the laws is that of the critic at the
// circuit's spike probabilities.
func TestProbabilityReadoutGradient(t *testing.T) {
	c := testConfig(t, 3, 2)
	c.Readout, c.Expectation = Prob, Batch
	d := testData(t, 3, 2)
	critic, rng := randomCritic(6, c.Hidden, 8)
	o := newBatchObjective(c, critic, d)
	laws := randomLaws(rng, 2*c.Batch, 8)
	up := make([]float64, len(laws))
	o.generator(laws, c.Batch, nil, up)
	for i := range laws {
		fd := differentiate(func() float64 {
			return -o.generator(laws, c.Batch, nil, make([]float64, len(laws)))
		}, &laws[i])
		if math.Abs(up[i]-fd) > 1e-7 {
			t.Errorf("law entry %d: %v, finite difference %v", i, up[i], fd)
		}
	}
}

func TestCountTerm(t *testing.T) {
	c := testConfig(t, 2, 1)
	c.K = 0.7
	rng := rand.New(rand.NewPCG(3, 3))
	laws := randomLaws(rng, c.Batch, 4)
	want := 0.0
	for i, p := range laws {
		want += p * float64(bits.OnesCount(uint(i%4))) / float64(c.Batch)
	}
	for kind, loss := range map[KLoss]float64{
		KOff: 0, KAbs: 0.7 * math.Abs(want-0.2), KSquare: 0.7 * (want - 0.2) * (want - 0.2), KPrinted: -0.7 * (want - 0.2),
	} {
		c.KLoss = kind
		up := make([]float64, len(laws))
		count, got := countTerm(c, laws, c.Batch, 0.2, up)
		if math.Abs(count-want) > 1e-12 || math.Abs(got-loss) > 1e-12 {
			t.Errorf("%s: count %v, loss %v, want %v and %v", kind, count, got, want, loss)
		}
		for i := range laws {
			fd := differentiate(func() float64 {
				_, l := countTerm(c, laws, c.Batch, 0.2, make([]float64, len(laws)))
				return l
			}, &laws[i])
			if math.Abs(up[i]-fd) > 1e-8 {
				t.Errorf("%s: derivative %d is %v, finite difference %v", kind, i, up[i], fd)
			}
		}
	}
}

func TestReadouts(t *testing.T) {
	law := []float64{0.1, 0.2, 0.3, 0.4} // marginals 0.7 and 0.6
	for r, want := range map[Readout][]float64{
		Born: {0.1, 0.2, 0.3, 0.4}, Prob: {0.12, 0.18, 0.28, 0.42}, Threshold: {0, 0, 0, 1},
	} {
		got := append([]float64(nil), law...)
		r.drawn(got, 2)
		for i := range want {
			if math.Abs(got[i]-want[i]) > 1e-15 {
				t.Errorf("%s: %v, want %v", r, got, want)
				break
			}
		}
	}
}

// The loss of a bin without memory is minus the mean logarithm of its law, and its gradient
// that of finite differences.
func TestLikelihoodOfOneBin(t *testing.T) {
	c := testConfig(t, 3, 1).WithObjective(ObjectiveLikelihood)
	c.Iterations = 400
	tr := testTrainer(t, c)
	r := tr.stages[0].round
	params, grad, scratch := tr.State.Params, make([]float64, len(tr.State.Params)), make([]float64, len(tr.State.Params))
	var out Losses
	loss := func() float64 {
		if err := r.generator(t.Context(), tr.update(0), scratch, &out); err != nil {
			t.Fatal(err)
		}
		return out.Generator
	}
	if err := r.generator(t.Context(), tr.update(0), grad, &out); err != nil {
		t.Fatal(err)
	}
	e, err := tr.model.EstimateLaw(t.Context(), params, tr.Data.States, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	if want := -tr.Data.States.LogLikelihoodSeen(e.Seen); math.Abs(out.Generator-want) > 1e-12 {
		t.Errorf("loss %.15g, want %.15g", out.Generator, want)
	}
	for i := range params {
		if want := differentiate(loss, &params[i]); math.Abs(grad[i]-want) > 1e-6 {
			t.Errorf("derivative by parameter %d: %g, want %g", i, grad[i], want)
		}
	}
	before := e.JSNats
	if err := tr.Train(t.Context(), nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	if js := tr.State.Best.Score; js > 1e-4 || js > before/100 {
		t.Errorf("after %d steps the divergence is %g, before them it was %g", c.Iterations, js, before)
	}
}
