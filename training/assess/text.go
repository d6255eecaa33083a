package assess

import (
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"

	"qgan/internal/words"
	"qgan/metrics"
	"qgan/metrics/score"
)

// listedForPeople are the windows that are printed for people.
const listedForPeople = 10

// writeStates writes the first windows, unless they are too long for a line.
func writeStates(w io.Writer, states []WindowState) error {
	const longest = 80
	if len(states) == 0 || len(states[0].Window) > longest {
		return nil
	}
	fmt.Fprintf(w, "\nThe recording's most frequent windows\n")
	t := words.Folded(w)
	t.Row("window", "recording", "drawn", "law")
	for _, x := range states[:min(listedForPeople, len(states))] {
		t.Row(x.Window, fmt.Sprintf("%.6f", x.Recording), fmt.Sprintf("%.6f", x.Drawn), words.Figure(x.Law, "%.6f"))
	}
	return t.Flush()
}

// at is an entry of a list that may be absent.
func at(list []float64, i int) string {
	if i >= len(list) {
		return words.None
	}
	return fmt.Sprintf("%.3f", list[i])
}

// interval is a figure of a neuron's intervals, if it has any.
func interval(x metrics.Intervals, figure float64) string {
	if x.Count == 0 {
		return words.None
	}
	return fmt.Sprintf("%.3f", figure)
}

