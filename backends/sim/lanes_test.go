package sim

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"qgan/backends"
	"qgan/internal/stream"
	"qgan/ir"
)

// shiftRequest asks for all circuits of the parameter-shift rule of a generator, for some
// latent vectors.
func shiftRequest(t *testing.T, n, latents, shots int) (backends.Request, *ir.Circuit) {
	t.Helper()
	a := ir.Ansatz{Neurons: n, Layers: 3, Closing: true, FinalChain: true, Latent: ir.LatentScale{Value: 1}}
	whole := a.Circuit()
	var ops []ir.Op
	for i, op := range whole.Ops { // with flips between, which turn rotations round
		ops = append(ops, op)
		if i%3 == 1 {
			ops = append(ops, &ir.Apply{Gate: ir.X, Qubits: []int{i % n}})
		}
		if a, ok := op.(*ir.Apply); ok && i%5 == 2 { // and rotations twice, which become one
			ops = append(ops, a)
		}
	}
	whole.Ops = ops
	c, places, err := ir.Occurrences(whole)
	if err != nil {
		t.Fatal(err)
	}
	rng := stream.New(5, "angles")
	var rows [][]float64
	for range latents {
		base := make([]float64, len(places))
		for i := range base {
			base[i] = 3 * rng.NormFloat64()
		}
		for k, p := range places {
			for _, term := range p.Terms() {
				row := slices.Clone(base)
				row[k] += term.Shift
				rows = append(rows, row)
			}
		}
	}
	measured := *c
	measured.Ops = slices.Clone(c.Ops)
	measured.MeasureAll()
	return backends.Request{Circuit: &measured, Bindings: backends.Bindings{Trained: rows}, Shots: []int{shots}, Seed: 9}, c
}

// The laws of pairs of shifted circuits are those of each circuit on its own.
func TestShiftedLaws(t *testing.T) {
	for _, kernel := range Kernels() {
		for n := 1; n <= 5; n++ {
			r, c := shiftRequest(t, n, 3, 1)
			s := &Simulator{Kernel: kernel}
			d, err := s.Differentiate(c, backends.Probabilities)
			if err != nil {
				t.Fatal(err)
			}
			want := make([]float64, r.Bindings.Len()<<n)
			if err := d.Values(t.Context(), r.Bindings, want); err != nil {
				t.Fatal(err)
			}
			bases, pairs := shiftPairs(c, r.Bindings)
			if len(pairs) != r.Bindings.Len()/2 || len(bases) != 3 {
				t.Fatalf("n=%d: %d pairs of %d bases are seen in %d lanes", n, len(pairs), len(bases), r.Bindings.Len())
			}
			got := make([]float64, len(want))
			d.(*batch).shiftedLaws(bases, pairs, func(_, k int, plus, minus []float64) {
				copy(got[2*k<<n:], plus)
				copy(got[(2*k+1)<<n:], minus)
			})
			for i := range want {
				if math.Abs(got[i]-want[i]) > 1e-12 {
					t.Fatalf("kernel %s, n=%d: probability %d of lane %d is %v, want %v", kernel, n, i&(1<<n-1), i>>n, got[i], want[i])
				}
			}
		}
	}
}

