package calibration

import (
	"path/filepath"
	"testing"
	"time"
)

func TestPlace(t *testing.T) {
	at := time.Date(2026, 5, 12, 12, 0, 0, 0, time.FixedZone("", 7200))
	for device, want := range map[string]string{
		"ibm_torino": "ibm_torino@20260512T100000Z.json",
		"arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet": "Garnet@20260512T100000Z.json",
		`a:b\c`: "a_b_c@20260512T100000Z.json",
	} {
		if got := (Shelf{Dir: "d"}).Place(device, at); got != filepath.Join("d", want) {
			t.Errorf("%s: %s, want %s", device, got, want)
		}
	}
}
