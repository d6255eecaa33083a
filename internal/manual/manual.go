// Package manual lays out what the commands of a program say of themselves: help texts that
// wrap at a terminal's width, manual pages, one document about all, and the completion of
// values in shells. Everything is made from the tree of commands and from texts beside it,
// so that no sentence stands in two places:
//
//   - flags.txt: groups of flags, and for each flag the word that stands for its value, which
//     also says what completes it;
//   - json.txt: the fields of the objects that verbs print;
//   - front.md and back.md: what comes before and behind the verbs in the document;
//   - VERB.md: what one verb needs said beside its own text.
package manual

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Book is a program's manual: its commands and the texts beside them.
type Book struct {
	root   *cobra.Command
	groups []group
	values map[string]string // what a flag takes, by its name or by "verb:name"
	fields map[string][]Field
	notes  map[string]string
	words  map[string][]string
}

// group is a group of flags, by what they are about.
type group struct {
	title string
	names []string // of rows: "name", or "verb:name" of one verb
}

// Field is a field of the object that a verb prints.
type Field struct{ Name, Text string }

// Annotations of a flag that its usage does not say.
const (
	// Choices are the words that the flag takes.
	Choices = "manual-choices"
	// Default says in words what holds where the flag is not given, where the verb's own text
	// says so of many flags at once: help leaves it out.
	Default = "manual-default"
)

// Read makes the manual of a tree of commands with the texts of a folder. words are the
// choices behind a word for a value that stands in many places, such as DIALECT.
func Read(root *cobra.Command, texts fs.FS, words map[string][]string) (*Book, error) {
	b := &Book{root: root, values: map[string]string{}, fields: map[string][]Field{}, notes: map[string]string{}, words: words}
	for name, parse := range map[string]func(string) error{"flags.txt": b.parseFlags, "json.txt": b.parseFields} {
		data, err := fs.ReadFile(texts, name)
		if err != nil {
			return nil, err
		}
		if err := parse(string(data)); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	pages, err := fs.Glob(texts, "*.md")
	if err != nil {
		return nil, err
	}
	for _, page := range pages {
		data, err := fs.ReadFile(texts, page)
		if err != nil {
			return nil, err
		}
		b.notes[strings.TrimSuffix(page, ".md")] = strings.TrimSpace(string(data))
	}
	return b, nil
}

// sections calls line for each line of a text, with the title in brackets that it stands
// under. Empty lines and those that begin with # are left out.
func sections(text string, line func(title, text string) error) error {
	title, n := "", 0
	for l := range strings.Lines(text) {
		n++
		l = strings.TrimSpace(l)
		switch {
		case l == "" || strings.HasPrefix(l, "#"):
		case strings.HasPrefix(l, "[") && strings.HasSuffix(l, "]"):
			title = strings.Trim(l, "[]")
		case title == "":
			return fmt.Errorf("line %d: %q stands under no title", n, l)
		default:
			if err := line(title, l); err != nil {
				return fmt.Errorf("line %d: %w", n, err)
			}
		}
	}
	return nil
}

func (b *Book) parseFlags(text string) error {
	return sections(text, func(title, line string) error {
		name, value, _ := strings.Cut(line, " ")
		if b.values[name] != "" {
			return fmt.Errorf("%s is there twice", name)
		}
		b.values[name] = strings.TrimSpace(value)
		if len(b.groups) == 0 || b.groups[len(b.groups)-1].title != title {
			b.groups = append(b.groups, group{title: title})
		}
		g := &b.groups[len(b.groups)-1]
		g.names = append(g.names, name)
		return nil
	})
}

func (b *Book) parseFields(text string) error {
	return sections(text, func(verb, line string) error {
		name, about, ok := strings.Cut(line, "  ")
		if !ok && !strings.HasPrefix(line, "as:") {
			return fmt.Errorf("%q has no two spaces between the field and its sentence", line)
		}
		b.fields[verb] = append(b.fields[verb], Field{name, strings.TrimSpace(about)})
		return nil
	})
}

// Fields are those of the object that a verb prints, beside schema.
func (b *Book) Fields(verb string) []Field {
	of, _ := b.fieldsOf(verb)
	return b.fields[of]
}

// fieldsOf names the verb whose fields a verb prints, and tells whether it is another one.
func (b *Book) fieldsOf(verb string) (of string, other bool) {
	of = verb
	if above, _, below := strings.Cut(verb, " "); below && len(b.fields[of]) == 0 {
		of = above
	}
	if fields := b.fields[of]; len(fields) == 1 && strings.HasPrefix(fields[0].Name, "as:") {
		return strings.TrimSpace(strings.TrimPrefix(fields[0].Name, "as:")), true
	}
	return of, false
}

// Check says what the commands and the texts do not have in common: flags without a row,
// rows without a flag, fields and notes of verbs that are not there.
func (b *Book) Check() error {
	var wrong []error
	seen, verbs := map[string]bool{}, map[string]bool{"front": true, "back": true}
	for _, c := range append([]*cobra.Command{b.root}, tree(b.root)...) {
		path := pathOf(c)
		verbs[path], verbs[strings.ReplaceAll(path, " ", "-")] = true, true
		visit(c, func(f *pflag.Flag) {
			key := b.row(path, f.Name)
			if key == "" {
				wrong = append(wrong, fmt.Errorf("flags.txt has no row for the flag %s of %s", f.Name, path))
			}
			seen[key], seen[f.Name] = true, true
			if f.Name == "json" && len(b.Fields(path)) == 0 && c.Runnable() {
				wrong = append(wrong, fmt.Errorf("json.txt has no fields of %s", path))
			}
		})
	}
	for _, key := range sorted(b.values) {
		if !seen[key] {
			wrong = append(wrong, fmt.Errorf("flags.txt has a row %s that is no flag's", key))
		}
	}
	for _, names := range [][]string{sorted(b.fields), sorted(b.notes)} {
		for _, name := range names {
			if !verbs[name] {
				wrong = append(wrong, fmt.Errorf("there is a text about %s, which is no verb", name))
			}
		}
	}
	return errors.Join(wrong...)
}

// row is the key of a flag's row: that of the verb, of a verb above it, or of all verbs.
func (b *Book) row(path, name string) string {
	for at := path; at != ""; at = at[:max(0, strings.LastIndex(at, " "))] {
		if key := strings.ReplaceAll(at, " ", "-") + ":" + name; b.has(key) {
			return key
		}
	}
	if b.has(name) {
		return name
	}
	return ""
}

func (b *Book) has(key string) bool { _, ok := b.values[key]; return ok }

// tree returns the commands below a command that people see, each before those below it.
func tree(c *cobra.Command) []*cobra.Command {
	var out []*cobra.Command
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			out = append(append(out, sub), tree(sub)...)
		}
	}
	return out
}

// pathOf is a command's name without the program's: "jobs wait".
func pathOf(c *cobra.Command) string {
	_, path, _ := strings.Cut(c.CommandPath(), " ")
	return path
}

// visit calls f for each flag of a command that people see, but for help.
func visit(c *cobra.Command, f func(*pflag.Flag)) {
	c.InheritedFlags() // merges the flags of the commands above into Flags
	c.Flags().VisitAll(func(flag *pflag.Flag) {
		if flag.Name != "help" && !flag.Hidden {
			f(flag)
		}
	})
}

// sorted returns a map's keys in order.
func sorted[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
