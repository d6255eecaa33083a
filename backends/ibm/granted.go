package ibm

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"strings"

	"qgan/backends/service"
)

// grants are the types of QRMI that the service is; the second is that of before 21 November
// 2026.
var grants = []service.GrantKind{{Type: "ibm-quantum-compute-service", Prefix: "QRMI_IBM_QCS_"}, {Type: "qiskit-runtime-service", Prefix: "QRMI_IBM_QRS_"}}

// cloud is the end of the names of the service's own hosts.
const cloud = "quantum.cloud.ibm.com"

// granted is the account of a processor that a cluster's scheduler gave. Any other address than
// IBM's own is a way to the service, with a token service beside it.
func granted(g *service.Grant) (a Account, err error) {
	var endpoint, where string
	for _, k := range []struct {
		end          string
		value, where *string
	}{
		{"IAM_APIKEY", &a.Key, &a.KeySource}, {"SERVICE_CRN", &a.Instance, &a.InstanceSource}, {"ENDPOINT", &endpoint, &where},
	} {
		if *k.value, *k.where, err = g.Need(k.end); err != nil {
			return a, err
		}
	}
	iam, from := g.Value("IAM_ENDPOINT")
	a.IAM = strings.TrimSuffix(cmp.Or(iam, "https://iam.cloud.ibm.com"), "/")
	for address, name := range map[string]string{endpoint: where, a.IAM: from} {
		if _, err := service.CheckEndpoint(address); err != nil {
			return a, fmt.Errorf("%s: %w", name, err)
		}
	}
	a.session, _ = g.Value("SESSION_ID")
	if a.session == "" {
		a.session, _ = g.Value("JOB_ACQUISITION_TOKEN")
	}
	root := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(endpoint, "/"), "/v1"), "/api")
	a.URL = root + "/api/v1"
	if u, err := url.Parse(root); err == nil && u.Hostname() != cloud && !strings.HasSuffix(u.Hostname(), "."+cloud) {
		a.gateway, a.beside = root, a.IAM
	}
	return a, nil
}

// asGranted are options with the address that the scheduler tells, where nobody gave another,
// and the longest time of a job.
func (a Account) asGranted(g *service.Grant, o service.Options) service.Options {
	o.Endpoint = cmp.Or(o.Endpoint, a.gateway)
	const longest = "max-execution-time"
	for _, end := range []string{"TIMEOUT_SECONDS", "JOB_TIMEOUT_SECONDS"} {
		if seconds, _ := g.Value(end); seconds != "" && o.Job[longest] == "" {
			o.Job = maps.Clone(o.Job)
			if o.Job == nil {
				o.Job = map[string]string{}
			}
			o.Job[longest] = seconds + "s"
		}
	}
	return o
}
