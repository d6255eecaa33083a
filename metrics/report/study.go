package report

import (
	"fmt"
	"html/template"
	"io"
	"strings"
)

// Study is what a page of a study shows.
type Study struct {
	Title string
	// Banner warns of all that follows: that it is no result, and why; empty: none.
	Banner string
	Lines  []string // facts: settings, seeds, hash of the plan ...
	// Says are sentences that say what the figures show and what they don't.
	Says    []string
	Figures []XY
	Tables  []Table
}

// Table is a table of a page, cells as text.
type Table struct {
	Caption, Note string
	Head          []string
	Rows          [][]string
	// Links lead from the first cell of each row to a file beside the page; empty ones and
	// those that are not there lead nowhere.
	Links []string
}

// WriteStudy writes each figure as .png and .svg and the page index.html into the folder
// dir. See Write for the function write. It returns the paths written, in order.
func WriteStudy(dir string, s Study, write func(path string, f func(io.Writer) error) error) ([]string, error) {
	head := &heading{title: clean(s.Title)}
	for _, l := range s.Lines {
		head.lines = append(head.lines, clean(l))
	}
	var figs []*figure
	for i := range s.Figures {
		figs = append(figs, s.Figures[i].figure())
	}
	return writeAll(dir, head, figs, func(w io.Writer) error { return s.page(w, figs) }, write)
}

// studyText is the body of a study's page; head and tables are those of the report's.
const studyText = `<body>
<h1>{{.Title}}</h1>
{{with .Banner}}<p class="banner">{{.}}</p>
{{end}}{{with .Says}}<section class="verdict" id="says">
<h2>What the numbers show</h2>
{{range .}}<p>{{.}}</p>
{{end}}</section>
{{end}}{{with .Facts}}<ul class="facts">
{{range .}}<li>{{.}}</li>
{{end}}</ul>
{{end}}{{template "figures" .Figures}}{{range .Tables}}{{template "table" .}}{{end}}
</body>
</html>
`

// page writes the page with the figures inside.
func (s Study) page(w io.Writer, figs []*figure) error {
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		return fmt.Errorf("page: %w", err)
	}
	if t, err = t.New("study").Parse(pageText[:strings.Index(pageText, "<body>")] + studyText); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	content := struct {
		Title   string
		Banner  string
		Facts   []string
		Says    []string
		Tables  []table
		Figures []pageFigure
	}{Title: s.Title, Banner: s.Banner, Facts: s.Lines, Says: s.Says}
	if content.Figures, err = pageFigures(figs); err != nil {
		return err
	}
	for _, k := range s.Tables {
		own := table{Caption: k.Caption, Note: k.Note, Head: words(k.Head...)}
		for i, r := range k.Rows {
			row := words(r...)
			if i < len(k.Links) && len(row) > 0 {
				row[0].Link = template.URL(k.Links[i])
			}
			own.Rows = append(own.Rows, row)
		}
		content.Tables = append(content.Tables, own)
	}
	if err := t.ExecuteTemplate(w, "study", content); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	return nil
}
