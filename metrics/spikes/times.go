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

// Names of the columns of a table of spike times.
var (
	unitColumns = []string{"unit", "neuron", "cell", "unit_id", "cluster"}
	timeColumns = []string{"time", "time_s", "t", "spike_time", "seconds"}
)

const timesHint = "a table of spike times has the columns unit, time (in seconds) and, where there are repeats, repeat"

// isTimes says whether the first line of a text that is no comment names columns
// of units and of times.
func isTimes(b []byte) bool {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	for len(b) > 0 {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		b = rest
		if t := bytes.TrimSpace(line); len(t) == 0 || t[0] == '#' {
			continue
		}
		c := csvReader{separator: separator(line)}
		unit, at := false, false
		for _, f := range c.split(bytes.TrimSuffix(line, []byte("\r"))) {
			name := strings.ToLower(unquote(f))
			unit = unit || contains(unitColumns, name)
			at = at || contains(timeColumns, name)
		}
		return unit && at
	}
	return false
}

// timesReader reads a table of spike times, one a row.
type timesReader struct {
	line, size       int // of the text in lines and bytes
	unit, at, repeat int // columns; repeat -1: none
	columns          int
	separator        byte

	units, repeats []string // of each spike
	times          []float64
	// What a comment says, as writeTimes writes it.
	told struct {
		units    []string
		repeats  int
		duration float64
	}
}

// readTimes reads a table of spike times, in seconds from the beginning of their
// repeat.
func readTimes(b []byte, opt LoadOptions) (*file, error) {
	f := &file{}
	r := &timesReader{size: len(b), unit: -1, at: -1, repeat: -1}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	for len(b) > 0 {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		b = rest
		r.line++
		line = bytes.TrimSuffix(line, []byte("\r"))
		t := bytes.TrimSpace(line)
		var err error
		switch {
		case len(t) == 0:
		case t[0] == '#':
			r.comment(f, string(t[1:]))
		case r.columns == 0:
			err = r.header(line)
		default:
			err = r.read(line)
		}
		if err != nil {
			return nil, err
		}
	}
	tr, err := r.trains(f, opt)
	if err != nil {
		return nil, err
	}
	return f, f.bin(tr, opt, r.size)
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

func (r *timesReader) fields(line []byte) [][]byte {
	return (&csvReader{separator: r.separator}).split(line)
}

func (r *timesReader) header(line []byte) error {
	r.separator = separator(line)
	fields := r.fields(line)
	r.columns = len(fields)
	for k, f := range fields {
		switch name := strings.ToLower(unquote(f)); {
		case r.unit < 0 && contains(unitColumns, name):
			r.unit = k
		case r.at < 0 && contains(timeColumns, name):
			r.at = k
		case r.repeat < 0 && contains(repeatColumns, name):
			r.repeat = k
		default:
			return r.wrong("column %q is none of unit, time and repeat", clip(f))
		}
	}
	return nil
}

func (r *timesReader) read(line []byte) error {
	fields := r.fields(line)
	if len(fields) != r.columns {
		return r.wrong("%d columns where the header has %d", len(fields), r.columns)
	}
	x, err := strconv.ParseFloat(unquote(fields[r.at]), 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return r.wrong("column %d: %q is not a time in seconds", r.at+1, clip(fields[r.at]))
	}
	if x < 0 {
		return r.wrong("column %d: %g s is before the beginning; times count from the beginning of their repeat", r.at+1, x)
	}
	r.times = append(r.times, x)
	r.units = append(r.units, unquote(fields[r.unit]))
	if r.repeat >= 0 {
		r.repeats = append(r.repeats, unquote(fields[r.repeat]))
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
		var names []string
		if names, tr.repeat, err = numbered("repeat", r.repeats, nil); err != nil {
			return nil, err
		}
		repeats = len(names)
		if gaps(names) {
			f.warn("the numbers of repeats have gaps; a repeat without a spike is not in the file, and is missing")
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

// gaps says whether whole numbers in order leave some out.
func gaps(names []string) bool {
	for i := 1; i < len(names); i++ {
		a, err1 := strconv.Atoi(names[i-1])
		b, err2 := strconv.Atoi(names[i])
		if err1 != nil || err2 != nil {
			return false
		}
		if b > a+1 {
			return true
		}
	}
	return false
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
