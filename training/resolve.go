package training

import "slices"

// Resolve makes the configuration of a training: the preset of a name (see [Preset]) for
// windows of n neurons and t timesteps, with settings given by their names (see
// [Settings]) and what goes along with them ([Config.With]). It is checked.
func Resolve(preset string, n, t int, given map[string]string) (Config, error) {
	c, err := Preset(preset, n, t)
	if err != nil {
		return c, err
	}
	if c, err = c.With(given); err != nil {
		return c, err
	}
	return c, c.Check()
}

// leading are the settings that others follow, in the order in which they do.
var leading = []struct {
	name string
	with func(Config, string) Config
}{
	{"stimulus", func(c Config, word string) Config { return c.populated(word, "none") }},
	{"memory-in", func(c Config, word string) Config { return c.populated(word, "rx") }},
	{"entangler", func(c Config, word string) Config { return c.populated(word, "cnot") }},
	{"memory", func(c Config, word string) Config { return c.WithMemory(Memory(word)) }},
	{"objective", func(c Config, word string) Config { return c.WithObjective(Objective(word)) }},
	{"gradient", func(c Config, word string) Config { return c.WithGradient(Gradient(word)) }},
}

// populated returns the settings of a population where a word asks for one.
func (c Config) populated(word, none string) Config {
	if word == none {
		return c
	}
	return c.withPopulation()
}

// penaltyWeights are the weights that penalties have of themselves.
var penaltyWeights = map[Penalty]float64{PenaltyZero: 0.3, PenaltyOne: 10, PenaltyClip: 0.01}

// criticOnly are the settings that a critic alone takes, and what each may be without one.
var criticOnly = map[string]string{
	"latent-scale": "0", "readout": string(Born), "expectation": string(Exact),
	"penalty": "", "penalty-weight": "", "critic-steps": "", "critic-lr": "",
}

// forCritic says whether settings ask for a critic.
func forCritic(given map[string]string) bool {
	for name, without := range criticOnly {
		if text, ok := given[name]; ok && text != without {
			return true
		}
	}
	return false
}

const (
	countWeight   = 0.1  // K of a spike-count term, of itself
	measuredShots = 1000 // of each circuit where a gradient is measured, of themselves
)

// With returns the configuration with settings given by their names. Settings that are not
// given follow those that are: a memory brings its depth and batch, an objective its steps
// and their size ([Config.WithMemory], [Config.WithObjective], [Config.WithGradient]); a
// backend other than the ideal simulator brings gradients by the parameter-shift rule, what
// only a critic takes brings the critic for one bin, a penalty its weight, a spike-count term K = 0.1, shots are 1000, and expectations are
// taken over drawn windows where they can't be summed. It is not checked.
func (c Config) With(given map[string]string) (Config, error) {
	set := func(c *Config, name string) error {
		text, ok := given[name]
		if !ok {
			return nil
		}
		row, known := SettingNamed(name)
		if !known {
			return refuseSetting(name, text, "there is no such setting")
		}
		return row.Set(c, text)
	}
	has := func(name string) bool { _, ok := given[name]; return ok }

	for _, k := range leading {
		if has(k.name) {
			c = k.with(c, given[k.name])
		}
	}
	if b, ok := given["backend"]; ok && b != "ideal" && !has("gradient") {
		c = c.WithGradient(GradientShift) // there is no other exact rule
	}
	if c.ofOneBin() && !has("objective") && forCritic(given) {
		c = c.WithObjective(ObjectiveWGAN)
	}
	names := make([]string, 0, len(given))
	for name := range given {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := set(&c, name); err != nil {
			return c, err
		}
	}

	if c.Populates() && !has("entangler") && (c.Layers > 1 || c.Memory != MemoryNone && c.MemoryIn != MemoryRY) {
		c.Entangler = EntanglerCNOT // pair rotations have one layer, without encodings
	}
	if c.Populates() {
		own, order := c.timeWay()
		if c.Memory != MemoryNone && !has("own-bits") {
			c.OwnBits = own
		}
		if c.ChainOrder != ChainFile && !has("chain-order") {
			c.ChainOrder = order
		}
	}
	if c.Populates() && c.Entangler == EntanglerCNOT {
		if !has("layers") {
			c.Layers = populationWay.chainLayers
		}
		if !has("chain-order") {
			c.ChainOrder = ChainFile
		}
	}
	if c.Measured() && c.Shots == 0 && !has("shots") {
		c.Shots = measuredShots
	}
	switch {
	case !c.Tied && !has("past"):
		c.Past = 0
	case c.Past > 0 && !has("expectation"):
		c.Expectation = Batch
	}
	switch {
	case c.KLoss != KOff && !has("k"):
		c.K = countWeight
	case c.KLoss == KOff && has("k") && c.K != 0:
		return c, refuseSetting("k", c.K, "there is no spike-count term; add {k-loss} abs or square")
	}
	if c.Readout != Born && !has("expectation") {
		c.Expectation = Batch
	}
	if has("penalty") && !has("penalty-weight") {
		c.PenaltyWeight = penaltyWeights[c.Penalty]
	}
	return c, nil
}
