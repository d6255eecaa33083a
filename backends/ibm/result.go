package ibm

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"math/bits"
	"regexp"
	"strconv"
	"strings"

	"qgan/backends"
	"qgan/backends/service"
)

// maxArray bounds the elements that an array says to have, so that they fit an int.
const maxArray = min(4<<30, math.MaxInt-1)

// Decode reads a result in any of the service's forms.
func (c *Client) Decode(shapes []service.Shape, r io.Reader) ([]backends.Outcome, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	pubs, err := pubsOf(raw, shapes)
	if err != nil {
		return nil, fmt.Errorf("IBM Quantum: the result can't be read: %w", err)
	}
	return service.Outcomes("IBM Quantum: the result", shapes, len(pubs), func(i int, s service.Shape) (backends.Outcome, error) { return outcome(s, pubs[i]) })
}

// pub is the registers of one circuit, each its samples.
type pub map[string]samples

// samples are the values of a register: shot s has bit b (of the register).
type samples interface {
	shots() int
	width() int
	// each calls f for every shot with its row, bit 0 the highest of the first byte. The
	// row is valid until f returns.
	each(f func(shot int, row []byte)) error
}

// outcome puts the registers of a program together, in the order of its bits.
func outcome(s service.Shape, p pub) (backends.Outcome, error) {
	shots := -1
	for _, r := range s.Registers {
		x, ok := p[r.Name]
		if !ok {
			return backends.Outcome{}, fmt.Errorf("register %q is missing", r.Name)
		}
		if x.width() != len(r.Bits) {
			return backends.Outcome{}, fmt.Errorf("register %q has %d bits, %d were declared", r.Name, x.width(), len(r.Bits))
		}
		if shots >= 0 && shots != x.shots() {
			return backends.Outcome{}, fmt.Errorf("register %q has %d shots, another has %d", r.Name, x.shots(), shots)
		}
		shots = x.shots()
	}
	if shots < 1 {
		return backends.Outcome{}, errors.New("it holds no shots")
	}
	rows := backends.NewRows(s.Bits, shots)
	for _, r := range s.Registers {
		put := func(shot int, row []byte) { rows.Put(shot, r.Bits[0], row, len(r.Bits)) }
		if !consecutive(r.Bits) {
			put = func(shot int, row []byte) {
				for i, bit := range r.Bits {
					if row[i/8]&(0x80>>(i%8)) != 0 {
						rows.Set(shot, bit)
					}
				}
			}
		}
		if err := p[r.Name].each(put); err != nil {
			return backends.Outcome{}, fmt.Errorf("register %q: %w", r.Name, err)
		}
	}
	return rows.Outcome(), nil
}

// consecutive says that bits follow one another.
func consecutive(bits []int) bool {
	for i, b := range bits {
		if b != bits[0]+i {
			return false
		}
	}
	return len(bits) > 0
}

