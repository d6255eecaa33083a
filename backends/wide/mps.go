package wide

import (
	"math"
	"slices"

	"qgan/ir"
)

// tensor is the part of a state that belongs to one site, left x 2 x right numbers: element
// (l, s, r) at l + left·(s + 2·r), so that it is a matrix of left·2 rows, and of left rows
// and 2·right columns, without being moved.
type tensor struct {
	left, right int
	a           []complex128
}

// product is a matrix product state. The tensors left of the centre are isometries from
// the left, those right of it from the right, so that the centre alone holds the norm.
type product struct {
	sites  []tensor
	center int
	siteOf []int // of a qubit
	at     []int // the qubit of a site
	limits
	kept float64 // product of the weights that were kept by each truncation
	bond int     // widest so far
}

// limits bound a state.
type limits struct {
	maxBond int
	cutoff  float64 // weight, of 1, that a split may leave out
}

// newProduct returns |0…0>.
func newProduct(n int, l limits) *product {
	p := &product{limits: l, kept: 1, bond: 1}
	for q := range n {
		p.sites = append(p.sites, tensor{1, 1, []complex128{1, 0}})
		p.siteOf, p.at = append(p.siteOf, q), append(p.at, q)
	}
	return p
}

// clone returns a copy. Tensors are replaced, never changed, so they are shared.
func (p *product) clone() *product {
	c := *p
	c.sites, c.siteOf, c.at = slices.Clone(p.sites), slices.Clone(p.siteOf), slices.Clone(p.at)
	return &c
}

// apply puts an operator on qubits, the first the most significant.
func (p *product) apply(u ir.Matrix, qubits []int) {
	if len(qubits) == 0 {
		return
	}
	first := p.gather(qubits)
	// The operator in the order of the sites.
	k := len(qubits)
	place := make([]int, k) // of the qubit at the i-th site among the operands
	for i := range place {
		place[i] = slices.Index(qubits, p.at[first+i])
	}
	index := make([]int, 1<<k) // of a basis state by sites, site 0 the least significant
	for s := range index {
		for i, j := range place {
			index[s] |= s >> i & 1 << (k - 1 - j)
		}
	}
	if k == 1 {
		p.sites[first] = p.sites[first].turned(u)
		return
	}
	p.move(first)
	block := p.sites[first]
	for i := 1; i < k; i++ {
		block = block.joined(p.sites[first+i], 1<<i)
	}
	// block is left x 2^k x right, the first site the least significant.
	out := make([]complex128, len(block.a))
	in := make([]complex128, 1<<k)
	for r := range block.right {
		for l := range block.left {
			at := func(s int) int { return l + block.left*(s+1<<k*r) }
			for s := range in {
				in[index[s]] = block.a[at(s)]
			}
			for s := range in {
				var sum complex128
				row := u.A[index[s]*u.Dim : (index[s]+1)*u.Dim]
				for j, x := range in {
					if row[j] != 0 {
						sum += row[j] * x
					}
				}
				out[at(s)] = sum
			}
		}
	}
	block.a = out
	for i := first; i < first+k-1; i++ {
		block = p.cut(i, block, 1<<(first+k-1-i))
	}
	p.sites[first+k-1], p.center = block, first+k-1
}

// turned returns a tensor with an operator on its qubit.
func (t tensor) turned(u ir.Matrix) tensor {
	out := tensor{t.left, t.right, make([]complex128, len(t.a))}
	for r := range t.right {
		zero, one := t.a[2*t.left*r:][:t.left], t.a[2*t.left*r+t.left:][:t.left]
		to := out.a[2*t.left*r:][:2*t.left]
		for l, x := range zero {
			to[l] = u.A[0]*x + u.A[1]*one[l]
			to[t.left+l] = u.A[2]*x + u.A[3]*one[l]
		}
	}
	return out
}

// joined contracts a block of some sites, with so many states, with the next site.
func (t tensor) joined(next tensor, states int) tensor {
	m := matrix{t.left * states, t.right, t.a}
	b := matrix{next.left, 2 * next.right, next.a}
	return tensor{t.left, next.right, m.times(b).a}
}

// cut splits the site i off a block, whose other sites have so many states together, and
// returns the rest, which is the centre.
func (p *product) cut(i int, block tensor, states int) tensor {
	// The block as left·2 rows and states·right columns.
	m := matrix{2 * block.left, states * block.right, block.a}
	us, vt := p.truncated(m)
	p.sites[i] = tensor{block.left, us.cols, us.a}
	p.bond = max(p.bond, us.cols)
	return tensor{us.cols, block.right, vt.a}
}

