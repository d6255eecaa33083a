package words

import (
	"strings"
	"testing"
)

// Nothing that a terminal acts on is left of a text, and all else is as it was.
func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "",
		"two neurons, π/2 – é":       "two neurons, π/2 – é",
		"no \x1b[31mred":             `no \x1b[31mred`,
		"a\x1b]0;title\x07b":         `a\x1b]0;title\x07b`,
		"fine\x1b[2K\rqgan: all":     `fine\x1b[2K qgan: all`,
		"one\ntwo\tthree\r\n":        "one two three  ",
		"\x00\x08\x7f":               `\x00\x08\x7f`,
		"CSI \u009b31m":              `CSI \x9b31m`,
		"NEL \u0085":                 "NEL  ",
		"a \xff b":                   `a \xff b`,
		"\xc2":                       `\xc2`,
		"the letter \ufffd":          `the letter \xef\xbf\xbd`,
		"gpj.\u202eexe":              `gpj.\u202eexe`,
		"\u2066a\u2069":              `\u2066a\u2069`,
		"lines\u2028and\u2029others": "lines and others",
	} {
		if got := Plain(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if got, twice := Plain(text), Plain(Plain(text)); got != twice || strings.ContainsAny(got, "\x1b\r\n\t\x07\u009b") {
			t.Errorf("%q: %q, then %q", text, got, twice)
		}
	}
	if got := Lines("one\r\ntwo \x1b[1m\n"); got != "one \ntwo \\x1b[1m\n" {
		t.Errorf("%q", got)
	}
}

// JSON stays what it says but for what a terminal acts on.
func TestPlainJSON(t *testing.T) {
	for text, want := range map[string]string{
		`{"a": [1.50, "x"]}`: `{"a": [1.50, "x"]}`,
		"{\n\t\"a\": 1\r\n}": "{\n\t\"a\": 1\r\n}",
		`{"\u001b[1m": {"b": ["\n\u009b\u202e"]}, "n": 12345678901234567890}`: `{"\\x1b[1m": {"b": [" \\x9b\\u202e"]}, "n": 12345678901234567890}`,
		"{\"a\": \"\u009b\"}":           `{"a": "\\x9b"}`,
		`{"a": "\"\\"}`:                 `{"a": "\"\\"}`,
		`{"a": "\u001b`:                 `{"a": "\u001b`,
		`{"a\n": "é\"", "b": "\u0041"}`: `{"a ": "é\"", "b": "\u0041"}`,
		"<html>\x1b":                    "<html>\x1b",
	} {
		if got := string(PlainJSON([]byte(text))); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := string(Spelled([]byte("{\n \"a\": \"é\x7f\u009b\u202e\ufffd\"}\n"))); got != "{\n \"a\": \"é\\u007f\\u009b\\u202e\ufffd\"}\n" {
		t.Errorf("%q", got)
	}
}
