package main

import (
	"fmt"
	"math"
	"strconv"

	"github.com/spf13/pflag"

	"qgan/backends"
	"qgan/backends/exec"
	"qgan/calibration"
)

// mitigateFlags say how readout errors are taken out of what a verb measures.
type mitigateFlags struct {
	method   string
	shots    int
	distance int
}

// add declares the flags.
func (m *mitigateFlags) add(f *pflag.FlagSet) {
	f.StringVar(&m.method, "mitigate", string(backends.MitigateNone), "noisy: take readout errors out: none, full, tensored, m3 or twirl")
	f.IntVar(&m.shots, "calibration-shots", 0, "noisy: shots that calibrate the readout on the backend, shared by all circuits; 0: the device's figures, of twirl as many as --shots")
	f.IntVar(&m.distance, "m3-distance", 0, "noisy: m3: largest Hamming distance of words that are mistaken for each other; 0: 3, -1: any")
}

// wanted says whether anything is mitigated.
func (m *mitigateFlags) wanted() bool { return m.method != string(backends.MitigateNone) }

// check reports values and combinations that mean nothing.
func (m *mitigateFlags) check(backend string, exact, table bool, changed func(string) bool) error {
	switch backends.Mitigation(m.method) {
	case backends.MitigateNone, backends.MitigateFull, backends.MitigateTensored, backends.MitigateM3, backends.MitigateTwirl:
	default:
		return usagef("--mitigate %s: it can be none, full, tensored, m3 or twirl", m.method)
	}
	switch {
	case !m.wanted() && changed("calibration-shots"):
		return usagef("--calibration-shots needs --mitigate")
	case changed("m3-distance") && m.method != string(backends.MitigateM3):
		return usagef("--m3-distance needs --mitigate m3")
	case m.shots < 0 || m.shots > maxShots:
		return usagef("--calibration-shots %d: it can be 0 to %d", m.shots, maxShots)
	case m.distance < -1 || m.distance > 64:
		return usagef("--m3-distance %d: it can be 0 to 64, or -1 for any", m.distance)
	case !m.wanted():
		return nil
	case backend == "ideal":
		return usagef("--mitigate needs --backend noisy: the ideal simulator reads without errors")
	case exact:
		return usagef("--mitigate corrects counts, and --exact draws none: leave out one of them").
			withHint("--readout-error none gives a device's law without readout errors")
	case table:
		return usagef("--noise-table runs nothing that could be mitigated")
	}
	return nil
}

// correction is what the flags ask for of circuits of so many shots.
func (m *mitigateFlags) correction(shots int, seed uint64) exec.Correction {
	return exec.Correction{Method: backends.Mitigation(m.method), CalibrationShots: m.shots, Shots: shots, Distance: m.distance, Seed: seed}
}

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
