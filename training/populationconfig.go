package training

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"qgan/metrics"
)

// Stimulus says what of the time in a repeat enters the circuit of a bin.
type Stimulus string

const (
	// StimulusNone: nothing; the memory alone carries time.
	StimulusNone Stimulus = ""
	// StimulusRepeat: an angle for each cell and bin of a repeat that all repeats share,
	// at first that of the cell's smoothed rate there.
	StimulusRepeat Stimulus = "repeat"
)

// MemoryIn says in which angles the memory enters.
type MemoryIn string

const (
	// MemoryRX: the encodings.
	MemoryRX MemoryIn = ""
	// MemoryRY: the last RY, where it can lower a rate as well as raise it.
	MemoryRY MemoryIn = "ry"
	// MemoryBoth: both.
	MemoryBoth MemoryIn = "both"
)

// Entangler is what ties the qubits of a circuit.
type Entangler string

const (
	// EntanglerCNOT: a chain of CNOTs after each layer but the last.
	EntanglerCNOT Entangler = ""
	// EntanglerPair: one brick of pair rotations before the only layer, by angles that grow
	// with the drive of both cells.
	EntanglerPair Entangler = "pair"
)

// ChainOrder is the order in which cells lie along the chain of qubits.
type ChainOrder string

const (
	// ChainFile: that of the recording.
	ChainFile ChainOrder = ""
	// ChainCorrelation puts cells side by side whose spikes of a bin correlate.
	ChainCorrelation ChainOrder = "correlation"
	// ChainNoise does so by what is left of the correlations beyond the mean of the
	// repeats in a bin.
	ChainNoise ChainOrder = "noise"
	// ChainPast does so by what is left of them beyond what the best linear prediction from
	// traces of all cells' bins before makes of a bin.
	ChainPast ChainOrder = "past"
)

// MaxPopulation bounds the neurons of a [Population].
const MaxPopulation = 256

// populationWay is how a population is trained unless something else is given: the one
// place where its numbers stand.
var populationWay = struct {
	layers, chainLayers, iterations, batch int // layers without and with chains
	stagedIterations                       int // of those with a stage for samples that run freely
	generatorLR, average                   float64
	shrink                                 float64
	entangler                              Entangler
}{layers: 1, chainLayers: 4, iterations: 800, stagedIterations: 1200, batch: 1024, generatorLR: 0.01, average: 0.99, shrink: 0, entangler: EntanglerPair}

// timeWay is what depends on whether a stimulus tells the time: without one cells lie side
// by side that the past doesn't explain, and a cell's own bits carry more.
func (c Config) timeWay() (ownBits int, order ChainOrder) {
	if c.Stimulus == StimulusNone {
		return 10, ChainPast
	}
	return 5, ChainNoise
}

// Populates says whether the generator is a [Population]: words are drawn and learnt one by
// one instead of by the law over all of them.
func (c Config) Populates() bool {
	return c.Stimulus != StimulusNone || c.Entangler != EntanglerCNOT || c.MemoryIn != MemoryRX
}

// slowBurnIn is the BurnIn of a memory whose slowest trace lasts for 33 bins.
const slowBurnIn = 100

// Warm is how many bins samples that run on make from silence before the first that counts,
// where no stimulus tells the time.
func (c Config) Warm() int {
	if c.Populates() {
		return slowBurnIn
	}
	return BurnIn
}

// RunsOn says whether samples run on as one recording.
func (c Config) RunsOn() bool { return c.Past > 0 || c.Populates() }

// withPopulation returns the settings of a population with what goes along with it.
func (c Config) withPopulation() Config {
	w := populationWay
	c.Memory, c.MemoryIn, c.Tied, c.Past = MemoryLeaky, MemoryRY, true, 0
	c.OwnBits, c.ChainOrder = c.timeWay()
	c.LatentScale, c.LatentTrained, c.LatentQubits = 0, false, 0
	c.Entangler, c.Layers, c.Closing, c.FinalChain = w.entangler, w.layers, false, false
	c.Objective, c.Expectation, c.Batch = ObjectiveLikelihood, Batch, w.batch
	c.Iterations, c.GeneratorLR, c.Schedule = w.iterations, w.generatorLR, ScheduleCosine
	c.Beta1, c.Beta2, c.Average, c.Shrink = likelihoodBeta1, likelihoodBeta2, w.average, w.shrink
	return c
}

// populationObjective returns the settings of a population with that objective, its steps and
// the coefficients of Adam, which are a critic's where there is one.
func (c Config) populationObjective(o Objective) Config {
	c.Objective, c.Iterations = o, populationWay.iterations
	c.Beta1, c.Beta2 = likelihoodBeta1, likelihoodBeta2
	if o != ObjectiveLikelihood {
		c.Iterations = populationWay.stagedIterations
	}
	if p, err := versusCritic(c.Preset, c.Neurons, c.Timesteps); err == nil && o == ObjectiveStaged {
		c.Beta1, c.Beta2 = p.Beta1, p.Beta2
	}
	return c
}

// For returns the settings for a recording: what they leave to it is the number of bins of
// a repeat and the order of the cells along the chain. They are found in the repeats
// trained on.
func (c Config) For(rec *metrics.Recording) Config {
	if c.Stimulus == StimulusRepeat && c.StimulusBins == 0 {
		c.StimulusBins = rec.Train.Bins
	}
	if c.ChainOrder != ChainFile && c.Chain == "" {
		c.Chain = chainText(orderedChain(rec.Train, c.ChainOrder))
	}
	return c
}

