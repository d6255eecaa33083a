package exec

import (
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
