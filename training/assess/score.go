package assess

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"qgan/internal/named"
	"qgan/internal/words"
	"qgan/metrics"
	"qgan/metrics/report"
	"qgan/metrics/score"
	"qgan/metrics/spikes"
	"qgan/training"
)

// Scores are judgements of generators and spike trains by the half of a recording that
// models were not fitted to, beside those of simple models: the object of `score --json`.
type Scores struct {
	Schema     string   `json:"schema"`
	Data       string   `json:"data"`
	DataSHA256 string   `json:"data_sha256"`
	Neurons    []int    `json:"neurons"` // their indices in the recording
	Names      []string `json:"neuron_names,omitempty"`
	Seed       uint64   `json:"seed"`
	Resamples  int      `json:"resamples"`
	Split      Halves   `json:"split"`
	// About has a row for each figure, in the order of every score's.
	About     []AboutFigure  `json:"about"`
	Groups    []AboutGroup   `json:"groups"` // of figures
	Judged    []Judged       `json:"judged"`
	Baselines []*score.Score `json:"baselines"`
	// Absent are baselines that there are not, with the reason.
	Absent []AbsentBaseline `json:"absent,omitempty"`
	Labels []string         `json:"-"` // what the neurons are called

	page *report.Scores // nil: not asked for
}

// Halves say how a recording was split.
type Halves struct {
	Name  string `json:"name"`
	Text  string `json:"text"`
	Train int    `json:"train_repeats"`
	Judge int    `json:"judge_repeats"`
	Bins  int    `json:"bins"` // of a repeat
}

// AboutFigure says what a figure is.
type AboutFigure struct {
	Name    string   `json:"name"`
	Group   string   `json:"group"`
	Unit    string   `json:"unit,omitempty"`
	Better  string   `json:"better"`  // smaller, larger, or nearer to the recording's own
	Perfect *float64 `json:"perfect"` // the best value; nil: the recording's own, or not known
	Text    string   `json:"text"`
}

// AboutGroup says what a group of figures is about.
type AboutGroup struct {
	Name string `json:"name"`
	Unit string `json:"unit,omitempty"` // of its row in the table; "": the excess
	Text string `json:"text"`
}

// Judged is what one generator or file scores.
type Judged struct {
	*score.Score
	// Against compares each baseline of repeats as long, group by group.
	Against []score.Against `json:"against"`
	Verdict []string        `json:"verdict"` // in sentences
}

// AbsentBaseline is a baseline that there is not for this recording.
type AbsentBaseline struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// ScoreOptions say how a recording judges. The zero value works.
type ScoreOptions struct {
	// Split is the name of one of [score.Splits]; "": the first, or that in time for a
	// recording of a single repeat.
	Split string
	// Baselines are those of [ScoreBaselines] that are fitted; nil: [score.Baselines].
	Baselines []string
	// Config is that of the generator whose circuit the baseline product is, and whose
	// windows are those of fully connected generators; nil: that of the first generator
	// that is judged, or the preset deep of single bins.
	Config     *training.Config
	Iterations int    // of trained baselines; 0: as many as Config says
	Resamples  int    // of the bootstrap and of random halves; 0: 200, below 0: none
	Seed       uint64 // of all draws
	Page       bool   // what a page shows is kept too, for [Scores.WritePage]
	// Progress is told what is being done; nil: nobody.
	Progress func(text string)

	// heldOut: the repeats held out judge, where there are any; brief: baselines without
	// intervals.
	heldOut, brief bool
}

// splitOf is the split that options name for a recording.
func (o ScoreOptions) splitOf(rec *metrics.Recording) (score.Split, error) {
	if o.heldOut && rec.Held != nil {
		return score.Given("held out", "the repeats trained on to fit, those held out to judge", rec.Train, rec.Held), nil
	}
	name := o.Split
	if name == "" && rec.All.Repeats == 1 {
		name = "blocks of time"
	}
	s, err := score.ParseSplit(name)
	if err != nil {
		err = &metrics.OptionError{Option: "split " + name, Err: err}
	}
	return s, err
}

// judge holds what judges.
type judge struct {
	*score.Referee
	rec   *metrics.Recording
	split score.Split
	opt   ScoreOptions
}

