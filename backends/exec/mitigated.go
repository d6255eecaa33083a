package exec

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"qgan/backends"
	"qgan/calibration"
	"qgan/internal/stream"
	"qgan/ir"
)

// Mitigated is a Runner that takes the readout errors out of what another one
// reads, by the method that a request names, and fills Weights, Variances and
// Overhead of its outcomes:
//
//	full      inversion, with the errors of bits that are correlated as one matrix
//	tensored  inversion, each bit on its own
//	m3        within the words that were read
//	twirl     twirled readout: shots are shared by circuits with an x before some of the
//	          measurements (calibration.BalancedWords), bits are flipped back
//
// Qubits are the physical ones: those that registers $n name (ir.Physical). What is
// measured is calibrated once, with the requests that first need it. Requests that ask for
// no mitigation pass through. The Runner returns words as they were measured; what a folded
// readout makes of them comes after (Mapped). Goroutines that share one wait for each
// other.
type Mitigated struct {
	Runner backends.Runner
	// Confusion tells the readout errors of bits that are read from physical qubits, from
	// a device's figures. It isn't asked where readout is calibrated.
	Confusion func(qubits []int) (calibration.Confusion, error)
	// CalibrationShots are shared evenly by the circuits that calibrate a readout. 0: the
	// device's figures are taken. Twirling has to be calibrated.
	CalibrationShots int
	// Balanced calibrates bits on their own, for tensored and m3, by the words of
	// calibration.BalancedWords instead of 0…0 and 1…1.
	Balanced bool
	// Seed is that of the calibrations' shots.
	Seed uint64
	M3   calibration.M3Options
	// Flip returns the operations that flip a qubit of a circuit, native where they have to
	// be; nil: an x.
	Flip func(qubit int) []ir.Op

	mu    sync.Mutex
	known map[string]*readoutErrors
}

// readoutErrors is what is known of a readout: the estimate, or for twirled readout
// the histogram of 0…0.
type readoutErrors struct {
	estimate calibration.Estimate
	zeros    calibration.Histogram
	jobs     []string
}

// Run runs the requests, with the calibrations that they need, in one call of the
// Runner.
func (m *Mitigated) Run(ctx context.Context, requests []backends.Request) ([]backends.Result, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	batch := &batch{}
	plans := make([]*plan, len(requests))
	calibrations := map[string]*job{}
	for i, r := range requests {
		p, err := m.plan(r, batch)
		if err != nil {
			return nil, fmt.Errorf("request %d: %w", i, err)
		}
		plans[i] = p
		if p.readout == nil || calibrations[p.key] != nil || m.known[p.key] != nil {
			continue
		}
		if calibrations[p.key], err = m.calibrate(p, batch); err != nil {
			return nil, fmt.Errorf("request %d: %w", i, err)
		}
	}
	results, err := m.Runner.Run(ctx, batch.requests)
	if err != nil {
		return nil, err
	}
	for _, key := range slices.Sorted(maps.Keys(calibrations)) {
		errs, err := calibrations[key].read(results)
		if err != nil {
			return nil, fmt.Errorf("calibrating the readout: %w", err)
		}
		if m.known == nil {
			m.known = map[string]*readoutErrors{}
		}
		m.known[key] = errs
	}
	out := make([]backends.Result, len(requests))
	for i, p := range plans {
		if out[i], err = m.finish(p, results); err != nil {
			return nil, fmt.Errorf("request %d: %w", i, err)
		}
	}
	return out, nil
}

// batch gathers the requests of one call of the Runner.
type batch struct{ requests []backends.Request }

// add returns the place of a request.
func (b *batch) add(r backends.Request) int {
	r.Mitigation = ""
	b.requests = append(b.requests, r)
	return len(b.requests) - 1
}

// plan is how a request is carried out: by parts, each a request to the Runner.
type plan struct {
	request backends.Request
	readout *readout // nil: nothing is mitigated
	key     string   // of what has to be known of the readout
	parts   []part
}

// part is a request with the lanes that take part in it and the flips of what it
// measures.
type part struct {
	at    int // in the batch
	lanes []int
	mask  uint64
}

