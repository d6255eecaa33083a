package qasm

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"qgan/ir"
	"qgan/qasm/syntax"
)

// ReadOptions say how a program is read.
type ReadOptions struct {
	// Include are the directories that files other than stdgates.inc and
	// qelib1.inc are looked for in, in order. Nothing outside is opened.
	Include []fs.FS
	// Inputs are the values of inputs by their names, as a user writes them: numbers, true and
	// false, words of bits with element 0 last. Inputs of type int, uint, bit and bool need one;
	// a float or an angle that has none is a data symbol of the circuit.
	Inputs map[string]string
}

// Construct is a part of a valid program that a circuit cannot hold.
type Construct struct {
	Construct string // as in "array"
	At        syntax.Position
	Input     string // the name of an input that has no value
}

// Document is what was read.
type Document struct {
	Major, Minor int  // the version of the language
	Stated       bool // by the program; otherwise 3.0 is taken
	// Unsupported is what keeps the program from being a circuit.
	Unsupported []Construct
	// Notes say how the reader understood what the specification leaves open.
	Notes []string
	// Given are the inputs that took their values from ReadOptions.Inputs.
	Given []string

	circuit *ir.Circuit
}

// Runnable reports whether the program is a circuit as a whole.
func (d *Document) Runnable() bool { return len(d.Unsupported) == 0 }

// Circuit returns the circuit, or an error that names what it cannot hold.
func (d *Document) Circuit() (*ir.Circuit, error) {
	if d.Runnable() {
		return d.circuit, nil
	}
	return nil, &NotRunnable{d.Unsupported}
}

// Understood returns the part of the program that is a circuit: for a report,
// not for running.
func (d *Document) Understood() *ir.Circuit { return d.circuit }

// NotRunnable says which constructs of a valid program a circuit cannot hold.
type NotRunnable struct{ Constructs []Construct }

