package shots_test

import (
	"errors"
	"hash/fnv"
	"math"
	"slices"
	"strings"
	"testing"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/ir"
	"qgan/training"
	"qgan/training/internal/traintest"
	"qgan/training/shots"
)

// The circuit of these tests has places of every kind: symbols that stand at two places, two
// symbols at one, factors, products with data, and a gate whose rule has four terms. Of the
// trained t and the data z the angles of its places are
//
//	a0 = 0.3 + 0.5 t0,  a1 = 0.7 t0 z0 + 0.4 z1,  a2 = t1 + 1.3 t1 z0 + 0.6 t2,  a3 = t2
const (
	places  = 4
	symbols = 3
	inputs  = 2
	width   = 4
)

func mixed() *ir.Circuit {
	c := ir.New(2, 0)
	for range symbols {
		c.TrainedSymbol("t")
	}
	for range inputs {
		c.DataSymbol("z")
	}
	c.Gate(ir.RY, []int{0}, ir.Angle{Const: 0.3, Terms: []ir.Term{{Coef: 0.5, Trained: 0, Data: ir.None}}})
	c.Gate(ir.RX, []int{1}, ir.Angle{Terms: []ir.Term{{Coef: 0.4, Trained: ir.None, Data: 1}, {Coef: 0.7, Trained: 0, Data: 0}}})
	c.Gate(ir.CX, []int{0, 1})
	c.Gate(ir.RY, []int{0}, ir.Angle{Terms: []ir.Term{{Coef: 1, Trained: 1, Data: ir.None}, {Coef: 1.3, Trained: 1, Data: 0}, {Coef: 0.6, Trained: 2, Data: ir.None}}})
	c.Gate(ir.CRX, []int{0, 1}, ir.Trained(1, 2))
	return c
}

// anglesOf are the places' angles, and their derivatives by t and by z.
func anglesOf(t, z []float64) (a []float64, byT [places][symbols]float64, byZ [places][inputs]float64) {
	a = []float64{0.3 + 0.5*t[0], 0.7*t[0]*z[0] + 0.4*z[1], t[1] + 1.3*t[1]*z[0] + 0.6*t[2], t[2]}
	byT = [places][symbols]float64{{0.5, 0, 0}, {0.7 * z[0], 0, 0}, {0, 1 + 1.3*z[0], 0.6}, {0, 0, 1}}
	byZ = [places][inputs]float64{{}, {0.7 * t[0], 0.4}, {1.3 * t[1], 0}, {}}
	return a, byT, byZ
}

// termsOf is a place's rule: two terms of a rotation, four of a controlled one (Anselmetti et
// al. 2021, eq. 8).
func termsOf(place int) [][2]float64 {
	if place < 3 {
		return [][2]float64{{0.5, math.Pi / 2}, {-0.5, -math.Pi / 2}}
	}
	plus, minus := (math.Sqrt2+1)/(4*math.Sqrt2), (math.Sqrt2-1)/(4*math.Sqrt2)
	return [][2]float64{{plus, math.Pi / 2}, {-plus, -math.Pi / 2}, {-minus, 3 * math.Pi / 2}, {minus, -3 * math.Pi / 2}}
}

// scattered gives each row of angles counts of its own.
func scattered(angles []float64, shots int) backends.Outcome {
	h := fnv.New64a()
	for _, a := range angles {
		h.Write([]byte{byte(int(math.Round(a*1e6)) >> 16), byte(int(math.Round(a*1e6)) >> 8), byte(int(math.Round(a * 1e6)))})
	}
	x, rest, o := h.Sum64(), shots, backends.Outcome{Shots: shots}
	for w := range uint64(width) {
		n := min(rest, int(x>>(16*w)%uint64(shots/2+1)))
		if w == width-1 {
			n = rest
		}
		o.Counts = append(o.Counts, backends.Count{Word: w, N: n})
		rest -= n
	}
	return o
}

