package compile

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"qgan/calibration"
	"qgan/ir"
)

// The figures of circuits as they stand, by hand: depths, durations across barriers and
// delays, and what isn't known.
func TestMeasureByHand(t *testing.T) {
	t.Parallel()
	snapshot := families[0].snapshot(4, line(4)) // cz of 68 ns, pulses of 32 ns, readouts of 1 µs
	sx := func(q int) ir.Op { return &ir.Apply{Gate: ir.SX, Qubits: []int{q}} }
	cz := func(a, b int) ir.Op { return &ir.Apply{Gate: ir.CZ, Qubits: []int{a, b}} }
	rz := func(q int) ir.Op { return &ir.Apply{Gate: ir.RZ, Angles: ir.Consts(0.5), Qubits: []int{q}} }
	barrier := func(q ...int) ir.Op { return &ir.Barrier{Qubits: q} }
	delay := func(x float64, unit string, q ...int) ir.Op { return &ir.Delay{Duration: x, Unit: unit, Qubits: q} }
	for name, k := range map[string]struct {
		ops   []ir.Op
		want  Stats // but for the fidelity
		blind bool  // of the sample time
	}{
		"nothing":                      {nil, Stats{}, false},
		"side by side":                 {[]ir.Op{sx(0), sx(1)}, Stats{Depth: 1, OneQubitGates: 2, Duration: 32e-9}, false},
		"across a barrier":             {[]ir.Op{sx(0), barrier(0, 1), sx(1)}, Stats{Depth: 2, OneQubitGates: 2, Duration: 64e-9}, false},
		"pairs side by side":           {[]ir.Op{cz(0, 1), cz(2, 3)}, Stats{TwoQubitGates: 2, TwoQubitDepth: 1, Depth: 1, Duration: 68e-9}, false},
		"pairs across a barrier":       {[]ir.Op{cz(0, 1), barrier(0, 2), cz(2, 3)}, Stats{TwoQubitGates: 2, TwoQubitDepth: 2, Depth: 2, Duration: 136e-9}, false},
		"a pulse between":              {[]ir.Op{cz(0, 1), sx(1), cz(1, 2)}, Stats{TwoQubitGates: 2, TwoQubitDepth: 2, OneQubitGates: 1, Depth: 3, Duration: 168e-9}, false},
		"virtual":                      {[]ir.Op{rz(0), rz(0), sx(0)}, Stats{OneQubitGates: 1, VirtualZ: 2, Depth: 3, Duration: 32e-9}, false},
		"measured":                     {[]ir.Op{sx(0), &ir.Measure{Qubit: 0, Bit: 0}, sx(1)}, Stats{OneQubitGates: 2, Depth: 2, Duration: 1.032e-6}, false},
		"a delay at the end":           {[]ir.Op{sx(0), delay(100, "ns", 0)}, Stats{OneQubitGates: 1, Depth: 1, Duration: 132e-9}, false},
		"a delay on both, then a gate": {[]ir.Op{sx(0), delay(50, "dt", 0, 1), cz(0, 1)}, Stats{TwoQubitGates: 1, TwoQubitDepth: 1, OneQubitGates: 1, Depth: 2, Duration: 150e-9}, false},
		"a delay of unknown length":    {[]ir.Op{sx(0), delay(50, "dt", 0)}, Stats{OneQubitGates: 1, Depth: 1, Duration: 32e-9}, true},
	} {
		target, err := NewTarget(snapshot)
		if err != nil {
			t.Fatal(err)
		}
		if k.blind {
			target.SampleTime = 0
		}
		c := ir.New(4, 1)
		c.Ops = k.ops
		got := target.measure(c)
		if math.Abs(got.Duration-k.want.Duration) > 1e-15 {
			t.Errorf("%s: %g s, want %g", name, got.Duration, k.want.Duration)
		}
		got.Duration, got.Fidelity = k.want.Duration, 0
		if got != k.want {
			t.Errorf("%s: %+v, want %+v", name, got, k.want)
		}
	}
	// Where one duration is not known there is none of the whole, and nothing idles.
	c := ir.New(4, 0)
	c.Ops = []ir.Op{cz(0, 1), sx(1), sx(1), sx(1), cz(0, 1)}
	target, err := NewTarget(snapshot)
	if err != nil {
		t.Fatal(err)
	}
	idle := target.measure(c)
	gates := math.Pow(1-target.Qubits[1].Error, 3) * math.Pow(1-target.Edges[[2]int{0, 1}].Error, 2)
	if want := gates * math.Exp(-target.Qubits[0].idling(96e-9)); math.Abs(idle.Fidelity-want) > 1e-12 || want > gates-1e-9 {
		t.Errorf("fidelity %v, want %v", idle.Fidelity, want)
	}
	for name, blind := range map[string]func(*Target){
		"a pulse": func(t *Target) { t.Qubits[1].Duration = 0 },
		"a pair": func(t *Target) {
			e := t.Edges[[2]int{0, 1}]
			e.Duration = 0
			t.Edges[[2]int{0, 1}] = e
		},
	} {
		target, err := NewTarget(snapshot)
		if err != nil {
			t.Fatal(err)
		}
		blind(target)
		c.Ops = append(c.Ops[:5:5], cz(2, 3), sx(2)) // what is known comes last
		if got := target.measure(c); got.Duration != 0 || math.Abs(got.Fidelity/((1-target.Edges[[2]int{2, 3}].Error)*(1-target.Qubits[2].Error))-gates) > 1e-12 {
			t.Errorf("%s of unknown duration: %+v, gates alone %v", name, got, gates)
		}
	}
	// An error of 1 and more leaves nothing.
	e := target.Edges[[2]int{0, 1}]
	for _, x := range []float64{1, 1.5} {
		e.Error = x
		target.Edges[[2]int{0, 1}] = e
		if got := target.measure(c).Fidelity; got != 0 {
			t.Errorf("an error of %v leaves %v", x, got)
		}
	}
}

