package sim

import (
	order "cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"math/cmplx"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"qgan/backends"
	"qgan/calibration"
	"qgan/internal/stream"
	"qgan/ir"
)

// noiseFile reads a noise model from the text of a file.
func noiseFile(t interface{ Fatal(...any) }, text string) *calibration.NoiseModel {
	m, err := calibration.ReadNoiseModel(calibration.File{Name: "noise.toml", Data: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var unbound = backends.Bindings{}

// outcomesOf runs one circuit.
func outcomesOf(t interface{ Fatal(...any) }, s *Noisy, c *ir.Circuit, shots int, seed uint64) backends.Outcome {
	res, err := s.Run(context.Background(), []backends.Request{{Circuit: c, Bindings: unbound, Shots: []int{shots}, Seed: seed, KeepOrder: true}})
	if err != nil {
		t.Fatal(err)
	}
	return res[0].Outcomes[0]
}

func lawOf(t interface{ Fatal(...any) }, s *Noisy, c *ir.Circuit) *backends.Law {
	law, err := s.Law(context.Background(), c, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return law
}

// dense is the law by word.
func spread(l *backends.Law) []float64 {
	out := make([]float64, 1<<l.Bits)
	for i, w := range l.Words {
		out[w] = l.P[i]
	}
	return out
}

// fit compares counts with a law, classes of fewer than ten expected shots
// together, and returns the statistic's distance from its mean in standard
// deviations.
func fit(o backends.Outcome, law *backends.Law) float64 {
	counts := map[uint64]int{}
	for _, c := range o.Counts {
		counts[c.Word] = c.N
	}
	sum, classes := 0.0, 0
	rest, seen := 0.0, 0
	add := func(n, want float64) {
		sum += (n - want) * (n - want) / want
		classes++
	}
	total := 0
	for i, w := range law.Words {
		want := law.P[i] * float64(o.Shots)
		total += counts[w]
		if want < 10 {
			rest, seen = rest+want, seen+counts[w]
			continue
		}
		add(float64(counts[w]), want)
	}
	if rest > 0 {
		add(float64(seen), max(rest, 1))
	}
	if total != o.Shots {
		return math.Inf(1) // words that cannot occur
	}
	if classes < 2 {
		return 0
	}
	dof := float64(classes - 1)
	return (sum - dof) / math.Sqrt(2*dof)
}

// referenceCircuit is a circuit of noise_reference.json.
type referenceCircuit struct {
	Name       string
	Device     string
	Qubits     int           `json:"n_qubits"`
	Physical   []int         `json:"physical_qubits"`
	SampleTime float64       `json:"dt_s"`
	Asymmetric [][][]float64 `json:"confusion_asymmetric_A[meas][prep]"`
	Variants   map[string]struct {
		Ops []struct {
			G        string
			Q        []int
			P        []float64
			Duration float64 `json:"duration_dt"`
		}
		Before []float64 `json:"probs_before_readout_closed_form"`
		After  []float64 `json:"probs_after_asymmetric_readout"`
	}
}

func sharedData(t *testing.T, path ...string) []byte {
	t.Helper()
	shared := os.Getenv("QGAN_SHARED")
	if shared == "" {
		t.Skip("QGAN_SHARED is not set")
	}
	data, err := os.ReadFile(filepath.Join(append([]string{shared}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func referenceCircuits(t *testing.T) []referenceCircuit {
	var file struct{ Circuits []referenceCircuit }
	if err := json.Unmarshal(sharedData(t, "vectors", "noise_reference.json"), &file); err != nil {
		t.Fatal(err)
	}
	return file.Circuits
}

func deviceSnapshot(t *testing.T, name string) *calibration.Snapshot {
	t.Helper()
	var files []calibration.File
	for _, kind := range []string{"props", "conf"} {
		files = append(files, calibration.File{Name: kind, Data: sharedData(t, "devices", "ibm", kind+"_"+name+".json")})
	}
	s, err := calibration.Read(files...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// circuit puts a variant on the device's qubits; bit q is that of logical qubit q.
func (r *referenceCircuit) circuit(variant string, qubits int) *ir.Circuit {
	c := ir.New(qubits, r.Qubits)
	for _, o := range r.Variants[variant].Ops {
		on := make([]int, len(o.Q))
		for i, q := range o.Q {
			on[i] = r.Physical[q]
		}
		switch o.G {
		case "measure":
		case "delay":
			c.Ops = append(c.Ops, &ir.Delay{Duration: o.Duration, Unit: "dt", Qubits: on})
		default:
			g, _ := ir.GateByName(o.G)
			angles := make([]ir.Angle, len(o.P))
			for i, p := range o.P {
				angles[i] = ir.Const(p)
			}
			c.Gate(g, on, angles...)
		}
	}
	for q, p := range r.Physical {
		c.Measure(p, q)
	}
	return c
}

// reversed reads an array whose index has bit q at place q.
func reversed(p []float64, n int) []float64 {
	out := make([]float64, len(p))
	for i, x := range p {
		j := 0
		for q := range n {
			j |= i >> q & 1 << (n - 1 - q)
		}
		out[j] = x
	}
	return out
}

func largestDifference(a, b []float64) float64 {
	d := 0.0
	for i := range a {
		d = max(d, math.Abs(a[i]-b[i]))
	}
	return d
}

// The noisy laws of the generator's circuit compiled for three processors, as
// Qiskit Aer's device models have them, before and after the readout.
func TestNoisyReference(t *testing.T) {
	laws := 0
	for _, r := range referenceCircuits(t) {
		s := deviceSnapshot(t, strings.ToLower(strings.TrimPrefix(r.Device, "Fake")))
		for name, v := range r.Variants {
			c := r.circuit(name, len(s.Qubits))
			for _, kind := range []calibration.ReadoutKind{calibration.NoReadout, calibration.AsymmetricReadout} {
				m, err := calibration.NewNoiseModel(s, calibration.NoiseOptions{Readout: kind})
				if err != nil {
					t.Fatal(err)
				}
				law := spread(lawOf(t, &Noisy{Model: m}, c))
				want := reversed(v.Before, r.Qubits)
				if kind == calibration.AsymmetricReadout {
					if d := largestDifference(law, reversed(v.After, r.Qubits)); d > 1e-9 {
						t.Errorf("%s %s: the law after the readout differs from the stored one by %.2g", r.Name, name, d)
					}
					want = confused(want, r.Asymmetric)
				}
				if d := largestDifference(law, want); d > 1e-12 {
					t.Errorf("%s %s, readout %s: the law differs by %.2g", r.Name, name, kind, d)
				}
			}
			laws++
		}
	}
	if laws != 9 {
		t.Errorf("%d laws, want 9", laws)
	}
}

// confused applies a matrix for each bit, bit 0 the most significant.
func confused(p []float64, a [][][]float64) []float64 {
	out := slices.Clone(p)
	for q := range a {
		bit := 1 << (len(a) - 1 - q)
		for i := range out {
			if i&bit == 0 {
				x, y := out[i], out[i|bit]
				out[i], out[i|bit] = a[q][0][0]*x+a[q][0][1]*y, a[q][1][0]*x+a[q][1][1]*y
			}
		}
	}
	return out
}

// Shots of both methods, a million where there is time, have the exact law.
func TestNoisyShotsReference(t *testing.T) {
	r := referenceCircuits(t)[0]
	s := deviceSnapshot(t, "torino")
	m, err := calibration.NewNoiseModel(s, calibration.NoiseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	shots := 1_000_000
	if testing.Short() {
		shots = 100_000
	}
	c := r.circuit("native2", len(s.Qubits))
	law := lawOf(t, &Noisy{Model: m}, c)
	for _, method := range []Method{DensityMethod, TrajectoriesMethod} {
		o := outcomesOf(t, &Noisy{Model: m, Method: method}, c, shots, 5)
		if z := fit(o, law); math.Abs(z) > 4 {
			t.Errorf("%s: chi² is %.2f standard deviations from its mean", method, z)
		}
	}
}

// allNoise has a channel of every kind.
const allNoise = `
[[noise]]
gates = ["h", "ry"]
channel = "depolarizing"
probability = 0.1
[[noise]]
gates = ["cx"]
channel = "depolarizing"
probability = 0.2
[[noise]]
gates = ["cx"]
channel = "pauli"
probabilities = {XI = 0.03, ZY = 0.05}
[[noise]]
gates = ["ry", "cx"]
channel = "amplitude-damping"
probability = 0.15
excited = 0.2
[[noise]]
gates = ["rz"]
channel = "phase-damping"
probability = 0.2
[[noise]]
gates = ["id"]
channel = "bit-flip"
probability = 0.3
[[noise]]
gates = ["h"]
channel = "rotation"
axis = "x"
angle = 0.2
[[noise]]
gates = ["cz"]
channel = "rotation"
axis = "zz"
angle = 0.3
[[noise]]
gates = ["delay"]
channel = "relaxation"
t1 = 1e-4
t2 = 0.5e-4
time = 2e-5
[[noise]]
gates = ["reset"]
channel = "relaxation"
t1 = 1e-4
t2 = 1.5e-4
time = 3e-5
[[noise]]
gates = ["sx"]
channel = "kraus"
operators = [[[0.8, 0], [0, [0, 0.8]]], [[0, 0.6], [0.6, 0]]]
[[readout]]
p1_given_0 = 0.02
p0_given_1 = 0.07
[[readout]]
qubits = [2]
p1_given_0 = 0
p0_given_1 = 0.1
`

// drawNoisy draws a circuit with gates, delays and resets and, where asked for,
// measurements in the middle and conditions on them.
func drawNoisy(t *rapid.T, qubits int, control bool) *ir.Circuit {
	c := ir.New(qubits, qubits)
	var block func(depth, length int) []ir.Op
	block = func(depth, length int) (ops []ir.Op) {
		for range length {
			q := rapid.IntRange(0, qubits-1).Draw(t, "qubit")
			p := (q + rapid.IntRange(1, qubits-1).Draw(t, "other")) % qubits
			angle := ir.Const(rapid.Float64Range(-3, 3).Draw(t, "angle"))
			kinds := []string{"h", "ry", "rz", "id", "sx", "cx", "cz", "ecr", "swap", "delay", "reset", "ccx"}
			if control {
				kinds = append(kinds, "measure", "if", "switch")
			}
			switch k := rapid.SampledFrom(kinds).Draw(t, "op"); k {
			case "delay":
				ops = append(ops, &ir.Delay{Duration: 1, Unit: "us", Qubits: []int{q, p}})
			case "reset":
				ops = append(ops, &ir.Reset{Qubit: q})
			case "measure":
				ops = append(ops, &ir.Measure{Qubit: q, Bit: rapid.IntRange(-1, qubits-1).Draw(t, "bit")})
			case "if":
				if depth < 2 {
					ops = append(ops, &ir.If{Cond: ir.BitSet(p), Then: block(depth+1, 2), Else: block(depth+1, 1)})
				}
			case "switch":
				if depth < 2 {
					ops = append(ops, &ir.Switch{Bits: []int{q, p}, Cases: []ir.Case{{Values: []*big.Int{big.NewInt(1)}, Body: block(depth+1, 1)}}, Default: block(depth+1, 1)})
				}
			case "ccx":
				if qubits > 2 {
					ops = append(ops, &ir.Apply{Gate: ir.RY, Angles: []ir.Angle{angle}, Qubits: []int{q, p, 3 - q - p}, Controls: 2, Open: 1})
				}
			default:
				g, _ := ir.GateByName(k)
				op := &ir.Apply{Gate: g, Qubits: []int{q, p}[:g.Info().Qubits]}
				if len(g.Info().Params) == 1 {
					op.Angles = []ir.Angle{angle}
				}
				ops = append(ops, op)
			}
		}
		return ops
	}
	c.Ops = block(0, rapid.IntRange(1, 14).Draw(t, "length"))
	for q := range qubits {
		c.Ops = append(c.Ops, &ir.Measure{Qubit: q, Bit: q})
	}
	return c
}

// The density matrix in its Pauli components is the one that Kraus operators
// make of the matrix itself.
func TestDensityOracle(t *testing.T) {
	m := noiseFile(t, allNoise)
	rapid.Check(t, func(t *rapid.T) {
		n := 3
		c := drawNoisy(t, n, false)
		rho := make([]complex128, 1<<(2*n)) // bits of the row, then of the column
		rho[0] = 1
		operate := func(rho []complex128, k ir.Matrix, qubits []int) []complex128 {
			out := slices.Clone(rho)
			conj, columns := ir.NewMatrix(k.Dim), make([]int, len(qubits))
			for i, x := range k.A {
				conj.A[i] = cmplx.Conj(x)
			}
			for i, q := range qubits {
				columns[i] = n + q
			}
			ir.ApplyMatrix(out, 2*n, k, qubits)
			ir.ApplyMatrix(out, 2*n, conj, columns)
			return out
		}
		channel := func(kraus []ir.Matrix, qubits []int) {
			sum := make([]complex128, len(rho))
			for _, k := range kraus {
				for i, x := range operate(rho, k, qubits) {
					sum[i] += x
				}
			}
			rho = sum
		}
		for _, op := range c.Ops {
			switch op := op.(type) {
			case *ir.Apply:
				rho = operate(rho, op.MatrixOf(nil, nil), op.Qubits)
			case *ir.Reset:
				channel([]ir.Matrix{{Dim: 2, A: []complex128{1, 0, 0, 0}}, {Dim: 2, A: []complex128{0, 1, 0, 0}}}, []int{op.Qubit})
			}
			sites, err := m.After(op)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range sites {
				channel(s.Channel.Kraus(), s.Qubits)
			}
		}
		want := make([]float64, 1<<n)
		for i := range want {
			want[i] = real(rho[i<<n|i])
		}
		confusion, err := m.Confusion([]int{0, 1, 2})
		if err != nil {
			t.Fatal(err)
		}
		if d := largestDifference(spread(lawOf(t, &Noisy{Model: m}, c)), confusion.Apply(want)); d > 1e-13 {
			t.Errorf("the law differs by %.2g", d)
		}
	})
}

// Trajectories have the exact law on circuits with every kind of channel,
// measurements in the middle, resets and conditions.
func TestTrajectoriesAgainstDensity(t *testing.T) {
	m := noiseFile(t, allNoise)
	rapid.Check(t, func(t *rapid.T) {
		c := drawNoisy(t, 3, rapid.Bool().Draw(t, "control"))
		law := lawOf(t, &Noisy{Model: m}, c)
		o := outcomesOf(t, &Noisy{Model: m, Method: TrajectoriesMethod}, c, 5000, 3)
		if z := fit(o, law); z > 6 {
			t.Errorf("chi² is %.2f standard deviations above its mean", z)
		}
	})
}

// Larger matrices run in passes with several blocks, on any number of workers.
func TestDensityPasses(t *testing.T) {
	m := noiseFile(t, allNoise)
	n := 8
	if testing.Short() {
		n = 7
	}
	c := ir.New(n, n)
	rng := stream.New(3, "circuit")
	for range 3 {
		for q := range n {
			c.Gate(ir.RY, []int{q}, ir.Const(rng.NormFloat64()))
			c.Gate(ir.SX, []int{q})
		}
		for q := range n {
			c.Gate(ir.CX, []int{q, (q + 3) % n})
			c.Gate(ir.RXX, []int{(q + 5) % n, q}, ir.Const(rng.NormFloat64()))
		}
	}
	c.MeasureAll()
	one := lawOf(t, &Noisy{Model: m, Workers: 1}, c)
	if diff := cmp.Diff(one, lawOf(t, &Noisy{Model: m, Workers: 3}, c)); diff != "" {
		t.Errorf("another number of workers gives other bits:\n%s", diff)
	}
	// Without noise it is the ideal law.
	free := noiseFile(t, "")
	gates := *c
	gates.Ops = c.Ops[:len(c.Ops)-n]
	want, err := new(Simulator).Probabilities(&gates, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := largestDifference(spread(lawOf(t, &Noisy{Model: free}, c)), want); d > 1e-13 {
		t.Errorf("without noise the law differs by %.2g", d)
	}
	if z := fit(outcomesOf(t, &Noisy{Model: m, Method: TrajectoriesMethod}, c, 3000, 3), one); math.Abs(z) > 5 {
		t.Errorf("chi² is %.2f standard deviations from its mean", z)
	}
}

// Shots are a function of circuit, bindings, shots and seed only.
func TestNoisyShotsReproducible(t *testing.T) {
	m := noiseFile(t, allNoise)
	c := ir.New(4, 4)
	for q := range 4 {
		c.Gate(ir.H, []int{q})
	}
	c.Measure(0, 0)
	c.Gate(ir.CX, []int{0, 1})
	c.Gate(ir.SX, []int{2})
	c.Ops = append(c.Ops, &ir.If{Cond: ir.BitSet(0), Then: []ir.Op{&ir.Apply{Gate: ir.H, Qubits: []int{3}}}})
	for q := 1; q < 4; q++ {
		c.Measure(q, q)
	}
	pauli := ir.New(4, 4)
	for q := range 4 {
		pauli.Gate(ir.H, []int{q})
	}
	for q := range 3 {
		pauli.Gate(ir.CX, []int{q, q + 1})
	}
	pauli.MeasureAll()
	depolarizing := noiseFile(t, "[[noise]]\ngates = [\"h\", \"cx\"]\nchannel = \"depolarizing\"\nprobability = 0.1\n[[readout]]\np1_given_0 = 0.1\np0_given_1 = 0.2\n")
	for _, k := range []struct {
		model   *calibration.NoiseModel
		circuit *ir.Circuit
	}{{m, c}, {depolarizing, pauli}} {
		for _, method := range []Method{DensityMethod, TrajectoriesMethod} {
			s := &Noisy{Model: k.model, Method: method, Workers: 1}
			first := outcomesOf(t, s, k.circuit, 6000, 9)
			s.Workers = 4
			before := runtime.GOMAXPROCS(1)
			second := outcomesOf(t, s, k.circuit, 6000, 9)
			runtime.GOMAXPROCS(before)
			if diff := cmp.Diff(first, second); diff != "" {
				t.Errorf("%s: another number of workers gives other shots", method)
			}
			if diff := cmp.Diff(first.Words, outcomesOf(t, s, k.circuit, 6000, 10).Words); diff == "" {
				t.Errorf("%s: another seed gives the same shots", method)
			}
			// In a batch each lane is itself: other lanes don't matter.
			two, err := s.Run(context.Background(), []backends.Request{
				{Circuit: k.circuit, Bindings: unbound, Shots: []int{100}, Seed: 1},
				{Circuit: k.circuit, Bindings: unbound, Shots: []int{6000}, Seed: 9, KeepOrder: true},
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(first, two[1].Outcomes[0]); diff != "" {
				t.Errorf("%s: a request depends on its neighbours", method)
			}
		}
	}
}

func TestClean(t *testing.T) {
	law := []float64{-1e-17, 0.5, 0.5 + 1e-12, 0}
	if err := clean(law); err != nil || law[0] != 0 || math.Abs(law[1]+law[2]-1) > 1e-15 {
		t.Errorf("%v, %v", law, err)
	}
	for _, bad := range [][]float64{{-1e-8, 1 + 1e-8}, {0.5, 0.4}, {math.NaN(), 1}} {
		if err := clean(slices.Clone(bad)); err == nil {
			t.Errorf("%v is taken for a law", bad)
		}
	}
}

func TestNoisyErrors(t *testing.T) {
	m := noiseFile(t, "[[readout]]\nqubits = [0, 1]\nmatrix = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0.9, 0.1], [0, 0, 0.1, 0.9]]\n")
	pair := ir.New(2, 2)
	pair.Gate(ir.H, []int{0})
	half := *pair
	half.Ops = append(slices.Clone(pair.Ops), &ir.Measure{Qubit: 0, Bit: 0})
	early := *pair
	early.Ops = append(slices.Clone(half.Ops), &ir.Apply{Gate: ir.X, Qubits: []int{0}}, &ir.Measure{Qubit: 1, Bit: 1})
	large := ir.New(13, 1)
	for q := range 13 {
		large.Gate(ir.H, []int{q})
	}
	large.Measure(0, 0)
	for _, c := range []struct {
		name    string
		s       *Noisy
		circuit *ir.Circuit
		exact   bool
		want    string
	}{
		{"no model", &Noisy{}, &half, false, "no noise model"},
		{"method", &Noisy{Model: m, Method: "guess"}, &half, false, "guess"},
		{"nothing measured", &Noisy{Model: m}, pair, false, "measures nothing"},
		{"half of a pair", &Noisy{Model: m}, &half, false, "measure all of them or none"},
		{"half of a pair, exact", &Noisy{Model: m}, &half, true, "measure all of them or none"},
		{"correlated in the middle", &Noisy{Model: m}, &early, false, "measured before the end"},
		{"too wide", &Noisy{Model: noiseFile(t, "")}, large, true, "at most 12"},
	} {
		var err error
		if c.exact {
			_, err = c.s.Law(context.Background(), c.circuit, nil, nil)
		} else {
			_, err = c.s.Run(context.Background(), []backends.Request{{Circuit: c.circuit, Bindings: unbound, Shots: []int{10}}})
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
}

// Public reports of other simulators' noise, each with the right outcome.
func TestNoiseReports(t *testing.T) {
	law := func(t *testing.T, noise string, c *ir.Circuit) []float64 {
		t.Helper()
		m := noiseFile(t, noise)
		law := lawOf(t, &Noisy{Model: m}, c)
		for _, method := range []Method{DensityMethod, TrajectoriesMethod} {
			if z := fit(outcomesOf(t, &Noisy{Model: m, Method: method}, c, 20000, 1), law); z > 5 {
				t.Errorf("%s: chi² is %.2f standard deviations above its mean", method, z)
			}
		}
		return spread(law)
	}
	near := func(t *testing.T, got, want []float64) {
		t.Helper()
		if d := largestDifference(got, want); d > 1e-12 || len(got) != len(want) {
			t.Errorf("law %v, want %v", got, want)
		}
	}
	// qiskit-aer 1997: the noise of an id vanished with the id, beside a condition.
	t.Run("id", func(t *testing.T) {
		c := ir.New(1, 2)
		c.Gate(ir.ID, []int{0})
		c.Ops = append(c.Ops, &ir.If{Cond: ir.BitSet(1), Then: []ir.Op{&ir.Apply{Gate: ir.X, Qubits: []int{0}}}})
		c.Measure(0, 0)
		near(t, law(t, "[[noise]]\ngates = [\"id\"]\nchannel = \"bit-flip\"\nprobability = 0.3\n", c), []float64{0.7, 0, 0.3, 0})
	})
	// cuda-quantum 1811: Kraus operators of T1 were refused for their rounding.
	t.Run("rounded", func(t *testing.T) {
		c := ir.New(1, 1)
		c.Gate(ir.X, []int{0})
		c.Measure(0, 0)
		gamma := -math.Expm1(-10.0 / 1000)
		noise := fmt.Sprintf("[[noise]]\ngates = [\"x\"]\nchannel = \"kraus\"\noperators = [[[1, 0], [0, %.10f]], [[0, %.10f], [0, 0]]]\n", math.Sqrt(1-gamma), math.Sqrt(gamma))
		got := law(t, noise, c)
		if math.Abs(got[0]-gamma) > 1e-9 || math.Abs(got[0]+got[1]-1) > 1e-15 {
			t.Errorf("law %v, want %v of 0", got, gamma)
		}
	})
	// cuda-quantum 4621: counts were permuted from five qubits on.
	t.Run("order", func(t *testing.T) {
		n := 12
		if testing.Short() {
			n = 7
		}
		for q := range n {
			c := ir.New(n, n)
			c.Gate(ir.X, []int{q})
			c.MeasureAll()
			m := noiseFile(t, "")
			for _, method := range []Method{DensityMethod, TrajectoriesMethod} {
				o := outcomesOf(t, &Noisy{Model: m, Method: method}, c, 10, 1)
				if len(o.Counts) != 1 || o.Counts[0].Word != 1<<(n-1-q) {
					t.Errorf("%s: X on qubit %d gives %v", method, q, o.Counts)
				}
			}
		}
	})
	// Readout errors belong to physical qubits, wherever their bits go.
	t.Run("readout", func(t *testing.T) {
		c := ir.New(4, 2)
		c.Gate(ir.X, []int{3})
		c.Measure(3, 0)
		c.Measure(1, 1)
		near(t, law(t, "[[readout]]\nqubits = [3]\np1_given_0 = 0.5\np0_given_1 = 0.25\n[[readout]]\nqubits = [1]\np1_given_0 = 0.125\np0_given_1 = 0\n", c),
			[]float64{0.25 * 0.875, 0.25 * 0.125, 0.75 * 0.875, 0.75 * 0.125})
	})
	t.Run("named", func(t *testing.T) {
		c := ir.New(2, 2) // $3 and $1
		c.QubitRegs = []ir.Register{{Name: "$1", Indices: []int{0}}, {Name: "$3", Indices: []int{1}}}
		c.Gate(ir.X, []int{1})
		c.Measure(1, 0)
		c.Measure(0, 1)
		near(t, law(t, "[[readout]]\nqubits = [3]\np1_given_0 = 0.5\np0_given_1 = 0.25\n[[readout]]\nqubits = [1]\np1_given_0 = 0.125\np0_given_1 = 0\n", c),
			[]float64{0.25 * 0.875, 0.25 * 0.125, 0.75 * 0.875, 0.75 * 0.125})
	})
	t.Run("correlated readout", func(t *testing.T) {
		c := ir.New(2, 2)
		c.Gate(ir.X, []int{1})
		c.Measure(1, 0)
		c.Measure(0, 1)
		// Prepared 01 (qubits 0, 1) is read 10 with 0.4; bits are the other way round.
		near(t, law(t, "[[readout]]\nqubits = [0, 1]\nmatrix = [[1, 0, 0, 0], [0, 0.6, 0, 0], [0, 0.4, 1, 0], [0, 0, 0, 1]]\n", c), []float64{0, 0.4, 0.6, 0})
	})
	// A condition sees what was read, not what was there.
	t.Run("recorded", func(t *testing.T) {
		c := ir.New(2, 2)
		c.Measure(0, 0)
		c.Ops = append(c.Ops, &ir.If{Cond: ir.BitSet(0), Then: []ir.Op{&ir.Apply{Gate: ir.X, Qubits: []int{1}}}})
		c.Measure(1, 1)
		near(t, law(t, "[[readout]]\nqubits = [0]\np1_given_0 = 0.25\np0_given_1 = 0\n", c), []float64{0.75, 0, 0, 0.25})
	})
}

// Auto takes the density matrix where its size is worth the shots.
func TestNoisyMethod(t *testing.T) {
	pauli, any := noiseFile(t, benchNoise), noiseFile(t, "[[noise]]\ngates = [\"rx\"]\nchannel = \"amplitude-damping\"\nprobability = 0.1\n")
	middle := noisyGenerator(5)
	middle.Ops = append([]ir.Op{&ir.Measure{Qubit: 0, Bit: 0}}, middle.Ops...)
	loop := noisyGenerator(3)
	loop.Ops = append([]ir.Op{&ir.While{Cond: ir.BitSet(0), Body: []ir.Op{&ir.Reset{Qubit: 0}, &ir.Measure{Qubit: 0, Bit: 0}}}}, loop.Ops...)
	for _, k := range []struct {
		model   *calibration.NoiseModel
		circuit *ir.Circuit
		shots   int
		want    Method
	}{
		{pauli, noisyGenerator(5), 10000, DensityMethod},
		{pauli, noisyGenerator(10), 10000, TrajectoriesMethod},
		{pauli, noisyGenerator(10), 1000000, DensityMethod},
		{pauli, noisyGenerator(10), 0, DensityMethod},
		{any, noisyGenerator(10), 2000, DensityMethod},
		{any, noisyGenerator(10), 100, TrajectoriesMethod},
		{any, noisyGenerator(12), 100, TrajectoriesMethod},
		{any, noisyGenerator(13), 1000000, TrajectoriesMethod},
		{pauli, middle, 100, DensityMethod},
		{pauli, loop, 100, TrajectoriesMethod},
	} {
		got, err := (&Noisy{Model: k.model}).MethodOf(k.circuit, k.shots)
		if err != nil || got != k.want {
			t.Errorf("%d qubits, %d shots: %s, want %s (%v)", k.circuit.Qubits, k.shots, got, k.want, err)
		}
	}
}

// A part of the reference that every run of the tests holds: four qubits, one of
// them with T2 above 2·T1, by both methods.
func TestNoisyReferencePart(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "noisy_torino4.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Qubits []struct {
			T1, T2 float64
			P1     float64 `json:"p1_given_0"`
			P0     float64 `json:"p0_given_1"`
		}
		Gates []struct {
			Gate           string
			Qubits         []int
			Error, Seconds float64
		}
		Ops           [][3]json.RawMessage
		Before, After []float64
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	value := func(x float64) *calibration.Value { return &calibration.Value{X: x} }
	s := &calibration.Snapshot{Name: "torino 43-46"}
	for _, q := range file.Qubits {
		s.Qubits = append(s.Qubits, calibration.Qubit{T1: value(q.T1), T2: value(q.T2), P1Given0: value(q.P1), P0Given1: value(q.P0)})
	}
	for _, g := range file.Gates {
		s.Gates = append(s.Gates, calibration.Gate{Name: g.Gate, Qubits: g.Qubits, Error: value(g.Error), Duration: value(g.Seconds)})
	}
	slices.SortFunc(s.Gates, func(a, b calibration.Gate) int {
		return order.Or(strings.Compare(a.Name, b.Name), slices.Compare(a.Qubits, b.Qubits))
	})
	c := ir.New(4, 4)
	for _, op := range file.Ops {
		var name string
		var qubits []int
		var p []float64
		for i, to := range []any{&name, &qubits, &p} {
			if err := json.Unmarshal(op[i], to); err != nil {
				t.Fatal(err)
			}
		}
		g, _ := ir.GateByName(name)
		var angles []ir.Angle
		for _, x := range p {
			angles = append(angles, ir.Const(x))
		}
		c.Gate(g, qubits, angles...)
	}
	c.MeasureAll()
	for kind, want := range map[calibration.ReadoutKind][]float64{calibration.NoReadout: file.Before, calibration.AsymmetricReadout: file.After} {
		m, err := calibration.NewNoiseModel(s, calibration.NoiseOptions{Readout: kind})
		if err != nil {
			t.Fatal(err)
		}
		law := lawOf(t, &Noisy{Model: m}, c)
		if d := largestDifference(spread(law), reversed(want, 4)); d > 1e-12 {
			t.Errorf("readout %s: the law differs by %.2g", kind, d)
		}
		if z := fit(outcomesOf(t, &Noisy{Model: m, Method: TrajectoriesMethod}, c, 50000, 1), law); math.Abs(z) > 5 {
			t.Errorf("readout %s: chi² is %.2f standard deviations from its mean", kind, z)
		}
	}
}

// Steps applied as they are do what passes do, operators that are not unitary
// included.
func TestDirectEqualsPasses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(t, "qubits")
		c := drawAny(t, n, 12)
		c.Ops = append(c.Ops, &ir.Unitary{Name: "damping", Matrix: ir.Matrix{Dim: 2, A: []complex128{1, 0, 0, 0.5}}, Qubits: []int{n - 1}},
			&ir.Unitary{Name: "jump", Matrix: ir.Matrix{Dim: 2, A: []complex128{0.1, 2i, 1, 0}}, Qubits: []int{0}})
		var states [2][]complex128
		for i := range states {
			r := newRegister(n, plain{}, 1)
			r.plain = i == 1
			trained, data := make([]float64, len(c.Trained)), make([]float64, len(c.Data))
			r.run(c.Ops, trained, data, true)
			r.operate(ir.Matrix{Dim: 2, A: []complex128{0, 0.3, 0, 0}}, []int{n / 2})
			states[i] = r.amplitudes()
		}
		if d := largest(states[0], states[1]); d > 1e-12 {
			t.Errorf("the states differ by %.2g", d)
		}
	})
}

// Large states follow paths too: three noisy qubits among thirteen have the law
// that they have alone.
func TestTrajectoriesOfManyQubits(t *testing.T) {
	m := noiseFile(t, allNoise)
	make := func(n int) *ir.Circuit {
		c := ir.New(n, 3)
		for q := 3; q < n; q++ {
			c.Gate(ir.X, []int{q})
		}
		for q := range 3 {
			c.Gate(ir.RY, []int{q}, ir.Const(1+float64(q)))
		}
		c.Gate(ir.CX, []int{0, 2})
		c.Gate(ir.SX, []int{1})
		c.Measure(2, 2)
		c.Gate(ir.CX, []int{2, 1})
		c.Ops = append(c.Ops, &ir.Delay{Duration: 1, Unit: "us", Qubits: []int{0, 1, n - 1}}, &ir.Reset{Qubit: 2},
			&ir.If{Cond: ir.BitSet(2), Then: []ir.Op{&ir.Apply{Gate: ir.H, Qubits: []int{0}}}})
		c.Measure(0, 0)
		c.Measure(1, 1)
		return c
	}
	law := lawOf(t, &Noisy{Model: m}, make(3))
	shots := 1500
	if testing.Short() {
		shots = 300
	}
	for _, n := range []int{12, 13} {
		s := &Noisy{Model: m, Method: TrajectoriesMethod, Workers: 2}
		o := outcomesOf(t, s, make(n), shots, 1)
		if z := fit(o, law); math.Abs(z) > 5 {
			t.Errorf("%d qubits: chi² is %.2f standard deviations from its mean", n, z)
		}
		s.Workers = 1
		if diff := cmp.Diff(o, outcomesOf(t, s, make(n), shots, 1)); diff != "" {
			t.Errorf("%d qubits: another number of workers gives other shots", n)
		}
	}
}

// Without noise the density matrix has the law of the state, over the whole gate
// table with controls and operators of any width.
func TestDensityOfAnyGate(t *testing.T) {
	free := noiseFile(t, "")
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(t, "qubits")
		c := drawAny(t, n, 8)
		for q := range n { // no qubit is idle
			c.Gate(ir.H, []int{q})
		}
		want, err := new(Simulator).Probabilities(c, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		c.MeasureAll()
		if d := largestDifference(spread(lawOf(t, &Noisy{Model: free}, c)), want); d > 1e-12 {
			t.Errorf("the law differs by %.2g", d)
		}
	})
}
