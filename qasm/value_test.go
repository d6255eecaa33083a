package qasm

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"qgan/ir"
)

// angleOf reads a program whose only operation is a rotation and returns its angle.
func angleOf(t *testing.T, text string) float64 {
	t.Helper()
	c := read(t, text)
	a, ok := c.Ops[0].(*ir.Apply)
	if !ok || c.Count()[a.Gate.String()] != 1 {
		t.Fatalf("%s: not one gate in front: %v", text, c)
	}
	return a.Angles[0].Const
}

// knownValue is an expression, behind declarations, and what it is.
type knownValue struct {
	declared, expression string
	want                 float64
}

// values are expressions, behind declarations that they use, and what they are, by
// hand. Bits count as unsigned numbers, true as 1.
var values = []knownValue{
	// Integers without a width: division and remainder go towards zero.
	{"", "7 / 2", 3}, {"", "-7 / 2", -3}, {"", "7 / -2", -3}, {"", "7 % 3", 1}, {"", "-7 % 3", -1}, {"", "7 % -3", 1},
	{"", "2 + 3 * 4 - 5", 9}, {"", "(2 + 3) * -4", -20}, {"", "2 ** 10", 1024}, {"", "-2 ** 3", -8}, {"", "(-2) ** 3", -8}, {"", "2 ** -1", 0.5},
	{"", "12 & 10", 8}, {"", "12 | 10", 14}, {"", "12 ^ 10", 6}, {"", "~5", -6}, {"", "~(-1)", 0}, {"", "-8 & 12", 8}, {"", "-8 | 1", -7},
	{"", "3 << 2", 12}, {"", "13 >> 2", 3}, {"", "-13 >> 2", -4}, {"", "1 << 64", 0}, {"", "-1 >> 100", -1},
	{"", "9007199254740993 - 1", 9007199254740992}, {"", "0x10 + 0b11 + 0o17", 34},
	// Signed and unsigned ones of a width wrap.
	{"int[4] a = 7;", "a", 7}, {"int[4] a = 8;", "a", -8}, {"int[4] a = 9;", "a", -7}, {"int[4] a = -9;", "a", 7}, {"int[4] a = 16;", "a", 0},
	{"int[4] a = 7;", "a + 1", -8}, {"int[4] a = -8;", "a - 1", 7}, {"int[4] a = -8;", "-a", -8}, {"int[4] a = 5;", "a * 3", -1}, {"int[4] a = 5;", "~a", -6},
	{"int[1] a = 1;", "a", -1}, {"int[64] a = -1;", "a", -1}, {"int[8] a = -128;", "a / 2", -64}, {"int[8] a = -7;", "a % 4", -3},
	{"uint[4] a = 15;", "a", 15}, {"uint[4] a = 16;", "a", 0}, {"uint[4] a = -1;", "a", 15}, {"uint[4] a = 3;", "a - 5", 14}, {"uint[4] a = 5;", "~a", 10},
	{"uint[8] a = 200;", "a + 100", 44}, {"uint[8] a = 200;", "a * 2", 144}, {"uint[8] a = 200;", "-a", 56}, {"const uint a = 2;", "-a", -2}, {"uint[4] a = 12;", "a << 1", 8}, {"uint[4] a = 12;", "a >> 2", 3},
	{"int[4] a = 5;", "a << 1", -6}, {"int[4] a = -5;", "a >> 1", -3}, {"uint[1] a = 3;", "a", 1},
	{"uint[64] a = 18446744073709551615;", "a", 18446744073709551615}, {"uint[64] a = 18446744073709551615;", "a / 2", 9223372036854775807}, {"uint[64] a = 18446744073709551615;", "a % 10", 5}, {"uint[64] a = 18446744073709551615;", "a >> 63", 1}, {"uint[64] a = 18446744073709551615;", "a >> 64", 0}, {"uint[64] a = 9223372036854775808;", "2 * a", 0}, {"uint[64] a = 1;", "rotr(a, 1)", 9223372036854775808},
	{"", "9223372036854775807 >> 63", 0}, {"", "(-9223372036854775808) >> 63", -1}, {"", "9223372036854775807 >> 62", 1}, {"", "-9223372036854775808 % 7", -1}, {"", "(-2) ** 63", -9223372036854775808}, {"", "2 ** 62", 4611686018427387904}, {"", "(-1) ** 1000001", -1}, {"", "0 ** 0", 1}, {"", "-9223372036854775807 - 1", -9223372036854775808}, {"", "5 - 0", 5}, {"", "3037000499 * 3037000499", 9223372030926249001},
	{"int[4] a = 1; int[8] b = 3;", "a << b", -8}, {"int[8] a = 1; int[4] b = 3;", "a << b", 8}, {"uint[4] a = 12; int[8] b = 2;", "a >> b", 3}, {"uint[8] a = 3;", "a ** 70", 217}, {"uint[64] a = 3;", "a ** 41", 18026252303461234787}, {"int[8] a = -3;", "a ** 5", 13}, {"uint[8] a = 2;", "a ** 8", 0}, {"uint[8] a = 7; int[4] b = 2;", "a ** b", 49},
	// The wider type wins, at the same width the unsigned one.
	{"uint[4] a = 3; uint[8] b = 250;", "a + b", 253}, {"uint[4] a = 3; uint[8] b = 250;", "b + a", 253}, {"int[4] a = -1; uint[4] b = 0;", "a + b", 15}, {"int[8] a = -1; uint[4] b = 1;", "a - b", -2},
	// Of two without a width the first one's type stays.
	{"uint a = 5;", "3 - a", -2}, {"uint a = 5;", "2 * a", 10}, {"int a = -7; uint b = 2;", "a / b", -3}, {"uint[8] a = 3;", "5 - a", 2}, {"uint[8] a = 3;", "2 - a", 255}, {"int[8] a = 100;", "100 + a", -56},
	// Casts truncate floats towards zero, cut integers at the top and extend the sign.
	{"", "int(2.9)", 2}, {"", "int(-2.9)", -2}, {"", "uint[4](18)", 2}, {"uint[8] a = 248;", "int[4](a)", -8}, {"int[4] a = -3;", "int[8](a)", -3}, {"int[4] a = -3;", "uint[4](a)", 13},
	{"", "int(true)", 1}, {"", "float(7) / 2", 3.5}, {"", "float[32](0.1)", float64(float32(0.1))}, {"", "bool(0.5)", 1}, {"", "bool(0)", 0}, {"", "bool(-0.0)", 0},
	{`bit[4] b = "1001";`, "uint[4](b)", 9}, {`bit[4] b = "1001";`, "int[4](b)", -7}, {`bit[4] b = "1001";`, "int[8](b)", 9}, {`bit[4] b = "1001";`, "uint[2](b)", 1}, {`bit[4] b = "0111";`, "int[3](b)", -1},
	// Floats.
	{"", "7 / 2.0", 3.5}, {"", "7.5 % 2", 1.5}, {"", "-7.5 % 2", -1.5}, {"", "2.0 ** 0.5", math.Sqrt2}, {"", "1.5e1 - .5", 14.5}, {"", "-(0.5)", -0.5}, {"", "1_000.5", 1000.5},
	{"", "pi", math.Pi}, {"", "π / 2", math.Pi / 2}, {"", "tau", 2 * math.Pi}, {"", "τ", 2 * math.Pi}, {"", "euler", math.E}, {"", "ℇ", math.E},
	// Angles are modulo a turn, and of n bits the nearest multiple of 2π/2^n, a tie to even.
	{"angle a = -pi / 2;", "a", 3 * math.Pi / 2}, {"angle a = 5 * pi;", "a", math.Pi}, {"angle a = pi / 2;", "-a", 3 * math.Pi / 2},
	{"angle[4] a = 0.3 * tau;", "a", 5. / 16 * 2 * math.Pi}, {"angle[4] a = 0.29 * tau;", "a", 5. / 16 * 2 * math.Pi}, {"angle[4] a = 0.28 * tau;", "a", 4. / 16 * 2 * math.Pi}, {"angle[4] a = 0.99 * tau;", "a", 0},
	{"angle[40] a = 0.3 * tau;", "a", math.RoundToEven(0.3*(1<<40)) / (1 << 40) * 2 * math.Pi}, {"angle[52] a = 0.3 * tau;", "a", math.RoundToEven(0.3*(1<<52)) / (1 << 52) * 2 * math.Pi},
	{"angle[2] a = 0.125 * tau;", "a", 0}, {"angle[2] a = 0.375 * tau;", "a", math.Pi}, {"angle[4] a = -tau / 16;", "a", 15. / 16 * 2 * math.Pi},
	{"angle[4] a = 3 * pi / 2;", "a * 2", math.Pi}, {"angle[4] a = 3 * pi / 2;", "3 * a", math.Pi / 2}, {"angle[4] a = pi; angle[4] b = 3 * pi / 2;", "a + b", math.Pi / 2}, {"angle[4] a = pi / 2; angle[4] b = pi;", "a - b", 3 * math.Pi / 2},
	{"angle[4] a = pi / 8;", "a / 2", 0}, {"angle[5] a = pi / 8;", "a / 2", math.Pi / 16}, {"angle[4] a = pi / 8; angle[6] b = pi / 32;", "a + b", 5 * math.Pi / 32}, {"angle[8] a = 5 * pi / 4; angle[8] b = pi / 2;", "a / b", 2},
	{`bit[4] b = "0101";`, "angle[4](b)", 5. / 16 * 2 * math.Pi}, {"angle[4] a = 5 * pi / 8;", "uint[4](bit[4](a))", 5}, {"angle[4] a = pi;", "bit(a[3])", 1}, {"angle[4] a = 5 * pi / 8;", "a[0]", 1}, {"angle[4] a = 5 * pi / 8;", "a[1]", 0}, {"angle a = pi;", "a[63]", 1}, {"angle a = pi / 2;", "a[62]", 1}, {"angle a = pi / 2;", "a[63]", 0}, {"angle a = pi / 2; bit[70] b = a;", "b[68]", 1}, {"angle a = pi / 2; bit[70] b = a;", "b[62]", 0}, {"angle a = pi; bit[70] b = a;", "b", 590295810358705651712}, {"angle[60] a = pi / 2;", "uint[60](bit[60](a))", 1 << 58}, {"angle[32] a = pi;", "uint[32](bit[32](a))", 1 << 31}, {"angle[52] a = pi;", "uint[52](bit[52](a))", 1 << 51},
	{`bit[3] b = "011";`, "b[-1]", 0}, {`bit[3] b = "011";`, "b[-3]", 1}, {`bit[4] b = "0111";`, "b[2:-1:1]", 3}, {`bit[4] b = "0101";`, "b[{0, 2}]", 3}, {`bit[4] b = "0101";`, "b[0:2:]", 3}, {"int a = -1;", "a[63]", 1}, {"int a = 4294967296;", "a[32]", 1}, {"int[33] a = -1;", "a[32]", 1},
	// Bits: the last character is bit 0.
	{"", `"0110"`, 6}, {"", `~"0110"`, 9}, {"", `"0110" & "1100"`, 4}, {"", `"0110" | "1100"`, 14}, {"", `"0110" ^ "1100"`, 10}, {"", `"0011" << 1`, 6}, {"", `"1100" << 1`, 8}, {"", `"0110" >> 1`, 3}, {"", `"0110" >> 9`, 0},
	{"", `"01" ++ "10"`, 9}, {`bit[4] b = "0110"; b[0] = 1;`, "b", 7}, {`bit[4] b = "0110";`, "b[1:3]", 3}, {`bit[4] b = "0110"; b[2:3] = "10";`, "b", 10}, {"bit[4] b = int[4](-3);", "b", 13}, {"bit[8] b = int[8](-3);", "b", 253}, {"bit[64] b = int[64](-1);", "b", 18446744073709551615}, {"bit[64] b = -2;", "b", 18446744073709551614}, {"bit[70] b = 36893488147419103232;", "b", 36893488147419103232}, {"bit[70] b = 36893488147419103232;", "uint[64](b)", 0}, {"bit[70] b = 36893488147419103237;", "uint[64](b)", 5}, {"bit[64] b = int[64](-7);", "int[64](b)", -7}, {"bit[64] b = int[64](-7);", "int[8](b)", -7}, {"", "uint[64](36893488147419103237)", 5}, {"", "uint[64](-1)", 18446744073709551615},
	{"uint[4] a = 6;", "a[1]", 1}, {"uint[4] a = 6;", "a[0]", 0}, {"int[4] a = -8;", "a[3]", 1},
	// Truth.
	{"", "true && false", 0}, {"", "true || false", 1}, {"", "!true", 0}, {"", "!0", 1}, {"", "!2.5", 0}, {"", "true ^ true", 0}, {"", "true & true", 1}, {"", "false | true", 1}, {"", "2 && 4", 1}, {"", "0 || 0.0", 0},
	{"", "2 < 3", 1}, {"", "3 < 2", 0}, {"", "3 < 3", 0}, {"", "3 <= 3", 1}, {"", "4 <= 3", 0}, {"", "4 > 3", 1}, {"", "3 > 3", 0}, {"", "3 >= 3", 1}, {"", "2 >= 3", 0}, {"", "2 == 2.0", 1}, {"", "2 != 2", 0}, {"", "2 != 3", 1},
	{"", "-3 < 2", 1}, {"", "2.5 > 2", 1}, {"int[4] a = 15; uint[4] b = 15;", "a < b", 1}, {"", `"10" == "10"`, 1}, {"", `"10" == 1`, 0}, {`bit[2] b = "10";`, "2 < b", 0}, {`bit[2] b = "11";`, "2 < b", 1}, {"", "1us > 999ns", 1}, {"", "1ms == 1000us", 1}, {"", "3dt < 2dt", 0},
	// Durations.
	{"", "1ms / 1us", 1000}, {"", "3us / 2us", 1.5}, {"", "10dt / 4dt", 2.5}, {"duration d = 2us;", "(d - 500ns) / 1ns", 1500}, {"duration d = 2us;", "-d / 1us", -2}, {"", "(1s + 1ms) / 1ms", 1001},
	// Functions.
	{"", "sin(true)", math.Sin(1)}, {"", "sin(0x10)", math.Sin(16)}, {`bit[2] b = "11";`, "popcount(b) / 4", 0},
	{"", "sin(pi / 6)", math.Sin(math.Pi / 6)}, {"", "cos(pi / 3)", math.Cos(math.Pi / 3)}, {"", "tan(0.5)", math.Tan(0.5)}, {"", "exp(1.5)", math.Exp(1.5)}, {"", "ln(10)", math.Ln10}, {"", "log(10)", math.Ln10}, {"", "sqrt(2)", math.Sqrt2},
	{"", "arcsin(0.6)", math.Asin(0.6)}, {"", "arccos(0.6)", math.Acos(0.6)}, {"", "arctan(0.6)", math.Atan(0.6)}, {"", "asin(0.6)", math.Asin(0.6)}, {"", "acos(0.6)", math.Acos(0.6)}, {"", "atan(0.6)", math.Atan(0.6)},
	{"", "ceiling(1.2)", 2}, {"", "ceiling(-1.2)", -1}, {"", "floor(1.8)", 1}, {"", "floor(-1.2)", -2}, {"", "real(2.5)", 2.5}, {"", "imag(2.5)", 0},
	{"", "mod(7, 3)", 1}, {"", "mod(-7, 3)", -1}, {"", "mod(7.5, 2)", 1.5},
	{"", `popcount("0111")`, 3}, {"", "popcount(255)", 8}, {"", "popcount(-1)", 64}, {"int[4] a = -1;", "popcount(a)", 4}, {"uint[4] a = 5;", "popcount(a)", 2}, {`bit[3] b = "000";`, "popcount(b)", 0},
	{"", `rotl("0001", 1)`, 2}, {"", `rotl("1000", 1)`, 1}, {"", `rotl("0011", 6)`, 12}, {"", `rotl("0110", -1)`, 3}, {"uint[4] a = 9;", "rotl(a, 1)", 3}, {"int[4] a = 5;", "rotl(a, 1)", -6}, {"uint[8] a = 129;", "rotl(a, 2)", 6},
	{"", `rotr("0001", 1)`, 8}, {"", `rotr("1000", 1)`, 4}, {"", `rotr("0011", 6)`, 12}, {"", `rotr("0011", 5)`, 9}, {"", `rotr("0110", -1)`, 12}, {"uint[4] a = 9;", "rotr(a, 1)", 12}, {"int[4] a = 5;", "rotr(a, 2)", 5}, {"uint[8] a = 129;", "rotr(a, 2)", 96},
}

