package qasm

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"qgan/ir"
	"qgan/qasm/syntax"
)

// finish gives qubits and bits their places and names in the circuit.
func (r *reader) finish() {
	if len(r.guessed) > 0 {
		slices.Sort(r.guessed)
		names := slices.Compact(r.guessed)
		more := ""
		if n := len(names); n > 12 {
			names, more = names[:12], " and others"
		}
		r.note("used without a definition, taken as in the gate table: %s%s", strings.Join(names, ", "), more)
	}
	r.placeHardware()
	r.placeBits()
	c := r.circuit
	for i := range c.Data {
		c.Data[i] = r.original(c.Data[i])
	}
	for _, regs := range [][]ir.Register{c.QubitRegs, c.BitRegs} {
		for i := range regs {
			regs[i].Name = r.original(regs[i].Name)
		}
	}
}

func (r *reader) original(name string) string {
	if old, ok := r.renamed[name]; ok {
		return old
	}
	return name
}

// placeHardware sorts the qubits $n by their numbers, behind the declared ones,
// and names each.
func (r *reader) placeHardware() {
	if len(r.hardware) == 0 {
		return
	}
	c := r.circuit
	names := make([]string, 0, len(r.hardware))
	for name := range r.hardware {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		x, _ := strconv.Atoi(a[1:])
		y, _ := strconv.Atoi(b[1:])
		return cmp.Or(x-y, strings.Compare(a, b))
	})
	to := make([]int, c.Qubits)
	next := 0
	for i := range c.QubitRegs {
		for k, q := range c.QubitRegs[i].Indices {
			to[q] = next
			c.QubitRegs[i].Indices[k] = next
			next++
		}
	}
	for _, name := range names {
		to[r.hardware[name]] = next
		c.QubitRegs = append(c.QubitRegs, ir.Register{Name: name, Indices: []int{next}})
		next++
	}
	identity := true
	for i, k := range to {
		identity = identity && i == k
	}
	if !identity {
		c.Ops = mapOps(c.Ops, func(q int) int { return to[q] }, func(b int) int { return b })
	}
}

// placeBits puts the bits in the order of the declarations. Registers of known
// values that nothing was measured into are no part of the circuit.
func (r *reader) placeBits() {
	c := r.circuit
	to := make([]int, r.bits)
	for i := range to {
		to[i] = -1
	}
	next := 0
	place := func(flat int) int {
		if flat >= len(to) {
			to = append(to, slices.Repeat([]int{-1}, flat+1-len(to))...)
		}
		if to[flat] < 0 {
			to[flat] = next
			next++
		}
		return to[flat]
	}
	for _, v := range r.bitVars {
		aliased := slices.ContainsFunc(v.bits, func(b bit) bool { return !b.known() })
		if v.given && !v.measured && !aliased {
			continue
		}
		reg := ir.Register{Name: v.name}
		for i, b := range v.bits {
			switch {
			case b.known() && b.one:
				r.doc.Unsupported = append(r.doc.Unsupported, Construct{"the bit " + v.name + "[" + strconv.Itoa(i) + "], which is 1 without a measurement", syntax.Position{File: r.file.Name, Line: 1, Column: 1}})
			case b.known() && v.home[i] < 0: // zero, and its old place holds an outcome
				r.bits++
				reg.Indices = append(reg.Indices, place(r.bits-1))
				continue
			case b.known():
				reg.Indices = append(reg.Indices, place(v.home[i]))
				continue
			}
			if b.flat >= 0 {
				reg.Indices = append(reg.Indices, place(b.flat))
			}
		}
		if !distinct(reg.Indices) {
			r.doc.Unsupported = append(r.doc.Unsupported, Construct{"the bits " + v.name + ", two of which are one", syntax.Position{File: r.file.Name, Line: 1, Column: 1}})
			reg.Indices = reg.Indices[:0]
		}
		c.BitRegs = append(c.BitRegs, reg)
	}
	// Bits that no register holds any more stay where a condition reads them.
	named := next
	reads := map[int]bool{}
	ir.Walk(c.Ops, func(op ir.Op) error {
		switch op := op.(type) {
		case *ir.If:
			readBits(op.Cond, reads)
		case *ir.While:
			readBits(op.Cond, reads)
		case *ir.Switch:
			for _, b := range op.Bits {
				reads[b] = true
			}
		}
		return nil
	})
	for _, b := range slices.Sorted(keys(reads)) {
		place(b)
	}
	c.Bits = next
	identity := len(to) == named
	for i, k := range to {
		identity = identity && i == k
	}
	if !identity {
		c.Ops = mapOps(c.Ops, func(q int) int { return q }, func(b int) int { return to[b] })
	}
}