// newJudge splits the recording and settles what options leave open.
func newJudge(rec *metrics.Recording, o ScoreOptions) (judge, error) {
	split, err := o.splitOf(rec)
	if err != nil {
		return judge{}, err
	}
	if err := o.known(); err != nil {
		return judge{}, err
	}
	if o.Resamples == 0 {
		o.Resamples = 200
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	referee, err := score.New(rec.All, split, score.Options{Resamples: o.Resamples, Seed: o.Seed, Brief: o.brief})
	if err != nil {
		return judge{}, &metrics.OptionError{Option: "split " + split.Name, Err: err}
	}
	return judge{referee, rec, split, o}, nil
}

// Score judges generators and spike trains by all repeats of a recording, which are split
// in a half that baselines are fitted to and one that judges. A generator that runs on, or
// whose windows are single bins, is drawn as whole repeats, any other as its windows; as
// many as the half to fit holds. Likelihoods and laws are exact where they are within
// reach. It fails for subjects of other neurons or bins.
func Score(ctx context.Context, rec *metrics.Recording, subjects []Subject, o ScoreOptions) (*Scores, error) {
	for _, s := range subjects {
		if o.Config == nil && s.Generator != nil {
			o.Config = &s.Generator.Config
		}
	}
	j, err := newJudge(rec, o)
	if err != nil {
		return nil, err
	}
	var all []contestant
	for _, s := range subjects {
		j.opt.Progress("judging " + s.Path)
		c, err := j.contestant(ctx, s)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return j.judge(ctx, all)
}

// contestant is who is judged, with what is said of it beside.
type contestant struct {
	score.Subject
	parameters int
	notes      []string
}

// judge judges all, and baselines beside.
func (j judge) judge(ctx context.Context, all []contestant) (*Scores, error) {
	o, split, source, rec := j.opt, j.split, j.rec.All.Source, j.rec
	out := &Scores{
		Schema: "qgan.score/v1", Data: source.Path, DataSHA256: source.SHA256, Neurons: source.Neurons, Names: source.Units, Labels: rec.All.Labels(),
		Seed: o.Seed, Resamples: max(0, o.Resamples), Baselines: []*score.Score{},
		Split: Halves{split.Name, split.Text, j.Train().Repeats, j.Judge().Repeats, j.Judge().Bins},
	}
	for _, f := range score.Figures() {
		out.About = append(out.About, AboutFigure{f.Name, f.Group, f.Unit, f.Better.String(), metrics.FiniteOrNil(f.Perfect), f.Text})
	}
	for _, g := range score.Groups() {
		out.Groups = append(out.Groups, AboutGroup{g.Name, g.Unit, g.Text})
	}
	if o.Page {
		out.page = &report.Scores{}
	}
	var bins []int // of the repeats or windows that were judged
	for _, c := range all {
		x, err := j.Score(c.Subject)
		if err != nil {
			return nil, err
		}
		x.Parameters, x.Notes = c.parameters, append(x.Notes, c.notes...)
		if err := j.keep(out, x, c.Samples, true); err != nil {
			return nil, err
		}
		out.Judged = append(out.Judged, Judged{Score: x})
		if !slices.Contains(bins, x.Bins) {
			bins = append(bins, x.Bins)
		}
	}
	if err := j.baselines(ctx, out, bins); err != nil {
		return nil, err
	}
	for i, x := range out.Judged {
		beside := out.Beside(x.Score)
		out.Judged[i].Against, out.Judged[i].Verdict = []score.Against{}, score.Verdict(x.Score, beside)
		for _, b := range beside {
			out.Judged[i].Against = append(out.Judged[i].Against, x.Score.Against(b))
		}
	}
	return out, j.finish(out)
}

// Beside are the baselines of repeats or windows that are as long as those of a score.
func (s *Scores) Beside(of *score.Score) []*score.Score {
	var out []*score.Score
	for _, b := range s.Baselines {
		if b.Bins == of.Bins {
			out = append(out, b)
		}
	}
	return out
}

// contestant is a generator, of which is drawn, or spike trains.
func (j judge) contestant(ctx context.Context, s Subject) (contestant, error) {
	if s.Generator == nil {
		return contestant{Subject: score.Subject{Name: s.Path, Samples: s.Samples}}, nil
	}
	g := s.Generator
	if err := j.fits(s.Path, g); err != nil {
		return contestant{}, err
	}
	of := fitted{config: g.Config, model: g.Model, params: g.Params, seed: j.opt.Seed}
	subject, notes, err := of.subject(ctx, s.Path, j.Referee, 0)
	if err != nil {
		return contestant{}, err
	}
	if g.Config.Populates() {
		notes = append(notes, Simulated)
	}
	return contestant{subject, g.Model.Parameters(), append(notes, j.trainedOn(g)...)}, nil
}

// fits refuses generators of other neurons, of longer windows than repeats, or of the time in
// repeats of another length.
func (j judge) fits(path string, g *Generator) error {
	if g.Data.Neurons != nil && !slices.Equal(g.Data.Neurons, j.rec.All.Source.Neurons) {
		return &metrics.NeuronsError{
			Name: path, Have: len(g.Data.Neurons), Chosen: j.rec.All.Neurons, OfThem: j.rec.Neurons,
			Own: texts(g.Data.Neurons), Of: texts(j.rec.All.Source.Neurons),
		}
	}
	if t := g.Config.Timesteps; t > j.Judge().Bins {
		return named.Inputf("%s: its windows are of %s, the repeats that judge of %s", path, words.Count(t, "bin"), words.Count(j.Judge().Bins, "bin"))
	}
	if c := g.Config; c.Stimulus == training.StimulusRepeat && c.StimulusBins != j.Judge().Bins {
		return named.Inputf("%s: it knows the time in repeats of %s, those that judge have %d", path, words.Count(c.StimulusBins, "bin"), j.Judge().Bins).
			Hinted("halves of whole repeats are the {split} odd-even and blocks-of-repeats")
	}
	return nil
}

func texts(numbers []int) []string {
	out := make([]string, len(numbers))
	for i, n := range numbers {
		out[i] = strconv.Itoa(n)
	}
	return out
}

// trainedOn says how many of the repeats that judge were trained on.
func (j judge) trainedOn(g *Generator) []string {
	if g.Run == nil || g.Data.SHA256 != j.rec.All.Source.SHA256 {
		return nil
	}
	trained := make([]int, j.rec.All.Repeats)
	for i := range trained {
		trained[i] = i
	}
	if g.Data.Repeats != "" {
		var err error
		if trained, err = spikes.ParseRepeats(g.Data.Repeats, j.rec.All.Repeats); err != nil {
			return nil
		}
	}
	judging, both := j.split.Judging(j.rec.All.Repeats), 0
	for _, i := range judging {
		if slices.Contains(trained, i) {
			both++
		}
	}
	if both == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d of the %d repeats that judge were trained on: this is no held-out score", both, len(judging))}
}

// fitted is a model of windows, or of a process, with the parameters that are judged.
type fitted struct {
	config training.Config
	model  training.Model
	params []float64
	seed   uint64

	law *training.LawEstimate // known at the windows of all; nil: to be found
	all *metrics.States
}

// Of windows of at most tableBits bits all are listed at once; of those of at most lawBits
// too, for the law of a bin's words alone, over as many latent vectors as lawWork allows.
const (
	tableBits  = 12
	lawBits    = 20
	lawWork    = int64(1) << 32 // windows x bins x latent vectors
	lawLatents = 1 << 12        // that an average is of at least that is called a law
)

// runsOn says whether samples may be of any length: a process, or windows of a bin, each
// on its own.
func (l fitted) runsOn() bool { return l.config.RunsOn() || l.single() }

func (l fitted) single() bool { return !l.config.RunsOn() && l.config.Timesteps == 1 }

// bins are how many a sample has that should have so many, 0: as many as can be.
func (l fitted) bins(want int) int {
	if l.runsOn() {
		return want
	}
	return l.config.Timesteps
}

// subject draws as much as a referee's half to fit holds, in repeats of so many bins (0:
// whole ones, or windows of what can't go on), and finds what is exact; notes say what is
// not. It fails with [score.ErrNoFit] for repeats that its windows are no part of.
func (l fitted) subject(ctx context.Context, name string, r *score.Referee, want int) (score.Subject, []string, error) {
	out := score.Subject{Name: name}
	repeats, bins := r.SampleShape(l.bins(want))
	if l.config.Timesteps > r.Judge().Bins || want > 0 && bins != want {
		return out, nil, fmt.Errorf("%s: %w: its windows are of %s", name, score.ErrNoFit, words.Count(l.config.Timesteps, "bin"))
	}
	var err error
	if out.Samples, err = l.draw(ctx, repeats, bins, r.Judge().BinWidth); err != nil {
		return out, nil, err
	}
	err = l.exact(ctx, r.Judge(), &out)
	if errors.Is(err, training.ErrIntractable) {
		return out, []string{err.Error()}, nil
	}
	return out, nil, err
}

// draw draws repeats; windows of a bin are put side by side.
func (l fitted) draw(ctx context.Context, repeats, bins int, width float64) (*spikes.Raster, error) {
	if !l.single() {
		return l.model.Draw(ctx, l.params, repeats, bins, width, l.seed)
	}
	one, err := l.model.Draw(ctx, l.params, repeats*bins, 1, width, l.seed)
	if err != nil {
		return nil, err
	}
	return joined(one, repeats, bins), nil
}

// joined puts independent windows, one a repeat, side by side in at most so many
// repeats of so many bins.
func joined(one *spikes.Raster, repeats, bins int) *spikes.Raster {
	per := bins / one.Bins
	repeats = min(repeats, one.Repeats/per)
	out := spikes.NewRaster(repeats, per*one.Bins, one.Neurons, one.BinWidth)
	for i := range repeats * per {
		for b := range one.Bins {
			out.SetWord(i/per, i%per*one.Bins+b, one.Word(i, b))
		}
	}
	return out
}

// exact finds the likelihood of each repeat and, of windows of few bits, the law of a bin's
// words. Windows of several bins lie side by side, each on its own; bins behind the last
// one count as the others do.
func (l fitted) exact(ctx context.Context, judge *spikes.Raster, to *score.Subject) error {
	t := l.config.Timesteps
	if l.config.RunsOn() {
		return l.running(ctx, judge, to)
	}
	cut := judge.Cut(t)
	states, err := l.states(cut)
	if err != nil {
		return err
	}
	e, err := l.estimate(ctx, states, minLatents)
	if err != nil {
		return err
	}
	per := judge.Bins / t
	to.LogLikelihoods = make([]float64, judge.Repeats)
	word := make([]uint32, t)
	for i := range cut.Repeats {
		for k := range word {
			word[k] = cut.Word(i, k)
		}
		to.LogLikelihoods[i/per] += math.Log(e.Seen[states.Find(word)]) * float64(judge.Bins) / float64(per*t)
	}
	if bits := l.config.Neurons * t; bits > tableBits && bits <= lawBits && l.law == nil {
		states, err = l.list()
		if err == nil {
			e, err = l.estimate(ctx, states, int(min(lawWork/int64(states.Len()*t), math.MaxInt32)))
		}
	}
	if l.config.Neurons*t <= lawBits && (l.law == nil || l.lists()) && err == nil && (e.Latents == 1 || e.Latents >= lawLatents) {
		to.WordLaw = l.wordLaw(states, e.Seen)
	}
	return err
}

// wordLaw is the law of a bin's words, of all bins of a window together, given the law of all
// windows.
func (l fitted) wordLaw(all *metrics.States, law []float64) func(cells []int) []float64 {
	n := l.config.Neurons
	return func(cells []int) []float64 {
		out := make([]float64, 1<<len(cells))
		for i, p := range law {
			window := all.Window(i)
			for _, word := range window {
				k := 0
				for _, c := range cells {
					k = k<<1 | int(word>>(n-1-c)&1)
				}
				out[k] += p / float64(len(window))
			}
		}
		return out
	}
}

// lists says whether the law is found at all windows at once, which takes no longer than at
// those of the recording; where it is known there, that is so of a single latent vector.
func (l fitted) lists() bool {
	return l.config.Neurons*l.config.Timesteps <= tableBits && (l.law == nil || l.law.Latents == 1)
}

// states are the windows whose probabilities are needed: all of them where they are few, else
// those that the recording has.
func (l fitted) states(cut *spikes.Raster) (*metrics.States, error) {
	if l.lists() {
		return l.list()
	}
	return metrics.CountStates(spikes.Windows{Raster: cut, T: l.config.Timesteps})
}

// list lists all windows.
func (l fitted) list() (*metrics.States, error) {
	n, t := l.config.Neurons, l.config.Timesteps
	words, once := make([]uint32, 0, t<<(n*t)), make([]int, 1<<(n*t))
	for w := range once {
		once[w] = 1
		for k := range t {
			words = append(words, uint32(w>>(n*(t-1-k))&(1<<n-1)))
		}
	}
	return metrics.NewStates(n, t, words, once)
}

// estimate is the law at windows, averaged over as many latent vectors as are within
// reach, at most so many; what is known of it is not found anew.
func (l fitted) estimate(ctx context.Context, s *metrics.States, most int) (*training.LawEstimate, error) {
	if l.law != nil && !l.lists() {
		return &training.LawEstimate{Seen: s.Among(l.all, l.law.Seen), Latents: l.law.Latents}, nil
	}
	for latents := min(minLatents, max(1, most)); ; latents /= 8 {
		e, err := l.model.EstimateLaw(ctx, l.params, s, latents, l.seed)
		if errors.Is(err, training.ErrIntractable) && latents > minPasts {
			continue
		}
		return e, err
	}
}

// running finds the likelihood of each repeat of a process.
func (l fitted) running(ctx context.Context, judge *spikes.Raster, to *score.Subject) error {
	m, ok := l.model.(likely)
	if !ok || !l.config.Tied {
		return nil
	}
	to.LogLikelihoods = make([]float64, judge.Repeats)
	for i := range judge.Repeats {
		one, err := judge.SelectRepeats([]int{i}, "")
		if err != nil {
			return err
		}
		x, err := m.LogLikelihood(ctx, l.params, one)
		if err != nil {
			return err
		}
		to.LogLikelihoods[i] = x * float64(judge.Bins)
	}
	return nil
}
