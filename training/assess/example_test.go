package assess_test

import (
	"context"
	"fmt"
	"time"

	"qgan/backends/sim"
	"qgan/metrics"
	"qgan/training"
	"qgan/training/assess"
)

// A generator is trained on the odd repeats of two neurons and held against the even ones,
// beside the distance of the halves to each other.
func Example() {
	rec, err := metrics.ReadRecording("", metrics.RecordingOptions{Neurons: "2", Repeats: "odd"})
	if err != nil {
		panic(err)
	}
	config, err := training.Preset("deep", 2, 1)
	if err != nil {
		panic(err)
	}
	config.Iterations = 400
	data, err := training.DataOf(rec, config.Timesteps)
	if err != nil {
		panic(err)
	}
	trainer, err := training.New(config, data, &sim.Simulator{}, nil)
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	if err := trainer.Train(ctx, nil, time.Now, nil); err != nil {
		panic(err)
	}

	generator, err := assess.New(config, trainer.State)
	if err != nil {
		panic(err)
	}
	law, err := generator.Law(ctx, rec, config.Seed)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s law, below 1e-3 nats to the repeats held out: %v\n", law.Method, *law.HeldOut < 1e-3)

	e, err := generator.Evaluate(ctx, "two neurons", rec, assess.Options{Windows: 1000, Law: assess.WithinReach, Seed: 1})
	if err != nil {
		panic(err)
	}
	for _, m := range e.Baselines {
		fmt.Println(m.Name, m.JSHeldOut != nil)
	}
	fmt.Println("in time beside", e.Time.Results[1].Name, "against", e.Time.Against)

	drawn, meta, err := generator.Draw(ctx, nil, training.Sampling{Samples: 10, Bins: config.Timesteps, Seed: 1})
	if err != nil {
		panic(err)
	}
	fmt.Println(drawn.Repeats, "samples of", meta.Model)
	// Output:
	// exact law, below 1e-3 nats to the repeats held out: true
	// silent true
	// independent true
	// ising true
	// split-half true
	// in time beside split-half against the repeats held out
	// 10 samples of qgan deep, readout born
}
