package syntax

import (
	"fmt"
	"strings"
)

// MaxDepth bounds how deep expressions and blocks are nested. It is what keeps
// every walk over a tree from exhausting the stack.
const MaxDepth = 20000

// Parser reads the statements of a file one after the other.
type Parser struct {
	scanner
	file  *File
	errs  Errors
	depth int
	loops int // around the statement at hand
	arena arena

	major, minor int // of the version line; 3, 0 without one
	versioned    bool
	began        bool // a statement was read
	resume       bool // after the error at hand, the current token begins a statement
	gates        map[string]bool
	comments     []Comment
}

// Comment is a line comment that speaks to this program: it begins with the
// word of Directive.
type Comment struct {
	At   Pos
	Text string // what follows the word
}

// Directive begins the comments that are kept (Parser.Comments).
const Directive = "//qgan:"

// NewParser returns a parser for a file.
func NewParser(f *File) *Parser {
	p := &Parser{file: f, major: 3, gates: map[string]bool{}}
	p.text = f.Text
	p.comment = func(start, end int) {
		if text, ok := strings.CutPrefix(f.Text[start:end], Directive); ok {
			p.comments = append(p.comments, Comment{Pos(start), strings.TrimSpace(text)})
		}
	}
	if strings.HasPrefix(p.text, "\ufeff") { // a byte order mark
		p.end = len("\ufeff")
	}
	if len(f.Text) > MaxBytes {
		p.errs = append(p.errs, NewError(&File{Name: f.Name}, 0, "", "the file has %d bytes, at most %d are read", len(f.Text), MaxBytes))
		p.kind = EOF
		return p
	}
	p.next()
	return p
}

// Parse reads a whole file. Where there are errors it returns what it
// understood beside them; the error is of type Errors.
func Parse(f *File) ([]Stmt, error) {
	p := NewParser(f)
	var out []Stmt
	for s := p.Next(); s != nil; s = p.Next() {
		out = append(out, s)
	}
	return out, p.errs.Err()
}

// Version returns the version that the program states, 3.0 where it states
// none, in which case stated is false.
func (p *Parser) Version() (major, minor int, stated bool) { return p.major, p.minor, p.versioned }

// Errors returns the errors so far.
func (p *Parser) Errors() Errors { return p.errs }

// Comments returns the comments so far that begin with Directive.
func (p *Parser) Comments() []Comment { return p.comments }

// InVersion sets the version of a file that another one includes, where its
// own version line says nothing else.
func (p *Parser) InVersion(major int) {
	p.major = major
	p.v2 = major == 2
}

// Next returns the next top-level statement, nil at the end of the file or
// where there are too many errors. Statements with errors are left out.
func (p *Parser) Next() Stmt {
	for !p.errs.Full() {
		if p.kind == EOF {
			return nil
		}
		p.arena.begin()
		if s := p.statement(true); s != nil {
			return s
		}
	}
	return nil
}

// Recycle gives the nodes of the statement that Next returned last back: they
// are used again, so nothing may hold on to them.
func (p *Parser) Recycle() { p.arena.recycle() }

// next goes to the next token. After an error the parser stands still on a Bad
// token, so that every loop ends, until the statement is over and sync is
// called.
func (p *Parser) next() {
	if p.kind == Bad {
		return
	}
	p.scan()
	if p.kind == Bad {
		p.report(Pos(p.start), p.hint, "%s", p.problem)
	}
}

func (p *Parser) report(at Pos, hint, format string, args ...any) {
	if !p.errs.Full() {
		p.errs = append(p.errs, NewError(p.file, at, hint, format, args...))
	}
}

// fail reports an error at a place and stops the statement.
func (p *Parser) fail(at Pos, hint, format string, args ...any) {
	if p.kind != Bad {
		p.report(at, hint, format, args...)
		p.kind = Bad
	}
}

// found describes the current token.
func (p *Parser) found() string {
	switch {
	case p.kind == EOF:
		return "the end of the file"
	case p.kind < LParen:
		return p.kind.String() + " '" + clip(p.str()) + "'"
	}
	return "'" + p.str() + "'"
}

// expected fails with what should have stood where the current token stands.
func (p *Parser) expected(what, context string) {
	if context != "" {
		context = " " + context
	}
	hint := ""
	switch {
	case p.kind == Plus:
		hint = "there is no unary plus in OpenQASM 3: leave it out"
	case p.kind > firstKeyword && what == "a name":
		hint = "'" + p.str() + "' is a reserved word, choose another name"
	}
	p.fail(Pos(p.start), hint, "expected %s%s, found %s", what, context, p.found())
}

