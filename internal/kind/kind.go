// Package kind tells what a file or folder is by what it begins with, so that a program can say
// what it was given instead of what it could not read.
package kind

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Kind is what a file is: a sort of things that are read alike, and its name for people.
type Kind struct {
	Sort Sort
	Name string // with its article: "a MATLAB file"
}

// Sort is what a file is read as.
type Sort string

// The sorts of files and folders.
const (
	Unknown   Sort = ""          // a text, or what can't be told
	Absent    Sort = "absent"    // nothing is there
	Program   Sort = "program"   // OpenQASM
	Recording Sort = "recording" // spike trains, or arrays that may be
	Run       Sort = "run"       // the folder of a training
	Folder    Sort = "folder"    // another one
	JSON      Sort = "json"      // JSON
	Picture   Sort = "picture"   // a picture or a page
)

// heads are what files begin with; the first that fits counts.
var heads = []struct {
	head string
	kind Kind
}{
	{"MATLAB ", Kind{Recording, "a MATLAB file"}},
	{"\x89HDF\r\n\x1a\n", Kind{Recording, "an HDF5 file"}},
	{"\x93NUMPY", Kind{Recording, "a NumPy array"}},
	{"PK\x03\x04", Kind{Recording, "a ZIP or NumPy archive"}},
	{"\x89PNG", Kind{Picture, "a PNG picture"}},
	{"<svg", Kind{Picture, "an SVG picture"}},
	{"<!DOCTYPE html", Kind{Picture, "an HTML page"}},
	{"%PDF", Kind{Picture, "a PDF document"}},
	{"{", Kind{JSON, "a JSON file"}},
}

// program finds the statements with which a program in OpenQASM begins, behind comments.
var program = regexp.MustCompile(`^(?:\s|//[^\n]*\n|/\*(?s:.*?)\*/)*(?:OPENQASM\b|include\s*"|(?:qreg|creg|qubit|bit)\b[^,\n]*;)`)

// slots are the words by which usages of commands call what they read: what it is, and the sorts
// of files that may be it.
var slots = map[string]struct {
	name  string
	sorts []Sort
}{
	"FILE.qasm": {"an OpenQASM program", []Sort{Program}},
	"RUN":       {"a run directory", []Sort{Run}},
	"FILE":      {"a file of spike trains", []Sort{Recording, JSON, Folder}}, // its reader has more to say of these
	"DEVICE":    {"calibration data of a device", []Sort{JSON}},
	"FILE.toml": {"a study file", nil},
}

// Misfit tells that what is at a path can't be what one of these words of a usage stands for, such
// as RUN or FILE.qasm: what it is, and the names of what was wanted. It is silent (ok) where that
// can't be told, and of words that it doesn't know.
func Misfit(path string, words []string) (is Kind, wanted string, ok bool) {
	is = Of(path)
	if is.Sort == Unknown || is.Sort == Absent {
		return is, "", true
	}
	var names []string
	for _, word := range words {
		slot, known := slots[word]
		if !known || slices.Contains(slot.sorts, is.Sort) {
			return is, "", true
		}
		names = append(names, slot.name)
	}
	return is, strings.Join(names, " or "), false
}

// Spool puts what a stream holds into a file of its own, for readers that take a path, and returns
// the path and what removes it again.
func Spool(r io.Reader) (path string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "qgan-")
	if err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) } // what is left of it is the system's to clear
	data, err := io.ReadAll(r)
	if err == nil {
		path = filepath.Join(dir, "stdin")
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		remove()
		return "", nil, err
	}
	return path, remove, nil
}

// Of tells what is at a path. What can't be opened, a pipe and a text of no certain sort are
// Unknown.
func Of(path string) Kind {
	info, err := os.Stat(path)
	switch {
	case err != nil && os.IsNotExist(err):
		return Kind{Absent, "nothing"}
	case err != nil || !info.IsDir() && !info.Mode().IsRegular():
		return Kind{}
	case info.IsDir():
		for name, k := range map[string]Kind{"manifest.json": {Run, "a run directory"}, "spike_times.npy": {Recording, "a folder of Phy"}, "spikes.times.npy": {Recording, "a folder of IBL"}} {
			if _, err := os.Stat(filepath.Join(path, name)); err == nil {
				return k
			}
		}
		return Kind{Folder, "a folder"}
	}
	f, err := os.Open(path)
	if err != nil {
		return Kind{}
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil {
		return Kind{}
	}
	return of(head)
}

// of tells what begins with these bytes.
func of(head []byte) Kind {
	text := strings.TrimLeft(string(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))), " \t\r\n")
	for _, h := range heads {
		if bytes.HasPrefix(head, []byte(h.head)) || strings.HasPrefix(text, h.head) {
			return h.kind
		}
	}
	if program.MatchString(text) {
		return Kind{Program, "an OpenQASM program"}
	}
	return Kind{}
}
