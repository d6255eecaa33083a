package spikes

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"strings"

	"qgan/metrics/spikes/internal/matfile"
	"qgan/metrics/spikes/internal/npy"
	"qgan/metrics/spikes/internal/raw"
)

// file is what all formats become: arrays with names and sizes, whose numbers
// are read when asked for.
type file struct {
	arrays   []*array
	warnings []string

	binned float64 // width of the bins that spike times were counted into, seconds; 0: none were
	said   float64 // width of a bin that a text tells of, seconds

	names []string // names of the neurons, in order; nil: there are none
	drawn []int    // of spike trains that were drawn: Source.Drawn
}

// array is one array of a file.
type array struct {
	name         string // empty where the format gives none
	kind         string // in words, for messages
	dims         []int
	numeric      bool // real numbers or logicals
	firstFastest bool // the first axis runs fastest; otherwise the last
	matlab       bool // trailing axes of size 1 are not kept
	axes         []string
	read         func() (raw.Array, error)
}

func (a *array) size() int {
	n, _ := raw.Product(a.dims)
	return n
}

// label names the array in messages.
func (a *array) label() string {
	if a.name == "" {
		return "the array"
	}
	return fmt.Sprintf("variable %q", a.name)
}

func (a *array) String() string {
	return fmt.Sprintf("%s (%s, %s)", a.name, npy.ShapeString(a.dims), a.kind)
}

// binWidthName is the scalar that holds the bin width in the files written
// here.
const binWidthName = "bin_width_s"

func openMAT(in *input, _ LoadOptions) (*file, error) {
	vars, err := matfile.Variables(in.b)
	if err != nil {
		return nil, &InputError{Err: err, Hint: "save the file again with -v7; it may have been cut short on its way"}
	}
	f := &file{}
	for _, v := range vars {
		f.arrays = append(f.arrays, &array{
			name: v.Name, kind: v.Kind(), dims: v.Dims, numeric: v.Numeric(),
			firstFastest: true, matlab: true, read: v.Read,
		})
	}
	return f, nil
}

func openNPY(in *input, _ LoadOptions) (*file, error) {
	a, err := npy.Parse(in.b)
	if err != nil {
		return nil, &InputError{Err: err, Hint: "save zeros and ones with numpy.save, as uint8 or bool"}
	}
	return &file{arrays: []*array{{
		kind: a.Descr, dims: a.Shape, numeric: true, firstFastest: a.Fortran,
		read: func() (raw.Array, error) { return a.Array, nil },
	}}}, nil
}

func openNPZ(in *input, opt LoadOptions) (*file, error) {
	members, err := npy.Members(in.b)
	if err != nil {
		return nil, &InputError{Err: err, Hint: "save the file again with numpy.savez; it may have been cut short on its way"}
	}
	f := &file{}
	for i := range members {
		m := &members[i]
		f.arrays = append(f.arrays, &array{
			name: m.Name, kind: m.Descr, dims: m.Shape, numeric: m.TypeError() == nil, firstFastest: m.Fortran,
			read: func() (raw.Array, error) {
				a, err := m.Read()
				if err != nil {
					return raw.Array{}, err
				}
				return a.Array, nil
			},
		})
	}
	if f.isGroup() && opt.Variable == "" {
		return f, f.openGroup(in.b, opt)
	}
	return f, nil
}

// preferred are the names that are taken before any other, in this order.
var preferred = []string{"data", "bint", "spikes", "samples"}

