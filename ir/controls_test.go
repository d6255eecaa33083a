package ir

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"
)

// randomState of n qubits, of which the last are in |0>.
func randomState(n, clean int, rng *rand.Rand) []complex128 {
	state := make([]complex128, 1<<n)
	norm := 0.0
	for i := range state {
		if i&(1<<clean-1) == 0 {
			state[i] = complex(rng.NormFloat64(), rng.NormFloat64())
			norm += real(state[i])*real(state[i]) + imag(state[i])*imag(state[i])
		}
	}
	for i := range state {
		state[i] /= complex(math.Sqrt(norm), 0)
	}
	return state
}

// direct multiplies a state by a gate with controls.
func direct(state []complex128, n int, op *Apply) {
	m := Apply{Gate: op.Gate, Angles: op.Angles}
	own := op.Qubits[op.Controls:]
	matrix := m.MatrixOf(nil, nil)
	rest := make([]complex128, len(state))
	for x := range state {
		on := true
		for i, q := range op.Qubits[:op.Controls] {
			on = on && (x>>(n-1-q)&1 == 1) != (op.Open>>i&1 == 1)
		}
		if !on {
			rest[x], state[x] = state[x], 0
		}
	}
	ApplyMatrix(state, n, matrix, own)
	for x := range state {
		state[x] += rest[x]
	}
}

// expanded compares a gate with what it becomes, phase included, on a random
// state, and returns the number of cx.
func expanded(t *testing.T, op *Apply, clean, borrowed int, rng *rand.Rand) int {
	t.Helper()
	k := len(op.Qubits)
	n := k + clean + borrowed
	spare := Spare{Borrowed: operands(n)[k : k+borrowed], Clean: operands(n)[k+borrowed:]}
	want := randomState(n, clean, rng)
	got := append([]complex128(nil), want...)
	direct(want, n, op)
	cx := 0
	for _, s := range WithoutControls(op, spare) {
		if s.Controls > 0 {
			t.Fatalf("%s with %d controls is left", s.Gate, s.Controls)
		}
		ApplyMatrix(got, n, s.MatrixOf(nil, nil), s.Qubits)
		for _, p := range Lower(s.Gate, s.Angles) {
			if p.Gate == CX {
				cx++
			}
		}
	}
	for i := range want {
		if cmplx.Abs(got[i]-want[i]) > 1e-12 {
			t.Errorf("%s with %d controls, %d clean, %d borrowed: amplitude %b is %v, want %v", op.Gate, op.Controls, clean, borrowed, i, got[i], want[i])
			break
		}
	}
	return cx
}

// The number of cx of gates with controls, with so many clean and borrowed qubits,
// each held against the gate itself. Qiskit 2.6.2 takes for x with 3 to 6, 8 and 10
// controls 14, 36, 80, 120, 224 and 360 (level 3, all-to-all, no other qubit).
func TestControlsCost(t *testing.T) {
	t.Parallel()
	half := Consts(0.7)
	for _, row := range []struct {
		gate            Gate
		angles          []Angle
		clean, borrowed int
		want            map[int]int // by the number of controls
	}{
		{X, nil, 0, 0, map[int]int{1: 1, 2: 6, 3: 14, 4: 30, 5: 58, 6: 80, 7: 96, 8: 124, 9: 152, 10: 180}},
		{X, nil, 0, 1, map[int]int{1: 1, 2: 6, 3: 14, 4: 20, 5: 32, 6: 44, 7: 56, 8: 68, 9: 80, 10: 92}},
		{X, nil, 0, 2, map[int]int{3: 14, 4: 20, 5: 28, 6: 40, 7: 52, 8: 64}},
		{X, nil, 0, 3, map[int]int{3: 14, 4: 20, 5: 28, 6: 36, 7: 48, 8: 60}},
		{X, nil, 1, 0, map[int]int{1: 1, 2: 6, 3: 12, 4: 18, 5: 24, 6: 30, 7: 36, 8: 42, 9: 48, 10: 54}},
		{X, nil, 1, 1, map[int]int{3: 12, 4: 18, 8: 42}},
		{Z, nil, 0, 0, map[int]int{1: 1, 2: 6, 3: 14, 4: 30, 5: 58, 8: 124}},
		{H, nil, 0, 1, map[int]int{1: 1, 2: 6, 3: 14, 4: 20, 8: 68}},
		{P, half, 0, 0, map[int]int{1: 2, 2: 6, 3: 14, 4: 30, 5: 58, 6: 80, 9: 152}},
		{P, half, 1, 0, map[int]int{3: 12, 4: 18, 9: 48}},
		{GPhase, half, 0, 0, map[int]int{1: 0, 2: 2, 3: 6, 4: 14}},
		{RX, half, 0, 0, map[int]int{1: 2, 2: 4, 3: 10, 4: 16, 5: 28, 6: 40, 10: 88}},
		{RZ, half, 1, 0, map[int]int{3: 10, 4: 16, 5: 22, 9: 46}},
		{SX, nil, 0, 0, map[int]int{1: 2, 2: 6, 3: 14}},
		{U3, Consts(0.3, 1.1, -0.4), 0, 0, map[int]int{1: 2, 2: 4, 3: 10, 4: 16}},
		{U, Consts(0.3, 1.1, -0.4), 1, 0, map[int]int{2: 6, 3: 10 + 6, 4: 16 + 12}},
		{Swap, nil, 0, 0, map[int]int{1: 8, 2: 16, 3: 32}},
		{Swap, nil, 1, 0, map[int]int{2: 14, 3: 20, 6: 38}},
		{CX, nil, 0, 0, map[int]int{1: 6, 2: 14}},
		{RZZ, half, 0, 0, map[int]int{1: 4, 2: 6, 3: 12}},
		{RXX, half, 0, 0, map[int]int{1: 4, 2: 6, 3: 12}},
		{ECR, nil, 0, 0, map[int]int{1: 5, 2: 10}},
		{XXMinusYY, Consts(0.3, 0.2), 1, 0, map[int]int{3: 6 + 2*4 + 2}},
	} {
		rng := rand.New(rand.NewPCG(1, 2))
		for k, want := range row.want {
			op := &Apply{Gate: row.gate, Angles: row.angles, Controls: k, Qubits: operands(k + row.gate.Info().Qubits)}
			if got := expanded(t, op, row.clean, row.borrowed, rng); got != want {
				t.Errorf("%s with %d controls, %d clean and %d borrowed qubits: %d cx, want %d", row.gate, k, row.clean, row.borrowed, got, want)
			}
		}
	}
}

