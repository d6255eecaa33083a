package ibm

import (
	"strings"
	"testing"

	"qgan/backends/service"
	"qgan/ir"
)

// A job for the program executor is one quantum program, whose circuits have equal shots; its
// client would decouple and twirl, which is not done here. The body is held against IBM's own
// schema by referee/executor.py.
func TestExecutor(t *testing.T) {
	asking := func(job map[string]string) *Client {
		c := Reader("ibm_torino")
		var err error
		if c.Place, err = c.Place.Asking(job); err != nil {
			t.Fatal(err)
		}
		return c
	}
	k := ir.New(1, 1)
	k.Gate(ir.X, []int{0})
	k.Measure(0, 0)
	same := []service.Program{{Circuit: k, Shots: 10}, {Circuit: k, Shots: 10}}
	c := asking(map[string]string{"ibm-program": "executor", "max-execution-time": "90s"})
	body, err := c.Body(t.Context(), same, "qgan-1")
	text := string(body)
	for _, want := range []string{`"program_id":"executor"`, `"schema_version":"v2.0"`, `"quantum_program":{"shots":10,"circuits":{"data":["OPENQASM 3.0;`, `"item_type":"circuit","circuit_arguments":{"data":"eJ`,
		`"shape":[0],"dtype":"f64"},"shape":[]}]}`, `"options":{}`, `"tags":["qgan-1"]`, `"cost":90`} {
		if err != nil || strings.Count(text, want) != 1+strings.Count(want, "item_type") {
			t.Errorf("%s is not there: %s, %v", want, text, err)
		}
	}
	if l, err := c.Limits(t.Context()); err != nil || !l.EqualShots {
		t.Errorf("%+v, %v", l, err)
	}
	if l, err := asking(nil).Limits(t.Context()); err != nil || l.EqualShots {
		t.Errorf("of the sampler: %+v, %v", l, err)
	}
	if _, err := c.Body(t.Context(), []service.Program{same[0], {Circuit: k, Shots: 11}}, "t"); err == nil || !strings.Contains(err.Error(), "shots") {
		t.Errorf("other shots: %v", err)
	}
	if _, err := asking(map[string]string{"ibm-program": "executor", "ibm-dd": "XX"}).Body(t.Context(), same, "t"); err == nil || !strings.Contains(err.Error(), "decouples and twirls nothing") {
		t.Errorf("with decoupling: %v", err)
	}
}
