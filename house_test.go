// The house rules as tests: what CONTRIBUTING.md asks for and a program can check.
package qgan_test

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
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
	maxFunction     = 80  // lines of a function without a stated reason
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

// What a library says is for everybody who calls it: flags with their dashes are the
// program's. The files that write command lines are listed.
func TestNoFlagsInLibraries(t *testing.T) {
	excused := map[string]string{
		"training/study/emit.go":      "it writes command lines for schedulers",
		"internal/manual/document.go": "it lays out what the program says of its flags",
		"internal/manual/help.go":     "it lays out what the program says of its flags",
	}
	flag := regexp.MustCompile("(^|[^-])--[a-z]")
	for _, f := range goFiles(t) {
		if f.test || f.ast.Name.Name == "main" {
			continue
		}
		_, excuse := excused[f.path]
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && flag.MatchString(strings.Trim(lit.Value, "`\"")) {
				if !excuse {
					t.Errorf("%s: %s names a flag, which only cmd/qgan knows", f.at(lit), lit.Value)
				}
				delete(excused, f.path)
			}
			return true
		})
	}
	for path := range excused {
		t.Errorf("%s names no flag: take it from the list of TestNoFlagsInLibraries", path)
	}
}

// A function of more than maxFunction lines has its reason in .ci/long, which holds no
// others. Tests are free: most of a long one is its table.
func TestLongFunctions(t *testing.T) {
	reasons := map[string]string{}
	data, err := os.ReadFile(".ci/long")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		name, reason, _ := strings.Cut(strings.TrimSpace(line), "\t")
		switch {
		case name == "" || strings.HasPrefix(name, "#"):
		case strings.TrimSpace(reason) == "":
			t.Errorf(".ci/long has no tab and reason behind %s", name)
		case reasons[name] != "":
			t.Errorf(".ci/long has %s twice", name)
		default:
			reasons[name] = reason
		}
	}
	for _, f := range goFiles(t) {
		if f.test || f.generated {
			continue
		}
		for _, decl := range f.ast.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			n := f.fset.Position(fn.End()).Line - f.fset.Position(fn.Pos()).Line + 1
			if n <= maxFunction {
				continue
			}
			name := path.Dir(f.path) + "."
			if r := receiver(fn); r != "" {
				name += r + "."
			}
			name += fn.Name.Name
			if reasons[name] == "" {
				t.Errorf("%s: %s has %d lines, more than %d: cut it, or say in .ci/long why it is one", f.at(fn), name, n, maxFunction)
			}
			delete(reasons, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(reasons)) {
		t.Errorf(".ci/long excuses %s, which is gone or has at most %d lines: take it out", name, maxFunction)
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
	return slices.Contains([]string{"Makefile", ".ci/run", ".ci/skips", ".ci/long", ".gitignore"}, path)
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

// The first commands that a reader meets are two: the main job and the tests.
// .ci/run executes the second one, and reads the events of the tests from it (TESTFLAGS).
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
	if lines[1] != "make test" {
		t.Errorf("README.md: the second command is make test, but is %q", lines[1])
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
