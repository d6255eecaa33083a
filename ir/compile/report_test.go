package compile

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"qgan/calibration"
	"qgan/ir"
)

// Where no error of a device is known no fidelity is told: in words, or as null.
func TestNoErrorsKnown(t *testing.T) {
	none := &calibration.Snapshot{Service: "ionq", Name: "none", Basis: []string{"gpi", "gpi2", "zz"}, Qubits: make([]calibration.Qubit, 2)}
	for _, g := range []string{"gpi", "gpi2"} {
		none.Gates = append(none.Gates, calibration.Gate{Name: g, Qubits: []int{0}}, calibration.Gate{Name: g, Qubits: []int{1}})
	}
	none.Gates = append(none.Gates, calibration.Gate{Name: "zz", Qubits: []int{0, 1}})
	one := *none
	one.Gates = slices.Clone(none.Gates)
	one.Gates[4].Error = &calibration.Value{X: 0}
	for s, want := range map[*calibration.Snapshot]string{none: "not known", &one: "1"} {
		target, err := NewTarget(s)
		if err != nil {
			t.Fatal(err)
		}
		c := ir.New(2, 2)
		c.Gate(ir.CX, []int{0, 1})
		c.Measure(0, 0)
		c.Measure(1, 1)
		r, err := Compile(c, target, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Stats.Estimate(); got != want || (r.Report(0).Stats.Fidelity == nil) != (want == "not known") {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestReport(t *testing.T) {
	target := lettered(t, 0.01, 0.02)
	c := ir.New(2, 0)
	c.Gate(ir.H, []int{0})
	c.Gate(ir.CX, []int{0, 1})
	c.MeasureAll()
	r, err := Compile(c, target, Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := r.Report(2 * time.Second)
	if got.Device != target.Name || got.SHA256 != target.Snapshot || got.Stats.TwoQubitGates != 1 || got.Stats.Seconds != 2 || got.Stats.Fidelity == nil || *got.Stats.Fidelity != r.Stats.Fidelity || r.Stats.Estimate() != fmt.Sprintf("%.3g", r.Stats.Fidelity) ||
		!slices.Equal(got.Layout, r.Layout) || got.Notes == nil || got.Readout != nil || (got.Stats.Duration == nil) != (r.Stats.Duration == 0) {
		t.Errorf("%+v", got)
	}
	one, err := r.Twirls(3, 5)
	if err != nil {
		t.Fatal(err)
	}
	again, err := r.Twirls(3, 5)
	if err != nil || len(one) != 3 {
		t.Fatalf("%d circuits: %v", len(one), err)
	}
	other, err := r.Twirls(3, 6)
	if err != nil {
		t.Fatal(err)
	}
	same := 0
	for i := range one {
		if one[i].String() != again[i].String() {
			t.Errorf("circuit %d differs with the same seed", i)
		}
		if one[i].String() == other[i].String() {
			same++
		}
	}
	if same == len(one) {
		t.Error("another seed gives the same circuits")
	}
	if _, err := (&Result{}).Twirls(1, 0); err == nil {
		t.Error("a bound result is twirled")
	}
}

func TestParseLayout(t *testing.T) {
	for text, want := range map[string][]int{"auto": nil, "3, 5,4": {3, 5, 4}, "7": {7}} {
		if got, err := ParseLayout(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	if _, err := ParseLayout("1,b"); err == nil || err.Error() != `"b" is no number of a qubit` {
		t.Errorf("error %v", err)
	}
}

func TestDescribe(t *testing.T) {
	target := lettered(t, 0.01, 0.02)
	at := time.Date(2026, 5, 12, 10, 0, 0, 0, time.UTC)
	d := target.Describe(&calibration.Snapshot{Name: "letters", Taken: at})
	qubits, pairs := target.Usable()
	if d.Name != "letters" || d.Taken == nil || *d.Taken != "2026-05-12T10:00:00Z" || d.Qubits != len(target.Qubits) || d.Usable != qubits || d.UsablePairs != pairs || d.Warnings == nil {
		t.Errorf("%+v", d)
	}
	if d := target.Describe(&calibration.Snapshot{}); d.Taken != nil {
		t.Errorf("taken at %s", *d.Taken)
	}
}
