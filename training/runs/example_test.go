package runs_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"qgan/backends/sim"
	"qgan/metrics"
	"qgan/training"
	"qgan/training/runs"
)

// A run that is stopped after 40 steps and gone on with. Another process would begin
// with runs.Open.
func Example() {
	parent, err := os.MkdirTemp("", "runs")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(parent)
	rec, err := metrics.ReadRecording("", metrics.RecordingOptions{Neurons: "2"})
	if err != nil {
		panic(err)
	}
	config, err := training.Preset("deep", 2, 1)
	if err != nil {
		panic(err)
	}
	config.Iterations = 100
	dir, err := runs.Create(nil, filepath.Join(parent, "first"), runs.Manifest{Config: config})
	if err != nil {
		panic(err)
	}
	for range 2 {
		data, err := training.DataOf(rec, config.Timesteps)
		if err != nil {
			panic(err)
		}
		trainer, err := training.New(config, data, &sim.Simulator{}, nil)
		if err != nil {
			panic(err)
		}
		if err := dir.Resume(trainer); err != nil {
			panic(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		fmt.Printf("from step %d: ", trainer.State.Step)
		err = dir.Train(ctx, trainer, nil, func(r training.Row) {
			if r.Step == 40 {
				stop()
			}
		})
		fmt.Printf("step %d, %v\n", trainer.State.Step, err)
		stop()
	}
	// Output:
	// from step 0: step 40, context canceled
	// from step 40: step 100, <nil>
}
