package assess

import (
	"fmt"
	"slices"

	"qgan/training"
)

// stageNames are those of the stages that are for samples that run freely.
var stageNames = map[string]string{
	string(training.ObjectiveStatistics): "the stage on statistics",
	string(training.ObjectiveWGAN):       "the critic's stage",
}

// Added says of the stages that are for samples that run freely what each added, by the rows
// of the training: how far these samples were off before it and are after it, and what it did
// to the likelihood; or that it was not kept. The repeats are those that chose.
func Added(rows []training.Row, repeats string) (lines []string) {
	begins := func(r training.Row) bool { return r.Before != nil }
	for i := range rows {
		if !begins(rows[i]) {
			continue
		}
		stage := rows[i:]
		if next := slices.IndexFunc(stage[1:], begins); next >= 0 {
			stage = stage[:next+1]
		}
		lines = append(lines, addedBy(rows[:i], stage, repeats))
	}
	return lines
}

func addedBy(earlier, stage []training.Row, repeats string) string {
	was, name, of := *stage[0].Before, stageNames[stage[0].Objective], "standard errors of the repeats "+repeats
	now := best(stage, func(r training.Row) *float64 { return total(r.Misfit) })
	if now == nil || !now.Misfit.Helps(was) {
		text := fmt.Sprintf("%s was not kept: without it samples that run freely are off by %.3g %s (%v)", name, was.Total(), of, was)
		if now != nil {
			text += fmt.Sprintf(", with it by %.3g at best", now.Misfit.Total())
		}
		return text
	}
	text := fmt.Sprintf("%s was kept, as of step %d: samples that run freely are off by %.3g %s (%v), before it by %.3g (%v)",
		name, now.Step, now.Misfit.Total(), of, now.Misfit, was.Total(), was)
	// Earlier stages chose by their own measure, where they had one, else by the likelihood.
	then := best(earlier, func(r training.Row) *float64 { return total(r.Misfit) })
	if then == nil {
		then = best(earlier, func(r training.Row) *float64 { return r.Score })
	}
	if then != nil && then.Score != nil && now.Score != nil {
		text += fmt.Sprintf("; ln p a bin %.4f, before it %.4f", -*now.Score, -*then.Score)
	}
	return text
}

func total(m *training.Misfit) *float64 {
	if m == nil {
		return nil
	}
	x := m.Total()
	return &x
}

// best is the row of the smallest figure; nil: none has one.
func best(rows []training.Row, figure func(training.Row) *float64) (out *training.Row) {
	least := 0.0
	for i, r := range rows {
		if x := figure(r); x != nil && (out == nil || *x < least) {
			out, least = &rows[i], *x
		}
	}
	return out
}
