// The house rules as tests: what CONTRIBUTING.md asks for and a program can check.
package qgan_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/doc"
	"go/format"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	maxLines        = 900 // of a file written by hand
	maxDependencies = 15  // direct ones

	maxFileBytes    = 900 << 10 // of any file
	maxFixtureBytes = 100_000   // of all reference data in testdata together
)

// goCommand runs the go command and returns its standard output.
func goCommand(t *testing.T, env []string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, errs.Bytes())
	}
	return out.Bytes()
}

// sourceFiles returns the paths of the project's files: what git tracks or would,
// and without git all but what .gitignore names at the top. The folders are read in
// any case, so that the go command doesn't take a cached result after a file was added.
func sourceFiles(t *testing.T) []string {
	t.Helper()
	var paths []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{".git", "bin", "dist", "runs", ".cache"}, path) {
			return filepath.SkipDir
		}
		if d.Type().IsRegular() {
			paths = append(paths, filepath.ToSlash(path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard").Output()
	if err != nil || len(out) == 0 {
		return paths
	}
	known := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		known[strings.TrimSpace(line)] = true
	}
	return slices.DeleteFunc(paths, func(path string) bool { return !known[path] })
}

// goFile is a parsed file of the project.
type goFile struct {
	path      string
	text      []byte
	fset      *token.FileSet
	ast       *ast.File
	test      bool
	generated bool
}

// at is the position of a node, for messages.
func (f *goFile) at(n ast.Node) string {
	p := f.fset.Position(n.Pos())
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

// goFiles parses every Go file of the project, but for those in testdata.
func goFiles(t *testing.T) []*goFile {
	t.Helper()
	var files []*goFile
	for _, path := range sourceFiles(t) {
		if !strings.HasSuffix(path, ".go") || strings.Contains("/"+path, "/testdata/") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f := &goFile{path: path, text: text, fset: token.NewFileSet(), test: strings.HasSuffix(path, "_test.go")}
		f.ast, err = parser.ParseFile(f.fset, path, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		f.generated = ast.IsGenerated(f.ast)
		files = append(files, f)
	}
	return files
}

// markdownTable returns the rows of the table of a file that has this header.
func markdownTable(t *testing.T, path string, header ...string) [][]string {
	t.Helper()
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%s is missing: it holds the table | %s |, which is checked here", path, strings.Join(header, " | "))
	}
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	inside := false
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			inside = false
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case slices.Equal(cells, header):
			inside = true
		case inside && strings.Trim(line, "|-: ") != "":
			if len(cells) != len(header) {
				t.Errorf("%s: a row of %d cells in a table of %d: %s", path, len(cells), len(header), line)
				continue
			}
			rows = append(rows, cells)
		}
	}
	if len(rows) == 0 {
		t.Fatalf("%s has no table with the header | %s |", path, strings.Join(header, " | "))
	}
	return rows
}

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
		"ir, backends (vocabulary), `internal/*`":            {"ir", "backends", "internal/*"},
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

// allowed says whether the imports of a room allow another room. A nested package
// that has no row of its own belongs to the room around it; one that has a row is
// another room, so "metrics" doesn't allow metrics/report.
func allowed(from, to string, rooms map[string][]string) bool {
	if from == to {
		return true
	}
	for _, w := range rooms[from] {
		if w == "all" || w == to || w == "internal/*" && strings.HasPrefix(to, "internal/") {
			return true
		}
	}
	return false
}

func TestAllowed(t *testing.T) {
	rooms := map[string][]string{
		"cmd/qgan": {"all"}, "ir": nil, "ir/compile": {"ir"}, "metrics": {"metrics/spikes"},
		"metrics/spikes": {"internal/*"}, "internal/stream": nil,
	}
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"cmd/qgan", "ir/compile", true},
		{"ir/compile/deep", "ir", true},
		{"ir", "ir/compile", false},
		{"metrics", "metrics/spikes", true},
		{"metrics/spikes", "metrics/spikes/internal/npy", true},
		{"metrics/spikes/internal/npy", "internal/stream", true},
		{"metrics/spikes", "metrics", false},
		{"ir", "internal/stream", false},
		{"metrics", "metrics/states", true},
		{"cmd/qgan", "metrics/spikes/internal/npy", true},
		{"ir/compile", "metrics", false},
	} {
		from, to := roomOf(c.from, rooms), roomOf(c.to, rooms)
		if got := allowed(from, to, rooms); got != c.want {
			t.Errorf("%s -> %s: %v, want %v", c.from, c.to, got, c.want)
		}
	}
}