// accept goes past a token of that kind, if it is there.
func (p *Parser) accept(k Kind) bool {
	if p.kind != k {
		return false
	}
	p.next()
	return true
}

func (p *Parser) expect(k Kind, context string) {
	if !p.accept(k) {
		p.expected("'"+k.String()+"'", context)
	}
}

// semicolon ends a statement. A missing one is reported behind the statement.
func (p *Parser) semicolon(after string) {
	if p.kind == Semicolon {
		p.next()
		return
	}
	if p.kind != Bad && strings.Contains(p.text[p.last:p.start], "\n") || p.kind == EOF {
		p.fail(Pos(p.last), "", "expected ';' after %s, found %s", after, p.found())
		p.resume = true
		return
	}
	p.expected("';'", "after "+after)
}

// sync goes on after an error: to behind the next semicolon, or before a
// closing brace, or before a word that begins a statement on a line of its own.
func (p *Parser) sync(from int) {
	p.kind = EOF
	if p.resume { // only the semicolon is missing
		p.resume, p.end = false, p.start
		p.next()
		return
	}
	p.end = max(p.start, from)
	depth := 0
	for first := true; ; first = false {
		p.scan()
		switch p.kind {
		case EOF:
			return
		case Semicolon:
			if depth == 0 {
				p.next()
				return
			}
		case LBrace:
			depth++
		case RBrace:
			if depth == 0 {
				if first && p.start <= from { // nobody else will take it
					continue
				}
				return
			}
			depth--
			if depth == 0 {
				p.next()
				return
			}
		default:
			if depth == 0 && p.start > from && begins[p.kind] && p.lineStart(p.start) {
				return
			}
		}
	}
}

// begins are the words that only begin statements.
var begins = map[Kind]bool{
	KwOPENQASM: true, KwInclude: true, KwDef: true, KwGate: true, KwLet: true, KwIf: true, KwFor: true, KwWhile: true, KwSwitch: true,
	KwQreg: true, KwQubit: true, KwCreg: true, KwReset: true, KwBarrier: true, KwInput: true, KwOutput: true, KwBox: true, KwOpaque: true,
	KwDelay: true, KwConst: true, PragmaLine: true, AtKeyword: true,
}

// deeper enters a level of nesting; the caller leaves it with p.depth--.
func (p *Parser) deeper() bool {
	p.depth++
	if p.depth > MaxDepth {
		p.fail(Pos(p.start), "", "nested more than %d levels deep", MaxDepth)
		return false
	}
	return true
}

// statement reads one statement. After an error it returns nil and stands where
// the next one may begin.
func (p *Parser) statement(top bool) Stmt {
	start, before := p.start, len(p.errs)
	var s Stmt
	if p.deeper() && p.kind != Bad {
		s = p.oneStatement(top)
	}
	p.depth--
	p.began = true
	if p.kind == Bad {
		s = nil
		if !p.errs.Full() {
			p.sync(start)
		}
	}
	if len(p.errs) > before {
		return nil
	}
	return s
}

