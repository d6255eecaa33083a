// Package sim is the simulator: exact outcome probabilities and expectation
// values of circuits, their gradients by an adjoint sweep, and shots, ideal
// ([Simulator]) or with the noise of a processor ([Noisy]).
//
// # Programs
//
// A circuit is compiled once to a program and run for many bindings. A frame
// over GF(2) is tracked while compiling, so X, CX and SWAP move no data:
// logical qubit q is 1 in the physical index x where parity(r_q·x) xor k_q is
// 1, and a gate on it pairs x with x xor v_q. Neighbouring one-qubit gates fuse
// into one SU(2); every other gate of the table is lowered to CX and rotations
// first, which costs nothing for the CX.
//
// # Batches
//
// A batch of bindings is the innermost dimension of the state: the amplitudes
// of as many bindings as the kernel has lanes lie side by side (8 with AVX-512, 4
// with AVX2, 16 in plain Go, 1 where there are few bindings). Neighbouring SU(2)s that
// commute are bunches: up to three are applied to amplitudes held in registers. Blocks
// of lanes are the tasks of the workers and results are reduced in the order of the
// blocks, so they are the same, bit for bit, for any number of workers.
//
// # Large states
//
// A single state (State, Law, Run) is cut into groups of four amplitudes. Gates
// become steps in the same frame: rotations x <-> x xor v, phases by the parity
// of r·x, 2x2 blocks picked by parities, dense operators. Two steps commute
// where the masks that one reads are orthogonal to the vectors by which the
// other moves, so a scheduler collects, for each pass over memory, the steps
// that stay within the cosets of one subspace. A coset fits the second-level
// cache, and its steps run on it one after the other.
//
// # Gradients
//
// The adjoint sweep (Jones & Gacon 2020) undoes the program on the state and on
// a co-state λ and keeps no tape. For each fused SU(2) one pass returns the
// three numbers Im<λ|P|ψ>, P = X, Y, Z; the derivative of each rotation inside
// is a component of that vector, turned back through the rotations after it.
// A single lane, or lanes too large to stay side by side in a cache, is cut into
// blocks as a large state is, so that its gradient takes the memory of two states.
//
// # Seen from the side
//
// A circuit of few layers with chains of CX q -> q+1 is also a walk over its qubits: a
// chain's output is the running parity, so the amplitude of one word is a product of small
// maps of as many carries as there are chains, at any number of qubits (Words). A brick of
// rotations of pairs at the end is one carry more; without chains and with rotations about
// Y alone the walk is real. The co-state walks back over a tape, and environments from the
// right, matrices over the carries, give marginals and exact draws, qubit by qubit. What a
// word costs grows with n·2^chains and what a draw costs with n·4^chains, which is also
// to say that such a circuit is no task for a quantum computer.
//
// # Noise
//
// A noise model's channels follow the operations of a circuit. The exact law
// comes from the density matrix as the real vector of its Pauli components, on
// which a channel is its Pauli transfer matrix. Shots come from that law or from
// trajectories: where all channels are mixtures of Pauli strings, errors are drawn
// first and pushed through the frame's gates until the fused SU(2)s absorb them, so
// that a distinct pattern of errors is a lane of the ideal program; otherwise shots
// are paths that part at a channel as they do at a measurement.
//
// A plain gate-by-gate interpreter (Interpret) is the oracle of all tests.
package sim
