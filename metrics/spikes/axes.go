package spikes

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"qgan/metrics/spikes/internal/npy"
)

// expected are the axes that give so many neurons: those that were guessed, or else the
// only axis of that size with the others in their order; nil stays nil.
func expected(axes []string, dims []int, neurons int) []string {
	if axes == nil || len(axes) != len(dims) {
		return axes
	}
	if at := slices.Index(axes, AxisNeurons); dims[at] == neurons {
		return axes
	}
	at := slices.Index(dims, neurons)
	if at < 0 || slices.Contains(dims[at+1:], neurons) {
		return axes
	}
	others := []string{AxisRepeats, AxisBins}[3-len(dims):]
	out := make([]string, 0, len(dims))
	for i := range dims {
		if i == at {
			out = append(out, AxisNeurons)
		} else {
			out, others = append(out, others[0]), others[1:]
		}
	}
	return out
}

// plausible refuses a guess of axes that gives more neurons than bins, and warns of
// guesses that nothing bears out. Files of spike trains that were drawn say what they
// hold, inside or in the description beside them. A recording has far more bins than neurons, so an array
// whose axes are the other way round would be read as a nonsense of the same spikes.
func (f *file) plausible(a *array, axes []string, dims []int, l layout, guessed bool, opt LoadOptions) error {
	shape, order := npy.ShapeString(a.dims), strings.Join(axes, ",")
	switch {
	case a.axes != nil || opt.Neurons > 0 && l.neurons == opt.Neurons:
	case l.neurons > 0 && opt.shape == [3]int{l.repeats, l.bins, l.neurons}:
	case len(dims) == 3 && f.described().Schema != "":
	case l.neurons > l.bins && !guessed:
		f.warn("%s has more neurons (%d) than time bins (%d) by the axes %s", a.label(), l.neurons, l.bins, order)
	case l.neurons > l.bins:
		return wrong("give the option axes: "+orders(dims)+"; or "+order+", if that is what it holds",
			"%s does not say which of its axes (%s) are which; %s would be %s", a.label(), shape, order, sizes(axes, dims))
	case guessed && len(dims) == 3 && (!known(a.base()) || l.bins < l.repeats):
		f.warn("the axes of %s (%s) were taken as %s; the option axes says otherwise", a.label(), shape, order)
	}
	return nil
}

// orders are the likely orders of axes of an array: bins are the longest, and there are
// no more neurons than bins.
func orders(dims []int) string {
	all := [][]string{{AxisBins, AxisNeurons}, {AxisNeurons, AxisBins}}
	if len(dims) == 3 {
		all = [][]string{
			{AxisRepeats, AxisNeurons, AxisBins}, {AxisRepeats, AxisBins, AxisNeurons}, {AxisBins, AxisNeurons, AxisRepeats},
			{AxisNeurons, AxisBins, AxisRepeats}, {AxisNeurons, AxisRepeats, AxisBins}, {AxisBins, AxisRepeats, AxisNeurons},
		}
	}
	longest := slices.Max(dims)
	var out []string
	for _, axes := range all {
		if dims[slices.Index(axes, AxisBins)] == longest && dims[slices.Index(axes, AxisNeurons)] < longest {
			out = append(out, fmt.Sprintf("%s (%s)", strings.Join(axes, ","), sizes(axes, dims)))
		}
	}
	if out == nil {
		return "the order of " + strings.Join(all[0], ", ")
	}
	return strings.Join(out, " or ")
}

// sizes says how many of each there are.
func sizes(axes []string, dims []int) string {
	var out []string
	for i, axis := range axes {
		word := axis
		if dims[i] == 1 {
			word = strings.TrimSuffix(axis, "s")
		}
		out = append(out, fmt.Sprintf("%d %s", dims[i], word))
	}
	return strings.Join(out, ", ")
}

