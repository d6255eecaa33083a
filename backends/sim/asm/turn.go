package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A bunch is up to three SU(2)s that commute, each on a qubit of its own. Its amplitudes fall
// into groups of 2^k: the amplitude whose qubits are all 0, by its offset in bytes, and those at
// that offset xor flips[j], where bit i of j is the value of qubit i. A group is loaded once and
// stored once. Each SU(2) is, but for a phase, a phase where the qubit is 1, a rotation by an
// angle of 0 to π/2 as three shears, which need no room, and another phase. The phases of a
// group's amplitude are one number before the rotations and one after them.

// width is a width of registers, and how many SU(2)s they have room for at once.
type width struct {
	suffix string
	bytes  int
	most   int
	regs   []reg.VecPhysical
}

var widths = []width{
	{"AVX2", 32, 2, ymm[:16]},
	{"AVX512", 64, 3, zmm},
}

var ymm = []reg.VecPhysical{
	reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7, reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15,
	reg.Y16, reg.Y17, reg.Y18, reg.Y19, reg.Y20, reg.Y21, reg.Y22, reg.Y23, reg.Y24, reg.Y25, reg.Y26, reg.Y27, reg.Y28, reg.Y29, reg.Y30, reg.Y31,
}

var zmm = []reg.VecPhysical{
	reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7, reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
	reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23, reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31,
}

// bunch writes one kernel: the registers that are free, and where things are.
type bunch struct {
	width
	qubits       int
	aboutX       bool
	free         []reg.VecPhysical
	zeros, flips reg.Register
	coefs        reg.Register
	offsets      []reg.GPVirtual
	overlap      [2][]reg.VecPhysical // sums of the components X and Y; Z is made of those of each amplitude
	z            []reg.VecPhysical
}

func (b *bunch) take() reg.VecPhysical {
	r := b.free[len(b.free)-1]
	b.free = b.free[:len(b.free)-1]
	return r
}

func (b *bunch) give(rs ...reg.VecPhysical) { b.free = append(b.free, rs...) }

func (b *bunch) size() int { return 1 << b.qubits }

// groups runs body for each of n groups, the offsets of their amplitudes in registers.
func (b *bunch) groups(body func()) {
	n := Load(Param("n"), GP64())
	TESTQ(n, n)
	JZ(LabelRef("done"))
	b.offsets = nil
	for range b.size() {
		b.offsets = append(b.offsets, GP64())
	}
	Label("loop")
	MOVL(Mem{Base: b.zeros}, b.offsets[0].As32())
	for j := 1; j < b.size(); j++ {
		MOVQ(Mem{Base: b.flips, Disp: 8 * j}, b.offsets[j])
		XORQ(b.offsets[0], b.offsets[j])
	}
	body()
	ADDQ(Imm(4), b.zeros)
	DECQ(n)
	JNZ(LabelRef("loop"))
	Label("done")
}

// place is a part of amplitude j of the group: 0 the real one, 1 the imaginary one.
func (b *bunch) place(base reg.Register, j, part int) Mem {
	return Mem{Base: base, Index: b.offsets[j], Scale: 1, Disp: part * b.bytes}
}

func (b *bunch) coef(i int) Mem { return Mem{Base: b.coefs, Disp: i * b.bytes} }

// amplitudes are those of a group in registers, real and imaginary parts.
type amplitudes [][2]reg.VecPhysical

func (b *bunch) read(base reg.Register) (a amplitudes) {
	for j := range b.size() {
		re, im := b.take(), b.take()
		VMOVUPD(b.place(base, j, 0), re)
		VMOVUPD(b.place(base, j, 1), im)
		a = append(a, [2]reg.VecPhysical{re, im})
	}
	return a
}

// store writes a group and frees its registers.
func (b *bunch) store(base reg.Register, a amplitudes) {
	for j := range a {
		for part, r := range a[j] {
			VMOVUPD(r, b.place(base, j, part))
			b.give(r)
		}
	}
}

