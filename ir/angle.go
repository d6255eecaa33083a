package ir

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// None stands for "no symbol" in a Term.
const None int32 = -1

// Term is coefficient x [trained symbol] x [data symbol]; either symbol may be
// None. Symbols are indices into a circuit's Trained and Data tables: they are
// matched by identity, never by value.
type Term struct {
	Coef    float64
	Trained int32
	Data    int32
}

// Angle is a constant plus a sum of terms, in radians unless the gate says
// otherwise (the IonQ gates count in turns). It is closed under addition,
// scaling, constant shifts and the binding of either kind of symbol, so a
// circuit is compiled once and bound many times and a merged rotation keeps its
// parameters. Terms are sorted by (Trained, Data), each pair occurs at most
// once, and no coefficient is zero. The zero value is the angle 0.
type Angle struct {
	Const float64
	Terms []Term
}

// Const returns a constant angle.
func Const(x float64) Angle { return Angle{Const: x} }

// Consts returns constant angles.
func Consts(x ...float64) []Angle {
	out := make([]Angle, len(x))
	for i, v := range x {
		out[i].Const = v
	}
	return out
}

// Trained returns the angle coef x trained symbol i.
func Trained(coef float64, i int) Angle {
	return Angle{Terms: []Term{{coef, int32(i), None}}}.canonical()
}

// Data returns the angle coef x data symbol i.
func Data(coef float64, i int) Angle {
	return Angle{Terms: []Term{{coef, None, int32(i)}}}.canonical()
}

// Product returns the angle coef x trained symbol i x data symbol j.
func Product(coef float64, i, j int) Angle {
	return Angle{Terms: []Term{{coef, int32(i), int32(j)}}}.canonical()
}

// IsConst reports whether the angle has no symbol.
func (a Angle) IsConst() bool { return len(a.Terms) == 0 }

// IsZero reports whether the angle is the constant 0.
func (a Angle) IsZero() bool { return a.IsConst() && a.Const == 0 }

// canonical sorts, merges and drops zero terms. It may reuse a.Terms.
func (a Angle) canonical() Angle {
	slices.SortFunc(a.Terms, func(x, y Term) int {
		return cmp.Or(cmp.Compare(x.Trained, y.Trained), cmp.Compare(x.Data, y.Data))
	})
	out := a.Terms[:0]
	for _, t := range a.Terms {
		if k := len(out); k > 0 && out[k-1].Trained == t.Trained && out[k-1].Data == t.Data {
			out[k-1].Coef += t.Coef
		} else {
			out = append(out, t)
		}
	}
	out = slices.DeleteFunc(out, func(t Term) bool { return t.Coef == 0 })
	// A bound term without symbols is a constant.
	if len(out) > 0 && out[0].Trained == None && out[0].Data == None {
		a.Const += out[0].Coef
		out = out[1:]
	}
	if len(out) == 0 {
		out = nil
	}
	a.Terms = out
	return a
}

// Add returns a + b.
func (a Angle) Add(b Angle) Angle {
	if len(b.Terms) == 0 {
		a.Const += b.Const
		return a
	}
	terms := make([]Term, 0, len(a.Terms)+len(b.Terms))
	terms = append(append(terms, a.Terms...), b.Terms...)
	return Angle{a.Const + b.Const, terms}.canonical()
}

// Plus returns a + c for a constant c.
func (a Angle) Plus(c float64) Angle {
	a.Const += c
	return a
}

// Scale returns k·a.
func (a Angle) Scale(k float64) Angle {
	out := Angle{Const: k * a.Const, Terms: slices.Clone(a.Terms)}
	for i := range out.Terms {
		out.Terms[i].Coef *= k
	}
	return out.canonical()
}

// Neg returns -a.
func (a Angle) Neg() Angle { return a.Scale(-1) }

// Sub returns a - b.
func (a Angle) Sub(b Angle) Angle { return a.Add(b.Neg()) }

// Equal reports whether both angles are the same expression: equal constants
// and equal coefficients of the same symbols.
func (a Angle) Equal(b Angle) bool {
	return a.Const == b.Const && slices.Equal(a.Terms, b.Terms)
}

// Value evaluates the angle for values of the trained and the data symbols.
func (a Angle) Value(trained, data []float64) float64 {
	v := a.Const
	for _, t := range a.Terms {
		v += t.Value(trained, data)
	}
	return v
}

// Value evaluates one term.
func (t Term) Value(trained, data []float64) float64 {
	v := t.Coef
	if t.Trained != None {
		v *= trained[t.Trained]
	}
	if t.Data != None {
		v *= data[t.Data]
	}
	return v
}

// BindTrained replaces the trained symbols by their values.
func (a Angle) BindTrained(values []float64) Angle {
	return a.bind(func(t *Term) {
		if t.Trained != None {
			t.Coef *= values[t.Trained]
			t.Trained = None
		}
	})
}

// BindData replaces the data symbols by their values.
func (a Angle) BindData(values []float64) Angle {
	return a.bind(func(t *Term) {
		if t.Data != None {
			t.Coef *= values[t.Data]
			t.Data = None
		}
	})
}

func (a Angle) bind(f func(*Term)) Angle {
	out := Angle{Const: a.Const, Terms: slices.Clone(a.Terms)}
	for i := range out.Terms {
		f(&out.Terms[i])
	}
	return out.canonical()
}

// Format writes the angle with the given names of its symbols, as in
// "0.5 + ry_0_1 - 2*s_0_1*z_1".
func (a Angle) Format(trained, data []string) string {
	var b strings.Builder
	if a.Const != 0 || len(a.Terms) == 0 {
		b.WriteString(formatFloat(a.Const))
	}
	for i, t := range a.Terms {
		coef := t.Coef
		switch {
		case b.Len() == 0 && i == 0 && coef < 0:
			b.WriteByte('-')
			coef = -coef
		case b.Len() > 0 && coef < 0:
			b.WriteString(" - ")
			coef = -coef
		case b.Len() > 0:
			b.WriteString(" + ")
		}
		if coef != 1 {
			b.WriteString(formatFloat(coef))
			b.WriteByte('*')
		}
		if t.Trained != None {
			b.WriteString(symbolName(trained, t.Trained, "t"))
			if t.Data != None {
				b.WriteByte('*')
			}
		}
		if t.Data != None {
			b.WriteString(symbolName(data, t.Data, "d"))
		}
	}
	return b.String()
}

// String writes the angle with numbered symbols (t0, d0).
func (a Angle) String() string { return a.Format(nil, nil) }

func symbolName(names []string, i int32, letter string) string {
	if int(i) < len(names) {
		return names[i]
	}
	return fmt.Sprintf("%s%d", letter, i)
}

func formatFloat(x float64) string {
	if math.IsInf(x, 0) || math.IsNaN(x) {
		return fmt.Sprint(x)
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}
