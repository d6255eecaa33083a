package sim

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"qgan/backends"
	"qgan/calibration"
	"qgan/internal/stream"
	"qgan/ir"
)

// Method is how a noisy circuit is simulated.
type Method string

// The methods: density matrix (exact, up to MaxDensityQubits), trajectories (one
// pure state for each distinct course of events), or whichever is cheaper.
const (
	AutoMethod         Method = "auto"
	DensityMethod      Method = "density"
	TrajectoriesMethod Method = "trajectories"
)

// Noisy runs circuits with a processor's noise. A circuit's qubits are the
// physical ones of the model ([ir.Physical]); those that nothing acts on are left
// out. What
// happens to a shot is what the model says of the circuit's operations as they
// are written, none is taken out or added.
type Noisy struct {
	Model   *calibration.NoiseModel
	Method  Method // "" stands for auto
	Workers int    // at most this many goroutines; 0: GOMAXPROCS
	Kernel  string // one of Kernels, or "auto" or "" for the fastest
}

var errNoModel = errors.New("the noisy simulator has no noise model")

// MethodOf returns the method that is used for so many shots; 0 shots ask for
// the exact law. With auto it is the cheaper one by the sizes: 4^n numbers of a
// density matrix, for each way through the measurements in the middle, against
// the 2^n amplitudes of the shots.
func (s *Noisy) MethodOf(c *ir.Circuit, shots int) (Method, error) {
	p, err := s.prepare(c)
	if err != nil {
		return "", err
	}
	return p.method(s.Method, shots), nil
}

func (p *noisyCircuit) method(asked Method, shots int) Method {
	switch n := p.circuit.Qubits; {
	case asked == DensityMethod || asked == TrajectoriesMethod:
		return asked
	case shots == 0:
		return DensityMethod
	case n > MaxDensityQubits:
		return TrajectoriesMethod
	}
	paulis := true
	for _, sites := range p.sites {
		for _, s := range sites {
			paulis = paulis && s.paulis
		}
	}
	ways := 1 // through the circuit, as a density matrix parts
	for _, op := range flat(p.circuit.Ops[:len(p.circuit.Ops)-p.last]) {
		switch op := op.(type) {
		case *ir.While:
			return TrajectoriesMethod
		case *ir.Measure:
			if op.Bit >= 0 {
				ways = min(2*ways, shots)
			}
		}
	}
	// A shot with Kraus operators takes many times as long as one whose errors
	// are absorbed.
	worth := max(1<<6, shots/32)
	if !paulis {
		worth = max(1<<6, shots)
	}
	if ways<<p.circuit.Qubits <= worth {
		return DensityMethod
	}
	return TrajectoriesMethod
}

// Law returns the exact distribution of a circuit's outcomes, after the readout
// errors, for values of its symbols. A measurement in the middle parts the
// density matrix in two; parts of a weight below 1e-15 are left out.
func (s *Noisy) Law(ctx context.Context, c *ir.Circuit, trained, data []float64) (*backends.Law, error) {
	p, err := s.prepare(c)
	if err != nil {
		return nil, err
	}
	return p.law(ctx, s.Kernel, workersOf(s.Workers), trained, data)
}

// Run draws shots. They are a function of circuit, bindings, shots and seed
// only.
func (s *Noisy) Run(ctx context.Context, requests []backends.Request) ([]backends.Result, error) {
	out := make([]backends.Result, len(requests))
	for i, r := range requests {
		res, err := s.run(ctx, r)
		switch {
		case err != nil && len(requests) > 1:
			return nil, fmt.Errorf("request %d: %w", i, err)
		case err != nil:
			return nil, err
		}
		out[i] = res
	}
	return out, nil
}

func (s *Noisy) run(ctx context.Context, r backends.Request) (backends.Result, error) {
	c := r.Circuit
	kernel := (&Simulator{Kernel: s.Kernel}).KernelName()
	res := backends.Result{Bits: c.Bits, Provenance: backends.Provenance{Backend: "noisy", Kernel: kernel}}
	lanes := r.Bindings.Len()
	switch {
	case s.Model == nil:
		return res, errNoModel
	case r.Mitigation != "" && r.Mitigation != backends.MitigateNone:
		return res, fmt.Errorf("mitigation %q: the simulator returns what was read, correct the outcomes with the model's confusion", r.Mitigation)
	}
	res.Provenance.Snapshot = s.Model.Snapshot
	if err := r.Check(); err != nil {
		return res, err
	}
	p, err := s.prepare(c)
	if err != nil {
		return res, err
	}
	if !p.measures() {
		return res, fmt.Errorf("circuit %q measures nothing, so it has no shots", c.Name)
	}
	res.Outcomes = make([]backends.Outcome, lanes)
	for lane := range lanes {
		trained, data := r.Bindings.Row(lane)
		shots := r.ShotsOf(lane)
		job := shotJob{
			noisyCircuit: p, trained: trained, data: data,
			shots: shots, seed: r.Seed, lane: uint64(lane), kernel: s.Kernel, workers: workersOf(s.Workers),
		}
		var words []uint64
		if p.method(s.Method, shots) == DensityMethod {
			words, err = job.fromLaw(ctx)
		} else {
			words, err = job.trajectories(ctx)
		}
		if err != nil {
			return res, err
		}
		res.Outcomes[lane] = outcomeOf(words, shots, r.KeepOrder)
	}
	return res, nil
}

