package score_test

import (
	"fmt"
	"log"
	"math/rand/v2"

	"qgan/metrics/score"
	"qgan/metrics/spikes"
)

// A recording of two cells that fire together, and samples in which each fires on its
// own.
func ExampleReferee_Score() {
	rng := rand.New(rand.NewPCG(1, 2))
	recording, samples := spikes.NewRaster(40, 50, 2, 0.02), spikes.NewRaster(20, 50, 2, 0.02)
	for bin := range 40 * 50 {
		both := rng.Float64() < 0.1
		recording.Set(bin/50, bin%50, 0, both)
		recording.Set(bin/50, bin%50, 1, both)
	}
	for bin := range 20 * 50 {
		samples.Set(bin/50, bin%50, 0, rng.Float64() < 0.1)
		samples.Set(bin/50, bin%50, 1, rng.Float64() < 0.1)
	}
	split, err := score.ParseSplit("odd/even")
	if err != nil {
		log.Fatal(err)
	}
	referee, err := score.New(recording, split, score.Options{})
	if err != nil {
		log.Fatal(err)
	}
	s, err := referee.Score(score.Subject{Name: "independent", Samples: samples})
	if err != nil {
		log.Fatal(err)
	}
	for _, v := range s.Values {
		if v.Name == "rmse_correlation" {
			fmt.Printf("%.2f, the training half %.2f\n", *v.Value, *v.Floor)
		}
	}
	// Output: 0.97, the training half 0.00
}
