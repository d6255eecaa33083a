// Package training trains the generator against a recording: the patch circuit
// (one sub-generator a timestep, SpiQGAN) or the circuit with memory, the critic,
// the losses, Adam, the loop, its checkpoints and the run directory.
//
// The data flow of one step of the patch circuit:
//
//	latent vectors -> Generator.Forward -> laws p_k(x|z) of every timestep and latent vector
//	    -> objective (the whole hypercube, or a batch) -> critic gradient -> Adam
//	    -> objective -> upstream derivative of every p_k(x|z) -> Generator.Backward -> Adam
//
// and of one with memory:
//
//	words of the recording with those before -> Recurrent -> laws p(x|past)
//	    -> round of the stage (likelihood, conditional, tree, running) -> the same two
//
// Everything that is random comes from a stream named by the run's seed, the
// purpose and the step, so a step depends on the parameters before it and on
// nothing else: a resumed run takes the same steps.
package training