// meanOf is the mean of f over an outcome, and its variance with one shot.
func meanOf(o backends.Outcome, f []float64) (mean, variance float64) {
	n := float64(o.Shots)
	for _, c := range o.Counts {
		mean += float64(c.N) / n * f[c.Word]
	}
	for _, c := range o.Counts {
		variance += float64(c.N) / (n - 1) * (f[c.Word] - mean) * (f[c.Word] - mean)
	}
	return mean, variance
}

// The rows and lanes of these tests: each trained row has lanes of its own data, one pair is
// there twice, and the function of one lane is constant.
var (
	trainedRows = [][]float64{{0.4, -0.9, 1.2}, {1.5, 0.3, -0.6}}
	dataRows    = [][]float64{{0.8, -0.5}, {-1.1, 0.2}}
	lanes       = []backends.Lane{{Trained: 1, Data: 0}, {Trained: 0, Data: 1}, {Trained: 0, Data: 0}, {Trained: 1, Data: 1}, {Trained: 1, Data: 1}}
	functions   = []float64{1, -2, 0.5, 3, 0, 1, 2, -1, 4, 4, 4, 4, -3, 1, 1, 2, 0.5, 0.25, 2, -2}
)

// expected is what a gradient at those rows asks for and gives.
type expected struct {
	rows                 [][]float64
	shots                []int
	trained, data        []float64
	shotVariance, latent []float64
	single               []float64 // variance of a single shot, by row and place
}

// shiftOf is the shift rule written down place by place, of the symbols that are wanted.
func shiftOf(want func(row, symbol int) bool, data bool, each func(row, place int) int) expected {
	rows := len(trainedRows)
	e := expected{
		trained: make([]float64, rows*symbols), data: make([]float64, len(lanes)*inputs),
		shotVariance: make([]float64, rows*symbols), latent: make([]float64, rows*symbols), single: make([]float64, rows*places),
	}
	for i := range e.single {
		e.single[i] = math.NaN()
	}
	values := make([][]float64, rows*symbols)
	for i, lane := range lanes {
		f := functions[i*width:][:width]
		if slices.Max(f) == slices.Min(f) {
			continue
		}
		a, byT, byZ := anglesOf(trainedRows[lane.Trained], dataRows[lane.Data])
		own := make([]float64, symbols)
		for k := range places {
			asked := data && byZ[k] != [inputs]float64{}
			for s := range symbols {
				asked = asked || byT[k][s] != 0 && want(lane.Trained, s)
			}
			if !asked {
				continue
			}
			slope, variance, n := 0.0, 0.0, each(lane.Trained, k)
			at := lane.Trained*places + k
			for _, t := range termsOf(k) {
				row := slices.Clone(a)
				row[k] += t[1]
				e.rows, e.shots = append(e.rows, row), append(e.shots, n)
				mean, v := meanOf(scattered(row, n), f)
				slope += t[0] * mean
				variance += t[0] * t[0] * v / float64(n)
				if math.IsNaN(e.single[at]) {
					e.single[at] = 0
				}
				e.single[at] += t[0] * t[0] * v
			}
			for s := range symbols {
				if want(lane.Trained, s) {
					own[s] += byT[k][s] * slope
					e.shotVariance[lane.Trained*symbols+s] += byT[k][s] * byT[k][s] * variance
				}
			}
			for z := range inputs {
				e.data[i*inputs+z] += byZ[k][z] * slope
			}
		}
		for s, x := range own {
			if at := lane.Trained*symbols + s; want(lane.Trained, s) {
				values[at] = append(values[at], x)
			}
		}
	}
	for i, v := range values {
		sum, square, n := 0.0, 0.0, float64(len(v))
		for _, x := range v {
			sum += x
			square += x * x
		}
		e.trained[i] = sum
		if n > 1 {
			e.latent[i] = max(0, n/(n-1)*(square-sum*sum/n)-e.shotVariance[i])
		}
	}
	return e
}

// near compares figures one by one.
func near(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d figures, want %d", what, len(got), len(want))
		return
	}
	for i, x := range got {
		if !traintest.Near(x, want[i], 1e-9) {
			t.Errorf("%s %d: %g, want %g", what, i, x, want[i])
		}
	}
}

