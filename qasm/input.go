package qasm

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"qgan/ir"
	"qgan/qasm/syntax"
)

// input declares an input: a constant where its value is given, a data symbol where it is a
// float or an angle without one.
func (r *reader) input(s *syntax.Declare, t typ) {
	name := s.Name.Text
	text, given := r.opt.Inputs[name]
	v := value{typ: t}
	if _, problem := r.inputValue(text, t); problem != "" && (t.kind == floatKind || t.kind == angleKind) {
		given = false // whoever binds the symbol says so
	}
	switch {
	case given:
		var problem string
		if v, problem = r.inputValue(text, t); problem != "" {
			r.fail(s.Pos(), "", "the input '%s' is given as %s, which %s", name, shorten(text), problem)
		}
		if r.quiet == 0 {
			r.doc.Given = append(r.doc.Given, name)
		}
	case t.kind == floatKind || t.kind == angleKind:
		v.kind = floatKind
		v.sym = ir.Data(1, r.circuit.DataSymbol(name)).Terms
	case t.kind == durationKind:
		v = r.unsupported(s.Pos(), "an input of type duration")
	default:
		if v = r.unsupported(s.Pos(), "the input '%s' of type %s, which has no value", name, kindNames[t.kind]); r.quiet == 0 {
			r.doc.Unsupported[len(r.doc.Unsupported)-1].Input = name
		}
	}
	sym := &symbol{kind: variableSymbol, typ: t, value: v, fixed: true}
	if t.kind == bitKind && v.kind != poison {
		sym = r.newBits(name, t.width, t.scalar)
		r.setBits(sym.bits, v)
	}
	r.declare(s.Name, sym)
}

// inputValue is the value of an input as a user writes it, or what is wrong with it.
func (r *reader) inputValue(text string, t typ) (v value, problem string) {
	text = strings.TrimSpace(text)
	switch t.kind {
	case floatKind, angleKind:
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			return value{}, "is no number"
		}
		return number(x), ""
	case intKind, uintKind:
		n, ok := new(big.Int).SetString(text, 0)
		if !ok {
			return value{}, "is no integer"
		}
		width := t.width
		if width == 0 {
			width = 64
		}
		low, high := new(big.Int), new(big.Int).Lsh(big.NewInt(1), uint(width))
		if t.kind == intKind {
			high.Rsh(high, 1)
			low.Neg(high)
		}
		if n.Cmp(low) < 0 || n.Cmp(high) >= 0 {
			return value{}, "is out of the range of its type"
		}
		return r.convert(value{typ: typ{kind: uintKind}, i: int64(new(big.Int).And(n, new(big.Int).SetUint64(math.MaxUint64)).Uint64())}, t, r.here), ""
	case boolKind:
		switch text {
		case "true", "1":
			return truth(true), ""
		case "false", "0":
			return truth(false), ""
		}
		return value{}, "is neither true nor false"
	case bitKind:
		n := max(t.width, 1)
		if len(text) != n || strings.Trim(text, "01") != "" {
			return value{}, "is no word of " + count(n, "bit") + ", element 0 last"
		}
		v := value{typ: typ{kind: bitKind, width: n, scalar: t.scalar}, bits: make([]bit, n)}
		for i := range v.bits {
			v.bits[i] = knownBit(text[n-1-i] == '1')
		}
		return v, ""
	}
	return value{}, "can't be given: it is a " + kindNames[t.kind]
}
