package shots_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/ir"
	"qgan/training"
	"qgan/training/internal/traintest"
	"qgan/training/shots"
)

// scripted is a Runner whose outcomes are a function of the angles asked for. It keeps what
// was asked.
type scripted struct {
	outcome func(angles []float64, shots int) backends.Outcome
	asked   []backends.Request
}

func (r *scripted) Run(_ context.Context, requests []backends.Request) ([]backends.Result, error) {
	var out []backends.Result
	for _, q := range requests {
		r.asked = append(r.asked, q)
		if err := q.Check(); err != nil {
			return nil, err
		}
		var result backends.Result
		for i := range q.Bindings.Len() {
			result.Outcomes = append(result.Outcomes, r.outcome(q.Bindings.Trained[q.Bindings.Lane(i).Trained], q.ShotsOf(i)))
		}
		out = append(out, result)
	}
	return out, nil
}

// last is what was asked last.
func (r *scripted) last() backends.Request { return r.asked[len(r.asked)-1] }

// counted are the outcomes of one bit: so many zeros and ones.
func counted(zeros, ones int) backends.Outcome {
	return backends.Outcome{Shots: zeros + ones, Counts: []backends.Count{{Word: 0, N: zeros}, {Word: 1, N: ones}}}
}

// turn is a circuit of one qubit, RX(angle of z) RY(a).
func turn() *ir.Circuit {
	a := ir.Ansatz{Neurons: 1, Layers: 1, Latent: ir.LatentScale{Value: 1}}
	return a.Circuit()
}

// estimate takes one gradient of upstream at some lanes.
func estimate(t *testing.T, e *shots.Estimator, c *ir.Circuit, b backends.Bindings, upstream []float64) (grad []float64) {
	t.Helper()
	d, err := e.Differentiate(c, backends.Probabilities)
	if err != nil {
		t.Fatal(err)
	}
	if e.Last() != nil {
		t.Error("there is a gradient before the first was taken")
	}
	if err := d.Forward(t.Context(), b, make([]float64, len(upstream))); err != nil {
		t.Fatal(err)
	}
	grad = make([]float64, len(b.Trained)*len(c.Trained))
	if err := d.Backward(t.Context(), upstream, grad, nil); err != nil {
		t.Fatal(err)
	}
	return grad
}

// The shift rule's derivative and its variances by hand. At the angle a of RY the shifted
// circuits are those of a ± π/2; a lane's is ½ (mean₊ - mean₋), its variance ¼ (s₊²/n + s₋²/n)
// with s² the unbiased variance of f over the shots. Over lanes both add up, and the variance
// between L lanes is L/(L-1)·(Σx² - (Σx)²/L), of which shots make their part.
func TestShiftByHand(t *testing.T) {
	const each = 10
	r := &scripted{outcome: func(a []float64, _ int) backends.Outcome {
		// The circuit's places: RX(z), RY; the other angles decide the counts.
		switch z, ry := a[0], a[1]; {
		case math.Abs(ry-1-math.Pi/2) < 1e-12 && z == 0.5:
			return counted(4, 6)
		case math.Abs(ry-1+math.Pi/2) < 1e-12 && z == 0.5:
			return counted(9, 1)
		case math.Abs(ry-1-math.Pi/2) < 1e-12:
			return counted(2, 8)
		case math.Abs(ry-1+math.Pi/2) < 1e-12:
			return counted(5, 5)
		}
		return counted(10, 0)
	}}
	e := &shots.Estimator{Runner: r, Gradient: training.GradientShift, Shots: each}
	// f is 3 more on a 1. Lane 1: ½·3·(0.6-0.1); lane 2, whose f is half: ½·1.5·(0.8-0.5).
	grad := estimate(t, e, turn(), backends.Bindings{Trained: [][]float64{{1, 0}}, Data: [][]float64{{0.5}, {0.7}}}, []float64{1, 4, 2, 3.5})
	first, second := 0.75, 0.225
	// f² · p(1-p) · n/(n-1) / n of each, a quarter of their sum
	v1, v2 := 0.25*9*(0.24+0.09)/9, 0.25*2.25*(0.16+0.25)/9
	latents := 2 * (first*first + second*second - (first+second)*(first+second)/2)
	g := e.Last()
	if !traintest.Near(grad[0], first+second, 1e-12) || !traintest.Near(g.Value[0], first+second, 1e-12) || grad[1] != 0 {
		t.Errorf("derivatives %v and %v, want %g and 0", grad, g.Value, first+second)
	}
	if !traintest.Near(g.ShotVariance[0], v1+v2, 1e-12) || !traintest.Near(g.LatentVariance[0], latents-v1-v2, 1e-12) {
		t.Errorf("variances %g and %g, want %g and %g", g.ShotVariance[0], g.LatentVariance[0], v1+v2, latents-v1-v2)
	}
	length, ofShots, ofLatents := g.Norms()
	if !traintest.Near(length, first+second, 1e-12) || !traintest.Near(ofShots, math.Sqrt(v1+v2), 1e-12) || !traintest.Near(ofLatents, math.Sqrt(latents-v1-v2), 1e-12) {
		t.Errorf("norms %g, %g, %g", length, ofShots, ofLatents)
	}
	if q := r.last(); len(q.Shots) != 4 || !slices.Equal(q.Shots, []int{10, 10, 10, 10}) {
		t.Errorf("shots %v", q.Shots)
	}
}

