package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"

	"gonum.org/v1/plot"
)

// clean makes a text fit for XML and for one line: valid UTF-8, no control
// characters.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r == '\uFFFE', r == '\uFFFF':
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, string(unicode.ReplacementChar)))
}

var superscript = strings.NewReplacer(
	"0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴", "5", "⁵", "6", "⁶", "7", "⁷", "8", "⁸", "9", "⁹", "-", "⁻")

// pow10 writes a power of ten: 1, 10, 10⁻³.
func pow10(e int) string {
	switch e {
	case 0:
		return "1"
	case 1:
		return "10"
	}
	return "10" + superscript.Replace(strconv.Itoa(e))
}

// exponent is the decimal exponent of x ≠ 0.
func exponent(x float64) int {
	_, e, _ := strings.Cut(strconv.FormatFloat(math.Abs(x), 'e', 2, 64), "e")
	n, _ := strconv.Atoi(e)
	return n
}

// number writes x with three digits, as 1.23·10⁻⁵ where it is small or large.
func number(x float64) string { return withError(x, 0) }

// withError writes a value and its standard error with the same digits and the
// same power of ten: (1.234 ± 0.045)·10⁻³. An error that is not positive is left
// out.
func withError(x, err float64) string {
	if !finite(x) {
		return fmt.Sprint(x)
	}
	if !finite(err) || err <= 0 {
		err = 0
	}
	size := max(math.Abs(x), err)
	if size == 0 {
		return "0"
	}
	e := exponent(size)
	shown := 0
	if e < -2 || e > 4 {
		shown = e
	}
	// Two digits of the error, but no fewer than three and no more than five of
	// the value.
	digits := 2
	if err > 0 {
		digits = min(4, max(2, e-exponent(err)+1))
	}
	decimals := max(0, digits-e+shown)
	scaled := func(v float64) string {
		return strconv.FormatFloat(v/math.Pow10(shown), 'f', decimals, 64)
	}
	text := scaled(x)
	if err > 0 {
		text += " ± " + scaled(err)
		if small := scaled(err); strings.Trim(small, "0.") == "" {
			text = scaled(x) + " ± <" + scaled(math.Pow10(shown-decimals))
		}
	}
	if shown == 0 {
		return text
	}
	if err > 0 {
		text = "(" + text + ")"
	}
	return text + "·" + pow10(shown)
}

// linearTicks marks round numbers, about count of them.
type linearTicks struct {
	count   int
	integer bool // whole numbers only
}

func (t linearTicks) Ticks(lo, hi float64) []plot.Tick {
	raw := (hi - lo) / float64(max(1, t.count))
	mag := math.Pow10(int(math.Floor(math.Log10(raw))))
	step := 10 * mag
	for _, m := range []float64{1, 2, 5} {
		if m*mag >= raw*0.999 {
			step = m * mag
			break
		}
	}
	if t.integer {
		step = max(1, math.Round(step))
	}
	decimals := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	var ticks []plot.Tick
	for k := math.Ceil(lo/step - 1e-9); k*step <= hi+1e-9*step; k++ {
		v := k*step + 0 // no negative zero
		ticks = append(ticks, plot.Tick{Value: v, Label: minus(strconv.FormatFloat(v, 'f', decimals, 64))})
	}
	return ticks
}

// minus gives negative numbers a minus sign instead of a hyphen.
func minus(s string) string { return strings.Replace(s, "-", "−", 1) }

// logTicks marks powers of ten, and 2 and 5 times these where the axis has few. They
// are plain numbers where all are from 10⁻³ to 10³, and powers where one is beyond.
type logTicks struct {
	whole bool // whole numbers only, plain below 10⁵
}

func (t logTicks) Ticks(lo, hi float64) []plot.Tick {
	first, last := int(math.Floor(math.Log10(lo))), int(math.Ceil(math.Log10(hi)))
	in := func(v float64) bool { return v >= lo*(1-1e-9) && v <= hi*(1+1e-9) && !(t.whole && v < 1) }
	decades := 0
	for e := first; e <= last; e++ {
		if in(math.Pow10(e)) {
			decades++
		}
	}
	each := 1 + (decades-1)/8 // decades from one label to the next
	below := 1e-4             // the largest label that is no plain number
	if decades < 2 {
		below = 5e-4
	}
	plain := lo > below*(1+1e-9) && hi < 1e4
	var ticks []plot.Tick
	for e := first; e <= last; e++ {
		for m := 1; m <= 9; m++ {
			v := float64(m) * math.Pow10(e)
			if !in(v) || m > 1 && decades > 8 {
				continue
			}
			label := ""
			if m == 1 && (e-first)%each == 0 || decades < 2 && (m == 2 || m == 5) {
				label = t.label(m, e, plain)
			}
			ticks = append(ticks, plot.Tick{Value: v, Label: label})
		}
	}
	return ticks
}

// label writes m times a power of ten.
func (t logTicks) label(m, e int, plain bool) string {
	switch {
	case t.whole && e < 5 || plain:
		return strconv.FormatFloat(float64(m)*math.Pow10(e), 'f', max(0, -e), 64)
	case m == 1:
		return pow10(e)
	}
	return strconv.Itoa(m) + "·" + pow10(e)
}

// whole writes a whole number.
func whole(x float64) string { return minus(strconv.FormatFloat(x, 'f', 0, 64)) }

// logRange widens [lo, hi] by the factor pad at both ends and to at least a
// decade, so that an axis has two labels.
func logRange(lo, hi, pad float64) (float64, float64) {
	lo, hi = lo/pad, hi*pad
	if hi/lo < 10 {
		mid := math.Sqrt(lo * hi)
		lo, hi = mid/math.Sqrt(10), mid*math.Sqrt(10)
	}
	return lo, hi
}
