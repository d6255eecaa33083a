package metrics

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func TestWalsh(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(9, 1))
	for b := range 8 {
		a := make([]float64, 1<<b)
		for x := range a {
			a[x] = rng.NormFloat64()
		}
		want := make([]float64, len(a))
		for mask := range want {
			for x, v := range a {
				if bits.OnesCount(uint(x&mask))%2 == 1 {
					v = -v
				}
				want[mask] += v
			}
		}
		walsh(a)
		for mask := range a {
			near(t, "transform", a[mask], want[mask], 0, 1e-12)
		}
	}
}

// moments are E[s_i], E[s_i s_j] and P(K) of a table, by their definitions.
func moments(p []float64, n int) (pairs, k []float64) {
	k = make([]float64, n+1)
	for x, v := range p {
		k[bits.OnesCount(uint(x))] += v
	}
	for i := range n {
		for j := i; j < n; j++ {
			var e float64
			for x, v := range p {
				si, sj := 1-2*float64(x>>i&1), 1-2*float64(x>>j&1)
				if i == j {
					sj = 1
				}
				e += v * si * sj
			}
			pairs = append(pairs, e)
		}
	}
	return pairs, k
}

func checkMaxEnt(t interface {
	Helper()
	Fatalf(string, ...any)
}, s *States) {
	t.Helper()
	data, err := s.Table()
	if err != nil {
		t.Fatalf("%v", err)
	}
	wantPairs, wantK := moments(data, s.Bits())
	for _, fit := range []func(*States) (*MaxEnt, error){FitIsing, FitKPairwise} {
		m, err := fit(s)
		if err != nil {
			t.Fatalf("%v", err)
		}
		pairs, k := moments(m.Table(), s.Bits())
		for a := range pairs {
			if d := math.Abs(pairs[a] - wantPairs[a]); d > 1e-9 {
				t.Fatalf("%s: moment %d off by %g (residual %g after %d steps) for %+v", m.name, a, d, m.Residual, m.Iterations, s)
			}
		}
		if m.name == "k-pairwise" {
			for a := range k {
				if d := math.Abs(k[a] - wantK[a]); d > 1e-9 {
					t.Fatalf("P(K=%d) off by %g (residual %g after %d steps) for %+v", a, d, m.Residual, m.Iterations, s)
				}
			}
		}
	}
}

func TestMaxEntMomentsRandomLaws(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(6, 1))
	for n := 1; n <= 9; n++ {
		for range 10 {
			var words []uint32
			var counts []int
			for x := range uint32(1) << n {
				words = append(words, x)
				counts = append(counts, 1+rng.IntN(1000))
			}
			s, err := NewStates(n, 1, words, counts)
			if err != nil {
				t.Fatal(err)
			}
			checkMaxEnt(t, s)
		}
	}
}

// Laws with few windows lie on the edge of what the family can have: fields go
// to infinity, the moments must be met all the same.
func TestMaxEntMomentsSparseLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { checkMaxEnt(t, drawStates(t, 10)) })
	for name, words := range map[string][]uint32{
		"one window":            {5},
		"silent":                {0},
		"never alone":           {0, 3, 5, 6},
		"neither none nor all":  {1, 2, 3, 4, 5, 6},
		"dead neuron":           {0, 1, 2, 3},
		"pair never together":   {0, 1, 2, 4, 5},
		"always the first":      {4, 5, 6, 7},
		"two always opposite":   {1, 2, 5, 6},
		"three spikes not seen": {0, 1, 2, 4, 3, 6, 5},
	} {
		counts := make([]int, len(words))
		for i := range counts {
			counts[i] = 3 + i
		}
		s, err := NewStates(3, 1, words, counts)
		if err != nil {
			t.Fatal(name, err)
		}
		checkMaxEnt(t, s)
	}
}

