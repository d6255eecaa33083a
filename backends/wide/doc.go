// Package wide is the simulators for circuits of more qubits than a state vector holds:
// [Stabilizer], of Clifford gates, and [MPS], of states with little entanglement. Both run
// measurements in the middle, resets and classical control, and both draw the words of a
// circuit whose measurements come last without running it shot by shot.
//
// # Stabilizer
//
// A stabilizer state is the common eigenstate of n commuting Pauli strings. The tableau
// (Aaronson & Gottesman 2004, arXiv:quant-ph/0406196) holds these and the n strings that
// tell their combinations, a column a qubit and a bit a string, so that one word holds 64
// strings. A gate is what it makes of the Pauli strings on its qubits, found from its
// matrix: any gate of the table with any angles is run if it is Clifford. The sign of a
// string is an affine function of the random bits that measurements have drawn before (Fang
// & Ying 2024, arXiv:2311.03906), so a circuit without classical control is run once for
// all shots, and a shot is a sum over GF(2).
//
// # Matrix product states
//
// A state of n qubits is a product of n tensors; the bond between two of them is as wide as
// the qubits on its two sides are entangled (Vidal 2003, arXiv:quant-ph/0301063). A gate is
// put on neighbouring tensors, which are split again by a singular value decomposition;
// what is below a cutoff or beyond the widest bond is left out, and how much that was is
// told. Qubits that are not neighbours are swapped until they are.
package wide
