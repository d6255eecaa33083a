package study

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"qgan/internal/named"
	"qgan/training/lab"
)

// ofBaseline are the settings of tasks that fit simple models, beside those of the
// recording.
var ofBaseline = []string{"timesteps", "seed", "iterations"}

// settingsOf are the settings that tasks of a kind have.
func settingsOf(kind string) []string {
	switch kind {
	case "gradient":
		return []string{"neurons", "layers", "shots", "latents", "repeats", "seed"}
	case "plateau":
		return []string{"neurons", "layers", "observable", "draws", "seed"}
	case "metric-error":
		return append(lab.OfRecording(), "timesteps", "windows", "repeats", "seed")
	case "baseline":
		return append(lab.OfRecording(), ofBaseline...)
	case "train":
		return append(lab.Names(), "evaluate.samples", "evaluate.compare")
	case "device":
		return append(lab.Names(), "samples")
	case "transfer":
		return append(lab.Names(), "train-device", "run-device")
	}
	return nil
}

// Check reports kinds that there are not, and settings that the work of a kind doesn't
// have, as a *PlanError: before work begins.
func (p Plan) Check() error {
	kinds := slices.Sorted(maps.Keys(new(Lab).Works()))
	what := map[string]string{"train": "a training", "device": "a training", "transfer": "a training", "baseline": "a baseline"}
	for i, t := range p.Tasks {
		known := settingsOf(t.Kind)
		if known == nil {
			return &PlanError{fmt.Sprintf("task %d is of kind %q: there is %s", i+1, t.Kind, strings.Join(kinds, ", "))}
		}
		for _, name := range slices.Sorted(maps.Keys(t.Settings)) {
			if !slices.Contains(known, name) {
				return &PlanError{fmt.Sprintf("task %d: %q is no setting of %s%s", i+1, name, cmp.Or(what[t.Kind], "tasks of the kind "+t.Kind), named.DidYouMean(named.Nearest(name, known)))}
			}
		}
	}
	return nil
}
