package training

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"qgan/backends"
	"qgan/internal/named"
)

// Setting is a setting of a training: a row of [Settings]. Flags of the program, study
// files, manifests and documents know settings by these names, and nobody else says what
// values they take.
type Setting struct {
	Name string // "critic-steps"
	Kind Kind
	// Choices are the words that it takes, of a setting that takes words from a list.
	Choices []string
	// Range says in words which values it takes, where those of its kind are too many.
	Range string
	// Help says in a sentence what it is.
	Help string

	set  func(c *Config, text string) error
	text func(c Config) string
	ok   func(c Config) bool // whether the value alone can be
}

// Kind is what the values of a setting are.
type Kind string

// The kinds of settings.
const (
	Whole  Kind = "whole number"
	Number Kind = "number"
	Switch Kind = "true or false"
	Word   Kind = "word"
)

// Set reads the setting's value into a configuration. What goes along with it is not
// changed (see [Config.With]), and whether the settings can stand together is for
// [Config.Check] to say.
func (s Setting) Set(c *Config, text string) error {
	if err := s.set(c, text); err != nil {
		return s.wrong(text)
	}
	return nil
}

// Text is the setting's value in a configuration, as Set reads it.
func (s Setting) Text(c Config) string { return s.text(c) }

// wrong is the error of a value that the setting doesn't take.
func (s Setting) wrong(value string) error {
	if len(s.Choices) > 0 {
		return refuseSetting(s.Name, strconv.Quote(value), "it can be "+strings.Join(s.Choices, ", "))
	}
	return refuseSetting(s.Name, value, s.Range)
}

// SettingError is what is wrong with a setting. Its text begins with the setting's name
// and value, and says what to do.
type SettingError struct {
	Setting string
	text    *named.Error
}

// Error is the text, settings by their names.
func (e *SettingError) Error() string { return e.text.Error() }

// Named is the text with each setting as show spells it, such as a flag with its dashes.
func (e *SettingError) Named(show func(name string) string) string { return e.text.Named(show) }

// BadInput reports that the fault is in what the user gave.
func (e *SettingError) BadInput() bool { return true }

// refuseSetting makes an error about a setting; in remedy other settings stand in braces.
func refuseSetting(name string, value any, remedy string) error {
	return &SettingError{name, named.Errorf("%s %v: "+strings.ReplaceAll(remedy, "%", "%%"), named.Setting(name), value)}
}

// SettingNamed returns the row of a name.
func SettingNamed(name string) (Setting, bool) {
	rows := Settings()
	if i := slices.IndexFunc(rows, func(s Setting) bool { return s.Name == name }); i >= 0 {
		return rows[i], true
	}
	return Setting{}, false
}