// A result that gets its values is scheduled and decoupled as it was asked for, has the
// figures of its own circuit, and is twirled before all of them are there, not after.
func TestBindKeepsOptions(t *testing.T) {
	t.Parallel()
	target := timed(t, families[0], nil)
	c := waiting(4)
	a, x := c.TrainedSymbol("a"), c.DataSymbol("x")
	c.Gate(ir.RX, []int{0}, ir.Trained(1, a))
	c.Gate(ir.RX, []int{2}, ir.Data(1, x))
	c.Bits, c.BitRegs = 3, []ir.Register{{Name: "c", Indices: upTo(3)}}
	c.Measure(0, 1)
	for decoupling, want := range map[Decoupling]string{NoDecoupling: "276dt", DecoupleXX: "53dt x 106dt x 53dt"} {
		r := asWritten(t, c, target, decoupling)
		if !slices.Equal(r.BitMap, []int{-1, 0, -1}) {
			t.Errorf("bit map %v", r.BitMap)
		}
		part, err := r.Bind([]float64{math.Pi}, nil)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := part.Bind(nil, []float64{0})
		if err != nil {
			t.Fatal(err)
		}
		for name, got := range map[string]*Result{"free": r, "bound in part": part, "bound": whole} {
			if between(got.Circuit) == nil || strings.Join(between(got.Circuit)[:len(strings.Fields(want))], " ") != want {
				t.Errorf("%q, %s: %v, want %s", decoupling, name, between(got.Circuit), want)
			}
			if got.Stats != target.measure(got.Circuit) {
				t.Errorf("%q, %s: %+v, the circuit has %+v", decoupling, name, got.Stats, target.measure(got.Circuit))
			}
			twirled, err := got.Twirl(testStream(1))
			if (err != nil) != (name == "bound") || err != nil && !strings.Contains(err.Error(), "twirl before binding") {
				t.Errorf("%q, %s: twirling: %v", decoupling, name, err)
			}
			if err != nil {
				continue
			}
			delays := 0
			for _, word := range between(twirled) {
				if strings.HasSuffix(word, "dt") {
					delays++
				}
			}
			if delays != len(strings.Fields(want))/2+1 {
				t.Errorf("%q, %s: twirled, %v stands between, %d delays", decoupling, name, between(twirled), delays)
			}
		}
		if r.Stats.OneQubitGates == whole.Stats.OneQubitGates {
			t.Errorf("%q: a turn by 0 costs %d pulses, one by a symbol as many", decoupling, whole.Stats.OneQubitGates)
		}
	}
	r := asWritten(t, c, target, NoDecoupling)
	for want, values := range map[string][2][]float64{
		"binding 2 trained values to a circuit of 1 trained symbols": {{1, 2}, nil},
		"binding 0 data values to a circuit of 1 data symbols":       {nil, {}},
	} {
		if _, err := r.Bind(values[0], values[1]); err == nil || err.Error() != want {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// Each figure of a report and of a description stands under its name.
func TestReportsByHand(t *testing.T) {
	t.Parallel()
	target := lettered(t, 0.01, 0.02, 0.6)
	target.Name, target.Snapshot = "d", "h"
	target.Qubits[3].Usable = false
	r := &Result{target: target, Layout: []int{1}, Final: []int{2}, BitMap: []int{3}, Warnings: []string{"w"}, Readout: &Affine{Sources: [][]int{{0}}, Flip: []bool{true}},
		Stats: Stats{TwoQubitGates: 1, TwoQubitDepth: 2, OneQubitGates: 3, VirtualZ: 4, Depth: 5, Duration: 6, Fidelity: 7}}
	report := r.Report(8 * time.Second)
	report.Circuit = "c"
	same := func(what string, value any, want string) {
		t.Helper()
		got, err := json.Marshal(value)
		if err != nil || string(got) != want {
			t.Errorf("%s is\n%s\nwant\n%s", what, got, want)
		}
	}
	same("the report", report, `{"schema":"qgan.compile/v1","device":"d","snapshot_sha256":"h","circuit":"c","stats":{"two_qubit_gates":1,"two_qubit_depth":2,"one_qubit_gates":3,"virtual_z":4,"depth":5,"duration_s":6,"estimated_fidelity":7,"seconds":8},`+
		`"layout":[1],"final_layout":[2],"bit_map":[3],"readout_map":{"sources":[[0]],"flip":[true]},"approximation_error":0,"warnings":["w"]}`)
	r.Stats.Duration, r.Readout, r.Warnings = 0, nil, nil
	same("without a duration", r.Report(0), `{"schema":"qgan.compile/v1","device":"d","snapshot_sha256":"h","circuit":"","stats":{"two_qubit_gates":1,"two_qubit_depth":2,"one_qubit_gates":3,"virtual_z":4,"depth":5,"duration_s":null,"estimated_fidelity":7,"seconds":0},`+
		`"layout":[1],"final_layout":[2],"bit_map":[3],"readout_map":null,"approximation_error":0,"warnings":[]}`)
	d := target.Describe(&calibration.Snapshot{Service: "s", Name: "n", Version: "v", SampleTime: 9, Warnings: []string{"w"}, Taken: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)})
	limits, err := json.Marshal(calibration.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	same("the description", d, `{"schema":"qgan.device/v1","service":"s","name":"n","version":"v","taken":"2026-01-02T03:04:05Z","sha256":"h","qubits":4,"usable_qubits":3,"pairs":3,"usable_pairs":2,"one_qubit_gates":"prx","two_qubit_gates":["cz"],"limits":`+
		string(limits)+`,"sample_time_s":9,"warnings":["w"]}`)
}

// The circuits of one seed differ from each other.
func TestTwirlsDiffer(t *testing.T) {
	t.Parallel()
	r, err := Compile(pairsOf(2, 0, "0-1"), families[0].target(t, 2, line(2)), Options{Unitary: true})
	if err != nil {
		t.Fatal(err)
	}
	circuits, err := r.Twirls(8, 3)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]bool{}
	for _, c := range circuits {
		texts[c.String()] = true
	}
	if len(texts) < 2 {
		t.Errorf("8 twirled circuits are %d", len(texts))
	}
}
