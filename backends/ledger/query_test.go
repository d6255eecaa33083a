package ledger

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"qgan/internal/durable"
)

func TestQuery(t *testing.T) {
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	j := Job{Service: "ibm", Name: "retina", Tags: []string{"paper", "project=x"}, State: Submitted, Created: at}
	for _, k := range []struct {
		name string
		q    Query
		want bool
	}{
		{"all", Query{}, true},
		{"open", Query{Open: true}, true},
		{"service", Query{Service: "ibm"}, true}, {"another service", Query{Service: "ionq"}, false},
		{"state", Query{States: []State{Done, Submitted}}, true}, {"other states", Query{States: []State{Done}}, false},
		{"name", Query{Name: "retina"}, true}, {"another name", Query{Name: "ret"}, false},
		{"tags", Query{Tags: []string{"project=x", "paper"}}, true}, {"one tag too many", Query{Tags: []string{"paper", "y"}}, false},
		{"since then", Query{Since: at}, true}, {"since later", Query{Since: at.Add(1)}, false},
	} {
		if k.q.has(j) != k.want {
			t.Errorf("%s: %v", k.name, !k.want)
		}
	}
	j.State = Done
	if (Query{Open: true}).has(j) {
		t.Error("a job that is done is open")
	}
}

func TestSince(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"2026-11-01": time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), "2026-11-01T06:30": time.Date(2026, 11, 1, 6, 30, 0, 0, time.UTC),
		"2026-11-01T06:30:00+02:00": time.Date(2026, 11, 1, 4, 30, 0, 0, time.UTC), "36h": now.Add(-36 * time.Hour), "7d": now.AddDate(0, 0, -7), "0d": now, "90m": now.Add(-90 * time.Minute),
	} {
		if got, err := Since(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-3h", "-3d", "yesterday", "7", "1.5d", "99999999d"} {
		if got, err := Since(text, now); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// A line of a list has 80 columns at most, whatever is in a job.
func TestSummaryText(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	clock := now.AddDate(-1, 0, 0)
	l, err := Open(durable.OS{}, t.TempDir(), func() time.Time { return clock })
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	long := strings.Repeat("submit a/long/way ", 9)
	for i, j := range []Job{
		{ID: "qgan-20251130120000-aaaaaaaabbbbbbbb", Service: "braket", Device: "arn:aws:braket:us-east-1::device/qpu/ionq/Forte-Enterprise-1", Command: long, Estimate: usd(1234.5)},
		{ID: "qgan-20261130110000-aaaaaaaacccccccc", Service: "ibm", Device: "ibm_torino", Name: "retina", Command: long, Estimate: usd(0.25)},
		{ID: "qgan-20261130115900-aaaaaaaadddddddd", Service: "azure", Device: "quantinuum.qpu.h2-1", Command: "submit x\x1b[31m"},
	} {
		if i > 0 {
			clock = now.Add(time.Duration(i-2) * time.Hour)
		}
		if _, err := l.Plan(t.Context(), []Plan{{Job: j, Request: []byte("{}")}}, Limits{Unpriced: true}); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		if _, err := l.Begin(t.Context(), "cccccccc", Limits{}, false); err == nil {
			t.Fatal("part of an id began a job")
		}
		if _, err := l.Begin(t.Context(), "qgan-20261130110000-aaaaaaaacccccccc", Limits{}, false); err != nil {
			t.Fatal(err)
		}
	}
	s, err := l.Summary(Query{})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := s.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	const want = `job       made (UTC)   age   state    device                  cost       for
bbbbbbbb  2025-11-30   365d  planned  braket:…e-Enterprise-1  ~$1234.50  submit…
cccccccc  11-30 11:00  1h    sending  ibm:ibm_torino          ~$0.75     retina
dddddddd  11-30 12:00  0s    planned  azure:…tinuum.qpu.h2-1  –          submit…
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
	for line := range strings.Lines(b.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if j, err := l.Job(s.Jobs[1].Short()); err != nil || j.Name != "retina" {
		t.Errorf("%+v, %v", j, err)
	}
}