// shotJob is the shots of one lane.
type shotJob struct {
	*noisyCircuit
	trained, data []float64
	shots         int
	seed, lane    uint64
	kernel        string
	workers       int
}

// stream returns the lane's random numbers of one purpose.
func (j *shotJob) stream(purpose string, index ...uint64) *rand.Rand {
	return stream.New(j.seed, "noisy "+purpose, append([]uint64{j.lane}, index...)...)
}

// fromLaw draws the shots from the exact law.
func (j *shotJob) fromLaw(ctx context.Context) ([]uint64, error) {
	law, err := j.law(ctx, j.kernel, j.workers, j.trained, j.data)
	if err != nil {
		return nil, err
	}
	rng := j.stream("law")
	counts := make([]int, len(law.P))
	Sample(law.P, j.shots, rng, counts)
	words := make([]uint64, 0, j.shots)
	for i, n := range counts {
		for range n {
			words = append(words, law.Words[i])
		}
	}
	rng.Shuffle(len(words), func(a, b int) { words[a], words[b] = words[b], words[a] })
	return words, nil
}

// noisyCircuit is a circuit on the qubits that it uses, with the channels that
// follow its operations.
type noisyCircuit struct {
	circuit    *ir.Circuit
	model      *calibration.NoiseModel
	physical   []int // of each qubit
	sites      map[ir.Op][]site
	correlated map[int]bool // physical qubits
	last       int          // number of measurements at the end

	// patternProgram makes the program of a circuit with Pauli noise once, nil
	// where it is none.
	patternProgram func() (*patternProgram, error)
}

// site is a channel at work on qubits of the circuit.
type site struct {
	*channel
	qubits []int
	stay   ir.Op // the usual Kraus operator, where there is one
}

// channel is a channel with what the methods need of it.
type channel struct {
	*calibration.Channel
	transfer []float64
	kraus    []ir.Matrix
	// identity is the branch of the mixture that does nothing, or -1; paulis
	// says that no branch resets.
	identity int
	paulis   bool

	// Of Kraus operators on one qubit: K†K where all are diagonal; the one that
	// is nearest to the identity, and how likely another one is at most (hasUsual
	// says that that is below a half).
	diagonals [][2]float64
	usual     int
	kappa     float64
	hasUsual  bool
}

func newChannel(c *calibration.Channel) *channel {
	out := &channel{Channel: c, transfer: c.Transfer(), identity: -1, paulis: c.Mixture != nil}
	if c.Mixture == nil {
		out.kraus = c.Kraus()
		out.diagonals = diagonals(out.kraus)
		if c.Qubits == 1 && len(out.kraus) > 1 {
			out.usual, out.kappa = usualOf(out.kraus)
			if out.kappa < 0.5 {
				out.hasUsual = true
			}
		}
	}
	for i, b := range c.Mixture {
		plain := true
		for _, letter := range b.Steps {
			plain = plain && letter == 'I'
			out.paulis = out.paulis && letter != '0' && letter != '1'
		}
		if plain {
			out.identity = i
		}
	}
	return out
}

// prepare finds the channels of every operation, then takes out the qubits that
// nothing acts on and puts off the measurements that may come last.
func (s *Noisy) prepare(c *ir.Circuit) (*noisyCircuit, error) {
	switch {
	case s.Model == nil:
		return nil, errNoModel
	case s.Method != "" && !slices.Contains([]Method{AutoMethod, DensityMethod, TrajectoriesMethod}, s.Method):
		return nil, fmt.Errorf("method %q: it can be %s, %s or %s", s.Method, AutoMethod, DensityMethod, TrajectoriesMethod)
	case c.Bits > 64:
		return nil, fmt.Errorf("circuit %q has %d bits, outcomes hold at most 64", c.Name, c.Bits)
	}
	if err := ir.Verify(c); err != nil {
		return nil, err
	}
	c, err := ir.Physical(c)
	if err != nil {
		return nil, err
	}
	p := &noisyCircuit{circuit: ir.DropIdle(c), model: s.Model, sites: map[ir.Op][]site{}, correlated: s.Model.Correlated()}
	before, after := flat(c.Ops), flat(p.circuit.Ops)
	own := map[int]int{}
	p.physical = make([]int, p.circuit.Qubits)
	for i, op := range before {
		was, is := ir.ActsOn(op), ir.ActsOn(after[i])
		for j, q := range was {
			own[q] = is[j]
			p.physical[is[j]] = q
		}
	}
	known := map[string][]site{}
	for i, op := range before {
		switch op.(type) {
		case *ir.Opaque:
			return nil, fmt.Errorf("circuit %q: the simulator cannot run %s", c.Name, ir.NameOf(op))
		}
		key := s.Model.Key(op)
		if key == "" {
			continue
		}
		sites, ok := known[key]
		if !ok {
			list, err := s.Model.After(op)
			if err != nil {
				return nil, fmt.Errorf("circuit %q: %w", c.Name, err)
			}
			for _, l := range list {
				k := site{channel: newChannel(l.Channel), qubits: make([]int, len(l.Qubits))}
				used := true
				for j, q := range l.Qubits {
					at, ok := own[q]
					k.qubits[j], used = at, used && ok
				}
				if k.hasUsual {
					k.stay = &ir.Unitary{Name: k.Name, Matrix: k.kraus[k.usual], Qubits: k.qubits}
				}
				if used { // a delay may name qubits that are not
					sites = append(sites, k)
				}
			}
			known[key] = sites
		}
		if len(sites) > 0 {
			p.sites[after[i]] = sites
		}
	}
	out := *p.circuit
	out.Ops, p.last = putOff(out.Ops, out.Qubits)
	p.circuit = &out
	p.patternProgram = sync.OnceValues(p.newPatternProgram)
	return p, nil
}

