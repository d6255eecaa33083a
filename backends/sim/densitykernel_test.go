package sim

import (
	"math"
	"slices"
	"testing"

	"qgan/internal/stream"
)

// Every kernel does with a density matrix what the plain one does: any matrix on the letters of
// a qubit, some with the first row or column of the identity, and on those of two any matrix, a
// permutation with factors, and one that takes a row twice.
func TestDensityKernels(t *testing.T) {
	const n = 4
	rng := stream.New(1, "density kernels")
	monomial := func(source []int) []float64 {
		m := make([]float64, 256)
		for i, from := range source {
			m[16*i+from] = rng.NormFloat64()
		}
		return m
	}
	type transfers struct {
		name    string
		on, two []float64 // a matrix of one letter, or of two
	}
	var all []transfers
	for _, k := range []struct {
		name  string
		zeros []int
	}{{"any", nil}, {"affine", []int{1, 2, 3}}, {"unital", []int{1, 2, 3, 4, 8, 12}}} {
		m := gauss(rng, 16)
		for _, i := range k.zeros {
			m[i], m[0] = 0, 1
		}
		all = append(all, transfers{name: k.name, on: m})
	}
	twice := rng.Perm(16)
	twice[3] = twice[7]
	all = append(all, transfers{name: "mixing", two: gauss(rng, 256)}, transfers{name: "permutation", two: monomial(rng.Perm(16))}, transfers{name: "twice", two: monomial(twice)})
	start := gauss(rng, 1<<(2*n))
	for _, tr := range all {
		for a := range n {
			for b := range n {
				if a == b {
					continue
				}
				run := func(k densityKernel) []float64 {
					d := newDensity(n, k, 1)
					copy(d.r, start)
					if tr.on != nil {
						d.one(a, (*[16]float64)(slices.Clone(tr.on)))
					} else {
						d.two(a, b, tr.two)
					}
					d.drain()
					return d.r
				}
				want := run(plainDensity{})
				for _, name := range Kernels() {
					k, err := kernelNamed(name)
					if err != nil {
						t.Fatal(err)
					}
					for i, got := range run(k.density) {
						if math.Abs(got-want[i]) > 1e-13 {
							t.Fatalf("kernel %s, %s on qubits %d and %d: number %d is %v, want %v", name, tr.name, a, b, i, got, want[i])
						}
					}
				}
			}
		}
	}
}
