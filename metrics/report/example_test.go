package report_test

import (
	"fmt"
	"io"

	"qgan/metrics"
	"qgan/metrics/report"
	"qgan/metrics/spikes"
)

// A report of one model whose law is known. A program would write whole files
// where this one only names them.
func Example() {
	recording, err := spikes.Builtin().Select([]int{0, 1, 2})
	if err != nil {
		fmt.Println(err)
		return
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
	seen := metrics.ProbSeen(metrics.FitIndependent(states), states)
	paths, err := report.Write("out", report.Input{
		Title:       "Three neurons",
		Lines:       []string{"recording: " + recording.Source.Path},
		States:      states,
		Data:        metrics.Summarize(windows),
		DataWindows: windows,
		Models:      []report.Model{{Name: "independent", Seen: seen, JSNats: states.JSSeen(seen), JSValid: true}},
		BinWidth:    recording.BinWidth,
	}, func(path string, f func(io.Writer) error) error { return f(io.Discard) })
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(paths), "files, no curve among them")
	// Output:
	// 11 files, no curve among them
}
