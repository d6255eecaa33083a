package training

// newMemoryRound makes the round of an objective for a generator with memory.
func newMemoryRound(c Config, o Objective, g *Recurrent, net *Critic, d *Data) (round, error) {
	exact := c.Expectation == Exact
	switch {
	case o == ObjectiveLikelihood && exact:
		return newSeenLikelihood(g, d), nil
	case o == ObjectiveLikelihood:
		return &drawnLikelihood{gen: g, pairs: newPairs(g, d, c.Batch)}, nil
	case o == ObjectiveConditional:
		return newConditional(c, g, net, d), nil
	case exact && c.Neurons*c.Timesteps <= MaxExactBits:
		return newTree(c, g, net, d)
	}
	return newRunning(c, g, net, d), nil
}