// Known expressions have the values that they have by hand, and there is one for each
// function of the language.
func TestValues(t *testing.T) {
	t.Parallel()
	for _, k := range values {
		want := k.want
		if got := angleOf(t, head3+k.declared+" qubit q; rx(float("+k.expression+")) q;"); math.Abs(got-want) > 1e-15*max(1, math.Abs(want)) {
			t.Errorf("%s %s is %v, want %v", k.declared, k.expression, got, want)
		}
	}
	for name, f := range functions {
		if f.real == nil && f.apply == nil {
			continue // sizeof, of arrays, which no circuit holds
		}
		if !slices.ContainsFunc(values, func(v knownValue) bool { return strings.HasPrefix(v.expression, name+"(") }) {
			t.Errorf("no value of %s is known by hand", name)
		}
	}
}

// Assignments that compute do what the operator does.
func TestAssignments(t *testing.T) {
	t.Parallel()
	for _, k := range []struct {
		declared, statement string
		want                float64
	}{
		{"int[4] a = 6;", "a += 3;", -7}, {"uint[4] a = 2;", "a -= 3;", 15}, {"int a = -6;", "a *= 3;", -18}, {"int a = -7;", "a /= 2;", -3}, {"int a = -7;", "a %= 4;", -3}, {"int a = 3;", "a **= 3;", 27},
		{"uint[4] a = 12;", "a &= 10;", 8}, {"uint[4] a = 12;", "a |= 3;", 15}, {"uint[4] a = 12;", "a ^= 10;", 6}, {"uint[4] a = 12;", "a <<= 1;", 8}, {"uint[4] a = 12;", "a >>= 2;", 3}, {"int[4] a = 1;", "a <<= 3;", -8},
		{"float a = 1.5;", "a += 1;", 2.5}, {"float a = 1.5;", "a /= 2;", 0.75}, {"angle[4] a = pi;", "a += 5 * pi / 4;", math.Pi / 4}, {`bit[4] a = "0110";`, `a ^= "0011";`, 5},
	} {
		if got := angleOf(t, head3+k.declared+" "+k.statement+" qubit q; rx(float(a)) q;"); math.Abs(got-k.want) > 1e-15 {
			t.Errorf("%s %s gives %v, want %v", k.declared, k.statement, got, k.want)
		}
	}
}

