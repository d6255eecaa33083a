package conffile

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"qgan/internal/named"
)

// Layers are what sets flags where the command line leaves them alone: variables of the
// environment, which win, and files.
type Layers struct {
	Files  Files
	Getenv func(variable string) string
	Prefix string // of variables, such as "QGAN_"
	// Reserved says of a variable with the prefix that it sets no flag.
	Reserved func(variable string) bool
}

// Variable is the variable of a flag: the prefix and the flag's name in upper case, with _
// for -. It is empty where that one is reserved.
func (l *Layers) Variable(flag string) string {
	name := l.Prefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
	if l.Reserved(name) {
		return ""
	}
	return name
}

// Flag is what is said of a verb's flag, with its place: "environment QGAN_SEED", or file and
// line. In a file the nearest table of the verb wins over the wider ones.
func (l *Layers) Flag(verb, flag string) (Entry, bool) {
	if variable := l.Variable(flag); variable != "" {
		if text := l.Getenv(variable); text != "" {
			return Entry{Key: flag, Values: []string{text}, Place: "environment " + variable}, true
		}
	}
	return l.Files.Find(flag, Tables(verb)...)
}

// Strangers tells of variables of an environment (NAME=VALUE) that have the prefix and set
// nothing: neither one of the flags, nor what is reserved.
func (l *Layers) Strangers(environ, flags []string) (out []string) {
	var known []string
	for _, flag := range flags {
		if name := l.Variable(flag); name != "" {
			known = append(known, name)
		}
	}
	slices.Sort(known)
	known = slices.Compact(known)
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, l.Prefix) && !l.Reserved(name) && !slices.Contains(known, name) {
			out = append(out, "environment "+name+" sets nothing"+named.DidYouMean(named.Nearest(name, known)))
		}
	}
	return out
}

// Tables are those in which a verb's flags may stand, the nearest first: of "jobs wait"
// they are "jobs.wait", "jobs" and "".
func Tables(verb string) []string {
	words := strings.Fields(verb)
	var out []string
	for n := len(words); n >= 0; n-- {
		out = append(out, strings.Join(words[:n], "."))
	}
	return out
}

// Table reads the values of a table whose keys are no flags. The first value that can't be
// read is kept as its error.
type Table struct {
	files Files
	name  string
	err   error
}

// Table reads a table.
func (f Files) Table(name string) *Table { return &Table{files: f, name: name} }

// Text is a key's value, those of an array with commas between, and its place.
func (t *Table) Text(key string) (value, place string, ok bool) {
	e, ok := t.files.Find(key, t.name)
	return strings.Join(e.Values, ","), e.Place, ok
}

// Dollars is an amount of US dollars; nil where the key is not there.
func (t *Table) Dollars(key string) *float64 {
	text, place, ok := t.Text(key)
	if !ok {
		return nil
	}
	x, err := ParseDollars(text)
	if err != nil {
		t.fail(place, fmt.Errorf("%s.%s %s: %w", t.name, key, text, err))
	}
	return &x
}

// ParseDollars reads an amount of US dollars, 0 or above.
func ParseDollars(text string) (float64, error) {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || !(x >= 0 && x < 1e12) {
		return 0, errors.New("it takes US dollars, 0 or above")
	}
	return x, nil
}

// Dollars is an amount of US dollars that a flag takes; none as long as it is not set.
type Dollars struct{ USD *float64 }

// Set reads the amount.
func (d *Dollars) Set(text string) error {
	x, err := ParseDollars(text)
	d.USD = &x
	return err
}

// String is the amount; "" for none.
func (d *Dollars) String() string {
	if d.USD == nil {
		return ""
	}
	return strconv.FormatFloat(*d.USD, 'g', -1, 64)
}

// Type is what help calls the value.
func (d *Dollars) Type() string { return "float" }

// Duration is a time above 0; 0 where the key is not there.
func (t *Table) Duration(key string) time.Duration {
	text, place, ok := t.Text(key)
	if !ok {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		t.fail(place, fmt.Errorf("%s.%s %q: it takes a time such as 40s", t.name, key, text))
	}
	return d
}

func (t *Table) fail(place string, err error) {
	if t.err == nil {
		t.err = &Error{place, err}
	}
}

// Err is the first fault of the values that were asked for, an *Error.
func (t *Table) Err() error { return t.err }
