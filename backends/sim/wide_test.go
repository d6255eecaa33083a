package sim

import (
	"fmt"
	"math"
	"math/cmplx"
	"slices"
	"strings"
	"testing"

	"qgan/backends"
	"qgan/ir"
)

// decay is a channel's operators on k qubits, in the basis that u makes: the last state falls
// into the first with probability gamma.
func decay(k int, gamma float64, u ir.Matrix) []ir.Matrix {
	stay, fall := ir.Identity(1<<k), ir.NewMatrix(1<<k)
	stay.A[len(stay.A)-1] = complex(math.Sqrt(1-gamma), 0)
	fall.A[stay.Dim-1] = complex(math.Sqrt(gamma), 0)
	return []ir.Matrix{u.Mul(stay).Mul(u.Adjoint()), u.Mul(fall).Mul(u.Adjoint())}
}

// Channels that are no mixtures, on one, two and three qubits, whose operators have no diagonal
// products: the density matrix and trajectories have the law that the operators make.
func TestChannelsOfOperators(t *testing.T) {
	h := ir.H.Info().Matrix(nil)
	turned := ir.RY.Info().Matrix([]float64{0.7})
	kraus := map[string][]ir.Matrix{"sx": decay(1, 0.3, turned), "cx": decay(2, 0.4, turned.Kron(h)), "ccx": decay(3, 0.6, h.Kron(turned).Kron(turned))}
	var text strings.Builder
	for gate, list := range kraus {
		fmt.Fprintf(&text, "[[noise]]\ngates = [%q]\nchannel = \"kraus\"\noperators = [", gate)
		for _, m := range list {
			text.WriteString("[")
			for i := range m.Dim {
				text.WriteString("[")
				for j := range m.Dim {
					fmt.Fprintf(&text, "[%.17g, %.17g],", real(m.At(i, j)), imag(m.At(i, j)))
				}
				text.WriteString("],")
			}
			text.WriteString("],")
		}
		text.WriteString("]\n")
	}
	model := noiseFile(t, text.String())
	c := ir.New(3, 3)
	for q := range 3 {
		c.Gate(ir.RY, []int{q}, ir.Const(0.5+0.4*float64(q)))
		c.Gate(ir.RZ, []int{q}, ir.Const(0.3-0.2*float64(q)))
	}
	c.Gate(ir.CCX, []int{2, 0, 1})
	c.Gate(ir.SX, []int{1})
	c.Gate(ir.CX, []int{2, 0})
	c.Gate(ir.RX, []int{0}, ir.Const(0.9))
	c.Gate(ir.CX, []int{0, 1})
	c.Gate(ir.SX, []int{2})
	c.Gate(ir.H, []int{1})
	rho := make([]complex128, 64) // bits of the row, then of the column
	rho[0] = 1
	operate := func(list []ir.Matrix, qubits []int) {
		sum := make([]complex128, len(rho))
		for _, k := range list {
			part, conj, columns := slices.Clone(rho), ir.NewMatrix(k.Dim), make([]int, len(qubits))
			for i, x := range k.A {
				conj.A[i] = cmplx.Conj(x)
			}
			for i, q := range qubits {
				columns[i] = 3 + q
			}
			ir.ApplyMatrix(part, 6, k, qubits)
			ir.ApplyMatrix(part, 6, conj, columns)
			for i, x := range part {
				sum[i] += x
			}
		}
		rho = sum
	}
	for _, op := range c.Ops {
		a := op.(*ir.Apply)
		operate([]ir.Matrix{a.MatrixOf(nil, nil)}, a.Qubits)
		if list := kraus[a.Gate.String()]; list != nil {
			operate(list, a.Qubits)
		}
	}
	want := make([]float64, 8)
	for x := range want {
		want[x] = real(rho[x<<3|x])
	}
	c.MeasureAll()
	law := lawOf(t, &Noisy{Model: model}, c)
	if d := largestDifference(spread(law), want); d > 1e-13 {
		t.Errorf("the law %v differs by %.2g from %v", spread(law), d, want)
	}
	if z := fit(outcomesOf(t, &Noisy{Model: model, Method: TrajectoriesMethod}, c, 20_000, 3), law); z > 5 {
		t.Errorf("trajectories: chi² is %.2f standard deviations above its mean", z)
	}
}

// Many lanes of a small circuit are drawn together: each with its own number of shots, into the
// bits that the circuit names, and with the law of each lane on its own.
func TestShotsOfManyLanes(t *testing.T) {
	c := ir.New(3, 4)
	for q := range 3 {
		c.Gate(ir.RY, []int{q}, ir.Trained(1, c.TrainedSymbol(fmt.Sprint("t", q))))
	}
	c.Gate(ir.CX, []int{0, 1})
	c.Gate(ir.RX, []int{1}, ir.Data(1, c.DataSymbol("x")))
	c.Measure(2, 0) // bit 0 is the most significant of four; qubit 0 and bits 2 and 3 are not read so
	c.Measure(1, 3)
	r := backends.Request{Circuit: c, Bindings: backends.Bindings{Data: [][]float64{{0.2}, {1.4}}}, Seed: 5, KeepOrder: true}
	for i := range 4 {
		r.Bindings.Trained = append(r.Bindings.Trained, []float64{0.3 * float64(i), 0.9, 1.1 - 0.4*float64(i)})
	}
	for lane := range r.Bindings.Len() {
		r.Shots = append(r.Shots, []int{3, 500, 4000}[lane%3])
	}
	if r.Bindings.Len() < laneShots {
		t.Fatalf("%d lanes", r.Bindings.Len())
	}
	var first []backends.Outcome
	for _, workers := range []int{1, 3} {
		s := &Simulator{Workers: workers}
		results, err := s.Run(t.Context(), []backends.Request{r})
		if err != nil {
			t.Fatal(err)
		}
		got := results[0].Outcomes
		if first == nil {
			first = got
		} else if fmt.Sprint(got) != fmt.Sprint(first) {
			t.Error("shots depend on the workers")
		}
		for lane, o := range got {
			trained, data := r.Bindings.Trained[r.Bindings.Lane(lane).Trained], r.Bindings.Data[r.Bindings.Lane(lane).Data]
			law, err := s.Law(t.Context(), c, trained, data)
			if err != nil {
				t.Fatal(err)
			}
			if o.Shots != r.ShotsOf(lane) || len(o.Words) != o.Shots {
				t.Errorf("lane %d: %d shots, %d words, want %d", lane, o.Shots, len(o.Words), r.ShotsOf(lane))
			}
			counts := map[uint64]int{}
			for _, w := range o.Words {
				counts[w]++
			}
			all := 0
			for i, k := range o.Counts {
				all += k.N
				if k.N <= 0 || k.N != counts[k.Word] || k.Word&^0b1001 != 0 || i > 0 && o.Counts[i-1].Word >= k.Word {
					t.Errorf("lane %d: %v, in order %v", lane, o.Counts, counts)
				}
			}
			if all != o.Shots || o.Shots > 100 && slices.IsSorted(o.Words) {
				t.Errorf("lane %d: %d of %d shots are counted, or they are sorted", lane, all, o.Shots)
			}
			if z := fit(o, law); o.Shots > 100 && z > 5 {
				t.Errorf("lane %d: chi² is %.2f standard deviations above its mean", lane, z)
			}
		}
	}
}
