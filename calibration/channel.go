package calibration

import (
	"fmt"
	"math"
	"math/bits"
	"math/cmplx"
	"slices"
	"strings"

	"qgan/ir"
)

// Channel is a completely positive, trace preserving map of operators on some
// qubits, of which the first is the most significant, as in package ir. It is
// held in one of two forms: as a mixture, where what happens is drawn with fixed
// probabilities, or as operators K with sum K†K = 1 that map rho to
// sum K rho K†.
type Channel struct {
	// Name says what it is, with its figures: "depolarizing 0.001".
	Name string
	// Qubits counts the qubits that it acts on.
	Qubits int
	// Mixture is the channel as a choice among simple steps, nil where it has no
	// such form. The probabilities add up to 1.
	Mixture []Branch

	kraus    []ir.Matrix
	transfer []float64 // of a composed channel, which has no other form
}

// Branch is one choice of a mixture: with probability P each qubit takes the
// step that its letter names. I, X, Y and Z are the Pauli matrices; 0 and 1
// reset the qubit to that state.
type Branch struct {
	P     float64
	Steps string // a letter a qubit
}

// Kraus returns operators K with sum K†K = 1 for which the channel is
// rho -> sum K rho K†.
func (c *Channel) Kraus() []ir.Matrix {
	if c.kraus != nil {
		return c.kraus
	}
	var out []ir.Matrix
	for _, b := range c.Mixture {
		if b.P == 0 {
			continue
		}
		list := []ir.Matrix{ir.Identity(1).Scale(complex(math.Sqrt(b.P), 0))}
		for _, letter := range b.Steps {
			var next []ir.Matrix
			for _, m := range list {
				for _, k := range stepOperators(letter) {
					next = append(next, m.Kron(k))
				}
			}
			list = next
		}
		out = append(out, list...)
	}
	return out
}

// stepOperators are the Kraus operators of one letter of a branch.
func stepOperators(letter rune) []ir.Matrix {
	m := func(a ...complex128) ir.Matrix { return ir.Matrix{Dim: 2, A: a} }
	switch letter {
	case 'X':
		return []ir.Matrix{m(0, 1, 1, 0)}
	case 'Y':
		return []ir.Matrix{m(0, -1i, 1i, 0)}
	case 'Z':
		return []ir.Matrix{m(1, 0, 0, -1)}
	case '0':
		return []ir.Matrix{m(1, 0, 0, 0), m(0, 1, 0, 0)}
	case '1':
		return []ir.Matrix{m(0, 0, 1, 0), m(0, 0, 0, 1)}
	}
	return []ir.Matrix{ir.Identity(2)}
}

// stepTransfer is the transfer matrix of one letter of a branch.
func stepTransfer(letter rune) [16]float64 {
	diagonal := func(x, y, z float64) [16]float64 {
		return [16]float64{0: 1, 5: x, 10: y, 15: z}
	}
	switch letter {
	case 'X':
		return diagonal(1, -1, -1)
	case 'Y':
		return diagonal(-1, 1, -1)
	case 'Z':
		return diagonal(-1, -1, 1)
	case '0':
		return [16]float64{0: 1, 12: 1}
	case '1':
		return [16]float64{0: 1, 12: -1}
	}
	return diagonal(1, 1, 1)
}

// Transfer returns the Pauli transfer matrix, row by row: R[i][j] =
// Tr(P_i E(P_j)) / 2^k for the 4^k Pauli strings in the order I, X, Y, Z, the
// first qubit's letter the most significant.
func (c *Channel) Transfer() []float64 {
	if c.transfer != nil {
		return c.transfer
	}
	dim := 1 << (2 * c.Qubits)
	out := make([]float64, dim*dim)
	if c.Mixture == nil {
		for _, k := range c.kraus {
			for i, x := range Transfer(k) {
				out[i] += x
			}
		}
		return out
	}
	for _, b := range c.Mixture {
		// Entries that are not 0, by row and column, one qubit after the other.
		type entry struct {
			row, column int
			x           float64
		}
		list := []entry{{0, 0, b.P}}
		for _, letter := range b.Steps {
			m := stepTransfer(letter)
			var next []entry
			for _, e := range list {
				for i, x := range m {
					if x != 0 {
						next = append(next, entry{4*e.row + i/4, 4*e.column + i%4, e.x * x})
					}
				}
			}
			list = next
		}
		for _, e := range list {
			out[e.row*dim+e.column] += e.x
		}
	}
	return out
}

