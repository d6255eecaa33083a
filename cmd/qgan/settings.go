package main

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"qgan/training"
)

// settingFlags are the settings of a training that a command line gives, by name: a flag
// for each row of training's table.
type settingFlags map[string]string

// add registers the flags but those that are there already, which mean more than the
// setting does; take reads these.
func (s settingFlags) add(f *pflag.FlagSet) {
	for _, row := range training.Settings() {
		if f.Lookup(row.Name) != nil {
			continue
		}
		flag := f.VarPF(settingValue{row, s}, row.Name, "", row.Help)
		if row.Kind == training.Switch {
			flag.NoOptDefVal = "true"
		}
	}
}

// take reads what was given of settings that have flags of their own, and returns all.
func (s settingFlags) take(cmd *cobra.Command) map[string]string {
	for _, row := range training.Settings() {
		if f := cmd.Flags().Lookup(row.Name); f.Changed {
			s[row.Name] = f.Value.String()
		}
	}
	return s
}

// settingValue is a flag's value, read by the setting's own rule.
type settingValue struct {
	row   training.Setting
	given settingFlags
}

// String is the value as it was given.
func (v settingValue) String() string { return v.given[v.row.Name] }

// Set takes the value. Words are read with the other settings, whose errors say more.
func (v settingValue) Set(text string) error {
	if err := v.row.Set(new(training.Config), text); err != nil && v.row.Kind != training.Word {
		return errors.New(v.row.Range)
	}
	v.given[v.row.Name] = text
	return nil
}

// Type is the word that the help shows for a value.
func (v settingValue) Type() string {
	return map[training.Kind]string{training.Whole: "int", training.Number: "float", training.Switch: "bool", training.Word: "string"}[v.row.Kind]
}
