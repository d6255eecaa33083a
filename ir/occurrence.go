package ir

import "fmt"

// Occurrence is one place of a circuit where symbols stand in an angle. A parameter-shift
// rule holds for a place, not for a symbol: a symbol that stands at several places has the
// sum of their derivatives, each times the derivative of its angle by the symbol.
type Occurrence struct {
	Angle Angle // as it is in the circuit
	Rule  Shift // of the gate's parameter, controls counted
}

// Terms returns the evaluations of the place's shift rule: the derivative of any
// expectation value by the place's angle is the sum of Coef x E(angle + Shift).
func (o Occurrence) Terms() []ShiftTerm { return o.Rule.Terms() }

// Occurrences returns the circuit with a trained symbol of its own for each angle that
// holds symbols, and what these angles are, in the order of the new symbols. Values of
// the occurrences, shifted one at a time, are then bindings of a single circuit, which is
// compiled once. Angles that no outcome depends on are left out: their symbols' values are
// bound to 0, as only gates that are diagonal follow them before the measurements.
//
// A circuit that repeats a block has no rule for the angles inside, and one where a
// condition decides on them is refused as well: a chosen part of the shots (post-selection)
// has a ratio of expectation values, which no shift rule differentiates.
func Occurrences(c *Circuit) (*Circuit, []Occurrence, error) {
	var places []Occurrence
	idle := idleAngles(c.Ops)
	out := *c
	out.Trained, out.Data, out.Phase = nil, nil, Angle{}
	out.Ops = make([]Op, len(c.Ops))
	for i, op := range c.Ops {
		switch op := op.(type) {
		case *If, *Switch, *While:
			if err := Walk([]Op{op}, func(inner Op) error {
				if a, ok := inner.(*Apply); ok {
					for _, angle := range a.Angles {
						if !angle.IsConst() {
							return fmt.Errorf("circuit %q: operation %d: angle %s depends on measured bits, so that parts of the shots are chosen: no shift rule differentiates that", c.Name, i, angle.Format(c.Trained, c.Data))
						}
					}
				}
				return nil
			}); err != nil {
				return nil, nil, err
			}
		case *Apply:
			k := *op
			k.Angles = make([]Angle, len(op.Angles))
			copy(k.Angles, op.Angles)
			for j, a := range op.Angles {
				if a.IsConst() {
					continue
				}
				rule := op.Gate.Info().Shifts[j]
				if op.Controls > 0 {
					rule = rule.Controlled()
				}
				if rule.Kind == ShiftNone || idle[op] {
					k.Angles[j] = Const(0)
					continue
				}
				places = append(places, Occurrence{a, rule})
				k.Angles[j] = Trained(1, out.TrainedSymbol(fmt.Sprintf("a_%d", len(places)-1)))
			}
			out.Ops[i] = &k
			continue
		}
		out.Ops[i] = op
	}
	return &out, places, nil
}

// idleAngles finds the diagonal gates after which their qubits see nothing but diagonal
// gates and their measurement. They change phases of the words that are read, and no
// probability.
func idleAngles(ops []Op) map[*Apply]bool {
	idle := map[*Apply]bool{}
	busy := map[int]bool{} // qubits that a gate moves later on
	for i := len(ops) - 1; i >= 0; i-- {
		switch op := ops[i].(type) {
		case *Measure, *Barrier, *Delay:
		case *Apply:
			moved := !op.Gate.Info().Diagonal
			for _, q := range op.Qubits {
				moved = moved || busy[q]
			}
			if !moved {
				idle[op] = true
				continue
			}
			for _, q := range op.Qubits {
				busy[q] = true
			}
		default: // a unitary, a reset, a block: whatever comes before may count
			return idle
		}
	}
	return idle
}
