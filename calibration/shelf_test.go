package calibration

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
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

// lockedFiles are files in memory of which some can't be read.
type lockedFiles struct{ fstest.MapFS }

func (f lockedFiles) ReadFile(path string) ([]byte, error) {
	if strings.Contains(path, "locked") {
		return nil, fs.ErrPermission
	}
	return f.MapFS.ReadFile(path)
}

// A device is files, or the newest of a name on the shelf; the configuration beside one file of
// properties is read too.
func TestShelf(t *testing.T) {
	files := fstest.MapFS{}
	for _, name := range []string{"one.json", "two.json", "props_a.json", "conf_a.json", "props_b.json", "d/x@2025.json", "d/x@2026.json", "d/x@2024.json", "d/xy@2027.json", "d/props_c@2026.json", "d/Garnet@2026.json", "d/sirius_mock@2026.json"} {
		files[name] = &fstest.MapFile{Data: []byte(name)}
	}
	for _, k := range []struct{ dir, device, want string }{
		{"d", "one.json", "one.json"}, {"d", "two.json,one.json", "two.json one.json"},
		{"d", "props_a.json", "props_a.json conf_a.json"}, {"d", "props_b.json", "props_b.json"}, {"d", "props_a.json,one.json", "props_a.json one.json"},
		{"d", "x", "d/x@2026.json"}, {"d", "xy", "d/xy@2027.json"}, {"d", "x,one.json", "d/x@2026.json one.json"},
		{"d", "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet", "d/Garnet@2026.json"}, {"d", "braket:arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet", "d/Garnet@2026.json"},
		{"d", "sirius:mock", "d/sirius_mock@2026.json"}, {"d", "iqm:sirius:mock", "d/sirius_mock@2026.json"}, {"d", "ibm:x", "d/x@2026.json"},
		{"d", "qpu/Garnet", "device qpu/Garnet: there is no such file, no device of that name was fetched, and none is built in"},
		{"d", "x:", "device x:: there is no such file, no device of that name was fetched, and none is built in"},
		{"d", "y", "device y: there is no such file, no device of that name was fetched, and none is built in"},
		{"d", "one.json,z", "device z: there is no such file, no device of that name was fetched, and none is built in"},
		{"", "x", "device x: there is no such file, no device of that name was fetched, and none is built in"},
		{"gone", "x", "device x: there is no such file, no device of that name was fetched, and none is built in"},
		{"d", "locked.json", "device locked.json: permission denied"},
	} {
		read, err := Shelf{FS: lockedFiles{files}, Dir: k.dir}.Read(k.device)
		var got []string
		for _, f := range read {
			if string(f.Data) != f.Name {
				t.Errorf("%s holds %q", f.Name, f.Data)
			}
			got = append(got, f.Name)
		}
		if err != nil {
			var absent *AbsentError
			if !errors.As(err, &absent) || len(read) != 0 {
				t.Errorf("%s: %T with %v", k.device, err, got)
			}
			got = []string{err.Error()}
		}
		if s := strings.Join(got, " "); s != k.want {
			t.Errorf("%s on the shelf %q: %s, want %s", k.device, k.dir, s, k.want)
		}
	}
}
