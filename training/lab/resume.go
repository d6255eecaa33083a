package lab

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"qgan/backends"
	"qgan/internal/durable"
	"qgan/internal/named"
	"qgan/metrics"
	"qgan/training"
	"qgan/training/runs"
)

// Resume prepares a run to be gone on with from its newest checkpoint, or from its manifest.
// What is given must be the run's own, but for another place of the same recording. It is a
// *runs.Error where the recording or the calibration data are no longer those that the run
// was begun with.
func (l *Lab) Resume(ctx context.Context, dir string, s Settings) (*Training, error) {
	run, err := runs.Open(l.FS, dir)
	if err != nil {
		return nil, err
	}
	m := run.Manifest
	indices := m.Data.Neurons
	if s.given("neurons") {
		indices = nil
	}
	rec, err := s.LikeRun(m).Recording(metrics.RecordingOptions{Indices: indices})
	if err != nil {
		return nil, err
	}
	if sum := rec.Train.Source.SHA256; sum != m.Data.SHA256 {
		return nil, &runs.Error{Path: dir, Err: fmt.Errorf("the recording %s has changed: its hash is %s, the run was begun with %s", rec.Train.Source.Path, sum, m.Data.SHA256),
			Hint: "give the recording of the run as data"}
	}
	if err := s.same(m.Config, rec); err != nil {
		return nil, err
	}
	t, err := l.prepare(ctx, m.Config, rec, ofManifest(m, s), keptCalibration(run))
	if err != nil {
		return nil, err
	}
	if t.On != nil && m.Processor != nil && t.On.Snapshot != m.Processor.Snapshot {
		t.Close()
		return nil, &runs.Error{Path: dir, Err: fmt.Errorf("the calibration data of %s have changed: their hash is %.12s, the run was begun with %.12s", t.On.Name, t.On.Snapshot, m.Processor.Snapshot),
			Hint: "give back the file, or train into another directory"}
	}
	t.Run = run
	if b := l.Build; b.Version != m.Program.Version || b.Commit != m.Program.Commit || b.Arch != m.Program.Arch {
		t.Warnings = append(t.Warnings, fmt.Sprintf("%s was begun by %s (%.12s) on %s, this is %s (%.12s) on %s: the parameters may differ in their last bits from an undisturbed run",
			dir, m.Program.Version, m.Program.Commit, m.Program.Arch, b.Version, b.Commit, b.Arch))
	}
	return t, nil
}

// LikeRun are the settings of a recording with those of a run's recording where none are given.
func (s Settings) LikeRun(m runs.Manifest) Settings {
	out := Settings{}
	if !s.given("data") && m.Data.File != "" {
		out = Settings{"data": m.Data.File, "var": m.Data.Variable, "axes": m.Data.Axes}
		if m.Data.RepeatBins != 0 {
			out["repeat-bins"] = strconv.Itoa(m.Data.RepeatBins)
		}
		if m.Data.Trials != "" {
			out["trials"] = m.Data.Trials
		}
		for name, x := range map[string]float64{"bin-width": m.Data.BinWidth, "sampling-rate": m.Data.SamplingRate, "max-gap": m.Data.MaxGap} {
			if x != 0 {
				out[name] = strconv.FormatFloat(x, 'g', -1, 64)
			}
		}
	}
	out["train-repeats"] = m.Data.Repeats
	for _, name := range OfRecording() {
		if s.given(name) {
			out[name] = s[name]
		}
	}
	return out
}

// same reports settings that are not the run's.
func (s Settings) same(c training.Config, rec *metrics.Recording) error {
	want := c
	want.Preset = s.or("preset", c.Preset)
	if s.given("timesteps") {
		var err error
		if want.Timesteps, err = s.timesteps(); err != nil {
			return err
		}
	}
	want.Neurons = rec.Train.Neurons
	want, err := want.With(s.ofTraining())
	if err != nil {
		return err
	}
	if !s.given("k") {
		want.K = c.K
	}
	want = want.For(rec)
	for _, row := range training.Settings() {
		if has, given := row.Text(c), row.Text(want); has != given && s.given(row.Name) {
			return named.Inputf("%s %s: the run has %s, and with {resume} a run keeps its settings (leave it out, or train into another directory)", named.Setting(row.Name), given, has)
		}
	}
	if want != c {
		return named.Inputf("{resume}: a run keeps its settings, and some given here are others (leave them out, or train into another directory)")
	}
	return nil
}

// processor describes what measures, for the manifest.
func (t *Training) processor() *runs.Processor {
	if t.On == nil {
		return nil
	}
	s := t.settings
	p := &runs.Processor{
		NoiseModel: s["noise-model"], DeviceNoise: s["device-noise"], CalibrationShots: t.On.Correction.CalibrationShots, M3Distance: t.On.Correction.Distance,
		Snapshot: t.On.Snapshot,
	}
	for _, name := range append(ofJobs(), "name", "tag") {
		if s.given(name) {
			if p.Job == nil {
				p.Job = map[string]string{}
			}
			p.Job[name] = s[name]
		}
	}
	if text := s["endpoint"]; text != "" {
		p.Endpoint = strings.Split(text, ",")
	}
	if t.On.Remote == nil {
		p.Device, p.ReadoutError = s["device"], s.or("readout-error", "asymmetric")
	}
	// A folder may be another one when the run goes on.
	for _, path := range []*string{&p.Device, &p.NoiseModel} {
		if *path == "" {
			continue
		}
		if _, err := durable.Or(t.lab.FS).Stat(*path); err != nil {
			continue // the name of a device that was fetched
		}
		if whole, err := filepath.Abs(*path); err == nil {
			*path = whole
		}
	}
	return p
}

// ofManifest are the settings of a run's processor; an endpoint that is given stands.
func ofManifest(m runs.Manifest, given Settings) Settings {
	s := Settings{"backend": m.Config.Backend}
	if m.Config.Mitigation != "" && m.Config.Mitigation != backends.MitigateNone {
		s["mitigate"] = string(m.Config.Mitigation)
	}
	for _, name := range OfSending() {
		if given.given(name) {
			s[name] = given[name]
		}
	}
	p := m.Processor
	if p == nil {
		return s
	}
	for name, text := range map[string]string{"device": p.Device, "noise-model": p.NoiseModel, "device-noise": p.DeviceNoise} {
		if text != "" {
			s[name] = text
		}
	}
	if p.ReadoutError != "" && p.NoiseModel == "" {
		s["readout-error"] = p.ReadoutError
	}
	if p.CalibrationShots != 0 {
		s["calibration-shots"] = strconv.Itoa(p.CalibrationShots)
	}
	if p.M3Distance != 0 {
		s["m3-distance"] = strconv.Itoa(p.M3Distance)
	}
	for name, text := range p.Job {
		if !s.given(name) {
			s[name] = text
		}
	}
	if !s.given("endpoint") && len(p.Endpoint) > 0 {
		s["endpoint"] = strings.Join(p.Endpoint, ",")
	}
	return s
}