func (p *Parser) oneStatement(top bool) Stmt {
	at := place(p.start)
	if p.v2 && p.kind > firstKeyword && !version2[p.kind] && p.gates[p.str()] {
		p.kind = Identifier // a word that only version 3 reserves
	}
	if !top {
		switch p.kind {
		case KwOPENQASM, KwInclude, KwDef, KwGate, KwExtern, KwDefcal, KwInput, KwOutput, KwDefcalgrammar:
			p.fail(Pos(p.start), "move it to the top level", "%s may not stand inside a block", p.found())
			return nil
		}
	}
	switch p.kind {
	case KwOPENQASM:
		return p.versionLine(at)
	case KwInclude:
		p.next()
		s := &Include{at, p.stringText("the name of the file to include")}
		p.semicolon("include")
		return s
	case KwDefcalgrammar:
		p.next()
		s := &Defcalgrammar{at, p.stringText("the name of the grammar")}
		p.semicolon("defcalgrammar")
		return s
	case PragmaLine:
		text := strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(p.str(), "#"), "pragma"))
		p.next()
		return &Pragma{at, text}
	case AtKeyword:
		end := p.lineEnd(p.start)
		s := &Annotation{at, strings.TrimSpace(p.text[p.start:end])}
		p.end = end
		p.next()
		if p.kind == EOF || p.kind == RBrace {
			p.fail(Pos(at), "", "the annotation is followed by no statement")
		}
		return s
	case KwConst, KwInput, KwOutput:
		return p.modeDeclaration(at)
	case KwQreg, KwCreg:
		return p.oldDeclaration(at)
	case KwLet:
		p.next()
		name := p.name("after let")
		p.expect(Assign, "after the name of the alias")
		s := &Alias{at, name, p.expression()}
		p.semicolon("the alias")
		return s
	case KwGate:
		return p.gate(at)
	case KwOpaque:
		return p.opaque(at)
	case KwDef:
		return p.def(at)
	case KwExtern:
		return p.extern(at)
	case KwCal:
		p.end = p.start + len("cal")
		p.next()
		return &Cal{at, p.rawBlock()}
	case KwDefcal:
		return p.defcal(at)
	case KwBox:
		p.next()
		s := &Box{place: at, Duration: p.designator()}
		s.Body = p.block("of the box")
		return s
	case KwIf:
		return p.branch(at)
	case KwFor:
		return p.loop(at)
	case KwWhile:
		p.next()
		p.expect(LParen, "after while")
		s := &While{place: at, Cond: p.expression()}
		p.expect(RParen, "after the condition")
		s.Body = p.loopBody("while")
		return s
	case KwSwitch:
		return p.choice(at)
	case LBrace:
		return &Block{at, p.block("")}
	case KwBreak, KwContinue, KwEnd:
		s := &Jump{at, p.kind}
		word := p.str()
		if p.loops == 0 && p.kind != KwEnd {
			p.fail(Pos(p.start), "", "'%s' stands outside of a loop", word)
			return nil
		}
		p.next()
		p.semicolon(word)
		return s
	case KwReturn:
		p.next()
		s := &Return{place: at}
		if p.kind != Semicolon {
			s.Value = p.value()
		}
		p.semicolon("return")
		return s
	case KwMeasure:
		p.next()
		s := p.arena.measures.get()
		*s = MeasureTo{place: at, Qubits: p.postfix(p.operandBase())}
		if p.accept(Arrow) {
			s.Target = p.postfix(p.operandBase())
		}
		p.semicolon("the measurement")
		return s
	case KwReset:
		p.next()
		s := &Reset{at, p.operand()}
		p.semicolon("reset")
		return s
	case KwBarrier:
		p.next()
		s := &Barrier{at, p.operands()}
		p.semicolon("the operands")
		return s
	case KwNop:
		p.next()
		s := &Nop{at, p.operands()}
		p.semicolon("the operands")
		return s
	case KwDelay:
		p.next()
		s := &Delay{place: at, Duration: p.designator()}
		if s.Duration == nil {
			p.expected("'['", "and a duration after delay")
		}
		s.Operands = p.operands()
		p.semicolon("the operands")
		return s
	case KwInv, KwPow, KwCtrl, KwNegctrl:
		return p.modified(at)
	case Identifier:
		return p.callOrExpression(at)
	case Semicolon:
		p.fail(Pos(p.start), "", "an empty statement; expected a statement before ';'")
		return nil
	}
	if p.kind.IsType() {
		return p.declaration(at)
	}
	switch p.kind {
	case KwElse:
		p.fail(Pos(p.start), "", "'else' without an if")
		return nil
	case RBrace:
		p.fail(Pos(p.start), "", "'}' without a block that it closes")
		return nil
	case KwReadonly, KwMutable, KwIn, KwCase, KwDefault:
		p.expected("a statement", "")
		return nil
	}
	return p.callOrExpression(at)
}

func (p *Parser) versionLine(at place) Stmt {
	if p.began {
		p.fail(Pos(at), "", "the version line must come first")
		return nil
	}
	p.next()
	s := &Version{place: at}
	switch text := p.str(); {
	case p.kind == IntLit || p.kind == FloatLit:
		n, err := fmt.Sscanf(text, "%d.%d", &s.Major, &s.Minor)
		if n == 0 || err != nil && p.kind == FloatLit || fmt.Sprintf("%d.%d", s.Major, s.Minor) != text && fmt.Sprint(s.Major) != text {
			p.fail(Pos(p.start), "as in OPENQASM 3.0;", "'%s' is no version", clip(text))
		} else if s.Major != 2 && s.Major != 3 || s.Major == 2 && s.Minor != 0 {
			p.fail(Pos(p.start), "", "version %s is not known; 2.0 and 3 are", clip(text))
		}
	default:
		p.expected("the version", "after OPENQASM")
	}
	p.major, p.minor, p.versioned = s.Major, s.Minor, true
	p.v2 = s.Major == 2
	p.next()
	p.semicolon("the version")
	return s
}

