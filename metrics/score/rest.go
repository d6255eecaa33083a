package score

import (
	"math"
	"slices"

	"qgan/internal/parallel"
	"qgan/metrics/spikes"
)

// restRidge is the precision of the prior of couplings, in spikes: that of a standard
// deviation of 1.
const restRidge = 1

// rest predicts each cell of a bin from the others of the same bin, by a logistic
// regression for each. The likelihood is what is judged and not the area under a curve
// of hits and false alarms, since it is in the unit of all likelihoods here, sees a
// prediction that is too sure of itself, and does not drown in the silent bins, where
// any order of the predictions is as good.
//
// Fitted to the sample and judged on the recording, it is out of sample without folds:
// the gain of a good sample is that of the training half.
//
// Of more than 64 cells so many are predicted, evenly spread, from all.
type rest struct {
	cells    []int     // that are predicted
	place    []int     // of a cell among them, -1: none
	bias     []float64 // by place
	coupling []float64 // [from*len(cells)+place]
	rate     []float64 // logit of a cell's rate, half a spike added, by place
}

// restCells is the largest number of cells that are predicted.
const restCells = 64

// activeIn lists the cells that fired in each bin of a repeat.
func activeIn(t *trains, lists [][]int32) {
	for b := range lists {
		lists[b] = lists[b][:0]
	}
	for i := range t.neurons {
		t.each(i, func(b int) { lists[b] = append(lists[b], int32(i)) })
	}
}

// fitRest fits a rest to the distinct words of a raster.
func fitRest(r *spikes.Raster, workers int) *rest {
	n := r.Neurons
	words, counts := distinct(r)
	m := min(n, restCells)
	x := &rest{place: slices.Repeat([]int{-1}, n), bias: make([]float64, m), coupling: make([]float64, n*m), rate: make([]float64, m)}
	for k := range m {
		x.cells = append(x.cells, k*n/m)
		x.place[k*n/m] = k
	}
	fired := make([][]bool, n)
	for i := range fired {
		fired[i] = make([]bool, words.rows())
	}
	for row := range words.rows() {
		for _, i := range words.column[words.start[row]:words.start[row+1]] {
			fired[i][row] = true
		}
	}
	ridge := make([]float64, n+2)
	for k := range n {
		ridge[k+2] = restRidge
	}
	parallel.Each(m, workers, func(k, _ int) {
		i := x.cells[k]
		spikes, total := 0.5, 1.0
		for row, c := range counts {
			total += c
			if fired[i][row] {
				spikes += c
			}
		}
		x.rate[k] = math.Log(spikes / (total - spikes))
		prior := make([]float64, n+2)
		prior[0] = x.rate[k]
		model := logistic{x: words, y: fired[i], weight: counts, skip: i, ridge: ridge, prior: prior}
		beta := model.fit()
		x.bias[k] = beta[0]
		for j := range n {
			if j != i {
				x.coupling[j*m+k] = beta[j+2]
			}
		}
	})
	return x
}

// distinct are the words of a raster's bins, each once, in the order in which they come,
// and how often they come.
func distinct(r *spikes.Raster) (*sparse, []float64) {
	out := &sparse{columns: r.Neurons, start: []int{0}}
	var counts []float64
	t, lists, place := newTrains(r.Neurons, r.Bins), make([][]int32, r.Bins), map[string]int{}
	var key []byte
	for rep := range r.Repeats {
		t.read(r, rep)
		activeIn(t, lists)
		for _, cells := range lists {
			key = key[:0]
			for _, i := range cells {
				key = append(key, byte(i), byte(i>>8))
			}
			row, ok := place[string(key)]
			if !ok {
				row = len(counts)
				place[string(key)] = row
				counts = append(counts, 0)
				for _, i := range cells {
					out.column, out.value = append(out.column, i), append(out.value, 1)
				}
				out.start = append(out.start, len(out.column))
			}
			counts[row]++
		}
	}
	return out, counts
}

// gains are, for each repeat of a raster, the sum over its bins of ln p of a cell given
// the rest less ln p by its rate alone, in nats, the mean over the cells.
func (x *rest) gains(r *spikes.Raster) []float64 {
	out, m := make([]float64, r.Repeats), len(x.cells)
	t, lists, eta := newTrains(r.Neurons, r.Bins), make([][]int32, r.Bins), make([]float64, m)
	byRate := softplusOf(x.rate)
	silent := byRate - softplusOf(x.bias)
	for rep := range r.Repeats {
		t.read(r, rep)
		activeIn(t, lists)
		for _, fired := range lists {
			if len(fired) == 0 {
				out[rep] += silent / float64(m)
				continue
			}
			copy(eta, x.bias)
			for _, j := range fired {
				for k, w := range x.coupling[int(j)*m : int(j+1)*m] {
					eta[k] += w
				}
			}
			gain := byRate - softplusOf(eta)
			for _, j := range fired {
				if k := x.place[j]; k >= 0 {
					gain += eta[k] - x.rate[k]
				}
			}
			out[rep] += gain / float64(m)
		}
	}
	return out
}

// softplusOf is the sum of ln(1 + e^x): minus ln of the chance that none of the cells fires.
func softplusOf(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		s, _ := softplus(v)
		sum += s
	}
	return sum
}
