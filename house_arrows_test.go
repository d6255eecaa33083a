package qgan_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// module is how import paths of the project begin.
const module = "qgan/"

// words splits a cell of the table of rooms at its commas, takes quotes, slashes and
// what stands in parentheses away, and writes a{b,c} out as ab and ac.
func words(cell string) []string {
	cell = regexp.MustCompile(`\([^)]*\)`).ReplaceAllString(cell, "")
	cell = strings.ReplaceAll(cell, "`", "")
	braces := regexp.MustCompile(`([^\s,{]*)\{([^}]*)\}([^\s,]*)`)
	cell = braces.ReplaceAllStringFunc(cell, func(s string) string {
		m := braces.FindStringSubmatch(s)
		var out []string
		for _, middle := range strings.Split(m[2], ",") {
			out = append(out, m[1]+strings.TrimSpace(middle)+m[3])
		}
		return strings.Join(out, ",")
	})
	var out []string
	for _, w := range strings.Split(cell, ",") {
		if w = strings.Trim(strings.TrimSpace(w), "/"); w != "" {
			out = append(out, w)
		}
	}
	return out
}

func TestWords(t *testing.T) {
	for cell, want := range map[string][]string{
		"`backends/{ibm,ionq}/`":                             {"backends/ibm", "backends/ionq"},
		"`internal/stream/`, `internal/durable/`":            {"internal/stream", "internal/durable"},
		"ir, backends (vocabulary), `internal/stream`":       {"ir", "backends", "internal/stream"},
		"backends/sim, backends/{ibm,ionq}, gonum, x (a, b)": {"backends/sim", "backends/ibm", "backends/ionq", "gonum", "x"},
		"": nil,
	} {
		if got := words(cell); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", cell, got, want)
		}
	}
}

// roomOf returns the room that a package, named without the module, is in: the
// longest room that is it or holds it.
func roomOf(pkg string, rooms map[string][]string) string {
	best := ""
	for room := range rooms {
		if (pkg == room || strings.HasPrefix(pkg, room+"/")) && len(room) > len(best) {
			best = room
		}
	}
	return best
}

// permission returns the word of a room's imports by which it may import another room
// or a module: "" if there is none. A nested package that has no row of its own belongs
// to the room around it; one that has a row is another room, so "metrics" doesn't allow
// metrics/report. A module goes by its path or the end of it, gonum for gonum.org/v1/gonum.
func permission(words []string, to string) string {
	for _, w := range words {
		if w == "all" || w == to || strings.HasSuffix(to, "/"+w) && strings.Contains(to, ".") {
			return w
		}
	}
	return ""
}

// moduleOf returns the module of go.mod that a package is in, the longest that fits.
func moduleOf(pkg string, modules []string) string {
	best := ""
	for _, m := range modules {
		if (pkg == m || strings.HasPrefix(pkg, m+"/")) && len(m) > len(best) {
			best = m
		}
	}
	return best
}

// wrongArrows holds the imports of packages, named without the module, against the table
// of rooms, both ways: an import that the table doesn't have, and a permission or a room
// of the table that nobody uses. Packages of the standard library are not arrows.
func wrongArrows(rooms map[string][]string, modules []string, imports map[string][]string) []string {
	var wrong []string
	used := map[string]map[string]bool{}
	for _, from := range slices.Sorted(maps.Keys(imports)) {
		room := roomOf(from, rooms)
		if room == "" {
			wrong = append(wrong, from+" is in no room")
			continue
		}
		if used[room] == nil {
			used[room] = map[string]bool{}
		}
		for _, path := range imports[from] {
			to, ours := strings.CutPrefix(path, module)
			if ours {
				to = roomOf(to, rooms)
			} else {
				to = moduleOf(path, modules)
			}
			if to == "" || to == room {
				continue
			}
			word := permission(rooms[room], to)
			if word == "" {
				wrong = append(wrong, fmt.Sprintf("%s -> %s: %s may import only: %s", from, path, room, strings.Join(rooms[room], ", ")))
			}
			used[room][word] = true
		}
	}
	for _, room := range slices.Sorted(maps.Keys(rooms)) {
		if used[room] == nil {
			wrong = append(wrong, "there is no package in the room "+room)
			continue
		}
		for _, word := range rooms[room] {
			if !used[room][word] {
				wrong = append(wrong, fmt.Sprintf("%s -> %s: no package of %s imports it, so the table must not allow it", room, word, room))
			}
		}
	}
	return wrong
}