// WriteText writes the figures for people.
func (e *Evaluation) WriteText(w io.Writer) error {
	fmt.Fprintf(w, "%s against %s (sha256 %.12s), neurons %s, windows of %s, seed %d\n", e.What, e.Data, e.DataSHA256, words.Names(e.Labels), words.Count(e.Timesteps, "bin"), e.Seed)
	if e.Parameters != nil {
		fmt.Fprintln(w, e.Size)
	}
	if e.Simulated != "" {
		fmt.Fprintln(w, e.Simulated)
	}
	fmt.Fprintln(w)
	if err := e.writeVerdict(w); err != nil {
		return err
	}
	t := words.NewTable(w)
	if e.Method != "none" {
		e.writeLaw(t)
	}
	t.Row("ln p a bin", words.Figure(e.LogLikelihood, "%.5f")+" nats", "held out "+words.Figure(e.LogLikelihoodHeldOut, "%.5f"))
	if e.Method != "none" {
		t.Row("JS to halves", words.Figure(e.Odd, "%.4g")+" / "+words.Figure(e.Even, "%.4g")+" nats", "odd / even repeats; the halves to each other: "+words.Figure(e.Floor, "%.3g"))
	}
	if e.Method != "none" && e.Simulated == "" {
		t.Row("JS of two latents", words.Figure(e.LatentJS, "%.3g")+" nats", "0 where the generator ignores its latent vector")
	}
	t.Row("P(silent window)", fmt.Sprintf("%.5f", e.PSilent), fmt.Sprintf("recording %.5f", e.Recording.PSilent))
	for _, c := range e.Compared {
		t.Row("JS of "+c.File, fmt.Sprintf("%.4g nats", c.JS), "of "+words.Count(c.Summary.Windows, "window"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if e.Chosen != nil {
		fmt.Fprintf(w, "%s\n", e.Chosen)
	}
	if e.Note != "" {
		fmt.Fprintf(w, "note: %s\n", e.Note)
	}
	for _, warning := range e.Estimate.Warnings {
		fmt.Fprintf(w, "warning: %s\n", warning)
	}
	if err := writeNoise(w, e.Noise); err != nil {
		return err
	}
	if len(e.Baselines) > 0 {
		fmt.Fprintln(w)
		if err := writeBaselineTable(w, e.Baselines); err != nil {
			return err
		}
	}
	if e.Brief {
		return nil
	}
	if err := writeStates(w, e.States); err != nil {
		return err
	}
	if err := writeStatistics(w, e); err != nil {
		return err
	}
	return writeTime(w, e.Time)
}

// writeLaw writes how far the law of windows is from the recording's.
func (e *Evaluation) writeLaw(t *words.Table) {
	t.Row("JS", fmt.Sprintf("%s%s nats (%s bits)", words.Figure(e.JS, "%.4g"), e.plusMinus(), words.Figure(e.JSBits, "%.3g")), e.How())
	if x := e.Estimate; e.Method == "plugin" {
		interval := "–"
		if x.Interval != nil {
			interval = fmt.Sprintf("[%.3g, %.3g]", x.Interval[0], x.Interval[1])
		}
		t.Row("JS corrected", fmt.Sprintf("%.4g nats", x.Corrected), "without the bias of so few windows; 95 % within "+interval)
		t.Row("KL to the recording", words.Figure(x.KLNats, "%.4g")+" nats", fmt.Sprintf("total variation %.4g", x.TV))
	}
	t.Row("entropy", fmt.Sprintf("%.4g nats", e.Estimate.EntropyMillerMadowNats), fmt.Sprintf("Miller-Madow; plug-in %.4g; recording %.4g", e.Estimate.EntropyNats, e.Entropy))
	t.Row("JS held out", words.Figure(e.HeldOut, "%.4g")+" nats", "to the repeats not trained on")
	t.Row("JS of a perfect model", words.Figure(e.Perfect, "%.3g")+" nats", "expected; held out "+words.Figure(e.PerfectHeldOut, "%.3g"))
}

// plusMinus is the standard error of the divergence, nothing where the law is exact.
func (l *Law) plusMinus() string {
	if l.StdErr == nil || *l.StdErr == 0 {
		return ""
	}
	return fmt.Sprintf(" ± %.1g", *l.StdErr)
}

// writeVerdict writes what is said of the figures of held-out repeats.
func (e *Evaluation) writeVerdict(w io.Writer) error {
	for _, line := range e.Verdict {
		fmt.Fprintln(w, line)
	}
	if e.Standing.Sentence != "" {
		fmt.Fprintln(w, e.Standing.Sentence)
	}
	switch {
	case e.Unjudged != "":
		fmt.Fprintf(w, "no verdict: %s\n", e.Unjudged)
	case e.Score != nil:
		s := e.Score.Split
		fmt.Fprintf(w, "split %s: %s to fit, %d to judge, of %s; `qgan score` has the figures\n", s.Name, words.Count(s.Train, "repeat"), s.Judge, words.Count(s.Bins, "bin"))
		for _, note := range e.Score.Judged[0].Notes {
			fmt.Fprintf(w, "note: %s\n", note)
		}
	}
	if e.Simulated != "" && e.Score != nil {
		return e.writeBeside(w)
	}
	_, err := fmt.Fprintln(w)
	return err
}

// besideFigures are the figures of a judgement that stand beside those of simple models for
// people.
var besideFigures = [...]struct{ name, head, form string }{
	{"log_likelihood", "ln p a bin", "%.4f"}, {"covariance_error_lag_0", "covariance error", "%.3f"}, {"covariance_error_lag_1", "at lag 1", "%.3f"},
	{"autocovariance_error_lag_1", "autocovariance, lag 1", "%.3f"}, {"p_silent_10", "P(10 silent bins)", "%.4f"}, {"noise_correlation_r", "noise correlations, r", "%.2f"},
}

// writeBeside writes what was judged and each simple model in a line, with the number of its
// numbers.
func (e *Evaluation) writeBeside(w io.Writer) error {
	own := e.Score.Judged[0].Score
	t := words.Folded(w)
	head := []string{"on the repeats that judge", "numbers"}
	for _, f := range besideFigures {
		head = append(head, f.head)
	}
	t.Row(head...)
	row := func(x *score.Score, name string, of func(score.Value) *float64) {
		numbers := words.None
		if x.Parameters > 0 && name == x.Name {
			numbers = fmt.Sprint(x.Parameters)
		}
		cells := []string{name, numbers}
		for _, f := range besideFigures {
			k := slices.IndexFunc(e.Score.About, func(a AboutFigure) bool { return a.Name == f.name })
			cells = append(cells, words.Figure(of(x.Values[k]), f.form))
		}
		t.Row(cells...)
	}
	measured := func(v score.Value) *float64 { return v.Value }
	row(own, own.Name, measured)
	for _, b := range e.Score.Beside(own) {
		row(b, b.Name, measured)
	}
	row(own, "the other half", func(v score.Value) *float64 { return v.Floor })
	row(own, "the judging half", func(v score.Value) *float64 { return v.Recording })
	if err := t.Flush(); err != nil {
		return err
	}
	for _, a := range e.Score.Absent {
		fmt.Fprintf(w, "no baseline %s\n", a.Reason)
	}
	_, err := fmt.Fprintln(w)
	return err
}

// writeStatistics writes what is known of the drawn windows beside the recording's.
func writeStatistics(w io.Writer, e *Evaluation) error {
	fmt.Fprintf(w, "\nStatistics of %s of %s\n", words.Count(e.Drawn, "window"), words.Count(e.Timesteps, "bin"))
	t := words.Folded(w)
	t.Row("neuron", "rate (Hz)", "recording", "Fano factor", "recording", "ISI (s)", "recording", "CV", "recording")
	own := e.Spiking.Recording
	for i := range e.Covariance {
		x, y := e.Spiking.Drawn.ISI[i], own.ISI[i]
		t.Row(e.Labels[i], at(e.RatesHz, i), at(e.Recording.RatesHz, i), at(e.Spiking.Drawn.FanoFactor, i), at(own.FanoFactor, i),
			interval(x, x.Mean), interval(y, y.Mean), interval(x, x.CV), interval(y, y.CV))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(e.Undefined) > 0 {
		names := make([]string, len(e.Undefined))
		for k, i := range e.Undefined {
			names[k] = e.Labels[i]
		}
		fmt.Fprintf(w, "neurons without variance, whose correlations are undefined and given as 0: %v\n", names)
	}
	if err := writeRepeats(w, e); err != nil {
		return err
	}
	fmt.Fprintln(w)
	t = words.Folded(w)
	t.Row("active neurons", "P(k)", "recording")
	for k, p := range e.KProbability {
		t.Row(fmt.Sprint(k), fmt.Sprintf("%.6f", p), fmt.Sprintf("%.6f", e.Recording.KProbability[k]))
	}
	t.Row("covariance, largest difference of a pair", fmt.Sprintf("%.3g", e.CovarianceError()), "")
	t.Row("autocorrelogram, L1 over lags", fmt.Sprintf("%.3g", e.AutocorrelogramError()), "")
	x := e.Errors
	t.Row("Spike-GAN's errors, means:", "", "Pearson's r")
	t.Row("rate (spikes a bin)", fmt.Sprintf("%.3g", x.Rate), words.Figure(x.RateR, "%.4f"))
	t.Row("covariance of a pair", fmt.Sprintf("%.3g", x.Covariance), words.Figure(x.CovarianceR, "%.4f"))
	t.Row("covariance one bin later", fmt.Sprintf("%.3g", x.LagCovariance), words.Figure(x.LagCovarianceR, "%.4f"))
	t.Row("sum |dP(k)|", fmt.Sprintf("%.3g", x.KProbability), "")
	t.Row("autocorrelogram, windows end to end", fmt.Sprintf("%.3g", x.Autocorrelogram), "")
	return t.Flush()
}

// writeRepeats writes intervals and counts of whole repeats.
func writeRepeats(w io.Writer, e *Evaluation) error {
	of := "the recording alone, what was drawn is shorter"
	var drawn []Cell
	if d := e.Whole.Drawn; d != nil {
		of, drawn = fmt.Sprintf("%d drawn", d.Repeats), d.Cells
	}
	fmt.Fprintf(w, "\nWhole repeats of %s: %s\n", words.Count(e.Whole.Bins, "bin"), of)
	t := words.Folded(w)
	t.Row("neuron", "Fano factor", "recording", "ISI (s)", "recording", "CV", "recording")
	for i, y := range e.Whole.Recording.Cells {
		var x Cell
		if drawn != nil {
			x = drawn[i]
		}
		row := []string{e.Labels[i]}
		for _, figure := range []*float64{x.Fano, y.Fano, x.MeanISI, y.MeanISI, x.CV, y.CV} {
			row = append(row, words.Figure(figure, "%.3f"))
		}
		t.Row(row...)
	}
	return t.Flush()
}

// writeNoise writes the laws side by side.
func writeNoise(w io.Writer, n *UnderNoise) error {
	if n == nil {
		return nil
	}
	fmt.Fprintf(w, "\nOn %s, mitigation %s\n", n.Model, n.Mitigation)
	t := words.Folded(w)
	t.Row("law", "JS (nats)", "± 1 s.e.", "as many of the recording", "P(silent)", "")
	for _, l := range n.Laws {
		how := l.Method
		if l.Windows > 0 {
			how = words.Count(l.Windows, "window") + " drawn"
		}
		if l.Note != "" {
			how = l.Note
		}
		stdErr := words.None
		if l.StdErr != nil && *l.StdErr > 0 {
			stdErr = fmt.Sprintf("%.1g", *l.StdErr)
		}
		t.Row(l.Name, words.Figure(l.JS, "%.4g"), stdErr, words.Figure(l.Null, "%.3g"), words.Figure(l.PSilent, "%.5f"), how)
	}
	return t.Flush()
}

// tableLags are the lags of which tables for people show the covariances; the
// JSON object has all.
var tableLags = [...]int{1, 2, 3, 5}

// writeTime writes the figures, a line each, with a column for each sample.
func writeTime(w io.Writer, s Time) error {
	fmt.Fprintf(w, "\nStatistics in time, against %s\n", s.Against)
	t := words.Folded(w)
	head := []string{"figure", "recording"}
	for _, r := range s.Results {
		head = append(head, filepath.Base(r.Name))
	}
	t.Row(head...)
	for i, f := range s.Results[0].Figures {
		if f.Lag > 0 && !slices.Contains(tableLags[:], f.Lag) {
			continue
		}
		row := []string{f.String(), words.Figure(f.Data, "%.4g")}
		known := false
		for _, r := range s.Results {
			row = append(row, withError(r.Figures[i]))
			known = known || r.Figures[i].Value != nil
		}
		if known {
			t.Row(row...)
		}
	}
	likelihood, known := []string{"log-likelihood (nats/bin)", "–"}, false
	for _, r := range s.Results {
		likelihood = append(likelihood, words.Figure(r.LogLikelihood, "%.5f"))
		known = known || r.LogLikelihood != nil
	}
	if known {
		t.Row(likelihood...)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, r := range s.Results {
		if r.Note != "" {
			fmt.Fprintf(w, "%s: %s\n", r.Name, r.Note)
		}
	}
	return nil
}

// withError is a figure with its standard error, alone where that is 0 or not known.
func withError(f metrics.TimeFigure) string {
	if f.Value == nil || f.StdErr == nil || *f.StdErr == 0 {
		return words.Figure(f.Value, "%.3g")
	}
	return fmt.Sprintf("%.3g ± %.1g", *f.Value, *f.StdErr)
}

// WriteText writes the table of models, or where the samples of models went, for people.
func (b *Baselines) WriteText(w io.Writer) error {
	for _, s := range b.Samples {
		if _, err := fmt.Fprintf(w, "%s: %s of %s, of the model %s\n", s.File, words.Count(s.Repeats, "repeat"), words.Count(s.Bins, "bin"), s.Name); err != nil {
			return err
		}
	}
	if len(b.Samples) > 0 {
		return nil
	}
	fmt.Fprintf(w, "%s (sha256 %.12s), neurons %s, windows of %s: %s, %d of them distinct, %.4f silent\n\n",
		b.Data, b.DataSHA256, words.Names(b.Labels), words.Count(b.Timesteps, "bin"), words.Count(b.Windows, "window"), b.Seen, b.PSilent)
	return writeBaselineTable(w, b.Models)
}

// writeBaselineTable writes a table of baselines.
func writeBaselineTable(w io.Writer, models []metrics.BaselineResult) error {
	t := words.Folded(w)
	t.Row("model", "parameters", "JS (nats)", "JS (bits)", "held out (nats)", "ln p held out (nats/bin)", "")
	for _, m := range models {
		bits := "–"
		if m.JS != nil {
			bits = fmt.Sprintf("%.3g", metrics.Bits(*m.JS))
		}
		parameters := fmt.Sprint(m.Parameters)
		if m.Parameters == math.MaxInt {
			parameters = "2^(n·t) - 1"
		}
		t.Row(m.Name, parameters, words.Figure(m.JS, "%.3g"), bits, words.Figure(m.JSHeldOut, "%.3g"), words.Figure(m.LogLikelihoodHeldOut, "%.5f"), m.Remark())
	}
	return t.Flush()
}
