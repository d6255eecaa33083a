package shots

import (
	"math"

	"qgan/training"
)

// How much of the past the running means keep at each step.
const (
	varianceMemory   = 0.9
	derivativeMemory = 0.9
)

// noiseRatio is the wanted ratio of the summed variance of a gradient to its squared
// length.
const noiseRatio = 1.0

// allocate returns the shots of the shifted circuits of every trained row and place. With
// σ_l² the single-shot variance of a place's derivative and ∇ the gradient,
//
//	s_l = σ_l · sum_j σ_j / (noiseRatio · |∇|²)
//
// within Shots and MaxShots: of all allocations with the same total it has the smallest
// summed variance, which is then noiseRatio·|∇|². It is the rule of gCANS (Gu et al.
// 2021, arXiv:2108.10434) with the learning rate and the Lipschitz constant, of which Adam
// knows nothing, replaced by that ratio. Before anything was measured it is Shots.
func (l *measuredLaw) allocate(rows int) []int {
	shots := make([]int, rows*len(l.places))
	for i := range shots {
		shots[i] = l.Shots
	}
	variances := l.known(func(m *training.Moments) []float64 { return m.ShotVariances }, len(shots))
	derivatives := l.known(func(m *training.Moments) []float64 { return m.Derivatives }, rows*len(l.circuit.Trained))
	if l.MaxShots <= l.Shots || variances == nil || derivatives == nil {
		return shots
	}
	square, sum := 0.0, 0.0
	for _, x := range derivatives {
		square += x * x
	}
	for _, v := range variances {
		sum += math.Sqrt(v)
	}
	for i, v := range variances {
		want := math.Sqrt(v) * sum / (noiseRatio * square)
		if math.IsNaN(want) || want > float64(l.MaxShots) {
			want = float64(l.MaxShots)
		}
		shots[i] = max(l.Shots, int(math.Ceil(want)))
	}
	return shots
}

// variances gathers the single-shot variances of derivatives, a trained row and place.
type variances struct {
	sum   []float64
	known []bool
}

func newVariances(size int) *variances {
	return &variances{make([]float64, size), make([]bool, size)}
}

func (v *variances) add(i int, x float64) {
	v.sum[i] += x
	v.known[i] = true
}

// mean returns the sums over terms and lanes; NaN where nothing was measured.
func (v *variances) mean() []float64 {
	out := make([]float64, len(v.sum))
	for i, x := range v.sum {
		if !v.known[i] {
			x = math.NaN()
		}
		out[i] = x
	}
	return out
}
