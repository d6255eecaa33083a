// Package checkup examines what a program needs of its surroundings: the processor and the
// kernel for it, the memory, the configuration and the folders. A [Report] says what is there
// and whether anything of it is broken.
package checkup

import (
	"fmt"
	"io"
	"strings"

	"qgan/internal/conffile"
	"qgan/internal/durable"
	"qgan/internal/machine"
	"qgan/internal/words"
)

// Report is what was found, for people and programs.
type Report struct {
	Schema  string           `json:"schema"` // qgan.doctor/v1
	OK      bool             `json:"ok"`     // nothing below is broken
	Version machine.Build    `json:"version"`
	Machine machine.Info     `json:"machine"`
	Largest Largest          `json:"largest_qubits"`
	Kernel  Kernel           `json:"kernel"`
	Config  Config           `json:"config"`
	Folders []durable.Folder `json:"folders"`
}

// Largest is the largest number of qubits for three quarters of the memory: of a state alone,
// and of the pair that gradients need.
type Largest struct {
	State    int `json:"state"`
	Gradient int `json:"gradient"`
}

// Kernel is the simulator's kernel on this machine.
type Kernel struct {
	Name     string `json:"name"`
	SelfTest string `json:"self_test"` // "passed", "none", or what went wrong
}

// Config is the configuration: the files that were looked for, and why they can't be used.
type Config struct {
	Files conffile.Files `json:"files"`
	Error string         `json:"error"`
}

// Patient is what is examined.
type Patient struct {
	Build                machine.Build
	FS                   durable.FS
	MaxQubits            int                               // that the simulator takes, whatever the memory
	SelfTest             func() (kernel string, err error) // nil: there is no kernel
	Files                conffile.Files                    // of the configuration
	Broken               error                             // why they can't be used
	Config, Cache, State string                            // folders
}

// Examine looks at everything, and uses no network.
func Examine(p Patient) *Report {
	m := machine.Read()
	r := &Report{
		Schema: "qgan.doctor/v1", OK: true, Version: p.Build, Machine: m,
		Largest: Largest{State: min(p.MaxQubits, machine.LargestQubits(m.Memory, 1)), Gradient: min(p.MaxQubits, machine.LargestQubits(m.Memory, 2))},
		Kernel:  Kernel{Name: "none", SelfTest: "none"},
		Config:  Config{Files: append(conffile.Files{}, p.Files...)},
	}
	if p.SelfTest != nil {
		name, err := p.SelfTest()
		r.Kernel = Kernel{Name: name, SelfTest: "passed"}
		if err != nil {
			r.Kernel.SelfTest, r.OK = err.Error(), false
		}
	}
	if p.Broken != nil {
		r.Config.Error, r.OK = p.Broken.Error(), false
	}
	for _, f := range []durable.Folder{
		durable.Look(p.FS, "config", p.Config), durable.Look(p.FS, "cache", p.Cache), durable.Look(p.FS, "state", p.State),
	} {
		// Nothing is ever written into the folder of the configuration.
		r.OK = r.OK && (f.Writable || f.Name == "config")
		r.Folders = append(r.Folders, f)
	}
	return r
}

// WriteText writes the report as a table.
func (r *Report) WriteText(w io.Writer) error {
	t := words.NewTable(w)
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
		t.Row("configuration", f.Path+": "+f.State())
	}
	if r.Config.Error != "" {
		t.Row("configuration", "BROKEN: "+r.Config.Error)
	}
	for _, f := range r.Folders {
		t.Row(f.Name+" folder", words.Quoted(f.Path)+": "+f.State())
	}
	return t.Flush()
}
