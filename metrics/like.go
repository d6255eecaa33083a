package metrics

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"qgan/metrics/spikes"
)

// NeuronsError says that spike trains are of other neurons than were chosen: of another
// number, or of others by their names or their indices in the recording.
type NeuronsError struct {
	Name                 string
	Have, Chosen, OfThem int
	// Own are those of the spike trains, Of those of the recording; nil: only their
	// number is known.
	Own, Of []string
}

// Error says which neurons there are and which were chosen.
func (e *NeuronsError) Error() string {
	if e.Own == nil {
		return fmt.Sprintf("%s has %d neurons; %d of the recording's %d are chosen", e.Name, e.Have, e.Chosen, e.OfThem)
	}
	if e.Chosen == e.OfThem {
		return fmt.Sprintf("%s is of the neurons %s; the recording has %s", e.Name, listed(e.Own), listed(e.Of))
	}
	return fmt.Sprintf("%s is of the neurons %s; of the recording %s are chosen", e.Name, listed(e.Own), listed(e.Of))
}

// BadInput reports that the fault is in what the user gave.
func (e *NeuronsError) BadInput() bool { return true }

// Hint says what to do, with the option as show spells it.
func (e *NeuronsError) Hint(show func(name string) string) string {
	switch {
	case e.Own == nil:
		return "choose as many with " + show("neurons")
	case e.Chosen == e.OfThem:
		return "a file that says nothing of its neurons, such as .npy, is taken in their order"
	}
	return "choose the same with " + show("neurons")
}

// WidthError says that spike trains are in bins of another width than the recording's.
type WidthError struct {
	Name            string
	Have, Recording float64 // seconds
}

// Error says how wide the bins are.
func (e *WidthError) Error() string {
	return fmt.Sprintf("%s has bins of %g s, the recording's are %g s", e.Name, e.Have, e.Recording)
}

// BadInput reports that the fault is in what the user gave.
func (e *WidthError) BadInput() bool { return true }

// Hint says what to do, with the option as show spells it.
func (e *WidthError) Hint(show func(name string) string) string {
	return fmt.Sprintf("give spike times, which are counted in the recording's bins; %s %g says that the recording has bins of that width, or counts its spike times in them", show("bin-width"), e.Have)
}

// Samples reads a file of spike trains in the recording's shape, as [Recording.Like] has
// it. Spike times are counted in the recording's bins, and bins of a file that doesn't say
// how wide they are are as wide. What the reader dropped or assumed is in Source.Warnings.
func (r *Recording) Samples(path string) (*spikes.Raster, error) {
	samples, err := loadSamples(path, r.All.BinWidth, r.Train.Neurons, r.Neurons)
	if err != nil {
		return nil, err
	}
	return r.Like(samples, path)
}

// loadSamples reads spike trains beside a recording in bins of a width. neurons are the
// numbers of them that are expected: they settle which axis of a bare array the neurons
// are, where the axes that it is usually read by give none of these.
func loadSamples(path string, width float64, neurons ...int) (*spikes.Raster, error) {
	load := func(n int) (*spikes.Raster, error) {
		r, err := spikes.Load(path, spikes.LoadOptions{Fallback: width, Neurons: n})
		if err == nil && r.Source.Axes == "" && r.BinWidth != width {
			return spikes.Load(path, spikes.LoadOptions{BinWidth: width, Neurons: n})
		}
		return r, err
	}
	usual, err := load(0)
	if err == nil && (len(neurons) == 0 || usual.Source.Axes == "") {
		return usual, nil
	}
	if err == nil && slices.Contains(neurons, usual.Neurons) {
		neurons = []int{usual.Neurons} // and there is nothing to warn of
	}
	for _, n := range neurons {
		if r, failed := load(n); failed == nil && r.Neurons == n {
			return r, nil
		}
	}
	return usual, err
}

// mostLost is the part of flat samples, one in so many, that is dropped behind the last
// whole repeat.
const mostLost = 100

