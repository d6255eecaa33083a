package calibration

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"qgan/internal/stream"
	"qgan/ir"
)

// Mistakes in a noise file are told with their whole text and their place.
func TestPlacesInNoiseFiles(t *testing.T) {
	head := "[[noise]]\ngates = [\"sx\"]\n"
	for _, k := range []struct{ text, want string }{
		{"name = 3\n", "n:1:1: name holds something else than what belongs there"},
		{"\nschema = 3\n", "n:2:1: schema holds something else than what belongs there"},
		{"\n\nb = 1\na = 1\n", `n:3:1: unknown key "b"; what belongs here: schema, name, noise, readout`},
		{"x = \n", "n:1:5: "},
		{head + "channel = \"bit-flip\"\n", "n:2:1: probability is missing"},
		{head + "channel = \"bit-flip\"\nprobability = -0.5\n", "n:4:1: probability = -0.5: it can be 0 to 1"},
		{head + "channel = 3\n", "n:3:1: channel holds something else than what belongs there"},
		{"[[noise]]\nprobability = 1\n", "n:2:1: channel is missing"},
		{head + "channel = \"depolarizing\"\nprobability = 1.34\n", "n:4:1: probability = 1.34: it can be 0 to 1.33333"},
		{head + "channel = \"depolarizing\"\n", "n:2:1: probability is missing"},
		{head + "channel = \"amplitude-damping\"\nprobability = 2\n", "n:4:1: probability = 2: it can be 0 to 1"},
		{head + "channel = \"amplitude-damping\"\nprobability = 1\nexcited = 2\n", "n:5:1: excited = 2: it can be 0 to 1"},
		{head + "channel = \"relaxation\"\nt1 = 0\nt2 = 1\ntime = 1\n", "n:6:1: t1 and t2 are above 0"},
		{head + "channel = \"relaxation\"\nt1 = 1\nt2 = 0\ntime = 1\n", "n:6:1: t1 and t2 are above 0"},
		{head + "channel = \"relaxation\"\nt1 = 1\nt2 = 2.5\ntime = 1\n", "n:6:1: t2 = 2.5 exceeds 2·t1"},
		{head + "channel = \"relaxation\"\nt1 = 1\nt2 = 1\n", "time is missing"},
		{head + "channel = \"relaxation\"\nt1 = 1\nt2 = 1\ntime = 2e6\n", "n:6:1: time = 2e+06: it can be 0 to 1e+06"},
		{head + "channel = \"pauli\"\n", "probabilities is missing"},
		{head + "channel = \"rotation\"\naxis = \"z\"\nangle = 101\n", "n:5:1: angle = 101: it can be -100 to 100"},
		{head + "channel = \"rotation\"\naxis = \"z\"\nangle = -101\n", "n:5:1: angle = -101: it can be -100 to 100"},
		{head + "channel = \"rotation\"\naxis = \"z\"\n", "n:2:1: angle is missing"},
		{head + "channel = \"rotation\"\nangle = 1\n", "axis is missing"},
		{head + "channel = \"rotation\"\nangle = 1\naxis = 3\n", "n:5:1: axis holds something else than what belongs there"},
		{head + "channel = \"kraus\"\n", "operators is missing"},
		{head + "channel = \"kraus\"\noperators = 3\n", "n:4:1: operators holds something else than what belongs there"},
		{head + "channel = \"kraus\"\noperators = [[[1, 0], [0, \"x\"]]]\n", "n:4:1: operator 1: row 2, column 2 is neither a number nor a pair of real and imaginary part"},
		{head + "channel = \"kraus\"\noperators = [[[1, 0], [0, [1, 0, 0]]]]\n", "operator 1: row 2, column 2 is neither a number nor a pair of real and imaginary part"},
		{head + "channel = \"kraus\"\noperators = [[[1, 0], [0, 1]], [[inf, 0], [0, 1]]]\n", "operator 2: row 1, column 1 is no finite number"},
		{head + "channel = \"kraus\"\noperators = [[[1, [0, nan]], [0, 1]]]\n", "operator 1: row 1, column 2 is no finite number"},
		{head + "channel = \"kraus\"\noperators = [[" + strings.TrimSuffix(strings.Repeat("[1], ", 9), ", ") + "]]\n", "operator 1: 9 rows, at most 8 are read"},
		{"[[noise]]\nchannel = \"bit-flip\"\ngates = 3\nprobability = 0.1\n", "n:3:1: gates holds something else than what belongs there"},
		{"[[noise]]\nchannel = \"bit-flip\"\ngates = []\nprobability = 0.1\n", "n:3:1: gates is empty"},
		{head + "channel = \"bit-flip\"\nqubits = []\nprobability = 0.1\n", "n:4:1: qubits is empty: leave it out to mean all"},
		{head + "channel = \"bit-flip\"\nqubits = [-1]\nprobability = 0.1\n", "n:4:1: qubits: -1 is given twice or is not 0 to 9999"},
		{head + "channel = \"bit-flip\"\nqubits = [10000]\nprobability = 0.1\n", "n:4:1: qubits: 10000 is given twice or is not 0 to 9999"},
		{head + "channel = \"bit-flip\"\nqubits = 3\nprobability = 0.1\n", "n:4:1: qubits holds something else than what belongs there"},
		{"[[noise]]\nchannel = \"kraus\"\noperators = [[[1,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1]]]\ngates = [\"sx\"]\n", "n:4:1: the channel acts on 2 qubits, sx on 1"},
		{"[[noise]]\ngates = [\"gphase\"]\nchannel = \"bit-flip\"\nprobability = 0.1\n", `n:2:1: gate "gphase" is not in the gate table; delay, reset and unitary can be named too`},
		{"[[readout]]\np1_given_0 = 0.1\np0_given_1 = 2\n", "n:3:1: p0_given_1 = 2: it can be 0 to 1"},
		{"[[readout]]\np1_given_0 = -1\np0_given_1 = 0\n", "n:2:1: p1_given_0 = -1: it can be 0 to 1"},
		{"[[readout]]\np1 = 0\n", `n:2:1: unknown key "p1"; what belongs here: qubits, p1_given_0, p0_given_1, matrix`},
		{"[[readout]]\nqubits = [0, 0]\np1_given_0 = 0\np0_given_1 = 0\n", "n:2:1: qubits: 0 is given twice"},
		{"[[readout]]\nqubits = [0]\nmatrix = 3\n", "n:3:1: matrix holds something else than what belongs there"},
		{"[[readout]]\nqubits = [0]\np1_given_0 = 0.1\nmatrix = [[1, 0], [0, 1]]\n", "n:4:1: a matrix stands for itself: leave p1_given_0 and p0_given_1 out"},
		{"[[readout]]\nqubits = [0, 1, 2, 3, 4, 5, 6]\nmatrix = [[1, 0], [0, 1]]\n", "n:3:1: a matrix needs its qubits, 1 to 6 of them"},
		// The same in JSON: the line of a key of an object in a list counts what stands before it.
		{"{\"name\": 3}", "n:1:1: name holds something else"},
		{"{\n\"noise\": [\n\n{\"gates\": [\"sx\"],\n \"channel\":\n  \"bit-flip\", \"probability\": 7}]}", "n:6:1: probability = 7: it can be 0 to 1"},
		{"{\n\"noise\": [{}, {\n\"gates\": [\"sx\"], \"channel\": \"bit-flip\", \"probability\": 0.5}]}", "n:2:1: channel is missing"},
		{"{\n\n\"readout\": [\n{\n\"p1_given_0\": 0.5,\n\"p0_given_1\": 7}]}", "n:6:1: p0_given_1 = 7"},
		{"{\n\"noise\": [\n{\"a\": 1,\n \"a\": 2}]}", `n:4:1: key "a" is given twice`},
		{"{\n\"noise\": [\n{\"gates\": [\"sx\"]}, 3]}", "n:3:"},
		{"{\n\"noise\": {}}", "n:2:1: noise is a list of objects"},
		{"{\n\"noise\": [1,]}", "n:2:"},
		{"{}\n\n x", "n:1:1: something follows the object"},
		{"{\"name\": \"x\",\n 3: 4}", "n:2:"},
		{" \n{\"nome\": 3}", `n:2:1: unknown key "nome"`},
	} {
		_, err := ReadNoiseModel(File{"n", []byte(k.text)})
		if err == nil || !strings.Contains(err.Error(), k.want) {
			t.Errorf("%q: error %v, want %q", k.text, err, k.want)
		}
	}
}

