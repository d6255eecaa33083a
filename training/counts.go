package training

// Counts are numbers of trained parameters.
type Counts struct {
	Angles       int `json:"angles"`
	LatentScales int `json:"latent_scales"`
	Memory       int `json:"memory"`
	Rates        int `json:"rates,omitempty"`    // log-odds of a population's cells
	Stimulus     int `json:"stimulus,omitempty"` // its log-odds and their gains, trained or not
	Pairs        int `json:"pairs,omitempty"`    // weights of pair rotations
	Critic       int `json:"critic"`
}

// Generator counts those of the generator.
func (n Counts) Generator() int {
	return n.Angles + n.LatentScales + n.Memory + n.Rates + n.Stimulus + n.Pairs
}

// CountParameters counts a configuration's parameters, all timesteps together.
func CountParameters(c Config) Counts {
	a := c.Ansatz()
	n := Counts{Angles: a.Angles() * c.Timesteps, LatentScales: a.Scales() * c.Timesteps}
	switch {
	case c.Populates():
		n = newPopulation(c).counts()
	case c.Memory != MemoryNone:
		n = newRecurrent(c).counts()
	}
	n.Critic = criticSize(c.Neurons*c.Timesteps, c.Hidden)
	return n
}
