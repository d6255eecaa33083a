package exec

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/calibration"
	"qgan/ir/compile"
)

// Shots in order are those that are counted, flipped back where they were twirled.
func TestWordsInOrder(t *testing.T) {
	model, err := calibration.ReadNoiseModel(calibration.File{Name: "readout.json", Data: []byte(`{"readout": [{"p1_given_0": 0.02, "p0_given_1": 0.07}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []backends.Mitigation{backends.MitigateM3, backends.MitigateTwirl} {
		m := &Mitigated{Runner: &sim.Noisy{Model: model}, CalibrationShots: 4000}
		res, err := m.Run(t.Context(), []backends.Request{{Circuit: sample(), Bindings: lanes, Shots: []int{1000}, KeepOrder: true, Mitigation: method}})
		if err != nil {
			t.Fatal(err)
		}
		for lane, o := range res[0].Outcomes {
			counts := map[uint64]int{}
			for _, w := range o.Words {
				counts[w]++
			}
			total := 0
			for _, c := range o.Counts {
				if total += c.N; counts[c.Word] != c.N {
					t.Errorf("%s, lane %d: %05b is counted %d times and comes %d times", method, lane, c.Word, c.N, counts[c.Word])
				}
			}
			if total != 1000 || len(o.Words) != 1000 {
				t.Errorf("%s, lane %d: %d counted, %d in order", method, lane, total, len(o.Words))
			}
		}
	}
}

// Counts list the words that have a weight and those that were seen.
func TestFill(t *testing.T) {
	r, err := readoutOf(sample()) // bits 0, 1, 3 and 4 of 5
	if err != nil {
		t.Fatal(err)
	}
	o := backends.Outcome{Shots: 10, Counts: []backends.Count{{Word: 0b00001, N: 4}, {Word: 0b11000, N: 6}}}
	r.fill(&o, &calibration.Quasi{Bits: 4, Words: []uint64{0b0010, 0b1100}, Weights: []float64{-0.25, 1.25}, Variances: []float64{0.5, 0.75}, Overhead: 2})
	want := backends.Outcome{
		Shots:     10,
		Counts:    []backends.Count{{Word: 0b00001, N: 4}, {Word: 0b00010, N: 0}, {Word: 0b11000, N: 6}},
		Weights:   []float64{0, -0.25, 1.25},
		Variances: []float64{0, 0.5, 0.75},
		Overhead:  2,
	}
	if d := cmp.Diff(want, o); d != "" {
		t.Error(d)
	}
}

func TestMapped(t *testing.T) {
	// Bits change places, the second is flipped.
	a := &compile.Affine{Sources: [][]int{{1}, {0}}, Flip: []bool{false, true}}
	in := backends.Outcome{
		Shots: 5, Counts: []backends.Count{{Word: 0b00, N: 3}, {Word: 0b10, N: 2}}, Words: []uint64{2, 0, 0, 2, 0},
		Weights: []float64{0.75, 0.25}, Variances: []float64{1, 2}, Overhead: 1.5,
	}
	before := slices.Clone(in.Counts)
	got, err := Mapped(in, a)
	if err != nil {
		t.Fatal(err)
	}
	want := backends.Outcome{
		Shots: 5, Counts: []backends.Count{{Word: 0b00, N: 2}, {Word: 0b01, N: 3}}, Words: []uint64{0, 1, 1, 0, 1},
		Weights: []float64{0.25, 0.75}, Variances: []float64{2, 1}, Overhead: 1.5,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if !slices.Equal(in.Counts, before) {
		t.Error("the outcome that was given has changed")
	}
	if _, err := Mapped(in, &compile.Affine{Sources: [][]int{{0}, {0}}, Flip: make([]bool, 2)}); err == nil {
		t.Error("different words became one")
	}
	if same, err := Mapped(in, nil); err != nil || math.Abs(same.Weights[0]-0.75) > 0 {
		t.Error(same, err)
	}
}
