package training

import (
	"fmt"
	"slices"
	"strings"

	"qgan/ir"
)

// Readout says what of the circuit's outcome goes to the critic in training,
// and how a spike train is drawn.
type Readout string

const (
	// Born: all neurons of a timestep are measured jointly. Correlations that
	// the circuit makes within a timestep are kept.
	Born Readout = "born"
	// Prob: the critic sees the probability of each neuron's spike; spikes are
	// drawn independently given the latent vector (as Spike-GAN does).
	Prob Readout = "prob"
	// Threshold: the critic sees the probabilities; a neuron fires where its
	// probability is above 1/2, so spikes are a function of the latent vector.
	Threshold Readout = "threshold"
)

// Expectation says how the losses' expectations are taken.
type Expectation string

const (
	// Exact sums over all 2^(nt) windows.
	Exact Expectation = "exact"
	// Batch averages over drawn windows.
	Batch Expectation = "batch"
)

// Penalty says what holds the critic's slope.
type Penalty string

const (
	// PenaltyZero is lambda·mean |∇C|² (Mescheder et al. 2018, on segments).
	PenaltyZero Penalty = "zero"
	// PenaltyOne is lambda·mean (|∇C| - 1)² (Gulrajani et al. 2017, eq. 3).
	PenaltyOne Penalty = "one"
	// PenaltyClip keeps every weight within ±lambda (Arjovsky et al. 2017).
	PenaltyClip Penalty = "clip"
)

// KLoss is the form of the spike-count term K of equation 4.
type KLoss string

const (
	// KOff: no such term (K = 0).
	KOff KLoss = "off"
	// KAbs is +K·|mean count of the generator - mean count of the data|.
	KAbs KLoss = "abs"
	// KSquare is +K·(difference of the means)².
	KSquare KLoss = "square"
	// KPrinted is -K·(difference of the means), as equation 4 is printed: its
	// gradient pushes the count up whatever the data.
	KPrinted KLoss = "printed"
)

// MaxExactBits bounds n·t for the Exact expectation.
const MaxExactBits = 12

// MaxNeurons bounds the generator: the law of a timestep is a table of 2^n.
const MaxNeurons = 14

// Config is everything that decides a run beside its data. The zero value is no
// valid configuration; start from Preset.
type Config struct {
	Preset    string `json:"preset"`
	Neurons   int    `json:"neurons"`
	Timesteps int    `json:"timesteps"`
	Seed      uint64 `json:"seed"`

	Layers     int    `json:"layers"`
	Closing    bool   `json:"closing"`
	FinalChain bool   `json:"final_chain"`
	Init       string `json:"init"` // "small": U(-0.1π, 0.1π), "uniform": U(-π, π)

	Latent        string  `json:"latent"`       // "normal": N(0,1), "uniform": U(-π, π)
	LatentScale   float64 `json:"latent_scale"` // fixed, or the trained ones' start
	LatentTrained bool    `json:"latent_trained"`
	Readout       Readout `json:"readout"`

	Expectation Expectation `json:"expectation"`
	Batch       int         `json:"batch"` // latent vectors a step, and windows where drawn

	Hidden        int     `json:"hidden"` // ReLUs of the critic
	Penalty       Penalty `json:"penalty"`
	PenaltyWeight float64 `json:"penalty_weight"`
	KLoss         KLoss   `json:"k_loss"`
	K             float64 `json:"k"`

	Iterations  int     `json:"iterations"`
	CriticSteps int     `json:"critic_steps"`
	GeneratorLR float64 `json:"generator_lr"`
	CriticLR    float64 `json:"critic_lr"`
	Schedule    string  `json:"schedule"` // "constant" or "cosine" (to zero)
	Beta1       float64 `json:"beta1"`
	Beta2       float64 `json:"beta2"`
	// Average is the weight of the past in the exponential average of the
	// generator's parameters, which is what is evaluated; 0: no averaging.
	Average float64 `json:"average"`

	Gradient string `json:"gradient"` // "adjoint"
	Backend  string `json:"backend"`  // "ideal"
}

// Presets lists the names that Preset knows.
func Presets() []string { return []string{"deep", "paper"} }

// Preset returns the settings of a name for n neurons and t timesteps.
//
// "paper" is the text of Hernandes & Greplova (2025) with the choices it leaves
// open made as docs/recipe.md says. "deep" is what trains well.
func Preset(name string, n, t int) (Config, error) {
	c := Config{
		Preset: name, Neurons: n, Timesteps: t, Latent: "normal", Readout: Born, Batch: 64,
		Hidden: 64, KLoss: KOff, Iterations: 3000, CriticSteps: 2, Gradient: "adjoint", Backend: "ideal",
	}
	switch name {
	case "paper":
		c.Layers, c.Closing, c.FinalChain, c.Init = 4, true, true, "uniform"
		c.LatentScale = 1
		c.Expectation = Batch
		c.Penalty, c.PenaltyWeight = PenaltyOne, 10
		c.GeneratorLR, c.CriticLR, c.Schedule = 0.05, 0.002, "constant"
		c.Beta1, c.Beta2 = 0.9, 0.999
	case "deep":
		c.Layers, c.Init = 5, "small"
		if n > 6 {
			c.Layers = 9
		}
		if t > 1 {
			c.LatentScale, c.LatentTrained = 1, true
		}
		c.Expectation = Exact
		if n*t > MaxExactBits {
			c.Expectation = Batch
		}
		c.Penalty, c.PenaltyWeight = PenaltyZero, 0.3
		c.GeneratorLR, c.CriticLR, c.Schedule = 0.01, 0.001, "cosine"
		c.Beta1, c.Beta2 = 0, 0.9
		c.Average = 0.99
	default:
		return Config{}, fmt.Errorf("preset %q: there is %s", name, strings.Join(Presets(), " and "))
	}
	return c, nil
}