// choose picks the array that is the recording.
func (f *file) choose(name string) (*array, error) {
	if len(f.arrays) == 0 {
		return nil, wrong(readable, "the file holds no array")
	}
	var all []string
	var fit []*array // arrays of numbers that could be a recording
	for _, a := range f.arrays {
		all = append(all, a.String())
		if name != "" && a.name == name {
			return a, nil
		}
		// A scalar of MATLAB's has two axes of size 1.
		if n := len(a.dims); a.numeric && (n > 2 || n == 2 && (a.size() != 1 || known(a.name))) {
			fit = append(fit, a)
		}
	}
	holds := "the file holds " + list(all)
	switch {
	case name != "" && len(f.arrays) == 1 && f.arrays[0].name == "":
		return nil, wrong("leave the variable out", "the file holds one array without a name, not a variable %q", name)
	case name != "":
		return nil, wrong(holds, "there is no variable %q", name)
	case len(f.arrays) == 1:
		return f.arrays[0], nil
	case len(fit) == 1:
		return fit[0], nil
	}
	for _, p := range preferred {
		for _, a := range fit {
			if a.name != p {
				continue
			}
			var others []string
			for _, o := range fit {
				if o != a && o.name != "neurons" {
					others = append(others, o.String())
				}
			}
			if len(others) > 0 {
				f.warn("variable %q was taken; the file also holds %s", a.name, list(others))
			}
			return a, nil
		}
	}
	if len(fit) == 0 {
		return nil, wrong("a recording is an array of numbers with two or three axes", "no variable is one: %s", holds)
	}
	return nil, wrong("name the recording with the option var", "%s", holds)
}

// defaultAxes is the order of axes that an array's name and its number of axes
// suggest; nil where they suggest none.
func (a *array) defaultAxes() []string {
	switch {
	case a.axes != nil:
		return a.axes
	case len(a.dims) == 2:
		return []string{AxisBins, AxisNeurons}
	case len(a.dims) == 3 && a.name == "bint":
		return []string{AxisRepeats, AxisNeurons, AxisBins}
	case len(a.dims) == 3:
		return []string{AxisRepeats, AxisBins, AxisNeurons}
	}
	return nil
}

// raster makes a raster of the array.
func (f *file) raster(a *array, axes []string, repeatBins int) (*Raster, error) {
	if !a.numeric && a.kind != "char" {
		// The reader's own words say what the variable is.
		_, err := a.read()
		if err == nil {
			err = fmt.Errorf("%s is %s, not an array of numbers", a.label(), a.kind)
		}
		return nil, &InputError{Err: err, Hint: "a recording is an array of zeros and ones with two or three axes"}
	}
	dims := a.dims
	shape := npy.ShapeString(dims)
	guessed := axes == nil
	if guessed {
		axes = a.defaultAxes()
		if len(dims) == 3 && a.axes == nil && !known(a.name) {
			f.warn("the axes of %s (%s) were taken as %s; the option axes says otherwise", a.label(), shape, strings.Join(axes, ","))
		}
	}
	if axes == nil {
		return nil, wrong("a recording has the axes repeats, bins and neurons, or bins and neurons", "%s has %d axes (%s)", a.label(), len(dims), shape)
	}
	for a.matlab && len(dims) < len(axes) {
		dims = append(dims[:len(dims):len(dims)], 1)
	}
	if len(dims) != len(axes) {
		return nil, wrong("name each axis once, in the array's order", "%s has %d axes (%s) and %d are named (%s)", a.label(), len(dims), shape, len(axes), strings.Join(axes, ","))
	}
	if n, ok := raw.Product(dims); !ok || n == 0 {
		return nil, wrong("a recording has at least one repeat, bin and neuron", "%s is empty (%s)", a.label(), shape)
	}
	l := layout{repeats: 1}
	step := 1
	for i := range dims {
		k := i
		if !a.firstFastest {
			k = len(dims) - 1 - i
		}
		switch axes[k] {
		case AxisRepeats:
			l.repeats, l.repeatStep = dims[k], step
		case AxisBins:
			l.bins, l.binStep = dims[k], step
		case AxisNeurons:
			l.neurons, l.neuronStep = dims[k], step
		}
		step *= dims[k]
	}
	if guessed && len(dims) == 2 && l.neurons > l.bins {
		f.warn("%s has more neurons (%d) than time bins (%d); if its axes are the other way round, give the option axes as neurons,bins", a.label(), l.neurons, l.bins)
	}
	if repeatBins > 0 {
		if err := f.cut(&l, a, len(dims) == 3, repeatBins); err != nil {
			return nil, err
		}
	}
	x, err := a.read()
	if err != nil {
		return nil, &InputError{Err: err, Hint: "the file may have been damaged on its way; save or copy it again"}
	}
	if x.Len() != step {
		return nil, wrong("", "%s has %d elements, %d are announced", a.label(), x.Len(), step)
	}
	r := NewRaster(l.repeats, l.bins, l.neurons, 0)
	if !r.fill(x.Binary(), l) {
		return nil, notBinary(a, x, l)
	}
	r.Source.Axes = strings.Join(axes, ",")
	return r, nil
}

