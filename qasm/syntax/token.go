package syntax

// Kind is the kind of a token. Operators and punctuation are kinds of their
// own, and so is every keyword.
type Kind uint8

// The kinds of tokens.
const (
	EOF Kind = iota
	Bad      // what is no token; sticky while the parser recovers
	Identifier
	HardwareQubit // $7
	IntLit
	FloatLit
	ImagLit     // 2im
	DurationLit // 100ns
	StringLit   // with its quotes
	AtKeyword   // @name
	PragmaLine  // pragma or #pragma, to the end of the line
	HashDim     // #dim

	LParen
	RParen
	LBracket
	RBracket
	LBrace
	RBrace
	Semicolon
	Comma
	Colon
	Dot
	Arrow
	At
	Assign
	AddAssign
	SubAssign
	MulAssign
	DivAssign
	AndAssign
	OrAssign
	TildeAssign
	XorAssign
	ShlAssign
	ShrAssign
	ModAssign
	PowAssign
	Plus
	Minus
	Star
	Slash
	Percent
	Power
	Concat
	Shl
	Shr
	Less
	LessEqual
	Greater
	GreaterEqual
	EqualEqual
	NotEqual
	And
	Or
	Xor
	AndAnd
	OrOr
	Not
	Tilde

	firstKeyword
	KwOPENQASM
	KwInclude
	KwDefcalgrammar
	KwDef
	KwCal
	KwDefcal
	KwGate
	KwExtern
	KwOpaque
	KwBox
	KwLet
	KwBreak
	KwContinue
	KwIf
	KwElse
	KwEnd
	KwReturn
	KwFor
	KwWhile
	KwIn
	KwSwitch
	KwCase
	KwDefault
	KwNop
	KwInput
	KwOutput
	KwConst
	KwReadonly
	KwMutable
	KwQreg
	KwQubit
	KwCreg
	KwBool
	KwBit
	KwInt
	KwUint
	KwFloat
	KwAngle
	KwComplex
	KwArray
	KwVoid
	KwDuration
	KwStretch
	KwInv
	KwPow
	KwCtrl
	KwNegctrl
	KwDurationof
	KwDelay
	KwReset
	KwMeasure
	KwBarrier
	KwTrue
	KwFalse
	kindCount
)

// spelling is how a kind is written, or what messages call it.
var spelling = [kindCount]string{
	EOF: "end of file", Bad: "unreadable text", Identifier: "identifier", HardwareQubit: "hardware qubit",
	IntLit: "integer", FloatLit: "number", ImagLit: "imaginary number", DurationLit: "duration", StringLit: "string",
	AtKeyword: "annotation", PragmaLine: "pragma", HashDim: "#dim",
	LParen: "(", RParen: ")", LBracket: "[", RBracket: "]", LBrace: "{", RBrace: "}", Semicolon: ";", Comma: ",", Colon: ":",
	Dot: ".", Arrow: "->", At: "@", Assign: "=", AddAssign: "+=", SubAssign: "-=", MulAssign: "*=", DivAssign: "/=",
	AndAssign: "&=", OrAssign: "|=", TildeAssign: "~=", XorAssign: "^=", ShlAssign: "<<=", ShrAssign: ">>=", ModAssign: "%=",
	PowAssign: "**=", Plus: "+", Minus: "-", Star: "*", Slash: "/", Percent: "%", Power: "**", Concat: "++", Shl: "<<", Shr: ">>",
	Less: "<", LessEqual: "<=", Greater: ">", GreaterEqual: ">=", EqualEqual: "==", NotEqual: "!=", And: "&", Or: "|", Xor: "^",
	AndAnd: "&&", OrOr: "||", Not: "!", Tilde: "~",
	KwOPENQASM: "OPENQASM", KwInclude: "include", KwDefcalgrammar: "defcalgrammar", KwDef: "def", KwCal: "cal", KwDefcal: "defcal",
	KwGate: "gate", KwExtern: "extern", KwOpaque: "opaque", KwBox: "box", KwLet: "let", KwBreak: "break", KwContinue: "continue",
	KwIf: "if", KwElse: "else", KwEnd: "end", KwReturn: "return", KwFor: "for", KwWhile: "while", KwIn: "in", KwSwitch: "switch",
	KwCase: "case", KwDefault: "default", KwNop: "nop", KwInput: "input", KwOutput: "output", KwConst: "const",
	KwReadonly: "readonly", KwMutable: "mutable", KwQreg: "qreg", KwQubit: "qubit", KwCreg: "creg", KwBool: "bool", KwBit: "bit",
	KwInt: "int", KwUint: "uint", KwFloat: "float", KwAngle: "angle", KwComplex: "complex", KwArray: "array", KwVoid: "void",
	KwDuration: "duration", KwStretch: "stretch", KwInv: "inv", KwPow: "pow", KwCtrl: "ctrl", KwNegctrl: "negctrl",
	KwDurationof: "durationof", KwDelay: "delay", KwReset: "reset", KwMeasure: "measure", KwBarrier: "barrier", KwTrue: "true",
	KwFalse: "false",
}

// String returns how the kind is written, or what it is called.
func (k Kind) String() string { return spelling[k] }

// keywords maps a reserved word to its kind; version2 holds those that version
// 2 reserves as well.
var (
	keywords = keywordTable()
	version2 = map[Kind]bool{
		KwOPENQASM: true, KwInclude: true, KwGate: true, KwOpaque: true, KwIf: true, KwQreg: true, KwCreg: true,
		KwReset: true, KwMeasure: true, KwBarrier: true,
	}
)

func keywordTable() map[string]Kind {
	m := map[string]Kind{}
	for k := firstKeyword + 1; k < kindCount; k++ {
		m[spelling[k]] = k
	}
	return m
}

// maxKeyword is the length of the longest keyword.
const maxKeyword = len("defcalgrammar")

// IsType reports whether the kind begins a classical or quantum type.
func (k Kind) IsType() bool {
	switch k {
	case KwQubit, KwBool, KwBit, KwInt, KwUint, KwFloat, KwAngle, KwComplex, KwArray, KwDuration, KwStretch, KwVoid:
		return true
	}
	return false
}

// precedence of the binary operators; 0 is none ("Operator precedence" in the
// specification). Power is higher than the unary operators and binds to the
// right.
var precedence = [kindCount]int8{
	OrOr: 1, AndAnd: 2, Or: 3, Xor: 4, And: 5, EqualEqual: 6, NotEqual: 6,
	Less: 7, LessEqual: 7, Greater: 7, GreaterEqual: 7, Shl: 8, Shr: 8, Plus: 9, Minus: 9, Concat: 9,
	Star: 10, Slash: 10, Percent: 10, Power: 12,
}

const unaryPrecedence = 11