// Settings is the table of all settings but the preset and the size of the windows, which
// come from elsewhere (see [Resolve]), in the order in which people think of them: the
// circuit, its latent vector, its memory, what it is trained on, how, and where it runs.
func Settings() []Setting {
	return []Setting{
		wholeRow("layers", "how many layers with trained angles the circuit has", 1, math.MaxInt, func(c *Config) *int { return &c.Layers }),
		switchRow("closing", "encode the latent vector once more after the layers", func(c *Config) *bool { return &c.Closing }),
		switchRow("final-chain", "end with a chain of CNOTs", func(c *Config) *bool { return &c.FinalChain }),
		switchRow("product", "leave out all CNOTs, to see what entanglement adds", func(c *Config) *bool { return &c.Product }),
		wordRow("init", "where the angles begin: small (within ±0.1π) or uniform (within ±π)", func(c *Config) *Init { return &c.Init }, InitSmall, InitUniform),
		wordRow("latent", "law of the latent vector, the circuit's random input: normal, uniform (within ±π) or bit (0 or 1)", func(c *Config) *Latent { return &c.Latent }, LatentNormal, LatentUniform, LatentBit),
		wholeRow("latent-qubits", "qubits beside the neurons' that take the latent vector and are not measured", 0, MaxNeurons, func(c *Config) *int { return &c.LatentQubits }),
		{
			Name: "latent-scale", Kind: Word, Range: "it can be a number, trained, or trained:START",
			Help: "factor of the latent vector: a number, or trained, from 0.1 or from trained:START on",
			set:  setLatentScale, text: latentScaleText,
			ok: func(c Config) bool { return c.LatentScale > -1e6 && c.LatentScale < 1e6 },
		},
		wordRow("readout", "how a word is read: born (all qubits are measured together), prob (each on its own), or threshold (each neuron's probability, rounded)", func(c *Config) *Readout { return &c.Readout }, Born, Prob, Threshold),
		wordRow("memory", "what of the past enters a timestep: none, bits (the word of the step before) or leaky (fading traces of all words before)", func(c *Config) *Memory { return &c.Memory }, MemoryNone, MemoryBits, MemoryLeaky),
		switchRow("tied", "use one circuit for all timesteps", func(c *Config) *bool { return &c.Tied }),
		wholeRow("own-bits", "of leaky memory: how many steps back a neuron's own spikes have weights of their own", 0, MaxPast, func(c *Config) *int { return &c.OwnBits }),
		wholeRow("past", "how many bins before a window the memory sees; samples then run on as one recording, and 0 begins anew with each window", 0, MaxPast, func(c *Config) *int { return &c.Past }),
		optionRow("stimulus", "none", "whether the circuit knows the time in a repeat: repeat gives each cell a probability of a spike for each bin, which all repeats share", func(c *Config) *Stimulus { return &c.Stimulus }, StimulusRepeat),
		wholeRow("stimulus-rank", "rank of the stimulus about each cell's mean; 0 is a number for each cell and bin", 0, MaxPopulation, func(c *Config) *int { return &c.StimulusRank }),
		switchRow("stimulus-trained", "train the stimulus, which otherwise stays as the smoothed PSTH (spikes by time in the repeat) makes it", func(c *Config) *bool { return &c.StimulusTrained }),
		wholeRow("stimulus-bins", "how many bins of a repeat have a stimulus; 0 is all of them", 0, math.MaxInt, func(c *Config) *int { return &c.StimulusBins }),
		optionRow("memory-in", "rx", "which angles the memory enters: rx (those that encode the input), ry (the last ones) or both", func(c *Config) *MemoryIn { return &c.MemoryIn }, MemoryRY, MemoryBoth),
		optionRow("entangler", "cnot", "what entangles the qubits: cnot (chains), or pair (chains, and rotations of neighbouring pairs at the end)", func(c *Config) *Entangler { return &c.Entangler }, EntanglerPair),
		optionRow("chain-order", "file", "order of the cells along the chain: file (the recording's), by correlation, by noise (correlation beyond the repeats' mean) or past (beyond what the bins before explain)", func(c *Config) *ChainOrder { return &c.ChainOrder }, ChainCorrelation, ChainNoise, ChainPast),
		{
			Name: "chain", Kind: Word, Range: "it is all neurons once, counted from 0, with commas between",
			Help: "the cells along the chain by their places, such as 2,0,1, instead of an order that is found",
			set:  func(c *Config, text string) error { c.Chain = text; return nil }, text: func(c Config) string { return c.Chain },
		},
		numberRow("shrink", "how fast the memory's weights between cells decay, in parts of the learning rate", "it must be 0 to 1e6", func(x float64) bool { return x >= 0 && x < 1e6 }, func(c *Config) *float64 { return &c.Shrink }),
		wordRow("objective", "what is trained: wgan (a critic of free windows), conditional (a critic of the last bin after a real past), likelihood (exact), staged (likelihood, conditional, wgan; of a population likelihood, then wgan where it helps) or statistics (likelihood, then statistics of free samples of a population)", func(c *Config) *Objective { return &c.Objective }, ObjectiveWGAN, ObjectiveConditional, ObjectiveLikelihood, ObjectiveStaged, ObjectiveStatistics),
		wordRow("expectation", "whether a step averages over all windows (exact) or over some (batch)", func(c *Config) *Expectation { return &c.Expectation }, Exact, Batch),
		wholeRow("batch", "how many latent vectors and windows a step takes", 1, math.MaxInt, func(c *Config) *int { return &c.Batch }),
		wordRow("penalty", "what holds the critic's slope: a penalty on slopes (zero), on slopes other than 1 (one), or cut weights (clip)", func(c *Config) *Penalty { return &c.Penalty }, PenaltyZero, PenaltyOne, PenaltyClip),
		numberRow("penalty-weight", "weight of the penalty, or the bound of cut weights", "it must be 0 to 1e6", func(x float64) bool { return x >= 0 && x < 1e6 }, func(c *Config) *float64 { return &c.PenaltyWeight }),
		wordRow("k-loss", "form of a term that holds the mean number of spikes to the recording's", func(c *Config) *KLoss { return &c.KLoss }, KOff, KAbs, KSquare, KPrinted),
		numberRow("k", "weight of the term of spike counts", "it must be 0 to 1e6", func(x float64) bool { return x >= 0 && x < 1e6 }, func(c *Config) *float64 { return &c.K }),
		wholeRow("iterations", "how often the generator is updated", 1, math.MaxInt, func(c *Config) *int { return &c.Iterations }),
		wholeRow("starts", "of the likelihood of one bin: how many beginnings are tried, of which the best after 200 steps is trained", 0, maxStarts, func(c *Config) *int { return &c.Starts }),
		wholeRow("critic-steps", "how often the critic is updated for each update of the generator", 1, math.MaxInt, func(c *Config) *int { return &c.CriticSteps }),
		numberRow("generator-lr", "learning rate of the generator", "it must be above 0 and below 1e6", positive, func(c *Config) *float64 { return &c.GeneratorLR }),
		numberRow("critic-lr", "learning rate of the critic", "it must be above 0 and below 1e6", positive, func(c *Config) *float64 { return &c.CriticLR }),
		wordRow("schedule", "learning rates over the run: constant, or cosine, which falls to zero", func(c *Config) *Schedule { return &c.Schedule }, ScheduleConstant, ScheduleCosine),
		numberRow("beta1", "how fast Adam forgets the mean of gradients", "it must be in [0, 1)", fraction, func(c *Config) *float64 { return &c.Beta1 }),
		numberRow("beta2", "how fast Adam forgets the mean of squared gradients", "it must be in [0, 1)", fraction, func(c *Config) *float64 { return &c.Beta2 }),
		numberRow("average", "share of the old values when the generator's parameters are averaged over steps; 0 is no average", "it must be in [0, 1)", fraction, func(c *Config) *float64 { return &c.Average }),
		wordRow("gradient", "how gradients are taken: adjoint (exact), or from shots by parameter-shift, spsa or guided-spsa", func(c *Config) *Gradient { return &c.Gradient }, Gradients()...),
		{
			Name: "shots", Kind: Word, Range: "it is a number, or MIN:MAX between which the variances decide",
			Help: "shots of each circuit where gradients are measured: a number, or MIN:MAX, between which their variances decide",
			set:  setShots, text: shotsText,
		},
		numberRow("perturbation", "by how much spsa and guided-spsa move angles at the first step, in radians; 0 is 0.2", "it is in radians, at most 3", func(x float64) bool { return x >= 0 && x <= 3 }, func(c *Config) *float64 { return &c.Perturbation }),
		{
			Name: "backend", Kind: Word, Range: "it can be ideal, noisy or SERVICE:DEVICE", Help: "where circuits run: on the ideal or the noisy simulator, or on a processor, as SERVICE:DEVICE",
			set: func(c *Config, text string) error { c.Backend = text; return nil }, text: func(c Config) string { return c.Backend },
		},
		{
			Name: "mitigate", Kind: Word, Range: "it can be none, full, tensored, m3 or twirl", Help: "how readout errors are taken out of what was measured",
			set: setMitigation, text: func(c Config) string { return string(c.Mitigation) },
		},
		{
			Name: "seed", Kind: Whole, Range: "it is a whole number from 0", Help: "seed of all random choices",
			set:  func(c *Config, text string) (err error) { c.Seed, err = strconv.ParseUint(text, 0, 64); return err },
			text: func(c Config) string { return strconv.FormatUint(c.Seed, 10) },
		},
	}
}

