package emulator

import (
	"context"
	"net/http"
	"testing"

	"qgan/calibration"
)

// Each invented device is emulated by the service whose gates it has, and by no other of these.
func TestStage(t *testing.T) {
	for device, want := range map[string]string{"invented-heavyhex-127": "ibm", "invented-square-20": "iqm", "invented-ion-36": "ionq"} {
		files, err := calibration.Shelf{}.Read(device)
		if err != nil {
			t.Fatal(err)
		}
		for _, service := range []string{"ibm", "iqm", "ionq"} {
			ctx, cancel := context.WithCancel(t.Context())
			s, address, getenv, err := Stage(ctx, service, Options{Files: files})
			switch {
			case service == "ibm" && want != "ibm": // it takes any device
			case service != want:
				if err == nil {
					t.Errorf("%s is emulated by %s", device, service)
				}
			case err != nil:
				t.Errorf("%s by %s: %v", device, service, err)
			default:
				v := s.Environment()[0]
				if getenv(v[0]) != v[1] || getenv("HOME") != "" {
					t.Errorf("%s: the environment is not the emulator's", service)
				}
				r, err := http.Get(address)
				if err != nil {
					t.Errorf("%s at %s: %v", service, address, err)
				} else {
					r.Body.Close()
				}
			}
			cancel()
		}
	}
}
