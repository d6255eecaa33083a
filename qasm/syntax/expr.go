package syntax

import (
	"math/big"
	"strconv"
	"strings"
)

// value reads what may stand behind = and return: an expression, a measurement,
// or an array.
func (p *Parser) value() Expr {
	switch p.kind {
	case KwMeasure:
		at := place(p.start)
		p.next()
		return &Measure{at, p.postfix(p.operandBase())}
	case LBrace:
		return p.list()
	}
	return p.expression()
}

// list reads {a, b, …}, which may hold lists.
func (p *Parser) list() Expr {
	x := &List{place: place(p.start)}
	if !p.deeper() {
		return x
	}
	p.expect(LBrace, "")
	for p.kind != RBrace && p.kind != Bad {
		if p.kind == LBrace {
			x.Items = append(x.Items, p.list())
		} else {
			x.Items = append(x.Items, p.expression())
		}
		if !p.accept(Comma) {
			break
		}
	}
	p.expect(RBrace, "after the last element")
	p.depth--
	return x
}

// expression reads an expression.
func (p *Parser) expression() Expr { return p.binary(p.unary(), 1) }

// binary reads the operators of at least a precedence behind x. Chains of
// operators make trees that are as deep as they are long, so they are counted.
func (p *Parser) binary(x Expr, least int8) Expr {
	entered := p.depth
	for {
		op := p.kind
		if op == Xor && p.v2 {
			op = Power // version 2 writes powers so
		}
		level := precedence[op]
		if level < least || p.kind == Bad {
			break
		}
		at := Pos(p.start)
		p.next()
		if !p.deeper() {
			break
		}
		y := p.unary()
		for {
			next := p.kind
			if next == Xor && p.v2 {
				next = Power
			}
			higher := precedence[next]
			if higher < level || higher == level && op != Power || higher == 0 {
				break
			}
			before := p.kind
			y = p.binary(y, higher)
			if p.kind == before || p.kind == Bad {
				break
			}
		}
		b := p.arena.binaries.get()
		*b = Binary{place(x.Pos()), op, at, x, y}
		x = b
	}
	p.depth = entered
	return x
}

// unary reads an operand with the operators before it. The power binds more
// tightly than they do.
func (p *Parser) unary() Expr {
	switch p.kind {
	case Minus, Not, Tilde:
	case Plus:
		if p.v2 {
			p.next()
			return p.unary()
		}
		return p.atom()
	default:
		return p.atom()
	}
	u := &Unary{place: place(p.start), Op: p.kind}
	p.next()
	if p.deeper() {
		u.X = p.binary(p.unary(), unaryPrecedence)
	}
	p.depth--
	if u.X == nil {
		u.X = &Int{place: u.place}
	}
	return u
}

// atom reads an operand with its indices.
func (p *Parser) atom() Expr {
	at := place(p.start)
	switch p.kind {
	case IntLit:
		return p.integer()
	case FloatLit:
		f := p.arena.floats.get()
		*f = Float{at, p.float(p.str())}
		p.next()
		return f
	case Identifier, HardwareQubit:
		return p.postfix(p.reference())
	case LParen:
		p.next()
		if !p.deeper() {
			return &Int{place: at}
		}
		x := p.expression()
		p.depth--
		p.expect(RParen, "after the expression")
		return p.postfix(x)
	case KwTrue, KwFalse:
		x := &Bool{at, p.kind == KwTrue}
		p.next()
		return x
	case StringLit:
		return p.postfix(p.bits())
	case ImagLit:
		x := &Imag{at, p.float(strings.TrimRight(strings.TrimSuffix(p.str(), "im"), " \t"))}
		p.next()
		return x
	case DurationLit:
		return p.duration()
	case KwDurationof:
		p.next()
		p.expect(LParen, "after durationof")
		x := &DurationOf{place: at}
		if p.kind == LBrace {
			x.Body = p.block("")
		} else {
			p.expression()
		}
		p.expect(RParen, "after the block")
		return x
	}
	if p.v2 && p.isName() {
		return p.postfix(p.reference())
	}
	if p.kind.IsType() {
		t := p.anyType()
		return p.postfix(p.cast(t))
	}
	if p.kind == KwMeasure {
		p.fail(Pos(p.start), "assign it to a bit first", "a measurement may not stand inside an expression")
		return &Int{place: at}
	}
	p.expected("an expression", "")
	return &Int{place: at}
}

// reference reads a name or a call of a function.
func (p *Parser) reference() Expr {
	at := place(p.start)
	x := p.arena.idents.get()
	*x = Ident{at, p.str()}
	hardware := p.kind == HardwareQubit
	p.kind = Identifier
	p.next()
	if p.kind == LParen && !hardware {
		return &Apply{at, x.Name, p.arguments()}
	}
	return x
}

