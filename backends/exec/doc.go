// Package exec is what stands between a Request and those who run it.
//
//	Request with a Mitigation -> Mitigated -> plain requests, calibrations -> Runner
//	                             Mitigated <- words that were read         <-
//	Outcome with Weights and Variances <-
//
// Mitigated takes readout errors out of the outcomes of any Runner, simulator or
// processor, and is one itself. It works on the bits as they are measured: where the
// last gates of a circuit were folded into its readout, outcomes are mapped after.
package exec
