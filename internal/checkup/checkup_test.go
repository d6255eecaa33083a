package checkup

import (
	"errors"
	"strings"
	"testing"

	"qgan/internal/conffile"
	"qgan/internal/durable"
)

// What is broken is said, and the report is not well.
func TestExamine(t *testing.T) {
	dir := t.TempDir()
	well := Patient{FS: durable.OS{}, MaxQubits: 20, Config: dir, Cache: dir, State: dir, SelfTest: func() (string, error) { return "go", nil }}
	for name, c := range map[string]struct {
		change func(*Patient)
		ok     bool
		says   string
	}{
		"well":             {func(*Patient) {}, true, "go, self-test: passed"},
		"no kernel":        {func(p *Patient) { p.SelfTest = nil }, true, "none, self-test: none"},
		"a wrong kernel":   {func(p *Patient) { p.SelfTest = func() (string, error) { return "go", errors.New("off by 1") } }, false, "go, self-test: off by 1"},
		"configuration":    {func(p *Patient) { p.Broken = errors.New("no such key") }, false, "BROKEN: no such key"},
		"a file":           {func(p *Patient) { p.Files = conffile.Files{{Path: "qgan.toml", Found: true}} }, true, "qgan.toml: read"},
		"no state folder":  {func(p *Patient) { p.State = "/dev/null/x" }, false, "/dev/null/x: NOT THERE and can't be made"},
		"no config folder": {func(p *Patient) { p.Config = "/dev/null/x" }, true, "/dev/null/x: NOT THERE and can't be made"},
	} {
		p := well
		c.change(&p)
		r := Examine(p)
		var b strings.Builder
		if err := r.WriteText(&b); err != nil || r.OK != c.ok || !strings.Contains(b.String(), c.says) {
			t.Errorf("%s: ok %v (%v), want %v and %q:\n%s", name, r.OK, err, c.ok, c.says, &b)
		}
		if r.Largest.State > 20 || r.Largest.Gradient > r.Largest.State {
			t.Errorf("%s: %+v of at most 20 qubits", name, r.Largest)
		}
	}
}
