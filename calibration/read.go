package calibration

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// File is a file that a snapshot may be read from.
type File struct {
	Name string // for messages
	Data []byte
}

// FileError says what is wrong with a file, and where.
type FileError struct {
	Name      string
	Line, Col int // from 1; 0 where there is no place
	Err       error
	Hint      string
}

// Error returns name:line:column, what is wrong and what to do next.
func (e *FileError) Error() string {
	s := e.Name
	if e.Line > 0 {
		s += fmt.Sprintf(":%d:%d", e.Line, e.Col)
	}
	s += ": " + e.Err.Error()
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// Unwrap returns what is wrong.
func (e *FileError) Unwrap() error { return e.Err }

// BadInput reports that another file has to be given.
func (e *FileError) BadInput() bool { return true }

// problem is what is wrong with a file's content, before its name is known.
type problem string

func (p problem) Error() string { return string(p) }
func (problem) BadInput() bool  { return true }

func invalid(format string, args ...any) error { return problem(fmt.Sprintf(format, args...)) }

// maxFileBytes bounds a file; real ones have at most a few megabytes.
const maxFileBytes = 64 << 20

// known are the kinds of file that Read puts together.
const known = "IBM properties (and configuration), an Amazon Braket GetDevice answer or its capabilities, " +
	"IQM architecture and calibration answers, an IonQ characterization (and backend), or a snapshot written by this program"

// part is one JSON document of a file, and what it is.
type part struct {
	file   string
	format *format
	raw    json.RawMessage
}

// format is a row of the table of files that are recognised.
type format struct {
	name string
	// is reports whether a document, given by the keys at its top, is of this
	// format.
	is func(keys map[string]json.RawMessage) bool
	// family names the reader that takes it; none for a file that is
	// recognised and holds no calibration.
	family *family
}

// family is a reader of documents that belong together.
type family struct {
	read func(parts []part, o *odd) (*Snapshot, error)
	// finished says that the reader gives a snapshot that is checked already, with
	// the sources and warnings that it should have.
	finished bool
}

var (
	ownFamily    = &family{read: readOwn, finished: true}
	ibmFamily    = &family{read: readIBM}
	ionqFamily   = &family{read: readIonQ, finished: true}
	braketFamily = &family{read: readBraket}
	iqmFamily    = &family{read: readIQM}
)

// formats is the table, the first row that fits decides.
func formats() []format {
	has := func(names ...string) func(map[string]json.RawMessage) bool {
		return func(keys map[string]json.RawMessage) bool {
			for _, n := range names {
				if _, ok := keys[n]; !ok {
					return false
				}
			}
			return true
		}
	}
	text := func(keys map[string]json.RawMessage, name string) string {
		var s string
		if json.Unmarshal(keys[name], &s) != nil {
			return ""
		}
		return s
	}
	header := func(keys map[string]json.RawMessage) string {
		var h struct{ Name string }
		if json.Unmarshal(keys["braketSchemaHeader"], &h) != nil {
			return ""
		}
		return h.Name
	}
	return []format{
		{name: "qgan snapshot", family: ownFamily, is: func(k map[string]json.RawMessage) bool {
			return strings.HasPrefix(text(k, "schema"), schemaFamily)
		}},
		{name: kindIBMProperties, family: ibmFamily, is: has("backend_name", "qubits", "gates", "last_update_date")},
		{name: kindIBMConfiguration, family: ibmFamily, is: has("backend_name", "n_qubits", "basis_gates")},
		{name: kindBraketDevice, family: braketFamily, is: has("deviceCapabilities")},
		{name: kindBraketCapabilities, family: braketFamily, is: func(k map[string]json.RawMessage) bool {
			return has("paradigm", "service")(k) && strings.HasSuffix(header(k), "_device_capabilities")
		}},
		{name: kindIQMDynamic, family: iqmFamily, is: has("calibration_set_id", "qubits", "gates")},
		{name: kindIQMStatic, family: iqmFamily, is: has("dut_label", "qubits", "connectivity")},
		{name: kindIQMObservations, family: iqmFamily, is: has("observation_set_type", "observations")},
		{name: kindIonQFigures, family: ionqFamily, is: has("fidelity", "timing")},
		{name: kindIonQBackend, family: ionqFamily, is: has("backend", "status")},
		{name: "qgan file of another kind", is: has("schema")},
	}
}

// Read makes a snapshot of one or more files. They are told apart by content;
// a file may hold several documents, one after the other or in a JSON array.
//
// Units that are not in the table, values that are out of their range, files
// that are cut off, of another service than the others, or of no known kind are
// errors that name the file (FileError). What is merely odd ends up in the
// snapshot's Warnings.
func Read(files ...File) (*Snapshot, error) {
	var parts []part
	for _, f := range files {
		p, err := documents(f)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p...)
	}
	if len(parts) == 0 {
		return nil, &FileError{Name: "snapshot", Err: errors.New("no file was given"), Hint: "what is read: " + known}
	}
	for _, p := range parts {
		if p.format.family == nil {
			return nil, &FileError{Name: p.file, Err: fmt.Errorf("this is an %s, which holds no calibration that is read", p.format.name)}
		}
		if p.format.family != parts[0].format.family {
			return nil, &FileError{Name: p.file, Err: fmt.Errorf("%s cannot be put together with the %s in %s", p.format.name, parts[0].format.name, parts[0].file),
				Hint: "give the files of one device"}
		}
	}
	var o odd
	s, err := parts[0].format.family.read(parts, &o)
	if err == nil && !parts[0].format.family.finished {
		for _, p := range parts {
			sum := sha256.Sum256(p.raw)
			s.Sources = append(s.Sources, Source{p.format.name, hex.EncodeToString(sum[:])})
		}
		err = s.finish(&o)
	}
	if err == nil {
		err = s.checkNames()
	}
	if err != nil {
		return nil, locate(parts[0].file, nil, err)
	}
	return s, nil
}

