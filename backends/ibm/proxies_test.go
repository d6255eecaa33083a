package ibm

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"qgan/backends/service"
)

// A saved account's proxies are gone through, with their password, which nobody is shown; its
// private addresses are asked; this machine's own are asked without a proxy.
func TestProxiesOfASavedAccount(t *testing.T) {
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, fmt.Sprintf("%s %s %v", r.Method, r.Host, r.Header.Get("Proxy-Authorization") != ""))
		w.WriteHeader(http.StatusForbidden)
	}))
	defer proxy.Close()
	saved := func(proxies string, private bool) Account {
		t.Helper()
		file := fmt.Sprintf(`{"mine": {"token": "k", "instance": %q, "private_endpoint": %v, "proxies": %s}}`, crn, private, proxies)
		a, err := FindAccount(func(string) string { return "" }, func(string) ([]byte, error) { return []byte(file), nil })
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	through := fmt.Sprintf(`{"urls": {"https": "http://me:PASSWORD@%s"}}`, strings.TrimPrefix(proxy.URL, "http://"))
	for _, k := range []struct {
		private  bool
		iam, url string
	}{
		{false, "iam.cloud.ibm.com", "https://quantum.cloud.ibm.com/api/v1"},
		{true, "private.iam.cloud.ibm.com", "https://private.us-east.quantum.cloud.ibm.com/api/v1"},
	} {
		asked = nil
		a := saved(through, k.private)
		c, err := New(a, "ibm_torino", service.Options{REST: service.RESTOptions{Retries: -1}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Devices(t.Context()); err == nil || strings.Contains(err.Error(), "PASSWORD") {
			t.Errorf("%v", err)
		}
		if want := []string{"CONNECT " + k.iam + ":443 true"}; !slices.Equal(asked, want) || a.URL != k.url || strings.Contains(fmt.Sprintf("%v %+v %#v", a, a, a), "PASSWORD") {
			t.Errorf("asked %q, want %q; %s", asked, want, a.URL)
		}
	}
	asked = nil
	s := newServer(t)
	s.on("GET /api/v1/backends", 200, `{"devices": []}`)
	a := saved(fmt.Sprintf(`{"urls": {"http": %q}}`, proxy.URL), false)
	a.Key = secret
	c, err := New(a, "ibm_torino", service.Options{Endpoint: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Devices(t.Context()); err != nil || len(asked) > 0 {
		t.Errorf("asked %q, %v", asked, err)
	}
	for proxies, want := range map[string]string{
		`{"urls": {"https": "me:PASSWORD@host"}}`:       "its proxy for \"https\" is no address",
		`{"urls": {"https": "ftp://me:PASSWORD@host"}}`: "its proxy for \"https\" is no address",
		`{"urls": {}, "username_ntlm": "PASSWORD\\me"}`: "NTLM",
	} {
		file := fmt.Sprintf(`{"mine": {"token": "k", "instance": %q, "proxies": %s}}`, crn, proxies)
		if _, err := FindAccount(func(string) string { return "" }, func(string) ([]byte, error) { return []byte(file), nil }); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "PASSWORD") {
			t.Errorf("%s: %v", proxies, err)
		}
	}
}
