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

// Everything that a package exports says what it is, in a comment that begins with its
// name, an article before it at most; so does the package.
func TestDocComments(t *testing.T) {
	documented := map[string]bool{} // folders whose package has a comment
	folders := map[string]string{}
	for _, f := range goFiles(t) {
		if f.test {
			continue
		}
		dir := filepath.Dir(f.path)
		folders[dir] = f.ast.Name.Name
		if f.ast.Doc != nil {
			documented[dir] = true
			if f.ast.Name.Name != "main" && !strings.HasPrefix(f.ast.Doc.Text(), "Package "+f.ast.Name.Name+" ") {
				t.Errorf("%s: the comment of the package doesn't begin with: Package %s", f.path, f.ast.Name.Name)
			}
		}
		if f.ast.Name.Name == "main" || f.generated {
			continue
		}
		for _, decl := range f.ast.Decls {
			for _, c := range comments(decl) {
				if fault := c.fault(); fault != "" {
					t.Errorf("%s: %s %s", f.at(c.node), c.name, fault)
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

// comment is what is said of an exported name.
type comment struct {
	node  ast.Node
	name  string
	text  string
	group bool // it speaks of several names, and need not begin with one
}

// fault says what is wrong with a comment, "" for nothing.
func (c comment) fault() string {
	words := strings.Fields(c.text)
	if len(words) == 0 {
		return "has no comment"
	}
	first := words[0]
	if len(words) > 1 && slices.Contains([]string{"A", "An", "The"}, first) {
		first = words[1]
	}
	if !c.group && strings.TrimRight(first, ",:") != c.name {
		return "has a comment that begins with " + strings.Join(words[:min(4, len(words))], " ")
	}
	return ""
}

// comments returns what a declaration says of the exported names in it.
func comments(decl ast.Decl) []comment {
	var out []comment
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if r := receiver(d); d.Name.IsExported() && (r == "" || ast.IsExported(r)) {
			out = append(out, comment{d, d.Name.Name, d.Doc.Text(), false})
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() {
					out = append(out, comment{s, s.Name.Name, s.Doc.Text() + d.Doc.Text(), false})
				}
			case *ast.ValueSpec: // at its end, before it, or before its group
				for _, name := range s.Names {
					if name.IsExported() {
						out = append(out, comment{s, name.Name, s.Doc.Text() + s.Comment.Text() + d.Doc.Text(), d.Lparen.IsValid() || len(s.Names) > 1})
					}
				}
			}
		}
	}
	return out
}

func TestComments(t *testing.T) {
	for _, c := range []struct{ code, want string }{
		{"// F is.\nfunc F() {}", ""},
		{"func F() {}", "has no comment"},
		{"// It is.\nfunc F() {}", "has a comment that begins with It is."},
		{"// Fs are.\nfunc F() {}", "has a comment that begins with Fs are."},
		{"// A T is.\ntype T int", ""},
		{"// A is.\ntype T int", "has a comment that begins with A is."},
		{"func f() {}\nfunc (t) F() {}", ""},
		{"func (*T[K]) Error() string", "has no comment"},
		{"// What is known.\nconst (\nA = 1\nB = 2\n)", ""},
		{"const A, B = 1, 2 // both", ""},
		{"// One.\nvar A = 1", "has a comment that begins with One."},
		{"const (\nA = 1 // one\nB = 2\n)", "has no comment"},
	} {
		f, err := parser.ParseFile(token.NewFileSet(), "p.go", "package p\n"+c.code, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, decl := range f.Decls {
			for _, d := range comments(decl) {
				got += d.fault()
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.code, got, c.want)
		}
	}
}

// receiver returns the name of the type that a function is a method of, "" for none.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
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
			return y.Name
		default:
			return ""
		}
	}
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
			for _, spec := range f.ast.Imports {
				if strings.Contains(spec.Path.Value, "/internal/") {
					t.Errorf("%s: Example%s is in a file that imports %s, which readers can't", f.path, e.Name, spec.Path.Value)
				}
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
