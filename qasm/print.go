package qasm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"qgan/ir"
	"qgan/qasm/syntax"
)

// Options say how a circuit is written. The zero value is the dialect generic.
type Options struct {
	Dialect string // one of Dialects
	// Tolerant writes what the dialect cannot express as a comment instead of
	// refusing the circuit: for people, not for running.
	Tolerant bool
	// Labels name the circuit's qubits as their device does, in the dialects that
	// write such names: iqm-json (nil: QB1 and on) and braket, where label 7 is the
	// physical qubit $7 (nil: the circuit's own registers).
	Labels []string
}

// Program is a circuit as text, and what its names stand for.
type Program struct {
	Text   string
	Qubits []string // the text of each qubit, as in "q[0]"
	Bits   []string // the text of each bit, as in "c[0]"
	Inputs []Input  // in the order of their declarations
	Notes  []string // what the text leaves out, as the comments in it say
}

// Input is a free symbol of the circuit: "input float[64] name;".
type Input struct {
	Name    string // in the text
	Symbol  string // in the circuit
	Trained bool   // whether it is a trained symbol, otherwise a data symbol
	Index   int    // in the circuit's table of that kind
}

// maxRefusals bounds how many refusals are reported together.
const maxRefusals = 10

// Write writes a circuit; see Print.
func Write(w io.Writer, c *ir.Circuit, opt Options) error {
	p, err := Print(c, opt)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, p.Text); err != nil {
		return fmt.Errorf("writing circuit %q as OpenQASM: %w", c.Name, err)
	}
	return nil
}

// Print writes a circuit in a dialect. The text is a version line, the include
// line, inputs, gate definitions, the registers, notes on what is left out, and
// one statement a line; lines end in LF.
//
// Symbols that are free in the circuit become inputs, trained symbols first,
// and only those that occur; angles with symbols are linear expressions
// ("Input/output variables" in the OpenQASM 3.1 specification). Registers keep
// their names where they hold the qubits (or bits) in order; otherwise there is
// one, q (or c). Names are brought into the alphabet [a-z][a-z0-9_]* and made
// different from each other, from keywords and from gates; Program tells which
// name was given to what.
//
// A circuit that the dialect cannot express is an error that joins values of
// type *Refusal.
func Print(c *ir.Circuit, opt Options) (*Program, error) {
	d, err := arrange(c, opt)
	if err != nil {
		return nil, err
	}
	p, program := d.printer, d.program
	if p.d.encode != nil {
		value, err := d.encode(c, opt)
		if err != nil {
			return nil, err
		}
		text, err := json.MarshalIndent(value, "", " ")
		if err != nil {
			return nil, err
		}
		program.Text = string(text) + "\n"
		return program, nil
	}
	if p.d.assemble != nil {
		p.d.assemble(&assembly{p, c, program, d.ops, p.numbersOf(opt.Labels, c.Qubits)})
		program.Text = p.out.String()
		return program, nil
	}
	p.head(program, d.ops)
	p.directives(c, d.ops, d.lowering, d.phase, program.Inputs)
	if d.wrap {
		p.out.WriteString(syntax.Directive + "verbatim\n")
	}
	p.statements(d.ops, "")
	program.Text = p.out.String()
	return program, nil
}

// Fitting is options in whose dialect all of a circuit can be written: those given or, where
// they lose some of it, such as free symbols and delays, those of qiskit, or of spec where
// bits are assigned to; why is then what would be lost. Barriers are no loss: what is compiled
// already runs in its order.
func Fitting(c *ir.Circuit, opt Options) (fit Options, why string) {
	d, err := check(c, opt)
	if err != nil {
		why, _, _ = strings.Cut(err.Error(), "\n")
	} else if lost := d.lost(c); len(lost) > 0 {
		why = "in " + opt.Dialect + " " + strings.Join(lost, "; ")
	} else {
		return opt, ""
	}
	opt.Dialect = "qiskit"
	if _, err := Check(c, opt); err != nil { // what Qiskit's importer does not read
		opt.Dialect = "spec"
	}
	return opt, why
}

