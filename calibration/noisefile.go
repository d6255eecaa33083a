package calibration

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"qgan/ir"
)

// ReadNoiseModel reads a noise model from a TOML or a JSON file: a name, a list
// "noise" of channels, each with the gates that it follows, and a list "readout"
// of readout errors (docs/formats.md). Where several channels follow a gate they
// act in the order of the file. A key that is not known is an error with its
// line.
func ReadNoiseModel(f File) (*NoiseModel, error) {
	if len(f.Data) > maxFileBytes {
		return nil, &FileError{Name: f.Name, Err: fmt.Errorf("%d bytes, at most %d are read", len(f.Data), maxFileBytes)}
	}
	top, err := noiseTables(f)
	if err != nil {
		return nil, err
	}
	m := &NoiseModel{Name: f.Name}
	r := &fileRules{}
	m.rules = r
	readout := &fileReadout{own: map[int][2]float64{}}
	for _, t := range top.noise {
		rule, err := newRule(t)
		if err != nil {
			return nil, atLine(f.Name, t, err)
		}
		r.list = append(r.list, rule)
	}
	for _, t := range top.readout {
		if err := readout.add(m, t); err != nil {
			return nil, atLine(f.Name, t, err)
		}
	}
	if top.name != "" {
		m.Name = top.name
	}
	if len(top.readout) > 0 {
		m.confuse = readout.of
	}
	return m, nil
}

// noiseFile is a file as it is written.
type noiseFile struct {
	name           string
	noise, readout []*table
}

// table is a table of a file: its keys with how to decode their values.
type table struct {
	line int
	keys map[string]field
	at   int // the line of the key that was decoded last
}

type field struct {
	line   int
	decode func(any) error
}

// atLine gives an error about a table its place.
func atLine(name string, t *table, err error) error {
	var have *FileError
	if errors.As(err, &have) {
		return err
	}
	line := t.at
	if line == 0 {
		line = t.line
	}
	e := &FileError{Name: name, Line: line, Err: err}
	if line > 0 {
		e.Col = 1
	}
	return e
}

// get decodes a key where it is there.
func (t *table) get(key string, to any) (bool, error) {
	f, ok := t.keys[key]
	if !ok {
		return false, nil
	}
	t.at = f.line
	if err := f.decode(to); err != nil {
		return true, invalid("%s holds something else than what belongs there", key)
	}
	return true, nil
}

// number decodes a key that must be there, between two bounds.
func (t *table) number(key string, low, high float64) (float64, error) {
	var x float64
	ok, err := t.get(key, &x)
	switch {
	case err != nil:
		return 0, err
	case !ok:
		t.at = t.line
		return 0, invalid("%s is missing", key)
	case !(x >= low && x <= high):
		return 0, invalid("%s = %v: it can be %g to %g", key, x, low, high)
	}
	return x, nil
}

// only reports the first key, by line, that is not among those.
func (t *table) only(keys ...string) error {
	first, found := 0, ""
	for _, key := range sorted(t.keys) {
		if line := t.keys[key].line; !slices.Contains(keys, key) && (found == "" || line < first) {
			first, found = line, key
		}
	}
	if found == "" {
		return nil
	}
	t.at = first
	return invalid("unknown key %q; what belongs here: %s", found, strings.Join(keys, ", "))
}

// noiseTables takes a file apart.
func noiseTables(f File) (*noiseFile, error) {
	var top *table
	var lists map[string][]*table
	var err error
	if trimmed := bytes.TrimLeft(f.Data, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' {
		top, lists, err = jsonTables(f)
	} else {
		top, lists, err = tomlTables(f)
	}
	if err != nil {
		return nil, err
	}
	out := &noiseFile{noise: lists["noise"], readout: lists["readout"]}
	if err := top.only("schema", "name", "noise", "readout"); err != nil {
		return nil, atLine(f.Name, top, err)
	}
	if _, err := top.get("name", &out.name); err != nil {
		return nil, atLine(f.Name, top, err)
	}
	version := noiseSchema
	if _, err := top.get("schema", &version); err != nil {
		return nil, atLine(f.Name, top, err)
	}
	if version != noiseSchema {
		return nil, atLine(f.Name, top, invalid("schema %q is not read, only %q", version, noiseSchema))
	}
	return out, nil
}