// OpenQASM 2 divides as school does and knows the functions of its paper alone.
func TestValuesOfVersion2(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]float64{
		"1/4": 0.25, "-2^2": -4, "2^3^2": 512, "99999999999999999999/9": 99999999999999999999. / 9, "2^-1": 0.5, "7-2-1": 4, "8/4/2": 1, "sin(0.5)": math.Sin(0.5), "cos(0.5)": math.Cos(0.5), "tan(0.5)": math.Tan(0.5), "exp(0.5)": math.Exp(0.5), "ln(2)": math.Ln2, "sqrt(2)": math.Sqrt2,
		"asin(0.6)": math.Asin(0.6), "acos(0.6)": math.Acos(0.6), "atan(0.6)": math.Atan(0.6),
	} {
		if got := angleOf(t, head2+"qreg q[1]; rx("+expression+") q[0];"); math.Abs(got-want) > 1e-15*want*want {
			t.Errorf("%s is %v, want %v", expression, got, want)
		}
	}
	for _, unknown := range []string{"arcsin(0.5)", "arccos(0.5)", "arctan(0.5)", "log(2)", "ceiling(0.5)", "floor(0.5)", "mod(3, 2)", "popcount(3)", "rotl(3, 1)", "rotr(3, 1)", "real(1)", "imag(1)", "tau", "euler"} {
		if _, err := Read("p", []byte(head2+"qreg q[1]; rx("+unknown+") q[0];"), ReadOptions{}); err == nil || !strings.Contains(err.Error(), "is not defined") {
			t.Errorf("%s: %v, want that it is not defined", unknown, err)
		}
	}
}