// What is no list of such pairs is not taken for one.
func TestShiftPairsAreSeen(t *testing.T) {
	r, c := shiftRequest(t, 3, 2, 1)
	for name, change := range map[string]func(rows [][]float64) [][]float64{
		"another angle": func(rows [][]float64) [][]float64 { rows[6][1] += 1e-3; return rows },
		"half a shift":  func(rows [][]float64) [][]float64 { rows[4][2] -= 0.5; return rows },
		"an odd lane":   func(rows [][]float64) [][]float64 { return rows[:len(rows)-1] },
		"the other way": func(rows [][]float64) [][]float64 { slices.Reverse(rows); return rows },
		"equal lanes":   func(rows [][]float64) [][]float64 { rows[1] = rows[0]; return rows },
	} {
		rows := make([][]float64, len(r.Bindings.Trained))
		for i, row := range r.Bindings.Trained {
			rows[i] = slices.Clone(row)
		}
		if _, pairs := shiftPairs(c, backends.Bindings{Trained: change(rows)}); pairs != nil {
			t.Errorf("%s: taken for shifted circuits", name)
		}
	}
	twice := *c
	twice.Ops = append(slices.Clone(c.Ops), &ir.Apply{Gate: ir.RX, Qubits: []int{0}, Angles: []ir.Angle{ir.Trained(1, 0)}})
	if _, pairs := shiftPairs(&twice, r.Bindings); pairs != nil {
		t.Error("a symbol at two places: taken for shifted circuits")
	}
}

// Shots are the same for any number of workers, have as many as were asked for, and have
// the law: chi-square of all lanes together.
func TestTally(t *testing.T) {
	for _, shots := range []int{1, 40, 2000} {
		r, c := shiftRequest(t, 4, 2, shots)
		var first []string
		for _, workers := range []int{1, 3} {
			s := &Simulator{Workers: workers}
			d, err := s.Differentiate(c, backends.Probabilities)
			if err != nil {
				t.Fatal(err)
			}
			law := make([]float64, r.Bindings.Len()<<4)
			if err := d.Values(t.Context(), r.Bindings, law); err != nil {
				t.Fatal(err)
			}
			seen := make([]string, r.Bindings.Len())
			chi2 := make([]float64, r.Bindings.Len())
			ok, err := s.Tally(context.Background(), r, func(lane int, words []uint64, counts []int) {
				all := 0
				for i, n := range counts {
					all += n
					want := float64(shots) * law[lane<<4+int(words[i])]
					chi2[lane] += (float64(n) - want) * (float64(n) - want) / want
				}
				if all != shots {
					t.Errorf("lane %d has %d shots", lane, all)
				}
				seen[lane] = fmt.Sprint(words, counts)
			})
			if err != nil || !ok {
				t.Fatal(ok, err)
			}
			if first == nil {
				first = seen
			} else if !slices.Equal(first, seen) {
				t.Errorf("%d shots: other counts with %d workers", shots, workers)
			}
			if shots == 2000 {
				sum, dof := 0.0, float64(15*len(chi2))
				for _, x := range chi2 {
					sum += x
				}
				if z := (sum - dof) / math.Sqrt(2*dof); math.Abs(z) > 4 {
					t.Errorf("chi-square %v for %v degrees of freedom: %v standard deviations", sum, dof, z)
				}
			}
		}
	}
}

// Both ways of sampling give the law, also where outcomes have no probability and where
// most of it is in one.
func TestSamplersAgreeWithTheLaw(t *testing.T) {
	for name, law := range map[string][]float64{
		"uneven":      {0.5, 0, 0.25, 0.1, 0.05, 0.05, 0.03, 0.02},
		"zero ends":   {0, 0, 1, 3, 0, 2, 0, 0},
		"one outcome": {0, 0, 7, 0},
		"tiny":        {1e-300, 1, 1e-12, 1e-12},
	} {
		sum := 0.0
		for _, p := range law {
			sum += p
		}
		for way, draw := range map[string]func(counts []int){
			"guided": func(counts []int) { new(guided).sample(law, 200_000, stream.New(1, "guided"), counts) },
			"merged": func(counts []int) { merge(law, 200_000, stream.New(1, "merged"), counts) },
		} {
			counts := make([]int, len(law))
			draw(counts)
			for x, p := range law {
				want := 200_000 * p / sum
				if math.Abs(float64(counts[x])-want) > 5*math.Sqrt(want)+1e-6 {
					t.Errorf("%s, %s: outcome %d was drawn %d times, want %v", name, way, x, counts[x], want)
				}
			}
		}
	}
}
