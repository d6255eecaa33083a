package main

import (
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"qgan/internal/durable"
	"qgan/metrics/spikes"
	"qgan/training"
	"qgan/training/assess"
	"qgan/training/lab"
	"qgan/training/study"
)

// living is a file that a recording is read from, of one of the forms of docs/formats.md.
type living struct {
	form, path string
	settings   lab.Settings // beside data and neurons
	names      string       // of the neurons with indices 2 and 0; empty: it has none
	alike      bool         // it holds the same spikes as the others that are alike
	figures    bool         // pages are made, which takes the longest
}

// Every form of recordings goes through the whole life of one, from small files that are
// written here or lie in testdata: arrays of bins, and spike times beside an array of the same
// spikes. What holds the same spikes ends with the same figures.
func TestLifeOfArrays(t *testing.T) {
	if testing.Short() {
		t.Skip("trains on many files: not in short mode")
	}
	arrays, _ := forms(t)
	live(t, arrays, func(string) bool { return true })
}

func TestLifeOfTimes(t *testing.T) {
	arrays, times := forms(t)
	if testing.Short() {
		times = times[:2]
	}
	live(t, append(times, arrays[0]), func(form string) bool { return form != arrays[0].form && !testing.Short() })
}

// forms are recordings of all forms.
func forms(t *testing.T) (arrays, times []living) {
	dir := t.TempDir()
	r := spikes.NewRaster(6, 40, 4, 0.02)
	for i := range 6 * 40 * 4 {
		r.Set(i/160, i/4%40, i%4, (i*i+i/7)%(9+i%4) < 2)
	}
	words, numbers := []string{"unit_10", "unit_8", "left", "x"}, []string{"3", "7", "8", "20"}
	written := func(f spikes.Format, names []string) string {
		path := filepath.Join(dir, string(f)+f.Extension())
		if err := durable.WriteFile(durable.OS{}, path, func(w io.Writer) error { return spikes.Write(w, r, f, spikes.Meta{Names: names}) }); err != nil {
			t.Fatal(err)
		}
		return path
	}
	kept := func(name string) string {
		f, err := os.Open(filepath.Join("../../metrics/spikes/internal/hdf5/testdata", name+".gz"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		raw := must[[]byte](t)(io.ReadAll(must[*gzip.Reader](t)(gzip.NewReader(f))))
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	arrays = []living{
		{"NumPy", written(spikes.NPY, nil), nil, "", true, false},
		{"NumPy", written(spikes.NPZ, words), nil, "left unit_10", true, false},
		{"MATLAB 5 and 4", written(spikes.MAT, words), nil, "left unit_10", true, false},
		{"MATLAB 7.3", kept("matlab.mat"), nil, "", false, false},
		{"HDF5", kept("forms.h5"), lab.Settings{"var": "group/bool"}, "", false, false},
		{"CSV of 0 and 1", written(spikes.CSV, numbers), nil, "8 3", true, false},
	}
	times = []living{
		{"NWB", kept("units.nwb"), nil, "", false, false},
		{"CSV of spike times", written(spikes.Times, words), nil, "left unit_10", true, false},
		{"gzip", "../../metrics/spikes/internal/hdf5/testdata/units.nwb.gz", nil, "", false, false},
		{"Phy", sorted(t, r), lab.Settings{"repeat-bins": "40"}, "12 10", true, false},
		{"pynapple", written(spikes.Pynapple, numbers), lab.Settings{"bin-width": "0.02"}, "8 3", true, false},
	}
	return arrays, times
}

// The table of the document has no form that is not among them.
func TestLifeIsOfAllForms(t *testing.T) {
	arrays, times := forms(t)
	text := string(must[[]byte](t)(os.ReadFile("../../docs/formats.md")))
	_, text, _ = strings.Cut(text, "## Recordings that are read")
	_, text, _ = strings.Cut(text, "\n|---")
	text, _, _ = strings.Cut(text, "\n\n")
	documented := regexp.MustCompile("(?m)^\\| ([^(|,]*[^(|, ])").FindAllStringSubmatch(text, -1)
	if len(documented) < 8 {
		t.Fatalf("%d forms are documented", len(documented))
	}
	for _, form := range documented {
		if !slices.ContainsFunc(slices.Concat(arrays, times, cases("")), func(l living) bool { return l.form == form[1] }) {
			t.Errorf("no recording of the form %q is taken through its life", form[1])
		}
	}
}

// sorted is a folder as spike sorters write it, of clusters from 10 on, with the repeats one
// after the other.
func sorted(t *testing.T, r *spikes.Raster) string {
	var samples, clusters []byte
	for i := range r.Repeats * r.Bins {
		for n := range r.Neurons {
			if r.At(i/r.Bins, i%r.Bins, n) {
				samples = binary.LittleEndian.AppendUint64(samples, uint64(600*i+300))
				clusters = binary.LittleEndian.AppendUint32(clusters, uint32(10+n))
			}
		}
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"spike_times.npy": npyOf("<u8", len(samples)/8) + string(samples), "spike_clusters.npy": npyOf("<i4", len(clusters)/4) + string(clusters),
		"params.py": "dat_path = 'raw.dat'\nn_channels_dat = 4\nsample_rate = 30000.\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// npyOf is the head of a .npy file with so many numbers.
func npyOf(kind string, n int) string {
	return fmt.Sprintf("\x93NUMPY\x01\x00v\x00%-117s\n", fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%d,), }", kind, n))
}

// So do files as other programs write them.
func TestLifeOfCases(t *testing.T) {
	shared := os.Getenv("QGAN_SHARED")
	if shared == "" {
		t.Skip("QGAN_SHARED is not set")
	}
	if testing.Short() {
		t.Skip("trains on many files: not in short mode")
	}
	// The pages of every form are drawn by the tests above.
	live(t, cases(shared), func(form string) bool { return form == "Phy" || form == "NWB" })
}

// cases are the recordings of the reference data.
func cases(shared string) []living {
	at := func(name string) string {
		return filepath.Join(shared, "cases", "recordings", filepath.FromSlash(name))
	}
	cut := lab.Settings{"repeat-bins": "100"}
	with := func(more ...string) lab.Settings {
		s := lab.Settings{}
		for i := 0; i < len(more); i += 2 {
			s[more[i]] = more[i+1]
		}
		return s
	}
	return []living{
		{"NumPy", at("truth.npy"), nil, "", true, false},
		{"NumPy", at("z_scipy_sparse.npz"), cut, "", true, false},
		{"Phy", at("phy"), with("repeat-bins", "100", "sampling-rate", "30000"), "12 10", true, false},
		{"Phy", at("phy/spike_times.npy"), with("repeat-bins", "100", "sampling-rate", "30000"), "12 10", true, false},
		{"MATLAB 5 and 4", at("m_v4.mat"), cut, "", true, false},
		{"MATLAB 5 and 4", at("m_sparse.mat"), cut, "", true, false},
		{"MATLAB 5 and 4", at("m_struct_raster.mat"), with("repeat-bins", "100", "var", "Experiment/raster"), "", true, false},
		{"MATLAB 5 and 4", at("m_cell_times.mat"), cut, "", true, false},
		{"MATLAB 5 and 4", at("m_cell_unit_trial.mat"), nil, "", true, false},
		{"MATLAB 5 and 4", at("m_3d_trials_neurons_time.mat"), with("axes", "repeats,neurons,bins"), "", true, false},
		{"MATLAB 7.3", at("m73_sparse.mat"), cut, "", true, false},
		{"HDF5", at("h_ragged.h5"), cut, "", true, false},
		{"NWB", at("w_plain.nwb"), cut, "", true, false},
		{"NWB", at("w_epochs.nwb"), with("trials", "epochs"), "", true, false},
		{"NWB", at("w_obsgaps.nwb"), nil, "", true, false},
		{"NWB", at("w_overlap.nwb"), nil, "", false, false},
		{"NWB", at("w_nanstop.nwb"), nil, "", false, false},
		{"NWB", at("w_unequal.nwb"), with("trials", "none"), "", false, false},
		{"pynapple", at("p_group.npz"), nil, "8 3", true, false},
		{"gzip", at("c_gz.csv.gz"), cut, "", true, false},
		{"CSV of 0 and 1", at("c_pandas_index.csv"), cut, "n3 n1", true, false},
		{"CSV of 0 and 1", at("c_utf16.txt"), cut, "n3 n1", true, false},
		{"CSV of spike times", at("t_ok.csv"), nil, "", true, false},
		{"CSV of spike times", at("t_extra_col.csv"), cut, "", true, false},
		{"CSV of spike times", at("t_pandas.csv"), cut, "", true, false},
		{"CSV of spike times", at("t_euro.csv"), nil, "", true, false},
		{"CSV of spike times", at("t_ms.csv"), with("repeat-bins", "100", "sampling-rate", "1000"), "", true, false},
		{"CSV of spike times", at("t_offset.csv"), with("max-gap", "1000"), "", false, false},
		{"CSV of spike times", at("t_gap.csv"), nil, "", false, false},
	}
}

// live takes every recording through its life, the first of each form that is drawn with its
// figures, and compares what those that are alike end with.
func live(t *testing.T, rows []living, draw func(form string) bool) {
	var mu sync.Mutex
	figures := map[string]string{}
	drawn := map[string]bool{}
	t.Run("each", func(t *testing.T) {
		for _, l := range rows {
			l.figures, drawn[l.form] = !drawn[l.form] && draw(l.form), true
			t.Run(l.form+" "+filepath.Base(l.path), func(t *testing.T) {
				t.Parallel()
				text := l.live(t)
				mu.Lock()
				defer mu.Unlock()
				if l.alike {
					figures[l.path] = text
				}
			})
		}
	})
	first := ""
	for _, path := range slices.Sorted(maps.Keys(figures)) {
		if first == "" {
			first = path
		}
		if figures[path] != figures[first] {
			t.Errorf("%s ends with %s, %s with %s", path, figures[path], first, figures[first])
		}
	}
}

// live is the life of a recording; it returns the figures of its first steps. The run lies
// where a study's task has its own, and the study goes on with it.
func (l living) live(t *testing.T) (figures string) {
	dir := t.TempDir()
	settings := lab.Settings{"data": l.path, "neurons": "2,0"}
	maps.Copy(settings, l.settings)
	var flags []string
	for name, text := range settings {
		flags = append(flags, "--"+name, text)
	}
	baseline := l.does(t, append([]string{"baseline"}, flags...)...)

	maps.Copy(settings, lab.Settings{"iterations": "50", "layers": "1", "evaluate.samples": "100"})
	file, folder := filepath.Join(dir, "life.toml"), filepath.Join(dir, "study")
	if err := os.WriteFile(file, []byte(studyOf(settings)), 0o600); err != nil {
		t.Fatal(err)
	}
	task := must[study.Plan](t)(study.Load(nil, file)).Tasks[0]
	run := filepath.Join(folder, "tasks", task.Name(), "run")
	delete(settings, "evaluate.samples")
	begun := must[*lab.Training](t)(new(lab.Lab).New(t.Context(), settings))
	if err := begun.Begin(run); err != nil {
		t.Fatal(err)
	}
	interrupted(t, begun, 3)

	judged := l.does(t, "evaluate", run, "--samples", "200")
	if judged["data_sha256"] != baseline["data_sha256"] {
		t.Errorf("evaluated against %v, baselines are of %v", judged["data_sha256"], baseline["data_sha256"])
	}
	// Samples are of the same neurons, without anybody saying so.
	trains := filepath.Join(dir, "trains.csv")
	if r := command(t, nil, "generate", run, "--samples", "200", "--format", "spike-times", "--out", trains); r.code != exitOK {
		t.Fatalf("generate: exit code %d: %s", r.code, r.err)
	}
	i := slices.Index(flags, "--neurons")
	again := l.does(t, append([]string{"evaluate", trains, "--timesteps", "1"}, slices.Delete(slices.Clone(flags), i, i+2)...)...)
	if fmt.Sprint(again["neurons"]) != "[2 0]" || fmt.Sprint(again["rates_hz"]) != fmt.Sprint(judged["rates_hz"]) {
		t.Errorf("samples of the neurons %v with rates %v, those of the run had %v", again["neurons"], again["rates_hz"], judged["rates_hz"])
	}
	if l.figures {
		l.finish(t, run, file, folder)
	} else {
		interrupted(t, must[*lab.Training](t)(new(lab.Lab).Resume(t.Context(), run, nil)), 6)
		without := study.Lab{Train: func(context.Context, string, map[string]any) (*assess.Result, error) { return new(assess.Result), nil }}
		if row, err := without.Works()["train"](t.Context(), task, filepath.Dir(run)); err != nil || row["drawn_js_nats"] == 0 {
			t.Errorf("a study's task: %v, %v", row, err)
		}
	}
	return fmt.Sprint(baseline["models"], judged["js_nats"], judged["rates_hz"])
}

// does runs a verb that names the neurons in its object.
func (l living) does(t *testing.T, args ...string) map[string]any {
	t.Helper()
	o := object(t, nil, args...)
	names, _ := o["neuron_names"].([]any)
	if text := strings.Trim(fmt.Sprint(names), "[]"); text != l.names {
		t.Errorf("%s: the neurons are called %q, want %q", strings.Join(args, " "), text, l.names)
	}
	return o
}

// interrupted trains up to a step and stops.
func interrupted(t *testing.T, tr *lab.Training, step int) {
	t.Helper()
	stop := errors.New("enough for now")
	ctx, cancel := context.WithCancelCause(t.Context())
	_, err := tr.Train(ctx, func(r training.Row) {
		if r.Step == step {
			cancel(stop)
		}
	})
	if !errors.Is(err, stop) || tr.Trainer.State.Step != step {
		t.Fatalf("a training that is stopped at step %d of %d: %v", step, tr.Trainer.State.Step, err)
	}
}

// finish ends the life of a recording by the verbs that make pages: the training to its end,
// a page again, and the study's task.
func (l living) finish(t *testing.T, run, file, folder string) {
	trained := l.does(t, "train", run, "--resume")
	if trained["iterations"] != 50.0 {
		t.Errorf("%v steps of 50", trained["iterations"])
	}
	if r := command(t, nil, "report", run); r.code != exitOK || r.out == "" {
		t.Errorf("report: exit code %d: %s", r.code, r.err)
	}
	page := string(must[[]byte](t)(os.ReadFile(filepath.Join(run, "report", "index.html"))))
	if want := "neurons [" + l.names + "]"; l.names != "" && !strings.Contains(page, want) {
		t.Errorf("the page does not have %q", want)
	}
	if r := command(t, nil, "study", file, "--out", folder); r.code != exitOK {
		t.Errorf("study: exit code %d: %s", r.code, r.err)
	}
	var row struct{ Row study.Row }
	if err := json.Unmarshal(must[[]byte](t)(os.ReadFile(filepath.Join(folder, "table.jsonl"))), &row); err != nil {
		t.Fatal(err)
	}
	if row.Row["js_nats"] != trained["js_nats"] || row.Row["drawn_js_nats"] == 0 {
		t.Errorf("the study's row has %v, the run ended with %v", row.Row, trained["js_nats"])
	}
}

// studyOf is a study of one task with these settings.
func studyOf(settings lab.Settings) string {
	var b strings.Builder
	b.WriteString("[settings]\n")
	for name, text := range settings {
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			text = strconv.Quote(text)
		}
		fmt.Fprintf(&b, "%s = %s\n", name, text)
	}
	return b.String()
}
