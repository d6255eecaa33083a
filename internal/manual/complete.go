package manual

import (
	_ "embed"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Sources say what can stand for a value, by the word that stands for it in usages: RUN,
// DEVICE, JOB. A source gets what was typed so far. What has none is a file, if the word
// begins with FILE, and can't be told otherwise.
type Sources map[string]func(typed string) []string

// Complete makes a tree's shells complete the values of flags and arguments: the words that
// a flag takes, and what the sources know.
func (b *Book) Complete(sources Sources) error {
	for _, c := range tree(b.root) {
		var err error
		visit(c, func(f *pflag.Flag) {
			about := b.flag(pathOf(c), f)
			if _, there := c.GetFlagCompletionFunc(f.Name); there || about.value == "" || err != nil {
				return
			}
			value := about.value
			if len(about.choices) > 0 {
				value = strings.Join(about.choices, "|")
			}
			err = c.RegisterFlagCompletionFunc(f.Name, func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
				return sources.candidates(value, typed)
			})
		})
		if err != nil {
			return err
		}
		if _, args, _ := strings.Cut(c.Use, " "); args != "" && c.ValidArgsFunction == nil {
			c.ValidArgsFunction = sources.args(args)
		}
	}
	return nil
}

// args completes the arguments that a usage names, of which the last may be repeated.
func (s Sources) args(usage string) cobra.CompletionFunc {
	words := strings.Fields(usage)
	return func(_ *cobra.Command, given []string, typed string) ([]string, cobra.ShellCompDirective) {
		at := len(given)
		if last := words[len(words)-1]; at >= len(words) && strings.Contains(last, "…") {
			at = len(words) - 1
		}
		if at >= len(words) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return s.candidates(strings.Trim(words[at], "[]…"), typed)
	}
}

// candidates are what can stand for a value such as RUN|FILE.qasm or none|full.
func (s Sources) candidates(value, typed string) ([]string, cobra.ShellCompDirective) {
	var out []string
	files := false
	for _, word := range strings.Split(value, "|") {
		source, ok := s[word]
		switch {
		case ok:
			for _, c := range source(typed) {
				if strings.HasPrefix(c, typed) {
					out = append(out, c)
				}
			}
		case strings.HasPrefix(word, "FILE") || strings.HasPrefix(word, "DIR") || strings.HasPrefix(word, "PAGE"):
			files = true
		case word == strings.ToUpper(word): // a word for a value, which nobody can list
		case strings.HasPrefix(word, typed):
			out = append(out, word)
		}
	}
	switch {
	case files:
		return out, cobra.ShellCompDirectiveDefault
	case len(out) == 1 && strings.HasSuffix(out[0], ":"):
		return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// Folders lists the folders that begin with what was typed and that accept takes, and goes
// one level down where it takes none of them; list reads a folder.
func Folders(list func(dir string) ([]fs.DirEntry, error), typed string, accept func(dir string) bool) []string {
	dir, _ := filepath.Split(typed)
	var out []string
	for _, at := range []string{dir, filepath.Join(dir, "runs") + "/"} {
		entries, err := list(filepath.Clean("./" + at))
		if filepath.IsAbs(at) {
			entries, err = list(at)
		}
		if err != nil {
			continue
		}
		for _, e := range entries {
			if path := at + e.Name(); e.IsDir() && strings.HasPrefix(path, typed) && accept(path) {
				out = append(out, path)
			}
		}
	}
	return out
}

// fallback is what the script for bash needs of the package bash-completion.
//
//go:embed fallback.bash
var fallback string

// Bash writes the completion script for bash, which does without the package bash-completion.
func (b *Book) Bash(w io.Writer, descriptions bool) error {
	if _, err := io.WriteString(w, fallback); err != nil {
		return err
	}
	return b.root.GenBashCompletionV2(w, descriptions)
}

// Shells makes cobra's verbs of completion speak as the others do: what each is, and how its script
// is loaded. That of bash is the book's own ([Book.Bash]). book is called when a script is asked for.
func Shells(completion *cobra.Command, w io.Writer, book func(*cobra.Command) (*Book, error)) {
	program := completion.Root().Name()
	load := map[string]string{
		"bash":       "  source <(%s completion bash)                        # in this shell\n  %s completion bash > /etc/bash_completion.d/%s    # in every new one",
		"zsh":        "  source <(%s completion zsh)                         # in this shell\n  %s completion zsh > \"${fpath[1]}/_%s\"             # in every new one",
		"fish":       "  %s completion fish | source                         # in this shell\n  %s completion fish > ~/.config/fish/completions/%s.fish",
		"powershell": "  %s completion powershell | Out-String | Invoke-Expression",
	}
	completion.Short, completion.Long = "Print the completion script of a shell", ""
	for _, c := range completion.Commands() {
		c.Short = "Print the completion script of " + c.Name()
		c.Long = c.Short + ", which completes verbs, flags and what can stand for their values:\n\n" + strings.ReplaceAll(load[c.Name()], "%s", program)
		if c.Name() == "bash" {
			c.RunE = func(cmd *cobra.Command, _ []string) error {
				bare, err := cmd.Flags().GetBool("no-descriptions")
				if err != nil {
					return err
				}
				b, err := book(cmd.Root())
				if err != nil {
					return err
				}
				return b.Bash(w, !bare)
			}
		}
	}
}
