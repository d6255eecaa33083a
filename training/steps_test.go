package training_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"qgan/backends/sim"
	"qgan/training"
	"qgan/training/internal/traintest"
	"qgan/training/shots"
)

// moved returns the learning rate of Adam's last update, from where it led and the moments
// that it left: rate = -Δ · (√(V/c2) + 1e-8) / (M/c1) with c = 1 - beta^steps. It is NaN
// where the update moved nothing.
func moved(t *testing.T, a *training.Adam, before, after []float64) float64 {
	t.Helper()
	c1, c2 := 1-math.Pow(a.Beta1, float64(a.Steps)), 1-math.Pow(a.Beta2, float64(a.Steps))
	best, rate := 0.0, math.NaN()
	for i, m := range a.M {
		if d := after[i] - before[i]; math.Abs(d) > best {
			best, rate = math.Abs(d), -d*(math.Sqrt(a.V[i]/c2)+1e-8)/(m/c1)
		}
	}
	return rate
}

// cosines are the factors of 4 steps, ½(1 + cos(πk/4)).
var cosines = []float64{1, 0.85355339, 0.5, 0.14644661}

// The learning rates of each step, the critic's and the generator's, and how many updates
// each took, by what the steps leave in the state.
func TestLearningRates(t *testing.T) {
	for name, k := range map[string]struct {
		change  func(*training.Config)
		factors []float64
	}{
		"cosine":         {func(c *training.Config) {}, cosines},
		"constant":       {func(c *training.Config) { c.Schedule = "constant" }, []float64{1, 1, 1, 1}},
		"drawn":          {func(c *training.Config) { c.Expectation = training.Batch }, cosines},
		"large betas":    {func(c *training.Config) { c.Beta1, c.Beta2 = 0.9, 0.999 }, cosines},
		"memory":         {func(c *training.Config) { *c = traintest.Leaky(*c) }, cosines},
		"runs on":        {func(c *training.Config) { *c = traintest.Leaky(*c); c.Past, c.Expectation = 3, training.Batch }, cosines},
		"conditional":    {func(c *training.Config) { *c = traintest.Leaky(*c).WithObjective(training.ObjectiveConditional) }, cosines},
		"memory, steady": {func(c *training.Config) { *c = traintest.Leaky(*c); c.Schedule = "constant" }, []float64{1, 1, 1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			c := traintest.Small(t, 2, 2)
			k.change(&c)
			c.Iterations, c.CriticSteps, c.GeneratorLR, c.CriticLR, c.Batch = 4, 1, 0.03, 0.002, 40
			for _, steps := range []int{1, 3} {
				c.CriticSteps = steps
				tr := traintest.Trainer(t, c, traintest.Builtin(t, 2, 2))
				for i, factor := range k.factors {
					s := tr.State
					params, critic, average := slices.Clone(s.Params), slices.Clone(s.Critic), slices.Clone(s.Average)
					traintest.Step(t, tr)
					if got := moved(t, s.GenAdam, params, s.Params); !(math.Abs(got/(0.03*factor)-1) < 1e-5) {
						t.Errorf("step %d: the generator moved at the rate %g, want %g", i, got, 0.03*factor)
					}
					if steps == 1 {
						if got := moved(t, s.CritAdam, critic, s.Critic); !(math.Abs(got/(0.002*factor)-1) < 1e-5) {
							t.Errorf("step %d: the critic moved at the rate %g, want %g", i, got, 0.002*factor)
						}
					}
					if s.GenAdam.Steps != i+1 || s.CritAdam.Steps != steps*(i+1) || s.Step != i+1 {
						t.Errorf("step %d: %d updates of the generator, %d of the critic, step %d", i, s.GenAdam.Steps, s.CritAdam.Steps, s.Step)
					}
					if s.GenAdam.Beta1 != c.Beta1 || s.GenAdam.Beta2 != c.Beta2 || s.CritAdam.Beta1 != c.Beta1 || s.CritAdam.Beta2 != c.Beta2 {
						t.Errorf("step %d: Adam has betas %g %g and %g %g", i, s.GenAdam.Beta1, s.GenAdam.Beta2, s.CritAdam.Beta1, s.CritAdam.Beta2)
					}
					for j, x := range s.Average {
						if want := 0.99*average[j] + 0.01*s.Params[j]; math.Abs(x-want) > 1e-14 {
							t.Fatalf("step %d: the average of parameter %d is %g, want %g", i, j, x, want)
						}
					}
				}
			}
		})
	}
}

