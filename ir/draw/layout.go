package draw

import (
	"slices"
	"strings"

	"qgan/ir"
)

// sheet is a circuit laid out.
type sheet struct {
	wires   []wire
	columns [][]item
	frames  []frame  // of blocks, the outer ones first
	remarks []string // lines above the drawing
}

// wire is a qubit, or a register of so many bits.
type wire struct {
	name string
	bits int // 0: a qubit
}

// item is one operation in its column.
type item struct {
	lo, hi int    // the wires that a line joins, or that a tall box covers
	tall   string // what is in the tall box, empty for none
	block  bool   // the tall box is an end of a block
	marks  []mark // in the order of the operands
	falls  []fall // registers that a double line leads down to, the nearest first
}

// mark is what stands on a wire.
type mark struct {
	wire int
	sign sign
	text string // in a box; the number of an operand in a tall box
}

// sign is a kind of mark.
type sign uint8

const (
	box     sign = iota // a box with a text
	dot                 // a control
	ring                // a control that acts on 0
	plus                // the target of an x
	cross               // an end of a swap
	meter               // a measurement
	barrier             // across the wire
	port                // the number of an operand in a tall box
)

// fall is where a double line ends: the register's wire and the bit's number, if it has one.
type fall struct {
	wire int
	bit  string
}

// frame holds the wires and columns of a block, both ends included.
type frame struct{ lo, hi, from, to int }

// layouter puts operations into columns.
type layouter struct {
	sheet
	text   *names
	rows   []int // the wire of each qubit, -1 for one that is left out
	qubits int   // wires that are qubits
	next   []int // the first free column of each wire
}

// lay lays a circuit out; texts in boxes have at most so many letters.
func lay(c *ir.Circuit, letters int) *sheet {
	l := &layouter{text: newNames(c, letters), rows: make([]int, c.Qubits)}
	idle := l.idle(c)
	for q := range l.rows {
		if l.rows[q] = len(l.wires); idle[q] {
			l.rows[q] = -1
			continue
		}
		l.wires = append(l.wires, wire{name: l.text.qubits[q]})
	}
	l.qubits = len(l.wires)
	for _, r := range l.text.regs {
		l.wires = append(l.wires, wire{name: r.name, bits: r.bits})
	}
	l.next = make([]int, len(l.wires))
	phase := c.Phase
	l.ops(c.Ops, &phase)
	if !phase.IsZero() {
		l.remarks = append(l.remarks, "global phase "+l.text.angle(phase))
	}
	return &l.sheet
}

// idle tells which qubits are left out: those of a device that nothing acts on.
func (l *layouter) idle(c *ir.Circuit) []bool {
	idle, n := make([]bool, c.Qubits), 0
	for q, name := range l.text.qubits {
		idle[q] = strings.HasPrefix(name, "$")
	}
	for _, op := range c.Ops {
		if b, ok := op.(*ir.Barrier); ok && len(b.Qubits) == c.Qubits {
			continue
		}
		for _, w := range ir.Wires(op, c.Qubits) {
			if w < c.Qubits {
				idle[w] = false
			}
		}
	}
	for _, out := range idle {
		if out {
			n++
		}
	}
	if n > 0 {
		l.remarks = append(l.remarks, counted(n, "qubit")+" that nothing acts on: left out")
	}
	return idle
}

// at lists the wires of qubits that are drawn.
func (l *layouter) at(qubits []int) (rows []int) {
	for _, q := range qubits {
		if l.rows[q] >= 0 {
			rows = append(rows, l.rows[q])
		}
	}
	return rows
}

// place puts an item into the first column that is free from wire lo to wire hi.
func (l *layouter) place(k item, lo, hi int) (column int) {
	for w := lo; w <= hi; w++ {
		column = max(column, l.next[w])
	}
	for w := lo; w <= hi; w++ {
		l.next[w] = column + 1
	}
	for len(l.columns) <= column {
		l.columns = append(l.columns, nil)
	}
	l.columns[column] = append(l.columns[column], k)
	return column
}