const noiseSchema = "qgan.noise/v1"

var noiseLists = []string{"noise", "readout"}

// placed is decoded in place of a TOML value to learn where it stands: the
// decoder wraps its error in one that carries the position.
type placed struct{}

var errPlaced = errors.New("position")

// UnmarshalTOML implements [toml.Unmarshaler].
func (placed) UnmarshalTOML(any) error { return errPlaced }

func tomlTables(f File) (top *table, lists map[string][]*table, err error) {
	var keys map[string]toml.Primitive
	md, err := toml.Decode(string(f.Data), &keys)
	if err != nil {
		var pe toml.ParseError
		if errors.As(err, &pe) {
			return nil, nil, &FileError{Name: f.Name, Line: pe.Position.Line, Col: max(pe.Position.Col, 1), Err: errors.New(pe.Message)}
		}
		return nil, nil, &FileError{Name: f.Name, Err: err}
	}
	tableOf := func(keys map[string]toml.Primitive) *table {
		t := &table{keys: map[string]field{}}
		for key, p := range keys {
			line := 0
			var pe toml.ParseError
			if errors.As(md.PrimitiveDecode(p, &placed{}), &pe) {
				line = pe.Position.Line
			}
			if t.line == 0 || line < t.line {
				t.line = line
			}
			t.keys[key] = field{line, func(to any) error { return md.PrimitiveDecode(p, to) }}
		}
		return t
	}
	top, lists = tableOf(keys), map[string][]*table{}
	for _, name := range noiseLists {
		var list []map[string]toml.Primitive
		if _, err := top.get(name, &list); err != nil {
			return nil, nil, atLine(f.Name, top, invalid("%s is a list of tables, [[%s]]", name, name))
		}
		for _, keys := range list {
			lists[name] = append(lists[name], tableOf(keys))
		}
	}
	return top, lists, nil
}

func jsonTables(f File) (top *table, lists map[string][]*table, err error) {
	top, err = jsonTable(f, f.Data, 0)
	if err != nil {
		return nil, nil, err
	}
	lists = map[string][]*table{}
	for _, name := range noiseLists {
		var list jsonList
		if ok, err := top.get(name, &list.raw); err != nil || !ok {
			continue
		}
		dec := json.NewDecoder(bytes.NewReader(list.raw))
		if open, err := dec.Token(); err != nil || open != json.Delim('[') {
			return nil, nil, atLine(f.Name, top, invalid("%s is a list of objects", name))
		}
		lines := top.keys[name].line
		for dec.More() {
			var raw json.RawMessage
			if err := dec.Decode(&raw); err != nil {
				return nil, nil, atLine(f.Name, top, invalid("%s is a list of objects", name))
			}
			before := bytes.Count(list.raw[:dec.InputOffset()-int64(len(raw))], []byte("\n"))
			t, err := jsonTable(f, raw, lines-1+before)
			if err != nil {
				return nil, nil, err
			}
			lists[name] = append(lists[name], t)
		}
	}
	return top, lists, nil
}

type jsonList struct{ raw json.RawMessage }

// jsonTable reads the keys of one object with the lines of their values, of which
// so many stand before it.
func jsonTable(f File, data []byte, lines int) (*table, error) {
	fail := func(dec *json.Decoder, err error) error {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		e := locate(f.Name, data, err).(*FileError)
		if e.Line == 0 {
			e.Line, e.Col = 1+bytes.Count(data[:dec.InputOffset()], []byte("\n")), 1
		}
		e.Line += lines
		return e
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	open, err := dec.Token()
	if err != nil {
		return nil, fail(dec, err)
	}
	if open != json.Delim('{') {
		return nil, fail(dec, errors.New("an object belongs here"))
	}
	t := &table{line: lines + 1 + bytes.Count(data[:dec.InputOffset()], []byte("\n")), keys: map[string]field{}}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, fail(dec, err)
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return nil, fail(dec, err)
		}
		name := key.(string)
		if _, ok := t.keys[name]; ok {
			return nil, fail(dec, fmt.Errorf("key %q is given twice", name))
		}
		line := lines + 1 + bytes.Count(data[:dec.InputOffset()-int64(len(raw))], []byte("\n"))
		t.keys[name] = field{line, func(to any) error { return json.Unmarshal(raw, to) }}
	}
	if _, err := dec.Token(); err != nil {
		return nil, fail(dec, err)
	}
	if rest := bytes.TrimSpace(data[dec.InputOffset():]); len(rest) > 0 {
		return nil, fail(dec, errors.New("something follows the object"))
	}
	return t, nil
}

