package qasm

import (
	"maps"
	"math"
	"slices"
	"strconv"

	"qgan/ir"
	"qgan/qasm/syntax"
)

// The kinds of opaque operations that stand where a box begins, with its
// duration as text, and where it ends. Both name the qubits used in between.
const (
	boxKind    = "box"
	endBoxKind = "endbox"
)

// verbatim is the pragma of Amazon Braket that a box is run as it is written.
const verbatim = "braket verbatim"

// boxed puts the ends of a box around operations.
func boxed(ops []ir.Op, duration string) []ir.Op {
	qubits := slices.Sorted(maps.Keys(touched(ops)))
	out := append([]ir.Op{&ir.Opaque{Kind: boxKind, Text: duration, Qubits: qubits}}, ops...)
	return append(out, &ir.Opaque{Kind: endBoxKind, Qubits: qubits})
}

// touched returns the qubits that operations name.
func touched(ops []ir.Op) map[int]bool {
	seen := map[int]bool{}
	ir.Renumber(ops, func(q int) int {
		seen[q] = true
		return q
	}, func(b int) int { return b })
	return seen
}

// box reads a box.
func (r *reader) box(s *syntax.Box) flow {
	duration := ""
	if s.Duration != nil {
		switch v, ok := r.known(r.eval(s.Duration), s.Duration.Pos(), "a duration"); {
		case !ok:
		case v.kind != durationKind:
			r.fail(s.Duration.Pos(), "as in box[100ns]", "a box takes a duration, this is a %s", kindNames[v.kind])
		case v.f < 0 || math.IsInf(v.f, 0):
			r.fail(s.Duration.Pos(), "", "a box of %v %s", v.f, v.unit)
		default:
			duration = durationText(v.f, v.unit)
		}
	}
	var f flow
	for _, op := range boxed(r.collect(func() { f = r.block(s.Body) }), duration) {
		r.emit(op)
	}
	return f
}

func durationText(x float64, unit string) string {
	return strconv.FormatFloat(x, 'f', -1, 64) + unit
}

// unbox takes out the boxes and pragmas that a writer has put around the gates
// of a circuit.
func unbox(ops []ir.Op) []ir.Op {
	return slices.DeleteFunc(ops, func(op ir.Op) bool {
		o, ok := op.(*ir.Opaque)
		return ok && (o.Kind == boxKind || o.Kind == endBoxKind || o.Kind == "pragma" && o.Text == verbatim)
	})
}

// opaque lowers the operation at i, what a vendor's words or a box say. open are
// the places in out where the boxes around it begin, -1 for one that is left out.
func (l *lowering) opaque(out []ir.Op, open *[]int, ops []ir.Op, i int) []ir.Op {
	op := ops[i].(*ir.Opaque)
	is := func(i int, kind, text string) bool {
		if i < 0 || i >= len(ops) {
			return false
		}
		o, ok := ops[i].(*ir.Opaque)
		return ok && o.Kind == kind && (text == "" || o.Text == text)
	}
	switch {
	case op.Kind == boxKind:
		at := -1
		if l.d.box || l.verbatim && is(i-1, "pragma", verbatim) {
			at = len(out)
			out = append(out, op)
		} else {
			l.leaveOut(boxKind)
		}
		*open = append(*open, at)
	case op.Kind == endBoxKind && len(*open) > 0:
		last := len(*open) - 1
		if at := (*open)[last]; at >= 0 {
			duration := out[at].(*ir.Opaque).Text
			out = append(out[:at], boxed(slices.Clone(out[at+1:]), duration)...)
		}
		*open = (*open)[:last]
	case l.verbatim && op.Kind == "pragma" && op.Text == verbatim && is(i+1, boxKind, ""):
		out = append(out, op)
	default:
		l.leaveOut(op.Kind)
	}
	return out
}

// braketNative are the gates of Amazon Braket's devices, one device a row
// ("nativeGateSet" of the device capabilities); the last are AQT's. Rigetti's rx turns by multiples
// of a quarter.
var braketNative = [][]ir.Gate{
	{ir.GPI, ir.GPI2, ir.MS},
	{ir.GPI, ir.GPI2, ir.RZZ},
	{ir.PRX, ir.CZ},
	{ir.RX, ir.RZ, ir.CZ},
	{ir.PRX, ir.RZ, ir.RXX},
}

// isNative reports whether the gates of ops are those of one device. Operations
// that are boxed already, or that hold no gate, are not.
func isNative(ops []ir.Op) bool {
	return slices.ContainsFunc(braketNative, func(gates []ir.Gate) bool {
		n := 0
		for _, op := range ops {
			switch op := op.(type) {
			case *ir.Opaque:
				return false
			case *ir.Apply:
				n++
				if op.Controls > 0 || !slices.Contains(gates, op.Gate) {
					return false
				}
				if op.Gate == ir.RX && (!op.Angles[0].IsConst() || math.Mod(op.Angles[0].Const, math.Pi/2) != 0) {
					return false
				}
			}
		}
		return n > 0
	})
}

// inVerbatim puts each run of gates into a box that is run as it is written.
func inVerbatim(ops []ir.Op) []ir.Op {
	var out, gates []ir.Op
	flush := func() {
		if len(gates) > 0 {
			out = append(out, &ir.Opaque{Kind: "pragma", Text: verbatim})
			out = append(out, boxed(gates, "")...)
			gates = nil
		}
	}
	for _, op := range ops {
		if _, ok := op.(*ir.Apply); ok {
			gates = append(gates, op)
			continue
		}
		flush()
		out = append(out, op)
	}
	flush()
	return out
}