// Without averaging what is evaluated are the parameters.
func TestNoAverage(t *testing.T) {
	for _, change := range []func(*training.Config){func(*training.Config) {}, func(c *training.Config) { *c = traintest.Leaky(*c) }} {
		c := traintest.Small(t, 2, 2)
		change(&c)
		c.Average = 0
		tr := traintest.Trainer(t, c, traintest.Builtin(t, 2, 2))
		for range 3 {
			if !slices.Equal(tr.State.Average, tr.State.Params) {
				t.Error("the average is not the parameters")
			}
			traintest.Step(t, tr)
		}
	}
}

// part is a stage of a course as its steps show it.
type part struct {
	steps        int
	rate         float64 // of the generator's
	critic       int     // updates of the critic a step
	beta1, beta2 float64 // of the generator's Adam
}

// Stages have 48, 9 and 3 sixtieths of the steps, rounded down but for the last, which has
// the rest; each begins with fresh optimisers and full learning rates, which fall over the
// stage alone. The critic's stages have rates of their own: 0.05 and 0.015 of the generator's,
// or 1/500 both where the likelihood was summed over all windows.
func TestStagesOfTheState(t *testing.T) {
	likelihood := func(steps int) part { return part{steps: steps, rate: 1, beta1: 0.9, beta2: 0.99} }
	critic := func(steps int, rate float64) part {
		return part{steps: steps, rate: rate, critic: 1, beta1: 0.25, beta2: 0.75}
	}
	runsOn := func(c *training.Config) { c.Past, c.Expectation = 3, training.Batch }
	for _, k := range []struct {
		name       string
		iterations int
		change     func(*training.Config)
		want       []part
	}{
		{"20 that run on", 20, runsOn, []part{likelihood(16), critic(3, 0.05), critic(1, 0.015)}},
		{"47 that run on", 47, runsOn, []part{likelihood(37), critic(7, 0.05), critic(3, 0.015)}},
		{"20 summed over all windows", 20, func(c *training.Config) { c.Expectation = training.Exact }, []part{likelihood(16), critic(3, 1./500), critic(1, 1./500)}},
		{"5, of which the middle has none", 5, runsOn, []part{likelihood(4), critic(1, 0.015)}},
		{"1", 1, runsOn, []part{critic(1, 0.015)}},
		{"likelihood alone", 4, func(c *training.Config) { runsOn(c); c.Objective = training.ObjectiveLikelihood }, []part{{steps: 4, rate: 1, beta1: 0.25, beta2: 0.75}}},
		{"conditional alone", 4, func(c *training.Config) { runsOn(c); c.Objective = training.ObjectiveConditional }, []part{critic(4, 1)}},
	} {
		t.Run(k.name, func(t *testing.T) {
			c := traintest.Leaky(traintest.Small(t, 1, 2)).WithObjective(training.ObjectiveStaged)
			k.change(&c)
			c.Iterations, c.CriticSteps, c.GeneratorLR, c.CriticLR, c.Batch = k.iterations, 1, 0.04, 0.003, 40
			c.Beta1, c.Beta2 = 0.25, 0.75
			tr := traintest.Trainer(t, c, traintest.Builtin(t, 1, 2))
			var after []int
			for _, p := range k.want[:len(k.want)-1] {
				n := p.steps
				if len(after) > 0 {
					n += after[len(after)-1]
				}
				after = append(after, n)
			}
			if got := c.Stages(); !slices.Equal(got, after) {
				t.Errorf("later stages begin after %v steps, want %v", got, after)
			}
			at := 0
			for stage, want := range k.want {
				for i := range want.steps {
					params, critic := slices.Clone(tr.State.Params), slices.Clone(tr.State.Critic)
					traintest.Step(t, tr)
					s := tr.State
					at++
					if s.GenAdam.Steps != i+1 || s.CritAdam.Steps != (i+1)*want.critic {
						t.Fatalf("stage %d, step %d: %d and %d updates", stage, i, s.GenAdam.Steps, s.CritAdam.Steps)
					}
					if s.GenAdam.Beta1 != want.beta1 || s.GenAdam.Beta2 != want.beta2 {
						t.Errorf("stage %d, step %d: betas %g and %g", stage, i, s.GenAdam.Beta1, s.GenAdam.Beta2)
					}
					factor := 0.5 * (1 + math.Cos(math.Pi*float64(i)/float64(want.steps)))
					if got := moved(t, s.GenAdam, params, s.Params); !(math.Abs(got/(0.04*want.rate*factor)-1) < 1e-4) {
						t.Errorf("stage %d, step %d: the generator's rate is %g, want %g", stage, i, got, 0.04*want.rate*factor)
					}
					if want.critic == 0 {
						if !slices.Equal(critic, s.Critic) {
							t.Errorf("stage %d, step %d: the critic moved", stage, i)
						}
					} else if got := moved(t, s.CritAdam, critic, s.Critic); !(math.Abs(got/(0.003*factor)-1) < 1e-4) {
						t.Errorf("stage %d, step %d: the critic's rate is %g, want %g", stage, i, got, 0.003*factor)
					}
				}
			}
			if at != k.iterations {
				t.Errorf("the stages have %d steps, the run %d", at, k.iterations)
			}
		})
	}
}

