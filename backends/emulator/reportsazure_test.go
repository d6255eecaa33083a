package emulator

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"qgan/backends"
	"qgan/backends/azure"
	"qgan/backends/service"
	"qgan/ir"
	"qgan/ir/compile"
)

var azureReports = []report{
	{"azure-quantum-python#227", "bits are those that were measured, in the program's order, by our own record", func(t *testing.T) {
		_, c := startAzure(t, Options{}, "ionq.simulator")
		k := ir.New(3, 2)
		k.Gate(ir.X, []int{2})
		k.Gate(ir.X, []int{1})
		k.Measure(2, 1) // qubit 1 is not read
		k.Measure(0, 0)
		compiled, err := compile.Compile(k, targetOf(t, c), compile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r := sender(t, c)
		jobs, err := r.Plan(t.Context(), [][]service.Program{{{Circuit: compiled.Circuit, Shots: 30}}}, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Finish(t.Context(), []string{jobs[0].ID}); err != nil {
			t.Fatal(err)
		}
		out, err := r.Outcomes(jobs[0].ID)
		if err != nil || fmt.Sprint(out[0].Counts) != fmt.Sprint([]backends.Count{{Word: 1, N: 30}}) {
			t.Errorf("%+v, %v", out, err)
		}
	}},
	{"azure-quantum-python#248, qiskit-ionq#19", "counts add up to the shots, by largest remainders", func(t *testing.T) {
		shape := service.Shape{Bits: 2, Shots: 100, Qubits: []int{0, 1}}
		out, err := azure.Reader("ionq.qpu.forte-1").Decode([]service.Shape{shape}, strings.NewReader(`{"histogram":{"0":0.3333,"1":0.3333,"3":0.3334}}`))
		if err != nil || fmt.Sprint(out[0].Counts) != "[{0 33} {2 33} {3 34}]" {
			t.Errorf("%+v, %v", out, err)
		}
	}},
	{"azure-quantum-python#361", "the first bit of a register is the last of its text, and the first of a word here", func(t *testing.T) {
		shape := service.Shape{Bits: 3, Shots: 1, Qubits: []int{0, 1, 2}}
		out, err := azure.Reader("quantinuum.qpu.h2-1").Decode([]service.Shape{shape}, strings.NewReader(`{"c":["001"]}`))
		if err != nil || out[0].Words[0] != 0b100 {
			t.Errorf("%+v, %v", out, err)
		}
	}},
	{"azure-quantum-python#366", "a result of a form that was not asked for is refused, not read as something", func(t *testing.T) {
		shape := service.Shape{Bits: 2, Shots: 2, Qubits: []int{0, 1}}
		for _, device := range []string{"ionq.simulator", "quantinuum.qpu.h2-1"} {
			if out, err := azure.Reader(device).Decode([]service.Shape{shape}, strings.NewReader(`{"Histogram":["[0, 1]",0.5,"[1, 1]",0.5]}`)); err == nil {
				t.Errorf("%s: %+v", device, out)
			}
		}
	}},
	{"azure-quantum-python#181, azure-quantum-python#773", "a result is fetched by an address that is signed anew, however late", func(t *testing.T) {
		clock := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
		e, err := NewAzure(Options{Ideal: true, Now: func() time.Time { return clock }})
		if err != nil {
			t.Fatal(err)
		}
		s := &spy{next: e}
		web := httptest.NewServer(s)
		defer web.Close()
		c := azureClient(t, e, web.URL, e.Device())
		body, err := c.Body(t.Context(), []service.Program{one(t, c, 5)}, "late")
		if err != nil {
			t.Fatal(err)
		}
		id, err := c.Submit(t.Context(), body)
		if err != nil {
			t.Fatal(err)
		}
		for n := 2; n < 4; n++ {
			clock = clock.Add(2 * signatureLife)
			var b strings.Builder
			if err := c.Fetch(t.Context(), id, 1<<20, &b); err != nil || strings.Count(b.String(), `"10"`) != 5 || strings.Contains(b.String(), "access_token") {
				t.Errorf("%s, %v", b.String(), err)
			}
			if s.count("POST", "/storage/sasUri") != n {
				t.Errorf("%d addresses were signed, %d are needed", s.count("POST", "/storage/sasUri"), n)
			}
		}
	}},
}
