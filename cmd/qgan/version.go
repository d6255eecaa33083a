package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// Set by the linker (-X main.version=…), the first in `make build`, both in `make
// dist`, whose builds must not depend on the working tree.
var version, commit string

// buildInfo is the object of `version --json`, and part of every run's manifest.
type buildInfo struct {
	Schema  string `json:"schema"`
	Version string `json:"version"`
	Commit  string `json:"commit"`  // "" where the build didn't record it
	Dirty   bool   `json:"dirty"`   // the working tree had changes
	Time    string `json:"time"`    // of the commit
	Go      string `json:"go"`      // of the toolchain
	OS      string `json:"os"`      // GOOS
	Arch    string `json:"arch"`    // GOARCH
	Level   string `json:"level"`   // GOAMD64 or GOARM64
	Modules int    `json:"modules"` // that went into the program
}

// readBuildInfo gathers what the program knows of its own making.
func readBuildInfo() buildInfo {
	b := buildInfo{
		Schema: "qgan.version/v1", Version: version, Commit: commit,
		Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
	}
	info, ok := debug.ReadBuildInfo()
	if ok {
		b.Modules = len(info.Deps)
		if b.Version == "" && info.Main.Version != "(devel)" {
			b.Version = info.Main.Version
		}
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				b.Commit = s.Value
			case "vcs.modified":
				b.Dirty = s.Value == "true"
			case "vcs.time":
				b.Time = s.Value
			case "GOAMD64", "GOARM64":
				b.Level = s.Value
			}
		}
	}
	if strings.HasSuffix(b.Version, "-dirty") {
		b.Dirty = true
	}
	if b.Version == "" {
		b.Version = "v0.0.0-dev"
	}
	return b
}

// newVersionCmd makes `version`.
func newVersionCmd(a *app) *cobra.Command {
	var asJSON bool
	cmd := annotate(&cobra.Command{
		Use:   "version",
		Short: "Print the version of the program",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			b := readBuildInfo()
			if asJSON {
				return a.printJSON(b)
			}
			line := "qgan " + b.Version
			if b.Commit != "" {
				line += " (" + b.Commit[:min(12, len(b.Commit))]
				if b.Dirty {
					line += ", with changes"
				}
				line += ")"
			}
			_, err := fmt.Fprintf(a.out, "%s %s %s/%s\n", line, b.Go, b.OS, b.Arch)
			return err
		},
	}, configNever)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object (schema qgan.version/v1)")
	return cmd
}
