package words

import (
	"testing"
	"time"
)

func TestWords(t *testing.T) {
	x := 0.123456
	for _, c := range []struct{ got, want string }{
		{Count(0, "job"), "0 jobs"},
		{Count(1, "job"), "1 job"},
		{Count(2, "job"), "2 jobs"},
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