// Transfer returns the Pauli transfer matrix of rho -> m rho m†, as
// [Channel.Transfer] does; m need not be unitary.
func Transfer(m ir.Matrix) []float64 {
	k := bits.Len(uint(m.Dim)) - 1
	dim := 1 << (2 * k)
	out := make([]float64, dim*dim)
	for j := range dim {
		// m P_j m†: a Pauli string has one element in each row.
		image := ir.NewMatrix(m.Dim)
		for r := range m.Dim {
			s, x := pauliElement(j, k, r)
			for a := range m.Dim {
				left := m.At(a, r) * x
				if left == 0 {
					continue
				}
				for b := range m.Dim {
					image.A[a*m.Dim+b] += left * cmplx.Conj(m.At(b, s))
				}
			}
		}
		for i := range dim {
			sum := 0.0
			for r := range m.Dim {
				s, x := pauliElement(i, k, r)
				sum += real(x * image.At(s, r))
			}
			out[i*dim+j] = sum / float64(m.Dim)
		}
	}
	return out
}

// pauliElement returns the column and the value of the one element in a row of
// the Pauli string of that number.
func pauliElement(number, qubits, row int) (column int, value complex128) {
	column, value = row, 1
	for q := range qubits {
		bit := row >> (qubits - 1 - q) & 1
		switch number >> (2 * (qubits - 1 - q)) & 3 {
		case 1:
			column ^= 1 << (qubits - 1 - q)
		case 2:
			column ^= 1 << (qubits - 1 - q)
			value *= complex(0, float64(2*bit-1))
		case 3:
			value *= complex(float64(1-2*bit), 0)
		}
	}
	return column, value
}

// Superoperator returns the matrix S for which vec(E(rho)) = S vec(rho), where
// vec puts the columns of rho one below the other: S = sum conj(K) x K.
func (c *Channel) Superoperator() ir.Matrix {
	dim := 1 << c.Qubits
	out := ir.NewMatrix(dim * dim)
	for _, k := range c.Kraus() {
		conj := ir.NewMatrix(dim)
		for i, x := range k.A {
			conj.A[i] = cmplx.Conj(x)
		}
		for i, x := range conj.Kron(k).A {
			out.A[i] += x
		}
	}
	return out
}

// Compose returns the transfer matrix of the channels of sites, one after the
// other, on the given qubits, which hold theirs: a channel without Kraus form.
func Compose(sites []Site, qubits []int) *Channel {
	k := len(qubits)
	dim := 1 << (2 * k)
	total := make([]float64, dim*dim) // columns are the images of the Pauli strings
	for i := range dim {
		total[i*dim+i] = 1
	}
	column := make([]float64, dim)
	for _, s := range sites {
		r := s.Channel.Transfer()
		small := 1 << (2 * s.Channel.Qubits)
		shift := make([]int, s.Channel.Qubits) // of each operand's letter in a string's number
		for i, q := range s.Qubits {
			shift[i] = 2 * (k - 1 - slices.Index(qubits, q))
		}
		// part returns the operands' letters of a string, with how to put others there.
		place := func(letters int) (at int) {
			for i, sh := range shift {
				at |= letters >> (2 * (len(shift) - 1 - i)) & 3 << sh
			}
			return at
		}
		mask := place(small - 1)
		for j := range dim {
			for i := range dim {
				column[i] = total[i*dim+j]
			}
			for i := range dim {
				if i&mask != 0 {
					continue
				}
				for a := range small {
					sum := 0.0
					for b := range small {
						sum += r[a*small+b] * column[i|place(b)]
					}
					total[(i|place(a))*dim+j] = sum
				}
			}
		}
	}
	return &Channel{Name: "composed", Qubits: k, transfer: total}
}

// Infidelity returns 1 minus the average gate fidelity of the channel to the
// identity: F = (d Tr R / d² + 1)/(d + 1) with the transfer matrix R (Nielsen
// 2002, eq. 3 and 18).
func (c *Channel) Infidelity() float64 {
	r := c.Transfer()
	dim := 1 << (2 * c.Qubits)
	lost := 0.0 // d² - Tr R
	for i := range dim {
		lost += 1 - r[i*dim+i]
	}
	d := float64(int(1) << c.Qubits)
	return lost / d / (d + 1)
}

// paulis returns the strings of k Pauli letters in the order of Transfer.
func paulis(k int) []string {
	out := []string{""}
	for range k {
		var next []string
		for _, s := range out {
			for _, letter := range "IXYZ" {
				next = append(next, s+string(letter))
			}
		}
		out = next
	}
	return out
}

// Depolarizing returns rho -> (1-lambda) rho + lambda 1/2^k Tr rho on k qubits.
// lambda may reach 4^k/(4^k-1), where the identity has no part left.
func Depolarizing(k int, lambda float64) *Channel {
	n := math.Pow(4, float64(k))
	c := &Channel{Name: fmt.Sprintf("depolarizing %.4g", lambda), Qubits: k}
	for i, s := range paulis(k) {
		p := lambda / n
		if i == 0 {
			p = max(0, 1-lambda*(n-1)/n)
		}
		c.Mixture = append(c.Mixture, Branch{p, s})
	}
	return c
}

