package draw

import (
	"fmt"
	"html"
	"strings"

	"qgan/ir"
)

// Sizes of a picture, in pixels.
const (
	letter   = 7.3 // the width of one, at 12 pixels of a monospaced font
	rowHigh  = 44
	boxHigh  = 30
	gapWide  = 12
	margin   = 14
	pageWide = 1200
)

// SVG draws a verified circuit as a picture of at most 1,200 pixels' width, folded like Text.
func SVG(c *ir.Circuit) string {
	s := lay(c, mostLetters)
	p := &picture{sheet: s, left: margin + float64(s.names()+1)*letter}
	panels := s.panels(pageWide-int(p.left)-margin, func(k item) int { return int(k.pixels()) + 1 }, gapWide)
	wide := 0.0
	for _, k := range panels {
		wide = max(wide, float64(k.width))
	}
	y := float64(margin)
	for _, line := range s.remarks {
		p.text(margin, y+6, "start", line)
		wide = max(wide, float64(size(line))*letter-p.left+margin)
		y += 20
	}
	for _, k := range panels {
		p.panel(k, y)
		y += rowHigh*float64(len(s.wires)) + margin
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%[1]g" height="%[2]g" viewBox="0 0 %[1]g %[2]g" font-family="monospace" font-size="12">`+"\n"+
		`<rect width="100%%" height="100%%" fill="#fff"/>`+"\n%[3]s</svg>\n", round(p.left+wide+margin), round(y), p.out.String())
}

// round is a length to a tenth of a pixel.
func round(x float64) float64 { return float64(int(x*10+0.5)) / 10 }

// pixels is how wide an item is.
func (k item) pixels() float64 {
	wide := 18.0
	if k.tall != "" {
		wide = max(wide, float64(size(k.tall)+k.numbers())*letter+16)
	}
	for _, m := range k.marks {
		switch m.sign {
		case box:
			wide = max(wide, boxHigh, float64(size(m.text))*letter+14)
		case meter:
			wide = max(wide, boxHigh)
		}
	}
	return wide
}

// picture writes elements.
type picture struct {
	*sheet
	left float64
	top  float64 // of the panel
	out  strings.Builder
}

// mid is where a wire is.
func (p *picture) mid(wire int) float64 { return p.top + rowHigh*(float64(wire)+0.5) }

func (p *picture) line(x1, y1, x2, y2 float64, style string) {
	fmt.Fprintf(&p.out, `<line x1="%g" y1="%g" x2="%g" y2="%g" stroke="#222"%s/>`+"\n", round(x1), round(y1), round(x2), round(y2), style)
}

// double is a line of bits.
func (p *picture) double(x1, y1, x2, y2 float64) {
	dx, dy := 0.0, 1.5
	if x1 == x2 {
		dx, dy = dy, dx
	}
	p.line(x1-dx, y1-dy, x2-dx, y2-dy, "")
	p.line(x1+dx, y1+dy, x2+dx, y2+dy, "")
}

func (p *picture) rect(x, y, wide, high float64, fill, more string) {
	fmt.Fprintf(&p.out, `<rect x="%g" y="%g" width="%g" height="%g" rx="3" fill="%s"%s/>`+"\n", round(x), round(y), round(wide), round(high), fill, more)
}

func (p *picture) text(x, y float64, anchor, s string) {
	fmt.Fprintf(&p.out, `<text x="%g" y="%g" text-anchor="%s">%s</text>`+"\n", round(x), round(y), anchor, html.EscapeString(s))
}

func (p *picture) circle(x, y, r float64, fill string) {
	fmt.Fprintf(&p.out, `<circle cx="%g" cy="%g" r="%g" fill="%s" stroke="#222"/>`+"\n", round(x), round(y), r, fill)
}

// Colours of boxes.
const (
	gateFill  = "#e6eefa"
	blockFill = "#fbe9cf"
	frameFill = "#fdf6ea"
	outline   = ` stroke="#222"`
)

