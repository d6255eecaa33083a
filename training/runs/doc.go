// Package runs keeps a training in a directory, so that it can be stopped, killed and gone
// on with, and ends with the same bits as if nothing had happened:
//
//	manifest.json     all that decides the run; the first file written
//	metrics.jsonl     the rows of its steps
//	checkpoints/      its states, the last three
//	result.json       the figures of a run that is finished
//
// The formats are in docs/formats.md.
package runs
