package conffile

import (
	"io/fs"
	"slices"
	"testing"
)

// Values are as exact as the file's, with the line of each.
func TestExactValues(t *testing.T) {
	known := Known{}
	known.Add("", "a", "b", "c", "d")
	entries, err := Parse("f.toml", "a = 0.1234567890123\nb = 1e-300\nc = 2026-05-12T09:00:00.25Z\n\nd = [1, 2.5, true, \"x\"]\n", known)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []Entry{
		{"", "a", []string{"0.1234567890123"}, "f.toml:1"},
		{"", "b", []string{"1e-300"}, "f.toml:2"},
		{"", "c", []string{"2026-05-12T09:00:00.25Z"}, "f.toml:3"},
		{"", "d", []string{"1", "2.5", "true", "x"}, "f.toml:5"},
	} {
		if e := entries[i]; e.Key != want.Key || !slices.Equal(e.Values, want.Values) || e.Place != want.Place {
			t.Errorf("%+v, want %+v", e, want)
		}
	}
}

// The first file that speaks of a key wins, in whatever of the tables; in one file the first
// of the tables.
func TestWhoWins(t *testing.T) {
	known := Known{}
	known.Add("", "k")
	known.Add("train", "k")
	texts := map[string]string{"near": "k = 1\n", "far": "k = 2\n[train]\nk = 3\n"}
	read := func(path string) ([]byte, error) {
		if text, ok := texts[path]; ok {
			return []byte(text), nil
		}
		return nil, fs.ErrNotExist
	}
	for _, c := range []struct {
		paths, tables []string
		want          string
	}{
		{[]string{"near", "far"}, []string{"train", ""}, "1"},
		{[]string{"far", "near"}, []string{"train", ""}, "3"},
		{[]string{"far", "near"}, []string{"", "train"}, "2"},
		{[]string{"near", "far"}, []string{"train"}, "3"},
		{[]string{"nowhere", "far"}, []string{""}, "2"},
		{[]string{"near"}, []string{"train"}, ""},
	} {
		files, err := Read(read, known, c.paths...)
		if err != nil {
			t.Fatal(err)
		}
		e, ok := files.Find("k", c.tables...)
		if ok != (c.want != "") || ok && e.Values[0] != c.want {
			t.Errorf("%v, tables %v: %+v, want %q", c.paths, c.tables, e, c.want)
		}
		for _, f := range files {
			if f.Found != (f.Path != "nowhere") {
				t.Errorf("%s was found: %v", f.Path, f.Found)
			}
		}
	}
}

// What is near a table that is not known are the tables beside it, in order of name: neither
// those below nor those of other tables.
func TestTablesBeside(t *testing.T) {
	known := Known{}
	known.Add("")
	for _, table := range []string{"wait", "wake", "jobs", "jobs.wade", "jobs.watt", "jobs.want.wart", "other.ward"} {
		known.Add(table, "k")
	}
	for text, want := range map[string]string{
		"[waxt]\nk = 1\n":           `f.toml:1: unknown table "waxt", did you mean "wait"?`,
		"[waie]\nk = 1\n":           `f.toml:1: unknown table "waie", did you mean "wait" or "wake"?`,
		"[jobs.waxx]\nk = 1\n":      `f.toml:1: unknown table "waxx" in [jobs], did you mean "wade" or "watt"?`,
		"[jobs.zzzz]\nk = 1\n":      `f.toml:1: unknown table "zzzz" in [jobs]`,
		"[jobs.wade.watt]\nk = 1\n": `f.toml:1: unknown table "watt" in [jobs.wade]`,
	} {
		for range 8 { // a map's order is another each time
			if _, err := Parse("f.toml", text, known); err == nil || err.Error() != want {
				t.Fatalf("%q: %v, want %s", text, err, want)
			}
		}
	}
	known.Add("jobs.want")
	if _, err := Parse("f.toml", "[jobs.want.warp]\nk = 1\n", known); err == nil || err.Error() != `f.toml:1: unknown table "warp" in [jobs.want], did you mean "wart"?` {
		t.Error(err)
	}
}
