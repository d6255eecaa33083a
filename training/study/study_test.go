package study

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"qgan/internal/durable"
)

func TestParse(t *testing.T) {
	p, err := Parse(`
name = "layers"
seeds = [0, 1]
[settings]
neurons = 4
[grid]
layers = [2, 8]
gradient = ["adjoint", "spsa"]
`, "layers.toml")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, k := range p.Tasks {
		got = append(got, fmt.Sprint(k.Kind, " ", k.Settings["neurons"], k.Settings["gradient"], k.Settings["layers"], k.Settings["seed"]))
	}
	want := []string{
		"train 4 adjoint 2 0", "train 4 adjoint 2 1", "train 4 adjoint 8 0", "train 4 adjoint 8 1",
		"train 4 spsa 2 0", "train 4 spsa 2 1", "train 4 spsa 8 0", "train 4 spsa 8 1",
	}
	for i := range want {
		want[i] = strings.ReplaceAll(want[i], " ", "")
		got[i] = strings.ReplaceAll(got[i], " ", "")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"gradient", "layers", "seed"}, p.Varying()); diff != "" {
		t.Error(diff)
	}
}

func TestParseParts(t *testing.T) {
	p, err := Parse(`
[settings]
neurons = 4
layers = 2
[[part]]
grid.layers = [3, 4]
[[part]]
kind = "plateau"
settings.draws = 5
[[part]]
settings.layers = 3
`, "parts.toml")
	if err != nil {
		t.Fatal(err)
	}
	if p.Name != "study" {
		t.Errorf("a study without a name is called %q", p.Name)
	}
	// The last part is a task of the first one.
	if len(p.Tasks) != 3 || p.Tasks[2].Kind != "plateau" || SettingText(p.Tasks[2].Settings["layers"]) != "2" {
		t.Errorf("%+v", p.Tasks)
	}
}

// A part adds to the tasks of the file's own grid, and has what it doesn't say from above.
func TestPartsAddToTheGrid(t *testing.T) {
	const own = "seeds = [0, 1]\n[settings]\nneurons = 4\n"
	for text, want := range map[string]int{
		own + "[grid]\nlayers = [2, 4, 8]\n":                                       6,
		own + "[grid]\nlayers = [2, 4, 8]\n[[part]]\ngrid.gradient = [\"spsa\"]\n": 12,
		own + "[grid]\nlayers = [2, 4, 8]\n[[part]]\nseeds = [5]\n":                9,
		own + "[[part]]\ngrid.layers = [2, 3]\n":                                   4,
	} {
		p, err := Parse(text, "parts.toml")
		if err != nil || len(p.Tasks) != want {
			t.Errorf("%q: %d tasks (%v), want %d", text, len(p.Tasks), err, want)
		}
	}
}

