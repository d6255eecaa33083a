package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A circuit seen from the side has blocks of 8 lanes: a number is 64 bytes, an amplitude 8
// real and 8 imaginary parts, an operator 8 of each of ar, ai, br, bi. Registers hold 4 lanes,
// so that kernels do the two halves of a block one after the other. With ZMM registers and
// one half they would be AVX-512's and give the same bits; on Zen 4 they were no faster.

const (
	number     = 64
	amplitude8 = 2 * number
)

// simd is a width of registers.
type simd struct {
	suffix string
	halves int
	new    func() reg.VecVirtual
}

func side() {
	theTable = polynomials()
	for _, w := range []simd{
		{"AVX2", 2, func() reg.VecVirtual { return YMM() }},
	} {
		w.carry()
		w.uncarry()
		w.scale()
		w.unscale()
		w.addScaled()
		w.addDot()
		w.choose()
		w.divide()
		w.components()
		w.rotate()
		w.times()
		w.turnBack()
		w.weight()
		w.sincos()
		w.brick()
		w.unbrick()
	}
}

func (w simd) text(name, signature, doc string) {
	TEXT(name+w.suffix, NOSPLIT, signature)
	Doc(name + w.suffix + " " + doc)
	Pragma("noescape")
}

// each writes the body for every half of a block; at gives the place of a number's half.
func (w simd) each(body func(half int)) {
	for half := range w.halves {
		body(half)
	}
	VZEROUPPER()
	RET()
}

// at is the i-th number behind base, in that half.
func at(base reg.Register, i, half int) Mem { return Mem{Base: base, Disp: i*number + half*32} }

func (w simd) load(m Mem) vec {
	v := w.new()
	VMOVUPD(m, v)
	return v
}

// product is one signed product of a sum, b a register or a place.
type product struct {
	minus bool
	a     vec
	b     Op
}

// dot computes a sum of products in a register of its own; a first one that is negative
// needs a sum to begin with.
func (w simd) dot(terms ...product) vec {
	to := w.new()
	VMULPD(terms[0].b, terms[0].a, to)
	w.more(to, terms[1:]...)
	return to
}

func (w simd) more(to vec, terms ...product) {
	for _, t := range terms {
		if t.minus {
			VFNMADD231PD(t.b, t.a, to)
		} else {
			VFMADD231PD(t.b, t.a, to)
		}
	}
}

func plus(a vec, b Op) product  { return product{false, a, b} }
func minus(a vec, b Op) product { return product{true, a, b} }

// scalars are loops' counters and places.
func moved(from reg.Register) reg.GPVirtual {
	t := GP64()
	MOVQ(from, t)
	return t
}

// repeat runs body n times, which is at least once.
func repeat(label string, n Op, body func()) {
	left := GP64()
	MOVQ(n, left)
	Label(label)
	body()
	DECQ(left)
	JNZ(LabelRef(label))
}

// label names a place in a half.
func label(name string, half int) string { return name + string(rune('0'+half)) }

