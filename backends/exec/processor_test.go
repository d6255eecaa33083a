package exec

import (
	"testing"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/calibration"
	"qgan/ir"
)

// Twirling has to be calibrated: without shots of its own it takes as many as a circuit has;
// the other methods take the device's figures then.
func TestCorrection(t *testing.T) {
	model, err := calibration.ReadNoiseModel(calibration.File{Name: "readout.toml", Data: []byte("[[readout]]\np1_given_0 = 0.25\np0_given_1 = 0.125\n")})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []struct {
		method      backends.Mitigation
		given, want int
	}{{backends.MitigateTwirl, 0, 500}, {backends.MitigateTwirl, 80, 80}, {backends.MitigateTensored, 0, 0}, {backends.MitigateM3, 80, 80}} {
		m := Correction{Method: k.method, CalibrationShots: k.given, Shots: 500, Distance: 2, Seed: 7}.OverNoisy(&sim.Noisy{Model: model})
		if m.CalibrationShots != k.want || m.Seed != 7 || m.M3.Distance != 2 {
			t.Errorf("%s with %d shots: calibrated with %d, want %d; seed %d, distance %d", k.method, k.given, m.CalibrationShots, k.want, m.Seed, m.M3.Distance)
		}
	}
	// A qubit that is 0 is read as 1 in a quarter of the shots, and the law of the processor
	// says so; less its readout errors it does not.
	p := Simulated(model, nil, Correction{})
	for want, with := range map[float64]*calibration.NoiseModel{0.25: model, 0: model.WithoutReadout()} {
		e, err := p.Laws(with).Evaluator(ir.New(1, 0), backends.Probabilities)
		if err != nil {
			t.Fatal(err)
		}
		law := make([]float64, 2)
		if err := e.Values(t.Context(), backends.Bindings{}, law); err != nil {
			t.Fatal(err)
		}
		if d := law[1] - want; d > 1e-12 || d < -1e-12 {
			t.Errorf("P(1) is %v, want %v", law[1], want)
		}
	}
}
