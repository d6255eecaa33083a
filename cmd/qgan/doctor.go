package main

import (
	"errors"

	"github.com/spf13/cobra"

	"qgan/backends/sim"
	"qgan/internal/checkup"
	"qgan/internal/conffile"
	"qgan/internal/machine"
)

// newDoctorCmd makes `doctor`.
func newDoctorCmd(a *app) *cobra.Command {
	var asJSON bool
	cmd := annotate(&cobra.Command{
		Use:   "doctor",
		Short: "Look at the machine, the kernel, the configuration and the folders",
		Long: `Look at what the program needs: the processor and the simulator's kernel for it,
the memory and the largest circuit that fits, the configuration, and the folders.
No network is used. It exits with 1 when something is broken.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			r := a.examine()
			if err := a.tell(asJSON, r); err != nil {
				return err
			}
			if !r.OK {
				return errors.New("something is broken, see the report")
			}
			return nil
		},
	}, configLenient)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// examine looks at this machine.
func (a *app) examine() *checkup.Report {
	return checkup.Examine(checkup.Patient{
		Build: machine.ReadBuild(version, commit), FS: a.fs, MaxQubits: sim.MaxQubits, SelfTest: a.selfTest, Files: a.configFiles(), Broken: a.cfgErr,
		Config: a.configDir(), Cache: a.cacheDir(), State: a.stateDir(),
	})
}

// configFiles are the files of the configuration, where it could be read.
func (a *app) configFiles() conffile.Files {
	if a.cfg == nil {
		return nil
	}
	return a.cfg.Files
}