// Check says whether a dialect holds a circuit, without writing it: the error of Print, and
// otherwise what its text would leave out.
func Check(c *ir.Circuit, opt Options) (notes []string, err error) {
	d, err := check(c, opt)
	if err != nil {
		return nil, err
	}
	return d.program.Notes, nil
}

func check(c *ir.Circuit, opt Options) (*draft, error) {
	d, err := arrange(c, opt)
	if err == nil && d.printer.d.encode != nil {
		_, err = d.encode(c, opt)
	}
	return d, err
}

// Encode returns a circuit as the value whose JSON Print writes: an *IonQJob in ionq-json,
// an *IQMCircuit in iqm-json. Dialects of OpenQASM have none.
func Encode(c *ir.Circuit, opt Options) (any, error) {
	d, err := arrange(c, opt)
	if err != nil {
		return nil, err
	}
	if d.printer.d.encode == nil {
		return nil, fmt.Errorf("the dialect %q is text", d.printer.d.name)
	}
	return d.encode(c, opt)
}

// draft is a circuit arranged for a dialect: lowered, with its names, before any text.
type draft struct {
	printer  *printer
	lowering *lowering
	ops      []ir.Op
	phase    ir.Angle
	wrap     bool // in a verbatim box
	program  *Program
}

// lost says what the text would leave out, but for barriers.
func (d *draft) lost(c *ir.Circuit) []string {
	l := *d.lowering
	l.dropped = slices.DeleteFunc(slices.Clone(l.dropped), func(what string) bool { return what == "barrier" })
	return d.printer.notes(c, &l, d.phase)
}

// encode makes the value of a dialect that is no OpenQASM.
func (d *draft) encode(c *ir.Circuit, opt Options) (any, error) {
	p, stations := d.printer, opt.Labels
	if stations == nil {
		stations = p.stations()
	}
	return p.d.encode(&encoding{c, d.ops, p.d.only, stations, p.bits})
}

// arrange lowers a circuit for a dialect and names what is in it.
func arrange(c *ir.Circuit, opt Options) (*draft, error) {
	d, err := lookup(opt.Dialect)
	if err != nil {
		return nil, err
	}
	if err := ir.Verify(c); err != nil {
		return nil, fmt.Errorf("writing circuit %q as OpenQASM: %w", c.Name, err)
	}
	if opt.Labels != nil && len(opt.Labels) != c.Qubits {
		return nil, fmt.Errorf("writing circuit %q as OpenQASM: %d labels for %d qubits", c.Name, len(opt.Labels), c.Qubits)
	}
	d = d.forCircuit(c.Ops)
	qubits, err := d.qubits(c, opt.Labels)
	if err != nil {
		return nil, fmt.Errorf("writing circuit %q as OpenQASM: %w", c.Name, err)
	}
	p := &printer{
		d:      d,
		qubits: qubits,
		bits:   registers(c.BitRegs, c.Bits, "c", d.oneRegister),
	}
	if d.memory != "" && c.Bits > 0 {
		p.bits = []register{{asked: d.memory, size: c.Bits}}
	}
	l := newLowering(d, c, p.qubits, p.bits)
	ops, phase := l.ops(c.Ops, "op")
	phase = phase.Add(c.Phase)
	for b := range c.Bits {
		if d.measured && !l.measured[b] {
			l.leaveOut("bit without a measurement")
		}
	}
	wrap := l.verbatim && isNative(ops)
	if wrap {
		ops = inVerbatim(ops)
	}
	if d.gphase && l.angle(phase, "global phase", "circuit") && !phase.IsZero() {
		ops = append(ops, &ir.Apply{Gate: ir.GPhase, Angles: []ir.Angle{phase}})
	}
	if err := joined(l.refusals); err != nil && !opt.Tolerant {
		return nil, err
	}
	p.hide(l.spare - c.Bits)
	program := p.christen(c, ops)
	program.Notes = p.notes(c, l, phase)
	for i := range c.Qubits {
		program.Qubits = append(program.Qubits, p.operand(p.qubits, i))
	}
	for i := range c.Bits {
		program.Bits = append(program.Bits, p.operand(p.bits, i))
	}
	return &draft{printer: p, lowering: l, ops: ops, phase: phase, wrap: wrap, program: program}, nil
}

