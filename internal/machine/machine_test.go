package machine

import (
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"
)

func TestLargestQubits(t *testing.T) {
	for _, c := range []struct {
		memory, vectors uint64
		want            int
	}{
		{0, 1, 0},
		{64, 1, 1}, // 48 bytes of room: two amplitudes
		{16 << 30, 1, 29},
		{16 << 30, 2, 28},
		{22 << 30, 1, 30},
		{1 << 60, 2, 54},
	} {
		if got := LargestQubits(c.memory, c.vectors); got != c.want {
			t.Errorf("%d bytes, %d vectors: %d qubits, want %d", c.memory, c.vectors, got, c.want)
		}
	}
}

func TestRead(t *testing.T) {
	m := Read()
	if m.CPU == "" || m.Cores < 1 || m.GOMAXPROCS < 1 || m.Features == nil {
		t.Errorf("%+v", m)
	}
	if known := runtime.GOOS == "linux" || runtime.GOOS == "darwin" || runtime.GOOS == "windows"; known && m.Memory < 1<<20 {
		t.Errorf("memory %d", m.Memory)
	}
}

func TestFolder(t *testing.T) {
	abs, home := t.TempDir(), t.TempDir()
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"XDG_X": abs, "HOME": home}, filepath.Join(abs, "qgan")},
		{map[string]string{"XDG_X": "relative", "HOME": home}, filepath.Join(home, ".x", "qgan")},
		{map[string]string{"USERPROFILE": home}, filepath.Join(home, ".x", "qgan")},
		{nil, ""},
	} {
		if got := Folder(func(name string) string { return c.env[name] }, "XDG_X", ".x"); got != c.want {
			t.Errorf("%v: %q, want %q", c.env, got, c.want)
		}
	}
}

// What the linker was told wins over the module's version; the commit is the working tree's.
func TestBuild(t *testing.T) {
	info := &debug.BuildInfo{Main: debug.Module{Version: "v1.1.0"}, Deps: make([]*debug.Module, 3), Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"}, {Key: "vcs.time", Value: "then"}, {Key: "GOAMD64", Value: "v3"},
	}}
	for _, c := range []struct {
		version, commit string
		info            *debug.BuildInfo
		want            Build
		text            string
	}{
		{"", "", nil, Build{Version: "v0.0.0-dev"}, "v0.0.0-dev"},
		{"", "", &debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, Build{Version: "v0.0.0-dev"}, "v0.0.0-dev"},
		{"", "", info, Build{Version: "v1.1.0", Commit: "0123456789abcdef", Dirty: true, Time: "then", Level: "v3", Modules: 3}, "v1.1.0 (0123456789ab, with changes)"},
		{"v1.2.0", "abc", nil, Build{Version: "v1.2.0", Commit: "abc"}, "v1.2.0 (abc)"},
		{"v1.2.0-dirty", "", nil, Build{Version: "v1.2.0-dirty", Dirty: true}, "v1.2.0-dirty"},
	} {
		c.want.Schema, c.want.Go, c.want.OS, c.want.Arch = "qgan.version/v1", runtime.Version(), runtime.GOOS, runtime.GOARCH
		got := newBuild(c.version, c.commit, c.info)
		if got != c.want || got.String() != c.text {
			t.Errorf("%+v %s, want %+v %s", got, got, c.want, c.text)
		}
	}
}
