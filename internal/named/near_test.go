package named

import (
	"slices"
	"testing"
)

func TestNearest(t *testing.T) {
	words := []string{"layers", "latent", "json", "shots", "seed"}
	for word, want := range map[string][]string{
		"layrs": {"layers"}, "jsn": {"json"}, "sed": {"seed"}, "shot": {"shots"}, "xyzzy": nil, "l": nil,
	} {
		if got := Nearest(word, words); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
	if got := Nearest("sead", []string{"seed", "shots", "lead"}); !slices.Equal(got, []string{"seed", "lead"}) {
		t.Errorf("words at one distance: %q", got)
	}
}

func TestDidYouMean(t *testing.T) {
	for _, c := range []struct {
		near []string
		want string
	}{
		{nil, ""},
		{[]string{"a"}, `, did you mean "a"?`},
		{[]string{"a", "b", "c"}, `, did you mean "a", "b" or "c"?`},
	} {
		if got := DidYouMean(c.near); got != c.want {
			t.Errorf("%q: %s, want %s", c.near, got, c.want)
		}
	}
}

// Words are compared letter by letter from both ends: a letter more, less or another counts
// one, in whatever place.
func TestDistance(t *testing.T) {
	for _, k := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0},
		{"xabc", "abc", 1}, {"xyabc", "abc", 2}, {"abcx", "abc", 1}, {"abc", "xabc", 1}, {"abc", "abcx", 1}, {"abc", "axbc", 1}, {"abc", "axc", 1},
		{"ab", "ba", 2}, {"kitten", "sitting", 3}, {"abcdef", "fedcba", 6},
	} {
		if got := distance(k.a, k.b); got != k.want {
			t.Errorf("from %q to %q: %d, want %d", k.a, k.b, got, k.want)
		}
	}
	// Two letters at most, and half of the word.
	for _, k := range []struct {
		word        string
		words, want []string
	}{
		{"abcdefgh", []string{"abcdefxy", "abcdexyz"}, []string{"abcdefxy"}},
		{"abcdefgh", []string{"abcdexyz"}, nil},
		{"abcd", []string{"abxy", "axyz"}, []string{"abxy"}},
		{"abc", []string{"axy"}, nil},
		{"ab", []string{"xb", "b", "xy"}, []string{"xb", "b"}},
		{"a", []string{"b"}, nil},
	} {
		if got := Nearest(k.word, k.words); !slices.Equal(got, k.want) {
			t.Errorf("%s in %q: %q, want %q", k.word, k.words, got, k.want)
		}
	}
}
