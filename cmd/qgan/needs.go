package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"qgan/metrics/score"
)

// need is a row of a table: flags of a verb mean something only where a condition holds, and are
// refused elsewhere, so that nothing that was asked for is ignored.
type need struct {
	verb, flags string // several flags with blanks between
	ok          func(c call) bool
	says        string // what follows the flag in the error
}

// call is a command line whose flags are looked at.
type call struct {
	a    *app
	cmd  *cobra.Command
	args []string
}

// flag is a flag's value.
func (c call) flag(name string) string { return c.cmd.Flags().Lookup(name).Value.String() }

// set says that a flag is given.
func (c call) set(name string) bool { return c.cmd.Flags().Changed(name) }

// ofRun says that one of the arguments is a run, not a file.
func (c call) ofRun() bool {
	return slices.ContainsFunc(c.args, func(path string) bool { return isRun(c.a, path) })
}

// needs is the table of what this package knows; what settings need of each other is refused by
// the libraries that read them.
func needs() []need {
	onlyRun := "is for a run, and this is a file"
	atService := func(of func(c call) string) func(c call) bool {
		return func(c call) bool {
			service, _, _ := strings.Cut(of(c), ":")
			list, _ := c.cmd.Flags().GetStringArray("endpoint")
			return !slices.ContainsFunc(list, func(e string) bool {
				name, _, ok := strings.Cut(e, "=")
				return ok && slices.Contains(serviceNames(), name) && name != service
			})
		}
	}
	elsewhere := "names another service than the one that is asked"
	return []need{
		{"run", "device", func(c call) bool { return c.flag("backend") == "noisy" }, "needs --backend noisy"},
		{"run", "max-bond", func(c call) bool {
			return c.flag("method") == "mps" || c.flag("method") == "auto" && c.flag("backend") == "ideal"
		}, "needs --method mps"},
		{"evaluate", "exact samples latents shots-per-latent parameters device noise-model device-noise readout-error mitigate calibration-shots m3-distance", call.ofRun, onlyRun},
		{"score", "parameters", call.ofRun, onlyRun},
		{"score", "iterations", func(c call) bool { return score.AnyTrained(strings.Split(c.flag("baselines"), ",")) }, "needs a baseline that is trained, such as --baselines product"},
		{"baseline", "split", func(c call) bool { return c.set("samples") }, "needs --samples"},
		{"baseline", "timesteps classical", func(c call) bool { return !c.set("samples") }, "is for measuring: leave out --samples"},
		{"baseline", "iterations", func(c call) bool {
			files, _ := c.cmd.Flags().GetStringArray("samples")
			return c.flag("classical") == "true" || score.AnyTrained(files)
		}, "needs --classical, or --samples of a baseline that is trained"},
		{"report", "parameters", call.ofRun, onlyRun},
		{"submit", "wait json", func(c call) bool { return c.flag("dry-run") != "true" }, "is for a job that is sent: leave out --dry-run"},
		{"submit", "endpoint", atService(func(c call) string { return c.flag("backend") }), elsewhere},
		{"generate", "endpoint", atService(func(c call) string { return c.flag("backend") }), elsewhere},
		{"train", "endpoint", atService(func(c call) string { return c.flag("backend") }), elsewhere},
		{"devices list", "endpoint", atService(func(c call) string { return c.flag("service") }), elsewhere},
		{"devices fetch", "endpoint", atService(func(c call) string { return c.args[0] }), elsewhere},
		{"jobs adopt", "endpoint", atService(func(c call) string { return c.args[0] }), elsewhere},
		{"inspect", "param", func(c call) bool { return c.flag("syntax") != "true" }, "is of no use with --syntax"},
		{"inspect", "out", func(c call) bool { return c.flag("draw") != "" && c.flag("draw") != "false" }, "is for a drawing: add --draw"},
		{"jobs costs", "endpoint", func(c call) bool { return c.flag("ask") == "true" }, "needs --ask"},
		{"study", "lease", func(c call) bool { return c.flag("queue") != "local" }, "needs --queue dir:PATH or nats://HOST"},
		{"study", "retry-failed", func(c call) bool { return c.flag("resume") == "true" }, "needs --resume"},
		{"study emit", "image", func(c call) bool { return c.args[0] == "kubernetes" }, "is for kubernetes"},
		{"study emit", "time", func(c call) bool { return c.args[0] == "slurm" }, "is for slurm"},
	}
}

// checkNeeds refuses flags of the command line that would be ignored, and empty ones: those are
// variables of a shell that hold nothing. The configuration speaks to many command lines, so
// what it sets may be of no use to some.
func (a *app) checkNeeds(cmd *cobra.Command, args []string) error {
	c := call{a, cmd, args}
	asked := func(name string) bool { return c.set(name) && a.origins[name] == "" }
	for _, f := range flagsOf(cmd) {
		if f.kind == "string" && f.value == "" && asked(f.name) {
			return usagef("--%s: there is nothing in it", f.name).withHint("leave the flag out, or give it a value")
		}
	}
	verb := verbPath(cmd)
	for _, n := range needs() {
		if n.verb != verb {
			continue
		}
		for _, name := range strings.Fields(n.flags) {
			if asked(name) && !n.ok(c) {
				return usagef("--%s %s", name, n.says)
			}
		}
	}
	return nil
}
