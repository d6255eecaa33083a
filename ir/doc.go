// Package ir is the intermediate representation of circuits: a table of gates,
// angles with trained and data symbols, circuits of gates, measurements and
// blocks, a verifier, the unitary of a circuit and the equality of two, a text
// dump, and the ansatz of the generator.
//
// # Order of bits
//
// Qubit 0 and classical bit 0 come first and are the most significant bit of a
// state index: the index of |q0 q1 … q(n-1)> is q0·2^(n-1) + … + q(n-1). In a
// gate's matrix the first operand is the most significant bit. Every other
// order (Qiskit's, a service's) is translated at the edge that needs it.
package ir
