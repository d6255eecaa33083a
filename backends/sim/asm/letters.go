package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A density matrix is a vector of real numbers. Those that differ in the letter of one qubit are
// four, a stride apart, of which kernels take four neighbours at once; where the stride is one
// they are a register.

// fours runs body for every four numbers of the first of four rows, n bytes each, of a vector.
func fours(body func(at, row reg.GPVirtual)) {
	v, end, n := param("v"), GP64(), param("n")
	MOVQ(param("size"), end)
	ADDQ(v, end)
	last := GP64() // the end of the first row
	at := GP64()
	MOVQ(v, at)
	Label("rows")
	MOVQ(at, last)
	ADDQ(n, last)
	Label("loop")
	row := GP64()
	MOVQ(at, row)
	body(at, row)
	ADDQ(Imm(32), at)
	CMPQ(at, last)
	JB(LabelRef("loop"))
	for range 3 {
		ADDQ(n, at)
	}
	CMPQ(at, end)
	JB(LabelRef("rows"))
	VZEROUPPER()
	RET()
}

// letter multiplies the letters of a qubit by a matrix, from its row and column first on.
func letter(name, doc string, first int) {
	TEXT(name, NOSPLIT, "func(v *float64, size uint64, n uint64, m *float64)")
	Doc(name + doc)
	Pragma("noescape")
	m, n := param("m"), param("n")
	fours(func(at, row reg.GPVirtual) {
		var x [4]reg.VecVirtual
		for i := range x {
			if i >= first {
				x[i] = YMM()
				VMOVUPD(Mem{Base: row}, x[i])
			}
			if i < 3 {
				ADDQ(n, row)
			}
		}
		to := GP64()
		MOVQ(at, to)
		for i := range x {
			if i >= first {
				y := YMM()
				for j := first; j < 4; j++ {
					c := Mem{Base: m, Disp: 32 * (4*i + j)}
					if j == first {
						VMULPD(c, x[j], y)
					} else {
						VFMADD231PD(c, x[j], y)
					}
				}
				VMOVUPD(y, Mem{Base: to})
			}
			if i < 3 {
				ADDQ(n, to)
			}
		}
	})
}

// lastLetter is letter where the four numbers are neighbours: m are its columns.
func lastLetter() {
	TEXT("lastLetterAVX2", NOSPLIT, "func(v *float64, n uint64, m *float64)")
	Doc("lastLetterAVX2 multiplies n times four numbers by a matrix, given column by column.")
	Pragma("noescape")
	v, m := param("v"), param("m")
	var column [4]vec
	for i := range column {
		column[i] = load(Mem{Base: m, Disp: 32 * i})
	}
	count("", param("n"), func(reg.GPVirtual) {
		var y vec
		for i := range column {
			x := YMM()
			VBROADCASTSD(Mem{Base: v, Disp: 8 * i}, x)
			if i == 0 {
				y = YMM()
				VMULPD(column[i], x, y)
			} else {
				VFMADD231PD(column[i], x, y)
			}
		}
		VMOVUPD(y, Mem{Base: v})
		ADDQ(Imm(32), v)
	})
	VZEROUPPER()
	RET()
}

// exchange moves 16 rows, each to another's place, times its factor.
func exchange() {
	TEXT("exchangeAVX2", NOSPLIT, "func(v *float64, n uint64, from *uint64, to *uint64, factors *float64)")
	Doc("exchangeAVX2 writes the first n numbers, a multiple of 4, of the rows that begin from[i] bytes on to those that begin to[i] bytes on, times four equal factors.")
	Pragma("noescape")
	v, n, from, to, factors := param("v"), param("n"), param("from"), param("to"), param("factors")
	SHRQ(Imm(2), n)
	count("", n, func(reg.GPVirtual) {
		at := GP64()
		for i, y := range ymm[:16] {
			MOVQ(Mem{Base: from, Disp: 8 * i}, at)
			VMOVUPD(Mem{Base: v, Index: at, Scale: 1}, y)
		}
		for i, y := range ymm[:16] {
			MOVQ(Mem{Base: to, Disp: 8 * i}, at)
			VMULPD(Mem{Base: factors, Disp: 32 * i}, y, y)
			VMOVUPD(y, Mem{Base: v, Index: at, Scale: 1})
		}
		ADDQ(Imm(32), v)
	})
	VZEROUPPER()
	RET()
}

func letters() {
	letter("letterAVX2", " multiplies numbers n bytes apart, four at a time, by a matrix whose elements stand four times each.", 0)
	letter("turnedLetterAVX2", " is letterAVX2 where the first row and the first column are 1, 0, 0, 0.", 1)
	lastLetter()
	exchange()
}
