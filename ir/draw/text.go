package draw

import (
	"slices"
	"strings"
	"unicode/utf8"

	"qgan/ir"
)

const (
	mostLetters  = 40 // in a box
	fewestColumn = 16 // letters of a line beside the names, whatever the width is
)

// Text draws a verified circuit in box-drawing characters, three lines a wire and fewer where
// they fit. Lines are no longer than width characters, where a box and the names of the wires
// leave that to them: the drawing goes on below, with the names again. 0 folds nothing.
func Text(c *ir.Circuit, width int) string {
	s := lay(c, mostLetters)
	names, room := s.names(), 0
	if width > 0 {
		room = max(width-names-len(": »"), fewestColumn)
		if room-8 < mostLetters { // a box, the numbers of operands and the gaps
			s = lay(c, room-8)
		}
	}
	var out strings.Builder
	for _, line := range s.remarks {
		out.WriteString(line + "\n")
	}
	for i, p := range s.panels(room, func(k item) int { return k.width() }, 1) {
		if i > 0 {
			out.WriteString("\n")
		}
		s.panel(&out, p, names)
	}
	return out.String()
}

// names is how many letters the longest name of a wire has.
func (s *sheet) names() (letters int) {
	for _, w := range s.wires {
		letters = max(letters, size(w.name))
	}
	return letters
}

func size(s string) int { return utf8.RuneCountInString(s) }

// panel is a range of columns that stand side by side.
type panel struct {
	from, to int
	at, wide []int // of each column
	width    int
	last     bool
}

// panels folds the columns to a width, with a gap between two and at both ends; 0 folds nothing.
func (s *sheet) panels(width int, of func(item) int, gap int) (out []panel) {
	p := panel{width: gap}
	for i, column := range s.columns {
		wide := 1
		for _, k := range column {
			wide = max(wide, of(k))
		}
		if width > 0 && p.width+wide+gap > width && i > p.from {
			p.to = i
			out = append(out, p)
			p = panel{from: i, width: gap}
		}
		p.at, p.wide = append(p.at, p.width), append(p.wide, wide)
		p.width += wide + gap
	}
	p.to, p.last = len(s.columns), true
	return append(out, p)
}

// width is how many letters an item is wide.
func (k item) width() int {
	wide := 1
	if k.tall != "" {
		wide = size(k.tall) + 4 + k.numbers()
	}
	for _, m := range k.marks {
		switch m.sign {
		case box, meter:
			wide = max(wide, size(m.text)+4)
		}
	}
	for _, f := range k.falls {
		wide = max(wide, size(f.bit))
	}
	return wide
}

// numbers is the room for the numbers of operands in a tall box.
func (k item) numbers() (room int) {
	for _, m := range k.marks {
		if m.sign == port {
			room = max(room, size(m.text)+1)
		}
	}
	return room
}

// canvas is lines of characters.
type canvas [][]rune

func (c canvas) write(x, y int, s string) {
	for _, r := range s {
		c[y][x] = r
		x++
	}
}

// signs are the characters of marks without a box.
var signs = map[sign]rune{dot: '●', ring: '○', plus: '⊕', cross: '╳'}

// panel writes one range of columns.
func (s *sheet) panel(out *strings.Builder, p panel, names int) {
	lines := make(canvas, 3*len(s.wires))
	for y := range lines {
		r := ' '
		if y%3 == 1 {
			if r = '─'; s.wires[y/3].bits > 0 {
				r = '═'
			}
		}
		lines[y] = slices.Repeat([]rune{r}, p.width)
	}
	for i, column := range s.columns[p.from:p.to] {
		for _, k := range column {
			s.item(lines, k, p.at[i]+p.wide[i]/2)
		}
	}
	ends := ""
	if !p.last {
		ends = "»"
	}
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		label := strings.Repeat(" ", names+2)
		switch {
		case i%3 == 1:
			name := s.wires[i/3].name
			label = strings.Repeat(" ", names-size(name)) + name + ": "
		case i%3 == 2 && i+1 < len(lines):
			if both, ok := merged(line, lines[i+1]); ok {
				line = both
				i++
			}
		}
		text := strings.TrimRight(label+string(line), " ")
		if i%3 == 1 {
			text += ends
		}
		if text != "" || i > 0 && i+1 < len(lines) {
			out.WriteString(text + "\n")
		}
	}
}