// A clipped critic is within its bound after every step, and no other is changed.
func TestClippedSteps(t *testing.T) {
	for name, change := range map[string]func(*training.Config){
		"exact":       func(c *training.Config) {},
		"drawn":       func(c *training.Config) { c.Expectation = training.Batch },
		"memory":      func(c *training.Config) { *c = traintest.Leaky(*c) },
		"conditional": func(c *training.Config) { *c = traintest.Leaky(*c).WithObjective(training.ObjectiveConditional) },
		"runs on":     func(c *training.Config) { *c = traintest.Leaky(*c); c.Past, c.Expectation = 3, training.Batch },
	} {
		for _, p := range []training.Penalty{training.PenaltyZero, training.PenaltyOne, training.PenaltyClip} {
			c := traintest.Small(t, 2, 2)
			change(&c)
			c.Penalty, c.PenaltyWeight, c.Batch = p, 0.02, 7
			tr := traintest.Trainer(t, c, traintest.Builtin(t, 2, 2))
			traintest.Step(t, tr)
			largest := 0.0
			for _, x := range tr.State.Critic {
				largest = max(largest, math.Abs(x))
			}
			if clipped := largest <= 0.02; clipped != (p == training.PenaltyClip) {
				t.Errorf("%s, %s: the largest weight is %g", name, p, largest)
			}
		}
	}
}

