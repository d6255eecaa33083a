// Package compile turns circuits into circuits that a device runs.
//
// # Data flow
//
//	calibration.Snapshot -> NewTarget -> Target: native gates of each pair, errors,
//	                                     durations, directions, ranges of angles
//	ir.Circuit, Target, Options -> Compile: the passes in their order -> Result
//	Result, values of symbols   -> Bind -> Result
//
// Symbols survive every pass: a circuit is compiled once and bound many times.
// The last pass keeps, beside the circuit, its one-qubit gates as products of
// constants and rotations about Z by angles with symbols (run). Bind multiplies
// each product for the values, writes it in at most two pulses, carries z
// rotations on as frames, and brings the angles of two-qubit rotations into the
// device's range. Layout and two-qubit gates are those of the compiled circuit.
//
// # Facts
//
// pulseSets, entanglers and bounds (natives.go) are the tables of one-qubit gate
// sets, two-qubit gates and ranges; passes and constraints (passes.go) are the
// passes with their reasons and what their order must hold, which is checked
// before the first one runs.
//
// # Layout
//
// A circuit whose two-qubit gates make a path, as the generator's, goes on the
// path of the device with the best estimated fidelity: all paths are tried where
// they are few, otherwise a beam grows them, and where the path covers much of the
// device it is swept by the frontier method, or wound through where it is too wide. A ring is a sum of faces. Other
// circuits are embedded where they fit, and routed with swaps where they don't.
//
// A target on which every pair is coupled (AllToAll) needs none of this: each logical qubit is
// its own physical one, and a swap another name of its qubits.
//
// # Blocks
//
// What depends on outcomes (if, switch, while) is one operation on all wires of what it holds,
// bits included; its bodies are compiled as circuits of their own, and each routed body brings
// the qubits back to where it found them.
//
// # What is not kept
//
// The global phase. Compiled circuits start in |0…0>: z rotations there, and
// before measurements, are left out.
package compile