// What has no value is refused.
func TestValuesRefused(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		"1 / 0": "division by zero", "1.0 / 0": "division by zero", "1us / 0": "division by zero", "1us / 0us": "division by zero", "5 % 0": "division by zero", "1 << -1": "a shift by -1", "sqrt(-1)": "has no value here", "ln(0)": "has no value here",
		"arcsin(2)": "has no value here", "9223372036854775807 + 1": "out of the range of 64 bits", "-9223372036854775807 - 2": "out of the range of 64 bits", "9223372036854775807 * 2": "out of the range of 64 bits", "3 ** 50": "out of the range of 64 bits",
		"2.5 << 1": "can't be applied", "1us + 1": "can't be applied", "1us * 1us": "can't be applied", "1us < 2": "can't be compared", "1us < 3dt": "dt and in seconds", "sin(1us)": "sin of a duration", "sin(1, 2)": "sin takes 1 arguments", "popcount(1.5)": "popcount of a float",
		"rotl(1.5, 1)": "a rotation of a float", `rotl("01", 0.5)`: "by a float", `"01" & "011"`: "bits are given where", `angle[4]("011")`: "another number of bits", `angle[4]("01101")`: "another number of bits", `angle("0110")`: "another number of bits",
	} {
		_, err := Read("p", []byte(head3+"qubit q; rx(float("+expression+")) q;"), ReadOptions{})
		if err == nil {
			d, _ := Read("p", []byte(head3+"qubit q; rx(float("+expression+")) q;"), ReadOptions{})
			_, err = d.Circuit()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", expression, err, want)
		}
	}
}

