package calibration

import (
	"encoding/json"
	"errors"
	"math"
	"math/bits"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"qgan/internal/stream"
	"qgan/ir"
)

// mitigationVectors are numbers of mthree 3.0.0, which keeps calibrations in single
// precision, and of a closed form in double precision.
type mitigationVectors struct {
	Cases []struct {
		Name       string
		N          int
		Qubits     []int
		Cals       map[string][][]float64 `json:"cals_A[meas][prep]"`
		Counts     map[string]int
		Distance   int
		ClosedForm struct {
			Quasi           map[string]float64
			Overhead        float64            `json:"overhead_gamma2"`
			Nearest         map[string]float64 `json:"nearest_prob"`
			NearestDistance float64            `json:"nearest_distance"`
		} `json:"closed_form"`
		MThree map[string]struct {
			Quasi    map[string]float64
			Overhead float64 `json:"mitigation_overhead"`
		}
		Tensored []float64 `json:"full_tensored_inverse"`
	}
	Nearest []struct {
		Quasi, Nearest map[string]float64
		Distance       float64
	} `json:"nearest_vectors"`
	Twirled []struct {
		N         int
		Matrix    [][]float64 `json:"M[meas][prep]"`
		Zeros     []float64   `json:"twirled_error_distribution_q[d]"`
		Lambda    []float64   `json:"lambda_S=WHT(q)"`
		True      []float64   `json:"p_true"`
		Read      []float64   `json:"p_noisy_twirled"`
		Recovered []float64
	} `json:"twirled_readout_vectors"`
}

