package spikes

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf16"

	"qgan/internal/named"
	"qgan/metrics/spikes/internal/matfile"
	"qgan/metrics/spikes/internal/npy"
)

// Format is a form in which a raster is written.
type Format string

// The formats of Write.
const (
	// NPZ holds spikes (uint8, samples x bins x neurons), bin_width_s (a
	// scalar in seconds), neurons (their indices), units (their names, where the
	// recording has them) and meta (JSON as bytes).
	NPZ Format = "npz"
	// NPY holds the spikes alone: uint8, samples x bins x neurons.
	NPY Format = "npy"
	// CSV holds a header line sample,bin,n0,n1,…, or with the neurons' names, and one
	// row a bin.
	CSV Format = "csv"
	// MAT is a MATLAB level 5 file with data (uint8, samples x bins x
	// neurons), bin_width_s, neurons, units (a row of letters each) and meta (JSON as
	// text).
	MAT Format = "mat"
	// Times is a text with the columns unit, time and repeat: seconds from the
	// beginning of the sample to the middle of the bin, and a comment line that says
	// how many samples and which units there are.
	Times Format = "spike-times"
	// Pynapple is a TsGroup of pynapple (.npz): each sample is an epoch of its time
	// support, a second apart from the next.
	Pynapple Format = "pynapple"
)

// FormatOf tells a format from the extension of a path; "-", standard output,
// is CSV. The error is an *InputError.
func FormatOf(path string) (Format, error) {
	if path == "-" {
		return CSV, nil
	}
	ext := strings.ToLower(filepath.Ext(path))
	switch f := Format(strings.TrimPrefix(ext, ".")); f {
	case NPZ, NPY, CSV, MAT:
		return f, nil
	}
	return "", &InputError{path, fmt.Errorf("the extension %q names no format to write", ext), "use .npz, .npy, .csv or .mat"}
}

// FormatFor is the format of a file that is named and of what it shall hold: windows, or
// spike-times or pynapple, which need their extension; "-", standard output, takes text.
// The error names the settings format and out.
func FormatFor(what, path string) (Format, error) {
	switch f := Format(what); {
	case what == "windows":
		return FormatOf(path)
	case f != Times && f != Pynapple:
		return "", named.Inputf("{format} %s: it can be windows, spike-times or pynapple", what)
	case path == "-" && f == Times, strings.EqualFold(filepath.Ext(path), f.Extension()):
		return f, nil
	default:
		return "", named.Inputf("{format} %s {out} %s: the file needs the extension %s", what, path, f.Extension())
	}
}

// Extension is that of a file of the format, with its dot.
func (f Format) Extension() string {
	switch f {
	case Times:
		return ".csv"
	case Pynapple:
		return ".npz"
	}
	return "." + string(f)
}

// Meta says where drawn spike trains come from. Formats without room for it
// leave it out.
type Meta struct {
	Seed        uint64         `json:"seed"`
	BinWidth    float64        `json:"bin_width_s,omitempty"` // seconds; 0: the raster's
	LatentScale string         `json:"latent_scale,omitempty"`
	Model       string         `json:"model,omitempty"`
	Neurons     []int          `json:"neurons,omitempty"`      // indices in the recording; nil: 0, 1, 2 …
	Names       []string       `json:"neuron_names,omitempty"` // the recording's; nil: it has none
	BitOrder    string         `json:"bit_order,omitempty"`
	Extra       map[string]any `json:"extra,omitempty"`
}

// BitOrder is the order of bits of the whole program, as Meta names it.
const BitOrder = "neuron 0 of timestep 0 first, most significant"

// metaSchema names the form of the JSON in the array metaName.
const (
	metaSchema = "qgan.spikes/v1"
	metaName   = "meta"
)

