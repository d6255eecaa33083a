package training_test

import (
	"context"
	"fmt"

	"qgan/backends/sim"
	"qgan/metrics"
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
