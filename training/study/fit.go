package study

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"qgan/metrics"
)

// powerLaw fits y = a·x^slope to points with positive coordinates, by a straight line
// through their logarithms. half is half the width of the slope's 95 % interval
// (Student's t with n - 2 degrees of freedom); NaN with fewer than 3 points.
func powerLaw(xs, ys []float64) (a, slope, half float64) {
	var lx, ly []float64
	for i, x := range xs {
		if x > 0 && ys[i] > 0 {
			lx, ly = append(lx, math.Log(x)), append(ly, math.Log(ys[i]))
		}
	}
	if len(lx) < 2 {
		return math.NaN(), math.NaN(), math.NaN()
	}
	alpha, beta := stat.LinearRegression(lx, ly, nil, false)
	half = math.NaN()
	if n := len(lx); n > 2 {
		rest, mean, sxx := 0.0, stat.Mean(lx, nil), 0.0
		for i, x := range lx {
			d := ly[i] - alpha - beta*x
			rest += d * d
			sxx += (x - mean) * (x - mean)
		}
		t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 2)}.Quantile(0.975)
		half = t * math.Sqrt(rest/float64(n-2)/sxx)
	}
	return math.Exp(alpha), beta, half
}

// quartiles returns the median and the quartiles.
func quartiles(values []float64) (low, median, high float64) {
	v := slices.Sorted(slices.Values(values))
	return metrics.Quantile(v, 0.25), metrics.Quantile(v, 0.5), metrics.Quantile(v, 0.75)
}
