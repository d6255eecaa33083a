// Package study runs many small pieces of work and puts what they give into one table.
//
// A Plan is a list of Tasks, each named by the hash of its kind and settings. A Board
// holds a plan and what became of its tasks: a folder, which several processes and
// machines can share, or a NATS server. Workers take tasks from a board under a lease,
// which they keep fresh; when a worker dies its task is taken by another. So a task may be
// worked on more than once, but it has exactly one row: the first result stays, and as
// results are a function of the task alone it does not matter whose it is. A task that
// fails is kept with its cause.
//
// The table is in the order of the plan whatever the board and the number of workers.
//
// What a kind of task does is a Work. A [Lab] has those of this package: gradient, plateau
// and metric-error, which train nothing, baseline, and train, device and transfer, for
// which it is told how a run is trained and who opens a processor with noise.
package study
