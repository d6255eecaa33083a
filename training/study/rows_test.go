package study

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"qgan/metrics"
	"qgan/metrics/report"
	"qgan/training"
	"qgan/training/assess"
)

func number(x float64) *float64 { return &x }

// The figures of a training, under the names of the table.
func TestResultRow(t *testing.T) {
	r := &assess.Result{Parameters: training.Counts{Angles: 10, LatentScales: 3, Memory: 5, Critic: 100}, Iterations: 7, Circuits: 11, Law: assess.Law{PSilent: 0.25}}
	want := Row{"p_silent": 0.25, "iterations": 7, "parameters": 18}
	if diff := cmp.Diff(want, resultRow(r)); diff != "" {
		t.Errorf("without a law: %s", diff)
	}
	r.Shots = 1000
	r.Law = assess.Law{PSilent: 0.5, JS: number(1), StdErr: number(2), HeldOut: number(3), Floor: number(4), LatentJS: number(math.NaN()), Null: number(9), Odd: number(9)}
	want = Row{"p_silent": 0.5, "iterations": 7, "parameters": 18, "js_nats": 1, "js_stderr": 2, "js_heldout_nats": 3, "floor_nats": 4, "total_shots": 1000, "total_circuits": 11}
	if diff := cmp.Diff(want, resultRow(r)); diff != "" {
		t.Error(diff)
	}
}

// The figures of an evaluation: of what was drawn, of simple models and of files beside.
func TestEvaluationRow(t *testing.T) {
	in := func(name string, error float64) metrics.TimeResult {
		return metrics.TimeResult{Name: name, Figures: []metrics.TimeFigure{{Name: "count-error", Value: number(99)}, {Name: "covariance-error", Value: number(error)}, {Name: "burst-error"}}}
	}
	e := &assess.Evaluation{
		Law:       assess.Law{PSilent: 0.25, JS: number(1), Null: number(2)},
		Recording: metrics.Summary{PSilent: 0.75},
		Baselines: []metrics.BaselineResult{{Name: "split-half", JS: number(3)}, {Name: "ising"}},
		Compared:  []assess.Compared{{File: "/data/some-model.mat", JS: 4}, {File: "b.npz", JS: 5}},
		Time:      assess.Time{Results: []metrics.TimeResult{in("the run", 6), in("split-half", 7), in("/data/some-model.mat", 8), in("b.npz", 9)}},
	}
	want := Row{
		"p_silent": 0.25, "p_silent_recording": 0.75, "drawn_js_nats": 1, "null_floor_nats": 2, "js_nats": 1, "baseline_split_half": 3, "compared_some_model": 4, "compared_b": 5,
		"covariance_error": 6, "covariance_error_split_half": 7, "compared_some_model_covariance_error": 8, "compared_b_covariance_error": 9,
	}
	row := Row{}
	evaluationRow(e, row)
	if diff := cmp.Diff(want, row); diff != "" {
		t.Error(diff)
	}
	row = Row{"js_nats": 42} // the exact law's stays
	evaluationRow(e, row)
	if want["js_nats"] = 42; !cmp.Equal(want, row) {
		t.Error(cmp.Diff(want, row))
	}
}

// A task's recording is read as its settings say, by the neurons of the task or of the kind.
func TestTaskRecording(t *testing.T) {
	for _, k := range []struct {
		settings       map[string]any
		neurons, train int
		width          float64
	}{
		{map[string]any{}, 5, 100, 0.02},
		{map[string]any{"neurons": int64(3), "train-repeats": "0:60"}, 3, 60, 0.02},
		{map[string]any{"neurons": "1,4", "train-repeats": "odd"}, 2, 50, 0.02},
	} {
		rec, err := Task{"train", k.settings}.Recording(5)
		if err != nil {
			t.Fatal(err)
		}
		if rec.Train.Neurons != k.neurons || rec.Train.Repeats != k.train || rec.Train.BinWidth != k.width {
			t.Errorf("%v: %d neurons, %d repeats, bins of %v s", k.settings, rec.Train.Neurons, rec.Train.Repeats, rec.Train.BinWidth)
		}
	}
	for _, k := range []struct {
		settings map[string]any
		want     string
	}{
		{map[string]any{"data": "none.npz"}, "none.npz"},
		{map[string]any{"repeat-bins": 0}, "setting repeat-bins is 0, a whole number from 1 is needed"},
		{map[string]any{"bin-width": "wide"}, "setting bin-width is wide, a number is needed"},
		{map[string]any{"sampling-rate": "high"}, "setting sampling-rate is high, a number is needed"},
		{map[string]any{"max-gap": "wide"}, "setting max-gap is wide, a number is needed"},
	} {
		if _, err := (Task{"train", k.settings}).Recording(5); err == nil || !strings.Contains(err.Error(), k.want) {
			t.Errorf("%v: %v, want … %s …", k.settings, err, k.want)
		}
	}
	text := make([]string, 60)
	for i := range text {
		text[i] = []string{"1,0,0", "0,1,1", "0,0,0"}[i%3]
	}
	path := filepath.Join(t.TempDir(), "made.csv")
	if err := writeText(path, strings.Join(text, "\n")+"\n"); err != nil {
		t.Fatal(err)
	}
	rec, err := Task{"train", map[string]any{"data": path, "repeat-bins": 20.0, "bin-width": 0.005}}.Recording(2)
	if err != nil {
		t.Fatal(err)
	}
	if r := rec.Train; r.Repeats != 3 || r.Bins != 20 || r.Neurons != 2 || r.BinWidth != 0.005 {
		t.Errorf("%d repeats of %d bins of %v s, %d neurons", r.Repeats, r.Bins, r.BinWidth, r.Neurons)
	}
}

