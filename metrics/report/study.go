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
	Lines []string // facts under the title: settings, seeds, hash of the plan ...
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
{{with .Facts}}<ul class="facts">
{{range .}}<li>{{.}}</li>
{{end}}</ul>
{{end}}{{with .Says}}<section id="says">
<h2>What the numbers show</h2>
{{range .}}<p>{{.}}</p>
{{end}}</section>
{{end}}{{range .Figures}}<section id="{{.Name}}">
<h2>{{.Title}}</h2>
{{if .Missing}}<p class="note">{{.Missing}}</p>
{{else}}<figure>
{{.SVG}}
<figcaption>{{.Caption}} Files: {{.Name}}.png, {{.Name}}.svg.</figcaption>
</figure>
{{end}}</section>
{{end}}{{range .Tables}}{{template "table" .}}{{end}}
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
		Facts   []string
		Says    []string
		Tables  []table
		Figures []pageFigure
	}{Title: s.Title, Facts: s.Lines, Says: s.Says}
	if content.Figures, err = pageFigures(figs); err != nil {
		return err
	}
	for _, k := range s.Tables {
		own := table{Caption: k.Caption, Note: k.Note, Head: words(k.Head...)}
		for _, r := range k.Rows {
			own.Rows = append(own.Rows, words(r...))
		}
		content.Tables = append(content.Tables, own)
	}
	if err := t.ExecuteTemplate(w, "study", content); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	return nil
}
