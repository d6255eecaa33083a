// Package durable holds what must survive a crash: files that are replaced
// whole or not at all, logs whose records are on the disk before the next step
// is taken, and locks that die with their process.
//
// Every operation goes through the small interface [FS], so that a test can put
// a [Fault] in front of the real file system, fail any one step and look at what
// is left.
//
// The promise of [WriteFile] is this. A reader finds the old content or the new
// one and never a mix, at whatever point the process or the machine stops; and
// once WriteFile has returned nil, the new content survives a power cut. It
// rests on the order create, write, sync, rename, sync folder, which a test
// holds.
package durable
