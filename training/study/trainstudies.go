package study

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"qgan/metrics/report"
	"qgan/training"
)

// ---- distance against all shots

func budgetPlan(o Options) Plan {
	settings := map[string]any{"neurons": 4, "gradient": "parameter-shift"}
	seeds := o.seeds(5, 2)
	return plan("budget", o,
		part{Kind: "train", Seeds: seeds, Settings: settings, Grid: map[string]any{
			"shots":      pick(o.Quick, list("30", "300"), list("10", "30", "100", "300", "1000", "3000")),
			"iterations": pick(o.Quick, list(300), list(1000, 3000)),
		}},
		part{Kind: "train", Seeds: seeds, Settings: settings, Grid: map[string]any{
			"shots":      pick(o.Quick, list("10:300"), list("10:1000", "30:3000", "100:10000")),
			"iterations": pick(o.Quick, list(300), list(1000, 3000)),
		}},
		part{Kind: "train", Seeds: seeds, Settings: with(settings, "gradient", "spsa"), Grid: map[string]any{
			"shots":      pick(o.Quick, list("300"), list("100", "1000", "10000")),
			"iterations": pick(o.Quick, list(300), list(3000)),
		}},
	)
}

func with(settings map[string]any, key string, value any) map[string]any {
	out := maps.Clone(settings)
	out[key] = value
	return out
}

func budgetPage(t Table) report.Study {
	s := t.page("Distance at the end against all shots")
	f := report.XY{
		Name: "budget", Title: "Distance against all shots of the training", X: "shots", Y: "JS (nats)", LogX: true, LogY: true,
		Caption: "Divergence of the trained circuit's exact law to the recording's, median over the seeds with quartiles; a point is a setting of shots and steps.",
	}
	groups := map[string]map[string][]TableRow{}
	for _, r := range t.Rows {
		if r.Row == nil {
			continue
		}
		shots := SettingText(r.Task.Settings["shots"])
		kind := SettingText(r.Task.Settings["gradient"]) + ", fixed shots"
		if strings.Contains(shots, ":") {
			kind = "parameter-shift, allocated shots"
		}
		kind += ", " + SettingText(r.Task.Settings["iterations"]) + " steps"
		if groups[kind] == nil {
			groups[kind] = map[string][]TableRow{}
		}
		groups[kind][shots] = append(groups[kind][shots], r)
	}
	best := report.Table{Caption: "Medians", Head: []string{"gradient", "shots a circuit", "all shots", "JS (nats), quartiles", "seeds"}}
	floor := t.rowsWhere("floor_nats", nil)
	var cheapest struct {
		kind, shots string
		all, js     float64
	}
	for _, kind := range slices.Sorted(maps.Keys(groups)) {
		type point struct {
			shots             string
			x, low, mid, high float64
			seeds             int
		}
		var points []point
		for shots := range groups[kind] {
			var js, total []float64
			for _, r := range groups[kind][shots] {
				js, total = append(js, r.Row["js_nats"]), append(total, r.Row["total_shots"])
			}
			low, mid, high := quartiles(js)
			_, x, _ := quartiles(total)
			points = append(points, point{shots, x, low, mid, high, len(js)})
		}
		slices.SortFunc(points, func(a, b point) int { return cmp.Or(cmp.Compare(a.x, b.x), cmp.Compare(a.shots, b.shots)) })
		c := report.Series{Name: kind, Line: true}
		for _, p := range points {
			c.X, c.Y, c.Low, c.High = append(c.X, p.x), append(c.Y, p.mid), append(c.Low, p.low), append(c.High, p.high)
			best.Rows = append(best.Rows, []string{kind, p.shots, fmt.Sprintf("%.3g", p.x), fmt.Sprintf("%.3g (%.3g to %.3g)", p.mid, p.low, p.high), strconv.Itoa(p.seeds)})
			if len(floor) > 0 && p.mid < floor[0].Row["floor_nats"] && (cheapest.shots == "" || p.x < cheapest.all) {
				cheapest.kind, cheapest.shots, cheapest.all, cheapest.js = kind, p.shots, p.x, p.mid
			}
		}
		f.Series = append(f.Series, c)
	}
	switch {
	case len(floor) == 0:
	case cheapest.shots == "":
		s.Says = append(s.Says, "No setting has a median below the distance of the recording's halves.")
	default:
		s.Says = append(s.Says, fmt.Sprintf("The fewest shots with a median below the distance of the recording's halves: %.3g in all (%s, %s a circuit), JS %.3g.", cheapest.all, cheapest.kind, cheapest.shots, cheapest.js))
	}
	if len(floor) > 0 && len(f.Series) > 0 {
		y := floor[0].Row["floor_nats"]
		lo, hi := f.Series[0].X[0], f.Series[0].X[0]
		for _, c := range f.Series {
			lo, hi = min(lo, slices.Min(c.X)), max(hi, slices.Max(c.X))
		}
		f.Series = append(f.Series, report.Series{Name: "split half", X: []float64{lo, hi}, Y: []float64{y, y}, Reference: true})
	}
	s.Figures = []report.XY{f}
	s.Says = append(s.Says, "The distance is that of the trained circuit's exact law, not of shots, so it has no sampling error; what differs from seed to seed is the training.")
	s.Tables = []report.Table{best, t.pageTable("All figures")}
	return s
}