// fileRules are those of a file.
type fileRules struct{ list []*rule }

// rule is one channel of a file.
type rule struct {
	gates  []string
	qubits []int // nil: any
	// width is the number of qubits that the channel acts on, 0: as many as
	// the gate.
	width int
	made  [maxChannelQubits + 1]*Channel // by width
}

func (*fileRules) sampleTime() float64 { return 0 }

func (r *fileRules) after(name string, qubits []int, _ float64) ([]Site, error) {
	var out []Site
	for _, rule := range r.list {
		if !slices.Contains(rule.gates, name) || rule.qubits != nil && !slices.Equal(rule.qubits, qubits) {
			continue
		}
		width := rule.width
		if width == 0 {
			width = len(qubits)
		}
		switch {
		case width > maxChannelQubits:
			return nil, invalid("%s acts on %d qubits, noise on at most %d is held", name, width, maxChannelQubits)
		case width == len(qubits):
			out = append(out, Site{rule.channel(width), slices.Clone(qubits)})
		case width == 1:
			for _, q := range qubits {
				out = append(out, Site{rule.channel(1), []int{q}})
			}
		default:
			return nil, invalid("the channel %s acts on %d qubits, %s on %d: give it the gates of as many qubits", rule.channel(width).Name, width, name, len(qubits))
		}
	}
	return out, nil
}

func (r *rule) channel(width int) *Channel { return r.made[width] }

// maker reads what one kind of channel needs and returns its width (0: that of
// the gate) and what makes it.
type maker struct {
	keys []string
	read func(t *table) (width int, make func(width int) *Channel, err error)
}

// one is a maker of a channel on one qubit with a probability.
func one(f func(p float64) *Channel) maker {
	return maker{[]string{"probability"}, func(t *table) (int, func(int) *Channel, error) {
		p, err := t.number("probability", 0, 1)
		return 1, func(int) *Channel { return f(p) }, err
	}}
}

// flip is a Pauli channel of one letter.
func flip(letter, name string) maker {
	return one(func(p float64) *Channel {
		return &Channel{Name: fmt.Sprintf("%s %.4g", name, p), Qubits: 1, Mixture: []Branch{{1 - p, "I"}, {p, letter}}}
	})
}

