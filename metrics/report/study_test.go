package report_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"qgan/metrics/report"
)

// A page has its figures inside, says what can't be drawn, escapes what it is given and
// asks for nothing from elsewhere.
func TestWriteStudy(t *testing.T) {
	t.Parallel()
	s := report.Study{
		Title: "A <study>", Banner: "It is <quick>.", Lines: []string{"seeds 0 & 1"}, Says: []string{"It falls as 1/shots."},
		Figures: []report.XY{
			{Name: "falls", Title: "Falls", X: "shots", Y: "variance", LogX: true, LogY: true, Caption: "What is seen.", Series: []report.Series{
				{Name: "measured", X: []float64{1, 10, 100}, Y: []float64{1, 0.1, 0.01}, Low: []float64{0.5, 0.05, -1}, High: []float64{2, 0.2, 0.02}, Line: true},
				{Name: "law", X: []float64{1, 100}, Y: []float64{1, 0.01}, Reference: true},
			}},
			{Name: "one", Title: "One point", X: "layers", Y: "JS", Series: []report.Series{{Name: "a", X: []float64{2}, Y: []float64{3}}}},
			{Name: "none", Title: "Nothing", LogY: true, Series: []report.Series{{Name: "b", X: []float64{1}, Y: []float64{math.NaN()}}}},
		},
		Tables: []report.Table{{Caption: "All", Head: []string{"x", "y"}, Rows: [][]string{{"1", "<b>"}, {"2", "c"}, {"3", "d"}}, Links: []string{"tasks/a b/row.json", ""}, Note: "A note."}},
	}
	files := map[string][]byte{}
	write := func(path string, f func(io.Writer) error) error {
		var b bytes.Buffer
		err := f(&b)
		files[filepath.Base(path)] = b.Bytes()
		return err
	}
	paths, err := report.WriteStudy("dir", s, write)
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) != 5 || files["falls.svg"] == nil || files["one.png"] == nil || files["none.svg"] != nil {
		t.Errorf("files %v", paths)
	}
	page := string(files["index.html"])
	for _, want := range []string{"A &lt;study&gt;", "seeds 0 &amp; 1", "It falls as 1/shots.", "What is seen.", "There is nothing to draw", "&lt;b&gt;", "A note.", "</html>", "color-scheme", `<p class="banner">It is &lt;quick&gt;.</p>`, `<a href="tasks/a%20b/row.json">1</a></td><td class="word">&lt;b&gt;`, `<td class="word">2</td>`, `<td class="word">3</td>`, `<div class="wide"><svg`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if strings.Count(page, "<svg role") != 2 {
		t.Errorf("%d figures are on the page", strings.Count(page, "<svg role"))
	}
	for _, from := range []string{"http://", "https://", "<script", "@import"} {
		if strings.Contains(page, from) {
			t.Errorf("the page has %q", from)
		}
	}
	first := page
	if _, err := report.WriteStudy("dir", s, write); err != nil || string(files["index.html"]) != first {
		t.Error("the same study gives another page")
	}
	full := errors.New("the disk is full")
	if _, err := report.WriteStudy("dir", s, func(string, func(io.Writer) error) error { return full }); !errors.Is(err, full) {
		t.Errorf("a full disk: %v", err)
	}
}
