package training

// Counts are numbers of trained parameters.
type Counts struct {
	Angles       int `json:"angles"`
	LatentScales int `json:"latent_scales"`
	Memory       int `json:"memory"`
	Critic       int `json:"critic"`
}

// CountParameters counts a configuration's parameters, all timesteps together.
func CountParameters(c Config) Counts {
	a := c.Ansatz()
	n := Counts{Angles: a.Angles() * c.Timesteps, LatentScales: a.Scales() * c.Timesteps}
	if c.Memory != MemoryNone {
		n = newRecurrent(c).counts()
	}
	n.Critic = criticSize(c.Neurons*c.Timesteps, c.Hidden)
	return n
}