// truncated returns u with orthonormal columns and w with m ≈ u·w, where the smallest
// singular values are left out, and w has the norm of m.
func (p *product) truncated(m matrix) (u, w matrix) {
	body, back := m, func(u matrix) matrix { return u }
	if m.rows > m.cols {
		var q matrix
		q, body = m.split()
		back = q.times
	}
	_, r := body.adjoint().split() // body = r† q†, so r† has the left vectors of body
	turned := r.adjoint()
	order, squares := turned.singular()
	keep, scale := p.keep(squares)
	u = newMatrix(turned.rows, keep)
	for k, j := range order[:keep] {
		size := complex(1/math.Sqrt(squares[k]), 0)
		for i, x := range turned.column(j) {
			u.column(k)[i] = size * x
		}
	}
	w = u.adjointTimes(body)
	for i := range w.a {
		w.a[i] *= complex(scale, 0)
	}
	return back(u), w
}

// keep returns how many singular values are kept and what makes up for the others' weight.
func (p *product) keep(squares []float64) (n int, scale float64) {
	all := 0.0
	for _, s := range squares {
		all += s
	}
	n = len(squares)
	out := 0.0
	for n > 1 && (n > p.maxBond || out+squares[n-1] <= p.cutoff*all) {
		out += squares[n-1]
		n--
	}
	p.kept *= 1 - out/all
	return n, math.Sqrt(all / (all - out))
}

// move brings the centre to a site.
func (p *product) move(to int) {
	for p.center < to {
		t := p.sites[p.center]
		q, r := matrix{2 * t.left, t.right, t.a}.split()
		p.sites[p.center] = tensor{t.left, q.cols, q.a}
		next := p.sites[p.center+1]
		p.sites[p.center+1] = tensor{q.cols, next.right, r.times(matrix{next.left, 2 * next.right, next.a}).a}
		p.center++
	}
	for p.center > to {
		t := p.sites[p.center]
		q, r := matrix{t.left, 2 * t.right, t.a}.adjoint().split() // t = r† q†
		p.sites[p.center] = tensor{q.cols, t.right, q.adjoint().a}
		next := p.sites[p.center-1]
		p.sites[p.center-1] = tensor{next.left, q.cols, matrix{2 * next.left, next.right, next.a}.times(r.adjoint()).a}
		p.center--
	}
}

// gather swaps qubits until they stand side by side, in some order, and returns the first
// site. They meet at the one in the middle.
func (p *product) gather(qubits []int) (first int) {
	sites := make([]int, len(qubits))
	for i, q := range qubits {
		sites[i] = p.siteOf[q]
	}
	slices.Sort(sites)
	middle := len(sites) / 2
	for i := middle + 1; i < len(sites); i++ {
		for at := sites[i]; at > sites[middle]+i-middle; at-- {
			p.swap(at - 1)
		}
	}
	for i := middle - 1; i >= 0; i-- {
		for at := sites[i]; at < sites[middle]-(middle-i); at++ {
			p.swap(at)
		}
	}
	return sites[middle] - middle
}

// swap exchanges the qubits at a site and the next.
func (p *product) swap(i int) {
	p.move(i)
	t := p.sites[i].joined(p.sites[i+1], 2)
	out := make([]complex128, len(t.a))
	for r := range t.right {
		for s := range 4 {
			from := t.a[t.left*(s+4*r):][:t.left]
			copy(out[t.left*(s>>1|s&1<<1+4*r):], from)
		}
	}
	t.a = out
	p.sites[i+1], p.center = p.cut(i, t, 2), i+1
	a, b := p.at[i], p.at[i+1]
	p.at[i], p.at[i+1] = b, a
	p.siteOf[a], p.siteOf[b] = i+1, i
}

// one returns the probability that a qubit is 1.
func (p *product) one(q int) float64 {
	p.move(p.siteOf[q])
	t := p.sites[p.center]
	w := [2]float64{}
	for r := range t.right {
		for s := range 2 {
			w[s] += norm2(t.a[t.left*(s+2*r):][:t.left])
		}
	}
	return w[1] / (w[0] + w[1])
}

// project keeps what has a value on a qubit, with norm 1. The centre is at the qubit.
func (p *product) project(q int, one bool) {
	t := p.sites[p.siteOf[q]]
	out := tensor{t.left, t.right, make([]complex128, len(t.a))}
	s := 0
	if one {
		s = 1
	}
	for r := range t.right {
		at := t.left * (s + 2*r)
		copy(out.a[at:at+t.left], t.a[at:])
	}
	scale := complex(1/math.Sqrt(norm2(out.a)), 0)
	for i := range out.a {
		out.a[i] *= scale
	}
	p.sites[p.siteOf[q]] = out
}
