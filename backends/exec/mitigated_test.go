package exec

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/calibration"
	"qgan/ir"
	"qgan/ir/compile"
)

// TestMain fixes the seed of the property tests and keeps them from leaving files
// in testdata; -rapid.seed and -rapid.nofailfile=false still override.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{"rapid.seed": "1", "rapid.nofailfile": "true"} {
		if err := flag.Set(name, value); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	os.Exit(m.Run())
}

// misread runs circuits without noise and misreads their qubits: shots in exact
// proportion to the law where they are enough (10^9), so that what is left after
// mitigation is rounding.
type misread struct {
	confusion func(qubits []int) calibration.Confusion
	seen      []backends.Request
}

func (m *misread) Run(_ context.Context, requests []backends.Request) ([]backends.Result, error) {
	m.seen = append(m.seen, requests...)
	out := make([]backends.Result, len(requests))
	for i, r := range requests {
		if r.Mitigation != "" {
			return nil, fmt.Errorf("mitigation %s reached the runner", r.Mitigation)
		}
		rd, err := readoutOf(r.Circuit)
		if err != nil {
			return nil, err
		}
		gates := *r.Circuit
		gates.Ops = nil
		for _, op := range r.Circuit.Ops {
			if _, ok := op.(*ir.Measure); !ok {
				gates.Ops = append(gates.Ops, op)
			}
		}
		out[i] = backends.Result{Bits: r.Circuit.Bits, Provenance: backends.Provenance{Backend: "misread", Jobs: []string{fmt.Sprint(i)}}}
		for lane := range r.Bindings.Len() {
			trained, data := r.Bindings.Row(lane)
			state, err := new(sim.Simulator).Probabilities(&gates, trained, data)
			if err != nil {
				return nil, err
			}
			law := make([]float64, 1<<len(rd.bits))
			for x, p := range state {
				w := 0
				for _, q := range rd.qubits {
					w = w<<1 | x>>(gates.Qubits-1-q)&1
				}
				law[w] += p
			}
			shots := r.ShotsOf(lane)
			o := backends.Outcome{Shots: shots}
			read := m.confusion(rd.physical).Apply(law)
			left, likely := shots, slices.Index(read, slices.Max(read))
			for w, p := range read {
				if w != likely {
					left -= int(p * float64(shots))
				}
			}
			for w, p := range read {
				n := int(p * float64(shots))
				if w == likely {
					n = left
				}
				if n > 0 {
					o.Counts = append(o.Counts, backends.Count{Word: rd.word(uint64(w)), N: n})
				}
			}
			sortOutcome(&o)
			out[i].Outcomes = append(out[i].Outcomes, o)
		}
	}
	return out, nil
}

// each is the confusion of qubits that err each for itself, with figures of their own.
func each(qubits []int) calibration.Confusion {
	c := calibration.Confusion{Bits: len(qubits)}
	for bit, q := range qubits {
		e0, e1 := 0.01+0.01*float64(q%4), 0.03+0.015*float64(q%3)
		c.Groups = append(c.Groups, calibration.ConfusionGroup{Bits: []int{bit}, A: [][]float64{{1 - e0, e1}, {e0, 1 - e1}}})
	}
	return c
}

// correlated makes neighbours err together.
func correlated(qubits []int) calibration.Confusion {
	c := calibration.Confusion{Bits: len(qubits)}
	bit := 0
	for ; bit+1 < len(qubits); bit += 2 {
		c.Groups = append(c.Groups, calibration.ConfusionGroup{Bits: []int{bit, bit + 1}, A: [][]float64{
			{0.94, 0.03, 0.03, 0.06}, {0.02, 0.94, 0, 0.01}, {0.01, 0, 0.95, 0.01}, {0.03, 0.03, 0.02, 0.92}}})
	}
	if bit < len(qubits) {
		c.Groups = append(c.Groups, calibration.ConfusionGroup{Bits: []int{bit}, A: [][]float64{{0.97, 0.05}, {0.03, 0.95}}})
	}
	return c
}

