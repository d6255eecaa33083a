package compile

import (
	"fmt"
	"slices"
)

// NamedChain is a chain by the device's own names of its qubits.
type NamedChain struct {
	Qubits   []string `json:"qubits"`
	Fidelity float64  `json:"fidelity"`
}

// named gives a chain's qubits their names.
func (t *Target) named(c Chain) NamedChain {
	labels := make([]string, len(c.Qubits))
	for i, q := range c.Qubits {
		labels[i] = t.Labels[q]
	}
	return NamedChain{labels, c.Fidelity}
}

// BestChains returns at most count chains as [Chains] finds them, but of a chain and its
// reverse the first one only.
func BestChains(t *Target, n, count int, w ChainWeights) ([]NamedChain, error) {
	chains, err := Chains(t, n, 2*count, w)
	if err != nil {
		return nil, err
	}
	best := []NamedChain{}
	seen := map[string]bool{}
	for _, c := range chains {
		back := slices.Clone(c.Qubits)
		slices.Reverse(back)
		if seen[fmt.Sprint(back)] || len(best) == count {
			continue
		}
		seen[fmt.Sprint(c.Qubits)] = true
		best = append(best, t.named(c))
	}
	return best, nil
}

// RelayoutGain is the gain in fidelity above which another chain is worth a new layout.
const RelayoutGain = 0.02

// Relayout tells what a change of a device's figures means for the best chain.
type Relayout struct {
	// Before is the best chain of the old figures with its fidelity by the new ones, After
	// the best one now; nil where there is none.
	Before *NamedChain `json:"before"`
	After  *NamedChain `json:"after"`
	Better bool        `json:"relayout"` // After is better by more than RelayoutGain
}

// CompareChains looks for the best chain of n qubits before and after a change.
func CompareChains(before, after *Target, n int, w ChainWeights) Relayout {
	var r Relayout
	if was, err := Chains(before, n, 1, w); err == nil {
		was[0].Fidelity, _ = ChainFidelity(after, was[0].Qubits, w) // 0 where the device has lost a qubit
		c := before.named(was[0])                                   // the new device may not have all of them
		r.Before = &c
	}
	if best, err := Chains(after, n, 1, w); err == nil {
		c := after.named(best[0])
		r.After = &c
	}
	r.Better = r.Before != nil && r.After != nil && r.After.Fidelity > r.Before.Fidelity+RelayoutGain
	return r
}