// Channels of a file are those that their keys say, also at the ends of what is taken.
func TestChannelsOfFiles(t *testing.T) {
	over, err := Over("XZ", -100)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []struct {
		gate, text string
		op         ir.Op
		want       []*Channel // one after the other, on the operation's qubits or each of them
	}{
		{"sx", "channel = \"depolarizing\"\nprobability = 1.3333333333333333", &ir.Apply{Gate: ir.SX, Qubits: []int{1}}, []*Channel{Depolarizing(1, 4.0/3)}},
		{"cx", "channel = \"depolarizing\"\nprobability = 1.3", &ir.Apply{Gate: ir.CX, Qubits: []int{1, 0}}, []*Channel{Depolarizing(2, 16.0/15)}},
		{"ccx", "channel = \"depolarizing\"\nprobability = 0.5", &ir.Apply{Gate: ir.CCX, Qubits: []int{1, 0, 2}}, []*Channel{Depolarizing(3, 0.5)}},
		{"sx", "channel = \"amplitude-damping\"\nprobability = 0.25", &ir.Apply{Gate: ir.SX, Qubits: []int{1}}, []*Channel{AmplitudeDamping(0.25, 0)}},
		{"sx", "channel = \"amplitude-damping\"\nprobability = 0.25\nexcited = 0.75", &ir.Apply{Gate: ir.SX, Qubits: []int{1}}, []*Channel{AmplitudeDamping(0.25, 0.75)}},
		{"sx", "channel = \"phase-damping\"\nprobability = 1", &ir.Apply{Gate: ir.SX, Qubits: []int{1}}, []*Channel{PhaseDamping(1)}},
		{"sx", "channel = \"relaxation\"\nt1 = 1\nt2 = 2.000000000001\ntime = 0.5", &ir.Apply{Gate: ir.SX, Qubits: []int{1}}, []*Channel{Relaxation(0.5, 1, 2, 0)}},
		{"sx", "channel = \"relaxation\"\nt1 = 1\nt2 = 0.75\ntime = 0.5", &ir.Apply{Gate: ir.SX, Qubits: []int{1}}, []*Channel{Relaxation(0.5, 1, 0.75, 0)}},
		{"cx", "channel = \"rotation\"\naxis = \"xz\"\nangle = -100", &ir.Apply{Gate: ir.CX, Qubits: []int{1, 0}}, []*Channel{over}},
		{"cx", "channel = \"phase-flip\"\nprobability = 0.25\nqubits = [1, 0]", &ir.Apply{Gate: ir.CX, Qubits: []int{1, 0}}, []*Channel{PhaseDamping(0.75), PhaseDamping(0.75)}},
		{"cx", "channel = \"phase-flip\"\nprobability = 0.25\nqubits = [1, 0]", &ir.Apply{Gate: ir.CX, Qubits: []int{0, 1}}, nil},
		{"sx", "channel = \"bit-phase-flip\"\nprobability = 0.25", &ir.Apply{Gate: ir.SX, Qubits: []int{1}}, []*Channel{{Qubits: 1, Mixture: []Branch{{0.75, "I"}, {0.25, "Y"}}}}},
		{"sx", "channel = \"bit-flip\"\nprobability = 0.25\nqubits = [9999]", &ir.Apply{Gate: ir.SX, Qubits: []int{9999}}, []*Channel{{Qubits: 1, Mixture: []Branch{{0.75, "I"}, {0.25, "X"}}}}},
		{"unitary", "channel = \"depolarizing\"\nprobability = 0.25", &ir.Unitary{Matrix: ir.Identity(4), Qubits: []int{1, 0}}, []*Channel{Depolarizing(2, 0.25)}},
		{"sx", "channel = \"kraus\"\noperators = [[[[0, 1], 0], [0, [-1.0, 0]]]]", &ir.Apply{Gate: ir.SX, Qubits: []int{1}}, []*Channel{{Qubits: 1, kraus: []ir.Matrix{{Dim: 2, A: []complex128{1i, 0, 0, -1}}}}}},
	} {
		m, err := ReadNoiseModel(File{"n", []byte("[[noise]]\ngates = [\"" + k.gate + "\"]\n" + k.text + "\n")})
		if err != nil {
			t.Errorf("%s: %v", k.text, err)
			continue
		}
		sites, err := m.After(k.op)
		if err != nil || len(sites) != len(k.want) {
			t.Errorf("%s: %v, %v", k.text, sites, err)
			continue
		}
		for i, s := range sites {
			if d := largest(s.Channel.Transfer(), k.want[i].Transfer()); d > 1e-15 || len(s.Qubits) != k.want[i].Qubits {
				t.Errorf("%s: %s on %v differs by %v", k.text, s.Channel.Name, s.Qubits, d)
			}
		}
		if len(sites) == 2 && (sites[0].Qubits[0] != 1 || sites[1].Qubits[0] != 0) {
			t.Errorf("%s: on %v", k.text, sites)
		}
	}
	for _, k := range []struct {
		text, want string
	}{
		{"channel = \"depolarizing\"\nprobability = 0.25", "unitary acts on 4 qubits, noise on at most 3 is held"},
		{"channel = \"pauli\"\nprobabilities = {XX = 0.25}", "the channel pauli XX 0.25 acts on 2 qubits, unitary on 4: give it the gates of as many qubits"},
	} {
		m, err := ReadNoiseModel(File{"n", []byte("[[noise]]\ngates = [\"unitary\"]\n" + k.text + "\n")})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.After(&ir.Unitary{Matrix: ir.Identity(16), Qubits: []int{0, 1, 2, 3}}); err == nil || err.Error() != k.want {
			t.Errorf("%v, want %q", err, k.want)
		}
	}
	// A matrix of 6 qubits is taken; readout errors that are given twice are the last.
	rows := make([]string, 64)
	for i := range rows {
		numbers := make([]string, 64)
		for j := range numbers {
			numbers[j] = "0"
		}
		numbers[i] = "1"
		rows[i] = "[" + strings.Join(numbers, ",") + "]"
	}
	m, err := ReadNoiseModel(File{"n", []byte("[[readout]]\nqubits = [5,4,3,2,1,0]\nmatrix = [" + strings.Join(rows, ",") + "]\n[[readout]]\np1_given_0 = 0\np0_given_1 = 1\n[[readout]]\nqubits = [7]\np1_given_0 = 1\np0_given_1 = 0\n")})
	if err != nil {
		t.Fatal(err)
	}
	c, err := m.Confusion([]int{0, 1, 2, 3, 4, 5, 6, 7})
	if err != nil || len(c.Groups) != 3 || !slices.Equal(c.Groups[0].Bits, []int{5, 4, 3, 2, 1, 0}) || c.Groups[1].A[0][1] != 1 || c.Groups[2].A[1][0] != 1 || c.Groups[2].A[0][1] != 0 {
		t.Errorf("%v, %v", c, err)
	}
}

