package spikes

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"qgan/metrics/spikes/internal/raw"
)

// Names of columns that number the rows instead of being neurons.
var (
	repeatColumns = []string{"sample", "repeat", "trial", "window"}
	binColumns    = []string{"bin", "time_bin", "timestep"}
)

const csvHint = "text must hold a 0 or a 1 for each neuron, one row a time bin; the first line may name the columns, lines that begin with # are passed over"

// csvReader reads rows of zeros and ones.
type csvReader struct {
	axes       []string // as asked; nil: as the columns suggest
	repeatBins int

	line      int      // of the text, counted from 1
	separator byte     // 0 until the first row
	columns   int      // of a row
	repeatCol int      // -1: none
	binCol    int      // -1: none
	titles    []string // of all columns; nil: no header line

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
func readCSV(b []byte, axes []string, repeatBins int) (*file, error) {
	c := &csvReader{axes: axes, repeatBins: repeatBins, repeatCol: -1, binCol: -1, labels: map[string]bool{}}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	c.cells = make([]byte, 0, len(b)/2+1)
	for len(b) > 0 {
		line := b
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			line, b = b[:i], b[i+1:]
		} else {
			b = nil
		}
		c.line++
		line = bytes.TrimSuffix(line, []byte("\r"))
		if t := bytes.TrimSpace(line); len(t) == 0 || t[0] == '#' {
			continue
		}
		if err := c.read(line); err != nil {
			return nil, err
		}
	}
	return c.file()
}

// read reads one line that is no comment.
func (c *csvReader) read(line []byte) error {
	first := c.separator == 0
	if first {
		c.separator = separator(line)
	}
	fields := c.split(line)
	if first {
		c.columns = len(fields)
		if c.header(fields) {
			if c.neurons() < 1 {
				return c.wrong(csvHint, "there is no column of a neuron")
			}
			return nil
		}
	}
	if len(fields) != c.columns {
		return c.wrong(csvHint, "%d columns where the rows before have %d", len(fields), c.columns)
	}
	if err := c.number(fields); err != nil {
		return err
	}
	neuron := 0
	for k, f := range fields {
		if k == c.repeatCol || k == c.binCol {
			continue
		}
		v := byte(0)
		if len(f) == 1 && (f[0] == '0' || f[0] == '1') {
			v = f[0] - '0'
		} else {
			x, err := strconv.ParseFloat(unquote(f), 64)
			if err != nil {
				return c.wrong(csvHint, "column %d: %q is not a number", k+1, clip(f))
			}
			if x != 0 && x != 1 {
				return c.wrong(remedy(x), "column %d: %s is %v", k+1, c.element(neuron), x)
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

// separator finds out what stands between the columns.
func separator(line []byte) byte {
	for _, s := range []byte(",;\t ") {
		if bytes.IndexByte(bytes.TrimSpace(line), s) >= 0 {
			return s
		}
	}
	return ','
}

func (c *csvReader) split(line []byte) [][]byte {
	if c.separator == ' ' {
		return bytes.Fields(line)
	}
	fields := bytes.Split(line, []byte{c.separator})
	for i, f := range fields {
		fields[i] = bytes.TrimSpace(f)
	}
	return fields
}

func unquote(f []byte) string {
	if n := len(f); n >= 2 && f[0] == '"' && f[n-1] == '"' {
		f = f[1 : n-1]
	}
	return string(f)
}

// clip keeps a message short.
func clip(f []byte) string {
	if len(f) > 40 {
		return string(f[:40]) + "…"
	}
	return string(f)
}

// header takes the first line as names of columns if not one of them is a
// number, and reports whether it did.
func (c *csvReader) header(fields [][]byte) bool {
	for _, f := range fields {
		if _, err := strconv.ParseFloat(unquote(f), 64); err == nil {
			return false
		}
	}
	for k, f := range fields {
		name := strings.ToLower(unquote(f))
		c.titles = append(c.titles, unquote(f))
		if c.repeatCol < 0 && contains(repeatColumns, name) {
			c.repeatCol = k
		} else if c.binCol < 0 && contains(binColumns, name) {
			c.binCol = k
		}
	}
	return true
}

func contains(words []string, word string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}

// neurons counts the columns that are neurons.
func (c *csvReader) neurons() int {
	n := c.columns
	if c.repeatCol >= 0 {
		n--
	}
	if c.binCol >= 0 {
		n--
	}
	return n
}

// number follows the columns that number the rows: a new sample begins where
// its label changes, and the bins of a sample are consecutive.
func (c *csvReader) number(fields [][]byte) error {
	if c.repeatCol >= 0 {
		if label := unquote(fields[c.repeatCol]); c.rows == 0 || label != c.label {
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
	}
	if c.binCol < 0 {
		return nil
	}
	bin, err := strconv.Atoi(unquote(fields[c.binCol]))
	if err != nil {
		return c.wrong(csvHint, "column %d: %q is not the number of a bin", c.binCol+1, clip(fields[c.binCol]))
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
	case c.repeatCol >= 0:
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
	if c.repeatCol >= 0 {
		if err := c.endSample(); err != nil {
			return nil, err
		}
		a.dims = []int{c.sample, c.bins, c.neurons()}
		a.axes = []string{AxisRepeats, AxisBins, AxisNeurons}
	} else if c.binCol >= 0 {
		a.axes = []string{AxisBins, AxisNeurons}
	}
	if a.axes != nil && c.axes != nil && strings.Join(a.axes, ",") != strings.Join(c.axes, ",") {
		return nil, wrong("leave the option axes out", "the columns that number samples and bins say %s, not %s", strings.Join(a.axes, ","), strings.Join(c.axes, ","))
	}
	f.arrays = []*array{a}
	var titles []string
	for k, title := range c.titles {
		if k != c.repeatCol && k != c.binCol && (c.axes == nil || c.axes[0] != AxisNeurons) {
			titles = append(titles, title)
		}
	}
	f.names, f.drawn = columnLabels(titles)
	return f, nil
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
