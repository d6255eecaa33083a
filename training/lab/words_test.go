package lab

import (
	"testing"

	"qgan/backends"
	"qgan/backends/exec"
	"qgan/training"
)

// How gradients are taken, in words.
func TestGradientsInWords(t *testing.T) {
	measured := training.Config{Gradient: training.GradientShift, Shots: 100, Backend: "noisy", Readout: training.Born}
	on := &Processor{Processor: &exec.Processor{Name: "torino"}}
	for _, c := range []struct {
		change func(*training.Config)
		on     *Processor
		want   string
	}{
		{func(c *training.Config) { c.Gradient = training.GradientAdjoint }, nil, "exact gradients by an adjoint sweep"},
		{func(*training.Config) {}, nil, "gradients by parameter-shift from 100 shots a circuit on noisy"},
		{func(*training.Config) {}, on, "gradients by parameter-shift from 100 shots a circuit on noisy (torino)"},
		{func(c *training.Config) { c.Backend = "torino" }, on, "gradients by parameter-shift from 100 shots a circuit on torino"},
		{func(c *training.Config) { c.MaxShots = 900 }, nil, "gradients by parameter-shift from 100 to 900 shots a circuit, allocated by their variances on noisy"},
		{func(c *training.Config) { c.Mitigation, c.Readout = backends.MitigateM3, training.Prob }, nil,
			"gradients by parameter-shift from 100 shots a circuit on noisy, readout errors taken out by m3" +
				"; the critic is not linear in the spike probabilities, so its gradients have a bias of the order of 1/shots"},
	} {
		config := measured
		c.change(&config)
		if got := (&Training{Config: config, On: c.on}).Gradients(); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}
