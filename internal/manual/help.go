package manual

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// Widths of a help text, in letters.
const (
	narrowest = 40 // what a terminal is taken for at least
	margin    = 2  // before flags and examples
	column    = 26 // where the texts of flags begin
)

// Help writes the help of a command, no line wider than so many letters where its words
// allow: what it does, how it is called, examples, its flags in groups.
func (b *Book) Help(w io.Writer, c *cobra.Command, width int) error {
	width = max(width, narrowest)
	p := &page{w: w, width: width}
	about := c.Long
	if about == "" {
		about = sentence(c.Short)
	}
	p.prose(about)
	p.title("Usage")
	for _, line := range usages(c) {
		p.command(line)
	}
	if c.Example != "" {
		p.title("Examples")
		for _, line := range examples(c) {
			p.command(line)
		}
	}
	groups := b.flagsOf(c)
	for _, g := range groups {
		for _, f := range g.flags {
			p.fit(f.spelled())
		}
	}
	if verbs := visible(c); len(verbs) > 0 {
		p.title("Verbs")
		rows := make([][2]string, len(verbs))
		for i, v := range verbs {
			rows[i] = [2]string{v.Name(), sentence(v.Short)}
		}
		p.rows(rows)
	}
	for _, g := range groups {
		p.title(g.title)
		rows := make([][2]string, len(g.flags))
		for i, f := range g.flags {
			rows[i] = [2]string{f.spelled(), f.about()}
		}
		p.rows(rows)
	}
	if len(visible(c)) > 0 {
		p.line("")
		p.prose(fmt.Sprintf("`%s VERB --help` says more about a verb.", c.CommandPath()))
	}
	return p.err
}

// usages are how a command is called.
func usages(c *cobra.Command) []string {
	path := c.CommandPath()
	_, args, _ := strings.Cut(c.Use, " ")
	var out []string
	if len(visible(c)) == 0 || args != "" {
		line := strings.TrimRight(path+" "+args, " ")
		if c.HasAvailableFlags() {
			line += " [FLAG]…"
		}
		out = append(out, line)
	}
	if len(visible(c)) > 0 {
		out = append(out, path+" VERB")
	}
	return out
}

// examples are the command lines of a command's examples.
func examples(c *cobra.Command) []string {
	var out []string
	for line := range strings.Lines(c.Example) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// visible are the commands right below one that people see.
func visible(c *cobra.Command) []*cobra.Command {
	var out []*cobra.Command
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			out = append(out, sub)
		}
	}
	return out
}

// page writes lines and keeps the first error.
type page struct {
	w     io.Writer
	width int
	at    int // where texts beside names begin
	err   error
}

func (p *page) line(text string) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w, strings.TrimRight(text, " "))
	}
}

func (p *page) title(text string) {
	p.line("")
	p.line(text + ":")
}

// prose writes paragraphs, wrapped; a line that is indented stays as it is.
func (p *page) prose(text string) {
	for i, par := range paragraphs(text) {
		if i > 0 {
			p.line("")
		}
		if !strings.HasPrefix(par, " ") {
			for _, l := range wrap(par, p.width) {
				p.line(l)
			}
			continue
		}
		for _, l := range strings.Split(par, "\n") {
			p.listed(l)
		}
	}
}

// listed writes an indented line as it is; a name with a text behind two spaces or more that
// is too wide goes on below the text.
func (p *page) listed(line string) {
	_, text, ok := strings.Cut(strings.TrimLeft(line, " "), "  ")
	if text = strings.TrimLeft(text, " "); !ok || utf8.RuneCountInString(line) <= p.width || strings.HasPrefix(text, "#") {
		p.line(line)
		return
	}
	at := utf8.RuneCountInString(line) - utf8.RuneCountInString(text)
	for i, l := range wrap(text, max(narrowest/2, p.width-at)) {
		head := strings.Repeat(" ", at)
		if i == 0 {
			head = line[:len(line)-len(text)]
		}
		p.line(head + l)
	}
}

// command writes a command line; what doesn't fit goes on behind a backslash.
func (p *page) command(text string) {
	for i, l := range fill(pairs(text), p.width-2*margin-2) {
		if i > 0 {
			p.end(" \\\n" + strings.Repeat(" ", 2*margin))
		} else {
			p.end(strings.Repeat(" ", margin))
		}
		p.end(l)
	}
	p.end("\n")
}

func (p *page) end(text string) {
	if p.err == nil {
		_, p.err = io.WriteString(p.w, text)
	}
}

// fit moves the texts beside names to the right of a name, within bounds.
func (p *page) fit(name string) {
	p.at = max(p.at, min(column, margin+utf8.RuneCountInString(name)+2))
}

// rows writes names with texts beside them; a name that is too wide for its column has its
// text below.
func (p *page) rows(rows [][2]string) {
	for _, r := range rows {
		p.fit(r[0])
	}
	at := p.at
	for _, r := range rows {
		lines := wrap(r[1], p.width-at)
		head := strings.Repeat(" ", margin) + r[0]
		if n := utf8.RuneCountInString(head); n+2 <= at && len(lines) > 0 {
			head += strings.Repeat(" ", at-n) + lines[0]
			lines = lines[1:]
		}
		p.line(head)
		for _, l := range lines {
			p.line(strings.Repeat(" ", at) + l)
		}
	}
}

// paragraphs splits a text at its empty lines and joins the lines of each paragraph. Lines
// that are indented stay lines, of a paragraph of their own.
func paragraphs(text string) []string {
	var out []string
	var open, indented bool
	for l := range strings.Lines(text) {
		l = strings.TrimRight(l, " \n")
		in := strings.HasPrefix(l, "  ")
		switch {
		case l == "":
			open = false
			continue
		case !open || in != indented:
			out = append(out, strings.TrimLeft(l, map[bool]string{false: " "}[in]))
		case in:
			out[len(out)-1] += "\n" + l
		default:
			out[len(out)-1] += " " + strings.TrimSpace(l)
		}
		open, indented = true, in
	}
	return out
}

// wrap breaks a text between its words into lines of so many letters; a longer word has a
// line of its own. What stands in quotes " or ` is one word.
func wrap(text string, width int) []string { return fill(wordsOf(text), width) }

// pairs are the words of a command line, each flag with its value.
func pairs(text string) []string {
	var out []string
	for _, w := range wordsOf(text) {
		if n := len(out); n > 0 && strings.HasPrefix(out[n-1], "--") && !strings.ContainsAny(out[n-1], " =") && !strings.HasPrefix(w, "-") {
			out[n-1] += " " + w
			continue
		}
		out = append(out, w)
	}
	return out
}

// fill puts words into lines of so many letters.
func fill(words []string, width int) []string {
	var lines []string
	at := 0
	for _, word := range words {
		n := utf8.RuneCountInString(word)
		if len(lines) == 0 || at+1+n > width {
			lines = append(lines, word)
			at = n
			continue
		}
		lines[len(lines)-1] += " " + word
		at += 1 + n
	}
	return lines
}

// wordsOf splits a text at its spaces, but for those in quotes.
func wordsOf(text string) []string {
	var out []string
	var quote rune
	start := -1
	for i, r := range text {
		switch {
		case r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '`') && strings.ContainsRune(text[i+1:], r):
			quote = r
		}
		switch {
		case r == ' ' && quote == 0:
			if start >= 0 {
				out = append(out, text[start:i])
			}
			start = -1
		case start < 0:
			start = i
		}
	}
	if start >= 0 {
		out = append(out, text[start:])
	}
	return out
}
