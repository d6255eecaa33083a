// Package calibration holds what is known of a quantum processor at one time.
//
// # Data flow
//
//	files of a service -> Read -> Snapshot -> compile.NewTarget
//	                               Snapshot -> NewNoiseModel -> NoiseModel <- ReadNoiseModel <- TOML, JSON
//	                               NoiseModel.After(operation) -> channels on qubits
//	                               NoiseModel.Confusion(qubits) -> Confusion <- EstimateTensored, EstimateFull <- Histogram
//	Histogram -> Confusion.Invert, Confusion.M3, Untwirl -> Quasi -> NearestLaw
//	                               Snapshot -> Encode -> the program's own file -> Read
//	                               Diff(old, new) -> what moved
//
// A Snapshot is read from IBM's properties (and configuration), from Amazon
// Braket's GetDevice answer or its capabilities alone, from IonQ's
// characterization (and the answer about the backend), from IQM's architecture
// and calibration answers, or from the program's own JSON. What a service's devices
// take beyond what its files tell (Native, Bounds) is a table. Files are told apart
// by what they hold, never by their names.
//
// Units are explicit: every number of a Snapshot is in seconds, hertz or without
// dimension, and a unit that is not in the table of units is an error. Every
// number keeps its own date and, where the service tells it, its standard error;
// what is not known is nil, never zero. What is odd in a file (T2 above 2·T1,
// gates marked as not available, values that are missing) is kept as it was
// measured and named in Warnings, each kind once with all the places.
package calibration
