package study

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"qgan/metrics/report"
)

// Ready is a study that is there already: its tasks, and the page that is made of their
// table.
type Ready struct {
	Name, Short string
	// Devices is how many devices it needs at least.
	Devices int
	Plan    func(o Options) Plan
	Page    func(t Table) report.Study
}

// Options are what a ready study is asked to vary.
type Options struct {
	// Quick asks for a fraction of the work, to see that all is in order.
	Quick bool
	Seeds []int64 // nil: the study's own
	// Settings go to every task, and hold the recording; Override replaces settings of the
	// study's own, those that it varies too.
	Settings, Override map[string]any
	Devices            []string
	Compare            []string // files of spike trains that cells are put beside
}

// seeds returns those asked for, or the first of so many.
func (o Options) seeds(full, quick int) []int64 {
	if o.Seeds != nil {
		return o.Seeds
	}
	n := full
	if o.Quick {
		n = quick
	}
	out := make([]int64, n)
	for i := range out {
		out[i] = int64(i)
	}
	return out
}

// pick returns one of two values.
func pick[T any](quick bool, fast, full T) T {
	if quick {
		return fast
	}
	return full
}

func list[T any](values ...T) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}

// plan puts grids together.
func plan(name string, o Options, parts ...part) Plan {
	p := Plan{Name: name}
	for _, q := range parts {
		q = q.inherit(part{Settings: o.Settings})
		tasks, err := q.tasks()
		if err != nil {
			panic(fmt.Sprintf("study: %s: %v", name, err)) // its grid is in this package
		}
		for _, t := range tasks {
			maps.Copy(t.Settings, o.Override)
		}
		p.Tasks = append(p.Tasks, tasks...)
	}
	p.compact()
	return p
}

// Studies are the ready ones.
func Studies() []Ready {
	return []Ready{
		{"shot-noise", "variance of gradients against shots, and what the latent vectors leave", 0, shotNoisePlan, shotNoisePage},
		{"plateau", "variance of a derivative, and the shots that show it, against neurons and layers", 0, plateauPlan, plateauPage},
		{"metric-error", "errors of distances and statistics against the number of windows", 0, metricErrorPlan, metricErrorPage},
		{"budget", "distance at the end of training against all shots, fixed and allocated", 0, budgetPlan, budgetPage},
		{"device-noise", "a trained generator under a device's noise, scaled, with mitigation and without", 1, deviceNoisePlan, deviceNoisePage},
		{"transfer", "trained on one processor's noise, run on another's", 2, transferPlan, transferPage},
		{"paper", "the grid of neurons and timesteps, and what the text leaves open", 0, paperPlan, paperPage},
	}
}

// rowsWhere returns the rows that have a figure and whose settings are these.
func (t Table) rowsWhere(figure string, settings map[string]string) []TableRow {
	var out []TableRow
	for _, r := range t.Rows {
		if _, ok := r.Row[figure]; !ok {
			continue
		}
		match := true
		for k, v := range settings {
			match = match && SettingText(r.Task.Settings[k]) == v
		}
		if match {
			out = append(out, r)
		}
	}
	return out
}

// values lists the values of a setting in the order of the plan.
func (t Table) values(setting string) []string {
	var out []string
	for _, r := range t.Rows {
		if v, ok := r.Task.Settings[setting]; ok && !slices.Contains(out, SettingText(v)) {
			out = append(out, SettingText(v))
		}
	}
	return out
}

// curve gathers a figure against a setting: the median over the rows with the same value,
// with the quartiles as error bars where there are several.
func curve(name string, rows []TableRow, setting, figure string) report.Series {
	s := report.Series{Name: name, Line: true}
	at := map[float64][]float64{}
	for _, r := range rows {
		x, err := r.Task.Number(setting)
		if y, ok := r.Row[figure]; ok && err == nil {
			at[x] = append(at[x], y)
		}
	}
	several := false
	for _, x := range slices.Sorted(maps.Keys(at)) {
		low, median, high := quartiles(at[x])
		several = several || len(at[x]) > 1
		s.X, s.Y = append(s.X, x), append(s.Y, median)
		s.Low, s.High = append(s.Low, low), append(s.High, high)
	}
	if !several {
		s.Low, s.High = nil, nil
	}
	return s
}

// page begins a page with the facts of its plan.
func (t Table) page(title string) report.Study {
	s := report.Study{Title: title, Lines: []string{fmt.Sprintf("study %s, %d tasks, plan %s", t.Plan.Name, len(t.Plan.Tasks), t.Plan.Hash())}}
	var shared []string
	varying := t.Plan.Varying()
	if len(t.Plan.Tasks) > 0 {
		first := t.Plan.Tasks[0].Settings
		for _, k := range slices.Sorted(maps.Keys(first)) {
			if !slices.Contains(varying, k) {
				shared = append(shared, k+" "+SettingText(first[k]))
			}
		}
	}
	if len(shared) > 0 {
		s.Lines = append(s.Lines, "all tasks: "+strings.Join(shared, ", "))
	}
	if seeds := t.values("seed"); len(seeds) > 0 {
		s.Lines = append(s.Lines, "seeds "+strings.Join(seeds, ", "))
	}
	open := 0
	for _, r := range t.Rows {
		if r.Row == nil && r.Failed == "" {
			open++
		}
	}
	if n := t.Failed(); n > 0 {
		s.Says = append(s.Says, fmt.Sprintf("%d of %d tasks failed; their causes are in the table.", n, len(t.Rows)))
	}
	if open > 0 {
		s.Says = append(s.Says, fmt.Sprintf("%d of %d tasks are not done yet.", open, len(t.Rows)))
	}
	return s
}

// maxPageRows bounds the table of a page; the files hold all of it.
const maxPageRows = 400

// pageTable is the whole table for a page.
func (t Table) pageTable(caption string) report.Table {
	settings, figures := t.Plan.Varying(), t.Figures()
	// How windows are drawn, and the files beside, differ in that some tasks have none.
	settings = slices.DeleteFunc(settings, func(k string) bool { return strings.HasPrefix(k, "evaluate.") && len(t.values(k)) < 2 })
	out := report.Table{Caption: caption, Head: append(slices.Clone(settings), figures...), Note: "Files: table.csv, table.jsonl."}
	failed := t.Failed() > 0
	if failed {
		out.Head = append(out.Head, "failed")
	}
	for i, r := range t.Rows {
		if i == maxPageRows {
			out.Note = fmt.Sprintf("The first %d of %d rows; the files table.csv and table.jsonl hold all.", maxPageRows, len(t.Rows))
			break
		}
		var line []string
		for _, k := range settings {
			line = append(line, SettingText(r.Task.Settings[k]))
		}
		for _, k := range figures {
			text := "–"
			if x, ok := r.Row[k]; ok {
				text = fmt.Sprintf("%.4g", x)
			}
			line = append(line, text)
		}
		if failed {
			line = append(line, r.Failed)
		}
		out.Rows, out.Links = append(out.Rows, line), append(out.Links, t.links[r.Task.Name()])
	}
	return out
}

// Page is the page of a study that is no ready one: its table.
func Page(t Table) report.Study {
	s := t.page(t.Plan.Name)
	s.Tables = []report.Table{t.pageTable("Table")}
	return s
}
