package service

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"qgan/backends"
)

// JobOption is something that a service does with a job on request.
type JobOption struct {
	Name    string // of the setting, and of the flag
	Service string
	Usage   string
	// Alike says that outcomes have the same law with it and without, so that jobs with
	// other values of it are the same jobs.
	Alike bool
	check func(text string) error
}

// jobOptions is the table. Sources: IBM, "SamplerOptions" and "Maximum execution time"; IonQ, API
// v0.4, settings of a job; IQM, iqm-client 36.
var jobOptions = []JobOption{
	{Name: "ibm-dd", Service: "ibm", Usage: "of ibm: pulses that the service puts on waiting qubits: XX, XpXm or XY4", check: oneOf("XX", "XpXm", "XY4")},
	{Name: "ibm-twirl", Service: "ibm", Usage: "of ibm: what the service twirls: gates, measure or gates,measure", check: oneOf("gates", "measure", "gates,measure")},
	{Name: "max-execution-time", Service: "ibm", Usage: "of ibm: a job is stopped after so long on the processor, such as 300s", Alike: true, check: seconds},
	{Name: "ibm-batch", Service: "ibm", Usage: "of ibm: jobs that are asked for together are run in a batch: true or false", Alike: true, check: oneOf("true", "false")},
	{Name: "ionq-debias", Service: "ionq", Usage: "of ionq: debiasing, of 500 shots or more: true or false", check: oneOf("true", "false")},
	{Name: "iqm-heralding", Service: "iqm", Usage: "of iqm: shots that do not begin in zeros are left out: zeros or none", check: oneOf("zeros", "none")},
	{Name: "iqm-timeslot", Service: "iqm", Usage: "of iqm: in the timeslot that is booked: true or false", Alike: true, check: oneOf("true", "false")},
}

// JobOptions lists what services do with a job on request.
func JobOptions() []JobOption { return slices.Clone(jobOptions) }

func oneOf(values ...string) func(string) error {
	return func(text string) error {
		if slices.Contains(values, text) {
			return nil
		}
		return fmt.Errorf("it is %s", strings.Join(values[:len(values)-1], ", ")+" or "+values[len(values)-1])
	}
}

// longest is how long IBM lets a job run at most.
const longest = 3 * time.Hour

func seconds(text string) error {
	if d, err := time.ParseDuration(text); err != nil || d < time.Second || d > longest {
		return fmt.Errorf("it is a time from 1s to %v", longest)
	}
	return nil
}

// Asking is the place with what is asked for each of its jobs, by the names of options. One
// that is another service's, or whose value is none, is refused.
func (p Place) Asking(job map[string]string) (Place, error) {
	for _, name := range slices.Sorted(maps.Keys(job)) {
		i := slices.IndexFunc(jobOptions, func(o JobOption) bool { return o.Name == name })
		switch {
		case i < 0:
			return p, backends.Refuse("there is no option %q of a job", name)
		case jobOptions[i].Service != p.service:
			return p, backends.Refuse("the option %s is of %s, not of %s", name, jobOptions[i].Service, p.service)
		}
		if err := jobOptions[i].check(job[name]); err != nil {
			return p, backends.Refuse("%s %s: %v", name, job[name], err)
		}
	}
	p.job = maps.Clone(job)
	return p, nil
}

// Asked is the value of an option of the jobs; "" where it is not asked for.
func (p Place) Asked(name string) string { return p.job[name] }

// AskedSeconds is the value of an option that is a time, in whole seconds; 0 for none.
func (p Place) AskedSeconds(name string) int {
	d, _ := time.ParseDuration(p.job[name])
	return int((d + time.Second - 1) / time.Second)
}

// Manner says how jobs are run where that is another law than without options; "" where it
// is not.
func (p Place) Manner() string {
	var parts []string
	for _, o := range jobOptions {
		if text, ok := p.job[o.Name]; ok && !o.Alike {
			parts = append(parts, o.Name+"="+strconv.Quote(text))
		}
	}
	return strings.Join(parts, " ")
}