// chainOfQubits returns the qubits along the chain of CNOTs, those that are not measured
// last; nil where it is that of the recording, and of a population, whose qubits lie in the
// chain's order themselves.
func (c Config) chainOfQubits() []int {
	order, err := parseChain(c.Chain, c.Neurons)
	if c.Chain == "" || c.Populates() || err != nil {
		return nil
	}
	for i := range c.LatentQubits {
		order = append(order, c.Neurons+i)
	}
	return order
}

// parseChain reads a list of all neurons; the empty one is that of the recording.
func parseChain(text string, neurons int) ([]int, error) {
	out := make([]int, 0, neurons)
	if text == "" {
		for i := range neurons {
			out = append(out, i)
		}
		return out, nil
	}
	seen := make([]bool, neurons)
	for word := range strings.SplitSeq(text, ",") {
		i, err := strconv.Atoi(word)
		if err != nil || i < 0 || i >= neurons || seen[i] {
			return nil, fmt.Errorf("%q is not one of the %d neurons, counted from 0, or there twice", word, neurons)
		}
		seen[i] = true
		out = append(out, i)
	}
	if len(out) != neurons {
		return nil, fmt.Errorf("it lists %d of %d neurons", len(out), neurons)
	}
	return out, nil
}

// chainText writes an order as parseChain reads it; nothing for that of the recording.
func chainText(order []int) string {
	if slices.IsSorted(order) {
		return ""
	}
	words := make([]string, len(order))
	for i, q := range order {
		words[i] = strconv.Itoa(q)
	}
	return strings.Join(words, ",")
}

// populationRules are what must hold of a population.
func (c Config) populationRules() []rule {
	p, memory := c.Populates(), c.Memory != MemoryNone
	_, chained := parseChain(c.Chain, c.Neurons)
	const why = " of a generator with {stimulus}, {memory-in} ry or {entangler} pair"
	return []rule{
		{"gradient", !p || !c.Measured(), c.Gradient, "the likelihood" + why + " can't be measured without bias; use {gradient} adjoint"},
		{"memory", !p || c.Memory == MemoryLeaky || !memory, c.Memory, "the memory" + why + " is leaky or none"},
		{"memory-in", memory || c.MemoryIn == MemoryRX, string(c.MemoryIn), "there is no memory; add {memory} leaky"},
		{"memory", !p || memory || c.Stimulus == StimulusRepeat, c.Memory, "without memory every bin would be alike; add {memory} leaky or {stimulus} repeat"},
		{"layers", c.Entangler != EntanglerPair || c.Layers == 1, c.Layers, "pair rotations come before one layer; use {layers} 1 or {entangler} cnot"},
		{"memory-in", c.Entangler != EntanglerPair || !memory || c.MemoryIn == MemoryRY, string(c.MemoryIn), "pair rotations act before any encoding; use {memory-in} ry or {entangler} cnot"},
		{"stimulus-rank", c.StimulusRank == 0 || c.Stimulus == StimulusRepeat, c.StimulusRank, "there is no stimulus; add {stimulus} repeat"},
		{"stimulus-trained", !c.StimulusTrained || c.Stimulus == StimulusRepeat, c.StimulusTrained, "there is no stimulus; add {stimulus} repeat"},
		{"stimulus-bins", c.StimulusBins == 0 || c.Stimulus == StimulusRepeat, c.StimulusBins, "there is no stimulus; add {stimulus} repeat"},
		{"tied", !p || c.Tied, c.Tied, "the bins" + why + " share one circuit"},
		{"past", !p || c.Past == 0, c.Past, "the memory" + why + " reaches back to the beginning of a repeat; use {past} 0"},
		{"closing", !p || !c.Closing, c.Closing, "the circuits" + why + " end with their inputs; leave out {closing}"},
		{"final-chain", !p || !c.FinalChain || c.Product, c.FinalChain, "the circuits" + why + " end with their inputs; leave out {final-chain}"},
		{"latent-qubits", !p || c.LatentQubits == 0, c.LatentQubits, "all qubits" + why + " are measured"},
		{"latent-scale", !p || c.LatentScale == 0 && !c.LatentTrained, c.LatentScale, "the circuits" + why + " take no latent vector; use {latent-scale} 0"},
		{"objective", !p || c.Objective == ObjectiveLikelihood || c.runsFreely(), c.Objective, "the words" + why + " are learnt by their likelihood; use {objective} likelihood"},
		{"k-loss", !p || c.KLoss == KOff || c.Objective == ObjectiveStaged, c.KLoss, "there is no critic; use {objective} staged"},
		{"objective", c.Objective != ObjectiveStatistics && !c.runsFreely() || p && memory, c.Objective, "it is for samples of a population with a memory; add {memory-in} ry"},
		{"expectation", !p || c.Expectation == Batch, c.Expectation, "the words" + why + " are drawn; use {expectation} batch"},
		{"own-bits", !p || c.OwnBits <= maxOwnBits, c.OwnBits, fmt.Sprintf("at most %d%s", maxOwnBits, why)},
		{"chain", chained == nil, c.Chain, "it is all neurons once, counted from 0, such as 2,0,1"},
		{"shrink", p || c.Shrink == 0, c.Shrink, "it shrinks the weights" + why},
	}
}

// runsFreely says whether a stage of a population's training is for samples that run freely.
func (c Config) runsFreely() bool {
	return c.Populates() && (c.Objective == ObjectiveStatistics || c.Objective == ObjectiveStaged)
}

// maxOwnBits bounds the own bits of a population, which are kept of each sample.
const maxOwnBits = 64
