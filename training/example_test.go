package training_test

import (
	"context"
	"fmt"

	"qgan/backends/sim"
	"qgan/metrics"
	"qgan/metrics/spikes"
	"qgan/training"
)

// Training on the first two neurons of the built-in recording.
func Example() {
	rec, err := metrics.ReadRecording("", metrics.RecordingOptions{Neurons: "2"})
	if err != nil {
		panic(err)
	}
	config, err := training.Preset("deep", 2, 1)
	if err != nil {
		panic(err)
	}
	config.Iterations = 400
	trained, err := training.Train(context.Background(), rec, config, training.Options{On: &sim.Simulator{}})
	if err != nil {
		panic(err)
	}
	states, err := rec.Law(metrics.Trained, 1)
	if err != nil {
		panic(err)
	}
	law, err := trained.Model.EstimateLaw(context.Background(), trained.Params, states, 1, 0)
	if err != nil {
		panic(err)
	}
	fmt.Printf("angles %d, below 1e-3 nats: %v\n", training.CountParameters(config).Angles, law.JSNats < 1e-3)
	// Output: angles 20, below 1e-3 nats: true
}

// Three cells whose repeats share a stimulus: the generator knows the time in the repeat, and
// draws repeats that fire where the recording does.
func ExamplePopulation() {
	r := spikes.NewRaster(40, 6, 3, 0.02)
	for rep := range r.Repeats {
		for b := range r.Bins {
			r.Set(rep, b, b/2, (rep+b)%4 != 0) // each cell in two bins of its own
		}
	}
	rec, err := metrics.NewRecording(r, "odd")
	if err != nil {
		panic(err)
	}
	c, err := training.Resolve("deep", 3, 1, map[string]string{"stimulus": "repeat", "entangler": "pair", "iterations": "50", "batch": "128"})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	trained, err := training.Train(ctx, rec, c, training.Options{On: new(sim.Simulator)})
	if err != nil {
		panic(err)
	}
	drawn, err := trained.Model.Draw(ctx, trained.Params, 500, 6, 0.02, 1)
	if err != nil {
		panic(err)
	}
	for b := range drawn.Bins {
		most, count := 0, 0
		for q := range 3 {
			n := 0
			for rep := range drawn.Repeats {
				if drawn.At(rep, b, q) {
					n++
				}
			}
			if n > count {
				most, count = q, n
			}
		}
		fmt.Print(most, " ")
	}
	fmt.Println()
	// Output: 0 0 1 1 2 2
}
