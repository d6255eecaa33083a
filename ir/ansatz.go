package ir

import (
	"errors"
	"fmt"
	"math"
)

// Ansatz describes the circuit of one timestep of the generator (the
// sub-generator of SpiQGAN, Hernandes & Greplova 2025, Fig. 1B): the latent
// vector z is encoded by RX, once a layer (data re-uploading), then each qubit
// is turned by a trained RY and RZ, then a chain of CNOTs q→q+1 entangles.
//
//	Layers x [ RX(s·z_q) on all, RY, RZ on all, chain ]
//	Closing:  RX(s·z_q) on all, chain            (not counted by Layers)
//
// FinalChain tells whether the last of these chains is there.
//
// With Product there is no chain: each qubit is turned on its own. Chain gives the chains
// another order of the qubits.
//
// With Memory the angles of the encodings are inputs of their own, RX(e_{l,q}):
// what is computed of the past between two timesteps enters there.
//
// With Drive the last layer is RY(y_q) alone, of an input of its own on each qubit: a
// small change of it can lower a rate as well as raise it. With Pairs, which takes a drive and
// no other layer, one brick of pair rotations comes before it, xx_minus_yy(2·t_q, π/2) on q
// and q+1 for even q, then for odd q: it turns |00> and |11> into each other by the angle t_q
// and is real. Of two cells that it alone ties the spikes' correlation is sin 2t, whatever
// their rates.
type Ansatz struct {
	Neurons      int // qubits that are measured
	LatentQubits int // qubits after them that are not
	Layers       int // layers with trained angles
	Closing      bool
	FinalChain   bool
	Product      bool
	Memory       bool
	Drive        bool
	Pairs        bool
	Chain        []int       // the qubits along the chain; nil: 0, 1, 2 …
	Latent       LatentScale // without Memory, Drive and Pairs
}

// Qubits counts the circuit's qubits, those that are not measured last.
func (a Ansatz) Qubits() int { return a.Neurons + a.LatentQubits }

// LatentScale says what multiplies the latent vector in the encodings.
type LatentScale struct {
	Trained bool    // one trained scale for each encoding and qubit
	Value   float64 // the fixed scale, or the trained ones' start
}

// Angles counts the trained angles, 2·Layers·Qubits: RY and RZ of qubit q in
// layer l are the symbols 2(l·Qubits+q) and 2(l·Qubits+q)+1. With Drive the last layer has
// none.
func (a Ansatz) Angles() int { return 2 * a.trainedLayers() * a.Qubits() }

// trainedLayers counts the layers with trained angles.
func (a Ansatz) trainedLayers() int {
	if a.Drive {
		return a.Layers - 1
	}
	return a.Layers
}

// Encodings counts the layers of RX.
func (a Ansatz) Encodings() int {
	if a.Closing {
		return a.Layers + 1
	}
	return a.Layers
}

// Scales counts the trained latent scales: Encodings·Qubits or 0. The scale of
// encoding l and qubit q is the symbol Angles() + l·Qubits + q.
func (a Ansatz) Scales() int {
	if !a.Latent.Trained || a.noLatent() {
		return 0
	}
	return a.Encodings() * a.Qubits()
}

// noLatent reports whether the inputs are others than the latent vector.
func (a Ansatz) noLatent() bool { return a.Memory || a.Drive }

// Inputs counts the data symbols: the latent vector, one number a qubit, or, in this
// order, with Memory the encoding angles, of which that of encoding l and qubit q is the
// symbol l·Qubits + q, with Drive those of the last RY, one a qubit, and with Pairs those of
// the pair rotations, one for each qubit but the last.
func (a Ansatz) Inputs() int {
	switch {
	case a.Pairs:
		return a.PairInput() + a.Qubits() - 1
	case a.noLatent():
		return a.PairInput()
	}
	return a.Qubits()
}

// DriveInput returns the data symbol of the first qubit's last RY, with Drive.
func (a Ansatz) DriveInput() int {
	if a.Memory {
		return a.Encodings() * a.Qubits()
	}
	return 0
}

// PairInput returns the data symbol of the first pair rotation, with Pairs.
func (a Ansatz) PairInput() int {
	if a.Drive {
		return a.DriveInput() + a.Qubits()
	}
	return a.DriveInput()
}

// UsesLatent reports whether the outcome can depend on the latent vector.
func (a Ansatz) UsesLatent() bool {
	return !a.noLatent() && (a.Latent.Trained || a.Latent.Value != 0)
}

