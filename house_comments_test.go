package qgan_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

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
