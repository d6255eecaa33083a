package assess

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"qgan/internal/words"
	"qgan/metrics/score"
)

// WriteText writes a verdict and a table for each that was judged.
func (s *Scores) WriteText(w io.Writer) error {
	fmt.Fprintf(w, "%s (sha256 %.12s), neurons %s, split %s: %s to fit, %d to judge, of %s\n",
		s.Data, s.DataSHA256, words.Names(s.Labels), s.Split.Name, words.Count(s.Split.Train, "repeat"), s.Split.Judge, words.Count(s.Split.Bins, "bin"))
	for i, x := range s.Judged {
		fmt.Fprintf(w, "\n%s: %s of %s\n", x.Name, words.Count(x.Repeats, "repeat"), words.Count(x.Bins, "bin"))
		for _, line := range x.Verdict {
			fmt.Fprintln(w, line)
		}
		for _, note := range x.Notes {
			fmt.Fprintf(w, "note: %s\n", note)
		}
		fmt.Fprintln(w)
		if err := s.writeGroups(w, i); err != nil {
			return err
		}
		if err := s.writeScore(w, i); err != nil {
			return err
		}
	}
	for k, x := range s.Absent {
		if k == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "no baseline %s\n", x.Reason)
	}
	return nil
}

// writeGroups writes the median excess of each group of figures, of one that was judged and
// of the baselines beside, and below what baselines can't have.
func (s *Scores) writeGroups(w io.Writer, i int) error {
	x := s.Judged[i]
	head, last, lacks := []string{"group", "", "median excess"}, []string{"", "", "better:worse"}, []string{}
	for _, b := range x.Against {
		head, last = append(head, b.Baseline), append(last, fmt.Sprintf("%d:%d", len(b.Better), len(b.Worse)))
		if b.Lacks != "" {
			lacks = append(lacks, fmt.Sprintf("by construction %s has no %s", b.Baseline, b.Lacks))
		}
	}
	t := words.Folded(w)
	t.Row(head...)
	scores := append([]*score.Score{x.Score}, s.Beside(x.Score)...)
	for _, g := range s.Groups {
		t.Row(append([]string{g.Name, g.Unit}, score.GroupRow(g.Name, scores)...)...)
	}
	if len(x.Against) > 0 {
		t.Row(last...)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, text := range lacks {
		fmt.Fprintln(w, text)
	}
	fmt.Fprintln(w)
	return nil
}

// writeScore writes the table of one that was judged, and below it what figures need that
// it does not have.
func (s *Scores) writeScore(w io.Writer, i int) error {
	const digits = "%.4g"
	x := s.Judged[i]
	beside := s.Beside(x.Score)
	missing := map[string][]string{}
	t := words.Folded(w)
	t.Row("figure", "", "value", "95 %", "other half", "perfect", "excess", "best baseline", "")
	for k, v := range x.Values {
		if v.Missing != "" {
			missing[v.Missing] = append(missing[v.Missing], v.Name)
			continue
		}
		interval, perfect, best, name := "–", "–", "–", ""
		if v.Interval != nil {
			interval = fmt.Sprintf("%.3g … %.3g", v.Interval[0], v.Interval[1])
		}
		switch {
		case v.Recording != nil:
			perfect = fmt.Sprintf(digits, *v.Recording)
		case v.Perfect != nil:
			perfect = fmt.Sprintf(digits, v.Perfect.Mean)
		}
		excess := words.Figure(v.Excess, "%.1f")
		if v.Seen() {
			excess += " !"
		}
		if b := score.Best(k, beside); b != nil {
			best, name = words.Figure(b.Values[k].Value, digits), b.Name
		}
		t.Row(v.Name, s.About[k].Unit, words.Figure(v.Value, digits), interval, words.Figure(v.Floor, digits), perfect, excess, best, name)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, why := range slices.Sorted(maps.Keys(missing)) {
		fmt.Fprintf(w, "not there, since %s: %s\n", why, strings.Join(missing[why], ", "))
	}
	return nil
}
