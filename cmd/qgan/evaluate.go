package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/spikes"
	"qgan/training"
)

// evaluation is the object of `evaluate --json`.
type evaluation struct {
	Schema     string `json:"schema"`
	What       string `json:"what"` // the run or the file
	Data       string `json:"data"`
	DataSHA256 string `json:"data_sha256"`
	Seed       uint64 `json:"seed"`
	// Of a run: what its latent vector does, and its trained parameters.
	Latent     string           `json:"latent_scale,omitempty"`
	Parameters *training.Counts `json:"parameters,omitempty"`
	size       string
	likelihood likelihood // of what was drawn; nil: unknown
	entropy    float64    // of the recording's windows, nats
	exact      *training.LawEstimate
	lawJSON
	Baselines       []metrics.BaselineResult `json:"baselines"`
	RatesHz         []float64                `json:"rates_hz"`
	Covariance      [][]float64              `json:"covariance"`
	KProbability    []float64                `json:"k_probability"`
	Autocorrelogram []float64                `json:"autocorrelogram"`
	Undefined       []int                    `json:"undefined"`
	// The recording's own figures, and what else was compared: the first file, and
	// all of them.
	Recording metrics.Summary  `json:"recording"`
	Compare   *metrics.Summary `json:"compare,omitempty"`
	CompareJS *float64         `json:"compare_js_nats,omitempty"`
	Compared  []compared       `json:"compared,omitempty"`
	Time      timeJSON         `json:"time"`
	Noise     *noiseJSON       `json:"noise,omitempty"` // of --backend noisy
	// States are the recording's most frequent windows and their probabilities.
	States []stateJSON `json:"states"`
	// Statistics of single neurons and pairs in time, of what was drawn and of the
	// recording, and the errors as Spike-GAN adds them up.
	Spiking struct {
		Drawn     metrics.SpikingSummary `json:"drawn"`
		Recording metrics.SpikingSummary `json:"recording"`
	} `json:"spiking"`
	Errors metrics.SpikeGANErrors `json:"spike_gan_errors"`
	// Estimate is what the drawn windows tell of their law, exact or not.
	Estimate metrics.SampleEstimate `json:"estimate"`
	// Drawn is the number of windows that the statistics come from.
	Drawn int `json:"drawn"`
}

// stateJSON is a window, timesteps apart, and how often it is seen: in the recording, in
// what was drawn and, where the law is exact, in the law.
type stateJSON struct {
	Window    string   `json:"window"`
	Recording float64  `json:"recording"`
	Drawn     float64  `json:"drawn"`
	Law       *float64 `json:"law,omitempty"`
}

// Windows that are listed, and printed for people.
const (
	listedStates  = 64
	printedStates = 10
)

// listStates lists the recording's most frequent windows.
func (e *evaluation) listStates(rec *metrics.Recording, data, drawn *metrics.States) error {
	order := make([]int, data.Len())
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return data.Counts[b] - data.Counts[a] })
	var law []float64
	if e.exact != nil {
		all, err := rec.Law(metrics.All, data.Timesteps)
		if err != nil {
			return err
		}
		law = on(e.exact, all, data)
	}
	e.States = []stateJSON{}
	for _, i := range order[:min(listedStates, len(order))] {
		words := make([]string, data.Timesteps)
		for k, w := range data.Window(i) {
			words[k] = fmt.Sprintf("%0*b", data.Neurons, w)
		}
		x := stateJSON{Window: strings.Join(words, "|"), Recording: data.Prob(i)}
		if k := drawn.Find(data.Window(i)); k >= 0 {
			x.Drawn = drawn.Prob(k)
		}
		if law != nil {
			x.Law = &law[i]
		}
		e.States = append(e.States, x)
	}
	return nil
}

// compared is a file that was put beside.
type compared struct {
	File    string          `json:"file"`
	JS      float64         `json:"js_nats"` // plug-in, of its windows
	Summary metrics.Summary `json:"summary"`
}

// evaluateFlags are the flags of `evaluate`.
type evaluateFlags struct {
	data      dataFlags
	timesteps int
	samples   int
	exact     bool
	compare   []string
	seed      uint64
	asJSON    bool
	where     processorFlags
}