func mitigationVectorsOf(t *testing.T, data []byte) (v mitigationVectors) {
	t.Helper()
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestMitigationVectors(t *testing.T) {
	data, err := os.ReadFile("testdata/m3.json")
	if err != nil {
		t.Fatal(err)
	}
	checkMitigation(t, mitigationVectorsOf(t, data), 10)
}

func TestMitigationVectorsWhole(t *testing.T) {
	checkMitigation(t, mitigationVectorsOf(t, sharedFile(t, "vectors", "m3_vectors.json")), 12)
}

// number reads a word of 0 and 1, the first the most significant.
func number(t testing.TB, word string) uint64 {
	t.Helper()
	x, err := strconv.ParseUint(word, 2, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func histogramOf(t testing.TB, n int, counts map[string]int) Histogram {
	h := Histogram{Bits: n}
	for word, k := range counts {
		h.Words, h.N = append(h.Words, number(t, word)), append(h.N, k)
	}
	return h
}

// furthest is the largest difference of weights from those of a table; what isn't in
// either counts as 0.
func furthest(t testing.TB, words []uint64, weights []float64, want map[string]float64) float64 {
	t.Helper()
	rest := map[uint64]float64{}
	for word, x := range want {
		rest[number(t, word)] = x
	}
	d := 0.0
	for i, w := range words {
		d = max(d, math.Abs(weights[i]-rest[w]))
		delete(rest, w)
	}
	for _, x := range rest {
		d = max(d, math.Abs(x))
	}
	return d
}

func checkMitigation(t *testing.T, v mitigationVectors, cases int) {
	if len(v.Cases) != cases || len(v.Nearest) != 6 || len(v.Twirled) != 1 {
		t.Fatalf("%d, %d and %d vectors", len(v.Cases), len(v.Nearest), len(v.Twirled))
	}
	for _, k := range v.Cases {
		t.Run(k.Name, func(t *testing.T) {
			// The last character is the first of the qubits.
			c := Confusion{Bits: k.N}
			for i, q := range k.Qubits {
				c.Groups = append(c.Groups, ConfusionGroup{[]int{k.N - 1 - i}, k.Cals[strconv.Itoa(q)]})
			}
			h := histogramOf(t, k.N, k.Counts)
			for _, solver := range []Solver{DirectSolver, IterativeSolver} {
				q, err := c.M3(h, M3Options{Distance: k.Distance, Solver: solver})
				if err != nil {
					t.Fatal(err)
				}
				if d := furthest(t, q.Words, q.Weights, k.ClosedForm.Quasi); d > 1e-12 {
					t.Errorf("%s: %.2g from the closed form", solver, d)
				}
				if d := math.Abs(q.Overhead/k.ClosedForm.Overhead - 1); d > 1e-12 {
					t.Errorf("%s: overhead %.15g, %.15g in the closed form", solver, q.Overhead, k.ClosedForm.Overhead)
				}
				if d := furthest(t, q.Words, q.Weights, k.MThree[string(DirectSolver)].Quasi); d > 1e-6 {
					t.Errorf("%s: %.2g from mthree", solver, d)
				}
				law, distance := NearestLaw(q.Weights)
				if d := furthest(t, q.Words, law, k.ClosedForm.Nearest); d > 1e-12 || math.Abs(distance-k.ClosedForm.NearestDistance) > 1e-12 {
					t.Errorf("%s: the nearest law is off by %.2g, its distance %v is %v", solver, d, distance, k.ClosedForm.NearestDistance)
				}
			}
			q, err := c.Invert(h)
			if err != nil {
				t.Fatal(err)
			}
			for i, w := range q.Words {
				if d := math.Abs(q.Weights[i] - k.Tensored[w]); d > 1e-12 {
					t.Fatalf("inversion: the weight of %0*b is off by %.2g", k.N, w, d)
				}
			}
		})
	}
	for _, k := range v.Nearest {
		var words []uint64
		var weights []float64
		for word, x := range k.Quasi {
			words, weights = append(words, number(t, word)), append(weights, x)
		}
		law, distance := NearestLaw(weights)
		if d := furthest(t, words, law, k.Nearest); d > 1e-12 || math.Abs(distance-k.Distance) > 1e-12 {
			t.Errorf("nearest law of %v: %v, distance %v", k.Quasi, law, distance)
		}
	}
	for _, k := range v.Twirled {
		c := Confusion{k.N, []ConfusionGroup{{[]int{0, 1, 2}, k.Matrix}}}
		if q := twirled(c, 0); largestOf(q, k.Zeros) > 1e-15 {
			t.Errorf("twirled |000>: %v, %v in the vector", q, k.Zeros)
		}
		lambda := slices.Clone(k.Zeros)
		walshHadamard(lambda)
		if d := largestOf(lambda, k.Lambda); d > 1e-15 {
			t.Errorf("transform off by %.2g", d)
		}
		got, _, _, err := deconvolve(k.Read, slices.Clone(k.Zeros), k.N, 0)
		if err != nil {
			t.Fatal(err)
		}
		if d := largestOf(got, k.True); d > 1e-15 {
			t.Errorf("recovery off by %.2g", d)
		}
	}
}

func largestOf(a, b []float64) float64 {
	d := math.Abs(float64(len(a) - len(b)))
	for i := range min(len(a), len(b)) {
		d = max(d, math.Abs(a[i]-b[i]))
	}
	return d
}

// twirled is the law of a word read with every mask in turn.
func twirled(c Confusion, word uint64) []float64 {
	out := make([]float64, 1<<c.Bits)
	masks := FullWords(c.Bits)
	for _, mask := range masks {
		law := make([]float64, len(out))
		law[word^mask] = 1
		for x, p := range c.Apply(law) {
			out[uint64(x)^mask] += p / float64(len(masks))
		}
	}
	return out
}

// drawLaw draws a law over 2^n words, some of which don't occur.
func drawLaw(t *rapid.T, n int) []float64 {
	law := make([]float64, 1<<n)
	sum := 0.0
	for i := range law {
		law[i] = max(0, rapid.Float64Range(-0.3, 1).Draw(t, "p"))
		sum += law[i]
	}
	if sum == 0 {
		law[0], sum = 1, 1
	}
	for i := range law {
		law[i] /= sum
	}
	return law
}

// drawConfusion draws a confusion whose groups have one bit, or, correlated, up to
// three in any order; some bits are in none.
func drawConfusion(t *rapid.T, n int, correlated bool) Confusion {
	c := Confusion{Bits: n}
	order := rapid.Permutation(integers(n)).Draw(t, "bits")
	for len(order) > 0 {
		k := 1
		if correlated {
			k = rapid.IntRange(1, min(3, len(order))).Draw(t, "k")
		}
		group := order[:k]
		order = order[k:]
		if rapid.IntRange(0, 5).Draw(t, "without") == 0 {
			continue
		}
		a := make([][]float64, 1<<k)
		for i := range a {
			a[i] = make([]float64, 1<<k)
		}
		for column := range a {
			stay := 1.0
			for m := range a {
				if m != column {
					a[m][column] = rapid.Float64Range(0, 0.35).Draw(t, "e") / float64(len(a)-1)
					stay -= a[m][column]
				}
			}
			a[column][column] = stay
		}
		c.Groups = append(c.Groups, ConfusionGroup{group, a})
	}
	return c
}

func integers(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// Inverting what was applied gives the law back.
func TestInverseUndoesConfusion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "n")
		c := drawConfusion(t, n, true)
		law := drawLaw(t, n)
		inverse, gamma, err := c.Inverse()
		if err != nil {
			t.Fatal(err)
		}
		if d := largestOf(inverse.Apply(c.Apply(law)), law); d > 1e-12 {
			t.Fatalf("off by %.2g", d)
		}
		// gamma is the one-norm of the whole inverse.
		norm := 0.0
		for x := range law {
			unit := make([]float64, len(law))
			unit[x] = 1
			sum := 0.0
			for _, w := range inverse.Apply(unit) {
				sum += math.Abs(w)
			}
			norm = max(norm, sum)
		}
		if math.Abs(norm/gamma-1) > 1e-12 {
			t.Fatalf("gamma %v, the one-norm is %v", gamma, norm)
		}
	})
}