func positive(x float64) bool { return x > 0 && x < 1e6 }
func fraction(x float64) bool { return x >= 0 && x < 1 }

// wholeRow is a setting that takes whole numbers from least to most.
func wholeRow(name, help string, least, most int, field func(*Config) *int) Setting {
	says := fmt.Sprintf("it is a whole number of at least %d", least)
	if most < math.MaxInt {
		says = fmt.Sprintf("it is a whole number from %d to %d", least, most)
	}
	return Setting{
		Name: name, Kind: Whole, Range: says, Help: help,
		set: func(c *Config, text string) error {
			x, err := strconv.ParseInt(text, 0, strconv.IntSize)
			if err == nil {
				*field(c) = int(x)
			}
			return err
		},
		text: func(c Config) string { return strconv.Itoa(*field(&c)) },
		ok:   func(c Config) bool { x := *field(&c); return x >= least && x <= most },
	}
}

// numberRow is a setting that takes numbers.
func numberRow(name, help, says string, ok func(float64) bool, field func(*Config) *float64) Setting {
	return Setting{
		Name: name, Kind: Number, Range: says, Help: help,
		set: func(c *Config, text string) error {
			x, err := strconv.ParseFloat(text, 64)
			if err == nil {
				*field(c) = x
			}
			return err
		},
		text: func(c Config) string { return strconv.FormatFloat(*field(&c), 'g', -1, 64) },
		ok:   func(c Config) bool { return ok(*field(&c)) },
	}
}

