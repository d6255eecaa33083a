//go:build amd64 && !purego

package training

import "golang.org/x/sys/cpu"

//go:generate sh -c "cd asm && go run . -out ../words_amd64.s -stubs ../words_stub_amd64.go -pkg training"

// vectorised says whether the processor runs the assembly kernel.
var vectorised = cpu.X86.HasAVX2 && cpu.X86.HasFMA

// four moves the hidden units by sign·row and writes sum_j v_j |h_j + a_j| for
// a = 0 and the three rows of last.
func four(h, row, last, v []float64, sign float64, sums *[4]float64) {
	if vectorised && len(h)%4 == 0 {
		fourAVX2(&h[0], &row[0], &last[0], &v[0], len(h), sign, &sums[0])
		return
	}
	fourGo(h, row, last, v, sign, sums)
}

// fourSums moves the hidden units by sign·row and, for the four words that differ in
// the last two inputs, adds weight·a to the sums of wordTable, weight·max(0, h) to
// the last of them; before, it takes sign times the sum over all words from turned.
func fourSums(h, row, last, turned, sums []float64, weights *[4]float64, sign float64) {
	if vectorised && len(h)%4 == 0 {
		fourSumsAVX2(&h[0], &row[0], &last[0], &turned[0], &sums[0], &weights[0], len(h), sign)
		return
	}
	fourSumsGo(h, row, last, turned, sums, weights, sign)
}