// Error names the constructs with their places.
func (e *NotRunnable) Error() string {
	var b strings.Builder
	for i, c := range e.Constructs {
		if i == syntax.MaxErrors {
			fmt.Fprintf(&b, "\nand %d more", len(e.Constructs)-i)
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		if b.Write([]byte(c.At.String() + ": " + c.Construct)); c.Input == "" {
			b.WriteString(": the program is valid, but no circuit can hold this")
		}
	}
	return b.String()
}

// Hint says what to do about inputs without values, with the setting param as show spells it.
func (e *NotRunnable) Hint(show func(name string) string) string {
	for _, c := range e.Constructs {
		if c.Input == "" {
			return ""
		}
	}
	return "give one with " + show("param") + " " + e.Constructs[0].Input + "=VALUE"
}

// BadInput reports that another program has to be given.
func (e *NotRunnable) BadInput() bool { return true }

// Read reads an OpenQASM 3 or 2.0 program to a circuit. Mistakes in the program
// are an error of type syntax.Errors; a valid program that a circuit cannot
// hold is no error (Document.Unsupported).
//
// Everything that is known without running is computed: constants, variables,
// arrays, loops with constant bounds (written out), subroutines (inlined), gate
// definitions (inlined, or recognised as a gate of the table). Inputs that have
// a value are constants; of those that have none floats and angles become data
// symbols of the circuit, by their names, and angles must be linear in them.
// What depends on measured bits becomes if, switch and while: a statement with
// an angle or an index that depends on a few is written for each of its values. Bits are in order of the declarations. Integers are divided as the
// version says: 1/2 is 0 in version 3 and 0.5 in version 2.
//
// The work is bounded, see the limits in limits.go.
func Read(name string, text []byte, opt ReadOptions) (*Document, error) {
	r := &reader{
		opt:     opt,
		circuit: &ir.Circuit{Name: name},
		doc:     &Document{},
		global:  newScope(nil),
		renamed: map[string]string{},
		ended:   -1,
	}
	r.scope = r.global
	r.file = &syntax.File{Name: name, Text: string(text)}
	if strings.Trim(strings.TrimPrefix(r.file.Text, "\ufeff"), " \t\r\n\x00") == "" {
		return nil, syntax.Errors{syntax.NewError(r.file, 0, "", "the file is empty: a program declares qubits and applies gates")}
	}
	r.circuit.Ops = make([]ir.Op, 0, min(strings.Count(r.file.Text, ";"), 1<<22))
	p := syntax.NewParser(r.file)
	r.program(p)
	r.errs = merge(p.Errors(), r.errs)
	if len(r.errs) > 0 {
		return nil, r.errs
	}
	r.doc.Major, r.doc.Minor, r.doc.Stated = p.Version()
	r.directives(p.Comments())
	r.finish()
	r.doc.circuit = r.circuit
	if r.doc.Runnable() {
		if err := ir.Verify(r.circuit); err != nil {
			return nil, syntax.Errors{syntax.NewError(r.file, 0, "", "the circuit of the program is not sound: %v", err)}
		}
	}
	return r.doc, nil
}

// merge joins the errors of the parser and of the reader in the order of their
// places.
func merge(a, b syntax.Errors) syntax.Errors {
	out := append(slices.Clone(a), b...)
	slices.SortStableFunc(out, func(x, y *syntax.Error) int {
		if x.At.File != y.At.File {
			return 0
		}
		if d := x.At.Line - y.At.Line; d != 0 {
			return d
		}
		return x.At.Column - y.At.Column
	})
	return out[:min(len(out), syntax.MaxErrors)]
}

// reader turns statements into operations.
type reader struct {
	opt     ReadOptions
	doc     *Document
	errs    syntax.Errors
	file    *syntax.File // of the statement at hand
	circuit *ir.Circuit
	memory  memory

	scope, global *scope
	v2            bool
	includes      []string // files that are being read, outermost first
	included      int      // bytes of all included files
	library       *include // the first standard library that was included
	guessed       []string // gates used without a library or definition
	braket        bool     // a pragma or directive of Amazon Braket was seen
	renamed       map[string]string
	split         [2]string // the registers of qubits and of bits, from comments
	keep          *int      // how many bits a comment keeps

	hardware map[string]int   // $n to its flat qubit
	declared []result         // registers of bits, at the top level
	outputs  []result         // what the program says that it returns
	bits     int              // flat bits given out
	written  map[int]bool     // flat bits that something was written to
	ones     map[int]bool     // flat bits of variables that may be 1
	uses     map[int][]bitRef // elements that hold a condition over a flat bit

	work      int // what unrolling has cost so far
	dynamic   int // blocks that depend on measured bits around the statement at hand
	quiet     int // the statements are only checked, see check
	calls     int // subroutines being inlined
	nested    int // definitions of gates being written out
	grown     int // what a definition that is checked becomes when it is written out
	standIns  int // qubits that stand for the parameters of a subroutine that is checked
	inGate    bool
	result    value // of the subroutine that returned
	reading   reading
	rows      *mishap // of the table or the case that is read
	frame     *frame
	loops     *loops // that the statement is in, of this subroutine
	pending   []int  // flat bits that are set where the statements that follow are left out
	ended     int    // the bit that is set where the program ended, -1 for none
	here      syntax.Pos
	exhausted bool
}

// include is a standard library that a program included.
type include struct {
	name string
	file *syntax.File
	at   syntax.Pos
}

// program reads the statements of a file.
func (r *reader) program(p *syntax.Parser) flow {
	for s := p.Next(); s != nil; s = p.Next() {
		if len(p.Comments()) > 0 && !r.braket {
			r.braket = slices.ContainsFunc(p.Comments(), func(c syntax.Comment) bool { return c.Text == "dialect braket" })
		}
		major, _, _ := p.Version()
		r.v2 = major == 2
		f := r.statement(s)
		switch s.(type) {
		case *syntax.Call, *syntax.MeasureTo, *syntax.Reset, *syntax.Barrier:
			p.Recycle()
		}
		if f == flowEnd || r.exhausted {
			return flowEnd
		}
		if r.errs.Full() {
			return flowEnd
		}
		if len(r.pending) > 0 { // the program may have ended
			var rest []syntax.Stmt
			for s := p.Next(); s != nil; s = p.Next() {
				rest = append(rest, s)
			}
			r.guard(func() { f = r.statements(rest) }, rest)
			return flowNext
		}
	}
	return flowNext
}

// fail reports a mistake.
func (r *reader) fail(at syntax.Pos, hint, format string, args ...any) {
	if r.errs.Full() {
		return
	}
	e := syntax.NewError(r.file, at, hint, format, args...)
	for _, old := range r.errs { // a loop or a gate meets the same mistake often
		if old.At == e.At && old.Message == e.Message {
			return
		}
	}
	r.errs = append(r.errs, e)
}

// unsupported notes a construct that a circuit cannot hold. It returns poison,
// the value that everything computed from is unknown.
func (r *reader) unsupported(at syntax.Pos, format string, args ...any) value {
	if r.quiet == 0 {
		c := Construct{Construct: fmt.Sprintf(format, args...), At: r.file.Position(at)}
		if !slices.Contains(r.doc.Unsupported, c) && len(r.doc.Unsupported) < maxConstructs {
			r.doc.Unsupported = append(r.doc.Unsupported, c)
		}
	}
	return value{}
}

// once reports whether the rest of the program is only looked through, each
// statement once.
func (r *reader) once() bool { return r.quiet > 0 || len(r.doc.Unsupported) > 0 }

// grow counts what a definition that is checked becomes when it is written out.
func (r *reader) grow(n int) { r.grown = min(r.grown+n, maxWork+1) }

// sizeOf runs a check and returns the size of what it saw.
func (r *reader) sizeOf(check func()) int {
	outer := r.grown
	r.grown = 0
	check()
	n := r.grown
	r.grown = outer
	return n
}

// fits refuses what is too large to be written out before it is tried.
func (r *reader) fits(what, name string, size int, at syntax.Pos) bool {
	if size > maxWork {
		r.fail(at, "", "%s '%s', written out, has more than %d operations: too many", what, name, maxWork)
		return false
	}
	return true
}

// spend counts work that the length of the text does not bound. It reports
// whether there is some left.
func (r *reader) spend(n int, at syntax.Pos) bool {
	r.work += n
	if r.work > maxWork && !r.exhausted {
		r.exhausted = true
		r.fail(at, "", "written out, the program has more than %d operations and operands: too many", maxWork)
	}
	return !r.exhausted
}

func (r *reader) note(format string, args ...any) {
	if n := fmt.Sprintf(format, args...); r.quiet == 0 && !slices.Contains(r.doc.Notes, n) && len(r.doc.Notes) < maxConstructs {
		r.doc.Notes = append(r.doc.Notes, n)
	}
}

// includeFile reads another file in place of its include statement.
func (r *reader) includeFile(s *syntax.Include) flow {
	if lib, ok := libraries[s.Path]; ok {
		if r.library == nil || lib {
			r.library = &include{s.Path, r.file, s.Pos()}
		}
		return flowNext
	}
	if slices.Contains(r.includes, s.Path) || s.Path == r.file.Name {
		r.fail(s.Pos(), "", "%q includes itself", s.Path)
		return flowNext
	}
	if len(r.includes) >= maxIncludes {
		r.fail(s.Pos(), "", "more than %d files include each other", maxIncludes)
		return flowNext
	}
	text, err := r.open(s.Path)
	if err != nil {
		r.fail(s.Pos(), "files are looked for beside the program only, never outside of its directory", "including %q: %v", s.Path, err)
		return flowNext
	}
	if r.included += len(text); r.included > maxIncluded {
		r.fail(s.Pos(), "", "the included files have more than %d bytes together", maxIncluded)
		return flowNext
	}
	r.includes = append(r.includes, s.Path)
	outer, v2 := r.file, r.v2
	r.file = &syntax.File{Name: s.Path, Text: string(text)}
	p := syntax.NewParser(r.file)
	if v2 {
		p.InVersion(2)
	}
	f := r.program(p)
	r.errs = merge(r.errs, p.Errors())
	r.file, r.v2 = outer, v2
	r.includes = r.includes[:len(r.includes)-1]
	return f
}

func (r *reader) open(name string) ([]byte, error) {
	if !fs.ValidPath(name) {
		return nil, fmt.Errorf("the path leads out of the directory of the program")
	}
	err := fs.ErrNotExist
	for _, dir := range r.opt.Include {
		var info fs.FileInfo
		if info, err = fs.Stat(dir, name); err != nil {
			continue
		}
		if info.Size() > maxIncluded {
			return nil, fmt.Errorf("the file has %d bytes, at most %d are read", info.Size(), maxIncluded)
		}
		return fs.ReadFile(dir, name)
	}
	if e, ok := err.(*fs.PathError); ok {
		err = e.Err
	}
	return nil, err
}