// qubits chooses the registers of qubits. Those of a device are single qubits
// without an index.
func (d *dialect) qubits(c *ir.Circuit, labels []string) ([]register, error) {
	if d.verbatim && labels != nil {
		out := make([]register, c.Qubits)
		seen := map[string]bool{}
		for i, label := range labels {
			if label == "" || strings.Trim(label, "0123456789") != "" || seen[label] {
				return nil, fmt.Errorf("the label %q of qubit %d: labels are different numbers, as in $7", label, i)
			}
			seen[label] = true
			out[i] = register{asked: "$" + strconv.Itoa(i), name: "$" + label, first: i} // read back by its number
		}
		return out, nil
	}
	names := make([]string, c.Qubits)
	found := 0
	for _, r := range c.QubitRegs {
		if strings.HasPrefix(r.Name, "$") && len(r.Indices) == 1 && names[r.Indices[0]] == "" {
			names[r.Indices[0]] = r.Name
			found++
		}
	}
	all := found == c.Qubits && c.Qubits > 0
	if !all && !d.hardware || all && !d.hardware && !d.physical {
		return registers(c.QubitRegs, c.Qubits, "q", d.oneRegister || found > 0), nil
	}
	out := make([]register, c.Qubits)
	for i := range out {
		if !all {
			names[i] = "$" + strconv.Itoa(i)
		}
		out[i] = register{asked: names[i], name: names[i], first: i}
	}
	return out, nil
}

// stations names qubits as IQM does: $0, or the first of a register, is QB1.
func (p *printer) stations() []string {
	var out []string
	for _, r := range p.qubits {
		if number, ok := strings.CutPrefix(r.name, "$"); ok {
			n, _ := strconv.Atoi(number)
			out = append(out, "QB"+strconv.Itoa(n+1))
			continue
		}
		for range r.size {
			out = append(out, "QB"+strconv.Itoa(len(out)+1))
		}
	}
	return out
}

// hide adds n bits that no word holds: hidden ones, and those for outcomes that are thrown
// away.
func (p *printer) hide(n int) {
	last := len(p.bits) - 1
	switch {
	case n == 0:
	case last < 0:
		p.bits = []register{{asked: "c", size: n}}
	case p.d.oneRegister:
		p.bits[last].size += n
	default:
		p.bits = append(p.bits, register{asked: "hidden", first: p.bits[last].first + p.bits[last].size, size: n})
	}
}

// directives writes comments by which Read takes back what the text cannot say:
// names that were changed, registers that were joined, bits that are thrown
// away, and the global phase that is left out.
func (p *printer) directives(c *ir.Circuit, ops []ir.Op, l *lowering, phase ir.Angle, inputs []Input) {
	say := func(format string, args ...any) {
		fmt.Fprintf(&p.out, syntax.Directive+format+"\n", args...)
	}
	for _, in := range inputs {
		if in.Name != in.Symbol {
			say("name %s %q", in.Name, in.Symbol)
		}
	}
	for _, k := range []struct {
		word    string
		written []register
		regs    []ir.Register
		n       int
	}{{"qubits", p.qubits, c.QubitRegs, c.Qubits}, {"bits", p.bits, c.BitRegs, c.Bits}} {
		tiles := tiling(k.regs, k.n)
		if tiles != nil && len(k.written) > 0 && k.written[0].size > 0 && len(tiles) != len(k.written) {
			words := make([]string, len(tiles))
			for i, r := range tiles {
				words[i] = fmt.Sprintf("%q %d", r.Name, len(r.Indices))
			}
			say("%s %s", k.word, strings.Join(words, " "))
			continue
		}
		var changed []string // qubits of a device, in one line
		for _, r := range k.written {
			switch {
			case r.name == r.asked:
			case r.size == 0:
				changed = append(changed, fmt.Sprintf("%s %q", r.name, r.asked))
			default:
				say("name %s %q", r.name, r.asked)
			}
		}
		if len(changed) > 0 {
			say("name %s", strings.Join(changed, " "))
		}
	}
	if len(p.qubits) > 0 && p.qubits[0].size == 0 { // without a declaration
		used := touched(ops)
		var idle []string
		for i, r := range p.qubits {
			if !used[i] {
				idle = append(idle, r.name)
			}
		}
		if len(idle) > 0 {
			say("idle %s", strings.Join(idle, " "))
		}
	}
	if l.spare > c.Bits {
		say("keep %d", c.Bits)
	}
	if !p.d.gphase && phase.IsConst() && phase.Const != 0 {
		say("phase %s", float(phase.Const))
	}
	if p.d.radians {
		say("dialect braket")
	}
}

