package spikes

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// shared returns the path of a real recording. Real data are not part of the
// project; QGAN_SHARED names a folder that has them under data/.
func shared(tb testing.TB, name string) string {
	tb.Helper()
	dir := os.Getenv("QGAN_SHARED")
	if dir == "" {
		tb.Skip("QGAN_SHARED is not set")
	}
	return filepath.Join(dir, "data", name)
}

func TestSalamander(t *testing.T) {
	path := shared(t, "salamander50.mat")
	from := time.Now()
	r, err := Load(path, LoadOptions{RepeatBins: 953})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("read in %v", time.Since(from))
	if r.Repeats != 297 || r.Bins != 953 || r.Neurons != 50 || r.Spikes() != 544080 || len(r.Source.Warnings) != 0 {
		t.Errorf("%s, %d spikes, warnings %v", r.shape(), r.Spikes(), r.Source.Warnings)
	}
	if s := r.Source; s.SHA256 != "0af6b78a6b371b5f65b393aa3d5867d3d40628a53b469237bf009b45a0d3dcbb" || s.Variable != "data" || s.Axes != "bins,neurons" || s.RepeatBins != 953 {
		t.Errorf("source %+v", s)
	}
	got := rates(r)
	for n, want := range []float64{1.866, 0.380, 0.821, 0.494, 2.570} {
		if math.Abs(got[n]-want) > 5e-4 {
			t.Errorf("neuron %d: %.4f Hz, want %.3f", n, got[n], want)
		}
	}
	var k [6]float64 // bins with 0 to 5 active neurons
	for rep := range r.Repeats {
		for bin := range r.Bins {
			if n := r.Active(rep, bin); n < len(k) {
				k[n] += 1.0 / 283041
			}
		}
	}
	for n, want := range []float64{0.38445, 0.18598, 0.11545, 0.09514, 0.07522, 0.05543} {
		if math.Abs(k[n]-want) > 5e-6 {
			t.Errorf("P(k = %d) is %.6f, want %.5f", n, k[n], want)
		}
	}
	flat, err := Load(path, LoadOptions{})
	if err != nil || flat.Repeats != 1 || flat.Bins != 283041 || flat.Spikes() != 544080 {
		t.Errorf("flat: %v", err)
	}
}

func TestSalamanderModels(t *testing.T) {
	for name, bins := range map[string]int{
		"salamander50_k_pairwise.mat":            283032,
		"salamander50_dichotomised_gaussian.mat": 283041,
	} {
		r, err := Load(shared(t, name), LoadOptions{})
		if err != nil || r.Bins != bins || r.Neurons != 50 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBint(t *testing.T) {
	r, err := Load(shared(t, "bint_40x6x953_v5.mat"), LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Repeats != 40 || r.Bins != 953 || r.Neurons != 6 || r.Spikes() != 8076 || r.Source.Axes != "repeats,neurons,bins" {
		t.Errorf("%s, %d spikes, %+v", r.shape(), r.Spikes(), r.Source)
	}
	all, err := Load(shared(t, "salamander50.mat"), LoadOptions{RepeatBins: 953})
	if err != nil {
		t.Fatal(err)
	}
	// The file holds the first neurons and repeats of the large one.
	part, err := all.SelectRepeats(upTo(0, 40), "0:40")
	if err == nil {
		part, err = part.Select(upTo(0, 6))
	}
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the first 40 repeats", part, r)
}

func TestMATLAB73(t *testing.T) {
	old, err := Load(shared(t, "bint_40x6x953_v5.mat"), LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Load(shared(t, "bint_40x6x953_v73.mat"), LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Spikes() != 8076 || r.Source.Variable != "bint" || r.Source.Axes != "repeats,neurons,bins" || len(r.Source.Warnings) != 0 {
		t.Errorf("%d spikes, %+v", r.Spikes(), r.Source)
	}
	same(t, "level 5 and 7.3", old, r)
}

func TestNWB(t *testing.T) {
	path := shared(t, "units_5x7.nwb")
	r, err := Load(path, LoadOptions{BinWidth: 0.02})
	if err != nil {
		t.Fatal(err)
	}
	if r.Repeats != 5 || r.Bins != 953 || r.Neurons != 7 || r.BinWidth != 0.02 || len(r.Source.Warnings) != 0 {
		t.Errorf("%s, bins of %v s, %+v", r.shape(), r.BinWidth, r.Source)
	}
	count := make([]int, 7)
	r.each(func(_, _, n int) { count[n]++ })
	if d := cmp.Diff([]int{157, 41, 78, 49, 220, 429, 0}, count); d != "" {
		t.Errorf("spikes a unit (-want +got):\n%s", d)
	}
}

func BenchmarkLoadSalamander(b *testing.B) {
	path := shared(b, "salamander50.mat")
	for b.Loop() {
		if _, err := Load(path, LoadOptions{RepeatBins: 953}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBuiltin(b *testing.B) {
	for b.Loop() {
		Builtin()
	}
}