// plan adds what a request needs to the batch, but for the calibration.
func (m *Mitigated) plan(r backends.Request, b *batch) (*plan, error) {
	p := &plan{request: r}
	every := make([]int, r.Bindings.Len())
	for i := range every {
		every[i] = i
	}
	switch r.Mitigation {
	case backends.MitigateNone, "":
		p.parts = []part{{at: b.add(r), lanes: every}}
		return p, nil
	case backends.MitigateFull, backends.MitigateTensored, backends.MitigateM3, backends.MitigateTwirl:
	default:
		return nil, backends.Refuse("mitigation %q: it can be none, full, tensored, m3 or twirl", r.Mitigation)
	}
	if err := r.Check(); err != nil {
		return nil, &backends.Refusal{Err: err}
	}
	var err error
	if p.readout, err = readoutOf(r.Circuit); err != nil {
		return nil, err
	}
	kind := "single"
	switch {
	case m.CalibrationShots == 0 && r.Mitigation != backends.MitigateTwirl:
		kind = "figures"
	case r.Mitigation == backends.MitigateFull || r.Mitigation == backends.MitigateTwirl:
		kind = string(r.Mitigation)
	}
	c := r.Circuit
	p.key = fmt.Sprint(kind, c.Qubits, c.QubitRegs, c.Bits, p.readout.qubits, p.readout.bits)
	if r.Mitigation != backends.MitigateTwirl {
		p.parts = []part{{at: b.add(r), lanes: every}}
		return p, nil
	}
	if err := p.readout.twirlable(); err != nil {
		return nil, fmt.Errorf("circuit %q: %w", c.Name, err)
	}
	masks := calibration.BalancedWords(len(p.readout.bits))
	for i, mask := range masks {
		one := r
		one.Circuit = p.readout.twirled(mask, m.circuits(p.readout))
		one.Seed = stream.New(r.Seed, "twirl", uint64(i)).Uint64()
		one.Bindings.Lanes, one.Shots = nil, nil
		part := part{mask: mask}
		for lane := range every {
			if n := share(r.ShotsOf(lane), i, len(masks)); n > 0 {
				part.lanes = append(part.lanes, lane)
				one.Bindings.Lanes = append(one.Bindings.Lanes, r.Bindings.Lane(lane))
				one.Shots = append(one.Shots, n)
			}
		}
		if len(part.lanes) > 0 {
			part.at = b.add(one)
			p.parts = append(p.parts, part)
		}
	}
	return p, nil
}

// share is what part i of so many gets of a number of shots.
func share(shots, i, parts int) int {
	n := shots / parts
	if i < shots%parts {
		n++
	}
	return n
}

// circuits says how a readout is calibrated.
func (m *Mitigated) circuits(r *readout) calibration.ReadoutCircuits {
	return calibration.ReadoutCircuits{Like: r.circuit, Qubits: r.qubits, Bits: r.bits, Flip: m.Flip}
}

// job is a calibration: words that are prepared, by requests of the batch, or nothing
// but the device's figures.
type job struct {
	readout *readout
	figures *calibration.Confusion
	full    bool
	twirled bool
	words   []uint64
	first   int // place of the first word's request
}

// calibrate adds the requests that calibrate a readout.
func (m *Mitigated) calibrate(p *plan, b *batch) (*job, error) {
	n := len(p.readout.bits)
	j := &job{readout: p.readout, full: p.request.Mitigation == backends.MitigateFull, twirled: p.request.Mitigation == backends.MitigateTwirl, first: len(b.requests)}
	if m.CalibrationShots == 0 && !j.twirled {
		if m.Confusion == nil {
			return nil, backends.Refuse("nothing is known of the readout errors: give shots to calibrate them")
		}
		c, err := m.Confusion(p.readout.physical)
		j.figures = &c
		return j, err
	}
	if err := p.readout.twirlable(); err != nil {
		return nil, fmt.Errorf("circuit %q: %w", p.request.Circuit.Name, err)
	}
	switch {
	case j.full && n > calibration.MaxGroupBits:
		return nil, backends.Refuse("full inversion calibrates 2^n circuits, of at most %d bits; %d are measured: use tensored, m3 or twirl", calibration.MaxGroupBits, n)
	case j.full:
		j.words = calibration.FullWords(n)
	case j.twirled || m.Balanced:
		j.words = calibration.BalancedWords(n)
	default:
		j.words = calibration.TensoredWords(n)
	}
	if m.CalibrationShots < len(j.words) {
		return nil, backends.Refuse("%d shots for the %d circuits that calibrate the readout for %s: give each at least one, and better a thousand", m.CalibrationShots, len(j.words), p.request.Mitigation)
	}
	for i, word := range j.words {
		b.add(backends.Request{
			Circuit: m.circuits(p.readout).Prepare(word),
			Shots:   []int{share(m.CalibrationShots, i, len(j.words))},
			Seed:    stream.New(m.Seed, "readout calibration", uint64(i)).Uint64(),
		})
	}
	return j, nil
}