// newEvaluateCmd makes `evaluate`.
func newEvaluateCmd(a *app) *cobra.Command {
	var f evaluateFlags
	cmd := &cobra.Command{
		Use:   "evaluate RUN|FILE",
		Short: "Compare a generator or a file of spike trains with the recording",
		Long: `Compare statistics and the law of windows with the recording: rates, pairwise
covariance, number of neurons active in a bin, autocorrelogram of equal windows,
and the Jensen-Shannon divergence beside its floor and simple models. Statistics in
time (covariances at lags, silent windows, spikes in a window, bursts) are compared
over windows of the run's length and of 10 and 30 bins where the samples are long
enough, with the floor, models of independent bins, of a memory of one bin and of
Gaussian covariances (dichotomised), and the files of --compare beside them; --train-repeats odd compares with the even
repeats, which models fitted to the odd ones have not seen.

For a run the law is exact, averaged over 65,536 latent vectors or more, where that
is within reach; --samples N takes the law from N drawn windows instead, and --exact
insists on the first.

With --backend noisy it is what the generator looks like on that processor: its
statistics are those of windows drawn shot by shot (as of generate), and a table
puts the laws with and without noise, with and without readout errors, and with
--mitigate the windows as they were read and corrected, side by side.`,
		Example: `  qgan evaluate runs/retina
  qgan evaluate trains.npz --data recording.mat --repeat-bins 953 --neurons 6
  qgan evaluate trains.npz --compare gaussian.mat --compare k_pairwise.mat --json
  qgan evaluate runs/retina --backend noisy --device props_torino.json --mitigate m3`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, a, args[0]) },
	}
	f.data.add(cmd, true)
	s := cmd.Flags()
	s.IntVar(&f.timesteps, "timesteps", 0, "time bins of a window of a FILE (none: as its samples are long, at most 30)")
	s.IntVar(&f.samples, "samples", 100000, "windows to draw (of --backend noisy 20000)")
	s.BoolVar(&f.exact, "exact", false, "fail where the exact law is out of reach")
	addCompare(cmd, &f.compare)
	s.Uint64Var(&f.seed, "seed", 0, "seed of the draws (none: the run's)")
	s.BoolVar(&f.asJSON, "json", false, "print a JSON object")
	f.where.add(s)
	return cmd
}

func (f *evaluateFlags) run(cmd *cobra.Command, a *app, what string) error {
	if f.samples < 1 {
		return usagef("--samples %d: at least 1 is needed", f.samples)
	}
	e := evaluation{Schema: "qgan.evaluate/v1", What: what}
	source := f.fromFile
	if isRun(a, what) {
		source = f.fromRun
	}
	rec, drawn, err := source(cmd, a, &e)
	if err != nil {
		return err
	}
	e.Seed, e.Data, e.DataSHA256 = f.seed, rec.Train.Source.Path, rec.Train.Source.SHA256
	if err := e.fill(rec, drawn, f.timesteps, f.seed); err != nil {
		return err
	}
	files, err := loadCompared(a, rec, f.compare)
	if err != nil {
		return err
	}
	if err := e.compareWith(files, rec, f.timesteps); err != nil {
		return err
	}
	if err := e.fillTime(rec, drawn, files, f.timesteps, f.seed); err != nil {
		return err
	}
	if f.asJSON {
		return a.printJSON(e)
	}
	return a.printEvaluation(e, f.timesteps)
}

// fromRun draws from a run's generator and, where asked or by default, measures
// its exact law. It sets what the run decides: timesteps and seed.
func (f *evaluateFlags) fromRun(cmd *cobra.Command, a *app, e *evaluation) (*metrics.Recording, *spikes.Raster, error) {
	changed := cmd.Flags().Changed
	m, err := openModel(a, e.What)
	if err != nil {
		return nil, nil, err
	}
	if changed("timesteps") || changed("neurons") {
		return nil, nil, usagef("--timesteps and --neurons are the run's own")
	}
	f.timesteps = m.config.Timesteps
	if !changed("seed") {
		f.seed = m.config.Seed
	}
	n := training.CountParameters(m.config)
	e.Latent, e.Parameters, e.size = latentText(m.config), &n, sizeText(m.config)
	f.data.fromRun(cmd, m.run.Manifest)
	rec, err := f.data.load(a, m.run.Manifest.Data.Neurons)
	if err != nil {
		return nil, nil, err
	}
	if f.where.backend != "ideal" && f.where.backend != "noisy" {
		return nil, nil, usagef("--backend %s: it can be ideal or noisy", f.where.backend).withHint("`qgan generate --backend %s --out FILE` draws there; evaluate the FILE", f.where.backend)
	}
	on, err := f.where.open(cmd.Context(), a, cmd.Name(), changed, f.samples, f.seed)
	if err != nil {
		return nil, nil, err
	}
	if on != nil {
		drawn, err := f.onNoise(cmd, m, on, rec, e)
		return rec, drawn, err
	}
	e.likelihood = m.likelihood(cmd.Context())
	drawn, err := m.sample(cmd.Context(), nil, training.Sampling{Samples: f.samples, Seed: f.seed})
	if err != nil || !f.exact && changed("samples") {
		return rec, drawn, err
	}
	law, estimate, err := m.measure(cmd.Context(), rec, f.seed)
	switch {
	case err != nil:
		return nil, nil, err
	case law.Method == "exact":
		e.lawJSON, e.exact = law, estimate
	case f.exact:
		return nil, nil, exitf(exitFailure, "--exact: %s", law.Note)
	default:
		e.Note, e.LatentJS = law.Note, law.LatentJS
	}
	return rec, drawn, nil
}

