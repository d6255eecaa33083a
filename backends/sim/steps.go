package sim

import (
	"math"
	"math/bits"
	"math/cmplx"

	"qgan/ir"
)

// step is one operation of a straight run of gates, in the frame: rotation,
// turn, choice or dense. The set is closed.
type step interface {
	// support returns the vectors that it adds to the index of an amplitude and
	// the masks whose parities it reads. Two steps commute where every parity of
	// a mask of one and a vector of the other is even.
	support() (flips, reads []uint64)
}

// rotation is an SU(2) on the pairs x, x xor v; role is 1 at the second of them.
type rotation struct {
	v    uint64
	role form
	u    su2
}

// turn is the diagonal exp(-i angle/2 (-1)^parity(mask·x)).
type turn struct {
	mask  uint64
	angle float64
}

// choice applies, where all of where hold, the 2x2 block that index picks
// (index[j] is bit j of its number) to the pairs x, x xor v. With v = 0 it is
// diagonal and role is never 1.
type choice struct {
	v            uint64
	role         form
	index, where []form
	blocks       [][2][2]complex128
}

// dense applies a matrix, where all of where hold, to the amplitudes that
// differ by sums of flips; value[j] is qubit j, the first the most significant.
type dense struct {
	flips        []uint64
	value, where []form
	matrix       ir.Matrix
}

func (s *rotation) support() (flips, reads []uint64) { return []uint64{s.v}, []uint64{s.role.mask} }
func (s *turn) support() (flips, reads []uint64)     { return nil, []uint64{s.mask} }

func (s *choice) support() (flips, reads []uint64) {
	reads = append(masksOf(s.index), masksOf(s.where)...)
	if s.v == 0 {
		return nil, reads
	}
	return []uint64{s.v}, append(reads, s.role.mask)
}

func (s *dense) support() (flips, reads []uint64) {
	return s.flips, append(masksOf(s.value), masksOf(s.where)...)
}

func masksOf(forms []form) []uint64 {
	out := make([]uint64, len(forms))
	for i, f := range forms {
		out[i] = f.mask
	}
	return out
}

// lowering turns gates into steps and keeps the frame that they leave. X, CX
// and SWAP only change the frame; one-qubit gates wait and fuse until something
// else touches their qubit.
type lowering struct {
	trained, data []float64
	frame         *frame
	pending       []su2
	waiting       []bool
	steps         []step
	phase         float64 // global, radians
}

func newLowering(f *frame, trained, data []float64) *lowering {
	n := len(f.k)
	return &lowering{trained: trained, data: data, frame: f, pending: make([]su2, n), waiting: make([]bool, n)}
}

// finish emits what is still pending and returns the steps.
func (l *lowering) finish() []step {
	l.flush(operands(len(l.pending)))
	return l.steps
}

