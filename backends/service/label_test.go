package service_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"qgan/backends/service"
)

func TestLabels(t *testing.T) {
	for _, k := range []struct {
		label service.Label
		want  string // an error; "": taken
	}{
		{service.Label{}, ""},
		{service.Label{Name: "retina, day 3"}, `the name "retina, day 3"`},
		{service.Label{Name: "retina day 3", Tags: []string{"paper", "project=spikes", "a/b:c@d+e.f"}}, ""},
		{service.Label{Name: strings.Repeat("x", 64)}, ""},
		{service.Label{Name: strings.Repeat("x", 65)}, "of a job: it is a letter or digit"},
		{service.Label{Name: "-x"}, `the name "-x"`},
		{service.Label{Tags: []string{""}}, `the tag ""`},
		{service.Label{Tags: []string{"a\nb"}}, `the tag "a\nb"`},
		{service.Label{Tags: []string{"Qgan_id=x"}}, "begin with qgan or aws:"},
		{service.Label{Tags: []string{"aws:x"}}, "begin with qgan or aws:"},
		{service.Label{Tags: []string{"a=1", "b", "a=2"}}, `the tag "a" of a job is given twice`},
		{service.Label{Tags: []string{"a", "b", "c", "d", "e", "f", "g"}}, "7 tags of a job: at most 6"},
	} {
		_, err := service.PlaceOf("ibm", "d", service.Options{Label: k.label})
		if (err == nil) != (k.want == "") || err != nil && !strings.Contains(err.Error(), k.want) {
			t.Errorf("%+v: %v", k.label, err)
		}
	}
	p, err := service.PlaceOf("ibm", "d", service.Options{Label: service.Label{Name: "n", Tags: []string{"paper", "project=spikes"}}})
	if err != nil {
		t.Fatal(err)
	}
	none := service.At("ibm", "d", "")
	if got := p.Tags("id"); !slices.Equal(got, []string{"id", "n", "paper", "project=spikes"}) || len(none.Tags("id")) != 1 {
		t.Errorf("tags %q", got)
	}
	if got := p.Metadata("id"); !maps.Equal(got, map[string]string{"qgan_id": "id", "qgan_name": "n", "qgan_tags": "paper,project=spikes"}) || len(none.Metadata("id")) != 1 {
		t.Errorf("metadata %q", got)
	}
	if got := p.TagPairs("id"); !maps.Equal(got, map[string]string{"qgan_id": "id", "qgan_name": "n", "paper": "", "project": "spikes"}) || len(none.TagPairs("id")) != 1 {
		t.Errorf("pairs %q", got)
	}
	if p.Title("id") != "n" || none.Title("id") != "id" {
		t.Errorf("titles %q, %q", p.Title("id"), none.Title("id"))
	}
}

// A session is the command's: a job that another command sends has none.
func TestOptionsOfJobs(t *testing.T) {
	p, err := service.PlaceOf("ionq", "d", service.Options{Job: map[string]string{"ionq-session": "30m", "ionq-session-cost": "5", "ionq-debias": "true"}})
	if got := p.Options(); err != nil || !maps.Equal(got, map[string]string{"ionq-debias": "true"}) || service.At("ionq", "d", "").Options() != nil {
		t.Errorf("%v, %v", got, err)
	}
}
