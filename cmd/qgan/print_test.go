package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	gocmp "github.com/google/go-cmp/cmp"

	"qgan/backends"
	"qgan/backends/ledger"
	"qgan/backends/remote"
	"qgan/calibration"
	"qgan/internal/checkup"
	"qgan/internal/durable"
	"qgan/internal/machine"
	"qgan/internal/words"
	"qgan/ir/compile"
	"qgan/metrics"
	"qgan/metrics/score"
	"qgan/metrics/spikes"
	"qgan/qasm"
	"qgan/training"
	"qgan/training/assess"
)

// figure is a number that may be absent.
func figure(x float64) *float64 { return &x }

// printedEvaluation has no two figures alike, so that each is told by where it is printed.
func printedEvaluation() *assess.Evaluation {
	e := &assess.Evaluation{
		What: "the-run", Data: "the-data", DataSHA256: "0123456789abcdef", Labels: []string{"u7", "u9"}, Seed: 77, Timesteps: 2, Size: "so many parameters", Entropy: 2.125,
		Parameters: &training.Counts{LatentScales: 1},
		Law: assess.Law{
			JS: figure(0.0101), JSBits: figure(0.0102), StdErr: figure(0.0003), Method: "plugin", Samples: 321, HeldOut: figure(0.0104),
			LogLikelihood: figure(-0.105), LogLikelihoodHeldOut: figure(-0.106), Odd: figure(0.0107), Even: figure(0.0108), Floor: figure(0.0109), Perfect: figure(0.0106), PerfectHeldOut: figure(0.0105), Null: figure(0.0110),
			LatentJS: figure(0.0111), PSilent: 0.112, Note: "a note",
		},
		Estimate: metrics.SampleEstimate{
			JSNats: 0.0113, KLNats: figure(0.0114), TV: 0.0115, Corrected: 0.0116, Interval: []float64{0.0117, 0.0118},
			EntropyNats: 1.119, EntropyMillerMadowNats: 1.120, Warnings: []string{"few windows", "fewer still"},
		},
		RatesHz: []float64{1.21, 1.22}, Covariance: [][]float64{{9, 0.31}, {0.31, 9}}, KProbability: []float64{0.51, 0.31, 0.11},
		Autocorrelogram: []float64{0.4, 0.2}, Undefined: []int{1}, Drawn: 654,
		Compared: []assess.Compared{{File: "a.npz", JS: 0.201, Summary: metrics.Summary{Windows: 41}}, {File: "b.npz", JS: 0.202, Summary: metrics.Summary{Windows: 42}}},
		Errors: metrics.SpikeGANErrors{
			Rate: 0.301, RateR: figure(0.302), Covariance: 0.303, CovarianceR: figure(0.304), KProbability: 0.305, LagCovariance: 0.306, LagCovarianceR: figure(0.307), Autocorrelogram: 0.308,
		},
		Noise: &assess.UnderNoise{Model: "the-device", Mitigation: "m3", Laws: []assess.NoisyLaw{
			{Name: "ideal", Method: "exact", JS: figure(0.401), StdErr: figure(0.0002), PSilent: figure(0.403)},
			{Name: "read", Method: "plugin", JS: figure(0.404), Null: figure(0.405), PSilent: figure(0.406), Windows: 407},
			{Name: "noisy", Method: "none", Note: "out of reach"},
		}},
		Baselines: []metrics.BaselineResult{
			{Name: "first", Parameters: 11, JS: figure(0.501), JSHeldOut: figure(0.502), LogLikelihoodHeldOut: figure(-0.503), Note: "as it is"},
			{Name: "table", Parameters: math.MaxInt},
		},
		Recording: metrics.Summary{
			PSilent: 0.601, RatesHz: []float64{6.02, 6.03}, Covariance: [][]float64{{9, 0.11}, {0.11, 9}}, KProbability: []float64{0.61, 0.62, 0.63}, Autocorrelogram: []float64{0.1, 0.25},
		},
		Time: assess.Time{Against: "some repeats", Results: []metrics.TimeResult{
			{Name: "dir/own", LogLikelihood: figure(-0.701), Note: "of its own", Figures: []metrics.TimeFigure{
				{Name: "rate-error", Value: figure(0.702), StdErr: figure(0.03)}, {Name: "p-silent", Bins: 10, Value: figure(0.704), Data: figure(0.705)},
				{Name: "lag-covariance-error", Lag: 5, Value: figure(0.706)}, {Name: "lag-covariance-error", Lag: 4, Value: figure(0.707)}, {Name: "nothing"},
			}},
			{Name: "dir/other", Figures: []metrics.TimeFigure{{Name: "rate-error"}, {Name: "p-silent", Bins: 10, Value: figure(0.711)}, {}, {}, {}}},
		}},
	}
	e.Verdict = []string{"It is better.", "And worse."}
	e.Score = &assess.Scores{Split: assess.Halves{Name: "held out", Train: 21, Judge: 22, Bins: 23}, Judged: []assess.Judged{{Score: &score.Score{Notes: []string{"cut"}}}}}
	e.Standing.Sentence = "so it stands"
	e.Whole = assess.Whole{
		Bins: 23, Drawn: &assess.Trials{Repeats: 24, Cells: []assess.Cell{{Intervals: 4, MeanISI: figure(8.11), CV: figure(8.12), Fano: figure(8.13)}, {}}},
		Recording: assess.Trials{Cells: []assess.Cell{{Intervals: 4, MeanISI: figure(8.14), CV: figure(8.15), Fano: figure(8.16)}, {Fano: figure(8.17)}}},
	}
	e.Spiking.Drawn = metrics.SpikingSummary{ISI: []metrics.Intervals{{Count: 3, Mean: 8.01, CV: 8.02}, {}}, FanoFactor: []float64{8.03, 8.04}}
	e.Spiking.Recording = metrics.SpikingSummary{ISI: []metrics.Intervals{{Count: 3, Mean: 8.05, CV: 8.06}, {Count: 1, Mean: 8.07, CV: 8.08}}, FanoFactor: []float64{8.09}}
	for i := range 12 {
		e.States = append(e.States, assess.WindowState{Window: fmt.Sprintf("%02b|%02b", i/4, i%4), Recording: 0.1 + float64(i)/1000, Drawn: 0.2 + float64(i)/1000, Law: figure(0.3 + float64(i)/1000)})
	}
	return e
}

