package raw

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func floats(x ...float64) Array {
	var b []byte
	for _, v := range x {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return Array{Kind: Float64, Order: binary.LittleEndian, Bytes: b}
}

func TestCompressed(t *testing.T) {
	for _, c := range []struct {
		name                    string
		major, minor            int
		starts, indices, values Array
		kind                    Kind
		want                    []float64
		error                   string
	}{
		{"bytes", 2, 3, floats(0, 2, 3), floats(0, 2, 1), floats(1, 1, 255), Uint8, []float64{1, 0, 1, 0, 255, 0}, ""},
		{"twice is a sum", 1, 2, floats(0, 2), floats(1, 1), floats(1, 2), Uint8, []float64{0, 3}, ""},
		{"floats", 1, 3, floats(0, 3), floats(1, 2, 2), floats(0.5, 200, 100), Float64, []float64{0, 0.5, 300}, ""},
		{"negative", 1, 2, floats(0, 1), floats(1), floats(-1), Float64, []float64{0, -1}, ""},
		{"more values than elements", 1, 2, floats(0, 1), floats(1, 0), floats(1, 1), Uint8, []float64{0, 1}, ""},
		{"nothing", 0, 5, floats(0), floats(), floats(), Uint8, nil, ""},
		{"lines", 2, 2, floats(0, 0), floats(), floats(), 0, nil, "2 lines with 2 beginnings"},
		{"negative lines", -1, 2, floats(), floats(), floats(), 0, nil, "-1 lines with 0 beginnings"},
		{"half an element", 1, 2, floats(0, 0.5), floats(1), floats(1), 0, nil, "of 0.5 elements"},
		{"NaN", 1, 2, floats(0, math.NaN()), floats(1), floats(1), 0, nil, "of NaN elements"},
		{"backwards", 2, 2, floats(0, 2, 1), floats(1, 1), floats(1, 1), 0, nil, "line 0 of a sparse array ends at element 2 of 1"},
		{"index", 1, 2, floats(0, 1), floats(2), floats(1), 0, nil, "an element of a sparse array at 2 of 2"},
		{"too large", 1, 101, floats(0, 0), floats(), floats(), 0, nil, "at most 100"},
		{"too large for memory", 3, math.MaxInt / 2, floats(0, 0, 0, 0), floats(), floats(), 0, nil, "at most 100"},
	} {
		a, err := Compressed{c.major, c.minor, c.starts, c.indices, c.values}.Full(100)
		if c.error != "" || err != nil {
			if err == nil || c.error == "" || !strings.Contains(err.Error(), c.error) {
				t.Errorf("%s: error %v, want …%s…", c.name, err, c.error)
			}
			continue
		}
		var got []float64
		for i := range a.Len() {
			got = append(got, a.At(i))
		}
		if d := cmp.Diff(c.want, got); d != "" || a.Kind != c.kind {
			t.Errorf("%s: %v (-want +got):\n%s", c.name, a.Kind, d)
		}
	}
	for want, places := range map[string][]int{"element 2 of a sparse array of 2": {2}, "element -1": {-1}, "2 elements and 1 values": {0, 1}} {
		if _, err := Scatter([]int{2}, places, floats(1), 100); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want …%s…", err, want)
		}
	}
}
