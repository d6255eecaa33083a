package wide

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"

	"qgan/backends"
	"qgan/internal/parallel"
	"qgan/internal/stream"
	"qgan/ir"
)

// MPS runs circuits by matrix product states, exactly as long as the bonds are wide enough.
// A gate on neighbours costs of the order of χ³ operations for a bond of χ states, a shot
// n·χ². The zero value has bonds of at most DefaultBond states.
type MPS struct {
	// MaxBond bounds the states of a bond; 0 stands for DefaultBond.
	MaxBond int
	// Cutoff is the weight, of 1, that the splitting of a gate may leave out; 0 stands for
	// DefaultCutoff.
	Cutoff float64
}

// The limits of an MPS that names none.
const (
	DefaultBond   = 256
	DefaultCutoff = 1e-16
)

// maxGateQubits bounds the gates that are put on a state as they are.
const maxGateQubits = 6

// add takes in what a state left out.
func add(t *backends.Truncation, p *product) {
	t.Bond, t.Error = max(t.Bond, p.bond), max(t.Error, 1-p.kept)
}

func (s *MPS) limits() limits {
	l := limits{s.MaxBond, s.Cutoff}
	if l.maxBond == 0 {
		l.maxBond = DefaultBond
	}
	if l.cutoff == 0 {
		l.cutoff = DefaultCutoff
	}
	return l
}

// Run draws shots of circuits that measure. Where measurements come last the circuit is run
// once and words are drawn, otherwise each shot is followed from the first measurement on.
// The shots are a function of circuit, bindings, shots and seed only.
func (s *MPS) Run(ctx context.Context, requests []backends.Request) ([]backends.Result, error) {
	results, _, err := s.RunTold(ctx, requests)
	return results, err
}

// RunTold is Run, and tells what was left out.
func (s *MPS) RunTold(ctx context.Context, requests []backends.Request) ([]backends.Result, backends.Truncation, error) {
	var told backends.Truncation
	results, err := runs(ctx, requests, "mps", func(r backends.Request, trained, data []float64, shots int, seed uint64) (*backends.Rows, error) {
		c := r.Circuit
		if gates, ok := c.Gates(); ok {
			p, err := s.state(ctx, gates, trained, data)
			if err != nil {
				return nil, err
			}
			add(&told, p)
			return p.draw(ctx, c, shots, seed)
		}
		walk := &walker{product: newProduct(c.Qubits, s.limits()), trained: trained, data: data}
		gates, rest := 0, c.Ops
		for ; gates < len(rest) && isGate(rest[gates]); gates++ {
			if err := walk.gate(rest[gates]); err != nil {
				return nil, fmt.Errorf("circuit %q: %w", c.Name, err)
			}
		}
		return each(ctx, c, rest[gates:], shots, seed,
			func() state { return &walker{product: walk.clone(), trained: trained, data: data} },
			func(w state) { add(&told, w.(*walker).product) })
	})
	return results, told, err
}

// state runs a circuit of gates.
func (s *MPS) state(ctx context.Context, c *ir.Circuit, trained, data []float64) (*product, error) {
	w := &walker{product: newProduct(c.Qubits, s.limits()), trained: trained, data: data}
	for _, op := range c.Ops {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !isGate(op) {
			continue
		}
		if err := w.gate(op); err != nil {
			return nil, fmt.Errorf("circuit %q: %w", c.Name, err)
		}
	}
	return w.product, nil
}

func isGate(op ir.Op) bool {
	switch op.(type) {
	case *ir.Apply, *ir.Unitary:
		return true
	}
	return false
}

// walker is a state that a shot acts on.
type walker struct {
	*product
	trained, data []float64
}

func (w *walker) gate(op ir.Op) error {
	qubits := ir.ActsOn(op)
	if len(qubits) > maxGateQubits {
		return backends.Refuse("%s acts on %d qubits, the mps method takes gates on at most %d: compile the circuit first", ir.NameOf(op), len(qubits), maxGateQubits)
	}
	switch op := op.(type) {
	case *ir.Apply:
		w.apply(op.MatrixOf(w.trained, w.data), qubits)
	case *ir.Unitary:
		w.apply(op.Matrix, qubits)
	}
	return nil
}

func (w *walker) measure(q int, rng *rand.Rand) (bool, error) {
	one := rng.Float64() < w.one(q)
	w.project(q, one)
	return one, nil
}

