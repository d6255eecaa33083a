package main

import (
	"fmt"
	"math"
	"strconv"

	"qgan/backends"
	"qgan/calibration"
)

// mitigated is what the objects of verbs hold beside counts where readout errors
// were taken out.
type mitigated struct {
	Mitigation       string             `json:"mitigation"`
	CalibrationShots int                `json:"calibration_shots"` // 0: the device's figures
	Overhead         float64            `json:"overhead"`
	Quasi            map[string]float64 `json:"quasi"`
	StdErr           map[string]float64 `json:"quasi_std_err"`
	Nearest          map[string]float64 `json:"nearest"`
	Distance         float64            `json:"nearest_distance"`
}

// mitigatedOf takes the weights out of an outcome.
func mitigatedOf(o backends.Outcome, bits int, method string, calibrationShots int) *mitigated {
	m := &mitigated{
		Mitigation: method, CalibrationShots: calibrationShots, Overhead: o.Overhead,
		Quasi: map[string]float64{}, StdErr: map[string]float64{}, Nearest: map[string]float64{},
	}
	law, distance := calibration.NearestLaw(o.Weights)
	m.Distance = distance
	for i, c := range o.Counts {
		w := fmt.Sprintf("%0*b", bits, c.Word)
		m.Quasi[w], m.StdErr[w] = o.Weights[i], math.Sqrt(o.Variances[i])
		if law[i] > 0 {
			m.Nearest[w] = law[i]
		}
	}
	return m
}

// printMitigated prints what was read beside what it becomes.
func (a *app) printMitigated(o outcomes) error {
	t := newTable(a.out)
	t.row("bits", "counts", "read", "mitigated", "± 1 s.e.", "nearest law")
	for _, w := range sortedKeys(o.Quasi) {
		t.row(w, strconv.Itoa(o.Counts[w]), fmt.Sprintf("%.5f", float64(o.Counts[w])/float64(o.Shots)),
			fmt.Sprintf("%.5f", o.Quasi[w]), fmt.Sprintf("%.5f", o.StdErr[w]), fmt.Sprintf("%.5f", o.Nearest[w]))
	}
	if err := t.flush(); err != nil {
		return err
	}
	a.note("readout errors taken out by %s: at worst %.3g times the shots tell as much as without them; the nearest law is %.3g away", o.Mitigation, o.Overhead, o.Distance)
	return nil
}