// Every gate with controls, open ones too, on qubits in any order, is the same
// unitary without them, global phase included.
func TestWithoutControls(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	for _, g := range Gates() {
		info := g.Info()
		for round := range 12 {
			clean, borrowed := round%2, round/2%3
			k := 1 + rng.IntN(9-info.Qubits-clean-borrowed)
			op := &Apply{Gate: g, Controls: k, Qubits: rng.Perm(k + info.Qubits), Open: rng.Uint64() & rng.Uint64() & (1<<k - 1)}
			for range info.Params {
				op.Angles = append(op.Angles, Const([]float64{0, math.Pi, -math.Pi / 2, 6 * rng.NormFloat64()}[rng.IntN(4)]))
			}
			expanded(t, op, clean, borrowed, rng)
		}
	}
}

// A ladder with three kinds of rungs, and gates with symbols.
func TestWideControls(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	for _, k := range []int{11, 12, 13} {
		expanded(t, &Apply{Gate: P, Angles: Consts(0.7), Controls: k, Qubits: rng.Perm(k + 1)}, 0, 0, rng)
	}
	for _, g := range []Gate{GPhase, P, RX, U, U2, PRX, CU, MS, RZZ} {
		info := g.Info()
		for _, clean := range []int{0, 1} {
			op := &Apply{Gate: g, Controls: 4, Qubits: operands(4 + info.Qubits)}
			c := New(len(op.Qubits)+clean, 0)
			want := *op
			var at []float64
			for range info.Params {
				op.Angles = append(op.Angles, Trained(1, c.TrainedSymbol("t")))
				at = append(at, rng.NormFloat64())
				want.Angles = append(want.Angles, Const(at[len(at)-1]))
			}
			state := randomState(c.Qubits, clean, rng)
			got := append([]complex128(nil), state...)
			direct(state, c.Qubits, &want)
			for _, s := range WithoutControls(op, Spare{Clean: operands(c.Qubits)[len(op.Qubits):]}) {
				ApplyMatrix(got, c.Qubits, s.MatrixOf(at, nil), s.Qubits)
			}
			for i := range got {
				if cmplx.Abs(got[i]-state[i]) > 1e-12 {
					t.Errorf("%s with symbols, %d clean: amplitude %d is %v, want %v", g, clean, i, got[i], state[i])
					break
				}
			}
		}
	}
}

// The number of cx grows by the same for each further control.
func TestControlsAreLinear(t *testing.T) {
	t.Parallel()
	count := func(k int, spare Spare) (n int) {
		for _, s := range WithoutControls(&Apply{Gate: X, Controls: k, Qubits: operands(k + 1)}, spare) {
			for _, p := range Lower(s.Gate, s.Angles) {
				if p.Gate == CX {
					n++
				}
			}
		}
		return n
	}
	for k := 11; k <= 60; k++ {
		if n := count(k, Spare{Clean: []int{k + 1}}); n != 6*k-6 {
			t.Errorf("%d controls and a clean qubit: %d cx", k, n)
		}
		if n := count(k, Spare{Borrowed: []int{k + 1}}); n != 12*k-28 {
			t.Errorf("%d controls and a borrowed qubit: %d cx", k, n)
		}
		if n := count(k, Spare{}); n > 52*k {
			t.Errorf("%d controls: %d cx", k, n)
		}
	}
}
