package compile

import (
	"fmt"
	"slices"

	"qgan/ir"
)

// state is what the passes work on.
type state struct {
	target  *Target
	options Options
	circuit *ir.Circuit // logical qubits until layout, physical ones after

	wires      []int           // logical qubit -> qubit of the circuit at its end; nil: the same
	layout     []int           // logical qubit -> physical qubit at the beginning; nil before layout
	final      []int           // at the end
	candidates []*routedLayout // ways to route that cost about as little; nil: the layout alone
	faulty     bool            // the layout had to take faulty pairs
	readout    *Affine
	program    *program
	within     bool // the circuit is the body of a block
	warnings   []string
	lost       float64 // see Result.Error
}

// pass is a row of the table of passes.
type pass struct {
	name   string
	reason string
	level  Level               // the least effort at which it runs
	when   func(*Options) bool // nil: always
	run    func(*state) error
}

// passes is the table, in the order in which they run.
func passes() []pass {
	return []pass{
		{name: "fold-readout", reason: "the last x, cx and swap before the measurements can be done to the outcomes instead",
			when: func(o *Options) bool { return o.FoldReadout }, level: None, run: foldReadout},
		{name: "lower", reason: "later passes know one-qubit gates, cx, swap and native rotations only", level: None, run: lower},
		{name: "elide", reason: "a swap is only another name for its qubits", level: Light, run: elide},
		{name: "cancel", reason: "gates that undo each other cost nothing when they are left out", level: Light, run: everywhere(cancel)},
		{name: "shorten", reason: "cx and z rotations on three qubits are among few circuits, of which the shortest are known", level: Full, run: everywhere(shorten)},
		{name: "consolidate", reason: "two-qubit gates of numbers on one pair are at most three cx", level: Full, run: everywhere(consolidate)},
		{name: "layout", reason: "which physical qubits are used decides the fidelity", level: None, run: place},
		{name: "route", reason: "two-qubit gates run on coupled pairs only", level: None, run: route},
		{name: "cancel-routed", reason: "a swap and its neighbours cancel in part", level: Light, run: everywhere(cancel)},
		{name: "consolidate-routed", reason: "a swap and a gate on the same pair are at most three cx", level: Full, run: everywhere(consolidate)},
		{name: "native", reason: "two-qubit gates become the pair's own, in its direction", level: None, run: everywhere(toNative)},
		{name: "synthesize", reason: "one-qubit gates are multiplied together and written in native pulses with virtual z", level: None, run: synthesize},
		{name: "schedule", reason: "qubits that wait idle as late as they can, and are decoupled from their surroundings",
			when: func(o *Options) bool { return o.Decoupling != NoDecoupling || o.Schedule }, level: None, run: schedule},
	}
}

// constraint says that one pass runs before another.
type constraint struct{ first, then, reason string }

// constraints is the table of what the order of passes must hold.
var constraints = []constraint{
	{"fold-readout", "lower", "swap and cx are still whole gates before they are taken apart"},
	{"lower", "elide", "gates that hold a swap are taken apart first"},
	{"elide", "consolidate", "a swap that is merged with its neighbours costs gates"},
	{"lower", "cancel", "cancelling compares cx and one-qubit gates"},
	{"cancel", "shorten", "gates that wait between others keep stretches apart"},
	{"shorten", "consolidate", "what is on one pair is left to matrices"},
	{"lower", "consolidate", "consolidating multiplies gates on at most two qubits"},
	{"consolidate", "layout", "gates that vanish need no coupled pair"},
	{"layout", "route", "routing starts from a layout"},
	{"route", "cancel-routed", "swaps are there only after routing"},
	{"cancel-routed", "consolidate-routed", "cancelling is cheaper and keeps symbols"},
	{"consolidate-routed", "native", "consolidating counts cx"},
	{"native", "synthesize", "native two-qubit gates leave one-qubit gates beside them"},
	{"synthesize", "schedule", "only native gates have durations"},
}

// checkOrder holds the table of passes against the constraints.
func checkOrder(list []pass, rules []constraint) error {
	at := func(name string) int { return slices.IndexFunc(list, func(p pass) bool { return p.name == name }) }
	for _, c := range rules {
		i, j := at(c.first), at(c.then)
		if i < 0 || j < 0 || i > j {
			return fmt.Errorf("the pass %s must run before %s: %s", c.first, c.then, c.reason)
		}
	}
	return nil
}

// PassInfo describes a pass.
type PassInfo struct{ Name, Reason string }

// Passes lists the passes in their order.
func Passes() []PassInfo {
	var out []PassInfo
	for _, p := range passes() {
		out = append(out, PassInfo{p.name, p.reason})
	}
	return out
}
