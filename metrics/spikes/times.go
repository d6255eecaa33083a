package spikes

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Names of the columns of a table of spike times, as columnName has them; of several that
// are there the first of the list is taken. A name of a time may end in its unit, such as
// _ms.
var (
	unitColumns = []string{
		"unit", "unit_id", "unit_name", "unit_index", "units", "neuron", "neuron_id", "neuron_index", "neurons", "cell", "cell_id", "cells",
		"unit_no", "unit_idx", "unit_label", "neuron_no", "neuron_idx", "neuron_name", "neuron_label", "cell_no", "cell_idx", "cell_index", "cell_name", "cell_label",
		"cluster", "cluster_id", "clusters", "spike_clusters", "clu", "sender", "senders", "node_id", "node_ids", "gid", "id", "ids", "i",
		"electrode", "electrode_id", "channel", "channel_id", "channel_label",
	}
	timeColumns   = []string{"time", "times", "t", "spike_time", "spike_times", "spiketime", "spiketimes", "timestamp", "timestamps"}
	sampleColumns = []string{"sample", "samples", "spike_sample", "spike_samples", "sample_index", "sample_number", "time_sample", "time_samples", "times_samples"}
)

const timesHint = "a table of spike times has the columns unit, time (in seconds) and, where there are repeats, repeat"

// timesReader reads a table of spike times, one a row.
type timesReader struct {
	sheet
	size             int // of the file in bytes
	unit, at, repeat int // columns; unit and repeat -1: none
	columns          int
	perSecond        float64 // units of time; 0: samples
	unused           []string

	units, repeats []string // of each spike
	times          []float64
	// What a comment says, as writeTimes writes it.
	told struct {
		units    []string
		repeats  int
		duration float64
	}
}

// isTimes says whether the first line of a text that is no comment names the columns of a
// table of spike times: units and times, or times alone, of one unit.
func isTimes(text []byte) bool {
	r := &timesReader{}
	found := false
	_ = r.each(text, func(line []byte, comment bool) error {
		if comment {
			return nil
		}
		found = r.header(r.fields(line))
		return io.EOF // one line is enough
	})
	return found
}

// header finds the columns by their names, and says whether they are those of spike times.
func (r *timesReader) header(fields [][]byte) bool {
	r.columns, r.unit, r.at, r.repeat, r.unused = len(fields), -1, -1, -1, nil
	names := make([]string, len(fields))
	best := len(unitColumns)
	for k, f := range fields {
		names[k] = columnName(f)
		if i := slices.Index(unitColumns, names[k]); i >= 0 && i < best {
			best, r.unit = i, k
		}
		if per, ok := perSecond(names[k]); ok && (r.at < 0 || r.perSecond == 0 && per > 0) {
			r.at, r.perSecond = k, per
		}
	}
	for k, name := range names {
		switch {
		case k == r.unit || k == r.at:
		case r.repeat < 0 && slices.Contains(repeatColumns, name):
			r.repeat = k
		case !nameless(name):
			r.unused = append(r.unused, string(fields[k]))
		}
	}
	return r.at >= 0 && (r.unit >= 0 || len(r.unused) == 0)
}

// readTimes reads a table of spike times, in seconds from the beginning of their
// repeat, of a file of so many bytes.
func readTimes(text []byte, size int, opt LoadOptions) (*file, error) {
	f := &file{}
	r := &timesReader{size: size}
	err := r.each(text, func(line []byte, comment bool) error {
		switch {
		case comment:
			r.comment(f, string(bytes.TrimSpace(line)[1:]))
			return nil
		case r.columns > 0:
			return r.read(line)
		}
		r.header(r.fields(line))
		return r.settle(f, line, &opt)
	})
	if err != nil {
		return nil, err
	}
	tr, err := r.trains(f, opt)
	if err != nil {
		return nil, err
	}
	return f, f.bin(tr, opt, r.size)
}

