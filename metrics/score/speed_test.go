package score

import (
	"testing"

	"qgan/internal/stream"
)

// BenchmarkScore judges 149 repeats of 50 cells, the first time with all that is counted
// of the recording's 283,041 bins, floors and random halves.
func BenchmarkScore(b *testing.B) {
	recording := shared(b, "recording", 50)
	split, err := ParseSplit("")
	if err != nil {
		b.Fatal(err)
	}
	train, _, err := split.Halves(recording)
	if err != nil {
		b.Fatal(err)
	}
	m, err := FitPSTH(train)
	if err != nil {
		b.Fatal(err)
	}
	samples := m.Sample(stream.New(1, "benchmark"), train.Repeats, train.Bins)
	for _, again := range []bool{false, true} {
		name := map[bool]string{false: "first", true: "again"}[again]
		b.Run(name, func(b *testing.B) {
			var r *Referee
			for range b.N {
				if r == nil || !again {
					if r, err = New(recording, split, Options{}); err != nil {
						b.Fatal(err)
					}
				}
				if _, err := r.Score(Subject{Name: "psth", Samples: samples}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
