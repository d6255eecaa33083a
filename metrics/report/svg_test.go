package report_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What follows reads a figure as a reader with a ruler does: marks have places on the
// paper, tick marks and their labels say what the places mean, and the legend says whose
// a colour is. Nothing of it knows how the figure was drawn.

// point is a place on the paper, in points from the lower left corner, or what it means
// on a panel's axes.
type point struct{ x, y float64 }

// shape is a path: a stroke, or a filled area.
type shape struct {
	color  string
	dashes string
	filled bool
	width  float64 // of a stroke
	at     []point
}

// word is a text of the figure, with superscripts written as ^-3.
type word struct {
	at      point // of its left end
	size    float64
	bold    bool
	rotated bool
	text    string
}

// axis gives places their meaning.
type axis struct {
	label  string
	log    bool
	of     func(place float64) float64
	labels []word
	lo, hi float64 // the ends of its line, on the paper
}

// panel is one plot of a figure.
type panel struct {
	title  string
	x, y   *axis // nil: a message stands in its place
	shapes []shape
	words  []word
}

// drawing is a figure that was read.
type drawing struct {
	panels []panel
	legend map[string]look // by text
}

// look is what a legend's entry looks like.
type look struct{ color, dashes string }

var pathStep = regexp.MustCompile(`([MLA])([^MLAZ]*)`)

// pathOf reads a path's corners; of an arc its end.
func pathOf(t testing.TB, d string) []point {
	t.Helper()
	var out []point
	for _, m := range pathStep.FindAllStringSubmatch(d, -1) {
		var n []float64
		for _, f := range strings.FieldsFunc(m[2], func(r rune) bool { return r == ',' || r == ' ' }) {
			v, err := strconv.ParseFloat(f, 64)
			if err != nil {
				t.Fatalf("path %q: %v", d, err)
			}
			n = append(n, v)
		}
		out = append(out, point{n[len(n)-2], n[len(n)-1]})
	}
	return out
}

// attributes are those of an element, with those of its style.
func attributes(e xml.StartElement) map[string]string {
	a := map[string]string{}
	for _, at := range e.Attr {
		a[at.Name.Local] = at.Value
	}
	for _, s := range strings.Split(a["style"], ";") {
		if k, v, ok := strings.Cut(strings.TrimSpace(s), ":"); ok {
			a[k] = v
		}
	}
	return a
}

// elements reads shapes and words in the order in which they were drawn: each is a
// shape or a word.
func elements(t testing.TB, svg []byte) (out []any) {
	t.Helper()
	dec := xml.NewDecoder(bytes.NewReader(svg))
	var groups []bool // whether a group is rotated
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := tok.(type) {
		case xml.EndElement:
			if e.Name.Local == "g" {
				groups = groups[:len(groups)-1]
			}
		case xml.StartElement:
			a := attributes(e)
			number := func(name string) float64 {
				v, _ := strconv.ParseFloat(strings.TrimSuffix(a[name], "px"), 64)
				return v
			}
			switch e.Name.Local {
			case "g":
				groups = append(groups, strings.HasPrefix(a["transform"], "rotate"))
			case "path":
				s := shape{color: a["stroke"], dashes: a["stroke-dasharray"], width: number("stroke-width"), at: pathOf(t, a["d"])}
				if s.color == "" {
					s.filled, s.color = true, a["fill"]
				}
				if s.color == "" {
					s.color = "#000000"
				}
				out = append(out, s)
			case "text":
				var txt string
				if err := dec.DecodeElement(&txt, &e); err != nil {
					t.Fatal(err)
				}
				w := word{at: point{number("x"), -number("y")}, size: number("font-size"), bold: a["font-weight"] == "bold", rotated: slices.Contains(groups, true), text: txt}
				out = joined(out, w)
			}
		}
	}
}