// settle says what is made of the columns, and in which unit their times are.
func (r *timesReader) settle(f *file, line []byte, opt *LoadOptions) error {
	title := r.fields(line)[r.at]
	switch {
	case opt.SamplingRate > 0 && r.perSecond > 1 && r.perSecond != opt.SamplingRate:
		f.warn("the column %s is read as numbers of samples, %g a second, as asked", title, opt.SamplingRate)
	case opt.SamplingRate > 0:
	case r.perSecond == 0:
		return wrong("the option sampling-rate says how many samples a second has, such as 30000", "line %d: the column %s holds numbers of samples", r.line, title)
	case r.perSecond > 1:
		opt.SamplingRate = r.perSecond
		f.warn("the column %s is read as %s", title, map[float64]string{1e3: "milliseconds", 1e6: "microseconds"}[r.perSecond])
	}
	if len(r.unused) > 0 {
		f.warn("%s not used: %s", plural(len(r.unused), "column is", "columns are"), some(r.unused, ", "))
	}
	switch opt.Trials {
	case "":
	case NoTrials:
		r.repeat, opt.Trials = -1, "" // settled
	default:
		return wrong("leave the option trials out; the option trials none passes a column of repeats over", "a text has no table of intervals %q", opt.Trials)
	}
	return nil
}

// plural chooses between words for one and for several.
func plural(n int, one, several string) string {
	if n == 1 {
		return fmt.Sprintf("%d %s", n, one)
	}
	return fmt.Sprintf("%d %s", n, several)
}

// comment takes what is said in the form name=value; all else is passed over.
func (r *timesReader) comment(f *file, text string) {
	for _, word := range strings.Fields(text) {
		name, value, _ := strings.Cut(word, "=")
		x, err := strconv.ParseFloat(value, 64)
		good := err == nil && x > 0 && !math.IsInf(x, 0)
		switch {
		case name == "units" && value != "":
			r.told.units = strings.Split(value, ",")
			if f.drawn == nil {
				f.drawn = wholes(r.told.units)
			}
		case name == "neurons" && value != "":
			f.drawn = wholes(strings.Split(value, ","))
		case name == "repeats" && good && x == math.Trunc(x) && x < 1<<31:
			r.told.repeats = int(x)
		case name == "duration_s" && good:
			r.told.duration = x
		case name == binWidthName && good:
			f.said = x
		}
	}
}

func (r *timesReader) wrong(format string, args ...any) *InputError {
	return wrong(timesHint, "line %d: %s", r.line, fmt.Sprintf(format, args...))
}

func (r *timesReader) read(line []byte) error {
	fields := r.fields(line)
	if len(fields) != r.columns {
		if len(bytes.Join(fields, nil)) == 0 {
			return nil
		}
		return r.wrong("%d columns where the header has %d", len(fields), r.columns)
	}
	x, err := r.number(fields[r.at])
	switch {
	case len(bytes.Join(fields, nil)) == 0:
		return nil // a row without a word
	case err != nil || math.IsNaN(x) || math.IsInf(x, 0):
		return r.wrong("column %d: %q is not a time", r.at+1, clip(fields[r.at]))
	case x < 0 && r.told.duration > 0:
		return r.wrong("column %d: %g s is before the beginning; times count from the beginning of their repeat", r.at+1, x)
	}
	unit := "0"
	if r.unit >= 0 {
		unit = string(fields[r.unit])
	}
	r.times, r.units = append(r.times, x), append(r.units, unit)
	if r.repeat >= 0 {
		r.repeats = append(r.repeats, string(fields[r.repeat]))
	}
	return nil
}

// numbered gives each name its place: among those that were told, or among all
// that occur.
func numbered(what string, names, told []string) ([]string, []int, error) {
	all := map[string]bool{}
	for _, n := range names {
		all[n] = true
	}
	l := newLabels(all)
	if told != nil {
		l = labels{names: told, index: map[string]int{}}
		for i, n := range told {
			l.index[n] = i
		}
	}
	out := make([]int, len(names))
	for i, n := range names {
		k, ok := l.index[n]
		if !ok {
			return nil, nil, wrong("", "%s %q is not among those that the comment at the top names", what, clip([]byte(n)))
		}
		out[i] = k
	}
	return l.names, out, nil
}

