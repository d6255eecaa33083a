package score

import (
	"fmt"
	"slices"
	"strings"

	"qgan/metrics/spikes"
)

// Split is a way to cut a recording in a half to fit models to and one to judge by,
// fixed once for all that is judged.
type Split struct {
	Name string
	Text string // in a sentence

	inTime bool
	parts  func(units int) (train []int, err error) // of repeats, or of stretches
	given  *[2]*spikes.Raster                       // the halves, in place of parts
}

// Given is the split of a recording that was cut before: its repeats to fit and those to
// judge.
func Given(name, text string, train, judge *spikes.Raster) Split {
	return Split{Name: name, Text: text, given: &[2]*spikes.Raster{train, judge}}
}

const (
	blocks    = 10 // of repeats
	stretches = 20 // of each repeat, or some more, of a split in time
)

// Splits are all of them, the default first.
func Splits() []Split {
	return []Split{
		{
			Name: "odd/even", Text: "the 1st, 3rd, 5th … repeat to fit, the others to judge",
			parts: func(n int) ([]int, error) { return alternate(n, n), need2(n, "repeats") },
		},
		{
			Name: "blocks of repeats", Text: "the repeats in ten blocks of neighbours, in turn to fit and to judge, which tells more of slow drifts",
			parts: func(n int) ([]int, error) { return alternate(n, min(n/2*2, blocks)), need2(n, "repeats") },
		},
		{
			Name: "blocks of time", Text: "each repeat in about twenty stretches, in turn to fit and to judge: for recordings of one repeat", inTime: true,
			parts: func(n int) ([]int, error) { return alternate(n, n), need2(n, "stretches") },
		},
	}
}

func need2(n int, of string) error {
	if n < 2 {
		return fmt.Errorf("at least two %s are needed", of)
	}
	return nil
}

// alternate are those of n units that lie in every other one of so many blocks, the
// first included.
func alternate(n, blocks int) []int {
	var out []int
	for b := 0; b < blocks; b += 2 {
		for i := b * n / blocks; i < (b+1)*n/blocks; i++ {
			out = append(out, i)
		}
	}
	return out
}

// ParseSplit returns the split of that name, in which dashes may stand for spaces and the
// slash; "" is the first. It fails for other names.
func ParseSplit(name string) (Split, error) {
	all := Splits()
	if name == "" {
		return all[0], nil
	}
	var names []string
	plain := strings.NewReplacer("-", " ", "/", " ")
	for _, s := range all {
		if plain.Replace(s.Name) == plain.Replace(name) {
			return s, nil
		}
		names = append(names, strings.ReplaceAll(s.Name, " ", "-"))
	}
	return Split{}, fmt.Errorf("no split is called %q: there are %s", name, strings.Join(names, ", "))
}

// Halves cuts a recording. Stretches of a split in time become repeats of their own,
// of which each lies at another time; what is left at the end of a repeat is dropped. It
// fails for a single repeat or, in time, for a repeat that is too short to be cut.
func (s Split) Halves(r *spikes.Raster) (train, judge *spikes.Raster, err error) {
	if s.given != nil {
		return s.given[0], s.given[1], nil
	}
	n := r.Repeats
	if s.inTime {
		length := max(1, r.Bins/stretches)
		n = r.Bins / length
		r = r.Cut(length)
	}
	chosen, err := s.parts(n)
	if err != nil {
		return nil, nil, fmt.Errorf("splitting %s by %s: %w", r.Source.Path, s.Name, err)
	}
	var first, second []int
	for i := range r.Repeats {
		if slices.Contains(chosen, i%n) {
			first = append(first, i)
		} else {
			second = append(second, i)
		}
	}
	if train, err = r.SelectRepeats(first, s.Name+", to fit"); err != nil {
		return nil, nil, err
	}
	judge, err = r.SelectRepeats(second, s.Name+", to judge")
	return train, judge, err
}

// Judging lists those of so many repeats of a recording that the judging half has a part
// of; none where the recording can't be split, or was before.
func (s Split) Judging(repeats int) []int {
	if s.given != nil {
		return nil
	}
	fit, err := s.parts(repeats)
	var out []int
	for i := range repeats {
		if s.inTime || err == nil && !slices.Contains(fit, i) {
			out = append(out, i)
		}
	}
	return out
}