// ---- a device's noise, scaled

func deviceNoisePlan(o Options) Plan {
	var scales []any
	for _, x := range pick(o.Quick, []float64{0, 1}, []float64{0, 0.5, 1, 2, 4}) {
		text := strconv.FormatFloat(x, 'g', -1, 64)
		scales = append(scales, fmt.Sprintf("gates=%s,relaxation=%s,readout=%s", text, text, text))
		if x != 1 {
			scales = append(scales, "gates="+text, "relaxation="+text, "readout="+text)
		}
	}
	return plan("device-noise", o, part{
		Kind: "device", Seeds: o.seeds(3, 1),
		Settings: map[string]any{"neurons": 4, "objective": "wgan", "mitigate": "m3", "samples": pick(o.Quick, 2000, 20000), "iterations": pick(o.Quick, 300, 3000)},
		Grid:     map[string]any{"device": list(o.Devices...), "device-noise": scales},
	})
}

func deviceNoisePage(t Table) report.Study {
	s := t.page("A trained generator under a device's noise")
	for _, device := range t.values("device") {
		for _, what := range []struct{ key, title string }{{"all", "all errors"}, {"gates", "gate errors"}, {"relaxation", "relaxation"}, {"readout", "readout errors"}} {
			f := report.XY{
				Name: "noise_" + fileName(device) + "_" + what.key, Title: "Distance against the scale of " + what.title, X: "times the device's own", Y: "JS (nats)", LogY: true,
				Caption: "Exact law of the compiled circuit under noise, with and without its readout errors; and drawn windows as they are read and after mitigation. The other errors are the device's own. Median over the seeds.",
			}
			for _, k := range []struct{ name, figure string }{{"law under noise", "noisy"}, {"without readout errors", "noisy-without-readout-errors"}, {"drawn, as read", "read"}, {"drawn, mitigated", "mitigated"}, {"ideal law", "ideal"}} {
				at := map[float64][]float64{}
				for _, r := range t.rowsWhere(k.figure, map[string]string{"device": device}) {
					x, group, ok := scaleOf(SettingText(r.Task.Settings["device-noise"]))
					if ok && (group == what.key || x == 1) {
						at[x] = append(at[x], r.Row[k.figure])
					}
				}
				c := report.Series{Name: k.name, Line: true, Reference: k.figure == "ideal"}
				for _, x := range slices.Sorted(maps.Keys(at)) {
					low, mid, high := quartiles(at[x])
					c.X, c.Y = append(c.X, x), append(c.Y, mid)
					if !c.Reference {
						c.Low, c.High = append(c.Low, low), append(c.High, high)
					}
				}
				if len(c.X) > 0 {
					f.Series = append(f.Series, c)
				}
			}
			s.Figures = append(s.Figures, f)
		}
		own := t.rowsWhere("noisy", map[string]string{"device": device, "device-noise": "gates=1,relaxation=1,readout=1"})
		if len(own) > 0 {
			median := func(figure string) float64 {
				var v []float64
				for _, r := range own {
					v = append(v, r.Row[figure])
				}
				_, m, _ := quartiles(v)
				return m
			}
			s.Says = append(s.Says, fmt.Sprintf("%s as it is: JS %.3g without noise, %.3g with, %.3g without the readout errors; drawn %.3g as read, %.3g mitigated. Readout errors are %.0f %% of what noise adds.",
				fileName(device), median("ideal"), median("noisy"), median("noisy-without-readout-errors"), median("read"), median("mitigated"),
				100*(median("noisy")-median("noisy-without-readout-errors"))/(median("noisy")-median("ideal"))))
		}
	}
	s.Says = append(s.Says, "Mitigation takes out readout errors alone, so it can't do better than the law without them; what gates and waiting add stays.")
	s.Tables = []report.Table{t.pageTable("All figures")}
	return s
}

