package spikes

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"qgan/metrics/spikes/internal/raw"
)

// Names of columns that number the rows instead of being neurons, as columnName has them.
var (
	repeatColumns = []string{"sample", "repeat", "trial", "window", "trial_id", "trial_index", "trial_number", "repetition", "sweep", "epoch"}
	binColumns    = []string{"bin", "time_bin", "timestep"}
)

const csvHint = "text must hold a 0 or a 1 for each neuron, one row a time bin; the first line may name the columns, lines that begin with # are passed over"

// role is what a column of a table of zeros and ones is.
type role uint8

const (
	ofNeuron role = iota
	ofRepeat
	ofBin
	ofRows // it counts rows, or times them, evenly
	ofNone // it has no name, and is passed over
	roles
)

// csvReader reads rows of zeros and ones.
type csvReader struct {
	sheet
	text       []byte
	axes       []string // as asked; nil: as the columns suggest
	repeatBins int

	headed bool // the first line names the columns
	roles  []role
	titles []string   // of all columns; nil: no header line
	rising []float64  // the first numbers of the column that counts rows
	timed  float64    // how many units of it a second has; 0: it does not count time
	first  [roles]int // the first column of each role; -1: there is none

	cells []byte
	rows  int

	label     string // of the current sample
	labels    map[string]bool
	sample    int // counted from 0
	sampleRow int // of the current sample, counted from 0
	bins      int // of the first sample, once it is complete
	firstBin  int // the number that a sample's bins begin with
}

// readCSV reads text as Decode describes it.
func readCSV(text []byte, axes []string, repeatBins int) (*file, error) {
	c := &csvReader{text: text, axes: axes, repeatBins: repeatBins, labels: map[string]bool{}}
	c.look()
	c.cells = make([]byte, 0, len(text)/2+1)
	first := true
	err := c.each(text, func(line []byte, comment bool) error {
		switch {
		case comment:
			return nil
		case first && c.headed:
			first = false
			if c.neurons() < 1 {
				return c.wrong(csvHint, "there is no column of a neuron")
			}
			return nil
		}
		first = false
		return c.read(c.fields(line))
	})
	if err != nil {
		return nil, err
	}
	return c.file()
}

// leading are the fields of the first few lines that are no comments.
func (c *csvReader) leading() (lines [][][]byte) {
	const enough = 4
	s := &c.sheet
	_ = s.each(c.text, func(line []byte, comment bool) error {
		if comment {
			return nil
		}
		if len(lines) == 0 {
			s.trailing = s.separator != ' ' && bytes.HasSuffix(bytes.TrimRight(line, " "), []byte{s.separator})
		}
		if lines = append(lines, s.fields(line)); len(lines) == enough {
			return io.EOF
		}
		return nil
	})
	s.line = 0
	if s.glued = glued(lines); s.glued {
		for i, l := range lines {
			lines[i] = s.fields(l[0])
		}
	}
	return lines
}

// look finds out from the first lines what the columns are.
func (c *csvReader) look() {
	rows := c.leading()
	if c.first = [roles]int{-1, -1, -1, -1, -1}; len(rows) == 0 {
		return
	}
	c.roles = make([]role, len(rows[0]))
	if c.headed = c.heading(rows[0]); c.headed {
		for _, f := range rows[0] {
			c.titles = append(c.titles, string(f))
		}
		rows = rows[1:]
		if len(rows) > 0 && len(rows[0]) == len(c.titles)+1 { // as R writes the names of rows
			c.titles = slices.Insert(c.titles, 0, "")
			c.roles = make([]role, len(c.titles))
		}
	}
	found := map[role]bool{}
	for k := range c.roles {
		r := ofNeuron
		switch name := c.name(k); {
		case slices.Contains(repeatColumns, name):
			r = ofRepeat
		case slices.Contains(binColumns, name):
			r = ofBin
		case k == 0 && c.titles != nil && nameless(name):
			r = ofNone
		}
		if !found[r] {
			c.roles[k], found[r] = r, r != ofNeuron
		}
	}
	for k, r := range c.roles {
		per, timed := perSecond(c.name(k))
		if r != ofNeuron || k > 0 && !timed || len(c.roles) == 1 {
			continue
		}
		if x := c.numbers(rows, k); x != nil {
			c.roles[k], c.rising, c.timed = ofRows, x, 0
			if timed {
				c.timed = per
			}
			break
		}
	}
	for r := range c.first {
		c.first[r] = slices.Index(c.roles, role(r))
	}
}

// name is the name of a column as it is looked up; empty where there is none.
func (c *csvReader) name(column int) string {
	if c.titles == nil {
		return ""
	}
	return columnName([]byte(c.titles[column]))
}

