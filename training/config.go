package training

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"qgan/backends"
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

// Init is the law of the angles that training starts from.
type Init string

const (
	// InitSmall is U(-0.1π, 0.1π).
	InitSmall Init = "small"
	// InitUniform is U(-π, π).
	InitUniform Init = "uniform"
)

// Latent is the law of each number of the latent vector.
type Latent string

const (
	// LatentNormal is N(0, 1).
	LatentNormal Latent = "normal"
	// LatentUniform is U(-π, π).
	LatentUniform Latent = "uniform"
	// LatentBit is 0 or 1 with equal probability.
	LatentBit Latent = "bit"
)

// Schedule is how the learning rates go over a stage.
type Schedule string

const (
	// ScheduleConstant keeps them.
	ScheduleConstant Schedule = "constant"
	// ScheduleCosine lets them fall to 0 as half a cosine.
	ScheduleCosine Schedule = "cosine"
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

// Objective says what a generator is trained on. Without memory it is ObjectiveWGAN, or
// for windows of one bin ObjectiveLikelihood.
type Objective string

const (
	// ObjectiveWGAN: the critic sees whole windows that the generator runs freely.
	ObjectiveWGAN Objective = "wgan"
	// ObjectiveConditional: the critic sees windows whose past is real and whose
	// last bin is the generator's, summed over its 2^n words.
	ObjectiveConditional Objective = "conditional"
	// ObjectiveLikelihood: the mean logarithm of the probability of each word given
	// the real words before it; without memory, of the law of one bin. There is no critic.
	ObjectiveLikelihood Objective = "likelihood"
	// ObjectiveStaged: likelihood, then conditional, then a little wgan; of a Population
	// likelihood, then wgan.
	ObjectiveStaged Objective = "staged"
	// ObjectiveStatistics, of a Population: likelihood, then the statistics of samples that
	// run freely.
	ObjectiveStatistics Objective = "statistics"
)

// MaxExactBits bounds n·t for the Exact expectation, MaxExactContextBits where
// only the windows of the recording are summed over (ObjectiveLikelihood).
const (
	MaxExactBits        = 12
	MaxExactContextBits = 20
)

// MaxNeurons bounds generators whose law of a timestep is a table of 2^n: all but a [Population].
// The likelihood of one bin takes MaxOneBin: a step is one law and one gradient.
const (
	MaxNeurons = 14
	MaxOneBin  = MaxExactContextBits
)

// Config is everything that decides a run beside its data. The zero value is no
// valid configuration; start from Preset.
type Config struct {
	Preset    string `json:"preset"`
	Neurons   int    `json:"neurons"`
	Timesteps int    `json:"timesteps"`
	Seed      uint64 `json:"seed"`

	Layers     int  `json:"layers"`
	Closing    bool `json:"closing"`
	FinalChain bool `json:"final_chain"`
	Product    bool `json:"product,omitempty"` // no CNOTs, whatever FinalChain says
	Init       Init `json:"init"`

	Latent        Latent  `json:"latent"`
	LatentQubits  int     `json:"latent_qubits"` // qubits that are not measured
	LatentScale   float64 `json:"latent_scale"`  // fixed, or the trained ones' start
	LatentTrained bool    `json:"latent_trained"`
	Readout       Readout `json:"readout"`

	Memory Memory `json:"memory"`
	Tied   bool   `json:"tied"` // timesteps share one circuit
	// OwnBits gives each neuron's own bits of so many steps before, of those that the memory
	// sees, weights beside the leaky traces.
	OwnBits int `json:"own_bits,omitempty"`
	// Past counts the bins before a window that the memory sees. 0: it begins anew
	// with each window; otherwise samples run on as one recording. That of a Population
	// reaches back to the beginning of a repeat, and Past is 0.
	Past int `json:"past"`

	// Of a Population (see Populates), which the first three make.
	Stimulus  Stimulus  `json:"stimulus,omitempty"`
	MemoryIn  MemoryIn  `json:"memory_in,omitempty"`
	Entangler Entangler `json:"entangler,omitempty"`
	// StimulusRank is the rank of the stimulus's angles about each cell's mean; 0: a number a
	// cell and bin. They are trained with StimulusTrained, or stay as they begin.
	StimulusRank    int        `json:"stimulus_rank,omitempty"`
	StimulusTrained bool       `json:"stimulus_trained,omitempty"`
	StimulusBins    int        `json:"stimulus_bins,omitempty"` // of a repeat; 0: the recording's
	ChainOrder      ChainOrder `json:"chain_order,omitempty"`
	Chain           string     `json:"chain,omitempty"`  // the neurons along the chain, with commas between; empty: as ChainOrder finds, or the recording's
	Shrink          float64    `json:"shrink,omitempty"` // decay of the weights between cells, in parts of the learning rate

	Objective   Objective   `json:"objective"`
	Expectation Expectation `json:"expectation"`
	Batch       int         `json:"batch"` // latent vectors or pasts a step, and windows where drawn

	Hidden        int     `json:"hidden"` // ReLUs of the critic
	Penalty       Penalty `json:"penalty"`
	PenaltyWeight float64 `json:"penalty_weight"`
	KLoss         KLoss   `json:"k_loss"`
	K             float64 `json:"k"`

	Iterations int `json:"iterations"`
	// Starts are the beginnings of which the one with the best training likelihood after a few
	// hundred steps is trained, of one bin; 0 and 1: there is one.
	Starts      int      `json:"starts,omitempty"`
	CriticSteps int      `json:"critic_steps"`
	GeneratorLR float64  `json:"generator_lr"`
	CriticLR    float64  `json:"critic_lr"`
	Schedule    Schedule `json:"schedule"`
	Beta1       float64  `json:"beta1"`
	Beta2       float64  `json:"beta2"`
	// Average is the weight of the past in the exponential average of the
	// generator's parameters, which is what is evaluated; 0: no averaging.
	Average float64 `json:"average"`

	Gradient Gradient `json:"gradient"`
	Backend  string   `json:"backend"` // "ideal", "noisy" or "SERVICE:DEVICE"
	// Shots of each circuit where gradients are measured; a MaxShots above it lets the
	// variances decide between the two.
	Shots        int                 `json:"shots,omitempty"`
	MaxShots     int                 `json:"max_shots,omitempty"`
	Perturbation float64             `json:"perturbation,omitempty"` // of SPSA at step 0, in radians
	Mitigation   backends.Mitigation `json:"mitigation,omitempty"`
}

// Measured reports whether laws and gradients come from shots.
func (c Config) Measured() bool { return c.Gradient != GradientAdjoint }

// Presets lists the names that Preset knows.
func Presets() []string { return []string{"deep", "paper"} }

// Preset returns the settings of a name for n neurons and t timesteps.
//
// "paper" is the text of Hernandes & Greplova (2025) with the choices it leaves
// open made as docs/measurements.md says. "deep" is what trains well: for one timestep a
// deep circuit without latent vector, for several a leaky memory, trained by its
// likelihood where the law of windows is exact and in stages where it is not.
func Preset(name string, n, t int) (Config, error) {
	c, err := versusCritic(name, n, t)
	switch {
	case err != nil || name != "deep":
		return c, err
	case t == 1 && n <= MaxOneBin:
		return c.WithObjective(ObjectiveLikelihood), nil
	case n > MaxNeurons:
		return c.withPopulation(), nil
	case n*t <= maxWindowBits:
		return c.WithMemory(MemoryLeaky).WithObjective(ObjectiveLikelihood), nil
	}
	return c.WithMemory(MemoryLeaky).WithObjective(ObjectiveStaged), nil
}

// versusCritic is a preset whose generator has no memory and is trained by ObjectiveWGAN.
func versusCritic(name string, n, t int) (Config, error) {
	c := Config{
		Preset: name, Neurons: n, Timesteps: t, Latent: LatentNormal, Readout: Born, Batch: smallBatch, Memory: MemoryNone, Objective: ObjectiveWGAN,
		Hidden: 64, KLoss: KOff, Iterations: 3000, CriticSteps: 2, Gradient: GradientAdjoint, Backend: "ideal",
	}
	switch name {
	case "paper":
		c.Layers, c.Closing, c.FinalChain, c.Init = 4, true, true, InitUniform
		c.LatentScale = 1
		c.Expectation = Batch
		c.Penalty, c.PenaltyWeight = PenaltyOne, 10
		c.GeneratorLR, c.CriticLR, c.Schedule = 0.05, 0.002, ScheduleConstant
		c.Beta1, c.Beta2 = 0.9, 0.999
	case "deep":
		c.Layers, c.Init = depth(n), InitSmall
		c.Expectation = Exact
		if n*t > MaxExactBits {
			c.Expectation = Batch
		}
		c.Penalty, c.PenaltyWeight = PenaltyZero, 0.3
		c.GeneratorLR, c.CriticLR, c.Schedule = 0.01, 0.001, ScheduleCosine
		c.Beta1, c.Beta2 = 0, 0.9
		c.Average = 0.99
		if t == 1 && n > 8 {
			c.Batch = bigBatch // with fewer points for the penalty some seeds end at twice the distance
		}
	default:
		return Config{}, refuseSetting("preset", strconv.Quote(name), "there is "+strings.Join(Presets(), " and "))
	}
	return c, nil
}

// maxWindowBits bounds n·t of windows that a memory begins anew with: the law of those that
// were seen is still summed. Their likelihood is, to MaxExactContextBits, and drawn beyond.
const maxWindowBits = 30

// runsOn is the Past of generators with memory where the law of windows is out of
// reach, bigBatch the batch of all with memory and of large ones without, smallBatch
// that of the others. Windows that run freely have batchBins bins in all at most, so
// that a step costs the same for long ones.
const (
	runsOn     = 20
	ownBits    = 3
	bigBatch   = 512
	smallBatch = 64
	batchBins  = 2048
)

// depth is the number of layers without memory that trains well.
func depth(neurons int) int {
	switch {
	case neurons > 8:
		return 12
	case neurons > 6:
		return 9
	}
	return 5
}

// oneBinWay is how the likelihood of one bin is trained of up to so many cells: what deep has
// in layers, the steps, and the starts where seeds differ. Depth is what counts (docs/measurements.md).
type oneBinWay struct{ cells, layers, steps, starts int }

var oneBinWays = []oneBinWay{
	{6, 5, 3000, 0},
	{8, 9, 3000, 0},
	{10, 16, 3000, 0},
	{12, 18, 2000, 3},
	{16, 20, 1500, 3},
	{math.MaxInt, 20, 800, 0}, // a step of 20 cells takes a second
}

// oneBin returns the way of so many cells.
func oneBin(cells int) oneBinWay {
	return oneBinWays[slices.IndexFunc(oneBinWays, func(w oneBinWay) bool { return cells <= w.cells })]
}

// ofOneBin says whether it is the likelihood of single bins, whose law is that of a circuit
// without memory.
func (c Config) ofOneBin() bool {
	return c.Objective == ObjectiveLikelihood && c.Timesteps == 1 && c.Memory == MemoryNone && !c.Populates()
}

// WithMemory returns the settings with that memory, tied, and what goes with it:
// depth, a large batch and no latent vector beside a memory; without, a trained
// latent vector shared by the timesteps, and a critic. A population stays one.
func (c Config) WithMemory(m Memory) Config {
	if c.Populates() {
		if c.Memory = m; m == MemoryNone {
			c.MemoryIn, c.OwnBits = MemoryRX, 0
		}
		return c
	}
	if c.ofOneBin() {
		c = c.WithObjective(ObjectiveWGAN)
	}
	c.Memory, c.Tied, c.Past, c.OwnBits = m, m != MemoryNone, 0, 0
	c.LatentScale, c.LatentTrained = 0, false
	if m == MemoryNone {
		c = c.WithObjective(ObjectiveWGAN)
		c.LatentScale, c.LatentTrained = 1, true
		c.Layers, c.Batch = depth(c.Neurons), smallBatch
		return c
	}
	c.Layers = 9
	if c.Neurons*c.Timesteps > maxWindowBits {
		c.Past = runsOn
		if m == MemoryLeaky {
			c.OwnBits = ownBits // short windows are learnt as well without
		}
	}
	c.Batch = c.windowsBatch()
	return c
}

// windowsBatch is the batch of whole windows that a generator with memory takes.
func (c Config) windowsBatch() int {
	if c.Past == 0 {
		return bigBatch
	}
	return max(1, min(bigBatch, batchBins/max(1, c.Timesteps)))
}

// WithObjective returns the settings with that objective and what goes with it:
// steps, their size, Adam's coefficients, and exact sums where it can take them. What a
// likelihood brought before goes with it.
func (c Config) WithObjective(o Objective) Config {
	if c.Populates() {
		return c.populationObjective(o)
	}
	if was := c.Objective; was == ObjectiveLikelihood || was == ObjectiveStaged {
		if p, err := versusCritic(c.Preset, c.Neurons, c.Timesteps); err == nil {
			c.Iterations, c.GeneratorLR, c.Beta1, c.Beta2 = p.Iterations, p.GeneratorLR, p.Beta1, p.Beta2
			c.Expectation, c.Batch = p.Expectation, p.Batch
			if c.ofOneBin() {
				c.ChainOrder, c.Layers = p.ChainOrder, p.Layers
			}
		}
		if c.Memory != MemoryNone {
			c.Batch = c.windowsBatch()
		}
	}
	c.Objective, c.Starts = o, 0
	switch o {
	case ObjectiveConditional:
		c.Expectation, c.Batch = Batch, bigBatch
	case ObjectiveLikelihood, ObjectiveStaged:
		c.GeneratorLR = 0.02
		c.Batch, c.Expectation = bigBatch, Batch
		if c.Past == 0 && c.Neurons*c.Timesteps <= MaxExactContextBits {
			c.Expectation = Exact
		}
	}
	switch o {
	case ObjectiveLikelihood:
		c.Iterations = 4000
		c.Beta1, c.Beta2 = likelihoodBeta1, likelihoodBeta2
		if c.ofOneBin() {
			way := oneBin(c.Neurons)
			c.Iterations, c.Starts = way.steps, way.starts
			if c.Preset == "deep" {
				c.Layers = way.layers
				if c.Neurons > 8 {
					c.ChainOrder = ChainCorrelation
				}
			}
		}
	case ObjectiveStaged:
		c.Iterations = 5000
		if c.Past > 0 {
			c.Iterations = 8000 // what runs on gains from longer stages
		}
	}
	return c
}

// WithGradient returns the settings with that way of taking gradients and what goes with
// it: measured laws are noisy, so of a generator whose parameters are averaged the average
// is longer, the critic sees twice as many laws, and Adam takes the scale of its steps from
// a thousand gradients instead of ten, whose noise would be in it. A likelihood can't be
// measured without bias, so a critic takes its place.
func (c Config) WithGradient(g Gradient) Config {
	if o := c.Objective; g != GradientAdjoint && (o == ObjectiveLikelihood || o == ObjectiveStaged) {
		if c = c.WithObjective(ObjectiveWGAN); c.Memory != MemoryNone && c.Expectation != Exact {
			c = c.WithObjective(ObjectiveConditional)
		}
	}
	if g != GradientAdjoint && c.Gradient == GradientAdjoint && c.Average > 0 {
		c.Average, c.CriticSteps, c.Beta2 = 0.998, 4, 0.999
	}
	c.Gradient = g
	return c
}

// Adam's coefficients where the gradient is that of one function, not of a game.
const likelihoodBeta1, likelihoodBeta2 = 0.9, 0.99

// Ansatz returns the circuit of a timestep.
func (c Config) Ansatz() ir.Ansatz {
	return ir.Ansatz{
		Chain: c.chainOfQubits(), Neurons: c.Neurons, LatentQubits: c.LatentQubits, Layers: c.Layers, Closing: c.Closing, FinalChain: c.FinalChain, Product: c.Product,
		Memory: c.Memory != MemoryNone && c.MemoryIn != MemoryRY,
		Drive:  c.Stimulus == StimulusRepeat || c.MemoryIn != MemoryRX,
		Pairs:  c.Entangler == EntanglerPair && !c.Product,
		Latent: ir.LatentScale{Trained: c.LatentTrained, Value: c.LatentScale},
	}
}

// Check reports the first setting that can't be, by its name, as a *[SettingError]: values
// that a setting doesn't take, and settings that can't stand together.
func (c Config) Check() error {
	if most := c.mostNeurons(); c.Neurons < 1 || c.Neurons > most {
		return refuseSetting("neurons", c.Neurons, fmt.Sprintf("it can be 1 to %d%s", most, c.more()))
	}
	if c.Timesteps < 1 {
		return refuseSetting("timesteps", c.Timesteps, "at least 1 is needed")
	}
	if c.Hidden < 1 {
		return refuseSetting("hidden", c.Hidden, "at least 1 is needed")
	}
	for _, s := range Settings() {
		if s.ok != nil && !s.ok(c) {
			return s.wrong(s.Text(c))
		}
	}
	for _, k := range append(c.populationRules(), c.rules()...) {
		if !k.ok {
			return refuseSetting(k.name, k.value, k.remedy)
		}
	}
	return nil
}

// mostNeurons bounds the neurons: of all but a population the law of a timestep is a table.
func (c Config) mostNeurons() int {
	switch {
	case c.Populates():
		return MaxPopulation
	case c.ofOneBin():
		return MaxOneBin
	}
	return MaxNeurons
}

// more says what takes more neurons.
func (c Config) more() string {
	if c.Populates() {
		return ""
	}
	text := fmt.Sprintf("; with {memory-in} ry, {entangler} pair or {stimulus} repeat to %d", MaxPopulation)
	if !c.ofOneBin() {
		text += fmt.Sprintf(", one bin with {objective} likelihood to %d", MaxOneBin)
	}
	return text
}

// rule is what must hold between settings. Its name is that of the setting to change.
type rule struct {
	name   string
	ok     bool
	value  any
	remedy string // in which settings stand in braces
}

// rules are what must hold between the settings of a configuration.
func (c Config) rules() []rule {
	measured, memory := c.Measured(), c.Memory != MemoryNone
	ofOneBin := c.ofOneBin()
	perturbed := c.Gradient == GradientSPSA || c.Gradient == GradientGuided
	return []rule{
		{"layers", c.trainedAngles() <= maxAngles, c.Layers, c.tooManyAngles()},
		{"penalty-weight", c.Penalty != PenaltyClip || c.PenaltyWeight > 0, c.PenaltyWeight, "clipping needs a bound above 0"},
		{"latent-qubits", c.Neurons+c.LatentQubits <= c.mostNeurons(), c.LatentQubits, fmt.Sprintf("0 at least, and with the neurons at most %d", c.mostNeurons())},
		{"starts", c.Starts <= 1 || ofOneBin, c.Starts, "they are told apart by the likelihood of one bin; use {starts} 1"},
		{"objective", memory || c.Objective == ObjectiveWGAN || ofOneBin || c.Populates(), c.Objective, "it needs the law of a word given the words before; add {memory} leaky"},
		{"latent-scale", !ofOneBin || !c.Ansatz().UsesLatent(), c.LatentScale, "the likelihood of one bin is that of a law without latent vector; use {latent-scale} 0"},
		{"expectation", !ofOneBin || c.Expectation == Exact, c.Expectation, "the likelihood of one bin is summed over all words; use {expectation} exact and {readout} born"},
		{"tied", memory || !c.Tied || c.Populates(), c.Tied, "timesteps without memory would all be equal; add {memory} leaky"},
		{"past", memory || c.Past == 0, c.Past, "it takes a memory to see it; add {memory} leaky"},
		{"memory", !memory || c.Timesteps > 1 || c.RunsOn(), c.Memory, "windows of one bin have no past; use {timesteps} 2 or more, or {past} 20"},
		{"own-bits", c.OwnBits == 0 || c.Memory == MemoryLeaky, c.OwnBits, "they stand beside leaky traces; add {memory} leaky"},
		{"past", c.Past == 0 || c.Tied, c.Past, "samples run on with one circuit for all timesteps only; add {tied}"},
		{"memory", !memory || c.LatentScale == 0 && !c.LatentTrained, c.Memory, "a generator with memory takes no latent vector; use {latent-scale} 0"},
		{"memory", !memory || c.Readout == Born, c.Memory, "the past is made of measured words; use {readout} born"},
		{"memory", !memory || c.KLoss == KOff || c.Populates(), c.Memory, "there is no spike-count term with it; use {k-loss} off"},
		{"expectation", c.Expectation == Batch || c.Past == 0, fmt.Sprintf("exact %d", c.Past), "pasts beyond the window can't be summed over; use {expectation} batch"},
		{"expectation", c.Expectation == Batch || c.Readout == Born, fmt.Sprintf("exact %s", c.Readout), "only the born readout has a law over windows to sum; use {expectation} batch"},
		{"expectation", c.Expectation == Batch || c.Neurons*c.Timesteps <= c.exactBits(), fmt.Sprintf("exact %d", c.Neurons*c.Timesteps), fmt.Sprintf("neurons x timesteps may be at most %d; use {expectation} batch", c.exactBits())},
		{"gradient", measured || c.Backend == "ideal", c.Gradient, fmt.Sprintf("%s has no adjoint sweep; use {gradient} %s or %s", c.Backend, GradientShift, GradientSPSA)},
		{"shots", measured || c.Shots == 0 && c.MaxShots == 0, c.Shots, "the adjoint gradient takes none; add {gradient} " + string(GradientShift)},
		{"shots", !measured || c.Shots >= 1 && c.Shots <= MaxShots, c.Shots, fmt.Sprintf("a gradient from shots takes 1 to %d a circuit", MaxShots)},
		{"shots", c.MaxShots == 0 || c.MaxShots >= c.Shots && c.MaxShots <= MaxShots && c.Gradient == GradientShift, fmt.Sprintf("%d:%d", c.Shots, c.MaxShots), "shots are allocated between the smaller and the larger number, for the parameter-shift rule alone"},
		{"perturbation", perturbed || c.Perturbation == 0, c.Perturbation, "it belongs to {gradient} " + string(GradientSPSA)},
		{"gradient", !perturbed || !memory, c.Gradient, "angles that are computed from a memory are shifted one by one; use {gradient} " + string(GradientShift)},
		{"k-loss", !measured || c.KLoss != KAbs, c.KLoss, "the sign of a mean that is measured is a biased one; use {k-loss} square, whose two factors come from independent shots"},
		{"objective", !measured || !memory || c.Objective == ObjectiveConditional || c.Objective == ObjectiveWGAN && c.Expectation == Exact, c.Objective, "the logarithm of a measured frequency, and a quotient of two, are biased; use {objective} conditional"},
		{"objective", !measured || !ofOneBin, c.Objective, "the logarithm of a measured frequency is biased; use {objective} wgan"},
		{"mitigate", measured || c.Mitigation == "", c.Mitigation, "there are no shots to mitigate"},
	}
}

// maxAngles bounds the angles of a generator.
const maxAngles = 50_000

// trainedAngles are two of each qubit in each layer and timestep, as a number that never
// overflows.
func (c Config) trainedAngles() float64 {
	circuits := float64(c.Timesteps)
	if c.Tied {
		circuits = 1
	}
	return 2 * float64(c.Neurons+c.LatentQubits) * float64(c.Layers) * circuits
}

// tooManyAngles says what they would take: 2.4 kB each, and of a state vector 5 ns for each
// amplitude and step, as measured with 16,000 and 160,000 angles of 8 qubits.
func (c Config) tooManyAngles() string {
	angles := c.trainedAngles()
	cost := fmt.Sprintf("about %.2g GB of memory", angles*2.4e-6)
	if !c.Populates() {
		cost += fmt.Sprintf(" and %.2g s a step", angles*math.Pow(2, float64(c.Neurons+c.LatentQubits))*5e-9)
	}
	return fmt.Sprintf("%.2g angles would take %s; at most %d are trained, here {layers} %d", angles, cost, maxAngles, int(maxAngles/(angles/float64(c.Layers))))
}

// Remote reports whether circuits run at a service.
func (c Config) Remote() bool { return c.Backend != "ideal" && c.Backend != "noisy" }

// MaxShots bounds the shots of a circuit.
const MaxShots = 10_000_000

// MaxPast bounds Past.
const MaxPast = 1000

// exactBits bounds n·t of the Exact expectation. Stages of a run that would go
// beyond what they can sum draw instead.
func (c Config) exactBits() int {
	if c.Objective == ObjectiveLikelihood || c.Objective == ObjectiveStaged {
		return MaxExactContextBits
	}
	return MaxExactBits
}
