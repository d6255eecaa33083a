package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"qgan/internal/manual"
)

// theBook is the program's manual.
func theBook(t *testing.T) (*manual.Book, *cobra.Command) {
	t.Helper()
	a := testApp()
	root := newRootCmd(a)
	b, err := a.book(root)
	if err != nil {
		t.Fatal(err)
	}
	return b, root
}

// Every flag has a group and a word for its value, every object its fields, and no text is
// about what is not there.
func TestManual(t *testing.T) {
	b, _ := theBook(t)
	if err := b.Check(); err != nil {
		t.Error(err)
	}
}

// docs/cli.md is what the program says of itself.
func TestCLIDocs(t *testing.T) {
	b, _ := theBook(t)
	want := b.Document()
	got, err := os.ReadFile(filepath.Join("..", "..", "docs", "cli.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/cli.md is not what the program says of itself: run `make generate`")
	}
}

// documented holds an object against the fields that the manual names.
func documented(t *testing.T, args []string, o map[string]any) {
	t.Helper()
	b, root := theBook(t)
	verb, _, err := root.Find(args)
	if err != nil {
		t.Fatal(err)
	}
	known := []string{"schema"}
	for _, f := range b.Fields(verbPath(verb)) {
		known = append(known, f.Name[:len(f.Name)-len(strings.TrimLeft(f.Name, letters))])
	}
	for _, name := range sortedKeys(o) {
		if !slices.Contains(known, name) {
			t.Errorf("json.txt does not name the field %s of %s", name, verbPath(verb))
		}
	}
}

// letters are those of a field's name.
const letters = "abcdefghijklmnopqrstuvwxyz0123456789_"

// The help of every verb keeps to the width that it is given, but for words that are longer.
func TestHelpWidth(t *testing.T) {
	b, root := theBook(t)
	for _, width := range []int{70, 80, 132} {
		for _, c := range append(leaves(root), root) {
			var out strings.Builder
			if err := b.Help(&out, c, width); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(out.String()) {
				line = strings.TrimRight(line, "\n")
				if n := len([]rune(line)); n > width && strings.Contains(strings.TrimSpace(line), " ") && !strings.Contains(line, "#") && !strings.HasPrefix(line, "  --") {
					t.Errorf("%s at %d: a line of %d: %q", c.CommandPath(), width, n, line)
				}
				if strings.Contains(line, "Default: .") || strings.Contains(line, "(default )") {
					t.Errorf("%s: %q", c.CommandPath(), line)
				}
			}
		}
	}
}

// The examples of every verb are command lines that the program takes, the first of it.
func TestExamples(t *testing.T) {
	n := 0
	for _, c := range leaves(newRootCmd(testApp())) {
		own := c.Example == ""
		for line := range strings.Lines(c.Example) {
			words := shellWords(t, strings.TrimSpace(line))
			if len(words) > 0 && strings.HasPrefix(words[0], "QGAN_") {
				words = words[1:]
			}
			if len(words) == 0 {
				continue
			}
			n++
			root := newRootCmd(testApp())
			found, rest, err := root.Find(words[1:])
			if words[0] != "qgan" || err != nil {
				t.Errorf("%s: the example %q: %v", c.CommandPath(), line, err)
				continue
			}
			own = own || verbPath(found) == verbPath(c)
			if err := found.ParseFlags(rest); err != nil {
				t.Errorf("%q: %v", line, err)
			} else if err := found.ValidateArgs(found.Flags().Args()); err != nil {
				t.Errorf("%q: %v", line, err)
			}
		}
		if !own {
			t.Errorf("%s has no example of its own", c.CommandPath())
		}
	}
	if n < 40 {
		t.Errorf("only %d examples", n)
	}
}

// shellWords splits a command line at its spaces, but for those in quotes, up to where its
// output goes.
func shellWords(t *testing.T, line string) []string {
	t.Helper()
	var words []string
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			words = append(words, part)
			continue
		}
		for _, w := range strings.Fields(part) {
			if w == ">" || w == "|" || w == "#" {
				return words
			}
			words = append(words, w)
		}
	}
	return words
}
