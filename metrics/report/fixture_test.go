package report_test

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sort"
	"sync"
	"testing"

	"qgan/metrics"
	"qgan/metrics/report"
	"qgan/metrics/spikes"
)

// drawn draws windows from a law, one a repeat.
func drawn(t testing.TB, m metrics.Model, s *metrics.States, count int, binWidth float64) *spikes.Raster {
	t.Helper()
	rng := rand.New(rand.NewPCG(7, 7))
	r := spikes.NewRaster(count, s.Timesteps, s.Neurons, binWidth)
	switch m := m.(type) {
	case metrics.Silent:
	case *metrics.Independent:
		for rep := range count {
			for k := range s.Timesteps {
				for n := range s.Neurons {
					r.Set(rep, k, n, rng.Float64() < m.Rate(k, n))
				}
			}
		}
	case *metrics.MaxEnt:
		sum := 0.0
		var ends []float64
		for _, p := range m.Table() {
			sum += p
			ends = append(ends, sum)
		}
		for rep := range count {
			x := min(sort.SearchFloat64s(ends, rng.Float64()*sum), len(ends)-1)
			for k := range s.Timesteps {
				r.SetWord(rep, k, uint32(x>>(s.Neurons*(s.Timesteps-1-k)))&(1<<s.Neurons-1))
			}
		}
	default:
		t.Fatalf("no samples of %T", m)
	}
	return r
}

// modelOf is a model as the command line would hand it in.
func modelOf(t testing.TB, name string, m metrics.Model, s *metrics.States, binWidth float64) report.Model {
	t.Helper()
	samples := drawn(t, m, s, 4000, binWidth)
	w, err := samples.Windows(s.Timesteps)
	if err != nil {
		t.Fatal(err)
	}
	seen := metrics.ProbSeen(m, s)
	return report.Model{
		Name: name, Summary: metrics.Summarize(w), Seen: seen, Samples: samples,
		JSNats: s.JSSeen(seen), JSStdErr: 0.021 * s.JSSeen(seen), JSValid: true, Parameters: m.Parameters(),
	}
}

// madeInputs are the inputs of the built-in recording that were made, by their sizes and
// models: to make one takes longer than to lay it out.
var madeInputs sync.Map // of func() report.Input

// builtinInput is [inputOf] of the built-in recording, a copy that the test may change.
func builtinInput(t testing.TB, n, bins int, names ...string) report.Input {
	t.Helper()
	once, _ := madeInputs.LoadOrStore(fmt.Sprint(n, bins, names), sync.OnceValue(func() report.Input {
		return inputOf(t, spikes.Builtin(), n, bins, names...)
	}))
	in := once.(func() report.Input)()
	return copied(reflect.ValueOf(in)).Interface().(report.Input)
}

// copied is a copy all the way down, of exported fields: rasters, which have others, are
// shared.
func copied(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.Pointer:
		if _, shared := v.Interface().(*spikes.Raster); !shared && !v.IsNil() {
			out.Set(reflect.New(v.Type().Elem()))
			out.Elem().Set(copied(v.Elem()))
		}
	case reflect.Slice:
		if !v.IsNil() {
			out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
			for i := range v.Len() {
				out.Index(i).Set(copied(v.Index(i)))
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(copied(v.Field(i)))
			}
		}
	}
	return out
}

