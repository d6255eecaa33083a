package conffile

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// The environment wins over the files, the first file over the second, and in a file the
// nearest table over the wider ones.
func TestLayers(t *testing.T) {
	entry := func(table, key string, values ...string) Entry {
		return Entry{table, key, values, "place of " + strings.Join(values, " ")}
	}
	l := Layers{
		Prefix: "QGAN_", Reserved: func(v string) bool { return v == "QGAN_LEDGER" || strings.HasSuffix(v, "_URL") },
		Getenv: func(v string) string {
			return map[string]string{"QGAN_SEED": "7", "QGAN_LEDGER": "elsewhere", "QGAN_IBM_URL": "there"}[v]
		},
		Files: Files{
			{Entries: []Entry{entry("", "shots", "wide"), entry("jobs", "shots", "near"), entry("jobs.wait", "endpoint", "a", "b"), entry("", "seed", "file")}},
			{Entries: []Entry{entry("jobs.wait", "shots", "second"), entry("", "ledger", "third")}},
		},
	}
	for _, c := range []struct{ verb, flag, want string }{
		{"jobs wait", "seed", "[7] environment QGAN_SEED true"},
		{"jobs wait", "shots", "[near] place of near true"},
		{"run", "shots", "[wide] place of wide true"},
		{"jobs wait", "endpoint", "[a b] place of a b true"},
		{"jobs", "endpoint", "[]  false"},
		{"run", "ledger", "[third] place of third true"},
		{"run", "ibm-url", "[]  false"},
	} {
		e, ok := l.Flag(c.verb, c.flag)
		if got := fmt.Sprint(e.Values, " ", e.Place, " ", ok); got != c.want {
			t.Errorf("%s --%s: %s, want %s", c.verb, c.flag, got, c.want)
		}
	}
	for flag, want := range map[string]string{"seed": "QGAN_SEED", "generator-lr": "QGAN_GENERATOR_LR", "ledger": "", "ibm-url": ""} {
		if got := l.Variable(flag); got != want {
			t.Errorf("--%s: %q, want %q", flag, got, want)
		}
	}
	if got := Tables("jobs wait"); !slices.Equal(got, []string{"jobs.wait", "jobs", ""}) {
		t.Errorf("tables %q", got)
	}
}

// Values of a table are read as what they are, and the first that is none is told with its
// place.
func TestTable(t *testing.T) {
	files := Files{{Entries: []Entry{
		{"limits", "day", []string{"12.5"}, "f:1"}, {"limits", "none", []string{"0"}, "f:2"}, {"limits", "debt", []string{"-1"}, "f:3"}, {"limits", "word", []string{"x"}, "f:4"},
		{"limits", "huge", []string{"1e12"}, "f:5"}, {"limits", "nan", []string{"NaN"}, "f:6"}, {"other", "absent", []string{"1"}, "f:7"},
		{"limits", "wait", []string{"40s"}, "f:8"}, {"limits", "now", []string{"0s"}, "f:9"}, {"limits", "list", []string{"a", "b"}, "f:10"},
	}}}
	dollars := func(x *Table, key string) string {
		if v := x.Dollars(key); v != nil {
			return fmt.Sprint(*v)
		}
		return "nil"
	}
	wait := func(x *Table, key string) string { return x.Duration(key).String() }
	for _, c := range []struct {
		key  string
		read func(*Table, string) string
		want string
		err  string
	}{
		{"day", dollars, "12.5", ""},
		{"none", dollars, "0", ""},
		{"absent", dollars, "nil", ""},
		{"debt", dollars, "", "f:3: limits.debt -1: it takes US dollars, 0 or above"},
		{"word", dollars, "", "f:4: limits.word x: it takes US dollars, 0 or above"},
		{"huge", dollars, "", "f:5: limits.huge 1e12: it takes US dollars, 0 or above"},
		{"nan", dollars, "", "f:6: limits.nan NaN: it takes US dollars, 0 or above"},
		{"wait", wait, (40 * time.Second).String(), ""},
		{"absent", wait, "0s", ""},
		{"now", wait, "", `f:9: limits.now "0s": it takes a time such as 40s`},
		{"word", wait, "", `f:4: limits.word "x": it takes a time such as 40s`},
	} {
		x := files.Table("limits")
		got := c.read(x, c.key)
		if c.err != "" {
			if err := x.Err(); err == nil || err.Error() != c.err || !err.(*Error).BadInput() {
				t.Errorf("%s: error %v, want %s", c.key, err, c.err)
			}
		} else if got != c.want || x.Err() != nil {
			t.Errorf("%s: %s, %v, want %s", c.key, got, x.Err(), c.want)
		}
	}
	x := files.Table("limits")
	x.Dollars("debt")
	x.Duration("now")
	x.Dollars("day")
	if err := x.Err(); err == nil || !strings.HasPrefix(err.Error(), "f:3: ") {
		t.Errorf("the first fault is %v", err)
	}
	if text, place, ok := x.Text("list"); text != "a,b" || place != "f:10" || !ok {
		t.Errorf("%q at %q, %v", text, place, ok)
	}
}
