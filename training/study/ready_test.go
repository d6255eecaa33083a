package study

import (
	"bytes"
	"flag"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"qgan/metrics/report"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares a text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-update writes it anew): %s", path, diff)
	}
}

// The tasks of the ready studies: how many, what varies, and the hash of all of them.
func TestReadyPlans(t *testing.T) {
	var b strings.Builder
	describe := func(what string, p Plan) {
		fmt.Fprintf(&b, "%s: %s, %d tasks, %s\n", what, p.Name, len(p.Tasks), p.Hash())
		names, kinds := map[string]bool{}, []string{}
		for _, k := range p.Tasks {
			if !slices.Contains(kinds, k.Kind) {
				kinds = append(kinds, k.Kind)
			}
			for name := range k.Settings {
				names[name] = true
			}
		}
		fmt.Fprintf(&b, "  kinds: %s\n", strings.Join(kinds, " "))
		var sorted []string
		for name := range names {
			sorted = append(sorted, name)
		}
		slices.Sort(sorted)
		for _, name := range sorted {
			counts := map[string]int{}
			for _, k := range p.Tasks {
				counts[SettingText(k.Settings[name])]++
			}
			fmt.Fprintf(&b, "  %s:", name)
			for _, v := range TableOf(p, nil).values(name) {
				fmt.Fprintf(&b, " %s (%d)", v, counts[v])
			}
			b.WriteString("\n")
		}
	}
	for _, r := range Studies() {
		o := Options{Devices: []string{"a.json", "b.json"}[:r.Devices]}
		describe(r.Name, r.Plan(o))
		o.Quick = true
		describe("quick", r.Plan(o))
		o.Seeds, o.Settings, o.Override, o.Compare = []int64{7}, map[string]any{"data": "x.npz"}, map[string]any{"neurons": 3}, []string{"m.mat", "n.mat"}
		describe("as asked", r.Plan(o))
	}
	golden(t, "plans.txt", b.String())
}

// figuresOf are those of a task of each ready study.
var figuresOf = map[string][]string{
	"shot-noise":   {"variance", "shot_part", "latent_part"},
	"plateau":      {"variance", "shots"},
	"metric-error": {"js", "js_sd", "corrected", "corrected_sd", "null", "rate", "rate_sd", "covariance", "covariance_sd", "k", "k_sd"},
	"budget":       {"js_nats", "total_shots", "floor_nats"},
	"device-noise": {"ideal", "noisy", "noisy-without-readout-errors", "read", "mitigated"},
	"transfer":     {"noisy", "ideal"},
	"paper": {"js_nats", "null_floor_nats", "baseline_independent_in_time", "baseline_split_half", "drawn_js_nats", "parameters", "p_silent", "p_silent_recording",
		"covariance_error", "covariance_error_split_half", "compared_m", "compared_m_covariance_error", "js_split_half", "parameters_split_half", "js_fully_connected_large", "parameters_fully_connected_large"},
}

// made is a figure between 0 and 1 that depends on the task and its name, or a number of
// parameters between 0 and 1000.
func made(k Task, figure string) float64 {
	h := fnv.New32a()
	h.Write([]byte(k.Name() + figure))
	x := float64(h.Sum32()%997+1) / 998.3 // no rounded mean lies half way
	if strings.HasPrefix(figure, "parameters") {
		return math.Round(1000 * x)
	}
	return x
}

// text writes a page, for people to compare.
func text(s report.Study) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "== %s\n", s.Title)
	for _, l := range s.Lines {
		fmt.Fprintf(&b, "line: %s\n", l)
	}
	for _, l := range s.Says {
		fmt.Fprintf(&b, "says: %s\n", l)
	}
	row := func(what string, x []float64) {
		if x != nil {
			fmt.Fprintf(&b, " %s", what)
			for _, v := range x {
				fmt.Fprintf(&b, " %.4g", v)
			}
		}
	}
	for _, f := range s.Figures {
		fmt.Fprintf(&b, "figure %s: %s; %s (log %v), %s (log %v)\n  %s\n", f.Name, f.Title, f.X, f.LogX, f.Y, f.LogY, f.Caption)
		for _, c := range f.Series {
			fmt.Fprintf(&b, "  %s:", c.Name)
			if c.Line {
				b.WriteString(" line")
			}
			if c.Reference {
				b.WriteString(" reference")
			}
			if c.Own {
				b.WriteString(" own")
			}
			row("x", c.X)
			row("y", c.Y)
			row("low", c.Low)
			row("high", c.High)
			b.WriteString("\n")
		}
	}
	for _, m := range s.Tables {
		fmt.Fprintf(&b, "table %s: %s\n  %s\n", m.Caption, m.Note, strings.Join(m.Head, " | "))
		if m.Caption == "All figures" {
			m.Rows = m.Rows[:1]
		}
		for _, r := range m.Rows {
			fmt.Fprintf(&b, "  %s\n", strings.Join(r, " | "))
		}
	}
	return b.String()
}

// The pages of quick studies of two seeds with made-up figures: which row goes into which
// curve, cell and sentence.
func TestReadyPages(t *testing.T) {
	var b strings.Builder
	for _, r := range Studies() {
		p := r.Plan(Options{Quick: true, Seeds: []int64{0, 1}, Devices: []string{"a.json", `c:\b.json`}[:r.Devices], Compare: []string{"/d/m.mat"}})
		outcomes := map[string]Outcome{}
		for i, k := range p.Tasks {
			o := Outcome{Task: k, Row: Row{}}
			for _, name := range figuresOf[r.Name] {
				if r.Name != "paper" || k.Kind == "baseline" == (strings.HasPrefix(name, "js_") && name != "js_nats" || strings.HasPrefix(name, "parameters_")) {
					o.Row[name] = made(k, name)
				}
			}
			if r.Name == "budget" {
				o.Row["floor_nats"] = 0.4
			}
			switch {
			case i == 1 && r.Name == "plateau":
				o = Outcome{Task: k, Failed: "no luck"}
			case i == 2 && r.Name == "plateau":
				continue // open
			}
			outcomes[k.Name()] = o
		}
		b.WriteString(text(r.Page(TableOf(p, outcomes))))
	}
	golden(t, "pages.txt", b.String())
}