// Relaxation returns thermal relaxation of one qubit for a time, in seconds,
// with T2 at most 2·T1 (either may be +Inf) and the probability of the excited
// state in equilibrium. With e1 = exp(-t/T1), e2 = exp(-t/T2) its operators are
// diag(1, e2), sqrt(1-e1)|0><1| and diag(0, sqrt(e1-e2²)) towards |0>, the same
// with 0 and 1 exchanged towards |1>; one form for every T2. Where T2 is at most
// T1 it is also a mixture of identity, Z and resets.
func Relaxation(t, t1, t2, excited float64) *Channel {
	e1, e2 := math.Exp(-t/t1), math.Exp(-t/t2)
	lost := -math.Expm1(-t / t1) // 1-e1
	c := &Channel{Name: fmt.Sprintf("relaxation for %.4g ns", t*1e9), Qubits: 1}
	if t2 <= t1 {
		z := max(0, (e1-e2)/2)
		c.Mixture = []Branch{{1 - lost - z, "I"}, {z, "Z"}, {lost * (1 - excited), "0"}, {lost * excited, "1"}}
	}
	c.kraus = damping(e2, lost, max(0, e1-e2*e2), excited)
	return c
}

// damping returns the operators of relaxation: what is left of the coherence,
// the probability to relax, and the square of what is dephased beside it.
func damping(coherence, relaxed, dephased, excited float64) []ir.Matrix {
	var out []ir.Matrix
	for i, p := range []float64{1 - excited, excited} {
		if p == 0 {
			continue
		}
		s := math.Sqrt(p)
		for _, m := range [][4]float64{{1, 0, 0, coherence}, {0, math.Sqrt(relaxed), 0, 0}, {0, 0, 0, math.Sqrt(dephased)}} {
			if i == 1 {
				m = [4]float64{m[3], m[2], m[1], m[0]}
			}
			k := ir.NewMatrix(2)
			for j, x := range m {
				k.A[j] = complex(s*x, 0)
			}
			out = append(out, k)
		}
	}
	return out
}

// AmplitudeDamping returns relaxation with probability gamma towards |0>, or
// |1> in the excited part (Nielsen & Chuang, section 8.3.5): coherences shrink
// by sqrt(1-gamma).
func AmplitudeDamping(gamma, excited float64) *Channel {
	c := &Channel{Name: fmt.Sprintf("amplitude damping %.4g", gamma), Qubits: 1}
	c.kraus = damping(math.Sqrt(1-gamma), gamma, 0, excited)
	return c
}

// PhaseDamping returns the channel of diag(1, sqrt(1-lambda)) and
// diag(0, sqrt(lambda)) (Nielsen & Chuang, section 8.3.6), which is Z with
// probability (1-sqrt(1-lambda))/2.
func PhaseDamping(lambda float64) *Channel {
	p := (1 - math.Sqrt(1-lambda)) / 2
	return &Channel{Name: fmt.Sprintf("phase damping %.4g", lambda), Qubits: 1, Mixture: []Branch{{1 - p, "I"}, {p, "Z"}}}
}

// Pauli returns the channel that applies each string of Pauli letters with its
// probability and nothing otherwise. Strings of different lengths, letters that
// are none, and probabilities that are none or add up to more than 1 are errors.
func Pauli(probabilities map[string]float64) (*Channel, error) {
	c := &Channel{Mixture: []Branch{{}}}
	rest := 1.0
	var names []string
	for _, s := range sorted(probabilities) {
		p := probabilities[s]
		switch {
		case s == "" || strings.Trim(s, "IXYZ") != "":
			return nil, invalid("%q is no string of the letters I, X, Y and Z", s)
		case len(s) > maxChannelQubits:
			return nil, invalid("%q acts on %d qubits, at most %d are read", s, len(s), maxChannelQubits)
		case c.Qubits != 0 && len(s) != c.Qubits:
			return nil, invalid("%q acts on %d qubits, another string on %d", s, len(s), c.Qubits)
		case !(p >= 0 && p <= 1):
			return nil, invalid("the probability %v of %s is none", p, s)
		}
		c.Qubits = len(s)
		if strings.Trim(s, "I") == "" {
			continue // counted with what is left
		}
		rest -= p
		c.Mixture = append(c.Mixture, Branch{p, s})
		names = append(names, fmt.Sprintf("%s %.4g", s, p))
	}
	if c.Qubits == 0 {
		return nil, invalid("no Pauli string is given")
	}
	if same := strings.Repeat("I", c.Qubits); probabilities[same] > 0 && math.Abs(probabilities[same]-rest) > toleranceTP {
		return nil, invalid("the probabilities add up to %v, not to 1", 1-rest+probabilities[same])
	}
	if rest < -toleranceTP {
		return nil, invalid("the probabilities add up to %v, which is more than 1", 1-rest)
	}
	c.Mixture[0] = Branch{max(0, rest), strings.Repeat("I", c.Qubits)}
	if rest < 0 { // rounding: make them a law
		for i := range c.Mixture {
			c.Mixture[i].P /= 1 - rest
		}
	}
	c.Name = "pauli " + strings.Join(names, ", ")
	return c, nil
}

