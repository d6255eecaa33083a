package syntax

// Declarations and types.

// designator reads [x], nil where there is none.
func (p *Parser) designator() Expr {
	if !p.accept(LBracket) {
		return nil
	}
	x := p.expression()
	p.expect(RBracket, "after the size")
	return x
}

// anyType reads a type, arrays and qubits included.
func (p *Parser) anyType() Type {
	if p.kind != KwArray {
		return p.scalarType()
	}
	t := Type{place: place(p.start), Kind: KwArray}
	p.next()
	p.expect(LBracket, "after array")
	if p.kind == KwQubit || p.kind == KwArray {
		p.expected("the type of the elements", "in the array")
	}
	element := p.scalarType()
	t.Element = &element
	p.expect(Comma, "after the type of the elements")
	if p.accept(HashDim) {
		p.expect(Assign, "after #dim")
		t.Rank = p.expression()
	} else {
		for p.kind != RBracket && p.kind != Bad {
			t.Dims = append(t.Dims, p.expression())
			if !p.accept(Comma) {
				break
			}
		}
		if len(t.Dims) == 0 {
			p.expected("a size", "of the array")
		}
	}
	p.expect(RBracket, "after the sizes of the array")
	return t
}

// scalarType reads a type other than an array.
func (p *Parser) scalarType() Type {
	t := Type{place: place(p.start), Kind: p.kind}
	if !p.kind.IsType() {
		p.expected("a type", "")
		return t
	}
	p.next()
	switch t.Kind {
	case KwInt, KwUint, KwFloat, KwAngle, KwBit, KwQubit:
		t.Size = p.designator()
	case KwComplex:
		if !p.accept(LBracket) {
			break
		}
		if p.kind != KwFloat && p.kind != KwInt && p.kind != KwUint && p.kind != KwAngle {
			p.expected("'float'", "in complex[…]")
		}
		element := p.scalarType()
		t.Element = &element
		p.expect(RBracket, "after the type of the components")
	case KwArray:
		p.fail(Pos(t.place), "", "an array may not stand here")
	}
	return t
}

// declaration reads a declaration that begins with a type, or an expression
// that begins with a cast.
func (p *Parser) declaration(at place) Stmt {
	s := &Declare{place: at, Type: p.anyType()}
	if p.kind == LParen && s.Type.Kind != KwArray && s.Type.Kind != KwQubit {
		return p.afterExpression(at, p.binary(p.postfix(p.cast(s.Type)), 1))
	}
	s.Name = p.name("after the type")
	if p.accept(Assign) {
		if s.Type.Kind == KwQubit {
			p.fail(Pos(p.last), "", "a register of qubits has no initial value")
		}
		s.Init = p.value()
	}
	p.semicolon("the declaration")
	return s
}

func (p *Parser) modeDeclaration(at place) Stmt {
	s := &Declare{place: at, Mode: p.kind}
	word := p.kind
	p.next()
	switch {
	case word != KwConst && p.kind == KwCreg:
		old := p.oldDeclaration(at).(*Declare)
		old.Mode = word
		return old
	case p.kind == KwQubit:
		p.expected("a classical type", "after "+word.String())
	case word == KwConst:
		s.Type = p.scalarType()
	default:
		s.Type = p.anyType()
	}
	s.Name = p.name("after the type")
	if word == KwConst {
		p.expect(Assign, "and a value after the name of a constant")
		s.Init = p.value()
	} else if p.kind == Assign {
		p.expected("';'", "since an "+word.String()+" has no value")
	}
	p.semicolon("the declaration")
	return s
}

// oldDeclaration reads qreg name[n]; or creg name[n];.
func (p *Parser) oldDeclaration(at place) Stmt {
	s := &Declare{place: at, Old: true, Type: Type{place: at, Kind: KwQubit}}
	if p.kind == KwCreg {
		s.Type.Kind = KwBit
	}
	p.next()
	s.Name = p.name("of the register")
	s.Type.Size = p.designator()
	if s.Type.Size == nil && p.v2 {
		p.expected("'['", "and the size of the register")
	}
	p.semicolon("the declaration")
	return s
}
