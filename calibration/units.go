package calibration

import "strings"

// unit is a row of the table of units: how much one is in SI units, and of what.
type unit struct {
	factor float64
	kind   kind
}

// kind is what a number measures.
type kind uint8

const (
	seconds kind = iota
	hertz
	fraction // no dimension
)

func (k kind) String() string { return [...]string{"time", "frequency", "fraction"}[k] }

// units is the table of the spellings that services use, in lower case. The
// micro sign stands as U+00B5 and as the Greek letter U+03BC.
var units = map[string]unit{
	"s": {1, seconds}, "ms": {1e-3, seconds}, "us": {1e-6, seconds}, "µs": {1e-6, seconds}, "μs": {1e-6, seconds},
	"ns": {1e-9, seconds}, "ps": {1e-12, seconds},
	"hz": {1, hertz}, "khz": {1e3, hertz}, "mhz": {1e6, hertz}, "ghz": {1e9, hertz},
	"": {1, fraction}, "fraction": {1, fraction},
}

// convert brings a number in a unit to SI units.
func convert(x float64, name string, want kind) (float64, error) {
	u, ok := units[strings.ToLower(name)]
	if !ok {
		return 0, invalid("unknown unit %q", name)
	}
	if u.kind != want {
		return 0, invalid("the unit %q where a %v is measured", name, want)
	}
	// Division by the reciprocal keeps 32 ns at the double nearest to 3.2e-8.
	if u.factor < 1 {
		return x / (1 / u.factor), nil
	}
	return x * u.factor, nil
}
