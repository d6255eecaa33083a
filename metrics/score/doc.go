// Package score judges spike trains of any generator against a recording: one table of
// figures ([Figures]), each with what the recording's own halves score, with what a
// perfect model's samples score ([Value]), and with an interval from the bootstrap over
// repeats; and simple models ([Baselines]) that any generator has to beat. It knows
// nothing of training.
//
// A recording is split in two by a [Split]. Models are fitted to the training half, and
// samples are held against the judging half. Everything that a figure needs is counted
// once for each repeat and added up, so that a resampled raster is a weighted sum:
//
//	raster -> trains (bits of a cell, bin after bin) -> a row of counts for each repeat
//	       -> weights: the whole, a resample of the bootstrap, a random half -> figures
package score
