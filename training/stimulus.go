package training

import (
	"math"
	"math/bits"

	"gonum.org/v1/gonum/mat"

	"qgan/metrics/spikes"
)

// stimulusSigma is the width in bins of the Gaussian that a PSTH is smoothed with.
const stimulusSigma = 0.5

// stimulusCount is the number of repeats at the mean rate that a PSTH is drawn to it by.
const stimulusCount = 0.2

// stimulusOdds are ln p/(1-p) of the probability of a spike of each cell in each bin of the
// repeats, bins x cells. Of c(b) spikes in R repeats and the cell's mean rate m it is
//
//	p(b) = (sum over bins d of g(b-d) c(d) + k m) / (R + k),
//
// g a Gaussian, normalised over the bins that there are, and k = stimulusCount, which keeps a
// bin that never had a spike from excluding one.
func stimulusOdds(r *spikes.Raster) []float64 {
	counts := psthCounts(r)
	reach := int(math.Ceil(4 * stimulusSigma))
	g := make([]float64, reach+1)
	for d := range g {
		g[d] = math.Exp(-float64(d*d) / (2 * stimulusSigma * stimulusSigma))
	}
	mean := make([]float64, r.Neurons)
	for i, c := range counts {
		mean[i%r.Neurons] += c / float64(r.Bins)
	}
	out := make([]float64, len(counts))
	for b := range r.Bins {
		weight := 0.0
		row := out[b*r.Neurons:][:r.Neurons]
		for d := max(0, b-reach); d <= min(r.Bins-1, b+reach); d++ {
			w := g[max(b-d, d-b)]
			weight += w
			for q, c := range counts[d*r.Neurons:][:r.Neurons] {
				row[q] += w * c
			}
		}
		for q, sum := range row {
			rate := max(mean[q], 0.5/float64(r.Bins)) / float64(r.Repeats)
			p := (sum/weight + stimulusCount*rate) / (float64(r.Repeats) + stimulusCount)
			p = min(p, 1-stimulusCount/(2*float64(r.Repeats)+1)) // of a cell that always fires
			row[q] = math.Log(p / (1 - p))
		}
	}
	return out
}

// psthCounts are the spikes of all repeats, bins x cells.
func psthCounts(r *spikes.Raster) []float64 {
	out := make([]float64, r.Bins*r.Neurons)
	for rep := range r.Repeats {
		for b := range r.Bins {
			row := out[b*r.Neurons:][:r.Neurons]
			eachSpike(r.Row(rep, b), func(q int) { row[q]++ })
		}
	}
	return out
}

// eachSpike calls f for each 1 of a row.
func eachSpike(row []uint64, f func(q int)) {
	for k, w := range row {
		for ; w != 0; w &= w - 1 {
			f(64*k + 63 - bits.TrailingZeros64(w))
		}
	}
}

// lowRank writes bins x cells as mean(cell) + sum over k of u(bin, k) v(k, cell), the best of
// that rank in the squares: means, then u, then v.
func lowRank(odds []float64, bins, cells, rank int, out []float64) {
	mean, u, v := out[:cells], out[cells:][:bins*rank], out[cells+bins*rank:][:rank*cells]
	clear(out)
	for i, a := range odds {
		mean[i%cells] += a / float64(bins)
	}
	rest := mat.NewDense(bins, cells, nil)
	for i, a := range odds {
		rest.Set(i/cells, i%cells, a-mean[i%cells])
	}
	var s mat.SVD
	if !s.Factorize(rest, mat.SVDThin) {
		return // of a matrix of numbers it does
	}
	var left, right mat.Dense
	s.UTo(&left)
	s.VTo(&right)
	values := s.Values(nil)
	for k := range min(rank, len(values)) {
		scale := math.Sqrt(values[k])
		for b := range bins {
			u[b*rank+k] = left.At(b, k) * scale
		}
		for q := range cells {
			v[k*cells+q] = right.At(q, k) * scale
		}
	}
}