// fromFile reads drawn spike trains. Where the flags leave it open, the windows
// are as long as the file's samples and the neurons are the first ones.
func (f *evaluateFlags) fromFile(cmd *cobra.Command, a *app, e *evaluation) (*metrics.Recording, *spikes.Raster, error) {
	if f.exact {
		return nil, nil, usagef("--exact: a file has no law of its own, only samples")
	}
	if f.where.backend != "ideal" {
		return nil, nil, usagef("--backend %s is for a run, %s is a file", f.where.backend, e.What)
	}
	drawn, err := a.loadSamples(e.What, f.data.binWidth)
	if err != nil {
		return nil, nil, err
	}
	if !cmd.Flags().Changed("neurons") {
		f.data.neurons = fmt.Sprint(drawn.Neurons)
	}
	rec, err := f.data.load(a, nil)
	if err != nil {
		return nil, nil, err
	}
	if drawn, err = rec.Like(drawn, e.What); err != nil {
		return nil, nil, err
	}
	if !cmd.Flags().Changed("timesteps") {
		f.timesteps = min(drawn.Bins, longWindow)
	}
	return rec, drawn, nil
}

// isRun says whether an argument is a directory, or is not there at all and so
// better reported as a missing run.
func isRun(a *app, path string) bool {
	info, err := a.fs.Stat(path)
	return err == nil && info.IsDir()
}

// bootstrapDraws are the resamples of an error and the samples of a floor.
const bootstrapDraws = 40

// fill computes the statistics of the drawn windows and, where there is no
// exact law, the plug-in distance with its error and its floor.
func (e *evaluation) fill(rec *metrics.Recording, drawn *spikes.Raster, t int, seed uint64) error {
	w, err := rec.Windows(metrics.Trained, t)
	if err != nil {
		return err
	}
	s, err := rec.Law(metrics.Trained, t)
	if err != nil {
		return err
	}
	dw, ds, err := countWindows(drawn, t)
	if err != nil {
		return err
	}
	if drawn.BinWidth == 0 {
		drawn.BinWidth = rec.Train.BinWidth
	}
	sum := metrics.Summarize(dw)
	e.RatesHz, e.Covariance, e.KProbability = sum.RatesHz, sum.Covariance, sum.KProbability
	e.Autocorrelogram, e.Undefined, e.Drawn = sum.Autocorrelogram, sum.Undefined, ds.Total
	e.Recording = metrics.Summarize(w)
	e.Spiking.Drawn, e.Spiking.Recording = metrics.SummarizeSpiking(dw), metrics.SummarizeSpiking(w)
	e.entropy = s.Entropy()
	if err := e.listStates(rec, s, ds); err != nil {
		return err
	}
	if e.Errors, err = metrics.CompareSpikeGAN(rec.Train, drawn, t); err != nil {
		return err
	}
	if e.Estimate, err = metrics.EstimateJS(s, ds, stream.New(seed, "estimate"), bootstrapDraws); err != nil {
		return err
	}
	if e.Baselines, err = rec.Baselines(t, briefBaselines(s)); err != nil {
		return err
	}
	if e.Method == "exact" {
		return nil
	}
	x := e.Estimate
	e.Method, e.Samples, e.PSilent = "plugin", ds.Total, ds.PSilent()
	e.JS, e.JSBits, e.StdErr, e.Null = &x.JSNats, pointer(metrics.Bits(x.JSNats)), &x.StdErr, &x.NullFloor
	against := func(p metrics.Part) (*float64, error) {
		part, err := rec.Law(p, t)
		if err != nil {
			return nil, err
		}
		x, err := metrics.JSStates(part, ds)
		return pointer(x), err
	}
	if rec.Held != nil {
		if e.HeldOut, err = against(metrics.HeldOut); err != nil {
			return err
		}
	}
	if rec.All.Repeats > 1 {
		floor, err := rec.Floor(t)
		if err != nil {
			return err
		}
		e.Floor = &floor
		if e.Odd, err = against(metrics.Odd); err != nil {
			return err
		}
		if e.Even, err = against(metrics.Even); err != nil {
			return err
		}
	}
	return nil
}