// Operators returns the channel of Kraus operators. The sum of K†K may differ
// from 1 by at most 1e-9 in any element, which is then taken away; more is an
// error. Operators that make a Pauli channel become a mixture.
func Operators(name string, kraus []ir.Matrix) (*Channel, error) {
	if len(kraus) == 0 {
		return nil, invalid("%s has no operators", name)
	}
	k, err := kraus[0].Qubits()
	if err != nil || k < 1 || k > maxChannelQubits {
		return nil, invalid("%s: an operator of order %d, it can be 2, 4 or 8", name, kraus[0].Dim)
	}
	sum := ir.NewMatrix(1 << k)
	for _, m := range kraus {
		if n, err := m.Qubits(); err != nil || n != k {
			return nil, invalid("%s: operators of different orders", name)
		}
		for i, x := range m.Adjoint().Mul(m).A {
			sum.A[i] += x
		}
	}
	defect := sum.Distance(ir.Identity(1 << k))
	if !(defect <= toleranceTP) {
		return nil, invalid("%s does not keep the trace: the sum of K†K differs from the unit matrix by %.2g, at most %.0g is taken for rounding", name, defect, toleranceTP)
	}
	c := &Channel{Name: name, Qubits: k}
	// S^(-1/2) = (3 - S)/2 up to the square of the defect.
	root := ir.Identity(1 << k).Scale(3)
	for i, x := range sum.A {
		root.A[i] = (root.A[i] - x) / 2
	}
	for _, m := range kraus {
		c.kraus = append(c.kraus, m.Mul(root))
	}
	c.Mixture = c.pauliMixture()
	return c, nil
}

// pauliMixture returns the channel as a mixture of Pauli strings where its
// transfer matrix is diagonal, and nil otherwise.
func (c *Channel) pauliMixture() []Branch {
	if len(c.kraus) == 1 {
		return nil // a unitary, which is applied without drawing
	}
	r := c.Transfer()
	dim := 1 << (2 * c.Qubits)
	for i := range dim {
		for j := range dim {
			if i != j && math.Abs(r[i*dim+j]) > 1e-15 {
				return nil
			}
		}
	}
	var out []Branch
	for a, s := range paulis(c.Qubits) {
		p := 0.0 // of string a: the mean over strings b of R[b][b], signed by whether they commute
		for b := range dim {
			p += r[b*dim+b] * commutation(a, b, c.Qubits)
		}
		if p /= float64(dim); p < 1e-16 && a > 0 {
			p = 0
		}
		out = append(out, Branch{max(0, p), s})
	}
	return out
}

// commutation is 1 where two Pauli strings commute, otherwise -1.
func commutation(a, b, qubits int) float64 {
	sign := 1.0
	for q := range qubits {
		x, y := a>>(2*q)&3, b>>(2*q)&3
		if x != 0 && y != 0 && x != y {
			sign = -sign
		}
	}
	return sign
}

// Over returns the unitary channel exp(-i angle P/2) of a Pauli string, in
// radians: a rotation that goes too far.
func Over(pauli string, angle float64) (*Channel, error) {
	if pauli == "" || strings.Trim(pauli, "IXYZ") != "" || strings.Trim(pauli, "I") == "" || len(pauli) > maxChannelQubits {
		return nil, invalid("axis %q: it is one to %d of the letters I, X, Y and Z, not all of them I", pauli, maxChannelQubits)
	}
	if math.IsNaN(angle) || math.IsInf(angle, 0) {
		return nil, invalid("the angle %v is no number", angle)
	}
	p := ir.Identity(1)
	for _, letter := range pauli {
		p = p.Kron(stepOperators(letter)[0])
	}
	u := p.Scale(complex(0, -math.Sin(angle/2)))
	for i := range u.Dim {
		u.A[i*u.Dim+i] += complex(math.Cos(angle/2), 0)
	}
	return &Channel{Name: fmt.Sprintf("rotation %s by %.4g", pauli, angle), Qubits: len(pauli), kraus: []ir.Matrix{u}}, nil
}

const (
	// toleranceTP is how far the sum of K†K, or of probabilities, may be from 1.
	toleranceTP = 1e-9
	// maxChannelQubits bounds the channels that are read from files.
	maxChannelQubits = 3
)
