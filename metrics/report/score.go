package report

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"

	"qgan/metrics/score"
	"qgan/metrics/spikes"
)

// Scores are what a page of a judgement shows: subjects beside the half of a recording
// that they are judged by.
type Scores struct {
	Title string
	Lines []string // facts under the title: files, hashes, the split, the seed ...
	// Verdict are sentences that say what the figures show; they stand first.
	Verdict  []string
	Subjects []Judged       // at most MaxModels
	Judge    *spikes.Raster // the judging half, for its raster and the names of its cells; nil: not at hand
	// Other is the training half as a sample, what the recording's own repeats do; nil: none.
	Other     *Judged
	Baselines []Judged // simple models; their figures stand in tables, their P(k) in the figure
}

// Judged is what a referee says of samples. What is nil is left out.
type Judged struct {
	Score             *score.Score
	Sample, Recording *score.Profile // of [score.Referee.Profiles]
	Samples           *spikes.Raster

	place int // among the page's subjects, whose colour it has
}

// WriteScore writes one HTML page that needs nothing from elsewhere: the verdict, a table
// of figures and the figures that are drawn. It fails if there is no subject or there are
// more than [MaxModels], for one without a score, and where w does.
func WriteScore(w io.Writer, s Scores) error {
	if err := s.check(); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	s = s.cleaned()
	sections, err := s.sections()
	if err != nil {
		return err
	}
	t, err := template.New("page").Parse(pageText)
	if err == nil {
		t, err = t.New("score").Parse(pageText[:strings.Index(pageText, "<body>")] + scoreText)
	}
	if err != nil {
		return fmt.Errorf("page: %w", err)
	}
	content := struct {
		Title          string
		Facts, Verdict []string
		Groups, Table  table
		Sections       []section
		Below          []table
	}{s.Title, s.facts(), s.Verdict, s.groups(), s.table(), sections, s.below()}
	if content.Title == "" {
		content.Title = "Score"
	}
	if err := t.ExecuteTemplate(w, "score", content); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	return nil
}

// check refuses what no page can be made of.
func (s *Scores) check() error {
	switch {
	case len(s.Subjects) == 0:
		return errors.New("nothing is judged")
	case len(s.Subjects) > MaxModels:
		return fmt.Errorf("%d subjects: at most %d can be told apart on one page", len(s.Subjects), MaxModels)
	}
	for i, x := range slices.Concat(s.Subjects, s.Baselines) {
		if x.Score == nil {
			return fmt.Errorf("there is no score of number %d", i+1)
		}
	}
	return nil
}

// scoreText is the body of a score's page; head and tables are those of the report's.
const scoreText = `<body>
<h1>{{.Title}}</h1>
{{with .Verdict}}<section class="verdict" id="verdict">
<h2>Verdict</h2>
{{range .}}<p>{{.}}</p>
{{end}}</section>
{{end}}{{template "table" .Groups}}
{{template "table" .Table}}
{{template "sections" .Sections}}{{range .Below}}{{template "table" .}}{{end}}
{{with .Facts}}<h2>What was judged</h2>
<ul class="facts">
{{range .}}<li>{{.}}</li>
{{end}}</ul>
{{end}}</body>
</html>
`

// section is a part of the page: panels under one title.
type section struct {
	Name, Title, Text string
	Panels            []pageFigure
}

// binCount counts bins.
func binCount(n int) string {
	if n == 1 {
		return "1 bin"
	}
	return fmt.Sprintf("%d bins", n)
}

// byLength are subjects with those that were judged alike, in repeats of one length, in the
// order of their first ones; the other half and baselines are of the first group.
func (s *Scores) byLength() []Scores {
	var out []Scores
	for i, x := range s.Subjects {
		x.place = i
		k := slices.IndexFunc(out, func(g Scores) bool { return g.sameShape(x) })
		if k < 0 {
			k = len(out)
			g := Scores{Judge: s.Judge}
			if k == 0 {
				g.Other, g.Baselines = s.Other, s.Baselines
			}
			out = append(out, g)
		}
		out[k].Subjects = append(out[k].Subjects, x)
	}
	return out
}

// sections draws all panels, group by group; a section without any says why in its text.
func (s *Scores) sections() ([]section, error) {
	var out []section
	for k, g := range s.byLength() {
		sections, err := g.draw()
		if err != nil {
			return nil, err
		}
		for i := range sections {
			if x := &sections[i]; k > 0 {
				x.Name = fmt.Sprintf("%s-%d", x.Name, k+1)
				x.Title += ", in repeats of " + binCount(g.Subjects[0].Score.Bins)
			}
		}
		out = append(out, sections...)
	}
	return out, nil
}

