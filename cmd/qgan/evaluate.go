package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"qgan/metrics"
	"qgan/training/assess"
)

// evaluateFlags are the flags of `evaluate`.
type evaluateFlags struct {
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
and the Jensen-Shannon divergence beside what a perfect model is expected to score, the
recording's halves and simple models. Statistics in
time (covariances at lags, silent windows, spikes in a window, bursts) are compared
over windows of the run's length and of 10 and 30 bins where the samples are long
enough, with the halves, models of independent bins, of a memory of one bin and of
Gaussian covariances (dichotomised), and the files of --compare beside them;
--train-repeats odd compares with the even repeats, which models fitted to the odd ones
have not seen.

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
	addData(cmd, true)
	s := cmd.Flags()
	s.IntVar(&f.timesteps, "timesteps", 0, "time bins of a window of a FILE (none: as its samples are long, at most 30)")
	s.IntVar(&f.samples, "samples", assess.UsualWindows, fmt.Sprintf("windows to draw (of --backend noisy %d)", assess.NoisyWindows))
	s.BoolVar(&f.exact, "exact", false, "fail where the exact law is out of reach")
	addParameters(s)
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
	source := f.file
	if isRun(a, what) {
		source = f.generator
	}
	e, err := source(cmd, a, what)
	if err != nil {
		return noiseError(what, err)
	}
	return show(a, f.asJSON, e, a.printEvaluation)
}

// generator evaluates a run's generator. What the run decides is not asked for: timesteps,
// neurons and, by default, the seed.
func (f *evaluateFlags) generator(cmd *cobra.Command, a *app, what string) (*assess.Evaluation, error) {
	changed := cmd.Flags().Changed
	g, err := openModel(a, cmd, what)
	if err != nil {
		return nil, err
	}
	if changed("timesteps") || changed("neurons") {
		return nil, usagef("--timesteps and --neurons are the run's own")
	}
	if !changed("seed") {
		f.seed = g.Config.Seed
	}
	s := given(cmd.Flags())
	rec, err := a.recordingOf(g, s)
	if err != nil {
		return nil, err
	}
	if b := backendOf(s); b != "ideal" && b != "noisy" {
		return nil, usagef("--backend %s: it can be ideal or noisy", b).withHint("`qgan generate --backend %s --out FILE` draws there; evaluate the FILE", b)
	}
	on, err := f.where.open(cmd.Context(), a, cmd.Name(), cmd.Flags(), f.samples, f.seed)
	if err != nil {
		return nil, err
	}
	o := assess.Options{Seed: f.seed}
	if f.exact {
		o.Law = assess.Exact
	}
	if changed("samples") {
		o.Windows = f.samples
	}
	if on != nil {
		o.Noise = on.Noise(f.where.latents, f.where.perLatent)
	}
	if o.Compare, err = a.loadBeside(rec, f.compare); err != nil {
		return nil, err
	}
	return g.Evaluate(cmd.Context(), what, rec, o)
}

// file evaluates drawn spike trains. Where the flags leave it open, the windows
// are as long as the file's samples and the neurons are the first ones.
func (f *evaluateFlags) file(cmd *cobra.Command, a *app, what string) (*assess.Evaluation, error) {
	if f.exact {
		return nil, usagef("--exact: a file has no law of its own, only samples")
	}
	if cmd.Flags().Changed("parameters") {
		return nil, usagef("--parameters is for a run, %s is a file", what)
	}
	s := given(cmd.Flags())
	if b := backendOf(s); b != "ideal" {
		return nil, usagef("--backend %s is for a run, %s is a file", b, what)
	}
	rec, err := a.recording(s, metrics.RecordingOptions{Of: what})
	if err != nil {
		return nil, err
	}
	drawn, err := rec.Samples(what)
	if err != nil {
		return nil, err
	}
	a.warnOf(drawn)
	if !cmd.Flags().Changed("timesteps") {
		f.timesteps = assess.TimestepsOf(drawn, drawn.Bins)
	}
	files, err := a.loadBeside(rec, f.compare)
	if err != nil {
		return nil, err
	}
	return assess.EvaluateSamples(cmd.Context(), assess.Sample{Name: what, Raster: drawn}, rec, f.timesteps, assess.Options{Seed: f.seed, Compare: files})
}

// printedStates are the windows that are printed for people.
const printedStates = 10

