package exec

import (
	"math"

	"qgan/ir"
)

// NativeFlip returns the first way to flip a qubit all of whose operations are native,
// for Mitigated.Flip: x, prx(π, 0), gpi(0), rx(π) or two sx. native returns an error for an
// operation that is not. Where none is, it is the x, so that the Runner says so.
func NativeFlip(native func(ir.Op) error) func(qubit int) []ir.Op {
	return func(qubit int) []ir.Op {
		on := func(g ir.Gate, angles ...float64) ir.Op {
			return &ir.Apply{Gate: g, Angles: ir.Consts(angles...), Qubits: []int{qubit}}
		}
		ways := [][]ir.Op{
			{on(ir.X)},
			{on(ir.PRX, math.Pi, 0)},
			{on(ir.GPI, 0)},
			{on(ir.RX, math.Pi)},
			{on(ir.SX), on(ir.SX)},
		}
		for _, way := range ways {
			ok := true
			for _, op := range way {
				ok = ok && native(op) == nil
			}
			if ok {
				return way
			}
		}
		return ways[0]
	}
}