// channelKinds is the table of the channels of a file.
var channelKinds = map[string]maker{
	"depolarizing": {[]string{"probability"}, func(t *table) (int, func(int) *Channel, error) {
		p, err := t.number("probability", 0, 4.0/3)
		return 0, func(k int) *Channel {
			n := math.Pow(4, float64(k))
			return Depolarizing(k, min(p, n/(n-1)))
		}, err
	}},
	"amplitude-damping": {[]string{"probability", "excited"}, func(t *table) (int, func(int) *Channel, error) {
		p, err := t.number("probability", 0, 1)
		if err != nil {
			return 0, nil, err
		}
		excited := 0.0
		if _, ok := t.keys["excited"]; ok {
			excited, err = t.number("excited", 0, 1)
		}
		return 1, func(int) *Channel { return AmplitudeDamping(p, excited) }, err
	}},
	"phase-damping":  one(PhaseDamping),
	"bit-flip":       flip("X", "bit flip"),
	"phase-flip":     flip("Z", "phase flip"),
	"bit-phase-flip": flip("Y", "bit and phase flip"),
	"relaxation": {[]string{"t1", "t2", "time"}, func(t *table) (int, func(int) *Channel, error) {
		var x [3]float64
		for i, key := range []string{"t1", "t2", "time"} {
			var err error
			if x[i], err = t.number(key, 0, 1e6); err != nil {
				return 0, nil, err
			}
		}
		switch {
		case x[0] == 0 || x[1] == 0:
			return 0, nil, invalid("t1 and t2 are above 0")
		case x[1] > 2*x[0]*(1+1e-12):
			return 0, nil, invalid("t2 = %v exceeds 2·t1", x[1])
		}
		return 1, func(int) *Channel { return Relaxation(x[2], x[0], min(x[1], 2*x[0]), 0) }, nil
	}},
	"pauli": {[]string{"probabilities"}, func(t *table) (int, func(int) *Channel, error) {
		var p map[string]float64
		if ok, err := t.get("probabilities", &p); err != nil || !ok {
			return 0, nil, errors.Join(err, missing(ok, "probabilities"))
		}
		c, err := Pauli(p)
		if err != nil {
			return 0, nil, err
		}
		return c.Qubits, func(int) *Channel { return c }, nil
	}},
	"rotation": {[]string{"axis", "angle"}, func(t *table) (int, func(int) *Channel, error) {
		angle, err := t.number("angle", -100, 100)
		if err != nil {
			return 0, nil, err
		}
		var axis string
		if ok, err := t.get("axis", &axis); err != nil || !ok {
			return 0, nil, errors.Join(err, missing(ok, "axis"))
		}
		c, err := Over(strings.ToUpper(axis), angle)
		if err != nil {
			return 0, nil, err
		}
		return c.Qubits, func(int) *Channel { return c }, nil
	}},
	"kraus": {[]string{"operators"}, func(t *table) (int, func(int) *Channel, error) {
		var list [][][]any
		if ok, err := t.get("operators", &list); err != nil || !ok {
			return 0, nil, errors.Join(err, missing(ok, "operators"))
		}
		var operators []ir.Matrix
		for i, rows := range list {
			m, err := operator(rows)
			if err != nil {
				return 0, nil, invalid("operator %d: %v", i+1, err)
			}
			operators = append(operators, m)
		}
		c, err := Operators(fmt.Sprintf("%d Kraus operators", len(operators)), operators)
		if err != nil {
			return 0, nil, err
		}
		return c.Qubits, func(int) *Channel { return c }, nil
	}},
}

func missing(ok bool, key string) error {
	if ok {
		return nil
	}
	return invalid("%s is missing", key)
}

// operator reads a matrix of numbers and of pairs of real and imaginary part.
func operator(rows [][]any) (ir.Matrix, error) {
	if len(rows) > 1<<maxChannelQubits {
		return ir.Matrix{}, invalid("%d rows, at most %d are read", len(rows), 1<<maxChannelQubits)
	}
	m := ir.NewMatrix(len(rows))
	for i, row := range rows {
		if len(row) != len(rows) {
			return m, invalid("row %d has %d numbers, there are %d rows", i+1, len(row), len(rows))
		}
		for j, x := range row {
			parts := []any{x}
			if pair, ok := x.([]any); ok && len(pair) == 2 {
				parts = pair
			}
			var z [2]float64
			for k, p := range parts {
				switch p := p.(type) {
				case float64:
					z[k] = p
				case int64:
					z[k] = float64(p)
				default:
					return m, invalid("row %d, column %d is neither a number nor a pair of real and imaginary part", i+1, j+1)
				}
			}
			if z[0]-z[0] != 0 || z[1]-z[1] != 0 {
				return m, invalid("row %d, column %d is no finite number", i+1, j+1)
			}
			m.A[i*m.Dim+j] = complex(z[0], z[1])
		}
	}
	return m, nil
}

