package metrics_test

import (
	"fmt"
	"math/rand/v2"

	"qgan/metrics"
	"qgan/metrics/spikes"
)

// Two neurons that fire together more often than by chance: the independent
// model does not see it, the Ising model does. A distance means something only
// above the floor, what draws from the law itself would score.
func Example() {
	rng := rand.New(rand.NewPCG(1, 1))
	recording := spikes.NewRaster(20, 500, 2, 0.02)
	for repeat := range recording.Repeats {
		for bin := range recording.Bins {
			both := rng.Float64() < 0.05
			recording.Set(repeat, bin, 0, both || rng.Float64() < 0.05)
			recording.Set(repeat, bin, 1, both || rng.Float64() < 0.05)
		}
	}
	windows, err := recording.Windows(1)
	if err != nil {
		fmt.Println(err)
		return
	}

	states, err := metrics.CountStates(windows)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d windows, %d of 4 states seen, P(silent) %.2f\n", states.Total, states.Len(), states.PSilent())

	ising, err := metrics.FitIsing(states)
	if err != nil {
		fmt.Println(err)
		return
	}
	floor, _ := metrics.NullFloor(states, 1000, rng, 50)
	for _, model := range []metrics.Model{metrics.FitIndependent(states), ising} {
		js := states.JSSeen(metrics.ProbSeen(model, states))
		fmt.Printf("%s (%d parameters): JS %.4f nats, above the floor of 1000 draws: %t\n",
			model.Name(), model.Parameters(), js, js > floor)
	}
	// Output:
	// 10000 windows, 4 of 4 states seen, P(silent) 0.86
	// independent (2 parameters): JS 0.0157 nats, above the floor of 1000 draws: true
	// ising (3 parameters): JS 0.0000 nats, above the floor of 1000 draws: false
}

// A chain of words that remembers one bin, drawn as a recording, is too seldom
// silent for long.
func ExampleTimeComparer() {
	recording, err := spikes.Builtin().Select([]int{0, 1, 2, 3, 4, 5})
	if err != nil {
		fmt.Println(err)
		return
	}
	odd, even := recording.Halves()
	chain, err := metrics.FitChain(odd, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	comparer, err := metrics.NewTimeComparer(even, []int{30})
	if err != nil {
		fmt.Println(err)
		return
	}
	rng := rand.New(rand.NewPCG(1, 1))
	figures, err := comparer.Compare(chain.Draw(50, 400, 0.02, rng), rng)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range figures {
		if f.Name == "p-silent" {
			fmt.Printf("%v: %.2f, of the recording %.2f\n", f, *f.Value, *f.Data)
		}
	}
	// Output:
	// p-silent, windows of 30 bins: 0.02, of the recording 0.05
}