// Signed weights have variances of their own: Σ var·(f - mean)².
func TestShiftOfWeights(t *testing.T) {
	r := &scripted{outcome: func(a []float64, shots int) backends.Outcome {
		o := counted(shots/2, shots/2)
		o.Weights, o.Variances = []float64{0.7, 0.3}, []float64{0.02, 0.03}
		if a[1] > 1 {
			o.Weights = []float64{-0.1, 1.1}
		}
		return o
	}}
	e := &shots.Estimator{Runner: r, Gradient: training.GradientShift, Shots: 8, Mitigation: backends.MitigateFull}
	d, err := e.Differentiate(turn(), backends.Probabilities)
	if err != nil {
		t.Fatal(err)
	}
	law := make([]float64, 2)
	if err := d.Values(t.Context(), backends.Bindings{Trained: [][]float64{{2, 0}}, Data: [][]float64{{0}}}, law); err != nil {
		t.Fatal(err)
	}
	if law[0] != -0.1 || law[1] != 1.1 || r.last().Mitigation != backends.MitigateFull {
		t.Errorf("law %v, mitigation %q", law, r.last().Mitigation)
	}
	grad := estimate(t, e, turn(), backends.Bindings{Trained: [][]float64{{1, 0}}, Data: [][]float64{{0}}}, []float64{0, 2})
	// ½ (2.2 - 0.6); ¼ of 0.02·2.2² + 0.03·0.2² and 0.02·0.6² + 0.03·1.4²
	want := 0.25 * (0.02*2.2*2.2 + 0.03*0.2*0.2 + 0.02*0.6*0.6 + 0.03*1.4*1.4)
	if !traintest.Near(grad[0], 0.8, 1e-12) || !traintest.Near(e.Last().ShotVariance[0], want, 1e-12) || e.Last().LatentVariance[0] != 0 {
		t.Errorf("derivative %g with the variances %v and %v, want 0.8, %g and 0", grad[0], e.Last().ShotVariance, e.Last().LatentVariance, want)
	}
}

