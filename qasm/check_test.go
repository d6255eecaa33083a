package qasm

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"qgan/ir"
)

// What a dialect holds is known without text: Check says what Print does, and the value of
// Encode is the text of Print.
func TestCheckAndEncode(t *testing.T) {
	circuits := map[string]func(c *ir.Circuit){
		"native of IonQ": func(c *ir.Circuit) { c.Gate(ir.GPI2, []int{0}, ir.Const(0.25)) },
		"native of IQM":  func(c *ir.Circuit) { c.Gate(ir.CZ, []int{0, 1}) },
		"any gate":       func(c *ir.Circuit) { c.Gate(ir.CCX, []int{0, 1, 2}) },
		"a symbol": func(c *ir.Circuit) {
			c.Trained = []string{"a"}
			c.Gate(ir.RX, []int{0}, ir.Trained(1, 0))
		},
		"a delay": func(c *ir.Circuit) { c.Ops = append(c.Ops, &ir.Delay{Duration: 3, Unit: "dt", Qubits: []int{0}}) },
		"a branch": func(c *ir.Circuit) {
			c.Ops = append(c.Ops, &ir.While{Cond: ir.BitSet(0), Body: []ir.Op{&ir.Measure{Qubit: 0, Bit: 0}}})
		},
	}
	values, notes, refused := 0, 0, 0
	for _, dialect := range Dialects() {
		for name, build := range circuits {
			c := ir.New(3, 3)
			build(c)
			if name != "a branch" {
				c.MeasureAll()
			}
			opt := Options{Dialect: dialect}
			p, perr := Print(c, opt)
			left, err := Check(c, opt)
			if (err == nil) != (perr == nil) || err != nil && err.Error() != perr.Error() {
				t.Errorf("%s, %s: Check says %v, Print %v", dialect, name, err, perr)
			}
			value, verr := Encode(c, opt)
			if err != nil {
				refused++
				if verr == nil {
					t.Errorf("%s, %s: refused and encoded", dialect, name)
				}
				continue
			}
			if d := cmp.Diff(p.Notes, left); d != "" {
				t.Errorf("%s, %s: notes of Print and Check (-print +check):\n%s", dialect, name, d)
			}
			notes += len(left)
			if verr != nil {
				continue
			}
			values++
			text, err := json.MarshalIndent(value, "", " ")
			if err != nil || string(text)+"\n" != p.Text {
				t.Errorf("%s, %s: the value is\n%s\nthe text\n%s", dialect, name, text, p.Text)
			}
		}
	}
	if values < 2 || notes == 0 || refused == 0 {
		t.Errorf("%d values, %d notes and %d refusals: too little was tried", values, notes, refused)
	}
}