// asked compares the circuits of a request with those expected.
func asked(t *testing.T, q backends.Request, want expected) {
	t.Helper()
	if len(q.Bindings.Trained) != len(want.rows) || !slices.Equal(q.Shots, want.shots) {
		t.Errorf("%d circuits with the shots %v, want %d with %v", len(q.Bindings.Trained), q.Shots, len(want.rows), want.shots)
		return
	}
	for i, row := range q.Bindings.Trained {
		near(t, "angle of a circuit", row, want.rows[i])
	}
}

// differentiated takes a law into a buffer that was used before, and changes the rows after.
func differentiated(t *testing.T, e *shots.Estimator) (backends.Differentiable, []float64) {
	t.Helper()
	d, err := e.Differentiate(mixed(), backends.Probabilities)
	if err != nil {
		t.Fatal(err)
	}
	b := backends.Bindings{Lanes: slices.Clone(lanes)}
	for i := range trainedRows {
		b.Trained, b.Data = append(b.Trained, slices.Clone(trainedRows[i])), append(b.Data, slices.Clone(dataRows[i]))
	}
	law := slices.Repeat([]float64{9}, len(functions))
	if err := d.Forward(t.Context(), b, law); err != nil {
		t.Fatal(err)
	}
	for i := range b.Trained { // they are the caller's again
		clear(b.Trained[i])
		clear(b.Data[i])
	}
	clear(b.Lanes)
	return d, law
}

// A gradient of several rows and lanes: each symbol's derivative, by its row, and each
// input's, by its lane, with the circuits and shots that it takes.
func TestShiftOfRows(t *testing.T) {
	everything := func(int, int) bool { return true }
	nothing := func(int, int) bool { return false }
	for _, k := range []struct {
		name          string
		trained, data bool
	}{{"both", true, true}, {"trained alone", true, false}, {"data alone", false, true}} {
		r := &scripted{outcome: scattered}
		e := &shots.Estimator{Runner: r, Gradient: training.GradientShift, Shots: 12}
		m := &training.Moments{}
		e.Begin(3, m)
		d, law := differentiated(t, e)
		for i, lane := range lanes {
			a, _, _ := anglesOf(trainedRows[lane.Trained], dataRows[lane.Data])
			near(t, "angle of a law", r.last().Bindings.Trained[i], a)
			for w, c := range scattered(a, 12).Counts {
				if got := law[i*width+w]; got != float64(c.N)/12 {
					t.Errorf("law of lane %d: P(%d) = %g, want %d of 12", i, w, got, c.N)
				}
			}
		}
		var trained, data []float64
		want := shiftOf(nothing, k.data, func(int, int) int { return 12 })
		if k.trained {
			want = shiftOf(everything, k.data, func(int, int) int { return 12 })
			trained = make([]float64, len(want.trained))
		}
		if k.data {
			data = make([]float64, len(want.data))
		}
		if err := d.Backward(t.Context(), functions, trained, data); err != nil {
			t.Fatal(err)
		}
		t.Run(k.name, func(t *testing.T) {
			asked(t, r.last(), want)
			near(t, "single-shot variance", m.ShotVariances, zeroed(want.single))
			if k.data {
				near(t, "derivative by data", data, want.data)
			}
			if !k.trained {
				return
			}
			near(t, "derivative", trained, want.trained)
			g := e.Last()
			near(t, "estimate", g.Value, want.trained)
			near(t, "variance by shots", g.ShotVariance, want.shotVariance)
			near(t, "variance by latent vectors", g.LatentVariance, want.latent)
			near(t, "first mean", m.Derivatives, want.trained)
			row := e.Measured()
			if row.Circuits != len(lanes)+len(want.rows) || row.Shots != 12*row.Circuits {
				t.Errorf("%+v measured", row)
			}
			gradient, ofShots, ofLatents := g.Norms()
			if row.Gradient != gradient || row.ShotError != ofShots || row.LatentError != ofLatents || ofShots == ofLatents {
				t.Errorf("a row of %+v, norms %g, %g and %g", row, gradient, ofShots, ofLatents)
			}
			// The next step begins without a gradient and what was measured.
			if e.Begin(4, m); e.Last() != nil || e.Measured() != (training.MeasuredRow{}) {
				t.Errorf("a new step has measured %+v", e.Measured())
			}
		})
	}
}

