//go:build amd64 && !purego

package sim

import "golang.org/x/sys/cpu"

//go:generate sh -c "cd asm && go run . -out ../kernel_amd64.s -stubs ../stubs_amd64.go -pkg sim"

// hasAVX2 says whether the processor runs the assembly kernel.
var hasAVX2 = cpu.X86.HasAVX2 && cpu.X86.HasFMA

// avx2 is the kernel of 4 lanes, one AVX2 register.
type avx2 struct{}

func (avx2) lanes() int { return 4 }

func (avx2) apply(state []float64, pairs []pair, c []float64) {
	if len(pairs) > 0 {
		applyAVX2(&state[0], &pairs[0].zero, len(pairs), &c[0])
	}
}

func (avx2) undo(psi, lambda []float64, pairs []pair, c, out []float64) {
	if len(pairs) > 0 {
		undoAVX2(&psi[0], &lambda[0], &pairs[0].zero, len(pairs), &c[0], &out[0])
	}
}

func (avx2) overlap(psi, lambda []float64, pairs []pair, out []float64) {
	if len(pairs) > 0 {
		overlapAVX2(&psi[0], &lambda[0], &pairs[0].zero, len(pairs), &out[0])
	}
}
