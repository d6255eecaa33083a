package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"qgan/internal/durable"
	"qgan/metrics"
	"qgan/training/assess"
)

// small is a training of a moment on a recording of its own.
func small(t *testing.T, dir string) []string {
	return []string{"train", dir, "--data", writeExample(t, "data.npy", exampleRepeats, 1), "--neurons", "2", "--iterations", "6", "--layers", "1"}
}

// What train says at its end are the figures of the result, each in its place.
func TestTrainSays(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	said := command(t, nil, append(small(t, dir), "--train-repeats", "odd")...)
	if said.code != exitOK || said.out != dir+"\n" {
		t.Fatalf("exit code %d, stdout %q: %s", said.code, said.out, said.err)
	}
	var r assess.Result
	if err := json.Unmarshal(must[[]byte](t)(os.ReadFile(filepath.Join(dir, "result.json"))), &r); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("qgan: JS %.3g nats to the recording (a perfect model: %.3g; its halves: %.3g), P(silent) %.4f\n",
		*r.JS, *r.Perfect, *r.Floor, r.PSilent)
	for _, line := range append([]string{want, "qgan: " + r.Standing.Sentence + "\n"}, r.Verdict...) {
		if !strings.Contains(said.err, line) {
			t.Errorf("want %q in\n%s", line, said.err)
		}
	}
	if *r.Perfect == *r.Floor || r.Parameters.LatentScales == r.Parameters.Angles {
		t.Errorf("figures are alike: %+v", r)
	}
}

// watched is a file system that tells when a file gets its name.
type watched struct {
	durable.FS
	named func(path string)
}

func (w watched) Rename(from, to string) error {
	w.named(to)
	return w.FS.Rename(from, to)
}

// The last step is told before the judgement, which takes longer than many a training.
func TestLastStepIsTold(t *testing.T) {
	var errs bytes.Buffer
	a := newApp(strings.NewReader(""), new(bytes.Buffer), &errs, func(string) string { return "" })
	a.noPage, a.now = true, func() time.Time { return time.Unix(0, 0) } // so that lines are held back
	told := ""
	a.fs = watched{durable.OS{}, func(path string) {
		if filepath.Base(path) == "result.json" {
			told = errs.String()
		}
	}}
	if code := a.run(t.Context(), small(t, filepath.Join(t.TempDir(), "run"))); code != exitOK {
		t.Fatal(errs.String())
	}
	if !strings.Contains(told, "step 1/6 ") || !strings.Contains(told, "step 6/6 ") {
		t.Errorf("before the result is written:\n%s", told)
	}
	if n := strings.Count(errs.String(), "step 6/6 "); n != 1 {
		t.Errorf("the last step is told %d times", n)
	}
}

// The rate of a training that goes on is that of the steps since.
func TestProgressGoesOn(t *testing.T) {
	args := append(small(t, filepath.Join(t.TempDir(), "run")), "--log", "jsonl")
	train := func(args []string, until string) (lines []string) {
		var errs bytes.Buffer
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		clock := time.Unix(0, 0)
		a := newApp(strings.NewReader(""), new(bytes.Buffer), &listening{&errs, until, cancel}, func(string) string { return "" })
		a.noPage, a.now = true, func() time.Time { clock = clock.Add(6 * time.Second); return clock }
		a.run(ctx, args)
		for line := range strings.Lines(errs.String()) {
			if strings.Contains(line, `"event":"progress"`) {
				lines = append(lines, line)
			}
		}
		return lines
	}
	train(args, `"done":4,`)
	lines := train([]string{"train", args[1], "--resume", "--log", "jsonl"}, "never")
	if len(lines) != 2 {
		t.Fatalf("%d lines of two steps: %q", len(lines), lines)
	}
	for i, line := range lines {
		var p struct {
			Done, Total, Seconds float64
			Rate                 float64 `json:"rate_per_s"`
		}
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatal(err)
		}
		if p.Done != float64(5+i) || p.Total != 6 || math.Abs(p.Rate*p.Seconds-float64(1+i)) > 0.05 {
			t.Errorf("step %d of a training that goes on from 4: %s", 5+i, line)
		}
	}
}

// listening is a stream that calls a function when a text is written.
type listening struct {
	*bytes.Buffer
	text string
	call func()
}

func (w *listening) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(w.text)) {
		w.call()
	}
	return w.Buffer.Write(p)
}

// Samples of a baseline are of the seed and of the half that are asked for.
func TestBaselineSamplesValues(t *testing.T) {
	data, dir := writeExample(t, "data.npy", exampleRepeats, 1), t.TempDir()
	seen := map[string]string{}
	for _, c := range []struct {
		flags string
		o     assess.ScoreOptions
	}{
		{"", assess.ScoreOptions{}},
		{"--seed 7", assess.ScoreOptions{Seed: 7}},
		{"--seed 7 --split blocks-of-repeats", assess.ScoreOptions{Split: "blocks-of-repeats", Seed: 7}},
	} {
		got, want := filepath.Join(dir, "got.npy"), filepath.Join(dir, "want.npy")
		r := command(t, nil, append([]string{"baseline", "--data", data, "--neurons", "3", "--samples", "shuffled=" + got}, strings.Fields(c.flags)...)...)
		if r.code != exitOK {
			t.Fatal(r.err)
		}
		rec := must[*metrics.Recording](t)(testApp().recording(map[string]string{"data": data, "neurons": "3"}, metrics.RecordingOptions{AtMost: 4}))
		must[*assess.Baselines](t)(assess.WriteBaselines(t.Context(), durable.OS{}, rec, []string{"shuffled=" + want}, c.o))
		if fileHash(t, got) != fileHash(t, want) {
			t.Errorf("%q: other samples than the library's", c.flags)
		}
		if other, ok := seen[fileHash(t, got)]; ok {
			t.Errorf("%q and %q: the same samples", c.flags, other)
		}
		seen[fileHash(t, got)] = c.flags
	}
}

// The times of a benchmark are in order, and named as what they are.
func TestBenchSays(t *testing.T) {
	r := command(t, nil, "bench", "qft", "--qubits", "3", "--repeats", "41", "--kernel", "go")
	var median, least, most, checksum float64
	if _, err := fmt.Sscanf(r.out, "qft, kernel go: 1 circuits, 0 shots: median %g s (%g to %g), checksum %g\n", &median, &least, &most, &checksum); err != nil {
		t.Fatalf("%v in %q", err, r.out)
	}
	if !(0 < least && least <= median && median <= most) {
		t.Errorf("median %g of times between %g and %g", median, least, most)
	}
}
