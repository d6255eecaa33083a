package report

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"io"
)

// writePNG writes an opaque picture as PNG (ISO/IEC 15948) of eight bits a channel. Each row
// is its difference to the row above (filter 2), nothing on most of a figure, and packed
// quickly: image/png tries five filters on each row and takes three times as long for files
// of the same size, and most of a short training's time would go here.
func writePNG(w io.Writer, img *image.RGBA) error {
	size := img.Bounds().Size()
	var header [13]byte
	binary.BigEndian.PutUint32(header[0:], uint32(size.X))
	binary.BigEndian.PutUint32(header[4:], uint32(size.Y))
	header[8], header[9] = 8, 2 // bits, colours without alpha
	var rows bytes.Buffer
	if err := packRows(&rows, img, size); err != nil {
		return err
	}
	if _, err := io.WriteString(w, "\x89PNG\r\n\x1a\n"); err != nil {
		return err
	}
	for _, c := range []struct {
		kind string
		data []byte
	}{{"IHDR", header[:]}, {"IDAT", rows.Bytes()}, {"IEND", nil}} {
		if err := writeChunk(w, c.kind, c.data); err != nil {
			return err
		}
	}
	return nil
}

// packRows writes the rows of a picture, each its filter and the differences of red, green
// and blue, modulo 256.
func packRows(w io.Writer, img *image.RGBA, size image.Point) error {
	z, err := zlib.NewWriterLevel(w, zlib.BestSpeed)
	if err != nil {
		return err
	}
	row, same := make([]byte, 1+3*size.X), make([]byte, 1+3*size.X)
	row[0], same[0] = 2, 2
	above := make([]byte, 4*size.X) // over the first row is nothing
	for y := range size.Y {
		at := img.Pix[y*img.Stride:][:4*size.X]
		out := same
		if !bytes.Equal(at, above) {
			out = row
			for x := range size.X {
				p, q, d := at[4*x:][:4], above[4*x:][:4], row[1+3*x:][:3]
				d[0], d[1], d[2] = p[0]-q[0], p[1]-q[1], p[2]-q[2]
			}
		}
		if _, err := z.Write(out); err != nil {
			return err
		}
		above = at
	}
	return z.Close()
}

// writeChunk writes a chunk with its length and checksum.
func writeChunk(w io.Writer, kind string, data []byte) error {
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	chunk = append(append(chunk, kind...), data...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	_, err := w.Write(chunk)
	return err
}
