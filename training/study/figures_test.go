package study

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"qgan/backends"
	"qgan/internal/durable"
	"qgan/internal/stream"
	"qgan/ir"
	"qgan/metrics"
	"qgan/metrics/spikes"
	"qgan/training"
	"qgan/training/shots"
)

// about reports whether two numbers agree to so many parts.
func about(a, b, part float64) bool { return math.Abs(a-b) <= part*max(1e-12, math.Abs(b)) }

// Fits of power laws by hand: the logarithms' least squares, and quantiles of Student's t for
// 95 % from a printed table (NIST/SEMATECH handbook, 1.3.6.7.2: 12.706, 4.303 and 2.228 of 1, 2
// and 10 degrees of freedom).
func TestPowerLaw(t *testing.T) {
	e := math.Exp(1)
	exps := func(x ...float64) (out []float64) {
		for _, v := range x {
			out = append(out, math.Exp(v))
		}
		return out
	}
	var twelve, wave []float64 // y = x ± 0.1 in turns, at -5.5 … 5.5: Σ(x-mean)² = 143
	for i := range 12 {
		x := float64(i) - 5.5
		y := x
		if i%4 == 0 || i%4 == 3 { // orthogonal to 1 and x
			y += 0.1
		} else {
			y -= 0.1
		}
		twelve, wave = append(twelve, math.Exp(x)), append(wave, math.Exp(y))
	}
	for name, k := range map[string]struct {
		xs, ys         []float64
		a, slope, half float64
	}{
		// ln: (0,1) (1,3)
		"two points": {exps(0, 1), exps(1, 3), e, 2, math.NaN()},
		// (-1,-1) (0,2) (1,-1): slope 0, mean 0, residuals -1, 2, -1; half = 12.706 √(6/1/2)
		"three points": {exps(-1, 0, 1), exps(-1, 2, -1), 1, 0, 12.706 * math.Sqrt(3)},
		// (0,0) (1,3) (2,3) (3,6): Sxx 5, Sxy 9, slope 1.8, intercept 0.3, residuals -0.3, 0.9, -0.9, 0.3
		"four points":                      {exps(0, 1, 2, 3), exps(0, 3, 3, 6), math.Exp(0.3), 1.8, 4.303 * math.Sqrt(1.8/2/5)},
		"twelve points":                    {twelve, wave, 1, 1, 2.228 * math.Sqrt(0.12/10/143)},
		"what is not positive is left out": {append(exps(0, 1, 2, 3), 0, 7), append(exps(0, 3, 3, 6), 5, -1), math.Exp(0.3), 1.8, 4.303 * math.Sqrt(1.8/2/5)},
		"one point":                        {exps(1), exps(1), math.NaN(), math.NaN(), math.NaN()},
	} {
		a, slope, half := powerLaw(k.xs, k.ys)
		for what, v := range map[string][2]float64{"a": {a, k.a}, "slope": {slope, k.slope}, "half": {half, k.half}} {
			if math.IsNaN(v[0]) != math.IsNaN(v[1]) || !math.IsNaN(v[1]) && math.Abs(v[0]-v[1]) > 2e-4*max(1e-6, math.Abs(v[1])) {
				t.Errorf("%s: %s is %g, want %g", name, what, v[0], v[1])
			}
		}
	}
}

// Running moments are those of two passes.
func TestMoments(t *testing.T) {
	for _, k := range []struct {
		values             []float64
		mean, variance, se float64
	}{
		{[]float64{3}, 3, 0, 0},
		{[]float64{1, 3}, 2, 2, 1},
		{[]float64{1e9 + 1, 1e9 + 2, 1e9 + 3, 1e9 + 6}, 1e9 + 3, 14. / 3, math.Sqrt(14. / 12)},
	} {
		var m moments
		for _, x := range k.values {
			m.add(x)
		}
		if !about(m.mean, k.mean, 1e-12) || math.Abs(m.variance()-k.variance) > 1e-9 || math.Abs(m.se()-k.se) > 1e-9 {
			t.Errorf("%v: mean %g, variance %g, error %g", k.values, m.mean, m.variance(), m.se())
		}
	}
}

// spread are the mean of values and their standard deviation, in two passes.
func spread(values []float64) (mean, sd float64) {
	for _, x := range values {
		mean += x / float64(len(values))
	}
	for _, x := range values {
		sd += (x - mean) * (x - mean) / float64(len(values)-1)
	}
	return mean, math.Sqrt(sd)
}