// What people read of each report, figure by figure: testdata/printed.txt has the whole text.
func TestPrinted(t *testing.T) {
	at := time.Date(2026, 4, 15, 9, 30, 0, 0, time.UTC)
	exact := printedEvaluation()
	exact.Law.Method, exact.Law.Latents, exact.Note, exact.Parameters, exact.Noise = "exact", 99, "", nil, nil
	exact.Verdict, exact.Score, exact.Unjudged, exact.Standing.Sentence, exact.Whole.Drawn = nil, nil, "no repeats", "", nil
	exact.States[0].Window = strings.Repeat("0", 81)
	var got strings.Builder
	for _, k := range []struct {
		name  string
		print func(a *app) error
	}{
		{"evaluate, drawn and under noise", func(a *app) error { return a.tell(false, printedEvaluation()) }},
		{"evaluate, exact", func(a *app) error { return a.tell(false, exact) }},
		{"score", func(a *app) error { return a.tell(false, printedScores()) }},
		{"baseline", func(a *app) error {
			return a.tell(false, &assess.Baselines{
				Data: "data.mat", DataSHA256: "0123456789abcdef", Labels: []string{"a", "b"}, Timesteps: 3, Windows: 44, Seen: 5, PSilent: 0.66,
				Models: []metrics.BaselineResult{{Name: "ising", Parameters: 21, JS: figure(math.Ln2 / 2), JSHeldOut: figure(0.31), LogLikelihoodHeldOut: figure(-0.41)}, {Name: "data", Parameters: math.MaxInt}},
			})
		}},
		{"baseline --samples", func(a *app) error {
			return a.tell(false, &assess.Baselines{Samples: []assess.BaselineSamples{{Name: "psth", File: "psth.npz", Repeats: 12, Bins: 34}}})
		}},
		{"inspect", func(a *app) error {
			return a.tell(false, &qasm.Inspection{
				Path: "p.qasm", Version: "3.0", Qubits: 4, Bits: 3, Gates: map[string]int{"x": 2, "cx": 1}, Depth: 8, TwoQubitGates: 6, Parameters: []string{"s", "t"}, Runnable: true,
				Unsupported: []qasm.Unsupported{{Construct: "an array", File: "p.qasm", Line: 5, Column: 7}}, Notes: []string{"odd"},
			})
		}},
		{"doctor", func(a *app) error {
			return a.tell(false, &checkup.Report{
				Version: machine.Build{Version: "1.2", Go: "go1.26", OS: "linux", Arch: "amd64"}, Machine: machine.Info{CPU: "a processor", Features: []string{"avx2", "fma"}, Cores: 8, GOMAXPROCS: 6, Memory: 3 << 29},
				Largest: checkup.Largest{State: 26, Gradient: 25}, Kernel: checkup.Kernel{Name: "avx2", SelfTest: "passed"}, Config: checkup.Config{Error: "wrong"},
				Folders: []durable.Folder{{Name: "cache", Path: "/c", Exists: true, Writable: true}, {Name: "state", Path: "/s"}},
			})
		}},
		{"run", func(a *app) error {
			return a.tell(false, &backends.Reading{Shots: 10, Counts: map[string]int{"10": 7, "01": 3}})
		}},
		{"run --exact", func(a *app) error {
			return a.tell(false, &backends.Reading{Probabilities: map[string]float64{"1": 0.125, "0": 0.875}})
		}},
		{"run --mitigate", func(a *app) error {
			return a.tell(false, &backends.Reading{Shots: 40, Counts: map[string]int{"0": 30, "1": 10}, Corrected: &backends.Corrected{
				Mitigation: "m3", Overhead: 1.5, Distance: 0.25, Quasi: map[string]float64{"0": 1.01, "1": -0.01, "2": 0}, StdErr: map[string]float64{"0": 0.02, "1": 0.03}, Nearest: map[string]float64{"0": 0.98, "1": 0.04},
			}})
		}},
		{"jobs result, several circuits", func(a *app) error {
			one := func(n int) *backends.Reading { return &backends.Reading{Shots: n, Counts: map[string]int{"1": n}} }
			return a.tell(false, &remote.Answer{Programs: []*backends.Reading{one(5), one(6)}})
		}},
		{"jobs list", func(a *app) error {
			return a.tell(false, &ledger.Summary{Today: 1.5, Total: 2.5, Jobs: []ledger.Job{{ID: "job-1", State: ledger.Done, Service: "iqm", Device: "garnet", Circuits: 3, Shots: 44, Remote: "there-1", Command: "submit x"}}})
		}},
		{"devices show", func(a *app) error {
			return a.tell(false, &compile.Description{
				Name: "line", Service: "ibm", Version: "1.2", Qubits: 9, Usable: 8, Pairs: 7, UsablePairs: 6, Pulses: "rz, sx", Gates: []string{"cz", "ecr"},
				Limits: calibration.Limits{MinShots: 5, MaxShots: 400}, SampleTime: 4.5e-9, Warnings: []string{"odd"},
			})
		}},
		{"devices show, little known", func(a *app) error {
			return a.tell(false, &compile.Description{Name: "line", Service: "iqm", Limits: calibration.Limits{MaxShots: 400}})
		}},
		{"calibration show", func(a *app) error {
			oldest, newest := at.Add(-75*time.Hour), at.Add(-90*time.Minute)
			return a.tell(false, &calibration.Report{
				Now: at, SHA256: "0123456789abcdef", Oldest: &oldest, Newest: &newest,
				Figures:  []calibration.Figure{{Name: "T1", Unit: "s", Known: 3, Min: 1e-6, Median: 2e-6, Max: 3e-6}, {Name: "cz error", Known: 2, Min: 0.01, Median: 0.02, Max: 0.03}},
				Snapshot: &calibration.Snapshot{Name: "line", Service: "ibm", Version: "1.2", Taken: at.Add(-3 * time.Hour), Qubits: make([]calibration.Qubit, 4), Warnings: []string{"odd"}},
			})
		}},
		{"calibration diff", func(a *app) error {
			return a.tell(false, &compile.Drift{
				Changes: []calibration.ChangeRow{{What: "T1 of 0", Old: figure(1.1), New: figure(2.2), Ratio: figure(2), StdErrs: figure(4.4)}, {What: "cz 0-1", Event: "faulty"}}, Qubits: 2,
				Relayout: compile.Relayout{Before: &compile.NamedChain{Qubits: []string{"0", "1"}, Fidelity: 0.51}, After: &compile.NamedChain{Qubits: []string{"2", "3"}, Fidelity: 0.62}, Better: true},
			})
		}},
		{"run --noise-table", func(a *app) error {
			return a.tell(false, &calibration.NoiseTable{
				Operations: []calibration.NoiseRow{{Operation: "cz", Qubits: []int{0, 1}, Channels: []string{"one", "two"}, Error: figure(0.0123)}, {Operation: "ccx", Qubits: []int{0, 1, 2}}},
				Readout:    []calibration.ReadoutRow{{Qubits: []int{3}, Matrix: [][]float64{{0.98, 0.06}, {0.02, 0.94}}}, {Qubits: []int{1, 2}, Matrix: make([][]float64, 4)}},
			})
		}},
	} {
		var out, errs bytes.Buffer
		a := newApp(nil, &out, &errs, func(string) string { return "" })
		a.now = func() time.Time { return at }
		if err := k.print(a); err != nil {
			t.Errorf("%s: %v", k.name, err)
		}
		fmt.Fprintf(&got, "=== %s\n%s", k.name, out.String())
		for line := range strings.Lines(errs.String()) {
			fmt.Fprintf(&got, "stderr: %s", line)
		}
	}
	text := trimmed(got.String())
	path := filepath.Join("testdata", "printed.txt")
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := gocmp.Diff(strings.Split(string(must[[]byte](t)(os.ReadFile(path))), "\n"), strings.Split(text, "\n")); d != "" {
		t.Errorf("%s (-update writes it anew): %s", path, d)
	}
}