// The overhead of bits on their own is Π (1+|e0-e1|)/(1-e0-e1).
func TestTensoredOverhead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "n")
		c := drawConfusion(t, n, false)
		want := 1.0
		for _, g := range c.Groups {
			e0, e1 := g.A[1][0], g.A[0][1]
			want *= (1 + math.Abs(e0-e1)) / (1 - e0 - e1)
		}
		_, gamma, err := c.Inverse()
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(gamma/want-1) > 1e-12 {
			t.Fatalf("gamma %v, the formula gives %v", gamma, want)
		}
	})
}

// GMRES and the inverse agree, in weights and overhead, at any distance; where every
// word was read and the distance is full, so does the inversion of the whole.
func TestSolversAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "n")
		c := drawConfusion(t, n, true)
		h := Histogram{Bits: n}
		all := rapid.Bool().Draw(t, "all")
		for x := range 1 << n {
			least := 0
			if all || x == 0 {
				least = 1
			}
			h.Words, h.N = append(h.Words, uint64(x)), append(h.N, rapid.IntRange(least, 50).Draw(t, "count"))
		}
		distance := rapid.SampledFrom([]int{-1, 0, 1, 2}).Draw(t, "distance")
		direct, err := c.M3(h, M3Options{Distance: distance, Solver: DirectSolver})
		var refused *NotInvertible
		if errors.As(err, &refused) {
			t.Skip("not invertible within the words")
		}
		if err != nil {
			t.Fatal(err)
		}
		iterative, err := c.M3(h, M3Options{Distance: distance, Solver: IterativeSolver})
		if err != nil {
			t.Fatal(err)
		}
		if d := largestOf(direct.Weights, iterative.Weights); d > 1e-10 {
			t.Fatalf("weights differ by %.2g", d)
		}
		if r := iterative.Overhead / direct.Overhead; r > 1+1e-9 || r < 0.5 {
			t.Fatalf("overhead %v by GMRES, %v by the inverse", iterative.Overhead, direct.Overhead)
		}
		for i, v := range direct.Variances {
			if v > iterative.Variances[i]*2 {
				t.Fatalf("variance %v above its bound %v", v, iterative.Variances[i])
			}
		}
		if !all || distance != -1 {
			return
		}
		whole, err := c.Invert(h)
		if err != nil {
			t.Fatal(err)
		}
		if d := largestOf(direct.Weights, whole.Weights); d > 1e-11 {
			t.Fatalf("the inversion of the whole differs by %.2g", d)
		}
		if d := largestOf(direct.Variances, whole.Variances); d > 1e-11 {
			t.Fatalf("variances differ by %.2g", d)
		}
	})
}

