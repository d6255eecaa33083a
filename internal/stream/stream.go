// Package stream hands out named streams of random numbers.
//
// Every random choice of a run comes from a stream that is named by the run's
// seed, a label and, where there are many alike, an index ("latent", step 17).
// A stream belongs to the task that draws from it and never to the worker that
// runs it, so results do not depend on the number of workers, and a resumed run
// needs no generator state: it names the same streams again.
package stream

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
)

// New returns the stream of that name. Two streams of different names are
// independent for every practical purpose: the label and the indices are hashed
// (FNV-1a, 128 bits, folded with the seed) into the 128-bit state of a PCG.
func New(seed uint64, label string, index ...uint64) *rand.Rand {
	h := fnv.New128a()
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], seed)
	h.Write(b[:])
	h.Write([]byte(label))
	for _, i := range index {
		h.Write([]byte{0})
		binary.LittleEndian.PutUint64(b[:], i)
		h.Write(b[:])
	}
	sum := h.Sum(nil)
	r := rand.New(rand.NewPCG(
		binary.LittleEndian.Uint64(sum[:8])^seed,
		binary.LittleEndian.Uint64(sum[8:]),
	))
	// Two steps carry the hash's weaker low-order mixing through the state.
	r.Uint64()
	r.Uint64()
	return r
}
