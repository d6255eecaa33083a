package training

import (
	"encoding/binary"

	"qgan/backends"
)

// merged are the lanes of histories of which some are equal: of 10 cells a sixth of all
// pasts of 20 bins is silent, of 2 cells more than half. Each distinct one is one lane, whose
// law all of them have and whose derivative is the sum of theirs.
type merged struct {
	of   []history // the distinct ones, in the order in which they come first
	lane []int     // of each history
	laws []float64
	up   []float64
	key  []byte
	at   map[string]int
}

// take finds the distinct ones of some histories, whose pasts are cut to what the memory
// sees by seen.
func (m *merged) take(of []history, seen func([]uint32) []uint32) {
	m.of, m.lane = m.of[:0], m.lane[:0]
	if m.at == nil {
		m.at = map[string]int{}
	}
	clear(m.at)
	for _, h := range of {
		past := seen(h.past)
		for len(past) > 0 && past[0] == 0 {
			past = past[1:] // bins before the first spike leave no trace
		}
		m.key = binary.AppendUvarint(m.key[:0], uint64(h.circuit))
		for _, w := range past {
			m.key = binary.LittleEndian.AppendUint32(m.key, w)
		}
		lane, ok := m.at[string(m.key)]
		if !ok {
			lane = len(m.of)
			m.at[string(m.key)] = lane
			m.of = append(m.of, history{past, h.circuit})
		}
		m.lane = append(m.lane, lane)
	}
}

// sum adds the rows of equal histories: what is left has a row a lane.
func (m *merged) sum(rows []float64, width int) []float64 {
	if len(m.of) == len(m.lane) {
		return rows
	}
	m.up = sized(m.up, len(m.of)*width)
	clear(m.up)
	for i, lane := range m.lane {
		to := m.up[lane*width:][:width]
		for k, x := range rows[i*width:][:width] {
			to[k] += x
		}
	}
	return m.up
}

// spread runs the distinct ones of some histories and writes the law of each history.
func (g *Recurrent) spread(params []float64, of []history, laws []float64, run func(b backends.Bindings, laws []float64) error) error {
	m, width := &g.merged, g.words()
	m.take(of, g.seen)
	if len(m.of) == len(of) {
		return run(g.bind(params, m.of), laws)
	}
	m.laws = sized(m.laws, len(m.of)*width)
	if err := run(g.bind(params, m.of), m.laws); err != nil {
		return err
	}
	for i, lane := range m.lane {
		copy(laws[i*width:][:width], m.laws[lane*width:])
	}
	return nil
}