func TestWrongArrows(t *testing.T) {
	rooms := map[string][]string{
		"cmd/qgan": {"all"}, "ir": nil, "ir/compile": {"ir", "gonum"}, "metrics": {"metrics/spikes", "plot"}, "metrics/spikes": {"internal/stream"}, "internal/stream": nil,
	}
	modules := []string{"gonum.org/v1/gonum", "gonum.org/v1/plot", "github.com/a/b", "github.com/a/b/c"}
	good := map[string][]string{
		"cmd/qgan": {"fmt", "qgan/ir", "github.com/a/b/x"}, "ir": {"math"}, "ir/compile": {"gonum.org/v1/gonum/mat"}, "ir/compile/deep": {"qgan/ir", "qgan/ir/compile"},
		"metrics": {"qgan/metrics/spikes", "gonum.org/v1/plot"}, "metrics/spikes": {"qgan/metrics/spikes/internal/npy"},
		"metrics/spikes/internal/npy": {"qgan/internal/stream"}, "internal/stream": nil,
	}
	for _, c := range []struct {
		from    string
		imports []string // what it imports instead, "-" for no such package
		want    string   // how the only complaint begins
	}{
		{"ir", []string{"math"}, ""},
		{"ir/compile", []string{"gonum.org/v1/gonum/mat", "qgan/metrics/spikes"}, "ir/compile -> qgan/metrics/spikes: "},
		{"ir", []string{"qgan/internal/stream"}, "ir -> qgan/internal/stream: "},
		{"ir", []string{"github.com/a/b/c/d"}, "ir -> github.com/a/b/c/d: "},
		{"metrics/spikes", []string{"qgan/metrics"}, "metrics/spikes -> qgan/metrics: "},
		{"metrics/states", []string{"qgan/metrics"}, ""},
		{"metrics/states", []string{"qgan/ir"}, "metrics/states -> qgan/ir: "},
		{"other", nil, "other is in no room"},
		{"metrics", []string{"qgan/metrics/spikes"}, "metrics -> plot: no package"},
		{"ir/compile/deep", nil, "ir/compile -> ir: no package"},
		{"ir", []string{"-"}, "there is no package in the room ir"},
	} {
		imports := maps.Clone(good)
		imports[c.from] = c.imports
		if slices.Equal(c.imports, []string{"-"}) {
			delete(imports, c.from)
		}
		got := wrongArrows(rooms, modules, imports)
		if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], c.want)) {
			t.Errorf("%s -> %q: %q, want one that begins with %q", c.from, c.imports, got, c.want)
		}
	}
}

// The arrows between rooms, and from rooms to modules of others, are those of ARCHITECTURE.md.
func TestArrows(t *testing.T) {
	rooms := map[string][]string{}
	for _, row := range markdownTable(t, "ARCHITECTURE.md", "room", "what lives there", "imports") {
		for _, room := range words(row[0]) {
			if !strings.HasPrefix(row[1], "(to come)") {
				rooms[room] = words(row[2])
			}
		}
	}
	var modules []string
	for _, row := range markdownTable(t, "ARCHITECTURE.md", "module", "version", "why", "rejected") {
		modules = append(modules, strings.Trim(row[0], "`"))
	}
	imports := map[string][]string{}
	for _, env := range [][]string{{"GOOS=linux", "GOARCH=amd64"}, {"GOOS=windows", "GOARCH=arm64"}} { // the files of either kind
		dec := json.NewDecoder(bytes.NewReader(goCommand(t, env, "list", "-e", "-json=ImportPath,Imports,GoFiles", "./...")))
		for {
			var p struct {
				ImportPath       string
				Imports, GoFiles []string
			}
			if err := dec.Decode(&p); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if len(p.GoFiles) > 0 { // otherwise it has tests only
				from := strings.TrimPrefix(p.ImportPath, module)
				imports[from] = append(imports[from], p.Imports...)
			}
		}
	}
	for _, w := range wrongArrows(rooms, modules, imports) {
		t.Errorf("%s (the table of rooms in ARCHITECTURE.md)", w)
	}
}

// The direct dependencies are those that ARCHITECTURE.md gives a reason for, and few.
func TestDependencies(t *testing.T) {
	var mod struct {
		Require []struct {
			Path, Version string
			Indirect      bool
		}
	}
	if err := json.Unmarshal(goCommand(t, nil, "mod", "edit", "-json"), &mod); err != nil {
		t.Fatal(err)
	}
	explained := map[string]string{}
	for _, row := range markdownTable(t, "ARCHITECTURE.md", "module", "version", "why", "rejected") {
		path := strings.Trim(row[0], "`")
		explained[path] = strings.Trim(row[1], "`")
		if row[2] == "" {
			t.Errorf("ARCHITECTURE.md gives no reason for %s", path)
		}
	}
	direct := map[string]bool{}
	for _, r := range mod.Require {
		if r.Indirect {
			continue
		}
		direct[r.Path] = true
		switch version, ok := explained[r.Path]; {
		case !ok:
			t.Errorf("go.mod requires %s, which ARCHITECTURE.md doesn't explain", r.Path)
		case version != r.Version:
			t.Errorf("%s: %s in go.mod, %s in ARCHITECTURE.md", r.Path, r.Version, version)
		}
	}
	for path := range explained {
		if !direct[path] {
			t.Errorf("ARCHITECTURE.md explains %s, which go.mod doesn't require", path)
		}
	}
	if len(direct) > maxDependencies {
		t.Errorf("%d direct dependencies, at most %d are allowed", len(direct), maxDependencies)
	}
}
