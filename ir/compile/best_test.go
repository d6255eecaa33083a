package compile

import (
	"math"
	"strings"
	"testing"

	"qgan/calibration"
)

// lettered is a line of qubits a, b, c … whose pairs have these errors.
func lettered(t *testing.T, errors ...float64) *Target {
	t.Helper()
	s := &calibration.Snapshot{Service: "iqm", Name: "line", Basis: []string{"prx", "cz"}}
	for i := range len(errors) + 1 {
		s.Qubits = append(s.Qubits, calibration.Qubit{Label: string(rune('a' + i))})
	}
	for i, e := range errors {
		s.Gates = append(s.Gates, calibration.Gate{Name: "cz", Qubits: []int{i, i + 1}, Error: value(e)})
	}
	target, err := NewTarget(s)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func (c NamedChain) text() string { return strings.Join(c.Qubits, "") }

// Only the pairs differ, so the order is theirs; of a chain and its reverse one is told.
func TestBestChains(t *testing.T) {
	target := lettered(t, 0.1, 0.01, 0.3, 0.02)
	for _, c := range []struct {
		n, count int
		want     string
	}{
		{2, 3, "bc de ab"}, {2, 9, "bc de ab cd"}, {3, 2, "abc bcd"}, {1, 9, "a b c d e"},
	} {
		got, err := BestChains(target, c.n, c.count, LayerWeights(1))
		if err != nil {
			t.Fatal(err)
		}
		var words []string
		for _, chain := range got {
			words = append(words, chain.text())
		}
		if text := strings.Join(words, " "); text != c.want {
			t.Errorf("%d chains of %d: %s, want %s", c.count, c.n, text, c.want)
		}
	}
	if _, err := BestChains(target, 6, 1, LayerWeights(1)); err == nil {
		t.Error("a chain of 6 of 5 qubits")
	}
}

// Of pairs ab and bc the first was best. Fidelities are those of the new figures, and more
// than RelayoutGain between them asks for another layout.
func TestCompareChains(t *testing.T) {
	before := lettered(t, 0.01, 0.02)
	for _, c := range []struct {
		ab, bc float64
		best   string
		better bool
	}{
		{0.01, 0.02, "ab", false}, {0.03, 0.02, "bc", false}, {0.05, 0.02, "bc", true}, {0.4, 0.4, "ab", false},
	} {
		r := CompareChains(before, lettered(t, c.ab, c.bc), 2, LayerWeights(1))
		if r.Before.text() != "ab" || math.Abs(r.Before.Fidelity-r.After.Fidelity*(1-c.ab)/(1-min(c.ab, c.bc))) > 1e-12 || r.After.text() != c.best || r.Better != c.better {
			t.Errorf("%v, %v: before %+v, after %+v, better %v", c.ab, c.bc, r.Before, r.After, r.Better)
		}
	}
	if r := CompareChains(before, lettered(t, 0.01), 3, LayerWeights(1)); r.Before.text() != "abc" || r.Before.Fidelity != 0 || r.After != nil || r.Better {
		t.Errorf("a qubit that is gone: %+v", r)
	}
}
