package report

import (
	"math"
	"strings"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

const (
	superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"
	raisedDigits = "0123456789−"

	raisedSize = 0.72
	raisedBy   = 0.36
)

// raised draws superscript digits as small digits set higher: the fonts have no
// superscript minus, and would show 10⁻³ as 10³.
type raised struct{ text.Plain }

// run is a piece of a line in one size.
type run struct {
	text string
	up   bool
}

// runs cuts a line where superscripts begin and end.
func runs(line string) []run {
	var out []run
	for _, r := range line {
		up, s := false, string(r)
		if i := strings.Index(superscripts, s); i >= 0 {
			k := len([]rune(superscripts[:i]))
			up, s = true, string([]rune(raisedDigits)[k])
		}
		if n := len(out); n > 0 && out[n-1].up == up {
			out[n-1].text += s
		} else {
			out = append(out, run{s, up})
		}
	}
	return out
}

// face is the font of a run.
func (h raised) face(f font.Font, up bool) font.Face {
	if up {
		f.Size *= raisedSize
	}
	return h.Fonts.Lookup(f, f.Size)
}

func (h raised) width(line string, f font.Font) vg.Length {
	var w vg.Length
	for _, r := range runs(line) {
		face := h.face(f, r.up)
		w += face.Width(r.text)
	}
	return w
}

// Box is that of the plain text with superscripts in their true width.
func (h raised) Box(txt string, f font.Font) (width, height, depth vg.Length) {
	_, height, depth = h.Plain.Box(txt, f)
	return h.width(txt, f), height, depth
}

// Draw draws one line or several, as [text.Plain] does.
func (h raised) Draw(c vg.Canvas, txt string, sty text.Style, pt vg.Point) {
	txt = strings.TrimRight(txt, "\n")
	if txt == "" {
		return
	}
	c.SetColor(sty.Color)
	if sty.Rotation != 0 {
		c.Push()
		c.Rotate(sty.Rotation)
		defer c.Pop()
	}
	s, k := math.Sincos(sty.Rotation)
	sin, cos := vg.Length(s), vg.Length(k)
	pt.X, pt.Y = pt.Y*sin+pt.X*cos, pt.Y*cos-pt.X*sin

	lines := h.Lines(txt)
	pt.Y += sty.Height(txt)*vg.Length(sty.YAlign) - h.Extents(sty.Font).Ascent
	for i, line := range lines {
		at := pt.Add(vg.Point{
			X: vg.Length(sty.XAlign) * h.width(line, sty.Font),
			Y: vg.Length(len(lines)-i) * sty.Font.Size,
		})
		for _, r := range runs(line) {
			face := h.face(sty.Font, r.up)
			// Spaces at the ends are moves: SVG would drop them.
			word := strings.TrimLeft(r.text, " ")
			p := at
			p.X += face.Width(r.text) - face.Width(word)
			if r.up {
				p.Y += raisedBy * sty.Font.Size
			}
			if word = strings.TrimRight(word, " "); word != "" {
				c.FillString(face, p, word)
			}
			at.X += face.Width(r.text)
		}
	}
}
