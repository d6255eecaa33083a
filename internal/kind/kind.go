// Package kind tells what a file or folder is by what it begins with, so that a program can say
// what it was given instead of what it could not read.
package kind

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
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