// sample is a circuit of two symbols that measures its four qubits out of order, with a
// bit that nothing is written to.
func sample() *ir.Circuit {
	c := ir.New(4, 5)
	c.Name = "sample"
	c.Trained = []string{"a"}
	c.Data = []string{"b"}
	for q := range 4 {
		c.Gate(ir.RY, []int{q}, ir.Trained(1, 0).Add(ir.Const(0.4*float64(q))))
	}
	for q := range 3 {
		c.Gate(ir.CX, []int{q, q + 1})
		c.Gate(ir.RY, []int{q + 1}, ir.Data(1, 0))
	}
	for bit, q := range []int{2, 0, 3, 1} {
		c.Measure(q, []int{0, 1, 3, 4}[bit])
	}
	return c
}

var lanes = backends.Bindings{Trained: [][]float64{{0.3}, {1.1}}, Data: [][]float64{{0.2}, {-0.7}}}

// furthest is the largest difference of an outcome's weights from a law's.
func furthest(o backends.Outcome, truth backends.Outcome) float64 {
	law := map[uint64]float64{}
	for _, c := range truth.Counts {
		law[c.Word] = float64(c.N) / float64(truth.Shots)
	}
	d := 0.0
	for i, c := range o.Counts {
		d = max(d, math.Abs(o.Weights[i]-law[c.Word]))
		delete(law, c.Word)
	}
	for _, p := range law {
		d = max(d, p)
	}
	return d
}

func faithful(qubits []int) calibration.Confusion { return calibration.Confusion{Bits: len(qubits)} }

// Every method gives the law without readout errors back where it holds, from figures
// or calibrated, for every lane.
func TestMethods(t *testing.T) {
	const shots = 1_000_000_000
	request := backends.Request{Circuit: sample(), Bindings: lanes, Shots: []int{shots}}
	truth, err := (&misread{confusion: faithful}).Run(t.Context(), []backends.Request{request})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []struct {
		method     backends.Mitigation
		confusion  func(qubits []int) calibration.Confusion
		calibrated bool
		balanced   bool
		circuits   int // beside that of the request
		off        bool
	}{
		{method: backends.MitigateFull, confusion: each},
		{method: backends.MitigateFull, confusion: each, calibrated: true, circuits: 16},
		{method: backends.MitigateFull, confusion: correlated},
		{method: backends.MitigateFull, confusion: correlated, calibrated: true, circuits: 16},
		{method: backends.MitigateTensored, confusion: each},
		{method: backends.MitigateTensored, confusion: each, calibrated: true, circuits: 2},
		{method: backends.MitigateTensored, confusion: each, calibrated: true, balanced: true, circuits: 16},
		{method: backends.MitigateTensored, confusion: correlated, off: true},
		{method: backends.MitigateM3, confusion: each},
		{method: backends.MitigateM3, confusion: correlated},
		{method: backends.MitigateM3, confusion: each, calibrated: true, circuits: 2},
		{method: backends.MitigateTwirl, confusion: each, calibrated: true, circuits: 31},
		{method: backends.MitigateTwirl, confusion: correlated, calibrated: true, circuits: 31},
	} {
		t.Run(fmt.Sprintf("%s calibrated %v balanced %v", k.method, k.calibrated, k.balanced), func(t *testing.T) {
			raw := &misread{confusion: k.confusion}
			m := &Mitigated{Runner: raw, Balanced: k.balanced, M3: calibration.M3Options{Distance: -1}}
			m.Confusion = func(qubits []int) (calibration.Confusion, error) { return k.confusion(qubits), nil }
			if k.calibrated {
				m.CalibrationShots, m.Confusion = shots, nil
			}
			r := request
			r.Mitigation = k.method
			res, err := m.Run(t.Context(), []backends.Request{r, request})
			if err != nil {
				t.Fatal(err)
			}
			if n := len(raw.seen) - 2; n != k.circuits {
				t.Errorf("%d circuits beside, want %d", n, k.circuits)
			}
			for lane, o := range res[0].Outcomes {
				// 16 words of counts rounded to 1e-9, times the overhead.
				d := furthest(o, truth[0].Outcomes[lane])
				if k.off != (d > 1e-3) || !k.off && d > 1e-6 {
					t.Errorf("lane %d is off by %.2g", lane, d)
				}
				sum := 0.0
				for i, w := range o.Weights {
					sum += w
					if v := o.Variances[i]; !(v >= 0) || v > o.Overhead*1e-8 {
						t.Errorf("variance %v with an overhead of %v", v, o.Overhead)
					}
				}
				if math.Abs(sum-1) > 1e-9 || !(o.Overhead > 1) || o.Shots != shots || len(o.Weights) != len(o.Counts) {
					t.Errorf("lane %d: weights add up to %v, overhead %v, %d shots", lane, sum, o.Overhead, o.Shots)
				}
				if !slices.IsSortedFunc(o.Counts, func(a, b backends.Count) int { return int(int64(a.Word) - int64(b.Word)) }) {
					t.Errorf("words out of order: %v", o.Counts)
				}
			}
			if res[1].Outcomes[0].Weights != nil {
				t.Error("a request without mitigation has weights")
			}
			// What is known is not calibrated again.
			before := len(raw.seen)
			if _, err := m.Run(t.Context(), []backends.Request{r}); err != nil {
				t.Fatal(err)
			}
			want := 1
			if k.method == backends.MitigateTwirl {
				want = 16
			}
			if n := len(raw.seen) - before; n != want {
				t.Errorf("%d circuits the second time, want %d", n, want)
			}
		})
	}
}

