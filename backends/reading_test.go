package backends

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestByBits(t *testing.T) {
	for name, k := range map[string]struct {
		outcome Outcome
		bits    int
		want    map[string]int
	}{
		"words":                {Outcome{Counts: []Count{{1, 3}, {4, 2}}}, 3, map[string]int{"001": 3, "100": 2}},
		"weighted, never read": {Outcome{Counts: []Count{{0, 0}, {1, 2}}}, 1, map[string]int{"1": 2}},
		"rows":                 {Outcome{Rows: []byte{0x80, 0x40, 0x80, 0x40, 0, 0}}, 10, map[string]int{"1000000001": 2, "0000000000": 1}},
		"nothing":              {Outcome{}, 0, map[string]int{}},
	} {
		if d := cmp.Diff(k.want, k.outcome.ByBits(k.bits)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	law := &Law{Bits: 2, Words: []uint64{0, 1, 2}, P: []float64{0.25, 0, 0.75}}
	if d := cmp.Diff(map[string]float64{"00": 0.25, "10": 0.75}, law.ByBits()); d != "" {
		t.Errorf("law (-want +got):\n%s", d)
	}
}

// Of several registers a table has a column each, and JSON each on its own.
func TestReadingByRegister(t *testing.T) {
	two := []Register{{"c", []int{0, 1}}, {"d", []int{2}}}
	for name, k := range map[string]struct {
		regs   []Register
		shots  int
		counts map[string]int
		law    map[string]float64
		text   string
		by     map[string]map[string]float64
	}{
		"one":      {two[:1], 5, map[string]int{"01": 3, "11": 2}, nil, "01  3\n11  2\n", nil},
		"shots":    {two, 6, map[string]int{"010": 3, "011": 1, "110": 2}, nil, "c   d  shots\n01  0  3\n01  1  1\n11  0  2\n", map[string]map[string]float64{"c": {"01": 4, "11": 2}, "d": {"0": 5, "1": 1}}},
		"law":      {two, 0, nil, map[string]float64{"010": 0.25, "111": 0.75}, "c   d  probability\n01  0  0.25\n11  1  0.75\n", map[string]map[string]float64{"c": {"01": 0.25, "11": 0.75}, "d": {"0": 0.25, "1": 0.75}}},
		"in parts": {[]Register{{"a", []int{0, 2}}, {"b", []int{1}}}, 1, map[string]int{"011": 1}, nil, "011  1\n", map[string]map[string]float64{"a": {"01": 1}, "b": {"1": 1}}},
	} {
		r := NewReading(k.shots)
		r.Registers, r.Counts, r.Probabilities = k.regs, k.counts, k.law
		r.Split()
		var b strings.Builder
		if err := r.WriteText(&b); err != nil {
			t.Fatal(err)
		}
		if b.String() != k.text {
			t.Errorf("%s: %q, want %q", name, b.String(), k.text)
		}
		if d := cmp.Diff(k.by, r.ByRegister); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}
