package calibration

import (
	"errors"
	"fmt"
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

// A residual that rounding leaves is accepted up to a hundred times what was asked for.
func TestToleranceOfRounding(t *testing.T) {
	c := Confusion{2, []ConfusionGroup{{[]int{0}, [][]float64{{0.9, 0.2}, {0.1, 0.8}}}, {[]int{1}, [][]float64{{0.93, 0.17}, {0.07, 0.83}}}}}
	h := Histogram{2, FullWords(2), []int{7, 5, 3, 2}}
	want, err := c.M3(h, M3Options{Solver: DirectSolver})
	if err != nil {
		t.Fatal(err)
	}
	for _, tolerance := range []float64{1e-14, 1e-16, 2e-17, 5e-18} { // half a unit in the last place is 1.1e-16
		got, err := c.M3(h, M3Options{Solver: IterativeSolver, Tolerance: tolerance})
		if err != nil {
			t.Errorf("%g: %v", tolerance, err)
			continue
		}
		for i, w := range want.Weights {
			if math.Abs(got.Weights[i]-w) > 1e-14 {
				t.Errorf("%g: weight %d is %v, want %v", tolerance, i, got.Weights[i], w)
			}
		}
	}
}

// Bits that no group has are read without error: words that differ in one of them are not
// mistaken for each other, whether flips or words are gone through.
func TestBitsWithoutErrors(t *testing.T) {
	a := [][]float64{{0.75, 0.25}, {0.25, 0.75}}
	c := Confusion{3, []ConfusionGroup{{[]int{0}, a}, {[]int{1}, a}}}
	for _, words := range [][]uint64{{0, 1}, {0, 1, 2, 3, 4, 5}} { // four flips
		h := Histogram{Bits: 3, Words: words}
		for i := range words {
			h.N = append(h.N, 10*(i+1))
		}
		m, err := c.reduced(words, 3)
		if err != nil {
			t.Fatal(err)
		}
		for row, x := range m.dense() {
			for column, p := range x {
				if differ := (words[row]^words[column])&1 == 1; differ != (p == 0) {
					t.Errorf("of %d words: %03b is read as %03b with %g", len(words), words[column], words[row], p)
				}
			}
		}
		if len(words) == 2 {
			q, err := c.M3(h, M3Options{})
			if err != nil || math.Abs(q.Weights[0]-1./3) > 1e-15 || math.Abs(q.Weights[1]-2./3) > 1e-15 {
				t.Errorf("%+v, %v", q, err)
			}
		}
	}
}

// Of the products of signs that are too small, that of the fewest bits is named, the first of
// these; a histogram of n bits has no word of more.
func TestWhichBitsAreNamed(t *testing.T) {
	for _, k := range []struct {
		q    []float64
		bits []int
	}{
		{[]float64{1, 0.5, 0.5, 0, 0, 0.5, 0, 0}, []int{0}},    // 011 before 100
		{[]float64{1, 0.5, 0.5, 0, 0.5, 0, 0, 0}, []int{1, 2}}, // the first of two bits
		{[]float64{1, 0.5, 0, 0, 0, 0.5, 0.5, 0.5}, []int{1}},  // the first of one
		{[]float64{1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, -0.5}, []int{0, 1, 2}},
	} {
		var bad *NotInvertible
		if err := untwirlable(k.q, 3, 0.1); !errors.As(err, &bad) || !slices.Equal(bad.Bits, k.bits) || strings.Contains(bad.Why, "inverted") != (k.q[7] < 0) {
			t.Errorf("%v: %v, want the bits %v", k.q, err, k.bits)
		}
	}
	if err := untwirlable([]float64{1, 0.1, 0.2, 0.3}, 2, 0.1); err != nil {
		t.Error(err)
	}
	for _, bits := range []int{1, 62, 63} {
		h := Histogram{Bits: bits, Words: []uint64{1<<bits - 1, 1 << bits}, N: []int{1, 1}}
		if _, _, _, err := h.frequencies(); err == nil || !strings.HasSuffix(err.Error(), fmt.Sprintf("has more than %d bits", bits)) {
			t.Errorf("%d bits: %v", bits, err)
		}
		h.Words[1] = 0
		if words, _, _, err := h.frequencies(); err != nil || len(words) != 2 {
			t.Errorf("%d bits: %v, %v", bits, words, err)
		}
	}
	h := Histogram{Bits: 64, Words: []uint64{math.MaxUint64}, N: []int{1}}
	if words, _, _, err := h.frequencies(); err != nil || len(words) != 1 {
		t.Errorf("64 bits: %v, %v", words, err)
	}
}

// Each time of a qubit has its bound.
func TestBoundsOfTimes(t *testing.T) {
	for _, x := range []float64{-1, 1e6, math.NaN()} {
		for i, of := range []func(*Qubit) **Value{func(q *Qubit) **Value { return &q.T1 }, func(q *Qubit) **Value { return &q.T2 }, func(q *Qubit) **Value { return &q.ReadoutTime }} {
			s := &Snapshot{Qubits: []Qubit{{Label: "a"}}}
			*of(&s.Qubits[0]) = &Value{X: x}
			if err := s.finish(new(odd)); err == nil || err.Error() != fmt.Sprintf("a time of qubit a is %v s", x) {
				t.Errorf("time %d: %v", i, err)
			}
		}
	}
}
