// Command asm writes the AVX2+FMA kernel of package training: words_amd64.s and
// its stub. It is a module of its own, so the project does not depend on avo;
// run it by `make generate`.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!purego")
	TEXT("fourAVX2", NOSPLIT, "func(h *float64, row *float64, last *float64, v *float64, n int, sign float64, sums *float64)")
	Doc("fourAVX2 is four for n hidden units, a multiple of 4.")
	Pragma("noescape")
	h, row, v := Load(Param("h"), GP64()), Load(Param("row"), GP64()), Load(Param("v"), GP64())
	n := Load(Param("n"), GP64())
	SHLQ(Imm(3), n) // bytes of a row
	last := []reg.Register{Load(Param("last"), GP64()), GP64(), GP64()}
	for i := 1; i < len(last); i++ {
		MOVQ(last[i-1], last[i])
		ADDQ(n, last[i])
	}
	sign := YMM()
	addr, err := Param("sign").Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSD(addr.Addr, sign)
	positive := YMM() // all bits but the sign
	VPCMPEQQ(positive, positive, positive)
	VPSRLQ(Imm(1), positive, positive)
	sums := []reg.VecVirtual{YMM(), YMM(), YMM(), YMM()}
	for _, s := range sums {
		VXORPD(s, s, s)
	}
	at := GP64()
	XORQ(at, at)
	Label("loop")
	here := func(base reg.Register) Mem { return Mem{Base: base, Index: at, Scale: 1} }
	x, weight := YMM(), YMM()
	VMOVUPD(here(h), x)
	VFMADD231PD(here(row), sign, x)
	VMOVUPD(x, here(h))
	VMOVUPD(here(v), weight)
	for i, s := range sums {
		y := YMM()
		if i == 0 {
			VANDPD(positive, x, y)
		} else {
			VADDPD(here(last[i-1]), x, y)
			VANDPD(positive, y, y)
		}
		VFMADD231PD(weight, y, s)
	}
	ADDQ(Imm(32), at)
	CMPQ(at, n)
	JB(LabelRef("loop"))
	// Sums over the lanes of the four accumulators, side by side.
	first, second := YMM(), YMM()
	VHADDPD(sums[1], sums[0], first)
	VHADDPD(sums[3], sums[2], second)
	crossed, straight := YMM(), YMM()
	VPERM2F128(Imm(0x21), second, first, crossed)
	VBLENDPD(Imm(0b1100), second, first, straight)
	VADDPD(crossed, straight, straight)
	VMOVUPD(straight, Mem{Base: Load(Param("sums"), GP64())})
	VZEROUPPER()
	RET()
	Generate()
}
