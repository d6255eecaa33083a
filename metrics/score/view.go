package score

import (
	"math"

	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/floats"
)

// view is a raster as its figures see it: the sums over its units, each as often as the
// view has it, and what is derived from them when it is first asked for.
type view struct {
	*layout
	sum []float64

	noiseOf, signalOf, corrOf []float64
}

// sumOf adds up units, each as often as its weight says.
func (l *layout) sumOf(units [][]float32, weights []float64) *view {
	v := &view{layout: l, sum: make([]float64, l.size)}
	for u, row := range units {
		w := weights[u]
		for i, x := range row {
			v.sum[i] += w * float64(x)
		}
	}
	return v
}

// weighted are units, each as often as its weight says.
type weighted struct {
	units   [][]float32
	weights []float64
}

// block is the number of counts of a row that are added up at once, so that those of all
// units stay in the cache while many views take them.
const block = 1 << 10

// resampled returns as many views as there are lists of parts, each the sum of its parts'
// units as sumOf adds them, several times as fast and in single precision: exact for counts
// below 2^24, and far nearer than resamples are to each other for others.
func (l *layout) resampled(views ...[]weighted) []*view {
	out := make([]*view, len(views))
	for k := range out {
		out[k] = &view{layout: l, sum: make([]float64, l.size)}
	}
	sum := make([]float32, block)
	for from := 0; from < l.size; from += block {
		to := min(from+block, l.size)
		sum := blas32.Vector{N: to - from, Inc: 1, Data: sum[:to-from]}
		for k, parts := range views {
			clear(sum.Data)
			for _, p := range parts {
				for u, row := range p.units {
					if w := p.weights[u]; w != 0 {
						blas32.Axpy(float32(w), blas32.Vector{N: to - from, Inc: 1, Data: row[from:to]}, sum)
					}
				}
			}
			for i, x := range sum.Data {
				out[k].sum[from+i] = float64(x)
			}
		}
	}
	return out
}

func (v *view) binCount() float64    { return v.sum[v.total.from] }
func (v *view) repeatCount() float64 { return v.sum[v.total.from+1] }

// pairBins is the number of ordered pairs of bins in different units.
func (v *view) pairBins() float64 {
	n := v.binCount()
	return n*n - v.sum[v.total.from+2]
}

// rate is a cell's spikes a bin.
func (v *view) rate(i int) float64 { return at(v.sum, v.lags[0].first)[i] / v.binCount() }

// covariance is that of cell i's bin and cell j's so many bins later (ddof 1).
func (v *view) covariance(lag, i, j int) float64 {
	s := v.lags[lag]
	m := v.sum[s.pairs.from]
	return (at(v.sum, s.joint)[i*v.neurons+j] - at(v.sum, s.first)[i]*at(v.sum, s.second)[j]/m) / (m - 1)
}

// correlations are Pearson's coefficients of single bins, [i*n+j], NaN for a cell
// without variance.
func (v *view) correlations() []float64 {
	if v.corrOf == nil {
		n := v.neurons
		c := make([]float64, n*n)
		for i := range n {
			for j := range n {
				c[i*n+j] = v.covariance(0, i, j)
			}
		}
		v.corrOf = normalised(c, n)
	}
	return v.corrOf
}

// normalised turns covariances into correlations, NaN where a variance is 0.
func normalised(c []float64, n int) []float64 {
	out := make([]float64, n*n)
	for i := range n {
		for j := range n {
			out[i*n+j] = math.NaN()
			if a, b := c[i*n+i], c[j*n+j]; a > tiny && b > tiny {
				out[i*n+j] = c[i*n+j] / math.Sqrt(a*b)
			}
		}
	}
	return out
}

// tiny is what rounding leaves of a variance that is 0.
const tiny = 1e-12

// mean is a cell's PSTH: its share of the repeats that have a spike, bin after bin.
func (v *view) mean(i int) []float64 {
	out := make([]float64, v.bins)
	for b, n := range at(v.sum, v.psth)[i*v.bins : (i+1)*v.bins] {
		out[b] = n / v.repeatCount()
	}
	return out
}