func (w simd) carry() {
	w.text("carry", "func(dst *float64, src *float64, outer, stride, inner, distance uint64, u *float64, below uint64)",
		"applies the map of a carry where the carry below has the value given: to inner pairs of amplitudes side by side, distance bytes apart, for outer places stride bytes apart.")
	u, below := param("u"), param("below")
	outer, stride, inner, distance := onStack("outer"), onStack("stride"), onStack("inner"), param("distance")
	dst, src := onStack("dst"), onStack("src")
	w.each(func(half int) {
		pr, pi, qr, qi := w.new(), w.new(), w.new(), w.new()
		TESTQ(below, below)
		JNZ(LabelRef(label("one", half)))
		VMOVUPD(at(u, 0, half), pr)
		VMOVUPD(at(u, 1, half), pi)
		VMOVUPD(at(u, 2, half), qr)
		VMOVUPD(at(u, 3, half), qi)
		JMP(LabelRef(label("ready", half)))
		Label(label("one", half))
		zero := w.new()
		VXORPD(zero, zero, zero)
		VSUBPD(at(u, 2, half), zero, pr)
		VMOVUPD(at(u, 3, half), pi)
		VMOVUPD(at(u, 0, half), qr)
		VSUBPD(at(u, 1, half), zero, qi)
		Label(label("ready", half))
		from, to := GP64(), GP64()
		MOVQ(src, from)
		MOVQ(dst, to)
		repeat(label("outer", half), outer, func() {
			s, d := moved(from), moved(to)
			repeat(label("inner", half), inner, func() {
				t, e := GP64(), GP64()
				LEAQ(Mem{Base: s, Index: distance, Scale: 1}, t)
				LEAQ(Mem{Base: d, Index: distance, Scale: 1}, e)
				x0, y0, x1, y1 := w.load(at(s, 0, half)), w.load(at(s, 1, half)), w.load(at(t, 0, half)), w.load(at(t, 1, half))
				VMOVUPD(w.dot(plus(pr, x0), minus(pi, y0), plus(qr, x1), minus(qi, y1)), at(d, 0, half))
				VMOVUPD(w.dot(plus(pr, y0), plus(pi, x0), plus(qr, y1), plus(qi, x1)), at(d, 1, half))
				VMOVUPD(w.dot(plus(qr, x0), minus(qi, y0), plus(pr, x1), minus(pi, y1)), at(e, 0, half))
				VMOVUPD(w.dot(plus(qr, y0), plus(qi, x0), plus(pr, y1), plus(pi, x1)), at(e, 1, half))
				ADDQ(U32(amplitude8), s)
				ADDQ(U32(amplitude8), d)
			})
			ADDQ(stride, from)
			ADDQ(stride, to)
		})
	})
}

func (w simd) uncarry() {
	w.text("uncarry", "func(lambda *float64, src *float64, outer, stride, inner, distance uint64, p *float64, d *float64)",
		"applies the map of a carry with the column p, q of its operator to lambda in place, and adds the products of lambda and src that its elements have to d.")
	p, d := param("p"), param("d")
	outer, stride, inner, distance := onStack("outer"), onStack("stride"), onStack("inner"), param("distance")
	src, lambda := onStack("src"), onStack("lambda")
	w.each(func(half int) {
		sums := [4]vec{}
		for i := range sums {
			sums[i] = w.load(at(d, i, half))
		}
		from, to := GP64(), GP64()
		MOVQ(src, from)
		MOVQ(lambda, to)
		repeat(label("outer", half), outer, func() {
			s, l := moved(from), moved(to)
			repeat(label("inner", half), inner, func() {
				t, m := GP64(), GP64()
				LEAQ(Mem{Base: s, Index: distance, Scale: 1}, t)
				LEAQ(Mem{Base: l, Index: distance, Scale: 1}, m)
				a, b, c, e := w.load(at(l, 0, half)), w.load(at(l, 1, half)), w.load(at(m, 0, half)), w.load(at(m, 1, half))
				for i, k := range []struct{ x, y reg.Register }{{s, t}, {t, s}} { // p with its own, q crosswise
					re, im := w.load(at(k.x, 0, half)), w.load(at(k.x, 1, half))
					w.more(sums[2*i], plus(a, re), minus(b, im))
					w.more(sums[2*i+1], plus(a, im), plus(b, re))
					re, im = w.load(at(k.y, 0, half)), w.load(at(k.y, 1, half))
					w.more(sums[2*i], plus(c, re), minus(e, im))
					w.more(sums[2*i+1], plus(c, im), plus(e, re))
				}
				pr, pi, qr, qi := at(p, 0, half), at(p, 1, half), at(p, 2, half), at(p, 3, half)
				VMOVUPD(w.dot(plus(a, pr), minus(b, pi), plus(c, qr), minus(e, qi)), at(l, 0, half))
				VMOVUPD(w.dot(plus(b, pr), plus(a, pi), plus(e, qr), plus(c, qi)), at(l, 1, half))
				VMOVUPD(w.dot(plus(a, qr), minus(b, qi), plus(c, pr), minus(e, pi)), at(m, 0, half))
				VMOVUPD(w.dot(plus(b, qr), plus(a, qi), plus(e, pr), plus(c, pi)), at(m, 1, half))
				ADDQ(U32(amplitude8), s)
				ADDQ(U32(amplitude8), l)
			})
			ADDQ(stride, from)
			ADDQ(stride, to)
		})
		for i := range sums {
			VMOVUPD(sums[i], at(d, i, half))
		}
	})
}

