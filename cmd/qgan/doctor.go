package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"qgan/backends/sim"
	"qgan/internal/conffile"
	"qgan/internal/durable"
	"qgan/internal/machine"
)

// doctorReport is the object of `doctor --json`.
type doctorReport struct {
	Schema  string           `json:"schema"`
	OK      bool             `json:"ok"` // nothing below is broken
	Version machine.Build    `json:"version"`
	Machine machine.Info     `json:"machine"`
	Largest doctorLargest    `json:"largest_qubits"`
	Kernel  doctorKernel     `json:"kernel"`
	Config  doctorConfig     `json:"config"`
	Folders []durable.Folder `json:"folders"`
}

// doctorLargest is the largest number of qubits for three quarters of the memory:
// of a state alone, and of the pair that gradients need.
type doctorLargest struct {
	State    int `json:"state"`
	Gradient int `json:"gradient"`
}

type doctorKernel struct {
	Name     string `json:"name"`
	SelfTest string `json:"self_test"` // "passed", "none", or what went wrong
}

type doctorConfig struct {
	Files conffile.Files `json:"files"`
	Error string         `json:"error"`
}

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
			if err := show(a, asJSON, r, a.printDoctor); err != nil {
				return err
			}
			if !r.OK {
				return errors.New("something is broken, see the report")
			}
			return nil
		},
	}, configLenient)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object (schema qgan.doctor/v1)")
	return cmd
}

// examine fills the report.
func (a *app) examine() *doctorReport {
	m := machine.Read()
	r := &doctorReport{
		Schema: "qgan.doctor/v1", OK: true, Version: machine.ReadBuild(version, commit), Machine: m,
		Largest: doctorLargest{State: min(sim.MaxQubits, machine.LargestQubits(m.Memory, 1)), Gradient: min(sim.MaxQubits, machine.LargestQubits(m.Memory, 2))},
		Kernel:  doctorKernel{Name: "none", SelfTest: "none"},
		Config:  doctorConfig{Files: conffile.Files{}},
	}
	if a.selfTest != nil {
		name, err := a.selfTest()
		r.Kernel = doctorKernel{Name: name, SelfTest: "passed"}
		if err != nil {
			r.Kernel.SelfTest, r.OK = err.Error(), false
		}
	}
	if a.cfg != nil {
		r.Config.Files = a.cfg.Files
	}
	if a.cfgErr != nil {
		r.Config.Error, r.OK = a.cfgErr.Error(), false
	}
	for _, f := range []durable.Folder{
		durable.Look(a.fs, "config", a.configDir()), durable.Look(a.fs, "cache", a.cacheDir()), durable.Look(a.fs, "state", a.stateDir()),
	} {
		// Nothing is ever written into the folder of the configuration.
		r.OK = r.OK && (f.Writable || f.Name == "config")
		r.Folders = append(r.Folders, f)
	}
	return r
}

// printDoctor prints the report for people.
func (a *app) printDoctor(r *doctorReport) error {
	t := newTable(a.out)
	t.Row("program", fmt.Sprintf("%s, %s, %s/%s", r.Version.Version, r.Version.Go, r.Version.OS, r.Version.Arch))
	t.Row("processor", r.Machine.CPU)
	t.Row("features", strings.Join(r.Machine.Features, " "))
	t.Row("cores", fmt.Sprintf("%d, of which %d are used", r.Machine.Cores, r.Machine.GOMAXPROCS))
	if r.Machine.Memory == 0 {
		t.Row("memory", "not known on this system")
	} else {
		t.Row("memory", fmt.Sprintf("%.1f GiB: state vectors up to %d qubits, gradients up to %d",
			float64(r.Machine.Memory)/(1<<30), r.Largest.State, r.Largest.Gradient))
	}
	t.Row("kernel", fmt.Sprintf("%s, self-test: %s", r.Kernel.Name, r.Kernel.SelfTest))
	for _, f := range r.Config.Files {
		t.Row("configuration", f.Path+": "+found(f))
	}
	if r.Config.Error != "" {
		t.Row("configuration", "BROKEN: "+r.Config.Error)
	}
	for _, f := range r.Folders {
		t.Row(f.Name+" folder", quoteEmpty(f.Path)+": "+f.State())
	}
	return t.Flush()
}
