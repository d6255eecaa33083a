package exec

import (
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

func lineTarget(t *testing.T) *compile.Target {
	t.Helper()
	s, err := calibration.Read(calibration.File{Name: "line", Data: []byte(line)})
	if err != nil {
		t.Fatal(err)
	}
	target, err := compile.NewTarget(s)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// narrow is a circuit of two symbols on three qubits, with gates at its end that can be
// folded into the readout.
func narrow() *ir.Circuit {
	c := ir.New(3, 4)
	c.Trained, c.Data = []string{"a"}, []string{"b"}
	for q := range 3 {
		c.Gate(ir.RY, []int{q}, ir.Trained(1, 0).Add(ir.Const(0.4*float64(q))))
	}
	c.Gate(ir.CX, []int{0, 1})
	for q := range 3 {
		c.Gate(ir.RY, []int{q}, ir.Data(1, 0).Add(ir.Const(0.3*float64(q))))
	}
	c.Gate(ir.CX, []int{1, 2})
	c.Gate(ir.X, []int{1})
	for bit, q := range []int{2, 0, 1} {
		c.Measure(q, []int{0, 1, 3}[bit])
	}
	return c
}

// Every lane's outcomes are those of the circuit that was asked for, whatever the
// compiler made of it: bits in their order, a folded readout undone.
func TestCompiled(t *testing.T) {
	c := narrow()
	const shots = 1_000_000_000
	r := backends.Request{Circuit: c, Bindings: lanes, Shots: []int{shots}}
	want, err := (&misread{confusion: faithful}).Run(t.Context(), []backends.Request{r})
	if err != nil {
		t.Fatal(err)
	}
	raw := &misread{confusion: each}
	x := &Compiled{Runner: &Mitigated{Runner: raw, Confusion: func(q []int) (calibration.Confusion, error) { return each(q), nil }}, Target: lineTarget(t), Options: compile.Options{FoldReadout: true}}
	r.Mitigation = backends.MitigateTensored
	got, err := x.Run(t.Context(), []backends.Request{r, r})
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := x.Result(c)
	if err != nil || compiled.Readout == nil {
		t.Fatalf("nothing was folded: %v", err)
	}
	for _, res := range got {
		if len(res.Outcomes) != 4 {
			t.Fatalf("%d outcomes", len(res.Outcomes))
		}
		for lane, o := range res.Outcomes {
			if d := furthest(o, want[0].Outcomes[lane]); d > 1e-6 {
				t.Errorf("lane %d is off by %.2g", lane, d)
			}
		}
	}
	seeds := map[uint64]bool{}
	for _, q := range raw.seen {
		seeds[q.Seed] = true
		for _, op := range q.Circuit.Ops {
			if err := x.Target.Native(op); err != nil {
				t.Error(err)
			}
		}
	}
	if len(raw.seen) != 8 || len(seeds) != 4 { // the same request twice
		t.Errorf("%d circuits with %d seeds", len(raw.seen), len(seeds))
	}
	bound, readout, err := x.Bind(c, lanes.Trained[0], lanes.Data[0])
	if err != nil || readout != compiled.Readout || bound.String() != raw.seen[0].Circuit.String() {
		t.Errorf("bound circuit %v: %v", bound, err)
	}
}

// Without a target circuits are handed on as they are.
func TestCompiledWithoutTarget(t *testing.T) {
	raw := &misread{confusion: faithful}
	c := sample()
	r := backends.Request{Circuit: c, Bindings: lanes, Shots: []int{1000}}
	if _, err := (&Compiled{Runner: raw}).Run(t.Context(), []backends.Request{r}); err != nil {
		t.Fatal(err)
	}
	if len(raw.seen) != 1 || raw.seen[0].Circuit != c {
		t.Errorf("%d requests", len(raw.seen))
	}
	bound, readout, err := (&Compiled{}).Bind(c, lanes.Trained[0], lanes.Data[0])
	if err != nil || readout != nil || len(bound.Trained) != 0 {
		t.Errorf("%v, %v, %v", bound, readout, err)
	}
}

func TestCompiledRefuses(t *testing.T) {
	x := &Compiled{Runner: &misread{confusion: faithful}, Target: lineTarget(t)}
	r := backends.Request{Circuit: narrow(), Bindings: lanes, Shots: []int{1, 2}}
	if _, err := x.Run(t.Context(), []backends.Request{r}); err == nil {
		t.Error("two numbers of shots for four lanes were taken")
	}
	wide := ir.New(40, 40)
	wide.MeasureAll()
	if _, err := x.Run(t.Context(), []backends.Request{{Circuit: wide, Bindings: backends.Bindings{}, Shots: []int{1}}}); err == nil {
		t.Error("40 qubits fit a line of 6")
	}
}

// Words come as often as they were read, in an order of the seed's.
func TestSamplerWords(t *testing.T) {
	s := &Sampler{Runner: &sim.Simulator{}}
	c := sample()
	shots := []int{5, 100, 1, 37}
	words, err := s.Words(t.Context(), c, lanes, shots, 3)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Words(t.Context(), c, lanes, shots, 3)
	if err != nil {
		t.Fatal(err)
	}
	other, err := s.Words(t.Context(), c, lanes, shots, 4)
	if err != nil {
		t.Fatal(err)
	}
	res, err := s.Runner.Run(t.Context(), []backends.Request{{Circuit: c, Bindings: lanes, Shots: shots, Seed: 3}})
	if err != nil {
		t.Fatal(err)
	}
	for lane, w := range words {
		if !slices.Equal(w, again[lane]) {
			t.Errorf("lane %d differs the second time", lane)
		}
		sorted := slices.Sorted(slices.Values(w))
		var want []uint64
		for _, k := range res[0].Outcomes[lane].Counts {
			want = append(want, slices.Repeat([]uint64{k.Word}, k.N)...)
		}
		if !slices.Equal(sorted, want) {
			t.Errorf("lane %d: %v, want %v", lane, sorted, want)
		}
	}
	if slices.Equal(words[1], other[1]) || slices.IsSorted(words[1]) {
		t.Error("words in the order of their counts")
	}
}

// Mitigated words are drawn from the nearest law, each as often as expected but for one.
func TestMitigatedWords(t *testing.T) {
	o := backends.Outcome{Shots: 1000, Counts: []backends.Count{{Word: 2, N: 900}, {Word: 5, N: 60}, {Word: 6, N: 40}, {Word: 7}}, Weights: []float64{0.9573, 0.0437, -0.002, 0.001}}
	law, _ := calibration.NearestLaw(o.Weights)
	for seed := range uint64(50) {
		seen := map[uint64]int{}
		words := wordsOf(o, stream.New(seed, "test"))
		for _, w := range words {
			seen[w]++
		}
		if len(words) != 1000 {
			t.Fatalf("%d words", len(words))
		}
		for i, c := range o.Counts {
			if d := math.Abs(float64(seen[c.Word]) - 1000*law[i]); d >= 1 {
				t.Errorf("word %d: %d times, expected %.2f", c.Word, seen[c.Word], 1000*law[i])
			}
		}
	}
}