// zeroed are values with 0 for what is not known: a mean that begins there.
func zeroed(values []float64) []float64 {
	out := slices.Clone(values)
	for i, x := range out {
		if math.IsNaN(x) {
			out[i] = 0
		}
	}
	return out
}

// Shots of each row's places are allocated by the variances of that row's places, those of
// laws are the most; what was measured counts by the shots that it had.
func TestAllocationOfRows(t *testing.T) {
	const least, most = 6, 40
	r := &scripted{outcome: scattered}
	e := &shots.Estimator{Runner: r, Gradient: training.GradientShift, Shots: least, MaxShots: most}
	m := &training.Moments{Derivatives: []float64{1, 0, -2, 0, 2, 0}, ShotVariances: []float64{1, 4, 0, 9, 16, 25, 36, 49}}
	e.Begin(0, m)
	d, _ := differentiated(t, e)
	if !slices.Equal(r.last().Shots, []int{most}) {
		t.Errorf("a law has the shots %v", r.last().Shots)
	}
	// Σσ = 28 and |∇|² = 9: σ·28/9, rounded up.
	allocated := []int{6, 7, 6, 10, 13, 16, 19, 22}
	each := func(row, place int) int { return allocated[row*places+place] }
	want := shiftOf(func(int, int) bool { return true }, false, each)
	trained := make([]float64, len(want.trained))
	if err := d.Backward(t.Context(), functions, trained, nil); err != nil {
		t.Fatal(err)
	}
	asked(t, r.last(), want)
	near(t, "derivative", trained, want.trained)
	all := most * len(lanes)
	for _, n := range want.shots {
		all += n
	}
	if got := e.Measured(); got.Shots != all {
		t.Errorf("%d shots were measured, want %d", got.Shots, all)
	}
	for i, v := range []float64{1, 4, 0, 9, 16, 25, 36, 49} {
		if want := 0.9*v + 0.1*want.single[i]; !traintest.Near(m.ShotVariances[i], want, 1e-9) {
			t.Errorf("running variance %d: %g, want %g", i, m.ShotVariances[i], want)
		}
	}
	// More than the most are wanted: by a little, and without end.
	for _, square := range []float64{1.5, 0} {
		m = &training.Moments{Derivatives: []float64{math.Sqrt(square), 0, 0, 0, 0, 0}, ShotVariances: slices.Repeat([]float64{9}, 8)}
		e.Begin(0, m)
		if d, _ = differentiated(t, e); d.Backward(t.Context(), functions, make([]float64, 6), nil) != nil || slices.Max(r.last().Shots) != most || slices.Min(r.last().Shots) != most {
			t.Errorf("|∇|² = %g: shots %v", square, r.last().Shots)
		}
	}
}

// signsOf reads the signs of a perturbation off the angles of its two circuits, which must be
// those of the moved symbols.
func signsOf(t *testing.T, plus, minus []float64, lane backends.Lane, size float64) []float64 {
	t.Helper()
	base, z := trainedRows[lane.Trained], dataRows[lane.Data]
	up := []float64{(plus[0] - 0.3) / 0.5, (plus[2] - 0.6*plus[3]) / (1 + 1.3*z[0]), plus[3]}
	signs, down := make([]float64, symbols), make([]float64, symbols)
	for s := range signs {
		signs[s] = math.Round((up[s] - base[s]) / size)
		up[s], down[s] = base[s]+signs[s]*size, base[s]-signs[s]*size
	}
	wantUp, _, _ := anglesOf(up, z)
	wantDown, _, _ := anglesOf(down, z)
	near(t, "angle moved up", plus, wantUp)
	near(t, "angle moved down", minus, wantDown)
	return signs
}

