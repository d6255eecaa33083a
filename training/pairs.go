package training

import "math/rand/v2"

// pairs draws words of a recording with their histories.
type pairs struct {
	gen     *Recurrent
	repeats [][]uint32
	windows int // of a repeat
	count   int // drawn at a time
	first   int // the first bin drawn from where samples run on
}

func newPairs(c Config, g *Recurrent, d *Data) *pairs {
	w := d.Windows
	p := &pairs{gen: g, windows: w.Bins - w.T + 1, count: c.Batch}
	for rep := range w.Repeats {
		row := make([]uint32, w.Bins)
		for b := range row {
			row[b] = w.Word(rep, b)
		}
		p.repeats = append(p.repeats, row)
	}
	p.first = min(g.past, p.windows-1) // whole pasts where repeats are long enough
	return p
}

// example is a word of the recording, or the place of one.
type example struct {
	history
	repeat []uint32
	bin    int // of the word
	start  int // the first bin that is seen
}

func (e example) word() uint32 { return e.repeat[e.bin] }

// draw returns one batch: any bin of a recording that samples run on as, or any bin
// of any window.
func (p *pairs) draw(rng *rand.Rand) []example {
	out := make([]example, p.count)
	for i := range out {
		e := example{repeat: p.repeats[rng.IntN(len(p.repeats))]}
		k := 0
		if p.gen.past > 0 {
			e.bin = p.first + rng.IntN(len(e.repeat)-p.first)
			e.start = max(0, e.bin-p.gen.past)
		} else {
			k = rng.IntN(p.gen.timesteps)
			e.start = rng.IntN(p.windows)
			e.bin = e.start + k
		}
		e.history = history{e.repeat[e.start:e.bin], p.gen.circuit(k)}
		out[i] = e
	}
	return out
}

// histories are those of a batch.
func histories(batch []example) []history {
	out := make([]history, len(batch))
	for i, e := range batch {
		out[i] = e.history
	}
	return out
}

// starts draws windows of the recording and, where samples run on, what came before.
func (p *pairs) starts(count int, rng *rand.Rand) (before, windows [][]uint32) {
	for range count {
		rep := p.repeats[rng.IntN(len(p.repeats))]
		b := p.first + rng.IntN(p.windows-p.first)
		before = append(before, rep[max(0, b-p.gen.past):b])
		windows = append(windows, rep[b:][:p.gen.timesteps])
	}
	return before, windows
}
