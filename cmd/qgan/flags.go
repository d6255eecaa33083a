package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"qgan/backends/sim"
)

// gather calls one of pflag's visiting methods and returns what it visits.
func gather[F any](visit func(func(*F))) []*F {
	var out []*F
	visit(func(f *F) { out = append(out, f) })
	return out
}

// flagInfo is what the configuration knows of a flag.
type flagInfo struct {
	name, kind string
	initial    string // the default, as text
	value      string // the value now, as text
	set        bool   // on the command line or by the configuration
}

// list says whether the flag takes many values by being repeated, so that an array
// of a configuration file is set value by value.
func (f flagInfo) list() bool {
	return strings.HasSuffix(f.kind, "Array") || strings.HasSuffix(f.kind, "Slice")
}

// flagsOf returns the flags of a verb that a configuration can set, its own and
// those it inherits, in order of name.
func flagsOf(cmd *cobra.Command) []flagInfo {
	cmd.InheritedFlags() // merges the flags of the commands above into Flags
	var out []flagInfo
	for _, f := range gather(cmd.Flags().VisitAll) {
		if f.Name != "help" {
			out = append(out, flagInfo{f.Name, f.Value.Type(), f.DefValue, f.Value.String(), f.Changed})
		}
	}
	slices.SortFunc(out, func(a, b flagInfo) int { return strings.Compare(a.name, b.name) })
	return out
}

// flagNames returns the names of a verb's flags.
func flagNames(cmd *cobra.Command) []string {
	names := []string{"help"}
	for _, f := range flagsOf(cmd) {
		names = append(names, f.name)
	}
	return names
}

// verbPath is the name of a verb without the program's: "jobs wait".
func verbPath(cmd *cobra.Command) string {
	_, path, _ := strings.Cut(cmd.CommandPath(), " ")
	return path
}

// verbsOf returns every command of a tree that does work of its own and takes its
// flags from the configuration, in order of name.
func verbsOf(root *cobra.Command) []*cobra.Command {
	var out []*cobra.Command
	for _, c := range root.Commands() {
		if takesConfig(c) {
			out = append(out, c)
		}
		out = append(out, verbsOf(c)...)
	}
	return out
}

// Annotations that say how a command stands to the configuration.
const (
	configNever   = "qgan-config-never"   // neither it nor the commands below are touched
	configLenient = "qgan-config-lenient" // it is touched, but runs however wrong the configuration is
	configGroup   = "qgan-config-group"   // it only holds other commands
)

// annotate sets one of the annotations above.
func annotate(cmd *cobra.Command, key string) *cobra.Command {
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations[key] = "true"
	return cmd
}

// takesConfig says whether the configuration sets a command's flags.
func takesConfig(cmd *cobra.Command) bool {
	if !cmd.Runnable() || cmd.Annotations[configGroup] != "" || strings.HasPrefix(cmd.Name(), "__") {
		return false
	}
	for c := cmd; c != nil; c = c.Parent() {
		if c.Annotations[configNever] != "" {
			return false
		}
	}
	return true
}

// addKernel adds the flag that chooses the simulator's kernel.
func addKernel(s interface {
	StringVar(p *string, name, value, usage string)
}, kernel *string) {
	s.StringVar(kernel, "kernel", "auto", "kernel of the simulator; auto takes the fastest of this machine")
}

func checkKernel(kernel string) error {
	if kernel != "auto" && !slices.Contains(sim.Kernels(), kernel) {
		return usagef("--kernel %s: this machine has %s", kernel, strings.Join(sim.Kernels(), " and "))
	}
	return nil
}
