package words

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// hostile says that a terminal may act on a letter, or show a text in another order for it:
// control characters of ASCII and Latin-1, what is no letter at all, marks of direction and
// separators of lines.
func hostile(r rune) bool {
	switch {
	case unicode.IsControl(r), r == '\u2028', r == '\u2029', r == utf8.RuneError:
		return true
	}
	return unicode.Is(unicode.Bidi_Control, r)
}

// Plain is a text of others as one line of a message, a table or a log may hold it: white
// space is a space, and what a terminal acts on is spelled out, as in \x1b.
func Plain(text string) string {
	if strings.IndexFunc(text, hostile) < 0 {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		switch {
		case !hostile(r):
			b.WriteRune(r)
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case r == utf8.RuneError:
			_, size := utf8.DecodeRuneInString(text[i:])
			for _, c := range []byte(text[i : i+size]) {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// Lines is Plain of each line of a text.
func Lines(text string) string {
	if strings.IndexFunc(text, hostile) < 0 {
		return text
	}
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = Plain(lines[i])
	}
	return strings.Join(lines, "\n")
}

// Spelled is JSON in which what a terminal acts on is spelled out: the control characters that
// JSON allows as they are.
func Spelled(text []byte) []byte {
	odd := func(r rune) bool { return hostile(r) && r != '\n' && r != utf8.RuneError }
	if bytes.IndexFunc(text, odd) < 0 {
		return text
	}
	var b bytes.Buffer
	for _, r := range string(text) {
		if odd(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.Bytes()
}

// PlainJSON is JSON whose texts and names are Plain; what is no JSON comes back as it is.
func PlainJSON(text []byte) []byte {
	escaped := func(i int) bool { return i+1 < len(text) && strings.IndexByte("unrtbf", text[i+1]) >= 0 }
	odd := bytes.IndexFunc(text, func(r rune) bool { return hostile(r) && r != '\n' && r != '\r' && r != '\t' }) >= 0
	for i, c := range text {
		odd = odd || c == '\\' && escaped(i)
	}
	if !odd {
		return text
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return text
	}
	out, err := json.Marshal(plain(v))
	if err != nil {
		return text
	}
	return out
}

// plain makes the texts of a value plain.
func plain(v any) any {
	switch v := v.(type) {
	case string:
		return Plain(v)
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			out[Plain(k)] = plain(x)
		}
		return out
	}
	return v
}
