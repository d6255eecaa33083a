// Package metrics measures spike trains and models of them: the statistics
// that physiologists compare (named as in Elephant), distances between laws of
// windows with the floors below which they say nothing, and the baseline models
// that any generator has to beat.
//
// A recording enters as [spikes.Windows], or as a [Recording], which keeps the laws of
// its parts. [CountStates] turns it into a
// [States], the empirical law with one entry for each distinct window; every
// distance and every fit works from there, so none needs the recording itself
// and none needs a table of all 2^(nt) states unless its name says so:
//
//	raster -> windows -> CountStates -> States -> FitIndependent, FitIsing ... -> ProbSeen
//	                                      |                                         |
//	                                      +---------- JSSeen, Figures <-------------+
//
// Distances are in nats throughout; [Bits] converts. The order of bits is that
// of package spikes: neuron 0 of timestep 0 is the most significant bit of a
// state. Every random choice takes a *rand.Rand.
//
// What models without memory, or with little of it, get wrong are statistics in
// time: [SummarizeTime] gives them for a raster, and [TimeComparer] compares
// generated rasters, and models that are drawn as recordings ([Chain],
// [DichotomisedGaussian]), with the data.
//
// Windows of the recording overlap (stride 1), so their number is not a number
// of independent samples. The formulas that ask for a sample size
// ([JSPluginBias], [NullFloor]) are for independent draws, which is what a
// generator gives; the floor of the recording itself is [SplitHalf].
package metrics