// numbers are the first three numbers of a column, where they rise evenly; nil where not.
func (c *csvReader) numbers(rows [][][]byte, column int) []float64 {
	var x []float64
	for _, row := range rows[:min(3, len(rows))] {
		if column < len(row) {
			if v, err := c.sheet.number(row[column]); err == nil {
				x = append(x, v)
			}
		}
	}
	if _, ok := rising(x); !ok {
		return nil
	}
	return x
}

// glued says whether lines are zeros and ones alone, as many in each, with nothing between.
func glued(lines [][][]byte) bool {
	for _, l := range lines {
		if len(l) != 1 || len(l[0]) < 2 || len(l[0]) != len(lines[0][0]) || len(bytes.Trim(l[0], "01")) > 0 {
			return false
		}
	}
	return true
}

// bit is the value of a field: a number, or a word of a table of truths.
func (c *csvReader) bit(field []byte) (float64, error) {
	switch {
	case bytes.EqualFold(field, []byte("true")):
		return 1, nil
	case bytes.EqualFold(field, []byte("false")):
		return 0, nil
	}
	return c.sheet.number(field)
}

// heading says whether the first line names the columns: none of them is a number, or the
// first is empty, or they count from 0 to 2 and more, as pandas names columns that have no names.
func (s *sheet) heading(fields [][]byte) bool {
	numbers, counts := 0, true
	for k, f := range fields {
		if bytes.EqualFold(f, []byte("true")) || bytes.EqualFold(f, []byte("false")) {
			return false
		}
		x, err := s.number(f)
		if err == nil {
			numbers++
		}
		if first := len(fields[0]) == 0; err != nil && !(k == 0 && first) || err == nil && x != float64(numbers-1) {
			counts = false
		}
	}
	return numbers == 0 || counts && (len(fields[0]) == 0 || numbers > 2)
}

// read reads one row.
func (c *csvReader) read(fields [][]byte) error {
	if len(fields) != len(c.roles) {
		hint := csvHint
		if says := remedyOf(c.text, c.sheet); says != "" {
			hint = says
		}
		return c.wrong(hint, "%d columns where the rows before have %d", len(fields), len(c.roles))
	}
	if err := c.number(fields); err != nil {
		return err
	}
	neuron := 0
	for k, f := range fields {
		if c.roles[k] != ofNeuron {
			continue
		}
		v := byte(0)
		if len(f) == 1 && (f[0] == '0' || f[0] == '1') {
			v = f[0] - '0'
		} else {
			x, err := c.bit(f)
			if err != nil {
				return c.wrong(csvHint, "column %d: %q is not a number", k+1, clip(f))
			}
			if x != 0 && x != 1 {
				hint := remedyOf(c.text, c.sheet)
				if hint == "" {
					hint = remedy(x)
				}
				return c.wrong(hint, "column %d: %s is %v", k+1, c.element(neuron), x)
			}
			v = byte(x)
		}
		c.cells = append(c.cells, v)
		neuron++
	}
	c.rows++
	c.sampleRow++
	return nil
}

// clip keeps a message short.
func clip(f []byte) string {
	if len(f) > 40 {
		return string(f[:40]) + "…"
	}
	return string(f)
}

// neurons counts the columns that are neurons.
func (c *csvReader) neurons() int {
	n := 0
	for _, r := range c.roles {
		if r == ofNeuron {
			n++
		}
	}
	return n
}

// number follows the columns that number the rows: a new sample begins where
// its label changes, and the bins of a sample are consecutive.
func (c *csvReader) number(fields [][]byte) error {
	if k := c.first[ofRepeat]; k >= 0 {
		if label := string(fields[k]); c.rows == 0 || label != c.label {
			if c.labels[label] {
				return c.wrong("sort the rows by sample, then by bin", "sample %s begins a second time", clip([]byte(label)))
			}
			if err := c.endSample(); err != nil {
				return err
			}
			c.label = label
			c.labels[label] = true
			c.sampleRow = 0
		}
	} else if k := c.first[ofRows]; k >= 0 {
		x, err := c.sheet.number(fields[k])
		if err == nil && c.rows >= len(c.rising) {
			step := c.rising[1] - c.rising[0]
			want := c.rising[0] + float64(c.rows)*step
			if math.Abs(x-want) > 1e-3*step+1e-6*math.Abs(x) {
				return c.wrong("sort the rows by time; every bin needs a row", "column %d, which rises with the rows, is %v where %v should follow", k+1, x, want)
			}
		}
		if err != nil {
			return c.wrong(csvHint, "column %d: %q is not a number", k+1, clip(fields[k]))
		}
	}
	k := c.first[ofBin]
	if k < 0 {
		return nil
	}
	bin, err := strconv.Atoi(string(fields[k]))
	if err != nil {
		return c.wrong(csvHint, "column %d: %q is not the number of a bin", k+1, clip(fields[k]))
	}
	if c.rows == 0 {
		c.firstBin = bin
	}
	if want := c.firstBin + c.sampleRow; bin != want {
		return c.wrong("sort the rows by sample, then by bin; every bin needs a row", "bin %d where bin %d should follow", bin, want)
	}
	return nil
}