// Names with dots are settings with and without quotes, of the file and of a part, below
// settings and in the grid.
func TestDottedNames(t *testing.T) {
	var plans []Plan
	for _, text := range []string{
		"[settings]\nneurons = 2\n\"evaluate.samples\" = 10\n[grid]\n\"evaluate.compare\" = [\"a\", \"b\"]\n",
		"[settings]\nneurons = 2\nevaluate.samples = 10\n[grid]\nevaluate.compare = [\"a\", \"b\"]\n",
		"[settings.evaluate]\nsamples = 10\n[[part]]\nsettings.neurons = 2\ngrid.evaluate.compare = [\"a\", \"b\"]\n",
		"[[part]]\n[part.settings]\nneurons = 2\nevaluate.samples = 10\n[part.grid.evaluate]\ncompare = [\"a\", \"b\"]\n",
	} {
		p, err := Parse(text, "dotted.toml")
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if err := p.Check(); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		plans = append(plans, p)
	}
	want := []Task{
		{"train", map[string]any{"neurons": int64(2), "evaluate.samples": int64(10), "evaluate.compare": "a"}},
		{"train", map[string]any{"neurons": int64(2), "evaluate.samples": int64(10), "evaluate.compare": "b"}},
	}
	for i, p := range plans {
		if diff := cmp.Diff(want, p.Tasks); diff != "" {
			t.Errorf("form %d: %s", i, diff)
		}
	}
	p, err := Parse("[settings]\nevaluate.layers = 3\n", "dotted.toml")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Check(); err == nil || !strings.Contains(err.Error(), `"evaluate.layers" is no setting of a training`) {
		t.Error(err)
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"name = ":                            "line 1",
		"layers = 3":                         `no setting "layers" here; it belongs below [settings] or [grid]`,
		"evaluate.samples = 3":               `no setting "evaluate.samples" here; it belongs below [settings] or [grid]`,
		"[[part]]\nevaluate.samples = 3":     `no setting "part.evaluate.samples" here; it belongs below [settings] or [grid]`,
		"[grid]\nlayers = 3":                 "grid: layers is 3, a list of values is needed",
		"[grid]\nlayers = []":                "layers has no values",
		"[settings]\na = 1\n[grid]\na = [1]": "a is a setting and in the grid",
		"seeds = [1]\n[settings]\nseed = 1":  "seeds, and a setting seed",
		"seeds = ['x']":                      "",
		strings.Repeat("[[part]]\ngrid.a = ["+strings.Repeat("1,", 250)+"]\ngrid.b = ["+strings.Repeat("1,", 250)+"]\n", 2): "125000 tasks, at most 100000 are taken",
		"[grid]\na = [" + strings.Repeat("1,", 400) + "]\nb = [" + strings.Repeat("1,", 400) + "]":                          "more than 100000 tasks",
	} {
		_, err := Parse(text, "bad.toml")
		var bad *PlanError
		if !errors.As(err, &bad) || !strings.HasPrefix(err.Error(), "bad.toml: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("seeds = [0]\n[settings]\nneurons = 4\n[grid]\nlayers = [2]\n[[part]]\ngrid.a = [1.5, \"x\"]\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text, "fuzz")
		if err != nil {
			return
		}
		names := map[string]bool{}
		for _, k := range p.Tasks {
			if names[k.Name()] {
				t.Errorf("two tasks have the name %s", k.Name())
			}
			names[k.Name()] = true
		}
	})
}

// A task's name depends on what its settings are, not on the file they came from.
func TestNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(-1000, 1_000_000_000).Draw(t, "n")
		x := rapid.Float64Range(-10, 10).Draw(t, "x")
		a := Task{"k", map[string]any{"a": int64(n), "b": x}}
		b := Task{"k", map[string]any{"b": x, "a": float64(n)}}
		if a.Name() != b.Name() || SettingText(int64(n)) != SettingText(float64(n)) {
			t.Errorf("%s and %s, %s and %s", a.Name(), b.Name(), SettingText(int64(n)), SettingText(float64(n)))
		}
		c := Task{"k", map[string]any{"a": int64(n) + 1, "b": x}}
		if a.Name() == c.Name() {
			t.Error("two tasks have one name")
		}
	})
}

// squares is a plan whose work is its number's square, slowly.
func squares(n int) Plan {
	p := Plan{Name: "squares"}
	for i := range n {
		p.Tasks = append(p.Tasks, Task{"square", map[string]any{"i": i}})
	}
	return p
}

func square(_ context.Context, t Task, _ string) (Row, error) {
	i, err := t.Int("i", 0)
	if err != nil {
		return nil, err
	}
	if i%7 == 3 {
		return nil, fmt.Errorf("%d is no good", i)
	}
	if i%7 == 5 {
		panic("out of range")
	}
	return Row{"square": float64(i * i)}, nil
}

func tables(t *testing.T, b Board) (csv, jsonl string) {
	t.Helper()
	out, err := b.Outcomes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	table := TableOf(b.Plan(), out)
	var c, j bytes.Buffer
	if err := errors.Join(table.WriteCSV(&c), table.WriteJSONL(&j)); err != nil {
		t.Fatal(err)
	}
	return c.String(), j.String()
}

// Whatever the number of workers and processes, each task has one row and the tables are
// the same; what fails, or panics, is kept with its cause.
func TestFolder(t *testing.T) {
	var first [2]string
	for _, crews := range []int{1, 3} {
		dir := t.TempDir()
		done := make(chan error, crews)
		for c := range crews {
			// Each crew is as another process: it opens the folder on its own.
			f, err := CreateFolder(durable.OS{}, dir, squares(20), 0)
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				crew := &Crew{Board: f, Works: map[string]Work{"square": square}, Workers: 2, Name: fmt.Sprint("crew", c), Folder: f.TaskFolder}
				done <- crew.Run(t.Context())
			}()
		}
		for range crews {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		f, err := OpenFolder(durable.OS{}, dir)
		if err != nil {
			t.Fatal(err)
		}
		csv, jsonl := tables(t, f)
		if first[0] == "" {
			first = [2]string{csv, jsonl}
			for _, want := range []string{"task,kind,i,square,failed\n", ",square,3,,3 is no good\n", ",square,4,16,\n", ",square,5,,panic: out of range\n"} {
				if !strings.Contains(csv, want) {
					t.Errorf("the table has no %q:\n%s", want, csv)
				}
			}
		}
		if first != [2]string{csv, jsonl} {
			t.Errorf("%d crews have another table:\n%s", crews, csv)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "leases", "*")); len(left) > 0 {
			t.Errorf("leases are left: %v", left)
		}
		if err := f.Retry(); err != nil {
			t.Fatal(err)
		}
		out, err := f.Outcomes(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(out) != 14 { // 6 of 20 had failed
			t.Errorf("%d tasks are done after the failed ones were opened", len(out))
		}
	}
}