func joined(refusals []error) error {
	if more := len(refusals) - maxRefusals; more > 0 {
		refusals = append(refusals[:maxRefusals:maxRefusals], fmt.Errorf("and %d more", more))
	}
	return errors.Join(refusals...)
}

type printer struct {
	d            *dialect
	qubits, bits []register
	names        names
	out          bytes.Buffer
}

// christen gives names to the registers and to the symbols that occur in ops.
func (p *printer) christen(c *ir.Circuit, ops []ir.Op) *Program {
	trained, data := make([]bool, len(c.Trained)), make([]bool, len(c.Data))
	ir.Walk(ops, func(op ir.Op) error {
		a, ok := op.(*ir.Apply)
		if !ok {
			return nil
		}
		for _, angle := range a.Angles {
			for _, t := range angle.Terms {
				if t.Trained != ir.None {
					trained[t.Trained] = true
				}
				if t.Data != ir.None {
					data[t.Data] = true
				}
			}
		}
		return nil
	})
	p.names = names{make([]string, len(c.Trained)), make([]string, len(c.Data))}
	var wishes []wish
	for _, k := range []struct {
		regs   []register
		prefix string
	}{{p.bits, "c"}, {p.qubits, "q"}} {
		for i := range k.regs {
			if k.regs[i].name == "" {
				wishes = append(wishes, wish{name: k.regs[i].asked, prefix: k.prefix, given: &k.regs[i].name})
			}
		}
	}
	var inputs []Input
	for _, k := range []struct {
		used           []bool
		symbols, given []string
		prefix         string
		trained        bool
	}{{trained, c.Trained, p.names.trained, "t", true}, {data, c.Data, p.names.data, "d", false}} {
		for i, used := range k.used {
			if used {
				wishes = append(wishes, wish{k.symbols[i], k.prefix, &k.given[i], true})
				inputs = append(inputs, Input{Symbol: k.symbols[i], Trained: k.trained, Index: i})
			}
		}
	}
	christen(wishes, p.d.unicode, p.d.words)
	for i, in := range inputs {
		if in.Trained {
			inputs[i].Name = p.names.trained[in.Index]
		} else {
			inputs[i].Name = p.names.data[in.Index]
		}
	}
	return &Program{Inputs: inputs}
}

// notes says what the text leaves out.
func (p *printer) notes(c *ir.Circuit, l *lowering, phase ir.Angle) []string {
	var out []string
	if !p.d.gphase && !phase.IsZero() {
		if phase.IsConst() {
			out = append(out, "global phase "+float(phase.Const)+" is left out")
		} else {
			out = append(out, "global phase that depends on free symbols is left out")
		}
	}
	if l.phases {
		out = append(out, "global phase of blocks is left out")
	}
	kinds := map[string]int{}
	for _, what := range l.dropped {
		kinds[what]++
	}
	for _, what := range slices.Sorted(maps.Keys(kinds)) {
		out = append(out, plural(kinds[what], what)+" left out")
	}
	if n := l.spare - c.AllBits() - l.kept; n > 0 {
		out = append(out, plural(n, "outcome")+" thrown away: the last bits are for readers that want one")
	}
	if n := c.Hidden + l.kept; n > 0 {
		out = append(out, plural(n, "bit")+" not part of the words: the last ones")
	}
	for _, r := range l.refusals {
		out = append(out, "left out: "+strings.ReplaceAll(r.Error(), "\n", " "))
	}
	return out
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what + " is"
	}
	ending := "s"
	if strings.HasSuffix(what, "x") {
		ending = "es"
	}
	return fmt.Sprintf("%d %s%s are", n, what, ending)
}

