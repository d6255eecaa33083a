package training_test

import (
	"context"
	"fmt"

	"qgan/backends/sim"
	"qgan/metrics/spikes"
	"qgan/training"
)

// Training on the first two neurons of the built-in recording.
func Example() {
	raster, err := spikes.Builtin().Select([]int{0, 1})
	if err != nil {
		panic(err)
	}
	config, err := training.Preset("deep", 2, 1)
	if err != nil {
		panic(err)
	}
	config.Iterations = 400
	data, err := training.NewData(raster, 1)
	if err != nil {
		panic(err)
	}
	trainer, err := training.New(config, data, &sim.Simulator{}, nil)
	if err != nil {
		panic(err)
	}
	for range config.Iterations {
		if _, err := trainer.Step(context.Background()); err != nil {
			panic(err)
		}
	}
	law, err := trainer.Model().EstimateLaw(context.Background(), trainer.State.Average, data.States, 1, 0)
	if err != nil {
		panic(err)
	}
	fmt.Printf("angles %d, below 1e-3 nats: %v\n", training.CountParameters(config).Angles, law.JSNats < 1e-3)
	// Output: angles 20, below 1e-3 nats: true
}
