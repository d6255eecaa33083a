package exec

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"qgan/internal/named"
	"qgan/ir"
)

// Inputs takes the values of a program's inputs, each NAME=VALUE, apart. Errors name the setting
// param.
func Inputs(params []string) (map[string]string, error) {
	values := map[string]string{}
	for _, p := range params {
		name, text, ok := strings.Cut(p, "=")
		if !ok {
			return nil, named.Inputf("{param} %s: NAME=VALUE takes the name of an input and a number", p)
		}
		if _, twice := values[name]; twice {
			return nil, named.Inputf("{param} %s: '%s' has a value already", p, name)
		}
		values[name] = text
	}
	return values, nil
}

// BindOpen binds the inputs that a program left open when it was read with those of params that
// are taken: every one where all is set, otherwise if a value is left for any.
func BindOpen(c *ir.Circuit, params, taken []string, all bool) (*ir.Circuit, error) {
	left := slices.DeleteFunc(slices.Clone(params), func(p string) bool {
		name, _, _ := strings.Cut(p, "=")
		return slices.Contains(taken, name)
	})
	if !all && len(left) == 0 {
		return c, nil
	}
	return BindInputs(c, left)
}

// BindInputs gives a program's inputs their values, each NAME=VALUE. Every input needs one,
// and every value an input. Errors name the setting param.
func BindInputs(c *ir.Circuit, params []string) (*ir.Circuit, error) {
	values := map[string]float64{}
	for _, p := range params {
		name, number, ok := strings.Cut(p, "=")
		x, err := strconv.ParseFloat(number, 64)
		if !ok || err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, named.Inputf("{param} %s: NAME=VALUE takes the name of an input and a number", p)
		}
		if _, twice := values[name]; twice {
			return nil, named.Inputf("{param} %s: '%s' has a value already", p, name)
		}
		values[name] = x
	}
	data := make([]float64, len(c.Data))
	for i, name := range c.Data {
		x, ok := values[name]
		if !ok {
			return nil, named.Inputf("the program's input '%s' has no value", name).Hinted("give one with {param} " + name + "=VALUE")
		}
		data[i] = x
		delete(values, name)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		return nil, named.Inputf("{param} %s=%v: the program has no such input", name, values[name])
	}
	return c.Bind(nil, data)
}
