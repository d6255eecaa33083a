package service_test

import (
	"strings"
	"testing"

	"qgan/backends/service"
)

// An option is taken by its service, with the values that it has.
func TestJobOptions(t *testing.T) {
	for _, k := range []struct {
		service, name, value, want string // an error; "": taken
	}{
		{"ibm", "ibm-dd", "XY4", ""}, {"ibm", "ibm-dd", "xy4", "ibm-dd xy4: it is XX, XpXm or XY4"},
		{"ibm", "ibm-twirl", "gates,measure", ""}, {"ibm", "ibm-twirl", "", "it is gates, measure or gates,measure"},
		{"ibm", "max-execution-time", "1m30.5s", ""}, {"ibm", "max-execution-time", "300", "it is a time from 1s to 3h0m0s"}, {"ibm", "max-execution-time", "4h", "it is a time"},
		{"ionq", "ionq-debias", "true", ""}, {"ionq", "ionq-debias", "yes", "it is true or false"},
		{"ibm", "ibm-session", "30m", ""}, {"ibm", "ibm-session", "9h", "it is a time from 1s to 8h0m0s"},
		{"ionq", "ionq-session", "1m", ""}, {"ionq", "ionq-session", "30s", "it is a time from 1m to 8h0m0s"}, {"ionq", "ionq-session-jobs", "5", "is of a session: ask for one with ionq-session"},
		{"ionq", "ionq-session-jobs", "0", "it is a number, 1 or above"}, {"ionq", "ionq-session-cost", "NaN", "it is an amount above 0"}, {"ionq", "ionq-session-cost", "+Inf", "it is an amount above 0"},
		{"iqm", "iqm-heralding", "zeros", ""}, {"iqm", "iqm-timeslot", "true", ""},
		{"ionq", "ibm-dd", "XX", "the option ibm-dd is of ibm, not of ionq"},
		{"ibm", "speed", "9", `there is no option "speed" of a job`},
	} {
		p, err := service.At(k.service, "d", "").Asking(map[string]string{k.name: k.value})
		if (err == nil) != (k.want == "") || err != nil && !strings.Contains(err.Error(), k.want) {
			t.Errorf("%+v: %v", k, err)
		}
		if err == nil && p.Asked(k.name) != k.value {
			t.Errorf("%+v: %q", k, p.Asked(k.name))
		}
	}
	p, err := service.At("ibm", "d", "").Asking(map[string]string{"ibm-twirl": "gates", "ibm-dd": "XX", "max-execution-time": "90.5s"})
	if err != nil || p.AskedSeconds("max-execution-time") != 91 || p.Manner() != `ibm-dd="XX" ibm-twirl="gates"` {
		t.Errorf("%d s, %s, %v", p.AskedSeconds("max-execution-time"), p.Manner(), err)
	}
	if _, err := service.At("ibm", "d", "").Asking(map[string]string{"ibm-session": "30m", "ibm-batch": "true"}); err == nil || !strings.Contains(err.Error(), "ibm-session and ibm-batch: ask for one of them") {
		t.Errorf("a session and a batch: %v", err)
	}
	if p, err := service.At("ionq", "d", "").Asking(map[string]string{"ionq-session": "30m", "ionq-session-cost": "5"}); err != nil || p.Manner() != "" {
		t.Errorf("%q, %v", p.Manner(), err) // outcomes have the same law
	}
	if p := service.At("ibm", "d", ""); p.Manner() != "" || p.AskedSeconds("max-execution-time") != 0 {
		t.Errorf("without options: %q", p.Manner())
	}
	for _, o := range service.JobOptions() {
		if !strings.HasPrefix(o.Usage, "of "+o.Service+": ") {
			t.Errorf("%s: its sentence is %q", o.Name, o.Usage)
		}
	}
}