// printedScores are of two who were judged, one beside a baseline, with values of every
// kind among missing ones.
func printedScores() *assess.Scores {
	scored := func(name string, bins int, values ...score.Value) *score.Score {
		x := &score.Score{Name: name, Repeats: 7, Bins: bins}
		for k, f := range score.Figures()[:4] {
			v := score.Value{Name: f.Name, Missing: "there is no reason"}
			if k < len(values) {
				v = values[k]
				v.Name = f.Name
			}
			x.Values = append(x.Values, v)
		}
		return x
	}
	s := &assess.Scores{
		Data: "data.mat", DataSHA256: "0123456789abcdef", Labels: []string{"a", "b"},
		Split: assess.Halves{Name: "odd/even", Train: 4, Judge: 3, Bins: 20},
		Baselines: []*score.Score{
			scored("glm", 20, score.Value{Value: figure(-0.11)}, score.Value{Value: figure(0.12)}),
			scored("psth", 20, score.Value{Value: figure(-0.13)}, score.Value{Value: figure(0.14)}),
		},
		Absent: []assess.AbsentBaseline{{Name: "ising", Reason: "ising: too many cells"}},
		Judged: []assess.Judged{
			{Score: scored("run", 20,
				score.Value{Value: figure(-0.21), Interval: []float64{-0.22, -0.2}},
				score.Value{Value: figure(0.23), Floor: figure(0.24), Perfect: &score.Range{Mean: 0.25}, Excess: figure(2.6)},
				score.Value{Value: figure(0.26), Recording: figure(0.27), Perfect: &score.Range{Mean: 0.28}, Excess: figure(-1.5)},
			), Verdict: []string{"One.", "Two."}},
			{Score: scored("windows", 1, score.Value{Missing: "samples alone have no likelihood"})},
		},
	}
	s.Judged[1].Notes = []string{"cut"}
	s.Groups = []assess.AboutGroup{{Name: "likelihood", Unit: "nats/bin"}, {Name: "rates"}}
	s.Judged[0].Groups = []score.GroupValue{{Name: "likelihood", Figures: 1}, {Name: "rates", Figures: 1, Excess: figure(2.6)}}
	s.Judged[0].Against = []score.Against{{Baseline: "glm", Better: []string{"likelihood"}, Even: []string{"rates"}}, {Baseline: "psth", Better: []string{"likelihood"}, Worse: []string{"rates"}, Lacks: "history"}}
	s.Baselines[1].Groups = []score.GroupValue{{Name: "rates", Figures: 1, Excess: figure(-0.25)}}
	for _, f := range score.Figures() {
		s.About = append(s.About, assess.AboutFigure{Name: f.Name, Unit: f.Unit})
	}
	return s
}

