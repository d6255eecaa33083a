package assess_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"qgan/metrics"
	"qgan/metrics/report"
	"qgan/metrics/spikes"
	"qgan/training/assess"
)

// Runs of equal windows of the same neurons share Subjects, in the order in which they
// came, and their recording is read once.
func TestSizesOfRuns(t *testing.T) {
	rec := uneven(t, 4, 40, 2, 3, "")
	reads := 0
	read := func() (*metrics.Recording, error) { reads++; return rec, nil }
	var sizes assess.Sizes
	add := func(path string, timesteps int, neurons []int, sha string) error {
		g := untrained(t, rec, timesteps, nil)
		g.Data.SHA256, g.Data.Neurons = sha, neurons
		return sizes.AddRun(t.Context(), path, g, read)
	}
	for _, k := range []struct {
		path      string
		timesteps int
		neurons   []int
	}{{"a", 1, []int{0, 1}}, {"b", 2, []int{0, 1}}, {"c", 1, []int{0, 1}}, {"d", 1, []int{0, 2}}} {
		if err := add(k.path, k.timesteps, k.neurons, "x"); err != nil {
			t.Fatal(err)
		}
	}
	if err := add("e", 1, []int{0, 1}, "y"); err == nil || err.Error() != "a and e are of other recordings, which no report holds side by side" {
		t.Errorf("another recording: %v", err)
	}
	if _, err := sizes.AddSamples(sampled(t, rec.All), 0, nil); err != nil { // of the first size
		t.Fatal(err)
	}
	var got []string
	for _, s := range sizes {
		text := fmt.Sprint(s.Timesteps)
		for _, x := range s.Subjects {
			text += " " + filepath.Base(x.Path)
		}
		got = append(got, text)
	}
	if want := []string{"1 a c f.npy", "2 b", "1 d"}; !slices.Equal(got, want) || reads != 3 {
		t.Errorf("%q after %d reads, want %q after 3", got, reads, want)
	}
}

// sampled is a file of spike trains.
func sampled(t *testing.T, r *spikes.Raster) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f.npy")
	if err := assess.WriteSamples(nil, path, r, spikes.NPY, spikes.Meta{}); err != nil {
		t.Fatal(err)
	}
	return path
}

// Spike trains alone are of windows as long as they allow, or as asked; what can't be read
// is told.
func TestSizesOfSamples(t *testing.T) {
	rec := uneven(t, 4, 40, 2, 3, "")
	for asked, want := range map[int]int{0: assess.LongWindow, 5: 5} {
		var sizes assess.Sizes
		if _, err := sizes.AddSamples(sampled(t, rec.All), asked, func() (*metrics.Recording, error) { return rec, nil }); err != nil {
			t.Fatal(err)
		}
		if len(sizes) != 1 || sizes[0].Timesteps != want || sizes[0].Subjects[0].Samples == nil {
			t.Errorf("asked for %d: %+v, want %d", asked, sizes, want)
		}
	}
	var sizes assess.Sizes
	gone := errors.New("gone")
	if _, err := sizes.AddSamples("f", 0, func() (*metrics.Recording, error) { return nil, gone }); !errors.Is(err, gone) || len(sizes) != 0 {
		t.Errorf("no recording: %v, %d sizes", err, len(sizes))
	}
	many := &assess.Subjects{Recording: rec, Subjects: make([]assess.Subject, report.MaxModels+1)}
	if err := assess.WriteReport(t.Context(), nil, t.TempDir(), many); err == nil || !strings.Contains(err.Error(), "can be told apart in one report") {
		t.Errorf("too many: %v", err)
	}
}

// What is written is read again, and says beside what it is.
func TestWriteSamples(t *testing.T) {
	r := uneven(t, 2, 5, 2, 3, "").All
	path := filepath.Join(t.TempDir(), "a.npz")
	if err := assess.WriteSamples(nil, path, r, spikes.NPZ, spikes.Meta{Seed: 7}); err != nil {
		t.Fatal(err)
	}
	got, err := spikes.Load(path, spikes.LoadOptions{})
	if err != nil || got.Repeats != r.Repeats || got.Bins != r.Bins || got.Neurons != r.Neurons {
		t.Errorf("read %v, %v", got, err)
	}
	if found, err := filepath.Glob(spikes.SidecarPath(path)); err != nil || len(found) != 1 {
		t.Errorf("no description beside: %v", err)
	}
	if err := assess.WriteSamples(nil, filepath.Join(path, "b.npz"), r, spikes.NPZ, spikes.Meta{}); err == nil {
		t.Error("a folder that is a file was written to")
	}
}
