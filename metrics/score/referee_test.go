package score

import (
	"math"
	"slices"
	"strings"
	"testing"

	"qgan/internal/stream"
	"qgan/metrics/spikes"
)

func TestSplits(t *testing.T) {
	for _, c := range []struct {
		name          string
		repeats, bins int
		train, judge  []int // the first repeats of each half, or bins of the only repeat
		bad           string
	}{
		{"", 5, 3, []int{0, 2, 4}, []int{1, 3}, ""},
		{"odd/even", 4, 3, []int{0, 2}, []int{1, 3}, ""},
		{"odd-even", 4, 3, []int{0, 2}, []int{1, 3}, ""},
		{"odd/even", 1, 9, nil, nil, "two repeats"},
		{"blocks of repeats", 20, 2, []int{0, 1, 4, 5, 8, 9, 12, 13, 16, 17}, []int{2, 3, 6, 7, 10, 11, 14, 15, 18, 19}, ""},
		{"blocks-of-repeats", 5, 2, []int{0, 2}, []int{1, 3, 4}, ""},
		{"blocks of time", 1, 1, nil, nil, "two stretches"},
		{"thirds", 4, 4, nil, nil, "no split"},
	} {
		r := spikes.NewRaster(c.repeats, c.bins, 1, 0)
		split, err := ParseSplit(c.name)
		var train, judge *spikes.Raster
		if err == nil {
			// Each repeat is known by itself.
			r = numbered(c.repeats, c.bins)
			train, judge, err = split.Halves(r)
		}
		if c.bad != "" {
			if err == nil || !strings.Contains(err.Error(), c.bad) {
				t.Errorf("%s of %d repeats: %v, want %q", c.name, c.repeats, err, c.bad)
			}
			continue
		}
		if err != nil || !slices.Equal(numbers(train), c.train) || !slices.Equal(numbers(judge), c.judge) {
			t.Errorf("%s of %d repeats: %v and %v, %v", c.name, c.repeats, numbers(train), numbers(judge), err)
		}
		if got := split.Judging(c.repeats); !slices.Equal(got, c.judge) {
			t.Errorf("%s: of %d repeats %v judge, want %v", c.name, c.repeats, got, c.judge)
		}
	}
	split, err := ParseSplit("blocks of time")
	if err != nil {
		t.Fatal(err)
	}
	r := spikes.NewRaster(2, 45, 1, 0) // 22 stretches of two bins, one bin left over
	for bin := range 45 {
		r.Set(1, bin, 0, bin/2%2 == 0)
	}
	train, judge, err := split.Halves(r)
	if err != nil || train.Repeats != 22 || train.Bins != 2 || judge.Spikes() != 0 || train.Spikes() != 22 {
		t.Errorf("blocks of time: %v %v %v", train, judge, err)
	}
	if got := split.Judging(2); len(got) != 2 {
		t.Errorf("blocks of time: %v have a part that judges, want both", got)
	}
}

// numbered is a raster whose repeats fire as their numbers are written in bits.
func numbered(repeats, bins int) *spikes.Raster {
	r := spikes.NewRaster(repeats, bins, 8, 0)
	for rep := range repeats {
		for b := range bins {
			r.SetWord(rep, b, uint32(rep))
		}
	}
	return r
}

func numbers(r *spikes.Raster) []int {
	var out []int
	for rep := range r.Repeats {
		n := 0
		for i := range 8 {
			n = n*2 + int(one(r, rep, 0, i))
		}
		out = append(out, n)
	}
	return out
}

func judged(t *testing.T, r *Referee, s Subject) map[string]Value {
	t.Helper()
	score, err := r.Score(s)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]Value{}
	for _, v := range score.Values {
		out[v.Name] = v
	}
	return out
}

