// Package backends is the vocabulary between those who want circuits run and
// those who run them: a Request in, a Result out, and, from a simulator,
// exact values and gradients. It holds no backend.
package backends

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"qgan/ir"
)

// Bindings is a table of values for a circuit's symbols. Its lanes are the
// pairs of a trained and a data row that are run. A table without rows counts as
// one row without values, so the zero Bindings is the one lane of a circuit
// without symbols.
type Bindings struct {
	// Trained holds rows of values of the circuit's trained symbols.
	Trained [][]float64
	// Data holds rows of values of the circuit's data symbols.
	Data [][]float64
	// Lanes picks the pairs. Nil stands for every trained row with every data
	// row, the trained row outermost: lane i is (i / len(Data), i % len(Data)).
	Lanes []Lane
}

// Lane is one pair of rows of a Bindings table.
type Lane struct{ Trained, Data int }

// Len counts the lanes.
func (b Bindings) Len() int {
	if b.Lanes != nil {
		return len(b.Lanes)
	}
	return max(1, len(b.Trained)) * max(1, len(b.Data))
}

// Lane returns lane i.
func (b Bindings) Lane(i int) Lane {
	if b.Lanes != nil {
		return b.Lanes[i]
	}
	rows := max(1, len(b.Data))
	return Lane{i / rows, i % rows}
}

// Row returns the values of lane i's symbols; nil of a table without rows.
func (b Bindings) Row(i int) (trained, data []float64) {
	l := b.Lane(i)
	if len(b.Trained) > 0 {
		trained = b.Trained[l.Trained]
	}
	if len(b.Data) > 0 {
		data = b.Data[l.Data]
	}
	return trained, data
}

// Filled returns the same lanes with the row that a table without rows stands for.
func (b Bindings) Filled() Bindings {
	if len(b.Trained) == 0 {
		b.Trained = [][]float64{nil}
	}
	if len(b.Data) == 0 {
		b.Data = [][]float64{nil}
	}
	return b
}

// Check reports rows whose lengths do not fit the circuit, symbols that no row gives
// values to, and lanes that name rows that are not there.
func (b Bindings) Check(c *ir.Circuit) error {
	b = b.Filled()
	for _, k := range []struct {
		name string
		rows [][]float64
		want int
	}{{"trained", b.Trained, len(c.Trained)}, {"data", b.Data, len(c.Data)}} {
		for i, r := range k.rows {
			if len(r) != k.want {
				return fmt.Errorf("%s row %d has %d values, circuit %q has %d %s symbols", k.name, i, len(r), c.Name, k.want, k.name)
			}
		}
	}
	for i, l := range b.Lanes {
		if l.Trained < 0 || l.Trained >= len(b.Trained) || l.Data < 0 || l.Data >= len(b.Data) {
			return fmt.Errorf("lane %d names rows %d and %d of %d trained and %d data rows", i, l.Trained, l.Data, len(b.Trained), len(b.Data))
		}
	}
	return nil
}

// Mitigation names a way of undoing readout errors.
type Mitigation string

// The ways of readout mitigation.
const (
	MitigateNone     Mitigation = "none"
	MitigateFull     Mitigation = "full"
	MitigateTensored Mitigation = "tensored"
	MitigateM3       Mitigation = "m3"
	MitigateTwirl    Mitigation = "twirl"
)

// Request asks for shots of one circuit under a table of bindings.
type Request struct {
	Circuit  *ir.Circuit
	Bindings Bindings
	// Shots counts the shots of each lane; a single number serves all lanes.
	Shots []int
	// Seed makes a simulator's shots a function of circuit, shots and seed.
	Seed uint64
	// KeepOrder asks for the outcome of every shot in the order of the shots.
	KeepOrder  bool
	Mitigation Mitigation
}

// ShotsOf returns the shots of a lane.
func (r Request) ShotsOf(lane int) int {
	if len(r.Shots) == 1 {
		return r.Shots[0]
	}
	return r.Shots[lane]
}