// compareWith computes the statistics of files that are put beside.
func (e *evaluation) compareWith(files []comparedFile, rec *metrics.Recording, t int) error {
	data, err := rec.Law(metrics.Trained, t)
	if err != nil {
		return err
	}
	for _, f := range files {
		w, s, err := countWindows(f.raster, t)
		if err != nil {
			return fmt.Errorf("%s: %w", f.path, err)
		}
		js, err := metrics.JSStates(data, s)
		if err != nil {
			return err
		}
		e.Compared = append(e.Compared, compared{f.path, js, metrics.Summarize(w)})
	}
	if len(e.Compared) > 0 {
		e.Compare, e.CompareJS = &e.Compared[0].Summary, &e.Compared[0].JS
	}
	return nil
}

// fillTime compares the samples, simple models and the files in time.
func (e *evaluation) fillTime(rec *metrics.Recording, drawn *spikes.Raster, files []comparedFile, t int, seed uint64) error {
	s, err := newTimeStudy(rec, t, seed, drawn)
	if err != nil {
		return err
	}
	if err := s.add(e.What, drawn, e.likelihood); err != nil {
		return err
	}
	if err := s.addOthers(rec, files); err != nil {
		return err
	}
	e.Time = s.timeJSON
	return nil
}

// printStates prints the first windows, unless they are too long for a line.
func (a *app) printStates(states []stateJSON) error {
	const longest = 80
	if len(states) == 0 || len(states[0].Window) > longest {
		return nil
	}
	fmt.Fprintf(a.out, "\nThe recording's most frequent windows\n")
	t := newTable(a.out)
	t.row("window", "recording", "drawn", "law")
	for _, x := range states[:min(printedStates, len(states))] {
		t.row(x.Window, fmt.Sprintf("%.6f", x.Recording), fmt.Sprintf("%.6f", x.Drawn), text(x.Law, "%.6f"))
	}
	return t.flush()
}

// at prints an entry of a list that may be absent.
func at(list []float64, i int) string {
	if i >= len(list) {
		return "–"
	}
	return fmt.Sprintf("%.3f", list[i])
}

// interval prints a figure of a neuron's intervals, if it has any.
func interval(x metrics.Intervals, figure float64) string {
	if x.Count == 0 {
		return "–"
	}
	return fmt.Sprintf("%.3f", figure)
}

// notAveraged says why an exact law needs no average.
func notAveraged(n *training.Counts) string {
	if n != nil && n.Memory > 0 {
		return "the memory begins anew with each window"
	}
	return "the latent vector is not used"
}

