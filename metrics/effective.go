package metrics

// EffectiveSamples is how many independent samples tell as much about a mean as samples
// that come in groups and resemble each other within them, and the intraclass
// correlation that it follows from: with groups of size m,
//
//	ICC = (MSB - MSW) / (MSB + (m-1) MSW),    n_eff = n / (1 + (m-1) max(ICC, 0)),
//
// MSB and MSW the mean squares between and within groups of a one-way analysis of variance
// (Kish 1965, section 5.4, the design effect). Groups of unequal size count with the
// m of Donner (1986). Fewer than two groups, or none with two samples, have no
// correlation that could be estimated: samples then count as independent.
func EffectiveSamples(groups [][]float64) (size, icc float64) {
	n, sum, squares, k := 0.0, 0.0, 0.0, 0.0
	for _, g := range groups {
		if len(g) == 0 {
			continue
		}
		k++
		n += float64(len(g))
		squares += float64(len(g) * len(g))
		for _, x := range g {
			sum += x
		}
	}
	if k < 2 || n <= k {
		return n, 0
	}
	mean, between, within := sum/n, 0.0, 0.0
	for _, g := range groups {
		if len(g) == 0 {
			continue
		}
		own := 0.0
		for _, x := range g {
			own += x / float64(len(g))
		}
		between += float64(len(g)) * (own - mean) * (own - mean)
		for _, x := range g {
			within += (x - own) * (x - own)
		}
	}
	m := (n - squares/n) / (k - 1)
	msb, msw := between/(k-1), within/(n-k)
	if msb+(m-1)*msw == 0 {
		return n, 0
	}
	icc = (msb - msw) / (msb + (m-1)*msw)
	return n / (1 + (m-1)*max(icc, 0)), icc
}
