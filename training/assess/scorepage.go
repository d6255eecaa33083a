package assess

import (
	"errors"
	"fmt"
	"io"

	"qgan/internal/words"
	"qgan/metrics/report"
	"qgan/metrics/score"
	"qgan/metrics/spikes"
)

// keep keeps what a page shows of samples that were scored, where it was asked for: all
// of subjects, the figures of baselines that were judged as the first subject was.
func (j judge) keep(out *Scores, x *score.Score, samples *spikes.Raster, subject bool) error {
	p := out.page
	if p == nil || !subject && x.Bins != p.Subjects[0].Score.Bins {
		return nil
	}
	of := report.Judged{Score: x, Samples: samples}
	var err error
	if of.Sample, of.Recording, err = j.Profiles(samples); err != nil {
		return err
	}
	if subject {
		p.Subjects = append(p.Subjects, of)
		return nil
	}
	of.Samples = nil
	p.Baselines = append(p.Baselines, of)
	return nil
}

// finish says on the page what was judged and how, and puts the half that was not judged
// by beside.
func (j judge) finish(out *Scores) error {
	p := out.page
	if p == nil {
		return nil
	}
	p.Title = "Score of " + out.Judged[0].Name
	for _, x := range out.Judged {
		for _, line := range x.Verdict {
			if len(out.Judged) > 1 {
				line = x.Name + ": " + line
			}
			p.Verdict = append(p.Verdict, line)
		}
	}
	p.Lines = []string{
		fmt.Sprintf("recording: %s, sha256 %s", out.Data, out.DataSHA256),
		"neurons " + words.Names(out.Labels),
		fmt.Sprintf("split %s: %s; %s to fit, %d to judge, of %s", out.Split.Name, out.Split.Text, words.Count(out.Split.Train, "repeat"), out.Split.Judge, words.Count(out.Split.Bins, "bin")),
		fmt.Sprintf("seed %d, %d resamples", out.Seed, out.Resamples),
	}
	for _, a := range out.Absent {
		p.Lines = append(p.Lines, fmt.Sprintf("no baseline %s: %s", a.Name, a.Reason))
	}
	p.Judge = j.Judge()
	other := j.Train()
	if bins := p.Subjects[0].Score.Bins; bins < other.Bins {
		other = other.Cut(bins)
	}
	sample, recording, err := j.Profiles(other)
	p.Other = &report.Judged{Sample: sample, Recording: recording}
	return err
}

// WritePage writes the page of a judgement that options asked one of; see
// [report.WriteScore].
func (s *Scores) WritePage(w io.Writer) error {
	if s.page == nil {
		return errors.New("no page was asked for")
	}
	return report.WriteScore(w, *s.page)
}
