package score

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"qgan/metrics/spikes"
)

// files are the recording and the published samples of models of it, by what they are
// called here.
var files = map[string]func() (*spikes.Raster, error){
	"recording":             load("salamander50.mat"),
	"dichotomised gaussian": load("salamander50_dichotomised_gaussian.mat"),
	"k-pairwise":            load("salamander50_k_pairwise.mat"),
}

func load(name string) func() (*spikes.Raster, error) {
	return sync.OnceValues(func() (*spikes.Raster, error) {
		return spikes.Load(filepath.Join(os.Getenv("QGAN_SHARED"), "data", name), spikes.LoadOptions{BinWidth: 0.02, RepeatBins: 953})
	})
}

// shared returns the first n cells of a file of the reference data, or skips the test.
func shared(tb testing.TB, name string, n int) *spikes.Raster {
	tb.Helper()
	if os.Getenv("QGAN_SHARED") == "" {
		tb.Skip("QGAN_SHARED is not set")
	}
	r, err := files[name]()
	if err != nil {
		tb.Fatal(err)
	}
	first := make([]int, n)
	for i := range first {
		first[i] = i
	}
	if r, err = r.Select(first); err != nil {
		tb.Fatal(err)
	}
	return r
}