// put places an item whose marks and falls tell where it stands.
func (l *layouter) put(k item) {
	k.lo, k.hi = len(l.wires), -1
	for _, m := range k.marks {
		k.lo, k.hi = min(k.lo, m.wire), max(k.hi, m.wire)
	}
	if k.hi < 0 {
		return
	}
	deepest := k.hi
	for _, f := range k.falls {
		deepest = max(deepest, f.wire)
	}
	l.place(k, k.lo, deepest)
}

// alone places one mark on each of the wires.
func (l *layouter) alone(rows []int, s sign, text string) {
	for _, w := range rows {
		l.put(item{marks: []mark{{w, s, text}}})
	}
}

// over places one tall box over the wires, the operands numbered where there are several.
func (l *layouter) over(rows []int, text string) {
	if len(rows) == 1 {
		l.alone(rows, box, text)
		return
	}
	k := item{tall: text}
	for i, w := range rows {
		k.marks = append(k.marks, mark{w, port, number(i)})
	}
	l.put(k)
}

func (l *layouter) ops(ops []ir.Op, phase *ir.Angle) {
	for _, op := range ops {
		switch op := op.(type) {
		case *ir.Apply:
			if len(op.Qubits) == 0 {
				*phase = phase.Add(op.Angles[0])
				continue
			}
			l.gate(op)
		case *ir.Unitary:
			l.over(l.at(op.Qubits), l.text.cut(named(op.Name, "U")))
		case *ir.Measure:
			k := item{marks: []mark{{l.rows[op.Qubit], meter, "M"}}}
			if op.Bit >= 0 {
				k.falls = []fall{l.text.bit(op.Bit, l.qubits)}
			}
			l.put(k)
		case *ir.Reset:
			l.alone(l.at([]int{op.Qubit}), box, "|0⟩")
		case *ir.Barrier:
			var k item
			for _, w := range l.at(op.Qubits) {
				k.marks = append(k.marks, mark{wire: w, sign: barrier})
			}
			l.put(k)
		case *ir.Delay:
			l.alone(l.at(op.Qubits), box, "delay "+decimal(op.Duration)+op.Unit)
		case *ir.Assign:
			l.assign(op)
		case *ir.If, *ir.Switch, *ir.While:
			l.block(op)
		case *ir.Opaque:
			rows := l.at(op.Qubits)
			if len(op.Qubits) == 0 {
				rows = nil
				for w := range l.qubits {
					rows = append(rows, w)
				}
			}
			l.over(rows, l.text.cut(strings.TrimSpace(op.Kind+" "+op.Text)))
		}
	}
}

// split writes a gate as controls of another.
var split = map[ir.Gate]struct {
	controls int
	rest     ir.Gate
}{
	ir.CX: {1, ir.X}, ir.CY: {1, ir.Y}, ir.CZ: {1, ir.Z}, ir.CH: {1, ir.H}, ir.CSX: {1, ir.SX}, ir.CP: {1, ir.P},
	ir.CRX: {1, ir.RX}, ir.CRY: {1, ir.RY}, ir.CRZ: {1, ir.RZ}, ir.CU: {1, ir.UQ},
	ir.CCX: {2, ir.X}, ir.CCZ: {2, ir.Z}, ir.CSwap: {1, ir.Swap},
}

func (l *layouter) gate(op *ir.Apply) {
	gate, controls, open := op.Gate, op.Controls, op.Open
	if s, ok := split[gate]; ok {
		gate, controls = s.rest, controls+s.controls
	}
	if gate == ir.GPhase { // a phase of its last control
		gate, controls = ir.P, controls-1
	}
	rows := l.at(op.Qubits)
	var k item
	for i, w := range rows[:controls] {
		s := dot
		if open>>i&1 == 1 {
			s = ring
		}
		k.marks = append(k.marks, mark{wire: w, sign: s})
	}
	rest := rows[controls:]
	text := l.text.gate(gate, op.Angles)
	switch {
	case gate == ir.P && op.Gate == ir.GPhase && open>>controls&1 == 1:
		k.marks = append(k.marks, mark{rest[0], box, text + " of 0"})
	case gate == ir.X && controls > 0:
		k.marks = append(k.marks, mark{wire: rest[0], sign: plus})
	case gate == ir.Z && controls > 0:
		k.marks = append(k.marks, mark{wire: rest[0], sign: dot})
	case gate == ir.Swap:
		k.marks = append(k.marks, mark{wire: rest[0], sign: cross}, mark{wire: rest[1], sign: cross})
	case len(rest) == 1:
		k.marks = append(k.marks, mark{rest[0], box, text})
	default: // controls of a tall box are named in it
		if controls > 0 {
			text = "C" + number(controls) + " " + text
		}
		l.over(rows, text)
		return
	}
	l.put(k)
}