// joined appends a word, or joins it to the one before where one of the two is the
// other's superscript or what follows it.
func joined(out []any, w word) []any {
	if len(out) > 0 {
		last, ok := out[len(out)-1].(word)
		up := last.at.y + 0.36*last.size
		if last.rotated {
			up = last.at.y // its y runs along the paper's x
		}
		switch {
		case !ok || last.rotated != w.rotated:
		case math.Abs(w.size/last.size-0.72) < 0.01 && (w.rotated || math.Abs(w.at.y-up) < 0.05):
			last.text += "^" + w.text
			out[len(out)-1] = last
			return out
		case strings.Contains(last.text, "^") && last.size == w.size && last.at.y == w.at.y && !looksLikeTick(w.text):
			last.text += w.text
			out[len(out)-1] = last
			return out
		}
	}
	return append(out, w)
}

func looksLikeTick(s string) bool {
	return regexp.MustCompile(`^(−?[0-9.]+|[25]·10)$`).MatchString(s)
}

// read reads a figure of several panels, each with its title after it, or of one.
func read(t testing.TB, svg []byte) drawing {
	t.Helper()
	d := drawing{legend: map[string]look{}}
	var p panel
	var texts []word
	var ticks []shape
	rest := elements(t, svg)[1:] // the paper
	for i, e := range rest {
		switch e := e.(type) {
		case word:
			if e.size == 8.5 && p.x == nil && i+1 < len(rest) {
				if s, ok := rest[i+1].(shape); ok {
					d.legend[e.text] = look{s.color, s.dashes}
					for _, at := range s.at {
						if before := e.at.x - at.x; !strings.Contains(e.text, "^") && (before < 4.5 || before > 22.5) { // of one with a power the next one is joined to it
							t.Errorf("the mark of %q is at %v, the text at %v", e.text, at, e.at)
						}
					}
				}
			}
			if e.bold && e.size == 9 {
				p.title = e.text
				d.panels = append(d.panels, p)
				p, texts, ticks = panel{}, nil, nil
				continue
			}
			texts = append(texts, e)
			p.words = append(p.words, e)
		case shape:
			if p.y == nil && e.color == "#000000" && e.width == 0.6 && len(e.at) == 2 {
				vertical := e.at[0].x == e.at[1].x
				if vertical == (p.x != nil) && (len(ticks) == 0 || isAxis(e, ticks)) && e.length() > 20 {
					if a := axisOf(t, e, ticks, texts); vertical {
						p.y = a
					} else {
						p.x = a
					}
					texts, ticks = nil, nil
					p.words = nil
				} else {
					ticks = append(ticks, e)
				}
				continue
			}
			if p.y != nil {
				p.shapes = append(p.shapes, e)
			}
		}
	}
	if p.y != nil {
		d.panels = append(d.panels, p)
	}
	return d
}

func (s shape) length() float64 { return math.Hypot(s.at[1].x-s.at[0].x, s.at[1].y-s.at[0].y) }

// isAxis says whether all tick marks end at the line, at right angles.
func isAxis(line shape, ticks []shape) bool {
	for _, k := range ticks {
		end := k.at[1]
		if !(end.y == line.at[0].y && k.at[0].x == end.x && line.at[0].y == line.at[1].y) && !(end.x == line.at[0].x && k.at[0].y == end.y && line.at[0].x == line.at[1].x) {
			return false
		}
	}
	return true
}

