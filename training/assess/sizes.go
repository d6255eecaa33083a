package assess

import (
	"context"
	"io"
	"slices"

	"qgan/internal/durable"
	"qgan/internal/named"
	"qgan/metrics"
	"qgan/metrics/spikes"
	"qgan/training/runs"
)

// Sizes are what a report is about: generators of one recording and spike trains, those of
// equal windows together in the order of the first of them.
type Sizes []*Subjects

// AddRun measures the law of a run's generator and adds it to those of its windows; read
// reads the run's recording where it is the first of them. It fails where a run of another
// recording is there.
func (s *Sizes) AddRun(ctx context.Context, path string, g *Generator, read func() (*metrics.Recording, error)) error {
	var in *Subjects
	for _, x := range *s {
		first := x.Subjects[0]
		switch other := first.Generator; {
		case other == nil:
		case other.Data.SHA256 != g.Data.SHA256:
			return named.Inputf("%s and %s are of other recordings, which no report holds side by side", first.Path, path)
		case other.Config.Timesteps == g.Config.Timesteps && slices.Equal(other.Data.Neurons, g.Data.Neurons):
			in = x
		}
	}
	if in == nil {
		rec, err := read()
		if err != nil {
			return err
		}
		in = &Subjects{Recording: rec, Timesteps: g.Config.Timesteps, Seed: g.Config.Seed}
		*s = append(*s, in)
	}
	return in.AddGenerator(ctx, path, g)
}

// AddSamples reads a file of spike trains and adds it. They are taken for windows of the
// first size; where there is none yet, read reads what they are compared with in windows
// of so many bins (0: as the samples are long, at most [LongWindow]). It returns what was
// read.
func (s *Sizes) AddSamples(path string, timesteps int, read func() (*metrics.Recording, error)) (*spikes.Raster, error) {
	fresh := len(*s) == 0
	if fresh {
		rec, err := read()
		if err != nil {
			return nil, err
		}
		*s = append(*s, &Subjects{Recording: rec, Timesteps: timesteps})
	}
	in := (*s)[0]
	drawn, err := in.Recording.Samples(path)
	if err != nil {
		return nil, err
	}
	if fresh && timesteps == 0 {
		in.Timesteps = TimestepsOf(drawn, in.Recording.Train.Bins)
	}
	in.Subjects = append(in.Subjects, Subject{Path: path, Samples: drawn})
	return drawn, nil
}

// WriteSamples writes spike trains and, beside them, their description, each a whole file.
// fsys is the file system; nil: the machine's own.
func WriteSamples(fsys runs.FS, path string, r *spikes.Raster, f spikes.Format, m spikes.Meta) error {
	fsys = durable.Or(fsys)
	if err := durable.WriteFile(fsys, path, func(w io.Writer) error { return spikes.Write(w, r, f, m) }); err != nil {
		return err
	}
	return durable.WriteFile(fsys, spikes.SidecarPath(path), func(w io.Writer) error { return spikes.WriteSidecar(w, r, f, m) })
}
