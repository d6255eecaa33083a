// Package qasm reads OpenQASM 3 and 2.0 programs to circuits (Read), and writes
// circuits in the dialects of their readers (Print).
//
// # Reading
//
// Package syntax makes the tree; Read runs it as far as it can be run without
// measuring: what is known is computed, written out and inlined, and what
// depends on measured bits becomes blocks. Part of what a circuit cannot hold is
// named in Document.Unsupported. Definitions that are a gate of the table, phase
// included, are recognised.
//
// # Dialects
//
// A dialect is a row of a table: which gates may stand without a definition,
// how angles are written, whether free symbols, barriers, delays, global phase,
// controls and classical control may occur. What a
// dialect has no gate for is replaced by simpler gates through the gate table
// of package ir, one level at a time; what it cannot express at all is refused
// by name (see Refusal).
//
//   - generic: what every reader tried accepts (the OpenQASM reference parser,
//     Qiskit and its Rust importer, pyqasm, Amazon Braket after a change of
//     names, Cirq): version 3.0, stdgates.inc, one register of each kind,
//     indexed operands, plain float literals.
//   - qiskit: what qiskit.qasm3.loads accepts beyond that: multiples of pi,
//     gate definitions, control modifiers, global phase, barrier, delay, box, if,
//     else and while.
//   - ibm, iqm-json: circuits that are native on a device already.
//   - braket, ionq, ionq-json, qasm2, qasm2-legacy: the words of those services and of OpenQASM 2.
//   - qir, quil: QIR's base profile and Quil, which Read does not read.
//
// Comments that begin with //qgan: hold what the words of a dialect cannot say
// (names, joined registers, global phase); Read takes them back.
//
// # Order of bits
//
// Bit i of the circuit is the i-th bit in the order of the declarations of bit
// registers: c[i] where there is one register c. OpenQASM reads a register as a
// number with c[0] the least significant bit, and Qiskit prints c[0] as the
// last character of an outcome, whereas package ir (see there) prints bit 0
// first: the outcome "10" here, c[0] = 1 and c[1] = 0, is Qiskit's "01".
//
// # Global phase
//
// Three texts define the gates U, u2 and u3 with three global phases: OpenQASM
// 3.1 ("Built-in gates", "Standard library"), OpenQASM 2 and Qiskit. They are
// therefore never written under a control, and the dialect qiskit, which
// promises the phase, does not use them. Where a dialect has no gphase, a
// comment after the declarations says which global phase was left out.
package qasm