// A condition on measured bits holds for the values of c, 0 to 7, that it holds for by
// hand. Both sides, signs and widths are tried for each relation.
func TestMeasuredConditions(t *testing.T) {
	t.Parallel()
	all, none := []int{0, 1, 2, 3, 4, 5, 6, 7}, []int{}
	for _, k := range []struct {
		condition string
		holds     []int
	}{
		{"c < 2", []int{0, 1}}, {"c <= 2", []int{0, 1, 2}}, {"c > 2", []int{3, 4, 5, 6, 7}}, {"c >= 2", []int{2, 3, 4, 5, 6, 7}}, {"c == 2", []int{2}}, {"c != 2", []int{0, 1, 3, 4, 5, 6, 7}},
		{"2 < c", []int{3, 4, 5, 6, 7}}, {"2 <= c", []int{2, 3, 4, 5, 6, 7}}, {"2 > c", []int{0, 1}}, {"2 >= c", []int{0, 1, 2}}, {"2 == c", []int{2}}, {"2 != c", []int{0, 1, 3, 4, 5, 6, 7}},
		{"c < 8", all}, {"c > 7", none}, {"c == 8", none}, {"c != 8", all}, {"c > -1", all}, {"c <= -1", none}, {"8 > c", all}, {"-1 >= c", none},
		{"int[3](c) < 0", []int{4, 5, 6, 7}}, {"int[3](c) >= -2", []int{0, 1, 2, 3, 6, 7}}, {"int[3](c) > 1", []int{2, 3}}, {"int[3](c) <= -3", []int{4, 5}}, {"int[3](c) == -1", []int{7}}, {"int[3](c) != -4", []int{0, 1, 2, 3, 5, 6, 7}}, {"int[3](c) == 6", []int{6}},
		{"0 > int[3](c)", []int{4, 5, 6, 7}}, {"-2 <= int[3](c)", []int{0, 1, 2, 3, 6, 7}}, {"1 < int[3](c)", []int{2, 3}}, {"-3 >= int[3](c)", []int{4, 5}}, {"int[3](c) < 4", all}, {"int[3](c) < -4", none}, {"-4 > int[3](c)", none},
		{"int[4](c) > 2", []int{3, 4, 5, 6, 7}}, {"int[4](c) < 0", none}, {"int[2](c) < 0", []int{2, 3, 6, 7}}, {"uint[2](c) > 1", []int{2, 3, 6, 7}}, {"uint[5](c) >= 5", []int{5, 6, 7}}, {"uint[5](c) == 9", none},
		{"int[2](int[3](c)) < 0", []int{2, 3, 6, 7}}, {"uint[2](uint[3](c)) == 2", []int{2, 6}}, {"int[3](uint[3](c)) < 0", []int{4, 5, 6, 7}}, {"uint[5](uint[3](c)) == 9", none}, {"int[4](uint[3](c)) < 0", none}, {"int[4](int[3](c)) < 0", []int{4, 5, 6, 7}}, {"int[5](int[3](c)) == -3", []int{5}}, {"uint[4](int[3](c)) > 8", []int{4, 5, 6, 7}}, {"bit[5](int[3](c)) == 29", []int{5}}, {"bit[5](uint[3](c)) == 5", []int{5}},
		{"int[8](c[0] == c[1]) < 1", []int{1, 2, 5, 6}}, {"int[8](c[0] == c[1]) == 1", []int{0, 3, 4, 7}}, {"uint[8](c[0] == c[1]) > 0", []int{0, 3, 4, 7}}, {"int(c[0] == c[1]) > 0", []int{0, 3, 4, 7}},
		{"c[0]", []int{1, 3, 5, 7}}, {"!c[2]", []int{0, 1, 2, 3}}, {"c[1] == 1", []int{2, 3, 6, 7}}, {"c[1] == false", []int{0, 1, 4, 5}}, {"true == c[1]", []int{2, 3, 6, 7}}, {"c[1] < 1", []int{0, 1, 4, 5}}, {"0 < c[1]", []int{2, 3, 6, 7}},
		{"c[0] & c[1]", []int{3, 7}}, {"c[0] | c[1]", []int{1, 2, 3, 5, 6, 7}}, {"c[0] ^ c[1]", []int{1, 2, 5, 6}}, {"~c[0]", []int{0, 2, 4, 6}}, {"c[0] && !c[1]", []int{1, 5}}, {"c[0] || c[2]", []int{1, 3, 4, 5, 6, 7}},
		{"true && c[0]", []int{1, 3, 5, 7}}, {"false && c[0]", none}, {"true || c[0]", all}, {"c[0] || false", []int{1, 3, 5, 7}}, {"c[0] ^ true", []int{0, 2, 4, 6}}, {"c[0] & true", []int{1, 3, 5, 7}}, {"c[0] | true", all},
		{"bool(c)", []int{1, 2, 3, 4, 5, 6, 7}}, {"!bool(c)", []int{0}}, {"bool(uint[2](c))", []int{1, 2, 3, 5, 6, 7}},
		{`(c & "011") == 2`, []int{2, 6}}, {`(c | "100") > 5`, []int{2, 3, 6, 7}}, {`(c ^ "101") < 2`, []int{4, 5}}, {"(~c) == 1", []int{6}}, {"(c << 1) == 4", []int{2, 6}}, {"(c >> 1) == 2", []int{4, 5}}, {"(c << 1) > 4", []int{3, 7}},
		{"1 < (c ^ \"101\")", []int{0, 1, 2, 3, 6, 7}}, {`(c & "101") >= 4`, []int{4, 5, 6, 7}}, {`(c & "101") <= 1`, []int{0, 1, 2, 3}}, {`(c & "101") != 1`, []int{0, 2, 4, 5, 6, 7}},
		{"c[0] == c[1]", []int{0, 3, 4, 7}}, {"c[0] != c[2]", []int{1, 3, 4, 6}}, {"c[0:1] == c[1:2]", []int{0, 7}}, {"uint[3](c) == uint[2](c)", []int{0, 1, 2, 3}}, {"uint[3](c) != uint[2](c)", []int{4, 5, 6, 7}},
		{"(c[0] ++ c[2]) == 2", []int{4, 6}}, {"int[3](c)[1]", []int{2, 3, 6, 7}}, {"uint[2](c)[0] ^ c[2]", []int{1, 3, 4, 6}}, {"bool(~c[0] & c[1])", []int{2, 6}}, {"~(c[0] & c[1])", []int{0, 1, 2, 4, 5, 6}}, {"true & c[0]", []int{1, 3, 5, 7}}, {"!(c[0] && c[1])", []int{0, 1, 2, 4, 5, 6}}, {"c[2:-1:0] == 1", []int{4}}, {"c[2:-1:0] > 3", []int{1, 3, 5, 7}},
	} {
		c := read(t, head3+"qubit[3] q; bit[3] c; c = measure q; if ("+k.condition+") x q[0];")
		holds := []int{}
		for v := range 8 {
			bits := make([]bool, c.AllBits())
			for i := range 3 {
				bits[c.BitRegs[0].Indices[i]] = v>>i&1 == 1
			}
			if len(executed(c.Ops, bits, nil)) > 0 {
				holds = append(holds, v)
			}
		}
		if !slices.Equal(holds, k.holds) {
			t.Errorf("%s holds for %v, want %v", k.condition, holds, k.holds)
		}
	}
}

