package metrics

import (
	"fmt"
	"math"
)

// LawFigures are the distances of a model to an empirical law of windows. All
// of them are finite, so that they can be written as JSON: KL is nil where it is
// infinite.
type LawFigures struct {
	JSNats  float64  `json:"js_nats"`
	JSBits  float64  `json:"js_bits"`
	KLNats  *float64 `json:"kl_nats"`  // data‖model; nil: the model lacks a seen window
	TV      float64  `json:"tv"`       // total variation, 0 to 1
	PSilent float64  `json:"p_silent"` // the model's probability of the silent window
	Unseen  float64  `json:"p_unseen"` // the model's probability of windows not in the data

	DataPSilent float64 `json:"data_p_silent"`
	EntropyNats float64 `json:"data_entropy_nats"` // plug-in
	Seen        int     `json:"states_seen"`
	Windows     int     `json:"windows"`
}

// Figures computes the distances of a model to the law, q[i] being the model's
// probability of seen window i. Where the data have no silent window, nothing in
// q says how often the model is silent and PSilent is 0.
//
// It fails if q has not one entry for each seen window, or holds a number that
// is no probability.
func (s *States) Figures(q []float64) (LawFigures, error) {
	if len(q) != s.Len() {
		return LawFigures{}, fmt.Errorf("comparing a model to the data: %d probabilities for %d seen windows", len(q), s.Len())
	}
	for i, v := range q {
		if !(v >= 0 && v <= 1+1e-9) {
			return LawFigures{}, fmt.Errorf("comparing a model to the data: probability %v of window %d", v, i)
		}
	}
	f := LawFigures{
		JSNats: s.JSSeen(q), TV: s.TVSeen(q), Unseen: s.unseen(q),
		DataPSilent: s.PSilent(), EntropyNats: s.Entropy(), Seen: s.Len(), Windows: s.Total,
	}
	f.JSBits = Bits(f.JSNats)
	if kl := s.KLSeen(q); !math.IsInf(kl, 1) {
		f.KLNats = &kl
	}
	if f.DataPSilent > 0 {
		f.PSilent = q[0]
	}
	return f, nil
}
