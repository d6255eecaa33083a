package metrics

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// EntropyMillerMadow is the entropy in nats with the correction of Miller and Madow
// for the states that so few draws miss, Entropy + (seen - 1)/(2 Total) (Miller, in
// Information Theory in Psychology, 1955). It is for independent draws.
func (s *States) EntropyMillerMadow() float64 {
	return s.Entropy() + float64(s.Len()-1)/(2*float64(s.Total))
}

// SampleEstimate says how far a drawn law is from that of the data, and what is known
// of it.
type SampleEstimate struct {
	// Plug-in figures of the relative frequencies; KLNats is that of the sample to the
	// data, nil where the sample has a window that the data lack.
	JSNats float64  `json:"js_nats"`
	KLNats *float64 `json:"kl_nats"`
	TV     float64  `json:"tv"`
	// Corrected is JSNats without its bias: that to leading order, the counterpart of
	// Miller and Madow's, and what is left of it in as many draws of the data's own law;
	// below 0 where the sample is nearer than so many draws are on average.
	Corrected float64 `json:"js_corrected_nats"`
	// Interval holds the divergence of the law that was drawn from, with 95 %: that of
	// the bootstrap around Corrected, and the error of the second correction, taken as a
	// quarter of it, and as all of it for the share of draws that the data lack. nil: of
	// fewer than two draws.
	Interval []float64 `json:"js_interval_nats"`
	StdErr   float64   `json:"js_stderr"`
	// NullFloor is what as many independent draws of the data's own law score.
	NullFloor float64 `json:"null_floor_nats"`

	EntropyNats            float64 `json:"entropy_nats"`
	EntropyMillerMadowNats float64 `json:"entropy_miller_madow_nats"`
	Samples                int     `json:"samples"`
	Seen                   int     `json:"states_seen"`
	// Warnings say where the number of draws is too small for a figure to be believed.
	Warnings []string `json:"warnings,omitempty"`
}

// enough is the number of draws for each seen state from which the corrections hold.
const enough = 4

// jsBias is the bias of the plug-in JS to the law p from the draws of q, to leading
// order: half the second derivative of each term, (1/4) p/(q(p+q)), times the variance
// q(1-q)/S,
//
//	(1/4S) sum over seen x of p(1-q)/(p+q),
//
// with the relative frequencies in place of q. For q = p it is [JSPluginBias].
func jsBias(p, drawn *States) (float64, error) {
	at, err := p.on(drawn)
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for i, x := range at {
		q := drawn.Prob(i)
		sum += x * (1 - q) / (x + q)
	}
	return sum / (4 * float64(drawn.Total)), nil
}

// simulated is the mean divergence of so many draws of the law from itself, and what the
// correction to leading order leaves of it.
func (s *States) simulated(draws int, rng *rand.Rand, repeats int) (floor, left float64) {
	q := make([]float64, s.Len())
	var js, rest running
	for range repeats {
		bias := 0.0
		for i, c := range s.draw(draws, rng) {
			q[i] = float64(c) / float64(draws)
			if c > 0 {
				p := s.Prob(i)
				bias += p * (1 - q[i]) / (p + q[i]) / (4 * float64(draws))
			}
		}
		x := s.JSSeen(q)
		js.add(x)
		rest.add(x - bias)
	}
	return js.mean, rest.mean
}

// EstimateJS compares independent draws with the law of the data, which counts as
// known. Standard error and interval are those of the bootstrap with so many
// resamples: deviations of resampled laws' divergences from their mean, since the mean
// itself is biased once more.
func EstimateJS(data, drawn *States, rng *rand.Rand, resamples int) (SampleEstimate, error) {
	e := SampleEstimate{
		Samples: drawn.Total, Seen: drawn.Len(),
		EntropyNats: drawn.Entropy(), EntropyMillerMadowNats: drawn.EntropyMillerMadow(),
	}
	var err error
	if e.JSNats, err = JSStates(data, drawn); err != nil {
		return e, err
	}
	q, err := drawn.on(data)
	if err != nil {
		return e, err
	}
	e.TV = data.TVSeen(q)
	p, err := data.on(drawn)
	if err != nil {
		return e, err
	}
	e.KLNats = FiniteOrNil(drawn.KLSeen(p))
	bias, err := jsBias(data, drawn)
	if err != nil {
		return e, err
	}
	var left float64
	e.NullFloor, left = data.simulated(drawn.Total, rng, resamples)
	e.Corrected = e.JSNats - bias - left
	if drawn.Total > 1 && resamples > 1 {
		var spread running
		values := make([]float64, resamples)
		for i := range values {
			if values[i], err = JSStates(data, drawn.Sample(drawn.Total, rng)); err != nil {
				return e, err
			}
			spread.add(values[i])
		}
		e.StdErr = spread.deviation()
		slices.Sort(values)
		outside := 1.0
		for _, x := range q {
			outside -= x
		}
		slack := 2 * left * math.Hypot(0.25, outside)
		e.Interval = []float64{
			e.Corrected - math.Hypot(spread.mean-Quantile(values, 0.025), slack),
			e.Corrected + math.Hypot(Quantile(values, 0.975)-spread.mean, slack),
		}
	}
	if e.Samples < enough*e.Seen {
		e.Warnings = append(e.Warnings, fmt.Sprintf(
			"%d draws for %d states that were seen: below %d draws a state the correction of the entropy does not hold, and that of the divergence is rough; draw more or use shorter windows", e.Samples, e.Seen, enough))
	}
	return e, nil
}

// Quantile is the p-quantile of sorted values, 0 <= p <= 1, with straight lines between them:
// definition 7 of Hyndman and Fan (1996), which has the usual median.
func Quantile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	k := int(math.Floor(at))
	if k+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[k] + (at-float64(k))*(sorted[k+1]-sorted[k])
}