// assign draws an assignment over the registers that it writes.
func (l *layouter) assign(op *ir.Assign) {
	if len(op.Bits) == 0 {
		return
	}
	lo, hi := l.registers(op.Bits)
	all, deepest := l.registers(ir.BitsOf(op))
	texts := make([]string, len(op.Bits))
	for i, b := range op.Bits {
		texts[i] = l.text.bits[b] + " = " + l.text.cond(op.Values[i])
	}
	l.place(item{lo: lo, hi: hi, tall: l.text.cut(strings.Join(texts, ", "))}, min(lo, all), max(hi, deepest))
}

// registers are the first and the last wire of the registers of bits.
func (l *layouter) registers(bits []int) (lo, hi int) {
	lo, hi = len(l.wires), -1
	for _, b := range bits {
		f := l.text.bit(b, l.qubits)
		lo, hi = min(lo, f.wire), max(hi, f.wire)
	}
	return lo, hi
}

// section is a part of a block: the text of the box before it.
type section struct {
	text string
	body []ir.Op
}

// sections are the parts of a block and the bits that decide about them.
func (l *layouter) sections(op ir.Op) (parts []section, read []int) {
	switch op := op.(type) {
	case *ir.If:
		parts = []section{{"if " + l.text.cond(op.Cond), op.Then}}
		if len(op.Else) > 0 {
			parts = append(parts, section{"else", op.Else})
		}
		read = ir.CondBits(op.Cond)
	case *ir.While:
		parts = []section{{"while " + l.text.cond(op.Cond), op.Body}}
		read = ir.CondBits(op.Cond)
	case *ir.Switch:
		parts = []section{{"switch " + l.text.list(op.Bits), nil}}
		for _, k := range op.Cases {
			values := make([]string, len(k.Values))
			for i, v := range k.Values {
				values[i] = v.String()
			}
			parts = append(parts, section{"case " + strings.Join(values, ", "), k.Body})
		}
		if len(op.Default) > 0 {
			parts = append(parts, section{"default", op.Default})
		}
		read = op.Bits
	}
	return parts, read
}

// block draws the parts of an if, a switch or a while between tall boxes.
func (l *layouter) block(op ir.Op) {
	parts, read := l.sections(op)
	var rows, bits []int
	for _, w := range ir.Wires(op, len(l.rows)) {
		if w >= len(l.rows) {
			bits = append(bits, w-len(l.rows))
		} else if l.rows[w] >= 0 {
			rows = append(rows, l.rows[w])
		}
	}
	first, last := l.registers(bits)
	lo, hi := first, last
	var falls []fall
	if len(rows) > 0 {
		lo, hi = slices.Min(rows), slices.Max(rows)
		for _, b := range read {
			f := l.text.bit(b, l.qubits)
			f.bit = ""
			if !slices.Contains(falls, f) {
				falls = append(falls, f)
			}
		}
		slices.SortFunc(falls, func(a, b fall) int { return a.wire - b.wire })
	}
	if hi < 0 { // it holds nothing and reads nothing
		return
	}
	edge := func(text string, falls []fall) int {
		return l.place(item{lo: lo, hi: hi, tall: l.text.cut(text), block: true, falls: falls}, lo, max(hi, last))
	}
	at := len(l.frames)
	l.frames = append(l.frames, frame{lo: lo, hi: hi})
	for i, part := range parts {
		column := edge(part.text, falls)
		if falls = nil; i == 0 {
			l.frames[at].from = column
		}
		var phase ir.Angle
		l.ops(part.body, &phase)
		if !phase.IsZero() {
			l.over(within(lo, hi), "phase "+l.text.angle(phase))
		}
	}
	l.frames[at].to = edge("end", nil)
}

// within lists the wires from lo to hi.
func within(lo, hi int) (rows []int) {
	for w := lo; w <= hi; w++ {
		rows = append(rows, w)
	}
	return rows
}