// axisOf finds what the places of an axis mean, from the labels of its long tick marks;
// where there are none, from the labels' middles.
func axisOf(t testing.TB, line shape, ticks []shape, texts []word) *axis {
	t.Helper()
	vertical := line.at[0].x == line.at[1].x
	along := func(p point) float64 {
		if vertical {
			return p.y
		}
		return p.x
	}
	a := &axis{lo: along(line.at[0]), hi: along(line.at[1])}
	longest := 0.0
	for _, k := range ticks {
		longest = max(longest, k.length())
	}
	var places []float64
	for _, k := range ticks {
		if k.length() > 0.9*longest {
			places = append(places, along(k.at[0]))
		} else {
			a.log = true
		}
	}
	if len(ticks) == 0 {
		for _, w := range texts {
			if vertical && !w.rotated {
				places = append(places, w.at.y+0.36*w.size)
			}
		}
	}
	if len(texts) < len(places) {
		t.Fatalf("%d tick marks and the texts %v", len(places), texts)
	}
	a.labels = texts[len(texts)-len(places):]
	if rest := texts[:len(texts)-len(places)]; len(rest) > 0 {
		a.label = rest[len(rest)-1].text
	}
	if slices.ContainsFunc(a.labels, func(w word) bool { return len(w.text) > 1 && w.text[0] == '0' && w.text[1] != '.' }) {
		return a // bit strings
	}
	var values []float64
	for i := 0; i < len(places); i++ {
		v, ok := valueOf(a.labels[i].text)
		if !ok || a.log && v == 0 {
			places = slices.Delete(slices.Clone(places), i, i+1)
			a.labels = slices.Delete(slices.Clone(a.labels), i, i+1)
			i--
			continue
		}
		values = append(values, v)
	}
	// Powers of ten in equal steps are a logarithmic axis too.
	if n := len(values); n > 2 && math.Abs((places[1]-places[0])*(values[n-1]-values[0])-(places[n-1]-places[0])*(values[1]-values[0])) > 0.01*math.Abs((places[n-1]-places[0])*(values[n-1]-values[0])) {
		a.log = true
	}
	if len(values) < 2 {
		return a // of words, or of a single number
	}
	f := func(v float64) float64 { return v }
	back := f
	if a.log {
		f, back = math.Log, math.Exp
	}
	first, last := 0, len(values)-1
	slope := (f(values[last]) - f(values[first])) / (places[last] - places[first])
	a.of = func(place float64) float64 { return back(f(values[first]) + slope*(place-places[first])) }
	for i, v := range values {
		if got := a.of(places[i]); math.Abs(f(got)-f(v)) > 0.05*math.Abs(slope) {
			t.Errorf("the axis %q has the label %q at %g", a.label, a.labels[i].text, got)
		}
	}
	return a
}

// valueOf reads a tick's label: −0.5, 10^−3, 2·10^4.
func valueOf(s string) (float64, bool) {
	s = strings.ReplaceAll(s, "−", "-")
	factor := 1.0
	if a, b, ok := strings.Cut(s, "·"); ok {
		v, err := strconv.ParseFloat(a, 64)
		if err != nil {
			return 0, false
		}
		factor, s = v, b
	}
	if e, ok := strings.CutPrefix(s, "10^"); ok {
		n, err := strconv.Atoi(e)
		return factor * math.Pow10(n), err == nil
	}
	v, err := strconv.ParseFloat(s, 64)
	return factor * v, err == nil
}

// named is the look of the legend's entry that begins with a text.
func (d drawing) named(t testing.TB, text string) look {
	t.Helper()
	for k, l := range d.legend {
		if strings.HasPrefix(k, text) {
			return l
		}
	}
	t.Fatalf("the legend has no %q: %v", text, d.legend)
	return look{}
}

// panel finds a panel by the beginning of its title.
func (d drawing) panel(t testing.TB, title string) *panel {
	t.Helper()
	for i := range d.panels {
		if strings.HasPrefix(d.panels[i].title, title) {
			return &d.panels[i]
		}
	}
	t.Fatalf("no panel is called %q", title)
	return nil
}

// meaning is what a place of the panel means on its axes.
func (p *panel) meaning(at point) point { return point{p.x.of(at.x), p.y.of(at.y)} }

// lines are the corners of the strokes of a look, in the axes' units; strokes of the same
// look one after the other.
func (p *panel) lines(l look) (out []point) {
	for _, s := range p.shapes {
		if !s.filled && s.color == l.color && s.dashes == l.dashes && len(s.at) > 1 && s.at[0] != s.at[len(s.at)-1] {
			for _, at := range s.at {
				out = append(out, p.meaning(at))
			}
		}
	}
	return out
}

