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
type Ansatz struct {
	Neurons    int // qubits
	Layers     int // layers with trained angles
	Closing    bool
	FinalChain bool
	Latent     LatentScale
}

// LatentScale says what multiplies the latent vector in the encodings.
type LatentScale struct {
	Trained bool    // one trained scale for each encoding and qubit
	Value   float64 // the fixed scale, or the trained ones' start
}

// Angles counts the trained angles, 2·Layers·Neurons: RY and RZ of qubit q in
// layer l are the symbols 2(l·Neurons+q) and 2(l·Neurons+q)+1.
func (a Ansatz) Angles() int { return 2 * a.Layers * a.Neurons }

// Encodings counts the layers of RX(z).
func (a Ansatz) Encodings() int {
	if a.Closing {
		return a.Layers + 1
	}
	return a.Layers
}

// Scales counts the trained latent scales: Encodings·Neurons or 0. The scale of
// encoding l and qubit q is the symbol Angles() + l·Neurons + q.
func (a Ansatz) Scales() int {
	if !a.Latent.Trained {
		return 0
	}
	return a.Encodings() * a.Neurons
}

// UsesLatent reports whether the outcome can depend on the latent vector.
func (a Ansatz) UsesLatent() bool { return a.Latent.Trained || a.Latent.Value != 0 }

// Check reports a description that is no circuit.
func (a Ansatz) Check() error {
	switch {
	case a.Neurons < 1:
		return fmt.Errorf("an ansatz of %d neurons: at least 1 is needed", a.Neurons)
	case a.Layers < 1:
		return fmt.Errorf("an ansatz of %d layers: at least 1 is needed", a.Layers)
	}
	return nil
}

// Circuit builds the circuit, without measurement. Its data symbols z_0 …
// z_(n-1) are the latent vector. With a fixed scale of 0 there is no encoding
// and no data symbol is used.
func (a Ansatz) Circuit() *Circuit {
	n := a.Neurons
	c := New(n, 0)
	c.Name = "sub_generator"
	for l := range a.Layers {
		for q := range n {
			c.TrainedSymbol(fmt.Sprintf("ry_%d_%d", l, q))
			c.TrainedSymbol(fmt.Sprintf("rz_%d_%d", l, q))
		}
	}
	if a.Latent.Trained {
		for l := range a.Encodings() {
			for q := range n {
				c.TrainedSymbol(fmt.Sprintf("s_%d_%d", l, q))
			}
		}
	}
	for q := range n {
		c.DataSymbol(fmt.Sprintf("z_%d", q))
	}
	for l := range a.Encodings() {
		for q := range n {
			switch {
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
		if l < a.Encodings()-1 || a.FinalChain {
			for q := range n - 1 {
				c.Gate(CX, []int{q, q + 1})
			}
		}
	}
	return c
}
