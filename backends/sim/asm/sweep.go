package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// componentsOfBlock reads a block of a single state and its co-state.
func componentsOfBlock() {
	TEXT("componentsOfBlockAVX2", NOSPLIT, "func(psi *float64, lambda *float64, n uint64, v uint64, r uint64, exchange *int32, signs *uint64, out *float64)")
	Doc("componentsOfBlockAVX2 adds Im(l* x), ±Re(l* x) and ±Im(l* y) of n groups to out: l of lambda, y of psi, x of psi at the group xor v, its lanes exchanged.")
	Pragma("noescape")
	psi, lambda, n, v, r, signs := param("psi"), param("lambda"), param("n"), param("v"), param("r"), param("signs")
	lanes := YMM()
	VMOVDQU(Mem{Base: param("exchange")}, lanes)
	var sums [3][2]vec // two of each, so that none waits for the other
	for i := range sums {
		for j := range sums[i] {
			sums[i][j] = YMM()
			VXORPD(sums[i][j], sums[i][j], sums[i][j])
		}
	}
	count("", n, func(g reg.GPVirtual) {
		at, partner, sign := GP64(), xor(g, v), GP64()
		MOVQ(g, sign)
		ANDQ(r, sign)
		POPCNTQ(sign, sign)
		ANDQ(Imm(1), sign)
		SHLQ(Imm(5), sign)
		MOVQ(g, at)
		bytes(at)
		bytes(partner)
		re, im := amplitude(lambda, at)
		p, q := YMM(), YMM()
		VPERMPS(Mem{Base: psi, Index: partner, Scale: 1}, lanes, p)
		VPERMPS(Mem{Base: psi, Index: partner, Scale: 1, Disp: 32}, lanes, q)
		VFMADD231PD(re, q, sums[0][0])
		VFNMADD231PD(im, p, sums[0][1])
		flip := load(Mem{Base: signs, Index: sign, Scale: 1})
		VXORPD(flip, re, re)
		VXORPD(flip, im, im)
		VFMADD231PD(re, p, sums[1][0])
		VFMADD231PD(im, q, sums[1][1])
		VFMADD231PD(Mem{Base: psi, Index: at, Scale: 1, Disp: 32}, re, sums[2][0])
		VFNMADD231PD(Mem{Base: psi, Index: at, Scale: 1}, im, sums[2][1])
	})
	out := param("out")
	for i, s := range sums {
		VADDPD(s[0], s[1], s[0])
		VADDPD(Mem{Base: out, Disp: 32 * i}, s[0], s[0])
		VMOVUPD(s[0], Mem{Base: out, Disp: 32 * i})
	}
	VZEROUPPER()
	RET()
}
