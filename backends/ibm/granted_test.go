package ibm

import (
	"strings"
	"testing"

	"qgan/backends/service"
)

// The account of a cluster: IBM's own addresses with or without a version, a gateway with the
// token service beside it.
func TestGranted(t *testing.T) {
	const crn = "crn:v1:bluemix:public:quantum-computing:us-east:a/0:1::"
	for _, k := range []struct {
		name, endpoint, iam       string
		url, gateway, beside, err string
	}{
		{"as QRMI's examples", "https://quantum.cloud.ibm.com/api/v1", "https://iam.cloud.ibm.com", "https://quantum.cloud.ibm.com/api/v1", "", "", ""},
		{"as its documents", "https://quantum.cloud.ibm.com/api", "", "https://quantum.cloud.ibm.com/api/v1", "", "", ""},
		{"a region", "https://eu-de.quantum.cloud.ibm.com/api/v1/", "https://iam.cloud.ibm.com/", "https://eu-de.quantum.cloud.ibm.com/api/v1", "", "", ""},
		{"a gateway", "https://qpu.centre.example/api/v1", "https://iam.cloud.ibm.com", "https://qpu.centre.example/api/v1", "https://qpu.centre.example", "https://iam.cloud.ibm.com", ""},
		{"a name that only ends alike", "https://notquantum.cloud.ibm.com/api", "", "https://notquantum.cloud.ibm.com/api/v1", "https://notquantum.cloud.ibm.com", "https://iam.cloud.ibm.com", ""},
		{"plain http", "http://quantum.cloud.ibm.com/api", "", "", "", "", "q_QRMI_IBM_QCS_ENDPOINT: http://quantum"},
		{"plain http of tokens", "https://quantum.cloud.ibm.com/api", "http://iam.example", "", "", "", "q_QRMI_IBM_QCS_IAM_ENDPOINT: http://iam"},
		{"no address", "", "", "", "", "", "q_QRMI_IBM_QCS_ENDPOINT is not set"},
	} {
		env := map[string]string{
			"QRMI_JOB_QPU_RESOURCES": "q", "QRMI_JOB_QPU_TYPES": "ibm-quantum-compute-service", "q_QRMI_IBM_QCS_ENDPOINT": k.endpoint, "q_QRMI_IBM_QCS_IAM_ENDPOINT": k.iam,
			"q_QRMI_IBM_QCS_IAM_APIKEY": "secret", "q_QRMI_IBM_QCS_SERVICE_CRN": crn, "q_QRMI_IBM_QCS_SESSION_ID": "s",
		}
		all, err := service.Grants(func(name string) string { return env[name] }, []service.Row{Row()})
		if err != nil {
			t.Fatal(err)
		}
		a, err := granted(&all[0])
		if err != nil {
			if k.err == "" || !strings.Contains(err.Error(), k.err) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: %v, want %q", k.name, err, k.err)
			}
			continue
		}
		if k.err != "" || a.URL != k.url || a.gateway != k.gateway || a.beside != k.beside || a.session != "s" || a.Instance != crn || a.Key != "secret" || a.KeySource != "q_QRMI_IBM_QCS_IAM_APIKEY" {
			t.Errorf("%s: %s, %q, %q, %+v, want error %q", k.name, a.URL, a.gateway, a.beside, a, k.err)
		}
		o := a.asGranted(&all[0], service.Options{})
		if o.Endpoint != k.gateway {
			t.Errorf("%s: the endpoint %q", k.name, o.Endpoint)
		}
		if o := a.asGranted(&all[0], service.Options{Endpoint: "https://mine.example"}); o.Endpoint != "https://mine.example" {
			t.Errorf("%s: the user's endpoint is %q", k.name, o.Endpoint)
		}
	}
}