// Ansatz returns the circuit of a timestep.
func (c Config) Ansatz() ir.Ansatz {
	return ir.Ansatz{
		Neurons: c.Neurons, Layers: c.Layers, Closing: c.Closing, FinalChain: c.FinalChain,
		Latent: ir.LatentScale{Trained: c.LatentTrained, Value: c.LatentScale},
	}
}

// choice is a setting that takes one of a few words.
type choice struct {
	name, value string
	allowed     []string
}

// Check reports the first setting that can't be, by the name of its flag.
func (c Config) Check() error {
	for _, k := range []choice{
		{"init", c.Init, []string{"small", "uniform"}},
		{"latent", c.Latent, []string{"normal", "uniform"}},
		{"readout", string(c.Readout), []string{string(Born), string(Prob), string(Threshold)}},
		{"expectation", string(c.Expectation), []string{string(Exact), string(Batch)}},
		{"penalty", string(c.Penalty), []string{string(PenaltyZero), string(PenaltyOne), string(PenaltyClip)}},
		{"k-loss", string(c.KLoss), []string{string(KOff), string(KAbs), string(KSquare), string(KPrinted)}},
		{"schedule", c.Schedule, []string{"constant", "cosine"}},
		{"gradient", c.Gradient, []string{"adjoint"}},
		{"backend", c.Backend, []string{"ideal"}},
	} {
		if !slices.Contains(k.allowed, k.value) {
			return fmt.Errorf("%s %q: it can be %s", k.name, k.value, strings.Join(k.allowed, ", "))
		}
	}
	for _, k := range []struct {
		name   string
		ok     bool
		value  any
		remedy string
	}{
		{"neurons", c.Neurons >= 1 && c.Neurons <= MaxNeurons, c.Neurons, fmt.Sprintf("the ideal simulator trains 1 to %d", MaxNeurons)},
		{"timesteps", c.Timesteps >= 1, c.Timesteps, "at least 1 is needed"},
		{"layers", c.Layers >= 1, c.Layers, "at least 1 is needed"},
		{"batch", c.Batch >= 1, c.Batch, "at least 1 is needed"},
		{"hidden", c.Hidden >= 1, c.Hidden, "at least 1 is needed"},
		{"iterations", c.Iterations >= 1, c.Iterations, "at least 1 is needed"},
		{"critic-steps", c.CriticSteps >= 1, c.CriticSteps, "at least 1 is needed"},
		{"generator-lr", c.GeneratorLR > 0 && c.GeneratorLR < 1e6, c.GeneratorLR, "it must be above 0"},
		{"critic-lr", c.CriticLR > 0 && c.CriticLR < 1e6, c.CriticLR, "it must be above 0"},
		{"penalty-weight", c.PenaltyWeight >= 0 && c.PenaltyWeight < 1e6, c.PenaltyWeight, "it must be 0 or above"},
		{"penalty-weight", c.Penalty != PenaltyClip || c.PenaltyWeight > 0, c.PenaltyWeight, "clipping needs a bound above 0"},
		{"k", c.K >= 0 && c.K < 1e6, c.K, "it must be 0 or above"},
		{"beta1", c.Beta1 >= 0 && c.Beta1 < 1, c.Beta1, "it must be in [0, 1)"},
		{"beta2", c.Beta2 >= 0 && c.Beta2 < 1, c.Beta2, "it must be in [0, 1)"},
		{"average", c.Average >= 0 && c.Average < 1, c.Average, "it must be in [0, 1)"},
		{"latent-scale", c.LatentScale > -1e6 && c.LatentScale < 1e6, c.LatentScale, "it must be a number"},
		{"expectation exact", c.Expectation == Batch || c.Readout == Born, c.Readout, "only the born readout has a law over windows to sum; use --expectation batch"},
		{"expectation exact", c.Expectation == Batch || c.Neurons*c.Timesteps <= MaxExactBits, c.Neurons * c.Timesteps, fmt.Sprintf("neurons x timesteps may be at most %d; use --expectation batch", MaxExactBits)},
	} {
		if !k.ok {
			return fmt.Errorf("%s %v: %s", k.name, k.value, k.remedy)
		}
	}
	return nil
}
