// Package shots takes laws and gradients of a generator from shots of its circuits: the
// parameter-shift rule of each gate, simultaneous perturbation, and both together, each
// with the error that shots and latent vectors leave, and the allocation of shots by the
// variances measured so far. An [Estimator] is what [training.New] measures with; a
// [ShiftRule] is the same without error, for studies of what shots cost.
package shots
