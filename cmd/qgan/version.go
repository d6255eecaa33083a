package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"qgan/internal/machine"
)

// Set by the linker (-X main.version=…), the first in `make build`, both in `make
// dist`, whose builds must not depend on the working tree.
var version, commit string

// newVersionCmd makes `version`.
func newVersionCmd(a *app) *cobra.Command {
	var asJSON bool
	cmd := annotate(&cobra.Command{
		Use:   "version",
		Short: "Print the version of the program",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return a.printVersion(asJSON) },
	}, configNever)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// printVersion prints what the program was built from.
func (a *app) printVersion(asJSON bool) error {
	b := machine.ReadBuild(version, commit)
	if asJSON {
		return a.printJSON(b)
	}
	_, err := fmt.Fprintf(a.out, "qgan %s %s %s/%s\n", b, b.Go, b.OS, b.Arch)
	return err
}
