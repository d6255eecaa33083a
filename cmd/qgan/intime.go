package main

import (
	"fmt"
	"path/filepath"
	"slices"

	"qgan/metrics"
	"qgan/training/assess"
)

// printedLags are the lags of which tables for people show the covariances; the
// JSON object has all.
var printedLags = [...]int{1, 2, 3, 5}

// printTime prints the figures, a line each, with a column for each sample.
func (a *app) printTime(s assess.Time) error {
	fmt.Fprintf(a.out, "\nStatistics in time, against %s\n", s.Against)
	t := newTable(a.out)
	head := []string{"figure", "recording"}
	for _, r := range s.Results {
		head = append(head, filepath.Base(r.Name))
	}
	t.row(head...)
	for i, f := range s.Results[0].Figures {
		if f.Lag > 0 && !slices.Contains(printedLags[:], f.Lag) {
			continue
		}
		row := []string{f.String(), text(f.Data, "%.4g")}
		known := false
		for _, r := range s.Results {
			row = append(row, withError(r.Figures[i]))
			known = known || r.Figures[i].Value != nil
		}
		if known {
			t.row(row...)
		}
	}
	likelihood, known := []string{"log-likelihood (nats/bin)", "–"}, false
	for _, r := range s.Results {
		likelihood = append(likelihood, text(r.LogLikelihood, "%.5f"))
		known = known || r.LogLikelihood != nil
	}
	if known {
		t.row(likelihood...)
	}
	if err := t.flush(); err != nil {
		return err
	}
	for _, r := range s.Results {
		if r.Note != "" {
			fmt.Fprintf(a.out, "%s: %s\n", r.Name, r.Note)
		}
	}
	return nil
}

func withError(f metrics.TimeFigure) string {
	if f.Value == nil || f.StdErr == nil {
		return text(f.Value, "%.3g")
	}
	return fmt.Sprintf("%.3g ± %.1g", *f.Value, *f.StdErr)
}
