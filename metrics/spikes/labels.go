package spikes

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
)

// Labels are what the neurons of the raster are called: their names, or else their indices
// in the recording.
func (r *Raster) Labels() []string {
	return labelsOf(r.Source.Units, r.Source.Neurons, r.Neurons)
}

// labelsOf are n names, or else indices, or else the numbers from 0.
func labelsOf(names []string, indices []int, n int) []string {
	if len(names) == n {
		return names
	}
	out := make([]string, n)
	for i := range out {
		out[i] = strconv.Itoa(i)
		if len(indices) == n {
			out[i] = strconv.Itoa(indices[i])
		}
	}
	return out
}

// inText are the labels as texts have room for: where a name could be taken for something
// else (a number with a point, a word of a header, several fields), all are indices.
func (m Meta) inText() []string {
	if slices.ContainsFunc(m.Names, func(name string) bool { return !plain(name) }) {
		return labelsOf(nil, m.Neurons, len(m.Neurons))
	}
	return slices.Clone(labelsOf(m.Names, m.Neurons, len(m.Neurons)))
}

// plain says whether a name can stand in a header and in a list with commas: a whole number,
// or a word that is no number and that no column of a table is called.
func plain(name string) bool {
	if name == "" || strings.ContainsFunc(name, func(c rune) bool {
		return unicode.IsSpace(c) || unicode.IsControl(c) || strings.ContainsRune(",;\"#=", c)
	}) {
		return false
	}
	if _, err := strconv.ParseFloat(name, 64); err == nil {
		return isWhole(name)
	}
	title := columnName([]byte(name))
	_, time := perSecond(title)
	return !time && !nameless(title) && !slices.Contains(slices.Concat(unitColumns, repeatColumns, binColumns), title)
}

// isWhole says whether a name is written in digits alone.
func isWhole(name string) bool {
	return name != "" && strings.Trim(name, "0123456789") == ""
}

// The letters before a number in the title of a column, which must not look like a number
// itself: of an index in the recording, and of a name that is a number.
const (
	indexTitle = "n"
	nameTitle  = "u"
)

// titles are the titles of the neurons' columns.
func (m Meta) titles() []string {
	labels := m.inText()
	for i, label := range labels {
		switch {
		case !isWhole(label):
		case m.Names != nil && label == m.Names[i]:
			labels[i] = nameTitle + label
		default:
			labels[i] = indexTitle + label
		}
	}
	return labels
}

// columnLabels are the names of the neurons by the titles of their columns, nil where they
// are numbered from 0 in their order, and their indices in the recording, nil where the
// titles are none.
func columnLabels(titles []string) (names []string, drawn []int) {
	numbers := func(letter string) []string {
		out := make([]string, len(titles))
		for i, title := range titles {
			number, ok := strings.CutPrefix(title, letter)
			if !ok || !isWhole(number) {
				return nil
			}
			out[i] = number
		}
		return out
	}
	if names := numbers(nameTitle); names != nil {
		return names, nil
	}
	drawn = wholes(numbers(indexTitle))
	for i, n := range drawn {
		if n != i {
			return titles, drawn
		}
	}
	if drawn != nil {
		return nil, drawn
	}
	return titles, nil
}

// wholes are labels as whole numbers; nil where one of them is none.
func wholes(labels []string) (out []int) {
	for _, label := range labels {
		n, err := strconv.Atoi(label)
		if err != nil || !isWhole(label) {
			return nil
		}
		out = append(out, n)
	}
	return out
}

// keys are the whole numbers that neurons are called by, or else their indices.
func (m Meta) keys() []int {
	var out []int
	for _, name := range m.Names {
		n, err := strconv.Atoi(name)
		if err != nil || slices.Contains(out, n) {
			return m.Neurons
		}
		out = append(out, n)
	}
	if out == nil {
		return m.Neurons
	}
	return out
}

// FromBin names, among the extras of a description, the bin of the recording's repeats that
// samples begin at, counted from 0.
const FromBin = "from_bin"

const maxFromBin = 1 << 30

// describe takes from a description what it says of the neurons and of the time in a repeat,
// where it is one of this raster.
func (r *Raster) describe(d described) {
	if len(d.Neurons) != r.Neurons {
		return
	}
	r.Source.Drawn = d.Neurons
	if from, ok := d.Extra[FromBin].(float64); ok && from == math.Trunc(from) && from >= 0 && from <= maxFromBin {
		begins := int(from)
		r.Source.Begins = &begins
	}
	if len(d.Names) == r.Neurons && distinct(d.Names) {
		r.Source.Units = d.Names
	}
}

// beside is the description that lies beside a file; empty where there is none.
func beside(path string) (d described) {
	b, err := os.ReadFile(SidecarPath(path))
	if err != nil || json.Unmarshal(b, &d) != nil || d.Schema != metaSchema {
		return described{}
	}
	return d
}

// described is the description inside the file; empty where there is none.
func (f *file) described() (d described) {
	a := f.find(metaName)
	if a == nil || a.size() > maxMeta || a.kind != "char" && a.kind != "|u1" {
		return d
	}
	x, err := a.read()
	if err != nil {
		return d
	}
	text, units := make([]byte, x.Len()), make([]uint16, x.Len())
	for i := range text {
		text[i], units[i] = byte(x.At(i)), uint16(x.At(i))
	}
	if a.kind == "char" {
		text = []byte(string(utf16.Decode(units)))
	}
	if json.Unmarshal(text, &d) != nil || d.Schema != metaSchema {
		return described{}
	}
	return d
}

// maxMeta bounds the description inside a file, in letters.
const maxMeta = 1 << 24
