package assess

import (
	"qgan/metrics"
	"qgan/metrics/spikes"
)

// Whole are statistics of whole repeats, which windows cut short: the mean and the variation
// of inter-spike intervals and the Fano factor as Elephant's isi, cv and fanofactor have them
// of a recording's trials.
type Whole struct {
	Bins int `json:"bins"` // of a repeat
	// Drawn are those of samples as long; nil: they are shorter.
	Drawn     *Trials `json:"drawn,omitempty"`
	Recording Trials  `json:"recording"`
}

// Trials are so many repeats.
type Trials struct {
	Repeats int    `json:"repeats"`
	Cells   []Cell `json:"cells"` // by neuron
}

// Cell is a neuron in whole repeats. A figure that it does not have is nil.
type Cell struct {
	Intervals int      `json:"intervals"`
	MeanISI   *float64 `json:"mean_isi_s"` // in bins, where their width is not known
	CV        *float64 `json:"cv_isi"`     // of the intervals, ddof 0
	Fano      *float64 `json:"fano_factor"`
}

// wholeRepeats are the statistics of a recording's repeats and of samples; nil, and shorter
// ones, have none.
func wholeRepeats(recording, samples *spikes.Raster) Whole {
	out := Whole{Bins: recording.Bins, Recording: trials(recording)}
	if samples != nil && samples.Bins >= recording.Bins {
		t := trials(samples.Cut(recording.Bins))
		out.Drawn = &t
	}
	return out
}

// trials measures each neuron in repeats as they are.
func trials(r *spikes.Raster) Trials {
	w := spikes.Windows{Raster: r, T: r.Bins}
	out := Trials{Repeats: r.Repeats, Cells: make([]Cell, r.Neurons)}
	fano, undefined := metrics.FanoFactor(w)
	for i, x := range metrics.ISI(w) {
		c := &out.Cells[i]
		if c.Intervals = x.Count; x.Count > 0 {
			c.MeanISI, c.CV = &x.Mean, &x.CV
		}
		c.Fano = &fano[i]
	}
	for _, i := range undefined {
		out.Cells[i].Fano = nil
	}
	return out
}