// draw draws the panels of one group.
func (s *Scores) draw() ([]section, error) {
	var out []section
	for _, p := range s.parts() {
		x := section{Name: p.name, Title: p.title, Text: p.text}
		for _, f := range p.panels {
			if f.missing != "" {
				x.Text = strings.TrimSpace(x.Text + " " + f.title + ": " + f.missing)
				continue
			}
			var b bytes.Buffer
			if err := f.svg(&b, nil); err != nil {
				return nil, err
			}
			x.Panels = append(x.Panels, pageFigure{Name: f.name, Title: f.title, SVG: inline(b.String(), f.title+". "+p.text)})
		}
		out = append(out, x)
	}
	return out, nil
}

// cleaned returns the scores with all their texts fit for XML.
func (s Scores) cleaned() Scores {
	texts := func(in []string) []string {
		out := make([]string, len(in))
		for i, t := range in {
			out[i] = clean(t)
		}
		return out
	}
	judged := func(in []Judged) []Judged {
		out := slices.Clone(in)
		for i := range out {
			x := *out[i].Score
			x.Name, x.Notes = clean(x.Name), texts(x.Notes)
			if x.Name == "" {
				x.Name = fmt.Sprintf("sample %d", i+1)
			}
			out[i].Score = &x
		}
		return out
	}
	s.Title, s.Lines, s.Verdict = clean(s.Title), texts(s.Lines), texts(s.Verdict)
	s.Subjects, s.Baselines = judged(s.Subjects), judged(s.Baselines)
	return s
}

// facts are the page's lines and what was done to samples.
func (s *Scores) facts() []string {
	out := slices.Clone(s.Lines)
	for _, x := range s.Subjects {
		line := fmt.Sprintf("%s: %d repeats of %d bins", x.Score.Name, x.Score.Repeats, x.Score.Bins)
		for _, n := range x.Score.Notes {
			line += "; " + n
		}
		out = append(out, line)
	}
	return out
}

// value is a score's value of a figure; an empty one where there is none.
func value(x *score.Score, name string) score.Value {
	for _, v := range x.Values {
		if v.Name == name {
			return v
		}
	}
	return score.Value{}
}

// between writes a value and the ends of a range in the value's digits.
func between(x *float64, ends ...float64) string {
	text := optional(x)
	if text == none || len(ends) != 2 {
		return text
	}
	return fmt.Sprintf("%s [%s, %s]", text, minus(number(ends[0])), minus(number(ends[1])))
}

// rangeText writes where perfect samples lie.
func rangeText(r *score.Range) string {
	if r == nil {
		return none
	}
	return fmt.Sprintf("%s to %s", minus(number(r.Low)), minus(number(r.High)))
}

// best is the baseline with the best value of a figure, and that value.
func (s *Scores) best(f score.Figure) (name string, at *float64) {
	worse := func(v score.Value) float64 {
		switch {
		case f.Better == score.Larger:
			return -*v.Value
		case f.Better == score.Nearer && v.Recording != nil:
			return math.Abs(*v.Value - *v.Recording)
		}
		return *v.Value
	}
	least := math.Inf(1)
	for _, b := range s.Baselines {
		if v := value(b.Score, f.Name); v.Value != nil && worse(v) < least {
			least, name, at = worse(v), b.Score.Name, v.Value
		}
	}
	return name, at
}

// shownFigures are the rows of the tables: of the lags those of all tables.
func shownFigures() []score.Figure {
	var out []score.Figure
	for _, f := range score.Figures() {
		if _, lag, ok := strings.Cut(f.Name, "_lag_"); ok && lag != "0" && !slices.ContainsFunc(tableLags[:], func(k int) bool { return lag == fmt.Sprint(k) }) {
			continue
		}
		out = append(out, f)
	}
	return out
}

// rowName is a figure's name with its unit.
func rowName(f score.Figure) string {
	name := f.Name
	if f.Unit != "" {
		name = strings.TrimSuffix(name, "_"+f.Unit)
	}
	name = strings.ReplaceAll(name, "_", " ")
	if f.Unit != "" {
		name += " (" + f.Unit + ")"
	}
	return name
}

