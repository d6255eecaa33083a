package spikes

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"qgan/metrics/spikes/internal/npy"
)

// The arrays of a pynapple TsGroup: the time of each spike in seconds, in order, its
// unit, all units, and the ends of the epochs of the time support.
const (
	groupTimes  = "t"
	groupUnits  = "index"
	groupKeys   = "keys"
	groupStarts = "start"
	groupEnds   = "end"
)

// isGroup says whether the file has the arrays of a TsGroup.
func (f *file) isGroup() bool {
	for _, name := range []string{groupTimes, groupUnits, groupStarts, groupEnds} {
		if f.find(name) == nil {
			return false
		}
	}
	return true
}

// isSeries says whether the file has the arrays of a Ts or Tsd of pynapple: the times of
// one neuron, perhaps with a value each.
func (f *file) isSeries() bool {
	if d := f.find("d"); d != nil && len(d.dims) != 1 {
		return false
	}
	for _, name := range []string{groupTimes, groupStarts, groupEnds} {
		if f.find(name) == nil {
			return false
		}
	}
	return true
}

// openSeries bins a Ts or Tsd. The epochs of its time support are the repeats.
func (f *file) openSeries(b []byte, opt LoadOptions) error {
	bad := func(err error) error {
		return &InputError{Err: fmt.Errorf("pynapple Ts: %w", err), Hint: "save it again with Ts.save"}
	}
	x, err := f.columns(groupTimes, groupStarts, groupEnds)
	if err != nil {
		return bad(err)
	}
	tr := &trains{units: []string{"0"}, time: x[0], unit: make([]int, len(x[0]))}
	if f.find("d") != nil {
		if steady(x[0]) {
			return wrong("of a TsGroup the spike times are read, and of a TsdFrame of zeros and ones the array d", "pynapple Tsd: %d values at equal steps are a signal, not spikes", len(x[0]))
		}
		f.warn("the values of the Tsd were left out: its times were taken as the spikes of one neuron")
	}
	if err := tr.support(x[1], x[2]); err != nil {
		return bad(err)
	}
	return f.bin(tr, opt, len(b))
}

// steady says whether times follow each other at equal steps, as samples of a signal do.
func steady(x []float64) bool {
	if len(x) < 3 {
		return false
	}
	step := (x[len(x)-1] - x[0]) / float64(len(x)-1)
	for i := 1; i < len(x); i++ {
		if math.Abs(x[i]-x[i-1]-step) > 1e-3*math.Abs(step) {
			return false
		}
	}
	return true
}

// openGroup bins a TsGroup. The epochs of its time support are the repeats.
func (f *file) openGroup(b []byte, opt LoadOptions) error {
	bad := func(err error) error {
		return &InputError{Err: fmt.Errorf("pynapple TsGroup: %w", err), Hint: "save it again with TsGroup.save"}
	}
	keys := groupKeys
	if f.find(keys) == nil { // of older versions: the units that have spikes
		keys = groupUnits
	}
	x, err := f.columns(groupTimes, groupUnits, keys, groupStarts, groupEnds)
	if err != nil {
		return bad(err)
	}
	if keys == groupUnits {
		x[2] = slices.Compact(slices.Sorted(slices.Values(x[2])))
	}
	if len(x[0]) != len(x[1]) {
		return bad(fmt.Errorf("%d times and %d units", len(x[0]), len(x[1])))
	}
	tr := &trains{time: x[0]}
	index := map[float64]int{}
	for i, k := range x[2] {
		if _, ok := index[k]; ok {
			return bad(fmt.Errorf("unit %v stands twice", k))
		}
		index[k] = i
		tr.units = append(tr.units, strconv.FormatFloat(k, 'g', -1, 64))
	}
	for _, u := range x[1] {
		i, ok := index[u]
		if !ok {
			return bad(fmt.Errorf("a spike of unit %v, which is none of the keys", u))
		}
		tr.unit = append(tr.unit, i)
	}
	if err := tr.support(x[3], x[4]); err != nil {
		return bad(err)
	}
	return f.bin(tr, opt, len(b))
}

// support makes the epochs of a time support pieces of the recording. One from the first
// spike to the last is what pynapple takes where nothing is said.
func (tr *trains) support(from, to []float64) error {
	if len(from) != len(to) {
		return fmt.Errorf("%d beginnings and %d ends of epochs", len(from), len(to))
	}
	if first, last := tr.ends(); len(from) == 1 && from[0] == first && to[0] == last {
		return nil
	}
	for i := range from {
		tr.spans = append(tr.spans, span{from[i], to[i]})
	}
	tr.pieces = true
	return nil
}

// groupGap is the time between the samples of a TsGroup, each of which is an epoch of
// its own: epochs that touch would be joined.
const groupGap = 1.0

// writeGroup writes a TsGroup: spikes at the middle of their bins.
func writeGroup(w io.Writer, r *Raster, m Meta) error {
	le := binary.LittleEndian
	floats := func(name string, values []float64) npy.Out {
		var b []byte
		for _, x := range values {
			b = le.AppendUint64(b, math.Float64bits(x))
		}
		return npy.Out{Name: name, Descr: "<f8", Shape: []int{len(values)}, Data: b}
	}
	integers := func(name string, values []int) npy.Out {
		var b []byte
		for _, x := range values {
			b = le.AppendUint64(b, uint64(x))
		}
		return npy.Out{Name: name, Descr: "<i8", Shape: []int{len(values)}, Data: b}
	}
	duration := float64(r.Bins) * m.BinWidth
	var starts, ends, times []float64
	var units []int
	for rep := range r.Repeats {
		at := float64(rep) * (duration + groupGap)
		starts, ends = append(starts, at), append(ends, at+duration)
	}
	keys := m.keys()
	r.each(func(rep, bin, neuron int) {
		times, units = append(times, starts[rep]+middle(bin, m.BinWidth)), append(units, keys[neuron])
	})
	var text []byte
	for _, c := range "TsGroup" {
		text = le.AppendUint32(text, uint32(c))
	}
	return npy.WriteZip(w,
		floats(groupTimes, times), integers(groupUnits, units), integers(groupKeys, keys),
		floats(groupStarts, starts), floats(groupEnds, ends),
		npy.Out{Name: "type", Descr: "<U7", Shape: []int{1}, Data: text},
	)
}
