package spikes

import (
	"fmt"
	"math/bits"
)

// Raster is a binned spike recording: Repeats x Bins x Neurons of zeros and
// ones, bit-packed. One row of words holds one bin of one repeat; neuron 0 is
// the most significant bit of the row's first word.
type Raster struct {
	Repeats, Bins, Neurons int
	BinWidth               float64 // seconds; 0 where it is not known
	Source                 Source  // where the recording came from

	stride int
	words  []uint64
}

// Source says where a raster came from, so that every figure made of it can
// carry the name and the hash of its data.
type Source struct {
	Path         string   `json:"path"`                       // file as given, or BuiltinName
	SHA256       string   `json:"sha256"`                     // of the file's bytes, or of the built-in raster's
	Variable     string   `json:"variable,omitempty"`         // array inside the file
	Axes         string   `json:"axes,omitempty"`             // order of the array's axes, as read; empty for spike times
	RepeatBins   int      `json:"repeat_bins,omitempty"`      // bins of a repeat where a flat file was cut
	SamplingRate float64  `json:"sampling_rate_hz,omitempty"` // of spike times, as asked
	Trials       string   `json:"trials,omitempty"`           // of spike times, as asked
	MaxGap       float64  `json:"max_gap_s,omitempty"`        // of spike times, as asked
	Neurons      []int    `json:"neurons,omitempty"`          // indices kept, in order; nil: all
	Units        []string `json:"units,omitempty"`            // names of the neurons kept, in order; nil: the file has none
	Drawn        []int    `json:"-"`                          // of drawn spike trains: indices of their neurons in the recording; nil: not said
	Begins       *int     `json:"-"`                          // of drawn spike trains: the bin of the recording's repeats that they begin at; nil: not said
	Repeats      string   `json:"repeats,omitempty"`          // repeats kept ("odd", "even", "a:b"); empty: all
	Warnings     []string `json:"warnings,omitempty"`         // what was dropped or assumed when reading
}

// Again are the options that read the file once more as it was read, with bins of that
// width in seconds.
func (s Source) Again(binWidth float64) LoadOptions {
	return LoadOptions{
		Variable: s.Variable, Axes: s.Axes, RepeatBins: s.RepeatBins, BinWidth: binWidth,
		SamplingRate: s.SamplingRate, Trials: s.Trials, MaxGap: s.MaxGap,
	}
}

// NewRaster returns an all-silent raster.
func NewRaster(repeats, bins, neurons int, binWidth float64) *Raster {
	if repeats < 0 || bins < 0 || neurons < 0 {
		panic(fmt.Sprintf("spikes: raster of %d x %d x %d", repeats, bins, neurons))
	}
	stride := (neurons + 63) / 64
	return &Raster{
		Repeats: repeats, Bins: bins, Neurons: neurons, BinWidth: binWidth,
		stride: stride, words: make([]uint64, repeats*bins*stride),
	}
}

func (r *Raster) row(repeat, bin int) []uint64 {
	i := (repeat*r.Bins + bin) * r.stride
	return r.words[i : i+r.stride]
}

// At reports whether the neuron fired in that bin of that repeat.
func (r *Raster) At(repeat, bin, neuron int) bool {
	return r.row(repeat, bin)[neuron>>6]>>(63-uint(neuron&63))&1 == 1
}

// Set writes one element.
func (r *Raster) Set(repeat, bin, neuron int, fired bool) {
	w, m := &r.row(repeat, bin)[neuron>>6], uint64(1)<<(63-uint(neuron&63))
	if fired {
		*w |= m
	} else {
		*w &^= m
	}
}

// Word returns one bin of one repeat as a binary number of Neurons digits,
// neuron 0 the most significant. It holds for rasters of at most 32 neurons.
func (r *Raster) Word(repeat, bin int) uint32 {
	if r.Neurons == 0 {
		return 0
	}
	return uint32(r.row(repeat, bin)[0] >> (64 - uint(r.Neurons)))
}

// SetWord writes one bin of one repeat, at most 32 neurons, as Word returns it.
func (r *Raster) SetWord(repeat, bin int, word uint32) {
	if r.Neurons == 0 {
		return
	}
	r.row(repeat, bin)[0] = uint64(word) << (64 - uint(r.Neurons))
}

// Row returns one bin of one repeat, of any number of neurons: ceil(Neurons/64) words, neuron 0
// the most significant bit of the first. It is the raster's own memory and must not be changed.
func (r *Raster) Row(repeat, bin int) []uint64 {
	row := r.row(repeat, bin)
	return row[:len(row):len(row)]
}

// SetRow writes one bin of one repeat as Row returns it; bits beyond the neurons are left out.
func (r *Raster) SetRow(repeat, bin int, row []uint64) {
	to := r.row(repeat, bin)
	if copy(to, row); len(to) > 0 && r.Neurons&63 != 0 {
		to[len(to)-1] &= ^uint64(0) << (64 - uint(r.Neurons&63))
	}
}

// Active counts the neurons that fired in one bin of one repeat.
func (r *Raster) Active(repeat, bin int) int {
	n := 0
	for _, w := range r.row(repeat, bin) {
		n += bits.OnesCount64(w)
	}
	return n
}

