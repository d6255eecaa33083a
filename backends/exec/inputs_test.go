package exec

import (
	"maps"
	"testing"

	"qgan/internal/named"
	"qgan/ir"
)

// Inputs take their values by name, in any order; what does not fit is told with the
// setting and, where a value is missing, with what to write.
func TestBindInputs(t *testing.T) {
	c := ir.New(1, 0)
	a, b := c.DataSymbol("a"), c.DataSymbol("b")
	c.Gate(ir.RX, []int{0}, ir.Data(1, b))
	c.Gate(ir.RY, []int{0}, ir.Data(1, a))
	dashed := func(name string) string { return "--" + name }
	for _, k := range []struct {
		params    []string
		err, hint string
	}{
		{params: []string{"b=0.25", "a=-1e-3"}},
		{[]string{"b"}, "--param b: NAME=VALUE takes the name of an input and a number", ""},
		{[]string{"b=x"}, "--param b=x: NAME=VALUE takes the name of an input and a number", ""},
		{[]string{"b=NaN"}, "--param b=NaN: NAME=VALUE takes the name of an input and a number", ""},
		{[]string{"b=-Inf"}, "--param b=-Inf: NAME=VALUE takes the name of an input and a number", ""},
		{[]string{"a=1", "a=1"}, "--param a=1: 'a' has a value already", ""},
		{[]string{"a=1"}, "the program's input 'b' has no value", "give one with --param b=VALUE"},
		{[]string{"d=2", "a=1", "b=1", "c=0.5"}, "--param c=0.5: the program has no such input", ""},
	} {
		got, err := BindInputs(c, k.params)
		if k.err == "" {
			want, werr := c.Bind(nil, []float64{-1e-3, 0.25})
			if err != nil || werr != nil || got.String() != want.String() {
				t.Errorf("%v: %v, %v, want %v", k.params, got, err, want)
			}
			continue
		}
		e, ok := err.(*named.Error)
		if !ok || !e.BadInput() || e.Named(dashed) != k.err || e.Hint(dashed) != k.hint {
			t.Errorf("%v: %v, want %s", k.params, err, k.err)
		}
	}
}

// The values of inputs are taken apart as they are written; what a reader took is not bound again.
func TestBindOpen(t *testing.T) {
	got, err := Inputs([]string{"k=3", "w=0110", "t="})
	if want := map[string]string{"k": "3", "w": "0110", "t": ""}; err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	for _, params := range [][]string{{"k"}, {"k=1", "k=2"}} {
		if _, err := Inputs(params); err == nil {
			t.Errorf("%v was taken", params)
		}
	}
	c := ir.New(1, 0)
	c.Gate(ir.RX, []int{0}, ir.Data(1, c.DataSymbol("t")))
	for _, k := range []struct {
		params, taken []string
		all           bool
		open          int // symbols that are left, -1 for an error
	}{
		{[]string{"k=3"}, []string{"k"}, false, 1},
		{[]string{"k=3"}, []string{"k"}, true, -1},
		{[]string{"k=3", "t=1"}, []string{"k"}, false, 0},
		{[]string{"t=1"}, nil, true, 0},
		{[]string{"u=1"}, nil, false, -1},
		{nil, nil, false, 1},
	} {
		b, err := BindOpen(c, k.params, k.taken, k.all)
		if (err != nil) != (k.open < 0) || err == nil && len(b.Data) != k.open {
			t.Errorf("%+v: %v, %v", k, b, err)
		}
	}
}