func keys(m map[int]bool) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func distinct(list []int) bool {
	seen := make(map[int]bool, len(list))
	for _, i := range list {
		if seen[i] {
			return false
		}
		seen[i] = true
	}
	return true
}

func readBits(c ir.Cond, into map[int]bool) {
	switch c := c.(type) {
	case ir.Compare:
		for _, b := range c.Bits {
			into[b] = true
		}
	case ir.All:
		for _, x := range c {
			readBits(x, into)
		}
	case ir.Any:
		for _, x := range c {
			readBits(x, into)
		}
	case ir.Not:
		readBits(c.Cond, into)
	}
}

// mapOps renumbers qubits and bits in place.
func mapOps(ops []ir.Op, qubit, bit func(int) int) []ir.Op {
	all := func(list []int, f func(int) int) []int {
		out := make([]int, len(list))
		for i, x := range list {
			out[i] = f(x)
		}
		return out
	}
	for i, op := range ops {
		switch op := op.(type) {
		case *ir.Apply:
			k := *op
			k.Qubits = all(op.Qubits, qubit)
			ops[i] = &k
		case *ir.Measure:
			k := *op
			if k.Qubit = qubit(k.Qubit); k.Bit >= 0 {
				k.Bit = bit(k.Bit)
			}
			ops[i] = &k
		case *ir.Reset:
			ops[i] = &ir.Reset{Qubit: qubit(op.Qubit)}
		case *ir.Barrier:
			ops[i] = &ir.Barrier{Qubits: all(op.Qubits, qubit)}
		case *ir.Delay:
			ops[i] = &ir.Delay{Duration: op.Duration, Unit: op.Unit, Qubits: all(op.Qubits, qubit)}
		case *ir.Opaque:
			ops[i] = &ir.Opaque{Kind: op.Kind, Text: op.Text, Qubits: all(op.Qubits, qubit)}
		case *ir.If:
			ops[i] = &ir.If{Cond: mapCond(op.Cond, bit), Then: mapOps(op.Then, qubit, bit), Else: mapOps(op.Else, qubit, bit)}
		case *ir.While:
			ops[i] = &ir.While{Cond: mapCond(op.Cond, bit), Body: mapOps(op.Body, qubit, bit)}
		case *ir.Switch:
			k := &ir.Switch{Bits: all(op.Bits, bit), Default: mapOps(op.Default, qubit, bit)}
			for _, c := range op.Cases {
				k.Cases = append(k.Cases, ir.Case{Values: c.Values, Body: mapOps(c.Body, qubit, bit)})
			}
			ops[i] = k
		}
	}
	return ops
}

func mapCond(c ir.Cond, bit func(int) int) ir.Cond {
	switch c := c.(type) {
	case ir.Compare:
		out := ir.Compare{Bits: make([]int, len(c.Bits)), Rel: c.Rel, Value: c.Value}
		for i, b := range c.Bits {
			out.Bits[i] = bit(b)
		}
		return out
	case ir.All:
		out := make(ir.All, len(c))
		for i, x := range c {
			out[i] = mapCond(x, bit)
		}
		return out
	case ir.Any:
		out := make(ir.Any, len(c))
		for i, x := range c {
			out[i] = mapCond(x, bit)
		}
		return out
	case ir.Not:
		return ir.Not{Cond: mapCond(c.Cond, bit)}
	}
	return c
}

// directives takes what the writer said in comments back: the names that it
// changed, and the global phase that it left out.
func (r *reader) directives(comments []syntax.Comment) {
	for _, c := range comments {
		word, rest, _ := strings.Cut(c.Text, " ")
		switch word {
		case "name":
			name, quoted, ok := strings.Cut(rest, " ")
			if original, err := strconv.Unquote(quoted); ok && err == nil {
				r.renamed[name] = original
			}
		case "phase":
			if x, err := strconv.ParseFloat(rest, 64); err == nil && x-x == 0 {
				r.circuit.Phase = r.circuit.Phase.Plus(x)
			}
		}
	}
}