func (w simd) scale() {
	w.text("scale", "func(dst *float64, src *float64, n uint64, e *float64)", "writes n amplitudes times e.")
	e := param("e")
	w.each(func(half int) {
		d, s := param("dst"), param("src")
		er, ei := w.load(at(e, 0, half)), w.load(at(e, 1, half))
		repeat(label("loop", half), onStack("n"), func() {
			x, y := w.load(at(s, 0, half)), w.load(at(s, 1, half))
			VMOVUPD(w.dot(plus(er, x), minus(ei, y)), at(d, 0, half))
			VMOVUPD(w.dot(plus(er, y), plus(ei, x)), at(d, 1, half))
			ADDQ(U32(amplitude8), s)
			ADDQ(U32(amplitude8), d)
		})
	})
}

func (w simd) unscale() {
	w.text("unscale", "func(lambda *float64, src *float64, n uint64, e *float64, d *float64)",
		"writes the sum of n products of lambda and src to d, and multiplies lambda by e.")
	e, d := param("e"), param("d")
	w.each(func(half int) {
		l, s := param("lambda"), param("src")
		er, ei := w.load(at(e, 0, half)), w.load(at(e, 1, half))
		re, im := w.new(), w.new()
		VXORPD(re, re, re)
		VXORPD(im, im, im)
		repeat(label("loop", half), onStack("n"), func() {
			x, y := w.load(at(l, 0, half)), w.load(at(l, 1, half))
			a, b := w.load(at(s, 0, half)), w.load(at(s, 1, half))
			w.more(re, plus(x, a), minus(y, b))
			w.more(im, plus(x, b), plus(y, a))
			VMOVUPD(w.dot(plus(er, x), minus(ei, y)), at(l, 0, half))
			VMOVUPD(w.dot(plus(er, y), plus(ei, x)), at(l, 1, half))
			ADDQ(U32(amplitude8), s)
			ADDQ(U32(amplitude8), l)
		})
		VMOVUPD(re, at(d, 0, half))
		VMOVUPD(im, at(d, 1, half))
	})
}

func (w simd) addScaled() {
	w.text("addScaled", "func(dst *float64, src *float64, n uint64, e *float64)", "adds n amplitudes times e.")
	e := param("e")
	w.each(func(half int) {
		d, s := param("dst"), param("src")
		er, ei := w.load(at(e, 0, half)), w.load(at(e, 1, half))
		repeat(label("loop", half), onStack("n"), func() {
			x, y := w.load(at(s, 0, half)), w.load(at(s, 1, half))
			re, im := w.load(at(d, 0, half)), w.load(at(d, 1, half))
			w.more(re, plus(er, x), minus(ei, y))
			w.more(im, plus(er, y), plus(ei, x))
			VMOVUPD(re, at(d, 0, half))
			VMOVUPD(im, at(d, 1, half))
			ADDQ(U32(amplitude8), s)
			ADDQ(U32(amplitude8), d)
		})
	})
}

