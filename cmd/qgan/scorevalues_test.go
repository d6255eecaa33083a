package main

import (
	"testing"

	"qgan/metrics"
	"qgan/metrics/score"
	"qgan/metrics/spikes"
	"qgan/training/assess"
)

// Samples are judged by the half of the recording's repeats that the flag says, all of
// them whatever their order, as the referee itself judges them.
func TestScoreValues(t *testing.T) {
	data, sample := writeExample(t, "data.npy", exampleRepeats, 1), writeExample(t, "sample.npy", 5, 2)
	neurons := []int{2, 1}
	for _, c := range []struct {
		flag, name string
		train      int
	}{{"", "odd/even", 4}, {"blocks-of-repeats", "blocks of repeats", 3}, {"blocks-of-time", "blocks of time", 7 * 10}} {
		args := []string{"score", sample, "--data", data, "--bin-width", "0.01", "--neurons", "2,1", "--seed", "9", "--resamples", "30", "--baselines", "psth,ising"}
		if c.flag != "" {
			args = append(args, "--split", c.flag)
		}
		read := func(path string) *spikes.Raster {
			r := must[*spikes.Raster](t)(spikes.Load(path, spikes.LoadOptions{BinWidth: exampleWidth, Neurons: exampleNeurons}))
			return must[*spikes.Raster](t)(r.Select(neurons))
		}
		split := must[score.Split](t)(score.ParseSplit(c.flag))
		referee := must[*score.Referee](t)(score.New(read(data), split, score.Options{Resamples: 30, Seed: 9}))
		judged := must[*score.Score](t)(referee.Score(score.Subject{Name: sample, Samples: read(sample)}))
		baselines := []*score.Score{}
		var absent []assess.AbsentBaseline
		for _, name := range []string{"psth", "ising"} {
			b, err := referee.ScoreBaseline(name)
			if err != nil {
				absent = append(absent, assess.AbsentBaseline{Name: name, Reason: err.Error()})
				continue
			}
			baselines = append(baselines, b)
		}
		if c.flag == "blocks-of-time" != (len(absent) == 1) {
			t.Errorf("%s: %v", c.name, absent)
		}
		about := []assess.AboutFigure{}
		for _, f := range score.Figures() {
			about = append(about, assess.AboutFigure{Name: f.Name, Group: f.Group, Unit: f.Unit, Better: f.Better.String(), Perfect: metrics.FiniteOrNil(f.Perfect), Text: f.Text})
		}
		groups, against := []assess.AboutGroup{}, []score.Against{}
		for _, g := range score.Groups() {
			groups = append(groups, assess.AboutGroup{Name: g.Name, Unit: g.Unit, Text: g.Text})
		}
		for _, b := range baselines {
			against = append(against, judged.Against(b))
		}
		v := values{
			"schema": "qgan.score/v1", "data": data, "data_sha256": fileHash(t, data), "neurons": neurons, "seed": 9, "resamples": 30,
			"split": assess.Halves{Name: c.name, Text: split.Text, Train: c.train, Judge: referee.Judge().Repeats, Bins: referee.Judge().Bins},
			"about": about, "groups": groups, "baselines": baselines,
			"judged": []assess.Judged{{Score: judged, Against: against, Verdict: score.Verdict(judged, baselines)}},
		}
		if absent != nil {
			v["absent"] = absent
		}
		same(t, object(t, nil, args...), v)
	}
}
