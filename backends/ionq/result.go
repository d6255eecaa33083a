package ionq

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/big"
	"slices"

	"qgan/backends"
	"qgan/backends/service"
	"qgan/internal/stream"
)

// Decode reads what Fetch kept: probabilities by the number of an outcome, qubit i its bit
// i. Several circuits are matched by their ids, never by the order of an object.
func (c *Client) Decode(shapes []service.Shape, r io.Reader) ([]backends.Outcome, error) {
	var kept result
	if err := json.NewDecoder(r).Decode(&kept); err != nil {
		return nil, fmt.Errorf("IonQ: the result can't be read: %w", err)
	}
	var laws []map[string]json.Number
	if len(kept.Children) == 0 {
		var one map[string]json.Number
		if err := json.Unmarshal(kept.Probabilities, &one); err != nil {
			return nil, fmt.Errorf("IonQ: the probabilities can't be read: %w", err)
		}
		laws = append(laws, one)
	} else {
		var all map[string]map[string]json.Number
		if err := json.Unmarshal(kept.Probabilities, &all); err != nil {
			return nil, fmt.Errorf("IonQ: the probabilities can't be read: %w", err)
		}
		for _, id := range kept.Children {
			law, ok := all[id]
			if !ok {
				return nil, fmt.Errorf("IonQ: the probabilities of circuit %s are missing", id)
			}
			laws = append(laws, law)
		}
	}
	h := fnv.New64a()
	h.Write(kept.Probabilities)
	return service.Outcomes("IonQ: the result", shapes, len(laws), func(i int, s service.Shape) (backends.Outcome, error) { return c.outcome(s, laws[i], h.Sum64(), i) })
}

// outcome turns probabilities into counts: a processor's by largest remainders, since they
// were counts; the ideal simulator's are exact and are drawn from, by a stream that the
// result names.
func (c *Client) outcome(s service.Shape, law map[string]json.Number, seed uint64, program int) (backends.Outcome, error) {
	if s.Bits > 64 {
		return backends.Outcome{}, errors.New("outcomes of more than 64 bits are not read")
	}
	weights := map[uint64]float64{}
	for text, number := range law {
		key, ok := new(big.Int).SetString(text, 10)
		p, err := number.Float64()
		if !ok || key.Sign() < 0 || err != nil {
			return backends.Outcome{}, fmt.Errorf("%q: %q is no outcome with its probability", text, number)
		}
		if s.Width > 0 && key.BitLen() > s.Width {
			return backends.Outcome{}, fmt.Errorf("the outcome %s has %d bits, the circuit has %d qubits", text, key.BitLen(), s.Width)
		}
		var word uint64
		for bit, q := range s.Qubits {
			word <<= 1
			if q >= 0 && bit < s.Bits {
				word |= uint64(key.Bit(q))
			}
		}
		weights[word] += p
	}
	words := make([]uint64, 0, len(weights))
	for w := range weights {
		words = append(words, w)
	}
	slices.Sort(words)
	p := make([]float64, len(words))
	for i, w := range words {
		p[i] = weights[w]
	}
	counts, err := service.Apportion(p, s.Shots)
	if err != nil {
		return backends.Outcome{}, err
	}
	if c.simulated() {
		counts = draw(p, s.Shots, seed, program)
	}
	o := backends.Outcome{Shots: s.Shots}
	for i, n := range counts {
		if n > 0 {
			o.Counts = append(o.Counts, backends.Count{Word: words[i], N: n})
		}
	}
	return o, nil
}

// draw draws shots of a law.
func draw(p []float64, shots int, seed uint64, program int) []int {
	rng := stream.New(seed, "ionq shots", uint64(program))
	sums := make([]float64, len(p))
	sum := 0.0
	for i, x := range p {
		sum += x
		sums[i] = sum
	}
	counts := make([]int, len(p))
	for range shots {
		i, _ := slices.BinarySearch(sums, rng.Float64()*sum)
		counts[min(i, len(p)-1)]++
	}
	return counts
}
