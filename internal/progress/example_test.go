package progress_test

import (
	"os"
	"time"

	"qgan/internal/progress"
)

// A task that goes on from step 100, and takes 10 s for 10 steps.
func Example() {
	clock := time.Unix(0, 0)
	bar := progress.New(os.Stdout, func() time.Time { return clock }, progress.Lines, "train", "steps", 100)
	clock = clock.Add(10 * time.Second)
	bar.Update(110, 200, progress.Field{Name: "js_nats", Value: 0.00125})
	bar.Finish()
	// Output: train 110/200 (55%)  js_nats 0.00125  1 steps/s  1m30s left
}
