package draw

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"qgan/ir"
)

// names are the texts of a circuit's parts.
type names struct {
	c       *ir.Circuit
	letters int // of a text in a box
	qubits  []string
	bits    []string
	regs    []register
	home    []int // the register of each bit
	within  []int // its number there
}

// register is a register of bits as it is drawn.
type register struct {
	name    string
	bits    int
	indices []int
}

func newNames(c *ir.Circuit, letters int) *names {
	n := &names{c: c, letters: letters, qubits: make([]string, c.Qubits), bits: make([]string, c.AllBits()), home: make([]int, c.AllBits()), within: make([]int, c.AllBits())}
	each(c.QubitRegs, c.Qubits, "q", func(r ir.Register, i, q int) {
		n.qubits[q] = element(r, i)
	})
	each(c.BitRegs, c.Bits, "c", func(r ir.Register, i, b int) { n.add(r, i, b) })
	if c.Hidden > 0 {
		hidden := ir.Register{Name: "hidden"}
		for b := c.Bits; b < c.AllBits(); b++ {
			hidden.Indices = append(hidden.Indices, b)
		}
		for i, b := range hidden.Indices {
			n.add(hidden, i, b)
		}
	}
	for i := range n.regs {
		if n.regs[i].bits = len(n.regs[i].indices); n.regs[i].bits > 1 {
			n.regs[i].name += "/" + strconv.Itoa(n.regs[i].bits)
		}
	}
	return n
}

// add gives a bit its name and its register.
func (n *names) add(r ir.Register, i, b int) {
	if i == 0 || len(n.regs) == 0 || n.regs[len(n.regs)-1].name != r.Name {
		n.regs = append(n.regs, register{name: r.Name})
	}
	k := &n.regs[len(n.regs)-1]
	n.bits[b], n.home[b], n.within[b] = element(r, i), len(n.regs)-1, len(k.indices)
	k.indices = append(k.indices, b)
}

// each calls f for every qubit or bit once: by the first register that holds it, and those
// that none holds as one more register.
func each(regs []ir.Register, n int, name string, f func(r ir.Register, i, k int)) {
	seen := make([]bool, n)
	rest := ir.Register{Name: name}
	for _, r := range regs {
		for i, k := range r.Indices {
			if !seen[k] {
				seen[k] = true
				f(r, i, k)
			}
		}
	}
	for k := range seen {
		if !seen[k] {
			rest.Indices = append(rest.Indices, k)
		}
	}
	for i, k := range rest.Indices {
		f(rest, i, k)
	}
}

// element names one element of a register.
func element(r ir.Register, i int) string {
	if len(r.Indices) == 1 {
		return r.Name
	}
	return fmt.Sprintf("%s[%d]", r.Name, i)
}

// bit is where a measurement into a bit ends, with registers below so many wires.
func (n *names) bit(b, qubits int) fall {
	f := fall{wire: qubits + n.home[b]}
	if n.regs[n.home[b]].bits > 1 {
		f.bit = number(n.within[b])
	}
	return f
}

// list names bits: a register where they are one.
func (n *names) list(bits []int) string {
	if len(bits) == 1 {
		return n.bits[bits[0]]
	}
	for _, r := range n.c.BitRegs {
		if fmt.Sprint(r.Indices) == fmt.Sprint(bits) {
			return r.Name
		}
	}
	out := make([]string, len(bits))
	for i, b := range bits {
		out[i] = n.bits[b]
	}
	return "{" + strings.Join(out, " ") + "}"
}

