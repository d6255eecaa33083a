package manual

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// entry is what has a section of its own: a verb, or all verbs below one where they take the
// same.
type entry struct {
	path  string // "jobs wait", "bench"
	alike []*cobra.Command
}

// entries are the verbs that do work, in the order of the tree.
func (b *Book) entries() []entry {
	var out []entry
	for _, c := range tree(b.root) {
		_, args, _ := strings.Cut(c.Use, " ")
		switch below := visible(c); {
		case b.alike(below):
			out = append(out, entry{pathOf(c), below})
		case len(below) > 0 && args == "", !c.Runnable(), b.alike(visible(c.Parent())) && c.Parent().HasParent():
		default:
			out = append(out, entry{pathOf(c), []*cobra.Command{c}})
		}
	}
	return out
}

// alike tells whether several commands take and print the same.
func (b *Book) alike(commands []*cobra.Command) bool {
	for _, c := range commands {
		x, _ := b.fieldsOf(pathOf(commands[0]))
		y, _ := b.fieldsOf(pathOf(c))
		if strings.Contains(c.Use, " ") || c.Example != "" || x != y && len(b.fields[x])+len(b.fields[y]) > 0 ||
			fmt.Sprint(b.flagsOf(c)) != fmt.Sprint(b.flagsOf(commands[0])) {
			return false
		}
	}
	return len(commands) > 1
}

// names are those of an entry's verbs, "vjp|forward" behind the one above.
func (e entry) names() string {
	names := make([]string, len(e.alike))
	for i, c := range e.alike {
		names[i] = c.Name()
	}
	return strings.Join(names, "|")
}

// Document writes the manual as one page of Markdown: the front, a table of the verbs, a
// section for each, the back.
func (b *Book) Document() []byte {
	var d bytes.Buffer
	fmt.Fprintf(&d, "%s\n\n## Verbs\n\n| verb | what it does |\n|---|---|\n", b.notes["front"])
	entries := b.entries()
	for _, e := range entries {
		fmt.Fprintf(&d, "| [%s](#%s) | %s |\n", cell("`"+e.path+"`"), anchor(e.path), cell(sentence(e.short())))
	}
	for _, e := range entries {
		b.section(&d, e)
	}
	fmt.Fprintf(&d, "\n%s\n", b.notes["back"])
	return d.Bytes()
}

// short says what the verbs of an entry do in a line.
func (e entry) short() string {
	if len(e.alike) > 1 {
		return e.alike[0].Parent().Short
	}
	return e.alike[0].Short
}

// section writes the section of an entry.
func (b *Book) section(d *bytes.Buffer, e entry) {
	c := e.alike[0]
	fmt.Fprintf(d, "\n## %s\n\n", e.path)
	fmt.Fprintf(d, "    %s\n", strings.Replace(usages(c)[0], " "+c.Name(), " "+e.names(), 1))
	about := c.Long
	switch {
	case len(e.alike) > 1:
		if about = c.Parent().Long; about == "" {
			about = sentence(e.short())
		}
	case about == "":
		about = sentence(c.Short)
	}
	for _, par := range paragraphs(about) {
		if strings.HasPrefix(par, " ") {
			fmt.Fprintf(d, "\n  %s\n", strings.ReplaceAll(par, "\n", "\n  "))
			continue
		}
		fmt.Fprintln(d)
		for _, l := range wrap(par, 120) {
			fmt.Fprintln(d, marked(l))
		}
	}
	if len(e.alike) > 1 {
		fmt.Fprint(d, "\n| verb | what it does |\n|---|---|\n")
		for _, c := range e.alike {
			fmt.Fprintf(d, "| `%s` | %s |\n", c.Name(), cell(marked(sentence(c.Short))))
		}
	}
	if c.Example != "" {
		fmt.Fprint(d, "\n```sh\n")
		for _, l := range examples(c) {
			fmt.Fprintln(d, l)
		}
		fmt.Fprint(d, "```\n")
	}
	for _, g := range b.flagsOf(c) {
		fmt.Fprintf(d, "\n| %s | value | default | what it does |\n|---|---|---|---|\n", strings.ToLower(g.title))
		for _, f := range g.flags {
			short := ""
			if f.short != "" {
				short = "`-" + f.short + "`, "
			}
			fmt.Fprintf(d, "| %s`--%s` | %s | %s | %s |\n", short, f.name, f.valueCell(), f.defaultCell(), cell(marked(f.textCell())))
		}
	}
	if fields := b.Fields(pathOf(c)); len(fields) > 0 {
		if of, other := b.fieldsOf(pathOf(c)); other {
			fmt.Fprintf(d, "\nThe fields of `--json` are those of [%s](#%s).\n", of, anchor(of))
		} else {
			fmt.Fprint(d, "\n| field of `--json` | what it is |\n|---|---|\n")
			for _, f := range fields {
				fmt.Fprintf(d, "| %s | %s |\n", cell("`"+f.Name+"`"), cell(sentence(f.Text)))
			}
		}
	}
	if note := b.notes[strings.ReplaceAll(pathOf(c), " ", "-")]; note != "" {
		fmt.Fprintf(d, "\n%s\n", note)
	} else if note := b.notes[strings.ReplaceAll(pathOf(c.Parent()), " ", "-")]; note != "" && c.Parent().Commands()[0] == c {
		fmt.Fprintf(d, "\n%s\n", note)
	}
}

// valueCell is what a flag takes.
func (f flag) valueCell() string {
	switch {
	case f.value == "":
		return ""
	case len(f.choices) > 0:
		return cell("`" + strings.Join(f.choices, "`, `") + "`")
	}
	return cell("`" + f.value + "`")
}

// defaultCell is what holds where a flag is not given.
func (f flag) defaultCell() string {
	if f.quoted {
		return cell("`" + f.initial + "`")
	}
	return cell(marked(f.initial))
}

func (f flag) textCell() string {
	if f.repeated {
		return f.text + " Can be repeated."
	}
	return f.text
}

// cell is a text that stands in a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// marked puts flags of a sentence in quotes, where they stand in none, and keeps what looks
// like a tag from being taken for one.
func marked(text string) string {
	if strings.Contains(text, "`") {
		return text
	}
	words := strings.Split(text, " ")
	for i, w := range words {
		core := strings.TrimRight(w, ".,;:)")
		lead := strings.TrimLeft(core, "(")
		if strings.HasPrefix(lead, "--") && len(lead) > 2 || strings.ContainsAny(lead, "<*_$") {
			words[i] = core[:len(core)-len(lead)] + "`" + lead + "`" + w[len(core):]
		}
	}
	return strings.Join(words, " ")
}

// anchor is the place of a heading in a page.
func anchor(title string) string {
	return strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(title), "|", ""), " ", "-")
}
