package study

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// file is a study file.
type file struct {
	Name string
	part
	Part []part // further parts, which inherit the settings above them
}

// part is a grid of tasks with the settings that they share.
type part struct {
	Kind           string
	Seeds          []int64
	Settings, Grid map[string]any // Grid: a list each
}

// Parse reads a study file (TOML):
//
//	name = "layers"
//	kind = "train"          # what each task does; train where it is not said
//	seeds = [0, 1, 2]       # one task each, as the setting seed
//	[settings]              # of all tasks
//	neurons = 4
//	[grid]                  # a task for every combination
//	layers = [2, 4, 8]
//	[[part]]                # further tasks; what they don't say is as above
//	grid.gradient = ["spsa"]
//
// Without a grid of its own the file's tasks are those of its parts alone.
//
// The last name of a grid, in alphabetical order, varies fastest, then come the seeds. A name
// with a dot, such as evaluate.samples, needs no quotes.
func Parse(text, where string) (Plan, error) {
	var f file
	meta, err := toml.Decode(text, &f)
	if err != nil {
		var at toml.ParseError
		if errors.As(err, &at) {
			return Plan{}, &PlanError{fmt.Sprintf("%s: line %d: %s", where, at.Position.Line, at.Message)}
		}
		return Plan{}, &PlanError{fmt.Sprintf("%s: %v", where, err)}
	}
	if keys := slices.DeleteFunc(meta.Undecoded(), ofTask); len(keys) > 0 {
		return Plan{}, &PlanError{fmt.Sprintf("%s: there is no setting %q here; it belongs below [settings] or [grid]", where, keys[0].String())}
	}
	p := Plan{Name: f.Name}
	if p.Name == "" {
		p.Name = "study"
	}
	if f.Kind == "" {
		f.Kind = "train"
	}
	f.part = f.dotted()
	var parts []part
	if len(f.Grid) > 0 || len(f.Part) == 0 {
		parts = append(parts, f.part)
	}
	for _, q := range f.Part {
		parts = append(parts, q.dotted().inherit(f.part))
	}
	for _, q := range parts {
		tasks, err := q.tasks()
		if err != nil {
			return Plan{}, &PlanError{where + ": " + err.Error()}
		}
		p.Tasks = append(p.Tasks, tasks...)
	}
	if len(p.Tasks) > maxTasks {
		return Plan{}, &PlanError{fmt.Sprintf("%s: %d tasks, at most %d are taken", where, len(p.Tasks), maxTasks)}
	}
	p.compact()
	return p, nil
}

// ofTask says whether a key names a setting of tasks, of the file's own or of a part's.
func ofTask(k toml.Key) bool {
	if k[0] == "part" {
		k = k[1:]
	}
	return len(k) > 1 && (k[0] == "settings" || k[0] == "grid")
}

// dotted is the part with the tables that TOML makes of names with dots as settings of
// those names.
func (q part) dotted() part {
	q.Settings, q.Grid = dotted(q.Settings), dotted(q.Grid)
	return q
}

func dotted(settings map[string]any) map[string]any {
	if settings == nil {
		return nil
	}
	out := map[string]any{}
	for name, v := range settings {
		below, ok := v.(map[string]any)
		if !ok {
			out[name] = v
			continue
		}
		for under, v := range dotted(below) {
			out[name+"."+under] = v
		}
	}
	return out
}

// maxTasks bounds a plan.
const maxTasks = 100_000

// PlanError is what is wrong with a study file.
type PlanError struct{ text string }

// Error names the file and the place.
func (e *PlanError) Error() string { return e.text }

// BadInput reports that the fault is in what the user gave.
func (e *PlanError) BadInput() bool { return true }

func (q part) inherit(from part) part {
	if q.Kind == "" {
		q.Kind = from.Kind
	}
	if q.Seeds == nil {
		q.Seeds = from.Seeds
	}
	settings, grid := maps.Clone(from.Settings), maps.Clone(from.Grid)
	if settings == nil {
		settings = map[string]any{}
	}
	if grid == nil {
		grid = map[string]any{}
	}
	for k, v := range q.Settings {
		delete(grid, k)
		settings[k] = v
	}
	for k, v := range q.Grid {
		delete(settings, k)
		grid[k] = v
	}
	q.Settings, q.Grid = settings, grid
	return q
}

func (q part) tasks() ([]Task, error) {
	names := slices.Sorted(maps.Keys(q.Grid))
	out := []Task{{Kind: q.Kind, Settings: map[string]any{}}}
	for k, v := range q.Settings {
		if _, twice := q.Grid[k]; twice {
			return nil, fmt.Errorf("%s is a setting and in the grid", k)
		}
		out[0].Settings[k] = v
	}
	vary := func(name string, values []any) error {
		if len(values) == 0 {
			return fmt.Errorf("grid: %s has no values", name)
		}
		if len(out)*len(values) > maxTasks {
			return fmt.Errorf("grid: more than %d tasks", maxTasks)
		}
		var next []Task
		for _, t := range out {
			for _, v := range values {
				s := maps.Clone(t.Settings)
				s[name] = v
				next = append(next, Task{t.Kind, s})
			}
		}
		out = next
		return nil
	}
	for _, name := range names {
		values, ok := q.Grid[name].([]any)
		if !ok {
			return nil, fmt.Errorf("grid: %s is %v, a list of values is needed", name, q.Grid[name])
		}
		if err := vary(name, values); err != nil {
			return nil, err
		}
	}
	if len(q.Seeds) > 0 {
		if _, twice := out[0].Settings["seed"]; twice {
			return nil, errors.New("seeds, and a setting seed: give one of them")
		}
		seeds := make([]any, len(q.Seeds))
		for i, s := range q.Seeds {
			seeds[i] = s
		}
		if err := vary("seed", seeds); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Varying lists the settings in which tasks differ, those of all in alphabetical order.
func (p Plan) Varying() []string {
	first := map[string]string{}
	count := map[string]int{}
	differ := map[string]bool{}
	for _, t := range p.Tasks {
		for k, v := range t.Settings {
			text := SettingText(v)
			if count[k]++; count[k] == 1 {
				first[k] = text
			} else if first[k] != text {
				differ[k] = true
			}
		}
	}
	for k, n := range count {
		if n != len(p.Tasks) {
			differ[k] = true
		}
	}
	return slices.Sorted(maps.Keys(differ))
}

// Paid returns a task that runs at a service, where jobs are paid for.
func (p Plan) Paid() (backend string, ok bool) {
	for _, t := range p.Tasks {
		if b, _ := t.Settings["backend"].(string); strings.Contains(b, ":") {
			return b, true
		}
	}
	return "", false
}
