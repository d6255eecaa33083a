package qasm

import (
	"fmt"
	"strings"

	"qgan/ir"
	"qgan/qasm/syntax"
)

// keywords are the reserved words of OpenQASM 3.1 and 2.0 (specification,
// "Comments and identifiers"; grammar qasm3Lexer) and the built-in constants
// and functions, in the alphabet of the names that are written.
const keywords = `
	openqasm include defcalgrammar def cal defcal gate extern box let break
	continue if else end return for while in switch case default nop pragma
	input output const readonly mutable qreg qubit creg bool bit int uint float
	angle complex array void duration stretch gphase inv pow ctrl negctrl
	durationof delay reset measure barrier true false im dim opaque
	pi tau euler arccos arcsin arctan ceiling cos exp floor ln log mod popcount
	real imag rotl rotr sin sqrt sizeof tan`

// aliases are the names of stdgates.inc and qelib1.inc beside the gate table's.
const aliases = "phase cphase u1 cu1 cu3 cnot"

// reserved holds every word that is not free for a gate definition: keywords
// and the names of stdgates.inc.
// taken holds in addition the names of all gates: no register and no input is
// called like one, since readers differ in which gates they know.
var reserved, taken = takenNames()

func takenNames() (reserved, taken map[string]bool) {
	reserved, taken = map[string]bool{}, map[string]bool{}
	for _, w := range strings.Fields(keywords + " " + aliases) {
		reserved[w], taken[w] = true, true
	}
	for _, g := range ir.Gates() {
		info := g.Info()
		if s := info.Spelling.StdGates; s != "" {
			reserved[s] = true
		}
		for _, s := range []string{info.Name, info.Spelling.StdGates, info.Spelling.QELib1, info.Spelling.Qiskit} {
			taken[strings.ToLower(s)] = true
		}
	}
	return reserved, taken
}

// legal reports whether a name is in the alphabet that all readers share,
// [a-z][a-z0-9_]*, and free.
func legal(name string) bool {
	return name == escape(name, "A") && !taken[name] // no legal name begins with A
}

// escape maps a name into the alphabet: lower case, any other run of
// characters an underscore, and the prefix in front of what is left where that
// does not begin with a letter.
func escape(name, prefix string) string {
	var b strings.Builder
	other := false
	for _, r := range name {
		switch {
		case r >= 'A' && r <= 'Z':
			r += 'a' - 'A'
			fallthrough
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '_':
			b.WriteRune(r)
			other = false
		default:
			if !other {
				b.WriteByte('_')
			}
			other = true
		}
	}
	s := b.String()
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		s = prefix + s
	}
	return s
}

// wish is a name that is asked for, and where the name given is stored.
type wish struct {
	name   string
	prefix string // for a name that does not begin with a letter
	given  *string
	// input: a name that users give values to, which is kept wherever the reader
	// takes it, before all others.
	input bool
}

// keeps reports whether a wish is granted as it is.
func (w wish) keeps(unicode bool) bool {
	if !w.input {
		return legal(w.name)
	}
	if w.name == "" || taken[strings.ToLower(w.name)] {
		return false
	}
	for i, r := range w.name {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', i > 0 && (r == '_' || r >= '0' && r <= '9'):
		case unicode && (r == '_' || syntax.IdentifierRune(r)) && w.name != "π" && w.name != "τ" && w.name != "ℇ":
		default:
			return false
		}
	}
	return true
}

// christen gives every wish a name of its own. Names that can stay are given
// first, those of inputs before those of registers, so that no name that could
// stay is changed for the sake of one that cannot. None is one of the words.
func christen(wishes []wish, unicode bool, words []string) {
	used := map[string]bool{}
	for _, w := range words {
		used[w] = true
	}
	for _, input := range []bool{true, false} {
		for _, w := range wishes {
			if w.input == input && w.keeps(unicode) && !used[w.name] {
				*w.given = w.name
				used[w.name] = true
			}
		}
	}
	for _, w := range wishes {
		if *w.given != "" {
			continue
		}
		base := escape(w.name, w.prefix)
		name := base
		for k := 2; used[name] || taken[name]; k++ {
			name = fmt.Sprintf("%s_%d", base, k)
		}
		*w.given = name
		used[name] = true
	}
}
