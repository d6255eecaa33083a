// Package ionq is a client of IonQ's Quantum Cloud, version 0.4 of its REST interface:
// devices and their characterisation, and jobs of native circuits, one or several.
//
// A circuit there has no measurements: all qubits are measured at the end, and which bit
// is read from which qubit is ours to remember. Results are probabilities; on a processor
// they are counts divided by the shots, and become counts again by largest remainders. The
// service has no token that makes a submission safe to repeat: jobs carry an id of ours as
// metadata, by which they are found again.
//
// https://docs.ionq.com/api-reference/v0.4
package ionq