func (w *walker) not(q int) error {
	w.apply(ir.X.Info().Matrix(nil), []int{q})
	return nil
}

// draw draws the words of shots of a circuit whose measurements come last, site by site
// from the left (Ferris & Vidal 2012, arXiv:1201.3974): right of the centre the tensors are
// isometries, so that what was drawn so far is all that a site needs.
func (p *product) draw(ctx context.Context, c *ir.Circuit, shots int, seed uint64) (*backends.Rows, error) {
	p.move(0)
	rows := backends.NewRows(c.Bits, shots)
	read := c.Readout()
	width := 1
	for _, t := range p.sites {
		width = max(width, t.right)
	}
	const block = 64
	workers := runtime.GOMAXPROCS(0)
	type scratch struct {
		left, next [2][]complex128
		values     []bool
	}
	room := make([]scratch, workers)
	for i := range room {
		for k := range 2 {
			room[i].left[k], room[i].next[k] = make([]complex128, width), make([]complex128, width)
		}
		room[i].values = make([]bool, len(p.sites))
	}
	parallel.Each((shots+block-1)/block, workers, func(i, worker int) {
		if ctx.Err() != nil {
			return
		}
		r := &room[worker]
		rng := stream.New(seed, "shots", uint64(i))
		for shot := i * block; shot < min((i+1)*block, shots); shot++ {
			left := r.left[0][:1]
			left[0] = 1
			for site, t := range p.sites {
				zero, one := r.next[0][:t.right], r.next[1][:t.right]
				for k := range t.right {
					a := t.a[2*t.left*k:][:2*t.left]
					zero[k], one[k] = weighted(left, a[:t.left]), weighted(left, a[t.left:])
				}
				w0, w1 := norm2(zero), norm2(one)
				chosen, w := zero, w0
				r.values[p.at[site]] = rng.Float64()*(w0+w1) < w1
				if r.values[p.at[site]] {
					chosen, w = one, w1
				}
				scale := complex(1/math.Sqrt(w), 0)
				left = r.left[0][:t.right]
				for k, x := range chosen {
					left[k] = scale * x
				}
			}
			for bit, m := range read {
				if m != nil && r.values[m.Qubit] {
					rows.Set(shot, bit)
				}
			}
		}
	})
	return rows, ctx.Err()
}

// weighted returns the sum of a·b, without conjugation.
func weighted(a, b []complex128) complex128 {
	var re, im float64
	for i, x := range a {
		y := b[i]
		re += real(x)*real(y) - imag(x)*imag(y)
		im += real(x)*imag(y) + imag(x)*real(y)
	}
	return complex(re, im)
}

// Expectations returns the expectation values of Pauli strings in the final state of a
// circuit of gates, and tells what was left out.
func (s *MPS) Expectations(ctx context.Context, c *ir.Circuit, strings []backends.PauliString) ([]float64, backends.Truncation, error) {
	p, err := s.state(ctx, c, nil, nil)
	if err != nil {
		return nil, backends.Truncation{}, err
	}
	p.move(0)
	out := make([]float64, len(strings))
	for i, letters := range strings {
		out[i] = p.expectation(letters)
	}
	var told backends.Truncation
	add(&told, p)
	return out, told, nil
}

// expectation returns the expectation value of a string; the centre is at site 0. Sites
// after the last letter are isometries and drop out.
func (p *product) expectation(s backends.PauliString) float64 {
	gates := map[byte]ir.Gate{'X': ir.X, 'Y': ir.Y, 'Z': ir.Z}
	on, last := map[int]ir.Gate{}, -1
	for _, f := range s {
		on[p.siteOf[f.Qubit]] = gates[f.Letter]
		last = max(last, p.siteOf[f.Qubit])
	}
	e := matrix{1, 1, []complex128{1}} // of the bra's and the ket's bond
	for site := 0; site <= last; site++ {
		t := p.sites[site]
		ket := t
		if gate, ok := on[site]; ok {
			ket = t.turned(gate.Info().Matrix(nil))
		}
		// e(bra, ket) · ket(ket; s, r), then the adjoint of bra(bra, s; r).
		half := e.times(matrix{ket.left, 2 * ket.right, ket.a})
		e = matrix{2 * t.left, t.right, t.a}.adjointTimes(matrix{2 * t.left, ket.right, half.a})
	}
	sum := complex128(0)
	if last < 0 {
		return 1
	}
	for i := range e.rows {
		sum += e.a[i*e.rows+i]
	}
	return real(sum)
}
