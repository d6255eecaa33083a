package calibration

import "slices"

// Bound is the range of angles that a device takes of a gate.
type Bound struct {
	Gate     string  // in the gate table of package ir
	Min, Max float64 // of its first angle, in the gate's own unit
	Why      string  // as in "IBM's rzz takes angles from 0 to π/2"
}

// habits are what a service's devices take beyond what its answers tell.
type habits struct {
	// asked are gates of which there are figures, and which a device takes only of a
	// program that asks for them.
	asked []string
	// virtual are gates that the control system does in software. Some answers have no
	// figures of them.
	virtual []string
	bounds  []Bound
}

// Ranges of the two-qubit rotations.
var (
	ibmRZZ = Bound{"rzz", 0, 1.5707963267948966, "IBM's rzz takes angles from 0 to π/2"}
	ionqZZ = Bound{"zz", 0, 0.25, "IonQ's zz takes from 0 to a quarter of a turn"}
)

// services is the table of habits by the service of a snapshot. Amazon Braket and Azure
// Quantum sell IonQ's devices. Sources: IBM, "Fractional gates"; IonQ, "Getting started with native
// gates", partially entangling gates.
var services = map[string]habits{
	"ibm":    {asked: []string{"rx", "rzz"}, virtual: []string{"rz"}, bounds: []Bound{ibmRZZ}},
	"ionq":   {bounds: []Bound{ionqZZ}},
	"braket": {bounds: []Bound{ionqZZ}},
	"azure":  {bounds: []Bound{ionqZZ}},
}

// Native returns the names of the native gates: the basis, or where the files don't say
// those of which the device has figures and which need not be asked for, and what its
// control system does in software.
func (s *Snapshot) Native() []string {
	if s.Basis != nil {
		return slices.Clone(s.Basis)
	}
	h := services[s.Service]
	names := slices.Clone(h.virtual)
	for i := range s.Gates {
		if g := s.Gates[i].Name; !slices.Contains(h.asked, g) && !slices.Contains(names, g) {
			names = append(names, g)
		}
	}
	return names
}

// Bounds returns the ranges of angles that the device takes, none for gates of any
// angle.
func (s *Snapshot) Bounds() []Bound { return slices.Clone(services[s.Service].bounds) }