// The arrows between rooms are those of ARCHITECTURE.md.
func TestArrows(t *testing.T) {
	rooms := map[string][]string{}
	empty := map[string]bool{} // rooms that should have a package and none was found yet
	for _, row := range markdownTable(t, "ARCHITECTURE.md", "room", "what lives there", "imports") {
		for _, room := range words(row[0]) {
			rooms[room] = words(row[2])
			empty[room] = !strings.HasPrefix(row[1], "(to come)")
		}
	}
	const module = "qgan/"
	dec := json.NewDecoder(bytes.NewReader(goCommand(t, nil, "list", "-e", "-json=ImportPath,Imports,GoFiles", "./...")))
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
		if len(p.GoFiles) == 0 {
			continue // tests only
		}
		from := strings.TrimPrefix(p.ImportPath, module)
		room := roomOf(from, rooms)
		if room == "" {
			t.Errorf("%s is in no room of ARCHITECTURE.md", from)
			continue
		}
		empty[room] = false
		for _, path := range p.Imports {
			to, ours := strings.CutPrefix(path, module)
			if !ours {
				continue
			}
			if !allowed(room, roomOf(to, rooms), rooms) {
				t.Errorf("%s -> %s: ARCHITECTURE.md lets %s import only: %s", from, to, room, strings.Join(rooms[room], ", "))
			}
		}
	}
	for _, room := range slices.Sorted(maps.Keys(empty)) {
		if empty[room] {
			t.Errorf("ARCHITECTURE.md has the room %s, in which there is no package, and doesn't say (to come)", room)
		}
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

func TestFormatted(t *testing.T) {
	for _, f := range goFiles(t) {
		want, err := format.Source(f.text)
		if err != nil {
			t.Errorf("%s: %v", f.path, err)
		} else if !bytes.Equal(f.text, want) {
			t.Errorf("%s is not formatted: gofmt -w %s", f.path, f.path)
		}
	}
}

func TestVet(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the module and its tests: not in short mode")
	}
	cmd := exec.Command("go", "vet", "./...")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("go vet: %v\n%s", err, out)
	}
}

// Every platform that archives are made for must compile: one test each, since each
// compiles the standard library where the build cache doesn't have it yet.
func TestPortableLinuxAMD64(t *testing.T)  { portable(t, "linux", "amd64") }
func TestPortableLinuxARM64(t *testing.T)  { portable(t, "linux", "arm64") }
func TestPortableDarwinARM64(t *testing.T) { portable(t, "darwin", "arm64") }
func TestPortableWindows(t *testing.T)     { portable(t, "windows", "amd64") }

func portable(t *testing.T, goos, goarch string) {
	if testing.Short() {
		t.Skip("compiles the program for a platform: not in short mode")
	}
	env := []string{"GOOS=" + goos, "GOARCH=" + goarch, "CGO_ENABLED=0"}
	goCommand(t, env, "build", "-trimpath", "-buildvcs=false", "-o", os.DevNull, "./cmd/qgan")
}

// Files written by hand are short, no file is huge, and the reference data that
// everybody has to fetch is a subset of what `make verify` reads. The expected output
// of tests (golden files, scripts) is text of its own and doesn't count as data.
func TestFileSizes(t *testing.T) {
	for _, f := range goFiles(t) {
		if n := bytes.Count(f.text, []byte("\n")); n > maxLines && !f.generated {
			t.Errorf("%s has %d lines, at most %d are allowed", f.path, n, maxLines)
		}
	}
	var total int64
	for _, path := range sourceFiles(t) {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > maxFileBytes {
			t.Errorf("%s has %d kB, at most %d are allowed", path, info.Size()>>10, maxFileBytes>>10)
		}
		if strings.Contains("/"+path, "/testdata/") && isData(t, path) {
			total += info.Size()
		}
	}
	if total > maxFixtureBytes {
		t.Errorf("the reference data in testdata folders has %d bytes, at most %d are allowed", total, maxFixtureBytes)
	}
}

