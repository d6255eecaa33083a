//go:build !amd64 || purego

package sim

// kernels is the table of kernels, the fastest first.
func kernels() []kernelSet {
	return []kernelSet{{"go", []kernel{wide{oneByOne{maxLanes}}}, plain{}, plainSide{}, plainDensity{}}}
}
