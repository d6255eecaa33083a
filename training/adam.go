package training

import "math"

// Adam is the optimiser of Kingma & Ba (2015), algorithm 1, with ε = 1e-8.
type Adam struct {
	Beta1, Beta2 float64
	Steps        int       // updates taken
	M, V         []float64 // first and second moments
}

// NewAdam returns an optimiser for so many parameters.
func NewAdam(parameters int, beta1, beta2 float64) *Adam {
	return &Adam{Beta1: beta1, Beta2: beta2, M: make([]float64, parameters), V: make([]float64, parameters)}
}

// Step moves the parameters down the gradient at a learning rate.
func (a *Adam) Step(params, grad []float64, rate float64) { a.StepEach(params, grad, rate, nil) }

// StepEach is Step with a factor of the learning rate for each parameter; nil: 1.
func (a *Adam) StepEach(params, grad []float64, rate float64, factors []float64) {
	const epsilon = 1e-8
	a.Steps++
	c1 := 1 - math.Pow(a.Beta1, float64(a.Steps))
	c2 := 1 - math.Pow(a.Beta2, float64(a.Steps))
	for i, g := range grad {
		a.M[i] = a.Beta1*a.M[i] + (1-a.Beta1)*g
		a.V[i] = a.Beta2*a.V[i] + (1-a.Beta2)*g*g
		step := rate * (a.M[i] / c1) / (math.Sqrt(a.V[i]/c2) + epsilon)
		if factors != nil {
			step *= factors[i]
		}
		params[i] -= step
	}
}

// schedule is the factor of both learning rates at a step of so many.
func (c Config) schedule(step, steps int) float64 {
	if c.Schedule == ScheduleCosine {
		return 0.5 * (1 + math.Cos(math.Pi*float64(step)/float64(steps)))
	}
	return 1
}