// newRule reads one channel.
func newRule(t *table) (*rule, error) {
	r := &rule{}
	var kind string
	if ok, err := t.get("channel", &kind); err != nil || !ok {
		return nil, errors.Join(err, missing(ok, "channel"))
	}
	k, ok := channelKinds[kind]
	if !ok {
		return nil, invalid("channel %q: it can be %s", kind, strings.Join(sorted(channelKinds), ", "))
	}
	if err := t.only(append([]string{"channel", "gates", "qubits"}, k.keys...)...); err != nil {
		return nil, err
	}
	if ok, err := t.get("gates", &r.gates); err != nil || !ok {
		return nil, errors.Join(err, missing(ok, "gates"))
	}
	if len(r.gates) == 0 {
		return nil, invalid("gates is empty")
	}
	qubits, err := t.qubits()
	if err != nil {
		return nil, err
	}
	r.qubits = qubits
	var make func(int) *Channel
	if r.width, make, err = k.read(t); err != nil {
		return nil, err
	}
	t.at = t.keys["gates"].line
	for i, name := range r.gates {
		name = tableName(name)
		r.gates[i] = name
		operands, err := operandsOf(name)
		switch {
		case err != nil:
			return nil, err
		case operands == 0: // as many as it has
		case qubits != nil && len(qubits) != operands:
			return nil, invalid("%s acts on %d qubits, and qubits names %d", name, operands, len(qubits))
		case r.width > 1 && r.width != operands:
			return nil, invalid("the channel acts on %d qubits, %s on %d", r.width, name, operands)
		case r.width == 0 && operands > maxChannelQubits:
			return nil, invalid("%s acts on %d qubits, noise on at most %d is held", name, operands, maxChannelQubits)
		}
	}
	for w := 1; w <= maxChannelQubits; w++ {
		if r.width == 0 || r.width == w {
			r.made[w] = make(w)
		}
	}
	return r, nil
}

// operandsOf returns the number of qubits of an operation that noise may follow, 0
// where it varies.
func operandsOf(name string) (int, error) {
	g, known := ir.GateByName(name)
	switch {
	case name == "measure":
		return 0, invalid("a measurement has readout errors: write them as readout")
	case name == "unitary":
		return 0, nil
	case name == "delay" || name == "reset":
		return 1, nil
	case !known || g.Info().Qubits == 0:
		return 0, invalid("gate %q is not in the gate table; delay, reset and unitary can be named too", name)
	}
	return g.Info().Qubits, nil
}

// qubits reads the operands of a table, nil where there are none.
func (t *table) qubits() ([]int, error) {
	var qubits []int
	ok, err := t.get("qubits", &qubits)
	if err != nil || !ok {
		return nil, err
	}
	if len(qubits) == 0 {
		return nil, invalid("qubits is empty: leave it out to mean all")
	}
	for i, q := range qubits {
		if q < 0 || q >= maxQubits || slices.Contains(qubits[:i], q) {
			return nil, invalid("qubits: %d is given twice or is not 0 to %d", q, maxQubits-1)
		}
	}
	return qubits, nil
}

// fileReadout gathers the readout errors of a file.
type fileReadout struct {
	all [2]float64
	own map[int][2]float64
}

func (r *fileReadout) of(q int) (p1, p0 float64, err error) {
	p := r.all
	if x, ok := r.own[q]; ok {
		p = x
	}
	return p[0], p[1], nil
}

// maxReadoutQubits bounds the qubits of one readout matrix.
const maxReadoutQubits = 6

func (r *fileReadout) add(m *NoiseModel, t *table) error {
	if err := t.only("qubits", "p1_given_0", "p0_given_1", "matrix"); err != nil {
		return err
	}
	qubits, err := t.qubits()
	if err != nil {
		return err
	}
	var a [][]float64
	if ok, err := t.get("matrix", &a); err != nil {
		return err
	} else if ok {
		if len(qubits) == 0 || len(qubits) > maxReadoutQubits {
			return invalid("a matrix needs its qubits, 1 to %d of them", maxReadoutQubits)
		}
		if len(t.keys) != 2 {
			return invalid("a matrix stands for itself: leave p1_given_0 and p0_given_1 out")
		}
		g := ConfusionGroup{qubits, a}
		here := make([]int, len(qubits))
		for i := range here {
			here[i] = i
		}
		if err := (Confusion{len(qubits), []ConfusionGroup{{here, a}}}).Check(); err != nil {
			return invalid("matrix: %v", err)
		}
		for _, other := range m.groups {
			for _, q := range qubits {
				if slices.Contains(other.Bits, q) {
					return invalid("qubit %d is in two matrices", q)
				}
			}
		}
		m.groups = append(m.groups, g)
		return nil
	}
	var p [2]float64
	for i, key := range []string{"p1_given_0", "p0_given_1"} {
		if p[i], err = t.number(key, 0, 1); err != nil {
			return err
		}
	}
	if qubits == nil {
		r.all = p
	}
	for _, q := range qubits {
		r.own[q] = p
	}
	return nil
}
