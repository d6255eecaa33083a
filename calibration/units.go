package calibration

import "strings"

// unit is a row of the table of units: one is times/per SI units, both whole
// numbers, so that 32 ns is the double nearest to 3.2e-8.
type unit struct {
	times, per float64
	kind       kind
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
	"s": {1, 1, seconds}, "ms": {1, 1e3, seconds}, "us": {1, 1e6, seconds}, "µs": {1, 1e6, seconds}, "μs": {1, 1e6, seconds},
	"ns": {1, 1e9, seconds}, "ps": {1, 1e12, seconds},
	"hz": {1, 1, hertz}, "khz": {1e3, 1, hertz}, "mhz": {1e6, 1, hertz}, "ghz": {1e9, 1, hertz},
	"": {1, 1, fraction}, "fraction": {1, 1, fraction},
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
	return x * u.times / u.per, nil
}