// trains puts the table together.
func (r *timesReader) trains(f *file, opt LoadOptions) (*trains, error) {
	if len(r.times) == 0 && (r.told.units == nil || r.told.duration == 0) {
		return nil, wrong(timesHint, "there is not one spike")
	}
	tr := &trains{time: r.times}
	var err error
	if tr.units, tr.unit, err = numbered("unit", r.units, r.told.units); err != nil {
		return nil, err
	}
	repeats := max(1, r.told.repeats)
	switch {
	case repeats > 1<<16+16*r.size:
		return nil, wrong("", "the comment at the top tells of %d repeats, more than a file of %d bytes has", repeats, r.size)
	case r.repeat >= 0 && r.told.repeats > 0:
		for _, name := range r.repeats {
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= repeats {
				return nil, wrong("", "repeat %q is not among the %d, counted from 0, that the comment at the top tells of", clip([]byte(name)), repeats)
			}
			tr.repeat = append(tr.repeat, i)
		}
		if tr.repeat == nil {
			tr.repeat = []int{}
		}
	case r.repeat >= 0:
		all := map[string]bool{}
		for _, name := range r.repeats {
			if !nobody(name) {
				all[name] = true
			}
		}
		l := newLabels(all)
		for _, name := range r.repeats {
			i, ok := l.index[name]
			if !ok {
				i = -1 // outside of all
			}
			tr.repeat = append(tr.repeat, i)
		}
		if repeats = len(l.names); repeats == 0 {
			tr.repeat = nil // the column is empty
		}
		if gone := gaps(l.names); len(gone) > 0 {
			f.warn("%s missing between the others: %s; a repeat without a spike has no row, and a comment \"# repeats=N\" at the top, where they are numbered from 0, makes it a silent one",
				plural(len(gone), "repeat is", "repeats are"), some(gone, ", "))
		}
	case r.told.repeats > 1:
		return nil, wrong(timesHint, "the comment at the top tells of %d repeats and there is no column repeat", r.told.repeats)
	}
	if r.told.duration > 0 {
		tr.complete = true
		tr.spans = []span{{0, r.told.duration * cmp.Or(opt.SamplingRate, 1)}}
	}
	tr.repeats = repeats
	return tr, nil
}

// nobody says whether a field stands for nothing, as pandas and others write it.
func nobody(field string) bool {
	return slices.Contains([]string{"", "nan", "na", "<na>", "none", "null"}, strings.ToLower(field))
}

// gaps lists whole numbers that are left out of some in order, at most 1000.
func gaps(names []string) (gone []string) {
	for i := 1; i < len(names); i++ {
		a, err1 := strconv.Atoi(names[i-1])
		b, err2 := strconv.Atoi(names[i])
		if err1 != nil || err2 != nil {
			return nil
		}
		for k := a + 1; k < b && len(gone) < 1000; k++ {
			gone = append(gone, strconv.Itoa(k))
		}
	}
	return gone
}

// writeTimes writes a table of spike times: each at the middle of its bin, counted
// from the beginning of its sample, which is a repeat of its own.
func writeTimes(w io.Writer, r *Raster, m Meta) error {
	b := bufio.NewWriterSize(w, 1<<16)
	units := m.inText()
	var indices string // where units are names
	if m.Names != nil && slices.Equal(units, m.Names) {
		indices = " neurons=" + strings.Join(labelsOf(nil, m.Neurons, len(m.Neurons)), ",")
	}
	fmt.Fprintf(b, "# repeats=%d duration_s=%s %s=%s units=%s%s\nunit,time,repeat\n",
		r.Repeats, shortest(float64(r.Bins)*m.BinWidth), binWidthName, shortest(m.BinWidth), strings.Join(units, ","), indices)
	var line []byte
	r.each(func(rep, bin, neuron int) {
		line = append(append(line[:0], units[neuron]...), ',')
		line = strconv.AppendFloat(line, middle(bin, m.BinWidth), 'g', -1, 64)
		line = append(line, ',')
		line = append(strconv.AppendInt(line, int64(rep), 10), '\n')
		b.Write(line)
	})
	return b.Flush()
}

func shortest(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// middle is the middle of a bin in seconds.
func middle(bin int, width float64) float64 { return (float64(bin) + 0.5) * width }

// each visits the spikes, repeat by repeat and bin by bin.
func (r *Raster) each(visit func(repeat, bin, neuron int)) {
	for rep := range r.Repeats {
		for bin := range r.Bins {
			for n := range r.Neurons {
				if r.At(rep, bin, n) {
					visit(rep, bin, n)
				}
			}
		}
	}
}