// For seven bits 32 masks of 128 do: what is left of the errors' dependence on what was
// prepared needs four bits at once.
func TestTwirlOfManyBits(t *testing.T) {
	c := ir.New(7, 7)
	for q := range 7 {
		c.Gate(ir.RY, []int{q}, ir.Const(0.3+0.2*float64(q)))
	}
	for q := range 6 {
		c.Gate(ir.CX, []int{q, q + 1})
	}
	c.MeasureAll()
	const shots = min(3_200_000_000, math.MaxInt)
	r := backends.Request{Circuit: c, Shots: []int{shots}}
	truth, err := (&misread{confusion: faithful}).Run(t.Context(), []backends.Request{r})
	if err != nil {
		t.Fatal(err)
	}
	for _, confusion := range []func([]int) calibration.Confusion{each, correlated} {
		raw := &misread{confusion: confusion}
		r.Mitigation = backends.MitigateTwirl
		res, err := (&Mitigated{Runner: raw, CalibrationShots: shots}).Run(t.Context(), []backends.Request{r})
		if err != nil {
			t.Fatal(err)
		}
		if d := furthest(res[0].Outcomes[0], truth[0].Outcomes[0]); d > 2e-6 {
			t.Errorf("off by %.2g", d)
		}
		if len(raw.seen) != 64 {
			t.Errorf("%d circuits", len(raw.seen))
		}
	}
}

// Lanes of few shots take part in as many twirled circuits as they have shots.
func TestTwirlSharesShots(t *testing.T) {
	raw := &misread{confusion: each}
	m := &Mitigated{Runner: raw, CalibrationShots: 16000}
	res, err := m.Run(t.Context(), []backends.Request{{Circuit: sample(), Bindings: lanes, Shots: []int{16000, 3, 1600, 17}, Mitigation: backends.MitigateTwirl}})
	if err != nil {
		t.Fatal(err)
	}
	got := make([]int, 4)
	seeds := map[uint64]bool{}
	for _, r := range raw.seen {
		seeds[r.Seed] = true
		if len(r.Circuit.Trained) == 0 {
			continue // a calibration
		}
		for i, l := range r.Bindings.Lanes {
			if r.Shots[i] < 1 {
				t.Errorf("%d shots", r.Shots[i])
			}
			got[l.Trained*2+l.Data] += r.Shots[i]
		}
	}
	if !slices.Equal(got, []int{16000, 3, 1600, 17}) {
		t.Errorf("%v shots", got)
	}
	if len(seeds) != 32 {
		t.Errorf("%d seeds of 32 requests", len(seeds))
	}
	if n := len(res[0].Provenance.Jobs); n != 32 {
		t.Errorf("%d jobs of 32", n)
	}
}

