package braket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"qgan/backends/service"
	"qgan/ir"
)

// pager answers posts by path and by the token of the page that is asked for.
type pager struct {
	pages    map[string]string // "PATH" or "PATH TOKEN"
	status   map[string]int    // by the region that a request is signed for
	requests []string
}

func (p *pager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	region := strings.Split(r.Header.Get("Authorization"), "/")[2]
	key := r.URL.Path
	if _, rest, ok := strings.Cut(string(raw), `"nextToken":"`); ok {
		key += " " + rest[:strings.IndexByte(rest, '"')]
	}
	p.requests = append(p.requests, region+" "+key)
	if status := p.status[region]; status != 0 {
		w.WriteHeader(status)
		return
	}
	io.WriteString(w, p.pages[key])
}

// paged is a client whose questions a pager answers.
func paged(t *testing.T, p *pager, name string, a Account) *Client {
	t.Helper()
	keys(t)
	web := httptest.NewServer(p)
	t.Cleanup(web.Close)
	found, err := FindAccount(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a.credentials, a.Source, a.Key = found.credentials, found.Source, found.Key
	c, err := New(a, name, service.Options{Endpoint: web.URL, REST: service.RESTOptions{Retries: -1}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A lost task is found by its tag on any page; one that is not listed, or may not be, is
// known by its token.
func TestFind(t *testing.T) {
	const first = `{"quantumTasks": [{"quantumTaskArn": "a", "tags": {"qgan_id": "other"}}, {"quantumTaskArn": "b", "tags": {"qgan": "mine"}}], "nextToken": "2"}`
	for name, k := range map[string]struct {
		second string
		status int
		want   []string
		err    error
		asked  int
	}{
		"on the second page": {`{"quantumTasks": [{"quantumTaskArn": "c", "tags": {"qgan_id": "mine"}}, {"quantumTaskArn": "d", "tags": {"qgan_id": "mine"}}]}`, 0, []string{"c", "d"}, nil, 2},
		"nowhere":            {`{"quantumTasks": [], "nextToken": ""}`, 0, nil, service.ErrIdempotent, 2},
		"not allowed":        {"", 403, nil, service.ErrIdempotent, 1},
	} {
		p := &pager{pages: map[string]string{"/quantum-tasks": first, "/quantum-tasks 2": k.second}, status: map[string]int{"eu-north-1": k.status}}
		got, err := paged(t, p, "garnet", Account{}).Find(t.Context(), "mine", time.Time{})
		if !slices.Equal(got, k.want) || !errors.Is(err, k.err) || len(p.requests) != k.asked {
			t.Errorf("%s: %v, %v, asked %q", name, got, err, p.requests)
		}
	}
	p := &pager{status: map[string]int{"eu-north-1": 400}}
	if _, err := paged(t, p, "garnet", Account{}).Find(t.Context(), "mine", time.Time{}); err == nil || errors.Is(err, service.ErrIdempotent) {
		t.Errorf("a question that failed: %v", err)
	}
}

// Devices are those of the region that is set, or of all; each is listed once, retired ones
// never, and a region that the account may not ask is passed over where there are others.
func TestDevices(t *testing.T) {
	pages := map[string]string{
		"/devices":   `{"devices": [{"deviceArn": "x", "deviceStatus": "ONLINE"}, {"deviceArn": "y", "deviceStatus": "RETIRED"}], "nextToken": "2"}`,
		"/devices 2": `{"devices": [{"deviceArn": "z", "deviceStatus": "OFFLINE"}]}`,
	}
	all := map[string]int{}
	for _, region := range regions {
		all[region] = 403
	}
	for name, k := range map[string]struct {
		region string
		status map[string]int
		want   string // "": an error
		asked  int
	}{
		"of one region":        {"us-west-1", nil, "x online, z offline", 2},
		"of all regions":       {"", nil, "x online, z offline", 2 * len(regions)},
		"one may not be asked": {"", map[string]int{"us-west-2": 403}, "x online, z offline", 2*len(regions) - 1},
		"the only one may not": {"us-west-2", map[string]int{"us-west-2": 403}, "", 1},
		"none may be asked":    {"", all, "", len(regions)},
		"one fails":            {"", map[string]int{"us-west-1": 400}, "", 3},
	} {
		p := &pager{pages: pages, status: k.status}
		list, err := paged(t, p, "", Account{Region: k.region}).Devices(t.Context())
		var got []string
		for _, d := range list {
			got = append(got, d.Name+" "+d.Status)
		}
		if strings.Join(got, ", ") != k.want || (err == nil) != (k.want != "") || len(p.requests) != k.asked {
			t.Errorf("%s: %q, %v, asked %q", name, got, err, p.requests)
		}
	}
}

// The account's own bucket is of its number and of the device's region, not of the
// account's; who the account is is asked once.
func TestTheAccountsOwnBucket(t *testing.T) {
	p := &pager{pages: map[string]string{"/": `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`}}
	c := paged(t, p, "garnet", Account{Region: "us-west-2"})
	for range 2 {
		if got, err := c.bucket(t.Context()); err != nil || got != "amazon-braket-eu-north-1-123456789012" {
			t.Errorf("%s, %v", got, err)
		}
	}
	if !slices.Equal(p.requests, []string{"eu-north-1 /"}) {
		t.Errorf("asked %q", p.requests)
	}
	for name, want := range map[string]string{"": "us-west-2", "sv1": "us-west-2", "garnet": "eu-north-1"} {
		if got := paged(t, p, name, Account{Region: "us-west-2"}).region; got != want {
			t.Errorf("%q is asked in %s, want %s", name, got, want)
		}
	}
	if got := paged(t, p, "sv1", Account{}).region; got != defaultRegion {
		t.Errorf("without a region %s is asked", got)
	}
	p.pages["/"] = `<GetCallerIdentityResponse/>`
	if got, err := paged(t, p, "garnet", Account{}).bucket(t.Context()); err == nil {
		t.Errorf("no account: %s", got)
	}
}

// Settings stand before what AWS's own files say.
func TestSettings(t *testing.T) {
	keys(t)
	t.Setenv("AWS_REGION", "us-west-1")
	for region, want := range map[string]string{"": "us-west-1", "eu-west-2": "eu-west-2"} {
		settings := map[string]string{"bucket": "b", "prefix": "p", "region": region}
		a, err := accountIn(t.Context(), service.Surroundings{Setting: func(name string) string { return settings[name] }})
		if err != nil || a.Bucket != "b" || a.Prefix != "p" || a.Region != want {
			t.Errorf("bucket %s, prefix %s, region %s, want %s; %v", a.Bucket, a.Prefix, a.Region, want, err)
		}
	}
}

// seen is a Transport that keeps addresses.
type seen []string

func (s *seen) RoundTrip(r *http.Request) (*http.Response, error) {
	*s = append(*s, r.URL.String())
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: r}, nil
}

// A bucket is asked by its own host, but for one with a dot in its name, which no
// certificate covers.
func TestWhereBucketsAre(t *testing.T) {
	keys(t)
	a, err := FindAccount(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var asked seen
	c, err := New(a, "garnet", service.Options{REST: service.RESTOptions{Transport: &asked}})
	if err != nil {
		t.Fatal(err)
	}
	for _, bucket := range []string{"mine", "my.own"} {
		if _, err := c.object(t.Context(), bucket, "a b/1", 1<<20); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"https://mine.s3.eu-north-1.amazonaws.com/a%20b/1", "https://s3.eu-north-1.amazonaws.com/my.own/a%20b/1"}; !slices.Equal(asked, want) {
		t.Errorf("%q, want %q", asked, want)
	}
}

// A folder that begins with the task's name is another one.
func TestFetchFromANeighbour(t *testing.T) {
	s := &server{files: map[string]string{
		"/quantum-task/arn:x/1":                   `{"status":"COMPLETED","outputS3Bucket":"amazon-braket-test","outputS3Directory":"qgan/1"}`,
		"/amazon-braket-test/qgan/1/results.json": `{"braketSchemaHeader":{"name":"` + setResult + `","version":"1"},"programResults":[],"s3Location":["amazon-braket-test","qgan/10"]}`,
	}}
	if err := opened(t, s).Fetch(t.Context(), "arn:x/1", 1<<20, io.Discard); err == nil || !strings.Contains(err.Error(), "not followed") {
		t.Errorf("%v", err)
	}
}

// Circuits are one program where they differ in angles only.
func TestAlike(t *testing.T) {
	for name, k := range map[string]struct {
		f    func(c *ir.Circuit)
		want bool
	}{
		"itself":            {func(c *ir.Circuit) {}, true},
		"another angle":     {func(c *ir.Circuit) { c.Ops[0].(*ir.Apply).Angles[0] = ir.Const(2) }, true},
		"other qubits":      {func(c *ir.Circuit) { c.Ops[1].(*ir.Apply).Qubits = []int{2, 1} }, false},
		"a lower qubit":     {func(c *ir.Circuit) { c.Ops[0].(*ir.Apply).Qubits = []int{0} }, false},
		"a higher qubit":    {func(c *ir.Circuit) { c.Ops[0].(*ir.Apply).Qubits = []int{2} }, false},
		"another gate":      {func(c *ir.Circuit) { c.Ops[1].(*ir.Apply).Gate = ir.CX }, false},
		"another bit":       {func(c *ir.Circuit) { c.Ops[2].(*ir.Measure).Bit = 1 }, false},
		"another is read":   {func(c *ir.Circuit) { c.Ops[2].(*ir.Measure).Qubit = 0 }, false},
		"an operation more": {func(c *ir.Circuit) { c.Measure(0, 0) }, false},
		"a bit more":        {func(c *ir.Circuit) { c.Bits++ }, false},
		"a qubit more":      {func(c *ir.Circuit) { c.Qubits++ }, false},
		"another operation": {func(c *ir.Circuit) { c.Ops[1] = &ir.Barrier{} }, false},
	} {
		c := turn(1)
		k.f(c)
		if got := alike(turn(1), c); got != k.want || alike(c, turn(1)) != got {
			t.Errorf("%s: alike %v, want %v", name, got, k.want)
		}
	}
}

// An angle that is the same in all circuits stays written; one that differs in any of them
// is an input.
func TestJoin(t *testing.T) {
	for _, values := range [][]float64{{1, 1, 1}, {1, 2, 1}, {1, 1, 2}, {2, 1, 1}} {
		var list []*ir.Circuit
		for _, v := range values {
			list = append(list, turn(v))
		}
		want := map[string][]float64{"a0": values}
		if slices.Max(values) == slices.Min(values) {
			want = map[string][]float64{}
		}
		if _, inputs := join(list); fmt.Sprint(inputs) != fmt.Sprint(want) {
			t.Errorf("%v: inputs %v, want %v", values, inputs, want)
		}
	}
}

// A set may have as many shots as the device takes, and a qubit that only waits is not used.
func TestWhatIsTaken(t *testing.T) {
	c := opened(t, &server{})
	var programs []service.Program
	for range 4 {
		programs = append(programs, service.Program{Circuit: turn(1), Shots: 500})
	}
	if _, err := c.Body(t.Context(), programs, "t"); err != nil {
		t.Errorf("2000 of 2000 shots: %v", err)
	}
	waits := turn(1)
	waits.Ops = append([]ir.Op{&ir.Delay{Qubits: []int{0}}, &ir.Barrier{Qubits: []int{0, 1}}}, waits.Ops...)
	if got := c.Names(waits); !slices.Equal(got, []string{"", "2", "4"}) {
		t.Errorf("qubits %q", got)
	}
	// A device that names no number of programs takes one.
	set := c.device.capabilities.Action[actionSet]
	set.Circuits = 0
	c.device.capabilities.Action[actionSet] = set
	if l, err := c.Limits(t.Context()); err != nil || l.Programs != 1 {
		t.Errorf("%+v, %v", l, err)
	}
}

// Names that the service tells become hosts and paths of signed requests: odd ones are asked
// for nowhere.
func TestNamesOfAServerAreChecked(t *testing.T) {
	keys(t)
	a, err := FindAccount(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range [][2]string{
		{"evilhost:8443/", "a/1"}, {"evil.example/x#", "a/1"}, {"user@evil", "a/1"}, {"a..b", "a/1"}, {"UPPER", "a/1"}, {"", "a/1"}, {"mine\n", "a/1"},
		{"mine", "a/../../other/1"}, {"mine", "/a"}, {"mine", "a//1"}, {"mine", "a/\x1b[1m"}, {"mine", strings.Repeat("a", 1025)},
	} {
		var asked seen
		c, err := New(a, "garnet", service.Options{REST: service.RESTOptions{Transport: &asked}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.object(t.Context(), k[0], k[1], 1<<20); err == nil || len(asked) != 0 || strings.ContainsAny(err.Error(), "\x1b\n") {
			t.Errorf("%q: asked %q, %v", k, asked, err)
		}
	}
	p := &pager{pages: map[string]string{"/": `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>evil.example/#</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`}}
	if got, err := paged(t, p, "garnet", Account{}).bucket(t.Context()); err == nil {
		t.Errorf("the account's bucket is %s", got)
	}
	for _, arn := range []string{"arn:aws:braket:evil.example/x:1:device/qpu/a/B", "arn:aws:braket:-x:1:device/qpu/a/B", "arn:aws:braket:US:1:device/qpu/a/B"} {
		if _, err := New(a, arn, service.Options{}); err == nil || !strings.Contains(err.Error(), "no region of AWS") {
			t.Errorf("%s: %v", arn, err)
		}
	}
}

// A role's credentials that have run out are asked for anew before the next try; other
// refusals leave them as they are.
func TestCredentialsThatRanOut(t *testing.T) {
	for text, fate := range map[string]service.Fate{
		`{"message":"ExpiredTokenException: the security token included in the request is expired"}`: service.Denied,
		`{"message":"not authorized"}`: service.Refused,
	} {
		c := opened(t, &server{files: map[string]string{"/quantum-task": text}, status: 403})
		asked := 0
		c.account.credentials = aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			asked++
			return aws.Credentials{AccessKeyID: "AKIADUMMY", SecretAccessKey: "dummysecret"}, nil
		}))
		var err error
		if c.rest, err = c.service("braket", c.region); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			_, err = c.Submit(t.Context(), []byte(`{}`))
			if got, _ := service.FateOf(err); got != fate {
				t.Errorf("%s: fate %d, want %d: %v", text, got, fate, err)
			}
		}
		if want := map[service.Fate]int{service.Denied: 2, service.Refused: 1}[fate]; asked != want {
			t.Errorf("%s: credentials were asked for %d times, want %d", text, asked, want)
		}
	}
}

// A result that is no JSON is kept as it came, and can't be read.
func TestResultsThatAreNoJSON(t *testing.T) {
	c := opened(t, &server{files: map[string]string{
		"/quantum-task/arn:x/1":                   `{"status":"COMPLETED","outputS3Bucket":"amazon-braket-test","outputS3Directory":"qgan/1"}`,
		"/amazon-braket-test/qgan/1/results.json": `{"measurements":NaN`,
	}})
	var b strings.Builder
	if err := c.Fetch(t.Context(), "arn:x/1", 1<<20, &b); err != nil || b.String() != `{"measurements":NaN` {
		t.Errorf("%q, %v", b.String(), err)
	}
	if _, err := c.Decode([]service.Shape{{Bits: 1, Shots: 7}}, strings.NewReader(b.String())); err == nil {
		t.Error("it can be read")
	}
}
