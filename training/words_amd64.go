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