// perturbed adds SPSA's part to a gradient, by the circuits of a request.
func perturbed(t *testing.T, q backends.Request, size float64, e *expected) (signs [][]float64) {
	t.Helper()
	rows, at := q.Bindings.Trained, 0
	values := make([][]float64, len(e.trained))
	for i, lane := range lanes {
		f := functions[i*width:][:width]
		if slices.Max(f) == slices.Min(f) {
			continue
		}
		if at+1 >= len(rows) {
			t.Fatalf("%d circuits", len(rows))
		}
		own := signsOf(t, rows[at], rows[at+1], lane, size)
		plus, v := meanOf(scattered(rows[at], q.Shots[0]), f)
		minus, w := meanOf(scattered(rows[at+1], q.Shots[0]), f)
		at += 2
		signs = append(signs, own)
		for s, sign := range own {
			if sign == 0 {
				continue
			}
			k := lane.Trained*symbols + s
			values[k] = append(values[k], sign*(plus-minus)/(2*size))
			e.shotVariance[k] += (v + w) / float64(q.Shots[0]) / (4 * size * size)
		}
	}
	for k, v := range values {
		sum, square, n := 0.0, 0.0, float64(len(v))
		for _, x := range v {
			sum += x
			square += x * x
		}
		e.trained[k] += sum
		if n > 1 {
			e.latent[k] = max(0, n/(n-1)*(square-sum*sum/n)-e.shotVariance[k])
		}
	}
	return signs
}

// SPSA of several rows and lanes, alone and for the symbols that are not guided: the largest
// derivatives of all rows are shifted, in their rows alone.
func TestPerturbationOfRows(t *testing.T) {
	const size, least, most = 0.15, 9, 31
	known := []float64{0.1, 5, -0.2, -4, 0, 3} // t1 of row 0, t0 and t2 of row 1 are the largest
	for _, guided := range []bool{false, true} {
		r := &scripted{outcome: scattered}
		e := &shots.Estimator{Runner: r, Gradient: training.GradientSPSA, Shots: least, MaxShots: most, Perturbation: size, Share: 0.5}
		largest := func(row, symbol int) bool { return false }
		if guided {
			e.Gradient = training.GradientGuided
			largest = func(row, symbol int) bool { return math.Abs(known[row*symbols+symbol]) > 1 }
		}
		m := &training.Moments{Derivatives: slices.Clone(known)}
		e.Begin(0, m)
		d, _ := differentiated(t, e)
		trained := make([]float64, len(known))
		if err := d.Backward(t.Context(), functions, trained, nil); err != nil {
			t.Fatal(err)
		}
		want := shiftOf(largest, false, func(int, int) int { return least })
		if guided {
			asked(t, r.asked[1], want)
		}
		if got, want := len(r.asked), map[bool]int{false: 2, true: 3}[guided]; got != want || !slices.Equal(r.last().Shots, []int{most}) {
			t.Fatalf("guided %v: %d requests, the last with the shots %v", guided, got, r.last().Shots)
		}
		signs := perturbed(t, r.last(), size, &want)
		var moving []int // trained rows of the lanes whose function is not constant
		for i, lane := range lanes {
			if f := functions[i*width:][:width]; slices.Max(f) > slices.Min(f) {
				moving = append(moving, lane.Trained)
			}
		}
		for i, own := range signs {
			for s, sign := range own {
				if still := largest(moving[i], s); still != (sign == 0) {
					t.Errorf("guided %v: row %d moves symbol %d by %g", guided, moving[i], s, sign)
				}
			}
		}
		if !guided && slices.EqualFunc(signs[1:], signs[:3], slices.Equal[[]float64]) {
			t.Errorf("all lanes move alike: %v", signs)
		}
		near(t, "derivative", trained, want.trained)
		near(t, "variance by shots", e.Last().ShotVariance, want.shotVariance)
		near(t, "variance by latent vectors", e.Last().LatentVariance, want.latent)
		for i, x := range m.Derivatives {
			if !traintest.Near(x, 0.9*known[i]+0.1*want.trained[i], 1e-9) {
				t.Errorf("guided %v: running derivative %d is %g", guided, i, x)
			}
		}
		if err := d.Backward(t.Context(), functions, trained, make([]float64, len(lanes)*inputs)); err == nil || !strings.Contains(err.Error(), "are shifted one by one; use parameter-shift") {
			t.Errorf("guided %v, derivatives by data: %v", guided, err)
		}
	}
}