// inputOf compares the first n neurons of a recording with the named baselines,
// which stand for models here, in windows of t bins.
func inputOf(t testing.TB, r *spikes.Raster, n, bins int, names ...string) report.Input {
	t.Helper()
	keep := make([]int, n)
	for i := range keep {
		keep[i] = i
	}
	part, err := r.Select(keep)
	if err != nil {
		t.Fatal(err)
	}
	w, err := part.Windows(bins)
	if err != nil {
		t.Fatal(err)
	}
	s, err := metrics.CountStates(w)
	if err != nil {
		t.Fatal(err)
	}
	baselines := metrics.BaselineOptions{Models: []string{"silent", "uniform", "independent", "markov", "split-half"}, NoHeldOut: true}
	if n*bins <= 10 {
		baselines.Models = append(baselines.Models, "ising")
	}
	results, err := metrics.Baselines(w, baselines)
	if err != nil {
		t.Fatal(err)
	}
	floor, err := metrics.SplitHalf(w)
	if err != nil {
		t.Fatal(err)
	}
	in := report.Input{
		Title: "Spike trains and their models",
		Lines: []string{
			"recording: " + part.Source.Path + ", sha256 " + part.Source.SHA256,
			"seed 1; the latent vector is not used (scale 0); 64 angles",
		},
		States: s, Data: metrics.Summarize(w), DataWindows: w, Floor: &floor, Baselines: results, BinWidth: part.BinWidth,
	}
	comparer, err := metrics.NewTimeComparer(part, []int{bins})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(9, 9))
	data := comparer.Data()
	in.DataTime = &data
	if in.References, err = comparer.TimeBaselines(part, rng); err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		m, err := metrics.Fit(name, s)
		if err != nil {
			t.Fatal(err)
		}
		model := modelOf(t, "like "+name+", seed 1", m, s, part.BinWidth)
		if model.Time, err = comparer.Measure(model.Name, model.Samples, rng); err != nil {
			t.Fatal(err)
		}
		in.Models = append(in.Models, model)
		in.Curves = append(in.Curves, curve(i, model.JSNats))
		var points []report.TrainingPoint
		for k := range 100 {
			p := 0.9 - 0.5/float64(k+1)
			points = append(points, report.TrainingPoint{Step: 10 * k, Critic: 0.1 / float64(k+1), Generator: float64(k%7) / 10, Wasserstein: 0.2 / float64(k+1), Count: 0.3, PSilent: &p})
		}
		in.Training = append(in.Training, points)
	}
	line := report.ParameterLine{Name: "Ising"}
	table := report.ParameterLine{Name: "full table"}
	for k := 1; k <= 20; k++ {
		line.Neurons, line.Count = append(line.Neurons, k), append(line.Count, float64(k*bins*(k*bins+1))/2)
		table.Neurons, table.Count = append(table.Neurons, k), append(table.Count, math.Pow(2, float64(k*bins))-1)
	}
	in.Parameters = []report.ParameterLine{line, table}
	return in
}

// curve falls from 0.3 to a distance, with some noise.
func curve(i int, end float64) []report.CurvePoint {
	rng := rand.New(rand.NewPCG(3, uint64(i)))
	var points []report.CurvePoint
	for step := 0; step <= 2000; step += 10 {
		rest := 1 / (1 + float64(step*step)/900)
		points = append(points, report.CurvePoint{Step: step, JS: (end + 0.3*rest) * (1 + 0.2*rng.Float64())})
	}
	return points
}

// plainFile is a write callback without promises.
func plainFile(path string, f func(io.Writer) error) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := f(out); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// written writes a report and returns the content of its files by name.
func written(t testing.TB, in report.Input) map[string][]byte {
	t.Helper()
	return writtenBy(t, in, plainFile)
}

// writtenText leaves the pictures empty but for those named: to draw them takes most of
// the time.
func writtenText(t testing.TB, in report.Input, pictures ...string) map[string][]byte {
	t.Helper()
	return writtenBy(t, in, func(path string, f func(io.Writer) error) error {
		if filepath.Ext(path) == ".png" && !slices.Contains(pictures, filepath.Base(path)) {
			f = func(io.Writer) error { return nil }
		}
		return plainFile(path, f)
	})
}

func writtenBy(t testing.TB, in report.Input, write func(string, func(io.Writer) error) error) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	paths, err := report.Write(dir, in, write)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Dir(p) != dir {
			t.Errorf("%s is not in the folder asked for", p)
		}
		files[filepath.Base(p)] = b
	}
	return files
}
