package spikes

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"unicode/utf16"

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

	rated   float64 // samples a second, by a file beside it
	ratedBy string
}

// array is one array of a file.
type array struct {
	name         string // of fields of structs and members of groups: behind slashes; empty where the format gives none
	kind         string // in words, for messages
	dims         []int
	numeric      bool  // real numbers or logicals
	whole        bool  // of a type that holds whole numbers alone, as numbers of samples are kept
	problem      error // why an array that isn't numeric holds no numbers; nil: kind says it
	firstFastest bool  // the first axis runs fastest; otherwise the last
	matlab       bool  // trailing axes of size 1 are not kept
	axes         []string
	read         func() (raw.Array, error)

	// Of an array whose elements are lists: the lists, in the array's order, and the
	// names of units that the file gives them, nil: none.
	lists func() ([]*array, error)
	units []string
	texts func() ([]string, error) // the elements of an array of texts; nil: it is none
}

func (a *array) size() int {
	n, _ := raw.Product(a.dims)
	return n
}

// parent and base are the parts of the name before and behind its last slash.
func (a *array) parent() string {
	return strings.TrimSuffix(strings.TrimSuffix(a.name, a.base()), "/")
}

func (a *array) base() string { return a.name[strings.LastIndexByte(a.name, '/')+1:] }

// isVector says whether at most one axis is longer than 1.
func (a *array) isVector() bool {
	long := 0
	for _, d := range a.dims {
		if d != 1 {
			long++
		}
	}
	return long <= 1
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
		f.arrays = append(f.arrays, matlabArray(v))
	}
	f.gather()
	return f, nil
}

// matlabArray is a variable of a MAT-file.
func matlabArray(v *matfile.Variable) *array {
	a := &array{
		name: v.Name, kind: v.Kind(), dims: v.Dims, numeric: v.Numeric(), whole: v.Class >= matfile.Int8 && v.Class <= matfile.Uint64 && !v.Logical,
		firstFastest: true, matlab: true, read: v.Read,
	}
	switch v.Class {
	case matfile.Cell:
		a.lists = sync.OnceValues(func() ([]*array, error) {
			var out []*array
			cells, err := v.Cells()
			for _, c := range cells {
				out = append(out, matlabArray(c))
			}
			return out, err
		})
	case matfile.Char:
		a.texts = a.characters
	}
	return a
}

// characters is the text of an array of MATLAB's characters.
func (a *array) characters() ([]string, error) {
	x, err := a.read()
	if err != nil {
		return nil, err
	}
	units := make([]uint16, x.Len())
	for i := range units {
		units[i] = uint16(x.At(i))
	}
	return []string{string(utf16.Decode(units))}, nil
}