// Like gives samples the recording's shape: the chosen neurons in their order, and repeats
// as long, or about as long where more than a hundredth would be lost, where they are flat
// (one long repeat), the shape that published samples of models of a recording were drawn
// in. Neurons are told by their names, where samples
// and recording have them, or by the indices in the recording that the samples were drawn
// with; samples without either are taken in their order, where they have as many neurons
// as are chosen or as the recording has. It fails with a *NeuronsError for samples of other
// neurons and with a *WidthError for bins of another width; name is what they are called.
func (r *Recording) Like(samples *spikes.Raster, name string) (*spikes.Raster, error) {
	if have, want := samples.BinWidth, r.All.BinWidth; have > 0 && want > 0 && math.Abs(have-want) > 1e-6*want {
		return nil, &WidthError{name, have, want}
	}
	wrong := &NeuronsError{Name: name, Have: samples.Neurons, Chosen: r.Train.Neurons, OfThem: r.Neurons}
	order := r.Train.Source.Neurons
	if of, own := labels(r.Train, samples); own != nil {
		order = nil
		for _, label := range of {
			i := slices.Index(own, label)
			if i < 0 {
				wrong.Own, wrong.Of = own, of
				return nil, wrong
			}
			order = append(order, i)
		}
	} else if samples.Neurons == r.Train.Neurons {
		order = nil
	} else if samples.Neurons != r.Neurons {
		return nil, wrong
	}
	if order != nil {
		var err error
		if samples, err = samples.Select(order); err != nil {
			return nil, err
		}
	}
	if samples.Repeats != 1 || samples.Bins < 2*r.All.Bins {
		return samples, nil
	}
	if whole := samples.Bins / r.All.Bins; samples.Bins-whole*r.All.Bins <= samples.Bins/mostLost {
		return samples.Cut(r.All.Bins), nil
	}
	repeats := int(math.Round(float64(samples.Bins) / float64(r.All.Bins)))
	return samples.Cut(samples.Bins / repeats), nil
}

// labels are what the neurons of a recording and of samples are called in the same words:
// by names, or by indices in the recording. They are nil where the samples say neither.
func labels(recording, samples *spikes.Raster) (of, own []string) {
	indices := recording.Source.Neurons
	if indices == nil {
		indices = make([]int, recording.Neurons)
		for i := range indices {
			indices[i] = i
		}
	}
	names, drawn := samples.Source.Units, samples.Source.Drawn
	switch {
	case recording.Source.Units != nil && names != nil && !numbered(names, drawn, recording.Source.Units):
		return recording.Source.Units, names
	case drawn != nil:
		return texts(indices), texts(drawn)
	case names != nil && !slices.ContainsFunc(names, func(name string) bool { _, err := strconv.Atoi(name); return err != nil }):
		return texts(indices), names
	}
	return nil, nil
}

// numbered says whether names are titles of columns that hold indices, n6, n2 and so on,
// and not names of the recording.
func numbered(names []string, drawn []int, of []string) bool {
	for i, n := range drawn {
		if names[i] != fmt.Sprintf("n%d", n) || slices.Contains(of, names[i]) {
			return false
		}
	}
	return drawn != nil
}

// drawnOf lists the neurons of a whole recording that samples are of: the first ones where
// the samples don't say.
func drawnOf(recording, samples *spikes.Raster, name string) ([]int, error) {
	of, own := labels(recording, samples)
	wrong := &NeuronsError{name, samples.Neurons, recording.Neurons, recording.Neurons, own, of}
	indices := make([]int, samples.Neurons)
	for i := range indices {
		indices[i] = i
		if own != nil {
			indices[i] = slices.Index(of, own[i])
		}
		if indices[i] < 0 || indices[i] >= recording.Neurons {
			return nil, wrong
		}
	}
	return indices, nil
}

func texts(numbers []int) []string {
	out := make([]string, len(numbers))
	for i, n := range numbers {
		out[i] = strconv.Itoa(n)
	}
	return out
}

// listed lists a few of many words.
func listed(words []string) string {
	const most = 12
	if len(words) > most {
		return fmt.Sprintf("%s, … %s (%d)", strings.Join(words[:most-1], ", "), words[len(words)-1], len(words))
	}
	return strings.Join(words, ", ")
}