// Outcomes of a folded readout are mitigated as they are measured and mapped after: the
// law is that of the circuit that was compiled, in its own order of bits.
func TestFoldedReadout(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := ir.New(3, 3)
		for q := range 3 {
			c.Gate(ir.RY, []int{q}, ir.Const(rapid.Float64Range(0, 3).Draw(t, "angle")))
		}
		c.Gate(ir.CX, []int{0, 1})
		for q := range 3 {
			c.Gate(ir.RY, []int{q}, ir.Const(rapid.Float64Range(0, 3).Draw(t, "angle")))
		}
		for range rapid.IntRange(1, 5).Draw(t, "folded") {
			pair := rapid.Permutation([]int{0, 1, 2}).Draw(t, "qubits")
			switch rapid.IntRange(0, 2).Draw(t, "gate") {
			case 0:
				c.Gate(ir.X, pair[:1])
			case 1:
				c.Gate(ir.CX, pair[:2])
			case 2:
				c.Gate(ir.Swap, pair[:2])
			}
		}
		for bit, q := range rapid.Permutation([]int{0, 1, 2}).Draw(t, "measured") {
			c.Measure(q, bit)
		}
		const shots = 1_000_000_000
		none := backends.Bindings{}
		truth, err := (&misread{confusion: faithful}).Run(context.Background(), []backends.Request{{Circuit: c, Bindings: none, Shots: []int{shots}}})
		if err != nil {
			t.Fatal(err)
		}
		s, err := calibration.Read(calibration.File{Name: "line", Data: []byte(line)})
		if err != nil {
			t.Fatal(err)
		}
		target, err := compile.NewTarget(s)
		if err != nil {
			t.Fatal(err)
		}
		r, err := compile.Compile(c, target, compile.Options{FoldReadout: true})
		if err != nil {
			t.Fatal(err)
		}
		method := rapid.SampledFrom([]backends.Mitigation{backends.MitigateTensored, backends.MitigateM3, backends.MitigateTwirl}).Draw(t, "method")
		m := &Mitigated{Runner: &misread{confusion: each}, CalibrationShots: shots, M3: calibration.M3Options{Distance: -1}}
		res, err := m.Run(context.Background(), []backends.Request{{Circuit: r.Circuit, Bindings: none, Shots: []int{shots}, Mitigation: method}})
		if err != nil {
			t.Fatal(err)
		}
		measured := res[0].Outcomes[0]
		o, err := Mapped(measured, r.Readout)
		if err != nil {
			t.Fatal(err)
		}
		if d := furthest(o, truth[0].Outcomes[0]); d > 1e-6 {
			t.Fatalf("%s: off by %.2g with the map %v", method, d, r.Readout)
		}
		if r.Readout == nil {
			return
		}
		// What is mapped already goes back the same way.
		inverse, err := r.Readout.Inverse()
		if err != nil {
			t.Fatal(err)
		}
		back, err := Mapped(o, inverse)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(back.Counts, measured.Counts) || !slices.Equal(back.Weights, measured.Weights) || !slices.Equal(back.Variances, measured.Variances) {
			t.Fatalf("%v comes back as %v", measured, back)
		}
	})
}

// line is a device of three qubits.
const line = `{"backend_name": "line", "backend_version": "1", "last_update_date": "2026-04-15T09:15:15+02:00",
 "qubits": [[{"name": "T1", "unit": "us", "value": 100}, {"name": "T2", "unit": "us", "value": 100}],
  [{"name": "T1", "unit": "us", "value": 100}, {"name": "T2", "unit": "us", "value": 100}],
  [{"name": "T1", "unit": "us", "value": 100}, {"name": "T2", "unit": "us", "value": 100}]],
 "gates": [
  {"gate": "sx", "qubits": [0], "parameters": [{"name": "gate_error", "unit": "", "value": 0.001}]},
  {"gate": "sx", "qubits": [1], "parameters": [{"name": "gate_error", "unit": "", "value": 0.001}]},
  {"gate": "sx", "qubits": [2], "parameters": [{"name": "gate_error", "unit": "", "value": 0.001}]},
  {"gate": "x", "qubits": [0], "parameters": [{"name": "gate_error", "unit": "", "value": 0.001}]},
  {"gate": "x", "qubits": [1], "parameters": [{"name": "gate_error", "unit": "", "value": 0.001}]},
  {"gate": "x", "qubits": [2], "parameters": [{"name": "gate_error", "unit": "", "value": 0.001}]},
  {"gate": "rz", "qubits": [0], "parameters": [{"name": "gate_error", "unit": "", "value": 0}]},
  {"gate": "rz", "qubits": [1], "parameters": [{"name": "gate_error", "unit": "", "value": 0}]},
  {"gate": "rz", "qubits": [2], "parameters": [{"name": "gate_error", "unit": "", "value": 0}]},
  {"gate": "cz", "qubits": [0, 1], "parameters": [{"name": "gate_error", "unit": "", "value": 0.01}]},
  {"gate": "cz", "qubits": [1, 2], "parameters": [{"name": "gate_error", "unit": "", "value": 0.01}]}],
 "general": []}`