// Neighbours by their flips are those by comparing all pairs.
func TestReducedMatrixEitherWay(t *testing.T) {
	rng := stream.New(3, "test")
	c := Confusion{Bits: 12}
	for b := range 11 { // the last bit is read without error
		c.Groups = append(c.Groups, ConfusionGroup{[]int{b}, [][]float64{{0.98, 0.05}, {0.02, 0.95}}})
	}
	var words []uint64
	for x := range uint64(1) << 12 {
		if rng.IntN(4) == 0 {
			words = append(words, x)
		}
	}
	for distance := 1; distance <= 11; distance += 2 {
		m, err := c.reduced(words, distance)
		if err != nil {
			t.Fatal(err)
		}
		got := m.dense()
		for column, v := range words {
			sum := 0.0
			want := make([]float64, len(words))
			for row, w := range words {
				if flip := v ^ w; flip&1 == 0 && bits.OnesCount64(flip) <= distance {
					want[row] = 1
					for b := range 11 {
						at := 11 - b
						want[row] *= c.Groups[b].A[w>>at&1][v>>at&1]
					}
				}
				sum += want[row]
			}
			for row := range words {
				if math.Abs(got[row][column]-want[row]/sum) > 1e-14 {
					t.Fatalf("distance %d: %v at %d, %d, want %v", distance, got[row][column], row, column, want[row]/sum)
				}
			}
		}
	}
}

// The nearest law is the projection on the simplex: with one multiplier, what is
// positive was moved by it and what is 0 was at most it (Karush, Kuhn and Tucker).
func TestNearestLawIsProjection(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.Float64Range(-2, 2), 1, 30).Draw(t, "w")
		sum := 0.0
		for _, w := range weights {
			sum += w
		}
		for i := range weights {
			weights[i] += (1 - sum) / float64(len(weights))
		}
		law, distance := NearestLaw(weights)
		total, squares, multiplier := 0.0, 0.0, math.Inf(-1)
		for i, p := range law {
			total += p
			squares += (p - weights[i]) * (p - weights[i])
			if p > 0 {
				multiplier = max(multiplier, weights[i]-p)
			}
		}
		if math.Abs(total-1) > 1e-12 || math.Abs(distance-math.Sqrt(squares)) > 1e-12 {
			t.Fatalf("%v adds up to %v, its distance is %v", law, total, distance)
		}
		for i, p := range law {
			switch {
			case p < 0:
				t.Fatalf("%v is negative", p)
			case p > 0 && math.Abs(weights[i]-p-multiplier) > 1e-12:
				t.Fatalf("%v was moved by %v, others by %v", weights[i], weights[i]-p, multiplier)
			case p == 0 && weights[i] > multiplier+1e-12:
				t.Fatalf("%v was set to 0, the others were moved by %v", weights[i], multiplier)
			}
		}
	})
}

// A twirled readout convolves, whatever is correlated, and Untwirl undoes it.
func TestTwirlingConvolves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(t, "n")
		c := drawConfusion(t, n, true)
		law := drawLaw(t, n)
		zeros := twirled(c, 0)
		read := make([]float64, len(law))
		for x, p := range law {
			one := twirled(c, uint64(x))
			for y, q := range one {
				if math.Abs(q-zeros[y^x]) > 1e-14 {
					t.Fatalf("%d is read as %d with %v, the convolution says %v", x, y, q, zeros[y^x])
				}
				read[y] += p * q
			}
		}
		weights, _, _, err := deconvolve(read, zeros, n, 0)
		var refused *NotInvertible
		if errors.As(err, &refused) {
			t.Skip("not invertible")
		}
		if err != nil {
			t.Fatal(err)
		}
		if d := largestOf(weights, law); d > 1e-11 {
			t.Fatalf("off by %.2g", d)
		}
	})
}