// Delays keep what they were computed to be, and each dialect that writes them means the
// same time.
func TestDelays(t *testing.T) {
	t.Parallel()
	for _, k := range []struct {
		duration string
		value    float64
		unit     string
		seconds  float64 // 0 for dt
	}{
		{"100ns", 100, "ns", 100e-9}, {"1.5us", 1.5, "us", 1.5e-6}, {"2ms", 2, "ms", 2e-3}, {"1s", 1, "s", 1}, {"160dt", 160, "dt", 0}, {"3µs", 3, "us", 3e-6},
		{"2 * 100ns", 200, "ns", 200e-9}, {"100ns * 3", 300, "ns", 300e-9}, {"1us + 500ns", 1500, "ns", 1500e-9}, {"1ms - 1us", 999, "us", 999e-6}, {"3us / 4", 0.75, "us", 0.75e-6}, {"80dt + 2 * 40dt", 160, "dt", 0}, {"(3us / 1us) * 5ns", 15, "ns", 15e-9},
	} {
		c := read(t, "qubit[2] q; delay["+k.duration+"] q[1];")
		if got := c.Ops[0].(*ir.Delay); math.Abs(got.Duration-k.value) > 1e-12 || got.Unit != k.unit {
			t.Errorf("delay[%s] is %v %s, want %v %s", k.duration, got.Duration, got.Unit, k.value, k.unit)
		}
		for i := range dialects {
			d := &dialects[i]
			p, err := Print(c, Options{Dialect: d.name})
			switch {
			case d.delay != keep:
				if err != nil || strings.Contains(p.Text, "delay[") || d.encode == nil && !strings.Contains(p.Text, "1 delay is left out") {
					t.Errorf("%s, delay[%s]: %v\n%s", d.name, k.duration, err, p.Text)
				}
			case d.foreign() && k.seconds == 0:
				if err == nil || !strings.Contains(err.Error(), "a delay in dt") {
					t.Errorf("%s, delay[%s]: %v", d.name, k.duration, err)
				}
			case d.foreign():
				var seconds float64
				where, format := `"duration":`, `"duration": %g`
				if d.assemble != nil {
					where, format = "DELAY", "DELAY 1 %g"
				}
				if _, err := fmt.Sscanf(p.Text[strings.Index(p.Text, where):], format, &seconds); err != nil || math.Abs(seconds-k.seconds) > 1e-12*k.seconds {
					t.Errorf("%s, delay[%s]: %v seconds (%v)\n%s", d.name, k.duration, seconds, err, p.Text)
				}
			default:
				if err != nil {
					t.Errorf("%s, delay[%s]: %v", d.name, k.duration, err)
					continue
				}
				if got := read(t, p.Text).Ops[0].(*ir.Delay); math.Abs(got.Duration-k.value) > 1e-12 || got.Unit != k.unit {
					t.Errorf("%s, delay[%s]: reads back as %v %s", d.name, k.duration, got.Duration, got.Unit)
				}
			}
		}
	}
}