// head writes everything up to the first statement.
func (p *printer) head(program *Program, ops []ir.Op) {
	fmt.Fprintf(&p.out, "OPENQASM %s;\n", p.d.version)
	if p.d.include != "" {
		fmt.Fprintf(&p.out, "include %q;\n", p.d.include)
	}
	for _, in := range program.Inputs {
		fmt.Fprintf(&p.out, "input %s %s;\n", p.d.inputType, in.Name)
	}
	p.definitions(program, ops)
	qubit, bit := "qubit[%[1]d] %[2]s;\n", "bit[%[1]d] %[2]s;\n"
	if p.d.old() {
		qubit, bit = "qreg %[2]s[%[1]d];\n", "creg %[2]s[%[1]d];\n"
	}
	for _, r := range p.qubits {
		if r.size > 0 {
			fmt.Fprintf(&p.out, qubit, r.size, r.name)
		}
	}
	for _, r := range p.bits {
		fmt.Fprintf(&p.out, bit, r.size, r.name)
	}
	for _, n := range program.Notes {
		fmt.Fprintf(&p.out, "// %s\n", n)
	}
}

// definitions writes a gate definition for every gate that occurs in ops and
// has no spelling, in the order of their first use.
func (p *printer) definitions(program *Program, ops []ir.Op) {
	prefix := formalPrefix(program.Inputs)
	defined := map[ir.Gate]bool{}
	ir.Walk(ops, func(op ir.Op) error {
		if a, ok := op.(*ir.Apply); ok && !defined[a.Gate] && p.d.spelling(a.Gate) == "" {
			defined[a.Gate] = true
			p.definition(a.Gate, prefix)
		}
		return nil
	})
}

// formalPrefix returns what the parameters of definitions are called by, before
// their number. No input is called the same: qiskit-qasm3-import 0.6 can fail with
// a conflict of names where a definition adds up parameters (u) and is called
// with an input of the name of one of them.
func formalPrefix(inputs []Input) string {
	prefix := "p"
	for slices.ContainsFunc(inputs, func(in Input) bool {
		digits, ok := strings.CutPrefix(in.Name, prefix)
		return ok && digits != "" && strings.Trim(digits, "0123456789") == ""
	}) {
		prefix += "_"
	}
	return prefix
}

// definition writes one gate definition: the decomposition of the gate table,
// down to gates that the reader knows, with the gate's parameters as symbols.
// Its global phase counts where the gate is controlled, and is kept.
func (p *printer) definition(g ir.Gate, prefix string) {
	info := g.Info()
	l := &lowering{d: p.d, body: true}
	// Qiskit's importer binds the parameters of a definition in the order of
	// their names, so they are called by their place.
	params, formal := make([]ir.Angle, len(info.Params)), make([]string, len(info.Params))
	for i := range params {
		params[i], formal[i] = ir.Trained(1, i), prefix+strconv.Itoa(i)
	}
	var body []ir.Op
	var phase ir.Angle
	for _, s := range info.Decompose(params) {
		body = l.apply(body, &phase, &ir.Apply{Gate: s.Gate, Angles: s.Angles, Qubits: s.Qubits}, info.Name)
	}
	if !phase.IsZero() {
		body = append(body, &ir.Apply{Gate: ir.GPhase, Angles: []ir.Angle{phase}})
	}
	inner := &printer{d: p.d, names: names{trained: formal}}
	operands := make([]string, info.Qubits)
	for i := range operands {
		operands[i] = string(rune('a' + i))
		inner.qubits = append(inner.qubits, register{name: operands[i], first: i})
	}
	inner.statements(body, "  ")
	fmt.Fprintf(&p.out, "gate %s", info.Name)
	if len(formal) > 0 {
		fmt.Fprintf(&p.out, "(%s)", strings.Join(formal, ", "))
	}
	fmt.Fprintf(&p.out, " %s {\n%s}\n", strings.Join(operands, ", "), inner.out.Bytes())
}

// operand writes a flat qubit or bit. A register of size 0 is an operand of a
// gate definition, which has no index.
func (p *printer) operand(regs []register, i int) string {
	for _, r := range regs {
		if r.size == 0 && i == r.first {
			return r.name
		}
		if i >= r.first && i < r.first+r.size {
			return r.name + "[" + strconv.Itoa(i-r.first) + "]"
		}
	}
	panic(fmt.Sprintf("qasm: no register holds %d", i))
}