// In any three bits of the balanced words all values occur equally often, and up to
// five bits they are all words.
func TestBalancedWords(t *testing.T) {
	for n := 1; n <= 64; n++ {
		words := BalancedWords(n)
		if n <= 5 {
			sorted := slices.Sorted(slices.Values(words))
			if !slices.Equal(sorted, FullWords(n)) {
				t.Errorf("%d bits: %b", n, words)
			}
		}
		if n > 5 && len(words) >= 4*n && len(words) > 32 {
			t.Errorf("%d words of %d bits", len(words), n)
		}
		for i := range n {
			for j := range i {
				for k := range j {
					var count [8]int
					for _, w := range words {
						count[w>>i&1<<2|w>>j&1<<1|w>>k&1]++
					}
					for _, m := range count {
						if m != len(words)/8 {
							t.Fatalf("%d bits: bits %d, %d, %d take their values %v times", n, i, j, k, count)
						}
					}
				}
			}
		}
	}
}

// sampleOf draws a histogram.
func sampleOf(law []float64, n, shots int, seed uint64, index uint64) Histogram {
	h := Histogram{Bits: n, Words: FullWords(n), N: make([]int, len(law))}
	rng := stream.New(seed, "test", index)
	for range shots {
		u, x := rng.Float64(), 0
		for x < len(law)-1 && u >= law[x] {
			u -= law[x]
			x++
		}
		h.N[x]++
	}
	return h
}

// The standard errors are those of repeated experiments, those of the calibration
// included, and the means are without bias.
func TestErrorBars(t *testing.T) {
	truth := []float64{0.5, 0.2, 0, 0.1, 0, 0.05, 0.15, 0}
	c := Confusion{3, []ConfusionGroup{
		{[]int{1}, [][]float64{{0.97, 0.1}, {0.03, 0.9}}},
		{[]int{2, 0}, [][]float64{{0.92, 0.05, 0.04, 0.02}, {0.03, 0.9, 0.01, 0.06}, {0.04, 0.02, 0.93, 0.07}, {0.01, 0.03, 0.02, 0.85}}},
	}}
	read := c.Apply(truth)
	const shots, calibration, repeats = 400, 500, 1500
	alone := c.Tensored()
	readAlone := alone.Apply(truth)
	column := func(c Confusion, word uint64) []float64 {
		law := make([]float64, 8)
		law[word] = 1
		return c.Apply(law)
	}
	for _, k := range []struct {
		name string
		run  func(r uint64) (*Quasi, error)
	}{
		{"inversion", func(r uint64) (*Quasi, error) { return c.Invert(sampleOf(read, 3, shots, 1, r)) }},
		{"m3", func(r uint64) (*Quasi, error) {
			// with shots enough that every word is read
			return c.M3(sampleOf(read, 3, 10*shots, 1, r), M3Options{Distance: -1})
		}},
		{"tensored, calibrated", func(r uint64) (*Quasi, error) {
			var h []Histogram
			for i, w := range TensoredWords(3) {
				h = append(h, sampleOf(column(alone, w), 3, calibration, 10+uint64(i), r))
			}
			e, err := EstimateTensored(TensoredWords(3), h)
			if err != nil {
				return nil, err
			}
			return e.Invert(sampleOf(readAlone, 3, shots, 1, r))
		}},
		{"m3, calibrated, within 2", func(r uint64) (*Quasi, error) {
			var h []Histogram
			for i, w := range TensoredWords(3) {
				h = append(h, sampleOf(column(alone, w), 3, calibration, 10+uint64(i), r))
			}
			e, err := EstimateTensored(TensoredWords(3), h)
			if err != nil {
				return nil, err
			}
			return e.M3(sampleOf(readAlone, 3, 10*shots, 1, r), M3Options{Distance: 2})
		}},
		{"full, calibrated", func(r uint64) (*Quasi, error) {
			var h []Histogram
			for i, w := range FullWords(3) {
				h = append(h, sampleOf(column(c, w), 3, calibration, 10+uint64(i), r))
			}
			e, err := EstimateFull(FullWords(3), h)
			if err != nil {
				return nil, err
			}
			return e.Invert(sampleOf(read, 3, shots, 1, r))
		}},
		{"twirled", func(r uint64) (*Quasi, error) {
			zeros, convolved := twirled(c, 0), make([]float64, 8)
			for x, p := range truth {
				for d, q := range zeros {
					convolved[x^d] += p * q
				}
			}
			return Untwirl(sampleOf(convolved, 3, shots, 1, r), sampleOf(zeros, 3, calibration, 2, r))
		}},
	} {
		t.Run(k.name, func(t *testing.T) {
			var sum, square, told [8]float64
			for r := range uint64(repeats) {
				q, err := k.run(r)
				if err != nil {
					t.Fatal(err)
				}
				for i, w := range q.Words {
					sum[w] += q.Weights[i]
					square[w] += q.Weights[i] * q.Weights[i]
					told[w] += q.Variances[i]
				}
			}
			for x := range truth {
				mean := sum[x] / repeats
				variance := square[x]/repeats - mean*mean
				if d := math.Abs(mean-truth[x]) / math.Sqrt(variance/repeats); d > 4 && !strings.HasSuffix(k.name, "within 2") {
					t.Errorf("word %d: mean %.5f, the law has %.5f: %.1f standard errors", x, mean, truth[x], d)
				}
				// A sample variance of 1500 has a standard error of 3.7 %.
				if r := told[x] / repeats / variance; r < 0.85 || r > 1.15 {
					t.Errorf("word %d: variance %.3g of the weights, %.3g is told (ratio %.3f)", x, variance, told[x]/repeats, r)
				}
			}
		})
	}
}