func operands(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// apply lowers a gate of the table with its controls.
func (l *lowering) apply(op *ir.Apply) {
	p := make([]ir.Angle, len(op.Angles))
	for i, a := range op.Angles {
		p[i] = ir.Const(a.Value(l.trained, l.data))
	}
	controls, qubits := op.Qubits[:op.Controls], op.Qubits[op.Controls:]
	if op.Gate == ir.X && op.Controls == 1 {
		l.flush(op.Qubits)
		l.frame.cx(controls[0], qubits[0])
		if op.Open&1 == 1 {
			l.frame.x(qubits[0])
		}
		return
	}
	l.flush(controls)
	where := make([]form, op.Controls)
	for i, q := range controls {
		where[i] = l.frame.form(q).plus(form{k: op.Open>>i&1 == 1})
	}
	l.gate(op.Gate, qubits, p, where)
}

// unitary lowers an operator given by its matrix. Of one qubit, it may be the
// Kraus operator of a channel.
func (l *lowering) unitary(op *ir.Unitary) {
	if len(op.Qubits) == 1 && !unitary2(op.Matrix) {
		l.operator(op.Matrix, op.Qubits)
		return
	}
	if !l.operate(op.Matrix, op.Qubits, nil) {
		l.dense(op.Matrix, op.Qubits, nil)
	}
}

func (l *lowering) gate(g ir.Gate, qubits []int, p []ir.Angle, where []form) {
	info := g.Info()
	if info.Linear && len(where) == 0 {
		l.linear(g, qubits)
		return
	}
	values := make([]float64, len(p))
	for i, a := range p {
		values[i] = a.Const
	}
	m := info.Matrix(values)
	switch {
	case l.operate(m, qubits, where):
	case info.Decompose == nil:
		l.dense(m, qubits, where)
	default:
		for _, s := range info.Decompose(p) {
			inner := make([]int, len(s.Qubits))
			for i, q := range s.Qubits {
				inner[i] = qubits[q]
			}
			l.gate(s.Gate, inner, s.Angles, where)
		}
	}
}

// linear applies a gate that permutes basis states to the frame.
func (l *lowering) linear(g ir.Gate, q []int) {
	switch g {
	case ir.ID:
	case ir.Swap:
		l.pending[q[0]], l.pending[q[1]] = l.pending[q[1]], l.pending[q[0]]
		l.waiting[q[0]], l.waiting[q[1]] = l.waiting[q[1]], l.waiting[q[0]]
		l.frame.swap(q[0], q[1])
	case ir.X:
		l.flush(q)
		l.frame.x(q[0])
	case ir.CX:
		l.flush(q)
		l.frame.cx(q[0], q[1])
	default:
		for _, s := range g.Info().Decompose(nil) {
			inner := make([]int, len(s.Qubits))
			for i, k := range s.Qubits {
				inner[i] = q[k]
			}
			l.linear(s.Gate, inner)
		}
	}
}

// operate lowers a matrix that is a phase, a one-qubit gate, diagonal, or made
// of 2x2 blocks along one vector, and reports whether it is one of these.
func (l *lowering) operate(m ir.Matrix, qubits []int, where []form) bool {
	if len(qubits) == 1 && len(where) == 0 {
		q := qubits[0]
		u, angle := special(m)
		l.phase += angle
		if l.waiting[q] {
			u = u.after(l.pending[q])
		}
		l.pending[q], l.waiting[q] = u, true
		return true
	}
	flip, ok := blocksAlong(m)
	if !ok {
		return false
	}
	l.flush(qubits)
	if flip == 0 {
		l.diagonal(m, qubits, where)
	} else {
		l.choice(m, flip, qubits, where)
	}
	return true
}

// special splits a 2x2 unitary into e^(i angle) and an SU(2).
func special(m ir.Matrix) (u su2, angle float64) {
	angle = cmplx.Phase(m.A[0]*m.A[3]-m.A[1]*m.A[2]) / 2
	turn := cmplx.Exp(complex(0, -angle))
	a, b := m.A[0]*turn, m.A[2]*turn
	return su2{real(a), imag(a), real(b), imag(b)}, angle
}

// blocksAlong finds the flip f for which elements (i, j) of a matrix vanish
// unless j is i or i xor f; 0 stands for a diagonal matrix.
func blocksAlong(m ir.Matrix) (flip int, ok bool) {
	for i := range m.Dim {
		for j := range m.Dim {
			f := i ^ j
			if f == 0 || m.At(i, j) == 0 {
				continue
			}
			if flip != 0 && f != flip {
				return 0, false
			}
			flip = f
		}
	}
	return flip, true
}

// maxTurned bounds the qubits of a diagonal operator that is written as turns,
// 2^k - 1 of them.
const maxTurned = 4

// diagonal lowers a diagonal operator to turns, by the Walsh-Hadamard transform
// of its angles, or to a choice without flip where it has many controls.
func (l *lowering) diagonal(m ir.Matrix, qubits []int, where []form) {
	forms := make([]form, 0, len(where)+len(qubits)) // bit j of a state's number is forms[j]
	for i := len(qubits) - 1; i >= 0; i-- {
		forms = append(forms, l.frame.form(qubits[i]))
	}
	if len(forms)+len(where) > maxTurned {
		c := &choice{index: forms, where: where}
		for i := range m.Dim {
			c.blocks = append(c.blocks, [2][2]complex128{{m.At(i, i), 0}, {0, m.At(i, i)}})
		}
		l.steps = append(l.steps, c)
		return
	}
	forms = append(forms, where...)
	angles := make([]float64, 1<<len(forms))
	for i := range m.Dim { // all controls are 1
		angles[len(angles)-m.Dim+i] = cmplx.Phase(m.At(i, i))
	}
	for h := 1; h < len(angles); h *= 2 {
		for i := range angles {
			if i&h == 0 {
				angles[i], angles[i|h] = angles[i]+angles[i|h], angles[i]-angles[i|h]
			}
		}
	}
	for i, a := range angles {
		a /= float64(len(angles))
		sum := form{}
		for j, f := range forms {
			if i>>j&1 == 1 {
				sum = sum.plus(f)
			}
		}
		l.turn(sum, -2*a)
	}
}

// turn emits exp(-i angle/2 (-1)^f).
func (l *lowering) turn(f form, angle float64) {
	if f.k {
		angle = -angle
	}
	switch {
	case angle == 0:
	case f.mask == 0:
		l.phase -= angle / 2
	default:
		l.steps = append(l.steps, &turn{f.mask, angle})
	}
}

// choice lowers an operator made of 2x2 blocks along flip.
func (l *lowering) choice(m ir.Matrix, flip int, qubits []int, where []form) {
	k := len(qubits)
	role := k - bits.Len(uint(flip)) // the first qubit that flips
	c := &choice{role: l.frame.form(qubits[role]), where: where}
	var index []int // the bit of the matrix's number for each bit of index
	for i, q := range qubits {
		bit := 1 << (k - 1 - i)
		f := l.frame.form(q)
		if flip&bit != 0 {
			c.v ^= l.frame.v[q]
			f = f.plus(c.role)
		}
		if i != role {
			c.index, index = append(c.index, f), append(index, bit)
		}
	}
	for b := range 1 << len(index) {
		row := 0 // of the pair's first state
		for j, bit := range index {
			if b>>j&1 == 1 {
				row |= bit
			}
		}
		pair := [2]int{row, row ^ flip}
		var block [2][2]complex128
		for i := range 2 {
			for j := range 2 {
				block[i][j] = m.At(pair[i], pair[j])
			}
		}
		c.blocks = append(c.blocks, block)
	}
	l.steps = append(l.steps, c)
}

func (l *lowering) dense(m ir.Matrix, qubits []int, where []form) {
	l.flush(qubits)
	d := &dense{matrix: m, where: where}
	for _, q := range qubits {
		d.flips, d.value = append(d.flips, l.frame.v[q]), append(d.value, l.frame.form(q))
	}
	l.steps = append(l.steps, d)
}

// flush emits the pending SU(2)s of qubits in the present frame.
func (l *lowering) flush(qubits []int) {
	for _, q := range qubits {
		if !l.waiting[q] {
			continue
		}
		l.waiting[q] = false
		if u := l.pending[q]; u.br == 0 && u.bi == 0 {
			l.turn(l.frame.form(q), -2*math.Atan2(u.ai, u.ar))
		} else {
			l.steps = append(l.steps, &rotation{l.frame.v[q], l.frame.form(q), u})
		}
	}
}