// trimmed is a text without blanks at the ends of its lines.
func trimmed(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(slices.Clip(lines), "\n")
}

// Whatever others wrote, nothing that is printed moves the terminal.
func TestWhatIsPrintedIsPlain(t *testing.T) {
	const evil = "no \x1b[31mred\x1b]0;title\x07\x1b[2K\rqgan: all is well\u009b\u202e"
	var out, errs bytes.Buffer
	a := &app{out: &out, err: &errs}
	a.note("job: %s", evil)
	a.warn("%s", evil)
	a.report(exitRemote, fmt.Errorf("ibm: job x failed: %s\nand another", evil))
	a.report(exitUsage, usagef("x").withHint("%s", evil))
	table := words.NewTable(&out)
	table.Row("job", evil)
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := a.printJSON(map[string]string{"reason": evil, evil: "x"}); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]string{"out": out.String(), "err": errs.String()} {
		if i := strings.IndexFunc(b, func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || r == '\u202e') }); i >= 0 || !strings.Contains(b, "all is well") {
			t.Errorf("%s: %q", name, b)
		}
		if strings.Contains("\n"+b, "\nqgan: all is well") {
			t.Errorf("%s has a line of the service's own: %s", name, b)
		}
	}
}

// What a reader assumed of a file is told of files that are put beside, too.
func TestWarningsOfFilesBeside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "beside.csv")
	text := ",a,b\n"
	for bin := range 40 {
		text += fmt.Sprintf("%d,%d,%d\n", bin, bin%2, bin%3%2)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	rec, err := metrics.NewRecording(spikes.NewRaster(4, 20, 2, 0.02), "")
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	a := newApp(nil, nil, &errs, func(string) string { return "" })
	files, err := a.loadBeside(rec, []string{path})
	if want := "qgan: warning: " + path + ": the first column has no name"; err != nil || len(files) != 1 || !strings.HasPrefix(errs.String(), want) {
		t.Errorf("%d files, %v, told %q, want %q", len(files), err, errs.String(), want)
	}
}
