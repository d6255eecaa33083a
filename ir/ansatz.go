package ir

import "fmt"

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
// With Product there is no chain: each qubit is turned on its own.
//
// With Memory the angles of the encodings are inputs of their own, RX(e_{l,q}):
// what is computed of the past between two timesteps enters there.
type Ansatz struct {
	Neurons      int // qubits that are measured
	LatentQubits int // qubits after them that are not
	Layers       int // layers with trained angles
	Closing      bool
	FinalChain   bool
	Product      bool
	Memory       bool
	Latent       LatentScale // without Memory
}

// Qubits counts the circuit's qubits, those that are not measured last.
func (a Ansatz) Qubits() int { return a.Neurons + a.LatentQubits }

// LatentScale says what multiplies the latent vector in the encodings.
type LatentScale struct {
	Trained bool    // one trained scale for each encoding and qubit
	Value   float64 // the fixed scale, or the trained ones' start
}

// Angles counts the trained angles, 2·Layers·Qubits: RY and RZ of qubit q in
// layer l are the symbols 2(l·Qubits+q) and 2(l·Qubits+q)+1.
func (a Ansatz) Angles() int { return 2 * a.Layers * a.Qubits() }

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
	if !a.Latent.Trained || a.Memory {
		return 0
	}
	return a.Encodings() * a.Qubits()
}

// Inputs counts the data symbols: the latent vector, one number a qubit, or with
// Memory the encoding angles, of which that of encoding l and qubit q is the
// symbol l·Qubits + q.
func (a Ansatz) Inputs() int {
	if a.Memory {
		return a.Encodings() * a.Qubits()
	}
	return a.Qubits()
}

// UsesLatent reports whether the outcome can depend on the latent vector.
func (a Ansatz) UsesLatent() bool {
	return !a.Memory && (a.Latent.Trained || a.Latent.Value != 0)
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
	}
	return nil
}

// Circuit builds the circuit, without measurement. Its data symbols are the
// latent vector z_0 … z_(q-1), or with Memory the encoding angles e_0_0 …. With a
// fixed scale of 0 there is no encoding and no data symbol is used.
func (a Ansatz) Circuit() *Circuit {
	n := a.Qubits()
	c := New(n, 0)
	c.Name = "sub_generator"
	for l := range a.Layers {
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
		if a.Memory {
			c.DataSymbol(fmt.Sprintf("e_%d_%d", i/n, i%n))
		} else {
			c.DataSymbol(fmt.Sprintf("z_%d", i))
		}
	}
	for l := range a.Encodings() {
		for q := range n {
			switch {
			case a.Memory:
				c.Gate(RX, []int{q}, Data(1, l*n+q))
			case a.Latent.Trained:
				c.Gate(RX, []int{q}, Product(1, a.Angles()+l*n+q, q))
			case a.Latent.Value != 0:
				c.Gate(RX, []int{q}, Data(a.Latent.Value, q))
			}
			if l < a.Layers {
				i := 2 * (l*n + q)
				c.Gate(RY, []int{q}, Trained(1, i))
				c.Gate(RZ, []int{q}, Trained(1, i+1))
			}
		}
		if !a.Product && (l < a.Encodings()-1 || a.FinalChain) {
			for q := range n - 1 {
				c.Gate(CX, []int{q, q + 1})
			}
		}
	}
	return c
}