// printEvaluation prints the figures for people.
func (a *app) printEvaluation(e evaluation, timesteps int) error {
	fmt.Fprintf(a.out, "%s against %s (sha256 %.12s), windows of %s, seed %d\n", e.What, e.Data, e.DataSHA256, plural(timesteps, "bin"), e.Seed)
	if e.Parameters != nil {
		fmt.Fprintln(a.out, e.size)
	}
	fmt.Fprintln(a.out)
	how := fmt.Sprintf("exact, %d latent vectors", e.Latents)
	if e.Parameters != nil && e.Parameters.Memory > 0 {
		how = fmt.Sprintf("exact, %d pasts", e.Latents)
	}
	switch {
	case e.Method == "plugin":
		how = fmt.Sprintf("of %d drawn windows; as many of the recording's own law: %s", e.Samples, text(e.Null, "%.3g"))
	case e.Latents == 1:
		how = "exact; " + notAveraged(e.Parameters)
	}
	t := newTable(a.out)
	t.row("JS", fmt.Sprintf("%s ± %s nats (%s bits)", text(e.JS, "%.4g"), text(e.StdErr, "%.1g"), text(e.JSBits, "%.3g")), how)
	if x := e.Estimate; e.Method == "plugin" {
		interval := "–"
		if x.Interval != nil {
			interval = fmt.Sprintf("[%.3g, %.3g]", x.Interval[0], x.Interval[1])
		}
		t.row("JS corrected", fmt.Sprintf("%.4g nats", x.Corrected), "without the bias of so few windows; 95 % within "+interval)
		t.row("KL to the recording", text(x.KLNats, "%.4g")+" nats", fmt.Sprintf("total variation %.4g", x.TV))
	}
	t.row("entropy", fmt.Sprintf("%.4g nats", e.Estimate.EntropyMillerMadowNats), fmt.Sprintf("Miller-Madow; plug-in %.4g; recording %.4g", e.Estimate.EntropyNats, e.entropy))
	t.row("JS held out", text(e.HeldOut, "%.4g")+" nats", "to the repeats not trained on")
	t.row("ln p a bin", text(e.LogLikelihood, "%.5f")+" nats", "held out "+text(e.LogLikelihoodHeldOut, "%.5f"))
	t.row("JS to halves", text(e.Odd, "%.4g")+" / "+text(e.Even, "%.4g")+" nats", "odd / even repeats; the halves to each other: "+text(e.Floor, "%.3g"))
	t.row("JS of two latents", text(e.LatentJS, "%.3g")+" nats", "0 where the generator ignores its latent vector")
	t.row("P(silent window)", fmt.Sprintf("%.5f", e.PSilent), fmt.Sprintf("recording %.5f", e.Recording.PSilent))
	for _, c := range e.Compared {
		t.row("JS of "+c.File, fmt.Sprintf("%.4g nats", c.JS), fmt.Sprintf("of %d windows", c.Summary.Windows))
	}
	if err := t.flush(); err != nil {
		return err
	}
	if e.Note != "" {
		fmt.Fprintf(a.out, "note: %s\n", e.Note)
	}
	for _, w := range e.Estimate.Warnings {
		fmt.Fprintf(a.out, "warning: %s\n", w)
	}
	if err := a.printNoise(e.Noise); err != nil {
		return err
	}
	fmt.Fprintln(a.out)
	if err := a.printBaselines(e.Baselines); err != nil {
		return err
	}
	if err := a.printStates(e.States); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "\nStatistics of %d windows\n", e.Drawn)
	t = newTable(a.out)
	t.row("neuron", "rate (Hz)", "recording", "Fano factor", "recording", "ISI (s)", "recording", "CV", "recording")
	own := e.Spiking.Recording
	for i := range e.Covariance {
		x, y := e.Spiking.Drawn.ISI[i], own.ISI[i]
		t.row(fmt.Sprint(i), at(e.RatesHz, i), at(e.Recording.RatesHz, i), at(e.Spiking.Drawn.FanoFactor, i), at(own.FanoFactor, i),
			interval(x, x.Mean), interval(y, y.Mean), interval(x, x.CV), interval(y, y.CV))
	}
	if err := t.flush(); err != nil {
		return err
	}
	if len(e.Undefined) > 0 {
		fmt.Fprintf(a.out, "neurons without variance, whose correlations are undefined and given as 0: %v\n", e.Undefined)
	}
	t = newTable(a.out)
	t.row("active neurons", "P(k)", "recording")
	for k, p := range e.KProbability {
		t.row(fmt.Sprint(k), fmt.Sprintf("%.6f", p), fmt.Sprintf("%.6f", e.Recording.KProbability[k]))
	}
	worst := 0.0
	for i := range e.Covariance {
		for j := range i {
			worst = max(worst, math.Abs(e.Covariance[i][j]-e.Recording.Covariance[i][j]))
		}
	}
	t.row("covariance, largest difference of a pair", fmt.Sprintf("%.3g", worst), "")
	gap := 0.0
	for i, x := range e.Autocorrelogram {
		gap += math.Abs(x - e.Recording.Autocorrelogram[i])
	}
	t.row("autocorrelogram, L1 over lags", fmt.Sprintf("%.3g", gap), "")
	x := e.Errors
	t.row("Spike-GAN's errors, means:", "", "Pearson's r")
	t.row("rate (spikes a bin)", fmt.Sprintf("%.3g", x.Rate), text(x.RateR, "%.4f"))
	t.row("covariance of a pair", fmt.Sprintf("%.3g", x.Covariance), text(x.CovarianceR, "%.4f"))
	t.row("covariance one bin later", fmt.Sprintf("%.3g", x.LagCovariance), text(x.LagCovarianceR, "%.4f"))
	t.row("sum |dP(k)|", fmt.Sprintf("%.3g", x.KProbability), "")
	t.row("autocorrelogram, windows end to end", fmt.Sprintf("%.3g", x.Autocorrelogram), "")
	if err := t.flush(); err != nil {
		return err
	}
	return a.printTime(e.Time)
}
