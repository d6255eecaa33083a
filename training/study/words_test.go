package study

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"qgan/internal/durable"
	"qgan/internal/named"
	"qgan/training/lab"
)

// What can't be taken from words is refused with the setting that it was given by, and so
// is a file that is not there.
func TestFindRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"a.csv", "damaged.toml"} {
		if err := os.WriteFile(name, []byte("seeds = ["), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, k := range []struct {
		what string
		w    Words
		want string
	}{
		{"device-noise", Words{}, "study device-noise needs 1 device: give --device"},
		{"transfer", Words{Devices: []string{"a"}}, "study transfer needs 2 devices: give --device"},
		{"plateau", Words{Devices: []string{"a"}}, "--device: study plateau takes none"},
		{"plateau", Words{Set: []string{"layers"}}, "--set layers: it is SETTING=VALUE"},
		{"plateau", Words{Set: []string{"=3"}}, "--set =3: it is SETTING=VALUE"},
		{"plateau", Words{Seeds: "0,-1"}, "--seeds 0,-1: a list such as 0,1,2 is needed"},
		{"plateau", Words{Seeds: "0,,1"}, "--seeds 0,,1: a list such as 0,1,2 is needed"},
		{"plateau", Words{Compare: []string{"a.csv"}}, "--compare: study plateau takes none"},
		{"paper", Words{Compare: []string{"a,b"}}, "--compare a,b: a name with a comma can't be told from two"},
		{"paper", Words{Compare: []string{"a.csv", "x/../a.csv"}}, "--compare x/../a.csv: another file of that name is there already, and figures are named after them"},
		{"nowhere.toml", Words{}, "study nowhere.toml: there is no such file"},
		{"damaged.toml", Words{}, ""},
		{"nothing", Words{}, ""},
		{"paper", Words{Compare: []string{"nowhere.csv"}}, ""},
	} {
		_, _, _, err := Find(durable.OS{}, k.what, k.w)
		if err == nil {
			t.Errorf("%s %+v: no error", k.what, k.w)
			continue
		}
		if bad, ok := err.(interface{ BadInput() bool }); !ok || !bad.BadInput() {
			t.Errorf("%s %+v: %v is no fault of the input", k.what, k.w, err)
		}
		if got := named.Text(err, func(name string) string { return "--" + name }); k.want != "" && got != k.want {
			t.Errorf("%s %+v: %q, want %q", k.what, k.w, got, k.want)
		}
	}
}

// The page of a quick study says that it is no result and of how many steps, and concludes
// nothing; others don't.
func TestQuickBanner(t *testing.T) {
	t.Parallel()
	for _, quick := range []bool{true, false} {
		p, page, file, err := Find(durable.OS{}, "plateau", Words{Quick: quick})
		if err != nil || file {
			t.Fatal(file, err)
		}
		if got := page(TableOf(p, nil)); strings.Contains(got.Banner, "no result") != quick || got.Title == "" {
			t.Errorf("quick %t: banner %q", quick, got.Banner)
		}
	}
	p, page, _, err := Find(durable.OS{}, "paper", Words{Quick: true})
	if err != nil {
		t.Fatal(err)
	}
	results := map[string]Outcome{}
	for _, task := range p.Tasks[1:] {
		results[task.Name()] = Outcome{Task: task, Row: Row{"js_nats": 0.1, "baseline_independent_in_time": 0.2}}
	}
	got := page(TableOf(p, results))
	if want := fmt.Sprintf("1 of %d tasks are not done yet.", len(p.Tasks)); !slices.Equal(got.Says, []string{want}) || !strings.Contains(got.Banner, "(trainings of 50 steps)") {
		t.Errorf("%q, %q", got.Banner, got.Says)
	}
}

// Words become the options that a plan is made of: numbers are numbers, names of files
// whole ones.
func TestMake(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("a.csv", []byte("0,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	whole, err := filepath.Abs("a.csv")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []struct {
		w    Words
		want Options
	}{
		{Words{}, Options{}},
		{Words{Quick: true, Seeds: "3, 1"}, Options{Quick: true, Seeds: []int64{3, 1}}},
		{Words{Set: []string{"layers=2", "latent=normal", "note=a=b"}}, Options{Override: map[string]any{"layers": 2.0, "latent": "normal", "note": "a=b"}}},
		{Words{Compare: []string{"a.csv"}, Devices: []string{"x"}}, Options{Compare: []string{whole}, Devices: []string{"x"}}},
		{
			Words{Settings: lab.Settings{"data": "a.csv", "repeat-bins": "953", "bin-width": "0.02", "layers": "3", "axes": ""}},
			Options{Settings: map[string]any{"data": whole, "repeat-bins": 953, "bin-width": 0.02}},
		},
		{
			Words{Settings: lab.Settings{"sampling-rate": "30000", "max-gap": "0.5", "trials": "none"}},
			Options{Settings: map[string]any{"sampling-rate": 30000.0, "max-gap": 0.5, "trials": "none"}},
		},
		{Words{Settings: lab.Settings{"repeat-bins": "0", "bin-width": "0", "var": "x"}}, Options{Settings: map[string]any{"var": "x"}}},
	} {
		var got Options
		r := Ready{Name: "paper", Devices: len(k.w.Devices), Plan: func(o Options) Plan { got = o; return Plan{} }}
		if _, err := r.Make(nil, k.w); err != nil {
			t.Errorf("%+v: %v", k.w, err)
		}
		for _, m := range []*map[string]any{&k.want.Settings, &k.want.Override} {
			if *m == nil {
				*m = map[string]any{}
			}
		}
		if !reflect.DeepEqual(got, k.want) {
			t.Errorf("%+v:\n%s", k.w, cmp.Diff(k.want, got))
		}
	}
}

// Each kind of task has its own settings beside a training's, and no other's.
func TestCheck(t *testing.T) {
	for _, k := range []struct {
		kind string
		has  string
		want string // of a setting that there is not
	}{
		{"train", "layers seed data evaluate.samples evaluate.compare", `task 1: "samples" is no setting of a training`},
		{"device", "layers device device-noise mitigate samples", `task 1: "run-device" is no setting of a training`},
		{"transfer", "layers shots train-device run-device", `task 1: "evaluate.samples" is no setting of a training`},
		{"baseline", "timesteps seed iterations data neurons train-repeats", `task 1: "layers" is no setting of a baseline`},
		{"plateau", "neurons layers observable draws seed", `task 1: "layer" is no setting of tasks of the kind plateau, did you mean "layers"?`},
		{"gradient", "neurons layers shots latents repeats seed", `task 1: "data" is no setting of tasks of the kind gradient`},
		{"metric-error", "timesteps windows repeats seed data neurons", `task 1: "latents" is no setting of tasks of the kind metric-error`},
		{"train", "layers", `task 1: "layrs" is no setting of a training, did you mean "layers"?`},
		{"square", "", `task 1 is of kind "square": there is baseline, device, gradient, metric-error, plateau, train, transfer`},
	} {
		settings := map[string]any{}
		for _, name := range strings.Fields(k.has) {
			settings[name] = 1
		}
		if err := (Plan{Tasks: []Task{{k.kind, settings}}}).Check(); (err == nil) != (k.kind != "square") {
			t.Errorf("%s with %s: %v", k.kind, k.has, err)
		}
		if k.want == "" {
			continue
		}
		if parts := strings.Split(k.want, `"`); k.has != "" {
			settings[parts[1]] = 1
		}
		if err := (Plan{Tasks: []Task{{k.kind, settings}}}).Check(); err == nil || err.Error() != k.want {
			t.Errorf("%s: %v, want %s", k.kind, err, k.want)
		}
	}
}

// A queue is read and written; no secret of an address is.
func TestParseQueue(t *testing.T) {
	for text, want := range map[string]struct {
		kind         QueueKind
		place, plain string
	}{
		"local":                   {Local, "", "local"},
		"dir:/shared/a":           {Shared, "/shared/a", "dir:/shared/a"},
		"dir:":                    {Shared, "", "dir:"},
		"nats://me:secret@host:1": {Server, "nats://me:secret@host:1", "nats://host:1"},
		"tls://host":              {Server, "tls://host", "tls://host"},
		"http://me:secret@host":   {"", "http://me:secret@host", "http://host"},
		"":                        {"", "", ""},
	} {
		q, err := ParseQueue(text)
		if (err == nil) != (want.kind != "") || q.Kind != want.kind || q.Place != want.place || q.String() != want.plain {
			t.Errorf("%q: %#v, %s, %v; want %+v", text, q, q, err, want)
		}
	}
	p := Plan{Name: "x"}
	if got := (Queue{Shared, "a"}).Folder(p); got != "a" {
		t.Errorf("a shared folder keeps its plan in %s", got)
	}
	if got, want := (Queue{Kind: Local}).Folder(p), filepath.Join("studies", "x-"+p.Hash()[:8]); got != want {
		t.Errorf("folder %s, want %s", got, want)
	}
	for _, k := range []struct {
		kind        QueueKind
		given, want int
	}{{Server, -1, 0}, {Server, 0, 0}, {Server, 3, 3}, {Local, -1, runtime.GOMAXPROCS(0)}, {Shared, -1, runtime.GOMAXPROCS(0)}, {Shared, 0, 0}, {Local, 2, 2}} {
		if got := (Queue{Kind: k.kind}).Workers(k.given); got != k.want {
			t.Errorf("workers of kind %v, given %d: %d, want %d", k.kind, k.given, got, k.want)
		}
	}
}

// Who joins a folder sees its plan; a folder without one is refused.
func TestJoin(t *testing.T) {
	dir := t.TempDir()
	if _, err := Join(t.Context(), nil, Queue{Shared, dir}, "", ""); err == nil {
		t.Error("an empty folder was joined")
	}
	p := squares(2)
	if _, err := CreateFolder(nil, dir, p, 0); err != nil {
		t.Fatal(err)
	}
	j, err := Join(t.Context(), nil, Queue{Shared, dir}, "", "")
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if j.Plan().Hash() != p.Hash() || j.Folder.Plan().Hash() != p.Hash() {
		t.Errorf("joined %s, want %s", j.Plan().Hash(), p.Hash())
	}
}