// isData says whether a file in testdata holds numbers rather than expected text.
func isData(t *testing.T, path string) bool {
	t.Helper()
	switch filepath.Ext(path) {
	case ".golden", ".txtar", ".txt", ".md", ".qasm", ".go":
		return false
	case ".json", ".csv", ".npy", ".npz", ".mat":
		return true
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.IndexByte(data, 0) >= 0
}

// prose are the endings and names of the files that people read and write.
func prose(path string) bool {
	switch filepath.Ext(path) {
	case ".go", ".md", ".sh", ".toml", ".txtar", ".qasm", ".py", ".yml", ".yaml", ".html", ".mod":
		return true
	}
	return slices.Contains([]string{"Makefile", ".ci/run", ".ci/skips", ".gitignore"}, path)
}

// TestNoForbidden looks for words in the project's files that must not stay there.
func TestNoForbidden(t *testing.T) {
	// Written in halves, so that this file may pass.
	rules := []struct {
		re  *regexp.Regexp
		why string
		in  func(path string) bool
	}{
		{regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`), "work left over belongs to an issue", prose},
		{regexp.MustCompile(`(?i)not ` + `(yet )?implemented`), "what can't be done is refused by name, with what to do instead", prose},
		{regexp.MustCompile(`(^|[^\w./$}~*-])/(wo` + `rk|ro` + `ot|ho` + `me|Us` + `ers)/`), "a path of somebody's machine", func(string) bool { return true }},
		{regexp.MustCompile(`\.Skip(Now)?\(\s*(""|\x60\x60)?\s*\)`), "a skipped test says why", func(p string) bool { return strings.HasSuffix(p, "_test.go") }},
	}
	for _, path := range sourceFiles(t) {
		if filepath.Base(path) == "go.sum" {
			continue // hashes
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.IndexByte(text[:min(len(text), 8000)], 0) >= 0 {
			continue // not a text
		}
		n := 0
		for line := range strings.Lines(string(text)) {
			n++
			for _, r := range rules {
				if m := r.re.FindString(line); m != "" && r.in(path) {
					t.Errorf("%s:%d: %q: %s", path, n, strings.TrimSpace(m), r.why)
				}
			}
		}
	}
}

// No work happens before main, no package is a drawer, and random numbers come from a
// stream that is handed in.
func TestCodeRules(t *testing.T) {
	drawers := []string{"util", "utils", "common", "helpers", "types", "misc", "base"}
	// What math/rand/v2 has beside functions of its global stream.
	streams := []string{"New", "NewPCG", "NewChaCha8", "NewZipf", "Rand", "Source", "PCG", "ChaCha8", "Zipf"}
	for _, f := range goFiles(t) {
		if slices.Contains(drawers, f.ast.Name.Name) {
			t.Errorf("%s: a package is named for what it holds, not %q", f.path, f.ast.Name.Name)
		}
		if f.generated {
			continue
		}
		global := "" // the local name of math/rand/v2
		for _, spec := range f.ast.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			switch path {
			case "math/rand":
				t.Errorf("%s: math/rand is not used, internal/stream and math/rand/v2 are", f.at(spec))
			case "math/rand/v2":
				global = "rand"
				if spec.Name != nil {
					global = spec.Name.Name
				}
			}
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Name.Name == "init" && n.Recv == nil && !f.test {
					t.Errorf("%s: init() runs before main and without being asked", f.at(n))
				}
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && global != "" && x.Name == global && !slices.Contains(streams, n.Sel.Name) {
					t.Errorf("%s: %s.%s draws from the global stream", f.at(n), global, n.Sel.Name)
				}
			}
			return true
		})
	}
}

// wellKnown are methods that mean the same everywhere.
var wellKnown = []string{"BadInput", "Error", "Is", "String", "Unwrap"}

// interfaceMethods returns, for each folder, the methods that its interfaces name:
// what they do is said there, once for all types that have them.
func interfaceMethods(files []*goFile) map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for _, f := range files {
		dir := filepath.Dir(f.path)
		if out[dir] == nil {
			out[dir] = map[string]bool{}
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if i, ok := n.(*ast.InterfaceType); ok {
				for _, m := range i.Methods.List {
					for _, name := range m.Names {
						out[dir][name.Name] = true
					}
				}
			}
			return true
		})
	}
	return out
}

// Everything that a package exports says what it is.
func TestDocComments(t *testing.T) {
	files := goFiles(t)
	declared := interfaceMethods(files)
	documented := map[string]bool{} // folders whose package has a comment
	folders := map[string]string{}
	for _, f := range files {
		if f.test {
			continue
		}
		dir := filepath.Dir(f.path)
		folders[dir] = f.ast.Name.Name
		if f.ast.Doc != nil {
			documented[dir] = true
		}
		if f.ast.Name.Name == "main" || f.generated {
			continue
		}
		for _, decl := range f.ast.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				name := d.Name.Name
				if d.Recv != nil && (declared[dir][name] || slices.Contains(wellKnown, name)) {
					continue
				}
				if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
					t.Errorf("%s: %s has no comment", f.at(d), d.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					for _, name := range undocumented(d, spec) {
						t.Errorf("%s: %s has no comment", f.at(spec), name)
					}
				}
			}
		}
	}
	for dir, name := range folders {
		if !documented[dir] {
			t.Errorf("package %s in %s has no comment", name, dir)
		}
	}
}

// exportedReceiver says whether a function is no method, or one of an exported type.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	x := d.Recv.List[0].Type
	for {
		switch y := x.(type) {
		case *ast.StarExpr:
			x = y.X
		case *ast.IndexExpr:
			x = y.X
		case *ast.IndexListExpr:
			x = y.X
		case *ast.Ident:
			return y.IsExported()
		default:
			return false
		}
	}
}

// undocumented returns the exported names of a type, constant or variable that have
// no comment, neither of their own nor of their group.
func undocumented(d *ast.GenDecl, spec ast.Spec) []string {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() && s.Doc == nil && d.Doc == nil {
			return []string{s.Name.Name}
		}
	case *ast.ValueSpec:
		if s.Doc != nil || s.Comment != nil || d.Doc != nil {
			return nil
		}
		var names []string
		for _, n := range s.Names {
			if n.IsExported() {
				names = append(names, n.Name)
			}
		}
		return names
	}
	return nil
}

// Each room that can be used as a library shows how: an example's output is checked, and
// it uses a function or a type of the room. A constant's name shows nothing.
func TestExamples(t *testing.T) {
	shown, rooms := map[string]bool{}, map[string]map[string]bool{}
	var tests []*goFile
	for _, f := range goFiles(t) {
		dir := filepath.ToSlash(filepath.Dir(f.path))
		switch {
		case dir == "." || f.ast.Name.Name == "main" || strings.Contains("/"+dir, "/internal"):
		case f.test:
			tests = append(tests, f)
		default:
			if rooms[dir] == nil {
				rooms[dir] = map[string]bool{}
			}
			maps.Copy(rooms[dir], usable(f.ast))
		}
	}
	for _, f := range tests {
		dir := filepath.ToSlash(filepath.Dir(f.path))
		for _, e := range doc.Examples(f.ast) {
			if e.Output == "" {
				t.Errorf("%s: Example%s has no // Output:, so it is never run", f.path, e.Name)
				continue
			}
			if uses(f.ast, e.Code, "qgan/"+dir, rooms[dir]) {
				shown[dir] = true
			} else {
				t.Errorf("%s: Example%s uses no function or type of %s", f.path, e.Name, dir)
			}
		}
	}
	for dir := range rooms {
		if !shown[dir] {
			t.Errorf("%s has no Example function", dir)
		}
	}
}

// usable returns the exported functions and types of a file.
func usable(f *ast.File) map[string]bool {
	names := map[string]bool{}
	for _, decl := range f.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.IsExported() {
				names[d.Name.Name] = true
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if s, ok := spec.(*ast.TypeSpec); ok && s.Name.IsExported() {
					names[s.Name.Name] = true
				}
			}
		}
	}
	return names
}

// uses tells whether code of a file takes one of the names from a package that the file
// imports by its own name or another, or is in.
func uses(f *ast.File, code ast.Node, pkg string, names map[string]bool) bool {
	local := ""
	for _, s := range f.Imports {
		if strings.Trim(s.Path.Value, `"`) != pkg {
			continue
		}
		if local = path.Base(pkg); s.Name != nil {
			local = s.Name.Name
		}
	}
	found := false
	ast.Inspect(code, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			x, isName := s.X.(*ast.Ident)
			found = found || isName && local != "" && x.Name == local && names[s.Sel.Name]
		}
		return !found
	})
	return found
}