// A lab makes a run with the settings of its task, and finds it again.
func TestLabOpen(t *testing.T) {
	l := new(Lab).lab()
	for _, k := range []struct {
		settings         map[string]any
		neurons, steps   int
		preset, schedule string
	}{
		{map[string]any{"train-repeats": "0:9", "critic-lr": 0.5}, 8, 1, "deep", "cosine"},
		{map[string]any{"timesteps": 2, "preset": "paper"}, 4, 2, "paper", "constant"},
		{map[string]any{"timesteps": 2.0, "neurons": 3, "schedule": "constant"}, 3, 2, "deep", "constant"},
	} {
		dir := filepath.Join(t.TempDir(), "run")
		job, err := l.New(t.Context(), texts(k.settings))
		if err != nil {
			t.Fatal(err)
		}
		if err := job.Begin(dir); err != nil {
			t.Fatal(err)
		}
		run, rec := job.Run, job.Recording
		c := run.Manifest.Config
		if c.Neurons != k.neurons || c.Timesteps != k.steps || c.Preset != k.preset || string(c.Schedule) != k.schedule || rec.Train.Neurons != k.neurons {
			t.Errorf("%v: %+v", k.settings, c)
		}
		if k.settings["critic-lr"] != nil && c.CriticLR != 0.5 {
			t.Errorf("%v: critic's learning rate %v", k.settings, c.CriticLR)
		}
		d := run.Manifest.Data
		if d.Shape != [3]int{rec.Train.Repeats, rec.Train.Bins, rec.Train.Neurons} || d.BinWidth != rec.Train.BinWidth || d.SHA256 != rec.Train.Source.SHA256 || run.Manifest.Parameters != training.CountParameters(c) {
			t.Errorf("%v: manifest %+v", k.settings, run.Manifest)
		}
		if when, err := time.Parse(time.RFC3339, run.Manifest.Started); err != nil || time.Since(when) > time.Hour || !strings.HasSuffix(run.Manifest.Started, "Z") {
			t.Errorf("started at %s", run.Manifest.Started)
		}
		again, err := l.Resume(t.Context(), dir, nil)
		if err != nil || !cmp.Equal(again.Run.Manifest, run.Manifest) || again.Recording.Train.Repeats != rec.Train.Repeats || again.Recording.Train.Neurons != k.neurons {
			t.Errorf("%v, again: %+v, %v", k.settings, again, err)
		}
	}
	if _, err := l.New(t.Context(), texts(map[string]any{"timesteps": 0})); err == nil {
		t.Error("windows of no bin were taken")
	}
}

// What a board's failures are called: what the user gave and the end of a context keep
// their own names.
func TestBoardErrors(t *testing.T) {
	own := errors.New("the disk is full")
	for _, k := range []struct {
		err   error
		board bool
	}{{nil, false}, {own, true}, {&PlanError{"bad"}, false}, {context.Canceled, false}, {context.DeadlineExceeded, true}} {
		err := boardError(k.err)
		var b *BoardError
		if errors.As(err, &b) != k.board || !errors.Is(err, k.err) || k.err != nil && err.Error() != k.err.Error() {
			t.Errorf("%v became %#v", k.err, err)
		}
	}
}

