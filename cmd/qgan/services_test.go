package main

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"qgan/backends/emulator"
	"qgan/backends/service"
	"qgan/qasm"
)

// Every row of the table of services is whole: a dialect, an emulator, a reader, and an
// account whose absence is the user's to mend.
func TestServiceRows(t *testing.T) {
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"} {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", t.TempDir())
	asked := map[string]bool{}
	bare := service.Surroundings{
		Getenv: func(string) string { return "" }, Note: func(text string) { t.Error(text) },
		ReadFile: func(string) ([]byte, error) { return nil, fs.ErrNotExist },
	}
	seen := map[string]bool{}
	for _, row := range services {
		if seen[row.Name] || strings.ToLower(row.Name) != row.Name {
			t.Errorf("the name %q", row.Name)
		}
		seen[row.Name] = true
		if !slices.Contains(qasm.Dialects(), row.Dialect) {
			t.Errorf("%s: %q is no dialect", row.Name, row.Dialect)
		}
		bare.Setting = func(key string) string {
			if !slices.Contains(row.Settings, key) {
				t.Errorf("%s asks for the setting %s, which its row doesn't list", row.Name, key)
			}
			asked[row.Name+"."+key] = true
			return ""
		}
		var missing *service.AccountError
		if _, err := row.Open(t.Context(), bare, "", service.Options{}); !errors.As(err, &missing) || exitCode(t.Context(), err) != exitUsage {
			t.Errorf("%s without an account: %v", row.Name, err)
		}
		if _, err := row.Credentials(t.Context(), bare); err == nil {
			t.Errorf("%s: nothing is missing without an account", row.Name)
		}
		for _, key := range row.Settings {
			if !asked[row.Name+"."+key] {
				t.Errorf("%s: nobody asks for the setting %s", row.Name, key)
			}
		}
		if r := row.Reader("x"); r.Service() != row.Name || r.Device() != "x" || r.Endpoint() != "" {
			t.Errorf("%s: its reader is %s:%s at %q", row.Name, r.Service(), r.Device(), r.Endpoint())
		}
		if e, err := emulator.New(row.Name, emulator.Options{}); err != nil || e.Device() == "" {
			t.Errorf("%s: its emulator: %v", row.Name, err)
		}
	}
	if _, err := emulator.New("dwave", emulator.Options{}); err == nil {
		t.Error("a service that is not there is emulated")
	}
	if _, err := emulator.New("ibm", emulator.Options{ARN: "arn:"}); err == nil || dashed(err) != "--arn is for braket" {
		t.Errorf("an ARN for IBM: %v", err)
	}
}
