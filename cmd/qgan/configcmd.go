package main

import (
	"github.com/spf13/cobra"
	"maps"
	"slices"

	"qgan/backends/service"
	"qgan/internal/conffile"
)

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
			r.Origins = origins
			return a.tell(asJSON, r)
		},
	}
	cmd.Flags().BoolVar(&origins, "origin", false, "say where each value comes from")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// configReport applies the configuration to every verb and gathers what it set.
func (a *app) configReport(root *cobra.Command) (*conffile.Report, error) {
	r := &conffile.Report{Schema: "qgan.config/v1", Files: a.cfg.Files, Flags: []conffile.FlagRow{}, Settings: []conffile.KeyRow{}}
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
				r.Flags = append(r.Flags, conffile.FlagRow{Verb: verbPath(verb), Flag: f.name, Value: service.Shown(f.value), Default: f.initial, Origin: from})
			}
		}
	}
	tables := settingsTables()
	for _, table := range slices.Sorted(maps.Keys(tables)) {
		for _, key := range tables[table] {
			if value, from, ok := a.cfg.Files.Table(table).Text(key); ok {
				r.Settings = append(r.Settings, conffile.KeyRow{Table: table, Key: key, Value: service.Shown(value), Origin: from})
			}
		}
	}
	return r, nil
}
