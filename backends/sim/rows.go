package sim

// rowKernel is what a kernel does to a block before its bunches and after them. A row is a value of
// each of the block's lanes, an amplitude is two.
type rowKernel interface {
	// grow writes the filled amplitudes of a product state times b of an SU(2) to those after
	// them, and takes them times a.
	grow(psi []float64, filled int, c []float64)
	// norms writes |x|² of each amplitude to the row of its outcome.
	norms(law, psi []float64, outcome []uint32)
	// weigh writes each amplitude times the row of its outcome.
	weigh(lambda, psi, table []float64, outcome []uint32)
	// fold writes the sums of n pairs of rows to the first n, and the sum of their differences.
	fold(law []float64, n int, z []float64)
	// unfold writes n rows, plus g and minus g, to the first 2n.
	unfold(table []float64, n int, g []float64)
}

// plainRows is rows of so many lanes in pure Go.
type plainRows int

func (k plainRows) grow(psi []float64, filled int, c []float64) {
	width := int(k)
	for x := range filled {
		lo := psi[2*width*x:][:2*width]
		hi := psi[2*width*(x+filled):][:2*width]
		for l := range width {
			ar, ai, br, bi := c[l], c[width+l], c[2*width+l], c[3*width+l]
			re, im := lo[l], lo[width+l]
			hi[l] = br*re - bi*im
			hi[width+l] = br*im + bi*re
			lo[l] = ar*re - ai*im
			lo[width+l] = ar*im + ai*re
		}
	}
}

func (k plainRows) norms(law, psi []float64, outcome []uint32) {
	width := int(k)
	for x, y := range outcome {
		s := psi[2*width*x:][:2*width]
		d := law[width*int(y):][:width]
		for l := range d {
			d[l] = s[l]*s[l] + s[width+l]*s[width+l]
		}
	}
}

func (k plainRows) weigh(lambda, psi, table []float64, outcome []uint32) {
	width := int(k)
	for x, y := range outcome {
		t := table[width*int(y):][:width]
		s, d := psi[2*width*x:][:2*width], lambda[2*width*x:][:2*width]
		for l := range t {
			d[l] = t[l] * s[l]
			d[width+l] = t[l] * s[width+l]
		}
	}
}

func (k plainRows) fold(law []float64, n int, z []float64) {
	width := int(k)
	clear(z[:width])
	for y := range n {
		both := law[2*width*y:][:2*width]
		sum := law[width*y:][:width]
		for l := range sum {
			a, b := both[l], both[width+l]
			z[l] += a - b
			sum[l] = a + b
		}
	}
}

func (k plainRows) unfold(table []float64, n int, g []float64) {
	width := int(k)
	for y := n - 1; y >= 0; y-- { // backwards, so that rows are read before they are written
		base, both := table[width*y:][:width], table[2*width*y:][:2*width]
		for l := range base {
			b := base[l]
			both[width+l] = b - g[l]
			both[l] = b + g[l]
		}
	}
}
