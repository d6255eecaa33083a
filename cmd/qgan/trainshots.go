package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"qgan/backends"
	"qgan/backends/exec"
	"qgan/backends/remote"
	"qgan/backends/sim"
	"qgan/calibration"
	"qgan/internal/durable"
	"qgan/training"
	"qgan/training/runs"
	"qgan/training/shots"
)

// processorOf describes where circuits are measured, for the manifest.
func (f *trainFlags) processorOf(a *app, on *processor) *runs.Processor {
	if on == nil {
		return nil
	}
	w := f.where
	p := &runs.Processor{
		NoiseModel: w.noise.model, DeviceNoise: w.noise.scale, CalibrationShots: w.mitigate.shots, M3Distance: w.mitigate.distance,
		Endpoint: w.remote.endpoint, Snapshot: on.Snapshot,
	}
	if w.backend == "noisy" {
		p.Device, p.ReadoutError = w.noise.device, w.noise.readout
	}
	// A folder may be another one when the run goes on.
	for _, path := range []*string{&p.Device, &p.NoiseModel} {
		if *path == "" {
			continue
		}
		if _, err := a.fs.Stat(*path); err != nil {
			continue // the name of a device that was fetched
		}
		if whole, err := filepath.Abs(*path); err == nil {
			*path = whole
		}
	}
	return p
}

// fromManifest sets the flags of a run's processor.
func (f *trainFlags) fromManifest(m runs.Manifest) {
	w := &f.where
	w.backend, w.mitigate.method = m.Config.Backend, string(m.Config.Mitigation)
	if w.mitigate.method == "" {
		w.mitigate.method = string(backends.MitigateNone)
	}
	if p := m.Processor; p != nil {
		w.noise = noiseFlags{p.Device, p.NoiseModel, p.DeviceNoise, p.ReadoutError}
		w.mitigate.shots, w.mitigate.distance = p.CalibrationShots, p.M3Distance
		if len(w.remote.endpoint) == 0 {
			w.remote.endpoint = p.Endpoint
		}
	}
}

// estimator returns what measures a run's gradients, and where; both are nil where
// gradients are exact.
func (f *trainFlags) estimator(ctx context.Context, a *app, c training.Config, changed func(string) bool) (training.Measurer, *processor, error) {
	on, err := f.where.open(ctx, a, "train", changed, c.Shots, c.Seed)
	switch {
	case err != nil || !c.Measured():
		return nil, nil, err
	case on == nil:
		return shots.NewEstimator(c, &sim.Simulator{Kernel: f.kernel}), nil, nil
	}
	return shots.NewEstimator(c, on.sampled), on, nil
}

// gradientText says how gradients are taken.
func gradientText(c training.Config, on *processor) string {
	if !c.Measured() {
		return "exact gradients by an adjoint sweep"
	}
	shots := fmt.Sprintf("%d shots a circuit", c.Shots)
	if c.MaxShots > 0 {
		shots = fmt.Sprintf("%d to %d shots a circuit, allocated by their variances", c.Shots, c.MaxShots)
	}
	text := fmt.Sprintf("gradients by %s from %s on %s", c.Gradient, shots, c.Backend)
	if on != nil && on.Name != c.Backend {
		text += " (" + on.Name + ")"
	}
	if c.Mitigation != "" {
		text += ", readout errors taken out by " + string(c.Mitigation)
	}
	if c.Readout != training.Born {
		text += "; the critic is not linear in the spike probabilities, so its gradients have a bias of the order of 1/shots"
	}
	return text
}

// rehearse counts and prices what a training will send, by steps that send nothing. It
// refuses what the limit of a command does not allow.
func (f *trainFlags) rehearse(ctx context.Context, a *app, c training.Config, data *training.Data, on *processor, steps int) error {
	exact := &sim.Simulator{Kernel: f.kernel}
	r := &remote.Rehearsal{Service: on.service, Answer: exec.Idealised{Runner: exact}}
	t, err := training.New(c, data, exact, shots.NewEstimator(c, on.Over(r)))
	if err != nil {
		return err
	}
	sends, err := r.Forecast(steps, func() error { _, err := t.Step(ctx); return err })
	if err != nil {
		return remoteError(on.service, err)
	}
	text := fmt.Sprintf("%s left: at most %s with %d circuits and %d shots in all; a step has %s with %s of them, one after the other",
		plural(steps, "step"), plural(sends.Jobs, "job"), sends.Circuits, sends.Shots, plural(sends.StepJobs, "job"), plural(sends.StepRounds, "round"))
	if sends.PerMinute > 0 {
		text += fmt.Sprintf("; %d submissions a minute are taken, so it lasts %s and the queue beside", sends.PerMinute, minutes(sends.Least.Minutes()))
	}
	switch {
	case on.service.Endpoint() != "":
		text += "; jobs at another address than the service's cost nothing"
	case sends.Unpriced:
		text += "; no price is known"
	default:
		text += fmt.Sprintf("; at most $%.2f", sends.USD)
	}
	a.note("%s", text)
	spending, err := f.where.remote.limits(a)
	if err != nil {
		return err
	}
	return sends.Within(spending, "the training")
}

// minutes says how long so many minutes are.
func minutes(m float64) string {
	if m < 120 {
		return fmt.Sprintf("%.0f min at least", m)
	}
	return fmt.Sprintf("%.1f h at least", m/60)
}

// running names the jobs of a training that was stopped and that are still at the
// service.
func (a *app) running(on *processor) string {
	if on == nil || on.service == nil || on.ledger == nil {
		return "no remote jobs are running"
	}
	jobs, err := on.ledger.Jobs()
	if err != nil {
		return "the ledger can't be read: " + err.Error()
	}
	var open []string
	for _, j := range jobs {
		if j.Service == on.service.Service() && j.Device == on.service.Device() && !j.State.Final() {
			open = append(open, j.ID)
		}
	}
	switch {
	case len(open) == 0:
		return "no remote jobs are running"
	case len(open) > 10:
		open = append(open[:10], "…")
	}
	return "at the service are still " + strings.Join(open, ", ") + " (`qgan jobs show`); going on takes them up"
}

// calibrationPath is where a run keeps the calibration data that its circuits are compiled
// for.
func calibrationPath(r *runs.Dir) string { return filepath.Join(r.Path, "calibration.json") }

func (a *app) keepCalibration(r *runs.Dir, s *calibration.Snapshot) error {
	raw, err := s.Encode()
	if err != nil {
		return err
	}
	return durable.WriteFile(a.fs, calibrationPath(r), func(w io.Writer) error { _, err := w.Write(raw); return err })
}
