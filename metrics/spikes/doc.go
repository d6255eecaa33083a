// Package spikes holds binned spike recordings: reading them from the files
// that people have, cutting them into windows, and writing drawn ones back.
//
// The order of bits is decided here once for the whole program: neuron 0 of
// timestep 0 comes first and is the most significant bit of a state.
package spikes
