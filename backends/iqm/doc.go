// Package iqm is a client of IQM's servers, Resonance and those on premises: what is
// calibrated now, and jobs of circuits in IQM's native operations.
//
// A job is pinned to the calibration set that its circuits were compiled for, since the
// default one changes during a day. Every classical bit is measured under a key of its own,
// by which results are read, as the order in which the server lists keys is its own.
// The interface has neither a token that makes a submission safe to repeat nor a list of
// jobs: one whose answer is lost can't be looked up.
//
// The interface is that of iqm-client 36 (/api/v1).
package iqm
