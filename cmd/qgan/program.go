package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"qgan/ir"
	"qgan/qasm"
)

// programText reads the text of an OpenQASM program; - is stdin.
func (a *app) programText(path string) (name string, text []byte, err error) {
	if path == "-" {
		text, err = io.ReadAll(a.stdin)
		return "stdin", text, err
	}
	text, err = a.fs.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil, usagef("%s: there is no such file", path)
	case err != nil:
		return "", nil, usagef("%w", err)
	}
	return path, text, nil
}

// readProgram reads an OpenQASM program. It may include files beside it.
func (a *app) readProgram(path string) (*qasm.Document, error) {
	name, text, err := a.programText(path)
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(path)
	if path == "-" {
		dir = "."
	}
	var opt qasm.ReadOptions
	if root, err := os.OpenRoot(dir); err == nil {
		defer root.Close()
		opt.Include = append(opt.Include, root.FS())
	}
	return qasm.Read(name, text, opt)
}

// circuitOf reads a program that has to be a circuit as a whole, and writes the
// reader's notes on stderr.
func (a *app) circuitOf(path string) (*ir.Circuit, error) {
	doc, err := a.readProgram(path)
	if err != nil {
		return nil, err
	}
	for _, n := range doc.Notes {
		a.note("%s: %s", path, n)
	}
	return doc.Circuit()
}

// isProgram says whether an argument names a program rather than a run.
func isProgram(path string) bool {
	info, err := os.Stat(path)
	return path == "-" || strings.HasPrefix(filepath.Ext(path), ".qasm") || err == nil && info.Mode().IsRegular()
}

// runFlagsOnly refuses flags that mean something for a run only, of a program.
func runFlagsOnly(cmd *cobra.Command, path string, flags ...string) error {
	for _, flag := range flags {
		if cmd.Flags().Changed(flag) {
			return usagef("--%s is for a run, %s is a program", flag, path)
		}
	}
	return nil
}

// bindParams gives values to a circuit's inputs from NAME=VALUE. Every input
// needs one, and every value an input.
func bindParams(c *ir.Circuit, params []string) (*ir.Circuit, error) {
	values := map[string]float64{}
	for _, p := range params {
		name, number, ok := strings.Cut(p, "=")
		x, err := strconv.ParseFloat(number, 64)
		if !ok || err != nil || x-x != 0 {
			return nil, usagef("--param %s: NAME=VALUE takes the name of an input and a number", p)
		}
		if _, twice := values[name]; twice {
			return nil, usagef("--param %s: '%s' has a value already", p, name)
		}
		values[name] = x
	}
	data := make([]float64, len(c.Data))
	for i, name := range c.Data {
		x, ok := values[name]
		if !ok {
			return nil, usagef("the program's input '%s' has no value", name).withHint("give one with --param %s=VALUE", name)
		}
		data[i] = x
		delete(values, name)
	}
	for _, name := range sortedKeys(values) {
		return nil, usagef("--param %s=%v: the program has no such input", name, values[name])
	}
	return c.Bind(nil, data)
}
