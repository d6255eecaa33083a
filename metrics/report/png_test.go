package report

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"testing"
)

// What is written is read again by image/png, pixel by pixel, whatever the rows hold.
func TestWritePNG(t *testing.T) {
	for _, c := range []struct {
		name   string
		bounds image.Rectangle
		at     func(x, y int) color.RGBA
	}{
		{"white", image.Rect(0, 0, 70, 40), func(int, int) color.RGBA { return color.RGBA{255, 255, 255, 255} }},
		{"black", image.Rect(0, 0, 5, 3), func(int, int) color.RGBA { return color.RGBA{A: 255} }},
		{"rows", image.Rect(0, 0, 9, 12), func(_, y int) color.RGBA { return color.RGBA{uint8(y / 3 * 90), 7, 200, 255} }},
		{"noise", image.Rect(0, 0, 130, 90), func(x, y int) color.RGBA {
			v := uint32(x)*2654435761 + uint32(y)*40503
			return color.RGBA{uint8(v >> 8), uint8(v >> 16), uint8(v >> 24), 255}
		}},
		{"elsewhere", image.Rect(3, 4, 8, 9), func(x, y int) color.RGBA { return color.RGBA{uint8(x), uint8(y), 0, 255} }},
		{"a pixel", image.Rect(0, 0, 1, 1), func(int, int) color.RGBA { return color.RGBA{1, 2, 3, 255} }},
	} {
		img := image.NewRGBA(c.bounds.Inset(-2)).SubImage(c.bounds).(*image.RGBA) // with a stride of its own
		for y := c.bounds.Min.Y; y < c.bounds.Max.Y; y++ {
			for x := c.bounds.Min.X; x < c.bounds.Max.X; x++ {
				img.SetRGBA(x, y, c.at(x, y))
			}
		}
		var b bytes.Buffer
		if err := writePNG(&b, img); err != nil {
			t.Fatal(err)
		}
		got, err := png.Decode(&b)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got.Bounds().Size() != c.bounds.Size() || b.Len() > 0 {
			t.Errorf("%s: %v, %d bytes left over", c.name, got.Bounds(), b.Len())
		}
		for y := range c.bounds.Dy() {
			for x := range c.bounds.Dx() {
				if r, g, b, a := got.At(x, y).RGBA(); [4]uint32{r, g, b, a} != rgba(img.RGBAAt(c.bounds.Min.X+x, c.bounds.Min.Y+y)) {
					t.Fatalf("%s: pixel %d, %d is %d %d %d %d", c.name, x, y, r, g, b, a)
				}
			}
		}
	}
}

func rgba(c color.RGBA) [4]uint32 {
	r, g, b, a := c.RGBA()
	return [4]uint32{r, g, b, a}
}

// short is a writer that takes so many bytes.
type short int

var errShort = errors.New("short")

func (s *short) Write(p []byte) (int, error) {
	if *s -= short(len(p)); *s < 0 {
		return 0, errShort
	}
	return len(p), nil
}

// A writer that fails at any place is told of.
func TestWritePNGFails(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 4, 4))
	var b bytes.Buffer
	if err := writePNG(&b, img); err != nil {
		t.Fatal(err)
	}
	for n := range b.Len() {
		w := short(n)
		if err := writePNG(&w, img); !errors.Is(err, errShort) {
			t.Fatalf("after %d of %d bytes: %v", n, b.Len(), err)
		}
	}
}
