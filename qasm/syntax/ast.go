package syntax

import "math/big"

// Node is a piece of a program with a place.
type Node interface{ Pos() Pos }

// Stmt is a statement. The set is closed.
type Stmt interface {
	Node
	stmt()
}

// Expr is an expression. The set is closed.
type Expr interface {
	Node
	expr()
}

// At is embedded by every node.
type place Pos

// Pos returns where the node begins.
func (p place) Pos() Pos { return Pos(p) }

// Name is an identifier where one is declared.
type Name struct {
	place
	Text string
}

// Type is a type as it is written.
type Type struct {
	place
	Kind    Kind  // KwInt, KwQubit, KwArray, …; KwQreg and KwCreg in parameters
	Size    Expr  // the designator, nil for none
	Element *Type // of complex and array
	Dims    []Expr
	Rank    Expr // of #dim = …
	Access  Kind // KwReadonly or KwMutable of an array parameter, otherwise EOF
}

// The statements.
type (
	// Version is the version line.
	Version struct {
		place
		Major, Minor int
	}
	// Include reads another file.
	Include struct {
		place
		Path string
	}
	// Defcalgrammar names the language of calibration blocks.
	Defcalgrammar struct {
		place
		Name string
	}
	// Pragma is a line of words for a vendor.
	Pragma struct {
		place
		Text string
	}
	// Annotation is @word and the rest of its line; it belongs to the next
	// statement.
	Annotation struct {
		place
		Text string
	}
	// Declare declares a variable, a register, an input or an output.
	Declare struct {
		place
		Type Type
		Name Name
		Init Expr // nil for none
		// Mode is KwConst, KwInput, KwOutput, or EOF.
		Mode Kind
		Old  bool // qreg or creg
	}
	// Alias is let name = value.
	Alias struct {
		place
		Name  Name
		Value Expr
	}
	// Gate defines a gate; an opaque one of version 2 has no body.
	Gate struct {
		place
		Name   Name
		Params []Name
		Qubits []Name
		Body   []Stmt
		Opaque bool
	}
	// Def defines a subroutine.
	Def struct {
		place
		Name   Name
		Params []Param
		Result *Type // nil for none
		Body   []Stmt
	}
	// Extern declares a function that is elsewhere.
	Extern struct {
		place
		Name   Name
		Params []Type
		Result *Type
	}
	// Cal is a block in the language of defcalgrammar.
	Cal struct {
		place
		Text string
	}
	// Defcal gives a gate's calibration on some qubits.
	Defcal struct {
		place
		Name   string
		Qubits []string // $7, or a name
		Text   string   // the whole statement
	}
	// Call applies a gate, or a subroutine in the old form.
	Call struct {
		place
		Modifiers []Modifier
		Name      string
		NameAt    Pos
		Args      []Expr
		Duration  Expr // of name[duration]
		Operands  []Expr
	}
	// MeasureTo is measure a; or measure a -> b;.
	MeasureTo struct {
		place
		Qubits Expr
		Target Expr // nil: thrown away
	}
	// Set is an assignment; Op is Assign, AddAssign, ….
	Set struct {
		place
		Target Expr
		Op     Kind
		Value  Expr
	}
	// Reset puts qubits into |0>.
	Reset struct {
		place
		Qubits Expr
	}
	// Barrier keeps order; without operands, for all qubits.
	Barrier struct {
		place
		Operands []Expr
	}
	// Nop marks qubits as used (3.2).
	Nop struct {
		place
		Operands []Expr
	}
	// Delay lets qubits idle; without operands, all.
	Delay struct {
		place
		Duration Expr
		Operands []Expr
	}
	// Box is a block that is timed as a whole.
	Box struct {
		place
		Duration Expr // nil for none
		Body     []Stmt
	}
	// Block is an anonymous scope.
	Block struct {
		place
		Body []Stmt
	}
	// If branches.
	If struct {
		place
		Cond       Expr
		Then, Else []Stmt
	}
	// For loops over a range, a set, or the elements of an expression.
	For struct {
		place
		Type Type
		Name Name
		Over Expr
		Body []Stmt
	}
	// While loops as long as a condition holds.
	While struct {
		place
		Cond Expr
		Body []Stmt
	}
	// Switch chooses a case.
	Switch struct {
		place
		Value   Expr
		Cases   []Case
		Default []Stmt
		Has     bool // whether there is a default
	}
	// Jump is break, continue or end.
	Jump struct {
		place
		Kind Kind
	}
	// Return leaves a subroutine.
	Return struct {
		place
		Value Expr // nil for none
	}
	// ExprStmt is an expression for its effect.
	ExprStmt struct {
		place
		X Expr
	}
)

