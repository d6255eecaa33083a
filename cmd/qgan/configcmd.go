package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"qgan/backends/service"
	"qgan/internal/conffile"
)

// configReport is the object of `config show --json`.
type configReport struct {
	Schema   string             `json:"schema"`
	Files    conffile.Files     `json:"files"`
	Flags    []configReportFlag `json:"flags"`
	Settings []configReportKey  `json:"settings"`
}

type configReportFlag struct {
	Verb    string `json:"verb"`
	Flag    string `json:"flag"`
	Value   string `json:"value"`
	Default string `json:"default"`
	Origin  string `json:"origin"`
}

type configReportKey struct {
	Table  string `json:"table"`
	Key    string `json:"key"`
	Value  string `json:"value"`
	Origin string `json:"origin"`
}

// newConfigCmd makes `config`.
func newConfigCmd(a *app) *cobra.Command {
	cmd := newGroupCmd(&cobra.Command{
		Use:   "config",
		Short: "Show what the environment and the configuration files set",
	})
	cmd.AddCommand(newConfigShowCmd(a))
	return cmd
}

func newConfigShowCmd(a *app) *cobra.Command {
	var origins, asJSON bool
	cmd := &cobra.Command{
		Use:   "show",
		Short: "List every flag that is set outside the command line",
		Long: `List every flag that the environment or a configuration file sets, for each verb.

A flag on the command line wins over the environment (QGAN_ and the flag's name in
upper case, with _ for -), that over qgan.toml in the working folder, and that over
$XDG_CONFIG_HOME/qgan/config.toml.`,
		Example: `  qgan config show --origin
  QGAN_SEED=7 qgan config show --origin --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := a.configReport(cmd.Root())
			if err != nil {
				return err
			}
			return show(a, asJSON, r, func(r *configReport) error { return a.printConfig(r, origins) })
		},
	}
	cmd.Flags().BoolVar(&origins, "origin", false, "say where each value comes from")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object (schema qgan.config/v1)")
	return cmd
}

// configReport applies the configuration to every verb and gathers what it set.
func (a *app) configReport(root *cobra.Command) (*configReport, error) {
	r := &configReport{
		Schema: "qgan.config/v1",
		Files:  a.cfg.Files, Flags: []configReportFlag{}, Settings: []configReportKey{},
	}
	for _, verb := range verbsOf(root) {
		if verb.Name() == "show" && verb.Parent().Name() == "config" {
			continue // its flags were set by this very command line
		}
		origins, err := a.cfg.apply(verb)
		if err != nil {
			return nil, err
		}
		for _, f := range flagsOf(verb) {
			if from, ok := origins[f.name]; ok {
				r.Flags = append(r.Flags, configReportFlag{verbPath(verb), f.name, service.Shown(f.value), f.initial, from})
			}
		}
	}
	tables := settingsTables()
	for _, table := range sortedKeys(tables) {
		for _, key := range tables[table] {
			if value, from, ok := a.cfg.Files.Table(table).Text(key); ok {
				r.Settings = append(r.Settings, configReportKey{table, key, service.Shown(value), from})
			}
		}
	}
	return r, nil
}

// printConfig prints the report for people.
func (a *app) printConfig(r *configReport, origins bool) error {
	for _, f := range r.Files {
		if _, err := fmt.Fprintf(a.out, "# %s: %s\n", f.Path, found(f)); err != nil {
			return err
		}
	}
	t := newTable(a.out)
	row := func(verb, name, value, from string) {
		cells := []string{verb, name, value}
		if origins {
			cells = append(cells, from)
		}
		t.Row(cells...)
	}
	for _, f := range r.Flags {
		row(f.Verb, "--"+f.Flag, quoteEmpty(f.Value), f.Origin)
	}
	for _, s := range r.Settings {
		row("["+s.Table+"]", s.Key, quoteEmpty(s.Value), s.Origin)
	}
	return t.Flush()
}

// found says whether a configuration file was there.
func found(f *conffile.File) string {
	if f.Found {
		return "read"
	}
	return "not there"
}

// quoteEmpty makes an empty cell, or one with blanks in it, visible.
func quoteEmpty(s string) string {
	if s == "" || strings.ContainsAny(s, " \t\n") {
		return fmt.Sprintf("%q", s)
	}
	return s
}