// stimulus fills in noise and signal correlations. With m_i(b) the PSTH and R repeats of L
// bins,
//
//	noise_ij  ~ (1/RL) sum over repeats and bins (x_i - m_i)(x_j - m_j) = (1/RL) sum x_i x_j - (1/L) sum over bins m_i m_j,
//	signal_ij ~ (1/L) sum over bins (m_i - mean m_i)(m_j - mean m_j),
//
// each divided by the root of the product of its diagonal.
func (v *view) stimulus() {
	if v.noiseOf != nil {
		return
	}
	n, length := v.neurons, float64(v.bins)
	means, average := make([][]float64, n), make([]float64, n)
	for i := range n {
		means[i] = v.mean(i)
		for _, m := range means[i] {
			average[i] += m / length
		}
	}
	joint := at(v.sum, v.lags[0].joint)
	noise, signal := make([]float64, n*n), make([]float64, n*n)
	for i := range n {
		for j := i; j < n; j++ {
			product := floats.Dot(means[i], means[j]) / length
			noise[i*n+j] = joint[i*n+j]/v.binCount() - product
			signal[i*n+j] = product - average[i]*average[j]
			noise[j*n+i], signal[j*n+i] = noise[i*n+j], signal[i*n+j]
		}
	}
	v.noiseOf, v.signalOf = normalised(noise, n), normalised(signal, n)
}

func (v *view) noise() []float64  { v.stimulus(); return v.noiseOf }
func (v *view) signal() []float64 { v.stimulus(); return v.signalOf }

// fanoOf is the variance of a cell's counts (ddof 1) over their mean, NaN without spikes.
func fanoOf(windows, sum, squares float64) float64 {
	if sum == 0 || windows < 2 {
		return math.NaN()
	}
	return (squares - sum*sum/windows) / (windows - 1) / (sum / windows)
}

// fanoFactors are those of all cells, given the spikes and their squares of so many windows.
func (v *view) fanoFactors(windows float64, x []float64) []float64 {
	f := make([]float64, v.neurons)
	for i := range f {
		f[i] = fanoOf(windows, x[2*i], x[2*i+1])
	}
	return f
}

// silentShare is the share of silent windows of the k-th of the lengths.
func (v *view) silentShare(k int) float64 {
	return at(v.sum, v.silent)[k] / (v.repeatCount() * float64(v.bins-silences[k]+1))
}

// interval returns mean and standard deviation (ddof 0) of a cell's inter-spike intervals
// in seconds, NaN where there is none.
func (v *view) interval(i int) (mean, deviation float64) {
	x := at(v.sum, v.isi)[3*i:]
	if x[0] == 0 {
		return math.NaN(), math.NaN()
	}
	m := x[1] / x[0]
	return m * v.width, math.Sqrt(max(0, x[2]/x[0]-m*m)) * v.width
}

// law is a section as relative frequencies, nil where nothing was counted.
func (v *view) law(s section) []float64 {
	x := at(v.sum, s)
	total := 0.0
	for _, n := range x {
		total += n
	}
	if total == 0 {
		return nil
	}
	p := make([]float64, len(x))
	for k, n := range x {
		p[k] = n / total
	}
	return p
}

// pairsOf are the entries i < j of a matrix.
func pairsOf(m []float64, n int) []float64 {
	var out []float64
	for i := range n {
		out = append(out, m[i*n+i+1:(i+1)*n]...)
	}
	return out
}

// rms is the root mean square of those numbers that are not NaN; NaN if none is.
func rms(x []float64) float64 {
	sum, n := 0.0, 0.0
	for _, v := range x {
		if !math.IsNaN(v) {
			sum += v * v
			n++
		}
	}
	return math.Sqrt(sum / n)
}

// gaps are the differences of two lists, NaN where one of them is.
func gaps(x, y []float64) []float64 {
	out := make([]float64, len(x))
	for i := range x {
		out[i] = x[i] - y[i]
	}
	return out
}

// pearson is the correlation of two lists over the places where neither is NaN; NaN
// where one does not vary.
func pearson(x, y []float64) float64 {
	var n, sx, sy float64
	for i := range x {
		if d := x[i] + y[i]; !math.IsNaN(d) {
			n++
			sx += x[i]
			sy += y[i]
		}
	}
	var xx, yy, xy float64
	for i := range x {
		if d := x[i] + y[i]; !math.IsNaN(d) {
			dx, dy := x[i]-sx/n, y[i]-sy/n
			xx += dx * dx
			yy += dy * dy
			xy += dx * dy
		}
	}
	if !(xx > 0 && yy > 0) {
		return math.NaN()
	}
	return xy / math.Sqrt(xx*yy)
}

// relative is sum |x - y| / sum |y| over the places where neither is NaN.
func relative(x, y []float64) float64 {
	gap, size := 0.0, 0.0
	for i := range x {
		if d := x[i] - y[i]; !math.IsNaN(d) {
			gap += math.Abs(d)
			size += math.Abs(y[i])
		}
	}
	if size == 0 {
		return math.NaN()
	}
	return gap / size
}

// apart is sum |p - q| of two laws, NaN where one is absent.
func apart(p, q []float64) float64 {
	if p == nil || q == nil {
		return math.NaN()
	}
	sum := 0.0
	for k := range p {
		sum += math.Abs(p[k] - q[k])
	}
	return sum
}
