package qasm

import (
	"encoding/csv"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

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

func TestCorpusTmp(t *testing.T) {
	var good, all, onlyGood, onlyAll, runnable int
	for _, f := range corpus(t) {
		d, err := Read(filepath.Base(f.name), f.text, ReadOptions{Include: []fs.FS{f.dir}})
		if err == nil && d.Runnable() {
			runnable++
		}
		msg := ""
		if err != nil {
			var e syntax.Errors
			if errors.As(err, &e) {
				msg = e[0].Error()
			} else {
				msg = err.Error()
			}
		}
		switch {
		case f.invalid():
			if err == nil {
				t.Log("INVALID ACCEPTED", f.name)
			}
		case f.qiskit || f.pyqasm:
			all++
			if err == nil {
				good++
			} else {
				t.Log("REFUSED", f.name, msg)
			}
		case f.reference:
			onlyAll++
			if err == nil {
				onlyGood++
			} else {
				t.Log("only", f.name, msg)
			}
		default:
			t.Log("none", f.name, err == nil, msg)
		}
	}
	t.Log(good, all, onlyGood, onlyAll, runnable)
}