// Check reports a description that is no circuit.
func (a Ansatz) Check() error {
	switch {
	case a.Neurons < 1:
		return fmt.Errorf("an ansatz of %d neurons: at least 1 is needed", a.Neurons)
	case a.Layers < 1:
		return fmt.Errorf("an ansatz of %d layers: at least 1 is needed", a.Layers)
	case a.LatentQubits < 0:
		return fmt.Errorf("an ansatz of %d latent qubits: it can't have fewer than 0", a.LatentQubits)
	case a.Drive && (a.Closing || a.FinalChain && !a.Product):
		return errors.New("an ansatz with a drive ends with it: it has no closing encoding and no final chain")
	case a.Pairs && (!a.Drive || a.Memory || a.Layers != 1):
		return errors.New("an ansatz with pairs has one layer, which is its drive, and no encodings")
	case a.Chain != nil && !a.chained():
		return fmt.Errorf("an ansatz with the chain %v: it is each of %d qubits once", a.Chain, a.Qubits())
	case a.Chain != nil && a.Pairs:
		return errors.New("an ansatz with pairs has them between neighbours, and no other order")
	}
	return nil
}

// chained reports whether Chain holds each qubit once.
func (a Ansatz) chained() bool {
	seen := make([]bool, a.Qubits())
	for _, q := range a.Chain {
		if q < 0 || q >= len(seen) || seen[q] {
			return false
		}
		seen[q] = true
	}
	return len(a.Chain) == len(seen)
}

// link returns the ends of link i of the chain.
func (a Ansatz) link(i int) []int {
	if a.Chain == nil {
		return []int{i, i + 1}
	}
	return []int{a.Chain[i], a.Chain[i+1]}
}

// Circuit builds the circuit, without measurement. Its data symbols are the
// latent vector z_0 … z_(q-1), or with Memory the encoding angles e_0_0 …, with Drive y_0 …,
// with Pairs t_0 …. With a fixed scale of 0 there is no encoding and no data symbol of the
// latent vector is used.
func (a Ansatz) Circuit() *Circuit {
	n := a.Qubits()
	c := New(n, 0)
	c.Name = "sub_generator"
	for l := range a.trainedLayers() {
		for q := range n {
			c.TrainedSymbol(fmt.Sprintf("ry_%d_%d", l, q))
			c.TrainedSymbol(fmt.Sprintf("rz_%d_%d", l, q))
		}
	}
	if a.Scales() > 0 {
		for l := range a.Encodings() {
			for q := range n {
				c.TrainedSymbol(fmt.Sprintf("s_%d_%d", l, q))
			}
		}
	}
	for i := range a.Inputs() {
		c.DataSymbol(a.input(i))
	}
	if a.Pairs {
		for parity := range 2 {
			for q := parity; q < n-1; q += 2 {
				c.Gate(XXMinusYY, []int{q, q + 1}, Data(2, a.PairInput()+q), Const(math.Pi/2))
			}
		}
	}
	for l := range a.Encodings() {
		for q := range n {
			switch {
			case a.Memory:
				c.Gate(RX, []int{q}, Data(1, l*n+q))
			case a.Drive:
			case a.Latent.Trained:
				c.Gate(RX, []int{q}, Product(1, a.Angles()+l*n+q, q))
			case a.Latent.Value != 0:
				c.Gate(RX, []int{q}, Data(a.Latent.Value, q))
			}
			switch i := 2 * (l*n + q); {
			case l < a.trainedLayers():
				c.Gate(RY, []int{q}, Trained(1, i))
				c.Gate(RZ, []int{q}, Trained(1, i+1))
			case l < a.Layers:
				c.Gate(RY, []int{q}, Data(1, a.DriveInput()+q))
			}
		}
		if !a.Product && (l < a.Encodings()-1 || a.FinalChain) {
			for i := range n - 1 {
				c.Gate(CX, a.link(i))
			}
		}
	}
	return c
}

// input names a data symbol.
func (a Ansatz) input(i int) string {
	switch n := a.Qubits(); {
	case a.Pairs && i >= a.PairInput():
		return fmt.Sprintf("t_%d", i-a.PairInput())
	case a.Drive && i >= a.DriveInput():
		return fmt.Sprintf("y_%d", i-a.DriveInput())
	case a.Memory:
		return fmt.Sprintf("e_%d_%d", i/n, i%n)
	}
	return fmt.Sprintf("z_%d", i)
}
