package ibm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"qgan/backends/service"
)

// ErrNoInstance says that there is a key and no CRN of an instance: Discover looks it up.
var ErrNoInstance = errors.New("no instance is set")

// searchURL is where IBM Cloud lists an account's resources ("Global Search", IBM Cloud API
// documentation).
const searchURL = "https://api.global-search-tagging.cloud.ibm.com"

// maxInstances bounds how many pages of instances are read, of a hundred each.
const maxInstances = 20

// resource is an instance as the list shows it.
type resource struct {
	CRN  string `json:"crn"`
	Name string `json:"name"`
	Doc  struct {
		Extensions json.RawMessage `json:"extensions"` // of those that can be used
	} `json:"doc"`
}

// Discover completes an account that has a key and no CRN: with the only instance that the
// key can use, or with the one that is called as the account's Instance says. Several are
// an error that lists them. An endpoint stands for IBM's addresses.
func (a Account) Discover(ctx context.Context, o service.Options) (Account, error) {
	iam, search := a.IAM, searchURL
	if o.Endpoint != "" {
		iam, search = o.Endpoint, o.Endpoint
	}
	o.REST = a.through(o.REST)
	t, err := newTokens(iam, a.Key, o.REST, o.Clock())
	if err != nil {
		return a, err
	}
	options := o.REST
	options.Problem = problem
	options.Authorize = func(req *http.Request) error {
		token, err := t.get(req.Context())
		if err == nil {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		return err
	}
	rest, err := service.NewREST("IBM Cloud", search, options)
	if err != nil {
		return a, err
	}
	list, err := resources(ctx, rest)
	if err != nil {
		return a, fmt.Errorf("looking up the instances of the API key of %s: %w", a.KeySource, err)
	}
	var fits []resource
	var names []string
	for _, r := range list {
		names = append(names, fmt.Sprintf("%s (%s)", r.Name, r.CRN))
		if a.Instance == "" || a.Instance == r.Name {
			fits = append(fits, r)
		}
	}
	switch {
	case len(list) == 0:
		return a, fmt.Errorf("the API key of %s can use no instance of IBM Quantum", a.KeySource)
	case len(fits) == 0:
		return a, fmt.Errorf("no instance is called %q (%s); there are %s", a.Instance, a.InstanceSource, strings.Join(names, ", "))
	case len(fits) > 1:
		return a, fmt.Errorf("the API key of %s can use %d instances: set QISKIT_IBM_INSTANCE to the name or the CRN of one of %s", a.KeySource, len(fits), strings.Join(names, ", "))
	}
	a.Instance = fits[0].CRN
	if a.InstanceSource == "" {
		a.InstanceSource = "the account's only one"
	}
	a.URL, err = a.baseURL()
	return a, err
}

// resources lists the instances of the quantum service.
func resources(ctx context.Context, rest *service.REST) (out []resource, err error) {
	cursor := ""
	for range maxInstances {
		q := map[string]any{"query": "service_name:quantum-computing", "fields": []string{"crn", "service_plan_unique_id", "name", "doc", "tags"}}
		if cursor != "" {
			q["search_cursor"] = cursor
		}
		body, err := json.Marshal(q)
		if err != nil {
			return nil, err
		}
		a, err := rest.Do(ctx, service.Call{Method: http.MethodPost, Path: "v3/resources/search", Query: url.Values{"limit": {"100"}}, Body: body})
		if err != nil {
			return nil, err
		}
		var page struct {
			Items  []resource `json:"items"`
			Cursor string     `json:"search_cursor"`
		}
		if err := rest.JSON(a, &page); err != nil {
			return nil, err
		}
		for _, r := range page.Items {
			if raw := bytes.TrimSpace(r.Doc.Extensions); len(raw) > 0 && !bytes.Equal(raw, []byte("null")) {
				out = append(out, r)
			}
		}
		if cursor = page.Cursor; cursor == "" || len(page.Items) == 0 {
			break
		}
	}
	return out, nil
}
