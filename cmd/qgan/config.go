package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"
)

// settingsTables are the tables of a configuration file that set no flags, with
// their keys.
var settingsTables = map[string][]string{
	"braket": {"bucket", "prefix", "region"},
	"ibm":    {"instance"},
	"iqm":    {"server"},
	"limits": {"per_command", "per_day"},
	"remote": {"look_every", "poll_max", "poll_min"},
}

// reservedVariables are variables that begin with QGAN_ and set no flag: they are
// read where they are needed. So are those that end in _URL.
var reservedVariables = []string{"QGAN_LEDGER", "QGAN_PYTHON", "QGAN_SHARED"}

// config is what the environment and the configuration files say.
type config struct {
	getenv func(string) string
	files  []*configFile // the one that wins first
}

// configFile is one configuration file that was looked for.
type configFile struct {
	path    string
	found   bool
	entries []configEntry
}

// configEntry is one key of a configuration file.
type configEntry struct {
	table  string // "", "train", "jobs.wait", "limits"
	key    string
	values []string // one, or those of an array
	line   int
}

// origin says where a value came from.
type origin struct {
	file     string // a file, or "" for the environment
	line     int
	variable string
}

func (o origin) String() string {
	if o.file == "" {
		return "environment " + o.variable
	}
	return fmt.Sprintf("%s:%d", o.file, o.line)
}

// projectConfig is the name of the configuration file of the working folder.
const projectConfig = "qgan.toml"

// folder returns qgan's own folder below one of the XDG base folders: of the
// variable, or of its default below the home folder. It is "" where there is no home.
func (a *app) folder(variable string, fallback ...string) string {
	base := a.getenv(variable)
	if !filepath.IsAbs(base) { // the specification: relative ones are ignored
		home := a.getenv("HOME")
		if home == "" {
			home = a.getenv("USERPROFILE")
		}
		if home == "" {
			return ""
		}
		base = filepath.Join(append([]string{home}, fallback...)...)
	}
	return filepath.Join(base, "qgan")
}

// configDir is the folder of the user's configuration.
func (a *app) configDir() string { return a.folder("XDG_CONFIG_HOME", ".config") }

// cacheDir is the folder of what can be fetched again.
func (a *app) cacheDir() string { return a.folder("XDG_CACHE_HOME", ".cache") }

// stateDir is the folder of what must be kept.
func (a *app) stateDir() string { return a.folder("XDG_STATE_HOME", ".local", "state") }