// The estimate of many shots is the confusion, with balanced words too.
func TestEstimates(t *testing.T) {
	c := Confusion{2, []ConfusionGroup{{[]int{0, 1}, [][]float64{{0.9, 0.1, 0.05, 0}, {0.05, 0.8, 0.05, 0.1}, {0.05, 0.05, 0.85, 0.1}, {0, 0.05, 0.05, 0.8}}}}}
	histograms := func(words []uint64) (out []Histogram) {
		for _, w := range words {
			law := make([]float64, 4)
			law[w] = 1
			h := Histogram{Bits: 2, Words: FullWords(2)}
			for _, p := range c.Apply(law) {
				h.N = append(h.N, int(math.Round(1000*p)))
			}
			out = append(out, h)
		}
		return out
	}
	full, err := EstimateFull(FullWords(2), histograms(FullWords(2)))
	if err != nil {
		t.Fatal(err)
	}
	for m, row := range full.Groups[0].A {
		if d := largestOf(row, c.Groups[0].A[m]); d > 1e-12 {
			t.Errorf("row %d is off by %v", m, d)
		}
	}
	if got, want := full.StdErr(0)[1][1], math.Sqrt(0.8*0.2/1000); math.Abs(got-want) > 1e-15 {
		t.Errorf("standard error %v, want %v", got, want)
	}
	balanced, err := EstimateTensored(BalancedWords(2), histograms(BalancedWords(2)))
	if err != nil {
		t.Fatal(err)
	}
	for g, want := range c.Tensored().Groups {
		for m, row := range balanced.Groups[g].A {
			if d := largestOf(row, want.A[m]); d > 1e-12 {
				t.Errorf("bit %d, row %d is off by %v", g, m, d)
			}
		}
	}
	for _, k := range []struct {
		words []uint64
		want  string
	}{
		{[]uint64{0, 1}, "bit 0 was never prepared as 1"},
		{[]uint64{0, 7}, "the prepared word 111 has more than 2 bits"},
	} {
		if _, err := EstimateTensored(k.words, histograms([]uint64{0, 1})); err == nil || !strings.Contains(err.Error(), k.want) {
			t.Errorf("%v: %v", k.words, err)
		}
	}
	if _, err := EstimateFull([]uint64{0, 1, 2}, histograms([]uint64{0, 1, 2})); err == nil || !strings.Contains(err.Error(), "the word 11 was never prepared") {
		t.Error(err)
	}
}