// orderedChain is a path through all cells that puts side by side those that go together:
// from the strongest pair greedily on at both ends, then parts turned round as long as that
// makes the neighbours' ties stronger (2-opt).
func orderedChain(r *spikes.Raster, by ChainOrder) []int {
	tie := ties(r, by)
	n := r.Neurons
	used := make([]bool, n)
	nearest := func(from int) int {
		best := -1
		for q := range n {
			if !used[q] && (best < 0 || tie(from, q) > tie(from, best)) {
				best = q
			}
		}
		return best
	}
	var path []int
	first, second := 0, min(1, n-1)
	for i := range n {
		for j := range i {
			if tie(i, j) > tie(first, second) {
				first, second = j, i
			}
		}
	}
	for _, q := range []int{first, second} {
		if !used[q] {
			path, used[q] = append(path, q), true
		}
	}
	for len(path) < n {
		head, tail := nearest(path[0]), nearest(path[len(path)-1])
		if tie(head, path[0]) > tie(tail, path[len(path)-1]) {
			path, used[head] = append([]int{head}, path...), true
		} else {
			path, used[tail] = append(path, tail), true
		}
	}
	// at is the tie between two places of the path; there is none beyond its ends.
	at := func(i, j int) float64 {
		if i < 0 || j >= n {
			return 0
		}
		return tie(path[i], path[j])
	}
	for better := true; better; {
		better = false
		for i := range n {
			for j := i + 1; j < n; j++ {
				if at(i-1, j)+at(i, j+1) > at(i-1, i)+at(j, j+1)+1e-12 {
					for a, b := i, j; a < b; a, b = a+1, b-1 {
						path[a], path[b] = path[b], path[a]
					}
					better = true
				}
			}
		}
	}
	return path
}

// ties are the magnitudes of the cells' correlations in a bin, or of what is left of them
// beyond the mean of the repeats in that bin, or beyond what the bins before explain.
func ties(r *spikes.Raster, by ChainOrder) func(i, j int) float64 {
	n, samples := r.Neurons, float64(r.Repeats*r.Bins)
	joint := make([]float64, n*n)
	for rep := range r.Repeats {
		for b := range r.Bins {
			row := r.Row(rep, b)
			eachSpike(row, func(i int) {
				eachSpike(row, func(j int) { joint[i*n+j] += 1 / samples })
			})
		}
	}
	shared := make([]float64, n*n) // what independent cells would have
	switch {
	case by == ChainNoise && r.Repeats > 1:
		counts := psthCounts(r)
		for b := range r.Bins {
			row := counts[b*n:][:n]
			for i, x := range row {
				for j, y := range row {
					shared[i*n+j] += x * y / (float64(r.Repeats) * samples)
				}
			}
		}
	default:
		for i := range n {
			for j := range n {
				shared[i*n+j] = joint[i*n+i] * joint[j*n+j]
			}
		}
		if by == ChainPast {
			explained(r, shared)
		}
	}
	return func(i, j int) float64 {
		variance := func(q int) float64 { return joint[q*n+q] - shared[q*n+q] }
		v := variance(i) * variance(j)
		if i == j || v <= 0 {
			return 0
		}
		return math.Abs(joint[i*n+j]-shared[i*n+j]) / math.Sqrt(v)
	}
}

// explained adds to the cells' covariances in a bin, cells x cells, what the best linear
// prediction of each from the traces of all cells' bins before makes of them: with C the
// covariances of cells x and traces T, C_xT C_TT^-1 C_Tx.
func explained(r *spikes.Raster, to []float64) {
	n, k := r.Neurons, r.Neurons*len(traceDecays)
	all := k + n
	mean, square := make([]float64, all), mat.NewSymDense(all, nil)
	bins, samples := mat.NewDense(all, r.Bins, nil), float64(r.Repeats*r.Bins)
	for rep := range r.Repeats {
		traces := make([]float64, k)
		bins.Zero()
		for b := range r.Bins {
			for i, x := range traces {
				bins.Set(i, b, x)
				mean[i] += x / samples
			}
			eachSpike(r.Row(rep, b), func(q int) {
				bins.Set(k+q, b, 1)
				mean[k+q] += 1 / samples
			})
			advance(traces, traceDecays[:], r.Row(rep, b))
		}
		square.SymRankK(square, 1/samples, bins)
	}
	square.SymRankOne(square, -1, mat.NewVecDense(all, mean))
	inner, cross := mat.NewSymDense(k, nil), mat.NewDense(k, n, nil)
	for i := range k {
		for j := range k {
			inner.SetSym(i, j, square.At(i, j))
		}
		inner.SetSym(i, i, inner.At(i, i)*(1+1e-9)+1e-12) // of cells that never fire
		for q := range n {
			cross.Set(i, q, square.At(i, k+q))
		}
	}
	var by mat.Cholesky
	if !by.Factorize(inner) {
		return // of covariances of numbers it does
	}
	var solved, out mat.Dense
	if err := by.SolveTo(&solved, cross); err != nil {
		return
	}
	out.Mul(cross.T(), &solved)
	for i := range n {
		for j := range n {
			to[i*n+j] += out.At(i, j)
		}
	}
}