// Angles that depend on inputs are sums of terms, to the last bit.
func TestLinearInInputs(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		"v": "v", "-v": "-v", "v * 2": "2*v", "2 * v": "2*v", "v / 4": "0.25*v", "v / 3": "0.3333333333333333*v", "v / -2": "-0.5*v", "v + 1": "1 + v", "1 - v": "1 - v", "v - 1": "-1 + v", "-(v - 0.5)": "0.5 - v",
		"v + w": "v + w", "v - w": "v - w", "w - v": "-v + w", "v + w * 3 - 1": "-1 + v + 3*w", "(v + 1) * 2": "2 + 2*v", "2 * (v + 1)": "2 + 2*v", "(v - 3) / 2": "-1.5 + 0.5*v", "v - v": "0", "v * 0": "0", "-(v + w) * 2": "-2*v - 2*w",
		"float(v)": "v", "angle(w) + 1": "1 + w", "(v + w) / 0.5": "2*v + 2*w", "true * v": "v", `"11" * w`: "3*w", "v * (5 / 2)": "2*v", "7 / 2 + v": "3 + v",
	} {
		c := read(t, head3+"input float v; input angle w; qubit q; rx("+expression+") q;")
		if got := c.Ops[0].(*ir.Apply).Angles[0].Format(nil, c.Data); got != want {
			t.Errorf("%s is %s, want %s", expression, got, want)
		}
	}
	for expression, want := range map[string]string{
		"v * w": "not linear", "1 / v": "not linear", "v ** 2": "not linear", "v % 2": "not linear", "v / w": "not linear", "v / 0": "division by zero", "sin(v)": "sin of an input",
	} {
		d, err := Read("p", []byte(head3+"input float v; input angle w; qubit q; rx("+expression+") q;"), ReadOptions{})
		if err == nil {
			_, err = d.Circuit()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", expression, err, want)
		}
	}
}

