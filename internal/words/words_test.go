package words

import (
	"strings"
	"testing"
	"time"
)

func TestWords(t *testing.T) {
	x := 0.123456
	for _, c := range []struct{ got, want string }{
		{Count(0, "job"), "0 jobs"},
		{Count(1, "job"), "1 job"},
		{Count(2, "job"), "2 jobs"},
		{Names([]string{"3", "4", "5"}), "[3 4 5]"},
		{Names(strings.Fields("3 4 5 6 7 8 9 10 11 12 13 14 15")), "[3 to 15]"},
		{Names(strings.Fields("3 4 5 6 7 8 9 10 11 12 13 14")), "[3 4 5 6 7 8 9 10 11 12 13 14]"},
		{Names(strings.Fields("3 4 5 6 7 8 9 10 11 12 13 14 16")), "[3 4 5 6 7 8 9 10 11 12 13 14 16]"},
		{Names(strings.Fields("a b c d e f g h i j k l m n")), "[a b c d e f g h i j k l m n]"},
		{Figure(&x, "%.3g"), "0.123"},
		{Figure(nil, "%.3g"), "–"},
		{Age(-time.Second), "in the future"},
		{Age(0), "0 min"},
		{Age(119 * time.Minute), "119 min"},
		{Age(2 * time.Hour), "2 h"},
		{Age(71 * time.Hour), "71 h"},
		{Age(72 * time.Hour), "3 days"},
		{Age(36 * 24 * time.Hour), "36 days"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

// Cells that nobody could see are quoted.
func TestQuoted(t *testing.T) {
	for text, want := range map[string]string{"": `""`, "a": "a", "a b": `"a b"`, "a\tb": `"a\tb"`} {
		if got := Quoted(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
