package qasm

// What bounds the work on a program, however short its text.
const (
	maxQubits = 1 << 20 // of all registers
	maxBits   = 1 << 20
	// maxWork counts what loops, definitions and broadcasts write out: turns,
	// operations and operands.
	maxWork       = 1 << 22
	turnWork      = 8  // of a turn of a loop, beside its body
	maxIncludes   = 32 // nested
	maxIncluded   = 1 << 26
	maxCalls      = 64      // nested subroutines
	maxConstructs = 1000    // that are listed
	maxParts      = 1 << 12 // of a condition
	maxWidth      = 1 << 16
	maxRepeats    = 1 << 12 // of a gate, by pow
)
