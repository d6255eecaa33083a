//go:build !amd64 || purego

package training

// four moves the hidden units by sign·row and writes sum_j v_j |h_j + a_j| for
// a = 0 and the three rows of last.
func four(h, row, last, v []float64, sign float64, sums *[4]float64) {
	fourGo(h, row, last, v, sign, sums)
}

// fourSums moves the hidden units by sign·row and, for the four words that differ in
// the last two inputs, adds weight·a to the sums of wordTable, weight·max(0, h) to
// the last of them; before, it takes sign times the sum over all words from turned.
func fourSums(h, row, last, turned, sums []float64, weights *[4]float64, sign float64) {
	fourSumsGo(h, row, last, turned, sums, weights, sign)
}
