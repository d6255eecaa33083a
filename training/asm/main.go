// Command asm writes the AVX2+FMA kernels of package training: words_amd64.s and
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
	four()
	fourSums()
	Generate()
}

// rows returns pointers to count rows of size bytes, one after the other.
func rows(first reg.Register, size reg.Register, count int) []reg.Register {
	out := []reg.Register{first}
	for len(out) < count {
		next := GP64()
		MOVQ(out[len(out)-1], next)
		ADDQ(size, next)
		out = append(out, next)
	}
	return out
}

// broadcast loads a parameter into all lanes.
func broadcast(name string) reg.VecVirtual {
	addr, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	out := YMM()
	VBROADCASTSD(addr.Addr, out)
	return out
}

func four() {
	TEXT("fourAVX2", NOSPLIT, "func(h *float64, row *float64, last *float64, v *float64, n int, sign float64, sums *float64)")
	Doc("fourAVX2 is four for n hidden units, a multiple of 4.")
	Pragma("noescape")
	h, row, v := Load(Param("h"), GP64()), Load(Param("row"), GP64()), Load(Param("v"), GP64())
	n := Load(Param("n"), GP64())
	SHLQ(Imm(3), n) // bytes of a row
	last := rows(Load(Param("last"), GP64()), n, 3)
	sign := broadcast("sign")
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
}

func fourSums() {
	TEXT("fourSumsAVX2", NOSPLIT, "func(h *float64, row *float64, last *float64, turned *float64, sums *float64, weights *float64, n int, sign float64)")
	Doc("fourSumsAVX2 is fourSums for n hidden units, a multiple of 4.")
	Pragma("noescape")
	h, row, turned := Load(Param("h"), GP64()), Load(Param("row"), GP64()), Load(Param("turned"), GP64())
	n := Load(Param("n"), GP64())
	SHLQ(Imm(3), n) // bytes of a row
	last := rows(Load(Param("last"), GP64()), n, 3)
	sums := rows(Load(Param("sums"), GP64()), n, 4)
	all, first, second, active := sums[0], sums[1], sums[2], sums[3]
	weights := Load(Param("weights"), GP64())
	var weight [4]reg.VecVirtual
	for i := range weight {
		weight[i] = YMM()
		VBROADCASTSD(Mem{Base: weights, Disp: 8 * i}, weight[i])
	}
	sign, zero := broadcast("sign"), YMM()
	VXORPD(zero, zero, zero)
	at := GP64()
	XORQ(at, at)
	Label("loop")
	here := func(base reg.Register) Mem { return Mem{Base: base, Index: at, Scale: 1} }
	x, before, off, ramp := YMM(), YMM(), YMM(), YMM()
	VMOVUPD(here(h), x)
	VFMADD231PD(here(row), sign, x)
	VMOVUPD(x, here(h))
	VMOVUPD(here(all), before)
	VMOVUPD(here(turned), off)
	VFNMADD231PD(before, sign, off)
	VMOVUPD(off, here(turned))
	VMOVUPD(here(active), ramp)
	var on [4]reg.VecVirtual
	for i := range on {
		on[i] = YMM()
		y := x
		if i > 0 {
			y = YMM()
			VADDPD(here(last[i-1]), x, y)
		}
		VCMPPD(Imm(13), zero, y, on[i]) // y >= 0
		VANDPD(weight[i], on[i], on[i])
		VFMADD231PD(y, on[i], ramp)
	}
	VMOVUPD(ramp, here(active))
	VADDPD(on[3], on[1], on[1]) // with the last input
	VADDPD(on[2], on[0], on[0]) // without it
	VADDPD(on[3], on[2], on[2]) // with the one before
	VADDPD(on[0], before, before)
	VADDPD(on[1], before, before)
	VMOVUPD(before, here(all))
	VADDPD(here(first), on[1], on[1])
	VMOVUPD(on[1], here(first))
	VADDPD(here(second), on[2], on[2])
	VMOVUPD(on[2], here(second))
	ADDQ(Imm(32), at)
	CMPQ(at, n)
	JB(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
