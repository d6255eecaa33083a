package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// What is done to a block before its bunches and after them. A row is a number of each lane.

// vec returns a register of this width.
func (w width) vec() reg.VecVirtual {
	if w.bytes == 64 {
		return ZMM()
	}
	return YMM()
}

// row is the i-th row at a place.
func (w width) row(base reg.Register, i int) Mem { return Mem{Base: base, Disp: i * w.bytes} }

func (w width) load(m Mem) reg.VecVirtual {
	v := w.vec()
	VMOVUPD(m, v)
	return v
}

// product returns a·b of numbers whose real and imaginary parts these are.
func (w width) product(a, b [2]Op) (re, im reg.VecVirtual) {
	re, im = w.vec(), w.vec()
	VMULPD(a[0], b[0], re)
	VMULPD(a[0], b[1], im)
	VFNMADD231PD(a[1], b[1], re)
	VFMADD231PD(a[1], b[0], im)
	return re, im
}

func (w width) text(name, signature, doc string) {
	TEXT(name+w.suffix, NOSPLIT, "func("+signature+")")
	Doc(name + w.suffix + " " + doc)
	Pragma("noescape")
}

// shift multiplies a number of rows by their size.
func (w width) shift(n reg.Register, rows int) {
	bits := 5
	for 1<<bits < w.bytes*rows {
		bits++
	}
	SHLQ(Imm(uint64(bits)), n)
}

// shear writes what turn and unturn take of SU(2)s a and b of each lane.
func (w width) shear(qubits int) {
	TEXT(fmt.Sprintf("shear%d%s", qubits, w.suffix), NOSPLIT, "func(plain *float64, c *float64, one float64, tiny float64)")
	Doc(fmt.Sprintf("shear%d%s writes the coefficients of a bunch from its SU(2)s.", qubits, w.suffix))
	Pragma("noescape")
	plain, c := param("plain"), param("c")
	one, tiny := w.vec(), w.vec()
	VBROADCASTSD(NewParamAddr("one", 16), one)
	VBROADCASTSD(NewParamAddr("tiny", 24), tiny)
	size := 1 << qubits
	tables := [2]int{2 * qubits, 2*qubits + 2*(size-1)}
	for i := range qubits {
		ar, ai := w.load(w.row(plain, 4*i)), w.load(w.row(plain, 4*i+1))
		br, bi := w.load(w.row(plain, 4*i+2)), w.load(w.row(plain, 4*i+3))
		VADDPD(tiny, ar, ar)
		VADDPD(tiny, br, br)
		norm := func(x, y reg.VecVirtual) reg.VecVirtual {
			n := w.vec()
			VMULPD(x, x, n)
			VFMADD231PD(y, y, n)
			VSQRTPD(n, n)
			return n
		}
		a, s := norm(ar, ai), norm(br, bi)
		both, above := w.vec(), w.vec() // |a||b|, 1 + |a|
		VMULPD(a, s, both)
		VADDPD(a, one, above)
		r, k, t := w.vec(), w.vec(), w.vec()
		VMULPD(both, above, r)
		VDIVPD(r, one, r)
		VMULPD(r, above, k)
		VMULPD(both, s, t)
		VMULPD(r, t, t)
		VMOVUPD(t, w.row(c, 2*i))
		VMOVUPD(s, w.row(c, 2*i+1))
		VMULPD(k, ar, ar)
		VMULPD(k, ai, ai)
		product := func(x, y reg.VecVirtual) reg.VecVirtual {
			p := w.vec()
			VMULPD(x, y, p)
			return p
		}
		rr, ii, ri, ir := product(ar, br), product(ai, bi), product(ar, bi), product(ai, br)
		for after := range 2 {
			x, y := w.vec(), w.vec()
			if after == 1 { // b a*
				VADDPD(ii, rr, x)
				VSUBPD(ir, ri, y)
			} else { // b* a*
				VSUBPD(ii, rr, x)
				VADDPD(ir, ri, y)
				VXORPD(k, k, k)
				VSUBPD(y, k, y)
			}
			at := func(j int) (re, im Mem) {
				return w.row(c, tables[after]+2*(j-1)), w.row(c, tables[after]+2*(j-1)+1)
			}
			for j := range 1 << i {
				re, im := x, y
				if j > 0 {
					u, v := at(j)
					re, im = w.product([2]Op{w.load(u), w.load(v)}, [2]Op{x, y})
				}
				u, v := at(1<<i + j)
				VMOVUPD(re, u)
				VMOVUPD(im, v)
			}
		}
	}
	end()
}

// shearX writes what turnX and unturnX take of rotations about X, a and b i, whose sign is no
// more than a phase.
func (w width) shearX() {
	w.text("shearX", "plain *float64, c *float64, count uint64, one float64, sign float64", "writes the coefficients of rotations about X from their SU(2)s.")
	plain, c := param("plain"), param("c")
	one, sign := w.vec(), w.vec()
	VBROADCASTSD(NewParamAddr("one", 24), one)
	VBROADCASTSD(NewParamAddr("sign", 32), sign)
	count("", param("count"), func(reg.GPVirtual) {
		a, s, t := w.load(w.row(plain, 0)), w.vec(), w.vec()
		VANDPD(a, sign, t)
		VXORPD(t, a, a)
		VXORPD(w.row(plain, 3), t, s)
		VADDPD(a, one, t)
		VDIVPD(t, s, t)
		VMOVUPD(t, w.row(c, 0))
		VMOVUPD(s, w.row(c, 1))
		ADDQ(U32(4*w.bytes), plain)
		ADDQ(U32(2*w.bytes), c)
	})
	end()
}

