package lab

import (
	"math"
	"slices"
	"strconv"

	"qgan/backends/service"
	"qgan/internal/named"
	"qgan/metrics"
	"qgan/training"
)

// Settings are what a training is asked for, by name: the preset and the number of
// timesteps, the recording (OfRecording), what measures gradients (OfProcessor), and all
// that [training.Settings] lists. What is not given follows from what is.
type Settings map[string]string

// OfRecording are the settings that say which recording is read, and which part of it.
func OfRecording() []string {
	return []string{"data", "var", "axes", "repeat-bins", "bin-width", "sampling-rate", "trials", "max-gap", "neurons", "train-repeats"}
}

// OfProcessor are the settings that say what measures circuits, beside backend, mitigate
// and shots, which are the training's.
func OfProcessor() []string {
	return []string{"device", "noise-model", "device-noise", "readout-error", "calibration-shots", "m3-distance"}
}

// OfSending are the settings of what sends jobs to a service: another address of it
// (SERVICE=URL, several with commas between them), the most that may be spent in US
// dollars, whether jobs without a price are sent, and whether one whose answer was lost is
// sent again; what jobs are called, and what the service does with one on request.
func OfSending() []string {
	return append([]string{"endpoint", "max-cost", "unpriced", "resubmit-unknown", "name", "tag"}, ofJobs()...)
}

// ofJobs are the options of jobs.
func ofJobs() (names []string) {
	for _, o := range service.JobOptions() {
		names = append(names, o.Name)
	}
	return names
}

// Names are those of all settings.
func Names() []string {
	names := []string{"preset", "timesteps"}
	for _, row := range training.Settings() {
		names = append(names, row.Name)
	}
	return slices.Concat(names, OfRecording(), OfProcessor(), OfSending())
}

// Known says whether there is a setting of a name.
func Known(name string) bool { return slices.Contains(Names(), name) }

// given says whether a setting is.
func (s Settings) given(name string) bool { _, ok := s[name]; return ok }

// or is a setting, or a value where it is not given.
func (s Settings) or(name, value string) string {
	if text, ok := s[name]; ok {
		return text
	}
	return value
}

// whole reads a setting that is a whole number, between bounds; 0 where it is not given.
func (s Settings) whole(name string, least, most int, says string) (int, error) {
	text, ok := s[name]
	if !ok {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, named.Inputf("%s %s: %s", named.Setting(name), text, says)
	}
	return n, nil
}

// Recording reads the recording that settings name. o says which neurons are taken where no
// setting does; its indices are taken whatever a setting says.
func (s Settings) Recording(o metrics.RecordingOptions) (*metrics.Recording, error) {
	o.Neurons, o.Repeats = s.or("neurons", o.Neurons), s["train-repeats"]
	o.Variable, o.Axes, o.Trials = s["var"], s["axes"], s["trials"]
	var err error
	if o.RepeatBins, err = s.whole("repeat-bins", 0, math.MaxInt, "it is a number of bins"); err != nil {
		return nil, err
	}
	for _, k := range []struct {
		name, says string
		to         *float64
	}{
		{"bin-width", "it is a time in seconds", &o.BinWidth},
		{"sampling-rate", "it is a number of samples a second", &o.SamplingRate},
		{"max-gap", "it is a time in seconds", &o.MaxGap},
	} {
		text, ok := s[k.name]
		if !ok {
			continue
		}
		if *k.to, err = strconv.ParseFloat(text, 64); err != nil {
			return nil, named.Inputf("%s %s: %s", named.Setting(k.name), text, k.says)
		}
	}
	return metrics.ReadRecording(s["data"], o)
}

// WithoutNoise refuses settings that mean nothing without noise.
func (s Settings) WithoutNoise(names ...string) error {
	for _, name := range names {
		if s.given(name) {
			return named.Inputf("%s needs {backend} noisy", named.Setting(name))
		}
	}
	return nil
}

// timesteps are the bins of a window.
func (s Settings) timesteps() (int, error) {
	if !s.given("timesteps") {
		return 1, nil
	}
	return s.whole("timesteps", 1, math.MaxInt, "at least 1 is needed")
}

// neurons are how many are taken at most where no setting says: fewer where windows are
// longer.
func neurons(timesteps int) int {
	if timesteps > 1 {
		return 4
	}
	return 8
}
