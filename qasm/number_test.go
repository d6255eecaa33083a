package qasm

import (
	"go/constant"
	"go/token"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"qgan/ir"
)

// evaluate computes a text of the form [-][k*]pi[/n] or a literal in float64,
// from left to right, as a reader does.
func evaluate(t interface{ Fatalf(string, ...any) }, s string) float64 {
	left, right, divided := strings.Cut(s, "/")
	k, rest, multiplied := strings.Cut(left, "*")
	parse := func(s string) float64 {
		if body, ok := strings.CutPrefix(s, "-"); ok && body == "pi" {
			return -math.Pi
		}
		if s == "pi" {
			return math.Pi
		}
		x, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		return x
	}
	x := parse(k)
	if multiplied {
		x *= parse(rest)
	}
	if divided {
		x /= parse(right)
	}
	return x
}

func same(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }

func TestPiFraction(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		x    float64
		want string
	}{
		{math.Pi, "pi"}, {-math.Pi, "-pi"}, {2 * math.Pi, "2*pi"}, {math.Pi / 2, "pi/2"}, {-3 * math.Pi / 4, "-3*pi/4"},
		{math.Pi / 4096, "pi/4096"}, {math.Pi / 65536, "pi/65536"}, {5 * math.Pi / 12, "5*pi/12"},
		{math.Pi / 17, "pi/17"}, {math.Pi / 33, ""}, {-math.Pi + 4e-8, ""}, {0, ""}, {1, ""},
		{math.Nextafter(math.Pi/2, 2), ""}, {1e300, ""},
	} {
		if got, ok := piFraction(tt.x); got != tt.want || ok != (tt.want != "") {
			t.Errorf("piFraction(%v) = %q, %v, want %q", tt.x, got, ok, tt.want)
		}
	}
}

// A multiple of pi that was computed is found, and any text that is written
// evaluates to the same number.
func TestNumbersReadBack(t *testing.T) {
	t.Parallel()
	generic, qiskit := &dialects[0], &dialects[1]
	rapid.Check(t, func(t *rapid.T) {
		k, n := rapid.IntRange(-200, 200).Draw(t, "k"), rapid.IntRange(1, maxFraction).Draw(t, "n")
		x := float64(k) * math.Pi / float64(n)
		s := qiskit.number(x)
		if back := evaluate(t, s); !same(back, x) {
			t.Fatalf("%d*pi/%d = %v was written %s = %v", k, n, x, s, back)
		}
		if k != 0 && gcd(max(k, -k), n) == 1 && !strings.Contains(s, "pi") {
			t.Fatalf("%d*pi/%d was written %s", k, n, s)
		}
		x = math.Float64frombits(rapid.Uint64().Draw(t, "bits"))
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return
		}
		for _, d := range []*dialect{generic, qiskit} {
			s := d.number(x)
			if back := evaluate(t, s); !same(back, x) {
				t.Fatalf("%v was written %s = %v", x, s, back)
			}
			if !strings.ContainsAny(s, ".ep") {
				t.Fatalf("%v was written %s, an integer", x, s)
			}
		}
		// Near a multiple of pi, but not on it.
		x = math.Nextafter(float64(k)*math.Pi/float64(n), 1000)
		if back := evaluate(t, qiskit.number(x)); !same(back, x) {
			t.Fatalf("%v was written %s", x, qiskit.number(x))
		}
	})
}

func TestAngleText(t *testing.T) {
	t.Parallel()
	n := names{[]string{"s"}, []string{"z", "w"}}
	for _, tt := range []struct {
		a       ir.Angle
		generic string
		qiskit  string
	}{
		{ir.Data(2, 0).Plus(0.5), "2.0*z + 0.5", "2.0*z + 0.5"},
		{ir.Data(-1, 0).Plus(-math.Pi), "-z - 3.141592653589793", "-z - pi"},
		{ir.Data(1, 0).Add(ir.Data(-2, 1)), "z - 2.0*w", "z - 2.0*w"},
		{ir.Trained(math.Pi/2, 0).Add(ir.Data(-0.5, 1)), "-0.5*w + 1.5707963267948966*s", "-0.5*w + pi/2*s"},
		{ir.Trained(1, 0), "s", "s"},
		{ir.Angle{}, "0.0", "0.0"},
	} {
		for i, want := range []string{tt.generic, tt.qiskit} {
			if got := dialects[i].angle(tt.a, n); got != want {
				t.Errorf("%s: %v is %q, want %q", dialects[i].name, tt.a, got, want)
			}
		}
	}
}

var alphabet = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// Whatever names are asked for, those given are legal and different, and one
// that could stay has stayed.
func TestNames(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		asked := rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-zA-Z_θ]{0,2}[0-9]?`), rapid.SampledFrom([]string{"x", "x_2", "gate", "pi", "q", "c", "u", "U", "", "0", "_a", "pow"})), 0, 12).Draw(t, "names")
		given := make([]string, len(asked))
		var wishes []wish
		for i, a := range asked {
			wishes = append(wishes, wish{name: a, prefix: "p", given: &given[i]})
		}
		christen(wishes, false, nil)
		seen := map[string]bool{}
		for i, g := range given {
			if !alphabet.MatchString(g) || taken[g] || seen[g] {
				t.Fatalf("%q was given to %q among %q", g, asked[i], given)
			}
			if legal(asked[i]) && !seen[asked[i]] && g != asked[i] {
				first := false
				for _, a := range asked[:i] {
					first = first || a == asked[i]
				}
				if !first {
					t.Fatalf("%q could have stayed and became %q", asked[i], g)
				}
			}
			seen[g] = true
		}
	})
}

// Every literal has a point or an exponent and is a float in Go's eyes as well.
func FuzzFloat(f *testing.F) {
	for _, x := range []float64{0, 1, 0.1, 1e-300, 1e21, math.MaxFloat64, 5e-324} {
		f.Add(x)
	}
	f.Fuzz(func(t *testing.T, x float64) {
		if x = math.Abs(x); math.IsNaN(x) || math.IsInf(x, 0) {
			return // no angle
		}
		if v := constant.MakeFromLiteral(float(x), token.FLOAT, 0); v.Kind() == constant.Unknown {
			t.Errorf("%v was written %s", x, float(x))
		}
	})
}