// groups is the table of groups of figures, a column a subject and each baseline that is
// judged as the first of them is.
func (s *Scores) groups() table {
	t := table{
		Caption: "Groups of figures", Head: words("group"),
		Note: "Median over a group's figures of the excess: how much worse than perfect samples' mean a figure is, in the distance to the bound that 2.5 % of them pass, so that 1 is still as good as perfect. " +
			"A group has one vote, and none where both are as good as perfect. Of the likelihood, which has no excess, ln p of a bin.",
	}
	var scores []*score.Score
	for _, x := range s.Subjects {
		scores = append(scores, x.Score)
	}
	first, votes := scores[0], words("better : worse than "+scores[0].Name)
	for range scores {
		votes = append(votes, cell{Text: ""})
	}
	for _, b := range s.Baselines {
		if b.Score.Bins != first.Bins {
			continue
		}
		scores = append(scores, b.Score)
		x := first.Against(b.Score)
		votes = append(votes, numbers(fmt.Sprintf("%d : %d", len(x.Better), len(x.Worse)))...)
		if x.Lacks != "" {
			t.Note += fmt.Sprintf(" By construction %s has no %s.", x.Baseline, x.Lacks)
		}
	}
	for _, x := range scores {
		t.Head = append(t.Head, numbers(x.Name)...)
	}
	for _, g := range score.Groups() {
		name := g.Name
		if g.Unit != "" {
			name += " (" + g.Unit + ")"
		}
		row := words(name)
		for _, text := range score.GroupRow(g.Name, scores) {
			row = append(row, numbers(minus(text))...)
		}
		t.Rows = append(t.Rows, row)
	}
	if len(scores) > len(s.Subjects) {
		t.Rows = append(t.Rows, votes)
	}
	return t
}

// table is the first table: a figure a row.
func (s *Scores) table() table {
	t := table{
		Caption: "Figures on the judging half",
		Head:    words("figure"),
		Note: "Every figure is held out: models are fitted to the other half. In brackets the interval of 95 % by the bootstrap over repeats. Perfect samples: where 95 % of samples of a perfect model lie. " +
			"† worse than these by more than chance. Other half: what the recording's own repeats score. Recording: its level, where a figure is good that is near it. Lags 1, 2, 3, 5 and 10 stand for 1 to 20.",
	}
	for _, x := range s.Subjects {
		t.Head = append(t.Head, numbers(x.Score.Name, "perfect samples")...)
	}
	t.Head = append(append(t.Head, numbers("other half", "recording")...), words("best baseline", "better")...)
	absent := map[string][]string{} // figures by why they are not there
	var reasons []string
	for _, f := range shownFigures() {
		row := words(rowName(f))
		floor, level := none, none
		for _, x := range s.Subjects {
			v := value(x.Score, f.Name)
			text := between(v.Value, v.Interval...)
			if v.Seen() {
				text += " †"
			}
			row = append(row, numbers(minus(text), rangeText(v.Perfect))...)
			if v.Floor != nil && floor == none { // the first subject's: repeats of other lengths have others
				floor = minus(optional(v.Floor))
			}
			if v.Recording != nil && level == none {
				level = optional(v.Recording)
			}
			if v.Value == nil && v.Missing != "" && !slices.Contains(absent[v.Missing], rowName(f)) {
				if absent[v.Missing] == nil {
					reasons = append(reasons, v.Missing)
				}
				absent[v.Missing] = append(absent[v.Missing], rowName(f))
			}
		}
		best := none
		if name, at := s.best(f); at != nil {
			best = minus(number(*at)) + ", " + name
		}
		t.Rows = append(t.Rows, append(append(row, numbers(floor, level)...), words(best, f.Better.String())...))
	}
	for _, r := range reasons {
		t.Note += fmt.Sprintf(" Without %s: %s.", listed(absent[r]), r)
	}
	return t
}

// below are the table of all baselines and what the figures are.
func (s *Scores) below() []table {
	what := table{Caption: "What the figures are", Head: words("figure", "better", "what it is")}
	for _, f := range shownFigures() {
		what.Rows = append(what.Rows, words(rowName(f), f.Better.String(), f.Text))
	}
	if len(s.Baselines) == 0 {
		return []table{what}
	}
	t := table{Caption: "Baselines on the judging half", Head: words("figure"), Note: "Simple models fitted to the other half, judged as the samples are. † worse than perfect samples by more than chance."}
	row := words("parameters")
	for _, b := range s.Baselines {
		t.Head = append(t.Head, cell{Text: b.Score.Name})
		text := none
		if b.Score.Parameters > 0 {
			text = fmt.Sprint(b.Score.Parameters)
		}
		row = append(row, cell{Text: text})
	}
	t.Rows = append(t.Rows, row)
	for _, f := range shownFigures() {
		row := words(rowName(f))
		for _, b := range s.Baselines {
			v := value(b.Score, f.Name)
			text := minus(optional(v.Value))
			if v.Seen() {
				text += " †"
			}
			row = append(row, cell{Text: text})
		}
		t.Rows = append(t.Rows, row)
	}
	t.Rows = keepRows(t.Rows, 1)
	return []table{t, what}
}