// Zero keeps its sign where version 2 and version 3 have one.
func TestSignOfZero(t *testing.T) {
	t.Parallel()
	for text, negative := range map[string]bool{
		head2 + "qreg q[1]; rx(-0) q[0];": true, head2 + "qreg q[1]; rx(0) q[0];": false, head3 + "qubit q; rx(-0) q;": false, head3 + "qubit q; rx(-0.0) q;": true,
	} {
		if got := angleOf(t, text); got != 0 || math.Signbit(got) != negative {
			t.Errorf("%s gives %v, negative %v", text, got, math.Signbit(got))
		}
	}
}

// What is computed of a register is one, of as many bits, and of two single bits a single bit:
// a loop goes over the former only.
func TestRegisterOrBit(t *testing.T) {
	t.Parallel()
	for over, turns := range map[string]int{"r & c": 1, "c ^ r": 1, "r | r": 1, "w & w": 3, "~w": 3, "w << 1": 3, "r ++ w": 4, "c & d": 0, "c | d": 0, "c ^ d": 0} {
		text := head3 + "qubit q; { bit[1] r = \"1\"; bit c = 1; bit d = 1; bit[3] w = \"101\"; for bit i in (" + over + ") x q; }"
		if turns > 0 {
			if n := len(read(t, text).Ops); n != turns {
				t.Errorf("a loop over %s has %d turns, want %d", over, n, turns)
			}
		} else if _, err := Read("p", []byte(text), ReadOptions{}); err == nil || !strings.Contains(err.Error(), "a loop goes over a range, a set or a register") {
			t.Errorf("a loop over %s: %v", over, err)
		}
	}
}