// merged lays two lines between two wires over each other, if nothing is lost.
func merged(upper, lower []rune) ([]rune, bool) {
	out := slices.Clone(upper)
	for x, b := range lower {
		switch a := out[x]; {
		case a == ' ' || a == '│' && b == '┴':
			out[x] = b
		case b == ' ', a == b && (a == '│' || a == '║'), a == '┬' && b == '│', a == '╥' && b == '║':
		default:
			return nil, false
		}
	}
	return out, true
}

// item draws an item around the column x.
func (s *sheet) item(lines canvas, k item, x int) {
	if k.tall != "" {
		s.tall(lines, k, x)
	} else if len(k.marks) > 1 && k.marks[0].sign != barrier {
		for y := 3*k.lo + 1; y <= 3*k.hi+1; y++ {
			lines[y][x] = '│'
			if y%3 == 1 {
				lines[y][x] = '┼'
			}
		}
	}
	for _, m := range k.marks {
		y := 3*m.wire + 1
		switch m.sign {
		case box, meter:
			boxed(lines, x, y-1, y+1, m.text, m.wire > k.lo, m.wire < k.hi)
			lines.write(x-size(m.text)/2, y, m.text)
		case barrier:
			for dy := -1; dy <= 1; dy++ {
				lines[y+dy][x] = '░'
			}
		case port:
		default:
			lines[y][x] = signs[m.sign]
		}
	}
	s.falls(lines, k, x)
}

// boxed draws a box around a text in the middle of the column x, from line top to line
// bottom, with the ends of lines that lead up and down.
func boxed(lines canvas, x, top, bottom int, text string, up, down bool) {
	wide := size(text) + 4
	left := x - wide/2
	edge := strings.Repeat("─", wide-2)
	lines.write(left, top, "┌"+edge+"┐")
	lines.write(left, bottom, "└"+edge+"┘")
	for y := top + 1; y < bottom; y++ {
		sides := [2]rune{'│', '│'}
		if y%3 == 1 {
			sides = [2]rune{'┤', '├'}
		}
		lines.write(left, y, string(sides[0])+strings.Repeat(" ", wide-2)+string(sides[1]))
	}
	if up {
		lines[top][x] = '┴'
	}
	if down {
		lines[bottom][x] = '┬'
	}
}

// tall draws a box over several wires, with the numbers of the operands.
func (s *sheet) tall(lines canvas, k item, x int) {
	text := strings.Repeat(" ", k.numbers()) + k.tall
	boxed(lines, x, 3*k.lo, 3*k.hi+2, text, false, false)
	left := x - (size(text)+4)/2
	lines.write(left+2, (3*k.lo+3*k.hi+2)/2, text)
	for _, m := range k.marks {
		lines.write(left+1, 3*m.wire+1, m.text)
	}
}

// falls draws the double line down to registers.
func (s *sheet) falls(lines canvas, k item, x int) {
	if len(k.falls) == 0 {
		return
	}
	deepest := k.falls[len(k.falls)-1].wire
	lines[3*k.hi+2][x] = '╥'
	for y := 3*k.hi + 3; y < 3*deepest+1; y++ {
		switch {
		case y%3 != 1:
			lines[y][x] = '║'
		case s.wires[y/3].bits > 0:
			lines[y][x] = '╬' // also where it ends and goes on
		default:
			lines[y][x] = '╫'
		}
	}
	for _, f := range k.falls {
		if f.wire == deepest {
			lines[3*f.wire+1][x] = '╩'
		}
		lines.write(x-size(f.bit)/2, 3*f.wire+2, f.bit)
	}
}
