// Command asm writes the AVX2+FMA kernels of package sim: kernel_amd64.s and its
// stubs. It is a module of its own, so the project does not depend on avo; run
// it by `make generate`.
//
// A block's amplitude is 8 numbers: the real parts of 4 lanes, then the
// imaginary parts. A pair is two 32-bit amplitude indices; a kernel is given the
// first of them. A group of a single state's amplitudes has the same layout.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!purego")
	apply()
	undo()
	overlap()
	single()
	double()
	choose()
	times()
	spread()
	componentsOfBlock()
	side()
	bunches()
	letters()
	Generate()
}

// vec is a 4-lane register; half names the real (0) or imaginary (32 bytes on)
// part of an amplitude.
type vec = reg.VecVirtual

// walk loops over the pairs: body gets the byte offsets of both amplitudes.
func walk(body func(zero, one reg.GPVirtual)) {
	pairs := Load(Param("pairs"), GP64())
	n := Load(Param("n"), GP64())
	TESTQ(n, n)
	JZ(LabelRef("done"))
	zero, one := GP64(), GP64()
	Label("loop")
	MOVL(Mem{Base: pairs}, zero.As32())
	MOVL(Mem{Base: pairs, Disp: 4}, one.As32())
	SHLQ(Imm(6), zero)
	SHLQ(Imm(6), one)
	body(zero, one)
	ADDQ(Imm(8), pairs)
	DECQ(n)
	JNZ(LabelRef("loop"))
	Label("done")
}

func load(m Mem) vec {
	v := YMM()
	VMOVUPD(m, v)
	return v
}

// amplitude loads both parts of the amplitude at base+offset.
func amplitude(base, offset reg.Register) (re, im vec) {
	return load(Mem{Base: base, Index: offset, Scale: 1}), load(Mem{Base: base, Index: offset, Scale: 1, Disp: 32})
}

// coefs loads the SU(2) of the 4 lanes.
func coefs() (ar, ai, br, bi vec) {
	c := Load(Param("c"), GP64())
	return load(Mem{Base: c}), load(Mem{Base: c, Disp: 32}), load(Mem{Base: c, Disp: 64}), load(Mem{Base: c, Disp: 96})
}

// term is one signed product of a sum.
type term struct {
	minus bool
	a, b  vec
}

// sum computes a sum of products whose first term is positive.
func sum(to vec, terms ...term) {
	VMULPD(terms[0].a, terms[0].b, to)
	for _, t := range terms[1:] {
		add(to, t)
	}
}

func add(to vec, t term) {
	if t.minus {
		VFNMADD231PD(t.a, t.b, to)
	} else {
		VFMADD231PD(t.a, t.b, to)
	}
}

func store(v vec, base, offset reg.Register, disp int) {
	VMOVUPD(v, Mem{Base: base, Index: offset, Scale: 1, Disp: disp})
}

func apply() {
	TEXT("applyAVX2", NOSPLIT, "func(state *float64, pairs *uint32, n int, c *float64)")
	Doc("applyAVX2 multiplies n pairs of amplitudes by the SU(2) of each lane.")
	Pragma("noescape")
	state := Load(Param("state"), GP64())
	ar, ai, br, bi := coefs()
	walk(func(zero, one reg.GPVirtual) {
		x0, y0 := amplitude(state, zero)
		x1, y1 := amplitude(state, one)
		t := YMM()
		sum(t, term{false, ar, x0}, term{true, ai, y0}, term{true, br, x1}, term{true, bi, y1})
		store(t, state, zero, 0)
		t = YMM()
		sum(t, term{false, ar, y0}, term{false, ai, x0}, term{true, br, y1}, term{false, bi, x1})
		store(t, state, zero, 32)
		t = YMM()
		sum(t, term{false, br, x0}, term{true, bi, y0}, term{false, ar, x1}, term{false, ai, y1})
		store(t, state, one, 0)
		t = YMM()
		sum(t, term{false, br, y0}, term{false, bi, x0}, term{false, ar, y1}, term{true, ai, x1})
		store(t, state, one, 32)
	})
	VZEROUPPER()
	RET()
}

