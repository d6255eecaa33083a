package exec

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/calibration"
	"qgan/internal/stream"
	"qgan/ir"
	"qgan/ir/compile"
)

// inJobs runs requests by another Runner and says that they were so many a job.
type inJobs struct {
	backends.Runner
	size int
}

func (r inJobs) Run(ctx context.Context, requests []backends.Request) ([]backends.Result, error) {
	out, err := r.Runner.Run(ctx, requests)
	for i := range out {
		out[i].Provenance.Jobs = []string{fmt.Sprintf("j%d", i/r.size)}
	}
	return out, err
}

// Each lane has its own shots, and a result names each of its jobs once.
func TestCompiledLanes(t *testing.T) {
	raw := &misread{confusion: faithful}
	x := &Compiled{Runner: inJobs{raw, 3}, Target: lineTarget(t)}
	first := backends.Request{Circuit: narrow(), Bindings: lanes, Shots: []int{10, 20, 30, 40}}
	second := first
	second.Shots = []int{7}
	res, err := x.Run(t.Context(), []backends.Request{first, second})
	if err != nil {
		t.Fatal(err)
	}
	var shots []int
	for _, q := range raw.seen {
		shots = append(shots, q.Shots...)
	}
	if !slices.Equal(shots, []int{10, 20, 30, 40, 7, 7, 7, 7}) {
		t.Errorf("lanes of %v shots", shots)
	}
	for lane, o := range res[0].Outcomes {
		if o.Shots != first.Shots[lane] {
			t.Errorf("lane %d has %d shots", lane, o.Shots)
		}
	}
	if a, b := res[0].Provenance.Jobs, res[1].Provenance.Jobs; !slices.Equal(a, []string{"j0", "j1"}) || !slices.Equal(b, []string{"j1", "j2"}) {
		t.Errorf("jobs %v and %v", a, b)
	}
}

// What is known of one readout is not taken for another's, whose bits are the same and
// whose qubits are not.
func TestReadoutsAreKnownByTheirQubits(t *testing.T) {
	read := func(qubit int) *ir.Circuit {
		c := ir.New(4, 1)
		c.Gate(ir.RY, []int{qubit}, ir.Const(0.7))
		c.Measure(qubit, 0)
		return c
	}
	for _, calibrated := range []int{0, 2_000_000_000} {
		m := &Mitigated{Runner: &misread{confusion: each}, Confusion: func(q []int) (calibration.Confusion, error) { return each(q), nil }, CalibrationShots: calibrated}
		for _, qubit := range []int{0, 1, 2, 3, 1} {
			res, err := m.Run(t.Context(), []backends.Request{{Circuit: read(qubit), Shots: []int{1_000_000_000}, Mitigation: backends.MitigateTensored}})
			if err != nil {
				t.Fatal(err)
			}
			want := math.Pow(math.Sin(0.35), 2)
			if o := res[0].Outcomes[0]; math.Abs(o.Weights[1]-want) > 1e-6 {
				t.Errorf("qubit %d, %d shots to calibrate: P(1) is %v, want %v", qubit, calibrated, o.Weights[1], want)
			}
		}
	}
}

// The fewest shots that calibrate are one a circuit; the most bits of full inversion are
// those of a group.
func TestLeastAndMost(t *testing.T) {
	wide := func(bits int) *ir.Circuit {
		c := ir.New(bits, bits)
		c.MeasureAll()
		return c
	}
	for _, k := range []struct {
		method      backends.Mitigation
		bits, shots int
		ok          bool
	}{
		{backends.MitigateTensored, 3, 2, true}, {backends.MitigateTensored, 3, 1, false},
		{backends.MitigateFull, 2, 4, true}, {backends.MitigateFull, 2, 3, false},
		{backends.MitigateFull, calibration.MaxGroupBits, 1 << calibration.MaxGroupBits, true},
		{backends.MitigateFull, calibration.MaxGroupBits + 1, 1 << (calibration.MaxGroupBits + 1), false},
	} {
		m := &Mitigated{Runner: &misread{confusion: faithful}, CalibrationShots: k.shots}
		b := &batch{}
		p, err := m.plan(backends.Request{Circuit: wide(k.bits), Shots: []int{1}, Mitigation: k.method}, b)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.calibrate(p, b); (err == nil) != k.ok {
			t.Errorf("%s of %d bits with %d shots: %v", k.method, k.bits, k.shots, err)
		}
	}
}

// A processor has the hash of its calibration data, and circuits for it are folded and,
// where it tells times, scheduled.
func TestDevice(t *testing.T) {
	s, err := calibration.Read(calibration.File{Name: "line", Data: []byte(line)})
	if err != nil {
		t.Fatal(err)
	}
	p, err := Device("line", s, Correction{})
	if err != nil || p.Snapshot == "" || p.Snapshot != p.Model.Snapshot || p.Name != "line" {
		t.Fatalf("%+v, %v", p, err)
	}
	if x := p.Over(nil); x.Target != p.Target || !x.Options.FoldReadout || x.Options.Schedule != p.Target.Timed() {
		t.Errorf("options %+v", x.Options)
	}
	timed, untimed := *p.Target, *p.Target
	for target, duration := range map[*compile.Target]float64{&timed: 3e-7, &untimed: 0} {
		target.Edges = maps.Clone(target.Edges)
		for pair, e := range target.Edges {
			e.Duration = duration
			target.Edges[pair] = e
		}
	}
	for _, target := range []*compile.Target{&timed, &untimed, nil} {
		if x := Simulated(p.Model, target, Correction{}).Simulator(); x.Options.Schedule != (target == &timed) || !x.Options.FoldReadout {
			t.Errorf("options %+v", x.Options)
		}
	}
}

