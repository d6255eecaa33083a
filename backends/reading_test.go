package backends

import (
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