// accumulators returns the three sums Im<λ|P|ψ>.
func accumulators() (x, y, z vec) {
	x, y, z = YMM(), YMM(), YMM()
	for _, v := range []vec{x, y, z} {
		VXORPD(v, v, v)
	}
	return x, y, z
}

// accumulate adds the three components of one pair.
func accumulate(x, y, z, x0, y0, x1, y1, u0, v0, u1, v1 vec) {
	for _, k := range []struct {
		to    vec
		terms []term
	}{
		{x, []term{{false, u0, y1}, {true, v0, x1}, {false, u1, y0}, {true, v1, x0}}},
		{y, []term{{false, u1, x0}, {false, v1, y0}, {true, u0, x1}, {true, v0, y1}}},
		{z, []term{{false, u0, y0}, {true, v0, x0}, {true, u1, y1}, {false, v1, x1}}},
	} {
		for _, t := range k.terms {
			add(k.to, t)
		}
	}
}

// deposit adds the three sums to out.
func deposit(x, y, z vec) {
	out := Load(Param("out"), GP64())
	for i, v := range []vec{x, y, z} {
		VADDPD(Mem{Base: out, Disp: 32 * i}, v, v)
		VMOVUPD(v, Mem{Base: out, Disp: 32 * i})
	}
}

// rotated stores U times a pair, from registers to the places given.
func rotated(c func(i int) Op, x0, y0, x1, y1 vec) (p0, q0, p1, q1 vec) {
	sum := func(terms ...[3]any) vec {
		to := YMM()
		for i, t := range terms {
			minus, a, b := t[0].(bool), t[1].(int), t[2].(vec)
			switch {
			case i == 0:
				VMULPD(c(a), b, to)
			case minus:
				VFNMADD231PD(c(a), b, to)
			default:
				VFMADD231PD(c(a), b, to)
			}
		}
		return to
	}
	const ar, ai, br, bi = 0, 1, 2, 3
	p0 = sum([3]any{false, ar, x0}, [3]any{true, ai, y0}, [3]any{true, br, x1}, [3]any{true, bi, y1})
	q0 = sum([3]any{false, ar, y0}, [3]any{false, ai, x0}, [3]any{true, br, y1}, [3]any{false, bi, x1})
	p1 = sum([3]any{false, br, x0}, [3]any{true, bi, y0}, [3]any{false, ar, x1}, [3]any{false, ai, y1})
	q1 = sum([3]any{false, br, y0}, [3]any{false, bi, x0}, [3]any{false, ar, y1}, [3]any{true, ai, x1})
	return p0, q0, p1, q1
}

func undo() {
	TEXT("undoAVX2", NOSPLIT, "func(psi *float64, lambda *float64, pairs *uint32, n int, c *float64, out *float64)")
	Doc("undoAVX2 adds Im<lambda|P|psi>, P = X, Y, Z, of n pairs to out, then applies the adjoint of the SU(2) to both.")
	Pragma("noescape")
	psi, lambda := states()
	ar, ai, br, bi := coefs()
	components(psi, lambda, func(zero, one reg.GPVirtual, x0, y0, x1, y1, u0, v0, u1, v1 vec) {
		adjoint(psi, zero, one, ar, ai, br, bi, x0, y0, x1, y1)
		adjoint(lambda, zero, one, ar, ai, br, bi, u0, v0, u1, v1)
	})
}

func overlap() {
	TEXT("overlapAVX2", NOSPLIT, "func(psi *float64, lambda *float64, pairs *uint32, n int, out *float64)")
	Doc("overlapAVX2 adds Im<lambda|P|psi>, P = X, Y, Z, of n pairs to out.")
	Pragma("noescape")
	psi, lambda := states()
	components(psi, lambda, func(zero, one reg.GPVirtual, x0, y0, x1, y1, u0, v0, u1, v1 vec) {})
}

