package compile

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"qgan/calibration"
	"qgan/internal/stream"
	"qgan/ir"
)

func testStream(seed uint64) *rand.Rand { return stream.New(seed, "test") }

// Scheduled, all qubits of a gate arrive at it together, and a qubit is never idle
// without a delay between its first and its last operation.
func TestScheduleLeavesNoGap(t *testing.T) {
	t.Parallel()
	target := families[1].target(t, 8, line(8))
	for _, d := range []Decoupling{NoDecoupling, DecoupleXX, DecoupleXY4} {
		r, err := Compile(chainCircuit(6), target, Options{Schedule: true, Decoupling: d})
		if err != nil {
			t.Fatal(err)
		}
		clock := target.clock()
		free := make([]int64, r.Circuit.Qubits)
		delays := 0
		// From the end, at which all qubits are measured together.
		for i := len(r.Circuit.Ops) - 1; i >= 0; i-- {
			op := r.Circuit.Ops[i]
			s, err := target.durationOf(op)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := op.(*ir.Delay); ok {
				delays++
			}
			at := free[qubitsOf(op)[0]]
			for _, q := range qubitsOf(op) {
				if free[q] != at {
					t.Fatalf("%q: op %d: qubit %d waits %d ticks without a delay", d, i, q, at-free[q])
				}
				free[q] = at + clock.ticks(s)
			}
		}
		if delays == 0 {
			t.Errorf("%q: no delay", d)
		}
	}
}