// A page that has more rows than fit says so, and what only some tasks have as files and
// samples is no column.
func TestPageTable(t *testing.T) {
	p := Plan{Name: "long"}
	for i := range 405 {
		k := Task{"train", map[string]any{"i": i}}
		if i < 5 {
			k.Settings["evaluate.samples"] = 100
		}
		p.Tasks = append(p.Tasks, k)
	}
	outcomes := map[string]Outcome{p.Tasks[0].Name(): {Row: Row{"x": 1. / 3}}}
	m := TableOf(p, outcomes).pageTable("All")
	if diff := cmp.Diff([]string{"i", "x"}, m.Head); diff != "" {
		t.Error(diff)
	}
	if len(m.Rows) != 400 || m.Note != "The first 400 of 405 rows; the files table.csv and table.jsonl hold all." || !cmp.Equal(m.Rows[:2], [][]string{{"0", "0.3333"}, {"1", "–"}}) {
		t.Errorf("%d rows, %s, %v", len(m.Rows), m.Note, m.Rows[:2])
	}
	p.Tasks = p.Tasks[:400]
	outcomes[p.Tasks[1].Name()] = Outcome{Failed: "no luck"}
	table := TableOf(p, outcomes)
	m = table.pageTable("All")
	if len(m.Rows) != 400 || m.Note != "Files: table.csv, table.jsonl." || !cmp.Equal(m.Rows[1], []string{"1", "–", "no luck"}) || m.Head[2] != "failed" {
		t.Errorf("%d rows, %s, %v", len(m.Rows), m.Note, m.Rows[1])
	}
	page := Page(table)
	want := report.Study{Title: "long", Lines: []string{"study long, 400 tasks, plan " + p.Hash()}, Says: []string{"1 of 400 tasks failed; their causes are in the table.", "398 of 400 tasks are not done yet."}}
	if page.Title != want.Title || !cmp.Equal(page.Lines, want.Lines) || !cmp.Equal(page.Says, want.Says) || len(page.Tables) != 1 || page.Tables[0].Caption != "Table" {
		t.Errorf("page %q, %q, %q", page.Title, page.Lines, page.Says)
	}
	if table.Done() != 2 || table.Failed() != 1 {
		t.Errorf("%d done, %d failed", table.Done(), table.Failed())
	}
	outcomes[p.Tasks[3].Name()], outcomes[p.Tasks[4].Name()] = Outcome{Failed: "no luck"}, Outcome{Failed: "no file"}
	causes := []Cause{{"no luck", []string{p.Tasks[1].Name(), p.Tasks[3].Name()}}, {"no file", []string{p.Tasks[4].Name()}}}
	if diff := cmp.Diff(causes, TableOf(p, outcomes).Causes()); diff != "" {
		t.Error(diff)
	}
}

// Numbers of settings, whatever file they came from.
func TestTaskNumbers(t *testing.T) {
	k := Task{"k", map[string]any{"int": 3, "int64": int64(4), "float": 2.5, "word": "x", "large": 2e15}}
	for _, c := range []struct {
		name  string
		least int
		want  int
		err   string
	}{
		{"int", 3, 3, ""}, {"int", 4, 0, "setting int is 3, a whole number from 4 is needed"}, {"int64", 0, 4, ""}, {"float", 0, 0, "setting float is 2.5"},
		{"word", 0, 0, "setting word is x, a number is needed"}, {"none", 0, 0, "setting none is missing"}, {"large", 0, 0, "setting large is 2e+15"},
	} {
		got, err := k.Int(c.name, c.least)
		if c.err == "" && (err != nil || got != c.want) || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s from %d: %d, %v", c.name, c.least, got, err)
		}
	}
	if x, err := k.intOr("none", 5, 1); x != 1 || err != nil {
		t.Errorf("absent: %d, %v", x, err)
	}
	for v, want := range map[any]string{nil: "", 3: "3", 1e15: "1e+15", -4.0: "-4", 0.5: "0.5", true: "true", "w": "w", int64(9): "9"} {
		if got := SettingText(v); got != want {
			t.Errorf("%v is written %q, want %q", v, got, want)
		}
	}
	if got := SettingText([]any{1.0, "a", 2.5}); got != "1,a,2.5" {
		t.Errorf("a list is written %q", got)
	}
}

func writeText(path, text string) error { return os.WriteFile(path, []byte(text), 0o666) }

// A curve has error bars where one of its points has several values, by hand.
func TestCurve(t *testing.T) {
	row := func(x any, y float64) TableRow {
		return TableRow{Task: Task{"k", map[string]any{"x": x}}, Row: Row{"y": y}}
	}
	exported := cmpopts.IgnoreUnexported(report.Series{}) // what its drawing adds
	rows := []TableRow{row(2, 7), row(1, 4), row(1.0, 8), row("none", 9), {Task: Task{"k", map[string]any{"x": 1}}, Row: Row{"z": 1}}}
	want := report.Series{Name: "c", Line: true, X: []float64{1, 2}, Y: []float64{6, 7}, Low: []float64{5, 7}, High: []float64{7, 7}}
	if diff := cmp.Diff(want, curve("c", rows, "x", "y"), exported); diff != "" {
		t.Error(diff)
	}
	want = report.Series{Name: "c", Line: true, X: []float64{1, 2}, Y: []float64{4, 7}}
	if diff := cmp.Diff(want, curve("c", rows[:2], "x", "y"), exported); diff != "" {
		t.Error(diff)
	}
}
