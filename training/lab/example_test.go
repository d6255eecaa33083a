package lab_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"qgan/training/lab"
)

// A training as its settings say, kept in a directory.
func Example() {
	parent, err := os.MkdirTemp("", "lab")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(parent)
	ctx, l := context.Background(), new(lab.Lab)
	job, err := l.New(ctx, lab.Settings{"neurons": "2", "iterations": "400", "train-repeats": "odd"})
	if err != nil {
		panic(err)
	}
	defer job.Close()
	if err := job.Begin(filepath.Join(parent, "first")); err != nil {
		panic(err)
	}
	result, err := job.Train(ctx, nil)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%d angles, held out below 1e-3 nats: %v\n", result.Parameters.Angles, *result.HeldOut < 1e-3)
	// Output: 20 angles, held out below 1e-3 nats: true
}
