package training

import (
	"math"

	"qgan/backends"
)

// Measurer takes laws and gradients from shots (training/shots has one). What it measures
// in a step is a function of the step and of the moments, so that a step that is taken
// again asks for the same shots.
type Measurer interface {
	backends.Differentiator
	// Begin starts a step, counted from 0. The moments are those of the run; the step moves
	// them.
	Begin(step int, m *Moments)
	// Measured tells what the step that was begun last has measured so far.
	Measured() MeasuredRow
}

// Moments are running means of gradients from shots; empty where nothing was measured.
type Moments struct {
	Derivatives   []float64 // by symbol
	ShotVariances []float64 // of a single shot, by place of a symbol
}

// Remember moves a running mean towards values, of which it keeps the share memory; what
// is not known (NaN) leaves it as it is. A mean of another length begins anew.
func Remember(mean *[]float64, values []float64, memory float64) {
	first := len(*mean) != len(values)
	if first {
		*mean = make([]float64, len(values))
	}
	for i, x := range values {
		switch {
		case math.IsNaN(x):
		case first:
			(*mean)[i] = x
		default:
			(*mean)[i] = memory*(*mean)[i] + (1-memory)*x
		}
	}
}

// Usage counts what was measured.
type Usage struct{ Circuits, Shots int }

// MeasuredRow is what a row of a gradient from shots holds beside: the length of the
// generator's gradient, the standard deviations of its error from shots and from latent
// vectors, and what the step measured. The gradient of a memory's numbers has no error of
// its own here.
type MeasuredRow struct {
	Gradient    float64 `json:"gradient_norm"`
	ShotError   float64 `json:"gradient_shot_error"`
	LatentError float64 `json:"gradient_latent_error"`
	Circuits    int     `json:"circuits"`
	Shots       int     `json:"shots"`
}