func TestReadoutCircuits(t *testing.T) {
	r := ReadoutCircuits{Like: ir.New(3, 3), Qubits: []int{2, 0}, Bits: []int{0, 1}}
	c := r.Prepare(0b10)
	if err := ir.Verify(c); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, op := range c.Ops {
		switch op := op.(type) {
		case *ir.Apply:
			got = append(got, op.Gate.String()+strconv.Itoa(op.Qubits[0]))
		case *ir.Measure:
			got = append(got, strconv.Itoa(op.Qubit)+">"+strconv.Itoa(op.Bit))
		}
	}
	if want := []string{"x2", "2>0", "0>1"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// What can't be undone is refused by name, with its figures.
func TestNotInvertible(t *testing.T) {
	one := func(e0, e1 float64) Confusion {
		good := [][]float64{{0.99, 0.02}, {0.01, 0.98}}
		return Confusion{3, []ConfusionGroup{{[]int{0}, good}, {[]int{2}, [][]float64{{1 - e0, e1}, {e0, 1 - e1}}}}}
	}
	pair := Confusion{3, []ConfusionGroup{{[]int{0, 2}, [][]float64{{1, 0, 0, 0}, {0, 0.5, 0.5, 0}, {0, 0.5, 0.5, 0}, {0, 0, 0, 1}}}}}
	h := Histogram{3, []uint64{0, 1, 4}, []int{5, 3, 2}}
	for _, k := range []struct {
		name string
		c    Confusion
		bits []int
		want string
	}{
		{"singular", one(0.4, 0.6), []int{2}, "the readout of bit 2 can't be undone: P(1|0) = 0.4 and P(0|1) = 0.6 add up to 1, so that the outcomes tell nothing"},
		{"nearly singular", one(0.4, 0.595), []int{2}, "tell nothing"},
		// The figures of a qubit of a public snapshot whose readout errors add up to 1.13.
		{"inverted", one(0.214, 0.916), []int{2}, "add up to 1.13, more than 1: outcomes are inverted"},
		{"singular pair", pair, []int{0, 2}, "singular"},
	} {
		t.Run(k.name, func(t *testing.T) {
			_, inverse := k.c.Invert(h)
			errs := []error{inverse}
			if len(k.bits) == 1 {
				_, m3 := k.c.M3(h, M3Options{})
				errs = append(errs, m3)
			}
			for _, err := range errs {
				var refused *NotInvertible
				if !errors.As(err, &refused) || !slices.Equal(refused.Bits, k.bits) || !strings.Contains(err.Error(), k.want) {
					t.Errorf("%v", err)
				}
			}
		})
	}
	// In a twirled readout: two bits whose product tells nothing, a bit that is inverted.
	for _, k := range []struct {
		zeros []float64
		bits  []int
		want  string
	}{
		{[]float64{0.5, 0, 0.5, 0, 0, 0, 0, 0}, []int{1}, "product of their signs is 0 where"},
		{[]float64{0.2, 0, 0, 0, 0.8, 0, 0, 0}, []int{0}, "outcomes are inverted"},
		{[]float64{0.5, 0.25, 0.25, 0, 0, 0, 0, 0}, []int{1, 2}, "at least"},
	} {
		n := Histogram{Bits: 3, Words: FullWords(3)}
		for _, p := range k.zeros {
			n.N = append(n.N, int(1000*p))
		}
		_, err := Untwirl(h, n)
		var refused *NotInvertible
		if !errors.As(err, &refused) || !slices.Equal(refused.Bits, k.bits) || !strings.Contains(err.Error(), k.want) {
			t.Errorf("%v: %v", k.zeros, err)
		}
	}
}

func TestMitigationRefuses(t *testing.T) {
	c := Confusion{2, []ConfusionGroup{{[]int{0}, [][]float64{{0.99, 0.02}, {0.01, 0.98}}}}}
	good := Histogram{2, []uint64{0, 3}, []int{3, 4}}
	for want, h := range map[string]Histogram{
		"there are no shots":   {2, []uint64{1}, []int{0}},
		"was read -1 times":    {2, []uint64{1, 2}, []int{-1, 2}},
		"has more than 2 bits": {2, []uint64{5}, []int{1}},
		"words of 3 bits":      {3, []uint64{5}, []int{1}},
		"1 words with 2":       {2, []uint64{1}, []int{1, 1}},
		"words of 65 bits":     {65, []uint64{1}, []int{1}},
	} {
		if _, err := c.Invert(h); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("inversion: %v, want %q", err, want)
		}
		if _, err := c.M3(h, M3Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("m3: %v, want %q", err, want)
		}
	}
	for want, o := range map[string]M3Options{
		"the distance -2": {Distance: -2},
		`solver "lu"`:     {Solver: "lu"},
	} {
		if _, err := c.M3(good, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("m3: %v, want %q", err, want)
		}
	}
	wide := Histogram{25, []uint64{0}, []int{1}}
	if _, err := (Confusion{Bits: 25}).Invert(wide); err == nil || !strings.Contains(err.Error(), "m3 keeps to the words") {
		t.Error(err)
	}
	if q, err := (Confusion{Bits: 25}).M3(wide, M3Options{}); err != nil || q.Weights[0] != 1 {
		t.Error(q, err)
	}
}

// A public report, qiboteam/qibocal 1167: with the axes of a confusion matrix
// swapped its columns don't add up to 1, which is refused.
func TestSwappedAxesAreRefused(t *testing.T) {
	swapped := Confusion{1, []ConfusionGroup{{[]int{0}, [][]float64{{0.98, 0.02}, {0.08, 0.92}}}}}
	if _, err := swapped.Invert(Histogram{1, []uint64{0}, []int{1}}); err == nil || !strings.Contains(err.Error(), "rows are what was measured, columns what was prepared") {
		t.Error(err)
	}
}

// A public report, a review in unitaryfoundation/mitiq 1449: a histogram is inverted
// as a whole. Correcting each shot by itself and making a law of it would leave the
// errors in; the whole gives the law back.
func TestHistogramIsInvertedWhole(t *testing.T) {
	c := Confusion{1, []ConfusionGroup{{[]int{0}, [][]float64{{0.9, 0.2}, {0.1, 0.8}}}}}
	// 1000 shots of the law (0.6, 0.4): 0.6·0.9 + 0.4·0.2 = 0.62 are read as 0.
	q, err := c.Invert(Histogram{1, []uint64{0, 1}, []int{620, 380}})
	if err != nil {
		t.Fatal(err)
	}
	if d := largestOf(q.Weights, []float64{0.6, 0.4}); d > 1e-15 {
		t.Errorf("weights %v", q.Weights)
	}
	for word := range uint64(2) { // a shot's nearest law is the shot: nothing would be corrected
		single, err := c.Invert(Histogram{1, []uint64{word}, []int{1}})
		if err != nil {
			t.Fatal(err)
		}
		if law, _ := NearestLaw(single.Weights); law[word] != 1 {
			t.Errorf("the nearest law of one shot is %v", law)
		}
	}
}

// A public report, NVIDIA/cuda-quantum 4621: outcomes were permuted. Each bit has
// errors of its own here, so a wrong order of bits would show.
func TestBitsKeepTheirPlaces(t *testing.T) {
	c := Confusion{Bits: 6}
	for b := range 6 {
		e := 0.01 * float64(b+1)
		c.Groups = append(c.Groups, ConfusionGroup{[]int{b}, [][]float64{{1 - e, 2 * e}, {e, 1 - 2*e}}})
	}
	for bit := range 6 {
		law := make([]float64, 64)
		law[1<<(5-bit)] = 1
		h := Histogram{Bits: 6, Words: FullWords(6)}
		for _, p := range c.Apply(law) {
			h.N = append(h.N, int(math.Round(p*1e15)))
		}
		q, err := c.Invert(h)
		if err != nil {
			t.Fatal(err)
		}
		for i, w := range q.Words {
			want := 0.0
			if w == 1<<(5-bit) {
				want = 1
			}
			if math.Abs(q.Weights[i]-want) > 1e-12 {
				t.Fatalf("bit %d set: the weight of %06b is %v", bit, w, q.Weights[i])
			}
		}
	}
}
