// Package assess holds a trained generator, or spike trains from anywhere, against their
// recording: the law of windows and its distance beside the floors, statistics of bins and
// in time, simple models, the laws under a processor's noise, and what a report shows.
//
//	run -> Open -> Generator -> Law          figures of the exact law
//	                         -> Draw, Sample spike trains
//	                         -> Evaluate     all of it, as `evaluate --json` prints it
//	recording -> Baselines, InTime           what stands beside
//	Subjects  -> Input                       what metrics/report draws and says
//
// The objects with JSON fields are a contract: fields are added and never changed. Nothing
// here prints, and errors name settings.
package assess
