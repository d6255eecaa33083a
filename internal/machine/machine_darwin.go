package machine

import "golang.org/x/sys/unix"

// cpuModel reads the processor's name.
func cpuModel() string {
	name, err := unix.Sysctl("machdep.cpu.brand_string")
	if err != nil {
		return ""
	}
	return name
}

// memoryTotal is the machine's memory.
func memoryTotal() uint64 {
	n, err := unix.SysctlUint64("hw.memsize")
	if err != nil {
		return 0
	}
	return n
}