func states() (psi, lambda reg.Register) {
	return Load(Param("psi"), GP64()), Load(Param("lambda"), GP64())
}

// components is the body of both: it adds the components of every pair to out
// and hands the pair's amplitudes on.
func components(psi, lambda reg.Register, then func(zero, one reg.GPVirtual, x0, y0, x1, y1, u0, v0, u1, v1 vec)) {
	x, y, z := accumulators()
	walk(func(zero, one reg.GPVirtual) {
		x0, y0 := amplitude(psi, zero)
		x1, y1 := amplitude(psi, one)
		u0, v0 := amplitude(lambda, zero)
		u1, v1 := amplitude(lambda, one)
		accumulate(x, y, z, x0, y0, x1, y1, u0, v0, u1, v1)
		then(zero, one, x0, y0, x1, y1, u0, v0, u1, v1)
	})
	deposit(x, y, z)
	VZEROUPPER()
	RET()
}

// adjoint stores U† of a pair.
func adjoint(base, zero, one reg.Register, ar, ai, br, bi, x0, y0, x1, y1 vec) {
	t := YMM()
	sum(t, term{false, ar, x0}, term{false, ai, y0}, term{false, br, x1}, term{false, bi, y1})
	store(t, base, zero, 0)
	t = YMM()
	sum(t, term{false, ar, y0}, term{true, ai, x0}, term{false, br, y1}, term{true, bi, x1})
	store(t, base, zero, 32)
	t = YMM()
	sum(t, term{false, ar, x1}, term{true, ai, y1}, term{true, br, x0}, term{false, bi, y0})
	store(t, base, one, 0)
	t = YMM()
	sum(t, term{false, ar, y1}, term{false, ai, x1}, term{true, br, y0}, term{true, bi, x0})
	store(t, base, one, 32)
}

// flipIf xors v into g where the parity of g and r is odd.
func flipIf(g reg.Register, r, v Op) {
	t := GP64()
	MOVQ(g, t)
	ANDQ(r, t)
	POPCNTQ(t, t)
	ANDQ(Imm(1), t)
	NEGQ(t)
	ANDQ(v, t)
	XORQ(t, g)
}

// space opens a 0 in a number at the place of the lowest bit of high.
func space(g reg.Register, high Op) {
	t := GP64()
	MOVQ(g, t)
	ANDQ(high, t)
	ADDQ(t, g)
}

// bytes turns a group's number, or a difference of two, into an offset.
func bytes(g reg.Register) { SHLQ(Imm(6), g) }

// xor returns a xor b in a register of its own.
func xor(a reg.Register, b Op) reg.GPVirtual {
	t := GP64()
	MOVQ(a, t)
	XORQ(b, t)
	return t
}

// onStack is a parameter read where it lies, for loops that have more of them
// than there are registers.
func onStack(name string) Op {
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return p.Addr
}

func param(name string) reg.Register { return Load(Param(name), GP64()) }

// count runs body for j = 0 … n-1.
func count(name string, n Op, body func(j reg.GPVirtual)) {
	j := GP64()
	XORQ(j, j)
	CMPQ(j, n)
	JAE(LabelRef(name + "done"))
	Label(name + "loop")
	body(j)
	INCQ(j)
	CMPQ(j, n)
	JB(LabelRef(name + "loop"))
	Label(name + "done")
}

func single() {
	TEXT("singleAVX2", NOSPLIT, "func(buf *float64, n uint64, high uint64, v uint64, r uint64, c *float64)")
	Doc("singleAVX2 multiplies n pairs of groups by the SU(2) of each lane.")
	Pragma("noescape")
	buf, n, high, v, r := param("buf"), param("n"), param("high"), param("v"), param("r")
	ar, ai, br, bi := coefs()
	c := []vec{ar, ai, br, bi}
	count("", n, func(j reg.GPVirtual) {
		zero := GP64()
		MOVQ(j, zero)
		space(zero, high)
		flipIf(zero, r, v)
		one := xor(zero, v)
		bytes(zero)
		bytes(one)
		x0, y0 := amplitude(buf, zero)
		x1, y1 := amplitude(buf, one)
		x0, y0, x1, y1 = rotated(func(i int) Op { return c[i] }, x0, y0, x1, y1)
		keep(buf, zero, x0, y0)
		keep(buf, one, x1, y1)
	})
	VZEROUPPER()
	RET()
}