// pubsOf tells the forms apart.
func pubsOf(raw []byte, shapes []service.Shape) ([]pub, error) {
	var top struct {
		Type    string          `json:"__type__"`
		Value   json.RawMessage `json:"__value__"`
		Results json.RawMessage `json:"results"`
		Data    json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(raw, &top); err != nil {
		return nil, fmt.Errorf("%w: %.60q", err, raw)
	}
	switch {
	case top.Type == "PrimitiveResult":
		return tagged(top.Value, shapes)
	case top.Results != nil:
		return plain(top.Results, shapes)
	case top.Data != nil:
		return tensors(top.Data, shapes)
	}
	return nil, errors.New("neither results, nor a PrimitiveResult, nor an executor's data")
}

// roomFor is the most bytes that the array of a register is unpacked to: four times the shots
// that were asked for. Registers that a circuit doesn't have are not unpacked.
func roomFor(shapes []service.Shape, i int, register string) (most int64, ok bool) {
	if i >= len(shapes) {
		return 0, false
	}
	s := shapes[i]
	for _, r := range s.Registers {
		ok = ok || r.Name == register
	}
	return 64<<10 + 4*int64(s.Shots)*int64((s.Bits+7)/8), ok
}

// plain reads {"results": [{"data": {register: {"samples": ["0x3", …], "num_bits": 2}}}]}.
func plain(raw json.RawMessage, shapes []service.Shape) ([]pub, error) {
	var results []struct {
		Data map[string]struct {
			Samples json.RawMessage `json:"samples"`
			Width   int             `json:"num_bits"`
		} `json:"data"`
	}
	if err := json.Unmarshal(raw, &results); err != nil {
		return nil, err
	}
	out := make([]pub, len(results))
	for i, r := range results {
		out[i] = pub{}
		for name, reg := range r.Data {
			if _, ok := roomFor(shapes, i, name); !ok {
				continue
			}
			words, err := listed(reg.Samples)
			if err != nil {
				return nil, fmt.Errorf("register %q: %w", name, err)
			}
			out[i][name] = hexSamples{words, reg.Width}
		}
	}
	return out, nil
}

// listed cuts a JSON array of strings without escapes into its strings. Arrays in it are
// those of a sweep, which are not asked for.
func listed(raw []byte) ([][]byte, error) {
	var out [][]byte
	for rest := raw; ; {
		from := bytes.IndexByte(rest, '"')
		if from < 0 {
			break
		}
		if bytes.IndexByte(rest[:from], '{') >= 0 || len(out) > 0 && bytes.IndexByte(rest[:from], '[') >= 0 {
			return nil, errors.New("samples of a sweep, which was not asked for")
		}
		to := bytes.IndexByte(rest[from+1:], '"')
		if to < 0 {
			return nil, errors.New("samples that are cut off")
		}
		out = append(out, rest[from+1:from+1+to])
		rest = rest[from+to+2:]
	}
	return out, nil
}

// hexSamples are numbers in hexadecimal, bit 0 the least significant.
type hexSamples struct {
	words [][]byte
	bits  int
}

func (h hexSamples) shots() int { return len(h.words) }
func (h hexSamples) width() int { return h.bits }

func (h hexSamples) each(f func(shot int, row []byte)) error {
	row := make([]byte, (h.bits+7)/8)
	for shot, w := range h.words {
		clear(row)
		digits, ok := bytes.CutPrefix(w, []byte("0x"))
		if !ok || len(digits) == 0 {
			return fmt.Errorf("shot %d: %q is no number in hexadecimal", shot, w)
		}
		for i := range digits {
			c := digits[len(digits)-1-i]
			var x byte
			switch {
			case c >= '0' && c <= '9':
				x = c - '0'
			case c >= 'a' && c <= 'f':
				x = c - 'a' + 10
			case c >= 'A' && c <= 'F':
				x = c - 'A' + 10
			default:
				return fmt.Errorf("shot %d: %q is no number in hexadecimal", shot, w)
			}
			for b := range 4 {
				if x>>b&1 == 0 {
					continue
				}
				if 4*i+b >= h.bits {
					return fmt.Errorf("shot %d: %s has more than %d bits", shot, w, h.bits)
				}
				row[(4*i+b)/8] |= 0x80 >> ((4*i + b) % 8)
			}
		}
		f(shot, row)
	}
	return nil
}

// tag is {"__type__": …, "__value__": …}.
type tag struct {
	Type  string          `json:"__type__"`
	Value json.RawMessage `json:"__value__"`
}

// tagged reads Qiskit's PrimitiveResult.
func tagged(raw json.RawMessage, shapes []service.Shape) ([]pub, error) {
	var result struct {
		PUBs []struct {
			Value struct {
				Data struct {
					Value struct {
						Shape  json.RawMessage `json:"shape"`
						Fields map[string]tag  `json:"fields"`
					} `json:"__value__"`
				} `json:"data"`
			} `json:"__value__"`
		} `json:"pub_results"`
	}
	if err := json.Unmarshal(raw, &result); err != nil {
		return nil, err
	}
	out := make([]pub, len(result.PUBs))
	for i, p := range result.PUBs {
		out[i] = pub{}
		for name, field := range p.Value.Data.Value.Fields {
			most, ok := roomFor(shapes, i, name)
			if !ok {
				continue
			}
			if field.Type != "BitArray" {
				return nil, fmt.Errorf("register %q is a %s, not a BitArray", name, field.Type)
			}
			var b struct {
				Array tag `json:"array"`
				Width int `json:"num_bits"`
			}
			if err := json.Unmarshal(field.Value, &b); err != nil {
				return nil, err
			}
			x, err := ndarray(b.Array, most)
			if err != nil {
				return nil, fmt.Errorf("register %q: %w", name, err)
			}
			row := (b.Width + 7) / 8
			if n := len(x.shape); n < 2 || x.shape[n-1] != row || x.dtype != "|u1" {
				return nil, fmt.Errorf("register %q: an array of %v %s does not hold shots of %d bits", name, x.shape, x.dtype, b.Width)
			}
			out[i][name] = byteSamples{x.data, row, b.Width}
		}
	}
	return out, nil
}

// byteSamples are rows of bytes, the most significant first, bit 0 the least significant
// of the last.
type byteSamples struct {
	data      []byte
	row, bits int
}

func (x byteSamples) shots() int { return len(x.data) / max(1, x.row) }
func (x byteSamples) width() int { return x.bits }

func (x byteSamples) each(f func(shot int, row []byte)) error {
	row := make([]byte, x.row)
	for shot := range x.shots() {
		data := x.data[shot*x.row:][:x.row]
		if spare := 8*x.row - x.bits; spare > 0 && data[0]>>(8-spare) != 0 {
			return fmt.Errorf("shot %d has more than %d bits", shot, x.bits)
		}
		for i, c := range data {
			row[x.row-1-i] = bits.Reverse8(c)
		}
		f(shot, row)
	}
	return nil
}

// array is a NumPy array of bytes in C order.
type array struct {
	dtype string
	shape []int
	data  []byte
}

// ndarray unpacks a tagged array: base64 of zlib of an .npy file.
func ndarray(t tag, most int64) (*array, error) {
	var text string
	if t.Type != "ndarray" || json.Unmarshal(t.Value, &text) != nil {
		return nil, fmt.Errorf("a %s is no packed array", t.Type)
	}
	raw, err := inflate(text, most)
	if err != nil {
		return nil, err
	}
	return npy(raw)
}

// inflate unpacks base64 of zlib, so many bytes at most.
func inflate(text string, most int64) ([]byte, error) {
	z, err := zlib.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(text)))
	if err != nil {
		return nil, fmt.Errorf("an array that can't be unpacked: %w", err)
	}
	raw, err := io.ReadAll(io.LimitReader(z, most+1))
	if err == nil && int64(len(raw)) > most {
		err = fmt.Errorf("it has more than %d bytes", most)
	}
	if err != nil {
		return nil, fmt.Errorf("an array that can't be unpacked: %w", err)
	}
	return raw, nil
}

