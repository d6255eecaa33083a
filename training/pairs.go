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

func newPairs(g *Recurrent, d *Data, count int) *pairs {
	w := d.Windows
	p := &pairs{gen: g, windows: w.Bins - w.T + 1, count: count}
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
		repeat := p.repeats[rng.IntN(len(p.repeats))]
		if p.gen.past > 0 {
			out[i] = p.running(repeat, p.first+rng.IntN(len(repeat)-p.first))
		} else {
			k := rng.IntN(p.gen.timesteps)
			out[i] = p.windowed(repeat, rng.IntN(p.windows), k)
		}
	}
	return out
}

// spread returns one batch that lies evenly over the recording.
func (p *pairs) spread() []example {
	each := p.windows // places of a repeat
	if p.gen.past > 0 {
		each = len(p.repeats[0]) - p.first
	}
	places := each * len(p.repeats)
	out := make([]example, min(p.count, places))
	for i := range out {
		at := i * places / len(out)
		repeat := p.repeats[at/each]
		if p.gen.past > 0 {
			out[i] = p.running(repeat, p.first+at%each)
		} else {
			out[i] = p.windowed(repeat, at%each, i%p.gen.timesteps)
		}
	}
	return out
}

// running is a bin of a recording that samples run on as.
func (p *pairs) running(repeat []uint32, bin int) example {
	return p.example(repeat, max(0, bin-p.gen.past), bin, 0)
}

// windowed is bin k of the window that begins there.
func (p *pairs) windowed(repeat []uint32, start, k int) example {
	return p.example(repeat, start, start+k, p.gen.circuit(k))
}

func (p *pairs) example(repeat []uint32, start, bin, circuit int) example {
	return example{history{repeat[start:bin], circuit}, repeat, bin, start}
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
