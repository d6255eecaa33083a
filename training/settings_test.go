package training_test

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"qgan/training"
)

// presetCases are the sizes of windows for which docs/settings.md tells what presets set.
var presetCases = []struct{ n, t int }{{4, 1}, {8, 1}, {10, 1}, {14, 1}, {4, 2}, {10, 10}}

// Every setting's value is written and read back, for every preset and size; a text that
// is none of its values is refused by name.
func TestSettingsAreReadBack(t *testing.T) {
	for _, preset := range training.Presets() {
		for _, k := range presetCases {
			c, err := training.Preset(preset, k.n, k.t)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range training.Settings() {
				got := c
				text := s.Text(c)
				if s.Name == "shots" && text == "0" || s.Name == "mitigate" && text == "" {
					continue // nothing is measured
				}
				if err := s.Set(&got, text); err != nil || got != c {
					t.Errorf("%s, %d x %d: %s %s comes back as %s, %v", preset, k.n, k.t, s.Name, text, s.Text(got), err)
				}
			}
		}
	}
	for _, s := range training.Settings() {
		if s.Kind == training.Word && s.Name != "latent-scale" && s.Name != "shots" {
			continue // Check refuses words (TestSettingWords)
		}
		var c training.Config
		err := s.Set(&c, "x y")
		if err == nil || !strings.HasPrefix(err.Error(), s.Name+" ") || c != (training.Config{}) {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
}

// Each field of a configuration but the size of its windows is set by a row of the table.
func TestEverySettingHasARow(t *testing.T) {
	elsewhere := map[string]bool{"Preset": true, "Neurons": true, "Timesteps": true, "Hidden": true}
	c, err := training.Preset("deep", 4, 2)
	if err != nil {
		t.Fatal(err)
	}
	values := map[training.Kind][]string{training.Whole: {"7", "8"}, training.Number: {"0.3", "0.4"}, training.Switch: {"true", "false"}}
	moved := map[string]string{}
	for _, s := range training.Settings() {
		texts := append(values[s.Kind], s.Choices...)
		switch s.Name {
		case "latent-scale":
			texts = []string{"0.7", "trained:0.2"}
		case "shots":
			texts = []string{"10:20"}
		case "chain":
			texts = []string{"1,0,2,3"}
		case "backend", "mitigate":
			texts = []string{"noisy", "m3"}
		}
		for _, text := range texts {
			got := c
			if err := s.Set(&got, text); err != nil {
				t.Fatal(err)
			}
			for i := range reflect.TypeFor[training.Config]().NumField() {
				name := reflect.TypeFor[training.Config]().Field(i).Name
				if reflect.ValueOf(got).Field(i).Interface() != reflect.ValueOf(c).Field(i).Interface() {
					if other := moved[name]; other != "" && other != s.Name {
						t.Errorf("%s is set by %s and by %s", name, other, s.Name)
					}
					moved[name] = s.Name
				}
			}
		}
	}
	for i := range reflect.TypeFor[training.Config]().NumField() {
		name := reflect.TypeFor[training.Config]().Field(i).Name
		if (moved[name] == "") != elsewhere[name] {
			t.Errorf("%s is set by the row %q", name, moved[name])
		}
	}
}

// What is given stands, and what goes along with it follows unless it is given too.
func TestResolve(t *testing.T) {
	given := func(pairs ...string) map[string]string {
		m := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		return m
	}
	for _, k := range []struct {
		n, t  int
		given map[string]string
		want  map[string]string
	}{
		{4, 1, given(), given("objective", "likelihood", "iterations", "3000", "generator-lr", "0.02", "layers", "5", "gradient", "adjoint", "shots", "0")},
		{12, 1, given(), given("objective", "likelihood", "expectation", "exact", "iterations", "2000", "starts", "3", "layers", "18", "chain-order", "correlation")},
		{10, 1, given(), given("iterations", "3000", "starts", "0", "layers", "16")},
		{16, 1, given(), given("iterations", "1500", "starts", "3", "layers", "20")},
		{20, 1, given(), given("iterations", "800", "starts", "0", "layers", "20")},
		{14, 1, given("starts", "1"), given("iterations", "1500", "starts", "1")},
		// A critic of one bin is as it was before there was anything else.
		{10, 1, given("objective", "wgan"), given("iterations", "3000", "generator-lr", "0.01", "beta1", "0", "beta2", "0.9", "expectation", "exact", "batch", "512")},
		{14, 1, given("objective", "wgan"), given("chain-order", "file", "layers", "12", "iterations", "3000", "starts", "0", "expectation", "batch", "batch", "512")},
		{12, 1, given("gradient", "parameter-shift"), given("objective", "wgan", "iterations", "3000", "starts", "0", "beta2", "0.999", "batch", "512")},
		// What only a critic takes brings it.
		{4, 1, given("latent-scale", "0.5"), given("objective", "wgan", "latent-scale", "0.5", "generator-lr", "0.01")},
		{4, 1, given("latent-scale", "0", "readout", "born", "expectation", "exact"), given("objective", "likelihood")},
		{4, 1, given("critic-steps", "4"), given("objective", "wgan", "critic-steps", "4")},
		{4, 1, given("penalty-weight", "4", "objective", "likelihood"), given("objective", "likelihood", "penalty-weight", "4")},
		{4, 1, given("memory", "none"), given("objective", "wgan", "latent-scale", "trained:1")},
		{4, 1, given("memory", "leaky", "past", "20"), given("objective", "wgan", "expectation", "batch")},
		{4, 1, given("layers", "7", "seed", "3"), given("layers", "7", "seed", "3")},
		{4, 2, given("memory", "none"), given("memory", "none", "layers", "5", "tied", "false", "latent-scale", "trained:1", "batch", "64")},
		{4, 2, given("memory", "none", "layers", "2"), given("layers", "2")},
		{4, 2, given("objective", "likelihood"), given("iterations", "4000", "generator-lr", "0.02", "expectation", "exact")},
		{4, 2, given("objective", "likelihood", "iterations", "9"), given("iterations", "9")},
		{4, 5, given(), given("objective", "likelihood", "expectation", "exact", "memory", "leaky", "past", "0")},
		{8, 4, given(), given("objective", "staged", "iterations", "8000", "past", "20")},
		{7, 3, given(), given("objective", "likelihood", "iterations", "4000", "past", "0", "expectation", "batch")},
		{4, 2, given("objective", "wgan"), given("iterations", "3000", "generator-lr", "0.01", "beta1", "0", "beta2", "0.9", "expectation", "exact", "batch", "512")},
		{4, 5, given("objective", "wgan"), given("iterations", "3000", "expectation", "batch", "batch", "512")},
		{2, 30, given("objective", "conditional"), given("iterations", "3000", "generator-lr", "0.01", "batch", "512")},
		{2, 30, given("objective", "wgan"), given("iterations", "3000", "batch", "68")},
		{4, 2, given("memory", "bits"), given("objective", "likelihood", "iterations", "4000")},
		{4, 2, given("memory", "none", "iterations", "7"), given("objective", "wgan", "iterations", "7", "generator-lr", "0.01", "expectation", "exact")},
		{4, 2, given("gradient", "parameter-shift"), given("objective", "wgan", "iterations", "3000", "beta1", "0", "beta2", "0.999", "average", "0.998")},
		{4, 5, given("gradient", "parameter-shift"), given("objective", "conditional", "critic-steps", "4")},
		{7, 3, given("backend", "noisy"), given("objective", "conditional", "gradient", "parameter-shift")},
		{4, 1, given("objective", "likelihood"), given("iterations", "3000", "starts", "0", "beta1", "0.9", "expectation", "exact", "memory", "none")},
		{13, 1, given("objective", "likelihood"), given("expectation", "exact")},
		{4, 2, given("memory", "bits", "objective", "staged"), given("memory", "bits", "iterations", "5000")},
		{4, 1, given("gradient", "spsa"), given("shots", "1000", "average", "0.998", "critic-steps", "4", "beta2", "0.999")},
		{4, 1, given("gradient", "spsa", "shots", "20", "average", "0.9"), given("shots", "20", "average", "0.9")},
		{4, 1, given("backend", "noisy"), given("gradient", "parameter-shift", "shots", "1000", "average", "0.998")},
		{4, 1, given("backend", "noisy", "gradient", "spsa"), given("gradient", "spsa")},
		{4, 1, given("penalty", "one"), given("penalty-weight", "10")},
		{4, 1, given("penalty", "clip"), given("penalty-weight", "0.01")},
		{4, 1, given("penalty", "clip", "penalty-weight", "0.2"), given("penalty-weight", "0.2")},
		{4, 1, given("k-loss", "abs"), given("k", "0.1")},
		{4, 1, given("k", "0"), given("k", "0", "k-loss", "off")},
		{4, 1, given("seed", "18446744073709551615"), given("seed", "18446744073709551615")},
		{4, 1, given("k-loss", "abs", "k", "2"), given("k", "2")},
		{4, 1, given("readout", "prob"), given("expectation", "batch")},
		{4, 2, given("past", "20"), given("expectation", "batch", "past", "20")},
		{10, 10, given("tied", "false", "memory", "leaky"), given("past", "0")},
		{4, 1, given("latent-scale", "trained"), given("latent-scale", "trained:0.1")},
		{4, 2, given("latent-scale", "trained", "memory", "none"), given("latent-scale", "trained:1")},
		{4, 1, given("mitigate", "none"), given("mitigate", "")},
	} {
		c, err := training.Resolve("deep", k.n, k.t, k.given)
		if err != nil {
			t.Errorf("%v: %v", k.given, err)
			continue
		}
		for name, want := range k.want {
			s, ok := training.SettingNamed(name)
			if got := s.Text(c); !ok || got != want {
				t.Errorf("%d x %d, %v: %s is %s, want %s", k.n, k.t, k.given, name, got, want)
			}
		}
	}
	for want, g := range map[string]map[string]string{
		"speed 3: there is no such setting":                                                         given("speed", "3"),
		"k 0.2: there is no spike-count term; add k-loss abs or square":                             given("k", "0.2"),
		`readout "x": it can be born, prob, threshold`:                                              given("readout", "x", "expectation", "batch"),
		"layers x: it is a whole number of at least 1":                                              given("layers", "x"),
		"shots 5:3: it is a number, or MIN:MAX between which the variances decide":                  given("gradient", "parameter-shift", "shots", "5:3"),
		"starts 2: they are told apart by the likelihood of one bin; use starts 1":                  given("objective", "wgan", "starts", "2"),
		"objective staged: it needs the law of a word given the words before; add memory leaky":     given("objective", "staged"),
		"objective likelihood: the logarithm of a measured frequency is biased; use objective wgan": given("objective", "likelihood", "gradient", "parameter-shift"),
	} {
		if _, err := training.Resolve("deep", 4, 1, g); err == nil || err.Error() != want {
			t.Errorf("%v: %v, want %s", g, err, want)
		}
	}
}

// docs/settings.md is what the table says.
func TestSettingsDocument(t *testing.T) {
	var b strings.Builder
	b.WriteString(`# Settings of a training

A setting is one number or word that decides how a generator is trained. ` + "`qgan train`" + ` has a flag for each, with two dashes
in front; a study file takes it below [settings] or [grid]; a library passes it to training.Resolve. A setting that is not given is
the preset's: the columns on the right say which value, for windows of n neurons x t bins, where sizes differ.

This page is written from the program's own table (` + "`go test ./training -run TestSettingsDocument -update`" + `).

| setting | values | what it is | deep | paper |
|---|---|---|---|---|
`)
	for _, s := range training.Settings() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", s.Name, values(s), s.Help, presetText(t, "deep", s), presetText(t, "paper", s))
	}
	const path = "../docs/settings.md"
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != b.String() {
		t.Errorf("%s is not what the table of settings says: go test ./training -run TestSettingsDocument -update", path)
	}
}

// values says which values a setting takes.
func values(s training.Setting) string {
	if len(s.Choices) > 0 {
		return strings.Join(s.Choices, ", ")
	}
	return string(s.Kind) + ": " + s.Range
}

// presetText is what a preset sets, by size where that differs.
func presetText(t *testing.T, preset string, s training.Setting) string {
	t.Helper()
	var parts []string
	first, same := "", true
	for i, k := range presetCases {
		c, err := training.Preset(preset, k.n, k.t)
		if err != nil {
			t.Fatal(err)
		}
		text := s.Text(c)
		if text == "" {
			text = "none"
		}
		if i == 0 {
			first = text
		}
		same = same && text == first
		parts = append(parts, fmt.Sprintf("%s (%dx%d)", text, k.n, k.t))
	}
	if same {
		return first
	}
	return strings.Join(parts, ", ")
}
