//go:build !amd64 || purego

package training

// four moves the hidden units by sign·row and writes sum_j v_j |h_j + a_j| for
// a = 0 and the three rows of last.
func four(h, row, last, v []float64, sign float64, sums *[4]float64) {
	fourGo(h, row, last, v, sign, sums)
}