// stringText reads a string and returns it without its quotes.
func (p *Parser) stringText(what string) string {
	if p.kind != StringLit {
		p.expected(what+" in quotes", "")
		return ""
	}
	s := p.text[p.start+1 : p.end-1]
	p.next()
	return s
}

// isName reports whether the current token can be a name. Version 2 reserves
// fewer words.
func (p *Parser) isName() bool {
	return p.kind == Identifier || p.v2 && p.kind > firstKeyword && !version2[p.kind]
}

// name reads an identifier that is declared.
func (p *Parser) name(context string) Name {
	if !p.isName() {
		p.expected("a name", context)
		return Name{}
	}
	n := Name{place(p.start), p.str()}
	p.next()
	return n
}

// names reads names with commas between them; one may follow the last.
func (p *Parser) names(end Kind, context string) []Name {
	var out []Name
	for p.kind != end && p.kind != Bad {
		out = append(out, p.name(context))
		if !p.accept(Comma) {
			break
		}
	}
	return out
}

// block reads statements in braces.
func (p *Parser) block(context string) []Stmt {
	open := Pos(p.start)
	p.expect(LBrace, context)
	var out []Stmt
	for p.kind != RBrace && p.kind != Bad {
		if p.kind == EOF {
			p.fail(open, "", "the block that begins here has no '}'")
			return out
		}
		out = append(out, p.statement(false))
		if p.errs.Full() {
			p.kind = Bad
		}
	}
	p.accept(RBrace)
	return out
}

// body reads a block or a single statement.
func (p *Parser) body(of string) []Stmt {
	if p.kind == LBrace {
		return p.block("")
	}
	if p.kind == Semicolon || p.kind == EOF || p.kind == RBrace {
		p.expected("a statement or a block", "after "+of)
		return nil
	}
	return []Stmt{p.statement(false)}
}

// loopBody reads what a loop repeats, in which break and continue may stand.
func (p *Parser) loopBody(of string) []Stmt {
	p.loops++
	body := p.body(of)
	p.loops--
	return body
}

func (p *Parser) branch(at place) Stmt {
	p.next()
	p.expect(LParen, "after if")
	s := &If{place: at, Cond: p.expression()}
	p.expect(RParen, "after the condition")
	s.Then = p.body("if")
	if p.accept(KwElse) {
		s.Else = p.body("else")
	}
	return s
}

func (p *Parser) loop(at place) Stmt {
	p.next()
	s := &For{place: at}
	if !p.kind.IsType() {
		p.fail(Pos(p.start), "as in for uint i in [0:3] { … }", "expected the type of the loop's variable after for, found %s", p.found())
		return s
	}
	s.Type = p.scalarType()
	s.Name = p.name("of the loop's variable")
	p.expect(KwIn, "after the loop's variable")
	switch p.kind {
	case LBracket:
		s.Over = p.bracketRange()
	case LBrace:
		s.Over = p.list()
	default:
		s.Over = p.expression()
	}
	s.Body = p.loopBody("the loop's head")
	return s
}

// bracketRange reads [a:b] or [a:s:b].
func (p *Parser) bracketRange() Expr {
	p.expect(LBracket, "")
	x := p.indexItem()
	if _, ok := x.(*Range); !ok {
		p.expected("':'", "in the range of the loop")
	}
	p.expect(RBracket, "after the range")
	return x
}

func (p *Parser) choice(at place) Stmt {
	p.next()
	p.expect(LParen, "after switch")
	s := &Switch{place: at, Value: p.expression()}
	p.expect(RParen, "after the value")
	p.expect(LBrace, "after the head of switch")
	for p.kind == KwCase || p.kind == KwDefault {
		if s.Has {
			p.fail(Pos(p.start), "", "a case after default")
			break
		}
		k := Case{place: place(p.start)}
		if p.accept(KwDefault) {
			s.Has = true
			s.Default = p.block("after default")
			continue
		}
		p.next()
		k.Values = append(k.Values, p.expression())
		for p.accept(Comma) && p.kind != LBrace {
			k.Values = append(k.Values, p.expression())
		}
		k.Body = p.block("after the values of the case")
		s.Cases = append(s.Cases, k)
	}
	if len(s.Cases) == 0 && !s.Has {
		p.expected("'case' or 'default'", "")
	}
	p.expect(RBrace, "after the cases")
	return s
}