func (w simd) addDot() {
	w.text("addDot", "func(a *float64, b *float64, n uint64, d *float64)", "adds n products of amplitudes to d.")
	d := param("d")
	w.each(func(half int) {
		a, b := param("a"), param("b")
		re, im := w.load(at(d, 0, half)), w.load(at(d, 1, half))
		repeat(label("loop", half), onStack("n"), func() {
			x, y, s, t := w.load(at(a, 0, half)), w.load(at(a, 1, half)), w.load(at(b, 0, half)), w.load(at(b, 1, half))
			w.more(re, plus(x, s), minus(y, t))
			w.more(im, plus(x, t), plus(y, s))
			ADDQ(U32(amplitude8), a)
			ADDQ(U32(amplitude8), b)
		})
		VMOVUPD(re, at(d, 0, half))
		VMOVUPD(im, at(d, 1, half))
	})
}

func (w simd) choose() {
	w.text("chooseRow", "func(u *float64, x *float64, e *float64)", "writes the elements of an operator in the row that x, 0 or 1, says.")
	u, x, e := param("u"), param("x"), param("e")
	w.each(func(half int) {
		ar, ai, br, bi, bit := w.load(at(u, 0, half)), w.load(at(u, 1, half)), w.load(at(u, 2, half)), w.load(at(u, 3, half)), w.load(at(x, 0, half))
		for i, k := range []struct {
			from, to vec
			minus    bool // of from
			sum      bool // to - from is minus their sum, or their sum where from is negative
		}{{ar, br, false, false}, {ai, bi, false, false}, {br, ar, true, true}, {bi, ai, false, true}} {
			t, out := w.new(), w.new()
			if k.sum {
				VADDPD(k.from, k.to, t)
			} else {
				VSUBPD(k.from, k.to, t)
			}
			if k.minus {
				VXORPD(out, out, out)
				VSUBPD(k.from, out, out)
			} else {
				VMOVAPD(k.from, out)
			}
			if k.sum && !k.minus {
				VFNMADD231PD(bit, t, out)
			} else {
				VFMADD231PD(bit, t, out)
			}
			VMOVUPD(out, at(e, i, half))
		}
	})
}

func (w simd) divide() {
	w.text("divideRow", "func(d *float64, x *float64, parts *float64)", "writes d to the elements of the row that x says, and 0 to the other's.")
	d, x, parts := param("d"), param("x"), param("parts")
	w.each(func(half int) {
		bit := w.load(at(x, 0, half))
		for k := range 2 {
			for part := range 2 {
				v := w.load(at(d, 2*k+part, half))
				one := w.dot(plus(v, bit))
				VSUBPD(one, v, v)
				VMOVUPD(v, at(parts, 4*k+part, half))
				VMOVUPD(one, at(parts, 4*k+2+part, half))
			}
		}
	})
}

func (w simd) components() {
	w.text("components", "func(u *float64, d *float64, out *float64)",
		"writes the components about X, Y and Z that the derivatives d by the elements 00, 10, 01, 11 of an operator have.")
	u, d, out := param("u"), param("d"), param("out")
	w.each(func(half int) {
		ar, ai, br, bi := w.load(at(u, 0, half)), w.load(at(u, 1, half)), w.load(at(u, 2, half)), w.load(at(u, 3, half))
		e := func(element, part int) Op { return at(d, 2*element+part, half) } // 00, 10, 01, 11
		x := w.dot(plus(ar, e(1, 1)), plus(ai, e(1, 0)), minus(br, e(3, 1)), plus(bi, e(3, 0)),
			plus(br, e(0, 1)), plus(bi, e(0, 0)), plus(ar, e(2, 1)), minus(ai, e(2, 0)))
		VMOVUPD(x, at(out, 0, half))
		y := w.dot(plus(ar, e(1, 0)), minus(ai, e(1, 1)), minus(br, e(3, 0)), minus(bi, e(3, 1)),
			minus(br, e(0, 0)), plus(bi, e(0, 1)), minus(ar, e(2, 0)), minus(ai, e(2, 1)))
		VMOVUPD(y, at(out, 1, half))
		z := w.dot(plus(ar, e(0, 1)), plus(ai, e(0, 0)), minus(br, e(2, 1)), plus(bi, e(2, 0)),
			minus(br, e(1, 1)), minus(bi, e(1, 0)), minus(ar, e(3, 1)), plus(ai, e(3, 0)))
		VMOVUPD(z, at(out, 2, half))
	})
}

