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

// JSON is v as one indented object with a line end, for people's terminals too (see [Spelled]).
func JSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return Spelled(b.Bytes()), nil
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
	var out []byte // nil as long as nothing is changed
	from := 0      // what of the text is not in out yet
	for i := 0; i < len(text); i++ {
		if text[i] != '"' {
			continue
		}
		end, odd := i+1, false
		for ; end < len(text) && text[end] != '"'; end++ {
			switch c := text[end]; {
			case c == '\\' && end+1 < len(text):
				end++
				odd = odd || strings.IndexByte("unrtbf", text[end]) >= 0
			case c < ' ' || c > '~':
				odd = true
			}
		}
		if end >= len(text) {
			break // cut off: who reads it says so
		}
		var value string
		if odd && json.Unmarshal(text[i:end+1], &value) == nil && Plain(value) != value {
			if quoted, err := json.Marshal(Plain(value)); err == nil {
				out = append(append(out, text[from:i]...), quoted...)
				from = end + 1
			}
		}
		i = end
	}
	if out == nil {
		return text
	}
	return append(out, text[from:]...)
}
