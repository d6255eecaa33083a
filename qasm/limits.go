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
	maxCalls      = 64   // nested subroutines
	maxNested     = 512  // gates whose definitions call each other
	maxConstructs = 1000 // that are listed
	maxHeld       = 256  // parts of a condition that is not stored in a bit
	maxTable      = 10   // bits that a number computed by cases depends on
	rowWork       = 4    // of a row of such a table
	listBits      = 8    // of the number of a value, where a variable holds one of a list
	maxGrowth     = 40   // readings of a loop whose variables have more values each time
	maxProduct    = 64   // bits of a product of numbers that depend on outcomes
	maxWidth      = 1 << 16
	plainWidth    = 32      // of an int or uint without a width that depends on outcomes
	maxRepeats    = 1 << 12 // of a gate, by pow
)
