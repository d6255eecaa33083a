package spikes

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
)

// naturally compares names in the order that people count in: numbers by their value and
// before words, and in words the whole numbers by theirs, so that unit_8 comes before
// unit_10.
func naturally(a, b string) int {
	x, aNumber := numeral(a)
	y, bNumber := numeral(b)
	switch {
	case aNumber && bNumber:
		return cmp.Or(cmp.Compare(x, y), cmp.Compare(a, b))
	case aNumber:
		return -1
	case bNumber:
		return 1
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		m, n := digits(a[i:]), digits(b[j:])
		if m == 0 || n == 0 {
			if c := cmp.Compare(a[i], b[j]); c != 0 {
				return c
			}
			i, j = i+1, j+1
			continue
		}
		p, q := strings.TrimLeft(a[i:i+m], "0"), strings.TrimLeft(b[j:j+n], "0")
		if c := cmp.Or(cmp.Compare(len(p), len(q)), cmp.Compare(p, q)); c != 0 {
			return c
		}
		i, j = i+m, j+n
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// numeral reads a name that is a number.
func numeral(name string) (float64, bool) {
	x, err := strconv.ParseFloat(name, 64)
	return x, err == nil && !math.IsNaN(x) && !math.IsInf(x, 0)
}

// digits counts the decimal digits that a text begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// labels numbers names in their natural order.
type labels struct {
	names []string
	index map[string]int
}

func newLabels(all map[string]bool) labels {
	l := labels{index: map[string]int{}}
	for name := range all {
		l.names = append(l.names, name)
	}
	slices.SortFunc(l.names, naturally)
	for i, name := range l.names {
		l.index[name] = i
	}
	return l
}