// Every figure of metric-error against a reference that draws the same windows and computes
// each from its formula.
func TestMetricErrorFigures(t *testing.T) {
	const windows, repeats, steps, n = 60, 5, 2, 3
	r, err := spikes.Builtin().Select([]int{0, 1, 2})
	if err != nil {
		t.Fatal(err)
	}
	load := func(Task) (*spikes.Raster, error) { return r, nil }
	row, err := MetricError(load)(t.Context(), Task{"metric-error", map[string]any{"timesteps": steps, "windows": windows, "repeats": repeats, "seed": 7}}, "")
	if err != nil {
		t.Fatal(err)
	}
	w, err := r.Windows(steps)
	if err != nil {
		t.Fatal(err)
	}
	law, err := metrics.CountStates(w)
	if err != nil {
		t.Fatal(err)
	}
	fired := func(w uint32, a int) float64 { return float64(w >> (n - 1 - a) & 1) }
	figures := func(s *metrics.States) (rates, k []float64, covariance [n][n]float64, entropy float64) {
		rates, k = make([]float64, n), make([]float64, n+1)
		for i := range s.Len() {
			entropy -= s.Prob(i) * math.Log(s.Prob(i))
			for _, w := range s.Window(i) {
				p, active := s.Prob(i)/steps, 0.0
				for a := range n {
					rates[a] += p * fired(w, a)
					active += fired(w, a)
				}
				k[int(active)] += p
			}
		}
		for a := range n {
			for b := range n {
				for i := range s.Len() {
					for _, w := range s.Window(i) {
						covariance[a][b] += s.Prob(i) / steps * (fired(w, a) - rates[a]) * (fired(w, b) - rates[b])
					}
				}
			}
		}
		return rates, k, covariance, entropy
	}
	rates, ks, covariance, entropy := figures(law)
	values := map[string][]float64{}
	for i := range repeats {
		rng := stream.New(7, "metric error", uint64(i))
		drawn := law.Sample(windows, rng)
		e, err := metrics.EstimateJS(law, drawn, rng, 2)
		if err != nil {
			t.Fatal(err)
		}
		r, k, c, h := figures(drawn)
		js, tv := 0.0, 0.0
		for j := range law.Len() {
			p, q := law.Prob(j), 0.0
			if at := drawn.Find(law.Window(j)); at >= 0 {
				q = drawn.Prob(at)
				js += 0.5 * q * math.Log(2*q/(p+q))
			}
			js += 0.5 * p * math.Log(2*p/(p+q))
			tv += 0.5 * math.Abs(p-q)
		}
		rate, all, square, size, count := 0.0, 0.0, 0.0, 0.0, 0.0
		for a := range n {
			rate += math.Abs(r[a] - rates[a])
			all += rates[a]
			for b := range n {
				if a != b {
					square += (c[a][b] - covariance[a][b]) * (c[a][b] - covariance[a][b])
					size += covariance[a][b] * covariance[a][b]
				}
			}
		}
		for j := range k {
			count += math.Abs(k[j] - ks[j])
		}
		enough := 0.0
		if windows >= 4*drawn.Len() {
			enough = 1
		}
		for name, x := range map[string]float64{
			"js": js, "corrected": e.Corrected, "null": e.NullFloor, "tv": tv, "enough": enough,
			"entropy": h - entropy, "entropy_mm": h - entropy + float64(drawn.Len()-1)/(2*windows),
			"rate": rate / all, "covariance": math.Sqrt(square / size), "k": count,
		} {
			values[name] = append(values[name], x)
		}
	}
	for name, v := range values {
		mean, sd := spread(v)
		if !about(row[name], mean, 1e-9) || !about(row[name+"_sd"], sd, 1e-9) {
			t.Errorf("%s %g with the deviation %g, want %g and %g", name, row[name], row[name+"_sd"], mean, sd)
		}
	}
	if len(row) != 2*len(values) {
		t.Errorf("%d figures, %d are known", len(row), 2*len(values))
	}
}