func (p *printer) operands(regs []register, indices []int) string {
	s := make([]string, len(indices))
	for i, q := range indices {
		s[i] = p.operand(regs, q)
	}
	return strings.Join(s, ", ")
}

// statements writes lowered operations, one a line.
func (p *printer) statements(ops []ir.Op, indent string) {
	for _, op := range ops {
		if o, ok := op.(*ir.Opaque); ok && o.Kind == endBoxKind {
			indent = indent[2:]
			p.out.WriteString(indent + "}\n")
			continue
		}
		p.out.WriteString(indent)
		switch op := op.(type) {
		case *ir.Apply:
			p.call(op)
		case *ir.Measure:
			format := "%s = measure %s;\n"
			if p.d.old() {
				format = "measure %[2]s -> %[1]s;\n"
			}
			fmt.Fprintf(&p.out, format, p.operand(p.bits, op.Bit), p.operand(p.qubits, op.Qubit))
		case *ir.Reset:
			fmt.Fprintf(&p.out, "reset %s;\n", p.operand(p.qubits, op.Qubit))
		case *ir.Barrier:
			p.line("barrier", op.Qubits)
		case *ir.Delay:
			p.line("delay["+durationText(op.Duration, op.Unit)+"]", op.Qubits)
		case *ir.Opaque:
			switch op.Kind {
			case boxKind:
				if op.Text != "" {
					p.out.WriteString("box[" + op.Text + "] {\n")
				} else {
					p.out.WriteString("box {\n")
				}
				indent += "  "
			case "pragma":
				p.out.WriteString("#pragma " + op.Text + "\n")
			}
		case *ir.Assign:
			fmt.Fprintf(&p.out, "%s = %s;\n", p.operand(p.bits, op.Bits[0]), p.computed(op.Values[0]))
		case *ir.If:
			if p.d.old() {
				fmt.Fprintf(&p.out, "if(%s) ", p.comparison(op.Cond))
				p.statements(op.Then, "")
				continue
			}
			fmt.Fprintf(&p.out, "if (%s) {\n", p.comparison(op.Cond))
			p.statements(op.Then, indent+"  ")
			if len(op.Else) > 0 {
				fmt.Fprintf(&p.out, "%s} else {\n", indent)
				p.statements(op.Else, indent+"  ")
			}
			fmt.Fprintf(&p.out, "%s}\n", indent)
		case *ir.While:
			fmt.Fprintf(&p.out, "while (%s) {\n", p.comparison(op.Cond))
			p.statements(op.Body, indent+"  ")
			fmt.Fprintf(&p.out, "%s}\n", indent)
		}
	}
}

// old reports whether the dialect is OpenQASM 2.
func (d *dialect) old() bool { return strings.HasPrefix(d.version, "2") }

// line writes a word and the qubits it holds for.
func (p *printer) line(word string, qubits []int) {
	if len(qubits) == 0 && p.d.old() && word == "barrier" {
		// Version 2 wants operands.
		names := make([]string, len(p.qubits))
		for i, r := range p.qubits {
			names[i] = r.name
		}
		p.out.WriteString("barrier " + strings.Join(names, ", ") + ";\n")
		return
	}
	if len(qubits) > 0 {
		word += " " + p.operands(p.qubits, qubits)
	}
	p.out.WriteString(word + ";\n")
}

// call writes a gate with its controls and angles.
func (p *printer) call(op *ir.Apply) {
	p.out.WriteString(modifiers(op.Controls, op.Open))
	name := p.d.spelling(op.Gate)
	if name == "" {
		name = op.Gate.String()
	}
	if len(op.Angles) > 0 {
		args := make([]string, len(op.Angles))
		for i, a := range op.Angles {
			if p.d.radians && op.Gate.Info().Turns {
				a = a.Scale(2 * math.Pi)
			}
			args[i] = p.d.angle(a, p.names)
		}
		name += "(" + strings.Join(args, ", ") + ")"
	}
	p.line(name, op.Qubits)
}