// symmetricConfusion has errors of its own for each bit.
func symmetricConfusion(n int) Confusion {
	c := Confusion{Bits: n}
	for b := range n {
		e := 0.02 * float64(b+1)
		c.Groups = append(c.Groups, ConfusionGroup{[]int{b}, [][]float64{{1 - e, 1.5 * e}, {e, 1 - 1.5*e}}})
	}
	return c
}

// The overhead and the variances of each method, by their formulas.
func TestOverheads(t *testing.T) {
	c := symmetricConfusion(3)
	h := Histogram{3, []uint64{7, 0, 3, 5, 0, 2}, []int{20, 30, 10, 0, 25, 15}}
	gamma := 1.0
	for b := range 3 {
		e := 0.02 * float64(b+1)
		gamma *= (1 + 0.5*e) / (1 - 2.5*e)
	}
	q, err := c.Invert(h)
	if err != nil || math.Abs(q.Overhead/(gamma*gamma)-1) > 1e-14 || q.Bound || q.Bits != 3 || len(q.Words) != 8 {
		t.Errorf("%+v, %v", q, err)
	}
	for _, solver := range []Solver{DirectSolver, IterativeSolver} {
		q, err := c.M3(h, M3Options{Solver: solver})
		if err != nil {
			t.Fatal(err)
		}
		words, f, shots, err := h.frequencies()
		if err != nil || shots != 100 || !slices.Equal(words, []uint64{0, 2, 3, 7}) || !slices.Equal(f, []float64{0.55, 0.15, 0.1, 0.2}) {
			t.Errorf("%v, %v of %d, %v", words, f, shots, err)
		}
		m, err := c.reduced(words, 3)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := invertMatrix(m.dense())
		if norm := oneNorm(b); !slices.Equal(q.Words, words) || math.Abs(q.Overhead/(norm*norm)-1) > 1e-12 {
			t.Errorf("%s: words %v, overhead %v", solver, q.Words, q.Overhead)
		}
		if q.Bound != (solver == IterativeSolver) {
			t.Errorf("%s: bound %v", solver, q.Bound)
		}
		for i, v := range q.Variances {
			want := q.Overhead / 100
			if solver == DirectSolver {
				mean, second := 0.0, 0.0
				for j, x := range b[i] {
					mean += x * f[j]
					second += x * x * f[j]
				}
				want = (second - mean*mean) / 100
			}
			if math.Abs(v/want-1) > 1e-11 {
				t.Errorf("%s: variance %v, want %v", solver, v, want)
			}
		}
	}
	// A twirled readout: gamma is the sum of the absolute values of the kernel, and the
	// transform of a bit with error e is 1-2e.
	zeros := Histogram{1, []uint64{0, 1}, []int{900, 100}}
	u, err := Untwirl(Histogram{1, []uint64{0, 1}, []int{60, 40}}, zeros)
	if err != nil || math.Abs(u.Overhead-1/(0.8*0.8)) > 1e-14 || math.Abs(u.Weights[0]-0.625) > 1e-15 {
		t.Errorf("%+v, %v", u, err)
	}
	// A transform is told from 0 by 3 standard errors, and by 0.01 at least.
	for _, k := range []struct {
		flipped, shots int
		want           string
	}{
		{348, 1000, ""},                     // 0.304 of 100 shots' 0.3, but there are 1000
		{34, 100, ""},                       // 0.32 of 0.3
		{36, 100, "at least 0.3 is"},        // 0.28
		{49400, 100000, ""},                 // 0.012 of 0.0095, and of 0.01
		{49510, 100000, "at least 0.01 is"}, // 0.0098
		{66, 100, "at least 0.3 is needed; it is negative: outcomes are inverted"},
		{64, 100, "at least 0.3 is needed"},
	} {
		_, err := Untwirl(Histogram{1, []uint64{0}, []int{1}}, Histogram{1, []uint64{0, 1}, []int{k.shots - k.flipped, k.flipped}})
		if (err == nil) != (k.want == "") || err != nil && !strings.Contains(err.Error(), k.want) || err != nil && strings.Contains(err.Error(), "inverted") != strings.Contains(k.want, "inverted") {
			t.Errorf("%d of %d: %v, want %q", k.flipped, k.shots, err, k.want)
		}
	}
	one := Histogram{1, []uint64{0}, []int{1}}
	for _, k := range []struct {
		read, zeros Histogram
		want        string
	}{
		{Histogram{1, nil, nil}, one, "there are no shots"},
		{one, Histogram{1, nil, nil}, "of |0…0>: there are no shots"},
		{one, Histogram{2, []uint64{0}, []int{1}}, "words of 1 bits with the calibration of 2"},
	} {
		if _, err := Untwirl(k.read, k.zeros); err == nil || err.Error() != k.want {
			t.Errorf("%v, want %q", err, k.want)
		}
	}
}