// timed is a target on a line of three qubits whose pairs take 68 and 69 ns and whose
// pulses take 32 ns, with what a test changes.
func timed(t *testing.T, f testFamily, change func(*calibration.Snapshot)) *Target {
	t.Helper()
	s := f.snapshot(3, line(3))
	for i := range s.Gates {
		if slices.Equal(s.Gates[i].Qubits, []int{1, 2}) {
			s.Gates[i].Duration = value(69e-9)
		}
	}
	if change != nil {
		change(s)
	}
	target, err := NewTarget(s)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// waiting is a circuit in which qubit 0 waits for so many gates on 1 and 2.
func waiting(gates int) *ir.Circuit {
	c := ir.New(3, 0)
	c.Gate(ir.CZ, []int{0, 1})
	for range gates {
		c.Gate(ir.CZ, []int{1, 2})
	}
	c.Gate(ir.CZ, []int{0, 1})
	return c
}

// asWritten compiles nothing away.
func asWritten(t *testing.T, c *ir.Circuit, target *Target, d Decoupling) *Result {
	t.Helper()
	r, err := Compile(c, target, Options{Level: None, Layout: upTo(c.Qubits), Schedule: true, Decoupling: d})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// between lists what happens on qubit 0 between its two-qubit gates: delays as their
// length, and gates as their names.
func between(c *ir.Circuit) (out []string) {
	inside := false
	for _, op := range c.Ops {
		switch op := op.(type) {
		case *ir.Apply:
			switch {
			case len(op.Qubits) == 2 && slices.Contains(op.Qubits, 0):
				inside = !inside
			case inside && op.Qubits[0] == 0:
				name := op.Gate.String()
				for _, a := range op.Angles {
					name += fmt.Sprintf(" %.4g", a.Const)
				}
				out = append(out, name)
			}
		case *ir.Delay:
			if inside && op.Qubits[0] == 0 {
				out = append(out, fmt.Sprintf("%g%s", op.Duration, op.Unit))
			}
		}
	}
	return out
}

// Delays and the pulses between them stand where they stand by hand: half as long a pause
// before the first pulse and behind the last as between two, times rounded up to what the
// device counts in.
func TestDecouplingPlaces(t *testing.T) {
	t.Parallel()
	ns := func(s *calibration.Snapshot) { s.SampleTime = 0 }
	coarse := func(s *calibration.Snapshot) { s.SampleTime, s.Limits.Granularity = 0.5e-9, 4 } // 68 and 69 ns are 34 and 35 of them, 32 are 16
	for _, k := range []struct {
		family     string
		change     func(*calibration.Snapshot)
		gates      int
		decoupling Decoupling
		want       string
	}{
		{"ibm cz", nil, 1, NoDecoupling, "69dt"},
		{"ibm cz", nil, 4, NoDecoupling, "276dt"},
		{"ibm cz", ns, 4, NoDecoupling, "276ns"},
		{"ibm cz", coarse, 4, NoDecoupling, "560dt"}, // 4 x 35 x 4
		// 276 - 2 x 32 = 212: 53, 106, 53.
		{"ibm cz", nil, 4, DecoupleXX, "53dt x 106dt x 53dt"},
		{"ibm cz", ns, 4, DecoupleXX, "53ns x 106ns x 53ns"},
		// 140 - 2 x 16 = 108 of 4 dt: 27, 54, 27.
		{"ibm cz", coarse, 4, DecoupleXX, "108dt x 216dt x 108dt"},
		// 345 - 64 = 281: to 70 and 210 of it.
		{"ibm cz", nil, 5, DecoupleXX, "70dt x 140dt x 71dt"},
		// 138 - 64 = 74 is longer than the pulses, 69 - 64 is not.
		{"ibm cz", nil, 2, DecoupleXX, "18dt x 37dt x 19dt"},
		{"ibm cz", nil, 1, DecoupleXX, "69dt"},
		// 552 - 128 = 424: to 53, 159, 265, 371 of it; a y is an x between turns about z.
		{"ibm cz", nil, 8, DecoupleXY4, "53dt x 106dt rz -1.571 x rz 1.571 106dt x 106dt rz -1.571 x rz 1.571 53dt"},
		// 345 - 128 = 217: to 27, 81, 135, 189 of it.
		{"ibm cz", nil, 5, DecoupleXY4, "27dt x 54dt rz -1.571 x rz 1.571 54dt x 54dt rz -1.571 x rz 1.571 28dt"},
		{"ibm cz", nil, 3, DecoupleXY4, "207dt"},
		// Without a gate x it is two of sx: 276 - 4 x 32 = 148.
		{"rz and sx", nil, 4, DecoupleXX, "37dt sx sx 74dt sx sx 37dt"},
		{"iqm", nil, 4, DecoupleXX, "53dt prx 3.142 0 106dt prx 3.142 0 53dt"},
		{"iqm", nil, 8, DecoupleXY4, "53dt prx 3.142 0 106dt prx 3.142 1.571 106dt prx 3.142 0 106dt prx 3.142 1.571 53dt"},
		{"rigetti cz", nil, 4, DecoupleXX, "53dt rx 3.142 106dt rx 3.142 53dt"},
	} {
		i := slices.IndexFunc(families, func(f testFamily) bool { return f.name == k.family })
		r := asWritten(t, waiting(k.gates), timed(t, families[i], k.change), k.decoupling)
		if got := strings.Join(between(r.Circuit), " "); got != k.want {
			t.Errorf("%s, %d gates, %q: %s, want %s", k.family, k.gates, k.decoupling, got, k.want)
		}
	}
}

// Times are rounded up to whole ticks, but for what a division leaves over.
func TestTicks(t *testing.T) {
	t.Parallel()
	for _, k := range []clock{{tick: 1e-9}, {tick: 0.5e-9}, {tick: 16 * (2. / 9) * 1e-9}} {
		for n := range int64(3000) {
			for seconds, want := range map[float64]int64{float64(n) * k.tick: n, (float64(n) + 0.01) * k.tick: n + 1, (float64(n) + 0.99) * k.tick: n + 1} {
				if got := k.ticks(seconds); got != want {
					t.Fatalf("%v s are %d ticks of %v, want %d", seconds, got, k.tick, want)
				}
			}
		}
	}
}

// The shortest gaps that are decoupled: the pauses are as long as the pulses together, and two
// ticks a pulse.
func TestShortestDecoupling(t *testing.T) {
	t.Parallel()
	for _, k := range []struct {
		pulse      float64 // ns
		gap        int64
		decoupling Decoupling
		delays     int
	}{
		{32, 127, DecoupleXX, 1}, {32, 128, DecoupleXX, 3}, {32, 255, DecoupleXY4, 1}, {32, 256, DecoupleXY4, 5}, {32, 1000, NoDecoupling, 1},
		{1, 5, DecoupleXX, 1}, {1, 6, DecoupleXX, 3}, {1, 11, DecoupleXY4, 1}, {1, 12, DecoupleXY4, 5},
	} {
		target := timed(t, families[0], func(s *calibration.Snapshot) {
			for i := range s.Gates {
				if len(s.Gates[i].Qubits) == 1 {
					s.Gates[i].Duration = value(k.pulse * 1e-9)
				}
			}
		})
		n := 0
		for _, op := range target.fill(nil, clock{1e-9, "ns", 1}, k.gap, 1, k.decoupling) {
			if _, ok := op.(*ir.Delay); ok {
				n++
			}
		}
		if n != k.delays {
			t.Errorf("%d ns with pulses of %g ns, %q: %d delays, want %d", k.gap, k.pulse, k.decoupling, n, k.delays)
		}
	}
}

// A second is as long in each unit of a delay.
func TestScheduledDelays(t *testing.T) {
	target := timed(t, families[0], nil)
	for _, d := range []ir.Delay{{Duration: 3e-6, Unit: "s"}, {Duration: 3e-3, Unit: "ms"}, {Duration: 3, Unit: "us"}, {Duration: 3000, Unit: "ns"}, {Duration: 3000, Unit: "dt"}} {
		c := ir.New(3, 0)
		c.Gate(ir.CZ, []int{0, 1})
		c.Ops = append(c.Ops, &ir.Delay{Duration: d.Duration, Unit: d.Unit, Qubits: []int{1}})
		c.Gate(ir.CZ, []int{0, 1})
		r := asWritten(t, c, target, NoDecoupling)
		if got := strings.Join(between(r.Circuit), " "); got != "3000dt" {
			t.Errorf("%g %s on the neighbour: %s, want 3000dt", d.Duration, d.Unit, got)
		}
		if math.Abs(r.Stats.Duration-3.136e-6) > 1e-15 {
			t.Errorf("%g %s: the whole takes %g s", d.Duration, d.Unit, r.Stats.Duration)
		}
	}
	// A measurement takes a microsecond.
	c := ir.New(3, 1)
	c.Gate(ir.CZ, []int{0, 1})
	c.Ops = append(c.Ops, &ir.Measure{Qubit: 1, Bit: 0})
	c.Gate(ir.CZ, []int{0, 1})
	if got := strings.Join(between(asWritten(t, c, target, NoDecoupling).Circuit), " "); got != "1000dt" {
		t.Errorf("a measurement of the neighbour: %s, want 1000dt", got)
	}
}

// A delay of the program is part of the wait that it stands in, and decoupled with it; where a
// qubit's operations begin or end it stays as it is.
func TestWrittenDelaysAreDecoupled(t *testing.T) {
	t.Parallel()
	target := timed(t, families[0], nil)
	wait := func(ns float64, q ...int) ir.Op { return &ir.Delay{Duration: ns, Unit: "ns", Qubits: q} }
	cz := func(q ...int) ir.Op { return &ir.Apply{Gate: ir.CZ, Qubits: q} }
	for _, k := range []struct {
		ops        []ir.Op
		decoupling Decoupling
		want       string // of qubit 0
	}{
		{[]ir.Op{cz(0, 1), wait(276, 0), cz(0, 1)}, NoDecoupling, "276ns"},
		{[]ir.Op{cz(0, 1), wait(276, 0), cz(0, 1)}, DecoupleXX, "53dt x 106dt x 53dt"},
		{[]ir.Op{cz(0, 1), wait(276, 0, 1), cz(0, 1)}, DecoupleXX, "53dt x 106dt x 53dt"},
		// Several delays and the neighbour's gate, 69 ns, are one wait.
		{[]ir.Op{cz(0, 1), wait(107, 0, 1, 2), cz(1, 2), wait(100, 1), cz(0, 1)}, DecoupleXX, "53dt x 106dt x 53dt"},
		{[]ir.Op{cz(0, 1), wait(100, 0), cz(0, 1)}, DecoupleXX, "100dt"}, // too short
		{[]ir.Op{cz(0, 1), wait(276, 0, 1)}, DecoupleXX, "276dt"},        // at the end
		{[]ir.Op{cz(0, 1), wait(200, 0), wait(76, 0)}, DecoupleXX, "276dt"},
		{[]ir.Op{wait(276, 0), cz(0, 1)}, DecoupleXX, ""}, // before its first gate: outside
	} {
		c := ir.New(3, 0)
		c.Ops = k.ops
		r := asWritten(t, c, target, k.decoupling)
		if got := strings.Join(between(r.Circuit), " "); got != k.want {
			t.Errorf("%v, %q: %s, want %s", c, k.decoupling, got, k.want)
		}
		plain, err := target.scheduled(c, NoDecoupling)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := length(t, target, plain), length(t, target, r.Circuit); a != b {
			t.Errorf("%v, %q: %d ticks, without pulses %d", c, k.decoupling, b, a)
		}
	}
}

// length is how many ticks a circuit's qubit 0 is busy.
func length(t *testing.T, target *Target, c *ir.Circuit) (ticks int64) {
	t.Helper()
	for _, op := range c.Ops {
		s, err := target.durationOf(op)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(qubitsOf(op), 0) {
			ticks += target.clock().ticks(s)
		}
	}
	return ticks
}

// The figures of a circuit on qubits of known figures, by hand: errors of gates and
// readouts, and idling between the first and the last operation of a qubit.
func TestStatsByHand(t *testing.T) {
	t.Parallel()
	const pulse, readout = 1e-3, 0.02
	pairs := [2]float64{0.01, 0.03} // of 0-1 and of 1-2
	for name, k := range map[string]struct {
		t1, t2  float64 // of qubit 0
		perTime float64 // what it loses idling, per second
	}{
		"relaxation and dephasing": {1e-4, 0.8e-4, 0.5e4 + (1.25e4 - 0.5e4)},
		"T2 at its bound":          {1e-4, 2e-4, 0.5e4},
		"T2 beyond its bound":      {1e-4, 3e-4, 0.5e4},
	} {
		target := timed(t, families[0], func(s *calibration.Snapshot) {
			for i := range s.Gates {
				switch g := &s.Gates[i]; {
				case len(g.Qubits) == 1:
					g.Error = value(pulse)
				default:
					g.Error = value(pairs[g.Qubits[0]])
				}
			}
			for q := range s.Qubits {
				s.Qubits[q].ReadoutError = value(readout)
			}
			s.Qubits[0].T1, s.Qubits[0].T2 = value(k.t1), value(k.t2)
		})
		c := ir.New(3, 3)
		c.Gate(ir.SX, []int{0}) // two pulses, before which no one waits
		c.Gate(ir.RZ, []int{0}, ir.Const(0.3))
		c.Gate(ir.SX, []int{0})
		c.Ops = append(c.Ops, waiting(4).Ops...)
		c.Gate(ir.SX, []int{2})
		c.MeasureAll()
		gates := math.Pow(1-pulse, 3) * math.Pow(1-pairs[0], 2) * math.Pow(1-pairs[1], 4) * math.Pow(1-readout, 3)
		// Qubit 0 waits for four gates of 69 ns, 1 never. Qubit 2 is read as soon as it can
		// be, or, scheduled, with the others, for which it waits 68 - 32 ns at T2 = 1e-4.
		for schedule, want := range map[bool]float64{false: gates * math.Exp(-276e-9*k.perTime), true: gates * math.Exp(-276e-9*k.perTime-36e-9*1e4)} {
			r, err := Compile(c, target, Options{Level: None, Layout: upTo(3), Schedule: schedule})
			if err != nil {
				t.Fatal(err)
			}
			s := r.Stats
			if math.Abs(s.Fidelity-want) > 1e-12 {
				t.Errorf("%s, scheduled %v: fidelity %.12g, want %.12g", name, schedule, s.Fidelity, want)
			}
			if d := (64+68+276+68)*1e-9 + 1e-6; math.Abs(s.Duration-d) > 1e-15 {
				t.Errorf("%s, scheduled %v: %g s, want %g", name, schedule, s.Duration, d)
			}
			if s.TwoQubitGates != 6 || s.TwoQubitDepth != 6 || s.OneQubitGates != 3 || s.VirtualZ != 1 {
				t.Errorf("%s, scheduled %v: %+v", name, schedule, s)
			}
		}
	}
}

// A qubit that waits is put where waiting costs least, in a chain, in a graph that is none,
// and alone where the readout decides.
func TestLayoutCountsIdling(t *testing.T) {
	t.Parallel()
	star := waiting(6)
	star.Qubits, star.QubitRegs = 4, ir.New(4, 0).QubitRegs
	star.Gate(ir.CX, []int{3, 1}) // 1 has three neighbours
	for name, k := range map[string]struct {
		circuit *ir.Circuit
		pairs   [][2]int
		good    int // the only qubit with a long T2
	}{
		"chain, the first end": {waiting(6), line(3), 0},
		"chain, the other end": {waiting(6), line(3), 2},
		"star":                 {star, [][2]int{{0, 1}, {1, 2}, {1, 3}}, 0},
		"star, another":        {star, [][2]int{{0, 1}, {1, 2}, {1, 3}}, 3},
	} {
		s := families[0].snapshot(k.circuit.Qubits, k.pairs)
		for i := range s.Gates {
			s.Gates[i].Error = value(1e-3)
		}
		for q := range s.Qubits {
			s.Qubits[q].ReadoutError, s.Qubits[q].T1, s.Qubits[q].T2 = value(0.01), value(1e-4), value(1e-5)
			if q == k.good {
				s.Qubits[q].T2 = value(1e-4)
			}
		}
		target, err := NewTarget(s)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Compile(k.circuit, target, Options{Level: None})
		if err != nil {
			t.Fatal(err)
		}
		if r.Layout[0] != k.good {
			t.Errorf("%s: the qubit that waits is on %d, want %d", name, r.Layout[0], k.good)
		}
	}
}

// rounded writes the gates of a circuit with angles that are equal where they nearly are.
func rounded(c *ir.Circuit) string {
	var b strings.Builder
	for _, op := range c.Ops {
		a := op.(*ir.Apply)
		fmt.Fprint(&b, a.Gate, a.Qubits)
		for _, x := range a.Angles {
			period := 2 * math.Pi
			if a.Gate.Info().Turns {
				period = 1
			}
			steps := math.Round(x.Const / period * 1e6)
			fmt.Fprint(&b, " ", math.Mod(math.Mod(steps, 1e6)+1e6, 1e6))
		}
	}
	return b.String()
}

// Every Pauli before a two-qubit gate is drawn as often as any other. Those that differ by
// a z that moves through the gate are written in the same way, so there are fewer texts.
func TestTwirlDrawsAll(t *testing.T) {
	t.Parallel()
	const draws = 800
	for family, ways := range map[string]int{"ibm cz": 4, "ibm ecr": 8, "ibm cx": 8, "ionq ms": 16} {
		i := slices.IndexFunc(families, func(f testFamily) bool { return f.name == family })
		target := families[i].target(t, 2, line(2))
		c := ir.New(2, 0)
		for q := range 2 {
			c.Gate(ir.U3, []int{q}, ir.Consts(0.3+0.7*float64(q), 1.1*float64(q)-0.4, 0.9)...)
		}
		c.Gate(entanglerOf(target.Edges[[2]int{0, 1}].Gate).gate, []int{0, 1}, entanglerOf(target.Edges[[2]int{0, 1}].Gate).angles...)
		for q := range 2 {
			c.Gate(ir.U3, []int{q}, ir.Consts(1.3+0.7*float64(q), 0.2*float64(q)-0.4, 0.3)...)
		}
		r, err := Compile(c, target, Options{Level: None, Layout: upTo(2)})
		if err != nil {
			t.Fatal(err)
		}
		if r.Stats.TwoQubitGates != 1 {
			t.Fatalf("%s: %d two-qubit gates", family, r.Stats.TwoQubitGates)
		}
		rng, seen := testStream(3), map[string]int{}
		for range draws {
			twirled, err := r.Twirl(rng)
			if err != nil {
				t.Fatal(err)
			}
			seen[rounded(twirled)]++
		}
		chi2, want := 0.0, float64(draws)/float64(ways)
		for _, n := range seen {
			chi2 += (float64(n) - want) * (float64(n) - want) / want
		}
		if len(seen) != ways || chi2 > 3*float64(ways)+10 {
			t.Errorf("%s: %d ways, want %d; chi² %.1f", family, len(seen), ways, chi2)
		}
	}
}
