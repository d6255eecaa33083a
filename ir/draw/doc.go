// Package draw draws circuits: as text of box-drawing characters (Text) and as a picture (SVG).
//
// Both write one layout: a wire for each qubit and, below them, one for each register of bits;
// operations stand in the first column that is free on all wires between their own. Controls
// are dots (open ones act on 0), the target of an x a circled plus, swaps crosses; other gates
// are boxes with their angles, and a box over several qubits has the numbers of its operands.
// A measurement leads down to its register, with the number of the bit. The blocks of an if, a
// switch or a while stand between boxes that say when they run and where they end.
package draw
