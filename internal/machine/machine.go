// Package machine says what a program runs on and what it was built from: the processor and
// its instruction sets, the memory, the user's folders, the version.
package machine

import (
	"path/filepath"
	"runtime"

	"golang.org/x/sys/cpu"
)

// Info is the machine that a process runs on.
type Info struct {
	CPU        string   `json:"cpu"`
	Features   []string `json:"features"` // instruction sets, of those that a kernel may use
	Cores      int      `json:"cores"`
	GOMAXPROCS int      `json:"gomaxprocs"`
	Memory     uint64   `json:"memory_bytes"` // that the process may use; 0: not known
}

// Read asks the system.
func Read() Info {
	m := Info{
		CPU: cpuModel(), Features: cpuFeatures(), Cores: runtime.NumCPU(),
		GOMAXPROCS: runtime.GOMAXPROCS(0), Memory: memoryTotal(),
	}
	if m.CPU == "" {
		m.CPU = runtime.GOARCH
	}
	return m
}

// cpuFeatures names the instruction sets that matter to the kernels.
func cpuFeatures() []string {
	out := []string{}
	for _, f := range []struct {
		name string
		has  bool
	}{
		{"sse4.2", cpu.X86.HasSSE42},
		{"avx", cpu.X86.HasAVX},
		{"avx2", cpu.X86.HasAVX2},
		{"fma", cpu.X86.HasFMA},
		{"bmi2", cpu.X86.HasBMI2},
		{"avx512f", cpu.X86.HasAVX512F},
		{"avx512dq", cpu.X86.HasAVX512DQ},
		{"asimd", cpu.ARM64.HasASIMD},
		{"sve", cpu.ARM64.HasSVE},
	} {
		if f.has {
			out = append(out, f.name)
		}
	}
	return out
}

// LargestQubits returns the largest n for which so many state vectors of 2^n amplitudes,
// 16 bytes each, fit into three quarters of the memory.
func LargestQubits(memory, vectors uint64) int {
	const amplitude = 16
	room := memory / 4 * 3
	if room < amplitude*vectors {
		return 0
	}
	n := 0
	for amplitude*vectors<<(n+1) <= room {
		n++
	}
	return n
}

// Folder returns qgan's own folder below one of the XDG base folders: that of the variable
// or, where it says nothing or a relative path, fallback below the home folder. It is ""
// where there is no home.
func Folder(getenv func(string) string, variable, fallback string) string {
	base := getenv(variable)
	if !filepath.IsAbs(base) { // the specification: relative ones are ignored
		home := getenv("HOME")
		if home == "" {
			home = getenv("USERPROFILE")
		}
		if home == "" {
			return ""
		}
		base = filepath.Join(home, fallback)
	}
	return filepath.Join(base, "qgan")
}
