package training

import (
	"fmt"

	"qgan/metrics"
	"qgan/metrics/spikes"
)

// Data is the recording as training sees it: its windows and their law.
type Data struct {
	Windows spikes.Windows
	States  *metrics.States // nil: there are more neurons than can be counted
	// MeanCount is the mean number of spikes of a window.
	MeanCount float64
	// Held are the repeats that are held out; nil: there are none.
	Held *Data

	all *metrics.States // of these repeats and those held out
}

// NewData prepares a raster whose neurons are already chosen, all of it trained on.
func NewData(r *spikes.Raster, timesteps int) (*Data, error) {
	rec, err := metrics.NewRecording(r, "")
	if err != nil {
		return nil, err
	}
	return DataOf(rec, timesteps)
}

// DataOf prepares the repeats of a recording that are trained on, and those held out,
// whose windows it counts for all.
func DataOf(rec *metrics.Recording, timesteps int) (*Data, error) {
	d, err := dataOf(rec, metrics.Trained, timesteps)
	if err != nil || rec.Held == nil {
		return d, err
	}
	if d.Held, err = dataOf(rec, metrics.HeldOut, timesteps); err != nil || d.States == nil {
		return d, err
	}
	d.all, err = rec.Law(metrics.All, timesteps)
	return d, err
}

// dataOf prepares one part of a recording.
func dataOf(rec *metrics.Recording, p metrics.Part, timesteps int) (*Data, error) {
	w, err := rec.Windows(p, timesteps)
	if err != nil {
		return nil, err
	}
	if w.Len() == 0 {
		return nil, fmt.Errorf("%s has no repeats left", w.Source.Path)
	}
	d := &Data{Windows: w}
	if w.Neurons > metrics.MaxCounted {
		d.MeanCount = float64(w.Spikes()*timesteps) / float64(w.Repeats*w.Bins)
		return d, nil
	}
	s, err := rec.Law(p, timesteps)
	if err != nil {
		return nil, err
	}
	d.States, d.all = s, s
	for i := range s.Len() {
		for _, word := range s.Window(i) {
			d.MeanCount += float64(popcount(word)) * s.Prob(i)
		}
	}
	return d, nil
}

// judge are the repeats that choose the best parameters: those held out, where there are
// any.
func (d *Data) judge() *Data {
	if d.Held != nil {
		return d.Held
	}
	return d
}

// pSilent is the share of silent windows.
func (d *Data) pSilent() float64 {
	if d.States != nil {
		return d.States.PSilent()
	}
	return metrics.PSilent(d.Windows)
}

// words writes window i of the recording.
func (d *Data) words(i int, out []uint32) {
	rep, bin := d.Windows.Locate(i)
	for k := range out {
		out[k] = d.Windows.Word(rep, bin+k)
	}
}

// rates are the neurons' mean spikes a bin.
func (d *Data) rates() []float64 {
	r := d.Windows.Raster
	out := make([]float64, r.Neurons)
	for rep := range r.Repeats {
		for b := range r.Bins {
			for j := range out {
				if r.At(rep, b, j) {
					out[j] += 1 / float64(r.Repeats*r.Bins)
				}
			}
		}
	}
	return out
}
