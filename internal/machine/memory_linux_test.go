package machine

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// The memory is the machine's, or less where the process may use less.
func TestMemoryIsTheMachines(t *testing.T) {
	data, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		t.Fatal(err)
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