// panel draws one range of columns.
func (p *picture) panel(k panel, top float64) {
	p.top = top
	right := p.left + float64(k.width)
	for _, f := range p.frames {
		if f.to < k.from || f.from >= k.to {
			continue
		}
		from, to := p.left, right
		if f.from >= k.from {
			from += float64(k.at[f.from-k.from])
		}
		if f.to < k.to {
			to = p.left + float64(k.at[f.to-k.from]+k.wide[f.to-k.from])
		}
		p.rect(from, p.mid(f.lo)-rowHigh/2+2, to-from, rowHigh*float64(f.hi-f.lo+1)-4, frameFill, "")
	}
	for i, w := range p.wires {
		y := p.mid(i)
		p.text(p.left-6, y+4, "end", w.name)
		if w.bits > 0 {
			p.double(p.left, y, right, y)
		} else {
			p.line(p.left, y, right, y, "")
		}
	}
	for i, column := range p.columns[k.from:k.to] {
		for _, one := range column {
			p.item(one, p.left+float64(k.at[i])+float64(k.wide[i])/2)
		}
	}
}

// item draws an item around x.
func (p *picture) item(k item, x float64) {
	if n := len(k.falls); n > 0 {
		end := p.mid(k.falls[n-1].wire)
		p.double(x, p.mid(k.hi), x, end-4)
		for _, f := range k.falls {
			y := p.mid(f.wire)
			fmt.Fprintf(&p.out, `<path d="M%g %gl-5 -8h10z" fill="#222"/>`+"\n", round(x), round(y))
			if f.bit != "" {
				p.text(x+8, y+15, "start", f.bit)
			}
		}
	}
	if k.tall != "" {
		fill, wide := gateFill, k.pixels()
		if k.block {
			fill = blockFill
		}
		p.rect(x-wide/2, p.mid(k.lo)-boxHigh/2, wide, p.mid(k.hi)-p.mid(k.lo)+boxHigh, fill, outline)
		p.text(x+float64(k.numbers())*letter/2, (p.mid(k.lo)+p.mid(k.hi))/2+4, "middle", k.tall)
		for _, m := range k.marks {
			p.text(x-wide/2+4, p.mid(m.wire)+4, "start", m.text)
		}
		return
	}
	if len(k.marks) > 1 && k.marks[0].sign != barrier {
		p.line(x, p.mid(k.lo), x, p.mid(k.hi), "")
	}
	for _, m := range k.marks {
		p.mark(m, x, p.mid(m.wire))
	}
}

func (p *picture) mark(m mark, x, y float64) {
	switch m.sign {
	case box:
		wide := max(boxHigh, float64(size(m.text))*letter+14)
		p.rect(x-wide/2, y-boxHigh/2, wide, boxHigh, gateFill, outline)
		p.text(x, y+4, "middle", m.text)
	case meter:
		p.rect(x-boxHigh/2, y-boxHigh/2, boxHigh, boxHigh, "#fff", outline)
		fmt.Fprintf(&p.out, `<path d="M%g %ga9 9 0 0 1 18 0" fill="none" stroke="#222"/>`+"\n", round(x-9), round(y+6))
		p.line(x, y+6, x+7, y-7, "")
	case dot:
		p.circle(x, y, 4, "#222")
	case ring:
		p.circle(x, y, 4, "#fff")
	case plus:
		p.circle(x, y, 9, "#fff")
		p.line(x-9, y, x+9, y, "")
		p.line(x, y-9, x, y+9, "")
	case cross:
		p.line(x-6, y-6, x+6, y+6, "")
		p.line(x-6, y+6, x+6, y-6, "")
	case barrier:
		p.rect(x-5, y-rowHigh/2, 10, rowHigh, "#ddd", "")
		p.line(x, y-rowHigh/2, x, y+rowHigh/2, ` stroke-dasharray="4 3"`)
	}
}
