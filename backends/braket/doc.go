// Package braket is a client of Amazon Braket: devices and their calibration, and quantum
// tasks of OpenQASM 3 programs, one or a set of them.
//
// Circuits are sent in a verbatim box on the physical qubits of the device, which are named
// by the device's own labels, so that they run as they were compiled. Where a device takes
// program sets, a job of several circuits is one task: it is paid once, and circuits that
// differ in angles only are one program with a table of its inputs. Results lie in a bucket
// of the user's; what is read into which bit is told by the qubits that a result names.
//
// A task carries our id as its client token, by which the service knows a body that it has
// seen, and as a tag, by which it is found.
//
// Requests are signed (Signature Version 4) with credentials that are looked for where the
// AWS tools look: the environment, the shared files and their profiles, single sign-on,
// roles.
//
// https://docs.aws.amazon.com/braket/latest/APIReference
package braket
