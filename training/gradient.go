package training

// Gradient says how the generator's gradient is taken.
type Gradient string

// The ways of taking a gradient. All but GradientAdjoint measure circuits.
const (
	// GradientAdjoint is exact, by an adjoint sweep of the ideal simulator.
	GradientAdjoint Gradient = "adjoint"
	// GradientShift is the parameter-shift rule of each gate (ir.Shift), each place of a
	// symbol shifted on its own: unbiased, also under noise that does not depend on the
	// angles.
	GradientShift Gradient = "parameter-shift"
	// GradientSPSA is simultaneous perturbation (Spall 1992): two circuits a lane whatever
	// the number of angles, with directions of ±1 drawn for each lane. Its bias is of the
	// order of the perturbation squared.
	GradientSPSA Gradient = "spsa"
	// GradientGuided takes the symbols with the largest derivatives so far by the shift
	// rule and the others by SPSA, after an idea of Periyasamy et al. (arXiv:2404.15751):
	// what the shift rule knows is no noise of the perturbed ones.
	GradientGuided Gradient = "guided-spsa"
)

// Gradients lists the ways.
func Gradients() []Gradient {
	return []Gradient{GradientAdjoint, GradientShift, GradientSPSA, GradientGuided}
}