// Param is a parameter of a subroutine.
type Param struct {
	Type Type
	Name Name
}

// Modifier is inv @, pow(k) @, ctrl(n) @ or negctrl(n) @.
type Modifier struct {
	place
	Kind Kind
	Arg  Expr // nil for none
}

// Case is one branch of a switch.
type Case struct {
	place
	Values []Expr
	Body   []Stmt
}

func (*Version) stmt()       {}
func (*Include) stmt()       {}
func (*Defcalgrammar) stmt() {}
func (*Pragma) stmt()        {}
func (*Annotation) stmt()    {}
func (*Declare) stmt()       {}
func (*Alias) stmt()         {}
func (*Gate) stmt()          {}
func (*Def) stmt()           {}
func (*Extern) stmt()        {}
func (*Cal) stmt()           {}
func (*Defcal) stmt()        {}
func (*Call) stmt()          {}
func (*MeasureTo) stmt()     {}
func (*Set) stmt()           {}
func (*Reset) stmt()         {}
func (*Barrier) stmt()       {}
func (*Nop) stmt()           {}
func (*Delay) stmt()         {}
func (*Box) stmt()           {}
func (*Block) stmt()         {}
func (*If) stmt()            {}
func (*For) stmt()           {}
func (*While) stmt()         {}
func (*Switch) stmt()        {}
func (*Jump) stmt()          {}
func (*Return) stmt()        {}
func (*ExprStmt) stmt()      {}

// The expressions.
type (
	// Ident is a name, or a hardware qubit such as $7.
	Ident struct {
		place
		Name string
	}
	// Int is a literal; Big is set where it does not fit into int64.
	Int struct {
		place
		Value int64
		Big   *big.Int
	}
	// Float is a literal.
	Float struct {
		place
		Value float64
	}
	// Imag is an imaginary literal.
	Imag struct {
		place
		Value float64
	}
	// Bool is true or false.
	Bool struct {
		place
		Value bool
	}
	// Bits is a bit string, the most significant bit first.
	Bits struct {
		place
		Text string // zeros and ones
	}
	// Duration is a literal with its unit: "dt", "ns", "us", "ms" or "s".
	Duration struct {
		place
		Value float64
		Unit  string
	}
	// Unary is ~x, !x or -x.
	Unary struct {
		place
		Op Kind
		X  Expr
	}
	// Binary is x op y; its place is that of x, OpAt that of the operator.
	Binary struct {
		place
		Op   Kind
		OpAt Pos
		X, Y Expr
	}
	// Apply calls a function or subroutine.
	Apply struct {
		place
		Name string
		Args []Expr
	}
	// Cast is type(x).
	Cast struct {
		place
		Type Type
		X    Expr
	}
	// Index is x[…]: a number, a Range, a List, or several of them.
	Index struct {
		place
		X       Expr
		Indices []Expr
	}
	// Range is start:step:stop, each of which may be missing.
	Range struct {
		place
		Start, Step, Stop Expr
	}
	// List is {a, b, …}: a set of indices, or an array.
	List struct {
		place
		Items []Expr
	}
	// Measure is measure x as a value.
	Measure struct {
		place
		Qubits Expr
	}
	// DurationOf is durationof({…}).
	DurationOf struct {
		place
		Body []Stmt
	}
)

func (*Ident) expr()      {}
func (*Int) expr()        {}
func (*Float) expr()      {}
func (*Imag) expr()       {}
func (*Bool) expr()       {}
func (*Bits) expr()       {}
func (*Duration) expr()   {}
func (*Unary) expr()      {}
func (*Binary) expr()     {}
func (*Apply) expr()      {}
func (*Cast) expr()       {}
func (*Index) expr()      {}
func (*Range) expr()      {}
func (*List) expr()       {}
func (*Measure) expr()    {}
func (*DurationOf) expr() {}

// IntAt is the literal of a number, in the place of an expression that has this value.
func IntAt(at Pos, n int64) *Int { return &Int{place: place(at), Value: n} }

// SetAt is the assignment of a value to what target names.
func SetAt(target, value Expr) *Set {
	return &Set{place: place(target.Pos()), Target: target, Op: Assign, Value: value}
}