// Outcomes with shot noise, from the noisy simulator: within their standard errors of the
// law without readout errors, calibrated on the same backend.
func TestNoisySimulator(t *testing.T) {
	file := `{"name": "readout", "readout": [
	 {"qubits": [0], "p1_given_0": 0.02, "p0_given_1": 0.07}, {"qubits": [1], "p1_given_0": 0.03, "p0_given_1": 0.05},
	 {"qubits": [2], "p1_given_0": 0.01, "p0_given_1": 0.1}, {"qubits": [3], "p1_given_0": 0.05, "p0_given_1": 0.06}]}`
	model, err := calibration.ReadNoiseModel(calibration.File{Name: "readout.json", Data: []byte(file)})
	if err != nil {
		t.Fatal(err)
	}
	const shots = 20000
	request := backends.Request{Circuit: sample(), Bindings: lanes, Shots: []int{shots}, Seed: 5}
	exact := request
	exact.Shots = []int{1_000_000_000}
	truth, err := (&misread{confusion: faithful}).Run(t.Context(), []backends.Request{exact})
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []backends.Mitigation{backends.MitigateFull, backends.MitigateTensored, backends.MitigateM3, backends.MitigateTwirl} {
		m := &Mitigated{Runner: &sim.Noisy{Model: model, Method: sim.DensityMethod}, CalibrationShots: 64000, Seed: 2}
		r := request
		r.Mitigation = method
		res, err := m.Run(t.Context(), []backends.Request{r})
		if err != nil {
			t.Fatal(err)
		}
		for lane, o := range res[0].Outcomes {
			law := map[uint64]float64{}
			for _, c := range truth[0].Outcomes[lane].Counts {
				law[c.Word] = float64(c.N) / 1e9
			}
			worst, raw := 0.0, 0.0
			for i, c := range o.Counts {
				worst = max(worst, math.Abs(o.Weights[i]-law[c.Word])/math.Sqrt(max(o.Variances[i], 1e-9)))
				raw = max(raw, math.Abs(float64(c.N)/shots-law[c.Word])/math.Sqrt(max(law[c.Word], 1e-3)/shots))
			}
			if worst > 4.5 {
				t.Errorf("%s, lane %d: a weight is %.1f standard errors off", method, lane, worst)
			}
			if raw < 6 {
				t.Errorf("%s, lane %d: the counts are only %.1f standard errors off, the test shows nothing", method, lane, raw)
			}
		}
		again, err := (&Mitigated{Runner: &sim.Noisy{Model: model, Method: sim.DensityMethod, Workers: 1}, CalibrationShots: 64000, Seed: 2}).Run(t.Context(), []backends.Request{r})
		if err != nil || !slices.Equal(again[0].Outcomes[1].Weights, res[0].Outcomes[1].Weights) {
			t.Errorf("%s: other weights with the same seeds (%v)", method, err)
		}
	}
}

