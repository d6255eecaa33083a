package calibration

import (
	"slices"
	"testing"
)

// Invented devices are what their names say: so many qubits and pairs, in one piece, with figures
// that differ and are probabilities. They are the same at every call and on every machine.
func TestInvented(t *testing.T) {
	for _, c := range []struct {
		name                  string
		qubits, pairs, degree int // the most pairs of a qubit
		entangler, sha256     string
	}{
		{"invented-heavyhex-127", 127, 144, 3, "ecr", "0b0909f727cd"},
		{"invented-square-20", 20, 31, 4, "cz", "820dfb2b731a"},
		{"invented-ion-36", 36, 630, 35, "zz", "58f0dcdb576d"},
	} {
		s, ok := InventedDevice(c.name)
		if !ok {
			t.Fatalf("there is no %s", c.name)
		}
		hash, err := s.Hash()
		if err != nil || hash[:12] != c.sha256 {
			t.Errorf("%s: hash %s (%v), want %s", c.name, hash, err, c.sha256)
		}
		neighbours := make(map[int][]int)
		for _, g := range s.Gates {
			if g.Name != c.entangler {
				continue
			}
			for k := range 2 {
				if a, b := g.Qubits[k], g.Qubits[1-k]; !slices.Contains(neighbours[a], b) {
					neighbours[a] = append(neighbours[a], b)
				}
			}
		}
		ends, most := 0, 0
		for _, n := range neighbours {
			ends, most = ends+len(n), max(most, len(n))
		}
		seen := map[int]bool{0: true}
		for queue := []int{0}; len(queue) > 0; queue = queue[1:] {
			for _, q := range neighbours[queue[0]] {
				if !seen[q] {
					seen[q], queue = true, append(queue, q)
				}
			}
		}
		if len(s.Qubits) != c.qubits || ends != 2*c.pairs || most != c.degree || len(seen) != c.qubits {
			t.Errorf("%s: %d qubits, %d pairs, %d at most at one, %d reached from the first", c.name, len(s.Qubits), ends/2, most, len(seen))
		}
		for _, f := range s.Figures() {
			if f.Unit == "" && f.Name != "rz error" && (f.Min <= 0 || f.Max >= 0.5 || f.Min == f.Max) {
				t.Errorf("%s: %s from %g to %g", c.name, f.Name, f.Min, f.Max)
			}
		}
		read, err := Shelf{FS: machine{}}.Snapshot("any:" + c.name)
		if err != nil || read.Name != c.name || len(read.Warnings) != 1 {
			t.Errorf("%s from the shelf: %+v (%v)", c.name, read, err)
		}
	}
	if _, ok := InventedDevice("invented"); ok {
		t.Error("a name of no device has one")
	}
}
