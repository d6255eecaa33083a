package compile

import (
	"math"
	"slices"
	"strings"
	"testing"

	"qgan/ir"
)

// chainGoals are the figures of the generator's circuit with five layers and five
// chains: one cx for each pair and layer, and no more pulses, once bound, than
// Qiskit 2.6.2 at level 3 gives the bound circuit for the same snapshots.
var chainGoals = []struct {
	device       string
	n            int
	gates, depth int
	folded       int
	pulses       int
}{
	{"torino", 10, 45, 17, 36, 141}, {"sherbrooke", 10, 45, 17, 36, 162}, {"fez", 10, 45, 17, 36, 141},
	{"torino", 100, 495, 107, 396, 1491}, {"sherbrooke", 100, 495, 107, 396, 1767}, {"fez", 100, 495, 107, 396, 1491},
}

func TestChainGoals(t *testing.T) {
	t.Parallel()
	for _, g := range chainGoals {
		target := realTarget(t, "ibm/props_"+g.device+".json")
		c := chainCircuit(g.n)
		trained, data := randomValues(c)
		r, err := Compile(c, target, Options{})
		if err != nil {
			t.Fatal(err)
		}
		once, err := r.Bind(trained, data)
		if err != nil {
			t.Fatal(err)
		}
		before, err := Compile(boundTo(t, c, trained, data), target, Options{})
		if err != nil {
			t.Fatal(err)
		}
		a, b := once.Stats, before.Stats
		if a.TwoQubitGates != g.gates || a.TwoQubitDepth != g.depth || a.OneQubitGates > g.pulses {
			t.Errorf("%s, %d qubits: %d two-qubit gates in depth %d, %d pulses; want %d, %d, at most %d", g.device, g.n, a.TwoQubitGates, a.TwoQubitDepth, a.OneQubitGates, g.gates, g.depth, g.pulses)
		}
		if a.TwoQubitGates != b.TwoQubitGates || a.OneQubitGates != b.OneQubitGates {
			t.Errorf("%s, %d qubits: bound after compiling %d and %d, before %d and %d", g.device, g.n, a.TwoQubitGates, a.OneQubitGates, b.TwoQubitGates, b.OneQubitGates)
		}
		folded, err := Compile(c, target, Options{FoldReadout: true})
		if err != nil {
			t.Fatal(err)
		}
		if folded.Stats.TwoQubitGates != g.folded || folded.Readout == nil {
			t.Errorf("%s, %d qubits: %d two-qubit gates with the readout folded, want %d", g.device, g.n, folded.Stats.TwoQubitGates, g.folded)
		}
	}
}

// Rings and Fourier transforms need at most a tenth more two-qubit gates than
// Qiskit 2.6.2 at level 3 (median of five seeds, same snapshots).
func TestRoutingGoals(t *testing.T) {
	t.Parallel()
	for _, g := range []struct {
		device, circuit string
		qiskit          int
	}{
		{"sherbrooke", "ring10", 80}, {"fez", "ring10", 83}, {"torino", "ring10", 80},
		{"sherbrooke", "ring100", 500}, {"fez", "ring100", 500}, {"torino", "ring100", 500},
		{"sherbrooke", "qft10", 144}, {"fez", "qft10", 161}, {"torino", "qft10", 167},
		{"sherbrooke", "qft20", 643}, {"fez", "qft20", 643}, {"torino", "qft20", 760},
	} {
		target := realTarget(t, "ibm/props_"+g.device+".json")
		for _, w := range workloads {
			if w.name != g.circuit {
				continue
			}
			trained, data := randomValues(w.circuit)
			r, err := Compile(boundTo(t, w.circuit, trained, data), target, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if float64(r.Stats.TwoQubitGates) > 1.1*float64(g.qiskit) {
				t.Errorf("%s on %s: %d two-qubit gates, Qiskit %d", g.circuit, g.device, r.Stats.TwoQubitGates, g.qiskit)
			}
		}
	}
}

// Real devices of other services are compiled for as well, and the law stays.
func TestOtherServices(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"braket/ionq_forte_enterprise.json", "braket/iqm_garnet.json", "braket/rigetti.json", "ibm/props_cairo.json", "ibm/props_manila.json", "ibm/props_nighthawk.json", "ibm/props_kingston.json"} {
		target := realTarget(t, file)
		c := chainCircuit(5)
		trained, data := randomValues(c)
		r, err := Compile(boundTo(t, c, trained, data), target, Options{})
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		ops, n := compact(r)
		want := lawOf(t, boundTo(t, c, trained, data).Ops, 5, 5, nil)
		for i, p := range lawOf(t, ops, n, 5, r.Readout) {
			if math.Abs(p-want[i]) > tolerance {
				t.Errorf("%s: P(%05b) is %g, want %g", file, i, p, want[i])
			}
		}
		if r.Stats.TwoQubitGates != 20 {
			t.Errorf("%s: %d two-qubit gates, want 20", file, r.Stats.TwoQubitGates)
		}
	}
}