func known(name string) bool {
	for _, p := range preferred {
		if p == name {
			return true
		}
	}
	return false
}

// cut divides a flat recording into repeats.
func (f *file) cut(l *layout, a *array, hasRepeats bool, repeatBins int) error {
	switch {
	case hasRepeats:
		return wrong("leave the option repeat-bins out", "%s has an axis of repeats already (%d repeats of %d bins)", a.label(), l.repeats, l.bins)
	case repeatBins > l.bins:
		return wrong("give the bins of one repeat, at most all of them", "repeats of %d bins are longer than the recording (%d bins)", repeatBins, l.bins)
	}
	l.repeats = l.bins / repeatBins
	if left := l.bins % repeatBins; left > 0 {
		f.warn("the last %d of %d bins were dropped: they do not fill a repeat of %d bins", left, l.bins, repeatBins)
	}
	l.bins, l.repeatStep = repeatBins, repeatBins*l.binStep
	return nil
}

// layout says where the elements of a recording lie in a run of numbers.
type layout struct {
	repeats, bins, neurons          int
	repeatStep, binStep, neuronStep int
}

// fill sets the raster from one byte an element. It reports whether all of
// them were zeros and ones.
func (r *Raster) fill(b []byte, l layout) bool {
	var seen byte // all bits of all elements
	if l.neuronStep < l.binStep {
		for rep := range l.repeats {
			for bin := range l.bins {
				row, at := r.row(rep, bin), rep*l.repeatStep+bin*l.binStep
				for n := range l.neurons {
					v := b[at+n*l.neuronStep]
					seen |= v
					row[n>>6] |= uint64(v&1) << (63 - uint(n&63))
				}
			}
		}
		return seen <= 1
	}
	for n := range l.neurons {
		shift := 63 - uint(n&63)
		for rep := range l.repeats {
			at := rep*l.repeatStep + n*l.neuronStep
			w := rep*l.bins*r.stride + n>>6
			k := 0
			if l.binStep == 1 {
				// Most bins are silent: of eight at a time only the others are looked at.
				for ; k+8 <= l.bins; k += 8 {
					for x := binary.LittleEndian.Uint64(b[at+k:]); x != 0; {
						i := bits.TrailingZeros64(x) >> 3
						v := byte(x >> (8 * i))
						seen |= v
						r.words[w+(k+i)*r.stride] |= uint64(v&1) << shift
						x &^= 0xff << (8 * i)
					}
				}
			}
			for ; k < l.bins; k++ {
				v := b[at+k*l.binStep]
				seen |= v
				r.words[w+k*r.stride] |= uint64(v&1) << shift
			}
		}
	}
	return seen <= 1
}

// notBinary is the error for a recording with other values than 0 and 1.
func notBinary(a *array, x raw.Array, l layout) error {
	count := 0
	var place string
	var value float64
	for rep := range l.repeats {
		for bin := range l.bins {
			for n := range l.neurons {
				v := x.At(rep*l.repeatStep + bin*l.binStep + n*l.neuronStep)
				if v == 0 || v == 1 {
					continue
				}
				if count == 0 {
					place, value = element(rep, bin, n), v
				}
				count++
			}
		}
	}
	return wrong(remedy(value), "%s: %s is %v; %d of %d elements are neither 0 nor 1", a.label(), place, value, count, l.repeats*l.bins*l.neurons)
}

// element names one element; all three are counted from 0.
func element(repeat, bin, neuron int) string {
	return fmt.Sprintf("element (repeat %d, bin %d, neuron %d)", repeat, bin, neuron)
}

// remedy says what to do about a value that is neither 0 nor 1.
func remedy(v float64) string {
	switch {
	case math.IsNaN(v):
		return "missing values can't be used: drop those bins or neurons, or write 0"
	case v > 1 && v == math.Trunc(v):
		return "spike counts must be binarised first: 1 where a bin holds at least one spike"
	}
	return "only 0 and 1 are spikes: 1 where a bin holds at least one"
}