// Sparse laws on which fits once stopped with moments far off: the independent
// law they started from was nearly one window, the residual rose on the way to
// infinite fields, or the covariance was lost to rounding.
func TestMaxEntMomentsHardLaws(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		neurons, timesteps int
		words              []uint32
		counts             []int
	}{
		{10, 1, []uint32{2, 509}, []int{1, 64}},
		{10, 1, []uint32{17, 958}, []int{1, 126}},
		{
			5, 2, []uint32{0, 1, 0, 3, 0, 15, 0, 29, 1, 2, 2, 15, 3, 5, 3, 20, 6, 0, 9, 16, 13, 24, 14, 16, 15, 1, 15, 2, 17, 0, 18, 7, 25, 27, 27, 13, 31, 20},
			[]int{652, 511, 1, 488, 9, 76, 1, 63, 31, 4, 64, 2, 552, 3, 929, 12, 1, 811, 67},
		},
		{
			10, 1, []uint32{0, 1, 2, 3, 9, 11, 12, 20, 28, 142, 161, 226, 316, 321, 487, 550, 719, 828, 1023},
			[]int{2956, 4, 84, 153, 2, 675, 278, 1, 3, 404, 1, 2, 862, 10, 255, 6, 340, 246, 2},
		},
		{10, 1, []uint32{0, 1, 4, 8, 9, 11, 12, 25, 140, 196, 330, 1023}, []int{609, 8, 123, 203, 2, 13, 1000, 13, 6, 5, 1, 4}},
		{10, 1, []uint32{1, 3, 5, 437, 873, 949}, []int{19, 837, 1, 1, 2, 1}},
		{13, 1, []uint32{0, 8, 47, 77, 506, 1308, 1550, 6056, 8191}, []int{990, 4, 33, 620, 12, 87, 29, 4, 2}},
	} {
		s, err := NewStates(c.neurons, c.timesteps, c.words, c.counts)
		if err != nil {
			t.Fatal(err)
		}
		checkMaxEnt(t, s)
	}
}

// An Ising law is recovered from its own (rounded) counts.
func TestIsingRecovers(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(10, 1))
	const n = 6
	var h [n]float64
	var j [n][n]float64
	for a := range n {
		h[a] = 1 + 0.3*rng.NormFloat64()
		for b := range a {
			j[a][b] = 0.3 * rng.NormFloat64()
		}
	}
	p := make([]float64, 1<<n)
	var z float64
	for x := range p {
		var e float64
		for a := range n {
			sa := 1 - 2*float64(x>>a&1)
			e += h[a] * sa
			for b := range a {
				e += j[a][b] * sa * (1 - 2*float64(x>>b&1))
			}
		}
		p[x] = math.Exp(e)
		z += p[x]
	}
	var words []uint32
	var counts []int
	for x := range p {
		p[x] /= z
		words = append(words, uint32(x))
		counts = append(counts, int(1e15*p[x]))
	}
	s, err := NewStates(3, 2, split(words, 3), counts)
	if err != nil {
		t.Fatal(err)
	}
	for _, fit := range []func(*States) (*MaxEnt, error){FitIsing, FitKPairwise} {
		m, err := fit(s)
		if err != nil {
			t.Fatal(err)
		}
		if js := JS(p, m.Table()); js > 1e-14 {
			t.Errorf("%s is %g nats from the law (residual %g)", m.Name(), js, m.Residual)
		}
	}
}

// split cuts words of 2n bits into two timesteps.
func split(words []uint32, n int) []uint32 {
	var out []uint32
	for _, w := range words {
		out = append(out, w>>n, w&(1<<n-1))
	}
	return out
}

func TestMaxEntLimit(t *testing.T) {
	t.Parallel()
	s := &States{Neurons: 7, Timesteps: 3, Words: []uint32{0, 0, 0}, Counts: []int{1}, Total: 1}
	for _, name := range []string{"ising", "k-pairwise"} {
		if m, err := Fit(name, s); err == nil || m != nil {
			t.Errorf("%s of 21 bits: %v, %v", name, m, err)
		}
	}
	if _, err := Fit("no such model", s); err == nil {
		t.Error("no error for an unknown model")
	}
}

func BenchmarkIsing10(b *testing.B) {
	all, _, _ := loadFixture(b, 10, 1)
	for b.Loop() {
		if _, err := FitIsing(all); err != nil {
			b.Fatal(err)
		}
	}
}

// The residual is the largest difference of a moment, whichever its sign.
func TestMaxEntResidual(t *testing.T) {
	f := new(maxEntFit)
	for _, k := range []struct {
		g    []float64
		want float64
	}{{nil, 0}, {[]float64{0.1, -0.5, 0.3}, 0.5}, {[]float64{-0.1, 0.2}, 0.2}, {[]float64{-3}, 3}} {
		if got := f.residual(k.g); got != k.want {
			t.Errorf("of %v: %g, want %g", k.g, got, k.want)
		}
	}
}
