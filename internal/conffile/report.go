package conffile

import (
	"fmt"
	"io"

	"qgan/internal/words"
)

// Report is what files and the environment set, for people and programs.
type Report struct {
	Schema   string    `json:"schema"` // qgan.config/v1
	Files    Files     `json:"files"`
	Flags    []FlagRow `json:"flags"`
	Settings []KeyRow  `json:"settings"`

	// Origins says that the text tells where values come from.
	Origins bool `json:"-"`
}

// FlagRow is a flag that is set.
type FlagRow struct {
	Verb    string `json:"verb"`
	Flag    string `json:"flag"`
	Value   string `json:"value"`
	Default string `json:"default"`
	Origin  string `json:"origin"`
}

// KeyRow is a key that is set and sets no flag.
type KeyRow struct {
	Table  string `json:"table"`
	Key    string `json:"key"`
	Value  string `json:"value"`
	Origin string `json:"origin"`
}

// WriteText writes the files as comments and what is set as a table.
func (r *Report) WriteText(w io.Writer) error {
	for _, f := range r.Files {
		if _, err := fmt.Fprintf(w, "# %s: %s\n", f.Path, f.State()); err != nil {
			return err
		}
	}
	t := words.NewTable(w)
	row := func(verb, name, value, from string) {
		cells := []string{verb, name, words.Quoted(value)}
		if r.Origins {
			cells = append(cells, from)
		}
		t.Row(cells...)
	}
	for _, f := range r.Flags {
		row(f.Verb, "--"+f.Flag, f.Value, f.Origin)
	}
	for _, s := range r.Settings {
		row("["+s.Table+"]", s.Key, s.Value, s.Origin)
	}
	return t.Flush()
}

// State says whether a file was there.
func (f *File) State() string {
	if f.Found {
		return "read"
	}
	return "not there"
}
