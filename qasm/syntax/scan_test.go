package syntax

import "testing"

// Tokens follow each other, what stands between them is blank or a comment, and
// a token that stands alone is the same token.
func FuzzScan(f *testing.F) {
	for _, text := range []string{
		"", "OPENQASM 3.0;", "1_0 0x_f 0b1__0 0o17 .5 1. 1.5E+2 1e 3..4", "100ns 2 dt 12im 3µs 4μs 5 s_", "$7 $ #dim #pragma a\n#", "@a.b.c d\n x @y",
		"pragma braket verbatim\r\nbox{", "\"01\" 'a' \"a\nb", "// a\n/* b */ c /* d", "a**=b>>=c++d->e", "θ² _ \xff \u00a0 \x00", "\ufeffqubit q;",
	} {
		f.Add(text, false)
		f.Add(text, true)
	}
	f.Fuzz(func(t *testing.T, text string, v2 bool) {
		s := scanner{text: text, v2: v2}
		for end := 0; ; end = s.end {
			s.scan()
			if s.last != end || s.start < end || s.end < s.start || s.end > len(text) {
				t.Fatalf("a token from %d to %d of %d, behind one that ends at %d", s.start, s.end, len(text), end)
			}
			if s.kind != Bad && !blank(text[end:s.start]) {
				t.Fatalf("%q was passed over", text[end:s.start])
			}
			if s.kind == EOF {
				return
			}
			if s.end == s.start {
				t.Fatalf("an empty token at %d", s.start)
			}
			if s.kind == Bad {
				if s.problem == "" {
					t.Fatalf("no reason why %q is bad", s.str())
				}
				continue
			}
			alone := scanner{text: s.str(), v2: v2}
			if alone.scan(); alone.kind != s.kind || alone.str() != s.str() {
				t.Fatalf("%q is %v, alone %q is %v", s.str(), s.kind, alone.str(), alone.kind)
			}
		}
	})
}

func blank(text string) bool {
	s := scanner{text: text}
	s.scan()
	return s.kind == EOF
}