// Spikes counts all ones of the raster.
func (r *Raster) Spikes() int {
	n := 0
	for _, w := range r.words {
		n += bits.OnesCount64(w)
	}
	return n
}

// Select returns the raster of the given neurons, in the given order.
func (r *Raster) Select(neurons []int) (*Raster, error) {
	out := NewRaster(r.Repeats, r.Bins, len(neurons), r.BinWidth)
	out.Source = r.Source
	out.Source.Neurons, out.Source.Units, out.Source.Drawn = append([]int(nil), neurons...), nil, nil
	seen := make(map[int]bool, len(neurons))
	for _, i := range neurons {
		if i < 0 || i >= r.Neurons {
			return nil, fmt.Errorf("neuron %d is out of range: %s has %d neurons, 0 to %d", i, r.Source.Path, r.Neurons, r.Neurons-1)
		}
		if seen[i] {
			return nil, fmt.Errorf("neuron %d is given twice", i)
		}
		seen[i] = true
		if r.Source.Units != nil {
			out.Source.Units = append(out.Source.Units, r.Source.Units[i])
		}
		if r.Source.Drawn != nil {
			out.Source.Drawn = append(out.Source.Drawn, r.Source.Drawn[i])
		}
	}
	for rep := range r.Repeats {
		for b := range r.Bins {
			src, dst := r.row(rep, b), out.row(rep, b)
			for k, i := range neurons {
				dst[k>>6] |= (src[i>>6] >> (63 - uint(i&63)) & 1) << (63 - uint(k&63))
			}
		}
	}
	return out, nil
}

// SelectRepeats returns the raster of the given repeats, in the given order;
// label names the choice in Source.
func (r *Raster) SelectRepeats(repeats []int, label string) (*Raster, error) {
	out := NewRaster(len(repeats), r.Bins, r.Neurons, r.BinWidth)
	out.Source = r.Source
	out.Source.Repeats = label
	for k, rep := range repeats {
		if rep < 0 || rep >= r.Repeats {
			return nil, fmt.Errorf("repeat %d is out of range: %s has %d repeats, 0 to %d", rep, r.Source.Path, r.Repeats, r.Repeats-1)
		}
		copy(out.words[k*r.Bins*r.stride:], r.words[rep*r.Bins*r.stride:(rep+1)*r.Bins*r.stride])
	}
	return out, nil
}

// Cut returns the raster with every repeat cut into repeats of that many bins; what
// is left at the end of a repeat is dropped. It panics for less than one bin.
func (r *Raster) Cut(bins int) *Raster {
	if bins < 1 {
		panic(fmt.Sprintf("spikes: repeats of %d bins", bins))
	}
	per := r.Bins / bins
	out := NewRaster(r.Repeats*per, bins, r.Neurons, r.BinWidth)
	out.Source = r.Source
	out.Source.RepeatBins = bins
	for rep := range out.Repeats {
		from := (rep/per*r.Bins + rep%per*bins) * r.stride
		copy(out.words[rep*bins*r.stride:(rep+1)*bins*r.stride], r.words[from:])
	}
	return out
}

// Between returns the raster with so many bins of every repeat, from one on. It panics for
// bins that a repeat doesn't have.
func (r *Raster) Between(from, bins int) *Raster {
	if from < 0 || bins < 1 || from+bins > r.Bins {
		panic(fmt.Sprintf("spikes: bins %d to %d of %d", from, from+bins-1, r.Bins))
	}
	out := NewRaster(r.Repeats, bins, r.Neurons, r.BinWidth)
	out.Source = r.Source
	for rep := range out.Repeats {
		copy(out.words[rep*bins*r.stride:(rep+1)*bins*r.stride], r.words[(rep*r.Bins+from)*r.stride:])
	}
	return out
}

// Halves returns the odd and the even repeats, counted from 1 as physiologists
// do: odd is the 1st, 3rd, 5th …, so it has one more where the number is odd.
func (r *Raster) Halves() (odd, even *Raster) {
	var o, e []int
	for i := range r.Repeats {
		if i%2 == 0 {
			o = append(o, i)
		} else {
			e = append(e, i)
		}
	}
	odd, _ = r.SelectRepeats(o, "odd")
	even, _ = r.SelectRepeats(e, "even")
	return odd, even
}

// Windows are all stride-1 windows of T bins that lie within one repeat; none
// crosses from one repeat into the next.
type Windows struct {
	*Raster
	T int
}

// Windows returns the raster's windows of t bins.
func (r *Raster) Windows(t int) (Windows, error) {
	if t < 1 {
		return Windows{}, fmt.Errorf("a window of %d time bins: at least 1 is needed", t)
	}
	if t > r.Bins {
		return Windows{}, fmt.Errorf("a window of %d time bins is longer than a repeat of %s (%d bins)", t, r.Source.Path, r.Bins)
	}
	return Windows{r, t}, nil
}

// Len counts the windows: Repeats x (Bins - T + 1).
func (w Windows) Len() int { return w.Repeats * (w.Bins - w.T + 1) }

// Locate returns the repeat and the first bin of window i; windows are
// numbered by repeat, then by first bin.
func (w Windows) Locate(i int) (repeat, bin int) {
	per := w.Bins - w.T + 1
	return i / per, i % per
}