// Write writes a raster, its repeats as samples. The same raster and Meta give
// the same bytes, whatever the machine and the day; CSV and NPY hold nothing of
// Meta but what the neurons are called in CSV's header line. Whoever names the
// file writes it atomically.
func Write(w io.Writer, r *Raster, f Format, m Meta) error {
	m = m.filled(r)
	if len(m.Neurons) != r.Neurons {
		return fmt.Errorf("writing %s: %d indices of neurons are given", r.shape(), len(m.Neurons))
	}
	if m.Names != nil && len(m.Names) != r.Neurons {
		return fmt.Errorf("writing %s: %d names of neurons are given", r.shape(), len(m.Names))
	}
	text, err := json.Marshal(described{Schema: metaSchema, Axes: axesWritten, Meta: m})
	if err != nil {
		return fmt.Errorf("writing spike trains: describing their source: %w", err)
	}
	if (f == Times || f == Pynapple) && !(m.BinWidth > 0) {
		return fmt.Errorf("writing spike trains as %s: the width of a bin is not known", f)
	}
	switch f {
	case Times:
		err = writeTimes(w, r, m)
	case Pynapple:
		err = writeGroup(w, r, m)
	case NPZ:
		err = writeNPZ(w, r, m, text)
	case NPY:
		err = npy.Write(w, "|u1", []int{r.Repeats, r.Bins, r.Neurons}, r.unpack())
	case CSV:
		err = writeCSV(w, r, m.titles())
	case MAT:
		err = writeMAT(w, r, m, text)
	default:
		return fmt.Errorf("writing spike trains: there is no format %q", string(f))
	}
	if err != nil {
		return fmt.Errorf("writing spike trains as %s: %w", f, err)
	}
	return nil
}

// filled takes from the raster what Meta leaves out.
func (m Meta) filled(r *Raster) Meta {
	if m.BinWidth == 0 {
		m.BinWidth = r.BinWidth
	}
	if m.BitOrder == "" {
		m.BitOrder = BitOrder
	}
	if m.Neurons == nil {
		m.Neurons = upTo(0, r.Neurons)
	}
	return m
}

// axesWritten is the order of axes of all arrays that are written.
var axesWritten = []string{"samples", AxisBins, AxisNeurons}

// described is the JSON that goes with spike trains.
type described struct {
	Schema string   `json:"schema"`
	Axes   []string `json:"axes"`
	// Of a sidecar only: the form of the file beside it, its shape, and what its
	// numbers are.
	Format Format            `json:"format,omitempty"`
	Shape  []int             `json:"shape,omitempty"`
	Units  map[string]string `json:"units,omitempty"`
	Meta
}

// unitsWritten say in words what the numbers of a format are.
var unitsWritten = map[Format]map[string]string{
	Times:    {"unit": "name of the neuron, or else its index in the recording", "time": "seconds from the beginning of the sample, middle of the bin", "repeat": "index of the sample"},
	Pynapple: {"t": "seconds, middle of the bin; each sample is an epoch of the time support", "index": "the neuron's name, where all are whole numbers, or else its index in the recording"},
}

// SidecarPath is where the description of a file of spike trains lies.
func SidecarPath(path string) string { return path + ".json" }

// WriteSidecar writes the description that lies beside a file of spike trains, for
// formats without room for it and for readers that look nowhere else.
func WriteSidecar(w io.Writer, r *Raster, f Format, m Meta) error {
	units := map[string]string{"spikes": "1: at least one spike in the bin, 0: none"}
	if u, ok := unitsWritten[f]; ok {
		units = u
	}
	units = maps.Clone(units)
	units[binWidthName] = "seconds"
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(described{
		Schema: metaSchema, Axes: axesWritten, Format: f,
		Shape: []int{r.Repeats, r.Bins, r.Neurons}, Units: units, Meta: m.filled(r),
	})
}

