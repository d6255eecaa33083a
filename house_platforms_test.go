package qgan_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestVet(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the module and its tests: not in short mode")
	}
	cmd := exec.Command("go", "vet", "./...")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("go vet: %v\n%s", err, out)
	}
}

// The program and all tests hold on every platform that archives are made for. Types are
// checked from source, which takes a tenth of what compiling takes; .ci/run compiles for two.
func TestPortableLinuxAMD64(t *testing.T)  { portable(t, "linux", "amd64") }
func TestPortableLinuxARM64(t *testing.T)  { portable(t, "linux", "arm64") }
func TestPortableDarwinARM64(t *testing.T) { portable(t, "darwin", "arm64") }
func TestPortableWindows(t *testing.T)     { portable(t, "windows", "amd64") }

// Somebody's own program may be of 32 bits: the library holds there too.
func TestPortableLinux386(t *testing.T) { portable(t, "linux", "386") }
func TestPortableLinuxARM(t *testing.T) { portable(t, "linux", "arm") }

func portable(t *testing.T, goos, goarch string) {
	if goos == runtime.GOOS && goarch == runtime.GOARCH {
		return // what runs here was compiled for it, and TestVet does so with the rest
	}
	if testing.Short() {
		t.Skip("reads the whole program with its libraries: not in short mode")
	}
	env := []string{"GOOS=" + goos, "GOARCH=" + goarch, "CGO_ENABLED=0"}
	list := goCommand(t, env, "list", "-deps", "-test", listFields, "./...")
	errs, err := platforms.checkTypes(list, goarch)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range errs {
		t.Errorf("%s/%s: %v", goos, goarch, e)
	}
}

// listFields asks for what listed holds.
const listFields = "-json=ImportPath,Dir,GoFiles,ImportMap,Module"

// listed is a package as `go list -json` tells of it.
type listed struct {
	ImportPath, Dir string
	GoFiles         []string
	ImportMap       map[string]string // of paths that mean another package here: vendored, or built for a test
	Module          *struct{ Main bool }
}

// sources are files of packages, each read once: most are those of all platforms.
type sources struct {
	fset  *token.FileSet
	files map[string]*ast.File
}

func newSources() *sources { return &sources{token.NewFileSet(), map[string]*ast.File{}} }

// platforms are what the tests of all platforms read.
var platforms = newSources()

// file reads a file; what functions do is left out unless it is asked for.
func (s *sources) file(path string, bodies bool) (*ast.File, error) {
	if f := s.files[path]; f != nil {
		return f, nil
	}
	f, err := parser.ParseFile(s.fset, path, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	for _, d := range f.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil && !bodies {
			f.Body.List = nil
		}
	}
	s.files[path] = f
	return f, nil
}

// checkTypes checks the types of packages, which are listed after what they import, for a
// processor: all of the main module, the declarations of the others. It returns the faults
// that a compiler would find, and fails where a file can't be read.
func (s *sources) checkTypes(list []byte, goarch string) (faults []error, err error) {
	checked := map[string]*types.Package{"unsafe": types.Unsafe}
	dec := json.NewDecoder(bytes.NewReader(list))
	for {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return faults, nil
		} else if err != nil {
			return nil, err
		}
		if p.ImportPath == "unsafe" {
			continue
		}
		main := p.Module != nil && p.Module.Main
		var files []*ast.File
		for _, name := range p.GoFiles {
			if !filepath.IsAbs(name) { // the main function of a test is elsewhere
				name = filepath.Join(p.Dir, name)
			}
			file, err := s.file(name, main)
			if err != nil {
				return nil, err
			}
			files = append(files, file)
		}
		config := types.Config{
			IgnoreFuncBodies: !main,
			Sizes:            types.SizesFor("gc", goarch),
			Error:            func(err error) { faults = append(faults, err) },
			Importer: importerFunc(func(path string) (*types.Package, error) {
				if other, ok := p.ImportMap[path]; ok {
					path = other
				}
				if q := checked[path]; q != nil {
					return q, nil
				}
				return nil, fmt.Errorf("%s was not listed before %s", path, p.ImportPath)
			}),
		}
		checked[p.ImportPath], _ = config.Check(p.ImportPath, s.fset, files, nil) // its errors are in faults
	}
}

// importerFunc is a function as a types.Importer.
type importerFunc func(path string) (*types.Package, error)

func (f importerFunc) Import(path string) (*types.Package, error) { return f(path) }

// What doesn't compile on one system or processor is found, in a test too.
func TestCheckTypes(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":      "module m\ngo 1.26\n",
		"m.go":        "package m\nfunc F() int { var unused int; return 1 << 40 }\n",
		"m_test.go":   "package m\nvar big int = 1 << 41\n",
		"m_arm64.go":  "package m\nvar a = undefined\n",
		"m_darwin.go": "package m\nfunc F() {}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		goos, goarch string
		want         []string // what is said, in any order
	}{
		{"linux", "amd64", []string{"declared and not used: unused"}},
		{"linux", "386", []string{"declared and not used: unused", "1 << 40", "1 << 41"}},
		{"linux", "arm64", []string{"declared and not used: unused", "undefined: undefined"}},
		{"darwin", "amd64", []string{"declared and not used: unused", "F redeclared"}},
	} {
		cmd := exec.Command("go", "list", "-deps", "-test", listFields, "./...")
		cmd.Dir = dir
		cmd.Env = append(cmd.Environ(), "GOOS="+c.goos, "GOARCH="+c.goarch, "CGO_ENABLED=0")
		list, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		faults, err := newSources().checkTypes(list, c.goarch)
		if err != nil {
			t.Fatal(err)
		}
		said := ""
		for _, f := range faults {
			said += f.Error() + "\n"
		}
		for _, w := range c.want {
			if !strings.Contains(said, w) {
				t.Errorf("%s/%s: %q is not said: %s", c.goos, c.goarch, w, said)
			}
		}
		if said := strings.Contains(said, "1 << 4"); said != (c.goarch == "386") {
			t.Errorf("%s/%s: a number that needs 64 bits is refused: %v", c.goos, c.goarch, said)
		}
	}
}
