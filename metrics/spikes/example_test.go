package spikes_test

import (
	"fmt"
	"os"

	"qgan/metrics/spikes"
)

// A recording as text: rows are time bins, columns are neurons. It is cut into
// repeats of two bins.
func ExampleDecode() {
	text := []byte("left,right\n0,1\n1,1\n0,0\n1,0\n")
	r, err := spikes.Decode("recording.csv", text, spikes.LoadOptions{RepeatBins: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Repeats, "repeats of", r.Bins, "bins,", r.Neurons, "neurons,", r.Spikes(), "spikes")
	// Output: 2 repeats of 2 bins, 2 neurons, 4 spikes
}

// Without data there is the built-in, synthetic recording. Its first eight
// neurons, in windows of ten bins that never cross from one repeat into another:
func ExampleBuiltin() {
	r := spikes.Builtin()
	index, err := spikes.ParseNeurons("8", r.Neurons)
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err = r.Select(index)
	if err != nil {
		fmt.Println(err)
		return
	}
	w, err := r.Windows(10)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(w.Repeats, w.Bins, w.Neurons, w.Len())
	// Output: 100 400 8 39100
}

// Drawn spike trains as CSV: the same raster gives the same bytes.
func ExampleWrite() {
	r := spikes.NewRaster(1, 2, 3, 0.02)
	r.SetWord(0, 0, 0b100) // neuron 0 is the most significant bit
	r.SetWord(0, 1, 0b011)
	if err := spikes.Write(os.Stdout, r, spikes.CSV, spikes.Meta{}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// sample,bin,n0,n1,n2
	// 0,0,1,0,0
	// 0,1,0,1,1
}

// Counts are no spikes; the error says where they are and what to do.
func ExampleInputError() {
	_, err := spikes.Decode("counts.csv", []byte("0,1\n2,0\n"), spikes.LoadOptions{})
	fmt.Println(err)
	// Output: counts.csv: line 2: column 1: element (repeat 0, bin 1, neuron 0) is 2 (spike counts must be binarised first: 1 where a bin holds at least one spike)
}