// What can't be undone is refused with the physical qubit.
func TestRefusesByQubit(t *testing.T) {
	c := ir.New(0, 2)
	c.Qubits, c.QubitRegs = 2, []ir.Register{{Name: "$86", Indices: []int{0}}, {Name: "$12", Indices: []int{1}}}
	c.Name = "pair"
	c.Measure(1, 0)
	c.Measure(0, 1)
	bad := func(qubits []int) (calibration.Confusion, error) {
		out := calibration.Confusion{Bits: len(qubits)}
		for bit, q := range qubits {
			e0, e1 := 0.01, 0.02
			if q == 86 {
				e0, e1 = 0.214, 0.916
			}
			out.Groups = append(out.Groups, calibration.ConfusionGroup{Bits: []int{bit}, A: [][]float64{{1 - e0, e1}, {e0, 1 - e1}}})
		}
		return out, nil
	}
	steered := ir.New(1, 2)
	steered.Measure(0, 0)
	steered.Ops = append(steered.Ops, &ir.If{Cond: ir.BitSet(0), Then: []ir.Op{&ir.Measure{Qubit: 0, Bit: 1}}})
	again := ir.New(1, 2)
	again.Measure(0, 0)
	again.Gate(ir.X, []int{0})
	again.Measure(0, 1)
	none := backends.Bindings{}
	for _, k := range []struct {
		circuit *ir.Circuit
		method  backends.Mitigation
		m       *Mitigated
		want    string
	}{
		{c, backends.MitigateTensored, &Mitigated{Confusion: bad}, "the readout of qubit 86 (bit 1) can't be undone: P(1|0) = 0.214 and P(0|1) = 0.916 add up to 1.13"},
		{c, backends.MitigateM3, &Mitigated{Confusion: bad}, "qubit 86 (bit 1)"},
		{c, backends.MitigateTwirl, &Mitigated{CalibrationShots: 1000}, "qubit 86 (bit 1)"},
		{c, backends.MitigateTensored, &Mitigated{}, "give shots to calibrate"},
		{c, backends.MitigateTwirl, &Mitigated{Confusion: bad}, "0 shots for the 4 circuits"},
		{c, backends.MitigateFull, &Mitigated{CalibrationShots: 3}, "3 shots for the 4 circuits"},
		{c, "pray", &Mitigated{}, `mitigation "pray": it can be`},
		{steered, backends.MitigateM3, &Mitigated{}, "depends on its own outcomes"},
		{again, backends.MitigateTwirl, &Mitigated{CalibrationShots: 1000}, "something happens to qubit 0 after it was measured"},
		{ir.New(1, 1), backends.MitigateM3, &Mitigated{}, "measures nothing"},
	} {
		k.m.Runner = &misread{confusion: func(qubits []int) calibration.Confusion {
			out, _ := bad(qubits)
			return out
		}}
		_, err := k.m.Run(t.Context(), []backends.Request{{Circuit: k.circuit, Bindings: none, Shots: []int{100}, Mitigation: k.method}})
		if err == nil || !strings.Contains(err.Error(), k.want) {
			t.Errorf("%s of %s: %v, want %q", k.method, k.circuit.Name, err, k.want)
		}
		if strings.Contains(k.want, "qubit 86") {
			var refused *calibration.NotInvertible
			if !errors.As(err, &refused) || !slices.Equal(refused.Bits, []int{1}) {
				t.Errorf("%v is no refusal of bit 1", err)
			}
		}
	}
}

// The flips are the caller's where an x isn't native.
func TestFlips(t *testing.T) {
	raw := &misread{confusion: each}
	m := &Mitigated{Runner: raw, CalibrationShots: 1600, Flip: func(q int) []ir.Op {
		return []ir.Op{&ir.Apply{Gate: ir.RX, Angles: ir.Consts(math.Pi), Qubits: []int{q}}}
	}}
	if _, err := m.Run(t.Context(), []backends.Request{{Circuit: sample(), Bindings: lanes, Shots: []int{1600}, Mitigation: backends.MitigateTwirl}}); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, r := range raw.seen {
		for _, op := range r.Circuit.Ops {
			if g, ok := op.(*ir.Apply); ok && g.Gate == ir.X {
				t.Fatal("an x that nobody asked for")
			} else if ok && g.Gate == ir.RX {
				n++
			}
		}
	}
	if n != 2*32 { // half of 16 words of 4 bits, in twirled circuits and in calibrations
		t.Errorf("%d flips", n)
	}
}

// A native way to flip is found, and each way is an x up to phase.
func TestNativeFlip(t *testing.T) {
	for _, gate := range []ir.Gate{ir.X, ir.PRX, ir.GPI, ir.RX, ir.SX} {
		ops := NativeFlip(func(op ir.Op) error {
			if g := op.(*ir.Apply).Gate; g != gate {
				return fmt.Errorf("%s is not native", g)
			}
			return nil
		})(1)
		c := ir.New(2, 0)
		c.Ops = ops
		if err := ir.Verify(c); err != nil {
			t.Fatal(err)
		}
		law, err := new(sim.Simulator).Probabilities(c, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if ops[0].(*ir.Apply).Gate != gate || math.Abs(law[1]-1) > 1e-14 {
			t.Errorf("%s: %v", gate, law)
		}
	}
	if ops := NativeFlip(func(ir.Op) error { return errors.New("nothing is native") })(0); ops[0].(*ir.Apply).Gate != ir.X {
		t.Error(ops)
	}
}