// SPSA's derivative and variance by hand: with the perturbation c and signs s it is
// s (mean₊ - mean₋)/(2c), with the variance (s₊²/n + s₋²/n)/(4c²). The plus circuit is the
// one that moves up by the sign.
func TestPerturbationByHand(t *testing.T) {
	const c, each = 0.25, 5
	r := &scripted{outcome: func(a []float64, _ int) backends.Outcome {
		if a[1] > 1 { // RY moved up
			return counted(1, 4)
		}
		return counted(3, 2)
	}}
	for seed := range uint64(4) {
		e := &shots.Estimator{Runner: r, Gradient: training.GradientSPSA, Shots: each, Perturbation: c, Seed: seed}
		grad := estimate(t, e, turn(), backends.Bindings{Trained: [][]float64{{1, 0.3}}, Data: [][]float64{{0.5}}}, []float64{0, 2})
		q := r.last()
		if len(q.Bindings.Trained) != 2 || math.Abs(math.Abs(q.Bindings.Trained[0][1]-1)-c) > 1e-12 || math.Abs(q.Bindings.Trained[0][1]+q.Bindings.Trained[1][1]-2) > 1e-12 {
			t.Fatalf("angles %v", q.Bindings.Trained)
		}
		// RY's derivative is (1.6 - 0.8)/(2c) whatever its sign, RZ's the same times both signs.
		want, variance := 0.8/(2*c), (4*0.16/4+4*0.24/4)/(4*c*c)
		if !traintest.Near(grad[0], want, 1e-12) || !traintest.Near(math.Abs(grad[1]), want, 1e-12) {
			t.Errorf("derivatives %v, want ±%g", grad, want)
		}
		for i, v := range e.Last().ShotVariance {
			if !traintest.Near(v, variance, 1e-12) {
				t.Errorf("variance %d is %g, want %g", i, v, variance)
			}
		}
	}
}

