package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"qgan/backends/exec"
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

// readProgram reads an OpenQASM program, with values of its inputs. It may include files beside it.
func (a *app) readProgram(path string, params []string) (*qasm.Document, error) {
	inputs, err := exec.Inputs(params)
	if err != nil {
		return nil, err
	}
	name, text, err := a.programText(path)
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(path)
	if path == "-" {
		dir = "."
	}
	opt := qasm.ReadOptions{Inputs: inputs}
	if root, err := os.OpenRoot(dir); err == nil {
		defer root.Close()
		opt.Include = append(opt.Include, root.FS())
	}
	return qasm.Read(name, text, opt)
}

// circuitOf reads a program that has to be a circuit as a whole, and writes the
// reader's notes on stderr. Inputs that params leave open are bound, all of them or none.
func (a *app) circuitOf(path string, params []string, all bool) (*ir.Circuit, error) {
	doc, err := a.readProgram(path, params)
	if err != nil {
		return nil, err
	}
	for _, n := range doc.Notes {
		a.note("%s: %s", path, n)
	}
	c, err := doc.Circuit()
	if err != nil {
		return nil, err
	}
	return exec.BindOpen(c, params, doc.Given, all)
}

// addParams declares the flag of a program's inputs.
func addParams(f *pflag.FlagSet, params *[]string) {
	f.StringArrayVar(params, "param", nil, "value of an input of the circuit (can be repeated)")
}

// isProgram says whether an argument names a program rather than a run.
func isProgram(path string) bool {
	info, err := os.Stat(path)
	return path == "-" || strings.HasPrefix(filepath.Ext(path), ".qasm") || err == nil && info.Mode().IsRegular()
}
