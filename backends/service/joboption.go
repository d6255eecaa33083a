package service

import (
	"errors"
	"fmt"
	"maps"
	"math"
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
	// Without is another option, which is not asked for beside it, and With one that is; "":
	// none.
	Without, With string
	// Session says that it is of the command's session, which no other command takes up.
	Session bool
	check   func(text string) error
}

// jobOptions is the table. Sources: IBM, "SamplerOptions", "Maximum execution time" and "Create a
// session"; IonQ, API v0.4, settings of a job and of a session; IQM, iqm-client 36.
var jobOptions = []JobOption{
	{Name: "ibm-dd", Service: "ibm", Usage: "of ibm: pulses by which the service decouples waiting qubits", check: oneOf("XX", "XpXm", "XY4")},
	{Name: "ibm-twirl", Service: "ibm", Usage: "of ibm: what the service twirls", check: oneOf("gates", "measure", "gates,measure")},
	{Name: "ibm-program", Service: "ibm", Usage: "of ibm: what runs the circuits there; executor was not tried at the service", Alike: true, check: oneOf("sampler", "executor")},
	{Name: "max-execution-time", Service: "ibm", Usage: "of ibm: the longest time of a job on the processor, such as 300s, after which it is stopped", Alike: true, check: between(time.Second, longest)},
	{Name: "ibm-batch", Service: "ibm", Usage: "of ibm: run the jobs that are asked for together as a batch", Alike: true, check: oneOf("true", "false")},
	{Name: "ibm-session", Service: "ibm", Usage: "of ibm: hold the processor for the command's jobs, for so long at most, such as 30m", Alike: true, Session: true, Without: "ibm-batch", check: between(time.Second, longestSession)},
	{Name: "ionq-debias", Service: "ionq", Usage: "of ionq: debiasing, which takes 500 shots or more", check: oneOf("true", "false")},
	{Name: "ionq-session", Service: "ionq", Usage: "of ionq: hold the processor for the command's jobs, for so long at most, such as 30m", Alike: true, Session: true, check: between(time.Minute, longestSession)},
	{Name: "ionq-session-jobs", Service: "ionq", With: "ionq-session", Usage: "of ionq: the most jobs of the session", Alike: true, Session: true, check: atLeastOne},
	{Name: "ionq-session-cost", Service: "ionq", With: "ionq-session", Usage: "of ionq: the most that the session may cost, in US dollars", Alike: true, Session: true, check: amount},
	{Name: "iqm-heralding", Service: "iqm", Usage: "of iqm: whether shots that do not begin in zeros are left out", check: oneOf("zeros", "none")},
	{Name: "iqm-timeslot", Service: "iqm", Usage: "of iqm: run in the timeslot that is booked", Alike: true, check: oneOf("true", "false")},
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

// How long IBM lets a job run at most, and how long a session may be asked for: the time that
// IBM gives where none is told.
const (
	longest        = 3 * time.Hour
	longestSession = 8 * time.Hour
)

func between(least, most time.Duration) func(string) error {
	return func(text string) error {
		if d, err := time.ParseDuration(text); err != nil || d < least || d > most {
			return fmt.Errorf("it is a time from %s to %v", strings.TrimSuffix(least.String(), "0s"), most)
		}
		return nil
	}
}

func atLeastOne(text string) error {
	if n, err := strconv.Atoi(text); err != nil || n < 1 {
		return errors.New("it is a number, 1 or above")
	}
	return nil
}

func amount(text string) error {
	if x, err := strconv.ParseFloat(text, 64); err != nil || !(x > 0) || math.IsInf(x, 0) {
		return errors.New("it is an amount above 0")
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
		if other := jobOptions[i].With; other != "" && job[other] == "" {
			return p, backends.Refuse("%s is of a session: ask for one with %s", name, other)
		}
		if other := jobOptions[i].Without; job[other] != "" && job[other] != "false" {
			return p, backends.Refuse("%s and %s: ask for one of them", name, other)
		}
	}
	p.job = maps.Clone(job)
	return p, nil
}

// Asked is the value of an option of the jobs; "" where it is not asked for.
func (p Place) Asked(name string) string { return p.job[name] }

// AskedTime is the value of an option that is a time; 0 for none.
func (p Place) AskedTime(name string) time.Duration {
	d, _ := time.ParseDuration(p.job[name])
	return d
}

// AskedSeconds is the value of an option that is a time, in whole seconds; 0 for none.
func (p Place) AskedSeconds(name string) int {
	return int((p.AskedTime(name) + time.Second - 1) / time.Second)
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
