package main

import (
	"runtime"

	"golang.org/x/sys/cpu"
)

// machineInfo is what doctor and a run's manifest say of the machine.
type machineInfo struct {
	CPU        string   `json:"cpu"`
	Features   []string `json:"features"` // of those that a kernel may use
	Cores      int      `json:"cores"`
	GOMAXPROCS int      `json:"gomaxprocs"`
	Memory     uint64   `json:"memory_bytes"` // that the process may use; 0: not known
}

// readMachine asks the system.
func readMachine() machineInfo {
	m := machineInfo{
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

// amplitude is the size in bytes of a complex128.
const amplitude = 16

// largestQubits returns the largest n for which so many state vectors of 2^n
// amplitudes fit into three quarters of the memory.
func largestQubits(memory uint64, vectors uint64) int {
	room := memory / 4 * 3
	if room < amplitude*vectors {
		return 0
	}
	n := 0
	for uint64(amplitude)*vectors<<(n+1) <= room {
		n++
	}
	return n
}