// flat lists the operations of a circuit, those in blocks too.
func flat(ops []ir.Op) (out []ir.Op) {
	ir.Walk(ops, func(op ir.Op) error {
		out = append(out, op)
		return nil
	})
	return out
}

// putOff moves the measurements after which nothing happens to their qubits to
// the end, where they are read together, and drops delays of qubits that are
// read no more. It counts the measurements at the end.
func putOff(ops []ir.Op, qubits int) (out []ir.Op, measurements int) {
	live := make([]bool, qubits) // something happens to the qubit later
	fixed := map[int]bool{}      // bits that something later reads or writes
	var kept, last []ir.Op       // both backwards
	for _, op := range slices.Backward(ops) {
		switch k := op.(type) {
		case *ir.Measure:
			if !live[k.Qubit] && !fixed[k.Bit] {
				last = append(last, op)
				// A further measurement of the qubit comes before this one.
				live[k.Qubit] = true
				if k.Bit >= 0 {
					fixed[k.Bit] = true
				}
				continue
			}
		case *ir.Delay:
			if !slices.ContainsFunc(k.Qubits, func(q int) bool { return live[q] }) {
				continue
			}
		}
		for _, inner := range flat([]ir.Op{op}) {
			for _, q := range ir.ActsOn(inner) {
				live[q] = true
			}
			for _, bit := range ir.BitsOf(inner) {
				fixed[bit] = true
			}
		}
		kept = append(kept, op)
	}
	out = slices.Concat(last, kept)
	slices.Reverse(out)
	return out, len(last)
}

func (p *noisyCircuit) measures() bool {
	return slices.ContainsFunc(flat(p.circuit.Ops), func(op ir.Op) bool {
		_, ok := op.(*ir.Measure)
		return ok
	})
}

// flips returns P(1|0) and P(0|1) of a measurement in the middle of the circuit.
func (p *noisyCircuit) flips(qubit int) (p1, p0 float64, err error) {
	physical := p.physical[qubit]
	if p.correlated[physical] {
		return 0, 0, fmt.Errorf("qubit %d is measured before the end, and its readout error is one with those of others", physical)
	}
	c, err := p.model.Confusion([]int{physical})
	if err != nil || len(c.Groups) == 0 {
		return 0, 0, err
	}
	return c.Groups[0].A[1][0], c.Groups[0].A[0][1], nil
}

// readout is how the bits measured at the end come from the qubits.
type readout struct {
	bits      []int // classical, ascending
	qubits    []int // of the circuit, one for each of bits
	confusion calibration.Confusion
}

// readoutOf gathers the measurements at the end of a circuit.
func (p *noisyCircuit) readoutOf(t *todo) (*readout, error) {
	from := map[int]int{}
	for ; t != nil; t = t.next {
		for _, op := range t.ops {
			if m, ok := op.(*ir.Measure); ok && m.Bit >= 0 {
				from[m.Bit] = m.Qubit
			}
		}
	}
	r := &readout{}
	for bit := range p.circuit.Bits {
		if q, ok := from[bit]; ok {
			r.bits, r.qubits = append(r.bits, bit), append(r.qubits, q)
		}
	}
	physical := make([]int, len(r.qubits))
	for i, q := range r.qubits {
		physical[i] = p.physical[q]
	}
	var err error
	r.confusion, err = p.model.Confusion(physical)
	return r, err
}

// word puts the bits read at the end into a word of the others' values.
func (r *readout) word(before []bool, read uint64) (w uint64) {
	for bit, one := range before {
		if one {
			w |= 1 << (len(before) - 1 - bit)
		}
	}
	for i, bit := range r.bits {
		at := uint64(1) << (len(before) - 1 - bit)
		if w &^= at; read>>(len(r.bits)-1-i)&1 == 1 {
			w |= at
		}
	}
	return w
}
