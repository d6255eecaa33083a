package conffile

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

// known are keys as those of a program with the verbs train, jobs and jobs wait.
func known() Known {
	k := Known{}
	k.Add("", "layers", "seed")
	k.Add("train", "layers", "rate", "layers")
	k.Add("jobs")
	k.Add("jobs.wait", "every")
	k.Add("wait", "wait") // a key with its table's name
	return k
}

func TestParse(t *testing.T) {
	entries, err := Parse("a.toml", `
seed = 0x10
[train]
rate = [1e-3, 0.5, true, "x", 2026-01-02T03:04:05Z]
layers = []
[jobs.wait]
every = "3 s"
[wait]
wait = 1
`, known())
	if err != nil {
		t.Fatal(err)
	}
	want := []Entry{ // jobs itself stands in no line
		{"jobs.wait", "every", []string{"3 s"}, "a.toml:7"},
		{"", "seed", []string{"16"}, "a.toml:2"},
		{"train", "rate", []string{"0.001", "0.5", "true", "x", "2026-01-02T03:04:05Z"}, "a.toml:4"},
		{"train", "layers", nil, "a.toml:5"},
		{"wait", "wait", []string{"1"}, "a.toml:9"},
	}
	same := func(a, b Entry) bool {
		return a.Table == b.Table && a.Key == b.Key && a.Place == b.Place && slices.Equal(a.Values, b.Values)
	}
	if !slices.EqualFunc(entries, want, same) {
		t.Errorf("%q\nwant %q", entries, want)
	}
}

func TestFaults(t *testing.T) {
	for text, want := range map[string]string{
		"seed = 1\nlayrs = 2\n":         `a.toml:2: unknown key "layrs", did you mean "layers"?`,
		"zz = 1\nlayrs = 2\n":           `a.toml:1: unknown key "zz"`,
		"[train]\nlayrs = 2\n":          `a.toml:2: unknown key "layrs" in [train], did you mean "layers"?`,
		"[trian]\nlayers = 2\n":         `a.toml:1: unknown table "trian", did you mean "train"?`,
		"[jobs.wiat]\nevery = 2\n":      `a.toml:1: unknown table "wiat" in [jobs], did you mean "wait"?`,
		"train = 1\n":                   `a.toml:1: train is a table here, write [train] above its keys`,
		"[jobs]\nwait = 1\n":            `a.toml:2: jobs.wait is a table here, write [jobs.wait] above its keys`,
		"seed = [[1, 2]]\n":             `a.toml:1: seed: an array of arrays or tables can't be the value of a flag`,
		"seed = {a = 1}\n":              `a.toml:1: seed: a table can't be the value of a flag`,
		"layers = [{a = 1}]\n":          `a.toml:1: layers: an array of arrays or tables can't be the value of a flag`,
		"seed = 1\nlayers = \n":         `a.toml:2: expected value but found '\n' instead`,
		"[train]\nrate = 1\nrate = 2\n": `a.toml:3: Key 'train.rate' has already been defined.`,
	} {
		_, err := Parse("a.toml", text, known())
		got := ""
		if err != nil {
			got = err.Error()
			if bad := new(Error); !errors.As(err, &bad) || !bad.BadInput() {
				t.Errorf("%q: %T is no fault of the file", text, err)
			}
		}
		if got != want {
			t.Errorf("%q: %s\nwant %s", text, got, want)
		}
	}
}

// The first file wins, in it the nearest table; a file that isn't there says nothing, and
// one that can't be read is a fault.
func TestRead(t *testing.T) {
	files := map[string]string{"near": "seed = 1\n", "far": "seed = 2\nlayers = 3\n[train]\nlayers = 4\n"}
	read := func(path string) ([]byte, error) {
		if path == "locked" {
			return nil, fs.ErrPermission
		}
		text, ok := files[path]
		if !ok {
			return nil, fs.ErrNotExist
		}
		return []byte(text), nil
	}
	got, err := Read(read, known(), "near", "absent", "far")
	if err != nil || len(got) != 3 || !got[0].Found || got[1].Found || !got[2].Found {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, c := range []struct {
		key, tables, want string
	}{
		{"seed", ",", "near:1"}, {"seed", "train,", "near:1"}, {"layers", "train,", "far:4"}, {"layers", ",", "far:2"}, {"rate", "train,", ""},
	} {
		e, ok := got.Find(c.key, strings.Split(c.tables, ",")...)
		if e.Place != c.want || ok != (c.want != "") {
			t.Errorf("%s in %q: %+v, want %s", c.key, c.tables, e, c.want)
		}
	}
	_, err = Read(read, known(), "locked", "near")
	if !errors.Is(err, fs.ErrPermission) || !strings.HasPrefix(err.Error(), "read the configuration locked: ") {
		t.Error(err)
	}
}