// read makes an estimate of the results.
func (j *job) read(results []backends.Result) (*readoutErrors, error) {
	if j.figures != nil {
		return &readoutErrors{estimate: calibration.Estimate{Confusion: *j.figures}}, nil
	}
	out := &readoutErrors{zeros: calibration.Histogram{Bits: len(j.readout.bits)}}
	histograms := make([]calibration.Histogram, len(j.words))
	for i, word := range j.words {
		res := results[j.first+i]
		out.jobs = append(out.jobs, res.Provenance.Jobs...)
		histograms[i] = j.readout.histogram(res.Outcomes[0].Counts)
		for k, w := range histograms[i].Words {
			out.zeros.Words = append(out.zeros.Words, w^word)
			out.zeros.N = append(out.zeros.N, histograms[i].N[k])
		}
	}
	var err error
	switch {
	case j.twirled:
	case j.full:
		out.estimate, err = calibration.EstimateFull(j.words, histograms)
	default:
		out.estimate, err = calibration.EstimateTensored(j.words, histograms)
	}
	return out, err
}

// finish puts the parts of a request together and takes the readout errors out.
func (m *Mitigated) finish(p *plan, results []backends.Result) (backends.Result, error) {
	if p.readout == nil {
		return results[p.parts[0].at], nil
	}
	out := backends.Result{Bits: p.request.Circuit.Bits, Outcomes: make([]backends.Outcome, p.request.Bindings.Len())}
	counts := make([]map[uint64]int, len(out.Outcomes))
	for i := range counts {
		counts[i] = map[uint64]int{}
	}
	for i, part := range p.parts {
		res := results[part.at]
		if i == 0 {
			out.Provenance = res.Provenance
			out.Provenance.Jobs = slices.Clone(out.Provenance.Jobs)
		} else {
			out.Provenance.Jobs = append(out.Provenance.Jobs, res.Provenance.Jobs...)
		}
		flip := p.readout.word(part.mask)
		for k, lane := range part.lanes {
			o, to := &res.Outcomes[k], &out.Outcomes[lane]
			to.Shots += o.Shots
			for _, c := range o.Counts {
				counts[lane][c.Word^flip] += c.N
			}
			for _, w := range o.Words {
				to.Words = append(to.Words, w^flip)
			}
		}
	}
	out.Provenance.Jobs = append(out.Provenance.Jobs, m.known[p.key].jobs...)
	correct, err := m.corrector(p)
	if err != nil {
		return backends.Result{}, p.readout.named(err)
	}
	for lane := range out.Outcomes {
		o := &out.Outcomes[lane]
		for _, w := range slices.Sorted(maps.Keys(counts[lane])) {
			o.Counts = append(o.Counts, backends.Count{Word: w, N: counts[lane][w]})
		}
		q, err := correct(p.readout.histogram(o.Counts))
		if err != nil {
			return backends.Result{}, p.readout.named(err)
		}
		p.readout.fill(o, q)
	}
	return out, nil
}

// corrector returns what takes the readout errors out of the histograms of a request.
func (m *Mitigated) corrector(p *plan) (func(h calibration.Histogram) (*calibration.Quasi, error), error) {
	known := m.known[p.key]
	e := known.estimate
	switch p.request.Mitigation {
	case backends.MitigateTwirl:
		return func(h calibration.Histogram) (*calibration.Quasi, error) { return calibration.Untwirl(h, known.zeros) }, nil
	case backends.MitigateM3:
		return func(h calibration.Histogram) (*calibration.Quasi, error) { return e.M3(h, m.M3) }, nil
	case backends.MitigateTensored:
		if e.Shots == nil {
			e.Confusion = e.Tensored()
		}
	}
	i, err := e.Inverter()
	if err != nil {
		return nil, err
	}
	return i.Invert, nil
}
