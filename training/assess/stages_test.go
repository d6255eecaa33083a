package assess_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"qgan/training"
	"qgan/training/assess"
)

// What a stage for samples that run freely added is told by its nearest row, beside what was
// best before it, or that it was not kept.
func TestAdded(t *testing.T) {
	row := func(step int, o training.Objective, score float64, misfit, before *training.Misfit) training.Row {
		return training.Row{Step: step, Objective: string(o), Score: &score, Misfit: misfit, Before: before}
	}
	off := func(x float64) *training.Misfit {
		return &training.Misfit{Rates: x, Pairs: x, Traces: x, Own: x, Counts: x, Silences: x}
	}
	parts := func(x string) string {
		return fmt.Sprintf("(rates %[1]s, pairs %[1]s, traces %[1]s, own lags %[1]s, counts %[1]s, silences %[1]s)", x)
	}
	likelihood := []training.Row{row(50, training.ObjectiveLikelihood, 0.8, nil, nil), row(100, training.ObjectiveLikelihood, 0.7, nil, nil), row(150, training.ObjectiveLikelihood, 0.75, nil, nil)}
	const wgan, statistics = training.ObjectiveWGAN, training.ObjectiveStatistics
	for _, k := range []struct {
		name  string
		after []training.Row
		want  []string
	}{
		{"likelihood alone", nil, nil},
		{"it helps", []training.Row{row(200, wgan, 0.71, off(3), off(4)), row(250, wgan, 0.72, off(2), nil), row(300, wgan, 0.73, off(2.5), nil)}, []string{
			"the critic's stage was kept, as of step 250: samples that run freely are off by 2 standard errors of the repeats held out " + parts("2") + ", before it by 4 " + parts("4") + "; ln p a bin -0.7200, before it -0.7000",
		}},
		{"it doesn't", []training.Row{row(200, wgan, 0.71, off(4), off(1.5)), row(250, wgan, 0.72, off(1.6), nil)}, []string{
			"the critic's stage was not kept: without it samples that run freely are off by 1.5 standard errors of the repeats held out " + parts("1.5") + ", with it by 1.6 at best",
		}},
		{"it helps no more than chance may", []training.Row{row(200, wgan, 0.71, off(1.46), off(1.5))}, []string{
			"the critic's stage was not kept: without it samples that run freely are off by 1.5 standard errors of the repeats held out " + parts("1.5") + ", with it by 1.46 at best",
		}},
		{"no number", []training.Row{row(200, statistics, 0.71, nil, off(1))}, []string{
			"the stage on statistics was not kept: without it samples that run freely are off by 1 standard errors of the repeats held out " + parts("1"),
		}},
		{"two stages", []training.Row{row(200, statistics, 0.71, off(3), off(4)), row(250, wgan, 0.74, off(2), off(3))}, []string{
			"the stage on statistics was kept, as of step 200: samples that run freely are off by 3 standard errors of the repeats held out " + parts("3") + ", before it by 4 " + parts("4") + "; ln p a bin -0.7100, before it -0.7000",
			"the critic's stage was kept, as of step 250: samples that run freely are off by 2 standard errors of the repeats held out " + parts("2") + ", before it by 3 " + parts("3") + "; ln p a bin -0.7400, before it -0.7100",
		}},
	} {
		t.Run(k.name, func(t *testing.T) {
			if diff := cmp.Diff(k.want, assess.Added(append(likelihood[:3:3], k.after...), "held out")); diff != "" {
				t.Error(diff)
			}
		})
	}
}