// phases multiplies all amplitudes but the first by phases, or by their conjugates. The table
// of those before the rotations comes after the shears, then that of those after them.
func (b *bunch) phases(a amplitudes, after, conjugate bool) {
	table := 2 * b.qubits
	if after {
		table += 2 * (b.size() - 1)
	}
	plus, minus := VFMADD231PD, VFNMADD231PD
	if conjugate {
		plus, minus = minus, plus
	}
	for j := 1; j < b.size(); j++ {
		c, s := b.coef(table+2*(j-1)), b.coef(table+2*(j-1)+1)
		re, im := b.take(), b.take()
		VMULPD(c, a[j][0], re)
		VMULPD(c, a[j][1], im)
		minus(s, a[j][1], re)
		plus(s, a[j][0], im)
		b.give(a[j][:]...)
		a[j] = [2]reg.VecPhysical{re, im}
	}
}

// rotations turns the pairs of each qubit about Y, or turns them back.
func (b *bunch) rotations(a amplitudes, back bool) {
	b.shears(func(to *[2]reg.VecPhysical, by reg.VecPhysical, from [2]reg.VecPhysical, down bool) {
		add := VFMADD231PD
		if down != back {
			add = VFNMADD231PD
		}
		add(by, from[0], to[0])
		add(by, from[1], to[1])
	}, a)
}

// rotationsX turns the pairs of each qubit about X: shears by imaginary numbers, no phases.
func (b *bunch) rotationsX(a amplitudes, back bool) {
	plus, minus := VFMADD231PD, VFNMADD231PD
	if back {
		plus, minus = minus, plus
	}
	b.shears(func(to *[2]reg.VecPhysical, by reg.VecPhysical, from [2]reg.VecPhysical, _ bool) {
		minus(by, from[1], to[0])
		plus(by, from[0], to[1])
	}, a)
}

// shears takes the pairs of each qubit through three shears: of the zeros by the ones and t, down
// or the other way as shear says, of the ones by the zeros and s, of the zeros again.
func (b *bunch) shears(add func(to *[2]reg.VecPhysical, by reg.VecPhysical, from [2]reg.VecPhysical, down bool), a amplitudes) {
	for i := range b.qubits {
		t, s := b.take(), b.take()
		VMOVUPD(b.coef(2*i), t)
		VMOVUPD(b.coef(2*i+1), s)
		for step, by := range []reg.VecPhysical{t, s, t} {
			for j := range a {
				if j>>i&1 == step%2 {
					add(&a[j], by, a[j^1<<i], step != 1)
				}
			}
		}
		b.give(t, s)
	}
}

// sums clears the registers that the components are added up in.
func (b *bunch) sums() {
	clear := func(count int) (rs []reg.VecPhysical) {
		for range count {
			r := b.take()
			VXORPD(r, r, r)
			rs = append(rs, r)
		}
		return rs
	}
	for p := range b.overlap {
		b.overlap[p] = clear(b.qubits)
	}
	// Im(l* x) of each amplitude where there is room for it, or else of each qubit's ones,
	// taken from those of its zeros.
	if count := b.size(); len(b.free) >= 2*count+count+2 {
		b.z = clear(count)
	} else {
		b.z = clear(b.qubits)
	}
}

// components adds those of a group: psi is in registers, lambda is read.
func (b *bunch) components(psi amplitudes, lambda reg.Register) {
	for m := range psi {
		u, v := b.take(), b.take()
		VMOVUPD(b.place(lambda, m, 0), u)
		VMOVUPD(b.place(lambda, m, 1), v)
		for i := range b.qubits {
			x, y := psi[m^1<<i][0], psi[m^1<<i][1]
			VFMADD231PD(u, y, b.overlap[0][i])
			VFNMADD231PD(v, x, b.overlap[0][i])
			if m>>i&1 == 1 {
				VFMADD231PD(u, x, b.overlap[1][i])
				VFMADD231PD(v, y, b.overlap[1][i])
			} else {
				VFNMADD231PD(u, x, b.overlap[1][i])
				VFNMADD231PD(v, y, b.overlap[1][i])
			}
			if len(b.z) == b.qubits {
				plus, minus := VFMADD231PD, VFNMADD231PD
				if m>>i&1 == 1 {
					plus, minus = minus, plus
				}
				plus(u, psi[m][1], b.z[i])
				minus(v, psi[m][0], b.z[i])
			}
		}
		if len(b.z) == b.size() {
			VFMADD231PD(u, psi[m][1], b.z[m])
			VFNMADD231PD(v, psi[m][0], b.z[m])
		}
		b.give(u, v)
	}
}