// documents splits a file into its documents and recognises each.
func documents(f File) ([]part, error) {
	switch {
	case len(f.Data) > maxFileBytes:
		return nil, &FileError{Name: f.Name, Err: fmt.Errorf("%d bytes, at most %d are read", len(f.Data), maxFileBytes)}
	case len(bytes.TrimSpace(f.Data)) == 0:
		return nil, &FileError{Name: f.Name, Err: errors.New("the file is empty"), Hint: "what is read: " + known}
	}
	var out []part
	dec := json.NewDecoder(bytes.NewReader(f.Data))
	for {
		var raw json.RawMessage
		if err := dec.Decode(&raw); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, locate(f.Name, f.Data, err)
		}
		list := []json.RawMessage{raw}
		if raw[0] == '[' {
			if err := json.Unmarshal(raw, &list); err != nil {
				return nil, locate(f.Name, f.Data, err)
			}
		}
		for _, doc := range list {
			if unquoted := ""; json.Unmarshal(doc, &unquoted) == nil && strings.HasPrefix(strings.TrimSpace(unquoted), "{") {
				doc = json.RawMessage(unquoted) // a document that was encoded twice
			}
			p, err := recognise(f.Name, doc)
			if err != nil {
				return nil, err
			}
			out = append(out, p)
		}
	}
}

// recognise finds the format of a document.
func recognise(file string, doc json.RawMessage) (part, error) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(doc, &keys); err != nil {
		return part{}, &FileError{Name: file, Err: errors.New("the file holds JSON, but no object that describes a device"), Hint: "what is read: " + known}
	}
	for _, f := range formats() {
		if f.is(keys) {
			return part{file, &f, doc}, nil
		}
	}
	return part{}, &FileError{Name: file, Err: errors.New("the object describes no device in a form that is known"), Hint: "what is read: " + known}
}

// locate gives an error about a file its name and, where it can be told, the
// line and column.
func locate(name string, data []byte, err error) error {
	var have *FileError
	if errors.As(err, &have) {
		return err
	}
	e := &FileError{Name: name, Err: err}
	var syntax *json.SyntaxError
	var typed *json.UnmarshalTypeError
	offset := int64(-1)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		e.Err, e.Hint, offset = errors.New("the file ends in the middle"), "it was cut off: fetch it again", int64(len(data))
	case errors.As(err, &syntax):
		offset = syntax.Offset
		if strings.Contains(syntax.Error(), "unexpected end") {
			e.Err, e.Hint = errors.New("the file ends in the middle"), "it was cut off: fetch it again"
		} else {
			e.Err = fmt.Errorf("not JSON: %w", err)
			e.Hint = "NaN and Infinity are no numbers in JSON; null stands for a value that is not known"
		}
	case errors.As(err, &typed):
		e.Err = fmt.Errorf("%s holds a %s, which is not what belongs there", typed.Field, typed.Value)
	}
	if offset >= 0 && offset <= int64(len(data)) && data != nil {
		before := data[:offset]
		e.Line = 1 + bytes.Count(before, []byte("\n"))
		e.Col = len(before) - bytes.LastIndexByte(before, '\n') - 1
	}
	return e
}

// date reads a service's date; empty is the zero time.
func date(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, invalid("%q is no date", s)
}
