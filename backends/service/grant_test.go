package service_test

import (
	"strings"
	"testing"

	"qgan/backends/ibm"
	"qgan/backends/iqm"
	"qgan/backends/service"
	"qgan/internal/named"
)

func TestGrants(t *testing.T) {
	rows := []service.Row{ibm.Row(), iqm.Row()}
	for _, k := range []struct {
		name    string
		env     map[string]string
		granted string // or an error
		all     string
	}{
		{"outside", nil, "", ""},
		{"one", map[string]string{"QRMI_JOB_QPU_RESOURCES": "ibm_torino", "QRMI_JOB_QPU_TYPES": "ibm-quantum-compute-service"}, "ibm:ibm_torino", "ibm:ibm_torino"},
		{"older names", map[string]string{"SLURM_JOB_QPU_RESOURCES": "ibm_torino", "SLURM_JOB_QPU_TYPES": "qiskit-runtime-service"}, "ibm:ibm_torino", "ibm:ibm_torino"},
		{"newer names count", map[string]string{"SLURM_JOB_QPU_RESOURCES": "a", "SLURM_JOB_QPU_TYPES": "iqm-server", "QRMI_JOB_QPU_RESOURCES": "b", "QRMI_JOB_QPU_TYPES": "iqm-server"}, "iqm:b", "iqm:b"},
		{"a colon", map[string]string{"QRMI_JOB_QPU_RESOURCES": "garnet_mock", "QRMI_JOB_QPU_TYPES": "iqm-server"}, "iqm:garnet:mock", "iqm:garnet:mock"},
		{"one of two is here", map[string]string{"QRMI_JOB_QPU_RESOURCES": "FRESNEL, ibm_fez", "QRMI_JOB_QPU_TYPES": "pasqal-cloud, ibm-quantum-compute-service"}, "ibm:ibm_fez", "FRESNEL (pasqal-cloud) ibm:ibm_fez"},
		{"none is here", map[string]string{"QRMI_JOB_QPU_RESOURCES": "FRESNEL", "QRMI_JOB_QPU_TYPES": "pasqal-cloud"}, "the scheduler gave FRESNEL (pasqal-cloud), which is no service here: name a backend", "FRESNEL (pasqal-cloud)"},
		{"two, parted by another letter", map[string]string{"QRMI_LIST_DELIMITER": ";", "QRMI_JOB_QPU_RESOURCES": "ibm_fez;garnet", "QRMI_JOB_QPU_TYPES": "ibm-quantum-compute-service;iqm-server"}, "the scheduler gave ibm:ibm_fez and iqm:garnet: say which with backend", "ibm:ibm_fez iqm:garnet"},
		{"odd", map[string]string{"QRMI_JOB_QPU_RESOURCES": "a,b", "QRMI_JOB_QPU_TYPES": "iqm-server"}, "QRMI_JOB_QPU_RESOURCES names 2 processors, and QRMI_JOB_QPU_TYPES 1 types", ""},
	} {
		getenv := func(name string) string { return k.env[name] }
		got, err := service.Granted(getenv, rows)
		if err != nil {
			got = named.Text(err, func(name string) string { return name })
		}
		if got != k.granted {
			t.Errorf("%s: %q, want %q", k.name, got, k.granted)
		}
		all, _ := service.Grants(getenv, rows)
		var names []string
		for i := range all {
			names = append(names, all[i].String())
		}
		if got := strings.Join(names, " "); got != k.all {
			t.Errorf("%s: %q, want %q", k.name, got, k.all)
		}
		if service.OnCluster(getenv) != (k.env != nil) {
			t.Errorf("%s: on a cluster %v", k.name, k.env == nil)
		}
	}
	env := map[string]string{
		"QRMI_JOB_QPU_RESOURCES": "a,b", "QRMI_JOB_QPU_TYPES": "ibm-quantum-compute-service,qiskit-runtime-service",
		"a_QRMI_IBM_QRS_IAM_APIKEY": "old", "b_QRMI_IBM_QCS_IAM_APIKEY": "new", "b_QRMI_IBM_QRS_IAM_APIKEY": "old", "a_QRMI_JOB_ACQUISITION_TOKEN": "s",
	}
	all, err := service.Grants(func(name string) string { return env[name] }, rows)
	if err != nil {
		t.Fatal(err)
	}
	for device, want := range map[string]string{"a": "a_QRMI_IBM_QRS_IAM_APIKEY=old", "b": "b_QRMI_IBM_QCS_IAM_APIKEY=new", "": "a_QRMI_IBM_QRS_IAM_APIKEY=old"} {
		g := service.GrantOf(all, "ibm", device)
		if value, name := g.Value("IAM_APIKEY"); name+"="+value != want {
			t.Errorf("%s: %s=%s, want %s", device, name, value, want)
		}
	}
	if s, _ := service.GrantOf(all, "ibm", "a").Value("JOB_ACQUISITION_TOKEN"); s != "s" {
		t.Errorf("the session %q", s)
	}
	if service.GrantOf(all, "ibm", "c") != nil || service.GrantOf(all, "iqm", "") != nil {
		t.Error("what was not given is there")
	}
	if _, _, err := service.GrantOf(all, "ibm", "a").Need("SERVICE_CRN"); err == nil || !strings.Contains(err.Error(), "a_QRMI_IBM_QCS_SERVICE_CRN is not set") {
		t.Errorf("%v", err)
	}
}
