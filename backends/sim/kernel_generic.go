//go:build !amd64 || purego

package sim

// hasAVX2: there is no assembly kernel in this build.
const hasAVX2 = false

// avx2 stands for the assembly kernel where there is none; kernelNamed never
// returns it.
type avx2 struct{ wide }
