package study

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"qgan/training/lab"
)

// ownSettings are those that tasks of a kind have beside a training's.
var ownSettings = map[string][]string{
	"train":    {"evaluate.samples", "evaluate.compare"},
	"device":   {"samples"},
	"transfer": {"train-device", "run-device"},
}

// ofBaseline are the settings of tasks that fit simple models, beside those of the
// recording.
var ofBaseline = []string{"timesteps", "seed", "iterations"}

// Check reports kinds that there are not, and settings that the work of a kind doesn't
// have, as a *PlanError: before work begins.
func (p Plan) Check() error {
	kinds := slices.Sorted(maps.Keys(new(Lab).Works()))
	for i, t := range p.Tasks {
		if !slices.Contains(kinds, t.Kind) {
			return &PlanError{fmt.Sprintf("task %d is of kind %q: there is %s", i+1, t.Kind, strings.Join(kinds, ", "))}
		}
		for _, name := range slices.Sorted(maps.Keys(t.Settings)) {
			if !hasSetting(t.Kind, name) {
				what := "a training"
				if t.Kind == "baseline" {
					what = "a baseline"
				}
				return &PlanError{fmt.Sprintf("task %d: %q is no setting of %s", i+1, name, what)}
			}
		}
	}
	return nil
}

// hasSetting says whether the work of a kind has a setting. Works that read theirs on their
// own say themselves what is missing.
func hasSetting(kind, name string) bool {
	switch kind {
	case "baseline":
		return slices.Contains(ofBaseline, name) || slices.Contains(lab.OfRecording(), name)
	case "train", "device", "transfer":
		return lab.Known(name) || slices.Contains(ownSettings[kind], name)
	}
	return true
}