// The figures of a gradient study from the same estimates, in two passes.
func TestGradientFigures(t *testing.T) {
	const n, layers, each, latents, repeats, seed = 2, 2, 30, 3, 4, 9
	row, err := Gradient(t.Context(), Task{"gradient", map[string]any{"neurons": n, "layers": layers, "shots": each, "latents": latents, "repeats": repeats, "seed": seed}}, "")
	if err != nil {
		t.Fatal(err)
	}
	a := ir.Ansatz{Neurons: n, Layers: layers, FinalChain: true, Latent: ir.LatentScale{Value: 1}}
	rng := stream.New(seed, "gradient study")
	theta, f := make([]float64, a.Angles()), make([]float64, 1<<n)
	for i := range theta {
		theta[i] = (2*rng.Float64() - 1) * math.Pi
	}
	for i := range f {
		f[i] = rng.NormFloat64() / latents
	}
	values := make([][]float64, len(theta))
	shotPart, latentPart := 0.0, 0.0
	for r := range repeats {
		rng := stream.New(seed, "latents", uint64(r))
		z := make([][]float64, latents)
		for i := range z {
			z[i] = []float64{rng.NormFloat64(), rng.NormFloat64()}
		}
		e := &shots.Estimator{Runner: simulator(), Gradient: training.GradientShift, Shots: each, Seed: stream.New(seed, "shots", uint64(r)).Uint64()}
		d, err := e.Differentiate(a.Circuit(), backends.Probabilities)
		if err != nil {
			t.Fatal(err)
		}
		// One estimator serves all repeats of the study: each makes two calls.
		for range 2 * r {
			if err := d.Values(t.Context(), backends.Bindings{Trained: [][]float64{theta}, Data: z[:1]}, make([]float64, 1<<n)); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Forward(t.Context(), backends.Bindings{Trained: [][]float64{theta}, Data: z}, make([]float64, latents<<n)); err != nil {
			t.Fatal(err)
		}
		grad := make([]float64, len(theta))
		if err := d.Backward(t.Context(), slices.Repeat(f, latents), grad, nil); err != nil {
			t.Fatal(err)
		}
		for i, x := range grad {
			values[i] = append(values[i], x)
			shotPart += e.Last().ShotVariance[i] / float64(repeats*len(theta))
			latentPart += e.Last().LatentVariance[i] / float64(repeats*len(theta))
		}
	}
	variance, square, se := 0.0, 0.0, 0.0
	for _, v := range values {
		mean, sd := spread(v)
		variance += sd * sd / float64(len(theta))
		square += (mean*mean - sd*sd/repeats) / float64(len(theta)) // a mean's square is too large by its variance
		se += 2 * math.Pow(sd, 4) / (repeats - 1) / float64(len(theta)*len(theta))
	}
	want := Row{"variance": variance, "variance_se": math.Sqrt(se), "square": square, "shot_part": shotPart, "latent_part": latentPart}
	if square > 0 {
		want["snr"] = math.Sqrt(square / variance)
	}
	for name, x := range want {
		if !about(row[name], x, 1e-9) {
			t.Errorf("%s %g, want %g", name, row[name], x)
		}
	}
	if len(row) != len(want) {
		t.Errorf("figures %v, want %v", row, want)
	}
}

// The figures of a plateau from the exact derivatives of the same angles, in two passes.
func TestPlateauFigures(t *testing.T) {
	const n, layers, draws, seed = 2, 4, 6, 3
	for _, name := range []string{"Z_0", "critic"} {
		row, err := Plateau(t.Context(), Task{"plateau", map[string]any{"neurons": n, "layers": layers, "draws": draws, "observable": name, "seed": seed}}, "")
		if err != nil {
			t.Fatal(err)
		}
		a := ir.Ansatz{Neurons: n, Layers: layers, FinalChain: true, Latent: ir.LatentScale{Value: 1}}
		const symbol = 2 * 1 * n // the first RY of layer 1 of 0 to 3
		rule, err := shots.NewShiftRule(a.Circuit(), simulator())
		if err != nil {
			t.Fatal(err)
		}
		var values, squares, single []float64
		for draw := range draws {
			rng := stream.New(seed, "plateau", uint64(draw))
			angles := make([]float64, a.Angles()+n)
			for i := range angles {
				angles[i] = 2 * math.Pi * rng.Float64()
			}
			f := []float64{1, 1, -1, -1}
			if name == "critic" {
				for x := range f {
					f[x] = rng.NormFloat64()
				}
			}
			d, err := rule.Derivatives(t.Context(), angles[:a.Angles()], angles[a.Angles():], f)
			if err != nil {
				t.Fatal(err)
			}
			g := d[0][symbol]
			values, squares, single = append(values, g.Value), append(squares, g.Value*g.Value), append(single, g.Variance)
		}
		_, sd := spread(values)
		_, squareSD := spread(squares)
		shot, shotSD := spread(single)
		variance, root := sd*sd, math.Sqrt(draws)
		want := Row{
			"variance": variance, "variance_se": squareSD / root, "shot_variance": shot, "shots": shot / variance,
			"shots_se": shot / variance * math.Hypot(shotSD/root/shot, squareSD/root/variance),
		}
		for figure, x := range want {
			if !about(row[figure], x, 1e-9) {
				t.Errorf("%s: %s %g, want %g", name, figure, row[figure], x)
			}
		}
		if len(row) != len(want) {
			t.Errorf("figures %v", row)
		}
	}
}

// watched is a board that keeps who took its tasks.
type watched struct {
	Board
	mu  *sync.Mutex
	who map[string]bool
}

func (b watched) Take(ctx context.Context, worker string) (Lease, error) {
	b.mu.Lock()
	b.who[worker] = true
	b.mu.Unlock()
	return b.Board.Take(ctx, worker)
}

// Each worker takes tasks in a name of its own.
func TestWorkersNames(t *testing.T) {
	f, err := CreateFolder(durable.OS{}, t.TempDir(), squares(3), 0)
	if err != nil {
		t.Fatal(err)
	}
	b := watched{f, new(sync.Mutex), map[string]bool{}}
	crew := &Crew{Board: b, Works: map[string]Work{"square": square}, Workers: 3, Name: "w", Folder: f.TaskFolder}
	if err := crew.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(b.who) != 3 || !b.who["w-0"] || !b.who["w-1"] || !b.who["w-2"] {
		t.Errorf("workers %v", b.who)
	}
}

// leased is a lease of a task that was begun so often; it keeps what became of it.
type leased struct {
	begun int
	out   *Outcome
}

func (l leased) Task() Task               { return Task{"square", map[string]any{"i": 2}} }
func (l leased) Begun() int               { return l.begun }
func (l leased) Keep() error              { return nil }
func (l leased) Drop() error              { return nil }
func (l leased) Finish(out Outcome) error { *l.out = out; return nil }

// A task is tried ten times and not an eleventh.
func TestAttempts(t *testing.T) {
	f, err := CreateFolder(durable.OS{}, t.TempDir(), squares(3), 0)
	if err != nil {
		t.Fatal(err)
	}
	crew := &Crew{Board: f, Works: map[string]Work{"square": square}, Name: "w", Folder: f.TaskFolder}
	for _, k := range []struct {
		begun int
		tried bool
	}{{1, true}, {9, true}, {10, true}, {11, false}, {12, false}} {
		var out Outcome
		told, err := crew.do(t.Context(), leased{k.begun, &out})
		if err != nil {
			t.Fatal(err)
		}
		if told.Failed != out.Failed {
			t.Errorf("begun %d times: told of %+v, kept is %+v", k.begun, told, out)
		}
		if tried := out.Failed == ""; tried != k.tried || tried && out.Row["square"] != 4 || out.Begun != k.begun || out.Worker != "w" {
			t.Errorf("begun %d times: %+v", k.begun, out)
		}
	}
}

// Retry opens what failed, and counts its attempts anew; what is done stays, and so do the
// attempts of what is open.
func TestRetryCountsAnew(t *testing.T) {
	f, err := CreateFolder(durable.OS{}, t.TempDir(), squares(5), 0)
	if err != nil {
		t.Fatal(err)
	}
	run := func() map[string]Outcome {
		crew := &Crew{Board: f, Works: map[string]Work{"square": square}, Workers: 1, Name: "w", Folder: f.TaskFolder}
		if err := crew.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		out, err := f.Outcomes(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for range 2 {
		out := run()
		for i, task := range f.plan.Tasks {
			o := out[task.Name()]
			if failed := o.Failed != ""; failed != (i == 3) || o.Begun != 1 {
				t.Errorf("task %d: %+v", i, o)
			}
		}
		if err := f.Retry(); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := f.Outcomes(t.Context()); err != nil || len(out) != 4 {
		t.Errorf("%d tasks are done, %v", len(out), err)
	}
}

// A lease is the time that was asked for, of the folder that was there first, and the usual
// one where none was named.
func TestLeaseTimes(t *testing.T) {
	for asked, want := range map[int]string{0: fmt.Sprint(LeaseTime), 7: "7ns"} {
		dir := t.TempDir()
		for _, again := range []int{asked, 99} {
			f, err := CreateFolder(durable.OS{}, dir, squares(1), time.Duration(again))
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(f.Lease()); got != want {
				t.Errorf("asked for %d, then %d: %s, want %s", asked, again, got, want)
			}
		}
	}
}
