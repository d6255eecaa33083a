package syntax

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// scanner cuts a text into tokens. The parser reads kind, start and end of the
// current one.
type scanner struct {
	text  string
	v2    bool // version 2: no durations, no imaginary numbers
	kind  Kind
	start int
	end   int
	last  int // the end of the token before
	// problem says why the token is Bad.
	problem string
	hint    string
	// comment is told each line comment.
	comment func(start, end int)
}

func (s *scanner) str() string { return s.text[s.start:s.end] }

// scan goes to the next token.
func (s *scanner) scan() {
	s.last = s.end
	i := s.end
	text := s.text
	for i < len(text) {
		switch c := text[i]; {
		case c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\v':
			i++
			continue
		case c == '/' && i+1 < len(text) && text[i+1] == '/':
			n := strings.IndexByte(text[i:], '\n')
			if n < 0 {
				n = len(text) - i
			}
			if s.comment != nil {
				s.comment(i, i+n)
			}
			i += n
			continue
		case c == '/' && i+1 < len(text) && text[i+1] == '*':
			n := strings.Index(text[i+2:], "*/")
			if n < 0 {
				s.bad(i, len(text), "the comment that begins here has no end", "close it with */")
				return
			}
			i += n + 4
			continue
		}
		break
	}
	s.start = i
	if i >= len(text) {
		s.kind, s.end = EOF, i
		return
	}
	switch c := text[i]; {
	case letter(c):
		s.word(i)
	case digit(c) || c == '.' && i+1 < len(text) && digit(text[i+1]):
		s.number(i)
	case c == '"' || c == '\'':
		s.quoted(i)
	case c == '$' && i+1 < len(text) && digit(text[i+1]):
		j := i + 1
		for j < len(text) && digit(text[j]) {
			j++
		}
		s.set(HardwareQubit, j)
	case c == '#':
		s.hash(i)
	case c == '@' && i+1 < len(text) && s.wordEnd(i+1) > i+1 && (i == 0 || s.lineStart(i)):
		j := s.wordEnd(i + 1)
		for j+1 < len(text) && text[j] == '.' && s.wordEnd(j+1) > j+1 {
			j = s.wordEnd(j + 1)
		}
		s.set(AtKeyword, j)
	case c >= utf8.RuneSelf:
		s.word(i)
	default:
		s.operator(i)
	}
}

func (s *scanner) set(k Kind, end int) { s.kind, s.end = k, end }

func (s *scanner) bad(start, end int, problem, hint string) {
	s.kind, s.start, s.end, s.problem, s.hint = Bad, start, end, problem, hint
}

// lineStart reports whether only blanks, or annotations, stand before an
// offset in its line.
func (s *scanner) lineStart(i int) bool {
	for i > 0 && (s.text[i-1] == ' ' || s.text[i-1] == '\t') {
		i--
	}
	return i == 0 || s.text[i-1] == '\n' || s.text[i-1] == '\r'
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }

// IdentifierRune reports whether a rune beyond ASCII may stand in an
// identifier: the categories Lu, Ll, Lt, Lm, Lo and Nl.
func IdentifierRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.Is(unicode.Nl, r))
}

// wordEnd returns the end of the identifier that begins at i, i for none.
func (s *scanner) wordEnd(i int) int {
	first := true
	for i < len(s.text) {
		c := s.text[i]
		switch {
		case letter(c) || !first && digit(c):
			i++
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRuneInString(s.text[i:])
			if !IdentifierRune(r) {
				return i
			}
			i += n
		default:
			return i
		}
		first = false
	}
	return i
}

func (s *scanner) word(i int) {
	end := s.wordEnd(i)
	if end == i {
		r, n := utf8.DecodeRuneInString(s.text[i:])
		switch {
		case r == utf8.RuneError && n <= 1:
			s.bad(i, i+1, "the text is not UTF-8 here", "OpenQASM is text in UTF-8; is this a binary file?")
		default:
			s.bad(i, i+n, "the character "+quoteRune(r)+" stands for nothing in OpenQASM", "identifiers are letters, digits and _")
		}
		return
	}
	s.set(Identifier, end)
	if end-i > maxKeyword {
		return
	}
	word := s.text[i:end]
	if word == "pragma" && !s.v2 {
		s.pragma(end)
		return
	}
	if k, ok := keywords[word]; ok {
		if k == KwOpaque && !s.v2 { // a keyword of version 2 only
			return
		}
		s.kind = k
	}
}

func quoteRune(r rune) string {
	if unicode.IsPrint(r) {
		return "'" + string(r) + "'"
	}
	return strings.ToUpper("U+" + hex(r))
}

func hex(r rune) string {
	const digits = "0123456789ABCDEF"
	out := ""
	for n := 0; n < 4 || r > 0; n++ {
		out = string(digits[r&15]) + out
		r >>= 4
	}
	return out
}

func (s *scanner) lineEnd(i int) int {
	if n := strings.IndexAny(s.text[i:], "\r\n"); n >= 0 {
		return i + n
	}
	return len(s.text)
}