// Where nothing is known yet the symbols that are shifted are chosen by the seed.
func TestGuidedWithoutKnowledge(t *testing.T) {
	still := func(seed uint64) (out []bool) {
		r := &scripted{outcome: scattered}
		e := &shots.Estimator{Runner: r, Gradient: training.GradientGuided, Shots: 9, Share: 0.5, Seed: seed}
		d, _ := differentiated(t, e)
		if err := d.Backward(t.Context(), functions, make([]float64, 6), nil); err != nil {
			t.Fatal(err)
		}
		for _, own := range perturbed(t, r.last(), 0.2, &expected{trained: make([]float64, 6), shotVariance: make([]float64, 6), latent: make([]float64, 6)}) {
			for _, sign := range own {
				out = append(out, sign == 0)
			}
		}
		return out
	}
	first, others := still(0), 0
	if !slices.Equal(first, still(0)) {
		t.Error("the same seed chooses other symbols")
	}
	for seed := range uint64(5) {
		if !slices.Equal(first, still(seed+1)) {
			others++
		}
	}
	if others == 0 {
		t.Error("six seeds choose the same symbols")
	}
}

// What a call draws depends on the seed, the step and its number in the step.
func TestSeedsOfCalls(t *testing.T) {
	r := &scripted{outcome: scattered}
	e := &shots.Estimator{Runner: r, Gradient: training.GradientShift, Shots: 8}
	for _, step := range []int{5, 5, 6} {
		e.Begin(step, nil)
		d, _ := differentiated(t, e)
		if err := d.Backward(t.Context(), functions, make([]float64, 6), nil); err != nil {
			t.Fatal(err)
		}
	}
	var seeds []uint64
	for _, q := range r.asked {
		seeds = append(seeds, q.Seed)
	}
	if !slices.Equal(seeds[:2], seeds[2:4]) || seeds[0] == seeds[1] || seeds[0] == seeds[4] || seeds[1] == seeds[5] || seeds[4] == seeds[5] {
		t.Errorf("seeds %v", seeds)
	}
}

// A law is of the shots that came back, which may be fewer than were asked for, and of words
// that were read: no other has any of it.
func TestLawOfWhatCameBack(t *testing.T) {
	r := &scripted{outcome: func(_ []float64, shots int) backends.Outcome {
		return backends.Outcome{Shots: shots / 2, Counts: []backends.Count{{Word: 1, N: shots / 2}}}
	}}
	e := &shots.Estimator{Runner: r, Shots: 40}
	d, err := e.Evaluator(turn(), backends.Probabilities)
	if err != nil {
		t.Fatal(err)
	}
	law := []float64{7, 7}
	if err := d.Values(t.Context(), backends.Bindings{Trained: [][]float64{{1, 0}}, Data: [][]float64{{0}}}, law); err != nil || law[0] != 0 || law[1] != 1 {
		t.Errorf("law %v, %v", law, err)
	}
}