func (p *Parser) gate(at place) Stmt {
	p.next()
	s := p.gateHead(at)
	s.Qubits = p.names(LBrace, "of a qubit")
	if len(s.Qubits) == 0 && p.v2 {
		p.expected("a name", "of a qubit")
	}
	s.Body = p.block("after the qubits of the gate")
	return s
}

// gateHead reads the name and the parameters of a definition.
func (p *Parser) gateHead(at place) *Gate {
	s := &Gate{place: at, Name: p.name("of the gate")}
	p.gates[s.Name.Text] = true
	if p.accept(LParen) {
		s.Params = p.names(RParen, "of a parameter")
		p.expect(RParen, "after the parameters")
	}
	return s
}

func (p *Parser) opaque(at place) Stmt {
	p.next()
	s := p.gateHead(at)
	s.Opaque = true
	s.Qubits = p.names(Semicolon, "of a qubit")
	p.semicolon("opaque")
	return s
}

func (p *Parser) def(at place) Stmt {
	p.next()
	s := &Def{place: at, Name: p.name("of the subroutine")}
	p.expect(LParen, "after the name of the subroutine")
	for p.kind != RParen && p.kind != Bad {
		s.Params = append(s.Params, p.param())
		if !p.accept(Comma) {
			break
		}
	}
	p.expect(RParen, "after the parameters")
	if p.accept(Arrow) {
		t := p.scalarType()
		s.Result = &t
	}
	s.Body = p.block("of the subroutine")
	return s
}

func (p *Parser) param() Param {
	if p.kind == KwQreg || p.kind == KwCreg {
		t := Type{place: place(p.start), Kind: p.kind}
		p.next()
		n := p.name("of the parameter")
		t.Size = p.designator()
		return Param{t, n}
	}
	t := p.paramType()
	return Param{t, p.name("of the parameter")}
}

// paramType reads the type of a parameter, which may be a reference to an array.
func (p *Parser) paramType() Type {
	access := EOF
	if p.kind == KwReadonly || p.kind == KwMutable {
		access = p.kind
		p.next()
		if p.kind != KwArray {
			p.expected("'array'", "after "+access.String())
		}
	}
	t := p.anyType()
	t.Access = access
	return t
}

func (p *Parser) extern(at place) Stmt {
	p.next()
	s := &Extern{place: at, Name: p.name("of the function")}
	p.expect(LParen, "after the name of the function")
	for p.kind != RParen && p.kind != Bad {
		if p.kind == KwCreg {
			t := Type{place: place(p.start), Kind: p.kind}
			p.next()
			t.Size = p.designator()
			s.Params = append(s.Params, t)
		} else {
			s.Params = append(s.Params, p.paramType())
		}
		if !p.accept(Comma) {
			break
		}
	}
	p.expect(RParen, "after the parameters")
	if p.accept(Arrow) {
		t := p.scalarType()
		s.Result = &t
	}
	p.semicolon("extern")
	return s
}

// rawBlock reads a block in braces as text, braces balanced.
func (p *Parser) rawBlock() string {
	if p.kind != LBrace {
		p.expected("'{'", "before the block")
		return ""
	}
	depth := 0
	for i := p.start; i < len(p.text); i++ {
		switch p.text[i] {
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth == 0 {
			text := p.text[p.start : i+1]
			p.end = i + 1
			p.next()
			return text
		}
	}
	p.fail(Pos(p.start), "", "the block that begins here has no '}'")
	return ""
}

func (p *Parser) defcal(at place) Stmt {
	p.next()
	s := &Defcal{place: at}
	switch p.kind {
	case KwMeasure, KwReset, KwDelay, Identifier:
		s.Name = p.str()
		p.next()
	default:
		p.expected("the name of a gate, measure, reset or delay", "after defcal")
	}
	if p.accept(LParen) {
		for p.kind != RParen && p.kind != Bad {
			if p.kind.IsType() {
				p.param()
			} else {
				p.expression()
			}
			if !p.accept(Comma) {
				break
			}
		}
		p.expect(RParen, "after the parameters")
	}
	for p.kind == HardwareQubit || p.kind == Identifier {
		s.Qubits = append(s.Qubits, p.str())
		p.next()
		if !p.accept(Comma) {
			break
		}
	}
	if len(s.Qubits) == 0 {
		p.expected("a qubit", "that the calibration is for")
	}
	if p.accept(Arrow) {
		p.scalarType()
	}
	p.rawBlock()
	if p.kind != Bad {
		s.Text = p.text[at:p.last]
	}
	return s
}
