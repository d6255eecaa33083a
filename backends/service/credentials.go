package service

import (
	"context"
	"io"
	"maps"
	"slices"

	"qgan/internal/words"
)

// Accounts says which credentials were found where, never their value, for people and programs.
type Accounts struct {
	Schema   string    `json:"schema"`
	Services []Account `json:"services"`
}

// Account is what was found of one service.
type Account struct {
	Service string            `json:"service"`
	Found   map[string]string `json:"found"` // what, and where
	Missing string            `json:"missing,omitempty"`
}

// FindCredentials looks for those of all services; around gives the surroundings of each.
func FindCredentials(ctx context.Context, services []Row, around func(*Row) (Surroundings, error)) (*Accounts, error) {
	out := &Accounts{Schema: "qgan.auth/v1", Services: []Account{}}
	for _, s := range services {
		where, err := around(&s)
		if err != nil {
			return nil, err
		}
		found, err := s.Credentials(ctx, where)
		r := Account{Service: s.Name, Found: map[string]string{}}
		for _, c := range found {
			r.Found[c.What] = c.Where
		}
		if err != nil {
			r.Missing = err.Error()
		}
		out.Services = append(out.Services, r)
	}
	return out, nil
}

// WriteText writes a table.
func (a *Accounts) WriteText(w io.Writer) error {
	t := words.NewTable(w)
	t.Row("service", "credential", "found in")
	for _, r := range a.Services {
		for _, what := range slices.Sorted(maps.Keys(r.Found)) {
			t.Row(r.Service, what, r.Found[what])
		}
		if r.Missing != "" {
			t.Row(r.Service, "missing", r.Missing)
		}
	}
	return t.Flush()
}
