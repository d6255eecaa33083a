// Package conffile reads configuration files: TOML whose tables and keys are known
// beforehand. Each value comes as text with the line that it stands in, and a key that
// nobody knows is refused with those that are near. Of several files the first one that
// speaks of a key wins.
package conffile

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"qgan/internal/named"
)

// Known are the keys that a file may hold, by table: "" is the top, "jobs.wait" the table
// "wait" in the table "jobs".
type Known map[string][]string

// Add makes a table and keys of it known.
func (k Known) Add(table string, keys ...string) {
	k[table] = k[table] // a table without keys is known, too
	for _, key := range keys {
		if !slices.Contains(k[table], key) {
			k[table] = append(k[table], key)
		}
	}
}

// File is a configuration file that was looked for.
type File struct {
	Path    string  `json:"path"`
	Found   bool    `json:"found"`
	Entries []Entry `json:"-"`
}

// Entry is a key of a configuration file.
type Entry struct {
	Table, Key string
	Values     []string // one, or those of an array
	Place      string   // file:line
}

// Error is a fault of a configuration file, at its place.
type Error struct {
	Place string // file:line, or what was being done
	Err   error
}

// Error is the place and what is wrong there.
func (e *Error) Error() string { return e.Place + ": " + e.Err.Error() }

// Unwrap returns what is wrong.
func (e *Error) Unwrap() error { return e.Err }

// BadInput reports that the fault is the user's file.
func (e *Error) BadInput() bool { return true }

// UnknownKey is a key or a table that is not known.
type UnknownKey struct {
	Table string // that holds it
	Key   string
	What  string   // "key" or "table"
	Near  []string // known ones that it may be a slip of
}

// Error is the key, its table and what it may be a slip of.
func (u *UnknownKey) Error() string {
	text := fmt.Sprintf("unknown %s %q", u.What, u.Key)
	if u.Table != "" {
		text += fmt.Sprintf(" in [%s]", u.Table)
	}
	return text + named.DidYouMean(u.Near)
}

// Files are configuration files, the one that wins first.
type Files []*File

// Read reads those of the files that are there.
func Read(readFile func(path string) ([]byte, error), known Known, paths ...string) (Files, error) {
	var files Files
	for _, path := range paths {
		f := &File{Path: path}
		files = append(files, f)
		data, err := readFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, &Error{"read the configuration " + path, err}
		}
		f.Found = true
		if f.Entries, err = Parse(path, string(data), known); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// Find returns the entry of a key: the first file that has it in one of the tables wins,
// and in it the first of these tables.
func (f Files) Find(key string, tables ...string) (Entry, bool) {
	for _, file := range f {
		for _, table := range tables {
			for _, e := range file.Entries {
				if e.Table == table && e.Key == key {
					return e, true
				}
			}
		}
	}
	return Entry{}, false
}

// Parse reads a file's text.
func Parse(path, text string, known Known) ([]Entry, error) {
	var top map[string]toml.Primitive
	md, err := toml.Decode(text, &top)
	if err != nil {
		var pe toml.ParseError
		if errors.As(err, &pe) {
			return nil, &Error{fmt.Sprintf("%s:%d", path, pe.Position.Line), errors.New(pe.Message)}
		}
		return nil, &Error{path, err}
	}
	p := parser{path: path, md: &md, known: known}
	err = p.table("", top)
	return p.entries, err
}

// parser turns what the decoder has read into entries.
type parser struct {
	path    string
	md      *toml.MetaData
	known   Known
	entries []Entry
}

// lineOf is decoded in place of a value to learn where it stands: the decoder wraps
// the error of an Unmarshaler in one that carries the position.
type lineOf struct{}

var errPosition = errors.New("position")

// UnmarshalTOML implements [toml.Unmarshaler].
func (lineOf) UnmarshalTOML(any) error { return errPosition }

// line is the line that a value stands in.
func (p *parser) line(value toml.Primitive) int {
	var pe toml.ParseError
	if errors.As(p.md.PrimitiveDecode(value, &lineOf{}), &pe) {
		return pe.Position.Line
	}
	return 0
}

// table reads the keys of one table, in the order of the file, so that errors name its
// first mistake, and goes into the tables below it.
func (p *parser) table(table string, keys map[string]toml.Primitive) error {
	names := slices.SortedFunc(maps.Keys(keys), func(a, b string) int {
		return cmp.Or(cmp.Compare(p.line(keys[a]), p.line(keys[b])), cmp.Compare(a, b))
	})
	for _, key := range names {
		place := fmt.Sprintf("%s:%d", p.path, p.line(keys[key]))
		if err := p.key(place, table, key, keys[key]); err != nil {
			if e, ok := err.(*Error); ok { // of a table below, which has its own place
				return e
			}
			return &Error{place, err}
		}
	}
	return nil
}

// key reads one key of a table.
func (p *parser) key(place, table, key string, prim toml.Primitive) error {
	below := key
	if table != "" {
		below = table + "." + key
	}
	var value any
	if err := p.md.PrimitiveDecode(prim, &value); err != nil {
		return err
	}
	_, holdsTable := value.(map[string]any)
	isKey := slices.Contains(p.known[table], key)
	if _, ok := p.known[below]; ok && (holdsTable || !isKey) {
		if !holdsTable {
			return fmt.Errorf("%s is a table here, write [%s] above its keys", below, below)
		}
		var sub map[string]toml.Primitive
		if err := p.md.PrimitiveDecode(prim, &sub); err != nil {
			return err
		}
		return p.table(below, sub)
	}
	if !isKey {
		return p.unknown(table, key, holdsTable)
	}
	values, err := texts(value)
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	p.entries = append(p.entries, Entry{table, key, values, place})
	return nil
}

// unknown is the error for a key or a table that is not known.
func (p *parser) unknown(table, key string, holdsTable bool) error {
	if !holdsTable {
		return &UnknownKey{table, key, "key", named.Nearest(key, p.known[table])}
	}
	var tables []string
	for t := range p.known {
		above, name := "", t
		if i := strings.LastIndexByte(t, '.'); i >= 0 {
			above, name = t[:i], t[i+1:]
		}
		if t != "" && above == table {
			tables = append(tables, name)
		}
	}
	slices.Sort(tables)
	return &UnknownKey{table, key, "table", named.Nearest(key, tables)}
}

// texts turns a TOML value into what would stand on a command line.
func texts(value any) ([]string, error) {
	switch v := value.(type) {
	case string:
		return []string{v}, nil
	case bool:
		return []string{strconv.FormatBool(v)}, nil
	case int64:
		return []string{strconv.FormatInt(v, 10)}, nil
	case float64:
		return []string{strconv.FormatFloat(v, 'g', -1, 64)}, nil
	case time.Time:
		return []string{v.Format(time.RFC3339Nano)}, nil
	case []any:
		var out []string
		for _, e := range v {
			one, err := texts(e)
			if err != nil || len(one) != 1 {
				return nil, errors.New("an array of arrays or tables can't be the value of a flag")
			}
			out = append(out, one[0])
		}
		return out, nil
	}
	return nil, errors.New("a table can't be the value of a flag")
}
