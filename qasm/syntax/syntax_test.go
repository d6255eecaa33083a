package syntax

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"
)

func TestCorpusTmp(t *testing.T) {
	dir := os.Getenv("QGAN_SHARED")
	f, _ := os.Open(filepath.Join(dir, "corpus/results.tsv"))
	r := csv.NewReader(f)
	r.Comma = '\t'
	r.LazyQuotes = true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	good, n := 0, 0
	for _, row := range rows[1:] {
		text, err := os.ReadFile(filepath.Join(dir, "corpus", row[0]))
		if err != nil {
			t.Fatal(err)
		}
		_, err = Parse(&File{Name: row[0], Text: string(text)})
		acc := row[2] == "1" || row[3] == "1" || row[4] == "1"
		if acc {
			n++
			if err == nil {
				good++
			} else {
				t.Log("REFUSED", row[0], err)
			}
		} else if err == nil {
			t.Log("ACCEPTED", row[0])
		}
	}
	t.Log(good, n)
}
