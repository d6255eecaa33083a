package machine

import (
	"runtime/debug"
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
