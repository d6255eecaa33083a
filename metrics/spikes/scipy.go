package spikes

import (
	"fmt"

	"qgan/metrics/spikes/internal/raw"
)

// isSparse says whether the arrays are those of scipy.sparse.save_npz.
func (f *file) isSparse() bool {
	format, shape, data := f.find("format"), f.find("shape"), f.find("data")
	return format != nil && format.texts != nil && shape != nil && data != nil
}

// openSparse makes a sparse array full: csr and csc, which are compressed by rows or
// columns, and coo, a row, column and value of each element.
func (f *file) openSparse(b []byte) error {
	bad := func(err error) error {
		return &InputError{Err: fmt.Errorf("sparse array of scipy: %w", err), Hint: `in Python: m = scipy.sparse.load_npz("FILE"); numpy.save("spikes.npy", m.toarray())`}
	}
	format, err := f.find("format").texts()
	if err != nil {
		return bad(err)
	}
	shape, err := f.find("shape").floats()
	if err != nil {
		return bad(err)
	}
	if len(format) != 1 || len(shape) != 2 || !allWhole(shape) || !(shape[0] >= 0 && shape[1] >= 0 && shape[0] < 1<<31 && shape[1] < 1<<31) {
		return bad(fmt.Errorf("format %q of shape %v", format, shape))
	}
	rows, columns := int(shape[0]), int(shape[1])
	numbers := func(names ...string) ([]raw.Array, error) {
		var out []raw.Array
		for _, name := range names {
			a := f.find(name)
			if a == nil || !a.numeric {
				return nil, fmt.Errorf("there are no numbers called %q", name)
			}
			x, err := a.read()
			if err != nil {
				return nil, err
			}
			out = append(out, x)
		}
		return out, nil
	}
	a := &array{kind: "sparse " + f.find("data").kind, dims: []int{rows, columns}, numeric: true}
	limit := raw.Spread(len(b))
	var full raw.Array
	switch format[0] {
	case "csr", "csc":
		x, err := numbers("indptr", "indices", "data")
		if err != nil {
			return bad(err)
		}
		c := raw.Compressed{Major: rows, Minor: columns, Starts: x[0], Indices: x[1], Values: x[2]}
		if format[0] == "csc" {
			c.Major, c.Minor, a.firstFastest = columns, rows, true
		}
		if full, err = c.Full(limit); err != nil {
			return bad(err)
		}
	case "coo":
		x, err := numbers("row", "col", "data")
		if err != nil {
			return bad(err)
		}
		if x[0].Len() != x[1].Len() {
			return bad(fmt.Errorf("%d rows and %d columns of elements", x[0].Len(), x[1].Len()))
		}
		places := make([]int, x[0].Len())
		for k := range places {
			r, ok := x[0].Whole(k)
			c, good := x[1].Whole(k)
			if !ok || !good || r >= rows || c >= columns {
				return bad(fmt.Errorf("element %d lies outside of %d x %d", k, rows, columns))
			}
			places[k] = r*columns + c
		}
		if full, err = raw.Scatter([]int{rows, columns}, places, x[2], limit); err != nil {
			return bad(err)
		}
	default:
		return bad(fmt.Errorf("the format %q is not read", format[0]))
	}
	a.read = func() (raw.Array, error) { return full, nil }
	f.arrays = []*array{a}
	return nil
}
