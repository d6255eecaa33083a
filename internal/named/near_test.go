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
