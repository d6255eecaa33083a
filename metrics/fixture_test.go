package metrics

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"qgan/metrics/spikes"
)

var update = flag.Bool("update", false, "rewrite testdata from the recording in $QGAN_SHARED")

// TestMain fixes the seed of the property tests and keeps them from leaving files
// in testdata; -rapid.seed and -rapid.nofailfile=false still override.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{"rapid.seed": "1", "rapid.nofailfile": "true"} {
		if err := flag.Set(name, value); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	m.Run()
}

// fixture is the empirical law of a few neurons of the recording, counted over
// the odd and the even repeats: enough for every distance and fit, and small
// enough to be kept here.
type fixture struct {
	Source    string        `json:"source"`
	Neurons   int           `json:"neurons"`
	Timesteps int           `json:"timesteps"`
	BinWidth  float64       `json:"bin_width_s"`
	Order     string        `json:"order"`
	Odd       fixtureCounts `json:"odd"`
	Even      fixtureCounts `json:"even"`
}

// fixtureCounts holds words or, for laws of many windows, gaps: the states'
// indices in rising order, each as its distance from the one before, the first
// from 0.
type fixtureCounts struct {
	Words  []uint32 `json:"words,omitempty"`
	Gaps   []uint64 `json:"gaps,omitempty"`
	Counts []int    `json:"counts"`
}

func newFixtureCounts(s *States) fixtureCounts {
	if s.Bits() <= gapBits {
		return fixtureCounts{Words: s.Words, Counts: s.Counts}
	}
	c := fixtureCounts{Counts: s.Counts}
	var last uint64
	for i := range s.Counts {
		x := s.Index(i)
		c.Gaps = append(c.Gaps, x-last)
		last = x
	}
	return c
}

func (c fixtureCounts) states(neurons, timesteps int) (*States, error) {
	words := c.Words
	var x uint64
	for _, gap := range c.Gaps {
		x += gap
		for k := timesteps - 1; k >= 0; k-- {
			words = append(words, uint32(x>>(neurons*k)&(1<<neurons-1)))
		}
	}
	return NewStates(neurons, timesteps, words, c.Counts)
}

// gapBits is the largest n·t whose fixture holds words.
const gapBits = 7

const fixtureSource = "salamander retinal ganglion cells, 297 repeats of a 19 s movie in 953 bins of 20 ms " +
	"(Marre et al. 2017, doi:10.15479/AT:ISTA:61), first neurons of the 50 selected by Spike-GAN; " +
	"counts of stride-1 windows within repeats; odd: repeats 1, 3, 5 ..."

const (
	fixtureOrder     = "words of one timestep each, neuron 0 the most significant bit"
	fixtureGapsOrder = "indices of states as gaps from the one before; timestep 0, neuron 0 the most significant bit"
)

func fixturePath(n, t int) string {
	return filepath.Join("testdata", fmt.Sprintf("states_n%d_t%d.json", n, t))
}

// loadFixture returns the law of all repeats and of the two halves.
func loadFixture(tb testing.TB, n, t int) (all, odd, even *States) {
	tb.Helper()
	all, odd, even, err := readFixture(n, t)
	if err != nil {
		tb.Fatal(err)
	}
	return all, odd, even
}

func readFixture(n, t int) (all, odd, even *States, err error) {
	b, err := os.ReadFile(fixturePath(n, t))
	if err != nil {
		return nil, nil, nil, err
	}
	var f fixture
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, nil, nil, err
	}
	if odd, err = f.Odd.states(f.Neurons, f.Timesteps); err != nil {
		return nil, nil, nil, err
	}
	if even, err = f.Even.states(f.Neurons, f.Timesteps); err != nil {
		return nil, nil, nil, err
	}
	all, err = MergeStates(odd, even)
	return all, odd, even, err
}

var loadRecording = sync.OnceValues(func() (*spikes.Raster, error) {
	dir := os.Getenv("QGAN_SHARED")
	if dir == "" {
		return nil, errNoRecording
	}
	return spikes.Load(filepath.Join(dir, "data", "salamander50.mat"), spikes.LoadOptions{RepeatBins: 953, BinWidth: 0.02})
})

var errNoRecording = errors.New("QGAN_SHARED is not set")

// recording returns the windows of the first n neurons of the whole recording,
// or skips the test where it is not at hand.
func recording(tb testing.TB, n, t int) spikes.Windows {
	tb.Helper()
	r, err := loadRecording()
	if errors.Is(err, errNoRecording) {
		tb.Skip(err)
	}
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
	w, err := r.Windows(t)
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

// TestFixtures checks that testdata are the counts of the recording; with
// -update it writes them.
func TestFixtures(t *testing.T) {
	for _, y := range yardstick {
		odd, even, err := countHalves(recording(t, y.n, y.t))
		if err != nil {
			t.Fatal(err)
		}
		want := fixture{
			Source: fixtureSource, Neurons: y.n, Timesteps: y.t, BinWidth: 0.02, Order: fixtureOrder,
			Odd: newFixtureCounts(odd), Even: newFixtureCounts(even),
		}
		if y.n*y.t > gapBits {
			want.Order = fixtureGapsOrder
		}
		path := fixturePath(y.n, y.t)
		if *update {
			if err := os.WriteFile(path, want.encode(t), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var got fixture
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s differs from the recording (-recording +file):\n%s", path, d)
		}
	}
}

// encode writes one member a line.
func (f fixture) encode(t *testing.T) []byte {
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	s := string(b)
	for _, member := range []string{"source", "neurons", "timesteps", "bin_width_s", "order", "odd", "even"} {
		s = strings.Replace(s, `"`+member+`":`, "\n"+`"`+member+`": `, 1)
	}
	return []byte(strings.TrimSuffix(s, "}") + "\n}\n")
}
