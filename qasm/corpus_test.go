package qasm

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"qgan/qasm/syntax"
)

// corpusFile is a row of results.tsv: a public file and which public readers
// accept it.
type corpusFile struct {
	name                      string
	qiskit, reference, pyqasm bool
	text                      []byte
	dir                       fs.FS
}

func corpus(t testing.TB) []corpusFile {
	t.Helper()
	shared := os.Getenv("QGAN_SHARED")
	if shared == "" {
		t.Skip("QGAN_SHARED is not set")
	}
	f, err := os.Open(filepath.Join(shared, "corpus", "results.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = '\t', true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []corpusFile
	for _, row := range rows[1:] {
		path := filepath.Join(shared, "corpus", filepath.FromSlash(row[0]))
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, corpusFile{row[0], row[2] == "1", row[3] == "1", row[4] == "1", text, os.DirFS(filepath.Dir(path))})
	}
	return out
}

func (f corpusFile) invalid() bool { return strings.Contains(f.name, "invalid") }

// The parser reads what some public reader accepts: 1101 of 1101 files.
func TestCorpusSyntax(t *testing.T) {
	t.Parallel()
	n := 0
	for _, f := range corpus(t) {
		if f.invalid() || !f.qiskit && !f.reference && !f.pyqasm {
			continue
		}
		if _, err := syntax.Parse(&syntax.File{Name: f.name, Text: string(f.text)}); err != nil {
			t.Errorf("%v", err)
			continue
		}
		n++
	}
	if n != 1101 {
		t.Errorf("%d files were read, 1101 are accepted by some reader", n)
	}
}

// refusedThough are the files that Qiskit or pyqasm accepts and Read does not,
// each with the beginning of its reason.
var refusedThough = map[string]string{
	"pyqasm/tests/qasm3/resources/qasm/custom_include/circular_import.qasm":         `"circular_import.qasm" includes itself`,
	"pyqasm/tests/qasm3/resources/qasm/custom_include/include_circular_import.qasm": `"circular_import.qasm" includes itself`,
	"pyqasm/tests/qasm3/resources/qasm/custom_include/inc_not_found.qasm":           `including "nonexistent.inc": no such file`,
	"staq/misc/oracle_example_expanded.qasm":                                        `gate 'ancilla' is not defined`,
}

// Files that a public reader accepts are read; those of the invalid folders are
// refused; of what only the reference parser, which knows no meaning, accepts,
// each refusal has a reason in the file of refusals.
func TestCorpus(t *testing.T) {
	t.Parallel()
	var refusals strings.Builder
	accepted := 0
	for _, f := range corpus(t) {
		_, err := Read(filepath.Base(f.name), f.text, ReadOptions{Include: []fs.FS{f.dir}})
		var errs syntax.Errors
		if err != nil && !errors.As(err, &errs) {
			t.Errorf("%s: %v has no place", f.name, err)
			continue
		}
		switch {
		case f.invalid():
			if err == nil {
				t.Errorf("%s is invalid and was accepted", f.name)
			}
		case f.qiskit || f.pyqasm:
			reason, known := refusedThough[f.name]
			switch {
			case err == nil:
				accepted++
			case !known || !strings.HasPrefix(errs[0].Message, reason):
				t.Errorf("%s: %v", f.name, err)
			}
		case f.reference && err != nil:
			fmt.Fprintf(&refusals, "%s\t%s\n", f.name, errs[0].Message)
		}
	}
	if accepted != 994 {
		t.Errorf("%d files were read, 994 are known to be", accepted)
	}
	golden(t, "refusals", refusals.String())
}

// golden compares text with testdata/NAME.golden.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", name, diff)
	}
}
