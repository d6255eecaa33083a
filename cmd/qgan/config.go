package main

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"qgan/internal/conffile"
	"qgan/internal/machine"
)

// settingsTables are the tables of a configuration file that set no flags, with
// their keys: ours and those of services.
func settingsTables() map[string][]string {
	tables := map[string][]string{
		"limits": {"per_command", "per_day"},
		"remote": {"give_up", "look_every", "poll_max", "poll_min"},
	}
	for _, s := range services {
		if len(s.Settings) > 0 {
			tables[s.Name] = s.Settings
		}
	}
	return tables
}

// reservedVariables are variables that begin with QGAN_ and set no flag: they are
// read where they are needed. So are those that end in _URL.
var reservedVariables = []string{"QGAN_LEDGER", "QGAN_PYTHON", "QGAN_SHARED"}

// config is what the environment and the configuration files say.
type config struct{ conffile.Layers }

// newConfig puts variables of the environment before files.
func newConfig(getenv func(string) string, files conffile.Files) *config {
	return &config{conffile.Layers{Files: files, Getenv: getenv, Prefix: "QGAN_", Reserved: func(variable string) bool {
		return slices.Contains(reservedVariables, variable) || strings.HasSuffix(variable, "_URL")
	}}}
}

// projectConfig is the name of the configuration file of the working folder.
const projectConfig = "qgan.toml"

// configDir is the folder of the user's configuration.
func (a *app) configDir() string { return machine.Folder(a.getenv, "XDG_CONFIG_HOME", ".config") }

// cacheDir is the folder of what can be fetched again.
func (a *app) cacheDir() string { return machine.Folder(a.getenv, "XDG_CACHE_HOME", ".cache") }

// stateDir is the folder of what must be kept.
func (a *app) stateDir() string {
	return machine.Folder(a.getenv, "XDG_STATE_HOME", filepath.Join(".local", "state"))
}

// loadConfig reads the configuration files and checks every key against the verbs.
func (a *app) loadConfig(root *cobra.Command) (*config, error) {
	paths := []string{projectConfig}
	if dir := a.configDir(); dir != "" {
		paths = append(paths, filepath.Join(dir, "config.toml"))
	}
	files, err := conffile.Read(a.fs.ReadFile, knownKeys(root), paths...)
	if err != nil {
		bad := usagef("%w", err)
		if unknown := new(conffile.UnknownKey); errors.As(err, &unknown) {
			bad = bad.withHint("a table is named for a verb and its keys for the verb's flags, without the dashes in front")
		}
		return nil, bad
	}
	return newConfig(a.getenv, files), nil
}

// knownKeys returns the keys that a configuration file may hold, by table. A flag
// may stand in the table of its verb, in that of the verb above, and at the top,
// where it holds for every verb that has it.
func knownKeys(root *cobra.Command) conffile.Known {
	known := conffile.Known{}
	for table, keys := range settingsTables() {
		known.Add(table, keys...)
	}
	for _, verb := range verbsOf(root) {
		for _, table := range conffile.Tables(verbPath(verb)) {
			known.Add(table)
			for _, f := range flagsOf(verb) {
				known.Add(table, f.name)
			}
		}
	}
	return known
}

// allFlags are the names of all flags of all verbs.
func allFlags(root *cobra.Command) (names []string) {
	for _, verb := range verbsOf(root) {
		names = append(names, flagNames(verb)...)
	}
	return names
}

// apply sets every flag of a verb that the command line left alone and the
// configuration speaks of, and returns where each came from.
func (c *config) apply(cmd *cobra.Command) (map[string]string, error) {
	return c.applyAs(verbPath(cmd), cmd)
}

// applyAs is apply for a command that stands for a verb.
func (c *config) applyAs(verb string, cmd *cobra.Command) (map[string]string, error) {
	origins := map[string]string{}
	for _, f := range flagsOf(cmd) {
		if f.set {
			continue
		}
		e, ok := c.Flag(verb, f.name)
		if !ok {
			continue
		}
		values := e.Values
		if !f.list() {
			values = []string{strings.Join(values, ",")}
		}
		for _, v := range values {
			if err := cmd.Flags().Set(f.name, v); err != nil {
				return nil, usagef("%s: %w", e.Place, flagError(cmd, err).(*exitError).err)
			}
		}
		origins[f.name] = e.Place
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
		for _, text := range cfg.Strangers(a.environ(), allFlags(cmd.Root())) {
			a.warn("%s", text)
		}
		a.origins, err = cfg.apply(cmd)
	}
	if err != nil && cmd.Annotations[configLenient] != "" {
		a.cfgErr, err = err, nil
	}
	return err
}