// keep stores both parts of an amplitude.
func keep(base, offset reg.Register, re, im vec) {
	store(re, base, offset, 0)
	store(im, base, offset, 32)
}

func double() {
	TEXT("doubleAVX2", NOSPLIT, "func(buf *float64, n uint64, low uint64, high uint64, v uint64, r uint64, w uint64, s uint64, c *float64, d *float64)")
	Doc("doubleAVX2 applies two commuting SU(2)s of each lane to n times four groups.")
	Pragma("noescape")
	buf, n, low, high := param("buf"), onStack("n"), onStack("low"), onStack("high")
	v, r, w, s := onStack("v"), onStack("r"), onStack("w"), onStack("s")
	c, d := param("c"), param("d")
	coef := func(base reg.Register) func(int) Op {
		return func(i int) Op { return Mem{Base: base, Disp: 32 * i} }
	}
	count("", n, func(j reg.GPVirtual) {
		a := GP64()
		MOVQ(j, a)
		space(a, low)
		space(a, high)
		flipIf(a, r, v)
		flipIf(a, s, w)
		at := [2][2]reg.GPVirtual{{a, xor(a, w)}, {xor(a, v), GP64()}}
		MOVQ(at[1][0], at[1][1])
		XORQ(w, at[1][1])
		var re, im [2][2]vec
		for i := range at {
			for k := range at {
				bytes(at[i][k])
				re[i][k], im[i][k] = amplitude(buf, at[i][k])
			}
		}
		for k := range at {
			re[0][k], im[0][k], re[1][k], im[1][k] = rotated(coef(c), re[0][k], im[0][k], re[1][k], im[1][k])
		}
		for i := range at {
			re[i][0], im[i][0], re[i][1], im[i][1] = rotated(coef(d), re[i][0], im[i][0], re[i][1], im[i][1])
			for k := range at {
				keep(buf, at[i][k], re[i][k], im[i][k])
			}
		}
	})
	VZEROUPPER()
	RET()
}

