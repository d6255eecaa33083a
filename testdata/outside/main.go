// Outside is a program of another module, which does with the library what qgan does with
// its verbs. A test of the project builds and runs it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"qgan/backends"
	"qgan/backends/emulator"
	"qgan/backends/exec"
	"qgan/backends/ibm"
	"qgan/backends/ledger"
	"qgan/backends/remote"
	"qgan/backends/service"
	"qgan/backends/sim"
	"qgan/calibration"
	"qgan/ir"
	"qgan/ir/compile"
	"qgan/metrics"
	"qgan/metrics/spikes"
	"qgan/qasm"
	"qgan/training"
	"qgan/training/assess"
	"qgan/training/runs"
	"qgan/training/study"
)

func main() {
	log.SetFlags(0)
	dir, err := os.MkdirTemp("", "outside")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := all(context.Background(), dir); err != nil {
		log.Fatal(err)
	}
}

// all does one thing after the other; what is kept lies in a folder.
func all(ctx context.Context, dir string) error {
	// Load a recording: the first three neurons of the built-in one, half of its
	// repeats held out. A path reads a file.
	rec, err := metrics.ReadRecording("", metrics.RecordingOptions{Neurons: "3", Repeats: "odd"})
	if err != nil {
		return err
	}
	fmt.Println("recording:", rec.Train.Repeats, "repeats to train on,", rec.Held.Repeats, "held out")

	// Train a generator of windows of one bin.
	config, err := training.Resolve("deep", rec.All.Neurons, 1, map[string]string{"iterations": "1000"})
	if err != nil {
		return err
	}
	trained, err := training.Train(ctx, rec, config, training.Options{On: &sim.Simulator{}})
	if err != nil {
		return err
	}
	fmt.Println("trained:", len(trained.Params), "parameters")

	// Assess it: the distance of its exact law to the recording's, beside that of cells
	// that know nothing of each other.
	generator, err := assess.New(config, trained.State)
	if err != nil {
		return err
	}
	report, err := generator.Evaluate(ctx, "outside", rec, assess.Options{Windows: 2000, Law: assess.WithinReach, Seed: 1})
	if err != nil {
		return err
	}
	for _, b := range report.Baselines {
		if b.Name == "independent" {
			fmt.Println("assessed: nearer than independent cells:", *report.Law.JS < *b.JS)
		}
	}

	// Draw samples and save them.
	samples, meta, err := generator.Draw(ctx, nil, training.Sampling{Samples: 50, Bins: 1, Seed: 2})
	if err != nil {
		return err
	}
	if err := save(filepath.Join(dir, "trains.npz"), samples, meta); err != nil {
		return err
	}
	fmt.Println("drawn:", samples.Repeats, "samples of", samples.Neurons, "neurons")

	// Export its circuit.
	circuit, err := generator.Model.Circuit(generator.Params, 0)
	if err != nil {
		return err
	}
	if circuit, err = circuit.Bind(nil, make([]float64, len(circuit.Data))); err != nil {
		return err
	}
	circuit.MeasureAll()
	if err := qasm.Write(io.Discard, circuit, qasm.Options{Dialect: "qiskit"}); err != nil {
		return err
	}
	fmt.Println("exported:", circuit.Qubits, "qubits")

	return errors.Join(processor(ctx, dir, circuit), resume(ctx, dir, rec, config), layers(ctx, dir))
}

func save(path string, samples *spikes.Raster, meta spikes.Meta) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(spikes.Write(f, samples, spikes.NPZ, meta), f.Close())
}

// processor runs a circuit under a processor's noise, and on the processor itself: an
// emulated service on loopback, which takes the place of one that costs money.
func processor(ctx context.Context, dir string, circuit *ir.Circuit) error {
	emulated, err := emulator.NewIBM(emulator.Options{})
	if err != nil {
		return err
	}
	server := httptest.NewServer(emulated)
	defer server.Close()
	key, instance := emulated.Credentials()
	client, err := ibm.New(ibm.Account{Key: key, Instance: instance}, emulated.Device(), service.Options{Endpoint: server.URL})
	if err != nil {
		return err
	}

	// Compile for the device.
	snapshot, err := client.Snapshot(ctx)
	if err != nil {
		return err
	}
	target, err := compile.NewTarget(snapshot)
	if err != nil {
		return err
	}
	compiled, err := compile.Compile(circuit, target, compile.Options{})
	if err != nil {
		return err
	}
	fmt.Println("compiled:", compiled.Stats.TwoQubitGates, "gates on two qubits")

	// Run under its noise.
	model, err := calibration.NewNoiseModel(snapshot, calibration.NoiseOptions{})
	if err != nil {
		return err
	}
	noisy, err := (&sim.Noisy{Model: model}).Law(ctx, compiled.Circuit, nil, nil)
	if err != nil {
		return err
	}
	fmt.Println("under noise:", len(noisy.Words), "words")

	// Send it through a ledger, in which every job is kept before it leaves.
	jobs, err := ledger.Open(nil, filepath.Join(dir, "ledger"), nil)
	if err != nil {
		return err
	}
	sender := &remote.Remote{Service: client, Ledger: jobs, Patience: remote.Patience{PollMin: time.Millisecond, PollMax: time.Millisecond}}
	runner := &exec.Compiled{Runner: sender, Target: target}
	results, err := runner.Run(ctx, []backends.Request{{Circuit: circuit, Shots: []int{1000}}})
	if err != nil {
		return err
	}
	shots := 0
	for _, c := range results[0].Outcomes[0].Counts {
		shots += c.N
	}
	fmt.Println("sent:", shots, "shots came back")
	return nil
}

// resume keeps a run, stops it after 50 steps and goes on with it.
func resume(ctx context.Context, dir string, rec *metrics.Recording, config training.Config) error {
	config.Iterations = 80
	run, err := runs.Create(nil, filepath.Join(dir, "run"), runs.Manifest{Config: config})
	if err != nil {
		return err
	}
	data, err := training.DataOf(rec, config.Timesteps)
	if err != nil {
		return err
	}
	for range 2 {
		trainer, err := training.New(config, data, &sim.Simulator{}, nil)
		if err != nil {
			return err
		}
		if err := run.Resume(trainer); err != nil {
			return err
		}
		from := trainer.State.Step
		ctx, stop := context.WithCancel(ctx)
		err = run.Train(ctx, trainer, nil, func(r training.Row) {
			if r.Step == 50 {
				stop()
			}
		})
		stop()
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
		fmt.Println("run: from step", from, "to", trainer.State.Step)
	}
	return nil
}

// layers is a study: a training for each number of layers, two side by side.
func layers(ctx context.Context, dir string) error {
	plan, err := study.Parse(`
[settings]
neurons = 3
iterations = 50
[grid]
layers = [1, 2, 3]
`, "layers.toml")
	if err != nil {
		return err
	}
	s := study.Study{Plan: plan, Folder: filepath.Join(dir, "study"), Works: new(study.Lab).Works(), Workers: 2, Name: "outside"}
	table, err := s.Run(ctx)
	if err != nil {
		return err
	}
	for _, r := range table.Rows {
		fmt.Println("study:", r.Task.Settings["layers"], "layers,", r.Row["parameters"], "parameters")
	}
	return nil
}
