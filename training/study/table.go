package study

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"qgan/internal/words"
)

// Table is the rows of a plan, in its order.
type Table struct {
	Plan Plan
	Rows []TableRow

	links map[string]string // from the page to what is kept of a task, by its name
}

// TableRow is a task and what became of it.
type TableRow struct {
	Task   Task
	Row    Row    // nil: it failed, or is open
	Failed string // why
}

// TableOf puts outcomes in the order of their plan.
func TableOf(p Plan, outcomes map[string]Outcome) Table {
	t := Table{Plan: p}
	for _, task := range p.Tasks {
		out := outcomes[task.Name()]
		t.Rows = append(t.Rows, TableRow{task, out.Row, out.Failed})
	}
	return t
}

// Figures lists the names of all figures, in alphabetical order.
func (t Table) Figures() []string {
	names := map[string]bool{}
	for _, r := range t.Rows {
		for k := range r.Row {
			names[k] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Failed counts the tasks that failed.
func (t Table) Failed() (n int) {
	for _, r := range t.Rows {
		if r.Failed != "" {
			n++
		}
	}
	return n
}

// Cause is why tasks failed.
type Cause struct {
	Text  string
	Tasks []string // names, in the plan's order
}

// Causes lists why tasks failed, each cause once, in the order of the first task of each.
func (t Table) Causes() (out []Cause) {
	for _, r := range t.Rows {
		if r.Failed == "" {
			continue
		}
		i := slices.IndexFunc(out, func(c Cause) bool { return c.Text == r.Failed })
		if i < 0 {
			i, out = len(out), append(out, Cause{Text: r.Failed})
		}
		out[i].Tasks = append(out[i].Tasks, r.Task.Name())
	}
	return out
}

// mostCauses is how many causes Failures tells.
const mostCauses = 10

// Failures says why tasks failed, each cause once, but for those that were told of already.
func (t Table) Failures(told map[string]bool) (out []string) {
	causes := slices.DeleteFunc(t.Causes(), func(c Cause) bool { return told[c.Tasks[0]] })
	for i, c := range causes {
		switch n := len(c.Tasks); {
		case i == mostCauses:
			return append(out, words.Count(len(causes)-mostCauses, "cause")+" more are in the table")
		case n == 1:
			out = append(out, fmt.Sprintf("task %s failed: %s", c.Tasks[0], c.Text))
		default:
			out = append(out, fmt.Sprintf("%d tasks failed (%s and others): %s", n, c.Tasks[0], c.Text))
		}
	}
	return out
}

// Done counts the tasks that are done, those that failed among them.
func (t Table) Done() (n int) {
	for _, r := range t.Rows {
		if r.Row != nil || r.Failed != "" {
			n++
		}
	}
	return n
}

// WriteCSV writes the table: task, kind, the settings that vary, the figures, and why a
// task failed.
func (t Table) WriteCSV(w io.Writer) error {
	settings, figures := t.Plan.Varying(), t.Figures()
	c := csv.NewWriter(w)
	head := append(append([]string{"task", "kind"}, settings...), figures...)
	if err := c.Write(append(head, "failed")); err != nil {
		return err
	}
	for _, r := range t.Rows {
		line := []string{r.Task.Name(), r.Task.Kind}
		for _, k := range settings {
			line = append(line, SettingText(r.Task.Settings[k]))
		}
		for _, k := range figures {
			text := ""
			if x, ok := r.Row[k]; ok {
				text = strconv.FormatFloat(x, 'g', -1, 64)
			}
			line = append(line, text)
		}
		if err := c.Write(append(line, r.Failed)); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// SettingText writes a setting as a flag takes it: whole numbers without exponent, whatever
// file they were read from.
func SettingText(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case float64:
		if x == math.Trunc(x) && math.Abs(x) < 1e15 {
			return strconv.FormatInt(int64(x), 10)
		}
		return strconv.FormatFloat(x, 'g', -1, 64)
	case []any:
		texts := make([]string, len(x))
		for i, e := range x {
			texts[i] = SettingText(e)
		}
		return strings.Join(texts, ",")
	}
	return fmt.Sprint(v)
}

// WriteJSONL writes a line of JSON a task: task, kind, all settings, row, failed.
func (t Table) WriteJSONL(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for _, r := range t.Rows {
		err := e.Encode(struct {
			Name     string         `json:"task"`
			Kind     string         `json:"kind"`
			Settings map[string]any `json:"settings"`
			Row      Row            `json:"row"`
			Failed   string         `json:"failed,omitempty"`
		}{r.Task.Name(), r.Task.Kind, r.Task.Settings, r.Row, r.Failed})
		if err != nil {
			return err
		}
	}
	return nil
}

// Result is what a study ended with: the object of `study --json`.
type Result struct {
	Schema string `json:"schema"`
	Name   string `json:"name"`
	Hash   string `json:"hash"` // of the plan
	Folder string `json:"folder"`
	Tasks  int    `json:"tasks"`
	Failed int    `json:"failed"`
}

// Result sums up a table that lies in a folder.
func (t Table) Result(folder string) Result {
	return Result{"qgan.study-result/v1", t.Plan.Name, t.Plan.Hash(), folder, len(t.Plan.Tasks), t.Failed()}
}
