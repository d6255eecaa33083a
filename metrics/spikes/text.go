package spikes

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// textOf is a file's text as UTF-8 without a byte order mark; false where it is none. UTF-16
// is told by its mark, or by zeros in most of every other byte of its beginning; what is not
// UTF-8 is taken for Latin-1.
func textOf(b []byte) ([]byte, bool) {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		return utf8Of(b[2:], binary.LittleEndian), true
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		return utf8Of(b[2:], binary.BigEndian), true
	}
	head := b[:min(len(b), 4096)]
	if bytes.IndexByte(head, 0) < 0 {
		if utf8.Valid(b) {
			return b, true
		}
		letters := make([]rune, len(b))
		for i, c := range b {
			letters[i] = rune(c)
		}
		return []byte(string(letters)), true
	}
	var zeros [2]int
	for i, c := range head {
		if c == 0 {
			zeros[i%2]++
		}
	}
	switch most := len(head) * 3 / 8; {
	case zeros[0] == 0 && zeros[1] > most:
		return utf8Of(b, binary.LittleEndian), true
	case zeros[1] == 0 && zeros[0] > most:
		return utf8Of(b, binary.BigEndian), true
	}
	return nil, false
}

// utf8Of decodes UTF-16; half a letter at the end is left out.
func utf8Of(b []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = order.Uint16(b[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}

// sheet cuts a text into lines and fields.
type sheet struct {
	line      int  // counted from 1
	separator byte // 0 until the first line that is no comment
	trailing  bool // each line ends with a separator
	glued     bool // each line is zeros and ones with nothing between
}

// each visits the lines that are not empty, with blanks and the end of the line taken off; a
// comment begins with #. A first line "sep=;", as Excel writes it, names the separator.
func (s *sheet) each(text []byte, visit func(line []byte, comment bool) error) error {
	end := []byte("\n")
	if bytes.IndexByte(text, '\n') < 0 {
		end = []byte("\r")
	}
	for len(text) > 0 {
		line, rest, _ := bytes.Cut(text, end)
		text = rest
		s.line++
		line = bytes.TrimSuffix(line, []byte("\r"))
		t := bytes.TrimSpace(line)
		comment := len(t) > 0 && t[0] == '#'
		if s.line == 1 && len(t) == len("sep=;") && bytes.EqualFold(t[:4], []byte("sep=")) {
			s.separator = t[4]
			continue
		}
		if len(t) == 0 {
			continue
		}
		if !comment && s.separator == 0 {
			s.separator = separator(line)
		}
		if err := visit(line, comment); err != nil {
			return err
		}
	}
	return nil
}

// separator finds out what stands between the columns: commas may be those of decimals
// where something else does.
func separator(line []byte) byte {
	line = bytes.TrimSpace(line)
	for _, s := range []byte("\t;, ") {
		quoted := false
		for _, c := range line {
			if c == '"' {
				quoted = !quoted
			}
			if c == s && !quoted {
				return s
			}
		}
	}
	return ','
}

// fields cuts a line. What stands in quotes is one field.
func (s *sheet) fields(line []byte) [][]byte {
	var fields [][]byte
	switch {
	case s.glued:
		return bytes.Split(bytes.TrimSpace(line), nil)
	case bytes.IndexByte(line, '"') >= 0:
		fields = s.quoted(line)
	case s.separator == ' ':
		return bytes.Fields(line)
	default:
		fields = bytes.Split(line, []byte{s.separator})
		for i, f := range fields {
			fields[i] = bytes.TrimSpace(f)
		}
	}
	if n := len(fields) - 1; s.trailing && n > 0 && len(fields[n]) == 0 {
		fields = fields[:n]
	}
	return fields
}

// quoted cuts a line with quotes, which are taken off; two in a row stand for one.
func (s *sheet) quoted(line []byte) [][]byte {
	var fields [][]byte
	var field []byte
	inside, was := false, false
	end := func() {
		if !was {
			field = bytes.TrimSpace(field)
		}
		if s.separator != ' ' || was || len(field) > 0 {
			fields = append(fields, field)
		}
		field, was = nil, false
	}
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '"' && inside && i+1 < len(line) && line[i+1] == '"':
			field = append(field, c)
			i++
		case c == '"':
			if !inside && len(bytes.TrimSpace(field)) == 0 {
				field, was = nil, true
			}
			inside = !inside
		case !inside && (c == s.separator || s.separator == ' ' && c == '\t'):
			end()
		case !inside && was && c == ' ':
		default:
			field = append(field, c)
		}
	}
	end()
	return fields
}

// number reads a field: with a decimal comma too, where commas don't stand between columns.
func (s *sheet) number(field []byte) (float64, error) {
	text := string(field)
	if s.separator != ',' && strings.Count(text, ",") == 1 && !strings.Contains(text, ".") {
		text = strings.Replace(text, ",", ".", 1)
	}
	return strconv.ParseFloat(text, 64)
}

// columnName is the name of a column as it is looked up: small letters and digits, words
// joined by _, which a capital behind a small letter begins too.
func columnName(field []byte) string {
	var name strings.Builder
	var last rune // of the name; 0: a word has ended
	for _, c := range string(field) {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			last = 0
			continue
		}
		if name.Len() > 0 && (last == 0 || unicode.IsLower(last) && unicode.IsUpper(c)) {
			name.WriteByte('_')
		}
		name.WriteRune(unicode.ToLower(c))
		last = c
	}
	return name.String()
}

// nameless says whether a column of that name is one without: of an index.
func nameless(name string) bool { return name == "" || strings.HasPrefix(name, "unnamed") }

// What stands behind the name of a column of times, and how many of that unit a second has.
var timeUnits = map[string]float64{
	"s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1,
	"ms": 1e3, "msec": 1e3, "millisecond": 1e3, "milliseconds": 1e3,
	"us": 1e6, "usec": 1e6, "µs": 1e6, "μs": 1e6, "microsecond": 1e6, "microseconds": 1e6,
}

// perSecond is how many units of a column of times of that name a second has: 1 where the
// name does not say, 0 where it says samples.
func perSecond(name string) (float64, bool) {
	if slices.Contains(timeColumns, name) {
		return 1, true
	}
	if slices.Contains(sampleColumns, name) {
		return 0, true
	}
	if per, ok := timeUnits[name]; ok && len(name) > 1 {
		return per, true
	}
	i := strings.LastIndexByte(name, '_')
	if i < 0 {
		return 0, false
	}
	per, ok := timeUnits[name[i+1:]]
	return per, ok && slices.Contains(timeColumns, name[:i])
}

// rising says whether three numbers or more rise evenly, as what counts rows does, and by
// how much.
func rising(x []float64) (step float64, ok bool) {
	if len(x) < 3 {
		return 0, false
	}
	step = x[1] - x[0]
	for i, v := range x {
		if math.Abs(v-(x[0]+float64(i)*step)) > 1e-3*step+1e-9*math.Abs(v) {
			return 0, false
		}
	}
	return step, step > 0
}