// measuredTrainer is a run of 2 neurons from the outcomes of a script.
func measuredTrainer(t *testing.T, r backends.Runner, share float64, change func(*training.Config)) *training.Trainer {
	t.Helper()
	c := traintest.Small(t, 2, 1)
	c.LatentTrained, c.LatentScale, c.Gradient, c.Shots, c.CriticSteps = false, 0, training.GradientShift, 10, 2
	change(&c)
	e := shots.NewEstimator(c, r)
	e.Share = share
	tr, err := training.New(c, traintest.Builtin(t, 2, 1), &sim.Simulator{Workers: 1}, e)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// even gives all four words alike, whatever the angles.
func even(_ []float64, shots int) backends.Outcome {
	o := backends.Outcome{Shots: shots}
	for w := range uint64(4) {
		o.Counts = append(o.Counts, backends.Count{Word: w, N: shots / 4})
	}
	return o
}

// The perturbation falls with the steps taken to the power 0.101: of 0.3 at step 0, and 0.2
// where none is named.
func TestPerturbationFalls(t *testing.T) {
	for _, k := range []struct {
		start float64
		step  int
		want  float64
	}{
		{0.3, 0, 0.3}, {0.3, 1, 0.279716}, {0.3, 99, 0.188417}, {0.3, 999, 0.149321}, {0, 0, 0.2}, {0, 99, 0.125611},
	} {
		r := &scripted{outcome: even}
		tr := measuredTrainer(t, r, 0, func(c *training.Config) {
			c.Gradient, c.Perturbation, c.Shots, c.Iterations = training.GradientSPSA, k.start, 400, 5000
		})
		tr.State.Step = k.step
		traintest.Step(t, tr)
		rows := r.last().Bindings.Trained
		if len(rows) != 2 {
			t.Fatalf("%d circuits in the last request", len(rows))
		}
		for i := range rows[0] {
			if got := math.Abs(rows[0][i]-rows[1][i]) / 2; got != 0 && math.Abs(got-k.want) > 1e-6 {
				t.Errorf("%g at step %d: angle %d moved by %g, want %g", k.start, k.step, i, got, k.want)
			}
		}
		if slices.Equal(rows[0], rows[1]) {
			t.Error("no angle moved")
		}
	}
}

// Shots are allocated by σ_l Σσ / |∇|², at least the smaller number and at most the larger;
// what is not known counts as the larger.
func TestAllocationByHand(t *testing.T) {
	r := &scripted{outcome: even}
	tr := measuredTrainer(t, r, 0, func(c *training.Config) { c.Shots, c.MaxShots = 10, 1000 })
	traintest.Step(t, tr)
	if len(r.asked) != 4 { // a law for each of the critic's updates and the generator's, and the gradient
		t.Fatalf("%d requests", len(r.asked))
	}
	for _, q := range r.asked[:3] {
		if !slices.Equal(q.Shots, []int{1000}) {
			t.Errorf("a law has the shots %v", q.Shots)
		}
	}
	for i, n := range r.last().Shots {
		if n != 10 {
			t.Errorf("circuit %d of the first gradient has %d shots", i, n)
		}
	}
	s := tr.State
	places := len(s.ShotVariances)
	if places == 0 || len(r.last().Shots) != 2*places {
		t.Fatalf("%d shots for %d places", len(r.last().Shots), places)
	}
	// σ = 1, 2, 3, 4, 0 and the others' 10; |∇|² = 25.
	sigma, sum := make([]float64, places), 0.0
	for i := range sigma {
		sigma[i] = 10
		if i < 5 {
			sigma[i] = []float64{1, 2, 3, 4, 0}[i]
		}
		s.ShotVariances[i] = sigma[i] * sigma[i]
		sum += sigma[i]
	}
	clear(s.Derivatives)
	s.Derivatives[0], s.Derivatives[1] = 3, -4
	traintest.Step(t, tr)
	for i, n := range r.last().Shots {
		want := max(10, int(math.Ceil(sigma[i/2]*sum/25-1e-9)))
		if n != want {
			t.Errorf("circuit %d has %d shots, want %d", i, n, want)
		}
	}
	// Bounds on both sides, and nothing known of one place.
	for i := range sigma {
		s.ShotVariances[i] = 1e8
	}
	s.ShotVariances[1], s.ShotVariances[2] = 0, math.NaN()
	clear(s.Derivatives)
	s.Derivatives[0] = 1
	traintest.Step(t, tr)
	for _, n := range r.last().Shots {
		if n != 1000 {
			t.Errorf("%d shots where one variance is not known", n)
		}
	}
}

// What a step measured goes into the running means with the weight 0.1, the first whole; the
// single-shot variance is the circuit's, freed of its shots.
func TestRunningMeans(t *testing.T) {
	zeros := func(_ []float64, shots int) backends.Outcome {
		return backends.Outcome{Shots: shots, Counts: []backends.Count{{Word: 0, N: shots / 4}, {Word: 3, N: shots - shots/4}}}
	}
	r := &scripted{outcome: zeros}
	tr := measuredTrainer(t, r, 0, func(c *training.Config) { c.Shots, c.GeneratorLR = 40, 1e-300 })
	traintest.Step(t, tr)
	first := slices.Clone(tr.State.ShotVariances)
	// With f(0) and f(3) of the critic: two terms of ¼ each, f's unbiased variance n/(n-1)·3/16·d².
	a, _ := traintest.Score(tr.State.Critic, []float64{0, 0}, 3)
	b, _ := traintest.Score(tr.State.Critic, []float64{1, 1}, 3)
	variance := 2 * 0.25 * (a - b) * (a - b) * 3 / 16 * 40 / 39
	for i, v := range first {
		if !traintest.Near(v, variance, 1e-12) {
			t.Errorf("single-shot variance of place %d: %g, want %g", i, v, variance)
		}
	}
	for i := range first {
		tr.State.ShotVariances[i] = 7
	}
	for i := range tr.State.Derivatives {
		tr.State.Derivatives[i] = 5
	}
	traintest.Step(t, tr)
	a, _ = traintest.Score(tr.State.Critic, []float64{0, 0}, 3)
	b, _ = traintest.Score(tr.State.Critic, []float64{1, 1}, 3)
	variance = 2 * 0.25 * (a - b) * (a - b) * 3 / 16 * 40 / 39
	for i, v := range tr.State.ShotVariances {
		if want := 0.9*7 + 0.1*variance; !traintest.Near(v, want, 1e-12) {
			t.Errorf("running variance of place %d: %g, want %g", i, v, want)
		}
	}
	for i, x := range tr.State.Derivatives { // both terms measured the same: the derivative is 0
		if !traintest.Near(x, 4.5, 1e-12) {
			t.Errorf("running derivative %d: %g, want 4.5", i, x)
		}
	}
	// Circuits and shots of both steps: 3 laws a step and 2 circuits a place.
	circuits := 2 * (3 + 2*len(first))
	if got, want := tr.State.Used, (training.Usage{Circuits: circuits, Shots: 40 * circuits}); got != want {
		t.Errorf("%+v measured, want %+v", got, want)
	}
}

// Guided SPSA shifts the symbols with the largest derivatives so far, a share rounded up, and
// perturbs all others.
func TestGuidedByHand(t *testing.T) {
	r := &scripted{outcome: even}
	for _, k := range []struct {
		share float64
		want  []int // the symbols that are shifted, of 8
	}{{0, []int{1, 4}}, {0.3, []int{1, 4, 6}}, {1. / 8, []int{4}}} {
		tr := measuredTrainer(t, r, k.share, func(c *training.Config) { c.Gradient, c.Shots = training.GradientGuided, 40 })
		tr.State.Derivatives = []float64{0.1, -3, 0.2, 0, 5, -0.1, 2, 0.3}
		traintest.Step(t, tr)
		shifted, perturbed := r.asked[len(r.asked)-2].Bindings.Trained, r.last().Bindings.Trained
		// Places are the angles that matter; a shifted one differs by π between its two circuits.
		var got []int
		for i := 0; i+1 < len(shifted); i += 2 {
			for p := range shifted[i] {
				if math.Abs(math.Abs(shifted[i][p]-shifted[i+1][p])-math.Pi) < 1e-9 {
					got = append(got, p)
				}
			}
		}
		var still []int
		for p := range perturbed[0] {
			if perturbed[0][p] == perturbed[1][p] {
				still = append(still, p)
			}
		}
		if !slices.Equal(got, still) {
			t.Errorf("share %g: places %v are shifted, %v are not perturbed", k.share, got, still)
		}
		// RZ of the last layer moves no outcome and has no place; the other symbols keep their order.
		places := map[int]int{}
		for symbol := range 8 {
			if symbol != 5 && symbol != 7 {
				places[symbol] = len(places)
			}
		}
		var want []int
		for _, symbol := range k.want {
			if p, ok := places[symbol]; ok {
				want = append(want, p)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("share %g: places %v are shifted, want %v", k.share, got, want)
		}
	}
}

// The shots of each call are another draw, and the same again when the step is taken again.
func TestSeedsOfShots(t *testing.T) {
	seeds := func(seed uint64, at int) (out []uint64) {
		r := &scripted{outcome: even}
		tr := measuredTrainer(t, r, 0, func(c *training.Config) { c.Seed = seed })
		tr.State.Step = at
		traintest.Step(t, tr)
		for _, q := range r.asked {
			out = append(out, q.Seed)
		}
		return out
	}
	all := slices.Concat(seeds(0, 0), seeds(0, 1), seeds(1, 0))
	slices.Sort(all)
	if n := len(slices.Compact(slices.Clone(all))); n != len(all) || n != 12 {
		t.Errorf("%d different seeds of %d calls", n, len(all))
	}
	if !slices.Equal(seeds(3, 5), seeds(3, 5)) {
		t.Error("a step that is taken again asks for other shots")
	}
}

// A step that a runner breaks off leaves parameters, critic and step as they were.
func TestBrokenStep(t *testing.T) {
	broken := errors.New("the processor is away")
	r := &scripted{outcome: even}
	tr := measuredTrainer(t, failing{r, 3, broken}, 0, func(c *training.Config) {})
	params, critic := slices.Clone(tr.State.Params), slices.Clone(tr.State.Critic)
	if _, err := tr.Step(t.Context()); !errors.Is(err, broken) || errors.Is(err, training.ErrDiverged) {
		t.Errorf("got %v", err)
	}
	if !slices.Equal(params, tr.State.Params) || !slices.Equal(critic, tr.State.Critic) || tr.State.Step != 0 || tr.State.Used.Circuits != 0 {
		t.Error("the step left traces")
	}
}

// failing fails from a call on.
type failing struct {
	*scripted
	from int
	err  error
}

func (r failing) Run(ctx context.Context, q []backends.Request) ([]backends.Result, error) {
	if len(r.asked) >= r.from {
		return nil, r.err
	}
	return r.scripted.Run(ctx, q)
}
