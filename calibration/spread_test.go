package calibration

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// spreadOf is the variance that the multinomial counts of a law make of a function of
// it, by central differences in each of the law's numbers.
func spreadOf(t *testing.T, law []float64, shots int, f func(law []float64) []float64) []float64 {
	t.Helper()
	const step = 1e-5
	var mean, second []float64
	for m, p := range law {
		at := func(x float64) []float64 {
			moved := slices.Clone(law)
			moved[m] += x
			return f(moved)
		}
		up, down := at(step), at(-step)
		if mean == nil {
			mean, second = make([]float64, len(up)), make([]float64, len(up))
		}
		for i := range up {
			d := (up[i] - down[i]) / (2 * step)
			mean[i] += p * d
			second[i] += p * d * d
		}
	}
	multinomial(second, mean, shots)
	return second
}

// What the calibration's shots add to the variances is what differences of its numbers
// say, within the words that were read and over all.
func TestCalibrationSpread(t *testing.T) {
	e := Estimate{
		Confusion: Confusion{3, []ConfusionGroup{
			{[]int{1}, [][]float64{{0.9, 0.2}, {0.1, 0.8}}},
			{[]int{2, 0}, [][]float64{{0.82, 0.05, 0.1, 0.02}, {0.08, 0.85, 0.01, 0.16}, {0.06, 0.02, 0.83, 0.07}, {0.04, 0.08, 0.06, 0.75}}},
		}},
		Shots: [][]int{{300, 200}, {100, 150, 250, 120}},
	}
	// Some of the words, so that columns lose what was not read.
	h := Histogram{3, []uint64{0, 1, 3, 4, 6}, []int{40, 25, 15, 10, 10}}
	words, f, _, err := h.frequencies()
	if err != nil {
		t.Fatal(err)
	}
	all, _, err := h.law()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []struct {
		name     string
		mitigate func(e Estimate) (*Quasi, error)
		weights  func(c Confusion) []float64
	}{
		{"m3, direct", func(e Estimate) (*Quasi, error) { return e.M3(h, M3Options{Distance: 2}) }, nil},
		{"m3, iterative", func(e Estimate) (*Quasi, error) {
			return e.M3(h, M3Options{Distance: 2, Solver: IterativeSolver})
		}, nil},
		{"inversion", func(e Estimate) (*Quasi, error) { return e.Invert(h) }, func(c Confusion) []float64 {
			inverse := Confusion{Bits: c.Bits}
			for _, g := range c.Groups {
				b, ok := invertMatrix(g.A)
				if !ok {
					t.Fatal("singular")
				}
				inverse.Groups = append(inverse.Groups, ConfusionGroup{g.Bits, b})
			}
			return inverse.Apply(all)
		}},
	} {
		t.Run(k.name, func(t *testing.T) {
			if k.weights == nil {
				k.weights = func(c Confusion) []float64 {
					m, err := c.reduced(words, 2)
					if err != nil {
						t.Fatal(err)
					}
					b, _ := invertMatrix(m.dense())
					return times(b, f)
				}
			}
			with, err := k.mitigate(e)
			if err != nil {
				t.Fatal(err)
			}
			without, err := k.mitigate(Estimate{Confusion: e.Confusion})
			if err != nil {
				t.Fatal(err)
			}
			want := make([]float64, len(with.Words))
			for g, group := range e.Groups {
				for p := range group.A {
					column := make([]float64, len(group.A))
					for m, row := range group.A {
						column[m] = row[p]
					}
					for i, v := range spreadOf(t, column, e.Shots[g][p], func(column []float64) []float64 {
						moved := Confusion{Bits: e.Bits, Groups: slices.Clone(e.Groups)}
						a := make([][]float64, len(column))
						for m, row := range group.A {
							a[m] = slices.Clone(row)
							a[m][p] = column[m]
						}
						moved.Groups[g].A = a
						return k.weights(moved)
					}) {
						want[i] += v
					}
				}
			}
			for i := range want {
				if got := with.Variances[i] - without.Variances[i]; math.Abs(got/want[i]-1) > 1e-6 {
					t.Errorf("word %03b: the calibration adds %.9g, differences say %.9g", with.Words[i], got, want[i])
				}
			}
		})
	}
}

// The same of twirled readout.
func TestTwirledCalibrationSpread(t *testing.T) {
	read := Histogram{3, FullWords(3), []int{40, 20, 5, 10, 5, 5, 10, 5}}
	zeros := Histogram{3, FullWords(3), []int{160, 8, 10, 4, 8, 2, 2, 6}}
	f, shots, err := read.law()
	if err != nil {
		t.Fatal(err)
	}
	q, zeroShots, err := zeros.law()
	if err != nil {
		t.Fatal(err)
	}
	deconvolved := func(f, q []float64) []float64 {
		w, _, _, err := deconvolve(f, q, 3, 0)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	want := spreadOf(t, q, zeroShots, func(q []float64) []float64 { return deconvolved(f, q) })
	for i, v := range spreadOf(t, f, shots, func(f []float64) []float64 { return deconvolved(f, q) }) {
		want[i] += v
	}
	got, err := Untwirl(read, zeros)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if math.Abs(got.Variances[i]/want[i]-1) > 1e-6 {
			t.Errorf("word %03b: variance %.9g, differences say %.9g", i, got.Variances[i], want[i])
		}
	}
}

// A residual that rounding doesn't allow is an error, not an endless loop.
func TestToleranceOutOfReach(t *testing.T) {
	c := Confusion{2, []ConfusionGroup{{[]int{0}, [][]float64{{0.9, 0.2}, {0.1, 0.8}}}, {[]int{1}, [][]float64{{0.93, 0.17}, {0.07, 0.83}}}}}
	_, err := c.M3(Histogram{2, FullWords(2), []int{7, 5, 3, 2}}, M3Options{Solver: IterativeSolver, Tolerance: 1e-40})
	if err == nil || !strings.Contains(err.Error(), "GMRES has a residual of") {
		t.Error(err)
	}
}
