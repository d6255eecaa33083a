package manual

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flag is what the manual says of a flag.
type flag struct {
	name, short string
	value       string   // what stands for its value: "FILE", "a|b", "" of a switch
	choices     []string // words that it takes
	initial     string   // its default, as a value or in words; "" where there is none
	quoted      bool     // whether initial is a value
	elsewhere   bool     // whether its default is told once for many flags
	text        string   // a sentence
	repeated    bool
}

// titled is a group of a verb's flags.
type titled struct {
	title string
	flags []flag
}

// flagsOf returns the flags of a command in their groups, the ones that no group has last.
func (b *Book) flagsOf(c *cobra.Command) []titled {
	of := map[string]flag{}
	visit(c, func(f *pflag.Flag) { of[f.Name] = b.flag(pathOf(c), f) })
	var out []titled
	for _, g := range append(slices.Clone(b.groups), group{title: "Other"}) {
		names := g.names
		if g.title == "Other" {
			names = sorted(of)
		}
		t := titled{title: g.title}
		for _, row := range names {
			name := row[strings.IndexByte(row, ':')+1:]
			if f, ok := of[name]; ok && (g.title == "Other" || b.row(pathOf(c), name) == row) {
				t.flags = append(t.flags, f)
				delete(of, name)
			}
		}
		if len(t.flags) > 0 {
			out = append(out, t)
		}
	}
	return out
}

// longest is the most letters of choices that stand in place of a value.
const longest = 24

// flag reads what is known of a flag of a verb. Its usage is a sentence, behind which
// "(none: …)" or "(0: …)" may say what holds where it is not given.
func (b *Book) flag(verb string, f *pflag.Flag) flag {
	out := flag{name: f.Name, short: f.Shorthand, value: b.values[b.row(verb, f.Name)]}
	text := strings.ReplaceAll(strings.TrimSpace(f.Usage), "`", "")
	out.repeated = strings.HasSuffix(text, "(can be repeated)")
	text = strings.TrimSpace(strings.TrimSuffix(text, "(can be repeated)"))
	switch f.DefValue {
	case "", "0", "[]", "false", "0s", "-1":
		if i := strings.LastIndex(text, " (none: "); i >= 0 && strings.HasSuffix(text, ")") {
			text, out.initial = text[:i], text[i+len(" (none: "):len(text)-1]
		} else if i := strings.LastIndex(text, " (0: "); i >= 0 && strings.HasSuffix(text, ")") {
			text, out.initial = text[:i], text[i+len(" (0: "):len(text)-1]
		}
	default:
		out.initial, out.quoted = strings.Trim(f.DefValue, "[]"), true
		if x, err := strconv.ParseBool(f.DefValue); err == nil && !x {
			out.initial, out.quoted = "", false
		}
	}
	if a := f.Annotations[Default]; len(a) > 0 {
		out.initial, out.quoted, out.elsewhere = a[0], false, true
	}
	out.choices = f.Annotations[Choices]
	if len(out.choices) == 0 && strings.Contains(out.value, "|") && strings.ToLower(out.value) == out.value {
		out.choices = strings.Split(out.value, "|")
	}
	if len(out.choices) == 0 {
		out.choices = b.words[out.value]
	}
	if joined := strings.Join(out.choices, "|"); joined != "" && utf8.RuneCountInString(joined) <= longest {
		out.value, out.choices = joined, nil
	} else if joined != "" && strings.ToLower(out.value) == out.value {
		out.value = "WORD"
	}
	if f.Value.Type() == "bool" || f.NoOptDefVal != "" {
		out.value = ""
	} else if out.value == "" {
		out.value = "VALUE"
	}
	out.text = sentence(text)
	return out
}

// spelled is the flag as it is given, with its value.
func (f flag) spelled() string {
	text := "--" + f.name
	if f.short != "" {
		text = "-" + f.short + ", " + text
	}
	if f.value != "" {
		text += " " + f.value
	}
	return text
}

// about is the flag's sentence, its default and its choices, the longest of them last.
func (f flag) about() string {
	text := f.text
	if f.repeated {
		text += " Can be repeated."
	}
	if f.initial != "" && !f.elsewhere {
		text += " Default: " + strings.TrimSuffix(f.initial, ".") + "."
	}
	if len(f.choices) > 0 {
		text += " One of " + strings.Join(f.choices, ", ") + "."
	}
	return text
}

// sentence begins a text with a capital letter, where it begins with a word that has none
// of its own, and ends it with a full stop.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(text)
	word, _, _ := strings.Cut(text, " ")
	if unicode.IsLower(first) && !strings.ContainsFunc(word, func(r rune) bool { return unicode.IsDigit(r) || strings.ContainsRune("_=|", r) }) {
		text = string(unicode.ToUpper(first)) + text[size:]
	}
	if last, _ := utf8.DecodeLastRuneInString(text); !strings.ContainsRune(".!?…", last) {
		text += "."
	}
	return text
}
