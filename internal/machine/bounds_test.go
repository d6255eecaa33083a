package machine

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
)

// Memory that is just enough is enough.
func TestJustEnough(t *testing.T) {
	for _, c := range []struct {
		room, vectors uint64 // of 3/4 of the memory
		want          int
	}{{48, 1, 1}, {96, 3, 1}, {48, 3, 0}, {96, 1, 2}, {96, 2, 1}, {192, 3, 2}, {189, 3, 1}} {
		if got := LargestQubits(c.room/3*4, c.vectors); got != c.want {
			t.Errorf("%d bytes for %d vectors: %d qubits, want %d", c.room, c.vectors, got, c.want)
		}
	}
}

// A build of a clean tree is clean, whatever else is recorded.
func TestCleanBuild(t *testing.T) {
	for value, dirty := range map[string]bool{"true": true, "false": false, "": false} {
		b := newBuild("v1.0.0", "", &debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "vcs.modified", Value: value}}})
		if b.Dirty != dirty {
			t.Errorf("vcs.modified=%q: dirty %v", value, b.Dirty)
		}
	}
}

// The memory is the machine's, or less where the process may use less.
func TestMemoryIsTheMachines(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	data, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		t.Skip(err)
	}
	var total uint64
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "MemTotal:"); ok {
			kb, err := strconv.ParseUint(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			total = kb << 10
		}
	}
	want := total
	for _, path := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if limit, err := strconv.ParseUint(strings.TrimSpace(string(data)), 10, 64); err == nil {
			want = min(want, limit)
		}
	}
	if got := Read().Memory; got < want/100*99 || got > want/100*101 {
		t.Errorf("%d bytes, want about %d", got, want)
	}
}