// rotate writes a kernel for each axis.
func (w simd) rotate() {
	for _, k := range []struct {
		axis   string
		ar, ai [2]int // what is added to cos·ar: the part, and 1 or -1
		br, bi [2]int
	}{
		{"X", [2]int{3, 1}, [2]int{2, -1}, [2]int{1, 1}, [2]int{0, -1}},
		{"Y", [2]int{2, -1}, [2]int{3, -1}, [2]int{0, 1}, [2]int{1, 1}},
		{"Z", [2]int{1, 1}, [2]int{0, -1}, [2]int{3, -1}, [2]int{2, 1}},
	} {
		w.text("rotate"+k.axis, "func(u *float64, cs *float64)", "multiplies an operator by a rotation about "+k.axis+" from the left.")
		u, cs := param("u"), param("cs")
		w.each(func(half int) {
			c, s := w.load(at(cs, 0, half)), w.load(at(cs, 1, half))
			var parts [4]vec
			for i := range parts {
				parts[i] = w.load(at(u, i, half))
			}
			for i, other := range [][2]int{k.ar, k.ai, k.br, k.bi} {
				VMOVUPD(w.dot(plus(c, parts[i]), product{other[1] < 0, s, parts[other[0]]}), at(u, i, half))
			}
		})
	}
}

func (w simd) times() {
	w.text("timesOperator", "func(u *float64, v *float64)", "writes v·u to u.")
	u, v := param("u"), param("v")
	w.each(func(half int) {
		ar, ai, br, bi := w.load(at(u, 0, half)), w.load(at(u, 1, half)), w.load(at(u, 2, half)), w.load(at(u, 3, half))
		p, q, r, s := at(v, 0, half), at(v, 1, half), at(v, 2, half), at(v, 3, half)
		VMOVUPD(w.dot(plus(ar, p), minus(ai, q), minus(br, r), minus(bi, s)), at(u, 0, half))
		VMOVUPD(w.dot(plus(ai, p), plus(ar, q), minus(bi, r), plus(br, s)), at(u, 1, half))
		VMOVUPD(w.dot(plus(ar, r), minus(ai, s), plus(br, p), plus(bi, q)), at(u, 2, half))
		VMOVUPD(w.dot(plus(ai, r), plus(ar, s), plus(bi, p), minus(br, q)), at(u, 3, half))
	})
}

func (w simd) turnBack() {
	w.text("turnBack", "func(x *float64, y *float64, cs *float64)", "turns two components back through a rotation by twice the angle whose cosine and sine are given.")
	x, y, cs := param("x"), param("y"), param("cs")
	w.each(func(half int) {
		c, s := w.load(at(cs, 0, half)), w.load(at(cs, 1, half))
		cos := w.dot(plus(c, c), minus(s, s))
		sin := w.dot(plus(c, s))
		VADDPD(sin, sin, sin)
		a, b := w.load(at(x, 0, half)), w.load(at(y, 0, half))
		VMOVUPD(w.dot(plus(cos, a), plus(sin, b)), at(x, 0, half))
		VMOVUPD(w.dot(plus(cos, b), minus(sin, a)), at(y, 0, half))
	})
}