func TestUses(t *testing.T) {
	const head = "package p_test\nimport (\"fmt\"; q \"qgan/p\")\nfunc Example() {\n"
	for body, want := range map[string]bool{
		"fmt.Println(q.New())": true, "var x q.Thing; fmt.Println(x)": true, "fmt.Println(q.Name)": false, "fmt.Println(1)": false, "p.New()": false, "x.q.New()": false,
	} {
		f, err := parser.ParseFile(token.NewFileSet(), "p_test.go", head+body+"\n}", 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := uses(f, f, "qgan/p", map[string]bool{"New": true, "Thing": true}); got != want {
			t.Errorf("%s: %v, want %v", body, got, want)
		}
	}
}

// The first commands that a reader meets are two: the main job and the tests.
// .ci/run executes the second one.
func TestReadme(t *testing.T) {
	data, err := os.ReadFile("README.md")
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatal("README.md is missing: its first sh block holds the two commands that a reader tries first")
	}
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut("\n"+string(data), "\n```sh\n")
	block, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatal("README.md has no block that begins with ```sh")
	}
	lines := strings.Split(strings.TrimSuffix(block, "\n"), "\n")
	if len(lines) != 2 {
		t.Fatalf("README.md: the first sh block has %d lines, two are wanted: build and run the main job, run the tests", len(lines))
	}
	if !strings.Contains(lines[0], "make build") || !strings.Contains(lines[0], "qgan train") {
		t.Errorf("README.md: the first command builds the program and trains, but is %q", lines[0])
	}
	if !regexp.MustCompile(`^(make test|go test .*)$`).MatchString(lines[1]) {
		t.Errorf("README.md: the second command runs the tests, but is %q", lines[1])
	}
}

// The Makefile has the targets that documents and people rely on, and `make help`
// has a line for each.
func TestMakefile(t *testing.T) {
	data, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	phony := regexp.MustCompile(`(?m)^\.PHONY:(.*)$`).FindSubmatch(data)
	for _, target := range []string{
		"build", "test", "verify", "bench", "lint", "fuzz", "generate", "golden", "referee", "dist", "clean", "help",
	} {
		if !regexp.MustCompile(`(?m)^` + target + `:.*## \S`).Match(data) {
			t.Errorf("Makefile has no target %s with a line of help", target)
		}
		if phony == nil || !slices.Contains(strings.Fields(string(phony[1])), target) {
			t.Errorf("Makefile: %s is not .PHONY", target)
		}
	}
	// What CONTRIBUTING.md names must be there.
	text, err := os.ReadFile("CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("`make ([a-z]+)").FindAllSubmatch(text, -1) {
		if !regexp.MustCompile(`(?m)^` + string(m[1]) + `:`).Match(data) {
			t.Errorf("CONTRIBUTING.md names make %s, which Makefile doesn't have", m[1])
		}
	}
}