// notBinary is the error for a recording with other values than 0 and 1: what they may
// be, and what to do then.
func (f *file) notBinary(a *array, l layout) error {
	x, err := a.read()
	if err != nil {
		return &InputError{Err: err, Hint: "the file may have been damaged on its way; save or copy it again"}
	}
	if a.isVector() {
		values := make([]float64, x.Len())
		for i := range values {
			values[i] = x.At(i)
		}
		if rises(values) {
			what := "rising numbers, as spike times of one neuron are"
			if a.whole || allWhole(values) {
				what = "rising whole numbers, as numbers of samples with spikes are"
			}
			return wrong("the option sampling-rate reads them as one neuron (30000 for samples at 30 kHz, 1000 for milliseconds, 1 for seconds); of several neurons, "+tableHint,
				"%s holds %d %s, %g to %g", a.label(), len(values), what, values[0], values[len(values)-1])
		}
	}
	if l.neurons == 0 {
		return wrong("a recording has the axes repeats, bins and neurons, or bins and neurons; of one neuron: data.reshape(-1, 1)", "%s has %d axes (%s)", a.label(), len(a.dims), npy.ShapeString(a.dims))
	}
	at := func(rep, bin, n int) float64 {
		return x.At(rep*l.repeatStep + bin*l.binStep + n*l.neuronStep)
	}
	count := 0
	var place string
	var value float64
	columns := map[int]bool{} // neurons with such values
	for rep := range l.repeats {
		for bin := range l.bins {
			for n := range l.neurons {
				v := at(rep, bin, n)
				if v == 0 || v == 1 {
					continue
				}
				if count == 0 {
					place, value = element(rep, bin, n), v
				}
				columns[n] = true
				count++
			}
		}
	}
	hint := remedy(value)
	if l.repeats == 1 {
		var column []float64
		if n := l.neurons; n > 1 && len(columns) == 1 && columns[0] || n == 2 {
			for bin := range l.bins {
				column = append(column, at(0, bin, 0))
			}
		}
		switch {
		case padded(at, l):
			hint = "lists of times, filled up with NaN, are a matrix; in MATLAB: spikes = cellfun(@(x) x(~isnan(x)), num2cell(NAME, 2), 'UniformOutput', false); save('spikes.mat', 'spikes', '-v7') makes a cell of its rows"
			hint = strings.ReplaceAll(hint, "NAME", cmp.Or(a.name, "data"))
		case l.neurons > 2 && counts(column):
			hint = "the first column counts the rows and is no neuron: leave it out"
		case l.neurons == 2 && len(columns) > 0 && (rises(column) || columns[1] && rises(second(at, l.bins))):
			hint = "two columns of which one rises may be spikes, a row each: " + tableHint
		}
	}
	return wrong(hint, "%s: %s is %v; %d of %d elements are neither 0 nor 1", a.label(), place, value, count, l.repeats*l.bins*l.neurons)
}

// padded says whether the rows or the columns of a matrix are lists of rising numbers that
// end with NaN.
func padded(at func(rep, bin, n int) float64, l layout) bool {
	lists := func(n, size int, at func(i, k int) float64) bool {
		missing, several := false, false
		for i := range n {
			var x []float64
			for k := range size {
				if v := at(i, k); !math.IsNaN(v) {
					x = append(x, v)
				}
			}
			short := len(x) < size
			if len(x) > 1 && !rises(x) && !(len(x) == 2 && x[1] > x[0]) || short && !math.IsNaN(at(i, size-1)) {
				return false
			}
			missing, several = missing || short, several || len(x) > 1
		}
		return missing && several
	}
	return lists(l.neurons, l.bins, func(n, bin int) float64 { return at(0, bin, n) }) || lists(l.bins, l.neurons, func(bin, n int) float64 { return at(0, bin, n) })
}

func second(at func(rep, bin, n int) float64, bins int) []float64 {
	var out []float64
	for bin := range bins {
		out = append(out, at(0, bin, 1))
	}
	return out
}

// rises says whether finite numbers, three or more, never fall, and do rise.
func rises(x []float64) bool {
	for i := range x {
		if math.IsNaN(x[i]) || math.IsInf(x[i], 0) || i > 0 && x[i] < x[i-1] {
			return false
		}
	}
	return len(x) > 2 && x[len(x)-1] > x[0]
}

// counts says whether numbers count rows: from 0 or 1, each by one.
func counts(x []float64) bool {
	for i := range x {
		if x[i] != x[0]+float64(i) {
			return false
		}
	}
	return len(x) > 1 && (x[0] == 0 || x[0] == 1)
}

func allWhole(x []float64) bool {
	return !slices.ContainsFunc(x, func(v float64) bool { return v != math.Trunc(v) })
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