// pinned are short runs that between them take every way through a step.
var pinned = []struct {
	name   string
	change func(*training.Config)
}{
	{"exact", func(c *training.Config) {}},
	{"drawn", func(c *training.Config) { c.Expectation = training.Batch }},
	{"spike probabilities", func(c *training.Config) { c.Expectation, c.Readout = training.Batch, training.Prob }},
	{"threshold, clipped", func(c *training.Config) {
		c.Expectation, c.Readout, c.Penalty, c.PenaltyWeight = training.Batch, training.Threshold, training.PenaltyClip, 0.1
	}},
	{"penalty one, no average", func(c *training.Config) { c.Penalty, c.PenaltyWeight, c.Average = training.PenaltyOne, 10, 0 }},
	{"absolute count", func(c *training.Config) { c.KLoss, c.K = training.KAbs, 0.3 }},
	{"square count", func(c *training.Config) { c.KLoss, c.K = training.KSquare, 0.3 }},
	{"printed count", func(c *training.Config) { c.KLoss, c.K = training.KPrinted, 0.3 }},
	{"uniform latents and start", func(c *training.Config) { c.Latent, c.Init = "uniform", "uniform" }},
	{"bits, drawn", func(c *training.Config) { c.Latent, c.LatentQubits, c.Batch = "bit", 2, 4 }},
	{"bits, listed", func(c *training.Config) { c.Latent = "bit" }},
	{"fixed scale, closing", func(c *training.Config) {
		c.LatentTrained, c.LatentScale, c.Closing, c.FinalChain = false, 0.7, true, true
	}},
	{"no latent vector", func(c *training.Config) { c.LatentTrained, c.LatentScale = false, 0 }},
	{"another seed", func(c *training.Config) { c.Seed = 1 }},
	{"tree", func(c *training.Config) { *c = traintest.Leaky(*c) }},
	{"tree, untied", func(c *training.Config) { *c = traintest.Leaky(*c); c.Tied, c.OwnBits = false, 1 }},
	{"tree of bits", func(c *training.Config) { *c = c.WithMemory(training.MemoryBits); c.Layers = 2 }},
	{"windows drawn", func(c *training.Config) { *c = traintest.Leaky(*c); c.Expectation = training.Batch }},
	{"runs on", func(c *training.Config) {
		*c = traintest.Leaky(*c)
		c.Past, c.OwnBits, c.Expectation = 4, 2, training.Batch
	}},
	{"conditional", func(c *training.Config) { *c = traintest.Leaky(*c).WithObjective(training.ObjectiveConditional) }},
	{"conditional, clipped, runs on", func(c *training.Config) {
		*c = traintest.Leaky(*c).WithObjective(training.ObjectiveConditional)
		c.Past, c.Penalty, c.PenaltyWeight = 4, training.PenaltyClip, 0.1
	}},
	{"likelihood", func(c *training.Config) { *c = traintest.Leaky(*c).WithObjective(training.ObjectiveLikelihood) }},
	{"likelihood, drawn", func(c *training.Config) {
		*c = traintest.Leaky(*c).WithObjective(training.ObjectiveLikelihood)
		c.Expectation = training.Batch
	}},
	{"stages", func(c *training.Config) {
		*c = traintest.Leaky(*c).WithObjective(training.ObjectiveStaged)
		c.Past, c.Expectation = 4, training.Batch
	}},
	{"parameter shift", func(c *training.Config) { *c = c.WithGradient(training.GradientShift); c.Shots = 50 }},
	{"allocated shots", func(c *training.Config) {
		*c = c.WithGradient(training.GradientShift)
		c.Shots, c.MaxShots = 20, 200
	}},
	{"spsa", func(c *training.Config) { *c = c.WithGradient(training.GradientSPSA); c.Shots = 50 }},
	{"guided", func(c *training.Config) { *c = c.WithGradient(training.GradientGuided); c.Shots = 50 }},
	{"measured, no latent vector", func(c *training.Config) {
		*c = c.WithGradient(training.GradientShift)
		c.LatentTrained, c.LatentScale, c.Shots = false, 0, 50
	}},
	{"measured tree", func(c *training.Config) { *c = traintest.Leaky(*c).WithGradient(training.GradientShift); c.Shots = 50 }},
}

// The figures of three steps of every kind, in a golden file: the streams of random numbers,
// what is drawn from each, and the order of the updates are part of what a seed promises.
func TestPinnedSteps(t *testing.T) {
	var b strings.Builder
	for _, k := range pinned {
		c := traintest.Small(t, 2, 2)
		k.change(&c)
		c.Iterations, c.Batch = 20, min(c.Batch, 10)
		var e training.Measurer
		if c.Measured() {
			e = shots.NewEstimator(c, &sim.Simulator{Workers: 1})
		}
		tr, err := training.New(c, traintest.Builtin(t, 2, 2), &sim.Simulator{Workers: 1}, e)
		if err != nil {
			t.Fatalf("%s: %v", k.name, err)
		}
		fmt.Fprintf(&b, "%s\n", k.name)
		steps, skipped := 3, 0
		if c.Objective == training.ObjectiveStaged {
			steps, skipped = 20, 15 // the last of likelihood, 3 of conditional, 1 of wgan
		}
		for i := range steps {
			f := traintest.Step(t, tr)
			if i < skipped {
				continue
			}
			fmt.Fprintf(&b, "  critic %.5g penalty %.5g generator %.5g wasserstein %.5g count %.5g\n", f.Critic, f.Penalty, f.Generator, f.Wasserstein, f.Count)
		}
		s := tr.State
		fmt.Fprintf(&b, "  parameters %.5g average %.5g critic %.5g used %d %d\n", length(s.Params), length(s.Average), length(s.Critic), s.Used.Circuits, s.Used.Shots)
		fmt.Fprintf(&b, "  moments %.5g %.5g critic's %.5g %.5g\n", length(s.GenAdam.M), length(s.GenAdam.V), length(s.CritAdam.M), length(s.CritAdam.V))
	}
	golden(t, "steps.txt", b.String())
}

// length is that of a vector, its entries weighted so that their order counts.
func length(v []float64) float64 {
	sum := 0.0
	for i, x := range v {
		sum += x * x * float64(1+i%7)
	}
	return math.Sqrt(sum)
}