func TestScore(t *testing.T) {
	split, err := ParseSplit("")
	if err != nil {
		t.Fatal(err)
	}
	recording := drawn(41, 60, 3, stream.New(6, "recording"))
	r, err := New(recording, split, Options{Resamples: 60, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	// The training half is its own floor, and within what perfect samples score.
	train := judged(t, r, Subject{Name: "training half", Samples: r.Train(), LogLikelihoods: make([]float64, 20)})
	outside := 0
	for _, v := range train {
		if v.Name == jsWordsExact {
			continue // samples have no law
		}
		if v.Value == nil || v.Floor == nil && v.Name != "log_likelihood" {
			t.Errorf("%s: %+v", v.Name, v)
			continue
		}
		if v.Floor != nil && *v.Value != *v.Floor {
			t.Errorf("%s: %g, floor %g", v.Name, *v.Value, *v.Floor)
		}
		if v.Name == "log_likelihood" || v.Name == "predictability_gain" {
			continue
		}
		if v.Perfect == nil || !(v.Perfect.Low <= v.Perfect.Mean && v.Perfect.Mean <= v.Perfect.High) {
			t.Errorf("%s: perfect %+v", v.Name, v.Perfect)
			continue
		}
		if *v.Value < v.Perfect.Low || *v.Value > v.Perfect.High {
			outside++
		}
		if len(v.Interval) != 2 || !(v.Interval[0] <= v.Interval[1]) {
			t.Errorf("%s: interval %v", v.Name, v.Interval)
		}
	}
	if outside > 8 {
		t.Errorf("%d of %d figures of the training half are outside of what perfect samples score", outside, len(train))
	}
	// Results do not depend on the number of workers.
	alone, err := New(recording, split, Options{Resamples: 60, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	again := judged(t, alone, Subject{Name: "training half", Samples: r.Train()})
	for name, v := range again {
		if v.Value != nil && (*v.Value != *train[name].Value || !slices.Equal(v.Interval, train[name].Interval)) {
			t.Errorf("%s: %+v with one worker, %+v with two", name, v, train[name])
		}
	}
	// Repeats in another order of their cells are another thing.
	swapped, err := r.Train().Select([]int{2, 0, 1})
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range judged(t, r, Subject{Name: "swapped", Samples: swapped}) {
		if name == "psth_r2_median" || name == "rate_error" || name == "covariance_error_lag_0" || name == "predictability_gain" {
			if p := train[name].Perfect; p != nil && *v.Value >= p.Low && *v.Value <= p.High || p == nil && *v.Value > *v.Floor/2 {
				t.Errorf("%s does not see cells in another order: %+v", name, v)
			}
		}
	}
}

// Samples of other shapes are brought to the recording's, or it to theirs.
func TestShapes(t *testing.T) {
	recording := drawn(30, 60, 3, stream.New(8, "shapes"))
	splits := Splits()
	for _, c := range []struct {
		split         Split
		repeats, bins int
		wantRepeats   int
		wantBins      int
		aligned       bool
		note          string
	}{
		{splits[0], 10, 60, 10, 60, true, ""},
		{splits[0], 1, 700, 11, 60, false, "cut"},
		{splits[0], 500, 7, 500, 7, false, "windows of 7"},
		{splits[1], 10, 60, 10, 60, true, ""},
		{splits[2], 30, 60, 600, 3, false, "cut"},
	} {
		r, err := New(recording, c.split, Options{Resamples: 30})
		if err != nil {
			t.Fatal(err)
		}
		s, err := r.Score(Subject{Name: "samples", Samples: drawn(c.repeats, c.bins, 3, stream.New(9, "samples"))})
		if err != nil {
			t.Fatal(err)
		}
		if s.Repeats != c.wantRepeats || s.Bins != c.wantBins || s.Aligned != c.aligned || !strings.Contains(strings.Join(s.Notes, " "), c.note) {
			t.Errorf("%s, %d x %d: %d x %d, %v, %v", c.split.Name, c.repeats, c.bins, s.Repeats, s.Bins, s.Aligned, s.Notes)
		}
		for _, v := range s.Values {
			stimulus := v.Name == "psth_r2_median" || strings.HasPrefix(v.Name, "noise") || strings.HasPrefix(v.Name, "signal")
			if stimulus && (v.Value != nil) != c.aligned || v.Name == "rmse_correlation" && v.Value == nil || (v.Value == nil) != (v.Missing != "") {
				t.Errorf("%s, %d x %d: %+v", c.split.Name, c.repeats, c.bins, v)
			}
		}
	}
	r, err := New(recording, splits[0], Options{Resamples: -1})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		samples     *spikes.Raster
		likelihoods []float64
		want        string
	}{
		{spikes.NewRaster(2, 60, 4, 0), nil, "4 neurons, the recording has 3"},
		{spikes.NewRaster(2, 60, 3, 0.01), nil, "bins of 0.01 s"},
		{spikes.NewRaster(0, 60, 3, 0), nil, "no bins"},
		{spikes.NewRaster(2, 60, 3, 0), make([]float64, 3), "likelihoods of 3 repeats"},
	} {
		if _, err := r.Score(Subject{Name: "samples", Samples: c.samples, LogLikelihoods: c.likelihoods}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

// TestIntervals: over many recordings of one process the interval of a figure holds the
// mean of what as many repeats score, in nearly 95 of 100, and the mean over random
// halves of one recording is the mean over recordings.
func TestIntervals(t *testing.T) {
	split, err := ParseSplit("")
	if err != nil {
		t.Fatal(err)
	}
	const trials = 40
	figures := []string{"rate_error", "rmse_correlation", "js_words", "p_silent_2", "fano_relative_error", "mmd2_sigma_1.3"}
	values, scores := map[string][]float64{}, []map[string]Value{}
	for k := range trials {
		r, err := New(drawn(60, 25, 3, stream.New(20, "interval", uint64(k))), split, Options{Resamples: 60})
		if err != nil {
			t.Fatal(err)
		}
		s := judged(t, r, Subject{Name: "training half", Samples: r.Train()})
		for _, name := range figures {
			values[name] = append(values[name], *s[name].Value)
		}
		scores = append(scores, s)
	}
	for _, name := range figures {
		want, held, perfect := mean(values[name]), 0, 0.0
		for _, s := range scores {
			if v := s[name].Interval; v[0] <= want && want <= v[1] {
				held++
			}
			perfect += s[name].Perfect.Mean / trials
		}
		if held < trials*80/100 {
			t.Errorf("%s: %d of %d intervals hold the expected value %g", name, held, trials, want)
		}
		if name != "mmd2_sigma_1.3" && math.Abs(perfect/want-1) > 0.15 {
			t.Errorf("%s: perfect samples are said to score %g, they score %g", name, perfect, want)
		}
	}
}

// TestIntervalsOfWindows: the same of samples that are windows, few and many, of a model
// that is right and of one that is not.
func TestIntervalsOfWindows(t *testing.T) {
	split, err := ParseSplit("")
	if err != nil {
		t.Fatal(err)
	}
	const trials = 24
	right := processes()[0]
	for _, draws := range []int{100, 500, 5000} {
		for _, name := range []string{"right", "silent sixth cell"} {
			var values []float64
			var intervals [][]float64
			for k := range trials {
				rng := stream.New(22, name, uint64(draws), uint64(k))
				x := spikes.NewRaster(right.repeats, right.bins, 6, 0)
				for rep := range x.Repeats {
					right.draw(x, rep, rng)
				}
				samples := spikes.NewRaster(draws, 1, 6, 0)
				for rep := range draws {
					right.draw(samples, rep, rng)
					samples.Set(rep, 0, 5, name == "right" && samples.At(rep, 0, 5))
				}
				r, err := New(x, split, Options{Resamples: 60, Seed: uint64(k)})
				if err != nil {
					t.Fatal(err)
				}
				v := judged(t, r, Subject{Name: name, Samples: samples})[jsWords]
				values, intervals = append(values, *v.Value), append(intervals, v.Interval)
			}
			want, held := mean(values), 0
			for _, v := range intervals {
				if v[0] <= want && want <= v[1] {
					held++
				}
			}
			t.Logf("%s, %d draws: %d of %d intervals hold the expected value %.3g", name, draws, held, trials, want)
			if held < trials*80/100 {
				t.Errorf("%s, %d draws: %d of %d intervals hold the expected value %.3g", name, draws, held, trials, want)
			}
		}
	}
}

// A recording that was cut before is judged by the half that it was given, and models
// without intervals score the same.
func TestGivenAndBrief(t *testing.T) {
	r := spikes.NewRaster(8, 40, 2, 0.02)
	rng := stream.New(5, "given")
	for i := range 8 * 40 {
		r.SetWord(i/40, i%40, uint32(rng.IntN(4)))
	}
	first, err := r.SelectRepeats([]int{0, 1, 2}, "")
	if err != nil {
		t.Fatal(err)
	}
	rest, err := r.SelectRepeats([]int{3, 4, 5, 6, 7}, "")
	if err != nil {
		t.Fatal(err)
	}
	split := Given("cut", "in two", first, rest)
	if split.Judging(8) != nil {
		t.Errorf("it was cut before, and %v judge", split.Judging(8))
	}
	var all [2]*Score
	for i, brief := range []bool{false, true} {
		referee, err := New(r, split, Options{Resamples: 30, Brief: brief})
		if err != nil {
			t.Fatal(err)
		}
		if referee.Train() != first || referee.Judge() != rest {
			t.Error("other halves than were given")
		}
		if all[i], err = referee.ScoreBaseline("independent"); err != nil {
			t.Fatal(err)
		}
	}
	for k, v := range all[0].Values {
		b := all[1].Values[k]
		if (v.Interval == nil) != (v.Value == nil) || b.Interval != nil {
			t.Errorf("%s: intervals %v and %v", v.Name, v.Interval, b.Interval)
		}
		if v.Value != nil && (*b.Value != *v.Value || (v.Floor == nil) != (b.Floor == nil) || (v.Perfect == nil) != (b.Perfect == nil)) {
			t.Errorf("%s: %v and %v", v.Name, *v.Value, *b.Value)
		}
	}
}
