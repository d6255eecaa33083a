package sim

import (
	"context"
	"strings"
	"testing"

	"qgan/backends"
	"qgan/ir"
)

// Every kernel passes its test on this machine, and one that is off by 1e-11 in one place
// of the last lane does not.
func TestSelfTest(t *testing.T) {
	for _, kernel := range Kernels() {
		if err := (&Simulator{Kernel: kernel}).SelfTest(t.Context()); err != nil {
			t.Errorf("%s: %v", kernel, err)
		}
	}
	if err := (&Simulator{Kernel: "sse"}).SelfTest(t.Context()); err == nil || !strings.Contains(err.Error(), "auto, go, avx2 or avx512") {
		t.Errorf("a kernel that is not there: %v", err)
	}
	c := ir.Ansatz{Neurons: 2, Layers: 1, Closing: true, Latent: ir.LatentScale{Value: 1}}.Circuit()
	d, err := new(Simulator).Differentiate(c, backends.Probabilities)
	if err != nil {
		t.Fatal(err)
	}
	if err := agrees(t.Context(), d, c); err != nil {
		t.Error(err)
	}
	if err := agrees(t.Context(), slip{d}, c); err == nil || err.Error() != "lane 39, state 3 is off by 1e-11" {
		t.Errorf("a law that is wrong: %v", err)
	}
}

// slip is an evaluator whose last value is off.
type slip struct{ backends.Evaluator }

func (s slip) Values(ctx context.Context, b backends.Bindings, values []float64) error {
	err := s.Evaluator.Values(ctx, b, values)
	values[len(values)-1] += 1e-11
	return err
}