// arguments reads (a, b, …).
func (p *Parser) arguments() []Expr {
	if !p.deeper() {
		return nil
	}
	p.expect(LParen, "")
	mark := p.arena.exprs.mark()
	for p.kind != RParen && p.kind != Bad {
		x := p.expression()
		p.arena.exprs.push(x)
		if !p.accept(Comma) {
			break
		}
	}
	p.depth--
	p.expect(RParen, "after the arguments")
	return p.arena.exprs.since(mark)
}

// cast reads (x) behind a type.
func (p *Parser) cast(t Type) Expr {
	c := &Cast{place: t.place, Type: t}
	p.expect(LParen, "after the type")
	if p.deeper() {
		c.X = p.expression()
	}
	p.depth--
	if c.X == nil {
		c.X = &Int{place: t.place}
	}
	p.expect(RParen, "after the value to convert")
	return c
}

func (p *Parser) integer() Expr {
	x := p.arena.ints.get()
	*x = Int{place: place(p.start)}
	text := p.str()
	if len(text) < 10 && !strings.ContainsAny(text, "_xXoObB") { // most of them
		for i := range len(text) {
			x.Value = x.Value*10 + int64(text[i]-'0')
		}
	} else {
		text = strings.ReplaceAll(text, "_", "")
		base := 10
		if len(text) > 1 && text[0] == '0' {
			switch text[1] {
			case 'x', 'X':
				base = 16
			case 'o', 'O':
				base = 8
			case 'b', 'B':
				base = 2
			}
			if base != 10 {
				text = text[2:]
			}
		}
		var err error
		if len(text) > maxIntDigits {
			p.fail(Pos(p.start), "", "an integer of %d digits; at most %d are read", len(text), maxIntDigits)
		} else if x.Value, err = strconv.ParseInt(text, base, 64); err != nil {
			x.Big, _ = new(big.Int).SetString(text, base)
		}
	}
	p.next()
	return x
}

// maxIntDigits bounds integer literals: registers are compared with such.
const maxIntDigits = 10000

func (p *Parser) float(text string) float64 {
	if strings.IndexByte(text, '_') >= 0 {
		text = strings.ReplaceAll(text, "_", "")
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		p.fail(Pos(p.start), "", "the number '%s' is too large", clip(text))
	}
	return v
}

func (p *Parser) bits() Expr {
	text := strings.ReplaceAll(p.text[p.start+1:p.end-1], "_", "")
	if text == "" || strings.Trim(text, "01") != "" {
		p.fail(Pos(p.start), "strings stand behind include only", "the bit string holds something else than 0 and 1")
	}
	x := &Bits{place(p.start), text}
	p.next()
	return x
}

func (p *Parser) duration() Expr {
	text := p.str()
	x := &Duration{place: place(p.start)}
	for _, u := range units {
		if number, ok := strings.CutSuffix(text, u); ok {
			x.Value = p.float(strings.TrimRight(number, " \t"))
			x.Unit = u
			break
		}
	}
	if x.Unit == "µs" || x.Unit == "μs" {
		x.Unit = "us"
	}
	p.next()
	return x
}

// postfix reads the indices behind x.
func (p *Parser) postfix(x Expr) Expr {
	for p.kind == LBracket {
		at := place(x.Pos())
		p.next()
		if !p.deeper() {
			return x
		}
		mark := p.arena.exprs.mark()
		if p.kind == LBrace {
			l := p.list()
			p.arena.exprs.push(l)
		} else {
			for p.kind != RBracket && p.kind != Bad {
				i := p.indexItem()
				p.arena.exprs.push(i)
				if !p.accept(Comma) {
					break
				}
			}
		}
		p.depth--
		i := p.arena.indices.get()
		*i = Index{at, x, p.arena.exprs.since(mark)}
		if len(i.Indices) == 0 {
			p.expected("an index", "")
		}
		p.expect(RBracket, "after the index")
		x = i
	}
	return x
}

// indexItem reads an index or a range.
func (p *Parser) indexItem() Expr {
	at := place(p.start)
	var x Expr
	if p.kind != Colon {
		x = p.expression()
	}
	if p.kind != Colon {
		return x
	}
	r := &Range{place: at, Start: x}
	p.next()
	if p.kind != RBracket && p.kind != Comma && p.kind != Colon {
		r.Stop = p.expression()
	}
	if p.accept(Colon) {
		r.Step = r.Stop
		r.Stop = nil
		if p.kind != RBracket && p.kind != Comma {
			r.Stop = p.expression()
		}
	}
	return r
}

