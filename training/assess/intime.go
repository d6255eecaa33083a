package assess

import (
	"context"
	"slices"

	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/spikes"
)

// Sample is spike trains of the recording's chosen neurons, with their name.
type Sample struct {
	Name   string
	Raster *spikes.Raster
	// Likelihood is that of what drew them; nil: unknown.
	Likelihood Likelihood
}

// ReadBeside reads files of spike trains in the recording's shape
// ([metrics.Recording.Samples]).
func ReadBeside(rec *metrics.Recording, paths ...string) ([]Sample, error) {
	var out []Sample
	for _, path := range paths {
		r, err := rec.Samples(path)
		if err != nil {
			return nil, err
		}
		out = append(out, Sample{Name: path, Raster: r})
	}
	return out, nil
}

// Time is a comparison with the recording in time, a part of the object of an evaluation.
type Time struct {
	Against   string               `json:"against"` // the repeats compared with
	Windows   []int                `json:"windows"` // lengths in bins
	Recording metrics.TimeSummary  `json:"recording"`
	Results   []metrics.TimeResult `json:"results"` // the samples, the floor, simple models, what is put beside
}

// timeWindows are the window lengths, beside that of the run, over which
// statistics in time are compared.
var timeWindows = [...]int{10, 30}

// LongWindow is the longest window in bins taken where nothing says how long windows are
// and the samples are longer.
const LongWindow = 30

// InTime compares samples with the recording in time over windows of t bins and the usual
// ones that fit all of them, with the repeats held out or else with all that were trained
// on; then come the floor, simple models fitted to the repeats trained on, and what is put
// beside. The first results are those of the samples, in their order.
func InTime(ctx context.Context, rec *metrics.Recording, t int, seed uint64, samples, beside []Sample) (Time, error) {
	out, data := Time{Against: "the repeats trained on", Windows: []int{t}}, rec.Train
	if rec.Held != nil {
		data, out.Against = rec.Held, "the repeats held out"
	}
	for _, w := range timeWindows {
		fits := w <= data.Bins
		for _, s := range samples {
			fits = fits && w <= s.Raster.Bins
		}
		if fits && w != t {
			out.Windows = append(out.Windows, w)
		}
	}
	slices.Sort(out.Windows)
	comparer, err := metrics.NewTimeComparer(data, out.Windows)
	if err != nil {
		return out, err
	}
	out.Recording = comparer.Data()
	add := func(samples []Sample) error {
		for _, s := range samples {
			r, err := comparer.Measure(s.Name, s.Raster, stream.New(seed, "time", uint64(len(out.Results))))
			if err != nil {
				return err
			}
			if s.Likelihood != nil {
				x, err := s.Likelihood(ctx, data)
				if err != nil {
					return err
				}
				r.LogLikelihood = metrics.FiniteOrNil(x)
			}
			out.Results = append(out.Results, r)
		}
		return nil
	}
	if err := add(samples); err != nil {
		return out, err
	}
	results, err := comparer.TimeBaselines(rec.Train, stream.New(seed, "time", uint64(len(out.Results))))
	if err != nil {
		return out, err
	}
	out.Results = append(out.Results, results...)
	return out, add(beside)
}
