package assess_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"qgan/metrics/score"
	"qgan/training/assess"
)

// The page of a judgement has all that was judged, the baselines of repeats as long as the
// first's, and what was done; without having been asked for there is none.
func TestScorePage(t *testing.T) {
	t.Parallel()
	rec := uneven(t, 9, 60, 2, 5, "")
	one, three := untrained(t, rec, 1, noLatent), untrained(t, rec, 3, noLatent)
	subjects := []assess.Subject{{Path: "one", Generator: one}, {Path: "three", Generator: three}}
	s, err := assess.Score(t.Context(), rec, subjects, assess.ScoreOptions{Resamples: -1, Seed: 3, Page: true, Baselines: []string{"independent", score.Product}, Iterations: 2})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := s.WritePage(&b); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, want := range []string{
		"<h1>Score of one</h1>", "one: " + s.Judged[0].Verdict[0][:20], "three: " + s.Judged[1].Verdict[0][:20], ", in repeats of 3 bins", ">one, 2 repeats<", ">recording, 2 repeats<", ">three, 50 windows<",
		"to fit, the others to judge", "seed 3, 0 resamples", ">independent</th><th scope=\"col\">product</th></tr>", "Noise against signal correlations", ">other half<",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if s, err = assess.Score(t.Context(), rec, subjects[:1], assess.ScoreOptions{Resamples: -1, Baselines: []string{}}); err != nil || s.WritePage(io.Discard) == nil {
		t.Errorf("a page that was not asked for: %v", err)
	}
}
