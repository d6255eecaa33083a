package main

import (
	"errors"
	"strings"

	"github.com/spf13/pflag"

	"qgan/internal/manual"
	"qgan/training"
	"qgan/training/lab"
)

// addSettings registers a flag for each row of training's table of settings, but for those
// that are there already because other verbs have them too.
func addSettings(f *pflag.FlagSet) {
	for _, row := range training.Settings() {
		if f.Lookup(row.Name) != nil {
			continue
		}
		flag := f.VarPF(&settingValue{row: row}, row.Name, "", row.Help)
		flag.Annotations = map[string][]string{manual.Choices: row.Choices, manual.Default: {"the preset's"}}
		if row.Kind == training.Switch {
			flag.NoOptDefVal = "true"
		}
	}
}

// settingValue is a flag's value, read by the setting's own rule.
type settingValue struct {
	row  training.Setting
	text string
}

// String is the value as it was given.
func (v *settingValue) String() string { return v.text }

// Set takes the value. Words are read with the other settings, whose errors say more.
func (v *settingValue) Set(text string) error {
	if err := v.row.Set(new(training.Config), text); err != nil && v.row.Kind != training.Word {
		return errors.New(v.row.Range)
	}
	v.text = text
	return nil
}

// Type is the word that the help shows for a value.
func (v *settingValue) Type() string {
	return map[training.Kind]string{training.Whole: "int", training.Number: "float", training.Switch: "bool", training.Word: "string"}[v.row.Kind]
}

// given are the settings that the command line or the configuration gave.
func given(f *pflag.FlagSet) lab.Settings {
	s := lab.Settings{}
	for _, flag := range gather(f.Visit) {
		if !lab.Known(flag.Name) {
			continue
		}
		s[flag.Name] = flag.Value.String()
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			s[flag.Name] = strings.Join(list.GetSlice(), ",")
		}
	}
	return s
}