// loadConfig reads the configuration files and checks every key against the verbs.
func (a *app) loadConfig(root *cobra.Command) (*config, error) {
	c := &config{getenv: a.getenv}
	paths := []string{projectConfig}
	if dir := a.configDir(); dir != "" {
		paths = append(paths, filepath.Join(dir, "config.toml"))
	}
	known := knownKeys(root)
	for _, path := range paths {
		f := &configFile{path: path}
		c.files = append(c.files, f)
		data, err := a.fs.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, usagef("read the configuration %s: %w", path, err)
		}
		f.found = true
		if err := f.parse(string(data), known); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// knownKeys returns the keys that a configuration file may hold, by table. A flag
// may stand in the table of its verb, in that of the verb above, and at the top,
// where it holds for every verb that has it.
func knownKeys(root *cobra.Command) map[string][]string {
	known := map[string][]string{"": nil}
	for table, keys := range settingsTables {
		known[table] = keys
	}
	add := func(table, key string) {
		if !slices.Contains(known[table], key) {
			known[table] = append(known[table], key)
		}
	}
	for _, verb := range verbsOf(root) {
		for _, table := range tablesOf(verbPath(verb)) {
			if _, ok := known[table]; !ok {
				known[table] = nil // a verb without flags has an empty table
			}
			for _, f := range flagsOf(verb) {
				add(table, f.name)
			}
		}
	}
	return known
}

// tablesOf returns the tables in which a verb's flags may stand, the nearest first:
// of "jobs wait", these are "jobs.wait", "jobs" and "".
func tablesOf(verb string) []string {
	words := strings.Fields(verb)
	var out []string
	for n := len(words); n >= 0; n-- {
		out = append(out, strings.Join(words[:n], "."))
	}
	return out
}

// lineOf is decoded in place of a value to learn where it stands: the decoder wraps
// the error of an Unmarshaler in one that carries the position.
type lineOf struct{}

var errPosition = errors.New("position")

// UnmarshalTOML implements [toml.Unmarshaler].
func (lineOf) UnmarshalTOML(any) error { return errPosition }

// parse reads a file's text into entries.
func (f *configFile) parse(text string, known map[string][]string) error {
	var top map[string]toml.Primitive
	md, err := toml.Decode(text, &top)
	if err != nil {
		var pe toml.ParseError
		if errors.As(err, &pe) {
			return usagef("%s:%d: %s", f.path, pe.Position.Line, pe.Message)
		}
		return usagef("%s: %w", f.path, err)
	}
	return f.walk(&md, "", top, known)
}

// walk turns the keys of one table into entries and goes into the tables below it.
func (f *configFile) walk(md *toml.MetaData, table string, keys map[string]toml.Primitive, known map[string][]string) error {
	type item struct {
		key  string
		prim toml.Primitive
		line int
	}
	var items []item
	for key, prim := range keys {
		it := item{key: key, prim: prim}
		var pe toml.ParseError
		if errors.As(md.PrimitiveDecode(prim, &lineOf{}), &pe) {
			it.line = pe.Position.Line
		}
		items = append(items, it)
	}
	slices.SortFunc(items, func(a, b item) int { // errors name the first mistake of the file
		if a.line != b.line {
			return a.line - b.line
		}
		return strings.Compare(a.key, b.key)
	})
	for _, it := range items {
		at := fmt.Sprintf("%s:%d", f.path, it.line)
		below := it.key
		if table != "" {
			below = table + "." + it.key
		}
		var value any
		if err := md.PrimitiveDecode(it.prim, &value); err != nil {
			return usagef("%s: %w", at, err)
		}
		_, holdsTable := value.(map[string]any)
		if _, ok := known[below]; ok && (holdsTable || !slices.Contains(known[table], it.key)) {
			if !holdsTable {
				return usagef("%s: %s is a table here, write [%s] above its keys", at, below, below)
			}
			var sub map[string]toml.Primitive
			if err := md.PrimitiveDecode(it.prim, &sub); err != nil {
				return usagef("%s: %w", at, err)
			}
			if err := f.walk(md, below, sub, known); err != nil {
				return err
			}
			continue
		}
		if !slices.Contains(known[table], it.key) {
			return unknownKey(at, table, it.key, value, known)
		}
		values, err := texts(value)
		if err != nil {
			return usagef("%s: %s: %w", at, it.key, err)
		}
		f.entries = append(f.entries, configEntry{table, it.key, values, it.line})
	}
	return nil
}

// unknownKey is the error for a key or a table that no verb knows.
func unknownKey(at, table, key string, value any, known map[string][]string) error {
	what, candidates := "key", slices.Clone(known[table])
	if _, ok := value.(map[string]any); ok {
		what, candidates = "table", nil
		for t := range known {
			if above, name, ok := cutLast(t); ok && above == table {
				candidates = append(candidates, name)
			}
		}
		slices.Sort(candidates)
	}
	text := fmt.Sprintf("%s: unknown %s %q", at, what, key)
	if table != "" {
		text += fmt.Sprintf(" in [%s]", table)
	}
	if near := nearest(key, candidates); len(near) > 0 {
		text += fmt.Sprintf(", did you mean %s?", orList(near))
	}
	return usagef("%s", text).withHint("a table is named for a verb and its keys for the verb's flags, without the dashes in front")
}

// cutLast splits "jobs.wait" into "jobs" and "wait".
func cutLast(table string) (above, name string, ok bool) {
	if table == "" {
		return "", "", false
	}
	if i := strings.LastIndexByte(table, '.'); i >= 0 {
		return table[:i], table[i+1:], true
	}
	return "", table, true
}

// texts turns a TOML value into what would stand on the command line.
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

// variableOf returns the environment variable of a flag, or "" where its name is
// reserved.
func variableOf(flag string) string {
	name := "QGAN_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
	if slices.Contains(reservedVariables, name) || strings.HasSuffix(name, "_URL") {
		return ""
	}
	return name
}

// flag returns what the configuration says of a verb's flag: its values and where
// they came from. The environment wins over the files, the working folder's file
// over the user's, and in a file the nearest table over the wider ones.
func (c *config) flag(verb, name string) (values []string, from origin, ok bool) {
	if variable := variableOf(name); variable != "" {
		if text := c.getenv(variable); text != "" {
			return []string{text}, origin{variable: variable}, true
		}
	}
	for _, f := range c.files {
		for _, table := range tablesOf(verb) {
			for _, e := range f.entries {
				if e.table == table && e.key == name {
					return e.values, origin{file: f.path, line: e.line}, true
				}
			}
		}
	}
	return nil, origin{}, false
}

// setting returns a key of one of the settingsTables, such as "ibm", "instance".
func (c *config) setting(table, key string) (value string, from origin, ok bool) {
	for _, f := range c.files {
		for _, e := range f.entries {
			if e.table == table && e.key == key {
				return strings.Join(e.values, ","), origin{file: f.path, line: e.line}, true
			}
		}
	}
	return "", origin{}, false
}

// apply sets every flag of a verb that the command line left alone and the
// configuration speaks of, and returns where each came from.
func (c *config) apply(cmd *cobra.Command) (map[string]origin, error) {
	return c.applyAs(verbPath(cmd), cmd)
}

// applyAs is apply for a command that stands for a verb.
func (c *config) applyAs(verb string, cmd *cobra.Command) (map[string]origin, error) {
	origins := map[string]origin{}
	for _, f := range flagsOf(cmd) {
		if f.set {
			continue
		}
		values, from, ok := c.flag(verb, f.name)
		if !ok {
			continue
		}
		if !f.list() {
			values = []string{strings.Join(values, ",")}
		}
		for _, v := range values {
			if err := cmd.Flags().Set(f.name, v); err != nil {
				e := flagError(cmd, err).(*exitError)
				return nil, usagef("%s: %w", from, e.err)
			}
		}
		origins[f.name] = from
	}
	return origins, nil
}

// configure loads the configuration and applies it to the verb that is about to
// run. It is the root's PersistentPreRunE.
func (a *app) configure(cmd *cobra.Command) error {
	if !takesConfig(cmd) {
		return nil
	}
	cfg, err := a.loadConfig(cmd.Root())
	if err == nil {
		a.cfg = cfg
		_, err = cfg.apply(cmd)
	}
	if err != nil && cmd.Annotations[configLenient] != "" {
		a.cfgErr, err = err, nil
	}
	return err
}