// scaleOf reads the scale of a setting device-noise: its factor, and of which errors.
func scaleOf(text string) (x float64, group string, ok bool) {
	first, rest, several := strings.Cut(text, ",")
	group, number, _ := strings.Cut(first, "=")
	x, err := strconv.ParseFloat(number, 64)
	if several && rest != "" {
		group = "all"
	}
	return x, group, err == nil
}

// fileName makes a name for files of a path or a device.
func fileName(s string) string {
	s = s[strings.LastIndexAny(s, `/\`)+1:]
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, strings.TrimSuffix(s, ".json"))
}

// ---- trained here, run there

func transferPlan(o Options) Plan {
	return plan("transfer", o, part{
		Kind: "transfer", Seeds: o.seeds(3, 1),
		Settings: map[string]any{"neurons": 4, "iterations": pick(o.Quick, 100, 2000), "shots": "1000"},
		Grid:     map[string]any{"train-device": append(list("ideal"), list(o.Devices...)...), "run-device": list(o.Devices...)},
	})
}

func transferPage(t Table) report.Study {
	s := t.page("Trained on one processor's noise, run on another's")
	m := report.Table{Caption: "JS (nats) of the exact law under noise, median over the seeds", Head: []string{"trained on"}, Note: "Rows: the noise that gradients were measured with. Columns: the noise of the law that is judged."}
	for _, to := range t.values("run-device") {
		m.Head = append(m.Head, fileName(to))
	}
	median := map[[2]string]float64{}
	for _, from := range t.values("train-device") {
		line := []string{fileName(from)}
		for _, to := range t.values("run-device") {
			var v []float64
			for _, r := range t.rowsWhere("noisy", map[string]string{"train-device": from, "run-device": to}) {
				v = append(v, r.Row["noisy"])
			}
			if len(v) == 0 {
				line = append(line, "–")
				continue
			}
			low, mid, high := quartiles(v)
			median[[2]string{from, to}] = mid
			line = append(line, fmt.Sprintf("%.3g (%.3g to %.3g)", mid, low, high))
		}
		m.Rows = append(m.Rows, line)
	}
	for _, to := range t.values("run-device") {
		own, ok := median[[2]string{to, to}]
		if !ok {
			continue
		}
		text := fmt.Sprintf("On %s: %.3g trained with its own noise", fileName(to), own)
		for _, from := range t.values("train-device") {
			if js, ok := median[[2]string{from, to}]; ok && from != to {
				with := "with that of " + fileName(from)
				if from == "ideal" {
					with = "without noise"
				}
				text += fmt.Sprintf(", %.3g %s", js, with)
			}
		}
		s.Says = append(s.Says, text+".")
	}
	s.Tables = []report.Table{m, t.pageTable("All figures")}
	s.Says = append(s.Says, "What training with noise gains over training without is what the generator learns to make up for; how much of it is left on another processor's noise is how alike the two are.")
	return s
}

// ---- the paper's grid

func paperPlan(o Options) Plan {
	neurons := pick(o.Quick, list(2, 4), list(2, 4, 6, 8, 10))
	steps := pick(o.Quick, list(1, 2), list(1, 2, 5, 10, 20, 30))
	iterations := pick(o.Quick, 50, 2000)
	seeds := o.seeds(1, 1)
	base := map[string]any{"iterations": iterations, "evaluate.samples": pick(o.Quick, 1000, 20000)}
	cells := with(base, "preset", "paper")
	if o.Compare != nil {
		cells = with(cells, "evaluate.compare", strings.Join(o.Compare, ","))
	}
	deep := with(cells, "preset", "deep")
	if !o.Quick {
		delete(deep, "iterations") // its own, which depend on the windows
	}
	small := func(key string, value any) map[string]any {
		return with(with(base, key, value), "preset", "paper")
	}
	return plan("paper", o,
		part{Kind: "train", Seeds: seeds, Settings: cells, Grid: map[string]any{"neurons": neurons, "timesteps": steps}},
		part{Kind: "train", Seeds: seeds, Settings: with(deep, "stimulus", "repeat"), Grid: map[string]any{"neurons": neurons, "timesteps": steps}},
		part{Kind: "train", Seeds: seeds, Settings: deep, Grid: map[string]any{"neurons": neurons, "timesteps": steps}},
		part{Kind: "train", Seeds: seeds, Settings: small("timesteps", 1), Grid: map[string]any{"neurons": neurons, "layers": pick(o.Quick, list(2), list(2, 3, 4, 5, 6, 7, 8))}},
		part{Kind: "train", Seeds: seeds, Settings: small("timesteps", 1), Grid: map[string]any{"neurons": neurons, "k-loss": pick(o.Quick, list("off", "square"), list("off", "abs", "square", "printed"))}},
		part{Kind: "train", Seeds: seeds, Settings: small("timesteps", 1), Grid: map[string]any{"neurons": neurons, "latent": list("normal", "uniform")}},
		part{Kind: "baseline", Seeds: seeds, Settings: map[string]any{"iterations": iterations}, Grid: map[string]any{"neurons": neurons, "timesteps": pick(o.Quick, list(1), list(1, 2, 5))}},
	)
}

func paperPage(t Table) report.Study {
	s := t.page("The paper's grid")
	for _, c := range t.columns() {
		f := report.XY{
			Name: "grid_" + fileName(c.name), Title: "Distance over the grid, " + c.name, X: "timesteps", Y: "JS (nats)", LogX: true, LogY: true,
			Caption: "JS of each cell against the number of timesteps; where windows were drawn, their plug-in divergence, which as many draws of the recording itself have too (dashed: what as many windows of the recording's law score, 10 neurons).",
		}
		for _, n := range t.values("neurons") {
			rows := c.rows(t, "js_nats", map[string]string{"neurons": n})
			f.Series = append(f.Series, curve(n+" neurons", rows, "timesteps", "js_nats"))
		}
		rows := c.rows(t, "null_floor_nats", map[string]string{"neurons": "10"})
		if len(rows) > 0 {
			floor := curve("as many draws, 10 neurons", rows, "timesteps", "null_floor_nats")
			floor.Reference = true
			f.Series = append(f.Series, floor)
		}
		s.Figures = append(s.Figures, f)
	}
	for _, c := range t.columns() {
		better, cells := 0, 0
		for _, r := range c.rows(t, "baseline_independent_in_time", nil) {
			if js, ok := r.Row["js_nats"]; ok {
				cells++
				if js < r.Row["baseline_independent_in_time"] {
					better++
				}
			}
		}
		if cells > 0 {
			s.Says = append(s.Says, fmt.Sprintf("%s: %d of %d cells are nearer to the recording than its own bins drawn independently of each other (independent in time).", c.name, better, cells))
		}
	}
	layers := report.XY{Name: "layers", Title: "Layers, one bin, preset paper", X: "layers", Y: "JS (nats)", LogY: true, Caption: "JS of the trained generator's law against layers."}
	for _, n := range t.values("neurons") {
		rows := slices.DeleteFunc(t.rowsWhere("js_nats", map[string]string{"neurons": n}), func(r TableRow) bool { return r.Task.Settings["layers"] == nil })
		layers.Series = append(layers.Series, curve(n+" neurons", rows, "layers", "js_nats"))
	}
	s.Figures = append(s.Figures, layers)
	s.Tables = append(s.Tables, t.gridTable())
	for _, setting := range []string{"k-loss", "latent"} {
		m := report.Table{Caption: setting + ", one bin, preset paper: JS (nats)", Head: append([]string{"neurons"}, t.values(setting)...)}
		for _, n := range t.values("neurons") {
			line := []string{n}
			for _, v := range t.values(setting) {
				rows := t.rowsWhere("js_nats", map[string]string{"neurons": n, setting: v})
				text := "–"
				if len(rows) > 0 {
					text = fmt.Sprintf("%.3g", rows[0].Row["js_nats"])
				}
				line = append(line, text)
			}
			m.Rows = append(m.Rows, line)
		}
		s.Tables = append(s.Tables, m)
	}
	models := []string{"split_half", "independent_in_time", "markov", "ising", "k_pairwise", "dichotomised_gaussian", "fully_connected_small", "fully_connected_medium", "fully_connected_large"}
	head := []string{"neurons", "timesteps"}
	for _, m := range models {
		head = append(head, strings.ReplaceAll(m, "_", " "))
	}
	simple := report.Table{Caption: "Simple models and fully connected generators: JS (nats), parameters", Head: head,
		Note: "Fully connected generators are trained by the same steps as the circuits: of about as many parameters as the paper's circuit, 4 and 16 times as many."}
	for _, r := range t.Rows {
		if r.Task.Kind != "baseline" || r.Row == nil {
			continue
		}
		line := []string{SettingText(r.Task.Settings["neurons"]), SettingText(r.Task.Settings["timesteps"])}
		for _, m := range models {
			text := "–"
			if x, ok := r.Row["js_"+m]; ok {
				text = fmt.Sprintf("%.3g, %.0f", x, r.Row["parameters_"+m])
			}
			line = append(line, text)
		}
		simple.Rows = append(simple.Rows, line)
	}
	s.Tables = append(s.Tables, simple)
	s.Says = append(s.Says, "Each cell has a folder of its own with its run and its report, tasks/NAME/run/report: the figures of states, rasters and statistics for that cell.")
	s.Tables = append(s.Tables, t.pageTable("All figures"))
	return s
}

// gridColumn is what stands in a column of the plain grid: a preset, and whether its generator
// knows the time in the repeat.
type gridColumn struct {
	name, preset string
	timed        bool
}

// columns are those of the plain grid, in the order of the plan.
func (t Table) columns() []gridColumn {
	var out []gridColumn
	for _, r := range t.Rows {
		if r.Task.Kind != "train" || r.Task.Settings["preset"] == nil || varied(r) {
			continue
		}
		c := gridColumn{preset: SettingText(r.Task.Settings["preset"]), timed: timed(r)}
		if c.name = c.preset; c.timed {
			c.name += ", time known"
		}
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// rows are the column's that have a figure and these settings.
func (c gridColumn) rows(t Table, figure string, where map[string]string) []TableRow {
	return slices.DeleteFunc(t.rowsWhere(figure, where), func(r TableRow) bool {
		return r.Task.Kind != "train" || varied(r) || SettingText(r.Task.Settings["preset"]) != c.preset || timed(r) != c.timed
	})
}

// timed says whether a task's generator knows the time in the repeat.
func timed(r TableRow) bool {
	return SettingText(r.Task.Settings["stimulus"]) == string(training.StimulusRepeat)
}

// gridTable has the plain grid, presets and what knows the time side by side, with the models and files that
// stand beside.
func (t Table) gridTable() report.Table {
	out := report.Table{
		Caption: "The grid", Head: []string{"neurons", "timesteps", "P(silent)"},
		Note: "JS is the plug-in divergence of drawn windows in nats, as many draws that of as many windows of the recording's own law, split half that of the odd and the even repeats; covariance errors are those of pairs within a bin, relative to the recording's. Of several seeds the medians.",
	}
	columns := t.columns()
	for _, c := range columns {
		out.Head = append(out.Head, c.name+": parameters", "JS", "P(silent)", "covariance error")
	}
	out.Head = append(out.Head, "as many draws", "split half: JS", "covariance error")
	files := t.compared()
	for _, f := range files {
		out.Head = append(out.Head, fileName(f)+": JS", "covariance error")
	}
	for _, n := range t.values("neurons") {
		for _, steps := range t.values("timesteps") {
			cell := func(columns []gridColumn, figure, format string) string {
				var v []float64
				for _, c := range columns {
					for _, r := range c.rows(t, figure, map[string]string{"neurons": n, "timesteps": steps}) {
						v = append(v, r.Row[figure])
					}
				}
				if len(v) == 0 {
					return "–"
				}
				_, mid, _ := quartiles(v)
				return fmt.Sprintf(format, mid)
			}
			line := []string{n, steps, cell(columns, "p_silent_recording", "%.4f")}
			for i := range columns {
				c := columns[i : i+1]
				line = append(line, cell(c, "parameters", "%.0f"), cell(c, "drawn_js_nats", "%.3g"), cell(c, "p_silent", "%.4f"), cell(c, "covariance_error", "%.3g"))
			}
			line = append(line, cell(columns, "null_floor_nats", "%.3g"), cell(columns, "baseline_split_half", "%.3g"), cell(columns, "covariance_error_split_half", "%.3g"))
			for _, f := range files {
				line = append(line, cell(columns, ComparedFigure(f), "%.3g"), cell(columns, ComparedFigure(f)+"_covariance_error", "%.3g"))
			}
			out.Rows = append(out.Rows, line)
		}
	}
	return out
}

// compared are the files that stand beside the cells.
func (t Table) compared() []string {
	var out []string
	for _, k := range t.values("evaluate.compare") {
		for _, file := range strings.Split(k, ",") {
			if !slices.Contains(out, file) {
				out = append(out, file)
			}
		}
	}
	return out
}

// FigureName makes part of a figure's name of a model's.
func FigureName(model string) string { return strings.ReplaceAll(model, "-", "_") }

// ComparedFigure is the figure that holds the distance of a file that is put beside, and
// the beginning of the names of its others. No model's figure begins like it.
func ComparedFigure(file string) string {
	file = filepath.Base(file)
	return "compared_" + FigureName(strings.TrimSuffix(file, filepath.Ext(file)))
}

// varied says whether a task is no cell of the plain grid.
func varied(r TableRow) bool {
	for _, k := range []string{"layers", "k-loss", "latent"} {
		if r.Task.Settings[k] != nil {
			return true
		}
	}
	return false
}
