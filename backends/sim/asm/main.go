// Command asm writes the AVX2+FMA kernels of package sim: kernel_amd64.s and its
// stubs. It is a module of its own, so the project does not depend on avo; run
// it by `make generate`.
//
// A block's amplitude is 8 numbers: the real parts of 4 lanes, then the
// imaginary parts. A pair is two 32-bit amplitude indices; a kernel is given the first of them.
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