func openNPY(in *input, _ LoadOptions) (*file, error) {
	a, err := npy.Parse(in.b)
	if err != nil {
		return nil, &InputError{Err: err, Hint: npyHint(err, "")}
	}
	return &file{arrays: []*array{{
		kind: a.Descr, dims: a.Shape, numeric: true, whole: wholeType(a.Descr), firstFastest: a.Fortran,
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
		a := &array{
			name: m.Name, kind: m.Descr, dims: m.Shape, problem: m.TypeError(), whole: wholeType(m.Descr), firstFastest: m.Fortran,
			read: func() (raw.Array, error) {
				a, err := m.Read()
				if err != nil {
					return raw.Array{}, err
				}
				return a.Array, nil
			},
		}
		a.numeric = a.problem == nil
		if m.IsText() {
			a.texts = m.Texts
		}
		f.arrays = append(f.arrays, a)
	}
	switch {
	case opt.Variable != "":
	case f.isGroup():
		return f, f.openGroup(in.b, opt)
	case f.isSeries():
		return f, f.openSeries(in.b, opt)
	case f.isSparse():
		return f, f.openSparse(in.b)
	}
	f.gather()
	return f, nil
}

// wholeType says whether NumPy's type holds whole numbers alone.
func wholeType(descr string) bool {
	descr = strings.TrimLeft(descr, "<>|=")
	return descr != "" && (descr[0] == 'i' || descr[0] == 'u')
}

// preferred are the names that are taken before any other, in this order.
var preferred = []string{"data", "bint", "spikes", "samples"}

// choose picks the array that is the recording: the one of that name, or one inside the
// struct or group of that name, or one of all.
func (f *file) choose(name string) (*array, error) {
	if len(f.arrays) == 0 {
		return nil, wrong(readable, "the file holds no array")
	}
	if name != "" && len(f.arrays) == 1 && f.arrays[0].name == "" {
		return nil, wrong("leave the variable out", "the file holds one array without a name, not a variable %q", name)
	}
	if a := f.find(name); name != "" && a != nil {
		return a, nil
	}
	among := f.arrays
	if name != "" {
		among = slices.DeleteFunc(slices.Clone(among), func(a *array) bool { return !strings.HasPrefix(a.name, name+"/") })
	}
	if len(among) == 0 {
		return nil, wrong(holds(f.arrays), "there is no variable %q", name)
	}
	var fit []*array // arrays that could be a recording
	for _, a := range among {
		if a.fits() {
			fit = append(fit, a)
		}
	}
	if len(among) == 1 {
		return among[0], nil
	}
	if len(fit) == 1 {
		return fit[0], nil
	}
	if a := f.prefer(fit); a != nil {
		return a, nil
	}
	wide := slices.DeleteFunc(slices.Clone(fit), func(a *array) bool { return a.lists == nil && a.isVector() })
	if len(wide) == 1 {
		return wide[0], nil
	}
	if len(wide) == 0 {
		if a := vectors(name, among); a != nil {
			f.warn("%d lists of rising numbers (%s) were taken as the spike times of as many units", len(a.units), list(clipped(a.units)))
			return a, nil
		}
		long := slices.DeleteFunc(slices.Clone(among), func(a *array) bool { return !a.numeric || a.size() < 2 })
		if len(fit) == 0 && len(long) == 1 {
			return long[0], nil
		}
	}
	if len(fit) == 0 {
		return nil, wrong("a recording is an array of numbers with two or three axes, or lists of spike times", "no variable is one: %s%s", holds(among), why(among))
	}
	return nil, wrong("name the recording with the option var", "%s", holds(among))
}

// prefer takes the first of the preferred names, or the only lists that are called times,
// and tells of the others.
func (f *file) prefer(fit []*array) *array {
	var taken *array
	for _, p := range preferred {
		if i := slices.IndexFunc(fit, func(a *array) bool { return a.base() == p }); i >= 0 && taken == nil {
			taken = fit[i]
		}
	}
	if taken == nil {
		times := slices.DeleteFunc(slices.Clone(fit), func(a *array) bool { return a.lists == nil || !a.isCalled(timesNames) })
		if len(times) != 1 {
			return nil
		}
		taken = times[0]
	}
	var others []string
	for _, o := range fit {
		if o != taken && o.name != "neurons" {
			others = append(others, o.String())
		}
	}
	if len(others) > 0 {
		f.warn("variable %q was taken; the file also holds %s", taken.name, list(clipped(others)))
	}
	return taken
}

// fits says whether an array could be a recording. A scalar of MATLAB's has two axes of
// size 1.
func (a *array) fits() bool {
	if a.lists != nil {
		ok, err := a.holdsTimes()
		return ok || err != nil && !a.matlab // a damaged cell hides no other array
	}
	n := len(a.dims)
	return a.numeric && (n > 2 || n == 2 && (a.size() != 1 || known(a.base())))
}

// holds lists arrays for a hint; texts are left out where there are others.
func holds(among []*array) string {
	var all, texts []string
	for _, a := range among {
		if a.texts != nil {
			texts = append(texts, a.String())
		} else {
			all = append(all, a.String())
		}
	}
	if all == nil {
		all = texts
	}
	return "the file holds " + list(clipped(all))
}

// why tells what the arrays that can't be read are.
func why(among []*array) string {
	for _, a := range among {
		if a.problem != nil && a.texts == nil {
			return "; " + a.problem.Error()
		}
	}
	return ""
}

// clipped keeps a list short.
func clipped(words []string) []string {
	const most = 40
	if len(words) > most {
		words = append(slices.Clone(words[:most]), fmt.Sprintf("%d more", len(words)-most))
	}
	return words
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
func (f *file) raster(a *array, axes []string, opt LoadOptions) (*Raster, error) {
	if !a.numeric {
		return nil, unreadable(a)
	}
	dims := a.dims
	shape := npy.ShapeString(dims)
	guessed := axes == nil && a.axes == nil
	if axes == nil {
		axes = a.defaultAxes()
	}
	if guessed && opt.Neurons > 0 {
		axes = expected(axes, dims, opt.Neurons)
	}
	if axes == nil {
		if a.isVector() {
			return nil, f.notBinary(a, layout{})
		}
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
	whole := l
	if n := opt.RepeatBins; n > 0 {
		if err := f.cut(&l, a, len(dims) == 3, n); err != nil {
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
		return nil, f.notBinary(a, l)
	}
	if f.binned == 0 {
		if err := f.plausible(a, axes, dims, whole, guessed, opt); err != nil {
			return nil, err
		}
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
