package study

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"qgan/internal/durable"
	"qgan/internal/named"
	"qgan/metrics/report"
	"qgan/training/lab"
)

// Words are what is asked of a ready study in words, as flags give them.
type Words struct {
	Quick            bool
	Seeds            string   // numbers with commas between them; empty: the study's own
	Set              []string // SETTING=VALUE of all tasks
	Devices, Compare []string // files or names of processors; files of spike trains
	// Settings hold those of the recording; others are left out.
	Settings lab.Settings
}

// Find returns the ready study of a name, or reads a study file, whose name ends in .toml:
// its plan and what makes its page. file says that it is a file, which takes no words. The
// error names what is wrong in the words or in the file.
func Find(fsys durable.FS, what string, w Words) (p Plan, page func(Table) report.Study, file bool, err error) {
	var names []string
	for _, r := range Studies() {
		if r.Name == what {
			p, err = r.Make(fsys, w)
			page = r.Page
			if w.Quick {
				page = func(t Table) report.Study { return quick(t, r.Page(t)) }
			}
			return p, page, false, err
		}
		names = append(names, r.Name)
	}
	if !strings.HasSuffix(what, ".toml") {
		return Plan{}, nil, false, named.Inputf("study %q: there is %s, or a file that ends in .toml", what, named.OneOf(names))
	}
	p, err = Load(fsys, what)
	return p, Page, true, err
}

// quick says on a page that it is no result, of how many steps its trainings are, and leaves
// out what the study would conclude.
func quick(t Table, s report.Study) report.Study {
	s.Banner = "Quick: a fraction of the study's work, to see that all is in order. Its figures are no result, and nothing is concluded from them."
	if steps := t.values("iterations"); len(steps) > 0 {
		s.Banner = strings.Replace(s.Banner, "work,", "work (trainings of "+strings.Join(steps, ", ")+" steps),", 1)
	}
	s.Says = t.page("").Says // only what failed or is not done
	return s
}

// Load reads a study file; see [Parse]. A nil file system is the machine's own.
func Load(fsys durable.FS, path string) (Plan, error) {
	raw, err := durable.Or(fsys).ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Plan{}, named.Inputf("study %s: there is no such file", path)
	case err != nil:
		return Plan{}, named.Inputf("study %s: %w", path, err)
	}
	return Parse(string(raw), path)
}

// Make makes the plan that words ask for. The error names the setting whose word it can't
// take. Files beside must be there already: they are read only after all training.
func (r Ready) Make(fsys durable.FS, w Words) (Plan, error) {
	switch n := len(w.Devices); {
	case n < r.Devices:
		return Plan{}, named.Inputf("study %s needs %s: give {device}", r.Name, counted(strconv.Itoa(r.Devices), "device"))
	case n > 0 && r.Devices == 0:
		return Plan{}, named.Inputf("{device}: study %s takes none", r.Name)
	}
	o := Options{Quick: w.Quick, Devices: w.Devices, Settings: recordingSettings(w.Settings)}
	var err error
	if o.Override, err = overrides(w.Set); err != nil {
		return Plan{}, err
	}
	if o.Compare, err = r.beside(durable.Or(fsys), w.Compare); err != nil {
		return Plan{}, err
	}
	if o.Seeds, err = seeds(w.Seeds); err != nil {
		return Plan{}, err
	}
	return r.Plan(o), nil
}

// overrides reads SETTING=VALUE; what is a number becomes one.
func overrides(set []string) (map[string]any, error) {
	out := map[string]any{}
	for _, text := range set {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return nil, named.Inputf("{set} %s: it is SETTING=VALUE", text)
		}
		out[name] = value
		if x, err := strconv.ParseFloat(value, 64); err == nil {
			out[name] = x
		}
	}
	return out, nil
}

// seeds reads a list such as 0,1,2.
func seeds(list string) (out []int64, err error) {
	if list == "" {
		return nil, nil
	}
	for text := range strings.SplitSeq(list, ",") {
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		if err != nil || n < 0 {
			return nil, named.Inputf("{seeds} %s: a list such as 0,1,2 is needed", list)
		}
		out = append(out, n)
	}
	return out, nil
}

// beside checks files that cells are put beside and returns their whole names.
func (r Ready) beside(fsys durable.FS, files []string) ([]string, error) {
	var out []string
	for _, file := range files {
		whole, err := filepath.Abs(file)
		switch {
		case r.Name != "paper":
			return nil, named.Inputf("{compare}: study %s takes none", r.Name)
		case strings.Contains(file, ","):
			return nil, named.Inputf("{compare} %s: a name with a comma can't be told from two", file)
		case slices.ContainsFunc(out, func(other string) bool { return ComparedFigure(other) == ComparedFigure(whole) }):
			return nil, named.Inputf("{compare} %s: another file of that name is there already, and figures are named after them", file)
		case err != nil:
			return nil, err
		}
		if _, err := fsys.Stat(whole); err != nil {
			return nil, named.Inputf("{compare}: %w", err)
		}
		out = append(out, whole)
	}
	return out, nil
}

// recordingSettings are the settings of the recording as a task's: a whole name, as workers may
// have another folder, and numbers as numbers.
func recordingSettings(s lab.Settings) map[string]any {
	out := map[string]any{}
	for _, name := range lab.OfRecording() {
		text := s[name]
		n, notWhole := strconv.Atoi(text)
		x, notNumber := strconv.ParseFloat(text, 64)
		switch {
		case text == "":
		case name == "repeat-bins" && notWhole == nil:
			if n != 0 {
				out[name] = n
			}
		case slices.Contains([]string{"bin-width", "sampling-rate", "max-gap"}, name) && notNumber == nil:
			if x != 0 {
				out[name] = x
			}
		default:
			out[name] = text
		}
	}
	if path, ok := out["data"].(string); ok {
		if whole, err := filepath.Abs(path); err == nil {
			out["data"] = whole
		}
	}
	return out
}