// unpack returns one byte an element, neurons fastest, then bins.
func (r *Raster) unpack() []byte {
	out := make([]byte, 0, r.Repeats*r.Bins*r.Neurons)
	for rep := range r.Repeats {
		for bin := range r.Bins {
			row := r.row(rep, bin)
			for n := range r.Neurons {
				out = append(out, byte(row[n>>6]>>(63-uint(n&63))&1))
			}
		}
	}
	return out
}

func writeNPZ(w io.Writer, r *Raster, m Meta, text []byte) error {
	le := binary.LittleEndian
	var indices []byte
	for _, n := range m.Neurons {
		indices = le.AppendUint64(indices, uint64(n))
	}
	out := []npy.Out{
		{Name: "spikes", Descr: "|u1", Shape: []int{r.Repeats, r.Bins, r.Neurons}, Data: r.unpack()},
		{Name: binWidthName, Descr: "<f8", Data: le.AppendUint64(nil, math.Float64bits(m.BinWidth))},
		{Name: "neurons", Descr: "<i8", Shape: []int{len(m.Neurons)}, Data: indices},
	}
	if m.Names != nil {
		letters, longest := letters(m.Names, 0, func(s string) []rune { return []rune(s) })
		var b []byte
		for _, c := range letters {
			b = le.AppendUint32(b, uint32(c))
		}
		out = append(out, npy.Out{Name: namesName, Descr: fmt.Sprintf("<U%d", longest), Shape: []int{len(m.Names)}, Data: b})
	}
	return npy.WriteZip(w, append(out, npy.Out{Name: metaName, Descr: "|u1", Shape: []int{len(text)}, Data: text})...)
}

// namesName is the array of the neurons' names in the files written here.
const namesName = "units"

// letters are the letters of names one after the other, each name filled up to the longest.
func letters[C rune | uint16](names []string, fill C, of func(string) []C) (all []C, longest int) {
	for _, name := range names {
		longest = max(longest, len(of(name)), 1)
	}
	for _, name := range names {
		own := of(name)
		all = append(append(all, own...), slices.Repeat([]C{fill}, longest-len(own))...)
	}
	return all, longest
}

func writeMAT(w io.Writer, r *Raster, m Meta, text []byte) error {
	le := binary.LittleEndian
	data := make([]byte, 0, r.Repeats*r.Bins*r.Neurons)
	for n := range r.Neurons { // MATLAB's order: the first axis runs fastest
		shift := 63 - uint(n&63)
		for bin := range r.Bins {
			for rep := range r.Repeats {
				data = append(data, byte(r.words[(rep*r.Bins+bin)*r.stride+n>>6]>>shift&1))
			}
		}
	}
	var indices []byte
	for _, n := range m.Neurons {
		indices = le.AppendUint64(indices, math.Float64bits(float64(n)))
	}
	encode := func(s string) []uint16 { return utf16.Encode([]rune(s)) }
	// chars is an array of so many rows of letters.
	chars := func(name string, rows int, letters []uint16) matfile.Out {
		out := matfile.Out{Name: name, Class: matfile.Char, Dims: []int{rows, len(letters) / rows}}
		for k := range out.Dims[1] {
			for i := range rows {
				out.Bytes = le.AppendUint16(out.Bytes, letters[i*out.Dims[1]+k])
			}
		}
		return out
	}
	out := []matfile.Out{
		{Name: "data", Class: matfile.Uint8, Dims: []int{r.Repeats, r.Bins, r.Neurons}, Bytes: data},
		{Name: binWidthName, Class: matfile.Double, Dims: []int{1, 1}, Bytes: le.AppendUint64(nil, math.Float64bits(m.BinWidth))},
		{Name: "neurons", Class: matfile.Double, Dims: []int{1, len(m.Neurons)}, Bytes: indices},
	}
	if m.Names != nil {
		names, _ := letters(m.Names, ' ', encode)
		out = append(out, chars(namesName, len(m.Names), names))
	}
	return matfile.Write(w, append(out, chars(metaName, 1, encode(string(text))))...)
}
