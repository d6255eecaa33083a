package calibration

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"strings"
)

// The version of the program's own file. Fields are only ever added to a version.
const (
	schemaFamily = "qgan.snapshot/"
	schema       = schemaFamily + "v1"
)

// document is the program's own file.
type document struct {
	Schema string `json:"schema"`
	// SHA256 is that of the snapshot, as compact JSON.
	SHA256   string          `json:"sha256"`
	Snapshot json.RawMessage `json:"snapshot"`
}

// Hash returns the SHA-256 of the snapshot in the form in which it is written:
// two snapshots have the same hash where they hold the same.
func (s *Snapshot) Hash() (string, error) {
	_, sum, err := s.compact()
	return sum, err
}

func (s *Snapshot) compact() ([]byte, string, error) {
	data, err := json.Marshal(s)
	if err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(data)
	return data, hex.EncodeToString(sum[:]), nil
}

// Encode writes the snapshot as the program's own JSON, which Read reads back:
// a schema with its version, the hash and the snapshot.
func (s *Snapshot) Encode() ([]byte, error) {
	data, sum, err := s.compact()
	if err != nil {
		return nil, err
	}
	out, err := json.MarshalIndent(document{schema, sum, data}, "", " ")
	return append(out, '\n'), err
}

// Write writes what Encode returns.
func (s *Snapshot) Write(w io.Writer) error {
	data, err := s.Encode()
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

func readOwn(parts []part, _ *odd) (*Snapshot, error) {
	if len(parts) > 1 {
		return nil, invalid("a snapshot of this program is whole, and %d files were given", len(parts))
	}
	var d document
	if err := json.Unmarshal(parts[0].raw, &d); err != nil {
		return nil, err
	}
	if d.Schema != schema {
		return nil, invalid("the version %q is not read, only %s: it is from another version of the program", strings.TrimPrefix(d.Schema, schemaFamily), schema)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, d.Snapshot); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(compact.Bytes())
	if got := hex.EncodeToString(sum[:]); got != d.SHA256 {
		return nil, invalid("its SHA-256 is %.12s…, the file says %.12s…: it was changed after it was written", got, d.SHA256)
	}
	s := new(Snapshot)
	if err := json.Unmarshal(d.Snapshot, s); err != nil {
		return nil, err
	}
	kept := s.Warnings
	if err := s.finish(new(odd)); err != nil {
		return nil, err
	}
	s.Warnings = kept
	return s, nil
}