// pragma reads the rest of the line.
func (s *scanner) pragma(i int) { s.set(PragmaLine, s.lineEnd(i)) }

func (s *scanner) hash(i int) {
	switch end := s.wordEnd(i + 1); s.text[i+1 : end] {
	case "pragma":
		s.pragma(end)
	case "dim":
		s.set(HashDim, end)
	default:
		s.bad(i, max(end, i+1), "'#' begins neither #pragma nor #dim", "")
	}
}

func (s *scanner) quoted(i int) {
	n := strings.IndexAny(s.text[i+1:], s.text[i:i+1]+"\r\n")
	if n < 0 || s.text[i+1+n] != s.text[i] {
		s.bad(i, s.lineEnd(i), "the string that begins here has no end in its line", "close it with "+s.text[i:i+1])
		return
	}
	s.set(StringLit, i+n+2)
}

// digits returns the end of digits with single underscores between them, and
// whether they are well formed.
func (s *scanner) digits(i int, is func(byte) bool) (end int, ok bool) {
	start := i
	for i < len(s.text) && (is(s.text[i]) || s.text[i] == '_') {
		i++
	}
	d := s.text[start:i]
	return i, d != "" && d[0] != '_' && d[len(d)-1] != '_' && !strings.Contains(d, "__")
}

func hexDigit(c byte) bool {
	return digit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func (s *scanner) number(i int) {
	text := s.text
	s.kind = IntLit
	ok := true
	end := i
	if text[i] == '0' && i+1 < len(text) && strings.IndexByte("xXoObB", text[i+1]) >= 0 {
		is := hexDigit
		switch text[i+1] {
		case 'o', 'O':
			is = func(c byte) bool { return c >= '0' && c <= '7' }
		case 'b', 'B':
			is = func(c byte) bool { return c == '0' || c == '1' }
		}
		end, ok = s.digits(i+2, is)
	} else {
		if text[i] != '.' {
			end, ok = s.digits(i, digit)
		}
		if end < len(text) && text[end] == '.' {
			s.kind = FloatLit
			end++
			if end < len(text) && digit(text[end]) {
				var fine bool
				end, fine = s.digits(end, digit)
				ok = ok && fine
			}
		}
		if end < len(text) && (text[end] == 'e' || text[end] == 'E') {
			k := end + 1
			if k < len(text) && (text[k] == '+' || text[k] == '-') {
				k++
			}
			if k < len(text) && digit(text[k]) {
				var fine bool
				s.kind = FloatLit
				end, fine = s.digits(k, digit)
				ok = ok && fine
			}
		}
		if ok && !s.v2 {
			end = s.suffix(end)
		}
	}
	s.end = end
	// What touches a number is part of a word that is none.
	after := s.wordEnd(end)
	for after < len(text) && digit(text[after]) {
		after++
	}
	if !ok || after > end || end < len(text) && (text[end] == '.' || digit(text[end])) {
		s.bad(i, max(after, end), "'"+clip(text[i:max(after, end)])+"' is no number", "")
	}
}

func clip(word string) string {
	if len(word) > 40 {
		return strings.ToValidUTF8(word[:40], "") + "…"
	}
	return word
}

// units are the units of time, and im; µ is U+00B5, and U+03BC is read as well.
var units = []string{"dt", "ns", "us", "µs", "μs", "ms", "s", "im"}

// suffix returns the end of a number with its unit, if there is one. Blanks may
// stand before it (since 3.1).
func (s *scanner) suffix(end int) int {
	i := end
	for i < len(s.text) && (s.text[i] == ' ' || s.text[i] == '\t') {
		i++
	}
	if i >= len(s.text) || !letter(s.text[i]) && s.text[i] < utf8.RuneSelf {
		return end
	}
	if i > end && s.text[i] != 'd' && s.text[i] != 'n' && s.text[i] != 'u' && s.text[i] != 'm' && s.text[i] != 's' && s.text[i] != 'i' && s.text[i] < utf8.RuneSelf {
		return end
	}
	for _, u := range units {
		if strings.HasPrefix(s.text[i:], u) {
			last := i + len(u)
			if s.wordEnd(last) > last || last < len(s.text) && digit(s.text[last]) {
				continue
			}
			s.kind = DurationLit
			if u == "im" {
				s.kind = ImagLit
			}
			return last
		}
	}
	return end
}

// operators by their first byte, longest first.
var operators = operatorTable()

func operatorTable() (table [utf8.RuneSelf][]Kind) {
	for n := 3; n >= 1; n-- {
		for k := LParen; k < firstKeyword; k++ {
			if len(spelling[k]) == n {
				table[spelling[k][0]] = append(table[spelling[k][0]], k)
			}
		}
	}
	return table
}

func (s *scanner) operator(i int) {
	rest := s.text[i:]
	for _, k := range operators[rest[0]] {
		if strings.HasPrefix(rest, spelling[k]) {
			s.set(k, i+len(spelling[k]))
			return
		}
	}
	s.bad(i, i+1, "the character "+quoteRune(rune(rest[0]))+" stands for nothing in OpenQASM", "")
}
