package matfile

import (
	"bytes"
	"errors"
	"fmt"

	"qgan/metrics/spikes/internal/raw"
)

// maxDepth is how many structs may lie within each other.
const maxDepth = 32

// list adds a variable whose header was read: a struct as its fields, all else as it
// is. What is wrong within a struct is told when it is read, and hides no other
// variable.
func (v *Variable) list(out []*Variable, s *source, depth int) []*Variable {
	if v.Class != Struct {
		return append(out, v)
	}
	fields, err := v.fields(s)
	if err == nil && depth == maxDepth {
		err = fmt.Errorf("more than %d structs within each other", maxDepth)
	}
	if err != nil || len(fields) == 0 {
		v.err = err
		return append(out, v)
	}
	for _, f := range fields {
		if f.Class != Struct {
			out = append(out, f)
			continue
		}
		inner, err := f.again()
		if err != nil {
			f.err = err
			out = append(out, f)
			continue
		}
		out = f.list(out, inner, depth+1)
	}
	return out
}

// maxFields bounds the names of a struct's fields, in bytes.
const maxFields = 1 << 20

// fields reads the fields of a struct behind its header: their names, all of one
// length, and element by element their values. Those of an array of structs are cells.
func (v *Variable) fields(s *source) ([]*Variable, error) {
	b, _, err := s.part("length of the names of fields", 4, miINT32, miUINT32)
	if err != nil {
		return nil, err
	}
	if len(b) != 4 {
		return nil, fmt.Errorf("%s: the length of the names of fields has %d bytes", s.where(), len(b))
	}
	length := v.order.Uint32(b)
	all, _, err := s.part("names of fields", maxFields, miINT8, miUINT8, miUTF8)
	if err != nil {
		return nil, err
	}
	if length == 0 || len(all)%int(length) != 0 {
		return nil, fmt.Errorf("%s: names of fields of %d bytes each in %d bytes", s.where(), length, len(all))
	}
	var names []string
	for ; len(all) > 0; all = all[length:] {
		name, _, _ := bytes.Cut(all[:length], []byte{0})
		names = append(names, v.Name+"/"+string(name))
	}
	n, ok := raw.Product(v.Dims)
	if !ok || len(names) == 0 {
		return nil, nil
	}
	if n == 1 {
		return v.children(s, len(names), func(i int) string { return names[i] })
	}
	var out []*Variable
	for _, name := range names {
		out = append(out, &Variable{Name: name, Class: Cell, Dims: v.Dims, Offset: v.Offset, cells: []*Variable{}})
	}
	for i := range n {
		values, err := v.children(s, len(names), func(k int) string { return fmt.Sprintf("%s(%d)", names[k], i+1) })
		if err != nil {
			return nil, err
		}
		for k, x := range values {
			out[k].cells = append(out[k].cells, x)
		}
	}
	return out, nil
}

// children reads the headers of the next n elements, which have no names of their own.
func (v *Variable) children(s *source, n int, name func(int) string) ([]*Variable, error) {
	var out []*Variable
	for i := range n {
		if v.left--; v.left < 0 {
			return nil, errors.New("more elements of cells and structs than the file has room for")
		}
		at := s.where()
		typ, size, small, err := s.tag()
		if err != nil {
			return nil, err
		}
		if typ != miMATRIX || small != nil {
			return nil, fmt.Errorf("%s: data type %d where an element of a cell or struct should begin", at, typ)
		}
		c := &Variable{Name: name(i), Class: Double, Dims: []int{0, 0}, Offset: v.Offset}
		if size > 0 {
			e := element{reader: v.reader, at: s.byte(), inflated: v.packed || v.inflated}
			if e.body, err = s.take(size); err != nil {
				return nil, err
			}
			c.element = e
			inner, err := c.open()
			if err == nil {
				err = c.readHeader(inner)
			}
			if err != nil {
				return nil, err
			}
			c.Name = name(i)
		}
		out = append(out, c)
	}
	return out, nil
}

// Cells returns the elements of a cell, the first axis fastest, with names such as
// "spikes{3}". Their numbers, and elements of elements, are read when asked for.
func (v *Variable) Cells() ([]*Variable, error) {
	if v.Class != Cell {
		return nil, fmt.Errorf("variable %q is a %s and no cell", v.Name, v.Kind())
	}
	if v.cells != nil {
		return v.cells, nil
	}
	n, _ := raw.Product(v.Dims)
	s, err := v.again()
	var out []*Variable
	if err == nil {
		out, err = v.children(s, n, func(i int) string { return fmt.Sprintf("%s{%d}", v.Name, i+1) })
	}
	if err == nil {
		err = s.finish()
	}
	if err != nil {
		return nil, fmt.Errorf("variable %q: %w", v.Name, err)
	}
	return out, nil
}