// switchRow is a setting that is on or off.
func switchRow(name, help string, field func(*Config) *bool) Setting {
	return Setting{
		Name: name, Kind: Switch, Range: "it can be true or false", Help: help,
		set: func(c *Config, text string) error {
			x, err := strconv.ParseBool(text)
			if err == nil {
				*field(c) = x
			}
			return err
		},
		text: func(c Config) string { return strconv.FormatBool(*field(&c)) },
	}
}

// wordRow is a setting that takes one of a few words. A word that is none of them is for
// Check to refuse.
func wordRow[W ~string](name, help string, field func(*Config) *W, choices ...W) Setting {
	s := Setting{
		Name: name, Kind: Word, Help: help,
		set:  func(c *Config, text string) error { *field(c) = W(text); return nil },
		text: func(c Config) string { return string(*field(&c)) },
		ok:   func(c Config) bool { return slices.Contains(choices, *field(&c)) },
	}
	for _, w := range choices {
		s.Choices = append(s.Choices, string(w))
	}
	return s
}

// optionRow is a setting that takes one of a few words, of which the first stands where
// nothing is said.
func optionRow[W ~string](name, none, help string, field func(*Config) *W, choices ...W) Setting {
	s := wordRow(name, help, field, append([]W{""}, choices...)...)
	s.Choices[0] = none
	set, text := s.set, s.text
	s.set = func(c *Config, word string) error {
		if word == none {
			word = ""
		}
		return set(c, word)
	}
	s.text = func(c Config) string {
		if word := text(c); word != "" {
			return word
		}
		return none
	}
	return s
}

// setLatentScale reads X, trained or trained:START.
func setLatentScale(c *Config, text string) error {
	number, trained := strings.CutPrefix(text, "trained")
	switch {
	case trained && number == "":
		c.LatentScale, c.LatentTrained = 0.1, true
		if c.Timesteps > 1 {
			c.LatentScale = 1
		}
		return nil
	case trained:
		var ok bool
		if number, ok = strings.CutPrefix(number, ":"); !ok {
			return strconv.ErrSyntax
		}
	}
	x, err := strconv.ParseFloat(number, 64)
	if err == nil {
		c.LatentScale, c.LatentTrained = x, trained
	}
	return err
}

func latentScaleText(c Config) string {
	text := strconv.FormatFloat(c.LatentScale, 'g', -1, 64)
	if c.LatentTrained {
		return "trained:" + text
	}
	return text
}

// setShots reads N, or MIN:MAX between which shots are allocated.
func setShots(c *Config, text string) error {
	first, second, several := strings.Cut(text, ":")
	least, err := strconv.Atoi(first)
	most := 0
	if err == nil && several {
		most, err = strconv.Atoi(second)
	}
	if err == nil && (least < 1 || several && most < least) {
		err = strconv.ErrRange
	}
	if err == nil {
		c.Shots, c.MaxShots = least, most
	}
	return err
}

func shotsText(c Config) string {
	if c.MaxShots > 0 {
		return fmt.Sprintf("%d:%d", c.Shots, c.MaxShots)
	}
	return strconv.Itoa(c.Shots)
}

func setMitigation(c *Config, text string) error {
	c.Mitigation = backends.Mitigation(text)
	if c.Mitigation == backends.MitigateNone {
		c.Mitigation = ""
	}
	return nil
}