// The task of a worker that died is done by another, once the lease is stale; one that
// kills whoever takes it fails in the end.
func TestDeadWorkers(t *testing.T) {
	f, err := CreateFolder(durable.OS{}, t.TempDir(), squares(3), 50*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Take(t.Context(), "dead"); err != nil { // and never heard of again
		t.Fatal(err)
	}
	for range maxBegun {
		if err := os.MkdirAll(filepath.Join(f.dir, "tasks", f.plan.Tasks[1].Name()), 0o777); err != nil {
			t.Fatal(err)
		}
		if _, err := f.begin(f.plan.Tasks[1]); err != nil {
			t.Fatal(err)
		}
	}
	crew := &Crew{Board: f, Works: map[string]Work{"square": square}, Workers: 1, Name: "alive", Folder: f.TaskFolder}
	if err := crew.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	out, err := f.Outcomes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if o := out[f.plan.Tasks[0].Name()]; o.Row["square"] != 0 || o.Failed != "" || o.Begun != 2 {
		t.Errorf("the dead worker's task: %+v", o)
	}
	if o := out[f.plan.Tasks[1].Name()]; !strings.Contains(o.Failed, "never finished") {
		t.Errorf("the deadly task: %+v", o)
	}
}

// Work that lasts longer than a lease keeps it.
func TestLeaseIsKept(t *testing.T) {
	dir := t.TempDir()
	_, err := CreateFolder(durable.OS{}, dir, squares(1), 400*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	var times atomic.Int32
	slow := func(context.Context, Task, string) (Row, error) {
		times.Add(1)
		time.Sleep(time.Second)
		return Row{"x": 1}, nil
	}
	done := make(chan error, 2)
	for i := range 2 {
		go func() {
			g, err := OpenFolder(durable.OS{}, dir)
			if err == nil {
				crew := &Crew{Board: g, Works: map[string]Work{"square": slow}, Workers: 1, Name: fmt.Sprint("w", i), Folder: g.TaskFolder}
				err = crew.Run(t.Context())
			}
			done <- err
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if n := times.Load(); n != 1 {
		t.Errorf("it was done %d times", n)
	}
}

// A study that was stopped goes on, and another in its folder is refused.
func TestStopped(t *testing.T) {
	dir := t.TempDir()
	f, err := CreateFolder(durable.OS{}, dir, squares(30), 0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	n := 0
	crew := &Crew{Board: f, Works: map[string]Work{"square": square}, Workers: 1, Name: "a", Folder: f.TaskFolder, Done: func(Outcome) {
		if n++; n == 10 {
			stop()
		}
	}}
	if err := crew.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("stopped: %v", err)
	}
	// A task that is stopped in its midst is given back.
	ctx, stop = context.WithCancel(t.Context())
	within := &Crew{Board: f, Works: map[string]Work{"square": func(ctx context.Context, _ Task, _ string) (Row, error) { stop(); return nil, ctx.Err() }}, Workers: 1, Name: "w", Folder: f.TaskFolder}
	if err := within.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("stopped within: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "leases", "*")); len(left) > 0 {
		t.Errorf("leases are left: %v", left)
	}
	if _, err := CreateFolder(durable.OS{}, dir, squares(31), 0); err == nil {
		t.Error("another study was taken in the same folder")
	}
	if f, err = CreateFolder(durable.OS{}, dir, squares(30), 0); err != nil {
		t.Fatal(err)
	}
	again := 0
	crew = &Crew{Board: f, Works: map[string]Work{"square": square}, Workers: 1, Name: "b", Folder: f.TaskFolder, Done: func(Outcome) { again++ }}
	if err := crew.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n+again < 30 || again > 21 {
		t.Errorf("%d tasks, then %d of 30", n, again)
	}
}

func TestDamagedFolders(t *testing.T) {
	dir := t.TempDir()
	if _, err := CreateFolder(durable.OS{}, dir, squares(2), 0); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "plan.json")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(string) string{
		"cut short":      func(s string) string { return s[:len(s)/2] },
		"another schema": func(s string) string { return strings.Replace(s, "study/v1", "study/v9", 1) },
		"changed":        func(s string) string { return strings.Replace(s, `"i": 1`, `"i": 2`, 1) },
	} {
		if err := os.WriteFile(path, []byte(change(string(raw))), 0o666); err != nil {
			t.Fatal(err)
		}
		var bad *PlanError
		if _, err := OpenFolder(durable.OS{}, dir); !errors.As(err, &bad) || !strings.Contains(err.Error(), "plan.json") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Every ready study has tasks, quick ones fewer, and a page without rows says so.
func TestReady(t *testing.T) {
	for _, r := range Studies() {
		o := Options{Devices: []string{"a.json", "b.json"}[:r.Devices]}
		full := r.Plan(o)
		o.Quick = true
		quick := r.Plan(o)
		if len(quick.Tasks) == 0 || len(quick.Tasks) > len(full.Tasks) {
			t.Errorf("%s: %d tasks, quick %d", r.Name, len(full.Tasks), len(quick.Tasks))
		}
		page := r.Page(TableOf(quick, nil))
		if !strings.Contains(strings.Join(page.Says, " "), "are not done yet") {
			t.Errorf("%s: a page without rows says %v", r.Name, page.Says)
		}
	}
}

func TestEmit(t *testing.T) {
	e := Emit{Plan: squares(3), Queue: "dir:/shared/my study", Workers: 5, CPUs: 2, Memory: "2G", Limit: "1:00:00", Command: []string{"qgan", "worker", "--queue", "dir:/shared/my study"}}
	text, err := e.Text("slurm")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"#SBATCH --array=1-5\n", "exec qgan worker --queue 'dir:/shared/my study'\n", "export GOMAXPROCS=2\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	e.Queue, e.Image = "nats://queue:4222", "registry/qgan:1"
	e.Command = []string{"qgan", "worker", "--queue", e.Queue}
	if text, err = e.Text("kubernetes"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"parallelism: 5\n", `command: ["qgan"]`, `args: ["worker", "--queue", "nats://queue:4222"]`, "memory: 2Gi"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for _, wrong := range []Emit{{Workers: 1, CPUs: 1, Queue: "a\nb", Command: e.Command}, {Workers: 1, CPUs: 1, Queue: "a"}, {CPUs: 1, Command: e.Command}} {
		if text, err := wrong.Text("slurm"); err == nil {
			t.Errorf("%+v was taken:\n%s", wrong, text)
		}
	}
}

// The page of the paper's grid has a line a cell, from the tasks of the plain grid alone,
// and the files that stand beside by their names.
func TestGridTable(t *testing.T) {
	cell := func(preset string, js float64, more map[string]any) TableRow {
		settings := map[string]any{"neurons": 4, "timesteps": 2, "preset": preset, "evaluate.compare": "/data/some-model.mat"}
		for k, v := range more {
			settings[k] = v
		}
		return TableRow{Task: Task{Kind: "train", Settings: settings}, Row: Row{
			"drawn_js_nats": js, "parameters": 64, "p_silent": 0.25, "p_silent_recording": 0.5, "covariance_error": 0.125,
			"null_floor_nats": 0.001, "baseline_split_half": 0.002, "compared_some_model": 0.003, "compared_some_model_covariance_error": 0.75,
		}}
	}
	table := Table{Rows: []TableRow{cell("paper", 0.3, nil), cell("deep", 0.01, nil), cell("deep", 0.03, map[string]any{"seed": 1}), cell("paper", 9, map[string]any{"layers": 8}), cell("deep", 0.005, map[string]any{"stimulus": "repeat"})}}
	got := table.gridTable()
	want := [][]string{{
		"4", "2", "0.5000", "64", "0.3", "0.2500", "0.125", "64", "0.02", "0.2500", "0.125", "64", "0.005", "0.2500", "0.125", "0.001", "0.002", "–", "0.003", "0.75",
	}}
	if diff := cmp.Diff(want, got.Rows); diff != "" {
		t.Error(diff)
	}
	if len(got.Head) != len(want[0]) || got.Head[18] != "some-model_mat: JS" || got.Head[11] != "deep, time known: parameters" {
		t.Errorf("head %q", got.Head)
	}
}

func TestQuartiles(t *testing.T) {
	for _, k := range []struct{ values, want []float64 }{
		{[]float64{5}, []float64{5, 5, 5}},
		{[]float64{3, 1}, []float64{1.5, 2, 2.5}},
		{[]float64{9, 1, 2}, []float64{1.5, 2, 5.5}},
		{[]float64{4, 1, 3, 2}, []float64{1.75, 2.5, 3.25}},
	} {
		low, mid, high := quartiles(k.values)
		if diff := cmp.Diff(k.want, []float64{low, mid, high}); diff != "" {
			t.Errorf("%v: %s", k.values, diff)
		}
	}
}