// modifiers writes the controls of a gate: the outermost modifier takes the
// first operand ("Control modifiers" in the specification). negctrl(n) is n
// controls that act on 0, as all readers have it.
func modifiers(controls int, open uint64) string {
	var b strings.Builder
	for i := 0; i < controls; {
		n := 1
		for i+n < controls && open>>(i+n)&1 == open>>i&1 {
			n++
		}
		if open>>i&1 == 1 {
			b.WriteString("neg")
		}
		b.WriteString("ctrl")
		if n > 1 {
			fmt.Fprintf(&b, "(%d)", n)
		}
		b.WriteString(" @ ")
		i += n
	}
	return b.String()
}

// comparison writes a lowered condition. Qiskit compares a bit with true or
// false and a register with an integer, nothing else.
func (p *printer) comparison(cond ir.Cond) string {
	c, plain := cond.(ir.Compare)
	whole := plain && slices.ContainsFunc(p.bits, func(r register) bool { return r.is(c.Bits) })
	if p.d.assigns && (!plain || !isBit(c) && (c.Rel != ir.Equal || !whole || len(c.Bits) == 1)) {
		return "bool(" + p.computed(cond) + ")"
	}
	if len(c.Bits) == 1 && !p.d.old() {
		return fmt.Sprintf("%s == %t", p.operand(p.bits, c.Bits[0]), c.Value.Sign() != 0)
	}
	for _, r := range p.bits {
		if r.is(c.Bits) {
			return r.name + " == " + c.Value.String()
		}
	}
	panic("qasm: a condition was not lowered")
}

// computed writes a condition as a bit that is computed from bits.
func (p *printer) computed(cond ir.Cond) string {
	join := func(list []ir.Cond, sep, none string) string {
		if len(list) == 0 {
			return none
		}
		out := make([]string, len(list))
		for i, x := range list {
			out[i] = p.computed(x)
		}
		if len(out) == 1 {
			return out[0]
		}
		return "(" + strings.Join(out, sep) + ")"
	}
	switch c := cond.(type) {
	case ir.Not:
		return "~" + p.computed(c.Cond)
	case ir.All:
		return join(c, " & ", `bit("1")`)
	case ir.Any:
		return join(c, " | ", `bit("0")`)
	case ir.Compare:
		if isBit(c) {
			if c.Value.Sign() != 0 {
				return p.operand(p.bits, c.Bits[0])
			}
			return "~" + p.operand(p.bits, c.Bits[0])
		}
		return p.computed(spelled(c))
	}
	panic("qasm: an unknown condition")
}

// isBit reports whether a comparison is that of one bit with 0 or 1.
func isBit(c ir.Compare) bool {
	return len(c.Bits) == 1 && c.Rel == ir.Equal && c.Value.Sign() >= 0 && c.Value.BitLen() <= 1
}

// spelled writes a comparison out as one of single bits.
func spelled(c ir.Compare) ir.Cond {
	switch c.Rel {
	case ir.NotEqual:
		return ir.Not{Cond: spelled(ir.Compare{Bits: c.Bits, Rel: ir.Equal, Value: c.Value})}
	case ir.LessEqual:
		return ir.Not{Cond: spelled(ir.Compare{Bits: c.Bits, Rel: ir.Greater, Value: c.Value})}
	case ir.GreaterEqual:
		return ir.Not{Cond: spelled(ir.Compare{Bits: c.Bits, Rel: ir.Less, Value: c.Value})}
	}
	if c.Value.Sign() < 0 || c.Value.BitLen() > len(c.Bits) { // decided
		if c.Rel == ir.Less && c.Value.Sign() > 0 || c.Rel == ir.Greater && c.Value.Sign() < 0 {
			return ir.All{}
		}
		return ir.Any{}
	}
	var out ir.Cond = ir.Any{}
	if c.Rel == ir.Equal {
		out = ir.All{}
	}
	for i, b := range c.Bits { // from the least significant bit up
		one := c.Value.Bit(i) == 1
		out = ir.All{bitIs(b, one), out}
		switch {
		case c.Rel == ir.Less && one:
			out = ir.Any{bitIs(b, false), out}
		case c.Rel == ir.Greater && !one:
			out = ir.Any{bitIs(b, true), out}
		}
	}
	return out
}
