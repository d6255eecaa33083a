package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"qgan/metrics"
	"qgan/metrics/score"
	"qgan/training/assess"
)

// evaluateFlags are the flags of `evaluate`.
type evaluateFlags struct {
	timesteps, samples   int
	exact, brief, asJSON bool
	compare              []string
	baselines            string
	beside               []string // that it names; nil: quick ones
	seed                 uint64
	where                processorFlags
}

// newEvaluateCmd makes `evaluate`.
func newEvaluateCmd(a *app) *cobra.Command {
	var f evaluateFlags
	cmd := &cobra.Command{
		Use:   "evaluate RUN|FILE",
		Short: "Compare a generator or a file of spike trains with the recording",
		Long: `The verdict comes first: what the referee of qgan score says of repeats that were not
trained on (train with --train-repeats), or else of every other one, beside simple models
that take no time; --baselines names others, among them product, the run's own circuit
without its CNOTs, which shows what entanglement adds and is trained for minutes. A
population has it beside in any case, with a GLM and the number of their numbers.

Then statistics and the law of windows are compared with the recording: rates, pairwise
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
	s.IntVar(&f.timesteps, "timesteps", 0, "length of a window of a FILE in bins (0: that of its samples, at most 30)")
	s.IntVar(&f.samples, "samples", assess.UsualWindows, fmt.Sprintf("windows to draw; %d with noise where the flag is not given", assess.NoisyWindows))
	s.BoolVar(&f.exact, "exact", false, "insist on the exact law, and fail where it is out of reach")
	addParameters(s)
	addCompare(cmd, &f.compare)
	s.StringVar(&f.baselines, "baselines", "quick", "simple models of the verdict: quick ones, all that need no training, none, or a list")
	s.Uint64Var(&f.seed, "seed", 0, "seed of all draws (0: the run's)")
	s.BoolVar(&f.brief, "brief", false, "print the verdict, the figures of the law and the simple models, and nothing else")
	s.BoolVar(&f.asJSON, "json", false, "print one JSON object")
	f.where.add(s)
	s.Lookup("backend").Usage = "which simulator the circuits run on"
	return cmd
}

func (f *evaluateFlags) run(cmd *cobra.Command, a *app, what string) error {
	switch {
	case f.brief && f.asJSON:
		return usagef("--brief is for text, and --json prints every figure")
	case f.baselines == "all":
		f.beside = score.Baselines()
	case f.baselines != "quick":
		var err error
		if f.beside, err = baselineNames(f.baselines); err != nil {
			return err
		}
	}
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
	e.Brief = f.brief
	return a.tell(f.asJSON, e)
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
	on, err := f.where.open(cmd.Context(), a, cmd.Name(), cmd.Flags(), f.samples, f.seed, 0, "")
	if err != nil {
		return nil, err
	}
	o := assess.Options{Seed: f.seed, Baselines: f.beside}
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
	return assess.EvaluateSamples(cmd.Context(), assess.Sample{Name: what, Raster: drawn}, rec, f.timesteps, assess.Options{Seed: f.seed, Compare: files, Baselines: f.beside})
}
