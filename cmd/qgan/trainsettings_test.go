package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"qgan/backends"
	"qgan/metrics"
	"qgan/metrics/spikes"
	"qgan/training"
	"qgan/training/runs"
)

// settingsOf begins a training, which is stopped before its first step, and returns the
// settings that its manifest keeps.
func settingsOf(t *testing.T, flags string) training.Config {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var errs bytes.Buffer
	a := newApp(strings.NewReader(""), new(bytes.Buffer), &errs, func(string) string { return "" })
	if code := a.run(ctx, append([]string{"train", dir}, strings.Fields(flags)...)); code == exitOK || code == exitUsage {
		t.Fatalf("qgan train %s: exit code %d: %s", flags, code, errs.String())
	}
	return must[*runs.Dir](t)(runs.Open(nil, dir)).Manifest.Config
}

// Each flag of train sets its own field, and what follows from it where nothing else is
// said; the others are the preset's.
func TestTrainSettings(t *testing.T) {
	type config = training.Config
	for _, c := range []struct {
		flags, preset      string
		neurons, timesteps int
		set                func(*config)
	}{
		{"", "deep", 8, 1, func(*config) {}},
		{"--timesteps 2", "deep", 4, 2, func(*config) {}},
		{"--preset paper --neurons 3 --timesteps 5", "paper", 3, 5, func(*config) {}},
		{"--neurons 2 --layers 7 --closing --final-chain --init uniform --seed 12", "deep", 2, 1, func(c *config) {
			c.Layers, c.Closing, c.FinalChain, c.Init, c.Seed = 7, true, true, "uniform", 12
		}},
		{"--neurons 12", "deep", 12, 1, func(*config) {}},
		{"--neurons 12 --starts 5", "deep", 12, 1, func(c *config) { c.Starts = 5 }},
		{"--neurons 9 --objective wgan", "deep", 9, 1, func(c *config) { *c = c.WithObjective(training.ObjectiveWGAN) }},
		{"--neurons 2 --product", "deep", 2, 1, func(c *config) { c.Product = true }},
		{"--neurons 2 --iterations 17 --critic-steps 4 --batch 9 --average 0.5 --schedule constant", "deep", 2, 1, func(c *config) {
			*c = c.WithObjective(training.ObjectiveWGAN)
			c.Iterations, c.CriticSteps, c.Batch, c.Average, c.Schedule = 17, 4, 9, 0.5, "constant"
		}},
		{"--neurons 2 --generator-lr 0.03 --critic-lr 0.04 --beta1 0.1 --beta2 0.2", "deep", 2, 1, func(c *config) {
			*c = c.WithObjective(training.ObjectiveWGAN)
			c.GeneratorLR, c.CriticLR, c.Beta1, c.Beta2 = 0.03, 0.04, 0.1, 0.2
		}},
		{"--neurons 2 --beta1 0.1 --critic-lr 0.04", "deep", 2, 1, func(c *config) { *c = c.WithObjective(training.ObjectiveWGAN); c.Beta1, c.CriticLR = 0.1, 0.04 }}, // one of each pair
		// Weights that belong to the kind of penalty and of the spike-count term.
		{"--neurons 2 --penalty zero", "deep", 2, 1, func(c *config) {
			*c = c.WithObjective(training.ObjectiveWGAN)
			c.Penalty, c.PenaltyWeight = training.PenaltyZero, 0.3
		}},
		{"--neurons 2 --penalty one", "deep", 2, 1, func(c *config) {
			*c = c.WithObjective(training.ObjectiveWGAN)
			c.Penalty, c.PenaltyWeight = training.PenaltyOne, 10
		}},
		{"--neurons 2 --penalty clip", "deep", 2, 1, func(c *config) {
			*c = c.WithObjective(training.ObjectiveWGAN)
			c.Penalty, c.PenaltyWeight = training.PenaltyClip, 0.01
		}},
		{"--neurons 2 --penalty one --penalty-weight 3", "deep", 2, 1, func(c *config) {
			*c = c.WithObjective(training.ObjectiveWGAN)
			c.Penalty, c.PenaltyWeight = training.PenaltyOne, 3
		}},
		{"--neurons 2 --penalty-weight 3", "deep", 2, 1, func(c *config) { *c = c.WithObjective(training.ObjectiveWGAN); c.PenaltyWeight = 3 }},
		{"--neurons 2 --k-loss square", "deep", 2, 1, func(c *config) { c.KLoss, c.K = "square", 0.1 }},
		{"--neurons 2 --k-loss abs --k 0.02", "deep", 2, 1, func(c *config) { c.KLoss, c.K = "abs", 0.02 }},
		// The latent vector.
		{"--neurons 2 --latent-scale 0.5 --latent uniform --latent-qubits 2", "deep", 2, 1, func(c *config) {
			*c = c.WithObjective(training.ObjectiveWGAN)
			c.LatentScale, c.LatentTrained, c.Latent, c.LatentQubits = 0.5, false, "uniform", 2
		}},
		{"--neurons 2 --latent-scale trained", "deep", 2, 1, func(c *config) {
			*c = c.WithObjective(training.ObjectiveWGAN)
			c.LatentScale, c.LatentTrained = 0.1, true
		}},
		{"--neurons 2 --latent-scale trained:0.3", "deep", 2, 1, func(c *config) {
			*c = c.WithObjective(training.ObjectiveWGAN)
			c.LatentScale, c.LatentTrained = 0.3, true
		}},
		{"--neurons 2 --timesteps 2 --memory none --latent-scale trained", "deep", 2, 2, func(c *config) {
			*c = c.WithMemory(training.MemoryNone)
			c.LatentScale, c.LatentTrained = 1, true
		}},
		// What can't be exact is estimated from batches.
		{"--neurons 2 --readout prob", "deep", 2, 1, func(c *config) {
			*c = c.WithObjective(training.ObjectiveWGAN)
			c.Readout, c.Expectation = "prob", training.Batch
		}},
		{"--neurons 2 --timesteps 2 --past 5", "deep", 2, 2, func(c *config) { c.Past, c.Expectation = 5, training.Batch }},
		{"--neurons 3 --timesteps 8 --tied=false", "deep", 3, 8, func(c *config) { c.Tied, c.Past = false, 0 }},
		{"--neurons 2 --timesteps 2 --memory bits", "deep", 2, 2, func(c *config) { *c = c.WithMemory("bits") }},
		{"--neurons 2 --timesteps 3 --own-bits 2", "deep", 2, 3, func(c *config) { c.OwnBits = 2 }},
		{"--neurons 2 --timesteps 2 --objective likelihood", "deep", 2, 2, func(c *config) {
			*c = c.WithObjective("likelihood")
			if c.Past > 0 {
				c.Expectation = training.Batch
			}
		}},
		// Shots.
		{"--neurons 2 --gradient parameter-shift", "deep", 2, 1, func(c *config) {
			*c = c.WithGradient(training.GradientShift)
			c.Shots = 1000
		}},
		{"--neurons 2 --gradient parameter-shift --shots 70", "deep", 2, 1, func(c *config) {
			*c = c.WithGradient(training.GradientShift)
			c.Shots = 70
		}},
		{"--neurons 2 --gradient parameter-shift --shots 30:90", "deep", 2, 1, func(c *config) {
			*c = c.WithGradient(training.GradientShift)
			c.Shots, c.MaxShots = 30, 90
		}},
		{"--neurons 2 --gradient guided-spsa --shots 30 --perturbation 0.4", "deep", 2, 1, func(c *config) {
			*c = c.WithGradient("guided-spsa")
			c.Shots, c.Perturbation = 30, 0.4
		}},
	} {
		t.Run(c.flags, func(t *testing.T) {
			want := must[training.Config](t)(training.Preset(c.preset, c.neurons, c.timesteps))
			c.set(&want)
			got := settingsOf(t, c.flags)
			if want.ChainOrder == training.ChainCorrelation && got.Chain != "" { // found in the recording
				chain := strings.Split(got.Chain, ",")
				slices.Sort(chain)
				if len(slices.Compact(chain)) != c.neurons {
					t.Errorf("the chain %s does not hold each of %d neurons once", got.Chain, c.neurons)
				}
				want.Chain = got.Chain
			}
			if d := gocmp.Diff(want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

// A training goes on with the recording that it was begun with, or not at all.
func TestResumeHoldsTheRecording(t *testing.T) {
	data, other := writeExample(t, "data.npy", exampleRepeats, 1), writeExample(t, "other.npy", exampleRepeats, 2)
	dir := filepath.Join(t.TempDir(), "run")
	resume := func(code int, message string, more ...string) {
		t.Helper()
		r := command(t, nil, append([]string{"train", dir, "--resume"}, more...)...)
		if r.code != code || !strings.Contains(r.err, message) {
			t.Errorf("train --resume %v: exit code %d, want %d with %q: %s", more, r.code, code, message, r.err)
		}
	}
	if r := command(t, nil, "train", dir, "--data", data, "--neurons", "1,0", "--iterations", "2", "--layers", "1", "--train-repeats", "odd"); r.code != exitOK {
		t.Fatal(r.err)
	}
	resume(exitOK, "")
	resume(exitOK, "", "--data", data)
	resume(exitUsage, "has changed: its hash is "+fileHash(t, other), "--data", other)
	resume(exitUsage, "a run keeps its settings", "--neurons", "3")
	if err := os.WriteFile(data, must[[]byte](t)(os.ReadFile(other)), 0o666); err != nil {
		t.Fatal(err)
	}
	resume(exitUsage, "has changed: its hash is "+fileHash(t, other))
}

// By shots: a latent vector is shared by as many samples as are needed for --latents of
// them to suffice; what generate draws is what evaluate judges; and without errors of
// gates or of the readout the laws with and without them are one.
func TestOnNoiseValues(t *testing.T) {
	data, dir := writeExample(t, "data.npy", exampleRepeats, 1), filepath.Join(t.TempDir(), "run")
	if r := command(t, nil, "train", dir, "--data", data, "--bin-width", fmt.Sprint(exampleWidth), "--neurons", "2", "--timesteps", "2", "--memory", "none", "--iterations", "2", "--layers", "1"); r.code != exitOK {
		t.Fatal(r.err)
	}
	model := filepath.Join(t.TempDir(), "readout.toml")
	if err := os.WriteFile(model, []byte("[[readout]]\np1_given_0 = 0.05\np0_given_1 = 0.1\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	const samples = 200
	for _, c := range []struct {
		flags                  string
		perLatent, independent int
	}{{"--latents 7", 29, 7}, {"--latents 8", 25, 8}, {"--shots-per-latent 30", 30, 7}, {"", 100, 2}} {
		out := filepath.Join(t.TempDir(), "trains.npy")
		noise := append([]string{"--samples", fmt.Sprint(samples), "--seed", "5", "--backend", "noisy", "--noise-model", model}, strings.Fields(c.flags)...)
		r := command(t, nil, append([]string{"generate", dir, "--out", out}, noise...)...)
		if r.code != exitOK {
			t.Fatal(r.err)
		}
		var about map[string]any
		if err := json.Unmarshal(must[[]byte](t)(os.ReadFile(spikes.SidecarPath(out))), &about); err != nil {
			t.Fatal(err)
		}
		if got, _ := fieldOf(about, "extra.samples_per_latent"); got != float64(c.perLatent) {
			t.Errorf("%s: %v samples share a latent vector, want %d", c.flags, got, c.perLatent)
		}
		drawn := must[*spikes.Raster](t)(spikes.Load(out, spikes.LoadOptions{}))
		groups := make([][]float64, c.independent)
		for i := range drawn.Repeats {
			groups[i%c.independent] = append(groups[i%c.independent], float64(drawn.Active(i, 0)+drawn.Active(i, 1)))
		}
		size, _ := metrics.EffectiveSamples(groups)
		if want := fmt.Sprintf("effective sample size %.0f of %d", size, samples); !strings.Contains(r.err, want) {
			t.Errorf("%s: want %q: %s", c.flags, want, r.err)
		}
		if c.flags != "--latents 7" {
			continue
		}
		o := object(t, nil, append([]string{"evaluate", dir}, noise...)...)
		s := splitOf(t, data, []int{0, 1}, splits[0].taken, nil)
		_, ds := windowsOf(t, drawn, 2)
		dw, _ := windowsOf(t, drawn, 2)
		for path, want := range map[string]any{
			"noise.mitigation": string(backends.MitigateNone), "noise.laws.0.name": "ideal", "noise.laws.1.name": "noisy", "noise.laws.2.name": "noisy-without-readout-errors",
			"noise.laws.3.name": "read", "noise.laws.3.method": "plugin", "noise.laws.3.windows": float64(samples), "drawn": float64(samples),
			"noise.laws.3.js_nats": *drawnJS(t, s.train, 2, ds), "noise.laws.3.p_silent": ds.PSilent(), "rates_hz.1": metrics.Summarize(dw).RatesHz[1],
		} {
			if got, _ := fieldOf(o, path); got != want {
				t.Errorf("%s: %v, want %v", path, got, want)
			}
		}
		law := func(i int) float64 {
			x, _ := fieldOf(o, fmt.Sprintf("noise.laws.%d.p_silent", i))
			return x.(float64)
		}
		// The ideal law is averaged over other latent vectors, many more.
		if ideal, noisy, without := law(0), law(1), law(2); max(ideal-without, without-ideal) > 0.1 || noisy >= without {
			t.Errorf("P(silent): ideal %v, noisy %v, without readout errors %v", ideal, noisy, without)
		}
	}
}
