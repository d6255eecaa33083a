package study

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

// Task is one piece of work.
type Task struct {
	Kind string `json:"kind"`
	// Settings are numbers, words, switches and lists of them.
	Settings map[string]any `json:"settings"`
}

// Name is the task's own: the first 16 hexadecimal digits of the SHA-256 of kind and
// settings, which encoding/json writes in the order of their names.
func (t Task) Name() string {
	raw, err := json.Marshal(t)
	if err != nil {
		panic(fmt.Sprintf("study: a task's settings can't be written: %v", err)) // they were read from TOML or made here
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8])
}

// Number returns a setting that is a number.
func (t Task) Number(name string) (float64, error) {
	switch x := t.Settings[name].(type) {
	case int:
		return float64(x), nil
	case int64:
		return float64(x), nil
	case float64:
		return x, nil
	case nil:
		return 0, fmt.Errorf("task %s: setting %s is missing", t.Name(), name)
	default:
		return 0, fmt.Errorf("task %s: setting %s is %v, a number is needed", t.Name(), name, x)
	}
}

// Int returns a setting that is a whole number, at least as large as least.
func (t Task) Int(name string, least int) (int, error) {
	x, err := t.Number(name)
	if err == nil && (x != math.Trunc(x) || x < float64(least) || x > 1e15) {
		err = fmt.Errorf("task %s: setting %s is %v, a whole number from %d is needed", t.Name(), name, x, least)
	}
	return int(x), err
}

// Text returns a setting that is a word.
func (t Task) Text(name string) (string, error) {
	x, ok := t.Settings[name].(string)
	if !ok {
		return "", fmt.Errorf("task %s: setting %s is %v, a word is needed", t.Name(), name, t.Settings[name])
	}
	return x, nil
}

// Row is what a task gives: figures by name. A figure that is no number is left out.
type Row map[string]float64

// Set adds a figure, unless it is no finite number, which JSON does not have.
func (r Row) Set(name string, x float64) {
	if !math.IsNaN(x) && !math.IsInf(x, 0) {
		r[name] = x
	}
}

// Outcome is what became of a task: a row, or the cause of its failure.
type Outcome struct {
	Task   Task   `json:"task"`
	Row    Row    `json:"row,omitempty"`
	Failed string `json:"failed,omitempty"`
	// Who did it, for how long, and how often it was begun. None of it is in the table.
	Worker  string  `json:"worker"`
	Seconds float64 `json:"seconds"`
	Begun   int     `json:"begun"`
}

// Plan is a list of tasks. Tasks that are equal are one.
type Plan struct {
	Name  string `json:"name"`
	Tasks []Task `json:"tasks"`
}

// Hash names the plan: the first 16 hexadecimal digits of the SHA-256 of its tasks' names.
func (p Plan) Hash() string {
	sum := sha256.New()
	for _, t := range p.Tasks {
		fmt.Fprintln(sum, t.Name())
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// compact takes out tasks that were there before.
func (p *Plan) compact() {
	seen := map[string]bool{}
	p.Tasks = slices.DeleteFunc(p.Tasks, func(t Task) bool {
		name := t.Name()
		again := seen[name]
		seen[name] = true
		return again
	})
}
