package training

// Helpers on laws that are products over timesteps. Laws are laid out as a
// Generator writes them: timesteps x latent vectors x 2^n.

// lawOf returns p_k(·|z) of timestep k and latent vector z.
func lawOf(laws []float64, latents, words, k, z int) []float64 {
	return laws[(k*latents+z)*words:][:words]
}

// mixture adds to out, a table over all windows, the mean over the latent
// vectors of the product of the timesteps' laws. scratch is as large as out.
func mixture(laws []float64, latents, words, t int, out, scratch []float64) {
	weight := 1 / float64(latents)
	for z := range latents {
		if t == 1 {
			for x, p := range lawOf(laws, latents, words, 0, z) {
				out[x] += weight * p
			}
			continue
		}
		size := prefix(laws, latents, words, t-1, z, scratch)
		last := lawOf(laws, latents, words, t-1, z)
		for x := range size {
			p := weight * scratch[x]
			to := out[x*words:][:words]
			for y, q := range last {
				to[y] += p * q
			}
		}
	}
}

// prefix writes the product law of the first k timesteps for z and returns its
// length.
func prefix(laws []float64, latents, words, k, z int, out []float64) int {
	out[0] = 1
	size := 1
	for j := range k {
		p := lawOf(laws, latents, words, j, z)
		for x := size - 1; x >= 0; x-- { // backwards: each entry is read before it is overwritten
			base := out[x]
			to := out[x*words:][:words]
			for y, q := range p {
				to[y] = base * q
			}
		}
		size *= words
	}
	return size
}

// contraction is room for contract, for one goroutine.
type contraction struct {
	right, left []float64
	parts       [][]float64 // the table summed over the timesteps after each
}

// newContraction makes room for a table over windows of t timesteps.
func newContraction(table, t int) *contraction {
	return &contraction{make([]float64, 2*table), make([]float64, table), make([][]float64, t)}
}

// contract writes, for latent vector z, the derivative of
// scale · sum_x table(x) prod_k p_k(x_k|z) with respect to every p_k: for each
// word, the mean of table over the other timesteps.
func (c *contraction) contract(table, laws []float64, latents, words, z int, scale float64, upstream []float64) {
	right, t := c.right, len(c.parts)
	c.parts[t-1] = table
	for k := t - 2; k >= 0; k-- {
		from := c.parts[k+1]
		p := lawOf(laws, latents, words, k+1, z)
		to := right[:len(from)/words]
		right = right[len(to):]
		for x := range to {
			sum := 0.0
			for y, q := range p {
				sum += q * from[x*words+y]
			}
			to[x] = sum
		}
		c.parts[k] = to
	}
	for k, part := range c.parts {
		up := lawOf(upstream, latents, words, k, z)
		size := prefix(laws, latents, words, k, z, c.left)
		for x := range size {
			w := scale * c.left[x]
			for y, v := range part[x*words:][:words] {
				up[y] += w * v
			}
		}
	}
}
