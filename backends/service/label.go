package service

import (
	"cmp"
	"regexp"
	"strings"

	"qgan/backends"
)

// Label is what people call a job. It is told to services that have a place for it, changes
// nothing of the job, and none is found by it but in the ledger.
type Label struct {
	Name string
	Tags []string // each a word, or KEY=VALUE
}

// The bounds are narrower than those of any service: Amazon takes these letters and 50 tags, IonQ
// 400 letters of all tags together.
const maxTags = 6

var labels = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 +\-=._:/@]{0,63}$`)

// Check refuses names and tags that a service would not take, or that are its own or ours.
func (l Label) Check() error {
	if l.Name != "" && !labels.MatchString(l.Name) {
		return refuseLabel("name", l.Name)
	}
	if len(l.Tags) > maxTags {
		return backends.Refuse("%d tags of a job: at most %d are taken", len(l.Tags), maxTags)
	}
	seen := map[string]bool{}
	for _, tag := range l.Tags {
		key, _, _ := strings.Cut(tag, "=")
		lower := strings.ToLower(key)
		switch {
		case !labels.MatchString(tag):
			return refuseLabel("tag", tag)
		case strings.HasPrefix(lower, "qgan") || strings.HasPrefix(lower, "aws:"):
			return backends.Refuse("the tag %q of a job: those that begin with qgan or aws: are taken", tag)
		case seen[key]:
			return backends.Refuse("the tag %q of a job is given twice", key)
		}
		seen[key] = true
	}
	return nil
}

func refuseLabel(what, text string) error {
	return backends.Refuse("the %s %q of a job: it is a letter or digit and up to 63 more, with spaces and + - = . _ : / @ between them", what, text)
}

// Label is what the jobs are called.
func (p Place) Label() Label { return p.label }

// Options are what is asked for the jobs, whoever sends them: all but a session, by the names
// of JobOptions; nil for nothing.
func (p Place) Options() map[string]string {
	var own map[string]string
	for _, o := range jobOptions {
		if text, ok := p.job[o.Name]; ok && !o.Session {
			if own == nil {
				own = map[string]string{}
			}
			own[o.Name] = text
		}
	}
	return own
}

// Title is a job's name, or its tag where it has none, at services whose jobs have names.
func (p Place) Title(tag string) string { return cmp.Or(p.label.Name, tag) }

// Tags are those of a job at a service whose jobs have words for tags: ours is the first.
func (p Place) Tags(tag string) []string {
	tags := []string{tag}
	if p.label.Name != "" {
		tags = append(tags, p.label.Name)
	}
	return append(tags, p.label.Tags...)
}

// Metadata is that of a job at a service whose metadata are a few pairs of texts.
func (p Place) Metadata(tag string) map[string]string {
	m := map[string]string{TagKey: tag}
	if p.label.Name != "" {
		m[nameKey] = p.label.Name
	}
	if len(p.label.Tags) > 0 {
		m[tagsKey] = strings.Join(p.label.Tags, ",")
	}
	return m
}

// TagPairs are a job's tags at a service whose tags have values: those of KEY=VALUE.
func (p Place) TagPairs(tag string) map[string]string {
	m := map[string]string{TagKey: tag}
	if p.label.Name != "" {
		m[nameKey] = p.label.Name
	}
	for _, t := range p.label.Tags {
		key, value, _ := strings.Cut(t, "=")
		m[key] = value
	}
	return m
}

// The keys of a job's name and tags beside TagKey.
const nameKey, tagsKey = "qgan_name", "qgan_tags"
