package training

import "slices"

// centre holds what the memory's traces are in each bin of a repeat if all cells fire as a
// stimulus says, and that stimulus.
type centre struct {
	of     []float64 // the stimulus
	chance []float64 // bins x cells
	traces []float64 // bins x traces
}

// centred returns the traces that are expected in the bins of the repeat; nothing without a
// stimulus.
func (g *Population) centred(params []float64) []float64 {
	if g.config.Stimulus == StimulusNone {
		return nil
	}
	n, bins, c := g.config.Neurons, g.config.StimulusBins, &g.centre
	stimulus := params[g.parts.drive:g.parts.pairs]
	if c.traces != nil && slices.Equal(c.of, stimulus) {
		return c.traces
	}
	c.of = append(c.of[:0], stimulus...)
	c.chance, c.traces = sized(c.chance, bins*n), sized(c.traces, bins*g.traceCount)
	for b := range bins {
		for q := range n {
			c.chance[b*n+q] = chance(g.driveAt(params, b, q))
		}
	}
	clear(c.traces[:g.traceCount])
	for b := 1; b < bins; b++ {
		before, now := c.traces[(b-1)*g.traceCount:], c.traces[b*g.traceCount:]
		for d, decay := range g.decays {
			for q, p := range c.chance[(b-1)*n:][:n] {
				now[d*n+q] = decay*before[d*n+q] + p
			}
		}
	}
	return c.traces
}

// deviate writes the traces of all scenes less those that are expected in their bins.
func (g *Population) deviate(params []float64, of *scenes) {
	g.traces = append(g.traces[:0], of.traces[:of.lanes*g.traceCount]...)
	expected := g.centred(params)
	if expected == nil {
		return
	}
	eachLane(of.lanes, func(i int) {
		row := g.traces[i*g.traceCount:][:g.traceCount]
		for k, x := range expected[of.bins[i]*g.traceCount:][:g.traceCount] {
			row[k] -= x
		}
	})
}

// backCentre takes the derivatives by the expected traces of all scenes, lanes x traces, and
// adds those by the stimulus to grad.
func (g *Population) backCentre(up, grad []float64) {
	n, bins := g.config.Neurons, g.config.StimulusBins
	by := make([]float64, bins*g.traceCount)
	for i := range g.of.lanes {
		to := by[g.of.bins[i]*g.traceCount:]
		for k, x := range up[i*g.traceCount:][:g.traceCount] {
			to[k] += x
		}
	}
	for b := bins - 1; b > 0; b-- {
		now, before := by[b*g.traceCount:], by[(b-1)*g.traceCount:]
		for q := range n {
			sum := 0.0
			for d, decay := range g.decays {
				sum += now[d*n+q]
				before[d*n+q] += decay * now[d*n+q]
			}
			p := g.centre.chance[(b-1)*n+q]
			g.addDrive(g.params, grad, b-1, q, sum*p*(1-p))
		}
	}
}