// printStates prints the first windows, unless they are too long for a line.
func (a *app) printStates(states []assess.WindowState) error {
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

// printEvaluation prints the figures for people.
func (a *app) printEvaluation(e *assess.Evaluation) error {
	fmt.Fprintf(a.out, "%s against %s (sha256 %.12s), neurons %v, windows of %s, seed %d\n", e.What, e.Data, e.DataSHA256, e.Labels, plural(e.Timesteps, "bin"), e.Seed)
	if e.Parameters != nil {
		fmt.Fprintln(a.out, e.Size)
	}
	fmt.Fprintln(a.out)
	t := newTable(a.out)
	t.row("JS", fmt.Sprintf("%s ± %s nats (%s bits)", text(e.JS, "%.4g"), text(e.StdErr, "%.1g"), text(e.JSBits, "%.3g")), e.How())
	if x := e.Estimate; e.Method == "plugin" {
		interval := "–"
		if x.Interval != nil {
			interval = fmt.Sprintf("[%.3g, %.3g]", x.Interval[0], x.Interval[1])
		}
		t.row("JS corrected", fmt.Sprintf("%.4g nats", x.Corrected), "without the bias of so few windows; 95 % within "+interval)
		t.row("KL to the recording", text(x.KLNats, "%.4g")+" nats", fmt.Sprintf("total variation %.4g", x.TV))
	}
	t.row("entropy", fmt.Sprintf("%.4g nats", e.Estimate.EntropyMillerMadowNats), fmt.Sprintf("Miller-Madow; plug-in %.4g; recording %.4g", e.Estimate.EntropyNats, e.Entropy))
	t.row("JS held out", text(e.HeldOut, "%.4g")+" nats", "to the repeats not trained on")
	t.row("JS of a perfect model", text(e.Perfect, "%.3g")+" nats", "expected; held out "+text(e.PerfectHeldOut, "%.3g"))
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
	if e.Standing.Sentence != "" {
		fmt.Fprintln(a.out, e.Standing.Sentence)
	}
	if e.Chosen != nil {
		fmt.Fprintf(a.out, "%s\n", e.Chosen)
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
	if err := a.printStatistics(e); err != nil {
		return err
	}
	return a.printTime(e.Time)
}

// printStatistics prints what is known of the drawn windows beside the recording's.
func (a *app) printStatistics(e *assess.Evaluation) error {
	fmt.Fprintf(a.out, "\nStatistics of %d windows\n", e.Drawn)
	t := newTable(a.out)
	t.row("neuron", "rate (Hz)", "recording", "Fano factor", "recording", "ISI (s)", "recording", "CV", "recording")
	own := e.Spiking.Recording
	for i := range e.Covariance {
		x, y := e.Spiking.Drawn.ISI[i], own.ISI[i]
		t.row(e.Labels[i], at(e.RatesHz, i), at(e.Recording.RatesHz, i), at(e.Spiking.Drawn.FanoFactor, i), at(own.FanoFactor, i),
			interval(x, x.Mean), interval(y, y.Mean), interval(x, x.CV), interval(y, y.CV))
	}
	if err := t.flush(); err != nil {
		return err
	}
	if len(e.Undefined) > 0 {
		names := make([]string, len(e.Undefined))
		for k, i := range e.Undefined {
			names[k] = e.Labels[i]
		}
		fmt.Fprintf(a.out, "neurons without variance, whose correlations are undefined and given as 0: %v\n", names)
	}
	t = newTable(a.out)
	t.row("active neurons", "P(k)", "recording")
	for k, p := range e.KProbability {
		t.row(fmt.Sprint(k), fmt.Sprintf("%.6f", p), fmt.Sprintf("%.6f", e.Recording.KProbability[k]))
	}
	t.row("covariance, largest difference of a pair", fmt.Sprintf("%.3g", e.CovarianceError()), "")
	t.row("autocorrelogram, L1 over lags", fmt.Sprintf("%.3g", e.AutocorrelogramError()), "")
	x := e.Errors
	t.row("Spike-GAN's errors, means:", "", "Pearson's r")
	t.row("rate (spikes a bin)", fmt.Sprintf("%.3g", x.Rate), text(x.RateR, "%.4f"))
	t.row("covariance of a pair", fmt.Sprintf("%.3g", x.Covariance), text(x.CovarianceR, "%.4f"))
	t.row("covariance one bin later", fmt.Sprintf("%.3g", x.LagCovariance), text(x.LagCovarianceR, "%.4f"))
	t.row("sum |dP(k)|", fmt.Sprintf("%.3g", x.KProbability), "")
	t.row("autocorrelogram, windows end to end", fmt.Sprintf("%.3g", x.Autocorrelogram), "")
	return t.flush()
}

// printNoise prints the laws side by side.
func (a *app) printNoise(n *assess.UnderNoise) error {
	if n == nil {
		return nil
	}
	fmt.Fprintf(a.out, "\nOn %s, mitigation %s\n", n.Model, n.Mitigation)
	t := newTable(a.out)
	t.row("law", "JS (nats)", "± 1 s.e.", "floor of as many windows", "P(silent)", "")
	for _, l := range n.Laws {
		how := l.Method
		if l.Windows > 0 {
			how = fmt.Sprintf("%d windows drawn", l.Windows)
		}
		if l.Note != "" {
			how = l.Note
		}
		t.row(l.Name, text(l.JS, "%.4g"), text(l.StdErr, "%.1g"), text(l.Null, "%.3g"), text(l.PSilent, "%.5f"), how)
	}
	return t.flush()
}