var npyHeader = regexp.MustCompile(`^\{'descr': '([^']+)', 'fortran_order': (True|False), 'shape': \(([0-9, ]*)\),? *\}\s*$`)

// npy reads the header of an array in NumPy's format, version 1.0
// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
func npy(raw []byte) (*array, error) {
	if len(raw) < 10 || string(raw[:6]) != "\x93NUMPY" || raw[6] != 1 {
		return nil, errors.New("an array that is not in NumPy's format 1.0")
	}
	n := 10 + int(raw[8]) + int(raw[9])<<8
	if len(raw) < n {
		return nil, errors.New("an array that is cut off")
	}
	m := npyHeader.FindSubmatch(raw[10:n])
	if m == nil || string(m[2]) == "True" {
		return nil, fmt.Errorf("an array with the header %.80q", raw[10:n])
	}
	a := &array{dtype: string(m[1]), data: raw[n:]}
	size := 1
	for _, word := range strings.FieldsFunc(string(m[3]), func(r rune) bool { return r == ',' || r == ' ' }) {
		d, err := strconv.Atoi(word)
		if err != nil || d < 0 || d > 0 && size > maxArray/d {
			return nil, fmt.Errorf("an array of shape (%s)", m[3])
		}
		a.shape = append(a.shape, d)
		size *= d
	}
	if a.dtype == "|u1" && len(a.data) != size {
		return nil, fmt.Errorf("an array of shape (%s) with %d bytes", m[3], len(a.data))
	}
	return a, nil
}

