package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"qgan/internal/kind"
)

// instead says what to do with a file, by its sort.
var instead = map[kind.Sort]string{
	kind.Program:   "`qgan run %s` runs it, `qgan inspect %s` says what is in it",
	kind.Recording: "`qgan train --data %s` trains on it, `qgan evaluate %s` compares it with a recording",
	kind.Run:       "`qgan evaluate %s` judges it, `qgan export %s` writes its circuit, `qgan report %s` a page about it",
	kind.JSON:      "`qgan devices show %s` reads calibration data",
}

// fits refuses files of which can be told that a verb can't read them: what they are, what it
// takes, and what reads them.
func fits(cmd *cobra.Command, args []string) error {
	_, usage, _ := strings.Cut(cmd.Use, " ")
	words := strings.Fields(usage)
	for i, path := range args {
		if len(words) == 0 {
			break
		}
		taken := strings.Split(strings.TrimRight(strings.Trim(words[min(i, len(words)-1)], "[]"), "….)"), "|")
		if err := fit(path, taken); err != nil {
			return err
		}
	}
	if data := cmd.Flags().Lookup("data"); data != nil && data.Changed {
		return fit(data.Value.String(), []string{"FILE"})
	}
	return nil
}

// fit is fits of one file, of which one of the words of a usage may be taken.
func fit(path string, taken []string) error {
	is, wanted, ok := kind.Misfit(path, taken)
	if ok {
		return nil
	}
	return usagef("%s is %s, not %s", path, is.Name, wanted).withHint("%s", strings.ReplaceAll(instead[is.Sort], "%s", path))
}

// fileFlags are the flags that name a file to read.
var fileFlags = []string{"data", "compare", "device", "noise-model", "latent-vector", "faults"}

// spooled puts what stands on standard input into a file, where - names a file that a verb
// reads, and returns the arguments with that file's name in place of it. done removes it. Programs
// are read from standard input as they are.
func (a *app) spooled(cmd *cobra.Command, args []string) (_ []string, done func(), err error) {
	done = func() {}
	path := ""
	spool := func() (err error) {
		if path != "" {
			return usagef("- is standard input, which is there once")
		}
		if path, done, err = kind.Spool(a.stdin); err != nil {
			done = func() {}
		}
		return err
	}
	args = slices.Clone(args)
	for i, arg := range args {
		if _, usage, _ := strings.Cut(cmd.Use, " "); arg == "-" && !strings.Contains(usage, "FILE.qasm") && strings.ContainsAny(usage, "FD") {
			if err := spool(); err != nil {
				return nil, done, err
			}
			args[i] = path
		}
	}
	for _, f := range gather(cmd.Flags().Visit) {
		if f.Value.String() != "-" && f.Value.String() != "[-]" || !slices.Contains(fileFlags, f.Name) {
			continue
		}
		if cmd.Name() == "train" && f.Name == "data" {
			return nil, done, usagef("--data -: a training reads its recording again when it goes on, so it takes a file")
		}
		if err := spool(); err != nil {
			return nil, done, err
		}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			err = list.Replace([]string{path})
		} else {
			err = f.Value.Set(path)
		}
		if err != nil {
			return nil, done, err
		}
	}
	return args, done, nil
}
