package qgan_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// documents are the texts for people, by their paths.
func documents(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	paths = append(paths, "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "referee/README.md")
	texts := map[string]string{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[path] = string(data)
	}
	return texts
}

// proseLines calls do with every line of a document that stands outside of code blocks, counted from 1.
func proseLines(text string, do func(line int, s string)) {
	fenced := false
	for i, s := range strings.Split(text, "\n") {
		if strings.HasPrefix(strings.TrimSpace(s), "```") {
			fenced = !fenced
			continue
		}
		if !fenced {
			do(i+1, s)
		}
	}
}

// A cell of a table is something to look up, not a paragraph.
func TestTableCellsAreShort(t *testing.T) {
	const longest = 300
	escaped := strings.NewReplacer(`\|`, "¦")
	for path, text := range documents(t) {
		proseLines(text, func(line int, s string) {
			if !strings.HasPrefix(s, "|") {
				return
			}
			for _, cell := range strings.Split(escaped.Replace(s), "|") {
				if n := len([]rune(strings.TrimSpace(cell))); n >= longest {
					t.Errorf("%s:%d: a cell of %d characters, fewer than %d are wanted: %.40s…", path, line, n, longest, strings.TrimSpace(cell))
				}
			}
		})
	}
}

var (
	linkForm  = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	codeForm  = regexp.MustCompile("`[^`]*`")
	titleForm = regexp.MustCompile(`^#{1,6} (.*)$`)
)

// anchors are the names by which links reach the headings of a document, as renderers of Markdown make them:
// in lower case, without punctuation, blanks as dashes.
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	proseLines(text, func(_ int, s string) {
		title := titleForm.FindStringSubmatch(s)
		if title == nil {
			return
		}
		found[strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, title[1])] = true
	})
	return found
}

// Every link of a document leads to a file of the project, and to a heading that is there.
func TestLinksLeadSomewhere(t *testing.T) {
	texts := documents(t)
	links := 0
	for path, text := range texts {
		proseLines(text, func(line int, s string) {
			for _, match := range linkForm.FindAllStringSubmatch(codeForm.ReplaceAllString(s, ""), -1) {
				to, anchor, _ := strings.Cut(match[1], "#")
				if strings.Contains(to, "://") {
					continue
				}
				links++
				target := path
				if to != "" {
					target = filepath.ToSlash(filepath.Join(filepath.Dir(path), to))
				}
				if _, err := os.Stat(target); err != nil {
					t.Errorf("%s:%d: the link %s leads to no file", path, line, match[1])
					continue
				}
				if anchor != "" && !anchors(texts[target])[anchor] {
					t.Errorf("%s:%d: the link %s leads to no heading of %s", path, line, match[1], target)
				}
			}
		})
	}
	if links < 50 {
		t.Errorf("%d links were found, at least 50 are there", links)
	}
}