func (w simd) weight() {
	w.text("weight", "func(r *float64, v *float64, n uint64, p *float64)", "writes v† R v of a Hermitian matrix of n rows, of which it reads the lower triangle.")
	v, n, p := param("v"), param("n"), param("p")
	length := moved(n)
	SHLQ(Imm(7), length)
	w.each(func(half int) {
		row := param("r")
		all := w.new()
		VXORPD(all, all, all)
		i, a := GP64(), moved(v)
		XORQ(i, i)
		repeat(label("row", half), n, func() {
			re, im := w.new(), w.new()
			VXORPD(re, re, re)
			VXORPD(im, im, im)
			m, b := moved(row), moved(v)
			left := moved(i)
			TESTQ(left, left)
			JZ(LabelRef(label("diagonal", half)))
			Label(label("column", half))
			x, y := w.load(at(m, 0, half)), w.load(at(m, 1, half))
			s, t := w.load(at(b, 0, half)), w.load(at(b, 1, half))
			w.more(re, plus(x, s), minus(y, t))
			w.more(im, plus(x, t), plus(y, s))
			ADDQ(U32(amplitude8), m)
			ADDQ(U32(amplitude8), b)
			DECQ(left)
			JNZ(LabelRef(label("column", half)))
			Label(label("diagonal", half))
			ar, ai, d := w.load(at(a, 0, half)), w.load(at(a, 1, half)), w.load(at(m, 0, half))
			VADDPD(re, re, re)
			VADDPD(im, im, im)
			VFMADD231PD(ar, d, re)
			VFMADD231PD(ai, d, im)
			w.more(all, plus(ar, re), plus(ai, im))
			ADDQ(U32(amplitude8), a)
			ADDQ(length, row)
			INCQ(i)
		})
		VMOVUPD(all, at(p, 0, half))
	})
}

// table lists constants, each 8 times.
type table struct {
	data  Mem
	place map[string]int
}

func (t table) at(name string) Mem { return t.data.Offset(t.place[name] * number) }

// polynomials are the minimax polynomials of sine and cosine up to π/4 (Moshier's Cephes,
// as in Go's math), π/2 in two parts, and what rounds to a whole number.
func polynomials() table {
	t := table{GLOBL("sincos", RODATA|NOPTR), map[string]int{}}
	for i, k := range []struct {
		name  string
		value float64
	}{
		{"half", 0.5}, {"1", 1}, {"quarters", 2 / math.Pi}, {"round", 3 << 51},
		{"high", 1.5707963267948966}, {"low", 6.123233995736766e-17},
		{"s0", 1.58962301576546568060e-10}, {"s1", -2.50507477628578072866e-8}, {"s2", 2.75573136213857245213e-6},
		{"s3", -1.98412698295895385996e-4}, {"s4", 8.33333333332211858878e-3}, {"s5", -1.66666666666666307295e-1},
		{"c0", -1.13585365213876817300e-11}, {"c1", 2.08757008419747316778e-9}, {"c2", -2.75573141792967388112e-7},
		{"c3", 2.48015872888517045348e-5}, {"c4", -1.38888888888730564116e-3}, {"c5", 4.16666666666665929218e-2},
		{"sign", math.Copysign(0, -1)}, {"next", math.Float64frombits(1)},
	} {
		t.place[k.name] = i
		for l := range 8 {
			DATA(i*number+8*l, U64(math.Float64bits(k.value)))
		}
	}
	return t
}