// grow puts one more qubit above the filled amplitudes of a product state.
func (w width) grow() {
	w.text("grow", "psi *float64, filled uint64, c *float64", "writes the first amplitudes of a state times b to those after them and takes them times a.")
	psi, filled, c := param("psi"), param("filled"), param("c")
	a := [2]Op{w.load(w.row(c, 0)), w.load(w.row(c, 1))}
	b := [2]Op{w.load(w.row(c, 2)), w.load(w.row(c, 3))}
	other := GP64()
	MOVQ(filled, other)
	w.shift(other, 2)
	ADDQ(psi, other)
	count("", filled, func(reg.GPVirtual) {
		x := [2]Op{w.load(w.row(psi, 0)), w.load(w.row(psi, 1))}
		for _, k := range []struct {
			by [2]Op
			to reg.Register
		}{{b, other}, {a, psi}} {
			re, im := w.product(k.by, x)
			VMOVUPD(re, w.row(k.to, 0))
			VMOVUPD(im, w.row(k.to, 1))
		}
		ADDQ(U32(2*w.bytes), psi)
		ADDQ(U32(2*w.bytes), other)
	})
	end()
}

// outcomes runs body for n amplitudes with the offset of each one's outcome in a table of rows.
func (w width) outcomes(body func(at reg.GPVirtual)) {
	outcome := param("outcome")
	count("", param("n"), func(x reg.GPVirtual) {
		at := GP64()
		MOVL(Mem{Base: outcome, Index: x, Scale: 4}, at.As32())
		w.shift(at, 1)
		body(at)
	})
	end()
}

func (w width) norms() {
	w.text("norms", "law *float64, psi *float64, outcome *uint32, n uint64", "writes |x|² of n amplitudes to their outcomes.")
	law, psi := param("law"), param("psi")
	w.outcomes(func(at reg.GPVirtual) {
		x, y := w.load(w.row(psi, 0)), w.load(w.row(psi, 1))
		VMULPD(x, x, x)
		VFMADD231PD(y, y, x)
		VMOVUPD(x, Mem{Base: law, Index: at, Scale: 1})
		ADDQ(U32(2*w.bytes), psi)
	})
}

func (w width) weigh() {
	w.text("weigh", "lambda *float64, psi *float64, table *float64, outcome *uint32, n uint64", "writes n amplitudes times the numbers of their outcomes.")
	lambda, psi, table := param("lambda"), param("psi"), param("table")
	w.outcomes(func(at reg.GPVirtual) {
		t := w.load(Mem{Base: table, Index: at, Scale: 1})
		for part := range 2 {
			x := w.vec()
			VMULPD(w.row(psi, part), t, x)
			VMOVUPD(x, w.row(lambda, part))
		}
		ADDQ(U32(2*w.bytes), psi)
		ADDQ(U32(2*w.bytes), lambda)
	})
}

// fold takes a law of one bit more to that without its last bit.
func (w width) fold() {
	w.text("fold", "law *float64, n uint64, z *float64", "writes the sums of n pairs of rows to the first n and the sum of their differences to z.")
	law, n, z := param("law"), param("n"), param("z")
	from := GP64()
	MOVQ(law, from)
	sum := w.vec()
	VXORPD(sum, sum, sum)
	count("", n, func(reg.GPVirtual) {
		a, b := w.load(w.row(from, 0)), w.load(w.row(from, 1))
		d := w.vec()
		VSUBPD(b, a, d)
		VADDPD(d, sum, sum)
		VADDPD(b, a, a)
		VMOVUPD(a, w.row(law, 0))
		ADDQ(U32(2*w.bytes), from)
		ADDQ(U32(w.bytes), law)
	})
	VMOVUPD(sum, w.row(z, 0))
	end()
}

// unfold is the way back: from the last row on, so that rows are read before they are written.
func (w width) unfold() {
	w.text("unfold", "table *float64, n uint64, by *float64", "writes n rows, plus and minus those of by, to the first 2n.")
	table, n, by := param("table"), param("n"), param("by")
	d := w.load(w.row(by, 0))
	from, to := GP64(), GP64()
	MOVQ(n, from)
	w.shift(from, 1)
	ADDQ(table, from)
	MOVQ(n, to)
	w.shift(to, 2)
	ADDQ(table, to)
	count("", n, func(reg.GPVirtual) {
		SUBQ(U32(w.bytes), from)
		SUBQ(U32(2*w.bytes), to)
		x, up, down := w.load(w.row(from, 0)), w.vec(), w.vec()
		VADDPD(d, x, up)
		VSUBPD(d, x, down)
		VMOVUPD(up, w.row(to, 0))
		VMOVUPD(down, w.row(to, 1))
	})
	end()
}
