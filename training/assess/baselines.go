package assess

import (
	"context"
	"errors"
	"slices"
	"strings"

	"qgan/internal/durable"
	"qgan/internal/named"
	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/score"
	"qgan/metrics/spikes"
	"qgan/training"
)

// Baselines are simple models against a recording: the object of `baseline --json`.
type Baselines struct {
	Schema     string                   `json:"schema"`
	Data       string                   `json:"data"`
	DataSHA256 string                   `json:"data_sha256"`
	Neurons    []int                    `json:"neurons"` // their indices in the recording
	Names      []string                 `json:"neuron_names,omitempty"`
	Timesteps  int                      `json:"timesteps"`
	Windows    int                      `json:"windows"`
	Seen       int                      `json:"states_seen"`
	PSilent    float64                  `json:"p_silent"`
	Models     []metrics.BaselineResult `json:"models"`
	Samples    []BaselineSamples        `json:"samples,omitempty"` // that were drawn and written
	Labels     []string                 `json:"-"`                 // what the neurons are called
}

// BaselineSamples are spike trains of a baseline of a judgement (see [DrawBaseline]), in a
// file.
type BaselineSamples struct {
	Name    string `json:"name"`
	File    string `json:"file"`
	Repeats int    `json:"repeats"`
	Bins    int    `json:"bins"`
}

// BaselineOptions say which models stand beside, and how they are drawn and trained.
type BaselineOptions struct {
	Seed      uint64
	Classical bool // train fully connected generators too
	// Iterations are the steps of each of them.
	Iterations int
	// Training is told of each before it is trained, and Begin of every model before it is
	// fitted or trained, and that it is the kth of n; nil: nobody.
	Training func(name string, hiddenUnits int)
	Begin    func(name string, k, n int)
}

// MeasureBaselines fits simple models to windows of t bins of the repeats trained on, and
// measures them in sample and between their halves; what is held out takes no part.
func MeasureBaselines(ctx context.Context, rec *metrics.Recording, t int, o BaselineOptions) (*Baselines, error) {
	if rec.Held != nil {
		var err error
		if rec, err = metrics.NewRecording(rec.Train, ""); err != nil {
			return nil, err
		}
	}
	s, err := rec.Law(metrics.All, t)
	if err != nil {
		return nil, err
	}
	if begin := o.Begin; begin == nil {
		o.Begin = func(string, int, int) {}
	} else if o.Classical {
		o.Begin = func(name string, k, n int) { begin(name, k, n+len(training.ClassicalSizes)) }
	}
	models, err := rec.Baselines(t, metrics.BaselineOptions{Rand: stream.New(o.Seed, "baseline"), Begin: o.Begin})
	if err != nil {
		return nil, err
	}
	if o.Classical {
		trained, err := classical(ctx, rec, t, len(models), o)
		if err != nil {
			return nil, err
		}
		models = append(models, trained...)
	}
	source := rec.Train.Source
	return &Baselines{
		Schema: "qgan.baseline/v1", Data: source.Path, DataSHA256: source.SHA256, Neurons: source.Neurons, Names: source.Units,
		Timesteps: t, Windows: s.Total, Seen: s.Len(), PSilent: s.PSilent(), Models: models, Labels: rec.Train.Labels(),
	}, nil
}

// classical trains the fully connected generators of each size, on all repeats and, for
// the distance held out, on the odd ones. Before them come so many other models.
func classical(ctx context.Context, rec *metrics.Recording, t, before int, o BaselineOptions) ([]metrics.BaselineResult, error) {
	r := rec.All
	c, err := training.ClassicalConfig(r.Neurons, t, o.Seed)
	if err != nil {
		return nil, err
	}
	c.Iterations = o.Iterations
	if err := c.Check(); err != nil {
		return nil, err
	}
	var out []metrics.BaselineResult
	for i, size := range training.ClassicalSizes {
		hidden := training.ClassicalHidden(r.Neurons, t, size.Factor)
		o.Begin(size.Name, before+i+1, before)
		if o.Training != nil {
			o.Training(size.Name, hidden)
		}
		result, err := training.ClassicalResult(ctx, c, hidden, r, nil)
		if err != nil {
			return nil, err
		}
		result.Name, result.LogLikelihoodHeldOut = size.Name, nil
		if r.Repeats > 1 {
			held, err := training.ClassicalResult(ctx, c, hidden, rec.Raster(metrics.Odd), rec.Raster(metrics.Even))
			if err != nil {
				return nil, err
			}
			result.JSHeldOut, result.LogLikelihoodHeldOut = held.JS, held.LogLikelihoodHeldOut
		}
		out = append(out, result)
	}
	return out, nil
}

// briefBaselines are those that stand beside every figure of windows of t bins. For
// windows of one bin, independence in time is no model but the recording's own law.
func briefBaselines(t int) metrics.BaselineOptions {
	names := []string{"silent", "independent", "ising", "split-half"}
	if t > 1 {
		names = append(names, "independent-in-time")
	}
	return metrics.BaselineOptions{Models: names}
}

// WriteBaselines fits baselines of a judgement (see [DrawBaseline]) and writes samples of
// each: files are NAME=FILE, a model's name and where its samples lie. Errors of one name the
// setting samples.
func WriteBaselines(ctx context.Context, fsys durable.FS, rec *metrics.Recording, files []string, o ScoreOptions) (*Baselines, error) {
	source := rec.All.Source
	out := &Baselines{
		Schema: "qgan.baseline/v1", Data: source.Path, DataSHA256: source.SHA256, Neurons: source.Neurons, Names: source.Units,
		Timesteps: 1, Models: []metrics.BaselineResult{},
	}
	for _, text := range files {
		name, path, ok := strings.Cut(text, "=")
		if !ok || name == "" || path == "" {
			return nil, named.Inputf("{samples} %s: it is NAME=FILE", text)
		}
		format, err := spikes.FormatOf(path)
		if err != nil {
			return nil, err
		}
		if all := ScoreBaselines(); !slices.Contains(all, name) {
			return nil, named.Inputf("{samples} %s: there are %v", text, all)
		}
		trains, meta, err := DrawBaseline(ctx, rec, name, o)
		if errors.Is(err, score.ErrNoFit) {
			return nil, named.Inputf("{samples} %s: %w", text, err)
		}
		if err != nil {
			return nil, err
		}
		if err := WriteSamples(fsys, path, trains, format, meta); err != nil {
			return nil, err
		}
		out.Samples = append(out.Samples, BaselineSamples{Name: name, File: path, Repeats: trains.Repeats, Bins: trains.Bins})
	}
	return out, nil
}
