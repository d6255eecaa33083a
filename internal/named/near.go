package named

import (
	"fmt"
	"strings"
)

// DidYouMean is the end of a message about an unknown word: `, did you mean "a" or "b"?`,
// or nothing where no word is near.
func DidYouMean(near []string) string {
	if len(near) == 0 {
		return ""
	}
	return fmt.Sprintf(", did you mean %s?", OneOf(near))
}

// OneOf joins words to `"a", "b" or "c"`.
func OneOf(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = fmt.Sprintf("%q", w)
	}
	if len(quoted) == 1 {
		return quoted[0]
	}
	last := len(quoted) - 1
	return strings.Join(quoted[:last], ", ") + " or " + quoted[last]
}

// Nearest returns the words that are a slip of two letters or less away from word, and not
// more than half of its letters: the nearest only.
func Nearest(word string, words []string) []string {
	best, out := min(2, len(word)/2), []string(nil)
	for _, w := range words {
		switch d := distance(word, w); {
		case d < best || d == best && out == nil:
			best, out = d, []string{w}
		case d == best:
			out = append(out, w)
		}
	}
	return out
}

// distance is the number of letters to insert, delete or replace that turns a into
// b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			above := row[j]
			row[j] = min(diagonal+cost, above+1, row[j-1]+1)
			diagonal = above
		}
	}
	return row[len(b)]
}