func (w simd) sincos() {
	t := theTable
	w.text("halves", "func(angles *float64, trig *float64, n uint64, most *float64)",
		"writes the cosines and sines of half of n times 8 angles, and the largest of each lane's, without signs. Those up to 1e8 are right.")
	most := param("most")
	w.each(func(half int) {
		angles, trig := param("angles"), param("trig")
		largest := w.new()
		VXORPD(largest, largest, largest)
		repeat(label("loop", half), onStack("n"), func() {
			x := w.load(at(angles, 0, half))
			VMULPD(t.at("half"), x, x)
			size := w.new()
			VMOVUPD(t.at("sign"), size)
			VANDNPD(x, size, size)
			VMAXPD(size, largest, largest)
			// x = k π/2 + z
			k := w.new()
			VMOVUPD(t.at("round"), k)
			VFMADD231PD(t.at("quarters"), x, k)
			whole := w.new()
			VSUBPD(t.at("round"), k, whole)
			VFNMADD231PD(t.at("high"), whole, x)
			VFNMADD231PD(t.at("low"), whole, x)
			zz := w.new()
			VMULPD(x, x, zz)
			polynomial := func(letter string) vec {
				p := w.load(t.at(letter + "0"))
				for i := 1; i < 6; i++ {
					VFMADD213PD(t.at(letter+string(rune('0'+i))), zz, p)
				}
				return p
			}
			s := polynomial("s")
			VMULPD(zz, s, s)
			VFMADD213PD(x, x, s) // x + x zz p
			c := polynomial("c")
			VFMSUB213PD(t.at("half"), zz, c) // zz p - 1/2
			VFMADD213PD(t.at("1"), zz, c)
			// An odd k exchanges them; the next bit of k and k + 1 is the sign.
			mask, both := w.new(), w.new()
			VPSLLQ(Imm(63), k, mask)
			VPSRLQ(Imm(63), mask, mask)
			VXORPD(both, both, both)
			VPSUBQ(mask, both, mask)
			VXORPD(s, c, both)
			VANDPD(mask, both, both)
			VXORPD(both, s, s)
			VXORPD(both, c, c)
			signed := func(v, k vec) {
				bit := w.new()
				VPSLLQ(Imm(62), k, bit)
				VANDPD(t.at("sign"), bit, bit)
				VXORPD(bit, v, v)
			}
			signed(s, k)
			VPADDQ(t.at("next"), k, k)
			signed(c, k)
			VMOVUPD(c, at(trig, 0, half))
			VMOVUPD(s, at(trig, 1, half))
			ADDQ(U32(number), angles)
			ADDQ(U32(amplitude8), trig)
		})
		VMOVUPD(largest, at(most, 0, half))
	})
}

// brickLink computes the map [to][from] of a pair's second qubit and the next.
func (w simd) brickLink(trig, bits reg.Register, half int) (m00, m01, m10, m11 vec) {
	m01 = w.load(at(bits, 1, half))
	z := w.load(at(bits, 2, half))
	both := w.dot(plus(m01, z))
	VSUBPD(both, m01, m01) // y - yz
	m10 = w.new()
	VSUBPD(both, z, m10)
	silent := w.new()
	VADDPD(m01, z, silent)
	one := w.load(w.one(half))
	VSUBPD(silent, one, silent) // 1 - y - z + yz
	c, s := at(trig, 6, half), at(trig, 7, half)
	m00 = w.dot(plus(silent, c), plus(both, s))
	m11 = w.dot(plus(both, c), minus(silent, s))
	return m00, m01, m10, m11
}

func (w simd) one(half int) Mem { return theTable.at("1").Offset(half * 32) }

// theTable is where brickLink finds 1.
var theTable table

// brickTurns computes the amplitudes of a pair's bits 00 and 11.
func (w simd) brickTurns(trig reg.Register, half int) (f00, f11 vec) {
	a0, a1 := w.load(at(trig, 0, half)), w.load(at(trig, 1, half))
	both, none := w.dot(plus(a1, at(trig, 5, half))), w.dot(plus(a0, at(trig, 4, half)))
	c, s := at(trig, 2, half), at(trig, 3, half)
	return w.dot(plus(none, c), minus(both, s)), w.dot(plus(none, s), plus(both, c))
}

