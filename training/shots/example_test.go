package shots_test

import (
	"context"
	"fmt"

	"qgan/backends/sim"
	"qgan/metrics"
	"qgan/training"
	"qgan/training/shots"
)

// Training from 200 shots of each circuit: what a step measures, and the error of its
// gradient.
func Example() {
	rec, err := metrics.ReadRecording("", metrics.RecordingOptions{Neurons: "2"})
	if err != nil {
		panic(err)
	}
	config, err := training.Preset("deep", 2, 1)
	if err != nil {
		panic(err)
	}
	config = config.WithGradient(training.GradientShift)
	config.Shots, config.Iterations = 200, 5
	on := &sim.Simulator{}
	_, err = training.Train(context.Background(), rec, config, training.Options{
		On: on, Measure: shots.NewEstimator(config, on),
		Observe: func(r training.Row) {
			if r.Step == 5 {
				fmt.Printf("%d circuits, %d shots, error below the gradient's length: %v\n", r.Circuits, r.Shots, r.ShotError < r.Gradient)
			}
		},
	})
	if err != nil {
		panic(err)
	}
	// Output: 41 circuits, 8200 shots, error below the gradient's length: true
}
