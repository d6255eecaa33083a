//go:build !linux && !darwin && !windows

package machine

// cpuModel is not known here.
func cpuModel() string { return "" }

// memoryTotal is not known here.
func memoryTotal() uint64 { return 0 }
