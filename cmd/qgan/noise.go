package main

import (
	"errors"

	"qgan/calibration"
)

// noiseError gives an error of the noisy simulator its hint.
func noiseError(path string, err error) error {
	var absent *calibration.NotNative
	if errors.As(err, &absent) {
		return usagef("%s: %w", path, err).withHint("--compile does it first; `qgan compile %s --device …` writes the circuit in the device's own gates", path)
	}
	return err
}