// Check reports an invalid circuit, rows that do not fit it, a list of lanes that is
// empty, and numbers of shots that are not one a lane.
func (r Request) Check() error {
	if err := errors.Join(ir.Verify(r.Circuit), r.Bindings.Check(r.Circuit)); err != nil {
		return err
	}
	lanes := r.Bindings.Len()
	if lanes == 0 {
		return &Refusal{What: fmt.Sprintf("circuit %q", r.Circuit.Name), Reason: "its list of lanes is empty", Hint: "nil stands for all pairs of rows"}
	}
	if len(r.Shots) != 1 && len(r.Shots) != lanes {
		return fmt.Errorf("%d numbers of shots for %d lanes: give one, or one a lane", len(r.Shots), lanes)
	}
	return nil
}

// Outcome holds what one lane gave. Words are classical bits read as a number,
// bit 0 the most significant (at most 64 bits).
type Outcome struct {
	Shots int
	// Failure is why there are no shots, where the circuit alone failed of a job that is
	// done; empty otherwise.
	Failure string
	// Counts lists the words seen, ascending, with how often; where readout was
	// mitigated also words that were not seen and have a weight.
	Counts []Count
	// Words lists the outcome of every shot where the request asked for it.
	Words []uint64
	// Rows holds the outcomes of circuits with more than 64 bits, which have neither
	// Counts nor Words: a row of ceil(bits/8) bytes a shot, in the order of the shots, bit 0
	// the most significant of the first byte.
	Rows []byte
	// Weights holds signed quasi-probabilities where readout was mitigated, in
	// the order of Counts; nil otherwise.
	Weights []float64
	// Variances holds the variance of each weight, or a bound of it where m3 has
	// more words than it solves directly.
	Variances []float64
	// Overhead is by how much more shots it takes to know an expectation as well as
	// without readout errors, at worst; 0 where nothing was mitigated.
	Overhead float64
}

// Count is a word and how often it was seen.
type Count struct {
	Word uint64
	N    int
}

// Result answers a Request, one outcome a lane.
type Result struct {
	Bits       int // classical bits of a word
	Outcomes   []Outcome
	Provenance Provenance
}

// Provenance says what made a result.
type Provenance struct {
	Backend  string   // "ideal", "noisy", "service:device"
	Kernel   string   // of a simulator
	Jobs     []string // ledger ids of remote jobs
	Snapshot string   // hash of the calibration data used
}

// Law is a distribution of the words of a circuit's classical bits, bit 0 the most
// significant: those that occur, ascending, with their probabilities. Circuits have at most
// 64 bits.
type Law struct {
	Bits  int
	Words []uint64
	P     []float64
}

// ErrIntractable says that an exact law costs too much.
var ErrIntractable = errors.New("the exact law is out of reach")

// Runner runs requests. The requests of one call are independent of each
// other; a later call may depend on the results of an earlier one.
type Runner interface {
	Run(ctx context.Context, requests []Request) ([]Result, error)
}

// Refusal is the error of what can't be run where it was sent: a circuit, a request, a
// program, the address of a service. It is an error of what was asked for.
type Refusal struct {
	What   string // `circuit "bell"`; empty: told by who called
	Place  string // "operation 3"; empty: the whole
	Reason string // empty: the cause says it
	Hint   string // what to do about it; empty: nothing more to say
	Err    error  // the cause, or nil
}

// Refuse returns a Refusal with its reason.
func Refuse(format string, args ...any) *Refusal {
	return &Refusal{Reason: fmt.Sprintf(format, args...)}
}

// Error joins what is known, from the whole to the hint.
func (r *Refusal) Error() string {
	var parts []string
	for _, s := range []string{r.What, r.Place, r.Reason} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if r.Err != nil {
		parts = append(parts, r.Err.Error())
	}
	if r.Hint != "" {
		parts = append(parts, r.Hint)
	}
	return strings.Join(parts, ": ")
}