func choose() {
	TEXT("chooseAVX2", NOSPLIT, "func(buf *float64, n uint64, high uint64, v uint64, exchange *int32, masks *uint64, nmasks uint64, flip uint64, sets *float64, checks *uint64, nchecks uint64)")
	Doc("chooseAVX2 replaces the amplitudes x of n pairs of groups by self·x + other·partner, exchange giving the lanes of the partner.")
	Pragma("noescape")
	buf, n, high, v := param("buf"), onStack("n"), onStack("high"), onStack("v")
	masks, flip, sets, checks := param("masks"), onStack("flip"), onStack("sets"), param("checks")
	nmasks, nchecks := onStack("nmasks"), onStack("nchecks")
	lanes := YMM()
	VMOVDQU(Mem{Base: param("exchange")}, lanes)
	count("", n, func(j reg.GPVirtual) {
		zero := GP64()
		MOVQ(j, zero)
		space(zero, high)
		count("check", nchecks, func(i reg.GPVirtual) {
			at, t := GP64(), GP64()
			MOVQ(i, at)
			SHLQ(Imm(4), at)
			MOVQ(Mem{Base: checks, Index: at, Scale: 1}, t)
			ANDQ(zero, t)
			POPCNTQ(t, t)
			ANDQ(Imm(1), t)
			CMPQ(t, Mem{Base: checks, Index: at, Scale: 1, Disp: 8})
			JNE(LabelRef("next"))
		})
		one := xor(zero, v)
		set := func(name string, g reg.Register) reg.GPVirtual {
			number, bit, t := GP64(), GP64(), GP64()
			XORQ(number, number)
			// The last mask is the highest bit: shift and add from there.
			MOVQ(nmasks, bit)
			TESTQ(bit, bit)
			JZ(LabelRef(name + "numbered"))
			Label(name + "number")
			DECQ(bit)
			MOVQ(Mem{Base: masks, Index: bit, Scale: 8}, t)
			ANDQ(g, t)
			POPCNTQ(t, t)
			ANDQ(Imm(1), t)
			SHLQ(Imm(1), number)
			ORQ(t, number)
			TESTQ(bit, bit)
			JNZ(LabelRef(name + "number"))
			Label(name + "numbered")
			XORQ(flip, number)
			SHLQ(Imm(7), number)
			ADDQ(sets, number)
			return number
		}
		s0, s1 := set("zero", zero), set("one", one)
		bytes(zero)
		bytes(one)
		x0, y0 := amplitude(buf, zero)
		x1, y1 := amplitude(buf, one)
		mix := func(set, at reg.Register, x, y, u, v vec) {
			p, q := YMM(), YMM()
			crossed := [2]vec{YMM(), YMM()}
			VPERMPS(u, lanes, crossed[0])
			VPERMPS(v, lanes, crossed[1])
			c := func(i int) Op { return Mem{Base: set, Disp: 32 * i} }
			VMULPD(c(0), x, p)
			VFNMADD231PD(c(1), y, p)
			VFMADD231PD(c(2), crossed[0], p)
			VFNMADD231PD(c(3), crossed[1], p)
			VMULPD(c(0), y, q)
			VFMADD231PD(c(1), x, q)
			VFMADD231PD(c(2), crossed[1], q)
			VFMADD231PD(c(3), crossed[0], q)
			keep(buf, at, p, q)
		}
		mix(s0, zero, x0, y0, x1, y1)
		mix(s1, one, x1, y1, x0, y0)
		Label("next")
	})
	VZEROUPPER()
	RET()
}

func times() {
	TEXT("timesAVX2", NOSPLIT, "func(dst *float64, src *float64, n uint64)")
	Doc("timesAVX2 multiplies n groups of dst by those of src.")
	Pragma("noescape")
	dst, src, n := param("dst"), param("src"), param("n")
	count("", n, func(reg.GPVirtual) {
		x, y := load(Mem{Base: dst}), load(Mem{Base: dst, Disp: 32})
		u, v := load(Mem{Base: src}), load(Mem{Base: src, Disp: 32})
		p, q := YMM(), YMM()
		sum(p, term{false, x, u}, term{true, y, v})
		sum(q, term{false, x, v}, term{false, y, u})
		VMOVUPD(p, Mem{Base: dst})
		VMOVUPD(q, Mem{Base: dst, Disp: 32})
		ADDQ(Imm(64), dst)
		ADDQ(Imm(64), src)
	})
	VZEROUPPER()
	RET()
}

func spread() {
	TEXT("spreadAVX2", NOSPLIT, "func(row *float64, n uint64, re float64, im float64)")
	Doc("spreadAVX2 writes the first n groups of a row times a factor to the n after them.")
	Pragma("noescape")
	row, n := param("row"), param("n")
	re, im := YMM(), YMM()
	VBROADCASTSD(NewParamAddr("re", 16), re)
	VBROADCASTSD(NewParamAddr("im", 24), im)
	other := GP64()
	MOVQ(n, other)
	bytes(other)
	ADDQ(row, other)
	count("", n, func(reg.GPVirtual) {
		x, y := load(Mem{Base: row}), load(Mem{Base: row, Disp: 32})
		p, q := YMM(), YMM()
		sum(p, term{false, x, re}, term{true, y, im})
		sum(q, term{false, x, im}, term{false, y, re})
		VMOVUPD(p, Mem{Base: other})
		VMOVUPD(q, Mem{Base: other, Disp: 32})
		ADDQ(Imm(64), row)
		ADDQ(Imm(64), other)
	})
	VZEROUPPER()
	RET()
}
