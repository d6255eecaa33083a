package manual

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// Pages are the program's manual pages by their names: one about the program and one for
// each command below it, in the language of man(7). The same tree makes the same bytes.
func (b *Book) Pages() map[string][]byte {
	pages := map[string][]byte{}
	for _, c := range append([]*cobra.Command{b.root}, tree(b.root)...) {
		pages[dashed(c)+".1"] = b.page(c)
	}
	return pages
}

// dashed is a command's name as that of a page: "qgan-jobs-wait".
func dashed(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// page is the manual page of a command.
func (b *Book) page(c *cobra.Command) []byte {
	var d bytes.Buffer
	name := dashed(c)
	fmt.Fprintf(&d, ".TH %s 1 \"\" %s \"%s manual\"\n", roff(strings.ToUpper(name)), roff(b.root.Name()), roff(b.root.Name()))
	fmt.Fprintf(&d, ".SH NAME\n%s \\- %s\n", roff(name), roff(strings.ToLower(c.Short[:1])+c.Short[1:]))
	fmt.Fprintf(&d, ".SH SYNOPSIS\n.nf\n%s\n.fi\n", roff(strings.Join(usages(c), "\n")))
	if c.Long != "" {
		fmt.Fprint(&d, ".SH DESCRIPTION\n")
		man(&d, c.Long)
	}
	if verbs := visible(c); len(verbs) > 0 {
		fmt.Fprint(&d, ".SH VERBS\n")
		for _, v := range verbs {
			fmt.Fprintf(&d, ".TP\n.B %s\n%s\n", roff(v.Name()), roff(sentence(v.Short)))
		}
	}
	if groups := b.flagsOf(c); len(groups) > 0 {
		fmt.Fprint(&d, ".SH OPTIONS\n")
		for _, g := range groups {
			fmt.Fprintf(&d, ".SS %s\n", roff(g.title))
			for _, f := range g.flags {
				fmt.Fprintf(&d, ".TP\n.B %s\n%s\n", roff(f.spelled()), roff(f.about()))
			}
		}
	}
	if fields := b.Fields(pathOf(c)); len(fields) > 0 {
		fmt.Fprint(&d, ".SH JSON\nFields of the object that \\fB\\-\\-json\\fR prints, beside schema.\n")
		for _, f := range fields {
			fmt.Fprintf(&d, ".TP\n.B %s\n%s\n", roff(f.Name), roff(plain(sentence(f.Text))))
		}
	}
	if c.Example != "" {
		fmt.Fprint(&d, ".SH EXAMPLES\n.nf\n")
		for _, l := range examples(c) {
			fmt.Fprintln(&d, roff(l))
		}
		fmt.Fprint(&d, ".fi\n")
	}
	b.seeAlso(&d, c)
	return d.Bytes()
}

// seeAlso names the page above and those below.
func (b *Book) seeAlso(d *bytes.Buffer, c *cobra.Command) {
	var also []string
	if c.HasParent() {
		also = append(also, dashed(c.Parent()))
	}
	for _, v := range visible(c) {
		also = append(also, dashed(v))
	}
	if len(also) == 0 {
		return
	}
	for i := range also {
		also[i] = "\\fB" + roff(also[i]) + "\\fR(1)"
	}
	fmt.Fprintf(d, ".SH \"SEE ALSO\"\n%s\n", strings.Join(also, ", "))
}

// man writes paragraphs.
func man(d *bytes.Buffer, text string) {
	for i, par := range paragraphs(text) {
		if i > 0 {
			fmt.Fprint(d, ".PP\n")
		}
		if strings.HasPrefix(par, " ") {
			fmt.Fprintf(d, ".nf\n%s\n.fi\n", roff(par))
			continue
		}
		fmt.Fprintf(d, "%s\n", roff(plain(par)))
	}
}

// plain takes Markdown's quotes away.
func plain(text string) string { return strings.ReplaceAll(text, "`", "") }

// roff escapes a text: what is a command at the beginning of a line, backslashes, and
// hyphens, which would become another sign.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}
