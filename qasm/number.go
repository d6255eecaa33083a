package qasm

import (
	"math"
	"math/bits"
	"strconv"
	"strings"

	"qgan/ir"
)

// maxFraction bounds the denominators of multiples of pi that are looked for,
// beside the powers of two up to maxPower.
const (
	maxFraction = 32
	maxPower    = 1 << 16
	maxMultiple = 1 << 10 // of pi
)

// float writes a number as the shortest decimal that reads back as the same
// float64, always with a point: OpenQASM 3 divides integers as integers, some readers treat the
// literal 1 as one, and some read 1e-07 as 1 (those of the paper's grammar of OpenQASM 2).
func float(x float64) string {
	s := strconv.FormatFloat(x, 'g', -1, 64)
	digits, exponent, scientific := strings.Cut(s, "e")
	if !strings.Contains(digits, ".") {
		digits += ".0"
	}
	if !scientific {
		return digits
	}
	return digits + "e" + exponent
}

// piFraction writes x as k*pi/n, in lowest terms, where that text, evaluated
// from left to right in float64, is x exactly.
func piFraction(x float64) (string, bool) {
	if x == 0 || math.Abs(x) > maxMultiple*math.Pi || math.Abs(x) < 1/float64(2*maxPower) {
		return "", false
	}
	for n := 1; n <= maxPower; n++ {
		if n > maxFraction {
			n = 1 << bits.Len(uint(n-1)) // the next power of two
		}
		k := math.Round(x * float64(n) / math.Pi)
		if k*math.Pi/float64(n) != x || gcd(int(math.Abs(k)), n) != 1 {
			continue
		}
		s := "pi"
		switch k {
		case 1:
		case -1:
			s = "-pi"
		default:
			s = strconv.FormatFloat(k, 'f', -1, 64) + "*pi"
		}
		if n > 1 {
			s += "/" + strconv.Itoa(n)
		}
		return s, true
	}
	return "", false
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// number writes a constant in the dialect's style.
func (d *dialect) number(x float64) string {
	if d.piFractions {
		if s, ok := piFraction(x); ok {
			return s
		}
	}
	return float(x)
}

// names are the names of the symbols of an angle.
type names struct{ trained, data []string }

// symbol returns the symbol of a term; a lowered angle has no products.
func (n names) symbol(t ir.Term) string {
	if t.Trained != ir.None {
		return n.trained[t.Trained]
	}
	return n.data[t.Data]
}

// angle writes an angle: a number, or a sum of terms with the constant last,
// as in 2.0*z_0 + 0.5.
func (d *dialect) angle(a ir.Angle, n names) string {
	if a.IsConst() {
		return d.number(a.Const)
	}
	var b strings.Builder
	sign := func(x float64) float64 {
		switch {
		case b.Len() == 0 && x < 0:
			b.WriteByte('-')
		case b.Len() > 0 && x < 0:
			b.WriteString(" - ")
		case b.Len() > 0:
			b.WriteString(" + ")
		}
		return math.Abs(x)
	}
	for _, t := range a.Terms {
		if coef := sign(t.Coef); coef != 1 {
			b.WriteString(d.number(coef) + "*")
		}
		b.WriteString(n.symbol(t))
	}
	if a.Const != 0 {
		b.WriteString(d.number(sign(a.Const)))
	}
	return b.String()
}
