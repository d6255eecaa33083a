package ibm

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"qgan/backends/service"
)

// An account with one instance uses it, with several the one that is named; what can't be
// used doesn't count.
func TestDiscover(t *testing.T) {
	item := func(name, id string, usable bool) string {
		extensions := "null"
		if usable {
			extensions = "{}"
		}
		return fmt.Sprintf(`{"crn":%q,"name":%q,"doc":{"extensions":%s}}`, strings.Replace(crn, "us-east", id, 1), name, extensions)
	}
	for name, k := range map[string]struct {
		pages []string
		ask   string
		url   string
		err   string
	}{
		"one":           {pages: []string{item("open", "us-east", true)}, url: "https://quantum.cloud.ibm.com/api/v1"},
		"one of two":    {pages: []string{item("old", "us-east", false) + "," + item("lab", "eu-de", true)}, url: "https://eu-de.quantum.cloud.ibm.com/api/v1"},
		"by its name":   {pages: []string{item("open", "us-east", true) + "," + item("lab", "eu-de", true)}, ask: "lab", url: "https://eu-de.quantum.cloud.ibm.com/api/v1"},
		"second page":   {pages: []string{item("open", "us-east", true), item("lab", "eu-de", true)}, ask: "lab", url: "https://eu-de.quantum.cloud.ibm.com/api/v1"},
		"several":       {pages: []string{item("open", "us-east", true) + "," + item("lab", "eu-de", true)}, err: "can use 2 instances: set QISKIT_IBM_INSTANCE to the name or the CRN of one of open (crn:"},
		"no such name":  {pages: []string{item("open", "us-east", true)}, ask: "lab", err: `no instance is called "lab"`},
		"none":          {pages: []string{""}, err: "can use no instance"},
		"none of use":   {pages: []string{item("old", "us-east", false)}, err: "can use no instance"},
		"no CRN at all": {pages: []string{`{"crn":"crn:v1:x","name":"odd","doc":{"extensions":{}}}`}, err: "no CRN"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.answers["POST /v3/resources/search"] = func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if bytes.Contains(body, []byte(`"search_cursor":"next"`)) || len(k.pages) == 1 {
					fmt.Fprintf(w, `{"items":[%s],"search_cursor":null}`, k.pages[len(k.pages)-1])
					return
				}
				fmt.Fprintf(w, `{"items":[%s],"search_cursor":"next"}`, k.pages[0])
			}
			a, err := Account{Key: secret, KeySource: "a test", Instance: k.ask, InstanceSource: "a test"}.Discover(t.Context(), service.Options{Endpoint: s.URL, REST: service.RESTOptions{Retries: -1}})
			if k.err != "" {
				if err == nil || !strings.Contains(err.Error(), k.err) || strings.Contains(err.Error(), secret) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil || a.URL != k.url || !strings.HasPrefix(a.Instance, "crn:") {
				t.Errorf("%s, %s, %v", a.Instance, a.URL, err)
			}
		})
	}
}