// cond writes a condition.
func (n *names) cond(c ir.Cond) string {
	join := func(list []ir.Cond, with, none string) string {
		out := make([]string, len(list))
		for i, x := range list {
			if out[i] = n.cond(x); len(list) > 1 && strings.Contains(out[i], " ") {
				out[i] = "(" + out[i] + ")"
			}
		}
		if len(out) == 0 {
			return none
		}
		return strings.Join(out, with)
	}
	switch c := c.(type) {
	case ir.All:
		return join(c, " && ", "true")
	case ir.Any:
		return join(c, " || ", "false")
	case ir.Not:
		if s := n.cond(c.Cond); strings.Contains(s, " ") {
			return "!(" + s + ")"
		} else {
			return "!" + s
		}
	case ir.Compare:
		if len(c.Bits) == 1 && (c.Rel == ir.Equal || c.Rel == ir.NotEqual) && c.Value.IsInt64() && c.Value.Int64()>>1 == 0 {
			if (c.Rel == ir.Equal) == (c.Value.Cmp(big.NewInt(1)) == 0) {
				return n.bits[c.Bits[0]]
			}
			return "!" + n.bits[c.Bits[0]]
		}
		return fmt.Sprintf("%s %s %v", n.list(c.Bits), c.Rel, c.Value)
	}
	return ""
}

// short are the names of gates that are not their own in capitals.
var short = map[ir.Gate]string{
	ir.ID: "I", ir.SDG: "S†", ir.TDG: "T†", ir.SX: "√X", ir.SXDG: "√X†", ir.UQ: "U", ir.ISwap: "iSWAP", ir.XXMinusYY: "XX-YY",
}

// gate writes a gate with its angles.
func (n *names) gate(g ir.Gate, angles []ir.Angle) string {
	name := named(short[g], strings.ToUpper(g.String()))
	if len(angles) == 0 {
		return name
	}
	args := make([]string, len(angles))
	for i, a := range angles {
		args[i] = n.angle(a)
	}
	return n.cut(name + "(" + strings.Join(args, ", ") + ")")
}

// angle writes an angle to four digits, multiples of π as such.
func (n *names) angle(a ir.Angle) string {
	var b strings.Builder
	for _, t := range a.Terms {
		coef := t.Coef
		switch {
		case coef < 0:
			b.WriteByte('-')
			coef = -coef
		case b.Len() > 0:
			b.WriteByte('+')
		}
		if coef != 1 {
			b.WriteString(decimal(coef) + "·")
		}
		for i, symbol := range []int32{t.Trained, t.Data} {
			if symbol == ir.None {
				continue
			}
			if i == 1 && t.Trained != ir.None {
				b.WriteString("·")
			}
			b.WriteString([][]string{n.c.Trained, n.c.Data}[i][symbol])
		}
	}
	if a.Const != 0 || len(a.Terms) == 0 {
		if a.Const > 0 && b.Len() > 0 {
			b.WriteByte('+')
		}
		b.WriteString(ofPi(a.Const))
	}
	return b.String()
}

// ofPi writes a number as a fraction of π with a denominator of at most 16, if it is one to
// within what four digits show.
func ofPi(x float64) string {
	for d := 1; d <= 16 && x != 0; d++ {
		k := math.Round(x * float64(d) / math.Pi)
		if k == 0 || math.Abs(k) > 99 || math.Abs(x-k*math.Pi/float64(d)) > 1e-9 {
			continue
		}
		s := "π"
		if k == -1 {
			s = "-π"
		} else if k != 1 {
			s = decimal(k) + "π"
		}
		if d > 1 {
			s += "/" + strconv.Itoa(d)
		}
		return s
	}
	return decimal(x)
}

// decimal writes a number to four digits.
func decimal(x float64) string {
	return strconv.FormatFloat(x, 'g', 4, 64)
}

func number(i int) string { return strconv.Itoa(i) }

func named(name, otherwise string) string {
	if name == "" {
		return otherwise
	}
	return name
}

func counted(n int, what string) string {
	if n > 1 {
		what += "s"
	}
	return number(n) + " " + what
}

// cut shortens a text to what a box holds, and shows what is no letter as a point.
func (n *names) cut(s string) string {
	letters := []rune(strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '·'
		}
		return r
	}, s))
	if len(letters) > n.letters {
		return string(letters[:n.letters-1]) + "…"
	}
	return string(letters)
}
