package sim

import (
	"context"
	"fmt"

	"qgan/internal/parallel"
)

// trajectories draws the shots one course of events after the other.
func (j *shotJob) trajectories(ctx context.Context) ([]uint64, error) {
	if n := j.circuit.Qubits; n > MaxQubits {
		return nil, fmt.Errorf("circuit %q uses %d qubits, the simulator holds at most %d", j.circuit.Name, n, MaxQubits)
	}
	p, err := j.patternProgram()
	if err != nil {
		return nil, err
	}
	if p != nil {
		return j.patterns(ctx, p)
	}
	words, err := j.tree(ctx)
	if err != nil {
		return nil, err
	}
	rng := j.stream("order")
	rng.Shuffle(len(words), func(a, b int) { words[a], words[b] = words[b], words[a] })
	return words, nil
}

const (
	// treeShots is the least number of shots that are followed together.
	treeShots = 1 << 11
	// maxTrees bounds the groups of shots, each of which runs the likely course
	// of events once more.
	maxTrees = 32
	// treeQubits is the number of qubits from which on a state has work for all
	// workers.
	treeQubits = 13
)

// tree follows the shots as paths that part where their courses of events do. Of
// few qubits, groups of shots are followed side by side, each with its own
// random numbers.
func (j *shotJob) tree(ctx context.Context) ([]uint64, error) {
	c := j.circuit
	groups := max(1, min(maxTrees, j.shots/treeShots))
	inner, outer := 1, j.workers
	if c.Qubits >= treeQubits {
		groups, inner, outer = 1, j.workers, 1
	}
	k, err := kernelNamed(j.kernel)
	if err != nil {
		return nil, err
	}
	words, errs := make([][]uint64, groups), make([]error, groups)
	parallel.Each(groups, outer, func(g, _ int) {
		shots := (g+1)*j.shots/groups - g*j.shots/groups
		e := &explorer{
			ctx: ctx, circuit: c, trained: j.trained, data: j.data, noise: j.noisyCircuit,
			rng: j.stream("tree", uint64(g)), words: make([]uint64, 0, shots),
		}
		state := newRegister(c.Qubits, k.block, inner)
		state.plain = c.Qubits <= directQubits
		start := &path{register: state, fresh: true, bits: make([]bool, c.AllBits()), shots: shots, todo: &todo{ops: c.Ops}}
		if shots > 0 {
			errs[g] = e.follow(start)
		}
		words[g] = e.words
	})
	var out []uint64
	for g, w := range words {
		if errs[g] != nil {
			return nil, fmt.Errorf("circuit %q: %w", c.Name, errs[g])
		}
		out = append(out, w...)
	}
	return out, nil
}