// The law of a circuit is that of its qubits, whatever its compiled form reads, and what was
// in the values before is gone.
func TestLawsOfAFoldedReadout(t *testing.T) {
	model, err := calibration.ReadNoiseModel(calibration.File{Name: "none.toml", Data: []byte("[[readout]]\np1_given_0 = 0.0\np0_given_1 = 0.0\n")})
	if err != nil {
		t.Fatal(err)
	}
	c := narrow()
	c.Ops = slices.DeleteFunc(c.Ops, func(op ir.Op) bool { _, ok := op.(*ir.Measure); return ok })
	c.Bits, c.BitRegs = 0, nil
	l := &Laws{Noisy: &sim.Noisy{Model: model}, Compiled: &Compiled{Target: lineTarget(t), Options: compile.Options{FoldReadout: true}}}
	e, err := l.Evaluator(c, backends.Probabilities)
	if err != nil {
		t.Fatal(err)
	}
	got := slices.Repeat([]float64{0.5}, lanes.Len()*8)
	if err := e.Values(t.Context(), lanes, got); err != nil {
		t.Fatal(err)
	}
	for lane := range lanes.Len() {
		trained, data := lanes.Row(lane)
		want, err := new(sim.Simulator).Probabilities(c, trained, data)
		if err != nil {
			t.Fatal(err)
		}
		for x, p := range want {
			if math.Abs(got[8*lane+x]-p) > 1e-9 {
				t.Errorf("lane %d: P(%03b) is %v, want %v", lane, x, got[8*lane+x], p)
			}
		}
	}
	if r, err := l.Compiled.Result(e.(*law).circuit); err != nil || r.Readout == nil {
		t.Errorf("nothing was folded: %v", err)
	}
}

// Laws are refused beyond the qubits of a density matrix, and beyond the work of all lanes
// together.
func TestLawsThatCostTooMuch(t *testing.T) {
	model, err := calibration.ReadNoiseModel(calibration.File{Name: "none.toml", Data: []byte("[[readout]]\np1_given_0 = 0.0\np0_given_1 = 0.0\n")})
	if err != nil {
		t.Fatal(err)
	}
	for qubits, ok := range map[int]bool{sim.MaxDensityQubits: true, sim.MaxDensityQubits + 1: false} {
		l := &Laws{Noisy: &sim.Noisy{Model: model}, Compiled: &Compiled{}}
		e, err := l.Evaluator(ir.New(qubits, 0), backends.Probabilities)
		if (err == nil) != ok || err != nil && !errors.Is(err, backends.ErrIntractable) {
			t.Errorf("%d qubits: %v", qubits, err)
		}
		if !ok {
			continue
		}
		// 12 measurements of 2^24 numbers, 2·10^8 a lane: at most 198 lanes.
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		for _, n := range []int{1000, 1} {
			b := backends.Bindings{Data: make([][]float64, n)}
			if err := e.Values(ended, b, make([]float64, n<<qubits)); !errors.Is(err, backends.ErrIntractable) {
				t.Errorf("%d lanes after 1000: %v", n, err)
			}
		}
	}
}

// Who draws words keeps the jobs of all, and shuffles each lane in an order of its own.
func TestSamplerKeepsJobs(t *testing.T) {
	s := &Sampler{Runner: inJobs{&misread{confusion: faithful}, 1}}
	c := ir.New(1, 1)
	c.Data = []string{"z"}
	c.Gate(ir.RY, []int{0}, ir.Data(1, 0))
	c.MeasureAll()
	b := backends.Bindings{Data: [][]float64{{math.Pi / 2}, {math.Pi / 2}}}
	for range 2 {
		words, err := s.Words(t.Context(), c, b, []int{64}, 7)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Equal(words[0], words[1]) || slices.IsSorted(words[0]) {
			t.Errorf("two lanes in the orders %v and %v", words[0], words[1])
		}
	}
	if !slices.Equal(s.Jobs, []string{"j0", "j0"}) {
		t.Errorf("jobs %v", s.Jobs)
	}
}

// Words that are drawn by weights are as many as there were shots: each its expected number
// but for one, the smaller and the larger according to the draw.
func TestWordsByWeights(t *testing.T) {
	o := backends.Outcome{Shots: 10, Counts: []backends.Count{{Word: 0}, {Word: 1}, {Word: 2}}, Weights: []float64{0.25, 0.5, 0.25}, Variances: make([]float64, 3)}
	seen := map[int]int{}
	for seed := range uint64(200) {
		var counts [3]int
		for _, w := range wordsOf(o, stream.New(seed, "test")) {
			counts[w]++
		}
		if counts[0]+counts[1]+counts[2] != 10 || counts[0] < 2 || counts[0] > 3 || counts[1] != 5 {
			t.Fatalf("counts %v", counts)
		}
		seen[counts[0]]++
	}
	if seen[2] < 60 || seen[3] < 60 { // 2.5 expected
		t.Errorf("the first word came %v times", seen)
	}
}