// Each bound of a method: what is at it is taken, what is beyond is refused with its figures.
func TestBoundsOfMitigation(t *testing.T) {
	identity := func(bits int) [][]float64 {
		a := make([][]float64, 1<<bits)
		for i := range a {
			a[i] = make([]float64, len(a))
			a[i][i] = 1
		}
		return a
	}
	group := func(bits int, a [][]float64) Confusion {
		return Confusion{bits, []ConfusionGroup{{integers(bits), a}}}
	}
	if _, gamma, err := group(MaxGroupBits, identity(MaxGroupBits)).Inverse(); err != nil || gamma != 1 {
		t.Errorf("gamma %v, %v", gamma, err)
	}
	if _, _, err := group(11, identity(11)).Inverse(); err == nil || err.Error() != "the readout errors of 11 bits are one matrix, one of at most 10 is inverted" {
		t.Error(err)
	}
	// A pivot that is not on the diagonal: a matrix that exchanges two words is its own inverse.
	exchange := [][]float64{{1, 0, 0, 0}, {0, 0, 1, 0}, {0, 1, 0, 0}, {0, 0, 0, 1}}
	if b, ok := invertMatrix(exchange); !ok || fmt.Sprint(b) != fmt.Sprint(exchange) {
		t.Errorf("%v, %v", b, ok)
	}
	if b, ok := invertMatrix([][]float64{{1e-20, 1}, {1, 1}}); !ok || math.Abs(b[0][0]+1) > 1e-12 || math.Abs(b[0][1]-1) > 1e-12 || math.Abs(b[1][1]) > 1e-12 {
		t.Errorf("a small pivot: %v", b)
	}
	if b, ok := invertMatrix([][]float64{{1, 1}, {1, 1}}); ok || b != nil {
		t.Errorf("a singular matrix: %v", b)
	}
	h := Histogram{2, []uint64{0, 1, 2, 3}, []int{1, 1, 1, 1}}
	near := group(2, [][]float64{{1, 0, 0, 0}, {0, 0.503, 0.497, 0}, {0, 0.497, 0.503, 0}, {0, 0, 0, 1}}) // norm 1/0.006
	var texts []string
	for _, solver := range []Solver{DirectSolver, IterativeSolver} {
		_, err := near.M3(h, M3Options{Solver: solver})
		texts = append(texts, fmt.Sprint(err))
	}
	_, err := near.Invert(h)
	for i, want := range []string{
		"the readout of bit 0, bit 1 can't be undone: the matrix of the words that were read is singular or nearly so (the one-norm of its inverse is 167, at most 100 is taken)",
		"the readout of bit 0, bit 1 can't be undone: the matrix of the words that were read is singular or nearly so (the one-norm of its inverse is 167, at most 100 is taken)",
		"the readout of bit 0, bit 1 can't be undone: their confusion matrix is singular or nearly so (the one-norm of its inverse is 167, at most 100 is taken)",
	} {
		if got := append(texts, fmt.Sprint(err))[i]; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	singular := group(2, [][]float64{{1, 0, 0, 0}, {0, 0.5, 0.5, 0}, {0, 0.5, 0.5, 0}, {0, 0, 0, 1}})
	if _, err := singular.M3(h, M3Options{Solver: DirectSolver}); err == nil || !strings.Contains(err.Error(), "one-norm of its inverse is +Inf") {
		t.Error(err)
	}
	if !(&NotInvertible{}).BadInput() {
		t.Error("a readout that can't be undone is no fault of the input")
	}
	// The largest numbers of words that each way takes.
	words := func(n int) Histogram {
		h := Histogram{Bits: 13, Words: make([]uint64, n), N: make([]int, n)}
		for i := range n {
			h.Words[i], h.N[i] = uint64(i), 1
		}
		return h
	}
	if _, err := (Confusion{Bits: 13}).M3(words(maxInverse+1), M3Options{Solver: DirectSolver}); err == nil || err.Error() != "4097 words were read, the matrix of at most 4096 is inverted: solve iteratively" {
		t.Error(err)
	}
	for n, bound := range map[int]bool{maxDirect: false, maxDirect + 1: true} {
		if q, err := (Confusion{Bits: 13}).M3(words(n), M3Options{}); err != nil || q.Bound != bound || q.Weights[n-1] != 1/float64(n) {
			t.Errorf("%d words: %v", n, err)
		}
	}
	// A word that is never read as one that was.
	swapped := Confusion{2, []ConfusionGroup{{[]int{0, 1}, exchange}}}
	if _, err := swapped.reduced([]uint64{0, 1}, 2); err == nil || err.Error() != "the word 01 was read, and neither it nor a word near it is read as any that was" {
		t.Error(err)
	}
	// The calibration's own error is told for four bits together, not for five.
	for bits := 4; bits <= 5; bits++ {
		e := Estimate{group(bits, identity(bits)), [][]int{slices.Repeat([]int{100}, 1<<bits)}}
		_, err := e.M3(Histogram{bits, []uint64{0}, []int{1}}, M3Options{})
		if (err == nil) != (bits == 4) || err != nil && err.Error() != "m3 with a calibration of 5 bits together, of at most 4 their own error is told: invert the whole instead" {
			t.Error(err)
		}
	}
}

// GMRES with its preconditioner needs one step of a diagonal matrix, and no more steps than
// there are words; both directions solve; the norm of the inverse is found where the climb has
// to leave the columns that it begins at.
func TestGMRES(t *testing.T) {
	diagonal := &sparse{start: []int{0, 1, 2, 3}, rows: []int32{0, 1, 2}, values: []float64{0.5, 0.25, 0.125}}
	g := diagonal.gmres(1e-14)
	b := []float64{1, 2, 3}
	x := make([]float64, 3)
	if steps := g.cycle(x, slices.Clone(b), norm2(b), 1e-14, false); steps != 1 || largestOf(x, []float64{2, 8, 24}) > 1e-13 {
		t.Errorf("%d steps to %v", steps, x)
	}
	if n := norm2([]float64{2, 3, 6}); n != 7 {
		t.Errorf("norm %v", n)
	}
	// 0 on the diagonal counts as 1.
	exchange := &sparse{start: []int{0, 1, 2}, rows: []int32{1, 0}, values: []float64{0.5, 0.25}}
	if d := exchange.diagonal(); !slices.Equal(d, []float64{1, 1}) {
		t.Errorf("diagonal %v", d)
	}
	for transposed, want := range map[bool][]float64{false: {8, 2}, true: {4, 4}} {
		if x, err := exchange.gmres(1e-14).solve([]float64{1, 2}, transposed); err != nil || largestOf(x, map[bool][]float64{false: {4, 4}, true: {8, 2}}[transposed]) > 1e-13 && largestOf(x, want) > 1e-13 {
			t.Errorf("transposed %v: %v, %v", transposed, x, err)
		}
	}
	rng := stream.New(5, "gmres")
	exact := 0
	for round := range 20 {
		n := 60
		dense := make([][]float64, n)
		m := &sparse{start: []int{0}}
		for i := range dense {
			dense[i] = make([]float64, n)
		}
		for c := range n {
			sum := 0.0
			for r := range n {
				if v := rng.Float64(); r != c && v < 0.2 {
					dense[r][c] = v / 4
					sum += v / 4
				}
			}
			dense[c][c] = sum * (1.5 + rng.Float64())
			sum += dense[c][c]
			for r := range n {
				dense[r][c] /= sum
				if dense[r][c] != 0 {
					m.rows, m.values = append(m.rows, int32(r)), append(m.values, dense[r][c])
				}
			}
			m.start = append(m.start, len(m.rows))
		}
		inverse, ok := invertMatrix(dense)
		if !ok {
			t.Fatal("singular")
		}
		b := make([]float64, n)
		for i := range b {
			b[i] = rng.NormFloat64()
		}
		g := m.gmres(1e-14)
		for _, transposed := range []bool{false, true} {
			want := make([]float64, n)
			for i := range want {
				for j := range b {
					if transposed {
						want[i] += inverse[j][i] * b[j]
					} else {
						want[i] += inverse[i][j] * b[j]
					}
				}
			}
			if x, err := g.solve(b, transposed); err != nil || largestOf(x, want) > 1e-11 {
				t.Errorf("round %d, transposed %v: off by %v, %v", round, transposed, largestOf(x, want), err)
			}
		}
		norm, err := g.inverseNorm()
		if err != nil {
			t.Fatal(err)
		}
		if true := oneNorm(inverse); norm > true*(1+1e-12) {
			t.Errorf("round %d: norm %v, the inverse has %v", round, norm, true)
		} else if norm > true*(1-1e-12) {
			exact++
		}
	}
	if exact < 18 {
		t.Errorf("the norm is exact %d times of 20", exact)
	}
	// A goal that rounding doesn't allow is an error with both figures.
	_, err := (&gmres{exchange, []float64{1, 1}, 0}).solve([]float64{0.1, 0.3}, false)
	if err != nil && !strings.Contains(err.Error(), ", 0 is asked for: allow more, or solve directly") {
		t.Error(err)
	}
}

// Prepared words, their circuits, and what is refused of them.
func TestPreparations(t *testing.T) {
	like := ir.New(3, 2)
	like.Name, like.Trained, like.Data, like.Phase = "model", []string{"a"}, []string{"x"}, ir.Const(1)
	like.Gate(ir.H, []int{0})
	r := ReadoutCircuits{Like: like, Qubits: []int{2, 1}, Bits: []int{1, 0}}
	for word, want := range []string{"2>1 1>0", "x1 2>1 1>0", "x2 2>1 1>0", "x2 x1 2>1 1>0"} {
		c := r.Prepare(uint64(word))
		var got []string
		for _, op := range c.Ops {
			switch op := op.(type) {
			case *ir.Apply:
				got = append(got, fmt.Sprint(op.Gate, op.Qubits[0]))
			case *ir.Measure:
				got = append(got, fmt.Sprint(op.Qubit, ">", op.Bit))
			}
		}
		if s := strings.ReplaceAll(strings.Join(got, "|"), " ", ""); strings.ReplaceAll(s, "|", " ") != want {
			t.Errorf("word %d: %s, want %s", word, s, want)
		}
		if c.Name != "readout" || c.Trained != nil || c.Data != nil || !c.Phase.IsZero() || c.Qubits != 3 || c.Bits != 2 {
			t.Errorf("circuit %+v", c)
		}
	}
	if len(like.Ops) != 1 || like.Name != "model" {
		t.Error("the circuit that was taken over has changed")
	}
	r.Flip = func(q int) []ir.Op {
		return []ir.Op{&ir.Apply{Gate: ir.SX, Qubits: []int{q}}, &ir.Apply{Gate: ir.SX, Qubits: []int{q}}}
	}
	if c := r.Prepare(0b10); len(c.Ops) != 4 || c.Ops[1].(*ir.Apply).Gate != ir.SX {
		t.Errorf("a flip of one's own: %v", c.Ops)
	}
	// The first five columns of the balanced words are the single bits, the next those of three.
	for n, want := range map[int]int{1: 2, 4: 16, 5: 32, 6: 32, 16: 32, 17: 64, 32: 64, 33: 128, 64: 128} {
		if got := len(BalancedWords(n)); got != want {
			t.Errorf("%d bits: %d words, want %d", n, got, want)
		}
	}
	if w := BalancedWords(7); w[1] != 0b1000011 || w[2] != 0b0100011 || w[4] != 0b0010010 || w[8] != 0b0001001 || w[16] != 0b0000100 || w[31] != 0b1111111 {
		t.Errorf("of 7 bits: %07b", w)
	}
	if w := TensoredWords(64); w[0] != 0 || w[1] != math.MaxUint64 {
		t.Errorf("of 64 bits: %x", w)
	}
	one := Histogram{2, []uint64{0}, []int{1}}
	for _, k := range []struct {
		prepared []uint64
		read     []Histogram
		want     string
	}{
		{nil, nil, "0 histograms of 0 prepared words"},
		{[]uint64{0}, []Histogram{one, one}, "2 histograms of 1 prepared words"},
		{[]uint64{0, 1}, []Histogram{one, {3, []uint64{0}, []int{1}}}, "histograms of 2 and of 3 bits"},
		{[]uint64{0}, []Histogram{{2, nil, nil}}, "there are no shots"},
		{[]uint64{4}, []Histogram{one}, "the prepared word 100 has more than 2 bits"},
	} {
		_, full := EstimateFull(k.prepared, k.read)
		_, tensored := EstimateTensored(k.prepared, k.read)
		for _, err := range []error{full, tensored} {
			if err == nil || err.Error() != k.want {
				t.Errorf("%v, want %q", err, k.want)
			}
		}
	}
	if _, err := EstimateFull([]uint64{0}, []Histogram{{11, []uint64{0}, []int{1}}}); err == nil || err.Error() != "the errors of 11 bits together need 2^11 circuits, they are estimated for at most 10 bits" {
		t.Error(err)
	}
	if _, err := EstimateFull([]uint64{0}, []Histogram{{10, []uint64{0}, []int{1}}}); err == nil || err.Error() != "the word 0000000001 was never prepared" {
		t.Error(err)
	}
	if _, err := EstimateTensored([]uint64{1}, []Histogram{one}); err == nil || err.Error() != "bit 0 was never prepared as 1" {
		t.Error(err)
	}
	// A word that was prepared twice counts with all of its shots.
	e, err := EstimateTensored([]uint64{0, 1, 0}, []Histogram{{1, []uint64{0, 1}, []int{6, 2}}, {1, []uint64{1}, []int{5}}, {1, []uint64{1}, []int{8}}})
	if err != nil || e.Groups[0].A[1][0] != 0.625 || e.Groups[0].A[0][0] != 0.375 || e.Groups[0].A[1][1] != 1 || !slices.Equal(e.Shots[0], []int{16, 5}) {
		t.Errorf("%+v, %v", e, err)
	}
	if s := e.StdErr(0); math.Abs(s[1][0]-math.Sqrt(0.625*0.375/16)) > 1e-16 || s[1][1] != 0 {
		t.Errorf("standard errors %v", s)
	}
	if s := (Estimate{Confusion: e.Confusion}).StdErr(0); s[1][0] != 0 || len(s) != 2 {
		t.Errorf("of an exact confusion: %v", s)
	}
}