func (w simd) brick() {
	w.text("brick", "func(trig *float64, bits *float64, tape *float64, pairs uint64)", "takes the real walk over pairs of the brick.")
	w.each(func(half int) {
		trig, bits, tape := param("trig"), param("bits"), param("tape")
		v0, v1 := w.load(at(tape, 0, half)), w.load(at(tape, 1, half))
		repeat(label("loop", half), onStack("pairs"), func() {
			f00, f11 := w.brickTurns(trig, half)
			crossed := w.dot(plus(v1, at(trig, 4, half)))
			y0 := w.dot(plus(f00, v0), plus(crossed, at(trig, 1, half)))
			crossed = w.dot(plus(v0, at(trig, 0, half)))
			y1 := w.dot(plus(f11, v1), plus(crossed, at(trig, 5, half)))
			VMOVUPD(y0, at(tape, 2, half))
			VMOVUPD(y1, at(tape, 3, half))
			m00, m01, m10, m11 := w.brickLink(trig, bits, half)
			VMULPD(m00, y0, v0)
			VFMADD231PD(m01, y1, v0)
			VMULPD(m10, y0, v1)
			VFMADD231PD(m11, y1, v1)
			ADDQ(U32(4*number), tape)
			VMOVUPD(v0, at(tape, 0, half))
			VMOVUPD(v1, at(tape, 1, half))
			ADDQ(U32(8*number), trig)
			ADDQ(U32(2*number), bits)
		})
	})
}

func (w simd) unbrick() {
	w.text("unbrick", "func(trig *float64, bits *float64, tape *float64, lambda *float64, d *float64, pairs uint64)",
		"takes the co-state back over pairs of the brick, of which it is given the last, and writes derivatives.")
	w.each(func(half int) {
		trig, bits, tape, d := param("trig"), param("bits"), param("tape"), param("d")
		lambda := param("lambda")
		x0, x1 := w.load(at(lambda, 0, half)), w.load(at(lambda, 1, half))
		repeat(label("loop", half), onStack("pairs"), func() {
			m00, m01, m10, m11 := w.brickLink(trig, bits, half)
			y0, y1 := w.dot(plus(x0, m00), plus(x1, m10)), w.dot(plus(x0, m01), plus(x1, m11))
			VMULPD(at(tape, 2, half), m11, m11)
			VMULPD(at(tape, 3, half), m00, m00)
			slope := w.dot(plus(x0, m11), minus(x1, m00))
			VMOVUPD(slope, at(d, 3, half))
			f00, f11 := w.brickTurns(trig, half)
			crossed := w.dot(plus(y1, at(trig, 0, half)))
			VMULPD(f00, y0, x0)
			VFMADD231PD(at(trig, 5, half), crossed, x0)
			crossed = w.dot(plus(y0, at(trig, 1, half)))
			VMULPD(f11, y1, x1)
			VFMADD231PD(at(trig, 4, half), crossed, x1)
			v0, v1 := w.load(at(tape, 0, half)), w.load(at(tape, 1, half))
			g00, g11 := w.dot(plus(y0, v0)), w.dot(plus(y1, v1))
			VMULPD(f00, g11, f00)
			VFNMADD231PD(f11, g00, f00)
			VMOVUPD(f00, at(d, 1, half))
			g10, g01 := w.dot(plus(y0, v1)), w.dot(plus(y1, v0))
			none := w.dot(plus(g00, at(trig, 2, half)), plus(g11, at(trig, 3, half)))
			both := w.dot(plus(g11, at(trig, 2, half)), minus(g00, at(trig, 3, half)))
			b0, b1 := at(trig, 4, half), at(trig, 5, half)
			up, down := w.dot(plus(both, b1), plus(g10, b0)), w.dot(plus(none, b0), plus(g01, b1))
			VMOVUPD(w.dot(plus(up, at(trig, 0, half)), minus(down, at(trig, 1, half))), at(d, 0, half))
			a0, a1 := at(trig, 0, half), at(trig, 1, half)
			up, down = w.dot(plus(both, a1), plus(g01, a0)), w.dot(plus(none, a0), plus(g10, a1))
			VMOVUPD(w.dot(plus(up, at(trig, 4, half)), minus(down, at(trig, 5, half))), at(d, 2, half))
			SUBQ(U32(4*number), tape)
			SUBQ(U32(4*number), d)
			SUBQ(U32(8*number), trig)
			SUBQ(U32(2*number), bits)
		})
		VMOVUPD(x0, at(lambda, 0, half))
		VMOVUPD(x1, at(lambda, 1, half))
	})
}
