package lab

import (
	"context"
	"fmt"

	"qgan/backends"
	"qgan/backends/exec"
	"qgan/backends/remote"
	"qgan/backends/service"
	"qgan/internal/stream"
	"qgan/internal/words"
	"qgan/ir"
	"qgan/training"
	"qgan/training/assess"
)

// Draft is what samples of a generator with memory will send to a service at most: a round of
// circuits a bin, which follow from the bits before. How many pasts differ, each with a circuit
// of its own, is not known before; a draft takes bits that are drawn with even chances, so that
// nearly all do.
type Draft struct {
	Rounds                int // one after the other
	Jobs, Circuits, Shots int // at most
	USD                   float64
	Unpriced              bool // no price is known
	Free                  bool // the service is on this machine, where nothing is paid
	// Calibrated says that circuits which calibrate the readout come beside.
	Calibrated bool
}

// rehearsedRounds are as many as are rehearsed for a draft: the others are like the last of
// them.
const rehearsedRounds = 12

// Draft counts and prices what samples will send, and sends nothing.
func (p *Processor) Draft(ctx context.Context, g *assess.Generator, s training.Sampling) (*Draft, error) {
	rounds := g.Rounds(s)
	d := &Draft{Rounds: rounds, Free: p.Remote.Service.Local(), Calibrated: p.Correction.CalibrationShots > 0}
	if s.From > 0 { // bins that are left out cost as others do
		s.From, s.Bins = 0, rounds
	}
	s.Bins = max(1, min(s.Bins, rehearsedRounds-(rounds-s.Bins)))
	plain := *p.Processor
	plain.Correction = exec.Correction{}
	r := &remote.Rehearsal{Service: p.Remote.Service, Answer: silence{}}
	on := &coins{Sampler: exec.Sampler{Runner: plain.Over(r)}, rehearsal: r}
	drawn := assess.Processor{Name: p.Name, Shots: func(backends.Mitigation) training.Sampler { return on }}
	if _, _, err := g.Draw(ctx, &drawn, s); err != nil {
		return nil, service.Broken(p.Remote.Service, err)
	}
	last, rest := r.Since(on.before), rounds-r.Rounds
	d.Jobs, d.Circuits, d.Shots = r.Jobs+rest*last.Jobs, r.Circuits+rest*last.Circuits, r.Shots+rest*last.Shots
	d.USD, d.Unpriced = r.USD+float64(rest)*last.USD, r.Unpriced
	return d, nil
}

// String says in words what will be sent and what it costs.
func (d *Draft) String() string {
	text := fmt.Sprintf("%s, one after the other, since each bin's circuits follow from the bits before: at most %s of %s and %s in all",
		words.Count(d.Rounds, "round"), words.Count(d.Jobs, "job"), words.Count(d.Circuits, "circuit"), words.Count(d.Shots, "shot"))
	if d.Calibrated {
		text += ", and what calibrates the readout"
	}
	switch {
	case d.Free:
		return text + "; jobs on this machine cost nothing"
	case d.Unpriced:
		return text + "; no price is known"
	}
	return text + fmt.Sprintf("; at most $%.2f", d.USD)
}

// coins is a sampler that counts what words would take and draws their bits with even chances.
type coins struct {
	exec.Sampler
	rehearsal *remote.Rehearsal
	before    remote.Rehearsal // the last call
}

// Words counts, and tosses coins.
func (s *coins) Words(ctx context.Context, c *ir.Circuit, b backends.Bindings, shots []int, seed uint64) ([][]uint64, error) {
	s.before = *s.rehearsal
	if _, err := s.Sampler.Words(ctx, c, b, shots, seed); err != nil {
		return nil, err
	}
	rng, out := stream.New(seed, "coins"), make([][]uint64, len(shots))
	for lane, n := range shots {
		for range n {
			out[lane] = append(out[lane], rng.Uint64()>>(64-c.Bits))
		}
	}
	return out, nil
}

// silence is a Runner that reads zeros.
type silence struct{}

func (silence) Run(_ context.Context, requests []backends.Request) ([]backends.Result, error) {
	out := make([]backends.Result, len(requests))
	for i, q := range requests {
		for lane := range q.Bindings.Len() {
			n := q.ShotsOf(lane)
			out[i].Outcomes = append(out[i].Outcomes, backends.Outcome{Shots: n, Counts: []backends.Count{{N: n}}})
		}
	}
	return out, nil
}
