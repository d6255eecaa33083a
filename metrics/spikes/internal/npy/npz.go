package npy

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"qgan/metrics/spikes/internal/raw"
)

// Member is one array of an .npz archive.
type Member struct {
	Name string // without ".npy"
	Header
	file *zip.File
	size int // of the archive
}

// IsZip reports whether the bytes begin as a zip archive does.
func IsZip(b []byte) bool {
	return bytes.HasPrefix(b, []byte("PK\x03\x04")) || bytes.HasPrefix(b, []byte("PK\x05\x06"))
}

// Members lists the arrays of an archive in its order, with their headers.
// Members that are no arrays are passed over.
func Members(b []byte) ([]Member, error) {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, fmt.Errorf("not a complete .npz archive of %d bytes: %w", len(b), err)
	}
	var out []Member
	for _, f := range z.File {
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok {
			continue
		}
		m := Member{Name: name, file: f, size: len(b)}
		err := m.open(func(r io.Reader) (err error) {
			m.Header, err = ReadHeader(r)
			return err
		})
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

func (m *Member) open(read func(io.Reader) error) error {
	r, err := m.file.Open()
	if err == nil {
		err = read(r)
		r.Close()
	}
	if err != nil {
		return fmt.Errorf("array %q: %w", m.Name, err)
	}
	return nil
}

// Read reads the array, to the end of its member so that the checksum is
// compared.
func (m *Member) Read() (*Array, error) {
	var a *Array
	err := m.open(func(r io.Reader) (err error) {
		if a, err = Read(r, m.holds()); err != nil {
			return err
		}
		var one [1]byte
		switch n, err := io.ReadFull(r, one[:]); {
		case n > 0:
			return errors.New("bytes follow the last number")
		case !errors.Is(err, io.EOF):
			return err
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return a, nil
}

// Texts reads an array of texts.
func (m *Member) Texts() (out []string, err error) {
	err = m.open(func(r io.Reader) (err error) {
		out, err = readTexts(r, m.holds())
		return err
	})
	return out, err
}

// holds is the most that the member can inflate to.
func (m *Member) holds() uint64 {
	if m.file.CompressedSize64 > uint64(m.size) { // by its header, more than the file
		return 0
	}
	return raw.Inflated(int(m.file.CompressedSize64))
}

// Out is one array to be written.
type Out struct {
	Name  string // without ".npy"
	Descr string
	Shape []int
	Data  []byte
}

// WriteZip writes an .npz archive: members in the given order, deflated,
// without times, so that equal arrays give equal bytes.
func WriteZip(w io.Writer, arrays ...Out) error {
	z := zip.NewWriter(w)
	for _, a := range arrays {
		f, err := z.CreateHeader(&zip.FileHeader{Name: a.Name + ".npy", Method: zip.Deflate})
		if err != nil {
			return err
		}
		if err := Write(f, a.Descr, a.Shape, a.Data); err != nil {
			return fmt.Errorf("array %q: %w", a.Name, err)
		}
	}
	return z.Close()
}