// An estimator measures as its configuration says, laws of at most as many qubits as neurons
// are known of.
func TestNewEstimator(t *testing.T) {
	r := &scripted{outcome: even}
	c := training.Config{Mitigation: backends.MitigateM3, Gradient: training.GradientGuided, Shots: 3, MaxShots: 5, Perturbation: 0.7, Seed: 11}
	e := shots.NewEstimator(c, r)
	if e.Runner != backends.Runner(r) || e.Mitigation != c.Mitigation || e.Gradient != c.Gradient || e.Shots != 3 || e.MaxShots != 5 || e.Perturbation != 0.7 || e.Seed != 11 {
		t.Errorf("%+v", e)
	}
	if _, err := e.Differentiate(ir.New(training.MaxNeurons, 0), backends.Probabilities); err != nil {
		t.Error(err)
	}
	if _, err := e.Differentiate(ir.New(training.MaxNeurons+1, 0), backends.Probabilities); err == nil || !strings.Contains(err.Error(), "frequencies are kept of at most") {
		t.Errorf("too many qubits: %v", err)
	}
	if _, err := e.Evaluator(turn(), backends.ExpectationZ); err == nil {
		t.Error("expectation values are taken from shots")
	}
	d, _ := differentiated(t, &shots.Estimator{Runner: r, Gradient: training.GradientAdjoint, Shots: 4})
	if err := d.Backward(t.Context(), functions, make([]float64, 6), nil); err == nil || !strings.Contains(err.Error(), "is not taken from shots") {
		t.Errorf("an adjoint gradient: %v", err)
	}
	broken := errors.New("away")
	for _, way := range []training.Gradient{training.GradientShift, training.GradientSPSA, training.GradientGuided} {
		r := &scripted{outcome: scattered}
		d, _ := differentiated(t, &shots.Estimator{Runner: failing{r, 1, broken}, Gradient: way, Shots: 4})
		if err := d.Backward(t.Context(), functions, make([]float64, 6), nil); !errors.Is(err, broken) {
			t.Errorf("%s at a runner that fails: %v", way, err)
		}
	}
}

// The exact rule of the same circuit: derivatives and variances with a single shot of each
// shifted circuit, of all symbols and of some.
func TestShiftRuleOfRows(t *testing.T) {
	lawOf := func(a []float64) []float64 {
		c := ir.New(2, 0)
		c.Gate(ir.RY, []int{0}, ir.Const(a[0]))
		c.Gate(ir.RX, []int{1}, ir.Const(a[1]))
		c.Gate(ir.CX, []int{0, 1})
		c.Gate(ir.RY, []int{0}, ir.Const(a[2]))
		c.Gate(ir.CRX, []int{0, 1}, ir.Const(a[3]))
		p, err := new(sim.Simulator).Probabilities(c, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	fs := [][]float64{functions[:width], functions[width : 2*width]}
	for _, k := range []struct {
		symbols, places []int
		circuits        int
	}{{nil, []int{0, 1, 2, 3}, 10}, {[]int{0}, []int{0, 1}, 4}, {[]int{1}, []int{2}, 2}, {[]int{1, 2}, []int{2, 3}, 6}} {
		rule, err := shots.NewShiftRule(mixed(), &sim.Simulator{}, k.symbols...)
		if err != nil {
			t.Fatal(err)
		}
		if rule.Circuits() != k.circuits {
			t.Errorf("symbols %v: %d circuits, want %d", k.symbols, rule.Circuits(), k.circuits)
		}
		got, err := rule.Derivatives(t.Context(), trainedRows[0], dataRows[1], fs...)
		if err != nil {
			t.Fatal(err)
		}
		a, byT, _ := anglesOf(trainedRows[0], dataRows[1])
		for i, f := range fs {
			var value, variance [symbols]float64
			for _, p := range k.places {
				for _, term := range termsOf(p) {
					row := slices.Clone(a)
					row[p] += term[1]
					mean, square := 0.0, 0.0
					for x, q := range lawOf(row) {
						mean += q * f[x]
						square += q * f[x] * f[x]
					}
					for s := range symbols {
						by := byT[p][s] * term[0]
						value[s] += by * mean
						variance[s] += by * by * (square - mean*mean)
					}
				}
			}
			for s := range symbols {
				// A place is shifted as a whole: what it tells of another symbol stands there too.
				if d := got[i][s]; !traintest.Near(d.Value, value[s], 1e-9) || !traintest.Near(d.Variance, variance[s], 1e-9) {
					t.Errorf("symbols %v, function %d, symbol %d: %+v, want %g and %g", k.symbols, i, s, d, value[s], variance[s])
				}
			}
		}
	}
	rule, err := shots.NewShiftRule(mixed(), &sim.Simulator{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{width - 1, width + 1} {
		if _, err := rule.Derivatives(t.Context(), trainedRows[0], dataRows[0], make([]float64, n)); err == nil || !strings.Contains(err.Error(), "4 needed") {
			t.Errorf("a function of %d values: %v", n, err)
		}
	}
}