// operandBase reads the name of a qubit or bit.
func (p *Parser) operandBase() Expr {
	if p.kind != HardwareQubit && !p.isName() {
		p.expected("a qubit", "")
		return &Ident{place: place(p.start)}
	}
	x := p.arena.idents.get()
	*x = Ident{place(p.start), p.str()}
	p.kind = Identifier
	p.next()
	return x
}

func (p *Parser) operand() Expr { return p.postfix(p.operandBase()) }

// operands reads operands with commas between them, none included.
func (p *Parser) operands() []Expr {
	mark := p.arena.exprs.mark()
	for p.kind != Semicolon && p.kind != Bad {
		x := p.operand()
		p.arena.exprs.push(x)
		if !p.accept(Comma) {
			break
		}
	}
	return p.arena.exprs.since(mark)
}

// modified reads a gate with modifiers.
func (p *Parser) modified(at place) Stmt {
	s := &Call{place: at}
	for {
		m := Modifier{place: place(p.start), Kind: p.kind}
		switch p.kind {
		case KwInv:
			p.next()
		case KwPow:
			p.next()
			p.expect(LParen, "and an exponent after pow")
			m.Arg = p.expression()
			p.expect(RParen, "after the exponent")
		case KwCtrl, KwNegctrl:
			p.next()
			if p.accept(LParen) {
				m.Arg = p.expression()
				p.expect(RParen, "after the number of controls")
			}
		default:
			if !p.isName() {
				p.expected("a gate", "after its modifiers")
				return s
			}
			s.Name, s.NameAt = p.str(), Pos(p.start)
			p.kind = Identifier
			p.next()
			return p.gateCall(s)
		}
		s.Modifiers = append(s.Modifiers, m)
		p.expect(At, "after the modifier "+m.Kind.String())
	}
}

// gateCall reads a gate's arguments and operands, its name being read.
func (p *Parser) gateCall(s *Call) Stmt {
	if p.kind == LParen {
		s.Args = p.arguments()
	}
	if p.kind == LBracket {
		s.Duration = p.designator()
	}
	s.Operands = p.operands()
	if !p.accept(Semicolon) { // the message only where there is one
		p.semicolon("the operands of " + s.Name)
	}
	return s
}

// callOrExpression reads a statement that begins with an expression: a gate, an
// assignment, or an expression alone.
func (p *Parser) callOrExpression(at place) Stmt {
	if p.kind != Identifier {
		return p.afterExpression(at, p.expression())
	}
	name := p.str()
	p.next()
	if p.kind == Identifier || p.kind == HardwareQubit || p.v2 && p.isName() {
		s := p.arena.calls.get()
		*s = Call{place: at, Name: name, NameAt: Pos(at)}
		return p.gateCall(s)
	}
	if p.kind != LParen {
		x := p.arena.idents.get()
		*x = Ident{at, name}
		return p.afterExpression(at, p.binary(p.postfix(x), 1))
	}
	args := p.arguments()
	switch p.kind {
	case Identifier, HardwareQubit, LBracket:
	default:
		if p.v2 && p.isName() || name == "gphase" && p.kind == Semicolon {
			break
		}
		return p.afterExpression(at, p.binary(p.postfix(&Apply{at, name, args}), 1))
	}
	s := p.arena.calls.get()
	*s = Call{place: at, Name: name, NameAt: Pos(at), Args: args}
	return p.gateCall(s)
}

// afterExpression reads what may follow an expression that begins a statement.
func (p *Parser) afterExpression(at place, x Expr) Stmt {
	switch op := p.kind; {
	case op >= Assign && op <= PowAssign:
		p.next()
		s := &Set{at, x, op, nil}
		switch x.(type) {
		case *Ident, *Index:
		default:
			p.fail(Pos(at), "", "nothing can be assigned to this expression")
		}
		s.Value = p.value()
		p.semicolon("the assignment")
		return s
	case op == Identifier || op == HardwareQubit: // name[duration] operands
		i, ok := x.(*Index)
		if id, named := baseOf(i, ok); named && len(i.Indices) == 1 {
			s := &Call{place: at, Name: id.Name, NameAt: id.Pos(), Duration: i.Indices[0], Operands: p.operands()}
			p.semicolon("the operands of " + s.Name)
			return s
		}
	}
	s := &ExprStmt{at, x}
	p.semicolon("the expression")
	return s
}

func baseOf(i *Index, ok bool) (*Ident, bool) {
	if !ok {
		return nil, false
	}
	id, named := i.X.(*Ident)
	return id, named
}
