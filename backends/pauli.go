package backends

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// PauliFactor is one letter of a Pauli string: X, Y or Z on a qubit.
type PauliFactor struct {
	Letter byte
	Qubit  int
}

// PauliString is a product of Pauli letters on different qubits, by qubit ascending; the
// empty string is the identity.
type PauliString []PauliFactor

// String writes the string as ParsePauliSum reads it: "X0 Z2", "I" for the identity.
func (p PauliString) String() string {
	if len(p) == 0 {
		return "I"
	}
	parts := make([]string, len(p))
	for i, f := range p {
		parts[i] = string(f.Letter) + strconv.Itoa(f.Qubit)
	}
	return strings.Join(parts, " ")
}

// PauliTerm is a Pauli string with its coefficient.
type PauliTerm struct {
	Coefficient float64
	String      PauliString
}

// PauliSum is an observable: a real combination of Pauli strings.
type PauliSum []PauliTerm

// ParsePauliSum reads an observable such as "Z0 Z1 - 0.5*X2 + 3": terms with + or -, each a
// number, letters X, Y, Z (or I) with the number of their qubit, or both; * and spaces
// between factors mean the same. Equal strings are added up. Errors name the place.
func ParsePauliSum(text string) (PauliSum, error) {
	p := &pauliReader{text: text}
	var sum PauliSum
	for first := true; ; first = false {
		p.space()
		sign := 1.0
		switch {
		case p.at == len(text) && first:
			return nil, p.wrong("nothing is written")
		case p.at == len(text):
			return sum, nil
		case text[p.at] == '+' || text[p.at] == '-':
			if text[p.at] == '-' {
				sign = -1
			}
			p.at++
		case !first:
			return nil, p.wrong("a + or - between terms is missing")
		}
		term, err := p.term()
		if err != nil {
			return nil, err
		}
		term.Coefficient *= sign
		same := func(t PauliTerm) bool { return slices.Equal(t.String, term.String) }
		if i := slices.IndexFunc(sum, same); i >= 0 {
			sum[i].Coefficient += term.Coefficient
		} else {
			sum = append(sum, term)
		}
	}
}

// Qubits returns how many qubits the observable needs: its highest qubit plus one.
func (s PauliSum) Qubits() (n int) {
	for _, t := range s {
		for _, f := range t.String {
			n = max(n, f.Qubit+1)
		}
	}
	return n
}

// pauliReader reads an observable from its text.
type pauliReader struct {
	text string
	at   int
}

func (p *pauliReader) wrong(format string, args ...any) error {
	return Refuse("observable %q, character %d: %s", p.text, p.at+1, fmt.Sprintf(format, args...))
}

func (p *pauliReader) space() {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t') {
		p.at++
	}
}

// take takes what is made of the given characters.
func (p *pauliReader) take(of string) string {
	from := p.at
	for p.at < len(p.text) && strings.IndexByte(of, p.text[p.at]) >= 0 {
		p.at++
	}
	return p.text[from:p.at]
}

// term reads a number, letters, or both.
func (p *pauliReader) term() (t PauliTerm, err error) {
	t.Coefficient = 1
	factors := 0
	for {
		p.space()
		if p.at < len(p.text) && p.text[p.at] == '*' && factors > 0 {
			p.at++
			p.space()
			if p.at == len(p.text) {
				return t, p.wrong("a factor after * is missing")
			}
		}
		if p.at == len(p.text) || strings.IndexByte("+-", p.text[p.at]) >= 0 {
			break
		}
		from := p.at
		switch c := p.text[p.at]; {
		case c >= '0' && c <= '9' || c == '.':
			if factors > 0 {
				return t, p.wrong("a number comes before the letters of its term")
			}
			number := p.take("0123456789.")
			if p.at < len(p.text) && (p.text[p.at] == 'e' || p.text[p.at] == 'E') {
				p.at++
				number += "e" + p.take("+-") + p.take("0123456789")
			}
			x, err := strconv.ParseFloat(number, 64)
			if err != nil || math.IsInf(x, 0) {
				p.at = from
				return t, p.wrong("%q is no number", number)
			}
			t.Coefficient = x
		case c == 'I' || c == 'X' || c == 'Y' || c == 'Z':
			p.at++
			q := p.take("0123456789")
			if c == 'I' {
				break // with or without a qubit
			}
			n, err := strconv.Atoi(q)
			if err != nil || n > 1<<20 {
				p.at = from
				return t, p.wrong("%c takes the number of a qubit, as in %c0", c, c)
			}
			if slices.ContainsFunc(t.String, func(f PauliFactor) bool { return f.Qubit == n }) {
				p.at = from
				return t, p.wrong("qubit %d has two letters in one term", n)
			}
			t.String = append(t.String, PauliFactor{c, n})
		default:
			return t, p.wrong("%q is neither a number nor X, Y, Z or I", c)
		}
		factors++
	}
	if factors == 0 {
		return t, p.wrong("a term is missing")
	}
	slices.SortFunc(t.String, func(a, b PauliFactor) int { return a.Qubit - b.Qubit })
	return t, nil
}
