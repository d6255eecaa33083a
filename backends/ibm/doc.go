// Package ibm is a client of IBM Quantum Platform's REST interface: API keys and the
// tokens they are exchanged for, devices and their calibration, and jobs of the program
// sampler with OpenQASM 3 circuits.
//
// Circuits are sent bound, one PUB each: names of parameters have an order of their own at
// the service ("x10" before "x2"), and angles that are bound need none. Results are read
// in each form that the service has: plain lists of numbers, Qiskit's tagged arrays, and
// the tensors of the program executor. The service has no token that makes a submission
// safe to repeat; a tag tells our jobs from others (package exec does the rest).
//
// The interface is that of the API version 2026-04-15
// (https://quantum.cloud.ibm.com/docs/en/api/qiskit-runtime-rest).
package ibm

// APIVersion is the version of the interface that is asked for.
const APIVersion = "2026-04-15"
