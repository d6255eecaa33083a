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
	r.forget()
	r.circuit.Coalesce()
	r.circuit.DropUnread()
	c := r.circuit
	for i := range c.Data {
		c.Data[i] = r.original(c.Data[i])
	}
	if r.split[0] != "" {
		c.QubitRegs = rejoin(c.QubitRegs, r.split[0], c.Qubits)
	}
	if r.split[1] != "" {
		c.BitRegs = rejoin(c.BitRegs, r.split[1], c.Bits)
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
		c.Ops = ir.Renumber(c.Ops, func(q int) int { return to[q] }, func(b int) int { return b })
	}
}

// result is a variable whose bits the program returns.
type result struct {
	name string
	refs func() []bitRef
}

// placeBits puts the bits in the order of the declarations: those of the outputs, where the
// program has any, otherwise all registers of bits. Others are hidden.
func (r *reader) placeBits() {
	c := r.circuit
	results := r.outputs
	if len(results) == 0 {
		results = r.declared
	}
	var all []bitRef
	for _, v := range results {
		all = append(all, v.refs()...)
	}
	if len(r.outputs) > 0 { // these are words, even where nothing is measured
		for _, ref := range all {
			r.write(r.homeOf(ref))
		}
	}
	r.store(all)
	to := make([]int, r.bits)
	for i := range to {
		to[i] = -1
	}
	for _, v := range results {
		reg := ir.Register{Name: v.name}
		for _, ref := range v.refs() {
			home := ref.v.home[ref.i]
			to[home] = c.Bits
			reg.Indices = append(reg.Indices, c.Bits)
			c.Bits++
		}
		c.BitRegs = append(c.BitRegs, reg)
	}
	next := c.Bits
	identity := len(to) == next
	for i, k := range to {
		if k < 0 {
			to[i] = next
			next++
		}
		identity = identity && to[i] == i
	}
	c.Hidden = next - c.Bits
	if !identity {
		c.Ops = ir.Renumber(c.Ops, func(q int) int { return q }, func(b int) int { return to[b] })
	}
}

// directives takes what the writer said in comments back: names that it
// changed, registers that it joined, bits that only a reader wanted, and the
// global phase that it left out.
func (r *reader) directives(comments []syntax.Comment) {
	for _, c := range comments {
		word, rest, _ := strings.Cut(c.Text, " ")
		switch word {
		case "name":
			for rest != "" {
				name, quoted, _ := strings.Cut(rest, " ")
				prefix, err := strconv.QuotedPrefix(quoted)
				if err != nil {
					break
				}
				r.renamed[name], _ = strconv.Unquote(prefix)
				rest = strings.TrimPrefix(quoted[len(prefix):], " ")
			}
		case "phase":
			if x, err := strconv.ParseFloat(rest, 64); err == nil && x-x == 0 {
				r.circuit.Phase = r.circuit.Phase.Plus(x)
			}
		case "qubits":
			r.split[0] = rest
		case "bits":
			r.split[1] = rest
		case "verbatim":
			r.circuit.Ops = unbox(r.circuit.Ops)
		case "idle":
			for _, name := range strings.Fields(rest) {
				if digits, ok := strings.CutPrefix(name, "$"); ok && digits != "" && strings.Trim(digits, "0123456789") == "" {
					r.physical(&syntax.Ident{Name: name})
				}
			}
		case "keep":
			if n, err := strconv.Atoi(rest); err == nil {
				r.keep = &n
			}
		}
	}
}

// forget hides the bits that only a reader wanted.
func (r *reader) forget() {
	c := r.circuit
	if r.keep == nil || *r.keep < 0 || *r.keep >= c.Bits {
		return
	}
	n := *r.keep
	c.Hidden += c.Bits - n
	c.Bits = n
	regs := c.BitRegs[:0]
	for _, reg := range c.BitRegs {
		reg.Indices = slices.DeleteFunc(reg.Indices, func(b int) bool { return b >= n })
		if len(reg.Indices) > 0 {
			regs = append(regs, reg)
		}
	}
	c.BitRegs = regs
}

// rejoin returns the registers that a comment names, which hold n qubits or
// bits one after the other; otherwise the ones that are there.
func rejoin(regs []ir.Register, words string, n int) []ir.Register {
	var out []ir.Register
	next := 0
	for words != "" {
		quoted, err := strconv.QuotedPrefix(words)
		if err != nil {
			return regs
		}
		name, err := strconv.Unquote(quoted)
		size, rest, _ := strings.Cut(strings.TrimPrefix(words[len(quoted):], " "), " ")
		k, err2 := strconv.Atoi(size)
		if err != nil || err2 != nil || k < 0 || next+k > n {
			return regs
		}
		reg := ir.Register{Name: name}
		for range k {
			reg.Indices = append(reg.Indices, next)
			next++
		}
		out, words = append(out, reg), rest
	}
	if next != n || len(out) == 0 {
		return regs
	}
	return out
}