// endSample compares the length of the sample that ends with the first one's.
func (c *csvReader) endSample() error {
	switch {
	case c.rows == 0:
		return nil
	case c.bins == 0:
		c.bins = c.sampleRow
	case c.sampleRow != c.bins:
		return c.wrong("all samples need the same number of bins", "sample %s has %d bins, those before have %d", clip([]byte(c.label)), c.sampleRow, c.bins)
	}
	c.sample++
	return nil
}

func (c *csvReader) wrong(hint, format string, args ...any) *InputError {
	return wrong(hint, "line %d: %s", c.line, fmt.Sprintf(format, args...))
}

// element names the element of the current row in the given neuron's column.
func (c *csvReader) element(neuron int) string {
	switch {
	case c.first[ofRepeat] >= 0:
		return element(c.sample, c.sampleRow, neuron)
	case len(c.axes) == 2 && c.axes[0] == AxisNeurons:
		neuron, bin := c.rows, neuron
		if c.repeatBins > 0 {
			return element(bin/c.repeatBins, bin%c.repeatBins, neuron)
		}
		return element(0, bin, neuron)
	case c.repeatBins > 0:
		return element(c.rows/c.repeatBins, c.rows%c.repeatBins, neuron)
	}
	return element(0, c.rows, neuron)
}

// file ends the reading.
func (c *csvReader) file() (*file, error) {
	if c.rows == 0 {
		return nil, wrong(csvHint, "there is not one row of numbers")
	}
	f := &file{}
	a := &array{
		kind: "text", numeric: true, dims: []int{c.rows, c.neurons()},
		read: func() (raw.Array, error) { return raw.Array{Kind: raw.Uint8, Bytes: c.cells}, nil },
	}
	if c.first[ofRepeat] >= 0 {
		if err := c.endSample(); err != nil {
			return nil, err
		}
		a.dims = []int{c.sample, c.bins, c.neurons()}
		a.axes = []string{AxisRepeats, AxisBins, AxisNeurons}
	} else if c.first[ofBin] >= 0 {
		a.axes = []string{AxisBins, AxisNeurons}
	}
	if a.axes != nil && c.axes != nil && strings.Join(a.axes, ",") != strings.Join(c.axes, ",") {
		return nil, wrong("leave the option axes out", "the columns that number samples and bins say %s, not %s", strings.Join(a.axes, ","), strings.Join(c.axes, ","))
	}
	f.arrays = []*array{a}
	var titles []string
	for k, title := range c.titles {
		if c.roles[k] == ofNeuron && (c.axes == nil || c.axes[0] != AxisNeurons) {
			titles = append(titles, title)
		}
	}
	f.names, f.drawn = columnLabels(titles)
	c.tell(f)
	return f, nil
}

// tell says which column is no neuron, and takes the bin width of one that counts time.
func (c *csvReader) tell(f *file) {
	if k := c.first[ofNone]; k >= 0 {
		f.warn("the first column has no name and was passed over: an index of rows is no neuron")
	}
	k := c.first[ofRows]
	if k < 0 {
		return
	}
	title := fmt.Sprintf("column %d", k+1)
	if c.titles != nil {
		title = "column " + c.titles[k]
	}
	if c.timed == 0 {
		f.warn("%s counts the rows and is no neuron", title)
		return
	}
	width, _ := strconv.ParseFloat(strconv.FormatFloat((c.rising[2]-c.rising[0])/2/c.timed, 'g', 6, 64), 64)
	f.warn("%s gives the times of the bins and is no neuron: they are %g s wide", title, width)
	f.said = width
}

// writeCSV writes a header line, then one row for each bin of each sample. It
// holds neither path nor date: equal rasters give equal bytes.
func writeCSV(w io.Writer, r *Raster, titles []string) error {
	b := bufio.NewWriterSize(w, 1<<16)
	b.WriteString("sample,bin")
	for _, title := range titles {
		b.WriteString("," + title)
	}
	b.WriteByte('\n')
	var line []byte
	for rep := range r.Repeats {
		for bin := range r.Bins {
			line = strconv.AppendInt(line[:0], int64(rep), 10)
			line = append(line, ',')
			line = strconv.AppendInt(line, int64(bin), 10)
			row := r.row(rep, bin)
			for n := range r.Neurons {
				line = append(line, ',', '0'+byte(row[n>>6]>>(63-uint(n&63))&1))
			}
			line = append(line, '\n')
			b.Write(line)
		}
	}
	return b.Flush()
}
