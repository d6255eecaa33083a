package score_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"qgan/metrics/score"
)

var update = flag.Bool("update", false, "write the table of figures in docs/formats.md anew")

// numbered is the number that tells the figures of one kind apart.
var numbered = regexp.MustCompile(`_\d+(\.\d+)?$`)

// docs/formats.md has a row for each figure of a score, with its formula.
func TestFiguresDocument(t *testing.T) {
	const path, begin, end = "../../docs/formats.md", "<!-- the table of figures: go test ./metrics/score -run TestFiguresDocument -update -->\n", "<!-- end of the table of figures -->"
	var b strings.Builder
	b.WriteString("\n| figure | group | unit | better | formula |\n|---|---|---|---|---|\n")
	kinds := map[string]bool{}
	for _, f := range score.Figures() {
		name, text := f.Name, f.Text
		if number := numbered.FindString(name); number != "" {
			if kinds[strings.TrimSuffix(name, number)] {
				continue
			}
			kinds[strings.TrimSuffix(name, number)] = true
			name, text = family(f)
		}
		unit := f.Unit
		if unit == "" {
			unit = "–"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", name, f.Group, unit, f.Better, strings.ReplaceAll(text, "|", `\|`))
	}
	b.WriteString("\n")

	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(data), begin)
	had, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no table of figures between its two comments", path)
	}
	if had == b.String() {
		return
	}
	if !*update {
		t.Fatalf("%s is not what the table of figures says: go test ./metrics/score -run TestFiguresDocument -update", path)
	}
	if err := os.WriteFile(path, []byte(before+begin+b.String()+end+after), 0o666); err != nil {
		t.Fatal(err)
	}
}

// family is one row for all figures that differ in the number at the end of their name alone:
// the name with its numbers, and the text of the last of them with x in the number's place.
func family(of score.Figure) (name, text string) {
	stem := strings.TrimSuffix(of.Name, numbered.FindString(of.Name))
	var numbers []string
	for _, f := range score.Figures() {
		if number := numbered.FindString(f.Name); number != "" && strings.TrimSuffix(f.Name, number) == stem {
			numbers = append(numbers, number[1:])
			text = strings.Replace(f.Text, number[1:], "x", 1)
		}
	}
	if len(numbers) == 1 {
		return of.Name, of.Text
	}
	list := strings.Join(numbers, ", ")
	if len(numbers) > 5 {
		list = numbers[0] + " to " + numbers[len(numbers)-1]
	}
	return stem + "_x", "x = " + list + ": " + text
}