// deposit adds the sums to out: three numbers a qubit.
func (b *bunch) deposit() {
	out := Load(Param("out"), GP64())
	add := func(i, axis int, v reg.VecPhysical) {
		at := Mem{Base: out, Disp: (3*i + axis) * b.bytes}
		VADDPD(at, v, v)
		VMOVUPD(v, at)
	}
	for i := range b.qubits {
		add(i, 0, b.overlap[0][i])
		add(i, 1, b.overlap[1][i])
		if len(b.z) == b.qubits {
			add(i, 2, b.z[i])
			continue
		}
		z := b.take()
		VXORPD(z, z, z)
		for m, p := range b.z {
			if m>>i&1 == 1 {
				VSUBPD(p, z, z)
			} else {
				VADDPD(p, z, z)
			}
		}
		add(i, 2, z)
		b.give(z)
	}
}

// begin opens the function of a number of qubits.
func (w width) begin(name string, qubits int, signature, doc string) *bunch {
	TEXT(fmt.Sprintf("%s%d%s", name, qubits, w.suffix), NOSPLIT, "func("+signature+")")
	Doc(fmt.Sprintf("%s%d%s %s", name, qubits, w.suffix, doc))
	Pragma("noescape")
	b := &bunch{width: w, qubits: qubits}
	for i := range w.regs {
		b.free = append(b.free, w.regs[len(w.regs)-1-i])
	}
	b.zeros, b.flips = param("zeros"), param("flips")
	return b
}

func end() {
	VZEROUPPER()
	RET()
}

// turned takes a group from one side of the SU(2)s to the other.
func (b *bunch) turned(a amplitudes, back bool) {
	if b.aboutX {
		b.rotationsX(a, back)
		return
	}
	b.phases(a, back, back)
	b.rotations(a, back)
	b.phases(a, !back, back)
}

// turns names the kernels of SU(2)s, and of those that are rotations about X.
var turns = map[bool]string{false: "turn", true: "turnX"}

func (w width) turn(qubits int, aboutX bool) {
	b := w.begin(turns[aboutX], qubits, "state *float64, zeros *uint32, n int, flips *uint64, c *float64", "applies SU(2)s to n groups of amplitudes.")
	b.aboutX = aboutX
	state := param("state")
	b.coefs = param("c")
	b.groups(func() {
		a := b.read(state)
		b.turned(a, false)
		b.store(state, a)
	})
	end()
}

func (w width) unturn(qubits int, aboutX bool) {
	b := w.begin("un"+turns[aboutX], qubits, "psi *float64, lambda *float64, zeros *uint32, n int, flips *uint64, c *float64, out *float64",
		"adds Im<lambda|P|psi>, P = X, Y, Z of each qubit, of n groups to out, then applies the adjoint of the SU(2)s to both.")
	b.aboutX = aboutX
	psi, lambda := states()
	b.coefs = param("c")
	b.sums()
	b.groups(func() {
		for _, base := range []reg.Register{psi, lambda} {
			a := b.read(base)
			if base == psi {
				b.components(a, lambda)
			}
			b.turned(a, true)
			b.store(base, a)
		}
	})
	b.deposit()
	end()
}

func (w width) overlaps(qubits int) {
	b := w.begin("overlap", qubits, "psi *float64, lambda *float64, zeros *uint32, n int, flips *uint64, out *float64",
		"adds Im<lambda|P|psi>, P = X, Y, Z of each qubit, of n groups to out.")
	psi, lambda := states()
	b.sums()
	b.groups(func() {
		a := b.read(psi)
		b.components(a, lambda)
		for j := range a {
			b.give(a[j][:]...)
		}
	})
	b.deposit()
	end()
}

// bunches writes the kernels of lanes, of all widths.
func bunches() {
	for _, w := range widths {
		for k := 1; k <= w.most; k++ {
			for _, aboutX := range []bool{false, true} {
				w.turn(k, aboutX)
				w.unturn(k, aboutX)
			}
			w.overlaps(k)
			w.shear(k)
		}
		w.grow()
		w.norms()
		w.weigh()
		w.fold()
		w.unfold()
		w.shearX()
	}
}
