package service

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"qgan/backends"
	"qgan/ir"
)

// Options are the choices of a client. The zero value is the service as it is sold.
type Options struct {
	// Endpoint is an address in place of the service's own, and of those that go with it.
	Endpoint string
	REST     RESTOptions
	Now      func() time.Time // nil: time.Now
	// Job are options of the jobs that are sent, by the names of JobOptions.
	Job   map[string]string
	Label Label // of the jobs that are sent
}

// Clock is what tells the time.
func (o Options) Clock() func() time.Time {
	if o.Now == nil {
		return time.Now
	}
	return o.Now
}

// Address is the endpoint, or the service's own address, without a slash at its end.
func (o Options) Address(own string) string {
	if o.Endpoint != "" {
		own = o.Endpoint
	}
	return strings.TrimSuffix(own, "/")
}

// TagKey is the key of a job's tag or metadata that holds our id, at services that have
// keys.
const TagKey = "qgan_id"

// Place is a device of a service at an address, the part of Service that is alike in all
// clients: they embed it.
type Place struct {
	service, device, endpoint string
	job                       map[string]string // what is asked for its jobs
	label                     Label             // of its jobs
}

// At returns the place of a device. The endpoint is empty for the service's own address.
func At(service, device, endpoint string) Place {
	return Place{service: service, device: device, endpoint: endpoint}
}

// PlaceOf is the place of a device as the options say.
func PlaceOf(service, device string, o Options) (Place, error) {
	p, err := At(service, device, o.Endpoint).Asking(o.Job)
	p.label = o.Label
	if err == nil {
		err = o.Label.Check()
	}
	return p, err
}

// Service is the service's name.
func (p Place) Service() string { return p.service }

// Device is the device's name at the service.
func (p Place) Device() string { return p.device }

// Endpoint is the address where it is not the service's own.
func (p Place) Endpoint() string { return p.endpoint }

// Local says that the address is this machine's own: jobs there cost nothing, and no
// service's pace is kept. Anywhere else may be a way to the service.
func (p Place) Local() bool {
	u, err := url.Parse(p.endpoint)
	return err == nil && p.endpoint != "" && Loopback(u)
}

// Gratis is the price of a job on this machine; false elsewhere.
func (p Place) Gratis() (Price, bool) {
	return Price{Basis: "on this machine: free"}, p.Local()
}

// Cost is what a job cost where that is known without asking: nothing on this machine.
func (p Place) Cost() *float64 {
	if !p.Local() {
		return nil
	}
	return new(float64)
}

// Write calls write for every program of a job. It refuses circuits that hold symbols or
// measure nothing, and where equal is set other shots than the first one's; an error names
// the program.
func (p Place) Write(programs []Program, equal bool, write func(i int, c *ir.Circuit) error) error {
	for i, k := range programs {
		if equal && k.Shots != programs[0].Shots {
			return unequal(programs, i, "job")
		}
		err := bound(k.Circuit)
		if err == nil {
			err = write(i, k.Circuit)
		}
		if err == nil {
			err = Measured(k.Circuit)
		}
		if err != nil {
			return fmt.Errorf("program %d of the job for %s: %w", i, p.device, err)
		}
	}
	return nil
}

// Fits refuses a body of more than so many bytes.
func (p Place) Fits(body []byte, most int) error {
	if len(body) <= most {
		return nil
	}
	return backends.Refuse("the job for %s has %d MB, at most %d are taken: send fewer circuits at once", p.device, len(body)>>20, most>>20)
}

// SameShots refuses programs of one job, or of what the service calls it, that have
// different shots.
func SameShots(programs []Program, what string) error {
	for i := range programs {
		if programs[i].Shots != programs[0].Shots {
			return unequal(programs, i, what)
		}
	}
	return nil
}

func unequal(programs []Program, i int, what string) error {
	return backends.Refuse("program %d has %d shots, the first %d: those of a %s are the same", i, programs[i].Shots, programs[0].Shots, what)
}

func bound(c *ir.Circuit) error {
	if len(c.Trained)+len(c.Data) > 0 {
		return backends.Refuse("its angles hold symbols: bind them")
	}
	return nil
}

// Measured refuses a circuit that reads nothing into its bits.
func Measured(c *ir.Circuit) error {
	for _, op := range c.Ops {
		if m, ok := op.(*ir.Measure); ok && m.Bit >= 0 {
			return nil
		}
	}
	return backends.Refuse("nothing is measured")
}

// States are a service's words, in lower case.
type States map[string]RemoteState

// Of is the state of a word in any case; one of tomorrow is a job that still runs.
func (s States) Of(word string) RemoteState {
	if state, ok := s[strings.ToLower(word)]; ok {
		return state
	}
	return Running
}

// WithCode puts a service's code behind its text.
func WithCode(text, code string) string {
	if code == "" {
		return text
	}
	return strings.TrimSpace(text + " (" + code + ")")
}

// Outcomes decodes the circuits of a result one by one. The result holds as many as were
// sent; what names it in errors ("IonQ: the result").
func Outcomes(what string, shapes []Shape, found int, decode func(i int, s Shape) (backends.Outcome, error)) ([]backends.Outcome, error) {
	if found != len(shapes) {
		return nil, fmt.Errorf("%s holds %d circuits, %d were sent", what, found, len(shapes))
	}
	out := make([]backends.Outcome, len(shapes))
	for i, s := range shapes {
		var err error
		if out[i], err = decode(i, s); err != nil {
			return nil, fmt.Errorf("%s, program %d: %w", what, i, err)
		}
	}
	return out, nil
}

// Describe asks for what a service tells of a device; an answer that there is none names
// it.
func (r *REST) Describe(ctx context.Context, device, path string) (*Answer, error) {
	a, err := r.Do(ctx, Call{Method: http.MethodGet, Path: path})
	if StatusOf(err) == http.StatusNotFound {
		err = fmt.Errorf("device %s: %w", device, err)
	}
	return a, err
}

// Cancel asks to stop a job. That it conflicts with the job's state is no error: a job that
// has ended stays as it is.
func (r *REST) Cancel(ctx context.Context, c Call) error {
	_, err := r.Do(ctx, c)
	if StatusOf(err) == http.StatusConflict {
		return nil
	}
	return err
}
