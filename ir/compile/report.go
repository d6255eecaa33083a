package compile

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"qgan/calibration"
	"qgan/internal/stream"
	"qgan/ir"
)

// Report is a compiled circuit for people and programs. The texts are the caller's.
type Report struct {
	Schema  string      `json:"schema"`
	Device  string      `json:"device"`
	SHA256  string      `json:"snapshot_sha256"`
	Circuit string      `json:"circuit"`
	Twirled []string    `json:"twirled,omitempty"`
	Stats   ReportStats `json:"stats"`
	Layout  []int       `json:"layout"`
	Final   []int       `json:"final_layout"`
	BitMap  []int       `json:"bit_map"`
	Readout *Affine     `json:"readout_map"`
	Error   float64     `json:"approximation_error"`
	Notes   []string    `json:"warnings"`
}

// ReportStats are the figures of a Report, see Stats.
type ReportStats struct {
	TwoQubitGates int      `json:"two_qubit_gates"`
	TwoQubitDepth int      `json:"two_qubit_depth"`
	OneQubitGates int      `json:"one_qubit_gates"`
	VirtualZ      int      `json:"virtual_z"`
	Depth         int      `json:"depth"`
	Duration      *float64 `json:"duration_s"`         // nil: not known
	Fidelity      *float64 `json:"estimated_fidelity"` // nil: not known
	Seconds       float64  `json:"seconds"`            // that compiling took
}

// Report tells a result and how long it took.
func (r *Result) Report(took time.Duration) *Report {
	s := r.Stats
	out := &Report{
		Schema: "qgan.compile/v1", Device: r.target.Name, SHA256: r.target.Snapshot,
		Stats: ReportStats{TwoQubitGates: s.TwoQubitGates, TwoQubitDepth: s.TwoQubitDepth, OneQubitGates: s.OneQubitGates, VirtualZ: s.VirtualZ,
			Depth: s.Depth, Seconds: took.Seconds()},
		Layout: r.Layout, Final: r.Final, BitMap: r.BitMap, Readout: r.Readout, Error: r.Error, Notes: append([]string{}, r.Warnings...),
	}
	if !s.Unrated {
		out.Stats.Fidelity = &s.Fidelity
	}
	if s.Duration > 0 {
		out.Stats.Duration = &s.Duration
	}
	return out
}

// Remarks are the figures and the oddities of a result in sentences: gates, fidelity, qubits, what an
// approximation may err by, and that outcomes have to be corrected.
func (r *Result) Remarks() []string {
	out := []string{fmt.Sprintf("%s: %d two-qubit gates in depth %d, %d one-qubit gates, estimated fidelity %s, on the qubits %v",
		r.target.Name, r.Stats.TwoQubitGates, r.Stats.TwoQubitDepth, r.Stats.OneQubitGates, r.Stats.Estimate(), r.Layout)}
	if r.options.Approximate > 0 {
		out = append(out, fmt.Sprintf("approximate: no probability is off by more than %.3g for what was left out", min(r.Error, 1)))
	}
	if r.Readout != nil {
		out = append(out, "outcomes have to be corrected, by the map in the JSON report")
	}
	return out
}

// Twirls are so many twirled circuits, which the seed decides, see Twirl.
func (r *Result) Twirls(n int, seed uint64) ([]*ir.Circuit, error) {
	rng := stream.New(seed, "twirl")
	out := make([]*ir.Circuit, n)
	for i := range out {
		var err error
		if out[i], err = r.Twirl(rng); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ParseDecoupling reads none, xx or xy4.
func ParseDecoupling(text string) (Decoupling, error) {
	for _, d := range []Decoupling{NoDecoupling, DecoupleXX, DecoupleXY4} {
		if text == cmp.Or(string(d), "none") {
			return d, nil
		}
	}
	return "", errors.New("it takes none, xx or xy4")
}

// ParseLayout reads the physical qubit of each qubit, "3,5,4"; "auto" is nil.
func ParseLayout(text string) (layout []int, err error) {
	if text == "auto" {
		return nil, nil
	}
	for _, word := range strings.Split(text, ",") {
		q, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil {
			return nil, fmt.Errorf("%q is no number of a qubit", word)
		}
		layout = append(layout, q)
	}
	return layout, nil
}

// Description is what a device can do, for people and programs.
type Description struct {
	Schema      string             `json:"schema"`
	Service     string             `json:"service"`
	Name        string             `json:"name"`
	Version     string             `json:"version"`
	Taken       *string            `json:"taken"` // RFC 3339; nil: not told
	SHA256      string             `json:"sha256"`
	Qubits      int                `json:"qubits"`
	Usable      int                `json:"usable_qubits"`
	Pairs       int                `json:"pairs"`
	UsablePairs int                `json:"usable_pairs"`
	Pulses      string             `json:"one_qubit_gates"`
	Gates       []string           `json:"two_qubit_gates"`
	Limits      calibration.Limits `json:"limits"`
	SampleTime  float64            `json:"sample_time_s"`
	Warnings    []string           `json:"warnings"`
}

// Describe tells what the device of a snapshot can do.
func (t *Target) Describe(s *calibration.Snapshot) *Description {
	d := &Description{Schema: "qgan.device/v1", Service: s.Service, Name: s.Name, Version: s.Version, SHA256: t.Snapshot,
		Qubits: len(t.Qubits), Pairs: len(t.Edges), Pulses: t.Pulses(), Gates: t.Entanglers(), Limits: s.Limits, SampleTime: s.SampleTime,
		Warnings: append([]string{}, s.Warnings...)}
	if !s.Taken.IsZero() {
		taken := s.Taken.Format(time.RFC3339)
		d.Taken = &taken
	}
	d.Usable, d.UsablePairs = t.Usable()
	return d
}

// WriteText writes the description in sentences.
func (d *Description) WriteText(w io.Writer) error {
	text := fmt.Sprintf("%s (%s), %s: %d qubits, %d usable; %d coupled pairs, %d usable\n", d.Name, d.Service, d.Version, d.Qubits, d.Usable, d.Pairs, d.UsablePairs)
	text += fmt.Sprintf("one-qubit gates: %s\ntwo-qubit gates: %s\n", d.Pulses, strings.Join(d.Gates, ", "))
	if d.Limits.MaxShots > 0 {
		text += fmt.Sprintf("shots: %d to %d\n", max(1, d.Limits.MinShots), d.Limits.MaxShots)
	}
	if d.SampleTime > 0 {
		text += fmt.Sprintf("sample time: %.4g ns\n", d.SampleTime*1e9)
	}
	_, err := io.WriteString(w, text)
	return err
}

// Oddities are what is odd in the device's calibration data.
func (d *Description) Oddities() []string { return d.Warnings }