// Unwrap returns the cause.
func (r *Refusal) Unwrap() error { return r.Err }

// BadInput reports that something else has to be asked for.
func (r *Refusal) BadInput() bool { return true }

// Observable is what a Solver returns of each lane's final state.
type Observable uint8

const (
	// ExpectationZ is <Z_q> of each qubit: n values.
	ExpectationZ Observable = iota
	// Probabilities is the law of the outcome of measuring all qubits: 2^n
	// values, indexed by the state (qubit 0 the most significant bit).
	Probabilities
)

// Width returns the number of values of a lane for n qubits.
func (o Observable) Width(n int) int {
	if o == Probabilities {
		return 1 << n
	}
	return n
}

// Solver prepares circuits of gates, without measurements, whose values are computed.
type Solver interface {
	Evaluator(c *ir.Circuit, o Observable) (Evaluator, error)
}

// Differentiator is a Solver that knows vector-Jacobian products too.
type Differentiator interface {
	Solver
	Differentiate(c *ir.Circuit, o Observable) (Differentiable, error)
}

// Evaluator is a circuit and an observable, prepared to be evaluated for many
// bindings. It may be used by one goroutine at a time.
type Evaluator interface {
	// Values writes the observable of every lane: lanes x width, row by row.
	Values(ctx context.Context, b Bindings, values []float64) error
}

// Differentiable is an Evaluator with gradients.
type Differentiable interface {
	Evaluator
	// Forward is Values, and keeps what one Backward for the same bindings needs.
	Forward(ctx context.Context, b Bindings, values []float64) error
	// Backward takes the derivative of a scalar with respect to each value of
	// the last Forward (lanes x width) and adds the scalar's derivative with
	// respect to each trained row (rows x symbols) to trained, and with respect
	// to each lane's data values (lanes x symbols) to data. Either may be nil.
	Backward(ctx context.Context, upstream, trained, data []float64) error
}

// WordSolver prepares circuits of gates, without measurements, for the probabilities of
// given words and for drawing words, without the law over all 2^n of them. A word is a row
// of ceil(n/64) numbers, qubit 0 the most significant bit of the first.
type WordSolver interface {
	Words(c *ir.Circuit) (WordEvaluator, error)
}

// WordEvaluator is a circuit prepared for words: one word a lane. It may be used by one
// goroutine at a time.
type WordEvaluator interface {
	// LogProbabilities writes ln p of the i-th word under lane i; -Inf where it is
	// impossible.
	LogProbabilities(ctx context.Context, b Bindings, words []uint64, logp []float64) error
	// Forward is LogProbabilities, and keeps what one Backward for the same bindings and
	// words needs.
	Forward(ctx context.Context, b Bindings, words []uint64, logp []float64) error
	// Backward takes the derivative of a scalar with respect to each ln p of the last
	// Forward and adds the scalar's derivative with respect to each trained row (rows x
	// symbols) to trained, and with respect to each lane's data values (lanes x symbols)
	// to data. Either may be nil. An impossible word adds nothing.
	Backward(ctx context.Context, upstream, trained, data []float64) error
	// Draw writes a word of each lane. Of the uniforms (lanes x n) that of qubit q decides
	// on qubit q, 1 where it is below the probability of 1 after the qubits before, so that
	// the words are a function of them.
	Draw(ctx context.Context, b Bindings, uniforms []float64, words []uint64) error
	// Marginals writes the probability of 1 of each qubit: lanes x n.
	Marginals(ctx context.Context, b Bindings, p []float64) error
	// Method names how: "carries" (the circuit seen from the side) or "state" (its whole
	// law).
	Method() string
}

// WordStride returns how many numbers hold a word of n qubits.
func WordStride(n int) int { return (n + 63) / 64 }

// WordBit returns qubit q of a word.
func WordBit(word []uint64, q int) uint64 { return word[q/64] >> (63 - q%64) & 1 }