// Native says of each kind of operation why it can't run.
func TestNative(t *testing.T) {
	ecr := families[1].target(t, 4, line(4)) // pairs 0-1 and 2-3 forwards, 1-2 backwards
	fractional := families[3].target(t, 2, line(2))
	rigetti := families[8].target(t, 2, line(2))
	ions := map[string]*Target{}
	for _, service := range []string{"ionq", "braket"} { // the same processors
		ions[service] = testFamily{"ions of " + service, service, []string{"gpi", "gpi2"}, []string{"zz"}, false}.target(t, 2, line(2))
	}
	gate := func(g ir.Gate, qubits []int, angles ...float64) ir.Op {
		return &ir.Apply{Gate: g, Qubits: qubits, Angles: ir.Consts(angles...)}
	}
	for _, c := range []struct {
		target *Target
		op     ir.Op
		want   string // empty: native
	}{
		{ecr, gate(ir.ECR, []int{0, 1}), ""},
		{ecr, gate(ir.ECR, []int{1, 0}), "other direction"},
		{ecr, gate(ir.ECR, []int{2, 1}), ""},
		{ecr, gate(ir.ECR, []int{0, 2}), "not coupled"},
		{ecr, gate(ir.CZ, []int{0, 1}), "this pair has ecr"},
		{ecr, gate(ir.SX, []int{3}), ""},
		{ecr, gate(ir.H, []int{3}), "native set is rz, sx, x"},
		{ecr, gate(ir.SX, []int{4}), "there are 4 qubits"},
		{ecr, &ir.Apply{Gate: ir.X, Controls: 1, Qubits: []int{0, 1}}, "controls"},
		{ecr, &ir.Opaque{Kind: "cal"}, "does not run"}, {ecr, &ir.If{Then: []ir.Op{gate(ir.H, []int{3})}}, "native set is rz, sx, x"}, {ecr, &ir.If{}, ""},
		{ecr, &ir.Measure{Qubit: 0}, ""},
		{fractional, gate(ir.RZZ, []int{0, 1}, 1.5), ""},
		{fractional, gate(ir.RZZ, []int{0, 1}, 1.6), "from 0 to π/2"},
		{ions["ionq"], gate(ir.ZZ, []int{0, 1}, 0.25), ""},
		{ions["ionq"], gate(ir.ZZ, []int{0, 1}, 0.3), "a quarter of a turn"},
		{ions["ionq"], gate(ir.ZZ, []int{0, 1}, -0.1), "a quarter of a turn"},
		{ions["braket"], gate(ir.ZZ, []int{0, 1}, 0.3), "a quarter of a turn"},
		{rigetti, gate(ir.RX, []int{0}, math.Pi/2), ""},
		{rigetti, gate(ir.RX, []int{0}, -math.Pi), ""},
		{rigetti, gate(ir.RX, []int{0}, 0.3), "native set"},
	} {
		err := c.target.Native(c.op)
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.op, err, c.want)
		}
	}
}

// What works of a device is counted by its faults.
func TestUsable(t *testing.T) {
	target := families[1].target(t, 4, line(4))
	for key, e := range target.Edges {
		e.Faulty = key == [2]int{1, 2}
		target.Edges[key] = e
	}
	target.Qubits[3].Usable = false
	if qubits, pairs := target.Usable(); qubits != 3 || pairs != 2 {
		t.Errorf("%d qubits and %d pairs, want 3 and 2", qubits, pairs)
	}
	if got := target.Entanglers(); !slices.Equal(got, []string{"ecr"}) {
		t.Errorf("two-qubit gates %q", got)
	}
}