// glyphs are the middles of the small closed shapes of a colour, in the axes' units.
func (p *panel) glyphs(color string) (out []point) {
	for _, s := range p.shapes {
		if s.color != color || !s.filled && (len(s.at) < 3 || s.at[0] != s.at[len(s.at)-1]) {
			continue
		}
		corners := s.at
		if n := len(corners); corners[0] == corners[n-1] { // a circle: its ends, and that opposite
			corners = corners[:n-1]
		}
		var mid point
		for _, c := range corners {
			mid.x += c.x / float64(len(corners))
			mid.y += c.y / float64(len(corners))
		}
		out = append(out, p.meaning(mid))
	}
	return out
}

// crosses are the middles of crosses of a colour, which are two strokes each, in the axes'
// units.
func (p *panel) crosses(color string) (out []point) {
	var last point
	for _, s := range p.shapes {
		if s.filled || s.color != color || s.dashes != "" || len(s.at) != 2 || s.length() > 10 {
			continue
		}
		mid := point{(s.at[0].x + s.at[1].x) / 2, (s.at[0].y + s.at[1].y) / 2}
		if math.Hypot(mid.x-last.x, mid.y-last.y) < 0.05 {
			out = append(out, p.meaning(mid))
		}
		last = mid
	}
	return out
}

// bar is a filled upright rectangle: its middle and its top on the axes, and its sides
// and its foot on the paper.
type bar struct{ middle, top, left, right, bottom float64 }

// bars are those of a colour.
func (p *panel) bars(color string) (out []bar) {
	for _, s := range p.shapes {
		if !s.filled || s.color != color || len(s.at) != 4 {
			continue
		}
		b := bar{left: s.at[0].x, right: s.at[1].x, bottom: min(s.at[0].y, s.at[2].y), top: p.y.of(max(s.at[0].y, s.at[2].y))}
		if p.x.of != nil {
			b.middle = p.x.of((b.left + b.right) / 2)
		}
		out = append(out, b)
	}
	return out
}

// zip makes points of xs and ys, without those that are not finite.
func zip(xs, ys []float64) (out []point) {
	for i, y := range ys {
		if !math.IsNaN(y) && !math.IsInf(y, 0) {
			out = append(out, point{xs[i], y})
		}
	}
	return out
}

// from counts 0, 1, 2 ... from a first number on.
func from(first float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = first + float64(i)
	}
	return out
}

// same compares what was read on a panel with what should be there, in this order,
// within a tenth of a point of paper.
func (p *panel) same(t testing.TB, what string, got, want []point) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s, %s: %d points, want %d:\n%v\n%v", p.title, what, len(got), len(want), got, want)
		return
	}
	near := func(a *axis, got, want float64) bool {
		mid := (a.lo + a.hi) / 2
		unit := math.Abs(a.of(mid+0.1) - a.of(mid))
		if a.log {
			return math.Abs(math.Log(got/want)) <= unit/a.of(mid)
		}
		return math.Abs(got-want) <= unit
	}
	for i, w := range want {
		if !near(p.x, got[i].x, w.x) || !near(p.y, got[i].y, w.y) {
			t.Errorf("%s, %s: point %d is at %v, want %v", p.title, what, i, got[i], w)
		}
	}
}

// The reader itself: values of labels, and joined superscripts.
func TestLabelValues(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{"−0.50": -0.5, "10^−3": 1e-3, "2·10^4": 2e4, "5·10": 50, "10": 10} {
		if got, ok := valueOf(text); !ok || math.Abs(got/want-1) > 1e-12 {
			t.Errorf("%q is %g", text, got)
		}
	}
	if _, ok := valueOf("spikes"); ok {
		t.Error("a word is a value")
	}
	out := joined(joined(nil, word{at: point{1, 2}, size: 8, text: "10"}), word{at: point{9, 2 + 0.36*8}, size: 5.76, text: "−3"})
	if got := fmt.Sprint(out[0].(word).text); len(out) != 1 || got != "10^−3" {
		t.Errorf("joined: %v", out)
	}
}