// tensors reads the result of the program executor: bits packed from the least
// significant of each byte, in C order, the last axis the bits of the register from bit 0.
// Bits that twirling flipped are flipped back.
func tensors(raw json.RawMessage, shapes []service.Shape) ([]pub, error) {
	type tensor struct {
		Data  string `json:"data"`
		Shape []int  `json:"shape"`
		Type  string `json:"dtype"`
	}
	var data []struct {
		Results map[string]tensor `json:"results"`
	}
	if err := json.Unmarshal(raw, &data); err != nil {
		return nil, err
	}
	out := make([]pub, len(data))
	for i, d := range data {
		out[i] = pub{}
		for name, t := range d.Results {
			const flips = "measurement_flips."
			most, ok := roomFor(shapes, i, name)
			if !ok || strings.HasPrefix(name, flips) {
				continue
			}
			x, err := unpackTensor(t.Data, t.Type, t.Shape, most)
			if err != nil {
				return nil, fmt.Errorf("register %q: %w", name, err)
			}
			if f, ok := d.Results[flips+name]; ok {
				y, err := unpackTensor(f.Data, f.Type, f.Shape, most)
				if err != nil {
					return nil, fmt.Errorf("flips of register %q: %w", name, err)
				}
				if y.columns != x.columns || len(x.bits) == 0 || x.rows%max(1, y.rows) != 0 {
					return nil, fmt.Errorf("register %q has shape %v, its flips %v", name, t.Shape, f.Shape)
				}
				x.flips = &y
			}
			out[i][name] = x
		}
	}
	return out, nil
}

// tensorSamples are packed bits.
type tensorSamples struct {
	bits          []byte
	rows, columns int
	flips         *tensorSamples // repeated over the shots
}

func unpackTensor(text, dtype string, shape []int, most int64) (x tensorSamples, err error) {
	if dtype != "bool" || len(shape) < 2 {
		return x, fmt.Errorf("a tensor of %s and shape %v holds no shots", dtype, shape)
	}
	x.rows, x.columns = 1, shape[len(shape)-1]
	for _, n := range shape[:len(shape)-1] {
		if n < 0 || n > 0 && x.rows > maxArray/n {
			return x, fmt.Errorf("a tensor of shape %v", shape)
		}
		x.rows *= n
	}
	if x.bits, err = inflate(text, most); err != nil {
		return x, err
	}
	if big.NewInt(0).Mul(big.NewInt(int64(x.rows)), big.NewInt(int64(x.columns))).Cmp(big.NewInt(8*int64(len(x.bits)))) > 0 || x.columns < 0 {
		return x, fmt.Errorf("a tensor of shape %v with %d bytes", shape, len(x.bits))
	}
	return x, nil
}

func (x tensorSamples) shots() int { return x.rows }
func (x tensorSamples) width() int { return x.columns }

func (x tensorSamples) at(row, column int) bool {
	i := row*x.columns + column
	return x.bits[i/8]>>(i%8)&1 == 1
}

func (x tensorSamples) each(f func(shot int, row []byte)) error {
	row := make([]byte, (x.columns+7)/8)
	for shot := range x.rows {
		clear(row)
		for bit := range x.columns {
			one := x.at(shot, bit)
			if x.flips != nil {
				// A row of flips serves the shots of its randomisation.
				one = one != x.flips.at(shot*x.flips.rows/x.rows, bit)
			}
			if one {
				row[bit/8] |= 0x80 >> (bit % 8)
			}
		}
		f(shot, row)
	}
	return nil
}
