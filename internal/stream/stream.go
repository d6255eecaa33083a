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
	"hash"
	"hash/fnv"
	"math/rand/v2"
)

// New returns the stream of that name. Two streams of different names are
// independent for every practical purpose: the label and the indices are hashed
// (FNV-1a, 128 bits, folded with the seed) into the 128-bit state of a PCG.
func New(seed uint64, label string, index ...uint64) *rand.Rand {
	return new(Source).Rand(seed, label, index...)
}

// Source makes one stream after the other in the same memory. The zero value is
// ready.
type Source struct {
	pcg  rand.PCG
	rng  *rand.Rand
	hash hash.Hash
	name []byte
}

// Rand returns the stream of that name, as New does. It ends the stream that the
// source returned before.
func (s *Source) Rand(seed uint64, label string, index ...uint64) *rand.Rand {
	if s.rng == nil {
		s.rng, s.hash = rand.New(&s.pcg), fnv.New128a()
	}
	s.name = binary.LittleEndian.AppendUint64(s.name[:0], seed)
	s.name = append(s.name, label...)
	for _, i := range index {
		s.name = binary.LittleEndian.AppendUint64(append(s.name, 0), i)
	}
	s.hash.Reset()
	s.hash.Write(s.name)
	sum := s.hash.Sum(s.name[:0])
	s.name = sum
	s.pcg.Seed(binary.LittleEndian.Uint64(sum[:8])^seed, binary.LittleEndian.Uint64(sum[8:]))
	// Two steps carry the hash's weaker low-order mixing through the state.
	s.pcg.Uint64()
	s.pcg.Uint64()
	return s.rng
}
